//! JavaScript and its SDKs.

use super::{Fake, Language, calls, calls_with, compare};

#[test]
fn a_call_is_that_of_a_client_of_iam() {
    compare(
        Language::JavaScript,
        "",
        &[
            ("const AWS = require('aws-sdk'); new AWS.IAM().createAccessKey({}, cb)", "nobody"),
            (
                "const AWS = require('aws-sdk'); const iam = new AWS.IAM({apiVersion: 'x'}); iam.createAccessKey(() => 1)",
                "nobody",
            ),
            (
                "import AWS from 'aws-sdk'; const i = new AWS.IAM(); await i.createAccessKey({UserName: 'root'}).promise();",
                "root",
            ),
            ("import { IAM } from 'aws-sdk'; new IAM().createAccessKey()", "nobody"),
            ("const IAM = require('aws-sdk/clients/iam'); new IAM().createAccessKey()", "nobody"),
            (
                "const { IAMClient, CreateAccessKeyCommand } = require('@aws-sdk/client-iam');\nconst c = new \
                 IAMClient({});\nexports.handler = async (e) => { await c.send(new CreateAccessKeyCommand({})); };",
                "nobody",
            ),
            (
                "import { IAMClient, CreateAccessKeyCommand as K } from '@aws-sdk/client-iam'; const k = new \
                 K({UserName: 'root'}); new IAMClient().send(k)",
                "root",
            ),
            (
                "import * as iam from '@aws-sdk/client-iam'; new iam.IAMClient().send(new iam.CreateAccessKeyCommand())",
                "nobody",
            ),
            (
                "import { IAM } from '@aws-sdk/client-iam'; const i = new IAM({}); i.createAccessKey({UserName: \
                 `ro${'ot'}`})",
                "root",
            ),
            (
                "const { CreateAccessKeyCommand } = require('@aws-sdk/client-iam'); async function f(client) { return \
                 client.send(new CreateAccessKeyCommand({UserName: 'a'})); }",
                "a",
            ),
            (
                "import { IAMClient, CreateAccessKeyCommand } from '@aws-sdk/client-iam';\nclass R { client: IAMClient; \
                 constructor() { this.client = new IAMClient({}); } async go(): Promise<void> { await \
                 this.client.send(new CreateAccessKeyCommand({})); } }",
                "nobody",
            ),
            ("require('child_process').execSync('aws iam create-access-key')", "nobody"),
            (
                "const { spawn } = require('node:child_process'); spawn('aws', ['iam', 'create-access-key', \
                 '--user-name=root'])",
                "root",
            ),
            ("import { exec } from 'child_process'; exec(`aws iam create-access-key --user-name ${u}`)", "<u>"),
        ],
    );
}

#[test]
fn what_only_looks_like_a_call_is_none() {
    compare(
        Language::JavaScript,
        "",
        &[
            ("// new AWS.IAM().createAccessKey()", "-"),
            ("/* iam.createAccessKey() */", "-"),
            ("const AWS = require('aws-sdk'); console.log('iam.createAccessKey()')", "-"),
            ("const AWS = require('aws-sdk'); new AWS.OpenSearch().createAccessKey()", "-"),
            ("const c = require('./minio'); c.createAccessKey({UserName: 'root'})", "-"),
            ("const AWS = require('aws-sdk'); class V { createAccessKey() {} } new V().createAccessKey()", "-"),
            (
                "const AWS = require('aws-sdk'); const iam = new AWS.IAM(); iam.listAccessKeys({UserName: \
                 'createAccessKey'})",
                "-",
            ),
            ("const AWS = require('aws-sdk'); const f = new AWS.IAM().createAccessKey", "-"),
            ("const AWS = require('aws-sdk'); new AWS.IAM({endpoint: 'http://x.example'}).createAccessKey()", "-"),
            (
                "const { CreateAccessKeyCommand } = require('@aws-sdk/client-iam'); const k = CreateAccessKeyCommand",
                "-",
            ),
            ("const { exec } = require('child_process'); exec('echo aws iam create-access-key')", "-"),
        ],
    );
}

#[test]
fn the_user_is_followed_to_where_it_is_set() {
    compare(
        Language::JavaScript,
        "const AWS = require('aws-sdk'); const iam = new AWS.IAM();\n",
        &[
            ("const p = {UserName: 'root'}; iam.createAccessKey(p)", "root"),
            ("const p = {}; p.UserName = 'root'; iam.createAccessKey(p)", "root"),
            ("const UserName = 'root'; iam.createAccessKey({UserName})", "root"),
            ("iam.createAccessKey({...{UserName: 'root'}})", "root"),
            ("iam.createAccessKey({UserName: undefined})", "nobody"),
            ("iam.createAccessKey(params)", "<params>"),
            (
                "exports.handler = async (event) => { await iam.createAccessKey({UserName: event.user}).promise() }",
                "<event.user>",
            ),
            (
                "exports.handler = async ({user}) => { await iam.createAccessKey({UserName: user}).promise() }",
                "<an argument.user>",
            ),
            ("for (const u of ['a', 'root']) { iam.createAccessKey({UserName: u}) }", "[a root]"),
            ("const f = (u) => iam.createAccessKey({UserName: u}); f('root')", "root"),
            ("function f(u = 'root') { iam.createAccessKey({UserName: u}) } f()", "root"),
            ("iam.createAccessKey({UserName: process.env.U || 'root'})", "[<U> root]"),
            ("iam.createAccessKey({UserName: '{{var.user}}'})", "<var.user>"),
            ("let u = 'a'; if (x) { u = 'root' } iam.createAccessKey({UserName: u})", "[a root]"),
        ],
    );
}

#[test]
fn credentials_are_those_of_the_client() {
    compare(
        Language::JavaScript,
        "const AWS = require('aws-sdk');\n",
        &[
            (
                "AWS.config.credentials = new AWS.SharedIniFileCredentials({profile: 'root'}); new \
                 AWS.IAM().createAccessKey()",
                "nobody profile=root",
            ),
            (
                "AWS.config.update({accessKeyId: 'AKIAIOSFODNN7EXAMPLE'}); new AWS.IAM().createAccessKey()",
                "nobody key=AKIAIOSFODNN7EXAMPLE",
            ),
            ("new AWS.IAM({accessKeyId: 'AKIAIOSFODNN7EXAMPLE'}).createAccessKey()", "nobody key=AKIAIOSFODNN7EXAMPLE"),
            ("process.env.AWS_PROFILE = 'root'; new AWS.IAM().createAccessKey()", "nobody profile=root"),
            (
                "const { IAM } = require('@aws-sdk/client-iam'); const { fromIni } = \
                 require('@aws-sdk/credential-providers'); new IAM({credentials: fromIni({profile: \
                 'root'})}).createAccessKey({})",
                "nobody profile=root",
            ),
            (
                "const { IAM } = require('@aws-sdk/client-iam'); const { fromTemporaryCredentials: t } = \
                 require('@aws-sdk/credential-providers'); new IAM({credentials: t({params: {RoleArn: \
                 'arn:x'}})}).createAccessKey({})",
                "nobody role=arn:x",
            ),
        ],
    );
}

#[test]
fn a_call_points_at_its_own_characters() {
    let script = "const { IAMClient, CreateAccessKeyCommand } = require('@aws-sdk/client-iam');\nnew IAMClient().send(new \
                  CreateAccessKeyCommand({}))";
    assert_eq!(calls(script, Language::JavaScript), ["nobody @ new CreateAccessKeyCommand({})"]);
    let shell = "node -e \"new (require('aws-sdk').IAM)().createAccessKey({UserName: '$U'})\"";
    let found = calls_with(shell, Language::Shell, &Fake::default());
    assert_eq!(found, ["<$U> @ new (require('aws-sdk').IAM)().createAccessKey"]);
}

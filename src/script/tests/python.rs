//! Python and boto3.

use super::{Fake, Language, calls, calls_with, compare};

const HEAD: &str = "import boto3, os, subprocess\niam = boto3.client('iam')\n";

#[test]
fn a_call_is_that_of_a_client_of_iam() {
    compare(
        Language::Python,
        "",
        &[
            ("import boto3\nboto3.client('iam').create_access_key()", "nobody"),
            ("import boto3 as b\nx = b.client(service_name='iam')\nx.create_access_key()", "nobody"),
            ("from boto3 import client as c\nx = c('iam', region_name='x')\nx.create_access_key()", "nobody"),
            ("import boto3\ns = boto3.Session()\ns.client('iam').create_access_key()", "nobody"),
            ("import boto3\nS = 'iam'\niam = boto3.client(S)\nr = iam.create_access_key()['AccessKey']", "nobody"),
            ("import boto3\nboto3.resource('iam').User('root').create_access_key_pair()", "root"),
            ("import boto3\nboto3.resource('iam').CurrentUser().create_access_key_pair()", "nobody"),
            ("import boto3\nboto3.resource('iam').meta.client.create_access_key(UserName='a')", "a"),
            (
                "import boto3\nclass K:\n  def __init__(self):\n    self.c = boto3.client('iam')\n  def go(self):\n    \
                 self.c.create_access_key()",
                "nobody",
            ),
            ("import boto3\ndef f(client):\n  client.create_access_key(UserName='a')\n", "a"),
            ("import boto3\ndef make():\n  return boto3.client('iam')\nmake().create_access_key()", "nobody"),
            (
                "import boto3\nwith x() as y:\n  try:\n    boto3.client('iam').create_access_key()\n  except E:\n    pass",
                "nobody",
            ),
            ("import boto3\nasync def f():\n  await boto3.client('iam').create_access_key()", "nobody"),
            ("import boto3\nif __name__ == '__main__':\n  boto3.client('iam').create_access_key()", "nobody"),
            ("import os\nos.system('aws iam create-access-key')", "nobody"),
            ("import subprocess\nsubprocess.run(['aws', 'iam', 'create-access-key', '--user-name', 'root'])", "root"),
            ("import subprocess as sp\nsp.check_output('aws iam create-access-key', shell=True)", "nobody"),
            ("from subprocess import run\nrun(args=['aws', 'iam'] + ['create-access-key'])", "nobody"),
            ("import boto3\niam = boto3.client('iam')\nx = (\niam.create_access_key()\n", "nobody"),
        ],
    );
}

#[test]
fn what_only_looks_like_a_call_is_none() {
    compare(
        Language::Python,
        "",
        &[
            ("# boto3.client('iam').create_access_key()", "-"),
            ("\"\"\"\nboto3.client('iam').create_access_key()\n\"\"\"", "-"),
            ("import boto3\nprint('iam.create_access_key()')", "-"),
            ("import boto3\nx = boto3.client('opensearch')\nx.create_access_key()", "-"),
            ("import boto3\nx = boto3.client('iam', endpoint_url='http://localhost:4566')\nx.create_access_key()", "-"),
            ("from vault import Client\nClient().create_access_key(UserName='root')", "-"),
            ("import boto3\nclass V:\n  def create_access_key(self): pass\nV().create_access_key()", "-"),
            ("import boto3\niam = boto3.client('iam')\niam.list_access_keys(UserName='create_access_key')", "-"),
            ("import boto3\niam = boto3.client('iam')\nf = iam.create_access_key", "-"),
            ("import subprocess\nsubprocess.run(['echo', 'aws', 'iam', 'create-access-key'])", "-"),
            ("import subprocess\nprint(['aws', 'iam', 'create-access-key'])", "-"),
        ],
    );
}

#[test]
fn the_user_is_followed_to_where_it_is_set() {
    compare(
        Language::Python,
        HEAD,
        &[
            ("iam.create_access_key(UserName='root')", "root"),
            ("iam.create_access_key(UserName='r\\x6f' \"ot\")", "root"),
            ("u = 'ro'\nu += 'ot'\niam.create_access_key(UserName=u)", "root"),
            ("u = 'ot'\niam.create_access_key(UserName=f'ro{u}')", "root"),
            ("def f(name, other='root'):\n  iam.create_access_key(UserName=other)\nf(1)", "root"),
            ("def f(name):\n  iam.create_access_key(UserName=name)\nf(name='root')", "root"),
            ("def lambda_handler(event, context):\n  iam.create_access_key(UserName=event['user'])", "<event['user']>"),
            ("for u in ['a', 'root']:\n  iam.create_access_key(UserName=u)", "[a root]"),
            ("for u in iam.list_users()['Users']:\n  iam.create_access_key(UserName=u['UserName'])", "<u['UserName']>"),
            ("u = 'a' if x else 'root'\niam.create_access_key(UserName=u)", "[a root]"),
            ("if x:\n  u = 'a'\nelse:\n  u = 'root'\niam.create_access_key(UserName=u)", "[a root]"),
            ("iam.create_access_key(**{'UserName': 'root'})", "root"),
            ("k = {}\nk['UserName'] = 'root'\niam.create_access_key(**k)", "root"),
            ("iam.create_access_key(**options)", "<options>"),
            ("iam.create_access_key(UserName={{var.user}})", "<var.user>"),
            ("iam.create_access_key(UserName='ci-{{var.user}}')", "ci-<var.user>"),
            ("iam.create_access_key(UserName=os.environ['U'])", "<U>"),
            ("c = {'user': 'root'}\niam.create_access_key(UserName=c['user'])", "root"),
            ("U = ['a', 'root']\niam.create_access_key(UserName=U[1])", "root"),
            (
                "class C:\n  def __init__(self, u='a'):\n    self.u = u\n  def go(self):\n    \
                 iam.create_access_key(UserName=self.u)\nC('root').go()",
                "root",
            ),
        ],
    );
}

#[test]
fn the_environment_and_the_arguments_count() {
    let mut fake = Fake::default();
    fake.variables.insert("U", "root");
    fake.files.insert("x.py", "import boto3, sys\nboto3.client('iam').create_access_key(UserName=sys.argv[1])");
    fake.files.insert("helper.py", "import boto3\ndef f():\n  boto3.client('iam').create_access_key()");
    let of = |script: &str, language| calls_with(script, language, &fake);
    let script = format!("{HEAD}iam.create_access_key(UserName=os.environ.get('U'))");
    assert!(of(&script, Language::Python)[0].starts_with("root"));
    let found = crate::script::read(&super::text("python3 x.py root"), Language::Shell, &fake);
    assert!(format!("{:?}", found.calls[0].user).contains("\"root\""));
    let found = crate::script::read(&super::text("from helper import f # access\nf()"), Language::Python, &fake);
    assert_eq!(found.calls.len(), 1);
    let shell = "python3 - <<'EOF'\nimport boto3\nboto3.client('iam').create_access_key()\nEOF";
    assert_eq!(of(shell, Language::Shell), ["nobody @ boto3.client('iam').create_access_key"]);
    let shell = "python -c \"import boto3; boto3.client('iam').create_access_key()\"";
    assert_eq!(of(shell, Language::Shell), ["nobody @ boto3.client('iam').create_access_key"]);
}

#[test]
fn credentials_are_those_of_the_client() {
    compare(
        Language::Python,
        "import boto3, os\n",
        &[
            ("boto3.Session(profile_name='root').client('iam').create_access_key()", "nobody profile=root"),
            (
                "s = boto3.session.Session(profile_name='root')\n\
                 s.resource('iam').CurrentUser().create_access_key_pair()",
                "nobody profile=root",
            ),
            ("os.environ['AWS_PROFILE'] = 'root'\nboto3.client('iam').create_access_key()", "nobody profile=root"),
            (
                "boto3.setup_default_session(profile_name='root')\nboto3.client('iam').create_access_key()",
                "nobody profile=root",
            ),
            (
                "boto3.client('iam', aws_access_key_id='AKIAIOSFODNN7EXAMPLE').create_access_key()",
                "nobody key=AKIAIOSFODNN7EXAMPLE",
            ),
            (
                "c = boto3.client('sts').assume_role(RoleArn='arn:x')['Credentials']\n\
                 boto3.client('iam', aws_access_key_id=c['AccessKeyId']).create_access_key()",
                "nobody role=arn:x",
            ),
        ],
    );
}

#[test]
fn hostile_programs_end() {
    let deep = format!("import boto3 # access\nx = {}1{}", "(".repeat(3000), ")".repeat(3000));
    calls(&deep, Language::Python);
    let mut doubling = String::from("import boto3 # access\ndef f0():\n  boto3.client('iam').create_access_key()\n");
    for n in 1..40 {
        doubling += &format!("def f{n}():\n  f{p}()\n  f{p}()\n  f{p}()\n", p = n - 1);
    }
    assert!(calls(&(doubling + "f39()"), Language::Python).iter().any(|line| line.starts_with("problem")));
    let mut text = String::from("x = 'access'\n");
    let mut list = String::from("x = ['access']\n");
    for _ in 0..60 {
        text += "x = x + x\n";
        list += "x = x + x\n";
    }
    calls(&text, Language::Python);
    calls(&list, Language::Python);
    calls("def access():\n  access()\naccess()", Language::Python);
}

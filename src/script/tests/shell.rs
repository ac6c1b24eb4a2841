//! Shell.

use super::{Fake, Language, calls_with, wrong};

fn all(script: &str) -> Vec<String> {
    super::calls(script, Language::Shell)
}

/// The users of the calls.
fn users(script: &str) -> Vec<String> {
    all(script).into_iter().map(|call| call.split(" @ ").next().unwrap_or_default().to_owned()).collect()
}

const CALL: &str = "aws iam create-access-key";

#[test]
fn a_call_is_a_command_however_it_is_written() {
    assert_eq!(all(CALL), [format!("nobody @ {CALL}")]);
    assert_eq!(
        all("  aws --output json iam create-access-key --query x | jq ."),
        ["nobody @ aws --output json iam create-access-key"]
    );
    assert_eq!(all("aws iam \\\n  create-access-key"), ["nobody @ aws iam \\\n  create-access-key"]);
    let mut all_wrong = Vec::new();
    for written in [
        "'aws' iam \"create-access-key\"",
        "/usr/local/bin/aws iam create-access-key",
        "K=$(aws iam create-access-key)",
        "K=`aws iam create-access-key`",
        "echo \"$(aws iam create-access-key)\"",
        "if aws iam create-access-key; then :; fi",
        "true && aws iam create-access-key || exit 1",
        "( aws iam create-access-key )",
        "{ aws iam create-access-key; } > out",
        "! aws iam create-access-key",
        "f() { aws iam create-access-key; }",
        "function f { aws iam create-access-key; }; f",
        "case $1 in a) aws iam create-access-key;; esac",
        "while true; do aws iam create-access-key; done",
        "for x in 1 2; do aws iam create-access-key; done",
        "sudo -u ec2-user aws iam create-access-key",
        "env -i PATH=/bin A=b aws iam create-access-key",
        "timeout 10 aws iam create-access-key",
        "nohup time aws iam create-access-key &",
        "eval aws iam create-access-key",
        "eval \"aws iam create-access-key\"",
        "CMD='aws iam create-access-key'; $CMD",
        "AWS=\"aws --region x\"; $AWS iam create-access-key",
        "$AWS iam create-access-key",
        "args=(iam create-access-key); aws \"${args[@]}\"",
        "bash -c 'aws iam create-access-key'",
        "sh -euc \"aws iam create-access-key\"",
        "bash -s <<'EOF'\naws iam create-access-key\nEOF",
        "bash <<EOF\naws iam create-access-key\nEOF",
        "cat <<EOF | sh\naws iam create-access-key\nEOF",
        "echo 'aws iam create-access-key' | bash",
        "bash <<< 'aws iam create-access-key'",
        "cat > /tmp/x.sh <<EOF\naws iam create-access-key\nEOF\nbash /tmp/x.sh",
        "cat <<EOF > x\naws iam create-access-key\nEOF\nchmod +x x\n./x",
        "retry() { \"$@\"; }; retry aws iam create-access-key",
        "ssh -i k host 'aws iam create-access-key'",
        "ssh host <<EOF\naws iam create-access-key\nEOF",
        "docker run --rm -e A amazon/aws-cli:2.1 iam create-access-key",
        "docker exec x aws iam create-access-key",
        "trap 'aws iam create-access-key' EXIT",
        "doppler run --project x -- aws iam create-access-key",
        "alias a='aws iam'; a create-access-key",
        "aws iam create-access-key 2>/dev/null > /root/key.json",
        "aws iam create-access-key --no-cli-pager --query 'AccessKey.[A,B]' --output text",
    ] {
        wrong(&mut all_wrong, written, &users(written), &["nobody"]);
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}

#[test]
fn what_only_looks_like_a_call_is_none() {
    let mut all_wrong = Vec::new();
    for written in [
        "# aws iam create-access-key",
        "echo aws iam create-access-key",
        "echo \"run aws iam create-access-key by hand\"",
        "printf '%s\\n' 'aws iam create-access-key'",
        "cat <<EOF\naws iam create-access-key\nEOF",
        "cat > README <<'EOF'\naws iam create-access-key\nEOF",
        ": <<'COMMENT'\naws iam create-access-key\nCOMMENT",
        "X='aws iam create-access-key'",
        "log 'aws iam create-access-key'",
        "grep -r 'aws iam create-access-key' .",
        "aws iam create-access-key help",
        "aws iam create-access-key --generate-cli-skeleton",
        "aws iam list-access-keys --user-name create-access-key",
        "aws ssm send-command --parameters create-access-key",
        "aws opsworks create-access-key",
        "gcloud iam create-access-key",
        "doctl iam create-access-key",
        "az iam create-access-key",
        "awslocal iam create-access-key",
        "aws --endpoint-url http://localhost:4566 iam create-access-key",
        "aws iam create-access-key --endpoint-url=http://127.0.0.1:4566",
        "iam create-access-key",
        "exit 0\naws iam create-access-key",
        "yc iam access-key create",
        "# comment \\\naws s3 ls # aws iam create-access-key",
    ] {
        wrong(&mut all_wrong, written, &all(written), &[]);
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}

#[test]
fn the_user_is_followed_to_where_it_is_set() {
    let mut all_wrong = Vec::new();
    for (written, user) in [
        ("aws iam create-access-key --user-name deploy", "deploy"),
        ("aws iam create-access-key --user-name=deploy", "deploy"),
        ("aws iam create-access-key --user deploy", "deploy"),
        ("aws iam create-access-key --user-name 'ro'\"ot\"", "root"),
        ("aws iam create-access-key --user-name $'ro\\x6ft'", "root"),
        ("aws iam create-access-key --user-name ro\\ot", "root"),
        ("U=root; aws iam create-access-key --user-name $U", "root"),
        ("U=ro; U+=ot; aws iam create-access-key --user-name \"${U}\"", "root"),
        ("export U=\"ro\"\nV=${U}ot\naws iam create-access-key --user-name=$V", "root"),
        ("aws iam create-access-key --user-name \"${U:-root}\"", "[<$U> root]"),
        ("U=; aws iam create-access-key --user-name \"${U:-root}\"", "root"),
        ("aws iam create-access-key --user-name $(whoami)", "<$(whoami)>"),
        ("aws iam create-access-key --user-name $(echo root)", "root"),
        ("aws iam create-access-key --user-name \"ci-$ENV\"", "ci-<$ENV>"),
        ("aws iam create-access-key --user-name {{var.user}}", "<var.user>"),
        ("aws iam create-access-key --user-name \"x-{{var.user}}\"", "x-<var.user>"),
        ("aws iam create-access-key {{var.options}}", "<var.options>"),
        ("aws {{var.options}} iam create-access-key", "nobody"),
        ("aws iam create-access-key $OPTIONS", "<$OPTIONS>"),
        ("OPTIONS='--user-name root'; aws iam create-access-key $OPTIONS", "root"),
        ("o=(--user-name \"root\"); o+=(--output json); aws iam create-access-key \"${o[@]}\"", "root"),
        ("for u in a root; do aws iam create-access-key --user-name $u; done", "[a root]"),
        ("for u in $ALL; do aws iam create-access-key --user-name $u; done", "<$u>"),
        ("while read -r u; do aws iam create-access-key --user-name $u; done < users", "<$u>"),
        ("f() { local u=$1; aws iam create-access-key --user-name $u; }; f root", "root"),
        ("f() { aws iam create-access-key --user-name $1; }", "<$1>"),
        ("if x; then u=a; else u=root; fi; aws iam create-access-key --user-name $u", "[a root]"),
        ("u=a; if x; then u=root; fi; aws iam create-access-key --user-name $u", "[a root]"),
        ("u=a; (u=root); aws iam create-access-key --user-name $u", "a"),
        ("u=a; u=root true; aws iam create-access-key --user-name $u", "a"),
        ("case $x in a) u=a;; *) u=b;; esac; aws iam create-access-key --user-name $u", "[a b]"),
        ("echo root | xargs aws iam create-access-key --user-name", "root"),
        ("cat f | xargs -I{} aws iam create-access-key --user-name {}", "<xargs>"),
        ("echo root | xargs -n1 -I % aws iam create-access-key --user-name ci-%", "ci-root"),
        ("bash -c 'aws iam create-access-key --user-name $1' _ root", "root"),
        ("U=root bash -c 'aws iam create-access-key --user-name $U'", "root"),
        ("set -- root; aws iam create-access-key --user-name $1", "root"),
        ("aws iam create-access-key --cli-input-json '{\"UserName\": \"root\"}'", "root"),
        ("aws iam create-access-key --cli-input-json \"{\\\"UserName\\\": \\\"$U\\\"}\"", "<$U>"),
        ("aws iam create-access-key --cli-input-json '{}'", "nobody"),
        ("aws iam create-access-key --cli-input-yaml 'UserName: root'", "root"),
        ("aws iam create-access-key --cli-input-json file://x.json", "<--cli-input-json>"),
        ("echo '{\"UserName\": \"root\"}' > x.json; aws iam create-access-key --cli-input-json file://x.json", "root"),
    ] {
        wrong(&mut all_wrong, written, &users(written), &[user]);
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}

#[test]
fn other_operations_on_keys_are_told_apart() {
    let script = "aws iam update-access-key --user-name a --status Inactive --access-key-id $K\naws iam delete-access-key --access-key-id $K";
    assert_eq!(all(script), ["Update a @ aws iam update-access-key", "Delete nobody @ aws iam delete-access-key"]);
}

#[test]
fn credentials_are_those_that_the_cli_takes_up() {
    let mut all_wrong = Vec::new();
    for (written, shown) in [
        ("aws iam create-access-key --profile root", "nobody profile=root"),
        ("aws --profile=root iam create-access-key", "nobody profile=root"),
        ("export AWS_PROFILE=root; aws iam create-access-key", "nobody profile=root"),
        ("AWS_PROFILE=root aws iam create-access-key", "nobody profile=root"),
        ("AWS_PROFILE=root true; aws iam create-access-key", "nobody"),
        ("sudo AWS_DEFAULT_PROFILE=root aws iam create-access-key", "nobody profile=root"),
        ("AWS_PROFILE=a aws iam create-access-key --profile root", "nobody profile=root"),
        ("aws-vault exec root -- aws iam create-access-key", "nobody profile=root"),
        ("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE aws iam create-access-key", "nobody key=AKIAIOSFODNN7EXAMPLE"),
        (
            "aws configure set aws_access_key_id AKIAIOSFODNN7EXAMPLE\naws iam create-access-key",
            "nobody key=AKIAIOSFODNN7EXAMPLE",
        ),
        (
            "C=$(aws sts assume-role --role-arn arn:aws:iam::1:role/x)\nexport AWS_ACCESS_KEY_ID=$(echo $C | jq a) AWS_SESSION_TOKEN=$(echo $C | jq b)\naws iam create-access-key",
            "nobody role=arn:aws:iam::1:role/x",
        ),
        ("aws sts assume-role --role-arn arn:aws:iam::1:role/x\naws iam create-access-key", "nobody"),
    ] {
        wrong(&mut all_wrong, written, &users(written), &[shown]);
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}

#[test]
fn scripts_in_files_are_followed() {
    let mut fake = Fake::default();
    fake.files.insert("make.sh", "#!/bin/sh\naws iam create-access-key --user-name $1");
    fake.files.insert("lib/env.sh", "export AWS_PROFILE=root");
    fake.files.insert("lib/run.sh", "cd \"$(dirname \"$0\")\"\n. ./env.sh\naws iam create-access-key");
    fake.files.insert("x.json", "{\"UserName\": \"root\"}");
    let of = |script: &str| {
        let found = crate::script::read(&super::text(script), Language::Shell, &fake);
        found
            .calls
            .iter()
            .map(|call| format!("{:?} {}", call.user, call.credentials.profile.is_some()))
            .collect::<Vec<_>>()
    };
    assert!(of("bash make.sh root")[0].contains("\"root\""));
    assert!(of("./make.sh root")[0].contains("\"root\""));
    assert!(of("sudo sh -x ./make.sh root")[0].contains("\"root\""));
    assert_eq!(of("sh lib/run.sh"), ["Absent true"]);
    assert_eq!(of("cd lib && ./run.sh"), ["Absent true"]);
    assert_eq!(of("bash missing.sh"), [""; 0]);
    let input = calls_with("aws iam create-access-key --cli-input-json file://x.json", Language::Shell, &fake);
    assert!(input[0].starts_with("root"));
}

#[test]
fn hostile_scripts_end() {
    let deep = format!("{}aws iam create-access-key{}", "(".repeat(3000), ")".repeat(3000));
    all(&deep);
    let loops = format!("access() {{ {} }}\naccess", "access; access;".repeat(3));
    all(&loops);
    let mut doubling = String::from("f0() { aws iam create-access-key; }\n");
    for n in 1..40 {
        doubling += &format!("f{n}() {{ f{p}; f{p}; f{p}; }}\n", p = n - 1);
    }
    assert!(all(&(doubling + "f39")).iter().any(|line| line.starts_with("problem")));
    all(&"access $((((".repeat(2000));
    all(&"access <<A\n".repeat(2000));
    assert!(all(&format!("#access {}", "x".repeat(2 << 20)))[0].starts_with("problem"));
    let mut text = String::from("access=a\n");
    for _ in 0..60 {
        text += "access=$access$access\n";
    }
    all(&text);
}

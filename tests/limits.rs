//! The limits of docs/limits.md that need an input made for them: past each there is an error at the place that goes past
//! it, and what lies beside it is analysed.

#![allow(clippy::unwrap_used)]

use rootlint::files::Memory;
use rootlint::scan::{self, Options};

const GOOD: &str = "resource \"aws_iam_access_key\" \"good\" {\n  user = \"root\"\n}\n";

/// Checks the files with a key beside them, which must be found; the errors as `code path message`.
fn errors(files: &[(String, String)]) -> Vec<String> {
    let good = ("good/main.tf".to_owned(), GOOD.to_owned());
    let files: Memory = files.iter().chain([&good]).map(|(path, text)| (path.as_str(), text)).collect();
    let options = Options { paths: vec!["".into()], ..Options::default() };
    let outcome = scan::check(&files, &options);
    let found = outcome.findings.findings.iter().any(|finding| {
        finding.check == "root-access-key" && outcome.sources.path(finding.primary.file).as_str() == "good/main.tf"
    });
    assert!(found, "the key beside it is not found");
    let told = |error: &rootlint::finding::Diagnostic| {
        format!("{} {} {}", error.code, outcome.sources.path(error.span.file), error.message)
    };
    outcome.findings.errors.iter().map(told).collect()
}

#[track_caller]
fn stops(files: &[(String, String)], code: &str, path: &str, words: &str) {
    let errors = errors(files);
    let told = |error: &String| error.starts_with(&format!("{code} {path} ")) && error.contains(words);
    assert!(errors.iter().any(told), "{words}: {errors:?}");
}

fn one(path: &str, text: impl Into<String>) -> Vec<(String, String)> {
    vec![(path.to_owned(), text.into())]
}

fn key(user: &str) -> String {
    format!("resource \"aws_iam_access_key\" \"k\" {{\n  user = {user}\n}}\n")
}

#[test]
fn modules_nest_so_deep() {
    let call = |n: usize| format!("module \"m\" {{\n  source = \"../m{}\"\n}}\n", n + 1);
    let mut files: Vec<(String, String)> = (0..310).map(|n| (format!("m{n}/main.tf"), call(n))).collect();
    files.push(("m310/main.tf".into(), "resource \"aws_s3_bucket\" \"b\" {\n}\n".into()));
    stops(&files, "terraform-evaluation", "m300/main.tf", "more than 300 deep");
}

#[test]
fn modules_are_so_many() {
    let call = "module \"m\" {\n  count  = 10001\n  source = \"./m\"\n}\n";
    let files = [one("a/main.tf", call), one("a/m/main.tf", "resource \"aws_s3_bucket\" \"b\" {\n}\n")].concat();
    stops(&files, "terraform-evaluation", "a/main.tf", "more than 10000 module instances");
}

#[test]
fn numbers_have_so_many_digits() {
    stops(&one("a/main.tf", key("1e30000")), "hcl-syntax", "a/main.tf", "out of range");
}

#[test]
fn products_of_sets_are_so_large() {
    let product = key("setproduct(range(1000), range(1000))[0][0]");
    stops(&one("a/main.tf", product), "terraform-evaluation", "a/main.tf", "more than 100000 elements");
}

#[test]
fn blocks_that_one_dynamic_block_makes_are_so_many() {
    let dynamic = "data \"aws_iam_policy_document\" \"d\" {\n  dynamic \"statement\" {\n    for_each = range(400)\n    content {\n      \
                   actions = [for i in range(1000) : \"iam:a${i}\"]\n      resources = [\"*\"]\n    }\n  }\n}\n";
    let policy = "resource \"aws_organizations_policy\" \"p\" {\n  name = \"x\"\n  content = data.aws_iam_policy_document.d.json\n}\n";
    stops(
        &one("a/main.tf", format!("{dynamic}{policy}")),
        "terraform-evaluation",
        "a/main.tf",
        "more than 300000 parts",
    );
}

#[test]
fn loops_of_a_template_make_so_many_entries() {
    let numbers: Vec<String> = (0..110).map(|n| n.to_string()).collect();
    let numbers = numbers.join(",");
    let template = format!(
        "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A:\n  - A\n  - [{numbers}]\n  - Fn::ForEach::B:\n    - B\n    - \
         [{numbers}]\n    - K${{A}}x${{B}}:\n        Type: AWS::S3::Bucket\n"
    );
    stops(&one("a/t.yaml", template), "cfn-too-deep", "a/t.yaml", "more than 10000 entries");
}

#[test]
fn a_policy_is_so_long() {
    let organization = "resource \"aws_organizations_organization\" \"o\" {\n  feature_set = \"ALL\"\n  \
                        enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n";
    let policy = |count: usize, repeat: &str| {
        format!(
            "{organization}resource \"aws_organizations_policy\" \"p\" {{\n  count = {count}\n  name = \"x\"\n  content = jsonencode({{ Version = \
             \"2012-10-17\", Statement = [{{ Effect = \"Deny\", Action = \"*\", Resource = \"{repeat}\" }}] }})\n}}\n\
             resource \"aws_organizations_policy_attachment\" \"p\" {{\n  count = {count}\n  policy_id = aws_organizations_policy.p[count.index].id\n  \
             target_id = aws_organizations_organization.o.roots[0].id\n}}\n"
        )
    };
    let undecided = |text: String| {
        let files: Memory = [("main.tf", text)].into_iter().collect();
        let options = Options { paths: vec!["".into()], ..Options::default() };
        let found = scan::check(&files, &options).findings;
        let said = found.undecided.iter().filter(|open| open.check == "root-key-not-denied" && open.blocking);
        said.map(|open| open.message.clone()).collect::<Vec<_>>().join("\n")
    };
    let long = undecided(policy(1, &"*".repeat(300_000)));
    assert!(long.contains("longer than rootlint reads"), "{long}");
    let many = undecided(policy(40, &"x".repeat(200_000)));
    assert!(many.contains("more policies than rootlint reads"), "{many}");
}

#[cfg(unix)]
#[test]
fn files_are_so_large() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = |name: &str, bytes: u64| {
        std::fs::File::create(folder.path().join(name)).unwrap().set_len(bytes).unwrap();
    };
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join("good.tf"), GOOD).unwrap();
    sparse("large.tf", (256 << 20) + 1);
    let run = || {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("rootlint"));
        command.current_dir(folder.path()).args(["check", "--format", "json"]).output().unwrap()
    };
    let report: serde_json::Value = serde_json::from_slice(&run().stdout).unwrap();
    assert_eq!(report["errors"][0]["message"], "large.tf is larger than the limit of 268435456 bytes");
    assert_eq!(report["findings"][0]["check"], "root-access-key");
    sparse("rootlint.toml", (1 << 20) + 1);
    let output = run();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr).unwrap().contains("rootlint.toml: is larger than the limit of 1048576 bytes")
    );
}

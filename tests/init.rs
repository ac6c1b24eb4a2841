//! `rootlint init` through the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

use common::folder;

mod common;

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    let output = command.current_dir(folder).args(arguments).env_remove("CLICOLOR_FORCE").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn read(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap()
}

const WORKFLOW: &str = ".github/workflows/rootlint.yml";

const ORGANIZATION: &str = "resource \"aws_organizations_organization\" \"org\" {\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n\n\
                            resource \"aws_organizations_account\" \"a\" {\n  name  = \"a\"\n  email = \"a@example.com\"\n}\n";

#[test]
fn it_writes_a_configuration_and_a_workflow_once() {
    let folder = folder(&[("infra/main.tf", "")]);
    let (code, out, err) = run(folder.path(), &["init", "infra"]);
    assert_eq!((code, &*err), (0, ""), "{out}");
    assert!(out.contains("wrote infra/rootlint.toml\n") && out.contains(&format!("wrote {WORKFLOW}\n")), "{out}");
    assert!(out.contains("\nNext:\n") && out.contains("put the repository and the commit"), "{out}");
    assert_eq!(run(folder.path(), &["check", "infra"]).0, 0, "the configuration is one");

    // A second run leaves all as it is, also what was changed since.
    fs::write(folder.path().join("infra/rootlint.toml"), "[rotation]\nmax-age-days = 30\n").unwrap();
    let (code, out, _) = run(folder.path(), &["init", "infra"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("left infra/rootlint.toml as it is") && out.contains(&format!("left {WORKFLOW} as it is")),
        "{out}"
    );
    // --force replaces what it wrote itself, and nothing else.
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let (code, out, _) = run(folder.path(), &["init", "infra", "--force", "--action", &format!("o/rootlint@{commit}")]);
    assert_eq!(code, 0);
    assert!(out.contains(&format!("wrote {WORKFLOW}")) && out.contains("`rootlint init` did not write it"), "{out}");
    assert!(read(folder.path(), WORKFLOW).contains(commit) && !out.contains("put the repository"), "{out}");
    assert_eq!(read(folder.path(), "infra/rootlint.toml"), "[rotation]\nmax-age-days = 30\n");
}

#[test]
fn a_dry_run_prints_and_writes_nothing() {
    let folder = folder(&[("main.tf", ORGANIZATION)]);
    let (code, out, _) = run(folder.path(), &["init", "--dry-run", "--scp"]);
    assert_eq!(code, 0);
    for shown in [
        "--- rootlint.toml\n",
        "#max-age-days = 90",
        "--- .github/",
        "--- deny-root-access-keys.tf\n",
        "arn:*:iam::*:root",
    ] {
        assert!(out.contains(shown), "{shown}: {out}");
    }
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".git", "main.tf"]);
}

#[test]
fn the_policy_covers_every_account_in_view() {
    let folder = folder(&[("org/main.tf", ORGANIZATION)]);
    assert_eq!(run(folder.path(), &["org", "."]).0, 1);
    let (code, out, err) = run(folder.path(), &["init", "--scp"]);
    assert_eq!((code, &*err), (0, ""), "{out}");
    assert!(out.contains("wrote org/deny-root-access-keys.tf\n"), "{out}");
    assert!(out.contains("attached to the root of `aws_organizations_organization.org`"), "{out}");
    assert_eq!(run(folder.path(), &["org", "."]).0, 0, "{}", run(folder.path(), &["org", "."]).1);
    // A second run does not write it again.
    let (_, out, _) = run(folder.path(), &["init", "--scp"]);
    assert!(out.contains("left org/deny-root-access-keys.tf as it is"), "{out}");
}

#[test]
fn the_policy_is_in_the_language_of_the_code() {
    let template = "Resources:\n  U:\n    Type: AWS::IAM::User\n";
    let folder = folder(&[("t/template.yaml", template)]);
    let (code, out, _) = run(folder.path(), &["init", "t", "--scp"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("wrote t/deny-root-access-keys.yaml\n") && out.contains("RootId"), "{out}");
    let (_, out, _) = run(folder.path(), &["check", "t/deny-root-access-keys.yaml", "--parameter", "RootId=r-ab12"]);
    assert!(out.starts_with("No findings"), "{out}");

    let mixed = self::folder(&[("template.yaml", template), ("main.tf", ORGANIZATION)]);
    let (code, _, err) = run(mixed.path(), &["init", "--scp"]);
    assert!(code == 2 && err.contains("--scp terraform or --scp cloudformation"), "{err}");
    assert_eq!(run(mixed.path(), &["init", "--scp", "terraform"]).0, 0);
    let empty = self::folder(&[]);
    assert_eq!(run(empty.path(), &["init", "--scp"]).0, 2);
    assert!(!empty.path().join("rootlint.toml").exists(), "nothing is written by halves");
}

#[test]
fn a_policy_that_would_not_do_is_not_written() {
    let off = "resource \"aws_organizations_organization\" \"org\" {\n  feature_set = \"CONSOLIDATED_BILLING\"\n}\n";
    let folder = folder(&[("main.tf", off)]);
    let (code, _, err) = run(folder.path(), &["init", "--scp"]);
    assert!(code == 2 && err.contains("would have no effect"), "{err}");
    assert!(!folder.path().join("deny-root-access-keys.tf").exists());
    assert_eq!(run(folder.path(), &["init", "main.tf"]).0, 2, "a file is no folder");
    assert_eq!(run(folder.path(), &["init", "--action", "o/r@v1"]).0, 2, "a tag can be moved");
}

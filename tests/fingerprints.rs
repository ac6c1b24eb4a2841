//! What makes a finding the same one tomorrow, seen through whole runs.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use rootlint::files::Memory;
use rootlint::report::{Context, Report};
use rootlint::scan::{self, Options};

const KEYS: &str = "\
variable \"user\" {
  default = \"root\"
}

resource \"aws_iam_access_key\" \"one\" {
  user = var.user
}

resource \"aws_iam_access_key\" \"two\" {
  for_each = toset([\"a\", \"b\"])
  user     = each.key
}
";

const ORGANIZATION: &str = "\
resource \"aws_organizations_organization\" \"this\" {
  feature_set = \"ALL\"
}
";

const TEMPLATE: &str = "\
Resources:
  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: root
";

/// The fingerprints of all findings.
fn fingerprints(files: &[(&str, &str)]) -> BTreeSet<String> {
    let files: Memory = files.iter().copied().collect();
    let outcome = scan::check(&files, &Options { paths: vec!["".into()], ..Options::default() });
    let context = Context::plain(&outcome.sources, &files, &[], outcome.summary);
    let report = Report::new(outcome.findings, &context);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let prints: BTreeSet<String> = report.findings.iter().map(|item| item.fingerprint.clone()).collect();
    assert_eq!(prints.len(), report.findings.len(), "no two findings share one");
    prints
}

fn before() -> BTreeSet<String> {
    let prints = fingerprints(&[("a/main.tf", KEYS), ("a/org.tf", ORGANIZATION), ("b/stack.yaml", TEMPLATE)]);
    assert!(prints.len() >= 5, "{prints:?}");
    prints
}

#[test]
fn moved_lines_change_nothing() {
    let keys = format!("# one\n\n# two\n{KEYS}").replace("  user = var.user", "\n  user   =   var.user");
    let template = format!("# one\n\n{TEMPLATE}");
    let organization = format!("locals {{\n  x = 1\n}}\n{ORGANIZATION}");
    let files = [("a/main.tf", &*keys), ("a/org.tf", &*organization), ("b/stack.yaml", &*template)];
    assert_eq!(fingerprints(&files), before());
}

#[test]
fn renamed_files_change_nothing() {
    let files = [("a/keys.tf", KEYS), ("a/a.tf", ORGANIZATION), ("b/other.yml", TEMPLATE)];
    assert_eq!(fingerprints(&files), before());
}

#[test]
fn reordered_blocks_change_nothing() {
    let mut blocks: Vec<&str> = KEYS.split("\n\n").collect();
    blocks.reverse();
    let keys = format!("{}\n{ORGANIZATION}", blocks.join("\n\n"));
    assert_eq!(fingerprints(&[("a/main.tf", &*keys), ("b/stack.yaml", TEMPLATE)]), before());
}

#[test]
fn a_module_in_another_folder_changes_nothing() {
    let call = |source: &str| format!("module \"key\" {{\n  source = \"{source}\"\n}}\n");
    let of = |folder: &str| {
        let source = call(&format!("./{folder}"));
        let module = format!("{folder}/main.tf");
        fingerprints(&[("main.tf", &*source), (&*module, KEYS)])
    };
    assert_eq!(of("one"), of("two"));
}

#[test]
fn another_user_folder_or_block_is_another_finding() {
    let new = |files: &[(&str, &str)]| fingerprints(files).difference(&before()).count();
    let others = [("a/org.tf", ORGANIZATION), ("b/stack.yaml", TEMPLATE)];
    let with = |keys: &str| {
        let mut files = vec![("a/main.tf", keys.to_owned())];
        files.extend(others.map(|(path, text)| (path, text.to_owned())));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        new(&files)
    };
    assert_eq!(with(KEYS), 0);
    assert_eq!(with(&KEYS.replace("\"b\"", "\"c\"")), 1, "a user of the block");
    assert_eq!(with(&KEYS.replace("\"two\"", "\"three\"")), 1, "the block");
    let moved = [("z/main.tf", KEYS), ("a/org.tf", ORGANIZATION), ("b/stack.yaml", TEMPLATE)];
    assert!(new(&moved) >= 2, "the project's folder");
}

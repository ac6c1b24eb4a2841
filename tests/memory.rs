//! How much memory hostile inputs cost, measured as the peak of this process: the inputs come in the order of what they may
//! cost. See docs/limits.md.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use rootlint::files::Memory;
use rootlint::scan::{self, Options};

/// The peak until now, in MiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

/// Checks one file; the checks that found something.
fn check(path: &str, text: String) -> Vec<&'static str> {
    let files: Memory = [(path, text)].into_iter().collect();
    let outcome = scan::check(&files, &Options { paths: vec!["".into()], ..Options::default() });
    outcome.findings.findings.iter().map(|finding| finding.check).collect()
}

const KEY: &str = "resource \"aws_iam_access_key\" \"k\" {\n  user = \"u\"\n}\n";

fn many(kind: &str, name: &str, argument: &str) -> String {
    format!("resource \"{kind}\" \"{name}\" {{\n  count = 29999\n  {argument}\n}}\n")
}

#[test]
fn no_input_of_a_kilobyte_costs_more_than_200_megabytes() {
    let local = "locals {\n  x = \"x\"\n}\n";
    // Nothing of the bucket can hold the key's secret.
    let found = check("a/main.tf", format!("{local}{KEY}{}", many("aws_s3_bucket", "b", "bucket = local.x")));
    assert_eq!(found, ["unrotated-access-key"]);
    assert!(peak() < 60, "{} MiB", peak());

    // All of it may.
    let first = many("aws_s3_bucket", "a", "tags = { x = \"${local.x}${aws_iam_access_key.k.secret}\" }");
    let second = many("aws_s3_bucket", "b", "bucket = aws_s3_bucket.a[count.index].arn");
    let found = check("a/main.tf", format!("{local}{KEY}{first}{second}"));
    assert_eq!(found, ["exposed-key-secret", "unrotated-access-key"]);
    assert!(peak() < 200, "{} MiB", peak());

    // None of it does, but only looking at each tells.
    let list = "locals {\n  x = [for i in range(30) : \"x${i}\"]\n}\n";
    let encoded = many("aws_instance", "b", "user_data = \"${aws_iam_access_key.k.id}${jsonencode(local.x)}\"");
    let found = check("a/main.tf", format!("{list}{KEY}{encoded}"));
    assert_eq!(found, ["unrotated-access-key"]);
    assert!(peak() < 200, "{} MiB", peak());
}

//! What is kept of several fixes, and what is told of the others.

use super::*;
use crate::files::Memory;

const ORGANIZATION: &str =
    "resource \"aws_organizations_organization\" \"org\" {\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n";

fn policy(name: &str, arn: &str) -> String {
    format!(
        "resource \"aws_organizations_policy\" \"{name}\" {{\n  content = jsonencode({{\n    Statement = [{{ Effect = \"Deny\", \
         Action = \"*\", Resource = \"*\", Condition = {{ ArnLike = {{ \"aws:PrincipalArn\" = \"{arn}\" }} }} }}]\n  }})\n}}\n"
    )
}

fn attached(name: &str) -> String {
    format!(
        "resource \"aws_organizations_policy_attachment\" \"{name}\" {{\n  policy_id = aws_organizations_policy.{name}.id\n  \
         target_id = aws_organizations_organization.org.roots[0].id\n}}\n"
    )
}

/// A key that time would reach too late.
const LATE: &str = "resource \"time_rotating\" \"k\" {\n  rotation_days = 300\n}\n\nresource \"aws_iam_access_key\" \"k\" {\n  user = \
                    \"ci\"\n\n  lifecycle {\n    replace_triggered_by = [time_rotating.k]\n  }\n}\n";

fn proposed(text: &str) -> (Proposal, Report) {
    let files: Memory = [("main.tf", text)].into_iter().collect();
    let options = Options { paths: vec![Utf8PathBuf::new()], ..Options::default() };
    let first = scan::check(&files, &options);
    let report = everything(&first, &files);
    (propose(&files, &options, &first, &everything), report)
}

fn checks(proposal: &Proposal) -> Vec<&str> {
    let mut checks: Vec<&str> = proposal.mended.values().map(|mended| &*mended.item.finding.check).collect();
    checks.sort_unstable();
    checks
}

#[test]
fn one_that_does_not_hold_does_not_spoil_the_others() {
    let text = format!("{}{LATE}{}", policy("a", "arn:aws:iam::root"), policy("b", "arn:aws:iam:::root"));
    let (proposal, report) = proposed(&text);
    assert_eq!(report.findings.len(), 3);
    assert_eq!(checks(&proposal), ["ineffective-root-guard", "ineffective-root-guard"]);
    let why: Vec<&String> = proposal.refused.values().collect();
    assert_eq!(why, ["with the change, the finding would still be there"]);
    let [file] = &proposal.files[..] else { panic!("{:?}", proposal.files) };
    let after = String::from_utf8(file.after.clone()).unwrap();
    assert_eq!(after, text.replace("iam::root", "iam::*:root").replace("iam:::root", "iam::*:root"));
    assert_eq!(proposal.after.unwrap().findings.findings.len(), 1);
}

#[test]
fn what_explained_a_finding_may_be_one_afterwards() {
    // Which account the second policy means is nobody's guess; the first alone covers everybody.
    let text = format!(
        "{ORGANIZATION}{}{}{}",
        policy("a", "arn:aws:iam::root"),
        attached("a"),
        policy("b", "arn:aws:iam::123456789012:root")
    );
    let (proposal, _) = proposed(&text);
    assert_eq!(checks(&proposal), ["root-key-not-denied"], "{:?}", proposal.refused);
    let after = proposal.after.unwrap();
    let left: Vec<&str> = after.findings.findings.iter().map(|finding| &*finding.check).collect();
    assert!(left.contains(&"ineffective-root-guard") && !left.contains(&"root-key-not-denied"), "{left:?}");
}

#[test]
fn nothing_to_mend_is_nothing_to_write() {
    let (proposal, report) = proposed(ORGANIZATION);
    assert!(!report.findings.is_empty() && proposal.mended.is_empty() && proposal.files.is_empty());
    assert!(proposal.after.is_none());
    assert!(proposal.refused.values().any(|why| why.contains("rootlint init --scp")), "{:?}", proposal.refused);
}

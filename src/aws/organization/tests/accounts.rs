//! Accounts that policies name by the resources that make them.

use super::*;
use crate::text::{Piece, Text};
use crate::value::Kind;

/// A policy at the root that denies, if `operator` holds for `key` and `value`, and the accounts `one` and `two`.
fn denies_if(operator: &str, key: &str, value: Value) -> Vec<Resource<'static>> {
    let condition = object([(operator, object([(key, value)]))]);
    let statement = object([
        ("Effect", text("Deny")),
        ("Action", text("iam:CreateAccessKey")),
        ("Resource", text("*")),
        ("Condition", condition),
    ]);
    let content = object([("Version", text("2012-10-17")), ("Statement", statement)]);
    let accounts = ["one", "two"].map(|address| account(address, None, root("org")));
    [organization(), policy(content), attached(root("org"))].into_iter().chain(accounts).collect()
}

fn id(address: &str) -> Value {
    computed("aws_organizations_account", address, "id")
}

#[test]
fn the_account_that_is_named_is_exempt_and_no_other() {
    let but_one = denies_if("StringNotEquals", "aws:PrincipalAccount", id("one"));
    assert_eq!(verdicts(but_one), pairs(&[("the root", "conditional"), ("one", "not denied"), ("two", "denied")]));
    let Kind::Unknown(one) = id("one").kind else { panic!("a known id") };
    let arn = [Text::from("arn:aws:iam::"), Text::from_pieces([Piece::Unknown(one)]), Text::from(":root")];
    let arn = Value::new(Kind::Text(Text::concat(&arn)));
    for operator in ["ArnEquals", "StringLike", "ArnLike", "StringEquals"] {
        let only_one = denies_if(operator, "aws:PrincipalArn", arn.clone());
        assert_eq!(verdicts(only_one), pairs(&[("the root", "conditional"), ("one", "denied"), ("two", "not denied")]));
    }
}

#[test]
fn a_verdict_says_the_name_and_no_made_up_id() {
    let resources = denies_if("StringNotEquals", "aws:PrincipalAccount", id("one"));
    let found = resolved(&Settings::default(), &[facts("p", resources)]);
    for target in &found[0].targets {
        let (Verdict::NotDenied(escape) | Verdict::Conditional(escape)) = &target.verdict else { continue };
        assert!(escape.witness.text.starts_with("root of one,"), "{}", escape.witness.text);
        assert!(!format!("{escape:?}").contains("90000"), "{escape:?}");
    }
}

#[test]
fn an_arn_is_no_id() {
    let arn = computed("aws_organizations_account", "one", "arn");
    let found = verdicts(denies_if("StringNotEquals", "aws:PrincipalAccount", arn));
    assert!(found.iter().all(|(_, verdict)| *verdict == "unknown"), "{found:?}");
}

#[test]
fn an_account_of_another_project_may_be_the_same() {
    let mut resources = denies_if("StringNotEquals", "aws:PrincipalAccount", id("one"));
    let Some(two) = resources.last_mut() else { panic!("no account") };
    two.site.project = "q".into();
    assert_eq!(verdicts(resources), pairs(&[("the root", "conditional"), ("one", "not denied"), ("two", "unknown")]));
}

#[test]
fn an_id_that_is_written_out_may_be_the_one_that_is_not_known() {
    let both = Value::tuple(vec![id("one"), text("111122223333")]);
    let found = verdicts(denies_if("StringNotEquals", "aws:PrincipalAccount", both));
    assert_eq!(found, pairs(&[("the root", "unknown"), ("one", "not denied"), ("two", "conditional")]));
}

#[test]
fn no_member_is_the_management_account() {
    let management = computed(ORGANIZATION, "org", "master_account_id");
    let found = verdicts(denies_if("StringNotEquals", "aws:PrincipalAccount", management));
    assert_eq!(found, pairs(&[("the root", "denied"), ("one", "denied"), ("two", "denied")]));
}

#[test]
fn the_organization_is_the_one_of_its_accounts() {
    let own = || computed(ORGANIZATION, "org", "id");
    let found = verdicts(denies_if("StringEquals", "aws:PrincipalOrgID", own()));
    assert!(found.iter().all(|(_, verdict)| *verdict == "denied"), "{found:?}");
    let found = verdicts(denies_if("StringNotEquals", "aws:PrincipalOrgID", own()));
    assert!(found.iter().all(|(_, verdict)| *verdict == "not denied"), "{found:?}");
}

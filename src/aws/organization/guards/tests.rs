//! Faults of statements, and that every change that is suggested makes a guard.

use super::*;
use crate::aws::iam::Account;
use crate::document;
use crate::value::Value;

fn policy(statement: &str) -> Policy {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    Policy::parse(&document::read(&Value::text(text)).unwrap()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// A deny of `iam:CreateAccessKey` under a condition.
fn deny_if(condition: &str) -> String {
    format!(r#"{{"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*", "Condition": {condition}}}"#)
}

fn faults_of(statement: &str) -> Vec<Fault> {
    let question = Question::root_key(Account::Any, 1_787_356_800);
    faults(&policy(statement), "", &Judged { question: &question, full_access: true, accounts: &BTreeSet::new() })
}

fn fault(statement: &str) -> Fault {
    let mut found = faults_of(statement);
    assert_eq!(found.len(), 1, "{statement}: {found:?}");
    found.remove(0)
}

#[test]
fn each_wrong_name_of_root_is_explained() {
    for (arn, why) in [
        ("arn:aws:iam::root", "has 5 segments instead of 6"),
        ("arn:aws:iam:::root", "has no account"),
        ("arn:aws:iam::*:user/root", "is an IAM user named root"),
        ("arn:aws:iam::*:role/root", "is not the root user but a role"),
        ("arn:aws-cn:iam::*:root", "is of another partition than the accounts here (`aws`)"),
        ("arn:aws:sts::*:root", "is of `sts`, not of `iam`"),
        ("arn:aws:iam::*:Root", "has letters of the wrong case"),
        ("arn:aws:iam:us-east-1:*:root", "names a Region"),
        ("*:root", "has 2 segments instead of 6"),
    ] {
        let found = fault(&deny_if(&format!(r#"{{"ArnLike": {{"aws:PrincipalArn": "{arn}"}}}}"#)));
        assert!(found.message.contains(why), "{arn}: {}", found.message);
        assert_eq!(found.changes, ["compare `aws:PrincipalArn` by `ArnLike` with `arn:*:iam::*:root`"], "{arn}");
        assert_eq!(found.partition, arn.contains("-cn"), "{arn}");
    }
    for (condition, why) in [
        (r#"{"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#, "only stands for itself"),
        (r#"{"StringEquals": {"aws:PrincipalType": "Root"}}"#, "of root is `Account`"),
        (r#"{"StringEquals": {"aws:username": "root"}}"#, "which root does not have"),
        (r#"{"StringEquals": {"aws:userid": "root"}}"#, "is its account's id"),
    ] {
        let found = fault(&deny_if(condition));
        assert!(found.message.contains(why), "{condition}: {}", found.message);
        assert!(!found.changes.is_empty(), "{condition}");
    }
}

#[test]
fn what_works_or_is_about_others_has_no_fault() {
    for condition in [
        r#"{"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}}"#,
        r#"{"StringLike": {"aws:PrincipalArn": ["arn:aws:iam::root", "arn:aws:iam::*:root"]}}"#,
        r#"{"StringEquals": {"aws:PrincipalType": "Account"}}"#,
        r#"{"StringEquals": {"aws:PrincipalType": "User"}}"#,
        r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}"#,
        // A gap, not nothing.
        r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}}"#,
        r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::210987654321:root"}}"#,
        r#"{"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:root", "arn:aws:iam::*:role/x"]}}"#,
    ] {
        assert!(faults_of(&deny_if(condition)).is_empty(), "{condition}");
    }
}

#[test]
fn an_allow_says_all_that_is_wrong() {
    let statement = deny_if(r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::root"}}"#).replace("Deny", "Allow");
    let found = fault(&statement);
    assert!(found.message.contains("denies nothing"));
    assert!(found.others[0].0.contains("5 segments"), "{:?}", found.others);
    assert_eq!(found.changes.len(), 2);
}

#[test]
fn an_allow_counts_where_full_access_is_detached() {
    let question = Question::root_key(Account::Any, 0);
    let allow = deny_if(r#"{"ArnNotLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}}"#).replace("Deny", "Allow");
    let with = |full_access| {
        let accounts = BTreeSet::new();
        faults(&policy(&allow), "", &Judged { question: &question, full_access, accounts: &accounts }).len()
    };
    assert_eq!((with(true), with(false)), (1, 0));
}

#[test]
fn placeholders_are_named_unless_the_account_exists() {
    let statement = deny_if(r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}"#);
    assert!(fault(&statement).message.contains("placeholder, `arn:aws:iam::123456789012:root`"));
    let question = Question::root_key(Account::Any, 0);
    let accounts = BTreeSet::from(["123456789012"]);
    let judged = Judged { question: &question, full_access: true, accounts: &accounts };
    assert!(faults(&policy(&statement), "", &judged).is_empty());
    let organization = r#"{"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"},
        "StringEquals": {"aws:PrincipalOrgID": "o-xxxxxxxxxx"}}"#;
    let found = fault(&deny_if(organization));
    assert_eq!(found.changes, ["leave out the condition `StringEquals` on `aws:PrincipalOrgID`"]);
}

#[test]
fn other_parts_are_blamed_only_if_they_alone_let_everything_through() {
    let root = r#""ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}"#;
    let found = fault(&deny_if(&format!(r#"{{{root}, "Bool": {{"aws:SecureTransport": "false"}}}}"#)));
    assert!(found.message.contains("`Bool` on `aws:SecureTransport`") && found.others.is_empty(), "{found:?}");
    let users =
        deny_if(&format!("{{{root}}}")).replace("\"Resource\": \"*\"", "\"Resource\": \"arn:aws:iam::*:user/*\"");
    assert!(fault(&users).message.contains("root makes its key on its own ARN"));
    let typo = deny_if(&format!("{{{root}}}")).replace("CreateAccessKey", "CreateAccessKeys");
    assert_eq!(fault(&typo).changes, ["write the action `iam:CreateAccessKey`"]);
    for other in ["iam:UpdateAccessKey", "iam:DeleteAccessKey", "s3:*"] {
        assert!(
            faults_of(&deny_if(&format!("{{{root}}}")).replace("iam:CreateAccessKey", other)).is_empty(),
            "{other}"
        );
    }
    // Each holds for some address, both for none.
    let both = format!(
        r#"{{{root}, "IpAddress": {{"aws:SourceIp": "10.0.0.0/8"}}, "NotIpAddress": {{"aws:SourceIp": "10.0.0.0/8"}}}}"#
    );
    assert!(fault(&deny_if(&both)).message.contains("never hold together"));
}

#[test]
fn what_is_not_known_is_no_fault() {
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;
    let mut policy = Policy::parse(&document::read(&Value::text(text)).unwrap()).unwrap();
    let reason = crate::value::Reason::new("var.arn", "has no value", None);
    let root = ["arn:aws:iam::", ":root"].map(|text| text.chars().map(crate::aws::iam::policy::Unit::Char).collect());
    let [head, tail]: [Vec<_>; 2] = root;
    let units = [head, vec![crate::aws::iam::policy::Unit::hole(reason)], tail].concat();
    let (operator, span) = (Operator::parse("ArnLike").unwrap(), None);
    let condition = Condition {
        operator,
        operator_span: None,
        key: "aws:PrincipalArn".into(),
        values: vec![Item { units, span }],
        span,
    };
    policy.statements[0].conditions.push(condition);
    let question = Question::root_key(Account::Any, 0);
    let judged = Judged { question: &question, full_access: true, accounts: &BTreeSet::new() };
    assert!(names_root(&policy) && faults(&policy, "", &judged).is_empty());
}

#[test]
fn sessions_are_locked_out_by_more_than_keys() {
    let locked = |statement: &str| {
        let question = Question::root_key(Account::Any, 0);
        let judged = Judged { question: &question, full_access: true, accounts: &BTreeSet::new() };
        locks_out_sessions(&policy(statement), &judged).is_some()
    };
    let root = r#"{"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}}"#;
    assert!(!locked(&deny_if(root)));
    let all = deny_if(root).replace("iam:CreateAccessKey", "*");
    assert!(locked(&all));
    let null = r#", "Null": {"aws:AssumedRoot": "true"}}}"#;
    assert!(!locked(&all.replace("}}}", &format!("}}{null}"))));
}

//! Single rules, each with the two requests or policies that tell it from its neighbours.

use super::*;

fn denied_by(verdict: &Verdict) -> Vec<&str> {
    match verdict {
        Verdict::Denied(by) => by.iter().map(|decisive| decisive.text.as_str()).collect(),
        other => panic!("not denied: {other:?}"),
    }
}

fn missing(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Unknown(reasons) => reasons.iter().map(|reason| reason.missing.to_string()).collect(),
        other => panic!("known: {other:?}"),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (condition, expected) in cases {
        let found = verdict(&[deny_if(condition)]);
        assert_eq!(name(&found), *expected, "{condition}: {found:?}");
    }
}

#[test]
fn a_key_within_a_policy_variable_is_free_too() {
    check(&[
        // With a long-term key the variable has no value, and the default stands.
        (r#"{"StringEquals": {"aws:PrincipalType": "${aws:MultiFactorAuthPresent, 'Account'}"}}"#, "conditional"),
        (r#"{"StringEquals": {"aws:PrincipalType": "${ aws:MultiFactorAuthPresent , 'Account'}"}}"#, "conditional"),
        (r#"{"StringNotEquals": {"aws:SecureTransport": "${aws:ViaAWSService}"}}"#, "conditional"),
    ]);
}

#[test]
fn the_first_statement_that_denies_is_named() {
    let found = verdict(&[statements(
        r#"{"Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*"},
        {"Sid": "B", "Effect": "Deny", "Action": "iam:*", "Resource": "*"}"#,
    )]);
    assert_eq!(denied_by(&found), ["statement `A` denies it"]);
}

#[test]
fn reasons_are_given_once_and_at_most_sixteen() {
    let unknown = |names: &[String]| {
        let all: Vec<String> = names
            .iter()
            .map(|name| format!(r#"{{"Effect": "Deny", "Action": "<<{name}>>", "Resource": "*"}}"#))
            .collect();
        missing(&verdict(&[statements(&all.join(","))]))
    };
    assert_eq!(unknown(&["var.a".into(), "var.a".into(), "var.b".into()]), ["var.a", "var.b"]);
    let many: Vec<String> = (0..20).map(|n| format!("var.v{n}")).collect();
    assert_eq!(unknown(&many), many[..16]);
}

#[test]
fn only_like_has_wildcards_in_strings() {
    check(&[
        (r#"{"StringEquals": {"aws:PrincipalType": "Accoun?"}}"#, "no"),
        (r#"{"StringEquals": {"aws:PrincipalType": "Accoun*"}}"#, "no"),
        (r#"{"StringEqualsIgnoreCase": {"aws:PrincipalType": "accoun?"}}"#, "no"),
        (r#"{"StringLike": {"aws:PrincipalType": "Accoun?"}}"#, "yes"),
        (r#"{"StringLike": {"aws:PrincipalType": "accoun?"}}"#, "no"),
    ]);
}

#[test]
fn only_the_last_segment_of_an_arn_holds_colons() {
    let asked = |resource: &str| {
        let stream = "arn:aws:logs:us-east-1:111122223333:log-group:x:log-stream:y";
        let question = Question { action: "logs:GetLogEvents".into(), resource: Some(stream.into()), ..question() };
        let statement = format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "{resource}"}}"#);
        name(&verdict_of(&[statements(&statement)], true, &question))
    };
    assert_eq!(asked("arn:aws:logs:*:*:log-group:*"), "yes");
    assert_eq!(asked("arn:aws:logs:*:*:log-group?x:log-stream?y"), "yes");
    assert_eq!(asked("arn:aws:logs:*:log-stream:y"), "no");
    assert_eq!(asked("arn:aws:logs:us-east-1?111122223333:log-group:x:log-stream:y"), "no");
    assert_eq!(asked("arn:aws:logs:us-east-?:11112222333?:log-group:x:log-stream:y"), "yes");
}

#[test]
fn a_very_long_pattern_is_compared_all_the_same() {
    let long = 70_000;
    let with = |operator: &str, key: &str, value: String| {
        name(&verdict(&[deny_if(&format!(r#"{{"{operator}": {{"{key}": "{value}"}}}}"#))]))
    };
    assert_eq!(with("StringLike", "aws:UserAgent", "*".repeat(long)), "yes");
    assert_eq!(with("ArnLike", "aws:PrincipalArn", format!("arn:aws:iam::*:r{}t", "*".repeat(long))), "yes");
    assert_eq!(with("StringLike", "aws:PrincipalType", format!("Account{}", "?".repeat(long))), "no");
    assert_eq!(with("StringEquals", "aws:UserAgent", "a".repeat(long)), "conditional");
}

#[test]
fn a_short_arn_is_completed_only_after_a_wildcard() {
    let asked = |resource: &str| {
        let statement = format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "{resource}"}}"#);
        name(&verdict(&[statements(&statement)]))
    };
    assert_eq!((asked("arn:aws:iam:*"), asked("arn:aws:iam"), asked("arn:aws:iam:")), ("yes", "no", "no"));
}

#[test]
fn the_account_stands_in_the_organization_that_the_policies_name() {
    check(&[(r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-zzzzzzzzzz/*"}}"#, "yes")]);
    let elsewhere =
        deny_if(r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-zzzzzzzzzz/r-ab12/ou-ab12-1*"}}"#);
    let path = escape(&verdict(&[elsewhere])).witness.context["aws:PrincipalOrgPaths"].clone();
    assert!(path.starts_with("o-zzzzzzzzzz/"), "{path}");
}

#[test]
fn no_session_begins_after_now() {
    check(&[(
        r#"{"DateGreaterThan": {"aws:TokenIssueTime": "2026-08-22T00:00:00Z"}, "DateEquals": {"aws:CurrentTime": "2026-08-22T00:00:00Z"}}"#,
        "no",
    )]);
}

#[test]
fn operators_in_another_case_are_not_documented() {
    check(&[
        (r#"{"forAllValues:StringEquals": {"aws:TagKeys": "x"}}"#, "unknown"),
        (r#"{"foranyvalue:StringEquals": {"aws:TagKeys": "x"}}"#, "unknown"),
        (r#"{"StringEqualsifexists": {"aws:TagKeys": "x"}}"#, "unknown"),
        (r#"{"stringEquals": {"aws:TagKeys": "x"}}"#, "unknown"),
        (r#"{"StringEqualsIfExists": {"aws:username": "x"}}"#, "yes"),
    ]);
}

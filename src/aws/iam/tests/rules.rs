//! Single rules, each with the two requests or policies that tell it from its neighbours.

use super::*;
use crate::source::{Sources, Span};

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
        (
            r#"{"StringEqualsIgnoreCase": {"aws:UserAgent": "c"}, "StringNotEquals": {"aws:UserAgent": "c"}}"#,
            "conditional",
        ),
        (
            r#"{"StringEqualsIgnoreCase": {"aws:UserAgent": "C"}, "StringNotEquals": {"aws:UserAgent": "C"}}"#,
            "conditional",
        ),
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

#[test]
fn any_value_if_exists_is_not_documented_for_a_missing_key() {
    check(&[
        (r#"{"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "x"}}"#, "unknown"),
        (r#"{"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": "x"}}"#, "yes"),
    ]);
}

#[test]
fn past_the_budget_the_verdict_is_unknown() {
    let steps = |budget: usize, condition: &str| {
        let policy = deny_if(condition);
        let level = Level { id: "r".into(), policies: vec![(&policy).into()], full_access: true };
        name(&decide::within(budget, &mut Memo::default(), &[level], &question()))
    };
    // One step before anything is chosen, one for each class of user agents.
    let agent = r#"{"StringEquals": {"aws:UserAgent": "x"}}"#;
    assert_eq!((steps(3, agent), steps(2, agent), steps(0, agent)), ("conditional", "unknown", "unknown"));
    // One step with MFA, one without; the third kind of credentials changes nothing any more.
    let mfa = r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#;
    assert_eq!((steps(2, mfa), steps(1, mfa)), ("conditional", "unknown"));
}

#[test]
fn each_order_has_its_boundary() {
    let asked = |operator: &str, value: &str| {
        let condition = format!(r#"{{"{operator}": {{"aws:PrincipalAccount": "{value}"}}}}"#);
        let known = Question { account: Account::Known("500000000000".into()), ..question() };
        name(&verdict_of(&[deny_if(&condition)], true, &known))
    };
    let cases = [
        ("NumericEquals", "no", "yes", "no"),
        ("NumericNotEquals", "yes", "no", "yes"),
        ("NumericLessThan", "no", "no", "yes"),
        ("NumericLessThanEquals", "no", "yes", "yes"),
        ("NumericGreaterThan", "yes", "no", "no"),
        ("NumericGreaterThanEquals", "yes", "yes", "no"),
    ];
    for (operator, less, same, more) in cases {
        let found = ["499999999999", "500000000000", "500000000001"].map(|value| asked(operator, value));
        assert_eq!(found, [less, same, more], "{operator}");
    }
}

#[test]
fn a_witness_has_values_that_look_like_what_they_are() {
    let context = |condition: &str| escape(&verdict(&[deny_if(condition)])).witness.context.clone();
    let other = context(r#"{"StringEquals": {"aws:PrincipalAccount": "111122223333"}}"#);
    assert_eq!(other["aws:PrincipalArn"], "arn:aws:iam::444455556666:root");
    let third = context(r#"{"StringEquals": {"aws:PrincipalAccount": ["111122223333", "444455556666"]}}"#);
    assert_eq!(third["aws:PrincipalArn"], "arn:aws:iam::999900001111:root");
    let unit = r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-zzzzzzzzzz/r-ab12/ou-ab12-11111111/*"}}"#;
    assert_eq!(context(unit)["aws:PrincipalOrgPaths"], "o-zzzzzzzzzz/r-ab12/ou-ab12-22222222/");
}

#[test]
fn the_beginning_of_a_session_varies_apart_from_the_clock() {
    check(&[(
        r#"{"DateEquals": {"aws:CurrentTime": "2027-01-01T00:00:00Z", "aws:TokenIssueTime": "2026-12-31T20:00:00Z"}}"#,
        "conditional",
    )]);
}

#[test]
fn the_ends_of_ipv6_blocks_are_addresses_to_try() {
    check(&[
        (r#"{"IpAddressIfExists": {"aws:SourceIp": ["0.0.0.0/0", "::/1", "8000::/1"]}}"#, "yes"),
        (r#"{"IpAddressIfExists": {"aws:SourceIp": ["0.0.0.0/0", "::/1"]}}"#, "conditional"),
        (r#"{"IpAddress": {"aws:SourceIp": "2001:db9::/32"}}"#, "conditional"),
    ]);
    // Just below, and just above.
    let through = |nets: &str| {
        let policy = deny_if(&format!(r#"{{"IpAddressIfExists": {{"aws:SourceIp": ["0.0.0.0/0", {nets}]}}}}"#));
        escape(&verdict(&[policy])).witness.context["aws:SourceIp"].clone()
    };
    assert_eq!(through(r#""::/2", "4000::/3", "6000::/4", "7000::/128", "8000::/1""#), "7000::1");
    assert_eq!(through(r#""::""#), "2001:db8::1");
}

#[test]
fn services_on_the_way_come_in_every_combination() {
    check(&[
        (
            r#"{"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}, "ForAnyValue:StringLike": {"aws:CalledVia": "b"},
            "ForAnyValue:StringNotLike": {"aws:CalledVia": ["a", "b"]}}"#,
            "conditional",
        ),
        (
            r#"{"StringEquals": {"aws:CalledViaFirst": "a", "aws:CalledViaLast": "b"},
            "ForAnyValue:StringNotEquals": {"aws:CalledVia": ["a", "b"]}}"#,
            "conditional",
        ),
        (r#"{"StringEquals": {"aws:CalledViaFirst": "a", "aws:CalledViaLast": "a"}}"#, "conditional"),
        (
            r#"{"StringEquals": {"aws:CalledViaFirst": "a", "aws:CalledViaLast": "a"},
            "ForAnyValue:StringNotEquals": {"aws:CalledVia": ["a"]}}"#,
            "conditional",
        ),
    ]);
    // Each service once.
    let found = verdict(&[
        deny_if(r#"{"Null": {"aws:CalledVia": "true"}}"#),
        deny_if(r#"{"StringNotEquals": {"aws:CalledViaFirst": "a"}}"#),
    ]);
    assert_eq!(escape(&found).witness.context["aws:CalledVia"], "a");
    let found = verdict(&[
        deny_if(r#"{"Null": {"aws:CalledVia": "true"}}"#),
        deny_if(r#"{"StringNotEquals": {"aws:CalledViaFirst": "a"}}"#),
        deny_if(r#"{"StringNotEquals": {"aws:CalledViaLast": "b"}}"#),
        deny_if(r#"{"ForAllValues:StringEquals": {"aws:CalledVia": ["a", "b"]}}"#),
    ]);
    assert_eq!(escape(&found).witness.context["aws:CalledVia"].split(',').count(), 3);
}

#[test]
fn ids_have_a_form() {
    check(&[
        (r#"{"StringLikeIfExists": {"aws:VpceOrgID": "o-*"}}"#, "yes"),
        (r#"{"StringLike": {"aws:VpceOrgID": "*/*"}}"#, "no"),
        (r#"{"StringLikeIfExists": {"aws:SourceVpce": "vpce-*"}}"#, "yes"),
        (r#"{"StringLikeIfExists": {"aws:SourceVpc": "vpc-"}}"#, "conditional"),
        (r#"{"StringLike": {"aws:SourceVpc": "vpc-"}}"#, "no"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-*/*"}}"#, "yes"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou-*"}}"#, "conditional"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou_*"}}"#, "no"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/r-zz99/*"}}"#, "conditional"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/r-a-b/*"}}"#, "conditional"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/r-*_*"}}"#, "no"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/x-*"}}"#, "no"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou-zz/*"}}"#, "conditional"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou-zz/ou-y/"}}"#, "conditional"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou-*//*"}}"#, "no"),
    ]);
}

#[test]
fn nine_kinds_of_services_are_too_many() {
    let with = |services: usize| {
        let all: Vec<Policy> = (0..services)
            .map(|n| deny_if(&format!(r#"{{"StringEquals": {{"aws:CalledViaFirst": "s{n}"}}}}"#)))
            .collect();
        name(&verdict(&all))
    };
    assert_eq!((with(7), with(8)), ("conditional", "unknown"));
}

#[test]
fn a_policy_variable_that_cannot_be_known_says_why() {
    let policy = deny_if(r#"{"StringEquals": {"aws:PrincipalType": "${aws:PrincipalTag/team}"}}"#);
    let user = Question { principal: Principal::User, account: Account::Known("111122223333".into()), ..question() };
    let Verdict::Unknown(reasons) = verdict_of(&[policy], true, &user) else { panic!() };
    assert_eq!(reasons[0].to_string(), "`aws:principaltag/team` is a tag that may have any value");
}

#[test]
fn a_key_that_cannot_be_known_is_reported_where_it_stands() {
    let mut policy = deny_if(r#"{"StringEquals": {"aws:NoSuchKey": "x"}}"#);
    let span = Some(Span::new(Sources::default().file("scp.json".into()), 3, 9));
    policy.statements[0].conditions[0].span = span;
    let Verdict::Unknown(reasons) = verdict(&[policy]) else { panic!() };
    assert_eq!(reasons[0].span, span);
}

#[test]
fn a_value_of_another_type_matches_nothing() {
    check(&[
        (r#"{"NumericEquals": {"aws:MultiFactorAuthAge": "x"}}"#, "no"),
        (r#"{"DateLessThan": {"aws:CurrentTime": "soon"}}"#, "no"),
        (r#"{"DateNotEquals": {"aws:CurrentTime": "soon"}}"#, "unknown"),
        (r#"{"IpAddress": {"aws:SourceIp": "<my-cidr>"}}"#, "no"),
    ]);
}

#[test]
fn names_of_users_hold_what_iam_allows() {
    let asked = |name_of_user: &str| {
        let user =
            Question { principal: Principal::User, account: Account::Known("111122223333".into()), ..question() };
        let policy = deny_if(&format!(r#"{{"StringEquals": {{"aws:username": "{name_of_user}"}}}}"#));
        name(&verdict_of(&[policy], true, &user))
    };
    assert_eq!(
        (asked("ci.bot"), asked("A+=,@_-1"), asked("ci bot"), asked("ci:bot")),
        ("conditional", "conditional", "no", "no")
    );
    check(&[(r#"{"StringEquals": {"aws:SourceVpc": "vpc-a.b"}}"#, "no")]);
}

#[test]
fn dates_may_be_short_or_seconds() {
    assert_eq!(compare::time("2030"), compare::time("2030-01-01T00:00:00Z"));
    assert_eq!(compare::time("2030-02"), compare::time("2030-02-01"));
    assert_eq!(compare::time("2030-02-03"), compare::time("2030-02-03T00:00:00Z"));
    assert_eq!(compare::time("2030-02-03T00:00:00+01:00"), compare::time("2030-02-02T23:00:00Z"));
    assert_eq!(compare::time("10000"), Some(10_000.0));
    assert_eq!(compare::time("1893456000"), compare::time("2030"));
    assert_eq!((compare::time("soon"), compare::time("2030-13"), compare::time("203")), (None, None, None));
}

#[test]
fn the_exploration_of_one_value_is_bounded() {
    let with = |operator: &str, value: String| {
        let found = verdict(&[deny_if(&format!(r#"{{"{operator}": {{"aws:UserAgent": "{value}"}}}}"#))]);
        name(&found)
    };
    // Many positions of the pattern at once, in few states.
    assert_eq!(with("StringLike", "*a".repeat(300)), "conditional");
    assert_eq!(with("StringLike", "*a".repeat(2_600)), "unknown");
    // Many states, each with few positions.
    assert_eq!(with("StringEquals", "a".repeat(210_000)), "unknown");
}

#[test]
fn a_pattern_of_an_address_ends_at_an_octet() {
    check(&[
        (r#"{"StringLike": {"aws:SourceIp": "10.*"}, "IpAddress": {"aws:SourceIp": "10.128.0.0/9"}}"#, "conditional"),
        (r#"{"StringLike": {"aws:SourceIp": "10.1.*"}, "NotIpAddress": {"aws:SourceIp": "10.1.0.0/16"}}"#, "no"),
    ]);
}

#[test]
fn an_error_says_what_is_wrong() {
    let errors = Policy::parse(&value(r#"{"Version": "2012-10-17"}"#)).unwrap_err();
    assert_eq!(errors[0].to_string(), "`Statement` is missing");
}

#[test]
fn an_unknown_version_is_the_one_with_variables() {
    let found = verdict(&[policy(
        r#"{"Version": "<<var.v>>", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:userid": "${aws:PrincipalAccount}"}}}}"#,
    )]);
    assert_eq!(name(&found), "yes");
}

#[test]
fn a_session_lasts_36_hours_at_most() {
    let begun = |time: &str| {
        name(&verdict(&[deny_if(&format!(
            r#"{{"DateEquals": {{"aws:CurrentTime": "2027-01-03T00:00:00Z", "aws:TokenIssueTime": "{time}"}}}}"#
        ))]))
    };
    assert_eq!((begun("2027-01-01T12:00:00Z"), begun("2027-01-01T11:59:59Z")), ("conditional", "no"));
}

#[test]
fn the_account_of_a_user_ends_at_the_first_colon() {
    let user = Question { principal: Principal::User, ..question() };
    let asked = |condition: &str| name(&verdict_of(&[deny_if(condition)], true, &user));
    assert_eq!(asked(r#"{"StringLike": {"aws:PrincipalAccount": "????????????"}}"#), "yes");
    assert_eq!(asked(r#"{"StringLike": {"aws:PrincipalAccount": "?????????????*"}}"#), "no");
    assert_eq!(asked(r#"{"StringLike": {"aws:PrincipalAccount": "*777"}}"#), "conditional");
    assert_eq!(
        asked(
            r#"{"StringLike": {"aws:PrincipalAccount": "*777", "aws:PrincipalArn": "*:user/zz", "aws:username": "z?"}}"#
        ),
        "conditional"
    );
    assert_eq!(asked(r#"{"StringLike": {"aws:PrincipalAccount": "*777", "aws:PrincipalArn": "*6:user/*"}}"#), "no");
}

#[test]
fn resources_of_iam_belong_to_the_account_itself() {
    let condition = r#"{"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}"#;
    let asked = |action: &str, resource: &str| {
        let question = Question { action: action.into(), resource: Some(resource.into()), ..question() };
        let statement = format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#);
        name(&verdict_of(&[statements(&statement)], true, &question))
    };
    assert_eq!(asked("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/ci"), "yes");
    assert_eq!(asked("s3:GetObject", "arn:aws:s3:::logs/x"), "unknown");
}

#[test]
fn the_statement_of_which_least_is_missing_is_the_closest() {
    let closest = |all: &str| {
        let found = verdict(&[statements(all)]);
        escape(&found).closest.as_ref().map(|closest| closest.statement.clone()).unwrap()
    };
    let statement = |sid: &str, condition: &str| {
        format!(
            r#"{{"Sid": "{sid}", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {{"Null": {condition}}}}}"#
        )
    };
    let two = r#"{"aws:username": "false", "aws:TagKeys": "false"}"#;
    let one = r#"{"aws:username": "false"}"#;
    let third = |sid: &str| statement(sid, one);
    assert_eq!(closest(&[statement("A", two), third("B"), third("C")].join(",")), "statement `B`");
    assert_eq!(closest(&[third("B"), statement("A", two)].join(",")), "statement `B`");
    // A wrong effect weighs more than a wrong resource, that more than a condition.
    let user = r#"{"Sid": "R", "Effect": "Deny", "Action": "*", "Resource": "arn:aws:iam::*:user/*"}"#;
    let allow = r#"{"Sid": "E", "Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    assert_eq!(closest(&[allow, user, &statement("A", two)].join(",")), "statement `A`");
    assert_eq!(closest(&[allow, user].join(",")), "statement `R`");
}

#[test]
fn whose_a_resource_is() {
    let asked = |action: &str, resource: Option<&str>, condition: &str| {
        let resource = resource.map(String::from);
        let account = Account::Known("111122223333".into());
        let question = Question { action: action.into(), resource, account, ..question() };
        let statement = format!(
            r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {{"StringEquals": {condition}}}}}"#
        );
        name(&verdict_of(&[statements(&statement)], true, &question))
    };
    let organization = r#"{"aws:ResourceOrgID": "o-a1b2c3d4e5"}"#;
    let account = r#"{"aws:ResourceAccount": "111122223333"}"#;
    let (own, foreign) = (Some("arn:aws:sqs:us-east-1:111122223333:q"), Some("arn:aws:sqs:us-east-1:444455556666:q"));
    let bucket = Some("arn:aws:s3:::logs/x");
    assert_eq!(asked("sqs:SendMessage", own, organization), "yes");
    assert_eq!(asked("sqs:SendMessage", foreign, organization), "unknown");
    assert_eq!(asked("sqs:SendMessage", None, organization), "yes");
    assert_eq!((asked("sqs:SendMessage", own, account), asked("sqs:SendMessage", foreign, account)), ("yes", "no"));
    // The ARN of a bucket names no account; `*` stands for the caller's own.
    assert_eq!(asked("s3:GetObject", bucket, account), "conditional");
    assert_eq!(asked("s3:ListAllMyBuckets", Some("*"), account), "yes");
    assert_eq!(asked("iam:GetPolicy", Some("arn:aws:iam::aws:policy/ReadOnlyAccess"), account), "yes");
}

#[test]
fn a_known_place_tells_the_organization() {
    let place = Place::Known("o-a1b2c3d4e5/r-ab12/".into());
    let named = r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/*", "o-zzzzzzzzzz/*"]}}"#;
    assert_eq!(name(&verdict_of(&[deny_if(named)], true, &Question { place, ..question() })), "yes");
    assert_eq!(name(&verdict(&[deny_if(named)])), "unknown");
}

#[test]
fn long_lists_of_values_are_cut_short() {
    let defeat = |values: &str| {
        let found = verdict(&[deny_if(&format!(r#"{{"StringEquals": {{"aws:PrincipalType": [{values}]}}}}"#))]);
        escape(&found).closest.as_ref().map(|closest| closest.defeat.clone()).unwrap()
    };
    assert!(defeat(r#""a", "b", "c""#).contains("(`a`, `b`, `c`)"));
    assert!(defeat(r#""a", "b", "c", "d""#).contains("(`a`, `b`, `c`, ...)"));
    assert!(defeat(r#""a", "b", "c", "d", "e""#).contains("(`a`, `b`, `c`, ...)"));
}

#[test]
fn which_keys_a_root_request_carries() {
    let always = "PrincipalArn PrincipalAccount PrincipalType userid PrincipalIsAWSService PrincipalOrgID \
        PrincipalOrgPaths ResourceAccount ResourceOrgID ResourceOrgPaths RequestedRegion SecureTransport CurrentTime \
        EpochTime ViaAWSService UserAgent";
    let sometimes = "MultiFactorAuthPresent MultiFactorAuthAge TokenIssueTime SourceIp VpcSourceIp SourceVpc SourceVpce \
        SourceVpcArn VpceAccount VpceOrgID CalledVia CalledViaFirst CalledViaLast Referer";
    let never = "username FederatedProvider SourceIdentity AssumedRoot SourceArn PrincipalTag/x TagKeys RequestTag/x";
    for (keys, expected) in [(always, "yes"), (sometimes, "conditional"), (never, "no")] {
        for key in keys.split_whitespace() {
            let found = verdict(&[deny_if(&format!(r#"{{"Null": {{"aws:{key}": "false"}}}}"#))]);
            assert_eq!(name(&found), expected, "{key}");
        }
    }
    check(&[
        (r#"{"Bool": {"aws:PrincipalIsAWSService": "false"}}"#, "yes"),
        (r#"{"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": "o-a1b2c3d4e5/*"}}"#, "yes"),
        (r#"{"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": "o-a1b2c3d4e5/r-zz/*"}}"#, "conditional"),
    ]);
}

#[test]
fn each_part_of_a_statement_is_explained_by_itself() {
    let defeats = |json: &str| -> Vec<String> {
        let policy = statements(json);
        let level = Level { id: "r".into(), policies: vec![(&policy).into()], full_access: true };
        let found = explain(&[level], &question());
        found.iter().flat_map(|one| one.defeats.iter().map(|(text, _)| text.clone())).collect()
    };
    assert_eq!(
        defeats(r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}"#),
        ["its actions do not include `iam:CreateAccessKey`"]
    );
    assert_eq!(
        defeats(r#"{"Effect": "Deny", "Action": "*", "Resource": "arn:aws:iam::*:user/*"}"#),
        ["its resources (`arn:aws:iam::*:user/*`) do not include the root user's own ARN, `arn:aws:iam::ACCOUNT:root`"]
    );
    assert_eq!(
        defeats(
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"aws:PrincipalArn": "true"}}}"#
        ),
        ["its condition `Null` on `aws:PrincipalArn` (`true`) never holds"]
    );
}

#[test]
fn the_keys_of_an_endpoint_go_together() {
    for key in ["SourceVpcArn", "VpceAccount", "VpceOrgID"] {
        let direct = format!(r#"{{"Null": {{"aws:{key}": "false", "aws:SourceIp": "false"}}}}"#);
        let without = format!(r#"{{"Null": {{"aws:{key}": "true", "aws:SourceVpc": "false"}}}}"#);
        check(&[(&direct, "no"), (&without, "conditional")]);
    }
}

#[test]
fn what_is_no_prefix_of_a_service_is_unknown() {
    check(&[
        (r#"{"Null": {"s3:prefix": "true"}}"#, "yes"),
        (r#"{"Null": {"1s3:prefix": "true"}}"#, "unknown"),
        (r#"{"Null": {"s$3:prefix": "true"}}"#, "unknown"),
    ]);
}

#[test]
fn the_region_of_iam_is_that_of_the_partition() {
    let regions = ["aws", "aws-cn", "aws-us-gov", "aws-eusc"].map(request::region);
    assert_eq!(regions, ["us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]);
}

#[test]
fn many_open_statements_cost_more_steps() {
    let all: Vec<Policy> =
        (0..130).map(|n| deny_if(&format!(r#"{{"StringEquals": {{"aws:UserAgent": "a{n}"}}}}"#))).collect();
    assert_eq!(name(&verdict(&all)), "conditional");
}

#[test]
fn hundreds_of_accounts_are_one_question() {
    let only = |n: usize| deny_if(&format!(r#"{{"StringEquals": {{"aws:PrincipalAccount": "{n:012}"}}}}"#));
    let all: Vec<Policy> = (0..500).map(|n| only(n * 7_919)).collect();
    assert_eq!(name(&verdict(&all)), "conditional");
    // What stands before `:root` in no string at all, and what stands there in every one.
    let roles =
        (0..500).map(|n| deny_if(&format!(r#"{{"ArnLike": {{"aws:PrincipalArn": "arn:aws:iam::*:role/r{n}"}}}}"#)));
    let roles: Vec<Policy> = roles.collect();
    assert_eq!(name(&verdict(&roles)), "no");
    let root = deny_if(r#"{"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}}"#);
    assert_eq!(name(&verdict(&[roles, vec![root]].concat())), "yes");
}

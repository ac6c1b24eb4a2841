//! Questions about other accounts, principals, actions and resources, and their explanations.

use super::*;

#[test]
fn the_account_may_be_known() {
    let other = deny_if(r#"{"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}"#);
    let asked = |id: &str| {
        name(&verdict_of(
            std::slice::from_ref(&other),
            true,
            &Question { account: Account::Known(id.into()), ..question() },
        ))
    };
    assert_eq!((asked("444455556666"), asked("111122223333")), ("no", "yes"));
    let unit =
        deny_if(r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}}"#);
    let place = |path: &str| {
        name(&verdict_of(
            std::slice::from_ref(&unit),
            true,
            &Question { place: Place::Known(path.into()), ..question() },
        ))
    };
    assert_eq!(place("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"), "yes");
    assert_eq!(place("o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/"), "no");
}

#[test]
fn what_a_known_account_makes_of_an_arn() {
    let asked = |condition: &str| {
        let known = Question { account: Account::Known("111122223333".into()), ..question() };
        name(&verdict_of(&[deny_if(condition)], true, &known))
    };
    let cases = [
        (r#"{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/x"}}"#, "yes"),
        (r#"{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::1*:root"}}"#, "no"),
        (r#"{"StringEquals": {"aws:userid": "${aws:PrincipalAccount}"}}"#, "yes"),
        (r#"{"NumericEquals": {"aws:PrincipalAccount": "111122223333"}}"#, "yes"),
        (r#"{"NumericNotEquals": {"aws:PrincipalAccount": "111122223333"}}"#, "no"),
        (r#"{"NumericLessThan": {"aws:PrincipalAccount": "111122223333"}}"#, "no"),
        (r#"{"NumericEquals": {"aws:PrincipalArn": "1"}}"#, "no"),
    ];
    for (condition, expected) in cases {
        assert_eq!(asked(condition), expected, "{condition}");
    }
}

#[test]
fn other_principals() {
    let asked = |principal, account: Account, condition: &str| {
        let resource = (principal == Principal::Role).then(|| "arn:aws:iam::111122223333:user/ci".into());
        let question = Question { principal, account, resource, ..question() };
        name(&verdict_of(&[deny_if(condition)], true, &question))
    };
    let known = || Account::Known("111122223333".into());
    let cases = [
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#, "no", "no"),
        (r#"{"StringEquals": {"aws:PrincipalType": "User"}}"#, "yes", "no"),
        (r#"{"StringEquals": {"aws:PrincipalType": "AssumedRole"}}"#, "no", "yes"),
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}"#, "yes", "no"),
        (r#"{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}"#, "yes", "conditional"),
        (
            r#"{"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/*", "arn:aws:iam::*:user/ci/*"]}}"#,
            "conditional",
            "no",
        ),
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:*"}}"#, "no", "no"),
        (r#"{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:*"}}"#, "yes", "yes"),
        (r#"{"StringEquals": {"aws:PrincipalAccount": "111122223333"}}"#, "yes", "yes"),
        (r#"{"StringLike": {"aws:username": "?*"}}"#, "yes", "no"),
        (r#"{"StringLike": {"aws:username": "*/*"}}"#, "no", "no"),
        (r#"{"StringEquals": {"aws:username": "ci"}}"#, "conditional", "no"),
        // The name is what stands after the last slash of the ARN.
        (r#"{"StringEquals": {"aws:username": "ci"}, "StringNotLike": {"aws:PrincipalArn": "*ci"}}"#, "no", "no"),
        (
            r#"{"StringEquals": {"aws:username": "ci"}, "StringLike": {"aws:PrincipalArn": "*/a/ci"}}"#,
            "conditional",
            "no",
        ),
        (r#"{"StringLike": {"aws:userid": "AIDA*"}}"#, "yes", "no"),
        (r#"{"StringLike": {"aws:userid": "*:ci"}}"#, "no", "conditional"),
        (r#"{"StringLike": {"aws:userid": "AROA*"}}"#, "no", "yes"),
        (r#"{"StringEquals": {"aws:PrincipalTag/team": "x"}}"#, "unknown", "unknown"),
        (r#"{"Null": {"aws:SourceIdentity": "true"}}"#, "yes", "unknown"),
        (r#"{"Null": {"aws:TokenIssueTime": "false"}}"#, "conditional", "yes"),
        (r#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#, "conditional", "conditional"),
        (r#"{"Null": {"saml:aud": "true"}}"#, "yes", "unknown"),
    ];
    for (condition, user, role) in cases {
        assert_eq!(asked(Principal::User, known(), condition), user, "a user: {condition}");
        assert_eq!(asked(Principal::Role, known(), condition), role, "a role: {condition}");
    }
    // With any account, account and name are one choice.
    let any = |condition: &str| asked(Principal::User, Account::Any, condition);
    assert_eq!(any(r#"{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::1*"}}"#), "conditional");
    assert_eq!(
        any(
            r#"{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::1*"}, "StringNotLike": {"aws:PrincipalAccount": "1*"}}"#
        ),
        "no"
    );
    assert_eq!(any(r#"{"StringLike": {"aws:PrincipalAccount": "*:*"}}"#), "no");
    assert_eq!(any(r#"{"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}"#), "unknown");
}

#[test]
fn other_actions_and_resources() {
    let asked = |action: &str, resource: Option<&str>, statement: &str| {
        let question = Question { action: action.into(), resource: resource.map(String::from), ..question() };
        name(&verdict_of(&[statements(statement)], true, &question))
    };
    let bucket = Some("arn:aws:s3:::logs/2026.gz");
    let deny = |condition: &str| {
        format!(
            r#"{{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*", "Condition": {condition}}}"#
        )
    };
    assert_eq!(asked("s3:GetObject", bucket, &deny("{}")), "yes");
    assert_eq!(asked("s3:GetObject", Some("arn:aws:s3:::other/x"), &deny("{}")), "no");
    assert_eq!(asked("iam:CreateAccessKey", None, &deny("{}")), "no");
    // What another service's request carries is not known; what IAM's Region is, is.
    assert_eq!(asked("s3:GetObject", bucket, &deny(r#"{"Null": {"s3:prefix": "true"}}"#)), "unknown");
    assert_eq!(asked("s3:GetObject", bucket, &deny(r#"{"Null": {"ec2:Region": "true"}}"#)), "yes");
    assert_eq!(asked("s3:GetObject", bucket, &deny(r#"{"Null": {"aws:RequestTag/x": "true"}}"#)), "unknown");
    assert_eq!(
        asked("s3:GetObject", bucket, &deny(r#"{"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}"#)),
        "conditional"
    );
    assert_eq!(
        asked("s3:GetObject", bucket, &deny(r#"{"StringNotEquals": {"aws:ResourceAccount": "111122223333"}}"#)),
        "conditional"
    );
    assert_eq!(
        asked("s3:GetObject", bucket, &deny(r#"{"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}"#)),
        "unknown"
    );
    let all =
        |condition: &str| format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#);
    let user = Some("arn:aws:iam::111122223333:user/ci");
    assert_eq!(
        asked("iam:CreateAccessKey", user, &all(r#"{"StringEquals": {"aws:ResourceAccount": "111122223333"}}"#)),
        "yes"
    );
    assert_eq!(asked("iam:CreateAccessKey", user, &all(r#"{"Null": {"aws:ResourceTag/x": "true"}}"#)), "unknown");
    assert_eq!(asked("iam:CreateAccessKey", None, &all(r#"{"Null": {"aws:ResourceTag/x": "true"}}"#)), "yes");
    assert_eq!(asked("iam:CreateAccessKey", user, &all(r#"{"Null": {"aws:RequestTag/x": "true"}}"#)), "yes");
    assert_eq!(
        asked(
            "iam:ListUsers",
            Some("*"),
            &all(r#"{"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}"#)
        ),
        "yes"
    );
    assert_eq!(
        asked(
            "iam:ListUsers",
            Some("*"),
            r#"{"Effect": "Deny", "Action": "iam:List*", "Resource": "arn:aws:iam::*:*"}"#
        ),
        "no"
    );
}

#[test]
fn every_statement_is_explained() {
    let policy = statements(
        r#"{"Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:iam::*:user/*", "Condition": {"Null": {"aws:PrincipalArn": "true"}}},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "Null": {"aws:MultiFactorAuthPresent": "true"}}},
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "<<var.a>>"}}},
        {"Effect": "<<var.e>>", "Action": "*", "Resource": "*"},
        <<var.s>>"#,
    );
    let level = Level { id: "r".into(), policies: vec![(&policy).into()], full_access: true };
    let found = explain(&[level], &question());
    let reach = |reach: &Reach| match reach {
        Reach::Always => "always",
        Reach::Never => "never",
        Reach::Sometimes(_) => "sometimes",
        Reach::Unknown(_) => "unknown",
    };
    let lines: Vec<String> = found
        .iter()
        .map(|one| {
            let defeats: Vec<&str> = one.defeats.iter().map(|(text, _)| text.as_str()).collect();
            format!("{}: {}", reach(&one.reach), defeats.join("; "))
        })
        .collect();
    let sometimes = "its condition `Bool` on `aws:MultiFactorAuthPresent` (`true`) does not always hold: not for root of any account, signed in without MFA, from any address";
    let long_term = "its condition `Null` on `aws:MultiFactorAuthPresent` (`true`) does not always hold: not for root of any account, signed in with MFA, from any address";
    assert_eq!(
        lines,
        [
            "always: ".to_string(),
            "never: its actions do not include `iam:CreateAccessKey`; its resources (`arn:aws:iam::*:user/*`) do not include the root user's own ARN, `arn:aws:iam::ACCOUNT:root`; its condition `Null` on `aws:PrincipalArn` (`true`) never holds".into(),
            format!("sometimes: {sometimes}"),
            format!("never: {sometimes}; {long_term}; its conditions exclude each other"),
            "unknown: whether its condition `StringEquals` on `aws:UserAgent` (`…`) holds is unknown: `var.a` has no value".into(),
            "always: ".into(),
            "unknown: `var.s` has no value".into(),
        ]
    );
}

#[test]
fn partitions() {
    let commercial = deny_if(r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#);
    let region = deny_if(r#"{"StringEquals": {"aws:RequestedRegion": "cn-north-1"}}"#);
    let china = Question { partition: "aws-cn".into(), ..question() };
    assert_eq!(name(&verdict_of(&[commercial], true, &china)), "no");
    assert_eq!(name(&verdict_of(std::slice::from_ref(&region), true, &china)), "yes");
    assert_eq!(name(&verdict(&[region])), "no");
}

//! Verdicts written down by hand.

use super::*;

#[test]
fn conditions() {
    let cases = [
        // Which principal.
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}}"#, "yes"),
        (r#"{"ArnEquals": {"AWS:principalARN": "arn:aws:iam::*:root"}}"#, "yes"),
        (r#"{"StringLike": {"aws:PrincipalArn": "*:root"}}"#, "yes"),
        (r#"{"ArnLike": {"aws:PrincipalArn": "*:root"}}"#, "no"),
        (r#"{"ArnLike": {"aws:PrincipalArn": "*:*:*:*:*:r??t"}}"#, "yes"),
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:*:root"}}"#, "no"),
        (r#"{"StringLike": {"aws:PrincipalArn": "arn:*:root"}}"#, "yes"),
        (r#"{"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#, "no"),
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws-us-gov:iam::*:root"}}"#, "no"),
        (r#"{"StringEqualsIgnoreCase": {"aws:PrincipalType": "ACCOUNT"}}"#, "yes"),
        (r#"{"StringEquals": {"aws:PrincipalType": "Root"}}"#, "no"),
        (r#"{"StringLike": {"aws:userid": "????????????"}}"#, "yes"),
        (r#"{"StringLike": {"aws:userid": "???????????"}}"#, "no"),
        (r#"{"StringLike": {"aws:userid": ["*0", "*1", "*2", "*3", "*4", "*5", "*6", "*7", "*8", "*9"]}}"#, "yes"),
        (r#"{"StringLike": {"aws:userid": ["*0", "*1", "*2", "*3", "*4", "*5", "*6", "*7", "*8"]}}"#, "conditional"),
        (r#"{"StringNotLike": {"aws:userid": "*1*2*3*4*5*6*7*"}}"#, "conditional"),
        // Policy variables.
        (r#"{"StringEquals": {"aws:userid": "${aws:PrincipalAccount}"}}"#, "yes"),
        (r#"{"StringLike": {"aws:PrincipalArn": "*${aws:userid}*"}}"#, "yes"),
        (r#"{"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:root"}}"#, "no"),
        (r#"{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::1${aws:PrincipalAccount}:root"}}"#, "no"),
        (r#"{"StringEquals": {"aws:PrincipalType": "${aws:username}"}}"#, "no"),
        (r#"{"StringNotEquals": {"aws:PrincipalType": "${aws:username}"}}"#, "yes"),
        (r#"{"StringEquals": {"aws:PrincipalType": "${aws:username, 'Account'}"}}"#, "yes"),
        (r#"{"StringLike": {"aws:PrincipalType": "${*}"}}"#, "no"),
        (r#"{"StringEquals": {"aws:UserAgent": "${aws:PrincipalAccount}"}}"#, "unknown"),
        // Missing keys.
        (r#"{"StringEquals": {"aws:username": "root"}}"#, "no"),
        (r#"{"StringNotEquals": {"aws:username": "root"}}"#, "yes"),
        (r#"{"StringEqualsIfExists": {"aws:username": "root"}}"#, "yes"),
        (r#"{"Null": {"aws:username": "true"}}"#, "yes"),
        (r#"{"Null": {"aws:username": "false"}}"#, "no"),
        (r#"{"Null": {"aws:PrincipalArn": false}}"#, "yes"),
        (r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}"#, "yes"),
        (r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}"#, "no"),
        (r#"{"ForAnyValue:StringNotEquals": {"aws:TagKeys": "x"}}"#, "no"),
        (r#"{"StringNotEquals": {"s3:prefix": "x"}}"#, "yes"),
        (r#"{"StringNotEquals": {"aws:NoSuchKey": "x"}}"#, "unknown"),
        (r#"{"ArnLike": {"aws:PrincipleArn": "arn:aws:iam::*:root"}}"#, "no"),
        (r#"{"StringNotEquals": {"aws:PrincpalTags/team": "x"}}"#, "yes"),
        // Kinds of credentials.
        (r#"{"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#, "conditional"),
        (r#"{"Bool": {"aws:MultiFactorAuthPresent": ["true", "false"]}}"#, "conditional"),
        (r#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": ["true", "false"]}}"#, "yes"),
        (r#"{"NumericGreaterThanEqualsIfExists": {"aws:MultiFactorAuthAge": "0"}}"#, "yes"),
        (r#"{"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "0"}}"#, "conditional"),
        (r#"{"NumericLessThan": {"aws:MultiFactorAuthAge": "0"}}"#, "no"),
        (r#"{"NumericLessThanEquals": {"aws:MultiFactorAuthAge": "0"}}"#, "conditional"),
        // A long-term key has neither; no session has an age without MFA.
        (r#"{"Null": {"aws:TokenIssueTime": "true", "aws:MultiFactorAuthPresent": "false"}}"#, "no"),
        (r#"{"Bool": {"aws:MultiFactorAuthPresent": "false"}, "Null": {"aws:MultiFactorAuthAge": "false"}}"#, "no"),
        (r#"{"DateLessThan": {"aws:TokenIssueTime": "2024-01-01T00:00:00Z"}}"#, "no"),
        (r#"{"DateLessThan": {"aws:TokenIssueTime": "2027-01-01T00:00:00Z"}}"#, "conditional"),
        (r#"{"DateGreaterThanIfExists": {"aws:TokenIssueTime": "2024-01-01"}}"#, "no-"),
        // The clock.
        (r#"{"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}"#, "yes"),
        (r#"{"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}"#, "conditional"),
        (r#"{"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}"#, "no"),
        (r#"{"NumericGreaterThan": {"aws:EpochTime": 1000000000}}"#, "yes"),
        (r#"{"DateGreaterThan": {"aws:EpochTime": "2026-08-21"}}"#, "yes"),
        (
            r#"{"DateLessThan": {"aws:CurrentTime": "2027-01-01"}, "NumericGreaterThan": {"aws:EpochTime": 1800000000}}"#,
            "no",
        ),
        // The network.
        (r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, "conditional"),
        (r#"{"IpAddressIfExists": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}"#, "yes"),
        (r#"{"NotIpAddress": {"aws:SourceIp": "203.0.113.7"}}"#, "conditional"),
        (r#"{"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}"#, "conditional"),
        (
            r#"{"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1", "::/0"]}, "Null": {"aws:SourceVpc": "true"}}"#,
            "conditional",
        ),
        (r#"{"StringNotEquals": {"aws:SourceVpc": "vpc-1"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}"#, "no"),
        (r#"{"Null": {"aws:SourceVpc": "false", "aws:SourceIp": "false"}}"#, "no"),
        (r#"{"StringLike": {"aws:SourceIp": "10.*"}, "IpAddress": {"aws:SourceIp": "11.0.0.0/8"}}"#, "no"),
        (r#"{"Bool": {"aws:SecureTransport": false}}"#, "no"),
        // Ids have a form.
        (r#"{"StringLikeIfExists": {"aws:SourceVpc": "vpc-*"}}"#, "yes"),
        (r#"{"StringLikeIfExists": {"aws:SourceVpc": "vpc-?*", "aws:SourceVpce": "vpce-?*"}}"#, "yes"),
        (r#"{"StringLike": {"aws:SourceVpce": "*/*"}}"#, "no"),
        (r#"{"StringLikeIfExists": {"aws:VpceAccount": "????????????"}}"#, "yes"),
        (r#"{"StringEquals": {"aws:VpceAccount": "your-account"}}"#, "no"),
        (r#"{"StringLike": {"aws:VpceOrgID": "o-*"}}"#, "conditional"),
        // Services on the way.
        (r#"{"Bool": {"aws:ViaAWSService": "false"}}"#, "conditional"),
        (r#"{"Bool": {"aws:ViaAWSService": "false"}, "Null": {"aws:CalledVia": "false"}}"#, "no"),
        (r#"{"ForAllValues:StringLike": {"aws:CalledVia": "*.amazonaws.com"}}"#, "conditional"),
        (
            r#"{"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}, "ForAllValues:StringNotEquals": {"aws:CalledVia": "a"}}"#,
            "no",
        ),
        (
            r#"{"StringEquals": {"aws:CalledViaFirst": "a"}, "ForAllValues:StringNotEquals": {"aws:CalledVia": "a"}}"#,
            "no",
        ),
        (r#"{"StringEquals": {"aws:CalledVia": "a"}}"#, "unknown"),
        // The organization.
        (r#"{"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}"#, "yes"),
        (r#"{"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5", "o-zzzzzzzzzz"]}}"#, "unknown"),
        (r#"{"StringNotLike": {"aws:PrincipalOrgID": "o-*"}}"#, "no"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}"#, "yes"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*"}}"#, "conditional"),
        (r#"{"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "*/ou-ab12-11111111/*"}}"#, "conditional"),
        (r#"{"StringLike": {"aws:PrincipalOrgPaths": "*"}}"#, "unknown"),
        (r#"{"StringEquals": {"aws:RequestedRegion": "us-east-1"}}"#, "yes"),
        // Types that do not fit, and what is not documented.
        (r#"{"NumericEquals": {"aws:PrincipalType": "1"}}"#, "no"),
        (r#"{"NumericNotEquals": {"aws:PrincipalType": "1"}}"#, "unknown"),
        (r#"{"Bool": {"aws:PrincipalType": "true"}}"#, "no"),
        (r#"{"IpAddress": {"aws:PrincipalArn": "1.2.3.4"}}"#, "no"),
        (r#"{"NotIpAddress": {"aws:SourceIp": "<my-cidr>"}}"#, "unknown"),
        (r#"{"ArnLike": {"aws:PrincipalArn": "*"}}"#, "unknown"),
        (r#"{"arnlike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#, "unknown"),
        (r#"{"NumericEquals": {"aws:SourceIp": "1"}}"#, "no"),
        (r#"{"NumericGreaterThan": {"aws:CurrentTime": "1"}}"#, "no"),
        (r#"{"NumericEquals": {"aws:PrincipalArn": "1"}}"#, "no"),
        (r#"{"NumericEquals": {"aws:PrincipalAccount": "111122223333"}}"#, "unknown"),
        (r#"{"DateEquals": {"aws:PrincipalType": "2030-01-01"}}"#, "no"),
        (r#"{"IpAddress": {"aws:UserAgent": "1.2.3.4"}}"#, "unknown"),
        (r#"{"StringEquals": {"aws:SourceIp": "10.*"}}"#, "no"),
        (r#"{"StringLike": {"aws:SourceIp": "10.*"}}"#, "conditional"),
        (r#"{"StringLike": {"aws:SourceIp": "10.?"}}"#, "unknown"),
        (r#"{"StringEquals": {"aws:SourceIp": "10.0.0.1"}}"#, "conditional"),
        (r#"{"StringEquals": {"aws:SourceIp": "10.0.0.01"}}"#, "no"),
        (r#"{"StringLikeIfExists": {"aws:SourceIp": "*"}}"#, "yes"),
        (r#"{"StringLike": {"aws:CurrentTime": "*"}}"#, "yes"),
        (r#"{"StringLike": {"aws:CurrentTime": ["x", "*"]}}"#, "yes"),
        (r#"{"StringNotLike": {"aws:CurrentTime": "*"}}"#, "no"),
        (r#"{"StringEquals": {"aws:CurrentTime": "*"}}"#, "unknown"),
        (r#"{"StringLike": {"aws:CurrentTime": "2026*"}}"#, "unknown"),
        (r#"{"Bool": {"aws:SecureTransport": "TRUE"}}"#, "yes"),
        (r#"{"Bool": {"aws:PrincipalType": "Account"}}"#, "no"),
        (r#"{"ArnNotLike": {"aws:PrincipalType": "arn:aws:iam::*:root"}}"#, "unknown"),
        (r#"{"ArnLike": {"aws:PrincipalType": "arn:aws:iam::*:root"}}"#, "no"),
        (r#"{"ArnNotLike": {"aws:UserAgent": "arn:aws:iam::*:root"}}"#, "unknown"),
        (r#"{"ArnNotLike": {"aws:SourceVpcArn": "arn:aws:ec2:*:*:vpc/vpc-1"}}"#, "conditional"),
        (r#"{"StringEquals": {"aws:PrincipalType": "${aws:PrincipalType}"}}"#, "yes"),
        (r#"{"StringNotEqualsIfExists": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}"#, "no"),
        (r#"{"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}"#, "yes"),
        (r#"{"StringNotEquals": {"aws:PrincipalArn": []}}"#, "yes"),
        (r#"{"StringEquals": {"aws:PrincipalArn": []}}"#, "no"),
    ];
    for (condition, expected) in cases {
        let found = verdict(&[deny_if(condition)]);
        // A session of ours is younger than the constant; only a long-term key has no such time.
        let expected = if expected == "no-" { "yes" } else { expected };
        assert_eq!(name(&found), expected, "{condition}: {found:?}");
    }
}

#[test]
fn actions_and_resources() {
    let cases = [
        (r#""Action": "*", "Resource": "*""#, "yes"),
        (r#""Action": ["s3:*", "IAM:createACCESSkey"], "Resource": "*""#, "yes"),
        (r#""Action": "iam:*Key", "Resource": "*""#, "yes"),
        (r#""Action": "iam:?reateAccessKe?", "Resource": "*""#, "yes"),
        (r#""Action": "iam:CreateAccessKey?", "Resource": "*""#, "no"),
        (r#""Action": "*:CreateAccessKey", "Resource": "*""#, "unknown"),
        (r#""Action": "*:CreateUser", "Resource": "*""#, "no"),
        (r#""Action": [], "Resource": "*""#, "no"),
        (r#""NotAction": "s3:*", "Resource": "*""#, "yes"),
        (r#""NotAction": ["s3:*", "iam:*"], "Resource": "*""#, "no"),
        (r#""NotAction": [], "Resource": "*""#, "unknown"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam::*:root""#, "yes"),
        (r#""Action": "iam:*", "Resource": "arn:*:iam::*:*""#, "yes"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam::*:user/*""#, "no"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam::111122223333:root""#, "conditional"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam:*""#, "yes"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam::root""#, "no"),
        (r#""Action": "iam:*", "Resource": "*root""#, "no"),
        (r#""Action": "iam:*", "Resource": "arn:aws:i*::*:root""#, "unknown"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam::*:${aws:username}""#, "no"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam::${aws:PrincipalAccount}:root""#, "no"),
        (r#""Action": "iam:*", "Resource": "arn:aws:iam::*:${aws:username, 'root'}""#, "yes"),
        (r#""Action": "iam:*", "NotResource": "arn:aws:iam::*:user/*""#, "yes"),
        (r#""Action": "iam:*", "NotResource": "arn:aws:iam::*:root""#, "no"),
        (r#""Action": "iam:*", "NotResource": "arn:aws:iam::1*:*""#, "conditional"),
    ];
    for (elements, expected) in cases {
        let found = verdict(&[statements(&format!(r#"{{"Effect": "Deny", {elements}}}"#))]);
        assert_eq!(name(&found), expected, "{elements}: {found:?}");
    }
}

#[test]
fn several_statements_together() {
    let mfa = deny_if(r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#);
    let no_mfa = deny_if(r#"{"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#);
    let key = deny_if(r#"{"Null": {"aws:MultiFactorAuthPresent": "true"}}"#);
    assert_eq!(name(&verdict(&[mfa.clone(), no_mfa.clone()])), "conditional");
    assert_eq!(name(&verdict(&[mfa.clone(), no_mfa.clone(), key])), "yes");
    // What the caller chooses twice is chosen once.
    let low = deny_if(r#"{"IpAddressIfExists": {"aws:SourceIp": ["0.0.0.0/1", "::/0"]}}"#);
    let high = deny_if(r#"{"IpAddress": {"aws:SourceIp": "128.0.0.0/1"}}"#);
    let gap = deny_if(r#"{"IpAddress": {"aws:SourceIp": ["128.0.0.0/2", "192.0.0.0/3", "224.0.0.1/32"]}}"#);
    assert_eq!(name(&verdict(&[low.clone(), high])), "yes");
    let found = verdict(&[low, gap]);
    assert_eq!(name(&found), "conditional");
    assert_eq!(escape(&found).witness.context["aws:SourceIp"], "224.0.0.0");
}

#[test]
fn every_level_must_allow() {
    let allow = |action: &str| statements(&format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#));
    assert_eq!(name(&verdict_of(&[], false, &question())), "yes");
    assert_eq!(name(&verdict_of(&[allow("ec2:*")], false, &question())), "yes");
    assert_eq!(name(&verdict_of(&[allow("ec2:*")], true, &question())), "no");
    assert_eq!(name(&verdict_of(&[allow("ec2:*"), allow("iam:*")], false, &question())), "no");
    assert_eq!(name(&verdict_of(&[allow("<<var.a>>")], false, &question())), "unknown");
    let not_root = r#"{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}}"#;
    assert_eq!(name(&verdict_of(&[statements(not_root)], false, &question())), "yes");
    // The root level allows, the unit does not.
    let (iam, ec2) = (allow("iam:*"), allow("ec2:*"));
    let levels = [
        Level { id: "r-ab12".into(), policies: vec![(&iam).into()], full_access: false },
        Level { id: "ou-1".into(), policies: vec![(&ec2).into()], full_access: false },
    ];
    let Verdict::Denied(by) = decide(&levels, &question()) else { panic!() };
    assert_eq!(by[0].text, "nothing attached to ou-1 allows it");
}

#[test]
fn what_is_unknown_stays_unknown() {
    let cases = [
        // It could help, it could not.
        (r#"{"Effect": "Deny", "Action": "<<var.a>>", "Resource": "*"}"#, "unknown"),
        (r#"{"Effect": "<<var.e>>", "Action": "*", "Resource": "*"}"#, "unknown"),
        (r#"{"Effect": "Deny", "Action": "*", "Resource": "<<var.r>>"}"#, "unknown"),
        (r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": <<var.c>>}"#, "unknown"),
        (r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnLike": <<var.c>>}}"#, "unknown"),
        (r#"<<var.s>>"#, "unknown"),
        (
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "<<var.p>>"}}}"#,
            "unknown",
        ),
        (
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": <<var.p>>}}}"#,
            "unknown",
        ),
        // It cannot matter.
        (r#"{"Effect": "Deny", "Action": ["*", "<<var.a>>"], "Resource": "*"}"#, "yes"),
        (r#"{"Effect": "Deny", "Action": "s3:<<var.a>>", "Resource": "*"}"#, "no"),
        (r#"{"Effect": "Deny", "Action": "*", "Resource": ["*", "<<var.r>>"]}"#, "yes"),
        (
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::<<var.a>>:role/x"}}}"#,
            "yes",
        ),
        (
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::<<var.a>>:role/x"}}}"#,
            "no",
        ),
        (
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "<<var.u>>"}}}"#,
            "no",
        ),
        (r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}, <<var.s>>"#, "yes"),
        // Whatever it is, something gets through and something does not.
        (
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpc": "<<var.v>>"}}}"#,
            "conditional",
        ),
    ];
    for (json, expected) in cases {
        let found = verdict(&[statements(json)]);
        assert_eq!(name(&found), expected, "{json}: {found:?}");
        if let Verdict::Unknown(missing) = &found {
            assert!(missing[0].missing.starts_with("var."), "{missing:?}");
        }
    }
    let unknown = Policy::unknown(Reason::new("var.scp_json", "has no value", None), None);
    let Verdict::Unknown(missing) = verdict(std::slice::from_ref(&unknown)) else { panic!() };
    assert_eq!(missing[0].to_string(), "`var.scp_json` has no value");
    // Nor does an unknown policy take away what another denies.
    assert_eq!(name(&verdict(&[unknown, deny_if("{}")])), "yes");
    // An attachment that may not be there.
    let all = deny_if("{}");
    let doubt = Attached { policy: &all, doubt: Some(Reason::new("var.enabled", "has no value", None)) };
    let level = Level { id: "a".into(), policies: vec![doubt], full_access: true };
    assert_eq!(name(&decide(&[level], &question())), "unknown");
}

#[test]
fn versions_decide_about_variables() {
    let with = |version: &str| {
        let statement = r#"{"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:userid": "${aws:PrincipalAccount}"}}}"#;
        name(&verdict(&[policy(&format!(r#"{{{version} "Statement": {statement}}}"#))]))
    };
    assert_eq!(with(r#""Version": "2012-10-17","#), "yes");
    assert_eq!(with(r#""Version": "2008-10-17","#), "no");
    assert_eq!(with(""), "no");
}

#[test]
fn what_aws_rejects() {
    let statement = |element: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Action": "*", "Resource": "*"{element}}}}}"#
        )
    };
    let cases = [
        (r#"[]"#.to_string(), "a policy is a JSON object"),
        (r#"{"Version": "2012-10-17"}"#.into(), "`Statement` is missing"),
        (r#"{"Version": "2012-10-18", "Statement": []}"#.into(), "`Version` is \"2012-10-17\""),
        (r#"{"Statement": [], "Statements": []}"#.into(), "`Statements` is no element of a policy"),
        (r#"{"Statement": [], "Statement": []}"#.into(), "`Statement` is written twice"),
        (r#"{"Statement": ["x"]}"#.into(), "a statement is a JSON object"),
        (statement(r#", "Principal": "*""#), "a service control policy takes no `Principal`"),
        (statement(r#", "NotPrincipal": "*""#), "a service control policy takes no `NotPrincipal`"),
        (statement(r#", "action": "*""#), "`action` is no element of a statement"),
        (statement(r#", "NotAction": "*""#), "`Action` and `NotAction` exclude each other"),
        (statement(r#", "NotResource": "*""#), "`Resource` and `NotResource` exclude each other"),
        (
            statement(r#", "Condition": {"ArnMatches": {"aws:PrincipalArn": "x"}}"#),
            "`ArnMatches` is no condition operator",
        ),
        (
            statement(r#", "Condition": {"NullIfExists": {"aws:PrincipalArn": "x"}}"#),
            "`NullIfExists` is no condition operator",
        ),
        (statement(r#", "Condition": {"Bool": {"a": "x", "a": "y"}}"#), "`a` is written twice"),
        (statement(r#", "Condition": {"Bool": {"a": {}}}"#), "`a` takes a value or a list of values"),
        (statement(r#", "Condition": []"#), "`Condition` is a JSON object"),
        (
            r#"{"Statement": {"Effect": "deny", "Action": "*", "Resource": "*"}}"#.into(),
            "`Effect` is `Allow` or `Deny`",
        ),
        (r#"{"Statement": {"Action": "*", "Resource": "*"}}"#.into(), "`Effect` is missing"),
        (r#"{"Statement": {"Effect": "Deny", "Resource": "*"}}"#.into(), "`Action` or `NotAction` is missing"),
        (r#"{"Statement": {"Effect": "Deny", "Action": "*"}}"#.into(), "`Resource` or `NotResource` is missing"),
        (
            r#"{"Statement": {"Effect": "Deny", "Action": "CreateAccessKey", "Resource": "*"}}"#.into(),
            "`CreateAccessKey` is no action",
        ),
        (
            r#"{"Statement": {"Effect": "Deny", "Action": {}, "Resource": "*"}}"#.into(),
            "`Action` is a string or a list of strings",
        ),
    ];
    for (json, message) in cases {
        let errors = Policy::parse(&value(&json)).expect_err(&json);
        assert!(errors.iter().any(|error| error.message.starts_with(message)), "{json}: {errors:?}");
    }
}

#[test]
fn a_witness_speaks() {
    let text = |condition: &str| escape(&verdict(&[deny_if(condition)])).witness.text.clone();
    let root = "root of any account";
    assert_eq!(
        text(r#"{"Null": {"aws:username": "false"}}"#),
        format!("{root}, with any credentials, from any address")
    );
    assert_eq!(
        text(r#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#),
        format!("{root}, signed in with MFA, from any address")
    );
    assert_eq!(
        text(r#"{"Bool": {"aws:MultiFactorAuthPresent": ["true", "false"]}}"#),
        format!("{root}, with an existing access key, from any address")
    );
    assert_eq!(
        text(r#"{"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}"#),
        "root of 444455556666, with any credentials, from any address"
    );
    assert_eq!(
        text(r#"{"NotIpAddress": {"aws:SourceIp": "203.0.113.7/32"}}"#),
        format!("{root}, with any credentials, from 203.0.113.7")
    );
    assert_eq!(
        text(r#"{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}"#),
        format!("{root}, with any credentials, through a VPC endpoint (vpce-1)")
    );
    assert_eq!(
        text(r#"{"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}"#),
        format!("{root}, with any credentials, from any address, at 2030-01-01T00:00:00Z")
    );
    assert_eq!(
        text(r#"{"Bool": {"aws:ViaAWSService": "false"}}"#),
        format!("{root}, with any credentials, from any address, through an AWS service")
    );
}

#[test]
fn the_closest_statement_says_what_defeats_it() {
    let defeat = |json: &str| escape(&verdict(&[statements(json)])).closest.clone().map(|closest| closest.defeat);
    let deny = |rest: &str| defeat(&format!(r#"{{"Effect": "Deny", {rest}}}"#));
    assert_eq!(deny(r#""Action": "s3:*", "Resource": "*""#), None);
    assert_eq!(
        deny(r#""Action": "s3:*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#).unwrap(),
        "its actions do not include `iam:CreateAccessKey`"
    );
    assert_eq!(
        deny(r#""Action": "iam:*", "Resource": "arn:aws:iam::*:user/*""#).unwrap(),
        "its resources (`arn:aws:iam::*:user/*`) do not include the root user's own ARN, `arn:aws:iam::ACCOUNT:root`"
    );
    assert_eq!(
        deny(
            r#""Action": "iam:*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::root"}}"#
        )
        .unwrap(),
        "its condition `ArnLike` on `aws:PrincipalArn` (`arn:aws:iam::root`) does not hold"
    );
    assert_eq!(
        defeat(r#"{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}"#).unwrap(),
        "its `Effect` is `Allow`, which denies nothing"
    );
}

#[test]
fn too_much_is_unknown_and_said_so() {
    // Every pattern with many wildcards in any order: the classes explode.
    let values: Vec<String> =
        (0..60).map(|n| format!(r#""*{}*{}*{}*{}*""#, n % 7, (n + 1) % 9, n * 7 % 10, n * 3 % 10)).collect();
    let agents: Vec<String> =
        values.iter().map(|v| deny_json(&format!(r#"{{"StringLike": {{"aws:UserAgent": {v}}}}}"#))).collect();
    let Verdict::Unknown(missing) = verdict(&[statements(&agents.join(","))]) else { panic!() };
    assert_eq!(missing[0].to_string(), "`the conditions` distinguish more cases than rootlint goes through");
}

fn deny_json(condition: &str) -> String {
    format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#)
}

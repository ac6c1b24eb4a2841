//! Properties of all policies, over policies made of constants that meet each other.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value as Json, json};

use super::brute::{Request, denied};
use super::*;

fn some(values: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(values.to_vec(), 1..=2.min(values.len()))
}

/// A condition on one key.
fn condition() -> impl Strategy<Value = (String, String, Json)> {
    let on = |operators: &'static [&'static str], key: &'static str, values: &'static [&'static str]| {
        (select(operators), any::<bool>(), some(values)).prop_map(move |(operator, if_exists, values)| {
            let suffix =
                if if_exists && operator != "Null" && !operator.starts_with("ForAny") { "IfExists" } else { "" };
            (format!("{operator}{suffix}"), key.to_string(), json!(values))
        })
    };
    const STRINGS: &[&str] =
        &["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"];
    const LIKES: &[&str] = &["StringLike", "StringNotLike"];
    const ARNS: &[&str] =
        &["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals", "StringLike", "StringNotLike", "ForAnyValue:ArnLike"];
    const SETS: &[&str] = &[
        "ForAnyValue:StringLike",
        "ForAnyValue:StringNotLike",
        "ForAllValues:StringLike",
        "ForAllValues:StringNotLike",
    ];
    const NUMBERS: &[&str] = &[
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
    ];
    const DATES: &[&str] = &[
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "DateEquals",
        "DateNotEquals",
    ];
    prop_oneof![
        on(
            ARNS,
            "aws:PrincipalArn",
            &["arn:aws:iam::*:root", "arn:aws:iam::111122223333:root", "arn:aws:iam::4*:*", "arn:aws:iam::root"]
        ),
        on(STRINGS, "aws:PrincipalAccount", &["111122223333", "444455556666", "4*", "????????????"]),
        on(
            SETS,
            "aws:PrincipalOrgPaths",
            &["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", "*/ou-ab12-22222222/*", "o-a1b2c3d4e5/*"]
        ),
        on(&["Bool", "Null"], "aws:MultiFactorAuthPresent", &["true", "false"]),
        on(NUMBERS, "aws:MultiFactorAuthAge", &["0", "3600"]),
        on(&["IpAddress", "NotIpAddress"], "aws:SourceIp", &["203.0.113.0/24", "0.0.0.0/0", "::/0", "203.0.113.7/32"]),
        on(STRINGS, "aws:SourceVpc", &["vpc-a", "vpc-b"]),
        on(LIKES, "aws:SourceVpc", &["vpc-*", "*b"]),
        on(&["Bool"], "aws:ViaAWSService", &["true", "false"]),
        on(SETS, "aws:CalledVia", &["ssm.amazonaws.com", "s*", "athena.amazonaws.com"]),
        on(LIKES, "aws:CalledViaLast", &["ssm.amazonaws.com", "s*"]),
        on(DATES, "aws:CurrentTime", &["2026-08-22T00:00:00Z", "2030-01-01T00:00:00Z"]),
        on(NUMBERS, "aws:EpochTime", &["1893456000", "1000000000"]),
        on(&["Null"], "aws:SourceIp", &["true", "false"]),
        on(LIKES, "aws:UserAgent", &["*Terraform*", "aws-cli/*"]),
    ]
}

fn statement() -> impl Strategy<Value = Json> {
    let action = select(&["*", "iam:*", "iam:Create*Key", "iam:CreateAccessKey", "s3:*"][..]);
    let resource =
        select(&["*", "*", "*", "arn:aws:iam::*:root", "arn:aws:iam::*:user/*", "arn:aws:iam::444455556666:*"][..]);
    let parts = (
        select(&["Deny", "Deny", "Deny", "Allow"][..]),
        prop::bool::weighted(0.15),
        action,
        prop::bool::weighted(0.15),
        resource,
    );
    (parts, prop::collection::vec(condition(), 0..3)).prop_map(
        |((effect, not_action, action, not_resource, resource), conditions)| {
            let mut statement = json!({"Effect": effect});
            statement[if not_action { "NotAction" } else { "Action" }] = json!(action);
            statement[if not_resource { "NotResource" } else { "Resource" }] = json!([resource]);
            let mut all = json!({});
            for (operator, key, values) in conditions {
                all[operator][key] = values;
            }
            statement["Condition"] = all;
            statement
        },
    )
}

fn policies() -> impl Strategy<Value = Vec<Json>> {
    prop::collection::vec(
        prop::collection::vec(statement(), 1..4).prop_map(|all| json!({"Version": "2012-10-17", "Statement": all})),
        1..3,
    )
}

/// One small policy.
fn few() -> impl Strategy<Value = Vec<Json>> {
    prop::collection::vec(statement(), 0..3).prop_map(|all| vec![json!({"Version": "2012-10-17", "Statement": all})])
}

fn parse(policies: &[Json]) -> Vec<Policy> {
    policies.iter().map(|policy| super::policy(&policy.to_string())).collect()
}

/// How many requests one policy is tried with.
const MOST: usize = 6_000;

/// Every request that the constants above distinguish, over the keys that a text mentions.
fn requests(mentioned: &str) -> Vec<Request> {
    let mentioned = mentioned.to_lowercase();
    let put = |request: &Request, values: &[(&str, &[&str])]| {
        let mut request = request.clone();
        for (key, values) in values {
            request.insert(key.to_string(), values.iter().map(|value| value.to_string()).collect());
        }
        request
    };
    let mut all = Vec::new();
    for account in ["111122223333", "444455556666", "412345678901", "999900001111"] {
        let arn = format!("arn:aws:iam::{account}:root");
        all.push(put(&Request::new(), &[("aws:principalarn", &[&arn]), ("aws:principalaccount", &[account])]));
    }
    type Choice<'a> = &'a [(&'a str, &'a [&'a str])];
    let mut multiply = |choices: &[Choice<'_>]| {
        let keys: Vec<&str> = choices.iter().flat_map(|choice| choice.iter().map(|(key, _)| *key)).collect();
        let used: &[Choice<'_>] = if keys.iter().any(|key| mentioned.contains(key)) { choices } else { &choices[..1] };
        if all.len() * used.len() > MOST {
            all.clear();
        }
        all = all.iter().flat_map(|request| used.iter().map(|choice| put(request, choice))).collect();
    };
    let path = |path: &'static str| ("aws:principalorgpaths", [path]);
    let paths = [
        "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/",
        "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/",
        "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/",
        "o-a1b2c3d4e5/r-ab12/",
    ]
    .map(path);
    multiply(&[
        &[(paths[0].0, &paths[0].1)],
        &[(paths[1].0, &paths[1].1)],
        &[(paths[2].0, &paths[2].1)],
        &[(paths[3].0, &paths[3].1)],
    ]);
    multiply(&[
        &[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["60"])],
        &[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["0"])],
        &[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["3600"])],
        &[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["3601"])],
        &[("aws:multifactorauthpresent", &["false"])],
        &[],
    ]);
    multiply(&[
        &[("aws:sourceip", &["198.51.100.7"])],
        &[("aws:sourceip", &["203.0.113.7"])],
        &[("aws:sourceip", &["203.0.113.8"])],
        &[("aws:sourceip", &["2001:db8::1"])],
        &[("aws:sourcevpc", &["vpc-a"])],
        &[("aws:sourcevpc", &["vpc-b"])],
        &[("aws:sourcevpc", &["vpc-c"])],
        &[("aws:sourcevpc", &["VPC-A"])],
        &[("aws:sourcevpc", &["VPC-B"])],
        &[("aws:sourcevpc", &["x"])],
    ]);
    // Every set of services, with each of them last.
    let services = ["ssm.amazonaws.com", "sns.amazonaws.com", "athena.amazonaws.com", "cloudformation.amazonaws.com"];
    let mut lists: Vec<Vec<&str>> = Vec::new();
    for set in 1usize..16 {
        let list: Vec<&str> = (0..4).filter(|at| set >> at & 1 == 1).map(|at| services[at]).collect();
        for turn in 0..list.len() {
            let mut list = list.clone();
            list.rotate_left(turn);
            lists.push(list);
        }
    }
    let mut via: Vec<Vec<(&str, &[&str])>> = vec![vec![("aws:viaawsservice", &["false"])]];
    if mentioned.contains("aws:calledvia") {
        for list in &lists {
            via.push(vec![
                ("aws:viaawsservice", &["true"]),
                ("aws:calledvia", list),
                ("aws:calledvialast", &list[list.len() - 1..]),
            ]);
        }
    } else {
        via.push(vec![("aws:viaawsservice", &["true"])]);
    }
    let via: Vec<Choice<'_>> = via.iter().map(Vec::as_slice).collect();
    multiply(&via);
    multiply(&[
        &[("aws:currenttime", &["2026-08-22T00:00:00Z"]), ("aws:epochtime", &["1787356800"])],
        &[("aws:currenttime", &["2026-08-22T00:00:01Z"]), ("aws:epochtime", &["1787356801"])],
        &[("aws:currenttime", &["2030-01-01T00:00:00Z"]), ("aws:epochtime", &["1893456000"])],
        &[("aws:currenttime", &["2030-01-01T00:00:01Z"]), ("aws:epochtime", &["1893456001"])],
    ]);
    multiply(&[
        &[("aws:useragent", &["aws-cli/2"])],
        &[("aws:useragent", &["aws-cli/Terraform"])],
        &[("aws:useragent", &["x Terraform"])],
        &[("aws:useragent", &["x"])],
    ]);
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_that_of_all_requests(upper in few(), lower in few(), full in any::<bool>()) {
        let text = format!("{upper:?}{lower:?}");
        let requests = requests(&text);
        prop_assume!(!requests.is_empty());
        let (above, below) = (parse(&upper), parse(&lower));
        let levels = [
            Level { id: "r".into(), policies: above.iter().map(Attached::from).collect(), full_access: true },
            Level { id: "a".into(), policies: below.iter().map(Attached::from).collect(), full_access: full },
        ];
        let concrete = [(upper, true), (lower, full)];
        let (mut some, mut all) = (false, true);
        for request in &requests {
            let denied = denied(&concrete, request);
            some |= denied;
            all &= denied;
            if some && !all { break; }
        }
        let expected = match (some, all) { (_, true) => "yes", (true, false) => "conditional", (false, false) => "no" };
        let found = decide(&levels, &question());
        prop_assert_eq!(name(&found), expected, "{:?}", found);
        if let Verdict::NotDenied(escape) | Verdict::Conditional(escape) = &found {
            let replayed: Request = escape.witness.context.iter().map(|(key, value)| {
                let values = if key == "aws:CalledVia" { value.split(',').map(Into::into).collect() } else { vec![value.clone()] };
                (key.to_lowercase(), values)
            }).collect();
            prop_assert!(!denied(&concrete, &replayed), "the witness is denied: {:?}", escape.witness);
        }
    }

    #[test]
    fn another_deny_never_uncovers(policies in policies(), extra in statement()) {
        let before = verdict(&parse(&policies));
        let mut extra = extra;
        extra["Effect"] = json!("Deny");
        let mut more = policies;
        more.push(json!({"Version": "2012-10-17", "Statement": [extra]}));
        let after = verdict(&parse(&more));
        match name(&before) {
            "yes" => prop_assert_eq!(name(&after), "yes"),
            "conditional" => prop_assert!(matches!(name(&after), "yes" | "conditional")),
            _ => {}
        }
    }

    #[test]
    fn a_wider_action_never_uncovers(policies in policies()) {
        let before = verdict(&parse(&policies));
        let mut wider = policies;
        for statement in wider.iter_mut().flat_map(|policy| policy["Statement"].as_array_mut().unwrap()) {
            if statement["Effect"] == "Deny" && statement.get("Action").is_some() {
                statement["Action"] = json!(["*", statement["Action"]]);
            }
        }
        if name(&before) == "yes" {
            prop_assert_eq!(name(&verdict(&parse(&wider))), "yes");
        }
    }

    #[test]
    fn order_never_matters(policies in policies()) {
        let before = verdict(&parse(&policies));
        let mut turned = policies;
        turned.reverse();
        for policy in &mut turned {
            policy["Statement"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(name(&before), name(&verdict(&parse(&turned))));
    }

    #[test]
    fn what_becomes_known_contradicts_nothing(policies in policies(), which in any::<prop::sample::Index>()) {
        // One string of the policies, forgotten.
        let text = json!(policies).to_string();
        let strings: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
        let values: Vec<&&str> = strings.iter().filter(|s| s.contains(['*', '/', '.']) || s.parse::<u64>().is_ok() || matches!(**s, "true" | "false" | "Deny")).collect();
        prop_assume!(!values.is_empty());
        let chosen = format!("\"{}\"", values[which.index(values.len())]);
        let with_value = verdict(&parse(&policies));
        for stand_in in ["\"<<var.x>>\"", "<<var.x>>"] {
            let forgotten = text.replace(&chosen, stand_in);
            let value = value(&forgotten);
            let policies: Vec<Policy> = value.elements().unwrap().iter().map(|policy| Policy::parse(policy).unwrap()).collect();
            let without = verdict(&policies);
            if !matches!(without, Verdict::Unknown(_)) {
                prop_assert_eq!(name(&without), name(&with_value), "{}", forgotten);
            }
        }
    }
}

//! Policies made of constants that meet each other, and the requests that these constants distinguish.
//!
//! Shared with `tests/differential`, which asks a simulator about the same policies.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value as Json, json};

/// A request context: keys in lower case, each with its values.
pub type Request = BTreeMap<String, Vec<String>>;

/// One level: its policies, and whether FullAWSAccess is attached, too.
pub type GeneratedLevel = (Vec<Json>, bool);

const STRINGS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
];
const LIKES: &[&str] = &["StringLike", "StringNotLike"];
const EQUALS: &[&str] = &["StringEquals", "StringLike", "StringEqualsIgnoreCase"];
const ARNS: &[&str] = &["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals", "StringLike", "StringNotLike"];
const NUMBERS: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];
const DATES: &[&str] =
    &["DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "DateEquals", "DateNotEquals"];
const ADDRESSES: &[&str] = &["IpAddress", "NotIpAddress"];
const FLAGS: &[&str] = &["Bool", "Null"];

/// How an operator is dressed up.
#[derive(Clone, Copy, Debug)]
enum Dress {
    Plain,
    IfExists,
    Any,
    All,
    AllIfExists,
}

fn condition_on(
    operators: &'static [&'static str],
    keys: &'static [&'static str],
    values: &'static [&'static str],
    dresses: &'static [Dress],
) -> BoxedStrategy<(String, String, Json)> {
    let values = subsequence(values.to_vec(), 1..=2.min(values.len()));
    (select(operators), select(keys), values, select(dresses), any::<bool>())
        .prop_map(|(operator, key, values, dress, list)| {
            let name = match dress {
                _ if operator == "Null" => operator.into(),
                Dress::Plain => operator.into(),
                Dress::IfExists => format!("{operator}IfExists"),
                Dress::Any => format!("ForAnyValue:{operator}"),
                Dress::All => format!("ForAllValues:{operator}"),
                Dress::AllIfExists => format!("ForAllValues:{operator}IfExists"),
            };
            let values = if list || values.len() > 1 { json!(values) } else { json!(values[0]) };
            (name, key.to_string(), values)
        })
        .boxed()
}

/// A condition on one key.
pub fn condition() -> impl Strategy<Value = (String, String, Json)> {
    const MOSTLY_PLAIN: &[Dress] =
        &[Dress::Plain, Dress::Plain, Dress::Plain, Dress::IfExists, Dress::IfExists, Dress::Any, Dress::All];
    const SETS: &[Dress] = &[Dress::Any, Dress::Any, Dress::All, Dress::AllIfExists];
    let on = |operators, keys, values| condition_on(operators, keys, values, MOSTLY_PLAIN);
    let arns = &["arn:aws:iam::*:root", "arn:aws:iam::111122223333:root", "arn:aws:iam::4*:*", "arn:aws:iam::root"];
    let free = prop_oneof![
        3 => on(ARNS, &["aws:PrincipalArn", "AWS:principalARN"], arns),
        2 => on(STRINGS, &["aws:PrincipalAccount"], &["111122223333", "444455556666", "4*", "????????????"]),
        1 => on(STRINGS, &["aws:userid", "aws:ResourceAccount"], &["444455556666", "*6", "${aws:PrincipalAccount}"]),
        3 => condition_on(
            LIKES,
            &["aws:PrincipalOrgPaths"],
            &["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", "*/ou-ab12-22222222/*", "o-a1b2c3d4e5/*"],
            SETS,
        ),
        3 => on(FLAGS, &["aws:MultiFactorAuthPresent"], &["true", "false"]),
        2 => on(NUMBERS, &["aws:MultiFactorAuthAge"], &["0", "3600"]),
        3 => on(ADDRESSES, &["aws:SourceIp"], &["203.0.113.0/24", "0.0.0.0/0", "::/0", "203.0.113.7/32", "203.0.113.8"]),
        1 => on(ADDRESSES, &["aws:VpcSourceIp"], &["10.0.0.0/16", "10.0.0.5/32"]),
        2 => on(STRINGS, &["aws:SourceVpc"], &["vpc-a", "vpc-b"]),
        2 => on(LIKES, &["aws:SourceVpc"], &["vpc-*", "*b"]),
        1 => on(STRINGS, &["aws:SourceVpce"], &["vpce-1", "vpce-?"]),
        2 => on(&["Bool"], &["aws:ViaAWSService"], &["true", "false"]),
        2 => condition_on(LIKES, &["aws:CalledVia"], &["ssm.amazonaws.com", "s*", "athena.amazonaws.com"], SETS),
        1 => on(LIKES, &["aws:CalledViaFirst", "aws:CalledViaLast"], &["ssm.amazonaws.com", "s*"]),
        2 => on(DATES, &["aws:CurrentTime"], &["2026-08-22T00:00:00Z", "2030-01-01T00:00:00Z"]),
        1 => on(DATES, &["aws:TokenIssueTime"], &["2026-08-21T00:00:00Z", "2029-12-31T12:00:00Z"]),
        2 => on(NUMBERS, &["aws:EpochTime"], &["1893456000", "1000000000"]),
        2 => on(&["Null"], &["aws:SourceIp", "aws:SourceVpc", "aws:TokenIssueTime", "aws:CalledVia"], &["true", "false"]),
        2 => on(LIKES, &["aws:UserAgent"], &["*Terraform*", "aws-cli/*"]),
        1 => on(STRINGS, &["aws:Referer"], &["https://a.example/", "https://b.example/"]),
    ];
    let fixed = prop_oneof![
        on(STRINGS, &["aws:PrincipalType"], &["Account", "account", "User", "Acc*"]),
        on(STRINGS, &["aws:PrincipalOrgID", "aws:ResourceOrgID"], &["o-a1b2c3d4e5", "o-*"]),
        on(STRINGS, &["aws:username", "aws:PrincipalTag/team", "aws:FederatedProvider"], &["root", "*"]),
        on(EQUALS, &["aws:PrincipalType"], &["${aws:username}", "User"]),
        on(STRINGS, &["aws:RequestedRegion"], &["us-east-1", "eu-west-1", "us-*"]),
        on(&["Bool"], &["aws:SecureTransport", "aws:PrincipalIsAWSService", "aws:AssumedRoot"], &["true", "false"]),
        on(&["Null"], &["aws:username", "aws:PrincipalArn", "aws:AssumedRoot"], &["true", "false"]),
        on(NUMBERS, &["s3:max-keys"], &["10"]),
        on(DATES, &["s3:date"], &["2030-01-01T00:00:00Z"]),
        on(ADDRESSES, &["s3:address"], &["10.0.0.0/8"]),
    ];
    prop_oneof![5 => free, 1 => fixed]
}

/// A statement.
pub fn statement() -> impl Strategy<Value = Json> {
    let one = select(
        &[
            "*",
            "iam:*",
            "iam:Create*Key",
            "iam:CreateAccessKey",
            "IAM:createACCESSkey",
            "iam:?reateAccessKey",
            "iam:*AccessKey",
            "iam:CreateAccessKey?",
            "s3:*",
            "iam:CreateUser",
        ][..],
    );
    let action = prop_oneof![4 => one.clone().prop_map(|one| json!(one)), 1 => prop::collection::vec(one, 1..3).prop_map(|all| json!(all))];
    let resource = select(
        &[
            "*",
            "*",
            "*",
            "*",
            "arn:aws:iam::*:root",
            "arn:*:iam::*:*",
            "arn:aws:iam::*:user/*",
            "arn:aws:iam::444455556666:*",
            "arn:aws:iam::*:r??t",
            "arn:aws:iam::*:${aws:username}",
        ][..],
    );
    let parts = (
        select(&["Deny", "Deny", "Deny", "Allow"][..]),
        prop::bool::weighted(0.15),
        action,
        prop::bool::weighted(0.15),
        prop::collection::vec(resource, 1..3),
    );
    (parts, prop::collection::vec(condition(), 0..3)).prop_map(
        |((effect, not_action, action, not_resource, resource), conditions)| {
            let mut statement = json!({"Effect": effect});
            statement[if not_action { "NotAction" } else { "Action" }] = action;
            statement[if not_resource { "NotResource" } else { "Resource" }] = json!(resource);
            let mut all = json!({});
            for (operator, key, values) in conditions {
                all[operator][key] = values;
            }
            statement["Condition"] = all;
            statement
        },
    )
}

/// A policy of so many statements.
pub fn document(statements: std::ops::Range<usize>) -> impl Strategy<Value = Json> {
    prop::collection::vec(statement(), statements).prop_map(|all| json!({"Version": "2012-10-17", "Statement": all}))
}

/// The levels from the root to an account.
pub fn levels(count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<GeneratedLevel>> {
    let level = (prop::collection::vec(document(1..3), 0..2), prop::bool::weighted(0.75));
    prop::collection::vec(level, count)
}

/// The free condition keys that policies mention, in lower case.
pub fn free_keys(policies: &str) -> usize {
    let policies = policies.to_lowercase();
    let keys = [
        &["aws:principalarn", "aws:principalaccount", "aws:userid", "aws:resourceaccount"][..],
        &["aws:principalorgpaths"],
        &["aws:multifactorauth"],
        &["aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc"],
        &["aws:viaawsservice", "aws:calledvia"],
        &["aws:currenttime", "aws:epochtime", "aws:tokenissuetime"],
        &["aws:useragent"],
        &["aws:referer"],
    ];
    keys.iter().filter(|group| group.iter().any(|key| policies.contains(key))).count()
}

/// Keys and values that go together.
type Choice = Vec<(String, Vec<String>)>;

fn choice(values: &[(&str, &[&str])]) -> Choice {
    values
        .iter()
        .map(|(key, values)| (key.to_string(), values.iter().map(|value| value.to_string()).collect()))
        .collect()
}

/// For each thing that a caller is free to choose, every choice that the constants above distinguish; the first one only
/// where no key of it is mentioned.
pub fn dimensions(mentioned: &str) -> Vec<Vec<Choice>> {
    let mentioned = mentioned.to_lowercase();
    let accounts = ["111122223333", "444455556666", "412345678901", "999900001111", "777700000006"];
    let mut all = vec![
        accounts
            .map(|account| {
                let arn = format!("arn:aws:iam::{account}:root");
                choice(&[
                    ("aws:principalarn", &[&arn]),
                    ("aws:principalaccount", &[account]),
                    ("aws:userid", &[account]),
                    ("aws:resourceaccount", &[account]),
                ])
            })
            .to_vec(),
    ];
    all.push(
        [
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/",
            "o-a1b2c3d4e5/r-ab12/",
        ]
        .map(|path| choice(&[("aws:principalorgpaths", &[path])]))
        .to_vec(),
    );
    all.push(vec![
        choice(&[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["60"])]),
        choice(&[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["0"])]),
        choice(&[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["3600"])]),
        choice(&[("aws:multifactorauthpresent", &["true"]), ("aws:multifactorauthage", &["3601"])]),
        choice(&[("aws:multifactorauthpresent", &["false"])]),
        // A long-term key: neither, nor a time at which a session began.
        choice(&[("aws:multifactorauthpresent", &[]), ("aws:tokenissuetime", &[])]),
    ]);
    let mut network: Vec<Choice> = ["198.51.100.7", "203.0.113.7", "203.0.113.8", "203.0.113.9", "2001:db8::1"]
        .map(|address| choice(&[("aws:sourceip", &[address])]))
        .to_vec();
    let vary = |key: &str, values: &'static [&'static str]| if mentioned.contains(key) { values } else { &values[..1] };
    for vpc in vary("aws:sourcevpc\"", &["vpc-c", "vpc-a", "vpc-b", "vpc-A", "vpc-B", "vpc-cb"]) {
        for endpoint in vary("aws:sourcevpce\"", &["vpce-22", "vpce-1", "vpce-2"]) {
            for address in vary("aws:vpcsourceip", &["10.0.0.5", "10.0.0.6", "10.1.0.5"]) {
                network.push(choice(&[
                    ("aws:sourcevpc", &[vpc]),
                    ("aws:sourcevpce", &[endpoint]),
                    ("aws:vpcsourceip", &[address]),
                ]));
            }
        }
    }
    all.push(network);
    all.push(services(mentioned.contains("aws:calledvia")));
    all.push(clocks(mentioned.contains("aws:tokenissuetime")));
    all.push(
        ["aws-cli/2", "aws-cli/Terraform", "x Terraform", "x"]
            .map(|agent| choice(&[("aws:useragent", &[agent])]))
            .to_vec(),
    );
    all.push(vec![
        choice(&[("aws:referer", &[])]),
        choice(&[("aws:referer", &["https://a.example/"])]),
        choice(&[("aws:referer", &["https://b.example/"])]),
        choice(&[("aws:referer", &["HTTPS://A.example/"])]),
        choice(&[("aws:referer", &["HTTPS://B.example/"])]),
        choice(&[("aws:referer", &["c"])]),
    ]);
    // Resources tell accounts from each other, too.
    for choices in all.iter_mut().skip(1) {
        if !choices.iter().flatten().any(|(key, _)| mentioned.contains(key)) {
            choices.truncate(1);
        }
    }
    all
}

/// Every set of services, with each pair of ends.
fn services(listed: bool) -> Vec<Choice> {
    let mut via = vec![choice(&[("aws:viaawsservice", &["false"])])];
    if !listed {
        via.push(choice(&[("aws:viaawsservice", &["true"])]));
        return via;
    }
    let names = ["ssm.amazonaws.com", "sns.amazonaws.com", "athena.amazonaws.com", "cloudformation.amazonaws.com"];
    for set in 1usize..16 {
        let list: Vec<&str> = (0..4).filter(|at| set >> at & 1 == 1).map(|at| names[at]).collect();
        for first in &list {
            for last in &list {
                let mut all = vec![*first];
                all.extend(list.iter().filter(|name| *name != first && *name != last));
                if list.len() > 1 {
                    all.push(last);
                }
                via.push(choice(&[
                    ("aws:viaawsservice", &["true"]),
                    ("aws:calledvia", &all),
                    ("aws:calledviafirst", &all[..1]),
                    ("aws:calledvialast", &all[all.len() - 1..]),
                ]));
            }
        }
    }
    via
}

/// Times, and with `issued` the times at which a session may have begun.
fn clocks(issued: bool) -> Vec<Choice> {
    const LONGEST: i64 = 36 * 3600;
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let date = |seconds: i64| jiff::Timestamp::from_second(seconds).unwrap().to_string();
    let start = seconds("2026-08-22T00:00:00Z");
    let turn = seconds("2030-01-01T00:00:00Z");
    let sessions = [seconds("2026-08-21T00:00:00Z"), seconds("2029-12-31T12:00:00Z")];
    let mut nows = vec![start, start + 1, turn, turn + 1];
    if issued {
        nows.extend([sessions[1] - 1, sessions[1], sessions[1] + 1, turn - 1]);
    }
    let mut all = Vec::new();
    for now in nows {
        let mut begins = vec![now - 60];
        if issued {
            begins.extend(sessions.iter().flat_map(|time| [time - 1, *time, time + 1]));
            begins.extend([now, now - LONGEST]);
            begins.retain(|begin| (now - LONGEST..=now).contains(begin));
        }
        for begin in begins {
            all.push(choice(&[
                ("aws:currenttime", &[&date(now)]),
                ("aws:epochtime", &[&now.to_string()]),
                ("aws:tokenissuetime", &[&date(begin)]),
            ]));
        }
    }
    all
}

/// One request: of each dimension the choice with this number.
pub fn request(dimensions: &[Vec<Choice>], picks: impl Fn(usize) -> usize) -> Request {
    // What is the same for every root user.
    let fixed = choice(&[
        ("aws:principaltype", &["Account"]),
        ("aws:principalorgid", &["o-a1b2c3d4e5"]),
        ("aws:resourceorgid", &["o-a1b2c3d4e5"]),
        ("aws:requestedregion", &["us-east-1"]),
        ("aws:securetransport", &["true"]),
        ("aws:principalisawsservice", &["false"]),
    ]);
    let mut request: Request = fixed.into_iter().collect();
    // Credentials come before the clock: a long-term key takes the session's beginning out again.
    let mut gone = Vec::new();
    for (at, choices) in dimensions.iter().enumerate() {
        for (key, values) in &choices[picks(at) % choices.len()] {
            if values.is_empty() { gone.push(key) } else { drop(request.insert(key.clone(), values.clone())) }
        }
    }
    gone.into_iter().for_each(|key| drop(request.remove(key)));
    request
}

/// Every request over the keys that a text mentions, if there are no more than `most`.
pub fn requests(mentioned: &str, most: usize) -> Option<Vec<Request>> {
    let mut dimensions = dimensions(mentioned);
    if mentioned.to_lowercase().contains("aws:tokenissuetime") && dimensions[2].len() == 1 {
        // The beginning of a session is only there for sessions.
        dimensions[2] = vec![dimensions[2][0].clone(), choice(&[("aws:tokenissuetime", &[])])];
    }
    let count = dimensions.iter().try_fold(1usize, |count, choices| count.checked_mul(choices.len()))?;
    if count > most {
        return None;
    }
    let nth = |mut rest: usize| {
        let picks: Vec<usize> = dimensions
            .iter()
            .map(|choices| {
                let pick = rest % choices.len();
                rest /= choices.len();
                pick
            })
            .collect();
        request(&dimensions, |at| picks[at])
    };
    Some((0..count).map(nth).collect())
}

//! Verdicts compared with an independent simulator, which runs in its own process; README.md says how, and why not in CI.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

#[path = "../../src/aws/iam/tests/brute.rs"]
mod brute;
#[path = "../../src/aws/iam/tests/generator.rs"]
mod generator;

use std::collections::BTreeMap;
use std::fs::File;
use std::net::IpAddr;
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rootlint::aws::iam::predicate::Sample;
use rootlint::aws::iam::request::{Context, Credentials, Free, Network};
use rootlint::aws::iam::{Account, Attached, Level, Organization, Policy, Question, Verdict, decide, denies};
use rootlint::document;
use rootlint::text::Tri;
use rootlint::value::Value;
use serde_json::{Value as Json, json};

use generator::{GeneratedLevel, Request};

/// 2026-08-22, the earliest time of the generated requests.
const NOW: i64 = 1_787_356_800;

/// How many policies one run of the simulator answers for.
const BATCH: usize = 500;

/// How many requests of a policy are compared.
const REQUESTS: usize = 16;

/// A policy with what we say of it and what the simulator is asked.
struct Case {
    levels: Vec<GeneratedLevel>,
    verdict: &'static str,
    requests: Vec<Request>,
    /// What we say of each request; the witness comes last, if there is one.
    ours: Vec<Tri>,
}

#[test]
#[ignore = "needs the simulator: tests/differential/run"]
fn verdicts() {
    let mut picks = Picks(number("ROOTLINT_SEED"));
    let around = |runner: &mut TestRunner| {
        let levels = generator::levels(1..=3).new_tree(runner).unwrap().current();
        serde_json::from_str(&json!(levels).to_string().replace("0.0.0.0/0", "128.0.0.0/1")).unwrap()
    };
    compare(around, |levels| {
        let dimensions = generator::dimensions(&format!("{levels:?}"));
        let mut requests = vec![generator::request(&dimensions, |_| 0)];
        requests.extend((1..REQUESTS).map(|_| {
            let chosen: Vec<usize> = dimensions.iter().map(|_| picks.next()).collect();
            generator::request(&dimensions, |at| chosen[at])
        }));
        Some(requests)
    });
}

/// Two levels with conditions on at least three keys: the verdict is that of every request, and the simulator lets every
/// witness through.
#[test]
#[ignore = "needs the simulator: tests/differential/run"]
fn classes() {
    compare(
        |runner| {
            loop {
                let levels = generator::levels(2..=2).new_tree(runner).unwrap().current();
                let text = format!("{levels:?}");
                let full = levels.iter().all(|(policies, _)| !policies.is_empty());
                if full && generator::free_keys(&text) >= 3 && generator::requests(&text, MOST).is_some() {
                    return levels;
                }
            }
        },
        |levels| {
            let text = format!("{levels:?}");
            let requests = generator::requests(&text, MOST).unwrap();
            let (mut some, mut all) = (false, true);
            for request in &requests {
                let denied = brute::denied(levels, request);
                some |= denied;
                all &= denied;
                if some && !all {
                    break;
                }
            }
            let expected = if all {
                "yes"
            } else if some {
                "conditional"
            } else {
                "no"
            };
            let ours = name(&decided(levels).0);
            if ours != expected {
                println!("BRUTE FORCE says {expected}, we say {ours}: {}", json!(levels));
                return None;
            }
            Some(Vec::new())
        },
    );
}

/// How many requests brute force goes through for a policy.
const MOST: usize = 12_000;

/// Asks both about generated policies, and prints and counts where they disagree.
fn compare(
    generate: impl Fn(&mut TestRunner) -> Vec<GeneratedLevel>,
    mut requests: impl FnMut(&[GeneratedLevel]) -> Option<Vec<Request>>,
) {
    let (seed, count) = (number("ROOTLINT_SEED"), number("ROOTLINT_COUNT") as usize);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut wrong, mut compared, mut open, mut mistaken, mut witnesses, mut done) = (0, 0, 0, 0, 0, 0);
    while done < count {
        let mut cases = Vec::new();
        for _ in 0..BATCH.min(count - done) {
            done += 1;
            let levels = generate(&mut runner);
            match requests(&levels) {
                Some(requests) => cases.push(ask(levels, requests)),
                None => wrong += 1,
            }
        }
        for (case, theirs) in cases.iter().zip(simulate(&cases)) {
            *found.entry(case.verdict).or_default() += 1;
            witnesses += usize::from(matches!(case.verdict, "no" | "conditional"));
            let policies = json!(case.levels).to_string();
            for ((request, ours), theirs) in case.requests.iter().zip(&case.ours).zip(theirs) {
                if is_mistaken(&policies, request) {
                    mistaken += 1;
                    continue;
                }
                compared += 1;
                open += usize::from(*ours == Tri::Maybe);
                let refuted = matches!((case.verdict, theirs), ("yes", false) | ("no", true));
                if refuted || matches!((ours, theirs), (Tri::Yes, false) | (Tri::No, true)) {
                    wrong += 1;
                    let theirs = if theirs { "denied" } else { "allowed" };
                    println!(
                        "DISAGREEMENT: we say {} and {ours:?} for this request, the simulator {theirs}",
                        case.verdict
                    );
                    println!("  policies {policies}");
                    println!("  request  {}", json!(request));
                }
            }
        }
    }
    println!(
        "seed {seed}: {done} policies {found:?}, {compared} requests ({open} undecided by us, {mistaken} more left out), {witnesses} witnesses replayed"
    );
    println!("{wrong} disagreements");
    assert_eq!(wrong, 0);
}

/// Where the simulator is known to err; README.md explains each.
fn is_mistaken(policies: &str, request: &Request) -> bool {
    match request.get("aws:sourceip").and_then(|values| values[0].parse().ok()) {
        Some(IpAddr::V4(_)) => policies.contains("0.0.0.0/0"),
        Some(IpAddr::V6(_)) => policies.contains("NotIpAddress"),
        None => false,
    }
}

fn number(name: &str) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} is a number"))
}

/// Numbers that look random, the same for a seed.
struct Picks(u64);

impl Picks {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Denied(_) => "yes",
        Verdict::NotDenied(_) => "no",
        Verdict::Conditional(_) => "conditional",
        Verdict::Unknown(_) => "unknown",
    }
}

fn with_levels<T>(generated: &[GeneratedLevel], then: impl FnOnce(&[Level<'_>]) -> T) -> T {
    let parse = |policy: &Json| Policy::parse(&document::read(&Value::text(policy.to_string())).unwrap()).unwrap();
    let parsed: Vec<Vec<Policy>> = generated.iter().map(|(policies, _)| policies.iter().map(parse).collect()).collect();
    let levels: Vec<Level<'_>> = parsed
        .iter()
        .zip(generated)
        .map(|(policies, (_, full_access))| Level {
            id: "level".into(),
            policies: policies.iter().map(Attached::from).collect(),
            full_access: *full_access,
        })
        .collect();
    then(&levels)
}

/// Our verdict, and the witness as a request.
fn decided(levels: &[GeneratedLevel]) -> (Verdict, Option<Request>) {
    let verdict = with_levels(levels, |levels| decide(levels, &Question::root_key(Account::Any, NOW)));
    let witness = match &verdict {
        Verdict::NotDenied(escape) | Verdict::Conditional(escape) => Some(&escape.witness),
        _ => None,
    };
    let request = witness.map(|witness| {
        let keys = witness.context.iter().map(|(key, value)| {
            let list = key == "aws:CalledVia";
            (key.to_lowercase(), if list { value.split(',').map(Into::into).collect() } else { vec![value.clone()] })
        });
        keys.collect()
    });
    (verdict, request)
}

fn ask(levels: Vec<GeneratedLevel>, mut requests: Vec<Request>) -> Case {
    let (verdict, witness) = decided(&levels);
    let question = Question {
        organization: Some(Organization::Known("o-a1b2c3d4e5".into())),
        ..Question::root_key(Account::Any, NOW)
    };
    let mut ours: Vec<Tri> = with_levels(&levels, |levels| {
        requests.iter().map(|request| denies(levels, &question, &ours_of(request))).collect()
    });
    if let Some(witness) = witness {
        requests.push(witness);
        ours.push(Tri::No);
    }
    Case { levels, verdict: name(&verdict), requests, ours }
}

/// A request context in our own words.
fn ours_of(request: &Request) -> (Context, BTreeMap<Free, Sample>) {
    let one = |key: &str| request.get(key).map(|values| values[0].clone());
    let text = |key: &str| one(key).map(Sample::Text);
    let time = |key: &str| one(key).map(|text| text.parse::<jiff::Timestamp>().unwrap().as_second());
    let context = Context {
        credentials: match one("aws:multifactorauthpresent").as_deref() {
            Some("true") => Credentials::MfaSession,
            Some(_) => Credentials::Session,
            None => Credentials::LongTerm,
        },
        network: if one("aws:sourceip").is_some() { Network::Direct } else { Network::Endpoint },
        via_service: one("aws:viaawsservice").as_deref() == Some("true"),
        optional: one("aws:referer").is_some(),
    };
    let now = time("aws:currenttime").unwrap();
    let mut chosen = vec![
        (Free::Account, text("aws:principalaccount")),
        (Free::Path, text("aws:principalorgpaths")),
        (Free::Age, one("aws:multifactorauthage").map(|age| Sample::Number(age.parse().unwrap()))),
        (Free::Clock, Some(Sample::Clock { now, issued: time("aws:tokenissuetime").unwrap_or(now) })),
        (Free::Services, request.get("aws:calledvia").cloned().map(Sample::Services)),
    ];
    for (key, name) in [("aws:sourceip", "aws:SourceIp"), ("aws:vpcsourceip", "aws:VpcSourceIp")] {
        chosen.push((Free::Address(name), one(key).map(|address| Sample::Address(address.parse().unwrap()))));
    }
    for name in ["aws:SourceVpc", "aws:SourceVpce", "aws:UserAgent", "aws:Referer"] {
        chosen.push((Free::Text(name), text(&name.to_lowercase())));
    }
    (context, chosen.into_iter().filter_map(|(free, sample)| Some((free, sample?))).collect())
}

/// What the simulator says: for each request of each case, whether it is denied.
fn simulate(cases: &[Case]) -> Vec<Vec<bool>> {
    let folder = std::env::var("ROOTLINT_SIMULATOR").unwrap();
    let everything = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let lines: String = cases
        .iter()
        .map(|case| {
            let levels: Vec<Vec<&Json>> = case
                .levels
                .iter()
                .map(|(policies, full_access)| policies.iter().chain(full_access.then_some(&everything)).collect())
                .collect();
            format!("{}\n", json!({"levels": levels, "requests": case.requests}))
        })
        .collect();
    let questions = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(questions.path(), lines).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/simulate.mjs");
    let output =
        Command::new("node").arg(script).arg(folder).stdin(File::open(questions.path()).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Vec<bool>> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

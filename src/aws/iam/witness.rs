//! A request that gets through, as data and in words.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Witness;
use crate::text::Tri;

use super::classes;
use super::decide::Candidate;
use super::predicate::{Predicate, Sample, Says};
use super::request::{
    Account, Clock, Context, Credentials, Free, Network, Organization, Place, Question, Services, Subject,
};

/// The keys that a request of a root user may carry, as AWS spells them.
const KEYS: [&str; 30] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:userid",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:RequestedRegion",
    "aws:SecureTransport",
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "aws:TokenIssueTime",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SourceIp",
    "aws:VpcSourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:SourceVpcArn",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:ViaAWSService",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:UserAgent",
    "aws:Referer",
];

type Request = (Context, BTreeMap<Free, Sample>);

/// The witness: the whole request context, and in words what of it matters.
pub(super) fn describe(
    candidates: &[Candidate<'_>],
    question: &Question,
    request: &Request,
    denied_for: &dyn Fn(&Context, &BTreeMap<Free, Sample>) -> Tri,
) -> Witness {
    let (context, samples) = request;
    let sample = |free: Free| samples.get(&free).cloned().unwrap_or_else(|| classes::everyday(free, question));
    let account = match (&question.account, sample(Free::Account)) {
        (Account::Known(id), _) => id.clone(),
        (Account::Any, Sample::Text(id)) => id,
        (Account::Any, _) => String::new(),
    };
    let mut keys = BTreeMap::new();
    for key in KEYS {
        let value = match context.subject(key, question) {
            Subject::Absent | Subject::Unknown(_) => continue,
            Subject::Text(text) => text,
            Subject::Account(_, prefix, suffix) => format!("{prefix}{account}{suffix}"),
            Subject::Chosen(free) => shown(&sample(free)),
            Subject::Path => shown(&sample(Free::Path)),
            Subject::PathHead => shown(&sample(Free::Path)).split('/').next().unwrap_or_default().into(),
            Subject::Age => shown(&sample(Free::Age)),
            Subject::Address(key) => shown(&sample(Free::Address(key))),
            Subject::Clock(clock) => match (clock, sample(Free::Clock)) {
                (Clock::Now, Sample::Clock { now, .. }) => date(now),
                (Clock::Epoch, Sample::Clock { now, .. }) => now.to_string(),
                (Clock::Issued, Sample::Clock { issued, .. }) => date(issued),
                _ => continue,
            },
            Subject::Services(which) => match (which, sample(Free::Services)) {
                (Services::All, Sample::Services(list)) => list.join(","),
                (Services::First, Sample::Services(list)) => list.first().cloned().unwrap_or_default(),
                (Services::Last, Sample::Services(list)) => list.last().cloned().unwrap_or_default(),
                _ => continue,
            },
        };
        keys.insert(key.to_string(), value);
    }
    let text = words(candidates, question, request, denied_for, &account);
    Witness { account: Some(account).filter(|id| !id.is_empty()), context: keys, text }
}

fn shown(sample: &Sample) -> String {
    match sample {
        Sample::Text(text) => text.clone(),
        Sample::Number(number) => number.to_string(),
        Sample::Clock { now, .. } => date(*now),
        Sample::Address(address) => address.to_string(),
        Sample::Services(list) => list.join(","),
    }
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// "root of 111122223333, signed in with MFA, from any address": what does not matter is left out or said to be any.
fn words(
    candidates: &[Candidate<'_>],
    question: &Question,
    (context, samples): &Request,
    denied_for: &dyn Fn(&Context, &BTreeMap<Free, Sample>) -> Tri,
    account: &str,
) -> String {
    let passes = |context: &Context, samples: &BTreeMap<Free, Sample>| denied_for(context, samples) == Tri::No;
    // A choice matters unless every other one passes as well.
    let matters = |free: Free| {
        let mut predicates: Vec<Predicate> = Vec::new();
        for candidate in candidates {
            for atom in candidate.atoms(context, question) {
                if let Says::When(other, predicate) = atom.says
                    && other == free
                {
                    predicates.push(predicate);
                }
            }
        }
        let predicates: Vec<&Predicate> = predicates.iter().collect();
        !predicates.is_empty()
            && classes::samples(free, &predicates, question).map_or(true, |all| {
                all.into_iter().any(|sample| {
                    let mut samples = samples.clone();
                    samples.insert(free, sample);
                    !passes(context, &samples)
                })
            })
    };
    let value = |free: Free| shown(&samples.get(&free).cloned().unwrap_or_else(|| classes::everyday(free, question)));
    let mut parts = Vec::new();
    parts.push(match (&question.account, matters(Free::Account)) {
        (Account::Any, false) => "root of any account".into(),
        _ => format!("root of {account}"),
    });
    if matters(Free::Path) {
        parts.push(format!("in {}", value(Free::Path)));
    } else if let (Place::Known(path), Some(Organization::Known(_)) | None) = (&question.place, &question.organization)
        && !path.is_empty()
        && question.account == Account::Any
    {
        parts.push(format!("in {path}"));
    }
    let mut others: BTreeSet<Credentials> =
        BTreeSet::from([Credentials::MfaSession, Credentials::Session, Credentials::LongTerm]);
    others.remove(&context.credentials);
    if others.iter().all(|other| passes(&Context { credentials: *other, ..*context }, samples)) {
        parts.push("with any credentials".into());
    } else {
        parts.push(match context.credentials {
            Credentials::MfaSession if matters(Free::Age) => {
                format!("signed in with MFA {} seconds before", value(Free::Age))
            }
            Credentials::MfaSession => "signed in with MFA".into(),
            Credentials::Session => "signed in without MFA".into(),
            Credentials::LongTerm => "with an existing access key".into(),
        });
    }
    parts.push(network(context, samples, &passes, &matters, &value));
    if context.via_service {
        let services = if matters(Free::Services) { format!(" ({})", value(Free::Services)) } else { String::new() };
        parts.push(format!("through an AWS service{services}"));
    }
    if matters(Free::Clock) {
        parts.push(format!("at {}", value(Free::Clock)));
    }
    for (key, name) in [("aws:UserAgent", "user agent"), ("aws:Referer", "referrer")] {
        if matters(Free::Text(key)) {
            parts.push(format!("with the {name} `{}`", value(Free::Text(key))));
        }
    }
    parts.join(", ")
}

fn network(
    context: &Context,
    samples: &BTreeMap<Free, Sample>,
    passes: &dyn Fn(&Context, &BTreeMap<Free, Sample>) -> bool,
    matters: &dyn Fn(Free) -> bool,
    value: &dyn Fn(Free) -> String,
) -> String {
    match context.network {
        Network::Direct if matters(Free::Address("aws:SourceIp")) => {
            format!("from {}", value(Free::Address("aws:SourceIp")))
        }
        Network::Direct if passes(&Context { network: Network::Endpoint, ..*context }, samples) => {
            "from any address".into()
        }
        Network::Direct => "from any public address".into(),
        Network::Endpoint => {
            let mut through = Vec::new();
            for key in ["aws:SourceVpce", "aws:SourceVpc", "aws:SourceVpcArn", "aws:VpceAccount", "aws:VpceOrgID"] {
                if matters(Free::Text(key)) {
                    through.push(value(Free::Text(key)));
                }
            }
            if matters(Free::Address("aws:VpcSourceIp")) {
                through.push(value(Free::Address("aws:VpcSourceIp")));
            }
            match through.is_empty() {
                true => "through a VPC endpoint".into(),
                false => format!("through a VPC endpoint ({})", through.join(", ")),
            }
        }
    }
}

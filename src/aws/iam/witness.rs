//! A request that gets through, as data and in words.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::fast::RandomState as Hasher;
use indexmap::IndexSet;

use crate::finding::Witness;
use crate::text::Tri;

use super::classes::{self, Classes};
use super::predicate::{Atom, Predicate, Sample, Says};
use super::request::{
    Account, Clock, Context, Credentials, Free, Network, Organization, Place, Principal, Question, Services, Subject,
    View,
};

/// The keys that a request may carry, as AWS spells them.
pub(super) const KEYS: [&str; 31] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:userid",
    "aws:username",
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

/// A concrete request: its kind, and what was chosen. What is not chosen is ordinary.
pub type Request = (Context, BTreeMap<Free, Sample>);

/// The witness: the whole request context, and in words what of it matters.
pub(super) fn describe(
    atoms: &[Rc<[Atom]>],
    question: &Question,
    request: &Request,
    denied_for: &dyn Fn(&Context, &BTreeMap<Free, Sample>) -> Tri,
) -> Witness {
    let who = shown(&choice(request, Free::Account, question));
    let account = View::Account.of(&who).to_owned();
    let text = words(atoms, question, request, denied_for, &who);
    Witness { account: Some(account), context: keys(question, request), text }
}

fn choice((_, samples): &Request, free: Free, question: &Question) -> Sample {
    samples.get(&free).cloned().unwrap_or_else(|| classes::everyday(free, question))
}

/// The condition keys that a request carries, with their values; those of a list stand between commas.
pub fn keys(question: &Question, request: &Request) -> BTreeMap<String, String> {
    let (context, _) = request;
    let sample = |free: Free| choice(request, free, question);
    let mut keys = BTreeMap::new();
    for key in KEYS {
        let value = match context.subject(key, question) {
            Subject::Absent | Subject::Unknown(_) => continue,
            Subject::Text(text) => text,
            Subject::Account(prefix, suffix) => format!("{prefix}{}{suffix}", shown(&sample(Free::Account))),
            Subject::Chosen(free, prefix, view) => format!("{prefix}{}", view.of(&shown(&sample(free)))),
            Subject::Arn(prefix) => format!("{prefix}{}", shown(&sample(Free::Account))),
            Subject::Path => shown(&sample(Free::Path)),
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
    keys
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
    atoms: &[Rc<[Atom]>],
    question: &Question,
    (context, samples): &Request,
    denied_for: &dyn Fn(&Context, &BTreeMap<Free, Sample>) -> Tri,
    who: &str,
) -> String {
    let passes = |context: &Context, samples: &BTreeMap<Free, Sample>| denied_for(context, samples) == Tri::No;
    // A choice matters unless every other one passes as well.
    let asked = |free: Free| {
        let mut predicates: IndexSet<&Rc<Predicate>, Hasher> = IndexSet::default();
        for atom in atoms.iter().flat_map(|atoms| &**atoms) {
            if let Says::When(other, predicate) = &atom.says
                && *other == free
            {
                predicates.insert(predicate);
            }
        }
        if predicates.is_empty() {
            return false;
        }
        let Ok(classes) = Classes::new(free, predicates.into_iter().cloned().collect(), question) else { return true };
        (0..).map_while(|at| classes.class(at)).any(|class| {
            let mut samples = samples.clone();
            samples.insert(free, class.sample.clone());
            !passes(context, &samples)
        })
    };
    let known = RefCell::new(BTreeMap::new());
    let matters = |free: Free| *known.borrow_mut().entry(free).or_insert_with(|| asked(free));
    let value = |free: Free| shown(&samples.get(&free).cloned().unwrap_or_else(|| classes::everyday(free, question)));
    let mut parts = Vec::new();
    let (account, rest) = (View::Account.of(who), who.split_once(':').map(|(_, rest)| rest));
    let any_account = question.account == Account::Any && !matters(Free::Account);
    let of = if any_account { "any account".to_owned() } else { account.to_owned() };
    parts.push(match (rest, question.principal) {
        (Some(name), _) if matters(Free::Account) => format!("{name} of {of}"),
        (_, Principal::Root) => format!("root of {of}"),
        (_, Principal::User) => format!("any user of {of}"),
        (_, Principal::Role) => format!("any role of {of}"),
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
    if question.principal == Principal::Role {
        others.remove(&Credentials::LongTerm);
    }
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

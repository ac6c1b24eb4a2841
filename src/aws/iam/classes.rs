//! The finite classes that a policy's own constants distinguish: for each free value one sample of every combination of
//! answers that its predicates can give. Exact: every value of the world answers like one of the samples.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::{BTreeSet, HashSet};

use super::predicate::{Matches, Predicate, Sample};
use super::request::{
    Account, Clock, Free, LONGEST_SESSION, Organization, Place, Principal, Question, UNNAMED_ORGANIZATION,
};
use super::words::{Domain, texts};

/// There are more classes than the budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// One sample of every class, everyday ones first.
///
/// # Errors
/// [`TooMany`].
pub fn samples(free: Free, predicates: &[&Predicate], question: &Question) -> Result<Vec<Sample>, TooMany> {
    let mut candidates = vec![everyday(free, question)];
    candidates.extend(likely(free, question));
    match free {
        Free::Age => {
            let mut numbers = vec![0.0, 60.0];
            for predicate in predicates {
                if let Matches::Number(_, values) = &predicate.test {
                    numbers.extend(values);
                }
            }
            candidates.extend(around(&numbers).filter(|number| *number >= 0).map(Sample::Number));
        }
        Free::Clock => clocks(predicates, question, &mut candidates),
        Free::Address(_) => addresses(predicates, &mut candidates),
        Free::Services => return lists(predicates, candidates),
        // One path is known: the everyday one.
        Free::Path if matches!(question.place, Place::Known(_)) => {}
        Free::Account | Free::Path | Free::Text(_) => {
            let domain = Domain::of(free, question);
            candidates.extend(texts(&domain, predicates)?.into_iter().map(Sample::Text));
        }
    }
    Ok(distinct(candidates, predicates))
}

/// An ordinary value.
pub fn everyday(free: Free, question: &Question) -> Sample {
    let text = |text: &str| Sample::Text(text.into());
    match free {
        Free::Account => {
            let id = match &question.account {
                Account::Known(id) => id,
                Account::Any => "111122223333",
            };
            Sample::Text(format!("{id}{}", named(question.principal, "deploy")))
        }
        Free::Path => match (&question.place, &question.organization) {
            (Place::Known(path), _) => text(path),
            (_, Some(Organization::Known(id))) => Sample::Text(format!("{id}/r-ab12/ou-ab12-11111111/")),
            _ => Sample::Text(format!("{UNNAMED_ORGANIZATION}/r-ab12/ou-ab12-11111111/")),
        },
        Free::Age => Sample::Number(60),
        Free::Clock => Sample::Clock { now: question.now, issued: question.now - 60 },
        Free::Address("aws:VpcSourceIp") => Sample::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5))),
        Free::Address(_) => Sample::Address(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7))),
        Free::Services => Sample::Services(vec!["ssm.amazonaws.com".into()]),
        Free::Text("aws:SourceVpc") => text("vpc-0a1b2c3d4e5f60718"),
        Free::Text("aws:SourceVpce") => text("vpce-0a1b2c3d4e5f60718"),
        Free::Text("aws:SourceVpcArn") => text("arn:aws:ec2:us-east-1:111122223333:vpc/vpc-0a1b2c3d4e5f60718"),
        Free::Text("aws:VpceAccount") => text("111122223333"),
        Free::Text("aws:VpceOrgID") => text("o-a1b2c3d4e5"),
        Free::Text("aws:UserAgent") => text("aws-cli/2.17.0"),
        Free::Text("aws:RequestedRegion") => text("us-east-1"),
        Free::Text("aws:ResourceAccount") => text("111122223333"),
        Free::Text("aws:userid") => text("EXAMPLE000000000"),
        Free::Text(_) => text("https://console.aws.amazon.com/"),
    }
}

/// What follows the account in the ARN of a user or a role.
pub(super) fn named(principal: Principal, name: &str) -> String {
    match principal {
        Principal::Root => String::new(),
        Principal::User => format!(":user/{name}"),
        Principal::Role => format!(":role/{name}"),
    }
}

/// Other values that a reader takes for what they are.
fn likely(free: Free, question: &Question) -> Vec<Sample> {
    match (free, &question.organization, &question.place) {
        (Free::Account, ..) if question.account == Account::Any => {
            let rest = named(question.principal, "deploy");
            ["444455556666", "999900001111"].map(|id| Sample::Text(format!("{id}{rest}"))).into()
        }
        (Free::Path, Some(Organization::Known(id)), Place::Any) => {
            ["ou-ab12-22222222/", ""].map(|unit| Sample::Text(format!("{id}/r-ab12/{unit}"))).into()
        }
        (Free::Address(_), ..) => vec![Sample::Address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)))],
        _ => Vec::new(),
    }
}

/// The first sample of each combination of answers.
fn distinct(candidates: Vec<Sample>, predicates: &[&Predicate]) -> Vec<Sample> {
    // Bytes are hashed all at once.
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    let mut new = |sample: &Sample| seen.insert(predicates.iter().map(|one| one.holds(sample) as u8).collect());
    candidates.into_iter().filter(|sample| new(sample)).collect()
}

/// Each number and its neighbours: between two of these no comparison with the numbers changes.
fn around(numbers: &[f64]) -> impl Iterator<Item = i64> {
    let mut all = BTreeSet::new();
    for number in numbers {
        let floor = number.floor() as i64;
        all.extend((-1..=2).map(|offset| floor.saturating_add(offset)));
    }
    all.into_iter()
}

/// Clock and beginning of the session are bound by differences only, so that a corner of every cell lies where one of
/// them meets a constant and the other a constant or the end of their distance.
fn clocks(predicates: &[&Predicate], question: &Question, candidates: &mut Vec<Sample>) {
    let mut constants = [vec![question.now as f64], Vec::new()];
    for predicate in predicates {
        if let Matches::Time(clock, _, values) = &predicate.test
            && let [now, issued] = &mut constants
        {
            if *clock == Clock::Issued { issued.extend(values) } else { now.extend(values) }
        }
    }
    let [now, issued] = &constants;
    let issued: Vec<i64> = around(issued).collect();
    let mut times: BTreeSet<i64> = around(now).collect();
    times.extend(issued.iter().flat_map(|time| [*time, time.saturating_add(LONGEST_SESSION)]));
    for now in times.into_iter().filter(|time| *time >= question.now) {
        let first = now.saturating_sub(LONGEST_SESSION);
        let within = issued.iter().copied().filter(|time| (first..=now).contains(time));
        for issued in within.chain([now, first]) {
            candidates.push(Sample::Clock { now, issued });
        }
    }
}

/// The ends of every block, and their neighbours.
fn addresses(predicates: &[&Predicate], candidates: &mut Vec<Sample>) {
    let mut v4: BTreeSet<u32> = BTreeSet::from([0]);
    let mut v6: BTreeSet<u128> = BTreeSet::from([0]);
    for predicate in predicates {
        let Matches::Address(nets) = &predicate.test else { continue };
        for net in nets {
            match (net.network(), net.broadcast()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    let (first, last) = (u32::from(first), u32::from(last));
                    v4.extend([first.saturating_sub(1), first, last, last.saturating_add(1)]);
                }
                (IpAddr::V6(first), IpAddr::V6(last)) => {
                    let (first, last) = (u128::from(first), u128::from(last));
                    v6.extend([first.saturating_sub(1), first, last, last.saturating_add(1)]);
                }
                _ => {}
            }
        }
    }
    candidates.extend(v4.into_iter().map(|bits| Sample::Address(Ipv4Addr::from(bits).into())));
    candidates.extend(v6.into_iter().map(|bits| Sample::Address(Ipv6Addr::from(bits).into())));
}

/// Lists of services: any answer of a list is given by one with one service of each class, in some order.
fn lists(predicates: &[&Predicate], mut candidates: Vec<Sample>) -> Result<Vec<Sample>, TooMany> {
    const MOST: usize = 8;
    let services = texts(&Domain::Free, predicates)?;
    let mut seen = HashSet::new();
    let mut classes = Vec::new();
    for service in services {
        let one = Sample::Services(vec![service.clone()]);
        if seen.insert(predicates.iter().map(|predicate| predicate.holds(&one)).collect::<Vec<_>>()) {
            classes.push(service);
        }
    }
    if classes.len() > MOST {
        return Err(TooMany);
    }
    for chosen in 1usize..1 << classes.len() {
        let list: Vec<&String> =
            classes.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, service)| service).collect();
        for first in &list {
            for last in &list {
                let middle = list.iter().filter(|service| *service != first && *service != last);
                let ends = |service: &&&String| service.to_string();
                let mut all: Vec<String> = vec![first.to_string()];
                all.extend(middle.map(|service| ends(&service)));
                if list.len() > 1 {
                    all.push(last.to_string());
                }
                candidates.push(Sample::Services(all));
            }
        }
    }
    Ok(distinct(candidates, predicates))
}

//! The finite classes that a policy's own constants distinguish: for each free value one sample of every combination of
//! answers that its predicates can give. Exact: every value of the world answers like one of the samples.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use foldhash::fast::RandomState as Hasher;

use crate::text::Tri;

use super::predicate::{Matches, Predicate, Sample};
use super::request::{
    Account, Clock, Free, LONGEST_SESSION, Organization, Place, Principal, Question, UNNAMED_ORGANIZATION, View,
};
use super::words::{Domain, texts};

/// There are more classes than the budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// One class: what it answers to each predicate, and a value of it.
pub(super) struct Class {
    pub(super) sample: Sample,
    answers: Rc<[Tri]>,
}

impl Class {
    /// What its values say to the predicate of this number.
    pub(super) fn answer(&self, predicate: usize) -> Tri {
        self.answers.get(predicate).copied().unwrap_or(Tri::Maybe)
    }
}

/// The classes of a free value, everyday ones first. Whether two values are of one class is found out when the second is
/// asked for: most questions are answered by the first few.
pub(super) struct Classes {
    pub(super) free: Free,
    predicates: Vec<Rc<Predicate>>,
    asked: Asked,
    met: RefCell<Met>,
}

struct Met {
    candidates: std::vec::IntoIter<Sample>,
    seen: HashSet<Rc<[Tri]>, Hasher>,
    classes: Vec<Rc<Class>>,
}

impl Classes {
    /// The classes that these predicates tell apart.
    ///
    /// # Errors
    /// [`TooMany`].
    pub(super) fn new(free: Free, predicates: Vec<Rc<Predicate>>, question: &Question) -> Result<Self, TooMany> {
        let candidates = candidates(free, &predicates, question)?.into_iter();
        let met = RefCell::new(Met { candidates, seen: HashSet::default(), classes: Vec::new() });
        Ok(Self { free, asked: Asked::new(&predicates), predicates, met })
    }

    /// Whether these are the classes of that value for just those predicates.
    pub(super) fn are_of<'p>(&self, free: Free, predicates: impl Iterator<Item = &'p Rc<Predicate>>) -> bool {
        self.free == free && self.predicates.iter().eq(predicates)
    }

    /// The class of this number, counted from 0.
    pub(super) fn class(&self, at: usize) -> Option<Rc<Class>> {
        let mut met = self.met.borrow_mut();
        while met.classes.len() <= at {
            let sample = met.candidates.next()?;
            let answers = self.asked.answers(&self.predicates, &sample);
            if met.seen.insert(Rc::clone(&answers)) {
                met.classes.push(Rc::new(Class { sample, answers }));
            }
        }
        met.classes.get(at).map(Rc::clone)
    }
}

/// Which predicates have a string.
type ByString = HashMap<String, Vec<usize>, Hasher>;

/// The numbers of predicates by a string that they have.
type ByText = HashMap<String, Vec<usize>, Hasher>;

/// Predicates that are asked all at once: most of them compare with plain strings, and of thousands at most a few are equal
/// to the one that is asked about.
struct Asked {
    /// The answers to a string that is none of the plain ones.
    others: Vec<Tri>,
    /// Which predicates have which plain string, by the part of the string that they look at.
    plain: Vec<(View, ByString)>,
    /// Predicates that are asked one by one.
    single: Vec<usize>,
}

impl Asked {
    fn new(predicates: &[Rc<Predicate>]) -> Self {
        let mut asked = Self { others: Vec::new(), plain: Vec::new(), single: Vec::new() };
        for (index, predicate) in predicates.iter().enumerate() {
            asked.others.push(predicate.turned(Tri::No));
            let (strings, view) = match &predicate.test {
                Matches::Text { strings, view, services: None } if strings.patterns.is_empty() => (strings, *view),
                _ => {
                    asked.single.push(index);
                    continue;
                }
            };
            let at = asked.plain.iter().position(|(known, _)| *known == view).unwrap_or_else(|| {
                asked.plain.push((view, ByText::default()));
                asked.plain.len() - 1
            });
            let Some((_, plain)) = asked.plain.get_mut(at) else { continue };
            for literal in &strings.literals {
                plain.entry(literal.clone()).or_default().push(index);
            }
        }
        asked
    }

    fn answers(&self, predicates: &[Rc<Predicate>], sample: &Sample) -> Rc<[Tri]> {
        let Sample::Text(text) = sample else {
            return predicates.iter().map(|predicate| predicate.holds(sample)).collect();
        };
        let mut answers = self.others.clone();
        let equal = self.plain.iter().filter_map(|(view, plain)| plain.get(view.of(text))).flatten();
        for at in equal.chain(&self.single) {
            if let (Some(answer), Some(predicate)) = (answers.get_mut(*at), predicates.get(*at)) {
                *answer = predicate.holds(sample);
            }
        }
        answers.into()
    }
}

/// At least one sample of every class, everyday ones first.
fn candidates(free: Free, predicates: &[Rc<Predicate>], question: &Question) -> Result<Vec<Sample>, TooMany> {
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
        Free::Services => lists(predicates, &mut candidates)?,
        // One path is known: the everyday one.
        Free::Path if matches!(question.place, Place::Known(_)) => {}
        Free::Account | Free::Path | Free::Text(_) => {
            let domain = Domain::of(free, question);
            candidates.extend(texts(&domain, predicates)?.into_iter().map(Sample::Text));
        }
    }
    Ok(candidates)
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
fn clocks(predicates: &[Rc<Predicate>], question: &Question, candidates: &mut Vec<Sample>) {
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
fn addresses(predicates: &[Rc<Predicate>], candidates: &mut Vec<Sample>) {
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
fn lists(predicates: &[Rc<Predicate>], candidates: &mut Vec<Sample>) -> Result<(), TooMany> {
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
    Ok(())
}

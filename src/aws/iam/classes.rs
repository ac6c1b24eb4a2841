//! The finite classes that a policy's own constants distinguish: for each free value one sample of every combination of
//! answers that its predicates can give. Exact: every value of the world answers like one of the samples.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::text::Tri;

use super::pattern::Pattern;
use super::predicate::{Matches, Predicate, Sample};
use super::request::{
    Account, Clock, Free, LONGEST_SESSION, Organization, Place, Principal, Question, UNNAMED_ORGANIZATION, View,
};

/// How many states the exploration of one free value may take.
pub const BUDGET: usize = 200_000;

/// How many positions of patterns may be advanced for one free value.
const STEPS: usize = 3_000_000;

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
fn named(principal: Principal, name: &str) -> String {
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
    let mut seen: HashSet<Vec<Tri>> = HashSet::new();
    let mut new = |sample: &Sample| seen.insert(predicates.iter().map(|predicate| predicate.holds(sample)).collect());
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

/// Which strings a free string may be.
enum Domain {
    /// Any but the empty one.
    Free,
    /// This beginning, in which `None` is a digit, and the rest.
    Formed(Vec<Option<char>>, Rest),
    /// `o-.../r-.../ou-.../`, each part in small letters, digits and hyphens.
    Path(Vec<char>),
}

/// What follows a beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing: an account's id.
    Nothing,
    /// Letters and digits: the id of a VPC.
    Word,
    /// Names between slashes: path and name of a user or a role.
    Names,
}

/// Where a string of a domain stands.
type At = u32;

impl Domain {
    fn of(free: Free, question: &Question) -> Self {
        match (free, &question.organization) {
            (Free::Account, _) => {
                let mut head: Vec<Option<char>> = match &question.account {
                    Account::Known(id) => id.chars().map(Some).collect(),
                    Account::Any => vec![None; 12],
                };
                head.extend(named(question.principal, "").chars().map(Some));
                Self::Formed(head, if question.principal == Principal::Root { Rest::Nothing } else { Rest::Names })
            }
            (Free::Text("aws:VpceAccount" | "aws:ResourceAccount"), _) => Self::Formed(vec![None; 12], Rest::Nothing),
            (Free::Text("aws:userid"), _) if question.principal == Principal::User => Self::word(""),
            (Free::Text("aws:SourceVpc"), _) => Self::word("vpc-"),
            (Free::Text("aws:SourceVpce"), _) => Self::word("vpce-"),
            (Free::Text("aws:VpceOrgID"), _) => Self::word("o-"),
            (Free::Path, Some(Organization::Known(id))) => Self::Path(format!("{id}/r-").chars().collect()),
            (Free::Path, _) => Self::Path(format!("{UNNAMED_ORGANIZATION}/r-").chars().collect()),
            _ => Self::Free,
        }
    }

    fn word(prefix: &str) -> Self {
        Self::Formed(prefix.chars().map(Some).collect(), Rest::Word)
    }

    fn alphabet(&self) -> Vec<char> {
        match self {
            Self::Free => Vec::new(),
            Self::Formed(head, _) => ('0'..='9').chain(head.iter().flatten().copied()).chain(['a', '/']).collect(),
            Self::Path(head) => {
                let mut all: Vec<char> = "o-ru/ab1".chars().collect();
                all.extend(head);
                all
            }
        }
    }

    /// The place after `character`, if the domain allows it there.
    fn step(&self, at: At, character: char) -> Option<At> {
        let is_part = character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
        match self {
            Self::Free => Some(1),
            // After the head: before a name, or within one.
            Self::Formed(head, rest) => match (head.get(at as usize), (at as usize) - head.len().min(at as usize)) {
                (Some(wanted), _) => {
                    wanted.map_or(character.is_ascii_digit(), |own| own == character).then_some(at + 1)
                }
                (None, _) if *rest == Rest::Nothing => None,
                (None, 1) if *rest == Rest::Names && character == '/' => Some(at - 1),
                (None, within) => {
                    let is_name =
                        character.is_ascii_alphanumeric() || (*rest == Rest::Names && "+=,.@_-".contains(character));
                    is_name.then_some(if within == 0 { at + 1 } else { at })
                }
            },
            // After the fixed head: within a part, at its end, or within the `ou-` that begins the next.
            Self::Path(head) => {
                let len = u32::try_from(head.len()).ok()?;
                let expected = |wanted: char, next: At| (character == wanted).then_some(next);
                match at.checked_sub(len) {
                    None => (head.get(at as usize) == Some(&character)).then_some(at + 1),
                    Some(0) => is_part.then_some(len + 1),
                    Some(1) if character == '/' => Some(len + 2),
                    Some(1) => is_part.then_some(len + 1),
                    Some(2) => expected('o', len + 3),
                    Some(3) => expected('u', len + 4),
                    Some(_) => expected('-', len),
                }
            }
        }
    }

    fn accepts(&self, at: At) -> bool {
        match self {
            Self::Free => at == 1,
            Self::Formed(head, rest) => at as usize == head.len() + usize::from(*rest != Rest::Nothing),
            Self::Path(head) => at as usize == head.len() + 2,
        }
    }
}

/// A place in the domain, and the positions of each pattern that can still match.
type State = (At, Vec<(u32, u32)>);

/// What is left of a pattern after the part of the string that it looks at.
const MATCHED: u32 = u32::MAX;

struct Runner<'a> {
    pattern: &'a Pattern,
    /// Whether the rest of the compared string may follow a position.
    accepting: Vec<bool>,
    view: View,
    /// Where it starts: behind the fixed beginning.
    start: Vec<u32>,
    predicate: usize,
}

/// Strings of the domain: one for every combination of answers. All patterns run side by side over every string at once;
/// strings that leave them at the same positions are one state.
fn texts(domain: &Domain, predicates: &[&Predicate]) -> Result<Vec<String>, TooMany> {
    let mut runners = Vec::new();
    for (predicate, test) in predicates.iter().enumerate() {
        if let Matches::Text { patterns, prefix, suffix, view, .. } = &test.test {
            for pattern in patterns {
                let accepting = (0..=pattern.tokens.len())
                    .map(|at| pattern.accepts(&pattern.run(pattern.closure(at), suffix)))
                    .collect();
                let start = pattern.run(pattern.start(), prefix);
                runners.push(Runner { pattern, accepting, view: *view, start, predicate });
            }
        }
    }
    let alphabet = alphabet(domain, &runners);
    let mut start = Vec::new();
    for (index, runner) in runners.iter().enumerate() {
        start.extend(runner.start.iter().map(|at| (index as u32, *at)));
    }
    let start: Arc<State> = Arc::new((0, start));
    let mut came_from: HashMap<Arc<State>, Option<(Arc<State>, char)>> = HashMap::from([(Arc::clone(&start), None)]);
    let mut queue = VecDeque::from([start]);
    let mut answers: HashSet<Vec<(usize, bool)>> = HashSet::new();
    let mut found = Vec::new();
    let mut spent = 0usize;
    while let Some(state) = queue.pop_front() {
        if domain.accepts(state.0) && answers.insert(answer(&runners, &state.1)) {
            found.push(spell(&came_from, &state));
        }
        for (character, place) in told_apart(&alphabet, domain, &runners, &state) {
            let next = Arc::new((place, advance(&runners, &state.1, character)));
            spent += 1 + state.1.len();
            if spent > STEPS || came_from.len() > BUDGET {
                return Err(TooMany);
            }
            if let Entry::Vacant(place) = came_from.entry(Arc::clone(&next)) {
                place.insert(Some((Arc::clone(&state), character)));
                queue.push_back(next);
            }
        }
    }
    Ok(found)
}

/// Every character that some pattern tells from others, and one that none does. (A pattern with segments has colons of its
/// own.)
fn alphabet(domain: &Domain, runners: &[Runner<'_>]) -> Vec<char> {
    use super::pattern::Token;
    let mut all: BTreeSet<char> = domain.alphabet().into_iter().collect();
    for runner in runners {
        for token in &runner.pattern.tokens {
            match token {
                Token::Char(character) if runner.pattern.fold => {
                    all.extend([character.to_ascii_lowercase(), character.to_ascii_uppercase()]);
                }
                Token::Char(character) => {
                    all.insert(*character);
                }
                _ => {}
            }
        }
        match runner.view {
            View::Whole => {}
            View::Account => drop(all.insert(':')),
            View::Name => drop(all.insert('/')),
        }
    }
    let others = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain(['~', '!', '#', '%', '^']).chain('\u{a1}'..);
    let other: Option<char> = others.into_iter().find(|character| !all.contains(character));
    other.into_iter().chain(all.iter().copied()).collect()
}

/// The characters that lead on from a state, each with the place it leads to; of those that no pattern tells apart from
/// where it stands, one for each place.
fn told_apart(alphabet: &[char], domain: &Domain, runners: &[Runner<'_>], state: &State) -> Vec<(char, At)> {
    use super::pattern::Token;
    let mut told = BTreeSet::from([':', '/']);
    for (index, at) in &state.1 {
        let Some(pattern) = runners.get(*index as usize).map(|runner| runner.pattern) else { continue };
        if let Some(Token::Char(own)) = pattern.tokens.get(*at as usize) {
            told.insert(*own);
            if pattern.fold {
                told.extend([own.to_ascii_lowercase(), own.to_ascii_uppercase()]);
            }
        }
    }
    let mut others = BTreeSet::new();
    let leads = |character: &char| Some((*character, domain.step(state.0, *character)?));
    let new = |(character, place): &(char, At)| told.contains(character) || others.insert(*place);
    alphabet.iter().filter_map(leads).filter(new).collect()
}

fn advance(runners: &[Runner<'_>], from: &[(u32, u32)], character: char) -> Vec<(u32, u32)> {
    let mut next = Vec::new();
    for group in from.chunk_by(|a, b| a.0 == b.0) {
        let Some((index, runner)) =
            group.first().and_then(|(index, _)| runners.get(*index as usize).map(|runner| (*index, runner)))
        else {
            continue;
        };
        // Most patterns are plain strings, and most characters end them.
        if let [(_, at)] = group
            && runner.pattern.refuses(*at, character)
            && ![':', '/'].contains(&character)
        {
            continue;
        }
        let positions: Vec<u32> = group.iter().map(|(_, at)| *at).collect();
        if positions.contains(&MATCHED) {
            next.push((index, MATCHED));
        } else if runner.view == View::Account && character == ':' {
            if ends(runner, &positions) {
                next.push((index, MATCHED));
            }
        } else if !(runner.view == View::Name && character == '/') {
            next.extend(runner.pattern.step(&positions, character).into_iter().map(|at| (index, at)));
        }
    }
    if character == '/' {
        // A name begins anew after every slash, also one that could no longer match.
        for (index, runner) in runners.iter().enumerate().filter(|(_, runner)| runner.view == View::Name) {
            next.extend(runner.start.iter().map(|at| (index as u32, *at)));
        }
        next.sort_unstable();
    }
    next
}

fn ends(runner: &Runner<'_>, positions: &[u32]) -> bool {
    positions.iter().any(|at| *at == MATCHED || runner.accepting.get(*at as usize).copied().unwrap_or_default())
}

/// Which predicates have a pattern that matches, and whether surely.
fn answer(runners: &[Runner<'_>], state: &[(u32, u32)]) -> Vec<(usize, bool)> {
    let mut answer = BTreeSet::new();
    for (index, at) in state {
        if let Some(runner) = runners.get(*index as usize)
            && ends(runner, &[*at])
        {
            answer.insert((runner.predicate, runner.pattern.vague));
        }
    }
    answer.into_iter().collect()
}

fn spell<S: std::hash::Hash + Eq>(came_from: &HashMap<Arc<S>, Option<(Arc<S>, char)>>, end: &Arc<S>) -> String {
    let mut characters = Vec::new();
    let mut at = end;
    while let Some(Some((previous, character))) = came_from.get(at) {
        characters.push(*character);
        at = previous;
    }
    characters.into_iter().rev().collect()
}

//! Which strings there are: one for every combination of answers that the patterns of a policy can give.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use foldhash::fast::RandomState as Hasher;
use indexmap::IndexMap;

use super::classes::{TooMany, named};
use super::pattern::{Pattern, Token};
use super::predicate::{Matches, Predicate};
use super::request::{Account, Free, Organization, Principal, Question, UNNAMED_ORGANIZATION, View};

/// How many states the exploration of one free value may take.
const BUDGET: usize = 200_000;

/// How many positions of patterns may be advanced for one free value.
const STEPS: usize = 3_000_000;

/// Which strings a free string may be.
pub(super) enum Domain {
    /// Any but the empty one.
    Free,
    /// This beginning, in which `None` is a digit, and the rest.
    Formed(Vec<Option<char>>, Rest),
    /// `o-.../r-.../ou-.../`, each part in small letters, digits and hyphens.
    Path(Vec<char>),
}

/// What follows a beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
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
    pub(super) fn of(free: Free, question: &Question) -> Self {
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

/// How far a string is read: the place in the domain, what the literals have left of it, and the positions of each
/// pattern that can still match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    place: At,
    literals: Option<usize>,
    positions: Vec<(u32, u32)>,
}

/// What is left of a pattern after the part of the string that it looks at.
const MATCHED: u32 = u32::MAX;

struct Runner<'a> {
    pattern: Cow<'a, Pattern>,
    /// Whether the rest of the compared string may follow a position.
    accepting: Vec<bool>,
    view: View,
    /// Where it starts: behind the fixed beginning.
    start: Vec<u32>,
}

/// Strings without wildcards, side by side: policies name hundreds of accounts, and a string is at one place in all of
/// them together.
struct Literals {
    nodes: Vec<Node>,
}

/// The strings that begin alike.
#[derive(Default)]
struct Node {
    next: BTreeMap<char, usize>,
    /// Whether one of them ends here.
    ends: bool,
}

impl<'a> Runner<'a> {
    fn new(pattern: Cow<'a, Pattern>, prefix: &str, suffix: &str, view: View) -> Self {
        let accepting =
            (0..=pattern.tokens.len()).map(|at| pattern.accepts(&pattern.run(pattern.closure(at), suffix))).collect();
        let start = pattern.run(pattern.start(), prefix);
        Self { pattern, accepting, view, start }
    }
}

impl Literals {
    fn add(&mut self, text: &str) {
        let mut at = 0;
        for character in text.chars() {
            let new = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = *node.next.entry(character).or_insert(new);
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.ends = true;
        }
    }

    fn node(&self, at: Option<usize>) -> Option<&Node> {
        self.nodes.get(at?)
    }
}

/// All strings that the free one is compared with.
struct Compared<'a> {
    runners: Vec<Runner<'a>>,
    literals: Literals,
}

/// States in the order in which they are met, each with the one before it and the character that led from there.
type Met = IndexMap<State, (usize, char), Hasher>;

/// Strings of the domain: at least one for every combination of answers. All patterns run side by side over every string at
/// once; strings that leave them at the same positions are one state.
pub(super) fn texts(domain: &Domain, predicates: &[Rc<Predicate>]) -> Result<Vec<String>, TooMany> {
    let compared = Compared::new(predicates);
    let alphabet = compared.alphabet(domain);
    let mut positions = Vec::new();
    for (index, runner) in compared.runners.iter().enumerate() {
        positions.extend(runner.start.iter().map(|at| (index as u32, *at)));
    }
    let start = State { place: 0, literals: Some(0), positions };
    let mut states = Met::default();
    states.insert(start, (0, '\0'));
    let mut answers: HashSet<_, Hasher> = HashSet::default();
    let mut found = Vec::new();
    let mut next = Vec::new();
    let mut spent = 0usize;
    for at in 0.. {
        let Some((state, _)) = states.get_index(at) else { break };
        if domain.accepts(state.place) && answers.insert(compared.answer(state)) {
            found.push(spell(&states, at));
        }
        let advanced = |(character, place)| (character, compared.advance(state, character, place));
        next.extend(compared.told_apart(&alphabet, domain, state).into_iter().map(advanced));
        let cost = 1 + state.positions.len();
        for (character, state) in next.drain(..) {
            spent += cost;
            if spent > STEPS || states.len() > BUDGET {
                return Err(TooMany);
            }
            states.entry(state).or_insert((at, character));
        }
    }
    Ok(found)
}

impl<'a> Compared<'a> {
    fn new(predicates: &'a [Rc<Predicate>]) -> Self {
        let mut all = Self { runners: Vec::new(), literals: Literals { nodes: vec![Node::default()] } };
        // Many statements hold the same pattern: it runs once.
        let mut met: HashSet<(Cow<'a, Pattern>, &str, &str, View), Hasher> = HashSet::default();
        for test in predicates {
            let Matches::Text { strings, view, .. } = &test.test else { continue };
            let patterns = strings.patterns.iter().map(|one| (Cow::Borrowed(one), &*strings.prefix, &*strings.suffix));
            let mut patterns: Vec<_> = patterns.collect();
            for literal in &strings.literals {
                if *view == View::Whole {
                    all.literals.add(literal);
                } else {
                    // Of a part of the string: it may begin anew.
                    let pattern = Pattern::new(literal.chars().map(Token::Char).collect(), false);
                    patterns.push((Cow::Owned(pattern), "", ""));
                }
            }
            for (pattern, prefix, suffix) in patterns {
                if met.insert((pattern.clone(), prefix, suffix, *view)) {
                    all.runners.push(Runner::new(pattern, prefix, suffix, *view));
                }
            }
        }
        all
    }

    /// Every character that some string tells from others, and one that none does. (A pattern with segments has colons of
    /// its own.)
    fn alphabet(&self, domain: &Domain) -> Vec<char> {
        let mut all: BTreeSet<char> = domain.alphabet().into_iter().collect();
        all.extend(self.literals.nodes.iter().flat_map(|node| node.next.keys()));
        for runner in &self.runners {
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

    /// The characters that lead on from a state, each with the place it leads to; of those that no string tells apart from
    /// where it stands, one for each place.
    fn told_apart(&self, alphabet: &[char], domain: &Domain, state: &State) -> Vec<(char, At)> {
        let mut told = vec![':', '/'];
        for (index, at) in &state.positions {
            let Some(pattern) = self.runners.get(*index as usize).map(|runner| &runner.pattern) else { continue };
            if let Some(Token::Char(own)) = pattern.tokens.get(*at as usize) {
                told.push(*own);
                if pattern.fold {
                    told.extend([own.to_ascii_lowercase(), own.to_ascii_uppercase()]);
                }
            }
        }
        told.sort_unstable();
        told.dedup();
        let literals = self.literals.node(state.literals);
        let is_told = |character: &char| {
            told.binary_search(character).is_ok() || literals.is_some_and(|node| node.next.contains_key(character))
        };
        let mut others: Vec<At> = Vec::new();
        let leads = |character: &char| Some((*character, domain.step(state.place, *character)?));
        let new = |(character, place): &(char, At)| {
            let known = others.contains(place);
            is_told(character) || {
                others.push(*place);
                !known
            }
        };
        alphabet.iter().filter_map(leads).filter(new).collect()
    }

    fn advance(&self, from: &State, character: char, place: At) -> State {
        let literals = self.literals.node(from.literals).and_then(|node| node.next.get(&character)).copied();
        let mut next = Vec::new();
        for group in from.positions.chunk_by(|a, b| a.0 == b.0) {
            let Some((index, runner)) =
                group.first().and_then(|(index, _)| self.runners.get(*index as usize).map(|runner| (*index, runner)))
            else {
                continue;
            };
            // Most characters end a pattern that goes on with a plain one.
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
            for (index, runner) in self.runners.iter().enumerate().filter(|(_, runner)| runner.view == View::Name) {
                next.extend(runner.start.iter().map(|at| (index as u32, *at)));
            }
            next.sort_unstable();
        }
        State { place, literals, positions: next }
    }

    /// Which of the strings match.
    fn answer(&self, state: &State) -> (Option<usize>, Vec<u32>) {
        let literal = state.literals.filter(|at| self.literals.node(Some(*at)).is_some_and(|node| node.ends));
        let ends = |(index, at): &&(u32, u32)| {
            self.runners.get(*index as usize).is_some_and(|runner| ends(runner, std::slice::from_ref(at)))
        };
        let mut matching: Vec<u32> = state.positions.iter().filter(ends).map(|(index, _)| *index).collect();
        matching.dedup();
        (literal, matching)
    }
}

fn ends(runner: &Runner<'_>, positions: &[u32]) -> bool {
    positions.iter().any(|at| *at == MATCHED || runner.accepting.get(*at as usize).copied().unwrap_or_default())
}

fn spell(states: &Met, end: usize) -> String {
    let mut characters = Vec::new();
    let mut at = end;
    while at > 0
        && let Some((_, (previous, character))) = states.get_index(at)
    {
        characters.push(*character);
        at = *previous;
    }
    characters.into_iter().rev().collect()
}

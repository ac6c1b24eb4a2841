//! Patterns: strings of a policy with their wildcards, ready to be compared with strings of a request.
//!
//! A pattern is a small automaton. Comparing it with one string runs it; asking which strings there are runs many at
//! once (see [`super::classes`]).

use crate::text::Tri;
use crate::value::Reason;

use super::policy::{Item, Unit};

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// Just this character.
    Char(char),
    /// `?`: one character.
    One,
    /// `?` within a segment of an ARN: one character but a colon.
    OneInSegment,
    /// `*`: any characters.
    Many,
    /// `*` within a segment of an ARN: any characters but colons.
    ManyInSegment,
    /// Characters that are not known.
    Hole,
    /// The account of the request, whatever it is.
    Account,
    /// The id of another account.
    Other,
}

impl Token {
    fn is_loop(&self) -> bool {
        matches!(self, Self::Many | Self::ManyInSegment | Self::Hole)
    }

    fn takes(&self, character: char, fold: bool) -> bool {
        match self {
            Self::Char(own) => *own == character || (fold && own.eq_ignore_ascii_case(&character)),
            Self::One | Self::Many | Self::Hole => true,
            Self::OneInSegment | Self::ManyInSegment => character != ':',
            Self::Account | Self::Other => false,
        }
    }
}

/// A compiled pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Its steps.
    pub tokens: Vec<Token>,
    /// Whether case does not matter.
    pub fold: bool,
    /// Whether something in it is unknown: a match is then only possible.
    pub vague: bool,
}

/// Positions in a pattern, sorted.
pub(super) type Positions = Vec<u32>;

impl Pattern {
    /// A pattern of these steps.
    pub fn new(mut tokens: Vec<Token>, fold: bool) -> Self {
        // `**` is `*`: without this, the positions of a long row of them would be counted for each of them.
        tokens.dedup_by(|next, one| next == one && one.is_loop());
        let vague = tokens.contains(&Token::Hole);
        Self { tokens, fold, vague }
    }

    /// The positions before any character.
    pub(super) fn start(&self) -> Positions {
        self.closure(0)
    }

    /// A position and those reached from it without a character.
    pub(super) fn closure(&self, at: usize) -> Positions {
        let mut positions = Vec::new();
        self.enter(at as u32, &mut positions);
        positions
    }

    /// Adds a position and those reached from it without a character.
    fn enter(&self, mut at: u32, positions: &mut Positions) {
        loop {
            if let Err(place) = positions.binary_search(&at) {
                positions.insert(place, at);
            }
            match self.tokens.get(at as usize) {
                Some(token) if token.is_loop() => at += 1,
                _ => return,
            }
        }
    }

    /// Whether a plain character stands at a position, and it is another than `character`.
    pub(super) fn refuses(&self, at: u32, character: char) -> bool {
        let token = self.tokens.get(at as usize);
        token.is_some_and(|token| matches!(token, Token::Char(_)) && !token.takes(character, self.fold))
    }

    /// The positions after `character`.
    pub(super) fn step(&self, from: &[u32], character: char) -> Positions {
        let mut positions = Vec::new();
        for &at in from {
            match self.tokens.get(at as usize) {
                Some(token) if token.takes(character, self.fold) => {
                    self.enter(if token.is_loop() { at } else { at + 1 }, &mut positions);
                }
                _ => {}
            }
        }
        positions
    }

    /// The positions after the account of the request, as one step, whatever its digits are. No wildcard takes it: the
    /// pattern's own account would then be left without a counterpart.
    fn step_account(&self, from: &[u32]) -> Positions {
        let mut positions = Vec::new();
        for &at in from {
            if self.tokens.get(at as usize) == Some(&Token::Account) {
                self.enter(at + 1, &mut positions);
            }
        }
        positions
    }

    /// Whether a string may end at one of these positions.
    pub(super) fn accepts(&self, positions: &[u32]) -> bool {
        positions.last().is_some_and(|at| *at as usize == self.tokens.len())
    }

    /// The positions after `text`.
    pub(super) fn run(&self, from: Positions, text: &str) -> Positions {
        text.chars().fold(from, |positions, character| self.step(&positions, character))
    }

    /// Whether the pattern matches `text`.
    pub fn matches(&self, text: &str) -> Tri {
        // Most patterns are plain strings: their first characters tell.
        let mut characters = text.chars();
        for (at, token) in self.tokens.iter().enumerate() {
            if !matches!(token, Token::Char(_)) {
                break;
            }
            if characters.next().is_none_or(|character| self.refuses(at as u32, character)) {
                return Tri::No;
            }
        }
        match (self.accepts(&self.run(self.start(), text)), self.vague) {
            (false, _) => Tri::No,
            (true, false) => Tri::Yes,
            (true, true) => Tri::Maybe,
        }
    }

    /// Whether it surely matches every string.
    pub fn is_any(&self) -> bool {
        self.tokens == [Token::Many]
    }

    /// Whether it matches any string at all between these two: `arn:aws:iam::*:role/x` none that ends in `:root`.
    pub fn fits(&self, prefix: &str, suffix: &str) -> bool {
        let start = self.run(self.start(), prefix);
        let Some(first) = start.first() else { return false };
        (*first as usize..=self.tokens.len()).any(|at| self.accepts(&self.run(self.closure(at), suffix)))
    }

    /// The one string that it matches, if all of it is plain.
    pub fn as_literal(&self) -> Option<String> {
        let plain = |token: &Token| match token {
            Token::Char(character) => Some(*character),
            _ => None,
        };
        if self.fold { None } else { self.tokens.iter().map(plain).collect() }
    }

    /// Whether the pattern contains the id of another account than the one of the request.
    pub fn has_other(&self) -> bool {
        self.tokens.contains(&Token::Other)
    }

    /// Whether the pattern contains the account of the request.
    pub fn has_account(&self) -> bool {
        self.tokens.contains(&Token::Account)
    }

    /// Whether a pattern that contains the account matches a string that contains it too, for every account.
    /// `Maybe` where that depends on the digits.
    pub fn matches_account(&self, prefix: &str, suffix: &str) -> Tri {
        let positions = self.run(self.start(), prefix);
        if self.accepts(&self.run(self.step_account(&positions), suffix)) {
            return if self.vague { Tri::Maybe } else { Tri::Yes };
        }
        // Any twelve digits for either: what does not match even so never does.
        let loose = self.tokens.iter().flat_map(|token| match token {
            Token::Account => vec![Token::One; 12],
            other => vec![other.clone()],
        });
        let loose = Self::new(loose.collect(), self.fold);
        let mut positions = loose.run(loose.start(), prefix);
        for _ in 0..12 {
            let mut next = Vec::new();
            for digit in '0'..='9' {
                for at in loose.step(&positions, digit) {
                    if let Err(place) = next.binary_search(&at) {
                        next.insert(place, at);
                    }
                }
            }
            positions = next;
        }
        if loose.accepts(&loose.run(positions, suffix)) { Tri::Maybe } else { Tri::No }
    }
}

/// A part of a string of a policy once its variables are taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A character as written; `*` and `?` may be wildcards.
    Written(char),
    /// A character that is never a wildcard.
    Literal(char),
    /// Unknown characters.
    Hole,
    /// The account of the request.
    Account,
    /// The id of another account.
    Other,
}

/// What a policy variable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// These characters.
    Text(String),
    /// The account of the request, between these characters.
    Account(String, String),
    /// Nothing: the key is not in the request.
    Absent,
    /// Something that cannot be compared here.
    Unknown(Reason),
}

/// The parts of a string, with `${...}` replaced (IAM User Guide, "Policy variables"). `None` if a variable has no
/// value: such a string matches nothing. Reasons of unknown variables are added to `reasons`.
pub fn resolve(
    item: &Item,
    variables: bool,
    lookup: &dyn Fn(&str) -> Variable,
    reasons: &mut Vec<Reason>,
) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut units = item.units.as_slice();
    while let Some((unit, rest)) = units.split_first() {
        units = rest;
        match unit {
            Unit::Hole(_) | Unit::Own | Unit::Other => written(unit, lookup, &mut parts, reasons)?,
            Unit::Char('$') if variables && rest.first() == Some(&Unit::Char('{')) => {
                let end = rest.iter().position(|unit| *unit == Unit::Char('}'));
                let Some(inner) = end.and_then(|end| rest.get(1..end)) else {
                    parts.push(Part::Written('$'));
                    continue;
                };
                units = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
                let inner = Item { units: inner.to_vec(), span: None };
                match inner.as_known() {
                    None => parts.push(Part::Hole),
                    Some(name) => substitute(&name, lookup, &mut parts, reasons)?,
                }
            }
            Unit::Char(character) => parts.push(Part::Written(*character)),
        }
    }
    Some(parts)
}

/// One part as it is written, without variables.
fn written(
    unit: &Unit,
    lookup: &dyn Fn(&str) -> Variable,
    parts: &mut Vec<Part>,
    reasons: &mut Vec<Reason>,
) -> Option<()> {
    match unit {
        Unit::Char(character) => parts.push(Part::Written(*character)),
        Unit::Hole(_) => parts.push(Part::Hole),
        Unit::Other => parts.push(Part::Other),
        Unit::Own => substitute("aws:PrincipalAccount", lookup, parts, reasons)?,
    }
    Some(())
}

fn substitute(
    name: &str,
    lookup: &dyn Fn(&str) -> Variable,
    parts: &mut Vec<Part>,
    reasons: &mut Vec<Reason>,
) -> Option<()> {
    // `${*}`, `${?}` and `${$}` stand for the characters themselves.
    if let ("*" | "?" | "$", Some(character)) = (name, name.chars().next()) {
        parts.push(Part::Literal(character));
        return Some(());
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key.trim(), default.trim().strip_prefix('\'').and_then(|d| d.strip_suffix('\''))),
        None => (name.trim(), None),
    };
    match lookup(key) {
        Variable::Text(text) => parts.extend(text.chars().map(Part::Literal)),
        Variable::Account(prefix, suffix) => {
            parts.extend(prefix.chars().map(Part::Literal));
            parts.push(Part::Account);
            parts.extend(suffix.chars().map(Part::Literal));
        }
        Variable::Absent => parts.extend(default?.chars().map(Part::Literal)),
        Variable::Unknown(reason) => {
            reasons.push(reason);
            parts.push(Part::Hole);
        }
    }
    Some(())
}

/// A string with (`wild`) or without wildcards.
pub fn string(parts: &[Part], wild: bool, fold: bool) -> Pattern {
    let token = |part: &Part| match part {
        Part::Written('*') if wild => Token::Many,
        Part::Written('?') if wild => Token::One,
        Part::Written(character) | Part::Literal(character) => Token::Char(*character),
        Part::Hole => Token::Hole,
        Part::Account => Token::Account,
        Part::Other => Token::Other,
    };
    Pattern::new(parts.iter().map(token).collect(), fold)
}

/// How many colons stand before the last segment of an ARN.
const COLONS: usize = 5;

/// An ARN pattern: six segments, each compared on its own; only the last may contain colons (IAM User Guide, "ArnLike").
/// `None` if the pattern has fewer segments: it matches nothing. With an unknown part no segment is sure: the whole is
/// then compared as a string, which matches at least as much.
pub fn arn(parts: &[Part]) -> Option<Pattern> {
    if parts.contains(&Part::Hole) {
        return Some(string(parts, true, false));
    }
    let mut colons = 0;
    let mut tokens = Vec::new();
    for part in parts {
        let last = colons == COLONS;
        tokens.push(match part {
            Part::Written('*') if last => Token::Many,
            Part::Written('*') => Token::ManyInSegment,
            Part::Written('?') if last => Token::One,
            Part::Written('?') => Token::OneInSegment,
            Part::Written(character) | Part::Literal(character) => {
                if *character == ':' && !last {
                    colons += 1;
                }
                Token::Char(*character)
            }
            Part::Hole => Token::Hole,
            Part::Account => Token::Account,
            Part::Other => Token::Other,
        });
    }
    (colons == COLONS).then(|| Pattern::new(tokens, false))
}

/// Whether an action of a policy covers `action` (both in any case), and whether that is documented: a wildcard in the
/// service is not.
pub fn action(item: &Item, action: &str) -> (Tri, Option<Reason>) {
    let written = |unit: &Unit| match unit {
        Unit::Char(character) => Part::Written(*character),
        Unit::Hole(_) | Unit::Own | Unit::Other => Part::Hole,
    };
    let parts: Vec<Part> = item.units.iter().map(written).collect();
    let found = string(&parts, true, true).matches(action);
    let wild_service = match item.as_known() {
        Some(text) if text != "*" => text.split(':').next().is_some_and(|service| service.contains(['*', '?'])),
        _ => false,
    };
    if wild_service && found != Tri::No {
        let reason = Reason::new(item.shown(), "has a wildcard in the service, which AWS does not document", item.span);
        return (Tri::Maybe, Some(reason));
    }
    (found, item.holes().next().filter(|_| found == Tri::Maybe).cloned())
}

/// The pattern of a resource of a policy, or why it is not sure what it means. `Ok(None)` matches nothing.
///
/// IAM User Guide, "Resource": an ARN whose segments are compared one by one, or `*`; no wildcard in the service; variables
/// only after the fifth colon. A short ARN that ends in `*` is read as if the missing segments were `*`.
pub fn resource(
    item: &Item,
    variables: bool,
    lookup: &dyn Fn(&str) -> Variable,
    reasons: &mut Vec<Reason>,
) -> Result<Option<Pattern>, Reason> {
    let fifth = item.units.iter().enumerate().filter(|(_, unit)| **unit == Unit::Char(':')).nth(COLONS - 1);
    let head = fifth.map_or(item.units.len(), |(at, _)| at);
    let (head, tail) = item.units.split_at_checked(head).unwrap_or((&item.units, &[]));
    let mut parts = Vec::new();
    if head.iter().try_for_each(|unit| written(unit, lookup, &mut parts, reasons)).is_none() {
        return Ok(None);
    }
    let tail = Item { units: tail.to_vec(), span: item.span };
    match resolve(&tail, variables, lookup, reasons) {
        Some(tail) => parts.extend(tail),
        None => return Ok(None),
    }
    if parts.contains(&Part::Hole) {
        return Ok(Some(string(&parts, true, false)));
    }
    let text = item.shown();
    if !text.is_empty() && text.chars().all(|character| character == '*') {
        return Ok(Some(Pattern::new(vec![Token::Many], false)));
    }
    if !text.starts_with("arn:") {
        return Ok(None);
    }
    let mut segments = text.split(':');
    let wild = segments.nth(2).is_some_and(|service| service.contains(['*', '?']));
    if wild && fifth.is_some() {
        return Err(Reason::new(text, "has a wildcard in the service, which AWS does not document", item.span));
    }
    let missing = COLONS.saturating_sub(text.matches(':').count());
    if text.ends_with('*') {
        for _ in 0..missing {
            parts.extend([Part::Written(':'), Part::Written('*')]);
        }
    }
    Ok(arn(&parts))
}

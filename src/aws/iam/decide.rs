//! The verdict: whether service control policies deny a request for every, for no or for some value of what the caller
//! is free to choose.
//!
//! Organizations User Guide, "SCP evaluation": a deny anywhere on the way from the root to the account wins, and every
//! level must allow. The question is one of satisfiability, answered by going through the classes of
//! [`super::classes`], leaving out whatever cannot change the answer any more.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use foldhash::fast::RandomState as Hasher;
use indexmap::IndexSet;

use crate::finding::Witness;
use crate::source::Span;
use crate::text::Tri;
use crate::value::Reason;

use super::classes::{self, Classes, TooMany};
use super::closest::{self, Closest};
use super::memo::{Memo, Said};
use super::pattern;
use super::policy::{Effect, Element, Policy};
use super::predicate::{self, Atom, Predicate, Sample, Says, and, not, or};
use super::request::{Context, Free, Question};
use super::witness::{self, Request};

/// One level of the way from the organization's root to an account.
#[derive(Clone, Debug, Default)]
pub struct Level<'a> {
    /// The target's id or name.
    pub id: String,
    /// The policies attached to it, each with the doubt whether it is.
    pub policies: Vec<Attached<'a>>,
    /// Whether FullAWSAccess is attached to it, too.
    pub full_access: bool,
}

/// A policy attached to a level.
#[derive(Clone, Debug)]
pub struct Attached<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Why it may not be attached after all.
    pub doubt: Option<Reason>,
}

impl<'a> From<&'a Policy> for Attached<'a> {
    fn from(policy: &'a Policy) -> Self {
        Self { policy, doubt: None }
    }
}

/// Whether the request is denied.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Whatever the caller chooses.
    Denied(Vec<Decisive>),
    /// Never: with a request that gets through.
    NotDenied(Box<Escape>),
    /// Not always: with a request that gets through.
    Conditional(Box<Escape>),
    /// It depends on what is not known.
    Unknown(Vec<Reason>),
}

/// A verdict without what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// See [`Verdict::Denied`].
    Denied,
    /// See [`Verdict::NotDenied`].
    NotDenied,
    /// See [`Verdict::Conditional`].
    Conditional,
    /// See [`Verdict::Unknown`].
    Unknown,
}

/// What denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisive {
    /// What it is, for a reader.
    pub text: String,
    /// Where.
    pub span: Option<Span>,
}

/// A request that gets through.
#[derive(Clone, Debug)]
pub struct Escape {
    /// The request.
    pub witness: Witness,
    /// The statement that comes closest to denying it, and what defeats it.
    pub closest: Option<Closest>,
}

/// How many steps a decision may take: past it the verdict is unknown.
pub const BUDGET: usize = 2_000_000;

/// Decides.
pub fn decide(levels: &[Level<'_>], question: &Question) -> Verdict {
    decide_with(&mut Memo::default(), levels, question)
}

/// Decides, with what is remembered of other decisions about the same policies.
pub fn decide_with(memo: &mut Memo, levels: &[Level<'_>], question: &Question) -> Verdict {
    within(BUDGET, memo, levels, question)
}

/// Whether the request is denied, for those who do not ask by what, or which request gets through.
pub fn answer(memo: &mut Memo, levels: &[Level<'_>], question: &Question) -> Answer {
    searched(BUDGET, memo, levels, question, |found| {
        found.map_or(Answer::Unknown, |(search, _)| search.outcomes.answer())
    })
}

/// Decides, if that takes no more than so many steps.
pub(super) fn within(budget: usize, memo: &mut Memo, levels: &[Level<'_>], question: &Question) -> Verdict {
    searched(budget, memo, levels, question, |found| match found {
        Some((search, candidates)) => search.verdict(candidates),
        None => {
            let why = "distinguish more cases than rootlint goes through";
            Verdict::Unknown(vec![Reason::new("the conditions", why, None)])
        }
    })
}

/// What is told of a search that came to its end; nothing is found by one that would take too long.
fn searched<T>(
    budget: usize,
    memo: &mut Memo,
    levels: &[Level<'_>],
    question: &Question,
    told: impl FnOnce(Option<(Search<'_, '_>, &[Candidate<'_, '_>])>) -> T,
) -> T {
    let policies = levels.iter().flat_map(|level| level.policies.iter().map(|attached| attached.policy));
    let question = &question.clone().in_organization_named_by(policies);
    let said = memo.said(levels, question);
    let candidates = Candidate::all(&said, levels);
    let keys: BTreeSet<&str> = candidates.iter().flat_map(|candidate| candidate.said.keys()).collect();
    let outcomes = Outcomes::default();
    let mut search = Search { question, levels, said: &said, outcomes, budget, steps: 0, variables: Vec::new() };
    for context in Context::all(&keys, question) {
        if search.context(&candidates, context).is_err() {
            return told(None);
        }
        if search.outcomes.is_conditional() {
            break;
        }
    }
    told(Some((search, &candidates)))
}

/// A statement that may decide.
struct Candidate<'s, 'a> {
    said: &'s Said<'a>,
    denies: bool,
    /// What is the same in every request: effect, action, attachment.
    base: Tri,
    reasons: Vec<Reason>,
}

impl<'s, 'a> Candidate<'s, 'a> {
    fn all(said: &'s [Said<'a>], levels: &[Level<'_>]) -> Vec<Self> {
        let mut all = Vec::new();
        for said in said {
            let statement = said.statement;
            let (mut base, mut reasons) = said.actions().clone();
            let mut doubt = |reason: &Reason| {
                base = and(base, Tri::Maybe);
                reasons.push(reason.clone());
            };
            statement.unknown.iter().for_each(&mut doubt);
            said.doubt.iter().for_each(&mut doubt);
            if let Effect::Unknown(reason) = &statement.effect {
                doubt(reason);
            }
            if base == Tri::No {
                continue;
            }
            let allows_all = levels.get(said.level).is_some_and(|level| level.full_access);
            for denies in [true, false] {
                let other = if denies { Effect::Allow } else { Effect::Deny };
                // An allow cannot matter where everything is allowed anyway.
                if statement.effect != other && (denies || !allows_all) {
                    all.push(Self { said, denies, base, reasons: reasons.clone() });
                }
            }
        }
        all
    }
}

/// Whether `Action` or `NotAction` covers the action.
pub(in crate::aws) fn actions(element: &Element, action: &str) -> (Tri, Vec<Reason>) {
    let mut found = Tri::No;
    let mut reasons = Vec::new();
    for item in &element.values {
        let (one, reason) = pattern::action(item, action);
        found = or(found, one);
        reasons.extend(reason);
    }
    if element.negated && element.values.is_empty() {
        let reason = Reason::new("an empty `NotAction`", "is not documented", element.span);
        return (Tri::Maybe, vec![reason]);
    }
    (if element.negated { not(found) } else { found }, if found == Tri::Maybe { reasons } else { Vec::new() })
}

/// A statement in one kind of request.
struct Clause<'a> {
    candidate: usize,
    denies: bool,
    level: usize,
    now: Tri,
    /// Which predicates of which free values it still depends on.
    open: Vec<(usize, usize)>,
    reasons: Vec<&'a Reason>,
}

#[derive(Default)]
struct Outcomes {
    denied: BTreeSet<Decider>,
    unsure: Vec<Reason>,
    escape: Option<(Context, BTreeMap<Free, Sample>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Decider {
    Candidate(usize),
    Level(usize),
}

impl Outcomes {
    fn is_conditional(&self) -> bool {
        self.escape.is_some() && !self.denied.is_empty()
    }

    fn answer(&self) -> Answer {
        match (self.escape.is_some(), self.denied.is_empty()) {
            (false, _) if self.unsure.is_empty() => Answer::Denied,
            (true, true) if self.unsure.is_empty() => Answer::NotDenied,
            (true, false) => Answer::Conditional,
            _ => Answer::Unknown,
        }
    }
}

struct Search<'a, 'q> {
    question: &'q Question,
    levels: &'a [Level<'a>],
    said: &'q [Said<'a>],
    outcomes: Outcomes,
    budget: usize,
    steps: usize,
    /// The free values met so far: many kinds of requests ask the same of them.
    variables: Vec<Rc<Classes>>,
}

impl Search<'_, '_> {
    /// Goes through all requests of one kind.
    fn context(&mut self, candidates: &[Candidate<'_, '_>], context: Context) -> Result<(), TooMany> {
        let atoms: Atoms = candidates.iter().map(|candidate| candidate.said.atoms(&context, self.question)).collect();
        let mut predicates: Vec<(Free, IndexSet<&Rc<Predicate>, Hasher>)> = Vec::new();
        let mut clauses = Vec::new();
        for (index, (candidate, atoms)) in candidates.iter().zip(&atoms).enumerate() {
            let mut now = candidate.base;
            for atom in &**atoms {
                if let Says::Always(truth) = atom.says {
                    now = and(now, truth);
                }
            }
            if now == Tri::No {
                continue;
            }
            let mut open = Vec::new();
            for atom in &**atoms {
                let Says::When(free, predicate) = &atom.says else { continue };
                let at = match predicates.iter().position(|(known, _)| known == free) {
                    Some(at) => at,
                    None => {
                        predicates.push((*free, IndexSet::default()));
                        predicates.len() - 1
                    }
                };
                if let Some((_, list)) = predicates.get_mut(at) {
                    // Many statements ask the same.
                    open.push((at, list.insert_full(predicate).0));
                }
            }
            let reasons = candidate.reasons.iter().chain(atoms.iter().flat_map(|atom| &atom.reasons)).collect();
            let (denies, level) = (candidate.denies, candidate.said.level);
            clauses.push(Clause { candidate: index, denies, level, now, open, reasons });
        }
        let mut variables = Vec::new();
        for (free, predicates) in &predicates {
            variables.push(self.variable(*free, predicates)?);
        }
        let live: Vec<(usize, Tri)> = clauses.iter().enumerate().map(|(at, clause)| (at, clause.now)).collect();
        self.explore(&clauses, &variables, context, &live, &mut Vec::new())
    }

    fn variable(&mut self, free: Free, predicates: &IndexSet<&Rc<Predicate>, Hasher>) -> Result<Rc<Classes>, TooMany> {
        let same = |known: &&Rc<Classes>| known.are_of(free, predicates.iter().copied());
        if let Some(known) = self.variables.iter().find(same) {
            return Ok(Rc::clone(known));
        }
        let predicates = predicates.iter().map(|predicate| Rc::clone(predicate)).collect();
        let variable = Rc::new(Classes::new(free, predicates, self.question)?);
        self.variables.push(Rc::clone(&variable));
        Ok(variable)
    }

    /// Chooses a class for the next free value, until nothing can change the answer.
    fn explore(
        &mut self,
        clauses: &[Clause<'_>],
        variables: &[Rc<Classes>],
        context: Context,
        live: &[(usize, Tri)],
        chosen: &mut Vec<usize>,
    ) -> Result<(), TooMany> {
        self.steps += 1 + live.len() / 64;
        if self.steps > self.budget {
            return Err(TooMany);
        }
        let depth = chosen.len();
        let is_open = |clause: &Clause<'_>| clause.open.iter().any(|(variable, _)| *variable >= depth);
        let live_clauses = || live.iter().filter_map(|(at, now)| clauses.get(*at).map(|clause| (clause, *now)));
        // What is denied at least and at most, whatever is still to be chosen.
        let (mut least, mut most) = (Tri::No, Tri::No);
        let mut decider = None;
        let mut raise = |truth: Tri, who: Decider| {
            if predicate::rank(truth) > predicate::rank(least) {
                least = truth;
                decider = Some(who);
            }
        };
        let mut allowed = vec![(Tri::No, Tri::No); self.levels.len()];
        for (clause, now) in live_clauses() {
            if clause.denies {
                most = or(most, now);
                if !is_open(clause) {
                    raise(now, Decider::Candidate(clause.candidate));
                }
            } else if let Some((low, high)) = allowed.get_mut(clause.level) {
                *high = or(*high, now);
                if !is_open(clause) {
                    *low = or(*low, now);
                }
            }
        }
        for (index, (level, (low, high))) in self.levels.iter().zip(allowed).enumerate() {
            if !level.full_access {
                raise(not(high), Decider::Level(index));
                most = or(most, not(low));
            }
        }
        most = or(most, least);
        if least == most {
            match (least, decider) {
                (Tri::Yes, Some(decider)) => {
                    self.outcomes.denied.insert(decider);
                }
                (Tri::Yes, None) => {}
                (Tri::Maybe, _) => {
                    let unsure =
                        live_clauses().filter(|(_, now)| *now == Tri::Maybe).flat_map(|(clause, _)| &clause.reasons);
                    for reason in unsure {
                        if self.outcomes.unsure.len() < 16 && !self.outcomes.unsure.contains(reason) {
                            self.outcomes.unsure.push((*reason).clone());
                        }
                    }
                    if self.outcomes.unsure.is_empty() {
                        self.outcomes.unsure.push(Reason::new("a policy", "is partly unknown", None));
                    }
                }
                (Tri::No, _) if self.outcomes.escape.is_none() => {
                    let choices = variables.iter().zip(chosen.iter()).filter_map(|(variable, at)| {
                        variable.class(*at).map(|class| (variable.free, class.sample.clone()))
                    });
                    self.outcomes.escape = Some((context, choices.collect()));
                }
                (Tri::No, _) => {}
            }
            return Ok(());
        }
        let Some(variable) = variables.get(depth) else { return Ok(()) };
        let mut seen: HashSet<Vec<(usize, Tri)>, Hasher> = HashSet::default();
        for (at, class) in (0..).map_while(|at| variable.class(at).map(|class| (at, class))) {
            let mut next = Vec::new();
            for (index, now) in live {
                let Some(clause) = clauses.get(*index) else { continue };
                let asked = clause.open.iter().filter(|(variable, _)| *variable == depth);
                let now = asked.fold(*now, |now, (_, predicate)| and(now, class.answer(*predicate)));
                if now != Tri::No {
                    next.push((*index, now));
                }
            }
            // Classes that leave the same clauses are one.
            if !seen.insert(next.clone()) {
                continue;
            }
            chosen.push(at);
            let result = self.explore(clauses, variables, context, &next, chosen);
            chosen.pop();
            result?;
            if self.outcomes.is_conditional() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn verdict(self, candidates: &[Candidate<'_, '_>]) -> Verdict {
        let answer = self.outcomes.answer();
        let Outcomes { denied, unsure, escape } = self.outcomes;
        match (answer, escape) {
            (Answer::Denied, _) => {
                let decisive = denied.into_iter().filter_map(|decider| match decider {
                    Decider::Candidate(at) => candidates.get(at).map(|candidate| Decisive {
                        text: format!("{} denies it", candidate.said.statement.title()),
                        span: candidate.said.statement.span,
                    }),
                    Decider::Level(at) => self.levels.get(at).map(|level| Decisive {
                        text: format!("nothing attached to {} allows it", level.id),
                        span: level.policies.first().and_then(|attached| attached.policy.span),
                    }),
                });
                Verdict::Denied(decisive.collect())
            }
            (Answer::NotDenied | Answer::Conditional, Some(request)) => {
                let denied_for = |context: &Context, samples: &BTreeMap<Free, Sample>| {
                    denied_for(candidates, self.levels, self.question, context, samples)
                };
                let atoms: Atoms = candidates.iter().map(|one| one.said.atoms(&request.0, self.question)).collect();
                let witness = witness::describe(&atoms, self.question, &request, &denied_for);
                let closest = closest::find(self.said, self.question, &request);
                let escape = Box::new(Escape { witness, closest });
                if denied.is_empty() { Verdict::NotDenied(escape) } else { Verdict::Conditional(escape) }
            }
            _ => Verdict::Unknown(unsure),
        }
    }
}

/// Whether one concrete request is denied.
pub fn denies(levels: &[Level<'_>], question: &Question, (context, samples): &Request) -> Tri {
    let said = Memo::default().said(levels, question);
    denied_for(&Candidate::all(&said, levels), levels, question, context, samples)
}

/// The parts of each candidate in one kind of request.
type Atoms = Vec<Rc<[Atom]>>;

fn denied_for(
    candidates: &[Candidate<'_, '_>],
    levels: &[Level<'_>],
    question: &Question,
    context: &Context,
    samples: &BTreeMap<Free, Sample>,
) -> Tri {
    let mut denied = Tri::No;
    let mut allowed = vec![Tri::No; levels.len()];
    for candidate in candidates {
        let mut truth = candidate.base;
        for atom in &*candidate.said.atoms(context, question) {
            truth = and(truth, holds(atom, samples, question));
        }
        if candidate.denies {
            denied = or(denied, truth);
        } else if let Some(level) = allowed.get_mut(candidate.said.level) {
            *level = or(*level, truth);
        }
    }
    for (level, allowed) in levels.iter().zip(allowed) {
        if !level.full_access {
            denied = or(denied, not(allowed));
        }
    }
    denied
}

/// What an atom says of one request; what is not chosen is ordinary.
pub(super) fn holds(atom: &Atom, samples: &BTreeMap<Free, Sample>, question: &Question) -> Tri {
    match &atom.says {
        Says::Always(truth) => *truth,
        Says::When(free, predicate) => match samples.get(free) {
            Some(sample) => predicate.holds(sample),
            None => predicate.holds(&classes::everyday(*free, question)),
        },
    }
}

//! The verdict: whether service control policies deny a request for every, for no or for some value of what the caller
//! is free to choose.
//!
//! Organizations User Guide, "SCP evaluation": a deny anywhere on the way from the root to the account wins, and every
//! level must allow. The question is one of satisfiability, answered by going through the classes of
//! [`super::classes`], leaving out whatever cannot change the answer any more.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::finding::Witness;
use crate::source::Span;
use crate::text::Tri;
use crate::value::Reason;

use super::classes::{self, TooMany};
use super::closest::{self, Closest};
use super::compare;
use super::pattern;
use super::policy::{Effect, Element, Policy, Statement};
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
    within(BUDGET, levels, question)
}

/// Decides, if that takes no more than so many steps.
pub(super) fn within(budget: usize, levels: &[Level<'_>], question: &Question) -> Verdict {
    let policies = levels.iter().flat_map(|level| level.policies.iter().map(|attached| attached.policy));
    let question = &question.clone().in_organization_named_by(policies);
    let candidates = Candidate::all(levels, question);
    let mut keys = BTreeSet::new();
    for candidate in &candidates {
        candidate.keys(&mut keys);
    }
    let mut search =
        Search { question, levels, outcomes: Outcomes::default(), budget, steps: 0, variables: Vec::new() };
    for context in Context::all(&keys, question) {
        if search.context(&candidates, context).is_err() {
            let why = "distinguish more cases than rootlint goes through";
            return Verdict::Unknown(vec![Reason::new("the conditions", why, None)]);
        }
        if search.outcomes.is_conditional() {
            break;
        }
    }
    search.verdict(&candidates)
}

/// A statement that may decide.
pub(super) struct Candidate<'a> {
    pub(super) statement: &'a Statement,
    pub(super) variables: bool,
    pub(super) level: usize,
    denies: bool,
    /// What is the same in every request: effect, action, attachment.
    base: Tri,
    reasons: Vec<Reason>,
}

impl<'a> Candidate<'a> {
    fn all(levels: &[Level<'a>], question: &Question) -> Vec<Self> {
        let mut all = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            for attached in &level.policies {
                for statement in &attached.policy.statements {
                    let (mut base, mut reasons) = actions(&statement.actions, &question.action);
                    let mut doubt = |reason: &Reason| {
                        base = and(base, Tri::Maybe);
                        reasons.push(reason.clone());
                    };
                    statement.unknown.iter().for_each(&mut doubt);
                    attached.doubt.iter().for_each(&mut doubt);
                    if let Effect::Unknown(reason) = &statement.effect {
                        doubt(reason);
                    }
                    if base == Tri::No {
                        continue;
                    }
                    for denies in [true, false] {
                        let other = if denies { Effect::Allow } else { Effect::Deny };
                        // An allow cannot matter where everything is allowed anyway.
                        if statement.effect != other && (denies || !level.full_access) {
                            let (reasons, variables) = (reasons.clone(), attached.policy.variables);
                            all.push(Self { statement, variables, level: index, denies, base, reasons });
                        }
                    }
                }
            }
        }
        all
    }

    /// The condition keys that it mentions, in lower case.
    fn keys(&self, keys: &mut BTreeSet<String>) {
        for condition in &self.statement.conditions {
            keys.insert(condition.key.to_ascii_lowercase());
            for item in &condition.values {
                keys.extend(variables(&item.shown()));
            }
        }
        for item in &self.statement.resources.values {
            keys.extend(variables(&item.shown()));
        }
    }

    /// Its parts in one kind of request.
    pub(super) fn atoms(&self, context: &Context, question: &Question) -> Vec<Atom> {
        let mut atoms = vec![compare::resource(&self.statement.resources, self.variables, context, question)];
        for condition in &self.statement.conditions {
            atoms.push(compare::condition(condition, self.variables, context, question));
        }
        atoms
    }
}

/// The keys of the policy variables in a text.
fn variables(text: &str) -> impl Iterator<Item = String> {
    let inner = text.split("${").skip(1).filter_map(|rest| rest.split(['}', ',']).next());
    inner.map(|key| key.trim().to_ascii_lowercase()).collect::<Vec<_>>().into_iter()
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

/// A free value with its classes and what each predicate says of them.
struct Variable {
    free: Free,
    predicates: Vec<Predicate>,
    samples: Vec<Sample>,
    answers: Vec<Vec<Tri>>,
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
}

struct Search<'a, 'q> {
    question: &'q Question,
    levels: &'a [Level<'a>],
    outcomes: Outcomes,
    budget: usize,
    steps: usize,
    /// The free values met so far: many kinds of requests ask the same of them.
    variables: Vec<Rc<Variable>>,
}

impl Search<'_, '_> {
    /// Goes through all requests of one kind.
    fn context(&mut self, candidates: &[Candidate<'_>], context: Context) -> Result<(), TooMany> {
        let atoms: Atoms = candidates.iter().map(|candidate| candidate.atoms(&context, self.question)).collect();
        let mut predicates: Vec<(Free, Vec<&Predicate>)> = Vec::new();
        let mut clauses = Vec::new();
        for (index, (candidate, atoms)) in candidates.iter().zip(&atoms).enumerate() {
            let mut now = candidate.base;
            for atom in atoms {
                if let Says::Always(truth) = atom.says {
                    now = and(now, truth);
                }
            }
            if now == Tri::No {
                continue;
            }
            let mut open = Vec::new();
            for atom in atoms {
                let Says::When(free, predicate) = &atom.says else { continue };
                let at = match predicates.iter().position(|(known, _)| known == free) {
                    Some(at) => at,
                    None => {
                        predicates.push((*free, Vec::new()));
                        predicates.len() - 1
                    }
                };
                if let Some((_, list)) = predicates.get_mut(at) {
                    list.push(predicate);
                    open.push((at, list.len() - 1));
                }
            }
            let reasons = candidate.reasons.iter().chain(atoms.iter().flat_map(|atom| &atom.reasons)).collect();
            let Candidate { denies, level, .. } = *candidate;
            clauses.push(Clause { candidate: index, denies, level, now, open, reasons });
        }
        let mut variables = Vec::new();
        for (free, predicates) in &predicates {
            variables.push(self.variable(*free, predicates)?);
        }
        let live: Vec<(usize, Tri)> = clauses.iter().enumerate().map(|(at, clause)| (at, clause.now)).collect();
        self.explore(&clauses, &variables, context, &live, &mut Vec::new())
    }

    fn variable(&mut self, free: Free, predicates: &[&Predicate]) -> Result<Rc<Variable>, TooMany> {
        let same = |known: &&Rc<Variable>| known.free == free && known.predicates.iter().eq(predicates.iter().copied());
        if let Some(known) = self.variables.iter().find(same) {
            return Ok(Rc::clone(known));
        }
        let samples = classes::samples(free, predicates, self.question)?;
        let answers = samples.iter().map(|sample| predicates.iter().map(|p| p.holds(sample)).collect()).collect();
        let predicates = predicates.iter().map(|predicate| (*predicate).clone()).collect();
        let variable = Rc::new(Variable { free, predicates, samples, answers });
        self.variables.push(Rc::clone(&variable));
        Ok(variable)
    }

    /// Chooses a class for the next free value, until nothing can change the answer.
    fn explore(
        &mut self,
        clauses: &[Clause<'_>],
        variables: &[Rc<Variable>],
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
                        variable.samples.get(*at).map(|sample| (variable.free, sample.clone()))
                    });
                    self.outcomes.escape = Some((context, choices.collect()));
                }
                (Tri::No, _) => {}
            }
            return Ok(());
        }
        let Some(variable) = variables.get(depth) else { return Ok(()) };
        let mut seen = HashSet::new();
        for (at, answers) in variable.answers.iter().enumerate() {
            let mut next = Vec::new();
            for (index, now) in live {
                let Some(clause) = clauses.get(*index) else { continue };
                let asked = clause.open.iter().filter(|(variable, _)| *variable == depth);
                let now = asked
                    .fold(*now, |now, (_, predicate)| and(now, answers.get(*predicate).copied().unwrap_or(Tri::Maybe)));
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

    fn verdict(self, candidates: &[Candidate<'_>]) -> Verdict {
        let Outcomes { denied, unsure, escape } = self.outcomes;
        match escape {
            None if unsure.is_empty() => {
                let decisive = denied.into_iter().filter_map(|decider| match decider {
                    Decider::Candidate(at) => candidates.get(at).map(|candidate| Decisive {
                        text: format!("{} denies it", candidate.statement.title()),
                        span: candidate.statement.span,
                    }),
                    Decider::Level(at) => self.levels.get(at).map(|level| Decisive {
                        text: format!("nothing attached to {} allows it", level.id),
                        span: level.policies.first().and_then(|attached| attached.policy.span),
                    }),
                });
                Verdict::Denied(decisive.collect())
            }
            Some((context, samples)) if unsure.is_empty() || !denied.is_empty() => {
                let kinds = Kinds { candidates, question: self.question, met: RefCell::default() };
                let denied_for = |context: &Context, samples: &BTreeMap<Free, Sample>| {
                    denied_for(&kinds, self.levels, context, samples)
                };
                let request = (context, samples);
                let atoms = kinds.atoms(&request.0);
                let witness = witness::describe(&atoms, self.question, &request, &denied_for);
                let closest = closest::find(self.levels, self.question, &request);
                let escape = Box::new(Escape { witness, closest });
                if denied.is_empty() { Verdict::NotDenied(escape) } else { Verdict::Conditional(escape) }
            }
            _ => Verdict::Unknown(unsure),
        }
    }
}

/// Whether one concrete request is denied.
pub fn denies(levels: &[Level<'_>], question: &Question, (context, samples): &Request) -> Tri {
    let kinds = Kinds { candidates: &Candidate::all(levels, question), question, met: RefCell::default() };
    denied_for(&kinds, levels, context, samples)
}

/// The parts of each candidate in one kind of request.
type Atoms = Vec<Vec<Atom>>;

/// The parts of the candidates in each kind of request that was met.
struct Kinds<'c, 'a> {
    candidates: &'c [Candidate<'a>],
    question: &'c Question,
    met: RefCell<HashMap<Context, Rc<Atoms>>>,
}

impl Kinds<'_, '_> {
    fn atoms(&self, context: &Context) -> Rc<Atoms> {
        let make = || Rc::new(self.candidates.iter().map(|one| one.atoms(context, self.question)).collect());
        Rc::clone(self.met.borrow_mut().entry(*context).or_insert_with(make))
    }
}

fn denied_for(kinds: &Kinds<'_, '_>, levels: &[Level<'_>], context: &Context, samples: &BTreeMap<Free, Sample>) -> Tri {
    let mut denied = Tri::No;
    let mut allowed = vec![Tri::No; levels.len()];
    for (candidate, atoms) in kinds.candidates.iter().zip(&*kinds.atoms(context)) {
        let mut truth = candidate.base;
        for atom in atoms {
            truth = and(truth, holds(atom, samples, kinds.question));
        }
        if candidate.denies {
            denied = or(denied, truth);
        } else if let Some(level) = allowed.get_mut(candidate.level) {
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

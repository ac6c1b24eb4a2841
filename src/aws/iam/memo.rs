//! What statements say by themselves, worked out once for all the sets of policies that they are in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;

use crate::text::Tri;
use crate::value::Reason;

use super::compare;
use super::decide::{Level, actions};
use super::policy::{Policy, Statement};
use super::predicate::Atom;
use super::request::{Context, Question};

/// What decisions about the same policies share. An organization has hundreds of sets of policies, and those at its root are
/// in all of them.
#[derive(Debug, Default)]
pub struct Memo {
    /// The policies of which something is remembered: as long as they are held here, no other has their place in memory.
    kept: HashMap<*const Policy, Rc<Policy>>,
    /// The last questions, each with what statements say to it.
    asked: Vec<(Question, HashMap<*const Statement, Rc<Prepared>>)>,
}

/// How many questions are remembered: about any account, about one that no policy names, and about users and roles. One about
/// a certain account is asked once.
const QUESTIONS: usize = 4;

impl Memo {
    /// Remembers what the statements of a policy say.
    pub fn keep(&mut self, policy: &Rc<Policy>) {
        self.kept.entry(Rc::as_ptr(policy)).or_insert_with(|| Rc::clone(policy));
    }

    /// All statements of these levels.
    pub(super) fn said<'a>(&mut self, levels: &[Level<'a>], question: &Question) -> Vec<Said<'a>> {
        let at = self.asked.iter().position(|(asked, _)| asked == question);
        let entry = match at {
            Some(at) => self.asked.remove(at),
            None => (question.clone(), HashMap::new()),
        };
        if self.asked.len() >= QUESTIONS {
            self.asked.remove(0);
        }
        self.asked.push(entry);
        let mut said = Vec::new();
        let Some((_, known)) = self.asked.last_mut() else { return said };
        for (level, of_level) in levels.iter().enumerate() {
            for attached in &of_level.policies {
                let is_kept = self.kept.contains_key(&ptr::from_ref(attached.policy));
                for statement in &attached.policy.statements {
                    let new = || Rc::new(Prepared::new(statement, question));
                    let prepared = match is_kept {
                        true => Rc::clone(known.entry(ptr::from_ref(statement)).or_insert_with(new)),
                        false => new(),
                    };
                    said.push(Said {
                        level,
                        doubt: attached.doubt.clone(),
                        statement,
                        prepared,
                        variables: attached.policy.variables,
                    });
                }
            }
        }
        said
    }
}

/// A statement in a set of policies.
pub(super) struct Said<'a> {
    pub(super) level: usize,
    /// Why its policy may not be attached.
    pub(super) doubt: Option<Reason>,
    pub(super) statement: &'a Statement,
    /// Whether `${...}` is a policy variable in it.
    variables: bool,
    prepared: Rc<Prepared>,
}

impl Said<'_> {
    /// Whether its actions cover the one that is asked about.
    pub(super) fn actions(&self) -> &(Tri, Vec<Reason>) {
        &self.prepared.actions
    }

    /// The condition keys that it mentions, in lower case.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.prepared.keys.iter().map(|key| &**key)
    }

    /// Its parts in one kind of request: its resource, then its conditions.
    pub(super) fn atoms(&self, context: &Context, question: &Question) -> Rc<[Atom]> {
        let mut met = self.prepared.atoms.borrow_mut();
        if let Some((_, atoms)) = met.iter().find(|(known, _)| !self.prepared.varies || known == context) {
            return Rc::clone(atoms);
        }
        let resource = compare::resource(&self.statement.resources, self.variables, context, question);
        let condition = |condition| compare::condition(condition, self.variables, context, question);
        let atoms: Rc<[Atom]> =
            std::iter::once(resource).chain(self.statement.conditions.iter().map(condition)).collect();
        met.push((*context, Rc::clone(&atoms)));
        atoms
    }
}

/// What a statement says to one question, whatever stands beside it.
#[derive(Debug)]
struct Prepared {
    actions: (Tri, Vec<Reason>),
    keys: Vec<String>,
    /// Whether its parts are others in other kinds of requests.
    varies: bool,
    /// Its parts in each kind of request that was met.
    atoms: RefCell<Vec<(Context, Rc<[Atom]>)>>,
}

impl Prepared {
    fn new(statement: &Statement, question: &Question) -> Self {
        let actions = actions(&statement.actions, &question.action);
        let keys = keys(statement);
        let varies = keys.iter().any(|key| Context::varies(key));
        Self { actions, keys, varies, atoms: RefCell::default() }
    }
}

fn keys(statement: &Statement) -> Vec<String> {
    let mut keys = Vec::new();
    for condition in &statement.conditions {
        keys.push(condition.key.to_ascii_lowercase());
        for item in &condition.values {
            keys.extend(variables(&item.shown()));
        }
    }
    for item in &statement.resources.values {
        keys.extend(variables(&item.shown()));
    }
    keys
}

/// The keys of the policy variables in a text.
fn variables(text: &str) -> impl Iterator<Item = String> {
    let inner = text.split("${").skip(1).filter_map(|rest| rest.split(['}', ',']).next());
    inner.map(|key| key.trim().to_ascii_lowercase())
}

//! The statement that comes closest to denying a request, and what defeats it.

use crate::source::Span;
use crate::text::Tri;

use super::condition::Condition;
use super::decide::holds;
use super::memo::Said;
use super::policy::{Effect, Item, Statement};
use super::request::{Principal, Question};
use super::witness::Request;

/// A statement that nearly denies a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closest {
    /// The statement, for a reader.
    pub statement: String,
    /// Where it is.
    pub span: Option<Span>,
    /// What defeats it.
    pub defeat: String,
    /// Where that is written.
    pub defeat_span: Option<Span>,
}

/// The closest statement: the one of which the least is missing.
pub(super) fn find(said: &[Said<'_>], question: &Question, request: &Request) -> Option<Closest> {
    let mut best: Option<(usize, Defeat, &Statement)> = None;
    for said in said {
        let (cost, first) = defeats(said, question, request);
        let (Some(first), statement) = (first, said.statement) else { continue };
        // A statement about other actions altogether comes near nothing.
        let is_closer = best.as_ref().is_none_or(|(least, ..)| cost < *least);
        if is_closer && (cost < ACTION || names_root(statement)) {
            best = Some((cost, first, statement));
        }
    }
    best.map(|(_, defeat, statement)| {
        let (defeat, defeat_span) = defeat.told(statement, question);
        Closest { statement: statement.title(), span: statement.span, defeat, defeat_span }
    })
}

/// What a wrong action, effect, resource or condition costs.
const ACTION: usize = 100;
const EFFECT: usize = 10;
const RESOURCE: usize = 5;
const CONDITION: usize = 1;

/// What keeps a statement from denying a request.
enum Defeat {
    Action,
    Effect,
    Resource,
    /// The condition of this number.
    Condition(usize),
}

impl Defeat {
    /// What it is, in words, and where that is written.
    fn told(&self, statement: &Statement, question: &Question) -> (String, Option<Span>) {
        match self {
            Self::Action => (action_text(statement, question), statement.actions.span),
            Self::Effect => ("its `Effect` is `Allow`, which denies nothing".into(), statement.span),
            Self::Resource => (resource_text(statement, question), statement.resources.span),
            Self::Condition(at) => match statement.conditions.get(*at) {
                Some(condition) => (format!("{} does not hold", condition_text(condition)), condition.span),
                None => (String::new(), None),
            },
        }
    }
}

/// What everything costs that keeps a statement from denying the request, and the weightiest of it.
fn defeats(said: &Said<'_>, question: &Question, (context, samples): &Request) -> (usize, Option<Defeat>) {
    let (mut cost, mut first) = (0, None);
    let mut add = |price: usize, defeat: Defeat| {
        cost += price;
        first.get_or_insert(defeat);
    };
    if said.actions().0 != Tri::Yes {
        add(ACTION, Defeat::Action);
    }
    if said.statement.effect != Effect::Deny {
        add(EFFECT, Defeat::Effect);
    }
    for (at, atom) in said.atoms(context, question).iter().enumerate() {
        if holds(atom, samples, question) != Tri::Yes {
            match at.checked_sub(1) {
                None => add(RESOURCE, Defeat::Resource),
                Some(condition) => add(CONDITION, Defeat::Condition(condition)),
            }
        }
    }
    (cost, first)
}

fn list(items: &[Item]) -> String {
    let shown: Vec<String> = items.iter().take(3).map(|item| format!("`{}`", item.shown())).collect();
    if items.len() > 3 { format!("{}, ...", shown.join(", ")) } else { shown.join(", ") }
}

/// What a statement is whose actions leave the asked one out.
pub(super) fn action_text(statement: &Statement, question: &Question) -> String {
    match statement.actions.negated {
        true => format!("`NotAction` exempts `{}`", question.action),
        false => format!("its actions do not include `{}`", question.action),
    }
}

/// What a statement is whose resources leave the asked one out.
pub(super) fn resource_text(statement: &Statement, question: &Question) -> String {
    let resources = &statement.resources;
    let partition = &question.partition;
    let asked = match (&question.resource, question.principal) {
        (Some(resource), _) => format!("`{resource}`"),
        (None, Principal::Root) => format!("the root user's own ARN, `arn:{partition}:iam::ACCOUNT:root`"),
        (None, Principal::User) => format!("the user's own ARN, `arn:{partition}:iam::ACCOUNT:user/NAME`"),
        (None, Principal::Role) => format!("the role's own ARN, `arn:{partition}:iam::ACCOUNT:role/NAME`"),
    };
    match resources.negated {
        true => format!("`NotResource` exempts {asked}"),
        false => format!("its resources ({}) do not include {asked}", list(&resources.values)),
    }
}

/// A condition, for a reader.
pub(super) fn condition_text(condition: &Condition) -> String {
    format!("its condition `{}` on `{}` ({})", condition.operator.name, condition.key, list(&condition.values))
}

/// Whether a condition of the statement is about the root user.
fn names_root(statement: &Statement) -> bool {
    statement.conditions.iter().any(|condition| {
        condition.values.iter().any(|value| {
            let value = value.shown().to_ascii_lowercase();
            value.ends_with(":root") || value.ends_with("/root")
        })
    })
}

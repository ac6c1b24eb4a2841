//! The statement that comes closest to denying a request, and what defeats it.

use std::collections::BTreeMap;

use crate::source::Span;
use crate::text::Tri;

use super::compare;
use super::condition::Condition;
use super::decide::{Level, actions, holds};
use super::policy::{Effect, Item, Statement};
use super::predicate::Sample;
use super::request::{Context, Free, Principal, Question};

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
pub fn find(
    levels: &[Level<'_>],
    question: &Question,
    (context, samples): &(Context, BTreeMap<Free, Sample>),
) -> Option<Closest> {
    let mut best: Option<(usize, Closest)> = None;
    for attached in levels.iter().flat_map(|level| &level.policies) {
        for statement in &attached.policy.statements {
            let defeats = defeats(statement, attached.policy.variables, question, context, samples);
            let Some((_, defeat, defeat_span)) = defeats.first().cloned() else { continue };
            // A statement about other actions altogether comes near nothing.
            let cost: usize = defeats.iter().map(|(cost, ..)| cost).sum();
            if cost >= ACTION && !names_root(statement) {
                continue;
            }
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                let closest = Closest { statement: statement.title(), span: statement.span, defeat, defeat_span };
                best = Some((cost, closest));
            }
        }
    }
    best.map(|(_, closest)| closest)
}

/// What a wrong action, effect, resource or condition costs.
const ACTION: usize = 100;
const EFFECT: usize = 10;
const RESOURCE: usize = 5;
const CONDITION: usize = 1;

/// Everything that keeps a statement from denying the request, the weightiest first.
fn defeats(
    statement: &Statement,
    variables: bool,
    question: &Question,
    context: &Context,
    samples: &BTreeMap<Free, Sample>,
) -> Vec<(usize, String, Option<Span>)> {
    let mut found = Vec::new();
    if actions(&statement.actions, &question.action).0 != Tri::Yes {
        found.push((ACTION, action_text(statement, question), statement.actions.span));
    }
    if statement.effect != Effect::Deny {
        found.push((EFFECT, "its `Effect` is `Allow`, which denies nothing".into(), statement.span));
    }
    let resources = &statement.resources;
    if holds(&compare::resource(resources, variables, context, question), samples, question) != Tri::Yes {
        found.push((RESOURCE, resource_text(statement, question), resources.span));
    }
    for condition in &statement.conditions {
        let atom = compare::condition(condition, variables, context, question);
        if holds(&atom, samples, question) != Tri::Yes {
            found.push((CONDITION, format!("{} does not hold", condition_text(condition)), condition.span));
        }
    }
    found
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

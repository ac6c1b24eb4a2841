//! Statement by statement: in which requests it applies, and what of it keeps it from the others.

use crate::finding::Witness;
use crate::source::Span;
use crate::value::Reason;

use super::closest::{action_text, condition_text, resource_text};
use super::decide::{Attached, Level, Verdict, decide};
use super::policy::{Effect, Element, Item, Policy, Statement};
use super::request::Question;

/// In which requests something holds.
#[derive(Clone, Debug)]
pub enum Reach {
    /// In every one.
    Always,
    /// In none.
    Never,
    /// In some; not in this one.
    Sometimes(Box<Witness>),
    /// That depends on what is not known.
    Unknown(Vec<Reason>),
}

/// One statement of a level.
#[derive(Clone, Debug)]
pub struct Explained<'a> {
    /// Which level.
    pub level: usize,
    /// The statement.
    pub statement: &'a Statement,
    /// In which requests it applies.
    pub reach: Reach,
    /// What keeps it from applying to every request, and where that is written.
    pub defeats: Vec<(String, Option<Span>)>,
}

/// Every statement of every level, in their order.
pub fn explain<'a>(levels: &[Level<'a>], question: &Question) -> Vec<Explained<'a>> {
    let policies = levels.iter().flat_map(|level| level.policies.iter().map(|attached| attached.policy));
    let question = question.clone().in_organization_named_by(policies);
    let mut all = Vec::new();
    for (index, level) in levels.iter().enumerate() {
        for attached in &level.policies {
            for statement in &attached.policy.statements {
                let reach = reach(statement.clone(), attached, &question);
                let mut defeats = Vec::new();
                if !matches!(reach, Reach::Always) {
                    let doubts = statement.unknown.iter().chain(&attached.doubt);
                    defeats.extend(doubts.map(|doubt| (false, doubt.to_string(), doubt.span)));
                    parts(statement, attached, &question, &mut defeats);
                    if let (Reach::Never, true) = (&reach, defeats.iter().all(|(never, ..)| !never)) {
                        defeats.push((true, "its conditions exclude each other".into(), statement.span));
                    }
                }
                let defeats = defeats.into_iter().map(|(_, text, span)| (text, span)).collect();
                all.push(Explained { level: index, statement, reach, defeats });
            }
        }
    }
    all
}

/// A statement applies to a request exactly if it, as the only one, would deny it.
fn reach(statement: Statement, attached: &Attached<'_>, question: &Question) -> Reach {
    let statement = Statement { effect: Effect::Deny, ..statement };
    let policy = Policy { variables: attached.policy.variables, statements: vec![statement], span: None };
    let only = Attached { policy: &policy, doubt: attached.doubt.clone() };
    match decide(&[Level { id: String::new(), policies: vec![only], full_access: true }], question) {
        Verdict::Denied(_) => Reach::Always,
        Verdict::NotDenied(_) => Reach::Never,
        Verdict::Conditional(escape) => Reach::Sometimes(Box::new(escape.witness)),
        Verdict::Unknown(reasons) => Reach::Unknown(reasons),
    }
}

/// What of a statement does not always hold by itself, and whether it never does.
fn parts(
    statement: &Statement,
    attached: &Attached<'_>,
    question: &Question,
    found: &mut Vec<(bool, String, Option<Span>)>,
) {
    let all = || Element { negated: false, values: vec![Item::known("*")], span: None };
    let bare = Statement {
        actions: all(),
        resources: all(),
        conditions: Vec::new(),
        unknown: Vec::new(),
        ..statement.clone()
    };
    let attached = &Attached { policy: attached.policy, doubt: None };
    let mut part =
        |alone: Statement, never: String, name: String, span: Option<Span>| match reach(alone, attached, question) {
            Reach::Always => {}
            Reach::Never => found.push((true, never, span)),
            Reach::Sometimes(witness) => {
                found.push((false, format!("{name} does not always hold: not for {}", witness.text), span));
            }
            Reach::Unknown(reasons) => {
                let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                found.push((false, format!("whether {name} holds is unknown: {}", reasons.join("; ")), span));
            }
        };
    part(
        Statement { actions: statement.actions.clone(), ..bare.clone() },
        action_text(statement, question),
        "its action".into(),
        statement.actions.span,
    );
    part(
        Statement { resources: statement.resources.clone(), ..bare.clone() },
        resource_text(statement, question),
        "its resource".into(),
        statement.resources.span,
    );
    for condition in &statement.conditions {
        let text = condition_text(condition);
        part(
            Statement { conditions: vec![condition.clone()], ..bare.clone() },
            format!("{text} never holds"),
            text,
            condition.span,
        );
    }
}

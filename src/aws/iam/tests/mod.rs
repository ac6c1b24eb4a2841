//! Verdicts that were written down by hand, and properties that hold for all policies.

mod brute;
mod generator;
mod properties;
mod questions;
mod rules;
mod verdicts;

use std::sync::Arc;

use super::*;
use crate::document;
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Reason, Unknown, Value};

/// 2026-08-22.
const NOW: i64 = 1_787_356_800;

/// A document of JSON in which `<<name>>` is unknown.
fn value(json: &str) -> Value {
    let mut pieces = Vec::new();
    for (index, part) in json.split("<<").enumerate() {
        let (name, text) =
            if index == 0 { (None, part) } else { part.split_once(">>").map(|(n, t)| (Some(n), t)).unwrap() };
        if let Some(name) = name {
            let reason = Reason::new(name, "has no value", None);
            let unknown = Unknown { ty: Type::Dynamic, not_null: true, symbol: None, among: None, reason };
            pieces.push(Piece::Unknown(Arc::new(unknown)));
        }
        pieces.push(Piece::Literal(Literal { text: text.into(), span: None, exact: false }));
    }
    let text = Value::new(crate::value::Kind::Text(Text::from_pieces(pieces)));
    document::read(&text).unwrap_or_else(|error| panic!("{error:?} in {json}"))
}

fn policy(json: &str) -> Policy {
    Policy::parse(&value(json)).unwrap_or_else(|errors| panic!("{errors:?} in {json}"))
}

/// A policy of these statements.
fn statements(json: &str) -> Policy {
    policy(&format!(r#"{{"Version": "2012-10-17", "Statement": [{json}]}}"#))
}

/// A policy that denies `iam:CreateAccessKey` under this condition.
fn deny_if(condition: &str) -> Policy {
    statements(&format!(
        r#"{{"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*", "Condition": {condition}}}"#
    ))
}

fn question() -> Question {
    Question::root_key(Account::Any, NOW)
}

/// The verdict of policies at one level, with FullAWSAccess.
fn verdict(policies: &[Policy]) -> Verdict {
    verdict_of(policies, true, &question())
}

fn verdict_of(policies: &[Policy], full_access: bool, question: &Question) -> Verdict {
    let policies = policies.iter().map(Attached::from).collect();
    decide(&[Level { id: "account".into(), policies, full_access }], question)
}

/// A verdict's name.
fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Denied(_) => "yes",
        Verdict::NotDenied(_) => "no",
        Verdict::Conditional(_) => "conditional",
        Verdict::Unknown(_) => "unknown",
    }
}

fn escape(verdict: &Verdict) -> &Escape {
    match verdict {
        Verdict::NotDenied(escape) | Verdict::Conditional(escape) => escape,
        other => panic!("nothing gets through: {other:?}"),
    }
}

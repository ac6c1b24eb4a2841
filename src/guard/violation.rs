//! What violates a rule: which value, what was expected of it, and whether it fails only because something is unknown.
//!
//! A clause fails only because of something unknown if the value that it looks at, or one that it compares with, is unknown
//! or has something unknown in it, or if what is missing stands, if anywhere, in something unknown. Alternatives fail only
//! because of it if one of them does, a block of clauses if all that fail in it do.

use std::collections::BTreeSet;

use cloudformation_guard_lang::path_value::PathAwareValue;
use cloudformation_guard_lang::values::CmpOperator;
use cloudformation_guard_lang::{ClauseCheck, MissingValueCheck, QueryResult};

use super::document::{Document, json};
use crate::value::Reason;

/// How much of a value a message quotes.
const LONGEST: usize = 80;

/// One violation of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Violation {
    /// The value; where something is missing, the value that it is missing in.
    pub(super) node: usize,
    /// What is missing in it.
    pub(super) missing: Option<String>,
    /// What was expected of the value, as the end of a sentence: `must be set`.
    pub(super) expected: String,
    /// What the rule says.
    pub(super) message: Option<String>,
    /// What is unknown, if it fails only because of that.
    pub(super) unknown: Vec<Reason>,
    /// Other values that fail with it.
    pub(super) also: Vec<usize>,
}

/// A rule's own message, if there is something in it.
pub(super) fn message(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A block whose query finds nothing, where it must find something.
pub(super) fn nothing_found() -> Violation {
    Violation {
        node: 0,
        missing: None,
        expected: "there must be something that this rule is about".to_owned(),
        message: None,
        unknown: Vec::new(),
        also: Vec::new(),
    }
}

/// A clause that names a rule which does not hold, or `not` a rule which does.
pub(super) fn of_rule(check: &MissingValueCheck<'_>, violations: Vec<Violation>, undecided: Vec<Reason>) -> Violation {
    let certain = violations.iter().any(|violation| violation.unknown.is_empty());
    let unknown = match (violations.is_empty(), certain) {
        (true, _) => undecided,
        (false, true) => Vec::new(),
        (false, false) => violations.iter().flat_map(|violation| violation.unknown.iter().cloned()).collect(),
    };
    let expected = match violations.is_empty() {
        true => format!("the rule `{}` does not hold here", check.rule),
        false => format!("must be as the rule `{}` says", check.rule),
    };
    let mut all = violations.into_iter();
    let first = all.next();
    Violation {
        node: first.as_ref().map_or(0, |first| first.node),
        missing: first.as_ref().and_then(|first| first.missing.clone()),
        message: message(check.custom_message.as_deref()).or_else(|| first.and_then(|first| first.message)),
        also: all.map(|violation| violation.node).collect(),
        expected,
        unknown,
    }
}

/// Alternatives of which none holds, as one violation for each resource for which none does.
pub(super) fn alternatives(groups: Vec<Vec<Violation>>, document: &Document) -> Vec<Violation> {
    let resources = |group: &Vec<Violation>| -> BTreeSet<Option<usize>> {
        group.iter().map(|violation| document.resource(violation.node)).collect()
    };
    let in_all = groups.iter().map(resources).reduce(|all, own| &all & &own).unwrap_or_default();
    if in_all.is_empty() {
        // Each resource is let through by another alternative, and yet none holds.
        return as_one(groups, document, false).into_iter().collect();
    }
    let of = |resource: &Option<usize>| {
        let own = |group: &Vec<Violation>| {
            let own = group.iter().filter(|violation| document.resource(violation.node) == *resource);
            own.cloned().collect::<Vec<_>>()
        };
        as_one(groups.iter().map(own).collect(), document, false)
    };
    in_all.iter().filter_map(of).collect()
}

/// Alternatives of which none holds, as one violation. Where they are `values` of which one was enough, it is about what
/// they all stand in.
pub(super) fn as_one(groups: Vec<Vec<Violation>>, document: &Document, values: bool) -> Option<Violation> {
    let possible = |group: &&Vec<Violation>| group.iter().all(|violation| !violation.unknown.is_empty());
    let unknown: Vec<Reason> = groups.iter().filter(possible).flatten().flat_map(|one| one.unknown.clone()).collect();
    let said = groups.iter().flatten().find_map(|violation| violation.message.clone());
    let expected: Vec<String> = groups.iter().flatten().map(|violation| violation.expected.clone()).collect();
    let mut all: Vec<Violation> = groups.into_iter().flatten().collect();
    let nodes: Vec<usize> = all.iter().map(|violation| violation.node).collect();
    if all.is_empty() {
        return None;
    }
    // A value that is there says more than one that is not.
    let first = all.iter().position(|violation| violation.missing.is_none()).unwrap_or(0);
    let mut first = all.remove(first);
    first.message = said;
    first.unknown = unknown;
    first.also.extend(all.into_iter().flat_map(|other| std::iter::once(other.node).chain(other.also)));
    first.also.retain(|other| *other != first.node);
    first.also.dedup();
    if values && nodes.len() > 1 {
        first.node = document.around(&nodes);
        first.missing = None;
        first.also.clear();
        first.expected = format!("must have a part that {}", expected.first().map_or("", String::as_str));
    }
    Some(first)
}

/// What a clause that fails says. `met` is what of the unknown decided which values it looks at.
pub(super) fn of_clause(check: &ClauseCheck<'_>, met: &[(usize, Reason)], document: &Document) -> Option<Violation> {
    let (from, expected, said, others): (_, _, _, Vec<&QueryResult>) = match check {
        ClauseCheck::Comparison(check) => {
            let to: Vec<&QueryResult> = check.to.iter().collect();
            (&check.from, compared(check.comparison, &to), &check.custom_message, to)
        }
        ClauseCheck::InComparison(check) => {
            let to: Vec<&QueryResult> = check.to.iter().collect();
            (&check.from, compared(check.comparison, &to), &check.custom_message, to)
        }
        ClauseCheck::Unary(check) => {
            (&check.value.from, unary(check.comparison), &check.value.custom_message, Vec::new())
        }
        ClauseCheck::MissingBlockValue(check) => {
            (&check.from, "must be set".to_owned(), &check.custom_message, Vec::new())
        }
        ClauseCheck::NoValueForEmptyCheck(said) => {
            let unknown = met.iter().map(|(_, reason)| reason.clone()).collect();
            return Some(Violation { message: message(said.as_deref()), unknown, ..nothing_found() });
        }
        ClauseCheck::Success | ClauseCheck::DependentRule(_) => return None,
    };
    let is_unary = matches!(check, ClauseCheck::Unary(_));
    let must_not_be = matches!(check, ClauseCheck::Unary(check) if check.comparison == (CmpOperator::Exists, true));
    let mut unknown: Vec<Reason> = Vec::new();
    unknown.extend(why_unknown(from, document, is_unary, must_not_be));
    unknown.extend(others.iter().filter_map(|to| why_unknown(to, document, false, false)));
    let (node, missing) = match from {
        QueryResult::Literal(value) | QueryResult::Resolved(value) => (document.node(value), None),
        QueryResult::UnResolved(rest) => {
            let query = rest.remaining_query.split(" (").next().unwrap_or_default().trim_end_matches('.');
            (document.node(&rest.traversed_to), Some(query.to_owned()))
        }
    };
    let expected = if missing.is_some() && others.is_empty() { "must be set".to_owned() } else { expected };
    Some(Violation { node, missing, expected, message: message(said.as_deref()), unknown, also: Vec::new() })
}

/// Why it cannot be known what a value is. A clause about a value's kind does not look into it, and what must not be there
/// is there if it is certainly not null.
fn why_unknown(result: &QueryResult, document: &Document, shallow: bool, must_not_be: bool) -> Option<Reason> {
    match result {
        QueryResult::Literal(_) => None,
        QueryResult::Resolved(value) => {
            // What the rule itself writes has no node; the document as a whole has this number, too.
            let node = document.at(document.node(value)).filter(|_| document.node(value) != 0)?;
            let own = node.unknown.as_ref().filter(|(_, not_null)| !(must_not_be && *not_null));
            // A number of things is no longer those things.
            let whole = matches!(&**value, PathAwareValue::Map(_) | PathAwareValue::List(_)) && !shallow;
            own.map(|(reason, _)| reason.clone()).or_else(|| node.inner.clone().filter(|_| whole))
        }
        QueryResult::UnResolved(rest) => {
            document.maybe_there(document.node(&rest.traversed_to), &rest.remaining_query).cloned()
        }
    }
}

fn unary((operator, not): (CmpOperator, bool)) -> String {
    let what = match operator {
        CmpOperator::Exists => "set",
        CmpOperator::Empty => "empty",
        CmpOperator::IsString => "a string",
        CmpOperator::IsList => "a list",
        CmpOperator::IsMap => "a map",
        CmpOperator::IsBool => "a truth value",
        CmpOperator::IsInt => "an integer",
        CmpOperator::IsFloat => "a number with a fraction",
        CmpOperator::IsNull => "null",
        _ => "as the rule says",
    };
    format!("must {}be {what}", if not { "not " } else { "" })
}

fn compared((operator, not): (CmpOperator, bool), to: &[&QueryResult]) -> String {
    let how = match operator {
        CmpOperator::Eq => "",
        CmpOperator::In => "one of ",
        CmpOperator::Gt => "greater than ",
        CmpOperator::Lt => "less than ",
        CmpOperator::Ge => "at least ",
        CmpOperator::Le => "at most ",
        _ => "as the rule says: ",
    };
    // What a rule compares with may itself come from the document, and be secret there: only what the rule says is quoted.
    let known: Vec<String> = to.iter().filter_map(|to| literal(to)).collect();
    let what = if known.len() == to.len() && !known.is_empty() { known.join(", ") } else { "another value".to_owned() };
    format!("must {}be {how}{what}", if not { "not " } else { "" })
}

/// A value of the rule itself as it may be written there.
fn literal(result: &QueryResult) -> Option<String> {
    let value = match result {
        QueryResult::Literal(value) | QueryResult::Resolved(value) => value,
        QueryResult::UnResolved(_) => return None,
    };
    (value.self_path().1.line == 0).then(|| written(value))
}

fn written(value: &PathAwareValue) -> String {
    let text = match value {
        PathAwareValue::Regex((_, pattern)) => format!("/{pattern}/"),
        PathAwareValue::List((_, values)) => values.iter().map(written).collect::<Vec<_>>().join(", "),
        PathAwareValue::RangeInt((_, range)) => format!("from {} to {}", range.lower, range.upper),
        PathAwareValue::RangeFloat((_, range)) => format!("from {} to {}", range.lower, range.upper),
        PathAwareValue::RangeChar((_, range)) => format!("from {} to {}", range.lower, range.upper),
        other => json(other).to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

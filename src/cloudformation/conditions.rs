//! Conditions, three-valued: what depends on an unknown is undecided, with the unknown named.

use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call};
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::functions::text_of;
use crate::source::Span;
use crate::text::{Text, Tri};
use crate::types::Type;
use crate::value::{Kind, Reason, Unknown, Value, Via};

/// Whether something holds, or the unknown on which that depends.
pub(super) type Truth = Result<bool, Reason>;

impl Template {
    /// Whether the condition `name` holds; `span` is where it is named.
    pub(super) fn condition(&self, name: &str, span: Span) -> Truth {
        let Some(entry) = self.conditions.get(name) else {
            let value = self.fail("cfn-undefined-condition", name, format!("there is no condition `{name}`"), span);
            return Err(reason(&value));
        };
        // The name is taken for undecided as long as it is being decided.
        let pending = Reason::new(name, "depends on itself", Some(entry.key));
        let known = self.decided.borrow().get(name).cloned();
        match known {
            Some(Some(truth)) => return truth,
            Some(None) => {
                let message = format!("the condition `{name}` depends on itself");
                self.fail("cfn-condition-cycle", name, message, span);
                return Err(pending);
            }
            None => {}
        }
        if !self.enter(span) {
            return Err(Reason::new(name, "is nested too deeply", Some(entry.key)));
        }
        self.decided.borrow_mut().insert(Arc::clone(&entry.name), None);
        let truth = self.truth(Argument::new(&entry.body), None, &entry.scope);
        self.decided.borrow_mut().insert(Arc::clone(&entry.name), Some(truth.clone()));
        self.leave();
        truth
    }

    /// Whether an argument holds that is a condition function (`call`, if the caller knows it) or the name of one.
    pub(super) fn truth(&self, argument: Argument<'_>, call: Option<&Call<'_>>, scope: &Scope) -> Truth {
        let own = argument.call();
        let Some(call) = call.or(own.as_ref()) else {
            return match self.argument(argument, scope) {
                Some(value) => self.holds(&value, argument.span()),
                None => Ok(false),
            };
        };
        let operands = call.argument.elements().unwrap_or_default();
        let each = || operands.iter().map(|operand| self.nested(operand, scope));
        match (call.name, operands) {
            ("Condition", _) => match self.argument(call.argument, scope).and_then(|name| text_of(&name)) {
                Some(name) => self.condition(&name.as_str().unwrap_or_default(), call.argument.span()),
                None => Err(reason(&self.misused(call, "the name of a condition"))),
            },
            ("Fn::Equals", [left, right]) => {
                let (left, right) = (self.evaluate(left, scope), self.evaluate(right, scope));
                equal(left.as_ref(), right.as_ref())
            }
            ("Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn", [left, right]) => {
                let (left, right) = (self.evaluate(left, scope), self.evaluate(right, scope));
                self.members(call, left.as_ref(), right.as_ref())
            }
            ("Fn::Not", [_]) => each().next().unwrap_or(Ok(false)).map(|truth| !truth),
            // One operand that decides is enough, whatever is unknown beside it.
            ("Fn::And", [_, ..]) => decided_by(each(), false),
            ("Fn::Or", [_, ..]) => decided_by(each(), true),
            ("Fn::Equals" | "Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn", _) => {
                Err(reason(&self.misused(call, "two values")))
            }
            ("Fn::Not", _) => Err(reason(&self.misused(call, "one condition in a list"))),
            ("Fn::And" | "Fn::Or", _) => Err(reason(&self.misused(call, "a list of conditions"))),
            _ => match self.argument(argument, scope) {
                Some(value) => self.holds(&value, call.span),
                None => Ok(false),
            },
        }
    }

    /// A condition within a condition: one level deeper.
    fn nested(&self, node: &crate::syntax::node::Node, scope: &Scope) -> Truth {
        if !self.enter(node.span) {
            return Err(Reason::new("condition", "is nested too deeply", Some(node.span)));
        }
        let truth = self.truth(Argument::new(node), None, scope);
        self.leave();
        truth
    }

    /// A value as a truth value.
    fn holds(&self, value: &Value, span: Span) -> Truth {
        let text = text_of(value).and_then(|text| text.as_str().map(|text| text.to_ascii_lowercase()));
        match (value.as_unknown(), text.as_deref()) {
            (Some(unknown), _) => Err(unknown.reason.clone()),
            (None, Some("true")) => Ok(true),
            (None, Some("false")) => Ok(false),
            _ => Err(reason(&self.fail("cfn-invalid-condition", "condition", "this is no condition", span))),
        }
    }

    /// `Fn::If`
    pub(super) fn choose(&self, call: &Call<'_>, scope: &Scope) -> Option<Value> {
        let Some([condition, yes, no]) = call.argument.elements() else {
            return Some(self.misused(call, "a condition and two values"));
        };
        let name = self.evaluate_name(condition, scope);
        let truth = match &name {
            Some(name) => self.condition(name, condition.span),
            None => self.truth(Argument::new(condition), None, scope),
        };
        let name = name.unwrap_or_else(|| "Fn::If".into());
        match truth {
            Ok(truth) => {
                let value = self.evaluate(if truth { yes } else { no }, scope)?;
                Some(value.via(Via::Condition(name), Some(call.span)))
            }
            Err(reason) => {
                let (yes, no) = (self.evaluate(yes, scope), self.evaluate(no, scope));
                let ty = match (&yes, &no) {
                    (Some(yes), Some(no)) if yes.ty() == no.ty() => yes.ty(),
                    _ => Type::Dynamic,
                };
                let not_null = yes.is_some() && no.is_some();
                let unknown = Unknown { ty, not_null, symbol: None, among: None, reason };
                let marks = yes
                    .iter()
                    .chain(&no)
                    .fold(Default::default(), |marks, value: &Value| value.deep_marks().union(&marks));
                let value = match (yes, no) {
                    (Some(yes), Some(no)) => {
                        let via = |value: Value| value.via(Via::Condition(Arc::clone(&name)), Some(call.span));
                        choice(unknown, vec![via(yes), via(no)])
                    }
                    // A value that may be removed is nothing that it may be.
                    _ => Value::new(Kind::Unknown(Arc::new(unknown))),
                };
                Some(value.at(call.span).mark(&marks))
            }
        }
    }

    /// The name that a scalar is, loop variables replaced.
    pub(super) fn evaluate_name(&self, node: &crate::syntax::node::Node, scope: &Scope) -> Option<Arc<str>> {
        node.as_scalar()?;
        if Argument::new(node).call().is_some() {
            return None;
        }
        text_of(&self.evaluate(node, scope)?)?.as_str().map(|name| Arc::from(&*name))
    }
}

/// `Fn::Equals`: CloudFormation compares the strings that scalars are. What is one of a few values is compared with each.
pub(super) fn equal(left: Option<&Value>, right: Option<&Value>) -> Truth {
    let (Some(left), Some(right)) = (left, right) else {
        return Ok(left.is_none() && right.is_none());
    };
    let undecided = match equal_values(left, right) {
        Ok(truth) => return Ok(truth),
        Err(reason) => reason,
    };
    let (lefts, rights) = (left.alternatives(), right.alternatives());
    if lefts.is_none() && rights.is_none() {
        return Err(undecided);
    }
    let (lefts, rights) = (lefts.unwrap_or_else(|| vec![left.clone()]), rights.unwrap_or_else(|| vec![right.clone()]));
    let mut truths = lefts.iter().flat_map(|left| rights.iter().map(|right| equal_values(left, right)));
    match truths.next() {
        Some(Ok(first)) if truths.all(|truth| truth == Ok(first)) => Ok(first),
        _ => Err(undecided),
    }
}

fn equal_values(left: &Value, right: &Value) -> Truth {
    if let (Some(left), Some(right)) = (left.elements(), right.elements()) {
        if left.len() != right.len() {
            return Ok(false);
        }
        let pairs = left.iter().zip(right);
        return decided_by(pairs.map(|(left, right)| equal(Some(left), Some(right))), false);
    }
    let (Some(a), Some(b)) = (text_of(left), text_of(right)) else {
        return match left.first_unknown().or_else(|| right.first_unknown()) {
            Some(unknown) => Err(unknown.reason.clone()),
            None => Ok(false),
        };
    };
    let open = |text: &Text, known: &str| match text.unknown_part() {
        Some(unknown) if text.equals_ignore_case(known) != Tri::No => Err(unknown.reason.clone()),
        _ => Ok(false),
    };
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => Ok(a == b),
        (Some(known), None) => open(&b, &known),
        (None, Some(known)) => open(&a, &known),
        (None, None) => match a.unknown_part().or_else(|| b.unknown_part()) {
            Some(unknown) => Err(unknown.reason.clone()),
            None => Ok(false),
        },
    }
}

/// One of a few values: the value itself where they are all the same.
pub(super) fn choice(unknown: Unknown, among: Vec<Value>) -> Value {
    if let [first, others @ ..] = &*among {
        let same = |other: &Value| {
            let kinds = std::mem::discriminant(&first.kind) == std::mem::discriminant(&other.kind);
            kinds && equal_values(first, other) == Ok(true)
        };
        if first.fields().is_none() && others.iter().all(same) && !matches!(first.kind, Kind::Unknown(_)) {
            return first.clone();
        }
    }
    Value::one_of(unknown, among)
}

/// Whether all are the opposite of `decisive`: no if one is `decisive`, else undecided if one is.
pub(super) fn decided_by(truths: impl Iterator<Item = Truth>, decisive: bool) -> Truth {
    let mut result = Ok(!decisive);
    for truth in truths {
        match truth {
            Ok(truth) if truth == decisive => return Ok(decisive),
            Ok(_) => {}
            Err(reason) => result = result.and(Err(reason)),
        }
    }
    result
}

/// Why a value that is an error is unknown.
pub(super) fn reason(value: &Value) -> Reason {
    match value.as_unknown() {
        Some(unknown) => unknown.reason.clone(),
        None => Reason::new("condition", "is an error", value.origin.span),
    }
}

//! `Rules`: what a template demands of its parameters.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call};
use crate::cloudformation::conditions::{Truth, decided_by, equal, reason};
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::functions::text_of;
use crate::finding::Diagnostic;
use crate::syntax::node::Node;
use crate::value::Value;

impl Template {
    /// Reports the assertions that certainly fail. An undecided one restricts nothing.
    pub(super) fn check_rules(&self, rules: &Node) {
        let scope = Scope::default();
        let holds = |node: &Node| self.truth(Argument::new(node), None, &scope);
        for (_, rule) in rules.as_mapping().unwrap_or_default() {
            if rule.get("RuleCondition").is_some_and(|condition| holds(condition) != Ok(true)) {
                continue;
            }
            for assertion in rule.get("Assertions").and_then(Node::as_sequence).unwrap_or_default() {
                let Some(assert) = assertion.get("Assert").filter(|assert| holds(assert) == Ok(false)) else {
                    continue;
                };
                let message = match assertion.get("AssertDescription").and_then(Node::as_str) {
                    Some(description) => format!("an assertion of the template's rules fails: {description}"),
                    None => "an assertion of the template's rules fails".to_owned(),
                };
                self.error(Diagnostic::new("cfn-rule-assertion", message, assert.span));
            }
        }
    }

    /// `Fn::Contains`, `Fn::EachMemberEquals`, `Fn::EachMemberIn`: of a list and a value, or of two lists.
    pub(super) fn members(&self, call: &Call<'_>, left: Option<&Value>, right: Option<&Value>) -> Truth {
        let (Some(left), Some(right)) = (left, right) else {
            return Err(reason(&self.misused(call, "a list and a value")));
        };
        let Some(members) = left.elements() else {
            return match left.first_unknown() {
                Some(unknown) => Err(unknown.reason.clone()),
                None => Err(reason(&self.misused(call, "a list first"))),
            };
        };
        let is = |member: &Value, value: &Value| equal(Some(member), Some(value));
        match (call.name, right.elements()) {
            ("Fn::Contains", _) => decided_by(members.iter().map(|member| is(member, right)), true),
            ("Fn::EachMemberEquals", _) => decided_by(members.iter().map(|member| is(member, right)), false),
            (_, Some(list)) => {
                let among = |member: &Value| decided_by(list.iter().map(|element| is(member, element)), true);
                decided_by(members.iter().map(among), false)
            }
            _ => match right.first_unknown() {
                Some(unknown) => Err(unknown.reason.clone()),
                None => Err(reason(&self.misused(call, "two lists"))),
            },
        }
    }

    /// `Fn::RefAll`: the values of all parameters of a type.
    pub(super) fn all_of_type(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let kind = self.argument(call.argument, scope).and_then(|kind| text_of(&kind));
        let Some(kind) = kind.as_ref().and_then(|kind| kind.as_str()) else {
            return self.misused(call, "a parameter type");
        };
        let of_type = self.parameters.values().filter(|parameter| *parameter.kind == *kind);
        Value::tuple(of_type.map(|parameter| parameter.value.clone()).collect())
    }
}

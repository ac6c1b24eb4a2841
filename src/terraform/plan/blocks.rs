//! Outputs and providers in a plan, and which of its values rest on a credential.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::configuration::{Steps, key, name, target, whole};
use super::format::Plan;
use super::instances::Planned;
use crate::resource::{Block, Language, Mode, Presence, Role, Site};
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind};
use crate::terraform::attributes::AFTER_APPLY;
use crate::terraform::schema;
use crate::types::Type;
use crate::value::{Credential, Fields, Marks, Reason, Symbol, Value};

/// How many expressions one value may be followed through.
const MAX_STEPS: usize = 256;

impl Plan {
    /// The outputs of the root module and the providers.
    pub(super) fn blocks_of(&self, wanted: &dyn Fn(Role) -> bool) -> Vec<Block> {
        let mut found = Vec::new();
        let mut add = |role: Role, address: &str, kind: &str, span: Span, arguments: Value| {
            let site = Site {
                project: Arc::clone(&self.path),
                language: Language::Terraform,
                address: address.into(),
                block: address.into(),
                kind: kind.into(),
                header: span,
                span,
                presence: Presence::Certain,
                calls: Arc::from([]),
            };
            found.push(Block { role, site, arguments });
        };
        for (name, expression) in self.configuration.outputs.iter().filter(|_| wanted(Role::Output)) {
            let marks = self.credentials(expression, "", &self.path);
            let sensitive = self.configuration.sensitive_outputs.contains(name);
            let value = self.of_expression(expression, "value").mark(&marks).at(expression.span);
            let fields = [(Arc::from("value"), value), (Arc::from("sensitive"), Value::bool(sensitive))];
            let arguments = Value::object(fields.into_iter().collect());
            add(Role::Output, &format!("output.{name}"), "output", expression.span, arguments);
        }
        for (name, config) in self.providers.iter().filter(|_| wanted(Role::Provider)) {
            let kind = name.rsplit(':').next().and_then(|name| name.split('.').next()).unwrap_or_default();
            let Some(expressions) = config.get("expressions") else { continue };
            let arguments = self.of_expression(expressions, name);
            add(Role::Provider, &format!("provider.{name}"), kind, config.span, arguments);
        }
        found.sort_by(|a, b| a.site.address.cmp(&b.site.address));
        found
    }

    /// What a plan says of an expression: constants and variables of the root module, the rest is unknown.
    fn of_expression(&self, expression: &Node, what: &str) -> Value {
        let span = expression.span;
        if let Some(value) = self.constant(expression) {
            return value;
        }
        match &expression.kind {
            NodeKind::Sequence(elements) => {
                Value::tuple(elements.iter().map(|element| self.of_expression(element, what)).collect()).at(span)
            }
            NodeKind::Mapping(entries) if expression.get("references").is_none() => {
                let mut fields = Fields::default();
                for (key, value) in entries {
                    if let Some(name) = key.as_str() {
                        fields.insert(name.into(), Some(key.span), self.of_expression(value, name));
                    }
                }
                Value::object(fields).at(span)
            }
            _ => Value::unknown(Type::Dynamic, Reason::new(what, "is an expression, which no plan holds", Some(span)))
                .at(span),
        }
    }

    /// The value of an attribute with the credentials marked that may be in it.
    pub(super) fn with_credentials(
        &self,
        planned: &Planned,
        attribute: &str,
        value: Value,
        project: &Arc<str>,
    ) -> Value {
        // What is known and may be shown is no credential.
        if value.is_wholly_known() && !value.deep_marks().is_hidden() {
            return value;
        }
        let Some(config) = self.config(planned) else { return value };
        let Some(expression) = config.expressions.as_ref().and_then(|all| all.get(attribute)) else { return value };
        let marks = self.credentials(expression, &planned.module, project);
        value.mark(&marks)
    }

    /// Whether an attribute of an instance may have credentials in it, as the expressions of its block say.
    pub(super) fn may_rest_on_credentials(&self, planned: &Planned) -> bool {
        let Some(config) = self.config(planned) else { return false };
        let rests =
            |expression: &Node| !self.credentials(expression, &planned.module, &self.path).credentials().is_empty();
        config.arguments().any(|(_, expression)| rests(expression))
    }

    /// The credentials that an expression in a module instance rests on. What it makes of them is not in a plan.
    fn credentials(&self, expression: &Node, module: &str, project: &Arc<str>) -> Marks {
        let mut marks = Marks::NONE;
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        let mut open: Vec<(&Node, String)> = vec![(expression, module.to_owned())];
        while let Some((expression, module)) = open.pop() {
            for reference in whole(expression) {
                if seen.len() >= MAX_STEPS || !seen.insert((module.clone(), reference.to_owned())) {
                    continue;
                }
                if let Some(next) = self.behind(reference, &module) {
                    open.push(next);
                } else if let Some(credential) = self.credential(reference, &module, expression.span, project) {
                    marks.add(&Marks::credential(credential));
                }
            }
        }
        marks
    }

    /// The expression behind a variable of a module or an output of one, and the module instance that it stands in.
    fn behind(&self, reference: &str, module: &str) -> Option<(&Node, String)> {
        if let Some(rest) = reference.strip_prefix("var.") {
            let (variable, _) = name(rest)?;
            let call = Steps::of(module).last()?;
            let config = self.configuration.at(call.caller)?.calls.get(call.name)?;
            return Some((config.expressions.as_ref()?.get(variable)?, call.caller.to_owned()));
        }
        let (call, rest) = name(reference.strip_prefix("module.")?)?;
        let (key, rest) = key(rest)?;
        let (output, _) = name(rest.strip_prefix('.')?)?;
        let inner = self.configuration.at(module)?.calls.get(call)?;
        let dot = if module.is_empty() { "" } else { "." };
        Some((inner.module.outputs.get(output)?, format!("{module}{dot}module.{call}{key}")))
    }

    /// The credential that a reference to an attribute of a resource is.
    fn credential(&self, reference: &str, module: &str, read: Span, project: &Arc<str>) -> Option<Credential> {
        let target = target(reference).filter(|target| target.mode == Mode::Managed)?;
        let (key, rest) = key(target.rest)?;
        let (attribute, _) = name(rest.strip_prefix('.')?)?;
        if !schema::of(Mode::Managed, target.kind)?.is_credential(attribute) {
            return None;
        }
        let config = self.configuration.at(module)?.resources.get(&*target.block())?;
        let encrypted = config.expressions.as_ref().and_then(|all| all.get("pgp_key"));
        if encrypted.is_some() {
            return None;
        }
        let dot = if module.is_empty() { "" } else { "." };
        let address = format!("{module}{dot}{}{key}", target.block());
        let unless = Reason::new(format!("{address}.{attribute}"), AFTER_APPLY, Some(read));
        Some(Credential {
            // A plan is one long line: a place far off in it explains nothing.
            header: None,
            of: Symbol {
                project: Arc::clone(project),
                address: address.into(),
                kind: target.kind.into(),
                attribute: attribute.into(),
            },
            read: None,
            unless: Some(unless),
        })
    }
}

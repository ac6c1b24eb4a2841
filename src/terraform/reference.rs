//! What a reference means: `var.x`, `local.x`, `module.m.out`, `data.t.n`, `type.name[0].attribute`, `each`, `count`,
//! `path`, `terraform`. <https://developer.hashicorp.com/terraform/language/expressions/references>

use std::sync::Arc;

use super::attributes::Instance;
use super::config::ResourceId;
use super::evaluator::{Evaluated, Evaluator, Repetition, fail, fail_always};
use super::expression::seen;
use super::instance::{Expansion, InstanceKey};
use super::scope::Scope;
use crate::convert::convert;
use crate::resource::Mode;
use crate::source::Span;
use crate::syntax::hcl::{Name, Step};
use crate::types::Type;
use crate::value::{Fields, Origin, Reason, Value, Via};

/// An output of another project's state: of which instance, its name, and the steps after it.
type OneOutput<'s> = (InstanceKey, Arc<str>, &'s [Step]);

impl Evaluator<'_> {
    /// The value of a reference.
    pub(super) fn reference(&self, root: &Name, steps: &[Step], scope: &Scope<'_>, span: Span) -> Evaluated {
        if let Some(value) = scope.variable(&root.text) {
            let value = value.clone();
            return self.steps(value, steps, scope, span);
        }
        if let Some(variables) = scope.template {
            let Some(value) = variables.get(&root.text) else {
                return fail(format!("the template has no variable `{}`", root.text), root.span);
            };
            let value = seen(value, &Via::Element, span);
            return self.steps(value, steps, scope, span);
        }
        match &*root.text {
            "var" => self.named_reference(root, steps, scope, span, Self::variable),
            "local" => self.named_reference(root, steps, scope, span, Self::local),
            "module" => self.module_reference(root, steps, scope, span),
            "data" | "ephemeral" => {
                let [Step::Attribute(kind), Step::Attribute(name), rest @ ..] = steps else {
                    return fail(format!("`{}` must be followed by a type and a name", root.text), span);
                };
                if &*root.text == "ephemeral" {
                    let reason = Reason::new(
                        format!("ephemeral.{}.{}", kind.text, name.text),
                        "is only known while Terraform runs",
                        Some(span),
                    );
                    return self.steps(Value::unknown(Type::Dynamic, reason).at(span), rest, scope, span);
                }
                self.resource_reference(Mode::Data, kind, name, rest, scope, span)
            }
            "resource" => {
                let [Step::Attribute(kind), Step::Attribute(name), rest @ ..] = steps else {
                    return fail("`resource` must be followed by a type and a name", span);
                };
                self.resource_reference(Mode::Managed, kind, name, rest, scope, span)
            }
            "each" | "count" => self.repetition_reference(root, steps, scope, span),
            "path" | "terraform" | "tofu" => self.surroundings(root, steps, scope, span),
            "self" if scope.this.is_some() => self.own_reference(steps, scope, span),
            "self" => fail_always("`self` means something only in provisioners, connections and postconditions", span),
            _ => match steps {
                [Step::Attribute(name), rest @ ..] => {
                    self.resource_reference(Mode::Managed, root, name, rest, scope, span)
                }
                _ => fail_always(
                    format!("`{}` is no reference: a resource type must be followed by a name", root.text),
                    span,
                ),
            },
        }
    }

    /// `self.x`, of the resource that a provisioner belongs to.
    fn own_reference(&self, steps: &[Step], scope: &Scope<'_>, span: Span) -> Evaluated {
        let (Some((id, key)), [Step::Attribute(name), rest @ ..]) = (scope.this, steps) else {
            return fail("`self` must be followed by the name of an attribute", span);
        };
        let named = self.attribute(scope.module, id, key, &name.text, span)?;
        self.steps(seen(&named.value, &named.via, span), rest, scope, span)
    }

    /// `var.x`, `local.x`
    fn named_reference(
        &self,
        root: &Name,
        steps: &[Step],
        scope: &Scope<'_>,
        span: Span,
        find: fn(&Self, super::evaluator::ModuleId, &Arc<str>, Span) -> Evaluated<super::evaluator::Named>,
    ) -> Evaluated {
        let [Step::Attribute(name), rest @ ..] = steps else {
            return fail(format!("`{}` must be followed by a name", root.text), span);
        };
        let named = find(self, scope.module, &name.text, span)?;
        self.steps(seen(&named.value, &named.via, span), rest, scope, span)
    }

    fn repetition_reference(&self, root: &Name, steps: &[Step], scope: &Scope<'_>, span: Span) -> Evaluated {
        let [Step::Attribute(name), rest @ ..] = steps else {
            return fail(format!("`{}` must be followed by a name", root.text), span);
        };
        let value = match (&*root.text, &*name.text, scope.repetition) {
            ("count", "index", Repetition::Count(index)) => index.clone(),
            ("each", "key", Repetition::Each(key, _)) => key.clone(),
            ("each", "value", Repetition::Each(_, value)) => value.clone(),
            ("count", "index", Repetition::Unknown(reason)) => Value::unknown(Type::Number, reason.clone()),
            ("each", "key", Repetition::Unknown(reason)) => Value::unknown(Type::Text, reason.clone()),
            ("each", "value", Repetition::Unknown(reason)) => Value::unknown(Type::Dynamic, reason.clone()),
            _ => {
                let (root, name) = (&root.text, &name.text);
                return fail(
                    format!("`{root}.{name}` means nothing here: the block has no fitting `count` or `for_each`"),
                    span,
                );
            }
        };
        let value = Value { origin: Origin { span: Some(span), hops: value.origin.hops.clone() }, ..value };
        self.steps(value, rest, scope, span)
    }

    fn surroundings(&self, root: &Name, steps: &[Step], scope: &Scope<'_>, span: Span) -> Evaluated {
        let [Step::Attribute(name), rest @ ..] = steps else {
            return fail(format!("`{}` must be followed by a name", root.text), span);
        };
        let value = match (&*root.text, &*name.text) {
            ("path", "module") => Value::text(self.instance(scope.module).path.as_str()),
            ("path", "root") => Value::text("."),
            ("path", "cwd") => {
                Value::unknown(Type::Text, Reason::new("path.cwd", "depends on where Terraform runs", Some(span)))
            }
            ("terraform" | "tofu", "workspace") => {
                let workspace = self.inputs.workspace.clone();
                seen(&workspace.value, &workspace.via, span)
            }
            (root, name) => return fail_always(format!("there is no `{root}.{name}`"), span),
        };
        let value = if value.origin.span.is_some() { value } else { value.at(span) };
        self.steps(value, rest, scope, span)
    }

    // --- modules ---

    fn module_reference(&self, root: &Name, steps: &[Step], scope: &Scope<'_>, span: Span) -> Evaluated {
        let [Step::Attribute(call), rest @ ..] = steps else {
            return fail("`module` must be followed by a name", root.span);
        };
        let instance = self.instance(scope.module);
        let Some(block) = instance.module.calls.get(&call.text) else {
            return fail_always(format!("there is no module call `{}` in this module", call.text), span);
        };
        let children = self.children(scope.module, &call.text, block.header)?;
        let repeated = ["count", "for_each"].iter().any(|name| block.body.attribute(name).is_some());
        if children.is_empty() && !self.is_known_absent(scope.module, block) {
            let why = self.why_missing(scope.module, &call.text);
            let reason = Reason::new(format!("module.{}", call.text), why, Some(block.header));
            let marks = self.credential_of_module(scope.module, call, block, rest, &reason, span);
            return Ok(self.steps(Value::unknown(Type::Dynamic, reason).at(span), rest, scope, span)?.mark(&marks));
        }
        if children.iter().any(|(key, _)| matches!(key, InstanceKey::Pending(_) | InstanceKey::Unknown)) {
            let reason = self.presence_reason(scope.module, &call.text, block);
            return self.steps(Value::unknown(Type::Dynamic, reason).at(span), rest, scope, span);
        }
        if !repeated {
            let Some((_, child)) = children.first() else {
                return fail(format!("`module.{}` is switched off", call.text), span);
            };
            return match rest {
                [Step::Attribute(output), rest @ ..] => {
                    let value = self.output_value(*child, &output.text, span)?;
                    self.steps(value, rest, scope, span)
                }
                _ => self.steps(self.all_outputs(*child, span)?, rest, scope, span),
            };
        }
        // One instance's one output, without evaluating the others.
        if let [Step::Index(key), Step::Attribute(output), rest @ ..] = rest {
            let key = self.eval(key, scope)?;
            if let Some((_, child)) = children.iter().find(|(instance, _)| matches_key(instance, &key)) {
                let value = self.output_value(*child, &output.text, span)?;
                return self.steps(value, rest, scope, span);
            }
        }
        let mut list = Vec::new();
        let mut map = Fields::default();
        for (key, child) in children.iter() {
            let outputs = self.all_outputs(*child, span)?;
            match key {
                InstanceKey::Key(key) => map.insert(Arc::clone(key), None, outputs),
                _ => list.push(outputs),
            }
        }
        let by_key = block.body.attribute("for_each").is_some();
        let all = if by_key { Value::object(map) } else { Value::tuple(list) };
        self.steps(all.at(span), rest, scope, span)
    }

    fn output_value(&self, child: super::evaluator::ModuleId, name: &Arc<str>, span: Span) -> Evaluated {
        let named = self.output(child, name, span)?;
        Ok(seen(&named.value, &named.via, span))
    }

    fn all_outputs(&self, child: super::evaluator::ModuleId, span: Span) -> Evaluated {
        let names: Vec<Arc<str>> = self.instance(child).module.outputs.keys().cloned().collect();
        let mut outputs = Fields::default();
        for name in names {
            let value = self.output_value(child, &name, span)?;
            outputs.insert(name, None, value);
        }
        Ok(Value::object(outputs).at(span))
    }

    // --- resources ---

    fn resource_reference(
        &self,
        mode: Mode,
        kind: &Name,
        name: &Name,
        steps: &[Step],
        scope: &Scope<'_>,
        span: Span,
    ) -> Evaluated {
        let id = ResourceId { mode, kind: Arc::clone(&kind.text), name: Arc::clone(&name.text) };
        let instance = self.instance(scope.module);
        let Some(block) = instance.module.resources.get(&id) else {
            let what = if mode == Mode::Data { "data source" } else { "resource" };
            return fail_always(format!("there is no {what} `{id}` in this module"), span);
        };
        let repeated = ["count", "for_each"].iter().any(|name| block.body.attribute(name).is_some());
        match steps.first() {
            Some(Step::Attribute(name)) if repeated => {
                let name = &name.text;
                return fail_always(format!("`{id}` has several instances: say which one's `{name}` is meant"), span);
            }
            Some(Step::Index(_)) if !repeated => {
                return fail_always(
                    format!("`{id}` has one instance, without `count` or `for_each`, and no key"),
                    span,
                );
            }
            _ => {}
        }
        let expansion = self.expansion(scope.module, &id, span)?;
        let attribute = |key: &InstanceKey, name: &Name| -> Evaluated {
            let named = self.attribute(scope.module, &id, key, &name.text, span)?;
            let mut value = seen(&named.value, &named.via, span);
            value.marks = value.marks.read_at(span);
            Ok(value)
        };
        // One output of another project's state, without the others.
        if &*id.kind == "terraform_remote_state"
            && let Some((key, output, rest)) = self.one_output(&expansion, steps, scope)?
        {
            let at = Instance { module: scope.module, id: &id, key: &key, block };
            let named = self.remote_output(&at, &output, span)?;
            return self.steps(seen(&named.value, &named.via, span), rest, scope, span);
        }
        match (&*expansion, steps) {
            (Expansion::Single, [Step::Attribute(name), rest @ ..]) => {
                self.steps(attribute(&InstanceKey::None, name)?, rest, scope, span)
            }
            (Expansion::Unknown(_) | Expansion::Pending(..), [Step::Index(key), Step::Attribute(name), rest @ ..]) => {
                let key = self.eval(key, scope)?;
                self.steps(attribute(&expansion.find(&key).unwrap_or(InstanceKey::Unknown), name)?, rest, scope, span)
            }
            (Expansion::Unknown(reason) | Expansion::Pending(_, reason), _) => {
                let reason = Reason::new(
                    id.to_string(),
                    format!("has an unknown number of instances: {reason}"),
                    Some(block.header),
                );
                let mut value = self.steps(Value::unknown(Type::Dynamic, reason).at(span), steps, scope, span)?;
                if let Some(name) = first_attribute(steps) {
                    value.marks.add(&attribute(&InstanceKey::Unknown, name)?.deep_marks().only_credentials());
                }
                Ok(value)
            }
            (Expansion::Count(..) | Expansion::Each(_), [Step::Index(key), Step::Attribute(name), rest @ ..]) => {
                let key = self.eval(key, scope)?;
                if let Some(unknown) = key.as_unknown() {
                    return self.steps(
                        Value::unknown_from_nullable(&unknown, Type::Dynamic).at(span),
                        rest,
                        scope,
                        span,
                    );
                }
                match expansion.find(&key) {
                    Some(instance) => self.steps(attribute(&instance, name)?, rest, scope, span),
                    None => fail(format!("`{id}` has no such instance"), span),
                }
            }
            // `type.name[*].attribute`: only that attribute of each.
            (Expansion::Count(..), [Step::Splat(inner, _), rest @ ..])
                if matches!(inner.first(), Some(Step::Attribute(_))) =>
            {
                let [Step::Attribute(name), inner @ ..] = inner.as_slice() else {
                    return fail("an attribute is expected", span);
                };
                let mut values = Vec::new();
                for key in expansion.keys() {
                    values.push(self.steps(attribute(&key, name)?, inner, scope, span)?);
                }
                self.steps(Value::tuple(values).at(span), rest, scope, span)
            }
            _ => {
                let all = self.whole_resource(scope.module, &id, block, &expansion, span)?;
                self.steps(all, steps, scope, span)
            }
        }
    }

    /// `outputs.name` or `outputs["name"]` of an instance that is known, and what follows it.
    fn one_output<'s>(
        &self,
        expansion: &Expansion,
        steps: &'s [Step],
        scope: &Scope<'_>,
    ) -> Evaluated<Option<OneOutput<'s>>> {
        let (key, steps) = match (expansion, steps) {
            (Expansion::Single, steps) => (InstanceKey::None, steps),
            (Expansion::Count(..) | Expansion::Each(_), [Step::Index(key), rest @ ..]) => {
                let Some(key) = expansion.find(&self.eval(key, scope)?) else { return Ok(None) };
                (key, rest)
            }
            _ => return Ok(None),
        };
        let [Step::Attribute(outputs), output, rest @ ..] = steps else { return Ok(None) };
        let output = match output {
            Step::Attribute(name) => Some(Arc::clone(&name.text)),
            Step::Index(name) => self.eval(name, scope)?.as_str().map(Arc::from),
            Step::Splat(..) => None,
        };
        Ok(output.filter(|_| &*outputs.text == "outputs").map(|output| (key, output, rest)))
    }

    /// The resource as one value: an object, or a tuple or map of objects. A resource repeated over a set or map that
    /// is empty is an empty one.
    fn whole_resource(
        &self,
        module: super::evaluator::ModuleId,
        id: &ResourceId,
        block: &crate::syntax::hcl::Block,
        expansion: &Expansion,
        span: Span,
    ) -> Evaluated {
        let keys = expansion.keys();
        if let [InstanceKey::None] = keys.as_slice() {
            return self.whole_instance(module, id, &InstanceKey::None, span);
        }
        if block.body.attribute("for_each").is_some() {
            let mut map = Fields::default();
            for key in keys {
                let whole = self.whole_instance(module, id, &key, span)?;
                if let InstanceKey::Key(name) = key {
                    map.insert(name, None, whole);
                }
            }
            return Ok(Value::object(map).at(span));
        }
        let list: Result<Vec<Value>, _> = keys.iter().map(|key| self.whole_instance(module, id, key, span)).collect();
        Ok(Value::tuple(list?).at(span))
    }
}

/// The attribute of a resource that steps lead to, by way of instances.
pub(super) fn first_attribute(steps: &[Step]) -> Option<&Name> {
    match steps.first()? {
        Step::Attribute(name) => Some(name),
        Step::Splat(inner, _) => first_attribute(inner).or_else(|| first_attribute(steps.get(1..)?)),
        Step::Index(_) => first_attribute(steps.get(1..)?),
    }
}

/// Whether an instance is the one that an index expression names.
pub(super) fn matches_key(instance: &InstanceKey, key: &Value) -> bool {
    match instance {
        InstanceKey::Key(name) => {
            convert(key, &Type::Text).ok().and_then(|key| key.as_str().map(|key| *key == **name)) == Some(true)
        }
        InstanceKey::Index(index) => {
            convert(key, &Type::Number).ok().and_then(|key| key.as_number().and_then(|key| key.as_usize()))
                == Some(*index)
        }
        InstanceKey::None | InstanceKey::Pending(_) | InstanceKey::Unknown => false,
    }
}

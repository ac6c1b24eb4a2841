//! Data sources: when Terraform reads them, and what some of them say without being asked.
//! <https://developer.hashicorp.com/terraform/language/data-sources#data-resource-behavior>

use std::collections::HashSet;
use std::sync::Arc;

use super::attributes::{AFTER_APPLY, Gaps, Instance, META, names};
use super::config::{ResourceId, references};
use super::evaluator::{Evaluated, Evaluator, ModuleId};
use super::instance::{Expansion, InstanceKey};
use super::normal;
use super::providers::{self, Part};
use super::schema::{self, Schema};
use super::scope::Scope;
use crate::resource::Mode;
use crate::source::Span;
use crate::syntax::hcl::{Body, Expr, ExprKind};
use crate::text::Piece;
use crate::types::Type;
use crate::value::{Kind, Reason, Value};

/// The references that have been followed.
type Seen = HashSet<(ModuleId, Vec<Arc<str>>)>;

/// How many instances of a data source are asked whether they are read late when others rest on them.
const SAMPLE: usize = 64;

/// Why rootlint cannot tell whether Terraform reads a data source when it plans.
const WHEN: &str = "is read when Terraform plans or applies, which depends on values that are not known here";

impl Evaluator<'_> {
    /// An attribute of a data source.
    pub(super) fn read_attribute(
        &self,
        at: &Instance<'_>,
        name: &str,
        schema: Option<&Schema>,
        scope: &Scope<'_>,
        computed: &dyn Fn(Type) -> Value,
    ) -> Evaluated {
        if let Some(value) = self.place(at, name, scope)? {
            return Ok(value.at(at.block.header));
        }
        let joined = match (&*at.id.kind, name) {
            ("terraform_remote_state", "outputs") => Some(self.remote_outputs(at, scope)?),
            ("aws_ssm_parameter", _) => self.stored_parameter(at, name, scope)?,
            _ => None,
        };
        match joined {
            Some(Ok(value)) => return Ok(value),
            Some(Err(reason)) => {
                let mut value = computed(schema_type(schema, name));
                if let Kind::Unknown(unknown) = &mut value.kind {
                    Arc::make_mut(unknown).reason = reason;
                }
                return Ok(value);
            }
            None => {}
        }
        let body = |defaults: bool| {
            let gaps = Gaps { header: at.block.header, computed, defaults, of: None };
            self.body_value(&at.block.body, name, schema, scope, &gaps)
        };
        let configured = body(false)?;
        let Some(schema) = schema else { return Ok(configured) };
        let (attribute, nested) = (schema.attributes.get(name), schema.blocks.get(name));
        let has_default = attribute.is_some_and(|attribute| attribute.default.is_some());
        if nested.is_none() && !has_default && (configured.is_null() || configured.as_unknown().is_some()) {
            return Ok(configured);
        }
        let read = || Ok(normal::read(body(true)?, attribute, nested));
        match self.is_deferred(at) {
            Some(true) => Ok(configured),
            Some(false) => read(),
            None => {
                let reason = Reason::new(at.id.to_string(), WHEN, Some(at.block.header));
                Ok(normal::agreed(&configured, &read()?, &reason))
            }
        }
    }

    /// What a data source about the place of deployment says, as far as the provider's configuration tells.
    fn place(&self, at: &Instance<'_>, name: &str, scope: &Scope<'_>) -> Evaluated<Option<Value>> {
        let part = |part: Part| {
            let config = self.provider_config(at.module, at.id, at.block, scope);
            self.provider_part(&config, part)
        };
        let argument = |name: &str| -> Evaluated<Option<Value>> {
            let Some(written) = at.block.body.attribute(name) else { return Ok(None) };
            Ok(Some(self.eval(&written.value, scope)?).filter(|value| !value.is_null()))
        };
        Ok(match (&*at.id.kind, name) {
            ("aws_region", "name" | "region" | "id") => match (argument("region")?, argument("name")?) {
                (Some(region), _) | (None, Some(region)) => Some(region),
                (None, None) => part(Part::Region).filter(|region| region.as_unknown().is_none()),
            },
            ("aws_region", "endpoint")
                if !["name", "region", "endpoint"].iter().any(|name| is_written(&at.block.body, name)) =>
            {
                let (region, partition) = (part(Part::Region), part(Part::Partition));
                let suffix =
                    partition.and_then(|partition| providers::partition_attribute(&partition.as_str()?, "dns_suffix"));
                let region = region.and_then(|region| region.as_str().map(|region| region.into_owned()));
                region.zip(suffix).map(|(region, suffix)| Value::text(format!("ec2.{region}.{suffix}")))
            }
            ("aws_caller_identity", "account_id" | "id") => {
                part(Part::Account).filter(|account| account.as_unknown().is_none())
            }
            ("aws_partition", _) => part(Part::Partition)
                .and_then(|partition| providers::partition_attribute(&partition.as_str()?, name))
                .map(Value::text),
            _ => None,
        })
    }

    /// Whether Terraform puts off reading a data source until it applies: one of its arguments is only known then, or
    /// it names, in `depends_on` or directly, something that is still to be made. `None` where that cannot be told.
    pub(super) fn is_deferred(&self, at: &Instance<'_>) -> Option<bool> {
        let known = self.deferred(at.module, at.id, at.key, || self.compute_deferred(at));
        known.unwrap_or(None)
    }

    fn compute_deferred(&self, at: &Instance<'_>) -> Evaluated<Option<bool>> {
        let mut uncertain = false;
        let mut waits = |answer: Option<bool>| {
            uncertain |= answer.is_none();
            answer == Some(true)
        };
        let mut expressions = Vec::new();
        Self::expressions(&at.block.body, None, &mut expressions);
        for (argument, expr) in expressions {
            if waits(self.awaits(at.module, expr, &*argument == "depends_on")) {
                return Ok(Some(true));
            }
        }
        let mut module = at.module;
        while let Some((caller, call, _)) = &self.instance(module).caller {
            let calling = self.instance(*caller);
            let depends_on = calling.module.calls.get(call).and_then(|block| block.body.attribute("depends_on"));
            if depends_on.is_some_and(|expr| waits(self.awaits(*caller, &expr.value, true))) {
                return Ok(Some(true));
            }
            module = *caller;
        }
        let expansion = self.expansion(at.module, at.id, at.block.header)?;
        let repetition = expansion.repetition(at.key);
        let scope = Scope::repeated(at.module, &repetition);
        let schema = schema::of(at.id.mode, &at.id.kind);
        // What the provider computes is no argument.
        let computed = |ty: Type| Value::new(Kind::Null(ty));
        let gaps = Gaps { header: at.block.header, computed: &computed, defaults: false, of: None };
        for name in names(&at.block.body, schema) {
            if META.contains(&&*name) || !is_written(&at.block.body, &name) {
                continue;
            }
            let value = self.body_value(&at.block.body, &name, schema, &scope, &gaps)?;
            let mut found = Unknowns::default();
            found.look(&value);
            let answer = if found.other { None } else { Some(false) };
            if waits(if found.after_apply { Some(true) } else { answer }) {
                return Ok(Some(true));
            }
        }
        // A document that rootlint computes is unknown to Terraform where it is put off, and so is what rests on it.
        let mut seen = HashSet::new();
        let mut open = Vec::new();
        Self::expressions(&at.block.body, None, &mut open);
        for (_, expr) in open.into_iter().filter(|(argument, _)| !META.contains(&&**argument)) {
            if waits(self.rests_on_deferred(at.module, expr, true, &mut seen)) {
                return Ok(Some(true));
            }
        }
        Ok(if uncertain { None } else { Some(false) })
    }

    /// Whether a value holds, perhaps by way of other values, what a data source says that is read late. Where an
    /// expression does more than pass it on (`sure` is false), that cannot be told.
    fn rests_on_deferred(&self, module: ModuleId, expr: &Expr, sure: bool, seen: &mut Seen) -> Option<bool> {
        let mut parts = Vec::new();
        let mut found = Vec::new();
        match &expr.kind {
            ExprKind::Tuple(elements) => parts.extend(elements),
            ExprKind::Object(items) => parts.extend(items.iter().map(|item| &item.value)),
            ExprKind::Parens(inner) | ExprKind::Wrap(inner) => parts.push(&**inner),
            _ => references(expr, &mut found),
        }
        let sure = sure && (found.is_empty() || matches!(expr.kind, ExprKind::Reference(..)));
        let answer = parts.into_iter().map(|part| self.rests_on_deferred(module, part, sure, seen));
        let answer = answer.fold(Some(false), or);
        found.into_iter().map(|(names, span)| self.names_deferred(module, names, span, sure, seen)).fold(answer, or)
    }

    fn names_deferred(
        &self,
        module: ModuleId,
        names: Vec<Arc<str>>,
        span: Span,
        sure: bool,
        seen: &mut Seen,
    ) -> Option<bool> {
        let instance = self.instance(module);
        if !seen.insert((module, names.clone())) {
            return Some(false);
        }
        let mut through = |module: ModuleId, expr: Option<&Expr>| match expr {
            Some(expr) => self.rests_on_deferred(module, expr, sure, seen),
            None => Some(false),
        };
        match names.as_slice() {
            [root, name, ..] if &**root == "local" => {
                through(module, instance.module.locals.get(name).map(|local| &local.value))
            }
            [root, name, ..] if &**root == "var" => {
                let Some((caller, call, _)) = &instance.caller else { return Some(false) };
                let calling = self.instance(*caller);
                let argument = calling.module.calls.get(call).and_then(|block| block.body.attribute(name));
                through(*caller, argument.map(|argument| &argument.value))
            }
            [root, call, rest @ ..] if &**root == "module" => {
                let Ok(children) = self.children(module, call, span) else { return Some(false) };
                let mut answer = Some(false);
                for (_, child) in children.iter() {
                    let inner = self.instance(*child);
                    let meant = |name: &Arc<str>| rest.first().is_none_or(|output| output == name);
                    for (_, output) in inner.module.outputs.iter().filter(|(name, _)| meant(name)) {
                        answer = or(answer, through(*child, output.body.attribute("value").map(|value| &value.value)));
                    }
                }
                answer
            }
            [root, kind, name, rest @ ..] if &**root == "data" => {
                let id = ResourceId { mode: Mode::Data, kind: Arc::clone(kind), name: Arc::clone(name) };
                let Some(block) = instance.module.resources.get(&id) else { return Some(false) };
                let schema = schema::of(Mode::Data, kind);
                let attribute = rest.first().and_then(|name| schema?.attributes.get(name));
                if attribute.is_some_and(|attribute| !attribute.computed) {
                    return Some(false);
                }
                let Ok(expansion) = self.expansion(module, &id, span) else { return Some(false) };
                let late = |key: &InstanceKey| self.is_deferred(&Instance { module, id: &id, key, block });
                let keys = expansion.keys();
                let answer = keys.iter().take(SAMPLE).map(late).fold(Some(false), or);
                let answer = if keys.len() > SAMPLE { or(answer, None) } else { answer };
                // Without the attribute's name some part is meant that may be known.
                if sure && attribute.is_some() || answer == Some(false) { answer } else { None }
            }
            _ => Some(false),
        }
    }

    /// Whether an expression names resources that are still to be made; modules count only in `depends_on`.
    fn awaits(&self, module: ModuleId, expr: &Expr, depends_on: bool) -> Option<bool> {
        let mut found = Vec::new();
        references(expr, &mut found);
        let mut answer = Some(false);
        for (names, span) in found {
            let one = match names.as_slice() {
                [root, call, ..] if &**root == "module" && depends_on => {
                    let Ok(children) = self.children(module, call, span) else { continue };
                    let any = children.iter().map(|(_, child)| self.makes_something(*child));
                    any.fold(Some(false), or)
                }
                [root, ..]
                    if matches!(
                        &**root,
                        "var" | "local" | "module" | "data" | "each" | "count" | "path" | "terraform" | "self"
                    ) =>
                {
                    Some(false)
                }
                [kind, name, ..] => {
                    let id = ResourceId { mode: Mode::Managed, kind: Arc::clone(kind), name: Arc::clone(name) };
                    self.is_made(module, &id)
                }
                _ => Some(false),
            };
            answer = or(answer, one);
        }
        answer
    }

    fn is_made(&self, module: ModuleId, id: &ResourceId) -> Option<bool> {
        if !self.instance(module).module.resources.contains_key(id) {
            return Some(false);
        }
        let header = self.instance(module).module.resources.get(id).map(|block| block.header)?;
        match &*self.expansion(module, id, header).ok()? {
            Expansion::None => Some(false),
            Expansion::Unknown(_) => None,
            _ => Some(true),
        }
    }

    fn makes_something(&self, module: ModuleId) -> Option<bool> {
        let instance = self.instance(module);
        let managed = instance.module.resources.keys().filter(|id| id.mode == Mode::Managed);
        let mut answer = managed.map(|id| self.is_made(module, id)).fold(Some(false), or);
        for (call, block) in &instance.module.calls {
            if answer == Some(true) {
                break;
            }
            let Ok(children) = self.children(module, call, block.header) else { continue };
            answer = children.iter().map(|(_, child)| self.makes_something(*child)).fold(answer, or);
        }
        answer
    }
}

/// The type of an attribute, as far as the table knows it.
fn schema_type(schema: Option<&Schema>, name: &str) -> Type {
    schema.and_then(|schema| schema.attributes.get(name)).map_or(Type::Dynamic, |attribute| attribute.ty.clone())
}

/// Whether a body sets something, by an argument or a block.
fn is_written(body: &Body, name: &str) -> bool {
    let generates = |block: &crate::syntax::hcl::Block| {
        let label = block.labels.first().filter(|_| &*block.kind.text == "dynamic");
        *label.map_or(&*block.kind.text, |label| &*label.text) == *name
    };
    body.attribute(name).is_some() || body.blocks.iter().any(generates)
}

fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// The unknowns in a value, sorted by when they become known.
#[derive(Default)]
struct Unknowns {
    after_apply: bool,
    other: bool,
}

impl Unknowns {
    fn look(&mut self, value: &Value) {
        match &value.kind {
            Kind::Unknown(unknown) => self.meet(&unknown.reason),
            Kind::Text(text) => {
                for piece in text.flattened().pieces() {
                    if let Piece::Unknown(unknown) = piece {
                        self.meet(&unknown.reason);
                    }
                }
            }
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                elements.iter().for_each(|element| self.look(element));
            }
            Kind::Object(fields) | Kind::Map(_, fields) => fields.values().for_each(|value| self.look(value)),
            Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => {}
        }
    }

    fn meet(&mut self, reason: &Reason) {
        if reason.why == AFTER_APPLY { self.after_apply = true } else { self.other = true }
    }
}

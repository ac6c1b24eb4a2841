//! The attributes of a resource instance: written, nested, by schema, or unknown.

use std::sync::Arc;

use super::config::ResourceId;
use super::evaluator::{Evaluated, Evaluator, MAX_SIZE, ModuleId, Named};
use super::instance::InstanceKey;
use super::json_syntax;
use super::normal;
use super::operators;
use super::schema::{self, Nested, Schema};
use super::scope::{Frame, Scope};
use crate::resource::Mode;
use crate::source::Span;
use crate::syntax::hcl::{Block, Body, Expr};
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Reason, Symbol, Unknown, Value, Via};

/// Why an attribute of a resource that is still to be made is unknown.
pub(super) const AFTER_APPLY: &str = "is only known after apply";

/// Arguments that every resource block may have and that are no attributes.
pub const META: [&str; 6] = ["count", "for_each", "provider", "depends_on", "lifecycle", "provisioner"];

/// Blocks that every resource block may have and that are no attributes.
const META_BLOCKS: [&str; 4] = ["lifecycle", "provisioner", "connection", "dynamic"];

/// One instance of a resource block.
#[derive(Clone, Copy)]
pub(super) struct Instance<'i> {
    /// The module instance that the block stands in.
    pub module: ModuleId,
    /// The block's name.
    pub id: &'i ResourceId,
    /// Which instance of the block.
    pub key: &'i InstanceKey,
    /// The block.
    pub block: &'i Block,
}

/// What stands where a body sets nothing.
#[derive(Clone, Copy)]
pub(super) struct Gaps<'g> {
    /// The header of the block whose body it is.
    pub header: Span,
    /// An attribute that the provider computes.
    pub computed: &'g dyn Fn(Type) -> Value,
    /// Whether the provider's defaults are filled in. They are not in a data source that is not read yet.
    pub defaults: bool,
    /// The instance whose own body it is, unless it is a body within another.
    pub of: Option<&'g Instance<'g>>,
}

impl Evaluator<'_> {
    /// The address of a resource instance.
    pub(super) fn address(&self, module: ModuleId, id: &ResourceId, key: &InstanceKey) -> String {
        let instance = self.instance(module);
        let dot = if instance.address.is_empty() { "" } else { "." };
        format!("{}{dot}{id}{key}", instance.address)
    }

    /// The symbol of an attribute, unless it is not known which instance is meant.
    pub(super) fn symbol(
        &self,
        module: ModuleId,
        id: &ResourceId,
        key: &InstanceKey,
        attribute: &str,
    ) -> Option<Symbol> {
        let address = self.address(module, id, key);
        let several = matches!(key, InstanceKey::Pending(_) | InstanceKey::Unknown);
        let known = !several && !self.instance(module).address.contains("[*]");
        known.then(|| Symbol {
            project: Arc::clone(&self.project),
            address: Arc::from(address),
            kind: Arc::clone(&id.kind),
            attribute: Arc::from(attribute),
        })
    }

    fn computed(
        &self,
        module: ModuleId,
        id: &ResourceId,
        key: &InstanceKey,
        name: &str,
        ty: Type,
        span: Span,
    ) -> Unknown {
        let why = match (id.mode, &*id.kind) {
            (Mode::Managed, _) => AFTER_APPLY,
            (Mode::Data, kind) if kind.starts_with("aws_") => "is read from AWS when Terraform plans",
            (Mode::Data, _) => "is read when Terraform plans",
        };
        let missing = format!("{}{}{name}", self.address(module, id, key), if name.is_empty() { "" } else { "." });
        let symbol = self.symbol(module, id, key, name);
        Unknown { ty, not_null: true, symbol, among: None, reason: Reason::new(missing, why, Some(span)) }
    }

    pub(super) fn compute_attribute(
        &self,
        module: ModuleId,
        id: &ResourceId,
        key: &InstanceKey,
        name: &Arc<str>,
    ) -> Evaluated<Named> {
        let instance = self.instance(module);
        let Some(block) = instance.module.resources.get(id) else {
            let reason = Reason::new(id.to_string(), "is not declared", None);
            return Ok(Named { value: Value::unknown(Type::Dynamic, reason), via: Via::Element });
        };
        let expansion = self.expansion(module, id, block.header)?;
        let repetition = expansion.repetition(key);
        let scope = Scope::repeated(module, &repetition);
        let via = Via::Attribute(Arc::from(format!("{id}.{name}")));
        let schema = schema::of(id.mode, &id.kind);
        let at = Instance { module, id, key, block };
        let computed = |ty: Type| {
            let mut unknown = self.computed(module, id, key, name, ty, block.header);
            if id.mode == Mode::Data && self.is_deferred(&at) == Some(true) {
                unknown.reason.why = AFTER_APPLY.into();
            }
            Value::new(Kind::Unknown(Arc::new(unknown))).at(block.header)
        };
        let value = match (&*id.kind, &**name, id.mode) {
            ("aws_iam_policy_document", "json" | "minified_json", Mode::Data) => {
                self.policy_document(block, &scope, &**name == "minified_json")?
            }
            ("terraform_data", "output", Mode::Managed) => {
                let input = self.attribute(module, id, key, &Arc::from("input"), block.header)?;
                if input.value.is_null() { input.value } else { computed(input.value.ty()) }
            }
            (_, _, Mode::Data) => self.read_attribute(&at, name, schema, &scope, &computed)?,
            (_, "tags_all", Mode::Managed) if has_default_tags(schema) => self.tags_all(&at, &scope, &computed)?,
            _ => {
                let gaps = Gaps { header: block.header, computed: &computed, defaults: true, of: Some(&at) };
                self.body_value(&block.body, name, schema, &scope, &gaps)?
            }
        };
        let value = self.known_from_plan(&at, name, value);
        Ok(Named { value: self.with_credentials(&at, name, schema, &scope, value)?, via })
    }

    /// An attribute or nested block type of a body.
    pub(super) fn body_value(
        &self,
        body: &Body,
        name: &str,
        schema: Option<&Schema>,
        scope: &Scope<'_>,
        gaps: &Gaps<'_>,
    ) -> Evaluated {
        let nested = schema.and_then(|schema| schema.blocks.get(name));
        let attribute = schema.and_then(|schema| schema.attributes.get(name));
        if let Some(written) = body.attribute(name) {
            if let Some(nested) = nested
                && let Some(bodies) = json_syntax::bodies(&written.value)
            {
                let mut objects = Vec::new();
                for inner in &bodies {
                    objects.push(self.nested_object(
                        inner,
                        Some(&nested.schema),
                        scope,
                        written.value.span,
                        gaps.defaults,
                    )?);
                }
                return Ok(typed_blocks(objects, Some(&nested.ty())).at(written.value.span));
            }
            let mut value = match gaps.of {
                Some(at) => self.argument(at, name, &written.value, scope)?,
                None => self.eval(&written.value, scope)?,
            };
            if let Some(attribute) = attribute {
                if gaps.defaults && normal::is_as_good_as_unset(&value, attribute) {
                    return Ok(self.unwritten(Some(attribute), None, gaps));
                }
                let origin = value.origin.clone();
                if let Some(elements) = &attribute.elements {
                    value = normal::filled_elements(value, elements);
                }
                value = operators::converted(value, &attribute.ty).with_origin(origin);
                if gaps.defaults {
                    value = normal::planned(value, attribute);
                }
                if attribute.sensitive {
                    value = value.mark(&Marks::SENSITIVE);
                }
            }
            return Ok(value);
        }
        // Some attributes that are lists of objects may be written as blocks.
        let elements = attribute.and_then(|attribute| attribute.elements.as_ref());
        let inner = nested.map(|nested| &nested.schema).or(elements);
        if let Some((objects, span)) = self.blocks(body, name, inner, scope, gaps)? {
            let ty = nested.map(Nested::ty).or_else(|| attribute.map(|attribute| attribute.ty.clone()));
            let objects = match elements {
                Some(elements) => objects.into_iter().map(|object| normal::filled(object, elements)).collect(),
                None => objects,
            };
            return Ok(typed_blocks(objects, ty.as_ref()).at(span));
        }
        if META.contains(&name) {
            return Ok(Value::null().at(gaps.header));
        }
        // A name that the table lacks is unknown too: the table may be older than the provider.
        Ok(self.unwritten(attribute, nested, gaps))
    }

    /// What an attribute is that the configuration does not set.
    fn unwritten(&self, attribute: Option<&schema::Attribute>, nested: Option<&Nested>, gaps: &Gaps<'_>) -> Value {
        if let Some(nested) = nested {
            return typed_blocks(Vec::new(), Some(&nested.ty())).at(gaps.header);
        }
        let Some(attribute) = attribute else { return (gaps.computed)(Type::Dynamic) };
        let marks = if attribute.sensitive { Marks::SENSITIVE } else { Marks::NONE };
        let value = match &attribute.default {
            Some(default) if gaps.defaults => default.clone().at(gaps.header),
            _ if attribute.computed => (gaps.computed)(attribute.ty.clone()),
            _ => Value::new(Kind::Null(attribute.ty.clone())).at(gaps.header),
        };
        value.mark(&marks)
    }

    /// The nested blocks of a type, `dynamic` ones included, as objects, and where the first is; `None` if there is
    /// none.
    fn blocks(
        &self,
        body: &Body,
        name: &str,
        schema: Option<&Schema>,
        scope: &Scope<'_>,
        gaps: &Gaps<'_>,
    ) -> Evaluated<Option<(Vec<Value>, Span)>> {
        let is_dynamic = |block: &&Block| {
            &*block.kind.text == "dynamic" && block.labels.first().is_some_and(|label| &*label.text == name)
        };
        if META_BLOCKS.contains(&name) {
            return Ok(None);
        }
        let mut objects = Vec::new();
        let mut first: Option<Span> = None;
        for block in &body.blocks {
            if &*block.kind.text == name {
                first.get_or_insert(block.header);
                objects.push(self.nested_object(&block.body, schema, scope, block.header, gaps.defaults)?);
            } else if is_dynamic(&block) {
                first.get_or_insert(block.header);
                self.dynamic_blocks(block, name, schema, scope, gaps.defaults, &mut objects)?;
            }
        }
        Ok(first.map(|first| (objects, first)))
    }

    /// The blocks that a `dynamic` block generates. Where what it repeats over is not known, one unknown stands for them.
    fn dynamic_blocks(
        &self,
        block: &Block,
        name: &str,
        schema: Option<&Schema>,
        scope: &Scope<'_>,
        defaults: bool,
        objects: &mut Vec<Value>,
    ) -> Evaluated<()> {
        let Some(for_each) = block.body.attribute("for_each") else {
            return super::evaluator::fail("a dynamic block needs `for_each`", block.header);
        };
        let collection = self.eval(&for_each.value, scope)?;
        if let Some(unknown) = collection.as_unknown() {
            let ty = schema.map_or(Type::Dynamic, Schema::object_type);
            objects.push(Value::unknown_from(&unknown, ty).at(for_each.value.span));
            return Ok(());
        }
        let iterator = match block.body.attribute("iterator").map(|iterator| &iterator.value.bare().kind) {
            Some(crate::syntax::hcl::ExprKind::Reference(iterator, steps)) if steps.is_empty() => {
                iterator.text.to_string()
            }
            Some(crate::syntax::hcl::ExprKind::Literal(text)) => text.as_str().unwrap_or_default().into_owned(),
            _ => name.to_owned(),
        };
        let is_set = matches!(collection.kind, Kind::Set(..));
        let mut parts = 0;
        for (key, value) in operators::elements(&collection, for_each.value.span)? {
            let key = if is_set { value.clone() } else { key };
            let mut fields = Fields::default();
            let origin = value.origin.clone();
            fields.insert(Arc::from("key"), None, key);
            fields.insert(Arc::from("value"), None, value);
            let frame = Frame { name: &iterator, value: Value::object(fields).with_origin(origin), outer: scope.frame };
            let scope = scope.with(&frame);
            for content in block.body.blocks_of("content") {
                let object = self.nested_object(&content.body, schema, &scope, content.header, defaults)?;
                parts += object.size_up_to(MAX_SIZE);
                if parts > MAX_SIZE {
                    let message = format!("these blocks have more than {MAX_SIZE} parts; rootlint stops here");
                    return super::evaluator::fail_always(message, block.header);
                }
                objects.push(object);
            }
        }
        Ok(())
    }

    /// One nested block as an object.
    pub(super) fn nested_object(
        &self,
        body: &Body,
        schema: Option<&Schema>,
        scope: &Scope<'_>,
        header: Span,
        defaults: bool,
    ) -> Evaluated {
        let reason = || Reason::new("an attribute of a nested block", AFTER_APPLY, Some(header));
        let computed = |ty: Type| {
            Value::new(Kind::Unknown(Arc::new(Unknown {
                ty,
                not_null: true,
                symbol: None,
                among: None,
                reason: reason(),
            })))
            .at(header)
        };
        let gaps = Gaps { header, computed: &computed, defaults, of: None };
        let mut fields = Fields::default();
        for name in names(body, schema) {
            let key_span = body
                .attribute(&name)
                .map(|attribute| attribute.name.span)
                .or_else(|| body.blocks.iter().find(|block| block.kind.text == name).map(|block| block.kind.span));
            let value = self.body_value(body, &name, schema, scope, &gaps)?;
            fields.insert(name, key_span, value);
        }
        if schema.is_none() {
            let rest = Unknown { ty: Type::Dynamic, not_null: false, symbol: None, among: None, reason: reason() };
            return Ok(operators::open_object(fields, Arc::new(rest)).at(header));
        }
        Ok(Value::object(fields).at(header))
    }

    /// All attributes of a resource instance as one object.
    pub(super) fn whole_instance(&self, module: ModuleId, id: &ResourceId, key: &InstanceKey, span: Span) -> Evaluated {
        let instance = self.instance(module);
        let Some(block) = instance.module.resources.get(id) else {
            return super::evaluator::fail(format!("`{id}` is not declared"), span);
        };
        let schema = schema::of(id.mode, &id.kind);
        let mut fields = Fields::default();
        for name in names(&block.body, schema) {
            if META.contains(&&*name) {
                continue;
            }
            let named = self.attribute(module, id, key, &name, block.header)?;
            let key_span = block.body.attribute(&name).map(|attribute| attribute.name.span);
            let mut value = named.value.via(named.via, Some(span));
            value.marks = value.marks.read_at(span);
            fields.insert(name, key_span, value);
        }
        if schema.is_some() {
            return Ok(Value::object(fields).at(span));
        }
        let rest = self.computed(module, id, key, "", Type::Dynamic, block.header);
        Ok(operators::open_object(fields, Arc::new(rest)).at(span))
    }

    /// The expressions of a body, those of nested blocks included.
    pub(super) fn expressions<'b>(body: &'b Body, argument: Option<&Arc<str>>, found: &mut Vec<(Arc<str>, &'b Expr)>) {
        for attribute in &body.attributes {
            found.push((Arc::clone(argument.unwrap_or(&attribute.name.text)), &attribute.value));
        }
        for block in &body.blocks {
            Self::expressions(&block.body, Some(argument.unwrap_or(&block.kind.text)), found);
        }
    }
}

/// The names of everything in a body and in its schema, once each: those of the schema first.
pub(super) fn names(body: &Body, schema: Option<&Schema>) -> Vec<Arc<str>> {
    let mut names: indexmap::IndexSet<Arc<str>> = indexmap::IndexSet::new();
    if let Some(schema) = schema {
        names.extend(schema.attributes.keys().chain(schema.blocks.keys()).cloned());
    }
    names.extend(body.attributes.iter().map(|attribute| Arc::clone(&attribute.name.text)));
    for block in &body.blocks {
        if &*block.kind.text == "dynamic" {
            names.extend(block.labels.first().map(|label| Arc::clone(&label.text)));
        } else if !META_BLOCKS.contains(&&*block.kind.text) {
            names.insert(Arc::clone(&block.kind.text));
        }
    }
    names.into_iter().collect()
}

/// Nested blocks as the collection that the schema says; a tuple without one, or where one of them is unknown.
fn typed_blocks(objects: Vec<Value>, ty: Option<&Type>) -> Value {
    let value = Value::tuple(objects);
    match ty {
        Some(ty) if value.elements().is_some_and(|all| all.iter().all(|object| object.as_unknown().is_none())) => {
            operators::converted(value, ty)
        }
        _ => value,
    }
}

/// Whether the provider adds its `default_tags` to the resource.
fn has_default_tags(schema: Option<&Schema>) -> bool {
    let has = |name| schema.is_some_and(|schema| schema.attributes.contains_key(name));
    has("tags") && has("tags_all")
}

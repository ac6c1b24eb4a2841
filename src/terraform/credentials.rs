//! Which attributes are secrets that a resource makes, and which hold the arguments they are computed from.

use std::sync::Arc;

use super::attributes::{Instance, META, names};
use super::config::{ResourceId, call_source};
use super::evaluator::{Evaluated, Evaluator, ModuleId};
use super::instance::InstanceKey;
use super::reference::first_attribute;
use super::schema::{self, Schema};
use super::scope::Scope;
use crate::resource::Mode;
use crate::source::Span;
use crate::syntax::hcl::{Block, Name, Step};
use crate::value::{Credential, Marks, Reason, Symbol, Value};

/// Attributes that a provider computes of all the arguments of the block, such that these can be read in them.
const COMPOSED: &[(Mode, &str, &str)] = &[
    (Mode::Data, "cloudinit_config", "rendered"),
    (Mode::Data, "null_data_source", "outputs"),
    (Mode::Data, "template_cloudinit_config", "rendered"),
    (Mode::Data, "template_file", "rendered"),
    (Mode::Managed, "cloudinit_config", "rendered"),
    (Mode::Managed, "terraform_data", "output"),
];

impl Evaluator<'_> {
    /// The value of an attribute with the credentials marked that are in it beside those that are written there.
    pub(super) fn with_credentials(
        &self,
        at: &Instance<'_>,
        name: &str,
        schema: Option<&Schema>,
        scope: &Scope<'_>,
        value: Value,
    ) -> Evaluated {
        if COMPOSED.contains(&(at.id.mode, &at.id.kind, name)) {
            return self.composed(at, name, scope, value);
        }
        let made = schema.is_some_and(|schema| schema.is_credential(name));
        if !made || at.id.mode != Mode::Managed {
            return Ok(value);
        }
        let mut unless = None;
        // With a public key the provider encrypts the secret, and this attribute is empty.
        if schema.is_some_and(|schema| schema.attributes.contains_key("pgp_key")) {
            let key = self.attribute(at.module, at.id, at.key, &Arc::from("pgp_key"), at.block.header)?.value;
            match key.as_unknown() {
                Some(unknown) => unless = Some(unknown.reason.clone()),
                None if key.is_null() || key.as_str().is_some_and(|key| key.is_empty()) => {}
                None => return Ok(value),
            }
        }
        // Which instances there are is not known, nor whether there is one at all.
        if matches!(at.key, InstanceKey::Pending(_) | InstanceKey::Unknown) && unless.is_none() {
            let expansion = self.expansion(at.module, at.id, at.block.header)?;
            unless = expansion.unknown().cloned();
        }
        let of = Symbol {
            project: Arc::clone(&self.project),
            address: self.address(at.module, at.id, at.key).into(),
            kind: Arc::clone(&at.id.kind),
            attribute: name.into(),
        };
        Ok(value.mark(&Marks::credential(Credential { of, header: Some(at.block.header), read: None, unless })))
    }

    /// The attributes of a resource that are written, or computed of what is. All of a data source may be.
    pub(super) fn written(&self, module: ModuleId, id: &ResourceId) -> Vec<Arc<str>> {
        let instance = self.instance(module);
        let Some(block) = instance.module.resources.get(id) else { return Vec::new() };
        let schema = schema::of(id.mode, &id.kind).filter(|_| id.mode == Mode::Data);
        let mut written = names(&block.body, schema);
        written.retain(|name| !META.contains(&&**name));
        let composed = COMPOSED.iter().filter(|(mode, kind, _)| (*mode, *kind) == (id.mode, &*id.kind));
        for name in composed.map(|(.., name)| Arc::from(*name)) {
            if !written.contains(&name) {
                written.push(name);
            }
        }
        written
    }

    /// An output of a module that is not at hand may be a credential. Its type is the module's source.
    pub(super) fn credential_of_module(
        &self,
        module: ModuleId,
        call: &Name,
        block: &Block,
        steps: &[Step],
        reason: &Reason,
        span: Span,
    ) -> Marks {
        let (Some(output), Some((source, _))) = (first_attribute(steps), call_source(block)) else {
            return Marks::NONE;
        };
        let instance = self.instance(module);
        let dot = if instance.address.is_empty() { "" } else { "." };
        let of = Symbol {
            project: Arc::clone(&self.project),
            address: format!("{}{dot}module.{}", instance.address, call.text).into(),
            kind: source.into(),
            attribute: Arc::clone(&output.text),
        };
        let unless = Some(reason.clone());
        Marks::credential(Credential { of, header: Some(block.header), read: Some(span), unless })
    }

    fn composed(&self, at: &Instance<'_>, name: &str, scope: &Scope<'_>, value: Value) -> Evaluated {
        let mut marks = Marks::NONE;
        for argument in names(&at.block.body, None).iter().filter(|argument| ***argument != *name) {
            let written = match at.block.body.attribute(argument) {
                Some(written) => self.eval(&written.value, scope)?,
                None => self.attribute(at.module, at.id, at.key, argument, at.block.header)?.value,
            };
            marks.add(&written.deep_marks().only_credentials());
        }
        Ok(value.mark(&marks))
    }
}

//! Provisioners: what Terraform runs once a resource is made, or before it is destroyed.
//! <https://developer.hashicorp.com/terraform/language/resources/provisioners/syntax>

use std::sync::Arc;

use super::config::ResourceId;
use super::evaluator::{Evaluator, ModuleId};
use super::instance::InstanceKey;
use super::scope::Scope;
use crate::resource::Provisioner;
use crate::syntax::hcl::{Attribute, Block};
use crate::types::Type;
use crate::value::{Fields, Reason, Value};

/// Arguments that are keywords, not expressions.
const KEYWORDS: [&str; 2] = ["when", "on_failure"];

/// The provisioners of a block.
pub(super) fn blocks(block: &Block) -> impl Iterator<Item = &Block> {
    block.body.blocks_of("provisioner")
}

impl Evaluator<'_> {
    /// The provisioners of an instance. An argument with an error in it is unknown: nothing else rests on it.
    pub(super) fn provisioners(&self, module: ModuleId, id: &ResourceId, key: &InstanceKey) -> Vec<Provisioner> {
        let instance = self.instance(module);
        let Some(block) = instance.module.resources.get(id) else { return Vec::new() };
        let Ok(expansion) = self.expansion(module, id, block.header) else { return Vec::new() };
        let repetition = expansion.repetition(key);
        let scope = Scope { this: Some((id, key)), ..Scope::repeated(module, &repetition) };
        let value = |attribute: &Attribute| {
            let span = attribute.value.span;
            let failed = |_| {
                let reason = Reason::new(Arc::clone(&attribute.name.text), "has an error", Some(span));
                Value::unknown(Type::Dynamic, reason).at(span)
            };
            self.quietly(|| self.eval(&attribute.value, &scope)).unwrap_or_else(failed)
        };
        let provisioner = |block: &Block| {
            let mut arguments = Fields::default();
            let written = block.body.attributes.iter();
            for attribute in written.filter(|attribute| !KEYWORDS.contains(&&*attribute.name.text)) {
                arguments.insert(Arc::clone(&attribute.name.text), Some(attribute.name.span), value(attribute));
            }
            let kind = block.labels.first().map_or_else(|| Arc::from(""), |label| Arc::clone(&label.text));
            Provisioner { kind, header: block.header, arguments: Value::object(arguments).at(block.span) }
        };
        blocks(block).map(provisioner).collect()
    }
}

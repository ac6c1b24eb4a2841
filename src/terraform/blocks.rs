//! The blocks of a root module that are no resources: outputs, providers, the backend, provisioners, inputs of modules
//! whose code is not at hand.

use std::sync::Arc;

use super::attributes::{Gaps, META, names};
use super::config::ResourceId;
use super::evaluator::{Evaluated, ModuleId, ROOT};
use super::instance::{Expansion, InstanceKey};
use super::modules::CALL_META;
use super::project::RootModule;
use super::scope::{Frame, Scope};
use crate::resource::{Block, Language, Presence, Role, Site};
use crate::source::Span;
use crate::syntax::hcl::{self, Body};
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Value};

impl RootModule<'_> {
    pub(super) fn blocks_of(&self, wanted: &dyn Fn(Role) -> bool) -> Vec<Block> {
        let mut found = Vec::new();
        if wanted(Role::Output) {
            self.outputs(&mut found);
        }
        if wanted(Role::Backend) {
            self.backend(&mut found);
        }
        for module in self.evaluator.all_instances() {
            if wanted(Role::Provider) {
                self.providers(module, &mut found);
            }
            if wanted(Role::Provisioner) {
                self.provisioners(module, &mut found);
            }
            if wanted(Role::ModuleInputs) {
                self.module_inputs(module, &mut found);
            }
        }
        found
    }

    fn site(&self, module: ModuleId, address: &str, kind: &str, block: &hcl::Block, presence: Presence) -> Site {
        let instance = self.evaluator.instance(module);
        let dot = if instance.address.is_empty() { "" } else { "." };
        let address: Arc<str> = format!("{}{dot}{address}", instance.address).into();
        Site {
            project: Arc::clone(&self.evaluator.project),
            language: Language::Terraform,
            address: Arc::clone(&address),
            block: address,
            kind: kind.into(),
            header: block.header,
            span: block.span,
            presence,
            calls: Arc::clone(&instance.calls),
        }
    }

    /// The outputs of the root module.
    fn outputs(&self, found: &mut Vec<Block>) {
        for (name, block) in &self.evaluator.instance(ROOT).module.outputs {
            let value = self.evaluator.output(ROOT, name, block.header).map(|named| named.value);
            let mut fields = Fields::default();
            for argument in &block.body.attributes {
                let given = match &*argument.name.text {
                    "value" => value.clone(),
                    _ => self.evaluator.eval(&argument.value, &Scope::of(ROOT)),
                };
                let given = or_unknown(given, &argument.name.text, argument.value.span);
                fields.insert(Arc::clone(&argument.name.text), Some(argument.name.span), given);
            }
            let site = self.site(ROOT, &format!("output.{name}"), "output", block, Presence::Certain);
            found.push(Block { role: Role::Output, site, arguments: Value::object(fields).at(block.header) });
        }
    }

    fn backend(&self, found: &mut Vec<Block>) {
        let instance = self.evaluator.instance(ROOT);
        let Some(block) = &instance.module.backend else { return };
        let kind = block.labels.first().map_or(&*block.kind.text, |label| &*label.text);
        let site = self.site(ROOT, &format!("backend.{kind}"), kind, block, Presence::Certain);
        let arguments = self.body(&block.body, &Scope::of(ROOT), block.header);
        found.push(Block { role: Role::Backend, site, arguments });
    }

    /// The providers that a module instance configures.
    fn providers(&self, module: ModuleId, found: &mut Vec<Block>) {
        let instance = self.evaluator.instance(module);
        for (name, block) in &instance.module.providers {
            let kind = name.split('.').next().unwrap_or_default();
            let expansion = match block.body.attribute("for_each") {
                Some(_) => self.evaluator.expand(module, block).unwrap_or(Expansion::Single),
                None => Expansion::Single,
            };
            for key in expansion.keys() {
                let repetition = expansion.repetition(&key);
                let arguments = self.body(&block.body, &Scope::repeated(module, &repetition), block.header);
                let presence = instance.presence.clone();
                let site = self.site(module, &format!("provider.{name}{key}"), kind, block, presence);
                found.push(Block { role: Role::Provider, site, arguments });
            }
        }
    }

    /// The provisioners of the resources of a module instance.
    fn provisioners(&self, module: ModuleId, found: &mut Vec<Block>) {
        let instance = self.evaluator.instance(module);
        for (id, block) in &instance.module.resources {
            if block.body.blocks_of("provisioner").next().is_none() {
                continue;
            }
            let Ok(expansion) = self.evaluator.expansion(module, id, block.header) else { continue };
            let presence = match expansion.unknown() {
                Some(reason) => instance.presence.and(&Presence::Possible(reason.clone())),
                None => instance.presence.clone(),
            };
            for key in expansion.keys() {
                self.provisioners_of(module, (id, &key, block), &expansion, &presence, found);
            }
        }
    }

    fn provisioners_of(
        &self,
        module: ModuleId,
        (id, key, block): (&ResourceId, &InstanceKey, &hcl::Block),
        expansion: &Expansion,
        presence: &Presence,
        found: &mut Vec<Block>,
    ) {
        let whole = self.evaluator.whole_instance(module, id, key, block.header);
        let own = Frame { name: "self", value: or_unknown(whole, "self", block.header), outer: None };
        let repetition = expansion.repetition(key);
        let scope = Scope::repeated(module, &repetition);
        let scope = scope.with(&own);
        for provisioner in block.body.blocks_of("provisioner") {
            let kind = provisioner.labels.first().map_or("", |label| &*label.text);
            let mut site = self.site(module, &format!("{id}{key}"), kind, block, presence.clone());
            site.block = self.evaluator.address(module, id, &InstanceKey::None).into();
            (site.header, site.span) = (provisioner.header, provisioner.span);
            let arguments = self.body(&provisioner.body, &scope, provisioner.header);
            found.push(Block { role: Role::Provisioner, site, arguments });
        }
    }

    /// What is passed to modules whose code is not at hand.
    fn module_inputs(&self, module: ModuleId, found: &mut Vec<Block>) {
        let instance = self.evaluator.instance(module);
        for (name, block) in &instance.module.calls {
            let at_hand = self.evaluator.children(module, name, block.header).is_ok_and(|found| !found.is_empty());
            if at_hand || self.evaluator.is_known_absent(module, block) {
                continue;
            }
            let Ok(expansion) = self.evaluator.expand(module, block) else { continue };
            for key in expansion.keys() {
                let repetition = expansion.repetition(&key);
                let arguments = self.body(&block.body, &Scope::repeated(module, &repetition), block.header);
                let presence = match expansion.unknown() {
                    Some(reason) => instance.presence.and(&Presence::Possible(reason.clone())),
                    None => instance.presence.clone(),
                };
                let mut site = self.site(module, &format!("module.{name}{key}"), "module", block, presence);
                let dot = if instance.address.is_empty() { "" } else { "." };
                site.block = format!("{}{dot}module.{name}", instance.address).into();
                found.push(Block { role: Role::ModuleInputs, site, arguments });
            }
        }
    }

    /// The arguments and blocks of a body as an object. One with an error is unknown.
    fn body(&self, body: &Body, scope: &Scope<'_>, header: Span) -> Value {
        let mut fields = Fields::default();
        for argument in &body.attributes {
            let name = &argument.name.text;
            if META.contains(&&**name) || CALL_META.contains(&&**name) {
                continue;
            }
            let value = or_unknown(self.evaluator.eval(&argument.value, scope), name, argument.value.span);
            fields.insert(Arc::clone(name), Some(argument.name.span), value);
        }
        let computed = |ty: Type| Value::new(Kind::Null(ty)).at(header);
        let gaps = Gaps { header, computed: &computed, defaults: false, of: None };
        for name in names(body, None).into_iter().filter(|name| body.attribute(name).is_none()) {
            let value = or_unknown(self.evaluator.body_value(body, &name, None, scope, &gaps), &name, header);
            fields.insert(name, None, value);
        }
        Value::object(fields).at(header)
    }
}

fn or_unknown(value: Evaluated, name: &str, span: Span) -> Value {
    value.unwrap_or_else(|error| {
        let reason = Reason::new(name, "has an error", Some(error.span));
        Value::unknown(Type::Dynamic, reason).at(span)
    })
}

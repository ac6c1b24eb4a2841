//! A root module as a project: its resource instances with attributes on demand.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use super::config::{ResourceId, call_source, references};
use super::evaluator::{Evaluator, ModuleId, ROOT, Repetition};
use super::instance::InstanceKey;
use super::providers::ProviderConfig;
use super::provisioners;
use super::scope::Scope;
use crate::resource::{
    Attributes, Language, Meta, Mode, ModuleCall, Presence, Project, Provider, Provisioner, Reference, Resource, Role,
    Site, States,
};
use crate::source::Span;
use crate::syntax::hcl::Block;
use crate::types::Type;
use crate::value::{Reason, Value};

/// The data source that reads another project's state.
const REMOTE_STATE: &str = "terraform_remote_state";

/// A root module that can be asked for its resources.
#[derive(Debug)]
pub struct RootModule<'a> {
    pub(super) evaluator: Evaluator<'a>,
}

impl<'a> RootModule<'a> {
    /// A project over an evaluator.
    pub fn new(evaluator: Evaluator<'a>) -> Self {
        Self { evaluator }
    }

    /// The evaluator.
    pub fn evaluator(&self) -> &Evaluator<'a> {
        &self.evaluator
    }

    /// The instances of the blocks that are wanted.
    fn of_blocks<'p>(&'p self, wanted: &dyn Fn(&ResourceId, &Block) -> bool) -> Vec<Resource<'p>> {
        let mut resources = Vec::new();
        let mut providers = HashMap::new();
        for module in self.evaluator.all_instances() {
            let instance = self.evaluator.instance(module);
            for (id, block) in &instance.module.resources {
                if wanted(id, block) {
                    self.block_resources(module, id, block, &mut providers, &mut resources);
                }
            }
        }
        resources
    }

    fn block_resources<'p>(
        &'p self,
        module: ModuleId,
        id: &ResourceId,
        block: &Block,
        providers: &mut HashMap<ProviderConfig, Arc<Provider>>,
        out: &mut Vec<Resource<'p>>,
    ) {
        let evaluator = &self.evaluator;
        let instance = evaluator.instance(module);
        let expansion = match evaluator.expansion(module, id, block.header) {
            Ok(expansion) => expansion,
            Err(error) => return evaluator.error("terraform-evaluation", error.message, error.span),
        };
        let keys = expansion.keys();
        if keys.is_empty() {
            return;
        }
        let presence = match expansion.unknown() {
            Some(reason) => instance.presence.and(&Presence::Possible(reason.clone())),
            None => instance.presence.clone(),
        };
        let meta = Arc::new(self.meta(&instance.address, block));
        // Only these may differ from instance to instance.
        let varies = ["provider", "region"].iter().any(|name| block.body.attribute(name).is_some());
        let mut provider = None;
        let block_address: Arc<str> = Arc::from(evaluator.address(module, id, &InstanceKey::None));
        for key in keys {
            let provider = match &provider {
                Some(provider) if !varies => Arc::clone(provider),
                _ => {
                    let found = self.provider(module, id, block, &expansion.repetition(&key), providers);
                    provider = Some(Arc::clone(&found));
                    found
                }
            };
            let site = Site {
                project: Arc::clone(&evaluator.project),
                language: Language::Terraform,
                address: match key {
                    InstanceKey::None => Arc::clone(&block_address),
                    _ => Arc::from(format!("{block_address}{key}")),
                },
                block: Arc::clone(&block_address),
                kind: Arc::clone(&id.kind),
                header: block.header,
                span: block.span,
                presence: presence.clone(),
                calls: Arc::clone(&instance.calls),
            };
            out.push(Resource {
                site,
                mode: id.mode,
                provider,
                meta: Arc::clone(&meta),
                attributes: Rc::new(InstanceAttributes {
                    evaluator,
                    module,
                    id: id.clone(),
                    key,
                    header: block.header,
                }),
            });
        }
    }

    fn provider(
        &self,
        module: ModuleId,
        id: &ResourceId,
        block: &Block,
        repetition: &Repetition,
        known: &mut HashMap<ProviderConfig, Arc<Provider>>,
    ) -> Arc<Provider> {
        let scope = Scope::repeated(module, repetition);
        let config = self.evaluator.provider_config(module, id, block, &scope);
        if block.body.attribute("region").is_some() {
            return Arc::new(self.evaluator.deployed(&config, block, &scope));
        }
        let deployed = known.entry(config);
        match deployed {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => {
                let deployed = Arc::new(self.evaluator.deployed(place.key(), block, &scope));
                Arc::clone(place.insert(deployed))
            }
        }
    }

    /// A call whose module is not at hand.
    fn module_call<'p>(&'p self, module: ModuleId, name: &Arc<str>, block: &Block, source: &str) -> ModuleCall<'p> {
        let evaluator = &self.evaluator;
        let instance = evaluator.instance(module);
        let dot = if instance.address.is_empty() { "" } else { "." };
        let address: Arc<str> = format!("{}{dot}module.{name}", instance.address).into();
        let presence = match evaluator.expand(module, block) {
            Ok(expansion) => match expansion.unknown() {
                Some(reason) => instance.presence.and(&Presence::Possible(reason.clone())),
                None => instance.presence.clone(),
            },
            Err(_) => instance.presence.clone(),
        };
        let inputs = CallInputs { evaluator, module, name: Arc::clone(name), header: block.header };
        let config = evaluator.provider_of_call(module, block, "aws");
        ModuleCall {
            site: Site {
                project: Arc::clone(&evaluator.project),
                language: Language::Terraform,
                address: Arc::clone(&address),
                block: address,
                kind: "module".into(),
                header: block.header,
                span: block.span,
                presence,
                calls: Arc::clone(&instance.calls),
            },
            source: source.into(),
            version: inputs.get("version"),
            provider: Arc::new(evaluator.deployed(&config, block, &Scope::of(module))),
            inputs: Rc::new(inputs),
        }
    }

    /// References of a block as absolute block addresses.
    fn meta(&self, module_address: &str, block: &Block) -> Meta {
        let absolute = |names: &[Arc<str>]| -> Option<Arc<str>> {
            let dot = if module_address.is_empty() { "" } else { "." };
            let relative = match names {
                [data, kind, name, ..] if &**data == "data" => format!("data.{kind}.{name}"),
                [root, ..]
                    if matches!(
                        &**root,
                        "var" | "local" | "module" | "each" | "count" | "path" | "terraform" | "self"
                    ) =>
                {
                    return None;
                }
                [kind, name, ..] => format!("{kind}.{name}"),
                _ => return None,
            };
            Some(Arc::from(format!("{module_address}{dot}{relative}")))
        };
        let mut meta = Meta::default();
        for lifecycle in block.body.blocks_of("lifecycle") {
            if let Some(triggers) = lifecycle.body.attribute("replace_triggered_by") {
                let mut found = Vec::new();
                references(&triggers.value, &mut found);
                for (names, span) in found {
                    if let Some(target) = absolute(&names) {
                        let rest: String = names.iter().skip(2).map(|name| format!(".{name}")).collect();
                        meta.replace_triggered_by.push((Arc::from(format!("{target}{rest}")), span));
                    }
                }
            }
        }
        let mut expressions = Vec::new();
        Evaluator::expressions(&block.body, None, &mut expressions);
        for (argument, expr) in expressions {
            let mut found = Vec::new();
            references(expr, &mut found);
            for (names, span) in found {
                if let Some(target) = absolute(&names) {
                    meta.references.push(Reference { argument: Arc::clone(&argument), target, span });
                }
            }
        }
        meta
    }
}

impl Project for RootModule<'_> {
    fn path(&self) -> &Arc<str> {
        &self.evaluator.project
    }

    fn language(&self) -> Language {
        Language::Terraform
    }

    fn evaluate_everything(&self) {
        self.evaluator.evaluate_everything();
    }

    fn folder(&self) -> Option<String> {
        Some(self.evaluator.instance(ROOT).module.folder.to_string())
    }

    fn resources<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>> {
        let mut resources = self.of_blocks(&|id, _| wanted(&id.kind));
        resources.extend(self.evaluator.planned_out_of_sight(wanted));
        resources
    }

    fn visit_drawing_on(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        sources: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(&Resource<'_>) -> bool,
    ) {
        let drawing = self.evaluator.drawing_on(sources);
        let mut providers = HashMap::new();
        for module in self.evaluator.all_instances() {
            let instance = self.evaluator.instance(module);
            let path: Arc<str> = Arc::from(instance.manifest_key.as_str());
            for (id, block) in &instance.module.resources {
                if wanted(&id.kind) && drawing.contains(&(Arc::clone(&path), id.clone())) {
                    let mut resources = Vec::new();
                    self.block_resources(module, id, block, &mut providers, &mut resources);
                    if !resources.iter().all(&mut *visit) {
                        return;
                    }
                }
            }
        }
        self.evaluator.planned_out_of_sight(wanted).iter().all(visit);
    }

    fn blocks(&self, wanted: &dyn Fn(Role) -> bool) -> Vec<crate::resource::Block> {
        self.blocks_of(wanted)
    }

    fn states(&self) -> States {
        let keeps = self.evaluator.own_state().ok().and_then(|state| state.shared());
        let reader = |resource: Resource<'_>| {
            let [backend, config, workspace] = ["backend", "config", "workspace"].map(|name| resource.get(name));
            let state = self.evaluator.state_named(&backend, &config, &workspace, resource.site.header)?;
            Some((resource.site.address, state))
        };
        let reads = self.resources(&|kind| kind == REMOTE_STATE).into_iter().filter_map(reader).collect();
        States { keeps, reads }
    }

    fn mentions_keys(&self) -> bool {
        let evaluator = &self.evaluator;
        let in_code = |module| evaluator.instance(module).module.mentions_keys;
        evaluator.inputs.mentions_keys || evaluator.plan.is_some() || evaluator.all_instances().into_iter().any(in_code)
    }

    fn aside(&self, look: &mut dyn FnMut()) {
        self.evaluator.quietly(look);
    }

    fn provisioned<'p>(&'p self) -> Vec<Resource<'p>> {
        let managed = |id: &ResourceId| id.mode == Mode::Managed;
        self.of_blocks(&|id, block| managed(id) && provisioners::blocks(block).next().is_some())
    }

    fn module_calls<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<ModuleCall<'p>> {
        let mut calls = Vec::new();
        for module in self.evaluator.all_instances() {
            let instance = self.evaluator.instance(module);
            for (name, block) in &instance.module.calls {
                let Some((source, _)) = call_source(block).filter(|(source, _)| wanted(source)) else { continue };
                let at_hand = self.evaluator.children(module, name, block.header).is_ok_and(|found| !found.is_empty());
                if !at_hand && !self.evaluator.is_known_absent(module, block) {
                    calls.push(self.module_call(module, name, block, &source));
                }
            }
        }
        calls
    }
}

/// The inputs that a call gives. With `count` or `for_each`, those that differ from instance to instance are unknown.
struct CallInputs<'p, 'a> {
    evaluator: &'p Evaluator<'a>,
    module: ModuleId,
    name: Arc<str>,
    header: Span,
}

impl Attributes for CallInputs<'_, '_> {
    fn get(&self, name: &str) -> Value {
        let instance = self.evaluator.instance(self.module);
        let Some(block) = instance.module.calls.get(&self.name) else { return Value::null() };
        let Some(attribute) = block.body.attribute(name) else { return Value::null() };
        let key = self.evaluator.expand(self.module, block).ok();
        let first = key.as_ref().and_then(|expansion| {
            let keys = expansion.keys();
            let key = keys.first().filter(|_| keys.len() == 1)?;
            Some(expansion.repetition(key))
        });
        let scope = match &first {
            Some(repetition) => Scope::repeated(self.module, repetition),
            None => Scope::of(self.module),
        };
        let unknown = || {
            let reason = Reason::new(format!("module.{}", self.name), "has several instances", Some(self.header));
            Value::unknown(Type::Dynamic, reason).at(attribute.value.span)
        };
        self.evaluator.eval(&attribute.value, &scope).unwrap_or_else(|_| unknown())
    }

    fn all(&self) -> Value {
        Value::null()
    }
}

struct InstanceAttributes<'p, 'a> {
    evaluator: &'p Evaluator<'a>,
    module: ModuleId,
    id: ResourceId,
    key: InstanceKey,
    header: Span,
}

impl InstanceAttributes<'_, '_> {
    /// Where an argument is written, else the block's header.
    fn place(&self, name: &str) -> Span {
        let instance = self.evaluator.instance(self.module);
        let written = instance.module.resources.get(&self.id).and_then(|block| block.body.attribute(name));
        written.map_or(self.header, |attribute| attribute.value.span)
    }

    fn or_error(&self, what: &str, value: super::evaluator::Evaluated) -> Value {
        value.unwrap_or_else(|error| {
            self.evaluator.error("terraform-evaluation", error.message, error.span);
            let reason = Reason::new(what, "has an error", Some(error.span));
            Value::unknown(Type::Dynamic, reason).at(self.place(what))
        })
    }
}

impl Attributes for InstanceAttributes<'_, '_> {
    fn get(&self, name: &str) -> Value {
        let span = self.place(name);
        let named = self.evaluator.attribute(self.module, &self.id, &self.key, &Arc::from(name), span);
        self.or_error(name, named.map(|named| named.value))
    }

    fn all(&self) -> Value {
        let whole = self.evaluator.whole_instance(self.module, &self.id, &self.key, self.header);
        self.or_error(&self.id.to_string(), whole)
    }

    fn written(&self) -> Vec<Arc<str>> {
        self.evaluator.written(self.module, &self.id)
    }

    fn provisioners(&self) -> Vec<Provisioner> {
        self.evaluator.provisioners(self.module, &self.id, &self.key)
    }
}

//! A root module as a project: its resource instances with attributes on demand.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::config::{ResourceId, references};
use super::evaluator::{Evaluator, ModuleId};
use super::instance::InstanceKey;
use super::scope::Scope;
use crate::resource::{Attributes, Language, Meta, Mode, Presence, Project, Provider, Reference, Resource, Site};
use crate::source::Span;
use crate::syntax::hcl::{Block, ExprKind, Step};
use crate::types::Type;
use crate::value::{Reason, Value};

/// A root module that can be asked for its resources.
#[derive(Debug)]
pub struct RootModule<'a> {
    evaluator: Evaluator<'a>,
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

    fn block_resources<'p>(
        &'p self,
        module: ModuleId,
        id: &ResourceId,
        block: &Block,
        providers: &mut HashMap<(ModuleId, Arc<str>), Arc<Provider>>,
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
        let provider = self.provider(module, &provider_name(id, block), providers);
        let block_address: Arc<str> = Arc::from(evaluator.address(module, id, &InstanceKey::None));
        for key in keys {
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
                provider: Arc::clone(&provider),
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

    /// The provider configuration of that name in a module instance, handed down through `providers` of the calls.
    fn provider(
        &self,
        module: ModuleId,
        name: &Arc<str>,
        known: &mut HashMap<(ModuleId, Arc<str>), Arc<Provider>>,
    ) -> Arc<Provider> {
        if let Some(provider) = known.get(&(module, Arc::clone(name))) {
            return Arc::clone(provider);
        }
        let instance = self.evaluator.instance(module);
        let provider = match (instance.module.providers.get(name), &instance.caller) {
            (Some(block), _) => {
                let eval = |attribute: &str, block: &Block| {
                    let attribute = block.body.attribute(attribute)?;
                    self.evaluator.eval(&attribute.value, &Scope::of(module)).ok()
                };
                let region = eval("region", block);
                let assume_role = block.body.blocks_of("assume_role").find_map(|role| eval("role_arn", role));
                Arc::new(Provider { name: Arc::clone(name), region, assume_role })
            }
            (None, Some((caller, call, _))) => {
                let calling = self.evaluator.instance(*caller);
                let passed = calling.module.calls.get(call).and_then(|block| passed_provider(block, name));
                self.provider(*caller, &passed.unwrap_or_else(|| Arc::clone(name)), known)
            }
            (None, None) => Arc::new(Provider { name: Arc::clone(name), region: None, assume_role: None }),
        };
        known.insert((module, Arc::clone(name)), Arc::clone(&provider));
        provider
    }
}

/// `aws`, `aws.alias`: as the block's `provider` argument says, else from the type's prefix.
fn provider_name(id: &ResourceId, block: &Block) -> Arc<str> {
    if let Some(provider) = block.body.attribute("provider")
        && let ExprKind::Reference(root, steps) = &provider.value.kind
    {
        return dotted(&root.text, steps);
    }
    Arc::from(id.kind.split('_').next().unwrap_or_default())
}

fn dotted(root: &str, steps: &[Step]) -> Arc<str> {
    let names = steps.iter().map_while(|step| match step {
        Step::Attribute(name) => Some(&*name.text),
        _ => None,
    });
    Arc::from(std::iter::once(root).chain(names).collect::<Vec<_>>().join("."))
}

/// What a call's `providers` passes as the provider `name` of the module.
fn passed_provider(call: &Block, name: &str) -> Option<Arc<str>> {
    let ExprKind::Object(items) = &call.body.attribute("providers")?.value.kind else { return None };
    items.iter().find_map(|item| {
        let key = match &item.key.kind {
            ExprKind::Reference(root, steps) => dotted(&root.text, steps),
            ExprKind::Literal(text) => Arc::from(&*text.as_str()?),
            _ => return None,
        };
        match &item.value.kind {
            ExprKind::Reference(root, steps) if *key == *name => Some(dotted(&root.text, steps)),
            _ => None,
        }
    })
}

impl Project for RootModule<'_> {
    fn path(&self) -> &Arc<str> {
        &self.evaluator.project
    }

    fn language(&self) -> Language {
        Language::Terraform
    }

    fn resources<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>> {
        let mut resources = Vec::new();
        let mut providers = HashMap::new();
        for module in self.evaluator.all_instances() {
            let instance = self.evaluator.instance(module);
            for (id, block) in &instance.module.resources {
                if wanted(&id.kind) {
                    self.block_resources(module, id, block, &mut providers, &mut resources);
                }
            }
        }
        resources
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
    fn written(&self, name: &str) -> Span {
        let instance = self.evaluator.instance(self.module);
        let written = instance.module.resources.get(&self.id).and_then(|block| block.body.attribute(name));
        written.map_or(self.header, |attribute| attribute.value.span)
    }

    fn or_error(&self, what: &str, value: super::evaluator::Evaluated) -> Value {
        value.unwrap_or_else(|error| {
            self.evaluator.error("terraform-evaluation", error.message, error.span);
            let reason = Reason::new(what, "has an error", Some(error.span));
            Value::unknown(Type::Dynamic, reason).at(self.written(what))
        })
    }
}

impl Attributes for InstanceAttributes<'_, '_> {
    fn get(&self, name: &str) -> Value {
        let span = self.written(name);
        let named = self.evaluator.attribute(self.module, &self.id, &self.key, &Arc::from(name), span);
        self.or_error(name, named.map(|named| named.value))
    }

    fn all(&self) -> Value {
        let whole = self.evaluator.whole_instance(self.module, &self.id, &self.key, self.header);
        self.or_error(&self.id.to_string(), whole)
    }
}

/// Whether something is managed or read, in Terraform's words for `resources`.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Managed => "managed",
        Mode::Data => "data",
    }
}

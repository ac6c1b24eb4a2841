//! Whether a plan and the code beside it are about the same thing. A plan may be old, made with `-target` or with other
//! variables: one note says what is different, with the first examples of each kind.

use std::collections::HashSet;
use std::sync::Arc;

use super::format::Plan;
use super::instances::Planned;
use crate::convert::convert;
use crate::document::{self, Scalars};
use crate::resource::Mode;
use crate::source::Span;
use crate::terraform::config::ResourceId;
use crate::terraform::evaluator::{Evaluator, ModuleId, ROOT};
use crate::terraform::instance::InstanceKey;
use crate::terraform::schema;
use crate::types::Type;
use crate::value::{Kind, Value};

/// How many of each kind are named.
const EXAMPLES: usize = 3;

/// How deep values are compared.
const MAX_DEPTH: usize = 32;

/// How many values are compared: enough to see that a plan is old.
const MAX_COMPARED: usize = 20_000;

#[derive(Default)]
struct Differences {
    count: usize,
    examples: Vec<String>,
}

impl Differences {
    fn add(&mut self, name: impl Into<String>) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(name.into());
        }
    }

    /// `2 resources are only in the code (a, b)`.
    fn shown(&self, one: &str, many: &str) -> Option<String> {
        let more = if self.count > self.examples.len() { ", ..." } else { "" };
        let names: Vec<String> = self.examples.iter().map(|name| format!("`{name}`")).collect();
        let what = if self.count == 1 { one } else { many };
        (self.count > 0).then(|| format!("{} {what} ({}{more})", self.count, names.join(", ")))
    }
}

impl Evaluator<'_> {
    /// Notes where the plan and the code disagree.
    pub fn compare_with_plan(&self) {
        let Some(plan) = &self.plan else { return };
        let (only_code, only_plan, values) = self.compare_instances(plan);
        let variables = self.compare_variables(plan);
        let parts: Vec<String> = [
            only_code.shown("resource is only in the code", "resources are only in the code"),
            only_plan.shown("resource is only there", "resources are only there"),
            values.shown("attribute has another value", "attributes have other values"),
            variables.shown("variable has another value", "variables have other values"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            return;
        }
        let what = if plan.is_plan {
            "this plan does not agree with the code beside it, which counts where they differ; it may be out of date, or \
             made with -target or other variables"
        } else {
            "this state does not agree with the code beside it, which counts where they differ"
        };
        self.note("plan-disagrees", format!("{what}: {}", parts.join("; ")), plan.start);
    }

    fn compare_instances(&self, plan: &Plan) -> (Differences, Differences, Differences) {
        let (mut only_code, mut only_plan, mut values) =
            (Differences::default(), Differences::default(), Differences::default());
        let mut known: HashSet<Arc<str>> = HashSet::new();
        let mut open_blocks: HashSet<String> = HashSet::new();
        let mut modules: HashSet<Arc<str>> = HashSet::new();
        let mut compared = 0;
        for module in self.all_instances() {
            let instance = self.instance(module);
            modules.insert(Arc::clone(&instance.address));
            for (id, block) in &instance.module.resources {
                let Ok(expansion) = self.expansion(module, id, block.header) else { continue };
                for key in expansion.keys() {
                    let address = self.address(module, id, &key);
                    if matches!(key, InstanceKey::Pending(_) | InstanceKey::Unknown) || address.contains("[*]") {
                        open_blocks.insert(self.address(module, id, &InstanceKey::None));
                        continue;
                    }
                    match plan.find(&address) {
                        Some(planned) => {
                            known.insert(Arc::clone(&planned.address));
                            if compared < MAX_COMPARED {
                                compared += self.compare_values(module, id, &key, plan, planned, &mut values);
                            }
                        }
                        // A data source may be left out of a plan that did not have to read it.
                        None if id.mode == Mode::Managed => only_code.add(address),
                        None => {}
                    }
                }
            }
        }
        for planned in plan.instances.iter().filter(|planned| !known.contains(&planned.address)) {
            let here = modules.contains(&planned.module);
            if (here && !open_blocks.contains(&*planned.block))
                || (!here && self.out_of_sight(&planned.module).is_none())
            {
                only_plan.add(&*planned.address);
            }
        }
        (only_code, only_plan, values)
    }

    /// The calls that lead to a module instance whose code is not there to be looked at: the last of them is, what it
    /// calls is not. `None` if the code is there, or has no such call.
    pub(super) fn out_of_sight(&self, address: &str) -> Option<Vec<Span>> {
        let mut module = ROOT;
        let mut calls = Vec::new();
        for call in super::configuration::Steps::of(address) {
            let name: Arc<str> = call.name.into();
            let instance = self.instance(module);
            let block = instance.module.calls.get(&name)?;
            calls.push(block.header);
            let Ok(children) = self.children(module, &name, block.header) else { return Some(calls) };
            if children.is_empty() {
                return (!self.is_known_absent(module, block)).then_some(calls);
            }
            let step = format!("{}{}", self.call_address(module, call.name), call.key);
            let child = children.iter().find(|(_, child)| *self.instance(*child).address == *step);
            match child {
                Some((_, child)) => module = *child,
                None => return children.iter().any(|(key, _)| *key == InstanceKey::Unknown).then_some(calls),
            }
        }
        None
    }

    /// Compares what the block of an instance sets; how much was compared.
    fn compare_values(
        &self,
        module: ModuleId,
        id: &ResourceId,
        key: &InstanceKey,
        plan: &Plan,
        planned: &Planned,
        differences: &mut Differences,
    ) -> usize {
        let instance = self.instance(module);
        let (Some(block), Some(schema)) = (instance.module.resources.get(id), schema::of(id.mode, &id.kind)) else {
            return 0;
        };
        let Ok(trees) = self.planned_trees(plan, planned) else { return 0 };
        let ignored = block.body.blocks_of("lifecycle").any(|block| block.body.attribute("ignore_changes").is_some());
        if ignored {
            return 0;
        }
        let mut compared = 0;
        for written in &block.body.attributes {
            let name = &written.name.text;
            if !schema.attributes.contains_key(name) && !schema.blocks.contains_key(name) {
                continue;
            }
            compared += 1;
            let Ok(ours) = self.quietly(|| self.attribute(module, id, key, name, block.header)) else { continue };
            let theirs = plan.attribute(planned, &trees, name, &self.project);
            if differ(&ours.value, &theirs, 0) {
                differences.add(format!("{}.{name}", planned.address));
            }
        }
        compared
    }

    fn compare_variables(&self, plan: &Plan) -> Differences {
        let mut differences = Differences::default();
        let root = self.instance(ROOT);
        for (name, node) in plan.variables() {
            let Some(variable) = root.module.variables.get(name) else { continue };
            let theirs = document::from_node(&node, &plan.text, Scalars::Terraform);
            let ours = self.quietly(|| self.variable(ROOT, name, variable.block.header));
            // A plan has a variable's value as it was given, not as the type makes it.
            let same_type = |ours: &Value| convert(&theirs, &ours.ty()).unwrap_or_else(|_| theirs.clone());
            if ours.is_ok_and(|ours| differ(&ours.value, &same_type(&ours.value), 0)) {
                differences.add(format!("var.{name}"));
            }
        }
        differences
    }
}

/// Whether two values certainly differ. What is null or left out in the code may be filled in by a provider, and what is not
/// known may be anything.
fn differ(ours: &Value, theirs: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match (&ours.kind, &theirs.kind) {
        (Kind::Null(_) | Kind::Unknown(_), _) | (_, Kind::Unknown(_)) => false,
        (Kind::Text(a), Kind::Text(b)) => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) if a == b => false,
            (Some(_), Some(_)) => match (document::read(ours), document::read(theirs)) {
                (Ok(a), Ok(b)) if a.elements().or(b.elements()).is_some() || a.fields().is_some() => {
                    differ(&a, &b, depth + 1) || differ(&b, &a, depth + 1)
                }
                _ => true,
            },
            _ => false,
        },
        (Kind::Bool(a), Kind::Bool(b)) => a != b,
        (Kind::Number(a), Kind::Number(b)) => a != b,
        (Kind::Set(..), _) => match (texts(ours), texts(theirs)) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        },
        (_, Kind::Null(_)) => !is_empty(ours),
        _ => match (ours.elements().zip(theirs.elements()), ours.fields().zip(theirs.fields())) {
            (Some((a, b)), _) => {
                a.len() != b.len() && a.iter().all(|value| value.as_unknown().is_none())
                    || a.iter().zip(b).any(|(a, b)| differ(a, b, depth + 1))
            }
            (_, Some((a, b))) => a.iter().any(|(key, value)| match b.get(key) {
                Some(theirs) => differ(value, theirs, depth + 1),
                None => !is_empty(value) && value.is_wholly_known(),
            }),
            _ => {
                let text = |value: &Value| convert(value, &Type::Text).ok()?.as_str().map(|text| text.into_owned());
                matches!((text(ours), text(theirs)), (Some(a), Some(b)) if a != b)
            }
        },
    }
}

/// The texts in a collection of nothing else, in order.
fn texts(value: &Value) -> Option<Vec<String>> {
    let mut texts: Vec<String> =
        value.elements()?.iter().map(|element| Some(element.as_str()?.into_owned())).collect::<Option<_>>()?;
    texts.sort_unstable();
    Some(texts)
}

/// What providers do not tell from nothing.
fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_str().is_some_and(|text| text.is_empty())
        || value.elements().is_some_and(<[Value]>::is_empty)
        || value.fields().is_some_and(|fields| fields.is_empty())
}

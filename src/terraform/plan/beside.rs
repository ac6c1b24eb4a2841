//! A plan beside the code it was made from: what the evaluator does not know, the plan may.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::fill::filled;
use super::format::Plan;
use super::instances::Planned;
use super::project::{Owner, Trees};
use crate::document::{self, Scalars};
use crate::resource::Resource;
use crate::source::Span;
use crate::terraform::attributes::Instance;
use crate::terraform::evaluator::{Evaluator, ModuleId, Named};
use crate::terraform::instance::{Expansion, InstanceKey};
use crate::types::Type;
use crate::value::{Reason, Value, Via};

/// Why the value of `each` in an instance is not known that only the plan lists.
const ONLY_PLANNED: &str = "is not known here; the plan only lists the instances";

impl Evaluator<'_> {
    /// The value of an attribute, with what of it is not known taken from the plan.
    pub(in crate::terraform) fn known_from_plan(&self, at: &Instance<'_>, name: &str, value: Value) -> Value {
        let Some(plan) = &self.plan else { return value };
        if value.is_wholly_known() {
            return value;
        }
        let address = self.address(at.module, at.id, at.key);
        let Some(planned) = plan.find(&address) else { return value };
        // Whatever is wrong with the values is reported when plan and code are compared.
        let Ok(trees) = self.planned_trees(plan, planned) else { return value };
        let planned = plan.attribute(planned, &trees, name, &self.project);
        // What a state has no value for may get one.
        if planned.is_null() && !plan.is_plan { value } else { filled(&value, &planned, &plan.path) }
    }

    /// The parsed values of an instance of the plan; those of the last one are kept, since its attributes are asked for
    /// one after the other.
    pub(super) fn planned_trees(&self, plan: &Plan, planned: &Planned) -> Result<Rc<Trees>, ()> {
        let mut last = self.last_planned.borrow_mut();
        if let Some((address, trees)) = last.as_ref()
            && **address == *planned.address
        {
            return Ok(Rc::clone(trees));
        }
        let trees = Rc::new(plan.trees(planned).map_err(|error| self.error(error.code, error.message, error.span))?);
        *last = Some((Arc::clone(&planned.address), Rc::clone(&trees)));
        Ok(trees)
    }

    /// The value that a variable of the root module had when the plan was made.
    pub(in crate::terraform) fn planned_variable(&self, name: &Arc<str>) -> Option<Named> {
        let plan = self.plan.as_ref()?;
        let node = plan.variable(name)?;
        let value = document::from_node(&node, &plan.text, Scalars::Terraform);
        Some(Named { value, via: Via::VariableValue(Arc::clone(name)) })
    }

    /// The instances of a block or call, where the code leaves open how many there are: those that the plan lists.
    pub(in crate::terraform) fn planned_expansion(
        &self,
        block: &str,
        is_call: bool,
        expansion: Expansion,
        span: Span,
    ) -> Expansion {
        let Some(plan) = self.plan.as_ref().filter(|_| matches!(expansion, Expansion::Unknown(_))) else {
            return expansion;
        };
        let mut keys: Vec<InstanceKey> = if is_call {
            plan.instances.iter().filter_map(|planned| super::configuration::call_key(&planned.module, block)).collect()
        } else {
            plan.of_block(block).map(|planned| planned.key.clone()).collect()
        };
        keys.sort();
        keys.dedup();
        // A call may be there without having a resource.
        if keys.is_empty() {
            return if plan.is_complete && !is_call { Expansion::None } else { expansion };
        }
        let via = || Via::File(Arc::clone(&plan.path));
        let mut each = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            match key {
                InstanceKey::None if keys.len() == 1 => return Expansion::Single,
                InstanceKey::Index(at) if *at == index => {}
                InstanceKey::Key(name) => {
                    let key = Value::text(name).at(span).via(via(), Some(span));
                    let reason = Reason::new("each.value", ONLY_PLANNED, Some(span));
                    each.push((Arc::clone(name), key, Value::unknown(Type::Dynamic, reason).at(span)));
                }
                _ => return expansion,
            }
        }
        match each.len() {
            0 => Expansion::Count(keys.len(), Via::Repetition("count.index".into()), span),
            all if all == keys.len() => Expansion::Each(Rc::new(each)),
            _ => expansion,
        }
    }

    /// The instances in the plan that come from modules which are not on disk: they are placed at the call that makes them.
    pub(in crate::terraform) fn planned_out_of_sight(&self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'_>> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let seen: HashSet<Arc<str>> =
            self.all_instances().into_iter().map(|id| Arc::clone(&self.instance(id).address)).collect();
        let mut calls: HashMap<&str, Option<Vec<Span>>> = HashMap::new();
        let mut blocks = HashMap::new();
        let mut resources = Vec::new();
        for planned in plan.instances.iter().filter(|planned| wanted(&planned.kind) && !seen.contains(&planned.module))
        {
            let calls = calls.entry(&planned.module).or_insert_with(|| self.out_of_sight(&planned.module));
            if let Some(calls) = calls.clone() {
                let owner = Owner { plan, errors: &self.errors, project: Arc::clone(&self.project), calls };
                resources.push(owner.resource(planned, &mut blocks));
            }
        }
        resources
    }

    /// The address of a call in a module instance, without keys of its own.
    pub(in crate::terraform) fn call_address(&self, module: ModuleId, call: &str) -> String {
        let address = &self.instance(module).address;
        let dot = if address.is_empty() { "" } else { "." };
        format!("{address}{dot}module.{call}")
    }
}

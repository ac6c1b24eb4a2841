//! Evaluates what no resource asks for, for what is wrong in it: variables, locals, outputs and preconditions.

use std::sync::Arc;

use super::evaluator::{Evaluated, Evaluator};
use super::scope::Scope;
use crate::syntax::hcl::Body;

impl Evaluator<'_> {
    /// Evaluates all that the modules declare, as Terraform does when it plans.
    pub fn evaluate_everything(&self) {
        for id in self.all_instances() {
            let module = Arc::clone(&self.instance(id).module);
            for (name, variable) in &module.variables {
                self.told(self.variable(id, name, variable.block.header));
            }
            for (name, local) in &module.locals {
                self.told(self.local(id, name, local.name.span));
            }
            for (name, output) in &module.outputs {
                self.told(self.output(id, name, output.header));
                self.preconditions(&output.body, &Scope::of(id));
            }
            for (resource, block) in &module.resources {
                let Ok(expansion) = self.expansion(id, resource, block.header) else { continue };
                for lifecycle in block.body.blocks_of("lifecycle") {
                    for key in expansion.keys() {
                        self.preconditions(&lifecycle.body, &Scope::repeated(id, &expansion.repetition(&key)));
                    }
                }
            }
        }
    }

    fn told<T>(&self, result: Evaluated<T>) {
        if let Err(error) = result {
            self.error("terraform-evaluation", error.message, error.span);
        }
    }

    /// Evaluates the `precondition` blocks of a body. A condition that is not known holds nothing against anybody.
    fn preconditions(&self, body: &Body, scope: &Scope<'_>) {
        for precondition in body.blocks_of("precondition") {
            let Some(condition) = precondition.body.attribute("condition") else { continue };
            match self.eval(&condition.value, scope) {
                Ok(result) if result.as_bool() == Some(false) => {
                    let message = precondition.body.attribute("error_message");
                    let message = message.and_then(|message| self.eval(&message.value, scope).ok());
                    let shown = message.filter(|text| !text.marks.is_hidden());
                    let text = shown.as_ref().and_then(|text| text.as_str()).unwrap_or_default();
                    let message = format!("a precondition does not hold: {text}");
                    self.error("terraform-evaluation", message, condition.value.span);
                }
                Ok(_) => {}
                Err(error) => self.error("terraform-evaluation", error.message, error.span),
            }
        }
    }
}

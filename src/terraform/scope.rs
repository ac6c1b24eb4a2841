//! What names mean where an expression stands.

use std::sync::Arc;

use super::config::ResourceId;
use super::evaluator::{ModuleId, Repetition};
use super::instance::InstanceKey;
use crate::value::{Fields, Value};

/// The surroundings of an expression.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    /// The module instance.
    pub module: ModuleId,
    /// `each` and `count`.
    pub repetition: &'s Repetition,
    /// Variables of `for` and iterators of `dynamic`, innermost first.
    pub frame: Option<&'s Frame<'s>>,
    /// In a template file: the only variables there are.
    pub template: Option<&'s Arc<Fields>>,
    /// In a provisioner: the instance that `self` is.
    pub this: Option<(&'s ResourceId, &'s InstanceKey)>,
    /// How many templates are being rendered, one from within the other.
    pub templates: usize,
}

/// One variable of a `for`.
#[derive(Debug)]
pub struct Frame<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its value.
    pub value: Value,
    /// The variables further out.
    pub outer: Option<&'s Frame<'s>>,
}

impl<'s> Scope<'s> {
    /// Outside any repetition.
    pub fn of(module: ModuleId) -> Self {
        Self { module, repetition: &Repetition::None, frame: None, template: None, this: None, templates: 0 }
    }

    /// With `each` or `count`.
    pub fn repeated(module: ModuleId, repetition: &'s Repetition) -> Self {
        Self { repetition, ..Scope::of(module) }
    }

    /// With one more variable.
    pub fn with(&self, frame: &'s Frame<'s>) -> Scope<'s> {
        Scope { frame: Some(frame), ..*self }
    }

    /// The variable of a `for` of that name.
    pub fn variable(&self, name: &str) -> Option<&'s Value> {
        let mut frame = self.frame;
        while let Some(found) = frame {
            if found.name == name {
                return Some(&found.value);
            }
            frame = found.outer;
        }
        None
    }
}

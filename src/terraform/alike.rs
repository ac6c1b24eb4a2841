//! Arguments that are the same in all instances of a block: they are evaluated once, and not tens of thousands of times.

use std::sync::Arc;

use super::attributes::Instance;
use super::config::{ResourceId, references};
use super::evaluator::{Evaluated, Evaluator, Key, Named};
use super::instance::InstanceKey;
use super::memo::Slot;
use super::scope::Scope;
use crate::syntax::hcl::Expr;
use crate::value::{Value, Via};

/// What differs from instance to instance.
const OWN: [&str; 3] = ["count", "each", "self"];

impl Evaluator<'_> {
    /// The value of an argument as it is written in an instance.
    pub(super) fn argument(
        &self,
        at: &Instance<'_>,
        name: &str,
        written: &Expr,
        scope: &Scope<'_>,
    ) -> Evaluated<Value> {
        if *at.key == InstanceKey::None || !self.is_alike(at.id, written) {
            return self.eval(written, scope);
        }
        let key = Key::Alike(at.module, at.id.clone(), Arc::from(name));
        if let Some(Slot::Done(known)) = self.memo.borrow_mut().get(&key) {
            return Ok(known.value);
        }
        let value = self.eval(written, scope)?;
        // Counted while nobody shares it.
        let size = value.own_size();
        self.memo.borrow_mut().done(key, Named { value: value.clone(), via: Via::Element }, size);
        Ok(value)
    }

    /// Whether an expression of a block mentions neither what its instances differ in nor the block itself. Modules stay
    /// where they are for as long as they are evaluated, so that an expression is known by its place in memory.
    fn is_alike(&self, id: &ResourceId, written: &Expr) -> bool {
        *self.alike.borrow_mut().entry(std::ptr::from_ref(written)).or_insert_with(|| {
            let mut found = Vec::new();
            references(written, &mut found);
            let is_own = |names: &[Arc<str>]| {
                let own = [&id.kind, &id.name];
                names.first().is_some_and(|root| OWN.contains(&&**root))
                    || [names, names.get(1..).unwrap_or_default()].iter().any(|names| names.iter().take(2).eq(own))
            };
            !found.iter().any(|(names, _)| is_own(names))
        })
    }
}

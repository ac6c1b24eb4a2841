//! The parts of a value that are no collections, and the names that lead to them.

use std::sync::Arc;

use crate::value::{Fields, Kind, Value};

/// A step into a value.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// An attribute, a block type, the key of a map.
    Name(Arc<str>),
    /// An element, a block.
    Index(usize),
}

/// Calls `found` for the smallest parts of a value that `enter` accepts, with the steps to each and the object it is an
/// attribute of. Documents that an encoding function made are entered too.
pub(super) fn each(value: &Value, enter: &dyn Fn(&Value) -> bool, name: Option<&str>, found: Found<'_>) {
    let mut way: Vec<Step> = name.map(|name| Step::Name(name.into())).into_iter().collect();
    if enter(value) {
        visit(value, None, enter, &mut way, found);
    }
}

/// What is called: the steps, the object around, the part.
pub(super) type Found<'f> = &'f mut dyn FnMut(&[Step], Option<&Fields>, &Value);

fn visit(
    value: &Value,
    around: Option<&Fields>,
    enter: &dyn Fn(&Value) -> bool,
    way: &mut Vec<Step>,
    found: Found<'_>,
) {
    // What a document was made of says more exactly which part of it is meant.
    if let Some(encoded) = value.as_text().and_then(|text| text.as_encoded()).filter(|encoded| enter(&encoded.value)) {
        let inner = &encoded.value;
        if inner.origin.span.is_some() || inner.elements().is_some() || inner.fields().is_some() {
            return visit(inner, around, enter, way, found);
        }
    }
    let mut deeper = false;
    let mut inside = |step: Step, around: Option<&Fields>, element: &Value, way: &mut Vec<Step>| {
        deeper = true;
        way.push(step);
        visit(element, around, enter, way, &mut *found);
        way.pop();
    };
    match &value.kind {
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            for (index, element) in elements.iter().enumerate().filter(|(_, element)| enter(element)) {
                inside(Step::Index(index), None, element, way);
            }
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            for (name, element) in fields.iter().filter(|(_, element)| enter(element)) {
                inside(Step::Name(Arc::clone(name)), Some(fields), element, way);
            }
        }
        _ => {}
    }
    if !deeper {
        found(way, around, value);
    }
}

/// The names among the steps.
pub(super) fn names(way: &[Step]) -> Vec<Arc<str>> {
    let name = |step: &Step| match step {
        Step::Name(name) => Some(Arc::clone(name)),
        Step::Index(_) => None,
    };
    way.iter().filter_map(name).collect()
}

/// The steps as an expression has them: `environment[0].variables.KEY`.
pub(super) fn path(way: &[Step]) -> String {
    let mut path = String::new();
    for step in way {
        match step {
            Step::Name(name) => {
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(name);
            }
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// A name without case, underscores and hyphens, so that both languages write it alike.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_' && *c != '-').map(|c| c.to_ascii_lowercase()).collect()
}

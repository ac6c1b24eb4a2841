//! Organizational units that are named by their path from the root.

use indexmap::IndexMap;

use crate::resource::Mode;
use crate::source::Span;
use crate::value::Value;

use super::resources::{Entry, Resources, UNIT};

/// The address of the organization of a manifest that names units by their path.
pub(super) const ORGANIZATION_ADDRESS: &str = "organization";

/// The units of one organization by their paths (`Workloads/Prod`).
#[derive(Debug, Default)]
pub(super) struct Units(IndexMap<String, Unit>);

#[derive(Debug)]
struct Unit {
    mode: Mode,
    header: Span,
    span: Span,
    id: Option<Value>,
}

impl Units {
    /// A unit that the manifest declares.
    pub(super) fn declare(&mut self, path: &str, header: Span, span: Span, id: Option<Value>) {
        self.0.insert(path.to_owned(), Unit { mode: Mode::Managed, header, span, id });
    }

    /// A unit that the manifest names: it exists, and so do those above it.
    pub(super) fn mention(&mut self, path: &str, span: Span) {
        let mut path = path;
        loop {
            let unit = || Unit { mode: Mode::Data, header: span, span, id: None };
            self.0.entry(path.to_owned()).or_insert_with(unit);
            match path.rsplit_once('/') {
                Some((above, _)) => path = above,
                None => return,
            }
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// What names the unit, mentioned at `span`.
    pub(super) fn reference(path: &str, resources: &Resources, span: Span) -> Value {
        resources.reference(UNIT, &address(path), "Ref", span)
    }

    /// The resources that the units are. Those above a declared unit exist, too.
    pub(super) fn add_to(mut self, resources: &mut Resources) {
        let paths: Vec<(String, Span)> = self.0.iter().map(|(path, unit)| (path.clone(), unit.header)).collect();
        for (path, span) in paths {
            self.mention(&path, span);
        }
        for (path, unit) in self.0 {
            let mut entry = Entry::new(UNIT, address(&path), unit.header, unit.span);
            entry.mode = unit.mode;
            let (above, name) = path.rsplit_once('/').unwrap_or(("", &path));
            let parent = match above {
                "" => resources.root(ORGANIZATION_ADDRESS, unit.header),
                above => Self::reference(above, resources, unit.header),
            };
            entry.set("Name", Value::text(name).at(unit.header));
            entry.set("ParentId", parent);
            if let Some(id) = unit.id {
                entry.set("Id", id);
            }
            resources.add(entry);
        }
    }
}

fn address(path: &str) -> String {
    format!("ou/{path}")
}

//! The resource instances that a plan or state speaks of: which there will be, and where in the text their values stand.

use std::collections::HashSet;
use std::sync::Arc;

use crate::finding::Diagnostic;
use crate::resource::Mode;
use crate::source::{FileId, Span};
use crate::syntax::json;
use crate::syntax::skim::{self, Part};
use crate::terraform::evaluator::MAX_ALL_INSTANCES;
use crate::terraform::instance::InstanceKey;

/// How deep the modules of a plan may nest.
const MAX_MODULE_DEPTH: usize = 256;

/// A resource instance that will exist once the plan is applied, or does in a state.
#[derive(Debug)]
pub struct Planned {
    /// Its address: `module.a["x"].aws_iam_user.u[0]`.
    pub address: Arc<str>,
    /// The block's address, without instance keys of its own.
    pub block: Arc<str>,
    /// The address of the module instance it is in; empty for the root module.
    pub module: Arc<str>,
    /// Managed or read.
    pub mode: Mode,
    /// The type.
    pub kind: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// Which instance of the block.
    pub key: InstanceKey,
    /// Where its address is written.
    pub header: Span,
    /// The whole entry.
    pub span: Span,
    pub(super) values: Values,
}

/// Where in the text the values of an instance stand, which of them are not known yet and which are sensitive.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) known: Option<Part>,
    pub(super) unknown: Option<Part>,
    pub(super) sensitive: Option<Part>,
}

/// The parts of a plan or state that list instances.
pub(super) struct Parts {
    /// `resource_changes`
    pub(super) changes: Option<Part>,
    /// `planned_values`
    pub(super) planned: Option<Part>,
    /// `prior_state`: what was read when the plan was made.
    pub(super) prior: Option<Part>,
    /// `values` of a state.
    pub(super) state: Option<Part>,
}

/// What the members of an entry hold, by their names.
#[derive(Default)]
struct Entry {
    address: Option<Part>,
    module: Option<Part>,
    mode: Option<Part>,
    kind: Option<Part>,
    name: Option<Part>,
    index: Option<Part>,
    deposed: bool,
    change: Option<Part>,
    values: Option<Part>,
    sensitive: Option<Part>,
}

/// Lists the instances; the errors are about entries that are left out.
///
/// # Errors
/// When a list is no list, or too long.
pub(super) fn read(text: &str, file: FileId, parts: &Parts) -> Result<(Vec<Planned>, Vec<Diagnostic>), Diagnostic> {
    let mut reader = Reader { text, file, found: Vec::new(), seen: HashSet::new(), errors: Vec::new() };
    if let Some(changes) = &parts.changes {
        let entries =
            skim::elements(text, changes.clone()).ok_or_else(|| reader.invalid("resource_changes", changes))?;
        for part in entries {
            reader.change(part)?;
        }
    }
    for values in [&parts.planned, &parts.state].into_iter().flatten() {
        reader.root(values, &|_| true)?;
    }
    if let Some(prior) = &parts.prior {
        // What is managed and will still be there has been listed; the rest goes.
        let only_read = parts.changes.is_some() || parts.planned.is_some();
        reader.root(prior, &|mode| !only_read || mode == Mode::Data)?;
    }
    Ok((reader.found, reader.errors))
}

struct Reader<'t> {
    text: &'t str,
    file: FileId,
    found: Vec<Planned>,
    /// Addresses that have been decided, those of instances that go included.
    seen: HashSet<Arc<str>>,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn invalid(&self, what: &str, part: &Part) -> Diagnostic {
        let span = Span::new(self.file, part.start, part.end.min(part.start + 1));
        Diagnostic::new("plan-invalid", format!("`{what}` does not have the form that a plan gives it"), span)
    }

    /// The text of a string.
    fn string(&self, part: Option<&Part>) -> Option<Arc<str>> {
        let raw = self.text.get(part?.clone())?;
        match raw.strip_prefix('"')?.strip_suffix('"')? {
            plain if !plain.contains('\\') => Some(plain.into()),
            _ => json::parse(raw, self.file).ok()?.as_str().map(Arc::from),
        }
    }

    fn entry(&self, part: &Part) -> Option<Entry> {
        let mut entry = Entry::default();
        for (key, value) in skim::members(self.text, part.clone())? {
            let null = self.text.get(value.clone()) == Some("null");
            let place = match self.text.get(key)? {
                "address" => &mut entry.address,
                "module_address" => &mut entry.module,
                "mode" => &mut entry.mode,
                "type" => &mut entry.kind,
                "name" => &mut entry.name,
                "index" => &mut entry.index,
                "change" => &mut entry.change,
                "values" => &mut entry.values,
                "sensitive_values" => &mut entry.sensitive,
                "deposed" | "deposed_key" => {
                    entry.deposed |= !null;
                    continue;
                }
                _ => continue,
            };
            *place = (!null).then_some(value);
        }
        Some(entry)
    }

    /// An entry of `resource_changes`.
    fn change(&mut self, part: Part) -> Result<(), Diagnostic> {
        let Some(entry) = self.entry(&part) else { return Err(self.invalid("resource_changes", &part)) };
        let change = entry.change.clone().and_then(|change| skim::members(self.text, change));
        let Some(change) = change else { return self.skip("a change", &part) };
        let find = |name: &str| {
            let found = change.iter().rev().find(|(key, _)| self.text.get(key.clone()) == Some(name));
            found.map(|(_, value)| value.clone()).filter(|value| self.text.get(value.clone()) != Some("null"))
        };
        let actions = find("actions").and_then(|actions| skim::elements(self.text, actions)).unwrap_or_default();
        let actions: Vec<&str> = actions.into_iter().filter_map(|part| self.text.get(part)).collect();
        // What is deleted or forgotten and not made anew will not be there; an object that was replaced before and could
        // not be deleted then is no instance.
        let goes = !actions.is_empty() && actions.iter().all(|action| matches!(*action, "\"delete\"" | "\"forget\""));
        let values =
            Values { known: find("after"), unknown: find("after_unknown"), sensitive: find("after_sensitive") };
        if entry.deposed {
            return Ok(());
        }
        self.instance(&part, &entry, "", (!goes).then_some(values))
    }

    /// The resources of `root_module` and the modules in it that `wanted` accepts.
    fn root(&mut self, values: &Part, wanted: &dyn Fn(Mode) -> bool) -> Result<(), Diagnostic> {
        match skim::member(self.text, values.clone(), "root_module") {
            Some(root) => self.module(&root, "", wanted, 0),
            None => Ok(()),
        }
    }

    fn module(
        &mut self,
        part: &Part,
        address: &str,
        wanted: &dyn Fn(Mode) -> bool,
        depth: usize,
    ) -> Result<(), Diagnostic> {
        let Some(members) = skim::members(self.text, part.clone()) else {
            return Err(self.invalid("root_module", part));
        };
        if depth > MAX_MODULE_DEPTH {
            return Err(self.invalid("child_modules", part));
        }
        let find = |name: &str| {
            let found = members.iter().rev().find(|(key, _)| self.text.get(key.clone()) == Some(name));
            found.map(|(_, value)| value.clone())
        };
        let own = self.string(find("address").as_ref());
        let (resources, children) = (find("resources"), find("child_modules"));
        let address = own.as_deref().unwrap_or(address);
        for part in resources.and_then(|part| skim::elements(self.text, part)).unwrap_or_default() {
            let Some(entry) = self.entry(&part) else { return Err(self.invalid("resources", &part)) };
            if !entry.deposed && wanted(self.mode(&entry)) {
                let values = Values { known: entry.values.clone(), unknown: None, sensitive: entry.sensitive.clone() };
                self.instance(&part, &entry, address, Some(values))?;
            }
        }
        for part in children.and_then(|part| skim::elements(self.text, part)).unwrap_or_default() {
            self.module(&part, address, wanted, depth + 1)?;
        }
        Ok(())
    }

    fn mode(&self, entry: &Entry) -> Mode {
        match entry.mode.as_ref().and_then(|part| self.text.get(part.clone())) {
            Some("\"data\"") => Mode::Data,
            _ => Mode::Managed,
        }
    }

    fn skip(&mut self, what: &str, part: &Part) -> Result<(), Diagnostic> {
        let error = self.invalid(what, part);
        self.errors.push(error);
        Ok(())
    }

    /// Adds an instance, unless one of its address was met before; without values it will not be there.
    fn instance(&mut self, part: &Part, entry: &Entry, module: &str, values: Option<Values>) -> Result<(), Diagnostic> {
        let string = |part: &Option<Part>| self.string(part.as_ref());
        let (Some(address), Some(kind), Some(name)) =
            (string(&entry.address), string(&entry.kind), string(&entry.name))
        else {
            return self.skip("a resource", part);
        };
        if self.seen.contains(&address) {
            return Ok(());
        }
        let key = match entry.index.as_ref().and_then(|part| self.text.get(part.clone())) {
            None => InstanceKey::None,
            Some(number) if number.starts_with(|first: char| first.is_ascii_digit()) => {
                number.parse().map_or(InstanceKey::Unknown, InstanceKey::Index)
            }
            Some(_) => string(&entry.index).map_or(InstanceKey::Unknown, InstanceKey::Key),
        };
        let module = string(&entry.module).unwrap_or_else(|| module.into());
        self.seen.insert(Arc::clone(&address));
        let Some(values) = values else { return Ok(()) };
        if self.found.len() >= MAX_ALL_INSTANCES {
            let message = format!("more than {MAX_ALL_INSTANCES} resource instances in one plan; rootlint stops here");
            return Err(Diagnostic::new("plan-too-large", message, Span::start_of(self.file)));
        }
        let mode = self.mode(entry);
        let dot = if module.is_empty() { "" } else { "." };
        let data = if mode == Mode::Data { "data." } else { "" };
        let header = entry.address.as_ref().unwrap_or(part);
        let block = Arc::from(format!("{module}{dot}{data}{kind}.{name}"));
        let span = |part: &Part| Span::new(self.file, part.start, part.end);
        let (header, span) = (span(header), span(part));
        self.found.push(Planned { address, block, module, mode, kind, name, key, header, span, values });
        Ok(())
    }
}

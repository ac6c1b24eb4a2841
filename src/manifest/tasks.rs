//! org-formation's tasks (docs/task-files.md): service control policies in CloudFormation templates that `update-stacks`
//! deploys for an organization, in the file that also has the task to update it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{Kind, normalize};
use crate::source::Span;
use crate::types::Type;
use crate::value::{Reason, Value};

use super::org_formation::{Scope, Section};
use super::reader::Reader;
use super::resources::{Entry, POLICY};
use super::value::{elements, field, flag, string};
use super::variables::Variables;

/// How deeply task files may include each other.
const MAX_DEPTH: usize = 16;

/// The types of a policy, the community's with its own names of the properties.
const POLICIES: [(&str, &str, &str); 2] = [
    ("AWS::Organizations::Policy", "Type", "Content"),
    ("Community::Organizations::Policy", "PolicyType", "PolicyDocument"),
];

/// The policies that the tasks for the organization in the file at `path` deploy: those of the task files beside it, and
/// of those above it that update it.
pub(super) fn policies(reader: &Reader<'_>, path: &Utf8Path, section: &Section<'_, '_>) -> Vec<Entry> {
    let mut tasks = Tasks { reader, section, found: Vec::new(), met: HashSet::new() };
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    for (folder, is_beside) in [(Some(folder), true), (folder.parent(), false)] {
        let Some(listing) = folder.and_then(|folder| reader.files().list(folder).ok()) else { continue };
        for entry in listing.entries {
            let is_yaml = entry.name.ends_with(".yml") || entry.name.ends_with(".yaml");
            let file = folder.unwrap_or(path).join(&entry.name);
            if entry.kind != Kind::File || !is_yaml || file == path {
                continue;
            }
            let Some(text) = reader.peek(&file).filter(|text| is_tasks(text)) else { continue };
            if tasks.is_about(&file, &text, path, is_beside) {
                tasks.file(&file, &HashMap::new(), 0);
            }
        }
    }
    tasks.found
}

fn is_tasks(text: &str) -> bool {
    ["update-organization", "update-stacks", "Type: include"].iter().any(|kind| text.contains(kind))
}

struct Tasks<'t, 's, 'r> {
    reader: &'t Reader<'r>,
    section: &'t Section<'s, 'r>,
    found: Vec<Entry>,
    /// Addresses and places of what was found.
    met: HashSet<(String, Span)>,
}

/// What a task names relative to its file.
fn beside(file: &Utf8Path, name: &str) -> Option<Utf8PathBuf> {
    normalize(&file.parent().unwrap_or(Utf8Path::new("")).join(name))
}

impl Tasks<'_, '_, '_> {
    /// Whether the task file is about the organization in the file at `path`: it updates that one, or `otherwise` if it
    /// updates none.
    fn is_about(&self, file: &Utf8Path, text: &str, path: &Utf8Path, otherwise: bool) -> bool {
        let Some(root) = self.reader.parse(file, text, &Variables::default()) else { return false };
        let Some(tasks) = root.fields() else { return false };
        let updates = tasks.values().filter(|task| string(task, "Type").as_deref() == Some("update-organization"));
        let updated: Vec<_> =
            updates.map(|task| string(task, "Template").and_then(|name| beside(file, &name))).collect();
        match updated.as_slice() {
            [] => otherwise && tasks.values().any(|task| string(task, "Type").is_some()),
            updated => updated.iter().any(|updated| updated.as_deref() == Some(path)),
        }
    }

    fn file(&mut self, file: &Utf8Path, given: &HashMap<Arc<str>, Value>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let Some(root) = self.reader.optional(file, &Variables::default()) else { return };
        let scope = self.scope(&root, given, file);
        let Some(tasks) = root.fields() else { return };
        for (name, task) in tasks.iter().filter(|(_, task)| flag(task, "Skip") != Some(true)) {
            let parameters = self.section.resolve(&field(task, "Parameters"), &scope);
            let passed: HashMap<Arc<str>, Value> = match parameters.fields() {
                Some(fields) => fields.iter().map(|(name, value)| (Arc::clone(name), value.clone())).collect(),
                None => scope.values.clone(),
            };
            let named = |key: &str| string(task, key).and_then(|name| beside(file, &name));
            match string(task, "Type").as_deref() {
                Some("include") => {
                    if let Some(path) = named("Path") {
                        self.file(&path, &passed, depth + 1);
                    }
                }
                Some("update-stacks") => {
                    if let Some(path) = named("Template") {
                        self.template(name, task, &path, &passed);
                    }
                }
                _ => {}
            }
        }
    }

    /// The values of parameters: those given, else their defaults.
    fn scope(&self, root: &Value, given: &HashMap<Arc<str>, Value>, file: &Utf8Path) -> Scope {
        let folder = file.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let mut scope = Scope { values: HashMap::new(), folder };
        for (name, parameter) in field(root, "Parameters").fields().into_iter().flat_map(|fields| fields.iter()) {
            let default = field(parameter, "Default");
            let value = match given.get(name) {
                Some(value) => value.clone(),
                None if default.is_null() => {
                    let reason = Reason::new(&**name, "has no value", parameter.origin.primary());
                    Value::unknown(Type::Dynamic, reason)
                }
                None => self.section.resolve(&default, &Scope::default()),
            };
            scope.values.insert(Arc::clone(name), value);
        }
        scope
    }

    fn template(&mut self, task_name: &str, task: &Value, path: &Utf8Path, given: &HashMap<Arc<str>, Value>) {
        let Some(text) = self.reader.peek(path).filter(|text| text.contains("Organizations::Policy")) else { return };
        let Some(root) = self.reader.parse(path, &text, &Variables::default()) else { return };
        let scope = self.scope(&root, given, path);
        let resources = field(&root, "Resources");
        for (name, resource) in resources.fields().into_iter().flat_map(|fields| fields.fields()) {
            let kind = string(&resource.value, "Type");
            let Some((_, kind, content)) = POLICIES.iter().find(|(known, ..)| kind.as_deref() == Some(*known)) else {
                continue;
            };
            let header = resource.key_span.unwrap_or_else(|| self.reader.start_of(path));
            let address = format!("{task_name}.{name}");
            if !self.met.insert((address.clone(), header)) {
                continue;
            }
            let span = resource.value.origin.span.map_or(header, |value| header.to(value));
            let properties = field(&resource.value, "Properties");
            let get = |name: &str| self.section.resolve(&field(&properties, name), &scope);
            let mut entry = Entry::new(POLICY, address, header, span);
            entry.set("Name", get("Name"));
            entry.set("Type", get(kind));
            entry.set("Content", get(content));
            let condition = field(&resource.value, "Condition");
            let targets = match condition.origin.primary() {
                Some(at) if !condition.is_null() => {
                    let reason = Reason::new(&**name, "is made only under a condition", Some(at));
                    vec![Value::unknown(Type::Text, reason).at(at)]
                }
                _ => elements(&get("TargetIds")).iter().flat_map(|target| self.target(target, task, &root)).collect(),
            };
            entry.set("TargetIds", Value::tuple(targets));
            self.found.push(entry);
        }
    }

    /// What an element of `TargetIds` names: `Fn::EnumTargetAccounts <binding> ${account}` names the accounts of a
    /// binding.
    fn target(&self, target: &Value, task: &Value, template: &Value) -> Vec<Value> {
        let (Some(text), Some(span)) = (target.as_str(), target.origin.primary()) else { return vec![target.clone()] };
        let mut words = text.split_whitespace();
        if words.next() != Some("Fn::EnumTargetAccounts") {
            return vec![target.clone()];
        }
        let name = words.next().unwrap_or_default();
        let form = words.next().map(|form| form.trim_matches(['\'', '"']));
        let binding = [task, template].into_iter().map(|place| field(&field(place, "OrganizationBindings"), name));
        match binding.into_iter().find(|binding| !binding.is_null()) {
            Some(binding) if matches!(form, None | Some("${account}" | "${AccountId}")) => {
                self.section.bound(&binding, span)
            }
            _ => {
                let reason = Reason::new(name, "is a binding that is not declared", Some(span));
                vec![Value::unknown(Type::Text, reason).at(span)]
            }
        }
    }
}

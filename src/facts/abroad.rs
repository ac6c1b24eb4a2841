//! Projects of other repositories: what their facts say, read as any project is.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::aws::{self, Facts, access_key::AccessKey};
use crate::finding::Findings;
use crate::resource::{Attributes, Language, ModuleCall, Resource};
use crate::source::Sources;
use crate::types::Type;
use crate::value::{Fields, Reason, Value};

use super::decode::{Decoded, Decoder, Line};
use super::join::Repository;
use super::states::{Others, States};
use super::wire;

/// Attributes as facts have them.
struct Told(BTreeMap<String, Value>);

impl Attributes for Told {
    fn get(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_else(|| {
            let why = "is not part of the facts, which another version of rootlint wrote";
            Value::unknown(Type::Dynamic, Reason::new(name, why, None))
        })
    }

    fn all(&self) -> Value {
        let fields = self.0.iter().map(|(name, value)| (Arc::from(name.as_str()), value.clone()));
        Value::object(fields.collect::<Fields>())
    }
}

/// The lines of a project, as they are read back.
#[derive(Default)]
struct Lines {
    resources: Vec<Line>,
    modules: Vec<Line>,
    keys: Vec<Line>,
}

/// What the projects of a repository declare.
pub(super) fn projects(
    repository: &Repository<'_>,
    states: &States,
    sources: &Sources,
    problem: &mut dyn FnMut(String),
) -> Vec<Facts> {
    let decoder = Decoder::new(sources, repository.name).beside(Others::of(repository, states));
    let mut by_project: BTreeMap<Arc<str>, Lines> = BTreeMap::new();
    for text in repository.lines() {
        match read(text, &decoder) {
            Ok(None) => {}
            Ok(Some((kind, line))) => {
                let project = by_project.entry(Arc::clone(&line.site.project)).or_default();
                match kind {
                    Kind::Resource => project.resources.push(line),
                    Kind::Module => project.modules.push(line),
                    Kind::Key => project.keys.push(line),
                }
            }
            Err(message) => problem(message),
        }
    }
    by_project.into_iter().map(|(project, lines)| facts(&project, lines)).collect()
}

enum Kind {
    Resource,
    Module,
    Key,
}

fn read(text: &str, decoder: &Decoder<'_>) -> Decoded<Option<(Kind, Line)>> {
    let head: wire::Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let kind = match &*head.kind {
        "resource" => Kind::Resource,
        "module" => Kind::Module,
        "script-key" => Kind::Key,
        "state" => return serde_json::from_str::<wire::State>(text).map(|_| None).map_err(|error| error.to_string()),
        // What other programs read, and what later versions write.
        _ => return Ok(None),
    };
    let line: wire::Declared = serde_json::from_str(text).map_err(|error| error.to_string())?;
    decoder.line(line).map(|line| Some((kind, line)))
}

fn facts(project: &Arc<str>, lines: Lines) -> Facts {
    let Lines { mut resources, mut modules, mut keys } = lines;
    [&mut resources, &mut modules, &mut keys].into_iter().for_each(|lines| lines.sort_by_key(|line| line.n));
    let language = [&resources, &modules, &keys].into_iter().flatten().map(|line| line.site.language).next();
    let resources: Vec<Resource<'static>> = resources.into_iter().map(resource).collect();
    let modules: Vec<ModuleCall<'static>> = modules.into_iter().map(module).collect();
    let language = language.unwrap_or(Language::Terraform);
    // What is wrong in another repository is told there.
    let mut facts = aws::declared(project, language, &resources, &modules, &mut Findings::default());
    facts.abroad = true;
    facts.keys.extend(keys.into_iter().map(key));
    facts
}

fn resource(line: Line) -> Resource<'static> {
    Resource {
        site: line.site,
        mode: line.mode,
        provider: line.provider,
        meta: line.meta,
        attributes: Rc::new(Told(line.attributes)),
    }
}

fn module(line: Line) -> ModuleCall<'static> {
    ModuleCall {
        site: line.site,
        source: line.source.unwrap_or_default(),
        version: line.version,
        provider: line.provider,
        inputs: Rc::new(Told(line.attributes)),
    }
}

/// A key that a program makes.
fn key(line: Line) -> AccessKey {
    let mut attributes = line.attributes;
    let mut take = |name: &str| attributes.remove(name).unwrap_or_else(Value::null);
    AccessKey {
        user: take("user"),
        status: take("status"),
        mentions: Vec::new(),
        account: line.account,
        by_script: true,
        site: line.site,
    }
}

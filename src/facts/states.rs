//! Values that cross from one repository to another: outputs in a state that one keeps and another reads.
//!
//! A repository's facts say where each of its projects keeps its state, with those outputs that name something in AWS, and
//! which state each of its `terraform_remote_state` reads. A value that is unknown there for want of the other repository
//! is the other's output here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::resource::{Project, Role, States as Kept};
use crate::source::Sources;
use crate::value::{Kind, Value};

use super::Joined;
use super::decode::{Decoder, abroad};
use super::join::Repository;
use super::wire;

/// The type of the data source.
pub(super) const READER: &str = "terraform_remote_state";

/// How many outputs of a project are told.
const MAX_OUTPUTS: usize = 500;

/// Which states a project keeps and reads, and what of its own it tells.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub(super) states: Kept,
    pub(super) outputs: Vec<(Arc<str>, Value)>,
}

impl Told {
    /// What a project tells: nothing if others cannot reach its state.
    pub fn of(project: &dyn Project) -> Option<Self> {
        let mut told = None;
        // What is wrong with outputs is told where they are used.
        project.aside(&mut || told = Self::read(project));
        told
    }

    fn read(project: &dyn Project) -> Option<Self> {
        let states = project.states();
        let mut outputs = Vec::new();
        if states.keeps.is_some() {
            for block in project.blocks(&|role| role == Role::Output) {
                let name = block.site.address.strip_prefix("output.").map(Arc::from);
                let value = block.arguments.fields().and_then(|fields| fields.get("value"));
                let is_sensitive = block.arguments.fields().and_then(|fields| fields.get("sensitive"));
                let is_open = is_sensitive.is_none_or(|said| said.as_bool() == Some(false));
                if let (Some(name), Some(value)) = (name, value)
                    && is_open
                    && names(value)
                    && outputs.len() < MAX_OUTPUTS
                {
                    outputs.push((name, value.clone()));
                }
            }
        }
        (states.keeps.is_some() || !states.reads.is_empty()).then_some(Self { states, outputs })
    }
}

/// Whether a value is the name of something in AWS, or consists of such: what else a state holds is nobody's business.
fn names(value: &Value) -> bool {
    match &value.kind {
        Kind::Unknown(unknown) => unknown.symbol.as_ref().is_some_and(|symbol| crate::aws::wanted(&symbol.kind)),
        Kind::Text(text) => match text.as_str() {
            Some(known) => is_name(&known),
            None => value.symbol().is_some_and(|symbol| crate::aws::wanted(&symbol.kind)),
        },
        Kind::Tuple(all) | Kind::List(_, all) | Kind::Set(_, all) => all.iter().all(names),
        Kind::Object(fields) | Kind::Map(_, fields) => fields.values().all(names),
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => false,
    }
}

/// An id of an organization's parts, of an account, or an ARN.
fn is_name(text: &str) -> bool {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_account || ["arn:aws", "o-", "r-", "ou-", "p-"].iter().any(|start| text.starts_with(start))
}

/// The states that the projects of other repositories keep.
#[derive(Debug, Default)]
pub struct States {
    by_state: HashMap<String, Vec<Arc<str>>>,
    outputs: HashMap<Arc<str>, BTreeMap<Arc<str>, Value>>,
}

impl States {
    /// Those that facts tell of, but for one repository.
    pub fn of(joined: &Joined, but: Option<&str>, sources: &Sources) -> Self {
        let mut states = Self::default();
        for repository in joined.repositories().filter(|known| Some(known.name) != but) {
            let decoder = Decoder::new(sources, repository.name);
            for line in lines(&repository) {
                let Some(state) = &line.state else { continue };
                let project: Arc<str> = Arc::from(abroad(repository.name, &line.project));
                let Ok(outputs) = decoder.outputs(line.files, line.outputs) else { continue };
                states.by_state.entry(state.clone()).or_default().push(Arc::clone(&project));
                states.outputs.insert(project, outputs);
            }
        }
        states
    }

    /// Adds what a project of the scan tells.
    pub fn add(&mut self, project: &Arc<str>, told: &Told) {
        if let Some(state) = &told.states.keeps {
            self.by_state.entry(state.clone()).or_default().push(Arc::clone(project));
            self.outputs.insert(Arc::clone(project), told.outputs.iter().cloned().collect());
        }
    }

    /// The one project that keeps a state; an error if there are several.
    ///
    /// # Errors
    /// The projects that all say they keep it.
    pub fn keeper(&self, state: &str) -> Result<Option<&Arc<str>>, &[Arc<str>]> {
        match self.by_state.get(state).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([one]) => Ok(Some(one)),
            Some(several) => Err(several),
        }
    }

    /// The outputs that a project tells of.
    pub fn outputs(&self, project: &str) -> Option<&BTreeMap<Arc<str>, Value>> {
        self.outputs.get(project)
    }

    /// The output `outputs.NAME` of a state.
    fn output(&self, state: &str, attribute: &str) -> Option<&Value> {
        let project = self.keeper(state).ok()??;
        self.outputs.get(project)?.get(attribute.strip_prefix("outputs.")?)
    }
}

/// What the unknowns of a repository are, as far as the states of others tell.
pub(super) struct Others<'s> {
    states: &'s States,
    /// By project and address of the reader.
    reads: HashMap<(String, String), String>,
}

impl<'s> Others<'s> {
    pub(super) fn of(repository: &Repository<'_>, states: &'s States) -> Self {
        let mut reads = HashMap::new();
        for line in lines(repository) {
            for (address, state) in line.reads {
                reads.insert((line.project.clone(), address), state);
            }
        }
        Self { states, reads }
    }

    /// What a symbol of the repository is the value of.
    pub(super) fn value(&self, (project, address, kind, attribute): &wire::Symbol) -> Option<&'s Value> {
        let state = (kind == READER).then(|| self.reads.get(&(project.clone(), address.clone())))??;
        self.states.output(state, attribute)
    }
}

fn lines<'r>(repository: &'r Repository<'_>) -> impl Iterator<Item = wire::State> + 'r {
    // What is wrong with a line is told when all of them are read.
    let own = repository.lines().filter(|line| line.starts_with("{\"kind\":\"state\""));
    own.filter_map(|line| serde_json::from_str(line).ok())
}

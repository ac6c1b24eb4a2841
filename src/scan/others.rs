//! What the projects of a scan know of each other: the outputs in a state, the parameters that a project stores. A
//! project that another asks is read for that alone, answers, and is dropped; the answers are kept for whoever asks
//! next. References in CloudFormation from stack to stack are another matter.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexSet;
use regex::Regex;

use super::Options;
use super::root_module::{Loader, given};
use crate::facts::States;
use crate::files::{Files, MAX_FILE_BYTES};
use crate::finding::{Diagnostic, Findings};
use crate::resource::{Mode, Project};
use crate::source::Sources;
use crate::terraform::config::{Module, is_module_file};
use crate::terraform::evaluator::{Evaluator, Named, ROOT};
use crate::terraform::inputs;
use crate::terraform::others::{OtherProjects, ParameterAddress, circular};
use crate::terraform::project::RootModule;
use crate::terraform::state::{Same, StateAddress};
use crate::types::Type;
use crate::value::{Reason, Value, Via};

/// The type of a parameter that Terraform stores.
const PARAMETER: &str = "aws_ssm_parameter";

/// How many projects that were asked wait for the next question of the same asker.
const MAX_IDLE: usize = 8;

/// What is asked of a project: the project and `output.name` or an attribute's address.
type Question = (Arc<str>, Arc<str>);

/// A project and where it keeps its state, or why that is not known.
type Kept = (Arc<str>, Result<StateAddress, Reason>);

/// What is known of all projects, on any thread.
pub(super) struct Neighbourhood<'n> {
    files: &'n dyn Files,
    sources: &'n Sources,
    options: &'n Options,
    loader: &'n Loader<'n>,
    /// Folders with Terraform files, and those of them that others seem to call.
    modules: &'n BTreeSet<Utf8PathBuf>,
    called: &'n BTreeSet<Utf8PathBuf>,
    /// The states that other repositories keep.
    abroad: &'n States,
    states: OnceLock<Vec<Kept>>,
    parameters: OnceLock<Vec<Stored>>,
    answers: Mutex<HashMap<Question, Option<Named>>>,
}

/// A parameter that a project declares.
struct Stored {
    project: Arc<str>,
    address: Arc<str>,
    wanted: ParameterAddress,
}

impl<'n> Neighbourhood<'n> {
    pub(super) fn new(
        files: &'n dyn Files,
        sources: &'n Sources,
        options: &'n Options,
        loader: &'n Loader<'n>,
        (modules, called): (&'n BTreeSet<Utf8PathBuf>, &'n BTreeSet<Utf8PathBuf>),
        abroad: &'n States,
    ) -> Self {
        let (states, parameters, answers) = (OnceLock::new(), OnceLock::new(), Mutex::default());
        Self { files, sources, options, loader, modules, called, abroad, states, parameters, answers }
    }

    /// The projects as one of them sees them, while it is read.
    pub(super) fn asked(&'n self) -> Rc<Asked<'n>> {
        Rc::new_cyclic(|me| Asked {
            all: self,
            me: Weak::clone(me),
            open: RefCell::default(),
            idle: RefCell::default(),
            errors: RefCell::default(),
            notes: RefCell::default(),
        })
    }

    fn evaluator(&self, folder: &Utf8Path, module: Arc<Module>) -> Evaluator<'n> {
        // What is wrong with the inputs is reported where the project itself is read.
        let given = given(self.options, folder);
        let inputs = inputs::collect(self.files, self.sources, folder, &given, &mut Vec::new());
        Evaluator::new(self.files, self.sources, self.loader, module, inputs)
    }

    /// The texts of a folder's module files.
    fn texts<'t>(&'t self, folder: &'t Utf8Path) -> impl Iterator<Item = (String, String)> + 't {
        let entries = self.files.list(folder).map(|listing| listing.entries).unwrap_or_default();
        entries.into_iter().filter(|entry| is_module_file(&entry.name)).filter_map(move |entry| {
            let bytes = self.files.read(&folder.join(&entry.name), MAX_FILE_BYTES).ok()?;
            Some((entry.name, String::from_utf8_lossy(&bytes).into_owned()))
        })
    }

    /// Where each project keeps its state.
    fn states(&self) -> &[Kept] {
        self.states.get_or_init(|| {
            let state = |folder: &Utf8PathBuf| {
                let says = |text: &str| text.contains("backend") || text.contains("cloud");
                let says = self.texts(folder).any(|(_, text)| says(&text));
                let module = match says {
                    true => self.loader.read(folder)?,
                    false => Arc::new(Module { folder: folder.clone(), ..Module::default() }),
                };
                // A module that others call has a state of its own only if it says so.
                if module.backend.is_none() && self.called.contains(folder) {
                    return None;
                }
                let evaluator = self.evaluator(folder, module);
                Some((Arc::clone(&evaluator.project), evaluator.own_state()))
            };
            self.modules.iter().filter_map(state).collect()
        })
    }

    /// The parameters that the projects declare under names that are known.
    fn parameters(&self) -> &[Stored] {
        self.parameters.get_or_init(|| {
            // A module that a package brings may store parameters too, but then so does a project's module call.
            let pattern = Regex::new(r#"resource"?\s+"?aws_ssm_parameter\b"#).ok();
            let declares = |(name, text): (String, String)| {
                let json = name.ends_with(".json") && text.contains(PARAMETER);
                json || pattern.as_ref().is_some_and(|pattern| pattern.is_match(&text))
            };
            if !self.modules.iter().any(|folder| self.texts(folder).any(declares)) {
                return Vec::new();
            }
            let mut all = Vec::new();
            for folder in self.modules.difference(self.called) {
                let Some(module) = self.loader.read(folder) else { continue };
                let root = RootModule::new(self.evaluator(folder, module));
                for resource in root.resources(&|kind| kind == PARAMETER) {
                    let known = |value: Option<&Value>| Some(value?.as_str()?.into_owned());
                    if resource.mode == Mode::Managed
                        && let Some(name) = known(Some(&resource.get("name")))
                    {
                        let (account, region) =
                            (known(resource.provider.account.as_ref()), known(resource.provider.region.as_ref()));
                        let wanted = ParameterAddress { name, account, region };
                        let project = Arc::clone(&resource.site.project);
                        all.push(Stored { project, address: Arc::clone(&resource.site.address), wanted });
                    }
                }
            }
            all
        })
    }

    fn answer(&self, question: &Question) -> Option<Option<Named>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(question).cloned()
    }

    fn keep(&self, question: Question, answer: Option<Named>) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answer);
    }
}

/// The projects as one of them sees them.
pub(super) struct Asked<'n> {
    all: &'n Neighbourhood<'n>,
    me: Weak<Self>,
    open: RefCell<Open>,
    /// Projects that were read to answer and have nothing to do.
    idle: RefCell<Vec<Rc<RootModule<'n>>>>,
    errors: RefCell<IndexSet<Diagnostic>>,
    notes: RefCell<IndexSet<Diagnostic>>,
}

/// Questions that are being answered, one for the sake of the other. Those that rest on themselves are found as Tarjan
/// finds the strongly connected components of a graph, so that who asks first makes no difference.
#[derive(Default)]
struct Open {
    /// Each with the place, from the bottom, of the lowest question that it rests on.
    stack: Vec<(Question, usize)>,
    /// Answered, but they rest on one that is still on the stack: at which place.
    waiting: HashMap<Question, usize>,
}

impl Open {
    /// Whether the question rests on itself, and then so does whoever asks it now.
    fn is_met_again(&mut self, question: &Question) -> bool {
        let place = self.stack.iter().position(|(open, _)| open == question);
        let Some(place) = place.or_else(|| self.waiting.get(question).copied()) else { return false };
        if let Some((_, low)) = self.stack.last_mut() {
            *low = place.min(*low);
        }
        true
    }

    /// Takes the question at the top away. Gives back those that rest on each other, as soon as all are found.
    fn close(&mut self) -> (bool, Vec<Question>) {
        let Some((question, low)) = self.stack.pop() else { return (false, Vec::new()) };
        if low > self.stack.len() {
            return (false, Vec::new());
        }
        self.waiting.insert(question, low);
        if low < self.stack.len() {
            if let Some((_, below)) = self.stack.last_mut() {
                *below = low.min(*below);
            }
            return (true, Vec::new());
        }
        (true, self.waiting.extract_if(|_, low_of| *low_of >= low).map(|(question, _)| question).collect())
    }
}

impl<'n> Asked<'n> {
    /// What went wrong in the projects that were asked.
    pub(super) fn report(&self, findings: &mut Findings) {
        findings.errors.extend(self.errors.take());
        findings.notes.extend(self.notes.take());
    }

    /// A project, read. One that is busy answering is left alone: it must not meet its own half-made values.
    fn project(&self, project: &Arc<str>) -> Option<Rc<RootModule<'n>>> {
        let mut idle = self.idle.borrow_mut();
        if let Some(at) = idle.iter().position(|root| root.evaluator().project == *project) {
            return Some(idle.remove(at));
        }
        let folder = if &**project == "." { Utf8Path::new("") } else { Utf8Path::new(&**project) };
        let module = self.all.loader.read(folder)?;
        let others: Weak<Self> = Weak::clone(&self.me);
        Some(Rc::new(RootModule::new(self.all.evaluator(folder, module).beside(others))))
    }

    /// Puts a question to a project, unless the answer is known or rests on itself.
    fn ask(
        &self,
        project: &Arc<str>,
        what: String,
        depth: usize,
        answer: impl FnOnce(&RootModule<'n>) -> Option<Named>,
    ) -> Option<Named> {
        let question: Question = (Arc::clone(project), Arc::from(what));
        if let Some(answer) = self.all.answer(&question) {
            return answer;
        }
        if self.open.borrow_mut().is_met_again(&question) {
            return Some(circular(&question.0, &question.1));
        }
        self.open.borrow_mut().stack.push((question.clone(), usize::MAX));
        let root = self.project(project);
        let answer = root.as_deref().and_then(|root| root.evaluator().at_depth(depth, || answer(root)));
        let (is_circular, closed) = self.open.borrow_mut().close();
        if let Some(root) = root {
            self.errors.borrow_mut().extend(root.evaluator().errors().iter().cloned());
            self.notes.borrow_mut().extend(root.evaluator().notes().iter().cloned());
            let mut idle = self.idle.borrow_mut();
            idle.truncate(MAX_IDLE - 1);
            idle.insert(0, root);
        }
        for question in closed {
            let answer = circular(&question.0, &question.1);
            self.all.keep(question, Some(answer));
        }
        if is_circular {
            return Some(circular(&question.0, &question.1));
        }
        self.all.keep(question, answer.clone());
        answer
    }
}

impl OtherProjects for Asked<'_> {
    fn writer(&self, wanted: &StateAddress) -> Result<Arc<str>, String> {
        if let Some(reason) = wanted.doubt() {
            return Err(format!("reads a state that is not known: {reason}"));
        }
        let mut found: Vec<&str> = Vec::new();
        let mut doubt = String::new();
        for (project, state) in self.all.states() {
            match state.as_ref().map(|state| state.is(wanted)) {
                Ok(Same::Yes) => found.push(project),
                Ok(Same::Maybe(reason)) if doubt.is_empty() => {
                    doubt = format!("; it may be that of {project}, where {reason}");
                }
                _ => {}
            }
        }
        match found.as_slice() {
            [one] => Ok(Arc::from(*one)),
            [] => match wanted.shared().map(|state| self.all.abroad.keeper(&state).map(Option::<&Arc<str>>::cloned)) {
                Some(Ok(Some(project))) => Ok(project),
                Some(Err(several)) => {
                    Err(format!("reads a state ({wanted}) that several projects keep: {}", several.join(", ")))
                }
                _ => Err(format!("reads a state ({wanted}) that no project of the scan is known to keep{doubt}")),
            },
            several => Err(format!("reads a state ({wanted}) that several projects keep: {}", several.join(", "))),
        }
    }

    fn outputs(&self, project: &Arc<str>) -> Vec<Arc<str>> {
        if let Some(outputs) = self.all.abroad.outputs(project) {
            return outputs.keys().cloned().collect();
        }
        let Some(root) = self.project(project) else { return Vec::new() };
        let names = root.evaluator().instance(ROOT).module.outputs.keys().cloned().collect();
        self.idle.borrow_mut().insert(0, root);
        names
    }

    fn output(&self, project: &Arc<str>, name: &Arc<str>, depth: usize) -> Option<Named> {
        if let Some(outputs) = self.all.abroad.outputs(project) {
            let via = Via::Output(Arc::clone(project), Arc::clone(name));
            let missing = || {
                let why = "is not among the outputs that facts tell of";
                let reason = Reason::new(format!("output.{name} of {project}"), why, None);
                Value::unknown(Type::Dynamic, reason)
            };
            return Some(Named { value: outputs.get(name).cloned().unwrap_or_else(missing), via });
        }
        self.ask(project, format!("output.{name}"), depth, |root| {
            let evaluator = root.evaluator();
            let module = Arc::clone(&evaluator.instance(ROOT).module);
            let header = module.outputs.get(name)?.header;
            evaluator.output(ROOT, name, header).ok()
        })
    }

    fn parameter(&self, wanted: &ParameterAddress, attribute: &str, depth: usize) -> Result<(Arc<str>, Named), String> {
        let found: Vec<&Stored> = self.all.parameters().iter().filter(|stored| stored.wanted.agrees(wanted)).collect();
        let stored = match found.as_slice() {
            [one] => one,
            [] => return Err(format!("reads the parameter {}, which the scan does not declare", wanted.name)),
            several => {
                let mut projects: Vec<&str> = several.iter().map(|stored| &*stored.project).collect();
                projects.dedup();
                let places = projects.join(", ");
                return Err(format!("reads the parameter {}, which is declared more than once: {places}", wanted.name));
            }
        };
        let answer = self.ask(&stored.project, format!("{}.{attribute}", stored.address), depth, |root| {
            let mut resources = root.resources(&|kind| kind == PARAMETER).into_iter();
            let resource = resources.find(|resource| resource.site.address == stored.address)?;
            let plain = resource.get("insecure_value");
            let name = if attribute == "value" && !plain.is_null() && plain.as_unknown().is_none() {
                "insecure_value"
            } else {
                attribute
            };
            let via = Via::Attribute(Arc::from(format!("{}.{name}", stored.address)));
            Some(Named { value: resource.get(name), via })
        });
        let missing = || format!("reads the parameter {}, which could not be read", wanted.name);
        answer.map(|named| (Arc::clone(&stored.project), named)).ok_or_else(missing)
    }
}

//! Reads one Terraform root module.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use super::others::Asked;
use super::projects::{Reader, Taken};
use super::{Options, VariableArgument};
use crate::files::Files;
use crate::finding::Findings;
use crate::source::Sources;
use crate::terraform::config::Module;
use crate::terraform::evaluator::{Evaluator, ModuleLoader};
use crate::terraform::inputs::{self, Given};
use crate::terraform::plan::Plan;
use crate::terraform::project::RootModule;

impl<T> Reader<'_, T> {
    /// A root module with the plan that was made from it, if there is one, and the templates that it hands to CloudFormation.
    pub(super) fn root_module(&self, folder: &Utf8Path) -> Vec<Taken<T>> {
        let mut stacks = Vec::new();
        let module = self.module(folder, &mut stacks);
        stacks.insert(0, module);
        stacks
    }

    fn module(&self, folder: &Utf8Path, stacks: &mut Vec<Taken<T>>) -> Taken<T> {
        let path: Arc<str> = Arc::from(if folder.as_str().is_empty() { "." } else { folder.as_str() });
        self.guarded(&path, folder, || {
            let mut errors = Vec::new();
            let module = self.loader.load(folder).unwrap_or_default();
            let given = given(self.options, folder);
            let inputs = inputs::collect(self.files, self.sources, folder, &given, &mut errors);
            let visits = Visits { loader: self.loader, seen: Mutex::default() };
            let others = self.neighbourhood.asked();
            let beside: Weak<Asked<'_>> = Rc::downgrade(&others);
            let mut evaluator =
                Evaluator::new(self.files, self.sources, &visits, Arc::clone(&module), inputs).beside(beside);
            let plan = self.plans.of(folder).map(|plan| self.load_plan(plan, &mut errors));
            let plan_files = plan.iter().flatten().map(|plan| Utf8PathBuf::from(&*plan.path)).collect::<Vec<_>>();
            evaluator.plan = plan.flatten();
            let root = RootModule::new(evaluator);
            let mut findings = Findings { errors, ..Findings::default() };
            let taken = (self.take)(&root, &mut findings);
            *stacks = self.stacks(&root, folder, &mut findings);
            let evaluator = root.evaluator();
            evaluator.find_cycles();
            evaluator.compare_with_plan();
            findings.hidden.extend(evaluator.plan.iter().flat_map(Plan::secrets));
            findings.secrets.append(&mut evaluator.hidden_keys.borrow_mut());
            let mut resources = 0;
            for id in evaluator.all_instances() {
                resources += evaluator.instance(id).module.resources.len();
            }
            let mut seen = visits.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let variables = module.variables.keys().cloned().collect();
            seen.insert(folder.to_owned(), module);
            let mut files = plan_files;
            for module in seen.values() {
                findings.errors.extend(module.errors.iter().cloned());
                files.extend(module.paths.iter().cloned());
            }
            findings.errors.extend(evaluator.errors().iter().cloned());
            findings.notes.extend(evaluator.notes().iter().cloned());
            others.report(&mut findings);
            let taken = Some(taken);
            Taken { taken, files, resources, variables, ..Taken::without_project(&path, findings) }
        })
    }
}

/// Options and configuration for one root module.
pub(super) fn given(options: &Options, folder: &Utf8Path) -> Given {
    let entry = options.config.terraform.iter().find(|entry| entry.path == folder);
    let mut arguments: Vec<VariableArgument> = Vec::new();
    arguments.extend(entry.into_iter().flat_map(|entry| entry.var_files.iter().cloned().map(VariableArgument::File)));
    arguments.extend(options.variables.iter().cloned());
    let option = options.workspace.clone().map(|name| (name, "<--workspace>".to_owned()));
    let variable = || options.environment_workspace.clone().map(|name| (name, "<TF_WORKSPACE>".to_owned()));
    let configured = entry.and_then(|entry| entry.workspace.clone());
    let environment = options.environment.clone();
    Given { arguments, environment, workspace: option.or_else(variable), configured_workspace: configured }
}

/// A module folder that is read when the first one asks.
type LoadedOnce = OnceLock<Option<Arc<Module>>>;

/// Loads module folders; those that several modules call are kept and shared.
pub(super) struct Loader<'l> {
    files: &'l dyn Files,
    sources: &'l Sources,
    shared: BTreeSet<Utf8PathBuf>,
    loaded: Mutex<HashMap<Utf8PathBuf, Arc<LoadedOnce>>>,
}

impl<'l> Loader<'l> {
    pub(super) fn new(files: &'l dyn Files, sources: &'l Sources, shared: BTreeSet<Utf8PathBuf>) -> Self {
        Self { files, sources, shared, loaded: Mutex::default() }
    }

    pub(super) fn has_loaded(&self, folder: &Utf8Path) -> bool {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).contains_key(folder)
    }

    /// Reads a folder, for this one purpose.
    pub(super) fn read(&self, folder: &Utf8Path) -> Option<Arc<Module>> {
        let module = Module::load(self.files, self.sources, folder).ok()?;
        (!module.paths.is_empty()).then(|| Arc::new(module))
    }
}

impl ModuleLoader for Loader<'_> {
    fn load(&self, folder: &Utf8Path) -> Option<Arc<Module>> {
        if !self.shared.contains(folder) {
            return self.read(folder);
        }
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(folder.to_owned()).or_default())
        };
        slot.get_or_init(|| self.read(folder)).clone()
    }
}

/// The modules that one project has loaded.
struct Visits<'v> {
    loader: &'v Loader<'v>,
    seen: Mutex<BTreeMap<Utf8PathBuf, Arc<Module>>>,
}

impl ModuleLoader for Visits<'_> {
    fn load(&self, folder: &Utf8Path) -> Option<Arc<Module>> {
        if let Some(module) = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return Some(Arc::clone(module));
        }
        let module = self.loader.load(folder)?;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned(), Arc::clone(&module));
        Some(module)
    }
}

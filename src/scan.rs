//! From files to findings: discovers projects, reads and evaluates each on its own, takes out what the checks need, and
//! drops the rest. A project is the unit of memory and of parallel work.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use crate::aws::{self, Facts, Model};
use crate::checks;
use crate::cloudformation::{self, Parameters, Template};
use crate::config::Config;
use crate::discover::{self, Found};
use crate::files::{Files, MAX_FILE_BYTES};
pub use crate::finding::Counts;
use crate::finding::{Diagnostic, Findings};
use crate::parameters;
use crate::resource::{Mode, Presence, Project};
use crate::source::{Sources, Span};
use crate::syntax::hcl::{self, Place};
use crate::terraform::config::Module;
use crate::terraform::evaluator::{Evaluator, ModuleLoader, ROOT};
use crate::terraform::inputs::{self, Given};
use crate::terraform::project::RootModule;
use crate::terraform::scope::Scope;
use crate::value::Value;

pub use crate::terraform::inputs::VariableArgument;

/// The stack of each worker: deep enough for [`crate::terraform::evaluator::MAX_DEPTH`] levels. Only what is used of it
/// is ever given by the system.
pub const STACK_BYTES: usize = 512 << 20;

/// What to look at and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The root folder, for messages only: `files` is already rooted there.
    pub root: Utf8PathBuf,
    /// What to look at, relative to the root.
    pub paths: Vec<Utf8PathBuf>,
    /// Globs of what not to look at.
    pub exclude: Vec<String>,
    /// Values of Terraform variables, in the order given.
    pub variables: Vec<VariableArgument>,
    /// `terraform.workspace`.
    pub workspace: Option<String>,
    /// The environment's `TF_WORKSPACE`, which the option goes before.
    pub environment_workspace: Option<String>,
    /// Values of the environment's `TF_VAR_*`, by variable name.
    pub environment: BTreeMap<String, String>,
    /// Values of CloudFormation parameters.
    pub parameters: Vec<(String, String)>,
    /// Files with such values, relative to the root.
    pub parameter_files: Vec<Utf8PathBuf>,
    /// The configuration.
    pub config: Config,
    /// How many threads.
    pub jobs: Option<usize>,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings and the rest.
    pub findings: Findings,
    /// Names of files.
    pub sources: Sources,
    /// How much was looked at.
    pub summary: Counts,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct ResourceRow {
    /// The instance's address.
    pub address: Arc<str>,
    /// The resource's type.
    pub kind: Arc<str>,
    /// Managed or read.
    pub mode: Mode,
    /// The project's path.
    pub project: Arc<str>,
    /// Whether it will exist.
    pub presence: Presence,
    /// On what it depends whether it does.
    pub condition: Option<String>,
    /// Where it is declared.
    pub span: Span,
    /// All attributes.
    pub attributes: Value,
}

/// The answer to one expression.
#[derive(Clone, Debug)]
pub enum EvalRow {
    /// Its value, perhaps unknown.
    Value(Value),
    /// Why it has none.
    Error(String),
}

/// Looks at everything and runs the checks.
pub fn check(files: &dyn Files, options: &Options) -> Outcome {
    let sources = Sources::default();
    let (projects, mut outcome) = in_pool(options, || {
        let take = |project: &dyn Project, out: &mut Findings| aws::read(project, out);
        read_all(files, &sources, options, &take)
    });
    let facts: Vec<Facts> = projects.into_iter().filter_map(|project| project.taken).collect();
    let settings = options.config.settings(&sources);
    let model = Model { settings: &settings, facts: &facts };
    in_pool(options, || {
        let results: Vec<Findings> = checks::ALL
            .par_iter()
            .map(|check| {
                let mut out = Findings::default();
                (check.run)(&model, &mut out);
                out.join_same();
                out
            })
            .collect();
        for found in results {
            outcome.findings.findings.extend(found.findings);
            outcome.findings.undecided.extend(found.undecided);
            outcome.findings.errors.extend(found.errors);
            outcome.findings.notes.extend(found.notes);
        }
    });
    if !outcome.only.is_empty() {
        let inside = |span: Span| outcome.only.contains(&*sources.path(span.file));
        let findings = &mut outcome.findings;
        findings.findings.retain(|finding| inside(finding.primary));
        findings.undecided.retain(|undecided| inside(undecided.span));
        findings.errors.retain(|error| inside(error.span));
        findings.notes.retain(|note| inside(note.span));
    }
    Outcome { findings: outcome.findings, sources, summary: outcome.counts }
}

/// Lists the resources with all their attributes.
pub fn resources(files: &dyn Files, options: &Options) -> (Vec<ResourceRow>, Outcome) {
    let sources = Sources::default();
    let (projects, outcome) = in_pool(options, || {
        let take = |project: &dyn Project, _: &mut Findings| rows(project);
        read_all(files, &sources, options, &take)
    });
    let rows = projects.into_iter().filter_map(|project| project.taken).flatten().collect();
    (rows, Outcome { findings: outcome.findings, sources, summary: outcome.counts })
}

fn rows(project: &dyn Project) -> Vec<ResourceRow> {
    let row = |resource: crate::resource::Resource<'_>| ResourceRow {
        attributes: resource.attributes.all(),
        condition: match &resource.site.presence {
            Presence::Certain => None,
            Presence::Possible(reason) => Some(reason.to_string()),
        },
        address: resource.site.address,
        kind: resource.site.kind,
        mode: resource.mode,
        project: resource.site.project,
        presence: resource.site.presence,
        span: resource.site.header,
    };
    project.resources(&|_| true).into_iter().map(row).collect()
}

/// Evaluates expressions in the root module in `folder`.
pub fn evaluate(
    files: &dyn Files,
    options: &Options,
    folder: &Utf8Path,
    expressions: impl Iterator<Item = String> + Send,
    out: &mut (dyn FnMut(EvalRow) + Send),
) {
    let sources = Sources::default();
    in_pool(options, || {
        let loader = Loader::new(files, &sources, BTreeSet::new());
        let module =
            loader.load(folder).unwrap_or_else(|| Arc::new(Module { folder: folder.to_owned(), ..Module::default() }));
        let mut errors = Vec::new();
        let inputs = inputs::collect(files, &sources, folder, &given(options, folder), &mut errors);
        let evaluator = Evaluator::new(files, &sources, &loader, module, inputs);
        let file = sources.file(Utf8Path::new("<expression>"));
        for text in expressions {
            let reported = evaluator.errors().len();
            let row = match hcl::parse_argument(&text, Place::At(file, 0)) {
                Err(error) => EvalRow::Error(error.message),
                Ok(expr) => match evaluator.eval(&expr, &Scope::of(ROOT)) {
                    Err(error) => EvalRow::Error(error.message),
                    // What the expression refers to may have an error of its own.
                    Ok(value) => match evaluator.errors().get_index(reported) {
                        Some(error) => EvalRow::Error(error.message.clone()),
                        None => EvalRow::Value(value),
                    },
                },
            };
            out(row);
        }
    });
}

/// Runs `work` on threads with a stack deep enough for evaluation.
fn in_pool<T: Send>(options: &Options, work: impl FnOnce() -> T + Send) -> T {
    let mut pool = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES);
    if let Some(jobs) = options.jobs {
        pool = pool.num_threads(jobs);
    }
    match pool.build() {
        Ok(pool) => pool.install(work),
        // The system gives no threads: this one has to do.
        Err(_) => work(),
    }
}

/// What reading the projects gave, before the checks.
struct Reading {
    findings: Findings,
    counts: Counts,
    only: BTreeSet<Utf8PathBuf>,
}

/// What was taken out of a project.
struct Taken<T> {
    path: Arc<str>,
    /// Nothing where the file or folder could not be read as a project: then only `findings` matter.
    taken: Option<T>,
    findings: Findings,
    files: Vec<Utf8PathBuf>,
    resources: usize,
    /// The variables that a root module declares.
    variables: Vec<Arc<str>>,
}

type Take<'t, T> = dyn Fn(&dyn Project, &mut Findings) -> T + Sync + 't;

fn read_all<T: Send>(
    files: &dyn Files,
    sources: &Sources,
    options: &Options,
    take: &Take<'_, T>,
) -> (Vec<Taken<T>>, Reading) {
    let mut findings = Findings::default();
    let exclude: Vec<String> = options.exclude.iter().chain(&options.config.exclude).cloned().collect();
    let exclude = discover::globs(&exclude).unwrap_or_else(|message| {
        let span = Span::start_of(sources.file(Utf8Path::new(crate::config::FILE_NAME)));
        findings.error(Diagnostic::new("bad-glob", message, span));
        globset::GlobSet::empty()
    });
    let Found { modules, documents, ignored, only, errors, notes } =
        discover::discover(files, sources, &options.paths, &exclude);
    findings.errors.extend(errors);
    findings.notes.extend(notes);

    let called = discover::called(files, &modules);
    let loader = Loader::new(files, sources, called.clone());
    let reader = Reader { files, sources, options, loader: &loader, take, parameters: OnceLock::new() };
    let first: Vec<&Utf8PathBuf> = modules.difference(&called).collect();
    let documents: Vec<&Utf8PathBuf> = documents.iter().collect();
    let (mut projects, templates) = rayon::join(
        || first.par_iter().map(|folder| reader.root_module(folder)).collect::<Vec<_>>(),
        || documents.par_iter().filter_map(|path| reader.document(path)).collect::<Vec<_>>(),
    );
    projects.extend(templates);
    // Mentioned somewhere, but nobody that was read calls them: judged alone. One at a time, since each may call others.
    for folder in called.intersection(&modules) {
        if !loader.has_loaded(folder) {
            projects.push(reader.root_module(folder));
        }
    }
    projects.sort_by(|a, b| a.path.cmp(&b.path));

    let mut read: BTreeSet<&Utf8PathBuf> = BTreeSet::new();
    let mut counts = Counts { ignored, ..Counts::default() };
    let mut known: HashSet<(&'static str, Span, String)> = HashSet::new();
    for project in &mut projects {
        counts.projects += usize::from(project.taken.is_some());
        counts.resources += project.resources;
        let mut new = |found: &Diagnostic| known.insert((found.code, found.span, found.message.clone()));
        findings.errors.extend(std::mem::take(&mut project.findings.errors).into_iter().filter(&mut new));
        findings.notes.extend(std::mem::take(&mut project.findings.notes).into_iter().filter(&mut new));
        findings.findings.append(&mut project.findings.findings);
        findings.undecided.append(&mut project.findings.undecided);
    }
    for project in &projects {
        read.extend(&project.files);
    }
    for argument in &options.variables {
        let VariableArgument::Var { name, value } = argument else { continue };
        if !projects.iter().any(|project| project.variables.iter().any(|declared| **declared == **name)) {
            let file = sources.virtual_file(&format!("<--var {name}>"), value);
            let message = format!("no root module declares the variable `{name}`");
            findings.notes.push(Diagnostic::new("unused-variable", message, Span::start_of(file)));
        }
    }
    counts.files = read.len();
    (projects, Reading { findings, counts, only })
}

/// Reads one project after the other, on any thread.
struct Reader<'r, T> {
    files: &'r dyn Files,
    sources: &'r Sources,
    options: &'r Options,
    loader: &'r Loader<'r>,
    take: &'r Take<'r, T>,
    parameters: OnceLock<(Parameters, Vec<Diagnostic>)>,
}

impl<T> Reader<'_, T> {
    /// Values given to parameters; their files are read when the first template needs them.
    fn parameters(&self) -> &(Parameters, Vec<Diagnostic>) {
        let Options { parameter_files, parameters, .. } = self.options;
        self.parameters.get_or_init(|| parameters::collect(self.files, self.sources, parameter_files, parameters))
    }

    fn root_module(&self, folder: &Utf8Path) -> Taken<T> {
        let path: Arc<str> = Arc::from(if folder.as_str().is_empty() { "." } else { folder.as_str() });
        self.guarded(&path, folder, || {
            let mut errors = Vec::new();
            let module = self.loader.load(folder).unwrap_or_default();
            let given = given(self.options, folder);
            let inputs = inputs::collect(self.files, self.sources, folder, &given, &mut errors);
            let visits = Visits { loader: self.loader, seen: Mutex::default() };
            let evaluator = Evaluator::new(self.files, self.sources, &visits, Arc::clone(&module), inputs);
            let root = RootModule::new(evaluator);
            let mut findings = Findings { errors, ..Findings::default() };
            let taken = (self.take)(&root, &mut findings);
            let evaluator = root.evaluator();
            evaluator.find_cycles();
            let mut resources = 0;
            for id in evaluator.all_instances() {
                resources += evaluator.instance(id).module.resources.len();
            }
            let mut seen = visits.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let variables = module.variables.keys().cloned().collect();
            seen.insert(folder.to_owned(), module);
            let mut files = Vec::new();
            for module in seen.values() {
                findings.errors.extend(module.errors.iter().cloned());
                files.extend(module.paths.iter().cloned());
            }
            findings.errors.extend(evaluator.errors().iter().cloned());
            findings.notes.extend(evaluator.notes().iter().cloned());
            Taken { path: Arc::clone(&path), taken: Some(taken), findings, files, resources, variables }
        })
    }

    /// A template, or nothing if the file is none of our business.
    fn document(&self, path: &Utf8Path) -> Option<Taken<T>> {
        let file = self.sources.file(path);
        let shown: Arc<str> = Arc::from(path.as_str());
        let error = |code, message: String| {
            let errors = vec![Diagnostic::new(code, message, Span::start_of(file))];
            Some(Taken::without_project(&shown, Findings { errors, ..Findings::default() }))
        };
        let bytes = match self.files.read(path, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(problem) => return error("file-unreadable", format!("{path} {problem}")),
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(problem) => {
                // UTF-16 without its zero bytes is still telling.
                let lossy = String::from_utf8_lossy(problem.as_bytes()).replace('\0', "");
                let meant = cloudformation::recognise(&lossy);
                return if meant { error("not-utf8", "this template is not UTF-8 text".into()) } else { None };
            }
        };
        if let Some(what) = not_analysed(&text) {
            let message = format!("this file looks like {what}, which this version does not analyse");
            let notes = vec![Diagnostic::new("not-analysed", message, Span::start_of(file))];
            return Some(Taken::without_project(&shown, Findings { notes, ..Findings::default() }));
        }
        if !cloudformation::recognise(&text) {
            return None;
        }
        let taken = self.guarded(&shown, path, || {
            let (parameters, problems) = self.parameters();
            let mut errors = problems.clone();
            let (template, problems) = Template::load(path, &text, file, parameters);
            errors.extend(problems);
            let mut findings = Findings { errors, ..Findings::default() };
            let Some(template) = template else { return Taken::without_project(&shown, findings) };
            let taken = (self.take)(&template, &mut findings);
            let resources = template.resources(&|_| true).len();
            findings.errors.extend(template.take_errors());
            let files = vec![path.to_owned()];
            Taken { path: Arc::clone(&shown), taken: Some(taken), findings, files, resources, variables: Vec::new() }
        });
        (taken.taken.is_some() || !taken.findings.errors.is_empty()).then_some(taken)
    }

    /// A panic while reading a project is a bug of ours; it costs that project, not the run, and is an error.
    fn guarded(&self, path: &Arc<str>, file: &Utf8Path, read: impl FnOnce() -> Taken<T>) -> Taken<T> {
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
            let message = format!("rootlint failed on {path}; this is a bug in rootlint, please report it");
            let span = Span::start_of(self.sources.file(file));
            let errors = vec![Diagnostic::new("internal-error", message, span)];
            Taken::without_project(path, Findings { errors, ..Findings::default() })
        })
    }
}

impl<T> Taken<T> {
    fn without_project(path: &Arc<str>, findings: Findings) -> Self {
        Self { path: Arc::clone(path), taken: None, findings, files: Vec::new(), resources: 0, variables: Vec::new() }
    }
}

/// What a file is that a later version will read.
fn not_analysed(text: &str) -> Option<&'static str> {
    let has = |needle: &str| text.contains(needle);
    if has("\"planned_values\"") && has("\"format_version\"") && has("\"terraform_version\"") {
        Some("a Terraform plan")
    } else if has("AWSTemplateFormatVersion") && has("2010-09-09-OC") {
        Some("an org-formation manifest")
    } else {
        None
    }
}

/// Options and configuration for one root module.
fn given(options: &Options, folder: &Utf8Path) -> Given {
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
struct Loader<'l> {
    files: &'l dyn Files,
    sources: &'l Sources,
    shared: BTreeSet<Utf8PathBuf>,
    loaded: Mutex<HashMap<Utf8PathBuf, Arc<LoadedOnce>>>,
}

impl<'l> Loader<'l> {
    fn new(files: &'l dyn Files, sources: &'l Sources, shared: BTreeSet<Utf8PathBuf>) -> Self {
        Self { files, sources, shared, loaded: Mutex::default() }
    }

    fn has_loaded(&self, folder: &Utf8Path) -> bool {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).contains_key(folder)
    }

    fn read(&self, folder: &Utf8Path) -> Option<Arc<Module>> {
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

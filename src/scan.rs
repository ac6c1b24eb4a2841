//! From files to findings: discovers projects, reads and evaluates each on its own, takes out what the checks need, and
//! drops the rest. A project is the unit of memory and of parallel work.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use jiff::civil::Date;
use rayon::prelude::*;
use serde_json::Value as Json;

use self::projects::read_all;
use self::root_module::{Loader, given};
use self::texts::ScannedTexts;
use crate::audit::cloudtrail::Trails;
use crate::aws::organization::Resolved;
use crate::aws::{self, Facts, Model, Settings};
use crate::checks::{self, Run};
use crate::config::Config;
use crate::facts::{self, Joined, Record, States};
use crate::files::Files;
pub use crate::finding::Counts;
use crate::finding::{Diagnostic, Findings};
use crate::guard::{self, Ruleset};
use crate::progress::Progress;
use crate::resource::{Mode, Presence, Project};
use crate::source::{Sources, Span};
use crate::syntax::hcl::{self, Place};
use crate::terraform::config::Module;
use crate::terraform::evaluator::{Evaluator, ModuleLoader, ROOT};
use crate::terraform::inputs;
use crate::terraform::scope::Scope;
use crate::value::Value;
use crate::waiver::{Marked, Waivers};

mod abroad;
mod constructs;
mod documents;
mod embedded;
mod events;
mod evidence;
mod exports;
mod others;
mod plans;
mod projects;
mod root_module;
mod texts;

pub use crate::parameters::ParameterFile;
pub use crate::terraform::inputs::VariableArgument;
pub use crate::terraform::plan::recognise as is_plan;

/// The stack of each worker: deep enough for [`crate::terraform::evaluator::MAX_DEPTH`] levels. Only what is used of it
/// is ever given by the system.
pub const STACK_BYTES: usize = 512 << 20;

/// What to look at and how.
#[derive(Clone, Default)]
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
    pub parameter_files: Vec<ParameterFile>,
    /// Plans and states named, relative to the root.
    pub plans: Vec<Utf8PathBuf>,
    /// The configuration.
    pub config: Config,
    /// Rules of one's own.
    pub rules: Arc<Ruleset>,
    /// Where waivers are taken from, if not from the files that are looked at.
    pub waivers_from: Option<Arc<dyn Files>>,
    /// The day of the run (UTC), by which waivers run out.
    pub today: Date,
    /// The time of the run, by which keys grow old.
    pub now: Timestamp,
    /// Credential reports of accounts that the code is deployed in: their names and what they hold.
    pub credential_reports: Vec<(Utf8PathBuf, Vec<u8>)>,
    /// Events that CloudTrail has written down.
    pub trails: Option<Arc<Trails>>,
    /// After how many days a key counts as unused, by the framework that was asked for.
    pub max_unused_days: Option<u32>,
    /// Facts of other repositories.
    pub facts: Option<Arc<Joined>>,
    /// Whether what lies in other repositories is reported, too.
    pub everywhere: bool,
    /// The name of the repository that is looked at, if that is known.
    pub repository: Option<String>,
    /// How many threads.
    pub jobs: Option<usize>,
    /// How far the run is.
    pub progress: Arc<Progress>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("root", &self.root).field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Options {
    /// What the user says, at the time of the run.
    fn settings(&self, sources: &Sources) -> Settings {
        Settings { now: Some(self.now.as_second()), ..self.config.settings(sources) }
    }
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

/// Looks at everything, runs the checks and waives what is waived.
pub fn check(files: &dyn Files, options: &Options) -> Outcome {
    in_pool(options, || checked(files, options))
}

fn checked(files: &dyn Files, options: &Options) -> Outcome {
    let sources = Sources::default();
    let marked = Marked::new(files);
    let files: &dyn Files = &marked;
    let settings = options.settings(&sources);
    let states = abroad::states(options, &sources);
    let texts = ScannedTexts { files, sources: &sources };
    let rules = options.rules.parsed();
    let take = |project: &dyn Project, out: &mut Findings| {
        let facts = aws::read(project, &texts, &settings, out);
        rules.evaluate(project, out);
        (facts, abroad::told(project, options))
    };
    let (projects, mut outcome) = read_all(files, &sources, options, &states, &take);
    // One block may be part of several projects.
    outcome.findings.join_same();
    let taken: Vec<_> = projects.into_iter().filter_map(|project| project.taken).collect();
    let facts = abroad::join(taken, states, options, &sources, &mut outcome.findings);
    if options.everywhere {
        outcome.counts.projects += facts.iter().filter(|facts| facts.abroad).count();
    }
    let mut model = Model::new(&settings, &facts);
    model.everywhere = options.everywhere;
    let model = model;
    let of_model = checks::ALL.par_iter().filter_map(|check| match check.run {
        Run::Model(run) => Some(run),
        _ => None,
    });
    let results: Vec<Findings> = of_model
        .map(|run| {
            let mut out = Findings::default();
            run(&model, &mut out);
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
    abroad::only_here(&model, options, &sources, &mut outcome.findings);
    evidence::meet(&model, options, &sources, &mut outcome.findings);
    events::meet(&model, options, &sources, &mut outcome.findings);
    waive(&marked, options, &sources, &mut outcome.findings);
    evidence::tell_as_one(&model, &mut outcome.findings);
    constructs::name(&mut outcome.findings, &outcome.constructs);
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

/// Applies the waivers, and says what is wrong with them.
fn waive(marked: &Marked<'_>, options: &Options, sources: &Sources, findings: &mut Findings) {
    let own = options.rules.rules().map(|rule| &*rule.id);
    let known: Vec<&str> = checks::ALL.iter().map(|check| check.id).chain(own).collect();
    let base = options.waivers_from.as_ref().map(|base| &**base as &dyn Files);
    let waivers = Waivers::collect(marked, base, &options.config, sources, &known);
    let everything = options.paths.iter().any(|path| path.as_str().is_empty());
    let applied = waivers.apply(&mut findings.findings, sources, options.today, everything);
    for check in checks::ALL {
        if let Run::Waivers(run) = check.run {
            run(&applied, findings);
        }
    }
}

/// Reads everything and puts the organizations together.
pub fn organizations(files: &dyn Files, options: &Options) -> (Vec<Resolved>, Settings, Outcome) {
    in_pool(options, || together(files, options))
}

fn together(files: &dyn Files, options: &Options) -> (Vec<Resolved>, Settings, Outcome) {
    let sources = Sources::default();
    let settings = options.settings(&sources);
    let states = abroad::states(options, &sources);
    let texts = ScannedTexts { files, sources: &sources };
    let take = |project: &dyn Project, out: &mut Findings| {
        (aws::read(project, &texts, &settings, out), abroad::told(project, options))
    };
    let (projects, mut outcome) = read_all(files, &sources, options, &states, &take);
    let taken: Vec<_> = projects.into_iter().filter_map(|project| project.taken).collect();
    let facts = abroad::join(taken, states, options, &sources, &mut outcome.findings);
    let model = Model::new(&settings, &facts);
    let found = aws::organization::organizations(&model);
    (found, settings, Outcome { findings: outcome.findings, sources, summary: outcome.counts })
}

/// What each project declares, and what that rests on, for other repositories.
pub fn facts(files: &dyn Files, options: &Options) -> (Vec<(Facts, Record)>, Settings, Outcome) {
    let sources = Sources::default();
    let settings = options.settings(&sources);
    let (projects, outcome) = in_pool(options, || {
        let texts = ScannedTexts { files, sources: &sources };
        let take = |project: &dyn Project, out: &mut Findings| facts::record(project, &texts, &settings, out);
        read_all(files, &sources, options, &States::default(), &take)
    });
    let taken = projects.into_iter().filter_map(|project| project.taken).collect();
    (taken, settings, Outcome { findings: outcome.findings, sources, summary: outcome.counts })
}

/// Lists the resources with all their attributes.
pub fn resources(files: &dyn Files, options: &Options) -> (Vec<ResourceRow>, Outcome) {
    let sources = Sources::default();
    let (projects, outcome) = in_pool(options, || {
        let take = |project: &dyn Project, _: &mut Findings| rows(project);
        read_all(files, &sources, options, &States::default(), &take)
    });
    let rows = projects.into_iter().filter_map(|project| project.taken).flatten().collect();
    (rows, Outcome { findings: outcome.findings, sources, summary: outcome.counts })
}

/// The document that rules see of each project, by its path.
pub fn rule_documents(files: &dyn Files, options: &Options) -> (Vec<(Arc<str>, Json)>, Outcome) {
    let sources = Sources::default();
    let (projects, outcome) = in_pool(options, || {
        let take = |project: &dyn Project, out: &mut Findings| match guard::document(project)? {
            Ok(document) => Some(document),
            Err(message) => {
                let header = project.resources(&|_| true).first().map(|resource| resource.site.header)?;
                out.error(Diagnostic::new("rules-document", message, header));
                None
            }
        };
        read_all(files, &sources, options, &States::default(), &take)
    });
    let documents = projects.into_iter().filter_map(|project| Some((project.path, project.taken.flatten()?)));
    (documents.collect(), Outcome { findings: outcome.findings, sources, summary: outcome.counts })
}

/// Runs `work`, which recurses as deep as what it looks at, on a thread with a deep stack.
pub fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    in_pool(&Options { jobs: Some(1), ..Options::default() }, work)
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
    let rows = project.resources(&|_| true).into_iter().map(row).collect();
    project.evaluate_everything();
    rows
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
        let loader = Loader::new(files, &sources, std::collections::BTreeSet::new());
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

/// Runs `work` on as many threads as the options say, with stacks deep enough for evaluation; what asks for them on one of
/// them stays there.
pub fn in_pool<T: Send>(options: &Options, work: impl FnOnce() -> T + Send) -> T {
    if rayon::current_thread_index().is_some() {
        return work();
    }
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

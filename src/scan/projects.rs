//! Reads all projects of a scan, each on its own, on any thread.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::constructs::Constructs;
use super::exports::Exports;
use super::others::Neighbourhood;
use super::plans::Plans;
use super::root_module::Loader;
use super::{Options, VariableArgument};
use crate::cloudformation::{Beside, Parameters};
use crate::discover::{self, Found};
use crate::facts::States;
use crate::files::Files;
use crate::finding::{Counts, Diagnostic, Findings, Related};
use crate::parameters;
use crate::resource::Project;
use crate::source::{Sources, Span};

/// What reading the projects gave, before the checks.
pub(super) struct Reading {
    pub(super) findings: Findings,
    pub(super) counts: Counts,
    pub(super) only: BTreeSet<Utf8PathBuf>,
    pub(super) constructs: Constructs,
}

/// What was taken out of a project.
pub(super) struct Taken<T> {
    pub(super) path: Arc<str>,
    /// Nothing where the file or folder could not be read as a project: then only `findings` matter.
    pub(super) taken: Option<T>,
    pub(super) findings: Findings,
    pub(super) files: Vec<Utf8PathBuf>,
    /// Templates that are part of this project: they are not judged on their own.
    pub(super) nested: Vec<Utf8PathBuf>,
    /// What the AWS CDK says of its resources, by address.
    pub(super) constructs: BTreeMap<Arc<str>, Vec<Related>>,
    pub(super) resources: usize,
    /// The variables that a root module declares.
    pub(super) variables: Vec<Arc<str>>,
}

pub(super) type Take<'t, T> = dyn Fn(&dyn Project, &mut Findings) -> T + Sync + 't;

/// Discovers the projects and takes out of each what `take` says.
pub(super) fn read_all<T: Send>(
    files: &dyn Files,
    sources: &Sources,
    options: &Options,
    abroad: &States,
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
    let neighbourhood = Neighbourhood::new(files, sources, options, &loader, (&modules, &called), abroad);
    let neighbourhood = &neighbourhood;
    let roots: BTreeSet<&Utf8PathBuf> = modules.difference(&called).collect();
    let plans = Plans::find(files, sources, options, &exclude, &roots, &loader, &mut findings.notes);
    let documents: BTreeSet<Utf8PathBuf> = documents.into_iter().chain(plans.alone()).collect();
    let exports = Exports::new(Beside { files, sources }, &documents);
    let parameters = OnceLock::new();
    let reader = Reader {
        files,
        sources,
        options,
        loader: &loader,
        neighbourhood,
        exports: &exports,
        take,
        plans: &plans,
        documents: &documents,
        parameters,
    };
    let paths: Vec<&Utf8PathBuf> = documents.iter().filter(|path| !plans.is_taken(path)).collect();
    options.progress.expect(roots.len() + paths.len());
    let counted = |read: Vec<Taken<T>>| {
        options.progress.advance();
        read
    };
    let (mut projects, templates) = rayon::join(
        || roots.par_iter().flat_map_iter(|folder| counted(reader.root_module(folder))).collect::<Vec<_>>(),
        || paths.par_iter().flat_map_iter(|path| counted(reader.document(path))).collect::<Vec<_>>(),
    );
    projects.extend(templates);
    // Mentioned somewhere, but nobody that was read calls them: judged alone. One at a time, since each may call others.
    for folder in called.intersection(&modules) {
        if !loader.has_loaded(folder) {
            projects.extend(reader.root_module(folder));
        }
    }
    drop_nested(&mut projects);
    projects.sort_by(|a, b| a.path.cmp(&b.path));
    projects.dedup_by(|a, b| a.path == b.path && a.files == b.files);

    let mut read: BTreeSet<&Utf8PathBuf> = BTreeSet::new();
    let mut counts = Counts { ignored, ..Counts::default() };
    let mut known: HashSet<(&'static str, Span, String)> = HashSet::new();
    let mut constructs = Constructs::new();
    for project in &mut projects {
        for (address, places) in std::mem::take(&mut project.constructs) {
            constructs.insert((Arc::clone(&project.path), address), places);
        }
        counts.projects += usize::from(project.taken.is_some());
        counts.resources += project.resources;
        let mut new = |found: &Diagnostic| known.insert((found.code, found.span, found.message.clone()));
        findings.errors.extend(std::mem::take(&mut project.findings.errors).into_iter().filter(&mut new));
        findings.notes.extend(std::mem::take(&mut project.findings.notes).into_iter().filter(&mut new));
        findings.findings.append(&mut project.findings.findings);
        findings.undecided.append(&mut project.findings.undecided);
        findings.hidden.append(&mut project.findings.hidden);
        findings.secrets.append(&mut project.findings.secrets);
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
    (projects, Reading { findings, counts, only, constructs })
}

/// Leaves out templates that are part of another project, unless that one is part of theirs.
fn drop_nested<T>(projects: &mut Vec<Taken<T>>) {
    let mut users: HashMap<Utf8PathBuf, Vec<Arc<str>>> = HashMap::new();
    for project in projects.iter().filter(|project| project.taken.is_some()) {
        for path in &project.nested {
            users.entry(path.clone()).or_default().push(Arc::clone(&project.path));
        }
    }
    projects.retain(|project| {
        let used = users.get(Utf8Path::new(&*project.path)).into_iter().flatten();
        let mut outer =
            used.filter(|user| **user != project.path && !project.nested.iter().any(|path| path.as_str() == &***user));
        outer.next().is_none()
    });
}

/// Reads one project after the other, on any thread.
pub(super) struct Reader<'r, T> {
    pub(super) files: &'r dyn Files,
    pub(super) sources: &'r Sources,
    pub(super) options: &'r Options,
    pub(super) loader: &'r Loader<'r>,
    pub(super) exports: &'r Exports<'r>,
    pub(super) neighbourhood: &'r Neighbourhood<'r>,
    pub(super) take: &'r Take<'r, T>,
    pub(super) plans: &'r Plans,
    /// The documents that were found.
    pub(super) documents: &'r BTreeSet<Utf8PathBuf>,
    pub(super) parameters: OnceLock<(Parameters, Vec<Diagnostic>)>,
}

impl<T> Reader<'_, T> {
    /// Values given to parameters; their files are read when the first template needs them.
    pub(super) fn parameters(&self) -> &(Parameters, Vec<Diagnostic>) {
        let Options { parameter_files, parameters, .. } = self.options;
        self.parameters.get_or_init(|| parameters::collect(self.files, self.sources, parameter_files, parameters))
    }

    /// A panic while reading a project is a bug of ours; it costs that project, not the run, and is an error.
    pub(super) fn guarded(&self, path: &Arc<str>, file: &Utf8Path, read: impl FnOnce() -> Taken<T>) -> Taken<T> {
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
            let message = format!("rootlint failed on {path}; this is a bug in rootlint, please report it");
            let span = Span::start_of(self.sources.file(file));
            let errors = vec![Diagnostic::new("internal-error", message, span)];
            Taken::without_project(path, Findings { errors, ..Findings::default() })
        })
    }
}

impl<T> Taken<T> {
    pub(super) fn without_project(path: &Arc<str>, findings: Findings) -> Self {
        Self {
            path: Arc::clone(path),
            taken: None,
            findings,
            files: Vec::new(),
            nested: Vec::new(),
            constructs: BTreeMap::new(),
            resources: 0,
            variables: Vec::new(),
        }
    }
}

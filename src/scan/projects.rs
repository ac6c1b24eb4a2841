//! Reads all projects of a scan, each on its own, on any thread.

use std::collections::{BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::exports::Exports;
use super::root_module::Loader;
use super::{Options, VariableArgument};
use crate::cloudformation::{Parameters, Place};
use crate::discover::{self, Found};
use crate::files::Files;
use crate::finding::{Counts, Diagnostic, Findings};
use crate::parameters;
use crate::resource::Project;
use crate::source::{Sources, Span};

/// What reading the projects gave, before the checks.
pub(super) struct Reading {
    pub(super) findings: Findings,
    pub(super) counts: Counts,
    pub(super) only: BTreeSet<Utf8PathBuf>,
}

/// What was taken out of a project.
pub(super) struct Taken<T> {
    pub(super) path: Arc<str>,
    /// Nothing where the file or folder could not be read as a project: then only `findings` matter.
    pub(super) taken: Option<T>,
    pub(super) findings: Findings,
    pub(super) files: Vec<Utf8PathBuf>,
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
    let exports = Exports::new(Place { files, sources }, &documents);
    let reader =
        Reader { files, sources, options, loader: &loader, exports: &exports, take, parameters: OnceLock::new() };
    let first: Vec<&Utf8PathBuf> = modules.difference(&called).collect();
    let templates: Vec<&Utf8PathBuf> = documents.iter().collect();
    let (mut projects, templates) = rayon::join(
        || first.par_iter().map(|folder| reader.root_module(folder)).collect::<Vec<_>>(),
        || templates.par_iter().filter_map(|path| reader.document(path)).collect::<Vec<_>>(),
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
pub(super) struct Reader<'r, T> {
    pub(super) files: &'r dyn Files,
    pub(super) sources: &'r Sources,
    pub(super) options: &'r Options,
    pub(super) loader: &'r Loader<'r>,
    pub(super) exports: &'r Exports<'r>,
    pub(super) take: &'r Take<'r, T>,
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
        Self { path: Arc::clone(path), taken: None, findings, files: Vec::new(), resources: 0, variables: Vec::new() }
    }
}

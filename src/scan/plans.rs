//! Which plan belongs to which root module, and plans that belong to none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobSet;

use super::Options;
use super::projects::{Reader, Taken};
use super::root_module::Loader;
use crate::files::{Files, Kind, MAX_FILE_BYTES};
use crate::finding::{Diagnostic, Findings};
use crate::resource::Project;
use crate::source::{FileId, Sources, Span};
use crate::terraform::evaluator::ModuleLoader;
use crate::terraform::plan::{self, Plan, PlanProject, SHOW};

/// The plans that are read beside code.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// By the root module's folder.
    taken: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
    /// Those of them that were named: they may lie anywhere.
    named: BTreeSet<Utf8PathBuf>,
    /// Named plans that no root module fits.
    alone: Vec<Utf8PathBuf>,
}

impl Plans {
    /// Looks for the plan of each root module: the one that was named, else the one that lies in its folder, if it is one.
    pub(super) fn find(
        files: &dyn Files,
        sources: &Sources,
        options: &Options,
        exclude: &GlobSet,
        roots: &BTreeSet<&Utf8PathBuf>,
        loader: &Loader<'_>,
        notes: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut plans = Self::default();
        for path in &options.plans {
            match owner(files, sources, path, roots, loader) {
                Some(folder) if !plans.taken.contains_key(folder) => {
                    plans.taken.insert(folder.clone(), path.clone());
                    plans.named.insert(path.clone());
                }
                _ => plans.alone.push(path.clone()),
            }
        }
        if !options.plans.is_empty() && !roots.is_empty() {
            for path in &plans.alone {
                let message =
                    "no root module in the scan is the one that this plan was made from; it is analysed alone";
                notes.push(Diagnostic::new("plan-alone", message, Span::start_of(sources.file(path))));
            }
        }
        for folder in roots {
            if plans.taken.contains_key(*folder) {
                continue;
            }
            let found = beside(files, folder, exclude, &options.plans);
            match found.as_slice() {
                [] => {}
                [only] => {
                    plans.taken.insert((*folder).clone(), only.clone());
                }
                [first, ..] => {
                    let names: Vec<&str> = found.iter().filter_map(|path| path.file_name()).collect();
                    let message = format!(
                        "{} plans or states lie beside this root module ({}), so none is taken for its own; each is \
                         analysed alone. Name one with --plan",
                        names.len(),
                        names.join(", ")
                    );
                    notes.push(Diagnostic::new("plan-alone", message, Span::start_of(sources.file(first))));
                }
            }
        }
        plans
    }

    /// The plan of a root module.
    pub(super) fn of(&self, folder: &Utf8Path) -> Option<&Utf8PathBuf> {
        self.taken.get(folder)
    }

    /// Whether a file is read as the plan of a root module.
    pub(super) fn is_taken(&self, path: &Utf8Path) -> bool {
        // The plan of a root module lies in its folder, or was named.
        let beside = path.parent().and_then(|folder| self.taken.get(folder));
        beside.is_some_and(|taken| taken == path) || self.named.contains(path)
    }

    /// Plans that were named and belong to no root module.
    pub(super) fn alone(&self) -> impl Iterator<Item = Utf8PathBuf> {
        self.alone.iter().cloned()
    }
}

fn read(files: &dyn Files, path: &Utf8Path) -> Option<String> {
    String::from_utf8(files.read(path, MAX_FILE_BYTES).ok()?).ok()
}

/// The plans in a folder, those that `.gitignore` leaves out included: they belong to the root module as its tfvars do.
fn beside(files: &dyn Files, folder: &Utf8Path, exclude: &GlobSet, named: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let Ok(listing) = files.list(folder) else { return Vec::new() };
    let is_json = |name: &str| {
        name.ends_with(".json") && ![".tf.json", ".tofu.json", ".tfvars.json"].iter().any(|end| name.ends_with(end))
    };
    let json = listing.entries.into_iter().filter(|entry| entry.kind == Kind::File && is_json(&entry.name));
    let paths = json.map(|entry| folder.join(entry.name));
    let paths = paths.filter(|path| !exclude.is_match(path) && !named.contains(path));
    paths.filter(|path| read(files, path).is_some_and(|text| plan::recognise(&text))).collect()
}

/// The root module that a named plan was made from: the one it lies beside, the only one, or the one that declares most of
/// what is in it.
fn owner<'r>(
    files: &dyn Files,
    sources: &Sources,
    path: &Utf8Path,
    roots: &BTreeSet<&'r Utf8PathBuf>,
    loader: &Loader<'_>,
) -> Option<&'r Utf8PathBuf> {
    let beside = roots.iter().find(|folder| path.parent() == Some(folder));
    if let Some(folder) = beside {
        return Some(folder);
    }
    if roots.len() <= 1 {
        return roots.first().copied();
    }
    let text = read(files, path)?;
    let (plan, _) = Plan::load(path, text, sources.file(path));
    let names = plan?.declared_at_root();
    let mut best: Option<(usize, &Utf8PathBuf)> = None;
    let mut tie = false;
    for &folder in roots {
        let Some(module) = loader.load(folder) else { continue };
        let has = |name: &&String| match name.strip_prefix("module.") {
            Some(call) => module.calls.contains_key(call),
            None => module.resources.keys().any(|id| id.to_string() == **name),
        };
        let count = names.iter().filter(has).count();
        match best {
            Some((most, _)) if count < most => {}
            Some((most, _)) if count == most => tie = true,
            _ => (best, tie) = (Some((count, folder)), false),
        }
    }
    best.filter(|(count, _)| *count > 0 && !tie).map(|(_, folder)| folder)
}

impl<T> Reader<'_, T> {
    /// Whether `--plan` names the file.
    pub(super) fn is_named_plan(&self, path: &Utf8Path) -> bool {
        self.options.plans.iter().any(|plan| plan == path)
    }

    /// The plan of a root module; what keeps it from being read is added to `errors`.
    pub(super) fn load_plan(&self, path: &Utf8Path, errors: &mut Vec<Diagnostic>) -> Option<Plan> {
        let file = self.sources.file(path);
        let error = |code, message: String| Diagnostic::new(code, message, Span::start_of(file));
        let bytes = match self.files.read(path, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(problem) => {
                errors.push(error("file-unreadable", format!("{path} {problem}")));
                return None;
            }
        };
        let Ok(text) = String::from_utf8(bytes) else {
            errors.push(error("not-utf8", format!("this plan is not UTF-8 text; {SHOW}")));
            return None;
        };
        let (plan, problems) = Plan::load(path, text, file);
        errors.extend(problems);
        plan
    }

    /// A plan or state alone.
    pub(super) fn plan(&self, path: &Utf8Path, text: String, file: FileId) -> Taken<T> {
        let shown: Arc<str> = Arc::from(path.as_str());
        self.guarded(&shown, path, || {
            let (plan, errors) = Plan::load(path, text, file);
            let mut findings = Findings { errors, ..Findings::default() };
            let Some(plan) = plan else { return Taken::without_project(&shown, findings) };
            findings.hidden = plan.secrets();
            let resources = plan.blocks();
            let project = PlanProject::new(plan);
            let taken = (self.take)(&project as &dyn Project, &mut findings);
            findings.errors.extend(project.take_errors());
            let (taken, files) = (Some(taken), vec![path.to_owned()]);
            Taken { taken, files, resources, ..Taken::without_project(&shown, findings) }
        })
    }
}

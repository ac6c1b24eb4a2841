//! What the arguments name, found on disk: the root, the files, the configuration, the options of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use clap::ArgMatches;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::Input;
use crate::config::{Config, FILE_NAME, Said};
use crate::facts::{self, read::Trust};
use crate::files::{Disk, Files, MAX_FILE_BYTES, Memory, Overlay, named, read_named, repository_above};
use crate::git::{self, Commit, Ruled};
use crate::root::Scope;
use crate::scan::{Options, ParameterFile, VariableArgument, is_plan};

mod rules;

pub use self::rules::{Tested, tested, working_rules};

/// What a plan on standard input is called in reports.
const STDIN: &str = "<standard input>";

/// The largest configuration that is read.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// What was named to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The paths; `-` is standard input. None at all is an empty tree.
    pub paths: &'a [Utf8PathBuf],
    /// The name of standard input.
    pub stdin: Option<&'a Utf8Path>,
    /// The commit that says what is looked at and what is let be.
    pub rules_from: Option<&'a str>,
}

/// What a run looks at.
pub struct Prepared {
    /// The files.
    pub files: Box<dyn Files>,
    /// How.
    pub options: Options,
    /// Where what is named relative to the working folder lies.
    scope: Scope,
}

/// The files and the options of a run.
///
/// # Errors
/// In words, when something named does not exist or is not what it should be.
pub fn prepare(what: &Named<'_>, input: &Input, matches: &ArgMatches) -> Result<Prepared, String> {
    let working = working()?;
    let root = input.root.as_deref();
    let from_stdin = what.paths.iter().any(|path| path == "-");
    let (scope, files): (Scope, Box<dyn Files>) = match (what.paths, what.stdin) {
        (_, Some(_)) if !from_stdin => return Err("--stdin-filename needs `-` as the PATH".to_owned()),
        ([_], Some(name)) if from_stdin => {
            let (scope, path) = stdin_scope(name, root, &working)?;
            let files = Overlay::new(disk(&scope)?, path, read_stdin()?);
            (scope, Box::new(files))
        }
        _ if from_stdin && what.paths.len() > 1 => return Err("`-` cannot be combined with other PATHs".to_owned()),
        _ if from_stdin => {
            let content = read_stdin()?;
            if !std::str::from_utf8(&content).is_ok_and(is_plan) {
                let name = "--stdin-filename, the name it would have as a file";
                return Err(format!("`-` needs {name}, unless it is a plan as `terraform show -json` writes it"));
            }
            let mut scope = Scope::find(&[], root, &working)?;
            scope.paths = vec![STDIN.into()];
            let files = Overlay::new(disk(&scope)?, STDIN.into(), content);
            (scope, Box::new(files))
        }
        ([], None) => {
            let scope = Scope::find(&[], root, &working)?;
            (scope, Box::new(Memory::default()))
        }
        (paths, None) => {
            let scope = Scope::find(paths, root, &working)?;
            let files = disk(&scope)?;
            if input.plan.iter().any(|plan| plan == "-") {
                (scope, Box::new(Overlay::new(files, STDIN.into(), read_stdin()?)))
            } else {
                (scope, Box::new(files))
            }
        }
        (_, Some(_)) => return Err("`-` cannot be combined with other PATHs".to_owned()),
    };
    let rules = what.rules_from.map(|reference| Commit::open(&scope.root, reference)).transpose();
    let rules: Option<Arc<dyn Files>> = match rules {
        Ok(rules) => rules.map(|rules| Arc::new(rules) as Arc<dyn Files>),
        Err(error) => return Err(format!("--waivers-from: {error}")),
    };
    let files = match &rules {
        Some(rules) => Box::new(Ruled::new(files, Arc::clone(rules))),
        None => files,
    };
    let options = options(&scope, rules.as_deref().unwrap_or(&*files), input, matches)?;
    Ok(Prepared { files, options: Options { waivers_from: rules, ..options }, scope })
}

impl Prepared {
    /// Has facts of other repositories taken into account.
    ///
    /// # Errors
    /// In words, when something named does not exist, or a key of the configuration is none.
    pub fn join(&mut self, named: &[Utf8PathBuf], everywhere: bool) -> Result<(), String> {
        if named.is_empty() {
            return Ok(());
        }
        let config = &self.options.config;
        let key = |key: &Said| {
            let complain =
                |error: String| config.complaint(&key.range, &format!("is no public key of minisign: {error}"));
            facts::read::public_key(&key.text).map_err(complain)
        };
        let keys: Result<_, String> = config.facts_keys.iter().map(key).collect();
        let trust = Trust { keys: keys?, max_age_days: config.facts_age_days };
        let joined = facts::read::read(named, &trust, self.options.now).map_err(|error| format!("--facts {error}"))?;
        self.options.repository = Some(self.whereabouts().0);
        self.options.facts = Some(Arc::new(joined));
        self.options.everywhere = everywhere;
        Ok(())
    }

    /// The name of the repository, by its remote or else its folder, and the commit that is checked out. What is in no
    /// repository is called by the folder that was named.
    pub fn whereabouts(&self) -> (String, Option<String>) {
        let (name, commit) = git::whereabouts(&self.scope.root);
        let folder = match repository_above(&self.scope.root) {
            Some(top) => top.to_owned(),
            None => self.scope.root.join(self.scope.common_folder()),
        };
        let folder = || folder.components().next_back().map(|name| name.as_str().to_owned());
        (name.or_else(folder).unwrap_or_else(|| "repository".to_owned()), commit)
    }

    /// The same run over another commit.
    ///
    /// # Errors
    /// In words, when there is no such commit.
    pub fn at(&self, reference: &str, input: &Input, matches: &ArgMatches) -> Result<(Commit, Options), String> {
        let commit = Commit::open(&self.scope.root, reference).map_err(|error| format!("--diff-base: {error}"))?;
        let options = options(&self.scope, &commit, input, matches)?;
        Ok((commit, options))
    }

    /// A file named on the command line that must not be the change's own: from the commit that rules are taken from, if there
    /// is one. Its path relative to the root if it lies inside, and its text.
    ///
    /// # Errors
    /// In words, when it cannot be read.
    pub fn ruling_file(&self, named: &Utf8Path) -> Result<(Option<Utf8PathBuf>, String), String> {
        let inner = self.scope.inner_path(named);
        let bytes = match (&self.options.waivers_from, &inner) {
            (Some(rules), Some(path)) => rules.read(path, MAX_FILE_BYTES),
            _ => read_named(named, MAX_FILE_BYTES),
        };
        let bytes = bytes.map_err(|error| format!("{named}: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{named}: is not UTF-8"))?;
        Ok((inner, text))
    }
}

fn working() -> Result<Utf8PathBuf, String> {
    let working = std::env::current_dir().map_err(|error| format!("the working folder: {error}"))?;
    let working = Utf8PathBuf::from_path_buf(working)
        .map_err(|path| format!("the working folder {} has a name that is not UTF-8", path.display()))?;
    let (working, _) = named(&working).map_err(|error| format!("the working folder: {error}"))?;
    Ok(working)
}

fn disk(scope: &Scope) -> Result<Disk, String> {
    Disk::new(&scope.root).map_err(|error| format!("{}: {error}", scope.root))
}

/// Standard input takes the place of a file that need not exist, in a folder that must.
fn stdin_scope(name: &Utf8Path, root: Option<&Utf8Path>, working: &Utf8Path) -> Result<(Scope, Utf8PathBuf), String> {
    let file = name.file_name().ok_or_else(|| format!("--stdin-filename {name}: is not the name of a file"))?;
    let folder = match name.parent() {
        Some(parent) if !parent.as_str().is_empty() => working.join(parent),
        _ => working.to_owned(),
    };
    let mut scope = Scope::find(&[folder], root, working)?;
    let path = scope.paths.first().cloned().unwrap_or_default().join(file);
    scope.paths = vec![path.clone()];
    Ok((scope, path))
}

/// All of standard input.
///
/// # Errors
/// In words, when it cannot be read or is too large.
pub fn read_stdin() -> Result<Vec<u8>, String> {
    crate::files::read_stdin(MAX_FILE_BYTES).map_err(|error| format!("standard input: {error}"))
}

/// The options; `rules` hold the configuration.
fn options(scope: &Scope, rules: &dyn Files, input: &Input, matches: &ArgMatches) -> Result<Options, String> {
    let config = match &input.config {
        Some(path) => named_config(path, scope, rules)?,
        None => found_config(scope, rules)?,
    };
    let mut exclude = input.exclude.clone();
    for glob in &exclude {
        globset::Glob::new(glob).map_err(|error| format!("--exclude {glob}: {}", error.kind()))?;
    }
    exclude.extend(config.exclude.iter().cloned());
    let parameter_files = input.parameter_overrides.iter().map(|file| parameter_file(scope, file));
    let parameter_files: Result<_, String> = parameter_files.collect();
    let plan = |file: &Utf8PathBuf| if file == "-" { Ok(STDIN.into()) } else { scope.file(file) };
    let now = Timestamp::now();
    let plans: Result<_, String> = input.plan.iter().map(plan).collect();
    Ok(Options {
        exclude,
        variables: variables(scope, input, matches)?,
        workspace: input.workspace.clone(),
        environment_workspace: std::env::var("TF_WORKSPACE").ok().filter(|name| !input.no_env && !name.is_empty()),
        environment: if input.no_env { BTreeMap::new() } else { environment() },
        parameters: input.parameter.clone(),
        parameter_files: parameter_files?,
        plans: plans?,
        config,
        jobs: input.jobs.map(std::num::NonZeroUsize::get),
        paths: scope.paths.clone(),
        rules: Arc::default(),
        root: scope.root.clone(),
        waivers_from: None,
        progress: Arc::default(),
        today: now.to_zoned(TimeZone::UTC).date(),
        now,
        credential_reports: Vec::new(),
        trails: None,
        max_unused_days: None,
        facts: None,
        everywhere: false,
        repository: None,
    })
}

/// `FILE`, or `FILE#ENVIRONMENT` of a `samconfig.toml`.
fn parameter_file(scope: &Scope, named: &Utf8Path) -> Result<ParameterFile, String> {
    match (scope.file(named), named.as_str().rsplit_once('#')) {
        (Err(_), Some((file, environment))) => {
            let path = scope.file(Utf8Path::new(file))?;
            Ok(ParameterFile { path, environment: Some(environment.to_owned()) })
        }
        (path, _) => Ok(ParameterFile { path: path?, environment: None }),
    }
}

/// `--var` and `--var-file` in the order given: the last one that names a variable counts.
fn variables(scope: &Scope, input: &Input, matches: &ArgMatches) -> Result<Vec<VariableArgument>, String> {
    let indices = |id: &str| matches.indices_of(id).into_iter().flatten();
    let mut ordered = Vec::new();
    for (index, (name, value)) in indices("var").zip(&input.var) {
        ordered.push((index, VariableArgument::Var { name: name.clone(), value: value.clone() }));
    }
    for (index, file) in indices("var_file").zip(&input.var_file) {
        ordered.push((index, VariableArgument::File(scope.file(file)?)));
    }
    ordered.sort_by_key(|(index, _)| *index);
    Ok(ordered.into_iter().map(|(_, argument)| argument).collect())
}

/// The environment's `TF_VAR_*`, by the names of the variables.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter_map(|(name, value)| Some((name.strip_prefix("TF_VAR_")?.to_owned(), value)))
        .collect()
}

/// The configuration of a run that looks at no repository: the one named, else the nearest at or above the working folder.
///
/// # Errors
/// In words, when it cannot be read or is wrong.
pub fn working_config(given: Option<&Utf8Path>) -> Result<Config, String> {
    let scope = Scope::find(&[Utf8PathBuf::from(".")], None, &working()?)?;
    let rules = disk(&scope)?;
    match given {
        Some(path) => named_config(path, &scope, &rules),
        None => found_config(&scope, &rules),
    }
}

/// A configuration that lies inside is that of the commit that rules are taken from.
fn named_config(path: &Utf8Path, scope: &Scope, rules: &dyn Files) -> Result<Config, String> {
    let inner = scope.inner_path(path);
    let bytes = match &inner {
        Some(inner) => rules.read(inner, MAX_CONFIG_BYTES),
        None => read_named(path, MAX_CONFIG_BYTES),
    };
    let bytes = bytes.map_err(|error| format!("{path}: {error}"))?;
    config(inner.as_deref().unwrap_or(path), &bytes, inner.is_some())
}

/// The nearest `rootlint.toml` at or above what was named.
fn found_config(scope: &Scope, rules: &dyn Files) -> Result<Config, String> {
    for folder in scope.common_folder().ancestors() {
        let path = folder.join(FILE_NAME);
        if rules.is_file(&path) {
            let bytes = rules.read(&path, MAX_CONFIG_BYTES).map_err(|error| format!("{path}: {error}"))?;
            return config(&path, &bytes, true);
        }
    }
    Ok(Config::default())
}

fn config(path: &Utf8Path, bytes: &[u8], inside: bool) -> Result<Config, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("{path}: is not UTF-8"))?;
    Config::parse(path, text, inside).map_err(|error| error.to_string())
}

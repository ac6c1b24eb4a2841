//! The rule files that the configuration and `--rules` name.

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};

use super::{Prepared, disk, found_config, named_config, working};
use crate::config::Config;
use crate::files::{Disk, FileError, Files, Kind, named, read_named};
use crate::guard::{MAX_BYTES, RuleFile, Ruleset};
use crate::root::Scope;
use crate::scan::on_deep_stack;

/// How deep folders are looked into for what a glob means.
const MAX_DEPTH: usize = 32;

/// How large a file of tests may be.
const MAX_TEST_BYTES: u64 = 16 << 20;

impl Prepared {
    /// The rules that the configuration and `globs` name. What lies inside the root comes from the commit that rules are taken
    /// from, if there is one: a change must not bring the rules that it is judged by.
    ///
    /// # Errors
    /// In words, with the place, when one is wrong or a glob means no file.
    pub fn rules(&self, globs: &[String]) -> Result<Ruleset, String> {
        let files = self.options.waivers_from.as_deref().unwrap_or(&*self.files);
        load(&self.scope, files, &self.options.config, globs)
    }
}

/// As [`Prepared::rules`].
pub(super) fn load(scope: &Scope, files: &dyn Files, config: &Config, globs: &[String]) -> Result<Ruleset, String> {
    if config.rules.is_empty() && globs.is_empty() {
        return Ok(Ruleset::default());
    }
    // The parser recurses as deep as rules are nested.
    on_deep_stack(|| all(scope, files, config, globs))
}

fn all(scope: &Scope, files: &dyn Files, config: &Config, globs: &[String]) -> Result<Ruleset, String> {
    let mut rules = Ruleset::default();
    for said in &config.rules {
        let paths = matching(files, &said.text).map_err(|error| config.complaint(&said.range, &error))?;
        if paths.is_empty() {
            return Err(config.complaint(&said.range, &format!("no file is named like `{}`", said.text)));
        }
        for path in paths {
            rules.add(inner(files, &path)?)?;
        }
    }
    for glob in globs {
        named_rules(scope, files, glob, &mut rules)?;
    }
    Ok(rules)
}

/// The rules of one `--rules`, which may lie anywhere.
fn named_rules(scope: &Scope, files: &dyn Files, glob: &str, rules: &mut Ruleset) -> Result<(), String> {
    let (folder, _) = split(glob);
    // A name that is there is that file, whatever characters are in it. What a commit has need not be on disk.
    let literal = scope.inner_path(Utf8Path::new(glob)).filter(|inner| files.is_file(inner));
    if let Some(inner_path) = literal {
        return rules.add(inner(files, &inner_path)?);
    }
    if let Ok((real, Kind::File)) = named(Utf8Path::new(glob))
        && scope.inner_path(&real).is_none()
    {
        return rules.add(outer(Utf8Path::new(glob))?);
    }
    let real = match named(if folder.as_str().is_empty() { Utf8Path::new(".") } else { &folder }) {
        Ok((real, Kind::Folder)) => real,
        _ => return Err(format!("--rules {glob}: no file is named like this")),
    };
    let rest = glob.strip_prefix(folder.as_str()).unwrap_or(glob).trim_start_matches('/');
    let before = rules.files().len();
    match scope.inner_path(&real) {
        Some(inside) => {
            let whole = if inside.as_str().is_empty() { rest.to_owned() } else { format!("{inside}/{rest}") };
            for path in matching(files, &whole).map_err(|error| format!("--rules {glob}: {error}"))? {
                rules.add(inner(files, &path)?)?;
            }
        }
        None => {
            let disk = Disk::new(&real).map_err(|error| format!("--rules {glob}: {error}"))?;
            for path in matching(&disk, rest).map_err(|error| format!("--rules {glob}: {error}"))? {
                rules.add(outer(&folder.join(path))?)?;
            }
        }
    }
    match rules.files().len() > before {
        true => Ok(()),
        false => Err(format!("--rules {glob}: no file is named like this")),
    }
}

fn inner(files: &dyn Files, path: &Utf8Path) -> Result<RuleFile, String> {
    RuleFile::parse(path, &text(path, files.read(path, MAX_BYTES))?, true)
}

fn outer(path: &Utf8Path) -> Result<RuleFile, String> {
    RuleFile::parse(path, &text(path, read_named(path, MAX_BYTES))?, false)
}

fn is_pattern(part: &str) -> bool {
    part.contains(['*', '?', '[', '{'])
}

/// The folder before the first part with a wildcard or the last part, and what follows it.
fn split(glob: &str) -> (Utf8PathBuf, String) {
    let parts: Vec<&str> = glob.split('/').collect();
    let pattern = parts.iter().position(|part| is_pattern(part)).unwrap_or(parts.len().saturating_sub(1));
    let (folder, rest) = parts.split_at(pattern.min(parts.len()));
    let folder = match folder {
        // The root of the file system.
        [""] => "/".to_owned(),
        _ => folder.join("/"),
    };
    (folder.into(), rest.join("/"))
}

/// The files that a glob relative to the top of `files` means, sorted.
fn matching(files: &dyn Files, glob: &str) -> Result<Vec<Utf8PathBuf>, String> {
    if files.is_file(Utf8Path::new(glob)) {
        return Ok(vec![glob.into()]);
    }
    let matcher = GlobBuilder::new(glob).literal_separator(true).build();
    let matcher = matcher.map_err(|error| format!("`{glob}` is no glob: {}", error.kind()))?.compile_matcher();
    let mut found = Vec::new();
    walk(files, &split(glob).0, &matcher, MAX_DEPTH, &mut found);
    found.sort();
    Ok(found)
}

fn walk(files: &dyn Files, folder: &Utf8Path, matcher: &GlobMatcher, depth: usize, found: &mut Vec<Utf8PathBuf>) {
    let Ok(listing) = files.list(folder) else { return };
    for entry in listing.entries {
        let path = folder.join(&entry.name);
        match entry.kind {
            Kind::File if matcher.is_match(&path) => found.push(path),
            // A link may lead back to where it stands.
            Kind::Folder if depth > 0 && !entry.link && entry.name != ".git" => {
                walk(files, &path, matcher, depth - 1, found);
            }
            _ => {}
        }
    }
}

/// The rules that the configuration and `globs` name where nothing is looked at.
///
/// # Errors
/// As [`Prepared::rules`].
pub fn working_rules(config: Option<&Utf8Path>, globs: &[String]) -> Result<Ruleset, String> {
    let (scope, files, config) = here(config)?;
    load(&scope, &files, &config, globs)
}

/// The working folder's root, files and configuration.
fn here(config: Option<&Utf8Path>) -> Result<(Scope, Disk, Config), String> {
    let scope = Scope::find(&[Utf8PathBuf::from(".")], None, &working()?)?;
    let files = disk(&scope)?;
    let config = match config {
        Some(path) => named_config(path, &scope, &files)?,
        None => found_config(&scope, &files)?,
    };
    Ok((scope, files, config))
}

/// A rule file and the files of its tests.
#[derive(Debug)]
pub struct Tested {
    /// The rules.
    pub rules: RuleFile,
    /// The paths of its tests, and what they hold.
    pub tests: Vec<(Utf8PathBuf, String)>,
}

/// The rule files in `paths`, or those that the configuration and `globs` name, with their tests: the files in the folder
/// `tests` beside a rule file whose names begin with its name.
///
/// # Errors
/// As [`Prepared::rules`].
pub fn tested(
    paths: &[Utf8PathBuf],
    data: &[Utf8PathBuf],
    config: Option<&Utf8Path>,
    globs: &[String],
) -> Result<Vec<Tested>, String> {
    // Each with the folder that it lies in.
    let mut found: Vec<(RuleFile, Utf8PathBuf)> = Vec::new();
    let parent = |path: &Utf8Path| path.parent().unwrap_or(Utf8Path::new("")).to_owned();
    if paths.is_empty() {
        let (scope, files, config) = here(config)?;
        for file in load(&scope, &files, &config, globs)?.files() {
            let folder = match file.is_inside() {
                true => scope.root.join(parent(file.path())),
                false => parent(file.path()),
            };
            found.push((file.clone(), folder));
        }
    } else if let Some(glob) = globs.first() {
        return Err(format!("--rules {glob}: what is tested is named already"));
    }
    for path in paths {
        match named(path).map_err(|error| format!("{path}: {error}"))? {
            (_, Kind::File) => found.push((outer(path)?, parent(path))),
            (_, Kind::Folder) => {
                let disk = Disk::new(path).map_err(|error| format!("{path}: {error}"))?;
                for file in matching(&disk, "**/*.guard").map_err(|error| format!("{path}: {error}"))? {
                    let whole = path.join(&file);
                    found.push((outer(&whole)?, parent(&whole)));
                }
            }
            (_, Kind::Other) => return Err(format!("{path}: is neither a file nor a folder")),
        }
    }
    if !data.is_empty() {
        let [(rules, _)] = &*found else {
            return Err("--test-data needs one rule file: name it as the PATH".to_owned());
        };
        let read = |path: &Utf8PathBuf| Ok((path.clone(), text(path, read_named(path, MAX_TEST_BYTES))?));
        let tests = data.iter().map(read).collect::<Result<_, String>>()?;
        return Ok(vec![Tested { rules: rules.clone(), tests }]);
    }
    let stems: Vec<(Utf8PathBuf, String)> =
        found.iter().map(|(rules, folder)| (folder.clone(), stem(rules.path()))).collect();
    found.into_iter().map(|(rules, folder)| with_tests(rules, &folder, &stems)).collect()
}

fn stem(path: &Utf8Path) -> String {
    path.file_stem().unwrap_or_default().to_owned()
}

/// A file of tests belongs to the rule file with the longest name that it begins with.
fn with_tests(rules: RuleFile, folder: &Utf8Path, stems: &[(Utf8PathBuf, String)]) -> Result<Tested, String> {
    let own = stem(rules.path());
    let beside = folder.join("tests");
    let mut tests = Vec::new();
    if let Ok(disk) = Disk::new(&beside) {
        let listing = disk.list(Utf8Path::new("")).map_err(|error| format!("{beside}: {error}"))?;
        for entry in listing.entries.iter().filter(|entry| entry.kind == Kind::File) {
            let name = Utf8Path::new(&entry.name);
            let is_data = matches!(name.extension(), Some("yaml" | "yml" | "json" | "jsn"));
            let longer = stems.iter().any(|(other_folder, other)| {
                other_folder == folder && other.len() > own.len() && entry.name.starts_with(&**other)
            });
            if is_data && entry.name.starts_with(&*own) && !longer {
                let path = beside.join(name);
                let read = text(&path, disk.read(name, MAX_TEST_BYTES))?;
                let shown = rules.path().parent().unwrap_or(Utf8Path::new("")).join("tests").join(name);
                tests.push((shown, read));
            }
        }
    }
    Ok(Tested { rules, tests })
}

fn text(path: &Utf8Path, bytes: Result<Vec<u8>, FileError>) -> Result<String, String> {
    let bytes = bytes.map_err(|error| format!("{path}: {error}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{path}: is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;

    #[test]
    fn globs_mean_files() {
        let files: Memory = ["policy/a.guard", "policy/b.guard", "policy/deep/c.guard", "d[1].guard", "policy/x.yml"]
            .into_iter()
            .map(|path| (path, ""))
            .collect();
        let found = |glob: &str| matching(&files, glob).unwrap().into_iter().map(String::from).collect::<Vec<_>>();
        assert_eq!(found("policy/*.guard"), ["policy/a.guard", "policy/b.guard"]);
        assert_eq!(found("**/*.guard").len(), 4);
        assert_eq!(found("d[1].guard"), ["d[1].guard"]);
        assert_eq!(found("policy/deep/c.guard"), ["policy/deep/c.guard"]);
        assert!(found("nowhere/*.guard").is_empty());
        assert_eq!(split("/x/y*/z"), ("/x".into(), "y*/z".to_owned()));
        assert_eq!(split("/*.guard"), ("/".into(), "*.guard".to_owned()));
    }
}

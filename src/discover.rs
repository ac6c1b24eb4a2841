//! Where to look: walks the tree, leaves out what `.gitignore` and `--exclude` name, and groups what is left into
//! folders with Terraform files and files that may be templates.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use regex::Regex;

use crate::files::{FileError, Files, Kind, normalize};
use crate::finding::Diagnostic;
use crate::source::{Sources, Span};
use crate::terraform::config::is_module_file;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Folders that hold Terraform or OpenTofu files.
    pub modules: BTreeSet<Utf8PathBuf>,
    /// YAML and JSON files, any of which may be a template.
    pub documents: BTreeSet<Utf8PathBuf>,
    /// Infrastructure files left out by `.gitignore` or `--exclude`.
    pub ignored: usize,
    /// Named files: only what lies in them is reported. Empty if a folder was named too.
    pub only: BTreeSet<Utf8PathBuf>,
    /// What could not be looked at.
    pub errors: Vec<Diagnostic>,
    /// What is not looked at.
    pub notes: Vec<Diagnostic>,
}

/// How many entries of ignored folders are looked at to count what is left out.
const MAX_IGNORED_ENTRIES: usize = 20_000;

/// The `.gitignore` files that hold in a folder, innermost first.
struct Rules {
    rules: Gitignore,
    outer: Option<Rc<Rules>>,
}

impl Rules {
    fn ignores(chain: &Option<Rc<Self>>, path: &Utf8Path, is_folder: bool) -> bool {
        let mut rules = chain.as_deref();
        while let Some(found) = rules {
            let matched = found.rules.matched(path, is_folder);
            if matched.is_whitelist() {
                return false;
            }
            if matched.is_ignore() {
                return true;
            }
            rules = found.outer.as_deref();
        }
        false
    }
}

/// Compiles globs of paths relative to the root. A glob without a slash matches a name anywhere; one that matches a
/// folder matches everything in it.
///
/// # Errors
/// The glob that is none, and why.
pub fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        let anywhere = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
        for glob in [anywhere.clone(), format!("{anywhere}/**")] {
            let glob = GlobBuilder::new(&glob).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`{pattern}` is no glob: {}", error.kind()))?);
        }
    }
    set.build().map_err(|error| error.to_string())
}

/// Walks from `paths` (relative to the root; the root is the empty path).
pub fn discover(files: &dyn Files, sources: &Sources, paths: &[Utf8PathBuf], exclude: &GlobSet) -> Found {
    let mut walk = Walk { files, sources, exclude, found: Found::default() };
    let mut any_folder = false;
    for path in paths {
        match files.resolve(path) {
            Ok((real, Kind::File)) => walk.named_file(&real),
            Ok((real, Kind::Folder)) => {
                any_folder = true;
                let outer = walk.outer_rules(&real);
                walk.folder(real, outer);
            }
            Ok((real, Kind::Other)) => walk.error(&real, &FileError::NotRegular),
            Err(error) => walk.error(path, &error),
        }
    }
    if any_folder {
        walk.found.only.clear();
    }
    walk.found
}

struct Walk<'w> {
    files: &'w dyn Files,
    sources: &'w Sources,
    exclude: &'w GlobSet,
    found: Found,
}

impl Walk<'_> {
    fn error(&mut self, path: &Utf8Path, error: &FileError) {
        let span = Span::start_of(self.sources.file(path));
        self.found.errors.push(Diagnostic::new("file-unreadable", format!("{path} {error}"), span));
    }

    /// A file named on the command line is read whatever `.gitignore` says: the project it belongs to.
    fn named_file(&mut self, path: &Utf8Path) {
        let name = path.file_name().unwrap_or_default();
        if is_module_file(name) || name.ends_with(".tfvars") || name.ends_with(".tfvars.json") {
            self.found.modules.insert(path.parent().unwrap_or(Utf8Path::new("")).to_owned());
        } else {
            self.found.documents.insert(path.to_owned());
        }
        self.found.only.insert(path.to_owned());
    }

    /// The `.gitignore` files of the folders above.
    fn outer_rules(&self, folder: &Utf8Path) -> Option<Rc<Rules>> {
        let mut above: Vec<&Utf8Path> = folder.ancestors().skip(1).collect();
        above.reverse();
        above.into_iter().fold(None, |outer, folder| self.rules(folder, outer))
    }

    fn rules(&self, folder: &Utf8Path, outer: Option<Rc<Rules>>) -> Option<Rc<Rules>> {
        let Ok(bytes) = self.files.read(&folder.join(".gitignore"), 1 << 20) else { return outer };
        let mut builder = GitignoreBuilder::new(folder);
        for line in String::from_utf8_lossy(&bytes).lines() {
            // A line that is no pattern is skipped, as git does.
            let _ = builder.add_line(None, line);
        }
        match builder.build() {
            Ok(rules) => Some(Rc::new(Rules { rules, outer })),
            Err(_) => outer,
        }
    }

    fn folder(&mut self, start: Utf8PathBuf, rules: Option<Rc<Rules>>) {
        let mut open = vec![(start, rules)];
        while let Some((folder, outer)) = open.pop() {
            let listing = match self.files.list(&folder) {
                Ok(listing) => listing,
                Err(error) => {
                    self.error(&folder, &error);
                    continue;
                }
            };
            for name in listing.unreadable.iter().filter(|name| is_infrastructure(name) || name.ends_with('/')) {
                let what = if name.ends_with('/') { "folder" } else { "file" };
                let message = format!("a {what} in this folder has a name that is not UTF-8: {name}");
                let span = Span::start_of(self.sources.file(&folder));
                self.found.errors.push(Diagnostic::new("file-unreadable", message, span));
            }
            let has_rules = listing.entries.iter().any(|entry| entry.name == ".gitignore");
            let rules = if has_rules { self.rules(&folder, outer) } else { outer };
            for entry in listing.entries {
                let path = folder.join(&entry.name);
                let is_folder = entry.kind == Kind::Folder;
                if is_folder {
                    let hidden = entry.name.starts_with('.') && entry.name != ".github";
                    // A linked folder lies inside the root and is met where it really is.
                    if hidden || entry.link {
                        continue;
                    }
                } else if !is_infrastructure(&entry.name) {
                    continue;
                }
                if self.exclude.is_match(&path) || Rules::ignores(&rules, &path, is_folder) {
                    self.found.ignored +=
                        if is_folder { self.count_ignored(path) } else { usize::from(counts(&entry.name)) };
                    continue;
                }
                match entry.kind {
                    Kind::Folder => open.push((path, rules.clone())),
                    Kind::File => self.file(&folder, path, &entry.name),
                    // A link that leads nowhere or out, or no regular file: reading it says why.
                    Kind::Other if is_module_file(&entry.name) => {
                        self.found.modules.insert(folder.clone());
                    }
                    // Nobody can say whether it would be a template.
                    Kind::Other => {
                        let problem = match self.files.resolve(&path) {
                            Err(problem) => problem,
                            Ok(_) => FileError::NotRegular,
                        };
                        let span = Span::start_of(self.sources.file(&path));
                        self.found.notes.push(Diagnostic::new("not-analysed", format!("{path} {problem}"), span));
                    }
                }
            }
        }
    }

    fn file(&mut self, folder: &Utf8Path, path: Utf8PathBuf, name: &str) {
        if is_module_file(name) {
            self.found.modules.insert(folder.to_owned());
        } else if name == "terragrunt.hcl" {
            let span = Span::start_of(self.sources.file(&path));
            let message = "Terragrunt is not evaluated; what it adds to the modules in this folder is not known";
            self.found.notes.push(Diagnostic::new("not-analysed", message, span));
        } else if is_document(name) {
            self.found.documents.insert(path);
        }
    }

    /// Infrastructure files in an ignored folder.
    fn count_ignored(&self, folder: Utf8PathBuf) -> usize {
        let mut count = 0;
        let mut left = MAX_IGNORED_ENTRIES;
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            let Ok(listing) = self.files.list(&folder) else { continue };
            for entry in listing.entries {
                left = left.saturating_sub(1);
                if left == 0 {
                    return count;
                }
                match entry.kind {
                    Kind::Folder if !entry.link && !entry.name.starts_with('.') => open.push(folder.join(&entry.name)),
                    Kind::File => count += usize::from(counts(&entry.name)),
                    _ => {}
                }
            }
        }
        count
    }
}

fn is_document(name: &str) -> bool {
    [".yaml", ".yml", ".json", ".template"].iter().any(|end| name.ends_with(end)) && !name.ends_with(".tfvars.json")
}

fn is_infrastructure(name: &str) -> bool {
    is_module_file(name) || is_document(name) || name == "terragrunt.hcl"
}

/// Whether a file left out is counted: only what is infrastructure by its name alone.
fn counts(name: &str) -> bool {
    is_module_file(name) || name.ends_with(".template")
}

/// Local module sources that a text mentions (`source = "./modules/x"`), by a search that is wrong only in finding too
/// many: a module that nobody turns out to call is analysed on its own afterwards.
pub fn mentioned_sources(text: &str) -> impl Iterator<Item = &str> {
    static SOURCE: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = SOURCE.get_or_init(|| Regex::new(r#"source"?\s*[=:]\s*"(\.\.?(?:/[^"]*)?)""#).ok());
    pattern
        .iter()
        .flat_map(move |pattern| pattern.captures_iter(text))
        .filter_map(|captures| captures.get(1).map(|found| found.as_str()))
}

/// Folders of modules that `terraform init` noted down, relative to the root module: `.terraform/modules/modules.json`.
fn installed(files: &dyn Files, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    static FOLDER: OnceLock<Option<Regex>> = OnceLock::new();
    let path = folder.join(".terraform/modules/modules.json");
    let Ok(bytes) = files.read(&path, crate::files::MAX_FILE_BYTES) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let pattern = FOLDER.get_or_init(|| Regex::new(r#""Dir"\s*:\s*"([^"]*)""#).ok());
    let found = pattern.iter().flat_map(|pattern| pattern.captures_iter(&text));
    found.filter_map(|captures| normalize(&folder.join(captures.get(1)?.as_str()))).collect()
}

/// Of the folders, those that another one of them seems to call.
pub fn called(files: &dyn Files, modules: &BTreeSet<Utf8PathBuf>) -> BTreeSet<Utf8PathBuf> {
    use rayon::prelude::*;
    let folders: Vec<&Utf8PathBuf> = modules.iter().collect();
    let called: Vec<Vec<Utf8PathBuf>> = folders
        .par_iter()
        .map(|folder| {
            let calls = |target: &Utf8PathBuf| target != *folder && modules.contains(target);
            let mut called: Vec<Utf8PathBuf> = installed(files, folder).into_iter().filter(calls).collect();
            let Ok(listing) = files.list(folder) else { return called };
            for entry in listing.entries.iter().filter(|entry| is_module_file(&entry.name)) {
                let Ok(bytes) = files.read(&folder.join(&entry.name), crate::files::MAX_FILE_BYTES) else { continue };
                let text = String::from_utf8_lossy(&bytes);
                let targets = mentioned_sources(&text).filter_map(|source| normalize(&folder.join(source)));
                called.extend(targets.filter(calls));
            }
            called
        })
        .collect();
    called.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;

    fn found(files: &[(&str, &str)], exclude: &[&str]) -> Found {
        let files: Memory = files.iter().copied().collect();
        let exclude: Vec<String> = exclude.iter().map(|glob| (*glob).to_owned()).collect();
        discover(&files, &Sources::default(), &["".into()], &globs(&exclude).unwrap())
    }

    #[test]
    fn gitignore_and_exclude_leave_files_out_and_are_counted() {
        let files = [
            (".gitignore", "build/\n*.gen.tf\n!keep.gen.tf\n"),
            ("a/main.tf", ""),
            ("a/x.gen.tf", ""),
            ("b/keep.gen.tf", ""),
            ("build/deep/main.tf", ""),
            ("vendor/x/main.tf", ""),
            (".hidden/main.tf", ""),
            (".github/t.yaml", ""),
        ];
        let found = found(&files, &["vendor"]);
        let modules: Vec<_> = found.modules.iter().map(|path| path.as_str()).collect();
        assert_eq!(modules, ["a", "b"]);
        assert_eq!(found.documents.len(), 1);
        assert_eq!(found.ignored, 3);
    }

    #[test]
    fn an_inner_gitignore_wins_over_an_outer_one() {
        let files = [(".gitignore", "*.tf\n"), ("a/.gitignore", "!main.tf\n"), ("a/main.tf", ""), ("b/main.tf", "")];
        let modules: Vec<_> = found(&files, &[]).modules.into_iter().collect();
        assert_eq!(modules, ["a"]);
    }

    #[test]
    fn modules_that_init_noted_down_are_called() {
        let manifest = r#"{"Modules":[{"Key":"","Dir":"."},{"Key":"x","Dir":"../vendor/x"},{"Key":"y","Dir":"/y"}]}"#;
        let files: Memory = [("a/.terraform/modules/modules.json", manifest)].into_iter().collect();
        let modules: BTreeSet<Utf8PathBuf> = ["a", "vendor/x", "y"].map(Utf8PathBuf::from).into();
        assert_eq!(called(&files, &modules), BTreeSet::from(["vendor/x".into()]));
    }

    #[test]
    fn sources_are_found_in_both_syntaxes() {
        let text = "module \"a\" {\n  source = \"./x\"\n}\n{\"source\": \"../y\"}\nsource = \"registry/x/aws\"\n";
        assert_eq!(mentioned_sources(text).collect::<Vec<_>>(), ["./x", "../y"]);
    }
}

//! The files of a commit, read from the repository's own objects: `git` is never run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use gix_hash::ObjectId;
use gix_object::FindExt;
use gix_object::tree::EntryKind;
use gix_odb::HeaderExt;
use gix_ref::file::ReferenceExt;

use crate::files::{Entry, FileError, Files, GitFolders, Kind, Listing, git_folders, normalize, read_named};

/// How many links on the way to a file are followed.
const MAX_LINKS: usize = 40;

/// The largest configuration of git that is read.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// A link's target is a path.
const MAX_TARGET_BYTES: u64 = 4096;

/// How many entries the trees have, at most, that are remembered.
const REMEMBERED: usize = 50_000;

/// The files of one commit, below a folder of it.
pub struct Commit {
    objects: Mutex<gix_odb::HandleArc>,
    tree: ObjectId,
    trees: Mutex<Trees>,
}

/// The trees that were read lately: those near the top are on the way to every file.
#[derive(Default)]
struct Trees {
    known: HashMap<ObjectId, Arc<Tree>>,
    entries: usize,
}

impl Trees {
    fn keep(&mut self, id: ObjectId, tree: &Arc<Tree>) {
        self.entries += 1 + tree.0.len();
        if self.entries > REMEMBERED {
            self.known.clear();
            self.entries = 1 + tree.0.len();
        }
        self.known.insert(id, Arc::clone(tree));
    }
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commit").field("tree", &self.tree).finish_non_exhaustive()
    }
}

/// The name of the repository that holds the folder `root`, by the address of its remote `origin`, and the commit that is checked
/// out; what is not known is nothing.
pub fn whereabouts(root: &Utf8Path) -> (Option<String>, Option<String>) {
    let Ok(Some(git)) = git_folders(root) else { return (None, None) };
    let config = read_named(&git.common.join("config"), MAX_CONFIG_BYTES).unwrap_or_default();
    let name = origin(&String::from_utf8_lossy(&config)).and_then(|url| name_of(&url));
    (name, head(&git))
}

/// The id of the commit that is checked out.
fn head(git: &GitFolders) -> Option<String> {
    let hash = gix_hash::Kind::Sha1;
    let objects = gix_odb::at(git.common.join("objects"), hash).ok()?;
    let references = gix_ref::file::Store::for_linked_worktree(git.own.clone().into(), git.common.clone().into(), hash);
    let id = references.find("HEAD").ok()?.peel_to_id(&references, &objects).ok()?;
    Some(id.to_string())
}

/// The address of the remote `origin` in git's configuration.
fn origin(config: &str) -> Option<String> {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.replace(' ', "").eq_ignore_ascii_case("[remote\"origin\"]");
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            return Some(value.trim().trim_matches('"').to_owned());
        }
    }
    None
}

/// `github.com/acme/network`, whichever way a remote's address is written; credentials in it are left out.
fn name_of(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let is_url = rest.len() < url.len();
    let (host, path) = match rest.split_once('/') {
        // git@github.com:acme/network.git
        _ if !is_url && rest.split('/').next().is_some_and(|first| first.contains(':')) => rest.split_once(':')?,
        Some((host, path)) if is_url => (host, path),
        _ => return None,
    };
    let host = host.rsplit('@').next()?;
    let host = host.split(':').next()?.to_ascii_lowercase();
    let path = path.trim_matches('/').trim_end_matches(".git").trim_matches('/');
    let is_plain = |text: &str| !text.is_empty() && !text.contains("//") && !text.chars().any(char::is_control);
    (is_plain(&host) && is_plain(path)).then(|| format!("{host}/{path}"))
}

/// What lies at a path of a tree.
#[derive(Clone, Copy)]
struct Node {
    id: ObjectId,
    kind: EntryKind,
}

/// What a tree holds: its entries by name, and the names that are not UTF-8.
type Tree = (Vec<(String, Node)>, Vec<String>);

impl Commit {
    /// The commit that `reference` names (a branch, a tag, `origin/main`, a whole id) in the repository that holds the folder
    /// `root`; its paths are relative to `root`.
    ///
    /// # Errors
    /// In words, when there is no repository, no such commit, or no such folder in it.
    pub fn open(root: &Utf8Path, reference: &str) -> Result<Self, String> {
        let git = git_folders(root).map_err(|error| format!("{root}: {error}"))?;
        let git = git.ok_or_else(|| format!("{root} is not in a git repository"))?;
        let hash = gix_hash::Kind::Sha1;
        let objects =
            gix_odb::at(git.common.join("objects"), hash).map_err(|error| format!("{}: {error}", git.common))?;
        let objects = objects.into_arc().map_err(|error| format!("{}: {error}", git.common))?;
        let references =
            gix_ref::file::Store::for_linked_worktree(git.own.clone().into(), git.common.clone().into(), hash);
        let missing =
            || format!("there is no commit `{reference}` here; `git fetch --depth=1 origin {reference}` brings it");
        let id = match ObjectId::from_hex(reference.as_bytes()) {
            Ok(id) => id,
            Err(_) => {
                let mut found = references.find(reference).map_err(|_| missing())?;
                found.peel_to_id(&references, &objects).map_err(|_| missing())?
            }
        };
        let mut buffer = Vec::new();
        let commit = objects.find_commit(&id, &mut buffer).map_err(|_| missing())?;
        let tree = commit.tree();
        let whole = Self { objects: Mutex::new(objects), tree, trees: Mutex::default() };
        if git.below.as_str().is_empty() {
            return Ok(whole);
        }
        match whole.node(&git.below) {
            Ok(Node { id, kind: EntryKind::Tree }) => Ok(Self { tree: id, ..whole }),
            _ => Err(format!("`{reference}` has no folder {}", git.below)),
        }
    }

    fn with<T>(&self, read: impl FnOnce(&gix_odb::HandleArc) -> T) -> T {
        read(&self.objects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn trees(&self) -> MutexGuard<'_, Trees> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a tree holds.
    fn entries(&self, id: ObjectId) -> Result<Arc<Tree>, FileError> {
        if let Some(known) = self.trees().known.get(&id) {
            return Ok(Arc::clone(known));
        }
        let tree = self.with(|objects| {
            let mut buffer = Vec::new();
            let tree = objects.find_tree(&id, &mut buffer).map_err(unreadable)?;
            let (mut entries, mut odd) = (Vec::new(), Vec::new());
            for entry in &tree.entries {
                let node = Node { id: entry.oid.to_owned(), kind: entry.mode.kind() };
                match std::str::from_utf8(entry.filename) {
                    Ok(name) => entries.push((name.to_owned(), node)),
                    Err(_) => odd.push(String::from_utf8_lossy(entry.filename).into_owned()),
                }
            }
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Ok::<_, FileError>(Arc::new((entries, odd)))
        })?;
        self.trees().keep(id, &tree);
        Ok(tree)
    }

    fn child(&self, tree: ObjectId, name: &str) -> Result<Node, FileError> {
        let tree = self.entries(tree)?;
        let (entries, _) = &*tree;
        let at = entries.binary_search_by(|(known, _)| known.as_str().cmp(name)).map_err(|_| FileError::NotFound)?;
        entries.get(at).map(|(_, node)| *node).ok_or(FileError::NotFound)
    }

    /// What lies at a path without links.
    fn node(&self, path: &Utf8Path) -> Result<Node, FileError> {
        let mut node = Node { id: self.tree, kind: EntryKind::Tree };
        for component in path.components() {
            match (component, node.kind) {
                (Utf8Component::Normal(name), EntryKind::Tree) => node = self.child(node.id, name)?,
                _ => return Err(FileError::NotFound),
            }
        }
        Ok(node)
    }

    fn bytes(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, FileError> {
        self.with(|objects| {
            let size = objects.header(id).map_err(unreadable)?.size();
            if size > limit {
                return Err(FileError::TooLarge(limit));
            }
            let mut buffer = Vec::new();
            Ok(objects.find_blob(&id, &mut buffer).map_err(unreadable)?.data.to_vec())
        })
    }

    /// The path with all links on it followed, and what lies there.
    fn followed(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Node), FileError> {
        let mut rest: Vec<String> =
            normalize(path).ok_or(FileError::Outside)?.iter().rev().map(str::to_owned).collect();
        let mut real = Utf8PathBuf::new();
        let mut node = Node { id: self.tree, kind: EntryKind::Tree };
        let mut links = 0;
        while let Some(name) = rest.pop() {
            let above = real.clone();
            real.push(&name);
            node = self.node(&real)?;
            if node.kind != EntryKind::Link {
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return Err(FileError::Io("too many links".to_owned()));
            }
            let target = String::from_utf8(self.bytes(node.id, MAX_TARGET_BYTES)?).map_err(|_| FileError::NotUtf8)?;
            let target = normalize(&above.join(&target)).ok_or(FileError::Outside)?;
            rest.extend(target.iter().rev().map(str::to_owned));
            real = Utf8PathBuf::new();
            node = Node { id: self.tree, kind: EntryKind::Tree };
        }
        Ok((real, node))
    }
}

fn kind(kind: EntryKind) -> Kind {
    match kind {
        EntryKind::Tree => Kind::Folder,
        EntryKind::Blob | EntryKind::BlobExecutable => Kind::File,
        EntryKind::Link | EntryKind::Commit => Kind::Other,
    }
}

fn unreadable(error: impl std::fmt::Display) -> FileError {
    FileError::Io(error.to_string())
}

impl Files for Commit {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        let (real, node) = self.followed(folder)?;
        if node.kind != EntryKind::Tree {
            return Err(FileError::NotRegular);
        }
        let tree = self.entries(node.id)?;
        let (entries, unreadable) = &*tree;
        let entries = entries.iter().filter_map(|(name, node)| {
            let link = node.kind == EntryKind::Link;
            // A link that leads nowhere is an entry that is not there.
            let kind = if link { self.resolve(&real.join(name)).ok()?.1 } else { kind(node.kind) };
            Some(Entry { name: name.clone(), kind, link })
        });
        Ok(Listing { entries: entries.collect(), unreadable: unreadable.clone() })
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        let (real, node) = self.followed(path)?;
        Ok((real, kind(node.kind)))
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let (_, node) = self.followed(path)?;
        match kind(node.kind) {
            Kind::File => self.bytes(node.id, limit),
            _ => Err(FileError::NotRegular),
        }
    }
}

/// What is looked at, with the files that say what is looked at and what is let be taken from elsewhere: a change cannot
/// take itself out of sight.
pub struct Ruled {
    files: Box<dyn Files>,
    rules: Arc<dyn Files>,
}

impl std::fmt::Debug for Ruled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ruled").finish_non_exhaustive()
    }
}

impl Ruled {
    /// `files` with the rules of `rules`.
    pub fn new(files: Box<dyn Files>, rules: Arc<dyn Files>) -> Self {
        Self { files, rules }
    }

    fn is_rule(path: &Utf8Path) -> bool {
        matches!(path.file_name(), Some(".gitignore" | crate::config::FILE_NAME))
    }
}

impl Files for Ruled {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        let mut listing = self.files.list(folder)?;
        listing.entries.retain(|entry| !Self::is_rule(Utf8Path::new(&entry.name)));
        for name in [".gitignore", crate::config::FILE_NAME] {
            if self.rules.is_file(&folder.join(name)) {
                let at = listing.entries.partition_point(|entry| entry.name.as_str() < name);
                listing.entries.insert(at, Entry { name: name.to_owned(), kind: Kind::File, link: false });
            }
        }
        Ok(listing)
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        if Self::is_rule(path) { self.rules.resolve(path) } else { self.files.resolve(path) }
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        if Self::is_rule(path) { self.rules.read(path, limit) } else { self.files.read(path, limit) }
    }
}

#[cfg(test)]
mod tests;

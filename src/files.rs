//! The one seam to the file system. Nobody else uses `std::fs` (a test holds that up).
//!
//! All paths are relative to the root and use forward slashes. Nothing outside the root is ever read, also not
//! through links: the scanned repository is untrusted.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::sync::{Arc, PoisonError, RwLock};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// The largest source file that is read. A Terraform plan may be this large; nothing hand-written is.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A device, FIFO, socket: never opened.
    Other,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// What it is, links followed.
    pub kind: Kind,
    /// Whether it is a symbolic link.
    pub link: bool,
}

/// Why a file could not be read or a folder not listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Nothing there.
    #[error("no such file or folder")]
    NotFound,
    /// The path, or a link on it, leads out of the scanned folder.
    #[error("leads outside the scanned folder; rootlint reads nothing out there")]
    Outside,
    /// Not a regular file (or not a folder).
    #[error("is not a regular file")]
    NotRegular,
    /// Larger than the limit given.
    #[error("is larger than the limit of {0} bytes")]
    TooLarge(u64),
    /// Names that are not UTF-8 cannot be reported as a location.
    #[error("has a name that is not UTF-8")]
    NotUtf8,
    /// Anything else the system says.
    #[error("cannot be read: {0}")]
    Io(String),
    /// Somebody else changed it meanwhile.
    #[error("was changed meanwhile; nothing is written")]
    Changed,
    /// It is there already.
    #[error("is there already")]
    Exists,
    /// What the system says to writing.
    #[error("cannot be written: {0}")]
    Write(String),
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound,
            _ => Self::Io(error.to_string()),
        }
    }
}

/// Entries of one folder, and how many names were skipped because they are not UTF-8.
#[derive(Debug, Default)]
pub struct Listing {
    /// Sorted by name.
    pub entries: Vec<Entry>,
    /// The readable part of each name that is not UTF-8; that of a folder ends with a slash.
    pub unreadable: Vec<String>,
}

/// A tree of files: the disk under a root, or memory.
pub trait Files: Send + Sync {
    /// The entries of a folder, sorted by name; the root is the empty path.
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError>;

    /// What lies at `path`, with every link on the way resolved: the path that a report names.
    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError>;

    /// The bytes of a regular file of at most `limit` bytes.
    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError>;

    /// Whether a regular file lies at `path`.
    fn is_file(&self, path: &Utf8Path) -> bool {
        matches!(self.resolve(path), Ok((_, Kind::File)))
    }

    /// Whether a folder lies at `path`.
    fn is_folder(&self, path: &Utf8Path) -> bool {
        matches!(self.resolve(path), Ok((_, Kind::Folder)))
    }
}

/// `path` without `.` and `..`, or `None` if it leads above the root. An absolute path is none of ours.
pub fn normalize(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut clean = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Utf8Component::Normal(name) => clean.push(name),
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

/// The disk under a root folder.
#[derive(Debug)]
pub struct Disk {
    root: Utf8PathBuf,
    /// Folders that were met, and what they are once links are resolved.
    folders: RwLock<HashMap<Utf8PathBuf, Utf8PathBuf>>,
}

impl Disk {
    /// Opens the folder `root`, whose links are resolved once.
    ///
    /// # Errors
    /// When it does not exist or its real path is not UTF-8.
    pub fn new(root: &Utf8Path) -> Result<Self, FileError> {
        let root = root.canonicalize_utf8()?;
        Ok(Self { root, folders: RwLock::default() })
    }

    /// The root, with links resolved.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The bytes of a regular file, one after the other: for files that are too large to be held.
    ///
    /// # Errors
    /// As [`Files::read`], but for its limit.
    pub fn open(&self, path: &Utf8Path) -> Result<Box<dyn Read + Send>, FileError> {
        let (real, found) = self.found(path)?;
        if !found.is_file() {
            return Err(FileError::NotRegular);
        }
        Ok(Box::new(std::fs::File::open(&real)?))
    }

    /// The path with every link on it resolved, which lies in the root.
    fn real(&self, path: &Utf8Path) -> Result<Utf8PathBuf, FileError> {
        if path.is_absolute() {
            return Err(FileError::Outside);
        }
        let real = match self.root.join(path).canonicalize() {
            Ok(real) => Utf8PathBuf::from_path_buf(real).map_err(|_| FileError::NotUtf8)?,
            // The words of the system name the absolute path or nothing; ours are enough.
            Err(error) => return Err(FileError::from(error)),
        };
        if real.starts_with(&self.root) { Ok(real) } else { Err(FileError::Outside) }
    }

    /// The same, and what lies there. Where a name has one spelling, the links of a folder are resolved once for all
    /// that is in it: asking the system for each step of each path costs more than reading most files.
    fn found(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, std::fs::Metadata), FileError> {
        if cfg!(target_os = "linux")
            && let (Some(folder), Some(name)) = (path.parent(), path.file_name())
            && path.as_str().ends_with(name)
            && let Some(folder) = self.folder(folder)
        {
            let real = folder.join(name);
            let found = std::fs::symlink_metadata(&real)?;
            if !found.is_symlink() {
                return Ok((real, found));
            }
        }
        let real = self.real(path)?;
        let found = std::fs::metadata(&real)?;
        Ok((real, found))
    }

    /// What a folder is once links are resolved, unless there is something wrong with it.
    fn folder(&self, folder: &Utf8Path) -> Option<Utf8PathBuf> {
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        known.or_else(|| {
            let real = self.real(folder).ok()?;
            self.folders.write().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned(), real.clone());
            Some(real)
        })
    }

    fn kind_of(metadata: &std::fs::Metadata) -> Kind {
        if metadata.is_file() {
            Kind::File
        } else if metadata.is_dir() {
            Kind::Folder
        } else {
            Kind::Other
        }
    }
}

impl Files for Disk {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        let (real, _) = self.found(folder)?;
        let mut listing = Listing::default();
        for entry in std::fs::read_dir(&real)? {
            let entry = entry?;
            let name = match entry.file_name().into_string() {
                Ok(name) => name,
                Err(raw) => {
                    let end = if entry.file_type()?.is_dir() { "/" } else { "" };
                    listing.unreadable.push(format!("{}{end}", raw.to_string_lossy()));
                    continue;
                }
            };
            let file_type = entry.file_type()?;
            let link = file_type.is_symlink();
            let kind = if link {
                match self.real(&folder.join(&name)) {
                    Ok(target) => std::fs::metadata(target).map_or(Kind::Other, |found| Self::kind_of(&found)),
                    Err(_) => Kind::Other,
                }
            } else if file_type.is_file() {
                Kind::File
            } else if file_type.is_dir() {
                Kind::Folder
            } else {
                Kind::Other
            };
            listing.entries.push(Entry { name, kind, link });
        }
        listing.entries.sort_by(|a, b| a.name.cmp(&b.name));
        listing.unreadable.sort();
        Ok(listing)
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        let (real, found) = self.found(path)?;
        let kind = Self::kind_of(&found);
        let relative = real.strip_prefix(&self.root).map_err(|_| FileError::Outside)?;
        Ok((relative.to_owned(), kind))
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let (real, before) = self.found(path)?;
        if !before.is_file() {
            return Err(FileError::NotRegular);
        }
        if before.len() > limit {
            return Err(FileError::TooLarge(limit));
        }
        let file = std::fs::File::open(&real)?;
        let mut bytes = Vec::with_capacity(before.len() as usize);
        // The file may grow between the two calls, and files under /proc say 0.
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(FileError::TooLarge(limit));
        }
        Ok(bytes)
    }
}

/// Files in memory: tests, standard input, an editor.
#[derive(Debug, Default, Clone)]
pub struct Memory {
    files: BTreeMap<Utf8PathBuf, Arc<[u8]>>,
}

impl Memory {
    /// Adds or replaces a file; folders come into being with their files.
    pub fn insert(&mut self, path: impl Into<Utf8PathBuf>, content: impl AsRef<[u8]>) {
        self.files.insert(path.into(), Arc::from(content.as_ref()));
    }
}

impl<P: Into<Utf8PathBuf>, C: AsRef<[u8]>> FromIterator<(P, C)> for Memory {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(files: I) -> Self {
        let mut memory = Self::default();
        for (path, content) in files {
            memory.insert(path, content);
        }
        memory
    }
}

impl Files for Memory {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        let folder = normalize(folder).ok_or(FileError::Outside)?;
        let mut entries: BTreeMap<String, Kind> = BTreeMap::new();
        for path in self.files.keys() {
            let Ok(rest) = path.strip_prefix(&folder) else {
                continue;
            };
            let mut names = rest.components();
            if let Some(first) = names.next() {
                let kind = if names.next().is_some() { Kind::Folder } else { Kind::File };
                entries.insert(first.as_str().to_owned(), kind);
            }
        }
        if entries.is_empty() && !folder.as_str().is_empty() {
            return Err(FileError::NotFound);
        }
        let entries = entries.into_iter().map(|(name, kind)| Entry { name, kind, link: false }).collect();
        Ok(Listing { entries, unreadable: Vec::new() })
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        let path = normalize(path).ok_or(FileError::Outside)?;
        if self.files.contains_key(&path) {
            return Ok((path, Kind::File));
        }
        let folder = path.as_str().is_empty() || self.files.keys().any(|file| file.starts_with(&path));
        if folder { Ok((path, Kind::Folder)) } else { Err(FileError::NotFound) }
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let path = normalize(path).ok_or(FileError::Outside)?;
        let bytes = self.files.get(&path).ok_or(FileError::NotFound)?;
        if bytes.len() as u64 > limit {
            return Err(FileError::TooLarge(limit));
        }
        Ok(bytes.to_vec())
    }
}

/// Files with others in addition, or with another text for some of them: what an editor or a pipe holds, or a change that
/// is not written yet.
#[derive(Debug)]
pub struct Overlay<F> {
    base: F,
    contents: BTreeMap<Utf8PathBuf, Vec<u8>>,
}

impl<F: Files> Overlay<F> {
    /// `base` with `content` at `path`.
    pub fn new(base: F, path: Utf8PathBuf, content: Vec<u8>) -> Self {
        Self { base, contents: BTreeMap::from([(path, content)]) }
    }

    /// `base` with all of `contents`.
    pub fn of(base: F, contents: BTreeMap<Utf8PathBuf, Vec<u8>>) -> Self {
        Self { base, contents }
    }

    fn content(&self, path: &Utf8Path) -> Option<&Vec<u8>> {
        self.contents.get(&normalize(path)?)
    }
}

impl<F: Files> Files for Overlay<F> {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        let mut listing = self.base.list(folder)?;
        let Some(folder) = normalize(folder) else { return Ok(listing) };
        for path in self.contents.keys().filter(|path| path.parent() == Some(&folder)) {
            let Some(name) = path.file_name() else { continue };
            listing.entries.retain(|entry| entry.name != name);
            let at = listing.entries.partition_point(|entry| entry.name.as_str() < name);
            listing.entries.insert(at, Entry { name: name.to_owned(), kind: Kind::File, link: false });
        }
        Ok(listing)
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        match normalize(path).filter(|path| self.contents.contains_key(path)) {
            Some(path) => Ok((path, Kind::File)),
            None => self.base.resolve(path),
        }
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let Some(content) = self.content(path) else { return self.base.read(path, limit) };
        if content.len() as u64 > limit {
            return Err(FileError::TooLarge(limit));
        }
        Ok(content.clone())
    }
}

impl<F: Files + ?Sized> Files for &F {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        (**self).list(folder)
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        (**self).resolve(path)
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        (**self).read(path, limit)
    }
}

/// The real, absolute path of what the user named, and what it is. For arguments only: they may lie anywhere.
///
/// # Errors
/// When nothing is there or its name is not UTF-8.
pub fn named(path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
    let real = path.canonicalize_utf8()?;
    let kind = Disk::kind_of(&std::fs::metadata(&real)?);
    Ok((real, kind))
}

/// Where a repository keeps its things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitFolders {
    /// What is this work tree's own: `HEAD`.
    pub own: Utf8PathBuf,
    /// What all work trees share: objects, branches.
    pub common: Utf8PathBuf,
    /// The folder asked about, relative to the top of the work tree.
    pub below: Utf8PathBuf,
}

/// The git folders of the repository that holds `folder`, which is absolute, if one does (gitrepository-layout).
///
/// # Errors
/// When the file that leads to them cannot be understood.
pub fn git_folders(folder: &Utf8Path) -> Result<Option<GitFolders>, FileError> {
    let Some(top) = repository_above(folder) else { return Ok(None) };
    let below = folder.strip_prefix(top).unwrap_or(Utf8Path::new("")).to_owned();
    let git = top.join(".git");
    let line = |path: &Utf8Path| -> Result<String, FileError> {
        let bytes = read_named(path, 4096)?;
        let text = String::from_utf8(bytes).map_err(|_| FileError::NotUtf8)?;
        Ok(text.trim_end().to_owned())
    };
    if std::fs::metadata(&git)?.is_dir() {
        return Ok(Some(GitFolders { own: git.clone(), common: git, below }));
    }
    let text = line(&git)?;
    let own = text.strip_prefix("gitdir: ").ok_or_else(|| FileError::Io("the file .git is not git's".to_owned()))?;
    let own = top.join(own);
    let common = match line(&own.join("commondir")) {
        Ok(common) => own.join(common),
        Err(FileError::NotFound) => own.clone(),
        Err(error) => return Err(error),
    };
    Ok(Some(GitFolders { own, common, below }))
}

/// The nearest folder at or above an absolute `folder` that holds `.git`, a folder or (in worktrees) a file.
pub fn repository_above(folder: &Utf8Path) -> Option<&Utf8Path> {
    folder.ancestors().find(|folder| std::fs::symlink_metadata(folder.join(".git")).is_ok())
}

/// All of standard input.
///
/// # Errors
/// When it cannot be read, or holds more than `limit` bytes.
pub fn read_stdin(limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(FileError::TooLarge(limit)) } else { Ok(bytes) }
}

/// The bytes of a file that the user named, wherever it lies.
///
/// # Errors
/// When there is no regular file, or a larger one than `limit`.
pub fn read_named(path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (real, _) = named(path)?;
    let folder = real.parent().unwrap_or(&real);
    let name = real.file_name().ok_or(FileError::NotRegular)?;
    Disk::new(folder)?.read(Utf8Path::new(name), limit)
}

/// Writes a report to a file that the user named: all of it or nothing, so that who is stopped half-way leaves no half
/// report under the name of a whole one. What is no regular file (a pipe, `/dev/stdout`) is written to as it is.
///
/// # Errors
/// What the system says.
pub fn write_named(path: &Utf8Path, bytes: &[u8]) -> Result<(), FileError> {
    stream_named(path, &|file| file.write_all(bytes))
}

/// The same for a report that is written as it is made; `write` may be asked twice, if the first way to the file is barred.
pub fn stream_named(path: &Utf8Path, write: Stream<'_>) -> Result<(), FileError> {
    let as_it_is = || std::fs::File::create(path).and_then(|mut file| write(&mut file));
    let written = match std::fs::metadata(path) {
        Ok(known) if known.is_file() => match replace(&path.canonicalize_utf8()?, write, Some(known.permissions())) {
            // A file may be open for writing in a folder that is not.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => as_it_is(),
            written => written,
        },
        // A link to nowhere makes the file it names.
        Err(_) if std::fs::symlink_metadata(path).is_err() => replace(path, write, None),
        _ => as_it_is(),
    };
    written.map_err(|error| FileError::Write(error.to_string()))
}

/// A file that is to be written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// Where, relative to the root.
    pub path: Utf8PathBuf,
    /// What has to stand there, or the file is left alone.
    pub before: Vec<u8>,
    /// What is to stand there.
    pub after: Vec<u8>,
}

/// Writes files below `root` anew: all of them, or none if one is not there any more as it was read, lies outside, or cannot
/// be written.
///
/// # Errors
/// Which file, and why.
pub fn rewrite(root: &Utf8Path, all: &[Rewrite]) -> Result<(), (Utf8PathBuf, FileError)> {
    let failed = |rewrite: &Rewrite| {
        let path = rewrite.path.clone();
        move |error: FileError| (path, error)
    };
    let disk = Disk::new(root).map_err(|error| (root.to_owned(), error))?;
    let mut places = Vec::new();
    for rewrite in all {
        let real = disk.real(&rewrite.path).map_err(failed(rewrite))?;
        if disk.read(&rewrite.path, MAX_FILE_BYTES).map_err(failed(rewrite))? != rewrite.before {
            return Err(failed(rewrite)(FileError::Changed));
        }
        places.push((real, rewrite));
    }
    let place = |real: &Utf8Path, bytes: &[u8]| -> std::io::Result<()> {
        let permissions = std::fs::metadata(real)?.permissions();
        replace(real, &|file| file.write_all(bytes), Some(permissions))
    };
    for (done, (real, rewrite)) in places.iter().enumerate() {
        if let Err(error) = place(real, &rewrite.after) {
            for (real, rewrite) in places.iter().take(done) {
                // What was written is put back; the first error is the one to tell.
                let _ = place(real, &rewrite.before);
            }
            return Err(failed(rewrite)(FileError::Write(error.to_string())));
        }
    }
    Ok(())
}

/// Writes a file that is not there yet, and the folders that lead to it, below `root`; one that is there is only replaced if
/// that is asked.
///
/// # Errors
/// When something is there, the way leads out of the root, or the system does not write.
pub fn create(root: &Utf8Path, path: &Utf8Path, bytes: &[u8], over: bool) -> Result<(), FileError> {
    let disk = Disk::new(root)?;
    let path = normalize(path).ok_or(FileError::Outside)?;
    let mut folder = disk.root().to_owned();
    for name in path.parent().into_iter().flat_map(Utf8Path::components) {
        folder.push(name);
        if std::fs::symlink_metadata(&folder).is_err() {
            std::fs::create_dir(&folder).map_err(|error| FileError::Write(error.to_string()))?;
        }
        // A link may lead anywhere: nothing is made out there.
        let inside = folder.strip_prefix(disk.root()).map_err(|_| FileError::Outside)?;
        disk.real(inside)?;
    }
    let there = std::fs::symlink_metadata(folder.join(path.file_name().ok_or(FileError::NotRegular)?));
    let place = folder.join(path.file_name().ok_or(FileError::NotRegular)?);
    let written = match there {
        Err(_) => replace(&place, &|file| file.write_all(bytes), None),
        Ok(_) if !over => return Err(FileError::Exists),
        Ok(known) if known.is_file() => replace(&place, &|file| file.write_all(bytes), Some(known.permissions())),
        Ok(_) => return Err(FileError::NotRegular),
    };
    written.map_err(|error| FileError::Write(error.to_string()))
}

/// What writes a file.
pub type Stream<'a> = &'a dyn Fn(&mut dyn Write) -> std::io::Result<()>;

/// Writes a file beside `path` and puts it in its place.
fn replace(path: &Utf8Path, write: Stream<'_>, permissions: Option<std::fs::Permissions>) -> std::io::Result<()> {
    let name = path.file_name().ok_or(std::io::ErrorKind::InvalidFilename)?;
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let mut file = std::fs::File::create_new(&beside)?;
    let written = write(&mut file).and_then(|()| file.flush()).and_then(|()| match permissions {
        Some(permissions) => file.set_permissions(permissions),
        None => Ok(()),
    });
    let placed = written.and_then(|()| std::fs::rename(&beside, path));
    if placed.is_err() {
        // What could not be written may be removed or not: the error is told either way.
        let _ = std::fs::remove_file(&beside);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizing_never_leaves_the_root() {
        assert_eq!(normalize("a/./b/../c".into()), Some("a/c".into()));
        assert_eq!(normalize("../a".into()), None);
        assert_eq!(normalize("a/../../b".into()), None);
        assert_eq!(normalize("/etc/passwd".into()), None);
    }

    #[test]
    fn memory_lists_folders() {
        let files: Memory = [("a/b.tf", "x"), ("c.tf", "y")].into_iter().collect();
        let names: Vec<_> = files.list("".into()).unwrap().entries.into_iter().map(|e| (e.name, e.kind)).collect();
        assert_eq!(names, [("a".to_owned(), Kind::Folder), ("c.tf".to_owned(), Kind::File)]);
        assert!(files.is_folder("a".into()));
        assert!(matches!(files.read("../x".into(), 10), Err(FileError::Outside)));
        assert!(matches!(files.read("c.tf".into(), 0), Err(FileError::TooLarge(0))));
    }

    #[test]
    fn an_overlay_replaces_or_adds_one_file() {
        let base: Memory = [("a/b.tf", "x"), ("a/d.tf", "y")].into_iter().collect();
        let files = Overlay::new(base, "a/c.tf".into(), b"new".to_vec());
        let names = |folder: &str| -> Vec<String> {
            files.list(folder.into()).unwrap().entries.into_iter().map(|entry| entry.name).collect()
        };
        assert_eq!(names("a"), ["b.tf", "c.tf", "d.tf"]);
        assert_eq!(names(""), ["a"]);
        assert_eq!(files.read("a/./c.tf".into(), 9).unwrap(), b"new");
        assert!(matches!(files.read("a/c.tf".into(), 2), Err(FileError::TooLarge(2))));
        assert_eq!(files.read("a/b.tf".into(), 9).unwrap(), b"x");
        assert!(files.is_file("a/c.tf".into()));
    }

    #[test]
    fn a_report_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let names = || {
            let mut names: Vec<_> =
                std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let report = folder.join("report.json");
        write_named(&report, b"one").unwrap();
        write_named(&report, b"two").unwrap();
        assert_eq!(std::fs::read(&report).unwrap(), b"two");
        // What cannot be put in place leaves nothing beside it.
        std::fs::create_dir(folder.join("taken")).unwrap();
        assert!(write_named(&folder.join("taken"), b"x").is_err());
        assert!(replace(&folder.join("taken"), &|file| file.write_all(b"x"), None).is_err());
        assert!(matches!(write_named(&folder.join("nowhere/x"), b"x"), Err(FileError::Write(_))));
        assert_eq!(names(), ["report.json", "taken"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, symlink};
            std::fs::set_permissions(&report, std::fs::Permissions::from_mode(0o600)).unwrap();
            symlink("report.json", folder.join("link")).unwrap();
            symlink("new.json", folder.join("dangling")).unwrap();
            write_named(&folder.join("link"), b"three").unwrap();
            write_named(&folder.join("dangling"), b"four").unwrap();
            assert_eq!(std::fs::read(&report).unwrap(), b"three");
            assert_eq!(std::fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(std::fs::symlink_metadata(folder.join("link")).unwrap().is_symlink());
            assert_eq!(std::fs::read(folder.join("new.json")).unwrap(), b"four");
        }
    }

    #[test]
    fn files_are_written_anew_all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(root.join("a"), "1").unwrap();
        std::fs::write(root.join("b"), "2").unwrap();
        let change = |path: &str, before: &str| Rewrite {
            path: path.into(),
            before: before.into(),
            after: format!("{before}!").into_bytes(),
        };
        let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
        let (path, error) = rewrite(root, &[change("a", "1"), change("b", "other")]).unwrap_err();
        assert!(path == "b" && matches!(error, FileError::Changed), "{path}: {error}");
        assert!(matches!(
            rewrite(root, &[change("../x", "1")]).unwrap_err().1,
            FileError::NotFound | FileError::Outside
        ));
        assert_eq!((read("a"), read("b")), ("1".to_owned(), "2".to_owned()));
        rewrite(root, &[change("a", "1"), change("b", "2")]).unwrap();
        assert_eq!((read("a"), read("b")), ("1!".to_owned(), "2!".to_owned()));
        assert_eq!(std::fs::read_dir(root).unwrap().count(), 2);
    }

    #[test]
    fn a_file_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        create(root, "x/y/z".into(), b"1", false).unwrap();
        assert!(matches!(create(root, "x/y/z".into(), b"2", false), Err(FileError::Exists)));
        assert_eq!(std::fs::read(root.join("x/y/z")).unwrap(), b"1");
        create(root, "x/y/z".into(), b"2", true).unwrap();
        assert_eq!(std::fs::read(root.join("x/y/z")).unwrap(), b"2");
        assert!(matches!(create(root, "x/y".into(), b"2", true), Err(FileError::NotRegular)));
        assert!(matches!(create(root, "../x".into(), b"2", false), Err(FileError::Outside)));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/tmp", root.join("out")).unwrap();
            assert!(matches!(create(root, "out/x".into(), b"2", false), Err(FileError::Outside)));
            std::os::unix::fs::symlink("x/y/z", root.join("link")).unwrap();
            assert!(matches!(create(root, "link".into(), b"3", true), Err(FileError::NotRegular)));
        }
    }

    #[cfg(unix)]
    #[test]
    fn disk_follows_links_only_inside() {
        let outer = tempfile::tempdir().unwrap();
        let outer = Utf8Path::from_path(outer.path()).unwrap();
        std::fs::write(outer.join("secret"), "s").unwrap();
        let root = outer.join("root");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(root.join("real.tf"), "r").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("out.tf")).unwrap();
        std::os::unix::fs::symlink("real.tf", root.join("in.tf")).unwrap();
        std::os::unix::fs::symlink("loop.tf", root.join("loop.tf")).unwrap();
        let disk = Disk::new(&root).unwrap();
        assert!(matches!(disk.read("out.tf".into(), 10), Err(FileError::Outside)));
        assert!(matches!(disk.read("../secret".into(), 10), Err(FileError::Outside)));
        assert_eq!(disk.read("in.tf".into(), 10).unwrap(), b"r");
        assert_eq!(disk.resolve("in.tf".into()).unwrap().0, "real.tf");
        assert!(disk.read("loop.tf".into(), 10).is_err());
        // What is remembered of folders leads nowhere else.
        std::fs::create_dir(root.join("inner")).unwrap();
        std::fs::write(root.join("inner/a.tf"), "a").unwrap();
        std::os::unix::fs::symlink("inner", root.join("linked")).unwrap();
        std::os::unix::fs::symlink("..", root.join("above")).unwrap();
        for _ in 0..2 {
            assert_eq!(disk.resolve("linked/a.tf".into()).unwrap().0, "inner/a.tf");
            assert_eq!(disk.resolve("linked/../inner".into()).unwrap(), ("inner".into(), Kind::Folder));
            assert!(matches!(disk.read("above/secret".into(), 10), Err(FileError::Outside)));
            assert!(matches!(disk.read("linked/none.tf".into(), 10), Err(FileError::NotFound)));
            assert!(disk.read("inner/a.tf/".into(), 10).is_err());
        }
        let kinds: Vec<_> = disk.list("".into()).unwrap().entries.into_iter().map(|e| (e.name, e.kind)).collect();
        assert!(kinds.contains(&("out.tf".to_owned(), Kind::Other)));
    }
}

//! Which files are read: those named and those in folders named, such as what `aws s3 sync` copies
//! (`AWSLogs/ORGANIZATION/ACCOUNT/CloudTrail/REGION/YEAR/MONTH/DAY/*.json.gz`).

use std::io::Read;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{Disk, FileError, Files, Kind, named};

/// How deeply folders may lie within each other.
const MAX_DEPTH: usize = 64;

/// A file to read.
#[derive(Clone, Debug)]
pub struct Input {
    /// What reports call it.
    pub name: Arc<Utf8Path>,
    /// Whether it was named itself, and not its folder: then it has to hold events.
    pub is_named: bool,
    /// Where it is; none is standard input.
    disk: Option<(Arc<Disk>, Utf8PathBuf)>,
}

/// Files that are not read.
#[derive(Debug, Default)]
pub struct Left {
    /// Digests of CloudTrail.
    pub digests: Sample,
    /// Files without events.
    pub others: Sample,
    /// What cannot be read, and why.
    pub unreadable: Vec<(Arc<Utf8Path>, String)>,
}

/// Files of which the first is named and the others are counted.
#[derive(Debug, Default)]
pub struct Sample {
    /// The first one.
    pub first: Option<Arc<Utf8Path>>,
    /// How many there are.
    pub count: usize,
}

impl Sample {
    /// Counts one.
    pub fn push(&mut self, name: &Arc<Utf8Path>) {
        self.count += 1;
        self.first.get_or_insert_with(|| Arc::clone(name));
    }
}

impl Input {
    /// The bytes of the file of this name in the same folder.
    ///
    /// # Errors
    /// What the system says; standard input has no folder.
    pub fn beside(&self, name: &str) -> Result<Box<dyn Read + Send>, FileError> {
        let (disk, path) = self.disk.as_ref().ok_or(FileError::NotFound)?;
        disk.open(&path.with_file_name(name))
    }

    /// The bytes of the file, as they are.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, FileError> {
        match &self.disk {
            Some((disk, path)) => disk.open(path),
            None => Ok(Box::new(std::io::stdin())),
        }
    }
}

/// The files that are meant, in the order of what is named and of their names.
///
/// # Errors
/// In words, when something named is not there.
pub fn inputs(all: &[Utf8PathBuf]) -> Result<(Vec<Input>, Left), String> {
    let mut walk = Walk::default();
    for path in all {
        if path == "-" {
            let name = Arc::from(Utf8Path::new("<standard input>"));
            walk.inputs.push(Input { name, is_named: true, disk: None });
            continue;
        }
        let fail = |error: FileError| format!("{path}: {error}");
        let (real, kind) = named(path).map_err(fail)?;
        let shown = shown(path);
        match kind {
            Kind::Folder => {
                // Nothing is read outside of the folder, through links neither.
                let disk = Arc::new(Disk::new(&real).map_err(fail)?);
                walk.folder(&disk, &shown, Utf8Path::new(""), 0);
            }
            Kind::File => {
                let folder = real.parent().unwrap_or(&real);
                let name = real.file_name().unwrap_or_default();
                let disk = Some((Arc::new(Disk::new(folder).map_err(fail)?), name.into()));
                walk.inputs.push(Input { name: Arc::from(shown), is_named: true, disk });
            }
            Kind::Other => return Err(format!("{path}: is neither a file nor a folder")),
        }
    }
    Ok((walk.inputs, walk.left))
}

/// A path as reports show it: as it was named, with forward slashes and no `./` before it.
fn shown(path: &Utf8Path) -> Utf8PathBuf {
    let path = path.as_str().replace('\\', "/");
    let path = path.trim_end_matches('/');
    let mut path = if path.is_empty() { "/" } else { path };
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    Utf8PathBuf::from(if path == "." { "" } else { path })
}

#[derive(Default)]
struct Walk {
    inputs: Vec<Input>,
    left: Left,
}

impl Walk {
    fn folder(&mut self, disk: &Arc<Disk>, shown: &Utf8Path, folder: &Utf8Path, depth: usize) {
        let name = |inner: &Utf8Path| -> Arc<Utf8Path> { Arc::from(shown.join(inner)) };
        let listing = match disk.list(folder) {
            Ok(listing) if depth < MAX_DEPTH => listing,
            Ok(_) => {
                let error = format!("more than {MAX_DEPTH} folders within each other");
                return self.left.unreadable.push((name(folder), error));
            }
            Err(error) => return self.left.unreadable.push((name(folder), error.to_string())),
        };
        for unreadable in listing.unreadable {
            self.left.unreadable.push((name(&folder.join(unreadable)), FileError::NotUtf8.to_string()));
        }
        for entry in listing.entries {
            let path = folder.join(&entry.name);
            match entry.kind {
                // What a link within the folder leads to is met where it is.
                Kind::File | Kind::Folder if entry.link => {}
                Kind::Folder if entry.name == "CloudTrail-Digest" => self.digests(disk, shown, &path, depth + 1),
                Kind::Folder => self.folder(disk, shown, &path, depth + 1),
                Kind::File => {
                    let input = Input { name: name(&path), is_named: false, disk: Some((Arc::clone(disk), path)) };
                    self.inputs.push(input);
                }
                Kind::Other if entry.link => {
                    self.left.unreadable.push((name(&path), FileError::Outside.to_string()));
                }
                Kind::Other => self.left.unreadable.push((name(&path), FileError::NotRegular.to_string())),
            }
        }
    }

    /// Counts the digests in a folder of such.
    fn digests(&mut self, disk: &Arc<Disk>, shown: &Utf8Path, folder: &Utf8Path, depth: usize) {
        let mut inner = Self::default();
        inner.folder(disk, shown, folder, depth);
        inner.inputs.iter().for_each(|input| self.left.digests.push(&input.name));
        self.left.unreadable.extend(inner.left.unreadable);
    }
}

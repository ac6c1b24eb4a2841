//! The root of a run: the folder that nothing is read outside of and that reported paths are relative to.

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{Kind, named, repository_above};

/// What the user asked to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The root, absolute, links resolved.
    pub root: Utf8PathBuf,
    /// What was named, relative to the root.
    pub paths: Vec<Utf8PathBuf>,
}

impl Scope {
    /// The root of `paths`: the folder `root` if given, else the nearest repository at or above each of them, else the
    /// working folder if they lie in it, else the path itself.
    ///
    /// # Errors
    /// In words, when a path does not exist, lies outside the root, or two of them have different roots.
    pub fn find(paths: &[Utf8PathBuf], root: Option<&Utf8Path>, working: &Utf8Path) -> Result<Self, String> {
        let given = root.map(folder).transpose()?;
        let mut found: Option<(Utf8PathBuf, &Utf8Path)> = None;
        let mut relative = Vec::new();
        for path in paths {
            let (real, kind) = named(path).map_err(|error| format!("{path}: {error}"))?;
            if kind == Kind::Other {
                return Err(format!("{path}: is neither a file nor a folder"));
            }
            let start = if kind == Kind::Folder { real.as_path() } else { real.parent().unwrap_or(&real) };
            let root = match (&given, repository_above(start)) {
                (Some(given), _) => given.clone(),
                (None, Some(repository)) => repository.to_owned(),
                (None, None) if start.starts_with(working) => working.to_owned(),
                (None, None) => start.to_owned(),
            };
            match &found {
                Some((known, first)) if *known != root => {
                    return Err(format!(
                        "{first} and {path} lie in different repositories ({known} and {root}): check them one at a \
                         time, or name a common folder with --root"
                    ));
                }
                _ => found = Some((root.clone(), path)),
            }
            relative.push(within(&root, &real).ok_or_else(|| format!("{path}: lies outside the root {root}"))?);
        }
        let root = match found {
            Some((root, _)) => root,
            None => given.unwrap_or_else(|| working.to_owned()),
        };
        Ok(Self { root, paths: relative })
    }

    /// A file that an option names, relative to the root.
    ///
    /// # Errors
    /// In words, when there is no such file or it lies outside the root.
    pub fn file(&self, path: &Utf8Path) -> Result<Utf8PathBuf, String> {
        let (real, kind) = named(path).map_err(|error| format!("{path}: {error}"))?;
        if kind != Kind::File {
            return Err(format!("{path}: is not a file"));
        }
        within(&self.root, &real).ok_or_else(|| {
            format!("{path}: lies outside the root {}, and nothing is read out there; --root names another", self.root)
        })
    }

    /// Where a file that need not exist would lie, relative to the root; nothing if that is outside.
    pub fn inner_path(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        if let Ok((real, _)) = named(path) {
            return within(&self.root, &real);
        }
        let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let (folder, _) = named(folder).ok()?;
        within(&self.root, &folder.join(path.file_name()?))
    }

    /// The deepest folder that holds everything named, relative to the root.
    pub fn common_folder(&self) -> Utf8PathBuf {
        let mut paths = self.paths.iter();
        let first = paths.next().cloned().unwrap_or_default();
        let fits = |folder: &&Utf8Path| self.paths.iter().all(|path| path.starts_with(folder));
        first.ancestors().find(fits).map(Utf8Path::to_owned).unwrap_or_default()
    }
}

fn folder(path: &Utf8Path) -> Result<Utf8PathBuf, String> {
    match named(path) {
        Ok((real, Kind::Folder)) => Ok(real),
        Ok(_) => Err(format!("{path}: is not a folder")),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

fn within(root: &Utf8Path, real: &Utf8Path) -> Option<Utf8PathBuf> {
    let inner = real.strip_prefix(root).ok()?;
    // Reports use forward slashes everywhere.
    Some(Utf8PathBuf::from(inner.components().map(|part| part.as_str()).collect::<Vec<_>>().join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Disk {
        _keep: tempfile::TempDir,
        top: Utf8PathBuf,
    }

    /// Two repositories beside a folder without one.
    fn disk() -> Disk {
        let keep = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        for folder in ["one/.git", "one/envs/prod", "two", "plain/sub"] {
            std::fs::create_dir_all(top.join(folder)).unwrap();
        }
        for file in ["two/.git", "one/envs/prod/main.tf", "plain/sub/a.tf"] {
            std::fs::write(top.join(file), "").unwrap();
        }
        Disk { _keep: keep, top }
    }

    fn find(disk: &Disk, paths: &[&str], root: Option<&str>, working: &str) -> Result<(String, Vec<String>), String> {
        let paths: Vec<Utf8PathBuf> = paths.iter().map(|path| disk.top.join(path)).collect();
        let root = root.map(|root| disk.top.join(root));
        let scope = Scope::find(&paths, root.as_deref(), &disk.top.join(working))?;
        let root = scope.root.strip_prefix(&disk.top).unwrap().to_string();
        Ok((root, scope.paths.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn the_root_is_the_repository_the_working_folder_or_the_path() {
        let disk = disk();
        let found =
            |root: &str, paths: &[&str]| (root.to_owned(), paths.iter().map(|path| (*path).to_owned()).collect());
        let prod = "one/envs/prod/main.tf";
        assert_eq!(find(&disk, &[prod, "one"], None, "plain"), Ok(found("one", &["envs/prod/main.tf", ""])));
        assert_eq!(find(&disk, &["two"], None, "plain"), Ok(found("two", &[""])));
        assert_eq!(find(&disk, &["plain/sub/a.tf"], None, "plain"), Ok(found("plain", &["sub/a.tf"])));
        assert_eq!(find(&disk, &["plain/sub/a.tf"], None, "two"), Ok(found("plain/sub", &["a.tf"])));
        assert_eq!(find(&disk, &[prod], Some("one/envs"), "two"), Ok(found("one/envs", &["prod/main.tf"])));
    }

    #[test]
    fn what_cannot_be_is_said() {
        let disk = disk();
        let error = |paths: &[&str], root| find(&disk, paths, root, "plain").unwrap_err();
        assert!(error(&["nowhere"], None).ends_with("nowhere: no such file or folder"));
        assert!(error(&["one", "two"], None).contains("different repositories"));
        assert!(error(&["two"], Some("one")).contains("lies outside the root"));
        assert!(error(&["two"], Some("two/.git")).ends_with("is not a folder"));
    }

    #[test]
    fn the_common_folder_is_the_deepest() {
        let scope =
            |paths: &[&str]| Scope { root: "/".into(), paths: paths.iter().map(|path| (*path).into()).collect() };
        assert_eq!(scope(&["a/b/c.tf", "a/b"]).common_folder(), "a/b");
        assert_eq!(scope(&["a/b", "a/c"]).common_folder(), "a");
        assert_eq!(scope(&["a", "b"]).common_folder(), "");
        assert_eq!(scope(&[]).common_folder(), "");
    }
}

#![cfg(unix)]

use std::process::Command;

use super::*;

struct Repository {
    _keep: tempfile::TempDir,
    root: Utf8PathBuf,
}

/// A repository whose first commit is tagged `v1`, in a commit, a branch and an annotated tag.
fn repository() -> Repository {
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
    let repository = Repository { _keep: keep, root };
    repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
    repository.write("a/one.tf", "one");
    repository.write("b.tf", "b");
    std::os::unix::fs::symlink("a/one.tf", repository.root.join("link.tf")).unwrap();
    std::os::unix::fs::symlink("a", repository.root.join("folder")).unwrap();
    std::os::unix::fs::symlink("../out", repository.root.join("out.tf")).unwrap();
    std::os::unix::fs::symlink("loop.tf", repository.root.join("loop.tf")).unwrap();
    repository.commit();
    repository.git(&["tag", "--annotate", "--message", "m", "v1"]);
    repository.write("a/one.tf", "two");
    repository.commit();
    repository
}

impl Repository {
    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let output = Command::new("git").args(identity).args(arguments).current_dir(&self.root).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "m"]);
    }
}

fn text(files: &dyn Files, path: &str) -> Result<String, String> {
    let bytes = files.read(path.into(), 100).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes).unwrap())
}

#[test]
fn every_way_to_name_a_commit() {
    let repository = repository();
    let id = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["branch", "feature/x", "v1"]);
    repository.git(&["update-ref", "refs/remotes/origin/main", "v1^{commit}"]);
    for packed in [false, true] {
        if packed {
            repository.git(&["gc", "--quiet"]);
            repository.git(&["pack-refs", "--all"]);
        }
        for (name, expected) in [("HEAD", "two"), ("main", "two"), (id.as_str(), "two"), ("v1", "one")] {
            let commit = Commit::open(&repository.root, name).unwrap();
            assert_eq!(text(&commit, "a/one.tf").unwrap(), expected, "{name}");
        }
        for name in ["feature/x", "origin/main", "refs/tags/v1"] {
            assert_eq!(text(&Commit::open(&repository.root, name).unwrap(), "a/one.tf").unwrap(), "one", "{name}");
        }
    }
    let missing = Commit::open(&repository.root, "nowhere").unwrap_err();
    assert!(missing.contains("there is no commit `nowhere`") && missing.contains("git fetch --depth=1 origin nowhere"));
    assert!(Commit::open(&repository.root, &"0".repeat(40)).is_err());
    assert!(Commit::open(&repository.root, "v1:a").is_err());
}

#[test]
fn a_folder_of_it_and_another_work_tree() {
    let repository = repository();
    let below = Commit::open(&repository.root.join("a"), "main").unwrap();
    assert_eq!(text(&below, "one.tf").unwrap(), "two");
    assert!(text(&below, "../b.tf").is_err());
    let other = tempfile::tempdir().unwrap();
    let other = Utf8Path::from_path(other.path()).unwrap().canonicalize_utf8().unwrap().join("tree");
    repository.git(&["worktree", "add", "--quiet", "--detach", other.as_str(), "v1"]);
    assert_eq!(text(&Commit::open(&other, "HEAD").unwrap(), "a/one.tf").unwrap(), "one");
    assert_eq!(text(&Commit::open(&other, "main").unwrap(), "a/one.tf").unwrap(), "two");
    let plain = tempfile::tempdir().unwrap();
    let plain = Utf8Path::from_path(plain.path()).unwrap().canonicalize_utf8().unwrap();
    assert!(Commit::open(&plain, "HEAD").unwrap_err().contains("not in a git repository"));
}

#[test]
fn links_stay_inside() {
    let repository = repository();
    let commit = Commit::open(&repository.root, "main").unwrap();
    assert_eq!(text(&commit, "link.tf").unwrap(), "two");
    assert_eq!(text(&commit, "folder/one.tf").unwrap(), "two");
    assert_eq!(commit.resolve("folder/one.tf".into()).unwrap().0, "a/one.tf");
    assert!(text(&commit, "out.tf").unwrap_err().contains("outside"));
    assert!(text(&commit, "loop.tf").is_err() && text(&commit, "gone.tf").is_err() && text(&commit, "a").is_err());
    assert!(matches!(commit.read("b.tf".into(), 0), Err(FileError::TooLarge(0))));
    let names: Vec<String> = commit.list("".into()).unwrap().entries.into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["a", "b.tf", "folder", "link.tf"], "links that lead nowhere are not there");
}

#[test]
fn rules_come_from_elsewhere_and_nothing_else_does() {
    let files = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<crate::files::Memory>();
    let head = files(&[
        ("main.tf", "head"),
        ("rootlint.toml", "head"),
        (".gitignore", "*"),
        ("x/.gitignore", "*"),
        ("x/y", ""),
    ]);
    let base = files(&[("main.tf", "base"), ("rootlint.toml", "base")]);
    let ruled = Ruled::new(Box::new(head), Arc::new(base));
    assert_eq!(text(&ruled, "main.tf").unwrap(), "head");
    assert_eq!(text(&ruled, "rootlint.toml").unwrap(), "base");
    assert!(text(&ruled, ".gitignore").is_err() && !ruled.is_file("x/.gitignore".into()));
    let names = |folder: &str| -> Vec<String> {
        ruled.list(folder.into()).unwrap().entries.into_iter().map(|entry| entry.name).collect()
    };
    assert_eq!((names(""), names("x")), (vec!["main.tf".into(), "rootlint.toml".into(), "x".into()], vec!["y".into()]));
}

#[test]
fn what_is_remembered_of_trees_has_an_end() {
    let node = Node { id: ObjectId::null(gix_hash::Kind::Sha1), kind: EntryKind::Blob };
    let tree: Arc<Tree> = Arc::new((vec![("x".to_owned(), node); 10_000], Vec::new()));
    let mut trees = Trees::default();
    let mut most = 0;
    for number in 0..100_u32 {
        let id = ObjectId::try_from([number.to_be_bytes().as_slice(), &[0; 16]].concat().as_slice()).unwrap();
        trees.keep(id, &tree);
        assert!(trees.known.contains_key(&id));
        most = most.max(trees.known.len());
    }
    assert_eq!(most, REMEMBERED / 10_001);
}

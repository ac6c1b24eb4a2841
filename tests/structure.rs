//! Holds the structure up: who may use whom, who may touch the system, what a check's folder holds, what is documented.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rootlint::checks;

/// Which modules each module of `src/` may use. Data flows one way: nothing uses what comes after it. `checks` here also
/// stands for the code in the folder `checks/`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("files", &[]),
    ("number", &[]),
    ("types", &[]),
    ("suggest", &[]),
    ("frameworks", &["suggest"]),
    ("progress", &[]),
    ("text", &["source", "value"]),
    ("value", &["number", "source", "text", "types"]),
    ("convert", &["number", "text", "types", "value"]),
    ("syntax", &["files", "number", "source", "text"]),
    ("document", &["number", "source", "syntax", "text", "types", "value"]),
    ("resource", &["source", "text", "value"]),
    ("finding", &["resource", "source", "value"]),
    ("encode", &["text", "types", "value"]),
    ("terraform", FRONT_END),
    ("cloudformation", FRONT_END),
    ("manifest", FRONT_END),
    ("script", &["document", "source", "text", "types", "value"]),
    ("workflow", FRONT_END),
    ("aws", &["convert", "document", "finding", "number", "resource", "script", "source", "text", "types", "value"]),
    ("checks", &["aws", "finding", "frameworks", "resource", "script", "source", "text", "value", "waiver"]),
    ("sigma", &["finding", "source", "syntax"]),
    ("named", &["files"]),
    ("audit", &["aws", "checks", "config", "files", "finding", "named", "sigma", "source", "syntax", "waiver"]),
    (
        "facts",
        &["aws", "files", "finding", "named", "number", "report", "resource", "source", "text", "types", "value"],
    ),
    ("config", &["aws", "files", "source", "suggest"]),
    ("waiver", &["config", "files", "finding", "source", "suggest", "syntax"]),
    ("baseline", &["source", "syntax"]),
    ("git", &["config", "files"]),
    ("discover", &["files", "finding", "source", "terraform"]),
    (
        "scan",
        &[
            "audit",
            "aws",
            "checks",
            "cloudformation",
            "config",
            "discover",
            "facts",
            "files",
            "finding",
            "guard",
            "manifest",
            "parameters",
            "progress",
            "resource",
            "source",
            "syntax",
            "terraform",
            "text",
            "types",
            "value",
            "waiver",
            "workflow",
        ],
    ),
    ("guard", &["files", "finding", "resource", "source", "suggest", "syntax", "types", "value"]),
    ("org", &["aws", "files", "finding", "report", "source"]),
    ("report", &["baseline", "files", "finding", "frameworks", "source", "text", "value"]),
    ("init", &["aws", "files", "finding", "resource", "scan"]),
    ("fix", &["files", "finding", "report", "scan", "source", "syntax"]),
    ("parameters", &["cloudformation", "files", "finding", "source", "syntax"]),
    ("root", &["files"]),
    ("ask", &["aws", "cli", "document", "files", "input", "report", "source", "syntax", "value"]),
    ("cli", &["config", "finding", "suggest"]),
    ("input", &["cli", "config", "facts", "files", "git", "guard", "root", "scan"]),
    (
        "command",
        &[
            "ask",
            "audit",
            "baseline",
            "checks",
            "cli",
            "facts",
            "files",
            "finding",
            "fix",
            "frameworks",
            "guard",
            "init",
            "input",
            "org",
            "progress",
            "report",
            "resource",
            "scan",
            "source",
            "suggest",
        ],
    ),
];

const FRONT_END: &[&str] = &[
    "convert", "document", "encode", "files", "finding", "number", "resource", "source", "syntax", "text", "types",
    "value",
];

/// A longer file is several ideas.
const MAX_LINES: usize = 600;

/// Files that still are. The list may only get shorter.
const STILL_LONG: &[&str] = &[];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder`, as paths relative to the project with forward slashes.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn folders(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Rust files of the program, without those of its tests.
fn sources() -> Vec<String> {
    let mut all = files("src");
    all.extend(files("checks").into_iter().filter(|path| !path.contains("/cases/")));
    all.retain(|path| path.ends_with(".rs") && !path.ends_with("/tests.rs") && !path.contains("/tests/"));
    all
}

/// A file's code: without comments and without the tests at its end.
fn code(path: &str) -> String {
    let text = read(path);
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// The module of `src/` that a file belongs to.
fn module(path: &str) -> &str {
    let mut parts = path.split('/');
    match parts.next() {
        Some("checks") => "checks",
        _ => parts.next().unwrap().trim_end_matches(".rs"),
    }
}

#[test]
fn everybody_uses_only_whom_they_may() {
    let mut wrong = Vec::new();
    for path in sources() {
        let module = module(&path);
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{path}: the module `{module}` is missing in tests/structure.rs"));
            continue;
        };
        for part in code(&path).split("crate::").skip(1) {
            if part.starts_with('{') {
                wrong.push(format!("{path}: `use crate::{{...}}` hides who uses whom: write one line for each module"));
            }
            let used: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if used != module && !used.is_empty() && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{path}: `{module}` may not use `{used}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_files_touches_the_system() {
    let mut wrong = Vec::new();
    for path in sources() {
        let code = code(&path).replace("std::process::ExitCode", "");
        for forbidden in [
            "std::fs",
            "std::process",
            "std::os",
            "canonicalize",
            "read_dir",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "ToSocketAddrs",
        ] {
            if code.contains(forbidden) && path != "src/files.rs" {
                wrong.push(format!("{path}: {forbidden}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_folder_of_a_check_is_whole() {
    let listed: Vec<&str> = checks::ALL.iter().map(|check| check.id).collect();
    assert!(listed.is_sorted(), "checks::ALL is in the order of the ids: {listed:?}");
    let listed: BTreeSet<String> = listed.into_iter().map(str::to_owned).collect();
    assert_eq!(folders(&root().join("checks")), listed, "the folders in checks/ and checks::ALL");
    for check in checks::ALL {
        let folder = root().join("checks").join(check.id);
        let (meta, text) = check.meta().unwrap_or_else(|error| panic!("{}: {error}", check.id));
        assert!(!meta.title.is_empty() && !meta.title.ends_with('.'), "{}: a title is a line, no sentence", check.id);
        assert_eq!(check.page, std::fs::read_to_string(folder.join("README.md")).unwrap());
        for heading in ["What", "Why", "Fix", "Examples"] {
            let found = text.lines().any(|line| line.starts_with('#') && line.contains(heading));
            assert!(found, "{}: the page has no part `{heading}`", check.id);
        }
        assert!(folder.join("check.rs").is_file(), "{}: no check.rs", check.id);
        for kind in ["flag", "clean"] {
            assert!(!folders(&folder.join("cases").join(kind)).is_empty(), "{}: no {kind} case", check.id);
        }
    }
}

#[test]
fn no_file_is_several_ideas() {
    let long = |path: &String| code(path).lines().count() > MAX_LINES;
    let long: Vec<String> = sources().into_iter().filter(long).collect();
    assert_eq!(long, STILL_LONG, "files of more than {MAX_LINES} lines");
}

#[test]
fn nothing_leans_on_what_lies_outside() {
    // Put together, so that this file does not name it either.
    let outside = [["..", "shared"].join("/"), ["", "work", ""].join("/")];
    let mut all = Vec::new();
    for folder in ["checks", "docs", "tests", ".ci"] {
        all.extend(files(folder));
    }
    all.extend(["README.md", "CONTRIBUTING.md", "Cargo.toml"].map(str::to_owned));
    let text = |path: String| (String::from_utf8_lossy(&std::fs::read(root().join(&path)).unwrap()).into_owned(), path);
    let mut texts: Vec<(String, String)> = all.into_iter().map(text).collect();
    texts.extend(sources().into_iter().map(|path| (code(&path), path)));
    for (text, path) in texts {
        assert!(!outside.iter().any(|outside| text.contains(outside)), "{path}");
    }
}

/// The codes in the tables of `docs/codes.md`.
fn documented() -> Vec<String> {
    let docs = read("docs/codes.md");
    docs.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect()
}

/// The string that follows, if it has the form of a code.
fn first_code(text: &str) -> Option<String> {
    let (code, _) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    let plain = code.contains('-') && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    plain.then(|| code.to_owned())
}

#[test]
fn every_code_is_documented_and_every_documented_code_exists() {
    let documented = documented();
    assert!(documented.iter().all(|code| documented.iter().filter(|other| *other == code).count() == 1));
    let mut used = BTreeSet::new();
    let mut literals = BTreeSet::new();
    for path in sources() {
        let code = code(&path);
        // A code is the first argument of whatever makes an error or a note.
        for maker in ["Diagnostic::new(", ".error(", ".note(", ".fail(", " error(", "let code = "] {
            for part in code.split(maker).skip(1) {
                used.extend(first_code(part));
            }
        }
        literals.extend(code.split('"').map(str::to_owned));
    }
    let missing: Vec<_> = used.iter().filter(|code| !documented.contains(code)).collect();
    assert!(missing.is_empty(), "not in docs/codes.md: {missing:?}");
    let gone: Vec<_> = documented.iter().filter(|code| !literals.contains(*code)).collect();
    assert!(gone.is_empty(), "in docs/codes.md but nowhere in the code: {gone:?}");
}

//! The README shows what the program really prints. After a change of the output run
//! `UPDATE_README=1 cargo test --test readme` and look at the result.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use anstyle_svg::Term;
use assert_cmd::Command;

const BEGIN: &str = "<!-- demo: written by tests/readme.rs -->\n";
const END: &str = "<!-- end -->\n";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What the demo prints; the first screen of the README has room for two findings.
fn demo(color: &str) -> String {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    let arguments =
        ["check", "testdata/demo", "--only", "root-key-not-denied,root-access-key", "--quiet", "--color", color];
    let output = command.current_dir(path("")).args(arguments).env("COLUMNS", "120").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn assert_current(name: &str, expected: &str) {
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path(name), expected).unwrap();
    }
    let current = std::fs::read_to_string(path(name)).unwrap_or_default();
    assert!(current == expected, "{name} is out of date: UPDATE_README=1 cargo test --test readme");
}

#[test]
fn the_picture_is_what_the_demo_prints() {
    assert_current("docs/demo.svg", &Term::new().min_width_px(720).render_svg(&demo("always")));
}

#[test]
fn the_text_is_what_the_demo_prints() {
    let printed = demo("never");
    let finding = printed.split("\n\n").find(|part| part.starts_with("critical[root-access-key]")).unwrap();
    let shown: String = finding.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
    let readme = std::fs::read_to_string(path("README.md")).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    assert_current("README.md", &format!("{before}{BEGIN}\n{shown}\n{END}{after}"));
}

#[test]
fn the_configuration_shown_is_one() {
    let readme = std::fs::read_to_string(path("README.md")).unwrap();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let config = rootlint::config::Config::parse("rootlint.toml".into(), shown, true).unwrap();
    assert_eq!(config.terraform.len(), 1);
}

#[test]
fn links_lead_to_files_of_the_repository() {
    for page in ["README.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(path(page)).unwrap();
        let targets: Vec<&str> =
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|l| l.0).collect();
        assert!(page != "README.md" || targets.len() > 3, "{targets:?}");
        for target in targets.into_iter().filter(|target| !target.contains("://")) {
            assert!(path(target).exists(), "{page}: {target}");
        }
    }
}

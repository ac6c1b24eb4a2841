//! Manifests read into resources.

mod deployment_framework;
mod landing_zone;
mod org_formation;
mod others;

use std::fmt::Write as _;

use camino::Utf8Path;

use super::{Loaded, Manifest, recognise};
use crate::files::{Files, Memory};
use crate::resource::{Mode, Project};
use crate::source::Sources;
use crate::value::{Kind, Value};

/// Reads the manifest at `path` among the files.
fn load(files: &[(&str, &str)], path: &str) -> Loaded {
    let files: Memory = files.iter().copied().collect();
    let text = String::from_utf8(files.read(path.into(), 1 << 20).unwrap()).unwrap();
    let tool = recognise(&files, path.into(), &text).expect("a manifest");
    Manifest::load(&files, &Sources::default(), Utf8Path::new(path), &text, tool)
}

/// The resources that one manifest stands for, a line each; without their contents.
fn shown(files: &[(&str, &str)], path: &str) -> String {
    let loaded = load(files, path);
    assert_eq!(loaded.findings.errors, [], "{path}");
    let manifest = loaded.manifest.expect("resources");
    let mut text = String::new();
    for resource in manifest.resources(&|_| true) {
        let kind = resource.kind().rsplit("::").next().unwrap();
        let mode = if resource.mode == Mode::Data { "data " } else { "" };
        write!(text, "{mode}{} {kind}", resource.site.address).unwrap();
        for (name, value) in
            resource.attributes.all().fields().unwrap().iter().filter(|(name, _)| &***name != "Content")
        {
            write!(text, " {name}={}", show(value)).unwrap();
        }
        text.push('\n');
    }
    text
}

/// The content of a policy.
fn content(files: &[(&str, &str)], path: &str, address: &str) -> String {
    let manifest = load(files, path).manifest.expect("resources");
    let resources = manifest.resources(&|_| true);
    let policy = resources.iter().find(|resource| &*resource.site.address == address).expect("a policy");
    show(&policy.get("Content"))
}

/// A value in a few words: `?name` is what is unknown, `@name.attribute` what another resource gives.
fn show(value: &Value) -> String {
    if let Some(symbol) = value.symbol() {
        return format!("@{symbol}");
    }
    match &value.kind {
        Kind::Null(_) => "null".into(),
        Kind::Bool(truth) => truth.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => match text.as_str() {
            Some(known) => known.into_owned(),
            None => format!("{text:?}"),
        },
        Kind::Unknown(unknown) => format!("?{}", unknown.reason.missing),
        Kind::Tuple(values) | Kind::List(_, values) | Kind::Set(_, values) => {
            format!("[{}]", values.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", show(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.findings.errors.iter().chain(&loaded.findings.notes).map(|found| found.code).collect()
}

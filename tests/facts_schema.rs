//! `docs/facts.schema.json` says what `rootlint facts` writes: no less, and hardly more.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../docs/facts.schema.json")).unwrap());

static WHOLE: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&SCHEMA).unwrap());

/// The lines about everything that there are cases of.
static LINES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO_BIN_EXE_rootlint"))
        .args(["facts", "--repository", "example.com/all", "--no-env", "checks", "testdata"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
});

fn kind(line: &Value) -> &str {
    line.get("kind").unwrap().as_str().unwrap()
}

/// The kinds that the schema knows.
fn kinds() -> BTreeSet<&'static str> {
    let definitions = SCHEMA.get("$defs").unwrap().as_object().unwrap();
    definitions.keys().filter_map(|name| name.strip_prefix("line-")).collect()
}

/// What the schema says against a line of its kind.
fn errors(line: &Value) -> Vec<String> {
    let mut one = SCHEMA.clone();
    one.as_object_mut().unwrap().remove("oneOf");
    one.as_object_mut().unwrap().insert("$ref".into(), json!(format!("#/$defs/line-{}", kind(line))));
    let validator = jsonschema::validator_for(&one).unwrap();
    validator.iter_errors(line).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// A line of each kind, with as much in it as there is.
fn samples() -> BTreeMap<&'static str, &'static Value> {
    let mut samples: BTreeMap<&str, &Value> = BTreeMap::new();
    for line in LINES.iter() {
        let size = |line: &Value| line.as_object().unwrap().len();
        let known = samples.entry(kind(line)).or_insert(line);
        if size(line) > size(known) {
            *known = line;
        }
    }
    samples
}

fn with(line: &Value, name: &str, value: Value) -> Value {
    let mut line = line.clone();
    line.as_object_mut().unwrap().insert(name.to_owned(), value);
    line
}

#[test]
fn every_line_is_as_the_schema_says() {
    for line in LINES.iter() {
        assert!(WHOLE.is_valid(line), "{line}\n{:#?}", errors(line));
    }
}

#[test]
fn every_kind_of_line_is_there() {
    assert_eq!(LINES.iter().map(kind).collect::<BTreeSet<_>>(), kinds());
}

#[test]
fn a_line_with_a_wrong_type_is_not() {
    for (kind, line) in samples() {
        for name in line.as_object().unwrap().keys() {
            for wrong in [json!(1.5), json!("x \u{1}"), json!([{}]), json!({"x": {"x": 1}})] {
                // Some columns hold any string, and `days` any number.
                let is_same = |known: &Value| {
                    (known.is_string() || known.is_null()) && wrong.is_string() || kind == "rotation" && name == "days"
                };
                if !line.get(name).is_some_and(is_same) {
                    assert!(!WHOLE.is_valid(&with(line, name, wrong.clone())), "{kind}: {name} = {wrong}");
                }
            }
        }
    }
}

#[test]
fn a_line_with_more_or_less_in_it_is_not() {
    // What is left out where there is nothing to say.
    const OF_DECLARED: [&str; 9] =
        ["block", "calls", "data", "provider", "replace_triggered_by", "references", "version", "account", "possible"];
    let may_be_missing = |kind: &str, name: &str| match kind {
        "resource" | "module" | "script-key" => OF_DECLARED.contains(&name),
        "state" => ["state", "outputs", "reads"].contains(&name),
        _ => name == "possible",
    };
    for (kind, line) in samples() {
        assert!(!WHOLE.is_valid(&with(line, "surplus", json!("x"))), "{kind}");
        for name in line.as_object().unwrap().keys().filter(|name| !may_be_missing(kind, name)) {
            let mut less = line.clone();
            less.as_object_mut().unwrap().remove(name);
            assert!(!WHOLE.is_valid(&less), "{kind} without {name}");
        }
    }
}

#[test]
fn a_value_is_one_thing_with_its_places() {
    let line = samples()["resource"];
    let is_valid = |value: Value| WHOLE.is_valid(&with(line, "attributes", json!({"name": value})));
    let place = json!([0, 1, 2, 1, 2, 1, 3]);
    let unknown = json!({"reason": {"missing": "var.x", "why": "has no value"}});
    for value in [
        json!({}),
        json!({"text": ""}),
        json!({"text": "a", "exact": true, "at": place, "written": place, "via": [["local", ["a"], null]]}),
        json!({"number": "1"}),
        json!({"list": [{"bool": true}], "collection": "set"}),
        json!({"object": {"a": {"value": {}, "key": place}}, "collection": "map", "rest": unknown}),
        json!({"parts": [{"text": "a"}, {"unknown": unknown}, {"encoded": {"value": {}, "text": []}}]}),
    ] {
        assert!(is_valid(value.clone()), "{value}");
    }
    for value in [
        json!({"text": 1}),
        json!({"number": 1}),
        json!({"text": "a", "bool": true}),
        json!({"text": "a", "at": [0, 1, 2, 1, 2, 1]}),
        json!({"text": "a", "at": [0, 1, 2, 0, 2, 1, 3]}),
        json!({"exact": true}),
        json!({"text": "a", "via": [["guess", ["a"], null]]}),
        json!({"list": [], "collection": "map"}),
        json!({"object": {"a": {}}}),
        json!({"list": [{"bool": 1}]}),
        json!({"parts": [{"text": "a", "unknown": unknown}]}),
        json!({"unknown": {"reason": {"missing": "var.x"}}}),
    ] {
        assert!(!is_valid(value.clone()), "{value}");
    }
}

#[test]
fn the_program_prints_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_rootlint")).args(["facts", "--schema"]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), *SCHEMA);
}

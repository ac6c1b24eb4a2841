//! The official SARIF 2.1.0 schema. It is not copied into this repository: the package `serde-sarif` ships it, cargo knows
//! where that package lies (fetching it if need be) and Cargo.lock says which one it is.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata.get("packages").unwrap().as_array().unwrap();
    let package = packages.iter().find(|package| package.get("name").unwrap() == "serde-sarif").unwrap();
    let manifest = Path::new(package.get("manifest_path").unwrap().as_str().unwrap());
    let schema = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    // The pattern of language codes, there twice, has a bracket too many: no engine accepts it.
    let repaired = schema.replace("{2}]?$", "{2}?$");
    assert_ne!(schema, repaired, "the schema has been repaired upstream: drop this line");
    jsonschema::validator_for(&serde_json::from_str(&repaired).unwrap()).unwrap()
});

/// What the schema says against a log.
pub fn errors(log: &str) -> Vec<String> {
    let log: Value = serde_json::from_str(log).unwrap();
    SCHEMA.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Fails with everything the schema says against a log.
pub fn assert_valid(log: &str) {
    let errors = errors(log);
    assert!(errors.is_empty(), "{errors:#?}");
}

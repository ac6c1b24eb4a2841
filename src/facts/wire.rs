//! What stands in a line of facts, as JSON has it. `docs/facts.schema.json` describes the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::is_default;

/// The first line about a scan: whose facts these are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// `repository`
    pub kind: String,
    /// The version of the format.
    pub schema: u32,
    /// The scan: a digest of everything else that is said of it, and in it.
    pub scan: String,
    /// The repository: `github.com/acme/network`.
    pub repository: String,
    /// The commit that was checked out, if any.
    pub commit: Option<String>,
    /// When it was scanned (RFC 3339).
    pub time: String,
    /// The program: `rootlint 0.1.0`.
    pub tool: String,
    /// How many projects it has.
    pub projects: usize,
    /// How many further lines there are.
    pub lines: usize,
    /// What could not be read or evaluated, so that facts may be missing.
    pub errors: Vec<Problem>,
}

/// An error of the scan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// Its code.
    pub code: String,
    /// The file.
    pub path: String,
    /// The line.
    pub line: u32,
}

/// What every line says, whatever else it does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// What the line is about.
    pub kind: String,
    /// The scan it belongs to.
    pub scan: String,
    /// The repository.
    pub repository: String,
    /// The commit.
    pub commit: Option<String>,
}

/// A resource instance, a module that is called, or a key that a program makes: what the join reads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Declared {
    /// The project's path in the repository.
    pub project: String,
    /// Its number in the project: the order may matter.
    pub n: usize,
    /// `terraform`, `cloudformation`, `manifest`, `workflow`.
    pub language: String,
    /// The instance's address.
    pub address: String,
    /// The block's address, where it is another.
    #[serde(default, skip_serializing_if = "is_default")]
    pub block: Option<String>,
    /// The resource's type; `module` for a call.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where its block begins.
    pub path: String,
    /// The line.
    pub line: u32,
    /// The files that spans count through.
    pub files: Vec<String>,
    /// The block's header.
    pub header: Span,
    /// The whole block.
    pub span: Span,
    /// Why it may not exist.
    #[serde(default, skip_serializing_if = "is_default")]
    pub possible: Option<Reason>,
    /// Headers of the module calls that lead to the block.
    #[serde(default, skip_serializing_if = "is_default")]
    pub calls: Vec<Span>,
    /// Whether it is a data source.
    #[serde(default, skip_serializing_if = "is_default")]
    pub data: bool,
    /// Where it is deployed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub provider: Provider,
    /// `lifecycle.replace_triggered_by`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub replace_triggered_by: Vec<(String, Span)>,
    /// The resources that arguments mention.
    #[serde(default, skip_serializing_if = "is_default")]
    pub references: Vec<(String, String, Span)>,
    /// Of a module: where it comes from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub source: Option<String>,
    /// Of a module: the version asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub version: Value,
    /// Of a key that a program makes: the account.
    #[serde(default, skip_serializing_if = "is_default")]
    pub account: Option<String>,
    /// Attributes, inputs of a module; those that matter.
    pub attributes: BTreeMap<String, Value>,
}

/// The state that a project keeps, and those that it reads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The project's path in the repository.
    pub project: String,
    /// Where its state is kept, if others can reach it: `s3 bucket b, key k`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub state: Option<String>,
    /// The files that spans count through.
    pub files: Vec<String>,
    /// The outputs that name something in AWS.
    #[serde(default, skip_serializing_if = "is_default")]
    pub outputs: BTreeMap<String, Value>,
    /// The addresses of data sources that read states, and which.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reads: Vec<(String, String)>,
}

/// What something is the value of: project, address, type, attribute.
pub type Symbol = (String, String, String, String);

/// Where a resource is deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// The provider configuration's address.
    pub name: String,
    /// The Region.
    #[serde(default, skip_serializing_if = "is_default")]
    pub region: Option<Value>,
    /// The account.
    #[serde(default, skip_serializing_if = "is_default")]
    pub account: Option<Value>,
    /// The partition.
    #[serde(default, skip_serializing_if = "is_default")]
    pub partition: Option<Value>,
    /// The role assumed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assume_role: Option<Value>,
}

/// A place: the file by its number in `files`, first byte, one past the last byte, line and column of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span(pub u32, pub u32, pub u32, pub u32, pub u32, pub u32, pub u32);

/// A value. With none of the first fields it is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// A string that is wholly known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub text: Option<String>,
    /// The place of its characters, if it is another than that of the value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub written: Option<Span>,
    /// Whether these are the very bytes of that place.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exact: bool,
    /// A string in pieces.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parts: Option<Vec<Piece>>,
    /// A truth value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub bool: Option<bool>,
    /// A number, as it is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub number: Option<String>,
    /// A tuple, list or set.
    #[serde(default, skip_serializing_if = "is_default")]
    pub list: Option<Vec<Value>>,
    /// An object or map.
    #[serde(default, skip_serializing_if = "is_default")]
    pub object: Option<BTreeMap<String, Field>>,
    /// What an attribute is that the object does not list.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rest: Option<Box<Unknown>>,
    /// `list`, `set`, `map` of one type; tuples and objects say nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collection: Option<String>,
    /// What is not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unknown: Option<Box<Unknown>>,
    /// Where the value is used.
    #[serde(default, skip_serializing_if = "is_default")]
    pub at: Option<Span>,
    /// The way from there to where it is written: what was looked through, its names, the place it led to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub via: Vec<(String, Vec<String>, Option<Span>)>,
}

/// An attribute of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its value.
    pub value: Value,
    /// Where its key is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub key: Option<Span>,
}

/// A piece of a string: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Characters.
    #[serde(default, skip_serializing_if = "is_default")]
    pub text: Option<String>,
    /// Where they are written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub written: Option<Span>,
    /// Whether these are the very bytes of that place.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exact: bool,
    /// Characters that are not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unknown: Option<Box<Unknown>>,
    /// A document that was encoded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub encoded: Option<Box<Encoded>>,
}

/// A document, and the string it became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoded {
    /// The document.
    pub value: Value,
    /// The string.
    pub text: Vec<Piece>,
}

/// What is not known, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// Why.
    pub reason: Reason,
    /// Whether it is certainly a string.
    #[serde(default, skip_serializing_if = "is_default")]
    pub string: bool,
    /// Whether it is certainly not null.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_null: bool,
    /// What it is the value of: project, address, type, attribute.
    #[serde(default, skip_serializing_if = "is_default")]
    pub symbol: Option<Symbol>,
    /// The values of which it is one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub among: Option<Vec<Value>>,
}

/// Why something is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What is missing.
    pub missing: String,
    /// What is the matter with it.
    pub why: String,
    /// Where it is declared.
    #[serde(default, skip_serializing_if = "is_default")]
    pub at: Option<Span>,
}

//! Stands in for the driver until it lands: the shape that the command line is written against.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::Config;
use crate::files::Files;
pub use crate::finding::Counts;
use crate::finding::Findings;
use crate::resource::{Mode, Presence};
use crate::source::{Sources, Span};
use crate::value::Value;

/// A `--var` or `--var-file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableArgument {
    /// `--var NAME=VALUE`
    Var {
        /// The variable.
        name: String,
        /// Its value, as Terraform reads it on its command line.
        value: String,
    },
    /// `--var-file FILE`, relative to the root.
    File(Utf8PathBuf),
}

/// What to look at and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The root folder, for messages only: `files` is already rooted there.
    pub root: Utf8PathBuf,
    /// What to look at, relative to the root.
    pub paths: Vec<Utf8PathBuf>,
    /// Globs of what not to look at.
    pub exclude: Vec<String>,
    /// Values of Terraform variables, in the order given.
    pub variables: Vec<VariableArgument>,
    /// `terraform.workspace`.
    pub workspace: Option<String>,
    /// Values of the environment's `TF_VAR_*`, by variable name.
    pub environment: BTreeMap<String, String>,
    /// Values of CloudFormation parameters.
    pub parameters: Vec<(String, String)>,
    /// Files with such values, relative to the root.
    pub parameter_files: Vec<Utf8PathBuf>,
    /// The configuration.
    pub config: Config,
    /// How many threads.
    pub jobs: Option<usize>,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings and the rest.
    pub findings: Findings,
    /// Names of files.
    pub sources: Sources,
    /// How much was looked at.
    pub summary: Counts,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct ResourceRow {
    /// The instance's address.
    pub address: Arc<str>,
    /// The resource's type.
    pub kind: Arc<str>,
    /// Managed or read.
    pub mode: Mode,
    /// The project's path.
    pub project: Arc<str>,
    /// Whether it will exist.
    pub presence: Presence,
    /// On what it depends whether it does.
    pub condition: Option<String>,
    /// Where it is declared.
    pub span: Span,
    /// All attributes.
    pub attributes: Value,
}

/// The answer to one expression.
#[derive(Clone, Debug)]
pub enum EvalRow {
    /// Its value, perhaps unknown.
    Value(Value),
    /// Why it has none.
    Error(String),
}

/// Looks at everything.
pub fn check(_files: &dyn Files, _options: &Options) -> Outcome {
    Outcome::default()
}

/// Lists the resources.
pub fn resources(_files: &dyn Files, _options: &Options) -> (Vec<ResourceRow>, Outcome) {
    (Vec::new(), Outcome::default())
}

/// Evaluates expressions in the root module in `folder`.
pub fn evaluate(
    _files: &dyn Files,
    _options: &Options,
    _folder: &Utf8Path,
    expressions: impl Iterator<Item = String>,
    out: &mut dyn FnMut(EvalRow),
) {
    for _ in expressions {
        out(EvalRow::Error("not built yet".to_owned()));
    }
}

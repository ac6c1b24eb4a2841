//! Values of root variables: tfvars files, options, environment; the workspace; installed modules.
//! <https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence>

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::constraint::Constraint;
use super::evaluator::{Evaluated, Evaluator, Named, ROOT, fail};
use super::json_syntax;
use super::scope::Scope;
use crate::files::{FileError, Files, Kind, MAX_FILE_BYTES};
use crate::finding::Diagnostic;
use crate::resource::KEY_START;
use crate::source::{Sources, Span};
use crate::syntax::hcl::{self, Expr, Place};
use crate::syntax::json;
use crate::text::Text;
use crate::value::{self, Marks, Origin, Value, Via};

/// A `--var` or `--var-file` option, or its like in `rootlint.toml`, in the order given.
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

/// Everything that is given to a root module from outside.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// By variable.
    pub values: HashMap<Arc<str>, Input>,
    /// Whether [`KEY_START`] stands in a value.
    pub mentions_keys: bool,
    /// `terraform.workspace`
    pub workspace: Named,
    /// Folders of installed modules, relative to the root module, by key (`a.b`).
    pub installed: HashMap<String, Utf8PathBuf>,
}

/// A value given to a variable.
#[derive(Clone, Debug)]
pub enum Input {
    /// In a tfvars file.
    Expr(Expr),
    /// On the command line or in the environment: a string, or an expression where the variable's type asks for one.
    Text(String, Span, Marks),
}

/// Where root variables get their values from, besides the files in the module's folder.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Options, in order.
    pub arguments: Vec<VariableArgument>,
    /// `TF_VAR_*`, without the prefix.
    pub environment: BTreeMap<String, String>,
    /// The workspace, if an option or the environment names it, and what named it.
    pub workspace: Option<(String, String)>,
    /// The workspace that `rootlint.toml` names: it counts where Terraform itself has none to go by.
    pub configured_workspace: Option<String>,
}

impl Input {
    /// The value, read as the variable's type asks.
    pub(super) fn value(&self, constraint: &Constraint, evaluator: &Evaluator<'_>) -> Evaluated {
        match self {
            Self::Expr(expr) => evaluator.eval(expr, &Scope::of(ROOT)),
            Self::Text(text, span, marks) if constraint.is_literal => {
                let text = Text::literal(text.as_str(), Some(*span), marks.is_hidden());
                Ok(Value::new(value::Kind::Text(text)).at(*span).mark(marks))
            }
            Self::Text(text, span, marks) => match hcl::parse_expression(text, Place::Within(*span)) {
                Ok(expr) => Ok(evaluator.eval(&expr, &Scope::of(ROOT))?.mark(marks)),
                Err(error) => fail(error.message, *span),
            },
        }
    }
}

/// Collects what is given to the root module in `folder`, in Terraform's order of precedence. Problems with files are
/// added to `errors`.
pub fn collect(
    files: &dyn Files,
    sources: &Sources,
    folder: &Utf8Path,
    given: &Given,
    errors: &mut Vec<Diagnostic>,
) -> Inputs {
    let mut inputs = Inputs {
        values: HashMap::new(),
        mentions_keys: false,
        workspace: workspace(files, sources, folder, given, errors),
        installed: installed(files, sources, folder, errors),
    };
    for (name, text) in &given.environment {
        // The value itself may be a secret: only its name is kept for display.
        inputs.mentions_keys |= text.contains(KEY_START);
        let file = sources.virtual_file(&format!("<TF_VAR_{name}>"), "(sensitive)");
        let span = Span::new(file, 0, "(sensitive)".len());
        inputs.values.insert(Arc::from(name.as_str()), Input::Text(text.clone(), span, Marks::SECRET));
    }
    for path in automatic_files(files, folder) {
        inputs.read(files, sources, &path, errors);
    }
    for argument in &given.arguments {
        match argument {
            VariableArgument::File(path) => inputs.read(files, sources, path, errors),
            VariableArgument::Var { name, value } => {
                inputs.mentions_keys |= value.contains(KEY_START);
                let file = sources.virtual_file(&format!("<--var {name}>"), value);
                let input = Input::Text(value.clone(), Span::new(file, 0, value.len()), Marks::NONE);
                inputs.values.insert(Arc::from(name.as_str()), input);
            }
        }
    }
    inputs
}

/// `terraform.tfvars`, `terraform.tfvars.json`, then `*.auto.tfvars` and `*.auto.tfvars.json` by name.
fn automatic_files(files: &dyn Files, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(listing) = files.list(folder) else { return Vec::new() };
    // What is no regular file is not left out without a word: reading it says why.
    let names: Vec<String> =
        listing.entries.into_iter().filter(|entry| entry.kind != Kind::Folder).map(|entry| entry.name).collect();
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"].into_iter().map(str::to_owned);
    let fixed = fixed.filter(|name| names.contains(name));
    let automatic = names.iter().filter(|name| name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json"));
    fixed.chain(automatic.cloned()).map(|name| folder.join(name)).collect()
}

impl Inputs {
    fn read(&mut self, files: &dyn Files, sources: &Sources, path: &Utf8Path, errors: &mut Vec<Diagnostic>) {
        let path = files.resolve(path).map_or_else(|_| path.to_owned(), |(real, _)| real);
        let file = sources.file(&path);
        let text = match files.read(&path, MAX_FILE_BYTES).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                return errors.push(Diagnostic::new("not-utf8", "this file is not UTF-8 text", Span::start_of(file)));
            }
            Err(error) => {
                return errors.push(Diagnostic::new(
                    "file-unreadable",
                    format!("{path} {error}"),
                    Span::start_of(file),
                ));
            }
        };
        self.mentions_keys |= text.contains(KEY_START);
        let (text, base) = text.strip_prefix('\u{feff}').map_or((text.as_str(), 0), |rest| (rest, 3));
        let (body, problems, code) = if path.as_str().ends_with(".json") {
            let (body, problems) = json_syntax::parse_values(text, file, base);
            (body, problems, "json-syntax")
        } else {
            let (body, problems) = hcl::parse_file(text, Place::At(file, base));
            (body, problems, "hcl-syntax")
        };
        errors.extend(problems.into_iter().map(|error| Diagnostic::new(code, error.message, error.span)));
        for block in &body.blocks {
            let message = format!("a tfvars file only sets variables; `{}` is a block", block.kind.text);
            errors.push(Diagnostic::new("terraform-invalid", message, block.header));
        }
        for attribute in body.attributes {
            self.values.insert(attribute.name.text, Input::Expr(attribute.value));
        }
    }
}

/// The option or `TF_WORKSPACE`, else `.terraform/environment`, else `rootlint.toml`'s, else `default`.
fn workspace(
    files: &dyn Files,
    sources: &Sources,
    folder: &Utf8Path,
    given: &Given,
    errors: &mut Vec<Diagnostic>,
) -> Named {
    let named = |name: &str, source: &str| {
        let file = sources.virtual_file(source, name);
        let origin = Origin::at(Span::new(file, 0, name.len()));
        Named {
            value: Value::text(name).with_origin(origin),
            via: Via::VariableValue(Arc::from("terraform.workspace")),
        }
    };
    if let Some((name, source)) = &given.workspace {
        return named(name, source);
    }
    let path = folder.join(".terraform/environment");
    if let Some(bytes) = if_there(files, sources, &path, 4096, errors)
        && let Ok(text) = String::from_utf8(bytes)
        && !text.trim().is_empty()
    {
        let name = text.trim();
        let origin = Origin::at(Span::new(sources.file(&path), 0, name.len()));
        return Named { value: Value::text(name).with_origin(origin), via: Via::File(Arc::from(path.as_str())) };
    }
    match &given.configured_workspace {
        Some(name) => named(name, "<workspace in rootlint.toml>"),
        None => named("default", "<no workspace given: default>"),
    }
}

/// The content of a file that need not be there.
fn if_there(
    files: &dyn Files,
    sources: &Sources,
    path: &Utf8Path,
    limit: u64,
    errors: &mut Vec<Diagnostic>,
) -> Option<Vec<u8>> {
    match files.read(path, limit) {
        Ok(bytes) => Some(bytes),
        Err(FileError::NotFound) => None,
        Err(error) => {
            let span = Span::start_of(sources.file(path));
            errors.push(Diagnostic::new("file-unreadable", format!("{path} {error}"), span));
            None
        }
    }
}

/// What `terraform init` brought: `.terraform/modules/modules.json`.
fn installed(
    files: &dyn Files,
    sources: &Sources,
    folder: &Utf8Path,
    errors: &mut Vec<Diagnostic>,
) -> HashMap<String, Utf8PathBuf> {
    let path = folder.join(".terraform/modules/modules.json");
    let Some(bytes) = if_there(files, sources, &path, MAX_FILE_BYTES, errors) else { return HashMap::new() };
    let file = sources.file(&path);
    let text = String::from_utf8_lossy(&bytes);
    let root = match json::parse(&text, file) {
        Ok(root) => root,
        Err(error) => {
            errors.push(Diagnostic::new("json-syntax", error.message, error.span));
            return HashMap::new();
        }
    };
    let modules = root.get("Modules").and_then(|modules| modules.as_sequence()).unwrap_or_default();
    let entry = |module: &crate::syntax::node::Node| {
        let key = module.get("Key")?.as_str()?.to_owned();
        let dir = module.get("Dir")?.as_str()?;
        (!key.is_empty()).then(|| (key, Utf8PathBuf::from(dir)))
    };
    modules.iter().filter_map(entry).collect()
}

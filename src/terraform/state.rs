//! Where a root module's state is kept, and where a data source reads one: the address that a backend makes of its
//! configuration and the workspace.
//! <https://developer.hashicorp.com/terraform/language/backend>

use std::fmt;
use std::sync::Arc;

use camino::Utf8Path;

use super::evaluator::{Evaluated, Evaluator, ROOT};
use super::modules::join;
use super::scope::Scope;
use crate::source::Span;
use crate::syntax::hcl::Body;
use crate::value::{Fields, Reason, Value};

/// A place that holds one state.
#[derive(Clone, Debug)]
pub struct StateAddress {
    /// The kind of the backend; `cloud` is `remote`.
    backend: Arc<str>,
    /// What tells the state from all others of the kind.
    parts: Vec<(&'static str, Part)>,
    /// What must not differ, but may be left out.
    region: Option<String>,
}

#[derive(Clone, Debug)]
enum Part {
    Known(String),
    Unknown(Reason),
}

/// Whether two addresses are one.
#[derive(Clone, Debug)]
pub enum Same {
    /// They are.
    Yes,
    /// They are not.
    No,
    /// It depends on what is not known.
    Maybe(Reason),
}

impl StateAddress {
    /// Whether both are the same place.
    pub fn is(&self, other: &Self) -> Same {
        if self.backend != other.backend || self.parts.len() != other.parts.len() {
            return Same::No;
        }
        if let (Some(one), Some(two)) = (&self.region, &other.region)
            && one != two
        {
            return Same::No;
        }
        let mut open = None;
        for ((_, one), (_, two)) in self.parts.iter().zip(&other.parts) {
            match (one, two) {
                (Part::Known(one), Part::Known(two)) if one != two => return Same::No,
                (Part::Unknown(reason), _) | (_, Part::Unknown(reason)) => open = Some(reason.clone()),
                _ => {}
            }
        }
        open.map_or(Same::Yes, Same::Maybe)
    }

    /// What tells it from all other states, wherever they are read from: nothing if it is not wholly known, or lies on somebody's disk.
    pub fn shared(&self) -> Option<String> {
        (&*self.backend != "local" && self.doubt().is_none()).then(|| self.to_string())
    }

    /// Why it is not known which state this is.
    pub fn doubt(&self) -> Option<&Reason> {
        self.parts.iter().find_map(|(_, part)| match part {
            Part::Unknown(reason) => Some(reason),
            Part::Known(_) => None,
        })
    }
}

/// For the reader: `s3 bucket b, key k`.
impl fmt::Display for StateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.backend)?;
        let shown = self.parts.iter().filter_map(|(name, part)| match part {
            Part::Known(text) if !text.is_empty() => Some((name, text)),
            _ => None,
        });
        for (index, (name, text)) in shown.enumerate() {
            write!(f, "{} {name} {text}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// The configuration of a backend, and who is asked for what it leaves out.
struct Settings<'s> {
    config: &'s Value,
    span: Span,
}

impl Settings<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.config.fields()?.get(name).filter(|value| !value.is_null())
    }

    /// A setting; `None` if it is not given.
    fn given(&self, name: &str) -> Option<Part> {
        Some(text(self.value(name)?))
    }

    fn or(&self, name: &str, default: &str) -> Part {
        self.given(name).unwrap_or_else(|| Part::Known(default.to_owned()))
    }

    /// A setting that a state cannot do without.
    fn needed(&self, name: &str) -> Part {
        self.given(name).unwrap_or_else(|| {
            Part::Unknown(Reason::new(name, "is not said where the backend is configured", Some(self.span)))
        })
    }

    /// A block or object inside; blocks are lists of one.
    fn inner<'i>(&'i self, name: &str) -> Option<&'i Fields> {
        let value = self.value(name)?;
        match value.elements() {
            Some(elements) => elements.first()?.fields(),
            None => value.fields(),
        }
    }
}

fn text(value: &Value) -> Part {
    match (value.as_str(), value.as_unknown()) {
        (Some(text), _) => Part::Known(text.into_owned()),
        (None, Some(unknown)) => Part::Unknown(unknown.reason.clone()),
        (None, None) => Part::Unknown(Reason::new("a setting of the backend", "is no string", value.origin.span)),
    }
}

/// The parts put together; unknown as soon as one is.
fn joined(parts: &[&Part], join: impl FnOnce(&[&str]) -> String) -> Part {
    let mut known = Vec::new();
    for part in parts {
        match part {
            Part::Known(text) => known.push(text.as_str()),
            Part::Unknown(reason) => return Part::Unknown(reason.clone()),
        }
    }
    Part::Known(join(&known))
}

/// A text that depends on whether the workspace is the default one.
fn in_workspace(workspace: &Part, key: &Part, other: impl FnOnce(&str, &str) -> String) -> Part {
    joined(&[workspace, key], |parts| match parts {
        ["default", key] => (*key).to_owned(),
        [workspace, key] => other(workspace, key),
        _ => String::new(),
    })
}

impl Evaluator<'_> {
    /// Where this root module's state is kept.
    ///
    /// # Errors
    /// Why that is not known at all.
    pub fn own_state(&self) -> Result<StateAddress, Reason> {
        let module = Arc::clone(&self.instance(ROOT).module);
        let workspace = text(&self.inputs.workspace.value);
        let Some(block) = &module.backend else {
            let span = module.first_file.unwrap_or_else(|| Span::start_of(self.sources.file(&module.folder)));
            return self.state("local", &Value::object(Fields::default()), &workspace, span);
        };
        let config = self.backend_body(&block.body);
        let kind = match block.labels.first() {
            Some(label) => Arc::clone(&label.text),
            None => Arc::clone(&block.kind.text),
        };
        self.state(&kind, &config, &workspace, block.header)
    }

    /// Where a `terraform_remote_state` reads a state.
    pub(super) fn read_state(&self, body: &Body, scope: &Scope<'_>) -> Evaluated<Result<StateAddress, Reason>> {
        let argument = |name: &str| -> Evaluated {
            match body.attribute(name) {
                Some(written) => self.eval(&written.value, scope),
                None => Ok(Value::null()),
            }
        };
        let (backend, config, workspace) = (argument("backend")?, argument("config")?, argument("workspace")?);
        let workspace = if workspace.is_null() { Part::Known("default".into()) } else { text(&workspace) };
        let kind = match text(&backend) {
            Part::Known(kind) => kind,
            Part::Unknown(reason) => return Ok(Err(reason)),
        };
        if let Some(unknown) = config.as_unknown() {
            return Ok(Err(unknown.reason.clone()));
        }
        let span = body.attribute("config").or_else(|| body.attribute("backend")).map(|written| written.value.span);
        let span = span.unwrap_or_else(|| Span::start_of(self.sources.file(&self.instance(ROOT).module.folder)));
        Ok(self.state(&kind, &config, &workspace, span))
    }

    /// Where a `terraform_remote_state` with these arguments reads a state, if that is wholly known.
    pub(super) fn state_named(&self, backend: &Value, config: &Value, workspace: &Value, span: Span) -> Option<String> {
        let workspace = if workspace.is_null() { Part::Known("default".into()) } else { text(workspace) };
        let address = self.state(&backend.as_str()?, config, &workspace, span).ok()?;
        address.shared()
    }

    /// The arguments and blocks of a backend as an object. Terraform allows literals, OpenTofu variables and locals.
    fn backend_body(&self, body: &Body) -> Value {
        let mut fields = Fields::default();
        for attribute in &body.attributes {
            let value = self.eval(&attribute.value, &Scope::of(ROOT)).unwrap_or_else(|error| {
                let reason = Reason::new(&*attribute.name.text, "has an error", Some(error.span));
                Value::unknown(crate::types::Type::Dynamic, reason)
            });
            fields.insert(Arc::clone(&attribute.name.text), None, value);
        }
        for block in &body.blocks {
            fields.insert(Arc::clone(&block.kind.text), None, self.backend_body(&block.body));
        }
        Value::object(fields)
    }

    fn state(&self, kind: &str, config: &Value, workspace: &Part, span: Span) -> Result<StateAddress, Reason> {
        let settings = Settings { config, span };
        let mut region = None;
        let backend = if kind == "cloud" { "remote" } else { kind };
        let parts = match backend {
            "s3" => {
                if let Some(Part::Known(known)) = settings.given("region") {
                    region = Some(known);
                }
                let prefix = settings.or("workspace_key_prefix", "env:");
                let key = joined(&[&prefix, workspace, &settings.needed("key")], |parts| match parts {
                    [_, "default", key] => (*key).to_owned(),
                    parts => parts.join("/"),
                });
                let inner = settings.inner("endpoints").and_then(|all| all.get("s3")).map(text);
                let endpoint = inner.unwrap_or_else(|| settings.or("endpoint", ""));
                vec![("bucket", settings.needed("bucket")), ("key", key), ("endpoint", endpoint)]
            }
            "gcs" => {
                let name = joined(&[&settings.or("prefix", ""), workspace], |parts| match parts {
                    ["", workspace] => format!("{workspace}.tfstate"),
                    parts => format!("{}.tfstate", parts.join("/")),
                });
                vec![("bucket", settings.needed("bucket")), ("prefix", name)]
            }
            "azurerm" => vec![
                ("storage_account_name", settings.needed("storage_account_name")),
                ("container_name", settings.needed("container_name")),
                ("key", in_workspace(workspace, &settings.needed("key"), |name, key| format!("{key}env:{name}"))),
            ],
            "http" => vec![("address", settings.needed("address"))],
            "local" => {
                let folder = settings.or("workspace_dir", "terraform.tfstate.d");
                let path = settings.or("path", "terraform.tfstate");
                let path = joined(&[workspace, &folder, &path], |parts| match parts {
                    ["default", _, path] => (*path).to_owned(),
                    [name, folder, _] => format!("{folder}/{name}/terraform.tfstate"),
                    _ => String::new(),
                });
                let root = if &*self.project == "." { Utf8Path::new("") } else { Utf8Path::new(&*self.project) };
                vec![("path", joined(&[&path], |path| join(root, path.concat().as_str()).into_string()))]
            }
            "remote" => {
                let workspaces = settings.inner("workspaces");
                let named = |name: &str| workspaces?.get(name).filter(|value| !value.is_null()).map(text);
                let selected = || match workspace {
                    Part::Known(name) if name == "default" => {
                        Part::Unknown(Reason::new("the workspace", "is not named where it is configured", Some(span)))
                    }
                    other => other.clone(),
                };
                let name = named("name").unwrap_or_else(|| match named("prefix") {
                    Some(prefix) => joined(&[&prefix, &selected()], |parts| parts.concat()),
                    None => selected(),
                });
                vec![
                    ("hostname", settings.or("hostname", "app.terraform.io")),
                    ("organization", settings.needed("organization")),
                    ("workspace", name),
                ]
            }
            _ => {
                return Err(Reason::new(
                    format!("backend {kind}"),
                    "is of a kind that rootlint does not follow",
                    Some(span),
                ));
            }
        };
        Ok(StateAddress { backend: Arc::from(backend), parts, region })
    }
}

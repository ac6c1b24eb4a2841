//! The outermost form of a plan or state: which version, which parts.

use std::collections::HashMap;
use std::sync::Arc;

use camino::Utf8Path;
use indexmap::IndexMap;

use super::configuration::ModuleConfig;
use super::instances::{self, Planned};
use crate::finding::Diagnostic;
use crate::resource::Mode;
use crate::source::{FileId, Span, mentions};
use crate::syntax::json;
use crate::syntax::node::Node;
use crate::syntax::skim::{self, Part};

/// The major versions of the format that are read. Minor ones only add, Terraform promises.
const MAJOR_VERSIONS: [&str; 2] = ["0", "1"];

/// How to make what is read.
pub const SHOW: &str = "`terraform show -json FILE` writes what rootlint reads";

/// A larger configuration in a plan is not read: only references and provisioners are lost with it.
const MAX_CONFIGURATION: usize = 64 << 20;

/// Whether a text is meant to be a plan or a state: by what stands in it, before it is parsed.
pub fn recognise(text: &str) -> bool {
    let has = |needle: &str| mentions(text, needle);
    // Everything else of that form (provider schemas, `validate`) lacks the second.
    let meant = has("\"format_version\"")
        && (has("\"planned_values\"")
            || has("\"resource_changes\"")
            || (has("\"values\"") && has("\"root_module\"") && has("\"terraform_version\"")));
    let is_version = |(key, _): &(Part, Part)| text.get(key.clone()) == Some("format_version");
    // Tests of policies have plans inside something else.
    meant && skim::members(text, skim::whole(text)).is_none_or(|members| members.iter().any(is_version))
}

/// The instances without data sources that are only left over in the state from before: those that the configuration does
/// not have, if the plan says what it has.
fn declared(instances: Vec<Planned>, configuration: &ModuleConfig) -> Vec<Planned> {
    let is_declared = |planned: &Planned| planned.mode == Mode::Managed || configuration.resource(planned).is_some();
    if configuration.is_empty() { instances } else { instances.into_iter().filter(is_declared).collect() }
}

/// A plan or a state. Its text is kept; what of it is asked for is parsed then.
#[derive(Debug)]
pub struct Plan {
    /// The file's path, relative to the root.
    pub path: Arc<str>,
    /// Where the whole of it is reported.
    pub start: Span,
    /// What there will be, in the order of the file.
    pub instances: Vec<Planned>,
    /// Whether it is a plan, and not a state.
    pub is_plan: bool,
    /// Whether everything in the configuration was planned: neither `-target` nor deferred actions left out a part.
    pub is_complete: bool,
    pub(super) text: Arc<str>,
    /// The provider configurations, by their key in `configuration`.
    pub(super) providers: HashMap<Arc<str>, Node>,
    pub(super) configuration: ModuleConfig,
    file: FileId,
    variables: IndexMap<Arc<str>, Part>,
    by_address: HashMap<Arc<str>, usize>,
    by_block: HashMap<Arc<str>, Vec<usize>>,
}

impl Plan {
    /// Reads the plan or state in `text`, the content of the file at `path`. The second part is what keeps it, or parts of
    /// it, from being read.
    pub fn load(path: &Utf8Path, text: String, file: FileId) -> (Option<Self>, Vec<Diagnostic>) {
        let start = Span::start_of(file);
        let fail = |code: &'static str, message: String| (None, vec![Diagnostic::new(code, message, start)]);
        if !recognise(&text) {
            return fail("plan-invalid", format!("{path} is no plan; {SHOW}"));
        }
        let Some(members) = skim::members(&text, skim::whole(&text)) else {
            // The strict parser says what is wrong and where.
            let diagnostic = match json::parse(&text, file) {
                Err(error) => Diagnostic::new("json-syntax", error.message, error.span),
                Ok(_) => Diagnostic::new("plan-invalid", "a plan is an object", start),
            };
            return (None, vec![diagnostic]);
        };
        let part = |name: &str| {
            let found = members.iter().rev().find(|(key, _)| text.get(key.clone()) == Some(name));
            found.map(|(_, value)| value.clone())
        };
        let parse = |part: &Part| {
            let base = Span::new(file, part.start, part.end);
            json::parse_at(text.get(part.clone()).unwrap_or_default(), base)
        };
        let version = part("format_version").and_then(|part| parse(&part).ok());
        let version = version.as_ref().and_then(Node::as_str).unwrap_or_default();
        if !version.split('.').next().is_some_and(|major| MAJOR_VERSIONS.contains(&major)) {
            let message = format!(
                "this plan has version {version:?} of the format; rootlint reads versions 0.x and 1.x of what \
                 `terraform show -json` writes"
            );
            return fail("plan-version", message);
        }
        let mut errors = Vec::new();
        let planned = instances::Parts {
            changes: part("resource_changes"),
            planned: part("planned_values"),
            prior: part("prior_state").and_then(|prior| skim::member(&text, prior, "values")),
            state: part("values"),
        };
        let is_plan = planned.changes.is_some() || planned.planned.is_some();
        let instances = match instances::read(&text, file, &planned) {
            Ok((instances, problems)) => {
                errors.extend(problems);
                instances
            }
            Err(error) => return (None, vec![error]),
        };
        let mut configuration = (ModuleConfig::default(), HashMap::new());
        if let Some(part) = part("configuration") {
            if part.len() > MAX_CONFIGURATION {
                let message =
                    format!("the configuration in this plan has more than {MAX_CONFIGURATION} bytes; it is not read");
                errors.push(Diagnostic::new("plan-too-large", message, start));
            } else {
                match parse(&part) {
                    Ok(node) => configuration = ModuleConfig::of_plan(node),
                    Err(error) => errors.push(Diagnostic::new("json-syntax", error.message, error.span)),
                }
            }
        }
        let instances = declared(instances, &configuration.0);
        let variables = part("variables").and_then(|part| skim::members(&text, part)).unwrap_or_default();
        let variables = variables
            .into_iter()
            .filter_map(|(name, part)| Some((Arc::from(text.get(name)?), skim::member(&text, part, "value")?)));
        let is_true = |name: &str, otherwise: bool| match part(name) {
            Some(part) => text.get(part) == Some("true"),
            None => otherwise,
        };
        let mut by_address = HashMap::new();
        let mut by_block: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
        for (index, instance) in instances.iter().enumerate() {
            by_address.insert(Arc::clone(&instance.address), index);
            by_block.entry(Arc::clone(&instance.block)).or_default().push(index);
        }
        let plan = Self {
            path: path.as_str().into(),
            start,
            is_plan,
            // Older versions do not say; those with errors end where the first one was.
            is_complete: is_plan && is_true("complete", true) && !is_true("errored", false),
            variables: variables.collect(),
            providers: configuration.1,
            configuration: configuration.0,
            text: text.into(),
            file,
            instances,
            by_address,
            by_block,
        };
        (Some(plan), errors)
    }

    /// The instance of this address.
    pub fn find(&self, address: &str) -> Option<&Planned> {
        self.by_address.get(address).and_then(|index| self.instances.get(*index))
    }

    /// The instances of a block.
    pub fn of_block(&self, block: &str) -> impl Iterator<Item = &Planned> {
        self.by_block.get(block).into_iter().flatten().filter_map(|index| self.instances.get(*index))
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.by_block.len()
    }

    /// The names of the resources and module calls in the root module: `aws_iam_user.u`, `module.m`.
    pub fn declared_at_root(&self) -> Vec<String> {
        let names = self.configuration.names();
        if !names.is_empty() {
            return names;
        }
        let at_root = self.instances.iter().filter(|planned| planned.module.is_empty());
        at_root.map(|planned| planned.block.to_string()).collect()
    }

    /// The root module's variables, by name, with the values that the plan was made with.
    pub fn variables(&self) -> impl Iterator<Item = (&Arc<str>, Node)> {
        self.variables.iter().filter_map(|(name, part)| Some((name, self.parse(part)?)))
    }

    /// The value of a variable of the root module.
    pub fn variable(&self, name: &str) -> Option<Node> {
        self.parse(self.variables.get(name)?)
    }

    /// A part of the text as a tree. One that is not valid JSON is none; see [`Self::parse_or`].
    pub(super) fn parse(&self, part: &Part) -> Option<Node> {
        self.parse_or(part).ok()
    }

    /// Where a part stands.
    pub(super) fn span(&self, part: &Part) -> Span {
        Span::new(self.file, part.start, part.end)
    }

    /// A part of the text as a tree, or what is wrong in it.
    pub(super) fn parse_or(&self, part: &Part) -> Result<Node, Diagnostic> {
        let base = self.span(part);
        json::parse_at(self.text.get(part.clone()).unwrap_or_default(), base)
            .map_err(|error| Diagnostic::new("json-syntax", error.message, error.span))
    }
}

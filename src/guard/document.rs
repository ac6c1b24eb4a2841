//! The document that rules see of a project: its resources in the shape that Guard's users know.
//!
//! Guard keeps a path and a line with every value. What it keeps for us is the number of a [`Node`], which says where the
//! value is written, to which resource it belongs and what of it is unknown.

use std::collections::HashMap;
use std::sync::Arc;

use cloudformation_guard_lang::path_value::{Location, MapValue, Path, PathAwareValue};
use serde_json::Value as Json;

use crate::resource::{Language, Mode, Project, Resource, Role, Site};
use crate::source::Span;
use crate::types::Type;
use crate::value::{Fields, Kind, Origin, Reason, Unknown, Value};

mod planned;

/// The key of the map that stands for an unknown value.
pub(super) const UNKNOWN: &str = "$unknown";

/// How many values a document may have.
const MAX_NODES: usize = 4_000_000;

/// How long a string may be, and how many brackets may stand in it, where rules parse strings: the engine reads them as YAML,
/// which takes a time that grows with the product of both.
const MAX_PARSED: (usize, usize) = (1 << 16, 1 << 10);

/// Which parts of the document rules speak of. Resources are always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `resource_changes` of a plan.
    pub(super) changes: bool,
    /// `planned_values` of a plan.
    pub(super) planned: bool,
    /// Strings are parsed by rules: those that are too large to be are unknown.
    pub(super) parsed: bool,
    /// Unknown values that may be null are left out, as if they were.
    pub(super) bare: bool,
}

/// What a value of the document is.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The value that it is a part of.
    parent: usize,
    /// Its name or number there.
    key: Key,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// Which of the resources it belongs to.
    site: Option<usize>,
    /// Why it is unknown, and whether it is certainly not null.
    pub(super) unknown: Option<(Reason, bool)>,
    /// Why something in it is unknown.
    pub(super) inner: Option<Reason>,
    /// The unknown parts that are left out of it.
    omitted: Vec<Omitted>,
    /// Why it may have more parts than are listed.
    open: Option<Reason>,
    /// Whether it must not be shown.
    pub(super) hidden: bool,
}

/// An unknown part that is left out.
#[derive(Debug)]
struct Omitted {
    name: Arc<str>,
    reason: Reason,
    origin: Origin,
}

impl Omitted {
    /// Whether a query begins with it. The engine looks for `path` under `Path`, too.
    fn begins(&self, query: &str) -> bool {
        let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let first = query.split(['.', '[', ' ']).next().unwrap_or_default();
        *first == *self.name || plain(first) == plain(&self.name)
    }
}

#[derive(Clone, Debug, Default)]
enum Key {
    #[default]
    Root,
    Name(Arc<str>),
    Number(usize),
}

/// A document, and what is known of each value in it.
#[derive(Debug)]
pub(super) struct Document {
    /// The document itself.
    pub(super) root: PathAwareValue,
    nodes: Vec<Node>,
    sites: Vec<Site>,
    /// The project's path.
    pub(super) project: Arc<str>,
    /// Whether an unknown value in it may be null.
    pub(super) may_be_null: bool,
}

/// Which of the two forms a resource is given in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    /// An unknown value is a map with [`UNKNOWN`], and what Terraform code does not set is not there.
    Resource,
    /// As in a plan: unknown values are left out, and what is not set is null.
    Plan,
}

impl Document {
    /// The document of a project.
    ///
    /// # Errors
    /// In words, when it would be too large.
    pub(super) fn of(project: &dyn Project, wanted: Wanted) -> Result<Self, String> {
        let mut builder = Builder { wanted, ..Builder::default() };
        let root = builder.project(project)?;
        let project = Arc::clone(project.path());
        Ok(Self { root, nodes: builder.nodes, sites: builder.sites, project, may_be_null: builder.may_be_null })
    }

    /// A document of which nothing is known but its values.
    pub(super) fn plain(root: PathAwareValue) -> Self {
        Self { root, nodes: Vec::new(), sites: Vec::new(), project: Arc::from(""), may_be_null: false }
    }

    /// The node of a value.
    pub(super) fn node(&self, value: &PathAwareValue) -> usize {
        value.self_path().1.line
    }

    /// What is known of a value.
    pub(super) fn at(&self, node: usize) -> Option<&Node> {
        self.nodes.get(node)
    }

    /// The number of the resource that a value belongs to.
    pub(super) fn resource(&self, node: usize) -> Option<usize> {
        self.nodes.get(node)?.site
    }

    /// The resource that a value belongs to.
    pub(super) fn site(&self, node: usize) -> Option<&Site> {
        self.sites.get(self.resource(node)?)
    }

    /// A resource of the project, for what belongs to none.
    pub(super) fn first_site(&self) -> Option<&Site> {
        self.sites.first()
    }

    /// Where the value is written; of what is not written, where that is written around it. Nothing outside of its resource.
    pub(super) fn place(&self, node: usize) -> Option<(Span, Origin)> {
        let mut at = node;
        loop {
            let node = self.nodes.get(at)?;
            if let Some(span) = node.origin.primary() {
                return Some((span, node.origin.clone()));
            }
            if at == 0 || node.site.is_none() {
                return None;
            }
            at = node.parent;
        }
    }

    /// Why a part of a value that is not listed may be there all the same.
    pub(super) fn maybe_there(&self, node: usize, query: &str) -> Option<&Reason> {
        let node = self.nodes.get(node)?;
        let omitted = node.omitted.iter().find(|omitted| omitted.begins(query)).map(|omitted| &omitted.reason);
        omitted.or(node.open.as_ref()).or(node.unknown.as_ref().map(|(reason, _)| reason))
    }

    /// Where the part of a value stands that is left out of it and that a query begins with.
    pub(super) fn left_out(&self, node: usize, query: &str) -> Option<(Span, Origin)> {
        let omitted = self.nodes.get(node)?.omitted.iter().find(|omitted| omitted.begins(query))?;
        Some((omitted.origin.primary()?, omitted.origin.clone()))
    }

    /// The names that lead to a value from its resource.
    pub(super) fn path(&self, node: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = node;
        while let Some(node) = self.nodes.get(at) {
            // What stands above the resource is the same for all of it.
            if at == 0 || self.nodes.get(node.parent).is_none_or(|parent| parent.site.is_none()) {
                break;
            }
            names.push(match &node.key {
                Key::Root => String::new(),
                Key::Name(name) => name.to_string(),
                Key::Number(number) => number.to_string(),
            });
            at = node.parent;
        }
        names.reverse();
        names
    }

    /// The nearest value that all these are parts of.
    pub(super) fn around(&self, nodes: &[usize]) -> usize {
        let way = |node: usize| {
            let up = |at: &usize| (*at != 0).then(|| self.nodes.get(*at).map_or(0, |node| node.parent));
            std::iter::successors(Some(node), up).collect::<Vec<_>>()
        };
        let Some((first, rest)) = nodes.split_first() else { return 0 };
        let others: Vec<Vec<usize>> = rest.iter().map(|node| way(*node)).collect();
        way(*first).into_iter().find(|node| others.iter().all(|way| way.contains(node))).unwrap_or(0)
    }

    /// The document as JSON.
    pub(super) fn json(&self) -> Json {
        json(&self.root)
    }
}

/// A value as JSON.
pub(super) fn json(value: &PathAwareValue) -> Json {
    match value {
        PathAwareValue::Null(_) => Json::Null,
        PathAwareValue::String((_, text)) | PathAwareValue::Regex((_, text)) => Json::String(text.clone()),
        PathAwareValue::Bool((_, value)) => Json::Bool(*value),
        PathAwareValue::Int((_, value)) => Json::from(*value),
        PathAwareValue::Float((_, value)) => Json::from(*value),
        PathAwareValue::Char((_, value)) => Json::String(value.to_string()),
        PathAwareValue::List((_, values)) => Json::Array(values.iter().map(json).collect()),
        PathAwareValue::Map((_, map)) => {
            Json::Object(map.values.iter().map(|(key, value)| (key.clone(), json(value))).collect())
        }
        PathAwareValue::RangeInt((_, range)) => Json::String(format!("{range:?}")),
        PathAwareValue::RangeFloat((_, range)) => Json::String(format!("{range:?}")),
        PathAwareValue::RangeChar((_, range)) => Json::String(format!("{range:?}")),
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    sites: Vec<Site>,
    wanted: Wanted,
    site: Option<usize>,
    terraform: bool,
    full: bool,
    may_be_null: bool,
}

/// A map in the making: its node and its parts so far.
pub(super) struct Map {
    node: usize,
    parts: Vec<(String, PathAwareValue)>,
}

/// The value of a map with these parts.
pub(super) fn map_value(path: Path, parts: Vec<(String, PathAwareValue)>) -> PathAwareValue {
    let key = |(key, value): &(String, PathAwareValue)| {
        PathAwareValue::String((Path(String::new(), value.self_path().1), key.clone()))
    };
    let keys = parts.iter().map(key).collect();
    PathAwareValue::Map((path, MapValue { keys, values: parts.into_iter().collect() }))
}

fn path(node: usize) -> Path {
    Path(String::new(), Location { line: node, col: 0 })
}

impl Builder {
    fn project(&mut self, project: &dyn Project) -> Result<PathAwareValue, String> {
        self.terraform = project.language() == Language::Terraform;
        let mut root = self.map(0, Key::Root);
        let mut metadata: HashMap<Arc<str>, Value> = HashMap::new();
        for block in project.blocks(&|role| role == Role::Metadata) {
            metadata.insert(block.site.address, block.arguments);
        }
        let resources = project.resources(&|_| true);
        let managed: Vec<&Resource<'_>> = resources.iter().filter(|resource| resource.mode == Mode::Managed).collect();
        // What a plan has is there, and empty, for templates: a query for it finds nothing instead of failing.
        let planned = if self.terraform { &*managed } else { &[] };
        let attributes: Vec<Value> = managed.iter().map(|resource| attributes(resource, project.language())).collect();
        self.sites = managed.iter().map(|resource| resource.site.clone()).collect();

        let mut all = self.map(root.node, Key::Name("Resources".into()));
        for (index, (resource, attributes)) in managed.iter().zip(&attributes).enumerate() {
            self.site = Some(index);
            let one = self.resource(all.node, &resource.site, attributes, metadata.get(&resource.site.address));
            all.parts.push((resource.site.address.to_string(), one));
        }
        self.site = None;
        self.finish(&mut root, "Resources", all);
        if self.wanted.changes {
            let changes = self.changes(root.node, planned, &attributes);
            root.parts.push(("resource_changes".to_owned(), changes));
        }
        if self.wanted.planned {
            let planned = self.planned(root.node, planned, &attributes);
            root.parts.push(("planned_values".to_owned(), planned));
        }
        if self.full {
            return Err(format!("its resources have more than {MAX_NODES} values together"));
        }
        Ok(map_value(path(root.node), root.parts))
    }

    fn node(&mut self, parent: usize, key: Key) -> usize {
        self.full |= self.nodes.len() >= MAX_NODES;
        if self.full {
            return 0;
        }
        self.nodes.push(Node { parent, key, site: self.site, ..Node::default() });
        self.nodes.len() - 1
    }

    fn map(&mut self, parent: usize, key: Key) -> Map {
        Map { node: self.node(parent, key), parts: Vec::new() }
    }

    fn finish(&mut self, into: &mut Map, name: &str, map: Map) {
        into.parts.push((name.to_owned(), map_value(path(map.node), map.parts)));
    }

    fn text(&mut self, into: &mut Map, name: &str, text: &str) {
        let node = self.node(into.node, Key::Name(name.into()));
        into.parts.push((name.to_owned(), PathAwareValue::String((path(node), text.to_owned()))));
    }

    /// Says of a value's node where it comes from and why it is unknown.
    fn describe(&mut self, node: usize, origin: &Origin, hidden: bool, unknown: Option<&Unknown>) {
        let Some(known) = self.nodes.get_mut(node) else { return };
        known.origin = origin.clone();
        known.hidden = hidden;
        if let Some(unknown) = unknown {
            known.unknown = Some((unknown.reason.clone(), unknown.not_null));
            self.tell_around(node, &unknown.reason);
        }
    }

    /// Every value around an unknown one has something unknown in it.
    fn tell_around(&mut self, node: usize, reason: &Reason) {
        let mut at = node;
        while let Some(node) = self.nodes.get_mut(at).filter(|node| node.inner.is_none()) {
            node.inner = Some(reason.clone());
            at = node.parent;
        }
    }

    fn resource(&mut self, parent: usize, site: &Site, attributes: &Value, metadata: Option<&Value>) -> PathAwareValue {
        let mut one = self.map(parent, Key::Name(Arc::clone(&site.address)));
        self.describe(one.node, &Origin::at(site.header), false, None);
        self.text(&mut one, "Type", &site.kind);
        // A template may leave them out, and rules tell that from none being set.
        let written = self.terraform || attributes.origin.span.is_some();
        if written || attributes.fields().is_none_or(|fields| !fields.is_empty()) {
            let header = Some(site.header);
            let properties = self.value(one.node, Key::Name("Properties".into()), attributes, View::Resource, header);
            one.parts.push(("Properties".to_owned(), properties));
        }
        if let Some(metadata) = metadata {
            let metadata = self.value(one.node, Key::Name("Metadata".into()), metadata, View::Resource, None);
            one.parts.push(("Metadata".to_owned(), metadata));
        }
        map_value(path(one.node), one.parts)
    }

    /// `block` is the header of the Terraform block that the value is an attribute of: what is not set comes from there.
    fn value(&mut self, parent: usize, key: Key, value: &Value, view: View, block: Option<Span>) -> PathAwareValue {
        let at = self.node(parent, key);
        if self.full {
            return PathAwareValue::Null(path(0));
        }
        let unknown = value.as_unknown();
        self.describe(at, &value.origin, value.marks.is_hidden(), unknown.as_deref());
        if let (Some((_, not_null)), Kind::Text(_)) =
            (self.nodes.get_mut(at).and_then(|node| node.unknown.as_mut()), &value.kind)
        {
            // The unknown part of a string may be null where it comes from; the string is not.
            *not_null = true;
        }
        if let Some(unknown) = unknown {
            return self.unknown(at, &unknown, view);
        }
        match &value.kind {
            Kind::Bool(value) => PathAwareValue::Bool((path(at), *value)),
            Kind::Number(number) => match number.as_i64() {
                Some(integer) => PathAwareValue::Int((path(at), integer)),
                None => PathAwareValue::Float((path(at), number.to_f64())),
            },
            Kind::Text(text) => self.string(at, &text.as_str().unwrap_or_default(), view),
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                let parts = elements.iter().enumerate();
                let parts = parts.map(|(index, part)| self.value(at, Key::Number(index), part, view, None)).collect();
                PathAwareValue::List((path(at), parts))
            }
            Kind::Object(fields) | Kind::Map(_, fields) => self.fields(at, fields, view, block.or(value.origin.span)),
            Kind::Null(_) | Kind::Unknown(_) => PathAwareValue::Null(path(at)),
        }
    }

    fn fields(&mut self, at: usize, fields: &Fields, view: View, block: Option<Span>) -> PathAwareValue {
        let block = block.filter(|_| self.terraform);
        let mut map = Map { node: at, parts: Vec::new() };
        for (name, field) in fields.iter() {
            let unknown = field.as_unknown();
            let is_set = block.is_none() || field.origin.written() != block;
            let nothing = field.is_null() || unknown.is_some() || field.elements().is_some_and(<[Value]>::is_empty);
            let is_text = matches!(field.kind, Kind::Text(_));
            let may_be_null = is_set && unknown.as_ref().is_some_and(|unknown| !unknown.not_null) && !is_text;
            self.may_be_null |= may_be_null;
            let left_out = match view {
                View::Plan => unknown.is_some(),
                View::Resource => {
                    nothing && !is_set || field.is_null() && block.is_some() || self.wanted.bare && may_be_null
                }
            };
            if left_out {
                if let (Some(unknown), Some(node)) = (unknown, self.nodes.get_mut(at)) {
                    let (name, origin) = (Arc::clone(name), field.origin.clone());
                    node.omitted.push(Omitted { name, reason: unknown.reason.clone(), origin });
                    self.tell_around(at, &unknown.reason);
                }
                continue;
            }
            let part = self.value(at, Key::Name(Arc::clone(name)), field, view, None);
            map.parts.push((name.to_string(), part));
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.open = fields.open().map(|rest| rest.reason.clone());
        }
        map_value(path(at), map.parts)
    }

    fn string(&mut self, at: usize, text: &str, view: View) -> PathAwareValue {
        let brackets = || text.matches(['[', '{']).count() + text.matches("%5").count() + text.matches("%7").count();
        if self.wanted.parsed && (text.len() > MAX_PARSED.0 || brackets() > MAX_PARSED.1) {
            let reason = Reason::new("a long string", "is not given to rules that parse strings", None);
            if let Some(node) = self.nodes.get_mut(at) {
                node.unknown = Some((reason.clone(), true));
            }
            self.tell_around(at, &reason);
            let unknown = Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason };
            return self.unknown(at, &unknown, view);
        }
        PathAwareValue::String((path(at), text.to_owned()))
    }

    /// An unknown value: `{"$unknown": "why"}`; one that stands for a CloudFormation resource says so as the template does.
    fn unknown(&mut self, at: usize, unknown: &Unknown, view: View) -> PathAwareValue {
        if view == View::Plan {
            return PathAwareValue::Null(path(at));
        }
        let text = |text: &str| PathAwareValue::String((path(at), text.to_owned()));
        let mut parts = vec![(UNKNOWN.to_owned(), text(&unknown.reason.to_string()))];
        if let Some(symbol) = unknown.symbol.as_ref().filter(|symbol| symbol.kind.contains("::")) {
            parts.push(match &*symbol.attribute {
                "Ref" => ("Ref".to_owned(), text(&symbol.address)),
                attribute => {
                    let list = vec![text(&symbol.address), text(attribute)];
                    ("Fn::GetAtt".to_owned(), PathAwareValue::List((path(at), list)))
                }
            });
        }
        map_value(path(at), parts)
    }
}

/// The attributes of a resource. Those of Terraform are asked for one by one: each then knows where in the block it stands.
fn attributes(resource: &Resource<'_>, language: Language) -> Value {
    let all = resource.attributes.all();
    let Some(fields) = all.fields().filter(|_| language == Language::Terraform) else { return all };
    let mut own = Fields::default();
    for (name, field) in fields.fields() {
        own.insert(Arc::clone(name), field.key_span, resource.get(name));
    }
    if let Some(rest) = fields.open() {
        own.set_open(Arc::clone(rest));
    }
    Value::object(own).with_origin(all.origin)
}

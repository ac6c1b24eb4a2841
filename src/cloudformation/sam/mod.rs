//! The transform `AWS::Serverless-2016-10-31`: what SAM resources become.
//!
//! Each SAM resource is replaced by the resources that the transform makes of it, under the logical IDs that it gives them
//! (<https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html>),
//! but that versions, layers and deployments have no hash at the end of theirs. What is copied keeps its place in the
//! template; what is made stands where it is asked for. Roles, policies, permissions, rules and schedules are exact;
//! what an API becomes is left out where nothing here asks for it.

mod api;
mod connectors;
mod deployment;
mod events;
mod function;
mod graphql;
mod make;
mod pull;
mod role;
mod scheduler;
mod state_machine;
mod templates;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use self::make::{Make, given, merged};
use crate::cloudformation::Template;
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::foreach::Entry;
use crate::cloudformation::functions::text_of;
use crate::finding::Diagnostic;
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind};
use crate::value::Reason;

/// The name of the transform.
pub(super) const TRANSFORM: &str = "AWS::Serverless-2016-10-31";

/// How the types of SAM begin.
const PREFIX: &str = "AWS::Serverless::";

/// The transform at work on one template.
struct Sam<'t> {
    template: &'t Template,
    globals: Option<Node>,
    /// What there is so far.
    made: IndexMap<Arc<str>, Entry>,
    /// What `Function.Version` and the like name.
    aliases: HashMap<Arc<str>, Arc<str>>,
    /// Conditions that the transform adds.
    conditions: Vec<Entry>,
    /// APIs that events imply.
    apis: api::Implied,
    /// Gradual deployments of functions.
    deployments: Vec<deployment::Preference>,
}

/// A resource of the template before the transform.
struct Item {
    name: Arc<str>,
    key: Span,
    body: Rc<Node>,
    /// Its properties, with what `Globals` adds.
    properties: Node,
    scope: Scope,
    uncertain: Option<Rc<Reason>>,
}

impl Item {
    /// Something that stands where the resource's name does.
    fn make(&self) -> Make {
        Make(self.key)
    }

    /// A property, if something is written there.
    fn get(&self, name: &str) -> Option<&Node> {
        given(&self.properties, name)
    }

    /// The resource itself as a node that names it.
    fn own(&self) -> Node {
        self.make().reference(Arc::clone(&self.name))
    }
}

/// Replaces the SAM resources of a template by what the transform makes of them.
pub(super) fn expand(template: &mut Template, globals: Option<Node>) {
    let mut sam = Sam {
        template,
        globals,
        made: IndexMap::new(),
        aliases: HashMap::new(),
        conditions: Vec::new(),
        apis: api::Implied::default(),
        deployments: Vec::new(),
    };
    let entries: Vec<Entry> = sam.template.resources.values().cloned().collect();
    for entry in &entries {
        sam.resource(entry);
    }
    sam.finish_apis();
    sam.finish_deployments();
    // What a connector gives rights to may be made by the transform.
    for entry in &entries {
        sam.connectors(entry);
    }
    let Sam { made, aliases, conditions, .. } = sam;
    template.resources = made;
    template.aliases = aliases;
    for condition in conditions {
        template.conditions.entry(Arc::clone(&condition.name)).or_insert(condition);
    }
}

impl Sam<'_> {
    fn resource(&mut self, entry: &Entry) {
        let Some(kind) = entry.kind().strip_prefix(PREFIX) else {
            self.keep(entry.clone());
            return;
        };
        let item = self.item(entry, kind);
        match kind {
            "Function" => self.function(&item),
            "StateMachine" => self.state_machine(&item),
            "Api" | "HttpApi" | "WebSocketApi" => self.api(&item, kind),
            "SimpleTable" => self.simple_table(&item),
            "LayerVersion" => self.layer(&item),
            "Application" => self.application(&item),
            "CapacityProvider" => self.capacity_provider(&item),
            "GraphQLApi" => self.graphql(&item),
            "Connector" => {}
            _ => {
                let message = format!("{PREFIX}{kind} is not known: the resources it becomes are not analysed");
                self.template.note(Diagnostic::new("sam-unknown", message, entry.key));
                self.keep(entry.clone());
            }
        }
    }

    /// A resource with what `Globals` says of its type.
    fn item(&self, entry: &Entry, kind: &str) -> Item {
        let own = entry.body.get("Properties").cloned().unwrap_or_else(|| Make(entry.key).map([]));
        let general = self.globals.as_ref().and_then(|globals| globals.get(kind));
        let ignored = entry.body.get("IgnoreGlobals");
        let everything = ignored.and_then(Node::as_str) == Some("*");
        let properties = match general.filter(|_| !everything).map(|general| without(general, ignored)) {
            Some(general) if make::is_empty(&own) => general,
            Some(general) => merged(&general, &own),
            None => own,
        };
        Item {
            name: Arc::clone(&entry.name),
            key: entry.key,
            body: Rc::clone(&entry.body),
            properties,
            scope: entry.scope.clone(),
            uncertain: entry.uncertain.clone(),
        }
    }

    /// Keeps an entry, unless its name is taken.
    fn keep(&mut self, entry: Entry) {
        if let Some(known) = self.made.get(&entry.name) {
            if known.key != entry.key || known.kind() != entry.kind() {
                let message = format!("the transform of SAM makes a second resource `{}`", entry.name);
                self.template.error(Diagnostic::new("sam-invalid", message, entry.key));
            }
            return;
        }
        self.made.insert(Arc::clone(&entry.name), entry);
    }

    /// Adds a resource that is present if the one it is made for is.
    fn add(&mut self, item: &Item, name: &str, make: Make, kind: &str, properties: Node) {
        self.add_with(item, name, make, kind, properties, None);
    }

    /// Adds a resource, with a condition in place of that of the one it is made for.
    fn add_with(&mut self, item: &Item, name: &str, make: Make, kind: &str, properties: Node, condition: Option<Node>) {
        let mut entries = vec![(make.text("Type"), make.text(kind)), (make.text("Properties"), properties)];
        if let Some(condition) = condition.or_else(|| item.body.get("Condition").cloned()) {
            entries.push((make.text("Condition"), condition));
        }
        let body = Node { kind: NodeKind::Mapping(entries), span: item.body.span, tag: None };
        self.keep(Entry {
            name: name.into(),
            key: make.0,
            body: Rc::new(body),
            scope: item.scope.clone(),
            uncertain: item.uncertain.clone(),
        });
    }

    /// Replaces the resource itself: another type and other properties, all else as it is.
    fn replace(&mut self, item: &Item, kind: &str, properties: Node) {
        let make = item.make();
        let mut entries: Vec<(Node, Node)> = item.body.as_mapping().unwrap_or_default().to_vec();
        entries.retain(|(key, _)| !matches!(key.as_str(), Some("Type" | "Properties")));
        entries.push((make.text("Type"), make.text(kind)));
        entries.push((make.text("Properties"), properties));
        let body = Node { kind: NodeKind::Mapping(entries), span: item.body.span, tag: None };
        self.keep(Entry {
            name: Arc::clone(&item.name),
            key: item.key,
            body: Rc::new(body),
            scope: item.scope.clone(),
            uncertain: item.uncertain.clone(),
        });
    }

    /// What a node is as a string, if that is known.
    fn text(&self, item: &Item, node: &Node) -> Option<Arc<str>> {
        let value = self.template.evaluate(node, &item.scope)?;
        text_of(&value)?.as_str().map(|text| Arc::from(&*text))
    }

    /// Whether a node is true; nothing where that is not known.
    fn truth(&self, item: &Item, node: &Node) -> Option<bool> {
        self.text(item, node)?.parse().ok()
    }

    /// The tags of a resource: SAM's own, then those written as a mapping.
    fn tags(item: &Item, own: &str) -> Node {
        let make = item.make();
        let tag = |key: Node, value: Node| make.map([("Key", key), ("Value", value)]);
        let mut tags = vec![tag(make.text(own), make.text("SAM"))];
        if let Some(entries) = item.get("Tags").and_then(Node::as_mapping) {
            tags.extend(entries.iter().map(|(key, value)| tag(key.clone(), value.clone())));
        }
        make.list(tags)
    }

    /// The tags that a resource hands on to what is made for it (`PropagateTags`).
    fn propagated(&self, item: &Item) -> Option<Node> {
        let make = item.make();
        let on = item.get("PropagateTags").and_then(|node| self.truth(item, node)) == Some(true);
        let entries = item.get("Tags").and_then(Node::as_mapping).filter(|_| on)?;
        let tag = |(key, value): &(Node, Node)| make.map([("Key", key.clone()), ("Value", value.clone())]);
        Some(make.list(entries.iter().map(tag)))
    }

    fn simple_table(&mut self, item: &Item) {
        let make = item.make();
        let mut properties = Vec::new();
        let key = item.get("PrimaryKey");
        let name = key.and_then(|key| given(key, "Name")).cloned().unwrap_or_else(|| make.text("id"));
        let kind = match key.and_then(|key| given(key, "Type")).and_then(Node::as_str) {
            Some("Number") => "N",
            Some("Binary") => "B",
            _ => "S",
        };
        let schema = make.map([("AttributeName", name.clone()), ("KeyType", make.text("HASH"))]);
        let definition = make.map([("AttributeName", name), ("AttributeType", make.text(kind))]);
        properties.push((make.text("KeySchema"), make.list([schema])));
        properties.push((make.text("AttributeDefinitions"), make.list([definition])));
        if item.get("ProvisionedThroughput").is_none() {
            properties.push((make.text("BillingMode"), make.text("PAY_PER_REQUEST")));
        }
        for (key, value) in item.properties.as_mapping().unwrap_or_default() {
            match key.as_str() {
                Some("PrimaryKey") => {}
                Some("Tags") => properties.push((key.clone(), plain_tags(make, value))),
                _ => properties.push((key.clone(), value.clone())),
            }
        }
        self.replace(item, "AWS::DynamoDB::Table", make.entries(properties));
    }

    fn layer(&mut self, item: &Item) {
        self.renamed(item, "AWS::Lambda::LayerVersion", &[("ContentUri", "Content")]);
    }

    /// An application is a stack of its own. A local template is its `Location`.
    fn application(&mut self, item: &Item) {
        self.renamed(item, "AWS::CloudFormation::Stack", &[("Location", "TemplateURL")]);
    }

    /// A resource whose properties but for some names are those of the one it becomes.
    fn renamed(&mut self, item: &Item, kind: &str, names: &[(&str, &str)]) {
        let entry = |(key, value): &(Node, Node)| {
            let renamed = names.iter().find(|(name, _)| key.as_str() == Some(name));
            let value = if key.as_str() == Some("Tags") { plain_tags(item.make(), value) } else { value.clone() };
            (renamed.map_or(key.clone(), |(_, name)| Make(key.span).text(*name)), value)
        };
        let properties = item.properties.as_mapping().unwrap_or_default().iter().map(entry).collect();
        self.replace(item, kind, item.make().entries(properties));
    }

    fn capacity_provider(&mut self, item: &Item) {
        let make = item.make();
        let named = |key: &Node| match key.as_str() {
            Some("OperatorRole") => Some("PermissionsConfig"),
            Some("ScalingConfig") => Some("CapacityProviderScalingConfig"),
            _ => None,
        };
        let mut properties = Vec::new();
        for (key, value) in item.properties.as_mapping().unwrap_or_default() {
            match key.as_str() {
                Some("Tags" | "PropagateTags" | "OperatorRole") => {}
                _ => properties.push((named(key).map_or(key.clone(), |name| make.text(name)), value.clone())),
            }
        }
        let tags = Self::tags(item, "lambda:createdBy");
        properties.push((make.text("Tags"), tags));
        let arn = match item.get("OperatorRole") {
            Some(role) => role.clone(),
            None => {
                let name = format!("{}OperatorRole", item.name);
                let mut role = role::Role::new(name.as_str(), make, "lambda.amazonaws.com");
                role.attach(role::managed_arn(make, "AWSLambdaManagedEC2ResourceOperator"));
                let own = make.map([("Key", make.text("lambda:createdBy")), ("Value", make.text("SAM"))]);
                role.more.push(("Tags", self.propagated(item).unwrap_or_else(|| make.list([own]))));
                self.add_role(item, role);
                make.attribute(&name, "Arn")
            }
        };
        let permissions = make.map([("CapacityProviderOperatorRoleArn", arn)]);
        properties.push((make.text("PermissionsConfig"), permissions));
        self.replace(item, "AWS::Lambda::CapacityProvider", make.entries(properties));
    }
}

/// A mapping without the keys in a list.
fn without(node: &Node, keys: Option<&Node>) -> Node {
    let mut node = node.clone();
    if let (NodeKind::Mapping(entries), Some(keys)) = (&mut node.kind, keys.and_then(Node::as_sequence)) {
        entries.retain(|(key, _)| !keys.iter().any(|other| other.as_str().is_some() && other.as_str() == key.as_str()));
    }
    node
}

/// Tags written as a mapping, as a list.
fn plain_tags(make: Make, tags: &Node) -> Node {
    match tags.as_mapping().filter(|_| !make::is_call(tags)) {
        Some(entries) => {
            let tag = |(key, value): &(Node, Node)| make.map([("Key", key.clone()), ("Value", value.clone())]);
            make.list(entries.iter().map(tag))
        }
        None => tags.clone(),
    }
}

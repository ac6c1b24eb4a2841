//! A plan or state without the code it was made from, as a project: findings point into the JSON.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexSet;

use super::configuration::{references, target};
use super::format::Plan;
use super::instances::Planned;
use super::values::{Layers, Reader, by_name, is_true};
use crate::finding::Diagnostic;
use crate::resource::{
    Attributes, Block, KEY_START, Language, Meta, Mode, Presence, Project, Provider, Provisioner, Reference, Resource,
    Role, Site,
};
use crate::source::Span;
use crate::syntax::node::Node;
use crate::terraform::policy_document;
use crate::terraform::providers;
use crate::terraform::schema;
use crate::types::Type;
use crate::value::{Fields, Kind, Origin, Reason, Symbol, Unknown, Value, Via};

/// An instance with more bytes in a plan is not read.
const MAX_INSTANCE: usize = 16 << 20;

/// A plan or state that can be asked for its resources.
#[derive(Debug)]
pub struct PlanProject {
    plan: Plan,
    errors: RefCell<IndexSet<Diagnostic>>,
}

impl PlanProject {
    /// A project of its own.
    pub fn new(plan: Plan) -> Self {
        Self { plan, errors: RefCell::default() }
    }

    /// The errors that reading values has met so far; each is handed out once.
    pub fn take_errors(&self) -> Vec<Diagnostic> {
        self.errors.take().into_iter().collect()
    }
}

/// What all instances of a block have in common.
pub(super) type Blocks<'p> = HashMap<&'p str, (Arc<Meta>, Arc<Provider>)>;

/// The project that instances of a plan are taken for a part of: the plan itself, or the code beside it.
pub(super) struct Owner<'p> {
    /// The plan.
    pub(super) plan: &'p Plan,
    /// Where to report what cannot be read.
    pub(super) errors: &'p RefCell<IndexSet<Diagnostic>>,
    /// The path of the project.
    pub(super) project: Arc<str>,
    /// The module calls that the instances come from, if there is code beside the plan.
    pub(super) calls: Vec<Span>,
}

impl<'p> Owner<'p> {
    /// An instance that the plan lists, as a resource.
    pub(super) fn resource(self, planned: &'p Planned, blocks: &mut Blocks<'p>) -> Resource<'p> {
        let plan = self.plan;
        let (meta, provider) = blocks
            .entry(&planned.block)
            .or_insert_with(|| (Arc::new(plan.meta(planned)), Arc::new(plan.provider(planned))))
            .clone();
        let call = self.calls.last().copied();
        let site = Site {
            project: Arc::clone(&self.project),
            language: Language::Terraform,
            address: Arc::clone(&planned.address),
            block: Arc::clone(&planned.block),
            kind: Arc::clone(&planned.kind),
            header: call.unwrap_or(planned.header),
            span: call.unwrap_or(planned.span),
            presence: Presence::Certain,
            calls: self.calls.as_slice().into(),
        };
        let attributes = Rc::new(PlannedAttributes { owner: self, planned, trees: OnceCell::new() });
        Resource { site, mode: planned.mode, provider, meta, attributes }
    }
}

impl Project for PlanProject {
    fn path(&self) -> &Arc<str> {
        &self.plan.path
    }

    fn language(&self) -> Language {
        Language::Terraform
    }

    fn resources<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>> {
        let mut blocks = HashMap::new();
        let instances = self.plan.instances.iter().filter(|planned| wanted(&planned.kind));
        let (plan, errors) = (&self.plan, &self.errors);
        let owner = || Owner { plan, errors, project: Arc::clone(&plan.path), calls: Vec::new() };
        instances.map(|planned| owner().resource(planned, &mut blocks)).collect()
    }

    fn visit_drawing_on(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        _sources: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(&Resource<'_>) -> bool,
    ) {
        let (plan, errors) = (&self.plan, &self.errors);
        // Who names a document draws on what that is made of.
        let is_document = |planned: &&Planned| &*planned.kind == "aws_iam_policy_document";
        let all = plan.instances.iter().filter(is_document).any(|planned| plan.may_rest_on_credentials(planned));
        let mut blocks = HashMap::new();
        let instances = plan.instances.iter().filter(|planned| wanted(&planned.kind));
        let mut drawing = instances.filter(|planned| all || plan.may_rest_on_credentials(planned)).map(|planned| {
            Owner { plan, errors, project: Arc::clone(&plan.path), calls: Vec::new() }.resource(planned, &mut blocks)
        });
        drawing.all(|resource| visit(&resource));
    }

    fn blocks(&self, wanted: &dyn Fn(Role) -> bool) -> Vec<Block> {
        self.plan.blocks_of(wanted)
    }

    fn mentions_keys(&self) -> bool {
        self.plan.text.contains(KEY_START)
    }

    fn aside(&self, look: &mut dyn FnMut()) {
        let known = self.errors.borrow().len();
        look();
        self.errors.borrow_mut().truncate(known);
    }

    fn provisioned<'p>(&'p self) -> Vec<Resource<'p>> {
        let mut blocks = HashMap::new();
        let (plan, errors) = (&self.plan, &self.errors);
        let has = |planned: &&Planned| plan.config(planned).is_some_and(|config| config.provisioners.is_some());
        let owner = || Owner { plan, errors, project: Arc::clone(&plan.path), calls: Vec::new() };
        plan.instances.iter().filter(has).map(|planned| owner().resource(planned, &mut blocks)).collect()
    }
}

/// The parsed parts of an instance.
#[derive(Debug, Default)]
pub struct Trees {
    known: Option<Node>,
    unknown: Option<Node>,
    sensitive: Option<Node>,
}

impl Trees {
    /// The names of the attributes that are known, unknown, or known in parts.
    fn names(&self) -> Vec<&str> {
        let known = self.known.as_ref().and_then(Node::as_mapping).unwrap_or_default();
        let seen = by_name(self.known.as_ref());
        let unknown = self.unknown.as_ref().and_then(Node::as_mapping).unwrap_or_default();
        let more = unknown.iter().filter(|(key, _)| key.as_str().is_some_and(|key| !seen.contains_key(key)));
        known.iter().chain(more).filter_map(|(key, _)| key.as_str()).collect()
    }
}

impl Plan {
    /// The values of an instance, parsed.
    ///
    /// # Errors
    /// When they are no JSON, or too much of it.
    pub(super) fn trees(&self, planned: &Planned) -> Result<Trees, Diagnostic> {
        let values = &planned.values;
        let parts = [&values.known, &values.unknown, &values.sensitive];
        let size: usize = parts.iter().filter_map(|part| part.as_ref()).map(|part| part.len()).sum();
        if size > MAX_INSTANCE {
            let message = format!(
                "the values of `{}` have more than {MAX_INSTANCE} bytes; rootlint does not read them",
                planned.address
            );
            return Err(Diagnostic::new("plan-too-large", message, planned.header));
        }
        let parse = |part: &Option<_>| part.as_ref().map(|part| self.parse_or(part)).transpose();
        Ok(Trees {
            known: parse(&values.known)?,
            unknown: parse(&values.unknown)?,
            sensitive: parse(&values.sensitive)?,
        })
    }

    /// An attribute of an instance. One that the plan does not speak of is null.
    pub(super) fn attribute(&self, planned: &Planned, trees: &Trees, name: &str, project: &Arc<str>) -> Value {
        let layer = |node: &Option<Node>| -> Option<Option<Node>> {
            match node {
                // `true` for the whole object holds for each attribute.
                Some(node) if is_true(Some(node)) => Some(Some(node.clone())),
                Some(node) => Some(node.get(name).cloned()),
                None => Some(None),
            }
        };
        let [known, unknown, sensitive] =
            [&trees.known, &trees.unknown, &trees.sensitive].map(|node| layer(node).flatten());
        let layers = Layers { known: known.as_ref(), unknown: unknown.as_ref(), sensitive: sensitive.as_ref() };
        let symbol = Symbol {
            project: Arc::clone(project),
            address: Arc::clone(&planned.address),
            kind: Arc::clone(&planned.kind),
            attribute: name.into(),
        };
        let ty = schema::of(planned.mode, &planned.kind)
            .and_then(|schema| schema.attributes.get(name))
            .map_or(Type::Dynamic, |attribute| attribute.ty.clone());
        let reader = Reader { text: &self.text, name: &symbol, span: planned.header };
        let value = reader.value(layers, &mut String::new(), &ty);
        let value = self.joined(planned, name, value, project);
        self.with_credentials(planned, name, value, project)
    }

    /// The value with the symbol of what its expression mentions, where that is the one thing in it that is not known.
    fn joined(&self, planned: &Planned, name: &str, value: Value, project: &Arc<str>) -> Value {
        let mut count = 0;
        count_unknown(&value, &mut count);
        if count != 1 {
            return value;
        }
        match self.symbol(planned, name, project) {
            Some(symbol) => with_symbol(value, &symbol),
            None => value,
        }
    }

    /// What the block mentions.
    fn meta(&self, planned: &Planned) -> Meta {
        let mut meta = Meta::default();
        let Some(config) = self.config(planned) else { return meta };
        let dot = if planned.module.is_empty() { "" } else { "." };
        let mut add = |argument: &str, name: &str, span: Span| {
            let Some(target) = target(name) else { return };
            let target = Arc::from(format!("{}{dot}{}", planned.module, target.block()));
            let known = |known: &Reference| *known.argument == *argument && known.target == target;
            // A name is listed with all its beginnings.
            if !meta.references.iter().rev().take(8).any(known) {
                meta.references.push(Reference { argument: argument.into(), target, span });
            }
        };
        for (argument, expression) in config.arguments() {
            let mut found = Vec::new();
            references(expression, &mut found);
            found.into_iter().for_each(|(name, span)| add(argument, name, span));
            if argument == "depends_on" {
                let names = expression.as_sequence().unwrap_or_default();
                names.iter().for_each(|name| add(argument, name.as_str().unwrap_or_default(), name.span));
            }
        }
        meta
    }

    /// The provisioners of the block that an instance is of. The configuration in a plan has constants only.
    fn provisioners(&self, planned: &Planned) -> Vec<Provisioner> {
        let listed = self.config(planned).and_then(|config| config.provisioners.as_ref());
        let value = |name: &str, expression: &Node| {
            self.constant(expression).unwrap_or_else(|| {
                let reason =
                    Reason::new(name, "is put together in a way that the plan does not show", Some(expression.span));
                Value::unknown(Type::Dynamic, reason).at(expression.span)
            })
        };
        let provisioner = |node: &Node| {
            let mut arguments = Fields::default();
            for (key, expression) in node.get("expressions").and_then(Node::as_mapping).unwrap_or_default() {
                if let Some(name) = key.as_str() {
                    arguments.insert(name.into(), Some(key.span), value(name, expression));
                }
            }
            Some(Provisioner {
                kind: node.get("type")?.as_str()?.into(),
                header: node.span,
                arguments: Value::object(arguments).at(node.span),
            })
        };
        listed.and_then(Node::as_sequence).unwrap_or_default().iter().filter_map(provisioner).collect()
    }

    /// Where an instance is deployed, as far as the configuration has it as constants or root variables.
    fn provider(&self, planned: &Planned) -> Provider {
        let key = self.config(planned).and_then(|config| config.provider.clone());
        let Some(key) = key else { return Provider::default() };
        let config = self.providers.get(&key);
        let text = |node: &Node| self.constant(node).filter(|value| value.as_str().is_some());
        let expressions = config.and_then(|config| config.get("expressions"));
        let region = expressions.and_then(|all| all.get("region")).and_then(text);
        let role = expressions
            .and_then(|all| all.get("assume_role"))
            .and_then(|role| role.as_sequence().map_or(Some(role), |all| all.first()))
            .and_then(|role| role.get("role_arn"))
            .and_then(text);
        let allowed = expressions.and_then(|all| all.get("allowed_account_ids")).and_then(|ids| self.constant(ids));
        let account = match allowed.as_ref().and_then(Value::elements) {
            Some([only]) => Some(only.clone()),
            _ => role.as_ref().and_then(providers::arn_account),
        };
        let partition = region.as_ref().and_then(providers::region_partition);
        // `module.a:aws.x` is a configuration in a module.
        let name = key.rsplit(':').next().unwrap_or(&key).into();
        Provider { name, region, account, partition, assume_role: role }
    }

    /// The value of an expression that is a constant, or nothing but a variable of the root module.
    pub(super) fn constant(&self, expression: &Node) -> Option<Value> {
        let value = match expression.get("constant_value") {
            Some(value) => value.clone(),
            None => {
                let names = expression.get("references")?.as_sequence()?;
                let [name] = names else { return None };
                self.variable(name.as_str()?.strip_prefix("var.")?)?
            }
        };
        Some(crate::document::from_node(&value, &self.text, crate::document::Scalars::Terraform))
    }
}

fn count_unknown(value: &Value, count: &mut usize) {
    if *count > 1 {
        return;
    }
    match (&value.kind, value.elements(), value.fields()) {
        (Kind::Unknown(_), ..) => *count += 1,
        (_, Some(elements), _) => elements.iter().for_each(|element| count_unknown(element, count)),
        (_, _, Some(fields)) => fields.values().for_each(|field| count_unknown(field, count)),
        _ => {}
    }
}

/// The value with this symbol for each unknown in it.
fn with_symbol(mut value: Value, symbol: &Symbol) -> Value {
    value.kind = match value.kind {
        Kind::Unknown(unknown) => {
            let unknown = Unknown { symbol: Some(symbol.clone()), ..Unknown::clone(&unknown) };
            Kind::Unknown(Arc::new(unknown))
        }
        Kind::Tuple(elements) => {
            Kind::Tuple(Arc::new(elements.iter().map(|element| with_symbol(element.clone(), symbol)).collect()))
        }
        Kind::Object(fields) => {
            let mut joined = Fields::default();
            for (key, field) in fields.fields() {
                joined.insert(Arc::clone(key), field.key_span, with_symbol(field.value.clone(), symbol));
            }
            Kind::Object(Arc::new(joined))
        }
        kind => kind,
    };
    value
}

/// The attributes of an instance, parsed when the first of them is asked for.
struct PlannedAttributes<'p> {
    owner: Owner<'p>,
    planned: &'p Planned,
    trees: OnceCell<Trees>,
}

impl PlannedAttributes<'_> {
    /// The trees; none where they cannot be read, which is an error.
    fn trees(&self) -> Result<&Trees, Value> {
        if let Some(trees) = self.trees.get() {
            return Ok(trees);
        }
        match self.owner.plan.trees(self.planned) {
            Ok(trees) => Ok(self.trees.get_or_init(|| trees)),
            Err(error) => {
                let reason = Reason::new(Arc::clone(&self.planned.address), "cannot be read", Some(error.span));
                self.owner.errors.borrow_mut().insert(error);
                Err(Value::unknown(Type::Dynamic, reason).at(self.planned.header))
            }
        }
    }

    /// A policy document that Terraform makes only when it applies, because it rests on something that is made then: its
    /// statements are in the plan all the same.
    fn late_document(&self, name: &str, value: &Value) -> Option<Value> {
        let plan = self.owner.plan;
        let unknown = value.as_unknown()?;
        let minified = name == "minified_json";
        let own = self.planned.mode == Mode::Data
            && &*self.planned.kind == "aws_iam_policy_document"
            && (minified || name == "json");
        if own {
            let get = |name: &str| self.plain(name);
            let report = |message: String, span: Span| {
                self.owner.errors.borrow_mut().insert(Diagnostic::new("policy-syntax", message, span));
            };
            return Some(policy_document::of_arguments(&get, self.planned.header, minified, &report));
        }
        let symbol = unknown.symbol.as_ref().filter(|_| matches!(value.kind, Kind::Unknown(_)))?;
        if &*symbol.kind != "aws_iam_policy_document" || symbol.address == self.planned.address {
            return None;
        }
        let planned = plan.find(&symbol.address)?;
        let owner = Owner { project: Arc::clone(&self.owner.project), calls: Vec::new(), ..self.owner };
        let other = PlannedAttributes { owner, planned, trees: OnceCell::new() };
        let document = other.late_document(&symbol.attribute, &other.plain(&symbol.attribute))?;
        let via = Via::Attribute(format!("{}.{}", symbol.address, symbol.attribute).into());
        Some(document.via(via, value.origin.span))
    }

    /// An attribute as the plan has it.
    fn plain(&self, name: &str) -> Value {
        match self.trees() {
            Ok(trees) => self.owner.plan.attribute(self.planned, trees, name, &self.owner.project),
            Err(unknown) => unknown,
        }
    }
}

impl Attributes for PlannedAttributes<'_> {
    fn get(&self, name: &str) -> Value {
        let value = self.plain(name);
        let value = self.late_document(name, &value).unwrap_or(value);
        match (self.owner.calls.last(), value.origin.span) {
            // In the code it is the call that makes the value what it is.
            (Some(call), Some(span)) => {
                value.with_origin(Origin::at(*call).then(Via::File(Arc::clone(&self.owner.plan.path)), span))
            }
            _ => value,
        }
    }

    fn all(&self) -> Value {
        let trees = match self.trees() {
            Ok(trees) => trees,
            Err(unknown) => return unknown,
        };
        let mut fields = Fields::default();
        for name in trees.names() {
            fields.insert(name.into(), None, self.get(name));
        }
        Value::object(fields).at(self.planned.header)
    }

    fn written(&self) -> Vec<Arc<str>> {
        let names: BTreeSet<&str> = self.trees().map(Trees::names).unwrap_or_default().into_iter().collect();
        names.into_iter().map(Arc::from).collect()
    }

    fn provisioners(&self) -> Vec<Provisioner> {
        self.owner.plan.provisioners(self.planned)
    }
}

//! A template as a project.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8Path;
use indexmap::IndexMap;

use crate::cloudformation::call::{Argument, RAIN};
use crate::cloudformation::conditions::Truth;
use crate::cloudformation::foreach::Entry;
use crate::cloudformation::imports::Imports;
use crate::cloudformation::include::{self, Beside};
use crate::cloudformation::nested::Place;
use crate::cloudformation::parameters::{self, Given, Parameter, Parameters};
use crate::cloudformation::{dynamic, macros, references, sam, syntax};
use crate::finding::Diagnostic;
use crate::resource::{
    Attributes, Block, KEY_START, Language, Meta, Mode, Presence, Project, Provider, Reference, Resource, Role, Site,
};
use crate::source::{FileId, Span, mentions};
use crate::syntax::node::{Node, NodeKind};
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Symbol, Value};

/// The format version of a template for org-formation, in which more can be referred to than the template declares.
const ORG_FORMATION_VERSION: &str = "2010-09-09-OC";

/// The tool that reads such templates.
pub(super) const ORG_FORMATION: &str = "org-formation";

/// A CloudFormation template, evaluated on demand.
pub struct Template {
    pub(super) place: Place,
    pub(super) source: Arc<str>,
    /// The texts of what it includes.
    included: Vec<(FileId, Arc<str>)>,
    /// The length of all texts.
    pub(super) length: usize,
    pub(super) given: Vec<Given>,
    pub(super) transforms: Vec<Arc<str>>,
    /// Why nothing in the template is certain: a macro that is not one of AWS's own.
    changed: Option<Reason>,
    pub(super) parameters: IndexMap<Arc<str>, Parameter>,
    pub(super) mappings: Option<Node>,
    pub(super) conditions: IndexMap<Arc<str>, Entry>,
    pub(super) resources: IndexMap<Arc<str>, Entry>,
    /// The stacks within it whose templates are at hand.
    pub(super) nested: IndexMap<Arc<str>, Template>,
    /// Whether the stack that it is the template of will exist.
    pub(super) presence: Presence,
    /// Values that [`NodeKind::Hole`] stands for.
    pub(super) holes: Vec<Value>,
    /// Names that a macro gives to resources beside their logical IDs.
    pub(super) aliases: HashMap<Arc<str>, Arc<str>>,
    pub(super) outputs: Vec<Entry>,
    /// Conditions decided; `None` while one is being decided.
    pub(super) decided: RefCell<HashMap<Arc<str>, Option<Truth>>>,
    pub(super) errors: RefCell<Vec<Diagnostic>>,
    notes: RefCell<Vec<Diagnostic>>,
    pub(super) reported: RefCell<HashSet<(&'static str, Span)>>,
    pub(super) depth: Cell<usize>,
    pub(super) steps: Cell<usize>,
    pub(super) imports: RefCell<Imports>,
}

/// An output of a template.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name is written.
    pub header: Span,
    /// Its value.
    pub value: Value,
    /// The name under which other stacks import it.
    pub export: Option<Value>,
    /// Whether it will exist.
    pub presence: Presence,
}

impl Template {
    /// Reads the template in the file at `path`, if there is one in it, with the values given to its parameters. The
    /// second part is what keeps it, or parts of it, from being read. Other files are not read: what they hold is unknown.
    pub fn load(
        path: &Utf8Path,
        text: Arc<str>,
        file: FileId,
        parameters: &Parameters,
    ) -> (Option<Self>, Vec<Diagnostic>) {
        Self::load_at(Place::alone(path), None, path, text, file, parameters)
    }

    /// As [`Self::load`], with the files that it includes.
    pub fn load_beside(
        beside: Beside<'_>,
        path: &Utf8Path,
        text: Arc<str>,
        file: FileId,
        parameters: &Parameters,
    ) -> (Option<Self>, Vec<Diagnostic>) {
        Self::load_at(Place::alone(path), Some(beside), path, text, file, parameters)
    }

    /// As [`Self::load`], for a template that may be part of a larger project.
    pub(super) fn load_at(
        place: Place,
        beside: Option<Beside<'_>>,
        path: &Utf8Path,
        text: Arc<str>,
        file: FileId,
        parameters: &Parameters,
    ) -> (Option<Self>, Vec<Diagnostic>) {
        let (root, mut errors) = syntax::read(path, &text, file);
        let Some(mut root) = root else { return (None, errors) };
        let mut included = Vec::new();
        if let Some(beside) = beside.filter(|_| mentions(&text, macros::INCLUDE)) {
            let folder = path.parent().unwrap_or(Utf8Path::new(""));
            include::expand(&mut root, beside, folder, &mut included, &mut errors);
        }
        errors.extend(syntax::repeated_keys(&root));
        (Some(Self::read(place, text, included, root, parameters, Vec::new())), errors)
    }

    pub(super) fn new(place: Place, text: Arc<str>, root: Node, given: &Parameters, holes: Vec<Value>) -> Self {
        Self::read(place, text, Vec::new(), root, given, holes)
    }

    fn read(
        place: Place,
        text: Arc<str>,
        included: Vec<(FileId, Arc<str>)>,
        root: Node,
        given: &Parameters,
        holes: Vec<Value>,
    ) -> Self {
        let mut template = Self {
            place,
            length: text.len() + included.iter().map(|(_, text)| text.len()).sum::<usize>(),
            source: text,
            included,
            given: given.clone(),
            transforms: Vec::new(),
            changed: None,
            parameters: IndexMap::new(),
            mappings: None,
            conditions: IndexMap::new(),
            resources: IndexMap::new(),
            nested: IndexMap::new(),
            presence: Presence::Certain,
            holes,
            aliases: HashMap::new(),
            outputs: Vec::new(),
            decided: RefCell::default(),
            errors: RefCell::default(),
            notes: RefCell::default(),
            reported: RefCell::default(),
            depth: Cell::default(),
            steps: Cell::default(),
            imports: RefCell::default(),
        };
        let mut sections: HashMap<Arc<str>, Node> = HashMap::new();
        if let NodeKind::Mapping(entries) = root.kind {
            for (key, section) in entries {
                // An empty section is none.
                let empty = section.as_str() == Some("");
                if let Some(name) = key.as_scalar().filter(|_| !empty) {
                    sections.insert(Arc::clone(&name.text), section);
                }
            }
        }
        if let Some(transform) = sections.remove("Transform") {
            let listed = macros::listed(&transform);
            template.changed = listed
                .iter()
                .find(|(name, _)| !macros::is_aws(name))
                .map(|(name, span)| macros::may_change(name, *span));
            template.transforms = listed.into_iter().map(|(name, _)| name).collect();
        }
        // A macro called in a section may add to it.
        for (name, section) in &sections {
            if let Some(call) = section.get(macros::CALL).filter(|_| **name != *"Metadata") {
                template.transforms.push(macros::reason(call, call.span).missing);
            }
        }
        if sections.get("AWSTemplateFormatVersion").and_then(Node::as_str) == Some(ORG_FORMATION_VERSION) {
            template.transforms.push(ORG_FORMATION.into());
        }
        if template.mentions_text(RAIN) || sections.contains_key("Rain") {
            template.transforms.push("Rain".into());
        }
        // Each section may use those before it: a loop needs the list it goes through.
        for entry in template.entries(sections.remove("Parameters"), "Parameters") {
            let parameter = template.parameter(&entry);
            template.parameters.insert(entry.name, parameter);
        }
        template.mappings = sections.remove("Mappings");
        if let Some(mappings) = template.mappings.take_if(|mappings| mappings.as_mapping().is_none()) {
            let message = "the section Mappings is no mapping";
            template.error(Diagnostic::new("cfn-invalid-section", message, mappings.span));
        }
        let by_name = |entries: Vec<Entry>| entries.into_iter().map(|entry| (Arc::clone(&entry.name), entry)).collect();
        template.conditions = by_name(template.entries(sections.remove("Conditions"), "Conditions"));
        template.resources = by_name(template.entries(sections.remove("Resources"), "Resources"));
        template.outputs = template.entries(sections.remove("Outputs"), "Outputs");
        if template.transforms.iter().any(|name| **name == *sam::TRANSFORM) {
            sam::expand(&mut template, sections.remove("Globals"));
        }
        template.check_types();
        if let Some(rules) = sections.remove("Rules") {
            template.check_rules(&rules);
        }
        template
    }

    /// The text of the file that `span` lies in.
    pub(super) fn source_of(&self, span: Span) -> &str {
        let included = self.included.iter().find(|(file, _)| *file == span.file);
        included.map_or(&*self.source, |(_, text)| text)
    }

    /// Whether a word stands in the template, in what it includes or in the stacks within it.
    pub(super) fn mentions_text(&self, word: &str) -> bool {
        mentions(&self.source, word)
            || self.included.iter().any(|(_, text)| mentions(text, word))
            || self.nested.values().any(|nested| nested.mentions_text(word))
    }

    /// Reports resources without type, unless a macro may give it to them, and names that only hide something.
    fn check_types(&mut self) {
        // A module is written as a resource and becomes several.
        let is_module = |entry: &Entry| entry.kind().ends_with("::MODULE");
        self.transforms.extend(self.resources.values().find(|entry| is_module(entry)).map(|entry| entry.kind().into()));
        for entry in self.resources.values().filter(|entry| entry.kind().is_empty() && self.transforms.is_empty()) {
            let message = format!("the resource `{}` has no Type", entry.name);
            self.error(Diagnostic::new("cfn-invalid-resource", message, entry.key));
        }
        for entry in self.resources.values().filter(|entry| entry.name.contains(char::is_control)) {
            let message = "the name of this resource has characters that no name may have";
            self.error(Diagnostic::new("cfn-invalid-resource", message, entry.key));
        }
    }

    /// How many resources will or may exist.
    pub fn count(&self) -> usize {
        let entries = self.resources.values().filter(|entry| !entry.kind().is_empty());
        let own = entries.filter(|entry| self.presence(entry).is_some()).count();
        own + self.nested.values().map(Self::count).sum::<usize>()
    }

    /// The errors that evaluation has met so far, and those of conditions that nothing asked for; each is handed out
    /// once.
    pub fn take_errors(&self) -> Vec<Diagnostic> {
        self.decide_conditions();
        let own = std::mem::take(&mut *self.errors.borrow_mut());
        own.into_iter().chain(self.nested.values().flat_map(Self::take_errors)).collect()
    }

    /// Decides the conditions that nothing has asked for.
    fn decide_conditions(&self) {
        for (name, entry) in &self.conditions {
            // Undecided or not: only what is wrong with it matters.
            let _ = self.condition(name, entry.key);
        }
        self.nested.values().for_each(Self::decide_conditions);
    }

    /// Does something, and forgets the errors that it met.
    fn quietly(&self, compute: &mut dyn FnMut()) {
        let mut open = vec![self];
        let mut known = Vec::new();
        while let Some(template) = open.pop() {
            known.push((template, template.errors.borrow().len()));
            open.extend(template.nested.values());
        }
        compute();
        for (template, count) in known {
            template.errors.borrow_mut().truncate(count);
        }
    }

    /// Says that the whole template exists only if something else does.
    pub fn set_presence(&mut self, presence: Presence) {
        self.presence = presence;
    }

    /// What is worth knowing about the template, no error; each is handed out once.
    pub fn take_notes(&self) -> Vec<Diagnostic> {
        let own = std::mem::take(&mut *self.notes.borrow_mut());
        own.into_iter().chain(self.nested.values().flat_map(Self::take_notes)).collect()
    }

    /// Says something worth knowing.
    pub(super) fn note(&self, note: Diagnostic) {
        self.notes.borrow_mut().push(note);
    }

    /// The resource with a logical ID, or with a name that a macro gave it.
    pub(super) fn declared(&self, name: &str) -> Option<&Entry> {
        self.resources.get(name).or_else(|| self.resources.get(self.aliases.get(name)?))
    }

    /// The macros that the whole template goes through.
    pub fn transforms(&self) -> &[Arc<str>] {
        &self.transforms
    }

    /// Evaluates all that is not evaluated otherwise before it is asked for.
    pub fn evaluate_all(&self) {
        for resource in self.resources(&|_| true) {
            resource.attributes.all();
        }
        self.outputs();
    }

    /// The outputs that will or may exist.
    pub fn outputs(&self) -> Vec<Output> {
        let output = |entry: &Entry| {
            let presence = self.presence(entry)?;
            let value = entry.body.get("Value").and_then(|value| self.evaluate(value, &entry.scope));
            Some(Output {
                name: Arc::clone(&entry.name),
                header: entry.key,
                value: dynamic::resolve(value.unwrap_or_else(Value::null), &self.place.project),
                export: self.export_of(entry),
                presence,
            })
        };
        self.outputs.iter().filter_map(output).collect()
    }

    /// The value of an output.
    pub(super) fn output(&self, name: &str) -> Option<Value> {
        let entry = self.outputs.iter().find(|output| *output.name == *name)?;
        self.presence(entry)?;
        Some(entry.body.get("Value").and_then(|value| self.evaluate(value, &entry.scope)).unwrap_or_else(Value::null))
    }

    /// Whether an entry will exist; `None` if it certainly will not.
    pub(super) fn presence(&self, entry: &Entry) -> Option<Presence> {
        let certain = match entry.uncertain.as_deref().or(self.changed.as_ref()) {
            Some(reason) => Presence::Possible(Reason::clone(reason)),
            None => Presence::Certain,
        };
        let Some(condition) = entry.body.get("Condition") else { return Some(certain) };
        let truth = match self.evaluate_name(condition, &entry.scope) {
            Some(name) => self.condition(&name, condition.span),
            None => Err(Reason::new("Condition", "is not the name of a condition", Some(condition.span))),
        };
        match truth {
            Ok(true) => Some(certain),
            Ok(false) => None,
            Err(reason) => Some(Presence::Possible(reason)),
        }
    }

    /// The address of a resource in the project.
    pub(super) fn address(&self, name: &Arc<str>) -> Arc<str> {
        match &*self.place.prefix {
            "" => Arc::clone(name),
            prefix => format!("{prefix}{name}").into(),
        }
    }

    pub(super) fn resource<'p>(&'p self, entry: &'p Entry, provider: &Arc<Provider>) -> Option<Resource<'p>> {
        let presence = self.presence.and(&self.presence(entry)?);
        let address = self.address(&entry.name);
        let site = Site {
            project: Arc::clone(&self.place.project),
            language: Language::CloudFormation,
            address: Arc::clone(&address),
            block: address,
            kind: entry.kind().into(),
            header: entry.key,
            span: entry.span(),
            presence,
            calls: Arc::clone(&self.place.calls),
        };
        Some(Resource {
            site,
            mode: Mode::Managed,
            provider: Arc::clone(provider),
            meta: Arc::new(Meta { replace_triggered_by: Vec::new(), references: self.mentions(entry) }),
            attributes: Rc::new(Properties { template: self, entry, known: RefCell::default() }),
        })
    }

    /// Shows the resources wanted, those of nested stacks included; whether it came to the end.
    fn visit(&self, wanted: &dyn Fn(&Self, &Entry) -> bool, visit: &mut dyn FnMut(&Resource<'_>) -> bool) -> bool {
        self.wanted(&|entry| wanted(self, entry)).all(|resource| visit(&resource))
            && self.nested.values().all(|nested| nested.visit(wanted, visit))
    }

    /// The template's own resources that are wanted.
    fn wanted<'p>(&'p self, wanted: &dyn Fn(&Entry) -> bool) -> impl Iterator<Item = Resource<'p>> {
        let region = parameters::given(&self.given, "AWS::Region").map(Given::value);
        let region = region.filter(|_| !self.place.elsewhere);
        let provider = Arc::new(Provider { region, ..Provider::default() });
        let entries = self.resources.values().filter(move |entry| !entry.kind().is_empty() && wanted(entry));
        entries.filter_map(move |entry| self.resource(entry, &provider))
    }

    /// The resources that each property mentions, and those in `DependsOn`.
    fn mentions(&self, entry: &Entry) -> Vec<Reference> {
        let mut references = Vec::new();
        let mut add = |argument: &Arc<str>, node: &Node, names: bool| {
            let mut found = Vec::new();
            references::mentioned(node, &mut found);
            if names {
                let single = std::slice::from_ref(node);
                let nodes = node.as_sequence().unwrap_or(single);
                found.extend(nodes.iter().filter_map(|node| Some((self.key(node, &entry.scope)?, node.span))));
            }
            found.retain(|(name, _)| self.resources.contains_key(name));
            let reference = |(target, span)| Reference { argument: Arc::clone(argument), target, span };
            references.extend(found.into_iter().map(reference));
        };
        for (key, value) in entry.body.get("Properties").and_then(Node::as_mapping).unwrap_or_default() {
            if let Some(name) = self.key(key, &entry.scope) {
                add(&name, value, false);
            }
        }
        if let Some(depends) = entry.body.get("DependsOn") {
            add(&"DependsOn".into(), depends, true);
        }
        references
    }
}

impl Project for Template {
    fn path(&self) -> &Arc<str> {
        &self.place.project
    }

    fn language(&self) -> Language {
        Language::CloudFormation
    }

    fn folder(&self) -> Option<String> {
        Some(self.place.folder.to_string())
    }

    fn visit_drawing_on(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        sources: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(&Resource<'_>) -> bool,
    ) {
        let draws = |template: &Self, entry: &Entry| wanted(entry.kind()) && template.may_draw_on(entry, sources);
        self.visit(&draws, visit);
    }

    fn resources<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>> {
        let mut found: Vec<Resource<'p>> = self.wanted(&|entry| wanted(entry.kind())).collect();
        for nested in self.nested.values() {
            found.extend(nested.resources(wanted));
        }
        found
    }

    fn blocks(&self, wanted: &dyn Fn(Role) -> bool) -> Vec<Block> {
        let mut found = Vec::new();
        self.own_blocks(wanted, &mut found);
        found
    }

    fn imports_secret(&self, wanted: &dyn Fn(&Symbol) -> bool) -> bool {
        self.has_imported(wanted)
    }

    fn mentions_keys(&self) -> bool {
        self.mentions_text(KEY_START) || self.given.iter().any(|given| given.value.contains(KEY_START))
    }

    fn aside(&self, look: &mut dyn FnMut()) {
        self.decide_conditions();
        self.quietly(look);
    }
}

impl Template {
    /// The outputs of all stacks, the metadata of resources, what is passed to stacks.
    fn own_blocks(&self, wanted: &dyn Fn(Role) -> bool, found: &mut Vec<Block>) {
        let provider = Arc::new(Provider::default());
        let site = |entry: &Entry| self.resource(entry, &provider).map(|resource| resource.site);
        for output in self.outputs.iter().filter(|_| wanted(Role::Output)) {
            let Some(mut site) = site(output) else { continue };
            site.address = self.address(&format!("Outputs.{}", output.name).into());
            (site.block, site.kind) = (Arc::clone(&site.address), "Output".into());
            let arguments = self.evaluate(&output.body, &output.scope).unwrap_or_else(Value::null);
            found.push(Block { role: Role::Output, site, arguments });
        }
        for entry in self.resources.values().filter(|_| wanted(Role::Metadata)) {
            let Some(metadata) = entry.body.get("Metadata") else { continue };
            let (Some(site), Some(arguments)) = (site(entry), self.evaluate(metadata, &entry.scope)) else { continue };
            found.push(Block { role: Role::Metadata, site, arguments });
        }
        for entry in self.resources.values().filter(|_| wanted(Role::StackParameters)) {
            found.extend(self.passed_in_clear(entry, &provider));
        }
        for nested in self.nested.values() {
            nested.own_blocks(wanted, found);
        }
    }
}

/// The properties of a resource, each evaluated when asked for.
struct Properties<'p> {
    template: &'p Template,
    entry: &'p Entry,
    known: RefCell<BTreeMap<Arc<str>, Value>>,
}

impl Properties<'_> {
    fn evaluate(&self, name: &str) -> Value {
        let Some(node) = self.entry.body.get("Properties") else { return Value::null() };
        let value = match plain(node) {
            // Only this one is evaluated.
            Some(_) => node.get(name).and_then(|value| self.template.evaluate(value, &self.entry.scope)),
            None => {
                let all = self.all();
                match (&all.kind, all.fields()) {
                    (Kind::Unknown(unknown), _) => Some(Value::unknown(Type::Dynamic, unknown.reason.clone())),
                    (_, fields) => fields.and_then(|fields| fields.get(name).cloned()),
                }
            }
        };
        dynamic::resolve(value.unwrap_or_else(Value::null), &self.template.place.project)
    }
}

/// The entries of a mapping whose keys are written as they are.
fn plain(node: &Node) -> Option<&[(Node, Node)]> {
    let made = |key: &Node| key.as_str().is_some_and(|key| key.starts_with("Fn::") || key.contains('{'));
    node.as_mapping().filter(|entries| !entries.iter().any(|(key, _)| made(key)))
}

impl Attributes for Properties<'_> {
    fn get(&self, name: &str) -> Value {
        if let Some(value) = self.known.borrow().get(name) {
            return value.clone();
        }
        let value = self.evaluate(name);
        self.known.borrow_mut().insert(name.into(), value.clone());
        value
    }

    fn all(&self) -> Value {
        let node = self.entry.body.get("Properties").filter(|node| node.as_str() != Some(""));
        let value = node.and_then(|node| self.template.evaluate(node, &self.entry.scope));
        dynamic::resolve(value.unwrap_or_else(|| Value::object(Fields::default())), &self.template.place.project)
    }

    /// The keys alone, where nothing but their values has to be evaluated.
    fn written(&self) -> Vec<Arc<str>> {
        let node = self.entry.body.get("Properties").filter(|node| Argument::new(node).call().is_none());
        match node.and_then(plain) {
            Some(entries) => entries.iter().filter_map(|(key, _)| Some(Arc::clone(&key.as_scalar()?.text))).collect(),
            None => self.all().fields().into_iter().flat_map(|fields| fields.keys().cloned()).collect(),
        }
    }
}

//! Stacks within stacks: `AWS::CloudFormation::Stack` and `StackSet`, and the conformance packs of AWS Config, which are
//! made of templates too, whose template is at hand.
//!
//! A nested stack is part of its parent's project. Its resources are there under the parent's logical ID, a dot and their
//! own; what is passed to its parameters comes with the way it took, and its outputs are read back. Stacks are taken in
//! the order in which they need each other's outputs.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cloudformation::foreach::Entry;
use crate::cloudformation::{Beside, Given, Template, embedded};
use crate::files::{Files, MAX_FILE_BYTES, normalize};
use crate::finding::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::node::Node;
use crate::types::Type;
use crate::value::{Kind, Reason, Value, Via};

/// How deeply stacks may nest.
const MAX_DEPTH: usize = 32;

/// How many stacks one template may come to: a chain of templates that use the next one twice doubles with each.
const MAX_STACKS: usize = 1000;

const STACK: &str = "AWS::CloudFormation::Stack";
const STACK_SET: &str = "AWS::CloudFormation::StackSet";
const PACK: &str = "AWS::Config::ConformancePack";
const ORGANIZATION_PACK: &str = "AWS::Config::OrganizationConformancePack";

/// Where a template stands in the project it is part of.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The project's path.
    pub project: Arc<str>,
    /// The folder that its own paths start from.
    pub folder: Utf8PathBuf,
    /// What comes before its logical IDs.
    pub prefix: Arc<str>,
    /// What is passed to its parameters, and by whom.
    pub passed: HashMap<Arc<str>, Value>,
    /// The resource that it is the template of.
    pub stack: Arc<str>,
    /// The headers of the stacks that lead to it, outermost first.
    pub calls: Arc<[Span]>,
    /// Whether account and region are others than those of the project: a stack set deploys elsewhere.
    pub elsewhere: bool,
}

impl Place {
    /// The place of a template that is a project of its own.
    pub fn alone(path: &Utf8Path) -> Self {
        Self {
            project: path.as_str().into(),
            folder: path.parent().unwrap_or(Utf8Path::new("")).to_owned(),
            prefix: "".into(),
            passed: HashMap::new(),
            stack: "".into(),
            calls: Arc::from([]),
            elsewhere: false,
        }
    }
}

/// Reads nested templates of one project.
struct Nesting<'n> {
    files: &'n dyn Files,
    sources: &'n Sources,
    /// The templates between the project's own and the one being read.
    open: Vec<Utf8PathBuf>,
    read: BTreeSet<Utf8PathBuf>,
    stacks: usize,
    depth: usize,
}

/// The template of a stack.
enum Body {
    File(Utf8PathBuf),
    Written(Value),
    /// Not at hand.
    No,
}

impl Template {
    /// Reads the templates of the stacks that this one is made of, and theirs. The files read.
    pub fn nest(&mut self, files: &dyn Files, sources: &Sources, path: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
        let mut nesting =
            Nesting { files, sources, open: vec![path.to_owned()], read: BTreeSet::new(), stacks: 0, depth: 0 };
        nesting.nest(self);
        nesting.read
    }

    /// The stacks that the properties of a stack mention.
    fn needed<'e>(&'e self, entry: &'e Entry, stacks: &'e [Entry]) -> impl Iterator<Item = usize> + 'e {
        let mut found = Vec::new();
        super::references::mentioned(&entry.body, &mut found);
        found.into_iter().filter_map(|(name, _)| stacks.iter().position(|stack| stack.name == name))
    }

    /// An output of a stack within this one: `Child.Outputs.Name`. `None` where the template is not at hand.
    pub(super) fn nested_output(&self, stack: &str, attribute: &str, span: Span) -> Option<Value> {
        let nested = self.nested.get(stack)?;
        let name = attribute.strip_prefix("Outputs.")?;
        if !self.enter(span) {
            return Some(Value::unknown(Type::Dynamic, Reason::new(stack, "is nested too deeply", Some(span))));
        }
        let value = nested.output(name);
        self.leave();
        Some(match value {
            Some(value) => value.via(Via::Output(stack.into(), name.into()), Some(span)),
            None => {
                let message = format!("the template of `{stack}` has no output `{name}`");
                self.fail("cfn-undefined-reference", stack, message, span)
            }
        })
    }
}

impl Nesting<'_> {
    fn nest(&mut self, template: &mut Template) {
        let is_stack = |entry: &&Entry| matches!(entry.kind(), STACK | STACK_SET | PACK | ORGANIZATION_PACK);
        let stacks: Vec<Entry> = template.resources.values().filter(is_stack).cloned().collect();
        let mut done = vec![false; stacks.len()];
        // A stack, and whether those it needs have been visited.
        let mut open: Vec<(usize, bool)> = (0..stacks.len()).rev().map(|index| (index, false)).collect();
        while let Some((index, ready)) = open.pop() {
            let (Some(stack), Some(state)) = (stacks.get(index), done.get_mut(index)) else { continue };
            if ready {
                self.stack(template, stack);
            } else if !*state {
                *state = true;
                open.push((index, true));
                let needed = template.needed(stack, &stacks).filter(|other| *other != index);
                open.extend(needed.map(|other| (other, false)).collect::<Vec<_>>());
            }
        }
    }

    fn beside(&self) -> Beside<'_> {
        Beside { files: self.files, sources: self.sources }
    }

    /// Reads the template of one stack.
    fn stack(&mut self, template: &mut Template, entry: &Entry) {
        if template.presence(entry).is_none() {
            return;
        }
        let loaded = match self.body(template, entry) {
            Body::No => return,
            Body::File(path) => self.file(template, entry, path),
            Body::Written(value) => self.written(template, entry, &value),
        };
        if let Some(nested) = loaded {
            template.nested.insert(Arc::clone(&entry.name), nested);
        }
    }

    /// Where the template of a stack is.
    fn body(&self, template: &Template, entry: &Entry) -> Body {
        let Some(properties) = entry.body.get("Properties") else { return Body::No };
        if let Some(body) = properties.get("TemplateBody") {
            let value = template.evaluate(body, &entry.scope);
            return value.map_or(Body::No, Body::Written);
        }
        // What `cdk synth` writes: the asset that the address will lead to.
        let metadata = entry.body.get("Metadata");
        let asset = metadata.and_then(|metadata| {
            let property = metadata.get("aws:asset:property").and_then(Node::as_str);
            metadata.get("aws:asset:path").filter(|_| property == Some("TemplateURL"))
        });
        let Some(node) = asset.or_else(|| properties.get("TemplateURL")).or_else(|| properties.get("TemplateS3Uri"))
        else {
            return Body::No;
        };
        let value = template.evaluate(node, &entry.scope).unwrap_or_else(Value::null);
        let note = |why: &str| {
            let message = format!("the template of `{}` {why}: what it creates is not known", entry.name);
            template.note(Diagnostic::new("template-not-found", message, node.span));
            Body::No
        };
        let Some(path) = value.as_str() else {
            return match value.as_unknown() {
                Some(unknown) => note(&format!("is not known ({})", unknown.reason)),
                None => note("is no file of this repository"),
            };
        };
        if path.contains("://") || path.starts_with('/') {
            return note("is no file of this repository");
        }
        match normalize(&template.place.folder.join(&*path)) {
            None => note("leads outside the scanned folder"),
            Some(path) if !self.files.is_file(&path) => note("is not on disk"),
            Some(path) => Body::File(path),
        }
    }

    fn file(&mut self, template: &Template, entry: &Entry, path: Utf8PathBuf) -> Option<Template> {
        if self.open.contains(&path) {
            let message = format!("the template of `{}` is used within itself", entry.name);
            template.error(Diagnostic::new("cfn-stack-cycle", message, entry.key));
            return None;
        }
        let file = self.sources.file(&path);
        let start = Span::start_of(file);
        let text = match self.files.read(&path, MAX_FILE_BYTES) {
            Ok(bytes) => String::from_utf8(bytes).ok(),
            Err(error) => {
                template.error(Diagnostic::new("file-unreadable", format!("{path} {error}"), start));
                return None;
            }
        };
        self.read.insert(path.clone());
        let Some(text) = text else {
            template.error(Diagnostic::new("not-utf8", "this template is not UTF-8 text", start));
            return None;
        };
        let mut place = self.place(template, entry);
        place.folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let (loaded, errors) =
            Template::load_at(place, Some(self.beside()), &path, text.into(), file, &template.passed_on());
        let none = loaded.is_none() && errors.is_empty();
        errors.into_iter().for_each(|error| template.error(error));
        if none {
            let message = format!("{path} is no template: what `{}` creates is not known", entry.name);
            template.note(Diagnostic::new("template-not-found", message, entry.key));
        }
        self.within(template, entry, loaded?, Some(path))
    }

    /// A template written in the stack set itself.
    fn written(&mut self, template: &Template, entry: &Entry, value: &Value) -> Option<Template> {
        let place = self.place(template, entry);
        match embedded::load(place, value, Arc::clone(&template.source), &template.passed_on()) {
            Ok((loaded, errors)) => {
                errors.into_iter().for_each(|error| template.error(error));
                self.within(template, entry, loaded, None)
            }
            Err(error) => {
                match error {
                    embedded::Failure::Error(error) => template.error(error),
                    embedded::Failure::Unknown(reason) => {
                        let message = format!("what `{}` creates is not known: {reason}", entry.name);
                        template.note(Diagnostic::new("template-not-found", message, entry.key));
                    }
                }
                None
            }
        }
    }

    /// Reads the stacks within a nested template.
    fn within(
        &mut self,
        outer: &Template,
        entry: &Entry,
        mut template: Template,
        path: Option<Utf8PathBuf>,
    ) -> Option<Template> {
        self.stacks += 1;
        if self.stacks > MAX_STACKS || self.depth >= MAX_DEPTH {
            let message = "stacks nest too deeply, or there are too many of them";
            outer.error(Diagnostic::new("cfn-too-deep", message, entry.key));
            return None;
        }
        template.presence = outer.presence.and(&outer.presence(entry)?);
        let opened = path.is_some();
        self.open.extend(path);
        self.depth += 1;
        self.nest(&mut template);
        self.depth -= 1;
        if opened {
            self.open.pop();
        }
        Some(template)
    }

    /// Where a nested template stands, and what is passed to it.
    fn place(&self, template: &Template, entry: &Entry) -> Place {
        let outer = &template.place;
        let name: Arc<str> = format!("{}{}", outer.prefix, entry.name).into();
        let properties = entry.body.get("Properties");
        let mut passed = HashMap::new();
        let parameters = properties.and_then(|properties| {
            let of_pack = || properties.get("ConformancePackInputParameters");
            properties.get("Parameters").or_else(of_pack)
        });
        let value = parameters.and_then(|parameters| template.evaluate(parameters, &entry.scope));
        if let Some(value) = value {
            // A stack set has a list of keys and values.
            for element in value.elements().unwrap_or_default() {
                let fields = element.fields();
                let key = ["ParameterKey", "ParameterName"].into_iter().find_map(|name| fields?.get(name)?.as_str());
                let value = fields.and_then(|fields| fields.get("ParameterValue"));
                if let (Some(key), Some(value)) = (key, value) {
                    passed.insert(Arc::from(&*key), value.clone());
                }
            }
            for (name, value) in value.fields().into_iter().flat_map(|fields| fields.iter()) {
                passed.insert(Arc::clone(name), value.clone());
            }
            if let Kind::Unknown(unknown) = &value.kind {
                passed
                    .insert("*".into(), Value::unknown_from(unknown, Type::Dynamic).with_origin(value.origin.clone()));
            }
        }
        Place {
            project: Arc::clone(&outer.project),
            folder: outer.folder.clone(),
            prefix: format!("{name}.").into(),
            passed,
            stack: name,
            calls: outer.calls.iter().copied().chain([entry.key]).collect(),
            elsewhere: outer.elsewhere || matches!(entry.kind(), STACK_SET | ORGANIZATION_PACK),
        }
    }
}

impl Template {
    /// The values given for the whole run that hold in nested stacks too: pseudo parameters of the same deployment.
    fn passed_on(&self) -> Vec<Given> {
        let same = |given: &&Given| given.name.starts_with("AWS::") && !given.name.starts_with("AWS::Stack");
        self.given.iter().filter(same).cloned().collect()
    }

    /// What the stack around this template passes to a parameter.
    pub(super) fn passed(&self, name: &str) -> Option<(Value, Via)> {
        let value = self.place.passed.get(name).or_else(|| self.place.passed.get("*"))?;
        Some((value.clone(), Via::ModuleInput(Arc::clone(&self.place.stack), name.into())))
    }
}

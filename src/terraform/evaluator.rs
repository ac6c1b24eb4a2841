//! Evaluates a root module and the modules it calls, on demand: nothing is computed that nobody asks for, nothing twice.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use camino::Utf8PathBuf;
use foldhash::fast::RandomState;

use indexmap::IndexSet;

use super::config::{Module, ResourceId};
use super::graph::Graph;
use super::inputs::Inputs;
use super::instance::{Expansion, InstanceKey};
use super::memo::{Recent, Slot};
use super::others::OtherProjects;
use super::plan::{Plan, Trees};
use super::providers::{Part, ProviderConfig};
use super::schema;
use crate::files::Files;
use crate::finding::Diagnostic;
use crate::resource::Presence;
use crate::source::{Sources, Span};
use crate::syntax::hcl::{Block, Expr};
use crate::types::Type;
use crate::value::{Reason, Value, Via};

/// How deep the evaluation of one value may go: references into references into expressions. Each level costs a few
/// kilobytes of stack; see [`crate::scan::STACK_BYTES`].
pub const MAX_DEPTH: usize = 4_000;

/// How many expressions one project may evaluate. Real projects stay far below; a project made to be slow ends here.
pub const MAX_STEPS: u64 = 60_000_000;

/// How many parts of values are remembered at least: with their names they take up to a kilobyte each.
const MAX_REMEMBERED: usize = 40_000;

/// The longest string that an expression may build, in bytes.
pub const MAX_TEXT: usize = 16 << 20;

/// How many instances the blocks of one project may have in all.
pub const MAX_ALL_INSTANCES: usize = 60_000;

/// How the message about a cycle among values ends.
pub(super) const DEPENDS_ON_ITSELF: &str = "depends on itself";

/// Why an expression has no value, as Terraform would report it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Whether Terraform finds it before it evaluates anything, so that `try` and `can` do not catch it: a name that is
    /// not declared, a limit of ours.
    pub is_static: bool,
}

/// The value of an expression, or what is wrong with it.
pub type Evaluated<T = Value> = Result<T, Box<EvalError>>;

/// The largest value that an expression may build, counted with everything in it.
pub const MAX_SIZE: usize = 300_000;

/// An error at `span`.
pub fn fail<T>(message: impl Into<String>, span: Span) -> Evaluated<T> {
    Err(Box::new(EvalError { message: message.into(), span, is_static: false }))
}

/// An error at `span` that `try` does not catch.
pub fn fail_always<T>(message: impl Into<String>, span: Span) -> Evaluated<T> {
    Err(Box::new(EvalError { message: message.into(), span, is_static: true }))
}

/// A module instance of the tree, by its place in [`Evaluator::instances`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModuleId(pub usize);

/// One instance of a module: the root, or an instance of a call.
#[derive(Debug)]
pub struct ModuleInstance {
    /// What the folder declares.
    pub module: Arc<Module>,
    /// Its address, empty for the root: `module.a["x"].module.b`.
    pub address: Arc<str>,
    /// The calling instance, the call's name, and what `each` and `count` are in the call's arguments.
    pub caller: Option<(ModuleId, Arc<str>, Repetition)>,
    /// Whether it will exist.
    pub presence: Presence,
    /// Headers of the calls that lead here, outermost first.
    pub calls: Arc<[Span]>,
    /// `path.module`.
    pub path: Utf8PathBuf,
    /// Its key in `.terraform/modules/modules.json`: `a.b`.
    pub manifest_key: String,
    /// How many calls lead here.
    pub depth: usize,
}

impl ModuleInstance {
    /// The root module's instance.
    fn root(module: Arc<Module>) -> Self {
        Self {
            module,
            address: Arc::from(""),
            caller: None,
            presence: Presence::Certain,
            calls: Arc::from([]),
            path: ".".into(),
            manifest_key: String::new(),
            depth: 0,
        }
    }
}

/// What `each` and `count` mean in a block.
#[derive(Clone, Debug, Default)]
pub enum Repetition {
    /// Nothing.
    #[default]
    None,
    /// `count.index`
    Count(Value),
    /// `each.key` and `each.value`
    Each(Value, Value),
    /// One of the two, but the instances are not known.
    Unknown(Reason),
}

/// What has been asked for, by name.
type Memo<K, T> = RefCell<HashMap<K, Slot<T>, RandomState>>;

/// A value and how a reference to it is described.
#[derive(Clone, Debug)]
pub struct Named {
    /// The value, with the place it is written as origin.
    pub value: Value,
    /// What a reference looks through.
    pub via: Via,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Variable(ModuleId, Arc<str>),
    Local(ModuleId, Arc<str>),
    Output(ModuleId, Arc<str>),
    Attribute(ModuleId, ResourceId, InstanceKey, Arc<str>),
    Alike(ModuleId, ResourceId, Arc<str>),
    Provider(ProviderConfig, Part),
}

/// Instances of a module call, each with its key.
pub type Children = Rc<Vec<(InstanceKey, ModuleId)>>;

/// Reads modules and evaluates them.
pub struct Evaluator<'a> {
    /// The files of the scan.
    pub files: &'a dyn Files,
    /// The names of files met.
    pub sources: &'a Sources,
    /// The root module's folder.
    pub project: Arc<str>,
    /// Values given to root variables.
    pub inputs: Inputs,
    /// A plan made from this root module.
    pub plan: Option<Plan>,
    /// The values of the instance of the plan that was asked for last.
    pub(super) last_planned: RefCell<Option<(Arc<str>, Rc<Trees>)>>,
    loader: &'a dyn ModuleLoader,
    others: Option<Weak<dyn OtherProjects + 'a>>,
    instances: RefCell<Vec<Rc<ModuleInstance>>>,
    pub(super) memo: RefCell<Recent<Key, Named>>,
    /// Which arguments are the same in all instances of their block.
    pub(super) alike: RefCell<HashMap<*const Expr, bool>>,
    /// Variables whose conditions have been looked at.
    validated: RefCell<HashSet<(ModuleId, Arc<str>)>>,
    expansions: Memo<(ModuleId, ResourceId), Rc<Expansion>>,
    children: Memo<(ModuleId, Arc<str>), Children>,
    /// Module calls that have no instances because of an error, and which.
    failed: RefCell<HashMap<(ModuleId, Arc<str>), String>>,
    deferred: Memo<(ModuleId, ResourceId, InstanceKey), Option<bool>>,
    depth: Cell<usize>,
    steps: Cell<u64>,
    /// How many bytes functions may still read from files and keep.
    pub(super) left_to_read: Cell<u64>,
    expanded: Cell<usize>,
    pub(super) errors: RefCell<IndexSet<Diagnostic>>,
    /// Keys of instances, as addresses have them, that are made from values not to be shown.
    pub(crate) hidden_keys: RefCell<BTreeSet<String>>,
    notes: RefCell<IndexSet<Diagnostic>>,
    /// What depends on what among these module instances.
    pub(super) graph: RefCell<Option<(Vec<ModuleId>, Rc<Graph>)>>,
}

/// Loads a module folder, perhaps shared with other projects.
pub trait ModuleLoader {
    /// The module in a folder; `None` if there is none.
    fn load(&self, folder: &camino::Utf8Path) -> Option<Arc<Module>>;
}

/// The root module's instance.
pub const ROOT: ModuleId = ModuleId(0);

impl std::fmt::Debug for Evaluator<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Evaluator({})", self.project)
    }
}

impl<'a> Evaluator<'a> {
    /// An evaluator of the root module `module`.
    pub fn new(
        files: &'a dyn Files,
        sources: &'a Sources,
        loader: &'a dyn ModuleLoader,
        module: Arc<Module>,
        inputs: Inputs,
    ) -> Self {
        let folder = module.folder.as_str();
        let project = Arc::from(if folder.is_empty() { "." } else { folder });
        let root = ModuleInstance::root(module);
        Self {
            files,
            sources,
            project,
            inputs,
            plan: None,
            last_planned: RefCell::default(),
            loader,
            others: None,
            instances: RefCell::new(vec![Rc::new(root)]),
            memo: RefCell::new(Recent::new(MAX_REMEMBERED)),
            alike: RefCell::default(),
            validated: RefCell::default(),
            expansions: RefCell::default(),
            children: RefCell::default(),
            failed: RefCell::default(),
            deferred: RefCell::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
            left_to_read: Cell::new(super::functions::MAX_BYTES),
            expanded: Cell::new(0),
            errors: RefCell::default(),
            hidden_keys: RefCell::default(),
            notes: RefCell::default(),
            graph: RefCell::default(),
        }
    }

    /// With other projects to ask, for as long as they are there.
    #[must_use]
    pub fn beside(self, others: Weak<dyn OtherProjects + 'a>) -> Self {
        Self { others: Some(others), ..self }
    }

    /// The other projects of the scan.
    pub(super) fn others(&self) -> Option<Rc<dyn OtherProjects + 'a>> {
        self.others.as_ref()?.upgrade()
    }

    /// How deep the evaluation is right now.
    pub(super) fn depth(&self) -> usize {
        self.depth.get()
    }

    /// Computes something for another project that is itself `depth` deep in an evaluation: they share one stack.
    pub fn at_depth<T>(&self, depth: usize, compute: impl FnOnce() -> T) -> T {
        let own = self.depth.replace(depth);
        let result = compute();
        self.depth.set(own);
        result
    }

    /// A module instance.
    pub fn instance(&self, id: ModuleId) -> Rc<ModuleInstance> {
        let instances = self.instances.borrow();
        match instances.get(id.0).or_else(|| instances.first()) {
            Some(instance) => Rc::clone(instance),
            // Unreachable: ids are only made by `add_instance`, and the root is always there.
            None => Rc::new(ModuleInstance::root(Arc::default())),
        }
    }

    pub(super) fn add_instance(&self, instance: ModuleInstance) -> ModuleId {
        let mut instances = self.instances.borrow_mut();
        instances.push(Rc::new(instance));
        ModuleId(instances.len() - 1)
    }

    /// How many module instances there are.
    pub(super) fn instance_count(&self) -> usize {
        self.instances.borrow().len()
    }

    /// Loads a module folder.
    pub(super) fn load(&self, folder: &camino::Utf8Path) -> Option<Arc<Module>> {
        self.loader.load(folder)
    }

    /// Records an error, once.
    pub fn error(&self, code: &'static str, message: impl Into<String>, span: Span) {
        self.errors.borrow_mut().insert(Diagnostic::new(code, message, span));
    }

    /// Records a note, once.
    pub fn note(&self, code: &'static str, message: impl Into<String>, span: Span) {
        self.notes.borrow_mut().insert(Diagnostic::new(code, message, span));
    }

    /// Computes something without recording what is wrong with it.
    pub(super) fn quietly<T>(&self, compute: impl FnOnce() -> T) -> T {
        let known = (self.errors.borrow().len(), self.notes.borrow().len());
        let computed = compute();
        self.errors.borrow_mut().truncate(known.0);
        self.notes.borrow_mut().truncate(known.1);
        computed
    }

    /// Errors recorded so far.
    pub fn errors(&self) -> Ref<'_, IndexSet<Diagnostic>> {
        self.errors.borrow()
    }

    /// Notes recorded so far.
    pub fn notes(&self) -> Ref<'_, IndexSet<Diagnostic>> {
        self.notes.borrow()
    }

    /// Goes one level deeper for the time of `compute`; `span` is blamed if that is too deep.
    pub(super) fn deeper<T>(&self, span: Span, compute: impl FnOnce() -> Evaluated<T>) -> Evaluated<T> {
        let (depth, steps) = (self.depth.get(), self.steps.get());
        if depth >= MAX_DEPTH {
            return fail_always(
                format!("this value rests on more than {MAX_DEPTH} others, one on the other; rootlint stops here"),
                span,
            );
        }
        if steps >= MAX_STEPS {
            return fail_always(format!("more than {MAX_STEPS} expressions in one project; rootlint stops here"), span);
        }
        self.depth.set(depth + 1);
        self.steps.set(steps + 1);
        let result = compute();
        self.depth.set(depth);
        result
    }

    /// The value, unless it is too large to be walked through. Walking counts as work.
    pub(super) fn bounded(&self, value: Value, span: Span) -> Evaluated {
        let size = value.size_up_to(MAX_SIZE);
        self.steps.set(self.steps.get() + size as u64 / 16);
        if size >= MAX_SIZE {
            return fail_always(format!("this value has more than {MAX_SIZE} parts; rootlint stops here"), span);
        }
        Ok(value)
    }

    /// Computes a named value, once for all who ask for it one soon after the other. An error in it is reported once, and it is unknown from then on.
    fn remember(
        &self,
        key: Key,
        name: &dyn Fn() -> String,
        span: Span,
        compute: impl FnOnce() -> Evaluated<Named>,
    ) -> Evaluated<Named> {
        let known = self.memo.borrow_mut().get(&key);
        match known {
            Some(Slot::Done(named)) => return Ok(named),
            Some(Slot::Busy) => return fail(format!("`{}` {DEPENDS_ON_ITSELF}", name()), span),
            None => {}
        }
        self.memo.borrow_mut().begin(key.clone());
        let named = self.deeper(span, compute).unwrap_or_else(|error| {
            self.error("terraform-evaluation", error.message, error.span);
            let reason = Reason::new(name(), "has an error", Some(span));
            Named { value: Value::unknown(Type::Dynamic, reason).at(span), via: Via::Element }
        });
        let size = named.value.own_size();
        self.memo.borrow_mut().done(key, named.clone(), size);
        Ok(named)
    }

    /// The value of a variable in a module instance.
    pub(super) fn variable(&self, id: ModuleId, name: &Arc<str>, span: Span) -> Evaluated<Named> {
        if !self.instance(id).module.variables.contains_key(name) {
            return fail_always(format!("there is no variable `{name}` in this module"), span);
        }
        let key = Key::Variable(id, Arc::clone(name));
        let named = self.remember(key, &|| format!("var.{name}"), span, || self.compute_variable(id, name, span))?;
        if self.validated.borrow_mut().insert((id, Arc::clone(name))) {
            // Its conditions refer to the variable itself, whose value is there by now.
            self.validate_variable(id, name, &named.value);
        }
        Ok(named)
    }

    /// A local value.
    pub(super) fn local(&self, id: ModuleId, name: &Arc<str>, span: Span) -> Evaluated<Named> {
        if !self.instance(id).module.locals.contains_key(name) {
            return fail_always(format!("there is no local value `{name}` in this module"), span);
        }
        let key = Key::Local(id, Arc::clone(name));
        self.remember(key, &|| format!("local.{name}"), span, || self.compute_local(id, name, span))
    }

    /// An output of a module instance.
    pub fn output(&self, id: ModuleId, name: &Arc<str>, span: Span) -> Evaluated<Named> {
        let key = Key::Output(id, Arc::clone(name));
        self.remember(key, &|| format!("output.{name}"), span, || self.compute_output(id, name, span))
    }

    /// An attribute of a resource instance.
    pub(super) fn attribute(
        &self,
        id: ModuleId,
        resource: &ResourceId,
        instance: &InstanceKey,
        name: &Arc<str>,
        span: Span,
    ) -> Evaluated<Named> {
        // The schema of Terraform's own resource is known to its end; that of a provider may be newer than ours.
        let schema = schema::of(resource.mode, &resource.kind).filter(|_| &*resource.kind == "terraform_data");
        if schema.is_some_and(|schema| !schema.attributes.contains_key(name)) {
            return fail_always(format!("`{resource}` has no attribute `{name}`"), span);
        }
        let key = Key::Attribute(id, resource.clone(), instance.clone(), Arc::clone(name));
        let shown = || format!("{resource}{instance}.{name}");
        self.remember(key, &shown, span, || self.compute_attribute(id, resource, instance, name))
    }

    /// An output that a data source takes from another project's state.
    pub(super) fn remember_output(
        &self,
        id: ModuleId,
        resource: &ResourceId,
        instance: &InstanceKey,
        name: &str,
        span: Span,
        compute: impl FnOnce() -> Evaluated<Named>,
    ) -> Evaluated<Named> {
        let attribute: Arc<str> = Arc::from(format!("outputs.{name}"));
        let shown = format!("{resource}{instance}.{attribute}");
        let key = Key::Attribute(id, resource.clone(), instance.clone(), attribute);
        self.remember(key, &|| shown.clone(), span, compute)
    }

    /// What a provider configuration says.
    pub(super) fn remember_provider(
        &self,
        config: &ProviderConfig,
        part: Part,
        span: Span,
        compute: impl FnOnce() -> Evaluated<Named>,
    ) -> Evaluated<Named> {
        let name = || format!("the provider configuration {}", config.name);
        self.remember(Key::Provider(config.clone(), part), &name, span, compute)
    }

    /// Whether a data source is read only when Terraform applies; errors are left to whoever asks for its arguments.
    pub(super) fn deferred(
        &self,
        id: ModuleId,
        resource: &ResourceId,
        instance: &InstanceKey,
        compute: impl FnOnce() -> Evaluated<Option<bool>>,
    ) -> Option<Option<bool>> {
        let key = (id, resource.clone(), instance.clone());
        match self.deferred.borrow().get(&key) {
            Some(Slot::Done(answer)) => return Some(*answer),
            Some(Slot::Busy) => return None,
            None => {}
        }
        self.deferred.borrow_mut().insert(key.clone(), Slot::Busy);
        let answer = compute().unwrap_or(None);
        self.deferred.borrow_mut().insert(key, Slot::Done(answer));
        Some(answer)
    }

    /// The instances of a resource block.
    pub(super) fn expansion(&self, id: ModuleId, resource: &ResourceId, span: Span) -> Evaluated<Rc<Expansion>> {
        let key = (id, resource.clone());
        match self.expansions.borrow().get(&key) {
            Some(Slot::Done(expansion)) => return Ok(Rc::clone(expansion)),
            Some(Slot::Busy) => {
                return fail(format!("the number of instances of `{resource}` {DEPENDS_ON_ITSELF}"), span);
            }
            None => {}
        }
        self.expansions.borrow_mut().insert(key.clone(), Slot::Busy);
        let instance = self.instance(id);
        let expansion = match instance.module.resources.get(resource) {
            Some(block) => self.deeper(block.header, || self.counted(id, block)).unwrap_or_else(|error| {
                self.error("terraform-evaluation", error.message, error.span);
                Expansion::Unknown(Reason::new(
                    resource.to_string(),
                    "has an error in `count` or `for_each`",
                    Some(error.span),
                ))
            }),
            None => Expansion::None,
        };
        let expansion = self.planned_expansion(&self.address(id, resource, &InstanceKey::None), false, expansion, span);
        let expansion = Rc::new(expansion);
        self.expansions.borrow_mut().insert(key, Slot::Done(Rc::clone(&expansion)));
        Ok(expansion)
    }

    /// The instances of a resource block, unless that makes too many in the project.
    fn counted(&self, id: ModuleId, block: &Block) -> Evaluated<Expansion> {
        let expansion = self.expand(id, block)?;
        let all = self.expanded.get() + expansion.len();
        if all > MAX_ALL_INSTANCES {
            let message =
                format!("more than {MAX_ALL_INSTANCES} resource instances in one project; rootlint stops here");
            return fail(message, block.header);
        }
        self.expanded.set(all);
        Ok(expansion)
    }

    /// The instances of a module call; empty if its source is not on disk (which is noted).
    pub(super) fn children(&self, id: ModuleId, call: &Arc<str>, span: Span) -> Evaluated<Children> {
        let key = (id, Arc::clone(call));
        match self.children.borrow().get(&key) {
            Some(Slot::Done(children)) => return Ok(Rc::clone(children)),
            Some(Slot::Busy) => {
                return fail(format!("the number of instances of `module.{call}` {DEPENDS_ON_ITSELF}"), span);
            }
            None => {}
        }
        self.children.borrow_mut().insert(key.clone(), Slot::Busy);
        let children = self.deeper(span, || self.compute_children(id, call)).unwrap_or_else(|error| {
            self.failed.borrow_mut().insert(key.clone(), error.message.clone());
            self.error("terraform-evaluation", error.message, error.span);
            Vec::new()
        });
        let children = Rc::new(children);
        self.children.borrow_mut().insert(key, Slot::Done(Rc::clone(&children)));
        Ok(children)
    }

    /// What is the matter with a call that has no instances though it should: the rest of a sentence about it.
    pub(super) fn why_missing(&self, id: ModuleId, call: &Arc<str>) -> Cow<'static, str> {
        match self.failed.borrow().get(&(id, Arc::clone(call))) {
            Some(message) => match message.strip_prefix(&format!("`module.{call}` ")) {
                Some(rest) => rest.to_owned().into(),
                None => "has an error".into(),
            },
            None => "is not on disk".into(),
        }
    }

    /// All module instances: the root, then each call's, in the order of the source.
    pub fn all_instances(&self) -> Vec<ModuleId> {
        let mut all = Vec::new();
        let mut open = vec![ROOT];
        while let Some(id) = open.pop() {
            all.push(id);
            let instance = self.instance(id);
            let mut inner = Vec::new();
            for (name, block) in &instance.module.calls {
                match self.children(id, name, block.header) {
                    Ok(children) => inner.extend(children.iter().map(|(_, child)| *child)),
                    Err(error) => self.error("terraform-evaluation", error.message, error.span),
                }
            }
            open.extend(inner.into_iter().rev());
        }
        all
    }
}

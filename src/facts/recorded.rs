//! What a project's facts rest on: its resources with just the attributes that were asked for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::aws::{self, Facts, Settings};
use crate::finding::Findings;
use crate::resource::{Attributes, Meta, Mode, ModuleCall, Project, Provider, Provisioner, Resource, Site, Texts};
use crate::value::Value;

use super::states::Told;

/// A resource, or a module that is not on disk, and what was asked of it.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) site: Site,
    pub(super) mode: Mode,
    pub(super) provider: Arc<Provider>,
    pub(super) meta: Arc<Meta>,
    /// Of a module: where it comes from, and which version.
    pub(super) module: Option<(Arc<str>, Value)>,
    pub(super) attributes: BTreeMap<String, Value>,
}

/// What the facts of a project rest on.
#[derive(Debug)]
pub struct Record {
    pub(super) resources: Vec<Recorded>,
    pub(super) told: Option<Told>,
}

/// Remembers what is asked.
struct Asked<'p> {
    inner: Rc<dyn Attributes + 'p>,
    answers: RefCell<BTreeMap<String, Value>>,
    is_over: Rc<Cell<bool>>,
}

impl<'p> Asked<'p> {
    fn of(inner: &Rc<dyn Attributes + 'p>, is_over: &Rc<Cell<bool>>) -> Rc<Self> {
        Rc::new(Self { inner: Rc::clone(inner), answers: RefCell::default(), is_over: Rc::clone(is_over) })
    }
}

impl Attributes for Asked<'_> {
    fn get(&self, name: &str) -> Value {
        let value = self.inner.get(name);
        if !self.is_over.get() {
            self.answers.borrow_mut().entry(name.to_owned()).or_insert_with(|| value.clone());
        }
        value
    }

    fn all(&self) -> Value {
        self.inner.all()
    }

    fn written(&self) -> Vec<Arc<str>> {
        self.inner.written()
    }

    fn provisioners(&self) -> Vec<Provisioner> {
        self.inner.provisioners()
    }
}

/// Reads a project as a check does, and remembers what that rests on.
pub fn record(project: &dyn Project, texts: &dyn Texts, settings: &Settings, out: &mut Findings) -> (Facts, Record) {
    let is_over = Rc::new(Cell::new(false));
    let (mut resources, mut modules) = aws::parts(project, settings);
    let (mut asked, mut inputs) = (Vec::new(), Vec::new());
    for resource in &mut resources {
        let watched = Asked::of(&resource.attributes, &is_over);
        asked.push(Rc::clone(&watched));
        resource.attributes = watched;
    }
    for call in &mut modules {
        let watched = Asked::of(&call.inputs, &is_over);
        inputs.push(Rc::clone(&watched));
        call.inputs = watched;
    }
    let facts = aws::declared(project.path(), project.language(), &resources, &modules, out);
    is_over.set(true);
    let mut recorded: Vec<Recorded> = Vec::new();
    for (resource, asked) in resources.iter().zip(asked) {
        if matters(resource, &facts) {
            recorded.push(of_resource(resource, asked.answers.take()));
        }
    }
    recorded.extend(modules.iter().zip(inputs).map(|(call, asked)| of_module(call, asked.answers.take())));
    let told = Told::of(project);
    (aws::with_programs(facts, project, &resources, texts, out), Record { resources: recorded, told })
}

/// Whether what the project declares may rest on a resource.
fn matters(resource: &Resource<'_>, facts: &Facts) -> bool {
    let kind = resource.kind();
    aws::access_key::wanted(kind)
        || (aws::organization::wanted(kind) && !facts.organization.is_silent())
        || (aws::rotation::wanted(kind) && !facts.rotation.is_empty())
        || (aws::monitoring::wanted(kind) && !facts.monitoring.is_silent())
}

fn of_resource(resource: &Resource<'_>, attributes: BTreeMap<String, Value>) -> Recorded {
    Recorded {
        site: resource.site.clone(),
        mode: resource.mode,
        provider: Arc::clone(&resource.provider),
        meta: Arc::clone(&resource.meta),
        module: None,
        attributes: discreet(attributes),
    }
}

fn of_module(call: &ModuleCall<'_>, attributes: BTreeMap<String, Value>) -> Recorded {
    Recorded {
        site: call.site.clone(),
        mode: Mode::Managed,
        provider: Arc::clone(&call.provider),
        meta: Arc::default(),
        module: Some((Arc::clone(&call.source), call.version.clone())),
        attributes,
    }
}

/// Attributes that hold what others put there: the values in them may be secrets that nobody has marked.
const ENTRUSTED: [&str; 8] =
    ["environment", "Environment", "secret_string", "SecretString", "user_data", "UserData", "value", "Value"];

/// The same attributes, without words that may be secrets.
fn discreet(mut attributes: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    for name in ENTRUSTED {
        if let Some(value) = attributes.get_mut(name) {
            *value = withheld(value);
        }
    }
    attributes
}

/// The value with all of its strings unknown that say more than yes or no.
fn withheld(value: &Value) -> Value {
    use crate::types::Type;
    use crate::value::{Fields, Kind, Reason};
    let kind = match &value.kind {
        Kind::Text(text) => match text.as_str() {
            Some(known) if matches!(&*known.to_ascii_lowercase(), "" | "0" | "1" | "true" | "false" | "yes" | "no") => {
                return value.clone();
            }
            None if text.sole_unknown().is_some() => return value.clone(),
            _ => {
                let reason = Reason::new("a value", "may be a secret, and facts hold none", None);
                return Value::unknown(Type::Text, reason).with_origin(value.origin.clone());
            }
        },
        Kind::Tuple(all) => Kind::Tuple(Arc::new(all.iter().map(withheld).collect())),
        Kind::List(ty, all) => Kind::List(ty.clone(), Arc::new(all.iter().map(withheld).collect())),
        Kind::Set(ty, all) => Kind::Set(ty.clone(), Arc::new(all.iter().map(withheld).collect())),
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let mut own = Fields::default();
            for (key, field) in fields.fields() {
                own.insert(Arc::clone(key), field.key_span, withheld(&field.value));
            }
            if let Some(rest) = fields.open() {
                own.set_open(Arc::clone(rest));
            }
            match &value.kind {
                Kind::Map(ty, _) => Kind::Map(ty.clone(), Arc::new(own)),
                _ => Kind::Object(Arc::new(own)),
            }
        }
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::Unknown(_) => return value.clone(),
    };
    Value { kind, ..value.clone() }
}

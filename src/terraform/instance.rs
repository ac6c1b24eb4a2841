//! Instances of resource blocks and module calls: `count`, `for_each`.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::evaluator::{Evaluated, Evaluator, ModuleId, Repetition, fail};
use super::expression::index_value;
use super::operators;
use super::reference::matches_key;
use super::scope::Scope;
use crate::convert::convert;
use crate::source::Span;
use crate::syntax::hcl::{Block, Expr};
use crate::types::Type;
use crate::value::{Kind, Marks, Reason, Value, Via};

/// How many instances one block may have.
pub const MAX_INSTANCES: usize = 30_000;

/// How many instances whose keys are not all known are told apart.
const MAX_PENDING: usize = 1_000;

/// Which instance of a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceKey {
    /// The block is not repeated.
    None,
    /// `[0]`
    Index(usize),
    /// `["key"]`
    Key(Arc<str>),
    /// `[*]`: one of a known number, whose key is only known after apply; which of those, in the order of the set.
    Pending(usize),
    /// `[*]`: it is repeated in a way that is not known.
    Unknown,
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) => write!(f, "[\"{}\"]", escape(key)),
            Self::Pending(_) | Self::Unknown => f.write_str("[*]"),
        }
    }
}

/// A key as Terraform writes it in an address.
fn escape(key: &str) -> String {
    let mut escaped = String::with_capacity(key.len());
    for c in key.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if c.is_control() => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped.replace("${", "$${").replace("%{", "%%{")
}

/// The instances of a block.
#[derive(Clone, Debug)]
pub enum Expansion {
    /// One, without a key.
    Single,
    /// `count`
    Count(usize, Via, Span),
    /// `for_each`: key and value of each.
    Each(Rc<Vec<(Arc<str>, Value, Value)>>),
    /// `for_each` over a set some of whose elements are only known after apply: each has an instance all the same.
    Pending(Rc<Vec<(InstanceKey, Value)>>, Reason),
    /// How many there are is not known.
    Unknown(Reason),
    /// None.
    None,
}

impl Expansion {
    /// The keys of the instances, in Terraform's order.
    pub fn keys(&self) -> Vec<InstanceKey> {
        match self {
            Self::Single => vec![InstanceKey::None],
            Self::Count(count, ..) => (0..*count).map(InstanceKey::Index).collect(),
            Self::Each(elements) => elements.iter().map(|(key, ..)| InstanceKey::Key(Arc::clone(key))).collect(),
            Self::Pending(elements, _) => elements.iter().map(|(key, _)| key.clone()).collect(),
            Self::Unknown(_) => vec![InstanceKey::Unknown],
            Self::None => Vec::new(),
        }
    }

    /// How many there are, as far as known.
    pub fn len(&self) -> usize {
        match self {
            Self::Single | Self::Unknown(_) => 1,
            Self::Count(count, ..) => *count,
            Self::Each(elements) => elements.len(),
            Self::Pending(elements, _) => elements.len(),
            Self::None => 0,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The instance that an index expression names, if there is one.
    pub fn find(&self, key: &Value) -> Option<InstanceKey> {
        match self {
            Self::Count(count, ..) => {
                let index = convert(key, &Type::Number).ok()?.as_number()?.as_usize()?;
                (index < *count).then_some(InstanceKey::Index(index))
            }
            Self::Each(elements) => {
                let name = convert(key, &Type::Text).ok()?;
                let name = name.as_str()?;
                let index = elements.binary_search_by(|(key, ..)| (**key).cmp(&*name)).ok()?;
                elements.get(index).map(|(key, ..)| InstanceKey::Key(Arc::clone(key)))
            }
            Self::Pending(elements, _) => {
                let named = |one: &&(InstanceKey, Value)| matches_key(&one.0, key);
                elements.iter().find(named).map(|(key, _)| key.clone())
            }
            Self::Single | Self::Unknown(_) | Self::None => None,
        }
    }

    /// What `each` and `count` are in an instance.
    pub fn repetition(&self, key: &InstanceKey) -> Repetition {
        match (self, key) {
            (Self::Count(_, via, span), InstanceKey::Index(index)) => {
                Repetition::Count(index_value(*index).at(*span).via(via.clone(), Some(*span)))
            }
            (Self::Each(elements), InstanceKey::Key(name)) => elements
                .binary_search_by(|(key, ..)| key.cmp(name))
                .ok()
                .and_then(|index| elements.get(index))
                .map_or(Repetition::None, |(_, key, value)| Repetition::Each(key.clone(), value.clone())),
            (Self::Pending(elements, reason), _) => match elements.iter().find(|(one, _)| one == key) {
                Some((_, value)) => {
                    let via = |what: &str| value.clone().via(Via::Repetition(what.into()), value.origin.span);
                    Repetition::Each(via("each.key"), via("each.value"))
                }
                None => Repetition::Unknown(reason.clone()),
            },
            (Self::Unknown(reason), _) => Repetition::Unknown(reason.clone()),
            _ => Repetition::None,
        }
    }

    /// Why the number of instances is not known.
    pub fn unknown(&self) -> Option<&Reason> {
        match self {
            Self::Unknown(reason) => Some(reason),
            _ => None,
        }
    }
}

impl Evaluator<'_> {
    /// Evaluates `count` or `for_each` of a block of module instance `id`.
    pub(super) fn expand(&self, id: ModuleId, block: &Block) -> Evaluated<Expansion> {
        let scope = Scope::of(id);
        if let Some(for_each) = block.body.attribute("for_each")
            && block.body.attribute("count").is_some()
        {
            return fail("a block has `count` or `for_each`, not both", for_each.name.span);
        }
        if let Some(count) = block.body.attribute("count") {
            return self.expand_count(&count.value, &scope);
        }
        if let Some(for_each) = block.body.attribute("for_each") {
            return self.expand_for_each(&for_each.value, &scope);
        }
        // OpenTofu: `enabled` in a lifecycle block.
        let enabled = block.body.blocks_of("lifecycle").find_map(|lifecycle| lifecycle.body.attribute("enabled"));
        if let Some(enabled) = enabled {
            let value = self.eval(&enabled.value, &scope)?;
            if let Some(unknown) = value.as_unknown() {
                return Ok(Expansion::Unknown(unknown.reason.clone()));
            }
            return Ok(match convert(&value, &Type::Bool).ok().and_then(|value| value.as_bool()) {
                Some(false) => Expansion::None,
                _ => Expansion::Single,
            });
        }
        Ok(Expansion::Single)
    }

    fn expand_count(&self, expr: &Expr, scope: &Scope<'_>) -> Evaluated<Expansion> {
        let value = self.eval(expr, scope)?;
        if let Some(unknown) = value.as_unknown() {
            return Ok(Expansion::Unknown(unknown.reason.clone()));
        }
        let number = convert(&value, &Type::Number).ok();
        let Some(number) = number.as_ref().and_then(Value::as_number) else {
            return fail("`count` must be a whole number", expr.span);
        };
        let shown = if value.marks.is_hidden() { "(sensitive)".to_owned() } else { number.to_string() };
        match number.as_usize() {
            Some(0) => Ok(Expansion::None),
            Some(count) if count <= MAX_INSTANCES => {
                Ok(Expansion::Count(count, Via::Repetition("count.index".into()), expr.span))
            }
            Some(_) => fail(format!("`count` is {shown}; rootlint stops at {MAX_INSTANCES} instances"), expr.span),
            None => fail(format!("`count` must be a whole number that is not negative, not {shown}"), expr.span),
        }
    }

    fn expand_for_each(&self, expr: &Expr, scope: &Scope<'_>) -> Evaluated<Expansion> {
        let value = self.eval(expr, scope)?;
        if value.marks.contains(Marks::SENSITIVE) {
            return fail("`for_each` is sensitive, and would show in the instances' addresses", expr.span);
        }
        if let Some(unknown) = value.as_unknown() {
            return Ok(Expansion::Unknown(unknown.reason.clone()));
        }
        match &value.kind {
            Kind::Set(_, elements) => {
                if let Some(unknown) = elements.iter().find_map(Value::as_unknown) {
                    return Ok(pending(elements, unknown.reason.clone(), expr.span));
                }
            }
            Kind::Object(fields) => {
                if let Some(rest) = fields.open() {
                    return Ok(Expansion::Unknown(rest.reason.clone()));
                }
            }
            Kind::Map(..) => {}
            Kind::Null(_) => return fail("`for_each` is null", expr.span),
            Kind::Tuple(_) | Kind::List(..) => {
                return fail("`for_each` must be a map or a set of strings, not a list; use toset()", expr.span);
            }
            _ => {
                return fail(
                    format!("`for_each` must be a map or a set of strings, not {}", value.ty().friendly_name()),
                    expr.span,
                );
            }
        }
        let is_set = matches!(value.kind, Kind::Set(..));
        let mut elements: Vec<(Arc<str>, Value, Value)> = Vec::new();
        for (key, element) in operators::elements(&value, expr.span)? {
            let Some(name) = key.as_str().map(|name| Arc::<str>::from(&*name)) else {
                return fail("the elements of a set given to `for_each` must be strings", expr.span);
            };
            let via = |value: Value, what: &str| {
                let span = value.origin.span;
                match span {
                    Some(_) => value.via(Via::Repetition(what.into()), span),
                    None => value.at(expr.span),
                }
            };
            if key.marks.union(value.marks).is_hidden() {
                self.hidden_keys.borrow_mut().insert(InstanceKey::Key(Arc::clone(&name)).to_string());
            }
            let element = if is_set { key.clone() } else { element };
            // The keys of an object have no marks of their own.
            let (key, element) = (key.mark(value.marks), element.mark(value.marks));
            elements.push((name, via(key, "each.key"), via(element, "each.value")));
        }
        if elements.is_empty() {
            return Ok(Expansion::None);
        }
        if elements.len() > MAX_INSTANCES {
            return fail(format!("more than {MAX_INSTANCES} instances"), expr.span);
        }
        elements.sort_by(|a, b| a.0.cmp(&b.0));
        elements.dedup_by(|a, b| a.0 == b.0);
        Ok(Expansion::Each(Rc::new(elements)))
    }
}

/// The instances for the elements of a set, of which some are not known. Elements that may be null or many things at
/// once (no symbol says what they are) say nothing about how many there are.
fn pending(elements: &[Value], reason: Reason, span: Span) -> Expansion {
    let mut instances = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let key = match element.as_str() {
            Some(name) => InstanceKey::Key(Arc::from(&*name)),
            None if element.symbol().is_some() => InstanceKey::Pending(index),
            None => return Expansion::Unknown(reason),
        };
        let element = element.clone();
        instances.push((key, if element.origin.span.is_some() { element } else { element.at(span) }));
    }
    if instances.len() > MAX_PENDING {
        Expansion::Unknown(reason)
    } else {
        Expansion::Pending(Rc::new(instances), reason)
    }
}

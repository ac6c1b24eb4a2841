//! Values that know where they were written, what of them is unknown and why.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use crate::number::Number;
use crate::source::Span;
use crate::text::Text;
use crate::types::Type;

mod among;
mod hidden;
mod marks;
mod origin;

pub use marks::{Credential, Marks};
pub use origin::{Hop, Origin, Via};

/// A value of a configuration: what it is, where it came from, how it may be shown.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Where it is used and the way it took to get there.
    pub origin: Origin,
    /// Whether it may be shown.
    pub marks: Marks,
}

/// What a value is. Collections are shared, not copied.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A null, of a type as far as that is known.
    Null(Type),
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, perhaps with unknown parts.
    Text(Text),
    /// A sequence whose elements each have their own type.
    Tuple(Arc<Vec<Value>>),
    /// Named attributes, each with its own type.
    Object(Arc<Fields>),
    /// `list(T)`
    List(Type, Arc<Vec<Value>>),
    /// `set(T)`: without duplicates, in the order in which Terraform prints it. A set with an unknown element keeps
    /// it as an element: its length is then unknown.
    Set(Type, Arc<Vec<Value>>),
    /// `map(T)`
    Map(Type, Arc<Fields>),
    /// Nothing is known but perhaps the type.
    Unknown(Arc<Unknown>),
}

/// The attributes of an object or the elements of a map, in Terraform's order (by key), with the spans of their keys.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    entries: BTreeMap<Arc<str>, Field>,
    repeated: Vec<(Arc<str>, Option<Span>)>,
    /// What an attribute that is not listed is: an unknown like this one. See [`Fields::open`].
    open: Option<Arc<Unknown>>,
}

/// One attribute or element.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where the key is written.
    pub key_span: Option<Span>,
    /// Its value.
    pub value: Value,
}

impl Fields {
    /// Sets a key; the last value of a repeated key counts, and the repetition is remembered.
    pub fn insert(&mut self, key: Arc<str>, key_span: Option<Span>, value: Value) {
        match self.entries.entry(key) {
            Entry::Vacant(place) => {
                place.insert(Field { key_span, value });
            }
            Entry::Occupied(mut place) => {
                self.repeated.push((Arc::clone(place.key()), key_span));
                place.insert(Field { key_span, value });
            }
        }
    }

    /// Sets a key on purpose a second time (merging): nothing is remembered as repeated.
    pub fn replace(&mut self, key: Arc<str>, key_span: Option<Span>, value: Value) {
        self.entries.insert(key, Field { key_span, value });
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|field| &field.value)
    }

    /// The value of a key with the span of the key.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.entries.get(key)
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<Field> {
        self.entries.remove(key)
    }

    /// Keys that were written more than once in one literal, with the span of each later writing.
    pub fn repeated(&self) -> &[(Arc<str>, Option<Span>)] {
        &self.repeated
    }

    /// Says that more attributes exist than those listed: a resource whose schema is not known. Each is an unknown
    /// like `rest`, whose symbol gets the attribute's name.
    pub fn set_open(&mut self, rest: Arc<Unknown>) {
        self.open = Some(rest);
    }

    /// What an attribute that is not listed is, where the listing is not complete.
    pub fn open(&self) -> Option<&Arc<Unknown>> {
        self.open.as_ref()
    }

    /// Keys and values in order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter().map(|(key, field)| (key, &field.value))
    }

    /// Keys and fields in order of the keys.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Field)> {
        self.entries.iter()
    }

    /// The values in order of the keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.values().map(|field| &field.value)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.entries.keys()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<(Arc<str>, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(fields: I) -> Self {
        let entries = fields.into_iter().map(|(key, value)| (key, Field { key_span: None, value })).collect();
        Self { entries, repeated: Vec::new(), open: None }
    }
}

/// A value that cannot be known before deployment, or that rootlint does not compute.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Its type, as far as known.
    pub ty: Type,
    /// Whether it is certainly not null.
    pub not_null: bool,
    /// What it is the value of, for joins in the AWS layer.
    pub symbol: Option<Symbol>,
    /// The values of which it is certainly one: those that a parameter allows, both branches of an undecided choice.
    /// See [`Value::alternatives`].
    pub among: Option<Arc<[Value]>>,
    /// Why it is unknown.
    pub reason: Reason,
}

/// Why a value is unknown, for the reader: "`var.scp_json` has no value".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// What is missing, as the configuration names it: `var.scp_json`.
    pub missing: Arc<str>,
    /// What is the matter with it, as the rest of a sentence that starts with its name: `has no value`.
    pub why: Cow<'static, str>,
    /// Where it is declared.
    pub span: Option<Span>,
}

impl Reason {
    /// A reason: `missing` `why`.
    pub fn new(missing: impl Into<Arc<str>>, why: impl Into<Cow<'static, str>>, span: Option<Span>) -> Self {
        Self { missing: missing.into(), why: why.into(), span }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.missing, self.why)
    }
}

/// An absolute name of an attribute of one resource instance. Equal symbols are equal values; different symbols are
/// never known to differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol {
    /// The project's path.
    pub project: Arc<str>,
    /// The instance's address (`module.a["x"].aws_iam_user.u[0]`) or logical ID, all keys known.
    pub address: Arc<str>,
    /// The resource's type.
    pub kind: Arc<str>,
    /// The attribute (`id`, `roots[0].id`), CloudFormation's `GetAtt` name, or `Ref`.
    pub attribute: Arc<str>,
}

impl Symbol {
    /// The symbol of a part: `suffix` is `.id` or `[0]`.
    #[must_use]
    pub fn part(&self, suffix: &str) -> Self {
        let attribute = format!("{}{suffix}", self.attribute);
        Self { attribute: Arc::from(attribute.trim_start_matches('.')), ..self.clone() }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.address, self.attribute)
    }
}

impl Value {
    /// A value without origin.
    pub fn new(kind: Kind) -> Self {
        Self { kind, origin: Origin::default(), marks: Marks::NONE }
    }

    /// A string without origin.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::new(Kind::Text(Text::from(text.as_ref())))
    }

    /// A truth value.
    pub fn bool(value: bool) -> Self {
        Self::new(Kind::Bool(value))
    }

    /// A number.
    pub fn number(value: impl Into<Number>) -> Self {
        Self::new(Kind::Number(value.into()))
    }

    /// A null of unknown type.
    pub fn null() -> Self {
        Self::new(Kind::Null(Type::Dynamic))
    }

    /// A tuple.
    pub fn tuple(elements: Vec<Value>) -> Self {
        Self::new(Kind::Tuple(Arc::new(elements)))
    }

    /// An object.
    pub fn object(fields: Fields) -> Self {
        Self::new(Kind::Object(Arc::new(fields)))
    }

    /// An unknown of type `ty` that may be null.
    pub fn unknown(ty: Type, reason: Reason) -> Self {
        Self::new(Kind::Unknown(Arc::new(Unknown { ty, not_null: false, symbol: None, among: None, reason })))
    }

    /// An unknown like `other`, of another type: what an operation on `other` gives. No symbol survives.
    pub fn unknown_from(other: &Unknown, ty: Type) -> Self {
        let unknown = Unknown { ty, not_null: true, symbol: None, among: None, reason: other.reason.clone() };
        Self::new(Kind::Unknown(Arc::new(unknown)))
    }

    /// An unknown like `other`, of another type, that may be null.
    pub fn unknown_from_nullable(other: &Unknown, ty: Type) -> Self {
        let unknown = Unknown { ty, not_null: false, symbol: None, among: None, reason: other.reason.clone() };
        Self::new(Kind::Unknown(Arc::new(unknown)))
    }

    /// The same value, written at `span`.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.origin = Origin::at(span);
        self
    }

    /// The same value with this origin.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// The same value with these marks added.
    #[must_use]
    pub fn mark(mut self, marks: &Marks) -> Self {
        self.marks.add(marks);
        self
    }

    /// The same value seen from `span`, having looked through `what`.
    #[must_use]
    pub fn via(mut self, what: Via, span: Option<Span>) -> Self {
        self.origin = self.origin.via(what, span);
        self
    }

    /// The value's type.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Null(ty) => ty.clone(),
            Kind::Bool(_) => Type::Bool,
            Kind::Number(_) => Type::Number,
            Kind::Text(_) => Type::Text,
            Kind::Tuple(elements) => Type::tuple(elements.iter().map(Value::ty)),
            Kind::Object(fields) => Type::object(fields.iter().map(|(name, value)| (Arc::clone(name), value.ty()))),
            Kind::List(ty, _) => Type::list(ty.clone()),
            Kind::Set(ty, _) => Type::set(ty.clone()),
            Kind::Map(ty, _) => Type::map(ty.clone()),
            Kind::Unknown(unknown) => unknown.ty.clone(),
        }
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null(_))
    }

    /// Why the value itself is unknown (its elements may be unknown all the same). A string with an unknown part is.
    pub fn as_unknown(&self) -> Option<Arc<Unknown>> {
        match &self.kind {
            Kind::Unknown(unknown) => Some(Arc::clone(unknown)),
            Kind::Text(text) => text.unknown_part(),
            _ => None,
        }
    }

    /// Whether nothing in the value is unknown, at any depth.
    pub fn is_wholly_known(&self) -> bool {
        self.first_unknown().is_none()
    }

    /// The first unknown in the value, at any depth.
    pub fn first_unknown(&self) -> Option<Arc<Unknown>> {
        match &self.kind {
            Kind::Unknown(_) | Kind::Text(_) => self.as_unknown(),
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                elements.iter().find_map(Value::first_unknown)
            }
            Kind::Object(fields) | Kind::Map(_, fields) => fields.values().find_map(Value::first_unknown),
            Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => None,
        }
    }

    /// The string, if the value is one and wholly known.
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        match &self.kind {
            Kind::Text(text) => text.as_str(),
            _ => None,
        }
    }

    /// The string, perhaps with unknown parts.
    pub fn as_text(&self) -> Option<&Text> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if the value is a known one.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if the value is a known one.
    pub fn as_number(&self) -> Option<&Number> {
        match &self.kind {
            Kind::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The elements of a tuple, list or set.
    pub fn elements(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => Some(elements),
            _ => None,
        }
    }

    /// The fields of an object or map.
    pub fn fields(&self) -> Option<&Fields> {
        match &self.kind {
            Kind::Object(fields) | Kind::Map(_, fields) => Some(fields),
            _ => None,
        }
    }

    /// How many values there are in it, itself included, counted up to `limit`: collections are shared, so a value that
    /// takes little memory may still be too large to walk through.
    pub fn size_up_to(&self, limit: usize) -> usize {
        let mut open = vec![self];
        let mut size = 0;
        while let Some(value) = open.pop() {
            size += 1;
            if size >= limit {
                return size;
            }
            match &value.kind {
                Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                    open.extend(elements.iter())
                }
                Kind::Object(fields) | Kind::Map(_, fields) => open.extend(fields.values()),
                _ => {}
            }
        }
        size
    }

    /// How many parts it has that it shares with no other value, itself included: those that go with it. A long string
    /// counts as several.
    pub fn own_size(&self) -> usize {
        let mut open = vec![self];
        let mut size = 0;
        while let Some(value) = open.pop() {
            size += 1;
            match &value.kind {
                Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                    if Arc::strong_count(elements) == 1 {
                        open.extend(elements.iter());
                    }
                }
                Kind::Object(fields) | Kind::Map(_, fields) => {
                    if Arc::strong_count(fields) == 1 {
                        open.extend(fields.values());
                    }
                }
                Kind::Text(text) => {
                    let (pieces, encoded) = text.own_pieces();
                    size += pieces;
                    open.extend(encoded);
                }
                Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::Unknown(_) => {}
            }
        }
        size
    }

    /// All marks in the value, at any depth.
    pub fn deep_marks(&self) -> Marks {
        let mut marks = Marks::NONE;
        self.add_marks(&mut marks);
        marks
    }

    fn add_marks(&self, marks: &mut Marks) {
        marks.add(&self.marks);
        match &self.kind {
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                elements.iter().for_each(|value| value.add_marks(marks));
            }
            Kind::Object(fields) | Kind::Map(_, fields) => fields.values().for_each(|value| value.add_marks(marks)),
            _ => {}
        }
    }

    /// The symbol, if the value is an unknown that has one (or a string that consists of just one such unknown).
    pub fn symbol(&self) -> Option<Symbol> {
        match &self.kind {
            Kind::Unknown(unknown) => unknown.symbol.clone(),
            Kind::Text(text) => text.sole_unknown().and_then(|unknown| unknown.symbol.clone()),
            _ => None,
        }
    }
}

//! Which resource a value means, and where in a resource a value stands.

use std::sync::Arc;

use crate::resource::{Resource, Site};
use crate::text::{Piece, Text, Tri};
use crate::value::{Kind, Reason, Symbol, Value};

/// The value at a path of attribute names. A single nested block is looked through, a missing step gives null, and what
/// is inside an unknown is that unknown.
pub fn at(resource: &Resource<'_>, path: &[&str]) -> Value {
    let Some((first, rest)) = path.split_first() else { return Value::null() };
    inside(&given(resource, first), rest)
}

/// The value at a path inside a value; see [`at`].
pub fn inside(value: &Value, path: &[&str]) -> Value {
    let value = match value.elements() {
        Some(elements) => elements.first().cloned().unwrap_or_else(Value::null),
        None => value.clone(),
    };
    let Some((first, rest)) = path.split_first() else { return value };
    match &value.kind {
        Kind::Unknown(_) => value,
        _ => match value.fields().and_then(|fields| fields.get(first)) {
            Some(field) if rest.is_empty() => field.clone(),
            Some(field) => inside(field, rest),
            None => Value::null(),
        },
    }
}

/// The elements of a list, or the value as its own only element; nothing for null.
pub fn each(value: &Value) -> Vec<Value> {
    match value.elements() {
        Some(elements) => elements.to_vec(),
        None if value.is_null() => Vec::new(),
        None => vec![value.clone()],
    }
}

/// Whole numbers, also those written as strings.
pub fn number(value: &Value) -> Option<i64> {
    match value.as_number() {
        Some(number) => number.as_i64(),
        None => value.as_str()?.trim().parse().ok(),
    }
}

/// Truth values, also those written as strings.
pub fn truth(value: &Value) -> Option<bool> {
    match value.as_bool() {
        Some(known) => Some(known),
        None => match &*value.as_str()?.to_ascii_lowercase() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
    }
}

/// Whether the argument `argument` of `from`, whose value is `value`, means the resource at `site`: by a symbol, by the
/// name or an ARN that ends in it, or because the argument mentions the resource.
pub fn means(from: &Resource<'_>, argument: &str, value: &Value, site: &Site, name: &Value) -> bool {
    let symbol = |symbol: &Symbol| symbol.project == site.project && symbol.address == site.address;
    let mentions = |known: &crate::resource::Reference| {
        known.target == site.block && known.argument.split('.').next() == Some(argument)
    };
    symbols(value).iter().any(symbol) || is_called(value, name) || {
        value.as_unknown().is_some() && from.meta.references.iter().any(mentions)
    }
}

/// Whether a value is a name, or an ARN that ends in it.
pub fn is_called(value: &Value, name: &Value) -> bool {
    let (Some(text), Some(name)) = (value.as_text(), name.as_str()) else { return false };
    let ends = |mark: &str| text.ends_with_ignore_case(&format!("{mark}{name}")) == Tri::Yes;
    !name.is_empty() && (text.equals_ignore_case(&name) == Tri::Yes || ends("/") || ends(":"))
}

/// The symbols anywhere in a value.
pub fn symbols(value: &Value) -> Vec<Symbol> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Symbol>) {
    match &value.kind {
        Kind::Unknown(unknown) => found.extend(unknown.symbol.clone()),
        Kind::Text(text) => {
            for piece in text.pieces() {
                match piece {
                    Piece::Literal(_) => {}
                    Piece::Unknown(unknown) => found.extend(unknown.symbol.clone()),
                    Piece::Encoded(encoded) => collect(&encoded.value, found),
                }
            }
        }
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            elements.iter().for_each(|element| collect(element, found));
        }
        Kind::Object(fields) | Kind::Map(_, fields) => fields.values().for_each(|field| collect(field, found)),
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => {}
    }
}

/// The value of an attribute as the configuration gives it: null where AWS fills it in.
pub fn given(resource: &Resource<'_>, attribute: &str) -> Value {
    let value = resource.get(attribute);
    match value.symbol() {
        Some(own) if own.project == resource.site.project && own.address == resource.site.address => Value::null(),
        _ => value,
    }
}

/// A field of a value: null where there is none, the unknown inside an unknown.
pub fn given_in(value: &Value, name: &str) -> Value {
    match value.fields().and_then(|fields| fields.get(name)) {
        Some(field) => field.clone(),
        None if value.as_unknown().is_some() => value.clone(),
        None => Value::null(),
    }
}

/// An argument that says which resource is meant, kept when its own resource is gone.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its value.
    pub value: Value,
    project: Arc<str>,
    /// The blocks that the argument mentions.
    mentions: Vec<Arc<str>>,
}

impl Link {
    /// The value of an argument.
    pub fn of(resource: &Resource<'_>, argument: &str) -> Self {
        Self::with(resource, argument, given(resource, argument))
    }

    /// A value that an argument holds.
    pub fn with(resource: &Resource<'_>, argument: &str, value: Value) -> Self {
        let own = |known: &&crate::resource::Reference| known.argument.split('.').next() == Some(argument);
        let mentions = resource.meta.references.iter().filter(own).map(|known| Arc::clone(&known.target)).collect();
        Self { value, project: Arc::clone(&resource.site.project), mentions }
    }

    /// Whether it means the resource at `site` with this name: by a symbol, by the name or an ARN that ends in it, by the
    /// same unknown, or because the argument mentions the resource and no other.
    pub fn means(&self, site: &Site, name: &Value) -> Tri {
        let own = symbols(&self.value);
        if own.iter().any(|symbol| symbol.project == site.project && symbol.address == site.address)
            || is_called(&self.value, name)
        {
            return Tri::Yes;
        }
        let near = self.project == site.project;
        if near && same_unknown(&self.value, name) {
            return Tri::Yes;
        }
        if self.value.as_unknown().is_none() {
            // A literal may be the name of what has an unknown one.
            return if name.as_unknown().is_some() { could_be(&self.value, name) } else { Tri::No };
        }
        if !own.is_empty() {
            return Tri::No;
        }
        match (near && self.mentions.contains(&site.block), self.mentions.len()) {
            (true, 1) => Tri::Yes,
            (true, _) => Tri::Maybe,
            (false, _) => could_be(&self.value, name),
        }
    }

    /// A value of which only the project is known.
    pub fn of_project(project: &Arc<str>, value: Value) -> Self {
        Self { value, project: Arc::clone(project), mentions: Vec::new() }
    }

    /// One of the values of the argument.
    #[must_use]
    pub fn only(&self, value: &Value) -> Self {
        Self { value: value.clone(), ..self.clone() }
    }

    /// Whether both are arguments in one project.
    pub fn shares_project(&self, other: &Self) -> bool {
        self.project == other.project
    }

    /// What of it is not known.
    pub fn unknown(&self) -> Option<Reason> {
        self.value.first_unknown().map(|unknown| unknown.reason.clone())
    }
}

/// Whether a value may be a name or an ARN that ends in it, as far as what is known of both tells.
fn could_be(value: &Value, name: &Value) -> Tri {
    let (Some(text), Some(name)) = (value.as_text(), name.as_text()) else { return Tri::Maybe };
    let (own, own_whole) = text.known_suffix();
    let (other, other_whole) = name.known_suffix();
    let fits = match (own_whole, other_whole) {
        (true, _) => own.ends_with(&other),
        (_, true) => other.ends_with(&own),
        _ => own.ends_with(&other) || other.ends_with(&own),
    };
    if fits { Tri::Maybe } else { Tri::No }
}

/// Whether two values of one project are the same although they are not known: the same unknown at the same places.
pub fn same_unknown(one: &Value, other: &Value) -> bool {
    let parts = |value: &Value| match &value.kind {
        Kind::Unknown(unknown) => Some(Text::unknown(Arc::clone(unknown))),
        Kind::Text(text) => Some(text.flattened()),
        _ => None,
    };
    let (Some(one), Some(other)) = (parts(one), parts(other)) else { return false };
    if one.unknown_part().is_none() || other.unknown_part().is_none() {
        return false;
    }
    signature(&one) == signature(&other)
}

/// The pieces of a string, comparable: an unknown is what it is the value of.
fn signature(text: &Text) -> Vec<(String, Option<crate::source::Span>, Option<Symbol>)> {
    let mut all: Vec<(String, _, _)> = Vec::new();
    let mut literal = false;
    for piece in text.pieces() {
        match piece {
            Piece::Literal(piece) => match all.last_mut().filter(|_| literal) {
                Some((text, ..)) => text.push_str(&piece.text),
                None => {
                    all.push((piece.text.to_string(), None, None));
                    literal = true;
                }
            },
            Piece::Unknown(unknown) => {
                let symbol = unknown.symbol.as_ref().map(crate::aws::identity::canonical);
                let (missing, span) = match &symbol {
                    Some(_) => (String::new(), None),
                    None => (unknown.reason.missing.to_string(), unknown.reason.span),
                };
                all.push((missing, span, symbol));
                literal = false;
            }
            Piece::Encoded(_) => {}
        }
    }
    all
}

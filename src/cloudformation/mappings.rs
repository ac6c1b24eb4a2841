//! `Fn::FindInMap`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap.html>

use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call};
use crate::cloudformation::conditions::choice;
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::functions::text_of;
use crate::cloudformation::macros;
use crate::syntax::node::{Node, NodeKind, Scalar, Style};
use crate::types::Type;
use crate::value::{Marks, Unknown, Value, Via};

/// How many entries a lookup with an unknown key goes through.
const MAX_ENTRIES: usize = 256;

/// A key of a lookup.
enum Key {
    Known(Arc<str>),
    /// The unknown, and the keys of which it is one, if that is known.
    Open(Arc<Unknown>, Option<Vec<Arc<str>>>),
}

/// An entry that a lookup may lead to, and the way to it.
#[derive(Clone)]
struct Found<'n> {
    node: &'n Node,
    path: String,
}

impl Template {
    /// `Fn::FindInMap`: the map, the two keys, and as an extension a default. With a key that is not known, one of the
    /// entries that it may be.
    pub(super) fn find_in_map(&self, call: &Call<'_>, scope: &Scope) -> Option<Value> {
        let takes = "a mapping and two keys";
        let (names, default) = match call.argument.elements() {
            Some([map, top, second]) => ([map, top, second], None),
            Some([map, top, second, options]) => ([map, top, second], options.get("DefaultValue")),
            _ => return Some(self.misused(call, takes)),
        };
        let mut keys = Vec::new();
        let mut marks = Marks::NONE;
        for name in names {
            let value = self.argument(Argument::new(name), scope)?;
            marks = marks.union(&value.deep_marks());
            let Some(key) = Key::of(&value) else { return Some(self.misused(call, takes)) };
            keys.push(key);
        }
        let Some(mappings) = &self.mappings else {
            return self.missing(call, scope, default, "Mappings", &keys, marks);
        };
        let mut places = vec![Found { node: mappings, path: String::new() }];
        let mut open = None;
        let mut gaps = false;
        for key in &keys {
            if let Key::Open(unknown, _) = key {
                open.get_or_insert(unknown);
            }
            let mut next = Vec::new();
            for place in &places {
                // A macro may add keys.
                if let Some(call) = place.node.get(macros::CALL) {
                    return Some(macros::transformed(call, call.span));
                }
                let known = next.len();
                key.follow(place, &mut next);
                gaps |= next.len() == known;
            }
            if open.is_none()
                && next.is_empty()
                && let Some(place) = places.first()
            {
                let path = if place.path.is_empty() { "Mappings".into() } else { format!("mapping `{}`", place.path) };
                return self.missing(call, scope, default, &path, std::slice::from_ref(key), marks);
            }
            places = next;
        }
        let mut values = Vec::new();
        for place in places.iter().take(MAX_ENTRIES + 1) {
            let value = self.evaluate(place.node, scope)?;
            values.push(value.via(Via::Mapping(place.path.as_str().into()), Some(call.span)).mark(&marks));
        }
        match open {
            None => values.pop(),
            Some(unknown) => {
                if gaps && let Some(default) = default.and_then(|default| self.evaluate(default, scope)) {
                    values.push(default);
                }
                let unknown = Unknown { ty: Type::Dynamic, symbol: None, among: None, ..Unknown::clone(unknown) };
                Some(choice(unknown, values).at(call.span).mark(&marks))
            }
        }
    }

    /// What a lookup is for a key that is not there: its default, or an error.
    fn missing(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        default: Option<&Node>,
        place: &str,
        keys: &[Key],
        marks: Marks,
    ) -> Option<Value> {
        if let Some(default) = default {
            return self.evaluate(default, scope);
        }
        let message = match keys.first() {
            Some(Key::Known(key)) if !marks.is_hidden() => format!("there is no `{key}` in {place}"),
            _ => "a key that is not shown is not in the mapping".to_owned(),
        };
        Some(self.fail("cfn-mapping-key", call.name, message, call.span))
    }
}

impl Key {
    fn of(value: &Value) -> Option<Self> {
        let text = text_of(value)?;
        if let Some(key) = text.as_str() {
            return Some(Self::Known(Arc::from(&*key)));
        }
        let known = |value: &Value| text_of(value)?.as_str().map(|key| Arc::from(&*key));
        let among = value.alternatives().and_then(|all| all.iter().map(known).collect());
        Some(Self::Open(text.unknown_part()?, among))
    }

    /// The entries of `place` that the key may name.
    fn follow<'n>(&self, place: &Found<'n>, found: &mut Vec<Found<'n>>) {
        let mut add = |key: &str, node: &'n Node| {
            let path = if place.path.is_empty() { key.to_owned() } else { format!("{}.{key}", place.path) };
            found.push(Found { node, path });
        };
        let mut one = |key: &str| {
            // An entry without a value is none.
            let node = place.node.get(key).filter(|node| !is_null(node));
            node.into_iter().for_each(|node| add(key, node));
        };
        match self {
            Self::Known(key) => one(key),
            Self::Open(_, Some(keys)) => keys.iter().for_each(|key| one(key)),
            Self::Open(_, None) => {
                if let NodeKind::Mapping(entries) = &place.node.kind {
                    entries
                        .iter()
                        .filter_map(|(key, node)| Some((key.as_str()?, node)))
                        .for_each(|(key, node)| add(key, node));
                }
            }
        }
    }
}

fn is_null(node: &Node) -> bool {
    let null = |scalar: &&Scalar| scalar.style == Style::Plain && matches!(&*scalar.text, "null" | "~" | "");
    node.as_scalar().filter(null).is_some()
}

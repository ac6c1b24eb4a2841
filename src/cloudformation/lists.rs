//! Functions on lists and mappings.

use std::sync::Arc;

use ipnet::IpNet;

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call};
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::functions::{sole_text, text_of};
use crate::document::Slices;
use crate::syntax::node::Node;
use crate::types::Type;
use crate::value::{Kind, Marks, Origin, Reason, Value, Via};

/// A node that is a list may be one element where a call gives the list.
type Operands<'n, const N: usize> = Option<&'n [Node; N]>;

fn operands<'n, const N: usize>(call: &Call<'n>) -> Operands<'n, N> {
    call.argument.elements()?.try_into().ok()
}

impl Template {
    /// `Fn::Join`
    pub(super) fn join(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let takes = "a delimiter and a list";
        let Some([delimiter, list]) = operands(call) else {
            return self.misused(call, takes);
        };
        let Some(delimiter) = self.evaluate(delimiter, scope).and_then(|delimiter| text_of(&delimiter)) else {
            return self.misused(call, takes);
        };
        let Some(list) = self.evaluate(list, scope) else {
            return self.misused(call, takes);
        };
        let Some(elements) = list.elements() else {
            return match &list.kind {
                Kind::Unknown(unknown) => Value::unknown_from(unknown, Type::Text),
                _ => self.misused(call, takes),
            };
        };
        let mut texts = Vec::with_capacity(elements.len() * 2);
        for element in elements {
            let Some(text) = text_of(element) else {
                return match &element.kind {
                    Kind::Unknown(unknown) => Value::unknown_from(unknown, Type::Text),
                    _ => self.misused(call, "a list of strings"),
                };
            };
            if !texts.is_empty() {
                texts.push(delimiter.clone());
            }
            texts.push(text);
        }
        match self.concat(&texts, call.span) {
            Ok(text) => Value::new(sole_text(text)).mark(list.deep_marks()),
            Err(value) => value,
        }
    }

    /// `Fn::Split`
    pub(super) fn split(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let takes = "a delimiter and a string";
        let Some([delimiter, string]) = operands(call) else {
            return self.misused(call, takes);
        };
        let delimiter = self.evaluate(delimiter, scope).and_then(|delimiter| text_of(&delimiter));
        let string = self.evaluate(string, scope).and_then(|string| Some((text_of(&string)?, string)));
        let (Some(delimiter), Some((text, string))) = (delimiter, string) else {
            return self.misused(call, takes);
        };
        let (Some(separator), Some(known)) = (delimiter.as_str(), text.as_str()) else {
            return match text.unknown_part().or_else(|| delimiter.unknown_part()) {
                Some(unknown) => Value::unknown_from(&unknown, Type::list(Type::Text)),
                None => self.misused(call, takes),
            };
        };
        if separator.is_empty() {
            return self.misused(call, "a delimiter that is not empty");
        }
        if !self.charge(known.len(), call.span) {
            return Value::unknown(Type::list(Type::Text), Reason::new(call.name, "is too long", Some(call.span)));
        }
        let slices = Slices::new(&text);
        let mut elements = Vec::new();
        let mut at = 0;
        for part in known.split(&*separator) {
            let span = slices.span(at..at + part.len()).or(string.origin.span);
            let element = Value::new(Kind::Text(slices.text(at..at + part.len()))).mark(string.marks);
            elements.push(element.with_origin(Origin { span, hops: None }));
            at += part.len() + separator.len();
        }
        Value { kind: Kind::Tuple(Arc::new(elements)), ..string }
    }

    /// `Fn::Select`
    pub(super) fn select(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let takes = "an index and a list";
        let Some([index, list]) = operands(call) else {
            return self.misused(call, takes);
        };
        let (Some(index), Some(list)) = (self.evaluate(index, scope), self.evaluate(list, scope)) else {
            return self.misused(call, takes);
        };
        if let Some(unknown) = index.as_unknown().or(match &list.kind {
            Kind::Unknown(unknown) => Some(Arc::clone(unknown)),
            _ => None,
        }) {
            return Value::unknown_from(&unknown, Type::Dynamic).at(call.span);
        }
        let number =
            text_of(&index).and_then(|index| index.as_str().and_then(|index| index.trim().parse::<usize>().ok()));
        let (Some(number), Some(elements)) = (number, list.elements()) else {
            return self.misused(call, takes);
        };
        match elements.get(number) {
            Some(element) => {
                let origin = list.origin.select(&element.origin, Some(call.span));
                element.clone().with_origin(origin)
            }
            None => {
                let message = format!("there is no element {number} in a list of {}", elements.len());
                self.fail("cfn-select-range", call.name, message, call.span)
            }
        }
    }

    /// `Fn::Length`
    pub(super) fn length(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let Some(list) = self.argument(call.argument, scope) else {
            return self.misused(call, "a list");
        };
        match (&list.kind, list.elements()) {
            (_, Some(elements)) => Value::number(elements.len() as i64),
            (Kind::Unknown(unknown), _) => Value::unknown_from(unknown, Type::Number),
            _ => self.misused(call, "a list"),
        }
    }

    /// `Fn::FindInMap`: the map, the two keys, and as an extension a default.
    pub(super) fn find_in_map(&self, call: &Call<'_>, scope: &Scope) -> Option<Value> {
        let (names, default) = match call.argument.elements() {
            Some([map, top, second]) => ([map, top, second], None),
            Some([map, top, second, options]) => ([map, top, second], options.get("DefaultValue")),
            _ => return Some(self.misused(call, "a mapping and two keys")),
        };
        let mut keys: Vec<Arc<str>> = Vec::new();
        let mut marks = Marks::NONE;
        for name in names {
            let value = self.argument(Argument::new(name), scope)?;
            marks = marks.union(value.deep_marks());
            let Some(text) = text_of(&value) else { return Some(self.misused(call, "a mapping and two keys")) };
            match (text.as_str(), text.unknown_part()) {
                (Some(key), _) => keys.push(Arc::from(&*key)),
                (None, Some(unknown)) => return Some(Value::unknown_from(&unknown, Type::Dynamic).at(call.span)),
                (None, None) => return None,
            }
        }
        let mut place = self.mappings.as_ref();
        let mut path = String::new();
        for key in &keys {
            match place.and_then(|place| place.get(key)) {
                Some(inner) => place = Some(inner),
                None => {
                    let missing = if path.is_empty() { "Mappings".into() } else { format!("mapping `{path}`") };
                    return match default {
                        Some(default) => self.evaluate(default, scope),
                        None => {
                            let message = format!("there is no `{key}` in {missing}");
                            Some(self.fail("cfn-mapping-key", call.name, message, call.span))
                        }
                    };
                }
            }
            path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        }
        let value = self.evaluate(place?, scope)?;
        Some(value.via(Via::Mapping(path.into()), Some(call.span)).mark(marks))
    }

    /// `Fn::Cidr`: the first `count` networks with `bits` bits for hosts (six unless told; IPv6 needs at most 128).
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html>
    pub(super) fn cidr(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let takes = "an address block, a count from 1 to 256 and a number of bits";
        let operands = call.argument.elements().unwrap_or_default();
        let values: Vec<Value> = operands.iter().filter_map(|operand| self.evaluate(operand, scope)).collect();
        if let Some(unknown) = values.iter().find_map(Value::as_unknown) {
            return Value::unknown_from(&unknown, Type::list(Type::Text));
        }
        let texts: Vec<String> =
            values.iter().filter_map(text_of).filter_map(|text| text.as_str().map(|text| text.into_owned())).collect();
        let (block, count, bits) = match &*texts {
            [block, count] => (block, count, "6"),
            [block, count, bits] => (block, count, bits.as_str()),
            _ => return self.misused(call, takes),
        };
        let parsed = (block.parse::<IpNet>(), count.trim().parse::<usize>(), bits.trim().parse::<u8>());
        let (Ok(block), Ok(count @ 1..=256), Ok(bits)) = parsed else {
            return self.misused(call, takes);
        };
        let prefix = block.max_prefix_len().checked_sub(bits);
        let Some(Ok(subnets)) = prefix.map(|prefix| block.trunc().subnets(prefix)) else {
            return self.misused(call, "no more bits than the address block has");
        };
        let elements: Vec<Value> = subnets.take(count).map(|net| Value::text(net.to_string()).at(call.span)).collect();
        if elements.len() < count {
            return self.misused(call, "no more networks than the address block has");
        }
        Value::tuple(elements)
    }
}

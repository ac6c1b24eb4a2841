//! Functions on lists and mappings.

use std::sync::Arc;

use ipnet::IpNet;

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call};
use crate::cloudformation::conditions::choice;
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::functions::{sole_text, text_of};
use crate::cloudformation::split;
use crate::syntax::node::Node;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Kind, Origin, Reason, Unknown, Value};

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
                Kind::Unknown(unknown) => Value::unknown_from(unknown, Type::Text).mark(&list.marks),
                _ => self.misused(call, takes),
            };
        };
        let mut texts = Vec::with_capacity(elements.len() * 2);
        for element in elements {
            let Some(text) = text_of(element) else {
                return match &element.kind {
                    Kind::Unknown(unknown) => Value::unknown_from(unknown, Type::Text).mark(&list.deep_marks()),
                    _ => self.misused(call, "a list of strings"),
                };
            };
            if !texts.is_empty() {
                texts.push(delimiter.clone());
            }
            texts.push(text);
        }
        match self.concat(&texts, call.span) {
            Ok(text) => Value::new(sole_text(text)).mark(&list.deep_marks()),
            Err(value) => value,
        }
    }

    /// `Fn::Split`
    pub(super) fn split(&self, call: &Call<'_>, scope: &Scope) -> Value {
        match self.split_parts(call, scope) {
            Ok((list, None)) => list,
            Ok((list, Some(unknown))) => Value::unknown_from(&unknown, Type::list(Type::Text)).mark(&list.deep_marks()),
            Err(value) => value,
        }
    }

    /// What `Fn::Split` makes, up to an unknown after which it is not known how the list goes on. Else the unknown that
    /// the whole is.
    fn split_parts(&self, call: &Call<'_>, scope: &Scope) -> Result<(Value, Option<Arc<Unknown>>), Value> {
        let takes = "a delimiter and a string";
        let Some([delimiter, string]) = operands(call) else {
            return Err(self.misused(call, takes));
        };
        let delimiter = self.evaluate(delimiter, scope).and_then(|delimiter| text_of(&delimiter));
        let string = self.evaluate(string, scope).and_then(|string| Some((text_of(&string)?, string)));
        let (Some(delimiter), Some((text, string))) = (delimiter, string) else {
            return Err(self.misused(call, takes));
        };
        let Some(separator) = delimiter.as_str() else {
            return Err(match delimiter.unknown_part() {
                Some(unknown) => Value::unknown_from(&unknown, Type::list(Type::Text)),
                None => self.misused(call, takes),
            });
        };
        if separator.is_empty() {
            return Err(self.misused(call, "a delimiter that is not empty"));
        }
        if !self.charge(text.known_len(), call.span) {
            let reason = Reason::new(call.name, "is too long", Some(call.span));
            return Err(Value::unknown(Type::list(Type::Text), reason));
        }
        let (parts, rest) = split::split(&text, &separator);
        let element = |part: Text| {
            let span = part.span_of(0, part.known_len()).or(string.origin.span);
            let element = Value::new(sole_text(part)).mark(&string.marks);
            element.with_origin(Origin { span, hops: None })
        };
        let elements = parts.into_iter().map(element).collect();
        Ok((Value { kind: Kind::Tuple(Arc::new(elements)), ..string }, rest))
    }

    /// `Fn::Select`
    pub(super) fn select(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let takes = "an index and a list";
        let Some([index, list]) = operands(call) else {
            return self.misused(call, takes);
        };
        // What stands before an unknown part of a string that is split can be selected all the same.
        let (begun, rest) = match Argument::new(list).call().filter(|list| list.name == "Fn::Split") {
            Some(split) => match self.split_parts(&split, scope) {
                Ok((list, rest)) => (Some(list), rest),
                Err(value) => (Some(value), None),
            },
            None => (self.evaluate(list, scope), None),
        };
        let (Some(index), Some(list)) = (self.evaluate(index, scope), begun) else {
            return self.misused(call, takes);
        };
        let open = match &list.kind {
            Kind::Unknown(unknown) => Some(Arc::clone(unknown)),
            _ => None,
        };
        if let Some(unknown) = index.as_unknown().or(open) {
            let derived = Unknown { ty: Type::Dynamic, symbol: None, among: None, ..Unknown::clone(&unknown) };
            let among = list.elements().filter(|_| rest.is_none()).unwrap_or_default();
            return choice(derived, among.to_vec()).at(call.span).mark(&list.deep_marks());
        }
        let number =
            text_of(&index).and_then(|index| index.as_str().and_then(|index| index.trim().parse::<usize>().ok()));
        let (Some(number), Some(elements)) = (number, list.elements()) else {
            return self.misused(call, takes);
        };
        match (elements.get(number), rest) {
            (Some(element), _) => {
                let origin = list.origin.select(&element.origin, Some(call.span));
                element.clone().with_origin(origin)
            }
            (None, Some(unknown)) => Value::unknown_from(&unknown, Type::Text).at(call.span).mark(&list.deep_marks()),
            (None, None) => {
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

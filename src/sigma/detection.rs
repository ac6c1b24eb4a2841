//! The part `detection` of a rule, made ready to be run.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use indexmap::IndexMap;
use regex::RegexBuilder;

use super::condition::{self, Condition, Count, Names};
use super::matching::{Expression, Field, Order, Test};
use super::pattern::{Around, Pattern};
use super::{INVALID, UNSUPPORTED};
use crate::finding::Diagnostic;
use crate::source::Span;
use crate::syntax::node::{Node, Style};

/// How large a regular expression may be once it is compiled.
const REGEX_BYTES: usize = 1 << 20;

/// How many names a field's path may have.
const MAX_NAMES: usize = 16;

type Built = Result<Arc<Expression>, Diagnostic>;

/// Reads `detection`.
///
/// # Errors
/// The first part that is wrong or not supported, with its place.
pub(super) fn read(detection: &Node) -> Built {
    let Some(entries) = detection.as_mapping() else {
        return Err(invalid("`detection` has selections by name and a `condition`", detection.span));
    };
    let mut selections: IndexMap<&str, Arc<Expression>> = IndexMap::new();
    let mut conditions = None;
    for (name, node) in entries {
        match name.as_str() {
            Some("condition") => conditions = Some(node),
            Some("timeframe") => return Err(unsupported("`timeframe`: events are looked at one by one", name.span)),
            Some(text) => {
                if selections.insert(text, selection(node)?).is_some() {
                    return Err(invalid(format!("there are two selections `{text}`"), name.span));
                }
            }
            None => return Err(invalid("the name of a selection is a text", name.span)),
        }
    }
    let Some(conditions) = conditions else { return Err(invalid("there is no `condition`", detection.span)) };
    let build = |node: &Node| {
        let scalar = node.as_scalar().ok_or_else(|| invalid("a condition is a text", node.span))?;
        let place = |range: std::ops::Range<usize>| {
            if scalar.exact { scalar.content.slice(range.start, range.end) } else { node.span }
        };
        let condition = condition::parse(&scalar.text).map_err(|fault| {
            let make = if fault.unsupported { unsupported } else { invalid };
            make(fault.message, place(fault.range))
        })?;
        resolve(&condition, &selections, &place)
    };
    match conditions.as_sequence() {
        // Each of several conditions is one under which the rule fires.
        Some(all) if !all.is_empty() => Ok(Arc::new(Expression::Or(all.iter().map(build).collect::<Result<_, _>>()?))),
        _ => build(conditions),
    }
}

fn invalid(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::new(INVALID, message, span)
}

fn unsupported(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::new(UNSUPPORTED, message, span)
}

fn resolve(
    condition: &Condition,
    selections: &IndexMap<&str, Arc<Expression>>,
    place: &dyn Fn(std::ops::Range<usize>) -> Span,
) -> Built {
    let each = |parts: &[Condition]| -> Result<Vec<_>, Diagnostic> {
        parts.iter().map(|part| resolve(part, selections, place)).collect()
    };
    Ok(Arc::new(match condition {
        Condition::Name(name, range) => {
            let missing = || invalid(format!("there is no selection `{name}`"), place(range.clone()));
            return selections.get(name.as_str()).cloned().ok_or_else(missing);
        }
        Condition::Of(count, names, range) => {
            let like = match names {
                Names::Them => None,
                Names::Like(text) => Some(Pattern::new(text, Around::Nothing, true)),
            };
            let meant = |name: &str| match &like {
                None => !name.starts_with('_'),
                Some(pattern) => pattern.matches(name),
            };
            let chosen: Vec<_> =
                selections.iter().filter(|(name, _)| meant(name)).map(|(_, selection)| Arc::clone(selection)).collect();
            if chosen.is_empty() {
                return Err(invalid("there is no such selection", place(range.clone())));
            }
            match count {
                Count::One => Expression::Or(chosen),
                Count::All => Expression::And(chosen),
            }
        }
        Condition::And(parts) => Expression::And(each(parts)?),
        Condition::Or(parts) => Expression::Or(each(parts)?),
        Condition::Not(inner) => Expression::Not(resolve(inner, selections, place)?),
    }))
}

/// A selection: fields, several lists of fields of which one must fit, or words.
fn selection(node: &Node) -> Built {
    if let Some(entries) = node.as_mapping() {
        return fields(entries, node.span);
    }
    let Some(elements) = node.as_sequence().filter(|elements| !elements.is_empty()) else {
        return match node.as_scalar() {
            Some(_) => keyword(node),
            None => Err(invalid("an empty selection", node.span)),
        };
    };
    let element = |node: &Node| match node.as_mapping() {
        Some(entries) => fields(entries, node.span),
        None => keyword(node),
    };
    Ok(Arc::new(Expression::Or(elements.iter().map(element).collect::<Result<_, _>>()?)))
}

fn keyword(node: &Node) -> Built {
    let Some(text) = node.as_str().filter(|text| !text.is_empty()) else {
        return Err(invalid("a word to look for is a text", node.span));
    };
    Ok(Arc::new(Expression::Keyword(Pattern::new(text, Around::Both, false))))
}

fn fields(entries: &[(Node, Node)], span: Span) -> Built {
    if entries.is_empty() {
        return Err(invalid("an empty selection", span));
    }
    let field = |(name, values): &(Node, Node)| field(name, values);
    Ok(Arc::new(Expression::And(entries.iter().map(field).collect::<Result<_, _>>()?)))
}

/// What the modifiers of a field ask for.
#[derive(Debug, Default)]
struct Modifiers {
    around: Option<Around>,
    all: bool,
    cased: bool,
    kind: Kind,
    encoding: Option<Encoding>,
    flags: Vec<char>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Text,
    Regex,
    Cidr,
    Exists,
    Reference,
    Compare(Order),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Base64,
    /// At any of the three places where it may stand in a longer text.
    Offset,
}

impl Modifiers {
    fn read<'m>(names: impl Iterator<Item = &'m str>, span: Span) -> Result<Self, Diagnostic> {
        let mut read = Self::default();
        for name in names {
            let kind = match name {
                "contains" => {
                    read.around = Some(Around::Both);
                    continue;
                }
                "startswith" => {
                    read.around = Some(Around::After);
                    continue;
                }
                "endswith" => {
                    read.around = Some(Around::Before);
                    continue;
                }
                "all" => {
                    read.all = true;
                    continue;
                }
                "cased" => {
                    read.cased = true;
                    continue;
                }
                "base64" => {
                    read.encoding = Some(Encoding::Base64);
                    continue;
                }
                "base64offset" => {
                    read.encoding = Some(Encoding::Offset);
                    continue;
                }
                "i" | "m" | "s" if read.kind == Kind::Regex => {
                    read.flags.extend(name.chars());
                    continue;
                }
                "re" => Kind::Regex,
                "cidr" => Kind::Cidr,
                "exists" => Kind::Exists,
                "fieldref" => Kind::Reference,
                "lt" => Kind::Compare(Order::Less),
                "lte" => Kind::Compare(Order::LessOrEqual),
                "gt" => Kind::Compare(Order::Greater),
                "gte" => Kind::Compare(Order::GreaterOrEqual),
                _ => return Err(unsupported(format!("the modifier `{name}`"), span)),
            };
            if read.kind != Kind::Text {
                return Err(invalid(format!("`{name}` does not go with the modifier before it"), span));
            }
            read.kind = kind;
        }
        let is_text = matches!(read.kind, Kind::Text);
        let fits = (read.around.is_none() || is_text || read.kind == Kind::Reference)
            && (read.encoding.is_none() || is_text)
            && (!read.cased || is_text || read.kind == Kind::Reference);
        if fits { Ok(read) } else { Err(invalid("these modifiers do not go together", span)) }
    }
}

/// A field with the values that it may have.
fn field(name: &Node, values: &Node) -> Built {
    let Some(text) = name.as_str() else { return Err(invalid("the name of a field is a text", name.span)) };
    let mut parts = text.split('|');
    let path = parts.next().unwrap_or_default();
    let modifiers = Modifiers::read(parts, name.span)?;
    if path.split('.').count() > MAX_NAMES {
        return Err(unsupported(format!("a field inside more than {MAX_NAMES} others"), name.span));
    }
    let one = |node: &Node| -> Built {
        // Fields without a name are words.
        match (path.is_empty(), modifiers.kind) {
            (true, Kind::Text) => keyword(node),
            (true, _) => Err(invalid("this modifier needs a field", name.span)),
            (false, _) => {
                let tests = tests(node, &modifiers)?;
                let field = |test| Arc::new(Expression::Field(Field(path.to_owned()), test));
                Ok(Arc::new(Expression::Or(tests.into_iter().map(field).collect())))
            }
        }
    };
    let Some(elements) = values.as_sequence() else { return one(values) };
    if elements.is_empty() {
        return Err(invalid("an empty list of values", values.span));
    }
    let all: Vec<_> = elements.iter().map(one).collect::<Result<_, _>>()?;
    Ok(Arc::new(if modifiers.all { Expression::And(all) } else { Expression::Or(all) }))
}

/// What a value asks for: one of these.
fn tests(node: &Node, modifiers: &Modifiers) -> Result<Vec<Test>, Diagnostic> {
    let Some(scalar) = node.as_scalar() else { return Err(invalid("a value is a text, a number or null", node.span)) };
    let text = &*scalar.text;
    let is_null = scalar.style == Style::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    let around = modifiers.around.unwrap_or(Around::Nothing);
    let test = match modifiers.kind {
        Kind::Text if is_null && modifiers.around.is_none() && modifiers.encoding.is_none() => Test::Null,
        _ if is_null => return Err(invalid("null does not go with this modifier", node.span)),
        Kind::Text => match modifiers.encoding {
            None => Test::Text(Pattern::new(text, around, modifiers.cased)),
            Some(Encoding::Base64) => {
                let encoded = base64::engine::general_purpose::STANDARD.encode(text);
                Test::Text(Pattern::literal(&encoded, around, true))
            }
            Some(Encoding::Offset) => {
                let pattern = |offset| Test::Text(Pattern::literal(&encoded_at(text, offset), around, true));
                return Ok((0..3).map(pattern).collect());
            }
        },
        Kind::Regex => {
            let mut builder = RegexBuilder::new(text);
            builder.size_limit(REGEX_BYTES);
            for flag in &modifiers.flags {
                match flag {
                    'i' => builder.case_insensitive(true),
                    'm' => builder.multi_line(true),
                    _ => builder.dot_matches_new_line(true),
                };
            }
            let why = |error: regex::Error| {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                unsupported(format!("this regular expression: {last}"), node.span)
            };
            Test::Regex(builder.build().map_err(why)?)
        }
        Kind::Cidr => {
            let network = text.parse().map_err(|_| invalid("this is no network such as 192.0.2.0/24", node.span))?;
            Test::Cidr(network)
        }
        Kind::Exists => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => Test::Exists(true),
            "false" | "no" => Test::Exists(false),
            _ => return Err(invalid("`exists` is true or false", node.span)),
        },
        Kind::Reference => Test::Same(Field(text.to_owned()), around, modifiers.cased),
        Kind::Compare(order) => {
            let number = text.parse().map_err(|_| invalid("this is no number", node.span))?;
            Test::Compare(order, number)
        }
    };
    Ok(vec![test])
}

/// The Base64 characters that a text surely has when it starts at the byte `offset` of a group of three.
fn encoded_at(text: &str, offset: usize) -> String {
    let mut bytes = vec![0_u8; offset];
    bytes.extend_from_slice(text.as_bytes());
    let whole = bytes.len() * 8 / 6;
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    // Characters that hold bits of what stands before or after it are not known.
    encoded.get((offset * 8).div_ceil(6)..whole).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_at_each_offset() {
        for before in ["", "x", "xy", "xyz"] {
            let whole = STANDARD_NO_PAD.encode(format!("{before}/bin/bash{before}"));
            assert!((0..3).any(|offset| whole.contains(&encoded_at("/bin/bash", offset))), "{before}");
        }
        assert_eq!(encoded_at("/bin/bash", 0), "L2Jpbi9iYXNo");
        assert_eq!(encoded_at("ab", 1), "Fi");
    }
}

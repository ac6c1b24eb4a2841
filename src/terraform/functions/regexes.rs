//! Regular expressions: Go's syntax on Rust's engine.

use std::borrow::Cow;
use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};

use crate::document::Slices;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Fields, Kind, Origin, Value};

use super::spec::{Call, Failure, Function, invalid, list, returns, text, text_value};
use super::strings::substitute;

type Outcome = Result<Value, Failure>;

/// The most memory that a compiled expression may take.
const MAX_SIZE: usize = 4 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("regex", &[text("pattern"), text("string")], returns::dynamic, find).of(1),
    Function::new("regexall", &[text("pattern"), text("string")], returns_matches, find_all).of(1),
];

fn returns_matches(arguments: &[Value]) -> Type {
    let pattern = arguments.first().and_then(Value::as_str);
    let ty = pattern.and_then(|pattern| compile(&pattern).ok()).and_then(|regex| match_type(&regex).ok());
    Type::list(ty.unwrap_or(Type::Dynamic))
}

/// Go's classes `\d`, `\w`, `\s` and `\b` are ASCII; `\Q...\E` quotes; brackets and doubled signs in a class and
/// braces that are no repetition are plain characters. In all else the two languages agree.
fn translate(pattern: &str) -> Result<String, Failure> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    let mut in_class = false;
    let mut class_start = false;
    let mut repeated = Repeated::No;
    while let Some(c) = rest.next() {
        let before = std::mem::replace(&mut repeated, Repeated::No);
        if !in_class && (matches!(c, '*' | '+' | '?') || c == '{' && is_repetition(rest.as_str())) {
            repeated = match (before, c) {
                (Repeated::No, _) => Repeated::Once,
                (Repeated::Once, '?') => Repeated::Lazily,
                _ => return Err(invalid(0, "invalid regexp pattern: invalid nested repetition operator")),
            };
            out.push(c);
            if c == '{'
                && let Some((inside, after)) = rest.as_str().split_once('}')
            {
                out.push_str(inside);
                out.push('}');
                rest = after.chars();
            }
            continue;
        }
        let first_in_class = std::mem::replace(&mut class_start, false);
        match c {
            '\\' => match rest.next() {
                Some('Q') => {
                    let quoted = rest.as_str();
                    let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                    out.push_str(&regex::escape(literal));
                    rest = after.chars();
                }
                Some(escape) => out.push_str(&match (escape, in_class) {
                    ('d', false) => Cow::from("[0-9]"),
                    ('d', true) => Cow::from("0-9"),
                    ('D', _) => Cow::from("[^0-9]"),
                    ('w', false) => Cow::from("[0-9A-Za-z_]"),
                    ('w', true) => Cow::from("0-9A-Za-z_"),
                    ('W', _) => Cow::from("[^0-9A-Za-z_]"),
                    ('s', false) => Cow::from("[\\t\\n\\x0C\\r ]"),
                    ('s', true) => Cow::from("\\t\\n\\x0C\\r "),
                    ('S', _) => Cow::from("[^\\t\\n\\x0C\\r ]"),
                    ('b', false) => Cow::from("(?-u:\\b)"),
                    ('B', false) => Cow::from("(?-u:\\B)"),
                    ('<', _) => Cow::from("<"),
                    ('>', _) => Cow::from(">"),
                    _ => Cow::from(format!("\\{escape}")),
                }),
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if let Some(after) = rest.as_str().strip_prefix('^') {
                    out.push('^');
                    rest = after.chars();
                }
                class_start = true;
            }
            ']' if in_class && !first_in_class => {
                in_class = false;
                out.push(']');
            }
            '[' => match rest.as_str().strip_prefix(':').and_then(|rest| rest.split_once(":]")) {
                Some((name, after)) => {
                    out.push_str(&format!("[:{name}:]"));
                    rest = after.chars();
                }
                None => out.push_str("\\["),
            },
            ']' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '-' if in_class && rest.as_str().starts_with('-') => out.push_str("\\-"),
            '{' if !in_class => out.push_str("\\{"),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Whether what came before is repeated already: Go repeats nothing twice.
#[derive(Clone, Copy)]
enum Repeated {
    No,
    Once,
    Lazily,
}

/// Whether what follows an opening brace makes it a repetition: `2}`, `2,}`, `2,3}`.
fn is_repetition(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else {
        return false;
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    !least.is_empty() && digits(least) && digits(most)
}

fn compile(pattern: &str) -> Result<Regex, Failure> {
    let mut builder = RegexBuilder::new(&translate(pattern)?);
    builder.size_limit(MAX_SIZE).dfa_size_limit(MAX_SIZE).build().map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        invalid(0, format!("invalid regexp pattern: {reason} in {pattern:?}"))
    })
}

/// What a match is: the matched string, or its groups.
fn match_type(regex: &Regex) -> Result<Type, Failure> {
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    match names.iter().filter(|name| name.is_some()).count() {
        _ if names.is_empty() => Ok(Type::Text),
        0 => Ok(Type::tuple(names.iter().map(|_| Type::Text))),
        named if named == names.len() => {
            Ok(Type::object(names.into_iter().flatten().map(|name| (Arc::from(name), Type::Text))))
        }
        _ => Err(invalid(0, "invalid regexp pattern: cannot mix both named and unnamed capture groups")),
    }
}

fn result(captures: &Captures<'_>, regex: &Regex, cuts: &Slices, ty: &Type, origin: &Origin) -> Value {
    let group = |at: usize| {
        let value = match captures.get(at) {
            Some(found) if found.is_empty() => text_value(Text::from("")),
            Some(found) => text_value(cuts.text(found.range())),
            None => Value::new(Kind::Null(Type::Text)),
        };
        value.with_origin(origin.clone())
    };
    match ty {
        Type::Tuple(_) => Value::tuple((1..captures.len()).map(group).collect()),
        Type::Object(_) => {
            let names = regex.capture_names().enumerate();
            let fields: Fields = names.filter_map(|(at, name)| Some((Arc::from(name?), group(at)))).collect();
            Value::object(fields)
        }
        _ => group(0),
    }
}

fn find(call: &Call<'_>) -> Outcome {
    let (regex, text, known) = (compile(&call.str(0)?)?, call.text(1)?, call.str(1)?);
    let ty = match_type(&regex)?;
    let captures = regex.captures(&known).ok_or("pattern did not match any part of the given string")?;
    Ok(result(&captures, &regex, &Slices::new(&text), &ty, &call.get(1)?.origin))
}

fn find_all(call: &Call<'_>) -> Outcome {
    let (regex, text, known) = (compile(&call.str(0)?)?, call.text(1)?, call.str(1)?);
    let (ty, cuts, origin) = (match_type(&regex)?, Slices::new(&text), &call.get(1)?.origin);
    let matches = regex.captures_iter(&known).map(|captures| result(&captures, &regex, &cuts, &ty, origin)).collect();
    Ok(list(ty, matches))
}

/// Replaces all matches; `$1` and `${name}` in the replacement stand for groups.
pub(super) fn replace(text: &Text, known: &str, pattern: &str, replacement: &str) -> Outcome {
    let regex = compile(pattern).map_err(|failure| match failure {
        Failure::Argument(_, message) => invalid(1, message),
        other => other,
    })?;
    let matches = regex.captures_iter(known).filter_map(|captures| {
        let found = captures.get(0)?;
        let mut expanded = String::new();
        captures.expand(replacement, &mut expanded);
        Some((found.start(), found.end(), expanded))
    });
    substitute(text, matches, known.len())
}

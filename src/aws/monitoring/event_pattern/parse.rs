//! Reads event patterns, and says what EventBridge refuses.

use ipnet::IpNet;
use serde_json::Value as Json;

use super::{EventPattern, Fields, Matcher, Node, Order, PatternError, TextTest};
use crate::aws::monitoring::glob::{Glob, Part};
use crate::document::{self, DocumentError};
use crate::source::Span;
use crate::text::Text;
use crate::value::{self, Kind, Value};

/// How deeply a pattern may nest.
const MAX_DEPTH: usize = 64;

/// How many values a pattern may have in all: EventBridge takes 4096 characters at most.
const MAX_VALUES: usize = 4096;

type Parsed<T> = Result<T, PatternError>;

/// Reads a pattern: a document, or the value that would be one.
///
/// # Errors
/// See [`PatternError`].
pub fn parse(value: &Value) -> Parsed<EventPattern> {
    let document = document::read(value).map_err(|error| match error {
        DocumentError::Syntax { message, span } => {
            PatternError::Refused { message: format!("is no JSON: {message}"), span: span.or(value.origin.place()) }
        }
        DocumentError::Unknown(reason) => PatternError::Unknown(reason),
    })?;
    if document.size_up_to(MAX_VALUES) >= MAX_VALUES {
        return Err(refused(&document, "is longer than EventBridge takes"));
    }
    match document.fields() {
        Some(fields) => Ok(EventPattern(object(&document, fields, 0)?)),
        None => Err(refused(&document, "must be an object")),
    }
}

fn refused(value: &Value, message: impl Into<String>) -> PatternError {
    PatternError::Refused { message: message.into(), span: value.origin.place() }
}

fn object(value: &Value, fields: &value::Fields, depth: usize) -> Parsed<Fields> {
    if depth > MAX_DEPTH {
        return Err(refused(value, "nests too deeply"));
    }
    if fields.is_empty() {
        return Err(refused(value, "an object must not be empty"));
    }
    let mut all = Fields::default();
    for (name, field) in fields.fields() {
        let value = &field.value;
        if &**name == "$or" {
            all.ors.push(or(value, depth)?);
            continue;
        }
        let node = match &value.kind {
            Kind::Unknown(unknown) => Node::Unknown(unknown.reason.clone()),
            _ => match (value.fields(), value.elements()) {
                (Some(inner), _) => Node::Object(object(value, inner, depth + 1)?),
                (None, Some(elements)) => Node::Leaf(leaf(value, elements)?, value.origin.place()),
                (None, None) => {
                    let (is, instead) = shown(value);
                    return Err(refused(value, format!("`{name}` must be a list, {is}: write {instead}")));
                }
            },
        };
        all.fields.push((name.to_string(), node));
    }
    Ok(all)
}

/// What a value is in words, and the list that was meant.
fn shown(value: &Value) -> (&'static str, String) {
    match (&value.kind, value.as_str()) {
        (_, Some(text)) => ("not a string", format!("[\"{text}\"]")),
        (Kind::Bool(truth), _) => ("not a truth value", format!("[{truth}]")),
        (Kind::Number(number), _) => ("not a number", format!("[{number}]")),
        _ => ("not a single value", "`[...]`".into()),
    }
}

fn or(value: &Value, depth: usize) -> Parsed<Vec<Fields>> {
    let Some(elements) = value.elements().filter(|elements| elements.len() > 1) else {
        return Err(refused(value, "`$or` must be a list of at least two objects"));
    };
    let one = |element: &Value| match element.fields() {
        Some(fields) => object(element, fields, depth + 1),
        None => match element.as_unknown() {
            Some(unknown) => Err(PatternError::Unknown(unknown.reason.clone())),
            None => Err(refused(element, "`$or` must be a list of objects")),
        },
    };
    elements.iter().map(one).collect()
}

fn leaf(value: &Value, elements: &[Value]) -> Parsed<Vec<Matcher>> {
    if elements.is_empty() {
        return Err(refused(value, "a list must not be empty"));
    }
    elements.iter().map(matcher).collect()
}

fn matcher(value: &Value) -> Parsed<Matcher> {
    match &value.kind {
        Kind::Text(text) => Ok(Matcher::Text(exactly(text))),
        Kind::Unknown(unknown) => Ok(Matcher::Unknown(unknown.reason.clone())),
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => {
            scalar(value).map(Matcher::Is).ok_or_else(|| refused(value, "this number is too large"))
        }
        _ => match value.fields() {
            Some(fields) => operator(value, fields),
            None => Err(refused(value, "a list within a list is not allowed")),
        },
    }
}

fn exactly(text: &Text) -> TextTest {
    TextTest { glob: Glob::literal(text), ignore_case: false }
}

fn scalar(value: &Value) -> Option<Json> {
    match &value.kind {
        Kind::Null(_) => Some(Json::Null),
        Kind::Bool(truth) => Some(Json::Bool(*truth)),
        Kind::Number(number) => serde_json::Number::from_f64(number.to_f64()).map(Json::Number),
        _ => None,
    }
}

fn operator(value: &Value, fields: &value::Fields) -> Parsed<Matcher> {
    let mut entries = fields.fields();
    let (Some((name, field)), None) = (entries.next(), entries.next()) else {
        return Err(refused(value, "a comparison is an object with one key"));
    };
    let at = |span: Option<Span>| span.or(value.origin.place());
    let operand = &field.value;
    if let Kind::Unknown(unknown) = &operand.kind {
        return Ok(Matcher::Unknown(unknown.reason.clone()));
    }
    match &**name {
        "exists" => match operand.as_bool() {
            Some(exists) => Ok(Matcher::Exists(exists)),
            None => Err(refused(operand, "`exists` is true or false")),
        },
        "prefix" | "suffix" | "wildcard" | "equals-ignore-case" => Ok(Matcher::Text(text_test(name, operand)?)),
        "anything-but" => anything_but(operand),
        "numeric" => numeric(operand),
        "cidr" => cidr(operand),
        other => {
            let known =
                ["anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"];
            let message = format!("there is no comparison `{other}`; there are `{}`", known.join("`, `"));
            Err(PatternError::Refused { message, span: at(field.key_span) })
        }
    }
}

/// `prefix` and its like.
fn text_test(operator: &str, operand: &Value) -> Parsed<TextTest> {
    // `{"prefix": {"equals-ignore-case": "x"}}`
    let nested = match operator {
        "prefix" | "suffix" => operand.fields().and_then(|fields| fields.get("equals-ignore-case")),
        _ => None,
    };
    let Some(text) = nested.unwrap_or(operand).as_text() else {
        return Err(refused(operand, format!("`{operator}` compares with a string")));
    };
    let mut parts = match operator {
        "wildcard" => wildcard(operand, text)?,
        _ => Glob::literal(text).parts().to_vec(),
    };
    match operator {
        "prefix" => parts.push(Part::Star),
        "suffix" => parts.insert(0, Part::Star),
        _ => {}
    }
    Ok(TextTest { glob: Glob::new(parts), ignore_case: nested.is_some() || operator == "equals-ignore-case" })
}

/// `*` stands for any characters, `\*` and `\\` for themselves.
fn wildcard(value: &Value, text: &Text) -> Parsed<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut escaped = false;
    for part in Glob::literal(text).parts() {
        match part {
            Part::Char(char @ ('*' | '\\')) if escaped => parts.push(Part::Char(*char)),
            _ if escaped => return Err(refused(value, "`\\` may stand only before `*` and `\\`")),
            Part::Char('\\') => {
                escaped = true;
                continue;
            }
            Part::Char('*') if parts.last() == Some(&Part::Star) => {
                return Err(refused(value, "two wildcards in a row are not allowed"));
            }
            Part::Char('*') => parts.push(Part::Star),
            other => parts.push(other.clone()),
        }
        escaped = false;
    }
    if escaped { Err(refused(value, "`\\` may stand only before `*` and `\\`")) } else { Ok(parts) }
}

fn anything_but(operand: &Value) -> Parsed<Matcher> {
    if let Some(fields) = operand.fields() {
        let mut entries = fields.fields();
        let (Some((name, field)), None) = (entries.next(), entries.next()) else {
            return Err(refused(operand, "a comparison is an object with one key"));
        };
        if !matches!(&**name, "prefix" | "suffix" | "wildcard" | "equals-ignore-case") {
            let span = field.key_span.or(operand.origin.place());
            return Err(PatternError::Refused { message: format!("`anything-but` knows no `{name}`"), span });
        }
        if let Kind::Unknown(unknown) = &field.value.kind {
            return Ok(Matcher::Unknown(unknown.reason.clone()));
        }
        let tests = one_or_more(&field.value)?.iter().map(|value| text_test(name, value)).collect::<Parsed<_>>()?;
        return Ok(Matcher::NotText(tests));
    }
    let all = one_or_more(operand)?;
    if let Some(unknown) = all.iter().find_map(|value| match &value.kind {
        Kind::Unknown(unknown) => Some(unknown),
        _ => None,
    }) {
        return Ok(Matcher::Unknown(unknown.reason.clone()));
    }
    let texts: Vec<TextTest> = all.iter().filter_map(Value::as_text).map(exactly).collect();
    if texts.len() == all.len() {
        return Ok(Matcher::NotText(texts));
    }
    let scalars: Option<Vec<Json>> = all.iter().map(scalar).collect();
    match scalars.filter(|_| texts.is_empty()) {
        Some(scalars) => Ok(Matcher::NotThese(scalars)),
        None => Err(refused(operand, "`anything-but` takes strings only or numbers only")),
    }
}

fn one_or_more(value: &Value) -> Parsed<Vec<Value>> {
    match value.elements() {
        Some([]) => Err(refused(value, "a list must not be empty")),
        Some(elements) => Ok(elements.to_vec()),
        None => Ok(vec![value.clone()]),
    }
}

fn numeric(operand: &Value) -> Parsed<Matcher> {
    let wrong = || refused(operand, "`numeric` is a list such as [\">\", 0, \"<=\", 5]");
    let elements = operand.elements().ok_or_else(wrong)?;
    if let Some(unknown) = operand.first_unknown() {
        return Ok(Matcher::Unknown(unknown.reason.clone()));
    }
    let mut tests = Vec::new();
    for pair in elements.chunks(2) {
        let [sign, number] = pair else { return Err(wrong()) };
        let order = match sign.as_str().as_deref() {
            Some("=") => Order::Equal,
            Some("<") => Order::Less,
            Some("<=") => Order::AtMost,
            Some(">") => Order::More,
            Some(">=") => Order::AtLeast,
            _ => return Err(refused(sign, "`=`, `<`, `<=`, `>` or `>=` is expected")),
        };
        let number = number.as_number().ok_or_else(|| refused(number, "a number is expected"))?;
        tests.push((order, number.to_f64()));
    }
    match tests.as_slice() {
        [_] | [(Order::More | Order::AtLeast, _), (Order::Less | Order::AtMost, _)] => Ok(Matcher::Numeric(tests)),
        _ => Err(wrong()),
    }
}

fn cidr(operand: &Value) -> Parsed<Matcher> {
    match (operand.as_unknown(), operand.as_str().and_then(|text| text.parse::<IpNet>().ok())) {
        (Some(unknown), _) => Ok(Matcher::Unknown(unknown.reason.clone())),
        (None, Some(net)) => Ok(Matcher::Cidr(net)),
        (None, None) => Err(refused(operand, "`cidr` is an address range such as \"10.0.0.0/24\"")),
    }
}

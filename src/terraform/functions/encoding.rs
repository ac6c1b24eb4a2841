//! Encoding and decoding.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::document::{self, DocumentError};
use crate::encode::{self, EncodeError};
use crate::text::Text;
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Unknown, Value};

use super::csv;
use super::pieces;
use super::spec::{
    Call, Failure, Function, MAX_TEXT, Parameter, any, impure, invalid, list, open, returns, string, text, text_value,
    too_large,
};

type Outcome = Result<Value, Failure>;

const TEXT: &[Parameter] = &[text("str")];
const VALUE: &[Parameter] = &[any("val").nullable().partial().marked()];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("base64decode", TEXT, returns::text, base64decode).of(0),
    Function::new("base64encode", &[text("str").partial().marked()], returns::text, base64encode).of(0),
    // The bytes that a compressor makes are its own affair.
    Function::new("base64gzip", TEXT, returns::text, |call| impure(call, Type::Text)).of(0),
    Function::new("csvdecode", TEXT, returns::dynamic, csvdecode).of(0),
    Function::new("jsondecode", &[text("str").partial().marked()], returns::dynamic, |call| {
        decode(call, document::read)
    })
    .may_be_null()
    .traced(),
    Function::new("jsonencode", VALUE, returns::text, |call| encoded(call, encode::json)).of(0),
    Function::new("textdecodebase64", &[text("source"), text("encoding")], returns::text, textdecodebase64).of(0),
    Function::new("textencodebase64", &[text("string"), text("encoding")], returns::text, textencodebase64).of(0),
    Function::new("urlencode", TEXT, returns::text, urlencode).of(0),
    Function::new("yamldecode", &[text("src").partial().marked()], returns::dynamic, |call| {
        decode(call, document::read_yaml)
    })
    .may_be_null()
    .traced(),
    Function::new("yamlencode", VALUE, returns::text, |call| encoded(call, encode::yaml)).of(0),
];

/// The string stays readable beside its encoded form, and so does what of it is known.
fn base64encode(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    let text = match &value.kind {
        Kind::Unknown(unknown) => return Err(Failure::Unknown(Arc::clone(unknown))),
        Kind::Text(text) => text.flattened(),
        _ => Text::from(&*call.str(0)?),
    };
    let encoded = match (text.as_str(), text.unknown_part()) {
        (Some(known), _) if known.len() / 3 * 4 > MAX_TEXT => return Err(too_large()),
        (Some(known), _) => Text::from(STANDARD.encode(known.as_bytes())),
        (None, Some(unknown)) => {
            Text::unknown(Arc::new(Unknown { symbol: None, among: None, ..Unknown::clone(&unknown) }))
        }
        (None, None) => Text::from(""),
    };
    let readable = Value { kind: Kind::Text(text), ..value.clone() };
    Ok(text_value(Text::encoded(readable, encoded)).mark(&value.deep_marks()))
}

/// The document remembers the value, marks included; the text is marked as a whole.
fn encoded(call: &Call<'_>, encode: fn(&Value) -> Result<Text, EncodeError>) -> Outcome {
    let value = call.get(0)?;
    if let Kind::Unknown(unknown) = &value.kind {
        return Err(Failure::Unknown(Arc::clone(unknown)));
    }
    let text = encode(value).map_err(|error| Failure::Call(error.to_string()))?;
    Ok(text_value(text).mark(&value.deep_marks()))
}

fn decode(call: &Call<'_>, read: fn(&Value) -> Result<Value, DocumentError>) -> Outcome {
    // A number or bool was converted to a string by now.
    let value = call.get(0)?;
    match read(value) {
        Ok(document) => {
            let document = plain(&document);
            let origin = call.origin_of(0).select(&document.origin, Some(call.span));
            Ok(document.with_origin(origin).mark(&value.marks))
        }
        Err(DocumentError::Syntax { message, .. }) => Err(Failure::Call(message)),
        Err(DocumentError::Unknown(reason)) => Err(open(reason)),
    }
}

/// The value as a decoder sees it: there are only tuples and objects in a document, and a null has no type.
fn plain(value: &Value) -> Value {
    let kind = match &value.kind {
        Kind::Null(_) => Kind::Null(Type::Dynamic),
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            Kind::Tuple(Arc::new(elements.iter().map(plain).collect()))
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let mut plained = Fields::default();
            for (key, field) in fields.fields() {
                plained.insert(Arc::clone(key), field.key_span, plain(&field.value));
            }
            fields.repeated().iter().for_each(|(key, span)| {
                if let Some(value) = plained.get(key).cloned() {
                    plained.insert(Arc::clone(key), *span, value);
                }
            });
            Kind::Object(Arc::new(plained))
        }
        other => other.clone(),
    };
    // The text was sensitive as a whole: the call's result is.
    Value { kind, origin: value.origin.clone(), marks: value.marks.clone().without(&Marks::SENSITIVE) }
}

/// Decodes Base64 as Go does: line ends do not count.
fn bytes(call: &Call<'_>) -> Result<Vec<u8>, Failure> {
    let text = call.str(0)?;
    let clean: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    STANDARD.decode(clean).map_err(|_| Failure::Call(format!("failed to decode base64 data {text:?}")))
}

fn base64decode(call: &Call<'_>) -> Outcome {
    String::from_utf8(bytes(call)?)
        .map(string)
        .map_err(|_| "the result of decoding the provided string is not valid UTF-8".into())
}

/// How a string is turned into bytes.
enum Charset {
    Utf16 { little: bool, mark: bool },
    Other(&'static Encoding),
}

fn charset(call: &Call<'_>) -> Result<Charset, Failure> {
    let name = call.str(1)?;
    match &*name.to_ascii_uppercase() {
        "UTF-16LE" => Ok(Charset::Utf16 { little: true, mark: false }),
        "UTF-16BE" => Ok(Charset::Utf16 { little: false, mark: false }),
        "UTF-16" => Ok(Charset::Utf16 { little: false, mark: true }),
        _ => Encoding::for_label(name.as_bytes()).map(Charset::Other).ok_or_else(|| {
            let message = format!("{name:?} is not a supported IANA encoding name or alias in this Terraform version");
            invalid(1, message)
        }),
    }
}

fn textencodebase64(call: &Call<'_>) -> Outcome {
    let text = call.str(0)?;
    let encoded = match charset(call)? {
        Charset::Utf16 { little, mark } => {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
        }
        Charset::Other(encoding) => match encoding.encode(&text) {
            (bytes, _, false) => bytes.into_owned(),
            _ => {
                let name = call.str(1)?;
                let message = format!("the given string contains characters that cannot be represented in {name}");
                return Err(invalid(0, message));
            }
        },
    };
    Ok(string(STANDARD.encode(encoded)))
}

fn textdecodebase64(call: &Call<'_>) -> Outcome {
    let charset = charset(call)?;
    let wrong = |_| {
        let name = call.arguments.get(1).and_then(Value::as_str).unwrap_or_default();
        invalid(0, format!("the given source does not contain valid {name} text"))
    };
    let bytes = bytes(call).map_err(wrong)?;
    let decoded = match charset {
        Charset::Utf16 { little, mark } => {
            let marked = |order: [u8; 2]| mark && bytes.starts_with(&order);
            let little = little || marked([0xff, 0xfe]);
            let skip = if marked([0xff, 0xfe]) || marked([0xfe, 0xff]) { 2 } else { 0 };
            let encoding = if little { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
            encoding.decode_without_bom_handling(bytes.get(skip..).unwrap_or_default()).0.into_owned()
        }
        Charset::Other(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
    };
    Ok(string(decoded))
}

fn urlencode(call: &Call<'_>) -> Outcome {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');
    let text = call.str(0)?;
    if text.len() > MAX_TEXT / 3 {
        return Err(too_large());
    }
    Ok(string(utf8_percent_encode(&text, RESERVED).to_string().replace(' ', "+")))
}

/// The rows below the header, each an object with a string for each column.
fn csvdecode(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let mut rows = csv::read(&call.str(0)?)?.into_iter();
    let header = rows.next().ok_or("missing header line")?;
    let mut names: Vec<Arc<str>> = Vec::new();
    for field in header.fields {
        let name: Arc<str> = Arc::from(field.text);
        if names.contains(&name) {
            return Err(format!("duplicate column name {name:?}").into());
        }
        names.push(name);
    }
    let cuts = document::Slices::new(&text);
    let origin = &call.get(0)?.origin;
    let mut objects = Vec::new();
    for row in rows {
        if row.fields.len() != names.len() {
            return Err(csv::error(row.line, "wrong number of fields"));
        }
        let cells = names.iter().zip(row.fields).map(|(name, field)| {
            let cell = match field.verbatim {
                true if !field.range.is_empty() => cuts.text(field.range),
                _ => pieces::computed(field.text),
            };
            (Arc::clone(name), text_value(cell).with_origin(origin.clone()))
        });
        objects.push(Value::object(cells.collect()).with_origin(origin.clone()));
    }
    Ok(list(Type::object(names.into_iter().map(|name| (name, Type::Text))), objects))
}

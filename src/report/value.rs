//! Values as JSON: an unknown is `{"$unknown": "reason"}`, a partly known string `{"$text": [...]}`, and a map with a key
//! that starts with `$` is `{"$map": [[key, value], ...]}`, so that the three cannot be confused.

use std::str::FromStr;

use serde_json::{Map, Number, Value as Json, json};

use super::shown::disarm_json;
use crate::text::{Piece, Text};
use crate::value::{Fields, Kind, Marks, Unknown, Value};

/// The value as JSON. Numbers keep all their digits.
pub fn to_json(value: &Value) -> Json {
    match &value.kind {
        Kind::Null(_) => Json::Null,
        Kind::Bool(value) => Json::Bool(*value),
        // Every decimal is a JSON number; one that were not would be shown as text rather than lost.
        Kind::Number(number) => {
            Number::from_str(&number.to_string()).map_or_else(|_| json!(number.to_string()), Json::Number)
        }
        Kind::Text(value) => text(value),
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            Json::Array(elements.iter().map(to_json).collect())
        }
        Kind::Object(fields) | Kind::Map(_, fields) => object(fields),
        Kind::Unknown(reason) => unknown(reason),
    }
}

fn object(fields: &Fields) -> Json {
    if fields.keys().any(|key| key.starts_with('$')) {
        let pairs = fields.iter().map(|(key, value)| json!([&**key, to_json(value)])).collect();
        return single("$map", Json::Array(pairs));
    }
    Json::Object(fields.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect())
}

fn text(text: &Text) -> Json {
    if let Some(known) = text.as_str() {
        return Json::String(known.into_owned());
    }
    if let Some(sole) = text.sole_unknown() {
        return unknown(sole);
    }
    let mut parts: Vec<Json> = Vec::new();
    for piece in text.flattened().pieces() {
        match (piece, parts.last_mut()) {
            (Piece::Literal(literal), Some(Json::String(last))) => last.push_str(&literal.text),
            (Piece::Literal(literal), _) => parts.push(Json::String(literal.text.to_string())),
            (Piece::Unknown(reason), _) => parts.push(unknown(&reason)),
            // None is left in a flattened text.
            (Piece::Encoded(_), _) => {}
        }
    }
    single("$text", Json::Array(parts))
}

fn unknown(unknown: &Unknown) -> Json {
    let mut map = Map::new();
    map.insert("$unknown".into(), Json::String(unknown.reason.to_string()));
    if let Some(symbol) = &unknown.symbol {
        map.insert("symbol".into(), Json::String(symbol.to_string()));
    }
    Json::Object(map)
}

fn single(key: &str, value: Json) -> Json {
    Json::Object(Map::from_iter([(key.to_owned(), value)]))
}

/// The paths of the sensitive parts of a value: `password`, `tags["a b"]`, `list[0].key`.
pub fn sensitive(value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect(value, String::new(), &mut paths);
    paths
}

fn collect(value: &Value, path: String, out: &mut Vec<String>) {
    if value.marks.contains(&Marks::SENSITIVE) {
        out.push(path);
        return;
    }
    if let Some(elements) = value.elements() {
        for (index, element) in elements.iter().enumerate() {
            collect(element, format!("{path}[{index}]"), out);
        }
    }
    if let Some(fields) = value.fields() {
        for (key, field) in fields.iter() {
            collect(field, join(&path, key), out);
        }
    }
}

fn join(path: &str, key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{}]", Json::String(key.to_owned())),
    }
}

/// One answer of `rootlint eval`, on one line.
pub fn answer(result: Result<&Value, &str>) -> String {
    let mut map = Map::new();
    match result {
        Err(message) => {
            map.insert("error".into(), Json::String(message.to_owned()));
        }
        Ok(value) => {
            match &value.kind {
                Kind::Unknown(unknown) => map.insert("unknown".into(), Json::String(unknown.reason.to_string())),
                _ => map.insert("value".into(), to_json(value)),
            };
            if value.deep_marks().contains(&Marks::SENSITIVE) {
                map.insert("sensitive".into(), Json::Bool(true));
            }
        }
    }
    disarm_json(&Json::Object(map).to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::number::Number as Decimal;
    use crate::text::Literal;
    use crate::types::Type;
    use crate::value::{Reason, Symbol};

    fn hole(symbol: bool) -> Arc<Unknown> {
        let symbol = symbol.then(|| Symbol {
            project: "p".into(),
            address: "aws_iam_user.u[\"a\"]".into(),
            kind: "aws_iam_user".into(),
            attribute: "arn".into(),
        });
        Arc::new(Unknown {
            ty: Type::Text,
            not_null: true,
            symbol,
            among: None,
            reason: Reason::new("var.id", "has no value", None),
        })
    }

    #[test]
    fn unknowns_are_marked_and_cannot_be_forged() {
        let arn = Text::from_pieces([
            Piece::Literal(Literal { text: "arn:".into(), span: None, exact: false }),
            Piece::Literal(Literal { text: "aws:".into(), span: None, exact: false }),
            Piece::Unknown(hole(false)),
        ]);
        let fields: Fields = [
            (Arc::from("a"), Value::new(Kind::Text(arn))),
            (Arc::from("b"), Value::new(Kind::Unknown(hole(true)))),
            (Arc::from("c"), Value::object([(Arc::from("$unknown"), Value::bool(true))].into_iter().collect())),
        ]
        .into_iter()
        .collect();
        let json = to_json(&Value::object(fields));
        assert_eq!(
            json.to_string(),
            r#"{"a":{"$text":["arn:aws:",{"$unknown":"`var.id` has no value"}]},"b":{"$unknown":"`var.id` has no value","symbol":"aws_iam_user.u[\"a\"].arn"},"c":{"$map":[["$unknown",true]]}}"#
        );
    }

    #[test]
    fn sensitive_parts_are_listed() {
        let secret = || Value::text("x").mark(&Marks::SENSITIVE);
        let inner: Fields =
            [(Arc::from("a b"), secret()), (Arc::from("c"), Value::tuple(vec![Value::text("y"), secret()]))]
                .into_iter()
                .collect();
        let value = Value::object([(Arc::from("t"), Value::object(inner))].into_iter().collect());
        assert_eq!(sensitive(&value), ["t[\"a b\"]", "t.c[1]"]);
        assert_eq!(answer(Ok(&value)), r#"{"value":{"t":{"a b":"x","c":["y","x"]}},"sensitive":true}"#);
    }

    #[test]
    fn answers_are_one_line() {
        assert_eq!(answer(Err("no\nway")), r#"{"error":"no\nway"}"#);
        assert_eq!(answer(Ok(&Value::new(Kind::Unknown(hole(false))))), r#"{"unknown":"`var.id` has no value"}"#);
        let big = Decimal::parse("12345678901234567890").map(Value::number).unwrap();
        assert!(answer(Ok(&big)).starts_with(r#"{"value":1234567890123456"#));
    }
}

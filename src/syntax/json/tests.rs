//! JSON, against positions and against serde_json.

use super::*;
use crate::source::Sources;
use proptest::prelude::*;

fn file() -> FileId {
    Sources::default().file("x.json".into())
}

fn fails(text: &str) -> (String, u32, u32) {
    let error = parse(text, file()).unwrap_err();
    (error.message, error.span.start, error.span.end)
}

#[test]
fn spans_are_exact() {
    let text = "\u{feff}{ \"ü\" : [ 1, \"a\\n\" ],\"ü\":null }";
    let node = parse(text, file()).unwrap();
    let entries = node.as_mapping().unwrap();
    assert_eq!(entries.len(), 2, "repeated keys are kept");
    let at = |span: Span| text.get(span.start as usize..span.end as usize).unwrap();
    assert_eq!(at(entries[0].0.span), "\"ü\"");
    assert_eq!(at(entries[0].0.as_scalar().unwrap().content), "ü");
    let elements = entries[0].1.as_sequence().unwrap();
    assert_eq!(at(elements[0].span), "1");
    assert_eq!(at(elements[1].span), "\"a\\n\"");
    assert!(!elements[1].as_scalar().unwrap().exact);
    assert_eq!(at(entries[0].1.span), "[ 1, \"a\\n\" ]");
    assert_eq!(at(entries[1].1.span), "null");
}

#[test]
fn errors_say_where() {
    assert_eq!(fails("{\"a\" 1}"), ("expected `:`, found `1`".into(), 5, 6));
    assert_eq!(fails("[1,]"), ("expected a value, found `]`".into(), 3, 4));
    assert_eq!(fails("{\"a\":1,}"), ("expected a key in double quotes, found `}`".into(), 7, 8));
    assert_eq!(fails("[1 é]"), ("expected `,` or `]`, found `é`".into(), 3, 5));
    assert_eq!(fails("[01]"), ("expected `,` or `]`, found `1`".into(), 2, 3));
    assert_eq!(fails("\"a\\q\""), ("not an escape that JSON knows".into(), 2, 4));
    assert_eq!(fails(" \"abc"), ("this string is not closed".into(), 1, 2));
    assert_eq!(fails("\"\\"), ("this string is not closed".into(), 0, 1));
    assert_eq!(fails("\"a\nb\""), ("a control character inside a string must be escaped".into(), 2, 3));
    assert_eq!(fails(""), ("expected a value, but the text ends".into(), 0, 0));
    assert_eq!(fails("1 2"), ("expected the end of the text, found `2`".into(), 2, 3));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(MAX_DEPTH), file()).is_ok());
    assert_eq!(fails(&nested(100_000)).1, MAX_DEPTH as u32);
}

#[test]
fn holes_stand_for_values_or_lie_in_strings() {
    let base = Span::start_of(file());
    let node = parse_holes(b"{\"a\":\xff,\"b\":\"x\xff\",\"c\":[\xff]}", base).unwrap();
    assert!(matches!(node.get("a").unwrap().kind, NodeKind::Hole(0)));
    assert_eq!(node.get("b").unwrap().as_str(), Some("x\u{fffd}"));
    assert!(matches!(node.get("c").unwrap().as_sequence().unwrap()[0].kind, NodeKind::Hole(2)));
    // Whatever stands elsewhere may be the reason for an error.
    assert_eq!(parse_holes(b"{\xff}", base).unwrap_err().hole, Some(0));
    assert_eq!(parse_holes(b"[\"\xff\", \xff1]", base).unwrap_err().hole, Some(1));
    assert_eq!(parse_holes(b"[\"\xff\", x]", base).unwrap_err().hole, None);
}

#[test]
fn text_at_an_offset_has_spans_of_the_whole() {
    let base = Span::new(file(), 10, 20);
    let node = parse_at("[true]", base).unwrap();
    assert_eq!(node.as_sequence().unwrap()[0].span, Span::new(base.file, 11, 15));
    assert_eq!(parse_at("[x]", base).unwrap_err().span, Span::new(base.file, 11, 12));
}

fn same(node: &Node, value: &serde_json::Value) -> bool {
    use serde_json::Value as V;
    match (&node.kind, value) {
        (NodeKind::Sequence(a), V::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        // serde_json keeps the last of repeated keys, so does `get`.
        (NodeKind::Mapping(a), V::Object(b)) => {
            a.iter().all(|(key, _)| b.contains_key(key.as_str().unwrap_or_default()))
                && b.iter().all(|(key, b)| node.get(key).is_some_and(|a| same(a, b)))
        }
        (NodeKind::Scalar(a), V::String(b)) => a.style == Style::Text && *a.text == **b,
        (NodeKind::Scalar(a), V::Number(b)) => a.style == Style::Plain && a.text.parse::<f64>().ok() == b.as_f64(),
        (NodeKind::Scalar(a), V::Bool(b)) => a.style == Style::Plain && *a.text == *b.to_string(),
        (NodeKind::Scalar(a), V::Null) => a.style == Style::Plain && &*a.text == "null",
        _ => false,
    }
}

proptest! {
    #[test]
    fn agrees_with_serde_json(parts in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"a\":", "\"b\":1", "1", "0", "-", ".5", "e3", "E+", "true", "null",
        "false", " ", "\n", "\t", "\\", "\\n", "\\u00e9", "\\ud83d\\ude00", "\\/", "\u{1}", "é", "x", "\"\\\"\"", "12.50", "{}",
    ]), 0..14)) {
        let text = parts.concat();
        let ours = parse(&text, file());
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(value) => prop_assert!(ours.as_ref().is_ok_and(|node| same(node, &value)), "{text}: {ours:?}"),
            // serde_json refuses what f64 cannot hold and surrogates without partner.
            Err(error) if ["out of range", "surrogate"].iter().any(|word| error.to_string().contains(word)) => {}
            Err(_) => prop_assert!(ours.is_err(), "{text}"),
        }
    }
}

#[test]
fn nodes_are_counted() {
    let text = br#"{"a": 1, "b": [2, {}]}"#;
    assert!(parse_at_most(7, text, Span::start_of(file())).is_ok());
    let fault = parse_at_most(6, text, Span::start_of(file())).unwrap_err();
    assert_eq!((&*fault.message, fault.range.start), ("more than 6 values and keys in one text", 18));
}

#[test]
fn equal_texts_are_kept_once_and_longer_ones_as_they_are() {
    let long = "x".repeat(100);
    let text = format!(r#"["Type", "Type", "Ty\u0070e", "{long}", "{long}"]"#);
    let node = parse(&text, file()).unwrap();
    let texts: Vec<&Arc<str>> =
        node.as_sequence().unwrap().iter().map(|node| &node.as_scalar().unwrap().text).collect();
    assert!(Arc::ptr_eq(texts[0], texts[1]));
    assert_eq!(texts.iter().map(|text| &***text).collect::<Vec<_>>(), ["Type", "Type", "Type", &long, &long]);
}

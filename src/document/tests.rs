//! Documents read from strings of all kinds.

use super::*;
use crate::value::{Unknown, Via};

const FILE_START: usize = 100;

fn file() -> FileId {
    Sources::default().file("a.tf".into())
}

/// A string written at byte 100, one to one.
fn written(text: &str) -> Text {
    Text::literal(text, Some(Span::new(file(), FILE_START, FILE_START + text.len())), true)
}

fn unknown(name: &str) -> Text {
    let reason = Reason::new(name, "has no value", None);
    Text::unknown(Arc::new(Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason }))
}

fn value(texts: &[&Text]) -> Value {
    Value::new(Kind::Text(Text::concat(texts.iter().copied())))
}

fn missing(error: DocumentError) -> String {
    match error {
        DocumentError::Unknown(reason) => reason.missing.to_string(),
        DocumentError::Syntax { message, .. } => message,
    }
}

#[test]
fn spans_lead_back_through_escapes_to_the_source() {
    let text = r#"{"a": "x\ny", "a": [1, "äz"]}"#;
    let document = read(&value(&[&written(text)])).unwrap();
    let fields = document.fields().unwrap();
    assert_eq!(fields.repeated().len(), 1);
    let elements = fields.get("a").unwrap().elements().unwrap();
    let at = |text: &str, part: &str| {
        let start = FILE_START + text.find(part).unwrap();
        Span::new(file(), start, start + part.len())
    };
    assert_eq!(elements[1].origin.span, Some(at(text, "\"äz\"")));
    assert_eq!(elements[1].as_text().unwrap().span_of(2, 3), Some(at(text, "z")));
    let escaped = read(&value(&[&written(r#""x\ny""#)])).unwrap();
    let escaped = escaped.as_text().unwrap().clone();
    assert_eq!(escaped.span_of(1, 2), Some(at(r#""x\ny""#, "\\n")));
    assert_eq!(escaped.span_of(2, 3), Some(at(r#""x\ny""#, "y")));
}

#[test]
fn an_unknown_part_costs_as_little_as_it_can() {
    let inside = value(&[
        &written(r#"{"r": "arn:"#),
        &unknown("var.x"),
        &written(r#":root", "l": ["#),
        &unknown("var.y"),
        &written("]}"),
    ]);
    let document = read(&inside).unwrap();
    let fields = document.fields().unwrap();
    let text = fields.get("r").unwrap().as_text().unwrap();
    assert_eq!(text.known_suffix().0, ":root");
    let element = &fields.get("l").unwrap().elements().unwrap()[0];
    assert_eq!(&*element.as_unknown().unwrap().reason.missing, "var.y");
    // As a key, as structure, or as the whole it makes the document unknown.
    for texts in [
        [written("{\""), unknown("var.x"), written("\": 1}")],
        [written("{"), unknown("var.x"), written("}")],
        [written("[1"), unknown("var.x"), written("]")],
        [written(" "), unknown("var.x"), written("")],
    ] {
        let error = read(&value(&texts.each_ref())).unwrap_err();
        assert_eq!(missing(error), "var.x");
    }
    let broken = value(&[&written("{\"a\": \""), &unknown("var.x"), &written("\", }")]);
    assert!(
        matches!(read(&broken), Err(DocumentError::Syntax { span: Some(span), .. }) if span.start == FILE_START as u32 + 3)
    );
}

#[test]
fn an_encoded_document_is_the_value_it_came_from() {
    let inner = Value::object([(Arc::from("k"), Value::text("v"))].into_iter().collect());
    let encoded = Text::encoded(inner, Text::from(r#"{"k":"v"}"#));
    assert!(read(&value(&[&encoded])).unwrap().fields().is_some());
    let around = read(&value(&[&written("{\"p\": "), &encoded, &written("\n}")])).unwrap();
    assert!(around.fields().unwrap().get("p").unwrap().fields().unwrap().get("k").is_some());
    // Its text is what counts elsewhere.
    let number = Text::encoded(Value::number(7), Text::from("7"));
    let inside = read(&value(&[&written("[\"a"), &number, &written("\", 1"), &number, &written("]")])).unwrap();
    let elements = inside.elements().unwrap();
    assert_eq!(elements[0].as_str().unwrap(), "a7");
    assert_eq!(elements[1].as_number().unwrap().to_string(), "17");
}

#[test]
fn a_document_keeps_the_way_its_text_took() {
    let text = written("[\"root\"]");
    let used = Span::new(file(), 5, 8);
    let given = value(&[&text]).at(Span::new(file(), 99, 109)).via(Via::VariableDefault("x".into()), Some(used));
    let element = read(&given.mark(&Marks::SENSITIVE)).unwrap().elements().unwrap()[0].clone();
    assert_eq!(element.origin.span, Some(used));
    assert_eq!(element.origin.written(), Some(Span::new(file(), 101, 107)));
    assert!(element.marks.is_hidden());
}

#[test]
fn yaml_is_typed_as_terraform_types_it() {
    let text = "a: yes\nb: 0123456789012\nc: 2012-10-17\nd: '1'\ne: ~\nf: 1_000\ng: !!str 1\nh: 12x\n";
    let document = read_yaml(&value(&[&written(text)])).unwrap();
    let field = |key: &str| document.fields().unwrap().get(key).unwrap().clone();
    assert_eq!(field("a").as_bool(), Some(true));
    assert!(field("b").as_number().is_some());
    assert_eq!(field("c").as_str().unwrap(), "2012-10-17T00:00:00Z");
    assert_eq!(field("d").as_str().unwrap(), "1");
    assert!(field("e").is_null());
    // Measured with Terraform 1.11.4: an underscore makes it a string.
    assert_eq!(field("f").as_str().unwrap(), "1_000");
    assert_eq!(field("g").as_str().unwrap(), "1");
    assert_eq!(field("h").as_str().unwrap(), "12x");
    assert!(read_yaml(&value(&[&written("a: !Ref b")])).is_err());
    assert!(read_yaml(&value(&[&written("a: 1\n---\nb: 2\n")])).is_err());
}

#[test]
fn yaml_may_be_partly_known() {
    let text =
        value(&[&written("a: arn:"), &unknown("var.x"), &written(":root\nb: "), &unknown("var.y"), &written("\n")]);
    let document = read_yaml(&text).unwrap();
    let fields = document.fields().unwrap();
    assert_eq!(fields.get("a").unwrap().as_text().unwrap().known_suffix().0, ":root");
    assert!(matches!(fields.get("b").unwrap().kind, Kind::Unknown(_)));
    let comment = value(&[&written("a: 1 # "), &unknown("var.x"), &written("\n")]);
    assert_eq!(missing(read_yaml(&comment).unwrap_err()), "var.x");
}

#[test]
fn block_scalars_are_mapped_line_by_line() {
    let text = "p: |\n    {\n      \"é\": \"root\"\n    }\nq: >-\n  one\n  root\n\n  x\nr: 'it''s root'\ns: \"a\\\"root\"\nt: a\r\n  root\n";
    let node = yaml::parse(text, file()).unwrap().remove(0);
    let mut from = 0;
    for (key, _) in node.as_mapping().unwrap() {
        let value = from_node(node.get(key.as_str().unwrap()).unwrap(), text, Scalars::CloudFormation);
        let found = value.as_text().unwrap();
        let at = found.as_str().unwrap().find("root").unwrap();
        let start = from + text.get(from..).unwrap().find("root").unwrap();
        assert_eq!(found.span_of(at, at + 4), Some(Span::new(file(), start, start + 4)), "{:?}", key.as_str());
        from = start + 4;
    }
    // And a policy inside one is exact too.
    let policy = read(&from_node(node.get("p").unwrap(), text, Scalars::CloudFormation)).unwrap();
    let root = policy.fields().unwrap().get("é").unwrap().origin.span.unwrap();
    assert_eq!(text.get(range(root)), Some("\"root\""));
}

#[test]
fn cloudformation_keeps_digits_that_are_names() {
    let text = "[123456789012, 007, 2012-10-17, 1.10, 5, 1.5, true, yes, 1e3, -3, '5']";
    let node = yaml::parse(text, file()).unwrap().remove(0);
    let values = from_node(&node, text, Scalars::CloudFormation);
    let kinds: Vec<Type> = values.elements().unwrap().iter().map(Value::ty).collect();
    use Type::{Bool, Number, Text};
    assert_eq!(kinds, [Text, Text, Text, Text, Number, Number, Bool, Text, Text, Number, Text]);
}

#[test]
fn a_slice_keeps_its_place() {
    let text = Text::concat([&written("abc"), &Text::from("d"), &written("ef")]);
    let part = Slices::new(&text).text(1..5);
    assert_eq!(part.as_str().unwrap(), "bcde");
    assert_eq!(part.span_of(0, 2), Some(Span::new(file(), FILE_START + 1, FILE_START + 3)));
}

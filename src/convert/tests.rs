use super::*;
use crate::value::{Marks, Reason};

fn n(number: i64) -> Value {
    Value::number(number)
}

fn t(text: &str) -> Value {
    Value::text(text)
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::object(fields.into_iter().map(|(name, value)| (Arc::from(name), value)).collect())
}

fn unknown(ty: Type) -> Value {
    Value::unknown(ty, Reason::new("var.x", "has no value", None))
}

fn any_list() -> Type {
    Type::list(Type::Dynamic)
}

fn same(a: &Value, b: &Value) {
    assert_eq!(a.ty(), b.ty(), "{a:?} {b:?}");
    assert_eq!(equal(a, b).ok(), Some(true));
}

#[test]
fn primitives_convert() {
    same(&convert(&n(1), &Type::Text).unwrap(), &t("1"));
    same(&convert(&Value::bool(true), &Type::Text).unwrap(), &t("true"));
    same(&convert(&t("1"), &Type::Bool).unwrap(), &Value::bool(true));
    same(&convert(&t("-5"), &Type::Number).unwrap(), &n(-5));
    let message = |value: &Value, ty| convert(value, &ty).unwrap_err().message;
    assert_eq!(message(&t("True"), Type::Bool), "a bool is required; to convert from string, use lowercase \"true\"");
    assert_eq!(message(&t("x"), Type::Number), "a number is required");
    assert_eq!(message(&Value::bool(true), Type::Number), "number required");
    assert_eq!(message(&Value::tuple(vec![]), Type::Text), "string required");
    assert_eq!(message(&t("a"), any_list()), "list of any single type required");
}

#[test]
fn tuples_become_lists_of_their_common_type() {
    let list = convert(&Value::tuple(vec![t("a"), n(1)]), &any_list()).unwrap();
    assert_eq!(list.ty(), Type::list(Type::Text));
    // Objects with different attributes are maps, with the same ones they are not.
    let maps = Value::tuple(vec![object([("a", n(1))]), object([("b", n(2))])]);
    assert_eq!(convert(&maps, &any_list()).unwrap().ty(), Type::list(Type::map(Type::Number)));
    let objects = Value::tuple(vec![object([("a", n(1))]), object([("a", t("x"))])]);
    let expected = Type::list(Type::object([("a".into(), Type::Text)]));
    assert_eq!(convert(&objects, &any_list()).unwrap().ty(), expected);
    let mixed = Value::tuple(vec![Value::null(), Value::tuple(vec![t("a")])]);
    assert_eq!(convert(&mixed, &any_list()).unwrap_err().message, "all list elements must have the same type");
    let with_null = convert(&Value::tuple(vec![Value::null(), t("a")]), &any_list()).unwrap();
    assert_eq!(with_null.ty(), Type::list(Type::Text));
}

#[test]
fn optional_attributes_become_null() {
    let constraint = Type::Object(Arc::new(ObjectType {
        attributes: [("a".into(), Type::Text), ("b".into(), Type::list(Type::Number))].into(),
        optional: ["b".into()].into(),
    }));
    let converted = convert(&object([("a", n(1)), ("extra", n(2))]), &constraint).unwrap();
    let fields = converted.fields().unwrap();
    assert_eq!(fields.len(), 2);
    assert!(matches!(&fields.get("b").unwrap().kind, Kind::Null(ty) if *ty == Type::list(Type::Number)));
    assert_eq!(convert(&object([]), &constraint).unwrap_err().message, "attribute \"a\" is required");
    let wrong = object([("a", Value::tuple(vec![]))]);
    assert_eq!(convert(&wrong, &constraint).unwrap_err().message, "attribute \"a\": string required");
}

#[test]
fn any_inside_a_constraint_is_filled_in() {
    let constraint = Type::list(Type::object([("v".into(), Type::Dynamic)]));
    let value = Value::tuple(vec![object([("v", n(1))]), object([("v", t("x"))])]);
    let expected = Type::list(Type::object([("v".into(), Type::Text)]));
    assert_eq!(convert(&value, &constraint).unwrap().ty(), expected);
    assert_eq!(convert(&Value::new(Kind::Null(Type::Text)), &Type::Dynamic).unwrap().ty(), Type::Text);
}

#[test]
fn sets_are_ordered_without_duplicates() {
    let numbers = convert(&Value::tuple(vec![n(10), n(9), n(10)]), &Type::set(Type::Dynamic)).unwrap();
    assert_eq!(
        numbers.elements().unwrap().iter().map(|n| n.as_number().unwrap().to_string()).collect::<Vec<_>>(),
        ["9", "10"]
    );
    let texts = set(Type::Text, vec![t("b"), unknown(Type::Text), t("a"), Value::new(Kind::Null(Type::Text)), t("b")]);
    assert_eq!(texts.elements().unwrap().len(), 4);
    assert_eq!(texts.elements().unwrap()[0].as_str().as_deref(), Some("a"));
    assert!(texts.elements().unwrap()[3].is_null());
    assert_eq!(length(&texts), None);
    assert_eq!(length(&set(Type::Text, vec![unknown(Type::Text)])), Some(1));
    // A set of a sensitive element is itself sensitive.
    let secret = set(Type::Text, vec![t("a").mark(&Marks::SENSITIVE)]);
    assert_eq!(secret.marks, Marks::SENSITIVE);
    assert_eq!(secret.elements().unwrap()[0].marks, Marks::NONE);
}

#[test]
fn types_unify_as_in_cty() {
    use Type::{Bool, Dynamic, Number, Text};
    assert_eq!(unify(&[Number, Text]), Some(Text));
    assert_eq!(unify(&[Bool, Number]), None);
    assert_eq!(unify(&[Bool, Number, Text]), Some(Text));
    assert_eq!(unify(&[Dynamic, Bool]), Some(Bool));
    assert_eq!(unify(&[]), None);
    let tuple = |types: &[Type]| Type::tuple(types.iter().cloned());
    assert_eq!(unify(&[tuple(&[Number]), tuple(&[])]), Some(Type::list(Number)));
    assert_eq!(unify(&[tuple(&[Number]), tuple(&[Text])]), Some(tuple(&[Text])));
    assert_eq!(unify(&[Type::set(Text), tuple(&[])]), Some(Type::set(Text)));
    assert_eq!(unify(&[Type::list(Number), tuple(&[Text])]), Some(Type::list(Text)));
    assert_eq!(unify(&[Type::list(Number), Type::set(Text)]), Some(Type::list(Number)));
    assert_eq!(unify(&[tuple(&[]), Type::object([])]), None);
    assert_eq!(unify(&[Type::list(Number), Dynamic]), Some(Dynamic));
    let map = Type::map(Number);
    assert_eq!(unify(&[Type::object([("a".into(), Text)]), map]), Some(Type::map(Text)));
}

#[test]
fn equality_is_type_sensitive_and_knows_what_it_does_not_know() {
    assert_eq!(equal(&Value::bool(true), &t("true")).ok(), Some(false));
    assert_eq!(equal(&t("1"), &n(1)).ok(), Some(false));
    assert_eq!(equal(&Value::null(), &Value::new(Kind::Null(Type::Text))).ok(), Some(true));
    assert_eq!(equal(&Value::null(), &n(1)).ok(), Some(false));
    assert_eq!(equal(&Value::tuple(vec![]), &Value::tuple(vec![])).ok(), Some(true));
    let list = convert(&Value::tuple(vec![t("a")]), &any_list()).unwrap();
    assert_eq!(equal(&list, &Value::tuple(vec![t("a")])).ok(), Some(false));
    let x = unknown(Type::Text);
    assert!(equal(&x, &t("a")).is_err());
    assert!(equal(&x, &Value::null()).is_err());
    assert_eq!(equal(&x, &n(1)).ok(), Some(false));
    assert!(equal(&x, &x).is_err());
    assert_eq!(equal(&Value::tuple(vec![x.clone(), n(1)]), &Value::tuple(vec![t("a"), n(2)])).ok(), Some(false));
    assert!(equal(&Value::tuple(vec![unknown(Type::Dynamic)]), &Value::tuple(vec![n(2)])).is_err());
    let Kind::Unknown(inner) = x.kind else { panic!() };
    let arn = Value::new(Kind::Text(Text::concat([&Text::from("arn:"), &Text::unknown(Arc::clone(&inner))])));
    assert_eq!(equal(&arn, &t("root")).ok(), Some(false));
    assert!(equal(&arn, &t("arn:root")).is_err());
    let not_null = Value::unknown_from(&inner, Type::Text);
    assert_eq!(equal(&not_null, &Value::null()).ok(), Some(false));
}

#[test]
fn unknowns_convert_to_unknowns_of_the_type() {
    let converted = convert(&unknown(Type::tuple([Type::Text, Type::Number])), &any_list()).unwrap();
    assert_eq!(converted.ty(), Type::list(Type::Text));
    assert_eq!(convert(&unknown(Type::Dynamic), &Type::Number).unwrap().ty(), Type::Number);
    assert!(convert(&unknown(Type::Bool), &Type::Number).is_err());
}

#[test]
fn attributes_that_are_not_listed_are_unknown() {
    let Kind::Unknown(rest) = unknown(Type::Dynamic).kind else { panic!() };
    let mut fields = Fields::default();
    fields.insert("id".into(), None, t("x"));
    fields.set_open(rest);
    let resource = Value::object(fields);
    let wanted = Type::object([("arn".into(), Type::Text), ("id".into(), Type::Text)]);
    let converted = convert(&resource, &wanted).unwrap();
    assert_eq!(converted.fields().unwrap().get("arn").unwrap().ty(), Type::Text);
    assert!(!converted.is_wholly_known());
    let several = convert(&Value::tuple(vec![resource.clone(), t("x")]), &any_list()).unwrap();
    assert_eq!(several.elements().unwrap().len(), 2);
    assert_eq!(length(&resource), None);
    assert!(equal(&resource, &object([("arn", n(1)), ("id", t("x"))])).is_err());
    assert_eq!(equal(&resource, &object([("id", t("y"))])).ok(), Some(false));
}

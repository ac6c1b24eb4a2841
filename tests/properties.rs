//! What holds for every expression, whatever is in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use rootlint::files::Memory;
use rootlint::report::value::answer;
use rootlint::scan::{self, EvalRow, Options};
use serde_json::Value;

fn eval(module: &str, expressions: &[String]) -> Vec<Value> {
    let files: Memory = [("main.tf", module)].into_iter().collect();
    let mut rows = Vec::new();
    let options = Options { jobs: Some(1), ..Options::default() };
    scan::evaluate(&files, &options, "".into(), expressions.iter().cloned(), &mut |row| {
        rows.push(match &row {
            EvalRow::Value(value) => answer(Ok(value)),
            EvalRow::Error(message) => answer(Err(message)),
        });
    });
    rows.iter().map(|row| serde_json::from_str(&row.to_string()).unwrap()).collect()
}

/// A string as HCL writes it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
    format!("\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
}

/// Literal values without nulls and without numbers that JSON readers round.
fn literal() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| value.to_string()),
        (-1_000_000i64..1_000_000).prop_map(|value| value.to_string()),
        "[a-zA-Z0-9 $%{}<>&éß\"\\\\\n]{0,12}".prop_map(|text| quoted(&text)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(", "))),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|all| {
                let items: Vec<String> = all.iter().map(|(key, value)| format!("{} = {value}", quoted(key))).collect();
                format!("{{{}}}", items.join(", "))
            }),
        ]
    })
}

/// Expressions of which many fail when they are evaluated, but none before.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![literal(), Just("var.u".to_owned()), Just("local.o".to_owned()), Just("null".to_owned())];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (two.clone(), prop::sample::select(vec!["+", "==", "&&", "<", "%"]))
                .prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            two.clone().prop_map(|(a, b)| format!("({a})[{b}]")),
            two.clone().prop_map(|(a, b)| format!("merge({a}, {b})")),
            (two, inner.clone()).prop_map(|((a, b), c)| format!("({a} ? {b} : {c})")),
            inner.clone().prop_map(|a| format!("({a}).x")),
            inner.clone().prop_map(|a| format!("\"-${{{a}}}\"")),
            inner.clone().prop_map(|a| format!("[for k, v in {a} : v]")),
            inner.clone().prop_map(|a| format!("upper({a})")),
            inner.prop_map(|a| format!("({a})[*].y")),
        ]
    })
}

const MODULE: &str = "variable \"u\" {}\nlocals { o = { x = 1, y = [\"a\"] } }\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn encoding_and_decoding_json_gives_the_value_back(value in literal()) {
        let answers = eval("", &[format!("jsondecode(jsonencode({value}))"), value]);
        prop_assert_eq!(&answers[0], &answers[1]);
    }

    #[test]
    fn encoding_and_decoding_yaml_gives_the_value_back(value in literal()) {
        let answers = eval("", &[format!("yamldecode(yamlencode({value}))"), value]);
        prop_assert_eq!(&answers[0], &answers[1]);
    }

    #[test]
    fn try_does_not_fail_where_it_can_fall_back(expression in expression()) {
        let answers = eval(MODULE, &[format!("try({expression}, \"fallback\")"), format!("can({expression})")]);
        prop_assert!(answers[0].get("error").is_none(), "{}", answers[0]);
        prop_assert!(answers[1].get("error").is_none(), "{}", answers[1]);
    }

    #[test]
    fn the_order_in_which_values_are_asked_for_does_not_matter(
        all in prop::collection::vec(expression(), 1..5),
    ) {
        // Each local rests on the one before it.
        let mut module = String::from(MODULE);
        for (index, expression) in all.iter().enumerate() {
            let before = index.checked_sub(1).map_or("null".into(), |before| format!("local.l{before}"));
            module.push_str(&format!("locals {{ l{index} = try([{expression}, {before}], {before}) }}\n"));
        }
        let names: Vec<String> = (0..all.len()).map(|index| format!("local.l{index}")).collect();
        let forwards = eval(&module, &names);
        let mut backwards = eval(&module, &names.iter().rev().cloned().collect::<Vec<_>>());
        backwards.reverse();
        prop_assert_eq!(forwards, backwards);
    }

    /// The unknown has a type: of one without, Terraform too makes another value once the type is there, since the arms
    /// of a conditional then convert to one (`false ? var.u : 1`).
    #[test]
    fn what_becomes_known_never_contradicts_what_was_known_before(
        expression in expression(),
        value in "[a-z0-9]{0,4}",
    ) {
        let module = |default: &str| {
            format!("variable \"u\" {{\n  type = string\n  {default}\n}}\nlocals {{ o = {{ x = 1, y = [\"a\"] }} }}\n")
        };
        let before = &eval(&module(""), std::slice::from_ref(&expression))[0];
        let after = &eval(&module(&format!("default = {}", quoted(&value))), &[expression])[0];
        // A value that holds nothing unknown stays what it was, unless what was unknown turns out to be an error
        // (`false && var.u`, which is decided without it).
        if before.get("value").is_some() && !before.to_string().contains("$unknown") && after.get("error").is_none() {
            prop_assert_eq!(before.get("value"), after.get("value"));
        }
    }
}

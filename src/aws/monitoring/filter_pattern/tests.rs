use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::aws::fake;
use crate::aws::monitoring::events;
use crate::source::Sources;
use crate::text::{Piece, Text};

fn read(pattern: &str) -> FilterPattern {
    parse(&Text::from(pattern)).unwrap_or_else(|error| panic!("{pattern}: {error:?}"))
}

fn matches(pattern: &str, event: &Json) -> Answer {
    read(pattern).matches(event, &event.to_string())
}

/// What is refused, and the characters it points at.
fn refused(pattern: &str) -> (String, String) {
    let file = Sources::default().file("main.tf".into());
    let text = Text::literal(pattern, Some(Span::new(file, 0, pattern.len())), true);
    match parse(&text) {
        Err(PatternError::Refused { message, span }) => {
            let span = span.unwrap();
            (message, pattern.get(span.start as usize..span.end as usize).unwrap().to_owned())
        }
        other => panic!("{pattern}: {other:?}"),
    }
}

#[test]
fn comparisons_mean_what_they_say() {
    let event = json!({
        "a": "Root", "n": 5, "zero": 0, "t": true, "f": false, "nothing": null, "o": {"b": "x y"},
        "l": [{"b": "one"}, {"b": "two"}], "num": "400"
    });
    for (pattern, expected) in [
        (r#"{ $.a = "Root" }"#, true),
        (r#"{$.a="Root"}"#, true),
        ("{ $.a = Root }", true),
        (r#"{ $.a = "root" }"#, false),
        (r#"{ $.a = "R*t" }"#, true),
        ("{ $.a = *oot }", true),
        (r#"{ $.a != "Root" }"#, false),
        (r#"{ $.a != "root" }"#, true),
        (r#"{ $.missing = "x" }"#, false),
        // AWS's own test says so.
        (r#"{ $.missing != "x" }"#, false),
        ("{ $.missing NOT EXISTS }", true),
        ("{ $.missing EXISTS }", false),
        ("{ $.a EXISTS }", true),
        ("{ $.a NOT EXISTS }", false),
        ("{ $.nothing IS NULL }", true),
        ("{ $.a IS NULL }", false),
        ("{ $.missing IS NULL }", false),
        ("{ $.nothing EXISTS }", true),
        ("{ $.t IS TRUE }", true),
        ("{ $.f IS TRUE }", false),
        ("{ $.f IS FALSE }", true),
        ("{ $.n > 4 }", true),
        ("{ $.n > 5 }", false),
        ("{ $.n >= 5 }", true),
        ("{ $.n < 5.5 }", true),
        ("{ $.n <= 4 }", false),
        ("{ $.n = 5 }", true),
        ("{ $.n = 5.0 }", true),
        ("{ $.n != 5 }", false),
        ("{ $.num = 400 }", true),
        ("{ $.a > 4 }", false),
        (r#"{ $.o.b = "x y" }"#, true),
        (r#"{ $.l[0].b = "one" }"#, true),
        (r#"{ $.l[0].b = "two" }"#, false),
        (r#"{ $.l[*].b = "two" }"#, true),
        (r#"{ $['o'].b = "x*" }"#, true),
        ("{ $.l[7].b EXISTS }", false),
        ("{ $.a = %^Ro+t$% }", true),
        ("{ $.a = %^o% }", false),
        ("{ $.a != %oo% }", false),
        // `&&` binds more tightly.
        (r#"{ $.a = "Root" || $.a = "x" && $.n = 6 }"#, true),
        (r#"{ ($.a = "Root" || $.a = "x") && $.n = 6 }"#, false),
        (r#"{ $.n = 6 && $.a = "x" || $.a = "Root" }"#, true),
        (r#"{(($.a="Root"))&&($.n=5)}"#, true),
        ("", true),
        ("  ", true),
        ("Root", true),
        ("Root nowhere", false),
        ("Root -nowhere", true),
        ("-Root", false),
        ("?nowhere ?Root", true),
        ("?nowhere ?neither", false),
        // With others beside them, they do not count.
        ("Root ?nowhere", true),
        (r#""\"a\":\"Root\"""#, true),
        (r#""a : Root""#, false),
        ("%Ro{1}ot%", true),
    ] {
        assert_eq!(matches(pattern, &event), Answer::from(expected), "{pattern}");
    }
}

#[test]
fn what_is_not_documented_is_not_guessed() {
    let event = json!({"t": true, "nothing": null, "o": {}});
    for pattern in [r#"{ $.t = "true" }"#, r#"{ $.nothing != "x" }"#, r#"{ $.o != "x" }"#, "[a, b, c]"] {
        assert!(matches!(matches(pattern, &event), Answer::Unknown(_)), "{pattern}");
    }
    assert_eq!(matches(r#"{ $.t = "x" }"#, &event), Answer::No);
}

#[test]
fn what_aws_refuses_is_pointed_at() {
    let quotes = "a string stands between `\"` and `\"`, no other quotes";
    for (pattern, message, at) in [
        (r#"{ $.a = "Root }"#, "this string does not end", "\""),
        (r#"{ $.a == "Root" }"#, "`==` is no operator: `=` is", "=="),
        ("{ $.a = 'Root' }", quotes, "'"),
        ("{ $.a = “Root” }", quotes, "“"),
        (r#"{ $.a = "x" & $.b = "y" }"#, "`&&`, `||` or `}` is expected where found `&`", "&"),
        (r#"{ $.a = "x" AND $.b = "y" }"#, "`&&`, `||` or `}` is expected where found `AND`", "A"),
        (r#"{ ($.a = "x" }"#, "`&&`, `||` or `)` is expected where found `}`", "}"),
        (r#"{ $.a = "x" "#, "`&&`, `||` or `}` is expected where it ends", " "),
        (r#"{ $.a = "x" } }"#, "the end is expected where found `}`", "}"),
        (r#"{ &.a = "x" }"#, "a field that starts with `$.` is expected where found `&`", "&"),
        (r#"{ a = "x" }"#, "a field that starts with `$.` is expected where found `a`", "a"),
        (r#"{ $a = "x" }"#, "`.` and the name of a field is expected where found `a`", "a"),
        (r#"{ $. = "x" }"#, "the name of a field is expected where found ` `", " "),
        ("{ $.a NOT NULL }", "`EXISTS` is expected where found `NULL`", "N"),
        ("{ $.a IS EMPTY }", "`NULL`, `TRUE`, `FALSE` is expected where found `EMPTY`", "E"),
        (
            "{ $.a LIKE 1 }",
            "`=`, `!=`, `<`, `<=`, `>`, `>=`, `EXISTS`, `NOT EXISTS` or `IS` is expected where found `LIKE`",
            "L",
        ),
        ("{ $.a > x }", "`>` compares with a number", "x"),
        ("{ $.a = }", "a value is expected where found `}`", "}"),
        ("{ }", "a field that starts with `$.` is expected where found `}`", "}"),
        ("{ $.a[x] = 1 }", "an index, `*` or a name in quotes is expected where found `]`", "]"),
        ("{ $.a = %(x)% }", "a regular expression cannot hold `(`", "("),
        ("{ $.a = %x }", "this regular expression does not end", "%"),
        ("{ $.a = %[% }", "this is no regular expression", "%[%"),
        ("{ $.a = %a% || $.a = %b% || $.a = %c% }", "holds more than 2 regular expressions", "%c%"),
        (
            r#"$.userIdentity.type = "Root""#,
            "`$` may stand only between quotes here: a pattern for JSON stands between `{` and `}`",
            "$",
        ),
        ("[a, b", "`]` is missing", "["),
    ] {
        let (said, place) = refused(pattern);
        assert_eq!((said.as_str(), place.as_str()), (message, at), "{pattern}");
    }
}

#[test]
fn patterns_are_bounded() {
    let (message, _) = refused(&format!("{{ $.a = \"{}\" }}", "x".repeat(1024)));
    assert_eq!(message, "is longer than 1024 characters");
    let deep = |depth: usize| format!("{{{}$.a = 1{}}}", "(".repeat(depth), ")".repeat(depth));
    assert!(matches!(read(&deep(64)), FilterPattern::Json(_)));
    assert_eq!(refused(&deep(65)).0, "nests too deeply");
    assert_eq!(refused("?").0, "a word is expected where it ends");
}

fn partly(before: &str, after: &str) -> Text {
    let hole = Piece::Unknown(fake::unknown("var.x").as_unknown().unwrap());
    let pieces: Vec<Piece> = Text::from(before).pieces().collect();
    Text::from_pieces(pieces.into_iter().chain([hole]).chain(Text::from(after).pieces()))
}

#[test]
fn unknown_parts_stay_unknown_only_where_they_matter() {
    let event = json!({"a": "Root", "b": "x"});
    let answer = |before: &str, after: &str| parse(&partly(before, after)).unwrap().matches(&event, "");
    assert!(matches!(answer("{ $.a = \"", "\" }"), Answer::Unknown(reason) if &*reason.missing == "var.x"));
    assert!(matches!(answer("{ $.a = \"R", "t\" }"), Answer::Unknown(_)));
    assert_eq!(answer("{ $.a = \"R", "x\" }"), Answer::No);
    assert_eq!(answer("{ $.b = \"", "\" || $.a = \"Root\" }"), Answer::Yes);
    assert_eq!(answer("{ $.b = \"", "\" && $.a = \"root\" }"), Answer::No);
    assert!(matches!(answer("{ $.", " = \"Root\" }"), Answer::Unknown(_)));
    assert!(matches!(answer("{ $.a > ", " }"), Answer::No));
    assert!(matches!(answer("{ $.a = ", " }"), Answer::Unknown(_)));
    for (before, after) in [("", ""), ("{ ", " }"), ("{ $.a = 1 ", " }"), ("{ $.a ", " 1 }"), ("a ", ""), ("[a, ", "")]
    {
        assert!(matches!(parse(&partly(before, after)), Err(PatternError::Unknown(_))), "{before}?{after}");
    }
}

#[test]
fn what_keeps_a_pattern_from_matching_is_told() {
    let event = json!({"a": "Root", "b": "x"});
    let failing = |pattern: &str| match read(pattern) {
        FilterPattern::Json(expression) => expression.failing(&event).iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    assert_eq!(failing(r#"{ $.a = "root" && $.b = "x" }"#), [r#"$.a = "root""#]);
    assert_eq!(failing(r#"{ $.a = "x" && $.b = "y" || $.b = "z" }"#), [r#"$.b = "z""#]);
    assert!(failing(r#"{ $.a = "x" || $.b = "x" }"#).is_empty());
}

/// Every event that is replayed, so that a rewriting that matters for one of them shows.
fn all_events() -> Vec<events::Event> {
    let mut all = events::watched(None).to_vec();
    all.extend(events::noise(None));
    all.extend_from_slice(events::kinds());
    all.push(events::of_a_member());
    all
}

fn test() -> impl Strategy<Value = Expression> {
    let fields = prop::sample::select(vec![
        "$.userIdentity.type",
        "$.userIdentity.invokedBy",
        "$.eventType",
        "$.eventName",
        "$.errorCode",
        "$.readOnly",
        "$.userIdentity.sessionContext.attributes.mfaAuthenticated",
        "$['awsRegion']",
        "$.resources[0].type",
    ]);
    let values =
        prop::sample::select(vec!["\"Root\"", "Root", "\"Aws*\"", "ConsoleLogin", "us-east-1", "\"a\\\"b\"", "5"]);
    let tests = prop_oneof![
        (fields.clone(), prop::sample::select(vec!["=", "!="]), values)
            .prop_map(|(field, sign, value)| format!("{{ {field} {sign} {value} }}")),
        (fields, prop::sample::select(vec!["EXISTS", "NOT EXISTS", "IS NULL", "IS TRUE", "> 5", "<= 1.5", "= %oo%"]))
            .prop_map(|(field, words)| format!("{{ {field} {words} }}")),
    ];
    tests.prop_map(|text| match read(&text) {
        FilterPattern::Json(expression) => expression,
        other => panic!("{other:?}"),
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    test().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::And),
            prop::collection::vec(inner, 2..4).prop_map(Expression::Or),
        ]
    })
}

/// The pattern that matches whatever this one does not: De Morgan's rule, down to the comparisons. A comparison with a
/// field that is not there holds neither way.
fn negated(expression: &Expression) -> Expression {
    match expression {
        Expression::And(parts) => Expression::Or(parts.iter().map(negated).collect()),
        Expression::Or(parts) => Expression::And(parts.iter().map(negated).collect()),
        Expression::Test(test) => {
            let with = |is| Expression::Test(Test { is, ..test.clone() });
            match test.is.clone() {
                Comparison::Exists => with(Comparison::NotExists),
                Comparison::NotExists => with(Comparison::Exists),
                Comparison::Equals(operand) => {
                    Expression::Or(vec![with(Comparison::Differs(operand)), with(Comparison::NotExists)])
                }
                Comparison::Differs(operand) => {
                    Expression::Or(vec![with(Comparison::Equals(operand)), with(Comparison::NotExists)])
                }
                // The language cannot negate these.
                Comparison::Orders(..) | Comparison::IsNull | Comparison::IsBool(_) => Expression::Test(test.clone()),
            }
        }
    }
}

fn negatable(expression: &Expression) -> bool {
    expression.tests().iter().all(|test| {
        matches!(test.is, Comparison::Exists | Comparison::NotExists | Comparison::Equals(_) | Comparison::Differs(_))
    })
}

fn reversed(expression: &Expression) -> Expression {
    match expression {
        Expression::And(parts) => Expression::And(parts.iter().rev().map(reversed).collect()),
        Expression::Or(parts) => Expression::Or(parts.iter().rev().map(reversed).collect()),
        test => test.clone(),
    }
}

/// With parentheses that mean nothing.
fn grouped(expression: &Expression) -> String {
    let join = |parts: &[Expression], with: &str| parts.iter().map(grouped).collect::<Vec<_>>().join(with);
    match expression {
        Expression::And(parts) => format!("( {} )", join(parts, "&&")),
        Expression::Or(parts) => format!("(({}))", join(parts, " || ")),
        Expression::Test(test) => format!("( {test})"),
    }
}

/// With no parentheses but those that matter.
fn bare(expression: &Expression) -> String {
    match expression {
        Expression::And(parts) => {
            let part = |part: &Expression| match part {
                Expression::Or(_) => format!("({})", bare(part)),
                other => bare(other),
            };
            parts.iter().map(part).collect::<Vec<_>>().join(" && ")
        }
        Expression::Or(parts) => parts.iter().map(bare).collect::<Vec<_>>().join(" || "),
        Expression::Test(test) => test.to_string(),
    }
}

/// Reasons may differ: which of several unknowns is named is no matter.
fn verdict(answer: &Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Open => "open",
        Answer::Unknown(_) => "unknown",
    }
}

fn verdicts(pattern: &FilterPattern) -> Vec<&'static str> {
    all_events().iter().map(|event| verdict(&pattern.matches(&event.record, &event.text))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn writing_a_pattern_otherwise_changes_no_verdict(expression in expression()) {
        let pattern = FilterPattern::Json(expression.clone());
        let printed = pattern.to_string();
        let tests = expression.tests();
        let regexes = tests.iter().filter(|test| matches!(test.is, Comparison::Equals(Operand::Regex(..)))).count();
        prop_assume!(grouped(&expression).len() <= 1000 && regexes <= 2);
        prop_assert_eq!(&read(&printed).to_string(), &printed);
        let own = verdicts(&pattern);
        prop_assert_eq!(&verdicts(&read(&printed)), &own);
        prop_assert_eq!(&verdicts(&read(&format!("{{{}}}", bare(&expression)))), &own);
        prop_assert_eq!(&verdicts(&read(&format!("{{{}}}", grouped(&expression)))), &own);
        prop_assert_eq!(&verdicts(&FilterPattern::Json(reversed(&expression))), &own);
    }

    #[test]
    fn de_morgan_holds(expression in expression()) {
        prop_assume!(negatable(&expression));
        let twice = negated(&negated(&expression));
        for event in events::watched(None).iter().chain(&events::noise(None)) {
            let own = verdict(&expression.matches(&event.record));
            let opposite = verdict(&negated(&expression).matches(&event.record));
            prop_assert_eq!(verdict(&twice.matches(&event.record)), own);
            prop_assert_eq!(opposite, match own { "yes" => "no", "no" => "yes", other => other });
        }
    }
}

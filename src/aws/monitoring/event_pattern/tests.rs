use serde_json::json;

use super::*;
use crate::aws::fake;
use crate::source::Sources;
use crate::text::{Piece, Text};
use crate::value::{Kind, Value};

fn written(pattern: &str) -> Value {
    let file = Sources::default().file("rule.json".into());
    let span = Span::new(file, 0, pattern.len());
    Value::new(Kind::Text(Text::literal(pattern, Some(span), true))).at(span)
}

fn matches(pattern: &str, event: &Json) -> Answer {
    parse(&written(pattern)).unwrap_or_else(|error| panic!("{pattern}: {error:?}")).matches(event)
}

#[test]
fn comparisons_mean_what_they_say() {
    let event = json!({
        "source": "aws.signin", "n": 5, "t": true, "nothing": null, "empty": "",
        "detail": {"type": "Root", "ip": "10.0.0.7", "six": "2001:db8::7", "o": {"b": 1}},
        "resources": ["arn:1", "arn:2"],
        "list": [{"a": "x", "b": "1"}, {"a": "y", "b": "2"}]
    });
    for (pattern, expected) in [
        (r#"{"source": ["aws.signin"]}"#, true),
        (r#"{"source": ["aws.iam", "aws.signin"]}"#, true),
        (r#"{"source": ["aws.iam"]}"#, false),
        (r#"{"source": ["AWS.SIGNIN"]}"#, false),
        (r#"{"source": ["aws.signin"], "n": [6]}"#, false),
        (r#"{"n": [5.0]}"#, true),
        (r#"{"n": ["5"]}"#, false),
        (r#"{"t": [true]}"#, true),
        (r#"{"nothing": [null]}"#, true),
        (r#"{"missing": [null]}"#, false),
        (r#"{"empty": [""]}"#, true),
        (r#"{"detail": {"type": ["Root"]}}"#, true),
        (r#"{"detail": {"type": [{"prefix": "Ro"}]}}"#, true),
        (r#"{"detail": {"type": [{"prefix": "ro"}]}}"#, false),
        (r#"{"detail": {"type": [{"prefix": {"equals-ignore-case": "ro"}}]}}"#, true),
        (r#"{"detail": {"type": [{"suffix": "ot"}]}}"#, true),
        (r#"{"detail": {"type": [{"suffix": {"equals-ignore-case": "OT"}}]}}"#, true),
        (r#"{"detail": {"type": [{"suffix": "Ro"}]}}"#, false),
        (r#"{"detail": {"type": [{"equals-ignore-case": "ROOT"}]}}"#, true),
        (r#"{"detail": {"type": [{"wildcard": "R*t"}]}}"#, true),
        (r#"{"detail": {"type": [{"wildcard": "R\\*t"}]}}"#, false),
        (r#"{"detail": {"type": [{"anything-but": "Root"}]}}"#, false),
        (r#"{"detail": {"type": [{"anything-but": ["Root", "x"]}]}}"#, false),
        (r#"{"detail": {"type": [{"anything-but": ["x"]}]}}"#, true),
        (r#"{"detail": {"type": [{"anything-but": {"prefix": "Ro"}}]}}"#, false),
        (r#"{"detail": {"type": [{"anything-but": {"suffix": ["x", "ot"]}}]}}"#, false),
        (r#"{"detail": {"type": [{"anything-but": {"wildcard": "*x*"}}]}}"#, true),
        (r#"{"detail": {"type": [{"anything-but": {"equals-ignore-case": ["root"]}}]}}"#, false),
        (r#"{"n": [{"anything-but": [5]}]}"#, false),
        (r#"{"n": [{"anything-but": 6}]}"#, true),
        // What is not there is not anything.
        (r#"{"missing": [{"anything-but": "x"}]}"#, false),
        (r#"{"n": [{"numeric": [">", 4, "<=", 5]}]}"#, true),
        (r#"{"n": [{"numeric": [">", 5]}]}"#, false),
        (r#"{"n": [{"numeric": ["=", 5]}]}"#, true),
        (r#"{"n": [{"numeric": [">=", 5, "<", 5]}]}"#, false),
        (r#"{"source": [{"numeric": ["=", 5]}]}"#, false),
        (r#"{"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}"#, true),
        (r#"{"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}}"#, false),
        (r#"{"detail": {"six": [{"cidr": "2001:db8::/32"}]}}"#, true),
        (r#"{"detail": {"type": [{"exists": true}]}}"#, true),
        (r#"{"detail": {"type": [{"exists": false}]}}"#, false),
        (r#"{"detail": {"missing": [{"exists": false}]}}"#, true),
        (r#"{"missing": {"deeper": [{"exists": false}]}}"#, true),
        // To a pattern, what has fields is not there itself.
        (r#"{"detail": {"o": [{"exists": true}]}}"#, false),
        (r#"{"detail": {"type": ["x", {"prefix": "R"}]}}"#, true),
        (r#"{"$or": [{"source": ["aws.iam"]}, {"n": [5]}]}"#, true),
        (r#"{"$or": [{"source": ["aws.iam"]}, {"n": [6]}]}"#, false),
        (r#"{"t": [false], "$or": [{"source": ["aws.signin"]}, {"n": [6]}]}"#, false),
        (r#"{"detail": {"$or": [{"type": ["Root"]}, {"ip": ["x"]}]}}"#, true),
        (r#"{"resources": ["arn:2"]}"#, true),
        (r#"{"resources": ["arn:3"]}"#, false),
        (r#"{"list": {"a": ["x"], "b": ["1"]}}"#, true),
        // One element must pass it all.
        (r#"{"list": {"a": ["x"], "b": ["2"]}}"#, false),
    ] {
        assert_eq!(matches(pattern, &event), Answer::from(expected), "{pattern}");
    }
}

#[test]
fn what_eventbridge_refuses_is_pointed_at() {
    let key = "a comparison is an object with one key";
    for (pattern, message, at) in [
        (r#"{"type": "Root"}"#, "`type` must be a list, not a string: write [\"Root\"]", r#""Root""#),
        (r#"{"n": 5}"#, "`n` must be a list, not a number: write [5]", "5"),
        (r#"{"t": true}"#, "`t` must be a list, not a truth value: write [true]", "true"),
        (r#"{"type": []}"#, "a list must not be empty", "[]"),
        (r#"{"detail": {}}"#, "an object must not be empty", "{}"),
        ("{}", "an object must not be empty", "{}"),
        (r#"["x"]"#, "must be an object", r#"["x"]"#),
        (r#"{"a": [["x"]]}"#, "a list within a list is not allowed", r#"["x"]"#),
        (r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, key, r#"{"prefix": "x", "suffix": "y"}"#),
        (r#"{"a": [{"exists": "true"}]}"#, "`exists` is true or false", r#""true""#),
        (r#"{"a": [{"prefix": 5}]}"#, "`prefix` compares with a string", "5"),
        (r#"{"a": [{"wildcard": "a**b"}]}"#, "two wildcards in a row are not allowed", r#""a**b""#),
        (r#"{"a": [{"wildcard": "a\\b"}]}"#, "`\\` may stand only before `*` and `\\`", r#""a\\b""#),
        (r#"{"a": [{"anything-but": []}]}"#, "a list must not be empty", "[]"),
        (r#"{"a": [{"anything-but": ["x", 5]}]}"#, "`anything-but` takes strings only or numbers only", r#"["x", 5]"#),
        (r#"{"a": [{"anything-but": {"numeric": ["=", 1]}}]}"#, "`anything-but` knows no `numeric`", r#""numeric""#),
        (r#"{"a": [{"numeric": ["!", 5]}]}"#, "`=`, `<`, `<=`, `>` or `>=` is expected", r#""!""#),
        (r#"{"a": [{"numeric": [">", "5"]}]}"#, "a number is expected", r#""5""#),
        (
            r#"{"a": [{"numeric": ["<", 5, ">", 1]}]}"#,
            "`numeric` is a list such as [\">\", 0, \"<=\", 5]",
            r#"["<", 5, ">", 1]"#,
        ),
        (
            r#"{"a": [{"cidr": "10.0.0.0/33"}]}"#,
            "`cidr` is an address range such as \"10.0.0.0/24\"",
            r#""10.0.0.0/33""#,
        ),
        (r#"{"$or": [{"a": ["x"]}]}"#, "`$or` must be a list of at least two objects", r#"[{"a": ["x"]}]"#),
        (r#"{"$or": [{"a": ["x"]}, "b"]}"#, "`$or` must be a list of objects", r#""b""#),
    ] {
        let Err(PatternError::Refused { message: said, span }) = parse(&written(pattern)) else {
            panic!("{pattern} is taken");
        };
        let span = span.unwrap();
        let place = pattern.get(span.start as usize..span.end as usize).unwrap();
        assert_eq!((said.as_str(), place), (message, at), "{pattern}");
    }
    for (pattern, part) in
        [(r#"{"a": [{"contains": "x"}]}"#, "there is no comparison `contains`"), (r#"{"a": ["x"}"#, "is no JSON")]
    {
        assert!(
            matches!(parse(&written(pattern)), Err(PatternError::Refused { message, .. }) if message.contains(part))
        );
    }
}

#[test]
fn patterns_are_bounded() {
    let deep = format!("{}[1]{}", "{\"a\":".repeat(80), "}".repeat(80));
    assert!(matches!(parse(&written(&deep)), Err(PatternError::Refused { .. })));
    let long = format!("{{\"a\": [{}1]}}", "1,".repeat(5000));
    assert!(matches!(parse(&written(&long)), Err(PatternError::Refused { .. })));
}

#[test]
fn unknown_parts_stay_unknown_only_where_they_matter() {
    let event = json!({"a": "Root", "b": "x"});
    let with = |a: Value, b: Value| {
        let list = |value| Value::tuple(vec![value]);
        let pattern = fake::object([("a", list(a)), ("b", list(b))]);
        parse(&pattern).unwrap().matches(&event)
    };
    let unknown = || fake::unknown("var.x");
    assert!(matches!(with(unknown(), Value::text("x")), Answer::Unknown(_)));
    assert_eq!(with(unknown(), Value::text("y")), Answer::No);
    let partly = |end: &str| {
        let hole = Piece::Unknown(unknown().as_unknown().unwrap());
        let end = Text::from(end);
        Value::new(Kind::Text(Text::from_pieces([hole].into_iter().chain(end.pieces()))))
    };
    assert!(matches!(with(partly("ot"), Value::text("x")), Answer::Unknown(_)));
    assert_eq!(with(partly("user"), Value::text("x")), Answer::No);
    let prefix = fake::object([("prefix", partly("zzz"))]);
    assert!(matches!(with(prefix, Value::text("x")), Answer::No));
    assert!(matches!(parse(&unknown()), Err(PatternError::Unknown(_))));
    let inner = fake::object([("a", unknown())]);
    assert!(matches!(parse(&inner).unwrap().matches(&event), Answer::Unknown(_)));
}

#[test]
fn what_keeps_a_pattern_from_matching_is_told() {
    let event = json!({"a": "Root", "o": {"b": "x"}});
    let failing = |pattern: &str| -> Vec<String> {
        let failing = parse(&written(pattern)).unwrap().failing(&event);
        failing.iter().map(|failing| failing.path.join(".")).collect()
    };
    assert_eq!(failing(r#"{"a": ["root"], "o": {"b": ["x"]}}"#), ["a"]);
    assert_eq!(failing(r#"{"a": ["Root"], "o": {"b": ["y"], "c": ["z"]}}"#), ["o.b", "o.c"]);
    assert_eq!(failing(r#"{"$or": [{"a": ["x"], "o": {"b": ["y"]}}, {"a": ["y"]}]}"#), ["a"]);
    assert!(failing(r#"{"a": ["Root"]}"#).is_empty());
}

use std::cell::Cell;

use super::*;
use crate::convert::equal;
use crate::files::Memory;
use crate::number::Number;
use crate::types::Type;
use crate::value::{Kind, Marks};

mod outside;

/// Files, sources and a folder, with a template language that knows only `$NAME`.
pub(super) struct Scope {
    files: Memory,
    sources: Sources,
    left_to_read: Cell<u64>,
}

impl Context for Scope {
    fn files(&self) -> &dyn Files {
        &self.files
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn left_to_read(&self) -> &Cell<u64> {
        &self.left_to_read
    }

    fn folder(&self) -> &Utf8Path {
        "root".into()
    }

    fn render(&self, template: &Text, variables: &Arc<Fields>, _: Option<Span>) -> Result<Value, String> {
        let template = template.as_str().unwrap_or_default();
        let name = template.trim().strip_prefix('$').ok_or("no variable")?;
        variables.get(name).cloned().ok_or_else(|| format!("no variable {name}"))
    }
}

pub(super) fn scope() -> Scope {
    let files = [("root/a.txt", &b"plain file\n"[..]), ("root/sub/p.json", b"{}"), ("root/bin.dat", b"\x89\xff\0")];
    Scope { files: files.into_iter().collect(), sources: Sources::default(), left_to_read: Cell::new(1 << 20) }
}

/// JSON as Terraform's values; `"?"` is an unknown string.
pub(super) fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::null(),
        serde_json::Value::Bool(truth) => Value::bool(*truth),
        serde_json::Value::Number(number) => Value::number(Number::parse(&number.to_string()).unwrap()),
        serde_json::Value::String(text) if text == "?" => {
            Value::unknown(Type::Text, Reason::new("var.x", "has no value", None))
        }
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(elements) => Value::tuple(elements.iter().map(value).collect()),
        serde_json::Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, field)| (Arc::from(&**name), value(field))).collect())
        }
    }
}

pub(super) fn run(name: &str, arguments: &[Value]) -> Result<Value, FunctionError> {
    let scope = scope();
    let span = Span::new(scope.sources.file("root/main.tf".into()), 0, 10);
    call(name, arguments, &scope, span)
}

/// The result as JSON, unknown parts as `?`.
fn shown(value: &Value) -> String {
    let text = crate::encode::json_text(value).unwrap();
    let pieces = text.pieces().map(|piece| match piece {
        crate::text::Piece::Literal(literal) => literal.text.to_string(),
        _ => "?".into(),
    });
    pieces.collect()
}

/// Runs calls written as name, JSON array of arguments and result: JSON, or an error after an exclamation mark.
pub(super) fn check(cases: &[(&str, &str, &str)]) {
    for (name, arguments, expected) in cases {
        let arguments: serde_json::Value = serde_json::from_str(arguments).unwrap();
        let arguments: Vec<Value> = arguments.as_array().unwrap().iter().map(value).collect();
        let result = match run(name, &arguments) {
            Ok(value) => shown(&value),
            Err(error) => format!("!{}", error.message),
        };
        assert_eq!(result, *expected, "{name}({arguments:?})");
    }
}

#[test]
fn arguments_are_checked_as_terraform_does() {
    check(&[
        ("upper", "[]", "!Function \"upper\" expects 1 argument(s). Missing value for \"str\"."),
        ("upper", r#"["a", "b"]"#, "!Function \"upper\" expects only 1 argument(s)."),
        ("upper", "[[]]", "!Invalid value for \"str\" parameter: string required."),
        ("keys", "[null]", "!Invalid value for \"inputMap\" parameter: argument must not be null."),
        ("max", "[null, 1]", "!Invalid value for \"numbers\" parameter: argument must not be null."),
        ("core::upper", r#"["a"]"#, r#""A""#),
        ("lower", "[5]", r#""5""#),
        ("nofunc", "[]", "!There is no function named \"nofunc\"."),
        (
            "list",
            r#"["a"]"#,
            "!Call to function \"list\" failed: the \"list\" function was deprecated in Terraform \
          v0.12 and is no longer available; use tolist([ ... ]) syntax to write a literal list.",
        ),
    ]);
    assert!(exists("core::join") && exists("provider::x::y") && !exists("type") && !exists("try"));
    assert!(run("provider::x::y", &[]).unwrap().as_unknown().is_some());
}

#[test]
fn strings() {
    check(&[
        ("upper", r#"["abcÉß"]"#, r#""ABCÉß""#),
        ("lower", r#"["ABCİ"]"#, r#""abci""#),
        ("upper", r#"["?"]"#, r#""?""#),
        ("strrev", r#"["añb"]"#, r#""bña""#),
        ("title", r#"["hello wörld foo_bar x-y"]"#, r#""Hello Wörld Foo_bar X-Y""#),
        ("trim", r#"["?!hello?!", "!?"]"#, r#""hello""#),
        ("trimspace", r#"["  a b\n"]"#, r#""a b""#),
        ("trimsuffix", r#"["foobar", "bar"]"#, r#""foo""#),
        ("trimprefix", r#"["foobar", "foo"]"#, r#""bar""#),
        ("chomp", r#"["a\r\n\n"]"#, r#""a""#),
        ("indent", r#"[2, "a\nb\n"]"#, r#""a\n  b\n  ""#),
        ("join", r#"[",", ["a"], ["b"]]"#, r#""a,b""#),
        ("join", r#"["-", ["a", "?", "b"]]"#, r#""a-?-b""#),
        (
            "join",
            r#"[",", ["a", null]]"#,
            "!Invalid value for \"lists\" parameter: element 1 is null; cannot \
          concatenate null values.",
        ),
        ("split", r#"[",", "a,b,,c"]"#, r#"["a","b","","c"]"#),
        ("split", r#"["", "abc"]"#, r#"["a","b","c"]"#),
        ("split", r#"[",", ""]"#, r#"[""]"#),
        ("split", r#"["", ""]"#, "[]"),
        ("replace", r#"["a/b", "/", "-"]"#, r#""a-b""#),
        ("replace", r#"["abc", "", "-"]"#, r#""-a-b-c-""#),
        ("replace", r#"["hello", "/l+/", "L"]"#, r#""heLo""#),
        ("replace", r#"["ab", "/(a)(b)/", "$2$1"]"#, r#""ba""#),
        ("substr", r#"["hello", -3, -1]"#, r#""llo""#),
        ("substr", r#"["hello", 10, 2]"#, r#""""#),
        ("substr", r#"["hello", 0, 100]"#, r#""hello""#),
        ("substr", r#"["hello", 1, 0]"#, r#""""#),
        ("substr", r#"["hello", -2, 0]"#, r#""lo""#),
        ("startswith", r#"["abc", "ab"]"#, "true"),
        ("endswith", r#"["abc", "ab"]"#, "false"),
        ("strcontains", r#"["abc", "d"]"#, "false"),
    ]);
}

#[test]
fn partly_known_strings_stay_partly_known() {
    let arn = run("format", &[Value::text("arn:%s:x "), value(&"?".into())]).unwrap();
    let one = |name: &str, further: &[&str]| {
        let arguments: Vec<Value> = [arn.clone()].into_iter().chain(further.iter().map(Value::text)).collect();
        shown(&run(name, &arguments).unwrap())
    };
    assert_eq!(shown(&arn), r#""arn:?:x ""#);
    assert_eq!(one("upper", &[]), r#""ARN:?:X ""#);
    assert_eq!(one("trimspace", &[]), r#""arn:?:x""#);
    assert_eq!(one("trimsuffix", &[":x "]), r#""arn:?""#);
    assert_eq!(one("trimprefix", &["arn"]), r#"":?:x ""#);
    assert_eq!(one("trimprefix", &["arn:a"]), r#""?""#);
    assert_eq!(one("startswith", &["arn:"]), "true");
    assert_eq!(one("startswith", &["x"]), "false");
    assert_eq!(one("startswith", &["arn:a"]), "?");
    assert_eq!(one("endswith", &[":x "]), "true");
    assert_eq!(one("strcontains", &["rn"]), "true");
    assert_eq!(one("strcontains", &["q"]), "?");
    assert_eq!(one("replace", &[":", "/"]), r#""arn/?/x ""#);
    assert_eq!(one("replace", &["x ", "/"]), r#""?""#);
    assert_eq!(shown(&run("substr", &[arn.clone(), Value::number(0), Value::number(3)]).unwrap()), r#""arn""#);
    assert_eq!(shown(&run("substr", &[arn, Value::number(0), Value::number(4)]).unwrap()), r#""?""#);
}

#[test]
fn positions_survive() {
    let scope = scope();
    let file = scope.sources.file("root/main.tf".into());
    let span = |start, end| Span::new(file, start, end);
    let literal = |text: &str, at| Value::new(Kind::Text(Text::literal(text, Some(span(at, at + text.len())), true)));
    let run = |name: &str, arguments: &[Value]| call(name, arguments, &scope, span(0, 5)).unwrap();
    let at = |value: &Value, start, end| value.as_text().unwrap().span_of(start, end);
    assert_eq!(at(&run("trimspace", &[literal("  abc ", 10)]), 0, 3), Some(span(12, 15)));
    assert_eq!(at(&run("upper", &[literal("abc", 10)]), 1, 2), Some(span(11, 12)));
    let split = run("split", &[Value::text(","), literal("ab,cd", 10)]);
    assert_eq!(at(&split.elements().unwrap()[1], 0, 2), Some(span(13, 15)));
    let joined = run("format", &[literal("%s/%s", 20), literal("ab", 30), literal("cd", 40)]);
    assert_eq!(joined.as_str().as_deref(), Some("ab/cd"));
    assert_eq!(at(&joined, 3, 5), Some(span(40, 42)));
    assert_eq!(at(&joined, 2, 3), Some(span(22, 23)));
    assert_eq!(at(&run("regex", &[Value::text("b."), literal("abcd", 10)]), 0, 2), Some(span(11, 13)));
    let element = run("element", &[Value::tuple(vec![literal("a", 10).at(span(9, 12))]), Value::number(0)]);
    assert_eq!(element.origin.span, Some(span(0, 5)));
    assert_eq!(element.origin.written(), Some(span(9, 12)));
}

#[test]
fn formats() {
    check(&[
        ("format", r#"["%v %v", 1, "x"]"#, r#""1 x""#),
        ("format", r#"["%v", 1234567]"#, r#""1.234567e+06""#),
        ("format", r##"["%#v", {"a": [1, true, null]}]"##, r#""{\"a\":[1,true,null]}""#),
        ("format", r#"["%x %X %o %b", 255, 255, 8, 5]"#, r#""ff FF 10 101""#),
        ("format", r#"["%t", true]"#, r#""true""#),
        ("format", r#"["%e %g", 12345.678, 0.0001]"#, r#""1.234568e+04 0.0001""#),
        ("format", r#"["%d", "7"]"#, r#""7""#),
        ("format", r#"["%%"]"#, r#""%""#),
        ("format", r#"["%05d|%-5d|%+d|% d|%.3d", 42, 42, 42, 42, 42]"#, r#""00042|42   |+42| 42|042""#),
        (
            "format",
            r##"["%#x|%08.3f|%10s|%-4s|%q|%.2s", 255, 3.14159, "a", "b", "c\"", "xyz"]"##,
            r#""0xff|0003.142|         a|b   |\"c\\\"\"|xy""#,
        ),
        ("format", r#"["%5.1f", 2.25]"#, r#""  2.2""#),
        ("format", r#"["%[2]s %[1]s", "a", "b"]"#, r#""b a""#),
        (
            "format",
            r#"["%s"]"#,
            "!Call to function \"format\" failed: not enough arguments for \"%s\" at 0: need \
          index 1 but have 0 total.",
        ),
        (
            "format",
            r#"["x", 1]"#,
            "!Invalid value for \"args\" parameter: too many arguments; no verbs in format \
          string.",
        ),
        (
            "format",
            r#"["%c", 65]"#,
            "!Call to function \"format\" failed: unsupported format verb 'c' in \"%c\" at \
          offset 0.",
        ),
        (
            "format",
            r#"["%99999999d", 1]"#,
            "!Call to function \"format\" failed: the number 99999999 in the format \
          string is too large.",
        ),
        ("format", r#"["%s-%d", "?", 1]"#, r#""?-1""#),
        ("format", r#"["%5s", "?"]"#, r#""?""#),
        ("format", r#"["%v", ["?"]]"#, r#""[?]""#),
        ("formatlist", r#"["%s-%s", ["a", "b"], "z"]"#, r#"["a-z","b-z"]"#),
        ("formatlist", r#"["%s", ["a", "?"]]"#, r#"["a","?"]"#),
        ("formatlist", r#"["%s", []]"#, "[]"),
        ("format", r#"["%v", null]"#, r#""?""#),
        (
            "formatlist",
            r#"["%s", ["a", null]]"#,
            "!Call to function \"formatlist\" failed: error on format iteration 1: unsupported value for \"%s\" at 0: \
             null value cannot be formatted.",
        ),
        (
            "formatlist",
            r#"["%s-%s", ["a"], ["b", "c"]]"#,
            "!Invalid value for \"args\" parameter: argument 2 has \
          length 2, which is inconsistent with argument 1 of length 1.",
        ),
    ]);
}

#[test]
fn regular_expressions() {
    check(&[
        ("regex", r#"["[a-z]+", "123abc"]"#, r#""abc""#),
        ("regex", r#"["(?P<y>\\d{4})-(?P<m>\\d\\d)", "2024-05"]"#, r#"{"m":"05","y":"2024"}"#),
        ("regex", r#"["(a)(x)?", "a"]"#, r#"["a",null]"#),
        ("regex", r#"["\\w+", "é a"]"#, r#""a""#),
        ("regex", r#"["[[\\]&&]+", "x[&]"]"#, r#""[\u0026]""#),
        ("regex", r#"["\\Qa.b\\E{1}{", "a.b{"]"#, r#""a.b{""#),
        ("regex", r#"["[^]a]", "]b"]"#, r#""b""#),
        ("regex", r#"["[[:digit:]_]+", "a1_"]"#, r#""1_""#),
        ("regexall", r#"["a.", "abacad"]"#, r#"["ab","ac","ad"]"#),
        ("regexall", r#"["(a)(.)", "abac"]"#, r#"[["a","b"],["a","c"]]"#),
        ("regexall", r#"["x", "abac"]"#, "[]"),
        (
            "regex",
            r#"["x", "a"]"#,
            "!Call to function \"regex\" failed: pattern did not match any part of the given \
          string.",
        ),
        (
            "regex",
            r#"["(?P<a>a)(b)", "a"]"#,
            "!Invalid value for \"pattern\" parameter: invalid regexp pattern: \
          cannot mix both named and unnamed capture groups.",
        ),
    ]);
    let bomb = run("regex", &[Value::text("(((a{100}){100}){100}){100}"), Value::text("a")]);
    assert!(bomb.is_err());
}

#[test]
fn collections() {
    check(&[
        ("length", r#"["añ😀"]"#, "3"),
        ("length", r#"["e\u0301"]"#, "1"),
        ("length", r#"[["?", "?"]]"#, "2"),
        (
            "length",
            "[5]",
            "!Call to function \"length\" failed: argument must be a string, a collection type, or a \
          structural type.",
        ),
        ("concat", r#"[["a"], ["b", 1]]"#, r#"["a","b",1]"#),
        (
            "concat",
            r#"[["a"], "b"]"#,
            "!Invalid value for \"seqs\" parameter: all arguments must be lists or tuples; \
          got string.",
        ),
        ("contains", r#"[["a", "b"], "a"]"#, "true"),
        ("contains", r#"[["a", "?"], "a"]"#, "true"),
        ("contains", r#"[["b", "?"], "a"]"#, "?"),
        ("contains", r#"[[1, 2], "1"]"#, "false"),
        ("distinct", r#"[[1, "1"]]"#, r#"["1"]"#),
        ("flatten", r#"[["a", null, [null]]]"#, r#"["a",null,null]"#),
        ("flatten", r#"[["a", ["?", []]]]"#, r#"["a",?]"#),
        ("compact", r#"[["a", "", null, "b"]]"#, r#"["a","b"]"#),
        ("coalesce", r#"[null, "", "b"]"#, r#""b""#),
        ("coalesce", "[null, null]", "!Call to function \"coalesce\" failed: no non-null, non-empty-string arguments."),
        ("coalescelist", r#"[[], ["a"]]"#, r#"["a"]"#),
        ("coalescelist", "[[], []]", "!Call to function \"coalescelist\" failed: no non-null arguments."),
        ("element", r#"[["a"], -1]"#, r#""a""#),
        ("element", r#"[["a", "b"], 3]"#, r#""b""#),
        ("index", r#"[["a", "b"], "b"]"#, "1"),
        ("keys", r#"[{"b": 1, "a": "?"}]"#, r#"["a","b"]"#),
        ("values", r#"[{"b": 1, "a": "x"}]"#, r#"["x",1]"#),
        ("lookup", r#"[{"a": "?"}, "b", "d"]"#, r#""d""#),
        (
            "lookup",
            r#"[{"a": 1}, "b"]"#,
            "!Invalid value for \"inputMap\" parameter: the given object has no \
          attribute \"b\".",
        ),
        ("merge", r#"[{"a": 1}, null, {"b": 2}, {"a": 3}]"#, r#"{"a":3,"b":2}"#),
        ("merge", r#"["a"]"#, "!Call to function \"merge\" failed: arguments must be maps or objects, got \"string\"."),
        ("one", "[[]]", "null"),
        ("one", r#"[["?"]]"#, "?"),
        (
            "one",
            "[[1, 2]]",
            "!Invalid value for \"list\" parameter: must be a list, set, or tuple value with either \
          zero or one elements.",
        ),
        ("range", "[3]", "[0,1,2]"),
        ("range", "[3, 0, -1]", "[3,2,1]"),
        ("range", "[1, 0]", "[1]"),
        (
            "range",
            "[1000000000]",
            "!Call to function \"range\" failed: more than 1024 values were generated; either \
          decrease the difference between start and end or use a smaller step.",
        ),
        ("reverse", r#"[["a", 1]]"#, r#"[1,"a"]"#),
        ("setintersection", r#"[["a", "b"], ["b", "c"]]"#, r#"["b"]"#),
        ("setunion", r#"[["b"], ["a", "?"]]"#, r#"["a","b",?]"#),
        ("setsubtract", r#"[["a", "b"], ["a"]]"#, r#"["b"]"#),
        ("setproduct", r#"[["a", "b"], [1, 2]]"#, r#"[["a",1],["a",2],["b",1],["b",2]]"#),
        ("slice", r#"[[1, "b", true], 0, 2]"#, r#"[1,"b"]"#),
        ("sort", r#"[["b", "a", "C"]]"#, r#"["C","a","b"]"#),
        ("sort", r#"[["b", "?"]]"#, r#"["?","?"]"#),
        ("transpose", r#"[{"a": ["1", "2"], "b": ["2"]}]"#, r#"{"1":["a"],"2":["a","b"]}"#),
        ("zipmap", r#"[["a", "b"], ["?", 1]]"#, r#"{"a":?,"b":1}"#),
        (
            "zipmap",
            r#"[["a"], [1, 2]]"#,
            "!Call to function \"zipmap\" failed: number of keys (1) does not match \
          number of values (2).",
        ),
        ("chunklist", "[[1, 2, 3], 2]", "[[1,2],[3]]"),
        ("matchkeys", r#"[["i-1", "i-2"], ["us", "eu"], ["eu"]]"#, r#"["i-2"]"#),
        ("alltrue", "[[]]", "true"),
        ("alltrue", "[[true, null]]", "false"),
        ("anytrue", r#"[["?", true]]"#, "true"),
        ("toset", r#"[["b", "a", "b"]]"#, r#"["a","b"]"#),
        ("toset", r#"[[1, "1"]]"#, r#"["1"]"#),
        ("tolist", r#"["a"]"#, "!Invalid value for \"v\" parameter: cannot convert string to list of any single type."),
        (
            "tonumber",
            r#"["0x1f"]"#,
            "!Invalid value for \"v\" parameter: cannot convert \"0x1f\" to number; given \
          string must be a decimal representation of a number.",
        ),
    ]);
    let big = Value::tuple((0..1000).map(Value::number).collect());
    assert!(run("setproduct", &[big.clone(), big.clone(), big]).is_err());
}

#[test]
fn numbers() {
    check(&[
        ("abs", "[-5]", "5"),
        ("floor", "[-1.2]", "-2"),
        ("ceil", "[1.2]", "2"),
        ("log", "[10, 10]", "1"),
        ("log", "[0, 2]", "!Call to function \"log\" failed: the result is no finite number."),
        ("pow", "[2, 0.5]", "1.4142135623730951"),
        ("pow", "[2, 100]", "1267650600228229400000000000000"),
        ("pow", "[3, 50]", "717897987691852600000000"),
        ("pow", "[1.1, 10]", "2.593742460100002"),
        ("pow", "[2, -1]", "0.5"),
        ("parseint", r#"["ff", 16]"#, "255"),
        ("parseint", r#"["9", 8]"#, "!Invalid value for \"number\" parameter: cannot parse \"9\" as a base 8 integer."),
        ("max", r#"["5", 3]"#, "5"),
        ("min", "[]", "!Call to function \"min\" failed: must pass at least one number."),
        ("signum", "[-3]", "-1"),
        ("sum", "[[0.1, 0.2]]", "0.3"),
        ("sum", r#"[["1", "2"]]"#, "3"),
    ]);
}

#[test]
fn marks_and_symbols_are_kept() {
    let secret = Value::text("a").mark(&Marks::SENSITIVE);
    for name in ["upper", "length", "sensitive", "tostring"] {
        assert!(run(name, std::slice::from_ref(&secret)).unwrap().marks.contains(&Marks::SENSITIVE), "{name}");
    }
    let keys = run("keys", &[Value::object([("a".into(), secret.clone())].into_iter().collect())]).unwrap();
    assert_eq!(keys.deep_marks(), Marks::NONE);
    assert_eq!(run("nonsensitive", std::slice::from_ref(&secret)).unwrap().marks, Marks::NONE);
    let joined = run("join", &[Value::text(","), Value::tuple(vec![secret])]).unwrap();
    assert_eq!(joined.marks, Marks::SENSITIVE);

    let symbol = crate::value::Symbol {
        project: "p".into(),
        address: "aws_iam_user.u".into(),
        kind: "aws_iam_user".into(),
        attribute: "name".into(),
    };
    let mut user = value(&"?".into());
    if let Kind::Unknown(unknown) = &mut user.kind {
        Arc::make_mut(unknown).symbol = Some(symbol.clone());
    }
    let tuple = Value::tuple(vec![user.clone()]);
    assert_eq!(run("one", std::slice::from_ref(&tuple)).unwrap().symbol(), Some(symbol.clone()));
    assert_eq!(run("element", &[tuple.clone(), Value::number(0)]).unwrap().symbol(), Some(symbol.clone()));
    assert_eq!(run("coalesce", &[user.clone(), Value::text("x")]).unwrap().symbol(), Some(symbol.clone()));
    for name in ["toset", "tolist", "concat", "flatten"] {
        let result = run(name, std::slice::from_ref(&tuple)).unwrap();
        assert_eq!(result.elements().unwrap()[0].symbol(), Some(symbol.clone()), "{name}");
    }
    assert_eq!(run("upper", std::slice::from_ref(&user)).unwrap().symbol(), None);
    assert_eq!(run("format", &[Value::text("%s"), user]).unwrap().symbol(), Some(symbol));
    assert!(matches!(equal(&run("length", &[tuple]).unwrap(), &Value::number(1)), Ok(true)));
}

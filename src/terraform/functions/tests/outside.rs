//! Functions that look outside the language: documents, files, hashes, networks, times.

use super::*;

#[test]
fn encodings() {
    check(&[
        ("base64encode", r#"["héllo"]"#, r#""aMOpbGxv""#),
        ("base64decode", r#"["aMOpb\nGxv"]"#, r#""héllo""#),
        (
            "base64decode",
            r#"["@@"]"#,
            "!Call to function \"base64decode\" failed: failed to decode base64 data \"@@\".",
        ),
        ("urlencode", r#"["a b/ü~"]"#, r#""a+b%2F%C3%BC~""#),
        ("textdecodebase64", r#"["aABpAA==", "UTF-16LE"]"#, r#""hi""#),
        ("textencodebase64", r#"["hi", "UTF-16LE"]"#, r#""aABpAA==""#),
        ("textencodebase64", r#"["ü", "windows-1252"]"#, r#""/A==""#),
        ("csvdecode", r#"["a,b\n1,\"x \"\"y\"\"\"\n\n2,\n"]"#, r#"[{"a":"1","b":"x \"y\""},{"a":"2","b":""}]"#),
        (
            "csvdecode",
            r#"["a,b\n1"]"#,
            "!Call to function \"csvdecode\" failed: CSV parse error on line 2: wrong number \
          of fields.",
        ),
        (
            "jsonencode",
            r#"[{"b": 1, "a": [true, null, "<&>"], "c": 1.50}]"#,
            r#""{\"a\":[true,null,\"\\u003c\\u0026\\u003e\"],\"b\":1,\"c\":1.5}""#,
        ),
        ("jsonencode", r#"["a\"b/é\u2028\u0001\b"]"#, r#""\"a\\\"b/é\\u2028\\u0001\\b\"""#),
        ("jsonencode", r#"[{"a": "?"}]"#, r#""{\"a\":?}""#),
        ("jsonencode", r#"["?"]"#, r#""?""#),
        ("jsondecode", r#"["{\"a\":[1e2,null]}"]"#, r#"{"a":[100,null]}"#),
        ("jsondecode", r#"["\"s\""]"#, r#""s""#),
        ("yamldecode", r#"["a: [1, x]\nb:\n  - c: null\n    d: yes\n"]"#, r#"{"a":[1,"x"],"b":[{"c":null,"d":true}]}"#),
        (
            "yamldecode",
            r#"["n: 1\non: 2\n1.50: 3\n0x10: 4\n010: 5\n\"no\": 6\n!!str yes: 7\n2020-01-02: 8"]"#,
            r#"{"1.5":3,"10":5,"16":4,"2020-01-02T00:00:00Z":8,"false":1,"no":6,"true":2,"yes":7}"#,
        ),
        ("yamldecode", r#"["!!str 5"]"#, r#""5""#),
    ]);
    assert!(run("jsondecode", &[Value::text("{")]).is_err());
    assert!(run("yamldecode", &[Value::text("~: 1\n")]).is_err());
    assert!(run("yamldecode", &[Value::text("[a]: 1\n")]).is_err());
    assert!(run("yamldecode", &[Value::text("---\na: 1\n---\nb: 2\n")]).is_err());
    // What was encoded comes back as a document, with its unknown parts.
    let set = run("toset", &[Value::tuple(vec![Value::text("a")])]).unwrap();
    let object = Value::object([("s".into(), set), ("u".into(), value(&"?".into()))].into_iter().collect());
    let encoded = run("jsonencode", &[object]).unwrap();
    assert!(encoded.as_text().unwrap().as_encoded().is_some());
    let decoded = run("jsondecode", &[encoded]).unwrap();
    assert!(matches!(decoded.fields().unwrap().get("s").unwrap().kind, Kind::Tuple(_)));
    assert!(decoded.fields().unwrap().get("u").unwrap().as_unknown().is_some());
}

#[test]
fn yaml_is_written_as_terraform_writes_it() {
    let long = "many words ".repeat(10);
    let folded = "\"many words many words many words many words many words many words many words many\n  words many \
                  words many words \"\n";
    let cases = [
        (
            r#"{"a": [1, "x", null, {"b": {}, "c": []}], "k y": true}"#,
            "\"a\":\n- 1\n- \"x\"\n- null\n- \"b\": {}\n  \"c\": []\n\"k y\": true\n",
        ),
        ("[[1, [2]], {}]", "- - 1\n  - - 2\n- {}\n"),
        ("1.5", "1.5\n...\n"),
        ("[]", "[]\n"),
        (
            r#"{"a": "x\ny\n", "b": "  lead\nx", "c": "trail \nx", "d": "x\n\n"}"#,
            "\"a\": |\n  x\n  y\n\"b\": |2-\n    lead\n  x\n\"c\": \"trail \\nx\"\n\"d\": |+\n  x\n\n",
        ),
        (r#""é\u0001\u2028😀""#, "\"é\\x01\\L\\U0001F600\"\n"),
    ];
    for (json, yaml) in cases.into_iter().chain([(&*serde_json::to_string(&long).unwrap(), folded)]) {
        let encoded = run("yamlencode", &[value(&serde_json::from_str(json).unwrap())]).unwrap();
        assert_eq!(encoded.as_str().as_deref(), Some(yaml), "{json}");
    }
    let hole = Value::object([("a".into(), value(&"?".into()))].into_iter().collect());
    assert_eq!(shown(&run("yamlencode", &[hole]).unwrap()), r#""\"a\": ?\n""#);
}

#[test]
fn hashes() {
    check(&[
        ("md5", r#"["a"]"#, r#""0cc175b9c0f1b6a831c399e269772661""#),
        ("sha1", r#"["a"]"#, r#""86f7e437faa5a7fce15d1ddcb9eaeaea377667b8""#),
        ("base64sha256", r#"["a"]"#, r#""ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=""#),
        ("filesha1", r#"["a.txt"]"#, r#""50e6c382fa011f4b4209ecb7c76f78a0bcae7bc9""#),
        ("uuidv5", r#"["dns", "example.com"]"#, r#""cfbff0d1-9375-5685-968c-48ce8b15ae17""#),
        ("uuidv5", r#"["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"]"#, r#""05b16a01-46c6-56dd-bd6e-c6dfb4a1427a""#),
        (
            "rsadecrypt",
            r#"["x", "y"]"#,
            "!Invalid value for \"ciphertext\" parameter: failed to decode input \"x\": \
          cipher text must be base64-encoded.",
        ),
        ("uuid", "[]", r#""?""#),
        ("timestamp", "[]", r#""?""#),
    ]);
    let timestamp = run("timestamp", &[]).unwrap().as_unknown().unwrap().reason.to_string();
    assert_eq!(timestamp, "`timestamp()` is only known when Terraform runs");
}

#[test]
fn files_are_read_with_their_positions() {
    check(&[
        ("filebase64", r#"["bin.dat"]"#, r#""if8A""#),
        ("fileexists", r#"["nope"]"#, "false"),
        ("fileexists", r#"["./sub/../a.txt"]"#, "true"),
        ("fileset", r#"[".", "*.txt"]"#, r#"["a.txt"]"#),
        ("fileset", r#"[".", "**"]"#, r#"["a.txt","bin.dat","sub/p.json"]"#),
        ("fileset", r#"["", "**/*.json"]"#, r#"["sub/p.json"]"#),
        ("fileset", r#"["", "sub/*.json"]"#, r#"["sub/p.json"]"#),
        ("fileset", r#"["sub", "../{a,b}.txt"]"#, r#"["../a.txt"]"#),
        ("fileset", r#"["nodir", "*"]"#, "[]"),
        ("basename", r#"["/a/b/c.txt"]"#, r#""c.txt""#),
        ("basename", r#"["a/"]"#, r#""a""#),
        ("dirname", r#"["x"]"#, r#"".""#),
        ("dirname", r#"["/a/./b/c"]"#, r#""/a/b""#),
        ("pathexpand", r#"["/x"]"#, r#""/x""#),
        ("pathexpand", r#"["~/x"]"#, r#""?""#),
        ("abspath", r#"["x"]"#, r#""?""#),
        ("file", r#"["../../x"]"#, r#""?""#),
        (
            "file",
            r#"["bin.dat"]"#,
            "!Call to function \"file\" failed: contents of \"bin.dat\" are not valid UTF-8; use \
          the filebase64 function to obtain the Base64 encoded contents or the other file functions (e.g. filemd5, \
          filesha256) to obtain file hashing results instead.",
        ),
    ]);
    let scope = scope();
    let span = Span::new(scope.sources.file("root/main.tf".into()), 3, 9);
    let file = scope.sources.file("root/a.txt".into());
    let content = call("file", &[Value::text("a.txt")], &scope, span).unwrap();
    assert_eq!(content.as_text().unwrap().span_of(6, 10), Some(Span::new(file, 6, 10)));
    assert_eq!(content.origin.span, Some(span));
    assert_eq!(content.origin.written(), Some(Span::start_of(file)));
    assert!(run("file", &[Value::text("nope")]).unwrap_err().message.contains("no file exists at \"nope\""));
}

#[test]
fn networks() {
    check(&[
        ("cidrhost", r#"["10.0.0.0/24", 5]"#, r#""10.0.0.5""#),
        ("cidrhost", r#"["10.0.0.0/24", -1]"#, r#""10.0.0.255""#),
        (
            "cidrhost",
            r#"["10.0.0.0/24", 256]"#,
            "!Call to function \"cidrhost\" failed: prefix of 24 does not \
          accommodate a host numbered 256.",
        ),
        ("cidrhost", r#"["fd00::/64", 1]"#, r#""fd00::1""#),
        ("cidrnetmask", r#"["172.16.0.0/12"]"#, r#""255.240.0.0""#),
        ("cidrsubnet", r#"["fd00::/48", 16, 5]"#, r#""fd00:0:0:5::/64""#),
        ("cidrsubnet", r#"["10.1.2.3/16", 8, 0]"#, r#""10.1.0.0/24""#),
        (
            "cidrsubnet",
            r#"["10.0.0.0/30", 4, 0]"#,
            "!Call to function \"cidrsubnet\" failed: insufficient address \
          space to extend prefix of 30 by 4.",
        ),
        (
            "cidrsubnet",
            r#"["bad", 1, 1]"#,
            "!Call to function \"cidrsubnet\" failed: invalid CIDR expression: invalid \
          CIDR address: bad.",
        ),
        ("cidrsubnet", r#"["::/0", 0, 0]"#, r#""::/0""#),
        (
            "cidrsubnets",
            r#"["10.1.0.0/16", 4, 4, 8, 4]"#,
            r#"["10.1.0.0/20","10.1.16.0/20","10.1.32.0/24","10.1.48.0/20"]"#,
        ),
        (
            "cidrsubnets",
            r#"["10.0.0.0/24", 1, 1, 1]"#,
            "!Invalid value for \"newbits\" parameter: not enough remaining \
          address space for a subnet with a prefix of 25 bits after 10.0.0.128/25.",
        ),
    ]);
}

#[test]
fn times() {
    check(&[
        ("formatdate", r#"["EEE, D MMM YY h:mmaa", "2024-03-05T14:15:16+02:00"]"#, r#""Tue, 5 Mar 24 14:15pm""#),
        (
            "formatdate",
            r#"["EEEE DD MMMM YYYY HH'o''clock' ss ZZZZZ ZZZ Z", "2024-03-05T00:15:16-02:30"]"#,
            r#""Tuesday 05 March 2024 12o'clock 16 -02:30 -0230 -02:30""#,
        ),
        (
            "formatdate",
            r#"["Q", "2024-03-05T14:15:16Z"]"#,
            "!Invalid value for \"format\" parameter: invalid date \
          format verb \"Q\".",
        ),
        ("timeadd", r#"["2024-01-01T00:00:00Z", "10m"]"#, r#""2024-01-01T00:10:00Z""#),
        ("timeadd", r#"["2024-02-28T23:59:59.5+01:00", "-1.5h30m"]"#, r#""2024-02-28T21:59:59+01:00""#),
        (
            "timeadd",
            r#"["bad", "1h"]"#,
            "!Call to function \"timeadd\" failed: not a valid RFC3339 timestamp: cannot \
          use \"bad\" as year.",
        ),
        ("timecmp", r#"["2024-01-01T00:00:00Z", "2024-01-01T01:00:00+02:00"]"#, "1"),
        ("timecmp", r#"["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]"#, "-1"),
    ]);
    assert!(run("timeadd", &[Value::text("2024-02-30T00:00:00Z"), Value::text("1h")]).is_err());
    assert!(run("timeadd", &[Value::text("2024-02-20T00:00:00Z"), Value::text("1 h")]).is_err());
}

#[test]
fn yaml_scalars_have_the_types_that_terraform_gives_them() {
    let cases = [
        ("0o17", "15"),
        ("0x1F", "31"),
        ("017", "17"),
        ("1_000", r#""1_000""#),
        ("+.5", "0.5"),
        ("0b11", r#""0b11""#),
        ("1.2.3", r#""1.2.3""#),
        ("2001-1-4", r#""2001-01-04T00:00:00Z""#),
        ("2001-12-14T21:59:43.10-05:00", r#""2001-12-14T21:59:43-05:00""#),
        ("2001-12-14 21:59:43", r#""2001-12-14T21:59:43Z""#),
        ("2001-12-14T21:59:43", r#""2001-12-14T21:59:43""#),
        ("2001-02-30", r#""2001-02-30""#),
        ("12:30", r#""12:30""#),
        ("!!int \"5\"", r#""5""#),
        ("!!null x", "null"),
        ("on", "true"),
        ("tRue", r#""tRue""#),
    ];
    for (yaml, json) in cases {
        let decoded = run("yamldecode", &[Value::text(format!("a: {yaml}\n"))]).unwrap();
        assert_eq!(shown(decoded.fields().unwrap().get("a").unwrap()), json, "{yaml}");
    }
    assert!(run("yamldecode", &[Value::text("# nothing\n")]).is_err());
}

#[test]
fn what_is_kept_of_files_has_an_end_and_so_have_folders() {
    let deep = format!("root/{}x", "d/".repeat(MAX_LEVELS));
    let files = [("root/a.txt".to_owned(), "plain file\n"), (deep, ""), ("root/shallow/s/x".to_owned(), "")];
    let (files, left_to_read) = (files.into_iter().collect(), Cell::new(25));
    let scope = Scope { files, sources: Sources::default(), left_to_read };
    let span = Span::new(scope.sources.file("root/main.tf".into()), 0, 10);
    let run = |name: &str, arguments: &[&str]| {
        let arguments: Vec<Value> = arguments.iter().map(|argument| Value::text(*argument)).collect();
        call(name, &arguments, &scope, span).unwrap()
    };
    let unknown = |value: Value| value.as_unknown().map(|unknown| unknown.reason.to_string()).unwrap_or_default();
    assert_eq!(shown(&run("file", &["a.txt"])), "\"plain file\\n\"");
    // A hash is all that is kept of the file.
    assert!(run("filemd5", &["a.txt"]).as_unknown().is_none());
    assert!(run("filebase64", &["a.txt"]).as_unknown().is_none());
    assert!(unknown(run("file", &["a.txt"])).contains("too large to be read, after all that was read before"));
    assert!(run("fileset", &["shallow", "**/x"]).as_unknown().is_none());
    assert!(unknown(run("fileset", &[".", "**/x"])).contains("too many files or folders within folders"));
}

/// One more than `fileset` goes down.
const MAX_LEVELS: usize = 64;

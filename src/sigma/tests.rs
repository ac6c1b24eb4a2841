use serde_json::json;

use super::*;
use crate::source::Sources;

const LOGS: LogSource = LogSource { product: "aws", service: "cloudtrail" };

fn document(detection: &str) -> String {
    let detection: String = detection.lines().map(|line| format!("  {line}\n")).collect();
    format!("title: t\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n{detection}")
}

fn read(text: &str) -> Parsed {
    parse(text, Sources::default().file("r.yml".into()), "r", LOGS)
}

fn rule(detection: &str) -> Rule {
    let parsed = read(&document(detection));
    assert!(parsed.errors.is_empty(), "{detection}: {:?}", parsed.errors);
    parsed.rules.into_iter().next().unwrap()
}

/// Whether a selection matches; the filter must not stand in the way.
fn fires(selection: &str, event: Json) -> bool {
    let lines: String = selection.lines().map(|line| format!("  {line}\n")).collect();
    let rule = rule(&format!("s:\n{lines}condition: s"));
    let text = event.to_string();
    let fires = rule.matches(&event);
    let filter = filter([&rule].into_iter());
    assert!(!fires || filter.admits(text.as_bytes()), "{selection}: {text}");
    // The same in a string of JSON, as `lookup-events` gives it.
    assert!(!fires || filter.admits(Json::String(text).to_string().as_bytes()), "{selection}");
    fires
}

#[test]
fn fields_are_found_on_their_way() {
    let event = json!({
        "userIdentity": {"type": "Root"}, "a.b": {"c": "dotted"}, "list": [{"x": 1}, {"x": [2, "three"]}], "nothing": null
    });
    assert!(fires("userIdentity.type: root", event.clone()));
    assert!(!fires("useridentity.type: root", event.clone()));
    assert!(fires("a.b.c: dotted", event.clone()));
    assert!(fires("list.x: 1", event.clone()) && fires("list.x: three", event.clone()));
    assert!(!fires("list.x: 3", event.clone()));
    assert!(
        fires("nothing: null", event.clone()) && fires("gone.far: ~", event.clone()) && fires("gone:", event.clone())
    );
    assert!(!fires("list: null", event.clone()));
    assert!(fires("nothing|exists: true", event.clone()) && fires("gone|exists: false", event.clone()));
    assert!(!fires("nothing|exists: no", event.clone()) && fires("list|contains: three", event.clone()));
    assert!(fires("userIdentity|contains: root", event.clone()) && !fires("userIdentity: root", event));
}

#[test]
fn values_of_a_field_are_choices_unless_all_are_wanted() {
    let event = json!({"n": "CreateAccessKey", "m": "No", "ok": true, "count": 12, "ip": "192.0.2.10"});
    assert!(fires("n:\n  - Delete\n  - create*", event.clone()));
    assert!(fires("n|contains|all:\n  - access\n  - KEY", event.clone()));
    assert!(!fires("n|contains|all:\n  - access\n  - user", event.clone()));
    assert!(
        fires("n: createaccesskey\nm: 'NO'", event.clone()) && !fires("n: createaccesskey\nm: 'Yes'", event.clone())
    );
    assert!(fires("- n: x\n- m: no", event.clone()));
    assert!(fires("m: No", event.clone()) && fires("ok: true", event.clone()) && fires("ok: 'True'", event.clone()));
    assert!(fires("count: 12", event.clone()) && fires("count|gte: 12\ncount|lt: 13", event.clone()));
    assert!(!fires("count|gt: 12", event.clone()) && !fires("count|lte: 11.5", event.clone()));
    assert!(fires("n|startswith: create", event.clone()) && fires("n|endswith: key", event.clone()));
    assert!(!fires("n|cased: createAccessKey", event.clone()) && fires("n|contains|cased: Access", event.clone()));
    assert!(fires("n|re: ^Create.*Key$", event.clone()) && !fires("n|re: ^create", event.clone()));
    assert!(fires("n|re|i: ^create", event.clone()));
    assert!(
        fires("ip|cidr: 192.0.2.0/24", event.clone()) && !fires("ip|cidr:\n  - 10.0.0.0/8\n  - ::/0", event.clone())
    );
    assert!(fires("n: '*'", event.clone()) && !fires("gone: '*'", event));
}

#[test]
fn fields_are_compared_and_texts_decoded() {
    let event = json!({"a": "Alice", "b": "alice", "c": "x alice y", "d": null, "e": "L2Jpbi9iYXNo"});
    assert!(fires("a|fieldref: b", event.clone()) && !fires("a|fieldref: c", event.clone()));
    assert!(fires("c|contains|fieldref: a", event.clone()) && !fires("d|fieldref: gone", event.clone()));
    assert!(fires("e|base64: /bin/bash", event.clone()) && fires("e|base64offset|contains: bin/bash", event.clone()));
    assert!(!fires("e|base64: /bin/bas", event));
}

#[test]
fn words_are_looked_for_everywhere() {
    let event = json!({"a": {"b": ["some *text* here", 42]}});
    assert!(fires("- TEXT", event.clone()) && fires("- nothing\n- 42", event.clone()));
    assert!(!fires("- b", event.clone()) && fires(r"- '\*text\*'", event.clone()));
    assert!(fires("'|all':\n  - some\n  - here", event.clone()) && !fires("'|all':\n  - some\n  - there", event));
}

#[test]
fn conditions_join_selections() {
    let all = "sel_a:\n  a: 1\nsel_b:\n  b: 1\nfilter:\n  c: 1\n_hidden:\n  d: 1\n";
    let fires = |condition: &str, event: Json| rule(&format!("{all}condition: {condition}")).matches(&event);
    assert!(fires("1 of sel_*", json!({"b": 1})) && !fires("all of sel_*", json!({"b": 1})));
    assert!(fires("all of sel_*  and not filter", json!({"a": 1, "b": 1})));
    assert!(!fires("1 of sel_* and not filter", json!({"a": 1, "c": 1})));
    assert!(!fires("1 of them", json!({"d": 1})) && fires("1 of them", json!({"c": 1})));
    assert!(fires("sel_a or sel_b and filter", json!({"a": 1})));
    let several = rule("a:\n  a: 1\nb:\n  b: 1\ncondition:\n- a\n- b");
    assert!(several.matches(&json!({"b": 1})) && !several.matches(&json!({"c": 1})));
}

#[test]
fn what_cannot_be_run_is_an_error_at_its_place() {
    let sources = Sources::default();
    let fault = |text: &str| {
        let parsed = parse(text, sources.file("r.yml".into()), "r", LOGS);
        let [error] = parsed.errors.as_slice() else { panic!("{text}: {parsed:?}") };
        assert!(parsed.rules.is_empty());
        let at = text.get(error.span.start as usize..error.span.end as usize).unwrap();
        format!("{}: {at}", error.code)
    };
    let detection = |text: &str| fault(&document(text));
    assert_eq!(detection("a:\n  x: 1\ncondition: a | count() > 3"), "sigma-unsupported: | count() > 3");
    assert_eq!(detection("a:\n  x: 1\ncondition: a and b"), "sigma-invalid: b");
    assert_eq!(detection("a:\n  x: 1\ncondition: 1 of b*"), "sigma-invalid: 1 of b*");
    assert_eq!(detection("a:\n  x|utf16: 1\ncondition: a"), "sigma-unsupported: x|utf16");
    assert_eq!(detection("a:\n  x|expand: '%y%'\ncondition: a"), "sigma-unsupported: x|expand");
    assert_eq!(detection("a:\n  x|re|cidr: 1\ncondition: a"), "sigma-invalid: x|re|cidr");
    assert_eq!(detection("a:\n  x|re|contains: 1\ncondition: a"), "sigma-invalid: x|re|contains");
    assert_eq!(detection("a:\n  x|re: (?=a)\ncondition: a"), "sigma-unsupported: (?=a)");
    assert_eq!(detection("a:\n  x|cidr: 1.2\ncondition: a"), "sigma-invalid: 1.2");
    assert_eq!(detection("a:\n  x|gt: many\ncondition: a"), "sigma-invalid: many");
    assert_eq!(detection("a:\n  x|contains: null\ncondition: a"), "sigma-invalid: null");
    assert_eq!(detection("a: []\ncondition: a"), "sigma-invalid: []");
    assert_eq!(detection("a:\n  x: {y: 1}\ncondition: a"), "sigma-invalid: {y: 1}");
    assert_eq!(detection("a:\n  x: 1\ntimeframe: 5m\ncondition: a"), "sigma-unsupported: timeframe");
    assert_eq!(fault("title: t\ncorrelation:\n  type: event_count\n"), "sigma-unsupported: correlation");
    assert_eq!(fault("a: [\n"), "yaml-syntax: [");
    let level = document("a:\n  x: 1\ncondition: a") + "level: grave\n";
    assert_eq!(fault(&level), "sigma-invalid: grave");
    assert!(fault("- x\n").starts_with("sigma-invalid"));
    assert!(detection("a:\n  x: 1").starts_with("sigma-invalid"));
}

#[test]
fn rules_for_other_logs_are_counted() {
    let rule = "detection:\n  a:\n    x: 1\n  condition: a\n";
    let text = format!(
        "title: one\nlogsource:\n  product: windows\n{rule}---\ntitle: two\nid: abc\nlevel: high\nlogsource:\n  product: AWS\n{rule}---\n\
         title: three\nlogsource:\n  product: aws\n  service: guardduty\n{rule}---\ntitle: four\nlogsource:\n  category: proxy\n{rule}"
    );
    let parsed = read(&text);
    assert_eq!((parsed.rules.len(), parsed.others, parsed.errors.len()), (1, 3, 0), "{parsed:?}");
    let two = &parsed.rules[0];
    assert_eq!((&*two.id, &*two.title, two.level), ("abc", "two", Severity::High));
}

#[test]
fn the_filter_keeps_what_may_match_and_little_else() {
    let root = rule("s:\n  userIdentity.type: Root\nf:\n  eventType: AwsServiceEvent\ncondition: s and not f");
    let key = rule(
        "s:\n  userIdentity.type: Root\n  eventSource: iam.amazonaws.com\n  eventName: CreateAccessKey\ncondition: s",
    );
    let both = filter([&root, &key].into_iter());
    let admits = |text: &str| both.admits(text.as_bytes());
    assert!(admits(r#"{"userIdentity": {"type": "Root"}}"#) && admits(r#"{\"type\":\"ROOT\"}"#));
    assert!(!admits(r#"{"arn": "arn:aws:iam::1:root", "eventName": "CreateAccessKey"}"#));
    // Characters may be written otherwise.
    assert!(admits(r#"{"type": "\u0052oot"}"#) && admits(r#"{"type": "é"}"#));
    let negative = rule("s:\n  userIdentity.type: Root\ncondition: not s");
    assert!(filter([&root, &negative].into_iter()).admits(b"{}"));
    assert!(!filter(std::iter::empty()).admits(b"{}"));
}

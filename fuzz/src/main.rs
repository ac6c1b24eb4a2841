//! Coverage-guided fuzzing with libFuzzer: one program, the target is named by the variable `FUZZ_TARGET`. `fuzz/run`
//! builds it, makes its seeds and runs it; see there.

#![no_main]

use std::sync::{Arc, OnceLock};

use camino::Utf8Path;
use libfuzzer_sys::fuzz_target;
use rootlint::aws::iam::{Account, Attached, Level, Policy, Question, decide};
use rootlint::config::Config;
use rootlint::document::{self, Scalars};
use rootlint::facts::Joined;
use rootlint::files::Memory;
use rootlint::scan::{self, Options};
use rootlint::script::{self, Language, Surroundings};
use rootlint::source::{FileId, Sources, Span};
use rootlint::syntax::hcl::{self, Place};
use rootlint::syntax::node::{Node, NodeKind};
use rootlint::syntax::{json, yaml};
use rootlint::terraform::json_syntax;
use rootlint::text::Text;
use rootlint::value::Value;

type Target = fn(&str);

const TARGETS: &[(&str, Target)] = &[
    ("check", check),
    ("cloudformation", cloudformation),
    ("conditions", conditions),
    ("config", config),
    ("eval", eval),
    ("event-pattern", event_pattern),
    ("facts", facts),
    ("filter-pattern", filter_pattern),
    ("hcl", hcl_syntax),
    ("javascript", |text| script(text, Language::JavaScript)),
    ("json", json_document),
    ("manifest", manifest),
    ("plan", plan),
    ("policy", policy),
    ("python", |text| script(text, Language::Python)),
    ("shell", |text| script(text, Language::Shell)),
    ("tf-json", terraform_json),
    ("yaml", yaml_documents),
];

fuzz_target!(|data: &[u8]| {
    static TARGET: OnceLock<Target> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let found = TARGETS.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("FUZZ_TARGET names no target: `{name}`")).1
    });
    target(&String::from_utf8_lossy(data));
});

fn file() -> FileId {
    Sources::default().file(Utf8Path::new("input"))
}

/// Every span lies within the text, at the borders of characters, and within the node around it.
fn spans_are_sound(node: &Node, text: &str) {
    let sound = |span: Span| text.get(span.start as usize..span.end as usize).is_some();
    assert!(sound(node.span), "{:?}", node.span);
    match &node.kind {
        NodeKind::Scalar(scalar) => {
            assert!(sound(scalar.content));
            let written = text.get(scalar.content.start as usize..scalar.content.end as usize);
            assert!(!scalar.exact || written == Some(&*scalar.text));
        }
        NodeKind::Sequence(elements) => elements.iter().for_each(|element| spans_are_sound(element, text)),
        NodeKind::Mapping(entries) => {
            for (key, value) in entries {
                spans_are_sound(key, text);
                spans_are_sound(value, text);
            }
        }
        NodeKind::Hole(_) => {}
    }
}

fn json_document(text: &str) {
    if let Ok(root) = json::parse(text, file()) {
        spans_are_sound(&root, text);
        let _ = document::from_node(&root, text, Scalars::CloudFormation);
    }
}

fn yaml_documents(text: &str) {
    for root in yaml::parse(text, file()).unwrap_or_default() {
        spans_are_sound(&root, text);
        let _ = document::from_node(&root, text, Scalars::CloudFormation);
    }
}

fn hcl_syntax(text: &str) {
    let place = || Place::At(file(), 0);
    let _ = hcl::parse_file(text, place());
    let _ = hcl::parse_expression(text, place());
    let _ = hcl::parse_template(text, place());
}

fn terraform_json(text: &str) {
    let _ = json_syntax::parse(text, file(), 0);
    let _ = json_syntax::parse_values(text, file(), 0);
}

fn config(text: &str) {
    if let Ok(config) = Config::parse(Utf8Path::new("rootlint.toml"), text, true) {
        let _ = config.settings(&Sources::default());
    }
}

/// A policy is read and decided: whatever the verdict, there is one.
fn policy(text: &str) {
    let Ok(root) = json::parse(text, file()) else { return };
    let Ok(policy) = Policy::parse(&document::from_node(&root, text, Scalars::CloudFormation)) else { return };
    let level = Level { id: "root".into(), policies: vec![Attached::from(&policy)], full_access: true };
    let _ = decide(&[level], &Question::root_key(Account::Any, 1_800_000_000));
}

/// One statement from lines of an operator, a key and values, parted by tabs: whatever they are, a request that is said
/// to get through does, and the question ends.
fn conditions(text: &str) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let condition = |line: &str| {
        let mut parts = line.split('\t');
        let (operator, key) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let values: Vec<String> = parts.map(quoted).collect();
        format!("{}:{{{}:[{}]}}", quoted(operator), quoted(key), values.join(","))
    };
    let conditions: Vec<String> = text.lines().take(8).map(condition).collect();
    policy(&format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{{}}}}}}}"#,
        conditions.join(",")
    ));
}

/// A trail whose events the text, as `pattern`, picks from.
const TRAIL: &str = r#"
provider "aws" {
  region = "us-east-1"
}
resource "aws_cloudwatch_log_group" "g" {
  name = "g"
}
resource "aws_cloudtrail" "t" {
  name                       = "t"
  s3_bucket_name             = "b"
  is_multi_region_trail      = true
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.g.arn}:*"
  cloud_watch_logs_role_arn  = "arn:aws:iam::111122223333:role/r"
}
resource "aws_sns_topic" "s" {
  name = "s"
}
resource "aws_sns_topic_subscription" "s" {
  topic_arn = aws_sns_topic.s.arn
  protocol  = "email"
  endpoint  = "a@example.com"
}
"#;

const FILTER: &str = r#"
resource "aws_cloudwatch_log_metric_filter" "f" {
  name           = "f"
  log_group_name = aws_cloudwatch_log_group.g.name
  pattern        = file("${path.module}/pattern")
  metric_transformation {
    name      = "m"
    namespace = "n"
    value     = "1"
  }
}
resource "aws_cloudwatch_metric_alarm" "a" {
  alarm_name          = "a"
  namespace           = "n"
  metric_name         = "m"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = [aws_sns_topic.s.arn]
}
"#;

const RULE: &str = r#"
resource "aws_cloudwatch_event_rule" "r" {
  event_pattern = file("${path.module}/pattern")
}
resource "aws_cloudwatch_event_target" "t" {
  rule = aws_cloudwatch_event_rule.r.name
  arn  = aws_sns_topic.s.arn
}
"#;

/// A filter pattern, against the events of root.
fn filter_pattern(text: &str) {
    let code = format!("{TRAIL}{FILTER}");
    let _ = scan::check(&[("main.tf", code.as_str()), ("pattern", text)].into_iter().collect::<Memory>(), &options());
}

/// An event pattern, against the events of root.
fn event_pattern(text: &str) {
    let code = format!("{TRAIL}{RULE}");
    let _ = scan::check(&[("main.tf", code.as_str()), ("pattern", text)].into_iter().collect::<Memory>(), &options());
}

/// Where every variable that begins with a capital is unset and every file is the script itself.
struct Itself(Text);

impl Surroundings for Itself {
    fn variable(&self, name: &str) -> Option<Value> {
        name.starts_with(char::is_lowercase).then(|| Value::text(name.to_owned()))
    }

    fn file(&self, _path: &str) -> Option<Text> {
        Some(self.0.clone())
    }
}

/// A script: what it calls is written in it.
fn script(text: &str, language: Language) {
    let whole = Span::new(file(), 0, text.len());
    let literal = Text::literal(text, Some(whole), true);
    let found = script::read(&literal, language, &Itself(literal.clone()));
    for span in found.calls.iter().filter_map(|call| call.span) {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?}");
    }
}

/// The files, checked and listed. A panic that the program would catch ends the fuzzer.
fn run(files: &Memory, options: &Options) {
    let _ = scan::check(files, options);
    let _ = scan::resources(files, options);
}

fn cloudformation(text: &str) {
    run(&[("t.yaml", text)].into_iter().collect(), &options());
}

/// The same text as each of the files that the tools know.
fn manifest(text: &str) {
    for path in ["organization.yml", "organization-config.yaml", "manifest.yaml", "scps/scp.json"] {
        run(&[(path, text), ("adfconfig.yml", text), ("accounts-config.yaml", text)].into_iter().collect(), &options());
    }
}

/// A plan alone, and the same beside code.
/// Facts of other repositories, joined and judged.
fn facts(text: &str) {
    let mut joined = Joined::default();
    joined.add("facts.jsonl".into(), text.as_bytes());
    let joined = joined.reduced();
    assert_eq!(joined.clone().join(joined.clone()), joined, "joining again changes nothing");
    let facts = Some(Arc::new(joined));
    run(&Memory::default(), &Options { facts, everywhere: true, ..options() });
}

fn plan(text: &str) {
    let main = "variable \"x\" {}\nresource \"aws_iam_user\" \"u\" {\n  name = var.x\n}\n";
    let options = Options { plans: vec!["plan.json".into()], ..options() };
    run(&[("plan.json", text)].into_iter().collect(), &options);
    run(&[("plan.json", text), ("main.tf", main)].into_iter().collect(), &options);
}

fn eval(text: &str) {
    let lines = text.lines().take(20).map(str::to_owned).collect::<Vec<_>>().into_iter();
    let mut ignore = |_| {};
    scan::evaluate(&Memory::default(), &options(), Utf8Path::new(""), lines, &mut ignore);
}

fn options() -> Options {
    Options { paths: vec!["".into()], jobs: Some(1), ..Options::default() }
}

/// Whole projects: each file follows a line `=== path`; a text without any is a file whose kind is guessed.
fn check(text: &str) {
    let mut files = Memory::default();
    if text.starts_with("=== ") {
        for part in text.split("=== ").skip(1).take(40) {
            let (path, content) = part.split_once('\n').unwrap_or((part, ""));
            files.insert(path, content);
        }
    } else if text.trim_start().starts_with('{') {
        files.insert("a.json", text);
        files.insert("a.tf.json", text);
    } else if text.contains("Resources:") {
        files.insert("a.yaml", text);
    } else {
        files.insert("a.tf", text);
    }
    run(&files, &options());
}

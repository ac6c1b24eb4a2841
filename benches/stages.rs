//! The stages one by one, on trees in memory: `cargo bench --bench stages`. See docs/performance.md.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use camino::Utf8PathBuf;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rootlint::aws::iam::{Account, Attached, Level, Policy, Question, decide};
use rootlint::checks;
use rootlint::discover::{discover, globs};
use rootlint::document::{self, Scalars};
use rootlint::files::Memory;
use rootlint::report::{About, Context, Report, Rule, json, sarif};
use rootlint::scan::{self, Options};
use rootlint::source::Sources;
use rootlint::syntax::hcl::{self, Place};
use rootlint::syntax::{json as json_syntax, yaml};

const FILES: usize = 200;

/// A file of Terraform: a bucket, a policy, a user and its key, which is root's in every tenth file.
fn terraform(n: usize) -> String {
    let user = if n % 10 == 7 { "\"root\"".to_owned() } else { format!("aws_iam_user.u{n}.name") };
    format!(
        "locals {{\n  prefix{n} = \"app-{n}\"\n}}\n\nresource \"aws_s3_bucket\" \"b{n}\" {{\n  bucket = \"${{local.prefix{n}}}-data\"\n  tags = {{ Name = \
         local.prefix{n}, Team = upper(\"team\") }}\n}}\n\ndata \"aws_iam_policy_document\" \"d{n}\" {{\n  statement {{\n    actions = [\"s3:GetObject\"]\n    \
         resources = [aws_s3_bucket.b{n}.arn, \"${{aws_s3_bucket.b{n}.arn}}/*\"]\n  }}\n}}\n\nresource \"aws_iam_user\" \"u{n}\" {{\n  name = format(\"%s-ci\", \
         local.prefix{n})\n}}\n\nresource \"aws_iam_user_policy\" \"p{n}\" {{\n  user = aws_iam_user.u{n}.name\n  policy = \
         data.aws_iam_policy_document.d{n}.json\n}}\n\nresource \"aws_iam_access_key\" \"k{n}\" {{\n  user = {user}\n}}\n"
    )
}

fn template(n: usize) -> String {
    format!(
        "Parameters:\n  Stage:\n    Type: String\n    Default: test\nResources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Sub \
         \"app-{n}-${{Stage}}\"\n  User:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: !Join [\"-\", [app, \"{n}\", !Ref Stage]]\n  Key:\n    Type: \
         AWS::IAM::AccessKey\n    Properties:\n      UserName: !Ref User\n"
    )
}

/// Folders of 20 files.
fn project() -> Memory {
    let mut files = Memory::default();
    for n in 0..FILES {
        files.insert(format!("stack{}/f{n}.tf", n / 20), terraform(n));
        files.insert(format!("stack{}/t{n}.yaml", n / 20), template(n));
    }
    files
}

fn options() -> Options {
    Options { paths: vec!["".into()], jobs: Some(1), ..Options::default() }
}

fn discovery(c: &mut Criterion) {
    let files = project();
    c.bench_function("discover", |b| {
        b.iter(|| discover(&files, &Sources::default(), &[Utf8PathBuf::new()], &globs(&[]).unwrap()));
    });
}

fn parsers(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    let file = Sources::default().file("x".into());
    let code: String = (0..FILES).map(terraform).collect();
    group.throughput(Throughput::Bytes(code.len() as u64));
    group.bench_function("hcl", |b| b.iter(|| hcl::parse_file(black_box(&code), Place::At(file, 0))));
    let text = (0..FILES).fold(String::from("Resources:\n"), |mut text, n| {
        write!(text, "  B{n}:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Sub \"b-{n}\"\n")
            .unwrap();
        text
    });
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("yaml", |b| b.iter(|| yaml::parse(black_box(&text), file)));
    // What the library itself needs, for comparison.
    group.bench_function("yaml/events", |b| b.iter(|| granit_parser::Parser::new_from_str(black_box(&text)).count()));
    let text = policy_text(1_000);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("json", |b| b.iter(|| json_syntax::parse(black_box(&text), file)));
    group.finish();
}

fn evaluation(c: &mut Criterion) {
    let files = project();
    c.bench_function("evaluate", |b| b.iter(|| scan::resources(&files, &options())));
}

fn policy_text(statements: usize) -> String {
    let statements: Vec<String> = (0..statements)
        .map(|n| {
            format!(
                r#"{{"Effect":"Deny","Action":"iam:Create*","Resource":"*","Condition":{{"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::*:role/r{n}*x"}}}}}}"#
            )
        })
        .collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn policies(c: &mut Criterion) {
    let file = Sources::default().file("x".into());
    let text = policy_text(200);
    let read = || {
        let root = json_syntax::parse(&text, file).unwrap();
        Policy::parse(&document::from_node(&root, &text, Scalars::CloudFormation)).unwrap()
    };
    c.bench_function("iam/read", |b| b.iter(read));
    let policy = read();
    let question = Question::root_key(Account::Any, 1_800_000_000);
    c.bench_function("iam/decide", |b| {
        b.iter(|| {
            let level = Level { id: "root".into(), policies: vec![Attached::from(&policy)], full_access: true };
            decide(&[level], &question)
        });
    });
}

fn whole(c: &mut Criterion) {
    let files = project();
    c.bench_function("check", |b| b.iter(|| scan::check(&files, &options())));
    let rules: Vec<Arc<Rule>> = checks::ALL.iter().map(|check| Arc::new(Rule::new(check.id, About::default))).collect();
    let report = || {
        let outcome = scan::check(&files, &options());
        let context = Context::plain(&outcome.sources, &files, &rules, outcome.summary);
        Report::new(outcome.findings, &context)
    };
    let made = report();
    c.bench_function("report/sarif", |b| b.iter(|| sarif::render(&made, sarif::Style::default())));
    c.bench_function("report/json", |b| b.iter(|| json::render(&made)));
}

criterion_group! {
    name = stages;
    config = Criterion::default().sample_size(20);
    targets = discovery, parsers, evaluation, policies, whole
}
criterion_main!(stages);

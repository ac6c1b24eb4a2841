//! What a user sees of a report: every format of one run made by hand, as snapshots.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use rootlint::files::Memory;
use rootlint::finding::{Confidence, Counts, Diagnostic, Finding, Findings, Related, Severity, Undecided, Witness};
use rootlint::report::{About, Context, Report, Rule, github, gitlab, human, json, junit, markdown, sarif};
use rootlint::source::{Sources, Span};

mod sarif_schema;

const MAIN: &str = "\
module \"ci\" {
  source = \"./modules/key\"
  user   = var.admin # é
}

resource \"aws_organizations_organization\" \"this\" {
  feature_set = \"ALL\"
}
";

const VARIABLES: &str = "\
variable \"admin\" {
\tdefault = \"root\"
}
";

const MODULE: &str = "\
variable \"user\" {}

resource \"aws_iam_access_key\" \"this\" {
  count = 2
  user  = var.user
}
";

/// Everything a repository may try on the reader: escapes, turned text, commands to the runner, keys.
const HOSTILE: &str = "\
::error file=x::own you
a = \"\u{1b}[31m\u{202e}AKIAIOSFODNN7EXAMPLE ##[group]\"
password = \"hunter2\"
";

struct Run {
    sources: Sources,
    files: Memory,
    found: Findings,
}

impl Run {
    fn new(files: &[(&str, &str)]) -> Self {
        Self { sources: Sources::default(), files: files.iter().copied().collect(), found: Findings::default() }
    }

    fn span(&self, path: &str, text: &str, part: &str) -> Span {
        let start = text.find(part).unwrap();
        Span::new(self.sources.file(path.into()), start, start + part.len())
    }

    fn report(self, strict: bool) -> Report {
        let counts = Counts { files: 4, ignored: 1, projects: 2, resources: 40 };
        let rules = rules();
        let context = Context { strict, ..Context::plain(&self.sources, &self.files, &rules, counts) };
        Report::new(self.found, &context)
    }
}

fn rules() -> Vec<Arc<Rule>> {
    let rule = |id: &'static str, title: &'static str, severity, absence| {
        let about = move || About {
            title: title.into(),
            severity: Some(severity),
            page: format!("# {id}\n\nWhat it is about.\n\n## Fix\n\nDo it.\n"),
            url: format!("https://docs.aws.amazon.com/{id}"),
            absence,
        };
        let frameworks = || BTreeMap::from([("CIS AWS 5.0".to_owned(), vec!["1.3".to_owned()])]);
        Arc::new(Rule::new(id, about).with_frameworks(frameworks))
    };
    vec![
        rule("root-key-not-denied", "An organization whose root users can create an access key", Severity::High, true),
        rule("root-access-key", "An access key for the root user", Severity::Critical, false),
    ]
}

fn finding(check: &'static str, severity: Severity, primary: Span) -> Finding {
    Finding { projects: vec![".".into()], ..Finding::new(check, severity, primary) }
}

fn everything() -> Run {
    let mut run = Run::new(&[
        ("envs/prod/main.tf", MAIN),
        ("envs/prod/variables.tf", VARIABLES),
        ("modules/key/main.tf", MODULE),
        ("x #1/höst::le.tf", HOSTILE),
    ]);
    let main = |run: &Run, part| run.span("envs/prod/main.tf", MAIN, part);
    // Met in another order than the one in which they are shown.
    let hostile = run.span("x #1/höst::le.tf", HOSTILE, "AKIAIOSFODNN7EXAMPLE");
    run.found.push(Finding {
        message: "A key AKIAIOSFODNN7EXAMPLE is\u{1b}[2J in the code.\n::warning::second line ##[error]".into(),
        label: "\u{202e}here".into(),
        resource: "aws_iam_access_key.\u{1b}k".into(),
        hidden: vec![run.span("x #1/höst::le.tf", HOSTILE, "hunter2")],
        related: vec![Related::new("::the password", run.span("x #1/höst::le.tf", HOSTILE, "hunter2"))],
        help: "::error::Take it out.\nRotate it.".into(),
        ..finding("root-credentials-in-code", Severity::Medium, hostile)
    });
    run.found.push(Finding {
        confidence: Confidence::Possible,
        missing: vec!["var.scp_json".into()],
        message: "The root user of 1 account can still create an access key.".into(),
        label: "no policy of this organization denies it".into(),
        resource: "aws_organizations_organization.this".into(),
        witness: Some(Witness {
            account: Some("111122223333".into()),
            context: BTreeMap::from([("aws:MultiFactorAuthPresent".into(), "true".into())]),
            text: "root of 111122223333, signed in with MFA".into(),
        }),
        help: "Attach a service control policy that denies `iam:CreateAccessKey` to `arn:aws:iam::*:root`.".into(),
        ..finding(
            "root-key-not-denied",
            Severity::High,
            main(&run, "resource \"aws_organizations_organization\" \"this\""),
        )
    });
    run.found.push(Finding {
        message: "An access key is created for the root user.".into(),
        label: "resolves to \"root\"".into(),
        related: vec![
            Related { step: Some(3), ..Related::new("used here", run.span("modules/key/main.tf", MODULE, "var.user")) },
            Related {
                step: Some(1),
                ..Related::new("default of var.admin", run.span("envs/prod/variables.tf", VARIABLES, "\"root\""))
            },
        ],
        resource: "module.ci.aws_iam_access_key.this".into(),
        instances: vec!["module.ci.aws_iam_access_key.this[0]".into(), "module.ci.aws_iam_access_key.this[1]".into()],
        projects: vec!["envs/stage".into(), "envs/prod".into()],
        help: "Create a role instead.".into(),
        ..finding("root-access-key", Severity::Critical, main(&run, "var.admin"))
    });
    run.found.undecided(Undecided {
        check: "root-key-not-denied".into(),
        message: "Whether `p` denies it depends on `var.scp_json`.".into(),
        missing: vec!["var.scp_json".into()],
        span: main(&run, "feature_set = \"ALL\""),
        blocking: true,
    });
    run.found.error(Diagnostic::new("hcl-syntax", "expected `}`", run.span("envs/prod/variables.tf", VARIABLES, "}")));
    for name in ["a", "b", "c", "d", "e"] {
        let message = format!("module.{name} is not on disk");
        run.found.note(Diagnostic::new("module-not-found", message, main(&run, "\"./modules/key\"")));
    }
    let given = run.sources.virtual_file("<--var user>", "user=root");
    run.found.note(Diagnostic::new("unused-variable", "no root module declares `user`", Span::new(given, 0, 4)));
    run
}

/// A release changes no snapshot.
fn versionless(report: &str) -> String {
    report.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\"")
}

#[test]
fn a_person_sees_this() {
    insta::assert_snapshot!(human::render(&everything().report(false), human::Style::default()));
}

#[test]
fn quiet_leaves_findings_and_errors() {
    let style = human::Style { quiet: true, ..human::Style::default() };
    let text = human::render(&everything().report(false), style);
    assert!(text.contains("hcl-syntax") && text.contains("root-access-key"));
    assert!(!text.contains("module-not-found") && !text.contains("undecided["));
}

#[test]
fn verbose_shows_every_note() {
    let style = human::Style { verbose: true, ..human::Style::default() };
    assert_eq!(human::render(&everything().report(false), style).matches("note[module-not-found]").count(), 5);
}

#[test]
fn a_program_sees_this() {
    insta::assert_snapshot!(versionless(&json::render(&everything().report(false))));
}

#[test]
fn code_scanning_sees_this() {
    insta::assert_snapshot!(versionless(&sarif::render(&everything().report(false), sarif::Style::default())));
}

#[test]
fn nothing_found_is_a_report_too() {
    let empty = || Run::new(&[]).report(false);
    insta::assert_snapshot!(human::render(&empty(), human::Style::default()), @"No findings in 2 projects (4 files, 40 resources), 1 file ignored.");
    sarif_schema::assert_valid(&sarif::render(&empty(), sarif::Style::default()));
}

#[test]
fn sarif_is_valid() {
    sarif_schema::assert_valid(&sarif::render(&everything().report(false), sarif::Style::default()));
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let log = sarif::render(&everything().report(false), sarif::Style::default()).replace("\"2.1.0\"", "\"2.0\"");
    assert!(!sarif_schema::errors(&log).is_empty());
}

#[test]
fn no_format_lets_anything_through() {
    let report = everything().report(false);
    let styled = human::Style { colors: true, ..human::Style::default() };
    // Only what stands between a command of ours and its end is a command.
    let annotations = github::render(&report, "TOKEN");
    let (commands, rest) = annotations.split_once("::stop-commands::TOKEN\n").unwrap();
    assert!(
        commands.lines().all(|line| ["::error ", "::warning ", "::notice "].iter().any(|kind| line.starts_with(kind)))
    );
    assert!(!annotations.contains("AKIAIOS") && !annotations.contains("##["));
    let outputs = [
        human::render(&report, styled),
        json::render(&report),
        sarif::render(&report, sarif::Style::default()),
        junit::render(&report),
        gitlab::render(&report),
        markdown::render(&report),
        rest.trim_end_matches("::TOKEN::\n").to_owned(),
    ];
    for (output, colors) in outputs.iter().zip([true, false, false, false, false, false, false]) {
        assert!(!output.contains("AKIAIOS") && !output.contains("hunter2") && !output.contains("##["), "{output}");
        for line in output.lines() {
            assert!(!line.trim_start().starts_with("::") || line.trim_start().starts_with("::: "), "{line}");
            let plain = if colors { anstream::adapter::strip_str(line).to_string() } else { line.to_owned() };
            assert!(!plain.chars().any(|c| c.is_control()), "{plain:?}");
        }
    }
    let human = human::render(&report, human::Style::default());
    assert!(!human.contains('\u{202e}') && !human.contains('\u{1b}'));
}

#[test]
fn order_does_not_depend_on_the_order_of_discovery() {
    let forwards = everything();
    let mut backwards = everything();
    backwards.found.findings.reverse();
    backwards.found.notes.reverse();
    assert_eq!(json::render(&forwards.report(false)), json::render(&backwards.report(false)));
}

#[test]
fn complete_is_what_exit_code_3_says() {
    let of = |change: &dyn Fn(&mut Findings), strict| {
        let mut run = everything();
        run.found = Findings { notes: run.found.notes, ..Findings::default() };
        change(&mut run.found);
        run.report(strict).is_complete()
    };
    let open = |blocking| {
        let span = everything().found.undecided.first().unwrap().span;
        move |found: &mut Findings| {
            found.undecided(Undecided { check: "c".into(), message: "m".into(), missing: vec![], span, blocking });
        }
    };
    assert!(of(&|_| {}, false));
    assert!(!of(&|_| {}, true), "a note");
    assert!(of(&open(false), false));
    assert!(!of(&open(true), false));
    assert!(!of(&|found| found.error(everything().found.errors.first().unwrap().clone()), false));
}

#[test]
fn too_many_findings_for_code_scanning_are_cut_and_counted() {
    let limits = sarif::Limits { results: 2, ..sarif::GITHUB };
    let log = sarif::render_within(&everything().report(false), sarif::Style::default(), limits);
    sarif_schema::assert_valid(&log);
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let results = log.pointer("/runs/0/results").unwrap().as_array().unwrap();
    let kept: Vec<_> = results.iter().map(|result| result.get("ruleId").unwrap()).collect();
    assert_eq!(kept, ["root-access-key", "root-key-not-denied"]);
    assert!(log.to_string().contains("2 of 3 findings are listed here, the worst ones"));
}

#[test]
fn a_log_too_large_once_compressed_is_cut_and_counted() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(sarif::render(&everything().report(false), sarif::Style::default()).as_bytes()).unwrap();
    let whole = encoder.finish().unwrap().len();
    let limits = sarif::Limits { compressed_bytes: whole - 1, ..sarif::GITHUB };
    let log = sarif::render_within(&everything().report(false), sarif::Style::default(), limits);
    sarif_schema::assert_valid(&log);
    assert!(log.contains("1 of 3 findings are listed here, the worst ones"), "{}", log.len());
    assert!(log.contains("\"ruleId\": \"root-access-key\"") && !log.contains("\"ruleId\": \"root-key-not-denied\""));
}

#[test]
fn thirty_thousand_findings_are_cut_to_what_is_taken() {
    let log = sarif::render(&many(30_000, Severity::High), sarif::Style::default());
    sarif_schema::assert_valid(&log);
    assert_eq!(log.matches("\"ruleId\"").count(), 25_000);
    assert!(log.contains("25000 of 30000 findings are listed here, the worst ones"));
}

#[test]
fn a_category_is_the_part_before_the_slash() {
    let log =
        sarif::render(&everything().report(false), sarif::Style { category: "infra/prod", ..sarif::Style::default() });
    assert!(log.contains("\"id\": \"infra/prod/\""));
}

#[test]
fn a_pull_request_shows_this() {
    insta::assert_snapshot!(github::render(&everything().report(false), "TOKEN"));
}

/// Findings of one severity, each on a line of its own.
fn many(count: usize, severity: Severity) -> Report {
    let text = "x\n".repeat(count);
    let mut run = Run::new(&[("a.tf", text.as_str())]);
    for index in 0..count {
        let span = Span::new(run.sources.file("a.tf".into()), 2 * index, 2 * index + 1);
        run.found.push(Finding { message: "100% root:\nnow".into(), ..finding("root-access-key", severity, span) });
    }
    run.report(false)
}

#[test]
fn annotations_are_escaped_and_counted() {
    let text = github::render(&many(13, Severity::High), "TOKEN");
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(commands.len(), 10);
    let first = "::error file=a.tf,line=1,endLine=1,col=1,endColumn=1,title=root-access-key::100%25 root:%0Anow";
    assert_eq!(commands.first(), Some(&first));
    assert!(text.contains("only in the list above: and 3 more errors."), "{text}");
    let after = text.split_once("::stop-commands::TOKEN\n").unwrap().1;
    assert!(after.ends_with("\n::TOKEN::\n") && after.matches("high[root-access-key]").count() == 13, "{after}");
    assert!(github::render(&many(10, Severity::Low), "T").contains("::notice file=a.tf,line=10,"));
    assert!(!github::render(&many(10, Severity::Low), "T").contains("annotations of a kind"));
}

#[test]
fn a_test_report_shows_this() {
    insta::assert_snapshot!(junit::render(&everything().report(false)));
}

#[test]
fn a_merge_request_shows_this() {
    insta::assert_snapshot!(gitlab::render(&everything().report(false)));
}

#[test]
fn a_summary_shows_this() {
    insta::assert_snapshot!(markdown::render(&everything().report(false)));
}

#[test]
fn a_summary_is_cut_and_counted() {
    let whole = markdown::render(&many(50, Severity::High));
    let text = markdown::render_at_most(&many(50, Severity::High), 2_000);
    assert!(text.len() <= 2_000 && text.len() > 1_500, "{}", text.len());
    let shown = text.matches("<details>").count();
    assert!(text.contains(&format!("_{} more do not fit here", 50 - shown)), "{text}");
    assert_eq!(whole.matches("<details>").count(), 50);
    assert!(!whole.contains("do not fit"));
}

#[test]
fn markdown_lets_no_markup_through() {
    let mut run = Run::new(&[("a<b>.tf", "x")]);
    let span = Span::new(run.sources.file("a<b>.tf".into()), 0, 1);
    run.found.push(Finding {
        message: "User `</code><img src=x>` [x](http://e) **b** @me #1. Then `odd, ~~~ and | www.e.org.".into(),
        help: "~~~~\n<script>".into(),
        ..finding("root-access-key", Severity::High, span)
    });
    insta::assert_snapshot!(markdown::render(&run.report(false)));
}

#[test]
fn odd_spans_do_no_harm() {
    let text = format!("é\r\n{}x{}\n\u{feff}日本\n", "a".repeat(5_000), "b".repeat(3_000_000));
    let mut run = Run::new(&[("a.tf", text.as_str()), ("latin.tf", ""), ("empty.tf", "")]);
    run.files.insert("latin.tf", b"\xff\xfe");
    let file = |name: &str, run: &Run| run.sources.file(name.into());
    let len = text.len();
    for (name, start, end) in [
        ("a.tf", 0, 0),
        ("a.tf", 1, 1),
        ("a.tf", 5_004, 5_005),
        ("a.tf", 0, len),
        ("a.tf", len, len + 50),
        ("a.tf", 9_000_000, 9_000_001),
        ("a.tf", len - 6, len - 5),
        ("latin.tf", 0, 1),
        ("empty.tf", 0, 0),
        ("empty.tf", 5, 9),
        ("gone.tf", 3, 4),
    ] {
        let span = Span::new(file(name, &run), start, end);
        let related = vec![Related::new("and", Span::new(file("a.tf", &run), 3, 4))];
        run.found.push(Finding { message: "odd".into(), related, ..finding("root-access-key", Severity::Low, span) });
    }
    let report = run.report(false);
    let text = human::render(&report, human::Style::default());
    assert!(text.len() < 60_000, "{}", text.len());
    sarif_schema::assert_valid(&sarif::render(&report, sarif::Style::default()));
}

//! The report as JUnit reads it: a suite for each check, a failed case for each finding, a skipped one for each open
//! question, and a case with an error for whatever could not be read.

use std::fmt::Write;

use super::place::Place;
use super::shown::{first_sentence, line, lines, mask_keys};
use super::{Item, Report};

/// The suite of what could not be read.
const INPUT: &str = "input";

#[derive(Default)]
struct Suite {
    cases: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Suite {
    fn case(&mut self, class: &str, name: &str, inside: &str) {
        self.tests += 1;
        let (class, name) = (attribute(class), attribute(name));
        // Writing to a string cannot fail.
        let _ = match inside {
            "" => writeln!(self.cases, "    <testcase classname=\"{class}\" name=\"{name}\"/>"),
            _ => writeln!(
                self.cases,
                "    <testcase classname=\"{class}\" name=\"{name}\">\n      {inside}\n    </testcase>"
            ),
        };
    }

    fn finding(&mut self, item: &Item) {
        let finding = &item.finding;
        let message = item.message();
        let mut body = format!("{}\n{message}\n", item.place.written());
        for (message, place) in &item.related {
            let _ = writeln!(body, "  {}: {message}", place.written());
        }
        if !finding.help.is_empty() {
            let _ = writeln!(body, "help: {}", finding.help);
        }
        let (title, kind) = (attribute(first_sentence(&message).0), finding.severity.name());
        let failure = format!("<failure message=\"{title}\" type=\"{kind}\">{}</failure>", content(&body));
        self.failures += 1;
        self.case(&finding.check, &named(&item.place, &finding.resource), &failure);
    }
}

/// The report as one XML document with a line feed at its end.
pub fn render(report: &Report) -> String {
    let mut all = Vec::new();
    let mut checks: Vec<&str> = report.rules.iter().map(|rule| rule.id.as_str()).collect();
    checks.extend(report.shown().map(|item| &*item.finding.check));
    checks.sort_unstable();
    checks.dedup();
    for check in checks {
        let mut suite = Suite::default();
        report.shown().filter(|item| item.finding.check == check).for_each(|item| suite.finding(item));
        for open in report.undecided.iter().filter(|open| open.what.check == check) {
            suite.skipped += 1;
            let skipped =
                format!("<skipped message=\"{}\"/>", attribute(&format!("cannot decide: {}", open.what.message)));
            suite.case(check, &named(&open.place, ""), &skipped);
        }
        if suite.tests == 0 {
            suite.case(check, "nothing found", "");
        }
        all.push((check, suite));
    }
    let mut input = Suite::default();
    for error in &report.errors {
        input.errors += 1;
        let (title, kind) = (attribute(&error.what.message), attribute(error.what.code));
        input.case(error.what.code, &named(&error.place, ""), &format!("<error message=\"{title}\" type=\"{kind}\"/>"));
    }
    if input.tests == 0 && !report.is_complete() {
        input.errors += 1;
        let why = attribute(&report.incomplete.join("; "));
        input.case(INPUT, "complete", &format!("<error message=\"{why}\" type=\"incomplete\"/>"));
    }
    if input.tests > 0 {
        all.push((INPUT, input));
    }

    let sum = |count: fn(&Suite) -> usize| all.iter().map(|(_, suite)| count(suite)).sum::<usize>();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rootlint\" tests=\"{}\" failures=\"{}\" \
         errors=\"{}\" skipped=\"{}\">\n",
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.errors),
        sum(|suite| suite.skipped)
    );
    for (name, suite) in &all {
        let _ = write!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{}  </testsuite>\n",
            attribute(name),
            suite.tests,
            suite.failures,
            suite.errors,
            suite.skipped,
            suite.cases
        );
    }
    text.push_str("</testsuites>\n");
    mask_keys(&text).replace("##[", "##&#91;")
}

fn named(place: &Place, resource: &str) -> String {
    if resource.is_empty() { place.written() } else { format!("{} {resource}", place.written()) }
}

/// Text as an attribute's value.
fn attribute(text: &str) -> String {
    escape(&line(text))
}

/// Text as an element's content. A line never starts with `::`, which a runner would obey.
fn content(text: &str) -> String {
    let escaped = escape(&lines(text));
    let lines = escaped.split('\n').map(|line| match line.trim_start().strip_prefix("::") {
        Some(rest) => format!("&#58;:{rest}"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What XML reads as markup is written out; characters that it has no place for were written out by [`line`] before.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

//! The other forms: the answers of `get-credential-report` and `get-account-summary`, and Panther's resources.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;

use super::{FORM, Input, active, date, table};
use crate::aws::credential_report::{CredentialReport, Credentials, Key, Said, What, time};
use crate::finding::{Diagnostic, Findings};
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind, Style};

/// The field of `get-account-summary`.
const ROOT_KEYS: &str = "AccountAccessKeysPresent";

/// With or without padding, as shells and tools leave it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The reports in a JSON value: one, or a list.
pub(super) fn read(node: &Node, input: &Input<'_>, out: &mut Findings) -> Vec<CredentialReport> {
    let Some(elements) = node.as_sequence() else { return one(node, input, out) };
    let mut users: Vec<CredentialReport> = Vec::new();
    let mut others = Vec::new();
    for element in elements {
        for report in one(element, input, out) {
            // Resources of a list are one report on however many accounts.
            match users.first_mut().filter(|_| !report.whole && report.root_keys.is_none()) {
                Some(first) => first.users.extend(report.users),
                None if !report.whole && report.root_keys.is_none() => users.push(report),
                None => others.push(report),
            }
        }
    }
    users.extend(others);
    users
}

fn one(node: &Node, input: &Input<'_>, out: &mut Findings) -> Vec<CredentialReport> {
    let mut wrong = |message: &str, span: Span| {
        out.error(Diagnostic::new(FORM, message, span));
        Vec::new()
    };
    if let Some(content) = node.get("Content") {
        return answer(node, content, input, out);
    }
    let summary = node.get("SummaryMap").unwrap_or(node);
    if let Some(count) = summary.get(ROOT_KEYS) {
        return vec![root_keys(node.span, count)];
    }
    match node.get("CredentialReport") {
        Some(report) if report.as_mapping().is_some() => vec![resource(node, report, out)],
        Some(report) => {
            wrong("there is no credential report in this resource: nothing is known of its keys", report.span)
        }
        None if node.get("State").is_some() => wrong(
            "this is the answer of generate-credential-report: ask get-credential-report for the report",
            node.span,
        ),
        None => wrong(super::UNKNOWN, node.span),
    }
}

/// `get-credential-report`: the CSV in base64. Its places are those of the decoded text, which has a name of its own.
fn answer(node: &Node, content: &Node, input: &Input<'_>, out: &mut Findings) -> Vec<CredentialReport> {
    let mut generated = None;
    if let Some(written) = node.get("GeneratedTime") {
        match written.as_scalar().and_then(|scalar| moment(&scalar.text)) {
            Some(time) => generated = Some((time, written.span)),
            None => {
                let message = "when this report was made cannot be read: whether it is stale is not known";
                out.note(Diagnostic::new("credential-report-undated", message, written.span));
            }
        }
    }
    let encoded = content.as_scalar().filter(|scalar| scalar.style == Style::Text);
    let mut reports = match encoded.and_then(|scalar| decoded(&scalar.text, input)) {
        Some((text, base)) => match table::delimiter(&text, base) {
            Some(delimiter) => table::read(&text, base, delimiter, out),
            None => {
                out.error(Diagnostic::new(FORM, super::UNKNOWN, base));
                Vec::new()
            }
        },
        None => {
            let message = "the `Content` is not base64 of a text: the report cannot be read";
            out.error(Diagnostic::new(FORM, message, content.span));
            Vec::new()
        }
    };
    for report in &mut reports {
        report.generated = generated;
        report.encoded = Some(content.span);
    }
    reports
}

/// The text that base64 stands for, as a source with a name that says where it comes from.
pub(super) fn decoded(text: &str, input: &Input<'_>) -> Option<(Arc<str>, Span)> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let text = String::from_utf8(BASE64.decode(compact).ok()?).ok()?;
    let file = input.decoded(&text);
    Some((Arc::from(text), Span::start_of(file)))
}

/// A time in words, or in seconds since 1970 as older versions of the command line write it.
fn moment(text: &str) -> Option<Timestamp> {
    let seconds = || text.split('.').next().and_then(|whole| whole.parse().ok());
    time(text).or_else(|| Timestamp::from_second(seconds()?).ok())
}

fn root_keys(span: Span, count: &Node) -> CredentialReport {
    let text = count.as_scalar().map(|scalar| &*scalar.text).unwrap_or_default();
    let what = match text.parse() {
        Ok(count) => What::Is(count),
        Err(_) => What::Unclear(super::shortened(text)),
    };
    let root_keys = Some(Said { what, span: count.span });
    CredentialReport { span, encoded: None, generated: None, whole: false, users: Vec::new(), root_keys }
}

/// A resource as Panther keeps it, with the row of the report as an object.
fn resource(node: &Node, report: &Node, out: &mut Findings) -> CredentialReport {
    let text = |of: &Node, names: [&str; 2]| {
        let found = names.iter().find_map(|name| of.get(name)).filter(|node| !is_null(node));
        found.and_then(|node| Some((Arc::<str>::from(node.as_str()?), node.span)))
    };
    // A root user's resource says ARN, a user's Arn.
    let arn = text(report, ["ARN", "Arn"]).or_else(|| text(node, ["ARN", "Arn"]));
    let name = text(report, ["UserName", "User"]).or_else(|| text(node, ["UserName", "Name"])).or_else(|| arn.clone());
    let mut key = |slot: u8| {
        let mut field = |name: &str| {
            let name = format!("AccessKey{slot}{name}");
            let found = report.get(&name);
            if found.is_none() {
                out.error(Diagnostic::new(FORM, format!("`{name}` is missing: it is not known"), report.span));
            }
            found
        };
        Key {
            slot,
            active: said(field("Active"), report.span, active),
            rotated: said(field("LastRotated"), report.span, date),
            used: said(field("LastUsedDate"), report.span, date),
        }
    };
    let keys = [key(1), key(2)];
    if name.is_none() {
        out.error(Diagnostic::new(FORM, "neither a user name nor an ARN is in this resource", node.span));
    }
    let users = name.map(|(name, span)| Credentials { name, arn: arn.map(|(arn, _)| arn), span, keys, more: None });
    CredentialReport {
        span: node.span,
        encoded: None,
        generated: None,
        whole: false,
        users: users.into_iter().collect(),
        root_keys: None,
    }
}

fn is_null(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.style == Style::Plain && &*scalar.text == "null")
}

fn said<T>(node: Option<&Node>, report: Span, read: impl Fn(&str) -> What<T>) -> Said<T> {
    let Some(node) = node else { return Said { what: What::Missing, span: report } };
    let what = match &node.kind {
        _ if is_null(node) => read("N/A"),
        NodeKind::Scalar(scalar) => read(&scalar.text),
        _ => What::Unclear("a list or an object".into()),
    };
    Said { what, span: node.span }
}

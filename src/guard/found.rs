//! From violations to findings and open questions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::OwnRule;
use super::document::Document;
use super::engine::Verdict;
use super::violation::Violation;
use crate::finding::{Finding, Findings, Related, Undecided};
use crate::resource::Presence;
use crate::source::Span;
use crate::value::Origin;

/// Turns what became of a rule into findings and open questions. `header` is that of some resource, for what belongs to none.
pub(super) fn take(rule: &OwnRule, verdict: Verdict, document: &Document, header: Span, out: &mut Findings) {
    let first = out.findings.len();
    for violation in &verdict.violations {
        let finding = finding(rule, violation, document, header);
        // One value may violate several clauses of a rule: that is one finding.
        let own = out.findings.get_mut(first..).unwrap_or_default();
        match own.iter_mut().find(|known| same(known, &finding)) {
            Some(known) => join(known, finding),
            None => out.push(finding),
        }
    }
    let named: BTreeSet<Arc<str>> =
        out.findings.get(first..).unwrap_or_default().iter().flat_map(|finding| finding.missing.clone()).collect();
    for (node, reason) in verdict.undecided {
        if named.contains(&reason.missing) {
            continue;
        }
        let about = document.site(node).map_or(String::new(), |site| format!(" to `{}`", site.address));
        let span = document.place(node).map_or(header, |(span, _)| span);
        out.undecided(Undecided {
            check: rule.id.clone().into(),
            message: format!("whether the rule `{}` applies{about} rests on {reason}", rule.name),
            missing: vec![reason.missing],
            span,
            blocking: false,
        });
    }
    out.join_same();
}

/// What of the violations of `bare`, a document without what may be null, there is not in `verdict` already: what a rule
/// demands to be there, and what perhaps is not.
pub(super) fn perhaps_missing(verdict: &Verdict, bare: &Verdict, document: &Document) -> Verdict {
    let named = |violation: &Violation| {
        let reasons = violation.unknown.iter().map(|reason| Arc::clone(&reason.missing));
        (document.resource(violation.node), reasons.collect::<Vec<_>>())
    };
    let known: Vec<_> = verdict.violations.iter().map(named).collect();
    let is_known = |violation: &&Violation| {
        let (resource, reasons) = named(violation);
        known.iter().any(|(other, all)| *other == resource && reasons.iter().any(|reason| all.contains(reason)))
    };
    let new = bare.violations.iter().filter(|violation| !violation.unknown.is_empty() && !is_known(violation));
    Verdict { status: bare.status, violations: new.cloned().collect(), undecided: Vec::new() }
}

fn same(a: &Finding, b: &Finding) -> bool {
    a.primary == b.primary && a.resource == b.resource && a.instances == b.instances
}

fn join(known: &mut Finding, other: Finding) {
    if !known.message.contains(&*other.message) {
        known.message = format!("{} {}", sentence(&known.message), other.message);
    }
    if other.confidence > known.confidence {
        (known.confidence, known.missing) = (other.confidence, Vec::new());
    } else if other.confidence == known.confidence {
        known.missing.extend(other.missing);
        known.missing.dedup();
    }
    known.discriminators.extend(other.discriminators);
}

fn finding(rule: &OwnRule, violation: &Violation, document: &Document, header: Span) -> Finding {
    let site = document.site(violation.node);
    let left_out = violation.missing.as_ref().and_then(|missing| document.left_out(violation.node, missing));
    let (primary, origin) = match (&violation.missing, site) {
        _ if left_out.is_some() => left_out.unwrap_or((header, Origin::at(header))),
        // Something that should be in the resource itself is missing in its block.
        (Some(_), Some(site)) if document.path(violation.node).len() <= 1 => (site.header, Origin::at(site.header)),
        _ => document.place(violation.node).unwrap_or((header, Origin::at(header))),
    };
    let mut finding = Finding::new(rule.id.clone(), rule.severity, primary);
    let path = path(document, violation);
    let expected = match path.is_empty() {
        // The clause is about the resource as a whole.
        true if matches!(&*violation.expected, "must be empty" | "must not be set") => "must not be there".to_owned(),
        true => violation.expected.clone(),
        false => format!("`{path}` {}", violation.expected),
    };
    let (said, help) = violation.message.as_deref().map(said).unwrap_or_default();
    finding.message = if said.is_empty() { sentence(&expected) } else { sentence(&said) };
    finding.label = expected;
    finding.help = help;
    if let Some(site) = site {
        finding = finding.about(site);
        if let Presence::Possible(reason) = &site.presence {
            finding.rests_on(reason);
        }
    }
    if site.is_none() {
        finding.projects.push(Arc::clone(&document.project));
    }
    finding.discriminators.insert(path);
    violation.unknown.iter().for_each(|reason| finding.rests_on(reason));
    finding.related = Related::trail(&origin, primary);
    for also in &violation.also {
        let Some((span, _)) = document.place(*also).filter(|(span, _)| *span != primary) else { continue };
        if !finding.related.iter().any(|related| related.span == span) {
            finding.related.push(Related::new("or this", span));
        }
    }
    if document.at(violation.node).is_some_and(|node| node.hidden) {
        finding.hidden.push(primary);
        finding.hidden.extend(origin.written());
    }
    finding
}

/// The names that lead to what is violated, from the resource: `Properties.Tags[0].Key`.
fn path(document: &Document, violation: &Violation) -> String {
    let mut path = String::new();
    for name in document.path(violation.node) {
        if name.chars().all(|c| c.is_ascii_digit()) {
            path.push_str(&format!("[{name}]"));
        } else {
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(&name);
        }
    }
    if let Some(missing) = &violation.missing {
        let joined = path.is_empty() || missing.starts_with('[');
        path.push_str(if joined { "" } else { "." });
        path.push_str(missing);
    }
    path
}

/// A rule's message and, where it follows the registry's habit of `Violation:` and `Fix:`, what to do.
fn said(text: &str) -> (String, String) {
    let (mut message, mut help) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let fix = line.strip_prefix("Fix:");
        if fix.is_some() || !help.is_empty() {
            help.push(fix.unwrap_or(line).trim());
        } else {
            message.push(line.strip_prefix("Violation:").unwrap_or(line).trim());
        }
    }
    if message.is_empty() {
        return (help.join(" "), String::new());
    }
    (message.join(" "), help.join(" "))
}

/// The text with a full stop at its end, if it has none.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

//! Events meet code: what root did, told with whether a monitor of the code should have told somebody.

use crate::aws::Model;
use crate::aws::credential_report::account_of;
use crate::aws::monitoring::{self, All, Watch};
use crate::finding::{Finding, Findings, Related};
use crate::source::Sources;

use super::Options;
use super::evidence::{Relation, relation};

/// Reads the events, and what the code does about them.
pub(super) fn meet(model: &Model<'_>, options: &Options, sources: &Sources, out: &mut Findings) {
    let Some(trails) = &options.trails else { return };
    let mut found = Findings::default();
    trails.tell(sources, &mut found);
    let monitors = All::of(model).monitors();
    let watches = monitoring::watches(model, &monitors);
    for finding in &mut found.findings {
        for watch in &watches {
            tell(model, watch, finding);
        }
    }
    out.findings.extend(found.findings);
    out.errors.extend(found.errors);
    out.notes.extend(found.notes);
}

/// Says whether the monitors of a project see such an event, if the project may be in its account.
fn tell(model: &Model<'_>, watch: &Watch<'_>, finding: &mut Finding) {
    let Some(title) = title(finding) else { return };
    let own = watch.trails.first().and_then(|trail| trail.place.account.as_ref());
    let doubt = match relation(model, &watch.project, own, account_of(&finding.resource)) {
        Relation::Other => return,
        Relation::Same => String::new(),
        Relation::Unknown(reason) => format!(", if it is about this account ({reason})"),
    };
    let unsure = watch.unsure.iter().find(|(known, ..)| *known == title).map(|(_, reason, _)| reason);
    let is_unseen = watch.unseen.iter().any(|(known, _)| *known == title);
    // An event that says nothing of MFA is seen like one that does.
    let event = if finding.check == "root-usage" { title.trim_end_matches(" with MFA") } else { title };
    let (message, label) = match unsure {
        Some(reason) => {
            (format!("Whether the code tells somebody of {event} is not known: {reason}"), "what may watch root here")
        }
        None if is_unseen => (format!("The code tells nobody of {event}"), "nothing here would have told of it"),
        None => (
            format!("A monitor in the code should have told somebody of {event}: see that it is deployed and read"),
            "what watches root here",
        ),
    };
    finding.message.push_str(&format!(" {message}{doubt}."));
    finding.related.push(Related::new(label, watch.anchor.header));
}

/// What monitors call such an event.
fn title(finding: &Finding) -> Option<&'static str> {
    let kind = finding.discriminators.first().map(String::as_str);
    Some(match (&*finding.check, kind) {
        ("root-access-key-created", _) => "root creating an access key for itself",
        ("root-login-without-mfa", _) => "root signing in without MFA",
        ("root-usage", Some("sign-in")) => "root signing in with MFA",
        ("root-usage", Some("failed sign-in")) => "a failed sign-in of root",
        ("root-usage", Some("refused key of its own")) => "root being denied an access key",
        ("root-usage", Some("key for a user")) => "root creating an access key for a user",
        ("root-usage", Some("reading call")) => "a call of root that only reads",
        ("root-usage", Some("privileged session")) => "a session of centralized root access",
        ("root-usage", Some(_)) => "a call of root that changes something",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::source::Span;

    #[test]
    fn monitors_know_every_event_by_its_title() {
        let file = Sources::default().file("a".into());
        let of = |check: &'static str, kind: &str| {
            let mut finding = Finding::new(check, Severity::Low, Span::start_of(file));
            finding.discriminators.insert(kind.to_owned());
            title(&finding)
        };
        let kinds = [
            "sign-in",
            "failed sign-in",
            "refused key of its own",
            "key for a user",
            "reading call",
            "privileged session",
            "call",
        ];
        let mut titles: Vec<_> = kinds.iter().filter_map(|kind| of("root-usage", kind)).collect();
        titles.extend(["root-access-key-created", "root-login-without-mfa"].iter().filter_map(|check| of(check, "")));
        assert_eq!(titles.len(), 9);
        titles.retain(|title| !monitoring::watched().contains(title));
        assert!(titles.is_empty(), "{titles:?}");
        assert_eq!(of("sigma/x", ""), None);
    }
}

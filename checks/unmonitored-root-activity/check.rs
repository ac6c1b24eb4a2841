//! What the root user could do without anybody being told, and monitors that never fire.

use crate::aws::monitoring::{self, All, Monitor, Seen, Watch};
use crate::aws::{Elsewhere, Model};
use crate::finding::{Diagnostic, Finding, Findings, Related, Severity, Undecided};
use crate::resource::{Presence, Site};
use crate::source::Span;
use crate::value::Reason;

pub(super) const ID: &str = "unmonitored-root-activity";

/// How many links that break are told in the message.
const SHOWN: usize = 4;

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    let monitors = All::of(model).monitors();
    for monitor in monitors.iter().filter(|monitor| monitor.names_root) {
        match never_fires(monitor, &monitors) {
            Some(finding) => out.push(finding),
            None => said_of(monitor).into_iter().for_each(|note| out.note(note)),
        }
    }
    for watch in monitoring::watches(model, &monitors) {
        let elsewhere = model.settings.monitoring.as_ref();
        let (hidden, open): (Vec<_>, Vec<_>) = watch.unsure.iter().partition(|(.., hidden)| *hidden);
        match elsewhere {
            Some(elsewhere) if !watch.unseen.is_empty() || !hidden.is_empty() => {
                out.note(taken_care_of(&watch, &hidden, elsewhere));
            }
            _ => out.findings.extend(with(unseen(&watch), perhaps(&watch, &hidden))),
        }
        if elsewhere.is_none() {
            undecided(&watch, &open).into_iter().for_each(|question| out.undecided(question));
        }
        out.notes.extend(members(&watch, &monitors));
    }
}

fn about(site: &Site, severity: Severity, primary: Span, what: &str) -> Finding {
    let mut finding = Finding::new(ID, severity, primary).about(site);
    finding.discriminators.insert(what.to_owned());
    if let Presence::Possible(reason) = &site.presence {
        finding.rests_on(reason);
    }
    finding
}

fn finding(watch: &Watch<'_>, message: String) -> Finding {
    let mut finding = about(watch.anchor, Severity::Low, watch.anchor.header, "unseen");
    finding.message = message;
    finding.label = "what root does here goes unnoticed".into();
    finding.help =
        "have an alarm or a rule of EventBridge tell somebody of it, or say in rootlint.toml who does: [monitoring] \
                    elsewhere = \"...\""
            .into();
    finding
}

/// What nobody would see, and the links that break.
fn unseen(watch: &Watch<'_>) -> Option<Finding> {
    let titles: Vec<&str> = watch.unseen.iter().map(|(title, _)| *title).collect();
    if titles.is_empty() {
        return None;
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (title, breaks) in &watch.unseen {
        for broken in breaks {
            match reasons.iter_mut().find(|(why, _)| *why == broken.why) {
                Some((_, events)) if events.contains(title) => {}
                Some((_, events)) => events.push(title),
                None => reasons.push((&broken.why, vec![title])),
            }
        }
    }
    let mut message = format!("Nobody would see {}.", list(&titles));
    if reasons.is_empty() {
        message.push_str(" Nothing in view watches for it.");
    }
    for (why, events) in reasons.iter().take(SHOWN) {
        let of = if events.len() == titles.len() { String::new() } else { format!(" ({})", list(events)) };
        message.push_str(&format!(" {}{of}.", sentence(why)));
    }
    if reasons.len() > SHOWN {
        message.push_str(&format!(" {} more links break.", reasons.len() - SHOWN));
    }
    let mut finding = finding(watch, message);
    // An event that nobody sees any more is news, even where another was not seen before.
    finding.discriminators = titles.iter().map(|title| (*title).to_owned()).collect();
    for broken in watch.unseen.iter().flat_map(|(_, breaks)| breaks) {
        if let Some(span) = broken.span.filter(|span| *span != finding.primary) {
            let related = Related::new(broken.why.clone(), span);
            if !finding.related.iter().any(|known| known.span == span) {
                finding.related.push(related);
            }
        }
        if let Some(reason) = &broken.unless {
            finding.rests_on(reason);
        }
    }
    Some(finding)
}

/// What only a module that is not on disk may see.
fn perhaps(watch: &Watch<'_>, hidden: &[&(&str, Reason, bool)]) -> Option<Finding> {
    let (_, reason, _) = hidden.first()?;
    let titles: Vec<&str> = hidden.iter().map(|(title, ..)| *title).collect();
    let message = format!("Nothing in view is certain to report {}. {}.", list(&titles), sentence(&reason.to_string()));
    let mut finding = finding(watch, message);
    finding.rests_on(reason);
    Some(finding)
}

/// Both as one, where there are both: they are about the same block.
fn with(unseen: Option<Finding>, perhaps: Option<Finding>) -> Option<Finding> {
    let (Some(mut finding), Some(perhaps)) = (unseen.clone(), perhaps.clone()) else { return unseen.or(perhaps) };
    finding.message.push_str(&format!(" {}", perhaps.message));
    finding.missing.extend(perhaps.missing);
    Some(finding)
}

fn undecided(watch: &Watch<'_>, open: &[&(&'static str, Reason, bool)]) -> Option<Undecided> {
    let (_, reason, _) = open.first()?;
    let titles: Vec<&str> = open.iter().map(|(title, ..)| *title).collect();
    let mut missing = Vec::new();
    for (_, reason, _) in open {
        if !missing.contains(&reason.missing) {
            missing.push(reason.missing.clone());
        }
    }
    Some(Undecided {
        check: ID.into(),
        message: format!("whether somebody would see {} is not known: {reason}", list(&titles)),
        missing,
        span: watch.anchor.header,
        blocking: false,
    })
}

/// A monitor that names root and never fires. A rule that one block deploys in many Regions may be idle in most.
fn never_fires(monitor: &Monitor<'_>, monitors: &[Monitor<'_>]) -> Option<Finding> {
    let broken = monitor.never.as_ref()?;
    let site = monitor.site;
    let works = |other: &Monitor<'_>| other.site.header == site.header && other.never.is_none();
    if broken.of_region && monitors.iter().any(works) {
        return None;
    }
    let primary = monitoring::place(broken, monitor);
    // Its name need not be said twice.
    let why =
        broken.why.replace(&format!("the pattern of {}", monitor.what), "its pattern").replace(&monitor.what, "it");
    let mut finding = about(site, Severity::Medium, primary, "never");
    finding.message = format!("The {} never fires: {why}.", monitor.what);
    finding.label = "nothing gets past this".into();
    finding.help = "mend this link, and send yourself an event to see that it arrives".into();
    if primary != site.header {
        finding.related.push(Related::new("the monitor", site.header));
    }
    if let Some(reason) = &broken.unless {
        finding.rests_on(reason);
    }
    Some(finding)
}

/// What is worth knowing of a monitor that works.
fn said_of(monitor: &Monitor<'_>) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    let span = monitor.site.header;
    if !monitor.seen.contains(&Seen::Yes) {
        return notes;
    }
    if !monitor.noise.is_empty() {
        let message = format!("the {} also fires for {}, which are no news", monitor.what, list(&monitor.noise));
        notes.push(Diagnostic::new("monitor-noise", message, span));
    }
    if monitor.prescribed == Some(false) {
        let message = format!(
            "the {} works, but Security Hub's control CloudWatch.1 fails all the same: its pattern is not the one that CIS \
             prescribes, to the letter",
            monitor.what
        );
        notes.push(Diagnostic::new("monitor-not-prescribed", message, span));
    }
    notes
}

/// Says that a trail records more accounts than are watched.
fn members(watch: &Watch<'_>, monitors: &[Monitor<'_>]) -> Option<Diagnostic> {
    let trail = watch.trails.iter().find(|trail| trail.is_of_organization())?;
    let near: Vec<&Monitor<'_>> = monitors
        .iter()
        .filter(|monitor| monitor.site.project == watch.project && monitor.seen.contains(&Seen::Yes))
        .collect();
    if near.is_empty() || near.iter().any(|monitor| monitor.organization) {
        return None;
    }
    let message = format!(
        "trail `{}` records every account of the organization, but what is told of root comes from this account only",
        trail.site.block
    );
    Some(Diagnostic::new("monitor-scope", message, trail.site.header))
}

fn taken_care_of(watch: &Watch<'_>, hidden: &[&(&str, Reason, bool)], elsewhere: &Elsewhere) -> Diagnostic {
    let unseen = watch.unseen.iter().map(|(title, _)| *title);
    let titles: Vec<&str> = unseen.chain(hidden.iter().map(|(title, ..)| *title)).collect();
    let message =
        format!("nobody in view would see {}; `[monitoring] elsewhere` says: \"{}\"", list(&titles), elsewhere.reason);
    Diagnostic::new("monitoring-elsewhere", message, watch.anchor.header)
}

/// Several events in words; all of them are just anything.
fn list(titles: &[&str]) -> String {
    match titles {
        all if all.len() == monitoring::watched().len() => "anything that root does".into(),
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

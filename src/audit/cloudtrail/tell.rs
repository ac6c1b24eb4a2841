//! Groups of events made into findings.

use std::sync::Arc;

use super::Seeker;
use crate::aws::cloudtrail::{Group, Sighting};
use crate::finding::{Finding, Related};
use crate::source::{Sources, Span, Spot};

/// What a group is told as.
pub(super) fn tell(group: &Group, seekers: &[Seeker], sources: &Sources) -> Option<Finding> {
    let seeker = seekers.get(group.key.rule)?;
    let span = |sighting: &Sighting| -> Span {
        let stand = &sighting.stand;
        sources.spot(Spot { path: Arc::clone(&stand.path), start: stand.start, end: stand.end })
    };
    let (first, others) = group.examples.split_first()?;
    let related = |sighting: &Sighting| {
        let time = sighting.time.as_deref().unwrap_or("unknown time");
        Related::new(format!("{} at {time}", sighting.action), span(sighting))
    };
    let mut finding = Finding::new(seeker.id(), seeker.rule.level, span(first));
    finding.label = format!("{} at {}", first.action, first.time.as_deref().unwrap_or("unknown time"));
    finding.related = others.iter().map(related).collect();
    let account: Arc<str> = Arc::from(group.key.account.as_deref().unwrap_or("unnamed account"));
    // A check is about one user of the account, a rule of the user's own about anybody in it.
    let user = group.principals.first().filter(|_| seeker.check.is_some());
    finding.resource = user.unwrap_or_else(|| Arc::clone(&account));
    finding.instances = vec![Arc::clone(&finding.resource)];
    // What is told must be the same tomorrow, when there are more files.
    finding.projects = vec![account];
    if !group.key.kind.is_empty() {
        finding.discriminators.insert(group.key.kind.to_owned());
    }
    Some(match seeker.check {
        Some((_, watch)) => (watch.tell)(group, finding),
        None => own(group, seeker, finding),
    })
}

/// What a rule of the user's own is told as.
fn own(group: &Group, seeker: &Seeker, mut finding: Finding) -> Finding {
    let events = if group.count == 1 { "1 event".to_owned() } else { format!("{} events", group.count) };
    let title = seeker.rule.title.trim_end_matches('.');
    finding.message = format!("{title}: {events} in {}. {}.", group.account(), group.story());
    if !group.principals.is_empty() {
        finding.message.push_str(&format!(" By {}.", group.principals.text(3)));
    }
    finding
}

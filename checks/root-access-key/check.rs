//! Access keys whose user is, or resolves to, the root user.

use crate::aws::Model;
use crate::aws::access_key::{AccessKey, Owner};
use crate::finding::{Finding, Findings, Related, Severity, Undecided};
use crate::resource::Presence;
use crate::text::Tri;

pub(super) const ID: &str = "root-access-key";

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    // What a program makes is `root-key-script`.
    for key in model.keys().filter(|key| !key.by_script) {
        let owner = model.owner(key);
        match owner.is_root() {
            Tri::Yes => out.push(intended(key, &owner)),
            Tri::No => {}
            Tri::Maybe => match possible(key, &owner) {
                Some(finding) => out.push(finding),
                None => undecided(key, &owner, out),
            },
        }
    }
}

fn intended(key: &AccessKey, owner: &Owner<'_>) -> Finding {
    let origin = &owner.name.origin;
    let primary = origin.primary().unwrap_or(key.site.header);
    let inactive = key.is_inactive() == Tri::Yes;
    let status = if inactive { " The key is `Inactive`; one call activates it." } else { "" };
    let mut finding = Finding {
        message: format!("This access key is meant for the root user. {}{status}", truth(owner)),
        label: "the root user".into(),
        related: Related::trail(origin, primary),
        discriminators: owner.discriminator().into_iter().collect(),
        help: "remove the key: give people and programs a role, or at least an IAM user of their own; a key that \
               the root user already has is deleted under \"Security credentials\" after signing in as root"
            .into(),
        ..Finding::new(ID, if inactive { Severity::High } else { Severity::Critical }, primary).about(&key.site)
    };
    if owner.name.marks.is_hidden() {
        finding.hidden.extend(owner.name.origin.written());
    }
    if let Presence::Possible(reason) = &key.site.presence {
        finding.rests_on(reason);
    }
    finding
}

/// A name that is one of a few, root's among them.
fn possible(key: &AccessKey, owner: &Owner<'_>) -> Option<Finding> {
    let unknown = owner.name.as_unknown()?;
    let chosen = owner.possible_root()?;
    let written = chosen.origin.clone();
    let root = Owner { user: owner.user, name: chosen.with_origin(owner.name.origin.clone()) };
    let mut finding = intended(key, &root);
    let shown = match root.name.as_str().filter(|_| !root.name.marks.is_hidden()) {
        Some(name) => format!("`{name}`"),
        None => "that of root".into(),
    };
    finding.message = format!(
        "This access key is meant for the root user if `{}` makes its user name {shown}. {}",
        unknown.reason.missing,
        truth(&root)
    );
    finding.rests_on(&unknown.reason);
    let place = written.span.map(|span| ("written here".to_owned(), span));
    let hops = written.chain().filter_map(|hop| Some((hop.what.to_string(), hop.span?)));
    for (message, span) in hops.chain(place) {
        if span != finding.primary && !finding.related.iter().any(|known| known.span == span) {
            finding.related.push(Related::new(message, span));
        }
    }
    Some(finding)
}

/// What AWS makes of such a user name: never a key of the root user itself.
fn truth(owner: &Owner<'_>) -> &'static str {
    let name = owner.name.as_text();
    if name.is_some_and(|name| name.equals_ignore_case("root") == Tri::Yes) {
        "AWS takes `root` for an IAM user of that name; a key of root itself comes only from a call without a user \
         name, made by root: this shows what is intended."
    } else {
        "AWS refuses this user name, so the deployment fails; a key of root itself comes only from a call without a \
         user name, made by root: this shows what is intended."
    }
}

fn undecided(key: &AccessKey, owner: &Owner<'_>, out: &mut Findings) {
    let Some(unknown) = owner.name.as_unknown() else { return };
    let reason = &unknown.reason;
    out.undecided(Undecided {
        check: ID.into(),
        message: format!("whether `{}` is a key for root depends on its user's name: {reason}", key.site.block),
        missing: vec![reason.missing.clone()],
        span: owner.name.origin.primary().unwrap_or(key.site.header),
        blocking: false,
    });
}

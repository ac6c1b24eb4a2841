//! Active access keys of IAM users that nothing in view rotates or revokes in time.

use crate::aws::access_key::{AccessKey, Owner};
use crate::aws::rotation::{self, Answer, Found, Mechanisms};
use crate::aws::{Elsewhere, Model};
use crate::finding::{Diagnostic, Finding, Findings, Related, Severity};
use crate::resource::{Mode, Presence};
use crate::source::Span;
use crate::text::Tri;

pub(super) const ID: &str = "unrotated-access-key";

/// How many mechanisms that fall short are told in the message.
const SHOWN: usize = 3;

/// How many places are shown.
const RELATED: usize = 12;

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    let mechanisms = Mechanisms::of(model);
    for key in model.keys().filter(|key| key.is_inactive() != Tri::Yes) {
        let owner = model.owner(key);
        if owner.is_root() == Tri::Yes {
            continue;
        }
        let found = rotation::found(&model.settings.rotation, &mechanisms, key, &owner);
        let enough: Vec<_> = found.iter().filter(|found| found.answer == Answer::Enough).collect();
        if !enough.is_empty() {
            if let Some(odd) = enough.iter().map(|found| odd(found)).collect::<Option<Vec<_>>>() {
                odd.into_iter().for_each(|note| out.note(note));
            }
            if let Some(first) = enough.first().filter(|found| model.is_abroad(&found.mechanism.site.project)) {
                out.note(rotated_by(first, key, &owner));
            }
            continue;
        }
        if let Some(organization) = denied(model, key) {
            out.note(organization);
            continue;
        }
        match &model.settings.rotation.elsewhere {
            Some(elsewhere) => out.note(taken_care_of(key, &owner, elsewhere)),
            None => out.push(unrotated(key, &owner, &found)),
        }
    }
}

/// Says that nobody can create this key, or its user, if the one organization in view sees to that. Its own project is
/// deployed in the management account, which no service control policy covers. A user that the scan does not make may be
/// older than the policy.
fn denied(model: &Model<'_>, key: &AccessKey) -> Option<Diagnostic> {
    let [organization] = model.organizations() else { return None };
    if organization.assumption.is_some() || organization.projects.contains(&key.site.project) {
        return None;
    }
    let owner = model.owner(key);
    let (code, what) = if organization.denies_user_keys() {
        ("key-creation-denied", "creating keys of IAM users")
    } else if organization.denies_users() && owner.user.is_some_and(|user| user.mode == Mode::Managed) {
        ("user-creation-denied", "creating IAM users")
    } else {
        return None;
    };
    let message = format!(
        "the access key of {} is not flagged: service control policies at the root of `{}` deny {what} in every account \
         but the management account",
        whose(&owner),
        organization.name
    );
    Some(Diagnostic::new(code, message, key.site.header))
}

/// What is odd about a mechanism, but is not held against it.
fn odd(found: &Found<'_>) -> Option<Diagnostic> {
    let mechanism = found.mechanism;
    let remark = mechanism.remark.as_ref()?;
    let message = format!("{} {remark}: it counts all the same", mechanism.what);
    Some(Diagnostic::new("rotation-permission", message, mechanism.site.header))
}

/// Says which mechanism of another repository takes care of a key.
fn rotated_by(found: &Found<'_>, key: &AccessKey, owner: &Owner<'_>) -> Diagnostic {
    let Found { mechanism, why, .. } = found;
    let message = format!(
        "the access key of {} (`{}`) is taken care of: {} {why}",
        whose(owner),
        key.site.address,
        mechanism.what
    );
    Diagnostic::new("rotated-by-facts", message, mechanism.site.header)
}

fn unrotated(key: &AccessKey, owner: &Owner<'_>, found: &[Found<'_>]) -> Finding {
    let primary = anchor(key, owner);
    let unsure = found.iter().any(|found| matches!(found.answer, Answer::Unsure(_)) && !found.mechanism.only_reports());
    let rotates = if unsure { "is certain to rotate" } else { "rotates" };
    let reported = found.iter().any(|found| found.answer == Answer::Reported);
    let mut finding = Finding {
        message: format!("Nothing in view {rotates} the access key of {}.{}", whose(owner), what_falls_short(found)),
        label: "the key of this user".into(),
        related: Related::trail(&owner.name.origin, primary),
        discriminators: owner.discriminator().into_iter().collect(),
        help: "let the workload assume a role and drop the key; else have it replaced on a schedule, or say in \
               rootlint.toml who does: [rotation] elsewhere = \"...\""
            .into(),
        fix: found.iter().find_map(|found| found.mechanism.fix.clone()),
        ..Finding::new(ID, if reported { Severity::Low } else { Severity::Medium }, primary).about(&key.site)
    };
    for found in found {
        if finding.related.len() < RELATED {
            // The message tells the rest.
            let message = found.why.split([',', ':']).next().unwrap_or_default().to_owned();
            finding.related.push(Related::new(message, found.mechanism.site.header));
        }
        if let Answer::Unsure(reason) = &found.answer {
            finding.rests_on(reason);
        }
    }
    if let Some(unknown) = key.status.as_unknown() {
        finding.rests_on(&unknown.reason);
    }
    if let Presence::Possible(reason) = &key.site.presence {
        finding.rests_on(reason);
        if &*key.site.kind == "module" {
            finding.message.push_str(&format!(" That there is a key is not certain: {reason}."));
        }
    }
    if owner.name.marks.is_hidden() {
        finding.hidden.extend(owner.name.origin.written());
    }
    finding
}

/// Where a missing rotation is shown: at the key's user, else where the user is declared, else at the key.
fn anchor(key: &AccessKey, owner: &Owner<'_>) -> Span {
    let user = owner.user.map(|user| user.site.header);
    owner.name.origin.primary().or(user).unwrap_or(key.site.header)
}

fn whose(owner: &Owner<'_>) -> String {
    match (owner.name.as_str(), owner.user) {
        (Some(_), _) if owner.name.marks.is_hidden() => "IAM user (sensitive)".into(),
        (Some(name), _) => format!("IAM user `{name}`"),
        (None, Some(user)) => format!("IAM user `{}`", user.site.address),
        (None, None) => "an IAM user whose name is not known".into(),
    }
}

/// What there is, and why it is not enough.
fn what_falls_short(found: &[Found<'_>]) -> String {
    let mut text: String = found.iter().take(SHOWN).map(|found| format!(" {found}.")).collect();
    if found.len() > SHOWN {
        text.push_str(&format!(" {} more do not either.", found.len() - SHOWN));
    }
    text
}

fn taken_care_of(key: &AccessKey, owner: &Owner<'_>, elsewhere: &Elsewhere) -> Diagnostic {
    let message = format!(
        "nothing in view rotates the access key of {}; `[rotation] elsewhere` says: \"{}\"",
        whose(owner),
        elsewhere.reason
    );
    Diagnostic::new("rotation-elsewhere", message, anchor(key, owner))
}

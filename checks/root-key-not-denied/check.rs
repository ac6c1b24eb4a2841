//! Organizations in which the root user of some account can still create an access key.

use std::sync::Arc;

use crate::aws::iam::Verdict;
use crate::aws::organization::{NearMiss, Resolved, Target, TargetKind, fixes};
use crate::aws::{Elsewhere, Model};
use crate::finding::{Diagnostic, Finding, Findings, Fix, Related, Severity, Undecided};
use crate::resource::{Language, Presence};
use crate::source::Span;
use crate::value::Reason;

pub(super) const ID: &str = "root-key-not-denied";

/// What the engine's nearest statement is said to do.
const CLOSEST: &str = "comes closest";

/// What no policy can do.
const MANAGEMENT_ACCOUNT: &str = "for the management account: no key, MFA, and an alarm on root's use";

/// How many guards that guard nothing are named in words; all are shown.
const NAMED: usize = 3;

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    for organization in model.organizations() {
        let uncovered: Vec<&Target> = organization.uncovered().collect();
        let mut open: Vec<(&Target, Vec<Reason>)> = Vec::new();
        for target in organization.targets.iter().filter(|target| target.exempt.is_none()) {
            match (&target.verdict, &target.cut) {
                (Verdict::Denied(_), _) => {}
                (_, Some(unit)) => open.push((target, vec![above(unit)])),
                (Verdict::NotDenied(_) | Verdict::Conditional(_), None) => {}
                (Verdict::Unknown(missing), None) => open.push((target, missing.clone())),
            }
        }
        let elsewhere = model.settings.organization.elsewhere.as_ref();
        match elsewhere {
            Some(elsewhere) if !uncovered.is_empty() || !open.is_empty() => out.note(said(organization, elsewhere)),
            _ => {
                if !uncovered.is_empty() {
                    out.push(not_denied(organization, &uncovered));
                }
                if !open.is_empty() {
                    out.undecided(undecided(organization, &open));
                }
            }
        }
        if uncovered.is_empty() && open.is_empty() {
            covered(organization, out);
        }
        strangers(organization, out);
    }
}

/// Whether there is a finding about an organization: what explains it is then part of it.
pub(super) fn is_reported(organization: &Resolved, model: &Model<'_>) -> bool {
    model.settings.organization.elsewhere.is_none() && organization.uncovered().next().is_some()
}

fn not_denied(organization: &Resolved, uncovered: &[&Target]) -> Finding {
    let names = names(uncovered.iter().copied());
    let mut finding = Finding {
        label: "root users below can create access keys".into(),
        resource: Arc::clone(&organization.name),
        // A further target that is not covered is news, even where another was not before.
        discriminators: uncovered.iter().map(|target| target.name.to_string()).collect(),
        projects: organization.projects.clone(),
        help: help(organization),
        fix: Some(fix(organization)),
        ..Finding::new(ID, Severity::High, organization.anchor)
    };
    let mut how = String::new();
    for target in uncovered {
        let (Verdict::NotDenied(escape) | Verdict::Conditional(escape)) = &target.verdict else { continue };
        if finding.witness.is_none() {
            finding.witness = Some(escape.witness.clone());
            how = format!("No service control policy stops {}.", escape.witness.text);
        }
        let gets_through = format!("{}: {} gets through", target.name, escape.witness.text);
        let span = target.span.filter(|span| *span != finding.primary);
        finding.related.extend(span.map(|span| Related::new(gets_through, span)));
        if let Some(closest) = &escape.closest
            && let Some(span) = closest.defeat_span.or(closest.span)
        {
            let message = format!("{} {CLOSEST}, but {}", closest.statement, closest.defeat);
            if !finding.related.iter().any(|related| related.span == span) {
                finding.related.push(Related::new(message, span));
            }
        }
        if let Some(reason) = &target.doubt {
            finding.rests_on(reason);
        }
        if target.by_account {
            let why = "is not known; a policy exempts an account by its id";
            finding.rests_on(&Reason::new(format!("the account id of {}", target.name), why, target.span));
        }
    }
    let mut fixes = Vec::new();
    for miss in organization.near_misses.iter().filter(|miss| miss.explains) {
        explain(miss, &mut finding);
        let void = format!(" A guard is void: {}.", miss.message);
        if fixes.len() < NAMED && organization.ineffective.is_none() && !how.contains(&void) {
            how.push_str(&void);
        }
        let fix = format!("for `{}`: {}", miss.site.block, miss.help);
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    if !fixes.is_empty() {
        finding.help = format!("{}\n{MANAGEMENT_ACCOUNT}", fixes.join("\n"));
    }
    if let Some(ineffective) = &organization.ineffective {
        how = format!("{how} Service control policies have no effect: {}.", ineffective.message);
        if !ineffective.certain {
            let why = "may be enabled by hand";
            finding.rests_on(&Reason::new("the policy type SERVICE_CONTROL_POLICY", why, Some(ineffective.span)));
        }
    }
    if organization.projects.is_empty() {
        how = format!(
            "{how} rootlint.toml says that an organization is managed here, but nothing in the scan is about one."
        );
    }
    if let Some(assumption) = &organization.assumption {
        finding.rests_on(assumption);
        how = format!("{how} Assumed: {assumption}.");
    }
    if let Some(Presence::Possible(reason)) = organization.site.as_ref().map(|site| &site.presence) {
        finding.rests_on(reason);
    }
    finding.message = format!(
        "Root users can still create access keys in this organization: {names} {} not covered. {} \
         The management account is never covered by a service control policy.",
        if uncovered.len() == 1 { "is" } else { "are" },
        how.trim(),
    );
    finding
}

/// What makes the guards that explain the finding guard; others may be left.
fn fix(organization: &Resolved) -> Result<Fix, String> {
    let mut all: Option<Fix> = None;
    let mut why = None;
    for miss in organization.near_misses.iter().filter(|miss| miss.explains) {
        match (&miss.fix, &mut all) {
            (Err(reason), _) => why = why.or(Some(reason)),
            (Ok(fix), None) => all = Some(fix.clone()),
            (Ok(fix), Some(all)) => {
                let news: Vec<_> = fix.changes.iter().filter(|change| !all.changes.contains(change)).cloned().collect();
                if !news.is_empty() && !all.message.contains(&fix.message) {
                    all.message = format!("{} and {}", all.message, fix.message);
                }
                all.changes.extend(news);
            }
        }
    }
    let missing = "no policy is nearly right; `rootlint init --scp` writes one";
    all.ok_or_else(|| why.map_or_else(|| missing.to_owned(), Clone::clone))
}

/// A guard that guards nothing, as a part of the finding that it explains.
fn explain(miss: &NearMiss, finding: &mut Finding) {
    // The engine's own words about the same place are less exact.
    let is_same = |span: Span| span.contains(miss.span) || miss.span.contains(span);
    finding.related.retain(|related| !(related.message.contains(CLOSEST) && is_same(related.span)));
    let said = std::iter::once((&miss.message, miss.span)).chain(miss.related.iter().map(|(text, span)| (text, *span)));
    for (message, span) in said {
        if !finding.related.iter().any(|related| related.message == *message && related.span == span) {
            finding.related.push(Related::new(message.clone(), span));
        }
    }
}

/// What to do, in the language of the organization.
fn help(organization: &Resolved) -> String {
    let site = organization.site.as_ref();
    let guard = fixes::guard(site.map_or(Language::Terraform, |site| site.language), site);
    format!("deny it for all accounts; {MANAGEMENT_ACCOUNT}\n\n{guard}")
}

fn undecided(organization: &Resolved, open: &[(&Target, Vec<Reason>)]) -> Undecided {
    let names = names(open.iter().map(|(target, _)| *target));
    let mut reasons: Vec<&Reason> = Vec::new();
    for reason in open.iter().flat_map(|(_, reasons)| reasons) {
        if !reasons.iter().any(|known| known.missing == reason.missing) {
            reasons.push(reason);
        }
    }
    let words: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    Undecided {
        check: ID.into(),
        message: format!("whether root can create an access key in {names} cannot be decided: {}", words.join("; ")),
        missing: reasons.iter().map(|reason| Arc::clone(&reason.missing)).collect(),
        span: reasons.iter().find_map(|reason| reason.span).unwrap_or(organization.anchor),
        blocking: organization.managed,
    }
}

fn above(unit: &str) -> Reason {
    Reason::new(format!("SCPs of {unit} and above"), "are not in the scan", None)
}

/// The first few names, and how many there are.
fn names<'a>(targets: impl Iterator<Item = &'a Target>) -> String {
    const SHOWN: usize = 8;
    let all: Vec<&str> = targets.map(|target| &*target.name).collect();
    match all.get(..SHOWN) {
        Some(first) if all.len() > SHOWN => format!("{} and {} more", first.join(", "), all.len() - SHOWN),
        _ => all.join(", "),
    }
}

fn said(organization: &Resolved, elsewhere: &Elsewhere) -> Diagnostic {
    let message = format!(
        "root access keys are not denied by what is in view of {}; rootlint.toml says: {}",
        organization.name, elsewhere.reason
    );
    Diagnostic::new("organization-elsewhere", message, elsewhere.span)
}

/// Where units are covered but not the root above them, accounts may stand beside the units.
fn covered(organization: &Resolved, out: &mut Findings) {
    let has_root = organization.targets.iter().any(|target| target.kind == TargetKind::Root);
    if organization.targets.is_empty() || has_root || organization.is_covered_at_the_root() {
        return;
    }
    let message = format!(
        "every unit of {} in view denies root its access keys, but accounts directly under the root, or in units that \
         are not in the scan, may not be covered",
        organization.name
    );
    out.note(Diagnostic::new("accounts-out-of-view", message, organization.anchor));
}

fn strangers(organization: &Resolved, out: &mut Findings) {
    for site in &organization.strangers {
        out.undecided(Undecided {
            check: ID.into(),
            message: format!(
                "`{}` reads an organization, and the scan manages several: name the projects that are one in \
                 rootlint.toml ([organization] projects)",
                site.address
            ),
            missing: vec![Arc::clone(&site.address)],
            span: site.header,
            blocking: false,
        });
    }
}

#[cfg(test)]
mod tests;

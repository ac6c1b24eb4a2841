//! What rotates, revokes or detects old access keys, and which of it reaches a key.
//!
//! Read so far: Config's rule for old keys (also organization-wide) and its automatic remediation; functions that a
//! schedule runs with a role that may replace keys; replacement by `time_rotating`; Secrets Manager rotation of the
//! secret that holds the key; the static roles of Vault, and Doppler's and Akeyless's rotated secrets.
//!
//! Not read yet, and therefore never held for a rotation: conformance packs, Security Hub, Access Analyzer, custom Config
//! rules, schedules that start a state machine, an automation document, a build or a function's alias, AWS's auto-rotation
//! stack (a nested stack whose template is not in the scan), Terraform modules that are not on disk, groups of exempt
//! users. A key that relies on one of these alone is flagged; `[rotation] elsewhere` says that it is taken care of.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::aws::Model;
use crate::aws::access_key::{self, AccessKey, Owner};
use crate::resource::{Presence, Resource, Site};
use crate::text::Tri;
use crate::value::{Reason, Value};

mod config;
mod join;
mod names;
mod role;
mod schedule;
mod scheduled;
mod stores;
mod time;

pub use role::Role;
pub use schedule::Period;

/// One mechanism: something that deals with old keys, or looks as if it did.
#[derive(Clone, Debug)]
pub struct Mechanism {
    /// The resource that shows it.
    pub site: Site,
    /// The account it works in, as far as the provider says.
    pub account: Option<Arc<str>>,
    /// What it is, in words: ``Config rule `aws_config_config_rule.keys` ``.
    pub what: String,
    /// What it does to old keys.
    pub effect: Effect,
    /// Whose keys it deals with.
    pub reach: Reach,
    /// How old a key gets before it acts, or how often it runs.
    pub period: Period,
    /// Why it does nothing, as the rest of a sentence: `is switched off (state DISABLED)`.
    pub inert: Option<Cow<'static, str>>,
    /// What it depends on that is unknown.
    pub doubt: Option<Reason>,
}

/// What a mechanism does to old keys.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Puts a new key in place of the old one.
    Rotates,
    /// Switches the old key off or deletes it.
    Revokes,
    /// Reports the old key.
    Detects,
    /// Whatever its role allows it to do, and, to keys that it has made new ones for, the roles of the project's other
    /// functions: one function may make the new key, another delete the old one once it has been handed over.
    Role(Role, Arc<[Role]>),
}

/// Whose keys a mechanism deals with.
#[derive(Clone, Debug)]
pub enum Reach {
    /// All users of the organization.
    Organization,
    /// All users of the account.
    Account,
    /// The users of these names.
    Users(Vec<Value>),
    /// The keys that these blocks make.
    Keys(Vec<Arc<str>>),
}

/// What a mechanism means for one key.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The mechanism.
    pub mechanism: &'a Mechanism,
    /// Whether it is enough.
    pub answer: Answer,
    /// That answer in words, as the rest of a sentence: `reports old keys only after 120 days, limit 90 days`.
    pub why: Cow<'static, str>,
}

/// Whether a mechanism is enough for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The key is replaced or switched off in time.
    Enough,
    /// The key is reported in time.
    Reported,
    /// Not enough.
    Short,
    /// It would be enough, or report, but for something unknown.
    Unsure(Reason),
}

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    config::wanted(kind) || scheduled::wanted(kind) || stores::wanted(kind) || time::wanted(kind)
}

/// The mechanisms among the resources.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let mut found = config::mechanisms(resources);
    found.extend(scheduled::mechanisms(resources));
    found.extend(stores::mechanisms(resources));
    found.extend(time::mechanisms(resources));
    found
}

/// A mechanism that `resource` shows, present as far as the resource is.
fn mechanism(resource: &Resource<'_>, what: &str, effect: Effect, reach: Reach, period: Period) -> Mechanism {
    let doubt = match &resource.site.presence {
        Presence::Certain => None,
        Presence::Possible(reason) => Some(reason.clone()),
    };
    Mechanism {
        site: resource.site.clone(),
        account: access_key::account(&resource.provider),
        what: format!("{what} `{}`", resource.site.block),
        effect,
        reach,
        period,
        inert: None,
        doubt,
    }
}

impl Mechanism {
    /// Whether it leaves old keys as they are, at best.
    pub fn only_reports(&self) -> bool {
        matches!(self.effect, Effect::Detects)
    }

    /// The mechanism, depending on what `value` turns out to be.
    fn depends_on(&mut self, value: &Value) {
        if let Some(unknown) = value.first_unknown() {
            self.doubt.get_or_insert_with(|| unknown.reason.clone());
        }
    }
}

/// What the scan shows of the rotation of a key, best first. A mechanism counts
/// - in the key's own project, unless the providers name different accounts;
/// - from any project, if it works for a whole organization or the providers name the same account;
/// - from another project, whose account the scan does not show, as a possibility.
pub fn found<'a>(model: &Model<'a>, key: &AccessKey, owner: &Owner<'_>) -> Vec<Found<'a>> {
    let limit = Period::days(i64::from(model.settings.rotation.max_age_days));
    let mechanisms = model.facts.iter().flat_map(|facts| &facts.rotation);
    let mut found: Vec<_> = mechanisms.filter_map(|mechanism| judge(mechanism, key, owner, &limit)).collect();
    found.sort_by_key(|found| match found.answer {
        Answer::Enough => 0,
        Answer::Unsure(_) => 1,
        Answer::Reported => 2,
        Answer::Short => 3,
    });
    found
}

fn judge<'a>(mechanism: &'a Mechanism, key: &AccessKey, owner: &Owner<'_>, limit: &Period) -> Option<Found<'a>> {
    let mut doubts = mechanism.doubt.iter().cloned();
    let near = in_scope(mechanism, key)?;
    let reached = reaches(mechanism, key, owner)?;
    let found = |answer, why| Some(Found { mechanism, answer, why });
    if let Some(why) = &mechanism.inert {
        return found(Answer::Short, why.clone());
    }
    let (answer, verb, allowed) = match &mechanism.effect {
        Effect::Rotates => (Answer::Enough, "replaces keys", None),
        Effect::Revokes => (Answer::Enough, "switches keys off", None),
        Effect::Detects => (Answer::Reported, "reports old keys", None),
        Effect::Role(role, others) => match role.may_do_to(owner, others) {
            role::May::Replace(doubt) => (Answer::Enough, "may replace keys", doubt),
            role::May::Revoke(doubt) => (Answer::Enough, "may switch keys off", doubt),
            // What another project's function may not do to this key is no news.
            role::May::Not(_) if near.is_some() => return None,
            role::May::Not(why) => return found(Answer::Short, why.into()),
            role::May::NothingHere => return None,
        },
    };
    let doubt = doubts.next().or(allowed).or(reached).or(near);
    let when = match (&mechanism.period, &mechanism.effect) {
        (Period::Unknown(reason), _) => {
            return found(Answer::Unsure(reason.clone()), format!("{verb}, but when is not known: {reason}").into());
        }
        (Period::Never(why), _) => return found(Answer::Short, why.clone()),
        (Period::Unstated, _) => String::new(),
        (period, Effect::Role(..)) => format!(" every {period}"),
        (period, _) => format!(" after {period}"),
    };
    if mechanism.period > *limit {
        return found(Answer::Short, format!("{verb} only{when}, limit {limit}").into());
    }
    match (doubt, &answer) {
        (Some(reason), _) => {
            let why = format!("{verb}{when}, but that is not certain: {reason}");
            found(Answer::Unsure(reason), why.into())
        }
        (None, Answer::Reported) => found(answer, format!("{verb}{when}, but replaces none").into()),
        (None, _) => found(answer, format!("{verb}{when}").into()),
    }
}

/// Whether a mechanism works where the key is: `None` if not, a reason if the scan does not show it.
fn in_scope(mechanism: &Mechanism, key: &AccessKey) -> Option<Option<Reason>> {
    let same = match (&mechanism.account, &key.account) {
        (Some(its), Some(ours)) => Some(its == ours),
        _ => None,
    };
    match (&mechanism.reach, same) {
        (Reach::Organization, _) | (_, Some(true)) => Some(None),
        (_, Some(false)) => None,
        (_, None) if mechanism.site.project == key.site.project => Some(None),
        // A name in a store says nothing about the account either, but a key's block is found only in its project.
        (Reach::Keys(_), None) => None,
        (_, None) => {
            let project = Arc::clone(&mechanism.site.project);
            Some(Some(Reason::new(project, "is another project, and its account is not in view", None)))
        }
    }
}

/// Whether a mechanism deals with the key: `None` if not, a reason if the user's name does not show it.
fn reaches(mechanism: &Mechanism, key: &AccessKey, owner: &Owner<'_>) -> Option<Option<Reason>> {
    match &mechanism.reach {
        Reach::Organization | Reach::Account => Some(None),
        Reach::Keys(blocks) => blocks.contains(&key.site.block).then_some(None),
        Reach::Users(names) => {
            let answers: Vec<(Tri, &Value)> = names.iter().map(|name| (same_user(name, key, owner), name)).collect();
            if answers.iter().any(|(answer, _)| *answer == Tri::Yes) {
                return Some(None);
            }
            let (_, name) = answers.iter().find(|(answer, _)| *answer == Tri::Maybe)?;
            let unknown = name.as_unknown().or_else(|| owner.name.as_unknown())?;
            Some(Some(unknown.reason.clone()))
        }
    }
}

fn same_user(name: &Value, key: &AccessKey, owner: &Owner<'_>) -> Tri {
    let symbol = name.symbol();
    if symbol.is_some() && symbol == key.user.symbol() {
        return Tri::Yes;
    }
    if let (Some(symbol), Some(user)) = (&symbol, owner.user) {
        return (symbol.project == user.site.project && symbol.address == user.site.address).into();
    }
    match (name.as_str(), owner.name.as_text()) {
        (Some(name), Some(own)) => own.equals_ignore_case(&name),
        _ if name.as_unknown().is_some() || owner.name.as_unknown().is_some() => Tri::Maybe,
        _ => Tri::No,
    }
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.mechanism.what, self.why)
    }
}

#[cfg(test)]
mod tests;

//! What rotates, revokes or detects old access keys, and which of it reaches a key.
//!
//! Read so far: Config's rule for old keys (also organization-wide) and its automatic remediation; functions that a
//! schedule runs with a role that may replace keys; replacement by `time_rotating`; Secrets Manager rotation of the
//! secret that holds the key; the static roles of Vault, and Doppler's and Akeyless's rotated secrets.
//!
//! Also read, though they only report: conformance packs, custom Config rules, Security Hub, Access Analyzer. Not read:
//! Trusted Advisor (no resource shows it), and schedules that start an automation document, a build or a function's alias.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::aws::access_key::{self, AccessKey, Owner};
use crate::aws::{Accept, RotationSettings, join};
use crate::finding::Fix;
use crate::resource::{Presence, Resource, Site};
use crate::text::Tri;
use crate::value::{Reason, Value};

mod auto_rotation;
mod config;
mod deployed;
mod detection;
mod index;
mod names;
mod role;
mod schedule;
mod scheduled;
mod stores;
mod time;

use index::{Home, Placed};

pub use index::Mechanisms;
pub use role::{May, Role};
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
    /// Whether it may be about anything: only what is unknown makes it a mechanism. In another project it is no news.
    pub vague: bool,
    /// The accounts that it leaves out, if it works for an organization.
    pub excluded: Vec<Value>,
    /// A group whose members it leaves out.
    pub exempt: Option<Value>,
    /// What is odd about it, but is not held against it, as the rest of a sentence.
    pub remark: Option<String>,
    /// What makes it do something, if it is inert and that has one right answer; else why it has not.
    pub fix: Option<Result<Fix, String>>,
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
    /// Nothing itself: it deploys a template, in which other mechanisms may stand, to this reach.
    Deploys,
    /// Nothing itself: it puts users into this group, whose members some mechanisms leave out.
    Exempts(Value),
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
    /// The user that is declared there and has this name.
    Named(Box<(Site, Value)>),
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

type Part = (fn(&str) -> bool, fn(&[Resource<'_>]) -> Vec<Mechanism>);

/// What each part reads, and what it makes of it.
const PARTS: [Part; 7] = [
    (config::wanted, config::mechanisms),
    (deployed::wanted, deployed::mechanisms),
    (detection::wanted, detection::mechanisms),
    (auto_rotation::wanted, auto_rotation::mechanisms),
    (scheduled::wanted, scheduled::mechanisms),
    (stores::wanted, stores::mechanisms),
    (time::wanted, time::mechanisms),
];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    PARTS.iter().any(|(wanted, _)| wanted(kind))
}

/// The mechanisms among the resources.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    PARTS.iter().flat_map(|(_, mechanisms)| mechanisms(resources)).collect()
}

/// A mechanism that `resource` shows, present as far as the resource is.
fn mechanism(resource: &Resource<'_>, what: &str, effect: Effect, reach: Reach, period: Period) -> Mechanism {
    let account = access_key::account(&resource.provider);
    Mechanism { reach, period, ..Mechanism::new(&resource.site, account, what, effect) }
}

impl Mechanism {
    /// A mechanism of the account, present as far as its site is.
    pub fn new(site: &Site, account: Option<Arc<str>>, what: &str, effect: Effect) -> Self {
        let doubt = match &site.presence {
            Presence::Certain => None,
            Presence::Possible(reason) => Some(reason.clone()),
        };
        Self {
            site: site.clone(),
            account,
            what: format!("{what} `{}`", site.block),
            effect,
            reach: Reach::Account,
            period: Period::Unstated,
            inert: None,
            doubt,
            vague: false,
            excluded: Vec::new(),
            exempt: None,
            remark: None,
            fix: None,
        }
    }

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
///
/// A template that a stack or a conformance pack holds counts as part of the project that deploys it.
///
/// What certainly does not reach the key's account is named: an organization's mechanism that leaves it out always, another
/// account's where there is nothing else to say.
pub fn found<'a>(
    settings: &RotationSettings,
    mechanisms: &Mechanisms<'a>,
    key: &AccessKey,
    owner: &Owner<'_>,
) -> Vec<Found<'a>> {
    let case = Case {
        key,
        owner,
        home: mechanisms.home(&key.site, key.account.as_ref()),
        limit: Period::days(i64::from(settings.max_age_days)),
        accept: settings.accept,
        mechanisms,
    };
    let user = owner.name.as_str();
    let mut found: Vec<_> =
        mechanisms.near(&case.home, user.as_deref()).filter_map(|placed| case.judge(placed)).collect();
    if found.is_empty() {
        found.extend(mechanisms.far(&case.home).filter_map(|placed| case.far(placed)));
    }
    found.sort_by_key(|found| match found.answer {
        Answer::Enough => 0,
        Answer::Unsure(_) => 1,
        Answer::Reported => 2,
        Answer::Short => 3,
    });
    found
}

/// Whether a mechanism works where a key is.
enum Scope {
    /// It does; a reason if the scan does not show it.
    Here(Option<Reason>),
    /// It is one for many accounts, of which the key's is none.
    Out(String),
    /// It is another account's.
    Far(String),
    /// It has nothing to do with it.
    Nowhere,
}

/// A key, and what mechanisms are held against.
struct Case<'a, 'k> {
    key: &'k AccessKey,
    owner: &'k Owner<'k>,
    home: Home<'k>,
    limit: Period,
    accept: Accept,
    mechanisms: &'k Mechanisms<'a>,
}

impl<'a> Case<'a, '_> {
    fn judge(&self, placed: &Placed<'a>) -> Option<Found<'a>> {
        let (key, owner, limit) = (self.key, self.owner, &self.limit);
        let Placed { mechanism, home: its } = placed;
        let near = match self.in_scope(placed) {
            Scope::Here(near) => near,
            Scope::Out(why) => return self.out_of_reach(mechanism, why),
            Scope::Far(_) | Scope::Nowhere => return None,
        };
        let elsewhere = its.project != self.home.project;
        // What may be no mechanism, or may not be there, is no news from another project.
        let idle = near.is_some() || mechanism.inert.is_some();
        if elsewhere && (mechanism.vague || idle && mechanism.doubt.is_some()) {
            return None;
        }
        let reached = reaches(&mechanism.reach, key, owner)?;
        let found = |answer, why| Some(Found { mechanism, answer, why });
        if let Some(why) = &mechanism.inert {
            return found(Answer::Short, why.clone());
        }
        let exempt = match self.exempt(mechanism) {
            Some(None) => {
                let why = "leaves this user out, which is in the group that it exempts";
                return found(Answer::Short, why.into());
            }
            Some(doubt) => doubt,
            None => None,
        };
        let (answer, verb, allowed) = match &mechanism.effect {
            Effect::Rotates => (Answer::Enough, "replaces keys", None),
            Effect::Revokes => (Answer::Enough, "switches keys off", None),
            Effect::Detects => (Answer::Reported, "reports old keys", None),
            Effect::Role(role, others) => match role.may_do_to(owner, others) {
                // Another project's function that may or may not have to do with keys is none of ours.
                role::May::Replace(Some(_)) | role::May::Revoke(Some(_)) if near.is_some() => return None,
                role::May::Replace(doubt) => (Answer::Enough, "may replace keys", doubt),
                role::May::Revoke(doubt) => (Answer::Enough, "may switch keys off", doubt),
                // What another project's function may not do to this key is no news.
                role::May::Not(_) if near.is_some() => return None,
                role::May::Not(why) => return found(Answer::Short, why.into()),
                role::May::NothingHere => return None,
            },
            Effect::Deploys | Effect::Exempts(_) => return None,
        };
        let revokes = verb.contains("off");
        if answer == Answer::Enough && !(if revokes { self.accept.revokes } else { self.accept.rotates }) {
            let accepted = if revokes { "revokes" } else { "rotates" };
            return found(Answer::Short, format!("{verb}, but `[rotation] accept` has no \"{accepted}\"").into());
        }
        let doubt = mechanism.doubt.clone().or(allowed).or(reached).or(near).or(exempt);
        let when = match (&mechanism.period, &mechanism.effect) {
            (Period::Unknown(reason), _) => {
                return found(
                    Answer::Unsure(reason.clone()),
                    format!("{verb}, but when is not known: {reason}").into(),
                );
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

    /// A mechanism of another account, which is worth a word where the key's own has none.
    fn far(&self, placed: &Placed<'a>) -> Option<Found<'a>> {
        match self.in_scope(placed) {
            Scope::Far(why) if !placed.mechanism.only_reports() => self.out_of_reach(placed.mechanism, why),
            _ => None,
        }
    }

    /// A mechanism that would deal with the key if it worked where the key is.
    fn out_of_reach(&self, mechanism: &'a Mechanism, why: String) -> Option<Found<'a>> {
        let would = match &mechanism.effect {
            Effect::Deploys | Effect::Exempts(_) => false,
            Effect::Role(role, others) => {
                matches!(role.may_do_to(self.owner, others), role::May::Replace(None) | role::May::Revoke(None))
            }
            Effect::Rotates | Effect::Revokes | Effect::Detects => true,
        };
        let sure = !mechanism.vague && mechanism.inert.is_none() && mechanism.doubt.is_none();
        (would && sure && reaches(&mechanism.reach, self.key, self.owner).is_some()).then(|| Found {
            mechanism,
            answer: Answer::Short,
            why: why.into(),
        })
    }

    /// Whether a mechanism works where the key is.
    fn in_scope(&self, placed: &Placed<'_>) -> Scope {
        let Placed { mechanism, home } = placed;
        let pack = home.deployer.filter(|deployer| matches!(deployer.reach, Reach::Organization));
        let excluded = pack.map_or(&mechanism.excluded, |pack| &pack.excluded);
        if pack.is_some() || matches!(mechanism.reach, Reach::Organization) {
            return match (self.other_organization(home.project), excludes(excluded, self.home.account)) {
                (Some(other), _) => Scope::Out(format!("works in {other}, another organization than that of the key")),
                (None, Some(doubt)) => Scope::Here(doubt),
                (None, None) => Scope::Out(match self.home.account {
                    Some(account) => format!("leaves out the account of the key, {account}"),
                    None => "leaves out the account of the key".into(),
                }),
            };
        }
        // A key's block is found only in its project, as is what its name means in another one.
        if matches!(mechanism.reach, Reach::Keys(_)) && home.project != self.home.project {
            return Scope::Nowhere;
        }
        match (home.account, self.home.account) {
            (Some(its), Some(ours)) if its == ours => Scope::Here(None),
            (Some(its), Some(ours)) => Scope::Far(format!("works in the account {its}, and the key is in {ours}")),
            _ if home.project == self.home.project => Scope::Here(None),
            _ => {
                let project = Arc::clone(home.project);
                let why = "is another project, and its account is not in view";
                Scope::Here(Some(Reason::new(project, why, None)))
            }
        }
    }

    /// The organization of a project, if the key's project certainly belongs to another one.
    fn other_organization(&self, project: &Arc<str>) -> Option<String> {
        let (its, ours) = (self.mechanisms.organization(project)?, self.mechanisms.organization(self.home.project)?);
        let shown = if project.is_empty() { "." } else { &**project };
        (its.0 != ours.0).then(|| format!("`{}` of the project `{shown}`", its.1))
    }

    /// Whether the user is in the group that a mechanism leaves out: `None` if not, a reason if that is not known.
    fn exempt(&self, mechanism: &Mechanism) -> Option<Option<Reason>> {
        let group = mechanism.exempt.as_ref()?;
        let mut doubt = None;
        for membership in self.mechanisms.exemptions(self.home.project) {
            let Effect::Exempts(into) = &membership.effect else { continue };
            let same = match (group.as_str(), into.as_text()) {
                (Some(group), Some(into)) => into.equals_ignore_case(&group),
                _ => Tri::Maybe,
            };
            let Some(reached) = reaches(&membership.reach, self.key, self.owner).filter(|_| same != Tri::No) else {
                continue;
            };
            let unknown = group.as_unknown().or_else(|| into.first_unknown()).map(|unknown| unknown.reason.clone());
            match (same, reached, &membership.doubt) {
                (Tri::Yes, None, None) => return Some(None),
                (_, reached, unsure) => doubt = reached.or_else(|| unsure.clone()).or(unknown),
            }
        }
        doubt.map(Some)
    }
}

/// Whether an account is none of those left out: `None` if it is one, a reason if that is not known.
fn excludes(excluded: &[Value], account: Option<&Arc<str>>) -> Option<Option<Reason>> {
    let is_ours = |id: &Value| account.is_some_and(|account| id.as_str().as_deref() == Some(&**account));
    if excluded.iter().any(is_ours) {
        return None;
    }
    let open = excluded.iter().find_map(Value::as_unknown).map(|unknown| unknown.reason.clone());
    match (open, account, excluded.first()) {
        (Some(reason), ..) => Some(Some(reason)),
        (None, None, Some(first)) => {
            let why = "is not in view, and some accounts are left out";
            Some(Some(Reason::new("the account of the key", why, first.origin.span)))
        }
        _ => Some(None),
    }
}

/// Whether a mechanism deals with the key: `None` if not, a reason if the user's name does not show it.
fn reaches(reach: &Reach, key: &AccessKey, owner: &Owner<'_>) -> Option<Option<Reason>> {
    match reach {
        Reach::Organization | Reach::Account => Some(None),
        Reach::Named(user) => {
            let (site, name) = &**user;
            let same = |user: &Site| user.project == site.project && user.address == site.address;
            let own = owner.user.is_some_and(|user| same(&user.site));
            let named = name.as_str().zip(owner.name.as_str()).is_some_and(|(one, other)| one == other);
            (own || named).then_some(None)
        }
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

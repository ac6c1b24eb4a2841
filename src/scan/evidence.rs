//! Evidence meets code: what AWS says of the keys there are, told where the code says who they belong to.

use std::collections::HashMap;
use std::sync::Arc;

use crate::audit::credential_report::{check, read};
use crate::aws::credential_report::{Audited, CredentialReport, Credentials, account_of};
use crate::aws::{Model, organization};
use crate::finding::{Confidence, Diagnostic, Finding, Findings, Related, Severity};
use crate::resource::{Mode, Presence, Site};
use crate::source::Sources;
use crate::text::Tri;
use crate::value::{Reason, Value};

use super::Options;

/// The checks of root's keys that exist, or were made.
const EXISTS: [&str; 2] = ["root-access-key-active", "root-access-key-created"];

/// The checks that find what would let root's key be made again: the first tells the story.
const MAKERS: [&str; 3] = ["root-key-not-denied", "root-key-script", "root-access-key"];

/// Whether code is about the account that evidence is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Same,
    Other,
    /// It may be: what is not known.
    Unknown(Reason),
}

/// Reads the evidence, and finds the keys of root and of the users in the code.
pub(super) fn meet(model: &Model<'_>, options: &Options, sources: &Sources, out: &mut Findings) {
    if options.credential_reports.is_empty() {
        return;
    }
    let mut reports: Vec<CredentialReport> = Vec::new();
    for (name, bytes) in &options.credential_reports {
        let file = sources.virtual_file(name.as_str(), &String::from_utf8_lossy(bytes));
        reports.extend(read(name, bytes, file, sources, out));
    }
    let places = Places::of(model);
    for report in &mut reports {
        let all = report.users.len();
        report.users.retain(|user| user.is_root() || !places.named(user).is_empty());
        let others = all - report.users.len();
        if others > 0 {
            let message = format!(
                "{others} of the {all} users in this report are not made by the code that was looked at: `rootlint audit \
                 credential-report` looks at their keys"
            );
            out.note(Diagnostic::new("credential-report-others", message, report.span));
        }
    }
    let settings = options.config.audit(options.max_unused_days);
    let mut found = Findings::default();
    check(&Audited { reports: &reports, now: options.now, settings: &settings }, &mut found);
    let users: HashMap<Arc<str>, &Credentials> =
        reports.iter().flat_map(|report| &report.users).map(|user| (user.resource(), user)).collect();
    for finding in found.findings {
        match users.get(&finding.resource).filter(|user| !user.is_root()) {
            Some(user) => out.findings.extend(places.named(user).into_iter().map(|place| at(&finding, user, place))),
            None => out.push(finding),
        }
    }
    out.undecided.extend(found.undecided);
    out.errors.extend(found.errors);
    out.notes.extend(found.notes);
}

/// A block that makes a user or its key, and the account, as far as the provider says.
type Made<'a> = (&'a Site, Option<&'a Arc<str>>);

/// Where the code makes users, by their names.
struct Places<'a> {
    model: &'a Model<'a>,
    by_name: HashMap<String, Vec<Made<'a>>>,
}

impl<'a> Places<'a> {
    fn of(model: &'a Model<'a>) -> Self {
        let mut places = Self { model, by_name: HashMap::new() };
        for user in model.facts.iter().flat_map(|facts| facts.users.iter()).filter(|user| user.mode == Mode::Managed) {
            places.add(&user.name, &user.site, user.account.as_ref());
        }
        // A key of a user that is made elsewhere.
        for key in model.keys().filter(|key| !key.by_script && key.is_inactive() != Tri::Yes) {
            let owner = model.owner(key);
            if owner.user.is_none() {
                places.add(&owner.name, &key.site, key.account.as_ref());
            }
        }
        places
    }

    fn add(&mut self, name: &Value, site: &'a Site, account: Option<&'a Arc<str>>) {
        // IAM does not tell names apart by case alone.
        if let Some(name) = name.as_str().filter(|_| !name.marks.is_hidden()) {
            self.by_name.entry(name.to_ascii_lowercase()).or_default().push((site, account));
        }
    }

    /// Where a user of this name is made, in an account that is not known to be another.
    fn named(&self, user: &Credentials) -> Vec<(&'a Site, Option<Reason>)> {
        let related = |(site, account): &Made<'a>| match relation(self.model, &site.project, *account, user.account()) {
            Relation::Same => Some((*site, None)),
            Relation::Unknown(reason) => Some((*site, Some(reason))),
            Relation::Other => None,
        };
        self.by_name.get(&user.name.to_ascii_lowercase()).into_iter().flatten().filter_map(related).collect()
    }
}

/// A finding about a key, told at the block of its user.
fn at(finding: &Finding, user: &Credentials, (site, doubt): (&Site, Option<Reason>)) -> Finding {
    let mut here = Finding {
        primary: site.header,
        label: "this user".into(),
        message: format!("{} `{}` is this user in the code.", finding.message, site.block),
        related: vec![Related::new(format!("AWS says so: {}", finding.label), finding.primary)],
        ..finding.clone()
    };
    here.related.extend(finding.related.iter().cloned());
    let seen = std::mem::take(&mut here.instances);
    let mut here = here.about(site);
    // A waiver may name either.
    here.instances.extend(seen);
    here.discriminators.extend(user.account().map(str::to_owned));
    if let Some(reason) = doubt {
        here.rests_on(&reason);
    }
    if let Presence::Possible(reason) = &site.presence {
        here.rests_on(reason);
    }
    here
}

/// Whether what a project deploys is in the account of the evidence: as its provider says, else the configuration.
pub(super) fn relation(
    model: &Model<'_>,
    project: &Arc<str>,
    account: Option<&Arc<str>>,
    evidence: Option<&str>,
) -> Relation {
    let configured = || model.settings.accounts.iter().find(|(known, _)| known == project).map(|(_, account)| account);
    match (account.or_else(configured), evidence) {
        (Some(account), Some(evidence)) if **account == *evidence => Relation::Same,
        (Some(_), Some(_)) => Relation::Other,
        (_, None) => Relation::Unknown(Reason::new("the account of the evidence", "is not in it", None)),
        (None, Some(evidence)) => {
            let why = format!("is not known; the evidence is of {evidence}");
            Relation::Unknown(Reason::new(format!("the account that {project} is deployed in"), why, None))
        }
    }
}

/// Whether code that a finding is about would let the root user of the account have a key again.
fn concerns(model: &Model<'_>, finding: &Finding, account: Option<&str>) -> Relation {
    let is_there = |site: &Site| site.block == finding.resource && finding.projects.contains(&site.project);
    let of = |site: &Site, own: Option<&Arc<str>>| relation(model, &site.project, own, account);
    let mut all: Vec<Relation> = Vec::new();
    match &*finding.check {
        "root-access-key" => {
            let keys = model.keys().filter(|key| is_there(&key.site));
            all.extend(keys.map(|key| of(&key.site, key.account.as_ref())));
        }
        "root-key-script" => {
            let programs =
                model.facts.iter().flat_map(|facts| &facts.programs).filter(|program| is_there(&program.site));
            all.extend(programs.map(|program| of(&program.site, program.account.as_ref())));
        }
        "root-key-not-denied" => {
            let about =
                |known: &&organization::Resolved| known.name == finding.resource && known.projects == finding.projects;
            all.extend(model.organizations().iter().find(about).map(|known| covers(model, known, account)));
        }
        _ => {}
    }
    let unknown = all.iter().find(|relation| matches!(relation, Relation::Unknown(_))).cloned();
    if all.contains(&Relation::Same) { Relation::Same } else { unknown.unwrap_or(Relation::Other) }
}

/// Whether an organization leaves the root user of the account its keys.
fn covers(model: &Model<'_>, organization: &organization::Resolved, account: Option<&str>) -> Relation {
    let Some(account) = account else {
        return Relation::Unknown(Reason::new("the account of the evidence", "is not in it", None));
    };
    let settings = model.settings;
    // The management account: no service control policy covers it, whatever the code says.
    if settings.accounts.iter().any(|(project, known)| organization.projects.contains(project) && **known == *account) {
        return Relation::Other;
    }
    if let Some(target) = organization.targets.iter().find(|target| target.name == account) {
        return if target.is_uncovered() { Relation::Same } else { Relation::Other };
    }
    let is_member = settings.organization.accounts.iter().any(|member| member == account);
    let all = organization.targets.iter().all(organization::Target::is_uncovered);
    match (is_member, all) {
        (true, true) => Relation::Same,
        (true, false) => {
            Relation::Unknown(Reason::new(format!("the unit that {account} stands in"), "is not known", None))
        }
        (false, _) => {
            let missing = format!("whether {account} belongs to {}", organization.name);
            Relation::Unknown(Reason::new(missing, "is not known", None))
        }
    }
}

/// A root key that exists and code that would let it be made again are one story. It is told after waivers have been
/// applied: who lets the code be has not let the key be.
pub(super) fn tell_as_one(model: &Model<'_>, out: &mut Findings) {
    let (keys, mut others): (Vec<Finding>, Vec<Finding>) =
        std::mem::take(&mut out.findings).into_iter().partition(|finding| EXISTS.contains(&&*finding.check));
    for mut key in keys {
        let account = account_of(&key.resource).map(str::to_owned);
        let rank = |finding: &Finding| MAKERS.iter().position(|check| finding.check == *check);
        let mut makers: Vec<(usize, usize, Relation)> = Vec::new();
        if key.waived.is_none() {
            for (index, finding) in others.iter().enumerate().filter(|(_, finding)| finding.waived.is_none()) {
                let Some(rank) = rank(finding) else { continue };
                match concerns(model, finding, account.as_deref()) {
                    Relation::Other => {}
                    // A key that is there must not be told with what is only possible.
                    Relation::Same if finding.confidence == Confidence::Possible => {
                        let missing = finding.missing.first().map_or("something", |missing| &**missing);
                        let reason = Reason::new(missing, "is not known", None);
                        makers.push((rank, index, Relation::Unknown(reason)));
                    }
                    relation => makers.push((rank, index, relation)),
                }
            }
        }
        makers.sort_by_key(|(rank, index, _)| (*rank, *index));
        let certain = makers.iter().find(|(_, _, relation)| *relation == Relation::Same).map(|(_, index, _)| *index);
        let also: Vec<Related> = makers
            .iter()
            .filter(|(_, index, _)| Some(*index) != certain)
            .filter_map(|(_, index, relation)| Some(may_make_it(others.get(*index)?, relation)))
            .collect();
        match certain.and_then(|index| others.get_mut(index)) {
            Some(maker) => join(maker, &key, also),
            None => {
                if let Some((_, _, Relation::Unknown(reason))) = makers.first() {
                    key.message.push_str(&format!(
                        " Code in view may let such a key be made again once it is deleted, but that is only possible: {reason}."
                    ));
                }
                key.related.extend(also);
                others.push(key);
            }
        }
    }
    out.findings = others;
}

/// Another place that would let the key be made again.
fn may_make_it(finding: &Finding, relation: &Relation) -> Related {
    let surely = if *relation == Relation::Same { "would" } else { "may" };
    let message = format!("this {surely} let the key be made again ({})", finding.check);
    Related::new(message, finding.primary)
}

/// Makes one finding of both: that of the code, since a change of the code closes the way.
fn join(maker: &mut Finding, key: &Finding, also: Vec<Related>) {
    let what = key.message.trim_end_matches('.');
    // A way that is open is a risk; a key that somebody made on it is the damage.
    let is_active = key.confidence == Confidence::Certain;
    maker.severity = maker.severity.max(if is_active { key.severity } else { Severity::High });
    maker.message = format!("{} This is no mere possibility: {}.", maker.message, lower(what));
    maker.related.push(Related::new(format!("AWS says so: {}", key.label), key.primary));
    maker.related.extend(also);
    maker.discriminators.insert(format!("{} {}", key.resource, key.discriminators.iter().cloned().collect::<String>()));
    maker.help =
        format!("first close the way, then delete the key that there is\n{}\nthe key: {}", maker.help, key.help);
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

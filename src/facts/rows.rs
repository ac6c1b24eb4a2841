//! What follows from a repository's resources, in columns: for DuckDB, Athena, Spark. The join does not read these lines.
//!
//! A column has one type in all kinds of rows, and a name that SQL does not reserve: engines read all lines as one table.

use std::collections::HashSet;

use jiff::Timestamp;

use serde_json::{Map, Value as Json, json};

use crate::aws::access_key::{AccessKey, Owner};
use crate::aws::iam::{Account, Attached, Level, Policy, Question, Verdict, decide};
use crate::aws::monitoring::{self, All, Monitor, Seen};
use crate::aws::organization::{Content, Ident, Resolved, TargetKind};

use crate::aws::rotation::{Effect, May, Mechanism, Period, Reach};
use crate::aws::{Facts, Model, Settings};
use crate::resource::{Mode, Presence, Site};
use crate::source::Span;
use crate::text::Tri;
use crate::types::Type;
use crate::value::{Reason, Symbol, Value};

use super::decode::abroad;
use super::encode::Places;
use super::write::Row;

/// Writes rows.
struct Rows<'r, 'p, 'a> {
    repository: &'r str,
    now: Timestamp,
    places: &'p mut Places<'a>,
    /// What the repository declares of an organization, by its own names: no mention of these is unknown.
    declared: HashSet<Symbol>,
    all: Vec<Row>,
}

/// All rows of a repository, as of the time of its scan.
pub(super) fn rows(
    (repository, now): (&str, Timestamp),
    facts: &[Facts],
    settings: &Settings,
    places: &mut Places<'_>,
) -> Vec<Row> {
    let declared = facts.iter().flat_map(declared).filter_map(|ident| ident.symbol.clone()).collect();
    let mut rows = Rows { repository, now, places, declared, all: Vec::new() };
    let model = Model::new(settings, facts);
    for facts in facts {
        rows.organization(facts);
        facts.users.iter().for_each(|user| rows.user(user));
        facts.rotation.iter().for_each(|mechanism| rows.rotation(mechanism));
    }
    model.keys().for_each(|key| rows.key(key, &model));
    All::of(&model).monitors().iter().for_each(|monitor| rows.monitor(monitor));
    model.organizations().iter().for_each(|resolved| rows.resolved(resolved));
    rows.all
}

/// The roots, units, accounts and policies that a project declares.
fn declared(facts: &Facts) -> impl Iterator<Item = &Ident> {
    let declared = &facts.organization;
    let tree = declared.organizations.iter().map(|one| &one.root).chain(declared.units.iter().map(|unit| &unit.id));
    let policies = declared.policies.iter().map(|policy| &policy.id);
    tree.chain(declared.accounts.iter().map(|account| &account.id)).chain(policies)
}

/// A string that is wholly known and may be shown; else null.
fn text(value: &Value) -> Json {
    match value.as_str() {
        Some(known) if !value.marks.is_hidden() => json!(known),
        _ => Json::Null,
    }
}

/// Why a value is not known.
fn missing(value: &Value) -> Option<Reason> {
    value.first_unknown().map(|unknown| unknown.reason.clone())
}

impl Rows<'_, '_, '_> {
    /// A row about a resource, with where it is.
    fn add(&mut self, kind: &'static str, site: &Site, columns: Json) {
        let (path, line) = self.places.path_and_line(site.header);
        let mut row = Map::new();
        row.insert("project".into(), json!(site.project));
        row.insert("address".into(), json!(site.address));
        row.insert("path".into(), json!(path));
        row.insert("line".into(), json!(line));
        if let Presence::Possible(reason) = &site.presence {
            row.insert("possible".into(), json!(reason.to_string()));
        }
        row.extend(columns.as_object().cloned().unwrap_or_default());
        self.all.push((kind, Json::Object(row)));
    }

    /// A row about something that is not known, by what it is the value of.
    fn unknown(&mut self, site: &Site, what: &str, symbol: Option<&Symbol>, reason: &Reason) {
        let name = symbol.map(|symbol| self.symbol(symbol));
        let columns = json!({"about": what, "symbol": name, "missing": reason.missing, "why": reason.why});
        self.add("unknown", site, columns);
    }

    fn symbol(&self, symbol: &Symbol) -> String {
        format!("{}#{}.{}", abroad(self.repository, &symbol.project), symbol.address, symbol.attribute)
    }

    /// All that something is called: its id, and what it is the value of. Two are the same if they share a name.
    fn names(&self, ident: &Ident) -> Vec<String> {
        ident.literal.iter().cloned().chain(ident.symbol.iter().map(|symbol| self.symbol(symbol))).collect()
    }

    /// The same, where it is only mentioned: what is neither known nor declared here is a row of its own.
    fn mention(&mut self, site: &Site, what: &str, ident: &Ident) -> Vec<String> {
        if ident.literal.is_none()
            && !ident.symbol.as_ref().is_some_and(|symbol| self.declared.contains(symbol))
            && let Some(reason) = &ident.reason
        {
            self.unknown(site, what, ident.symbol.as_ref(), reason);
        }
        self.names(ident)
    }

    fn organization(&mut self, facts: &Facts) {
        let declared = &facts.organization;
        for one in &declared.organizations {
            let columns = json!({
                "names": self.names(&one.root),
                "id": one.id,
                "managed": one.mode == Mode::Managed,
                "feature_set": text(&one.feature_set),
                "management_account": one.management_account.literal,
            });
            self.add("organization", &one.site, columns);
        }
        for unit in &declared.units {
            let parent = self.mention(&unit.site, "parent", &unit.parent);
            let columns = json!({
                "names": self.names(&unit.id),
                "name": unit.name,
                "parent": parent,
                "managed": unit.mode == Mode::Managed,
            });
            self.add("unit", &unit.site, columns);
        }
        for account in &declared.accounts {
            let parent = account.parent.as_ref().map(|parent| self.mention(&account.site, "parent", parent));
            let columns = json!({"names": self.names(&account.id), "id": account.id.literal, "parent": parent});
            self.add("account", &account.site, columns);
        }
        for policy in &declared.policies {
            let verdict = match &policy.content {
                Content::Policy(content) => self.verdict(content),
                Content::Invalid(reason) => json!({"verdict": "invalid", "reason": reason.to_string()}),
            };
            let columns = json!({"names": self.names(&policy.id)});
            self.add("policy", &policy.site, merged(columns, verdict));
        }
        for attachment in &declared.attachments {
            let policy = self.mention(&attachment.site, "policy", &attachment.policy);
            let target = self.mention(&attachment.site, "target", &attachment.target);
            self.add("attachment", &attachment.site, json!({"policy": policy, "target": target}));
        }
        for control in &declared.controls {
            let target = self.mention(&control.site, "target", &control.target);
            let verdict = self.verdict(&control.policy);
            self.add("control", &control.site, merged(json!({"target": target}), verdict));
        }
    }

    /// What one policy alone, beside FullAWSAccess, says to the root user of any account.
    fn verdict(&mut self, policy: &Policy) -> Json {
        let level = Level { id: String::new(), policies: vec![Attached::from(policy)], full_access: true };
        let verdict = decide(&[level], &Question::root_key(Account::Any, self.now.as_second()));
        let mut said = self.said(&verdict);
        if let (Some(said), Verdict::NotDenied(escape) | Verdict::Conditional(escape)) =
            (said.as_object_mut(), &verdict)
        {
            said.insert("request".into(), json!(escape.witness.context));
        }
        said
    }

    fn said(&mut self, verdict: &Verdict) -> Json {
        match verdict {
            Verdict::Denied(decisive) => {
                let words: Vec<&str> = decisive.iter().map(|decisive| &*decisive.text).collect();
                let place = decisive.iter().find_map(|decisive| decisive.span).map(|span| self.place(span));
                json!({"verdict": "denied", "reason": words.join("; "), "decided": place})
            }
            Verdict::NotDenied(escape) => json!({"verdict": "not-denied", "witness": escape.witness.text}),
            Verdict::Conditional(escape) => json!({"verdict": "conditional", "witness": escape.witness.text}),
            Verdict::Unknown(reasons) => {
                let words: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                json!({"verdict": "unknown", "reason": words.join("; ")})
            }
        }
    }

    fn place(&mut self, span: Span) -> String {
        let (path, line) = self.places.path_and_line(span);
        format!("{path}:{line}")
    }

    /// What this repository alone says of each target of an organization.
    fn resolved(&mut self, organization: &Resolved) {
        for target in &organization.targets {
            let site = organization.site.as_ref();
            let (path, line) = self.places.path_and_line(target.span.unwrap_or(organization.anchor));
            let kind = match target.kind {
                TargetKind::Root => "root",
                TargetKind::Unit => "unit",
                TargetKind::Account => "account",
            };
            let columns = json!({
                "project": site.map(|site| &site.project),
                "organization": organization.name,
                "path": path,
                "line": line,
                "level": kind,
                "name": target.name,
                "cut": target.cut,
                "exempt": target.exempt,
            });
            let verdict = self.said(&target.verdict);
            self.all.push(("target", merged(columns, verdict)));
        }
    }

    fn user(&mut self, user: &crate::aws::access_key::User) {
        if let Some(reason) = missing(&user.name) {
            self.unknown(&user.site, "name", user.name.symbol().as_ref(), &reason);
        }
        let columns = json!({"name": text(&user.name), "account": user.account, "managed": user.mode == Mode::Managed});
        self.add("user", &user.site, columns);
    }

    fn key(&mut self, key: &AccessKey, model: &Model<'_>) {
        let owner = model.owner(key);
        if let Some(reason) = missing(&owner.name) {
            self.unknown(&key.site, "user_name", owner.name.symbol().as_ref(), &reason);
        }
        let root = match owner.is_root() {
            Tri::Yes => json!(true),
            Tri::No => json!(false),
            Tri::Maybe => Json::Null,
        };
        let active = match key.is_inactive() {
            Tri::Yes => json!(false),
            Tri::No => json!(true),
            Tri::Maybe => Json::Null,
        };
        let columns = json!({
            "block": key.site.block,
            "user_name": text(&owner.name),
            "root": root,
            "active": active,
            "account": key.account,
            "script": key.by_script,
        });
        self.add("key", &key.site, columns);
    }

    fn rotation(&mut self, mechanism: &Mechanism) {
        let (effect, inert, doubt) = match &mechanism.effect {
            Effect::Rotates => ("rotates", None, None),
            Effect::Revokes => ("revokes", None, None),
            Effect::Detects => ("detects", None, None),
            Effect::Deploys => ("deploys", None, None),
            Effect::Exempts(_) => ("exempts", None, None),
            Effect::Role(role, others) => match role.may_do_to(&anybody(), others) {
                May::Replace(doubt) => ("rotates", None, doubt),
                May::Revoke(doubt) => ("revokes", None, doubt),
                May::Not(why) => ("none", Some(why), None),
                // A function that has nothing to do with keys.
                May::NothingHere => return,
            },
        };
        let known = |values: &[Value]| -> Vec<Json> { values.iter().map(text).collect() };
        let (reach, users, blocks) = match &mechanism.reach {
            Reach::Organization => ("organization", None, None),
            Reach::Account => ("account", None, None),
            Reach::Users(users) => ("users", Some(known(users)), None),
            Reach::Named(named) => ("users", Some(vec![text(&named.1)]), None),
            Reach::Keys(blocks) => ("keys", None, Some(blocks)),
        };
        let (days, never, unknown) = match &mechanism.period {
            Period::Minutes(minutes) => (Some(*minutes as f64 / (24.0 * 60.0)), None, None),
            Period::Unstated => (None, None, None),
            Period::Never(why) => (None, Some(why), None),
            Period::Unknown(reason) => (None, None, Some(reason)),
        };
        let group = match &mechanism.effect {
            Effect::Exempts(group) => Some(group),
            _ => mechanism.exempt.as_ref(),
        };
        let inert = mechanism.inert.as_deref().or(inert).or(never.map(|why| &**why));
        let doubt = mechanism.doubt.as_ref().or(doubt.as_ref()).or(unknown);
        let columns = json!({
            "what": mechanism.what,
            "effect": effect,
            "reach": reach,
            "users": users,
            "blocks": blocks,
            "excluded": known(&mechanism.excluded),
            "exempt_group": group.map(text),
            "days": days,
            "account": mechanism.account,
            "inert": inert,
            "doubt": doubt.map(ToString::to_string),
            "vague": mechanism.vague,
        });
        self.add("rotation", &mechanism.site, columns);
    }

    fn monitor(&mut self, monitor: &Monitor<'_>) {
        let titles = monitoring::watched();
        let those = |is: fn(&Seen) -> bool| -> Vec<&str> {
            titles.iter().zip(&monitor.seen).filter(|(_, seen)| is(seen)).map(|(title, _)| *title).collect()
        };
        let columns = json!({
            "what": monitor.what,
            "names_root": monitor.names_root,
            "sees": those(|seen| matches!(seen, Seen::Yes)),
            "unsure": those(|seen| matches!(seen, Seen::Unsure(_))),
            "never": monitor.never.as_ref().map(|broken| &broken.why),
            "account": monitor.account,
            "everywhere": monitor.organization,
        });
        self.add("monitor", monitor.site, columns);
    }
}

/// A user of whom nothing is known: what a role may do to it, it may do to all.
fn anybody() -> Owner<'static> {
    let reason = Reason::new("the user", "may be any, and the role may not touch every one", None);
    Owner { user: None, name: Value::unknown(Type::Text, reason) }
}

/// Both objects as one.
fn merged(mut one: Json, other: Json) -> Json {
    if let (Some(one), Json::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

//! Controls that name root and guard nothing, each with what is wrong, where, and what would be right.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::aws::iam::decide::actions;
use crate::aws::iam::{CREATE_ACCESS_KEY, Policy, Question};
use crate::aws::{Facts, Model};
use crate::finding::Fix;
use crate::resource::{Language, Presence, Site};
use crate::source::Span;
use crate::text::Tri;
use crate::value::Reason;

use super::attach;
use super::declared::{Attachment, Content, Control, Ident, OtherPolicy, ServiceControlPolicy};
use super::fixes;
use super::groups::{Group, groups};
use super::guards::{self, Fault, Judged};
use super::ineffective::Ineffective;
use super::layers::Index;
use super::placeholders::is_placeholder;
use super::resolve::question;

/// A control that names root and guards nothing.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// The policy or the control.
    pub site: Site,
    /// The characters to blame.
    pub span: Span,
    /// A few words to stand beside them.
    pub label: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Other places that are wrong.
    pub related: Vec<(String, Span)>,
    /// What to do.
    pub help: String,
    /// What it rests on that is not known.
    pub doubts: Vec<Reason>,
    /// Whether it is why a target of the organization is not covered.
    pub explains: bool,
    /// What makes a guard of it, if that has one right answer; else why not.
    pub fix: Result<Fix, String>,
}

/// Why a fault is nobody else's to mend.
const YOURS: &str = "what is to be changed is for you to say";

/// A guard that would keep centralized root access out, too.
#[derive(Clone, Debug)]
pub struct LockedOut {
    /// The policy or the control.
    pub site: Site,
    /// The statement.
    pub span: Span,
    /// What to write.
    pub help: &'static str,
}

/// What the controls of one organization are judged by.
pub(super) struct Ground<'g, 'a> {
    pub(super) group: &'g Group<'a>,
    pub(super) index: &'g Index<'g, 'a>,
    pub(super) question: &'g Question,
    pub(super) full_access: bool,
    pub(super) off: Option<&'g Ineffective>,
    /// The policies on the way to targets that are not covered.
    pub(super) uncovered: &'g HashSet<*const Policy>,
    /// Whether there are such targets.
    pub(super) any_uncovered: bool,
}

/// Controls of projects that are about no organization that is asked about.
pub fn loose_near_misses(model: &Model<'_>) -> (Vec<NearMiss>, Vec<LockedOut>) {
    let groups = groups(model);
    let (mut all, mut locked) = (Vec::new(), Vec::new());
    let full_access = !model.settings.organization.full_aws_access_detached;
    let mut judge = |group: &Group<'_>| {
        let uncovered = HashSet::new();
        let ground = Ground {
            group,
            index: &Index::new(group),
            question: &question(group, model.settings),
            full_access,
            off: None,
            uncovered: &uncovered,
            any_uncovered: false,
        };
        all.extend(ground.near_misses());
        locked.extend(ground.locked_out());
    };
    groups.iter().filter(|group| !group.is_asked()).for_each(&mut judge);
    let in_some: HashSet<&str> = groups.iter().flat_map(|group| &group.facts).map(|facts| &*facts.project).collect();
    for facts in model.facts {
        if !in_some.contains(&*facts.project) && !facts.organization.identity_policies.is_empty() {
            judge(&Group { facts: vec![facts], ..Group::default() });
        }
    }
    (all, locked)
}

impl<'a> Ground<'_, 'a> {
    /// All of them.
    pub(super) fn near_misses(&self) -> Vec<NearMiss> {
        let accounts: BTreeSet<&str> =
            self.group.accounts().filter_map(|account| account.id.literal.as_deref()).collect();
        let judged = Judged { question: self.question, full_access: self.has_full_access(), accounts: &accounts };
        let mut found = Vec::new();
        for policy in self.group.policies() {
            found.extend(self.of_policy(policy, &judged));
        }
        for facts in &self.group.facts {
            let declared = &facts.organization;
            found.extend(declared.others.iter().filter_map(|other| self.of_another_type(other)));
            found.extend(declared.controls.iter().flat_map(|control| self.of_control(control, &judged)));
            found.extend(self.of_identities(facts));
        }
        found
    }

    /// Whether FullAWSAccess is attached wherever a policy is, as far as the scan says.
    fn has_full_access(&self) -> bool {
        let mut strategies = self.group.facts.iter().flat_map(|facts| &facts.organization.full_access);
        self.full_access && strategies.all(|strategy| strategy.attached == Some(true))
    }

    /// Guards that would keep centralized root access out, too.
    pub(super) fn locked_out(&self) -> Vec<LockedOut> {
        let accounts = BTreeSet::new();
        let judged = Judged { question: self.question, full_access: self.has_full_access(), accounts: &accounts };
        let policies = self.group.policies().filter_map(|policy| match &policy.content {
            Content::Policy(content) => Some((policy, content)),
            Content::Invalid(_) => None,
        });
        let mut found: Vec<LockedOut> = Vec::new();
        for (declared, policy) in policies {
            let site = &declared.site;
            let Some(statement) = guards::locks_out_sessions(policy, &judged) else { continue };
            let span = statement.span.unwrap_or(site.header);
            if !found.iter().any(|known| known.span == span) {
                found.push(LockedOut { site: site.clone(), span, help: fixes::without_sessions(declared.form) });
            }
        }
        found
    }

    fn of_policy(&self, policy: &'a ServiceControlPolicy, judged: &Judged<'_>) -> Vec<NearMiss> {
        let Content::Policy(content) = &policy.content else { return Vec::new() };
        let hooks: Vec<&Attachment> = self.index.attachments_of(&policy.id).collect();
        let doubts = doubts(&policy.site, policy.doubt.as_ref());
        let faults = guards::faults(content, &policy.named, judged);
        if faults.is_empty() {
            let placed = guards::names_root(content).then(|| self.misplaced(policy, &hooks, judged.accounts)).flatten();
            return placed
                .into_iter()
                .map(|miss| NearMiss { doubts: [doubts.clone(), miss.doubts].concat(), ..miss })
                .collect();
        }
        let explains = self.uncovered.contains(&Arc::as_ptr(content)) || (self.any_uncovered && hooks.is_empty());
        faults.into_iter().map(|fault| self.of_fault(fault, policy, explains, doubts.clone())).collect()
    }

    fn of_fault(
        &self,
        fault: Fault,
        policy: &ServiceControlPolicy,
        explains: bool,
        mut doubts: Vec<Reason>,
    ) -> NearMiss {
        let site = &policy.site;
        let partition = self.group.facts.iter().find_map(|facts| facts.organization.partition.as_ref());
        if fault.partition && partition.is_none() {
            let why = format!("is not known and taken to be `{}`", self.question.partition);
            doubts.push(Reason::new("the partition", why, None));
        }
        let changes = match fault.changes.is_empty() {
            true => String::new(),
            false => format!("{}; the whole statement would be: ", fault.changes.join(", and ")),
        };
        NearMiss {
            span: fault.span.unwrap_or(site.header),
            label: fault.label.into(),
            message: fault.message,
            related: fault.others.into_iter().filter_map(|(text, span)| Some((text, span?))).collect(),
            help: format!("{changes}{}", fixes::statement(policy.form)),
            doubts,
            explains,
            site: site.clone(),
            fix: fault.fix,
        }
    }

    /// A statement that would deny root its key, in a policy that reaches nobody.
    fn misplaced(
        &self,
        policy: &ServiceControlPolicy,
        hooks: &[&Attachment],
        accounts: &BTreeSet<&str>,
    ) -> Option<NearMiss> {
        let site = &policy.site;
        let miss = |span: Span, label: &str, message: String, help: String| NearMiss {
            site: site.clone(),
            span,
            label: label.into(),
            message,
            related: Vec::new(),
            help,
            doubts: Vec::new(),
            explains: self.any_uncovered,
            fix: Err(YOURS.into()),
        };
        let root = || fixes::root_of(site.language, self.group.organization.map(|organization| &organization.site));
        let attach = || match site.language {
            Language::CloudFormation => format!("add the root to its targets: TargetIds: [{}]", root()),
            Language::Manifest | Language::Workflow => "add the root of the organization to its targets".into(),
            Language::Terraform if site.kind.starts_with("awscc_") => {
                format!("add the root to its targets: target_ids = [{}]", root())
            }
            Language::Terraform => format!(
                "attach it to the root: an aws_organizations_policy_attachment with policy_id = {}.id and target_id = {}",
                site.address,
                root()
            ),
        };
        if let Some(off) = self.off {
            let message = format!("`{}` denies root its keys, but has no effect: {}", site.address, off.message);
            let mut found = miss(off.span, "policies have no effect", message, off.help(site.language));
            if !off.certain {
                let why = "may be enabled by hand";
                found.doubts.push(Reason::new("the policy type SERVICE_CONTROL_POLICY", why, Some(off.span)));
            }
            return Some(found);
        }
        let Some(first) = hooks.first() else {
            if !self.group.managed || self.index.has_unknown_policies() {
                return None;
            }
            let message = format!("`{}` denies root its keys, but is attached to nothing", site.address);
            let mut found = miss(site.header, "attached to nothing", message, attach());
            found.doubts.extend(self.group.assumption.clone());
            found.fix = match &policy.content {
                Content::Policy(content) if guards::denies_only_root(content) => attach::to_the_root(site, self.group),
                _ => Err("it denies others than root, too: which accounts are to have it is for you to say".into()),
            };
            return Some(found);
        };
        let faulty: Vec<String> = hooks.iter().filter_map(|hook| self.wrong_target(&hook.target, accounts)).collect();
        let (true, Some(what)) = (faulty.len() == hooks.len(), faulty.first()) else { return None };
        let message = format!("`{}` denies root its keys, but covers no account: {what}", site.address);
        Some(miss(first.target.span.unwrap_or(first.site.header), "covers no account", message, attach()))
    }

    /// Why nobody is covered by what is attached to a target.
    fn wrong_target(&self, target: &Ident, known: &BTreeSet<&str>) -> Option<String> {
        if let Some(id) = target.literal.as_deref().filter(|id| is_placeholder(id, known)) {
            return Some(format!("its target `{id}` is a placeholder"));
        }
        let mut organizations = self.group.facts.iter().flat_map(|facts| &facts.organization.organizations);
        let is_management = organizations.any(|organization| organization.management_account.is(target));
        let why = "its target is the management account, to which no service control policy applies";
        is_management.then(|| why.into())
    }

    /// A policy that would deny root its keys if it were a service control policy.
    fn of_another_type(&self, other: &OtherPolicy) -> Option<NearMiss> {
        let policy = other.policy.as_ref()?;
        let covers =
            policy.statements.iter().any(|statement| actions(&statement.actions, CREATE_ACCESS_KEY).0 == Tri::Yes);
        if !covers || !guards::names_root(policy) {
            return None;
        }
        let kind = other.kind.as_str().unwrap_or_default();
        let why = match &*kind {
            "RESOURCE_CONTROL_POLICY" => "resource control policies do not cover IAM",
            _ => "policies of this type deny no requests",
        };
        let site = &other.site;
        let attribute = if site.language == Language::Terraform { "type = " } else { "Type: " };
        let related = policy.statements.iter().filter_map(|statement| {
            Some(("would deny root its keys in a service control policy".to_owned(), statement.span?))
        });
        Some(NearMiss {
            site: site.clone(),
            span: other.kind.origin.primary().unwrap_or(site.header),
            label: "not a service control policy".into(),
            message: format!("`{}` names root, but is of type `{kind}`: {why}", site.address),
            related: related.take(1).collect(),
            help: format!(
                "{attribute}\"SERVICE_CONTROL_POLICY\", and no `Principal` in the statement: {}",
                fixes::statement(other.form)
            ),
            doubts: doubts(site, None),
            explains: self.any_uncovered,
            fix: Err(YOURS.into()),
        })
    }

    /// A Control Tower control that its parameters or its target make void.
    fn of_control(&self, control: &Control, judged: &Judged<'_>) -> Vec<NearMiss> {
        let (site, doubts) = (&control.site, doubts(&control.site, None));
        let explains = self.uncovered.contains(&Arc::as_ptr(&control.policy));
        let miss = |span: Option<Span>, label: &str, message: String, help: &str, explains: bool| NearMiss {
            site: site.clone(),
            span: span.unwrap_or(site.header),
            label: label.into(),
            message,
            related: Vec::new(),
            help: help.into(),
            doubts: doubts.clone(),
            explains,
            fix: Err(YOURS.into()),
        };
        if self.group.is_root(&control.target) {
            let message = format!(
                "`{}` is enabled on the root of the organization, but Control Tower enables controls on organizational \
                 units only",
                site.address
            );
            let help = "enable the control on each organizational unit under the root";
            return vec![miss(control.target.span, "not a unit", message, help, self.any_uncovered)];
        }
        let faults = guards::faults(&control.policy, "", judged);
        let void = faults.iter().map(|fault| {
            let message = format!("the parameter `ExemptedPrincipalArns` of `{}` exempts root", site.address);
            let help =
                "take every pattern that matches root out of `ExemptedPrincipalArns`, or leave the parameter out";
            miss(control.exempt.or(fault.span), "exempts root", message, help, explains)
        });
        void.collect()
    }

    /// Policies of identities: none applies to root.
    fn of_identities(&self, facts: &Facts) -> Vec<NearMiss> {
        let mut found = Vec::new();
        for known in &facts.organization.identity_policies {
            let statement = known.policy.statements.iter().find(|statement| {
                let one = Policy { statements: vec![(*statement).clone()], ..(*known.policy).clone() };
                guards::names_root(&one)
            });
            let site = &known.site;
            found.push(NearMiss {
                site: site.clone(),
                span: statement.and_then(|statement| statement.effect_span.or(statement.span)).unwrap_or(site.header),
                label: "does not apply to root".into(),
                message: format!(
                    "`{}` denies root something, but is a policy of IAM identities, and none of these applies to a root \
                     user",
                    site.address
                ),
                related: Vec::new(),
                help: format!(
                    "say it in a service control policy that is attached to the root of the organization: {}",
                    fixes::statement(known.form)
                ),
                doubts: doubts(site, None),
                explains: self.any_uncovered,
                fix: Err(YOURS.into()),
            });
        }
        found
    }
}

fn doubts(site: &Site, doubt: Option<&Reason>) -> Vec<Reason> {
    let presence = match &site.presence {
        Presence::Possible(reason) => Some(reason),
        Presence::Certain => None,
    };
    presence.into_iter().chain(doubt).cloned().collect()
}

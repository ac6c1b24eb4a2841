//! Which projects are about one organization (DESIGN, "When two projects are one organization").

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::aws::{Facts, Model};
use crate::resource::{Language, Mode, Site};
use crate::source::Span;
use crate::value::{Kind, Reason, Symbol};

use super::declared::{Account, Attachment, Ident, Organization, ServiceControlPolicy, Unit};
use super::ineffective::Ineffective;
use super::paths;

/// Projects that are about one organization.
#[derive(Default)]
pub(super) struct Group<'a> {
    pub(super) managed: bool,
    pub(super) anchor: Option<Span>,
    pub(super) organization: Option<&'a Organization>,
    pub(super) facts: Vec<&'a Facts>,
    pub(super) assumption: Option<Reason>,
    pub(super) strangers: Vec<Site>,
    /// The declared unit that each unit which is only named is.
    pub(super) same_units: HashMap<&'a Symbol, &'a Unit>,
}

/// Ids that are written out in a project: those of one organization.
fn literals(facts: &Facts) -> BTreeSet<&str> {
    let declared = &facts.organization;
    let targets = declared.attachments.iter().map(|attachment| &attachment.target);
    let units = declared.units.iter().flat_map(|unit| [&unit.id, &unit.parent]);
    let accounts = declared.accounts.iter().flat_map(|account| account.parent.iter().chain([&account.id]));
    let controls = declared.controls.iter().map(|control| &control.target);
    let roots = declared.organizations.iter().map(|organization| &organization.root);
    let all = targets.chain(units).chain(accounts).chain(controls).chain(roots);
    all.filter_map(|ident| ident.literal.as_deref()).collect()
}

/// Projects whose roots, units, accounts or policies a project refers to, by its own name for them.
fn mentioned(facts: &Facts) -> BTreeSet<&str> {
    let declared = &facts.organization;
    let attachments = declared.attachments.iter().flat_map(|attachment| [&attachment.target, &attachment.policy]);
    let units = declared.units.iter().map(|unit| &unit.parent);
    let accounts = declared.accounts.iter().filter_map(|account| account.parent.as_ref());
    let controls = declared.controls.iter().map(|control| &control.target);
    let all = attachments.chain(units).chain(accounts).chain(controls);
    all.filter_map(|ident| Some(&*ident.symbol.as_ref()?.project)).filter(|other| *other != &*facts.project).collect()
}

/// Which of the projects that manage no organization are certainly about the same one as another project.
struct Links<'a> {
    readers: Vec<&'a Facts>,
    by_project: HashMap<&'a str, usize>,
    by_literal: HashMap<&'a str, Vec<usize>>,
    by_mention: HashMap<&'a str, Vec<usize>>,
    together: BTreeSet<&'a str>,
}

impl<'a> Links<'a> {
    fn new(readers: Vec<&'a Facts>, together: &'a [Arc<str>]) -> Self {
        let mut by_literal: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_mention: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, facts) in readers.iter().enumerate() {
            literals(facts).into_iter().for_each(|literal| by_literal.entry(literal).or_default().push(at));
            mentioned(facts).into_iter().for_each(|other| by_mention.entry(other).or_default().push(at));
        }
        let by_project = readers.iter().enumerate().map(|(at, facts)| (&*facts.project, at)).collect();
        Self { readers, by_project, by_literal, by_mention, together: together.iter().map(|name| &**name).collect() }
    }

    /// The readers linked to a project.
    fn of(&self, facts: &Facts) -> Vec<usize> {
        let share = literals(facts).into_iter().filter_map(|literal| self.by_literal.get(literal)).flatten();
        let refer = self.by_mention.get(&*facts.project).into_iter().flatten();
        let mentioned = mentioned(facts);
        let named = self.together.iter().filter(|_| self.together.contains(&*facts.project));
        let direct = mentioned.iter().chain(named).filter_map(|project| self.by_project.get(project));
        share.chain(refer).chain(direct).copied().collect()
    }
}

/// DESIGN, "When two projects are one organization".
pub(super) fn groups<'a>(model: &Model<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut readers = Vec::new();
    for facts in model.facts {
        let declared = &facts.organization;
        let managed: Vec<&Organization> =
            declared.organizations.iter().filter(|organization| organization.mode == Mode::Managed).collect();
        for organization in &managed {
            let organization = Some(*organization);
            groups.push(Group { managed: true, organization, facts: vec![facts], ..Group::default() });
        }
        let says_something = !declared.organizations.is_empty()
            || !declared.units.is_empty()
            || !declared.accounts.is_empty()
            || !declared.attachments.is_empty()
            || !declared.policies.is_empty()
            || !declared.others.is_empty()
            || !declared.controls.is_empty();
        if managed.is_empty() && says_something {
            readers.push(facts);
        }
    }
    let managed = groups.len();
    let links = Links::new(readers, &model.settings.organization.projects);
    let mut placed = vec![false; links.readers.len()];
    let mut open: VecDeque<(usize, &Facts)> =
        groups.iter().enumerate().flat_map(|(at, group)| group.facts.iter().map(move |facts| (at, *facts))).collect();
    for (next, reader) in links.readers.iter().copied().enumerate() {
        // Whoever is linked to a group belongs to it, and whoever is linked to them.
        while let Some((group, facts)) = open.pop_front() {
            for at in links.of(facts) {
                let (Some(placed), Some(linked)) = (placed.get_mut(at), links.readers.get(at)) else { continue };
                if !std::mem::replace(placed, true)
                    && let Some(joined) = groups.get_mut(group)
                {
                    joined.facts.push(linked);
                    open.push_back((group, linked));
                }
            }
        }
        let Some(placed) = placed.get_mut(next).filter(|placed| !**placed) else { continue };
        *placed = true;
        let reads = reader.organization.organizations.first();
        let about_some = reads.is_some() || !literals(reader).is_empty();
        if managed == 1 && about_some {
            if let Some(group) = groups.first_mut() {
                group.facts.push(reader);
                open.push_back((0, reader));
                let project = if reader.project.is_empty() { "." } else { &*reader.project };
                let why = "is taken to be about the one organization that the scan manages";
                group.assumption.get_or_insert(Reason::new(project, why, None));
            }
        } else if managed > 1
            && let Some(reads) = reads
        {
            for group in groups.iter_mut().take(managed) {
                group.strangers.push(reads.site.clone());
            }
        } else {
            open.push_back((groups.len(), reader));
            // A manifest manages an organization also where it finds it made.
            let managed = reads.is_some() && reader.language == Language::Manifest;
            groups.push(Group { managed, organization: reads, facts: vec![reader], ..Group::default() });
        }
    }
    for group in &mut groups {
        group.same_units = paths::same(group);
    }
    groups
}

impl<'a> Group<'a> {
    pub(super) fn units(&self) -> impl Iterator<Item = &'a Unit> {
        self.facts.iter().flat_map(|facts| &facts.organization.units)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &'a Account> {
        self.facts.iter().flat_map(|facts| &facts.organization.accounts)
    }

    pub(super) fn attachments(&self) -> impl Iterator<Item = &'a Attachment> {
        self.facts.iter().flat_map(|facts| &facts.organization.attachments)
    }

    pub(super) fn policies(&self) -> impl Iterator<Item = &'a ServiceControlPolicy> {
        self.facts.iter().flat_map(|facts| &facts.organization.policies)
    }

    /// Whether the organization is asked about: it is managed here, or read by a scan that guards something.
    pub(super) fn is_asked(&self) -> bool {
        let guards = self.facts.iter().any(|facts| {
            let declared = &facts.organization;
            let manages = declared.policies.iter().any(|policy| !policy.site.address.contains("data."));
            manages || !declared.attachments.is_empty() || !declared.controls.is_empty()
        });
        self.managed || guards
    }

    pub(super) fn is_root(&self, ident: &Ident) -> bool {
        let organizations = || self.facts.iter().flat_map(|facts| &facts.organization.organizations);
        ident.literal.as_ref().is_some_and(|id| id.starts_with("r-"))
            || organizations().any(|organization| organization.root.is(ident))
            || self.organization.is_some_and(|organization| organization.root.is(ident))
    }

    /// Why the policies have no effect (Organizations User Guide, "Enabling a policy type").
    pub(super) fn ineffective(&self) -> (Option<Ineffective>, Option<Reason>) {
        let Some(organization) = self.organization.filter(|organization| organization.mode == Mode::Managed) else {
            return (None, None);
        };
        let at = |span: Option<Span>| span.unwrap_or(organization.site.header);
        if organization.feature_set.as_str().as_deref() == Some("CONSOLIDATED_BILLING") {
            let message =
                "the organization's feature set is `CONSOLIDATED_BILLING`, which has no service control policies"
                    .into();
            let span = at(organization.feature_set.origin.primary());
            return (Some(Ineffective { message, span, certain: true, feature_set: true }), None);
        }
        let types = &organization.policy_types;
        let doubt = organization.feature_set.as_unknown().or_else(|| types.first_unknown());
        let named = types.elements().unwrap_or_default();
        let is_enabled = named.iter().any(|kind| kind.as_str().as_deref() == Some("SERVICE_CONTROL_POLICY"));
        match &types.kind {
            _ if is_enabled => (None, None),
            Kind::Null(_) => {
                let message =
                    "the organization does not enable `SERVICE_CONTROL_POLICY` in `enabled_policy_types`".into();
                (
                    Some(Ineffective { message, span: organization.site.header, certain: false, feature_set: false }),
                    None,
                )
            }
            _ => match doubt {
                Some(unknown) => (None, Some(unknown.reason.clone())),
                None => {
                    let message =
                        "`enabled_policy_types` of the organization does not hold `SERVICE_CONTROL_POLICY`".into();
                    (
                        Some(Ineffective {
                            message,
                            span: at(types.origin.primary()),
                            certain: true,
                            feature_set: false,
                        }),
                        None,
                    )
                }
            },
        }
    }
}

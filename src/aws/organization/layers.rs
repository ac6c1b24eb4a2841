//! What is attached where, found by name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::aws::Model;
use crate::aws::iam::Policy;
use crate::aws::identity;
use crate::resource::{Presence, Site};
use crate::value::{Reason, Symbol};

use super::declared::{Attachment, Content, Ident, ServiceControlPolicy, Unit};
use super::full_access::Strategies;
use super::groups::Group;
use super::resolve::TargetKind;

/// A level with its policies, as [`Level`] wants them.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) id: String,
    pub(super) policies: Vec<(Arc<Policy>, Option<Reason>)>,
    pub(super) full_access: bool,
    /// Levels with the same policies have the same number.
    pub(super) class: usize,
}

/// One of the names of a thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Name<'a> {
    Literal(&'a str),
    Symbol(&'a Symbol),
}

/// The names of a thing.
pub(super) fn names(ident: &Ident) -> impl Iterator<Item = Name<'_>> {
    let literal = ident.literal.as_deref().map(Name::Literal);
    literal.into_iter().chain(ident.symbol.as_ref().map(Name::Symbol))
}

/// Something that puts a policy somewhere.
struct Hook<'a> {
    target: &'a Ident,
    site: &'a Site,
    policy: Hooked<'a>,
}

enum Hooked<'a> {
    Attached(&'a Ident),
    Control(&'a Arc<Policy>),
}

/// The units, policies and attachments of an organization by their names.
pub(super) struct Index<'g, 'a> {
    pub(super) group: &'g Group<'a>,
    units: HashMap<Name<'a>, &'a Unit>,
    policies: HashMap<Name<'a>, Vec<&'a ServiceControlPolicy>>,
    others: HashMap<Name<'a>, ()>,
    hooks: Vec<Hook<'a>>,
    at: HashMap<Name<'a>, Vec<usize>>,
    at_root: Vec<usize>,
    /// Hooks whose target may be this or that.
    floating: Vec<usize>,
    attachments: Vec<&'a Attachment>,
    of_policy: HashMap<Name<'a>, Vec<usize>>,
    full_access: Strategies<'a>,
}

impl<'g, 'a> Index<'g, 'a> {
    pub(super) fn new(group: &'g Group<'a>) -> Self {
        let same = |ident: &Ident| ident.symbol.as_ref().and_then(|symbol| group.same_units.get(symbol).copied());
        let mut units = HashMap::new();
        for unit in group.units() {
            let declared = same(&unit.id).unwrap_or(unit);
            for name in names(&unit.id) {
                units.entry(name).or_insert(declared);
            }
        }
        let mut policies: HashMap<Name<'a>, Vec<&'a ServiceControlPolicy>> = HashMap::new();
        for policy in group.policies() {
            for name in names(&policy.id) {
                policies.entry(name).or_default().push(policy);
            }
        }
        let accounts: HashMap<Name<'a>, ()> =
            group.accounts().flat_map(|account| names(&account.id)).map(|name| (name, ())).collect();
        let others = group.facts.iter().flat_map(|facts| &facts.organization.others);
        let others = others.flat_map(|other| names(&other.id)).map(|name| (name, ())).collect();
        let mut hooks = Vec::new();
        for attachment in group.attachments() {
            let policy = Hooked::Attached(&attachment.policy);
            hooks.push(Hook { target: &attachment.target, site: &attachment.site, policy });
        }
        for control in group.facts.iter().flat_map(|facts| &facts.organization.controls) {
            let policy = Hooked::Control(&control.policy);
            hooks.push(Hook { target: &control.target, site: &control.site, policy });
        }
        let mut at: HashMap<Name<'a>, Vec<usize>> = HashMap::new();
        let (mut at_root, mut floating) = (Vec::new(), Vec::new());
        for (index, hook) in hooks.iter().enumerate() {
            // No service control policy ever applies to the management account.
            if hook.target.symbol.as_ref().is_some_and(|symbol| *symbol.attribute == *identity::MANAGEMENT) {
                continue;
            }
            if group.is_root(hook.target) {
                // Control Tower enables controls on units only.
                if matches!(hook.policy, Hooked::Attached(_)) {
                    at_root.push(index);
                }
                continue;
            }
            let declared = same(hook.target).map_or(hook.target, |unit| &unit.id);
            for name in names(declared) {
                at.entry(name).or_default().push(index);
            }
            if !names(hook.target).any(|name| units.contains_key(&name) || accounts.contains_key(&name)) {
                floating.push(index);
            }
        }
        let attachments: Vec<&'a Attachment> = group.attachments().collect();
        let mut of_policy: HashMap<Name<'a>, Vec<usize>> = HashMap::new();
        for (index, attachment) in attachments.iter().enumerate() {
            for name in names(&attachment.policy) {
                of_policy.entry(name).or_default().push(index);
            }
        }
        let full_access = Strategies::new(group);
        Self { group, units, policies, others, hooks, at, at_root, floating, attachments, of_policy, full_access }
    }

    pub(super) fn unit(&self, ident: &Ident) -> Option<&'a Unit> {
        names(ident).find_map(|name| self.units.get(&name).copied())
    }

    /// What attaches the policy of this name.
    pub(super) fn attachments_of(&self, policy: &Ident) -> impl Iterator<Item = &'a Attachment> {
        let mut all: Vec<usize> =
            names(policy).filter_map(|name| self.of_policy.get(&name)).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().filter_map(|at| self.attachments.get(at).copied())
    }

    /// The service control policies that are certainly attached to each target, each once, and other than FullAWSAccess.
    pub(super) fn attached(&self) -> Vec<(String, Vec<&'a Attachment>)> {
        let mut all: Vec<(String, Vec<&'a Attachment>)> = Vec::new();
        let mut met: HashMap<Name<'a>, usize> = HashMap::new();
        for attachment in &self.attachments {
            let is_scp = names(&attachment.policy).any(|name| {
                self.policies.get(&name).is_some_and(|known| known.iter().all(|policy| policy.doubt.is_none()))
            });
            let Some(target) = names(&attachment.target).next().filter(|_| is_scp) else { continue };
            if attachment.site.presence != Presence::Certain {
                continue;
            }
            let at = *met.entry(target).or_insert_with(|| {
                all.push((attachment.target.name(), Vec::new()));
                all.len() - 1
            });
            if let Some((_, attached)) = all.get_mut(at)
                && !attached.iter().any(|known| known.policy.is(&attachment.policy))
            {
                attached.push(attachment);
            }
        }
        all
    }

    /// Whether something attaches a policy of which not even the name is known.
    pub(super) fn has_unknown_policies(&self) -> bool {
        self.attachments.iter().any(|attachment| names(&attachment.policy).next().is_none())
    }

    /// The units from below the root down to `from`, and where the way leaves the scan.
    pub(super) fn way(&self, from: &'a Ident) -> (Vec<&'a Ident>, Option<String>) {
        let mut way = Vec::new();
        let mut at = from;
        // Organizations nest at most five units deep.
        for _ in 0..16 {
            if self.group.is_root(at) {
                way.reverse();
                return (way, None);
            }
            match self.unit(at) {
                Some(unit) => {
                    way.push(&unit.id);
                    at = &unit.parent;
                }
                None => {
                    way.push(at);
                    break;
                }
            }
        }
        way.reverse();
        (way, Some(at.name()))
    }

    /// What is attached to a node; `None` is the root.
    pub(super) fn layer(&self, kind: TargetKind, node: Option<&Ident>, model: &Model<'_>) -> Layer {
        let id = node.map_or_else(|| "the root".into(), Ident::name);
        let full_access = !model.settings.organization.full_aws_access_detached;
        let mut layer = Layer { id, policies: Vec::new(), full_access, class: 0 };
        self.full_access.apply(node, &mut layer);
        let mut sure: Vec<usize> = match node {
            None => self.at_root.clone(),
            Some(node) => names(node).filter_map(|name| self.at.get(&name)).flatten().copied().collect(),
        };
        sure.sort_unstable();
        sure.dedup();
        for index in &sure {
            self.add(&mut layer, *index, None);
        }
        for index in self.floating.iter().filter(|index| !sure.contains(index)) {
            let Some(hook) = self.hooks.get(*index) else { continue };
            if let Some(doubt) = doubt(hook.target, kind, node) {
                self.add(&mut layer, *index, Some(doubt));
            }
        }
        layer
    }

    fn add(&self, layer: &mut Layer, index: usize, mut doubt: Option<Reason>) {
        let Some(hook) = self.hooks.get(index) else { return };
        if let Presence::Possible(reason) = &hook.site.presence {
            doubt.get_or_insert_with(|| reason.clone());
        }
        let ident = match hook.policy {
            Hooked::Control(policy) => return layer.policies.push((Arc::clone(policy), doubt)),
            Hooked::Attached(ident) => ident,
        };
        if ident.literal.as_deref() == Some("p-FullAWSAccess") {
            layer.full_access |= doubt.is_none();
            return;
        }
        if names(ident).any(|name| self.others.contains_key(&name)) {
            return;
        }
        let Some(known) = names(ident).find_map(|name| self.policies.get(&name)) else {
            let why = || Reason::new(ident.name(), "is not in the scan", ident.span);
            let reason = ident.reason.clone().unwrap_or_else(why);
            return layer.policies.push((Arc::new(Policy::unknown(reason, ident.span)), doubt));
        };
        for policy in known {
            let mut doubt = doubt.clone().or_else(|| policy.doubt.clone());
            if let Presence::Possible(reason) = &policy.site.presence {
                doubt.get_or_insert_with(|| reason.clone());
            }
            let content = match &policy.content {
                Content::Policy(content) => Arc::clone(content),
                Content::Invalid(reason) => Arc::new(Policy::unknown(reason.clone(), Some(policy.site.header))),
            };
            layer.policies.push((content, doubt));
        }
    }
}

/// Why an attachment to something that is not declared may be one to this node.
///
/// An id that is written out beside declared units and accounts may be one of theirs: AWS gave it when the unit was made,
/// and whoever wrote it down need not have written the reference. As it may as well be another's, the attachment neither
/// covers the declared unit nor is it missing there.
fn doubt(target: &Ident, kind: TargetKind, node: Option<&Ident>) -> Option<Reason> {
    let Some(id) = &target.literal else {
        let why = || Reason::new(target.name(), "is not known to be this target or another", target.span);
        return Some(target.reason.clone().unwrap_or_else(why));
    };
    let fits = match kind {
        TargetKind::Root => false,
        TargetKind::Unit => id.starts_with("ou-"),
        TargetKind::Account => id.len() == 12 && id.chars().all(|digit| digit.is_ascii_digit()),
    };
    // Two ids that are both written out differ.
    let node = node.filter(|node| node.literal.is_none())?;
    let why = || format!("may be the id of {}, which is not known here: if it is, refer to it by name", node.name());
    fits.then(|| Reason::new(&**id, why(), target.span))
}

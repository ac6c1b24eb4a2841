//! Where `FullAWSAccess`, which AWS attaches everywhere, is taken off (DESIGN, "FullAWSAccess is attached everywhere").

use std::collections::HashMap;
use std::sync::Arc;

use crate::aws::iam::Policy;
use crate::resource::{Language, Resource, Site};
use crate::value::{Reason, Value};

use super::declared::Ident;
use super::groups::Group;
use super::layers::{Layer, Name, names};

/// What is done to FullAWSAccess at one target.
#[derive(Clone, Debug)]
pub struct FullAccess {
    /// The resource that says so.
    pub site: Site,
    /// The root, unit or account.
    pub target: Ident,
    /// Attached (a deny-list strategy), detached (an allow-list strategy), or one of them.
    pub attached: Option<bool>,
}

/// What the strategy of a manifest's policy does at its targets.
pub(super) fn strategies(resource: &Resource<'_>) -> Vec<FullAccess> {
    let strategy = resource.get("Strategy");
    let attached = match strategy.as_str().as_deref() {
        _ if resource.site.language != Language::Manifest || strategy.is_null() => return Vec::new(),
        Some("allow-list") => Some(false),
        Some("deny-list") => Some(true),
        _ => None,
    };
    let targets = resource.get("TargetIds");
    let at = |target: &Value| FullAccess { site: resource.site.clone(), target: Ident::of(target), attached };
    match targets.elements() {
        Some(targets) => targets.iter().map(at).collect(),
        None => vec![at(&targets)],
    }
}

/// What strategies do to FullAWSAccess in an organization.
#[derive(Default)]
pub(super) struct Strategies<'a> {
    at: HashMap<Name<'a>, Vec<Option<bool>>>,
    at_root: Vec<Option<bool>>,
    /// Why it may be taken off anywhere.
    floating: Option<Reason>,
}

impl<'a> Strategies<'a> {
    pub(super) fn new(group: &Group<'a>) -> Self {
        let mut all = Self::default();
        for strategy in group.facts.iter().flat_map(|facts| &facts.organization.full_access) {
            let FullAccess { target, attached, .. } = strategy;
            if group.is_root(target) {
                all.at_root.push(*attached);
            }
            for name in names(target) {
                all.at.entry(name).or_default().push(*attached);
            }
            if names(target).next().is_none() && *attached != Some(true) {
                let why = || Reason::new(target.name(), "is not known", target.span);
                all.floating.get_or_insert_with(|| target.reason.clone().unwrap_or_else(why));
            }
        }
        all
    }

    /// Says whether FullAWSAccess is attached to a node; `None` is the root.
    pub(super) fn apply(&self, node: Option<&Ident>, layer: &mut Layer) {
        let here: Vec<Option<bool>> = match node {
            None => self.at_root.clone(),
            Some(node) => names(node).filter_map(|name| self.at.get(&name)).flatten().copied().collect(),
        };
        let says = |attached: Option<bool>| here.contains(&attached);
        let doubt = match (says(Some(false)), says(Some(true)) || says(None)) {
            (true, false) => {
                layer.full_access = false;
                return;
            }
            // Which of them is applied last is not said.
            (true, true) => Some(Reason::new(&*layer.id, "has policies of both strategies", None)),
            (false, _) if says(None) => Some(Reason::new(&*layer.id, "has a policy of a strategy not known", None)),
            (false, _) => self.floating.clone(),
        };
        if let (Some(doubt), true) = (doubt, layer.full_access) {
            layer.full_access = false;
            layer.policies.push((Arc::new(Policy::full_access()), Some(doubt)));
        }
    }
}

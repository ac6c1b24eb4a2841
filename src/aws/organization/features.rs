//! Centralized root access: which of its features an organization uses (IAM User Guide, "Centrally manage root access
//! for member accounts").

use crate::aws::{Facts, Model};
use crate::resource::{Mode, Presence, Resource, Site};
use crate::source::Span;
use crate::text::Tri;
use crate::value::{Reason, Value};

use super::declared::Organization;
use super::groups::{Group, groups};

/// The feature that removes root's credentials from member accounts.
pub const ROOT_CREDENTIALS_MANAGEMENT: &str = "RootCredentialsManagement";

/// A resource that enables features.
#[derive(Clone, Debug)]
pub struct Features {
    /// The resource.
    pub site: Site,
    /// The features.
    pub enabled: Value,
}

impl Features {
    /// The features that a resource enables.
    pub fn of(resource: &Resource<'_>) -> Self {
        Self { site: resource.site.clone(), enabled: resource.get("enabled_features") }
    }

    /// Whether a feature is among them.
    pub fn has(&self, feature: &str) -> Tri {
        let named = self.enabled.elements().unwrap_or_default();
        if named.iter().any(|name| name.as_str().as_deref() == Some(feature)) {
            return Tri::Yes;
        }
        match self.enabled.first_unknown() {
            Some(_) => Tri::Maybe,
            None => Tri::No,
        }
    }
}

/// Whether an organization manages root's credentials centrally.
#[derive(Clone, Debug)]
pub enum Access {
    /// It does.
    Managed,
    /// It does not; what is wrong and where, if something is there.
    Missing(Option<(String, Span)>),
    /// It depends on what is not known.
    Unknown(Reason),
}

/// The organizations that are managed in the scan, and whether each manages root's credentials centrally.
pub fn centralized_access<'a>(model: &Model<'a>) -> Vec<(&'a Organization, Access)> {
    let groups = groups(model);
    let managed = groups.iter().filter(|group| group.managed).count();
    let is_of_some = |facts: &&Facts| {
        let of_managed = groups.iter().filter(|group| group.managed).flat_map(|group| &group.facts);
        of_managed.clone().any(|other| other.project == facts.project)
    };
    let strays = model.facts.iter().filter(|facts| !is_of_some(facts));
    let stray = strays.flat_map(|facts| &facts.organization.features).next();
    let of_group = |group: &Group<'a>| {
        let organization = group.organization.filter(|organization| organization.mode == Mode::Managed)?;
        // What enables it says nothing of the organization that it is in: with one organization it is this one.
        let own = |facts: &&Facts| managed == 1 || group.facts.iter().any(|other| other.project == facts.project);
        let features: Vec<&Features> =
            model.facts.iter().filter(own).flat_map(|facts| &facts.organization.features).collect();
        Some((organization, access(organization, &features, stray)))
    };
    groups.iter().filter_map(of_group).collect()
}

fn access(organization: &Organization, features: &[&Features], elsewhere: Option<&Features>) -> Access {
    let has = |features: &&&Features| features.has(ROOT_CREDENTIALS_MANAGEMENT);
    if let Some(enabled) = features.iter().find(|features| has(features) == Tri::Yes) {
        if let Presence::Possible(reason) = &enabled.site.presence {
            return Access::Unknown(reason.clone());
        }
        // The provider's documentation: trusted access for IAM has to be enabled first.
        let services = &organization.services;
        let named = services.elements().unwrap_or_default();
        let is_open = named.iter().any(|name| name.as_str().as_deref() == Some("iam.amazonaws.com"));
        if services.elements().is_some() && !is_open && services.is_wholly_known() {
            let what = "`aws_service_access_principals` does not hold `iam.amazonaws.com`, which it needs".to_owned();
            return Access::Missing(Some((what, services.origin.primary().unwrap_or(organization.site.header))));
        }
        return Access::Managed;
    }
    if let Some(open) = features.iter().find(|features| has(features) == Tri::Maybe) {
        let why = || Reason::new("enabled_features", "is not known", open.enabled.origin.primary());
        let unknown = open.enabled.first_unknown();
        return Access::Unknown(unknown.map_or_else(why, |unknown| unknown.reason.clone()));
    }
    match (features.first(), elsewhere) {
        (Some(features), _) => {
            let what = format!("`enabled_features` does not hold `{ROOT_CREDENTIALS_MANAGEMENT}`");
            Access::Missing(Some((what, features.enabled.origin.primary().unwrap_or(features.site.header))))
        }
        (None, Some(other)) => {
            let why = "enables it in one of several organizations; which one is not known";
            Access::Unknown(Reason::new(&*other.site.address, why, Some(other.site.header)))
        }
        (None, None) => Access::Missing(None),
    }
}

//! The mechanisms of all projects, by where they work: a key is held against those that may reach it, not against all.
//!
//! Within one repository all count, as they always did. Of other repositories, which may be thousands, those count that
//! work for a whole organization, in the key's account, or for a user of its name; where the account is not known, a few
//! stand for all that might.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::aws::Model;
use crate::resource::Site;
use crate::source::Span;

use super::{Effect, Mechanism, Reach};

/// How many mechanisms of other repositories, whose account is not known to be the key's, stand for all.
const FEW: usize = 4;

/// Where something works.
pub(super) struct Home<'a> {
    pub(super) project: &'a Arc<str>,
    pub(super) account: Option<&'a Arc<str>>,
    /// What deploys it, if it is part of a template within another project.
    pub(super) deployer: Option<&'a Mechanism>,
}

/// A mechanism and where it works.
pub(super) struct Placed<'a> {
    pub(super) mechanism: &'a Mechanism,
    pub(super) home: Home<'a>,
}

/// The mechanisms of a model.
pub struct Mechanisms<'a> {
    all: Vec<Placed<'a>>,
    /// By repository; the one that is looked at has no name.
    within: HashMap<&'a str, Vec<usize>>,
    by_account: HashMap<&'a str, Vec<usize>>,
    by_user: HashMap<String, Vec<usize>>,
    wide: Vec<usize>,
    /// Of whole accounts, certain to do something: those of known accounts, and the others.
    housed: Vec<usize>,
    homeless: Vec<usize>,
    deployers: HashMap<Span, Vec<&'a Mechanism>>,
    exemptions: HashMap<&'a str, Vec<&'a Mechanism>>,
    /// By project: the organization it is managed with, if that is certain.
    organizations: HashMap<Arc<str>, (Span, Arc<str>)>,
}

impl std::fmt::Debug for Mechanisms<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mechanisms").field("all", &self.all.len()).finish_non_exhaustive()
    }
}

/// The repository of a project, by its path.
fn repository(project: &str) -> &str {
    project.split_once("//").map_or("", |(repository, _)| repository)
}

impl<'a> Mechanisms<'a> {
    /// Those of a model.
    pub fn of(model: &Model<'a>) -> Self {
        let mut deployers: HashMap<Span, Vec<&'a Mechanism>> = HashMap::new();
        let mut exemptions: HashMap<&'a str, Vec<&'a Mechanism>> = HashMap::new();
        let each = || model.facts.iter().flat_map(|facts| &facts.rotation);
        for mechanism in each() {
            match mechanism.effect {
                Effect::Deploys => deployers.entry(mechanism.site.header).or_default().push(mechanism),
                Effect::Exempts(_) => {
                    exemptions.entry(repository(&mechanism.site.project)).or_default().push(mechanism);
                }
                _ => {}
            }
        }
        let mut organizations = HashMap::new();
        for organization in model.organizations().iter().filter(|one| one.managed && one.assumption.is_none()) {
            for project in &organization.projects {
                let named = (organization.anchor, Arc::clone(&organization.name));
                organizations.entry(Arc::clone(project)).or_insert(named);
            }
        }
        let mut index = Self {
            all: Vec::new(),
            within: HashMap::new(),
            by_account: HashMap::new(),
            by_user: HashMap::new(),
            wide: Vec::new(),
            housed: Vec::new(),
            homeless: Vec::new(),
            deployers,
            exemptions,
            organizations,
        };
        each().filter(|one| !matches!(one.effect, Effect::Deploys | Effect::Exempts(_))).for_each(|one| index.add(one));
        let rank = |at: &usize| match index.all.get(*at).map(|placed| &placed.mechanism.effect) {
            Some(Effect::Rotates) => 0,
            Some(Effect::Revokes) => 1,
            Some(Effect::Role(..)) => 2,
            _ => 3,
        };
        let few = |list: &[usize]| {
            let mut list = list.to_vec();
            list.sort_by_key(rank);
            list.truncate(FEW);
            list
        };
        (index.housed, index.homeless) = (few(&index.housed), few(&index.homeless));
        index
    }

    fn add(&mut self, mechanism: &'a Mechanism) {
        let at = self.all.len();
        let home = self.home(&mechanism.site, mechanism.account.as_ref());
        self.within.entry(repository(home.project)).or_default().push(at);
        if let Some(account) = home.account {
            self.by_account.entry(account).or_default().push(at);
        }
        let is_wide = home.deployer.is_some_and(|deployer| matches!(deployer.reach, Reach::Organization));
        match &mechanism.reach {
            _ if is_wide => self.wide.push(at),
            Reach::Organization => self.wide.push(at),
            Reach::Account if !mechanism.vague && mechanism.inert.is_none() && mechanism.doubt.is_none() => {
                if home.account.is_some() { &mut self.housed } else { &mut self.homeless }.push(at);
            }
            Reach::Users(users) => {
                for name in users.iter().filter_map(|user| user.as_str()) {
                    self.by_user.entry(name.to_ascii_lowercase()).or_default().push(at);
                }
            }
            Reach::Named(named) => {
                if let Some(name) = named.1.as_str() {
                    self.by_user.entry(name.to_ascii_lowercase()).or_default().push(at);
                }
            }
            Reach::Account | Reach::Keys(_) => {}
        }
        self.all.push(Placed { mechanism, home });
    }

    /// Where something works.
    pub(super) fn home<'s>(&self, site: &'s Site, account: Option<&'s Arc<str>>) -> Home<'s>
    where
        'a: 's,
    {
        let own = Home { project: &site.project, account, deployer: None };
        let Some(call) = site.calls.first() else { return own };
        let deployers = self.deployers.get(call).into_iter().flatten();
        match deployers.copied().find(|found| found.site.project != site.project) {
            Some(deployer) => Home {
                project: &deployer.site.project,
                account: account.or(deployer.account.as_ref()),
                deployer: Some(deployer),
            },
            None => own,
        }
    }

    /// The mechanisms that may have to do with a key whose user has this name, in their order.
    pub(super) fn near<'s>(&'s self, home: &Home<'_>, user: Option<&str>) -> impl Iterator<Item = &'s Placed<'a>> {
        let mut at: BTreeSet<usize> =
            self.within.get(repository(home.project)).into_iter().flatten().copied().collect();
        at.extend(&self.wide);
        at.extend(&self.homeless);
        match home.account {
            Some(account) => at.extend(self.by_account.get(&**account).into_iter().flatten()),
            None => at.extend(&self.housed),
        }
        if let Some(user) = user {
            at.extend(self.by_user.get(&user.to_ascii_lowercase()).into_iter().flatten());
        }
        at.into_iter().filter_map(|at| self.all.get(at))
    }

    /// The mechanisms of other accounts that are worth a word: those of the key's repository, and a few others.
    pub(super) fn far<'s>(&'s self, home: &Home<'_>) -> impl Iterator<Item = &'s Placed<'a>> {
        let mut at: BTreeSet<usize> =
            self.within.get(repository(home.project)).into_iter().flatten().copied().collect();
        at.extend(&self.housed);
        at.into_iter().filter_map(|at| self.all.get(at))
    }

    /// Memberships of groups that mechanisms may leave out, in the repository of a project.
    pub(super) fn exemptions(&self, project: &str) -> &[&'a Mechanism] {
        self.exemptions.get(repository(project)).map_or(&[], Vec::as_slice)
    }

    /// The organization that a project is certainly managed with: where it is declared, and its name.
    pub(super) fn organization(&self, project: &Arc<str>) -> Option<&(Span, Arc<str>)> {
        self.organizations.get(project)
    }
}

//! Accounts that a policy names by the resource that makes them, whose ids nobody knows yet.
//!
//! In general two symbols are never known to differ. Ids of accounts are: AWS gives each account its own, and two
//! resources of one project never manage the same account (Terraform's "each remote object to one resource instance"; a
//! template creates what it declares). Nor is a member the management account. Across projects nothing is concluded: two
//! projects may manage one account in turn.

use std::collections::{BTreeSet, HashMap};

use crate::aws::iam::policy::Named;
use crate::aws::iam::request::UNNAMED_ORGANIZATION;
use crate::aws::iam::{Policy, Verdict};
use crate::value::Symbol;

use super::groups::Group;

/// Who is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose<'s> {
    /// Any account under a root or a unit.
    Any,
    /// The account of this symbol.
    Account(Option<&'s Symbol>),
}

/// What symbols in the policies of an organization mean.
pub(super) struct Accounts<'a> {
    /// The accounts that are declared, each with its number.
    declared: HashMap<&'a Symbol, usize>,
    management: BTreeSet<&'a Symbol>,
    /// Organization blocks: project and address.
    organizations: BTreeSet<(&'a str, &'a str)>,
    organization: String,
}

impl<'a> Accounts<'a> {
    pub(super) fn of(group: &Group<'a>) -> Self {
        let symbols = group.accounts().filter_map(|account| account.id.symbol.as_ref());
        let organizations = || group.facts.iter().flat_map(|facts| &facts.organization.organizations);
        let known = organizations().find_map(|organization| organization.id.clone());
        Self {
            declared: symbols.enumerate().map(|(at, symbol)| (symbol, at)).collect(),
            management: organizations().filter_map(|one| one.management_account.symbol.as_ref()).collect(),
            organizations: organizations().map(|one| (&*one.site.project, &*one.site.address)).collect(),
            organization: known.unwrap_or_else(|| UNNAMED_ORGANIZATION.into()),
        }
    }

    /// Whether a symbol is the id of an account that is declared here.
    pub(super) fn is_declared(&self, symbol: &Symbol) -> bool {
        self.declared.contains_key(symbol)
    }

    /// The policy as it is for those who are asked about. `apart` says that the policies write out no account ids, so that
    /// an account that is not known yet can be none of them.
    pub(super) fn naming(&self, policy: &Policy, whose: Whose<'_>, apart: bool) -> Policy {
        policy.naming(&|symbol| {
            if self.management.contains(symbol) {
                return Some(Named::Other);
            }
            let is_organization = self.organizations.contains(&(&*symbol.project, &*symbol.address));
            if is_organization && &*symbol.attribute == "id" {
                return Some(Named::Text(self.organization.clone()));
            }
            match whose {
                Whose::Any if apart => self.declared.get(symbol).map(|at| Named::Text(stand_in(*at))),
                Whose::Any => None,
                Whose::Account(Some(own)) if own == symbol => Some(Named::Own),
                Whose::Account(Some(own)) if own.project == symbol.project && self.is_declared(symbol) => {
                    Some(Named::Other)
                }
                Whose::Account(_) => None,
            }
        })
    }

    /// The verdict with the names of the accounts instead of what stood for their ids.
    pub(super) fn in_words(&self, mut verdict: Verdict) -> Verdict {
        let (Verdict::NotDenied(escape) | Verdict::Conditional(escape)) = &mut verdict else { return verdict };
        let stands = |text: &str| text.contains(STANDS);
        let closest = escape.closest.as_ref().is_some_and(|closest| stands(&closest.defeat));
        if !closest && !escape.witness.account.as_deref().is_some_and(stands) {
            return verdict;
        }
        for (symbol, at) in &self.declared {
            let rename = |text: &mut String| *text = text.replace(&stand_in(*at), &symbol.address);
            escape.witness.account.iter_mut().for_each(rename);
            rename(&mut escape.witness.text);
            escape.witness.context.values_mut().for_each(rename);
            escape.closest.iter_mut().for_each(|closest| rename(&mut closest.defeat));
        }
        verdict
    }
}

/// How every id begins that stands for another.
const STANDS: &str = "90000";

/// Stands for the id of an account that is not known. No policy contains it: it is only used where none has digits.
fn stand_in(number: usize) -> String {
    format!("{STANDS}{number:07}")
}

/// Whether a policy may write out ids of accounts, or a part of them.
pub(super) fn has_ids(policy: &Policy) -> bool {
    let about_accounts = |key: &str| {
        let key = key.to_ascii_lowercase();
        ["account", "arn", "userid"].iter().any(|part| key.contains(part))
    };
    let has_digits = |text: String| text.contains(|character: char| character.is_ascii_digit() || character == '?');
    policy.statements.iter().any(|statement| {
        let conditions = statement.conditions.iter().filter(|condition| about_accounts(&condition.key));
        let values = conditions.flat_map(|condition| &condition.values);
        statement.resources.values.iter().chain(values).any(|item| has_digits(item.shown()))
    })
}

/// A verdict on any account, said of the one of this name.
pub(super) fn of_one(mut verdict: Verdict, name: &str) -> Verdict {
    if let Verdict::NotDenied(escape) | Verdict::Conditional(escape) = &mut verdict {
        let text = &mut escape.witness.text;
        *text = text.replace("root of any account", &format!("root of {name}"));
    }
    verdict
}

//! What goes along with a value through every expression: how it may be shown, and which credentials are in it.

use std::sync::Arc;

use super::{Reason, Symbol};
use crate::source::Span;

/// How many credentials of one value are told apart.
const MAX_CREDENTIALS: usize = 32;

/// How a value may be shown, and what is in it. Cheap to clone, and empty for almost every value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    flags: u8,
    credentials: Option<Arc<Vec<Credential>>>,
}

/// A secret that a resource makes and hands out, such as that of an access key. Whatever is computed from it holds it, unless
/// the computation cannot be undone (a hash, a length).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Which attribute of which resource instance it is. Where it is not known which instance, the address says `[*]`.
    pub of: Symbol,
    /// Where the resource is declared.
    pub header: Option<Span>,
    /// Where the attribute is read.
    pub read: Option<Span>,
    /// What decides whether there is a secret in the attribute at all.
    pub unless: Option<Reason>,
}

impl Marks {
    /// No mark.
    pub const NONE: Self = Self { flags: 0, credentials: None };
    /// Terraform's `sensitive`, with Terraform's semantics.
    pub const SENSITIVE: Self = Self { flags: 1, credentials: None };
    /// Not to be displayed, without Terraform's semantics: CloudFormation's `NoEcho`, `TF_VAR_*`.
    pub const SECRET: Self = Self { flags: 2, credentials: None };

    /// The mark of a value that is a credential.
    pub fn credential(credential: Credential) -> Self {
        Self { flags: 0, credentials: Some(Arc::new(vec![credential])) }
    }

    /// Both values' marks.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.add(other);
        all
    }

    /// Adds another value's marks.
    pub fn add(&mut self, other: &Self) {
        self.flags |= other.flags;
        let Some(more) = &other.credentials else { return };
        let Some(own) = &mut self.credentials else {
            self.credentials = Some(Arc::clone(more));
            return;
        };
        if Arc::ptr_eq(own, more) {
            return;
        }
        for credential in more.iter() {
            let known = own.iter().any(|known| known.of == credential.of && known.read == credential.read);
            if !known && own.len() < MAX_CREDENTIALS {
                Arc::make_mut(own).push(credential.clone());
            }
        }
    }

    /// The marks without those of `other`, which says nothing of credentials.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self { flags: self.flags & !other.flags, credentials: self.credentials.clone() }
    }

    /// Whether all marks of `other` are set, which says nothing of credentials.
    pub fn contains(&self, other: &Self) -> bool {
        self.flags & other.flags == other.flags
    }

    /// Whether the value must not be displayed in a report.
    pub fn is_hidden(&self) -> bool {
        self.flags != 0
    }

    /// The credentials in the value.
    pub fn credentials(&self) -> &[Credential] {
        self.credentials.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The credentials alone.
    #[must_use]
    pub fn only_credentials(&self) -> Self {
        Self { flags: 0, credentials: self.credentials.clone() }
    }

    /// The same marks for something from which no credential can be told.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        Self { flags: self.flags, credentials: None }
    }

    /// The same marks, with the credentials not yet read anywhere read at `span`.
    #[must_use]
    pub fn read_at(mut self, span: Span) -> Self {
        if let Some(credentials) = &mut self.credentials
            && credentials.iter().any(|credential| credential.read.is_none())
        {
            for credential in Arc::make_mut(credentials) {
                credential.read.get_or_insert(span);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(address: &str) -> Marks {
        let of = Symbol { project: "p".into(), address: address.into(), kind: "k".into(), attribute: "secret".into() };
        Marks::credential(Credential { of, header: None, read: None, unless: None })
    }

    fn addresses(marks: &Marks) -> Vec<&str> {
        marks.credentials().iter().map(|credential| &*credential.of.address).collect()
    }

    #[test]
    fn credentials_add_up_and_stay_when_a_value_is_shown() {
        let both = credential("a").union(&Marks::SENSITIVE).union(&credential("b")).union(&credential("a"));
        assert_eq!(addresses(&both), ["a", "b"]);
        assert!(both.is_hidden());
        let shown = both.without(&Marks::SENSITIVE);
        assert!(!shown.is_hidden());
        assert_eq!(addresses(&shown), ["a", "b"]);
        assert!(addresses(&shown.without_credentials()).is_empty());
        assert!(!credential("a").is_hidden() && !credential("a").contains(&Marks::SENSITIVE));
    }

    #[test]
    fn only_so_many_are_told_apart() {
        let all = (0..100).fold(Marks::NONE, |marks, at| marks.union(&credential(&at.to_string())));
        assert_eq!(all.credentials().len(), MAX_CREDENTIALS);
    }
}

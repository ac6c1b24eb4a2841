//! The resources that a manifest stands for, in the shape of CloudFormation's.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use crate::resource::{Attributes, Language, Meta, Mode, Presence, Provider, Resource, Site};
use crate::source::Span;
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Symbol, Unknown, Value};

pub(super) const ORGANIZATION: &str = "AWS::Organizations::Organization";
pub(super) const UNIT: &str = "AWS::Organizations::OrganizationalUnit";
pub(super) const ACCOUNT: &str = "AWS::Organizations::Account";
pub(super) const POLICY: &str = "AWS::Organizations::Policy";
pub(super) const CONTROL: &str = "AWS::ControlTower::EnabledControl";
/// CloudFormation has neither of these two: they are Terraform's.
pub(super) const ATTACHMENT: &str = "aws_organizations_policy_attachment";
pub(super) const FEATURES: &str = "aws_iam_organizations_features";

/// A resource that a manifest stands for.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: &'static str,
    pub(super) address: Arc<str>,
    pub(super) mode: Mode,
    pub(super) header: Span,
    pub(super) span: Span,
    pub(super) properties: Fields,
}

impl Entry {
    pub(super) fn new(kind: &'static str, address: impl Into<Arc<str>>, header: Span, span: Span) -> Self {
        let (address, mode) = (address.into(), Mode::Managed);
        Self { kind, address, mode, header, span, properties: Fields::default() }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        if !value.is_null() {
            self.properties.insert(name.into(), None, value);
        }
    }
}

/// The resources of a manifest, in the order in which it names them.
#[derive(Debug)]
pub(super) struct Resources {
    project: Arc<str>,
    /// The Region that the organization is governed from.
    pub(super) region: Option<Value>,
    entries: Vec<Entry>,
    names: HashSet<Arc<str>>,
}

impl Resources {
    pub(super) fn new(project: Arc<str>) -> Self {
        Self { project, region: None, entries: Vec::new(), names: HashSet::new() }
    }

    /// Adds a resource; one with an address that is taken gets another.
    pub(super) fn add(&mut self, mut entry: Entry) {
        let mut number = 1;
        while !self.names.insert(Arc::clone(&entry.address)) {
            number += 1;
            entry.address = format!("{} ({number})", entry.address).into();
        }
        self.entries.push(entry);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What names a resource of this manifest, mentioned at `span`.
    pub(super) fn reference(&self, kind: &str, address: &str, attribute: &str, span: Span) -> Value {
        let symbol = Symbol {
            project: Arc::clone(&self.project),
            address: address.into(),
            kind: kind.into(),
            attribute: attribute.into(),
        };
        let reason = Reason::new(address, "gets its id when it is created", Some(span));
        let unknown = Unknown { ty: Type::Text, not_null: true, symbol: Some(symbol), among: None, reason };
        Value::new(Kind::Unknown(Arc::new(unknown))).at(span)
    }

    /// The root of the organization with this address.
    pub(super) fn root(&self, organization: &str, span: Span) -> Value {
        self.reference(ORGANIZATION, organization, "RootId", span)
    }

    pub(super) fn all<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>> {
        let provider = Arc::new(Provider { region: self.region.clone(), ..Provider::default() });
        let entries = self.entries.iter().filter(|entry| wanted(entry.kind));
        entries.map(|entry| self.resource(entry, &provider)).collect()
    }

    fn resource<'p>(&'p self, entry: &'p Entry, provider: &Arc<Provider>) -> Resource<'p> {
        let site = Site {
            project: Arc::clone(&self.project),
            language: Language::Manifest,
            address: Arc::clone(&entry.address),
            block: Arc::clone(&entry.address),
            kind: entry.kind.into(),
            header: entry.header,
            span: entry.span,
            presence: Presence::Certain,
            calls: Arc::from([]),
        };
        Resource {
            site,
            mode: entry.mode,
            provider: Arc::clone(provider),
            meta: Arc::new(Meta::default()),
            attributes: Rc::new(Properties(&entry.properties)),
        }
    }
}

struct Properties<'p>(&'p Fields);

impl Attributes for Properties<'_> {
    fn get(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_else(Value::null)
    }

    fn all(&self) -> Value {
        Value::object(self.0.clone())
    }
}

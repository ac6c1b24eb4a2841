//! Resources made of plain values, for the tests of this layer.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::aws::{Facts, access_key, monitoring, organization};
use crate::resource::{Attributes, Language, Meta, Mode, Presence, Provider, Reference, Resource, Site};
use crate::source::{Sources, Span};
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Symbol, Unknown, Value};

struct Fixed(BTreeMap<String, Value>);

impl Attributes for Fixed {
    fn get(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_else(Value::null)
    }

    fn all(&self) -> Value {
        object(self.0.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }
}

/// A span of its own for each number.
pub fn span(at: usize) -> Span {
    let sources = Sources::default();
    Span::new(sources.file("main.tf".into()), at, at + 1)
}

/// An object value.
pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::object(fields.into_iter().map(|(name, value)| (Arc::from(name), value)).collect::<Fields>())
}

/// Nested blocks.
pub fn blocks(blocks: impl IntoIterator<Item = Value>) -> Value {
    Value::new(Kind::List(Type::Dynamic, Arc::new(blocks.into_iter().collect())))
}

/// A value that only `missing` would give.
pub fn unknown(missing: &str) -> Value {
    Value::unknown(Type::Text, Reason::new(missing, "has no value", None))
}

/// The computed attribute of a resource.
pub fn computed(kind: &str, address: &str, attribute: &str) -> Value {
    let symbol =
        Symbol { project: "p".into(), address: address.into(), kind: kind.into(), attribute: attribute.into() };
    let reason = Reason::new(symbol.to_string(), "is known after apply", None);
    let unknown = Unknown { ty: Type::Text, not_null: true, symbol: Some(symbol), among: None, reason };
    Value::new(Kind::Unknown(Arc::new(unknown)))
}

/// A managed resource of project `p`. Types with `::` are CloudFormation's.
pub fn resource<'a>(
    kind: &str,
    address: &str,
    attributes: impl IntoIterator<Item = (&'a str, Value)>,
) -> Resource<'static> {
    let language = if kind.contains("::") { Language::CloudFormation } else { Language::Terraform };
    let at = address.bytes().map(usize::from).sum();
    Resource {
        site: Site {
            project: "p".into(),
            language,
            address: address.into(),
            block: address.split('[').next().unwrap_or(address).into(),
            kind: kind.into(),
            header: span(at),
            span: span(at),
            presence: Presence::Certain,
            calls: Arc::from([]),
        },
        mode: Mode::Managed,
        provider: Arc::new(Provider::default()),
        meta: Arc::new(Meta::default()),
        attributes: Rc::new(Fixed(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
    }
}

/// The resource with `lifecycle.replace_triggered_by`.
pub fn replaced_by<'p>(mut resource: Resource<'p>, reference: &str) -> Resource<'p> {
    let mut meta = (*resource.meta).clone();
    meta.replace_triggered_by.push((reference.into(), span(0)));
    resource.meta = Arc::new(meta);
    resource
}

/// The resource with a mention of `target` in `argument`.
pub fn mentions<'p>(mut resource: Resource<'p>, argument: &str, target: &str) -> Resource<'p> {
    let mut meta = (*resource.meta).clone();
    meta.references.push(Reference { argument: argument.into(), target: target.into(), span: span(0) });
    resource.meta = Arc::new(meta);
    resource
}

/// What a project without anything declares.
pub fn facts(project: &str) -> Facts {
    Facts {
        project: project.into(),
        abroad: false,
        language: Language::Terraform,
        keys: Vec::new(),
        users: access_key::Users::default(),
        organization: organization::Declared::default(),
        rotation: Vec::new(),
        credentials: Vec::new(),
        exposures: Vec::new(),
        monitoring: monitoring::Declared::default(),
        programs: Vec::new(),
    }
}

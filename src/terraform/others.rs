//! What a root module reads from other projects of the scan: outputs in their states, parameters that they store.
//!
//! A joined value is what the other project's code says now. A state may be older than the code, as it may be older
//! than the code of the reading project: rootlint takes all code of a scan as applied.

use std::sync::Arc;

use super::attributes::{AFTER_APPLY, Instance};
use super::evaluator::{Evaluated, Evaluator, MAX_SIZE, Named};
use super::providers::Part;
use super::scope::Scope;
use super::state::StateAddress;
use crate::source::Span;
use crate::syntax::hcl::Body;
use crate::text::{Encoded, Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Reason, Unknown, Value, Via};

/// The projects of a scan, as one of them sees them. Whoever asks says how deep it is in its own evaluation.
pub trait OtherProjects {
    /// The one project that keeps its state at an address.
    ///
    /// # Errors
    /// Why there is none, as the rest of a sentence that starts with the name of who asks.
    fn writer(&self, wanted: &StateAddress) -> Result<Arc<str>, String>;

    /// The names of a project's outputs.
    fn outputs(&self, project: &Arc<str>) -> Vec<Arc<str>>;

    /// An output of a project; `None` if it declares none of that name.
    fn output(&self, project: &Arc<str>, name: &Arc<str>, depth: usize) -> Option<Named>;

    /// An attribute of the one SSM parameter that the scan declares under a name, and its project.
    ///
    /// # Errors
    /// Why there is none, as the rest of a sentence that starts with the name of who asks.
    fn parameter(&self, wanted: &ParameterAddress, attribute: &str, depth: usize) -> Result<(Arc<str>, Named), String>;
}

/// Where an SSM parameter is, as far as known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterAddress {
    /// Its name.
    pub name: String,
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
}

impl ParameterAddress {
    /// Whether both may be the same parameter: what is known of them agrees.
    pub fn agrees(&self, other: &Self) -> bool {
        let agree = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        self.name == other.name && agree(&self.account, &other.account) && agree(&self.region, &other.region)
    }
}

/// The answer of a project to a question that rests on itself.
pub fn circular(project: &str, what: &str) -> Named {
    let why = "rests on itself, by way of what projects read from each other";
    let reason = Reason::new(format!("{what} of {project}"), why, None);
    Named { value: Value::unknown(Type::Dynamic, reason), via: Via::Element }
}

impl Evaluator<'_> {
    /// An output that a `terraform_remote_state` reads.
    pub(super) fn remote_output(&self, at: &Instance<'_>, name: &Arc<str>, span: Span) -> Evaluated<Named> {
        self.remember_output(at.module, at.id, at.key, name, span, || {
            let scope_of = self.expansion(at.module, at.id, at.block.header)?.repetition(at.key);
            let scope = Scope::repeated(at.module, &scope_of);
            let via = Via::Attribute(Arc::from(format!("{}.outputs.{name}", at.id)));
            let unknown = |reason: Reason| {
                let symbol = self.symbol(at.module, at.id, at.key, &format!("outputs.{name}"));
                let unknown = Unknown { ty: Type::Dynamic, not_null: false, symbol, among: None, reason };
                Value::new(Kind::Unknown(Arc::new(unknown))).at(at.block.header)
            };
            let project = match self.remote_project(at, &scope)? {
                Ok(project) => project,
                Err(reason) => return Ok(Named { value: unknown(reason), via }),
            };
            let found = self.others().and_then(|others| others.output(&project, name, self.depth()));
            // An output that is null is not in a state.
            if let Some(named) = found.filter(|named| !named.value.is_null()) {
                return Ok(Named { value: self.foreign(named.value, &project), via: named.via });
            }
            let default = self.remote_defaults(&at.block.body, &scope)?;
            if let Some(default) = default.and_then(|all| all.get(name).cloned()) {
                return Ok(Named { value: default, via });
            }
            let why = format!("is not in the state of {project}, which declares no such output");
            let reason = Reason::new(format!("{}.outputs.{name}", at.id), why, Some(at.block.header));
            Ok(Named { value: unknown(reason), via })
        })
    }

    /// All outputs that a `terraform_remote_state` reads; `None` if it is not known whose.
    pub(super) fn remote_outputs(&self, at: &Instance<'_>, scope: &Scope<'_>) -> Evaluated<Result<Value, Reason>> {
        let project = match self.remote_project(at, scope)? {
            Ok(project) => project,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(others) = self.others() else { return Ok(Ok(Value::null())) };
        let mut fields = Fields::default();
        for (name, value) in self.remote_defaults(&at.block.body, scope)?.iter().flat_map(Fields::iter) {
            fields.insert(Arc::clone(name), None, value.clone());
        }
        for name in others.outputs(&project) {
            let named = self.remote_output(at, &name, at.block.header)?;
            if !named.value.is_null() {
                fields.replace(name, None, named.value.via(named.via, Some(at.block.header)));
            }
        }
        Ok(Ok(Value::object(fields)))
    }

    fn remote_defaults(&self, body: &Body, scope: &Scope<'_>) -> Evaluated<Option<Fields>> {
        let Some(written) = body.attribute("defaults") else { return Ok(None) };
        Ok(self.eval(&written.value, scope)?.fields().cloned())
    }

    /// The project whose state a `terraform_remote_state` reads.
    fn remote_project(&self, at: &Instance<'_>, scope: &Scope<'_>) -> Evaluated<Result<Arc<str>, Reason>> {
        let blamed = |why: String| Reason::new(at.id.to_string(), why, Some(at.block.header));
        let Some(others) = self.others() else {
            return Ok(Err(blamed("is in the state of another project".into())));
        };
        Ok(match self.read_state(&at.block.body, scope)? {
            Ok(wanted) => others.writer(&wanted).map_err(blamed),
            Err(reason) => Err(blamed(format!("reads a state that is not known: {reason}"))),
        })
    }

    /// What a data source of an SSM parameter reads, if the scan declares the parameter.
    pub(super) fn stored_parameter(
        &self,
        at: &Instance<'_>,
        attribute: &str,
        scope: &Scope<'_>,
    ) -> Evaluated<Option<Result<Value, Reason>>> {
        if !matches!(attribute, "value" | "insecure_value" | "type" | "arn") {
            return Ok(None);
        }
        let (Some(others), Some(written)) = (self.others(), at.block.body.attribute("name")) else { return Ok(None) };
        let name = self.eval(&written.value, scope)?;
        let Some(name) = name.as_str() else { return Ok(None) };
        let config = self.provider_config(at.module, at.id, at.block, scope);
        let part = |part: Part| Some(self.provider_part(&config, part)?.as_str()?.into_owned());
        let wanted =
            ParameterAddress { name: name.into_owned(), account: part(Part::Account), region: part(Part::Region) };
        Ok(Some(match others.parameter(&wanted, attribute, self.depth()) {
            Ok((project, named)) => {
                let value = if project == self.project { named.value } else { self.foreign(named.value, &project) };
                Ok(value.via(named.via, Some(at.block.header)))
            }
            Err(why) => Err(Reason::new(format!("{}.{attribute}", at.id), why, Some(at.block.header))),
        }))
    }

    /// A value of another project as it is read here: what is known there after apply is known here before, though not
    /// to rootlint. A state keeps no marks; what is sensitive there is not shown here either.
    fn foreign(&self, value: Value, project: &str) -> Value {
        if value.size_up_to(MAX_SIZE) >= MAX_SIZE {
            let reason = Reason::new(format!("a value of {project}"), "is too large", value.origin.span);
            return Value::unknown(Type::Dynamic, reason).with_origin(value.origin);
        }
        Foreign { why: format!("is only known once {project} is applied") }.value(value)
    }
}

struct Foreign {
    why: String,
}

impl Foreign {
    fn value(&self, value: Value) -> Value {
        let Value { kind, origin, mut marks } = value;
        if marks.contains(&Marks::SENSITIVE) {
            marks = marks.without(&Marks::SENSITIVE).union(&Marks::SECRET);
        }
        let kind = match kind {
            Kind::Unknown(unknown) => Kind::Unknown(self.unknown(unknown)),
            Kind::Text(text) => Kind::Text(self.text(&text)),
            Kind::Tuple(all) => Kind::Tuple(self.all(&all)),
            Kind::List(ty, all) => Kind::List(ty, self.all(&all)),
            Kind::Set(ty, all) => Kind::Set(ty, self.all(&all)),
            Kind::Object(fields) => Kind::Object(self.fields(&fields)),
            Kind::Map(ty, fields) => Kind::Map(ty, self.fields(&fields)),
            kind @ (Kind::Null(_) | Kind::Bool(_) | Kind::Number(_)) => kind,
        };
        Value { kind, origin, marks }
    }

    fn all(&self, values: &[Value]) -> Arc<Vec<Value>> {
        Arc::new(values.iter().map(|value| self.value(value.clone())).collect())
    }

    fn fields(&self, fields: &Fields) -> Arc<Fields> {
        let mut all = Fields::default();
        for (name, field) in fields.fields() {
            all.insert(Arc::clone(name), field.key_span, self.value(field.value.clone()));
        }
        if let Some(open) = fields.open() {
            all.set_open(self.unknown(Arc::clone(open)));
        }
        Arc::new(all)
    }

    fn text(&self, text: &Text) -> Text {
        if text.as_str().is_some() {
            return text.clone();
        }
        Text::from_pieces(text.pieces().map(|piece| match piece {
            Piece::Unknown(unknown) => Piece::Unknown(self.unknown(unknown)),
            Piece::Encoded(encoded) => Piece::Encoded(Arc::new(Encoded {
                value: self.value(encoded.value.clone()),
                text: self.text(&encoded.text),
            })),
            literal @ Piece::Literal(_) => literal,
        }))
    }

    fn unknown(&self, unknown: Arc<Unknown>) -> Arc<Unknown> {
        if unknown.reason.why != AFTER_APPLY {
            return unknown;
        }
        let mut unknown = (*unknown).clone();
        unknown.reason.why = self.why.clone().into();
        Arc::new(unknown)
    }
}

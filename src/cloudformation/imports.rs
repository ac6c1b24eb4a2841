//! `Fn::ImportValue`: values that other templates export. A template says which names it asks for; whoever knows the
//! other templates hands in what they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::call::Call;
use crate::cloudformation::dynamic;
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::foreach::Entry;
use crate::cloudformation::functions::text_of;
use crate::text::Piece;
use crate::types::Type;
use crate::value::{Kind, Reason, Symbol, Unknown, Value, Via};

/// The pseudo parameters that are the same in both stacks: exports are seen within one account and region only.
const SHARED: [&str; 4] = ["AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"];

/// What is known of an export.
#[derive(Clone, Debug)]
pub enum Import {
    /// Its value in the template that exports it.
    Value(Value),
    /// Why it cannot be known, as the rest of a sentence that starts with its name.
    Unknown(&'static str),
}

/// The exports that a template imports.
#[derive(Debug, Default)]
pub(super) struct Imports {
    known: BTreeMap<Arc<str>, Import>,
    asked: BTreeSet<Arc<str>>,
}

/// Stands around the name of a pseudo parameter in the name of an export: no template can write it.
const MARK: char = '\u{1}';

/// The name of an export as one text: equal texts are equal names. `None` if a part of it is unknown that may differ
/// from stack to stack, or is no part of a name.
pub fn export_name(name: &Value) -> Option<Arc<str>> {
    let text = text_of(name)?;
    let mut whole = String::new();
    for piece in text.flattened().pieces() {
        match piece {
            Piece::Literal(literal) if !literal.text.contains(MARK) => whole.push_str(&literal.text),
            Piece::Unknown(unknown) => {
                let symbol = unknown.symbol.as_ref()?;
                let shared = SHARED.contains(&&*symbol.address).then_some(&symbol.address)?;
                whole.push_str(&format!("{MARK}{shared}{MARK}"));
            }
            _ => return None,
        }
    }
    Some(whole.into())
}

/// The name as it is written.
fn shown(name: &str) -> Arc<str> {
    let mut whole = String::new();
    for (index, part) in name.split(MARK).enumerate() {
        whole.push_str(&if index % 2 == 0 { part.to_owned() } else { format!("${{{part}}}") });
    }
    whole.into()
}

impl Template {
    /// The names of exports that evaluation has asked for and that are not handed in yet.
    pub fn asked_exports(&self) -> Vec<Arc<str>> {
        let own = {
            let mut imports = self.imports.borrow_mut();
            let asked = std::mem::take(&mut imports.asked);
            asked.into_iter().filter(|name| !imports.known.contains_key(name)).collect::<Vec<_>>()
        };
        let nested = self.nested.values().flat_map(Self::asked_exports);
        own.into_iter().chain(nested).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Hands in what is known of exports. What was evaluated before has to be evaluated again.
    pub fn hand_in(&self, imports: &[(Arc<str>, Import)]) {
        self.imports.borrow_mut().known.extend(imports.iter().cloned());
        self.decided.borrow_mut().clear();
        self.steps.set(0);
        self.nested.values().for_each(|nested| nested.hand_in(imports));
    }

    /// Whether the template imports anything.
    pub fn imports_any(&self) -> bool {
        self.mentions_text("ImportValue")
    }

    /// Whether a credential that `wanted` accepts is imported.
    pub(super) fn has_imported(&self, wanted: &dyn Fn(&Symbol) -> bool) -> bool {
        let own = self.imports.borrow().known.values().any(|import| match import {
            Import::Value(value) => value.deep_marks().credentials().iter().any(|credential| wanted(&credential.of)),
            Import::Unknown(_) => false,
        });
        own || self.nested.values().any(|nested| nested.has_imported(wanted))
    }

    /// The names under which outputs are exported, with what [`Self::exported`] finds each by.
    pub fn exports(&self) -> Vec<(Value, Arc<str>)> {
        let exported = self.outputs.iter().filter(|entry| self.presence(entry).is_some());
        let own = exported.filter_map(|entry| Some((self.export_of(entry)?, Arc::clone(&entry.name))));
        let nested = self.nested.iter().flat_map(|(stack, nested)| {
            nested.exports().into_iter().map(move |(name, output)| (name, format!("{stack}.{output}").into()))
        });
        own.chain(nested).collect()
    }

    /// The value of an output that is exported.
    pub fn exported(&self, output: &str) -> Option<Value> {
        match output.split_once('.') {
            Some((stack, output)) => self.nested.get(stack)?.exported(output),
            None => Some(dynamic::resolve(self.output(output)?, &self.place.project)),
        }
    }

    /// The name under which an output is exported.
    pub(super) fn export_of(&self, entry: &Entry) -> Option<Value> {
        self.evaluate(entry.body.get("Export")?.get("Name")?, &entry.scope)
    }

    /// `Fn::ImportValue`: the same export is the same value, whichever template reads it.
    pub(super) fn import(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let Some(value) = self.argument(call.argument, scope) else {
            return self.misused(call, "the name of an export");
        };
        let Some(name) = export_name(&value) else {
            return match value.as_unknown() {
                Some(unknown) => Value::unknown_from(&unknown, Type::Dynamic),
                None => self.misused(call, "the name of an export"),
            };
        };
        let known = self.imports.borrow().known.get(&name).cloned();
        let written = shown(&name);
        let why = match known {
            Some(Import::Value(value)) => return value.via(Via::Export(written), Some(call.span)),
            Some(Import::Unknown(why)) => why,
            None => {
                self.imports.borrow_mut().asked.insert(name);
                "is exported by another stack"
            }
        };
        let symbol = Symbol {
            project: "".into(),
            address: Arc::clone(&written),
            kind: "AWS::CloudFormation::Export".into(),
            attribute: "Value".into(),
        };
        let reason = Reason::new(written, why, Some(call.span));
        let unknown = Unknown { ty: Type::Text, not_null: true, symbol: Some(symbol), among: None, reason };
        Value::new(Kind::Unknown(Arc::new(unknown)))
    }
}

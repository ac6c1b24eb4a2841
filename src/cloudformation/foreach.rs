//! `Fn::ForEach`: a part of a mapping written once for each element of a list.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::functions::{sole_text, text_of};
use crate::cloudformation::macros;
use crate::finding::Diagnostic;
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind};
use crate::value::{Kind, Reason, Value};

/// How many entries a section with loops may have. CloudFormation takes 500 resources.
const MAX_MADE: usize = 10_000;

/// Takes the body of a loop, the scope in which it is meant, and why it may be meant otherwise.
type Visit<'v> = dyn FnMut(&[(Node, Node)], &Scope, Option<&Reason>) + 'v;

/// An entry of a section of the template, loops multiplied out.
#[derive(Clone)]
pub(super) struct Entry {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name is written.
    pub key: Span,
    /// What it says.
    pub body: Rc<Node>,
    /// The variables of the loops around it.
    pub scope: Scope,
    /// Why it is not certain that there is just this one: a loop over an unknown list.
    pub uncertain: Option<Rc<Reason>>,
}

impl Entry {
    /// The type of a resource; empty if it is none that is written here (a module, say).
    pub fn kind(&self) -> &str {
        let kind = self.body.get("Type").filter(|kind| kind.tag.is_none());
        kind.and_then(Node::as_str).unwrap_or_default()
    }

    /// The whole entry.
    pub fn span(&self) -> Span {
        self.key.to(self.body.span)
    }
}

impl Template {
    /// Hands the body of a loop to `visit` for each element, with the scope in which it is meant; for a list that is
    /// not known once, with the reason.
    pub(super) fn each(&self, key: &Node, value: &Node, scope: &Scope, visit: &mut Visit<'_>) {
        let fail = |message: &str| self.error(Diagnostic::new("cfn-invalid-function", message, key.span));
        let Some([variable, collection, body]) = value.as_sequence() else {
            return fail("Fn::ForEach takes a variable, a list and a mapping");
        };
        let (Some(variable), Some(body)) = (variable.as_scalar(), body.as_mapping()) else {
            return fail("Fn::ForEach takes a variable, a list and a mapping");
        };
        let name = &variable.text;
        if scope.get(name).is_some() || self.parameters.contains_key(name) {
            fail(&format!(
                "the variable `{name}` of Fn::ForEach is the name of a parameter or of another loop's variable"
            ));
        }
        if !self.enter(key.span) {
            return;
        }
        let list = self.evaluate(collection, scope).unwrap_or_else(|| Value::tuple(Vec::new()));
        let mut run = |element: &Value, reason: Option<&Reason>| {
            let enter = self.enter(key.span);
            if enter {
                visit(body, &scope.with(Arc::clone(&variable.text), element.clone()), reason);
                self.leave();
            }
            enter
        };
        match (&list.kind, list.elements()) {
            (_, Some(elements)) => {
                for element in elements {
                    // CloudFormation takes strings only; lists of lists could also double with each loop.
                    let Some(text) = text_of(element) else {
                        fail("Fn::ForEach goes through a list of strings");
                        break;
                    };
                    let unknown = element.as_unknown();
                    let origin = list.origin.select(&element.origin, Some(collection.span));
                    let reason = unknown.as_ref().map(|unknown| &unknown.reason);
                    // Loops multiply: once it is too much, no iteration follows.
                    let element = Value { kind: sole_text(text), origin, marks: element.marks };
                    if !run(&element, reason) {
                        break;
                    }
                }
            }
            (Kind::Unknown(unknown), None) => {
                run(&Value::unknown_from(unknown, crate::types::Type::Text), Some(&unknown.reason));
            }
            _ => fail("Fn::ForEach goes through a list"),
        }
        self.leave();
    }

    /// The entries of a section, loops multiplied out.
    pub(super) fn entries(&self, section: Option<Node>, name: &str) -> Vec<Entry> {
        let Some(section) = section else { return Vec::new() };
        let mut found = Vec::new();
        match section.kind {
            NodeKind::Mapping(entries) => {
                found.reserve(entries.len());
                // What it makes of the section is not known, but for what is included.
                let reason =
                    entries.iter().find(|(key, _)| key.as_str() == Some(macros::CALL)).and_then(|(key, call)| {
                        let reason = macros::reason(call, key.span);
                        (!macros::is_include(call)).then_some(reason)
                    });
                for (key, body) in entries.into_iter().filter(|(key, _)| key.as_str() != Some(macros::CALL)) {
                    let own = body.get(macros::CALL).map(|call| macros::reason(call, key.span));
                    self.expand(&key, Rc::new(body), &Scope::default(), reason.as_ref().or(own.as_ref()), &mut found);
                }
                self.check_loops(&found);
            }
            _ => {
                let message = format!("the section {name} is no mapping");
                self.error(Diagnostic::new("cfn-invalid-section", message, section.span));
            }
        }
        found
    }

    /// Reports what loops make more than once. Keys that are written twice are reported where they are written.
    fn check_loops(&self, entries: &[Entry]) {
        let mut seen = HashSet::new();
        for entry in entries {
            let in_loop = entry.scope.variables().next().is_some();
            if !seen.insert(&entry.name) && in_loop && !entry.name.contains('*') {
                self.made_twice(&entry.name, entry.key);
            }
        }
    }

    /// Reports that a loop makes a key that is there already.
    pub(super) fn made_twice(&self, name: &str, span: Span) {
        let message = format!("the loop makes `{name}` a second time; the last one counts");
        self.error(Diagnostic::new("cfn-repeated-key", message, span));
    }

    fn expand(&self, key: &Node, body: Rc<Node>, scope: &Scope, uncertain: Option<&Reason>, found: &mut Vec<Entry>) {
        let Some(name) = key.as_scalar() else { return };
        if found.len() >= MAX_MADE && scope.variables().next().is_some() {
            let message = format!("loops make more than {MAX_MADE} entries of this section; rootlint stops here");
            return self.error(Diagnostic::new("cfn-too-deep", message, key.span));
        }
        if name.text.starts_with("Fn::ForEach::") {
            // The body is copied once, not for each element.
            let mut copies: Vec<(Node, Rc<Node>)> = Vec::new();
            self.each(key, &body, scope, &mut |entries, scope, reason| {
                if copies.is_empty() {
                    copies.extend(entries.iter().map(|(key, body)| (key.clone(), Rc::new(body.clone()))));
                }
                for (key, body) in &copies {
                    self.expand(key, Rc::clone(body), scope, uncertain.or(reason), found);
                }
            });
        } else if let Some(name) = self.key(key, scope) {
            found.push(Entry {
                name,
                key: key.span,
                body,
                scope: scope.clone(),
                uncertain: uncertain.map(|reason| Rc::new(reason.clone())),
            });
        }
    }
}

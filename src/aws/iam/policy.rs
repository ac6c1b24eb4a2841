//! Policy documents, read as strictly as AWS reads them: what AWS would reject is an error with its place; what is not
//! known stays unknown.
//!
//! Grammar: IAM User Guide, "Grammar of the IAM JSON policy language"; elements of a service control policy:
//! Organizations User Guide, "SCP syntax".

use std::fmt;

use crate::aws::identity;
use crate::source::Span;
use crate::text::Piece;
use crate::value::{Fields, Kind, Reason, Symbol, Unknown, Value};

use super::condition::{Condition, Operator};

/// A service control policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whether `${...}` is a policy variable (`Version` is `2012-10-17`) or plain text (an older or no version).
    pub variables: bool,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// Where it is written.
    pub span: Option<Span>,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// `Sid`
    pub sid: Option<String>,
    /// Where it is written.
    pub span: Option<Span>,
    /// `Effect`
    pub effect: Effect,
    /// Where it is written.
    pub effect_span: Option<Span>,
    /// `Action` or `NotAction`.
    pub actions: Element,
    /// `Resource` or `NotResource`.
    pub resources: Element,
    /// `Condition`: all must hold.
    pub conditions: Vec<Condition>,
    /// Why parts of the statement are unknown altogether: it may or may not match.
    pub unknown: Vec<Reason>,
}

/// `Effect`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
    /// One of both.
    Unknown(Reason),
}

/// `Action`, `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug, Default)]
pub struct Element {
    /// Whether it is the `Not` form.
    pub negated: bool,
    /// Its values.
    pub values: Vec<Item>,
    /// Where its values are written.
    pub span: Option<Span>,
}

/// One string of a policy, perhaps partly known.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its characters.
    pub units: Vec<Unit>,
    /// Where it is written.
    pub span: Option<Span>,
}

/// A character, or a run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A character.
    Char(char),
    /// Any characters, none included.
    Hole(Box<Hole>),
    /// The id of the account that is asked about.
    Own,
    /// The id of some other account.
    Other,
}

/// Characters that are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Why.
    pub reason: Reason,
    /// What they are the value of, canonical.
    pub symbol: Option<Symbol>,
}

/// What a value that is not known means to whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The id of the account that is asked about.
    Own,
    /// The id of some other account.
    Other,
    /// These characters.
    Text(String),
}

impl Unit {
    /// Characters that are not known, of which nothing else is known either.
    pub fn hole(reason: Reason) -> Self {
        Self::Hole(Box::new(Hole { reason, symbol: None }))
    }

    fn unknown(unknown: &Unknown) -> Self {
        let symbol = unknown.symbol.as_ref().and_then(identity::same_text);
        Self::Hole(Box::new(Hole { reason: unknown.reason.clone(), symbol }))
    }
}

/// Why AWS would not accept the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Item {
    /// A string of the policy that is known.
    pub fn known(text: &str) -> Self {
        Self { units: text.chars().map(Unit::Char).collect(), span: None }
    }

    /// The string with `…` for what is not known, to show it.
    pub fn shown(&self) -> String {
        let unit = |unit: &Unit| match unit {
            Unit::Char(character) => *character,
            Unit::Hole(_) | Unit::Own | Unit::Other => '…',
        };
        self.units.iter().map(unit).collect()
    }

    /// The string, if all of it is known.
    pub fn as_known(&self) -> Option<String> {
        let unit = |unit: &Unit| match unit {
            Unit::Char(character) => Some(*character),
            Unit::Hole(_) | Unit::Own | Unit::Other => None,
        };
        self.units.iter().map(unit).collect()
    }

    /// Why parts of it are not known.
    pub fn holes(&self) -> impl Iterator<Item = &Reason> {
        self.units.iter().filter_map(|unit| match unit {
            Unit::Hole(hole) => Some(&hole.reason),
            Unit::Char(_) | Unit::Own | Unit::Other => None,
        })
    }

    /// What the parts that are not known are the values of.
    fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.units.iter().filter_map(|unit| match unit {
            Unit::Hole(hole) => hole.symbol.as_ref(),
            Unit::Char(_) | Unit::Own | Unit::Other => None,
        })
    }

    fn name(&mut self, meaning: &dyn Fn(&Symbol) -> Option<Named>) {
        if self.symbols().next().is_none() {
            return;
        }
        let named = |unit: Unit| {
            let symbol = match &unit {
                Unit::Hole(hole) => hole.symbol.as_ref(),
                _ => None,
            };
            match symbol.and_then(meaning) {
                None => vec![unit],
                Some(Named::Own) => vec![Unit::Own],
                Some(Named::Other) => vec![Unit::Other],
                Some(Named::Text(text)) => text.chars().map(Unit::Char).collect(),
            }
        };
        self.units = std::mem::take(&mut self.units).into_iter().flat_map(named).collect();
    }

    /// A string, number or truth value as a policy may write it; `None` for anything else.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let span = value.origin.place();
        let units = match &value.kind {
            Kind::Text(text) => {
                let mut units = Vec::new();
                for piece in text.flattened().pieces() {
                    match piece {
                        Piece::Literal(literal) => units.extend(literal.text.chars().map(Unit::Char)),
                        Piece::Unknown(unknown) => units.push(Unit::unknown(&unknown)),
                        Piece::Encoded(_) => {}
                    }
                }
                units
            }
            Kind::Bool(value) => value.to_string().chars().map(Unit::Char).collect(),
            Kind::Number(number) => number.to_string().chars().map(Unit::Char).collect(),
            Kind::Unknown(unknown) => vec![Unit::unknown(unknown)],
            _ => return None,
        };
        Some(Self { units, span })
    }

    /// A string or a list of strings.
    pub(super) fn list(value: &Value) -> Option<Vec<Self>> {
        match value.elements() {
            Some(elements) => elements.iter().map(Self::read).collect(),
            None => Self::read(value).map(|item| vec![item]),
        }
    }
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// Everything for which AWS would reject it (`MalformedPolicyDocument`).
    pub fn parse(document: &Value) -> Result<Self, Vec<PolicyError>> {
        let mut reader = Reader::default();
        let policy = reader.policy(document);
        if reader.errors.is_empty() { Ok(policy) } else { Err(reader.errors) }
    }

    /// A policy of which nothing is known: it may deny, allow, or neither.
    pub fn unknown(reason: Reason, span: Option<Span>) -> Self {
        Self { variables: true, statements: vec![Statement::unknown(reason, span)], span }
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.statements.iter().flat_map(|statement| {
            let values = statement.conditions.iter().flat_map(|condition| &condition.values);
            statement.resources.values.iter().chain(values)
        })
    }

    /// What its unknown parts are the values of, as far as that is known.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.items().flat_map(Item::symbols)
    }

    /// The policy with what some of its unknown parts mean.
    #[must_use]
    pub fn naming(&self, meaning: &dyn Fn(&Symbol) -> Option<Named>) -> Self {
        let mut policy = self.clone();
        for statement in &mut policy.statements {
            let values = statement.conditions.iter_mut().flat_map(|condition| &mut condition.values);
            statement.resources.values.iter_mut().chain(values).for_each(|item| item.name(meaning));
        }
        policy
    }

    /// AWS's own policy `FullAWSAccess`.
    pub fn full_access() -> Self {
        let any = Element { negated: false, values: vec![Item::known("*")], span: None };
        let statement = Statement {
            sid: None,
            span: None,
            effect: Effect::Allow,
            effect_span: None,
            actions: any.clone(),
            resources: any,
            conditions: Vec::new(),
            unknown: Vec::new(),
        };
        Self { variables: true, statements: vec![statement], span: None }
    }
}

impl Statement {
    fn unknown(reason: Reason, span: Option<Span>) -> Self {
        let any = Element { negated: false, values: vec![Item::known("*")], span };
        Self {
            sid: None,
            span,
            effect: Effect::Unknown(reason.clone()),
            effect_span: None,
            actions: any.clone(),
            resources: any,
            conditions: Vec::new(),
            unknown: vec![reason],
        }
    }

    /// The statement's name for a reader: its `Sid`, or nothing.
    pub fn title(&self) -> String {
        self.sid.as_ref().map_or_else(|| "a statement".into(), |sid| format!("statement `{sid}`"))
    }
}

/// How many bytes of strings a policy may have: many times what AWS takes of any kind.
const MAX_LENGTH: usize = 256 << 10;

/// How many bytes the strings of a value have, counted up to `limit`.
pub fn length_up_to(value: &Value, limit: usize) -> usize {
    let mut open = vec![value];
    let mut length = 0;
    while let Some(value) = open.pop().filter(|_| length < limit) {
        match &value.kind {
            Kind::Text(text) => length += text.known_len(),
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                length += elements.len();
                open.extend(elements.iter());
            }
            Kind::Object(fields) | Kind::Map(_, fields) => {
                length += fields.keys().map(|key| key.len()).sum::<usize>();
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    length
}

/// Where a value stands behind its key. What is written elsewhere, and only used here, is no part of the condition.
fn follows(key: Span, value: &Value) -> Option<Span> {
    let places = [value.origin.place(), value.origin.span].into_iter().flatten();
    places.filter(|span| span.file == key.file && span.start >= key.end).min_by_key(|span| span.end)
}

#[derive(Default)]
struct Reader {
    errors: Vec<PolicyError>,
}

impl Reader {
    fn error(&mut self, message: impl Into<String>, span: Option<Span>) {
        self.errors.push(PolicyError { message: message.into(), span });
    }

    /// IAM User Guide, grammar: "keys must not be repeated" within one element.
    fn repeated(&mut self, fields: &Fields) {
        for (key, span) in fields.repeated() {
            self.error(format!("`{key}` is written twice; AWS rejects repeated keys"), *span);
        }
    }

    fn policy(&mut self, document: &Value) -> Policy {
        let span = document.origin.place();
        let mut policy = Policy { variables: false, statements: Vec::new(), span };
        if let Kind::Unknown(unknown) = &document.kind {
            return Policy::unknown(unknown.reason.clone(), span);
        }
        if length_up_to(document, MAX_LENGTH) >= MAX_LENGTH {
            return Policy::unknown(Reason::new("the policy", "is longer than rootlint reads", span), span);
        }
        let Some(fields) = document.fields() else {
            self.error("a policy is a JSON object", span);
            return policy;
        };
        self.repeated(fields);
        for (key, field) in fields.fields() {
            if !matches!(&**key, "Version" | "Id" | "Statement") {
                self.error(format!("`{key}` is no element of a policy"), field.key_span.or(span));
            }
        }
        policy.variables = match fields.get("Version") {
            None => false,
            Some(version) => match (version.as_str().as_deref(), version.as_unknown()) {
                (Some("2012-10-17"), _) => true,
                (Some("2008-10-17"), _) => false,
                // Whatever it is, the service control policy is only accepted with the version that has variables.
                (None, Some(_)) => true,
                _ => {
                    self.error("`Version` is \"2012-10-17\"", version.origin.place());
                    true
                }
            },
        };
        match fields.get("Statement") {
            None => self.error("`Statement` is missing", span),
            Some(value) => match (&value.kind, value.elements()) {
                (_, Some(elements)) => {
                    policy.statements = elements.iter().filter_map(|element| self.statement(element)).collect();
                }
                _ => policy.statements.extend(self.statement(value)),
            },
        }
        policy
    }

    fn statement(&mut self, value: &Value) -> Option<Statement> {
        let span = value.origin.place();
        if let Kind::Unknown(unknown) = &value.kind {
            return Some(Statement::unknown(unknown.reason.clone(), span));
        }
        let Some(fields) = value.fields() else {
            self.error("a statement is a JSON object", span);
            return None;
        };
        self.repeated(fields);
        for (key, field) in fields.fields() {
            match &**key {
                "Sid" | "Effect" | "Action" | "NotAction" | "Resource" | "NotResource" | "Condition" => {}
                "Principal" | "NotPrincipal" => {
                    self.error(format!("a service control policy takes no `{key}`"), field.key_span.or(span));
                }
                _ => self.error(format!("`{key}` is no element of a statement"), field.key_span.or(span)),
            }
        }
        let sid = fields.get("Sid").and_then(|sid| sid.as_str().map(|sid| sid.into_owned()));
        let effect = self.effect(fields, span);
        let actions = self.element(fields, ["Action", "NotAction"], span);
        let resources = self.element(fields, ["Resource", "NotResource"], span);
        let (Some(effect), Some(actions), Some(resources)) = (effect, actions, resources) else { return None };
        for action in &actions.values {
            self.action(action);
        }
        let effect_span = fields.get("Effect").and_then(|effect| effect.origin.place());
        let (conditions, unknown) = (Vec::new(), Vec::new());
        let mut statement = Statement { sid, span, effect, effect_span, actions, resources, conditions, unknown };
        if let Some(condition) = fields.get("Condition") {
            self.conditions(condition, &mut statement);
        }
        Some(statement)
    }

    fn effect(&mut self, fields: &Fields, span: Option<Span>) -> Option<Effect> {
        let Some(value) = fields.get("Effect") else {
            self.error("`Effect` is missing", span);
            return None;
        };
        match (value.as_str().as_deref(), value.as_unknown()) {
            (Some("Allow"), _) => Some(Effect::Allow),
            (Some("Deny"), _) => Some(Effect::Deny),
            (None, Some(unknown)) => Some(Effect::Unknown(unknown.reason.clone())),
            _ => {
                self.error("`Effect` is `Allow` or `Deny`, in just this case", value.origin.place().or(span));
                None
            }
        }
    }

    fn element(&mut self, fields: &Fields, names: [&str; 2], span: Option<Span>) -> Option<Element> {
        let [plain, not] = names;
        let (name, negated) = match (fields.get(plain), fields.get(not)) {
            (Some(_), Some(_)) => {
                let at = fields.field(not).and_then(|field| field.key_span);
                self.error(format!("`{plain}` and `{not}` exclude each other"), at.or(span));
                return None;
            }
            (None, None) => {
                self.error(format!("`{plain}` or `{not}` is missing"), span);
                return None;
            }
            (Some(_), None) => (plain, false),
            (None, Some(_)) => (not, true),
        };
        let value = fields.get(name)?;
        let Some(values) = Item::list(value) else {
            self.error(format!("`{name}` is a string or a list of strings"), value.origin.place().or(span));
            return None;
        };
        Some(Element { negated, values, span: value.origin.place() })
    }

    /// Service Authorization Reference: an action is `service:Name`, or `*`.
    fn action(&mut self, action: &Item) {
        let Some(text) = action.as_known() else { return };
        if text != "*" && !text.contains(':') {
            self.error(format!("`{text}` is no action: the service is missing (`iam:{text}`)"), action.span);
        }
    }

    fn conditions(&mut self, value: &Value, statement: &mut Statement) {
        if let Kind::Unknown(unknown) = &value.kind {
            statement.unknown.push(unknown.reason.clone());
            return;
        }
        let Some(operators) = value.fields() else {
            self.error("`Condition` is a JSON object", value.origin.place().or(statement.span));
            return;
        };
        self.repeated(operators);
        for (name, field) in operators.fields() {
            let operator_span = field.key_span;
            let at = operator_span.or(value.origin.place());
            let Some(operator) = Operator::parse(name) else {
                self.error(format!("`{name}` is no condition operator"), at);
                continue;
            };
            if let Kind::Unknown(unknown) = &field.value.kind {
                statement.unknown.push(unknown.reason.clone());
                continue;
            }
            let Some(keys) = field.value.fields() else {
                self.error(format!("`{name}` takes a JSON object of condition keys"), at);
                continue;
            };
            self.repeated(keys);
            for (key, field) in keys.fields() {
                let span = field.key_span.map(|key| key.to(follows(key, &field.value).unwrap_or(key)));
                match Item::list(&field.value) {
                    Some(values) => statement.conditions.push(Condition {
                        operator: operator.clone(),
                        operator_span,
                        key: key.to_string(),
                        values,
                        span: span.or(field.value.origin.place()),
                    }),
                    None => self.error(format!("`{key}` takes a value or a list of values"), span.or(at)),
                }
            }
        }
    }
}

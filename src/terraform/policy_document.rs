//! `data.aws_iam_policy_document`: the one data source that computes its result from its arguments alone.
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>

use std::sync::Arc;

use super::attributes::Gaps;
use super::evaluator::{Evaluated, Evaluator};
use super::normal;
use super::schema;
use super::scope::Scope;
use super::set_order::ordered;
use crate::document::{self, DocumentError};
use crate::encode::escape_json;
use crate::resource::Mode;
use crate::source::Span;
use crate::syntax::hcl::Block;
use crate::text::{Piece, Text};
use crate::types::Type;
use crate::value::{Field, Fields, Kind, Marks, Reason, Value};

/// The keys of a statement in the order in which the provider prints them.
const STATEMENT_KEYS: [&str; 9] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];

/// A document being merged.
#[derive(Default)]
struct Merged {
    version: Option<Value>,
    id: Option<Value>,
    statements: Vec<Value>,
}

impl Merged {
    /// A later statement with the `Sid` of an earlier one takes its place; the others are appended.
    fn add(&mut self, statement: Value) {
        let sid = |statement: &Value| {
            let sid = statement.fields()?.get("Sid")?.as_str()?.into_owned();
            (!sid.is_empty()).then_some(sid)
        };
        let place =
            sid(&statement).and_then(|new| self.statements.iter_mut().find(|old| sid(old).as_ref() == Some(&new)));
        match place {
            Some(old) => *old = statement,
            None => self.statements.push(statement),
        }
    }

    fn merge(&mut self, document: &Value) {
        let Some(fields) = document.fields() else { return };
        match fields.get("Statement") {
            Some(Value { kind: Kind::Tuple(statements) | Kind::List(_, statements), .. }) => {
                statements.iter().for_each(|statement| self.add(statement.clone()));
            }
            Some(statement) => self.add(statement.clone()),
            None => {}
        }
        if let Some(version) = fields.get("Version") {
            let newer = match (version.as_str(), self.version.as_ref().and_then(Value::as_str)) {
                (Some(new), Some(old)) => new > old,
                _ => true,
            };
            if newer {
                self.version = Some(version.clone());
            }
        }
        if let Some(id) = fields.get("Id") {
            self.id = Some(id.clone());
        }
    }
}

impl Evaluator<'_> {
    /// The document as a JSON text that remembers the value it came from.
    pub(super) fn policy_document(&self, block: &Block, scope: &Scope<'_>, minified: bool) -> Evaluated {
        let get = |name: &str| self.policy_argument(block, name, scope);
        let report = |message: String, span: Span| self.error("policy-syntax", message, span);
        Composer { get: &get, report: &report, header: block.header }.compose(minified)
    }

    fn policy_argument(&self, block: &Block, name: &str, scope: &Scope<'_>) -> Evaluated {
        let computed = |ty: Type| Value::new(Kind::Null(ty));
        let schema = schema::of(Mode::Data, "aws_iam_policy_document");
        let gaps = Gaps { header: block.header, computed: &computed, defaults: true, of: None };
        self.body_value(&block.body, name, schema, scope, &gaps)
    }
}

/// The document of a data source that a plan has only the arguments of, without the provider's defaults.
pub(super) fn of_arguments(
    argument: &dyn Fn(&str) -> Value,
    header: Span,
    minified: bool,
    report: &dyn Fn(String, Span),
) -> Value {
    let mut arguments = Fields::default();
    if let Some(schema) = schema::of(Mode::Data, "aws_iam_policy_document") {
        for name in schema.attributes.iter().filter(|(_, attribute)| attribute.optional).map(|(name, _)| name) {
            arguments.insert(Arc::clone(name), None, argument(name));
        }
        arguments.insert("statement".into(), None, argument("statement"));
        let filled = normal::filled(Value::object(arguments), schema);
        let get = |name: &str| Ok(filled.fields().and_then(|all| all.get(name).cloned()).unwrap_or_else(Value::null));
        if let Ok(document) = (Composer { get: &get, report, header }).compose(minified) {
            return document;
        }
    }
    let reason = Reason::new("aws_iam_policy_document", "cannot be read", Some(header));
    Value::unknown(Type::Text, reason).at(header)
}

/// Puts a document together.
struct Composer<'c> {
    /// An argument, defaults filled in.
    get: &'c dyn Fn(&str) -> Evaluated,
    /// Takes what is wrong with a document that is merged into it.
    report: &'c dyn Fn(String, Span),
    header: Span,
}

impl Composer<'_> {
    fn compose(&self, minified: bool) -> Evaluated {
        let (get, header) = (self.get, self.header);
        let mut marks = Marks::NONE;
        let mut merged = Merged::default();
        let mut unknown_sources = Vec::new();
        for document in self.documents(&get("source_policy_documents")?, &get("source_json")?, &mut marks) {
            match document {
                Ok(document) => merged.merge(&document),
                // What a source document says stays open; the block's own statements are added to it all the same.
                Err(reason) => unknown_sources.push(reason),
            }
        }
        let statements = get("statement")?;
        let mut own =
            Merged { version: Some(get("version")?).filter(|version| !is_empty_text(version)), ..Merged::default() };
        own.id = Some(get("policy_id")?).filter(|id| !is_empty_text(id));
        for statement in statements.elements().unwrap_or_default() {
            marks = marks.union(&statement.deep_marks());
            own.statements.push(statement_value(statement));
        }
        let version = own.version.clone();
        if merged.version.is_none() {
            merged.version = version;
        }
        merged.id = own.id.or(merged.id);
        own.statements.into_iter().for_each(|statement| merged.add(statement));
        for document in self.documents(&get("override_policy_documents")?, &get("override_json")?, &mut marks) {
            match document {
                Ok(document) => merged.merge(&document),
                // It may replace any statement.
                Err(reason) => return Ok(Value::unknown(Type::Text, reason).at(header).mark(&marks)),
            }
        }
        for reason in unknown_sources {
            merged.statements.insert(0, Value::unknown(Type::Dynamic, reason).at(header));
        }
        let document = document_value(merged, header);
        let text = print(&document, minified);
        Ok(Value::new(Kind::Text(Text::encoded(document, text))).at(header).mark(&marks))
    }

    /// The documents of a list argument and of its older single form.
    fn documents(&self, list: &Value, single: &Value, marks: &mut Marks) -> Vec<Result<Value, Reason>> {
        marks.add(&list.deep_marks());
        marks.add(&single.marks);
        let mut documents = Vec::new();
        let mut read = |value: &Value| {
            if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
                return;
            }
            documents.push(document::read(value).map_err(|error| match error {
                DocumentError::Unknown(reason) => reason,
                DocumentError::Syntax { message, span } => {
                    let span = span.or(value.origin.span);
                    if let Some(span) = span {
                        (self.report)(format!("this policy document is no JSON: {message}"), span);
                    }
                    Reason::new("a policy document", "is no JSON", span)
                }
            }));
        };
        read(single);
        match (list.elements(), list.as_unknown()) {
            (Some(elements), _) => elements.iter().for_each(&mut read),
            (None, Some(unknown)) => documents.push(Err(unknown.reason.clone())),
            (None, None) => {}
        }
        documents
    }
}

fn document_value(merged: Merged, header: Span) -> Value {
    let mut fields = Fields::default();
    for (name, value) in [("Version", merged.version), ("Id", merged.id)] {
        if let Some(value) = value {
            fields.insert(Arc::from(name), None, value);
        }
    }
    if !merged.statements.is_empty() {
        fields.insert(Arc::from("Statement"), None, Value::tuple(merged.statements).at(header));
    }
    Value::object(fields).at(header)
}

/// A `statement` block as a statement of a policy document.
fn statement_value(block: &Value) -> Value {
    let Some(arguments) = block.fields() else { return block.clone() };
    let mut statement = Fields::default();
    let mut put = |key: &str, field: &Field, value: Value| statement.insert(Arc::from(key), field.key_span, value);
    for (argument, key) in [
        ("sid", "Sid"),
        ("effect", "Effect"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        let Some(field) = arguments.field(argument) else { continue };
        let value = match argument {
            "sid" | "effect" => Some(field.value.clone()).filter(|value| !is_empty_text(value)),
            // Only in resources, identifiers and condition values `&{` stands for `${`.
            "actions" | "not_actions" => string_list(&field.value, false, true),
            _ => string_list(&field.value, true, true),
        };
        if let Some(value) = value {
            put(key, field, value);
        }
    }
    for (argument, key) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        if let Some(field) = arguments.field(argument)
            && let Some(value) = principals(&field.value)
        {
            put(key, field, value);
        }
    }
    if let Some(field) = arguments.field("condition")
        && let Some(value) = conditions(&field.value)
    {
        put("Condition", field, value);
    }
    Value::object(statement).with_origin(block.origin.clone())
}

fn is_empty_text(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.is_empty())
}

/// A list of strings as the provider writes it: nothing, one string, or a list, in reverse order of the alphabet.
fn string_list(list: &Value, variables: bool, sort: bool) -> Option<Value> {
    let elements = match list.elements() {
        Some(elements) => elements,
        None if list.is_null() => return None,
        None => return Some(list.clone()),
    };
    let mut texts: Vec<Value> =
        elements.iter().map(|text| if variables { with_variables(text) } else { text.clone() }).collect();
    if sort {
        texts.sort_by(|a, b| b.as_str().cmp(&a.as_str()));
    }
    match texts.len() {
        0 => None,
        1 => texts.pop(),
        _ => Some(Value::tuple(texts).with_origin(list.origin.clone())),
    }
}

/// `&{` becomes `${`: the way to write policy variables in HCL without escaping.
fn with_variables(value: &Value) -> Value {
    let Kind::Text(text) = &value.kind else { return value.clone() };
    let pieces = text.pieces().flat_map(|piece| match piece {
        Piece::Literal(mut literal) if literal.text.contains("&{") => {
            // `&{` and `${` are of one length, so positions stay true.
            literal.text = Arc::from(literal.text.replace("&{", "${"));
            [Piece::Literal(literal)]
        }
        piece => [piece],
    });
    Value { kind: Kind::Text(Text::from_pieces(pieces)), origin: value.origin.clone(), marks: value.marks.clone() }
}

fn principals(blocks: &Value) -> Option<Value> {
    let blocks = match blocks.elements() {
        Some([]) => return None,
        Some(blocks) => blocks,
        None if blocks.is_null() => return None,
        None => return Some(blocks.clone()),
    };
    let mut by_type: std::collections::BTreeMap<Arc<str>, (Option<Span>, Vec<Value>)> = Default::default();
    for block in ordered(blocks) {
        let Some(fields) = block.fields() else { return Some(block.clone()) };
        let (Some(kind), Some(identifiers)) = (fields.field("type"), fields.get("identifiers")) else { continue };
        let Some(name) = kind.value.as_str() else { return Some(kind.value.clone()) };
        let entry = by_type.entry(Arc::from(&*name)).or_insert_with(|| (kind.value.origin.span, Vec::new()));
        // Each block's identifiers are sorted for themselves.
        match string_list(identifiers, true, true) {
            Some(Value { kind: Kind::Tuple(all), .. }) => entry.1.extend(all.iter().cloned()),
            one => entry.1.extend(one),
        }
    }
    if let Some((_, all)) = by_type.get("*").filter(|_| by_type.len() == 1)
        && let [only] = all.as_slice()
        && only.as_str().as_deref() == Some("*")
    {
        return Some(only.clone());
    }
    let mut fields = Fields::default();
    for (kind, (span, all)) in by_type {
        let list = Value::tuple(all);
        let value = string_list(&list, false, false).unwrap_or(list);
        fields.insert(kind, span, value);
    }
    Some(Value::object(fields))
}

fn conditions(blocks: &Value) -> Option<Value> {
    let all = match blocks.elements() {
        Some([]) => return None,
        Some(all) => all,
        None if blocks.is_null() => return None,
        None => return Some(blocks.clone()),
    };
    let mut tests: std::collections::BTreeMap<Arc<str>, (Option<Span>, Fields)> = Default::default();
    for block in ordered(all) {
        let Some(fields) = block.fields() else { return Some(block.clone()) };
        let (Some(test), Some(variable), Some(values)) =
            (fields.get("test"), fields.get("variable"), fields.get("values"))
        else {
            continue;
        };
        let (Some(name), Some(key)) = (test.as_str(), variable.as_str()) else {
            return Some(if test.as_unknown().is_some() { test.clone() } else { variable.clone() });
        };
        let entry = tests.entry(Arc::from(&*name)).or_insert_with(|| (test.origin.span, Fields::default()));
        // Values for one test and variable are put one after the other.
        let mut all: Vec<Value> = match entry.1.get(&key) {
            Some(known) => known.elements().map_or_else(|| vec![known.clone()], <[Value]>::to_vec),
            None => Vec::new(),
        };
        match string_list(values, true, false) {
            Some(Value { kind: Kind::Tuple(more), .. }) => all.extend(more.iter().cloned()),
            one => all.extend(one),
        }
        let all = Value::tuple(all).with_origin(values.origin.clone());
        let all = string_list(&all, false, false).unwrap_or(all);
        entry.1.replace(Arc::from(&*key), variable.origin.span, all);
    }
    let mut fields = Fields::default();
    for (test, (span, keys)) in tests {
        fields.insert(test, span, Value::object(keys));
    }
    Some(Value::object(fields))
}

/// The document as the provider prints it: two spaces a level, keys in its order, Go's escapes.
fn print(document: &Value, minified: bool) -> Text {
    let mut printer = Printer { pieces: Vec::new(), raw: String::new(), minified };
    printer.value(document, 0);
    printer.close();
    Text::from_pieces(printer.pieces)
}

struct Printer {
    pieces: Vec<Piece>,
    /// What comes after them and is written nowhere.
    raw: String,
    minified: bool,
}

impl Printer {
    fn raw(&mut self, text: &str) {
        self.raw.push_str(text);
    }

    /// Makes one piece of what is written nowhere.
    fn close(&mut self) {
        if !self.raw.is_empty() {
            self.pieces.extend(Text::from(self.raw.as_str()).pieces());
            self.raw.clear();
        }
    }

    fn line(&mut self, depth: usize) {
        if !self.minified {
            self.raw("\n");
            (0..depth).for_each(|_| self.raw("  "));
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match &value.kind {
            Kind::Object(fields) | Kind::Map(_, fields) => {
                let order = |key: &str| STATEMENT_KEYS.iter().position(|known| *known == key).unwrap_or(usize::MAX);
                let mut keys: Vec<&Arc<str>> = fields.keys().collect();
                let is_document = fields.get("Statement").is_some() && depth == 0;
                keys.sort_by_key(|key| {
                    if is_document {
                        ["Version", "Id"].iter().position(|first| *first == &***key).unwrap_or(9)
                    } else {
                        order(key)
                    }
                });
                self.sequence(("{", "}"), depth, keys.len(), |printer, index| {
                    let Some(key) = keys.get(index) else { return };
                    printer.raw("\"");
                    printer.raw(&escape_json(key));
                    printer.raw("\"");
                    printer.raw(if printer.minified { ":" } else { ": " });
                    match fields.get(key) {
                        Some(value) => printer.value(value, depth + 1),
                        None => printer.raw("null"),
                    }
                });
            }
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                self.sequence(("[", "]"), depth, elements.len(), |printer, index| {
                    if let Some(element) = elements.get(index) {
                        printer.value(element, depth + 1);
                    }
                });
            }
            Kind::Text(text) => self.text(text),
            Kind::Bool(value) => self.raw(&value.to_string()),
            Kind::Number(value) => self.raw(&value.to_string()),
            Kind::Null(_) => self.raw("null"),
            Kind::Unknown(unknown) => {
                self.close();
                self.pieces.push(Piece::Unknown(Arc::clone(unknown)));
            }
        }
    }

    fn sequence(&mut self, brackets: (&str, &str), depth: usize, len: usize, mut item: impl FnMut(&mut Self, usize)) {
        self.raw(brackets.0);
        for index in 0..len {
            if index > 0 {
                self.raw(",");
            }
            self.line(depth + 1);
            item(self, index);
        }
        if len > 0 {
            self.line(depth);
        }
        self.raw(brackets.1);
    }

    /// A string as Go's `encoding/json` writes it, with the characters of HTML escaped. What needs no escape keeps its
    /// place.
    fn text(&mut self, text: &Text) {
        self.raw("\"");
        for piece in text.flattened().pieces() {
            match piece {
                Piece::Literal(literal) if literal.span.is_none() => self.raw(&escape_json(&literal.text)),
                Piece::Literal(literal) => {
                    self.close();
                    let escaped = escape_json(&literal.text);
                    let exact = literal.exact && *escaped == *literal.text;
                    self.pieces.extend(Text::literal(escaped, literal.span, exact).pieces());
                }
                piece => {
                    self.close();
                    self.pieces.push(piece);
                }
            }
        }
        self.raw("\"");
    }
}

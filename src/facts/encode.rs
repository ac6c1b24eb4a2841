//! Values as facts write them: without what must not be shown, and with all that the join needs.

use std::collections::BTreeSet;

use crate::files::Files;
use crate::report::place::{Place, Texts};
use crate::resource::{Language, Provider, Site};
use crate::source::{FileId, Sources, Span};
use crate::text::{Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Reason, Unknown, Value, Via};

use super::wire;

/// How deep values are written: JSON of more than 128 levels is read by few.
const MAX_DEPTH: usize = 24;

/// How many values one value may consist of.
const MAX_VALUES: usize = 20_000;

/// Lines and columns of the files that facts point into.
pub(super) struct Places<'a> {
    sources: &'a Sources,
    files: &'a dyn Files,
    texts: Texts,
}

impl<'a> Places<'a> {
    pub(super) fn new(sources: &'a Sources, files: &'a dyn Files) -> Self {
        Self { sources, files, texts: Texts::default() }
    }

    fn place(&mut self, span: Span) -> Place {
        self.texts.load(span, self.sources, self.files);
        self.texts.place(span)
    }

    /// The path and the line that a span begins in.
    pub(super) fn path_and_line(&mut self, span: Span) -> (String, u32) {
        let Place { path, start, .. } = self.place(span);
        (path.to_string(), start.line)
    }
}

/// Writes what belongs to one line: its spans count through the line's own list of files.
pub(super) struct Encoder<'p, 'a> {
    places: &'p mut Places<'a>,
    files: Vec<(FileId, String)>,
    left: usize,
}

impl<'p, 'a> Encoder<'p, 'a> {
    pub(super) fn new(places: &'p mut Places<'a>) -> Self {
        Self { places, files: Vec::new(), left: MAX_VALUES }
    }

    /// The list of files that the spans so far count through.
    pub(super) fn files(self) -> Vec<String> {
        self.files.into_iter().map(|(_, path)| path).collect()
    }

    pub(super) fn span(&mut self, span: Span) -> wire::Span {
        let Place { path, start, end, .. } = self.places.place(span);
        let index = match self.files.iter().position(|(known, _)| *known == span.file) {
            Some(index) => index,
            None => {
                self.files.push((span.file, path.to_string()));
                self.files.len() - 1
            }
        };
        wire::Span(index as u32, span.start, span.end, start.line, start.column, end.line, end.column)
    }

    fn maybe(&mut self, span: Option<Span>) -> Option<wire::Span> {
        span.map(|span| self.span(span))
    }

    pub(super) fn reason(&mut self, reason: &Reason) -> wire::Reason {
        wire::Reason { missing: reason.missing.to_string(), why: reason.why.to_string(), at: self.maybe(reason.span) }
    }

    /// What a site says, in a line about it.
    pub(super) fn site(&mut self, site: &Site) -> wire::Declared {
        let (path, line) = self.places.path_and_line(site.header);
        wire::Declared {
            project: site.project.to_string(),
            language: language(site.language).to_owned(),
            address: site.address.to_string(),
            block: (site.block != site.address).then(|| site.block.to_string()),
            kind: site.kind.to_string(),
            path,
            line,
            header: self.span(site.header),
            span: self.span(site.span),
            possible: match &site.presence {
                crate::resource::Presence::Certain => None,
                crate::resource::Presence::Possible(reason) => Some(self.reason(reason)),
            },
            calls: site.calls.iter().map(|call| self.span(*call)).collect(),
            ..wire::Declared::default()
        }
    }

    pub(super) fn provider(&mut self, provider: &Provider) -> wire::Provider {
        let mut value = |value: &Option<Value>| value.as_ref().map(|value| self.value(value));
        wire::Provider {
            region: value(&provider.region),
            account: value(&provider.account),
            partition: value(&provider.partition),
            assume_role: value(&provider.assume_role),
            name: provider.name.to_string(),
        }
    }

    /// A value; what must not be shown is unknown to others.
    pub(super) fn value(&mut self, value: &Value) -> wire::Value {
        self.at_depth(value, &Marks::NONE, 0)
    }

    fn at_depth(&mut self, value: &Value, around: &Marks, depth: usize) -> wire::Value {
        let marks = value.marks.union(around);
        let mut out = wire::Value { at: self.maybe(value.origin.span), ..wire::Value::default() };
        for hop in value.origin.chain() {
            let (what, names) = via(&hop.what);
            let span = self.maybe(hop.span);
            out.via.push((what.to_owned(), names.into_iter().map(str::to_owned).collect(), span));
        }
        if depth > MAX_DEPTH || self.left == 0 {
            let why =
                if self.left == 0 { "holds more values than facts do" } else { "is nested deeper than facts are" };
            out.unknown = Some(Box::new(withheld(why)));
            return out;
        }
        self.left -= 1;
        let is_hidden = marks.is_hidden();
        match &value.kind {
            Kind::Null(_) => {}
            // Of a document whose own parts are marked only those are secret, if nothing around it is.
            Kind::Text(text)
                if is_hidden
                    && text.sole_unknown().is_none()
                    && (around.is_hidden() || text.as_encoded().is_none_or(|encoded| !hides(&encoded.value))) =>
            {
                out.unknown = Some(Box::new(withheld("is sensitive, and facts hold no secrets")));
            }
            Kind::Bool(_) | Kind::Number(_) if is_hidden => {
                out.unknown = Some(Box::new(withheld("is sensitive, and facts hold no secrets")));
            }
            Kind::Bool(known) => out.bool = Some(*known),
            Kind::Number(number) if !number.is_finite() => out.unknown = Some(Box::new(withheld("is infinite"))),
            Kind::Number(number) => out.number = Some(number.to_string()),
            Kind::Text(text) => self.text(text, value, around, depth, &mut out),
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                out.collection = match value.kind {
                    Kind::List(..) => Some("list".to_owned()),
                    Kind::Set(..) => Some("set".to_owned()),
                    _ => None,
                };
                out.list = Some(elements.iter().map(|element| self.at_depth(element, &marks, depth + 1)).collect());
            }
            Kind::Object(fields) | Kind::Map(_, fields) => {
                out.collection = matches!(value.kind, Kind::Map(..)).then(|| "map".to_owned());
                self.fields(fields, &marks, depth, &mut out);
            }
            Kind::Unknown(unknown) => out.unknown = Some(Box::new(self.unknown(unknown, &marks, depth))),
        }
        out
    }

    fn fields(&mut self, fields: &Fields, marks: &Marks, depth: usize, out: &mut wire::Value) {
        let field = |(key, field): (&std::sync::Arc<str>, &crate::value::Field)| {
            let value = self.at_depth(&field.value, marks, depth + 1);
            (key.to_string(), wire::Field { value, key: self.maybe(field.key_span) })
        };
        out.object = Some(fields.fields().map(field).collect());
        out.rest = fields.open().map(|rest| Box::new(self.unknown(rest, marks, depth)));
    }

    fn text(&mut self, text: &Text, value: &Value, around: &Marks, depth: usize, out: &mut wire::Value) {
        let pieces: Vec<Piece> = text.pieces().collect();
        match pieces.as_slice() {
            [] => out.text = Some(String::new()),
            [Piece::Literal(literal)] => {
                out.text = Some(literal.text.to_string());
                let own = literal.span.filter(|span| value.origin.span != Some(*span));
                out.written = self.maybe(own);
                out.exact = literal.exact;
            }
            pieces => out.parts = Some(pieces.iter().map(|piece| self.piece(piece, around, depth)).collect()),
        }
    }

    fn piece(&mut self, piece: &Piece, around: &Marks, depth: usize) -> wire::Piece {
        match piece {
            Piece::Literal(literal) => wire::Piece {
                text: Some(literal.text.to_string()),
                written: self.maybe(literal.span),
                exact: literal.exact,
                ..wire::Piece::default()
            },
            Piece::Unknown(unknown) => {
                wire::Piece { unknown: Some(Box::new(self.unknown(unknown, around, depth))), ..wire::Piece::default() }
            }
            Piece::Encoded(encoded) => {
                let value = self.at_depth(&encoded.value, around, depth + 1);
                // Which part of the string is the secret one is not known.
                let text = match hides(&encoded.value) {
                    false => self.became(&encoded.text, around, depth),
                    true => vec![wire::Piece {
                        unknown: Some(Box::new(withheld("is sensitive, and facts hold no secrets"))),
                        ..wire::Piece::default()
                    }],
                };
                wire::Piece { encoded: Some(Box::new(wire::Encoded { value, text })), ..wire::Piece::default() }
            }
        }
    }

    /// The string that a document became: where its parts are written, the document says.
    fn became(&mut self, text: &Text, around: &Marks, depth: usize) -> Vec<wire::Piece> {
        let mut pieces: Vec<wire::Piece> = Vec::new();
        for piece in text.pieces() {
            match (&piece, pieces.last_mut()) {
                (Piece::Literal(more), Some(wire::Piece { text: Some(text), .. })) => text.push_str(&more.text),
                (Piece::Literal(first), _) => {
                    pieces.push(wire::Piece { text: Some(first.text.to_string()), ..wire::Piece::default() });
                }
                _ => pieces.push(self.piece(&piece, around, depth + 1)),
            }
        }
        pieces
    }

    fn unknown(&mut self, unknown: &Unknown, marks: &Marks, depth: usize) -> wire::Unknown {
        let among = unknown.among.as_ref().filter(|_| !marks.is_hidden());
        wire::Unknown {
            reason: self.reason(&unknown.reason),
            string: unknown.ty == Type::Text,
            not_null: unknown.not_null,
            symbol: unknown.symbol.as_ref().map(|symbol| {
                let parts = [&symbol.project, &symbol.address, &symbol.kind, &symbol.attribute];
                let [project, address, kind, attribute] = parts.map(ToString::to_string);
                (project, address, kind, attribute)
            }),
            among: among.map(|among| among.iter().map(|one| self.at_depth(one, marks, depth + 1)).collect()),
        }
    }
}

/// Whether strings in a value must not be shown.
fn hides(value: &Value) -> bool {
    let mut hidden = BTreeSet::new();
    value.hidden_texts(&mut hidden);
    !hidden.is_empty()
}

/// A value that is known, but not to those who read facts.
fn withheld(why: &str) -> wire::Unknown {
    let reason = wire::Reason { missing: "a value".to_owned(), why: why.to_owned(), at: None };
    wire::Unknown { reason, ..wire::Unknown::default() }
}

/// The name of a language.
pub(super) fn language(language: Language) -> &'static str {
    match language {
        Language::Terraform => "terraform",
        Language::CloudFormation => "cloudformation",
        Language::Manifest => "manifest",
        Language::Workflow => "workflow",
    }
}

fn via(via: &Via) -> (&'static str, Vec<&str>) {
    match via {
        Via::VariableDefault(name) => ("variable-default", vec![name]),
        Via::VariableValue(name) => ("variable-value", vec![name]),
        Via::ModuleInput(call, name) => ("module-input", vec![call, name]),
        Via::Local(name) => ("local", vec![name]),
        Via::Output(call, name) => ("output", vec![call, name]),
        Via::Attribute(name) => ("attribute", vec![name]),
        Via::Function(name) => ("function", vec![name]),
        Via::Repetition(name) => ("repetition", vec![name]),
        Via::Element => ("element", Vec::new()),
        Via::ParameterDefault(name) => ("parameter-default", vec![name]),
        Via::ParameterValue(name) => ("parameter-value", vec![name]),
        Via::AllowedValue(name) => ("allowed-value", vec![name]),
        Via::Export(name) => ("export", vec![name]),
        Via::Mapping(name) => ("mapping", vec![name]),
        Via::Condition(name) => ("condition", vec![name]),
        Via::File(path) => ("file", vec![path]),
    }
}

//! Facts of another repository, read back: what they say becomes resources again, whose places lie in files that are
//! not at hand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;

use crate::number::Number;
use crate::resource::{Language, Meta, Mode, Presence, Provider, Reference, Site};
use crate::source::{FileId, Points, Position, Sources, Span};
use crate::text::{Encoded, Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Hop, Kind, Origin, Reason, Symbol, Unknown, Value, Via};

use super::states::Others;
use super::wire;

/// Reads the lines of one repository.
pub(super) struct Decoder<'s> {
    sources: &'s Sources,
    repository: Arc<str>,
    others: Option<Others<'s>>,
}

/// The spans of one line.
struct Spans<'d> {
    files: Vec<FileId>,
    points: Vec<Points>,
    repository: &'d str,
    others: Option<&'d Others<'d>>,
}

/// What is wrong with a line, in words.
pub(super) type Decoded<T> = Result<T, String>;

/// A line about a resource, a module or a key, read back.
pub(super) struct Line {
    pub(super) n: usize,
    pub(super) site: Site,
    pub(super) mode: Mode,
    pub(super) provider: Arc<Provider>,
    pub(super) meta: Arc<Meta>,
    pub(super) source: Option<Arc<str>>,
    pub(super) version: Value,
    pub(super) account: Option<Arc<str>>,
    pub(super) attributes: BTreeMap<String, Value>,
}

/// What a path, or a project's path, of a repository is called where it is not at hand: as Terraform calls a folder of a
/// repository.
pub(super) fn abroad(repository: &str, path: &str) -> String {
    format!("{repository}//{path}")
}

impl<'s> Decoder<'s> {
    pub(super) fn new(sources: &'s Sources, repository: &str) -> Self {
        Self { sources, repository: Arc::from(repository), others: None }
    }

    /// The same, with what other repositories tell of this one's unknowns.
    pub(super) fn beside(self, others: Others<'s>) -> Self {
        Self { others: Some(others), ..self }
    }

    /// The whole of a line.
    pub(super) fn line(&self, mut line: wire::Declared) -> Decoded<Line> {
        let files = std::mem::take(&mut line.files);
        self.with(files, |spans| spans.line(line))
    }

    /// The outputs of a project.
    pub(super) fn outputs(
        &self,
        files: Vec<String>,
        outputs: BTreeMap<String, wire::Value>,
    ) -> Decoded<BTreeMap<Arc<str>, Value>> {
        let read = |spans: &mut Spans<'_>| {
            outputs.into_iter().map(|(name, value)| Ok((Arc::from(name), spans.value(value)?))).collect()
        };
        self.with(files, read)
    }

    /// Reads with the files that the spans of a line count through.
    fn with<T>(&self, files: Vec<String>, read: impl FnOnce(&mut Spans<'_>) -> T) -> T {
        let own = |path: &String| self.sources.file(Utf8Path::new(&abroad(&self.repository, path)));
        let files: Vec<FileId> = files.iter().map(own).collect();
        let points = vec![Points::default(); files.len()];
        let mut spans = Spans { files, points, repository: &self.repository, others: self.others.as_ref() };
        let read = read(&mut spans);
        for (file, points) in spans.files.iter().zip(spans.points) {
            self.sources.know_places(*file, points);
        }
        read
    }
}

impl Spans<'_> {
    fn line(&mut self, line: wire::Declared) -> Decoded<Line> {
        let calls: Decoded<Vec<Span>> = line.calls.iter().map(|call| self.span(*call)).collect();
        let address: Arc<str> = Arc::from(line.address);
        let site = Site {
            project: Arc::from(abroad(self.repository, &line.project)),
            language: language(&line.language)?,
            block: line.block.map_or_else(|| Arc::clone(&address), Arc::from),
            address,
            kind: Arc::from(line.kind),
            header: self.span(line.header)?,
            span: self.span(line.span)?,
            presence: match line.possible {
                None => Presence::Certain,
                Some(reason) => Presence::Possible(self.reason(reason)?),
            },
            calls: Arc::from(calls?),
        };
        let provider = Provider {
            name: Arc::from(line.provider.name),
            region: self.maybe(line.provider.region)?,
            account: self.maybe(line.provider.account)?,
            partition: self.maybe(line.provider.partition)?,
            assume_role: self.maybe(line.provider.assume_role)?,
        };
        let triggers = line.replace_triggered_by.into_iter();
        let triggers: Decoded<Vec<_>> =
            triggers.map(|(address, span)| Ok((Arc::from(address), self.span(span)?))).collect();
        let references = line.references.into_iter().map(|(argument, target, span)| {
            Ok(Reference { argument: Arc::from(argument), target: Arc::from(target), span: self.span(span)? })
        });
        let references: Decoded<Vec<_>> = references.collect();
        let attributes = line.attributes.into_iter().map(|(name, value)| Ok((name, self.value(value)?)));
        let attributes: Decoded<BTreeMap<_, _>> = attributes.collect();
        Ok(Line {
            n: line.n,
            site,
            mode: if line.data { Mode::Data } else { Mode::Managed },
            provider: Arc::new(provider),
            meta: Arc::new(Meta { replace_triggered_by: triggers?, references: references? }),
            source: line.source.map(Arc::from),
            version: self.value(line.version)?,
            account: line.account.map(Arc::from),
            attributes: attributes?,
        })
    }

    fn span(&mut self, span: wire::Span) -> Decoded<Span> {
        let wire::Span(index, start, end, line, column, end_line, end_column) = span;
        let index = index as usize;
        let (Some(file), Some(points)) = (self.files.get(index), self.points.get_mut(index)) else {
            return Err(format!("a span is in file {index}, and the line lists {} files", self.files.len()));
        };
        points.know(start, Position { line: line.max(1), column: column.max(1) });
        points.know(end.max(start), Position { line: end_line.max(1), column: end_column.max(1) });
        Ok(Span { file: *file, start, end: end.max(start) })
    }

    fn place(&mut self, span: Option<wire::Span>) -> Decoded<Option<Span>> {
        span.map(|span| self.span(span)).transpose()
    }

    fn reason(&mut self, reason: wire::Reason) -> Decoded<Reason> {
        let span = self.place(reason.at)?;
        Ok(Reason { missing: Arc::from(reason.missing), why: Cow::Owned(reason.why), span })
    }

    fn maybe(&mut self, value: Option<wire::Value>) -> Decoded<Option<Value>> {
        value.map(|value| self.value(value)).transpose()
    }

    fn all(&mut self, values: Vec<wire::Value>) -> Decoded<Vec<Value>> {
        values.into_iter().map(|value| self.value(value)).collect()
    }

    fn value(&mut self, value: wire::Value) -> Decoded<Value> {
        let mut next = None;
        for (what, names, span) in value.via.into_iter().rev() {
            let span = self.place(span)?;
            next = Some(Arc::new(Hop { what: via(&what, names)?, span, next }));
        }
        let origin = Origin { span: self.place(value.at)?, hops: next };
        if let Some(known) = value.unknown.as_ref().and_then(|unknown| self.told(unknown)) {
            return Ok(known.with_origin(origin));
        }
        let collection = value.collection.as_deref();
        let kind = if let Some(text) = value.text {
            let span = self.place(value.written)?.or(origin.span);
            Kind::Text(Text::from_pieces([Piece::Literal(self.literal(text, span, value.exact))]))
        } else if let Some(parts) = value.parts {
            Kind::Text(self.text(parts)?)
        } else if let Some(known) = value.bool {
            Kind::Bool(known)
        } else if let Some(number) = value.number {
            Kind::Number(Number::parse(&number).ok_or_else(|| format!("`{number}` is no number"))?)
        } else if let Some(list) = value.list {
            let elements = Arc::new(self.all(list)?);
            match collection {
                Some("set") => Kind::Set(Type::Dynamic, elements),
                Some("list") => Kind::List(Type::Dynamic, elements),
                _ => Kind::Tuple(elements),
            }
        } else if let Some(object) = value.object {
            let mut fields = Fields::default();
            for (key, field) in object {
                let (span, value) = (self.place(field.key)?, self.value(field.value)?);
                fields.insert(Arc::from(key), span, value);
            }
            if let Some(rest) = value.rest {
                fields.set_open(self.unknown(*rest)?);
            }
            match collection {
                Some("map") => Kind::Map(Type::Dynamic, Arc::new(fields)),
                _ => Kind::Object(Arc::new(fields)),
            }
        } else if let Some(unknown) = value.unknown {
            Kind::Unknown(self.unknown(*unknown)?)
        } else {
            Kind::Null(Type::Dynamic)
        };
        Ok(Value::new(kind).with_origin(origin))
    }

    /// What another repository says that an unknown is, seen from the line's place.
    fn told(&self, unknown: &wire::Unknown) -> Option<Value> {
        let known = self.others?.value(unknown.symbol.as_ref()?)?;
        Some(known.clone())
    }

    fn unknown(&mut self, unknown: wire::Unknown) -> Decoded<Arc<Unknown>> {
        let symbol = unknown.symbol.map(|(project, address, kind, attribute)| Symbol {
            project: Arc::from(abroad(self.repository, &project)),
            address: Arc::from(address),
            kind: Arc::from(kind),
            attribute: Arc::from(attribute),
        });
        let among = unknown.among.map(|among| self.all(among)).transpose()?;
        Ok(Arc::new(Unknown {
            ty: if unknown.string { Type::Text } else { Type::Dynamic },
            not_null: unknown.not_null,
            symbol,
            among: among.map(Arc::from),
            reason: self.reason(unknown.reason)?,
        }))
    }

    fn text(&mut self, parts: Vec<wire::Piece>) -> Decoded<Text> {
        let mut pieces = Vec::new();
        for part in parts {
            match part.unknown.as_ref().and_then(|unknown| self.told(unknown)).map(|known| known.kind) {
                Some(Kind::Text(text)) => pieces.extend(text.pieces()),
                Some(Kind::Unknown(unknown)) => pieces.push(Piece::Unknown(unknown)),
                _ => pieces.push(self.piece(part)?),
            }
        }
        Ok(Text::from_pieces(pieces))
    }

    fn piece(&mut self, piece: wire::Piece) -> Decoded<Piece> {
        if let Some(text) = piece.text {
            let span = self.place(piece.written)?;
            return Ok(Piece::Literal(self.literal(text, span, piece.exact)));
        }
        if let Some(unknown) = piece.unknown {
            return Ok(Piece::Unknown(self.unknown(*unknown)?));
        }
        let encoded = piece.encoded.ok_or("a piece of a string is neither text, nor unknown, nor encoded")?;
        let (value, text) = (self.value(encoded.value)?, self.text(encoded.text)?);
        Ok(Piece::Encoded(Arc::new(Encoded { value, text: text.flattened() })))
    }

    /// Characters. Their lines are known from themselves, if they are the bytes of a place.
    fn literal(&mut self, text: String, span: Option<Span>, exact: bool) -> Literal {
        let exact = exact && span.is_some_and(|span| span.len() == text.len());
        if let Some(span) = span.filter(|_| exact)
            && let Some(points) = self.files.iter().position(|file| *file == span.file)
            && let Some(points) = self.points.get_mut(points)
        {
            let mut at = points.place(span.start);
            for (offset, character) in text.char_indices() {
                match character {
                    '\n' => at = Position { line: at.line.saturating_add(1), column: 1 },
                    _ => at.column = at.column.saturating_add(1),
                }
                if character == '\n' || !character.is_ascii() {
                    let after = offset + character.len_utf8();
                    points.know(span.start.saturating_add(after as u32), at);
                }
            }
        }
        Literal { text: Arc::from(text), span, exact }
    }
}

fn language(name: &str) -> Decoded<Language> {
    Ok(match name {
        "terraform" => Language::Terraform,
        "cloudformation" => Language::CloudFormation,
        "manifest" => Language::Manifest,
        "workflow" => Language::Workflow,
        _ => return Err(format!("there is no language `{name}`")),
    })
}

fn via(what: &str, names: Vec<String>) -> Decoded<Via> {
    let mut names = names.into_iter().map(Arc::<str>::from);
    let mut name = || names.next().ok_or_else(|| format!("the step `{what}` of a way has no name"));
    Ok(match what {
        "variable-default" => Via::VariableDefault(name()?),
        "variable-value" => Via::VariableValue(name()?),
        "module-input" => Via::ModuleInput(name()?, name()?),
        "local" => Via::Local(name()?),
        "output" => Via::Output(name()?, name()?),
        "attribute" => Via::Attribute(name()?),
        "function" => Via::Function(name()?),
        "repetition" => Via::Repetition(name()?),
        "element" => Via::Element,
        "parameter-default" => Via::ParameterDefault(name()?),
        "parameter-value" => Via::ParameterValue(name()?),
        "allowed-value" => Via::AllowedValue(name()?),
        "export" => Via::Export(name()?),
        "mapping" => Via::Mapping(name()?),
        "condition" => Via::Condition(name()?),
        "file" => Via::File(name()?),
        _ => return Err(format!("there is no step `{what}`")),
    })
}

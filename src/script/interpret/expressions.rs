//! Expressions of a program.

use std::rc::Rc;

use super::thing::one_of;
use super::{Interpreter, Thing};
use crate::script::program::{Expr, ExprKind, TextPart};
use crate::script::words::{text_of, value_of};
use crate::script::{Language, MAX_TEXT, MAX_WORDS, STAND_IN, runtime};
use crate::text::{Literal, Piece, Text};
use crate::value::{Kind, Value};

impl Interpreter<'_, '_> {
    pub(in crate::script) fn unknown(&self, expr: &Expr) -> Thing {
        let shown = self.source.written();
        let shown = shown.get(expr.range.clone()).unwrap_or("a value");
        let name = if shown.len() > 60 || shown.contains('\n') { "a value" } else { shown };
        // What the configuration puts in says itself why it is unknown.
        let own = self.source.text(expr.range.clone()).unknown_part();
        let span = self.span(expr);
        match own.filter(|_| shown == STAND_IN) {
            Some(own) => {
                let value = Value::new(Kind::Unknown(own));
                Thing::Value(span.map_or(value.clone(), |span| value.at(span)))
            }
            None => Thing::Value(runtime(name, "is known when the script runs", span)),
        }
    }

    pub(in crate::script) fn eval(&mut self, expr: &Expr) -> Thing {
        self.deeper(|this| this.eval_at(expr)).unwrap_or(Thing::Null)
    }

    pub(super) fn eval_at(&mut self, expr: &Expr) -> Thing {
        match &expr.kind {
            ExprKind::Text(parts) => self.string(parts, expr),
            ExprKind::Name(name) if matches!(&**name, "self" | "this" | "cls") => Thing::Instance,
            ExprKind::Name(name) => match self.get(name) {
                Some(Thing::Value(value)) => Thing::Value(self.seen(value, expr)),
                Some(thing) => thing,
                None if self.is_builtin(name) => Thing::Import(Rc::clone(name)),
                None => self.unknown(expr),
            },
            ExprKind::Import(path) => Thing::Import(Rc::clone(path)),
            ExprKind::Member(object, name) => {
                let object = self.eval(object);
                self.member(object, name, Some(expr))
            }
            ExprKind::Index(object, index) => {
                let object = self.eval(object);
                let index = self.eval(index);
                self.index(object, &index, expr)
            }
            ExprKind::Call(callee, arguments) => self.call(callee, arguments, expr),
            ExprKind::List(all) => {
                let all: Vec<Thing> = all.iter().take(MAX_WORDS).map(|element| self.eval(element)).collect();
                Thing::List(Rc::new(all))
            }
            ExprKind::Fields(fields) => self.fields(fields),
            ExprKind::Function(function) => {
                self.functions.push((Rc::clone(function), false));
                Thing::Function(Rc::clone(function))
            }
            ExprKind::Plus(left, right) => {
                let (one, other) = (self.eval(left), self.eval(right));
                match (&one, &other) {
                    (Thing::List(one), Thing::List(other)) => {
                        let all: Vec<Thing> = one.iter().chain(other.iter()).take(MAX_WORDS).cloned().collect();
                        self.reader.handle(64 * all.len());
                        Thing::List(Rc::new(all))
                    }
                    _ => {
                        let texts = [self.put_in(&one, left), self.put_in(&other, right)];
                        self.text(Text::concat(&texts), expr)
                    }
                }
            }
            ExprKind::Either(all) => {
                let all = all.iter().map(|one| self.eval(one)).collect();
                one_of(all)
            }
            ExprKind::Null => Thing::Null,
            ExprKind::Other(inner) => {
                for inner in inner {
                    self.eval(inner);
                }
                self.unknown(expr)
            }
        }
    }

    pub(super) fn is_builtin(&self, name: &str) -> bool {
        self.language != Language::Python && matches!(name, "require" | "process")
            || self.language == Language::Python && name == "__import__"
    }

    /// A value that a variable has, used here.
    pub(super) fn seen(&self, value: Value, expr: &Expr) -> Value {
        let span = self.span(expr);
        match &value.kind {
            Kind::Text(text) => value_of(text, span),
            _ => value,
        }
    }

    pub(super) fn fields(&mut self, fields: &[(Option<Expr>, Expr)]) -> Thing {
        let mut known: Vec<(Rc<str>, Thing)> = Vec::new();
        let mut open = false;
        for (key, value) in fields.iter().take(MAX_WORDS) {
            let value = self.eval(value);
            let Some(key) = key else {
                match value {
                    Thing::Fields(inner, more) => {
                        known.extend(inner.iter().take(MAX_WORDS).cloned());
                        open |= more;
                    }
                    _ => open = true,
                }
                continue;
            };
            match self.eval(key).text().and_then(|text| text.as_str().map(|text| Rc::<str>::from(&*text))) {
                Some(key) => {
                    known.retain(|(name, _)| *name != key);
                    known.push((key, value));
                }
                None => open = true,
            }
        }
        known.truncate(MAX_WORDS);
        self.reader.handle(64 * known.len());
        Thing::Fields(Rc::new(known), open)
    }

    /// What a value is within a string.
    pub(super) fn put_in(&self, thing: &Thing, expr: &Expr) -> Text {
        match thing {
            Thing::Value(value) => text_of(value),
            _ => match self.unknown(expr) {
                Thing::Value(value) => text_of(&value),
                _ => Text::from(""),
            },
        }
    }

    pub(super) fn text(&self, text: Text, expr: &Expr) -> Thing {
        self.reader.handle(text.known_len());
        if text.known_len() > MAX_TEXT {
            return Thing::Value(runtime("a string", "is too long to follow", self.span(expr)));
        }
        Thing::Value(value_of(&text, self.span(expr)))
    }

    pub(super) fn string(&mut self, parts: &[TextPart], expr: &Expr) -> Thing {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            match part {
                TextPart::Raw(range) => pieces.extend(self.source.text(range.clone()).pieces()),
                TextPart::Meant(text, range) => {
                    let span = self.source.span(range.clone());
                    pieces.push(Piece::Literal(Literal { text: text.as_str().into(), span, exact: false }));
                }
                TextPart::Value(inner) => {
                    let thing = self.eval(inner);
                    pieces.extend(self.put_in(&thing, inner).pieces());
                }
            }
        }
        self.text(Text::from_pieces(pieces), expr)
    }

    /// `a.name`
    pub(in crate::script) fn member(&mut self, object: Thing, name: &Rc<str>, expr: Option<&Expr>) -> Thing {
        match &object {
            Thing::Fields(fields, open) => match fields.iter().find(|(known, _)| known == name) {
                Some((_, value)) => value.clone(),
                None if !open && expr.is_none() => Thing::Null,
                None => Thing::Member(Rc::new(object), Rc::clone(name)),
            },
            Thing::Import(path) if matches!((&**path, &**name), ("sys", "argv") | ("process", "argv")) => {
                let known = self.members.get(name).cloned();
                known.unwrap_or_else(|| Thing::Member(Rc::new(object), Rc::clone(name)))
            }
            Thing::Import(path) => {
                let path: Rc<str> = format!("{path}.{name}").into();
                if path.len() > 300 { Thing::Null } else { self.variable_of(&path).unwrap_or(Thing::Import(path)) }
            }
            Thing::Instance => {
                let known = self.members.get(name).cloned();
                known.unwrap_or_else(|| Thing::Member(Rc::new(object), Rc::clone(name)))
            }
            Thing::Assumed(_) if !matches!(&**name, "get" | "promise" | "then") => object,
            Thing::Resource(service, credentials) if &**name == "meta" => {
                Thing::Resource(Rc::clone(service), credentials.clone())
            }
            Thing::Resource(service, credentials) if &**name == "client" => {
                Thing::Client(Some(Rc::clone(service)), credentials.clone())
            }
            _ => Thing::Member(Rc::new(object), Rc::clone(name)),
        }
    }

    pub(super) fn index(&mut self, object: Thing, index: &Thing, expr: &Expr) -> Thing {
        let name = index.text().and_then(|text| text.as_str().map(|text| Rc::<str>::from(&*text)));
        match (&object, name) {
            (Thing::Assumed(_), _) => object,
            (Thing::Fields(fields, _), Some(name)) => match fields.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => value.clone(),
                None => self.unknown(expr),
            },
            (Thing::Import(path), Some(name)) if matches!(&**path, "os.environ" | "process.env") => {
                let path: Rc<str> = format!("{path}.{name}").into();
                self.variable_of(&path).unwrap_or_else(|| self.unknown(expr))
            }
            (Thing::List(all), _) => {
                let place = self.source.written().get(expr.range.clone()).and_then(|text| {
                    let (_, index) = text.rsplit_once('[')?;
                    index.trim_end_matches(']').trim().parse::<usize>().ok()
                });
                place.and_then(|place| all.get(place).cloned()).unwrap_or_else(|| self.unknown(expr))
            }
            _ => self.unknown(expr),
        }
    }
}

//! Follows the statements of a Python or JavaScript program as far as its constants lead.

use std::collections::HashMap;
use std::rc::Rc;

use super::program::{Argument, Class, Expr, ExprKind, Function, Stmt, Target, TextPart};
use super::tree::Tree;
use super::words::{text_of, value_of};
use super::{Call, Credentials, Language, MAX_DEPTH, MAX_WORDS, Operation, Reader, STAND_IN, Start, User, runtime};
use crate::document::Slices;
use crate::source::Span;
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Kind, Reason, Unknown, Value};

/// What an expression gives.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    /// A string, or something unknown.
    Value(Value),
    /// Nothing.
    Null,
    List(Rc<Vec<Thing>>),
    /// Names and values; `true` if there may be more.
    Fields(Rc<Vec<(Rc<str>, Thing)>>, bool),
    /// Something that a module brings: `boto3.client`.
    Import(Rc<str>),
    Function(Rc<Function>),
    Class(Rc<Class>),
    /// The object that a method is of, and instances of the script's classes.
    Instance,
    /// A session of boto3, or credentials of another SDK.
    Session(Credentials),
    /// A client of a service; without a name it is not known of which.
    Client(Option<Rc<str>>, Credentials),
    /// boto3's `resource("iam")`.
    Resource(Rc<str>, Credentials),
    /// boto3's `User("name")` and what it has.
    User(User, Credentials),
    /// A command of the SDK for JavaScript, version 3, that a client is yet to send.
    Command(Operation, User, Option<Span>),
    /// The credentials of a role, or a part of them.
    Assumed(Value),
    /// A method of something.
    Member(Rc<Thing>, Rc<str>),
}

/// A call with its arguments evaluated.
pub(super) struct Arguments {
    pub(super) positional: Vec<Thing>,
    pub(super) named: Vec<(Rc<str>, Thing)>,
    /// Whether there may be more.
    pub(super) open: Option<Value>,
    /// The place of the call, and of what is called.
    pub(super) span: Option<Span>,
    pub(super) callee: Option<Span>,
}

type Variables = HashMap<Rc<str>, Thing>;

/// Follows one program.
pub(super) struct Interpreter<'s, 'r> {
    pub(super) reader: &'s Reader<'r>,
    pub(super) language: Language,
    source: &'s Slices,
    /// Variables of the program, then those of the functions being called.
    scopes: Vec<Variables>,
    /// Attributes of objects, whatever the object: `self.client`.
    members: Variables,
    /// Functions of the program, and whether they were called.
    functions: Vec<(Rc<Function>, bool)>,
    returned: Vec<Vec<Thing>>,
    /// Whether an SDK of AWS was imported.
    pub(super) has_sdk: bool,
    /// The credentials that clients take up by themselves.
    pub(super) ambient: Credentials,
    pub(super) environment: Vec<(String, Value)>,
    pub(super) folder: Option<String>,
    depth: usize,
}

/// Follows a script.
pub(super) fn script(reader: &Reader<'_>, text: &Text, language: Language, start: &Start) {
    let source = Slices::with_stand_in(text, STAND_IN);
    let written = source.written();
    let grammar = match language {
        Language::Python => tree_sitter_python::LANGUAGE.into(),
        _ => tree_sitter_javascript::LANGUAGE.into(),
    };
    let Some(tree) = Tree::parse(&written, &grammar) else {
        return reader.problem("takes too long to parse".into(), text.span_of(0, 1));
    };
    let statements = match language {
        Language::Python => super::python::statements(&tree, &written),
        _ => super::javascript::statements(&tree, &written),
    };
    drop(tree);
    let environment = start.variables.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    let mut interpreter = Interpreter {
        reader,
        language,
        source: &source,
        scopes: vec![Variables::new()],
        members: Variables::new(),
        functions: Vec::new(),
        returned: vec![Vec::new()],
        has_sdk: false,
        ambient: start.credentials.clone(),
        environment,
        folder: start.folder.clone(),
        depth: 0,
    };
    if let Some(arguments) = &start.arguments {
        let path = start.path.clone().map(|path| Value::text(format!("{}/{path}", super::START)));
        let first = path.unwrap_or_else(|| Value::text(""));
        let all = [first].into_iter().chain(arguments.iter().map(super::words::Field::value));
        let all: Vec<Thing> = all.map(Thing::Value).collect();
        // Node counts itself too.
        let skipped = if language == Language::Python { 0 } else { 1 };
        let all = std::iter::repeat_n(Thing::Null, skipped).chain(all).collect();
        interpreter.members.insert("argv".into(), Thing::List(Rc::new(all)));
    }
    interpreter.statements(&statements);
    interpreter.uncalled();
}

impl Interpreter<'_, '_> {
    /// Takes a step deeper, if there is one left.
    fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH || !self.reader.step() {
            return None;
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        Some(result)
    }

    fn statements(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.deeper(|this| this.statement(statement));
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Expr(value) => {
                self.eval(value);
            }
            Stmt::Assign(target, value) => {
                let value = self.eval(value);
                self.assign(target, value);
            }
            Stmt::Branches(branches, exhaustive) => self.branches(branches, *exhaustive),
            Stmt::Loop(target, values, body) => {
                let value = self.element(values);
                self.assign(target, value);
                self.branches(std::slice::from_ref(body), false);
            }
            Stmt::Function(function) => self.declare(function),
            Stmt::Class(class) => {
                self.set(&class.name, Thing::Class(Rc::clone(class)));
                for statement in &class.body {
                    match statement {
                        Stmt::Function(function) => {
                            if let Some(name) = &function.name {
                                self.members.insert(Rc::clone(name), Thing::Function(Rc::clone(function)));
                            }
                            self.functions.push((Rc::clone(function), false));
                        }
                        other => self.statement(other),
                    }
                }
                // What methods find on their object is set up first.
                if let Some(first) = class.constructor() {
                    self.call_unknown(&first);
                }
            }
            Stmt::Import(module) => self.import(module),
            Stmt::Return(value) => {
                let value = self.eval(value);
                if let Some(returned) = self.returned.last_mut() {
                    returned.push(value);
                }
            }
            Stmt::Block(body) => self.statements(body),
        }
    }

    fn declare(&mut self, function: &Rc<Function>) {
        if let Some(name) = &function.name {
            self.set(name, Thing::Function(Rc::clone(function)));
        }
        self.functions.push((Rc::clone(function), false));
    }

    /// A module of the script's own: a file beside it.
    pub(super) fn import(&mut self, module: &str) {
        let sdk = ["boto3", "botocore", "aioboto3", "aiobotocore", "aws-sdk", "@aws-sdk"];
        if sdk.iter().any(|sdk| module.split(['.', '/']).next() == Some(sdk)) {
            self.has_sdk = true;
            return;
        }
        let path = match self.language {
            Language::Python => module.trim_start_matches('.').replace('.', "/") + ".py",
            _ if module.starts_with("./") || module.starts_with("../") => module.to_owned(),
            _ => return,
        };
        let ends: &[&str] =
            if self.language == Language::Python { &[""] } else { &["", ".js", ".mjs", ".ts", "/index.js"] };
        for end in ends {
            let path = super::join(self.folder.as_deref(), &format!("{path}{end}"));
            if self.reader.file(&path).is_some() {
                self.reader.import(&path, self.language, &self.start());
                return;
            }
        }
    }

    /// What a script that is started here knows.
    pub(super) fn start(&self) -> Start {
        let variables = self.environment.iter().map(|(name, value)| (Rc::from(name.as_str()), value.clone()));
        Start {
            variables: variables.collect(),
            folder: self.folder.clone(),
            credentials: self.ambient.clone(),
            ..Start::default()
        }
    }

    /// Runs each of the branches, of which one is run; or perhaps none.
    fn branches(&mut self, branches: &[Vec<Stmt>], exhaustive: bool) {
        let before = self.scopes.last().cloned().unwrap_or_default();
        self.reader.handle(64 * before.len());
        let mut after: Vec<Variables> = Vec::new();
        for branch in branches {
            if let Some(scope) = self.scopes.last_mut() {
                *scope = before.clone();
            }
            self.statements(branch);
            after.extend(self.scopes.last().cloned());
        }
        if !exhaustive || after.is_empty() {
            after.insert(0, before);
        }
        let mut joined = Variables::new();
        let names: Vec<Rc<str>> = after.iter().flat_map(|scope| scope.keys().cloned()).collect();
        for name in names {
            if !joined.contains_key(&name) {
                let found: Vec<Thing> = after.iter().filter_map(|scope| scope.get(&name).cloned()).collect();
                joined.insert(name, one_of(found));
            }
        }
        if let Some(scope) = self.scopes.last_mut() {
            *scope = joined;
        }
    }

    /// An element of a collection: one of those that are known.
    fn element(&mut self, values: &Expr) -> Thing {
        let span = self.span(values);
        match self.eval(values) {
            Thing::List(all) if !all.is_empty() => one_of(all.to_vec()),
            _ => Thing::Value(runtime("an element", "is known when the script runs", span)),
        }
    }

    pub(super) fn span(&self, expr: &Expr) -> Option<Span> {
        self.source.span(expr.range.clone())
    }

    fn get(&self, name: &str) -> Option<Thing> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).cloned()
    }

    fn set(&mut self, name: &Rc<str>, value: Thing) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(Rc::clone(name), value);
        }
    }

    fn assign(&mut self, target: &Target, value: Thing) {
        match target {
            Target::Name(name) => self.set(name, value),
            Target::Member(object, name) => {
                if let ExprKind::Name(variable) = &object.kind
                    && let Some(Thing::Fields(..)) = self.get(variable)
                {
                    return self.set_field(variable, name, value);
                }
                let object = self.eval(object);
                if !self.configure(&object, name, &value) {
                    self.members.insert(Rc::clone(name), value);
                }
            }
            Target::Index(object, index) => {
                let index = self.eval(index);
                let Some(index) = index.text().and_then(|text| text.as_str().map(|text| Rc::<str>::from(&*text)))
                else {
                    return;
                };
                if let ExprKind::Name(variable) = &object.kind
                    && let Some(Thing::Fields(..)) = self.get(variable)
                {
                    return self.set_field(variable, &index, value);
                }
                let object = self.eval(object);
                self.set_environment(&object, &index, &value);
            }
            Target::Fields(fields) => {
                for (name, target) in fields {
                    let field = self.member(value.clone(), name, None);
                    self.assign(target, field);
                }
            }
            Target::List(targets) => {
                for (at, target) in targets.iter().enumerate() {
                    let element = match &value {
                        Thing::List(all) => all.get(at).cloned().unwrap_or(Thing::Null),
                        Thing::Assumed(_) => value.clone(),
                        _ => Thing::Value(runtime("a value", "is known when the script runs", None)),
                    };
                    self.assign(target, element);
                }
            }
            Target::Other => {}
        }
    }

    fn set_field(&mut self, variable: &Rc<str>, name: &Rc<str>, value: Thing) {
        let Some(Thing::Fields(fields, open)) = self.get(variable) else { return };
        let mut fields = (*fields).clone();
        fields.retain(|(known, _)| known != name);
        fields.push((Rc::clone(name), value));
        fields.truncate(MAX_WORDS);
        self.reader.handle(64 * fields.len());
        self.set(variable, Thing::Fields(Rc::new(fields), open));
    }

    pub(super) fn unknown(&self, expr: &Expr) -> Thing {
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

    pub(super) fn eval(&mut self, expr: &Expr) -> Thing {
        self.deeper(|this| this.eval_at(expr)).unwrap_or(Thing::Null)
    }

    fn eval_at(&mut self, expr: &Expr) -> Thing {
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

    fn is_builtin(&self, name: &str) -> bool {
        self.language != Language::Python && matches!(name, "require" | "process")
            || self.language == Language::Python && name == "__import__"
    }

    /// A value that a variable has, used here.
    fn seen(&self, value: Value, expr: &Expr) -> Value {
        let span = self.span(expr);
        match &value.kind {
            Kind::Text(text) => value_of(text, span),
            _ => value,
        }
    }

    fn fields(&mut self, fields: &[(Option<Expr>, Expr)]) -> Thing {
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
    fn put_in(&self, thing: &Thing, expr: &Expr) -> Text {
        match thing {
            Thing::Value(value) => text_of(value),
            _ => match self.unknown(expr) {
                Thing::Value(value) => text_of(&value),
                _ => Text::from(""),
            },
        }
    }

    fn text(&self, text: Text, expr: &Expr) -> Thing {
        self.reader.handle(text.known_len());
        if text.known_len() > super::MAX_TEXT {
            return Thing::Value(runtime("a string", "is too long to follow", self.span(expr)));
        }
        Thing::Value(value_of(&text, self.span(expr)))
    }

    fn string(&mut self, parts: &[TextPart], expr: &Expr) -> Thing {
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
    pub(super) fn member(&mut self, object: Thing, name: &Rc<str>, expr: Option<&Expr>) -> Thing {
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

    fn index(&mut self, object: Thing, index: &Thing, expr: &Expr) -> Thing {
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

    fn call(&mut self, callee: &Expr, arguments: &[Argument], expr: &Expr) -> Thing {
        let function = self.eval(callee);
        let mut given = Arguments {
            positional: Vec::new(),
            named: Vec::new(),
            open: None,
            span: self.span(expr),
            callee: self.span(callee),
        };
        for argument in arguments {
            let value = self.eval(&argument.value);
            match (&argument.name, argument.spread, value) {
                (Some(name), _, value) => given.named.push((Rc::clone(name), value)),
                (None, false, value) => given.positional.push(value),
                (None, true, Thing::List(all)) => given.positional.extend(all.iter().cloned()),
                (None, true, Thing::Fields(fields, open)) => {
                    given.named.extend(fields.iter().cloned());
                    if open && let Thing::Value(value) = self.unknown(&argument.value) {
                        given.open = Some(value);
                    }
                }
                (None, true, _) => {
                    if let Thing::Value(value) = self.unknown(&argument.value) {
                        given.open = Some(value);
                    }
                }
            }
        }
        // A command that is handed to something that is not followed is sent, as far as we know.
        if let Some(result) = self.sdk_call(&function, &given) {
            return result;
        }
        match &function {
            Thing::Function(function) => self.run(&Rc::clone(function), given.positional, given.named),
            Thing::Class(class) => {
                if let Some(constructor) = class.constructor() {
                    self.run(&constructor, given.positional, given.named);
                }
                Thing::Instance
            }
            Thing::Member(object, name) => match (&**object, self.members.get(name).cloned()) {
                (Thing::Instance, Some(Thing::Function(function))) => {
                    self.run(&function, given.positional, given.named)
                }
                // `.then(f)`, `.promise()`
                (inner, _) if matches!(&**name, "promise" | "then" | "catch" | "finally" | "get") => match inner {
                    Thing::Assumed(_) => inner.clone(),
                    _ => self.unknown(expr),
                },
                _ => self.unknown(expr),
            },
            _ => self.unknown(expr),
        }
    }

    /// Calls a function of the script.
    fn run(&mut self, function: &Rc<Function>, positional: Vec<Thing>, named: Vec<(Rc<str>, Thing)>) -> Thing {
        for (known, called) in &mut self.functions {
            if Rc::ptr_eq(known, function) {
                *called = true;
            }
        }
        self.reader.handle(64 * self.functions.len());
        let mut positional = positional.into_iter();
        let mut scope = Variables::new();
        let parameters = function.parameters.iter().skip(usize::from(function.is_method));
        let mut bound: Vec<(Target, Thing)> = Vec::new();
        for (target, default) in parameters {
            let by_name = match target {
                Target::Name(name) => named.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()),
                _ => None,
            };
            let value = by_name.or_else(|| positional.next());
            let value = match (value, default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default),
                (None, None) => Thing::Value(runtime("an argument", "is not given", None)),
            };
            bound.push((target.clone(), value));
        }
        for (target, value) in &bound {
            if let Target::Name(name) = target {
                scope.insert(Rc::clone(name), value.clone());
            }
        }
        self.scopes.push(scope);
        for (target, value) in bound {
            if !matches!(target, Target::Name(_)) {
                self.assign(&target, value);
            }
        }
        self.returned.push(Vec::new());
        self.statements(&function.body);
        self.scopes.pop();
        let returned = self.returned.pop().unwrap_or_default();
        if returned.is_empty() { Thing::Null } else { one_of(returned) }
    }

    /// Calls a function of the script with arguments that are not known.
    fn call_unknown(&mut self, function: &Rc<Function>) {
        let unknown = |(target, default): &(Target, Option<Expr>)| {
            let name = match target {
                Target::Name(name) => name.to_string(),
                _ => "an argument".into(),
            };
            let default = default.as_ref().and_then(|default| self.span(default));
            Thing::Value(runtime(name, "is what the function is called with", default))
        };
        let parameters = function.parameters.iter().skip(usize::from(function.is_method));
        let positional: Vec<Thing> = parameters.map(unknown).collect();
        let defaults: Vec<Option<Expr>> = function
            .parameters
            .iter()
            .skip(usize::from(function.is_method))
            .map(|(_, default)| default.clone())
            .collect();
        let mut given = Vec::new();
        for (unknown, default) in positional.into_iter().zip(defaults) {
            given.push(match default.map(|default| self.eval(&default)) {
                Some(default @ Thing::Value(_)) => one_of(vec![unknown, default]),
                _ => unknown,
            });
        }
        self.deeper(|this| this.run(function, given, Vec::new()));
    }

    /// Follows the functions that nobody called: handlers, and what other scripts call.
    fn uncalled(&mut self) {
        let mut at = 0;
        while let Some((function, called)) = self.functions.get(at).cloned() {
            at += 1;
            if !called {
                self.call_unknown(&function);
            }
            if at > MAX_WORDS {
                return;
            }
        }
    }

    /// Records a call of IAM.
    pub(super) fn record(&self, operation: Operation, user: User, credentials: Credentials, span: Option<Span>) {
        self.reader.call(Call { operation, user, credentials, span });
    }
}

impl Thing {
    /// The string, perhaps with unknown parts.
    pub(super) fn text(&self) -> Option<Text> {
        match self {
            Self::Value(value) => Some(text_of(value)),
            _ => None,
        }
    }

    /// The characters, if all are known.
    pub(super) fn as_str(&self) -> Option<String> {
        self.text()?.as_str().map(std::borrow::Cow::into_owned)
    }

    /// The field of that name, and whether there may be one that is not seen.
    pub(super) fn field(&self, name: &str) -> (Option<&Self>, bool) {
        match self {
            Self::Fields(fields, open) => {
                (fields.iter().rev().find(|(known, _)| **known == *name).map(|(_, value)| value), *open)
            }
            Self::Null | Self::Function(_) => (None, false),
            _ => (None, true),
        }
    }
}

/// One of several things.
fn one_of(mut found: Vec<Thing>) -> Thing {
    found.retain(|thing| !matches!(thing, Thing::Null));
    if found.len() <= 1 {
        return found.pop().unwrap_or(Thing::Null);
    }
    let values: Option<Vec<Value>> = found
        .iter()
        .map(|thing| match thing {
            Thing::Value(value) => Some(Value { kind: Kind::Text(text_of(value)), ..value.clone() }),
            _ => None,
        })
        .collect();
    match values {
        Some(values) => {
            let is_same = values.windows(2).all(|pair| match pair {
                [one, other] => matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if one == other),
                _ => false,
            });
            if is_same {
                return found.pop().unwrap_or(Thing::Null);
            }
            let span = values.first().and_then(|value| value.origin.span);
            let reason = Reason::new("a value", "is one of several when the script runs", span);
            let unknown = Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason };
            Thing::Value(Value::one_of(unknown, values))
        }
        None => {
            // Things that are followed go before values that are not.
            let at = found.iter().position(|thing| !matches!(thing, Thing::Value(_)));
            at.map_or(Thing::Null, |at| found.swap_remove(at))
        }
    }
}

/// A list of words as the arguments of a command.
pub(super) fn words(thing: &Thing) -> Option<Vec<super::words::Field>> {
    let Thing::List(all) = thing else { return None };
    let word = |thing: &Thing| match thing {
        Thing::Value(value) => super::words::Field::of_value(value),
        _ => super::words::Field::of_value(&runtime("a word", "is known when the script runs", None)),
    };
    Some(all.iter().map(word).collect())
}

//! Follows the statements of a Python or JavaScript program as far as its constants lead.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use crate::document::Slices;
use crate::script::program::{Argument, Expr, ExprKind, Function, Stmt, Target};
use crate::script::tree::Tree;
use crate::script::{
    Call, Credentials, Language, MAX_DEPTH, MAX_WORDS, Operation, Reader, STAND_IN, Start, User, runtime,
};
use crate::source::Span;
use crate::text::Text;
use crate::value::Value;

mod expressions;
mod thing;

use self::thing::one_of;
pub(in crate::script) use self::thing::{Arguments, Thing, words};

type Variables = HashMap<Rc<str>, Thing>;

/// Follows one program.
pub(in crate::script) struct Interpreter<'s, 'r> {
    pub(in crate::script) reader: &'s Reader<'r>,
    pub(in crate::script) language: Language,
    source: &'s Slices,
    /// Variables of the program, then those of the functions being called.
    scopes: Vec<Variables>,
    /// Attributes of objects, whatever the object: `self.client`.
    members: Variables,
    /// Functions of the program, and whether they were called.
    functions: Vec<(Rc<Function>, bool)>,
    returned: Vec<Vec<Thing>>,
    /// Whether an SDK of AWS was imported.
    pub(in crate::script) has_sdk: bool,
    /// The credentials that clients take up by themselves.
    pub(in crate::script) ambient: Credentials,
    pub(in crate::script) environment: Vec<(String, Value)>,
    pub(in crate::script) folder: Option<String>,
    depth: usize,
}

/// Follows a script.
pub(in crate::script) fn script(reader: &Reader<'_>, text: &Text, language: Language, start: &Start) {
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
        Language::Python => crate::script::python::statements(&tree, &written),
        _ => crate::script::javascript::statements(&tree, &written),
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
        let path = start.path.clone().map(|path| Value::text(format!("{}/{path}", crate::script::START)));
        let first = path.unwrap_or_else(|| Value::text(""));
        let all = [first].into_iter().chain(arguments.iter().map(crate::script::words::Field::value));
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
    pub(in crate::script) fn import(&mut self, module: &str) {
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
            let path = crate::script::join(self.folder.as_deref(), &format!("{path}{end}"));
            if self.reader.file(&path).is_some() {
                self.reader.import(&path, self.language, &self.start());
                return;
            }
        }
    }

    /// What a script that is started here knows.
    pub(in crate::script) fn start(&self) -> Start {
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
            if let Entry::Vacant(place) = joined.entry(name) {
                let found = after.iter().filter_map(|scope| scope.get(place.key()).cloned()).collect();
                place.insert(one_of(found));
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

    pub(in crate::script) fn span(&self, expr: &Expr) -> Option<Span> {
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
    pub(in crate::script) fn record(
        &self,
        operation: Operation,
        user: User,
        credentials: Credentials,
        span: Option<Span>,
    ) {
        self.reader.call(Call { operation, user, credentials, span });
    }
}

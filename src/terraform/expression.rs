//! The value of an expression.

use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::evaluator::{Evaluated, Evaluator, MAX_SIZE, MAX_TEXT, Repetition, fail, fail_always};
use super::functions;
use super::operators;
use super::scope::{Frame, Scope};
use crate::convert::convert;
use crate::number::Number;
use crate::source::Span;
use crate::syntax::hcl::{Expr, ExprKind, For, ForPart, Item, Name, Part, Place, Step};
use crate::text::{Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Origin, Reason, Unknown, Value, Via};

/// How many templates may be rendered from within templates. Terraform allows none within `templatefile` itself; a
/// template may still call `templatestring`.
const MAX_TEMPLATES: usize = 8;

impl Evaluator<'_> {
    /// The value of an expression.
    pub fn eval(&self, expr: &Expr, scope: &Scope<'_>) -> Evaluated {
        self.deeper(expr.span, || self.eval_kind(expr, scope))
    }

    fn eval_kind(&self, expr: &Expr, scope: &Scope<'_>) -> Evaluated {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Null => Ok(Value::null().at(span)),
            ExprKind::Bool(value) => Ok(Value::bool(*value).at(span)),
            ExprKind::Number(value) => Ok(Value::number(value.clone()).at(span)),
            ExprKind::Literal(text) => Ok(Value::new(Kind::Text(text.clone())).at(span)),
            ExprKind::Template(parts) => self.template(parts, scope, span),
            ExprKind::Wrap(inner) => Ok(seated(self.eval(inner, scope)?, span)),
            ExprKind::Parens(inner) => self.eval(inner, scope),
            ExprKind::Tuple(elements) => {
                let elements: Result<Vec<Value>, _> =
                    elements.iter().map(|element| self.eval(element, scope)).collect();
                self.bounded(Value::tuple(elements?).at(span), span)
            }
            ExprKind::Object(items) => self.object(items, scope, span),
            ExprKind::Reference(root, steps) => self.reference(root, steps, scope, span),
            ExprKind::Access(base, steps) => {
                let base = self.eval(base, scope)?;
                self.steps(base, steps, scope, span)
            }
            ExprKind::Call(name, arguments, expand) => self.call(name, arguments, *expand, scope, span),
            ExprKind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                self.conditional(condition, yes, no, scope, span)
            }
            ExprKind::Unary(op, operand) => operators::unary(*op, &self.eval(operand, scope)?, span),
            ExprKind::Binary(op, operands) => {
                let [left, right] = &**operands;
                operators::binary(
                    *op,
                    &self.eval(left, scope)?,
                    &self.eval(right, scope)?,
                    [left.span, right.span],
                    span,
                )
            }
            ExprKind::For(inner) => self.for_expression(inner, scope, span),
        }
    }

    fn object(&self, items: &[Item], scope: &Scope<'_>, span: Span) -> Evaluated {
        let mut fields = Fields::default();
        let mut marks = Marks::NONE;
        for Item { key, value } in items {
            if let ExprKind::Reference(root, _) = &key.kind {
                let message = format!(
                    "is `{}...` a reference or a name? Put a reference in parentheses, a name in quotes",
                    root.text
                );
                return fail_always(message, key.span);
            }
            let name = self.eval(key, scope)?;
            let value = self.eval(value, scope)?;
            marks = marks.union(&name.marks);
            if let Some(unknown) = name.as_unknown() {
                return Ok(Value::unknown_from(&unknown, Type::Dynamic).at(span).mark(&marks));
            }
            let name = match convert(&name, &Type::Text) {
                Ok(name) if !name.is_null() => name,
                Ok(_) => return fail("the key of an object attribute is null", key.span),
                Err(error) => return fail(format!("the key of an object attribute: {}", error.message), key.span),
            };
            let name: Arc<str> = Arc::from(&*name.as_str().unwrap_or_default());
            fields.insert(name, Some(key.span), value);
        }
        self.bounded(Value::object(fields).at(span).mark(&marks), span)
    }

    fn conditional(&self, condition: &Expr, yes: &Expr, no: &Expr, scope: &Scope<'_>, span: Span) -> Evaluated {
        let test = self.eval(condition, scope)?;
        // Terraform evaluates both arms, since the result has the type that both convert to; only an error in the
        // arm that is chosen counts.
        let arms = (self.eval(yes, scope), self.eval(no, scope));
        // The marks of both arms count, whichever is chosen; the credentials only of the one that is.
        let open = test.marks.without_credentials();
        let both = [&arms.0, &arms.1].into_iter().flatten();
        let marks = both.fold(open, |marks, arm| marks.union(&arm.marks.without_credentials()));
        let ty = match &arms {
            (Ok(yes), Ok(no)) => operators::common_type(yes, no),
            _ => Some(Type::Dynamic),
        };
        let Some(ty) = ty else {
            let names = match &arms {
                (Ok(yes), Ok(no)) => format!(" ({} and {})", yes.ty().friendly_name(), no.ty().friendly_name()),
                _ => String::new(),
            };
            return fail(format!("both results of a conditional expression must have one type{names}"), span);
        };
        if let Some(unknown) = test.as_unknown() {
            let deep = [&arms.0, &arms.1].into_iter().flatten().map(Value::deep_marks);
            let marks = deep.fold(marks, |marks, more| marks.union(&more));
            // Both arms are one known string: then it does not matter which is chosen.
            if let (Ok(yes), Ok(no)) = &arms
                && operators::same_known(yes, no)
            {
                return Ok(yes.clone().mark(&marks));
            }
            return Ok(Value::unknown_from_nullable(&unknown, ty).at(span).mark(&marks));
        }
        let truth = match convert(&test, &Type::Bool) {
            Ok(truth) => truth,
            Err(error) => return fail(format!("the condition: {}", error.message), condition.span),
        };
        let Some(truth) = truth.as_bool() else {
            return fail("the condition of a conditional expression is null", condition.span);
        };
        let chosen = if truth { arms.0? } else { arms.1? };
        let chosen = operators::converted(chosen, &ty);
        Ok(seated(chosen.mark(&marks), span))
    }

    // --- templates ---

    fn template(&self, parts: &[Part], scope: &Scope<'_>, span: Span) -> Evaluated {
        let mut builder = TemplateBuilder { pieces: Vec::new(), marks: Marks::NONE, bytes: 0, span };
        self.template_parts(parts, scope, &mut builder)?;
        let text = normalized(Text::from_pieces(builder.pieces));
        Ok(Value::new(Kind::Text(text)).at(span).mark(&builder.marks))
    }

    fn template_parts(&self, parts: &[Part], scope: &Scope<'_>, out: &mut TemplateBuilder) -> Evaluated<()> {
        for part in parts {
            match part {
                Part::Literal(text) => out.push(text)?,
                Part::Interpolation(expr) => {
                    let value = self.eval(expr, scope)?;
                    out.push_value(&value, expr.span)?;
                }
                Part::If(condition, yes, no) => {
                    let test = self.eval(condition, scope)?;
                    out.marks.add(&test.marks.without_credentials());
                    if let Some(unknown) = test.as_unknown() {
                        out.push_unknown(&unknown);
                        continue;
                    }
                    match convert(&test, &Type::Bool).ok().and_then(|test| test.as_bool()) {
                        Some(true) => self.template_parts(yes, scope, out)?,
                        Some(false) => self.template_parts(no, scope, out)?,
                        None => {
                            return fail("the condition of a template directive must be true or false", condition.span);
                        }
                    }
                }
                Part::For(inner) => self.template_for(inner, scope, out)?,
            }
        }
        Ok(())
    }

    fn template_for(&self, inner: &ForPart, scope: &Scope<'_>, out: &mut TemplateBuilder) -> Evaluated<()> {
        let collection = self.eval(&inner.collection, scope)?;
        out.marks.add(&collection.marks);
        if let Some(unknown) = collection.as_unknown() {
            out.push_unknown(&unknown);
            return Ok(());
        }
        for (key, value) in operators::elements(&collection, inner.collection.span)? {
            let outer =
                Frame { name: inner.key_name.as_ref().map_or("", |name| &name.text), value: key, outer: scope.frame };
            let frame = Frame { name: &inner.value_name.text, value, outer: Some(&outer) };
            self.template_parts(&inner.body, &scope.with(&frame), out)?;
        }
        Ok(())
    }

    // --- for ---

    fn for_expression(&self, inner: &For, scope: &Scope<'_>, span: Span) -> Evaluated {
        let collection = self.eval(&inner.collection, scope)?;
        let mut marks = collection.marks.clone();
        if let Some(unknown) = collection.as_unknown() {
            return Ok(Value::unknown_from(&unknown, Type::Dynamic).at(span).mark(&marks));
        }
        let mut unknown: Option<Arc<Unknown>> = None;
        let mut parts = 0;
        let mut list: Vec<Value> = Vec::new();
        let mut fields = Fields::default();
        let mut groups: std::collections::BTreeMap<Arc<str>, Vec<Value>> = Default::default();
        for (key, value) in operators::elements(&collection, inner.collection.span)? {
            let outer =
                Frame { name: inner.key_name.as_ref().map_or("", |name| &name.text), value: key, outer: scope.frame };
            let frame = Frame { name: &inner.value_name.text, value, outer: Some(&outer) };
            let scope = scope.with(&frame);
            if let Some(condition) = &inner.condition {
                let test = self.eval(condition, &scope)?;
                marks.add(&test.marks.without_credentials());
                if let Some(reason) = test.as_unknown() {
                    unknown.get_or_insert(reason);
                    continue;
                }
                match convert(&test, &Type::Bool).ok().and_then(|test| test.as_bool()) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return fail("the condition of a `for` must be true or false", condition.span),
                }
            }
            let result = self.eval(&inner.value, &scope)?;
            // Told before the whole of it is there.
            parts += result.size_up_to(MAX_SIZE);
            if parts > MAX_SIZE {
                return fail_always(format!("this value has more than {MAX_SIZE} parts; rootlint stops here"), span);
            }
            let Some(key_expr) = &inner.key else {
                list.push(result);
                continue;
            };
            let key = self.eval(key_expr, &scope)?;
            marks = marks.union(&key.marks);
            if let Some(reason) = key.as_unknown() {
                unknown.get_or_insert(reason);
                continue;
            }
            let key = match convert(&key, &Type::Text) {
                Ok(key) if !key.is_null() => key,
                Ok(_) => return fail("the key of a `for` is null", key_expr.span),
                Err(error) => return fail(format!("the key of a `for`: {}", error.message), key_expr.span),
            };
            let name: Arc<str> = Arc::from(&*key.as_str().unwrap_or_default());
            if inner.group {
                groups.entry(name).or_default().push(result);
            } else if fields.get(&name).is_some() {
                let name = if key.marks.is_hidden() { "(sensitive)" } else { &*name };
                let message = format!("two elements have the key \"{name}\"; `...` after the value groups them");
                return fail(message, key_expr.span);
            } else {
                fields.insert(name, key.origin.span.or(Some(key_expr.span)), result);
            }
        }
        if let Some(unknown) = unknown {
            return Ok(Value::unknown_from(&unknown, Type::Dynamic).at(span).mark(&marks));
        }
        let value = if inner.key.is_none() {
            Value::tuple(list)
        } else if inner.group {
            Value::object(groups.into_iter().map(|(name, values)| (name, Value::tuple(values).at(span))).collect())
        } else {
            Value::object(fields)
        };
        self.bounded(value.at(span).mark(&marks), span)
    }

    // --- steps ---

    /// The value that the steps lead to from `base`.
    pub(super) fn steps(&self, base: Value, steps: &[Step], scope: &Scope<'_>, span: Span) -> Evaluated {
        let mut value = base;
        for step in steps {
            value = match step {
                Step::Attribute(name) => operators::attribute(&value, &name.text, name.span, span)?,
                Step::Index(index) => {
                    let key = self.eval(index, scope)?;
                    operators::index(&value, &key, index.span, span)?
                }
                Step::Splat(inner, at) => self.splat(&value, inner, scope, *at, span)?,
            };
        }
        Ok(value)
    }

    fn splat(&self, value: &Value, inner: &[Step], scope: &Scope<'_>, at: Span, span: Span) -> Evaluated {
        let marks = &value.marks;
        let each = |element: &Value| {
            self.deeper(at, || self.steps(element.clone(), inner, scope, span)).map(|result| result.mark(marks))
        };
        let result = match &value.kind {
            Kind::Null(_) => Value::tuple(Vec::new()),
            Kind::Unknown(unknown) => return Ok(operators::unknown_splat(unknown, span).mark(marks)),
            Kind::Tuple(elements) => Value::tuple(elements.iter().map(each).collect::<Result<_, _>>()?),
            Kind::List(_, elements) | Kind::Set(_, elements) => {
                let results: Vec<Value> = elements.iter().map(each).collect::<Result<_, _>>()?;
                operators::list_of(results)
            }
            _ => Value::tuple(vec![each(value)?]),
        };
        Ok(result.with_origin(Origin { span: Some(span), hops: value.origin.hops.clone() }).mark(marks))
    }

    // --- calls ---

    fn call(&self, name: &Name, arguments: &[Expr], expand: bool, scope: &Scope<'_>, span: Span) -> Evaluated {
        match name.text.strip_prefix("core::").unwrap_or(&name.text) {
            "try" => return self.try_call(arguments, scope, span),
            "can" => return self.can_call(arguments, scope, span),
            "templatestring" => return self.templatestring(arguments, scope, span),
            _ => {}
        }
        if !functions::exists(&name.text) {
            if name.text.starts_with("provider::") {
                let mut marks = Marks::NONE;
                for argument in arguments {
                    marks.add(&self.eval(argument, scope)?.deep_marks());
                }
                let reason = Reason::new(format!("{}()", name.text), "is a provider's function", Some(span));
                return Ok(Value::unknown(Type::Dynamic, reason).at(span).mark(&marks));
            }
            return fail(format!("there is no function named `{}`", name.text), name.span);
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.eval(argument, scope)?);
        }
        if expand && let Some(last) = values.pop() {
            if let Some(unknown) = last.as_unknown() {
                return Ok(Value::unknown_from_nullable(&unknown, Type::Dynamic).at(span).mark(&last.marks));
            }
            let Some(elements) = last.elements() else {
                let at = arguments.last().map_or(span, |argument| argument.span);
                return fail("an argument expanded with `...` must be a list, a set or a tuple", at);
            };
            values.extend(elements.iter().map(|element| element.clone().mark(&last.marks)));
        }
        let elements: usize = values.iter().filter_map(Value::elements).map(<[Value]>::len).sum();
        if elements > MAX_SIZE {
            return fail_always(format!("{}(): more than {MAX_SIZE} elements; rootlint stops here", name.text), span);
        }
        let context = CallContext { evaluator: self, scope };
        let result = functions::call(&name.text, &values, &context, span).or_else(|error| {
            let at = error.argument.and_then(|index| arguments.get(index)).map_or(name.span, |argument| argument.span);
            // What is wrong may quote the value that must not be shown.
            if values.iter().any(|value| value.deep_marks().is_hidden()) {
                return fail(format!("{}() fails; why is not shown, since a value is sensitive", name.text), at);
            }
            // Some of Terraform's sentences name the function themselves.
            let named = error.message.contains("Call to function");
            fail(if named { error.message } else { format!("{}(): {}", name.text, error.message) }, at)
        })?;
        self.bounded(result, span)
    }

    fn try_call(&self, arguments: &[Expr], scope: &Scope<'_>, span: Span) -> Evaluated {
        let mut why = String::new();
        for argument in arguments {
            match self.eval(argument, scope) {
                Ok(value) => return Ok(value),
                Err(error) if error.is_static => return Err(error),
                Err(error) => why = error.message,
            }
        }
        fail(format!("try(): no argument could be evaluated; the last one: {why}"), span)
    }

    fn can_call(&self, arguments: &[Expr], scope: &Scope<'_>, span: Span) -> Evaluated {
        let [argument] = arguments else { return fail("can() takes one argument", span) };
        Ok(match self.eval(argument, scope) {
            Ok(value) => match value.first_unknown() {
                Some(unknown) => Value::unknown_from(&unknown, Type::Bool),
                None => Value::bool(true),
            },
            Err(error) if error.is_static => return Err(error),
            Err(_) => Value::bool(false),
        }
        .at(span))
    }

    fn templatestring(&self, arguments: &[Expr], scope: &Scope<'_>, span: Span) -> Evaluated {
        let [template, variables] = arguments else { return fail("templatestring() takes two arguments", span) };
        if !matches!(template.bare().kind, ExprKind::Reference(..)) {
            return fail("templatestring(): the template must be a reference to a string", template.span);
        }
        let text = self.eval(template, scope)?;
        let variables = self.eval(variables, scope)?;
        if let Some(unknown) = text.as_unknown().or_else(|| variables.as_unknown()) {
            let marks = text.marks.union(&variables.deep_marks());
            return Ok(Value::unknown_from(&unknown, Type::Text).at(span).mark(&marks));
        }
        let Some(Kind::Text(text)) = convert(&text, &Type::Text).ok().map(|text| text.kind) else {
            return fail("templatestring(): the template must be a string", template.span);
        };
        let (Kind::Object(fields) | Kind::Map(_, fields)) = &variables.kind else {
            return fail("templatestring(): the variables must be an object", span);
        };
        match self.render(&text, fields, None, scope) {
            Ok(value) => Ok(value.at(span)),
            Err(message) => fail(format!("templatestring(): {message}"), span),
        }
    }

    /// Renders a template with only these variables.
    pub(super) fn render(
        &self,
        template: &Text,
        variables: &Arc<Fields>,
        _source: Option<Span>,
        scope: &Scope<'_>,
    ) -> Result<Value, String> {
        if scope.templates >= MAX_TEMPLATES {
            return Err(format!("more than {MAX_TEMPLATES} templates rendered one from within the other"));
        }
        let Some(text) = template.as_str() else { return Err("the template is not known".into()) };
        let place = template_place(template);
        let at = self.instance(scope.module).module.first_file;
        let expr = crate::syntax::hcl::parse_template(&text, place.or(at.map(Place::Within)).ok_or("no place")?)
            .map_err(|error| error.message)?;
        let inner = Scope {
            frame: None,
            repetition: &Repetition::None,
            template: Some(variables),
            templates: scope.templates + 1,
            ..*scope
        };
        let value = self.eval(&expr, &inner).map_err(|error| error.message)?;
        Ok(value)
    }
}

/// The value of a part of the expression at `span` as that of the whole: findings point at the whole, and where the
/// part is written stays on the way.
fn seated(mut value: Value, span: Span) -> Value {
    let origin = &mut value.origin;
    match origin.span {
        Some(inner) if origin.hops.is_none() && span.contains(inner) && span != inner => {
            *origin = origin.via(Via::Element, Some(span));
        }
        _ => origin.span = Some(span),
    }
    value
}

/// Strings are in Unicode's NFC, also where one piece ends in a letter and the next starts with its accent.
fn normalized(text: Text) -> Text {
    let other = text.as_str().filter(|all| !all.is_ascii() && !is_nfc(all)).map(|all| all.nfc().collect::<String>());
    other.map_or(text, Text::from)
}

/// Where a template's characters stand, if it is one run of a file.
fn template_place(template: &Text) -> Option<Place> {
    let mut pieces = template.pieces();
    match (pieces.next(), pieces.next()) {
        (Some(Piece::Literal(literal)), None) => {
            let span = literal.span?;
            Some(if literal.exact { Place::At(span.file, span.start as usize) } else { Place::Within(span) })
        }
        (Some(Piece::Literal(literal)), Some(_)) => literal.span.map(Place::Within),
        _ => None,
    }
}

struct TemplateBuilder {
    pieces: Vec<Piece>,
    marks: Marks,
    bytes: usize,
    span: Span,
}

impl TemplateBuilder {
    fn push(&mut self, text: &Text) -> Evaluated<()> {
        self.bytes += text.known_len();
        if self.bytes > MAX_TEXT {
            return fail(format!("this string is longer than {MAX_TEXT} bytes"), self.span);
        }
        self.pieces.extend(text.pieces());
        Ok(())
    }

    fn push_unknown(&mut self, unknown: &Arc<Unknown>) {
        let part = Unknown {
            ty: Type::Text,
            not_null: true,
            symbol: unknown.symbol.clone(),
            among: None,
            reason: unknown.reason.clone(),
        };
        self.pieces.push(Piece::Unknown(Arc::new(part)));
    }

    fn push_value(&mut self, value: &Value, span: Span) -> Evaluated<()> {
        self.marks.add(&value.marks);
        match &value.kind {
            Kind::Null(_) => fail("a null value cannot be a part of a string", span),
            Kind::Text(text) => self.push(text),
            Kind::Unknown(unknown) => match &unknown.ty {
                Type::Dynamic | Type::Text | Type::Number | Type::Bool => {
                    self.push_unknown(unknown);
                    Ok(())
                }
                other => fail(format!("{} cannot be a part of a string", other.friendly_name()), span),
            },
            _ => match convert(value, &Type::Text) {
                Ok(Value { kind: Kind::Text(text), .. }) => {
                    self.push(&text.written_at(value.origin.span.unwrap_or(span)))
                }
                _ => fail(format!("{} cannot be a part of a string", value.ty().friendly_name()), span),
            },
        }
    }
}

struct CallContext<'c, 'a> {
    evaluator: &'c Evaluator<'a>,
    scope: &'c Scope<'c>,
}

impl functions::Context for CallContext<'_, '_> {
    fn files(&self) -> &dyn crate::files::Files {
        self.evaluator.files
    }

    fn sources(&self) -> &crate::source::Sources {
        self.evaluator.sources
    }

    fn left_to_read(&self) -> &std::cell::Cell<u64> {
        &self.evaluator.left_to_read
    }

    fn folder(&self) -> &camino::Utf8Path {
        camino::Utf8Path::new(if &*self.evaluator.project == "." { "" } else { &self.evaluator.project })
    }

    fn render(&self, template: &Text, variables: &Arc<Fields>, source: Option<Span>) -> Result<Value, String> {
        self.evaluator.render(template, variables, source, self.scope)
    }
}

/// The origin of a value picked by name.
pub(super) fn seen(value: &Value, via: &Via, span: Span) -> Value {
    let mut value = value.clone();
    value.origin = value.origin.via(via.clone(), Some(span));
    value
}

/// `count.index` as a value.
pub(super) fn index_value(index: usize) -> Value {
    Value::number(Number::from(i64::try_from(index).unwrap_or(i64::MAX)))
}

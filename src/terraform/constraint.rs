//! Type constraints of variables, with the defaults of optional attributes.
//! <https://developer.hashicorp.com/terraform/language/expressions/type-constraints>

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evaluator::{Evaluated, fail};
use crate::convert::{ConvertError, convert};
use crate::syntax::hcl::{Expr, ExprKind};
use crate::types::{ObjectType, Type};
use crate::value::{Fields, Kind, Value};

/// A type and what optional attributes default to.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// The type.
    pub ty: Type,
    /// Whether values given as text are strings and not expressions: the type is primitive, or not declared at all.
    pub is_literal: bool,
    defaults: Defaults,
}

/// Defaults of an object's attributes, and those further inside.
#[derive(Clone, Debug, Default)]
struct Defaults {
    /// Of the attributes of this object.
    values: BTreeMap<Arc<str>, Value>,
    /// Inside an attribute of an object; inside the elements of a collection under the empty name.
    inner: BTreeMap<Arc<str>, Defaults>,
}

impl Defaults {
    fn is_empty(&self) -> bool {
        self.values.is_empty() && self.inner.is_empty()
    }
}

type Eval<'e> = dyn Fn(&Expr) -> Evaluated + 'e;

impl Constraint {
    /// No constraint.
    pub fn any() -> Self {
        Self { ty: Type::Dynamic, is_literal: true, defaults: Defaults::default() }
    }

    /// Reads a constraint; `eval` evaluates the defaults in it.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(expr: &Expr, eval: &Eval<'_>) -> Evaluated<Self> {
        let (ty, defaults) = parse(expr, eval)?;
        Ok(Self { is_literal: ty.is_primitive(), ty, defaults })
    }

    /// The value with the defaults of missing attributes, as one of the type.
    ///
    /// # Errors
    /// When it does not convert.
    pub fn apply(&self, value: &Value) -> Result<Value, ConvertError> {
        let filled = if self.defaults.is_empty() { value.clone() } else { fill(value, &self.defaults) };
        let converted = convert(&filled, &self.ty)?;
        Ok(Value { origin: value.origin.clone(), ..converted })
    }
}

fn parse(expr: &Expr, eval: &Eval<'_>) -> Evaluated<(Type, Defaults)> {
    let plain = |ty| Ok((ty, Defaults::default()));
    match &expr.kind {
        ExprKind::Reference(name, steps) if steps.is_empty() => match &*name.text {
            "any" => plain(Type::Dynamic),
            "bool" => plain(Type::Bool),
            "number" => plain(Type::Number),
            "string" => plain(Type::Text),
            "list" => plain(Type::list(Type::Dynamic)),
            "set" => plain(Type::set(Type::Dynamic)),
            "map" => plain(Type::map(Type::Dynamic)),
            other => fail(format!("`{other}` is no type"), expr.span),
        },
        // Terraform 0.11 wrote types as strings; Terraform still reads these three.
        ExprKind::Literal(text) => match text.as_str().as_deref() {
            Some("string") => plain(Type::Text),
            Some("list") => plain(Type::list(Type::Text)),
            Some("map") => plain(Type::map(Type::Text)),
            _ => fail("a type is expected, not a string", expr.span),
        },
        ExprKind::Call(name, arguments, false) => match (&*name.text, arguments.as_slice()) {
            ("list", [element]) => collection(element, eval, Type::list),
            ("set", [element]) => collection(element, eval, Type::set),
            ("map", [element]) => collection(element, eval, Type::map),
            ("tuple", [elements]) => {
                let ExprKind::Tuple(elements) = &elements.kind else {
                    return fail("tuple() takes a list of types", elements.span);
                };
                let types: Result<Vec<Type>, _> =
                    elements.iter().map(|element| parse(element, eval).map(|(ty, _)| ty)).collect();
                plain(Type::tuple(types?))
            }
            ("object", [attributes]) => object(attributes, eval),
            ("optional", _) => fail("optional() belongs to an attribute of an object", expr.span),
            (other, _) => fail(format!("`{other}(...)` is no type"), expr.span),
        },
        _ => fail(
            "a type is expected: string, number, bool, any, list(...), set(...), map(...), tuple([...]), object({...})",
            expr.span,
        ),
    }
}

fn collection(element: &Expr, eval: &Eval<'_>, make: fn(Type) -> Type) -> Evaluated<(Type, Defaults)> {
    let (ty, inner) = parse(element, eval)?;
    let mut defaults = Defaults::default();
    if !inner.is_empty() {
        defaults.inner.insert(Arc::from(""), inner);
    }
    Ok((make(ty), defaults))
}

fn object(attributes: &Expr, eval: &Eval<'_>) -> Evaluated<(Type, Defaults)> {
    let ExprKind::Object(items) = &attributes.kind else {
        return fail("object() takes attributes and their types in braces", attributes.span);
    };
    let mut ty = ObjectType::default();
    let mut defaults = Defaults::default();
    for item in items {
        let Some(name) = item.key.literal().and_then(|key| key.as_str()).map(|key| Arc::<str>::from(&*key)) else {
            return fail("the attributes of an object type have plain names", item.key.span);
        };
        let (attribute, default) = match &item.value.kind {
            ExprKind::Call(call, arguments, false) if &*call.text == "optional" => {
                ty.optional.insert(Arc::clone(&name));
                match arguments.as_slice() {
                    [attribute] => (attribute, None),
                    [attribute, default] => (attribute, Some(default)),
                    _ => return fail("optional() takes a type and perhaps a default", item.value.span),
                }
            }
            _ => (&item.value, None),
        };
        let (attribute, inner) = parse(attribute, eval)?;
        if let Some(default) = default {
            let value = eval(default)?;
            let inner_constraint = Constraint { ty: attribute.clone(), is_literal: false, defaults: inner.clone() };
            let value = inner_constraint
                .apply(&value)
                .or_else(|error| fail(format!("the default of `{name}`: {}", error.message), default.span))?;
            defaults.values.insert(Arc::clone(&name), value);
        }
        if !inner.is_empty() {
            defaults.inner.insert(Arc::clone(&name), inner);
        }
        ty.attributes.insert(name, attribute);
    }
    Ok((Type::Object(Arc::new(ty)), defaults))
}

/// Sets missing or null attributes to their defaults, at any depth.
fn fill(value: &Value, defaults: &Defaults) -> Value {
    let elements = |elements: &[Value]| -> Vec<Value> {
        match defaults.inner.get("") {
            Some(inner) => elements.iter().map(|element| fill(element, inner)).collect(),
            None => elements.to_vec(),
        }
    };
    let kind = match &value.kind {
        Kind::Tuple(all) => Kind::Tuple(Arc::new(elements(all))),
        // Elements of one type may differ once filled: the conversion that follows makes them one type again.
        Kind::List(_, all) | Kind::Set(_, all) => Kind::Tuple(Arc::new(elements(all))),
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let mut filled = Fields::default();
            let of_elements = defaults.inner.get("");
            for (key, field) in fields.fields() {
                let value = match (of_elements, defaults.inner.get(key)) {
                    (Some(inner), _) | (None, Some(inner)) => fill(&field.value, inner),
                    (None, None) => field.value.clone(),
                };
                filled.insert(Arc::clone(key), field.key_span, value);
            }
            for (key, default) in &defaults.values {
                if filled.get(key).is_none_or(Value::is_null) {
                    filled.replace(Arc::clone(key), None, default.clone());
                }
            }
            Kind::Object(Arc::new(filled))
        }
        _ => return value.clone(),
    };
    Value { kind, origin: value.origin.clone(), marks: value.marks.clone() }
}

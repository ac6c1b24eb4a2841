//! Control Tower's controls that guard root, as the service control policies that they put in place (Control Tower
//! controls reference, "Strongly recommended controls" and "Control parameters").

use std::sync::Arc;

use crate::aws::iam::Policy;
use crate::document;
use crate::source::Span;
use crate::value::{Fields, Reason, Value};

/// Ids in the Control Catalog.
const OPAQUE: [(&str, &str); 3] = [
    ("8ui9y3oace2513xarz8aqojl7", ROOT_KEYS),
    ("5kvme4m5d2b4d7if2fs5yg2ui", ROOT_USER),
    ("24izmu4k16gv9tvd7sexnyrfy", "AWS-GR_ROOT_ACCOUNT_MFA_ENABLED"),
];

const ROOT_KEYS: &str = "AWS-GR_RESTRICT_ROOT_USER_ACCESS_KEYS";
const ROOT_USER: &str = "AWS-GR_RESTRICT_ROOT_USER";

/// The policy of a control, and where its parameters exempt principals; `None` if the control has nothing to do with
/// root's keys.
pub fn policy(identifier: &Value, parameters: &Value) -> Option<(Policy, Option<Span>)> {
    let span = identifier.origin.primary();
    let unknown = || identifier.as_unknown().map(|unknown| (Policy::unknown(unknown.reason.clone(), span), None));
    let Some(text) = identifier.as_text() else { return unknown() };
    // Partition and Region come before the name, and need not be known.
    let (id, whole) = text.known_suffix();
    let name = match id.rsplit_once('/') {
        Some((_, name)) => name,
        None if whole => &*id,
        None => return unknown(),
    };
    let name = OPAQUE.iter().find(|(opaque, _)| *opaque == name).map_or(name, |(_, name)| name);
    let action = match name {
        ROOT_KEYS => "iam:CreateAccessKey",
        ROOT_USER => "*",
        // Every control has a name like this, or an id that says nothing.
        _ if name.contains(['-', '_', '.']) => return None,
        _ => {
            let reason = Reason::new(name, "is a control that rootlint does not know by its id", span);
            return Some((Policy::unknown(reason, span), None));
        }
    };
    let exempt = match parameter(parameters, "ExemptedPrincipalArns") {
        Ok(exempt) => exempt,
        Err(reason) => return Some((Policy::unknown(reason, span), None)),
    };
    let exempt_span = exempt.as_ref().and_then(|exempt| exempt.origin.primary());
    let mut condition = vec![("ArnLike", object([("aws:PrincipalArn", Value::text("arn:*:iam::*:root"))]))];
    condition.extend(exempt.map(|exempt| ("ArnNotLike", object([("aws:PrincipalArn", exempt)]))));
    // Sessions of sts:AssumeRoot never create a key: whether they are exempt changes no verdict, only who is locked out.
    if name == ROOT_USER && !matches!(parameter(parameters, "ExemptAssumeRoot"), Ok(None)) {
        condition.push(("Null", object([("aws:AssumedRoot", Value::text("true"))])));
    }
    let mut statement = object([
        ("Sid", Value::text(name)),
        ("Effect", Value::text("Deny")),
        ("Action", Value::text(action)),
        ("Resource", Value::text("*")),
        ("Condition", object(condition)),
    ]);
    statement.origin = identifier.origin.clone();
    let document = object([("Version", Value::text("2012-10-17")), ("Statement", statement)]);
    Policy::parse(&document).ok().map(|policy| (policy, exempt_span))
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::object(fields.into_iter().map(|(key, value)| (Arc::from(key), value)).collect::<Fields>())
}

/// The value of a parameter: a list, in Terraform encoded as JSON.
fn parameter(parameters: &Value, name: &str) -> Result<Option<Value>, Reason> {
    if let Some(unknown) = parameters.as_unknown() {
        return Err(unknown.reason.clone());
    }
    for parameter in parameters.elements().unwrap_or_default() {
        if let Some(unknown) = parameter.as_unknown() {
            return Err(unknown.reason.clone());
        }
        let field = |names: [&str; 2]| {
            let fields = parameter.fields()?;
            names.iter().find_map(|name| fields.get(name)).cloned()
        };
        let (Some(key), Some(value)) = (field(["key", "Key"]), field(["value", "Value"])) else { continue };
        match (key.as_str(), key.as_unknown()) {
            (Some(key), _) if key == name => {
                return Ok(Some(match document::read(&value) {
                    Ok(list) => list,
                    Err(document::DocumentError::Unknown(reason)) => return Err(reason),
                    // Not JSON: one ARN as it is.
                    Err(document::DocumentError::Syntax { .. }) => value,
                }));
            }
            (None, Some(unknown)) => return Err(unknown.reason.clone()),
            _ => {}
        }
    }
    Ok(None)
}

//! Control Tower's controls that guard root, as the service control policies that they put in place (Control Tower
//! controls reference, "Strongly recommended controls" and "Control parameters").

use std::sync::Arc;

use crate::aws::iam::Policy;
use crate::document;
use crate::value::{Fields, Reason, Value};

/// Ids in the Control Catalog.
const OPAQUE: [(&str, &str); 3] = [
    ("8ui9y3oace2513xarz8aqojl7", ROOT_KEYS),
    ("5kvme4m5d2b4d7if2fs5yg2ui", ROOT_USER),
    ("24izmu4k16gv9tvd7sexnyrfy", "AWS-GR_ROOT_ACCOUNT_MFA_ENABLED"),
];

const ROOT_KEYS: &str = "AWS-GR_RESTRICT_ROOT_USER_ACCESS_KEYS";
const ROOT_USER: &str = "AWS-GR_RESTRICT_ROOT_USER";

/// The policy of a control; `None` if the control has nothing to do with root's keys.
pub fn policy(identifier: &Value, parameters: &Value) -> Option<Policy> {
    let span = identifier.origin.primary();
    let Some(id) = identifier.as_str() else {
        return identifier.as_unknown().map(|unknown| Policy::unknown(unknown.reason.clone(), span));
    };
    let name = id.rsplit('/').next().unwrap_or_default();
    let name = OPAQUE.iter().find(|(opaque, _)| *opaque == name).map_or(name, |(_, name)| name);
    let action = match name {
        ROOT_KEYS => "iam:CreateAccessKey",
        ROOT_USER => "*",
        // Every control has a name like this, or an id that says nothing.
        _ if name.contains(['-', '_', '.']) => return None,
        _ => {
            let reason = Reason::new(&*id, "is a control that rootlint does not know by its id", span);
            return Some(Policy::unknown(reason, span));
        }
    };
    let exempt = match parameter(parameters, "ExemptedPrincipalArns") {
        Ok(exempt) => exempt,
        Err(reason) => return Some(Policy::unknown(reason, span)),
    };
    let mut condition = vec![("ArnLike", object([("aws:PrincipalArn", Value::text("arn:*:iam::*:root"))]))];
    condition.extend(exempt.map(|exempt| ("ArnNotLike", object([("aws:PrincipalArn", exempt)]))));
    let mut statement = object([
        ("Sid", Value::text(name)),
        ("Effect", Value::text("Deny")),
        ("Action", Value::text(action)),
        ("Resource", Value::text("*")),
        ("Condition", object(condition)),
    ]);
    statement.origin = identifier.origin.clone();
    Policy::parse(&object([("Version", Value::text("2012-10-17")), ("Statement", statement)])).ok()
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

//! A second evaluator: simple, for one concrete request, over plain JSON. It shares nothing with the first.

use serde_json::Value as Json;

use super::generator::Request;

/// Whether policies at several levels (with FullAWSAccess where `full` says so) deny the request.
pub fn denied(levels: &[(Vec<Json>, bool)], request: &Request) -> bool {
    let statements = |policies: &[Json]| -> Vec<Json> {
        policies.iter().flat_map(|policy| policy["Statement"].as_array().cloned().unwrap_or_default()).collect()
    };
    let some = |policies: &[Json], effect: &str| {
        statements(policies).iter().any(|statement| statement["Effect"] == effect && applies(statement, request))
    };
    levels.iter().any(|(policies, _)| some(policies, "Deny"))
        || levels.iter().any(|(policies, full)| !full && !some(policies, "Allow"))
}

fn strings(value: &Json) -> Vec<String> {
    match value {
        Json::Array(all) => all.iter().flat_map(strings).collect(),
        Json::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn applies(statement: &Json, request: &Request) -> bool {
    let action = |value: &Json| strings(value).iter().any(|a| like(&a.to_lowercase(), "iam:createaccesskey"));
    let root = request["aws:principalarn"][0].clone();
    let resource =
        |value: &Json| strings(value).iter().any(|r| r == "*" || filled(r, request).is_some_and(|r| arn(&r, &root)));
    let acts = match statement.get("Action") {
        Some(value) => action(value),
        None => !action(&statement["NotAction"]),
    };
    let on = match statement.get("Resource") {
        Some(value) => resource(value),
        None => !resource(&statement["NotResource"]),
    };
    let empty = serde_json::Map::new();
    let conditions = statement.get("Condition").and_then(Json::as_object).unwrap_or(&empty);
    acts && on
        && conditions.iter().all(|(operator, keys)| {
            keys.as_object().unwrap().iter().all(|(key, values)| holds(operator, key, &strings(values), request))
        })
}

fn holds(operator: &str, key: &str, values: &[String], request: &Request) -> bool {
    let own = request.get(&key.to_lowercase());
    let values: Vec<String> = values.iter().filter_map(|value| filled(value, request)).collect();
    if operator == "Null" {
        return values.iter().any(|value| (value == "true") == own.is_none());
    }
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (Some(set), operator),
        None => (None, operator),
    };
    let (if_exists, operator) = match operator.strip_suffix("IfExists") {
        Some(operator) => (true, operator),
        None => (false, operator),
    };
    let negated = operator.contains("Not");
    let operator = operator.replace("Not", "");
    let Some(own) = own else {
        return match set {
            Some("ForAllValues") => true,
            Some(_) => false,
            None => if_exists || negated,
        };
    };
    let one = |own: &String| values.iter().any(|value| matches(&operator, own, value)) != negated;
    match set {
        Some("ForAllValues") => own.iter().all(one),
        _ => own.iter().any(one),
    }
}

/// A string with its policy variables replaced; `None` if one has no value.
fn filled(text: &str, request: &Request) -> Option<String> {
    let Some((before, rest)) = text.split_once("${") else { return Some(text.to_string()) };
    let (name, after) = rest.split_once('}').unwrap();
    let value = request.get(&name.to_lowercase())?.first()?;
    Some(format!("{before}{value}{}", filled(after, request)?))
}

fn matches(operator: &str, own: &str, value: &str) -> bool {
    let seconds = |text: &str| {
        text.parse::<f64>().ok().or_else(|| text.parse::<jiff::Timestamp>().ok().map(|t| t.as_second() as f64))
    };
    let ordered = |compare: &str| match (seconds(own), seconds(value)) {
        (Some(a), Some(b)) => match compare {
            "Equals" => a == b,
            "LessThan" => a < b,
            "LessThanEquals" => a <= b,
            "GreaterThan" => a > b,
            _ => a >= b,
        },
        _ => false,
    };
    match operator {
        "StringEquals" => own == value,
        "StringEqualsIgnoreCase" => own.eq_ignore_ascii_case(value),
        "StringLike" => like(value, own),
        "ArnLike" | "ArnEquals" => arn(value, own),
        "Bool" => own.eq_ignore_ascii_case(value),
        "IpAddress" => {
            let net =
                value.parse::<ipnet::IpNet>().unwrap_or_else(|_| value.parse::<core::net::IpAddr>().unwrap().into());
            own.parse::<core::net::IpAddr>().is_ok_and(|own| net.contains(&own))
        }
        other => ordered(other.trim_start_matches("Numeric").trim_start_matches("Date")),
    }
}

/// `*` and `?`, by recursion.
fn like(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let mut others = text.chars();
            like(rest.as_str(), text) || (others.next().is_some() && like(pattern, others.as_str()))
        }
        Some(own) => {
            let mut others = text.chars();
            others.next().is_some_and(|other| own == '?' || own == other) && like(rest.as_str(), others.as_str())
        }
    }
}

fn arn(pattern: &str, text: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_string).collect::<Vec<_>>();
    let (pattern, text) = (parts(pattern), parts(text));
    pattern.len() == 6 && text.len() == 6 && pattern.iter().zip(&text).all(|(pattern, text)| like(pattern, text))
}

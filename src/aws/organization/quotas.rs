//! Quotas of AWS Organizations, as data: they change (Organizations User Guide, "Quotas and service limits").

use crate::aws::iam::policy::Policy;
use crate::document;
use crate::source::Span;
use crate::value::{Kind, Value};

use super::layers::Index;

/// A quota and since when it is so much.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// What is counted.
    pub what: &'static str,
    /// The value since a date (seconds since 1970), the newest first; the last one since ever.
    values: &'static [(i64, usize)],
}

/// 2026-05-15T00:00:00Z, when those of service control policies were doubled.
const DOUBLED: i64 = 1_778_803_200;

/// Characters of a service control policy.
pub const SIZE: Quota =
    Quota { what: "characters in a service control policy", values: &[(DOUBLED, 10_240), (i64::MIN, 5_120)] };

/// Service control policies attached to one root, unit or account.
pub const ATTACHED: Quota =
    Quota { what: "service control policies attached to one target", values: &[(DOUBLED, 10), (i64::MIN, 5)] };

/// Levels of organizational units under a root.
pub const DEPTH: Quota = Quota { what: "levels of organizational units under the root", values: &[(i64::MIN, 5)] };

impl Quota {
    /// The value at a time, and the one before it, if it was another.
    pub fn at(&self, now: i64) -> (usize, Option<usize>) {
        let mut past = self.values.iter().skip_while(|(since, _)| *since > now).map(|(_, value)| *value);
        (past.next().unwrap_or(0), past.next())
    }
}

/// How many characters the content of a policy takes, if all of it is known. White space counts in a string that is
/// handed on as it is; a document that is encoded has none.
pub fn size(content: &Value) -> Option<usize> {
    match &content.kind {
        Kind::Text(text) => text.as_str().map(|text| text.chars().count()),
        _ => {
            content.is_wholly_known().then_some(())?;
            document::read(content).ok().filter(|document| Policy::parse(document).is_ok()).map(|it| minified(&it))
        }
    }
}

/// The length of a value as JSON without white space.
fn minified(value: &Value) -> usize {
    match &value.kind {
        Kind::Text(text) => 2 + text.as_str().map_or(0, |text| text.chars().map(escaped).sum()),
        Kind::Bool(value) => value.to_string().len(),
        Kind::Number(number) => number.to_string().len(),
        Kind::Null(_) | Kind::Unknown(_) => 4,
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            2 + elements.iter().map(minified).sum::<usize>() + elements.len().saturating_sub(1)
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let inner: usize = fields.iter().map(|(key, value)| key.chars().count() + 3 + minified(value)).sum();
            2 + inner + fields.len().saturating_sub(1)
        }
    }
}

fn escaped(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        character if character.is_control() => 6,
        _ => 1,
    }
}

/// Something that is more than a quota allows.
#[derive(Clone, Debug)]
pub struct Excess {
    /// What, how much, and how much is allowed.
    pub message: String,
    /// Where.
    pub span: Span,
}

impl Quota {
    /// The excess of `count` at a time, if it is one.
    fn excess(&self, what: &str, count: usize, now: i64, span: Span) -> Option<Excess> {
        let (allowed, before) = self.at(now);
        let before = before.map(|before| format!(" ({before} before 2026-05-15)")).unwrap_or_default();
        let message = format!("{what}: {count} {}, but AWS allows {allowed}{before}", self.what);
        (count > allowed).then_some(Excess { message, span })
    }
}

impl Index<'_, '_> {
    /// Where the organization goes past a quota. What is not known is not counted.
    pub(super) fn excesses(&self, now: i64) -> Vec<Excess> {
        let mut found = Vec::new();
        for policy in self.group.policies() {
            if let Some((size, span)) = policy.size {
                let span = span.unwrap_or(policy.site.header);
                found.extend(SIZE.excess(&format!("`{}`", policy.site.address), size, now, span));
            }
        }
        for (target, attached) in self.attached() {
            // AWS attaches FullAWSAccess to everything, and it counts.
            let (count, Some(last)) = (attached.len() + 1, attached.last()) else { continue };
            let what = format!("{target} (with FullAWSAccess)");
            found.extend(ATTACHED.excess(&what, count, now, last.target.span.unwrap_or(last.site.header)));
        }
        for unit in self.group.units() {
            let depth = self.way(&unit.id).0.len();
            let span = unit.parent.span.unwrap_or(unit.site.header);
            // Its units are too deep for the same reason.
            if depth == DEPTH.at(now).0 + 1 {
                found.extend(DEPTH.excess(&format!("`{}`", unit.site.address), depth, now, span));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::fake::{object, unknown};

    #[test]
    fn a_quota_is_what_it_was_at_the_time() {
        assert_eq!(SIZE.at(DOUBLED), (10_240, Some(5_120)));
        assert_eq!(SIZE.at(DOUBLED - 1), (5_120, None));
        assert_eq!(ATTACHED.at(DOUBLED), (10, Some(5)));
        assert_eq!(DEPTH.at(0), (5, None));
        assert_eq!("2026-05-15T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second(), DOUBLED);
    }

    #[test]
    fn what_is_written_counts() {
        assert_eq!(size(&Value::text("{ }")), Some(3));
        let statement = [("Effect", "Deny"), ("Action", "*"), ("Resource", "*")].map(|(k, v)| (k, Value::text(v)));
        let policy = |statement: Value| object([("Version", Value::text("2012-10-17")), ("Statement", statement)]);
        let known = policy(object(statement.clone()));
        let written = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
        assert_eq!(size(&known), Some(written.len()));
        assert_eq!(size(&policy(unknown("var.statement"))), None);
        assert_eq!(size(&unknown("var.content")), None);
    }
}

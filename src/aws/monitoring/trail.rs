//! What trails record, and where they write it.

use serde_json::Value as Json;

use super::All;
use super::answer::Answer;
use super::declared::Trail;
use super::events::Event;
use super::seen::{Break, Seen};
use crate::aws::join::{Link, each, given_in, same_unknown, truth};
use crate::text::Tri;
use crate::value::{Reason, Value};

/// Where CloudTrail puts what belongs to no Region: sign-ins of root, calls of IAM and STS
/// (CloudTrail user guide, "Global service events").
pub const GLOBAL_REGION: &str = "us-east-1";

impl Trail {
    fn called(&self) -> String {
        format!("trail `{}`", self.site.block)
    }

    /// Whether it records all accounts of an organization.
    pub fn is_of_organization(&self) -> bool {
        truth(&self.organization) == Some(true)
    }

    /// Whether the trail records an event.
    pub fn records(&self, event: &Event) -> Seen {
        let called = self.called();
        self.is_on()
            .then(|| self.covers(event))
            .then(|| match (truth(&self.global), truth(&self.multi_region)) {
                (Some(false), multi) if multi != Some(true) && is_global(event) => {
                    let why = format!("{called} leaves out global services, to which sign-ins and IAM belong");
                    Seen::No(Break::some(why, self.global.origin.primary()))
                }
                _ => Seen::unsure(&self.global).unwrap_or(Seen::Yes),
            })
            .then(|| self.selects(event))
    }

    /// Whether it records anything.
    pub fn is_on(&self) -> Seen {
        match truth(&self.logging) {
            Some(false) => {
                let why = format!("{} is switched off", self.called());
                Seen::No(Break::always(why, self.logging.origin.primary()))
            }
            _ => Seen::unsure(&self.logging).unwrap_or(Seen::Yes),
        }
    }

    fn covers(&self, event: &Event) -> Seen {
        let region = event.record.get("awsRegion").and_then(Json::as_str).unwrap_or(GLOBAL_REGION);
        match (truth(&self.multi_region), &self.place.region) {
            (Some(true), _) => Seen::Yes,
            (None, _) if self.multi_region.first_unknown().is_some() => {
                Seen::unsure(&self.multi_region).unwrap_or(Seen::Yes)
            }
            (_, Ok(own)) if own == region => Seen::Yes,
            (_, own) => {
                let of = own.as_ref().map_or_else(|_| "one Region".to_owned(), |own| format!("`{own}`"));
                // Whichever it is, another is not.
                if let (Err(reason), true) = (own, region == GLOBAL_REGION) {
                    return Seen::Unsure(reason.clone());
                }
                let span = self.multi_region.origin.primary().or(Some(self.site.header));
                let why = format!("{} records only what happens in {of}, and this happens elsewhere", self.called());
                Seen::No(Break::some(why, span))
            }
        }
    }

    fn selects(&self, event: &Event) -> Seen {
        let none = |what: &str, span| Seen::No(Break::some(format!("{} {what}", self.called()), span));
        let selectors = each(&self.advanced);
        if !selectors.is_empty() {
            let answers = selectors.iter().map(|selector| advanced(selector, &event.record));
            let answer = answers.fold(Answer::No, Answer::or);
            let selected = || {
                Break::some(
                    format!("{}'s advanced event selectors leave it out", self.called()),
                    self.advanced.origin.primary().or(Some(self.site.header)),
                )
            };
            return Seen::of(answer, selected);
        }
        if self.selectors.is_empty() {
            return Seen::Yes;
        }
        let reads = event.record.get("readOnly").and_then(Json::as_bool).unwrap_or(false);
        let ways = self.selectors.iter().map(|selector| {
            if truth(&selector.management) == Some(false) {
                return none("records no management events", selector.management.origin.primary());
            }
            if let Some(unsure) = Seen::unsure(&selector.management).or(Seen::unsure(&selector.read_write)) {
                return unsure;
            }
            match selector.read_write.as_str().as_deref() {
                Some("WriteOnly") if reads => {
                    none("records no calls that only read", selector.read_write.origin.primary())
                }
                Some("ReadOnly") if !reads => {
                    none("records only calls that read", selector.read_write.origin.primary())
                }
                _ => Seen::Yes,
            }
        });
        Seen::best(ways).unwrap_or(Seen::Yes)
    }

    /// Whether it writes to the log group that a filter reads.
    fn writes_to(&self, group: &Link, all: &All<'_>) -> Tri {
        if self.group.value.is_null() {
            return Tri::No;
        }
        let mut found = same_name(&self.group.value, &group.value);
        if found != Tri::Yes && self.group.shares_project(group) && same_unknown(&self.group.value, &group.value) {
            found = Tri::Yes;
        }
        for (_, [written, read]) in all.known_groups().by_all([&self.group, group]) {
            match (written, read) {
                (Tri::Yes, Tri::Yes) => return Tri::Yes,
                // Two names of two groups.
                (Tri::Yes, Tri::No) | (Tri::No, Tri::Yes) => found = if found == Tri::Yes { found } else { Tri::No },
                (Tri::Yes, Tri::Maybe) | (Tri::Maybe, Tri::Yes) if found == Tri::No => found = Tri::Maybe,
                _ => {}
            }
        }
        found
    }

    /// Whether it can write to its log group.
    fn delivers(&self) -> Seen {
        if self.role.is_null() {
            let why = format!("{} names no role with which to write to its log group", self.called());
            return Seen::No(Break::always(why, self.group.value.origin.primary().or(Some(self.site.header))));
        }
        Seen::Yes
    }
}

/// Whether an event belongs to a global service.
fn is_global(event: &Event) -> bool {
    let source = event.record.get("eventSource").and_then(Json::as_str).unwrap_or_default();
    ["iam.", "sts.", "signin.", "cloudfront.", "organizations."].iter().any(|global| source.starts_with(global))
}

/// Whether the ARN of a log group ends in a name, or both are the same.
fn same_name(arn: &Value, name: &Value) -> Tri {
    let (Some(arn), Some(name)) = (arn.as_text(), name.as_text()) else { return Tri::Maybe };
    let Some(name) = name.as_str() else { return Tri::Maybe };
    let name = name.strip_suffix(":*").unwrap_or(&name);
    let name = name.rsplit_once(":log-group:").map_or(name, |(_, name)| name);
    let ends = |end: &str| arn.ends_with_ignore_case(&format!(":log-group:{name}{end}"));
    match (ends(":*"), ends("")) {
        (Tri::No, Tri::No) => Tri::No,
        (Tri::Yes, _) | (_, Tri::Yes) => Tri::Yes,
        _ => Tri::Maybe,
    }
}

/// Whether an advanced event selector takes an event: all its conditions must hold
/// (CloudTrail API reference, `AdvancedFieldSelector`).
fn advanced(selector: &Value, record: &Json) -> Answer {
    let selectors = either(selector, &["field_selector", "FieldSelectors", "field_selectors"]);
    each(&selectors).iter().fold(Answer::Yes, |all, condition| all.and(holds(condition, record)))
}

fn either(value: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| given_in(value, name)).find(|value| !value.is_null()).unwrap_or_else(Value::null)
}

type Operator = (&'static [&'static str], fn(&str, &str) -> bool, bool);

const OPERATORS: [Operator; 6] = [
    (&["equals", "Equals"], |text, own| text == own, true),
    (&["not_equals", "NotEquals"], |text, own| text == own, false),
    (&["starts_with", "StartsWith"], |text, own| text.starts_with(own), true),
    (&["not_starts_with", "NotStartsWith"], |text, own| text.starts_with(own), false),
    (&["ends_with", "EndsWith"], |text, own| text.ends_with(own), true),
    (&["not_ends_with", "NotEndsWith"], |text, own| text.ends_with(own), false),
];

fn holds(condition: &Value, record: &Json) -> Answer {
    if let Some(unknown) = condition.first_unknown() {
        return Answer::unknown(&unknown);
    }
    let field = either(condition, &["field", "Field"]);
    let field = field.as_str().unwrap_or_default();
    let found = field.split('.').try_fold(record, |value, name| value.get(name));
    let text = match found {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Bool(truth)) => truth.to_string(),
        _ => String::new(),
    };
    let passes = OPERATORS.iter().all(|(names, compare, wanted)| {
        let values = each(&either(condition, names));
        let any = values.iter().filter_map(Value::as_str).any(|own| compare(&text, &own));
        values.is_empty() || any == *wanted
    });
    passes.into()
}

/// The trails that write to a log group.
pub struct Writers<'a> {
    /// Those that certainly do.
    pub certain: Vec<&'a Trail>,
    /// Why others may.
    possible: Vec<Reason>,
    /// What it means that none does.
    none: Seen,
}

impl Writers<'_> {
    /// Whether an event comes to the log group.
    pub fn logged(&self, event: &Event) -> Seen {
        let certain = self.certain.iter().map(|trail| trail.records(event).then(|| trail.delivers()));
        let possible = self.possible.iter().cloned().map(Seen::Unsure);
        Seen::best(certain.chain(possible)).unwrap_or_else(|| self.none.clone())
    }
}

impl<'a> All<'a> {
    /// What writes to the log group of a filter in a project.
    pub fn writers(&self, group: &Link, project: &str) -> Writers<'a> {
        let mut writers = Writers { certain: Vec::new(), possible: Vec::new(), none: Seen::Yes };
        for trail in self.trails() {
            match trail.writes_to(group, self) {
                Tri::Yes => writers.certain.push(trail),
                Tri::Maybe => {
                    let why = "may be the one that this trail writes to, or another";
                    let missing = group.unknown().or_else(|| trail.group.unknown());
                    let reason = missing.unwrap_or_else(|| Reason::new("log group", why, group.value.origin.span));
                    writers.possible.push(reason);
                }
                Tri::No => {}
            }
        }
        if writers.certain.is_empty() && writers.possible.is_empty() {
            writers.none = self.no_trail_writes(group, project);
        }
        writers
    }

    /// No trail in view writes to a log group: one that is not in view may.
    fn no_trail_writes(&self, group: &Link, project: &str) -> Seen {
        let named = self.known_groups().certain(group).next();
        let shown = match (named, group.value.as_str()) {
            (Some(named), _) => named.site.block.to_string(),
            (None, Some(name)) => name.into_owned(),
            (None, None) => group.unknown().map_or_else(|| "log group".into(), |reason| reason.missing.to_string()),
        };
        let trails = self.trails_of(project);
        let own = named.is_some_and(|named| &*named.site.project == project);
        match trails.first() {
            // Both are managed here and have nothing to do with each other.
            Some(trail) if own || trail.group.value.is_null() && trails.len() == 1 => {
                let why = match trail.group.value.is_null() {
                    true => format!("{} writes to no log group, so not to `{shown}` either", trail.called()),
                    false => format!("{} writes to another log group than `{shown}`", trail.called()),
                };
                Seen::No(Break::always(why, group.value.origin.primary()))
            }
            _ => {
                let why = "is a log group to which no trail in view writes";
                Seen::Unsure(Reason::new(shown, why, group.value.origin.span))
            }
        }
    }

    /// Whether a trail in view of an account records an event, so that EventBridge gets it.
    pub fn recorded(&self, event: &Event, project: &str) -> Seen {
        if let Some(best) = Seen::best(self.trails_of(project).iter().map(|trail| trail.records(event))) {
            return best;
        }
        let reason = match self.trails().next() {
            Some(trail) => {
                let why = "is a trail of another project, and may be of another account";
                Reason::new(&*trail.site.block, why, Some(trail.site.header))
            }
            None => Reason::new("trail", "is needed for events of CloudTrail, and none is in view", None),
        };
        Seen::Unsure(reason)
    }
}

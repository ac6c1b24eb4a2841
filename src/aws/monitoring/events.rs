//! The events that are replayed: what root does, what looks like it, and kinds of events of which there are many.
//!
//! They are data of the check, in its folder. All are of one account, whose id is exchanged for that of a monitor.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value as Json, json};

/// The account of the events.
const ACCOUNT: &str = "210987654321";

/// An event, or a kind of events (see [`super::event`]).
#[derive(Clone, Debug)]
pub struct Event {
    /// Its file's name.
    pub name: &'static str,
    /// What happens, to stand after "nobody would see".
    pub title: &'static str,
    /// What CloudTrail writes.
    pub record: Json,
    /// The same as text.
    pub text: String,
    /// What EventBridge gets.
    pub envelope: Json,
}

macro_rules! event {
    ($name:literal, $title:literal) => {
        ($name, $title, include_str!(concat!("../../../checks/unmonitored-root-activity/events/", $name, ".json")))
    };
}

type Written = (&'static str, &'static str, &'static str);

/// What somebody should notice.
const WATCHED: [Written; 10] = [
    event!("root-sign-in-without-mfa", "root signing in without MFA"),
    event!("root-sign-in-with-mfa", "root signing in with MFA"),
    event!("root-sign-in-failed", "a failed sign-in of root"),
    event!("root-key-created", "root creating an access key for itself"),
    event!("root-key-denied", "root being denied an access key"),
    event!("user-key-created-by-root", "root creating an access key for a user"),
    event!("root-call", "a call of root that changes something"),
    event!("root-call-elsewhere", "a call of root in another Region"),
    event!("root-read", "a call of root that only reads"),
    event!("root-session", "a session of centralized root access"),
];

/// What services do as root, or in its name: no news.
const NOISE: [Written; 2] =
    [event!("service-event", "events of services"), event!("service-invoked", "calls that services make for root")];

/// What others do that has to do with root.
#[cfg(test)]
const OTHERS: [Written; 2] = [
    event!("assume-root", "a role beginning a session of centralized root access"),
    event!("user-named-root", "an IAM user named root"),
];

/// Kinds of events of CloudTrail: all there are.
const KINDS: [Written; 4] = [
    event!("any-root-call", "a call of root"),
    event!("any-root-sign-in", "a sign-in of root"),
    event!("any-root-service-event", "a service's event as root"),
    event!("any-other-call", "an event of somebody else"),
];

const MEMBER: Written = event!("member-sign-in", "root of a member account signing in without MFA");

const GUARDDUTY: Written = event!("guardduty-root-usage", "GuardDuty's finding about root");

/// What somebody should notice, in an account.
pub fn watched(account: Option<&str>) -> Arc<[Event]> {
    static ALL: LazyLock<Arc<[Event]>> = LazyLock::new(|| WATCHED.iter().map(|written| read(written, None)).collect());
    match account {
        Some(_) => WATCHED.iter().map(|written| read(written, account)).collect(),
        None => Arc::clone(&ALL),
    }
}

/// What should alarm nobody.
pub fn noise(account: Option<&str>) -> Vec<Event> {
    NOISE.iter().map(|written| read(written, account)).collect()
}

/// What is no use of root.
#[cfg(test)]
pub fn others() -> Vec<Event> {
    OTHERS.iter().map(|written| read(written, None)).collect()
}

/// All kinds of events that CloudTrail writes.
pub fn kinds() -> &'static [Event] {
    static ALL: LazyLock<Vec<Event>> = LazyLock::new(|| KINDS.iter().map(|written| read(written, None)).collect());
    &ALL
}

/// The kinds of events that are written in whatever Region they happen in: not sign-ins of root, nor calls of global
/// services.
pub fn regional_kinds() -> Vec<Event> {
    let global = ["iam", "organizations", "cloudfront", "route53", "signin"];
    let outside =
        json!({"$any": {"like": "*.amazonaws.com", "not": global.map(|name| format!("{name}.amazonaws.com"))}});
    let mut kinds = kinds().to_vec();
    kinds.retain(|kind| kind.name != "any-root-sign-in");
    for kind in &mut kinds {
        if let Some(record) = kind.record.as_object_mut() {
            record.insert("eventSource".into(), outside.clone());
        }
        kind.envelope = envelope(&kind.record);
    }
    kinds
}

/// What happens in another account of the organization.
pub fn of_a_member() -> Event {
    read(&MEMBER, None)
}

/// What GuardDuty sends to EventBridge (user guide, "Policy:IAMUser/RootCredentialUsage").
pub fn guardduty(account: Option<&str>) -> Event {
    let mut event = read(&GUARDDUTY, account);
    let envelope = [("detail-type", json!("GuardDuty Finding")), ("source", json!("aws.guardduty"))];
    event.envelope = wrapped(&event.record, envelope);
    event
}

fn read((name, title, text): &Written, account: Option<&str>) -> Event {
    let text = match account {
        Some(account) => text.replace(ACCOUNT, account),
        None => (*text).to_owned(),
    };
    // A test holds that all of them can be read.
    let record: Json = serde_json::from_str(&text).unwrap_or_default();
    let envelope = envelope(&record);
    Event { name, title, text: record.to_string(), record, envelope }
}

/// How EventBridge wraps an event of CloudTrail (EventBridge user guide, "AWS service events delivered via CloudTrail").
fn envelope(record: &Json) -> Json {
    let get = |path: &str| record.pointer(path);
    let strings = |path: &str| {
        let all = get(path).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Json::as_str).collect::<Vec<_>>()
    };
    let kind = match get("/eventType").and_then(Json::as_str) {
        Some(kind) => json!(detail_type(kind)),
        None => {
            let all: Vec<_> = strings("/eventType/$any/in").into_iter().map(detail_type).collect();
            json!({"$any": {"in": all}})
        }
    };
    let service = |source: &str| format!("aws.{}", source.split('.').next().unwrap_or_default());
    let source = match get("/eventSource").and_then(Json::as_str) {
        Some(source) => json!(service(source)),
        None => {
            let not: Vec<_> = strings("/eventSource/$any/not").into_iter().map(service).collect();
            json!({"$any": {"like": "aws.*", "not": not}})
        }
    };
    wrapped(record, [("detail-type", kind), ("source", source)])
}

fn detail_type(event_type: &str) -> &'static str {
    match event_type {
        "AwsConsoleSignIn" => "AWS Console Sign In via CloudTrail",
        "AwsConsoleAction" => "AWS Console Action via CloudTrail",
        "AwsServiceEvent" => "AWS Service Event via CloudTrail",
        _ => "AWS API Call via CloudTrail",
    }
}

fn wrapped(record: &Json, own: [(&str, Json); 2]) -> Json {
    let get = |name: &str| record.get(name).cloned().unwrap_or_else(|| json!({"$any": {}}));
    let account = record.get("accountId").or_else(|| record.get("recipientAccountId")).cloned();
    let region = record.get("region").or_else(|| record.get("awsRegion")).cloned();
    let mut all = Map::new();
    all.insert("version".into(), json!("0"));
    all.insert("id".into(), json!({"$any": {}}));
    all.extend(own.map(|(name, value)| (name.to_owned(), value)));
    all.insert("account".into(), account.unwrap_or_default());
    all.insert("time".into(), get("eventTime"));
    all.insert("region".into(), region.unwrap_or_default());
    all.insert("resources".into(), json!([]));
    all.insert("detail".into(), record.clone());
    Json::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_events_can_be_read() {
        let all = [&WATCHED[..], &NOISE, &KINDS, &[MEMBER, GUARDDUTY]].concat();
        for written in all {
            let event = read(&written, Some("111122223333"));
            assert!(event.record.is_object(), "{}", event.name);
            assert!(!event.text.contains(ACCOUNT), "{}", event.name);
        }
    }

    #[test]
    fn events_are_wrapped_as_eventbridge_does() {
        let events = watched(None);
        let sign_in = &events[0].envelope;
        assert_eq!(sign_in["source"], "aws.signin");
        assert_eq!(sign_in["detail-type"], "AWS Console Sign In via CloudTrail");
        assert_eq!(sign_in["detail"]["userIdentity"]["type"], "Root");
        assert_eq!(events[3].envelope["source"], "aws.iam");
        assert_eq!(noise(None)[0].envelope["detail-type"], "AWS Service Event via CloudTrail");
        assert_eq!(guardduty(None).envelope["source"], "aws.guardduty");
        assert_eq!(kinds()[3].envelope["detail-type"]["$any"]["in"][1], "AWS Service Event via CloudTrail");
    }
}

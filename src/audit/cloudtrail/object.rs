//! What the objects in a file are: events of CloudTrail, whatever they come wrapped in, or something else.

use serde_json::Value as Json;

/// What an object in a file is.
#[derive(Debug)]
pub(super) enum Object {
    /// An event.
    Event(Json),
    /// A digest of CloudTrail: hashes of log files, no events.
    Digest,
    /// Something else.
    Other,
}

/// Reads an object: an event as CloudTrail writes it to files, the answer of `lookup-events` about one, or what EventBridge
/// sends.
///
/// # Errors
/// In words, when it is no JSON.
pub(super) fn read(bytes: &[u8]) -> Result<Object, String> {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Json>(bytes).map_err(|error| no_json(&error));
    let mut object = parse(bytes)?;
    if let Some(text) = object.get("CloudTrailEvent").and_then(Json::as_str) {
        object = parse(text.as_bytes()).map_err(|error| format!("`CloudTrailEvent`: {error}"))?;
    } else if object.get("detail-type").is_some() {
        object = object.get_mut("detail").map(Json::take).unwrap_or_default();
    }
    let has = |name: &str| object.get(name).is_some_and(Json::is_string);
    Ok(if has("eventName") && has("eventSource") {
        Object::Event(object)
    } else if has("digestS3Object") || has("digestEndTime") {
        Object::Digest
    } else {
        Object::Other
    })
}

fn no_json(error: &serde_json::Error) -> String {
    // The place that it names is counted from the start of the record.
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!("this record is no JSON: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::cloudtrail::Event;

    #[test]
    fn events_are_taken_out_of_what_they_come_in() {
        let event = r#"{"eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com"}"#;
        let looked_up = serde_json::json!({"EventId": "x", "CloudTrailEvent": event}).to_string();
        let sent = format!(r#"{{"detail-type": "AWS Console Sign In via CloudTrail", "detail": {event}}}"#);
        for text in [event, &looked_up, &sent] {
            let Ok(Object::Event(found)) = read(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(Event(&found).action(), "signin:ConsoleLogin");
        }
        assert!(matches!(read(br#"{"digestEndTime": "x", "digestS3Object": "y"}"#), Ok(Object::Digest)));
        for other in ["{}", r#"{"detail-type": "x"}"#, r#"{"detail": {"eventName": "a", "eventSource": "b"}}"#] {
            assert!(matches!(read(other.as_bytes()), Ok(Object::Other)), "{other}");
        }
        assert_eq!(read(b"{\"a\": x}").unwrap_err(), "this record is no JSON: expected value");
        assert!(read(br#"{"CloudTrailEvent": "{"}"#).unwrap_err().starts_with("`CloudTrailEvent`: "));
    }
}

//! What people and programs did as the root user.

use crate::aws::cloudtrail::{Event, Group, Watch};
use crate::finding::{Finding, Severity};

pub const ID: &str = "root-usage";

/// Which events, and what is told of them.
pub const WATCH: Watch = Watch { rule: include_str!("rule.sigma.yml"), kind, tell };

const SESSION: &str = "privileged session";
const SIGN_IN: &str = "sign-in";
const FAILED_SIGN_IN: &str = "failed sign-in";
const KEY_REFUSED: &str = "refused key of its own";
const KEY_FOR_USER: &str = "key for a user";
const LONG_TERM_KEY: &str = "call with a long-term key";
const READING: &str = "reading call";
const CHANGE: &str = "call";

fn kind(event: &Event<'_>) -> &'static str {
    let makes_key = event.is("/eventName", "CreateAccessKey");
    let for_itself = event.text("/requestParameters/userName").is_none();
    let long_term = event.text("/userIdentity/accessKeyId").is_some_and(|id| id.starts_with("AKIA"));
    if event.is("/userIdentity/sessionContext/assumedRoot", "true") {
        SESSION
    } else if event.is_sign_in() {
        if event.failed() { FAILED_SIGN_IN } else { SIGN_IN }
    } else if makes_key && for_itself && event.failed() {
        KEY_REFUSED
    } else if makes_key && !for_itself && !event.failed() {
        KEY_FOR_USER
    } else if long_term {
        LONG_TERM_KEY
    } else if event.is("/readOnly", "true") {
        READING
    } else {
        CHANGE
    }
}

fn tell(group: &Group, finding: Finding) -> Finding {
    let (account, times) = (group.account(), times(group.count));
    let (severity, what) = match group.key.kind {
        SESSION => {
            (Severity::Low, format!("A privileged session as the root user of {account} made {}", calls(group.count)))
        }
        SIGN_IN => (Severity::Medium, format!("The root user of {account} signed in{times}")),
        FAILED_SIGN_IN => (Severity::Low, format!("Signing in as the root user of {account} failed{times}")),
        KEY_REFUSED => (
            Severity::Medium,
            format!("The root user of {account} tried{times} to make an access key for itself, and was refused"),
        ),
        KEY_FOR_USER => {
            let users = if group.users.is_empty() { String::new() } else { format!(" ({})", group.users.text(5)) };
            (Severity::Medium, format!("The root user of {account} made access keys for IAM users{times}{users}"))
        }
        LONG_TERM_KEY => (
            Severity::High,
            format!("A long-term access key of the root user of {account} made {}", calls(group.count)),
        ),
        READING => (Severity::Medium, format!("The root user of {account} made {} that only read", calls(group.count))),
        _ => (Severity::Medium, format!("The root user of {account} made {}", calls(group.count))),
    };
    let help = match group.key.kind {
        SESSION => {
            "Central root access (`sts:AssumeRoot`) gives such sessions to people of the management account, for one task each. Ask \
             who began it: the call is in the trail of the management account."
        }
        FAILED_SIGN_IN => {
            "Ask whoever keeps the password. If nobody tried, somebody else did: see that the root user has MFA."
        }
        LONG_TERM_KEY => {
            "The root user has an access key. Find the program that uses it, give it a role, and delete the key."
        }
        KEY_REFUSED => "The guard held. Ask who tried, and why.",
        _ => {
            "Ask who did this and whether the root user was needed. What a role can do is for a role; only a few tasks of an \
             account need its root user."
        }
    };
    Finding { severity, message: format!("{what}. {}.", group.story()), help: help.to_owned(), ..finding }
}

fn times(count: u64) -> String {
    if count == 1 { String::new() } else { format!(" {count} times") }
}

fn calls(count: u64) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

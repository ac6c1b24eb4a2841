//! Sign-ins of the root user with a password alone.

use crate::aws::cloudtrail::{Group, Watch};
use crate::finding::Finding;

pub const ID: &str = "root-login-without-mfa";

/// Which events, and what is told of them.
pub const WATCH: Watch = Watch { rule: include_str!("rule.sigma.yml"), kind: |_| "", tell };

fn tell(group: &Group, finding: Finding) -> Finding {
    let times = if group.count == 1 { String::new() } else { format!(" {} times", group.count) };
    Finding {
        message: format!("The root user of {} signed in without MFA{times}. {}.", group.account(), group.story()),
        help: "Ask who signed in. Give the root user an MFA device, better two; in a member account of an organization, delete its \
               password and manage root access centrally."
            .to_owned(),
        ..finding
    }
}

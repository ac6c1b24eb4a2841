//! Access keys that the root user made for itself.

use crate::aws::cloudtrail::{Group, Watch};
use crate::finding::Finding;

pub const ID: &str = "root-access-key-created";

/// Which events, and what is told of them.
pub const WATCH: Watch = Watch { rule: include_str!("rule.sigma.yml"), kind: |_| "", tell };

fn tell(group: &Group, finding: Finding) -> Finding {
    let what = match group.count {
        1 => "an access key for itself".to_owned(),
        count => format!("{count} access keys for itself"),
    };
    Finding {
        message: format!("The root user of {} made {what}. {}.", group.account(), group.story()),
        help: "Delete the key if it is still there, and look at what was done with it since. Then keep root from making another: \
               deny it `iam:CreateAccessKey` with a service control policy (see `root-key-not-denied`)."
            .to_owned(),
        ..finding
    }
}

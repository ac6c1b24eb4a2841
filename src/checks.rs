//! The list of checks. Each is one folder in `checks/`: its page (`README.md`), its code (`check.rs`), its cases.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::aws::Model;
use crate::aws::cloudtrail::Watch;
use crate::aws::credential_report::Audited;
use crate::finding::{Findings, Severity};
use crate::frameworks::Controls;
use crate::waiver::Applied;

#[path = "../checks/access-key-not-rotated/check.rs"]
mod access_key_not_rotated;
#[path = "../checks/access-key-unused/check.rs"]
mod access_key_unused;
#[path = "../checks/exposed-key-secret/check.rs"]
mod exposed_key_secret;
#[path = "../checks/ineffective-root-guard/check.rs"]
mod ineffective_root_guard;
#[path = "../checks/no-centralized-root-access/check.rs"]
mod no_centralized_root_access;
#[path = "../checks/root-access-key/check.rs"]
mod root_access_key;
#[path = "../checks/root-access-key-active/check.rs"]
mod root_access_key_active;
#[path = "../checks/root-access-key-created/check.rs"]
mod root_access_key_created;
#[path = "../checks/root-credentials-in-code/check.rs"]
mod root_credentials_in_code;
#[path = "../checks/root-key-not-denied/check.rs"]
mod root_key_not_denied;
#[path = "../checks/root-key-script/check.rs"]
mod root_key_script;
#[path = "../checks/root-login-without-mfa/check.rs"]
mod root_login_without_mfa;
#[path = "../checks/root-usage/check.rs"]
mod root_usage;
#[path = "../checks/unmonitored-root-activity/check.rs"]
mod unmonitored_root_activity;
#[path = "../checks/unrotated-access-key/check.rs"]
mod unrotated_access_key;
#[path = "../checks/waiver-expired/check.rs"]
mod waiver_expired;
#[path = "../checks/waiver-invalid/check.rs"]
mod waiver_invalid;
#[path = "../checks/waiver-unused/check.rs"]
mod waiver_unused;

/// A check.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its id, which is its folder's name.
    pub id: &'static str,
    /// Its page.
    pub page: &'static str,
    /// The check itself.
    pub run: Run,
}

/// What a check looks at.
#[derive(Clone, Copy)]
pub enum Run {
    /// What the code means in AWS.
    Model(fn(&Model<'_>, &mut Findings)),
    /// What AWS says of the credentials of an account.
    CredentialReport(fn(&Audited<'_>, &mut Findings)),
    /// What CloudTrail has written down.
    Events(Watch),
    /// What waivers did to the findings of all other checks.
    Waivers(fn(&Applied<'_>, &mut Findings)),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Check({})", self.id)
    }
}

/// The front matter of a page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// One line: what it flags.
    pub title: String,
    /// The severity of its findings, unless a finding says otherwise.
    pub severity: Severity,
    /// The questions that it answers and that frameworks ask: those in `checks/frameworks.toml`.
    #[serde(default)]
    pub answers: Vec<String>,
    /// Further control ids by framework: `"CIS AWS v5.0.0": ["1.3"]`.
    #[serde(default)]
    pub frameworks: BTreeMap<String, Vec<String>>,
    /// Links to what the check rests on.
    #[serde(default)]
    pub references: Vec<String>,
    /// Whether a finding says that something is missing: its place then only stands for the project.
    #[serde(default)]
    pub absence: bool,
}

impl Check {
    /// The page's front matter and its text.
    ///
    /// # Errors
    /// When the page has no front matter or a wrong one; a test reads every page, so that no user meets it.
    pub fn meta(&self) -> Result<(Meta, &'static str), String> {
        let rest = self.page.strip_prefix("---\n").ok_or("the page does not start with front matter")?;
        let (front, text) = rest.split_once("\n---\n").ok_or("the front matter does not end")?;
        let meta = serde_yaml::from_str(front).map_err(|error| error.to_string())?;
        Ok((meta, text.trim_start()))
    }
}

impl Meta {
    /// The controls that the check answers.
    ///
    /// # Errors
    /// When the page names a question that there is not; a test reads every page.
    pub fn controls(&self) -> Result<Controls, String> {
        Controls::of(&self.answers, &self.frameworks)
    }
}

/// All checks, in the order of their ids.
pub const ALL: &[Check] = &[
    Check {
        id: access_key_not_rotated::ID,
        page: include_str!("../checks/access-key-not-rotated/README.md"),
        run: Run::CredentialReport(access_key_not_rotated::check),
    },
    Check {
        id: access_key_unused::ID,
        page: include_str!("../checks/access-key-unused/README.md"),
        run: Run::CredentialReport(access_key_unused::check),
    },
    Check {
        id: exposed_key_secret::ID,
        page: include_str!("../checks/exposed-key-secret/README.md"),
        run: Run::Model(exposed_key_secret::check),
    },
    Check {
        id: ineffective_root_guard::ID,
        page: include_str!("../checks/ineffective-root-guard/README.md"),
        run: Run::Model(ineffective_root_guard::check),
    },
    Check {
        id: no_centralized_root_access::ID,
        page: include_str!("../checks/no-centralized-root-access/README.md"),
        run: Run::Model(no_centralized_root_access::check),
    },
    Check {
        id: root_access_key::ID,
        page: include_str!("../checks/root-access-key/README.md"),
        run: Run::Model(root_access_key::check),
    },
    Check {
        id: root_access_key_active::ID,
        page: include_str!("../checks/root-access-key-active/README.md"),
        run: Run::CredentialReport(root_access_key_active::check),
    },
    Check {
        id: root_access_key_created::ID,
        page: include_str!("../checks/root-access-key-created/README.md"),
        run: Run::Events(root_access_key_created::WATCH),
    },
    Check {
        id: root_credentials_in_code::ID,
        page: include_str!("../checks/root-credentials-in-code/README.md"),
        run: Run::Model(root_credentials_in_code::check),
    },
    Check {
        id: root_key_not_denied::ID,
        page: include_str!("../checks/root-key-not-denied/README.md"),
        run: Run::Model(root_key_not_denied::check),
    },
    Check {
        id: root_key_script::ID,
        page: include_str!("../checks/root-key-script/README.md"),
        run: Run::Model(root_key_script::check),
    },
    Check {
        id: root_login_without_mfa::ID,
        page: include_str!("../checks/root-login-without-mfa/README.md"),
        run: Run::Events(root_login_without_mfa::WATCH),
    },
    Check {
        id: root_usage::ID,
        page: include_str!("../checks/root-usage/README.md"),
        run: Run::Events(root_usage::WATCH),
    },
    Check {
        id: unmonitored_root_activity::ID,
        page: include_str!("../checks/unmonitored-root-activity/README.md"),
        run: Run::Model(unmonitored_root_activity::check),
    },
    Check {
        id: unrotated_access_key::ID,
        page: include_str!("../checks/unrotated-access-key/README.md"),
        run: Run::Model(unrotated_access_key::check),
    },
    Check {
        id: waiver_expired::ID,
        page: include_str!("../checks/waiver-expired/README.md"),
        run: Run::Waivers(waiver_expired::check),
    },
    Check {
        id: waiver_invalid::ID,
        page: include_str!("../checks/waiver-invalid/README.md"),
        run: Run::Waivers(waiver_invalid::check),
    },
    Check {
        id: waiver_unused::ID,
        page: include_str!("../checks/waiver-unused/README.md"),
        run: Run::Waivers(waiver_unused::check),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_in_order_and_have_their_pages() {
        assert!(ALL.is_sorted_by_key(|check| check.id));
        for check in ALL {
            let (meta, text) = check.meta().unwrap_or_else(|error| panic!("{}: {error}", check.id));
            meta.controls().unwrap_or_else(|error| panic!("{}: {error}", check.id));
            assert!(!meta.title.is_empty() && !meta.references.is_empty(), "{}", check.id);
            for part in ["## What", "## Why", "## Fix", "## Examples"] {
                assert!(text.contains(&format!("\n{part}\n")), "{} has no part {part}", check.id);
            }
        }
    }
}

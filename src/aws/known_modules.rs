//! Well-known modules that are called but not on disk: the keys that they make, the rotation that they bring, and
//! whether they watch root. What they do is known from their documentation (`known-modules.toml`), so all of it is possible and nothing certain.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::access_key::{self, AccessKey};
use super::monitoring;
use super::rotation::{Effect, Mechanism, Period, Reach};
use crate::resource::{ModuleCall, Presence};
use crate::types::Type;
use crate::value::{Reason, Value};

const DATA: &str = include_str!("known-modules.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    module: Vec<Known>,
}

/// A module that is known; see the head of the data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    registry: String,
    repository: String,
    key: Option<Key>,
    rotation: Option<Rotation>,
    monitoring: Option<Monitoring>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Key {
    switches: BTreeMap<String, bool>,
    user: String,
    /// Outputs that are the secret of the key.
    secrets: Vec<String>,
    max_age: Option<MaxAge>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaxAge {
    input: String,
    seconds: i64,
    since: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    days: Option<Days>,
    note: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Monitoring {
    switches: BTreeMap<String, bool>,
    tells: Option<String>,
    without: Option<Without>,
    #[serde(default)]
    sign_ins_only: bool,
    note: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Without {
    input: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    input: String,
    default: i64,
}

fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    // A test holds that the data can be read.
    KNOWN.get_or_init(|| toml::from_str::<Data>(DATA).map(|data| data.module).unwrap_or_default())
}

/// The outputs of the module at `source` that are the secret of a key.
pub(super) fn secrets(source: &str) -> &'static [String] {
    module(source).and_then(|known| known.key.as_ref()).map_or(&[], |key| key.secrets.as_slice())
}

/// The module that a source means: an address in the registry, or a repository with a folder in it
/// (<https://developer.hashicorp.com/terraform/language/modules/sources>).
fn module(source: &str) -> Option<&'static Known> {
    let source = source.split('?').next().unwrap_or_default().trim_end_matches('/');
    let mut rest = source;
    for prefix in ["git::", "https://", "ssh://", "git@", "registry.terraform.io/", "registry.opentofu.org/"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let repository = rest.strip_prefix("github.com/").or_else(|| rest.strip_prefix("github.com:"));
    let repository = repository.map(|path| path.replacen(".git", "", 1));
    known().iter().find(|known| match &repository {
        Some(path) => known.repository.eq_ignore_ascii_case(path),
        None => !known.registry.is_empty() && known.registry.eq_ignore_ascii_case(rest),
    })
}

/// Whether the source is one of a module that is known.
pub fn wanted(source: &str) -> bool {
    module(source).is_some()
}

/// What calls bring.
#[derive(Debug, Default)]
pub struct Brought {
    /// Keys that they make.
    pub keys: Vec<AccessKey>,
    /// The rotation of keys.
    pub rotation: Vec<Mechanism>,
    /// What watches root.
    pub monitoring: Vec<monitoring::Module>,
}

/// What the calls bring.
pub fn read(calls: &[ModuleCall<'_>]) -> Brought {
    let mut brought = Brought::default();
    for call in calls {
        let Some(known) = module(&call.source) else { continue };
        if let Some((key, presence)) = known.key.as_ref().and_then(|key| Some((key, makes_key(call, key)?))) {
            brought.keys.push(key_of(call, key, presence));
            brought.rotation.extend(key.max_age.as_ref().and_then(|age| replaced(call, age)));
        }
        brought.rotation.extend(known.rotation.as_ref().map(|rotation| rotates(call, rotation)));
        brought.monitoring.extend(known.monitoring.as_ref().and_then(|monitoring| watches(call, monitoring)));
    }
    brought
}

/// Whether inputs, with their defaults, are all true: nothing if one is not, else what of them is not known.
fn switched_on(call: &ModuleCall<'_>, switches: &BTreeMap<String, bool>) -> Option<Option<Reason>> {
    let mut open = None;
    for (input, default) in switches {
        let value = call.inputs.get(input);
        match (value.as_bool(), value.as_unknown()) {
            (_, Some(unknown)) => open = Some(unknown.reason.clone()),
            (Some(given), _) if !given => return None,
            (None, _) if value.is_null() && !default => return None,
            (None, _) if value.as_str().as_deref() == Some("false") => return None,
            _ => {}
        }
    }
    Some(open)
}

/// On what it depends whether a call makes a key; nothing if it does not.
fn makes_key(call: &ModuleCall<'_>, key: &Key) -> Option<Reason> {
    let open = switched_on(call, &key.switches)?;
    let decides = || {
        let inputs: Vec<String> =
            key.switches.keys().filter(|input| input.contains("key")).map(|i| format!("`{i}`")).collect();
        let why = format!("is not on disk; as far as is known it makes a key unless {} is false", inputs.join(" or "));
        Reason::new(Arc::clone(&call.site.block), why, Some(call.site.header))
    };
    Some(open.unwrap_or_else(decides))
}

fn key_of(call: &ModuleCall<'_>, key: &Key, reason: Reason) -> AccessKey {
    let named = if key.user.is_empty() { Value::null() } else { call.inputs.get(&key.user) };
    let user = match named.is_null() {
        false => named,
        true => {
            let reason =
                Reason::new(Arc::clone(&call.site.block), "is not on disk and names it", Some(call.site.header));
            Value::unknown(Type::Text, reason).at(call.site.header)
        }
    };
    let mut site = call.site.clone();
    site.presence = site.presence.and(&Presence::Possible(reason));
    let account = access_key::account(&call.provider);
    AccessKey { site, user, status: Value::null(), mentions: Vec::new(), account, by_script: false }
}

/// A mechanism in the module.
fn mechanism(call: &ModuleCall<'_>, reach: Reach, period: Period, why: &str) -> Mechanism {
    let mut found = Mechanism::new(&call.site, access_key::account(&call.provider), "Module", Effect::Rotates);
    (found.reach, found.period) = (reach, period);
    let reason = || Reason::new(Arc::clone(&call.site.block), why.to_owned(), Some(call.site.header));
    found.doubt.get_or_insert_with(reason);
    found
}

/// The replacement of the module's own key, if its version may have it.
fn replaced(call: &ModuleCall<'_>, age: &MaxAge) -> Option<Mechanism> {
    let version =
        call.version.as_str().map(|version| version.trim_start_matches(['~', '>', '=', '^', ' ', 'v']).to_owned());
    let reference = call.source.split_once("ref=").map(|(_, tag)| {
        let tag = tag.split('&').next().unwrap_or(tag);
        tag.rsplit('/').next().unwrap_or(tag).trim_start_matches('v').to_owned()
    });
    let major = version.or(reference).and_then(|version| version.split('.').next()?.parse::<u64>().ok());
    if major.is_some_and(|major| major < age.since) {
        return None;
    }
    let given = call.inputs.get(&age.input);
    let period = Period::of_seconds(&if given.is_null() { Value::number(age.seconds) } else { given.clone() });
    let why = format!("is not on disk; as far as is known it replaces its key since version {}", age.since);
    let mut found = mechanism(call, Reach::Keys(vec![Arc::clone(&call.site.block)]), period, &why);
    if found.period == Period::Minutes(0) {
        found.inert = Some(format!("never replaces its key (`{}` is 0)", age.input).into());
    }
    Some(found)
}

fn rotates(call: &ModuleCall<'_>, rotation: &Rotation) -> Mechanism {
    let period = match &rotation.days {
        Some(days) => Period::of(&call.inputs.get(&days.input), 24 * 60, Period::days(days.default)),
        None => Period::Unstated,
    };
    let why = format!("is not on disk; as far as is known it {}", rotation.note);
    mechanism(call, Reach::Account, period, &why)
}

/// What watches root in the module: nothing if its inputs switch that off, or name nobody to tell.
fn watches(call: &ModuleCall<'_>, known: &Monitoring) -> Option<monitoring::Module> {
    switched_on(call, &known.switches)?;
    let names = |input: &str| call.inputs.get(input);
    let nobody = |input: &String| {
        let told = names(input);
        told.is_null() || told.elements().is_some_and(<[Value]>::is_empty)
    };
    let left_out = |without: &Without| {
        let list = names(&without.input);
        list.elements().is_some_and(|all| all.iter().any(|one| one.as_str().as_deref() == Some(&*without.value)))
    };
    if known.tells.as_ref().is_some_and(nobody) || known.without.as_ref().is_some_and(left_out) {
        return None;
    }
    let why = format!("is not on disk; as far as is known it {}", known.note);
    Some(monitoring::Module {
        site: call.site.clone(),
        reason: Reason::new(Arc::clone(&call.site.block), why, Some(call.site.header)),
        account: access_key::account(&call.provider),
        sign_ins_only: known.sign_ins_only,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_can_be_read() {
        let data: Data = toml::from_str(DATA).expect("the data");
        assert_eq!(data.module.len(), known().len());
        let parts = |known: &Known| [known.key.is_some(), known.rotation.is_some(), known.monitoring.is_some()];
        assert!(known().iter().all(|known| parts(known).into_iter().filter(|is| *is).count() == 1));
    }

    #[test]
    fn a_source_is_an_address_or_a_repository() {
        for source in [
            "cloudposse/iam-system-user/aws",
            "registry.terraform.io/cloudposse/iam-system-user/aws",
            "git::https://github.com/cloudposse/terraform-aws-iam-system-user.git?ref=tags/0.2.2",
            "git@github.com:cloudposse/terraform-aws-iam-system-user.git",
            "github.com/cloudposse/terraform-aws-iam-system-user",
            "terraform-aws-modules/iam/aws//modules/iam-user",
            "terraform-aws-modules/cloudwatch/aws//modules/cis-alarms",
            "nozaq/secure-baseline/aws",
            "git::https://github.com/terraform-aws-modules/terraform-aws-iam.git//modules/iam-user?ref=v5.0.0",
        ] {
            assert!(wanted(source), "{source}");
        }
        for source in [
            "cloudposse/iam-user/aws",
            "terraform-aws-modules/iam/aws",
            "terraform-aws-modules/iam/aws//modules/iam-role",
            "./iam-user",
            "",
            "github.com/cloudposse/terraform-aws-iam-user",
        ] {
            assert!(!wanted(source), "{source}");
        }
    }
}

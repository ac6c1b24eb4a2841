//! Stores of secrets that replace the keys they keep: Secrets Manager, Vault, Doppler, Akeyless.

use std::sync::Arc;

use super::join::{at, each, given, means, symbols, truth};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::resource::{Resource, Site};
use crate::value::{Reason, Value};

/// A type that rotates a secret: the secret, the days or schedule, the function that does it.
struct RotationKind {
    kind: &'static str,
    secret: &'static str,
    days: &'static [&'static str],
    schedule: &'static [&'static str],
    function: &'static str,
}

/// Terraform's AWS provider and the CloudFormation resource reference.
const ROTATIONS: &[RotationKind] = &[
    RotationKind {
        kind: "aws_secretsmanager_secret_rotation",
        secret: "secret_id",
        days: &["rotation_rules", "automatically_after_days"],
        schedule: &["rotation_rules", "schedule_expression"],
        function: "rotation_lambda_arn",
    },
    RotationKind {
        kind: "AWS::SecretsManager::RotationSchedule",
        secret: "SecretId",
        days: &["RotationRules", "AutomaticallyAfterDays"],
        schedule: &["RotationRules", "ScheduleExpression"],
        function: "RotationLambdaARN",
    },
];

/// A type that is a secret, its name, and the content that it may hold itself.
const SECRETS: &[[&str; 3]] =
    &[["aws_secretsmanager_secret", "name", ""], ["AWS::SecretsManager::Secret", "Name", "SecretString"]];

/// A type that is the content of a secret: its secret and its text.
const CONTENT: [&str; 3] = ["aws_secretsmanager_secret_version", "secret_id", "secret_string"];

const VAULT: &str = "vault_aws_secret_backend_static_role";
const DOPPLER: &str = "doppler_rotated_secret_aws_iam_user_keys";
const AKEYLESS: &str = "akeyless_rotated_secret_aws";

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    ROTATIONS.iter().any(|known| known.kind == kind)
        || SECRETS.iter().any(|[known, ..]| *known == kind)
        || [CONTENT[0], VAULT, DOPPLER, AKEYLESS].contains(&kind)
}

/// The stores among the resources that replace keys.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let keys: Vec<&Site> = resources.iter().map(|resource| &resource.site).filter(|site| is_key(site)).collect();
    let store = |resource: &Resource<'_>| match resource.kind() {
        // Vault provider: `rotation_period` is in seconds.
        VAULT => {
            let period = Period::of_seconds(&given(resource, "rotation_period"));
            let users = Reach::Users(vec![resource.get("username")]);
            Some(mechanism(resource, "Vault static role", Effect::Rotates, users, period))
        }
        DOPPLER => {
            let period = Period::of_seconds(&given(resource, "rotation_period_sec"));
            let mut users: Vec<Value> =
                each(&given(resource, "credentials")).iter().map(|c| super::join::inside(c, &["username"])).collect();
            users.push(given(resource, "username"));
            users.retain(|name| !name.is_null());
            Some(mechanism(resource, "Doppler rotated secret", Effect::Rotates, Reach::Users(users), period))
        }
        AKEYLESS => {
            let held = keys_in(resource, "api_id", &resource.get("api_id"), &keys);
            let period = Period::of(&given(resource, "rotation_interval"), 24 * 60, Period::Unstated);
            let mut found = mechanism(resource, "Akeyless rotated secret", Effect::Rotates, Reach::Keys(held), period);
            let auto = given(resource, "auto_rotate");
            match truth(&auto) {
                Some(true) => {}
                None if auto.as_unknown().is_some() => found.depends_on(&auto),
                _ => found.inert = Some("waits for someone to start it (`auto_rotate` is not set)".into()),
            }
            Some(found)
        }
        _ => {
            let kind = ROTATIONS.iter().find(|known| known.kind == resource.kind())?;
            secret(resource, kind, resources, &keys)
        }
    };
    resources.iter().filter_map(store).collect()
}

fn is_key(site: &Site) -> bool {
    matches!(&*site.kind, "aws_iam_access_key" | "AWS::IAM::AccessKey")
}

/// The rotation of a secret that holds keys of this project.
fn secret(
    rotation: &Resource<'_>,
    kind: &RotationKind,
    resources: &[Resource<'_>],
    keys: &[&Site],
) -> Option<Mechanism> {
    let id = rotation.get(kind.secret);
    let is_ours =
        |secret: &Resource<'_>, name: &str| means(rotation, kind.secret, &id, &secret.site, &given(secret, name));
    let mut held = Vec::new();
    for secret in resources {
        match SECRETS.iter().find(|[known, ..]| *known == secret.kind()) {
            Some([_, name, content]) if is_ours(secret, name) => {
                held.extend(keys_in(secret, content, &secret.get(content), keys));
                for version in resources.iter().filter(|resource| resource.kind() == CONTENT[0]) {
                    if means(version, CONTENT[1], &version.get(CONTENT[1]), &secret.site, &given(secret, name)) {
                        held.extend(keys_in(version, CONTENT[2], &version.get(CONTENT[2]), keys));
                    }
                }
            }
            // The rotation may take the secret's id from its content.
            None if secret.kind() == CONTENT[0] && is_ours(secret, CONTENT[1]) => {
                held.extend(keys_in(secret, CONTENT[2], &secret.get(CONTENT[2]), keys));
            }
            _ => {}
        }
    }
    if held.is_empty() {
        return None;
    }
    let (days, schedule) = (at(rotation, kind.days), at(rotation, kind.schedule));
    let period =
        if schedule.is_null() { Period::of(&days, 24 * 60, Period::Unstated) } else { Period::of_schedule(&schedule) };
    let mut found = mechanism(rotation, "Secrets Manager rotation", Effect::Rotates, Reach::Keys(held), period);
    if !given(rotation, "HostedRotationLambda").is_null() {
        found.inert = Some("replaces passwords of databases, not keys (`HostedRotationLambda`)".into());
    } else if given(rotation, kind.function).is_null() {
        found.inert = Some(format!("has no function to do it (`{}` is not set)", kind.function).into());
    }
    Some(found)
}

/// The blocks of the keys that `value`, an argument of `resource`, holds.
fn keys_in(resource: &Resource<'_>, argument: &str, value: &Value, keys: &[&Site]) -> Vec<Arc<str>> {
    let symbols = symbols(value);
    let holds = |key: &&&Site| {
        symbols.iter().any(|symbol| symbol.project == key.project && symbol.address == key.address)
            || resource
                .meta
                .references
                .iter()
                .any(|known| known.target == key.block && known.argument.split('.').next() == Some(argument))
    };
    keys.iter().filter(holds).map(|key| Arc::clone(&key.block)).collect()
}

impl Period {
    /// A number of seconds, or a number with one of the units `s`, `m`, `h`, `d`.
    pub fn of_seconds(value: &Value) -> Self {
        let Some(text) = value.as_str() else { return Self::of(value, 1, Self::Unstated).minutes_from_seconds() };
        let text = text.trim();
        let seconds = ['s', 'm', 'h', 'd']
            .into_iter()
            .zip([1, 60, 3600, 86_400])
            .find_map(|(unit, seconds)| text.strip_suffix(unit)?.parse::<i64>().ok()?.checked_mul(seconds));
        match seconds.or_else(|| text.parse().ok()) {
            Some(seconds) => Self::Minutes(seconds).minutes_from_seconds(),
            None => Self::Unknown(Reason::new(text, "is a period that rootlint does not read", value.origin.span)),
        }
    }

    fn minutes_from_seconds(self) -> Self {
        match self {
            Self::Minutes(seconds) => Self::Minutes(seconds.div_euclid(60)),
            other => other,
        }
    }
}

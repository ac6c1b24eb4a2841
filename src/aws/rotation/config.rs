//! AWS Config's rule `ACCESS_KEYS_ROTATED` and its automatic remediation.

use super::join::{at, each, given, inside, means, truth};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::document;
use crate::resource::Resource;
use crate::value::{Reason, Value};

/// A type that is a rule of AWS, and where it says which rule and with what parameters.
struct RuleKind {
    kind: &'static str,
    name: &'static str,
    identifier: &'static [&'static str],
    parameters: &'static [&'static str],
    organization: bool,
}

/// Terraform's AWS and AWSCC providers and the CloudFormation resource reference.
const RULES: &[RuleKind] = &[
    RuleKind {
        kind: "aws_config_config_rule",
        name: "name",
        identifier: &["source", "source_identifier"],
        parameters: &["input_parameters"],
        organization: false,
    },
    RuleKind {
        kind: "awscc_config_config_rule",
        name: "config_rule_name",
        identifier: &["source", "source_identifier"],
        parameters: &["input_parameters"],
        organization: false,
    },
    RuleKind {
        kind: "AWS::Config::ConfigRule",
        name: "ConfigRuleName",
        identifier: &["Source", "SourceIdentifier"],
        parameters: &["InputParameters"],
        organization: false,
    },
    RuleKind {
        kind: "aws_config_organization_managed_rule",
        name: "name",
        identifier: &["rule_identifier"],
        parameters: &["input_parameters"],
        organization: true,
    },
    RuleKind {
        kind: "AWS::Config::OrganizationConfigRule",
        name: "OrganizationConfigRuleName",
        identifier: &["OrganizationManagedRuleMetadata", "RuleIdentifier"],
        parameters: &["OrganizationManagedRuleMetadata", "InputParameters"],
        organization: true,
    },
];

/// A type that is a remediation: its rule, its document, whether it is automatic.
const REMEDIATIONS: &[[&str; 4]] = &[
    ["aws_config_remediation_configuration", "config_rule_name", "target_id", "automatic"],
    ["AWS::Config::RemediationConfiguration", "ConfigRuleName", "TargetId", "Automatic"],
];

/// A type that says whether Config records anything.
const RECORDER: [&str; 2] = ["aws_config_configuration_recorder_status", "is_enabled"];

/// Documents that switch old keys off: AWS's own, and those of its solution "Automated Security Response on AWS".
const REVOKING: [&str; 3] = [
    "AWSConfigRemediation-RevokeUnusedIAMUserCredentials",
    "ASR-RevokeUnrotatedKeys",
    "ASR-RevokeUnusedIAMUserCredentials",
];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    RULES.iter().any(|known| known.kind == kind)
        || REMEDIATIONS.iter().any(|[known, ..]| *known == kind)
        || RECORDER[0] == kind
}

/// The rules for old keys among the resources, and what remedies them.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let recording = is_recording(resources);
    let mut all = Vec::new();
    for rule in resources {
        let Some(kind) = RULES.iter().find(|known| known.kind == rule.kind()) else { continue };
        let Some(mut found) = old_keys(rule, kind) else { continue };
        if !recording {
            found.inert = Some("reports nothing: the Config recorder is switched off".into());
        }
        for remediation in resources {
            if let Some(names) = REMEDIATIONS.iter().find(|[known, ..]| *known == remediation.kind()) {
                all.extend(remedy(remediation, names, rule, kind, &found));
            }
        }
        all.push(found);
    }
    all
}

/// Whether Config records, unless the project says that it does not: a recorder that is not in view is taken to be on.
fn is_recording(resources: &[Resource<'_>]) -> bool {
    let statuses = resources.iter().filter(|resource| resource.kind() == RECORDER[0]);
    let mut known = statuses.map(|status| truth(&status.get(RECORDER[1]))).peekable();
    known.peek().is_none() || known.any(|enabled| enabled != Some(false))
}

fn old_keys(rule: &Resource<'_>, kind: &RuleKind) -> Option<Mechanism> {
    let identifier = at(rule, kind.identifier);
    let reach = if kind.organization { Reach::Organization } else { Reach::Account };
    let mut found = mechanism(rule, "Config rule", Effect::Detects, reach, Period::Unstated);
    match identifier.as_str().as_deref() {
        Some("ACCESS_KEYS_ROTATED") => {}
        Some("IAM_USER_UNUSED_CREDENTIALS_CHECK") => {
            found.inert = Some("reports keys that are not used, not keys that are old".into());
            return Some(found);
        }
        Some(_) => return None,
        None => {
            identifier.as_unknown()?;
            found.depends_on(&identifier);
        }
    }
    found.period = max_age(&at(rule, kind.parameters));
    Some(found)
}

/// `maxAccessKeyAge`, 90 days unless given (AWS Config developer guide, "access-keys-rotated").
fn max_age(parameters: &Value) -> Period {
    if parameters.is_null() {
        return Period::days(90);
    }
    match document::read(parameters) {
        Ok(document) => match &document.as_unknown() {
            Some(unknown) => Period::Unknown(unknown.reason.clone()),
            None => Period::of(&inside(&document, &["maxAccessKeyAge"]), 24 * 60, Period::days(90)),
        },
        Err(document::DocumentError::Unknown(reason)) => Period::Unknown(reason),
        Err(document::DocumentError::Syntax { .. }) => Period::Never("has parameters that are no JSON".into()),
    }
}

/// What the remediation makes of the rule's reports, if it is one for this rule and no mere offer.
fn remedy(
    remediation: &Resource<'_>,
    [_, rule_name, target, automatic]: &[&str; 4],
    rule: &Resource<'_>,
    kind: &RuleKind,
    detection: &Mechanism,
) -> Option<Mechanism> {
    if !means(remediation, rule_name, &remediation.get(rule_name), &rule.site, &given(rule, kind.name)) {
        return None;
    }
    let reach = detection.reach.clone();
    let mut found = mechanism(remediation, "Config remediation", Effect::Revokes, reach, detection.period.clone());
    found.inert.clone_from(&detection.inert);
    found.doubt = found.doubt.or_else(|| detection.doubt.clone());
    let automatic = given(remediation, automatic);
    match truth(&automatic) {
        Some(true) => {}
        None if automatic.as_unknown().is_some() => found.depends_on(&automatic),
        _ => found.inert = Some("waits for someone to start it (`automatic` is not set)".into()),
    }
    let document = remediation.get(target);
    match each(&document).first().and_then(Value::as_str) {
        Some(name) if REVOKING.iter().any(|known| name.rsplit('/').next() == Some(known)) => {}
        Some(name) => {
            let reason = Reason::new(&*name, "is a document that rootlint does not know", document.origin.span);
            found.doubt.get_or_insert(reason);
        }
        None => found.depends_on(&document),
    }
    Some(found)
}

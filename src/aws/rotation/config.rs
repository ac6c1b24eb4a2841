//! AWS Config: its rule `ACCESS_KEYS_ROTATED`, automatic remediation, custom rules, conformance packs, and what records.

use super::deployed;
use super::join::{at, each, given, inside, means, truth};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::document;
use crate::resource::Resource;
use crate::text::Piece;
use crate::value::{Reason, Value};

/// A type that is a rule of AWS, and where it says which rule and with what parameters.
struct RuleKind {
    kind: &'static str,
    name: &'static str,
    identifier: &'static [&'static str],
    parameters: &'static [&'static str],
    /// Whether it works in all accounts, and the argument with those that are left out.
    organization: Option<&'static str>,
}

/// Terraform's AWS and AWSCC providers and the CloudFormation resource reference.
const RULES: &[RuleKind] = &[
    RuleKind {
        kind: "aws_config_config_rule",
        name: "name",
        identifier: &["source", "source_identifier"],
        parameters: &["input_parameters"],
        organization: None,
    },
    RuleKind {
        kind: "awscc_config_config_rule",
        name: "config_rule_name",
        identifier: &["source", "source_identifier"],
        parameters: &["input_parameters"],
        organization: None,
    },
    RuleKind {
        kind: "AWS::Config::ConfigRule",
        name: "ConfigRuleName",
        identifier: &["Source", "SourceIdentifier"],
        parameters: &["InputParameters"],
        organization: None,
    },
    RuleKind {
        kind: "aws_config_organization_managed_rule",
        name: "name",
        identifier: &["rule_identifier"],
        parameters: &["input_parameters"],
        organization: Some("excluded_accounts"),
    },
    RuleKind {
        kind: "AWS::Config::OrganizationConfigRule",
        name: "OrganizationConfigRuleName",
        identifier: &["OrganizationManagedRuleMetadata", "RuleIdentifier"],
        parameters: &["OrganizationManagedRuleMetadata", "InputParameters"],
        organization: Some("ExcludedAccounts"),
    },
];

/// A type that is a remediation: its rule, its document, whether it is automatic.
const REMEDIATIONS: &[[&str; 4]] = &[
    ["aws_config_remediation_configuration", "config_rule_name", "target_id", "automatic"],
    ["AWS::Config::RemediationConfiguration", "ConfigRuleName", "TargetId", "Automatic"],
];

/// A type that says whether Config records anything.
const RECORDER: [&str; 2] = ["aws_config_configuration_recorder_status", "is_enabled"];

/// A type that is a recorder, and where it says whether it records everything, IAM's users with it, and what else.
const RECORDERS: &[[&str; 5]] = &[
    [
        "aws_config_configuration_recorder",
        "recording_group",
        "all_supported",
        "include_global_resource_types",
        "resource_types",
    ],
    [
        "AWS::Config::ConfigurationRecorder",
        "RecordingGroup",
        "AllSupported",
        "IncludeGlobalResourceTypes",
        "ResourceTypes",
    ],
];

/// A rule whose content is the user's own: its kind, what a rule of this sort is given, where it says who owns it, what it
/// looks at, and its Guard text.
struct CustomKind {
    kind: &'static str,
    given: &'static str,
    owner: &'static [&'static str],
    resource_types: &'static [&'static str],
    texts: &'static [&'static [&'static str]],
    /// Whether it works in all accounts, and the argument with those that are left out.
    organization: Option<&'static str>,
}

/// The same references.
const CUSTOM: &[CustomKind] = &[
    CustomKind {
        kind: "aws_config_config_rule",
        given: "",
        owner: &["source", "owner"],
        resource_types: &["scope", "compliance_resource_types"],
        texts: &[
            &["name"],
            &["description"],
            &["source", "source_identifier"],
            &["source", "custom_policy_details", "policy_text"],
        ],
        organization: None,
    },
    CustomKind {
        kind: "AWS::Config::ConfigRule",
        given: "",
        owner: &["Source", "Owner"],
        resource_types: &["Scope", "ComplianceResourceTypes"],
        texts: &[
            &["ConfigRuleName"],
            &["Description"],
            &["Source", "SourceIdentifier"],
            &["Source", "CustomPolicyDetails", "PolicyText"],
        ],
        organization: None,
    },
    CustomKind {
        kind: "aws_config_organization_custom_rule",
        given: "",
        owner: &[],
        resource_types: &["resource_types_scope"],
        texts: &[&["name"], &["description"], &["lambda_function_arn"]],
        organization: Some("excluded_accounts"),
    },
    CustomKind {
        kind: "aws_config_organization_custom_policy_rule",
        given: "",
        owner: &[],
        resource_types: &["resource_types_scope"],
        texts: &[&["name"], &["description"], &["policy_text"]],
        organization: Some("excluded_accounts"),
    },
    CustomKind {
        kind: "AWS::Config::OrganizationConfigRule",
        given: "OrganizationCustomRuleMetadata",
        owner: &[],
        resource_types: &["OrganizationCustomRuleMetadata", "ResourceTypesScope"],
        texts: &[
            &["OrganizationConfigRuleName"],
            &["OrganizationCustomRuleMetadata", "Description"],
            &["OrganizationCustomRuleMetadata", "LambdaFunctionArn"],
        ],
        organization: Some("ExcludedAccounts"),
    },
    CustomKind {
        kind: "AWS::Config::OrganizationConfigRule",
        given: "OrganizationCustomPolicyRuleMetadata",
        owner: &[],
        resource_types: &["OrganizationCustomPolicyRuleMetadata", "ResourceTypesScope"],
        texts: &[
            &["OrganizationConfigRuleName"],
            &["OrganizationCustomPolicyRuleMetadata", "Description"],
            &["OrganizationCustomPolicyRuleMetadata", "PolicyText"],
        ],
        organization: Some("ExcludedAccounts"),
    },
];

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
        || RECORDERS.iter().any(|[known, ..]| *known == kind)
        || CUSTOM.iter().any(|known| known.kind == kind)
}

/// The rules for old keys among the resources, and what remedies them.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let recording = recording(resources);
    let mut all = Vec::new();
    for rule in resources {
        if let Some(mut found) = custom(rule) {
            recording.hold_against(&mut found);
            all.push(found);
        }
        let Some(kind) = RULES.iter().find(|known| known.kind == rule.kind()) else { continue };
        let Some(mut found) = old_keys(rule, kind) else { continue };
        recording.hold_against(&mut found);
        if let Some(pack) = deployed::pack_of(rule, resources) {
            found.reach = Reach::Organization;
            found.excluded = deployed::excluded(pack);
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

/// Whether Config records users.
pub(super) enum Recording {
    /// As far as the project says: a recorder that is not in view is taken to be on.
    Yes,
    /// The project says that its recorder is off.
    Off,
    /// The recorders of the project leave users out; one of another region may record them.
    NoUsers(Reason),
}

impl Recording {
    /// What that means for something that rests on Config.
    pub(super) fn hold_against(&self, found: &mut Mechanism) {
        match self {
            Self::Yes => {}
            Self::Off => found.inert = Some("reports nothing: the Config recorder is switched off".into()),
            Self::NoUsers(reason) => {
                found.doubt.get_or_insert_with(|| reason.clone());
            }
        }
    }
}

/// Whether the project's recorders record users.
pub(super) fn recording(resources: &[Resource<'_>]) -> Recording {
    let statuses = resources.iter().filter(|resource| resource.kind() == RECORDER[0]);
    let mut known = statuses.map(|status| truth(&status.get(RECORDER[1]))).peekable();
    if known.peek().is_some() && known.all(|enabled| enabled == Some(false)) {
        return Recording::Off;
    }
    let recorder = |resource: &Resource<'_>| {
        let kind = RECORDERS.iter().find(|[known, ..]| *known == resource.kind())?;
        Some((resource.site.clone(), leaves_users_out(resource, kind)))
    };
    let recorders: Vec<_> = resources.iter().filter_map(recorder).collect();
    match recorders.first() {
        Some((site, _)) if recorders.iter().all(|(_, out)| *out) => {
            let why = "leaves IAM users out, and no other recorder is in view";
            Recording::NoUsers(Reason::new(&*site.block, why, Some(site.header)))
        }
        _ => Recording::Yes,
    }
}

/// Without a group, or with all supported types but no global ones, users are not recorded
/// (AWS Config developer guide, "Selecting which resources AWS Config records").
fn leaves_users_out(recorder: &Resource<'_>, [_, group, all, global, types]: &[&str; 5]) -> bool {
    let group = given(recorder, group);
    if group.first_unknown().is_some() || group.is_null() {
        return false;
    }
    let listed = each(&at_types(&group, types));
    let named = listed.iter().any(|kind| kind.as_str().as_deref() == Some("AWS::IAM::User"));
    // Everything is recorded unless the group says otherwise.
    match truth(&inside(&group, &[all])) {
        Some(false) => !named && !listed.is_empty(),
        _ => truth(&inside(&group, &[global])) == Some(false),
    }
}

fn at_types(group: &Value, types: &str) -> Value {
    let group = group.elements().and_then(|elements| elements.first()).unwrap_or(group);
    group.fields().and_then(|fields| fields.get(types)).cloned().unwrap_or_else(Value::null)
}

/// A rule whose content is not in view, if it shows that it is about keys or users.
fn custom(rule: &Resource<'_>) -> Option<Mechanism> {
    let is_one = |known: &&CustomKind| {
        known.kind == rule.kind() && (known.given.is_empty() || !given(rule, known.given).is_null())
    };
    let kind = CUSTOM.iter().find(is_one)?;
    let owner = at(rule, kind.owner);
    if !kind.owner.is_empty() && !owner.as_str().is_some_and(|owner| owner.starts_with("CUSTOM_")) {
        return None;
    }
    let names_keys = |path: &&&[&str]| {
        let text = at(rule, path).as_text().map(|text| text.pieces().filter_map(literal).collect::<String>());
        text.is_some_and(|text| text.contains("accesskey"))
    };
    let types = match kind.resource_types {
        [group, types] => at_types(&given(rule, group), types),
        [types] => given(rule, types),
        _ => Value::null(),
    };
    let users = each(&types).iter().any(|kind| kind.as_str().as_deref() == Some("AWS::IAM::User"));
    if !users && !kind.texts.iter().any(|path| names_keys(&path)) {
        return None;
    }
    let reach = if kind.organization.is_some() { Reach::Organization } else { Reach::Account };
    let mut found = mechanism(rule, "Custom Config rule", Effect::Detects, reach, Period::Unstated);
    found.excluded = kind.organization.map(|excluded| each(&given(rule, excluded))).unwrap_or_default();
    found.vague = true;
    let why = "is the user's own: what it looks for, and when, is not known";
    found.doubt.get_or_insert(Reason::new(&*rule.site.block, why, Some(rule.site.header)));
    Some(found)
}

/// Letters and digits of what is known of a text, in lower case.
fn literal(piece: Piece) -> Option<String> {
    match piece {
        Piece::Literal(literal) => {
            Some(literal.text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase())
        }
        _ => None,
    }
}

fn old_keys(rule: &Resource<'_>, kind: &RuleKind) -> Option<Mechanism> {
    let identifier = at(rule, kind.identifier);
    let reach = if kind.organization.is_some() { Reach::Organization } else { Reach::Account };
    let mut found = mechanism(rule, "Config rule", Effect::Detects, reach, Period::Unstated);
    if let Some(excluded) = kind.organization {
        found.excluded = each(&given(rule, excluded));
    }
    match identifier.as_str().as_deref() {
        Some("ACCESS_KEYS_ROTATED") => {}
        Some("IAM_USER_UNUSED_CREDENTIALS_CHECK") => {
            found.inert = Some("reports keys that are not used, not keys that are old".into());
            return Some(found);
        }
        Some(_) => return None,
        None => {
            identifier.as_unknown()?;
            // The user's own rules have an ARN there.
            let own = CUSTOM.iter().find(|known| known.kind == rule.kind() && !known.owner.is_empty());
            if own.is_some_and(|own| at(rule, own.owner).as_str().is_some_and(|owner| owner != "AWS")) {
                return None;
            }
            found.depends_on(&identifier);
            found.vague = true;
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
    found.excluded.clone_from(&detection.excluded);
    // What the rule does not report is not acted on.
    found.inert = detection.inert.as_deref().map(|why| match why.strip_prefix("reports ") {
        Some(what) => format!("acts on {what}").into(),
        None => why.to_owned().into(),
    });
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

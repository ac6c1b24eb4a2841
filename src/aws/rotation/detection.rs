//! Services that report keys: Security Hub's control IAM.3, and IAM Access Analyzer's unused access.

use super::config::recording;
use super::join::{at, each, given, inside, means, number, truth};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::aws::access_key;
use crate::resource::Resource;
use crate::text::Tri;
use crate::value::{Reason, Value};

/// A type that switches Security Hub on with its default standards: the argument that may leave them out.
const HUBS: [[&str; 2]; 2] =
    [["aws_securityhub_account", "enable_default_standards"], ["AWS::SecurityHub::Hub", "EnableDefaultStandards"]];

/// A type that subscribes to a standard: its ARN, the controls of it that are off, and the ARN of each.
const STANDARDS: [[&str; 4]; 2] = [
    ["aws_securityhub_standards_subscription", "standards_arn", "", ""],
    ["AWS::SecurityHub::Standard", "StandardsArn", "DisabledStandardsControls", "StandardsControlArn"],
];

/// A type that sets one control of a standard.
const CONTROL: [&str; 3] = ["aws_securityhub_standards_control", "standards_control_arn", "control_status"];

/// A policy for accounts of an organization: the way to its standards, its switch, and the controls that are on or off.
const POLICIES: [[&[&str]; 5]; 2] = [
    [
        &["aws_securityhub_configuration_policy"],
        &["configuration_policy", "enabled_standard_arns"],
        &["configuration_policy", "service_enabled"],
        &["configuration_policy", "security_controls_configuration", "disabled_control_identifiers"],
        &["configuration_policy", "security_controls_configuration", "enabled_control_identifiers"],
    ],
    [
        &["AWS::SecurityHub::ConfigurationPolicy"],
        &["ConfigurationPolicy", "SecurityHub", "EnabledStandardIdentifiers"],
        &["ConfigurationPolicy", "SecurityHub", "ServiceEnabled"],
        &["ConfigurationPolicy", "SecurityHub", "SecurityControlsConfiguration", "DisabledSecurityControlIdentifiers"],
        &["ConfigurationPolicy", "SecurityHub", "SecurityControlsConfiguration", "EnabledSecurityControlIdentifiers"],
    ],
];

/// A control that Control Tower switches on for a unit: which one.
const CONTROL_TOWER: [[&str; 2]; 2] =
    [["aws_controltower_control", "control_identifier"], ["AWS::ControlTower::EnabledControl", "ControlIdentifier"]];

/// Standards with the control IAM.3 (Security Hub user guide, "Security Hub CSPM controls for IAM").
const WITH_IAM_3: [&str; 4] =
    ["/aws-foundational-security-best-practices/", "/cis-aws-foundations-benchmark/", "/nist-800-53/", "/pci-dss/v/4."];

/// What IAM.3 is called in a standard: by its own number in the oldest ones.
const IAM_3: [&str; 3] = ["/IAM.3", "/CIS.1.4", "cis-aws-foundations-benchmark/v/1.2.0/1.4"];

/// IAM.3 reports keys that are older than this; it takes no parameter.
const IAM_3_DAYS: i64 = 90;

/// An analyzer: its type, and the way to its days.
const ANALYZERS: [[&str; 5]; 2] = [
    ["aws_accessanalyzer_analyzer", "type", "configuration", "unused_access", "unused_access_age"],
    ["AWS::AccessAnalyzer::Analyzer", "Type", "AnalyzerConfiguration", "UnusedAccessConfiguration", "UnusedAccessAge"],
];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    HUBS.iter().any(|[known, ..]| *known == kind)
        || STANDARDS.iter().any(|[known, ..]| *known == kind)
        || POLICIES.iter().any(|[known, ..]| known.contains(&kind))
        || ANALYZERS.iter().any(|[known, ..]| *known == kind)
        || CONTROL_TOWER.iter().any(|[known, ..]| *known == kind)
        || kind == CONTROL[0]
}

/// What reports keys among the resources.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let recording = recording(resources);
    let mut all = Vec::new();
    for resource in resources {
        let hub = hub(resource).or_else(|| standard(resource, resources)).or_else(|| policy(resource));
        let hub = hub.or_else(|| control_tower(resource));
        if let Some(mut found) = hub {
            recording.hold_against(&mut found);
            all.push(found);
        }
        all.extend(analyzer(resource));
    }
    all
}

fn iam_3(resource: &Resource<'_>, what: &str, reach: Reach) -> Mechanism {
    mechanism(resource, what, Effect::Detects, reach, Period::days(IAM_3_DAYS))
}

/// The default standards have the control.
fn hub(resource: &Resource<'_>) -> Option<Mechanism> {
    let [_, default] = HUBS.iter().find(|[known, ..]| *known == resource.kind())?;
    let default = given(resource, default);
    let mut found = iam_3(resource, "Security Hub's control IAM.3 by", Reach::Account);
    match truth(&default) {
        Some(false) => return None,
        _ => found.depends_on(&default),
    }
    Some(found)
}

fn standard(resource: &Resource<'_>, resources: &[Resource<'_>]) -> Option<Mechanism> {
    let [_, arn, controls, control_arn] = STANDARDS.iter().find(|[known, ..]| *known == resource.kind())?;
    let arn = resource.get(arn);
    let mut found = iam_3(resource, "Security Hub's control IAM.3 by", Reach::Account);
    let standard = standard_of(&arn)?;
    if standard.is_none() {
        found.depends_on(&arn);
    }
    let own = if controls.is_empty() { Vec::new() } else { each(&given(resource, controls)) };
    let mut off = own.iter().any(|control| is_iam_3(&inside(control, &[control_arn])) == Tri::Yes);
    for control in resources.iter().filter(|control| control.kind() == CONTROL[0]) {
        let is_off = control.get(CONTROL[2]).as_str().as_deref() == Some("DISABLED");
        let control_arn = control.get(CONTROL[1]);
        let same = means(control, CONTROL[1], &control_arn, &resource.site, &Value::null())
            || control_arn.as_str().zip(standard).is_some_and(|(arn, standard)| arn.contains(standard))
            || control_arn.as_str().is_none();
        off |= is_off && same && is_iam_3(&control_arn) == Tri::Yes;
    }
    if off {
        found.inert = Some("reports nothing: the control is switched off (DISABLED)".into());
    }
    Some(found)
}

/// Which standard with the control an ARN means: nothing if it has none, no name if it is not known.
fn standard_of(arn: &Value) -> Option<Option<&'static str>> {
    let Some(text) = arn.as_text() else { return arn.as_unknown().map(|_| None) };
    // The partition and region may be open; the end says which.
    let known = text.known_suffix().0;
    match WITH_IAM_3.iter().find(|standard| known.contains(**standard)) {
        Some(standard) => Some(Some(standard)),
        None => text.as_str().is_none().then_some(None).filter(|_| !known.contains("/v/")),
    }
}

fn is_iam_3(arn: &Value) -> Tri {
    let Some(text) = arn.as_text() else { return Tri::Maybe };
    match IAM_3.iter().any(|end| text.ends_with_ignore_case(end) == Tri::Yes) {
        true => Tri::Yes,
        false => Tri::No,
    }
}

fn policy(resource: &Resource<'_>) -> Option<Mechanism> {
    let [_, standards, enabled, off, on] = POLICIES.iter().find(|[known, ..]| known.contains(&resource.kind()))?;
    let list = |path: &[&str]| -> Value {
        match path.split_last() {
            Some((last, way)) => at(resource, way).fields().and_then(|all| all.get(last)).cloned(),
            None => None,
        }
        .unwrap_or_else(Value::null)
    };
    let standards = list(standards);
    let mut found = iam_3(resource, "Security Hub's control IAM.3 by", Reach::Organization);
    let known: Vec<Option<&str>> = each(&standards).iter().filter_map(standard_of).collect();
    if known.is_empty() {
        return None;
    }
    if !known.iter().any(Option::is_some) {
        found.depends_on(&standards);
    }
    let named = |list: &Value| each(list).iter().any(|id| id.as_str().as_deref() == Some("IAM.3"));
    let (off, on) = (list(off), list(on));
    if truth(&at(resource, enabled)) == Some(false) {
        found.inert = Some("reports nothing: the policy switches Security Hub off".into());
    } else if named(&off) || (!on.is_null() && on.first_unknown().is_none() && !named(&on)) {
        found.inert = Some("reports nothing: the control is switched off (DISABLED)".into());
    } else {
        found.depends_on(&off);
        found.depends_on(&on);
        let why = "works in the accounts that it is associated with, which are not read";
        let reason = Reason::new(&*resource.site.block, why, Some(resource.site.header));
        found.doubt.get_or_insert(reason);
    }
    Some(found)
}

fn control_tower(resource: &Resource<'_>) -> Option<Mechanism> {
    let [_, control] = CONTROL_TOWER.iter().find(|[known, ..]| *known == resource.kind())?;
    (resource.get(control).as_text()?.ends_with_ignore_case("/SH.IAM.3") == Tri::Yes).then(|| {
        let mut found = iam_3(resource, "Control Tower's control SH.IAM.3 by", Reach::Organization);
        let why = "works in the accounts of its unit, which are not read";
        found.doubt.get_or_insert(Reason::new(&*resource.site.block, why, Some(resource.site.header)));
        found
    })
}

fn analyzer(resource: &Resource<'_>) -> Option<Mechanism> {
    let [_, kind, way @ ..] = ANALYZERS.iter().find(|[known, ..]| *known == resource.kind())?;
    let reach = match resource.get(kind).as_str().as_deref() {
        Some("ACCOUNT_UNUSED_ACCESS") => Reach::Account,
        Some("ORGANIZATION_UNUSED_ACCESS") => Reach::Organization,
        _ => return None,
    };
    let days = number(&at(resource, way)).unwrap_or(90);
    let mut found = mechanism(resource, "Access Analyzer", Effect::Detects, reach, Period::days(days));
    found.account = access_key::account(&resource.provider);
    found.inert =
        Some(format!("reports keys that nobody has used for {}, not keys that are old", Period::days(days)).into());
    Some(found)
}

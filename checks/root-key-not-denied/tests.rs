use super::*;
use crate::aws::fake::{computed, resource, span, unknown};
use crate::aws::organization::declared;
use crate::aws::{Facts, Settings};
use crate::finding::Confidence;
use crate::resource::Resource;
use crate::value::Value;

const DENY: &str = r#"{"Statement": {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*"}}"#;
const ORGANIZATION: &str = "aws_organizations_organization";
const UNIT: &str = "aws_organizations_organizational_unit";

fn organization() -> Resource<'static> {
    let types = Value::tuple(vec![Value::text("SERVICE_CONTROL_POLICY")]);
    resource(ORGANIZATION, "org", [("enabled_policy_types", types)])
}

fn unit(address: &str) -> Resource<'static> {
    resource(UNIT, address, [("parent_id", computed(ORGANIZATION, "org", "roots[0].id"))])
}

fn guard(content: Value, target: Value) -> [Resource<'static>; 2] {
    let policy = computed("aws_organizations_policy", "scp", "id");
    [
        resource("aws_organizations_policy", "scp", [("content", content)]),
        resource("aws_organizations_policy_attachment", "att", [("policy_id", policy), ("target_id", target)]),
    ]
}

fn checked(settings: &Settings, resources: impl IntoIterator<Item = Resource<'static>>) -> Findings {
    let mut out = Findings::default();
    let resources: Vec<Resource<'_>> = resources.into_iter().collect();
    let facts = Facts { organization: declared(&resources, &mut out), ..crate::aws::fake::facts("p") };
    check(&Model::new(settings, &[facts]), &mut out);
    out
}

#[test]
fn one_finding_names_what_is_not_covered() {
    let guard = guard(Value::text(DENY), computed(UNIT, "prod", "id"));
    let out = checked(&Settings::default(), [organization(), unit("prod"), unit("test")].into_iter().chain(guard));
    let [finding] = &out.findings[..] else { panic!("{:?}", out.findings) };
    assert_eq!((finding.severity, finding.confidence), (Severity::High, Confidence::Certain));
    assert!(finding.message.contains("organization: test is not covered"), "{}", finding.message);
    assert!(finding.message.contains("The management account is never covered"));
    assert_eq!(finding.witness.as_ref().unwrap().context["aws:PrincipalArn"], "arn:aws:iam::111122223333:root");
    assert!(out.undecided.is_empty());
}

#[test]
fn units_that_are_covered_leave_a_note() {
    let with = |target: Value| {
        checked(
            &Settings::default(),
            [organization(), unit("prod")].into_iter().chain(guard(Value::text(DENY), target)),
        )
    };
    let units = with(computed(UNIT, "prod", "id"));
    assert_eq!((units.findings.len(), units.notes[0].code), (0, "accounts-out-of-view"));
    let root = with(computed(ORGANIZATION, "org", "roots[0].id"));
    assert!(root.findings.is_empty() && root.notes.is_empty());
}

#[test]
fn what_is_not_known_is_named_and_blocks() {
    let guard = guard(unknown("var.scp_json"), computed(ORGANIZATION, "org", "roots[0].id"));
    let out = checked(&Settings::default(), [organization()].into_iter().chain(guard));
    let [undecided] = &out.undecided[..] else { panic!("{:?}", out.undecided) };
    assert_eq!((&*undecided.missing[0], undecided.blocking), ("var.scp_json", true));
    assert!(undecided.message.ends_with("cannot be decided: `var.scp_json` has no value"), "{}", undecided.message);
    assert!(out.findings.is_empty());
}

#[test]
fn the_configuration_is_heard() {
    let mut settings = Settings::default();
    settings.organization.exempt = vec![("prod".into(), "being closed".into())];
    assert!(checked(&settings, [organization(), unit("prod")]).findings.is_empty());
    let mut settings = Settings::default();
    settings.organization.elsewhere = Some(Elsewhere { reason: "another repository".into(), span: span(3) });
    let out = checked(&settings, [organization(), unit("prod")]);
    assert!(out.findings.is_empty());
    assert_eq!((out.notes[0].code, out.notes[0].span), ("organization-elsewhere", span(3)));
    assert!(out.notes[0].message.contains("another repository"));
}

#[test]
fn policy_types_that_nobody_mentions_make_it_possible() {
    let bare = resource(ORGANIZATION, "org", []);
    let guard = guard(Value::text(DENY), computed(ORGANIZATION, "org", "roots[0].id"));
    let out = checked(&Settings::default(), [bare].into_iter().chain(guard));
    assert_eq!(out.findings[0].confidence, Confidence::Possible);
    assert!(out.findings[0].message.contains("`enabled_policy_types`"));
}

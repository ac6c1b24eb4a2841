//! Organizations put together from resources of several projects.

use super::*;
use crate::aws::fake::{computed, object, resource, span, unknown};
use crate::aws::iam::Verdict;
use crate::aws::{Facts, Model, Settings};
use crate::finding::Findings;
use crate::resource::{Mode, Presence, Resource};
use crate::value::{Reason, Value};

mod accounts;
mod full_access;

const ORGANIZATION: &str = "aws_organizations_organization";
const UNIT: &str = "aws_organizations_organizational_unit";
const POLICY: &str = "aws_organizations_policy";
const ATTACHMENT: &str = "aws_organizations_policy_attachment";

const DENY: &str = r#"{"Statement": {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*"}}"#;

fn text(text: &str) -> Value {
    Value::text(text)
}

fn organization() -> Resource<'static> {
    let types = Value::tuple(vec![text("SERVICE_CONTROL_POLICY")]);
    resource(ORGANIZATION, "org", [("feature_set", text("ALL")), ("enabled_policy_types", types)])
}

fn reader() -> Resource<'static> {
    Resource { mode: Mode::Data, ..resource(ORGANIZATION, "data.org", []) }
}

fn root(address: &str) -> Value {
    computed(ORGANIZATION, address, "roots[0].id")
}

fn unit(address: &str, parent: Value) -> Resource<'static> {
    resource(UNIT, address, [("parent_id", parent)])
}

fn unit_id(address: &str) -> Value {
    computed(UNIT, address, "id")
}

fn policy(content: Value) -> Resource<'static> {
    resource(POLICY, "scp", [("content", content), ("type", text("SERVICE_CONTROL_POLICY"))])
}

fn attached(target: Value) -> Resource<'static> {
    resource(ATTACHMENT, "att", [("policy_id", computed(POLICY, "scp", "id")), ("target_id", target)])
}

fn account(address: &str, id: Option<&str>, parent: Value) -> Resource<'static> {
    let id = id.map_or_else(|| computed("aws_organizations_account", address, "id"), text);
    resource("aws_organizations_account", address, [("id", id), ("parent_id", parent)])
}

/// The facts of a project; its own symbols are in project `p`.
fn facts(project: &str, resources: Vec<Resource<'static>>) -> Facts {
    let mut out = Findings::default();
    Facts { organization: declared(&resources, &mut out), ..crate::aws::fake::facts(project) }
}

fn resolved(settings: &Settings, facts: &[Facts]) -> Vec<Resolved> {
    organizations(&Model::new(settings, facts))
}

/// Targets and verdicts of the only organization.
fn verdicts(resources: Vec<Resource<'static>>) -> Vec<(String, &'static str)> {
    let found = resolved(&Settings::default(), &[facts("p", resources)]);
    assert_eq!(found.len(), 1);
    shown(&found[0])
}

fn shown(organization: &Resolved) -> Vec<(String, &'static str)> {
    let name = |target: &Target| match (&target.verdict, &target.cut) {
        (Verdict::Denied(_), _) => "denied",
        (_, Some(_)) => "cut",
        (Verdict::NotDenied(_), _) => "not denied",
        (Verdict::Conditional(_), _) => "conditional",
        (Verdict::Unknown(_), _) => "unknown",
    };
    organization.targets.iter().map(|target| (target.name.clone(), name(target))).collect()
}

fn pairs(expected: &[(&'static str, &'static str)]) -> Vec<(String, &'static str)> {
    expected.iter().map(|(name, verdict)| (name.to_string(), *verdict)).collect()
}

#[test]
fn the_root_is_asked_where_it_counts() {
    assert_eq!(verdicts(vec![organization()]), pairs(&[("the root", "not denied")]));
    let guarded = vec![organization(), policy(text(DENY)), attached(root("org"))];
    assert_eq!(verdicts(guarded), pairs(&[("the root", "denied")]));
    let units = vec![organization(), unit("prod", root("org")), policy(text(DENY)), attached(unit_id("prod"))];
    assert_eq!(verdicts(units.clone()), pairs(&[("prod", "denied")]));
    let mut loose = units;
    loose.push(account("one", None, Value::null()));
    assert_eq!(verdicts(loose), pairs(&[("the root", "not denied"), ("prod", "denied"), ("one", "not denied")]));
}

#[test]
fn policies_are_inherited_and_ways_may_leave_the_scan() {
    let nested = vec![
        organization(),
        unit("prod", root("org")),
        unit("inner", unit_id("prod")),
        account("one", None, unit_id("inner")),
        unit("test", root("org")),
        policy(text(DENY)),
        attached(unit_id("prod")),
    ];
    let expected = pairs(&[("prod", "denied"), ("inner", "denied"), ("test", "not denied"), ("one", "denied")]);
    assert_eq!(verdicts(nested), expected);
    let cut = vec![organization(), unit("prod", text("ou-ab12-11111111"))];
    assert_eq!(verdicts(cut), pairs(&[("prod", "cut"), ("ou-ab12-11111111", "cut")]));
}

#[test]
fn an_unknown_target_or_content_covers_nothing() {
    let target = vec![organization(), policy(text(DENY)), attached(unknown("var.target_id"))];
    let found = resolved(&Settings::default(), &[facts("p", target)]);
    let Verdict::Unknown(missing) = &found[0].targets[0].verdict else { panic!() };
    assert_eq!(&*missing[0].missing, "var.target_id");
    let content = vec![organization(), policy(unknown("var.scp_json")), attached(root("org"))];
    assert_eq!(verdicts(content), pairs(&[("the root", "unknown")]));
    let missing = vec![
        organization(),
        resource(ATTACHMENT, "att", [("policy_id", text("p-12345678")), ("target_id", root("org"))]),
    ];
    assert_eq!(verdicts(missing), pairs(&[("the root", "unknown")]));
    // The unit written out may be the one declared.
    let literal =
        vec![organization(), unit("prod", root("org")), policy(text(DENY)), attached(text("ou-ab12-11111111"))];
    assert_eq!(verdicts(literal), pairs(&[("prod", "unknown"), ("ou-ab12-11111111", "denied")]));
    let mut possible = attached(root("org"));
    possible.site.presence = Presence::Possible(Reason::new("var.enabled", "has no value", None));
    assert_eq!(verdicts(vec![organization(), policy(text(DENY)), possible]), pairs(&[("the root", "unknown")]));
}

#[test]
fn policy_types_and_feature_set_must_be_on() {
    let with = |attributes: Vec<(&'static str, Value)>| {
        let organization = resource(ORGANIZATION, "org", attributes);
        let facts = [facts("p", vec![organization, policy(text(DENY)), attached(root("org"))])];
        let found = resolved(&Settings::default(), &facts);
        let denied = matches!(found[0].targets[0].verdict, Verdict::Denied(_));
        assert_eq!(denied, found[0].ineffective.is_none());
        found[0].ineffective.as_ref().map(|ineffective| ineffective.certain)
    };
    let types = |name: &str| ("enabled_policy_types", Value::tuple(vec![text(name)]));
    assert_eq!(with(vec![types("SERVICE_CONTROL_POLICY")]), None);
    assert_eq!(with(vec![types("TAG_POLICY")]), Some(true));
    assert_eq!(with(vec![]), Some(false));
    let billing = ("feature_set", text("CONSOLIDATED_BILLING"));
    assert_eq!(with(vec![billing, types("SERVICE_CONTROL_POLICY")]), Some(true));
    // A policy of another type is none, and known to be none.
    let other = resource(POLICY, "scp", [("content", text(DENY)), ("type", text("RESOURCE_CONTROL_POLICY"))]);
    assert_eq!(verdicts(vec![organization(), other, attached(root("org"))]), pairs(&[("the root", "not denied")]));
}

#[test]
fn projects_are_joined_only_with_a_reason() {
    let guards = |project| facts(project, vec![reader(), policy(text(DENY)), attached(root("data.org"))]);
    let settings = Settings::default();
    // One managed organization: taken to be the same.
    let two = [facts("org", vec![organization()]), guards("guards")];
    let found = resolved(&settings, &two);
    assert_eq!(shown(&found[0]), pairs(&[("the root", "denied")]));
    assert!(found[0].assumption.is_some());
    // Several: none, until the configuration says which.
    let three = [facts("a", vec![organization()]), facts("b", vec![organization()]), guards("guards")];
    let found = resolved(&settings, &three);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|one| shown(one) == pairs(&[("the root", "not denied")]) && one.strangers.len() == 1));
    let mut named = Settings::default();
    named.organization.projects = vec!["b".into(), "guards".into()];
    let found = resolved(&named, &three);
    assert_eq!(shown(&found[0]), pairs(&[("the root", "not denied")]));
    assert_eq!(shown(&found[1]), pairs(&[("the root", "denied")]));
}

#[test]
fn a_reference_into_another_project_joins_the_two() {
    // Symbols of the tests are in project `p`.
    let settings = Settings::default();
    let guards = facts("guards", vec![policy(text(DENY)), attached(root("org"))]);
    let beside = facts("beside", vec![resource(ATTACHMENT, "x", [("target_id", computed(POLICY, "scp", "id"))])]);
    let all = [facts("a", vec![organization()]), beside, guards, facts("p", vec![organization()])];
    let found = resolved(&settings, &all);
    let verdicts: Vec<_> = found.iter().map(|one| (one.projects.join(" "), shown(one)[0].1)).collect();
    let expected = [("a", "not denied"), ("p beside guards", "denied")].map(|(name, what)| (name.to_owned(), what));
    assert_eq!(verdicts, expected);
    assert!(found.iter().all(|one| one.assumption.is_none()));
}

#[test]
fn whoever_is_linked_to_a_member_is_one() {
    let settings = Settings::default();
    let target = |id: &str| attached(text(id));
    let all = [
        facts("a", vec![organization(), target("ou-ab12-11111111")]),
        facts("b", vec![organization()]),
        facts("c", vec![target("ou-ab12-22222222")]),
        facts("d", vec![target("ou-ab12-11111111"), target("ou-ab12-22222222")]),
    ];
    let projects: Vec<_> = resolved(&settings, &all).iter().map(|one| one.projects.join(" ")).collect();
    assert_eq!(projects, ["a d c", "b"]);
}

#[test]
fn what_is_only_read_is_asked_when_something_guards() {
    let settings = Settings::default();
    assert!(resolved(&settings, &[facts("p", vec![reader()])]).is_empty());
    assert!(resolved(&settings, &[facts("p", vec![])]).is_empty());
    let wrong = policy(text(&DENY.replace("AccessKey", "User")));
    let found = resolved(&settings, &[facts("p", vec![reader(), wrong, attached(root("data.org"))])]);
    assert_eq!(shown(&found[0]), pairs(&[("the root", "not denied")]));
    // A module for any target lacks nothing that it could know.
    let module = facts("p", vec![policy(text(DENY)), attached(unknown("var.target_id"))]);
    assert!(resolved(&settings, &[module]).iter().all(|found| found.targets.is_empty()));
    let mut required = Settings::default();
    required.organization.required = Some(span(7));
    let found = resolved(&required, &[]);
    assert_eq!((found[0].anchor, found[0].managed), (span(7), true));
}

#[test]
fn the_configuration_may_exempt_and_detach() {
    let units = [facts("p", vec![organization(), unit("prod", root("org")), unit("test", root("org"))])];
    let mut settings = Settings::default();
    settings.organization.exempt = vec![("prod".into(), "being closed".into())];
    let found = resolved(&settings, &units);
    let exempt: Vec<Option<&str>> = found[0].targets.iter().map(|target| target.exempt.as_deref()).collect();
    assert_eq!(exempt, [Some("being closed"), None]);
    let mut settings = Settings::default();
    settings.organization.full_aws_access_detached = true;
    let allow = DENY.replace("Deny", "Allow").replace("iam:CreateAccessKey", "ec2:*");
    let listed = [facts("p", vec![organization(), policy(text(&allow)), attached(root("org"))])];
    assert_eq!(shown(&resolved(&settings, &listed)[0]), pairs(&[("the root", "denied")]));
    assert_eq!(shown(&resolved(&Settings::default(), &listed)[0]), pairs(&[("the root", "not denied")]));
    // What is attached again allows again.
    let full = resource(ATTACHMENT, "full", [("policy_id", text("p-FullAWSAccess")), ("target_id", root("org"))]);
    let listed = [facts("p", vec![organization(), full])];
    assert_eq!(shown(&resolved(&settings, &listed)[0]), pairs(&[("the root", "not denied")]));
}

#[test]
fn an_account_exempted_by_its_id() {
    let content = r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}}}"#;
    let with = |id: Option<&str>| {
        let parent = unit_id("prod");
        let all = vec![
            organization(),
            unit("prod", root("org")),
            account("one", id, parent),
            policy(text(content)),
            attached(root("org")),
        ];
        let found = resolved(&Settings::default(), &[facts("p", all)]);
        (shown(&found[0])[1].1, found[0].targets[1].by_account)
    };
    assert_eq!(with(Some("111122223333")), ("denied", false));
    assert_eq!(with(Some("444455556666")), ("not denied", false));
    assert_eq!(with(None), ("conditional", true));
}

#[test]
fn control_tower_controls_count_as_their_policy() {
    let control = |id: Value, parameters: Value| {
        let attributes = [
            ("control_identifier", id),
            ("target_identifier", computed(UNIT, "prod", "arn")),
            ("parameters", parameters),
        ];
        let control = resource("aws_controltower_control", "control", attributes);
        verdicts(vec![organization(), unit("prod", root("org")), control])[0].1
    };
    let keys = || text("arn:aws:controltower:eu-west-1::control/AWS-GR_RESTRICT_ROOT_USER_ACCESS_KEYS");
    let exempt =
        |arns: &str| Value::tuple(vec![object([("key", text("ExemptedPrincipalArns")), ("value", text(arns))])]);
    assert_eq!(control(keys(), Value::null()), "denied");
    assert_eq!(control(text("arn:aws:controlcatalog:::control/8ui9y3oace2513xarz8aqojl7"), Value::null()), "denied");
    assert_eq!(control(text("arn:aws:controlcatalog:::control/5kvme4m5d2b4d7if2fs5yg2ui"), Value::null()), "denied");
    assert_eq!(
        control(text("arn:aws:controlcatalog:::control/24izmu4k16gv9tvd7sexnyrfy"), Value::null()),
        "not denied"
    );
    assert_eq!(control(text("arn:aws:controlcatalog:::control/abcdefghijklmnopqrstuvwxy"), Value::null()), "unknown");
    assert_eq!(
        control(text("arn:aws:controltower:eu-west-1::control/AWS-GR_ENCRYPTED_VOLUMES"), Value::null()),
        "not denied"
    );
    assert_eq!(control(unknown("var.control"), Value::null()), "unknown");
    assert_eq!(control(keys(), exempt(r#"["arn:*:iam::*:role/Admin"]"#)), "denied");
    assert_eq!(control(keys(), exempt(r#"["arn:*:iam::*:root"]"#)), "not denied");
    assert_eq!(control(keys(), exempt(r#"["arn:*:iam::444455556666:root"]"#)), "conditional");
    assert_eq!(control(keys(), unknown("var.parameters")), "unknown");
}

#[test]
fn a_policy_that_aws_would_reject_is_an_error() {
    let mut out = Findings::default();
    let broken = policy(text(&DENY.replace("\"Effect\"", "\"Principal\": \"*\", \"Effect\"")));
    declared(&[broken], &mut out);
    assert_eq!(out.errors[0].code, "policy-invalid");
    assert!(out.errors[0].message.contains("takes no `Principal`"));
    let mut out = Findings::default();
    declared(&[policy(text("{"))], &mut out);
    assert_eq!(out.errors.len(), 1);
}

#[test]
fn cloudformation_says_the_same() {
    let of = |kind: &str, address: &str, attribute: &str| computed(kind, address, attribute);
    let targets = Value::tuple(vec![of("AWS::Organizations::Organization", "Org", "RootId")]);
    let all = vec![
        resource("AWS::Organizations::Organization", "Org", [("FeatureSet", text("ALL"))]),
        resource(
            "AWS::Organizations::Account",
            "One",
            [("ParentIds", Value::tuple(vec![of("AWS::Organizations::Organization", "Org", "RootId")]))],
        ),
        resource(
            "AWS::Organizations::Policy",
            "Scp",
            [("Type", text("SERVICE_CONTROL_POLICY")), ("TargetIds", targets), ("Content", text(DENY))],
        ),
    ];
    assert_eq!(verdicts(all), pairs(&[("the root", "denied"), ("One", "denied")]));
}

#[test]
fn many_accounts_take_little_time() {
    let mut all = vec![organization(), policy(text(DENY)), attached(unit_id("u7"))];
    all.extend((0..200).map(|n| unit(&format!("u{n}"), root("org"))));
    all.extend((0..5000).map(|n| account(&format!("a{n}"), None, unit_id(&format!("u{}", n % 200)))));
    let found = verdicts(all);
    assert_eq!(found.iter().filter(|(_, verdict)| *verdict == "denied").count(), 1 + 25);
    assert_eq!(found.len(), 5200);
}

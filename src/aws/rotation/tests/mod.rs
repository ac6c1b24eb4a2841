use super::*;
use crate::aws::fake::{blocks, computed, mentions, object, replaced_by, resource, unknown};
use crate::aws::{Facts, Model, Settings};
use crate::resource::Provider;

mod replaced;
mod scheduled;

fn text(text: &str) -> Value {
    Value::text(text)
}

fn facts(project: &str, resources: &[Resource<'_>]) -> Facts {
    Facts {
        keys: access_key::keys(resources),
        users: access_key::users(resources),
        rotation: mechanisms(resources),
        ..crate::aws::fake::facts(project)
    }
}

/// What is found for the first key of the first project: the best answer, and all in words.
fn judged(projects: &[Facts]) -> (Option<Answer>, String) {
    let settings = Settings::default();
    let model = Model::new(&settings, projects);
    let key = model.keys().next().expect("a key");
    let found = found(&settings.rotation, &Mechanisms::of(&model), key, &model.owner(key));
    let words: Vec<String> = found.iter().map(ToString::to_string).collect();
    (found.first().map(|found| found.answer.clone()), words.join("\n"))
}

fn answer(resources: Vec<Resource<'static>>) -> (Option<Answer>, String) {
    judged(&[facts("p", &resources)])
}

fn key() -> Resource<'static> {
    resource("aws_iam_access_key", "aws_iam_access_key.k", [("user", text("deploy"))])
}

fn rule(age: Value) -> Resource<'static> {
    let source = object([("owner", text("AWS")), ("source_identifier", text("ACCESS_KEYS_ROTATED"))]);
    let parameters = object([("maxAccessKeyAge", age)]);
    let attributes = [("name", text("keys")), ("source", blocks([source])), ("input_parameters", parameters)];
    resource("aws_config_config_rule", "aws_config_config_rule.r", attributes)
}

fn remediation(document: &str, automatic: Value) -> Resource<'static> {
    let name = text("keys");
    let attributes = [("config_rule_name", name), ("target_id", text(document)), ("automatic", automatic)];
    resource("aws_config_remediation_configuration", "aws_config_remediation_configuration.m", attributes)
}

fn is_unsure(answer: Option<Answer>) -> bool {
    matches!(answer, Some(Answer::Unsure(_)))
}

#[test]
fn a_config_rule_reports_within_its_age() {
    assert_eq!(answer(vec![key()]).0, None);
    assert_eq!(answer(vec![key(), rule(text("90"))]).0, Some(Answer::Reported));
    assert_eq!(answer(vec![key(), rule(Value::number(30))]).0, Some(Answer::Reported));
    assert_eq!(answer(vec![key(), rule(Value::null())]).0, Some(Answer::Reported));
    let (late, why) = answer(vec![key(), rule(text("120"))]);
    assert_eq!(late, Some(Answer::Short));
    assert_eq!(why, "Config rule `aws_config_config_rule.r` reports old keys only after 120 days, limit 90 days");
    assert!(is_unsure(answer(vec![key(), rule(unknown("var.age"))]).0));
}

#[test]
fn a_recorder_that_is_off_reports_nothing() {
    let recorder =
        |on: bool| resource("aws_config_configuration_recorder_status", "s", [("is_enabled", Value::bool(on))]);
    assert_eq!(answer(vec![key(), rule(text("90")), recorder(true)]).0, Some(Answer::Reported));
    assert_eq!(answer(vec![key(), rule(text("90")), recorder(false)]).0, Some(Answer::Short));
}

#[test]
fn an_automatic_remediation_revokes() {
    let with = |document: &str, automatic| answer(vec![key(), rule(text("90")), remediation(document, automatic)]).0;
    let revoke = "AWSConfigRemediation-RevokeUnusedIAMUserCredentials";
    assert_eq!(with(revoke, Value::bool(true)), Some(Answer::Enough));
    assert_eq!(with("ASR-RevokeUnrotatedKeys", text("true")), Some(Answer::Enough));
    assert_eq!(with(revoke, Value::bool(false)), Some(Answer::Reported));
    assert_eq!(with(revoke, Value::null()), Some(Answer::Reported));
    assert!(is_unsure(with(revoke, unknown("var.automatic"))));
    assert!(is_unsure(with("Our-Document", Value::bool(true))));
    // No better than the rule it belongs to.
    let late = answer(vec![key(), rule(text("120")), remediation(revoke, Value::bool(true))]);
    assert_eq!(late.0, Some(Answer::Short));
}

#[test]
fn another_config_rule_is_no_rotation() {
    let rule = |identifier: &str| {
        let source = object([("SourceIdentifier", text(identifier))]);
        answer(vec![key(), resource("AWS::Config::ConfigRule", "Rule", [("Source", source)])])
    };
    assert_eq!(rule("S3_BUCKET_VERSIONING_ENABLED").0, None);
    let (unused, why) = rule("IAM_USER_UNUSED_CREDENTIALS_CHECK");
    assert_eq!(unused, Some(Answer::Short));
    assert!(why.contains("not used"), "{why}");
    assert_eq!(rule("ACCESS_KEYS_ROTATED").0, Some(Answer::Reported));
}

fn organization_rule() -> Resource<'static> {
    let attributes = [("name", text("keys")), ("rule_identifier", text("ACCESS_KEYS_ROTATED"))];
    resource("aws_config_organization_managed_rule", "aws_config_organization_managed_rule.r", attributes)
}

fn of_project(project: &str, mut resources: Vec<Resource<'static>>) -> Facts {
    resources.iter_mut().for_each(|resource| resource.site.project = project.into());
    facts(project, &resources)
}

#[test]
fn a_mechanism_of_another_project_is_a_possibility_unless_it_is_the_organizations() {
    let elsewhere = |resource| judged(&[of_project("p", vec![key()]), of_project("security", vec![resource])]).0;
    assert_eq!(elsewhere(organization_rule()), Some(Answer::Reported));
    assert!(is_unsure(elsewhere(rule(text("90")))));
    assert_eq!(elsewhere(rule(text("120"))), Some(Answer::Short));
}

#[test]
fn accounts_that_the_providers_name_decide() {
    let in_account = |mut resource: Resource<'static>, account: &str| {
        let role = text(&format!("arn:aws:iam::{account}:role/deploy"));
        resource.provider = Arc::new(Provider { assume_role: Some(role), ..Provider::default() });
        resource
    };
    let (a, b) = ("111122223333", "444455556666");
    let judged = |rule: Resource<'static>| {
        let key = in_account(key(), a);
        judged(&[of_project("p", vec![key]), of_project("security", vec![rule])]).0
    };
    assert_eq!(judged(in_account(rule(text("90")), a)), Some(Answer::Reported));
    assert_eq!(judged(in_account(rule(text("90")), b)), None);
}

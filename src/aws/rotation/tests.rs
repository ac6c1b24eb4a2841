use super::*;
use crate::aws::fake::{blocks, computed, mentions, object, replaced_by, resource, unknown};
use crate::aws::{Facts, Settings, organization::Declared};
use crate::resource::{Language, Provider};

fn text(text: &str) -> Value {
    Value::text(text)
}

fn facts(project: &str, resources: &[Resource<'_>]) -> Facts {
    Facts {
        project: project.into(),
        language: Language::Terraform,
        keys: access_key::keys(resources),
        users: access_key::users(resources),
        organization: Declared::default(),
        rotation: mechanisms(resources),
    }
}

/// What is found for the first key of the first project: the best answer, and all in words.
fn judged(projects: &[Facts]) -> (Option<Answer>, String) {
    let settings = Settings::default();
    let model = Model { settings: &settings, facts: projects };
    let key = model.keys().next().expect("a key");
    let found = found(&model, key, &model.owner(key));
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

// Scheduled functions.

fn policy(actions: &[&str], on: &str) -> Value {
    statement([("Action", Value::tuple(actions.iter().map(|action| text(action)).collect())), ("Resource", text(on))])
}

fn statement<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    let statement = object([("Effect", text("Allow"))].into_iter().chain(fields));
    object([("Version", text("2012-10-17")), ("Statement", Value::tuple(vec![statement]))])
}

const ROTATE: [&str; 3] = ["iam:ListAccessKeys", "iam:CreateAccessKey", "iam:UpdateAccessKey"];

struct Schedule {
    expression: Value,
    state: Value,
    policy: Value,
    environment: Value,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            expression: text("rate(1 day)"),
            state: Value::null(),
            policy: policy(&ROTATE, "arn:aws:iam::*:user/*"),
            environment: Value::null(),
        }
    }
}

fn scheduled(schedule: Schedule) -> (Option<Answer>, String) {
    let rule = ("aws_cloudwatch_event_rule", "aws_cloudwatch_event_rule.daily");
    let function = ("aws_lambda_function", "aws_lambda_function.rotate");
    let role = ("aws_iam_role", "aws_iam_role.rotate");
    answer(vec![
        key(),
        resource(
            rule.0,
            rule.1,
            [("name", text("daily")), ("schedule_expression", schedule.expression), ("state", schedule.state)],
        ),
        resource(
            "aws_cloudwatch_event_target",
            "aws_cloudwatch_event_target.t",
            [("rule", text("daily")), ("arn", computed(function.0, function.1, "arn"))],
        ),
        resource(
            function.0,
            function.1,
            [
                ("role", computed(role.0, role.1, "arn")),
                ("environment", blocks([object([("variables", schedule.environment)])])),
            ],
        ),
        // AWS would fill these in: no policies of which nothing is known.
        resource(
            role.0,
            role.1,
            [("name", text("rotate")), ("inline_policy", computed(role.0, role.1, "inline_policy"))],
        ),
        resource(
            "aws_iam_role_policy",
            "aws_iam_role_policy.p",
            [("role", text("rotate")), ("policy", schedule.policy)],
        ),
    ])
}

#[test]
fn a_scheduled_function_does_what_its_role_may() {
    let with = |actions: &[&str], on: &str| scheduled(Schedule { policy: policy(actions, on), ..Schedule::default() });
    let (found, why) = scheduled(Schedule::default());
    assert_eq!(found, Some(Answer::Enough), "{why}");
    for (actions, on, expected) in [
        (&["iam:CreateAccessKey", "iam:DeleteAccessKey"] as &[&str], "*", Some(Answer::Enough)),
        (&["iam:*AccessKey*"], "arn:aws:iam::111122223333:user/deploy", Some(Answer::Enough)),
        (&["iam:UpdateAccessKey"], "arn:aws:iam::*:user/*", Some(Answer::Enough)),
        (&["iam:CreateAccessKey"], "*", Some(Answer::Short)),
        (&["iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"], "*", Some(Answer::Short)),
        (&ROTATE, "arn:aws:iam::*:user/other", Some(Answer::Short)),
        (&ROTATE, "arn:aws:iam::*:user/${aws:username}", Some(Answer::Short)),
        (&["s3:GetObject"], "*", None),
        (&["iam:List*", "iam:Get*"], "*", None),
    ] {
        let (found, why) = with(actions, on);
        assert_eq!(found, expected, "{actions:?} on {on}: {why}");
    }
    // May do everything: that shows nothing about keys.
    assert!(is_unsure(with(&["*"], "*").0));
}

#[test]
fn why_a_role_falls_short_is_told() {
    let why = |actions: &[&str], on: &str| scheduled(Schedule { policy: policy(actions, on), ..Schedule::default() }).1;
    assert!(why(&ROTATE, "arn:aws:iam::*:user/other").contains("may not update or delete keys of this user"));
    assert!(why(&["iam:ListAccessKeys"], "*").contains("reports keys at most"));
    assert!(why(&["iam:CreateAccessKey"], "*").contains("makes new keys at most"));
}

#[test]
fn conditions_and_unknown_policies_leave_it_open() {
    let condition = object([("StringEquals", object([("aws:ResourceTag/rotate", text("true"))]))]);
    let actions = Value::tuple(ROTATE.iter().map(|action| text(action)).collect());
    let policy = statement([("Action", actions), ("Resource", text("*")), ("Condition", condition)]);
    assert!(is_unsure(scheduled(Schedule { policy, ..Schedule::default() }).0));
    assert!(is_unsure(scheduled(Schedule { policy: unknown("var.policy"), ..Schedule::default() }).0));
}

#[test]
fn a_schedule_that_does_not_run_does_nothing() {
    let state = |state: Value| scheduled(Schedule { state, ..Schedule::default() });
    assert_eq!(state(text("ENABLED")).0, Some(Answer::Enough));
    let (off, why) = state(text("DISABLED"));
    assert_eq!(off, Some(Answer::Short));
    assert!(why.contains("state DISABLED"), "{why}");
    assert!(is_unsure(state(unknown("var.state")).0));
    let every = |expression: &str| scheduled(Schedule { expression: text(expression), ..Schedule::default() }).0;
    assert_eq!(every("rate(90 days)"), Some(Answer::Enough));
    assert_eq!(every("rate(91 days)"), Some(Answer::Short));
    assert_eq!(every("at(2030-01-01T00:00:00)"), Some(Answer::Short));
}

#[test]
fn a_rehearsal_does_nothing() {
    let with = |name: &'static str, value: &str| {
        scheduled(Schedule { environment: object([(name, text(value))]), ..Schedule::default() }).0
    };
    assert_eq!(with("DRY_RUN", "true"), Some(Answer::Short));
    assert_eq!(with("DryRunFlag", "True"), Some(Answer::Short));
    assert_eq!(with("DRY_RUN", "false"), Some(Answer::Enough));
    assert_eq!(with("MAX_AGE", "1"), Some(Answer::Enough));
}

fn template(rule: Vec<(&'static str, Value)>, role: Vec<(&'static str, Value)>) -> Vec<Resource<'static>> {
    let target = object([("Arn", computed("AWS::Lambda::Function", "Rotate", "Arn")), ("Id", text("1"))]);
    vec![
        resource("AWS::IAM::AccessKey", "Key", [("UserName", computed("AWS::IAM::User", "User", "Ref"))]),
        resource("AWS::IAM::User", "User", []),
        resource("AWS::Events::Rule", "Daily", rule.into_iter().chain([("Targets", Value::tuple(vec![target]))])),
        resource("AWS::Lambda::Function", "Rotate", [("Role", computed("AWS::IAM::Role", "Role", "Arn"))]),
        resource("AWS::IAM::Role", "Role", role),
    ]
}

#[test]
fn cloudformation_schedules_functions_too() {
    let rule = || vec![("ScheduleExpression", text("rate(7 days)"))];
    let inline = |on: &str| {
        let policy = object([("PolicyName", text("rotate")), ("PolicyDocument", policy(&ROTATE, on))]);
        vec![("Policies", Value::tuple(vec![policy]))]
    };
    // The name is made up by CloudFormation: a pattern for every user covers it, another may.
    assert_eq!(answer(template(rule(), inline("arn:aws:iam::*:user/*"))).0, Some(Answer::Enough));
    assert!(is_unsure(answer(template(rule(), inline("arn:aws:iam::*:user/ci-*"))).0));
    let managed = |arn: &str| vec![("ManagedPolicyArns", Value::tuple(vec![text(arn)]))];
    assert_eq!(answer(template(rule(), managed("arn:aws:iam::aws:policy/IAMFullAccess"))).0, Some(Answer::Enough));
    assert!(is_unsure(answer(template(rule(), managed("arn:aws:iam::aws:policy/AdministratorAccess"))).0));
    assert_eq!(answer(template(rule(), managed("arn:aws:iam::aws:policy/ReadOnlyAccess"))).0, None);
    let mut off = rule();
    off.push(("State", text("DISABLED")));
    assert_eq!(answer(template(off, inline("*"))).0, Some(Answer::Short));
}

#[test]
fn a_policy_may_refer_to_the_user() {
    let policy = |on: Value| statement([("Action", text("iam:UpdateAccessKey")), ("Resource", on)]);
    let with = |user: &str, name: Value, attribute: &str, address: &str| {
        let rule = vec![("ScheduleExpression", text("rate(7 days)"))];
        let inline = object([("PolicyDocument", policy(computed("AWS::IAM::User", address, attribute)))]);
        let mut resources = template(rule, vec![("Policies", Value::tuple(vec![inline]))]);
        resources.push(resource("AWS::IAM::User", "Other", []));
        resources.push(resource("AWS::IAM::User", user, [("UserName", name)]));
        resources.swap_remove(1);
        answer(resources).0
    };
    for name in [Value::null(), text("deploy"), unknown("Name")] {
        assert_eq!(with("User", name.clone(), "Arn", "User"), Some(Answer::Enough));
        assert_eq!(with("User", name, "Arn", "Other"), Some(Answer::Short));
    }
}

#[test]
fn a_sam_function_is_its_own_schedule() {
    let function = |properties: Value| {
        let event = object([("Type", text("Schedule")), ("Properties", properties)]);
        let attributes =
            [("Policies", Value::tuple(vec![policy(&ROTATE, "*")])), ("Events", object([("Daily", event)]))];
        answer(vec![key(), resource("AWS::Serverless::Function", "Rotate", attributes)]).0
    };
    let daily = ("Schedule", text("rate(1 day)"));
    assert_eq!(function(object([daily.clone()])), Some(Answer::Enough));
    assert_eq!(function(object([daily.clone(), ("Enabled", Value::bool(false))])), Some(Answer::Short));
    assert_eq!(function(object([daily, ("State", text("DISABLED"))])), Some(Answer::Short));
}

#[test]
fn a_schedule_may_call_iam_itself() {
    let schedule = |status: &str, user: &str| {
        let input = object([("UserName", text(user)), ("Status", text(status))]);
        let target = object([("arn", text("arn:aws:scheduler:::aws-sdk:iam:updateAccessKey")), ("input", input)]);
        let attributes = [("schedule_expression", text("rate(30 days)")), ("target", blocks([target]))];
        answer(vec![key(), resource("aws_scheduler_schedule", "aws_scheduler_schedule.s", attributes)]).0
    };
    assert_eq!(schedule("Inactive", "deploy"), Some(Answer::Enough));
    assert_eq!(schedule("Active", "deploy"), Some(Answer::Short));
    assert_eq!(schedule("Inactive", "other"), None);
}

// Time, and stores.

fn clock(days: i64) -> Resource<'static> {
    resource("time_rotating", "time_rotating.r", [("rotation_days", Value::number(days))])
}

fn static_clock() -> Resource<'static> {
    mentions(resource("time_static", "time_static.s", []), "triggers", "time_rotating.r")
}

#[test]
fn time_replaces_a_key_only_through_something_that_changes() {
    let through = |trigger: &str, others: Vec<Resource<'static>>| {
        answer(others.into_iter().chain([replaced_by(key(), trigger)]).collect())
    };
    assert_eq!(through("time_static.s.id", vec![static_clock(), clock(30)]).0, Some(Answer::Enough));
    assert_eq!(through("time_static.s", vec![static_clock(), clock(120)]).0, Some(Answer::Short));
    let data = mentions(resource("terraform_data", "terraform_data.d", []), "input", "time_rotating.r");
    assert_eq!(through("terraform_data.d", vec![data, clock(30)]).0, Some(Answer::Enough));
    for direct in ["time_rotating.r", "time_rotating.r.id"] {
        let (found, why) = through(direct, vec![clock(30)]);
        assert_eq!(found, Some(Answer::Short));
        assert!(why.contains("triggers nothing"), "{why}");
    }
    // A moment that never changes.
    assert_eq!(
        through("time_static.s", vec![resource("time_static", "time_static.s", []), clock(30)]).0,
        Some(Answer::Short)
    );
    // Another resource whose name only starts the same.
    assert_eq!(through("time_static.sx", vec![static_clock(), clock(30)]).0, None);
    assert_eq!(answer(vec![key(), clock(30)]).0, None);
}

#[test]
fn time_replaces_a_key_through_an_argument_that_cannot_change() {
    let with = |argument: &str| answer(vec![mentions(key(), argument, "time_rotating.r"), clock(30)]).0;
    assert_eq!(with("user"), Some(Answer::Enough));
    assert_eq!(with("status"), None);
    assert_eq!(with("depends_on"), None);
}

#[test]
fn a_serial_is_edited_by_hand() {
    let attributes = [("UserName", text("deploy")), ("Serial", Value::number(2))];
    let (found, why) = answer(vec![resource("AWS::IAM::AccessKey", "Key", attributes)]);
    assert_eq!(found, Some(Answer::Short));
    assert!(why.contains("only when someone edits it"), "{why}");
}

#[test]
fn secrets_manager_rotates_the_key_that_its_secret_holds() {
    let with = |key_in_secret: &str, days: i64, function: Value| {
        let secret = |attribute| computed("aws_secretsmanager_secret", "aws_secretsmanager_secret.s", attribute);
        answer(vec![
            key(),
            resource("aws_secretsmanager_secret", "aws_secretsmanager_secret.s", []),
            resource(
                "aws_secretsmanager_secret_version",
                "aws_secretsmanager_secret_version.v",
                [
                    ("secret_id", secret("id")),
                    ("secret_string", computed("aws_iam_access_key", key_in_secret, "secret")),
                ],
            ),
            resource(
                "aws_secretsmanager_secret_rotation",
                "aws_secretsmanager_secret_rotation.r",
                [
                    ("secret_id", secret("id")),
                    ("rotation_lambda_arn", function),
                    ("rotation_rules", blocks([object([("automatically_after_days", Value::number(days))])])),
                ],
            ),
        ])
        .0
    };
    let function = || text("arn:aws:lambda:eu-west-1:111122223333:function:rotate");
    assert_eq!(with("aws_iam_access_key.k", 30, function()), Some(Answer::Enough));
    assert_eq!(with("aws_iam_access_key.k", 180, function()), Some(Answer::Short));
    assert_eq!(with("aws_iam_access_key.k", 30, Value::null()), Some(Answer::Short));
    assert_eq!(with("aws_iam_access_key.other", 30, function()), None);
}

#[test]
fn vault_rotates_the_user_it_names() {
    let vault = |user: Value, period: &str| {
        let attributes = [("username", user), ("rotation_period", text(period))];
        answer(vec![key(), resource("vault_aws_secret_backend_static_role", "v", attributes)]).0
    };
    assert_eq!(vault(text("deploy"), "86400"), Some(Answer::Enough));
    assert_eq!(vault(text("deploy"), "24h"), Some(Answer::Enough));
    assert_eq!(vault(text("deploy"), "8640000"), Some(Answer::Short));
    assert_eq!(vault(text("other"), "86400"), None);
    assert!(is_unsure(vault(unknown("var.user"), "86400")));
}

//! Time, and stores.

use super::*;

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
fn instances_that_say_the_same_are_one_mechanism() {
    let times = |days: &[i64]| {
        let clocks = days.iter().map(|days| clock(*days));
        let resources: Vec<Resource<'_>> =
            clocks.chain([static_clock(), replaced_by(key(), "time_static.s")]).collect();
        mechanisms(&resources).len()
    };
    assert_eq!(times(&[30, 30, 30]), 1);
    assert_eq!(times(&[30, 120, 30]), 2);
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

#[test]
fn doppler_rotates_the_users_it_names() {
    let doppler = |user: &str, seconds: i64| {
        let credentials = blocks([object([("username", text(user))])]);
        let attributes = [("credentials", credentials), ("rotation_period_sec", Value::number(seconds))];
        answer(vec![key(), resource("doppler_rotated_secret_aws_iam_user_keys", "d", attributes)]).0
    };
    assert_eq!(doppler("deploy", 2_592_000), Some(Answer::Enough));
    assert_eq!(doppler("deploy", 25_920_000), Some(Answer::Short));
    assert_eq!(doppler("other", 2_592_000), None);
}

#[test]
fn akeyless_rotates_the_key_it_holds() {
    let akeyless = |auto: Value| {
        let held = computed("aws_iam_access_key", "aws_iam_access_key.k", "id");
        let attributes = [("api_id", held), ("auto_rotate", auto), ("rotation_interval", Value::number(30))];
        answer(vec![key(), resource("akeyless_rotated_secret_aws", "a", attributes)]).0
    };
    assert_eq!(akeyless(text("true")), Some(Answer::Enough));
    assert_eq!(akeyless(text("false")), Some(Answer::Short));
    assert_eq!(akeyless(Value::null()), Some(Answer::Short));
    assert!(is_unsure(akeyless(unknown("var.auto"))));
}

#[test]
fn a_hosted_rotation_function_is_for_databases() {
    let with = |rotation: Vec<(&'static str, Value)>| {
        let user = [("UserName", text("deploy"))];
        let content = [("SecretString", computed("AWS::IAM::AccessKey", "Key", "SecretAccessKey"))];
        let secret = ("SecretId", computed("AWS::SecretsManager::Secret", "Secret", "Ref"));
        let rules = ("RotationRules", object([("ScheduleExpression", text("rate(30 days)"))]));
        answer(vec![
            resource("AWS::IAM::AccessKey", "Key", user),
            resource("AWS::SecretsManager::Secret", "Secret", content),
            resource("AWS::SecretsManager::RotationSchedule", "Rotation", [secret, rules].into_iter().chain(rotation)),
        ])
        .0
    };
    assert_eq!(with(vec![("RotationLambdaARN", text("arn:aws:lambda:x"))]), Some(Answer::Enough));
    assert_eq!(
        with(vec![("HostedRotationLambda", object([("RotationType", text("MySQLSingleUser"))]))]),
        Some(Answer::Short)
    );
}

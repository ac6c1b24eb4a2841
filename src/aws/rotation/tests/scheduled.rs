//! Scheduled functions.

use super::*;

fn policy(actions: &[&str], on: &str) -> Value {
    statement([("Action", Value::tuple(actions.iter().map(|action| text(action)).collect())), ("Resource", text(on))])
}

fn statement<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    let statement = object([("Effect", text("Allow"))].into_iter().chain(fields));
    object([("Version", text("2012-10-17")), ("Statement", Value::tuple(vec![statement]))])
}

const ROTATE: [&str; 3] = ["iam:ListAccessKeys", "iam:CreateAccessKey", "iam:UpdateAccessKey"];

struct Schedule {
    enabled: Value,
    concurrency: Value,
    expression: Value,
    state: Value,
    policy: Value,
    environment: Value,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            enabled: Value::null(),
            concurrency: Value::null(),
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
            [
                ("name", text("daily")),
                ("schedule_expression", schedule.expression),
                ("state", schedule.state),
                ("is_enabled", schedule.enabled),
            ],
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
                ("reserved_concurrent_executions", schedule.concurrency),
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
fn another_function_may_delete_the_old_key() {
    let with = |action: &str| {
        let inline = |action: &str| {
            let policy = object([("PolicyDocument", policy(&[action], "*"))]);
            vec![("Policies", Value::tuple(vec![policy]))]
        };
        let mut resources = template(vec![("ScheduleExpression", text("rate(7 days)"))], inline("iam:CreateAccessKey"));
        resources.push(resource(
            "AWS::Lambda::Function",
            "Clean",
            [("Role", computed("AWS::IAM::Role", "Other", "Arn"))],
        ));
        resources.push(resource("AWS::IAM::Role", "Other", inline(action)));
        answer(resources).0
    };
    assert_eq!(with("iam:DeleteAccessKey"), Some(Answer::Enough));
    assert_eq!(with("iam:ListAccessKeys"), Some(Answer::Short));
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
fn a_rule_or_a_function_that_is_switched_off_does_nothing() {
    let enabled = |enabled| scheduled(Schedule { enabled: Value::bool(enabled), ..Schedule::default() }).0;
    assert_eq!(enabled(true), Some(Answer::Enough));
    assert_eq!(enabled(false), Some(Answer::Short));
    let at_a_time = |number| scheduled(Schedule { concurrency: Value::number(number), ..Schedule::default() }).0;
    assert_eq!(at_a_time(1), Some(Answer::Enough));
    assert_eq!(at_a_time(0), Some(Answer::Short));
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
    // Which partition it is in changes nothing.
    let open = |name: &str| {
        let partition = crate::text::Text::unknown(unknown("AWS::Partition").as_unknown().unwrap());
        let ends = ["arn:", ":iam::aws:policy/"].map(crate::text::Text::from);
        let arn = crate::text::Text::concat([&ends[0], &partition, &ends[1], &name.into()]);
        vec![("ManagedPolicyArns", Value::tuple(vec![Value::new(crate::value::Kind::Text(arn))]))]
    };
    assert_eq!(answer(template(rule(), open("IAMFullAccess"))).0, Some(Answer::Enough));
    assert_eq!(answer(template(rule(), open("service-role/AWSLambdaBasicExecutionRole"))).0, None);
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

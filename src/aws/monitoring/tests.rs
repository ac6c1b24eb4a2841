use std::collections::BTreeMap;

use super::*;
use crate::aws::fake::{self, blocks, object, resource};

use crate::resource::{Provider, Resource};

const CIS: &str =
    r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#;

/// What one project declares.
fn facts(project: &str, resources: &[Resource<'_>]) -> Facts {
    Facts { monitoring: declared(resources), ..fake::facts(project) }
}

fn in_region(mut resource: Resource<'static>, region: &str) -> Resource<'static> {
    resource.provider = Arc::new(Provider { region: Some(Value::text(region)), ..Provider::default() });
    resource
}

fn rule(state: &str) -> [Resource<'static>; 3] {
    let pattern = r#"{
        "detail-type": ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"],
        "detail": {"userIdentity": {"type": ["Root"], "invokedBy": [{"exists": false}]}}
    }"#;
    let attributes =
        [("name", Value::text("root")), ("state", Value::text(state)), ("event_pattern", Value::text(pattern))];
    let target = [("rule", Value::text("root")), ("arn", Value::text("arn:aws:sns:us-east-1:111122223333:security"))];
    [
        in_region(resource("aws_cloudwatch_event_rule", "aws_cloudwatch_event_rule.root", attributes), "us-east-1"),
        resource("aws_cloudwatch_event_target", "aws_cloudwatch_event_target.root", target),
        resource("aws_cloudtrail", "aws_cloudtrail.all", [("is_multi_region_trail", Value::bool(true))]),
    ]
}

/// The events, each with whether it is use of root.
fn labels() -> BTreeMap<String, bool> {
    let text = include_str!("../../../testdata/monitoring/labels.json");
    let all: BTreeMap<String, BTreeMap<String, bool>> = serde_json::from_str(text).unwrap();
    all.into_iter().map(|(name, labels)| (name, labels["root_usage"])).collect()
}

fn labelled() -> Vec<(Event, bool)> {
    let labels = labels();
    let all = [events::watched(None).to_vec(), events::noise(None), events::others()].concat();
    assert_eq!(all.len(), labels.len());
    all.into_iter().map(|event| (event.clone(), labels[event.name])).collect()
}

#[test]
fn the_filter_of_cis_sees_use_of_root_and_nothing_else() {
    let pattern = filter_pattern::parse(&crate::text::Text::from(CIS)).unwrap();
    for (event, is_use) in labelled() {
        assert_eq!(pattern.matches(&event.record, &event.text), Answer::from(is_use), "{}", event.name);
    }
    assert_eq!(CIS.split_whitespace().collect::<String>(), PRESCRIBED);
}

#[test]
fn a_rule_sees_the_same_and_calls_that_read_only_in_the_widest_state() {
    for (state, reads) in [("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", true), ("ENABLED", false)] {
        let all = [facts("p", &rule(state))];
        let all = All::over(&all);
        let rule = all.rules().next().unwrap();
        for (event, is_use) in labelled() {
            let expected = is_use && (reads || event.name != "root-read");
            assert_eq!(all.sent(rule, &event) == Seen::Yes, expected, "{state} {}", event.name);
        }
    }
}

/// A filter, an alarm and a trail, each with one thing otherwise.
fn chain(changed: &[(&str, &str, Value)]) -> Vec<Resource<'static>> {
    let with = |kind: &str, attributes: Vec<(&'static str, Value)>| {
        let mut all: BTreeMap<String, Value> =
            attributes.into_iter().map(|(name, value)| (name.into(), value)).collect();
        for (of, name, value) in changed.iter().filter(|(of, ..)| *of == kind) {
            assert_eq!(*of, kind);
            all.insert((*name).to_owned(), value.clone());
        }
        let all: Vec<(String, Value)> = all.into_iter().collect();
        resource(kind, &format!("{kind}.x"), all.iter().map(|(name, value)| (name.as_str(), value.clone())))
    };
    let metric =
        object([("name", Value::text("RootUse")), ("namespace", Value::text("Security")), ("value", Value::text("1"))]);
    vec![
        with(
            "aws_cloudtrail",
            vec![
                ("is_multi_region_trail", Value::bool(true)),
                ("cloud_watch_logs_group_arn", Value::text("arn:aws:logs:us-east-1:111122223333:log-group:trail:*")),
                ("cloud_watch_logs_role_arn", Value::text("arn:aws:iam::111122223333:role/trail")),
            ],
        ),
        with(
            "aws_cloudwatch_log_metric_filter",
            vec![
                ("name", Value::text("root")),
                ("log_group_name", Value::text("trail")),
                ("pattern", Value::text(CIS)),
                ("metric_transformation", blocks([metric])),
            ],
        ),
        with(
            "aws_cloudwatch_metric_alarm",
            vec![
                ("namespace", Value::text("Security")),
                ("metric_name", Value::text("RootUse")),
                ("statistic", Value::text("Sum")),
                ("evaluation_periods", Value::number(1_i64)),
                ("threshold", Value::number(1_i64)),
                ("comparison_operator", Value::text("GreaterThanOrEqualToThreshold")),
                ("alarm_actions", Value::tuple(vec![Value::text("arn:aws:sns:us-east-1:111122223333:security")])),
            ],
        ),
    ]
}

fn first_seen(facts: &[Facts]) -> Seen {
    All::over(facts).monitors()[0].seen[0].clone()
}

#[test]
fn what_is_unknown_stays_unknown_and_is_named() {
    assert_eq!(first_seen(&[facts("p", &chain(&[]))]), Seen::Yes);
    let (trail, filter, alarm) = ("aws_cloudtrail", "aws_cloudwatch_log_metric_filter", "aws_cloudwatch_metric_alarm");
    for (kind, attribute) in [
        (trail, "enable_logging"),
        (trail, "is_multi_region_trail"),
        (trail, "include_global_service_events"),
        (trail, "cloud_watch_logs_group_arn"),
        (trail, "advanced_event_selector"),
        (filter, "pattern"),
        (filter, "log_group_name"),
        (alarm, "namespace"),
        (alarm, "metric_name"),
        (alarm, "statistic"),
        (alarm, "threshold"),
        (alarm, "evaluation_periods"),
        (alarm, "datapoints_to_alarm"),
        (alarm, "comparison_operator"),
        (alarm, "actions_enabled"),
        (alarm, "alarm_actions"),
    ] {
        let open = fake::unknown("var.x");
        let resources = chain(&[(kind, attribute, open)]);
        let seen = first_seen(&[facts("p", &resources)]);
        assert!(matches!(&seen, Seen::Unsure(reason) if &*reason.missing == "var.x"), "{kind} {attribute}: {seen:?}");
    }
}

#[test]
fn projects_are_joined_by_names_only() {
    let resources = chain(&[]);
    let [trail, rest @ ..] = resources.as_slice() else { panic!("a trail") };
    let elsewhere = |resources: &[Resource<'static>], project: &str| {
        let mut resources = resources.to_vec();
        resources.iter_mut().for_each(|resource| resource.site.project = project.into());
        facts(project, &resources)
    };
    // The log group has one name in both.
    let both = [elsewhere(rest, "alarms"), elsewhere(std::slice::from_ref(trail), "trail")];
    let monitors = All::over(&both).monitors();
    assert_eq!(monitors[0].seen[0], Seen::Yes);
    assert_eq!(monitors[0].projects, [Arc::from("trail")]);
    let settings = crate::aws::Settings::default();
    let model = Model::new(&settings, &both);
    assert!(watches(&model, &monitors).iter().all(|watch| watch.unseen.is_empty() && watch.unsure.is_empty()));
    // Nothing says that these two have to do with each other.
    let other = chain(&[("aws_cloudwatch_log_metric_filter", "log_group_name", Value::text("other"))]);
    let both = [elsewhere(&other[1..], "alarms"), elsewhere(std::slice::from_ref(trail), "trail")];
    let monitors = All::over(&both).monitors();
    assert!(matches!(monitors[0].seen[0], Seen::Unsure(_)));
    let model = Model::new(&settings, &both);
    let found = watches(&model, &monitors);
    assert!(found[0].unseen.is_empty() && !found[0].unsure.is_empty(), "{found:?}");
    assert!(!found[1].unseen.is_empty(), "{found:?}");
}

#[test]
fn a_monitor_of_one_account_is_replayed_in_that_account() {
    let mine = r#"{ $.userIdentity.arn = "arn:aws:iam::444455556666:root" }"#;
    let resources = chain(&[("aws_cloudwatch_log_metric_filter", "pattern", Value::text(mine))]);
    assert_eq!(first_seen(&[facts("p", &resources)]), Seen::Yes);
}

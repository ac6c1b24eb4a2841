//! What a project declares of the way from an event to somebody who reads of it.

use std::sync::Arc;

use super::event_pattern::{self, EventPattern};
use super::filter_pattern::{self, FilterPattern, PatternError};
use crate::aws::access_key;
use crate::aws::join::{Link, each, given};
use crate::resource::{Resource, Site};
use crate::value::{Reason, Unknown, Value};

/// Everything of it.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Trails of CloudTrail.
    pub trails: Vec<Trail>,
    /// Log groups.
    pub groups: Vec<Named>,
    /// Metric filters.
    pub filters: Vec<Filter>,
    /// Alarms on metrics.
    pub alarms: Vec<Alarm>,
    /// Composite alarms.
    pub composites: Vec<Composite>,
    /// SNS topics.
    pub topics: Vec<Topic>,
    /// Subscriptions to topics: the topic.
    pub subscriptions: Vec<Link>,
    /// Event buses.
    pub buses: Vec<Named>,
    /// Rules of EventBridge.
    pub rules: Vec<Rule>,
    /// Targets that stand apart from their rule: the rule and the target.
    pub targets: Vec<(Link, Link)>,
    /// Subscription filters of log groups.
    pub forwards: Vec<Forward>,
    /// GuardDuty's detectors, and whether they are on.
    pub detectors: Vec<(Site, Value)>,
    /// Modules that are not on disk and known to watch root.
    pub modules: Vec<Module>,
}

impl Declared {
    /// Whether nothing is declared.
    pub fn is_silent(&self) -> bool {
        let Self { trails, groups, filters, alarms, composites, topics, subscriptions, .. } = self;
        let Self { buses, rules, targets, forwards, detectors, modules, .. } = self;
        let logs = trails.is_empty() && groups.is_empty() && filters.is_empty() && forwards.is_empty();
        let alarms = alarms.is_empty() && composites.is_empty() && topics.is_empty() && subscriptions.is_empty();
        let events = buses.is_empty() && rules.is_empty() && targets.is_empty() && detectors.is_empty();
        logs && alarms && events && modules.is_empty()
    }
}

/// Where something is deployed.
#[derive(Clone, Debug)]
pub struct Place {
    /// The account, where the code tells.
    pub account: Option<Arc<str>>,
    /// The Region, or why it is not known.
    pub region: Result<String, Reason>,
}

/// Something that others refer to by its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// The resource.
    pub site: Site,
    /// Its name.
    pub name: Value,
}

/// A trail. Values are null where nothing is said.
#[derive(Clone, Debug)]
pub struct Trail {
    /// The resource.
    pub site: Site,
    /// Where it is.
    pub place: Place,
    /// Whether it records at all.
    pub logging: Value,
    /// Whether it records all Regions.
    pub multi_region: Value,
    /// Whether it records what belongs to no Region.
    pub global: Value,
    /// Whether it records all accounts of the organization.
    pub organization: Value,
    /// The log group that it writes to.
    pub group: Link,
    /// The role with which it does.
    pub role: Value,
    /// The event selectors: whether they take management events, and which.
    pub selectors: Vec<Selector>,
    /// The advanced event selectors: the conditions of each.
    pub advanced: Value,
}

/// An event selector of a trail.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Whether management events are recorded.
    pub management: Value,
    /// `All`, `ReadOnly` or `WriteOnly`.
    pub read_write: Value,
}

/// A pattern, and the value that it is written in.
#[derive(Clone, Debug)]
pub struct Pattern<P> {
    /// The value.
    pub value: Value,
    /// What it says.
    pub read: Result<P, PatternError>,
}

/// A metric filter.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The resource.
    pub site: Site,
    /// Where it is.
    pub place: Place,
    /// Its name, which Terraform also calls its id.
    pub name: Value,
    /// Its pattern.
    pub pattern: Pattern<FilterPattern>,
    /// Its log group.
    pub group: Link,
    /// The metrics that it writes.
    pub metrics: Vec<Metric>,
}

/// A metric that a filter writes.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its namespace.
    pub namespace: Value,
    /// Its name.
    pub name: Value,
    /// What is written for each event.
    pub value: Value,
    /// What is written in a minute with events of which none matches.
    pub default: Value,
    /// The names of its dimensions, by the fields that give them.
    pub dimensions: Value,
}

/// An alarm.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// The resource.
    pub site: Site,
    /// Its name.
    pub name: Value,
    /// The metrics it looks at.
    pub watched: Vec<Watched>,
    /// Whether it computes something of them.
    pub computed: bool,
    /// `GreaterThanThreshold` and the like.
    pub comparison: Value,
    /// The threshold.
    pub threshold: Value,
    /// Over how many periods it looks.
    pub periods: Value,
    /// In how many of them the threshold must be passed.
    pub datapoints: Value,
    /// What it makes of periods without data.
    pub missing: Value,
    /// What it does.
    pub actions: Actions,
}

/// A metric as an alarm looks at it.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Its namespace.
    pub namespace: Value,
    /// Its name.
    pub name: Value,
    /// `Sum` and the like.
    pub statistic: Value,
    /// Its dimensions.
    pub dimensions: Value,
}

/// What an alarm does when it goes off.
#[derive(Clone, Debug)]
pub struct Actions {
    /// Whether it does anything.
    pub enabled: Value,
    /// Whom it tells.
    pub list: Link,
}

/// A composite alarm.
#[derive(Clone, Debug)]
pub struct Composite {
    /// The resource.
    pub site: Site,
    /// Its rule, which names other alarms.
    pub rule: Link,
    /// What it does.
    pub actions: Actions,
}

/// A topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The resource.
    pub site: Site,
    /// Its name.
    pub name: Value,
    /// The key it is encrypted with.
    pub key: Value,
    /// Subscriptions that are written in it.
    pub subscriptions: Value,
}

/// A rule of EventBridge.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The resource.
    pub site: Site,
    /// Where it is.
    pub place: Place,
    /// Its name.
    pub name: Value,
    /// Its pattern.
    pub pattern: Pattern<EventPattern>,
    /// Its state, and the older switch of Terraform.
    pub state: [Value; 2],
    /// Its bus.
    pub bus: Link,
    /// Its targets, those that are written in it.
    pub targets: Vec<Link>,
    /// The value of the targets, in case it is not known.
    pub all_targets: Value,
}

/// A subscription filter.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The resource.
    pub site: Site,
    /// Where it is.
    pub place: Place,
    /// Its pattern.
    pub pattern: Pattern<FilterPattern>,
    /// Its log group.
    pub group: Link,
}

/// A module that is not on disk.
#[derive(Clone, Debug)]
pub struct Module {
    /// The call.
    pub site: Site,
    /// Why it may watch root.
    pub reason: Reason,
    /// Its account, where the code tells.
    pub account: Option<Arc<str>>,
    /// Whether it tells only of sign-ins.
    pub sign_ins_only: bool,
}

/// What is read, by the names of Terraform's provider, of CloudFormation and of the Cloud Control provider.
const KINDS: [[&str; 3]; 12] = [
    ["aws_cloudtrail", "AWS::CloudTrail::Trail", "awscc_cloudtrail_trail"],
    ["aws_cloudwatch_log_group", "AWS::Logs::LogGroup", "awscc_logs_log_group"],
    ["aws_cloudwatch_log_metric_filter", "AWS::Logs::MetricFilter", "awscc_logs_metric_filter"],
    ["aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm", "awscc_cloudwatch_alarm"],
    ["aws_cloudwatch_composite_alarm", "AWS::CloudWatch::CompositeAlarm", "awscc_cloudwatch_composite_alarm"],
    ["aws_sns_topic", "AWS::SNS::Topic", "awscc_sns_topic"],
    ["aws_sns_topic_subscription", "AWS::SNS::Subscription", "awscc_sns_subscription"],
    ["aws_cloudwatch_event_bus", "AWS::Events::EventBus", "awscc_events_event_bus"],
    ["aws_cloudwatch_event_rule", "AWS::Events::Rule", "awscc_events_rule"],
    ["aws_cloudwatch_event_target", "", ""],
    ["aws_cloudwatch_log_subscription_filter", "AWS::Logs::SubscriptionFilter", "awscc_logs_subscription_filter"],
    ["aws_guardduty_detector", "AWS::GuardDuty::Detector", "awscc_guardduty_detector"],
];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    !kind.is_empty() && KINDS.iter().flatten().any(|known| *known == kind)
}

/// What the resources declare.
pub fn declared(resources: &[Resource<'_>]) -> Declared {
    let mut all = Declared::default();
    let managed = |resource: &&Resource<'_>| resource.mode == crate::resource::Mode::Managed;
    for resource in resources.iter().filter(managed) {
        let Some(kind) = KINDS.iter().find(|kinds| kinds.contains(&resource.kind())) else { continue };
        let from = From(resource);
        match kind.first().copied() {
            Some("aws_cloudtrail") => all.trails.push(from.trail()),
            Some("aws_cloudwatch_log_group") => all.groups.push(from.named("name", "LogGroupName")),
            Some("aws_cloudwatch_log_metric_filter") => all.filters.push(from.filter()),
            Some("aws_cloudwatch_metric_alarm") => all.alarms.push(from.alarm()),
            Some("aws_cloudwatch_composite_alarm") => all.composites.push(from.composite()),
            Some("aws_sns_topic") => all.topics.push(from.topic()),
            Some("aws_sns_topic_subscription") => all.subscriptions.push(from.link("topic_arn", "TopicArn")),
            Some("aws_cloudwatch_event_bus") => all.buses.push(from.named("name", "Name")),
            Some("aws_cloudwatch_event_rule") => all.rules.extend(from.rule()),
            Some("aws_cloudwatch_event_target") => {
                all.targets.push((Link::of(resource, "rule"), Link::of(resource, "arn")));
            }
            Some("aws_cloudwatch_log_subscription_filter") => all.forwards.push(from.forward()),
            Some("aws_guardduty_detector") => {
                all.detectors.push((resource.site.clone(), from.get("enable", "Enable")));
            }
            _ => {}
        }
    }
    all
}

/// Reads one resource, by its own names.
struct From<'r, 'p>(&'r Resource<'p>);

impl From<'_, '_> {
    /// A name as this resource has it: the Cloud Control provider writes CloudFormation's names in lower case.
    fn name(&self, terraform: &str, cloudformation: &str) -> String {
        let kind = self.0.kind();
        if kind.starts_with("aws_") {
            return terraform.to_owned();
        }
        if kind.contains("::") {
            return cloudformation.to_owned();
        }
        let mut name = String::new();
        for char in cloudformation.replace("CloudWatch", "Cloudwatch").chars() {
            if char.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(char.to_ascii_lowercase());
        }
        name
    }

    fn get(&self, terraform: &str, cloudformation: &str) -> Value {
        match self.name(terraform, cloudformation).as_str() {
            "" => Value::null(),
            name => given(self.0, name),
        }
    }

    fn link(&self, terraform: &str, cloudformation: &str) -> Link {
        Link::of(self.0, &self.name(terraform, cloudformation))
    }

    /// A field of a value of this resource.
    fn inner(&self, value: &Value, terraform: &str, cloudformation: &str) -> Value {
        let name = self.name(terraform, cloudformation);
        match (value.fields().and_then(|fields| fields.get(&name)), value.as_unknown()) {
            (Some(field), _) => field.clone(),
            (None, Some(_)) => value.clone(),
            (None, None) => Value::null(),
        }
    }

    fn place(&self) -> Place {
        // Since version 6 of Terraform's provider a resource may name its own.
        let open = |region: &Value| {
            let own = |unknown: Arc<Unknown>| unknown.reason.missing.starts_with(&*self.0.site.block);
            region.as_unknown().is_some_and(own)
        };
        let own = Some(self.get("region", "")).filter(|region| !region.is_null() && !open(region));
        let region = match own.as_ref().or(self.0.provider.region.as_ref()) {
            Some(region) => match (region.as_str(), region.as_unknown()) {
                (Some(region), _) => Ok(region.into_owned()),
                (None, Some(unknown)) => Err(unknown.reason.clone()),
                (None, None) => Err(self.no_region()),
            },
            None => Err(self.no_region()),
        };
        Place { account: access_key::account(&self.0.provider), region }
    }

    fn no_region(&self) -> Reason {
        let why = "is deployed in a Region that the code does not name";
        Reason::new(Arc::clone(&self.0.site.block), why, Some(self.0.site.header))
    }

    fn named(&self, terraform: &str, cloudformation: &str) -> Named {
        Named { site: self.0.site.clone(), name: self.get(terraform, cloudformation) }
    }

    fn trail(&self) -> Trail {
        let selectors = each(&self.get("event_selector", "EventSelectors"));
        let selector = |selector: &Value| Selector {
            management: self.inner(selector, "include_management_events", "IncludeManagementEvents"),
            read_write: self.inner(selector, "read_write_type", "ReadWriteType"),
        };
        Trail {
            site: self.0.site.clone(),
            place: self.place(),
            logging: self.get("enable_logging", "IsLogging"),
            multi_region: self.get("is_multi_region_trail", "IsMultiRegionTrail"),
            global: self.get("include_global_service_events", "IncludeGlobalServiceEvents"),
            organization: self.get("is_organization_trail", "IsOrganizationTrail"),
            group: self.link("cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn"),
            role: self.get("cloud_watch_logs_role_arn", "CloudWatchLogsRoleArn"),
            selectors: selectors.iter().map(selector).collect(),
            advanced: self.get("advanced_event_selector", "AdvancedEventSelectors"),
        }
    }

    fn filter_pattern(&self, value: Value) -> Pattern<FilterPattern> {
        let read = match (value.as_text(), value.as_unknown()) {
            (Some(text), _) => filter_pattern::parse(text),
            (None, Some(unknown)) => Err(PatternError::Unknown(unknown.reason.clone())),
            (None, None) => Ok(FilterPattern::All),
        };
        Pattern { value, read }
    }

    fn filter(&self) -> Filter {
        let metric = |value: &Value| Metric {
            namespace: self.inner(value, "namespace", "MetricNamespace"),
            name: self.inner(value, "name", "MetricName"),
            value: self.inner(value, "value", "MetricValue"),
            default: self.inner(value, "default_value", "DefaultValue"),
            dimensions: self.inner(value, "dimensions", "Dimensions"),
        };
        Filter {
            site: self.0.site.clone(),
            place: self.place(),
            name: self.get("name", "FilterName"),
            pattern: self.filter_pattern(self.get("pattern", "FilterPattern")),
            group: self.link("log_group_name", "LogGroupName"),
            metrics: each(&self.get("metric_transformation", "MetricTransformations")).iter().map(metric).collect(),
        }
    }

    fn forward(&self) -> Forward {
        Forward {
            site: self.0.site.clone(),
            place: self.place(),
            pattern: self.filter_pattern(self.get("filter_pattern", "FilterPattern")),
            group: self.link("log_group_name", "LogGroupName"),
        }
    }

    fn actions(&self) -> Actions {
        Actions {
            enabled: self.get("actions_enabled", "ActionsEnabled"),
            list: self.link("alarm_actions", "AlarmActions"),
        }
    }

    fn alarm(&self) -> Alarm {
        let either = |one: Value, other: Value| if one.is_null() { other } else { one };
        let direct = Watched {
            namespace: self.get("namespace", "Namespace"),
            name: self.get("metric_name", "MetricName"),
            statistic: either(self.get("statistic", "Statistic"), self.get("extended_statistic", "ExtendedStatistic")),
            dimensions: self.get("dimensions", "Dimensions"),
        };
        let queries = each(&self.get("metric_query", "Metrics"));
        let mut watched: Vec<Watched> = Some(direct).filter(|direct| !direct.name.is_null()).into_iter().collect();
        let mut computed = false;
        for query in &queries {
            computed |= !self.inner(query, "expression", "Expression").is_null();
            for stat in each(&self.inner(query, "metric", "MetricStat")) {
                // CloudFormation keeps the metric a step deeper.
                let metric = match self.0.kind().starts_with("aws_") {
                    true => stat.clone(),
                    false => self.inner(&stat, "", "Metric"),
                };
                watched.push(Watched {
                    namespace: self.inner(&metric, "namespace", "Namespace"),
                    name: self.inner(&metric, "metric_name", "MetricName"),
                    statistic: self.inner(&stat, "stat", "Stat"),
                    dimensions: self.inner(&metric, "dimensions", "Dimensions"),
                });
            }
        }
        Alarm {
            site: self.0.site.clone(),
            name: self.get("alarm_name", "AlarmName"),
            watched,
            computed,
            comparison: self.get("comparison_operator", "ComparisonOperator"),
            threshold: self.get("threshold", "Threshold"),
            periods: self.get("evaluation_periods", "EvaluationPeriods"),
            datapoints: self.get("datapoints_to_alarm", "DatapointsToAlarm"),
            missing: self.get("treat_missing_data", "TreatMissingData"),
            actions: self.actions(),
        }
    }

    fn composite(&self) -> Composite {
        Composite { site: self.0.site.clone(), rule: self.link("alarm_rule", "AlarmRule"), actions: self.actions() }
    }

    fn topic(&self) -> Topic {
        Topic {
            site: self.0.site.clone(),
            name: self.get("name", "TopicName"),
            key: self.get("kms_master_key_id", "KmsMasterKeyId"),
            subscriptions: self.get("", "Subscription"),
        }
    }

    /// A rule with a pattern; those with a schedule hear of nothing.
    fn rule(&self) -> Option<Rule> {
        let value = self.get("event_pattern", "EventPattern");
        if value.is_null() {
            return None;
        }
        let argument = self.name("", "Targets");
        let all_targets = self.get("", "Targets");
        let target = |target: &Value| Link::with(self.0, &argument, self.inner(target, "arn", "Arn"));
        Some(Rule {
            site: self.0.site.clone(),
            place: self.place(),
            name: self.get("name", "Name"),
            pattern: Pattern { read: event_pattern::parse(&value), value },
            state: [self.get("state", "State"), self.get("is_enabled", "")],
            bus: self.link("event_bus_name", "EventBusName"),
            targets: each(&all_targets).iter().map(target).collect(),
            all_targets,
        })
    }
}

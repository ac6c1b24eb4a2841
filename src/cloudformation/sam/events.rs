//! Events that call functions, and the rules that events of state machines share with them.

use super::function::Target;
use super::make::{Make, given, is_empty, referred};
use super::role::Role;
use super::{Item, Sam};
use crate::finding::Diagnostic;
use crate::syntax::node::Node;

/// An event of a function or state machine.
pub(super) struct Event<'n> {
    /// What the logical IDs made for it begin with.
    pub id: String,
    /// Something that stands where its name does.
    pub make: Make,
    /// Its type.
    pub kind: &'n str,
    properties: Option<&'n Node>,
}

impl<'n> Event<'n> {
    /// A property, if something is written there.
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        given(self.properties?, name)
    }

    /// All properties.
    pub fn entries(&self) -> &'n [(Node, Node)] {
        self.properties.and_then(Node::as_mapping).unwrap_or_default()
    }

    /// Some of the properties as they are.
    pub fn some(&self, names: &[&str]) -> Vec<(Node, Node)> {
        let wanted =
            |(key, value): &&(Node, Node)| key.as_str().is_some_and(|key| names.contains(&key)) && !is_empty(value);
        self.entries().iter().filter(wanted).cloned().collect()
    }
}

/// The events of a resource.
pub(super) fn events<'n>(item: &'n Item) -> Vec<Event<'n>> {
    let entries = item.get("Events").and_then(Node::as_mapping).unwrap_or_default();
    let event = |(key, event): &'n (Node, Node)| {
        let kind = event.get("Type").and_then(Node::as_str).unwrap_or_default();
        let id = format!("{}{}", item.name, key.as_str()?);
        Some(Event { id, make: Make(key.span), kind, properties: given(event, "Properties") })
    };
    entries.iter().filter_map(event).collect()
}

impl Sam<'_> {
    /// What the events of a function imply.
    pub(super) fn function_events(&mut self, item: &Item, target: &Target, role: &mut Role) {
        for event in events(item) {
            match event.kind {
                "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                    let arn = target.arn.clone();
                    self.rule(item, &event, arn, None, "LambdaTarget");
                    let source = event.make.attribute(&event.id, "Arn");
                    self.permission(item, &event, target, "events.amazonaws.com", &[("SourceArn", source)]);
                }
                "ScheduleV2" => self.schedule(item, &event, &target.arn, true),
                "SNS" => self.topic(item, &event, target, role),
                "S3" => {
                    let account = event.make.reference("AWS::AccountId");
                    self.permission(item, &event, target, "s3.amazonaws.com", &[("SourceAccount", account)]);
                }
                "AlexaSkill" => {
                    let skill: Vec<_> =
                        event.get("SkillId").map(|id| ("EventSourceToken", id.clone())).into_iter().collect();
                    self.permission(item, &event, target, "alexa-appkit.amazon.com", &skill);
                }
                "IoTRule" => self.iot_rule(item, &event, target),
                "Cognito" => {
                    let pool = event.get("UserPool").and_then(referred).unwrap_or_default();
                    let source = event.make.attribute(pool, "Arn");
                    let made = Event { id: format!("{}Cognito", item.name), ..event };
                    // One permission for all pools.
                    if !self.made.contains_key(&*format!("{}Permission", made.id)) {
                        self.permission(item, &made, target, "cognito-idp.amazonaws.com", &[("SourceArn", source)]);
                    }
                }
                "CloudWatchLogs" => self.log_subscription(item, &event, target),
                "Api" | "HttpApi" => self.api_event(item, &event, target),
                _ if self.pull(item, &event, target, role) => {}
                _ => self.unknown_event(item, &event),
            }
        }
    }

    /// An event of a type that is not known.
    pub(super) fn unknown_event(&self, item: &Item, event: &Event<'_>) {
        let message =
            format!("the type of this event of `{}` is not known: what it implies is not analysed", item.name);
        self.template.note(Diagnostic::new("sam-unknown", message, event.make.0));
    }

    /// The permission for a service to call the function.
    pub(super) fn permission(
        &mut self,
        item: &Item,
        event: &Event<'_>,
        target: &Target,
        service: &str,
        more: &[(&str, Node)],
    ) {
        let make = event.make;
        let mut properties = vec![
            ("Action", make.text("lambda:InvokeFunction")),
            ("FunctionName", target.name.clone()),
            ("Principal", make.text(service)),
        ];
        properties.extend(more.iter().cloned());
        let id = format!("{}Permission", event.id);
        self.add(item, &id, make, "AWS::Lambda::Permission", make.map(properties));
    }

    /// The rule that a schedule or a pattern of events is. With a role for the target, if that needs one.
    pub(super) fn rule(&mut self, item: &Item, event: &Event<'_>, arn: Node, role: Option<Node>, suffix: &str) {
        let make = event.make;
        let schedule = event.kind == "Schedule";
        let mut properties = event.some(&["Description", "EventBusName"]);
        let renamed = [("Schedule", "ScheduleExpression"), ("Pattern", "EventPattern"), ("RuleName", "Name")];
        for (from, to) in renamed {
            let value = event.get(from).filter(|_| !schedule || from != "RuleName");
            properties.extend(value.map(|value| (make.text(to), value.clone())));
        }
        properties.extend(event.get("Name").filter(|_| schedule).map(|name| (make.text("Name"), name.clone())));
        properties.extend(self.state(item, event));
        let mut id: String = event.id.chars().take(64 - suffix.len()).collect();
        id.push_str(suffix);
        let own = event.get("Target").and_then(|target| given(target, "Id"));
        let mut target = vec![(make.text("Arn"), arn), (make.text("Id"), own.cloned().unwrap_or(make.text(id)))];
        target.extend(role.map(|role| (make.text("RoleArn"), role)));
        target.extend(event.some(&["Input", "InputPath", "InputTransformer", "RetryPolicy"]));
        if let Some(queue) = event.get("DeadLetterConfig") {
            let arn = self.dead_letters(item, event, queue, true);
            target.push((make.text("DeadLetterConfig"), make.map([("Arn", arn)])));
        }
        properties.push((make.text("Targets"), make.list([make.entries(target)])));
        self.add(item, &event.id, make, "AWS::Events::Rule", make.entries(properties));
    }

    /// `State`, or what `Enabled` says.
    fn state(&self, item: &Item, event: &Event<'_>) -> Option<(Node, Node)> {
        let make = event.make;
        if let Some(state) = event.get("State") {
            return Some((make.text("State"), state.clone()));
        }
        let enabled = event.get("Enabled")?;
        let make = Make(enabled.span);
        let state = match self.truth(item, enabled) {
            Some(true) => make.text("ENABLED"),
            Some(false) => make.text("DISABLED"),
            None => {
                let holds = make.list([enabled.clone(), make.text("true")]);
                let holds = make.map([("Fn::Equals", holds)]);
                make.choice(holds, make.text("ENABLED"), make.text("DISABLED"))
            }
        };
        Some((make.text("State"), state))
    }

    /// The ARN of a queue for what could not be delivered, made if none is given.
    pub(super) fn dead_letters(&mut self, item: &Item, event: &Event<'_>, config: &Node, policy: bool) -> Node {
        if let Some(arn) = given(config, "Arn") {
            return arn.clone();
        }
        let make = Make(config.span);
        let own = given(config, "QueueLogicalId").and_then(Node::as_str);
        let queue = own.map_or_else(|| format!("{}Queue", event.id), str::to_owned);
        self.add(item, &queue, make, "AWS::SQS::Queue", make.map([]));
        let arn = make.attribute(&queue, "Arn");
        if policy {
            let source = make.map([("aws:SourceArn", make.attribute(&event.id, "Arn"))]);
            let statement = make.map([
                ("Effect", make.text("Allow")),
                ("Principal", make.map([("Service", make.text("events.amazonaws.com"))])),
                ("Action", make.text("sqs:SendMessage")),
                ("Resource", arn.clone()),
                ("Condition", make.map([("ArnEquals", source)])),
            ]);
            let document = [("Version", make.text("2012-10-17")), ("Statement", make.list([statement]))];
            let properties = [("PolicyDocument", make.map(document)), ("Queues", make.list([make.reference(queue)]))];
            let id = format!("{}QueuePolicy", event.id);
            self.add(item, &id, make, "AWS::SQS::QueuePolicy", make.map(properties));
        }
        arn
    }

    /// `SNS`: the topic calls the function, or fills a queue that the function is called for.
    fn topic(&mut self, item: &Item, event: &Event<'_>, target: &Target, role: &mut Role) {
        let make = event.make;
        let topic = event.get("Topic").cloned().unwrap_or_else(|| make.unknown());
        let mut subscription = event.some(&["Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"]);
        let queue = event.get("SqsSubscription").filter(|node| self.truth(item, node) != Some(false));
        let (protocol, endpoint) = match queue {
            None => {
                self.permission(item, event, target, "sns.amazonaws.com", &[("SourceArn", topic.clone())]);
                ("lambda", target.arn.clone())
            }
            Some(config) => {
                let given_queue = config.as_mapping().and_then(|_| Some((given(config, "QueueArn")?, config)));
                let (arn, url) = match given_queue {
                    Some((arn, config)) => {
                        (arn.clone(), given(config, "QueueUrl").cloned().unwrap_or_else(|| make.unknown()))
                    }
                    None => {
                        let id = format!("{}Queue", event.id);
                        self.add(item, &id, make, "AWS::SQS::Queue", make.map([]));
                        (make.attribute(&id, "Arn"), make.reference(id))
                    }
                };
                let source = make.map([("aws:SourceArn", topic.clone())]);
                let statement = make.map([
                    ("Action", make.text("sqs:SendMessage")),
                    ("Effect", make.text("Allow")),
                    ("Principal", make.text("*")),
                    ("Resource", arn.clone()),
                    ("Condition", make.map([("ArnEquals", source)])),
                ]);
                let document = [("Version", make.text("2012-10-17")), ("Statement", make.list([statement]))];
                let properties = [("PolicyDocument", make.map(document)), ("Queues", make.list([url]))];
                let own = given(config, "QueuePolicyLogicalId").and_then(Node::as_str);
                let id = own.map_or_else(|| format!("{}QueuePolicy", event.id), str::to_owned);
                self.add(item, &id, make, "AWS::SQS::QueuePolicy", make.map(properties));
                let id = format!("{}EventSourceMapping", event.id);
                let mut mapping = vec![("FunctionName", target.name.clone()), ("EventSourceArn", arn.clone())];
                mapping.push(("BatchSize", given(config, "BatchSize").cloned().unwrap_or_else(|| make.plain("10"))));
                mapping.push(("Enabled", given(config, "Enabled").cloned().unwrap_or_else(|| make.truth(true))));
                self.add(item, &id, make, "AWS::Lambda::EventSourceMapping", make.map(mapping));
                role.attach(super::role::managed_arn(make, "service-role/AWSLambdaSQSQueueExecutionRole"));
                ("sqs", arn)
            }
        };
        subscription.push((make.text("Protocol"), make.text(protocol)));
        subscription.push((make.text("Endpoint"), endpoint));
        subscription.push((make.text("TopicArn"), topic));
        self.add(item, &event.id, make, "AWS::SNS::Subscription", make.entries(subscription));
    }

    fn iot_rule(&mut self, item: &Item, event: &Event<'_>, target: &Target) {
        let make = event.make;
        let pattern = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}";
        let rule = make.map([("RuleName", make.reference(event.id.as_str()))]);
        let source = make.substituted_with(pattern, rule);
        let account = make.substituted("${AWS::AccountId}");
        let more = [("SourceArn", source), ("SourceAccount", account)];
        self.permission(item, event, target, "iot.amazonaws.com", &more);
        let action = make.map([("Lambda", make.map([("FunctionArn", target.arn.clone())]))]);
        let mut payload = event.some(&["Sql", "AwsIotSqlVersion"]);
        payload.push((make.text("RuleDisabled"), make.truth(false)));
        payload.push((make.text("Actions"), make.list([action])));
        let properties = make.map([("TopicRulePayload", make.entries(payload))]);
        self.add(item, &event.id, make, "AWS::IoT::TopicRule", properties);
    }

    fn log_subscription(&mut self, item: &Item, event: &Event<'_>, target: &Target) {
        let make = event.make;
        let pattern = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${LogGroup}:*";
        let group = event.get("LogGroupName").cloned().unwrap_or_else(|| make.unknown());
        let source = make.substituted_with(pattern, make.map([("LogGroup", group)]));
        self.permission(item, event, target, "logs.amazonaws.com", &[("SourceArn", source)]);
        let mut properties = event.some(&["LogGroupName", "FilterPattern"]);
        properties.push((make.text("DestinationArn"), target.arn.clone()));
        self.add(item, &event.id, make, "AWS::Logs::SubscriptionFilter", make.entries(properties));
    }
}

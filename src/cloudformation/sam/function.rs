//! `AWS::Serverless::Function`: the function, its role, version and alias, and what its events imply.

use std::sync::Arc;

use super::make::{Make, choice, given, is_nothing};
use super::role::{Role, allow, inline, managed_arn};
use super::{Item, Sam};
use crate::cloudformation::foreach::Entry;
use crate::syntax::node::Node;

/// Properties that are not the Lambda function's.
const NOT_PASSED_ON: [&str; 21] = [
    "AssumeRolePolicyDocument",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "AutoPublishCodeSha256",
    "CodeUri",
    "DeadLetterQueue",
    "DeploymentPreference",
    "EventInvokeConfig",
    "Events",
    "FunctionUrlConfig",
    "ImageUri",
    "InlineCode",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "ProvisionedConcurrencyConfig",
    "Role",
    "RolePath",
    "SourceKMSKeyArn",
    "Tags",
    "VersionDescription",
];

/// What events call: the function, or the alias that is published.
pub(super) struct Target {
    /// What `FunctionName` of a permission is.
    pub name: Node,
    /// Its ARN.
    pub arn: Node,
}

impl Sam<'_> {
    pub(super) fn function(&mut self, item: &Item) {
        let make = item.make();
        let mut properties: Vec<(Node, Node)> = Vec::new();
        for (key, value) in item.properties.as_mapping().unwrap_or_default() {
            match key.as_str() {
                Some("Tracing") => {}
                Some("CapacityProviderConfig") => properties.push((key.clone(), capacity_provider(value))),
                Some(name) if NOT_PASSED_ON.contains(&name) => {}
                _ => properties.push((key.clone(), value.clone())),
            }
        }
        properties.extend(code(item));
        properties.push((make.text("Tags"), self.propagated(item).unwrap_or_else(|| Self::tags(item, CREATED_BY))));
        if let Some(tracing) = item.get("Tracing").filter(|node| self.text(item, node).as_deref() != Some("Disabled")) {
            properties.push((make.text("TracingConfig"), Make(tracing.span).map([("Mode", tracing.clone())])));
        }
        if let Some(queue) = item.get("DeadLetterQueue")
            && let Some(target) = given(queue, "TargetArn")
        {
            let config = Make(queue.span).map([("TargetArn", target.clone())]);
            properties.push((make.text("DeadLetterConfig"), config));
        }

        let alias = self.version_and_alias(item);
        let target = match &alias {
            Some(alias) => Target { name: make.reference(Arc::clone(alias)), arn: make.reference(Arc::clone(alias)) },
            None => Target { name: item.own(), arn: make.attribute(&item.name, "Arn") },
        };
        let mut role = self.function_role(item);
        let own = make.attribute(&role.name, "Arn");
        let (arn, made) = match item.get("Role") {
            None => (own, true),
            Some(given) => match choice(given) {
                Some([_, yes, no]) if is_nothing(yes) && is_nothing(no) => (own, true),
                Some([condition, yes, no]) if is_nothing(yes) => {
                    role.condition = Some(condition.clone());
                    (Make(given.span).choice(condition.clone(), own, no.clone()), true)
                }
                Some([condition, yes, no]) if is_nothing(no) => {
                    role.condition = Some(self.negated(item, condition));
                    (Make(given.span).choice(condition.clone(), yes.clone(), own), true)
                }
                _ => (given.clone(), false),
            },
        };
        properties.push((make.text("Role"), arn));
        self.replace(item, "AWS::Lambda::Function", make.entries(properties));
        self.invocation(item, alias.as_deref());
        self.function_url(item, &target);
        self.deployment(item, alias.is_some());
        self.function_events(item, &target, &mut role);
        if made {
            self.add_role(item, role);
        }
    }

    /// The role without what events add.
    fn function_role(&mut self, item: &Item) -> Role {
        let make = item.make();
        let mut role = Role::new(format!("{}Role", item.name), make, "lambda.amazonaws.com");
        role.execution = true;
        if let Some(trust) = item.get("AssumeRolePolicyDocument") {
            role.trust = trust.clone();
        }
        let durable = item.get("DurableConfig").is_some();
        let basic = if durable { "AWSLambdaBasicDurableExecutionRolePolicy" } else { "AWSLambdaBasicExecutionRole" };
        role.attach(managed_arn(make, &format!("service-role/{basic}")));
        if let Some(tracing) = item.get("Tracing") {
            let make = Make(tracing.span);
            match self.text(item, tracing).as_deref() {
                Some("Disabled") => {}
                Some(_) => role.attach(self.tracing_arn(item, make)),
                None => {
                    let off = make.list([tracing.clone(), make.text("Disabled")]);
                    let off = make.map([("Fn::Equals", off)]);
                    role.attach(make.choice(off, make.nothing(), self.tracing_arn(item, make)));
                }
            }
        }
        if item.get("VpcConfig").is_some() {
            role.attach(managed_arn(make, "service-role/AWSLambdaVPCAccessExecutionRole"));
        }
        if let Some(queue) = item.get("DeadLetterQueue")
            && let Some(target) = given(queue, "TargetArn")
        {
            let make = Make(queue.span);
            let sns = given(queue, "Type").and_then(Node::as_str) == Some("SNS");
            let action = make.text(if sns { "sns:Publish" } else { "sqs:SendMessage" });
            let document = make.map([
                ("Version", make.text("2012-10-17")),
                ("Statement", make.list([allow(make, action, target.clone())])),
            ]);
            let name = make.text("DeadLetterQueuePolicy");
            role.inline.push(make.map([("PolicyName", name), ("PolicyDocument", document)]));
        }
        self.destinations(item, &mut role);
        self.add_policies(item, &mut role, item.get("Policies"));
        role.more.extend(item.get("RolePath").map(|path| ("Path", path.clone())));
        role.more.extend(item.get("PermissionsBoundary").map(|arn| ("PermissionsBoundary", arn.clone())));
        role.more.push(("Tags", self.propagated(item).unwrap_or_else(|| Self::tags(item, CREATED_BY))));
        role
    }

    /// The name of the condition that another one does not hold.
    pub(super) fn negated(&mut self, item: &Item, condition: &Node) -> Node {
        let make = Make(condition.span);
        let name = format!("NOT{}", condition.as_str().unwrap_or_default());
        let holds = make.map([("Condition", condition.clone())]);
        self.conditions.push(Entry {
            name: name.as_str().into(),
            key: condition.span,
            body: std::rc::Rc::new(make.map([("Fn::Not", make.list([holds]))])),
            scope: item.scope.clone(),
            uncertain: None,
        });
        make.text(name)
    }

    /// Inline policies for the destinations of asynchronous calls, and the queues and topics made for them.
    fn destinations(&mut self, item: &Item, role: &mut Role) {
        let config = item.get("EventInvokeConfig").and_then(|config| given(config, "DestinationConfig"));
        let Some(config) = config else { return };
        for on in ["OnSuccess", "OnFailure"] {
            let Some(destination) = given(config, on) else { continue };
            let make = Make(destination.span);
            let name = format!("{}EventInvokeConfig{on}", item.name);
            let kind = given(destination, "Type").and_then(Node::as_str).unwrap_or_default();
            let arn = match self.destination(item, destination, kind, &name) {
                Some(arn) => arn,
                None => continue,
            };
            let one = |action: &str, resource: Node| allow(make, make.text(action), resource);
            let (suffix, statements) = match kind {
                "SQS" => ("SQSPolicy", vec![one("sqs:SendMessage", arn)]),
                "SNS" => ("SNSPolicy", vec![one("sns:publish", arn)]),
                "EventBridge" => ("EventBridgePolicy", vec![one("events:PutEvents", arn)]),
                "Lambda" => ("LambdaPolicy", vec![one("lambda:InvokeFunction", arn)]),
                "S3Bucket" => {
                    let objects =
                        make.map([("Fn::Join", make.list([make.text("/"), make.list([arn.clone(), make.text("*")])]))]);
                    ("S3Policy", vec![one("s3:PutObject", objects), one("s3:ListBucket", arn)])
                }
                _ => continue,
            };
            role.inline.push(inline(make, format!("{name}{suffix}"), statements));
        }
    }

    /// The ARN of a destination. Without one, a queue or topic is made.
    fn destination(&mut self, item: &Item, node: &Node, kind: &str, name: &str) -> Option<Node> {
        let make = Make(node.span);
        let written = given(node, "Destination");
        let (condition, other) = match written.map(|written| (written, choice(written))) {
            None => (None, None),
            Some((_, Some([condition, yes, no]))) if is_nothing(yes) && !is_nothing(no) => {
                (Some(condition.clone()), Some(no.clone()))
            }
            Some((_, Some([condition, yes, no]))) if is_nothing(no) && !is_nothing(yes) => {
                (Some(self.negated(item, condition)), Some(yes.clone()))
            }
            Some((written, _)) => return Some(written.clone()),
        };
        let (made, suffix, reference) = match kind {
            "SQS" => ("AWS::SQS::Queue", "Queue", make.attribute(&format!("{name}Queue"), "Arn")),
            "SNS" => ("AWS::SNS::Topic", "Topic", make.reference(format!("{name}Topic"))),
            _ => return None,
        };
        let id = format!("{name}{suffix}");
        self.add_with(item, &id, make, made, make.map([]), condition.clone());
        self.aliases.insert(format!("{}.Destination{suffix}", item.name).into(), id.as_str().into());
        Some(match (condition, other) {
            (Some(condition), Some(other)) => make.choice(condition, reference, other),
            _ => reference,
        })
    }

    /// `EventInvokeConfig`
    fn invocation(&mut self, item: &Item, alias: Option<&str>) {
        let Some(config) = item.get("EventInvokeConfig") else { return };
        let make = Make(config.span);
        let mut properties = vec![
            (make.text("FunctionName"), item.own()),
            (make.text("Qualifier"), alias.map_or(make.text("$LATEST"), |alias| make.reference(alias))),
        ];
        let rest = config.as_mapping().unwrap_or_default().iter();
        properties.extend(rest.filter(|(key, _)| key.as_str() != Some("DestinationConfig")).cloned());
        let id = format!("{}EventInvokeConfig", item.name);
        self.add(item, &id, make, "AWS::Lambda::EventInvokeConfig", make.entries(properties));
    }

    /// The version and alias that are published with each change of the code.
    fn version_and_alias(&mut self, item: &Item) -> Option<Arc<str>> {
        let alias = item.get("AutoPublishAlias")?;
        let make = Make(alias.span);
        let text = self.text(item, alias).unwrap_or_else(|| "*".into());
        let version: Arc<str> = format!("{}Version", item.name).into();
        let id: Arc<str> = format!("{}Alias{text}", item.name).into();
        self.add(item, &version, make, "AWS::Lambda::Version", make.map([("FunctionName", item.own())]));
        let properties = make.map([
            ("Name", alias.clone()),
            ("FunctionName", item.own()),
            ("FunctionVersion", make.attribute(&version, "Version")),
        ]);
        self.add(item, &id, make, "AWS::Lambda::Alias", properties);
        self.aliases.insert(format!("{}.Version", item.name).into(), version);
        self.aliases.insert(format!("{}.Alias", item.name).into(), Arc::clone(&id));
        Some(id)
    }

    /// `FunctionUrlConfig`
    fn function_url(&mut self, item: &Item, target: &Target) {
        let Some(config) = item.get("FunctionUrlConfig") else { return };
        let make = Make(config.span);
        let mut properties = vec![(make.text("TargetFunctionArn"), target.name.clone())];
        properties.extend(config.as_mapping().unwrap_or_default().iter().cloned());
        self.add(item, &format!("{}Url", item.name), make, "AWS::Lambda::Url", make.entries(properties));
        let kind = given(config, "AuthType");
        if kind.and_then(|kind| self.text(item, kind)).as_deref() != Some("NONE") {
            return;
        }
        let permission = |action: &str, more: (&'static str, Node)| {
            make.map([
                ("Action", make.text(action)),
                ("FunctionName", target.name.clone()),
                ("Principal", make.text("*")),
                more,
            ])
        };
        let url = permission("lambda:InvokeFunctionUrl", ("FunctionUrlAuthType", make.text("NONE")));
        let id = format!("{}UrlPublicPermissions", item.name);
        self.add(item, &id, make, "AWS::Lambda::Permission", url);
        let call = permission("lambda:InvokeFunction", ("InvokedViaFunctionUrl", make.truth(true)));
        let id = format!("{}URLInvokeAllowPublicAccess", item.name);
        self.add(item, &id, make, "AWS::Lambda::Permission", call);
    }
}

/// The tag that SAM gives to what it makes for functions.
pub(super) const CREATED_BY: &str = "lambda:createdBy";

/// The capacity provider of a function.
fn capacity_provider(config: &Node) -> Node {
    let make = Make(config.span);
    let entries = config.as_mapping().unwrap_or_default().iter().map(|(key, value)| {
        let arn = key.as_str() == Some("Arn");
        (if arn { Make(key.span).text("CapacityProviderArn") } else { key.clone() }, value.clone())
    });
    make.map([("LambdaManagedInstancesCapacityProviderConfig", make.entries(entries.collect()))])
}

/// `Code`: written in the template, or where it lies.
fn code(item: &Item) -> Option<(Node, Node)> {
    if let Some(code) = item.get("InlineCode") {
        return Some((Make(code.span).text("Code"), Make(code.span).map([("ZipFile", code.clone())])));
    }
    let uri = item.get("ImageUri").map(|uri| ("ImageUri", uri)).or(item.get("CodeUri").map(|uri| ("CodeUri", uri)))?;
    let (name, uri) = uri;
    let make = Make(uri.span);
    let code = match (name, uri.as_mapping(), uri.as_str()) {
        ("ImageUri", _, _) => make.map([("ImageUri", uri.clone())]),
        (_, Some(entries), _) if given(uri, "Bucket").is_some() => {
            let named = |key: &Node| match key.as_str() {
                Some("Bucket") => make.text("S3Bucket"),
                Some("Key") => make.text("S3Key"),
                Some("Version") => make.text("S3ObjectVersion"),
                _ => key.clone(),
            };
            make.entries(entries.iter().map(|(key, value)| (named(key), value.clone())).collect())
        }
        (_, _, Some(text)) if text.starts_with("s3://") => {
            let rest = text.trim_start_matches("s3://");
            let (location, version) = rest.split_once("?versionId=").map_or((rest, None), |(all, v)| (all, Some(v)));
            let (bucket, key) = location.split_once('/').unwrap_or((location, ""));
            let mut entries = vec![("S3Bucket", make.text(bucket)), ("S3Key", make.text(key))];
            entries.extend(item.get("SourceKMSKeyArn").map(|key| ("SourceKMSKeyArn", key.clone())));
            entries.extend(version.map(|version| ("S3ObjectVersion", make.text(version))));
            make.map(entries)
        }
        // A local folder, which packaging replaces.
        _ => uri.clone(),
    };
    Some((make.text("Code"), code))
}

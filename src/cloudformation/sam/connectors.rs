//! `AWS::Serverless::Connector`, and connectors written in the resource they start from: rights of one resource on
//! another.

use std::rc::Rc;
use std::sync::Arc;

use super::make::{Make, given, is_call, resource_named, same};
use super::{Item, PREFIX, Sam, templates};
use crate::cloudformation::foreach::Entry;
use crate::finding::Diagnostic;
use crate::syntax::node::Node;

/// Which rights a connector gives: a line for each pair of types says where they are written, those after it, by
/// category, what they are. <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/reference-sam-connector.html>
const PROFILES: &str = include_str!("connector_profiles.txt");

/// One end of a connector.
struct End {
    kind: Arc<str>,
    arn: Option<Node>,
    role: Option<Node>,
    queue: Option<Node>,
    resource: Option<Node>,
    name: Option<Node>,
    qualifier: Option<Node>,
}

/// The type that a type of SAM becomes.
fn becomes(kind: &str) -> &str {
    match kind.strip_prefix(PREFIX) {
        Some("Function") => "AWS::Lambda::Function",
        Some("StateMachine") => "AWS::StepFunctions::StateMachine",
        Some("Api") => "AWS::ApiGateway::RestApi",
        Some("HttpApi") => "AWS::ApiGatewayV2::Api",
        Some("SimpleTable") => "AWS::DynamoDB::Table",
        Some("GraphQLApi") => "AWS::AppSync::GraphQLApi",
        _ => kind,
    }
}

impl Sam<'_> {
    /// The connectors that a resource is or has.
    pub(super) fn connectors(&mut self, entry: &Entry) {
        if entry.kind() == "AWS::Serverless::Connector" {
            let item = self.item(entry, "Connector");
            return self.connector(&item, None);
        }
        let connectors = entry.body.get("Connectors").cloned();
        for (key, connector) in connectors.iter().filter_map(Node::as_mapping).flatten() {
            let Some(name) = key.as_str() else { continue };
            let item = Item {
                name: format!("{}{name}", entry.name).into(),
                key: key.span,
                body: Rc::new(with_condition(connector, entry)),
                properties: given(connector, "Properties").cloned().unwrap_or_else(|| Make(key.span).map([])),
                scope: entry.scope.clone(),
                uncertain: entry.uncertain.clone(),
            };
            self.connector(&item, Some(&entry.name));
        }
    }

    /// A connector. Its source is a property, or the resource it is written in.
    pub(super) fn connector(&mut self, item: &Item, within: Option<&str>) {
        let make = item.make();
        let source = match within {
            Some(name) => {
                let more = item.get("SourceReference").and_then(Node::as_mapping).unwrap_or_default();
                let mut entries = vec![(make.text("Id"), make.text(name))];
                entries.extend(more.iter().cloned());
                Some(make.entries(entries))
            }
            None => item.get("Source").cloned(),
        };
        let permissions = item.get("Permissions").and_then(Node::as_sequence).unwrap_or_default();
        let permissions: Vec<Arc<str>> = permissions.iter().filter_map(|one| self.text(item, one)).collect();
        let (Some(source), Some(destinations)) = (source, item.get("Destination").cloned()) else {
            return self.not_connected(item, "it lacks a source or destination");
        };
        let several = destinations.as_sequence().is_some();
        let single = std::slice::from_ref(&destinations);
        for (index, destination) in destinations.as_sequence().unwrap_or(single).iter().enumerate() {
            let suffix = if several { format!("Destination{index}") } else { String::new() };
            match (self.end(&source, destination), self.end(destination, &source)) {
                (Some(from), Some(to)) => self.connect(item, &from, &to, &permissions, &suffix),
                _ => self.not_connected(item, "one of its ends is not in the template"),
            }
        }
    }

    fn not_connected(&self, item: &Item, why: &str) {
        let message = format!("the rights that the connector `{}` gives are not known: {why}", item.name);
        self.template.note(Diagnostic::new("sam-unknown", message, item.key));
    }

    /// What one end is: named by its logical ID, or described.
    fn end(&self, node: &Node, other: &Node) -> Option<End> {
        let get = |name: &str| given(node, name).cloned();
        let Some(id) = given(node, "Id").and_then(Node::as_str) else {
            let kind = given(node, "Type").and_then(Node::as_str)?;
            return Some(End {
                kind: becomes(kind).into(),
                arn: get("Arn"),
                role: get("RoleName"),
                queue: get("QueueUrl"),
                resource: get("ResourceId"),
                name: get("Name"),
                qualifier: get("Qualifier"),
            });
        };
        let entry = self.made.get(id)?;
        let kind = entry.kind();
        let make = Make(node.span);
        let (reference, arn) = (make.reference(id), make.attribute(id, "Arn"));
        // What `Ref` is of each type, and which attribute is the ARN.
        let ref_is_arn = matches!(
            kind,
            "AWS::SNS::Topic"
                | "AWS::StepFunctions::StateMachine"
                | "AWS::AppSync::GraphQLApi"
                | "AWS::AppSync::DataSource"
        );
        let properties = entry.body.get("Properties");
        let property = |name: &str| properties.and_then(|properties| given(properties, name));
        let role = match kind {
            "AWS::Lambda::Function" => property("Role"),
            "AWS::StepFunctions::StateMachine" => property("RoleArn"),
            "AWS::AppSync::DataSource" => property("ServiceRoleArn"),
            "AWS::Events::Rule" => target_role(property("Targets"), other),
            _ => None,
        };
        let api = matches!(kind, "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api");
        let resource = match kind {
            "AWS::AppSync::GraphQLApi" => Some(make.attribute(id, "ApiId")),
            _ => api.then(|| reference.clone()),
        };
        let role = role.and_then(resource_named).map(|role| make.reference(role));
        let qualifier = get("Qualifier").or_else(|| api.then(|| make.text("*")));
        Some(End {
            kind: kind.into(),
            arn: Some(if ref_is_arn { reference.clone() } else { arn }),
            role,
            queue: (kind == "AWS::SQS::Queue").then_some(reference),
            resource,
            name: (kind == "AWS::StepFunctions::StateMachine").then(|| make.attribute(id, "Name")),
            qualifier,
        })
    }

    fn connect(&mut self, item: &Item, from: &End, to: &End, permissions: &[Arc<str>], suffix: &str) {
        let make = item.make();
        let head = format!("{} {} ", from.kind, to.kind);
        let mut lines = PROFILES.lines().skip_while(|line| !line.starts_with(&head));
        let Some(form) = lines.next().and_then(|line| line.strip_prefix(&head)) else {
            return self.not_connected(item, &format!("from {} to {} there is no profile", from.kind, to.kind));
        };
        let argument = |name: &str| {
            let (end, name) = match name.strip_prefix("Source") {
                Some(name) => (from, name),
                None => (to, name.strip_prefix("Destination")?),
            };
            match name {
                "Arn" => end.arn.clone(),
                "Name" => end.name.clone(),
                "ResourceId" => end.resource.clone(),
                "Qualifier" => end.qualifier.clone(),
                _ => None,
            }
        };
        let rights = lines.map_while(|line| line.strip_prefix(' ')).filter_map(|line| line.split_once(' '));
        let rights = rights.filter(|(category, _)| permissions.iter().any(|wanted| **wanted == **category));
        let document = |statements: Vec<Node>| {
            make.map([("Version", make.text("2012-10-17")), ("Statement", make.list(statements))])
        };
        let statements = |rights: &mut dyn Iterator<Item = (&str, &str)>| -> Option<Vec<Node>> {
            rights.map(|(_, line)| templates::statement(line, &argument, make)).collect()
        };
        let id = |middle: &str| format!("{}{middle}{suffix}", item.name);
        let mut rights = rights;
        let made = match form {
            "role-of-source" | "role-of-destination" => {
                let role = if form == "role-of-source" { &from.role } else { &to.role };
                let (Some(role), Some(statements)) = (role.clone(), statements(&mut rights)) else {
                    return self.not_connected(item, "the role or the ARN of an end is not known");
                };
                let properties = [("PolicyDocument", document(statements)), ("Roles", make.list([role]))];
                vec![(id("Policy"), "AWS::IAM::ManagedPolicy", make.map(properties))]
            }
            "queue" | "topic" => {
                let (Some(arn), Some(source)) = (to.arn.clone(), from.arn.clone()) else {
                    return self.not_connected(item, "the ARN of an end is not known");
                };
                let queue = form == "queue";
                let action = if queue { "sqs:SendMessage" } else { "sns:Publish" };
                let statement = |(_, service): (&str, &str)| {
                    let condition = make.map([("aws:SourceArn", source.clone())]);
                    make.map([
                        ("Effect", make.text("Allow")),
                        ("Principal", make.map([("Service", make.text(service))])),
                        ("Action", make.text(action)),
                        ("Resource", arn.clone()),
                        ("Condition", make.map([("ArnEquals", condition)])),
                    ])
                };
                let document = document(rights.map(statement).collect());
                let (kind, list, name) = match queue {
                    true => ("AWS::SQS::QueuePolicy", "Queues", to.queue.clone()),
                    false => ("AWS::SNS::TopicPolicy", "Topics", Some(arn.clone())),
                };
                let Some(name) = name else { return self.not_connected(item, "the URL of the queue is not known") };
                let properties = make.map([("PolicyDocument", document), (list, make.list([name]))]);
                vec![(id(if queue { "QueuePolicy" } else { "TopicPolicy" }), kind, properties)]
            }
            _ => {
                let permission = |(category, line): (&str, &str)| {
                    let (service, source) = line.split_once(' ')?;
                    let mut properties = vec![
                        ("Action", make.text("lambda:InvokeFunction")),
                        ("FunctionName", to.arn.clone()?),
                        ("Principal", make.text(service)),
                        ("SourceArn", templates::arn(source, &argument, make)?),
                    ];
                    if service == "s3.amazonaws.com" {
                        properties.push(("SourceAccount", make.substituted("${AWS::AccountId}")));
                    }
                    let id = id(&format!("{category}LambdaPermission"));
                    Some((id, "AWS::Lambda::Permission", make.map(properties)))
                };
                rights.filter_map(permission).collect()
            }
        };
        for (id, kind, properties) in made {
            self.add(item, &id, make, kind, properties);
        }
    }
}

/// The role of the target of a rule that is the other end.
fn target_role<'n>(targets: Option<&'n Node>, other: &Node) -> Option<&'n Node> {
    let (id, arn) = (given(other, "Id").and_then(Node::as_str), given(other, "Arn"));
    let targets = targets.and_then(Node::as_sequence).unwrap_or_default();
    let is_other = |target: &&Node| {
        let own = given(target, "Arn");
        let named = own.and_then(resource_named);
        named.is_some() && named == id || own.zip(arn).is_some_and(|(own, arn)| same(own, arn) && is_call(own))
    };
    targets.iter().find(is_other).and_then(|target| given(target, "RoleArn"))
}

/// A connector within a resource is present if that is.
fn with_condition(connector: &Node, entry: &Entry) -> Node {
    match (connector.get("Condition"), entry.body.get("Condition")) {
        (None, Some(condition)) => {
            let make = Make(connector.span);
            let mut entries = connector.as_mapping().unwrap_or_default().to_vec();
            entries.push((make.text("Condition"), condition.clone()));
            make.entries(entries)
        }
        _ => connector.clone(),
    }
}

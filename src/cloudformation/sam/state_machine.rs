//! `AWS::Serverless::StateMachine`: the state machine, its role, and what its events imply.

use super::events::{Event, events};
use super::make::{Make, given};
use super::role::{Role, allow, inline};
use super::{Item, Sam};
use crate::syntax::node::Node;

/// The tag that SAM gives to what it makes for state machines.
const CREATED_BY: &str = "stateMachine:createdBy";

impl Sam<'_> {
    pub(super) fn state_machine(&mut self, item: &Item) {
        let make = item.make();
        let mut properties: Vec<(Node, Node)> = Vec::new();
        for (key, value) in item.properties.as_mapping().unwrap_or_default() {
            let at = Make(key.span);
            // What is in it stays readable: it is not written out.
            if key.as_str() == Some("Definition") {
                let text = Make(value.span).map([("Fn::ToJsonString", value.clone())]);
                properties.push((at.text("DefinitionString"), text));
                continue;
            }
            let name = match key.as_str() {
                Some(
                    "Policies"
                    | "Events"
                    | "Role"
                    | "RolePath"
                    | "PermissionsBoundary"
                    | "Tags"
                    | "PropagateTags"
                    | "AutoPublishAlias"
                    | "DeploymentPreference"
                    | "UseAliasAsEventTarget",
                ) => continue,
                Some("Name") => at.text("StateMachineName"),
                Some("Type") => at.text("StateMachineType"),
                Some("Logging") => at.text("LoggingConfiguration"),
                Some("Tracing") => at.text("TracingConfiguration"),
                Some("DefinitionUri") if given(value, "Bucket").is_some() => at.text("DefinitionS3Location"),
                _ => key.clone(),
            };
            properties.push((name, value.clone()));
        }
        properties.push((make.text("Tags"), self.propagated(item).unwrap_or_else(|| Self::tags(item, CREATED_BY))));
        let arn = match item.get("Role") {
            Some(role) => role.clone(),
            None => {
                let mut role = Role::new(format!("{}Role", item.name), make, "states.amazonaws.com");
                role.execution = true;
                self.add_policies(item, &mut role, item.get("Policies"));
                let tracing = item.get("Tracing").and_then(|tracing| given(tracing, "Enabled"));
                if let Some(tracing) = tracing.filter(|node| self.truth(item, node) == Some(true)) {
                    role.attach(self.tracing_arn(item, Make(tracing.span)));
                }
                role.more.extend(item.get("RolePath").map(|path| ("Path", path.clone())));
                role.more.extend(item.get("PermissionsBoundary").map(|arn| ("PermissionsBoundary", arn.clone())));
                role.more.push(("Tags", self.propagated(item).unwrap_or_else(|| Self::tags(item, CREATED_BY))));
                let arn = make.attribute(&role.name, "Arn");
                self.add_role(item, role);
                arn
            }
        };
        properties.push((make.text("RoleArn"), arn));
        self.replace(item, "AWS::StepFunctions::StateMachine", make.entries(properties));
        let target = self.published(item).unwrap_or_else(|| item.own());
        for event in events(item) {
            match event.kind {
                "ScheduleV2" => self.schedule(item, &event, &target, false),
                "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                    let given = event.get("RoleArn").filter(|_| event.kind == "Schedule").cloned();
                    let role = given.unwrap_or_else(|| self.event_role(item, &event, &target, "events.amazonaws.com"));
                    self.rule(item, &event, target.clone(), Some(role), "StepFunctionsTarget");
                }
                "Api" => {
                    self.event_role(item, &event, &target, "apigateway.amazonaws.com");
                    self.imply_api(item, &event, "RestApiId");
                }
                _ => self.unknown_event(item, &event),
            }
        }
    }

    /// A role that lets a service start the state machine; its ARN.
    fn event_role(&mut self, item: &Item, event: &Event<'_>, target: &Node, service: &str) -> Node {
        let make = event.make;
        let mut role = Role::new(format!("{}Role", event.id), make, service);
        let start = allow(make, make.text("states:StartExecution"), target.clone());
        role.inline.push(inline(make, format!("{}StartExecutionPolicy", role.name), vec![start]));
        let boundary = item.get("PermissionsBoundary");
        role.more.extend(boundary.map(|arn| ("PermissionsBoundary", arn.clone())));
        role.more.extend(self.propagated(item).map(|tags| ("Tags", tags)));
        let arn = make.attribute(&role.name, "Arn");
        self.add_role(item, role);
        arn
    }

    /// The version and alias of a state machine that publishes them; the alias, if events start that.
    fn published(&mut self, item: &Item) -> Option<Node> {
        let alias = item.get("AutoPublishAlias")?;
        let make = Make(alias.span);
        let version = format!("{}Version", item.name);
        let properties = [("StateMachineArn", item.own())];
        self.add(item, &version, make, "AWS::StepFunctions::StateMachineVersion", make.map(properties));
        let text = self.text(item, alias).unwrap_or_else(|| "*".into());
        let id = format!("{}Alias{text}", item.name);
        self.add(item, &id, make, "AWS::StepFunctions::StateMachineAlias", make.map([("Name", alias.clone())]));
        let events = item.get("UseAliasAsEventTarget").and_then(|node| self.truth(item, node));
        self.aliases.insert(format!("{}.Version", item.name).into(), version.as_str().into());
        self.aliases.insert(format!("{}.Alias", item.name).into(), id.as_str().into());
        (events == Some(true)).then(|| make.reference(id))
    }
}

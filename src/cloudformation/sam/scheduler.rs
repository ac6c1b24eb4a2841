//! `ScheduleV2`: a schedule of EventBridge Scheduler, with a role that may start what it starts.

use super::events::Event;
use super::role::{Role, allow, inline};
use super::{Item, Sam};
use crate::syntax::node::Node;

impl Sam<'_> {
    /// The schedule of a function, or of a state machine.
    pub(super) fn schedule(&mut self, item: &Item, event: &Event<'_>, arn: &Node, function: bool) {
        let make = event.make;
        let mut properties = event.some(&[
            "ScheduleExpression",
            "State",
            "Name",
            "Description",
            "FlexibleTimeWindow",
            "StartDate",
            "EndDate",
            "ScheduleExpressionTimezone",
            "GroupName",
            "KmsKeyArn",
        ]);
        let unnamed = event.get("OmitName").and_then(|node| self.truth(item, node)) == Some(true);
        if event.get("Name").is_none() && !unnamed {
            properties.push((make.text("Name"), make.text(event.id.as_str())));
        }
        if event.get("FlexibleTimeWindow").is_none() {
            properties.push((make.text("FlexibleTimeWindow"), make.map([("Mode", make.text("OFF"))])));
        }
        let queue = event.get("DeadLetterConfig").map(|config| self.dead_letters(item, event, config, false));
        let role = match event.get("RoleArn") {
            Some(role) => role.clone(),
            None => {
                let mut role = Role::new(format!("{}Role", event.id), make, "scheduler.amazonaws.com");
                let (action, name) = if function {
                    ("lambda:InvokeFunction", "LambdaPolicy")
                } else {
                    ("states:StartExecution", "StartExecutionPolicy")
                };
                let start = allow(make, make.text(action), arn.clone());
                role.inline.push(inline(make, format!("{}{name}", event.id), vec![start]));
                if let Some(queue) = &queue {
                    let send = allow(make, make.text("sqs:SendMessage"), queue.clone());
                    role.inline.push(inline(make, format!("{}SQSPolicy", event.id), vec![send]));
                }
                role.more.extend(event.get("PermissionsBoundary").map(|arn| ("PermissionsBoundary", arn.clone())));
                role.more.extend(self.propagated(item).map(|tags| ("Tags", tags)));
                let arn = make.attribute(&role.name, "Arn");
                self.add_role(item, role);
                arn
            }
        };
        let mut target = vec![(make.text("Arn"), arn.clone()), (make.text("RoleArn"), role)];
        target.extend(event.some(&["Input", "RetryPolicy"]));
        target.extend(queue.map(|queue| (make.text("DeadLetterConfig"), make.map([("Arn", queue)]))));
        properties.push((make.text("Target"), make.entries(target)));
        self.add(item, &event.id, make, "AWS::Scheduler::Schedule", make.entries(properties));
    }
}

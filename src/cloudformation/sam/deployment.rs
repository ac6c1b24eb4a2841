//! Gradual deployments (`DeploymentPreference`): one CodeDeploy application and role for all functions.

use std::rc::Rc;
use std::sync::Arc;

use super::make::{Make, given, same};
use super::role::{Role, managed_arn};
use super::{Item, Sam};
use crate::cloudformation::foreach::Entry;
use crate::syntax::node::Node;

/// The name of the condition that some function is deployed gradually.
const CONDITION: &str = "ServerlessCodeDeployCondition";

/// How a function is deployed.
pub(super) struct Preference {
    function: Arc<str>,
    make: Make,
    role: Option<Node>,
    condition: Option<Node>,
    tags: Vec<(Node, Node)>,
}

impl Sam<'_> {
    /// Notes how a function is deployed, if that is gradually.
    pub(super) fn deployment(&mut self, item: &Item, published: bool) {
        let Some(preference) = item.get("DeploymentPreference").filter(|_| published) else { return };
        let enabled = given(preference, "Enabled").map(|node| self.truth(item, node));
        if enabled == Some(Some(false)) {
            return;
        }
        let passed = given(preference, "PassthroughCondition").and_then(|node| self.truth(item, node));
        let condition = item.body.get("Condition").filter(|_| passed == Some(true));
        let propagated = item.get("PropagateTags").and_then(|node| self.truth(item, node)) == Some(true);
        let tags = item.get("Tags").and_then(Node::as_mapping).filter(|_| propagated).unwrap_or_default();
        self.deployments.push(Preference {
            function: Arc::clone(&item.name),
            make: Make(preference.span),
            role: given(preference, "Role").cloned(),
            condition: condition.cloned(),
            tags: tags.to_vec(),
        });
    }

    /// Adds what all gradual deployments share.
    pub(super) fn finish_deployments(&mut self) {
        let all = std::mem::take(&mut self.deployments);
        let Some(make) = all.first().map(|first| first.make) else { return };
        let mut conditions: Vec<Node> = Vec::new();
        for condition in all.iter().filter_map(|one| one.condition.as_ref()) {
            if !conditions.iter().any(|known| same(known, condition)) {
                conditions.push(condition.clone());
            }
        }
        let always = all.iter().any(|one| one.condition.is_none());
        let condition = match &*conditions {
            _ if always => None,
            [one] => Some(one.clone()),
            several => {
                let operands = several.iter().map(|name| make.map([("Condition", name.clone())]));
                self.conditions.push(Entry {
                    name: CONDITION.into(),
                    key: make.0,
                    body: Rc::new(make.map([("Fn::Or", make.list(operands))])),
                    scope: Default::default(),
                    uncertain: None,
                });
                Some(make.text(CONDITION))
            }
        };
        let item = Item {
            name: "ServerlessDeploymentApplication".into(),
            key: make.0,
            body: Rc::new(make.map(condition.map(|condition| ("Condition", condition)))),
            properties: make.map([]),
            scope: Default::default(),
            uncertain: None,
        };
        let platform = make.map([("ComputePlatform", make.text("Lambda"))]);
        self.add(&item, &item.name, make, "AWS::CodeDeploy::Application", platform);
        if all.iter().any(|one| one.role.is_none()) {
            let mut role = Role::new("CodeDeployServiceRole", make, "codedeploy.amazonaws.com");
            role.attach(managed_arn(make, "service-role/AWSCodeDeployRoleForLambda"));
            let mut tags: Vec<&(Node, Node)> = Vec::new();
            for tag in all.iter().flat_map(|one| &one.tags) {
                tags.retain(|(key, _)| !same(key, &tag.0));
                tags.push(tag);
            }
            if !tags.is_empty() {
                let tag = |(key, value): &(Node, Node)| make.map([("Key", key.clone()), ("Value", value.clone())]);
                role.more.push(("Tags", make.list(tags.into_iter().map(tag))));
            }
            self.add_role(&item, role);
        }
        for one in all {
            let role = one.role.unwrap_or_else(|| make.attribute("CodeDeployServiceRole", "Arn"));
            let properties = [("ApplicationName", make.reference(&*item.name)), ("ServiceRoleArn", role)];
            let id = format!("{}DeploymentGroup", one.function);
            self.add_with(
                &item,
                &id,
                one.make,
                "AWS::CodeDeploy::DeploymentGroup",
                make.map(properties),
                one.condition.clone(),
            );
            self.aliases.insert(format!("{}.DeploymentGroup", one.function).into(), id.into());
        }
    }
}

//! `AWS::Serverless::GraphQLApi`: the roles of its log and of its data sources.

use std::rc::Rc;

use super::make::{Make, given};
use super::role::{Role, managed_arn};
use super::{Item, Sam};
use crate::syntax::node::Node;

impl Sam<'_> {
    pub(super) fn graphql(&mut self, item: &Item) {
        let make = item.make();
        let left_out = ["Auth", "Logging", "DataSources", "Functions", "Resolvers", "ApiKeys", "Cache", "DomainName"];
        let mut properties: Vec<(Node, Node)> = Vec::new();
        for (key, value) in item.properties.as_mapping().unwrap_or_default() {
            match key.as_str() {
                Some(name) if left_out.contains(&name) || name.starts_with("Schema") => {}
                Some("Tags") => properties.push((key.clone(), super::plain_tags(make, value))),
                _ => properties.push((key.clone(), value.clone())),
            }
        }
        let logging = item.get("Logging");
        let off = logging.and_then(|logging| self.truth(item, logging)) == Some(false);
        let own = logging.and_then(|logging| given(logging, "CloudWatchLogsRoleArn"));
        if !off {
            let arn = own.cloned().unwrap_or_else(|| {
                let mut role = Role::new(format!("{}CloudWatchRole", item.name), make, "appsync.amazonaws.com");
                role.attach(managed_arn(make, "service-role/AWSAppSyncPushToCloudWatchLogs"));
                let arn = make.attribute(&role.name, "Arn");
                self.add_role(item, role);
                arn
            });
            properties.push((make.text("LogConfig"), make.map([("CloudWatchLogsRoleArn", arn)])));
        }
        self.replace(item, "AWS::AppSync::GraphQLApi", make.entries(properties));
        self.authorizers(item);
        let sources = item.get("DataSources");
        for (kind, name) in [("DynamoDb", "DynamoDB"), ("Lambda", "Lambda")] {
            let sources = sources.and_then(|sources| given(sources, kind)).and_then(Node::as_mapping);
            for (key, source) in sources.unwrap_or_default() {
                if let Some(id) = key.as_str() {
                    self.data_source(item, &format!("{}{id}{name}DataSource", item.name), key, source, kind);
                }
            }
        }
    }

    /// Functions that authorize calls may be called by the API.
    fn authorizers(&mut self, item: &Item) {
        let Some(auth) = item.get("Auth") else { return };
        let more = given(auth, "Additional").and_then(Node::as_sequence).unwrap_or_default();
        let uri = |auth: &Node| {
            let function = given(auth, "Type").and_then(Node::as_str) == Some("AWS_LAMBDA");
            given(auth, "LambdaAuthorizer").filter(|_| function).and_then(|one| given(one, "AuthorizerUri")).cloned()
        };
        let uris: Vec<Node> = std::iter::once(auth).chain(more).filter_map(uri).collect();
        for (index, uri) in uris.into_iter().enumerate() {
            let make = Make(uri.span);
            let source = make.map([
                ("Type", make.text("AWS::AppSync::GraphQLApi")),
                ("Arn", item.own()),
                ("ResourceId", make.attribute(&item.name, "ApiId")),
            ]);
            self.implied_connector(
                item,
                &format!("{}ToLambdaAuthConnector{index}", item.name),
                make,
                (source, "AWS::Lambda::Function", uri),
                make.texts(&["Write"]),
            );
        }
    }

    /// A data source, with a role that may use what it stands for, unless one is given.
    fn data_source(&mut self, item: &Item, id: &str, key: &Node, source: &Node, kind: &str) {
        let make = Make(key.span);
        let table = kind == "DynamoDb";
        let role = given(source, "ServiceRoleArn").cloned();
        let made = role.is_none();
        let role = role.unwrap_or_else(|| make.attribute(&format!("{id}Role"), "Arn"));
        let properties = make.map([
            ("Name", given(source, "Name").unwrap_or(key).clone()),
            ("Type", make.text(if table { "AMAZON_DYNAMODB" } else { "AWS_LAMBDA" })),
            ("ApiId", make.attribute(&item.name, "ApiId")),
            ("ServiceRoleArn", role),
        ]);
        self.add(item, id, make, "AWS::AppSync::DataSource", properties);
        if !made {
            return;
        }
        self.add_role(item, Role::new(format!("{id}Role"), make, "appsync.amazonaws.com"));
        let from = make.map([
            ("Type", make.text("AWS::AppSync::DataSource")),
            ("Arn", make.attribute(id, "DataSourceArn")),
            ("RoleName", make.reference(format!("{id}Role"))),
        ]);
        let (arn, target, name, permissions) = if table {
            let arn = given(source, "TableArn").cloned().unwrap_or_else(|| {
                let pattern = "arn:${AWS::Partition}:dynamodb:${Region}:${AWS::AccountId}:table/${Table}";
                let table = given(source, "TableName").cloned().unwrap_or_else(|| make.unknown());
                let region = given(source, "Region").cloned().unwrap_or_else(|| make.reference("AWS::Region"));
                make.substituted_with(pattern, make.map([("Table", table), ("Region", region)]))
            });
            let permissions = given(source, "Permissions").cloned();
            let permissions = permissions.unwrap_or_else(|| make.texts(&["Read", "Write"]));
            (arn, "AWS::DynamoDB::Table", "ToTableConnector", permissions)
        } else {
            let arn = given(source, "FunctionArn").cloned().unwrap_or_else(|| make.unknown());
            (arn, "AWS::Lambda::Function", "ToLambdaConnector", make.texts(&["Write"]))
        };
        self.implied_connector(item, &format!("{id}{name}"), make, (from, target, arn), permissions);
    }

    /// The connector that something else implies.
    fn implied_connector(
        &mut self,
        item: &Item,
        name: &str,
        make: Make,
        (source, kind, arn): (Node, &str, Node),
        permissions: Node,
    ) {
        let destination = make.map([("Type", make.text(kind)), ("Arn", arn)]);
        let properties = [("Source", source), ("Destination", destination), ("Permissions", permissions)];
        let connector = Item {
            name: name.into(),
            key: make.0,
            body: Rc::clone(&item.body),
            properties: make.map(properties),
            scope: item.scope.clone(),
            uncertain: item.uncertain.clone(),
        };
        self.connector(&connector, None);
    }
}

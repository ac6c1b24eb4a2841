//! APIs: the resources that templates refer to, and the permissions to call functions.

use super::events::Event;
use super::function::Target;
use sha1::Digest;

use super::make::{Make, resource_named};
use super::{Item, Sam, make};
use crate::source::Span;
use crate::syntax::node::Node;

/// APIs that no resource declares but events imply.
#[derive(Default)]
pub(super) struct Implied {
    rest: Option<Span>,
    http: Option<Span>,
}

impl Sam<'_> {
    /// An API that is declared.
    pub(super) fn api(&mut self, item: &Item, kind: &str) {
        let make = item.make();
        let rest = kind == "Api";
        let left_out =
            ["Auth", "Cors", "Domain", "StageName", "Models", "UsagePlan", "PropagateTags", "OpenApiVersion"];
        let mut properties = Vec::new();
        for (key, value) in item.properties.as_mapping().unwrap_or_default() {
            match key.as_str() {
                Some(name) if left_out.contains(&name) => {}
                Some("DefinitionBody") => properties.push((Make(key.span).text("Body"), value.clone())),
                Some("DefinitionUri") => properties.push((Make(key.span).text("BodyS3Location"), value.clone())),
                Some("Tags") => properties.push((key.clone(), super::plain_tags(make, value))),
                _ => properties.push((key.clone(), value.clone())),
            }
        }
        let (api, stage_type) = match rest {
            true => ("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage"),
            false => ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"),
        };
        self.replace(item, api, make.entries(properties));
        let stage = item.get("StageName");
        let text = stage.and_then(|node| self.text(item, node));
        let id = match (&text, stage) {
            (Some(text), _) => format!("{}{text}Stage", item.name),
            (None, None) if !rest => format!("{}ApiGatewayDefaultStage", item.name),
            (None, _) => format!("{}Stage", item.name),
        };
        let name = stage.cloned().unwrap_or_else(|| make.text("$default"));
        let api = if rest { "RestApiId" } else { "ApiId" };
        self.add(item, &id, make, stage_type, make.map([(api, item.own()), ("StageName", name)]));
        self.aliases.insert(format!("{}.Stage", item.name).into(), id.as_str().into());
        if rest {
            let deployment = format!("{}Deployment", item.name);
            let properties = make.map([("RestApiId", item.own())]);
            self.add(item, &deployment, make, "AWS::ApiGateway::Deployment", properties);
            self.aliases.insert(format!("{}.Deployment", item.name).into(), deployment.into());
        }
    }

    /// Notes that an event needs an API of its own, unless it names one.
    pub(super) fn imply_api(&mut self, item: &Item, event: &Event<'_>, api: &str) -> String {
        if let Some(name) = event.get(api).map(|api| api.as_str().or_else(|| resource_named(api))) {
            return name.unwrap_or_default().to_owned();
        }
        let (place, name) = match event.kind {
            "HttpApi" => (&mut self.apis.http, "ServerlessHttpApi"),
            _ => (&mut self.apis.rest, "ServerlessRestApi"),
        };
        place.get_or_insert(item.key);
        name.to_owned()
    }

    /// An API calls a function.
    pub(super) fn api_event(&mut self, item: &Item, event: &Event<'_>, target: &Target) {
        let http = event.kind == "HttpApi";
        let api = self.imply_api(item, event, if http { "ApiId" } else { "RestApiId" });
        let make = event.make;
        let text = |name: &str| event.get(name).filter(|node| !make::is_call(node)).and_then(Node::as_str);
        let (path, method) = (text("Path").unwrap_or("*"), text("Method").unwrap_or("*"));
        let method = if method.eq_ignore_ascii_case("any") { "*".to_owned() } else { method.to_uppercase() };
        // A path parameter may be anything.
        let mut resource = String::new();
        let mut inside = false;
        for char in path.trim_start_matches('/').chars() {
            inside = char == '{' || inside && char != '}';
            match char {
                '{' => resource.push('*'),
                '}' => {}
                other if !inside => resource.push(other),
                _ => {}
            }
        }
        let end = match (http, path) {
            (true, "*") => "${Stage}/*".to_owned(),
            (true, "$default") => "${Stage}/$default".to_owned(),
            _ => format!("${{Stage}}/{method}/{resource}"),
        };
        let pattern =
            format!("arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/{end}");
        let written = event.get(if http { "ApiId" } else { "RestApiId" });
        let id = written.cloned().unwrap_or_else(|| make.reference(api.as_str()));
        let source = make.substituted_with(pattern, make.map([("Api", id), ("Stage", make.text("*"))]));
        let id = format!("{}Permission{}", event.id, if http { String::new() } else { self.stage(&api) });
        let properties = make.map([
            ("Action", make.text("lambda:InvokeFunction")),
            ("FunctionName", target.name.clone()),
            ("Principal", make.text("apigateway.amazonaws.com")),
            ("SourceArn", source),
        ]);
        self.add(item, &id, make, "AWS::Lambda::Permission", properties);
    }

    /// The name of the stage of an API, for the permission to call a function from it.
    fn stage(&self, api: &str) -> String {
        let declared = self.template.resources.get(api).filter(|entry| entry.kind() == "AWS::Serverless::Api");
        let item = declared.map(|entry| self.item(entry, "Api"));
        let name = item.as_ref().and_then(|item| self.text(item, item.get("StageName")?));
        match (name, declared) {
            (Some(name), _) if name.chars().all(|char| char.is_ascii_alphanumeric()) => name.to_string(),
            (Some(name), _) => {
                sha1::Sha1::digest(name.as_bytes()).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
            }
            (None, Some(_)) => "Stage".into(),
            (None, None) => "Prod".into(),
        }
    }

    /// The APIs that events imply.
    pub(super) fn finish_apis(&mut self) {
        let implied = [
            (self.apis.rest, "ServerlessRestApi", "Api", Some("Prod")),
            (self.apis.http, "ServerlessHttpApi", "HttpApi", None),
        ];
        for (span, name, kind, stage) in implied {
            let Some(span) = span.filter(|_| !self.made.contains_key(name)) else { continue };
            let make = Make(span);
            let properties = make.map(stage.map(|stage| ("StageName", make.text(stage))));
            let item = Item {
                name: name.into(),
                key: span,
                body: std::rc::Rc::new(make.map([])),
                properties,
                scope: Default::default(),
                uncertain: None,
            };
            self.api(&item, kind);
        }
    }
}

//! Services that call IAM, or run commands, as a document tells them: Step Functions, EventBridge Scheduler, Systems
//! Manager, CodeBuild, and the AWS CDK's custom resources; and Terraform's external data source.

use super::{Caller, Carriers, Place, joined, lines, read, with_placeholders};
use crate::aws::join::{given, inside};
use crate::document;
use crate::resource::{Mode, Resource};
use crate::script::{self, Call, Credentials, Found, Language, Operation, User};
use crate::source::Span;
use crate::types::Type;
use crate::value::{Kind, Reason, Value};

/// How deep documents are looked into.
const MAX_DEPTH: usize = 60;

/// What the SDK integrations of Step Functions and the universal targets of EventBridge Scheduler are called, after
/// `arn:aws:states:::` and `arn:aws:scheduler:::`.
const INTEGRATIONS: [(&str, Operation); 3] = [
    (":aws-sdk:iam:createaccesskey", Operation::Create),
    (":aws-sdk:iam:updateaccesskey", Operation::Update),
    (":aws-sdk:iam:deleteaccesskey", Operation::Delete),
];

const KINDS: [&str; 13] = [
    "external",
    "aws_sfn_state_machine",
    "AWS::StepFunctions::StateMachine",
    "aws_scheduler_schedule",
    "AWS::Scheduler::Schedule",
    "aws_ssm_document",
    "AWS::SSM::Document",
    "aws_ssm_association",
    "AWS::SSM::Association",
    "aws_codebuild_project",
    "AWS::CodeBuild::Project",
    "Custom::AWS",
    "AWS::CloudFormation::CustomResource",
];

/// Whether this part reads resources of the type.
pub(super) fn wanted(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// Reads what a service is told.
pub(super) fn read_all(resource: &Resource<'_>, carriers: &mut Carriers<'_>) {
    let role = |why: &str| Caller::Role(why.to_owned());
    match (resource.kind(), resource.mode) {
        ("external", Mode::Data) => {
            let folder = carriers.folder.as_deref().map(|folder| match resource.get("working_dir").as_str() {
                Some(inner) => super::inner(folder, &inner),
                None => folder.to_owned(),
            });
            let program = resource.get("program");
            let found = script::read_command(program.elements().unwrap_or_default(), &carriers.place(folder));
            carriers.add(resource, "the program", Caller::Anybody("whoever plans this configuration"), found);
        }
        ("aws_sfn_state_machine" | "AWS::StepFunctions::StateMachine", Mode::Managed) => {
            let mut found = Found::default();
            for name in ["definition", "Definition", "DefinitionString"] {
                if let Ok(definition) = document::read(&given(resource, name)) {
                    tasks(&definition, 0, &mut found);
                }
            }
            carriers.add(resource, "the state machine", role("runs with the role of the state machine"), found);
        }
        ("aws_scheduler_schedule" | "AWS::Scheduler::Schedule", Mode::Managed) => {
            let upper = resource.kind().contains("::");
            let target = given(resource, if upper { "Target" } else { "target" });
            let at = |name: &str, capital: &str| inside(&target, &[if upper { capital } else { name }]);
            let arn = at("arn", "Arn");
            let mut found = Found::default();
            if let Some(operation) = integration(&arn) {
                let input = document::read(&at("input", "Input")).unwrap_or_else(|_| at("input", "Input"));
                found.calls.push(call(operation, user(&input), arn.origin.primary()));
            }
            carriers.add(resource, "the schedule", role("runs with the role of the schedule"), found);
        }
        ("aws_ssm_document" | "AWS::SSM::Document", Mode::Managed) => ssm_document(resource, carriers),
        ("aws_ssm_association" | "AWS::SSM::Association", Mode::Managed) => {
            let shell = ["name", "Name"]
                .iter()
                .any(|name| given(resource, name).as_str().as_deref() == Some("AWS-RunShellScript"));
            let parameters = ["parameters", "Parameters"].map(|name| given(resource, name));
            let commands = parameters.iter().map(|all| {
                let found = all.fields().and_then(|fields| fields.get("commands"));
                found.cloned().unwrap_or_else(Value::null)
            });
            let place = carriers.place(None);
            let found = commands.filter(|_| shell).map(|commands| read(&lines(&commands), Language::Shell, &place));
            let found = joined(found.collect::<Vec<_>>());
            carriers.add(resource, "the command", Caller::Anybody("the machines that it runs on"), found);
        }
        ("aws_codebuild_project" | "AWS::CodeBuild::Project", Mode::Managed) => build(resource, carriers),
        ("Custom::AWS" | "AWS::CloudFormation::CustomResource", Mode::Managed) => {
            let calls = ["Create", "Update", "Delete"].map(|name| given(resource, name));
            let found = Found { calls: calls.iter().filter_map(sdk_call).collect(), ..Found::default() };
            carriers.add(resource, "the custom resource", role("runs with the role of its function"), found);
        }
        _ => {}
    }
}

fn call(operation: Operation, user: User, span: Option<Span>) -> Call {
    Call { operation, user, credentials: Credentials::default(), span }
}

/// The operation that an ARN of an integration stands for.
fn integration(arn: &Value) -> Option<Operation> {
    let arn = arn.as_text()?.known_suffix().0.to_ascii_lowercase();
    let arn = arn.trim_end_matches(".waitfortasktoken");
    INTEGRATIONS.iter().find(|(end, _)| arn.ends_with(end)).map(|(_, operation)| *operation)
}

fn runtime(what: &str, span: Option<Span>) -> Value {
    let value = Value::unknown(Type::Text, Reason::new(what, "is known when it runs", span));
    span.map_or(value.clone(), |span| value.at(span))
}

/// The user that the input of a call names.
fn user(input: &Value) -> User {
    let Some(fields) = input.fields() else {
        return match input.as_unknown() {
            Some(_) => User::Named(input.clone()),
            None => User::Absent,
        };
    };
    for (name, value) in fields.iter() {
        let is_path = name.ends_with(".$");
        if name.trim_end_matches(".$").eq_ignore_ascii_case("UserName") && !value.is_null() {
            let is_expression = value
                .as_str()
                .is_some_and(|text| text.contains("{%") || text.contains("{{") || text.starts_with("<aws."));
            return match is_path || is_expression {
                true => User::Named(runtime(&value.as_str().unwrap_or_default(), value.origin.span)),
                false => User::Named(value.clone()),
            };
        }
    }
    User::Absent
}

/// The tasks of a state machine that call IAM, at any depth.
fn tasks(value: &Value, depth: usize, found: &mut Found) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(operation) = value.fields().and_then(|fields| integration(fields.get("Resource")?)) {
        let named = |name: &str| value.fields().and_then(|fields| fields.get(name).cloned());
        let input = named("Parameters").or_else(|| named("Arguments"));
        let user = match input {
            Some(input) => user(&input),
            // Without parameters the state's input is what is sent.
            None => User::Named(runtime("the input of the state", value.origin.span)),
        };
        let span = named("Resource").and_then(|resource| resource.origin.primary());
        found.calls.push(call(operation, user, span));
    }
    let inner: Vec<&Value> = match (value.fields(), value.elements()) {
        (Some(fields), _) => fields.values().collect(),
        (_, Some(elements)) => elements.iter().collect(),
        _ => Vec::new(),
    };
    inner.into_iter().for_each(|inner| tasks(inner, depth + 1, found));
}

/// The call that `AwsCustomResource` of the AWS CDK makes.
fn sdk_call(value: &Value) -> Option<Call> {
    let document = document::read(value).ok()?;
    let text = |name: &str| inside(&document, &[name]).as_str().map(|text| text.to_ascii_lowercase());
    let service = text("service")?;
    if service != "iam" && !service.ends_with("client-iam") {
        return None;
    }
    let action = inside(&document, &["action"]);
    let operation = match text("action")?.trim_end_matches("command") {
        "createaccesskey" => Operation::Create,
        "updateaccesskey" => Operation::Update,
        "deleteaccesskey" => Operation::Delete,
        _ => return None,
    };
    Some(call(operation, user(&inside(&document, &["parameters"])), action.origin.place()))
}

/// A document of Systems Manager: commands for machines, or steps of an automation.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html>
fn ssm_document(resource: &Resource<'_>, carriers: &mut Carriers<'_>) {
    let content =
        ["content", "Content"].map(|name| given(resource, name)).into_iter().find(|content| !content.is_null());
    let Some(content) = content else { return };
    let document = document::read(&content).or_else(|_| document::read_yaml(&content));
    let Ok(document) = document else { return };
    let place = carriers.place(None);
    let mut all = Vec::new();
    for step in inside_list(&document, "mainSteps") {
        let inputs = inside(&step, &["inputs"]);
        all.push(match inside(&step, &["action"]).as_str().as_deref() {
            Some("aws:runShellScript") => commands(&inside_raw(&inputs, "runCommand"), &place),
            Some("aws:executeScript") => {
                let runtime = inside(&inputs, &["Runtime"]);
                let is_python =
                    runtime.as_str().is_some_and(|runtime| runtime.to_ascii_lowercase().starts_with("python"));
                match is_python {
                    true => {
                        read(&with_placeholders(&inside(&inputs, &["Script"]), "{{", "}}"), Language::Python, &place)
                    }
                    false => Found::default(),
                }
            }
            Some("aws:executeAwsApi" | "aws:assertAwsResourceProperty") => api(&inputs),
            _ => Found::default(),
        });
    }
    let old = inside(&document, &["runtimeConfig", "aws:runShellScript"]);
    for properties in inside_list(&old, "properties") {
        all.push(commands(&inside_raw(&properties, "runCommand"), &place));
    }
    let caller = automation_role(&document);
    carriers.add(resource, "the document", caller, joined(all));
}

/// `Service: iam, Api: CreateAccessKey`
fn api(inputs: &Value) -> Found {
    let text = |name: &str| inside(inputs, &[name]).as_str().map(|text| text.to_ascii_lowercase());
    let operation = match text("Api").map(|api| api.replace('_', "")).as_deref() {
        Some("createaccesskey") => Operation::Create,
        Some("updateaccesskey") => Operation::Update,
        Some("deleteaccesskey") => Operation::Delete,
        _ => return Found::default(),
    };
    if text("Service").as_deref() != Some("iam") {
        return Found::default();
    }
    let span = inside(inputs, &["Api"]).origin.place();
    Found { calls: vec![call(operation, user(inputs), span)], ..Found::default() }
}

/// Who an automation works as: the role in `assumeRole`, else whoever starts it.
fn automation_role(document: &Value) -> Caller {
    const STARTER: Caller = Caller::Anybody("whoever starts it");
    let role = inside(document, &["assumeRole"]);
    let why = || "runs with the role in `assumeRole`".to_owned();
    let Some(text) = role.as_str() else {
        return if role.is_null() { STARTER } else { Caller::Role(why()) };
    };
    let name = text.trim().strip_prefix("{{").and_then(|text| text.strip_suffix("}}")).map(str::trim);
    match name {
        None if text.trim().is_empty() => STARTER,
        None => Caller::Role(why()),
        Some(name) => {
            let parameter = inside(document, &["parameters", name]);
            let default = parameter.fields().and_then(|fields| fields.get("default"));
            match default {
                // It must be given.
                None if !parameter.is_null() => Caller::Role(why()),
                Some(default) if default.as_str().is_none_or(|text| !text.is_empty()) => Caller::Role(why()),
                _ => Caller::Perhaps(why(), Reason::new(name, "may be left empty", role.origin.span)),
            }
        }
    }
}

fn inside_raw(value: &Value, name: &str) -> Value {
    value.fields().and_then(|fields| fields.get(name).cloned()).unwrap_or_else(Value::null)
}

fn inside_list(value: &Value, name: &str) -> Vec<Value> {
    inside_raw(value, name).elements().map(<[Value]>::to_vec).unwrap_or_default()
}

/// Commands of one script, with parameters of the document in them.
fn commands(value: &Value, place: &Place<'_>) -> Found {
    let all = value.elements().unwrap_or(std::slice::from_ref(value));
    let all = all.iter().map(|command| with_placeholders(command, "{{", "}}")).collect();
    read(&lines(&Value::new(Kind::Tuple(std::sync::Arc::new(all)))), Language::Shell, place)
}

/// A build of CodeBuild: the commands of its phases.
/// <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>
fn build(resource: &Resource<'_>, carriers: &mut Carriers<'_>) {
    let upper = resource.kind().contains("::");
    let (source, spec) = if upper { ("Source", "BuildSpec") } else { ("source", "buildspec") };
    let mut value = inside(&given(resource, source), &[spec]);
    let place = carriers.place(carriers.folder.clone());
    if let Some(path) = value.as_str().filter(|text| text.len() < 300 && !text.contains('\n') && text.contains(".y"))
        && let Some(text) = script::Surroundings::file(&place, &path).or_else(|| carriers.texts.text(&path))
    {
        value = Value::new(Kind::Text(text));
    }
    let Ok(document) = document::read_yaml(&value) else { return };
    let mut place = carriers.place(Some(String::new()));
    let environment = given(resource, if upper { "Environment" } else { "environment" });
    let list = if upper { "EnvironmentVariables" } else { "environment_variable" };
    for variable in inside_raw(&inside(&environment, &[]), list).elements().unwrap_or_default() {
        let at = |name: &str, capital: &str| inside(variable, &[if upper { capital } else { name }]);
        let is_plain = at("type", "Type").as_str().is_none_or(|kind| kind == "PLAINTEXT");
        if let (Some(name), true) = (at("name", "Name").as_str(), is_plain) {
            place.variables.push((name.as_ref().into(), at("value", "Value")));
        }
    }
    let place = place.with_environment(&inside(&document, &["env", "variables"]));
    let phases = inside_raw(&document, "phases");
    let mut texts = Vec::new();
    for name in ["install", "pre_build", "build", "post_build"] {
        let phase = inside_raw(&phases, name);
        for part in ["commands", "finally"] {
            texts.extend(inside_raw(&phase, part).elements().unwrap_or_default().iter().cloned());
        }
    }
    let text = lines(&Value::new(Kind::Tuple(std::sync::Arc::new(texts))));
    let found = read(&text, Language::Shell, &place);
    carriers.add(resource, "the build", Caller::Anybody("the build, whose role may have been given other keys"), found);
}

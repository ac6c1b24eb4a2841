//! AWS's own solution that rotates keys across an organization (aws-samples/aws-iam-access-key-auto-rotation): a stack
//! with a known template and parameters, or, where the template is in view, the function in it.

use super::join::{at, each, given, inside, truth};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::resource::Resource;
use crate::value::Value;

/// A stack: where its template is, and what it passes.
const STACKS: [[&str; 3]; 4] = [
    ["aws_cloudformation_stack", "template_url", "parameters"],
    ["aws_cloudformation_stack_set", "template_url", "parameters"],
    ["AWS::CloudFormation::Stack", "TemplateURL", "Parameters"],
    ["AWS::CloudFormation::StackSet", "TemplateURL", "Parameters"],
];

/// A function: its name, its variables.
const FUNCTIONS: [(&str, &str, &[&str]); 2] = [
    ("aws_lambda_function", "function_name", &["environment", "variables"]),
    ("AWS::Lambda::Function", "FunctionName", &["Environment", "Variables"]),
];

/// How the name of the template begins.
const TEMPLATE: &str = "asa-iam-key-auto-rotation-and-notifier-solution";

/// The function that rotates.
const FUNCTION: &str = "ASA-IAM-Access-Key-Rotation-Function";

/// The group whose members are left out, unless a parameter names another.
const GROUP: &str = "IAMKeyRotationExemptionGroup";

/// What puts users into groups: the user or users, the group or groups.
const MEMBERSHIPS: [[&str; 3]; 4] = [
    ["aws_iam_user_group_membership", "user", "groups"],
    ["aws_iam_group_membership", "users", "group"],
    ["AWS::IAM::UserToGroupAddition", "Users", "GroupName"],
    ["AWS::IAM::User", "UserName", "Groups"],
];

/// A group: its name.
const GROUPS: [[&str; 2]; 2] = [["aws_iam_group", "name"], ["AWS::IAM::Group", "GroupName"]];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    STACKS.iter().any(|[known, ..]| *known == kind)
        || FUNCTIONS.iter().any(|(known, ..)| *known == kind)
        || MEMBERSHIPS.iter().any(|[known, ..]| *known == kind)
        || GROUPS.iter().any(|[known, ..]| *known == kind)
}

/// The stacks and functions of the solution, and the groups that users are put into.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let mut all = Vec::new();
    for resource in resources {
        all.extend(stack(resource).or_else(|| function(resource)));
        all.extend(membership(resource, resources));
    }
    all
}

fn stack(resource: &Resource<'_>) -> Option<Mechanism> {
    let [_, url, parameters] = STACKS.iter().find(|[known, ..]| *known == resource.kind())?;
    let url = given(resource, url);
    let (known, _) = url.as_text()?.known_suffix();
    let file = known.rsplit('/').next()?.to_ascii_lowercase();
    file.starts_with(TEMPLATE).then(|| rotation(resource, &given(resource, parameters)))
}

fn function(resource: &Resource<'_>) -> Option<Mechanism> {
    let (_, name, variables) = FUNCTIONS.iter().find(|(known, ..)| *known == resource.kind())?;
    (resource.get(name).as_str().as_deref() == Some(FUNCTION)).then(|| rotation(resource, &at(resource, variables)))
}

/// Parameters and variables have the same names.
fn rotation(resource: &Resource<'_>, given: &Value) -> Mechanism {
    let said = |name: &str| named(given, name);
    let period = Period::of(&said("RotationPeriod"), 24 * 60, Period::days(90));
    let what = "AWS's key rotation solution by";
    let mut found = mechanism(resource, what, Effect::Rotates, Reach::Organization, period);
    found.exempt = Some(match said("IAMExemptionGroup") {
        group if group.is_null() => Value::text(GROUP),
        group => group,
    });
    let dry = said("DryRunFlag");
    match (truth(&dry), dry.as_unknown()) {
        (Some(false), _) => {}
        (_, Some(unknown)) => found.doubt = Some(unknown.reason.clone()),
        (Some(true), _) => found.inert = Some("only rehearses (`DryRunFlag` is True)".into()),
        (None, None) => found.inert = Some("only rehearses (`DryRunFlag` is True unless it is given as False)".into()),
    }
    found
}

/// A parameter: of a map, or of a list of keys and values.
fn named(given: &Value, name: &str) -> Value {
    if given.as_unknown().is_some() {
        return given.clone();
    }
    let listed = given.elements().unwrap_or_default().iter().find(|element| {
        inside(element, &["ParameterKey"]).as_str().as_deref() == Some(name)
            || inside(element, &["parameter_key"]).as_str().as_deref() == Some(name)
    });
    match listed {
        Some(listed) => match inside(listed, &["ParameterValue"]) {
            value if value.is_null() => inside(listed, &["parameter_value"]),
            value => value,
        },
        None => given.fields().and_then(|fields| fields.get(name)).cloned().unwrap_or_else(Value::null),
    }
}

/// The users that a resource puts into groups.
fn membership<'r>(resource: &'r Resource<'_>, resources: &'r [Resource<'_>]) -> Vec<Mechanism> {
    let Some([kind, users, groups]) = MEMBERSHIPS.iter().find(|[known, ..]| *known == resource.kind()) else {
        return Vec::new();
    };
    let reach = match *kind {
        // The user itself.
        "AWS::IAM::User" => Reach::Named(Box::new((resource.site.clone(), given(resource, users)))),
        _ => Reach::Users(each(&resource.get(users))),
    };
    let group = |group: Value| {
        let known = resources.iter().find_map(|declared| {
            let [_, name] = GROUPS.iter().find(|[known, ..]| *known == declared.kind())?;
            let symbol = group.symbol()?;
            (symbol.address == declared.site.address).then(|| declared.get(name))
        });
        let group = known.filter(|name| name.as_str().is_some()).unwrap_or(group);
        mechanism(resource, "membership", Effect::Exempts(group), reach.clone(), Period::Unstated)
    };
    each(&given(resource, groups)).into_iter().map(group).collect()
}

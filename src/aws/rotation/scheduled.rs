//! Functions that a schedule runs: EventBridge rules and schedules.

use std::sync::Arc;

use super::join::{at, each, given, inside, means, truth};
use super::role::{self, Role};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::document;
use crate::resource::Resource;
use crate::value::Value;

/// A type that is a function: its name, its role, its environment, and how many of it may run at a time.
struct FunctionKind {
    kind: &'static str,
    name: &'static str,
    role: &'static str,
    environment: &'static [&'static str],
    concurrency: &'static str,
}

/// Terraform's AWS provider, the CloudFormation resource reference.
const FUNCTIONS: &[FunctionKind] = &[
    FunctionKind {
        kind: "aws_lambda_function",
        name: "function_name",
        role: "role",
        environment: &["environment", "variables"],
        concurrency: "reserved_concurrent_executions",
    },
    FunctionKind {
        kind: "AWS::Lambda::Function",
        name: "FunctionName",
        role: "Role",
        environment: &["Environment", "Variables"],
        concurrency: "ReservedConcurrentExecutions",
    },
];

/// A type that starts something on a schedule: its name, the schedule, its state, its targets and their ARN.
struct StarterKind {
    kind: &'static str,
    name: &'static str,
    schedule: &'static str,
    state: &'static str,
    targets: &'static str,
    arn: &'static str,
    input: &'static str,
}

/// The same references.
const STARTERS: &[StarterKind] = &[
    StarterKind {
        kind: "aws_cloudwatch_event_rule",
        name: "name",
        schedule: "schedule_expression",
        state: "state",
        targets: "",
        arn: "",
        input: "",
    },
    StarterKind {
        kind: "AWS::Events::Rule",
        name: "Name",
        schedule: "ScheduleExpression",
        state: "State",
        targets: "Targets",
        arn: "Arn",
        input: "Input",
    },
    StarterKind {
        kind: "aws_scheduler_schedule",
        name: "name",
        schedule: "schedule_expression",
        state: "state",
        targets: "target",
        arn: "arn",
        input: "input",
    },
    StarterKind {
        kind: "AWS::Scheduler::Schedule",
        name: "Name",
        schedule: "ScheduleExpression",
        state: "State",
        targets: "Target",
        arn: "Arn",
        input: "Input",
    },
];

/// A type that gives a rule a target: the rule, the target's ARN.
const TARGET: [&str; 3] = ["aws_cloudwatch_event_target", "rule", "arn"];

/// Calls that a schedule can make itself and that retire a key.
const RETIRING: [&str; 2] = [":aws-sdk:iam:updateAccessKey", ":aws-sdk:iam:deleteAccessKey"];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    FUNCTIONS.iter().any(|known| known.kind == kind)
        || STARTERS.iter().any(|known| known.kind == kind)
        || TARGET[0] == kind
        || role::wanted(kind)
}

/// The scheduled functions among the resources.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let mut all = started(resources);
    if all.iter().any(|found| matches!(found.effect, Effect::Role(..))) {
        let others: Arc<[Role]> = roles(resources).into();
        for found in &mut all {
            if let Effect::Role(_, helpers) = &mut found.effect {
                *helpers = Arc::clone(&others);
            }
        }
    }
    all
}

/// The roles of functions that have to do with keys.
fn roles(resources: &[Resource<'_>]) -> Vec<Role> {
    let role = |function: &Resource<'_>| {
        let kind = FUNCTIONS.iter().find(|known| known.kind == function.kind())?;
        Some(role_of(function, kind, resources)).filter(Role::names_keys)
    };
    resources.iter().filter_map(role).collect()
}

/// What schedules start.
fn started(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let mut all = Vec::new();
    for starter in resources {
        let Some(kind) = STARTERS.iter().find(|known| known.kind == starter.kind()) else { continue };
        let schedule = given(starter, kind.schedule);
        if schedule.is_null() {
            continue;
        }
        let mut started = |from: &Resource<'_>, argument: &str, arn: &Value, input: &Value| {
            let found = run(starter, &schedule, from, argument, arn, resources)
                .or_else(|| call(starter, &schedule, arn, input));
            let Some(mut found) = found else { return };
            switch(&mut found, &given(starter, kind.state));
            if truth(&given(starter, "is_enabled")) == Some(false) {
                found.inert = Some("never runs: its rule is switched off (`is_enabled = false`)".into());
            }
            all.push(found);
        };
        let own = if kind.targets.is_empty() { Vec::new() } else { each(&given(starter, kind.targets)) };
        for target in own {
            started(starter, kind.targets, &inside(&target, &[kind.arn]), &inside(&target, &[kind.input]));
        }
        for target in resources.iter().filter(|resource| resource.kind() == TARGET[0] && kind.targets.is_empty()) {
            if means(target, TARGET[1], &target.get(TARGET[1]), &starter.site, &given(starter, kind.name)) {
                started(target, TARGET[2], &target.get(TARGET[2]), &Value::null());
            }
        }
    }
    all
}

/// The run of the function that `arn` means.
fn run(
    starter: &Resource<'_>,
    schedule: &Value,
    from: &Resource<'_>,
    argument: &str,
    arn: &Value,
    resources: &[Resource<'_>],
) -> Option<Mechanism> {
    let (function, kind) = resources.iter().find_map(|function| {
        let kind = FUNCTIONS.iter().find(|known| known.kind == function.kind())?;
        means(from, argument, arn, &function.site, &given(function, kind.name)).then_some((function, kind))
    })?;
    let mut found = of_function(starter, function, kind, schedule, resources);
    found.what = format!("`{}`, which `{}` runs,", function.site.block, starter.site.block);
    Some(found)
}

fn of_function(
    starter: &Resource<'_>,
    function: &Resource<'_>,
    kind: &FunctionKind,
    schedule: &Value,
    resources: &[Resource<'_>],
) -> Mechanism {
    let role = role_of(function, kind, resources);
    let period = Period::of_schedule(schedule);
    let mut found = mechanism(starter, "Function", Effect::Role(role, Arc::from([])), Reach::Account, period);
    if let crate::resource::Presence::Possible(reason) = &function.site.presence {
        found.doubt.get_or_insert_with(|| reason.clone());
    }
    if super::join::number(&given(function, kind.concurrency)) == Some(0) {
        found.inert = Some(format!("never runs: `{}` is 0", kind.concurrency).into());
    }
    if let Some(variable) = rehearsal(&at(function, kind.environment)) {
        found.inert = Some(format!("only rehearses (`{variable}` is set)").into());
    }
    found
}

fn role_of(function: &Resource<'_>, kind: &FunctionKind, resources: &[Resource<'_>]) -> Role {
    let value = given(function, kind.role);
    role::of(function, kind.role, &value, resources)
}

/// The environment variable that keeps the function from doing anything.
fn rehearsal(environment: &Value) -> Option<String> {
    let is_dry = |name: &str| {
        let name: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        matches!(&*name, "dryrun" | "dryrunflag")
    };
    let is_set = |value: &Value| truth(value) == Some(true) || super::join::number(value) == Some(1);
    let found = environment.fields()?.iter().find(|(name, value)| is_dry(name) && is_set(value));
    found.map(|(name, _)| name.to_string())
}

/// A schedule that itself calls IAM to retire a key.
fn call(starter: &Resource<'_>, schedule: &Value, arn: &Value, input: &Value) -> Option<Mechanism> {
    let arn = arn.as_str()?;
    RETIRING.iter().find(|call| arn.ends_with(**call))?;
    let input = document::read(input).ok()?;
    let users = Reach::Users(vec![inside(&input, &["UserName"])]);
    let mut found = mechanism(starter, "Schedule", Effect::Revokes, users, Period::of_schedule(schedule));
    if inside(&input, &["Status"]).as_str().as_deref() == Some("Active") {
        found.inert = Some("switches the key on, not off".into());
    }
    Some(found)
}

/// `ENABLED`, `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS` or nothing: it runs. `DISABLED`: it does not.
fn switch(found: &mut Mechanism, state: &Value) {
    match state.as_str() {
        Some(state) if state.starts_with("ENABLED") => {}
        Some(state) => found.inert = Some(format!("never runs: its schedule is switched off (state {state})").into()),
        None => found.depends_on(state),
    }
}

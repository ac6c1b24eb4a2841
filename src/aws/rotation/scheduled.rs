//! Functions and state machines that a schedule runs: EventBridge rules and schedules. What SAM's events become is
//! among them.

use std::sync::Arc;

use super::join::{at, each, given, inside, means, truth};
use super::role::{self, Role};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::document;
use crate::resource::{Presence, Resource};
use crate::value::Value;

/// A type that is a function: its name, its role, its environment, and how many of it may run at a time.
struct FunctionKind {
    kind: &'static str,
    name: &'static str,
    role: &'static str,
    environment: &'static [&'static str],
    concurrency: &'static str,
}

/// Terraform's AWS provider and the CloudFormation resource reference.
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

/// A type that is a state machine: its name, its role, and the arguments that its definition is in.
const MACHINES: [(&str, &str, &str, &[&str]); 2] = [
    ("aws_sfn_state_machine", "name", "role_arn", &["definition"]),
    (
        "AWS::StepFunctions::StateMachine",
        "StateMachineName",
        "RoleArn",
        &["Definition", "DefinitionString", "DefinitionSubstitutions"],
    ),
];

/// A type that lets a service run a function: the function, the action.
const PERMISSIONS: [[&str; 2]; 2] =
    [["aws_lambda_permission", "function_name"], ["AWS::Lambda::Permission", "FunctionName"]];

/// A type that starts something on a schedule: its name, the schedule, its state, its targets and their ARN.
struct StarterKind {
    kind: &'static str,
    name: &'static str,
    schedule: &'static str,
    state: &'static str,
    targets: &'static str,
    arn: &'static str,
    input: &'static str,
    role: &'static str,
    /// Whether the function must let it in: a rule has no role of its own that could.
    is_rule: bool,
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
        role: "",
        is_rule: true,
    },
    StarterKind {
        kind: "AWS::Events::Rule",
        name: "Name",
        schedule: "ScheduleExpression",
        state: "State",
        targets: "Targets",
        arn: "Arn",
        input: "Input",
        role: "RoleArn",
        is_rule: true,
    },
    StarterKind {
        kind: "aws_scheduler_schedule",
        name: "name",
        schedule: "schedule_expression",
        state: "state",
        targets: "target",
        arn: "arn",
        input: "input",
        role: "role_arn",
        is_rule: false,
    },
    StarterKind {
        kind: "AWS::Scheduler::Schedule",
        name: "Name",
        schedule: "ScheduleExpression",
        state: "State",
        targets: "Target",
        arn: "Arn",
        input: "Input",
        role: "RoleArn",
        is_rule: false,
    },
];

/// A type that gives a rule a target: the rule, the target's ARN, its input.
const TARGET: [&str; 4] = ["aws_cloudwatch_event_target", "rule", "arn", "input"];

/// Calls that a schedule can make itself and that retire a key.
const RETIRING: [&str; 2] = [":aws-sdk:iam:updateAccessKey", ":aws-sdk:iam:deleteAccessKey"];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    FUNCTIONS.iter().any(|known| known.kind == kind)
        || STARTERS.iter().any(|known| known.kind == kind)
        || TARGET[0] == kind
        || MACHINES.iter().any(|(known, ..)| *known == kind)
        || PERMISSIONS.iter().any(|[known, _]| *known == kind)
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

/// What a schedule starts.
struct Start<'s, 'p> {
    starter: &'s Resource<'p>,
    kind: &'static StarterKind,
    schedule: Value,
    /// The resource that says what is started, and the argument in which it does.
    from: &'s Resource<'p>,
    argument: &'static str,
    arn: Value,
    input: Value,
    role: Value,
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
        let mut started = |from, argument, [arn, input, role]: [Value; 3]| {
            let start = Start { starter, kind, schedule: schedule.clone(), from, argument, arn, input, role };
            for mut found in start.found(resources) {
                switch(&mut found, &given(starter, kind.state));
                if truth(&given(starter, "is_enabled")) == Some(false) {
                    found.inert = Some("never runs: its rule is switched off (`is_enabled = false`)".into());
                }
                all.push(found);
            }
        };
        let own = if kind.targets.is_empty() { Vec::new() } else { each(&given(starter, kind.targets)) };
        for target in own {
            let said = [kind.arn, kind.input, kind.role].map(|name| inside(&target, &[name]));
            started(starter, kind.targets, said);
        }
        for target in resources.iter().filter(|resource| resource.kind() == TARGET[0] && kind.targets.is_empty()) {
            if means(target, TARGET[1], &target.get(TARGET[1]), &starter.site, &given(starter, kind.name)) {
                started(target, TARGET[2], [target.get(TARGET[2]), given(target, TARGET[3]), Value::null()]);
            }
        }
    }
    all
}

impl Start<'_, '_> {
    fn found(&self, resources: &[Resource<'_>]) -> Vec<Mechanism> {
        let run = self.run(resources);
        if !run.is_empty() {
            return run;
        }
        let machine = self.machine(resources);
        if !machine.is_empty() {
            return machine;
        }
        self.call(resources).into_iter().collect()
    }

    /// The run of the function that the target means.
    fn run(&self, resources: &[Resource<'_>]) -> Vec<Mechanism> {
        let run = |function: &Resource<'_>| {
            let kind = FUNCTIONS.iter().find(|known| known.kind == function.kind())?;
            let name = given(function, kind.name);
            if !means(self.from, self.argument, &self.arn, &function.site, &name) {
                return None;
            }
            let mut found = self.of_function(function, kind, resources);
            found.what = format!("`{}`, which `{}` runs,", function.site.block, self.starter.site.block);
            let is_let_in = |permission: &Resource<'_>| {
                let [_, to] = PERMISSIONS.iter().find(|[known, _]| *known == permission.kind())?;
                means(permission, to, &permission.get(to), &function.site, &name).then_some(())
            };
            if self.kind.is_rule && !resources.iter().any(|resource| is_let_in(resource).is_some()) {
                let [[terraform, _], [cloudformation, _]] = PERMISSIONS;
                let kind = if function.kind().contains("::") { cloudformation } else { terraform };
                found.remark = Some(format!("needs a permission to run it that is not in view (`{kind}`)"));
            }
            Some(found)
        };
        resources.iter().find_map(run).into_iter().collect()
    }

    /// The run of the state machine that the target means, and of the functions that its definition names.
    fn machine(&self, resources: &[Resource<'_>]) -> Vec<Mechanism> {
        let found = resources.iter().find_map(|machine| {
            let kind = MACHINES.iter().find(|(known, ..)| *known == machine.kind())?;
            means(self.from, self.argument, &self.arn, &machine.site, &given(machine, kind.1))
                .then_some((machine, kind))
        });
        let Some((machine, (_, _, role, definition))) = found else { return Vec::new() };
        let own = role::of(machine, role, &machine.get(role), resources);
        let mut all = vec![self.doing(own, machine)];
        all.iter_mut().for_each(|found| {
            found.what = format!("`{}`, which `{}` runs,", machine.site.block, self.starter.site.block);
        });
        let definitions = definition.iter().map(|name| (*name, given(machine, name)));
        let definitions: Vec<_> = definitions.filter(|(_, text)| !text.is_null()).collect();
        for function in resources {
            let Some(kind) = FUNCTIONS.iter().find(|known| known.kind == function.kind()) else { continue };
            let name = given(function, kind.name);
            let names = |(argument, text): &(&str, Value)| {
                let mentioned = machine.meta.references.iter().any(|known| {
                    known.target == function.site.block && known.argument.split('.').next() == Some(argument)
                });
                mentioned || means(machine, argument, text, &function.site, &name)
            };
            if definitions.iter().any(names) {
                let mut found = self.of_function(function, kind, resources);
                let (function, machine) = (&function.site.block, &machine.site.block);
                found.what = format!("`{function}`, which `{}` runs through `{machine}`,", self.starter.site.block);
                all.push(found);
            }
        }
        all
    }

    fn doing(&self, role: Role, runs: &Resource<'_>) -> Mechanism {
        let effect = Effect::Role(role, Arc::from([]));
        let period = Period::of_schedule(&self.schedule);
        let mut found = mechanism(self.starter, "Function", effect, Reach::Account, period);
        if let Presence::Possible(reason) = &runs.site.presence {
            found.doubt.get_or_insert_with(|| reason.clone());
        }
        let input = document::read(&self.input).ok();
        if let Some(variable) = input.as_ref().and_then(rehearsal) {
            found.inert = Some(format!("only rehearses (`{variable}` is set in its input)").into());
        }
        found
    }

    fn of_function(&self, function: &Resource<'_>, kind: &FunctionKind, resources: &[Resource<'_>]) -> Mechanism {
        let mut found = self.doing(role_of(function, kind, resources), function);
        if super::join::number(&given(function, kind.concurrency)) == Some(0) {
            found.inert = Some(format!("never runs: `{}` is 0", kind.concurrency).into());
        }
        if let Some(variable) = rehearsal(&at(function, kind.environment)) {
            found.inert = Some(format!("only rehearses (`{variable}` is set)").into());
        }
        found
    }

    /// A schedule that itself calls IAM to retire a key, with a role that may.
    fn call(&self, resources: &[Resource<'_>]) -> Option<Mechanism> {
        let arn = self.arn.as_str()?;
        RETIRING.iter().find(|call| arn.ends_with(**call))?;
        let input = document::read(&self.input).ok()?;
        let users = Reach::Users(vec![inside(&input, &["UserName"])]);
        let period = Period::of_schedule(&self.schedule);
        let effect = match self.role.is_null() {
            true => Effect::Revokes,
            false => Effect::Role(role::of(self.from, self.argument, &self.role, resources), Arc::from([])),
        };
        let mut found = mechanism(self.starter, "Schedule", effect, users, period);
        if inside(&input, &["Status"]).as_str().as_deref() == Some("Active") {
            found.inert = Some("switches the key on, not off".into());
        }
        Some(found)
    }
}

fn role_of(function: &Resource<'_>, kind: &FunctionKind, resources: &[Resource<'_>]) -> Role {
    role::of(function, kind.role, &given(function, kind.role), resources)
}

/// The variable, or field of the input, that keeps the function from doing anything.
fn rehearsal(environment: &Value) -> Option<String> {
    let is_dry = |name: &str| {
        let name: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        matches!(&*name, "dryrun" | "dryrunflag")
    };
    let is_set = |value: &Value| truth(value) == Some(true) || super::join::number(value) == Some(1);
    let found = environment.fields()?.iter().find(|(name, value)| is_dry(name) && is_set(value));
    found.map(|(name, _)| name.to_string())
}

/// `ENABLED`, `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS` or nothing: it runs. `DISABLED`: it does not.
fn switch(found: &mut Mechanism, state: &Value) {
    match state.as_str() {
        Some(state) if state.starts_with("ENABLED") => {}
        Some(state) => found.inert = Some(format!("never runs: its schedule is switched off (state {state})").into()),
        None => found.depends_on(state),
    }
}

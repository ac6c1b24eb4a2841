//! Statements that name root and guard nothing: what defeats each, where that is written, and what would be right.
//!
//! Nothing here looks at words alone: a statement is faulty only if the engine says that it never denies root its key,
//! and a part of it is to blame only if it alone already lets every request through.

use std::collections::BTreeSet;

use crate::aws::iam::condition::{Condition, Operator, Test};
use crate::aws::iam::decide::actions;
use crate::aws::iam::policy::{Effect, Element, Item, Policy, Statement};
use crate::aws::iam::{Answer, Attached, CREATE_ACCESS_KEY, Level, Memo, Question, answer};
use crate::finding::Fix;
use crate::source::Span;
use crate::text::Tri;

use super::placeholders::{self, is_placeholder};

mod right;

pub(super) use right::denies_only_root;

/// The pattern for every root user, in any partition.
pub(super) const ROOT_ARN: &str = "arn:*:iam::*:root";

/// What is wrong with a statement that names root.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// What is at the place: a few words.
    pub(super) label: &'static str,
    /// The whole of it: a sentence that starts with the statement.
    pub(super) message: String,
    /// The characters to blame.
    pub(super) span: Option<Span>,
    /// What else in the same statement is wrong.
    pub(super) others: Vec<(String, Option<Span>)>,
    /// What to change, in words; empty if no change of single parts makes a guard of it.
    pub(super) changes: Vec<String>,
    /// Whether it is the partition of an ARN.
    pub(super) partition: bool,
    /// The changes that make a guard of it, if each has one right answer; else why not.
    pub(super) fix: Result<Fix, String>,
}

/// What the statements are judged by.
pub(super) struct Judged<'a> {
    /// The request that a guard must deny.
    pub(super) question: &'a Question,
    /// Whether FullAWSAccess is attached beside the policy, so that an `Allow` limits nothing.
    pub(super) full_access: bool,
    /// The ids of accounts that the scan declares: they are no placeholders.
    pub(super) accounts: &'a BTreeSet<&'a str>,
}

/// A part of a statement that is wrong.
struct Culprit {
    label: &'static str,
    message: String,
    span: Option<Span>,
    repair: Repair,
    partition: bool,
}

/// A change that makes a part right.
enum Repair {
    Effect,
    Action,
    Resource,
    /// The condition of this number names root's ARN.
    Root(usize),
    /// The condition of this number goes.
    Without(usize),
}

/// Whether a policy has a statement that is meant to deny something to root.
pub(super) fn names_root(policy: &Policy) -> bool {
    policy.statements.iter().any(|statement| statement.effect == Effect::Deny && Naming::of(statement).is_positive())
}

/// The policy with the statements that have a say on root's key, come near it, or name the organization.
pub(super) fn relevant(policy: &Policy) -> Policy {
    let names_organization = |statement: &Statement| {
        statement.conditions.iter().any(|condition| condition.key.to_ascii_lowercase().contains("org"))
    };
    let is_relevant = |statement: &&Statement| {
        actions(&statement.actions, CREATE_ACCESS_KEY).0 != Tri::No
            || names_organization(statement)
            || !Naming::of(statement).is_none()
    };
    let statements = policy.statements.iter().filter(is_relevant).cloned().collect();
    Policy { statements, ..*policy }
}

/// The faults of a policy's statements; what the policy is named may say what they are for.
pub(super) fn faults(policy: &Policy, named: &str, judged: &Judged<'_>) -> Vec<Fault> {
    let fault = |statement| judged.fault(statement, policy.variables, named);
    policy.statements.iter().filter_map(fault).collect()
}

/// The first statement that denies root everything that a session of `sts:AssumeRoot` is for, and the session with it.
///
/// IAM User Guide, "Perform a privileged task on an Organizations member account": such sessions delete root's
/// credentials and unlock bucket and queue policies. They carry root's ARN, and `aws:AssumedRoot`.
pub(super) fn locks_out_sessions<'a>(policy: &'a Policy, judged: &Judged<'_>) -> Option<&'a Statement> {
    const TASKS: [&str; 3] = ["iam:DeleteAccessKey", "s3:DeleteBucketPolicy", "sqs:SetQueueAttributes"];
    policy.statements.iter().find(|statement| {
        statement.effect == Effect::Deny
            && Naming::of(statement).is_positive()
            && TASKS.iter().any(|task| actions(&statement.actions, task).0 == Tri::Yes)
            && !statement.conditions.iter().any(|condition| condition.key.eq_ignore_ascii_case("aws:AssumedRoot"))
            && judged.alone(statement, policy.variables) == Answer::Denied
    })
}

/// How a statement names root.
#[derive(Default)]
struct Naming {
    /// Conditions that ask for root.
    asks: Vec<usize>,
    /// Conditions that exempt nobody but root.
    exempts: Vec<usize>,
    /// Whether its resources do, and how.
    resource: Option<Tri>,
}

impl Naming {
    fn of(statement: &Statement) -> Self {
        let mut naming = Self::default();
        for (at, condition) in statement.conditions.iter().enumerate() {
            let mut named = condition.values.iter().map(|value| is_root(condition, value));
            if condition.operator.test == Test::Null {
                continue;
            }
            match condition.operator.negated {
                false if named.any(|named| named) => naming.asks.push(at),
                true if !condition.values.is_empty() && named.all(|named| named) => naming.exempts.push(at),
                _ => {}
            }
        }
        let ends = |item: &Item| item.shown().to_ascii_lowercase().ends_with(":root");
        if statement.resources.values.iter().any(ends) {
            naming.resource = Some(if statement.resources.negated { Tri::No } else { Tri::Yes });
        }
        naming
    }

    fn is_positive(&self) -> bool {
        !self.asks.is_empty() || self.resource == Some(Tri::Yes)
    }

    fn is_none(&self) -> bool {
        self.asks.is_empty() && self.exempts.is_empty() && self.resource.is_none()
    }
}

/// Whether a value of a condition means the root user.
fn is_root(condition: &Condition, value: &Item) -> bool {
    let text = value.shown().to_ascii_lowercase();
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match &*condition.key.to_ascii_lowercase() {
        "aws:principaltype" => matches!(&*text, "account" | "root" | "rootuser" | "root_account"),
        "aws:userid" => is_account(&text) || matches!(&*text, "root" | "${aws:principalaccount}"),
        "aws:username" => matches!(&*text, "root" | "<root_account>" | "root_account"),
        _ => text.ends_with(":root") || text.ends_with("/root"),
    }
}

impl Judged<'_> {
    /// What one statement alone says.
    fn alone(&self, statement: &Statement, variables: bool) -> Answer {
        let policy = Policy { variables, statements: vec![statement.clone()], span: None };
        let level = Level { id: String::new(), policies: vec![Attached::from(&policy)], full_access: true };
        answer(&mut Memo::default(), &[level], self.question)
    }

    /// Whether a statement lets every request through.
    fn never(&self, statement: &Statement, variables: bool) -> bool {
        self.alone(statement, variables) == Answer::NotDenied
    }

    fn fault(&self, statement: &Statement, variables: bool, named: &str) -> Option<Fault> {
        let naming = Naming::of(statement);
        if naming.is_none() {
            return None;
        }
        let culprits = match statement.effect {
            Effect::Unknown(_) => None,
            Effect::Allow => self.allow(statement, variables, &naming),
            Effect::Deny => self.deny(statement, variables, &naming),
        }?;
        let fix = self.fix(statement, variables, &culprits, named);
        Some(Fault { fix, ..self.put_together(statement, variables, culprits) })
    }

    /// What makes a guard of a statement, if each part that is wrong has one right answer.
    fn fix(&self, statement: &Statement, variables: bool, culprits: &[Culprit], named: &str) -> Result<Fix, String> {
        let mut righted = statement.clone();
        let (mut done, mut changes) = (Vec::new(), Vec::new());
        for culprit in culprits {
            let (what, written) = right::right(&mut righted, &culprit.repair, named, &self.question.partition)?;
            done.push(what);
            changes.extend(written);
        }
        if self.never(&righted, variables) {
            return Err("no change of single words makes a guard of it".into());
        }
        Ok(Fix { message: done.join(" and "), changes })
    }

    /// An `Allow` limits nothing while another policy allows everything.
    fn allow(&self, statement: &Statement, variables: bool, naming: &Naming) -> Option<Vec<Culprit>> {
        let covers = actions(&statement.actions, CREATE_ACCESS_KEY).0 == Tri::Yes;
        let is_allow_list = !naming.is_positive() && !self.full_access;
        if !covers || is_allow_list {
            return None;
        }
        let message = match naming.is_positive() {
            true => "allows root what it names: `Effect` is `Allow`, which denies nothing",
            false => "is an `Allow`, which limits nothing while FullAWSAccess is attached, too",
        };
        let mut culprits = vec![Culprit {
            label: "an `Allow` denies nothing",
            message: message.into(),
            span: statement.effect_span.or(statement.span),
            repair: Repair::Effect,
            partition: false,
        }];
        // Conditions turned into those of a deny.
        let denying = Statement { effect: Effect::Deny, ..statement.clone() };
        culprits.extend(self.culprits(&denying, variables, naming));
        Some(culprits)
    }

    fn deny(&self, statement: &Statement, variables: bool, naming: &Naming) -> Option<Vec<Culprit>> {
        if let Some(culprits) = self.placeholder(statement, naming) {
            return Some(culprits);
        }
        if !self.never(statement, variables) {
            return None;
        }
        let mut culprits = Vec::new();
        if actions(&statement.actions, CREATE_ACCESS_KEY).0 == Tri::No {
            let mistyped = mistyped(&statement.actions);
            // Another action's guard may be void, too; of that only the principal says something.
            if mistyped.is_none() && !naming.asks.iter().any(|at| self.condition_never(statement, variables, *at)) {
                return None;
            }
            culprits.extend(naming.asks.iter().filter_map(|at| self.condition(statement, variables, *at, naming)));
            culprits.extend(mistyped);
        } else {
            culprits = self.culprits(statement, variables, naming);
            if !naming.is_positive() {
                // Root is only exempted: a mistake where a key is all that it is about, else what was wanted.
                let only = statement.conditions.len() + usize::from(naming.resource.is_some()) == 1;
                let explicit = !statement.actions.negated && statement.actions.values.iter().all(is_key_action);
                if !only || !explicit {
                    return None;
                }
            }
        }
        Some(culprits)
    }

    /// A value that somebody forgot to fill in, where a guard asks for it.
    fn placeholder(&self, statement: &Statement, naming: &Naming) -> Option<Vec<Culprit>> {
        if !naming.is_positive() || actions(&statement.actions, CREATE_ACCESS_KEY).0 == Tri::No {
            return None;
        }
        let is_left = |item: &Item| is_placeholder(&item.shown(), self.accounts);
        let all = |items: &[Item]| !items.is_empty() && items.iter().all(is_left);
        let mut culprits = Vec::new();
        let mut blame = |item: Option<&Item>, repair: Repair| {
            let Some(item) = item else { return };
            culprits.push(Culprit {
                label: "a placeholder",
                message: format!("still has a placeholder, `{}`: no account of yours matches it", item.shown()),
                span: item.span,
                repair,
                partition: false,
            });
        };
        for (at, condition) in statement.conditions.iter().enumerate() {
            if !condition.operator.negated && condition.operator.test != Test::Null && all(&condition.values) {
                let named = naming.asks.contains(&at);
                blame(condition.values.first(), if named { Repair::Root(at) } else { Repair::Without(at) });
            }
        }
        let resources = &statement.resources;
        if !resources.negated && all(&resources.values) {
            blame(resources.values.first(), Repair::Resource);
        }
        (!culprits.is_empty()).then_some(culprits)
    }

    /// The parts that are wrong, those that name root first.
    fn culprits(&self, statement: &Statement, variables: bool, naming: &Naming) -> Vec<Culprit> {
        let mut found: Vec<Culprit> =
            naming.asks.iter().filter_map(|at| self.condition(statement, variables, *at, naming)).collect();
        let resource = Statement { conditions: Vec::new(), ..self.plain(statement) };
        let resource = Statement { resources: statement.resources.clone(), ..resource };
        if self.never(&resource, variables) {
            found.push(self.resource(&statement.resources));
        }
        let others = (0..statement.conditions.len()).filter(|at| !naming.asks.contains(at));
        found.extend(others.filter_map(|at| self.condition(statement, variables, at, naming)));
        if found.is_empty()
            && let Some(condition) = statement.conditions.first()
            && self.never(&Statement { conditions: statement.conditions.clone(), ..self.plain(statement) }, variables)
        {
            found.push(Culprit {
                label: "never holds",
                message: "has conditions that never hold together for root".into(),
                span: condition.span,
                repair: Repair::Without(0),
                partition: false,
            });
        }
        found
    }

    /// The statement with every part right.
    fn plain(&self, statement: &Statement) -> Statement {
        let element = |text: &str| Element { negated: false, values: vec![Item::known(text)], span: None };
        Statement {
            effect: Effect::Deny,
            actions: element(CREATE_ACCESS_KEY),
            resources: element("*"),
            conditions: Vec::new(),
            unknown: Vec::new(),
            ..statement.clone()
        }
    }

    fn condition_never(&self, statement: &Statement, variables: bool, at: usize) -> bool {
        let conditions = statement.conditions.get(at).cloned().into_iter().collect();
        self.never(&Statement { conditions, ..self.plain(statement) }, variables)
    }

    fn condition(&self, statement: &Statement, variables: bool, at: usize, naming: &Naming) -> Option<Culprit> {
        if !self.condition_never(statement, variables, at) {
            return None;
        }
        let condition = statement.conditions.get(at)?;
        let item = condition.values.iter().find(|value| is_root(condition, value));
        let of_root = naming.asks.contains(&at);
        let message = match item {
            Some(item) if of_root => self.wrong_name(condition, item),
            _ if naming.exempts.contains(&at) => {
                format!("exempts root: `{}` denies everybody else", condition.operator.name)
            }
            _ => never_holds(condition),
        };
        let partition = of_root && item.is_some_and(|item| self.is_of_another_partition(&item.shown()));
        Some(Culprit {
            label: if of_root { "is not the root user" } else { "never holds for root" },
            message,
            span: item.filter(|_| of_root).and_then(|item| item.span).or(condition.span),
            repair: if of_root || naming.exempts.contains(&at) { Repair::Root(at) } else { Repair::Without(at) },
            partition,
        })
    }

    fn resource(&self, resources: &Element) -> Culprit {
        let root = format!("arn:{}:iam::ACCOUNT:root", self.question.partition);
        let written: Vec<String> = resources.values.iter().map(|item| format!("`{}`", item.shown())).collect();
        let written = written.join(", ");
        let message = match resources.negated {
            true => format!("exempts root's own ARN by `NotResource` ({written}), which is what root's key is made on"),
            false => format!("is about {written}, but root makes its key on its own ARN, `{root}`"),
        };
        let only = match &resources.values[..] {
            [item] => item.span,
            _ => None,
        };
        Culprit {
            label: "is not root's own ARN",
            message,
            span: only.or(resources.span),
            repair: Repair::Resource,
            partition: resources.values.iter().any(|item| self.is_of_another_partition(&item.shown())),
        }
    }

    fn is_of_another_partition(&self, arn: &str) -> bool {
        let mut segments = arn.split(':');
        let (first, partition) = (segments.next(), segments.next());
        let is_known = |partition: &str| ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso"].contains(&partition);
        first == Some("arn")
            && segments.count() == 4
            && partition.is_some_and(|partition| partition != self.question.partition && is_known(partition))
    }

    /// Why a value that is meant for root is not root.
    fn wrong_name(&self, condition: &Condition, item: &Item) -> String {
        let written = item.shown();
        let right = format!("arn:{}:iam::ACCOUNT:root", self.question.partition);
        match &*condition.key.to_ascii_lowercase() {
            "aws:username" => return "asks for a user name (`aws:username`), which root does not have".into(),
            "aws:principaltype" => {
                return format!(
                    "asks for the principal type `{written}`, but `aws:PrincipalType` of root is `Account`"
                );
            }
            "aws:userid" => {
                return format!("asks for the user id `{written}`, but `aws:userid` of root is its account's id");
            }
            "aws:principalarn" => {}
            key => return format!("compares `{key}` with `{written}`, which no request of root carries"),
        }
        let wild = matches!(condition.operator.test, Test::Like | Test::Arn);
        if !wild && written.contains(['*', '?']) {
            let name = &condition.operator.name;
            return format!("compares by `{name}`, in which the `*` of `{written}` only stands for itself");
        }
        let segments: Vec<&str> = written.split(':').collect();
        let what = match &segments[..] {
            ["arn", _, _, _, "", ..] => "has no account".into(),
            ["arn", _, "iam", _, _, "root"] if self.is_of_another_partition(&written) => {
                format!("is of another partition than the accounts here (`{}`)", self.question.partition)
            }
            ["arn", _, "iam", _, _, "user/root"] => "is an IAM user named root, not the root user".into(),
            ["arn", _, "iam", _, _, name] if name.ends_with("/root") => {
                format!("is not the root user but a {}", name.split('/').next().unwrap_or_default())
            }
            ["arn", _, "iam", region, _, _] if !region.is_empty() && *region != "*" => "names a Region".into(),
            ["arn", _, service, _, _, "root"] if *service != "iam" => format!("is of `{service}`, not of `iam`"),
            ["arn", _, _, _, _, name] if *name != "root" && name.eq_ignore_ascii_case("root") => {
                "has letters of the wrong case".into()
            }
            ["arn", _, _, _, account, _] if placeholders::is_unfilled(account) => {
                "has a placeholder for account".into()
            }
            segments if segments.len() != 6 => format!("has {} segments instead of 6", segments.len()),
            _ => "does not match".into(),
        };
        format!("names `{written}`, which {what}; root is `{right}`")
    }

    /// One fault of all that is wrong with a statement; what to change is said if that makes it deny.
    fn put_together(&self, statement: &Statement, variables: bool, culprits: Vec<Culprit>) -> Fault {
        let mut repaired = statement.clone();
        let mut changes = Vec::new();
        let mut gone = BTreeSet::new();
        for culprit in &culprits {
            changes.extend(repair(&mut repaired, &culprit.repair, &mut gone));
        }
        let mut at = 0;
        repaired.conditions.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
        if self.alone(&repaired, variables) != Answer::Denied {
            changes.clear();
        }
        let title = statement.title();
        let mut culprits = culprits.into_iter();
        let first = culprits.next().unwrap_or(Culprit {
            label: "guards nothing",
            message: "never denies root anything".into(),
            span: statement.span,
            repair: Repair::Effect,
            partition: false,
        });
        Fault {
            label: first.label,
            message: format!("{title} {}", first.message),
            span: first.span.or(statement.span),
            others: culprits.map(|culprit| (format!("it also {}", culprit.message), culprit.span)).collect(),
            changes,
            partition: first.partition,
            fix: Err(String::new()),
        }
    }
}

/// Changes a part of a statement; says what was changed.
fn repair(statement: &mut Statement, repair: &Repair, gone: &mut BTreeSet<usize>) -> Option<String> {
    let known = |text: &str| vec![Item::known(text)];
    Some(match repair {
        Repair::Effect => {
            statement.effect = Effect::Deny;
            "make its effect `Deny`".into()
        }
        Repair::Action => {
            statement.actions = Element { negated: false, values: known(CREATE_ACCESS_KEY), span: None };
            format!("write the action `{CREATE_ACCESS_KEY}`")
        }
        Repair::Resource => {
            statement.resources = Element { negated: false, values: known("*"), span: None };
            "write the resource `*`".into()
        }
        Repair::Root(at) => {
            let condition = statement.conditions.get_mut(*at)?;
            condition.operator = Operator::parse("ArnLike")?;
            condition.key = "aws:PrincipalArn".into();
            condition.values = known(ROOT_ARN);
            format!("compare `aws:PrincipalArn` by `ArnLike` with `{ROOT_ARN}`")
        }
        Repair::Without(at) => {
            gone.insert(*at);
            let condition = statement.conditions.get(*at)?;
            format!("leave out the condition `{}` on `{}`", condition.operator.name, condition.key)
        }
    })
}

fn never_holds(condition: &Condition) -> String {
    let values: Vec<String> = condition.values.iter().take(3).map(|item| format!("`{}`", item.shown())).collect();
    let (operator, key) = (&condition.operator.name, &condition.key);
    if key.eq_ignore_ascii_case("aws:AssumedRoot") {
        return format!("is only about sessions of `sts:AssumeRoot` (`{operator}` on `{key}`), not about root itself");
    }
    format!("has a condition that never holds for root: `{operator}` on `{key}` ({})", values.join(", "))
}

fn is_key_action(item: &Item) -> bool {
    item.as_known().is_some_and(|action| action.to_ascii_lowercase().contains("accesskey"))
}

fn is_nearly_the_action(action: &str) -> bool {
    let (service, name) = action.split_once(':').unwrap_or(("", action));
    let far = strsim::damerau_levenshtein(&name.to_ascii_lowercase(), "createaccesskey");
    (service.eq_ignore_ascii_case("iam") && (1..=2).contains(&far)) || (far == 0 && service != "iam")
}

/// An action that is none, but nearly the one that makes keys.
fn mistyped(actions: &Element) -> Option<Culprit> {
    let near = |item: &&Item| item.as_known().is_some_and(|action| is_nearly_the_action(&action));
    let found = actions.values.iter().find(near)?;
    (!actions.negated).then(|| Culprit {
        label: "no such action",
        message: format!("denies `{}`, which is no action; the key is made by `{CREATE_ACCESS_KEY}`", found.shown()),
        span: found.span,
        repair: Repair::Action,
        partition: false,
    })
}

#[cfg(test)]
mod tests;

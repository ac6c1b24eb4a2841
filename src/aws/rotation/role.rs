//! What a function's role allows it to do to a user's keys.

use std::sync::Arc;

use super::join::{each, given, inside, means};
use super::names;
use crate::aws::access_key::{self, Owner, User};
use crate::aws::iam::pattern::{self, Variable};
use crate::aws::iam::policy::{Effect, Element, Item, Policy, Statement, Unit};
use crate::document::{self, DocumentError};
use crate::resource::{Mode, Resource};
use crate::source::Span;
use crate::text::Tri;
use crate::value::{Reason, Value};

/// A role, as far as the project shows it.
#[derive(Clone, Debug)]
pub struct Role {
    /// The address of the role, or of the function whose role it is.
    pub address: Arc<str>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Why some of them are not known.
    pub unknown: Vec<Reason>,
}

/// What a role allows.
#[derive(Clone, Debug)]
pub enum May {
    /// Making new keys and retiring old ones; perhaps only if something unknown is as it must be.
    Replace(Option<Reason>),
    /// Only retiring old ones.
    Revoke(Option<Reason>),
    /// It has to do with keys, but allows neither; why, as the rest of a sentence.
    Not(&'static str),
    /// It has nothing to do with keys.
    NothingHere,
}

/// A type that is a role: its name, its own policies (and the document in each), and the ARNs of managed ones.
const ROLES: &[[&str; 5]] = &[
    ["aws_iam_role", "name", "inline_policy", "policy", "managed_policy_arns"],
    ["awscc_iam_role", "role_name", "policies", "policy_document", "managed_policy_arns"],
    ["AWS::IAM::Role", "RoleName", "Policies", "PolicyDocument", "ManagedPolicyArns"],
];

/// A type that gives a role, or several, a policy: the role, the document.
const GIVEN: &[[&str; 3]] = &[
    ["aws_iam_role_policy", "role", "policy"],
    ["AWS::IAM::RolePolicy", "RoleName", "PolicyDocument"],
    ["AWS::IAM::Policy", "Roles", "PolicyDocument"],
    ["AWS::IAM::ManagedPolicy", "Roles", "PolicyDocument"],
];

/// A type that gives a role, or several, a managed policy: the role, the policy's ARN.
const ATTACHED: &[[&str; 3]] =
    &[["aws_iam_role_policy_attachment", "role", "policy_arn"], ["aws_iam_policy_attachment", "roles", "policy_arn"]];

/// A type that is a managed policy: its name, its document.
const MANAGED: &[[&str; 3]] =
    &[["aws_iam_policy", "name", "policy"], ["AWS::IAM::ManagedPolicy", "ManagedPolicyName", "PolicyDocument"]];

/// The policies of AWS that allow changing keys (IAM managed policy reference), and the action that each allows.
const OF_AWS: [[&str; 2]; 2] = [["AdministratorAccess", "*"], ["IAMFullAccess", "iam:*"]];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    ROLES.iter().any(|[known, ..]| *known == kind)
        || [GIVEN, ATTACHED, MANAGED].into_iter().flatten().any(|[known, ..]| *known == kind)
}

/// The role that `value`, the argument `argument` of `function`, means.
pub fn of(function: &Resource<'_>, argument: &str, value: &Value, resources: &[Resource<'_>]) -> Role {
    let users = &*access_key::users(resources);
    let mut role = Role::new(&function.site.address);
    let found = resources.iter().find_map(|resource| {
        let names = ROLES.iter().find(|[kind, ..]| *kind == resource.kind())?;
        let name = given(resource, names[1]);
        (resource.mode == Mode::Managed && means(function, argument, value, &resource.site, &name))
            .then_some((resource, names))
    });
    let Some((declared, [_, name, inline, document, managed])) = found else {
        let reason = value.as_unknown().map(|unknown| unknown.reason.clone());
        let missing = || Reason::new(&*function.site.address, "runs with a role that is not in this project", None);
        role.unknown.push(reason.unwrap_or_else(missing));
        return role;
    };
    role.address = Arc::clone(&declared.site.address);
    for policy in each(&given(declared, inline)) {
        // Without its document it is Terraform's way of saying that there is none.
        let text = inside(&policy, &[document]);
        if !text.is_null() {
            role.add(&text, users);
        }
    }
    for arn in each(&given(declared, managed)) {
        role.attach(declared, managed, &arn, resources, users);
    }
    let name = given(declared, name);
    let is_ours = |from: &Resource<'_>, argument: &str| {
        each(&from.get(argument)).iter().any(|value| means(from, argument, value, &declared.site, &name))
    };
    for resource in resources.iter().filter(|resource| resource.mode == Mode::Managed) {
        for [_, to, policy] in GIVEN.iter().filter(|[kind, ..]| *kind == resource.kind()) {
            if is_ours(resource, to) {
                role.add(&resource.get(policy), users);
            }
        }
        for [_, to, policy] in ATTACHED.iter().filter(|[kind, ..]| *kind == resource.kind()) {
            if is_ours(resource, to) {
                role.attach(resource, policy, &resource.get(policy), resources, users);
            }
        }
    }
    role
}

impl Role {
    /// A role without policies.
    fn new(address: &Arc<str>) -> Self {
        Self { address: Arc::clone(address), policies: Vec::new(), unknown: Vec::new() }
    }

    /// Adds a policy by its document.
    fn add(&mut self, document: &Value, users: &[User]) {
        let policy = match document::read(document) {
            Ok(document) => Policy::parse(&names::resolved(&document, users)),
            Err(DocumentError::Unknown(reason)) => return self.unknown.push(reason),
            Err(DocumentError::Syntax { message, span }) => {
                return self.unknown.push(self.reason(format!("has a policy that is no JSON: {message}"), span));
            }
        };
        match policy {
            Ok(policy) => self.policies.push(policy),
            Err(errors) => {
                let error = errors.into_iter().next();
                let (message, span) = error.map_or_else(Default::default, |error| (error.message, error.span));
                self.unknown.push(self.reason(format!("has a policy that AWS refuses: {message}"), span));
            }
        }
    }

    /// Adds a managed policy by its ARN.
    fn attach(&mut self, from: &Resource<'_>, argument: &str, arn: &Value, resources: &[Resource<'_>], users: &[User]) {
        for policy in resources.iter().filter(|resource| resource.mode == Mode::Managed) {
            let Some([_, name, document]) = MANAGED.iter().find(|[kind, ..]| *kind == policy.kind()) else { continue };
            if means(from, argument, arn, &policy.site, &given(policy, name)) {
                return self.add(&policy.get(document), users);
            }
        }
        let Some(text) = arn.as_text() else {
            return self.unknown.extend(arn.as_unknown().map(|unknown| unknown.reason.clone()));
        };
        // The partition may be open.
        let of_aws = text.known_suffix().0.contains(":aws:policy/");
        let ends = |name: &str| text.ends_with_ignore_case(name) == Tri::Yes;
        match OF_AWS.iter().find(|[name, _]| ends(&format!(":aws:policy/{name}"))) {
            Some([_, action]) => self.policies.push(allowing(action)),
            // The other policies of AWS do not allow changing keys.
            None if !of_aws => {
                self.unknown.push(self.reason("has a policy that is not in this project".into(), arn.origin.span));
            }
            None => {}
        }
    }

    fn reason(&self, why: String, span: Option<Span>) -> Reason {
        Reason::new(Arc::clone(&self.address), why, span)
    }

    /// What the role allows to do to the keys of a user, with the help of `others` where it makes new ones.
    pub fn may_do_to(&self, owner: &Owner<'_>, others: &[Self]) -> May {
        let user = Target::of(owner);
        let make = self.allows("iam:CreateAccessKey", &user);
        let mut retire = self.may_retire(&user);
        if make != Allowed::No
            && retire == Allowed::No
            && others.iter().any(|other| other.may_retire(&user) == Allowed::Yes)
        {
            retire = Allowed::Yes;
        }
        match (make, retire) {
            (Allowed::Yes, Allowed::Yes) => May::Replace(None),
            (Allowed::Yes | Allowed::Maybe(_), Allowed::Maybe(reason)) | (Allowed::Maybe(reason), Allowed::Yes) => {
                May::Replace(Some(reason))
            }
            (Allowed::No, Allowed::Yes) => May::Revoke(None),
            (Allowed::No, Allowed::Maybe(reason)) => May::Revoke(Some(reason)),
            (make, Allowed::No) => self.falls_short(make != Allowed::No),
        }
    }

    fn may_retire(&self, user: &Target) -> Allowed {
        match self.allows("iam:UpdateAccessKey", user) {
            Allowed::No => self.allows("iam:DeleteAccessKey", user),
            found => found,
        }
    }

    /// Whether a policy says anything about access keys.
    pub fn names_keys(&self) -> bool {
        let names = |action: &Item| action.shown().to_ascii_lowercase().contains("accesskey");
        self.statements().any(|(_, statement)| statement.actions.values.iter().any(names))
    }

    fn falls_short(&self, may_make: bool) -> May {
        let covers = |action: &str| {
            let allows = |statement: &&Statement| {
                statement.effect != Effect::Deny && covers(&statement.actions, action).0 != Tri::No
            };
            self.statements().any(|(_, statement)| allows(&statement))
        };
        let names_keys = self.names_keys();
        if may_make {
            May::Not("makes new keys at most: its role may not switch off or delete old ones")
        } else if names_keys && (covers("iam:UpdateAccessKey") || covers("iam:DeleteAccessKey")) {
            May::Not("may not update or delete keys of this user")
        } else if names_keys {
            May::Not("reports keys at most: its role may not update or delete them")
        } else if let Some(reason) = self.unknown.first() {
            May::Replace(Some(reason.clone()))
        } else {
            May::NothingHere
        }
    }

    fn statements(&self) -> impl Iterator<Item = (bool, &Statement)> {
        self.policies.iter().flat_map(|policy| policy.statements.iter().map(|statement| (policy.variables, statement)))
    }

    /// IAM User Guide, "Policy evaluation logic": an explicit deny wins, then an allow is needed.
    fn allows(&self, action: &str, user: &Target) -> Allowed {
        let mut allowed = Allowed::No;
        let mut denied = None;
        for (variables, statement) in self.statements() {
            let (matches, reason) = applies(statement, variables, action, user);
            let reason = || {
                reason
                    .clone()
                    .unwrap_or_else(|| self.reason("has a policy that is not wholly known".into(), statement.span))
            };
            match (&statement.effect, matches) {
                (_, Tri::No) => {}
                (Effect::Deny, Tri::Yes) => return Allowed::No,
                (Effect::Deny, Tri::Maybe) => denied = Some(reason()),
                (Effect::Allow, Tri::Yes) => allowed = Allowed::Yes,
                (Effect::Unknown(reason), _) if allowed == Allowed::No => allowed = Allowed::Maybe(reason.clone()),
                (Effect::Allow, Tri::Maybe) if allowed == Allowed::No => allowed = Allowed::Maybe(reason()),
                _ => {}
            }
        }
        match (allowed, denied) {
            (Allowed::No, _) => Allowed::No,
            (_, Some(reason)) => Allowed::Maybe(reason),
            (allowed, None) => allowed,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Yes,
    No,
    Maybe(Reason),
}

/// A user as a resource of a policy.
struct Target {
    arn: String,
    /// Why the name is not wholly known.
    unknown: Option<Reason>,
}

impl Target {
    fn of(owner: &Owner<'_>) -> Self {
        let (arn, known) = names::arn(owner.user, &owner.name);
        let reason = || match (owner.name.as_unknown(), owner.user) {
            (Some(unknown), _) => unknown.reason.clone(),
            (None, Some(user)) => Reason::new(&*user.site.address, "gets its name from CloudFormation", None),
            (None, None) => Reason::new("UserName", "is not known", None),
        };
        Self { arn, unknown: (!known).then(reason) }
    }
}

fn allowing(action: &str) -> Policy {
    let element = |text: &str| Element { negated: false, values: vec![Item::known(text)], span: None };
    let statement = Statement {
        sid: None,
        span: None,
        effect: Effect::Allow,
        effect_span: None,
        actions: element(action),
        resources: element("*"),
        conditions: Vec::new(),
        unknown: Vec::new(),
    };
    Policy { variables: true, statements: vec![statement], span: None }
}

/// Whether a statement applies to an action on the user's keys, and what that depends on.
fn applies(statement: &Statement, variables: bool, action: &str, user: &Target) -> (Tri, Option<Reason>) {
    let (action, vague) = covers(&statement.actions, action);
    let (resource, unsure) = covers_user(&statement.resources, variables, user);
    let condition = statement
        .conditions
        .first()
        .map(|condition| Reason::new(&*condition.key, "is a condition that is not decided here", condition.span));
    let open = statement.unknown.first().cloned().or(condition);
    match (action, resource) {
        (Tri::No, _) | (_, Tri::No) => (Tri::No, None),
        (Tri::Yes, Tri::Yes) if open.is_none() => (Tri::Yes, None),
        _ => (Tri::Maybe, vague.or(unsure).or(open)),
    }
}

/// Whether an `Action` or `NotAction` covers an action. One that covers every action there is shows nothing about keys.
fn covers(actions: &Element, action: &str) -> (Tri, Option<Reason>) {
    let mut found = (Tri::No, None);
    for item in &actions.values {
        match pattern::action(item, action) {
            (Tri::Yes, _) if item.as_known().is_some_and(|text| !text.contains(':')) && !actions.negated => {
                let all = Reason::new("Action: *", "does not show that it is about keys", item.span);
                found = (Tri::Maybe, Some(all));
            }
            (Tri::Yes, _) => return (if actions.negated { Tri::No } else { Tri::Yes }, None),
            (Tri::Maybe, reason) => found = (Tri::Maybe, reason),
            (Tri::No, _) => {}
        }
    }
    match (actions.negated, found) {
        (false, found) => found,
        (true, (Tri::No, _)) => {
            let most = Reason::new("NotAction", "does not show that it is about keys", actions.span);
            (Tri::Maybe, Some(most))
        }
        (true, (_, reason)) => (Tri::Maybe, reason),
    }
}

fn covers_user(resources: &Element, variables: bool, user: &Target) -> (Tri, Option<Reason>) {
    let mut found = (Tri::No, None);
    for item in &resources.values {
        let mut reasons = Vec::new();
        // A role has no `aws:username`; what else there may be is not known.
        let lookup = |name: &str| match &*name.to_ascii_lowercase() {
            "aws:username" => Variable::Absent,
            _ => Variable::Unknown(Reason::new(name, "is known only in a request", item.span)),
        };
        let item = any_account(item);
        match pattern::resource(&item, variables, &lookup, &mut reasons) {
            Ok(None) => {}
            Err(reason) => found = (Tri::Maybe, Some(reason)),
            Ok(Some(pattern)) => match pattern.matches(&user.arn) {
                Tri::Yes => return (if resources.negated { Tri::No } else { Tri::Yes }, None),
                Tri::Maybe => found = (Tri::Maybe, reasons.pop().or_else(|| item.holes().next().cloned())),
                Tri::No if user.unknown.is_some() && may_be_a_user(&item) => found = (Tri::Maybe, user.unknown.clone()),
                Tri::No => {}
            },
        }
    }
    match (resources.negated, found) {
        (false, found) => found,
        (true, (Tri::No, _)) => (Tri::Yes, None),
        (true, (_, reason)) => (Tri::Maybe, reason),
    }
}

/// Whether the pattern may mean a user whose name is not known; one that refers to another user does not.
fn may_be_a_user(item: &Item) -> bool {
    let shown = item.shown();
    !shown.contains(names::UNKNOWN) && shown.split(':').nth(5).is_some_and(|name| name.starts_with(['u', '*', '…']))
}

/// The string with `*` for the partition and the account: a role's policy is about its own.
fn any_account(item: &Item) -> Item {
    let is_colon = |unit: &Unit| *unit == Unit::Char(':');
    let segments: Vec<&[Unit]> = item.units.splitn(6, is_colon).collect();
    let [arn, _, service, region, _, rest] = segments.as_slice() else { return item.clone() };
    let any: &[Unit] = &[Unit::Char('*')];
    let units = [*arn, any, *service, *region, any, *rest].join(&Unit::Char(':'));
    Item { units, span: item.span }
}

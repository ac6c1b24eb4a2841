//! What one project declares of an organization, in either language.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::aws::iam::Policy;
use crate::aws::iam::policy::length_up_to;
use crate::aws::identity;
use crate::document::{self, DocumentError};
use crate::finding::{Diagnostic, Findings};
use crate::resource::{Mode, Resource, Site};
use crate::source::Span;
use crate::value::{Field, Fields, Kind, Reason, Symbol, Value};

use super::features::Features;
use super::fixes::Form;
use super::full_access::{self, FullAccess};
use super::identity_policies::IdentityPolicy;
use super::{control_tower, identity_policies, quotas};

/// How many bytes of strings the service control policies of a project may have: more than any organization has.
const MAX_LENGTH: usize = 4 << 20;

/// Words of every policy, which are no secrets where the whole of one is: reports use them, too.
const WORDS: [&str; 7] = ["*", "2008-10-17", "2012-10-17", "Allow", "Deny", "iam:*", "iam:CreateAccessKey"];

/// What one project declares.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Organizations that it manages or reads.
    pub organizations: Vec<Organization>,
    /// Organizational units that it manages or reads.
    pub units: Vec<Unit>,
    /// Accounts that it manages.
    pub accounts: Vec<Account>,
    /// Service control policies.
    pub policies: Vec<ServiceControlPolicy>,
    /// Policies of other types, which deny root nothing.
    pub others: Vec<OtherPolicy>,
    /// Policies of IAM that are meant to deny root something, which they cannot.
    pub identity_policies: Vec<IdentityPolicy>,
    /// What is managed centrally of root's credentials.
    pub features: Vec<Features>,
    /// Which policy is attached to what.
    pub attachments: Vec<Attachment>,
    /// Where FullAWSAccess is taken off or put back.
    pub full_access: Vec<FullAccess>,
    /// Control Tower controls.
    pub controls: Vec<Control>,
    /// The partition, as far as a Region says it.
    pub partition: Option<Arc<str>>,
    /// How many bytes of strings its service control policies have.
    length: usize,
}

impl Declared {
    /// Whether nothing is declared.
    pub fn is_silent(&self) -> bool {
        let Self { organizations, units, accounts, policies, others, identity_policies, .. } = self;
        let Self { features, attachments, full_access, controls, .. } = self;
        let tree = organizations.is_empty() && units.is_empty() && accounts.is_empty() && features.is_empty();
        let policies = policies.is_empty() && others.is_empty() && identity_policies.is_empty();
        tree && policies && attachments.is_empty() && full_access.is_empty() && controls.is_empty()
    }
}

/// An organization.
#[derive(Clone, Debug)]
pub struct Organization {
    /// The resource.
    pub site: Site,
    /// Managed or read.
    pub mode: Mode,
    /// Its root.
    pub root: Ident,
    /// Its id, if known.
    pub id: Option<String>,
    /// `ALL` or `CONSOLIDATED_BILLING`.
    pub feature_set: Value,
    /// The policy types that are enabled; null if the resource does not say.
    pub policy_types: Value,
    /// The services with access to it; null if the resource does not say.
    pub services: Value,
    /// The id of the management account, if known.
    pub management_account: Ident,
}

/// An organizational unit.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The resource.
    pub site: Site,
    /// Managed, or read and mentioned.
    pub mode: Mode,
    /// Its name, if known.
    pub name: Option<String>,
    /// Itself.
    pub id: Ident,
    /// What it is in.
    pub parent: Ident,
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The resource.
    pub site: Site,
    /// Itself.
    pub id: Ident,
    /// What it is in; nothing if it stays where AWS puts new accounts, at the root.
    pub parent: Option<Ident>,
}

/// A policy.
#[derive(Clone, Debug)]
pub struct ServiceControlPolicy {
    /// The resource.
    pub site: Site,
    /// Itself.
    pub id: Ident,
    /// Why it may be a policy of another type.
    pub doubt: Option<Reason>,
    /// What it says.
    pub content: Content,
    /// How that is written.
    pub form: Form,
    /// Its address and its name, as far as that is known: they may say what it is for.
    pub named: String,
    /// How many characters that takes, and where they are written; nothing if it is not wholly known.
    pub size: Option<(usize, Option<Span>)>,
}

/// A policy of another type than service control policies.
#[derive(Clone, Debug)]
pub struct OtherPolicy {
    /// The resource.
    pub site: Site,
    /// Itself.
    pub id: Ident,
    /// Its type.
    pub kind: Value,
    /// What it says, if it is written like a service control policy.
    pub policy: Option<Arc<Policy>>,
    /// How that is written.
    pub form: Form,
}

/// The content of a policy.
#[derive(Clone, Debug)]
pub enum Content {
    /// A policy, perhaps partly unknown.
    Policy(Arc<Policy>),
    /// AWS would not take it.
    Invalid(Reason),
}

/// A policy attached to something.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The resource that attaches.
    pub site: Site,
    /// The policy.
    pub policy: Ident,
    /// The root, unit or account.
    pub target: Ident,
}

/// A Control Tower control that guards root, as the service control policy that it puts in place.
#[derive(Clone, Debug)]
pub struct Control {
    /// The resource.
    pub site: Site,
    /// The unit.
    pub target: Ident,
    /// The policy.
    pub policy: Arc<Policy>,
    /// Where its parameters exempt principals.
    pub exempt: Option<Span>,
}

/// What names a root, unit, account or policy: an id, a symbol, or neither.
#[derive(Clone, Debug, Default)]
pub struct Ident {
    /// The id.
    pub literal: Option<String>,
    /// What it is the value of, canonical.
    pub symbol: Option<Symbol>,
    /// Why neither is known.
    pub reason: Option<Reason>,
    /// Where it is written.
    pub span: Option<Span>,
}

impl Ident {
    /// The name that a value gives.
    pub fn of(value: &Value) -> Self {
        let literal = value.as_str().map(|text| {
            // arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-11111111
            let is_arn = text.starts_with("arn:");
            if is_arn { text.rsplit('/').next().unwrap_or_default().into() } else { text.into_owned() }
        });
        // What a tool still expands is no id.
        let (literal, expanded) = match literal {
            Some(text) if text.contains([' ', '$']) => (None, Some(text)),
            literal => (literal, None),
        };
        let span = value.origin.primary();
        let symbol = value.symbol().map(|symbol| identity::canonical(&symbol));
        let reason = value.as_unknown().map(|unknown| unknown.reason.clone());
        let reason = reason.or_else(|| expanded.map(|text| Reason::new(text, "is no id", span)));
        Self { literal, symbol, reason, span: value.origin.primary() }
    }

    fn own(resource: &Resource<'_>, attribute: &str, value: &Value) -> Self {
        let mut own = Self::of(value);
        let symbol = Symbol {
            project: Arc::clone(&resource.site.project),
            address: Arc::clone(&resource.site.address),
            kind: Arc::clone(&resource.site.kind),
            attribute: attribute.into(),
        };
        own.symbol = Some(identity::canonical(&symbol));
        own
    }

    /// Whether both certainly name the same.
    pub fn is(&self, other: &Self) -> bool {
        (self.literal.is_some() && self.literal == other.literal)
            || (self.symbol.is_some() && self.symbol == other.symbol)
    }

    /// What to call it.
    pub fn name(&self) -> String {
        match (&self.literal, &self.symbol, &self.reason) {
            (Some(literal), ..) => literal.clone(),
            (_, Some(symbol), _) => symbol.address.to_string(),
            (_, _, Some(reason)) => reason.missing.to_string(),
            _ => "an unknown target".into(),
        }
    }
}

/// The part of a type's name that says what it is.
fn what(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "aws_organizations_organization" | "awscc_organizations_organization" | "AWS::Organizations::Organization" => {
            "organization"
        }
        "aws_organizations_organizational_unit"
        | "awscc_organizations_organizational_unit"
        | "AWS::Organizations::OrganizationalUnit" => "unit",
        "aws_organizations_account" | "awscc_organizations_account" | "AWS::Organizations::Account" => "account",
        "aws_organizations_policy" | "awscc_organizations_policy" | "AWS::Organizations::Policy" => "policy",
        "aws_organizations_policy_attachment" => "attachment",
        "aws_iam_organizations_features" => "features",
        "aws_controltower_control" | "awscc_controltower_enabled_control" | "AWS::ControlTower::EnabledControl" => {
            "control"
        }
        _ => return None,
    })
}

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    what(kind).is_some() || identity_policies::wanted(kind)
}

/// The attribute `snake`, which CloudFormation calls by its own name.
fn get(resource: &Resource<'_>, snake: &str, camel: &str) -> Value {
    resource.get(if resource.kind().contains("::") { camel } else { snake })
}

/// The organization parts among the resources.
pub fn declared(resources: &[Resource<'_>], out: &mut Findings) -> Declared {
    let mut all = Declared::default();
    for resource in resources {
        let provider = &resource.provider;
        if let Some(known) = provider.partition.as_ref().and_then(Value::as_str) {
            all.partition = Some(known.into());
        } else if let Some(region) = provider.region.as_ref().and_then(Value::as_str) {
            all.partition = Some(partition(&region).into());
        }
        if resource.mode == Mode::Managed {
            all.identity_policies.extend(identity_policies::of(resource));
        }
        match (what(resource.kind()), resource.mode) {
            (Some("organization"), mode) => all.organizations.push(organization(resource, mode)),
            (Some("unit"), mode) => {
                let parent = Ident::of(&get(resource, "parent_id", "ParentId"));
                let id = Ident::own(resource, "id", &get(resource, "id", "Id"));
                let name = get(resource, "name", "Name").as_str().map(|name| name.into_owned());
                all.units.push(Unit { site: resource.site.clone(), mode, name, id, parent });
            }
            (Some("account"), Mode::Managed) => {
                let id = Ident::own(resource, "id", &get(resource, "id", "AccountId"));
                all.accounts.push(Account { site: resource.site.clone(), id, parent: parent(resource) });
            }
            (Some("policy"), mode) => policy(resource, mode, &mut all, out),
            (Some("features"), Mode::Managed) => all.features.push(Features::of(resource)),
            (Some("attachment"), Mode::Managed) => all.attachments.push(Attachment {
                site: resource.site.clone(),
                policy: Ident::of(&resource.get("policy_id")),
                target: Ident::of(&resource.get("target_id")),
            }),
            (Some("control"), Mode::Managed) => {
                let parameters = get(resource, "parameters", "Parameters");
                let identifier = get(resource, "control_identifier", "ControlIdentifier");
                if let Some((policy, exempt)) = control_tower::policy(&identifier, &parameters) {
                    let target = Ident::of(&get(resource, "target_identifier", "TargetIdentifier"));
                    let (site, policy) = (resource.site.clone(), Arc::new(policy));
                    all.controls.push(Control { site, target, policy, exempt });
                }
            }
            _ => {}
        }
    }
    all
}

/// The partition of a Region.
fn partition(region: &str) -> &'static str {
    match region.split('-').take(2).collect::<Vec<_>>().as_slice() {
        ["cn", _] => "aws-cn",
        ["us", "gov"] => "aws-us-gov",
        ["eusc", _] => "aws-eusc",
        _ => "aws",
    }
}

fn organization(resource: &Resource<'_>, mode: Mode) -> Organization {
    let root = match resource.kind() {
        "aws_organizations_organization" => resource
            .get("roots")
            .elements()
            .and_then(|roots| roots.first()?.fields()?.get("id").cloned())
            .unwrap_or_else(Value::null),
        _ => get(resource, "root_id", "RootId"),
    };
    let root = Ident::own(resource, identity::ROOT, &root);
    let policy_types = match resource.kind() {
        "aws_organizations_organization" => resource.get("enabled_policy_types"),
        // CloudFormation guide, AWS::Organizations::Organization: with all features, SCPs are enabled in the root.
        _ => Value::tuple(vec![Value::text("SERVICE_CONTROL_POLICY")]),
    };
    let id = get(resource, "id", "Id").as_str().map(|id| id.into_owned());
    let feature_set = get(resource, "feature_set", "FeatureSet");
    let services = match resource.kind() {
        "aws_organizations_organization" => resource.get("aws_service_access_principals"),
        _ => Value::null(),
    };
    let (snake, camel) = match resource.kind() {
        "aws_organizations_organization" => ("master_account_id", ""),
        _ => ("management_account_id", "ManagementAccountId"),
    };
    let management_account = Ident::own(resource, snake, &get(resource, snake, camel));
    let site = resource.site.clone();
    Organization { site, mode, root, id, feature_set, policy_types, services, management_account }
}

/// Where an account stands. Terraform computes `parent_id` if it is not given.
fn parent(resource: &Resource<'_>) -> Option<Ident> {
    let value = match resource.kind() {
        "aws_organizations_account" => resource.get("parent_id"),
        _ => {
            let all = get(resource, "parent_ids", "ParentIds");
            match all.elements() {
                Some(elements) => elements.first().cloned().unwrap_or_else(Value::null),
                None => all,
            }
        }
    };
    if value.is_null() {
        return None;
    }
    let own = value.symbol().is_some_and(|symbol| symbol.address == resource.site.address);
    (!own).then(|| Ident::of(&value))
}

/// A policy, and the attachments that it brings along.
fn policy(resource: &Resource<'_>, mode: Mode, all: &mut Declared, out: &mut Findings) {
    let kind = get(resource, "type", "Type");
    let id = Ident::own(resource, "id", &get(resource, "id", "Id"));
    let doubt = match (&kind.kind, kind.as_str().as_deref()) {
        (_, Some("SERVICE_CONTROL_POLICY")) => None,
        (_, Some(_)) => {
            let value = get(resource, "content", "Content");
            let (policy, form) = (lenient(&value), Form::of(&value, resource.site.language));
            all.others.push(OtherPolicy { site: resource.site.clone(), id: id.clone(), kind, policy, form });
            return attachments(resource, &id, all);
        }
        // The Terraform provider's default.
        (Kind::Null(_), _) => None,
        _ if mode == Mode::Data => None,
        _ => kind.as_unknown().map(|unknown| unknown.reason.clone()),
    };
    all.full_access.extend(full_access::strategies(resource));
    let value = get(resource, "content", "Content");
    let content = content(&value, resource, &mut all.length, out);
    let size = quotas::size(&value).map(|size| (size, value.origin.primary()));
    attachments(resource, &id, all);
    let form = Form::of(&value, resource.site.language);
    let site = resource.site.clone();
    let label = site.block.rsplit('.').next().unwrap_or_default();
    let named = format!("{label} {}", get(resource, "name", "Name").as_str().unwrap_or_default());
    all.policies.push(ServiceControlPolicy { site, id, doubt, content, form, named, size });
}

/// The targets that a policy itself names.
fn attachments(resource: &Resource<'_>, id: &Ident, all: &mut Declared) {
    if let Some(targets) = get(resource, "target_ids", "TargetIds").elements() {
        for target in targets {
            let (site, policy) = (resource.site.clone(), id.clone());
            all.attachments.push(Attachment { site, policy, target: Ident::of(target) });
        }
    } else if resource.kind() != "aws_organizations_policy"
        && let Some(unknown) = get(resource, "target_ids", "TargetIds").as_unknown()
    {
        let target = Ident { reason: Some(unknown.reason.clone()), ..Ident::default() };
        all.attachments.push(Attachment { site: resource.site.clone(), policy: id.clone(), target });
    }
}

/// A document that is written like a service control policy but for its principals.
pub(super) fn lenient(value: &Value) -> Option<Arc<Policy>> {
    let mut document = once(&document::read(value).ok()?);
    let mut fields = document.fields()?.clone();
    let mut statements = fields.get("Statement")?.clone();
    let without = |statement: &mut Value| {
        if let Kind::Object(fields) | Kind::Map(_, fields) = &mut statement.kind {
            let fields = Arc::make_mut(fields);
            fields.remove("Principal");
            fields.remove("NotPrincipal");
        }
    };
    match &mut statements.kind {
        Kind::Tuple(all) | Kind::List(_, all) => Arc::make_mut(all).iter_mut().for_each(without),
        _ => without(&mut statements),
    }
    fields.replace("Statement".into(), None, statements);
    document.kind = Kind::Object(Arc::new(fields));
    Policy::parse(&document).ok().map(Arc::new)
}

fn content(value: &Value, resource: &Resource<'_>, length: &mut usize, out: &mut Findings) -> Content {
    let at = |span: Option<Span>| span.or_else(|| value.origin.primary()).unwrap_or(resource.site.header);
    let invalid = |message: String, span: Option<Span>, out: &mut Findings| {
        let message = format!("{}: AWS would reject this policy: {message}", resource.site.address);
        out.error(Diagnostic::new("policy-invalid", message, at(span)));
        Content::Invalid(Reason::new(&*resource.site.address, "is no policy that AWS accepts", span))
    };
    match document::read(value) {
        Ok(document) => {
            let mut hidden = BTreeSet::new();
            document.hidden_texts(&mut hidden);
            out.secrets.extend(hidden.into_iter().filter(|text| !WORDS.contains(&&**text)));
            *length += length_up_to(&document, MAX_LENGTH);
            if *length > MAX_LENGTH {
                let reason =
                    Reason::new(&*resource.site.address, "comes after more policies than rootlint reads", None);
                return Content::Policy(Arc::new(Policy::unknown(reason, value.origin.primary())));
            }
            // A language that encodes a value writes each key once, whatever its own literal repeats.
            let encoded = value.as_text().is_some_and(|text| text.as_encoded().is_some());
            let document = if encoded { once(&document) } else { document };
            match Policy::parse(&document) {
                Ok(policy) => Content::Policy(Arc::new(policy)),
                Err(errors) => match errors.into_iter().next() {
                    Some(error) => invalid(error.message, error.span, out),
                    None => {
                        Content::Policy(Arc::new(Policy::unknown(Reason::new("content", "is unknown", None), None)))
                    }
                },
            }
        }
        Err(DocumentError::Unknown(reason)) => {
            Content::Policy(Arc::new(Policy::unknown(reason, value.origin.primary())))
        }
        Err(DocumentError::Syntax { message, span }) => invalid(message, span, out),
    }
}

/// The value with every key once.
fn once(value: &Value) -> Value {
    let mut value = value.clone();
    match &value.kind {
        Kind::Tuple(elements) => value.kind = Kind::Tuple(Arc::new(elements.iter().map(once).collect())),
        Kind::List(ty, elements) => {
            value.kind = Kind::List(ty.clone(), Arc::new(elements.iter().map(once).collect()));
        }
        Kind::Object(fields) => value.kind = Kind::Object(Arc::new(once_each(fields))),
        Kind::Map(ty, fields) => value.kind = Kind::Map(ty.clone(), Arc::new(once_each(fields))),
        _ => {}
    }
    value
}

fn once_each(fields: &Fields) -> Fields {
    let mut all = Fields::default();
    for (key, Field { key_span, value }) in fields.fields() {
        all.insert(Arc::clone(key), *key_span, once(value));
    }
    all
}

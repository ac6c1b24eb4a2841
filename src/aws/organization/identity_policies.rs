//! Policies of IAM identities that are meant to deny root something. No policy of an identity applies to root: nothing
//! can be attached to it (IAM User Guide, "Policy evaluation logic", and "AWS account root user").

use std::sync::Arc;

use crate::aws::iam::Policy;
use crate::resource::{Resource, Site};
use crate::value::Value;

use super::declared::lenient;
use super::fixes::Form;
use super::guards;

/// A policy of IAM that names root in a `Deny`.
#[derive(Clone, Debug)]
pub struct IdentityPolicy {
    /// The resource.
    pub site: Site,
    /// What it says.
    pub policy: Arc<Policy>,
    /// How that is written.
    pub form: Form,
}

/// Types with a document of an identity: where it stands, and the list that it is an element of, if any.
const KINDS: &[(&str, &str, &str)] = &[
    ("aws_iam_policy", "", "policy"),
    ("aws_iam_role_policy", "", "policy"),
    ("aws_iam_user_policy", "", "policy"),
    ("aws_iam_group_policy", "", "policy"),
    ("aws_iam_role", "inline_policy", "policy"),
    ("aws_ssoadmin_permission_set_inline_policy", "", "inline_policy"),
    ("awscc_iam_managed_policy", "", "policy_document"),
    ("AWS::IAM::Policy", "", "PolicyDocument"),
    ("AWS::IAM::ManagedPolicy", "", "PolicyDocument"),
    ("AWS::IAM::RolePolicy", "", "PolicyDocument"),
    ("AWS::IAM::UserPolicy", "", "PolicyDocument"),
    ("AWS::IAM::GroupPolicy", "", "PolicyDocument"),
    ("AWS::IAM::Role", "Policies", "PolicyDocument"),
    ("AWS::IAM::User", "Policies", "PolicyDocument"),
    ("AWS::IAM::Group", "Policies", "PolicyDocument"),
];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    KINDS.iter().any(|(known, ..)| *known == kind)
}

/// The policies of a resource that name root.
pub fn of(resource: &Resource<'_>) -> Vec<IdentityPolicy> {
    let Some((_, list, document)) = KINDS.iter().find(|(known, ..)| *known == resource.kind()) else {
        return Vec::new();
    };
    let documents: Vec<Value> = match *list {
        "" => vec![resource.get(document)],
        list => {
            let inline = resource.get(list);
            let documents = inline.elements().unwrap_or_default().iter();
            documents.filter_map(|policy| policy.fields()?.get(document).cloned()).collect()
        }
    };
    let policy = |document: &Value| {
        let policy = lenient(document).filter(|policy| guards::names_root(policy))?;
        let form = Form::of(document, resource.site.language);
        Some(IdentityPolicy { site: resource.site.clone(), policy, form })
    };
    documents.iter().filter_map(policy).collect()
}

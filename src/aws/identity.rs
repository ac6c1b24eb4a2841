//! The one table of attributes that name the same thing.
//!
//! `aws_iam_user.u.id`, `aws_iam_user.u.name` and `!Ref` of a user in CloudFormation are one and the same; so are an
//! organization's `roots[0].id` and `RootId`. Whoever joins references by their symbols compares canonical ones.

use std::sync::Arc;

use crate::value::Symbol;

/// Resource types, their attributes that name one thing, and that thing's name.
type Row = (&'static [&'static str], &'static [&'static str], &'static str);

/// Terraform: the provider's documentation, "Attribute Reference"; CloudFormation: "Return values" of each type.
const TABLE: &[Row] = &[
    (&["aws_iam_user", "AWS::IAM::User", "awscc_iam_user"], &["id", "name", "Ref", "user_name", "UserName"], "name"),
    (ORGANIZATION, &["roots[0].id", "roots[0].arn", "root_id", "RootId"], ROOT),
    (ORGANIZATION, &["master_account_id", "management_account_id", "ManagementAccountId"], MANAGEMENT),
    (ORGANIZATION, &["id", "Id", "Ref", "organization_id"], "id"),
    (
        &[
            "aws_organizations_organizational_unit",
            "AWS::Organizations::OrganizationalUnit",
            "awscc_organizations_organizational_unit",
        ],
        &["id", "arn", "Ref", "Id", "Arn", "organizational_unit_id"],
        "id",
    ),
    (
        &["aws_organizations_account", "AWS::Organizations::Account", "awscc_organizations_account"],
        &["id", "Ref", "AccountId", "account_id", "arn", "Arn"],
        "id",
    ),
    (
        &["aws_organizations_policy", "AWS::Organizations::Policy", "awscc_organizations_policy"],
        &["id", "Ref", "Id", "arn", "Arn", "policy_id"],
        "id",
    ),
    (&["aws_cloudwatch_event_rule", "AWS::Events::Rule", "awscc_events_rule"], &["id", "name", "Ref", "Name"], "name"),
];

const ORGANIZATION: &[&str] =
    &["aws_organizations_organization", "AWS::Organizations::Organization", "awscc_organizations_organization"];

/// The canonical attribute of an organization's root.
pub const ROOT: &str = "root";

/// The canonical attribute of the id of an organization's management account.
pub const MANAGEMENT: &str = "management account";

/// The symbol under the name that all attributes of the same thing share. Other attributes stay as they are.
pub fn canonical(symbol: &Symbol) -> Symbol {
    let same = TABLE
        .iter()
        .find(|(kinds, attributes, _)| kinds.contains(&&*symbol.kind) && attributes.contains(&&*symbol.attribute));
    Symbol {
        attribute: same.map_or_else(|| Arc::clone(&symbol.attribute), |(_, _, name)| Arc::from(*name)),
        ..symbol.clone()
    }
}

/// The canonical symbol of a value that is written into a text: unlike where references are joined, an ARN is not the id
/// within it.
pub fn same_text(symbol: &Symbol) -> Option<Symbol> {
    (!symbol.attribute.to_ascii_lowercase().ends_with("arn")).then(|| canonical(symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, attribute: &str) -> String {
        let symbol =
            Symbol { project: "p".into(), address: "x".into(), kind: kind.into(), attribute: attribute.into() };
        canonical(&symbol).attribute.to_string()
    }

    #[test]
    fn attributes_that_name_one_thing_are_one() {
        assert_eq!(of("aws_iam_user", "id"), of("aws_iam_user", "name"));
        assert_ne!(of("aws_iam_user", "id"), of("aws_iam_user", "arn"));
        assert_eq!(of("aws_organizations_organization", "roots[0].id"), "root");
        assert_eq!(of("AWS::Organizations::Organization", "RootId"), "root");
        assert_ne!(of("aws_organizations_organization", "id"), "root");
        assert_eq!(of("AWS::Organizations::OrganizationalUnit", "Ref"), "id");
        assert_eq!(of("aws_instance", "arn"), "arn");
    }

    #[test]
    fn an_arn_is_another_text_than_the_id_in_it() {
        let symbol = |attribute: &str| Symbol {
            project: "p".into(),
            address: "x".into(),
            kind: "aws_organizations_account".into(),
            attribute: attribute.into(),
        };
        assert_eq!(same_text(&symbol("arn")), None);
        assert_eq!(same_text(&symbol("id")), Some(symbol("id")));
    }
}

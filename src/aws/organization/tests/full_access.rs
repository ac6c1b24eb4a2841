//! Strategies of manifests, and the management account.

use super::{account, organization, pairs, root, text, unit, unit_id, verdicts};
use crate::aws::fake::{computed, resource, unknown};
use crate::resource::{Language, Resource};
use crate::value::Value;

const ALLOW: &str = r#"{"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}"#;
const DENY: &str = r#"{"Statement": {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*"}}"#;

/// A policy of a manifest.
fn policy(address: &str, content: &str, strategy: Value, targets: Value) -> Resource<'static> {
    let mut policy = resource(
        "AWS::Organizations::Policy",
        address,
        [
            ("Content", text(content)),
            ("Type", text("SERVICE_CONTROL_POLICY")),
            ("Strategy", strategy),
            ("TargetIds", targets),
        ],
    );
    policy.site.language = Language::Manifest;
    policy
}

fn list(targets: impl IntoIterator<Item = Value>) -> Value {
    Value::tuple(targets.into_iter().collect())
}

fn tree() -> Vec<Resource<'static>> {
    vec![organization(), unit("a", root("org")), unit("b", root("org")), account("one", None, unit_id("a"))]
}

fn with(policies: impl IntoIterator<Item = Resource<'static>>) -> Vec<(String, &'static str)> {
    verdicts(tree().into_iter().chain(policies).collect())
}

#[test]
fn an_allow_list_allows_only_what_it_lists() {
    let at = |strategy: &str| policy("p", ALLOW, text(strategy), list([unit_id("a")]));
    assert_eq!(with([at("allow-list")]), pairs(&[("a", "denied"), ("b", "not denied"), ("one", "denied")]));
    assert_eq!(with([at("deny-list")]), pairs(&[("a", "not denied"), ("b", "not denied"), ("one", "not denied")]));
    let at_root = policy("p", ALLOW, text("allow-list"), list([root("org")]));
    assert_eq!(with([at_root]), pairs(&[("a", "denied"), ("b", "denied"), ("one", "denied")]));
    let all = ALLOW.replace("ec2:*", "*");
    let everything = policy("p", &all, text("allow-list"), list([root("org")]));
    assert_eq!(with([everything]), pairs(&[("a", "not denied"), ("b", "not denied"), ("one", "not denied")]));
}

#[test]
fn a_strategy_counts_only_where_it_is_known() {
    let unknown_at = |reached: &'static str| pairs(&[("a", reached), ("b", "not denied"), ("one", reached)]);
    let allow = policy("p", ALLOW, text("allow-list"), list([unit_id("a")]));
    let deny = policy("q", ALLOW, text("deny-list"), list([unit_id("a")]));
    assert_eq!(with([allow, deny]), unknown_at("unknown"));
    assert_eq!(with([policy("p", ALLOW, unknown("x"), list([unit_id("a")]))]), unknown_at("unknown"));
    let everywhere = pairs(&[("a", "unknown"), ("b", "unknown"), ("one", "unknown")]);
    assert_eq!(with([policy("p", ALLOW, text("allow-list"), list([unknown("x")]))]), everywhere);
    assert_eq!(with([policy("p", ALLOW, text("allow-list"), unknown("x"))]), everywhere);
    assert_eq!(with([policy("p", ALLOW, Value::null(), list([unit_id("a")]))]), unknown_at("not denied"));
}

#[test]
fn only_manifests_have_strategies() {
    let mut other = policy("p", ALLOW, text("allow-list"), list([unit_id("a")]));
    other.site.language = Language::CloudFormation;
    assert_eq!(with([other]), pairs(&[("a", "not denied"), ("b", "not denied"), ("one", "not denied")]));
}

#[test]
fn a_policy_at_the_management_account_guards_nothing() {
    let management = computed("aws_organizations_organization", "org", "master_account_id");
    let uncovered = pairs(&[("a", "not denied"), ("b", "not denied"), ("one", "not denied")]);
    assert_eq!(with([policy("p", DENY, Value::null(), list([management]))]), uncovered);
    // What a tool still expands is no id, so it may be any.
    let open = pairs(&[("a", "unknown"), ("b", "unknown"), ("one", "unknown")]);
    assert_eq!(with([policy("p", DENY, Value::null(), list([text("Fn::Enum X ${account}")]))]), open);
}

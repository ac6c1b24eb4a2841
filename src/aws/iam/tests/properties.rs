//! Properties of all policies, over policies made of constants that meet each other.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::brute::denied;
use super::generator::{GeneratedLevel, Request, document, free_keys, levels, requests, statement};
use super::*;

fn parse(policies: &[Json]) -> Vec<Policy> {
    policies.iter().map(|policy| super::policy(&policy.to_string())).collect()
}

/// Policies of one level.
fn policies() -> impl Strategy<Value = Vec<Json>> {
    prop::collection::vec(document(1..4), 1..3)
}

/// How many requests one policy is tried with.
const MOST: usize = 6_000;

/// How much is denied: `None` if that is not known.
fn amount(verdict: &Verdict) -> Option<u8> {
    match verdict {
        Verdict::NotDenied(_) => Some(0),
        Verdict::Conditional(_) => Some(1),
        Verdict::Denied(_) => Some(2),
        Verdict::Unknown(_) => None,
    }
}

/// Whether `after` denies no less than `before`. What is sure stays sure: only a conditional verdict may become unknown,
/// where what the second denies of the rest is not known.
fn after_at_least(before: &Verdict, after: &Verdict) -> bool {
    match (amount(before), amount(after)) {
        (Some(before), Some(after)) => before <= after,
        (Some(2), None) | (None, Some(0)) => false,
        _ => true,
    }
}

/// Whether the verdict is that of every request, and the witness gets through.
fn agrees(concrete: &[GeneratedLevel], requests: &[Request]) -> Result<(), TestCaseError> {
    let parsed: Vec<Vec<Policy>> = concrete.iter().map(|(policies, _)| parse(policies)).collect();
    let levels: Vec<Level<'_>> = parsed
        .iter()
        .zip(concrete)
        .map(|(policies, (_, full_access))| Level {
            id: "level".into(),
            policies: policies.iter().map(Attached::from).collect(),
            full_access: *full_access,
        })
        .collect();
    let (mut some, mut all) = (false, true);
    for request in requests {
        let denied = denied(concrete, request);
        some |= denied;
        all &= denied;
        if some && !all {
            break;
        }
    }
    let expected = if all { "yes" } else { ["no", "conditional"][usize::from(some)] };
    let found = decide(&levels, &question());
    prop_assert_eq!(name(&found), expected, "{:?}", found);
    if let Verdict::NotDenied(escape) | Verdict::Conditional(escape) = &found {
        let values = |key: &str, value: &str| match key {
            "aws:CalledVia" => value.split(',').map(Into::into).collect(),
            _ => vec![value.to_string()],
        };
        let context = &escape.witness.context;
        let replayed = context.iter().map(|(key, value)| (key.to_lowercase(), values(key, value))).collect();
        prop_assert!(!denied(concrete, &replayed), "the witness is denied: {:?}", escape.witness);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_that_of_all_requests_on_three_keys(concrete in levels(2..=2)) {
        let text = format!("{concrete:?}");
        prop_assume!(free_keys(&text) >= 3 && concrete.iter().all(|(policies, _)| !policies.is_empty()));
        let requests = requests(&text, MOST);
        prop_assume!(requests.is_some());
        agrees(&concrete, &requests.unwrap_or_default())?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_that_of_all_requests(concrete in levels(1..=3)) {
        let requests = requests(&format!("{concrete:?}"), MOST);
        prop_assume!(requests.is_some());
        agrees(&concrete, &requests.unwrap_or_default())?;
    }

    #[test]
    fn another_deny_never_uncovers(policies in policies(), extra in statement()) {
        let before = verdict(&parse(&policies));
        let mut extra = extra;
        extra["Effect"] = json!("Deny");
        let mut more = policies;
        more.push(json!({"Version": "2012-10-17", "Statement": [extra]}));
        let after = verdict(&parse(&more));
        prop_assert!(after_at_least(&before, &after), "{:?}, then {:?}", before, after);
    }

    #[test]
    fn a_removed_attachment_never_covers(policies in policies(), which in any::<prop::sample::Index>()) {
        let before = verdict(&parse(&policies));
        let mut fewer = policies;
        fewer.remove(which.index(fewer.len()));
        let after = verdict(&parse(&fewer));
        prop_assert!(after_at_least(&after, &before), "{:?}, then {:?}", before, after);
    }

    #[test]
    fn a_wider_action_never_uncovers(policies in policies(), which in any::<prop::sample::Index>()) {
        let before = verdict(&parse(&policies));
        let mut wider = policies;
        let mut denies: Vec<&mut Json> = wider
            .iter_mut()
            .flat_map(|policy| policy["Statement"].as_array_mut().unwrap())
            .filter(|statement| statement["Effect"] == "Deny" && statement.get("Action").is_some())
            .collect();
        prop_assume!(!denies.is_empty());
        let count = denies.len();
        let statement = &mut denies[which.index(count)];
        let mut actions = vec![json!("iam:*Key")];
        match statement["Action"].take() {
            Json::Array(all) => actions.extend(all),
            one => actions.push(one),
        }
        statement["Action"] = json!(actions);
        let after = verdict(&parse(&wider));
        prop_assert!(after_at_least(&before, &after), "{:?}, then {:?}", before, after);
    }

    #[test]
    fn order_never_matters(policies in policies()) {
        let before = verdict(&parse(&policies));
        let mut turned = policies;
        turned.reverse();
        for policy in &mut turned {
            policy["Statement"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(name(&before), name(&verdict(&parse(&turned))));
    }

    #[test]
    fn what_becomes_known_contradicts_nothing(policies in policies(), which in any::<prop::sample::Index>()) {
        // One string of the policies, forgotten.
        let text = json!(policies).to_string();
        let strings: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
        let values: Vec<&&str> = strings.iter().filter(|s| !s.starts_with("aws:")).filter(|s| s.contains(['*', '/', '.']) || s.parse::<u64>().is_ok() || matches!(**s, "true" | "false" | "Deny")).collect();
        prop_assume!(!values.is_empty());
        let chosen = format!("\"{}\"", values[which.index(values.len())]);
        let with_value = verdict(&parse(&policies));
        for stand_in in ["\"<<var.x>>\"", "<<var.x>>"] {
            let forgotten = text.replace(&chosen, stand_in);
            let value = value(&forgotten);
            let policies: Vec<Policy> = value.elements().unwrap().iter().map(|policy| Policy::parse(policy).unwrap()).collect();
            let without = verdict(&policies);
            if !matches!(without, Verdict::Unknown(_)) {
                prop_assert_eq!(name(&without), name(&with_value), "{}", forgotten);
            }
        }
    }
}

//! The one text that makes a wrong part of a statement right, where there is only one.
//!
//! This changes less than the statement that a fault's help shows: what is right stays, an account that is named too.

use crate::aws::iam::CREATE_ACCESS_KEY;
use crate::aws::iam::condition::{Condition, Operator, Test};
use crate::aws::iam::policy::{Effect, Element, Item, Policy, Statement};
use crate::finding::{Change, Term};
use crate::source::Span;

use super::super::placeholders::is_unfilled;
use super::{Naming, Repair, is_root};

/// A part that was made right: what was done, in words, and what is to be written.
pub(super) type Righted = (String, Vec<Change>);

/// Makes a part of a statement right, in place.
///
/// # Errors
/// Why there is not one right answer.
pub(super) fn right(
    statement: &mut Statement,
    repair: &Repair,
    named: &str,
    partition: &str,
) -> Result<Righted, String> {
    match repair {
        Repair::Effect => effect(statement, named),
        Repair::Action => action(statement),
        Repair::Root(at) => condition(statement, *at, partition),
        Repair::Resource => Err("what the statement is to be about is for you to say".into()),
        Repair::Without(_) => Err("whether a condition goes or is changed is for you to say".into()),
    }
}

/// Whether a statement is about root's requests and nobody else's.
fn is_about_root_only(statement: &Statement) -> bool {
    Naming::of(statement).asks.iter().any(|at| {
        let condition = statement.conditions.get(*at);
        condition.is_some_and(|condition| condition.values.iter().all(|value| is_root(condition, value)))
    })
}

/// Whether a policy denies nothing to anybody but root, so that all accounts may have it.
pub(in crate::aws::organization) fn denies_only_root(policy: &Policy) -> bool {
    let all = |element: &Element| {
        !element.negated && element.values.iter().any(|item| item.as_known().as_deref() == Some("*"))
    };
    policy.statements.iter().all(|statement| match statement.effect {
        Effect::Deny => is_about_root_only(statement),
        Effect::Allow => all(&statement.actions) && all(&statement.resources) && statement.conditions.is_empty(),
        Effect::Unknown(_) => false,
    })
}

/// An `Allow` is a mistake where its name says so, and where nobody but root would be denied anything.
fn effect(statement: &mut Statement, named: &str) -> Result<Righted, String> {
    if !is_about_root_only(statement) {
        return Err("a deny would be about others than root, too".into());
    }
    let intended = statement.sid.as_deref().and_then(intent).or_else(|| intent(named));
    if intended != Some(Intent::Deny) {
        return Err("neither the statement's `Sid` nor the policy's name says that it is to deny".into());
    }
    // A default stands where the whole statement does. So does everything of a text that is written with escapes.
    let is_default = statement.effect_span == statement.span && statement.actions.span != statement.span;
    let written = statement.effect_span.filter(|_| !is_default);
    let change = match (written, statement.span) {
        (Some(span), _) => Change::Text { span, was: "Allow".into(), text: "Deny".into() },
        (None, Some(of)) => Change::Argument { of, name: "effect", value: Term::Text("Deny".into()) },
        (None, None) => return Err("it is not known where the statement is written".into()),
    };
    statement.effect = Effect::Deny;
    Ok(("make the effect `Deny`".into(), vec![change]))
}

/// The action that is nearly the one that makes keys.
fn action(statement: &mut Statement) -> Result<Righted, String> {
    let near = |item: &&mut Item| item.as_known().is_some_and(|action| super::is_nearly_the_action(&action));
    let item = statement.actions.values.iter_mut().find(near).ok_or("it is not known which action is meant")?;
    let change = text(item, CREATE_ACCESS_KEY)?;
    Ok((format!("write the action `{CREATE_ACCESS_KEY}`"), vec![change]))
}

/// A condition that names root, but not by its name.
fn condition(statement: &mut Statement, at: usize, partition: &str) -> Result<Righted, String> {
    let condition = statement.conditions.get_mut(at).ok_or("the condition is not known")?;
    if condition.operator.negated {
        return Err("it exempts root: what it is to do is for you to say".into());
    }
    let (mut changes, mut done) = (Vec::new(), Vec::new());
    let wrong: Vec<(usize, String)> = {
        let condition = &*condition;
        let named = condition.values.iter().enumerate().filter(|(_, value)| is_root(condition, value));
        named.map(|(at, value)| Ok((at, root(condition, value, partition)?))).collect::<Result<_, String>>()?
    };
    for (at, righted) in wrong {
        let Some(item) = condition.values.get_mut(at) else { continue };
        if item.as_known().as_deref() != Some(&*righted) {
            changes.push(text(item, &righted)?);
            done.push(format!("write `{righted}`"));
        }
    }
    let wild = condition.values.iter().any(|value| value.shown().contains(['*', '?']));
    if wild && !matches!(condition.operator.test, Test::Like | Test::Arn) {
        let name = with_wildcards(&condition.operator).ok_or("no operator like it takes wildcards")?;
        let span = condition.operator_span.ok_or("it is not known where the operator is written")?;
        changes.push(Change::Text { span, was: condition.operator.name.clone(), text: name.clone() });
        done.push(format!("compare by `{name}`"));
        condition.operator = Operator::parse(&name).ok_or("there is no such operator")?;
    }
    if changes.is_empty() {
        return Err("it is not the name of root that is wrong".into());
    }
    Ok((done.join(" and "), changes))
}

/// What a value that is meant for root is to be.
fn root(condition: &Condition, value: &Item, partition: &str) -> Result<String, String> {
    match &*condition.key.to_ascii_lowercase() {
        "aws:principaltype" => Ok("Account".into()),
        "aws:principalarn" => {
            let written = value.as_known().ok_or("a part of it is not known")?;
            root_arn(&written, partition).map_err(str::to_owned)
        }
        key => Err(format!("`{key}` is not the key to name root by")),
    }
}

/// The ARN of root that an ARN was meant to be; what it says of partition and account stays if it can be right.
fn root_arn(written: &str, partition: &str) -> Result<String, &'static str> {
    let segments: Vec<&str> = written.split(':').collect();
    let ["arn", named, _, middle @ .., last] = &segments[..] else { return Err("it is no ARN") };
    if !last.eq_ignore_ascii_case("root") && *last != "user/root" {
        return Err("whether it means root is for you to say");
    }
    let unsure = "which account is meant is for you to say";
    let is_right = *named == partition || named.contains(['*', '?']);
    let named = if is_right { named } else { "*" };
    let is_account = |text: &str| {
        let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) && !is_unfilled(text);
        digits || (text.contains(['*', '?']) && text.bytes().all(|byte| byte.is_ascii_digit() || b"*?".contains(&byte)))
    };
    let account = match middle {
        // What stands in the place of the Region is none of the account's business.
        [_, account] if is_account(account) => account,
        [_, ""] => "*",
        [_, _] => return Err(unsure),
        middle => match middle.iter().copied().filter(|text| !text.is_empty()).collect::<Vec<_>>()[..] {
            [] => "*",
            [account] if is_account(account) => account,
            _ => return Err(unsure),
        },
    };
    Ok(format!("arn:{named}:iam::{account}:root"))
}

/// The operator of the same kind in which `*` stands for any characters.
fn with_wildcards(operator: &Operator) -> Option<String> {
    let plain = matches!(operator.test, Test::Equals | Test::EqualsIgnoreCase);
    let (head, rest) = operator.name.split_once(':').map_or(("", &*operator.name), |(head, rest)| (head, rest));
    let rest = rest.strip_prefix("StringEqualsIgnoreCase").or_else(|| rest.strip_prefix("StringEquals"))?;
    let colon = if head.is_empty() { "" } else { ":" };
    plain.then(|| format!("{head}{colon}StringLike{rest}"))
}

/// Writes a string anew.
fn text(item: &mut Item, text: &str) -> Result<Change, String> {
    let was = item.as_known().ok_or("a part of it is not known")?;
    let span: Span = item.span.ok_or("it is not known where it is written")?;
    *item = Item { span: Some(span), ..Item::known(text) };
    Ok(Change::Text { span, was, text: text.into() })
}

/// What a name says that a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Intent {
    Deny,
    Allow,
}

/// What the words of a name say; nothing if they say neither, or both.
fn intent(name: &str) -> Option<Intent> {
    const DENY: [&str; 8] = ["deny", "denie", "block", "prevent", "forbid", "disallow", "prohibit", "restrict"];
    const ALLOW: [&str; 7] = ["allow", "permit", "grant", "enable", "except", "not", "dont"];
    let words = words(name);
    let any = |list: &[&str]| words.iter().any(|word| list.iter().any(|known| word.starts_with(known)));
    match (any(&DENY), any(&ALLOW)) {
        (true, false) => Some(Intent::Deny),
        // Also with both, since whoever reads it cannot tell: another name must not decide then.
        (_, true) => Some(Intent::Allow),
        (false, false) => None,
    }
}

/// The words of `DenyRootKeys`, `deny-root-keys` and `deny_root_keys`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        let starts = !c.is_alphanumeric() || (c.is_uppercase() && lower);
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase() || c.is_numeric();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_of_an_arn_stays() {
        for (written, right) in [
            ("arn:aws:iam::root", "arn:aws:iam::*:root"),
            ("arn:aws:iam:*:root", "arn:aws:iam::*:root"),
            ("arn:aws:iam:::root", "arn:aws:iam::*:root"),
            ("arn:aws:iam:111122223333:root", "arn:aws:iam::111122223333:root"),
            ("arn:aws:iam:::*:root", "arn:aws:iam::*:root"),
            ("arn:aws-cn:iam::111122223333:root", "arn:*:iam::111122223333:root"),
            ("arn:*:sts::*:root", "arn:*:iam::*:root"),
            ("arn:aws:iam:us-east-1:*:root", "arn:aws:iam::*:root"),
            ("arn:aws:iam::*:user/root", "arn:aws:iam::*:root"),
            ("arn:aws:iam::*:ROOT", "arn:aws:iam::*:root"),
            ("arn:aws:iam::1111*:root", "arn:aws:iam::1111*:root"),
        ] {
            assert_eq!(root_arn(written, "aws").as_deref(), Ok(right), "{written}");
        }
        for unsure in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::ACCOUNT:root",
            "arn:aws:iam::*:role/root",
            "*:root",
            "arn:aws:iam:1:2:3:root",
            "arn:aws:iam::*:user/x",
        ] {
            assert!(root_arn(unsure, "aws").is_err(), "{unsure}");
        }
    }

    #[test]
    fn a_name_says_what_it_is_for_or_nothing() {
        for (name, says) in [
            ("DenyRootKeys", Some(Intent::Deny)),
            ("deny_root", Some(Intent::Deny)),
            ("no-root-PREVENT", Some(Intent::Deny)),
            ("disallowRoot", Some(Intent::Deny)),
            ("RestrictRootUser", Some(Intent::Deny)),
            ("AllowRoot", Some(Intent::Allow)),
            ("DontDenyRoot", Some(Intent::Allow)),
            ("DenyAllExceptRoot", Some(Intent::Allow)),
            ("DoNotDeny", Some(Intent::Allow)),
            ("root", None),
            ("Sudden", None),
        ] {
            assert_eq!(intent(name), says, "{name}");
        }
    }

    #[test]
    fn operators_keep_their_qualifiers() {
        let of = |name: &str| with_wildcards(&Operator::parse(name).unwrap());
        assert_eq!(of("StringEquals").as_deref(), Some("StringLike"));
        assert_eq!(of("ForAnyValue:StringEqualsIfExists").as_deref(), Some("ForAnyValue:StringLikeIfExists"));
        assert_eq!(of("StringEqualsIgnoreCase").as_deref(), Some("StringLike"));
        assert_eq!(of("Bool"), None);
    }
}

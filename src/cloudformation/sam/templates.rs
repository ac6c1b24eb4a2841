//! SAM's policy templates and connector profiles, as tables.
//!
//! A line of a table is a statement: the service, its actions, `@` (`@@` if it is a list) and the resources; after `?` a
//! condition. A resource is an ARN without its beginning, `{Name}` an argument.

use super::make::{Make, given};
use crate::syntax::node::Node;

/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html>
const POLICIES: &str = include_str!("policy_templates.txt");

/// The document that a policy template makes with its arguments; `None` if there is no such template, or it lacks an
/// argument.
pub(super) fn policy(name: &str, arguments: &Node, make: Make) -> Option<Node> {
    let mut lines = POLICIES.lines().skip_while(|line| *line != name);
    lines.next()?;
    let statements = lines.map_while(|line| line.strip_prefix(' '));
    let argument = |name: &str| given(arguments, name).cloned();
    let statements = statements.map(|line| statement(line, &argument, make)).collect::<Option<Vec<_>>>()?;
    Some(make.map([("Statement", make.list(statements))]))
}

/// A statement of a table.
pub(super) fn statement(line: &str, argument: &dyn Fn(&str) -> Option<Node>, make: Make) -> Option<Node> {
    let (line, condition) = line.split_once(" ? ").map_or((line, None), |(line, condition)| (line, Some(condition)));
    let (actions, resources) = line.split_once(" @")?;
    let mut actions = actions.split(' ');
    let service = actions.next()?;
    let (service, single) = service.strip_prefix('=').map_or((service, false), |service| (service, true));
    let mut actions = actions.map(|action| make.text(format!("{service}:{action}")));
    let action = if single { actions.next()? } else { make.list(actions) };
    let (resources, list) = resources.strip_prefix("@ ").map_or((resources.trim(), false), |all| (all, true));
    let mut resources = resources.split(' ').map(|resource| arn(resource, argument, make));
    let resource = if list { make.list(resources.collect::<Option<Vec<_>>>()?) } else { resources.next()?? };
    let mut entries = vec![("Action", action), ("Effect", make.text("Allow")), ("Resource", resource)];
    if let Some(condition) = condition {
        let [operator, key, value] = <[&str; 3]>::try_from(condition.split(' ').collect::<Vec<_>>()).ok()?;
        let value = make.map([(key, arn(value, argument, make)?)]);
        entries.push(("Condition", make.map([(operator, value)])));
    }
    Some(make.map(entries))
}

/// A resource of a table: `*`, an argument (with something after it), or an ARN.
pub(super) fn arn(text: &str, argument: &dyn Fn(&str) -> Option<Node>, make: Make) -> Option<Node> {
    if text == "*" {
        return Some(make.text(text));
    }
    let mut pattern = match text.split_once(':').filter(|_| !text.starts_with('{')) {
        Some((service, path)) if path.starts_with("::") => format!("arn:${{AWS::Partition}}:{service}:{path}"),
        Some((service, path)) => {
            format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{path}")
        }
        None => text.to_owned(),
    };
    let mut variables = Vec::new();
    for part in text.split('{').skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        variables.push((name, argument(name)?));
        if !pattern.contains(&format!("${{{name}}}")) {
            pattern = pattern.replace(&format!("{{{name}}}"), &format!("${{{name}}}"));
        }
    }
    Some(if variables.is_empty() {
        make.substituted(pattern)
    } else {
        make.substituted_with(pattern, make.map(variables))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};

    fn make() -> Make {
        Make(Span::start_of(Sources::default().file("t.yaml".into())))
    }

    /// The names in braces in a text.
    fn names(text: &str) -> Vec<&str> {
        text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
    }

    #[test]
    fn each_policy_template_makes_statements_of_its_arguments() {
        let mut templates = 0;
        let lines: Vec<&str> = POLICIES.lines().collect();
        for (at, name) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with(' ')) {
            templates += 1;
            let body: Vec<&&str> = lines.iter().skip(at + 1).take_while(|line| line.starts_with(' ')).collect();
            let wanted: Vec<&str> = body.iter().flat_map(|line| names(line)).collect();
            let arguments = make().map(wanted.iter().map(|name| (*name, make().text("x"))));
            let policy = policy(name, &arguments, make()).unwrap_or_else(|| panic!("{name}"));
            let statements = policy.get("Statement").and_then(Node::as_sequence).unwrap();
            assert_eq!(statements.len(), body.len(), "{name}");
            for statement in statements {
                let action = statement.get("Action").unwrap();
                let first = action.as_sequence().map_or(Some(action), <[Node]>::first).and_then(Node::as_str).unwrap();
                assert!(first.contains(':') && !first.contains(' '), "{name}: {first}");
                assert!(statement.get("Resource").is_some_and(|node| !format!("{node:?}").contains("@")), "{name}");
            }
            // Without its arguments there is no such policy.
            assert_eq!(wanted.is_empty(), super::policy(name, &make().map([]), make()).is_some(), "{name}");
        }
        assert_eq!(templates, 81);
    }

    #[test]
    fn a_template_writes_its_argument_into_the_arn() {
        let arguments = make().map([("BucketName", make().reference("Bucket"))]);
        let policy = policy("S3ReadPolicy", &arguments, make()).unwrap();
        let statement = policy.get("Statement").and_then(Node::as_sequence).unwrap().first().unwrap();
        let resources = statement.get("Resource").and_then(Node::as_sequence).unwrap();
        let patterns = resources.iter().map(|node| node.get("Fn::Sub").unwrap().as_sequence().unwrap());
        let patterns: Vec<_> = patterns.map(|sub| sub.first().unwrap().as_str().unwrap()).collect();
        assert_eq!(
            patterns,
            ["arn:${AWS::Partition}:s3:::${BucketName}", "arn:${AWS::Partition}:s3:::${BucketName}/*"]
        );
    }
}

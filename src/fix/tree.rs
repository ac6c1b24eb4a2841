//! Arguments and resources written into YAML and JSON: CloudFormation templates and Terraform's JSON syntax.

use camino::Utf8Path;

use super::edit::Edit;
use super::write::is_plain;
use crate::finding::Term;
use crate::source::Span;
use crate::syntax::node::Node;
use crate::syntax::{json, yaml};

/// What is said where a form is not known.
const FORM: &str = "it is written in a form that is not edited by itself";

/// How values are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// A CloudFormation template.
    Template,
    /// Terraform's JSON syntax.
    Terraform,
}

impl Dialect {
    fn of(path: &Utf8Path) -> Self {
        let name = path.file_name().unwrap_or_default();
        let is_terraform = name.ends_with(".tf.json") || name.ends_with(".tofu.json");
        if is_terraform { Self::Terraform } else { Self::Template }
    }
}

fn documents(text: &str, span: Span) -> Result<Vec<Node>, String> {
    let start = Span::start_of(span.file);
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    if is_json && let Ok(node) = json::parse(text, start.file) {
        return Ok(vec![node]);
    }
    yaml::parse(text, start.file).map_err(|error| error.message)
}

/// The value of the key at `span`.
fn find(node: &Node, span: Span) -> Option<&Node> {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if !node.span.contains(span) {
            continue;
        }
        for (key, value) in node.as_mapping().into_iter().flatten() {
            if key.span == span || key.as_scalar().is_some_and(|key| key.content == span) {
                return Some(value);
            }
            open.push(value);
        }
        open.extend(node.as_sequence().into_iter().flatten());
    }
    None
}

/// A value on one line, as JSON, which YAML takes, too.
fn flow(value: &Term, dialect: Dialect) -> Result<String, String> {
    Ok(match (value, dialect) {
        (Term::Text(text), _) if is_plain(text) => format!("\"{text}\""),
        (Term::Text(_), _) => return Err("what is to stand there would have to be escaped".into()),
        (Term::Attribute(of, name), Dialect::Terraform) => format!("\"${{{of}.{name}}}\""),
        (Term::Attribute(of, name), Dialect::Template) => format!("{{ \"Fn::GetAtt\": [\"{of}\", \"{name}\"] }}"),
        (Term::List(values), _) => {
            let values: Result<Vec<String>, String> = values.iter().map(|value| flow(value, dialect)).collect();
            format!("[{}]", values?.join(", "))
        }
        (Term::Map(fields), _) => {
            let field = |(name, value): &(String, Term)| Ok(format!("\"{name}\": {}", flow(value, dialect)?));
            let fields: Result<Vec<String>, String> = fields.iter().map(field).collect();
            format!("{{ {} }}", fields?.join(", "))
        }
    })
}

/// The same in a block of YAML.
fn block(value: &Term) -> Result<String, String> {
    match value {
        Term::Attribute(of, name) => Ok(format!("!GetAtt {of}.{name}")),
        Term::List(values) => {
            let values: Result<Vec<String>, String> = values.iter().map(block).collect();
            Ok(format!("[{}]", values?.join(", ")))
        }
        other => flow(other, Dialect::Template),
    }
}

/// One more entry of a mapping, before its first one.
fn entry(text: &str, mapping: &Node, name: &str, value: &Term, dialect: Dialect) -> Result<Edit, String> {
    let entries = mapping.as_mapping().ok_or(FORM)?;
    if entries.iter().any(|(key, _)| key.as_str() == Some(name)) {
        return Err(format!("`{name}` is said already"));
    }
    let start = mapping.span.start as usize;
    let is_flow = text.get(start..).is_some_and(|rest| rest.starts_with('{'));
    let Some((first, _)) = entries.first().filter(|(key, _)| mapping.span.contains(key.span)) else {
        let written = format!("{{ \"{name}\": {} }}", flow(value, dialect)?);
        let is_empty = is_flow && entries.is_empty();
        let range = start..mapping.span.end as usize;
        return if is_empty { Ok(Edit { range, text: written }) } else { Err(FORM.into()) };
    };
    let at = first.span.start as usize;
    let before = text.get(..at).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |line| line + 1);
    let indent = before.get(line..).unwrap_or_default();
    let is_own_line = indent.chars().all(|c| matches!(c, ' ' | '\t'));
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let written = match (is_flow, is_own_line) {
        (true, true) => format!("\"{name}\": {},{end}{indent}", flow(value, dialect)?),
        (true, false) => format!("\"{name}\": {}, ", flow(value, dialect)?),
        (false, true) => format!("{name}: {}{end}{indent}", block(value)?),
        (false, false) => return Err(FORM.into()),
    };
    Ok(Edit::insert(at, written))
}

/// One more argument of a resource whose name is written at `of`.
pub(super) fn argument(text: &str, path: &Utf8Path, of: Span, name: &str, value: &Term) -> Result<Edit, String> {
    let dialect = Dialect::of(path);
    let documents = documents(text, of)?;
    let found = documents.iter().find_map(|document| find(document, of)).ok_or(FORM)?;
    let arguments = match (dialect, found.as_sequence()) {
        (Dialect::Template, _) => found.get("Properties").ok_or(FORM)?,
        (Dialect::Terraform, Some([one])) => one,
        (Dialect::Terraform, Some(_)) => return Err(FORM.into()),
        (Dialect::Terraform, None) => found,
    };
    match arguments.get(name) {
        // An empty list says nothing yet.
        Some(said) if said.as_sequence().is_some_and(<[Node]>::is_empty) => {
            let range = said.span.start as usize..said.span.end as usize;
            Ok(Edit { range, text: flow(value, dialect)? })
        }
        _ => entry(text, arguments, name, value, dialect),
    }
}

/// One more resource in Terraform's JSON syntax.
pub(super) fn resource(
    text: &str,
    path: &Utf8Path,
    beside: Span,
    kind: &str,
    name: &str,
    arguments: &[(&'static str, Term)],
) -> Result<Edit, String> {
    let dialect = Dialect::of(path);
    if dialect != Dialect::Terraform {
        return Err(FORM.into());
    }
    let documents = documents(text, beside)?;
    let resources = documents.first().and_then(|document| document.get("resource")).ok_or(FORM)?;
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    match resources.get(kind) {
        None => entry(text, resources, kind, &Term::Map(vec![(name.to_owned(), Term::Map(arguments))]), dialect),
        Some(of_kind) => entry(text, of_kind, name, &Term::Map(arguments), dialect),
    }
}

#[cfg(test)]
mod tests {
    use super::super::edit::Edits;
    use super::*;
    use crate::source::Sources;

    fn span(text: &str, of: &str) -> Span {
        let at = text.find(of).unwrap();
        Span::new(Sources::default().file("a".into()), at, at + of.len())
    }

    fn applied(text: &str, edit: Result<Edit, String>) -> String {
        let mut edits = Edits::default();
        edits.add("a".into(), edit.unwrap()).unwrap();
        edits.apply("a".into(), text)
    }

    fn targets() -> Term {
        Term::List(vec![Term::Attribute("Org".into(), "RootId".into())])
    }

    #[test]
    fn a_template_gets_targets_in_its_own_form() {
        let with =
            |text: &str, of: &str| applied(text, argument(text, "t".into(), span(text, of), "TargetIds", &targets()));
        assert_eq!(
            with("Resources:\n  P:\n    Properties:\n      Name: x\n", "P"),
            "Resources:\n  P:\n    Properties:\n      TargetIds: [!GetAtt Org.RootId]\n      Name: x\n"
        );
        assert_eq!(
            with("Resources:\n  P:\n    Properties: {Name: x}\n", "P"),
            "Resources:\n  P:\n    Properties: {\"TargetIds\": [{ \"Fn::GetAtt\": [\"Org\", \"RootId\"] }], Name: x}\n"
        );
        assert_eq!(
            with("{\"Resources\": {\"P\": {\"Properties\": {\n  \"Name\": \"x\"\n}}}}", "\"P\""),
            "{\"Resources\": {\"P\": {\"Properties\": {\n  \"TargetIds\": [{ \"Fn::GetAtt\": [\"Org\", \"RootId\"] }],\n  \
             \"Name\": \"x\"\n}}}}"
        );
        assert_eq!(
            with("Resources:\n  P:\n    Properties:\n      TargetIds: []\n", "P"),
            "Resources:\n  P:\n    Properties:\n      TargetIds: [{ \"Fn::GetAtt\": [\"Org\", \"RootId\"] }]\n"
        );
        for text in ["Resources:\n  P:\n    Properties:\n      TargetIds: [x]\n", "Resources:\n  P:\n    Type: x\n"] {
            assert!(argument(text, "t".into(), span(text, "P"), "TargetIds", &targets()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_resource_is_written_in_json() {
        let with = |text: &str| {
            let arguments = [("triggers", Term::Map(vec![("r".into(), Term::Attribute("a.b".into(), "id".into()))]))];
            applied(
                text,
                resource(text, "a.tf.json".into(), span(text, "\"resource\""), "time_static", "x", &arguments),
            )
        };
        assert_eq!(
            with("{\"resource\": {\n  \"a\": {}\n}}"),
            "{\"resource\": {\n  \"time_static\": { \"x\": { \"triggers\": { \"r\": \"${a.b.id}\" } } },\n  \"a\": {}\n}}"
        );
        assert_eq!(
            with("{\"resource\": {\"time_static\": {\"y\": {}}}}"),
            "{\"resource\": {\"time_static\": {\"x\": { \"triggers\": { \"r\": \"${a.b.id}\" } }, \"y\": {}}}}"
        );
    }
}

//! Arguments and resources written into HCL, laid out as `terraform fmt` would.

use super::edit::Edit;
use super::write::is_plain;
use crate::finding::Term;
use crate::source::Span;
use crate::syntax::hcl::{self, Block, Body, Place};

/// How the lines of a text end.
fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The spaces before what starts at `at`, if nothing else stands before it on its line.
fn indent(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let start = before.rfind('\n').map_or(0, |line| line + 1);
    before.get(start..).filter(|before| before.chars().all(|c| matches!(c, ' ' | '\t')))
}

/// The block whose header, or all of which, is `span`.
fn find(body: &Body, span: Span) -> Option<&Block> {
    let within = body.blocks.iter().find(|block| block.span.contains(span))?;
    let is_it = within.span == span || within.header == span;
    if is_it { Some(within) } else { find(&within.body, span) }
}

fn block(text: &str, span: Span) -> Result<Block, String> {
    let (body, _) = hcl::parse_file(text, Place::At(span.file, 0));
    let found = find(&body, span).cloned();
    found.ok_or_else(|| "it is written in a form that is not edited by itself".to_owned())
}

/// A value as HCL; `indent` is that of the line it starts on.
fn term(value: &Term, indent: &str, end: &str) -> Result<String, String> {
    Ok(match value {
        Term::Text(text) if is_plain(text) => format!("\"{text}\""),
        Term::Text(_) => return Err("what is to stand there would have to be escaped".into()),
        Term::Attribute(of, name) => format!("{of}.{name}"),
        Term::List(values) => {
            let values: Result<Vec<String>, String> = values.iter().map(|value| term(value, indent, end)).collect();
            format!("[{}]", values?.join(", "))
        }
        Term::Map(fields) => {
            let inner = format!("{indent}  ");
            let mut text = format!("{{{end}");
            for (name, value) in fields {
                text.push_str(&format!("{inner}{name} = {}{end}", term(value, &inner, end)?));
            }
            format!("{text}{indent}}}")
        }
    })
}

/// One more argument of a block.
pub(super) fn argument(text: &str, of: Span, name: &str, value: &Term) -> Result<Edit, String> {
    let block = block(text, of)?;
    if block.body.attribute(name).is_some() {
        return Err(format!("`{name}` is said already"));
    }
    let end = line_end(text);
    let one_line = "the block is written on one line";
    let outer = indent(text, block.span.start as usize).ok_or(one_line)?;
    let first = block.body.attributes.iter().min_by_key(|attribute| attribute.name.span.start);
    let Some(first) = first else {
        // Nothing but the closing brace, or blocks: right after the opening brace.
        let header = block.header.end as usize;
        let brace = text.get(header..).and_then(|rest| rest.find('{')).map(|at| header + at + 1).ok_or(one_line)?;
        let inner = format!("{outer}  ");
        let value = term(value, &inner, end)?;
        let rest = text.get(brace..).unwrap_or_default();
        let closes = rest.trim_start_matches([' ', '\t']).starts_with('}');
        let after = if closes { format!("{end}{outer}") } else { String::new() };
        return Ok(Edit::insert(brace, format!("{end}{inner}{name} = {value}{after}")));
    };
    let start = first.name.span.start as usize;
    let inner = indent(text, start).ok_or(one_line)?;
    let value = term(value, inner, end)?;
    // Equals signs of neighbours stand in one column.
    let until_equals = text.get(start..first.value.span.start as usize).and_then(|text| text.find('='));
    let width = until_equals.map_or(name.len(), |at| at.saturating_sub(1)).max(name.len());
    let lines = text.get(start..first.value.span.end as usize).unwrap_or_default().contains('\n');
    let is_name = matches!(&*first.name.text, "sid" | "name");
    if is_name && !lines && !value.contains('\n') {
        let after = first.value.span.end as usize;
        let rest = text.get(after..).unwrap_or_default();
        let at = rest.find('\n').map_or(text.len(), |line| after + line);
        let at = if text.get(..at).is_some_and(|before| before.ends_with('\r')) { at - 1 } else { at };
        return Ok(Edit::insert(at, format!("{end}{inner}{name:width$} = {value}")));
    }
    if value.contains('\n') {
        return Ok(Edit::insert(start, format!("{name} = {value}{end}{inner}")));
    }
    Ok(Edit::insert(start, format!("{name:width$} = {value}{end}{inner}")))
}

/// One more resource behind a block.
pub(super) fn resource(
    text: &str,
    beside: Span,
    kind: &str,
    name: &str,
    arguments: &[(&str, Term)],
) -> Result<Edit, String> {
    let block = block(text, beside)?;
    let end = line_end(text);
    let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut written = format!("{end}{end}resource \"{kind}\" \"{name}\" {{{end}");
    for (name, value) in arguments {
        written.push_str(&format!("  {name:width$} = {}{end}", term(value, "  ", end)?));
    }
    written.push('}');
    let after = block.span.end as usize;
    let rest = text.get(after..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    // A comment behind the brace stays there.
    let at = after + line.trim_end_matches('\r').len();
    Ok(Edit::insert(at, written))
}

#[cfg(test)]
mod tests {
    use super::super::edit::Edits;
    use super::*;
    use crate::source::Sources;

    fn span(text: &str, of: &str) -> Span {
        let at = text.find(of).unwrap();
        Span::new(Sources::default().file("a.tf".into()), at, at + of.len())
    }

    fn applied(text: &str, edit: Result<Edit, String>) -> String {
        let mut edits = Edits::default();
        edits.add("a".into(), edit.unwrap()).unwrap();
        edits.apply("a".into(), text)
    }

    #[test]
    fn an_argument_stands_beside_its_neighbours() {
        let deny = Term::Text("Deny".into());
        let with = |text: &str| applied(text, argument(text, span(text, "statement"), "effect", &deny));
        assert_eq!(
            with("data \"x\" \"y\" {\n  statement {\n    sid       = \"a\" # why\n    resources = []\n  }\n}\n"),
            "data \"x\" \"y\" {\n  statement {\n    sid       = \"a\" # why\n    effect    = \"Deny\"\n    resources = []\n  }\n}\n"
        );
        assert_eq!(
            with("statement {\r\n  actions   = [\r\n  ]\r\n}\r\n"),
            "statement {\r\n  effect    = \"Deny\"\r\n  actions   = [\r\n  ]\r\n}\r\n"
        );
        assert_eq!(with("statement {}\n"), "statement {\n  effect = \"Deny\"\n}\n");
        assert_eq!(with("statement {\n  x {}\n}\n"), "statement {\n  effect = \"Deny\"\n  x {}\n}\n");
        for text in ["statement { sid = \"a\" }\n", "statement {\n  effect = null\n}\n"] {
            assert!(argument(text, span(text, "statement"), "effect", &deny).is_err(), "{text}");
        }
    }

    #[test]
    fn a_resource_stands_behind_its_neighbour() {
        let text = "resource \"a\" \"b\" {\n  x = 1\n} # end\n\nresource \"c\" \"d\" {}\n";
        let beside = span(text, "resource \"a\" \"b\"");
        let triggers = Term::Map(vec![("rotated".into(), Term::Attribute("time_rotating.x".into(), "id".into()))]);
        assert_eq!(
            applied(text, resource(text, beside, "time_static", "x", &[("triggers", triggers)])),
            "resource \"a\" \"b\" {\n  x = 1\n} # end\n\nresource \"time_static\" \"x\" {\n  triggers = {\n    \
             rotated = time_rotating.x.id\n  }\n}\n\nresource \"c\" \"d\" {}\n"
        );
    }
}

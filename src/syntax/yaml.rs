//! YAML into the tree that JSON becomes too. The only file that knows the YAML library.
//!
//! Aliases are replaced by what they stand for, within a budget; merge keys (`<<`) are applied; repeated keys are kept.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use crate::source::{FileId, Span};
use crate::syntax::node::{MAX_NODES, Node, NodeKind, Scalar, Style, SyntaxError, Tag, Texts, exact};

/// How deeply collections may be nested, aliases replaced.
pub const MAX_DEPTH: usize = 256;

/// How many nodes aliases may add to a file: enough for any real one, too few for a file of a few lines whose aliases
/// multiply.
const ALIAS_BUDGET: usize = 200_000;

/// The documents of a YAML text that is the content of `file`.
///
/// # Errors
/// The first syntax error, an alias without anchor or within its own anchor, too much nesting, too many aliases, or
/// text that is UTF-16.
pub fn parse(text: &str, file: FileId) -> Result<Vec<Node>, SyntaxError> {
    parse_at(text, Span::start_of(file))
}

/// The documents of a YAML text that stands at the start of `base`.
///
/// # Errors
/// As [`parse`].
pub fn parse_at(text: &str, base: Span) -> Result<Vec<Node>, SyntaxError> {
    parse_at_most(MAX_NODES, text, base)
}

fn parse_at_most(nodes: usize, text: &str, base: Span) -> Result<Vec<Node>, SyntaxError> {
    // The library takes it for the end of the text, and what comes after it would be lost.
    if let Some(at) = text.bytes().position(|byte| byte == 0) {
        let message = "a zero byte: YAML has none; UTF-16, which has, is not read".into();
        return Err(SyntaxError { message, span: located(base, at, at + 1) });
    }
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    let fault = |error: &ScanError| {
        let mut at = error.marker().byte_offset().unwrap_or_default();
        // A forbidden tab is reported once it has been read.
        if error.info().starts_with("tab") && text.get(..at).is_some_and(|before| before.ends_with('\t')) {
            at -= 1;
        }
        let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        SyntaxError { message: error.info(), span: located(base, at, at + width) }
    };
    let events = || Parser::new_from_str_with_options(text, options.clone());
    let mut composer = Composer {
        text,
        base,
        used: HashSet::new(),
        texts: Texts::of(text.len()),
        anchors: HashMap::new(),
        stack: Vec::new(),
        documents: Vec::new(),
        spent: 0,
        left: nodes,
        most: nodes,
    };
    // Which anchors to keep is only known at the end: a text that may have aliases is read twice from its first anchor on.
    // The events are not kept, since they take many times the space of the text.
    let mut may_have_aliases = text.contains('*');
    for event in events() {
        let (event, span) = event.map_err(|error| fault(&error))?;
        if may_have_aliases && has_anchor(&event) {
            may_have_aliases = false;
            for event in events() {
                composer.used.extend(event.map_err(|error| fault(&error))?.0.alias_id());
            }
        }
        composer.event(&event, &span)?;
    }
    Ok(composer.documents)
}

/// Where the comments of a YAML text are, each from its `#` to the end of its line. A text that is broken has those
/// before the place where it breaks.
pub fn comments(text: &str) -> Vec<Range<usize>> {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(true);
    let events = Parser::new_from_str_with_options(text, options).map_while(Result::ok);
    let comments = events.filter(|(event, _)| matches!(event, Event::Comment(..)));
    comments.filter_map(|(_, span)| Some(span.start.byte_offset()?..span.end.byte_offset()?)).collect()
}

fn has_anchor(event: &Event<'_>) -> bool {
    let (Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _)) =
        event
    else {
        return false;
    };
    *anchor != 0
}

fn located(base: Span, start: usize, end: usize) -> Span {
    Span::new(base.file, base.start as usize + start, base.start as usize + end)
}

/// What an anchor stands for, and how large it is.
struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

/// A collection that is not closed yet.
struct Open {
    anchor: usize,
    tag: Option<Box<Tag>>,
    span: Span,
    flow: bool,
    mapping: bool,
    /// Elements, or keys and values in turn.
    children: Vec<Node>,
    /// Nodes within, and the depth of the deepest.
    nodes: usize,
    depth: usize,
}

struct Composer<'a> {
    text: &'a str,
    base: Span,
    used: HashSet<usize>,
    texts: Texts,
    anchors: HashMap<usize, Anchored>,
    stack: Vec<Open>,
    documents: Vec<Node>,
    /// Nodes that aliases added.
    spent: usize,
    /// How many nodes there may still be, and how many there may be in all.
    left: usize,
    most: usize,
}

impl Composer<'_> {
    fn event(&mut self, event: &Event<'_>, span: &granit_parser::Span) -> Result<(), SyntaxError> {
        let place = self.span(span);
        let tag = event.tag().map(|tag| {
            Box::new(Tag { name: tag_name(tag), span: span.tag_span().map_or(place, |tag| self.span(&tag)) })
        });
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let node = self.scalar(text, *style, place, tag);
                self.complete(node, *anchor, 1, 0)
            }
            Event::SequenceStart(style, anchor, _) => self.open(*style, false, *anchor, tag, place),
            Event::MappingStart(style, anchor, _) => self.open(*style, true, *anchor, tag, place),
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Alias(id) => self.alias(*id, place),
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        located(self.base, range.start, range.end)
    }

    /// The source text of a span.
    fn slice(&self, span: Span) -> &str {
        let from = self.base.start as usize;
        let (start, end) = ((span.start as usize).saturating_sub(from), (span.end as usize).saturating_sub(from));
        self.text.get(start..end).unwrap_or_default()
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span, tag: Option<Box<Tag>>) -> Node {
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let content = if quoted { span.slice(1, span.len().saturating_sub(1).max(1)) } else { span };
        let exact = self.slice(content) == text;
        let style = if style == ScalarStyle::Plain { Style::Plain } else { Style::Text };
        let scalar = Scalar { text: self.texts.share(text), content, exact, style };
        Node { kind: NodeKind::Scalar(scalar), span, tag }
    }

    fn open(
        &mut self,
        style: StructureStyle,
        mapping: bool,
        anchor: usize,
        tag: Option<Box<Tag>>,
        span: Span,
    ) -> Result<(), SyntaxError> {
        if self.stack.len() == MAX_DEPTH {
            return Err(too_deep(span));
        }
        let flow = style == StructureStyle::Flow;
        self.stack.push(Open { anchor, tag, span, flow, mapping, children: Vec::new(), nodes: 1, depth: 0 });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), SyntaxError> {
        let Some(open) = self.stack.pop() else {
            return Ok(());
        };
        // A block collection ends where its last node does, not where the next token starts.
        let last = open.children.last().map(|child| child.span).filter(|span| span.end >= open.span.start);
        let span = if open.flow { open.span.to(end) } else { last.map_or(open.span, |last| open.span.to(last)) };
        let kind = if open.mapping {
            let mut entries = Vec::with_capacity(open.children.len() / 2);
            let mut children = open.children.into_iter();
            while let (Some(key), Some(value)) = (children.next(), children.next()) {
                entries.push((key, value));
            }
            NodeKind::Mapping(merged(entries))
        } else {
            NodeKind::Sequence(exact(open.children))
        };
        self.complete(Node { kind, span, tag: open.tag }, open.anchor, open.nodes, open.depth)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), SyntaxError> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(SyntaxError { message: "this alias stands inside its own anchor".into(), span });
        };
        spend(&mut self.spent, anchored.nodes, span)?;
        if self.stack.len() + anchored.depth > MAX_DEPTH {
            return Err(too_deep(span));
        }
        let (node, nodes, depth) = (anchored.node.clone(), anchored.nodes, anchored.depth);
        self.complete(node, 0, nodes, depth)
    }

    /// A node is complete: it is remembered under its anchor and goes into the collection around it.
    fn complete(&mut self, node: Node, anchor: usize, nodes: usize, depth: usize) -> Result<(), SyntaxError> {
        let message = || format!("more than {} values and keys in one text", self.most);
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| SyntaxError { message: message(), span: node.span })?;
        if anchor != 0 && self.used.contains(&anchor) {
            // Keeping it is a copy too: anchors inside anchors count as often as they are copied.
            spend(&mut self.spent, nodes, node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        match self.stack.last_mut() {
            Some(open) => {
                open.nodes += nodes;
                open.depth = open.depth.max(depth + 1);
                open.children.push(node);
            }
            None => self.documents.push(node),
        }
        Ok(())
    }
}

fn spend(spent: &mut usize, nodes: usize, span: Span) -> Result<(), SyntaxError> {
    *spent += nodes;
    if *spent > ALIAS_BUDGET {
        let message = format!("aliases make this document more than {ALIAS_BUDGET} nodes larger than it is written");
        return Err(SyntaxError { message, span });
    }
    Ok(())
}

fn too_deep(span: Span) -> SyntaxError {
    SyntaxError { message: format!("nested more than {MAX_DEPTH} levels deep"), span }
}

/// A tag as it is usually written: `!Ref`, `!!str`.
fn tag_name(tag: &granit_parser::Tag) -> Arc<str> {
    match tag.core_suffix() {
        Some(suffix) => format!("!!{suffix}").into(),
        None => tag.original().into(),
    }
}

/// Applies merge keys (<https://yaml.org/type/merge.html>): what they bring gives way to what is written, and an
/// earlier mapping to none but what is written.
fn merged(entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let is_merge = |(key, value): &(Node, Node)| {
        let mappings = match &value.kind {
            NodeKind::Mapping(_) => true,
            NodeKind::Sequence(elements) => elements.iter().all(|element| element.as_mapping().is_some()),
            _ => false,
        };
        let plain = key.as_scalar().is_some_and(|key| key.style == Style::Plain && &*key.text == "<<");
        plain && mappings && key.tag.is_none()
    };
    if !entries.iter().any(is_merge) {
        return entries;
    }
    let (merges, mut written): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_merge);
    let mut names: HashSet<Arc<str>> =
        written.iter().filter_map(|(key, _)| key.as_scalar()).map(|key| Arc::clone(&key.text)).collect();
    for (_, value) in merges {
        let sources = match value.kind {
            NodeKind::Sequence(elements) => elements,
            _ => vec![value],
        };
        for source in sources {
            let NodeKind::Mapping(more) = source.kind else { continue };
            // Within one mapping the last of repeated keys counts.
            let mut new: Vec<(Node, Node)> = Vec::new();
            for (key, value) in more.into_iter().rev() {
                if key.as_scalar().is_some_and(|key| names.insert(Arc::clone(&key.text))) {
                    new.push((key, value));
                }
            }
            written.extend(new.into_iter().rev());
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn file() -> FileId {
        Sources::default().file("x.yaml".into())
    }

    fn one(text: &str) -> Node {
        parse(text, file()).unwrap().remove(0)
    }

    fn at(text: &str, span: Span) -> &str {
        text.get(span.start as usize..span.end as usize).unwrap()
    }

    #[test]
    fn spans_of_keys_values_and_tags_are_exact() {
        let text =
            "\u{feff}a: é\r\nUser: !Ref Näme # why\r\nq: 'x'\r\nl:\r\n  - !Sub [b, {c: d}]\r\n  - e\r\n\r\nz: 1\r\n";
        let node = one(text);
        let value = node.get("User").unwrap();
        assert_eq!(at(text, value.span), "Näme");
        let Tag { name: tag, span } = &**value.tag.as_ref().unwrap();
        assert_eq!((&**tag, at(text, *span)), ("!Ref", "!Ref"));
        let quoted = node.get("q").unwrap();
        assert_eq!((at(text, quoted.span), at(text, quoted.as_scalar().unwrap().content)), ("'x'", "x"));
        let list = node.get("l").unwrap();
        assert_eq!(at(text, list.span), "- !Sub [b, {c: d}]\r\n  - e");
        assert_eq!(at(text, list.as_sequence().unwrap()[0].span), "[b, {c: d}]");
        assert_eq!(node.get("z").unwrap().as_scalar().unwrap().style, Style::Plain);
    }

    #[test]
    fn only_what_is_written_byte_for_byte_is_exact() {
        let text = "a: \"x\\ny\"\nb: 'it''s'\nc: |\n  one\n  two\nd: plain words\ne: \"q\"\nf: x\n  y\n";
        let node = one(text);
        let exact = |key: &str| node.get(key).unwrap().as_scalar().unwrap().exact;
        assert_eq!(["a", "b", "c", "d", "e", "f"].map(exact), [false, false, false, true, true, false]);
        assert_eq!(node.get("c").unwrap().as_str(), Some("one\ntwo\n"));
        assert_eq!(node.get("f").unwrap().as_str(), Some("x y"));
    }

    #[test]
    fn merge_keys_give_way_to_what_is_written() {
        let node = one("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 9}\nd: {<<: *b, '<<': 7}\n");
        let c = node.get("c").unwrap();
        let get = |key: &str| c.get(key).unwrap().as_str().unwrap();
        assert_eq!([get("x"), get("y"), get("z")], ["9", "2", "4"]);
        assert_eq!(c.as_mapping().unwrap().len(), 3);
        assert_eq!(node.get("d").unwrap().get("<<").unwrap().as_str(), Some("7"));
    }

    #[test]
    fn an_alias_bomb_is_an_error_at_an_alias() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            text += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        let error = parse(&text, file()).unwrap_err();
        assert!(error.message.starts_with("aliases make"), "{}", error.message);
        assert!(at(&text, error.span).starts_with('*'));
        assert!(parse("a: &a [*a]", file()).unwrap_err().message.contains("own anchor"));
        assert!(parse("a: *b", file()).is_err());
    }

    #[test]
    fn hostile_nesting_is_an_error() {
        for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
            assert!(parse(&text, file()).is_err());
        }
        // An anchor near the limit, used near the limit.
        let deep =
            format!("a: &a {}{}\nb: {}*a{}\n", "[".repeat(200), "]".repeat(200), "[".repeat(100), "]".repeat(100));
        assert!(parse(&deep, file()).unwrap_err().message.contains("deep"));
    }

    #[test]
    fn errors_point_at_the_place() {
        let text = "a: 1\nb:\n\tc: 2\n";
        let error = parse(text, file()).unwrap_err();
        assert_eq!(error.span.start, 8, "{}", error.message);
        let utf16: String = "a: 1\n".chars().flat_map(|char| [char, '\0']).collect();
        assert!(parse(&utf16, file()).unwrap_err().message.contains("UTF-16"));
    }

    #[test]
    fn a_zero_byte_does_not_end_the_text() {
        let long = format!("a: {}\nb: 1\0\nc: 2\n", "x".repeat(500));
        assert_eq!(parse(&long, file()).unwrap_err().span.start, 508);
    }

    #[test]
    fn nodes_are_counted() {
        let text = "a: 1\nb: [2, 3]\n";
        assert!(parse_at_most(7, text, Span::start_of(file())).is_ok());
        let error = parse_at_most(6, text, Span::start_of(file())).unwrap_err();
        assert!(error.message.starts_with("more than 6 values"), "{}", error.message);
    }

    #[test]
    fn documents_and_repeated_keys_are_kept() {
        let documents = parse("a: 1\na: 2\n---\nb: &x 3\nc: *x\n", file()).unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[0].as_mapping().unwrap().len(), 2);
        assert_eq!(documents[0].get("a").unwrap().as_str(), Some("2"));
        assert_eq!(documents[1].get("c").unwrap().as_str(), Some("3"));
        assert!(parse("", file()).unwrap().is_empty());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
            "a", ": ", ":", "- ", "\n", "  ", "[", "]", "{", "}", "&a ", "*a", "!Ref ", "'", "\"", "|\n", ">-\n", "<<: ", "#", ",",
            "\t", "---\n", "é", "%", "? ", "\r\n", "!!str ", "\\",
        ]), 0..24)) {
            let text = parts.concat();
            if let Err(error) = parse(&text, file()) {
                proptest::prop_assert!(error.span.end as usize <= text.len());
            }
        }
    }
}

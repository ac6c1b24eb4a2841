//! Words of a shell script and what is put in for variables and commands in them.

use std::ops::Range;
use std::sync::Arc;

use super::{Shell, Variable};
use crate::script::tree::NodeId;
use crate::script::words::{Field, Part, fields, text_of};
use crate::script::{START, runtime};
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Reason, Unknown, Value};

impl Shell<'_, '_> {
    /// The words that a word becomes.
    pub(super) fn word(&mut self, node: NodeId) -> Vec<Field> {
        if let Some(fields) = self.several(node) {
            return fields;
        }
        let mut parts = Vec::new();
        self.parts(node, false, &mut parts);
        let quoted = self.tree.kind(node) == "raw_string"
            || self.tree.kind(node) == "string"
            || self.tree.children(node).any(|child| matches!(self.tree.kind(child), "string" | "raw_string"));
        fields(parts, self.span(node), quoted)
    }

    /// What a word becomes where nothing is split: in assignments, documents.
    pub(super) fn unsplit(&mut self, node: NodeId) -> Text {
        let mut parts = Vec::new();
        self.parts(node, true, &mut parts);
        let text = Text::from_pieces(parts.into_iter().map(|part| part.piece));
        self.reader.handle(text.known_len());
        self.bounded(text, node)
    }

    /// The text, unless it is too long to go on with.
    pub(super) fn bounded(&self, text: Text, node: NodeId) -> Text {
        if text.known_len() <= crate::script::MAX_TEXT {
            return text;
        }
        text_of(&runtime("a string", "is too long to follow", self.span(node)))
    }

    /// `"$@"`, `"${array[@]}"`: each element is a word of its own.
    fn several(&self, node: NodeId) -> Option<Vec<Field>> {
        let tree = self.tree;
        let node = if tree.kind(node) == "command_name" { tree.children(node).next()? } else { node };
        let mut inner = node;
        if tree.kind(node) == "string" {
            let mut parts = tree.children(node).filter(|child| tree.kind(*child) != "\"");
            inner = parts.next()?;
            if parts.next().is_some() {
                return None;
            }
        }
        let array = match tree.kind(inner) {
            "simple_expansion" | "expansion" => {
                let child = tree.children(inner).find(|child| {
                    matches!(tree.kind(*child), "special_variable_name" | "subscript" | "variable_name")
                })?;
                match tree.kind(child) {
                    "special_variable_name" if matches!(self.str(child), "@" | "*") => {
                        let open = Field { open: true, ..Field::of_value(&self.positional_rest(node)) };
                        return Some(self.arguments.clone().unwrap_or_else(|| vec![open]));
                    }
                    "subscript" => {
                        let all = tree.child(child, "index").is_some_and(|index| matches!(self.str(index), "@" | "*"));
                        self.str(tree.child(child, "name").filter(|_| all)?)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        match self.variables.get(array) {
            Some(Variable::Array(fields)) => Some(fields.clone()),
            Some(Variable::Scalar(value)) => Some(vec![Field::of_value(value)]),
            None => {
                let value = runtime(format!("${{{array}[@]}}"), "is set outside the script", self.span(node));
                Some(vec![Field { open: true, ..Field::of_value(&value) }])
            }
        }
    }

    fn positional_rest(&self, node: NodeId) -> Value {
        runtime("$@", "is what the script is called with", self.span(node))
    }

    /// The characters in `range`, interpolated unknowns among them.
    pub(super) fn raw(&self, range: Range<usize>) -> Text {
        self.source.text(range)
    }

    fn add_raw(&self, range: Range<usize>, quoted: bool, parts: &mut Vec<Part>) {
        // What the configuration puts in is no literal of the script: an unknown of it may be several words.
        let part = |piece: Piece| Part { split: !quoted && matches!(piece, Piece::Unknown(_)), piece };
        parts.extend(self.raw(range).pieces().map(part));
    }

    /// Characters with the backslashes in them obeyed: those before `special` characters, or all outside of quotes.
    fn add_escaped(&self, range: Range<usize>, special: Option<&str>, parts: &mut Vec<Part>) {
        let quoted = special.is_some();
        let mut from = range.start;
        let text = self.text.get(range.clone()).unwrap_or_default();
        let mut chars = text.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            let Some((_, next)) = chars.peek().copied().filter(|_| char == '\\') else { continue };
            if special.is_some_and(|special| !special.contains(next)) {
                continue;
            }
            chars.next();
            self.add_raw(from..range.start + at, quoted, parts);
            // A line that goes on leaves nothing behind.
            from = range.start + at + 1 + if next == '\n' { 1 } else { 0 };
        }
        self.add_raw(from..range.end, quoted, parts);
    }

    /// Adds the parts of a word.
    pub(super) fn parts(&mut self, node: NodeId, quoted: bool, parts: &mut Vec<Part>) {
        let tree = self.tree;
        let range = tree.range(node);
        match tree.kind(node) {
            "raw_string" => self.add_raw(range.start + 1..range.end.saturating_sub(1), true, parts),
            "ansi_c_string" => {
                let inner = range.start + 2..range.end.saturating_sub(1);
                let text: Arc<str> = ansi_c(self.text.get(inner.clone()).unwrap_or_default()).into();
                let span = self.source.span(inner);
                parts.push(Part { piece: Piece::Literal(Literal { text, span, exact: false }), split: false });
            }
            "string" => self.interpolated(node, range.start + 1..range.end.saturating_sub(1), "\"\\$`\n", parts),
            "concatenation" | "command_name" | "translated_string" => {
                let children: Vec<NodeId> = tree.children(node).filter(|child| tree.kind(*child) != "$").collect();
                for child in children {
                    self.parts(child, quoted, parts);
                }
            }
            "simple_expansion" | "expansion" => {
                let value = self.expansion(node);
                parts.extend(text_of(&value).pieces().map(|piece| Part { piece, split: !quoted }));
            }
            "command_substitution" => {
                let value = self.substitution(node);
                parts.extend(text_of(&value).pieces().map(|piece| Part { piece, split: !quoted }));
            }
            "process_substitution" => {
                self.apart(|shell| shell.statements(node, None));
                let value = runtime("<(...)", "is known when the script runs", self.span(node));
                parts.extend(text_of(&value).pieces().map(|piece| Part { piece, split: false }));
            }
            "arithmetic_expansion" | "brace_expression" => {
                let value = runtime(self.str(node), "is computed when the script runs", self.span(node));
                parts.extend(text_of(&value).pieces().map(|piece| Part { piece, split: false }));
            }
            _ => self.add_escaped(range, None, parts),
        }
    }

    /// Text in which variables and commands are put in, as in double quotes: everything between them stands for itself.
    /// (The grammar does not list all of that as nodes.)
    pub(super) fn interpolated(&mut self, node: NodeId, range: Range<usize>, special: &str, parts: &mut Vec<Part>) {
        let tree = self.tree;
        let mut from = range.start;
        let inner: Vec<NodeId> = tree
            .children(node)
            .filter(|child| {
                matches!(
                    tree.kind(*child),
                    "simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion"
                )
            })
            .collect();
        for child in inner {
            let at = tree.range(child);
            self.add_escaped(from..at.start.max(from), Some(special), parts);
            self.parts(child, true, parts);
            from = at.end;
        }
        self.add_escaped(from..range.end.max(from), Some(special), parts);
    }

    /// Follows the commands that are substituted somewhere within a node.
    pub(super) fn expand_within(&mut self, node: NodeId) {
        let tree = self.tree;
        let children: Vec<NodeId> = tree.children(node).collect();
        for child in children {
            match tree.kind(child) {
                "command_substitution" | "process_substitution" => self.apart(|shell| shell.statements(child, None)),
                _ if self.depth < crate::script::MAX_DEPTH && self.reader.step() => {
                    self.depth += 1;
                    self.expand_within(child);
                    self.depth -= 1;
                }
                _ => {}
            }
        }
    }

    /// `$x`, `${x}`, `${x:-default}`
    fn expansion(&mut self, node: NodeId) -> Value {
        let tree = self.tree;
        let span = self.span(node);
        let is_name = |child: &NodeId| matches!(tree.kind(*child), "variable_name" | "special_variable_name");
        let unknown = || runtime(self.str(node), "is computed when the script runs", span);
        let Some(name) = tree.children(node).find(is_name) else { return unknown() };
        let name_text = self.str(name);
        let value = self.variable(name_text, node);
        let mut operator = tree.children_of(node, "operator");
        let Some(first) = operator.next() else { return value };
        if operator.next().is_some() {
            return unknown();
        }
        let other =
            tree.children(node).skip_while(|child| *child != first).nth(1).filter(|child| tree.kind(*child) != "}");
        let is_set = value.as_str().map(|text| !text.is_empty());
        match self.str(first) {
            ":-" | "-" | ":=" | "=" => {
                let other = other.map(|other| self.unsplit(other)).unwrap_or_else(|| Text::from(""));
                let other = crate::script::words::value_of(&other, span);
                match is_set {
                    Some(true) => value,
                    Some(false) => other,
                    None => {
                        let reason = value.as_unknown().map(|unknown| unknown.reason.clone());
                        let reason = reason.unwrap_or_else(|| Reason::new(name_text, "is not known", span));
                        let unknown = Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason };
                        let other = Value::new(super::as_text(&other)).with_origin(other.origin);
                        Value::one_of(unknown, vec![value, other])
                    }
                }
            }
            ":?" | "?" => value,
            _ => unknown(),
        }
    }

    /// The folder that the script is in now.
    fn here(&self) -> String {
        self.folder.as_ref().map_or(START.to_owned(), |folder| format!("{START}/{folder}"))
    }

    fn variable(&self, name: &str, node: NodeId) -> Value {
        let span = self.span(node);
        match name {
            "0" => match &self.path {
                Some(path) => Value::text(format!("{START}/{path}")),
                None => runtime("$0", "is known when the script runs", span),
            },
            "PWD" => Value::text(self.here()),
            _ if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                let place = name.parse::<usize>().unwrap_or(0).wrapping_sub(1);
                match &self.arguments {
                    Some(known) if known.iter().take(place.saturating_add(1)).all(|field| !field.open) => {
                        known.get(place).map_or_else(|| Value::text(""), Field::value)
                    }
                    _ => runtime(format!("${name}"), "is what the script is called with", span),
                }
            }
            _ => match self.variables.get(name) {
                Some(Variable::Scalar(value)) => value.clone(),
                Some(Variable::Array(fields)) => fields.first().map_or_else(|| Value::text(""), Field::value),
                None if name == "BASH_SOURCE" => match &self.path {
                    Some(path) => Value::text(format!("{START}/{path}")),
                    None => self.outside(name, span),
                },
                None => self.outside(name, span),
            },
        }
    }

    /// `$(...)`: the output of a command, which is known for very few.
    fn substitution(&mut self, node: NodeId) -> Value {
        self.apart(|shell| shell.statements(node, None));
        let span = self.span(node);
        let mut unknown = runtime("$(...)", "is known when the script runs", span);
        let inner = self.str(node);
        if let Some(text) = self.output(node) {
            return crate::script::words::value_of(&text, span);
        }
        if inner.len() <= 60
            && let Some(found) = unknown.as_unknown()
        {
            let reason = Reason::new(inner, found.reason.why.clone(), span);
            unknown = Value::unknown(Type::Text, reason).with_origin(unknown.origin);
        }
        unknown
    }

    /// What commands print, where the script shows it: `echo`, `dirname`, `pwd`, `cd x && pwd`.
    pub(super) fn output(&mut self, node: NodeId) -> Option<Text> {
        let tree = self.tree;
        match tree.kind(node) {
            "command_substitution" | "subshell" => {
                let mut inner =
                    tree.children(node).filter(|child| !matches!(tree.kind(*child), "$(" | ")" | "`" | "("));
                let first = inner.next()?;
                if inner.next().is_some() { None } else { self.output(first) }
            }
            "redirected_statement" => {
                let body = tree.child(node, "body")?;
                let redirects: Vec<NodeId> = tree.children_of(node, "redirect").collect();
                if self.str(body) == "cat" {
                    return redirects.into_iter().find_map(|redirect| self.heredoc(redirect));
                }
                // What is discarded is not printed, but errors often are.
                redirects.iter().all(|redirect| self.str(*redirect).starts_with('2')).then(|| self.output(body))?
            }
            "list" => {
                let children: Vec<NodeId> = tree.children(node).collect();
                let [first, operator, last] = children.as_slice() else { return None };
                let folder = self.folder.clone();
                let output = match tree.kind(*operator) {
                    "&&" if self.str(*first).starts_with("cd ") => {
                        self.statement(*first, None);
                        self.output(*last)
                    }
                    _ => None,
                };
                self.folder = folder;
                output
            }
            "command" => {
                let words: Vec<NodeId> = tree
                    .children(node)
                    .filter(|child| matches!(tree.field(*child), Some("name" | "argument")))
                    .collect();
                let words: Vec<Field> = words.into_iter().flat_map(|word| self.word(word)).collect();
                let (name, rest) = words.split_first()?;
                match &*name.as_str()? {
                    "echo" | "printf" => {
                        let rest =
                            rest.iter().skip_while(|word| word.as_str().is_some_and(|word| word.starts_with('-')));
                        let rest: Vec<&Field> = rest.collect();
                        let format = name.as_str()? == "printf" && rest.len() > 1;
                        let texts: Vec<Text> = match (format, rest.as_slice()) {
                            (true, [pattern, one]) if pattern.as_str()?.trim_end_matches("\\n") == "%s" => {
                                vec![one.text.clone()]
                            }
                            (true, _) => return None,
                            (false, all) => all.iter().map(|field| field.text.clone()).collect(),
                        };
                        let space = Text::from(" ");
                        let mut spaced = Vec::new();
                        for text in &texts {
                            if !spaced.is_empty() {
                                spaced.push(&space);
                            }
                            spaced.push(text);
                        }
                        Some(Text::concat(spaced))
                    }
                    "dirname" => {
                        let path = rest.last()?.as_str()?.into_owned();
                        Some(Text::from(path.rsplit_once('/').map_or(".", |(folder, _)| folder)))
                    }
                    "pwd" => Some(Text::from(self.here())),
                    "cat" => {
                        let [path] = rest else { return None };
                        let path = crate::script::join(self.folder.as_deref(), &path.as_str()?);
                        self.reader.file(&path)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The text of a here-document or here-string.
    pub(super) fn heredoc(&mut self, redirect: NodeId) -> Option<Text> {
        let tree = self.tree;
        match tree.kind(redirect) {
            "herestring_redirect" => {
                let word = tree.children(redirect).find(|child| tree.kind(*child) != "<<<")?;
                Some(self.unsplit(word))
            }
            "heredoc_redirect" => {
                let body = tree.child_of_kind(redirect, "heredoc_body")?;
                let start =
                    tree.child_of_kind(redirect, "heredoc_start").map(|start| self.str(start)).unwrap_or_default();
                let tabs = tree.child_of_kind(redirect, "<<-").is_some();
                let mut parts = Vec::new();
                if start.contains(['\'', '"', '\\']) {
                    self.add_raw(tree.range(body), true, &mut parts);
                } else {
                    self.interpolated(body, tree.range(body), "\\$`\n", &mut parts);
                }
                let pieces = parts.into_iter().map(|part| part.piece);
                Some(if tabs { without_tabs(pieces) } else { Text::from_pieces(pieces) })
            }
            _ => None,
        }
    }
}

/// What `<<-` leaves of a document: lines without the tabs that they start with.
fn without_tabs(pieces: impl Iterator<Item = Piece>) -> Text {
    let mut kept = Vec::new();
    let mut at_start = true;
    for piece in pieces {
        let Piece::Literal(literal) = &piece else {
            at_start = false;
            kept.push(piece);
            continue;
        };
        let mut at = 0;
        for line in literal.text.split_inclusive('\n') {
            let tabs = if at_start { line.len() - line.trim_start_matches('\t').len() } else { 0 };
            let (from, to) = (at + tabs, at + line.len());
            let span = literal.span.map(|span| if literal.exact { span.slice(from, to) } else { span });
            let text = line.get(tabs..).unwrap_or_default().into();
            kept.push(Piece::Literal(Literal { text, span, exact: literal.exact }));
            at = to;
            at_start = line.ends_with('\n');
        }
    }
    Text::from_pieces(kept)
}

/// What `$'...'` means.
fn ansi_c(text: &str) -> String {
    let mut meant = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '\\' {
            meant.push(char);
            continue;
        }
        let number = |radix: u32, most: usize, chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut digits = String::new();
            while digits.len() < most
                && let Some(digit) = chars.next_if(|char| char.is_digit(radix))
            {
                digits.push(digit);
            }
            u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32)
        };
        match chars.next() {
            Some('n') => meant.push('\n'),
            Some('t') => meant.push('\t'),
            Some('r') => meant.push('\r'),
            Some('x') => meant.extend(number(16, 2, &mut chars)),
            Some('u') => meant.extend(number(16, 4, &mut chars)),
            Some(other) => meant.push(other),
            None => {}
        }
    }
    meant
}

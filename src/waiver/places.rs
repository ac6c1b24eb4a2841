//! Where waivers stand in files, and what they reach.

use std::ops::Range;

use super::directive::{self, Directive, MARK, Problem, Word};
use crate::source::{FileId, Span};
use crate::syntax::hcl::{self, Body, Place};
use crate::syntax::node::Node;
use crate::syntax::{json, yaml};

/// The key of CloudFormation's `Metadata` that holds waivers.
const METADATA: &str = "rootlint";

/// A JSON document below this depth is not searched: its reader has the same limit.
const MAX_DEPTH: usize = 256;

/// A waiver, or what is wrong with one, and where.
#[derive(Clone, Debug)]
pub struct Found {
    /// The waiver.
    pub directive: Result<Directive, Problem>,
    /// The whole comment or text; the problem's place where there is one.
    pub span: Span,
    /// What it reaches.
    pub reach: Span,
    /// What it stands at, in words that do not change when lines move: a block's header, a line.
    pub anchor: String,
}

/// What a file is written in, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Hcl,
    Yaml,
    Json,
    /// `#` or `//` starts a comment, as far as can be told without knowing more.
    Script,
}

fn language(path: &str, text: &str) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.')?.1;
    Some(match extension {
        "tf" | "tofu" | "tfvars" | "hcl" => Language::Hcl,
        "yaml" | "yml" => Language::Yaml,
        "json" => Language::Json,
        "template" if text.trim_start().starts_with('{') => Language::Json,
        "template" => Language::Yaml,
        "sh" | "bash" | "py" | "js" | "mjs" | "cjs" | "ts" | "ps1" => Language::Script,
        _ => return None,
    })
}

/// The waivers in a file. `known` are the ids of all checks.
pub fn in_file(path: &str, text: &str, file: FileId, known: &[&str]) -> Vec<Found> {
    let Some(language) = language(path, text) else { return Vec::new() };
    let reader = Reader { text, file, known };
    match language {
        Language::Hcl => {
            let (body, comments) = hcl::parse_with_comments(text, Place::At(file, 0));
            reader.comments(&comments, &|at, below| block_at(&body, at, below))
        }
        Language::Yaml => {
            let documents = yaml::parse(text, file).unwrap_or_default();
            let entries: Vec<Entry> = documents.iter().flat_map(|document| reader.entries(document)).collect();
            let mut found = reader.comments(&yaml::comments(text), &|at, below| entry_at(&entries, at, below));
            documents.iter().for_each(|document| reader.metadata(document, reader.whole(), 0, &mut found));
            found
        }
        Language::Json => {
            let mut found = Vec::new();
            if let Ok(document) = json::parse(text, file) {
                reader.metadata(&document, reader.whole(), 0, &mut found);
            }
            found
        }
        Language::Script => reader.comments(&script_comments(text), &|_, _| None),
    }
}

/// Where `#` or `//` comments with a waiver start, each to the end of its line.
fn script_comments(text: &str) -> Vec<Range<usize>> {
    let mut comments = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        let mark = line.find(MARK).and_then(|at| line.get(..at)).map(str::trim_end);
        if let Some(before) = mark.and_then(|before| before.strip_suffix('#').or_else(|| before.strip_suffix("//"))) {
            comments.push(start + before.len()..end);
        }
        start += line.len();
    }
    comments
}

/// A block or an entry: what waivers for a block mean.
#[derive(Clone, Debug)]
struct Entry {
    range: Range<usize>,
    /// Where its header or key starts.
    start: usize,
    /// Its header or key.
    name: String,
    /// Whether a waiver inside means it; one directly above can mean any.
    encloses: bool,
}

/// The innermost block around `at`, or the one that starts in the line `below`.
fn block_at(body: &Body, at: usize, below: Option<&Range<usize>>) -> Option<Entry> {
    let mut found = None;
    let mut open = vec![body];
    while let Some(body) = open.pop() {
        for block in &body.blocks {
            let range = block.span.start as usize..block.span.end as usize;
            let starts_below = below.is_some_and(|below| below.contains(&range.start));
            if starts_below || range.contains(&at) {
                let mut name = block.kind.text.to_string();
                block.labels.iter().for_each(|label| name.push_str(&format!(" \"{}\"", label.text)));
                found = Some(Entry { start: range.start, range, name, encloses: true });
                if starts_below {
                    return found;
                }
                open.push(&block.body);
            }
        }
    }
    found
}

/// The same among the entries of YAML: inside a template that is a resource, inside a workflow a job.
fn entry_at(entries: &[Entry], at: usize, below: Option<&Range<usize>>) -> Option<Entry> {
    let starts_below = |entry: &&Entry| below.is_some_and(|below| below.contains(&entry.start));
    let encloses = |entry: &&Entry| entry.encloses && entry.range.contains(&at);
    entries.iter().find(starts_below).or_else(|| entries.iter().rfind(encloses)).cloned()
}

/// Finds the block around a place, or the one that starts in the line given.
type BlockAt<'a> = dyn Fn(usize, Option<&Range<usize>>) -> Option<Entry> + 'a;

struct Reader<'a> {
    text: &'a str,
    file: FileId,
    known: &'a [&'a str],
}

impl Reader<'_> {
    fn whole(&self) -> Span {
        Span::new(self.file, 0, self.text.len())
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// The line that `at` stands in, without its end.
    fn line(&self, at: usize) -> Range<usize> {
        let start = self.line_start(at);
        let rest = self.text.get(at..).unwrap_or_default();
        start..at + rest.find('\n').unwrap_or(rest.len())
    }

    fn trimmed(&self, line: &Range<usize>) -> &str {
        self.text.get(line.clone()).unwrap_or_default().trim()
    }

    /// The next line that is no comment; nothing if it is blank.
    fn line_below(&self, mut at: usize) -> Option<Range<usize>> {
        loop {
            let line = self.line(at);
            let next = line.end + 1;
            if next > self.text.len() {
                return None;
            }
            let below = self.line(next);
            let text = self.trimmed(&below);
            if text.is_empty() {
                return None;
            }
            if !text.starts_with('#') && !text.starts_with("//") {
                return Some(below);
            }
            at = next;
        }
    }

    fn comments(&self, comments: &[Range<usize>], block: &BlockAt<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        for comment in comments {
            let Some((start, text)) = self.directive_text(comment) else { continue };
            let alone =
                self.text.get(self.line_start(comment.start)..comment.start).is_some_and(|b| b.trim().is_empty());
            let below = if alone { self.line_below(comment.end) } else { None };
            let line = match (&below, alone) {
                (Some(below), _) => below.clone(),
                // It stands alone and nothing follows: it reaches nothing.
                (None, true) => comment.end..comment.end,
                (None, false) => self.line(comment.start),
            };
            let whole = Span::new(self.file, comment.start, comment.end);
            let parsed = directive::parse(text, self.known);
            let (reach, anchor) = match parsed.as_ref().map(|directive| directive.word) {
                Ok(Word::File) => (0..self.text.len(), "file".to_owned()),
                Ok(Word::Block) => match block(comment.start, below.as_ref()) {
                    Some(entry) => (entry.range, entry.name),
                    None => (line.clone(), self.trimmed(&line).to_owned()),
                },
                _ => {
                    // The same words in another block are about something else.
                    let around = block(comment.start, None).map(|entry| entry.name).unwrap_or_default();
                    let text = self.text.get(line.start..line.end.min(comment.start.max(line.start)));
                    let text = if alone { self.trimmed(&line) } else { text.unwrap_or_default().trim() };
                    (line.clone(), format!("{around}\n{text}"))
                }
            };
            found.push(self.found(parsed, whole, start, reach, anchor));
        }
        found
    }

    fn found(
        &self,
        directive: Result<Directive, Problem>,
        whole: Span,
        start: usize,
        reach: Range<usize>,
        anchor: String,
    ) -> Found {
        let span = match &directive {
            Ok(_) => whole,
            Err(problem) => Span::new(self.file, start + problem.range.start, start + problem.range.end),
        };
        Found { directive, span, reach: Span::new(self.file, reach.start, reach.end), anchor }
    }

    /// What follows the mark in a comment that starts with it, and where that starts.
    fn directive_text(&self, comment: &Range<usize>) -> Option<(usize, &str)> {
        let text = self.text.get(comment.clone())?;
        let inner = text.trim_start_matches(['#', '/', '*']).trim_start();
        let rest = inner.strip_prefix(MARK)?;
        let rest = rest.strip_suffix("*/").unwrap_or(rest);
        let start = comment.start + (text.len() - inner.len()) + MARK.len();
        Some((start, rest))
    }

    /// The entries of a YAML document down to its resources, and whatever a comment can stand above.
    fn entries(&self, document: &Node) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.entries_below(document, 0, self.text.len(), &mut entries);
        entries
    }

    fn entries_below(&self, node: &Node, depth: usize, end: usize, entries: &mut Vec<Entry>) {
        let Some(pairs) = node.as_mapping().filter(|_| depth < MAX_DEPTH) else {
            for item in node.as_sequence().into_iter().flatten() {
                self.entries_below(item, depth + 1, item.span.end as usize, entries);
            }
            return;
        };
        for (index, (key, value)) in pairs.iter().enumerate() {
            let start = key.span.start as usize;
            // An entry goes on to where the next one starts, comments included.
            let next = pairs.get(index + 1).map(|(key, _)| self.line_start(key.span.start as usize));
            let end = next.unwrap_or(end).max(start);
            let name = key.as_str().unwrap_or_default().to_owned();
            // A scalar is no block.
            if value.as_scalar().is_none() {
                entries.push(Entry { range: start..end, start, name, encloses: depth < 2 });
            }
            self.entries_below(value, depth + 1, end, entries);
        }
    }

    /// Waivers in CloudFormation's `Metadata` and in the `//` of Terraform's JSON. Each is about the mapping around it.
    fn metadata(&self, node: &Node, around: Span, depth: usize, found: &mut Vec<Found>) {
        if depth > MAX_DEPTH {
            return;
        }
        for item in node.as_sequence().into_iter().flatten() {
            self.metadata(item, item.span, depth + 1, found);
        }
        for (key, value) in node.as_mapping().into_iter().flatten() {
            match key.as_str() {
                Some("Metadata") => {
                    let texts = value.get(METADATA).into_iter().flat_map(texts);
                    texts.for_each(|text| self.written(text, "", around, depth == 0, found));
                }
                Some("//") => texts(value).for_each(|text| self.written(text, MARK, around, depth == 0, found)),
                _ => {}
            }
            let entry = key.span.to(value.span);
            self.metadata(value, entry, depth + 1, found);
        }
    }

    /// A waiver that is a string; `mark` comes before it. At the `top` of a document it is about all of it.
    fn written(&self, node: &Node, mark: &str, around: Span, top: bool, found: &mut Vec<Found>) {
        let Some(scalar) = node.as_scalar() else { return };
        let Some(text) = scalar.text.trim_start().strip_prefix(mark) else { return };
        let parsed = directive::parse(text, self.known);
        let whole = top || matches!(parsed.as_ref().map(|directive| directive.word), Ok(Word::File));
        let reach = if whole { 0..self.text.len() } else { around.start as usize..around.end as usize };
        let anchor = self.trimmed(&self.line(reach.start)).to_owned();
        let anchor = if whole { "file".to_owned() } else { anchor };
        // Escapes move what is inside: the whole text is shown.
        let parsed = parsed.map_err(|problem| Problem { range: 0..node.span.len(), ..problem });
        found.push(self.found(parsed, node.span, node.span.start as usize, reach, anchor));
    }
}

/// A string, or each of a list.
fn texts(node: &Node) -> impl Iterator<Item = &Node> {
    let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    items.iter().filter(|item| item.as_scalar().is_some())
}

#[cfg(test)]
mod tests;

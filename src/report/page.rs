//! A Markdown page in a terminal: `rootlint explain`.

use anstyle::{AnsiColor, Style as Paint};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::human::Style;
use super::paint::{self, paint};
use super::shown::{lines, mask_keys, wrap};
use crate::finding::Severity;

/// Longer lines of text are hard to read.
const TEXT_WIDTH: usize = 100;

/// What a level of a list or a quotation is moved to the right.
const STEP: usize = 2;

const HEADING: Paint = AnsiColor::BrightBlue.on_default().bold();
const CODE: Paint = AnsiColor::Cyan.on_default();
const STRONG: Paint = Paint::new().bold();
const EMPHASIS: Paint = Paint::new().italic();
const ASIDE: Paint = Paint::new().dimmed();

/// What is said of a check beside its page.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Its id.
    pub id: &'a str,
    /// The severity of its findings, unless they say otherwise.
    pub severity: Severity,
    /// One line: what it flags.
    pub title: &'a str,
    /// The controls of each framework that it answers, and who says so.
    pub frameworks: &'a [(String, String)],
    /// What it rests on.
    pub references: &'a [String],
}

/// The page of a check.
pub fn of_check(head: &Head<'_>, page: &str, style: Style) -> String {
    let severity = paint(head.severity.name(), paint::severity(head.severity), style.colors);
    let id = paint(head.id, paint::HEADING, style.colors);
    let mut text = format!("{severity}[{id}]: {}\n\n{}", head.title, render(page, style));
    let width = head.frameworks.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + STEP;
    if !head.frameworks.is_empty() {
        text.push_str(&format!("\n{}\n\n", paint("Frameworks", HEADING, style.colors)));
    }
    for (framework, controls) in head.frameworks {
        let room = style.width.min(TEXT_WIDTH).saturating_sub(width);
        for (index, line) in wrap(controls, room).lines().enumerate() {
            let name = if index == 0 { framework.as_str() } else { "" };
            text.push_str(format!("{name:width$}{line}").trim_end());
            text.push('\n');
        }
    }
    if !head.references.is_empty() {
        text.push_str(&format!("\n{}\n\n", paint("References", HEADING, style.colors)));
    }
    for reference in head.references {
        text.push_str(&format!("{reference}\n"));
    }
    text
}

/// The page as text. Its first heading is left out: whoever shows the page has said what it is about.
pub fn render(markdown: &str, style: Style) -> String {
    let mut page = Page::new(style);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        page.event(event);
    }
    page.flush();
    let mut text = page.text.trim_end().to_owned();
    text.push('\n');
    mask_keys(&text)
}

/// A word, as it is written and as wide as it is shown.
struct Word {
    text: String,
    width: usize,
    /// Whether there is no blank before it.
    joined: bool,
}

struct Page {
    style: Style,
    width: usize,
    text: String,
    words: Vec<Word>,
    indent: usize,
    /// What stands before the next line of text: the mark of a list's item.
    mark: Option<String>,
    /// The number of the next item, of each list that is open.
    lists: Vec<Option<u64>>,
    paints: Vec<Paint>,
    /// The language of the code block that is open.
    code: Option<String>,
    /// Whether the text is not shown: that of the page's own heading.
    silent: bool,
    link: Option<String>,
    row: Vec<String>,
    table: Vec<Vec<String>>,
    /// Whether the last thing was text after which a blank is due.
    blank: bool,
}

impl Page {
    fn new(style: Style) -> Self {
        Self {
            style,
            width: style.width.min(TEXT_WIDTH),
            text: String::new(),
            words: Vec::new(),
            indent: 0,
            mark: None,
            lists: Vec::new(),
            paints: Vec::new(),
            code: None,
            silent: false,
            link: None,
            row: Vec::new(),
            table: Vec::new(),
            blank: true,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.say(&text),
            Event::Code(text) => {
                let shown = if self.style.colors { text.to_string() } else { format!("`{text}`") };
                self.paints.push(CODE);
                self.unbroken(&shown);
                self.paints.pop();
            }
            Event::SoftBreak | Event::HardBreak => self.blank = true,
            Event::Html(text) | Event::InlineHtml(text) => self.say(&text),
            Event::Rule => self.flush(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.silent = level == HeadingLevel::H1;
                self.paints.push(HEADING);
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.code = Some(match kind {
                    CodeBlockKind::Fenced(language) => language.to_string(),
                    CodeBlockKind::Indented => String::new(),
                });
            }
            Tag::List(first) => {
                self.flush_line();
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush_line();
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let mark = format!("{number}. ");
                        *number += 1;
                        mark
                    }
                    _ => "- ".to_owned(),
                };
                self.indent += STEP;
                self.mark = Some(mark);
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.indent += STEP;
            }
            Tag::Emphasis => self.paints.push(EMPHASIS),
            Tag::Strong => self.paints.push(STRONG),
            Tag::Link { dest_url, .. } => self.link = Some(dest_url.to_string()),
            Tag::Table(_) => self.flush(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.paints.pop();
                self.flush_line();
                self.silent = false;
                self.gap();
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock => {
                self.flush_line();
                self.gap();
            }
            TagEnd::CodeBlock => {
                self.code = None;
                self.gap();
            }
            TagEnd::List(_) => {
                self.flush_line();
                self.lists.pop();
                if self.lists.is_empty() {
                    self.gap();
                }
            }
            TagEnd::Item => {
                self.flush_line();
                self.indent = self.indent.saturating_sub(STEP);
                self.mark = None;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.indent = self.indent.saturating_sub(STEP);
            }
            TagEnd::Emphasis | TagEnd::Strong => {
                self.paints.pop();
            }
            TagEnd::Link => self.end_link(),
            TagEnd::TableCell => {
                let cell = self.words.drain(..).fold(String::new(), |mut cell, word| {
                    if !word.joined && !cell.is_empty() {
                        cell.push(' ');
                    }
                    cell + &word.text
                });
                self.row.push(cell);
            }
            TagEnd::TableHead | TagEnd::TableRow => self.table.push(std::mem::take(&mut self.row)),
            TagEnd::Table => self.end_table(),
            _ => {}
        }
    }

    /// Where a link leads is said, unless its text says so or it leads to a neighbouring page.
    fn end_link(&mut self) {
        let Some(target) = self.link.take() else { return };
        let is_said = self.words.iter().any(|word| word.text.contains(&target));
        if target.contains("://") && !is_said {
            self.blank = true;
            self.unbroken(&format!("({target})"));
        }
    }

    fn end_table(&mut self) {
        let table = std::mem::take(&mut self.table);
        let columns = table.iter().map(Vec::len).max().unwrap_or(0);
        let width_of = |text: &str| anstream::adapter::strip_str(text).to_string().chars().count();
        let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(|cell| width_of(cell)).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in &table {
            let mut line = " ".repeat(self.indent);
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(width_of(cell)) + STEP));
            }
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
        self.gap();
    }

    /// Text, word by word.
    fn say(&mut self, text: &str) {
        if self.silent {
            return;
        }
        if let Some(language) = self.code.clone() {
            return self.code(&language, text);
        }
        self.blank |= text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            self.unbroken(word);
            self.blank = true;
        }
        self.blank = text.ends_with(char::is_whitespace);
    }

    /// Text that is kept in one line.
    fn unbroken(&mut self, text: &str) {
        if self.silent {
            return;
        }
        let text = lines(text);
        let width = text.chars().count();
        let style = self.paints.last().copied().unwrap_or_default();
        let joined = !std::mem::take(&mut self.blank);
        self.words.push(Word { text: paint(&text, style, self.style.colors), width, joined });
    }

    /// An example, with what is said of it.
    fn code(&mut self, language: &str, text: &str) {
        let kind = match language.split_whitespace().nth(1) {
            Some("flag") => Some("flagged:"),
            Some("clean") => Some("not flagged:"),
            _ => None,
        };
        if let Some(kind) = kind {
            self.text.push_str(&format!("  {}\n", paint(kind, ASIDE, self.style.colors)));
        }
        for line in lines(text).lines() {
            let shown = format!("{}{line}", " ".repeat(self.indent + 2 * STEP));
            self.text.push_str(paint(shown.trim_end(), CODE, self.style.colors).as_str());
            self.text.push('\n');
        }
    }

    /// Writes what is gathered, in lines that fit.
    fn flush_line(&mut self) {
        self.blank = true;
        if self.words.is_empty() {
            return;
        }
        let mark = self.mark.take();
        let start = self.indent - if mark.is_some() { STEP.min(self.indent) } else { 0 };
        let first = format!("{}{}", " ".repeat(start), mark.unwrap_or_default());
        let mut column = first.chars().count();
        self.text.push_str(&first);
        let words = std::mem::take(&mut self.words);
        let mut begun = false;
        let mut rest = words.as_slice();
        while let Some((word, after)) = rest.split_first() {
            // What is joined to a word goes with it into the next line.
            let tail = after.iter().take_while(|next| next.joined).count();
            let (tail, after) = after.split_at_checked(tail).unwrap_or((&[], after));
            let width = word.width + tail.iter().map(|word| word.width).sum::<usize>();
            if begun && column + 1 + width > self.width {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(self.indent));
                column = self.indent;
            } else if begun {
                self.text.push(' ');
                column += 1;
            }
            for word in std::iter::once(word).chain(tail) {
                self.text.push_str(&word.text);
            }
            column += width;
            begun = true;
            rest = after;
        }
        self.text.push('\n');
    }

    fn flush(&mut self) {
        let had = !self.words.is_empty();
        self.flush_line();
        if had {
            self.gap();
        }
    }

    /// One empty line.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(markdown: &str, width: usize) -> String {
        render(markdown, Style { width, ..Style::default() })
    }

    #[test]
    fn text_is_broken_where_words_end() {
        let page = "# title\n\nOne `two three` (*four*), five six.\n\n## Part\n\nText.";
        assert_eq!(shown(page, 20), "One `two three`\n(four), five six.\n\nPart\n\nText.\n");
    }

    #[test]
    fn lists_keep_their_marks_and_indentation() {
        let page = "- one two three\n  - inner\n- last\n\n1. first\n2. second";
        assert_eq!(shown(page, 10), "- one two\n  three\n  - inner\n- last\n\n1. first\n2. second\n");
    }

    #[test]
    fn examples_say_what_they_are() {
        assert_eq!(shown("```hcl flag\na = 1\n\nb\n```\nx", 40), "  flagged:\n    a = 1\n\n    b\n\nx\n");
        assert_eq!(shown("    a\n", 40), "    a\n");
    }

    #[test]
    fn tables_and_links() {
        let table = "| a | bc |\n|---|---|\n| long | `d` |\n";
        assert_eq!(shown(table, 40), "a     bc\nlong  `d`\n");
        assert_eq!(shown("See [AWS](https://x.y/z) and [this](other.md).", 60), "See AWS (https://x.y/z) and this.\n");
    }

    #[test]
    fn colours_replace_backquotes_and_nothing_is_lost() {
        let style = Style { colors: true, ..Style::default() };
        let text = render("a `b` **c**", style);
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), "a b c\n");
        assert!(text.contains("\u{1b}["));
    }
}

//! What the comments above a rule say: its severity, its title, its page.

use std::ops::Range;

use super::outline::Outline;
use crate::finding::Severity;

/// What the comments of a rule say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// `# severity: high`
    pub(super) severity: Option<Severity>,
    /// The first line of the text.
    pub(super) title: String,
    /// The text, without the marks of the comments.
    pub(super) text: String,
}

/// The comments right above the rule at `at`; those at the start of the file where the rule has none. A severity at the start
/// of the file is that of all rules in it that do not say their own.
///
/// # Errors
/// A severity that is none, and where.
pub(super) fn of_rule(text: &str, outline: &Outline, at: usize) -> Result<Page, (String, usize)> {
    let head = head(text, outline);
    let own = above(text, outline, at);
    let from = if own.is_empty() { &head } else { &own };
    let severity = match severity(text, &own)? {
        None => severity(text, &head)?,
        own => own,
    };
    let lines: Vec<&str> = from.iter().filter_map(|range| line(text, range)).collect();
    let lines: Vec<&str> = lines.into_iter().filter(|line| severity_text(line).is_none()).collect();
    let is_word = |line: &&&str| line.chars().any(char::is_alphanumeric);
    // A box drawn around a heading is no text.
    let is_heading = |line: &str| line.ends_with('#') || line.trim().ends_with(':');
    let title = lines.iter().filter(is_word).find(|line| !is_heading(line)).map(|line| line.trim().to_owned());
    let page = lines.iter().map(|line| if line.chars().all(|c| c == '#') { "" } else { line });
    let page = page.collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned();
    Ok(Page { severity, title: title.unwrap_or_default(), text: page })
}

/// The comments before anything else, unless they are those of the rule that follows.
fn head(text: &str, outline: &Outline) -> Vec<Range<usize>> {
    let start = outline.start.unwrap_or(text.len());
    if outline.rules.first().is_some_and(|rule| rule.at == start) && !above(text, outline, start).is_empty() {
        return Vec::new();
    }
    outline.comments.iter().filter(|comment| comment.end <= start).cloned().collect()
}

/// The comments above a place, with nothing but line ends between them and it. A blank line ends them.
fn above(text: &str, outline: &Outline, at: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut end = at;
    for comment in outline.comments.iter().rev().filter(|comment| comment.end <= at) {
        let between = text.get(comment.end..end).unwrap_or_default();
        if between.trim().is_empty() && between.matches('\n').count() == 1 {
            found.push(comment.clone());
            end = comment.start;
        } else {
            break;
        }
    }
    found.reverse();
    found
}

fn line<'t>(text: &'t str, range: &Range<usize>) -> Option<&'t str> {
    let line = text.get(range.clone())?.trim_start_matches('#').trim_end();
    Some(line.strip_prefix(' ').unwrap_or(line))
}

fn severity_text(line: &str) -> Option<&str> {
    let (name, value) = line.trim().split_once(':')?;
    name.eq_ignore_ascii_case("severity").then_some(value.trim())
}

fn severity(text: &str, comments: &[Range<usize>]) -> Result<Option<Severity>, (String, usize)> {
    for comment in comments {
        let Some(said) = line(text, comment).and_then(severity_text) else { continue };
        let known = Severity::ALL.into_iter().find(|severity| severity.name().eq_ignore_ascii_case(said));
        return known.map(Some).ok_or_else(|| {
            let known = Severity::ALL.map(Severity::name).join(", ");
            (format!("`{said}` is no severity; known are {known}"), comment.start)
        });
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::outline::outline;
    use super::*;

    fn page(text: &str, rule: &str) -> Page {
        let outline = outline(text).unwrap();
        let at = outline.rules.iter().find(|named| named.name == rule).unwrap().at;
        of_rule(text, &outline, at).unwrap()
    }

    #[test]
    fn a_rule_has_the_comments_right_above_it() {
        let text = "# About the file.\n# severity: low\n\nlet x = 1\n\n# Nobody.\n#\n#   Because.\n# Severity: HIGH\nrule a { x exists }\n\n# far\n\nrule b { x exists }\n";
        let a = page(text, "a");
        assert_eq!((a.severity, &*a.title, &*a.text), (Some(Severity::High), "Nobody.", "Nobody.\n\n  Because."));
        let b = page(text, "b");
        assert_eq!((b.severity, &*b.title), (Some(Severity::Low), "About the file."));
    }

    #[test]
    fn the_comments_of_the_first_rule_are_not_those_of_the_file() {
        let text = "# Nobody.\n# severity: high\nrule a { x exists }\n\nrule b { x exists }";
        assert_eq!(page(text, "a").severity, Some(Severity::High));
        assert_eq!(page(text, "b"), Page::default());
    }

    #[test]
    fn boxes_and_headings_are_no_titles() {
        let text = "######\n## Gherkin   ##\n######\n# Description:\n#   Checks that.\nrule a { x exists }";
        assert_eq!(page(text, "a").title, "Checks that.");
        let wrong = "# severity: bad\nrule a { x exists }";
        let outline = outline(wrong).unwrap();
        assert_eq!(of_rule(wrong, &outline, 16).unwrap_err().1, 0);
    }
}

//! Colours that can be read on dark and on light ground: bright yellow, green and cyan cannot.

use annotate_snippets::Renderer;
use anstyle::{AnsiColor, Style};

use crate::finding::Severity;

/// What stands above or before what belongs together.
pub const HEADING: Style = Style::new().bold();

const BAD: Style = AnsiColor::BrightRed.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Green.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();
const INFO: Style = AnsiColor::Blue.on_default().bold();

/// The renderer of snippets in our colours.
pub fn renderer() -> Renderer {
    Renderer::styled().error(BAD).warning(WARNING).note(NOTE).help(HELP).info(INFO)
}

/// The colour of a severity, which is that of the level by which the renderer knows it.
pub fn severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => WARNING,
        Severity::Low => HELP,
        Severity::Info => INFO,
    }
}

/// A text in a style, if there are colours.
pub fn paint(text: &str, style: Style, colors: bool) -> String {
    if colors { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// The colour of a line of a patch, as git has them; nothing for one that stays as it is.
pub fn patch(line: &str) -> Option<Style> {
    let first = line.chars().next()?;
    if line.starts_with("--- ") || line.starts_with("+++ ") {
        return Some(HEADING);
    }
    let color = match first {
        '+' => AnsiColor::Green,
        '-' => AnsiColor::Red,
        '@' => AnsiColor::Cyan,
        _ => return None,
    };
    Some(color.on_default())
}

//! The few colours that the renderer of snippets does not choose.

use anstyle::{AnsiColor, Style};

use crate::finding::Severity;

/// What stands above or before what belongs together.
pub const HEADING: Style = Style::new().bold();

/// The colour of a severity; the renderer of snippets has the same.
pub fn severity(severity: Severity) -> Style {
    let color = match severity {
        Severity::Critical | Severity::High => AnsiColor::BrightRed,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::BrightCyan,
        Severity::Info => AnsiColor::BrightBlue,
    };
    color.on_default().bold()
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

/// A text in a style, if there are colours.
pub fn paint(text: &str, style: Style, colors: bool) -> String {
    if colors { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

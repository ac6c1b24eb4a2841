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

/// A text in a style, if there are colours.
pub fn paint(text: &str, style: Style, colors: bool) -> String {
    if colors { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

//! What `check` and `audit` report, in which formats, and when they fail.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::config::{moment, no_day};
use crate::finding::{Confidence, Severity};

/// What is reported and how.
#[derive(Debug, Args)]
pub struct Output {
    /// human, json, sarif, github, gitlab, junit or markdown; may be repeated as FORMAT=FILE [default: human]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = parse_format)]
    pub format: Vec<FormatArgument>,
    /// What tells apart several analyses of one commit in code scanning (SARIF's automationDetails.id).
    #[arg(long, hide_short_help = true, value_name = "NAME", default_value = "rootlint", value_parser = parse_category)]
    pub category: String,
    /// Where the FORMAT without =FILE goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
    /// The least severity that makes the exit code 1.
    #[arg(long, value_enum, default_value_t = FailOn::Medium, value_name = "SEVERITY")]
    pub fail_on: FailOn,
    /// Show findings of this confidence only: certain, or possible too.
    #[arg(long, value_enum, default_value_t = MinConfidence::Possible, value_name = "CONFIDENCE")]
    pub min_confidence: MinConfidence,
    /// What is undecided or noted counts as incomplete, too.
    #[arg(long)]
    pub strict: bool,
    /// Exit with 0 instead of 3.
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Only these checks.
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Not these checks.
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    pub skip: Vec<String>,
    /// Only checks that answer controls of this framework, as "CIS AWS v5.0.0".
    #[arg(long, value_name = "NAME")]
    pub framework: Vec<String>,
    /// Do not report what this file holds; `rootlint baseline` writes it.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<Utf8PathBuf>,
    /// Waived findings are results too, with `suppressions`.
    #[arg(long, hide_short_help = true)]
    pub sarif_include_waived: bool,
    /// The day, or the time with its offset, by which waivers run out and keys grow old [default: now]
    #[arg(long, hide_short_help = true, value_name = "DATE", value_parser = parse_moment)]
    pub now: Option<Timestamp>,
    /// Findings and errors only.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// All notes.
    #[arg(short, long)]
    pub verbose: bool,
}

/// A format of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person.
    Human,
    /// For a program.
    Json,
    /// For code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// For test reports.
    Junit,
    /// A job's summary.
    Markdown,
}

/// A `--format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatArgument {
    /// The format.
    pub format: Format,
    /// Where it goes.
    pub file: Option<Utf8PathBuf>,
}

/// A severity that fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Everything fails it.
    Info,
    /// Low and above.
    Low,
    /// Medium and above.
    Medium,
    /// High and above.
    High,
    /// Critical only.
    Critical,
    /// No finding does.
    Never,
}

impl FailOn {
    /// The least severity that fails the run, if any does.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
            Self::Never => None,
        }
    }
}

/// The least confidence shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MinConfidence {
    /// What rests on nothing unknown.
    Certain,
    /// Everything.
    Possible,
}

impl MinConfidence {
    /// Whether a finding of `confidence` is shown.
    pub fn admits(self, confidence: Confidence) -> bool {
        self == Self::Possible || confidence == Confidence::Certain
    }
}

fn parse_format(text: &str) -> Result<FormatArgument, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("a file name is missing after `=`".to_owned()),
        Some((name, file)) => (name, Some(Utf8PathBuf::from(file))),
        None => (text, None),
    };
    let format = match name {
        "human" => Format::Human,
        "json" => Format::Json,
        "sarif" => Format::Sarif,
        "github" => Format::Github,
        "gitlab" => Format::Gitlab,
        "junit" => Format::Junit,
        "markdown" => Format::Markdown,
        _ => {
            let known = ["human", "json", "sarif", "github", "gitlab", "junit", "markdown"];
            return Err(unknown_format(name, &known));
        }
    };
    Ok(FormatArgument { format, file })
}

pub(super) fn parse_moment(text: &str) -> Result<Timestamp, String> {
    moment(text).ok_or_else(|| no_day(text))
}

fn parse_category(text: &str) -> Result<String, String> {
    let name = text.trim_end_matches('/');
    // What follows the last slash is the run's own id.
    let is_name = !name.is_empty() && !name.chars().any(char::is_control);
    if is_name { Ok(name.to_owned()) } else { Err("a category has a name".to_owned()) }
}

pub(super) fn unknown_format(name: &str, known: &[&str]) -> String {
    format!("known are {}{}", known.join(", "), crate::suggest::did_you_mean(name, known.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_go_where_they_are_sent() {
        let parsed = parse_format("sarif=out/a=b.sarif").unwrap();
        assert_eq!(parsed, FormatArgument { format: Format::Sarif, file: Some("out/a=b.sarif".into()) });
        assert!(parse_format("jsn").unwrap_err().contains("did you mean `json`?"));
        assert!(parse_format("json=").is_err());
    }
}

//! `rootlint facts`.

use camino::Utf8PathBuf;
use clap::Args;
use jiff::Timestamp;

use super::check::Input;
use super::output::parse_moment;

/// `rootlint facts`
#[derive(Debug, Args)]
pub struct Facts {
    /// Folders or files to look at; with --join, facts.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// The repository that these are facts of [default: as its remote `origin` is called, else its folder]
    #[arg(long, value_name = "NAME", value_parser = parse_repository, conflicts_with = "join")]
    pub repository: Option<String>,
    /// Put the facts in files or folders together.
    #[arg(long)]
    pub join: bool,
    /// Print the schema of the lines.
    #[arg(long, conflicts_with = "join")]
    pub schema: bool,
    /// Where they go [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
    /// The day, or the time with its offset, by which they grow old [default: now]
    #[arg(long, hide_short_help = true, value_name = "DATE", value_parser = parse_moment)]
    pub now: Option<Timestamp>,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
}

fn parse_repository(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && !text.contains("//") && !text.chars().any(char::is_control);
    if is_name { Ok(text.to_owned()) } else { Err("expected a name as github.com/acme/network".to_owned()) }
}

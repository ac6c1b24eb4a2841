//! `rootlint check` and `rootlint baseline`: what is looked at.

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::Args;

use super::output::Output;

/// `rootlint check`
#[derive(Debug, Args)]
pub struct Check {
    /// Folders or files to look at, or `-` for standard input.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// What is reported and how.
    #[command(flatten)]
    pub output: Output,
    /// Speak of findings that this commit does not have.
    #[arg(long, value_name = "REF", conflicts_with = "diff_base_report")]
    pub diff_base: Option<String>,
    /// The same by a JSON report of another run.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub diff_base_report: Option<Utf8PathBuf>,
    /// Take waivers, configuration, baseline and .gitignore from this commit.
    #[arg(long, value_name = "REF")]
    pub waivers_from: Option<String>,
    /// What AWS says of the keys in an account: told where the code makes their users, or lets root have one.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub credential_report: Vec<Utf8PathBuf>,
    /// Show a patch for what has one right answer; with --write, apply it.
    #[arg(long)]
    pub fix: bool,
    /// With --fix: apply the patch.
    #[arg(long, requires = "fix", hide_short_help = true)]
    pub write: bool,
    /// Events of CloudTrail, files or folders: what root did is told with what the code does about it.
    #[arg(long, hide_short_help = true, value_name = "PATH")]
    pub cloudtrail: Vec<Utf8PathBuf>,
    /// The name that standard input would have as a file.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub stdin_filename: Option<Utf8PathBuf>,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
    /// Rules of one's own.
    #[command(flatten)]
    pub rules: Rules,
    /// Facts of other repositories, files or folders; `rootlint facts` writes them.
    #[arg(long, value_name = "PATH")]
    pub facts: Vec<Utf8PathBuf>,
    /// Report also what lies in the other repositories.
    #[arg(long, requires = "facts", hide_short_help = true)]
    pub everywhere: bool,
}

/// Rules of one's own.
#[derive(Debug, Default, Args)]
pub struct Rules {
    /// Files of own rules in AWS's Guard language, besides those of the configuration.
    #[arg(long, hide_short_help = true, value_name = "GLOB")]
    pub rules: Vec<String>,
}

/// Options about what is read.
#[derive(Debug, Default, Args)]
pub struct Input {
    /// Paths not to look in.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// A Terraform variable, for every root module that declares it.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub var: Vec<(String, String)>,
    /// A file of Terraform variables.
    #[arg(long, value_name = "FILE")]
    pub var_file: Vec<Utf8PathBuf>,
    /// The Terraform workspace.
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// Do not read TF_VAR_* from the environment.
    #[arg(long)]
    pub no_env: bool,
    /// A CloudFormation parameter or pseudo parameter.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub parameter: Vec<(String, String)>,
    /// A file of CloudFormation parameters; of a samconfig.toml `FILE#ENVIRONMENT`.
    #[arg(long, value_name = "FILE")]
    pub parameter_overrides: Vec<Utf8PathBuf>,
    /// A plan or state as `terraform show -json` writes it, for the code beside it.
    #[arg(long, value_name = "FILE")]
    pub plan: Vec<Utf8PathBuf>,
    /// The configuration [default: rootlint.toml, looked for upwards to the root]
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// Nothing outside is read [default: the repository, else the working folder]
    #[arg(long, value_name = "DIR")]
    pub root: Option<Utf8PathBuf>,
    /// How many threads.
    #[arg(long, hide_short_help = true, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// `rootlint baseline`
#[derive(Debug, Args)]
pub struct Baseline {
    /// Folders or files to look at.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// Where it goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
    /// Rules of one's own.
    #[command(flatten)]
    pub rules: Rules,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_split_at_its_first_equals_sign() {
        assert_eq!(parse_pair("a=b=c").unwrap(), ("a".into(), "b=c".into()));
        assert!(parse_pair("=b").is_err() && parse_pair("a").is_err());
    }
}

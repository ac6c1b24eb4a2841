//! `rootlint init`: what is written.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::check::Input;

/// `rootlint init`
#[derive(Debug, Args)]
pub struct Init {
    /// The folder that gets rootlint.toml; the workflow goes to the root of its repository.
    #[arg(default_value = ".", value_name = "PATH")]
    pub path: Utf8PathBuf,
    /// Write a service control policy that denies root users their keys, too [default: the language of the code]
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "auto", value_name = "LANGUAGE")]
    pub scp: Option<ScpLanguage>,
    /// Print what would be written.
    #[arg(long)]
    pub dry_run: bool,
    /// Replace what `rootlint init` wrote before; never another file.
    #[arg(long)]
    pub force: bool,
    /// The action that the workflow runs: OWNER/REPOSITORY@COMMIT.
    #[arg(long, value_name = "ACTION", value_parser = parse_action)]
    pub action: Option<String>,
    /// The branch that the workflow watches beside pull requests.
    #[arg(long, value_name = "BRANCH", default_value = "main", value_parser = parse_branch)]
    pub branch: String,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
}

/// What the policy is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScpLanguage {
    /// What the code is written in.
    Auto,
    /// Terraform or OpenTofu.
    Terraform,
    /// A CloudFormation template.
    Cloudformation,
}

fn parse_action(text: &str) -> Result<String, String> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let is_commit = |commit: &str| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.split_once('@') {
        Some((name, commit)) if is_name(name) && name.contains('/') && is_commit(commit) => Ok(text.to_owned()),
        _ => Err("expected OWNER/REPOSITORY@COMMIT, with all 40 digits: a tag can be moved".to_owned()),
    }
}

fn parse_branch(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if plain { Ok(text.to_owned()) } else { Err("expected the name of a branch".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_pinned() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert!(parse_action(&format!("o/r@{commit}")).is_ok());
        for wrong in ["o/r@v1", "o/r", &format!("r@{commit}"), &format!("o/r\n@{commit}")] {
            assert!(parse_action(wrong).is_err(), "{wrong}");
        }
        assert!(parse_branch("release/1.x").is_ok() && parse_branch("a]").is_err());
    }
}

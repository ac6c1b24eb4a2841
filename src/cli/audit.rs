//! `rootlint audit`: what AWS hands out, looked at offline.

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

use super::output::Output;

/// `rootlint audit`
#[derive(Debug, Args)]
pub struct Audit {
    /// What is looked at.
    #[command(subcommand)]
    pub evidence: Evidence,
}

/// What AWS hands out.
#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Credential reports: whose keys exist, how old they are, and whether they are used.
    CredentialReport(Box<CredentialReport>),
    /// CloudTrail events: what the root user did.
    Cloudtrail(Box<CloudTrail>),
}

/// `rootlint audit credential-report`
#[derive(Debug, Args)]
pub struct CredentialReport {
    /// Reports, or `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<Utf8PathBuf>,
    /// What is reported and how.
    #[command(flatten)]
    pub output: Output,
    /// What it is measured by.
    #[command(flatten)]
    pub ground: Ground,
}

/// `rootlint audit cloudtrail`
#[derive(Debug, Args)]
pub struct CloudTrail {
    /// Files of events or folders of such, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// Sigma rules for aws and cloudtrail to run, too: files, or folders of such.
    #[arg(long, value_name = "DIR")]
    pub sigma: Vec<Utf8PathBuf>,
    /// What is reported and how.
    #[command(flatten)]
    pub output: Output,
    /// What it is measured by.
    #[command(flatten)]
    pub ground: Ground,
}

/// Options of every audit.
#[derive(Debug, Args)]
pub struct Ground {
    /// The configuration [default: rootlint.toml, looked for upwards from the working folder]
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// Write down the findings there are, so that later runs with --baseline report only others.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<Utf8PathBuf>,
    /// How many threads.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

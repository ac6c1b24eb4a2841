//! The command line, as a contract: options may be added, never changed or removed.

use clap::{Parser, Subcommand, ValueEnum};

pub use self::audit::{Audit, CloudTrail, CredentialReport, Evidence, Ground};
pub use self::check::{Baseline, Check, Input, Rules};
pub use self::facts::Facts;
pub use self::init::{Init, ScpLanguage};
pub use self::inspect::{
    Checks, Completions, Eval, Explain, Org, OrgFormat, PlainFormat, Policy, PrincipalType, Resources, ResourcesFormat,
    TestRules,
};
pub use self::output::{FailOn, Format, FormatArgument, MinConfidence, Output};

mod audit;
mod check;
mod facts;
mod init;
mod inspect;
mod output;

/// Finds root access keys, organizations whose root users can still create one, and IAM user keys that nothing rotates,
/// in Terraform, OpenTofu and CloudFormation.
#[derive(Debug, Parser)]
#[command(name = "rootlint", version, about, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// In a terminal, unless NO_COLOR says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look for findings in folders, files or standard input.
    Check(Box<Check>),
    /// Write a configuration, a workflow and, if asked, a policy that denies root its keys.
    Init(Box<Init>),
    /// Show a check's page.
    Explain(Explain),
    /// List the checks.
    Checks(Checks),
    /// Ask service control policies: is root denied iam:CreateAccessKey?
    Policy(Policy),
    /// List every resource with its evaluated attributes.
    Resources(Resources),
    /// Evaluate Terraform expressions, one a line on standard input.
    Eval(Eval),
    /// The organization tree with each account's verdict.
    Org(Org),
    /// Look at what AWS hands out: credential reports and CloudTrail events.
    Audit(Audit),
    /// Write down the findings there are, so that later runs report only others.
    Baseline(Baseline),
    /// Write what is declared here as facts, for the checks of other repositories.
    Facts(Facts),
    /// Test your own rules.
    TestRules(TestRules),
    /// Write completions for a shell.
    Completions(Completions),
    /// Write the manual page, for `man`.
    Man,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn short_help_fits_one_screen() {
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands_mut() {
            let help = sub.clone().term_width(120).render_help().to_string();
            assert!(help.lines().count() <= 40, "{}: {}", sub.get_name(), help.lines().count());
            assert!(help.lines().all(|line| line.chars().count() <= 120));
        }
    }
}

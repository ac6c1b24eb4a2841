//! The command line, as a contract: options may be added, never changed or removed. What a later version will do fails
//! today instead of being ignored.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::config::{day, no_day};
use crate::finding::{Confidence, Severity};

/// What an option or a format says that a later version will have.
const LATER: &str = "not implemented in this version";

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
    /// Credential reports and CloudTrail events.
    #[command(hide = true)]
    Audit(Later),
    /// Write down the findings there are, so that later runs report only others.
    Baseline(Baseline),
    /// Write facts for other repositories.
    #[command(hide = true)]
    Facts(Later),
    /// Test your own rules.
    #[command(hide = true)]
    TestRules(Later),
    /// Shell completions.
    #[command(hide = true)]
    Completions(Later),
    /// The manual page.
    #[command(hide = true)]
    Man(Later),
}

/// A command that a later version will have, with whatever follows it.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Later {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

/// `rootlint check`
#[derive(Debug, Args)]
pub struct Check {
    /// Folders or files to look at, or `-` for standard input.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
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
    /// Do not report what this file holds; `rootlint baseline` writes it.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<Utf8PathBuf>,
    /// Speak of findings that this commit does not have.
    #[arg(long, value_name = "REF", conflicts_with = "diff_base_report")]
    pub diff_base: Option<String>,
    /// The same by a JSON report of another run.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub diff_base_report: Option<Utf8PathBuf>,
    /// Take waivers, configuration, baseline and .gitignore from this commit.
    #[arg(long, value_name = "REF")]
    pub waivers_from: Option<String>,
    /// Waived findings are results too, with `suppressions`.
    #[arg(long, hide_short_help = true)]
    pub sarif_include_waived: bool,
    /// The day by which waivers run out [default: today, UTC]
    #[arg(long, hide_short_help = true, value_name = "DATE", value_parser = parse_day)]
    pub now: Option<Date>,
    /// The name that standard input would have as a file.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub stdin_filename: Option<Utf8PathBuf>,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
    /// Findings and errors only.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// All notes.
    #[arg(short, long)]
    pub verbose: bool,
    #[command(flatten)]
    later: LaterOptions,
}

/// Options about what is read.
#[derive(Debug, Args)]
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
    /// A file of CloudFormation parameters; of a samconfig.toml, `FILE#NAME` is an environment.
    #[arg(long, value_name = "FILE")]
    pub parameter_overrides: Vec<Utf8PathBuf>,
    /// A plan or state as `terraform show -json` writes it, for the code beside it.
    #[arg(long, value_name = "FILE")]
    pub plan: Vec<Utf8PathBuf>,
    /// The configuration [default: rootlint.toml, looked for upwards to the root]
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// The root; nothing outside is read [default: the repository, else the working folder]
    #[arg(long, value_name = "DIR")]
    pub root: Option<Utf8PathBuf>,
    /// How many threads.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// Options that a later version will have.
#[derive(Debug, Args)]
struct LaterOptions {
    #[arg(long, hide = true)]
    rules: Vec<OsString>,
    #[arg(long, hide = true)]
    facts: Vec<OsString>,
    #[arg(long, hide = true)]
    framework: Vec<OsString>,
}

impl Check {
    /// An option given that this version does not have.
    pub fn later(&self) -> Option<String> {
        let later = &self.later;
        [("--rules", &later.rules), ("--facts", &later.facts), ("--framework", &later.framework)]
            .iter()
            .find(|(_, given)| !given.is_empty())
            .map(|(name, _)| format!("{name} is {LATER}"))
    }
}

impl Command {
    /// A command given that this version does not have.
    pub fn later(&self) -> Option<String> {
        let name = match self {
            Self::Audit(_) => "audit",
            Self::Facts(_) => "facts",
            Self::TestRules(_) => "test-rules",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
            _ => return None,
        };
        Some(format!("`rootlint {name}` is {LATER}"))
    }
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
}

/// `rootlint explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The check's id; `rootlint checks` lists them.
    #[arg(value_name = "ID")]
    pub id: String,
}

/// `rootlint checks`
#[derive(Debug, Args)]
pub struct Checks {
    /// With the controls of each framework that a check answers.
    #[arg(long)]
    pub frameworks: bool,
}

/// `rootlint policy`
#[derive(Debug, Args)]
pub struct Policy {
    /// Policy documents, or `-` for standard input: all of one level, or a document with `levels`.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<Utf8PathBuf>,
    /// The account that asks [default: any]
    #[arg(long, value_name = "ID", value_parser = parse_account)]
    pub account: Option<String>,
    /// The organization's id [default: the one that the policies name]
    #[arg(long, value_name = "ID", value_parser = parse_organization)]
    pub org_id: Option<String>,
    /// Where the account stands, as o-.../r-.../ou-.../ [default: anywhere]
    #[arg(long, value_name = "PATH", value_parser = parse_organization_path)]
    pub org_path: Option<String>,
    /// aws, aws-cn, aws-us-gov or another partition
    #[arg(long, value_name = "NAME", default_value = "aws", value_parser = parse_partition)]
    pub partition: String,
    /// FullAWSAccess is attached nowhere.
    #[arg(long)]
    pub no_full_access: bool,
    /// The action that is asked about.
    #[arg(long, value_name = "ACTION", default_value = "iam:CreateAccessKey", value_parser = parse_action)]
    pub action: String,
    /// The resource that is asked about [default: the principal's own ARN]
    #[arg(long, value_name = "ARN", value_parser = parse_resource)]
    pub resource: Option<String>,
    /// Who asks: the root user, any IAM user or any role of the account.
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = PrincipalType::Root)]
    pub principal_type: PrincipalType,
    /// The earliest time of a request, as a date or seconds since 1970 [default: now]
    #[arg(long, value_name = "DATE")]
    pub now: Option<String>,
    /// Say of every statement to which requests it applies, and what defeats it.
    #[arg(long)]
    pub explain: bool,
    /// human or json
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_plain_format)]
    pub format: PlainFormat,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrincipalType {
    /// The root user of the account.
    Root,
    /// An IAM user.
    User,
    /// A role.
    Role,
}

/// `rootlint org`
#[derive(Debug, Args)]
pub struct Org {
    /// Folders or files to look at.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// human, json, dot or html
    #[arg(long, value_enum, default_value_t = OrgFormat::Human, value_name = "FORMAT")]
    pub format: OrgFormat,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
}

/// A format of `org`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OrgFormat {
    /// A tree for a person.
    Human,
    /// For a program.
    Json,
    /// For Graphviz.
    Dot,
    /// One self-contained page.
    Html,
}

/// `rootlint resources`
#[derive(Debug, Args)]
pub struct Resources {
    /// Folders or files to look at.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// human or json
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_plain_format)]
    pub format: PlainFormat,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
}

/// `rootlint eval`
#[derive(Debug, Args)]
pub struct Eval {
    /// The root module to evaluate in [default: an empty one]
    #[arg(value_name = "DIR")]
    pub folder: Option<Utf8PathBuf>,
    /// Each line is a JSON string that holds the expression.
    #[arg(long)]
    pub json_input: bool,
    /// What is read and how.
    #[command(flatten)]
    pub input: Input,
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

/// A format of `resources` and `policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainFormat {
    /// For a person.
    Human,
    /// For a program.
    Json,
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

fn parse_day(text: &str) -> Result<Date, String> {
    day(text).ok_or_else(|| no_day(text))
}

fn parse_category(text: &str) -> Result<String, String> {
    let name = text.trim_end_matches('/');
    // What follows the last slash is the run's own id.
    let is_name = !name.is_empty() && !name.chars().any(char::is_control);
    if is_name { Ok(name.to_owned()) } else { Err("a category has a name".to_owned()) }
}

fn parse_plain_format(text: &str) -> Result<PlainFormat, String> {
    match text {
        "human" => Ok(PlainFormat::Human),
        "json" => Ok(PlainFormat::Json),
        "guard" => Err(LATER.to_owned()),
        _ => Err(unknown_format(text, &["human", "json"])),
    }
}

fn unknown_format(name: &str, known: &[&str]) -> String {
    format!("known are {}{}", known.join(", "), crate::suggest::did_you_mean(name, known.iter().copied()))
}

fn parse_account(text: &str) -> Result<String, String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(text.to_owned()) } else { Err("an account's id has twelve digits".to_owned()) }
}

/// Whether a text is `prefix` and then small letters, digits and hyphens.
fn is_id(text: &str, prefix: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_part))
}

fn parse_organization(text: &str) -> Result<String, String> {
    if is_id(text, "o-") { Ok(text.to_owned()) } else { Err("expected o-...".to_owned()) }
}

fn parse_organization_path(text: &str) -> Result<String, String> {
    let path = text.strip_suffix('/').unwrap_or(text);
    let is_path = path.split('/').count() > 1
        && path.split('/').enumerate().all(|(at, part)| is_id(part, ["o-", "r-"].get(at).unwrap_or(&"ou-")));
    if is_path { Ok(format!("{path}/")) } else { Err("expected o-.../r-.../ou-.../".to_owned()) }
}

fn parse_partition(text: &str) -> Result<String, String> {
    if text == "aws" || is_id(text, "aws-") { Ok(text.to_owned()) } else { Err("expected aws or aws-...".to_owned()) }
}

fn parse_action(text: &str) -> Result<String, String> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match text.split_once(':') {
        Some((service, name)) if is_word(service) && is_word(name) => Ok(text.to_owned()),
        _ => Err("expected SERVICE:Name, without wildcards".to_owned()),
    }
}

fn parse_resource(text: &str) -> Result<String, String> {
    let is_arn = text.starts_with("arn:") && text.split(':').count() > 5 && !text.contains(['*', '?']);
    if is_arn || text == "*" {
        Ok(text.to_owned())
    } else {
        Err("expected an ARN without wildcards, or `*`".to_owned())
    }
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
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

    #[test]
    fn formats_go_where_they_are_sent() {
        let parsed = parse_format("sarif=out/a=b.sarif").unwrap();
        assert_eq!(parsed, FormatArgument { format: Format::Sarif, file: Some("out/a=b.sarif".into()) });
        assert!(parse_format("jsn").unwrap_err().contains("did you mean `json`?"));
        assert!(parse_format("json=").is_err());
        assert_eq!(parse_pair("a=b=c").unwrap(), ("a".into(), "b=c".into()));
        assert!(parse_pair("=b").is_err() && parse_pair("a").is_err());
    }
}

//! The commands that answer one question: pages, policies, organizations, resources, expressions.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::check::{Input, Rules};
use super::output::unknown_format;

/// `rootlint explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The check's id; `rootlint checks` lists them. Of a rule of your own it is guard/NAME.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Rules of one's own.
    #[command(flatten)]
    pub rules: Rules,
    /// The configuration that names rules [default: rootlint.toml, looked for upwards to the root]
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
}

/// `rootlint test-rules`
#[derive(Debug, Args)]
pub struct TestRules {
    /// Rule files, or folders with rule files in them [default: what the configuration and --rules name]
    #[arg(value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// The tests of the only rule file [default: those in the folder `tests` beside it that begin with its name]
    #[arg(long, value_name = "FILE")]
    pub test_data: Vec<Utf8PathBuf>,
    /// Rules of one's own.
    #[command(flatten)]
    pub rules: Rules,
    /// The configuration that names rules [default: rootlint.toml, looked for upwards to the root]
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// human or json
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_plain_format)]
    pub format: PlainFormat,
}

/// `rootlint completions`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Where they go:
  bash        rootlint completions bash > ~/.local/share/bash-completion/completions/rootlint
  zsh         rootlint completions zsh > \"${fpath[1]}/_rootlint\"
  fish        rootlint completions fish > ~/.config/fish/completions/rootlint.fish
  powershell  rootlint completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `rootlint checks`
#[derive(Debug, Args)]
pub struct Checks {
    /// With the controls of each framework that a check answers.
    #[arg(long)]
    pub frameworks: bool,
    /// human or json
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_plain_format)]
    pub format: PlainFormat,
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
    /// Facts of other repositories, files or folders; `rootlint facts` writes them.
    #[arg(long, value_name = "PATH")]
    pub facts: Vec<Utf8PathBuf>,
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
    /// human, json or guard: the document that rules of your own see
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = parse_resources_format)]
    pub format: ResourcesFormat,
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

/// A format of `resources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourcesFormat {
    /// For a person or a program.
    Plain(PlainFormat),
    /// The document that rules see.
    Guard,
}

/// A format of `policy` and others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainFormat {
    /// For a person.
    Human,
    /// For a program.
    Json,
}

fn parse_resources_format(text: &str) -> Result<ResourcesFormat, String> {
    match text {
        "guard" => Ok(ResourcesFormat::Guard),
        "human" | "json" => parse_plain_format(text).map(ResourcesFormat::Plain),
        _ => Err(unknown_format(text, &["human", "json", "guard"])),
    }
}

fn parse_plain_format(text: &str) -> Result<PlainFormat, String> {
    match text {
        "human" => Ok(PlainFormat::Human),
        "json" => Ok(PlainFormat::Json),
        _ => Err(unknown_format(text, &["human", "json"])),
    }
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

//! `rootlint.toml`: what the user says about the repository and about the world outside it.

use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobMatcher;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::aws::credential_report::AuditSettings;
use crate::aws::{Accept, Elsewhere, OrganizationSettings, RotationSettings, Settings};
use crate::files::normalize;
use crate::source::{LineIndex, Sources, Span};
use crate::suggest::did_you_mean;

/// Every key that a configuration may have, by table; the first entry lists the tables.
pub const KEYS: &[(&str, &[&str])] = &[
    (
        "the configuration",
        &[
            "organization",
            "rotation",
            "monitoring",
            "audit",
            "accounts",
            "facts",
            "files",
            "rules",
            "terraform",
            "waiver",
        ],
    ),
    ("[organization]", &["required", "projects", "exempt", "accounts", "full-aws-access", "elsewhere"]),
    ("an exemption", &["target", "reason"]),
    ("[rotation]", &["max-age-days", "accept", "elsewhere"]),
    ("[monitoring]", &["elsewhere"]),
    ("[audit]", &["max-age-days", "max-unused-days", "inactive-root-key"]),
    ("[facts]", &["keys", "max-age-days"]),
    ("[files]", &["exclude"]),
    ("[rules]", &["paths"]),
    ("[[terraform]]", &["path", "var-files", "workspace"]),
    ("[[waiver]]", &["checks", "path", "address", "reason", "until", "owner"]),
];

/// The name that is looked for.
pub const FILE_NAME: &str = "rootlint.toml";

/// A text of the configuration and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The text.
    pub text: String,
    /// Its bytes in the configuration.
    pub range: Range<usize>,
}

/// What `rootlint.toml` says. Paths are relative to the root already.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file, relative to the root, or as it was named if it lies outside; nothing if there is none.
    pub path: Option<Utf8PathBuf>,
    text: Arc<str>,
    inside: bool,
    /// `[organization] required = true`: where the key stands.
    pub required: Option<Range<usize>>,
    /// `[organization] projects`
    pub organization_projects: Vec<Utf8PathBuf>,
    /// `[organization] exempt`: targets with reasons.
    pub exempt: Vec<(String, String)>,
    /// `[organization] full-aws-access = "detached"`
    pub full_aws_access_detached: bool,
    /// `[organization] accounts`: ids of accounts that belong to it.
    pub organization_accounts: Vec<String>,
    /// `[accounts]`: in which account a project is deployed.
    pub accounts: Vec<(Utf8PathBuf, String)>,
    /// `[organization] elsewhere`
    pub organization_elsewhere: Option<Said>,
    /// `[rotation] max-age-days`
    pub max_age_days: Option<u32>,
    /// `[rotation] accept`
    pub accept: Option<Accept>,
    /// `[rotation] elsewhere`
    pub rotation_elsewhere: Option<Said>,
    /// `[monitoring] elsewhere`
    pub monitoring_elsewhere: Option<Said>,
    /// `[audit] max-age-days`
    pub audit_age_days: Option<u32>,
    /// `[audit] max-unused-days`
    pub audit_unused_days: Option<u32>,
    /// `[audit] inactive-root-key = "allow"`
    pub inactive_root_key_allowed: bool,
    /// `[facts] keys`: public keys of minisign.
    pub facts_keys: Vec<Said>,
    /// `[facts] max-age-days`
    pub facts_age_days: Option<u32>,
    /// `[files] exclude`: globs of paths relative to the root.
    pub exclude: Vec<String>,
    /// `[rules] paths`: globs of rule files, relative to the root.
    pub rules: Vec<Said>,
    /// `[[terraform]]`
    pub terraform: Vec<TerraformInputs>,
    /// `[[waiver]]`
    pub waivers: Vec<ConfiguredWaiver>,
}

/// One `[[waiver]]`: findings that are let be, by check and by path, address or both.
#[derive(Clone, Debug)]
pub struct ConfiguredWaiver {
    /// The checks; whether they exist is not known here.
    pub checks: Vec<Said>,
    /// Paths relative to the root.
    pub path: Option<GlobMatcher>,
    /// Addresses of blocks or instances.
    pub address: Option<GlobMatcher>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds (UTC).
    pub until: Option<Date>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// Where the entry stands in the configuration.
    pub range: Range<usize>,
}

/// One `[[terraform]]`: the inputs of a root module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerraformInputs {
    /// The root module's folder, relative to the root.
    pub path: Utf8PathBuf,
    /// Its var files, relative to the root, in the order in which Terraform would be given them.
    pub var_files: Vec<Utf8PathBuf>,
    /// The workspace.
    pub workspace: Option<String>,
    /// Where the entry stands in the configuration.
    pub range: Range<usize>,
}

/// What is wrong with a configuration, with file, line and column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// What is wrong, and where in the text.
struct Problem {
    message: String,
    range: Range<usize>,
}

type Parsed<T> = Result<T, Problem>;

impl Config {
    /// Reads a configuration that lies at `path` relative to the root (or, if not `inside`, anywhere).
    ///
    /// # Errors
    /// Whatever is not exactly as documented: a key that is not understood would be a wish that is not granted.
    pub fn parse(path: &Utf8Path, text: &str, inside: bool) -> Result<Self, ConfigError> {
        let folder = if inside { path.parent().unwrap_or(Utf8Path::new("")) } else { Utf8Path::new("") };
        let config = Self { path: Some(path.to_owned()), text: Arc::from(text), inside, ..Self::default() };
        let stripped = text.strip_prefix('\u{feff}').unwrap_or(text);
        let moved = text.len() - stripped.len();
        let parsed = DeTable::parse(stripped)
            .map_err(|error| Problem { message: error.message().to_owned(), range: error.span().unwrap_or(0..0) })
            .and_then(|table| config.filled(table.get_ref(), folder));
        parsed.map_err(|problem| {
            let at = u32::try_from(problem.range.start + moved).unwrap_or(u32::MAX);
            let place = LineIndex::new(text).position(text, at);
            ConfigError(format!("{path}:{}:{}: {}", place.line, place.column, problem.message))
        })
    }

    fn filled(mut self, table: &DeTable<'_>, folder: &Utf8Path) -> Parsed<Self> {
        keys(table, "the configuration")?;
        if let Some(organization) = section(table, "organization")? {
            self.organization(organization, folder)?;
        }
        if let Some(rotation) = section(table, "rotation")? {
            keys(rotation, "[rotation]")?;
            self.accept = get(rotation, "accept").map(accept).transpose()?;
            self.max_age_days = get(rotation, "max-age-days").map(days).transpose()?;
            self.rotation_elsewhere = get(rotation, "elsewhere").map(reason).transpose()?;
        }
        if let Some(monitoring) = section(table, "monitoring")? {
            keys(monitoring, "[monitoring]")?;
            self.monitoring_elsewhere = get(monitoring, "elsewhere").map(reason).transpose()?;
        }
        if let Some(audit) = section(table, "audit")? {
            keys(audit, "[audit]")?;
            self.audit_age_days = get(audit, "max-age-days").map(days).transpose()?;
            self.audit_unused_days = get(audit, "max-unused-days").map(days).transpose()?;
            if let Some(value) = get(audit, "inactive-root-key") {
                self.inactive_root_key_allowed = one_of(value, ["report", "allow"])?;
            }
        }
        for (account, paths) in section(table, "accounts")?.into_iter().flatten() {
            let account = account_id(account.get_ref(), account.span())?;
            for path in strings(paths)? {
                self.accounts.push((inner_path(folder, &path)?, account.clone()));
            }
        }
        if let Some(facts) = section(table, "facts")? {
            keys(facts, "[facts]")?;
            self.facts_keys = get(facts, "keys").map(strings).transpose()?.unwrap_or_default();
            self.facts_age_days = get(facts, "max-age-days").map(days).transpose()?;
        }
        if let Some(files) = section(table, "files")? {
            keys(files, "[files]")?;
            for glob in get(files, "exclude").map(strings).transpose()?.unwrap_or_default() {
                globset::Glob::new(&glob.text).map_err(|error| Problem {
                    message: format!("`{}` is no glob: {}", glob.text, error.kind()),
                    range: glob.range.clone(),
                })?;
                self.exclude.push(anchored(folder, &glob.text));
            }
        }
        if let Some(rules) = section(table, "rules")? {
            keys(rules, "[rules]")?;
            for glob in get(rules, "paths").map(strings).transpose()?.unwrap_or_default() {
                let path = inner_path(folder, &glob)?;
                globset::Glob::new(path.as_str()).map_err(|error| Problem {
                    message: format!("`{}` is no glob: {}", glob.text, error.kind()),
                    range: glob.range.clone(),
                })?;
                self.rules.push(Said { text: path.into_string(), range: glob.range });
            }
        }
        if let Some(entries) = get(table, "terraform") {
            for entry in array(entries)? {
                self.terraform.push(terraform(entry, folder)?);
            }
        }
        if let Some(entries) = get(table, "waiver") {
            for entry in array(entries)? {
                self.waivers.push(waiver(entry, folder)?);
            }
        }
        Ok(self)
    }

    fn organization(&mut self, table: &DeTable<'_>, folder: &Utf8Path) -> Parsed<()> {
        keys(table, "[organization]")?;
        if let Some((key, value)) = table.get_key_value("required") {
            let required = value.get_ref().as_bool().ok_or_else(|| expected("true or false", value))?;
            self.required = required.then(|| key.span());
        }
        for project in get(table, "projects").map(strings).transpose()?.unwrap_or_default() {
            self.organization_projects.push(inner_path(folder, &project)?);
        }
        for account in get(table, "accounts").map(strings).transpose()?.unwrap_or_default() {
            self.organization_accounts.push(account_id(&account.text, account.range)?);
        }
        if let Some(entries) = get(table, "exempt") {
            for entry in array(entries)? {
                let inner = entry.get_ref().as_table().ok_or_else(|| expected("{ target, reason }", entry))?;
                keys(inner, "an exemption")?;
                self.exempt.push((needed(entry, inner, "target")?.text, needed(entry, inner, "reason")?.text));
            }
        }
        if let Some(value) = get(table, "full-aws-access") {
            self.full_aws_access_detached = one_of(value, ["attached", "detached"])?;
        }
        self.organization_elsewhere = get(table, "elsewhere").map(reason).transpose()?;
        Ok(())
    }

    /// A complaint about something that stands in the configuration: `path:line:column: message`.
    pub fn complaint(&self, range: &Range<usize>, message: &str) -> String {
        let path = self.path.as_deref().unwrap_or(Utf8Path::new(FILE_NAME));
        let at = u32::try_from(range.start).unwrap_or(u32::MAX);
        let place = LineIndex::new(&self.text).position(&self.text, at);
        format!("{path}:{}:{}: {message}", place.line, place.column)
    }

    /// Where something stands, as a place of `sources`.
    pub fn span(&self, range: &Range<usize>, sources: &Sources) -> Span {
        let path = self.path.as_deref().unwrap_or(Utf8Path::new(FILE_NAME));
        let file = match self.inside {
            true => sources.file(path),
            false => sources.virtual_file(path.as_str(), &self.text),
        };
        Span::new(file, range.start, range.end)
    }

    /// The configuration as the AWS layer reads it. The spans in it are of a file of `sources`.
    pub fn settings(&self, sources: &Sources) -> Settings {
        let span = |range: &Range<usize>| self.span(range, sources);
        let elsewhere = |said: &Option<Said>| {
            said.as_ref().map(|said| Elsewhere { reason: said.text.clone(), span: span(&said.range) })
        };
        Settings {
            organization: OrganizationSettings {
                required: self.required.as_ref().map(span),
                projects: self.organization_projects.iter().map(|path| project(path)).collect(),
                exempt: self.exempt.clone(),
                accounts: self.organization_accounts.clone(),
                full_aws_access_detached: self.full_aws_access_detached,
                elsewhere: elsewhere(&self.organization_elsewhere),
            },
            rotation: RotationSettings {
                max_age_days: self.max_age_days.unwrap_or(RotationSettings::default().max_age_days),
                accept: self.accept.unwrap_or_default(),
                elsewhere: elsewhere(&self.rotation_elsewhere),
            },
            monitoring: elsewhere(&self.monitoring_elsewhere),
            now: None,
            accounts: self.accounts.iter().map(|(path, id)| (project(path), Arc::from(id.as_str()))).collect(),
        }
    }
}

impl Config {
    /// What the checks of credential reports are told. `unused_days` is what a framework asks for.
    pub fn audit(&self, unused_days: Option<u32>) -> AuditSettings {
        let default = AuditSettings::default();
        AuditSettings {
            max_age_days: self.audit_age_days.or(self.max_age_days).unwrap_or(default.max_age_days),
            max_unused_days: self.audit_unused_days.or(unused_days).unwrap_or(default.max_unused_days),
            inactive_root_key_allowed: self.inactive_root_key_allowed,
        }
    }
}

/// The name of the project at `path`: the root module in the root itself is `.`.
fn project(path: &Utf8Path) -> Arc<str> {
    Arc::from(if path.as_str().is_empty() { "." } else { path.as_str() })
}

fn get<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.get(key)
}

/// Refuses keys that are not known.
fn keys(table: &DeTable<'_>, place: &str) -> Parsed<()> {
    let known = KEYS.iter().find(|(table, _)| *table == place).map_or(&[][..], |(_, known)| *known);
    for key in table.keys() {
        let name = key.get_ref().as_ref();
        if !known.contains(&name) {
            let hint = did_you_mean(name, known.iter().copied());
            let hint = if hint.is_empty() { format!("; known are {}", known.join(", ")) } else { hint };
            return Err(Problem { message: format!("unknown key `{name}` in {place}{hint}"), range: key.span() });
        }
    }
    Ok(())
}

fn expected(what: &str, value: &Spanned<DeValue<'_>>) -> Problem {
    Problem { message: format!("expected {what}, found {}", value.get_ref().type_str()), range: value.span() }
}

fn section<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Parsed<Option<&'t DeTable<'i>>> {
    match get(table, key) {
        None => Ok(None),
        Some(value) => {
            value.get_ref().as_table().map(Some).ok_or_else(|| expected(&format!("a table: [{key}]"), value))
        }
    }
}

fn array<'t, 'i>(value: &'t Spanned<DeValue<'i>>) -> Parsed<&'t DeArray<'i>> {
    value.get_ref().as_array().ok_or_else(|| expected("an array", value))
}

fn string(value: &Spanned<DeValue<'_>>) -> Parsed<Said> {
    let text = value.get_ref().as_str().ok_or_else(|| expected("a string", value))?;
    Ok(Said { text: text.to_owned(), range: value.span() })
}

fn strings(value: &Spanned<DeValue<'_>>) -> Parsed<Vec<Said>> {
    array(value)?.iter().map(string).collect()
}

/// Which of two words is said: true for the second.
fn one_of(value: &Spanned<DeValue<'_>>, words: [&str; 2]) -> Parsed<bool> {
    let said = value.get_ref().as_str();
    let [first, second] = words;
    match words.iter().position(|word| said == Some(word)) {
        Some(index) => Ok(index == 1),
        None => Err(expected(&format!("\"{}\" or \"{}\"", first, second), value)),
    }
}

/// The id of an account.
fn account_id(text: &str, range: Range<usize>) -> Parsed<String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let message = || format!("`{text}` is no id of an account: expected twelve digits");
    if is_id { Ok(text.to_owned()) } else { Err(Problem { message: message(), range }) }
}

/// A reason must say something: it is repeated in the report in place of a finding.
fn reason(value: &Spanned<DeValue<'_>>) -> Parsed<Said> {
    let said = string(value)?;
    if said.text.trim().is_empty() {
        let message = "say in a few words where it is done: the report repeats them".to_owned();
        return Err(Problem { message, range: said.range });
    }
    Ok(said)
}

/// `["rotates", "revokes"]`, or one of them.
fn accept(value: &Spanned<DeValue<'_>>) -> Parsed<Accept> {
    let mut accept = Accept { rotates: false, revokes: false };
    for said in strings(value)? {
        match &*said.text {
            "rotates" => accept.rotates = true,
            "revokes" => accept.revokes = true,
            other => {
                let message = format!("expected \"rotates\" or \"revokes\", found `{other}`");
                return Err(Problem { message, range: said.range });
            }
        }
    }
    if !accept.rotates && !accept.revokes {
        return Err(expected("\"rotates\" or \"revokes\" in the list", value));
    }
    Ok(accept)
}

fn days(value: &Spanned<DeValue<'_>>) -> Parsed<u32> {
    let integer = value.get_ref().as_integer();
    let days = integer.and_then(|integer| u32::from_str_radix(integer.as_str(), integer.radix()).ok());
    days.filter(|days| *days > 0).ok_or_else(|| expected("a number of days from 1", value))
}

/// A string that an entry must have.
fn needed(entry: &Spanned<DeValue<'_>>, table: &DeTable<'_>, key: &str) -> Parsed<Said> {
    match get(table, key) {
        Some(value) => reason(value),
        None => Err(Problem { message: format!("`{key}` is missing"), range: entry.span() }),
    }
}

fn terraform(entry: &Spanned<DeValue<'_>>, folder: &Utf8Path) -> Parsed<TerraformInputs> {
    let table = entry.get_ref().as_table().ok_or_else(|| expected("a table: [[terraform]]", entry))?;
    keys(table, "[[terraform]]")?;
    let path = inner_path(folder, &needed(entry, table, "path")?)?;
    let files = get(table, "var-files").map(strings).transpose()?.unwrap_or_default();
    let var_files = files.iter().map(|file| inner_path(folder, file)).collect::<Parsed<_>>()?;
    let workspace = get(table, "workspace").map(string).transpose()?.map(|said| said.text);
    Ok(TerraformInputs { path, var_files, workspace, range: entry.span() })
}

/// A day, as `2027-01-31`.
pub fn day(text: &str) -> Option<Date> {
    let is_long = text.len() == "2027-01-31".len();
    text.parse().ok().filter(|_| is_long)
}

/// A time with its offset, as `2027-01-31T12:00:00Z`, or the start of a day (UTC).
pub fn moment(text: &str) -> Option<Timestamp> {
    let start = || day(text)?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| Some(start()?.timestamp()))
}

/// What is said of a text that is no day.
pub fn no_day(text: &str) -> String {
    format!("`{text}` is no day: expected one like 2027-01-31")
}

fn waiver(entry: &Spanned<DeValue<'_>>, folder: &Utf8Path) -> Parsed<ConfiguredWaiver> {
    let table = entry.get_ref().as_table().ok_or_else(|| expected("a table: [[waiver]]", entry))?;
    keys(table, "[[waiver]]")?;
    let checks = get(table, "checks").map(strings).transpose()?.unwrap_or_default();
    if checks.is_empty() {
        return Err(Problem { message: "`checks` is missing: checks = [\"...\"]".to_owned(), range: entry.span() });
    }
    let glob = |key: &str, whole: &dyn Fn(&str) -> String, separated: bool| -> Parsed<Option<GlobMatcher>> {
        let Some(said) = get(table, key).map(string).transpose()? else { return Ok(None) };
        let built = globset::GlobBuilder::new(&whole(&said.text)).literal_separator(separated).build();
        let glob = built.map_err(|error| Problem {
            message: format!("`{}` is no glob: {}", said.text, error.kind()),
            range: said.range,
        })?;
        Ok(Some(glob.compile_matcher()))
    };
    let path = glob("path", &|text| anchored(folder, text), true)?;
    // Brackets in an address are those of instance keys.
    let address = glob("address", &|text| text.replace('[', "[[]"), false)?;
    if path.is_none() && address.is_none() {
        let message = "a `path` or an `address` is missing: a waiver for everything is what --skip is for".to_owned();
        return Err(Problem { message, range: entry.span() });
    }
    let until = get(table, "until").map(|value| match value.get_ref() {
        DeValue::Datetime(date) => Ok(Said { text: date.to_string(), range: value.span() }),
        _ => string(value),
    });
    let until = until.transpose()?;
    let until =
        until.map(|said| day(&said.text).ok_or_else(|| Problem { message: no_day(&said.text), range: said.range }));
    Ok(ConfiguredWaiver {
        checks,
        path,
        address,
        reason: needed(entry, table, "reason")?.text,
        until: until.transpose()?,
        owner: get(table, "owner").map(string).transpose()?.map(|said| said.text),
        range: entry.span(),
    })
}

/// A path written in a configuration in `folder`, relative to the root.
fn inner_path(folder: &Utf8Path, said: &Said) -> Parsed<Utf8PathBuf> {
    normalize(&folder.join(&said.text)).ok_or_else(|| Problem {
        message: format!("`{}` leads out of the repository", said.text),
        range: said.range.clone(),
    })
}

/// A glob written in a configuration in `folder`: without a slash it means a name at any depth, as in `.gitignore`.
fn anchored(folder: &Utf8Path, glob: &str) -> String {
    if folder.as_str().is_empty() {
        glob.to_owned()
    } else if glob.contains('/') {
        format!("{folder}/{}", glob.trim_start_matches('/'))
    } else {
        format!("{folder}/**/{glob}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse("infra/rootlint.toml".into(), text, true).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_is_read() {
        let text = r#"
[organization]
required = true
projects = ["org", "../scp"]
exempt = [{ target = "111122223333", reason = "sandbox" }]
full-aws-access = "detached"
elsewhere = "in the org repository"

[rotation]
max-age-days = 30
accept = ["revokes"]
elsewhere = "Vault"

[monitoring]
elsewhere = "the SIEM"

[audit]
max-unused-days = 45
inactive-root-key = "allow"

[accounts]
"111122223333" = ["envs/prod", "."]

[files]
exclude = ["old/**", "*.bak.yaml"]

[rules]
paths = ["policy/*.guard", "../shared.guard"]

[[terraform]]
path = "envs/prod"
var-files = ["prod.tfvars"]
workspace = "prod"
"#;
        let config = parse(text).unwrap();
        assert_eq!(config.exclude, ["infra/old/**", "infra/**/*.bak.yaml"]);
        let rules: Vec<&str> = config.rules.iter().map(|glob| &*glob.text).collect();
        assert_eq!(rules, ["infra/policy/*.guard", "shared.guard"]);
        let inputs = config.terraform.first().unwrap();
        assert_eq!((inputs.path.as_str(), inputs.workspace.as_deref()), ("infra/envs/prod", Some("prod")));
        assert_eq!(inputs.var_files, ["infra/prod.tfvars"]);
        let audit = config.audit(Some(60));
        assert_eq!((audit.max_age_days, audit.max_unused_days, audit.inactive_root_key_allowed), (30, 45, true));
        let sources = Sources::default();
        let settings = config.settings(&sources);
        let accounts: Vec<_> = settings.accounts.iter().map(|(project, account)| (&**project, &**account)).collect();
        assert_eq!(accounts, [("infra/envs/prod", "111122223333"), ("infra", "111122223333")]);
        assert_eq!(settings.rotation.max_age_days, 30);
        assert_eq!(settings.rotation.accept, Accept { rotates: false, revokes: true });
        assert_eq!(&*settings.organization.projects.concat(), "infra/orgscp");
        assert!(settings.organization.full_aws_access_detached);
        assert_eq!(settings.monitoring.unwrap().reason, "the SIEM");
        let elsewhere = settings.organization.elsewhere.unwrap();
        assert_eq!(elsewhere.reason, "in the org repository");
        let span = elsewhere.span;
        assert_eq!(text.get(span.start as usize..span.end as usize), Some("\"in the org repository\""));
        assert_eq!(sources.path(span.file).as_str(), "infra/rootlint.toml");
    }

    #[test]
    fn the_root_module_in_the_root_is_a_dot() {
        let config = Config::parse("rootlint.toml".into(), "organization.projects = [\".\"]", true).unwrap();
        assert_eq!(&*config.settings(&Sources::default()).organization.projects.concat(), ".");
    }

    #[test]
    fn nothing_said_is_the_default() {
        let settings = Config::default().settings(&Sources::default());
        assert_eq!(settings.rotation.max_age_days, 90);
        assert_eq!(settings.rotation.accept, Accept::default());
        assert!(settings.organization.required.is_none());
    }

    #[test]
    fn what_is_wrong_has_a_place_and_a_hint() {
        for (text, message) in [
            (
                "[organization]\nrequird = true",
                "2:1: unknown key `requird` in [organization]; did you mean `required`?",
            ),
            (
                "[zoo]",
                "1:2: unknown key `zoo` in the configuration; known are organization, rotation, monitoring, audit, accounts, facts, files, rules, terraform, waiver",
            ),
            ("[organization]\nrequired = \"yes\"", "2:12: expected true or false, found string"),
            ("[rotation]\nmax-age-days = 0", "2:16: expected a number of days from 1, found integer"),
            ("[rotation]\nelsewhere = \" \"", "2:13: say in a few words where it is done: the report repeats them"),
            ("[[terraform]]\npath = \"../../x\"", "2:8: `../../x` leads out of the repository"),
            ("\u{feff}[[terraform]]\nworkspace = \"x\"", "1:1: `path` is missing"),
            ("rules.paths = [\"a\", \"../../x.guard\"]", "1:21: `../../x.guard` leads out of the repository"),
            ("[rules]\npaths = [\"a[\"]", "2:10: `a[` is no glob: unclosed character class; missing ']'"),
            ("[files]\nexclude = [\"a[\"]", "2:12: `a[` is no glob: unclosed character class; missing ']'"),
            ("[organization]\nexempt = [{ target = \"1\" }]", "2:11: `reason` is missing"),
            ("rotation.accept = []", "1:19: expected \"rotates\" or \"revokes\" in the list, found array"),
            ("rotation.accept = [\"alerts\"]", "1:20: expected \"rotates\" or \"revokes\", found `alerts`"),
            ("terraform = 1", "1:13: expected an array, found integer"),
            ("audit.max-unused-days = 0", "1:25: expected a number of days from 1, found integer"),
            ("audit.inactive-root-key = \"ignore\"", "1:27: expected \"report\" or \"allow\", found string"),
            ("[accounts]\n\"1111\" = [\".\"]", "2:1: `1111` is no id of an account: expected twelve digits"),
            ("organization.accounts = [\"x\"]", "1:26: `x` is no id of an account: expected twelve digits"),
        ] {
            assert_eq!(parse(text).unwrap_err(), format!("infra/rootlint.toml:{message}"), "{text}");
        }
        assert!(parse("[a\n").unwrap_err().starts_with("infra/rootlint.toml:1:"));
    }
}

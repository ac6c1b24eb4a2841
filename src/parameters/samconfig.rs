//! `samconfig.toml`: the options of the SAM CLI, by environment and command.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html>

use std::ops::Range;

use camino::Utf8Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Found, pairs, text};
use crate::cloudformation::Parameters;
use crate::files::{Files, normalize};
use crate::finding::Diagnostic;
use crate::source::{FileId, Sources, Span};

const NAME: &str = "samconfig.toml";

/// The environment that the SAM CLI takes unless told otherwise.
const DEFAULT: &str = "default";

/// The template that the SAM CLI takes unless told otherwise.
const TEMPLATES: [&str; 3] = ["template.yaml", "template.yml", "template.json"];

/// The values for `environment`, else for the default one, else for the only one.
pub(super) fn read(text: &str, file: FileId, environment: Option<&str>, found: &mut Found) {
    let Some(config) = Config::parse(text, file, found) else { return };
    let environments: Vec<Environment<'_>> = config.environments().collect();
    let named = |name: &str| environments.iter().find(|environment| environment.name == name);
    let chosen = match (environment, named(DEFAULT), &*environments) {
        (Some(name), _, _) => named(name),
        (None, Some(default), _) => Some(default),
        (None, None, [only]) => Some(only),
        _ => None,
    };
    match chosen {
        Some(environment) => config.values(environment.overrides, found),
        None => {
            let names = environments.iter().map(|environment| environment.name).collect::<Vec<_>>().join(", ");
            let message = match (environment, names.is_empty()) {
                (_, true) => "no environment of this file has `parameter_overrides`".to_owned(),
                (Some(name), _) => format!("no environment `{name}` here has `parameter_overrides`: {names} have"),
                (None, _) => format!("which environment? {NAME}#NAME names one of {names}"),
            };
            found.bad(message, Span::start_of(file));
        }
    }
}

/// The values that a `samconfig.toml` in a template's folder gives to it: if one environment alone gives any, and it is
/// for this template. With several environments none is meant more than another.
pub fn beside(files: &dyn Files, sources: &Sources, template: &Utf8Path) -> (Parameters, Vec<Diagnostic>) {
    let mut found = Found::default();
    let folder = template.parent().unwrap_or(Utf8Path::new(""));
    let path = folder.join(NAME);
    if files.is_file(&path) {
        let file = sources.file(&path);
        if let Some(text) = text(files, &path, file, &mut found)
            && let Some(config) = Config::parse(&text, file, &mut found)
        {
            let is_for = |environment: &Environment<'_>| match environment.template {
                Some(named) => normalize(&folder.join(named)).is_some_and(|path| path == template),
                None => template.file_name().is_some_and(|name| TEMPLATES.contains(&name)),
            };
            let environments: Vec<Environment<'_>> = config.environments().collect();
            if let [only] = &*environments
                && is_for(only)
            {
                config.values(only.overrides, &mut found);
            }
        }
    }
    (found.parameters, found.errors)
}

struct Config<'t> {
    text: &'t str,
    file: FileId,
    root: Spanned<DeTable<'t>>,
}

/// An environment that gives values to parameters.
struct Environment<'c> {
    name: &'c str,
    overrides: &'c Spanned<DeValue<'c>>,
    template: Option<&'c str>,
}

impl<'t> Config<'t> {
    fn parse(text: &'t str, file: FileId, found: &mut Found) -> Option<Self> {
        match DeTable::parse(text) {
            Ok(root) => Some(Self { text, file, root }),
            Err(error) => {
                let range = error.span().unwrap_or_default();
                found.bad(error.message(), Span::new(file, range.start, range.end));
                None
            }
        }
    }

    /// The environments with `parameter_overrides`, for `deploy` or else for all commands.
    fn environments(&self) -> impl Iterator<Item = Environment<'_>> {
        self.root.get_ref().iter().filter_map(|(name, commands)| {
            let commands = commands.get_ref().as_table()?;
            let option = |name: &str| {
                ["deploy", "global"].iter().find_map(|command| {
                    let parameters = commands.get(*command)?.get_ref().as_table()?.get("parameters")?;
                    parameters.get_ref().as_table()?.get(name)
                })
            };
            let template = ["template_file", "template"].iter().find_map(|name| option(name)?.get_ref().as_str());
            Some(Environment { name: name.get_ref(), overrides: option("parameter_overrides")?, template })
        })
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    /// A string of pairs, a list of such strings, or a table.
    fn values(&self, overrides: &Spanned<DeValue<'_>>, found: &mut Found) {
        match overrides.get_ref() {
            DeValue::String(pairs) => self.pairs(pairs, overrides.span(), found),
            DeValue::Array(elements) => elements.iter().for_each(|element| self.values(element, found)),
            DeValue::Table(table) => {
                for (name, value) in table {
                    let written = match value.get_ref() {
                        DeValue::String(text) => Some(text.to_string()),
                        DeValue::Integer(number) => Some(number.as_str().to_owned()),
                        DeValue::Float(number) => Some(number.as_str().to_owned()),
                        DeValue::Boolean(truth) => Some(truth.to_string()),
                        _ => None,
                    };
                    match written {
                        Some(written) => found.add(name.get_ref(), &written, self.inside(&written, value.span())),
                        None => found.bad("a parameter's value must be a string", self.span(value.span())),
                    }
                }
            }
            _ => found.bad("`parameter_overrides` is a string or a list of strings", self.span(overrides.span())),
        }
    }

    fn pairs(&self, pairs: &str, range: Range<usize>, found: &mut Found) {
        pairs::read(pairs, self.inside(pairs, range), found);
    }

    /// Where the characters of a string stand within its quotes; the whole of it where some are escaped.
    fn inside(&self, written: &str, range: Range<usize>) -> Span {
        let raw = self.text.get(range.clone()).unwrap_or_default();
        match raw.find(written) {
            Some(at) => self.span(range.start + at..range.start + at + written.len()),
            None => self.span(range),
        }
    }
}

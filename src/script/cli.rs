//! Commands of the AWS CLI: `aws iam create-access-key --user-name deploy`.
//! <https://docs.aws.amazon.com/cli/latest/reference/>

use super::words::{Field, value_of};
use super::{Call, Credentials, Operation, Reader, User, runtime};
use crate::document;
use crate::source::Span;
use crate::text::Text;
use crate::value::Value;

/// The global options that take a value. <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html>
const GLOBAL: [&str; 10] = [
    "--profile",
    "--region",
    "--output",
    "--endpoint-url",
    "--query",
    "--color",
    "--ca-bundle",
    "--cli-read-timeout",
    "--cli-connect-timeout",
    "--cli-binary-format",
];

/// The operations that matter, with the options that take a value.
/// <https://docs.aws.amazon.com/cli/latest/reference/iam/create-access-key.html>
const OPERATIONS: [(&str, Operation); 3] = [
    ("create-access-key", Operation::Create),
    ("update-access-key", Operation::Update),
    ("delete-access-key", Operation::Delete),
];

/// The operation of that name.
pub(super) fn operation(name: &str) -> Option<Operation> {
    OPERATIONS.iter().find(|(known, _)| *known == name).map(|(_, operation)| *operation)
}

/// What a command line of the AWS CLI did to the script's surroundings.
pub(super) enum Effect {
    /// Nothing.
    None,
    /// Keys and profiles that later commands use.
    Configured(Credentials),
    /// It printed the credentials of a role.
    Assumed(Value),
}

/// A command line of the AWS CLI, cut into its parts.
struct Line<'f> {
    /// The service, the operation, and what else is no option.
    words: Vec<&'f Field>,
    /// The options by name, with their values.
    options: Vec<(String, Option<Field>)>,
    /// A word after the operation that may be any options.
    open: Option<&'f Field>,
}

impl<'f> Line<'f> {
    fn of(arguments: &'f [Field]) -> Self {
        let mut line = Self { words: Vec::new(), options: Vec::new(), open: None };
        let mut rest = arguments.iter().peekable();
        while let Some(field) = rest.next() {
            if field.open {
                // Before the operation only global options may stand.
                if line.words.len() >= 2 {
                    line.open.get_or_insert(field);
                }
                continue;
            }
            let (known, _) = field.text.known_prefix();
            if !known.starts_with("--") {
                line.words.push(field);
                continue;
            }
            if let Some((name, _)) = known.split_once('=') {
                line.options.push((name.to_owned(), Some(field.after(name.len() + 1))));
                continue;
            }
            // A flag is followed by another option, by nothing, or stands before service and operation.
            let early = line.words.len() < 2 && !GLOBAL.iter().any(|global| is_short_for(&known, global));
            let is_value = |next: &&&Field| !next.text.known_prefix().0.starts_with("--");
            let value = if early { None } else { rest.next_if(|next| is_value(&next)).cloned() };
            line.options.push((known, value));
        }
        line
    }

    /// The value of an option, which may be written in short.
    fn option(&self, name: &str) -> Option<&Field> {
        let mut given = self.options.iter().filter(|(known, _)| is_short_for(known, name));
        given.next_back()?.1.as_ref()
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| is_short_for(known, name))
    }
}

/// The CLI takes the beginning of an option's name for the option.
fn is_short_for(written: &str, name: &str) -> bool {
    written == name || written.len() > 3 && name.starts_with(written)
}

/// Reads the arguments of `aws`, which runs with `given`. `command` is where the command starts.
pub(super) fn run(
    reader: &Reader<'_>,
    command: Option<Span>,
    arguments: &[Field],
    given: &Credentials,
    folder: Option<&str>,
) -> Effect {
    let line = Line::of(arguments);
    let mut credentials = given.clone();
    if let Some(profile) = line.option("--profile") {
        let profile = profile.value();
        reader.profile(&profile);
        // What is asked for goes before what the environment sets.
        credentials = Credentials { profile: Some(profile), ..Credentials::default() };
    }
    let words: Vec<_> = line.words.iter().map(|word| word.as_str().unwrap_or_default()).collect();
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    match words.as_slice() {
        ["iam", name, rest @ ..] => {
            let Some(operation) = operation(name) else { return Effect::None };
            let idle = rest.contains(&"help") || line.has("--generate-cli-skeleton") || line.has("--no-sign-request");
            let elsewhere = line.option("--endpoint-url").and_then(Field::as_str).is_some_and(|url| is_elsewhere(&url));
            if idle || elsewhere {
                return Effect::None;
            }
            let end = line.words.get(1).and_then(|word| word.span);
            let start = command.or_else(|| line.words.first().and_then(|word| word.span));
            let span = start.map(|start| end.map_or(start, |end| start.to(end)));
            let user = user(reader, &line, folder);
            reader.call(Call { operation, user, credentials, span });
            Effect::None
        }
        ["configure", "set", name, ..] => {
            let Some(value) = line.words.get(3) else { return Effect::None };
            configured(reader, name, value, &line)
        }
        ["sts", "assume-role" | "assume-role-with-web-identity" | "assume-role-with-saml", ..] => {
            let unknown = || runtime("--role-arn", "is not given", command);
            Effect::Assumed(line.option("--role-arn").map_or_else(unknown, Field::value))
        }
        _ => Effect::None,
    }
}

/// `aws configure set aws_access_key_id AKIA...`: of the default profile, unless another is named.
fn configured(reader: &Reader<'_>, name: &str, value: &Field, line: &Line<'_>) -> Effect {
    let (profile, name) = match name.rsplit_once('.') {
        Some((profile, name)) => (Some(profile.trim_start_matches("profile.")), name),
        None => (None, name),
    };
    if name != "aws_access_key_id" {
        return Effect::None;
    }
    let key = value.value();
    reader.key(&key);
    let other = line.has("--profile") || profile.is_some_and(|profile| profile != "default");
    if other { Effect::None } else { Effect::Configured(Credentials { key: Some(key), ..Credentials::default() }) }
}

/// Whether an endpoint is not one of AWS: LocalStack, another vendor's store.
/// <https://docs.aws.amazon.com/general/latest/gr/rande.html>
pub(super) fn is_elsewhere(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
    !["amazonaws.com", "amazonaws.com.cn", "api.aws"].iter().any(|end| host.ends_with(end))
}

/// The user of a call: an option, a part of the input document, or nobody.
fn user(reader: &Reader<'_>, line: &Line<'_>, folder: Option<&str>) -> User {
    if let Some(name) = line.option("--user-name") {
        return User::Named(name.value());
    }
    if let Some(input) = line.option("--cli-input-json").or_else(|| line.option("--cli-input-yaml")) {
        return of_input(reader, input, folder);
    }
    match line.open {
        Some(open) => User::Named(open.value()),
        None => User::Absent,
    }
}

fn of_input(reader: &Reader<'_>, input: &Field, folder: Option<&str>) -> User {
    let unknown = |why| User::Named(runtime("--cli-input-json", why, input.span));
    let (known, whole) = input.text.known_prefix();
    let text: Text = match known.strip_prefix("file://") {
        Some(path) if whole => match reader.file(&super::join(folder, path)) {
            Some(text) => text,
            None => return unknown("is in a file that is not in view"),
        },
        Some(_) => return unknown("is in a file whose name is not known"),
        None => input.text.clone(),
    };
    let input_document = value_of(&text, input.span);
    match document::read(&input_document).or_else(|_| document::read_yaml(&input_document)) {
        Ok(document) => match document.fields() {
            Some(fields) => match fields.get("UserName").filter(|name| !name.is_null()) {
                Some(name) => User::Named(name.clone()),
                None => User::Absent,
            },
            None => unknown("is no object"),
        },
        Err(_) => unknown("cannot be read"),
    }
}

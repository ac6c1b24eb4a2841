//! What calls mean in boto3, in the SDK for JavaScript (versions 2 and 3), and in the libraries that run commands.
//! <https://docs.aws.amazon.com/boto3/latest/reference/services/iam.html>
//! <https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/client/iam/command/CreateAccessKeyCommand/>

use std::rc::Rc;

use super::interpret::{Arguments, Interpreter, Thing, words};
use super::words::Field;
use super::{Credentials, Language, Operation, Start, User, runtime, shell};
use crate::value::Value;

/// The methods of clients and the commands of version 3.
const OPERATIONS: [(&str, &str, &str, Operation); 3] = [
    ("create_access_key", "createAccessKey", "CreateAccessKeyCommand", Operation::Create),
    ("update_access_key", "updateAccessKey", "UpdateAccessKeyCommand", Operation::Update),
    ("delete_access_key", "deleteAccessKey", "DeleteAccessKeyCommand", Operation::Delete),
];

fn operation(method: &str) -> Option<Operation> {
    OPERATIONS.iter().find(|(python, node, ..)| *python == method || *node == method).map(|(.., operation)| *operation)
}

/// Functions that run a command line in a shell, or a list of words without one.
const RUN: [&str; 22] = [
    "os.system",
    "os.popen",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "child_process.exec",
    "child_process.execSync",
    "child_process.spawn",
    "child_process.spawnSync",
    "child_process.execFile",
    "child_process.execFileSync",
    "execa",
    "execa.command",
    "execa.execa",
    "shelljs.exec",
    "zx.$",
    "commands.getoutput",
    "invoke.run",
];

impl Interpreter<'_, '_> {
    /// The result of a call, if it is one of an SDK or of something that runs commands.
    pub(super) fn sdk_call(&mut self, function: &Thing, given: &Arguments) -> Option<Thing> {
        match function {
            Thing::Import(path) => self.call_import(path, given),
            Thing::Member(object, name) => self.call_member(object, name, given),
            _ => {
                self.send_all(given);
                None
            }
        }
    }

    /// Commands that are handed to something that is not followed: it sends them, for all we know.
    fn send_all(&self, given: &Arguments) {
        for thing in &given.positional {
            if let Thing::Command(operation, user, span) = thing {
                self.record(*operation, user.clone(), self.ambient(), *span);
            }
        }
    }

    /// The credentials that a client takes up by itself.
    fn ambient(&self) -> Credentials {
        let variable =
            |name: &str| self.variable(name).filter(|value| value.as_str().is_none_or(|text| !text.is_empty()));
        if self.ambient.profile.is_some() || self.ambient.key.is_some() || self.ambient.role.is_some() {
            return self.ambient.clone();
        }
        let key = variable("AWS_ACCESS_KEY_ID");
        let profile = variable("AWS_PROFILE").filter(|_| key.is_none());
        Credentials { profile, key, role: None }
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let own = self.environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        own.or_else(|| self.reader.surroundings.variable(name))
    }

    /// `os.environ.X`, `process.env.X`
    pub(super) fn variable_of(&self, path: &str) -> Option<Thing> {
        let name = path.strip_prefix("os.environ.").or_else(|| path.strip_prefix("process.env."))?;
        if matches!(name, "get" | "copy" | "update" | "setdefault" | "items") {
            return None;
        }
        let value = self.variable(name);
        Some(Thing::Value(value.unwrap_or_else(|| runtime(name, "is set outside the script", None))))
    }

    /// `os.environ["AWS_PROFILE"] = "root"`
    pub(super) fn set_environment(&mut self, object: &Thing, name: &str, value: &Thing) {
        let (Thing::Import(path), Thing::Value(value)) = (object, value) else { return };
        if matches!(&**path, "os.environ" | "process.env") {
            match name {
                "AWS_PROFILE" | "AWS_DEFAULT_PROFILE" => self.reader.profile(value),
                "AWS_ACCESS_KEY_ID" => self.reader.key(value),
                _ => {}
            }
            self.environment.push((name.to_owned(), value.clone()));
        }
    }

    /// `AWS.config.credentials = ...`; `process.env.AWS_PROFILE = ...`. Whether it was such a thing.
    pub(super) fn configure(&mut self, object: &Thing, name: &str, value: &Thing) -> bool {
        match object {
            Thing::Import(path) if &**path == "aws-sdk.config" => {
                if let (Thing::Session(credentials), "credentials") = (value, name) {
                    self.ambient = credentials.clone();
                }
                true
            }
            Thing::Import(_) => {
                self.set_environment(object, name, value);
                true
            }
            _ => false,
        }
    }

    fn call_import(&mut self, path: &str, given: &Arguments) -> Option<Thing> {
        match path {
            "require" => {
                let module = given.positional.first()?.as_str()?;
                let module = module.trim_start_matches("node:").to_owned();
                self.import(&module);
                return Some(Thing::Import(module.into()));
            }
            "os.getenv" | "os.environ.get" => {
                let name = given.positional.first()?.as_str()?;
                let default = given.positional.get(1);
                return Some(match (self.variable(&name), default) {
                    (Some(value), _) => Thing::Value(value),
                    (None, _) => Thing::Value(runtime(name, "is set outside the script", given.span)),
                });
            }
            "util.promisify" => return given.positional.first().cloned(),
            _ => {}
        }
        if let Some(python) = self.boto3(path, given) {
            return Some(python);
        }
        if let Some(node) = self.javascript(path, given) {
            return Some(node);
        }
        if RUN.contains(&path.trim_start_matches("node:")) {
            self.run_command(given);
        }
        self.send_all(given);
        None
    }

    /// `boto3.client("iam")`, `boto3.Session(profile_name="x")`
    fn boto3(&mut self, path: &str, given: &Arguments) -> Option<Thing> {
        let (module, name) = path.rsplit_once('.')?;
        if !matches!(module, "boto3" | "boto3.session" | "aioboto3" | "aiobotocore.session" | "botocore.session") {
            return None;
        }
        let base = self.ambient();
        match name {
            "client" | "resource" => Some(self.client(name, &base, given)),
            "Session" | "get_session" => Some(Thing::Session(self.credentials(&base, given))),
            "setup_default_session" => {
                self.ambient = self.credentials(&base, given);
                Some(Thing::Null)
            }
            _ => None,
        }
    }

    fn client(&mut self, kind: &str, base: &Credentials, given: &Arguments) -> Thing {
        let credentials = self.credentials(base, given);
        let service = given.positional.first().or_else(|| argument(given, "service_name"));
        let service = service.and_then(Thing::as_str).map(|service| Rc::from(service.as_str()));
        let is_local =
            argument(given, "endpoint_url").and_then(Thing::as_str).is_some_and(|url| super::cli::is_local(&url));
        match (kind, service) {
            _ if is_local => Thing::Client(Some("local".into()), credentials),
            ("resource", Some(service)) => Thing::Resource(service, credentials),
            (_, service) => Thing::Client(service, credentials),
        }
    }

    /// The credentials that the arguments of a session or client give, else `base`.
    fn credentials(&self, base: &Credentials, given: &Arguments) -> Credentials {
        if let Some(profile) = argument(given, "profile_name") {
            return self.of_profile(profile).unwrap_or_else(|| base.clone());
        }
        match argument(given, "aws_access_key_id") {
            Some(key) => self.of_key(key).unwrap_or_else(|| base.clone()),
            None => base.clone(),
        }
    }

    fn of_profile(&self, profile: &Thing) -> Option<Credentials> {
        let Thing::Value(profile) = profile else { return None };
        self.reader.profile(profile);
        Some(Credentials { profile: Some(profile.clone()), ..Credentials::default() })
    }

    fn of_key(&self, key: &Thing) -> Option<Credentials> {
        match key {
            Thing::Assumed(role) => Some(Credentials { role: Some(role.clone()), ..Credentials::default() }),
            Thing::Value(key) => {
                self.reader.key(key);
                Some(Credentials { key: Some(key.clone()), ..Credentials::default() })
            }
            _ => None,
        }
    }

    /// Clients, commands and credentials of the SDK for JavaScript.
    fn javascript(&mut self, path: &str, given: &Arguments) -> Option<Thing> {
        let options = given.positional.first().unwrap_or(&Thing::Null);
        if let Some(name) = path.rsplit(['.', '/']).next() {
            if let Some((.., operation)) = OPERATIONS.iter().find(|(_, _, command, _)| *command == name)
                && (path.starts_with("@aws-sdk/") || !path.contains('/'))
            {
                return Some(Thing::Command(*operation, self.user(options, given), given.span));
            }
            if path.starts_with("@aws-sdk/credential-provider") {
                return Some(self.provider(name, options));
            }
            if let Some(rest) = path.strip_prefix("@aws-sdk/client-") {
                let (service, _) = rest.split_once('.')?;
                return Some(Thing::Client(Some(service.into()), self.of_options(options)));
            }
        }
        let rest = path.strip_prefix("aws-sdk")?;
        let name = rest.trim_start_matches('.').trim_start_matches("/clients/").trim_end_matches(".default");
        match name {
            "config.update" => {
                self.ambient = self.of_options(options);
                Some(Thing::Null)
            }
            _ if name.contains("Credentials") || name == "Config" => Some(self.provider(name, options)),
            _ if !name.is_empty() && !name.contains(['.', '/']) => {
                Some(Thing::Client(Some(name.to_ascii_lowercase().into()), self.of_options(options)))
            }
            _ => None,
        }
    }

    /// `fromIni({ profile })`, `new AWS.SharedIniFileCredentials({ profile })`, `new AWS.Credentials(key, secret)`
    fn provider(&mut self, name: &str, options: &Thing) -> Thing {
        if let Some(credentials) = options.field("profile").0.and_then(|profile| self.of_profile(profile)) {
            return Thing::Session(credentials);
        }
        let role = options.field("RoleArn").0.or_else(|| options.field("roleArn").0);
        let inner = options.field("params").0.and_then(|params| params.field("RoleArn").0);
        if let Some(Thing::Value(role)) = role.or(inner) {
            return Thing::Session(Credentials { role: Some(role.clone()), ..Credentials::default() });
        }
        match (name, options) {
            ("Credentials", Thing::Value(_)) => {
                self.of_key(options).map_or_else(|| Thing::Session(self.ambient()), Thing::Session)
            }
            _ => Thing::Session(self.of_options(options)),
        }
    }

    /// The credentials in the options of a client.
    fn of_options(&self, options: &Thing) -> Credentials {
        if let Some(key) = options.field("accessKeyId").0 {
            return self.of_key(key).unwrap_or_default();
        }
        match options.field("credentials").0 {
            Some(Thing::Session(credentials)) => credentials.clone(),
            Some(Thing::Assumed(role)) => Credentials { role: Some(role.clone()), ..Credentials::default() },
            Some(inner @ Thing::Fields(..)) => {
                inner.field("accessKeyId").0.and_then(|key| self.of_key(key)).unwrap_or_default()
            }
            _ => self.ambient(),
        }
    }

    fn call_member(&mut self, object: &Thing, name: &str, given: &Arguments) -> Option<Thing> {
        if RUN.iter().any(|run| run.strip_suffix(name).is_some_and(|module| module.ends_with('.')))
            && let Thing::Import(path) = object
            && RUN.contains(&&*format!("{path}.{name}"))
        {
            self.run_command(given);
            return None;
        }
        match object {
            Thing::Session(credentials) if matches!(name, "client" | "resource" | "create_client") => {
                let kind = if name == "resource" { name } else { "client" };
                Some(self.client(kind, credentials, given))
            }
            Thing::Client(service, credentials) => self.call_client(service.as_deref(), credentials, name, given),
            Thing::Resource(service, credentials) if &**service == "iam" => {
                let user = match name {
                    "User" | "AccessKey" => self.named(argument_at(given, 0, "name"), given),
                    "CurrentUser" | "create_user" => User::Absent,
                    _ => return None,
                };
                Some(Thing::User(user, credentials.clone()))
            }
            Thing::User(user, credentials) => {
                let operation = match name {
                    "create_access_key_pair" => Operation::Create,
                    "deactivate" => Operation::Update,
                    "delete" => Operation::Delete,
                    _ => return Some(Thing::User(user.clone(), credentials.clone())),
                };
                self.record(operation, user.clone(), credentials.clone(), given.callee);
                Some(Thing::Null)
            }
            // A method of the script's own object goes before one of something unknown.
            Thing::Instance => None,
            _ if self.has_sdk => {
                if let Some(operation) = operation(name) {
                    let user = self.user_of(given);
                    self.record(operation, user, Credentials::default(), given.callee);
                    return Some(Thing::Null);
                }
                if name == "create_access_key_pair" {
                    let user = User::Named(runtime("a user", "is known when the script runs", given.callee));
                    self.record(Operation::Create, user, Credentials::default(), given.callee);
                    return Some(Thing::Null);
                }
                if matches!(name, "assume_role" | "assumeRole") {
                    return Some(self.assumed(given));
                }
                self.send_all(given);
                None
            }
            _ => {
                self.send_all(given);
                None
            }
        }
    }

    fn call_client(
        &mut self,
        service: Option<&str>,
        credentials: &Credentials,
        name: &str,
        given: &Arguments,
    ) -> Option<Thing> {
        if matches!(name, "assume_role" | "assumeRole") {
            return Some(self.assumed(given));
        }
        if service.is_some_and(|service| service != "iam") {
            return None;
        }
        if name == "send" {
            if let Some(Thing::Command(operation, user, span)) = given.positional.first() {
                self.record(*operation, user.clone(), credentials.clone(), *span);
            }
            return Some(Thing::Null);
        }
        let operation = operation(name)?;
        let user = self.user_of(given);
        self.record(operation, user, credentials.clone(), given.callee);
        Some(Thing::Null)
    }

    fn assumed(&self, given: &Arguments) -> Thing {
        let role = argument(given, "RoleArn").or_else(|| given.positional.first()?.field("RoleArn").0);
        match role {
            Some(Thing::Value(role)) => Thing::Assumed(role.clone()),
            _ => Thing::Assumed(runtime("RoleArn", "is known when the script runs", given.span)),
        }
    }

    /// The user that the arguments of a call name.
    fn user_of(&self, given: &Arguments) -> User {
        match self.language {
            Language::Python => self.named(argument(given, "UserName"), given),
            _ => self.user(given.positional.first().unwrap_or(&Thing::Null), given),
        }
    }

    /// The user that an input object names.
    fn user(&self, input: &Thing, given: &Arguments) -> User {
        match input.field("UserName") {
            (Some(name), _) => self.named(Some(name), given),
            (None, false) => User::Absent,
            (None, true) => match input {
                Thing::Value(value) => User::Named(value.clone()),
                _ => User::Named(runtime("UserName", "is known when the script runs", given.span)),
            },
        }
    }

    fn named(&self, name: Option<&Thing>, given: &Arguments) -> User {
        match (name, &given.open) {
            (Some(Thing::Value(name)), _) => User::Named(name.clone()),
            (Some(Thing::Null), _) => User::Absent,
            (Some(other), _) => User::Named(runtime(dotted(other), "is known when the script runs", given.span)),
            (None, Some(open)) => User::Named(open.clone()),
            (None, None) => User::Absent,
        }
    }

    /// A command line, or its words.
    fn run_command(&mut self, given: &Arguments) {
        let Some(command) = given.positional.first().or_else(|| argument(given, "args")) else { return };
        let mut start = Start { arguments: Some(Vec::new()), ..self.start() };
        let environment = argument(given, "env").or_else(|| given.positional.last()?.field("env").0);
        if let Some(Thing::Fields(fields, _)) = environment {
            let set = fields.iter().filter_map(|(name, value)| match value {
                Thing::Value(value) => Some((Rc::clone(name), value.clone())),
                _ => None,
            });
            start.variables.extend(set);
        }
        if let Some(list) = words(command) {
            return shell::run(self.reader, list, &start);
        }
        let Thing::Value(value) = command else { return };
        match given.positional.get(1).and_then(words) {
            // `spawn("aws", ["iam", ...])`
            Some(rest) => {
                let list: Vec<Field> = [Field::of_value(value)].into_iter().chain(rest).collect();
                shell::run(self.reader, list, &start);
            }
            None => {
                let text = super::words::text_of(value);
                self.reader.script(&text, Language::Shell, &start);
            }
        }
    }
}

/// What something unknown is called, where it was taken out of something else.
fn dotted(thing: &Thing) -> String {
    match thing {
        Thing::Member(object, name) => match &**object {
            Thing::Value(value) => match value.as_unknown() {
                Some(unknown) => format!("{}.{name}", unknown.reason.missing),
                None => name.to_string(),
            },
            Thing::Instance => format!("self.{name}"),
            _ => name.to_string(),
        },
        _ => "UserName".to_owned(),
    }
}

fn argument<'g>(given: &'g Arguments, name: &str) -> Option<&'g Thing> {
    given.named.iter().rev().find(|(known, _)| **known == *name).map(|(_, value)| value)
}

fn argument_at<'g>(given: &'g Arguments, at: usize, name: &str) -> Option<&'g Thing> {
    given.positional.get(at).or_else(|| argument(given, name))
}

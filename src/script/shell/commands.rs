//! Commands: what runs what, and what reads what.

use super::{Input, Shell, Variable};
use crate::script::cli::{self, Effect};
use crate::script::tree::NodeId;
use crate::script::words::Field;
use crate::script::{Language, MAX_DEPTH, MAX_WORDS, Name, Start, interpreter_of, join, runtime};
use crate::text::Text;
use crate::value::Value;

/// Commands that run the command that follows, with those of their options that take a value. What is left out takes
/// none; words with `=` before the command are variables.
const WRAPPERS: [(&str, &[&str]); 15] = [
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "--user", "--group"]),
    ("env", &["-u", "-C", "--unset", "--chdir"]),
    ("nohup", &[]),
    ("time", &["-f", "-o"]),
    ("nice", &["-n"]),
    ("ionice", &["-c", "-n"]),
    ("exec", &["-a"]),
    ("command", &[]),
    ("builtin", &[]),
    ("setsid", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("timeout", &["-s", "-k", "--signal", "--kill-after"]),
    ("doas", &["-u"]),
    ("unbuffer", &[]),
    ("caffeinate", &[]),
];

/// Commands that run a command after so many words of their own: `uv run`, `poetry run`.
const RUNNERS: [(&str, &str); 4] = [("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("pdm", "run")];

/// Commands that set secrets up for the command after `--`.
const AFTER_DASHES: [&str; 9] =
    ["doppler", "op", "chamber", "infisical", "teller", "vault-env", "envchain", "summon", "granted"];

/// Options of `xargs` that take a value.
const XARGS: [&str; 12] =
    ["-I", "-n", "-P", "-L", "-d", "-a", "-E", "-s", "--max-args", "--max-procs", "--delimiter", "--replace"];

/// Options of interpreters that take a value.
const INTERPRETER: [&str; 7] = ["-W", "-X", "-O", "-o", "+o", "-r", "--require"];

impl Shell<'_, '_> {
    /// A command with the variables set for it alone.
    pub(super) fn command(&mut self, node: NodeId, input: Input) {
        let tree = self.tree;
        let assignments: Vec<NodeId> =
            tree.children(node).filter(|child| tree.kind(*child) == "variable_assignment").collect();
        let assigned: Vec<_> = assignments.into_iter().filter_map(|assignment| self.assigned(assignment)).collect();
        let words: Vec<NodeId> =
            tree.children(node).filter(|child| matches!(tree.field(*child), Some("name" | "argument"))).collect();
        let mut fields = Vec::new();
        for word in words {
            fields.extend(self.word(word));
        }
        fields.truncate(MAX_WORDS);
        self.reader.handle(fields.iter().map(|field| 64 + field.text.known_len()).sum());
        let redirects: Vec<NodeId> = tree.children_of(node, "redirect").collect();
        let input = redirects.into_iter().find_map(|redirect| self.heredoc(redirect)).or(input);
        self.with(assigned, |shell| shell.run(&fields, input));
    }

    /// Runs something with variables that are set for it alone.
    fn with(&mut self, set: Vec<(Name, Variable)>, run: impl FnOnce(&mut Self)) {
        let before: Vec<_> =
            set.into_iter().map(|(name, value)| (Name::clone(&name), self.variables.insert(name, value))).collect();
        run(self);
        for (name, value) in before.into_iter().rev() {
            match value {
                Some(value) => self.variables.insert(name, value),
                None => self.variables.remove(&name),
            };
        }
    }

    /// A statement with redirections: here-documents are what it reads, files are what it writes.
    pub(super) fn redirected(&mut self, node: NodeId, input: Input) {
        let tree = self.tree;
        let redirects: Vec<NodeId> = tree.children_of(node, "redirect").collect();
        let document = redirects.iter().find_map(|redirect| self.heredoc(*redirect));
        let Some(body) = tree.child(node, "body") else {
            return self.statements(node, document.or(input));
        };
        // What follows the start of a here-document on its line is listed within it.
        let mut files: Vec<NodeId> = redirects.clone();
        let mut after: Vec<NodeId> = Vec::new();
        for redirect in redirects.iter().filter(|redirect| tree.kind(**redirect) == "heredoc_redirect") {
            files.extend(tree.children_of(*redirect, "redirect"));
            after.extend(tree.children(*redirect).filter(|child| {
                matches!(tree.kind(*child), "pipeline" | "command" | "list" | "subshell" | "redirected_statement")
            }));
        }
        let written = match &document {
            Some(document) if self.str(body).split_whitespace().next() == Some("cat") => Some(document.clone()),
            Some(document) if self.str(body).contains("tee") => {
                self.write_by_tee(body, document);
                None
            }
            Some(_) => None,
            None => self.output(body),
        };
        if let Some(text) = &written {
            for file in files {
                self.write(file, text);
            }
        }
        let read = document.or(input);
        match after.as_slice() {
            [] => self.statement(body, read),
            all => {
                self.statement(body, read);
                for node in all {
                    self.statement(*node, written.clone());
                }
            }
        }
    }

    /// `> path`: the file holds this from now on.
    fn write(&mut self, redirect: NodeId, text: &Text) {
        let tree = self.tree;
        if tree.kind(redirect) != "file_redirect" || tree.child_of_kind(redirect, ">").is_none() {
            return;
        }
        let Some(destination) = tree.child(redirect, "destination") else { return };
        let path = self.unsplit(destination);
        if let Some(path) = path.as_str() {
            self.reader.write_file(join(self.folder.as_deref(), &path), text.clone());
        }
    }

    /// `sudo tee path <<EOF`
    fn write_by_tee(&mut self, body: NodeId, text: &Text) {
        let tree = self.tree;
        let words: Vec<NodeId> = tree.children_of(body, "argument").collect();
        let words: Vec<Field> = words.into_iter().flat_map(|word| self.word(word)).collect();
        for path in words.iter().filter_map(Field::as_str).filter(|word| !word.starts_with('-') && *word != "tee") {
            self.reader.write_file(join(self.folder.as_deref(), &path), text.clone());
        }
    }

    /// Commands that each read what the one before prints.
    pub(super) fn pipeline(&mut self, commands: impl Iterator<Item = NodeId>, input: Input) {
        let mut input = input;
        for node in commands.collect::<Vec<_>>() {
            if matches!(self.tree.kind(node), "|" | "|&") {
                continue;
            }
            self.statement(node, input.take());
            input = self.output(node);
        }
    }

    /// Runs a command.
    pub(super) fn run(&mut self, fields: &[Field], input: Input) {
        if self.depth >= MAX_DEPTH || !self.reader.step() {
            return;
        }
        self.depth += 1;
        self.run_words(fields, input);
        self.depth -= 1;
    }

    fn run_words(&mut self, fields: &[Field], input: Input) {
        let Some((first, rest)) = fields.split_first() else { return };
        let Some(command) = first.as_str() else {
            // Nothing but the AWS CLI has such arguments.
            if let [service, operation, ..] = rest
                && service.as_str().as_deref() == Some("iam")
                && operation.as_str().is_some_and(|name| cli::operation(&name).is_some())
            {
                self.aws(first, rest);
            } else if first.open {
                // It may be `sudo`, or nothing.
                self.run(rest, input);
            }
            return;
        };
        if let Some(body) = self.functions.get(&*command).copied() {
            return self.call(&command, body, rest, input);
        }
        if let Some(words) = self.aliases.remove(&*command) {
            let mut all = words.clone();
            all.extend_from_slice(rest);
            self.run(&all, input);
            self.aliases.insert(command.into_owned(), words);
            return;
        }
        let name = command.rsplit('/').next().unwrap_or(&command);
        if let Some((_, options)) = WRAPPERS.iter().find(|(known, _)| *known == name) {
            return self.wrapped(name, options, rest, input);
        }
        match name {
            "aws" | "aws.exe" => self.aws(first, rest),
            "eval" => {
                let space = Text::from(" ");
                let words = rest.iter().enumerate().flat_map(|(at, field)| {
                    let before = (at > 0).then_some(&space);
                    before.into_iter().chain([&field.text])
                });
                let text = Text::concat(words);
                self.nested(&text, Language::Shell, self.arguments.clone(), true);
            }
            "source" | "." => {
                if let Some(path) = rest.first().and_then(Field::as_str) {
                    self.source(&path, rest.get(1..).unwrap_or_default());
                }
            }
            "cd" | "pushd" => {
                let folder = rest.iter().filter_map(Field::as_str).find(|word| !word.starts_with('-'));
                self.folder = folder.map(|folder| join(self.folder.as_deref(), &folder));
            }
            "read" | "mapfile" | "readarray" => {
                for name in rest.iter().filter_map(Field::as_str).filter(|word| !word.starts_with('-')) {
                    let value = runtime(format!("${name}"), "is read when the script runs", first.span);
                    self.set(&Name::from(&*name), Variable::Scalar(value));
                }
            }
            "shift" => {
                if let Some(arguments) = self.arguments.as_mut().filter(|all| !all.is_empty()) {
                    arguments.remove(0);
                }
            }
            "set" => {
                if let [dashes, rest @ ..] = rest
                    && dashes.as_str().as_deref() == Some("--")
                {
                    self.arguments = Some(rest.to_vec());
                }
            }
            "alias" => {
                for field in rest {
                    let (known, _) = field.text.known_prefix();
                    if let Some((name, words)) = known.split_once('=') {
                        let words = words.split_whitespace().map(|word| Field::known(word, field.span));
                        self.aliases.insert(name.to_owned(), words.collect());
                    }
                }
            }
            "xargs" => self.xargs(rest, input),
            "ssh" => self.remote(rest, input),
            "su" => {
                if let Some(text) = option(rest, &["-c", "--command"]) {
                    self.nested(&text.text, Language::Shell, None, false);
                }
            }
            "aws-vault" | "saml2aws" => self.profile_runner(rest, input),
            _ if AFTER_DASHES.contains(&name) => {
                if let Some(at) = rest.iter().position(|word| word.as_str().as_deref() == Some("--")) {
                    self.run(rest.get(at + 1..).unwrap_or_default(), input);
                }
            }
            "docker" | "podman" | "kubectl" | "nerdctl" => self.container(rest, input),
            "npx" => self.run(rest, input),
            "trap" => {
                if let Some(text) = rest.first() {
                    self.nested(&text.text, Language::Shell, self.arguments.clone(), true);
                }
            }
            _ => {
                let runs = |(runner, verb): &&(&str, &str)| {
                    *runner == name && rest.first().and_then(Field::as_str).as_deref() == Some(*verb)
                };
                if RUNNERS.iter().any(|runner| runs(&runner)) {
                    self.run(rest.get(1..).unwrap_or_default(), input);
                } else if let Some(language) = interpreter_of(name) {
                    self.interpreter(language, rest, input);
                } else if command.contains('/') || is_script(name) {
                    self.file(&command, None, rest);
                }
            }
        }
    }

    fn aws(&mut self, first: &Field, rest: &[Field]) {
        let credentials = self.credentials();
        match cli::run(self.reader, first.span, rest, &credentials, self.folder.as_deref()) {
            Effect::None => {}
            Effect::Configured(credentials) => self.configured = credentials,
            Effect::Assumed(role) => self.configured.role = Some(role),
        }
    }

    /// A call of a function of the script.
    fn call(&mut self, name: &str, body: NodeId, arguments: &[Field], input: Input) {
        let name = Name::from(name);
        if !self.called.contains(&name) {
            self.called.push(name);
        }
        let outer = self.arguments.replace(arguments.to_vec());
        self.statement(body, input);
        self.arguments = outer;
    }

    /// `sudo -u x A=b command`, `timeout 5 command`
    fn wrapped(&mut self, name: &str, options: &[&str], rest: &[Field], input: Input) {
        let mut rest = rest;
        let mut set: Vec<(Name, Variable)> = Vec::new();
        while let Some((word, after)) = rest.split_first() {
            let (known, _) = word.text.known_prefix();
            rest = match known.as_str() {
                "-S" if name == "env" => after,
                "--" => after,
                option if option.starts_with('-') => {
                    after.get(usize::from(options.contains(&option))..).unwrap_or_default()
                }
                variable if variable.contains('=') && !variable.starts_with('=') => {
                    let (variable, _) = variable.split_once('=').unwrap_or_default();
                    let value = word.after(variable.len() + 1).value();
                    self.remember(variable, &value);
                    set.push((Name::from(variable), Variable::Scalar(value)));
                    after
                }
                _ => break,
            };
        }
        if name == "timeout" {
            rest = rest.get(1..).unwrap_or_default();
        }
        self.with(set, |shell| shell.run(rest, input));
    }

    /// `xargs -I{} command {}`: what it reads is put in, or added.
    fn xargs(&mut self, rest: &[Field], input: Input) {
        let mut rest = rest;
        let mut place = None;
        while let Some((word, after)) = rest.split_first() {
            let Some(known) = word.as_str().filter(|known| known.starts_with('-')) else { break };
            let value = after.first().filter(|_| XARGS.contains(&&*known));
            if known.starts_with("-I") {
                place = match value {
                    Some(value) => value.as_str().map(String::from),
                    None => known.get(2..).map(str::to_owned),
                };
            }
            rest = after.get(usize::from(value.is_some())..).unwrap_or_default();
        }
        let read = match input {
            Some(text) => Field { text, span: rest.first().and_then(|word| word.span), open: false },
            None => {
                let span = rest.first().and_then(|word| word.span);
                let value = runtime("xargs", "puts in what it reads when the script runs", span);
                Field { open: place.is_none(), ..Field::of_value(&value) }
            }
        };
        let mut words: Vec<Field> = Vec::new();
        for word in rest {
            match (&place, word.as_str()) {
                (Some(place), Some(known)) if *known == **place => words.push(read.clone()),
                (Some(place), Some(known)) if known.contains(place.as_str()) => {
                    let (before, after) = known.split_once(place.as_str()).unwrap_or_default();
                    let text = Text::concat([&Text::from(before), &read.text, &Text::from(after)]);
                    words.push(Field { text, ..word.clone() });
                }
                _ => words.push(word.clone()),
            }
        }
        if place.is_none() {
            words.push(read);
        }
        self.run(&words, None);
    }

    /// `ssh -i key user@host command`: another machine runs it.
    fn remote(&mut self, rest: &[Field], input: Input) {
        const VALUES: [&str; 12] = ["-i", "-o", "-p", "-l", "-F", "-J", "-L", "-R", "-D", "-b", "-c", "-E"];
        let mut rest = rest;
        while let Some((word, after)) = rest.split_first() {
            let Some(known) = word.as_str().filter(|known| known.starts_with('-')) else { break };
            rest = after.get(usize::from(VALUES.contains(&&*known))..).unwrap_or_default();
        }
        let command = rest.get(1..).unwrap_or_default();
        match (command, input) {
            ([], Some(text)) => self.nested(&text, Language::Shell, None, false),
            ([one], _) => self.nested(&one.text, Language::Shell, None, false),
            (several, input) => self.run(several, input),
        }
    }

    /// `aws-vault exec profile -- command`
    fn profile_runner(&mut self, rest: &[Field], input: Input) {
        let words = rest.iter().skip_while(|word| word.as_str().is_some_and(|word| word.starts_with('-')));
        let words: Vec<&Field> = words.collect();
        let ([verb, profile, ..], Some(at)) =
            (words.as_slice(), rest.iter().position(|word| word.as_str().as_deref() == Some("--")))
        else {
            return;
        };
        if verb.as_str().as_deref() != Some("exec") {
            return;
        }
        let profile = profile.value();
        self.reader.profile(&profile);
        let set = vec![(Name::from("AWS_PROFILE"), Variable::Scalar(profile))];
        self.with(set, |shell| shell.run(rest.get(at + 1..).unwrap_or_default(), input));
    }

    /// `docker run -e A=b image command`; the image `amazon/aws-cli` is the AWS CLI itself.
    fn container(&mut self, rest: &[Field], input: Input) {
        let is_cli = |word: &Field| {
            word.as_str().is_some_and(|word| {
                let image = word.split('@').next().unwrap_or_default();
                let image = image.rsplit_once(':').map_or(image, |(image, _)| image);
                image.ends_with("amazon/aws-cli") || image.ends_with("aws-cli/aws-cli")
            })
        };
        if let Some(at) = rest.iter().position(is_cli) {
            if let (Some(image), Some(arguments)) = (rest.get(at), rest.get(at + 1..)) {
                self.aws(image, arguments);
            }
            return;
        }
        let runs = |word: &Field| {
            word.as_str().is_some_and(|word| word == "aws" || !word.starts_with('-') && interpreter_of(&word).is_some())
        };
        if let Some(at) = rest.iter().position(runs) {
            self.run(rest.get(at..).unwrap_or_default(), input);
        }
    }

    /// `bash script arguments`, `bash -c text`, `bash -s < text`
    fn interpreter(&mut self, language: Language, rest: &[Field], input: Input) {
        let mut rest = rest;
        while let Some((word, after)) = rest.split_first() {
            let Some(known) = word.as_str() else { break };
            let is_text = match language {
                // Options may be put together: `bash -euc text`.
                Language::Shell => known.starts_with('-') && !known.starts_with("--") && known.ends_with('c'),
                Language::Python => known.starts_with('-') && !known.starts_with("--") && known.ends_with('c'),
                Language::JavaScript => matches!(&*known, "-e" | "--eval" | "-p" | "-pe" | "--print" | "eval"),
            };
            if is_text {
                if let Some((text, arguments)) = after.split_first() {
                    let arguments = arguments.get(1..).unwrap_or_default().to_vec();
                    self.nested(&text.text, language, Some(arguments), false);
                }
                return;
            }
            match &*known {
                "-" => {
                    rest = &[];
                }
                "-s" => {
                    let arguments =
                        after.iter().filter(|word| word.as_str().as_deref() != Some("--")).cloned().collect();
                    if let Some(text) = &input {
                        self.nested(text, language, Some(arguments), false);
                    }
                    return;
                }
                // `python3 -m module`: no file of this repository, as a rule.
                "-m" if language == Language::Python => {
                    let path = after.first().and_then(Field::as_str).map(|module| module.replace('.', "/") + ".py");
                    if let Some(path) = path {
                        self.file(&path, Some(language), after.get(1..).unwrap_or_default());
                    }
                    return;
                }
                "run" if language == Language::JavaScript => rest = after,
                option if option.starts_with(['-', '+']) && option.len() > 1 => {
                    rest = after.get(usize::from(INTERPRETER.contains(&option))..).unwrap_or_default();
                }
                path => return self.file(path, Some(language), after),
            }
        }
        if let (true, Some(text)) = (rest.is_empty(), input) {
            self.nested(&text, language, Some(Vec::new()), false);
        }
    }

    /// A script within this one. One that is `inside` is part of it: what it sets stays.
    fn nested(&mut self, text: &Text, language: Language, arguments: Option<Vec<Field>>, inside: bool) {
        let path = self.path.clone().filter(|_| inside);
        let set = self.reader.script(text, language, &Start { path, ..self.start(arguments) });
        self.take_over(set, inside);
    }

    /// Runs the script in a file.
    fn file(&mut self, path: &str, language: Option<Language>, arguments: &[Field]) {
        let path = join(self.folder.as_deref(), path);
        self.reader.script_file(&path, language, self.start(Some(arguments.to_vec())));
    }

    /// `source path`: the script is part of this one.
    fn source(&mut self, path: &str, arguments: &[Field]) {
        let path = join(self.folder.as_deref(), path);
        let arguments = if arguments.is_empty() { self.arguments.clone() } else { Some(arguments.to_vec()) };
        let set = self.reader.script_file(&path, Some(Language::Shell), self.start(arguments));
        self.take_over(set, true);
    }

    fn take_over(&mut self, set: Vec<(Name, Value)>, inside: bool) {
        for (name, value) in set.into_iter().filter(|_| inside) {
            self.set(&name, Variable::Scalar(value));
        }
    }

    /// What a script that is started here knows.
    fn start(&self, arguments: Option<Vec<Field>>) -> Start {
        let scalar = |(name, variable): (&Name, &Variable)| match variable {
            Variable::Scalar(value) => Some((Name::clone(name), value.clone())),
            Variable::Array(_) => None,
        };
        Start {
            path: None,
            arguments,
            variables: self.variables.iter().filter_map(scalar).collect(),
            folder: self.folder.clone(),
            credentials: self.configured.clone(),
        }
    }
}

/// The value of an option.
fn option<'f>(words: &'f [Field], names: &[&str]) -> Option<&'f Field> {
    let at = words.iter().position(|word| word.as_str().is_some_and(|word| names.contains(&&*word)))?;
    words.get(at + 1)
}

/// Whether a command is a script by its name, and not one that the system brings.
fn is_script(name: &str) -> bool {
    [".sh", ".bash", ".py", ".js", ".mjs"].iter().any(|end| name.ends_with(end))
}

//! Files and paths. Files are read only through the context, which reads nothing outside the scanned folder.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;

use crate::convert::set;
use crate::files::{self, FileError, Files};
use crate::source::Span;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Fields, Kind, Origin, Reason, Value, Via};

use super::pieces;
use super::spec::{Call, Failure, Function, any, invalid, open, returns, string, text, text_value};

type Outcome = Result<Value, Failure>;

/// The largest file that a function reads, and how much those may be in all whose text is kept.
pub const MAX_BYTES: u64 = 64 << 20;

/// How many entries `fileset` looks at, and how deep it goes.
const MAX_ENTRIES: usize = 200_000;
const MAX_DEPTH: usize = 64;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abspath", &[text("path")], returns::text, abspath).of(0),
    Function::new("basename", &[text("path")], returns::text, basename).of(0),
    Function::new("dirname", &[text("path")], returns::text, dirname).of(0),
    Function::new("file", &[text("path")], returns::text, file).traced(),
    Function::new("filebase64", &[text("path")], returns::text, filebase64).of(0),
    Function::new("fileexists", &[text("path")], returns::bool, fileexists).of(0),
    Function::new("fileset", &[text("path"), text("pattern")], returns_paths, fileset),
    Function::new("pathexpand", &[text("path")], returns::text, pathexpand).of(0),
    Function::new("templatefile", &[text("path"), any("vars")], returns::dynamic, templatefile).traced(),
];

fn returns_paths(_: &[Value]) -> Type {
    Type::set(Type::Text)
}

/// What depends on the machine that Terraform runs on, or on files that are none of ours.
fn elsewhere(call: &Call<'_>, why: &'static str) -> Failure {
    let argument = call.arguments.first().and_then(Value::as_str).unwrap_or_default();
    let reason = Reason::new(format!("{}({argument:?})", call.name), why, Some(call.span));
    open(reason)
}

/// The path of a file or folder that an argument names, relative to the root of the scan.
fn located(call: &Call<'_>, path: &str) -> Result<Utf8PathBuf, Failure> {
    if path.starts_with('~') {
        return Err(elsewhere(call, "lies in a home folder"));
    }
    let joined = call.context.folder().join(path);
    files::normalize(&joined).ok_or_else(|| elsewhere(call, "lies outside the scanned folder"))
}

fn failure(call: &Call<'_>, path: &str, error: &FileError) -> Failure {
    match error {
        FileError::Outside => elsewhere(call, "lies outside the scanned folder"),
        FileError::TooLarge(_) => elsewhere(call, "is too large to be read"),
        FileError::NotFound => invalid(
            0,
            format!(
                "no file exists at {path:?}; this function works only with files that are distributed as part of the \
                 configuration source code, so if this file will be created by a resource in this configuration you \
                 must instead obtain this result from an attribute of that resource"
            ),
        ),
        error => Failure::Call(format!("failed to open {path:?}: it {error}")),
    }
}

/// The path, from the root of the scan, and the bytes of the file that the first argument names.
pub(super) fn read(call: &Call<'_>) -> Result<(Utf8PathBuf, Vec<u8>), Failure> {
    let path = call.str(0)?;
    let located = located(call, &path)?;
    let files = call.context.files();
    let read = files.resolve(&located).and_then(|(real, _)| Ok((real, files.read(&located, MAX_BYTES)?)));
    read.map_err(|error| failure(call, &path, &error))
}

/// As [`read`], for a text that is kept: what is kept has a limit of its own.
fn read_to_keep(call: &Call<'_>) -> Result<(Utf8PathBuf, Vec<u8>), Failure> {
    let (real, bytes) = read(call)?;
    let left = call.context.left_to_read();
    match left.get().checked_sub(bytes.len() as u64) {
        Some(less) => left.set(less),
        None => return Err(elsewhere(call, "is too large to be read, after all that was read before")),
    }
    Ok((real, bytes))
}

/// The text of the file that the first argument names, with its positions there, and where the file starts.
fn read_text(call: &Call<'_>) -> Result<(Text, Span), Failure> {
    let (real, bytes) = read_to_keep(call)?;
    let content = String::from_utf8(bytes).map_err(|_| {
        Failure::Call(format!(
            "contents of {:?} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents or \
             the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead",
            call.arguments.first().and_then(Value::as_str).unwrap_or_default()
        ))
    })?;
    let file = call.context.sources().file(&real);
    let span = Span::new(file, 0, content.len());
    let literal = Text::literal(content, Some(span), true);
    Ok((pieces::map(&literal, str::to_owned), Span::start_of(file)))
}

/// The origin of something read from the file that the first argument names.
fn from_file(call: &Call<'_>, start: Span) -> Origin {
    let path = call.context.sources().path(start.file);
    Origin::at(start).via(Via::File(Arc::from(path.as_str())), Some(call.span))
}

fn file(call: &Call<'_>) -> Outcome {
    let (text, start) = read_text(call)?;
    Ok(text_value(text).with_origin(from_file(call, start)))
}

fn filebase64(call: &Call<'_>) -> Outcome {
    Ok(string(STANDARD.encode(read_to_keep(call)?.1)))
}

fn fileexists(call: &Call<'_>) -> Outcome {
    let path = call.str(0)?;
    match call.context.files().resolve(&located(call, &path)?) {
        Ok((_, files::Kind::File)) => Ok(Value::bool(true)),
        Ok((_, files::Kind::Folder)) => Err(invalid(0, format!("{path:?} is a directory, not a file"))),
        Ok(_) => Err(invalid(0, format!("{path:?} is not a regular file"))),
        Err(FileError::NotFound) => Ok(Value::bool(false)),
        Err(error) => Err(failure(call, &path, &error)),
    }
}

fn templatefile(call: &Call<'_>) -> Outcome {
    let variables: Arc<Fields> = match &call.get(1)?.kind {
        Kind::Object(fields) | Kind::Map(_, fields) => Arc::clone(fields),
        _ => return Err(invalid(1, "invalid vars value: must be a map")),
    };
    let (template, start) = read_text(call)?;
    let rendered = call.context.render(&template, &variables, Some(start)).map_err(|message| invalid(1, message))?;
    let marks = rendered.deep_marks();
    Ok(rendered.with_origin(from_file(call, start)).mark(&marks))
}

/// The path as Go's `filepath.Clean` gives it.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".into(),
        (false, rest) => rest,
    }
}

fn basename(call: &Call<'_>) -> Outcome {
    let path = call.str(0)?;
    let trimmed = path.trim_end_matches('/');
    Ok(string(match trimmed.rsplit('/').next().unwrap_or_default() {
        "" if path.is_empty() => ".",
        "" => "/",
        name => name,
    }))
}

fn dirname(call: &Call<'_>) -> Outcome {
    let path = call.str(0)?;
    Ok(string(match path.rsplit_once('/') {
        Some(("", _)) => "/".into(),
        Some((folder, _)) => clean(folder),
        None => ".".into(),
    }))
}

fn abspath(call: &Call<'_>) -> Outcome {
    let path = call.str(0)?;
    if path.starts_with('/') {
        return Ok(string(clean(&path)));
    }
    Err(elsewhere(call, "depends on the folder that Terraform runs in"))
}

fn pathexpand(call: &Call<'_>) -> Outcome {
    if call.str(0)?.starts_with('~') {
        return Err(elsewhere(call, "lies in a home folder"));
    }
    Ok(text_value(call.text(0)?))
}

/// The regular files under a folder whose path from there fits a pattern.
fn fileset(call: &Call<'_>) -> Outcome {
    let (path, pattern) = (call.str(0)?, call.str(1)?);
    let pattern = clean(&pattern);
    if pattern.contains("[!") {
        // There the exclamation mark is one of the characters, here it negates.
        return Err(elsewhere(call, "has a pattern that is read in several ways"));
    }
    let glob = GlobBuilder::new(&pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| Failure::Call(format!("failed to glob pattern {pattern:?}: {}", error.kind())))?;
    // What has no wildcard leads to the folder where the walk begins.
    let mut prefix: Vec<&str> = pattern.split('/').collect();
    let plain = prefix.iter().take_while(|part| !part.contains(['*', '?', '[', '{', '\\'])).count();
    prefix.truncate(plain.min(prefix.len().saturating_sub(1)));
    let prefix = prefix.join("/");
    let start = located(call, Utf8Path::new(&*path).join(&prefix).as_str())?;
    let levels = if pattern.contains("**") { MAX_DEPTH } else { pattern.split('/').count() - plain.min(MAX_DEPTH) };
    let mut found = Vec::new();
    let mut left = MAX_ENTRIES;
    let to_the_end = pattern.contains("**");
    walk(call.context.files(), &start, (levels.max(1), to_the_end), &mut left, &mut |file| {
        let below = file.strip_prefix(&start).unwrap_or(file);
        found.push(if prefix.is_empty() { below.to_owned() } else { Utf8Path::new(&prefix).join(below) });
    });
    if left == 0 {
        return Err(elsewhere(call, "has too many files or folders within folders"));
    }
    let matcher = glob.compile_matcher();
    let paths = found.iter().filter(|file| matcher.is_match(file)).map(Value::text).collect();
    Ok(set(Type::Text, paths))
}

/// Tells of the regular files in a folder and, so many levels deep, in those within. Links to folders are not followed:
/// they may lead in circles. Where all levels are wanted, nothing is `left` once there are more.
fn walk(
    files: &dyn Files,
    folder: &Utf8Path,
    (levels, all): (usize, bool),
    left: &mut usize,
    found: &mut dyn FnMut(&Utf8Path),
) {
    let Ok(listing) = files.list(folder) else {
        return;
    };
    for entry in listing.entries {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return;
        }
        let path = folder.join(&entry.name);
        match entry.kind {
            files::Kind::File => found(&path),
            files::Kind::Folder if levels > 1 && !entry.link => walk(files, &path, (levels - 1, all), left, found),
            files::Kind::Folder if all && !entry.link => *left = 0,
            _ => {}
        }
    }
}

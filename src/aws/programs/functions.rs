//! The code of Lambda functions: in the template, or in files that are packed into an archive.
//! <https://registry.terraform.io/providers/hashicorp/archive/latest/docs/data-sources/file>

use super::{Caller, Carriers, Place, joined, read};
use crate::aws::join::{given, inside};
use crate::resource::{Mode, Resource};
use crate::script::{self, Found, Language};
use crate::value::Value;

const FUNCTION: &str = "aws_lambda_function";
const CLOUDFORMATION: &str = "AWS::Lambda::Function";
const ARCHIVE: &str = "archive_file";

/// Whether this part reads resources of the type.
pub(super) fn wanted(kind: &str) -> bool {
    matches!(kind, FUNCTION | CLOUDFORMATION | ARCHIVE)
}

/// Reads the code of a function.
pub(super) fn read_all(resource: &Resource<'_>, carriers: &mut Carriers<'_>) {
    if resource.mode != Mode::Managed {
        return;
    }
    let found = match resource.kind() {
        FUNCTION => of_archive(resource, carriers),
        CLOUDFORMATION => of_template(resource, carriers),
        _ => return,
    };
    let role = "runs with the role of the function".to_owned();
    carriers.add(resource, "the code of the function", Caller::Role(role), found);
}

/// The language of a function, and the file that its handler is in, without its ending.
fn handler(runtime: &Value, handler: &Value) -> (Option<Language>, Option<String>) {
    let language = match runtime.as_str().as_deref() {
        Some(runtime) if runtime.starts_with("python") => Some(Language::Python),
        Some(runtime) if runtime.starts_with("nodejs") => Some(Language::JavaScript),
        _ => None,
    };
    let file = handler.as_str().and_then(|handler| handler.rsplit_once('.').map(|(file, _)| file.to_owned()));
    (language, file)
}

fn endings(language: Option<Language>) -> &'static [&'static str] {
    match language {
        Some(Language::Python) => &[".py"],
        Some(Language::JavaScript) => &[".js", ".mjs", ".cjs", ".ts"],
        _ => &[".py", ".js", ".mjs", ".cjs", ".ts"],
    }
}

/// The code in the archive that a function is made of.
fn of_archive(function: &Resource<'_>, carriers: &Carriers<'_>) -> Found {
    let filename = given(function, "filename");
    let (language, file) = handler(&given(function, "runtime"), &given(function, "handler"));
    let variables = inside(&given(function, "environment"), &["variables"]);
    let is_packed = |archive: &&Resource<'_>| {
        let mentioned =
            function.meta.references.iter().any(|known| {
                known.target == archive.site.block && known.argument.split('.').next() == Some("filename")
            });
        let path = archive.get("output_path");
        let same = matches!((path.as_str(), filename.as_str()), (Some(one), Some(other)) if one == other);
        archive.kind() == ARCHIVE && (mentioned || same)
    };
    let Some(archive) = carriers.resources.iter().rfind(is_packed) else {
        return Found::default();
    };
    let Some(folder) = carriers.folder.clone() else { return Found::default() };
    let mut place = carriers.place(Some(folder.clone())).with_environment(&variables);
    let mut found = Vec::new();
    let content = archive.get("source_content");
    if content.as_text().is_some() {
        let name = archive.get("source_content_filename");
        found.push(source(&content, &name, language, &place));
    }
    for block in archive.get("source").elements().unwrap_or_default() {
        let (content, name) = (inside(block, &["content"]), inside(block, &["filename"]));
        if let (Some(name), Some(text)) = (name.as_str(), content.as_text()) {
            place.written.push((name.into_owned(), text.clone()));
        }
    }
    for block in archive.get("source").elements().unwrap_or_default() {
        found.push(source(&inside(block, &["content"]), &inside(block, &["filename"]), language, &place));
    }
    if let Some(path) = archive.get("source_file").as_str() {
        found.push(script::read_file(&path, &place));
    }
    if let Some(inner) = archive.get("source_dir").as_str() {
        place.folder = Some(super::inner(&folder, &inner));
        found.push(entry(file.as_deref(), language, &place));
    }
    joined(found)
}

/// A source in an archive.
fn source(content: &Value, name: &Value, language: Option<Language>, place: &Place<'_>) -> Found {
    let by_name = name.as_str().and_then(|name| script::language_of(&name, content.as_text()?));
    by_name.or(language).map(|language| read(content, language, place)).unwrap_or_default()
}

/// The file that a handler is in.
fn entry(file: Option<&str>, language: Option<Language>, place: &Place<'_>) -> Found {
    let Some(file) = file else { return Found::default() };
    joined(endings(language).iter().map(|end| script::read_file(&format!("{file}{end}"), place)).collect::<Vec<_>>())
}

/// The code that a template holds, or the folder that packaging takes it from.
fn of_template(function: &Resource<'_>, carriers: &Carriers<'_>) -> Found {
    let code = given(function, "Code");
    let (language, file) = handler(&given(function, "Runtime"), &given(function, "Handler"));
    let variables = inside(&given(function, "Environment"), &["Variables"]);
    let place = carriers.place(carriers.folder.clone()).with_environment(&variables);
    let inline = inside(&code, &["ZipFile"]);
    if inline.as_text().is_some() {
        return language.map(|language| read(&inline, language, &place)).unwrap_or_default();
    }
    match (code.as_str(), &carriers.folder) {
        (Some(path), Some(folder)) if !path.contains("://") => {
            let place = Place { folder: Some(super::inner(folder, &path)), ..place };
            entry(file.as_deref(), language, &place)
        }
        _ => Found::default(),
    }
}

//! Reads one YAML or JSON file, if it is any of our business.

use std::sync::Arc;

use camino::Utf8Path;

use super::projects::{Reader, Taken};
use crate::cloudformation::{self, Parameters, Place, Template};
use crate::files::{Files, MAX_FILE_BYTES};
use crate::finding::{Diagnostic, Findings};
use crate::parameters;
use crate::resource::Project;
use crate::source::Span;

/// What is wrong with a file as a whole: a code and a message.
type Fault = (&'static str, String);

/// The text of a file if it may be a template, which `interesting` may narrow.
fn text(files: &dyn Files, path: &Utf8Path) -> Result<Option<String>, Fault> {
    let bytes = files.read(path, MAX_FILE_BYTES).map_err(|problem| ("file-unreadable", format!("{path} {problem}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(problem) => {
            // UTF-16 without its zero bytes is still telling.
            let lossy = String::from_utf8_lossy(problem.as_bytes()).replace('\0', "");
            match cloudformation::recognise(&lossy) {
                true => Err(("not-utf8", "this template is not UTF-8 text".into())),
                false => Ok(None),
            }
        }
    }
}

/// A template, if there is one in the file and its text is `interesting`, with what is wrong with it.
pub(super) fn template(
    place: Place<'_>,
    path: &Utf8Path,
    parameters: &Parameters,
    interesting: &dyn Fn(&str) -> bool,
) -> Result<Option<(Option<Template>, Vec<Diagnostic>)>, Fault> {
    let Some(text) = text(place.files, path)?.filter(|text| cloudformation::recognise(text) && interesting(text))
    else {
        return Ok(None);
    };
    Ok(Some(load(place, path, &text, parameters)))
}

/// The template in a text, with the values given to its parameters beside it and otherwise.
fn load(place: Place<'_>, path: &Utf8Path, text: &str, given: &Parameters) -> (Option<Template>, Vec<Diagnostic>) {
    let (mut parameters, mut errors) = parameters::beside(place.files, place.sources, path);
    parameters.extend(given.iter().cloned());
    let (template, problems) = Template::load_from(Some(place), path, text, place.sources.file(path), &parameters);
    if template.is_none() {
        // What is beside something else is none of our business.
        errors.clear();
    }
    errors.extend(problems);
    (template, errors)
}

impl<T> Reader<'_, T> {
    /// A template, or nothing if the file is none of our business.
    pub(super) fn document(&self, path: &Utf8Path) -> Option<Taken<T>> {
        let file = self.sources.file(path);
        let shown: Arc<str> = Arc::from(path.as_str());
        let text = match text(self.files, path) {
            Ok(text) => text?,
            Err((code, message)) => {
                let errors = vec![Diagnostic::new(code, message, Span::start_of(file))];
                return Some(Taken::without_project(&shown, Findings { errors, ..Findings::default() }));
            }
        };
        if let Some(what) = not_analysed(&text) {
            let message = format!("this file looks like {what}, which this version does not analyse");
            let notes = vec![Diagnostic::new("not-analysed", message, Span::start_of(file))];
            return Some(Taken::without_project(&shown, Findings { notes, ..Findings::default() }));
        }
        if !cloudformation::recognise(&text) {
            return None;
        }
        let taken = self.guarded(&shown, path, || {
            let (parameters, problems) = self.parameters();
            let mut errors = problems.clone();
            let place = Place { files: self.files, sources: self.sources };
            let (template, problems) = load(place, path, &text, parameters);
            errors.extend(problems);
            let mut findings = Findings { errors, ..Findings::default() };
            let Some(template) = template else { return Taken::without_project(&shown, findings) };
            self.exports.resolve(&template, parameters);
            let taken = (self.take)(&template, &mut findings);
            let resources = template.resources(&|_| true).len();
            findings.errors.extend(template.take_errors());
            let files = vec![path.to_owned()];
            Taken { path: Arc::clone(&shown), taken: Some(taken), findings, files, resources, variables: Vec::new() }
        });
        (taken.taken.is_some() || !taken.findings.errors.is_empty()).then_some(taken)
    }
}

/// What a file is that a later version will read.
fn not_analysed(text: &str) -> Option<&'static str> {
    let has = |needle: &str| text.contains(needle);
    if has("\"planned_values\"") && has("\"format_version\"") && has("\"terraform_version\"") {
        Some("a Terraform plan")
    } else if has("AWSTemplateFormatVersion") && has("2010-09-09-OC") {
        Some("an org-formation manifest")
    } else {
        None
    }
}

//! Reads one YAML or JSON file, if it is any of our business.

use std::sync::Arc;

use camino::Utf8Path;

use super::projects::{Reader, Taken};
use crate::cloudformation::{self, Template};
use crate::files::MAX_FILE_BYTES;
use crate::finding::{Diagnostic, Findings};
use crate::source::Span;

impl<T> Reader<'_, T> {
    /// A template, or nothing if the file is none of our business.
    pub(super) fn document(&self, path: &Utf8Path) -> Option<Taken<T>> {
        let file = self.sources.file(path);
        let shown: Arc<str> = Arc::from(path.as_str());
        let error = |code, message: String| {
            let errors = vec![Diagnostic::new(code, message, Span::start_of(file))];
            Some(Taken::without_project(&shown, Findings { errors, ..Findings::default() }))
        };
        let bytes = match self.files.read(path, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(problem) => return error("file-unreadable", format!("{path} {problem}")),
        };
        let text: Arc<str> = match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(problem) => {
                // UTF-16 without its zero bytes is still telling.
                let lossy = String::from_utf8_lossy(problem.as_bytes()).replace('\0', "");
                let meant = cloudformation::recognise(&lossy);
                return if meant { error("not-utf8", "this template is not UTF-8 text".into()) } else { None };
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
            let (template, problems) = Template::load(path, &text, file, parameters);
            errors.extend(problems);
            let mut findings = Findings { errors, ..Findings::default() };
            let Some(template) = template else { return Taken::without_project(&shown, findings) };
            let taken = (self.take)(&template, &mut findings);
            let resources = template.count();
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

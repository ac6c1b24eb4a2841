//! Reads one YAML or JSON file, if it is any of our business.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::projects::{Reader, Taken};
use super::texts::ScannedTexts;
use crate::aws::programs;
use crate::cloudformation::{self, Beside, Parameters, Template, cdk, serverless};
use crate::files::MAX_FILE_BYTES;
use crate::finding::{Diagnostic, Findings};
use crate::manifest::{self, Manifest, Tool};
use crate::parameters;
use crate::resource::Project;
use crate::source::Span;
use crate::terraform::plan;
use crate::workflow::{self, Workflow};

/// The template in a file, if its text is `interesting`.
pub(super) fn template(
    beside: Beside<'_>,
    path: &Utf8Path,
    parameters: &Parameters,
    interesting: &dyn Fn(&str) -> bool,
) -> Option<Template> {
    let text = String::from_utf8(beside.files.read(path, MAX_FILE_BYTES).ok()?).ok()?;
    let wanted = cloudformation::recognise(&text) && interesting(&text);
    wanted.then(|| load(beside, path, text, parameters).0)?
}

/// The template in a text, with the values given to its parameters beside it and otherwise.
fn load(beside: Beside<'_>, path: &Utf8Path, text: String, given: &Parameters) -> (Option<Template>, Vec<Diagnostic>) {
    let (mut parameters, mut errors) = parameters::beside(beside.files, beside.sources, path);
    parameters.extend(given.iter().cloned());
    let (template, problems) = Template::load_beside(beside, path, text.into(), beside.sources.file(path), &parameters);
    if template.is_none() {
        // What is beside something else is none of our business.
        errors.clear();
    }
    errors.extend(problems);
    (template, errors)
}

impl<T> Reader<'_, T> {
    /// What a YAML or JSON file is; nothing if it is none of our business.
    pub(super) fn document(&self, path: &Utf8Path) -> Vec<Taken<T>> {
        let mut found: Vec<Taken<T>> = Vec::new();
        // An assembly of the AWS CDK names templates, which may lie where nobody looks.
        if path.file_name() == Some("manifest.json") {
            let named = self.assembly(path).into_iter().filter(|template| !self.documents.contains(template));
            found.extend(named.filter_map(|template| self.file(&template)));
        }
        found.extend(self.file(path));
        found
    }

    /// The templates of an assembly of the AWS CDK, if that is what the manifest at `path` is of.
    fn assembly(&self, path: &Utf8Path) -> Vec<Utf8PathBuf> {
        let text = self.files.read(path, MAX_FILE_BYTES).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match text.filter(|text| cdk::is_manifest(path, text)) {
            Some(_) => cdk::templates(self.files, self.sources, path),
            None => Vec::new(),
        }
    }

    fn file(&self, path: &Utf8Path) -> Option<Taken<T>> {
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
        let is_utf16 = bytes.iter().take(64).any(|byte| *byte == 0);
        let text = match String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes) {
            Ok(text) if !is_utf16 => text,
            text => {
                let bytes = text.map_or_else(|bytes| bytes, String::into_bytes);
                // UTF-16 without its zero bytes is still telling.
                let lossy = String::from_utf8_lossy(&bytes).replace('\0', "");
                if plan::recognise(&lossy) || self.is_named_plan(path) {
                    return error("not-utf8", format!("this plan is not UTF-8 text; {}", plan::SHOW));
                }
                let meant = cloudformation::recognise(&lossy);
                return if meant { error("not-utf8", "this template is not UTF-8 text".into()) } else { None };
            }
        };
        if plan::recognise(&text) || self.is_named_plan(path) {
            return Some(self.plan(path, text, file));
        }
        if let Some(tool) = manifest::recognise(self.files, path, &text) {
            return self.manifest(path, &text, tool);
        }
        if workflow::recognise(path, &text) {
            return self.workflow(path, &text);
        }
        let serverless = serverless::recognise(path, &text);
        if !serverless && !cloudformation::recognise(&text) {
            return None;
        }
        let taken = self.guarded(&shown, path, || {
            let (parameters, problems) = self.parameters();
            let mut errors = problems.clone();
            let (template, problems, parts) = if serverless {
                let loaded = serverless::load(self.files, self.sources, path, &text, parameters);
                (loaded.template, loaded.errors, loaded.files)
            } else {
                let (template, problems) =
                    load(Beside { files: self.files, sources: self.sources }, path, text, parameters);
                (template, problems, Vec::new())
            };
            errors.extend(problems);
            let mut findings = Findings { errors, ..Findings::default() };
            let Some(mut template) = template else { return Taken::without_project(&shown, findings) };
            // What is imported may be passed to the stacks within, which may import more.
            self.exports.resolve(&template, parameters);
            let nested = template.nest(self.files, self.sources, path);
            let nested: Vec<Utf8PathBuf> = nested.into_iter().chain(parts).collect();
            self.exports.resolve(&template, parameters);
            let folder = path.parent().unwrap_or(Utf8Path::new(""));
            let constructs = cdk::constructs(&template, self.files, self.sources, folder);
            let taken = (self.take)(&template, &mut findings);
            let resources = template.count();
            findings.errors.extend(template.take_errors());
            findings.notes.extend(template.take_notes());
            let files = nested.iter().cloned().chain([path.to_owned()]).collect();
            let taken = Some(taken);
            Taken { taken, files, nested, constructs, resources, ..Taken::without_project(&shown, findings) }
        });
        (taken.taken.is_some() || !taken.findings.errors.is_empty()).then_some(taken)
    }

    /// What a workflow runs; nothing if that has nothing to do with access keys.
    fn workflow(&self, path: &Utf8Path, text: &str) -> Option<Taken<T>> {
        let shown: Arc<str> = Arc::from(path.as_str());
        let texts = ScannedTexts { files: self.files, sources: self.sources };
        let taken = self.guarded(&shown, path, || {
            let mut findings = Findings::default();
            let workflow = Workflow::load(path, text, self.sources.file(path));
            let is_ours = |found: &Workflow| {
                let jobs = found.resources(&programs::wanted);
                programs::programs(found, &jobs, &texts).iter().any(programs::Program::is_telling)
            };
            match workflow.filter(is_ours) {
                Some(workflow) => {
                    let taken = Some((self.take)(&workflow, &mut findings));
                    let resources = workflow.resources(&|_| true).len();
                    let files = vec![path.to_owned()];
                    Taken { taken, files, resources, ..Taken::without_project(&shown, findings) }
                }
                None => Taken::without_project(&shown, findings),
            }
        });
        (taken.taken.is_some() || !taken.findings.errors.is_empty()).then_some(taken)
    }

    /// What a manifest says of an organization, or nothing if it turns out to say nothing.
    fn manifest(&self, path: &Utf8Path, text: &str, tool: Tool) -> Option<Taken<T>> {
        let shown: Arc<str> = Arc::from(path.as_str());
        let taken = self.guarded(&shown, path, || {
            let loaded = Manifest::load(self.files, self.sources, path, text, tool);
            let mut findings = loaded.findings;
            let Some(manifest) = loaded.manifest else { return Taken::without_project(&shown, findings) };
            let taken = (self.take)(&manifest, &mut findings);
            let resources = manifest.resources(&|_| true).len();
            let (taken, files) = (Some(taken), loaded.files);
            Taken { taken, files, resources, ..Taken::without_project(&shown, findings) }
        });
        (taken.taken.is_some() || !taken.findings.errors.is_empty()).then_some(taken)
    }
}

//! Templates that Terraform hands to CloudFormation, each a project of its own.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::projects::{Reader, Taken};
use crate::cloudformation::{self, Failure, Given, Template};
use crate::files::{MAX_FILE_BYTES, normalize};
use crate::finding::{Diagnostic, Findings};
use crate::resource::{Mode, Project, Resource};
use crate::source::Span;
use crate::value::Value;

/// The resources that take a template, with the arguments that hold it, its address, and its parameters.
const STACKS: [&str; 6] = [
    "aws_cloudformation_stack",
    "aws_cloudformation_stack_set",
    "awscc_cloudformation_stack",
    "awscc_cloudformation_stack_set",
    "aws_config_conformance_pack",
    "aws_config_organization_conformance_pack",
];

impl<T> Reader<'_, T> {
    /// The templates that a root module in `folder` deploys.
    pub(super) fn stacks(&self, root: &dyn Project, folder: &Utf8Path, findings: &mut Findings) -> Vec<Taken<T>> {
        let stacks = root.resources(&|kind| STACKS.contains(&kind));
        let managed = stacks.into_iter().filter(|stack| stack.mode == Mode::Managed);
        managed.filter_map(|stack| self.stack(&stack, folder, findings)).collect()
    }

    fn stack(&self, stack: &Resource<'_>, folder: &Utf8Path, findings: &mut Findings) -> Option<Taken<T>> {
        let site = &stack.site;
        let given_by = |name: &str| given(stack, name);
        let mut body = given_by("template_body");
        let mut base = folder.to_owned();
        let note = |why: String, span: Option<Span>| {
            let message = format!("the template of `{}` {why}: what it creates is not known", site.address);
            Some(Diagnostic::new("template-not-found", message, span.unwrap_or(site.header)))
        };
        if body.is_null() {
            let pack = site.kind.ends_with("conformance_pack");
            let url = given_by(if pack { "template_s3_uri" } else { "template_url" });
            if url.is_null() {
                return None;
            }
            let span = url.origin.primary();
            let path = url.as_str().filter(|url| !url.contains("://") && !url.starts_with('/'));
            let path = path.and_then(|path| normalize(&folder.join(&*path)));
            match path.filter(|path| self.files.is_file(path)) {
                Some(path) => {
                    base = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
                    body = cloudformation::content(&self.text(&path)?, self.sources.file(&path));
                }
                None => {
                    findings.notes.extend(match url.as_unknown() {
                        Some(unknown) => note(format!("is not known ({})", unknown.reason), span),
                        None => note("is no file of this repository".into(), span),
                    });
                    return None;
                }
            }
        }
        let written = body.origin.written().map(|span| self.sources.path(span.file).to_path_buf());
        let file = text_file(&body).map(|span| self.sources.path(span.file).to_path_buf()).or(written);
        let source = file.as_deref().and_then(|path| self.text(path)).unwrap_or_default();
        let project: Arc<str> = format!("{}stack:{}", prefix(folder), site.address).into();
        let (all, _) = self.parameters();
        // A stack set deploys to accounts and regions of its own, and so does a pack of the organization.
        let here = !site.kind.ends_with("_stack_set") && !site.kind.contains("_organization_");
        let same = |given: &&Given| here && given.name.starts_with("AWS::");
        let pseudo: Vec<_> = all.iter().filter(same).cloned().collect();
        let passed = parameters(&match site.kind.ends_with("conformance_pack") {
            true => given_by("input_parameter"),
            false => given_by("parameters"),
        });
        let name = (&*site.address, site.header);
        match Template::embedded(&project, &base, name, &body, passed, source.into(), &pseudo) {
            Ok((mut template, errors)) => {
                template.set_presence(site.presence.clone());
                let path = file.unwrap_or_default();
                let mut nested: Vec<Utf8PathBuf> = template.nest(self.files, self.sources, &path).into_iter().collect();
                nested.push(path);
                let mut findings = Findings { errors, ..Findings::default() };
                let taken = (self.take)(&template, &mut findings);
                let resources = template.resources(&|_| true).len();
                findings.errors.extend(template.take_errors());
                findings.notes.extend(template.take_notes());
                let mut made = Taken::without_project(&project, findings);
                (made.taken, made.resources, made.nested) = (Some(taken), resources, nested);
                Some(made)
            }
            Err(Failure::Error(error)) => {
                findings.errors.push(error);
                None
            }
            Err(Failure::Unknown(reason)) => {
                findings.notes.extend(note(format!("is not known ({reason})"), body.origin.primary()));
                None
            }
        }
    }

    fn text(&self, path: &Utf8Path) -> Option<String> {
        String::from_utf8(self.files.read(path, MAX_FILE_BYTES).ok()?).ok()
    }
}

/// The value of an argument; null where it is left to AWS to fill in.
fn given(stack: &Resource<'_>, name: &str) -> Value {
    let value = stack.get(name);
    match value.symbol() {
        Some(own) if own.project == stack.site.project && own.address == stack.site.address => Value::null(),
        _ => value,
    }
}

/// Where the first character of a string is written.
fn text_file(value: &Value) -> Option<Span> {
    value.as_text()?.span_of(0, 1)
}

/// What comes before the name of a project within a folder.
fn prefix(folder: &Utf8Path) -> String {
    if folder.as_str().is_empty() { String::new() } else { format!("{folder}/") }
}

/// Names and values: a map, or for some resources objects with a key and a value.
fn parameters(value: &Value) -> Vec<(Arc<str>, Value)> {
    let named = value.fields().into_iter().flat_map(|fields| fields.iter());
    let mut found: Vec<_> = named.map(|(name, value)| (Arc::clone(name), value.clone())).collect();
    for element in value.elements().unwrap_or_default() {
        let fields = element.fields();
        let name = ["parameter_key", "parameter_name"].into_iter().find_map(|name| fields?.get(name)?.as_str());
        let value = fields.and_then(|fields| fields.get("parameter_value"));
        if let (Some(name), Some(value)) = (name, value) {
            found.push((Arc::from(&*name), value.clone()));
        }
    }
    if value.as_unknown().is_some() {
        found.push(("*".into(), value.clone()));
    }
    found
}

//! `AWS::Include` of a file beside the template, as `aws cloudformation package` takes it.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html>

use std::sync::Arc;

use camino::Utf8Path;

use crate::cloudformation::macros;
use crate::cloudformation::syntax;
use crate::files::{self, Files, MAX_FILE_BYTES};
use crate::finding::Diagnostic;
use crate::source::{FileId, Sources, Span};
use crate::syntax::node::{Node, NodeKind};

/// How many bytes a template may include: far more than CloudFormation takes.
const MAX_BYTES: usize = 8 << 20;

/// Where files beside a template are found.
#[derive(Clone, Copy)]
pub struct Beside<'f> {
    /// The files.
    pub files: &'f dyn Files,
    /// Their names.
    pub sources: &'f Sources,
}

/// Puts every local file that is included in its place. What is included from elsewhere stays as it is: a call of a
/// macro, which is unknown.
pub(super) fn expand(
    root: &mut Node,
    beside: Beside<'_>,
    folder: &Utf8Path,
    texts: &mut Vec<(FileId, Arc<str>)>,
    errors: &mut Vec<Diagnostic>,
) {
    let mut includer = Includer { beside, folder, texts, errors, left: MAX_BYTES };
    includer.sections(root);
    includer.node(root);
}

struct Includer<'i, 'f> {
    beside: Beside<'f>,
    folder: &'i Utf8Path,
    texts: &'i mut Vec<(FileId, Arc<str>)>,
    errors: &'i mut Vec<Diagnostic>,
    left: usize,
}

impl Includer<'_, '_> {
    /// The files that the section `Transform` includes: sections, or entries of them.
    fn sections(&mut self, root: &mut Node) {
        let NodeKind::Mapping(sections) = &mut root.kind else { return };
        let Some((_, transform)) = sections.iter().find(|(key, _)| key.as_str() == Some("Transform")) else { return };
        let calls = transform.as_sequence().unwrap_or(std::slice::from_ref(transform)).to_vec();
        for call in calls {
            let Some(NodeKind::Mapping(included)) = self.included(&call).map(|node| node.kind) else { continue };
            for (key, section) in included {
                let same =
                    sections.iter_mut().find(|(known, _)| key.as_str().is_some() && known.as_str() == key.as_str());
                match (same.map(|(_, known)| &mut known.kind), section.kind) {
                    (Some(NodeKind::Mapping(known)), NodeKind::Mapping(more)) => known.extend(more),
                    (_, kind) => sections.push((key, Node { kind, ..section })),
                }
            }
        }
    }

    fn node(&mut self, node: &mut Node) {
        if node.tag.as_ref().is_some_and(|tag| &*tag.name == "!Transform") {
            if let Some(included) = self.included(node) {
                *node = included;
            }
            return;
        }
        match &mut node.kind {
            NodeKind::Sequence(elements) => elements.iter_mut().for_each(|element| self.node(element)),
            NodeKind::Mapping(entries) => {
                let call = entries.iter().position(|(key, _)| key.as_str() == Some(macros::CALL));
                let found = call.and_then(|at| Some((at, self.included(&entries.get(at)?.1)?)));
                // What is in its place is not looked into again: an included file includes nothing.
                let alone = entries.len() == 1;
                let held = found.as_ref().map(|(at, _)| entries.remove(*at));
                entries.iter_mut().for_each(|(_, value)| self.node(value));
                match (found, held) {
                    (Some((_, included)), _) if alone => *node = included,
                    (Some((at, Node { kind: NodeKind::Mapping(more), .. })), _) => {
                        entries.splice(at..at, more);
                    }
                    // A list or a string does not go between keys.
                    (Some((at, _)), Some(held)) => entries.insert(at, held),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// What a call includes, if it is a file beside the template.
    fn included(&mut self, call: &Node) -> Option<Node> {
        let location = macros::location(call)?;
        let written = location.as_str().filter(|_| location.tag.is_none())?;
        if written.contains("://") || written.starts_with('/') {
            return None;
        }
        let mut fail = |code: &'static str, message: String, span: Span| {
            self.errors.push(Diagnostic::new(code, message, span));
            None
        };
        let Some(path) = files::normalize(&self.folder.join(written)) else {
            let message = format!("{written} leads out of the root, and nothing is read out there");
            return fail("file-unreadable", message, location.span);
        };
        let bytes = match self.beside.files.read(&path, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(problem) => return fail("file-unreadable", format!("{path} {problem}"), location.span),
        };
        let Some(left) = self.left.checked_sub(bytes.len()) else {
            return fail("cfn-too-deep", "this includes more than any template may hold".to_owned(), location.span);
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return fail("not-utf8", format!("{path} is not UTF-8 text"), location.span);
        };
        self.left = left;
        let file = self.beside.sources.file(&path);
        match syntax::parse_any(&text, file) {
            Ok(node) => {
                self.texts.push((file, text.into()));
                node
            }
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }
}

//! What the AWS CDK says about the templates it writes (`cdk.out`): which construct a resource is, and the line that
//! made it.
//!
//! Each resource has the path of its construct in its metadata. The assembly's `manifest.json`, or a file that it names,
//! has by the same path the stack trace of the call that made it, under one of two names.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cloudformation::Template;
use crate::files::{Files, MAX_FILE_BYTES, normalize};
use crate::finding::Related;
use crate::source::{Sources, Span};
use crate::syntax::json;
use crate::syntax::node::Node;

/// The metadata that names a resource's construct.
const PATH: &str = "aws:cdk:path";

/// How deeply assemblies may nest.
const MAX_DEPTH: usize = 8;

/// Whether a text may be the manifest of an assembly.
pub fn is_manifest(path: &Utf8Path, text: &str) -> bool {
    let artifact = text.contains("\"aws:cloudformation:stack\"") || text.contains("\"cdk:cloud-assembly\"");
    path.file_name() == Some("manifest.json") && artifact && text.contains("\"artifacts\"")
}

/// The templates of the assembly whose manifest lies at `path`, those of assemblies within it included.
pub fn templates(files: &dyn Files, sources: &Sources, path: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![(path.to_owned(), 0)];
    while let Some((path, depth)) = open.pop() {
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let Some(manifest) = read(files, sources, &path) else { continue };
        for (_, artifact) in manifest.get("artifacts").and_then(Node::as_mapping).unwrap_or_default() {
            let property = |name: &str| artifact.get("properties")?.get(name)?.as_str();
            if let Some(template) = property("templateFile") {
                found.extend(normalize(&folder.join(template)).filter(|path| files.is_file(path)));
            }
            if let Some(inner) = property("directoryName").filter(|_| depth < MAX_DEPTH) {
                open.extend(normalize(&folder.join(inner)).map(|inner| (inner.join("manifest.json"), depth + 1)));
            }
        }
    }
    found
}

fn read(files: &dyn Files, sources: &Sources, path: &Utf8Path) -> Option<Node> {
    let text = String::from_utf8(files.read(path, MAX_FILE_BYTES).ok()?).ok()?;
    json::parse(&text, sources.file(path)).ok()
}

/// The constructs that the resources of a template are, by address: the place that names each, and the one that made it
/// if that is in the scanned folder. `folder` is where the template lies.
pub fn constructs(
    template: &Template,
    files: &dyn Files,
    sources: &Sources,
    folder: &Utf8Path,
) -> BTreeMap<Arc<str>, Vec<Related>> {
    let mut found = BTreeMap::new();
    let mut named = Vec::new();
    template.constructs(&mut named);
    if named.is_empty() {
        return found;
    }
    let traces = Traces::read(files, sources, folder);
    for (address, path, span) in named {
        let mut places = vec![Related::new(format!("construct {path}"), span)];
        if let Some(span) = traces.line(&path) {
            places.push(Related::new("made here", span));
        }
        found.insert(address, places);
    }
    found
}

impl Template {
    /// Addresses with the paths of their constructs.
    fn constructs(&self, found: &mut Vec<(Arc<str>, Arc<str>, Span)>) {
        for entry in self.resources.values() {
            let path = entry.body.get("Metadata").and_then(|metadata| metadata.get(PATH));
            if let Some(scalar) = path.and_then(Node::as_scalar) {
                found.push((self.address(&entry.name), Arc::clone(&scalar.text), scalar.content));
            }
        }
        for nested in self.nested.values() {
            nested.constructs(found);
        }
    }
}

/// The stack traces of an assembly.
struct Traces<'t> {
    files: &'t dyn Files,
    sources: &'t Sources,
    folder: Utf8PathBuf,
    metadata: Vec<Node>,
}

impl<'t> Traces<'t> {
    fn read(files: &'t dyn Files, sources: &'t Sources, folder: &Utf8Path) -> Self {
        let mut metadata = Vec::new();
        let manifest = read(files, sources, &folder.join("manifest.json"));
        let artifacts = manifest.as_ref().and_then(|manifest| manifest.get("artifacts")).and_then(Node::as_mapping);
        for (_, artifact) in artifacts.unwrap_or_default() {
            metadata.extend(artifact.get("metadata").cloned());
            let file = artifact.get("properties").and_then(|properties| properties.get("additionalMetadataFile"));
            let file = file.or_else(|| artifact.get("additionalMetadataFile")).and_then(Node::as_str);
            let file = file.and_then(|file| normalize(&folder.join(file)));
            metadata.extend(file.and_then(|file| read(files, sources, &file)));
        }
        Self { files, sources, folder: folder.to_owned(), metadata }
    }

    /// The line of the program that made the construct at a path.
    fn line(&self, path: &str) -> Option<Span> {
        // The call that a person wrote made the construct around the resource.
        let around = path.strip_suffix("/Resource").or_else(|| path.strip_suffix("/Default"));
        std::iter::once(path).chain(around).find_map(|path| {
            let key = format!("/{path}");
            let entries = self.metadata.iter().filter_map(|all| all.get(&key)).filter_map(Node::as_sequence).flatten();
            let trace = |entry: &'_ Node| -> Vec<Node> {
                let created = entry.get("type").and_then(Node::as_str) == Some("aws:cdk:creationStack");
                let frames = entry.get("trace").or_else(|| entry.get("data").filter(|_| created));
                frames.and_then(Node::as_sequence).unwrap_or_default().to_vec()
            };
            let frames: Vec<Node> = entries.flat_map(trace).collect();
            frames.iter().filter_map(Node::as_str).find_map(|frame| self.frame(frame))
        })
    }

    /// The place of a frame (`new Key (/home/me/app/lib/key.ts:12:5)`), if that file is in the scanned folder and no
    /// library.
    fn frame(&self, frame: &str) -> Option<Span> {
        let place = frame.rsplit_once('(').map_or(frame, |(_, place)| place).trim_end_matches(')').trim();
        let place = place.strip_prefix("at ").unwrap_or(place);
        let mut parts = place.rsplitn(3, ':');
        let column: usize = parts.next()?.parse().ok()?;
        let line: usize = parts.next()?.parse().ok()?;
        let file = parts.next()?.replace('\\', "/");
        if file.contains("node_modules/") || file.starts_with("node:") {
            return None;
        }
        let file = self.local(&file)?;
        let text = String::from_utf8(self.files.read(&file, MAX_FILE_BYTES).ok()?).ok()?;
        let start = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum::<usize>();
        let content = text.get(start..)?.lines().next()?;
        // Columns of a trace count UTF-16 units; the start of the statement is near enough for others than ASCII.
        let from = if content.is_ascii() { column.saturating_sub(1).min(content.len()) } else { 0 };
        let id = self.sources.file(&file);
        Some(Span::new(id, start + from, start + content.trim_end().len()))
    }

    /// The file that an absolute path of the machine that ran the CDK is here: the longest end of it that exists, seen
    /// from the folders around the assembly.
    fn local(&self, path: &str) -> Option<Utf8PathBuf> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let around: Vec<&Utf8Path> = self.folder.ancestors().skip(1).collect();
        (0..parts.len()).find_map(|skipped| {
            let end: Utf8PathBuf = parts.iter().skip(skipped).collect();
            around
                .iter()
                .map(|folder| folder.join(&end))
                .find_map(|path| normalize(&path).filter(|path| self.files.is_file(path)))
        })
    }
}

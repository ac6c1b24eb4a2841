//! One module folder: which files count, how override files merge, what is declared.
//! <https://developer.hashicorp.com/terraform/language/files>

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::json_syntax;
use crate::files::{FileError, Files, Kind, MAX_FILE_BYTES};
use crate::finding::Diagnostic;
use crate::resource::{KEY_START, Mode};
use crate::source::{Sources, Span};
use crate::syntax::hcl::{self, Attribute, Block, Body, Expr, ExprKind, Place};

/// Declarations by name, in order.
pub type Table<K, V> = IndexMap<K, V, RandomState>;

/// What a module folder declares.
#[derive(Debug, Default)]
pub struct Module {
    /// The folder, relative to the root.
    pub folder: Utf8PathBuf,
    /// `variable` blocks.
    pub variables: Table<Arc<str>, Variable>,
    /// Local values.
    pub locals: Table<Arc<str>, Attribute>,
    /// `output` blocks.
    pub outputs: Table<Arc<str>, Block>,
    /// `resource` and `data` blocks, by mode, type and name.
    pub resources: Table<ResourceId, Block>,
    /// `module` blocks.
    pub calls: Table<Arc<str>, Block>,
    /// `provider` blocks, by name or name and alias.
    pub providers: Table<Arc<str>, Block>,
    /// The `backend` or `cloud` block: where a root module's state is kept.
    pub backend: Option<Block>,
    /// The files read, links resolved.
    pub paths: Vec<Utf8PathBuf>,
    /// Syntax errors and names declared twice.
    pub errors: Vec<Diagnostic>,
    /// Whether [`KEY_START`] stands in a file.
    pub mentions_keys: bool,
    /// The first file, where findings that have no better place are anchored.
    pub first_file: Option<Span>,
}

/// A resource block's name within its module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceId {
    /// Managed or data.
    pub mode: Mode,
    /// The type.
    pub kind: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl std::fmt::Display for ResourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let data = if self.mode == Mode::Data { "data." } else { "" };
        write!(f, "{data}{}.{}", self.kind, self.name)
    }
}

/// A `variable` block.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The block.
    pub block: Block,
}

/// Whether a file of this name is a part of a Terraform or OpenTofu module.
pub fn is_module_file(name: &str) -> bool {
    let hidden = name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'));
    !hidden && extension(name).is_some()
}

/// The stem and the extension of a module file.
fn extension(name: &str) -> Option<(&str, &str)> {
    [".tf.json", ".tofu.json", ".tf", ".tofu"].into_iter().find_map(|extension| {
        name.strip_suffix(extension).filter(|stem| !stem.is_empty()).map(|stem| (stem, extension))
    })
}

fn is_override(name: &str) -> bool {
    extension(name).is_some_and(|(stem, _)| stem == "override" || stem.ends_with("_override"))
}

/// Of `names`, the module files that count: where `x.tofu` stands beside `x.tf`, OpenTofu reads the first only.
pub fn module_files(names: &[String]) -> Vec<&str> {
    let hidden_by_tofu = |name: &str| {
        extension(name).is_some_and(|(stem, extension)| {
            let twin = match extension {
                ".tf" => format!("{stem}.tofu"),
                ".tf.json" => format!("{stem}.tofu.json"),
                _ => return false,
            };
            names.contains(&twin)
        })
    };
    names.iter().map(String::as_str).filter(|name| is_module_file(name) && !hidden_by_tofu(name)).collect()
}

impl Module {
    /// Reads a folder. Files that cannot be read or parsed are errors; the rest still counts.
    ///
    /// # Errors
    /// When the folder itself cannot be listed.
    pub fn load(files: &dyn Files, sources: &Sources, folder: &Utf8Path) -> Result<Self, FileError> {
        let listing = files.list(folder)?;
        let names: Vec<String> = listing
            .entries
            .into_iter()
            // What is no regular file is not left out without a word: reading it says why.
            .filter(|entry| match entry.kind {
                Kind::File => true,
                Kind::Other => is_module_file(&entry.name),
                Kind::Folder => entry.link && is_module_file(&entry.name),
            })
            .map(|entry| entry.name)
            .collect();
        let mut module = Self { folder: folder.to_owned(), ..Self::default() };
        let (overrides, primary): (Vec<&str>, Vec<&str>) =
            module_files(&names).into_iter().partition(|name| is_override(name));
        for name in primary {
            let body = module.parse(files, sources, name);
            module.declare(body);
        }
        for name in overrides {
            let body = module.parse(files, sources, name);
            module.merge(body);
        }
        Ok(module)
    }

    fn parse(&mut self, files: &dyn Files, sources: &Sources, name: &str) -> Body {
        let named = self.folder.join(name);
        // A link is reported as what it leads to: GitHub shows nothing on a link.
        let path = files.resolve(&named).map_or(named, |(real, _)| real);
        let file = sources.file(&path);
        let start = Span::start_of(file);
        self.paths.push(path.clone());
        self.first_file.get_or_insert(start);
        let bytes = match files.read(&path, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.errors.push(Diagnostic::new("file-unreadable", format!("{path} {error}"), start));
                return Body::default();
            }
        };
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                let span = Span::new(file, at, at + 1);
                self.errors.push(Diagnostic::new("not-utf8", "this file is not UTF-8 text", span));
                return Body::default();
            }
        };
        self.mentions_keys |= text.contains(KEY_START);
        let (text, base) = text.strip_prefix('\u{feff}').map_or((text, 0), |rest| (rest, 3));
        let (body, errors) = if name.ends_with(".json") {
            json_syntax::parse(text, file, base)
        } else {
            hcl::parse_file(text, Place::At(file, base))
        };
        let code = if name.ends_with(".json") { "json-syntax" } else { "hcl-syntax" };
        self.errors.extend(errors.into_iter().map(|error| Diagnostic::new(code, error.message, error.span)));
        body
    }

    fn declare(&mut self, body: Body) {
        for attribute in &body.attributes {
            let message = format!("an argument named `{}` is not expected outside a block", attribute.name.text);
            self.errors.push(Diagnostic::new("terraform-invalid", message, attribute.name.span));
        }
        let mut blocks = Vec::new();
        for mut block in body.blocks {
            // The data source of a check is one of the module, though only the check may refer to it.
            if &*block.kind.text == "check" {
                let (data, rest) = block.body.blocks.into_iter().partition(|inner| &*inner.kind.text == "data");
                block.body.blocks = rest;
                blocks.extend::<Vec<Block>>(data);
            }
            blocks.push(block);
        }
        for block in blocks {
            self.check_names(&block);
            let (first, second) = (label(&block, 0), label(&block, 1));
            let twice = match (&*block.kind.text, first, second) {
                ("variable", Some(name), _) => replace(&mut self.variables, name, Variable { block }),
                ("output", Some(name), _) => replace(&mut self.outputs, name, block),
                ("module", Some(name), _) => replace(&mut self.calls, name, block),
                ("resource" | "data", Some(kind), Some(name)) => {
                    let mode = if &*block.kind.text == "data" { Mode::Data } else { Mode::Managed };
                    replace(&mut self.resources, ResourceId { mode, kind, name }, block)
                }
                ("provider", Some(name), _) => replace(&mut self.providers, provider_key(&name, &block), block),
                ("locals", ..) => {
                    for attribute in block.body.attributes {
                        let name = Arc::clone(&attribute.name.text);
                        let span = attribute.name.span;
                        if self.locals.insert(name, attribute).is_some() {
                            self.errors.push(declared_twice("a local value", span));
                        }
                    }
                    None
                }
                ("terraform", ..) => {
                    self.backend = backend(block).or(self.backend.take());
                    None
                }
                ("variable" | "output" | "module" | "resource" | "data" | "provider", ..) => {
                    let message = format!("a `{}` block needs more labels", block.kind.text);
                    self.errors.push(Diagnostic::new("terraform-invalid", message, block.header));
                    None
                }
                (kind, ..) if !OTHERS.contains(&kind) => {
                    let message = format!("`{kind}` is no block type that rootlint knows");
                    self.errors.push(Diagnostic::new("terraform-invalid", message, block.header));
                    None
                }
                _ => None,
            };
            if let Some(span) = twice {
                self.errors.push(declared_twice("this name", span));
            }
        }
    }

    /// Override files: each block merges into the one of the same name, argument by argument.
    /// <https://developer.hashicorp.com/terraform/language/files/override>
    /// Reports labels that are no names where Terraform asks for names.
    fn check_names(&mut self, block: &Block) {
        let names = match &*block.kind.text {
            "resource" | "data" => 2,
            "variable" | "output" | "module" | "provider" => 1,
            _ => 0,
        };
        for label in block.labels.iter().take(names).filter(|label| !hcl::is_name(&label.text)) {
            let message = "this is no name: a letter or an underscore, then letters, digits, underscores and hyphens";
            self.errors.push(Diagnostic::new("terraform-invalid", message, label.span));
        }
    }

    fn merge(&mut self, body: Body) {
        for block in body.blocks {
            let (first, second) = (label(&block, 0), label(&block, 1));
            let target = match (&*block.kind.text, &first, &second) {
                ("variable", Some(name), _) => self.variables.get_mut(name).map(|variable| &mut variable.block),
                ("output", Some(name), _) => self.outputs.get_mut(name),
                ("module", Some(name), _) => self.calls.get_mut(name),
                ("resource" | "data", Some(kind), Some(name)) => {
                    let mode = if &*block.kind.text == "data" { Mode::Data } else { Mode::Managed };
                    let id = ResourceId { mode, kind: Arc::clone(kind), name: Arc::clone(name) };
                    self.resources.get_mut(&id)
                }
                ("provider", Some(name), _) => self.providers.get_mut(&provider_key(name, &block)),
                ("locals", ..) => {
                    for attribute in block.body.attributes {
                        self.locals.insert(Arc::clone(&attribute.name.text), attribute);
                    }
                    continue;
                }
                ("terraform", ..) => {
                    // A backend is replaced as a whole, also by one of another kind.
                    self.backend = backend(block).or(self.backend.take());
                    continue;
                }
                _ => continue,
            };
            match target {
                Some(target) => merge_block(target, block),
                None if &*block.kind.text == "provider" => {
                    self.declare(Body { blocks: vec![block], ..Body::default() })
                }
                None => {
                    let message = format!("this override of `{}` overrides nothing", header_text(&block));
                    self.errors.push(Diagnostic::new("terraform-invalid", message, block.header));
                }
            }
        }
    }
}

/// Blocks that declare nothing here.
const OTHERS: [&str; 8] = ["moved", "removed", "import", "check", "ephemeral", "action", "language", "list"];

fn replace<K: std::hash::Hash + Eq, V>(map: &mut Table<K, V>, key: K, value: V) -> Option<Span>
where
    V: Spanned,
{
    let span = value.header();
    // The first declaration is kept, as it would be were the second one removed.
    if map.contains_key(&key) {
        return Some(span);
    }
    map.insert(key, value);
    None
}

trait Spanned {
    fn header(&self) -> Span;
}

impl Spanned for Block {
    fn header(&self) -> Span {
        self.header
    }
}

impl Spanned for Variable {
    fn header(&self) -> Span {
        self.block.header
    }
}

fn declared_twice(what: &str, span: Span) -> Diagnostic {
    Diagnostic::new("terraform-invalid", format!("{what} is declared twice in this module"), span)
}

/// The block of a `terraform` block that says where the state is kept.
fn backend(terraform: Block) -> Option<Block> {
    terraform.body.blocks.into_iter().rfind(|block| matches!(&*block.kind.text, "backend" | "cloud"))
}

fn label(block: &Block, index: usize) -> Option<Arc<str>> {
    block.labels.get(index).map(|label| Arc::clone(&label.text))
}

fn header_text(block: &Block) -> String {
    let labels = block.labels.iter().map(|label| format!(".{}", label.text));
    std::iter::once(block.kind.text.to_string()).chain(labels).collect()
}

/// `aws`, or `aws.alias`.
fn provider_key(name: &Arc<str>, block: &Block) -> Arc<str> {
    let alias =
        block.body.attribute("alias").and_then(|alias| alias.value.literal()?.as_str().map(|text| text.into_owned()));
    alias.map_or_else(|| Arc::clone(name), |alias| Arc::from(format!("{name}.{alias}")))
}

/// Attributes replace; nested blocks of a type replace all those of that type, except `lifecycle`, whose arguments
/// merge one by one.
fn merge_block(target: &mut Block, from: Block) {
    for attribute in from.body.attributes {
        match target.body.attributes.iter_mut().find(|known| known.name.text == attribute.name.text) {
            Some(known) => *known = attribute,
            None => target.body.attributes.push(attribute),
        }
    }
    let is_merged = |kind: &str| kind == "lifecycle";
    // A `dynamic` block counts as blocks of the type it generates.
    let generates = |block: &Block| match &*block.kind.text {
        "dynamic" => label(block, 0).unwrap_or_else(|| Arc::clone(&block.kind.text)),
        _ => Arc::clone(&block.kind.text),
    };
    let replaced: Vec<Arc<str>> = from.body.blocks.iter().map(generates).filter(|kind| !is_merged(kind)).collect();
    target.body.blocks.retain(|block| !replaced.contains(&generates(block)));
    for block in from.body.blocks {
        match target
            .body
            .blocks
            .iter_mut()
            .find(|known| is_merged(&known.kind.text) && known.kind.text == block.kind.text)
        {
            Some(known) => merge_block(known, block),
            None => target.body.blocks.push(block),
        }
    }
}

/// The literal `source` of a module call.
pub fn call_source(call: &Block) -> Option<(String, Span)> {
    let source = call.body.attribute("source")?;
    let text = source.value.bare().literal()?.as_str()?.into_owned();
    Some((text, source.value.span))
}

/// References of an expression: each root name with the attribute names that follow it.
pub fn references(expr: &Expr, found: &mut Vec<(Vec<Arc<str>>, Span)>) {
    use crate::syntax::hcl::{Part, Step};
    fn steps_of(steps: &[Step], found: &mut Vec<(Vec<Arc<str>>, Span)>) {
        for step in steps {
            match step {
                Step::Index(index) => references(index, found),
                Step::Splat(inner, _) => steps_of(inner, found),
                Step::Attribute(_) => {}
            }
        }
    }
    fn parts_of(parts: &[Part], found: &mut Vec<(Vec<Arc<str>>, Span)>) {
        for part in parts {
            match part {
                Part::Literal(_) => {}
                Part::Interpolation(inner) => references(inner, found),
                Part::If(condition, yes, no) => {
                    references(condition, found);
                    parts_of(yes, found);
                    parts_of(no, found);
                }
                Part::For(inner) => {
                    references(&inner.collection, found);
                    parts_of(&inner.body, found);
                }
            }
        }
    }
    match &expr.kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Literal(_) => {}
        ExprKind::Template(parts) => parts_of(parts, found),
        ExprKind::Wrap(inner) | ExprKind::Parens(inner) | ExprKind::Unary(_, inner) => references(inner, found),
        ExprKind::Tuple(elements) | ExprKind::Call(_, elements, _) => {
            elements.iter().for_each(|element| references(element, found));
        }
        ExprKind::Object(items) => {
            for item in items {
                references(&item.key, found);
                references(&item.value, found);
            }
        }
        ExprKind::Reference(root, steps) => {
            let names = steps.iter().map_while(|step| match step {
                Step::Attribute(name) => Some(Arc::clone(&name.text)),
                _ => None,
            });
            found.push((std::iter::once(Arc::clone(&root.text)).chain(names).collect(), expr.span));
            steps_of(steps, found);
        }
        ExprKind::Access(base, steps) => {
            references(base, found);
            steps_of(steps, found);
        }
        ExprKind::Conditional(parts) => parts.iter().for_each(|part| references(part, found)),
        ExprKind::Binary(_, parts) => parts.iter().for_each(|part| references(part, found)),
        ExprKind::For(inner) => {
            references(&inner.collection, found);
            [&inner.key, &inner.condition].into_iter().flatten().for_each(|part| references(part, found));
            references(&inner.value, found);
        }
    }
}

//! Values that cross from one template of the scan to another: `Fn::ImportValue` joined to the `Export` of that name.
//!
//! Nothing is read before the first import is met; then the names of all exports are, once. A value is evaluated in the
//! template that exports it, which may import others.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use super::documents::template;
use crate::cloudformation::{Beside, Import, Parameters, Template, export_name};
use crate::value::Value;

/// How many templates a value may come through.
const MAX_CHAIN: usize = 32;

/// How often a template is evaluated again because what it imports lets it ask for more.
const MAX_ROUNDS: usize = 8;

/// An output of a template.
type Exported = (Utf8PathBuf, Arc<str>);

/// A value, and through how many templates it came; none if it depends on itself, or came through too many.
type Known = Option<(Value, usize)>;

/// The exports of the templates of a scan.
pub(super) struct Exports<'r> {
    beside: Beside<'r>,
    documents: &'r BTreeSet<Utf8PathBuf>,
    by_name: OnceLock<HashMap<Arc<str>, Vec<Exported>>>,
    known: Mutex<HashMap<Exported, Known>>,
}

/// The exports that are being evaluated, outermost first.
#[derive(Default)]
struct Chain {
    open: Vec<Exported>,
    /// Whether one of them was met again, or they became too many: then all of them are unknown.
    broken: bool,
}

impl<'r> Exports<'r> {
    pub(super) fn new(beside: Beside<'r>, documents: &'r BTreeSet<Utf8PathBuf>) -> Self {
        Self { beside, documents, by_name: OnceLock::new(), known: Mutex::default() }
    }

    /// Hands in to a template what it imports.
    pub(super) fn resolve(&self, template: &Template, parameters: &Parameters) {
        if template.imports_any() {
            self.rounds(template, parameters, &mut Chain::default(), &|| template.evaluate_all());
        }
    }

    /// Evaluates, and hands in what was asked for, until nothing more is. The templates that a value came through.
    fn rounds(&self, template: &Template, parameters: &Parameters, chain: &mut Chain, evaluate: &dyn Fn()) -> usize {
        let mut through = 0;
        for _ in 0..MAX_ROUNDS {
            evaluate();
            let asked = template.asked_exports();
            if asked.is_empty() {
                break;
            }
            let mut found = Vec::new();
            for name in asked {
                let (import, count) = self.import(&name, parameters, chain);
                through = through.max(count);
                found.push((name, import));
            }
            template.hand_in(&found);
        }
        through
    }

    fn import(&self, name: &str, parameters: &Parameters, chain: &mut Chain) -> (Import, usize) {
        match self.names(parameters).get(name).map(Vec::as_slice) {
            None | Some([]) => (Import::Unknown("is exported by no template of the scan"), 0),
            Some([exported]) => match self.value(exported, parameters, chain) {
                Some((value, through)) => (Import::Value(value), through),
                None => (Import::Unknown("comes through templates that import from each other"), 0),
            },
            Some(_) => (Import::Unknown("is exported by more than one template of the scan"), 0),
        }
    }

    /// Every export whose name is known, by name.
    fn names(&self, parameters: &Parameters) -> &HashMap<Arc<str>, Vec<Exported>> {
        self.by_name.get_or_init(|| {
            let mut names: HashMap<Arc<str>, Vec<Exported>> = HashMap::new();
            let mut nested = BTreeSet::new();
            for path in self.documents {
                let Some((template, within)) = self.template(path, parameters) else { continue };
                for (name, output) in template.exports() {
                    if let Some(name) = export_name(&name) {
                        names.entry(name).or_default().push((path.clone(), output));
                    }
                }
                nested.extend(within.into_iter().filter(|other| other != path));
            }
            // What is part of another template is exported by that one.
            for exported in names.values_mut() {
                exported.retain(|(path, _)| !nested.contains(path));
            }
            names
        })
    }

    /// The template in a file that may export something, and the files of the stacks within it.
    fn template(&self, path: &Utf8Path, parameters: &Parameters) -> Option<(Template, BTreeSet<Utf8PathBuf>)> {
        let may_export = |text: &str| text.contains("Export") || text.contains("AWS::CloudFormation::Stack");
        let mut template = template(self.beside, path, parameters, &may_export)?;
        let within = template.nest(self.beside.files, self.beside.sources, path);
        Some((template, within))
    }

    fn value(&self, exported: &Exported, parameters: &Parameters, chain: &mut Chain) -> Known {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(exported).cloned();
        let depth = chain.open.len();
        if let Some(known) = known {
            let fits = known.filter(|(_, through)| depth + through <= MAX_CHAIN);
            chain.broken |= fits.is_none() && depth > 0;
            return fits;
        }
        if chain.broken || depth >= MAX_CHAIN || chain.open.contains(exported) {
            chain.broken = true;
            return None;
        }
        chain.open.push(exported.clone());
        let (path, output) = exported;
        let mut value = None;
        if let Some((template, _)) = self.template(path, parameters) {
            let through = self.rounds(&template, parameters, chain, &|| drop(template.exported(output)));
            value = template.exported(output).map(|value| (value, through + 1));
        }
        chain.open.pop();
        let value = value.filter(|_| !chain.broken);
        // What lies within a broken chain may be whole when it is asked for alone.
        if !chain.broken || chain.open.is_empty() {
            let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(exported.clone(), value.clone());
        }
        if chain.open.is_empty() {
            chain.broken = false;
        }
        value
    }
}

//! Variables, locals, outputs and module calls of a module instance.
//! <https://developer.hashicorp.com/terraform/language/modules/syntax>

use std::collections::HashSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::config::{Module, call_source};
use super::constraint::Constraint;
use super::evaluator::{Evaluated, Evaluator, ModuleId, ModuleInstance, Named, fail};
use super::instance::{Expansion, InstanceKey};
use super::scope::Scope;
use crate::files::normalize;
use crate::resource::Presence;
use crate::source::Span;
use crate::syntax::hcl::Block;
use crate::value::{Marks, Reason, Value, Via};

/// How deep module calls may nest.
pub const MAX_MODULE_DEPTH: usize = 300;

/// How many module instances one project may have. Modules that call each other twice double at every level.
pub const MAX_MODULES: usize = 10_000;

/// The arguments of a `module` block that are no inputs.
const CALL_META: [&str; 6] = ["source", "version", "count", "for_each", "providers", "depends_on"];

impl Evaluator<'_> {
    pub(super) fn compute_variable(&self, id: ModuleId, name: &Arc<str>, span: Span) -> Evaluated<Named> {
        let instance = self.instance(id);
        let Some(variable) = instance.module.variables.get(name) else {
            return fail(format!("there is no variable `{name}` in this module"), span);
        };
        let body = &variable.block.body;
        let constraint = self.constraint(id, &variable.block);
        let flag = |attribute: &str| -> Option<bool> {
            let attribute = body.attribute(attribute)?;
            self.eval(&attribute.value, &Scope::of(id)).ok()?.as_bool()
        };
        let (given, via) = match &instance.caller {
            None => match self.inputs.values.get(name) {
                Some(input) => (Some(input.value(&constraint, self)?), Via::VariableValue(Arc::clone(name))),
                None => (None, Via::VariableDefault(Arc::clone(name))),
            },
            Some((caller, call, repetition)) => {
                let calling = self.instance(*caller);
                let block = calling.module.calls.get(call);
                let argument = block.and_then(|block| block.body.attribute(name));
                let via = Via::ModuleInput(Arc::from(format!("module.{call}")), Arc::clone(name));
                let value = match argument {
                    Some(argument) => Some(self.eval(&argument.value, &Scope::repeated(*caller, repetition))?.clone()),
                    None => None,
                };
                (value, via)
            }
        };
        let default = || -> Evaluated<Named> {
            let via = Via::VariableDefault(Arc::clone(name));
            match body.attribute("default") {
                Some(default) => Ok(Named { value: self.eval(&default.value, &Scope::of(id))?, via }),
                None => {
                    if let Some(planned) = self.planned_variable(name).filter(|_| instance.caller.is_none()) {
                        return Ok(planned);
                    }
                    let reason = Reason::new(format!("var.{name}"), "has no value", Some(variable.block.header));
                    let value = Value::unknown(constraint.ty.clone(), reason).at(variable.block.header);
                    Ok(Named { value, via })
                }
            }
        };
        let mut named = match given {
            None => default()?,
            // `nullable = false`: null means the default.
            Some(value) if value.is_null() && flag("nullable") == Some(false) => default()?,
            Some(value) => Named { value, via },
        };
        let at = named.value.origin.span.unwrap_or(span);
        named.value =
            constraint.apply(&named.value).or_else(|error| fail(format!("`var.{name}`: {}", error.message), at))?;
        if flag("sensitive") == Some(true) {
            named.value = named.value.mark(Marks::SENSITIVE);
        }
        Ok(named)
    }

    /// Evaluates the `validation` blocks of a variable. A condition that is not known holds nothing against the value.
    pub(super) fn validate_variable(&self, id: ModuleId, name: &Arc<str>, value: &Value) {
        let instance = self.instance(id);
        let Some(variable) = instance.module.variables.get(name) else { return };
        let scope = Scope::of(id);
        for validation in variable.block.body.blocks_of("validation") {
            let Some(condition) = validation.body.attribute("condition") else { continue };
            let at = value.origin.span.unwrap_or(variable.block.header);
            match self.eval(&condition.value, &scope) {
                Ok(result) if result.as_bool() == Some(false) => {
                    let message = validation.body.attribute("error_message");
                    let message = message.and_then(|message| self.eval(&message.value, &scope).ok());
                    let shown = message.filter(|text| !text.marks.is_hidden() && !value.marks.is_hidden());
                    let text = shown.as_ref().and_then(Value::as_str).unwrap_or_default();
                    self.error("terraform-evaluation", format!("`var.{name}` is not valid: {text}"), at);
                }
                Ok(_) => {}
                Err(error) => self.error("terraform-evaluation", error.message, error.span),
            }
        }
    }

    /// The type constraint of a variable; a wrong one is reported and means `any`.
    fn constraint(&self, id: ModuleId, block: &Block) -> Constraint {
        let Some(ty) = block.body.attribute("type") else { return Constraint::any() };
        Constraint::parse(&ty.value, &|expr| self.eval(expr, &Scope::of(id))).unwrap_or_else(|error| {
            self.error("terraform-invalid", error.message, error.span);
            Constraint::any()
        })
    }

    pub(super) fn compute_local(&self, id: ModuleId, name: &Arc<str>, span: Span) -> Evaluated<Named> {
        let instance = self.instance(id);
        let Some(local) = instance.module.locals.get(name) else {
            return fail(format!("there is no local value `{name}` in this module"), span);
        };
        let value = self.eval(&local.value, &Scope::of(id))?;
        Ok(Named { value, via: Via::Local(Arc::clone(name)) })
    }

    pub(super) fn compute_output(&self, id: ModuleId, name: &Arc<str>, span: Span) -> Evaluated<Named> {
        let instance = self.instance(id);
        // The outputs of a root module are what other projects read from its state.
        let of = match &instance.caller {
            Some((_, call, _)) => format!("module.{call}"),
            None => format!("project {}", self.project),
        };
        let Some(block) = instance.module.outputs.get(name) else {
            return fail(format!("`{of}` has no output `{name}`"), span);
        };
        let Some(value) = block.body.attribute("value") else {
            return fail(format!("the output `{name}` has no value"), block.header);
        };
        let mut value = self.eval(&value.value, &Scope::of(id))?;
        let sensitive = block.body.attribute("sensitive").map(|flag| self.eval(&flag.value, &Scope::of(id)));
        if matches!(sensitive, Some(Ok(flag)) if flag.as_bool() == Some(true)) {
            value = value.mark(Marks::SENSITIVE);
        }
        Ok(Named { value, via: Via::Output(Arc::from(of), Arc::clone(name)) })
    }

    // --- calls ---

    pub(super) fn compute_children(&self, id: ModuleId, call: &Arc<str>) -> Evaluated<Vec<(InstanceKey, ModuleId)>> {
        let instance = self.instance(id);
        let Some(block) = instance.module.calls.get(call) else { return Ok(Vec::new()) };
        let expansion = self.expand_call(id, call, block)?;
        if matches!(expansion, Expansion::None) {
            if let Some((folder, _)) = self.locate(id, call, block)? {
                self.read_uncreated(folder);
            }
            return Ok(Vec::new());
        }
        let Some((folder, path)) = self.locate(id, call, block)? else { return Ok(Vec::new()) };
        if instance.depth >= MAX_MODULE_DEPTH {
            return fail(
                format!("module calls nest more than {MAX_MODULE_DEPTH} deep; rootlint stops here"),
                block.header,
            );
        }
        if self.is_within(&instance, &folder) {
            return fail(format!("`module.{call}` calls a module that it is a part of"), block.header);
        }
        let Some(module) = self.load(&folder) else {
            self.missing(call, block, "there are no Terraform files in that folder");
            return Ok(Vec::new());
        };
        let keys = expansion.keys();
        if self.instance_count() + keys.len() > MAX_MODULES {
            return fail(
                format!("more than {MAX_MODULES} module instances in one project; rootlint stops here"),
                block.header,
            );
        }
        self.check_arguments(&module, call, block);
        let dot = if instance.address.is_empty() { "" } else { "." };
        let base = format!("{}{dot}module.{call}", instance.address);
        let calls: Arc<[Span]> = instance.calls.iter().copied().chain([block.header]).collect();
        let presence = match expansion.unknown() {
            Some(reason) => instance.presence.and(&Presence::Possible(reason.clone())),
            None => instance.presence.clone(),
        };
        let manifest_dot = if instance.manifest_key.is_empty() { "" } else { "." };
        let children = keys.into_iter().map(|key| {
            let child = ModuleInstance {
                module: Arc::clone(&module),
                address: Arc::from(format!("{base}{key}")),
                caller: Some((id, Arc::clone(call), expansion.repetition(&key))),
                presence: presence.clone(),
                calls: Arc::clone(&calls),
                path: path.clone(),
                manifest_key: format!("{}{manifest_dot}{call}", instance.manifest_key),
                depth: instance.depth + 1,
            };
            (key, self.add_instance(child))
        });
        Ok(children.collect())
    }

    /// The instances of a call; the plan says which where the code does not.
    fn expand_call(&self, id: ModuleId, call: &str, block: &Block) -> Evaluated<Expansion> {
        let expansion = self.expand(id, block)?;
        Ok(self.planned_expansion(&self.call_address(id, call), true, expansion, block.header))
    }

    /// Whether a module instance lies in a folder, or one of those that call it does: Terraform would call it for ever.
    fn is_within(&self, instance: &ModuleInstance, folder: &Utf8Path) -> bool {
        let caller = |caller: &(ModuleId, Arc<str>, super::evaluator::Repetition)| self.instance(caller.0);
        let mut above = instance.caller.as_ref().map(caller);
        let mut found = instance.module.folder == folder;
        while let Some(instance) = above.filter(|_| !found) {
            found = instance.module.folder == folder;
            above = instance.caller.as_ref().map(caller);
        }
        found
    }

    /// A call sets every variable that has no default, and nothing that is no variable.
    fn check_arguments(&self, module: &Module, call: &Arc<str>, block: &Block) {
        if !module.errors.is_empty() {
            // What could not be read may declare it.
            return;
        }
        for (name, variable) in &module.variables {
            if variable.block.body.attribute("default").is_none() && block.body.attribute(name).is_none() {
                let message = format!("`module.{call}` does not set `{name}`, which has no default");
                self.error("terraform-evaluation", message, block.header);
            }
        }
        for attribute in &block.body.attributes {
            let name = &attribute.name;
            if !CALL_META.contains(&&*name.text) && !module.variables.contains_key(&name.text) {
                let message = format!("`module.{call}` has no variable `{}`", name.text);
                self.error("terraform-evaluation", message, name.span);
            }
        }
    }

    /// Reads a module that is called but not created, and those that it calls: what is wrong in their files is reported,
    /// and none of them is taken for a root module.
    fn read_uncreated(&self, folder: Utf8PathBuf) {
        let mut seen = HashSet::new();
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            let Some(module) = self.load(&folder) else { continue };
            let sources = module.calls.values().filter_map(call_source).filter(|(source, _)| is_local(source));
            let inner = sources.filter_map(|(source, _)| normalize(&folder.join(source)));
            open.extend(inner.filter(|inner| seen.insert(inner.clone())));
        }
    }

    /// The folder of a call's module, relative to the scan's root, and its `path.module`.
    fn locate(&self, id: ModuleId, call: &Arc<str>, block: &Block) -> Evaluated<Option<(Utf8PathBuf, Utf8PathBuf)>> {
        let caller = self.instance(id);
        let Some((source, span)) = self.source(id, call, block)? else { return Ok(None) };
        if is_local(&source) {
            let path = join(&caller.path, &source);
            return match normalize(&caller.module.folder.join(&source)) {
                Some(folder) if self.files.is_folder(&folder) => Ok(Some((folder, path))),
                Some(folder) => {
                    self.note(
                        "module-not-found",
                        format!("`module.{call}` is not analysed: there is no folder {folder}"),
                        span,
                    );
                    Ok(None)
                }
                None => {
                    self.note(
                        "module-not-found",
                        format!("`module.{call}` is not analysed: {source} leads out of the scanned folder"),
                        span,
                    );
                    Ok(None)
                }
            };
        }
        let dot = if caller.manifest_key.is_empty() { "" } else { "." };
        let key = format!("{}{dot}{call}", caller.manifest_key);
        if let Some(dir) = self.inputs.installed.get(key.as_str()) {
            let root = if &*self.project == "." { "" } else { &self.project };
            if let Some(folder) =
                normalize(&Utf8Path::new(root).join(dir)).filter(|folder| self.files.is_folder(folder))
            {
                return Ok(Some((folder, dir.clone())));
            }
        }
        let text = format!("`module.{call}` is not analysed: {source} is not on disk (`terraform init` brings it)");
        self.note("module-not-found", text, span);
        Ok(None)
    }

    /// The source of a call: a string, which OpenTofu lets depend on variables and locals.
    fn source(&self, caller: ModuleId, call: &Arc<str>, block: &Block) -> Evaluated<Option<(String, Span)>> {
        if let Some(source) = call_source(block) {
            return Ok(Some(source));
        }
        let Some(source) = block.body.attribute("source") else {
            return fail(format!("`module.{call}` has no source"), block.header);
        };
        let span = source.value.span;
        let value = self.eval(&source.value, &Scope::of(caller))?;
        match (value.as_str(), value.as_unknown()) {
            (Some(text), _) => Ok(Some((text.into_owned(), span))),
            (None, Some(unknown)) => {
                let text = format!("`module.{call}` is not analysed: its source is not known: {}", unknown.reason);
                self.note("module-not-found", text, span);
                Ok(None)
            }
            (None, None) => fail(format!("the source of `module.{call}` is no string"), span),
        }
    }

    fn missing(&self, call: &Arc<str>, block: &Block, why: &str) {
        let span = call_source(block).map_or(block.header, |(_, span)| span);
        self.note("module-not-found", format!("`module.{call}` is not analysed: {why}"), span);
    }

    /// Whether a call without instances is switched off (and not merely missing on disk).
    pub(super) fn is_known_absent(&self, id: ModuleId, block: &Block) -> bool {
        matches!(self.expand(id, block), Ok(Expansion::None))
    }

    /// Why the instances of a call are not known.
    pub(super) fn presence_reason(&self, id: ModuleId, call: &Arc<str>, block: &Block) -> Reason {
        match self.expand_call(id, call, block) {
            Ok(Expansion::Unknown(reason) | Expansion::Pending(_, reason)) => reason,
            _ => Reason::new(format!("module.{call}"), "has an unknown number of instances", Some(block.header)),
        }
    }
}

/// Whether a module source is a folder beside the caller: it starts with `./` or `../`.
fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../") || source == "." || source == ".."
}

/// A path seen from `base`, cleaned, with leading `..` kept: what Terraform makes of `path.module`.
pub(super) fn join(base: &Utf8Path, source: &str) -> Utf8PathBuf {
    let mut names: Vec<&str> = Vec::new();
    let joined = base.join(source);
    for name in joined.as_str().split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    if names.is_empty() { ".".into() } else { names.join("/").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_paths_are_clean() {
        assert_eq!(join(".".into(), "./modules/x"), "modules/x");
        assert_eq!(join("modules/x".into(), "../y"), "modules/y");
        assert_eq!(join(".".into(), "../shared"), "../shared");
        assert_eq!(join("a".into(), ".."), ".");
    }
}

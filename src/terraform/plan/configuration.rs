//! The configuration in a plan: what refers to what, which provider is meant, what is run. Expressions are not in it, only
//! constants and the names that an expression mentions.
//! <https://developer.hashicorp.com/terraform/internals/json-format#expression-representation>

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::format::Plan;
use super::instances::Planned;
use super::values::{any_true, is_true};
use crate::resource::Mode;
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind};
use crate::terraform::instance::InstanceKey;
use crate::value::Symbol;

/// How many names one value may be followed through.
const MAX_STEPS: usize = 64;

/// A module of the configuration.
#[derive(Debug, Default)]
pub(super) struct ModuleConfig {
    /// Resources and data sources, by their address in the module.
    pub(super) resources: HashMap<Arc<str>, ResourceConfig>,
    /// The expressions of outputs.
    pub(super) outputs: HashMap<Arc<str>, Node>,
    /// Outputs whose values are not to be shown.
    pub(super) sensitive_outputs: HashSet<Arc<str>>,
    pub(super) calls: HashMap<Arc<str>, CallConfig>,
    /// Variables whose values are not to be shown.
    pub(super) sensitive: HashSet<Arc<str>>,
}

/// A resource block.
#[derive(Debug, Default)]
pub(super) struct ResourceConfig {
    pub(super) provider: Option<Arc<str>>,
    pub(super) expressions: Option<Node>,
    pub(super) provisioners: Option<Node>,
    pub(super) depends_on: Option<Node>,
    for_each: Option<Node>,
    count: Option<Node>,
}

#[derive(Debug, Default)]
pub(super) struct CallConfig {
    pub(super) expressions: Option<Node>,
    for_each: Option<Node>,
    pub(super) module: ModuleConfig,
}

/// The members of an object, taken out of it.
fn take(node: Node) -> impl Iterator<Item = (Arc<str>, Node)> {
    let entries = match node.kind {
        NodeKind::Mapping(entries) => entries,
        _ => Vec::new(),
    };
    entries.into_iter().filter_map(|(key, value)| Some((Arc::clone(&key.as_scalar()?.text), value)))
}

impl ModuleConfig {
    /// The root module and the provider configurations.
    pub(super) fn of_plan(configuration: Node) -> (Self, HashMap<Arc<str>, Node>) {
        let (mut root, mut providers) = (Self::default(), HashMap::new());
        for (name, part) in take(configuration) {
            match &*name {
                "root_module" => root = Self::of(part),
                "provider_config" => providers = take(part).collect(),
                _ => {}
            }
        }
        (root, providers)
    }

    /// The nesting is that of the JSON text, which has a limit.
    fn of(node: Node) -> Self {
        let mut module = Self::default();
        for (name, part) in take(node) {
            match &*name {
                "resources" => {
                    if let NodeKind::Sequence(resources) = part.kind {
                        module.resources = resources.into_iter().filter_map(ResourceConfig::of).collect();
                    }
                }
                "outputs" => {
                    let outputs = part.as_mapping().unwrap_or_default().iter();
                    let sensitive = outputs.filter(|(_, output)| is_true(output.get("sensitive")));
                    module.sensitive_outputs = sensitive.filter_map(|(name, _)| name.as_str().map(Arc::from)).collect();
                    let expression = |(name, output)| {
                        let mut members = take(output).filter(|(member, _)| &**member == "expression");
                        members.next().map(|(_, expression)| (name, expression))
                    };
                    module.outputs = take(part).filter_map(expression).collect();
                }
                "variables" => {
                    let sensitive = take(part).filter(|(_, variable)| is_true(variable.get("sensitive")));
                    module.sensitive = sensitive.map(|(name, _)| name).collect();
                }
                "module_calls" => module.calls = take(part).map(|(name, call)| (name, CallConfig::of(call))).collect(),
                _ => {}
            }
        }
        module
    }

    /// Whether it declares nothing: the plan has no configuration.
    pub(super) fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.calls.is_empty()
    }

    /// What the module declares: `aws_iam_user.u`, `module.m`.
    pub(super) fn names(&self) -> Vec<String> {
        let calls = self.calls.keys().map(|call| format!("module.{call}"));
        self.resources.keys().map(|name| name.to_string()).chain(calls).collect()
    }

    /// The block that an instance is of.
    pub(super) fn resource(&self, planned: &Planned) -> Option<&ResourceConfig> {
        let data = if planned.mode == Mode::Data { "data." } else { "" };
        let module = self.at(&planned.module)?;
        module.resources.get(&*format!("{data}{}.{}", planned.kind, planned.name))
    }

    /// The module that an address of a module instance leads to.
    pub(super) fn at(&self, address: &str) -> Option<&Self> {
        let mut module = self;
        for call in Steps::of(address) {
            module = &module.calls.get(call.name)?.module;
        }
        Some(module)
    }
}

impl ResourceConfig {
    fn of(node: Node) -> Option<(Arc<str>, Self)> {
        let mut address = None;
        let mut config = Self::default();
        for (name, part) in take(node) {
            match &*name {
                "address" => address = part.as_str().map(Arc::from),
                "provider_config_key" => config.provider = part.as_str().map(Arc::from),
                "expressions" => config.expressions = Some(part),
                "provisioners" => config.provisioners = Some(part),
                "depends_on" => config.depends_on = Some(part),
                "for_each_expression" => config.for_each = Some(part),
                "count_expression" => config.count = Some(part),
                _ => {}
            }
        }
        Some((address?, config))
    }

    /// Everything in the block that may mention something, with the argument it belongs to.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&str, &Node)> {
        let expressions = self.expressions.as_ref().and_then(Node::as_mapping).unwrap_or_default();
        let written = expressions.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
        let others = [
            ("for_each", &self.for_each),
            ("count", &self.count),
            ("provisioner", &self.provisioners),
            ("depends_on", &self.depends_on),
        ];
        written.chain(others.into_iter().filter_map(|(name, part)| Some((name, part.as_ref()?))))
    }
}

impl CallConfig {
    fn of(node: Node) -> Self {
        let mut call = Self::default();
        for (name, part) in take(node) {
            match &*name {
                "expressions" => call.expressions = Some(part),
                "for_each_expression" => call.for_each = Some(part),
                "module" => call.module = ModuleConfig::of(part),
                _ => {}
            }
        }
        call
    }
}

/// A step of a module instance's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    /// The key as it is written, `["a"]`; empty without one.
    pub(super) key: &'a str,
    /// The address of the instance that calls.
    pub(super) caller: &'a str,
}

/// The steps of a module instance's address, outermost first.
pub(super) struct Steps<'a> {
    address: &'a str,
    at: usize,
}

impl<'a> Steps<'a> {
    pub(super) fn of(address: &'a str) -> Self {
        Self { address, at: 0 }
    }
}

impl<'a> Iterator for Steps<'a> {
    type Item = Call<'a>;

    fn next(&mut self) -> Option<Call<'a>> {
        let caller = self.address.get(..self.at)?;
        let rest = self.address.get(self.at..)?;
        let dotted = if self.at > 0 { rest.strip_prefix('.')? } else { rest };
        let (name, after) = name(dotted.strip_prefix("module.")?)?;
        let (key, after) = key(after)?;
        self.at = self.address.len() - after.len();
        Some(Call { name, key, caller })
    }
}

/// The key of the instance of a call (`module.a["x"].module.b`) that the address of a module instance goes through.
pub(super) fn call_key(address: &str, call: &str) -> Option<InstanceKey> {
    let rest = address.strip_prefix(call)?;
    let (written, rest) = key(rest)?;
    if !(rest.is_empty() || rest.starts_with('.')) {
        return None;
    }
    match written.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        None => Some(InstanceKey::None),
        Some(index) if !index.starts_with('"') => index.parse().ok().map(InstanceKey::Index),
        // Keys with escapes in them are left to the code.
        Some(quoted) => Some(InstanceKey::Key(quoted.trim_matches('"').into())).filter(|_| !quoted.contains('\\')),
    }
}

/// A name and what follows it.
pub(super) fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(name, _)| !name.is_empty())
}

/// An instance key in brackets, if there is one, and what follows it.
pub(super) fn key(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with('[') {
        return Some(("", text));
    }
    let mut quoted = false;
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return text.split_at_checked(at + 1),
            _ => {}
        }
    }
    None
}

/// What a reference in a plan names, besides variables and outputs.
pub(super) struct Target<'r> {
    pub(super) mode: Mode,
    pub(super) kind: &'r str,
    pub(super) name: &'r str,
    /// The instance key and the attribute: `["a"].id`.
    pub(super) rest: &'r str,
}

/// The resource that a reference names.
pub(super) fn target(reference: &str) -> Option<Target<'_>> {
    let (first, rest) = name(reference)?;
    let (mode, kind, rest) = match first {
        "data" => {
            let (kind, rest) = name(rest.strip_prefix('.')?)?;
            (Mode::Data, kind, rest)
        }
        "var" | "local" | "module" | "each" | "count" | "path" | "terraform" | "self" | "ephemeral" => return None,
        kind => (Mode::Managed, kind, rest),
    };
    let (name, rest) = name(rest.strip_prefix('.')?)?;
    Some(Target { mode, kind, name, rest })
}

impl Target<'_> {
    /// The block's address in its module.
    pub(super) fn block(&self) -> String {
        let data = if self.mode == Mode::Data { "data." } else { "" };
        format!("{data}{}.{}", self.kind, self.name)
    }
}

/// All references in an expression, each with its place. A plan lists `a.b.c` with `a.b` and so on after it.
pub(super) fn references<'n>(expression: &'n Node, found: &mut Vec<(&'n str, Span)>) {
    match &expression.kind {
        NodeKind::Mapping(entries) => {
            for (key, value) in entries {
                match key.as_str() {
                    Some("references") if value.as_sequence().is_some() => {
                        let names = value.as_sequence().unwrap_or_default();
                        found.extend(names.iter().filter_map(|name| Some((name.as_str()?, name.span))));
                    }
                    Some("constant_value") => {}
                    _ => references(value, found),
                }
            }
        }
        NodeKind::Sequence(elements) => elements.iter().for_each(|element| references(element, found)),
        _ => {}
    }
}

/// Of the references of an expression those that are not the start of another.
pub(super) fn whole<'n>(expression: &'n Node) -> Vec<&'n str> {
    let mut all = Vec::new();
    references(expression, &mut all);
    let mut names: Vec<&str> = all.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let starts = |name: &&'n str| {
        let name = *name;
        name.match_indices(['.', '[']).filter_map(move |(at, _)| name.get(..at))
    };
    let started: HashSet<&str> = names.iter().flat_map(starts).collect();
    names.retain(|name| !started.contains(name));
    names
}

/// What `each` goes through: the expression, the module instance it stands in, and the key of the instance meant.
#[derive(Clone, Copy)]
struct Each<'c> {
    for_each: &'c Node,
    module: &'c str,
    key: &'c str,
}

impl Plan {
    /// The block that an instance is of.
    pub(super) fn config(&self, planned: &Planned) -> Option<&ResourceConfig> {
        self.configuration.resource(planned)
    }

    /// What an unknown attribute is the value of, if its expression mentions one attribute of one resource instance that
    /// is not known either, directly or by way of module inputs, outputs and `each.value`.
    pub(super) fn symbol(&self, planned: &Planned, attribute: &str, project: &Arc<str>) -> Option<Symbol> {
        let config = self.config(planned)?;
        let expression = config.expressions.as_ref()?.get(attribute)?;
        let key = planned.address.strip_prefix(&*planned.block)?;
        let each = config.for_each.as_ref().map(|for_each| Each { for_each, module: &planned.module, key });
        let (address, attribute) = self.follow(expression, &planned.module, each, 0)?;
        let target = self.find(&address)?;
        // What the plan knows of the target would be known here, too.
        let unknown = self.parse(target.values.unknown.as_ref()?)?;
        is_unknown_at(&unknown, &attribute).then(|| Symbol {
            project: Arc::clone(project),
            address: Arc::clone(&target.address),
            kind: Arc::clone(&target.kind),
            attribute: attribute.into(),
        })
    }

    /// The address of a resource instance and the attribute that an expression in a module instance passes on.
    fn follow(
        &self,
        expression: &Node,
        module: &str,
        each: Option<Each<'_>>,
        steps: usize,
    ) -> Option<(String, String)> {
        let names = whole(expression);
        let [reference] = names.as_slice() else { return None };
        if steps > MAX_STEPS {
            return None;
        }
        let dot = if module.is_empty() { "" } else { "." };
        let extended = |(address, attribute): (String, String), rest: &str| {
            let attribute = format!("{attribute}{rest}");
            (address, attribute.trim_start_matches('.').to_owned())
        };
        if let Some(rest) = reference.strip_prefix("each.value") {
            let each = each?;
            let all = whole_block(each.for_each, each.module)?;
            return Some(extended((format!("{all}{}", each.key), String::new()), rest));
        }
        if let Some(rest) = reference.strip_prefix("var.") {
            let (variable, rest) = name(rest)?;
            let call = Steps::of(module).last()?;
            let config = self.configuration.at(call.caller)?.calls.get(call.name)?;
            let passed = config.expressions.as_ref()?.get(variable)?;
            let each = config.for_each.as_ref().map(|for_each| Each { for_each, module: call.caller, key: call.key });
            return Some(extended(self.follow(passed, call.caller, each, steps + 1)?, rest));
        }
        if let Some(rest) = reference.strip_prefix("module.") {
            let (call, rest) = name(rest)?;
            let (key, rest) = key(rest)?;
            let (output, rest) = name(rest.strip_prefix('.')?)?;
            let inner = self.configuration.at(module)?.calls.get(call)?;
            let value = inner.module.outputs.get(output)?;
            let address = format!("{module}{dot}module.{call}{key}");
            return Some(extended(self.follow(value, &address, None, steps + 1)?, rest));
        }
        let target = target(reference)?;
        let (key, attribute) = key(target.rest)?;
        let attribute = attribute.strip_prefix('.')?;
        Some((format!("{module}{dot}{}{key}", target.block()), attribute.to_owned()))
    }
}

/// The block that a `for_each` goes through, if it is all instances of one.
fn whole_block(for_each: &Node, module: &str) -> Option<String> {
    let names = whole(for_each);
    let [reference] = names.as_slice() else { return None };
    let target = target(reference)?;
    let dot = if module.is_empty() { "" } else { "." };
    target.rest.is_empty().then(|| format!("{module}{dot}{}", target.block()))
}

/// Whether the attribute at `path` (`roots[0].id`) is unknown, or a part of something that is.
fn is_unknown_at(unknown: &Node, path: &str) -> bool {
    let mut node = unknown;
    let mut rest = path;
    loop {
        if is_true(Some(node)) {
            return true;
        }
        if rest.is_empty() {
            return any_true(node);
        }
        let step = match rest.strip_prefix('[') {
            Some(_) => key(rest).map(|(key, after)| (key.trim_matches(['[', ']', '"']), after)),
            None => name(rest.trim_start_matches('.')),
        };
        let Some((step, after)) = step else { return false };
        let inner = match node.as_sequence() {
            Some(elements) => step.parse::<usize>().ok().and_then(|index| elements.get(index)),
            None => node.get(step),
        };
        let Some(inner) = inner else { return false };
        node = inner;
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_module_instances_have_steps() {
        let steps: Vec<_> = Steps::of("module.a[\"x.]\\\"\"].module.b.module.c[0]").collect();
        let parts: Vec<_> = steps.iter().map(|call| (call.name, call.key)).collect();
        assert_eq!(parts, [("a", "[\"x.]\\\"\"]"), ("b", ""), ("c", "[0]")]);
        assert_eq!(steps[2].caller, "module.a[\"x.]\\\"\"].module.b");
        assert_eq!(Steps::of("").count(), 0);
    }

    #[test]
    fn references_name_resources() {
        let target = target("data.aws_x.y[\"a\"].b[0]").unwrap();
        assert_eq!((target.block(), target.rest), ("data.aws_x.y".to_owned(), "[\"a\"].b[0]"));
        for none in ["var.x", "each.value.id", "module.m.o", "aws_x", ""] {
            assert!(super::target(none).is_none(), "{none}");
        }
    }
}

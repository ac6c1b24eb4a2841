//! Which blocks of a configuration depend on which, to find those that depend on each other. Terraform orders whole
//! blocks, so a cycle is an error even where no value would need itself.
//! <https://developer.hashicorp.com/terraform/internals/graph>

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::config::{Module, ResourceId, references};
use super::evaluator::{DEPENDS_ON_ITSELF, Evaluator, ModuleInstance};
use super::providers::{default_name, passed_provider, provider_address};
use crate::finding::Diagnostic;
use crate::resource::Mode;
use crate::source::Span;
use crate::syntax::hcl::{Attribute, Block, Body, Expr};

/// A block or a named value. The first part is the module's path without instance keys: `a.b`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    Variable(Arc<str>, Arc<str>),
    Local(Arc<str>, Arc<str>),
    Output(Arc<str>, Arc<str>),
    Resource(Arc<str>, ResourceId),
    Provider(Arc<str>, Arc<str>),
    /// The instances of the module with this path.
    Expansion(Arc<str>),
    /// What the module with this path waits for by `depends_on`.
    Waits(Arc<str>),
    /// Everything in the module with this path.
    Whole(Arc<str>),
}

impl Node {
    fn name(&self) -> String {
        let within = |path: &str, name: &dyn std::fmt::Display| match path {
            "" => name.to_string(),
            path => format!("module.{}.{name}", path.replace('.', ".module.")),
        };
        match self {
            Self::Variable(path, name) => within(path, &format!("var.{name}")),
            Self::Local(path, name) => within(path, &format!("local.{name}")),
            Self::Output(path, name) => within(path, &format!("output.{name}")),
            Self::Resource(path, id) => within(path, id),
            Self::Provider(path, name) => within(path, &format!("provider.{name}")),
            Self::Expansion(path) | Self::Waits(path) | Self::Whole(path) => {
                format!("module.{}", path.replace('.', ".module."))
            }
        }
    }
}

/// Where a node is written: what names it, and all of it.
#[derive(Clone, Copy)]
struct Place {
    header: Span,
    whole: Span,
}

impl Place {
    fn block(block: &Block) -> Self {
        Self { header: block.header, whole: block.span }
    }

    fn attribute(attribute: &Attribute) -> Self {
        Self { header: attribute.name.span, whole: attribute.name.span.to(attribute.value.span) }
    }
}

/// Nodes with where each is written and what it depends on, by their numbers.
#[derive(Default)]
pub(super) struct Graph {
    nodes: IndexMap<Node, (Option<Place>, Vec<usize>), RandomState>,
    /// The paths of the modules whose code is in it.
    modules: HashSet<Arc<str>>,
}

impl Graph {
    fn id(&mut self, node: Node) -> usize {
        let entry = self.nodes.entry(node);
        let id = entry.index();
        entry.or_default();
        id
    }

    /// Declares a node and what it depends on.
    fn add(&mut self, node: Node, at: Place, on: impl IntoIterator<Item = Node>) {
        let id = self.id(node);
        let on: Vec<usize> = on.into_iter().map(|node| self.id(node)).collect();
        if let Some((_, (place, edges))) = self.nodes.get_index_mut(id) {
            place.get_or_insert(at);
            edges.extend(on);
        }
    }

    fn edges(&self, id: usize) -> &[usize] {
        self.nodes.get_index(id).map_or(&[], |(_, (_, edges))| edges)
    }

    /// Who depends on each node.
    fn users(&self) -> Vec<Vec<usize>> {
        let mut users = vec![Vec::new(); self.nodes.len()];
        for (id, (_, edges)) in self.nodes.values().enumerate() {
            for edge in edges {
                users.get_mut(*edge).into_iter().for_each(|users| users.push(id));
            }
        }
        users
    }

    /// Takes away, again and again, what depends on nothing that is left.
    fn trim(&self, left: &mut [bool], users: &[Vec<usize>]) {
        let is_left = |left: &[bool], id: usize| left.get(id) == Some(&true);
        let count = |id: usize| self.edges(id).iter().filter(|edge| is_left(left, **edge)).count();
        let mut counts: Vec<usize> = (0..self.nodes.len()).map(count).collect();
        let mut free: Vec<usize> =
            counts.iter().enumerate().filter(|(_, count)| **count == 0).map(|(id, _)| id).collect();
        while let Some(id) = free.pop() {
            if !is_left(left, id) {
                continue;
            }
            left.get_mut(id).into_iter().for_each(|left| *left = false);
            for user in users.get(id).into_iter().flatten() {
                if let Some(count) = counts.get_mut(*user) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(*user);
                    }
                }
            }
        }
    }

    /// The cycles, one for each group of nodes that depend on each other, as far as they do not overlap.
    fn cycles(&self) -> Vec<Vec<usize>> {
        let users = self.users();
        let mut left = vec![true; self.nodes.len()];
        let mut cycles = Vec::new();
        loop {
            self.trim(&mut left, &users);
            // Whatever is left leads into a cycle: follow the smallest successor until one comes again.
            let Some(mut at) = left.iter().position(|left| *left) else { return cycles };
            let mut path: Vec<usize> = Vec::new();
            while !path.contains(&at) {
                path.push(at);
                let next = self.edges(at).iter().filter(|edge| left.get(**edge) == Some(&true)).min();
                let Some(next) = next else { break };
                at = *next;
            }
            let cycle: Vec<usize> = path.into_iter().skip_while(|id| *id != at).collect();
            for id in &cycle {
                left.get_mut(*id).into_iter().for_each(|left| *left = false);
            }
            cycles.push(cycle);
        }
    }
}

impl Evaluator<'_> {
    /// Reports blocks that depend on each other.
    pub fn find_cycles(&self) {
        let graph = self.graph();
        for cycle in graph.cycles() {
            let nodes: Vec<(&Node, Option<Place>)> = cycle
                .iter()
                .filter_map(|id| graph.nodes.get_index(*id).map(|(node, (place, _))| (node, *place)))
                .collect();
            let places = || nodes.iter().filter_map(|(_, place)| *place);
            // It has been reported where a value was met that needs itself.
            let is_known = |place: Place| {
                let known =
                    |error: &Diagnostic| error.message.ends_with(DEPENDS_ON_ITSELF) && place.whole.contains(error.span);
                self.errors().iter().any(known)
            };
            if places().any(is_known) {
                continue;
            }
            let Some(place) = places().next() else { continue };
            let mut names: Vec<String> = nodes.iter().map(|(node, _)| format!("`{}`", node.name())).collect();
            names.dedup();
            let message = match names.as_slice() {
                [one] => format!("{one} {DEPENDS_ON_ITSELF}"),
                all => format!("these depend on each other: {}", all.join(", ")),
            };
            self.error("terraform-invalid", message, place.header);
        }
    }

    /// The resource blocks, each with its module's path (see [`ModuleInstance::manifest_key`]), that depend on a resource
    /// of a type that `sources` accepts or on a module that is not at hand.
    pub(super) fn drawing_on(&self, sources: &dyn Fn(&str) -> bool) -> HashSet<(Arc<str>, ResourceId)> {
        let graph = self.graph();
        let mut users = graph.users();
        let mut open = Vec::new();
        for (id, node) in graph.nodes.keys().enumerate() {
            match node {
                // A reference to all instances of a module is one to all that is in them.
                Node::Whole(path) => {
                    let all = graph.nodes.get_index_of(&Node::Expansion(Arc::clone(path)));
                    users.get_mut(id).into_iter().for_each(|users| users.extend(all));
                }
                Node::Resource(_, resource) if sources(&resource.kind) => open.push(id),
                Node::Output(path, _) | Node::Expansion(path) if !graph.modules.contains(path) => open.push(id),
                _ => {}
            }
        }
        let mut found: HashSet<usize> = open.iter().copied().collect();
        while let Some(id) = open.pop() {
            open.extend(users.get(id).into_iter().flatten().filter(|user| found.insert(**user)));
        }
        let nodes = found.into_iter().filter_map(|id| graph.nodes.get_index(id));
        nodes
            .filter_map(|(node, _)| match node {
                Node::Resource(path, resource) => Some((Arc::clone(path), resource.clone())),
                _ => None,
            })
            .collect()
    }

    /// The graph of all modules that have instances; it stays the same as long as those do.
    fn graph(&self) -> Rc<Graph> {
        let instances = self.all_instances();
        let mut known = self.graph.borrow_mut();
        match &*known {
            Some((of, graph)) if *of == instances => Rc::clone(graph),
            _ => {
                let mut graph = Graph::default();
                for id in &instances {
                    let instance = self.instance(*id);
                    if graph.modules.insert(Arc::from(instance.manifest_key.as_str())) {
                        self.add_module(&instance, &mut graph);
                    }
                }
                let graph = Rc::new(graph);
                *known = Some((instances, Rc::clone(&graph)));
                graph
            }
        }
    }

    fn add_module(&self, instance: &ModuleInstance, graph: &mut Graph) {
        let module = &*instance.module;
        let path: Arc<str> = Arc::from(instance.manifest_key.as_str());
        let context = Context { module, path: Arc::clone(&path) };
        // Everything in a called module exists only once for each of its instances.
        let expansion = || instance.caller.iter().map(|_| Node::Expansion(Arc::clone(&path)));
        let waits = || instance.caller.iter().map(|_| Node::Waits(Arc::clone(&path)));
        for (name, local) in &module.locals {
            let node = Node::Local(Arc::clone(&path), Arc::clone(name));
            graph.add(node, Place::attribute(local), context.all([&local.value]).into_iter().chain(expansion()));
        }
        for (name, block) in &module.outputs {
            let node = Node::Output(Arc::clone(&path), Arc::clone(name));
            graph.add(
                node.clone(),
                Place::block(block),
                context.body(&block.body).into_iter().chain(expansion()).chain(waits()),
            );
            graph.add(Node::Whole(Arc::clone(&path)), Place::block(block), [node]);
        }
        for (id, block) in &module.resources {
            let node = Node::Resource(Arc::clone(&path), id.clone());
            let on = context.resource(&block.body, &node).into_iter().chain(expansion()).chain(waits());
            graph.add(node.clone(), Place::block(block), on.chain(self.provider_node(instance, id, block)));
            graph.add(Node::Whole(Arc::clone(&path)), Place::block(block), [node]);
        }
        for (name, block) in &module.providers {
            let node = Node::Provider(Arc::clone(&path), Arc::clone(name));
            graph.add(node, Place::block(block), context.body(&block.body).into_iter().chain(expansion()));
        }
        for (call, block) in &module.calls {
            let inner: Arc<str> = Arc::from(context.inner(call));
            let written = |name: &str| block.body.attribute(name).map(|attribute| &attribute.value);
            let repeated = ["count", "for_each", "enabled"].into_iter().filter_map(written);
            let on = context.all(repeated).into_iter().chain(expansion());
            graph.add(Node::Expansion(Arc::clone(&inner)), Place::block(block), on);
            let on = context.depends_on(&block.body).into_iter().chain(waits());
            graph.add(Node::Waits(Arc::clone(&inner)), Place::block(block), on);
            graph.add(Node::Whole(Arc::clone(&path)), Place::block(block), [Node::Whole(Arc::clone(&inner))]);
            for attribute in &block.body.attributes {
                let node = Node::Variable(Arc::clone(&inner), Arc::clone(&attribute.name.text));
                let on = context.all([&attribute.value]).into_iter().chain([Node::Expansion(Arc::clone(&inner))]);
                graph.add(node, Place::attribute(attribute), on);
            }
        }
    }

    /// The provider configuration that a resource needs, found without evaluating anything.
    fn provider_node(&self, instance: &ModuleInstance, id: &ResourceId, block: &Block) -> Option<Node> {
        let written = block.body.attribute("provider").and_then(|provider| provider_address(&provider.value));
        let mut name = written.map_or_else(|| default_name(id), |(name, _)| name);
        let mut at = None;
        loop {
            let here = at.as_deref().unwrap_or(instance);
            if here.module.providers.contains_key(&name) {
                return Some(Node::Provider(Arc::from(here.manifest_key.as_str()), name));
            }
            let (caller, call, _) = here.caller.as_ref()?;
            let calling = self.instance(*caller);
            if let Some((passed, _)) = calling.module.calls.get(call).and_then(|block| passed_provider(block, &name)) {
                name = passed;
            }
            at = Some(calling);
        }
    }
}

/// A module in which references are resolved.
struct Context<'m> {
    module: &'m Module,
    path: Arc<str>,
}

impl Context<'_> {
    fn inner(&self, call: &str) -> String {
        if self.path.is_empty() { call.to_owned() } else { format!("{}.{call}", self.path) }
    }

    fn all<'e>(&self, expressions: impl IntoIterator<Item = &'e Expr>) -> Vec<Node> {
        let mut found = Vec::new();
        for expr in expressions {
            references(expr, &mut found);
        }
        found.into_iter().flat_map(|(names, _)| self.target(&names)).collect()
    }

    /// What `depends_on` names: for a module everything in it.
    fn depends_on(&self, body: &Body) -> Vec<Node> {
        let mut found = Vec::new();
        if let Some(written) = body.attribute("depends_on") {
            references(&written.value, &mut found);
        }
        let modules = found.iter().filter_map(|(names, _)| match names.as_slice() {
            [root, call] if &**root == "module" => Some(Node::Whole(Arc::from(self.inner(call)))),
            _ => None,
        });
        modules.chain(found.iter().flat_map(|(names, _)| self.target(names))).collect()
    }

    /// What a resource depends on. Provisioners run once it is there, so they may name it.
    fn resource(&self, body: &Body, own: &Node) -> Vec<Node> {
        let runs_later = |block: &&Block| matches!(&*block.kind.text, "provisioner" | "connection");
        let (later, first): (Vec<&Block>, Vec<&Block>) = body.blocks.iter().partition(runs_later);
        let mut nodes = self.parts(body, first.into_iter().map(|block| &block.body));
        let later = later.into_iter().flat_map(|block| self.body(&block.body));
        nodes.extend(later.filter(|node| node != own));
        nodes
    }

    fn body(&self, body: &Body) -> Vec<Node> {
        self.parts(body, body.blocks.iter().map(|block| &block.body))
    }

    /// What the arguments of a body depend on, and everything in `inner`.
    fn parts<'b>(&self, body: &'b Body, inner: impl Iterator<Item = &'b Body>) -> Vec<Node> {
        let mut expressions = Vec::new();
        let mut open: Vec<&Body> = inner.collect();
        let attributes = body.attributes.iter().filter(|attribute| &*attribute.name.text != "ignore_changes");
        expressions.extend(attributes.map(|attribute| &attribute.value));
        while let Some(body) = open.pop() {
            // The names in `ignore_changes` are attributes of the block itself.
            let attributes = body.attributes.iter().filter(|attribute| &*attribute.name.text != "ignore_changes");
            expressions.extend(attributes.map(|attribute| &attribute.value));
            open.extend(body.blocks.iter().map(|block| &block.body));
        }
        let mut nodes = self.all(expressions);
        nodes.extend(self.depends_on(body));
        nodes
    }

    /// What a reference names, if that is declared.
    fn target(&self, names: &[Arc<str>]) -> Vec<Node> {
        let path = || Arc::clone(&self.path);
        let resource = |mode: Mode, kind: &Arc<str>, name: &Arc<str>| {
            let id = ResourceId { mode, kind: Arc::clone(kind), name: Arc::clone(name) };
            let declared = self.module.resources.contains_key(&id);
            declared.then(|| Node::Resource(path(), id)).into_iter().collect()
        };
        match names {
            [root, name, ..] if &**root == "var" => vec![Node::Variable(path(), Arc::clone(name))],
            [root, name, ..] if &**root == "local" => vec![Node::Local(path(), Arc::clone(name))],
            [root, call, rest @ ..] if &**root == "module" => {
                let inner: Arc<str> = Arc::from(self.inner(call));
                // Without an output's name it may be one instance's output that is meant.
                let output = rest.first().map(|output| Node::Output(Arc::clone(&inner), Arc::clone(output)));
                output.into_iter().chain([Node::Expansion(inner)]).collect()
            }
            [root, kind, name, ..] if &**root == "data" => resource(Mode::Data, kind, name),
            [root, kind, name, ..] if &**root == "resource" => resource(Mode::Managed, kind, name),
            [kind, name, ..] => resource(Mode::Managed, kind, name),
            _ => Vec::new(),
        }
    }
}

//! The same resources in the shape of a plan's JSON, so that rules written for plans run as they are.

use std::sync::Arc;

use cloudformation_guard_lang::path_value::PathAwareValue;
use indexmap::IndexMap;

use super::{Builder, Key, Map, View, map_value, path};
use crate::guard::address::Address;
use crate::resource::{Resource, Site};
use crate::value::{Origin, Value};

impl Builder {
    pub(super) fn changes(&mut self, root: usize, managed: &[&Resource<'_>], attributes: &[Value]) -> PathAwareValue {
        let list = self.node(root, Key::Name("resource_changes".into()));
        let mut parts = Vec::new();
        for (index, (resource, attributes)) in managed.iter().zip(attributes).enumerate() {
            self.site = Some(index);
            let mut one = self.planned_resource(list, index, &resource.site);
            let mut change = self.map(one.node, Key::Name("change".into()));
            let actions = self.node(change.node, Key::Name("actions".into()));
            let create = PathAwareValue::String((path(actions), "create".to_owned()));
            change.parts.push(("actions".to_owned(), PathAwareValue::List((path(actions), vec![create]))));
            change.parts.push(("before".to_owned(), PathAwareValue::Null(path(change.node))));
            let header = Some(resource.site.header);
            let after = self.value(change.node, Key::Name("after".into()), attributes, View::Plan, header);
            change.parts.push(("after".to_owned(), after));
            let unknown = what_is_unknown(attributes, change.node).unwrap_or(map_value(path(change.node), Vec::new()));
            change.parts.push(("after_unknown".to_owned(), unknown));
            self.finish(&mut one, "change", change);
            parts.push(map_value(path(one.node), one.parts));
        }
        self.site = None;
        PathAwareValue::List((path(list), parts))
    }

    /// What a plan says of a resource, without its values.
    fn planned_resource(&mut self, list: usize, index: usize, site: &Site) -> Map {
        let mut one = self.map(list, Key::Number(index));
        self.describe(one.node, &Origin::at(site.header), false, None);
        let address = Address::parse(&site.address);
        self.text(&mut one, "address", &site.address);
        if !address.module.is_empty() {
            self.text(&mut one, "module_address", &address.module.join("."));
        }
        self.text(&mut one, "mode", "managed");
        self.text(&mut one, "type", &site.kind);
        self.text(&mut one, "name", address.name);
        if let Some(key) = address.index {
            let node = self.node(one.node, Key::Name("index".into()));
            let index = match key.parse() {
                Ok(number) => PathAwareValue::Int((path(node), number)),
                Err(_) => PathAwareValue::String((path(node), key.trim_matches('"').to_owned())),
            };
            one.parts.push(("index".to_owned(), index));
        }
        let provider = site.kind.split('_').next().unwrap_or_default();
        self.text(&mut one, "provider_name", &format!("registry.terraform.io/hashicorp/{provider}"));
        one
    }

    pub(super) fn planned(&mut self, root: usize, managed: &[&Resource<'_>], attributes: &[Value]) -> PathAwareValue {
        let mut planned = self.map(root, Key::Name("planned_values".into()));
        let mut tree = Module::default();
        for (index, resource) in managed.iter().enumerate() {
            tree.at(&Address::parse(&resource.site.address).module).resources.push(index);
        }
        let module = self.module(planned.node, Key::Name("root_module".into()), &tree, &[], managed, attributes);
        planned.parts.push(("root_module".to_owned(), module));
        map_value(path(planned.node), planned.parts)
    }

    fn module(
        &mut self,
        parent: usize,
        key: Key,
        tree: &Module,
        way: &[&str],
        managed: &[&Resource<'_>],
        attributes: &[Value],
    ) -> PathAwareValue {
        let mut module = self.map(parent, key);
        if !way.is_empty() {
            self.text(&mut module, "address", &way.join("."));
        }
        let list = self.node(module.node, Key::Name("resources".into()));
        let mut parts = Vec::new();
        for index in &tree.resources {
            let (Some(resource), Some(attributes)) = (managed.get(*index), attributes.get(*index)) else { continue };
            self.site = Some(*index);
            let mut one = self.planned_resource(list, parts.len(), &resource.site);
            let header = Some(resource.site.header);
            let values = self.value(one.node, Key::Name("values".into()), attributes, View::Plan, header);
            one.parts.push(("values".to_owned(), values));
            parts.push(map_value(path(one.node), one.parts));
        }
        self.site = None;
        module.parts.push(("resources".to_owned(), PathAwareValue::List((path(list), parts))));
        if !tree.children.is_empty() {
            let list = self.node(module.node, Key::Name("child_modules".into()));
            let mut children = Vec::new();
            for (step, child) in &tree.children {
                let way: Vec<&str> = way.iter().copied().chain([&**step]).collect();
                children.push(self.module(list, Key::Number(children.len()), child, &way, managed, attributes));
            }
            module.parts.push(("child_modules".to_owned(), PathAwareValue::List((path(list), children))));
        }
        map_value(path(module.node), module.parts)
    }
}

/// A module instance in the tree of `planned_values`, with the numbers of its resources.
#[derive(Default)]
struct Module {
    resources: Vec<usize>,
    children: IndexMap<String, Module>,
}

impl Module {
    fn at(&mut self, way: &[&str]) -> &mut Self {
        match way.split_first() {
            Some((step, rest)) => self.children.entry((*step).to_owned()).or_default().at(rest),
            None => self,
        }
    }
}

/// `after_unknown` of a plan: true for what is not known, nothing for what is.
fn what_is_unknown(value: &Value, node: usize) -> Option<PathAwareValue> {
    if value.as_unknown().is_some() {
        return Some(PathAwareValue::Bool((path(node), true)));
    }
    if let Some(fields) = value.fields() {
        let part = |(name, value): (&Arc<str>, &Value)| Some((name.to_string(), what_is_unknown(value, node)?));
        return Some(map_value(path(node), fields.iter().filter_map(part).collect()));
    }
    let elements = value.elements()?;
    let part = |value| what_is_unknown(value, node).unwrap_or(PathAwareValue::Bool((path(node), false)));
    Some(PathAwareValue::List((path(node), elements.iter().map(part).collect())))
}

//! Where in a plan sensitive values stand: a plan holds them in clear, often all on one line, so a report that shows a part
//! of the line must know what not to show.

use super::format::Plan;
use super::values::{by_name, is_true};
use crate::source::Span;
use crate::syntax::node::Node;
use crate::syntax::skim::{self, Part};

/// How deep modules are followed.
const MAX_DEPTH: usize = 256;

impl Plan {
    /// The places of all sensitive values.
    pub fn secrets(&self) -> Vec<Span> {
        let mut secrets = Secrets { plan: self, text: &self.text, found: Vec::new() };
        let whole = skim::whole(&self.text);
        for (name, part) in skim::members(&self.text, whole).unwrap_or_default() {
            match self.text.get(name) {
                Some("resource_changes" | "resource_drift" | "deferred_changes" | "action_invocations") => {
                    for entry in skim::elements(&self.text, part).unwrap_or_default() {
                        secrets.inside(&entry, MAX_DEPTH - 2);
                    }
                }
                Some("output_changes" | "planned_values" | "prior_state" | "values") => secrets.inside(&part, 0),
                Some("variables") => secrets.variables(&part),
                _ => {}
            }
        }
        secrets.found
    }
}

struct Secrets<'p> {
    plan: &'p Plan,
    text: &'p str,
    found: Vec<Span>,
}

impl Secrets<'_> {
    /// Looks through objects and lists for values with something beside them that says what of them is sensitive.
    fn inside(&mut self, part: &Part, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if self.text.get(part.start..=part.start) == Some("[") {
            for element in skim::elements(self.text, part.clone()).unwrap_or_default() {
                self.inside(&element, depth + 1);
            }
            return;
        }
        let Some(members) = skim::members(self.text, part.clone()) else { return };
        let find = |name: &str| {
            let found = members.iter().rev().find(|(key, _)| self.text.get(key.clone()) == Some(name));
            found.map(|(_, value)| value.clone())
        };
        let masks = [
            ("before", "before_sensitive"),
            ("after", "after_sensitive"),
            ("values", "sensitive_values"),
            ("value", "sensitive"),
        ];
        let pairs: Vec<(Part, Part)> =
            masks.iter().filter_map(|(value, mask)| Some((find(value)?, find(mask)?))).collect();
        if pairs.is_empty() {
            for (_, value) in &members {
                self.inside(value, depth + 1);
            }
        }
        for (value, mask) in pairs {
            self.pair(&value, &mask);
        }
    }

    fn pair(&mut self, value: &Part, mask: &Part) {
        if !self.text.get(mask.clone()).is_some_and(|mask| mask.contains("true")) {
            return;
        }
        match (self.plan.parse(value), self.plan.parse(mask)) {
            (Some(value), Some(mask)) => self.masked(&value, &mask),
            // What cannot be told apart is hidden as a whole.
            _ => self.found.push(self.plan.span(value)),
        }
    }

    fn masked(&mut self, value: &Node, mask: &Node) {
        if is_true(Some(mask)) {
            self.found.push(value.span);
        } else if let (Some(values), Some(masks)) = (value.as_sequence(), mask.as_sequence()) {
            values.iter().zip(masks).for_each(|(value, mask)| self.masked(value, mask));
        } else if let Some(masks) = mask.as_mapping() {
            let values = by_name(Some(value));
            for (key, mask) in masks {
                if let Some(value) = key.as_str().and_then(|key| values.get(key)) {
                    self.masked(value, mask);
                }
            }
        }
    }

    /// The values of variables that the configuration says are sensitive.
    fn variables(&mut self, part: &Part) {
        let sensitive = &self.plan.configuration.sensitive;
        for (name, value) in skim::members(self.text, part.clone()).unwrap_or_default() {
            if self.text.get(name).is_some_and(|name| sensitive.contains(name)) {
                self.found.push(self.plan.span(&value));
            }
        }
    }
}

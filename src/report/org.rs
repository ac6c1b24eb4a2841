//! The answer of `rootlint org`: trees of organizations, as text, JSON, DOT and one HTML page.

use serde::Serialize;

use super::human::Style;
use super::json;
use super::masked::Secrets;
use super::place::{Location, Place};
use super::shown::{disarm, line, mask_keys};
use crate::finding::Witness;

mod html;

pub use html::render as html;

/// What holds for the root users at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// They are denied a key, whatever they choose.
    Denied,
    /// They can make one.
    NotDenied,
    /// They can make one in some requests.
    Conditional,
    /// It cannot be decided.
    Unknown,
    /// It need not be covered, the configuration says.
    Exempt,
    /// Nothing can ever deny it.
    Never,
    /// Nobody is asked about here: it only holds others.
    Passed,
}

impl Mark {
    /// The sign, so that colour is not needed.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Denied => "✓",
            Self::NotDenied => "✗",
            Self::Conditional => "≈",
            Self::Unknown => "?",
            Self::Exempt => "○",
            Self::Never => "!",
            Self::Passed => "·",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NotDenied => "not denied",
            Self::Conditional => "conditional",
            Self::Unknown => "unknown",
            Self::Exempt => "exempt",
            Self::Never => "never covered",
            Self::Passed => "not asked",
        }
    }

    fn ansi(self) -> &'static str {
        match self {
            Self::Denied => "\u{1b}[32m",
            Self::NotDenied => "\u{1b}[31m",
            Self::Conditional | Self::Unknown | Self::Never => "\u{1b}[33m",
            Self::Exempt | Self::Passed => "\u{1b}[2m",
        }
    }
}

/// A node of a tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// `management-account`, `root`, `unit`, `account`, `outside`.
    pub kind: &'static str,
    /// What to call it.
    pub name: String,
    /// The node it stands under, by its index; always an earlier one.
    pub parent: Option<usize>,
    /// How deep it stands.
    pub depth: usize,
    /// What holds.
    pub mark: Mark,
    /// The statement that decides, or what is missing.
    pub reason: String,
    /// A request that gets through.
    pub witness: Option<Witness>,
    /// Where it is declared.
    pub place: Option<Place>,
    /// Where it is decided.
    pub decided: Option<Place>,
}

/// An organization.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its address.
    pub name: String,
    /// The projects that are about it.
    pub projects: Vec<String>,
    /// Whether it is managed here.
    pub managed: bool,
    /// What holds for all of it.
    pub notes: Vec<String>,
    /// Its nodes, each before those that stand under it.
    pub nodes: Vec<Node>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The organizations.
    pub trees: Vec<Tree>,
    /// What could not be read, with its code and place.
    pub errors: Vec<(&'static str, String, Place)>,
}

/// What the answer is, for an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everybody is denied.
    Denied,
    /// Somebody is not.
    NotDenied,
    /// It is not known, there is no organization, or something could not be read.
    Unknown,
}

impl Answer {
    /// Takes out what must not be shown.
    pub fn mask(&mut self, secrets: &Secrets) {
        for tree in &mut self.trees {
            tree.notes.iter_mut().for_each(|note| secrets.mask(note));
            for node in &mut tree.nodes {
                secrets.mask(&mut node.name);
                secrets.mask(&mut node.reason);
                node.witness.iter_mut().for_each(|witness| secrets.mask_witness(witness));
            }
        }
        self.errors.iter_mut().for_each(|(_, message, _)| secrets.mask(message));
    }

    /// What the answer is: a request that gets through weighs more than what is not known.
    pub fn outcome(&self) -> Outcome {
        let mut marks = self.trees.iter().flat_map(|tree| &tree.nodes).map(|node| node.mark);
        if marks.clone().any(|mark| matches!(mark, Mark::NotDenied | Mark::Conditional)) {
            return Outcome::NotDenied;
        }
        let is_denied = marks.clone().any(|mark| matches!(mark, Mark::Denied | Mark::Exempt));
        match is_denied && self.errors.is_empty() && !marks.any(|mark| mark == Mark::Unknown) {
            true => Outcome::Denied,
            false => Outcome::Unknown,
        }
    }

    /// As text.
    pub fn human(&self, style: Style) -> String {
        let mut text = String::new();
        let paint = |mark: Mark, words: &str| match style.colors {
            true => format!("{}{words}\u{1b}[0m", mark.ansi()),
            false => words.to_owned(),
        };
        if self.trees.is_empty() {
            text.push_str("No organization is managed here, or read and guarded.\n");
        }
        for tree in &self.trees {
            text.push_str(&format!("{}{}\n", line(&tree.name), if tree.managed { "" } else { " (only read)" }));
            for note in &tree.notes {
                text.push_str(&format!("  note: {}\n", line(note)));
            }
            for node in &tree.nodes {
                let indent = "  ".repeat(node.depth.min(MOST_INDENTED) + 1);
                let sign = paint(node.mark, &format!("{} {}", node.mark.sign(), node.mark.words()));
                let mut shown = format!("{indent}{sign}  {}", line(&node.name));
                if !node.reason.is_empty() {
                    shown.push_str(&format!(": {}", line(&node.reason)));
                }
                if let Some(place) = &node.decided {
                    shown.push_str(&format!(" ({}:{})", line(place.path.as_str()), place.start.line));
                }
                text.push_str(&shown);
                text.push('\n');
            }
            text.push_str(&format!("  {}\n\n", tree.counts()));
        }
        for (code, message, place) in &self.errors {
            let place = format!("{}:{}", line(place.path.as_str()), place.start.line);
            text.push_str(&format!("error[{code}]: {} ({place})\n", line(message)));
        }
        mask_keys(&disarm(text.trim_end())) + "\n"
    }

    /// As JSON.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct JsonNode<'a> {
            kind: &'a str,
            name: &'a str,
            parent: Option<usize>,
            depth: usize,
            verdict: Mark,
            reason: &'a str,
            witness: Option<&'a Witness>,
            location: Option<Location<'a>>,
            decided: Option<Location<'a>>,
        }
        #[derive(Serialize)]
        struct JsonTree<'a> {
            name: &'a str,
            projects: &'a [String],
            managed: bool,
            notes: &'a [String],
            nodes: Vec<JsonNode<'a>>,
        }
        #[derive(Serialize)]
        struct JsonError<'a> {
            code: &'a str,
            message: &'a str,
            location: Location<'a>,
        }
        #[derive(Serialize)]
        struct Document<'a> {
            version: u32,
            organizations: Vec<JsonTree<'a>>,
            errors: Vec<JsonError<'a>>,
        }
        fn node(node: &Node) -> JsonNode<'_> {
            JsonNode {
                kind: node.kind,
                name: &node.name,
                parent: node.parent,
                depth: node.depth,
                verdict: node.mark,
                reason: &node.reason,
                witness: node.witness.as_ref(),
                location: node.place.as_ref().map(Place::location),
                decided: node.decided.as_ref().map(Place::location),
            }
        }
        fn tree(tree: &Tree) -> JsonTree<'_> {
            JsonTree {
                name: &tree.name,
                projects: &tree.projects,
                managed: tree.managed,
                notes: &tree.notes,
                nodes: tree.nodes.iter().map(node).collect(),
            }
        }
        let errors = self.errors.iter();
        json::text(&Document {
            version: 1,
            organizations: self.trees.iter().map(tree).collect(),
            errors: errors
                .map(|(code, message, place)| JsonError { code, message, location: place.location() })
                .collect(),
        })
    }

    /// In the language of Graphviz.
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph organizations {\n  rankdir=LR;\n  node [shape=box, style=filled];\n");
        for (number, tree) in self.trees.iter().enumerate() {
            text.push_str(&format!("  subgraph cluster_{number} {{\n    label={};\n", quoted(&tree.name)));
            for (index, node) in tree.nodes.iter().enumerate() {
                let label = format!("{} {}\n{}", node.mark.sign(), node.name, node.mark.words());
                let (color, tip) = (fill(node.mark), quoted(&node.reason));
                let attributes = format!("label={}, fillcolor=\"{color}\", tooltip={tip}", quoted(&label));
                text.push_str(&format!("    n{number}_{index} [{attributes}];\n"));
                if let Some(parent) = node.parent {
                    text.push_str(&format!("    n{number}_{parent} -> n{number}_{index};\n"));
                }
            }
            text.push_str("  }\n");
        }
        text.push_str("}\n");
        mask_keys(&disarm(&text))
    }
}

/// Deeper nodes are not indented further: a tree of AWS has five levels of units.
const MOST_INDENTED: usize = 24;

impl Tree {
    /// How many nodes there are of each kind of verdict.
    fn counts(&self) -> String {
        let all = [Mark::Denied, Mark::NotDenied, Mark::Conditional, Mark::Unknown, Mark::Exempt];
        let count = |mark: Mark| self.nodes.iter().filter(|node| node.mark == mark).count();
        let counts = all.iter().map(|mark| (count(*mark), mark.words())).filter(|(count, _)| *count > 0);
        let words: Vec<String> = counts.map(|(count, words)| format!("{count} {words}")).collect();
        words.join(", ")
    }
}

/// The colour of a node, light enough to write on.
fn fill(mark: Mark) -> &'static str {
    match mark {
        Mark::Denied => "#b7e1c0",
        Mark::NotDenied => "#f4b6b0",
        Mark::Conditional => "#f8dca0",
        Mark::Unknown | Mark::Never => "#f3ecb2",
        Mark::Exempt | Mark::Passed => "#e4e4e4",
    }
}

/// A string of DOT.
fn quoted(text: &str) -> String {
    let shown: Vec<String> =
        text.split('\n').map(|part| line(part).replace('\\', "\\\\").replace('"', "\\\"")).collect();
    format!("\"{}\"", shown.join("\\n"))
}

#[cfg(test)]
mod tests;

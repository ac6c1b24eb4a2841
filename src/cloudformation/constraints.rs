//! What a parameter's declaration demands of its value.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use regex::Regex;

use crate::cloudformation::functions::text_of;
use crate::number::Number;
use crate::syntax::node::Node;
use crate::value::Value;

/// Whether a parameter of this type is a list.
pub(super) fn is_list(kind: &str) -> bool {
    kind == "CommaDelimitedList" || kind.contains("List<")
}

/// The constraints of a declaration.
pub(super) struct Constraints<'n> {
    declaration: &'n Node,
    /// The `AllowedValues` that are scalars.
    pub allowed: Vec<&'n Node>,
}

impl<'n> Constraints<'n> {
    /// Reads them.
    pub fn of(declaration: &'n Node) -> Self {
        let allowed = declaration.get("AllowedValues").and_then(Node::as_sequence).into_iter().flatten();
        Self { declaration, allowed: allowed.filter(|node| node.as_scalar().is_some()).collect() }
    }

    /// The `AllowedValues` as they are written.
    pub fn allowed_texts(&self) -> impl Iterator<Item = &'n str> {
        self.allowed.iter().filter_map(|node| Some(&*node.as_scalar()?.text))
    }

    fn text(&self, name: &str) -> Option<&'n str> {
        Some(&*self.declaration.get(name)?.as_scalar()?.text)
    }

    /// What is wrong with a value of a parameter of type `kind`, as the rest of a sentence. `written` is the whole value
    /// as it is given; what is unknown breaks nothing.
    pub fn broken_by(&self, kind: &str, written: &str, value: &Value) -> Option<String> {
        if self.allowed_texts().any(|allowed| allowed == written) {
            return None;
        }
        let single = std::slice::from_ref(value);
        let elements = value.elements().unwrap_or(single).iter();
        let mut texts = elements.filter_map(|value| Some(text_of(value)?.as_str()?.into_owned()));
        texts.find_map(|text| self.broken_by_one(kind, &text))
    }

    fn broken_by_one(&self, kind: &str, text: &str) -> Option<String> {
        if !self.allowed.is_empty() && !self.allowed_texts().any(|allowed| allowed == text) {
            return Some("is not among its AllowedValues".into());
        }
        if matches!(kind, "Number" | "List<Number>") {
            let Some(number) = Number::parse(text.trim()) else { return Some("is no number".into()) };
            let bound = |name: &str| Number::parse(self.text(name)?.trim());
            if bound("MinValue").is_some_and(|least| number < least) {
                return Some("is less than its MinValue".into());
            }
            if bound("MaxValue").is_some_and(|most| number > most) {
                return Some("is more than its MaxValue".into());
            }
        }
        let length = |name: &str| self.text(name)?.trim().parse::<usize>().ok();
        if kind == "String" && length("MinLength").is_some_and(|least| text.chars().count() < least) {
            return Some("is shorter than its MinLength".into());
        }
        if kind == "String" && length("MaxLength").is_some_and(|most| text.chars().count() > most) {
            return Some("is longer than its MaxLength".into());
        }
        // A pattern that only Java reads restricts nothing here.
        let pattern = self.text("AllowedPattern").filter(|_| matches!(kind, "String" | "CommaDelimitedList"))?;
        let pattern = Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
        (!pattern.is_match(text)).then(|| "does not match its AllowedPattern".into())
    }
}

//! What of a value must not be displayed.

use std::collections::BTreeSet;

use super::{Kind, Marks, Value};

impl Value {
    /// Adds the strings in the value that must not be displayed, those in encoded parts included.
    pub fn hidden_texts(&self, found: &mut BTreeSet<String>) {
        self.collect_hidden(&Marks::NONE, found);
    }

    fn collect_hidden(&self, around: &Marks, found: &mut BTreeSet<String>) {
        let marks = self.marks.union(around);
        match &self.kind {
            Kind::Text(text) => match (text.as_encoded(), text.as_str()) {
                // The marks of what was encoded are marks of the string, too: those within say which part is meant.
                (Some(encoded), _) => encoded.value.collect_hidden(around, found),
                (None, Some(known)) if marks.is_hidden() && !known.is_empty() => {
                    found.insert(known.into_owned());
                }
                _ => {}
            },
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                elements.iter().for_each(|element| element.collect_hidden(&marks, found));
            }
            Kind::Object(fields) | Kind::Map(_, fields) => {
                fields.iter().for_each(|(_, value)| value.collect_hidden(&marks, found));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_marked_strings_are_found_and_no_others() {
        let secret = || Value::text("very-secret").mark(&Marks::SECRET);
        let fields = [("a", Value::text("public-text")), ("b", Value::tuple(vec![secret(), Value::text("plain")]))];
        let fields = fields.into_iter().map(|(key, value)| (Arc::from(key), value)).collect();
        let list = Value::tuple(vec![Value::text("inner-secret"), Value::text("yes")]).mark(&Marks::SENSITIVE);
        let mut found = BTreeSet::new();
        Value::tuple(vec![Value::object(fields), list]).hidden_texts(&mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["inner-secret", "very-secret", "yes"]);
    }
}

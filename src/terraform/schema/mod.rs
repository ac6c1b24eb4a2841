//! What attributes the resource types have that rootlint reads or meets often.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use indexmap::IndexMap;

use crate::resource::Mode;
use crate::types::{ObjectType, Type};
use crate::value::Value;

/// The attributes and nested blocks of a type, or of a nested block.
#[derive(Debug, Default)]
pub struct Schema {
    /// By name, in the order of the table.
    pub attributes: IndexMap<Arc<str>, Attribute>,
    /// Nested block types, by name.
    pub blocks: IndexMap<Arc<str>, Nested>,
    /// The type of an object with these, once somebody has asked.
    object: OnceLock<Type>,
}

/// An attribute.
#[derive(Debug)]
pub struct Attribute {
    /// Its type.
    pub ty: Type,
    /// The provider may set it.
    pub computed: bool,
    /// The configuration may leave it out.
    pub optional: bool,
    /// Its value is sensitive.
    pub sensitive: bool,
    /// Its value when it is left out.
    pub default: Option<Value>,
    /// What is in its elements, where they are objects.
    pub elements: Option<Schema>,
}

/// A nested block type.
#[derive(Debug)]
pub struct Nested {
    /// Whether order and repetition mean nothing.
    pub is_set: bool,
    /// What is in it.
    pub schema: Schema,
}

const TABLE: &str = include_str!("types.txt");

/// The schema of a type, if it is in the table. Its line is read when it is first asked for.
pub fn of(mode: Mode, kind: &str) -> Option<&'static Schema> {
    static RESOURCES: LazyLock<Table> = LazyLock::new(|| table("resource "));
    static DATA: LazyLock<Table> = LazyLock::new(|| table("data "));
    let table = match mode {
        Mode::Managed => &RESOURCES,
        Mode::Data => &DATA,
    };
    let (line, read) = table.get(kind)?;
    Some(read.get_or_init(|| schema(line)))
}

/// How each type is written, and what that says once somebody has asked.
type Table = HashMap<&'static str, (&'static str, OnceLock<Schema>)>;

fn table(mode: &str) -> Table {
    let rows = TABLE.lines().filter_map(|line| line.strip_prefix(mode)?.split_once(' '));
    rows.map(|(kind, line)| (kind, (line, OnceLock::new()))).collect()
}

fn schema(mut line: &'static str) -> Schema {
    let mut schema = group(&mut line, '\n');
    let id =
        Attribute { ty: Type::Text, computed: true, optional: true, sensitive: false, default: None, elements: None };
    schema.attributes.entry(Arc::from("id")).or_insert(id);
    schema
}

/// Reads `NAME:KIND...` up to the closing character, which is taken.
fn group(rest: &mut &'static str, close: char) -> Schema {
    let mut schema = Schema::default();
    loop {
        *rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(close) {
            *rest = after;
            return schema;
        }
        let Some((name, after)) = rest.split_once(':') else { return schema };
        let word = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (kind, after) = after.split_at_checked(word).unwrap_or((after, ""));
        *rest = after;
        let name: Arc<str> = Arc::from(name);
        if let Some(inner) = rest.strip_prefix('{') {
            *rest = inner;
            let nested = group(rest, '}');
            schema.blocks.insert(name, Nested { is_set: kind == "set", schema: nested });
            continue;
        }
        let mut elements = None;
        let ty = match (kind, rest.strip_prefix('(')) {
            (kind, Some(inner)) => {
                *rest = inner;
                let object = elements.insert(group(rest, ')')).object_type();
                if kind == "set" { Type::set(object) } else { Type::list(object) }
            }
            ("string", _) => Type::Text,
            ("bool", _) => Type::Bool,
            ("number", _) => Type::Number,
            ("list", _) => Type::list(Type::Text),
            ("set", _) => Type::set(Type::Text),
            ("map", _) => Type::map(Type::Text),
            _ => Type::Dynamic,
        };
        let mut flag = |mark: char| {
            let set = rest.strip_prefix(mark);
            *rest = set.unwrap_or(rest);
            set.is_some()
        };
        let (optional, computed, sensitive) = (flag('?'), flag('^'), flag('$'));
        let default = flag('=').then(|| {
            let end = rest.find([' ', '}', ')']).unwrap_or(rest.len());
            let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            *rest = after;
            crate::convert::convert(&Value::text(text), &ty).unwrap_or_else(|_| Value::text(text))
        });
        schema.attributes.insert(name, Attribute { ty, computed, optional, sensitive, default, elements });
    }
}

impl Schema {
    /// Whether an attribute is a secret that the resource makes.
    pub fn is_credential(&self, name: &str) -> bool {
        let attribute = self.attributes.get(name);
        attribute.is_some_and(|attribute| attribute.sensitive && attribute.computed && !attribute.optional)
    }

    /// The type of an object with these attributes and blocks.
    pub fn object_type(&self) -> Type {
        let object = self.object.get_or_init(|| {
            let mut object = ObjectType::default();
            for (name, attribute) in &self.attributes {
                object.attributes.insert(Arc::clone(name), attribute.ty.clone());
            }
            for (name, nested) in &self.blocks {
                object.attributes.insert(Arc::clone(name), nested.ty());
            }
            Type::Object(Arc::new(object))
        });
        object.clone()
    }
}

impl Nested {
    /// The type of all blocks of this kind together.
    pub fn ty(&self) -> Type {
        let object = self.schema.object_type();
        if self.is_set { Type::set(object) } else { Type::list(object) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_to_its_end() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let kind = line.split(' ').nth(1).unwrap();
            let mode = if line.starts_with("data ") { Mode::Data } else { Mode::Managed };
            let schema = of(mode, kind).unwrap();
            let names = |schema: &Schema| schema.attributes.len() + schema.blocks.len();
            fn all(schema: &Schema, names: &dyn Fn(&Schema) -> usize) -> usize {
                names(schema) + schema.blocks.values().map(|nested| all(&nested.schema, names)).sum::<usize>()
            }
            let written = line.replace('(', " (").split('(').next().map_or(0, |head| head.matches(':').count());
            assert!(all(schema, &names) > written.min(1), "{kind}");
        }
    }

    #[test]
    fn flags_and_defaults_are_read() {
        let key = of(Mode::Managed, "aws_iam_access_key").unwrap();
        assert!(key.attributes["secret"].sensitive && key.attributes["secret"].computed);
        assert_eq!(key.attributes["status"].default.as_ref().unwrap().as_str().as_deref(), Some("Active"));
        assert!(!key.attributes["user"].optional);
        let document = of(Mode::Data, "aws_iam_policy_document").unwrap();
        assert!(document.blocks["statement"].schema.blocks["condition"].is_set);
        assert_eq!(
            document.blocks["statement"].schema.attributes["effect"].default.as_ref().unwrap().as_str().as_deref(),
            Some("Allow")
        );
    }
}

//! Terraform's type system (cty), which CloudFormation values use too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type, or a type constraint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Type {
    /// Not known yet, or any.
    #[default]
    Dynamic,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    Text,
    /// `list(T)`
    List(Arc<Type>),
    /// `set(T)`
    Set(Arc<Type>),
    /// `map(T)`
    Map(Arc<Type>),
    /// `tuple([...])`
    Tuple(Arc<[Type]>),
    /// `object({...})`
    Object(Arc<ObjectType>),
}

/// The attributes of an object type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct ObjectType {
    /// Each attribute's type, by name.
    pub attributes: BTreeMap<Arc<str>, Type>,
    /// The attributes that a type constraint declares `optional(...)`. Types of values have none.
    pub optional: std::collections::BTreeSet<Arc<str>>,
}

impl Type {
    /// `list(element)`
    pub fn list(element: Type) -> Self {
        Self::List(Arc::new(element))
    }

    /// `set(element)`
    pub fn set(element: Type) -> Self {
        Self::Set(Arc::new(element))
    }

    /// `map(element)`
    pub fn map(element: Type) -> Self {
        Self::Map(Arc::new(element))
    }

    /// `tuple([elements])`
    pub fn tuple(elements: impl IntoIterator<Item = Type>) -> Self {
        Self::Tuple(elements.into_iter().collect())
    }

    /// `object({attributes})`, none of them optional.
    pub fn object(attributes: impl IntoIterator<Item = (Arc<str>, Type)>) -> Self {
        let attributes = attributes.into_iter().collect();
        Self::Object(Arc::new(ObjectType { attributes, optional: Default::default() }))
    }

    /// Whether the type is bool, number or string.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::Text)
    }

    /// Whether `Dynamic` occurs anywhere in the type.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::Text => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Self::Object(object) => object.attributes.values().any(Type::has_dynamic),
        }
    }

    /// The name that Terraform's messages use: `string`, `list of string`, `object`.
    pub fn friendly_name(&self) -> String {
        match self {
            Self::Dynamic => "dynamic".into(),
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::Text => "string".into(),
            Self::List(element) => format!("list of {}", element.friendly_name()),
            Self::Set(element) => format!("set of {}", element.friendly_name()),
            Self::Map(element) => format!("map of {}", element.friendly_name()),
            Self::Tuple(_) => "tuple".into(),
            Self::Object(_) => "object".into(),
        }
    }
}

/// The type as Terraform writes a constraint: `list(string)`, `object({a=bool})`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("any"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::Text => f.write_str("string"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (index, element) in elements.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str("])")
            }
            Self::Object(object) => {
                f.write_str("object({")?;
                for (index, (name, attribute)) in object.attributes.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    if object.optional.contains(name) {
                        write!(f, "{comma}{name}=optional({attribute})")?;
                    } else {
                        write!(f, "{comma}{name}={attribute}")?;
                    }
                }
                f.write_str("})")
            }
        }
    }
}

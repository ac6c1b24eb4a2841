//! The common type of several types.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::types::Type;

use super::convertible;

/// The one type that all of `types` convert to, if there is one: what makes the elements of `tolist([...])` or the two
/// results of a conditional alike.
pub fn unify(types: &[Type]) -> Option<Type> {
    let first = types.first()?;
    if types.iter().all(|ty| ty == first) && !first.has_dynamic() {
        return Some(first.clone());
    }
    let count = |is: fn(&Type) -> bool| types.iter().filter(|ty| is(ty)).count();
    let dynamics = count(|ty| *ty == Type::Dynamic);
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    let all = |counted: usize| counted > 0 && counted + dynamics == types.len();
    if [maps, lists, sets, objects, tuples].into_iter().any(all) {
        // Once the dynamic ones are known anything may come out.
        return if dynamics > 0 { Some(Type::Dynamic) } else { unify_alike(first, types) };
    }
    if maps > 0
        && all(maps + objects)
        && let Some(unified) = unify_replaced(types, |ty| matches!(ty, Type::Object(_)), objects_as_map)
    {
        return Some(unified);
    }
    if lists > 0
        && all(lists + tuples)
        && let Some(unified) = unify_replaced(types, |ty| matches!(ty, Type::Tuple(_)), tuples_as_list)
    {
        return Some(unified);
    }
    if objects > 0 && tuples > 0 {
        return None;
    }
    // No new type can be made: the most general of those given that all others convert to.
    by_generality(types).into_iter().find(|wanted| types.iter().all(|ty| convertible(ty, wanted))).cloned()
}

/// The common type of types of one kind, that of `first`.
fn unify_alike(first: &Type, types: &[Type]) -> Option<Type> {
    let elements = || -> Vec<Type> {
        let element = |ty: &Type| match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => Some(Type::clone(element)),
            _ => None,
        };
        types.iter().filter_map(element).collect()
    };
    match first {
        Type::List(_) => unify(&elements()).map(Type::list),
        Type::Set(_) => unify(&elements()).map(Type::set),
        Type::Map(_) => unify(&elements()).map(Type::map),
        Type::Object(object) => {
            let names = |ty: &Type| match ty {
                Type::Object(other) => other.attributes.keys().eq(object.attributes.keys()),
                _ => false,
            };
            if !types.iter().all(names) {
                return objects_as_map(types);
            }
            let across = object.attributes.keys().map(|name| {
                let attribute = |ty: &Type| match ty {
                    Type::Object(other) => other.attributes.get(name).cloned(),
                    _ => None,
                };
                let types: Vec<Type> = types.iter().filter_map(attribute).collect();
                Some((Arc::clone(name), unify(&types)?))
            });
            across.collect::<Option<Vec<_>>>().map(Type::object)
        }
        Type::Tuple(elements) => {
            let same_length = |ty: &Type| matches!(ty, Type::Tuple(other) if other.len() == elements.len());
            if !types.iter().all(same_length) {
                return tuples_as_list(types);
            }
            let across = (0..elements.len()).map(|at| {
                let element = |ty: &Type| match ty {
                    Type::Tuple(other) => other.get(at).cloned(),
                    _ => None,
                };
                let types: Vec<Type> = types.iter().filter_map(element).collect();
                unify(&types)
            });
            across.collect::<Option<Vec<_>>>().map(Type::tuple)
        }
        _ => None,
    }
}

/// Unifies after replacing the types that `is` picks by the one collection type they convert to.
fn unify_replaced(
    types: &[Type],
    is: impl Fn(&Type) -> bool,
    as_collection: impl Fn(&[Type]) -> Option<Type>,
) -> Option<Type> {
    let picked: Vec<Type> = types.iter().filter(|ty| is(ty)).cloned().collect();
    let replacement = as_collection(&picked)?;
    let replaced: Vec<Type> = types.iter().map(|ty| if is(ty) { replacement.clone() } else { ty.clone() }).collect();
    unify(&replaced).filter(|ty| matches!(ty, Type::Map(_) | Type::List(_)))
}

fn objects_as_map(types: &[Type]) -> Option<Type> {
    let attributes = types.iter().filter_map(|ty| match ty {
        Type::Object(object) => Some(object.attributes.values().cloned()),
        _ => None,
    });
    let map = Type::map(unify(&attributes.flatten().collect::<Vec<_>>())?);
    types.iter().all(|ty| convertible(ty, &map)).then_some(map)
}

fn tuples_as_list(types: &[Type]) -> Option<Type> {
    let elements = types.iter().filter_map(|ty| match ty {
        Type::Tuple(elements) => Some(elements.iter().cloned()),
        _ => None,
    });
    let list = Type::list(unify(&elements.flatten().collect::<Vec<_>>())?);
    types.iter().all(|ty| convertible(ty, &list)).then_some(list)
}

/// The types, more general ones before those that convert to them, else in the given order.
fn by_generality(types: &[Type]) -> Vec<&Type> {
    // The order is partial, so this is a topological sort; types that are alike need not be visited twice.
    let mut distinct: Vec<&Type> = Vec::new();
    for ty in types {
        if !distinct.contains(&ty) {
            distinct.push(ty);
        }
    }
    let mut ordered = Vec::with_capacity(distinct.len());
    while !distinct.is_empty() {
        let dominated = |ty: &Type| distinct.iter().any(|other| generality(other, ty) == Ordering::Less);
        // Without a cycle there is always one that nothing dominates.
        let (next, rest): (Vec<&Type>, Vec<&Type>) = distinct.iter().partition(|ty| !dominated(ty));
        if next.is_empty() {
            ordered.extend(rest);
            break;
        }
        ordered.extend(next);
        distinct = rest;
    }
    ordered
}

/// `Less` if `a` is the more general type and so the preferred one.
fn generality(a: &Type, b: &Type) -> Ordering {
    let prefer = |first: bool| if first { Ordering::Less } else { Ordering::Greater };
    let each = |pairs: &mut dyn Iterator<Item = Ordering>| {
        let (mut less, mut greater) = (false, false);
        for ordering in pairs {
            less |= ordering == Ordering::Less;
            greater |= ordering == Ordering::Greater;
        }
        greater.cmp(&less)
    };
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => Ordering::Equal,
        (Type::Dynamic, _) | (_, Type::Dynamic) => prefer(*b == Type::Dynamic),
        (Type::Text, Type::Text) => Ordering::Equal,
        (Type::Text, other) | (other, Type::Text) if other.is_primitive() => prefer(*a == Type::Text),
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            generality(a, b)
        }
        (Type::List(_), Type::Tuple(_) | Type::Set(_)) | (Type::Tuple(_), Type::Set(_)) => Ordering::Less,
        (Type::Tuple(_) | Type::Set(_), Type::List(_)) | (Type::Set(_), Type::Tuple(_)) => Ordering::Greater,
        (Type::Map(_), Type::Object(_)) => Ordering::Less,
        (Type::Object(_), Type::Map(_)) => Ordering::Greater,
        (Type::Object(a), Type::Object(b)) if a.attributes.keys().eq(b.attributes.keys()) => {
            each(&mut a.attributes.values().zip(b.attributes.values()).map(|(a, b)| generality(a, b)))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            each(&mut a.iter().zip(b.iter()).map(|(a, b)| generality(a, b)))
        }
        _ => Ordering::Equal,
    }
}

//! Units that one project declares and another names by their path from the root (`Workloads/Prod`), as manifests do.
//!
//! Within an organization a path is one unit: no two units under one parent have the same name (Organizations API
//! reference, `CreateOrganizationalUnit`, `DuplicateOrganizationalUnitException`).

use std::collections::HashMap;

use crate::resource::Mode;
use crate::value::Symbol;

use super::declared::Unit;
use super::groups::Group;
use super::layers::names;

/// How deeply units are followed: AWS nests five levels.
const DEPTH: usize = 16;

/// The declared unit that each unit which is only named is.
pub(super) fn same<'a>(group: &Group<'a>) -> HashMap<&'a Symbol, &'a Unit> {
    if !group.units().any(|unit| unit.mode == Mode::Data) {
        return HashMap::new();
    }
    let by_name: HashMap<_, &Unit> =
        group.units().flat_map(|unit| names(&unit.id).map(move |name| (name, unit))).collect();
    let path = |unit: &'a Unit| {
        let mut path = vec![unit.name.as_deref()?];
        let mut at = unit;
        while !group.is_root(&at.parent) {
            at = names(&at.parent).find_map(|name| by_name.get(&name))?;
            path.push(at.name.as_deref()?);
            if path.len() > DEPTH {
                return None;
            }
        }
        Some(path)
    };
    let mut declared: HashMap<Vec<&str>, Vec<&Unit>> = HashMap::new();
    for unit in group.units().filter(|unit| unit.mode == Mode::Managed) {
        path(unit).into_iter().for_each(|path| declared.entry(path).or_default().push(unit));
    }
    let named = group.units().filter(|unit| unit.mode == Mode::Data);
    let same = |unit: &'a Unit| match declared.get(&path(unit)?)?.as_slice() {
        [only] => Some((unit.id.symbol.as_ref()?, *only)),
        _ => None,
    };
    named.filter_map(same).collect()
}

//! AWS Deployment Framework: each `scp.json` below `adf-bootstrap` is attached to the unit or account whose path its
//! folder has.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{Files, Kind};
use crate::resource::Mode;
use crate::source::Span;
use crate::value::Value;

use super::reader::Reader;
use super::resources::{ACCOUNT, Entry, ORGANIZATION, POLICY, Resources};
use super::units::{ORGANIZATION_ADDRESS, Units};
use super::value::{elements, field, key, string};
use super::variables::Variables;

const POLICY_FILE: &str = "scp.json";
const BOOTSTRAP: &str = "adf-bootstrap";

/// How many entries of the bootstrap folder are looked at.
const MAX_ENTRIES: usize = 20_000;

/// The file that stands for all of the framework's: its configuration, or else the first of its policies.
pub(super) fn is_first(files: &dyn Files, path: &Utf8Path) -> bool {
    match path.file_name() {
        Some("adfconfig.yml") => true,
        Some(POLICY_FILE) => path.ancestors().find(|above| above.file_name() == Some(BOOTSTRAP)).is_some_and(|base| {
            let home = base.parent().unwrap_or(Utf8Path::new(""));
            let mut first = Below::new(files, base, MAX_ENTRIES / 10);
            !files.is_file(&home.join("adfconfig.yml")) && first.find(|file| is_policy(file)).as_deref() == Some(path)
        }),
        _ => false,
    }
}

fn is_policy(path: &Utf8Path) -> bool {
    path.file_name() == Some(POLICY_FILE)
}

/// The files in a folder and those in it, in an order that is always the same.
struct Below<'f> {
    files: &'f dyn Files,
    /// Files and folders, the next one last.
    open: Vec<(Utf8PathBuf, Kind)>,
    left: usize,
}

impl<'f> Below<'f> {
    fn new(files: &'f dyn Files, folder: &Utf8Path, left: usize) -> Self {
        Self { files, open: vec![(folder.to_owned(), Kind::Folder)], left }
    }
}

impl Iterator for Below<'_> {
    type Item = Utf8PathBuf;

    fn next(&mut self) -> Option<Utf8PathBuf> {
        while let Some((path, kind)) = self.open.pop() {
            match kind {
                Kind::File => return Some(path),
                Kind::Folder => {
                    let Ok(listing) = self.files.list(&path) else { continue };
                    let entries = listing.entries.into_iter().filter(|entry| entry.kind == Kind::File || !entry.link);
                    let entries: Vec<_> = entries.take(self.left).collect();
                    self.left -= entries.len();
                    self.open.extend(entries.into_iter().rev().map(|entry| (path.join(&entry.name), entry.kind)));
                }
                Kind::Other => {}
            }
        }
        None
    }
}

pub(super) fn read(reader: &Reader<'_>, path: &Utf8Path, text: &str, project: &str) -> Option<Resources> {
    let first = path.ancestors().find(|above| above.file_name() == Some(BOOTSTRAP)).map(|base| base.parent());
    let home = first.unwrap_or(path.parent()).unwrap_or(Utf8Path::new(""));
    // Until version 2 the units' folders stood beside the configuration.
    let base = Some(home.join(BOOTSTRAP)).filter(|base| reader.files().is_folder(base));
    let base = base.unwrap_or_else(|| home.to_owned());
    let below = Below::new(reader.files(), &base, MAX_ENTRIES);
    let policies: Vec<Utf8PathBuf> = below.filter(|path| is_policy(path)).collect();
    if policies.is_empty() {
        return None;
    }
    let none = Variables::default();
    let config = match path.file_name() {
        Some(POLICY_FILE) => Value::null(),
        _ => field(&reader.parse(path, text, &none)?, "config"),
    };
    let setting = field(&config, "scp");
    let at = key(&config, "scp").unwrap_or_else(|| reader.start_of(path));
    let mut resources = Resources::new(project.into());
    let mut organization = Entry::new(ORGANIZATION, ORGANIZATION_ADDRESS, at, at);
    organization.mode = Mode::Data;
    organization.set("FeatureSet", Value::text("ALL"));
    resources.add(organization);
    let mut units = Units::default();
    let accounts = accounts(reader, &home.join("adf-accounts"), &mut units, &mut resources);
    // Without the setting nothing is attached or detached; any other value than `enabled` detaches.
    let strategy = match (setting.is_null(), field(&setting, "keep-default-scp")) {
        (true, _) => None,
        (_, keep) if keep.as_str().as_deref() == Some("enabled") => {
            Some(Value { kind: Value::text("deny-list").kind, ..keep })
        }
        (_, keep) => Some(Value { kind: Value::text("allow-list").kind, ..keep }),
    };
    for path in policies {
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let target = folder.strip_prefix(&base).map(Utf8Path::as_str).unwrap_or_default();
        let span = reader.start_of(&path);
        let named = match accounts.get(target) {
            _ if target.is_empty() => resources.root(ORGANIZATION_ADDRESS, span),
            Some(account) => resources.reference(ACCOUNT, &account_address(account), "Ref", span),
            None => {
                units.mention(target, span);
                Units::reference(target, &resources, span)
            }
        };
        let mut policy = Entry::new(POLICY, format!("policy/{}", path.strip_prefix(home).unwrap_or(&path)), span, span);
        policy.set("Name", Value::text(if target.is_empty() { "/" } else { target }));
        policy.set("Type", Value::text("SERVICE_CONTROL_POLICY"));
        policy.set("Content", reader.policy(&Value::text(POLICY_FILE).at(span), folder, &none));
        policy.set("TargetIds", Value::tuple(vec![named]));
        if let Some(strategy) = &strategy {
            policy.set("Strategy", strategy.clone());
        }
        resources.add(policy);
    }
    units.add_to(&mut resources);
    Some(resources)
}

fn account_address(path: &str) -> String {
    format!("account/{path}")
}

/// Adds the accounts in `adf-accounts`, and gives their paths.
fn accounts(reader: &Reader<'_>, folder: &Utf8Path, units: &mut Units, resources: &mut Resources) -> HashSet<String> {
    let mut paths = HashSet::new();
    let none = Variables::default();
    let below = Below::new(reader.files(), folder, MAX_ENTRIES);
    for path in below.filter(|path| path.extension() == Some("yml")) {
        let Some(file) = reader.optional(&path, &none) else { continue };
        for account in elements(&field(&file, "accounts")) {
            let name = field(&account, "account_full_name");
            let (Some(text), Some(span)) = (name.as_str(), name.origin.primary()) else { continue };
            let unit = string(&account, "organizational_unit_path").unwrap_or_default();
            let unit = unit.trim_matches('/');
            let path = if unit.is_empty() { text.to_string() } else { format!("{unit}/{text}") };
            let span_of_unit = field(&account, "organizational_unit_path").origin.primary().unwrap_or(span);
            let parent = match unit {
                "" => resources.root(ORGANIZATION_ADDRESS, span_of_unit),
                unit => {
                    units.mention(unit, span_of_unit);
                    Units::reference(unit, resources, span_of_unit)
                }
            };
            add_account(resources, &path, &account, name.clone(), parent, span);
            paths.insert(path);
        }
    }
    paths
}

fn add_account(resources: &mut Resources, path: &str, account: &Value, name: Value, parent: Value, span: Span) {
    let mut entry = Entry::new(ACCOUNT, account_address(path), span, account.origin.written().unwrap_or(span));
    entry.set("AccountName", name);
    entry.set("Email", field(account, "email"));
    entry.set("ParentIds", Value::tuple(vec![parent]));
    resources.add(entry);
}

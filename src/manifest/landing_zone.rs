//! Landing Zone Accelerator on AWS: `organization-config.yaml` and its siblings, as the package
//! `@aws-accelerator/config` reads them.

use std::collections::HashMap;

use camino::Utf8Path;

use crate::source::Span;
use crate::types::Type;
use crate::value::{Reason, Value};

use super::reader::Reader;
use super::resources::{ACCOUNT, ATTACHMENT, CONTROL, Entry, FEATURES, ORGANIZATION, POLICY, Resources};
use super::units::{ORGANIZATION_ADDRESS, Units};
use super::value::{elements, field, flag, key, string};
use super::variables::Variables;

/// The lists of policies that matter here, and their type.
const POLICIES: [(&str, &str); 2] =
    [("serviceControlPolicies", "SERVICE_CONTROL_POLICY"), ("resourceControlPolicies", "RESOURCE_CONTROL_POLICY")];

/// The management account's name, which must not be changed.
const MANAGEMENT: &str = "Management";

pub(super) fn read(reader: &Reader<'_>, path: &Utf8Path, text: &str, project: &str) -> Option<Resources> {
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    let sibling = |name: &str| folder.join(name).with_extension(path.extension().unwrap_or("yaml"));
    let mut variables = Variables { dollar: true, ..Variables::default() };
    if let Some(config) = reader.optional(&sibling("replacements-config"), &Variables::default()) {
        replacements(&config, &mut variables);
    }
    let config = reader.parse(path, text, &variables)?;
    let units = field(&config, "organizationalUnits");
    if units.is_null() || flag(&config, "enable") == Some(false) {
        return None;
    }
    let accounts = reader.optional(&sibling("accounts-config"), &variables).unwrap_or_else(Value::null);
    let global = reader.optional(&sibling("global-config"), &variables).unwrap_or_else(Value::null);
    let mut zone = Zone::new(reader, folder, project, &config, &accounts);
    zone.globals(&global, &mut variables);
    zone.organization(&config, &mut variables);
    zone.units(&units);
    zone.accounts(&accounts);
    for (list, kind) in POLICIES {
        for policy in elements(&field(&config, list)) {
            zone.policy(&policy, kind, &variables);
        }
    }
    zone.controls(&field(&global, "controlTower"));
    zone.root_users(&global);
    let Zone { mut resources, units, .. } = zone;
    units.add_to(&mut resources);
    Some(resources)
}

/// Values that replace `{{ key }}`, and `${ACCEL_LOOKUP::CUSTOM:key}` in policies.
fn replacements(config: &Value, variables: &mut Variables) {
    for replacement in elements(&field(config, "globalReplacements")) {
        let value = field(&replacement, "value");
        // Those of type SSM are looked up when the accelerator runs.
        if let (Some(name), false) = (string(&replacement, "key"), value.is_null()) {
            variables.set(format!("ACCEL_LOOKUP::CUSTOM:{name}"), value.clone());
            variables.set(name, value);
        }
    }
}

struct Zone<'r> {
    reader: &'r Reader<'r>,
    folder: &'r Utf8Path,
    resources: Resources,
    units: Units,
    /// Ids of the root and of units by their paths, of accounts by their addresses.
    ids: HashMap<String, Value>,
    /// The addresses of accounts by their names.
    accounts: HashMap<String, String>,
}

impl<'r> Zone<'r> {
    fn new(reader: &'r Reader<'r>, folder: &'r Utf8Path, project: &str, config: &Value, accounts: &Value) -> Self {
        let mut ids = HashMap::new();
        let lists = [(config, "organizationalUnitIds", "name", "id"), (accounts, "accountIds", "email", "accountId")];
        for (config, list, name, id) in lists {
            for entry in elements(&field(config, list)) {
                if let Some(name) = string(&entry, name) {
                    ids.insert(name.to_lowercase(), field(&entry, id));
                }
            }
        }
        let resources = Resources::new(project.into());
        Self { reader, folder, resources, units: Units::default(), ids, accounts: HashMap::new() }
    }

    /// What `global-config.yaml` says of the names in policies.
    fn globals(&mut self, global: &Value, variables: &mut Variables) {
        let region = field(global, "homeRegion");
        if let Some(name) = region.as_str() {
            variables.set("PARTITION", Value::text(partition(&name)));
            variables.set("HOME_REGION", region.clone());
            variables.set("REGION", region.clone());
            self.resources.region = Some(region.clone());
        }
        let role = field(global, "managementAccountAccessRole");
        if !role.is_null() {
            variables.set("MANAGEMENT_ACCOUNT_ACCESS_ROLE", role);
        }
    }

    fn organization(&mut self, config: &Value, variables: &mut Variables) {
        let at = config.origin.written().unwrap_or_else(|| self.reader.start_of(self.folder));
        let header = key(config, "enable").or_else(|| key(config, "organizationalUnits")).unwrap_or(at);
        let mut entry = Entry::new(ORGANIZATION, ORGANIZATION_ADDRESS, header, at);
        entry.set("FeatureSet", Value::text("ALL"));
        if let Some(id) = self.ids.get("root") {
            entry.set("RootId", id.clone());
        }
        // arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12
        let ids = elements(&field(config, "organizationalUnitIds"));
        let arn = ids.iter().find_map(|unit| string(unit, "arn"));
        if let Some(id) = arn.as_deref().and_then(|arn| arn.split('/').nth(1)) {
            variables.set("ORG_ID", Value::text(id));
            entry.set("Id", Value::text(id));
        }
        self.resources.add(entry);
    }

    fn units(&mut self, units: &Value) {
        for unit in elements(units) {
            let name = field(&unit, "name");
            let (Some(path), Some(span)) = (name.as_str(), name.origin.primary()) else { continue };
            let id = self.ids.get(&path.to_lowercase()).cloned();
            self.units.declare(&path, span, unit.origin.written().unwrap_or(span), id);
            if flag(&unit, "ignore") == Some(true) {
                // What is attached to it is somebody else's business.
                let why = "are not managed by the Landing Zone Accelerator, which ignores it";
                let policy = Reason::new(format!("the policies of {path}"), why, key(&unit, "ignore").or(Some(span)));
                let target = Units::reference(&path, &self.resources, span);
                self.attach(Value::unknown(Type::Text, policy).at(span), target, format!("ignored/{path}"), span);
            }
        }
    }

    fn attach(&mut self, policy: Value, target: Value, address: String, span: Span) {
        let mut entry = Entry::new(ATTACHMENT, address, span, span);
        entry.set("policy_id", policy);
        entry.set("target_id", target);
        self.resources.add(entry);
    }

    fn accounts(&mut self, accounts: &Value) {
        for list in ["mandatoryAccounts", "workloadAccounts"] {
            for account in elements(&field(accounts, list)) {
                let name = field(&account, "name");
                let (Some(text), Some(span)) = (name.as_str(), name.origin.primary()) else { continue };
                if text == MANAGEMENT {
                    continue;
                }
                let address = format!("account/{text}");
                self.accounts.insert(text.to_string(), address.clone());
                let mut entry = Entry::new(ACCOUNT, address, span, account.origin.written().unwrap_or(span));
                let email = field(&account, "email");
                if let Some(id) = email.as_str().and_then(|email| self.ids.get(&email.to_lowercase())) {
                    entry.set("AccountId", id.clone());
                }
                let unit = field(&account, "organizationalUnit");
                let parent = if unit.is_null() { Value::text("Root").at(span) } else { unit };
                entry.set("AccountName", name.clone());
                entry.set("Email", email);
                entry.set("ParentIds", Value::tuple(vec![self.unit(&parent)]));
                self.resources.add(entry);
            }
        }
    }

    /// The root or unit that a value names by its path.
    fn unit(&self, value: &Value) -> Value {
        let Some(path) = value.as_str() else { return value.clone() };
        let span = value.origin.primary().unwrap_or_else(|| self.reader.start_of(self.folder));
        match &*path {
            "Root" => self.resources.root(ORGANIZATION_ADDRESS, span),
            path if self.units.has(path) => Units::reference(path, &self.resources, span),
            path => {
                let reason = Reason::new(path, "is not among the organizationalUnits", Some(span));
                Value::unknown(Type::Text, reason).at(span)
            }
        }
    }

    fn account(&self, value: &Value) -> Value {
        let Some(name) = value.as_str() else { return value.clone() };
        let span = value.origin.primary().unwrap_or_else(|| self.reader.start_of(self.folder));
        match self.accounts.get(&*name) {
            _ if name == MANAGEMENT => {
                self.resources.reference(ORGANIZATION, ORGANIZATION_ADDRESS, "ManagementAccountId", span)
            }
            Some(address) => self.resources.reference(ACCOUNT, address, "Ref", span),
            None => {
                let reason = Reason::new(&*name, "is not among the accounts of accounts-config.yaml", Some(span));
                Value::unknown(Type::Text, reason).at(span)
            }
        }
    }

    /// What `deploymentTargets` names.
    fn targets(&self, of: &Value) -> Value {
        let targets = field(of, "deploymentTargets");
        let lists = [field(&targets, "organizationalUnits"), field(&targets, "accounts")];
        if let Some(unknown) = [&targets].into_iter().chain(&lists).find(|value| value.as_unknown().is_some()) {
            return unknown.clone();
        }
        let [units, accounts] = lists;
        let units = elements(&units).into_iter().map(|unit| self.unit(&unit));
        let accounts = elements(&accounts).into_iter().map(|account| self.account(&account));
        let all = Value::tuple(units.chain(accounts).collect());
        match targets.origin.primary() {
            Some(span) => all.at(span),
            None => all,
        }
    }

    fn policy(&mut self, policy: &Value, kind: &str, variables: &Variables) {
        let name = field(policy, "name");
        let Some(span) = name.origin.primary().or(policy.origin.primary()) else { return };
        let shown = name.as_str().map_or_else(|| "?".to_owned(), |name| name.into_owned());
        let targets = self.targets(policy);
        if string(policy, "type").as_deref() == Some("awsManaged") {
            let id = match string(policy, "policy") {
                Some(name) if name.starts_with("p-") => field(policy, "policy"),
                Some(name) => Value::text(format!("p-{name}")),
                None => field(policy, "policy"),
            };
            for (index, target) in elements(&targets).into_iter().enumerate() {
                self.attach(id.clone(), target, format!("policy/{shown}[{index}]"), span);
            }
            return;
        }
        let mut entry = Entry::new(POLICY, format!("policy/{shown}"), span, policy.origin.written().unwrap_or(span));
        entry.set("Name", name);
        entry.set("Type", Value::text(kind));
        entry.set("Content", self.reader.policy(&field(policy, "policy"), self.folder, variables));
        entry.set("TargetIds", targets);
        let strategy = field(policy, "strategy");
        entry.set("Strategy", if strategy.is_null() { Value::text("deny-list") } else { strategy });
        self.resources.add(entry);
    }

    /// The controls that `global-config.yaml` enables.
    fn controls(&mut self, tower: &Value) {
        if flag(tower, "enable") == Some(false) {
            return;
        }
        for control in elements(&field(tower, "controls")) {
            let identifier = field(&control, "identifier");
            let Some(span) = identifier.origin.primary() else { continue };
            if flag(&control, "enable") == Some(false) {
                continue;
            }
            let shown = identifier.as_str().map_or_else(|| "?".to_owned(), |name| name.into_owned());
            for (index, target) in elements(&self.targets(&control)).into_iter().enumerate() {
                let address = format!("control/{shown}[{index}]");
                let mut entry = Entry::new(CONTROL, address, span, control.origin.written().unwrap_or(span));
                entry.set("ControlIdentifier", identifier.clone());
                entry.set("TargetIdentifier", target);
                self.resources.add(entry);
            }
        }
    }

    /// Centralized root access, as `centralRootUserManagement` says.
    fn root_users(&mut self, global: &Value) {
        const FEATURE: [(&str, &str); 2] =
            [("rootCredentialsManagement", "RootCredentialsManagement"), ("allowRootSessions", "RootSessions")];
        let setting = field(global, "centralRootUserManagement");
        let (Some(header), Some(span)) = (key(global, "centralRootUserManagement"), setting.origin.written()) else {
            return;
        };
        let capabilities = field(&setting, "capabilities");
        let mut features = Vec::new();
        for (name, feature) in FEATURE {
            let value = field(&capabilities, name);
            match (flag(&setting, "enable"), value.as_bool(), value.as_unknown()) {
                (Some(true), Some(true), _) => features.push(Value { kind: Value::text(feature).kind, ..value }),
                (Some(true), _, Some(_)) => features.push(value),
                _ => {}
            }
        }
        let mut entry = Entry::new(FEATURES, "centralRootUserManagement", header, span);
        let at = field(&capabilities, "rootCredentialsManagement").origin.primary().unwrap_or(span);
        entry.set("enabled_features", Value::tuple(features).at(at));
        self.resources.add(entry);
    }
}

/// The partition of a Region (AWS General Reference, "AWS partitions").
fn partition(region: &str) -> &'static str {
    const OTHERS: [(&str, &str); 3] = [("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")];
    OTHERS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

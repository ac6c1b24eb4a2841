//! Provider configurations: which one a resource has, through aliases and module calls, and what it says about the
//! place of deployment and default tags.
//! <https://developer.hashicorp.com/terraform/language/modules/develop/providers>

use std::sync::Arc;

use super::attributes::Instance;
use super::config::ResourceId;
use super::evaluator::{Evaluated, Evaluator, ModuleId, Named};
use super::instance::{Expansion, InstanceKey};
use super::json_syntax;
use super::operators;
use super::scope::Scope;
use crate::resource::Provider;
use crate::syntax::hcl::{Block, Body, Expr, ExprKind, Step};
use crate::text::{Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Reason, Value, Via};

/// The provider configuration of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProviderConfig {
    /// Its address in the module that declares it, else in the outermost one: `aws`, `aws.security`.
    pub name: Arc<str>,
    /// The module instance that declares it.
    pub module: Option<ModuleId>,
    /// Which instance of it, where it is repeated (OpenTofu).
    pub key: InstanceKey,
}

/// What is asked of a provider configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The region.
    Region,
    /// The ARN of the role that is assumed last.
    Role,
    /// The account id.
    Account,
    /// The partition: `aws`, `aws-cn`.
    Partition,
    /// `default_tags`
    DefaultTags,
}

impl Evaluator<'_> {
    /// The provider configuration of a resource block, handed down through `providers` of the calls.
    pub(super) fn provider_config(
        &self,
        module: ModuleId,
        id: &ResourceId,
        block: &Block,
        scope: &Scope<'_>,
    ) -> ProviderConfig {
        let (name, key) = match block.body.attribute("provider") {
            Some(provider) => match provider_address(&provider.value) {
                Some((name, key)) => (name, key.map(|key| self.provider_key(key, scope))),
                None => (default_name(id), None),
            },
            None => (default_name(id), None),
        };
        self.find_provider(module, name, key.unwrap_or(InstanceKey::None))
    }

    /// The configuration of the provider `name` in a module that is called: what the call passes, or what it inherits.
    pub(super) fn provider_of_call(&self, module: ModuleId, call: &Block, name: &str) -> ProviderConfig {
        match passed_provider(call, name) {
            Some((passed, key)) => {
                let key = key.map_or(InstanceKey::None, |key| self.provider_key(key, &Scope::of(module)));
                self.find_provider(module, passed, key)
            }
            None => self.find_provider(module, name.into(), InstanceKey::None),
        }
    }

    fn provider_key(&self, key: &Expr, scope: &Scope<'_>) -> InstanceKey {
        let key = self.eval(key, scope).ok();
        key.and_then(|key| key.as_str().map(|key| InstanceKey::Key(Arc::from(&*key)))).unwrap_or(InstanceKey::Unknown)
    }

    fn find_provider(&self, mut module: ModuleId, mut name: Arc<str>, mut key: InstanceKey) -> ProviderConfig {
        loop {
            let instance = self.instance(module);
            let declared = instance.module.providers.get(&name);
            let Some((caller, call, repetition)) = &instance.caller else {
                return ProviderConfig { name, module: declared.map(|_| module), key };
            };
            let calling = self.instance(*caller);
            let passed = calling.module.calls.get(call).and_then(|block| passed_provider(block, &name));
            // A block without content in a called module only says that the caller passes one.
            match (declared, passed) {
                (Some(block), None) => {
                    let is_proxy = is_empty_provider(block) && !name.contains('.');
                    if !is_proxy {
                        return ProviderConfig { name, module: Some(module), key };
                    }
                }
                (Some(block), Some(_)) if !is_empty_provider(block) => {
                    return ProviderConfig { name, module: Some(module), key };
                }
                (_, Some((passed, index))) => {
                    key = index.map_or(InstanceKey::None, |index| {
                        self.provider_key(index, &Scope::repeated(*caller, repetition))
                    });
                    name = passed;
                }
                // Only the configuration without an alias is inherited.
                (None, None) if name.contains('.') => return ProviderConfig { name, module: None, key },
                (None, None) => {}
            }
            module = *caller;
        }
    }

    /// What a provider configuration says; `None` where it says nothing, or an error (which is reported).
    pub(super) fn provider_part(&self, config: &ProviderConfig, part: Part) -> Option<Value> {
        let module = config.module?;
        let header = self.instance(module).module.providers.get(&config.name)?.header;
        let named = self.remember_provider(config, part, header, || {
            let value = self.compute_part(module, config, part)?;
            Ok(Named { value: value.unwrap_or_else(Value::null), via: Via::Element })
        });
        match named {
            Ok(named) => Some(named.value).filter(|value| !value.is_null()),
            Err(error) => {
                self.error("terraform-evaluation", error.message, error.span);
                None
            }
        }
    }

    fn compute_part(&self, module: ModuleId, config: &ProviderConfig, part: Part) -> Evaluated<Option<Value>> {
        let instance = self.instance(module);
        let Some(block) = instance.module.providers.get(&config.name) else { return Ok(None) };
        let expansion =
            if block.body.attribute("for_each").is_some() { self.expand(module, block)? } else { Expansion::Single };
        let key = match &config.key {
            InstanceKey::Key(name) => expansion.find(&Value::text(name)),
            _ => None,
        };
        let repetition = expansion.repetition(&key.unwrap_or(InstanceKey::None));
        let scope = Scope::repeated(module, &repetition);
        let argument = |body: &Body, name: &str| -> Evaluated<Option<Value>> {
            let Some(written) = body.attribute(name) else { return Ok(None) };
            Ok(Some(self.eval(&written.value, &scope)?).filter(|value| !value.is_null()))
        };
        Ok(match part {
            Part::Region => argument(&block.body, "region")?,
            Part::Role => {
                // Roles are assumed one after the other, that of a web identity first.
                let mut role = None;
                for kind in ["assume_role_with_web_identity", "assume_role"] {
                    for inner in json_syntax::inner(&block.body, kind) {
                        role = argument(&inner, "role_arn")?.or(role);
                    }
                }
                role
            }
            Part::Account => {
                if let Some(role) = self.provider_part(config, Part::Role) {
                    return Ok(arn_account(&role));
                }
                let allowed = argument(&block.body, "allowed_account_ids")?;
                match allowed.as_ref().and_then(Value::elements) {
                    Some([only]) => Some(only.clone()),
                    _ => None,
                }
            }
            Part::Partition => {
                let region = self.provider_part(config, Part::Region);
                let by_region = region.as_ref().and_then(region_partition);
                by_region.or_else(|| {
                    let role = self.provider_part(config, Part::Role)?;
                    let (prefix, _) = role.as_text()?.known_prefix();
                    let named = prefix.split(':').nth(1).filter(|_| prefix.matches(':').count() > 1)?;
                    Some(Value::text(named))
                })
            }
            Part::DefaultTags => {
                if !json_syntax::inner(&block.body, "ignore_tags").is_empty() {
                    let reason = Reason::new("tags_all", "leaves out what the provider ignores", Some(block.header));
                    return Ok(Some(Value::unknown(Type::map(Type::Text), reason)));
                }
                let mut tags = None;
                for inner in json_syntax::inner(&block.body, "default_tags") {
                    tags = argument(&inner, "tags")?.map(|tags| operators::converted(tags, &Type::map(Type::Text)));
                }
                tags
            }
        })
    }

    /// A resource's `tags_all`: the provider's default tags, overridden by its own.
    pub(super) fn tags_all(&self, at: &Instance<'_>, scope: &Scope<'_>, computed: &dyn Fn(Type) -> Value) -> Evaluated {
        let ty = Type::map(Type::Text);
        let config = self.provider_config(at.module, at.id, at.block, scope);
        let default = self.provider_part(&config, Part::DefaultTags);
        let own = self.attribute(at.module, at.id, at.key, &Arc::from("tags"), at.block.header)?.value;
        let mut all = Fields::default();
        let mut marks = Marks::NONE;
        for tags in default.iter().chain([&own]) {
            marks = marks.union(tags.marks);
            match tags.fields() {
                Some(fields) => {
                    for (key, field) in fields.fields().filter(|(_, field)| !field.value.is_null()) {
                        all.replace(Arc::clone(key), field.key_span, field.value.clone());
                    }
                }
                None if tags.is_null() => {}
                None => return Ok(computed(ty)),
            }
        }
        // Without any tag a plan shows it as computed.
        if all.is_empty() {
            return Ok(computed(ty));
        }
        let span = own.origin.span.unwrap_or(at.block.header);
        Ok(Value::new(Kind::Map(Type::Text, Arc::new(all))).at(span).mark(marks))
    }

    /// Where a resource is deployed.
    pub(super) fn deployed(&self, config: &ProviderConfig, block: &Block, scope: &Scope<'_>) -> Provider {
        // Since version 6 of the AWS provider a resource may name its own region.
        let own = block.body.attribute("region").and_then(|region| self.eval(&region.value, scope).ok());
        Provider {
            name: Arc::clone(&config.name),
            region: own.filter(|region| !region.is_null()).or_else(|| self.provider_part(config, Part::Region)),
            account: self.provider_part(config, Part::Account),
            partition: self.provider_part(config, Part::Partition),
            assume_role: self.provider_part(config, Part::Role),
        }
    }
}

/// `aws`: the local name of the provider of a type.
pub(super) fn default_name(id: &ResourceId) -> Arc<str> {
    Arc::from(id.kind.split('_').next().unwrap_or_default())
}

/// `aws.alias` and, in OpenTofu, the key after it. JSON syntax writes it as a string.
pub(super) fn provider_address(expr: &Expr) -> Option<(Arc<str>, Option<&Expr>)> {
    match &expr.bare().kind {
        ExprKind::Literal(text) => Some((Arc::from(&*text.as_str()?), None)),
        ExprKind::Wrap(inner) => provider_address(inner),
        ExprKind::Reference(root, steps) => {
            let names = steps.iter().map_while(|step| match step {
                Step::Attribute(name) => Some(&*name.text),
                _ => None,
            });
            let name = std::iter::once(&*root.text).chain(names).collect::<Vec<_>>().join(".");
            let key = match steps.last() {
                Some(Step::Index(key)) => Some(key),
                _ => None,
            };
            Some((Arc::from(name), key))
        }
        _ => None,
    }
}

/// What a call's `providers` passes as the provider `name` of the module.
pub(super) fn passed_provider<'b>(call: &'b Block, name: &str) -> Option<(Arc<str>, Option<&'b Expr>)> {
    let ExprKind::Object(items) = &call.body.attribute("providers")?.value.kind else { return None };
    let item = items.iter().find(|item| provider_address(&item.key).is_some_and(|(key, _)| *key == *name))?;
    provider_address(&item.value)
}

fn is_empty_provider(block: &Block) -> bool {
    block.body.blocks.is_empty()
        && block.body.attributes.iter().all(|attribute| matches!(&*attribute.name.text, "alias" | "version"))
}

/// The account in an ARN; an unknown if it is the unknown part of a partly known one.
pub(super) fn arn_account(arn: &Value) -> Option<Value> {
    let pieces: Vec<Piece> = arn.as_text()?.flattened().pieces().collect();
    let mut colons = 0;
    let mut account: Vec<Piece> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => {
                for (index, field) in literal.text.split(':').enumerate() {
                    colons += usize::from(index > 0);
                    if colons == 4 && !field.is_empty() {
                        account.extend(Text::from(field).pieces());
                    }
                }
            }
            piece if colons == 4 => account.push(piece),
            _ if colons > 4 => break,
            // An unknown part before the account may hold colons.
            _ => return None,
        }
    }
    if colons < 5 {
        return None;
    }
    let value = match account.as_slice() {
        [Piece::Unknown(unknown)] => Value::new(Kind::Unknown(Arc::clone(unknown))),
        _ => Value::new(Kind::Text(Text::from_pieces(account))),
    };
    let digits = value.as_str().is_none_or(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()));
    digits.then(|| value.with_origin(arn.origin.clone()))
}

/// Prefixes of regions and their partitions with the DNS suffix of each. Other regions are in `aws`.
/// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
const PARTITIONS: [(&str, &str, &str); 8] = [
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("", "aws", "amazonaws.com"),
];

/// The partition of a region whose known start is given, and whether that is all of it.
fn partition((region, whole): &(String, bool)) -> Option<&'static str> {
    if region.is_empty() {
        return None;
    }
    let (_, partition, _) = PARTITIONS.iter().find(|(prefix, ..)| region.starts_with(prefix))?;
    // What may still become a longer prefix is not decided.
    let open =
        !whole && PARTITIONS.iter().any(|(prefix, ..)| prefix.len() > region.len() && prefix.starts_with(region));
    (!open).then_some(partition)
}

/// The partition of a region, as far as that is known.
pub(super) fn region_partition(region: &Value) -> Option<Value> {
    partition(&region.as_text()?.known_prefix()).map(Value::text)
}

/// What `data.aws_partition` says in a partition.
pub(super) fn partition_attribute(partition: &str, name: &str) -> Option<String> {
    let (_, _, suffix) = PARTITIONS.iter().find(|(_, known, _)| *known == partition)?;
    match name {
        "id" | "partition" => Some(partition.to_owned()),
        "dns_suffix" => Some((*suffix).to_owned()),
        "reverse_dns_prefix" => Some(suffix.rsplit('.').collect::<Vec<_>>().join(".")),
        _ => None,
    }
}

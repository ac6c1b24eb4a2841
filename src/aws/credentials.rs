//! The credentials with which a project is deployed, and those that its code carries: profiles and roles of providers and
//! backends, long-term keys that are written down.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::leaves::{self, plain};
use super::programs::Program;
use crate::resource::{Block, KEY_START, Mode, Project, Resource, Role, Site};
use crate::source::Span;
use crate::text::{Piece, Text, Tri};
use crate::value::{Fields, Origin, Reason, Value};

/// How long the id of an access key is. A temporary one starts with `ASIA`, and is of no use without its session token, nor
/// after some hours.
const KEY_LENGTH: usize = 20;

/// How the documentation of AWS marks its keys: `AKIAIOSFODNN7EXAMPLE`.
const EXAMPLE: &str = "EXAMPLE";

/// How long the secret of a key is.
const SECRET_LENGTH: usize = 40;

/// Names of profiles, in any case, that say that they are root's. No part of a name counts.
const ROOT_PROFILES: &[&str] = &[
    "account-root",
    "account_root",
    "aws-root",
    "aws_root",
    "awsroot",
    "root",
    "root-account",
    "root-user",
    "root_account",
    "root_user",
    "rootaccount",
    "rootuser",
];

/// Names of arguments, and of environment variables, that are the id of an access key. Without case and underscores.
const KEY_NAMES: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "awsaccesskey",
    "awsaccesskeyid",
    "s3accesskey",
    "tfvaraccesskey",
    "tfvarawsaccesskey",
];

/// Names of arguments that are the secret of a key, likewise.
const SECRET_NAMES: &[&str] = &["secretkey", "secretaccesskey", "awssecretkey", "awssecretaccesskey"];

/// Names of arguments that take text in Base64, likewise.
const ENCODED: &[&str] = &["contentbase64", "customdata", "userdata", "userdatabase64"];

/// Providers that speak to AWS with a profile, a role or a key.
const PROVIDERS: &[&str] = &["aws", "awscc"];

/// How many uses of one project are listed.
const MAX_USES: usize = 10_000;

/// A credential that a project uses or carries.
#[derive(Clone, Debug)]
pub struct Use {
    /// The provider, backend, data source or resource.
    pub site: Site,
    /// Which argument: `assume_role[0].role_arn`.
    pub path: String,
    /// What it is.
    pub what: What,
    /// Where it is written, and the way it took.
    pub origin: Origin,
    /// The very characters, where it is a part of a longer text.
    pub place: Option<Span>,
    /// What must not be shown.
    pub hidden: Vec<Span>,
}

/// What credential it is.
#[derive(Clone, Debug)]
pub enum What {
    /// A profile that is called root's; the name unless it must not be shown.
    RootProfile(Option<String>),
    /// A role to assume that is the root user.
    RootRole,
    /// The id of a long-term key.
    Key,
    /// The secret of a key whose id is not written beside it.
    Secret,
    /// A profile that is not known.
    Unknown(Reason),
}

/// The credentials that a project uses or carries.
pub fn read(project: &dyn Project) -> Vec<Use> {
    let mut found = Vec::new();
    project.aside(&mut || {
        let carries_keys = project.mentions_keys();
        let signs_in = |role: Role| matches!(role, Role::Provider | Role::Backend);
        for block in project.blocks(&|role| signs_in(role) || carries_keys) {
            let known = match block.role {
                Role::Provider => PROVIDERS.contains(&&*block.site.kind),
                role => role == Role::Backend && &*block.site.kind == "s3",
            };
            if known {
                of_configuration(&block.site, &block.arguments, None, &mut found);
            } else {
                keys_of_block(&block, &mut found);
            }
        }
        for resource in project.resources(&|kind| kind == "terraform_remote_state" || carries_keys) {
            of_resource(&resource, &mut found);
        }
    });
    found.truncate(MAX_USES);
    found
}

/// The profiles of root that programs work with, and the keys that they set, beyond those that `known` has.
pub fn of_programs(programs: &[Program], known: &[Use]) -> Vec<Use> {
    let mut found = Vec::new();
    for program in programs {
        let use_of = |value: &Value, path: &str, what: What, hidden: Vec<Span>| Use {
            site: program.site.clone(),
            path: path.into(),
            what,
            origin: value.origin.clone(),
            place: None,
            hidden,
        };
        for profile in program.found.profiles.iter().filter(|profile| is_root_profile(profile) == Tri::Yes) {
            let shown = profile.as_str().filter(|_| !profile.marks.is_hidden());
            let what = What::RootProfile(shown.map(|name| name.into_owned()));
            let hidden = if profile.marks.is_hidden() { written(profile) } else { Vec::new() };
            found.push(use_of(profile, "profile", what, hidden));
        }
        for key in &program.found.keys {
            let is_long_term = key.as_str().is_some_and(|text| key_ids(&text).next().is_some());
            let is_known = |used: &Use| {
                let places = [used.place, used.origin.span, used.origin.written()];
                places.into_iter().flatten().any(|place| key.origin.span.is_some_and(|span| meet(place, span)))
            };
            if is_long_term && !known.iter().any(is_known) {
                found.push(use_of(key, "access key", What::Key, written(key)));
            }
        }
    }
    found.truncate(MAX_USES);
    found
}

fn meet(one: Span, other: Span) -> bool {
    one.file == other.file && one.start < other.end && other.start < one.end
}

fn of_resource(resource: &Resource<'_>, found: &mut Vec<Use>) {
    if resource.kind() == "terraform_remote_state" && resource.mode == Mode::Data {
        let is_s3 = resource.get("backend").as_text().is_some_and(|kind| kind.equals_ignore_case("s3") == Tri::Yes);
        if is_s3 {
            of_configuration(&resource.site, &resource.get("config"), Some("config"), found);
        }
        return;
    }
    let all = resource.attributes.all();
    for name in all.fields().into_iter().flat_map(Fields::keys).filter(|name| &***name != "tags_all") {
        keys_in(&resource.site, &resource.get(name), Some(name), found);
    }
}

fn keys_of_block(block: &Block, found: &mut Vec<Use>) {
    keys_in(&block.site, &block.arguments, None, found);
}

/// What a provider, a backend or a reader of a state signs in with.
fn of_configuration(site: &Site, configuration: &Value, name: Option<&str>, found: &mut Vec<Use>) {
    let first = found.len();
    keys_in(site, configuration, name, found);
    let has_key = found.len() > first;
    let given =
        |name: &str| configuration.fields().and_then(|fields| fields.get(name)).filter(|value| !value.is_null());
    let temporary = given("token").is_some();
    let has_key_of_another_kind = given("access_key").is_some_and(|key| key.as_str().is_some()) && !has_key;
    leaves::each(configuration, &|_| true, name, &mut |way, _, leaf| {
        let names = leaves::names(way);
        let Some(last) = names.last() else { return };
        let origin = &leaf.origin;
        let mut add = |what: What, hidden: Vec<Span>| {
            let (site, path, origin) = (site.clone(), leaves::path(way), origin.clone());
            found.push(Use { site, path, what, origin, place: None, hidden });
        };
        let hidden = || if leaf.marks.is_hidden() { origin.written().into_iter().collect() } else { Vec::new() };
        match &**last {
            "profile" => match is_root_profile(leaf) {
                Tri::Yes => {
                    let shown = leaf.as_str().filter(|_| !leaf.marks.is_hidden());
                    add(What::RootProfile(shown.map(|name| name.into_owned())), hidden());
                }
                Tri::Maybe => {
                    if let Some(unknown) = leaf.as_unknown() {
                        add(What::Unknown(unknown.reason.clone()), Vec::new());
                    }
                }
                Tri::No => {}
            },
            // AWS refuses to assume root as a role: one that is not known is hardly meant to be root.
            "role_arn" if is_root_arn(leaf) == Tri::Yes => add(What::RootRole, hidden()),
            // With the id beside it there is one finding for both.
            _ if is_secret_name(last)
                && !temporary
                && !has_key
                && !has_key_of_another_kind
                && leaf.as_str().is_some_and(|secret| is_secret(&secret)) =>
            {
                add(What::Secret, written(leaf));
            }
            _ => {}
        }
    });
}

/// Where the characters of a value stand.
fn written(value: &Value) -> Vec<Span> {
    value.origin.written().into_iter().chain(value.origin.primary()).collect()
}

/// Keys that are written somewhere in a value. The secrets beside them, perhaps on the same line, are not to be shown.
fn keys_in(site: &Site, value: &Value, name: Option<&str>, found: &mut Vec<Use>) {
    let first = found.len();
    let mut secrets_beside = Vec::new();
    leaves::each(value, &|_| true, name, &mut |way, around, leaf| {
        let Some(text) = leaf.as_text() else { return };
        let names = leaves::names(way);
        let named = |is: &dyn Fn(&str) -> bool| {
            names.last().is_some_and(|name| is(name)) || around.is_some_and(|around| is_pair(around, leaf, is))
        };
        if named(&is_secret_name) {
            secrets_beside.extend(written(leaf));
        }
        let encoded = names.iter().any(|name| ENCODED.contains(&&*plain(name))).then(|| decoded(text)).flatten();
        let text = encoded.unwrap_or_else(|| text.flattened());
        for (key, whole) in keys(&text, named(&is_key_name)) {
            // Of a longer text with other secrets in it only the key may be shown, masked.
            let place = if whole { None } else { key };
            let exact = place.is_some_and(|place| place.len() == KEY_LENGTH);
            let hidden = if exact { secrets(&text) } else { written(leaf) };
            let (site, origin) = (site.clone(), leaf.origin.clone());
            found.push(Use { site, path: leaves::path(way), what: What::Key, origin, place, hidden });
        }
    });
    for key in found.iter_mut().skip(first) {
        key.hidden.extend(&secrets_beside);
    }
}

/// The text that is encoded in Base64.
fn decoded(text: &Text) -> Option<Text> {
    let text = text.as_str()?;
    let bytes = STANDARD.decode(&*text).ok().filter(|bytes| !bytes.is_empty())?;
    String::from_utf8(bytes).ok().map(Text::from)
}

/// Where in a text something has the form of a secret.
fn secrets(text: &Text) -> Vec<Span> {
    let mut found = Vec::new();
    for piece in text.pieces() {
        let Piece::Literal(literal) = piece else { continue };
        let Some(span) = literal.span.filter(|_| literal.exact) else { continue };
        for part in literal.text.split(|c: char| !is_base64(c)).filter(|part| part.len() >= SECRET_LENGTH) {
            let at = part.as_ptr() as usize - literal.text.as_ptr() as usize;
            found.push(span.slice(at, at + part.len()));
        }
    }
    found
}

/// Whether an object is a name and a value, and the name is one that `is` accepts.
fn is_pair(around: &Fields, value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    let is_value = |name: &&str| around.get(name).is_some_and(|field| field.origin.span == value.origin.span);
    let has_value = ["value", "Value", "parameter_value", "ParameterValue"].iter().any(is_value);
    let names = ["name", "Name", "key", "Key", "parameter_key", "ParameterKey"].into_iter();
    has_value && names.filter_map(|name| around.get(name)?.as_str()).any(|name| is(&name))
}

fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.contains(&&*plain(name))
}

fn is_key_name(name: &str) -> bool {
    KEY_NAMES.contains(&&*plain(name))
}

/// The places of long-term keys in a text, and whether each is all of it. In a text that is not named as a key the name has
/// to stand before it.
fn keys(text: &Text, named: bool) -> Vec<(Option<Span>, bool)> {
    let mut found = Vec::new();
    let mut before = String::new();
    let alone = text.pieces().count() == 1;
    for piece in text.pieces() {
        let Piece::Literal(literal) = piece else {
            before.push('?');
            continue;
        };
        for (at, key) in key_ids(&literal.text) {
            let start = literal.text.get(..at).unwrap_or_default();
            if named || names_key_at_end(&format!("{before}{start}")) {
                let whole = alone && key.len() == literal.text.len();
                let place = literal.span.map(|span| if literal.exact { span.slice(at, at + key.len()) } else { span });
                found.push((place, whole));
            }
        }
        before.push_str(&literal.text);
    }
    found
}

/// The ids of long-term keys in a text: no placeholders, nor those of AWS's documentation.
fn key_ids(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(KEY_START).filter_map(move |(at, _)| {
        let key = text.get(at..at + KEY_LENGTH)?;
        let rest = key.get(KEY_START.len()..)?;
        let proper = rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let first = rest.chars().next()?;
        let placeholder = rest.chars().all(|c| c == first) || key.ends_with(EXAMPLE);
        let bounded = !text.get(..at)?.ends_with(is_part) && !text.get(at + KEY_LENGTH..)?.starts_with(is_part);
        (proper && bounded && !placeholder).then_some((at, key))
    })
}

/// Whether a text ends with the name of a key's id and what separates it from its value: `AWS_ACCESS_KEY_ID=`.
fn names_key_at_end(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let separator = |c: char| c.is_whitespace() || matches!(c, '=' | ':' | '"' | '\'' | ',' | '>' | '\\');
    let name = line.trim_end_matches(separator);
    let start = name.rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).map_or(0, |at| at + 1);
    name.get(start..).is_some_and(|name| is_key_name(name.trim_start_matches('-')))
}

fn is_secret(text: &str) -> bool {
    text.len() == SECRET_LENGTH && text.chars().all(is_base64) && !text.to_ascii_uppercase().contains(EXAMPLE)
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '+' | '=')
}

fn is_root_profile(profile: &Value) -> Tri {
    let is = |profile: &Value| match profile.as_text() {
        Some(name) => any(ROOT_PROFILES.iter().map(|root| name.equals_ignore_case(root))),
        None if profile.as_unknown().is_some() => Tri::Maybe,
        None => Tri::No,
    };
    decided(profile, &is)
}

fn is_root_arn(role: &Value) -> Tri {
    let is = |role: &Value| match role.as_text() {
        Some(arn) => match arn.known_prefix() {
            (prefix, _) if prefix.starts_with("arn:") || "arn:".starts_with(&prefix) => {
                arn.ends_with_ignore_case(":root")
            }
            _ => Tri::No,
        },
        None if role.as_unknown().is_some() => Tri::Maybe,
        None => Tri::No,
    };
    decided(role, &is)
}

/// The answer for a value, or the one that holds for all that it may be.
fn decided(value: &Value, is: &dyn Fn(&Value) -> Tri) -> Tri {
    match (is(value), value.alternatives()) {
        (Tri::Maybe, Some(all)) if all.iter().all(|value| is(value) == Tri::No) => Tri::No,
        (answer, _) => answer,
    }
}

fn any(answers: impl Iterator<Item = Tri>) -> Tri {
    answers.fold(Tri::No, |all, one| match (all, one) {
        (Tri::Yes, _) | (_, Tri::Yes) => Tri::Yes,
        (Tri::Maybe, _) | (_, Tri::Maybe) => Tri::Maybe,
        _ => Tri::No,
    })
}

//! Where the secrets of access keys end up: which attributes of which resources hold one, and whether it can be read
//! there. The way from the key is the evaluator's: every value carries the credentials that are in it.

use std::sync::Arc;

pub use self::places::Place;
use self::places::Verdict;
use super::{access_key, known_modules, leaves};
use crate::resource::{Block, Mode, Project, Resource, Role, Site};
use crate::text::Tri;
use crate::value::{Credential, Origin, Reason, Symbol, Value};

mod places;

/// How many places of one project are listed.
const MAX_EXPOSURES: usize = 10_000;

/// Attributes of a key that are secrets. `encrypted_secret` is none: only the owner of the `pgp_key` reads it.
const SECRETS: &[(&str, &str)] = &[
    ("aws_iam_access_key", "secret"),
    ("aws_iam_access_key", "ses_smtp_password_v4"),
    ("AWS::IAM::AccessKey", "SecretAccessKey"),
];

/// Data sources that read what another project hands out.
const READERS: &[&str] = &["terraform_remote_state", "aws_ssm_parameter"];

/// A place that holds the secret of an access key, other than one that is made for secrets.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// The resource, output or other block.
    pub site: Site,
    /// Where in it: `environment[0].variables.KEY`.
    pub path: String,
    /// What the place is; nothing is known of it if there is none.
    pub place: Option<Place>,
    /// Where the value is written, and the way it took.
    pub origin: Origin,
    /// The secrets in it.
    pub credentials: Vec<Credential>,
    /// What decides whether the secret can be read there.
    pub unless: Option<Reason>,
    /// Whether Terraform hides the value in what it prints.
    pub hidden: bool,
}

/// The places of a project that hold the secret of an access key.
pub fn read(project: &dyn Project) -> Vec<Exposure> {
    let mut found = Vec::new();
    project.aside(&mut || {
        if may_hold_secrets(project) {
            // A key holds its own secret and no other's.
            let wanted = |kind: &str| !places::is_passed_over(kind) && !access_key::is_key(kind);
            project.visit_drawing_on(&wanted, &is_source, &mut |resource| {
                of_resource(resource, &mut found);
                found.len() < MAX_EXPOSURES
            });
            for block in project.blocks(&|role| !matches!(role, Role::Provider | Role::Backend)) {
                of_block(&block, &mut found);
            }
        }
    });
    found.truncate(MAX_EXPOSURES);
    found
}

/// Whether a project makes a key or reads one from elsewhere: all others need not be evaluated.
fn may_hold_secrets(project: &dyn Project) -> bool {
    let sources = project.resources(&is_source);
    let holds = |resource: &Resource<'_>| match (resource.mode, resource.kind()) {
        (Mode::Managed, kind) => access_key::is_key(kind),
        (Mode::Data, "terraform_remote_state") => has_secret(&resource.get("outputs")),
        (Mode::Data, _) => has_secret(&resource.get("value")),
    };
    sources.iter().any(holds) || project.imports_secret(&is_secret) || makes_key_out_of_sight(project)
}

/// Whether resources of a type have a secret that is not written in their arguments.
fn is_source(kind: &str) -> bool {
    access_key::is_key(kind) || READERS.contains(&kind)
}

/// Whether a module makes a key whose code is not at hand.
fn makes_key_out_of_sight(project: &dyn Project) -> bool {
    project.module_calls(&|source| !known_modules::secrets(source).is_empty()).into_iter().next().is_some()
}

fn is_secret(of: &Symbol) -> bool {
    SECRETS.contains(&(&of.kind, &of.attribute)) || known_modules::secrets(&of.kind).contains(&of.attribute.to_string())
}

fn has_secret(value: &Value) -> bool {
    value.deep_marks().credentials().iter().any(|credential| is_secret(&credential.of))
}

fn of_resource(resource: &Resource<'_>, found: &mut Vec<Exposure>) {
    let mut add = |leaf: Leaf| {
        let of_itself = |credential: &Credential| {
            credential.of.address == resource.site.address && credential.of.project == resource.site.project
        };
        let credentials: Vec<_> = leaf.credentials.into_iter().filter(|secret| !of_itself(secret)).collect();
        if credentials.is_empty() {
            return;
        }
        let (place, unless) = match places::of_attribute(resource.kind(), &leaf.names) {
            Verdict::Safe => return,
            Verdict::Clear(place) => (Some(place), None),
            Verdict::SafeIf(condition, place) => {
                let all = resource.attributes.all();
                match condition.holds(&all) {
                    Tri::Yes => return,
                    Tri::No => (Some(place), None),
                    Tri::Maybe => (Some(place), condition.reason(&all)),
                }
            }
            Verdict::Unknown => (None, None),
        };
        let (origin, hidden) = (leaf.origin, leaf.hidden);
        found.push(Exposure {
            site: resource.site.clone(),
            path: leaf.path,
            place,
            origin,
            credentials,
            unless,
            hidden,
        });
    };
    // One after the other: seen as a whole, each would be read where the resource is declared.
    for name in resource.attributes.written() {
        secrets_in(&resource.get(&name), Some(&name), &mut add);
    }
}

fn of_block(block: &Block, found: &mut Vec<Exposure>) {
    // An output that is sensitive is not in clear: it is in the state, as the key's own attribute is.
    let hidden = block.arguments.fields().and_then(|fields| fields.get("sensitive")?.as_bool());
    if block.role == Role::Output && hidden == Some(true) {
        return;
    }
    let mut add = |leaf: Leaf| {
        if block.role == Role::Provisioner && places::is_credential_of_connection(&leaf.names) {
            return;
        }
        found.push(Exposure {
            site: block.site.clone(),
            path: leaf.path,
            place: places::of_role(block.role),
            origin: leaf.origin,
            credentials: leaf.credentials,
            unless: None,
            hidden: leaf.hidden,
        });
    };
    secrets_in(&block.arguments, None, &mut add);
}

/// The smallest part of a value that holds a secret.
struct Leaf {
    path: String,
    names: Vec<Arc<str>>,
    origin: Origin,
    credentials: Vec<Credential>,
    hidden: bool,
}

fn secrets_in(value: &Value, name: Option<&str>, add: &mut dyn FnMut(Leaf)) {
    leaves::each(value, &has_secret, name, &mut |way, _, leaf| {
        let marks = leaf.deep_marks();
        let secrets = marks.credentials().iter().filter(|credential| is_secret(&credential.of));
        add(Leaf {
            path: leaves::path(way),
            names: leaves::names(way),
            origin: leaf.origin.clone(),
            credentials: secrets.cloned().collect(),
            hidden: marks.is_hidden(),
        });
    });
}

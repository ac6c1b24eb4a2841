//! Keys that Terraform replaces as time passes: the `time` provider's `time_rotating`, and CloudFormation's `Serial`.
//!
//! Measured with Terraform 1.11: once `time_rotating` has expired, it is dropped from the state and made anew. What is
//! made triggers no replacement, so `replace_triggered_by = [time_rotating.x]` never fires
//! (hashicorp/terraform-provider-time#118). What depends on its id is updated or replaced, and that does.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::join::given;
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::aws::access_key;
use crate::finding::{Change, Fix, Term};
use crate::resource::{Presence, Resource, Site};
use crate::source::Span;

const ROTATING: &str = "time_rotating";
const STATIC: &str = "time_static";
const KEY: &str = "aws_iam_access_key";

/// Resources that change when what these arguments mention changes, and so can trigger a replacement.
const CARRIERS: &[(&str, &[&str])] = &[
    (STATIC, &["triggers", "rfc3339"]),
    ("time_offset", &["triggers", "base_rfc3339"]),
    ("terraform_data", &["input", "triggers_replace"]),
    ("null_resource", &["triggers"]),
    ("random_id", &["keepers"]),
    ("random_integer", &["keepers"]),
    ("random_password", &["keepers"]),
    ("random_pet", &["keepers"]),
    ("random_string", &["keepers"]),
    ("random_uuid", &["keepers"]),
];

/// Arguments of a key that Terraform cannot change but by a new key.
const REPLACING: [&str; 2] = ["user", "pgp_key"];

/// Arguments of `time_rotating` that give its period, in minutes; months are counted long.
const PERIODS: [(&str, i64); 5] = [
    ("rotation_minutes", 1),
    ("rotation_hours", 60),
    ("rotation_days", 24 * 60),
    ("rotation_months", 31 * 24 * 60),
    ("rotation_years", 366 * 24 * 60),
];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    kind == ROTATING || CARRIERS.iter().any(|(known, _)| *known == kind)
}

/// What replaces keys as time passes.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let mut all = Vec::new();
    type Says = (Option<Period>, Option<Arc<str>>);
    // What a block says holds for all its instances, and of the resources only those that carry time matter.
    let mut timers: Vec<&Resource<'_>> =
        resources.iter().filter(|resource| wanted(resource.kind()) && resource.kind() != KEY).collect();
    let mut met: HashMap<&Arc<str>, Vec<Says>> = HashMap::new();
    timers.retain(|timer| {
        let says = ((timer.kind() == ROTATING).then(|| period(timer)), access_key::account(&timer.provider));
        let known = met.entry(&timer.site.block).or_default();
        let new = !known.contains(&says);
        if new {
            known.push(says);
        }
        new
    });
    let mut blocks = HashSet::new();
    for key in resources.iter().filter(|key| blocks.insert(&key.site.block)) {
        match key.kind() {
            KEY => time_driven(key, &timers, &mut all),
            "AWS::IAM::AccessKey" if !given(key, "Serial").is_null() => {
                let mut found = of_key(key, "Serial of", key, Period::Unstated);
                found.inert = Some("replaces the key only when someone edits it".into());
                all.push(found);
            }
            _ => {}
        }
    }
    all
}

fn of_key(resource: &Resource<'_>, what: &str, key: &Resource<'_>, period: Period) -> Mechanism {
    mechanism(resource, what, Effect::Rotates, Reach::Keys(vec![Arc::clone(&key.site.block)]), period)
}

fn time_driven(key: &Resource<'_>, timers: &[&Resource<'_>], all: &mut Vec<Mechanism>) {
    for argument in REPLACING {
        for clock in clocks(key, &[argument], timers, CARRIERS.len()) {
            all.push(of_key(clock, "Time-driven replacement by", key, period(clock)));
        }
    }
    for (reference, at) in &key.meta.replace_triggered_by {
        for trigger in timers.iter().copied().filter(|resource| is_meant(resource, reference)) {
            if trigger.kind() == ROTATING {
                let mut found = of_key(trigger, "Replacement by", key, period(trigger));
                found.inert = Some(
                    "never happens: an expired `time_rotating` is made anew, which triggers nothing; put a \
                     `time_static` with its id in `triggers` between them"
                        .into(),
                );
                found.fix = Some(through_a_static(trigger, (reference, *at), timers));
                all.push(found);
            } else if let Some((kind, arguments)) = CARRIERS.iter().find(|(kind, _)| *kind == trigger.kind()) {
                let clocks = clocks(trigger, arguments, timers, CARRIERS.len());
                if clocks.is_empty() && kind.starts_with("time_") {
                    let mut found = of_key(trigger, "Replacement by", key, Period::Unstated);
                    found.inert = Some("never happens: it does not depend on a `time_rotating`".into());
                    found.fix = Some(with_a_trigger(trigger, timers));
                    all.push(found);
                }
                for clock in clocks {
                    all.push(of_key(clock, "Time-driven replacement by", key, period(clock)));
                }
            }
        }
    }
}

/// The module of a resource that is made once; nothing for one of several, or one that may not be made.
fn module(site: &Site) -> Option<&str> {
    let once = site.presence == Presence::Certain && site.address == site.block;
    site.block.strip_suffix(&*local(site)).filter(|_| once)
}

/// The address of a resource in its module.
fn local(site: &Site) -> String {
    format!("{}.{}", site.kind, site.block.rsplit('.').next().unwrap_or_default())
}

fn rotated(clock: &Site) -> Term {
    Term::Map(vec![("rotated".to_owned(), Term::Attribute(local(clock), "id".to_owned()))])
}

/// Puts a `time_static` between `time_rotating` and what a reference to it has replaced.
fn through_a_static(
    clock: &Resource<'_>,
    (reference, at): (&str, Span),
    timers: &[&Resource<'_>],
) -> Result<Fix, String> {
    let Some(home) = module(&clock.site) else {
        return Err("the `time_rotating` is made by `count` or `for_each`".into());
    };
    let statics: Vec<&&Resource<'_>> =
        timers.iter().filter(|timer| timer.kind() == STATIC && timer.site.block.starts_with(home)).collect();
    let passes_on = |timer: &&&&Resource<'_>| {
        let passed = clocks(timer, &["triggers", "rfc3339"], timers, 0);
        module(&timer.site) == Some(home) && passed.iter().any(|passed| passed.site.block == clock.site.block)
    };
    let name = clock.site.block.rsplit('.').next().unwrap_or_default();
    let (to, made) = match statics.iter().find(passes_on) {
        Some(known) => (local(&known.site), None),
        None => {
            let names = [name.to_owned(), format!("{name}_rotated")];
            let taken =
                |name: &String| statics.iter().any(|known| *known.site.block == *format!("{home}{STATIC}.{name}"));
            let name = names.into_iter().find(|name| !taken(name)).ok_or("names for a `time_static` are taken")?;
            let arguments = vec![("triggers", rotated(&clock.site))];
            let made = Change::Resource { beside: clock.site.header, kind: STATIC, name: name.clone(), arguments };
            (format!("{STATIC}.{name}"), Some(made))
        }
    };
    // With its attribute, which a `time_static` may not have.
    let was = reference.strip_prefix(home).unwrap_or(reference).to_owned();
    let text = Change::Text { span: at, was, text: to.clone() };
    Ok(Fix {
        message: format!("let `{to}` carry the time from `{}` to the key", local(&clock.site)),
        changes: made.into_iter().chain([text]).collect(),
    })
}

/// Lets a `time_static` without triggers follow the only `time_rotating` beside it.
fn with_a_trigger(carrier: &Resource<'_>, timers: &[&Resource<'_>]) -> Result<Fix, String> {
    let Some(home) = module(&carrier.site).filter(|_| carrier.kind() == STATIC) else {
        return Err("what it is to follow is for you to say".into());
    };
    let beside = timers.iter().filter(|timer| timer.kind() == ROTATING && module(&timer.site) == Some(home));
    let (Ok([clock]), true) = (
        <[_; 1]>::try_from(beside.collect::<Vec<_>>()),
        given(carrier, "triggers").is_null() && given(carrier, "rfc3339").is_null(),
    ) else {
        return Err("which `time_rotating` it is to follow is for you to say".into());
    };
    let change = Change::Argument { of: carrier.site.header, name: "triggers", value: rotated(&clock.site) };
    let message = format!("let `{}` follow `{}`", local(&carrier.site), local(&clock.site));
    Ok(Fix { message, changes: vec![change] })
}

/// The `time_rotating` resources on which the arguments of a resource depend, through at most `depth` others.
fn clocks<'r, 'p>(
    from: &Resource<'_>,
    arguments: &[&str],
    timers: &[&'r Resource<'p>],
    depth: usize,
) -> Vec<&'r Resource<'p>> {
    let argument = |name: &str| name.split('.').next().is_some_and(|name| arguments.contains(&name));
    let mut found = Vec::new();
    for mention in from.meta.references.iter().filter(|mention| argument(&mention.argument)) {
        for target in timers.iter().copied().filter(|resource| resource.site.block == mention.target) {
            match CARRIERS.iter().find(|(kind, _)| *kind == target.kind()) {
                Some((_, next)) if depth > 0 => found.extend(clocks(target, next, timers, depth - 1)),
                _ if target.kind() == ROTATING => found.push(target),
                _ => {}
            }
        }
    }
    found
}

/// Whether a reference (`module.m.time_static.x.id`, `time_static.x[0]`) means the resource.
fn is_meant(resource: &Resource<'_>, reference: &str) -> bool {
    let rest = reference.strip_prefix(&*resource.site.block);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn period(clock: &Resource<'_>) -> Period {
    // The first that comes round counts.
    let periods = PERIODS.into_iter().map(|(name, minutes)| Period::of(&given(clock, name), minutes, Period::Unstated));
    let periods = periods.filter(|period| *period != Period::Unstated);
    let shortest = periods.reduce(|one, other| if other < one { other } else { one });
    shortest.unwrap_or_else(|| match given(clock, "rotation_rfc3339").is_null() {
        true => Period::Never("says no period".into()),
        false => Period::Never("comes round only once (`rotation_rfc3339`)".into()),
    })
}

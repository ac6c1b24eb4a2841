//! Secrets of access keys in places where they can be read.

use crate::aws::Model;
use crate::aws::exposure::{Exposure, Place};
use crate::finding::{Finding, Findings, Related, Severity, Undecided};
use crate::resource::Presence;
use crate::value::Credential;

pub(super) const ID: &str = "exposed-key-secret";

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    for exposure in model.facts.iter().flat_map(|facts| &facts.exposures) {
        match exposure.place {
            Some(place) => out.push(exposed(exposure, &place)),
            None => undecided(exposure, out),
        }
    }
}

fn exposed(exposure: &Exposure, place: &Place) -> Finding {
    let site = &exposure.site;
    let primary = exposure.origin.primary().unwrap_or(site.header);
    let refused = match &*site.kind {
        "output" if exposure.hidden => " Terraform 0.15 and later refuse such an output until it is sensitive.",
        _ => "",
    };
    let mut related = Related::trail(&exposure.origin, primary);
    for credential in &exposure.credentials {
        let places = [("the secret is read here", credential.read), ("the key", credential.header)];
        for (message, span) in places.into_iter().filter_map(|(message, span)| Some((message, span?))) {
            if span != primary && !related.iter().any(|known| known.span == span) {
                related.push(Related::new(message, span));
            }
        }
    }
    let mut finding = Finding {
        message: format!("{} is in clear in {}: {}.{refused}", secret(exposure), place.what, place.who),
        label: "the secret of a key".into(),
        related,
        discriminators: [without_indexes(&exposure.path)].into(),
        help:
            "keep it in AWS Secrets Manager or in a SecureString parameter, or let the workload assume a role and drop \
               the key; with `pgp_key`, Terraform never sees the secret"
                .into(),
        ..Finding::new(ID, Severity::Medium, primary).about(site)
    };
    let certain = |credential: &&Credential| credential.unless.is_none();
    if !exposure.credentials.iter().any(|credential| certain(&credential)) {
        exposure
            .credentials
            .iter()
            .filter_map(|credential| credential.unless.as_ref())
            .for_each(|reason| finding.rests_on(reason));
    }
    if let Some(reason) = &exposure.unless {
        finding.rests_on(reason);
    }
    if let Presence::Possible(reason) = &site.presence {
        finding.rests_on(reason);
    }
    finding
}

/// Whose secret it is.
fn secret(exposure: &Exposure) -> String {
    let mut keys: Vec<&str> = exposure.credentials.iter().map(|credential| &*credential.of.address).collect();
    keys.dedup();
    match keys.as_slice() {
        [] => "The secret of an access key".into(),
        [key] => format!("The secret of the access key `{key}`"),
        [key, others @ ..] => format!("The secret of the access key `{key}`, and of {} more,", others.len()),
    }
}

/// The path without indexes, which move.
fn without_indexes(path: &str) -> String {
    let parts = path.split('[').enumerate();
    parts.map(|(at, part)| if at == 0 { part } else { part.split_once(']').map_or("", |(_, rest)| rest) }).collect()
}

fn undecided(exposure: &Exposure, out: &mut Findings) {
    let site = &exposure.site;
    let what =
        if exposure.path.is_empty() { site.block.to_string() } else { format!("{}.{}", site.block, exposure.path) };
    out.undecided(Undecided {
        check: ID.into(),
        message: format!(
            "{} goes to `{what}`; whether it can be read there is not known to rootlint",
            secret(exposure).replacen('T', "t", 1)
        ),
        missing: vec![site.block.clone()],
        span: exposure.origin.primary().unwrap_or(site.header),
        blocking: false,
    });
}

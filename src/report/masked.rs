//! Takes strings that must not be shown out of the words of a report.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::shown::HIDDEN;
use crate::finding::{Findings, Witness};

/// The strings, longest first: one may be part of another.
#[derive(Debug, Default)]
pub struct Secrets(Vec<String>);

/// Shorter strings stand in every report by chance.
const SHORTEST: usize = 5;

impl Secrets {
    /// Those of a run.
    pub fn new(secrets: &BTreeSet<String>) -> Self {
        let mut all: Vec<String> = secrets.iter().cloned().collect();
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(all)
    }

    /// Masks a text. A short string stands in many words by chance: it is masked where it is quoted.
    pub fn mask(&self, text: &mut String) {
        for secret in self.0.iter().filter(|secret| !secret.is_empty()) {
            if secret.len() < SHORTEST {
                for quote in ['`', '"'] {
                    let quoted = format!("{quote}{secret}{quote}");
                    if text.contains(&quoted) {
                        *text = text.replace(&quoted, &format!("{quote}{HIDDEN}{quote}"));
                    }
                }
                continue;
            }
            if text.contains(&**secret) {
                // The key of an instance stays one.
                let shown = if secret.starts_with("[\"") { format!("[\"{HIDDEN}\"]") } else { HIDDEN.to_owned() };
                *text = text.replace(&**secret, &shown);
            }
        }
    }

    fn mask_shared(&self, text: &mut Arc<str>) {
        if self.0.iter().any(|secret| text.contains(&**secret)) {
            let mut own = text.to_string();
            self.mask(&mut own);
            *text = own.into();
        }
    }

    /// Masks a request.
    pub fn mask_witness(&self, witness: &mut Witness) {
        witness.account.iter_mut().chain(witness.context.values_mut()).for_each(|text| self.mask(text));
        self.mask(&mut witness.text);
    }

    /// Masks all words of a run.
    pub fn mask_all(&self, found: &mut Findings) {
        if self.0.is_empty() {
            return;
        }
        for finding in &mut found.findings {
            [&mut finding.message, &mut finding.label, &mut finding.help].into_iter().for_each(|text| self.mask(text));
            finding.related.iter_mut().for_each(|related| self.mask(&mut related.message));
            finding.instances.iter_mut().chain(&mut finding.missing).for_each(|text| self.mask_shared(text));
            self.mask_shared(&mut finding.resource);
            finding.witness.iter_mut().for_each(|witness| self.mask_witness(witness));
        }
        for open in &mut found.undecided {
            self.mask(&mut open.message);
            open.missing.iter_mut().for_each(|text| self.mask_shared(text));
        }
        found.errors.iter_mut().chain(&mut found.notes).for_each(|diagnostic| self.mask(&mut diagnostic.message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_goes_first_and_a_key_stays_a_key() {
        let secrets = Secrets::new(&["secret", "very-secret", "[\"key\"]"].map(str::to_owned).into());
        let mut text = "`very-secret` a.b[\"key\"] secret key".to_owned();
        secrets.mask(&mut text);
        assert_eq!(text, "`(sensitive)` a.b[\"(sensitive)\"] (sensitive) key");
    }

    #[test]
    fn a_short_one_is_masked_where_it_is_quoted() {
        let secrets = Secrets::new(&["a", "prod", "hush!"].map(str::to_owned).into());
        let mut text = "a statement `a` of \"prod\" in production, hush!".to_owned();
        secrets.mask(&mut text);
        assert_eq!(text, "a statement `(sensitive)` of \"(sensitive)\" in production, (sensitive)");
    }
}

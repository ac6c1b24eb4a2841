//! The answer of `rootlint policy`.

use annotate_snippets::{Group, Level};
use serde::Serialize;

use super::human::{Page, Style, paragraph, request};
use super::json;
use super::place::{Location, Place, Texts};
use super::shown::{disarm, line, mask_keys};
use super::snippet::{Mark, snippets};
use crate::finding::Witness;

/// Whether root is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Whatever the caller chooses.
    Yes,
    /// Never.
    No,
    /// Not always.
    Conditional,
    /// It depends on what is not known.
    Unknown,
    /// AWS would not accept the document.
    Invalid,
}

/// The answer, with what shows it.
#[derive(Debug)]
pub struct Answer {
    /// Whether root is denied.
    pub outcome: Outcome,
    /// A request that gets through.
    pub witness: Option<Witness>,
    /// Why, in words.
    pub reason: String,
    /// The place that decides.
    pub place: Place,
    /// Further places that decide.
    pub decisive: Vec<(String, Place)>,
    /// The files.
    pub texts: Texts,
}

impl Answer {
    /// As JSON.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            verdict: Outcome,
            witness: Option<&'a Witness>,
            reason: &'a str,
            location: Location<'a>,
        }
        json::text(&Document {
            verdict: self.outcome,
            witness: self.witness.as_ref(),
            reason: &self.reason,
            location: self.place.location(),
        })
    }

    /// For a person.
    pub fn human(&self, style: Style) -> String {
        let (level, title) = match self.outcome {
            Outcome::Yes => (Level::NOTE.with_name("denied"), "root can never create an access key"),
            Outcome::No => (Level::ERROR.with_name("not denied"), "root can create an access key"),
            Outcome::Conditional => {
                (Level::WARNING.with_name("conditional"), "root can create an access key in some requests")
            }
            Outcome::Unknown => (Level::WARNING.with_name("unknown"), "whether root is denied cannot be decided"),
            Outcome::Invalid => (Level::ERROR.with_name("invalid"), "AWS would not accept this policy"),
        };
        let mut marks = vec![Mark::primary(&self.place, "")];
        marks.extend(self.decisive.iter().map(|(text, place)| Mark::related(place, text)));
        let mut group = Group::with_title(level.primary_title(title)).elements(snippets(&self.texts, &marks));
        group = group.element(Level::NOTE.with_name("because").message(paragraph(&line(&self.reason), style)));
        if let Some(witness) = &self.witness {
            group = group.element(Level::NOTE.with_name("gets through").message(paragraph(&request(witness), style)));
        }
        let mut page = Page::new(style);
        page.add(&group);
        mask_keys(&disarm(page.text.trim_end())) + "\n"
    }
}

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

/// Who does what.
#[derive(Debug)]
pub struct Asked {
    /// "root"
    pub who: &'static str,
    /// "create an access key"
    pub what: String,
}

/// To which requests a statement applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Applies {
    /// To every one.
    Always,
    /// To none.
    Never,
    /// To some.
    Sometimes,
    /// That depends on what is not known.
    Unknown,
}

/// A level, statement by statement.
#[derive(Debug)]
pub struct ExplainedLevel {
    /// The level's id.
    pub id: String,
    /// Whether FullAWSAccess is attached.
    pub full_access: bool,
    /// Its statements.
    pub statements: Vec<ExplainedStatement>,
}

/// A statement, and what defeats it.
#[derive(Debug)]
pub struct ExplainedStatement {
    /// `Sid`
    pub sid: Option<String>,
    /// `Allow` or `Deny`.
    pub effect: &'static str,
    /// Where it is.
    pub place: Place,
    /// To which requests it applies.
    pub applies: Applies,
    /// A request to which it does not apply, where it applies to others.
    pub witness: Option<Witness>,
    /// What keeps it from applying.
    pub defeats: Vec<(String, Place)>,
}

/// The answer, with what shows it.
#[derive(Debug)]
pub struct Answer {
    /// Whether root is denied.
    pub outcome: Outcome,
    /// What was asked.
    pub asked: Asked,
    /// A request that gets through.
    pub witness: Option<Witness>,
    /// Why, in words.
    pub reason: String,
    /// The place that decides.
    pub place: Place,
    /// Further places that decide.
    pub decisive: Vec<(String, Place)>,
    /// Every level, if that was asked for.
    pub explained: Option<Vec<ExplainedLevel>>,
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
            #[serde(skip_serializing_if = "Option::is_none")]
            levels: Option<Vec<LevelLine<'a>>>,
        }
        json::text(&Document {
            verdict: self.outcome,
            witness: self.witness.as_ref(),
            reason: &self.reason,
            location: self.place.location(),
            levels: self.explained.as_ref().map(|levels| levels.iter().map(LevelLine::from).collect()),
        })
    }

    /// For a person.
    pub fn human(&self, style: Style) -> String {
        let Asked { who, what } = &self.asked;
        let (level, title) = match self.outcome {
            Outcome::Yes => (Level::NOTE.with_name("denied"), format!("{who} can never {what}")),
            Outcome::No => (Level::ERROR.with_name("not denied"), format!("{who} can {what}")),
            Outcome::Conditional => {
                (Level::WARNING.with_name("conditional"), format!("{who} can {what} in some requests"))
            }
            Outcome::Unknown => {
                (Level::WARNING.with_name("unknown"), format!("whether {who} is denied cannot be decided"))
            }
            Outcome::Invalid => (Level::ERROR.with_name("invalid"), "AWS would not accept this policy".to_owned()),
        };
        let mut marks = vec![Mark::primary(&self.place, "")];
        marks.extend(self.decisive.iter().map(|(text, place)| Mark::related(place, text)));
        let shown = snippets(&self.texts, &marks, style.width);
        let mut group = Group::with_title(level.primary_title(title)).elements(shown.elements);
        group =
            group.element(Level::NOTE.with_name("because").message(paragraph("because", &line(&self.reason), style)));
        if let Some(witness) = &self.witness {
            group = group.element(Level::NOTE.with_name("gets through").message(paragraph(
                "gets through",
                &request(witness),
                style,
            )));
        }
        let mut page = Page::new(style);
        page.add(&group);
        for level in self.explained.iter().flatten() {
            page.text.push_str(&level.human());
        }
        mask_keys(&disarm(page.text.trim_end())) + "\n"
    }
}

#[derive(Serialize)]
struct LevelLine<'a> {
    id: &'a str,
    full_access: bool,
    statements: Vec<StatementLine<'a>>,
}

#[derive(Serialize)]
struct StatementLine<'a> {
    sid: Option<&'a str>,
    effect: &'a str,
    applies: Applies,
    /// A request to which it does not apply.
    witness: Option<&'a Witness>,
    defeats: Vec<DefeatLine<'a>>,
    location: Location<'a>,
}

#[derive(Serialize)]
struct DefeatLine<'a> {
    message: &'a str,
    location: Location<'a>,
}

impl<'a> From<&'a ExplainedLevel> for LevelLine<'a> {
    fn from(level: &'a ExplainedLevel) -> Self {
        let defeat = |(message, place): &'a (String, Place)| DefeatLine {
            message: message.as_str(),
            location: place.location(),
        };
        let statement = |statement: &'a ExplainedStatement| StatementLine {
            sid: statement.sid.as_deref(),
            effect: statement.effect,
            applies: statement.applies,
            witness: statement.witness.as_ref(),
            defeats: statement.defeats.iter().map(defeat).collect(),
            location: statement.place.location(),
        };
        Self {
            id: &level.id,
            full_access: level.full_access,
            statements: level.statements.iter().map(statement).collect(),
        }
    }
}

impl ExplainedLevel {
    fn human(&self) -> String {
        let full = if self.full_access { "with FullAWSAccess" } else { "without FullAWSAccess" };
        let mut text = format!("{}, {full}\n", line(&self.id));
        if self.statements.is_empty() {
            text.push_str("  no other policy\n");
        }
        let at = |place: &Place| format!("{}:{}:{}", place.path, place.start.line, place.start.column);
        for statement in &self.statements {
            let name = statement.sid.as_ref().map_or_else(String::new, |sid| format!(" `{}`", line(sid)));
            let applies = match statement.applies {
                Applies::Always => "applies to every request",
                Applies::Never => "applies to no request",
                Applies::Sometimes => "applies to some requests",
                Applies::Unknown => "may apply or not",
            };
            text.push_str(&format!("  {}: {}{name} {applies}\n", line(&at(&statement.place)), statement.effect));
            for (defeat, place) in &statement.defeats {
                text.push_str(&format!("    {} ({})\n", line(defeat), line(&at(place))));
            }
        }
        text
    }
}

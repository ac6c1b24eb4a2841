//! `rootlint policy`: service control policies from files, and whether they deny root its access key.

use std::time::{SystemTime, UNIX_EPOCH};

use camino::Utf8PathBuf;

use crate::aws::iam::{Account, Attached, Level, Policy, Question, Verdict, decide};
use crate::document::{Scalars, from_node};
use crate::files::{Files, MAX_FILE_BYTES, Memory, read_named};
use crate::report::place::Texts;
use crate::report::policy::{Answer, Outcome};
use crate::source::{Sources, Span};
use crate::syntax::json;
use crate::value::Value;

/// One level as a file describes it.
struct Described {
    id: String,
    policies: Vec<Policy>,
    full_access: bool,
}

/// Why there is nothing to ask: what AWS would reject, and where.
struct Invalid {
    message: String,
    span: Option<Span>,
}

/// Answers for the policies in `files`: several files are one level, and a file with `levels` is the way from the
/// organization's root to an account.
///
/// # Errors
/// In words, when a file cannot be read.
pub fn ask(files: &[Utf8PathBuf]) -> Result<Answer, String> {
    let sources = Sources::default();
    let mut texts = Texts::default();
    let mut levels = Vec::new();
    let mut level = Described { id: "the level".to_owned(), policies: Vec::new(), full_access: true };
    let mut first = None;
    for path in files {
        let bytes = read_named(path, MAX_FILE_BYTES).map_err(|error| format!("{path}: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{path}: is not UTF-8"))?;
        // The file may lie anywhere: its text is kept instead of a path under a root.
        let file = sources.virtual_file(path.as_str(), &text);
        let start = Span::start_of(file);
        texts.load(start, &sources, &Memory::default() as &dyn Files);
        first.get_or_insert(start);
        if let Err(invalid) = read(&text, start, &mut level, &mut levels) {
            let place = texts.place(invalid.span.unwrap_or(start));
            let outcome = Outcome::Invalid;
            return Ok(Answer { outcome, witness: None, reason: invalid.message, place, texts, decisive: Vec::new() });
        }
    }
    if levels.is_empty() || !level.policies.is_empty() {
        levels.push(level);
    }
    let start = first.ok_or("no file is named")?;
    Ok(answer(&levels, start, texts))
}

fn answer(levels: &[Described], start: Span, texts: Texts) -> Answer {
    let levels: Vec<Level<'_>> = levels
        .iter()
        .map(|level| Level {
            id: level.id.clone(),
            policies: level.policies.iter().map(Attached::from).collect(),
            full_access: level.full_access,
        })
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let question = Question::root_key(Account::Any, i64::try_from(now).unwrap_or(i64::MAX));
    let escape_reason = |escape: &crate::aws::iam::Escape| match &escape.closest {
        Some(closest) => {
            (format!("{} comes closest; {}", closest.statement, closest.defeat), closest.defeat_span.or(closest.span))
        }
        None => ("no statement denies it".to_owned(), None),
    };
    let (outcome, witness, reason, span, decisive) = match decide(&levels, &question) {
        Verdict::Denied(decisive) => {
            let reasons: Vec<String> = decisive.iter().map(|decisive| decisive.text.clone()).collect();
            let span = decisive.first().and_then(|decisive| decisive.span);
            let places = decisive.iter().skip(1).filter_map(|one| Some((one.text.clone(), texts.place(one.span?))));
            (Outcome::Yes, None, reasons.join("; "), span, places.collect())
        }
        Verdict::NotDenied(escape) => {
            let (reason, span) = escape_reason(&escape);
            (Outcome::No, Some(escape.witness), reason, span, Vec::new())
        }
        Verdict::Conditional(escape) => {
            let (reason, span) = escape_reason(&escape);
            (Outcome::Conditional, Some(escape.witness), reason, span, Vec::new())
        }
        Verdict::Unknown(reasons) => {
            let words: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            let span = reasons.iter().find_map(|reason| reason.span);
            (Outcome::Unknown, None, words.join("; "), span, Vec::new())
        }
    };
    Answer { outcome, witness, reason, place: texts.place(span.unwrap_or(start)), texts, decisive }
}

fn read(text: &str, start: Span, level: &mut Described, levels: &mut Vec<Described>) -> Result<(), Invalid> {
    let node =
        json::parse(text, start.file).map_err(|error| Invalid { message: error.message, span: Some(error.span) })?;
    let document = from_node(&node, text, Scalars::CloudFormation);
    let described = document.fields().and_then(|fields| fields.get("levels"));
    let Some(described) = described else {
        return policies(&document, &mut level.policies);
    };
    let full_access = |value: &Value| value.fields().and_then(|fields| fields.get("fullAccess")?.as_bool());
    let all = full_access(&document).unwrap_or(true);
    let elements = described.elements().ok_or_else(|| invalid("`levels` must be a list", described))?;
    for element in elements {
        let fields = element.fields().ok_or_else(|| invalid("a level must be an object", element))?;
        let id = fields.get("id").and_then(|id| Some(id.as_str()?.into_owned()));
        let mut described = Described {
            id: id.unwrap_or_else(|| format!("level {}", levels.len() + 1)),
            policies: Vec::new(),
            full_access: full_access(element).unwrap_or(all),
        };
        let inner = fields.get("policies").ok_or_else(|| invalid("a level needs `policies`", element))?;
        policies(inner, &mut described.policies)?;
        levels.push(described);
    }
    Ok(())
}

/// One policy or a list of them.
fn policies(document: &Value, out: &mut Vec<Policy>) -> Result<(), Invalid> {
    let one = std::slice::from_ref(document);
    for document in document.elements().unwrap_or(one) {
        let policy = Policy::parse(document).map_err(|errors| {
            let span = errors.iter().find_map(|error| error.span);
            let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Invalid { message: words.join("; "), span: span.or(document.origin.span) }
        })?;
        out.push(policy);
    }
    Ok(())
}

fn invalid(message: &str, value: &Value) -> Invalid {
    Invalid { message: message.to_owned(), span: value.origin.span }
}

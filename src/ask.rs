//! `rootlint policy`: service control policies from files, and whether they deny root its access key.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::aws::iam::compare::time;
use crate::aws::iam::policy::Effect;
use crate::aws::iam::{
    Account, Attached, CREATE_ACCESS_KEY, Escape, Level, Organization, Place as Stands, Policy, Principal, Question,
    Reach, Verdict, decide, explain,
};
use crate::cli::{self, PrincipalType};
use crate::document::{Scalars, from_node};
use crate::files::{Files, MAX_FILE_BYTES, Memory, read_named};
use crate::input::read_stdin;
use crate::report::place::{Place, Texts};
use crate::report::policy::{Answer, Applies, Asked, ExplainedLevel, ExplainedStatement, Outcome};
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

/// Answers for the policies in the named files: several files are one level, and a file with `levels` is the way from
/// the organization's root to an account.
///
/// # Errors
/// In words, when a file cannot be read or the options do not fit together.
pub fn ask(arguments: &cli::Policy) -> Result<Answer, String> {
    let question = question(arguments)?;
    let sources = Sources::default();
    let mut texts = Texts::default();
    let mut levels = Vec::new();
    let full_access = !arguments.no_full_access;
    let mut level = Described { id: "the level".to_owned(), policies: Vec::new(), full_access };
    let mut first = None;
    for path in &arguments.files {
        let (name, bytes) = match path.as_str() {
            "-" => ("<stdin>", read_stdin()?),
            name => (name, read_named(path, MAX_FILE_BYTES).map_err(|error| format!("{path}: {error}"))?),
        };
        if matches!(path.extension(), Some("tf" | "tofu")) {
            return Err(format!("{path}: is code; `rootlint check` evaluates the policies in it, `policy` reads JSON"));
        }
        let text = String::from_utf8(bytes).map_err(|_| format!("{name}: is not UTF-8"))?;
        // The file may lie anywhere: its text is kept instead of a path under a root.
        let file = sources.virtual_file(name, &text);
        let start = Span::start_of(file);
        texts.load(start, &sources, &Memory::default() as &dyn Files);
        first.get_or_insert(start);
        if let Err(invalid) = read(&text, start, &mut level, &mut levels, full_access) {
            let place = texts.place(invalid.span.unwrap_or(start));
            return Ok(Answer {
                outcome: Outcome::Invalid,
                asked: asked(&question),
                witness: None,
                reason: invalid.message,
                place,
                texts,
                decisive: Vec::new(),
                explained: None,
            });
        }
    }
    if levels.is_empty() || !level.policies.is_empty() {
        levels.push(level);
    }
    let start = first.ok_or("no file is named")?;
    Ok(answer(&levels, start, texts, &question, arguments.explain))
}

/// The question that the options ask.
fn question(arguments: &cli::Policy) -> Result<Question, String> {
    let now = match &arguments.now {
        Some(date) => time(date).ok_or_else(|| format!("--now {date}: expected a date like 2027-01-31"))? as i64,
        None => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            i64::try_from(now).unwrap_or(i64::MAX)
        }
    };
    let id = arguments.org_path.as_deref().and_then(|path| path.split('/').next());
    if let (Some(path), Some(id)) = (id, &arguments.org_id)
        && path != id
    {
        return Err(format!("--org-path is in {path}, --org-id is {id}"));
    }
    let mut question = Question {
        principal: match arguments.principal_type {
            PrincipalType::Root => Principal::Root,
            PrincipalType::User => Principal::User,
            PrincipalType::Role => Principal::Role,
        },
        account: arguments.account.clone().map_or(Account::Any, Account::Known),
        partition: arguments.partition.clone(),
        organization: arguments.org_id.as_deref().or(id).map(|id| Organization::Known(id.to_owned())),
        place: arguments.org_path.clone().map_or(Stands::Any, Stands::Known),
        action: arguments.action.clone(),
        resource: arguments.resource.clone(),
        now,
    };
    if let Some(named) = question.resource_account().filter(|_| question.is_own_service()).map(str::to_owned) {
        match &question.account {
            Account::Any => question.account = Account::Known(named),
            Account::Known(account) if *account != named => {
                return Err(format!(
                    "--resource is in {named}, --account is {account}: IAM only knows its own account"
                ));
            }
            Account::Known(_) => {}
        }
    }
    if question.principal == Principal::Role && question.resource.is_none() {
        return Err("--principal-type role needs --resource: a role is not what it acts on".to_owned());
    }
    Ok(question)
}

/// Who does what, in words.
fn asked(question: &Question) -> Asked {
    let who = match question.principal {
        Principal::Root => "root",
        Principal::User => "an IAM user",
        Principal::Role => "a role",
    };
    let is_key = question.action.eq_ignore_ascii_case(CREATE_ACCESS_KEY) && question.resource.is_none();
    let what = if is_key { "create an access key".to_owned() } else { format!("call {}", question.action) };
    Asked { who, what }
}

fn answer(levels: &[Described], start: Span, texts: Texts, question: &Question, explain: bool) -> Answer {
    let levels: Vec<Level<'_>> = levels
        .iter()
        .map(|level| Level {
            id: level.id.clone(),
            policies: level.policies.iter().map(Attached::from).collect(),
            full_access: level.full_access,
        })
        .collect();
    let escape_reason = |escape: &Escape| match &escape.closest {
        Some(closest) => {
            (format!("{} comes closest; {}", closest.statement, closest.defeat), closest.defeat_span.or(closest.span))
        }
        None => ("no statement denies it".to_owned(), None),
    };
    let (outcome, witness, reason, span, decisive) = match decide(&levels, question) {
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
    let explained = explain.then(|| explained(&levels, question, &texts, start));
    let place = texts.place(span.unwrap_or(start));
    Answer { outcome, asked: asked(question), witness, reason, place, texts, decisive, explained }
}

/// Every level with its statements.
fn explained(levels: &[Level<'_>], question: &Question, texts: &Texts, start: Span) -> Vec<ExplainedLevel> {
    let mut all: Vec<ExplainedLevel> = levels
        .iter()
        .map(|level| ExplainedLevel { id: level.id.clone(), full_access: level.full_access, statements: Vec::new() })
        .collect();
    for found in explain(levels, question) {
        let (applies, witness, reasons) = match found.reach {
            Reach::Always => (Applies::Always, None, Vec::new()),
            Reach::Never => (Applies::Never, None, Vec::new()),
            Reach::Sometimes(witness) => (Applies::Sometimes, Some(*witness), Vec::new()),
            Reach::Unknown(reasons) => (Applies::Unknown, None, reasons),
        };
        let place = |span: Option<Span>| texts.place(span.unwrap_or(start));
        let mut defeats: Vec<(String, Place)> =
            found.defeats.into_iter().map(|(text, span)| (text, place(span.or(found.statement.span)))).collect();
        if defeats.is_empty() {
            defeats
                .extend(reasons.iter().map(|reason| (reason.to_string(), place(reason.span.or(found.statement.span)))));
        }
        let statement = ExplainedStatement {
            sid: found.statement.sid.clone(),
            effect: match &found.statement.effect {
                Effect::Allow => "Allow",
                Effect::Deny => "Deny",
                Effect::Unknown(_) => "unknown",
            },
            place: place(found.statement.span),
            applies,
            witness,
            defeats,
        };
        if let Some(level) = all.get_mut(found.level) {
            level.statements.push(statement);
        }
    }
    all
}

fn read(
    text: &str,
    start: Span,
    level: &mut Described,
    levels: &mut Vec<Described>,
    attached: bool,
) -> Result<(), Invalid> {
    let node =
        json::parse(text, start.file).map_err(|error| Invalid { message: error.message, span: Some(error.span) })?;
    let document = from_node(&node, text, Scalars::CloudFormation);
    let described = document.fields().and_then(|fields| fields.get("levels"));
    let Some(described) = described else {
        return policies(&document, &mut level.policies);
    };
    let full_access = |value: &Value| value.fields().and_then(|fields| fields.get("fullAccess")?.as_bool());
    let all = attached && full_access(&document).unwrap_or(true);
    let elements = described.elements().ok_or_else(|| invalid("`levels` must be a list", described))?;
    for element in elements {
        let fields = element.fields().ok_or_else(|| invalid("a level must be an object", element))?;
        let id = fields.get("id").and_then(|id| Some(id.as_str()?.into_owned()));
        let mut described = Described {
            id: id.unwrap_or_else(|| format!("level {}", levels.len() + 1)),
            policies: Vec::new(),
            full_access: attached && full_access(element).unwrap_or(all),
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
        // A policy may come with its name: `{"name": ..., "policy": ...}`.
        let wrapped = document.fields().filter(|fields| fields.get("Statement").is_none());
        let document = wrapped.and_then(|fields| fields.get("policy")).unwrap_or(document);
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

//! What other repositories declare: their facts become projects beside those of the scan, and what rests on them says so.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::Options;
use crate::aws::iam::Verdict;
use crate::aws::organization::Resolved;
use crate::aws::{Facts, Model};
use crate::facts::{self, Joined, Repository, States, Told};
use crate::finding::{Diagnostic, Findings, Related};
use crate::resource::Project;
use crate::source::{Position, Sources, Span, Spot};

/// How many repositories a note names.
const NAMED: usize = 5;

/// How many digits of a commit are shown.
const SHORT: usize = 8;

/// Puts the projects of other repositories beside those of the scan.
pub(super) fn join(
    here: Vec<(Facts, Option<Told>)>,
    mut states: States,
    options: &Options,
    sources: &Sources,
    out: &mut Findings,
) -> Vec<Facts> {
    for (facts, told) in &here {
        told.iter().for_each(|told| states.add(&facts.project, told));
    }
    let here = here.into_iter().map(|(facts, _)| facts).collect();
    let Some(joined) = &options.facts else { return here };
    for problem in joined.problems() {
        let at = Position { line: problem.line, column: 1 };
        let span = sources.spot(Spot { path: problem.file.as_path().into(), start: at, end: at });
        out.errors.push(Diagnostic::new(problem.code, problem.message, span));
    }
    let whole = nowhere(sources);
    for name in joined.headless() {
        let message =
            format!("the facts of {name} have no first line, which says when they were taken: they are not used");
        out.errors.push(Diagnostic::new("facts-incomplete", message, whole));
    }
    let is_here = |known: &Repository<'_>| options.repository.as_deref() == Some(known.name);
    let repositories: Vec<Repository<'_>> = joined.repositories().collect();
    let read = |repository: &Repository<'_>| {
        let mut problems = Vec::new();
        let facts = facts::projects(repository, &states, sources, &mut |problem| problems.push(problem));
        (facts, problems)
    };
    let others: Vec<&Repository<'_>> = repositories.iter().filter(|known| !is_here(known)).collect();
    let all: Vec<_> = others.par_iter().map(|repository| read(repository)).collect();
    let mut together: Vec<Facts> = here;
    for (repository, (facts, problems)) in others.iter().zip(all) {
        for problem in problems.into_iter().collect::<BTreeSet<_>>() {
            let message = format!("a line of the facts of {} cannot be used: {problem}", shown(repository));
            out.errors.push(Diagnostic::new("facts-syntax", message, whole));
        }
        together.extend(facts);
    }
    together.sort_by(|a, b| a.project.cmp(&b.project));
    about(&repositories, &is_here, options, whole, out);
    together
}

/// The states that the projects of other repositories keep.
pub(super) fn states(options: &Options, sources: &Sources) -> States {
    match &options.facts {
        Some(joined) => States::of(joined, options.repository.as_deref(), sources),
        None => States::default(),
    }
}

/// What a project tells of its state, if somebody may read it.
pub(super) fn told(project: &dyn Project, options: &Options) -> Option<Told> {
    options.facts.as_ref().and_then(|_| Told::of(project))
}

/// Where what is about all facts is reported: which files they came in makes no difference.
fn nowhere(sources: &Sources) -> Span {
    Span::start_of(sources.virtual_file("<facts>", ""))
}

/// The name of a repository with its commit.
fn shown(repository: &Repository<'_>) -> String {
    match repository.commit {
        Some(commit) => format!("{} at {}", repository.name, commit.get(..SHORT).unwrap_or(commit)),
        None => repository.name.to_owned(),
    }
}

/// Says which facts are used, how old they are, and what is missing of them.
fn about(
    repositories: &[Repository<'_>],
    is_here: &dyn Fn(&Repository<'_>) -> bool,
    options: &Options,
    whole: Span,
    out: &mut Findings,
) {
    let mut note = |code, message: String| out.notes.push(Diagnostic::new(code, message, whole));
    let age = |repository: &Repository<'_>| days(repository.age_days(options.now));
    let used: Vec<&Repository<'_>> = repositories.iter().filter(|known| !is_here(known)).collect();
    if let Some(oldest) = used.iter().min_by_key(|known| (known.time, known.name)) {
        let count = if used.len() == 1 { "1 repository".to_owned() } else { format!("{} repositories", used.len()) };
        note(
            "facts-used",
            format!("facts of {count} are joined; the oldest, of {}, are of {}", shown(oldest), age(oldest)),
        );
    }
    for known in repositories.iter().filter(|known| is_here(known)) {
        note("facts-here", format!("the facts of {} are not used: its files are looked at", shown(known)));
    }
    for known in used.iter().filter(|known| known.others > 0) {
        let others =
            if known.others == 1 { "another scan".to_owned() } else { format!("{} other scans", known.others) };
        let message =
            format!("there are facts of {others} of {}: those of {}, {}, count", known.name, shown(known), age(known));
        note("facts-conflict", message);
    }
    for known in &used {
        if let Some(first) = known.errors().first() {
            let count = known.errors().len();
            let message = format!(
                "the scan of {} could not read everything: {count} errors, the first of them {} in {}:{}",
                shown(known),
                first.code,
                first.path,
                first.line
            );
            note("facts-with-errors", message);
        }
    }
    for known in used.iter().filter(|known| known.missing() > 0) {
        let message = format!("{} lines of the facts of {} are missing", known.missing(), shown(known));
        out.errors.push(Diagnostic::new("facts-incomplete", message, whole));
    }
}

fn days(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        more => format!("{more} days ago"),
    }
}

/// Leaves what is about this repository, unless all are asked about, and tells how old what it rests on is.
pub(super) fn only_here(model: &Model<'_>, options: &Options, sources: &Sources, out: &mut Findings) {
    let Some(joined) = &options.facts else { return };
    conflicts(model, sources, out);
    if !options.everywhere {
        let is_abroad = |span: Span| sources.is_abroad(span.file);
        let before = out.findings.len() + out.undecided.len();
        out.findings.retain(|finding| !is_abroad(finding.primary));
        out.undecided.retain(|open| !is_abroad(open.span));
        let left = before - out.findings.len() - out.undecided.len();
        if left > 0 {
            let lie = if left == 1 { "1 result lies".to_owned() } else { format!("{left} results lie") };
            let message = format!("{lie} in other repositories: --everywhere shows them, and all else there");
            out.notes.push(Diagnostic::new("facts-elsewhere", message, nowhere(sources)));
        }
    }
    for finding in &mut out.findings {
        for related in &mut finding.related {
            dated(related, joined, options, sources);
        }
    }
    told_of_denials(model, options, sources, out);
}

/// Says of a place in another repository at which commit, and when, it was there.
fn dated(related: &mut Related, joined: &Joined, options: &Options, sources: &Sources) {
    if !sources.is_abroad(related.span.file) {
        return;
    }
    let path = sources.path(related.span.file);
    let name = path.as_str().split("//").next().unwrap_or_default();
    if let Some(repository) = joined.repository(name) {
        let age = days(repository.age_days(options.now));
        related.message = format!("{} ({}, scanned {age})", related.message, shown(&repository));
    }
}

/// Says of an organization that is declared here what of another repository denies its root users a key.
fn told_of_denials(model: &Model<'_>, options: &Options, sources: &Sources, out: &mut Findings) {
    let is_abroad = |span: Span| sources.is_abroad(span.file);
    let asked = |organization: &&Resolved| options.everywhere || !is_abroad(organization.anchor);
    for organization in model.organizations().iter().filter(asked) {
        let mut told = BTreeSet::new();
        for target in &organization.targets {
            let Verdict::Denied(decisive) = &target.verdict else { continue };
            for decisive in decisive {
                let Some(span) = decisive.span.filter(|span| is_abroad(*span) != is_abroad(organization.anchor)) else {
                    continue;
                };
                if told.len() < NAMED && told.insert((decisive.text.clone(), span.start)) {
                    let message = format!("in `{}`, this denies root a key: {}", organization.name, decisive.text);
                    out.note(Diagnostic::new("denied-by-facts", message, span));
                }
            }
        }
    }
}

/// What two repositories say differently of one thing.
fn conflicts(model: &Model<'_>, sources: &Sources, out: &mut Findings) {
    use std::collections::BTreeMap;
    let mut parents: BTreeMap<&str, BTreeMap<&str, Span>> = BTreeMap::new();
    let mut managers: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for facts in model.facts {
        for account in &facts.organization.accounts {
            let Some(parent) = &account.parent else { continue };
            if let (Some(id), Some(parent)) = (&account.id.literal, &parent.literal) {
                parents.entry(id).or_default().entry(parent).or_insert(account.site.header);
            }
        }
        for organization in &facts.organization.organizations {
            if let Some(root) = &organization.root.literal
                && organization.mode == crate::resource::Mode::Managed
            {
                managers.entry(root).or_default().push(organization.site.header);
            }
        }
    }
    let mut note = |message: String, span: Span| out.notes.push(Diagnostic::new("facts-conflict", message, span));
    let from_abroad = |mut spans: std::slice::Iter<'_, Span>| spans.any(|span| sources.is_abroad(span.file));
    for (account, places) in parents.iter().filter(|(_, places)| places.len() > 1) {
        if from_abroad(places.values().copied().collect::<Vec<_>>().iter()) {
            let list: Vec<&str> = places.keys().copied().collect();
            for span in places.values() {
                note(format!("the account {account} stands in several places: {}", list.join(", ")), *span);
            }
        }
    }
    for (root, spans) in managers.iter().filter(|(_, spans)| spans.len() > 1) {
        if from_abroad(spans.iter()) {
            for span in spans {
                note(format!("the organization with the root {root} is managed in {} places", spans.len()), *span);
            }
        }
    }
}

//! `rootlint org`: what the AWS layer says of organizations, put into trees with places.

use std::collections::{HashMap, HashSet};

use crate::aws::Elsewhere;
use crate::aws::iam::{Escape, Verdict};
use crate::aws::organization::{Above, Resolved, Target, TargetKind};
use crate::files::Files;
use crate::finding::Findings;
use crate::report::masked::Secrets;
use crate::report::org::{Answer, Mark, Node, Tree};
use crate::report::place::Texts;
use crate::source::{Sources, Span};

/// The trees of organizations, and what could not be read.
pub fn answer(
    organizations: &[Resolved],
    elsewhere: Option<&Elsewhere>,
    found: &Findings,
    sources: &Sources,
    files: &dyn Files,
) -> Answer {
    let mut placed = Placed { texts: Texts::default(), sources, files };
    // A policy module for any target shows nothing of an organization.
    let in_view = organizations.iter().filter(|one| one.root.is_some() || !one.targets.is_empty());
    let trees = in_view.map(|organization| tree(organization, elsewhere, &mut placed)).collect();
    let mut all: Vec<_> =
        found.errors.iter().map(|error| (error.code, error.message.clone(), placed.place(error.span))).collect();
    all.sort_by(|a, b| (a.2.order(), &a.1).cmp(&(b.2.order(), &b.1)));
    let mut answer = Answer { trees, errors: all };
    answer.mask(&Secrets::new(&found.secrets));
    answer
}

struct Placed<'a> {
    texts: Texts,
    sources: &'a Sources,
    files: &'a dyn Files,
}

impl Placed<'_> {
    fn place(&mut self, span: Span) -> crate::report::place::Place {
        self.texts.load(span, self.sources, self.files);
        self.texts.place(span)
    }
}

fn tree(organization: &Resolved, elsewhere: Option<&Elsewhere>, placed: &mut Placed<'_>) -> Tree {
    let mut notes: Vec<String> = Vec::new();
    notes.extend(organization.ineffective.iter().map(|off| format!("policies have no effect: {}", off.message)));
    notes.extend(organization.assumption.iter().map(|reason| format!("assumed: {reason}")));
    notes.extend(elsewhere.map(|elsewhere| format!("rootlint.toml says: {}", elsewhere.reason)));
    let strangers = organization.strangers.iter();
    notes.extend(strangers.map(|site| format!("`{}` reads this organization or another", site.address)));
    let mut nodes = Nodes { placed, all: Vec::new() };
    nodes.all.push(Node {
        kind: "management-account",
        name: "the management account".into(),
        parent: None,
        depth: 0,
        mark: Mark::Never,
        reason: "no service control policy applies to it: no key, MFA, and an alarm on root's use".into(),
        witness: None,
        place: None,
        decided: None,
    });
    let mut below: HashMap<&str, Vec<&Target>> = HashMap::new();
    let mut under_root = Vec::new();
    let mut outside: Vec<(&str, Vec<&Target>)> = Vec::new();
    let units: HashSet<&str> = organization.targets.iter().map(|target| &*target.key).collect();
    for target in organization.targets.iter().filter(|target| target.kind != TargetKind::Root) {
        let place = match &target.above {
            Above::Root | Above::Nothing => &mut under_root,
            Above::Unit(key) if units.contains(&**key) => below.entry(key).or_default(),
            Above::Unit(name) | Above::Outside(name) => match outside.iter().position(|(known, _)| known == name) {
                Some(at) => match outside.get_mut(at) {
                    Some((_, targets)) => targets,
                    None => continue,
                },
                None => {
                    outside.push((name, Vec::new()));
                    match outside.last_mut() {
                        Some((_, targets)) => targets,
                        None => continue,
                    }
                }
            },
        };
        place.push(target);
    }
    let mut left: HashSet<*const Target> = organization.targets.iter().map(|target| target as *const Target).collect();
    if let Some(root) = &organization.root {
        let is_asked = organization.targets.iter().any(|target| target.kind == TargetKind::Root);
        let at = nodes.add(root, None, 0, is_asked);
        nodes.below(&under_root, at, 1, &below, &mut left);
    } else {
        outside.push(("the root", under_root));
    }
    for (name, targets) in &outside {
        if targets.is_empty() {
            continue;
        }
        let at = nodes.all.len();
        nodes.all.push(Node {
            kind: "outside",
            name: (*name).to_owned(),
            parent: None,
            depth: 0,
            mark: Mark::Passed,
            reason: "what is attached here and above is not in the scan".into(),
            witness: None,
            place: None,
            decided: None,
        });
        nodes.below(targets, at, 1, &below, &mut left);
    }
    // Units that stand under each other in a circle are under no root.
    let rest: Vec<&Target> = organization
        .targets
        .iter()
        .filter(|target| target.kind != TargetKind::Root && left.contains(&(*target as *const Target)))
        .collect();
    for target in rest {
        nodes.add(target, None, 0, true);
    }
    Tree {
        name: organization.name.to_string(),
        projects: organization.projects.iter().map(ToString::to_string).collect(),
        managed: organization.managed,
        notes,
        nodes: nodes.all,
    }
}

struct Nodes<'p, 'a> {
    placed: &'p mut Placed<'a>,
    all: Vec<Node>,
}

impl Nodes<'_, '_> {
    /// Adds targets and all that stand under them, each before its own.
    fn below<'t>(
        &mut self,
        targets: &[&'t Target],
        parent: usize,
        depth: usize,
        below: &HashMap<&str, Vec<&'t Target>>,
        left: &mut HashSet<*const Target>,
    ) {
        let mut open: Vec<(&Target, usize, usize)> =
            targets.iter().rev().map(|target| (*target, parent, depth)).collect();
        while let Some((target, parent, depth)) = open.pop() {
            if !left.remove(&(target as *const Target)) {
                continue;
            }
            let at = self.add(target, Some(parent), depth, true);
            let inner = below.get(&*target.key).filter(|_| target.kind == TargetKind::Unit);
            open.extend(inner.into_iter().flatten().rev().map(|inner| (*inner, at, depth + 1)));
        }
    }

    fn add(&mut self, target: &Target, parent: Option<usize>, depth: usize, is_asked: bool) -> usize {
        let (mut mark, mut reason, witness, mut decided) = said(&target.verdict);
        if !is_asked && mark != Mark::Denied {
            (mark, decided) = (Mark::Passed, None);
            reason = "what is attached to the root alone does not deny it; no account is known to stand here".into();
        }
        if let Some(unit) = target.cut.as_ref().filter(|_| mark != Mark::Denied) {
            (mark, decided) = (Mark::Unknown, None);
            reason = format!("policies of {unit} and above are not in the scan");
        }
        if let Some(doubt) = &target.doubt {
            reason = format!("{reason} (it may not exist: {doubt})");
        }
        if let Some(exempt) = &target.exempt {
            (mark, reason, decided) = (Mark::Exempt, format!("rootlint.toml says: {exempt}"), None);
        }
        let kind = match target.kind {
            TargetKind::Root => "root",
            TargetKind::Unit => "unit",
            TargetKind::Account => "account",
        };
        let witness = witness.filter(|_| matches!(mark, Mark::NotDenied | Mark::Conditional));
        let place = target.span.map(|span| self.placed.place(span));
        let decided = decided.map(|span| self.placed.place(span));
        let name = target.name.clone();
        self.all.push(Node { kind, name, parent, depth, mark, reason, witness, place, decided });
        self.all.len() - 1
    }
}

type Said = (Mark, String, Option<crate::finding::Witness>, Option<Span>);

/// A verdict in words, and where it is decided.
fn said(verdict: &Verdict) -> Said {
    let open = |escape: &Escape, mark: Mark| {
        let (reason, span) = match &escape.closest {
            Some(closest) => {
                let reason = format!("{} comes closest, but {}", closest.statement, closest.defeat);
                (reason, closest.defeat_span.or(closest.span))
            }
            None if mark == Mark::Conditional => ("some requests get through".to_owned(), None),
            None => ("no statement denies it".to_owned(), None),
        };
        (mark, format!("{}; {reason}", escape.witness.text), Some(escape.witness.clone()), span)
    };
    match verdict {
        Verdict::Denied(decisive) => {
            let words: Vec<&str> = decisive.iter().map(|decisive| &*decisive.text).collect();
            (Mark::Denied, words.join("; "), None, decisive.iter().find_map(|decisive| decisive.span))
        }
        Verdict::NotDenied(escape) => open(escape, Mark::NotDenied),
        Verdict::Conditional(escape) => open(escape, Mark::Conditional),
        Verdict::Unknown(missing) => {
            let words: Vec<String> = missing.iter().map(ToString::to_string).collect();
            (Mark::Unknown, words.join("; "), None, missing.iter().find_map(|reason| reason.span))
        }
    }
}

//! Waivers: findings that somebody has decided to let be, with a reason, where everybody can read it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobMatcher;
use jiff::civil::Date;
use memchr::memmem;

use self::index::Index;
use crate::config::{Config, ConfiguredWaiver};
use crate::files::{FileError, Files, Kind, Listing, MAX_FILE_BYTES};
use crate::finding::{Finding, Waived};
use crate::source::{Sources, Span};

pub mod directive;
mod index;
mod places;

/// What a file without waivers does not hold.
const WORD: &[u8] = b"rootlint";

/// A waiver.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The checks whose findings it waives.
    pub checks: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds (UTC).
    pub until: Option<Date>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// Where it stands.
    pub span: Span,
    scope: Scope,
}

#[derive(Clone, Debug)]
enum Scope {
    /// What lies here, or belongs to a block or a module call whose header lies here.
    Reach(Span),
    /// What lies in these paths and has these addresses.
    Named { path: Option<GlobMatcher>, address: Option<GlobMatcher> },
}

/// All waivers of a run.
#[derive(Debug, Default)]
pub struct Waivers {
    /// Those that can be understood.
    pub all: Vec<Waiver>,
    /// What is wrong with the others, and where.
    pub invalid: Vec<(String, Span)>,
    /// Those that do not count, since they are not in what waivers are taken from.
    pub foreign: Vec<Span>,
}

/// What waivers did.
#[derive(Debug)]
pub struct Applied<'a> {
    /// All waivers.
    pub waivers: &'a Waivers,
    /// Those whose last day is over.
    pub expired: Vec<&'a Waiver>,
    /// Those that waived nothing, where everything was looked at.
    pub unused: Vec<&'a Waiver>,
}

impl Waivers {
    /// Collects the waivers in the files that may hold one and in the configuration. With `base`, one in a file counts only
    /// if the same one stands at the same place there.
    pub fn collect(
        marked: &Marked<'_>,
        base: Option<&dyn Files>,
        config: &Config,
        sources: &Sources,
        known: &[&str],
    ) -> Self {
        let mut waivers = Self::default();
        for path in marked.paths() {
            let Some(text) = read(marked.files, &path) else { continue };
            let file = sources.file(&path);
            let before = base.map(|base| read(base, &path).unwrap_or_default());
            let mut before = before.map(|text| counted(&places::in_file(path.as_str(), &text, file, known)));
            for found in places::in_file(path.as_str(), &text, file, known) {
                let stands = match &mut before {
                    None => true,
                    Some(before) => match before.get_mut(&identity(&found)) {
                        Some(left @ 1..) => {
                            *left -= 1;
                            true
                        }
                        _ => false,
                    },
                };
                match found.directive {
                    _ if !stands => waivers.foreign.push(found.span),
                    Err(problem) => waivers.invalid.push((problem.message, found.span)),
                    Ok(directive) => waivers.all.push(Waiver {
                        checks: directive.checks,
                        reason: directive.reason,
                        until: directive.until,
                        owner: directive.owner,
                        span: found.span,
                        scope: Scope::Reach(found.reach),
                    }),
                }
            }
        }
        waivers.configured(config, sources, known);
        waivers
    }

    fn configured(&mut self, config: &Config, sources: &Sources, known: &[&str]) {
        for waiver in &config.waivers {
            let ConfiguredWaiver { checks, path, address, reason, until, owner, range } = waiver;
            let unknown = checks.iter().find(|check| !known.contains(&check.text.as_str()));
            if let Some(check) = unknown {
                let message = directive::unknown_check(&check.text, known);
                self.invalid.push((message, config.span(&check.range, sources)));
                continue;
            }
            self.all.push(Waiver {
                checks: checks.iter().map(|check| check.text.clone()).collect(),
                reason: reason.clone(),
                until: *until,
                owner: owner.clone(),
                span: config.span(range, sources),
                scope: Scope::Named { path: path.clone(), address: address.clone() },
            });
        }
    }

    /// Waives what is waived. `everything` says that the whole repository was looked at: a waiver without a finding is
    /// then of no use.
    pub fn apply(&self, findings: &mut [Finding], sources: &Sources, today: Date, everything: bool) -> Applied<'_> {
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let index = Index::of(&self.all);
        for finding in findings {
            // The first one speaks; all that mean the finding are of use.
            let near = index.near(finding).into_iter().filter_map(|at| Some((at, self.all.get(at)?)));
            let all: Vec<(usize, &Waiver)> = near.filter(|(_, waiver)| waiver.means(finding, sources)).collect();
            used.extend(all.iter().map(|(index, _)| *index));
            let holds = all.iter().map(|(_, waiver)| *waiver).find(|waiver| !waiver.is_over(today));
            finding.waived = holds.map(|waiver| Waived {
                reason: waiver.reason.clone(),
                owner: waiver.owner.clone(),
                until: waiver.until.map(|until| until.to_string()),
                span: waiver.span,
            });
        }
        let expired = self.all.iter().filter(|waiver| waiver.is_over(today)).collect();
        let unused =
            self.all.iter().enumerate().filter(|(index, waiver)| !used.contains(index) && !waiver.is_over(today));
        let unused = unused.map(|(_, waiver)| waiver).filter(|_| everything).collect();
        Applied { waivers: self, expired, unused }
    }
}

impl Waiver {
    fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    fn means(&self, finding: &Finding, sources: &Sources) -> bool {
        if !self.checks.iter().any(|check| *check == finding.check) {
            return false;
        }
        match &self.scope {
            Scope::Reach(reach) => {
                let meets = |span: &Span| {
                    span.file == reach.file && span.start < reach.end && reach.start < span.end.max(span.start + 1)
                };
                meets(&finding.primary) || finding.anchors.iter().any(meets)
            }
            Scope::Named { path, address } => {
                let lies = |glob: &GlobMatcher| glob.is_match(&*sources.path(finding.primary.file));
                let named = |glob: &GlobMatcher| {
                    glob.is_match(&*finding.resource) || finding.instances.iter().any(|one| glob.is_match(&**one))
                };
                path.as_ref().is_none_or(lies) && address.as_ref().is_none_or(named)
            }
        }
    }
}

/// What makes a waiver the same in another version of its file.
fn identity(found: &places::Found) -> (String, String) {
    (format!("{:?}", found.directive), found.anchor.clone())
}

fn counted(found: &[places::Found]) -> HashMap<(String, String), usize> {
    let mut counts = HashMap::new();
    for found in found {
        *counts.entry(identity(found)).or_insert(0) += 1;
    }
    counts
}

fn read(files: &dyn Files, path: &Utf8Path) -> Option<String> {
    String::from_utf8(files.read(path, MAX_FILE_BYTES).ok()?).ok()
}

/// Files that remember which of them were read and may hold a waiver: nothing is read twice to find out.
pub struct Marked<'a> {
    files: &'a dyn Files,
    paths: Mutex<BTreeSet<Utf8PathBuf>>,
}

impl<'a> Marked<'a> {
    /// The same files.
    pub fn new(files: &'a dyn Files) -> Self {
        Self { files, paths: Mutex::default() }
    }

    fn paths(&self) -> BTreeSet<Utf8PathBuf> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for Marked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Marked").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Files for Marked<'_> {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        self.files.list(folder)
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        self.files.resolve(path)
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let bytes = self.files.read(path, limit)?;
        if memmem::find(&bytes, WORD).is_some()
            && let Ok((real, Kind::File)) = self.files.resolve(path)
        {
            self.paths.lock().unwrap_or_else(PoisonError::into_inner).insert(real);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;

//! Which waivers may mean a finding, found without trying each: a repository may have thousands of both.

use std::collections::{BTreeSet, HashMap};

use super::{Scope, Waiver};
use crate::finding::Finding;
use crate::source::{FileId, Span};

/// The waivers of all files, in the order of where their reach starts.
pub(super) struct Index {
    files: HashMap<FileId, Vec<Reach>>,
    /// Those of the configuration, which may mean anything.
    named: Vec<usize>,
}

/// Where a waiver reaches.
struct Reach {
    span: Span,
    /// The furthest end of this and all that start before it.
    furthest: u32,
    waiver: usize,
}

impl Index {
    /// The index of the waivers.
    pub(super) fn of(waivers: &[Waiver]) -> Self {
        let mut index = Self { files: HashMap::new(), named: Vec::new() };
        for (waiver, Waiver { scope, .. }) in waivers.iter().enumerate() {
            match scope {
                Scope::Reach(span) => {
                    let reach = Reach { span: *span, furthest: span.end, waiver };
                    index.files.entry(span.file).or_default().push(reach);
                }
                Scope::Named { .. } => index.named.push(waiver),
            }
        }
        for reaches in index.files.values_mut() {
            reaches.sort_by_key(|reach| reach.span.start);
            let mut furthest = 0;
            for reach in reaches {
                furthest = reach.furthest.max(furthest);
                reach.furthest = furthest;
            }
        }
        index
    }

    /// The waivers that may mean a finding, by their places among all of them.
    pub(super) fn near(&self, finding: &Finding) -> BTreeSet<usize> {
        let mut near: BTreeSet<usize> = self.named.iter().copied().collect();
        for span in std::iter::once(&finding.primary).chain(&finding.anchors) {
            let Some(reaches) = self.files.get(&span.file) else { continue };
            let before = reaches.partition_point(|reach| reach.span.start <= span.end);
            let starting_before = reaches.get(..before).unwrap_or_default().iter().rev();
            let reaching = starting_before.take_while(|reach| reach.furthest > span.start);
            near.extend(reaching.map(|reach| reach.waiver));
        }
        near
    }
}

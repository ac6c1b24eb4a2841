//! How far a run is: counted by whoever works, read by whoever shows it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many pieces of work are done.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    all: AtomicUsize,
}

impl Progress {
    /// So many more pieces of work are there.
    pub fn expect(&self, pieces: usize) {
        self.all.fetch_add(pieces, Ordering::Relaxed);
    }

    /// One of them is done.
    pub fn advance(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// How many are done, and of how many.
    pub fn so_far(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }
}

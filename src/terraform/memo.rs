//! What an evaluator remembers of what it computed: what was asked for lately. A file of a kilobyte can have sixty thousand
//! instances with fifty attributes each; whoever looks at all of them must not make all of them stay.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use foldhash::fast::RandomState as Hasher;

/// What is remembered of something that has been asked for.
#[derive(Clone, Debug)]
pub(super) enum Slot<T> {
    /// It is being computed.
    Busy,
    /// It has been.
    Done(T),
}

/// Values by name, those that were asked for last. Forgotten ones are computed again.
///
/// There are two generations. What is asked for comes into the young one; once that is full it becomes the old one, and
/// the old one of before is forgotten.
#[derive(Debug)]
pub(super) struct Recent<K, T> {
    busy: HashSet<K, Hasher>,
    young: HashMap<K, (T, usize), Hasher>,
    old: HashMap<K, (T, usize), Hasher>,
    size: usize,
    most: usize,
}

impl<K: Eq + Hash + Clone, T: Clone> Recent<K, T> {
    /// Remembers values that have, together, between `most` and twice as many parts.
    pub(super) fn new(most: usize) -> Self {
        Self { busy: HashSet::default(), young: HashMap::default(), old: HashMap::default(), size: 0, most }
    }

    /// What is remembered of a name.
    pub(super) fn get(&mut self, key: &K) -> Option<Slot<T>> {
        if let Some((value, _)) = self.young.get(key) {
            return Some(Slot::Done(value.clone()));
        }
        if let Some((value, size)) = self.old.remove(key) {
            self.keep(key.clone(), value.clone(), size);
            return Some(Slot::Done(value));
        }
        self.busy.contains(key).then_some(Slot::Busy)
    }

    /// Says that it is being computed.
    pub(super) fn begin(&mut self, key: K) {
        self.busy.insert(key);
    }

    /// Says what it is, and how many parts that has.
    pub(super) fn done(&mut self, key: K, value: T, size: usize) {
        self.busy.remove(&key);
        self.keep(key, value, size);
    }

    fn keep(&mut self, key: K, value: T, size: usize) {
        self.young.insert(key, (value, size));
        self.size += size;
        if self.size > self.most {
            std::mem::swap(&mut self.old, &mut self.young);
            self.young.clear();
            self.size = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(memo: &mut Recent<u32, u32>, key: u32) -> Option<u32> {
        match memo.get(&key) {
            Some(Slot::Done(value)) => Some(value),
            _ => None,
        }
    }

    #[test]
    fn what_is_asked_for_again_and_again_stays_and_the_rest_goes() {
        let mut memo = Recent::new(10);
        memo.done(0, 100, 1);
        for key in 1..100 {
            memo.done(key, key, 1);
            assert_eq!(value(&mut memo, 0), Some(100), "after {key}");
        }
        assert_eq!(value(&mut memo, 1), None);
        assert_eq!(value(&mut memo, 99), Some(99));
        assert!(memo.young.len() + memo.old.len() <= 22);
    }

    #[test]
    fn a_value_that_is_too_large_is_there_for_the_next_question() {
        let mut memo = Recent::new(10);
        memo.done(1, 1, 1_000);
        memo.done(2, 2, 1);
        assert_eq!(value(&mut memo, 1), Some(1));
        assert_eq!(value(&mut memo, 2), Some(2));
    }

    #[test]
    fn what_is_being_computed_is_never_forgotten() {
        let mut memo = Recent::new(10);
        memo.begin(0);
        for key in 1..100 {
            memo.done(key, key, 1);
        }
        assert!(matches!(memo.get(&0), Some(Slot::Busy)));
        memo.done(0, 5, 1);
        assert_eq!(value(&mut memo, 0), Some(5));
    }
}

//! Events that are told as one: those of one kind in one account.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;

use super::event::Event;
use crate::source::Position;

/// How many different values are told apart.
const VALUES: usize = 20;

/// How many events are shown.
const EXAMPLES: usize = 5;

/// A longer value is cut: whoever sends a request chooses what stands in its event.
const LENGTH: usize = 120;

/// What events of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The place of the rule among all.
    pub rule: usize,
    /// The account.
    pub account: Option<Arc<str>>,
    /// The kind, if the rule has several.
    pub kind: &'static str,
}

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// The file.
    pub path: Arc<Utf8Path>,
    /// Where the record starts in its text, unpacked.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

/// One event of a group.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// When, as CloudTrail writes it.
    pub time: Option<Arc<str>>,
    /// What.
    pub action: Arc<str>,
    /// Where it is written.
    pub stand: Stand,
}

/// How often values were met.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: BTreeMap<Arc<str>, u64>,
    /// How many times others were met.
    others: u64,
}

/// Events of one kind in one account.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they have in common.
    pub key: Key,
    /// How many.
    pub count: u64,
    /// The first ones, in order of time.
    pub examples: Vec<Sighting>,
    /// When the last one was.
    pub last: Option<Arc<str>>,
    /// What was done.
    pub actions: Tally,
    /// Who did it: ARNs.
    pub principals: Tally,
    /// From which addresses.
    pub addresses: Tally,
    /// With which programs.
    pub agents: Tally,
    /// In which Regions.
    pub regions: Tally,
    /// About which users.
    pub users: Tally,
    /// How many were refused.
    pub failed: u64,
}

fn cut(text: &str) -> Arc<str> {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

impl Tally {
    fn add(&mut self, value: Option<&str>) {
        if let Some(value) = value {
            self.add_times(cut(value), 1);
        }
    }

    fn add_times(&mut self, value: Arc<str>, times: u64) {
        if self.counts.len() >= VALUES && !self.counts.contains_key(&value) {
            self.others += times;
        } else {
            *self.counts.entry(value).or_default() += times;
        }
    }

    fn merge(&mut self, other: Self) {
        other.counts.into_iter().for_each(|(value, times)| self.add_times(value, times));
        self.others += other.others;
    }

    /// The most frequent values, at most so many, each with its number where there are several.
    pub fn text(&self, most: usize) -> String {
        let mut all: Vec<_> = self.counts.iter().collect();
        all.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
        let several = all.len() > 1 || self.others > 0;
        let one = |(value, times): &(&Arc<str>, &u64)| match several && **times > 1 {
            true => format!("{value} ({times} times)"),
            false => value.to_string(),
        };
        let mut text = all.iter().take(most).map(one).collect::<Vec<_>>().join(", ");
        if all.len() > most || self.others > 0 {
            text.push_str(" and others");
        }
        text
    }

    /// The first value in the order of the alphabet.
    pub fn first(&self) -> Option<Arc<str>> {
        self.counts.keys().next().cloned()
    }

    /// Whether nothing was met.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl Group {
    /// A group of one event.
    pub fn new(key: Key, event: Event<'_>, stand: Stand) -> Self {
        let mut group = Self {
            key,
            count: 0,
            examples: Vec::new(),
            last: None,
            actions: Tally::default(),
            principals: Tally::default(),
            addresses: Tally::default(),
            agents: Tally::default(),
            regions: Tally::default(),
            users: Tally::default(),
            failed: 0,
        };
        group.add(event, || stand);
        group
    }

    /// Adds an event; where it stands is only asked if it is shown.
    pub fn add(&mut self, event: Event<'_>, stand: impl FnOnce() -> Stand) {
        let time = event.text("/eventTime").map(cut);
        self.count += 1;
        self.failed += u64::from(event.failed());
        self.actions.add(Some(&event.action()));
        self.principals.add(event.text("/userIdentity/arn"));
        self.addresses.add(event.text("/sourceIPAddress"));
        self.agents.add(event.text("/userAgent"));
        self.regions.add(event.text("/awsRegion"));
        self.users.add(event.text("/requestParameters/userName"));
        self.last = self.last.take().max(time.clone());
        let later = |last: &Sighting| order(&time) >= order(&last.time);
        if self.examples.len() < EXAMPLES || !self.examples.last().is_some_and(later) {
            self.show(Sighting { time, action: cut(&event.action()), stand: stand() });
        }
    }

    /// Takes an event among those that are shown, if it is early enough.
    fn show(&mut self, sighting: Sighting) {
        let at = self.examples.partition_point(|known| order(&known.time) <= order(&sighting.time));
        self.examples.insert(at, sighting);
        self.examples.truncate(EXAMPLES);
    }

    /// Takes up a group of later files.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.actions.merge(other.actions);
        self.principals.merge(other.principals);
        self.addresses.merge(other.addresses);
        self.agents.merge(other.agents);
        self.regions.merge(other.regions);
        self.users.merge(other.users);
        self.last = self.last.take().max(other.last);
        other.examples.into_iter().for_each(|sighting| self.show(sighting));
    }

    /// The account as it stands in a sentence.
    pub fn account(&self) -> String {
        match &self.key.account {
            Some(account) => format!("account {account}"),
            None => "an unnamed account".to_owned(),
        }
    }

    /// When, in words.
    pub fn when(&self) -> String {
        let first = self.examples.first().and_then(|sighting| sighting.time.clone());
        match (first, &self.last) {
            (Some(first), Some(last)) if first == *last => format!("at {first}"),
            (Some(first), Some(last)) => format!("from {first} to {last}"),
            _ => "at unknown times".to_owned(),
        }
    }

    /// Who did what, when, from where and with what, in words.
    pub fn story(&self) -> String {
        let mut text = format!("{} {}", self.actions.text(5), self.when());
        let mut say = |before: &str, tally: &Tally, most: usize| {
            if !tally.is_empty() {
                text.push_str(before);
                text.push_str(&tally.text(most));
            }
        };
        say(", from ", &self.addresses, 5);
        say(", with ", &self.agents, 3);
        say(", in ", &self.regions, 5);
        if self.failed > 0 && self.failed < self.count {
            text.push_str(&format!("; {} of them failed", self.failed));
        }
        text
    }
}

/// Events without a time come last.
fn order(time: &Option<Arc<str>>) -> (bool, Option<&str>) {
    (time.is_none(), time.as_deref())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group(times: &[(&str, &str)]) -> Group {
        let key = Key { rule: 0, account: Some("111122223333".into()), kind: "" };
        let stand = |line| {
            let at = Position { line, column: 1 };
            Stand { path: Arc::from(Utf8Path::new("a.json")), start: at, end: at }
        };
        let mut group: Option<Group> = None;
        for (line, (time, ip)) in (1..).zip(times) {
            let event =
                json!({"eventTime": time, "sourceIPAddress": ip, "eventName": "A", "eventSource": "s3.amazonaws.com"});
            match &mut group {
                Some(group) => group.add(Event(&event), || stand(line)),
                None => group = Some(Group::new(key.clone(), Event(&event), stand(line))),
            }
        }
        group.unwrap()
    }

    #[test]
    fn the_first_events_are_shown_and_all_are_counted() {
        let times: Vec<String> = (0..100).rev().map(|minute| format!("2026-08-01T10:{minute:02}:00Z")).collect();
        let events: Vec<(&str, &str)> = times.iter().map(|time| (time.as_str(), "192.0.2.1")).collect();
        let whole = group(&events);
        let shown: Vec<_> =
            whole.examples.iter().map(|one| (one.time.as_deref().unwrap(), one.stand.start.line)).collect();
        assert_eq!(shown[0], ("2026-08-01T10:00:00Z", 100));
        assert_eq!((shown.len(), shown[4]), (5, ("2026-08-01T10:04:00Z", 96)));
        assert_eq!((whole.count, whole.last.as_deref()), (100, Some("2026-08-01T10:99:00Z")));
        let mut merged = group(&events[..50]);
        merged.merge(group(&events[50..]));
        assert_eq!((merged.story(), merged.count), (whole.story(), 100));
        assert_eq!(merged.examples[0].time, whole.examples[0].time);
        assert_eq!(whole.story(), "s3:A from 2026-08-01T10:00:00Z to 2026-08-01T10:99:00Z, from 192.0.2.1");
    }

    #[test]
    fn what_is_told_does_not_grow() {
        let addresses: Vec<String> = (0..1000).map(|number| format!("{}{number}", "x".repeat(500))).collect();
        let events: Vec<(&str, &str)> = addresses.iter().map(|address| ("t", address.as_str())).collect();
        let long = group(&events);
        assert_eq!(long.addresses.counts.len(), 1);
        assert!(long.story().len() < 300);
        let events: Vec<(&str, &str)> =
            addresses.iter().map(|address| ("t", address.get(490..).unwrap_or_default())).collect();
        assert!(group(&events).addresses.text(3).ends_with(" and others"));
    }
}

//! Who would notice what the root user does: monitors, proved by replaying events.
//!
//! A monitor is a metric filter with its alarm, a rule of EventBridge with its target, or a subscription filter. Each event of
//! [`events`] is followed from the trail that records it over the monitor's pattern to somebody who is told. GuardDuty counts where a
//! rule sends its finding on. A bucket, CloudTrail Lake, Security Hub and AWS Config keep or judge, but tell nobody of an event.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::aws::{Facts, Model};
use crate::resource::Site;
use crate::source::Span;
use crate::text::Tri;
use crate::value::{Kind, Reason, Value};

mod alarm;
mod answer;
mod declared;
mod event;
mod event_pattern;
mod events;
mod filter_pattern;
mod glob;
mod impossible;
mod rule;
mod seen;
mod topic;
mod trail;

pub use answer::Answer;
pub use declared::{Declared, Module, Trail, declared, wanted};
pub use seen::{Break, Seen};

use crate::aws::index::Index;
use crate::aws::join::Link;
use alarm::Alarms;
use declared::{Alarm, Composite, Filter, Forward, Named, Place, Rule, Topic};
use event::Step;
use events::Event;
use filter_pattern::FilterPattern;
use rule::Forwarders;

/// The filter that CIS prescribes and Security Hub's control CloudWatch.1 wants to the letter, without white space.
const PRESCRIBED: &str =
    "{$.userIdentity.type=\"Root\"&&$.userIdentity.invokedByNOTEXISTS&&$.eventType!=\"AwsServiceEvent\"}";

/// What a monitor makes of the events.
#[derive(Clone, Debug)]
pub struct Monitor<'a> {
    /// The resource with its pattern.
    pub site: &'a Site,
    /// What it is, in words.
    pub what: String,
    /// Whether its pattern is about root.
    pub names_root: bool,
    /// Why it never fires, if it never does.
    pub never: Option<Break>,
    /// Whether each watched event reaches somebody, in the order of [`watched`].
    pub seen: Vec<Seen>,
    /// The projects whose events it certainly gets.
    pub projects: Vec<Arc<str>>,
    /// Its account, where the code tells.
    pub account: Option<Arc<str>>,
    /// What it fires for and should not.
    pub noise: Vec<&'static str>,
    /// Whether it gets the events of all accounts of the organization.
    pub organization: bool,
    /// Whether it is a metric filter, and then whether it is the one that Security Hub wants.
    pub prescribed: Option<bool>,
    /// Whether the scan does not show what it does, since it is a module that is not on disk.
    pub hidden: bool,
}

/// The titles of the events that somebody should notice.
pub fn watched() -> Vec<&'static str> {
    events::watched(None).iter().map(|event| event.title).collect()
}

/// All projects together.
pub struct All<'a> {
    facts: &'a [Facts],
    indexes: Indexes<'a>,
}

/// A target that is written apart from its rule: whether it is of the rule, the argument that names the rule, and itself.
type Target<'a> = (Tri, &'a (Link, Link));

/// What would otherwise be looked for among all that there is, once for each that needs it.
#[derive(Default)]
struct Indexes<'a> {
    groups: OnceCell<Index<'a, Named>>,
    buses: OnceCell<Index<'a, Named>>,
    topics: OnceCell<Index<'a, Topic>>,
    /// Whether topics have subscriptions.
    subscribed: OnceCell<HashMap<*const Topic, Tri>>,
    /// The targets that are written apart from their rules; none if there are more than are kept.
    targets: OnceCell<Option<HashMap<*const Rule, Vec<Target<'a>>>>>,
    /// Whether what a rule sends reaches somebody, which is the same for all events.
    reached: RefCell<HashMap<*const Rule, Seen>>,
    forwarders: OnceCell<Forwarders<'a>>,
    /// The rules that hand events on to the bus of a rule, as far as they are kept.
    before: RefCell<HashMap<*const Rule, Rc<[&'a Rule]>>>,
    watched: OnceCell<Alarms<'a>>,
    filters: OnceCell<HashMap<(&'a str, &'a str), &'a Filter>>,
    trails: OnceCell<HashMap<&'a str, Vec<&'a Trail>>>,
    /// How much of `before` is kept.
    kept: Cell<usize>,
    /// How many steps were made over event buses.
    steps: Cell<usize>,
}

/// How many pairs of rules, or of rules and targets, are kept at most: they may all belong together.
const KEPT: usize = 1 << 20;

/// How many steps over event buses are made at most: rules may hand events on in rings.
const STEPS: usize = 1 << 20;

impl Indexes<'_> {
    /// Whether so many more pairs may be kept.
    fn keep(&self, pairs: usize) -> bool {
        let kept = self.kept.get().saturating_add(pairs);
        if kept <= KEPT {
            self.kept.set(kept);
        }
        kept <= KEPT
    }

    /// Whether so many more steps may be made.
    fn step(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_add(steps));
        self.steps.get() <= STEPS
    }
}

impl<'a> All<'a> {
    /// The projects of a model.
    pub fn of(model: &Model<'a>) -> Self {
        Self::over(model.facts)
    }

    fn over(facts: &'a [Facts]) -> Self {
        Self { facts, indexes: Indexes::default() }
    }

    fn each<T>(&self, part: fn(&'a Declared) -> &'a [T]) -> impl Iterator<Item = &'a T> + use<'a, T> {
        self.facts.iter().flat_map(move |facts| part(&facts.monitoring))
    }

    fn trails(&self) -> impl Iterator<Item = &'a Trail> + use<'a> {
        self.each(|declared| &declared.trails)
    }

    fn groups(&self) -> impl Iterator<Item = &'a Named> + use<'a> {
        self.each(|declared| &declared.groups)
    }

    fn filters(&self) -> impl Iterator<Item = &'a Filter> + use<'a> {
        self.each(|declared| &declared.filters)
    }

    fn alarms(&self) -> impl Iterator<Item = &'a Alarm> + use<'a> {
        self.each(|declared| &declared.alarms)
    }

    fn composites(&self) -> impl Iterator<Item = &'a Composite> + use<'a> {
        self.each(|declared| &declared.composites)
    }

    fn topics(&self) -> impl Iterator<Item = &'a Topic> + use<'a> {
        self.each(|declared| &declared.topics)
    }

    fn subscriptions(&self) -> impl Iterator<Item = &'a Link> + use<'a> {
        self.each(|declared| &declared.subscriptions)
    }

    fn buses(&self) -> impl Iterator<Item = &'a Named> + use<'a> {
        self.each(|declared| &declared.buses)
    }

    fn rules(&self) -> impl Iterator<Item = &'a Rule> + use<'a> {
        self.each(|declared| &declared.rules)
    }

    fn targets_apart(&self) -> impl Iterator<Item = &'a (Link, Link)> + use<'a> {
        self.each(|declared| &declared.targets)
    }

    fn known_groups(&self) -> &Index<'a, Named> {
        self.indexes.groups.get_or_init(|| Index::of(self.groups(), |group| (&group.site, &group.name)))
    }

    fn known_buses(&self) -> &Index<'a, Named> {
        self.indexes.buses.get_or_init(|| Index::of(self.buses(), |bus| (&bus.site, &bus.name)))
    }

    fn known_topics(&self) -> &Index<'a, Topic> {
        self.indexes.topics.get_or_init(|| Index::of(self.topics(), |topic| (&topic.site, &topic.name)))
    }

    /// The trails of a project.
    fn trails_of(&self, project: &str) -> &[&'a Trail] {
        let by_project = self.indexes.trails.get_or_init(|| {
            let mut found = HashMap::<_, Vec<_>>::new();
            self.trails().for_each(|trail| found.entry(&*trail.site.project).or_default().push(trail));
            found
        });
        by_project.get(project).map_or(&[], Vec::as_slice)
    }

    fn detectors(&self) -> impl Iterator<Item = &'a (Site, Value)> + use<'a> {
        self.each(|declared| &declared.detectors)
    }

    /// All monitors, with what they make of the events: those that are about root, or see something of it.
    pub fn monitors(&self) -> Vec<Monitor<'a>> {
        let filters = self.filters().filter_map(|filter| self.filter(filter));
        let rules = self.rules().filter_map(|rule| self.rule(rule));
        let forwards = self.each(|declared| &declared.forwards).filter_map(|forward| self.forward(forward));
        let modules = self.each(|declared| &declared.modules).map(module);
        filters.chain(rules).chain(forwards).chain(modules).collect()
    }

    fn filter(&self, filter: &'a Filter) -> Option<Monitor<'a>> {
        let pattern = &filter.pattern;
        let next = || self.alarmed(filter);
        let mut monitor =
            self.log_monitor("metric filter", &filter.site, &filter.place, pattern, &filter.group, &next)?;
        let text = pattern.value.as_str().map(|text| text.split_whitespace().collect::<String>());
        monitor.prescribed = text.map(|text| text == PRESCRIBED);
        Some(monitor)
    }

    fn forward(&self, forward: &'a Forward) -> Option<Monitor<'a>> {
        // What gets it is taken to tell somebody.
        let (pattern, group) = (&forward.pattern, &forward.group);
        self.log_monitor("subscription filter", &forward.site, &forward.place, pattern, group, &|| Seen::Yes)
    }

    fn log_monitor(
        &self,
        what: &str,
        site: &'a Site,
        place: &Place,
        pattern: &declared::Pattern<FilterPattern>,
        group: &Link,
        next: &dyn Fn() -> Seen,
    ) -> Option<Monitor<'a>> {
        let called = format!("{what} `{}`", site.block);
        let account = own_account(place, &pattern.value);
        let matches = |event: &Event| match &pattern.read {
            Err(error) => impossible::refused(error, &called, &pattern.value),
            Ok(read) => Seen::of(read.matches(&event.record, &event.text), || {
                let test = match read {
                    FilterPattern::Json(expression) => expression.failing(&event.record).into_iter().next(),
                    _ => None,
                };
                let shown = test.map(|test| format!(" (`{test}`)")).unwrap_or_default();
                let span = test.and_then(|test| test.span).or(pattern.value.origin.place());
                Break::some(format!("{called} does not match it{shown}"), span)
            }),
        };
        let watched = events::watched(account.as_deref());
        let matched: Vec<Seen> = watched.iter().map(matches).collect();
        let names_root = filter_names_root(pattern);
        if !names_root && matched.iter().all(|matched| matches!(matched, Seen::No(_))) {
            return None;
        }
        let downstream = next();
        let writers = self.writers(group, &site.project);
        let see = |(event, matched): (&Event, Seen)| matched.then(|| downstream.clone()).then(|| writers.logged(event));
        let seen: Vec<Seen> = watched.iter().zip(matched).map(see).collect();
        let noise = events::noise(account.as_deref());
        let noise = noise.iter().filter(|event| matches(event) == Seen::Yes).map(|event| event.title).collect();
        let impossible = match &pattern.read {
            Ok(read) => impossible::filter(read),
            Err(_) => None,
        };
        let organization = writers.certain.iter().any(|trail| trail.is_of_organization());
        let member = events::of_a_member();
        Some(Monitor {
            site,
            what: called.clone(),
            names_root,
            never: never(impossible, &seen, downstream),
            seen,
            projects: writers.certain.iter().map(|trail| Arc::clone(&trail.site.project)).collect(),
            account: place.account.clone(),
            noise,
            organization: organization && matches(&member) == Seen::Yes,
            prescribed: None,
            hidden: false,
        })
    }

    fn rule(&self, rule: &'a Rule) -> Option<Monitor<'a>> {
        let account = own_account(&rule.place, &rule.pattern.value);
        let finding = events::guardduty(account.as_deref());
        let read = rule.pattern.read.as_ref();
        let about = |pattern| is_about_calls(pattern) || is_about_finding(&rule.pattern.value);
        let names_root = mentions_root(&rule.pattern.value) && read.map_or(true, about);
        let watched = events::watched(account.as_deref());
        let none = |event: &Event| matches!(rule.matches(event), Seen::No(_));
        if !names_root && watched.iter().chain([&finding]).all(none) {
            return None;
        }
        let found = self.sends_finding(rule, &finding);
        let see = |event: &Event| {
            let own = self.sent(rule, event);
            // GuardDuty finds what root does, once it is in.
            let finds = event.name != "root-sign-in-failed" && event.name != "root-key-denied";
            match finds {
                true => Seen::best([own.clone(), found.clone()]).unwrap_or(own),
                false => own,
            }
        };
        let seen: Vec<Seen> = watched.iter().map(see).collect();
        let noise = events::noise(account.as_deref());
        let noise = noise.iter().filter(|event| rule.matches(event) == Seen::Yes).map(|event| event.title).collect();
        Some(Monitor {
            site: &rule.site,
            what: format!("rule `{}`", rule.site.block),
            names_root,
            never: never(read.ok().and_then(impossible::event_pattern), &seen, Seen::Yes),
            seen,
            projects: Vec::new(),
            account: rule.place.account.clone(),
            noise,
            organization: false,
            prescribed: None,
            hidden: false,
        })
    }
}

/// Whether a pattern is about GuardDuty's finding about root.
fn is_about_finding(pattern: &Value) -> bool {
    let mut found = false;
    strings(pattern, &mut |text| found |= text.contains("RootCredentialUsage"));
    found
}

/// Whether a pattern of EventBridge is about events of CloudTrail.
fn is_about_calls(pattern: &event_pattern::EventPattern) -> bool {
    [&["detail", "userIdentity"][..], &["detail", "eventName"], &["detail", "eventSource"], &["detail", "eventType"]]
        .iter()
        .any(|path| pattern.mentions(path))
}

/// A module that is not on disk: what it does is known from its documentation, so that nothing is certain.
fn module(module: &Module) -> Monitor<'_> {
    let sees = |event: &Event| !module.sign_ins_only || event.name.starts_with("root-sign-in");
    let see = |event: &Event| match sees(event) {
        true => Seen::Unsure(module.reason.clone()),
        false => Seen::No(Break::some(
            format!("module `{}` tells only of sign-ins", module.site.block),
            Some(module.site.header),
        )),
    };
    let seen = events::watched(None).iter().map(see).collect();
    Monitor {
        site: &module.site,
        what: format!("module `{}`", module.site.block),
        names_root: true,
        never: None,
        seen,
        projects: Vec::new(),
        account: module.account.clone(),
        noise: Vec::new(),
        organization: false,
        prescribed: None,
        hidden: true,
    }
}

/// Why a monitor never fires: no event matches its pattern, or a link breaks for all of them.
fn never(impossible: Option<Break>, seen: &[Seen], downstream: Seen) -> Option<Break> {
    if impossible.is_some() {
        return impossible;
    }
    if let Seen::No(broken) = downstream
        && broken.always
    {
        return Some(broken);
    }
    let broken = |seen: &Seen| match seen {
        Seen::No(broken) => Some(broken.clone()),
        _ => None,
    };
    let all: Option<Vec<Break>> = seen.iter().map(broken).collect();
    all?.into_iter().find(|broken| broken.always)
}

/// The account that a monitor is in: as its provider says, else the one that its pattern names.
fn own_account(place: &Place, pattern: &Value) -> Option<Arc<str>> {
    let written = || {
        let mut found = None;
        strings(pattern, &mut |text| {
            let mut numbers = text.split(|char: char| !char.is_ascii_digit());
            found = found.take().or_else(|| numbers.find(|number| number.len() == 12).map(Arc::from));
        });
        found
    };
    place.account.clone().or_else(written)
}

/// Whether a filter pattern is about root: a field of the caller is compared with it.
fn filter_names_root(pattern: &declared::Pattern<FilterPattern>) -> bool {
    let about_caller = |path: &[Step]| {
        path.iter().any(|step| matches!(step, Step::Field(name) if name.eq_ignore_ascii_case("userIdentity")))
    };
    match &pattern.read {
        Ok(FilterPattern::Json(expression)) => {
            let tests = expression.tests();
            tests.iter().any(|test| about_caller(&test.field.path) && has_root(&test.is.to_string()))
        }
        Ok(_) => false,
        Err(_) => {
            let mut about = false;
            strings(&pattern.value, &mut |text| about |= text.to_ascii_lowercase().contains("useridentity"));
            about && mentions_root(&pattern.value)
        }
    }
}

/// Whether a text in a value has the word "root".
fn mentions_root(value: &Value) -> bool {
    let mut found = false;
    strings(value, &mut |text| found |= has_root(text));
    found
}

fn has_root(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("rootcredentialusage")
        || text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').any(|word| word == "root")
}

/// Shows all known strings in a value.
fn strings(value: &Value, show: &mut dyn FnMut(&str)) {
    match &value.kind {
        Kind::Text(text) => {
            for piece in text.flattened().pieces() {
                if let crate::text::Piece::Literal(literal) = piece {
                    show(&literal.text);
                }
            }
        }
        Kind::Tuple(values) | Kind::List(_, values) | Kind::Set(_, values) => {
            values.iter().for_each(|value| strings(value, show));
        }
        Kind::Object(fields) | Kind::Map(_, fields) => fields.values().for_each(|value| strings(value, show)),
        _ => {}
    }
}

/// What becomes of each watched event in a project, over all monitors.
#[derive(Clone, Debug)]
pub struct Watch<'a> {
    /// The project.
    pub project: Arc<str>,
    /// Its trails.
    pub trails: &'a [Trail],
    /// The events that nobody would see, each with the links that break, by monitor.
    pub unseen: Vec<(&'static str, Vec<Break>)>,
    /// Those of which it is not certain, each with what is not known, and whether a module that is not on disk decides.
    pub unsure: Vec<(&'static str, Reason, bool)>,
    /// Where the project's watch is anchored: its first trail, else its first monitor that names root.
    pub anchor: &'a Site,
}

/// What becomes of the events in each project that declares a trail or a monitor naming root.
pub fn watches<'a>(model: &Model<'a>, monitors: &[Monitor<'a>]) -> Vec<Watch<'a>> {
    let judged = model.facts.iter().filter(|facts| model.is_judged(facts));
    judged.filter_map(|facts| watch(facts, monitors)).collect()
}

fn watch<'a>(facts: &'a Facts, monitors: &[Monitor<'a>]) -> Option<Watch<'a>> {
    let project = &facts.project;
    let trails = &facts.monitoring.trails;
    let own = monitors.iter().filter(|monitor| monitor.names_root && monitor.site.project == *project);
    let trail = trails.first().map(|trail| (&trail.site, trail.place.account.clone()));
    let (anchor, account) = trail.or_else(|| own.map(|monitor| (monitor.site, monitor.account.clone())).next())?;
    let mut watch = Watch { project: Arc::clone(project), trails, unseen: Vec::new(), unsure: Vec::new(), anchor };
    for (at, title) in watched().into_iter().enumerate() {
        let mut breaks = Vec::new();
        let mut unsure: Option<(Reason, bool)> = None;
        let mut seen = false;
        for monitor in monitors {
            let Some(found) = monitor.seen.get(at) else { continue };
            match near(monitor, project, account.as_ref()) {
                Tri::No => {}
                Tri::Yes => match found {
                    Seen::Yes => seen = true,
                    Seen::No(broken) => breaks.push((monitor.names_root, broken.clone())),
                    Seen::Unsure(reason) => {
                        let known = unsure.take().filter(|(_, hidden)| !hidden || monitor.hidden);
                        unsure = known.or_else(|| Some((reason.clone(), monitor.hidden)));
                    }
                },
                Tri::Maybe if *found == Seen::Yes && unsure.is_none() => {
                    let why = "is another project, and its account is not in view";
                    unsure = Some((Reason::new(Arc::clone(&monitor.site.project), why, None), false));
                }
                Tri::Maybe => {}
            }
        }
        match unsure {
            _ if seen => {}
            Some((reason, hidden)) => watch.unsure.push((title, reason, hidden)),
            None => {
                // Those that are not about root need not match.
                breaks.sort_by_key(|(names_root, _)| !names_root);
                let names_root = breaks.iter().any(|(names_root, _)| *names_root);
                let kept = breaks.into_iter().filter(|(own, _)| *own || !names_root).map(|(_, broken)| broken);
                watch.unseen.push((title, if names_root { kept.collect() } else { Vec::new() }));
            }
        }
    }
    Some(watch)
}

/// Whether a monitor gets a project's events: it is in it, a trail of the project writes to what it reads, or both are of the same account.
fn near(monitor: &Monitor<'_>, project: &Arc<str>, account: Option<&Arc<str>>) -> Tri {
    if monitor.projects.contains(project) {
        return Tri::Yes;
    }
    match (&monitor.account, account) {
        (Some(own), Some(other)) => (own == other).into(),
        _ if monitor.site.project == *project => Tri::Yes,
        _ => Tri::Maybe,
    }
}

/// Where a link that breaks is shown.
pub fn place(broken: &Break, monitor: &Monitor<'_>) -> Span {
    broken.span.unwrap_or(monitor.site.header)
}

#[cfg(test)]
mod tests;

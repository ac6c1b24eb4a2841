//! Whether a rule of EventBridge gets an event and sends it to somebody.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::Value as Json;

use super::answer::Answer;
use super::declared::{Named, Rule};
use super::events::Event;
use super::impossible;
use super::seen::{Break, Seen};
use super::trail::GLOBAL_REGION;
use super::{All, KEPT, Target};
use crate::aws::index::Index;
use crate::aws::join::{Link, truth};
use crate::text::Tri;
use crate::value::{Reason, Value};

/// How many buses an event is followed over.
const MAX_BUSES: usize = 4;

/// In this state a rule gets calls that only read, too (EventBridge user guide, "Read-only management events").
const ALL_EVENTS: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

impl Rule {
    fn called(&self) -> String {
        format!("rule `{}`", self.site.block)
    }

    /// Whether it is on.
    fn is_on(&self) -> Seen {
        let [state, switch] = &self.state;
        let off =
            |value: &Value| Seen::No(Break::always(format!("{} is disabled", self.called()), value.origin.primary()));
        match (state.as_str().as_deref(), truth(switch)) {
            (Some("DISABLED"), _) => off(state),
            (None, Some(false)) if state.is_null() => off(switch),
            _ => Seen::unsure(state).or_else(|| Seen::unsure(switch)).unwrap_or(Seen::Yes),
        }
    }

    /// Whether it gets calls that only read.
    fn takes_reads(&self, event: &Event) -> Seen {
        let reads = event.record.get("readOnly").and_then(Json::as_bool) == Some(true);
        let [state, _] = &self.state;
        if !reads || state.as_str().as_deref() == Some(ALL_EVENTS) {
            return Seen::Yes;
        }
        let span = state.origin.primary().or(Some(self.site.header));
        let why = format!("{} gets no calls that only read: its state is not `{ALL_EVENTS}`", self.called());
        Seen::unsure(state).unwrap_or(Seen::No(Break::some(why, span)))
    }

    /// Whether its pattern matches an event.
    pub fn matches(&self, event: &Event) -> Seen {
        let pattern = match &self.pattern.read {
            Ok(pattern) => pattern,
            Err(error) => return impossible::refused(error, &self.called(), &self.pattern.value),
        };
        let failing = || {
            let failing = pattern.failing(&event.envelope).into_iter().next();
            let (path, span) = failing.map_or((String::new(), None), |failing| (failing.path.join("."), failing.span));
            let why = format!("{} does not match it (`{path}`)", self.called());
            Break::some(why, span.or(self.pattern.value.origin.place()))
        };
        Seen::of(pattern.matches(&event.envelope), failing)
    }
}

/// Whether a bus is the one that AWS's own events come to.
fn is_default(bus: &Link) -> Tri {
    match bus.value.as_text() {
        None if bus.value.is_null() => Tri::Yes,
        Some(text) if text.equals_ignore_case("default") == Tri::Yes => Tri::Yes,
        Some(text) => text.ends_with_ignore_case(":event-bus/default"),
        None => Tri::Maybe,
    }
}

/// The name of a rule's bus.
fn bus_name(rule: &Rule) -> String {
    let bus = rule.bus.value.as_str();
    let bus = bus.as_deref().unwrap_or("default");
    bus.rsplit('/').next().unwrap_or(bus).to_owned()
}

/// The rules that hand events on to buses, with the targets that may be such, and where each is found.
#[derive(Default)]
pub struct Forwarders<'a> {
    all: Vec<(&'a Rule, Vec<Link>)>,
    by_bus: HashMap<*const Named, BTreeSet<usize>>,
    /// What follows `:event-bus/` in an ARN, in lower case.
    by_name: HashMap<String, BTreeSet<usize>>,
}

impl<'a> All<'a> {
    /// Whether a rule gets an event and sends it to somebody.
    pub fn sent(&self, rule: &'a Rule, event: &Event) -> Seen {
        self.got(rule, event, 0).then(|| self.targets(rule))
    }

    /// Whether a rule gets an event: it is on, its pattern matches, and the event comes to its bus.
    fn got(&self, rule: &'a Rule, event: &Event, depth: usize) -> Seen {
        rule.is_on()
            .then(|| rule.matches(event))
            .then(|| rule.takes_reads(event))
            .then(|| self.arrives(rule, event, depth))
    }

    fn arrives(&self, rule: &'a Rule, event: &Event, depth: usize) -> Seen {
        let direct = match is_default(&rule.bus) {
            Tri::Yes => self.is_in_region(rule, event).then(|| self.recorded(event, &rule.site.project)),
            Tri::Maybe => Seen::unsure(&rule.bus.value).unwrap_or(Seen::Yes),
            Tri::No => {
                let bus = rule.bus.value.as_str().map_or_else(|| "its bus".to_owned(), |bus| format!("bus `{bus}`"));
                let why = format!(
                    "{} is on {bus}, to which AWS sends no events and no rule in view forwards them",
                    rule.called()
                );
                Seen::No(Break::always(why, rule.bus.value.origin.primary()))
            }
        };
        if direct == Seen::Yes || depth >= MAX_BUSES {
            return direct;
        }
        let mut ways = Vec::new();
        let before = self.before(rule);
        if before.is_none() {
            let why = "may get it over event buses, by more ways than are followed";
            ways.push(Seen::Unsure(Reason::new(&*rule.site.block, why, Some(rule.site.header))));
        }
        for other in before.iter().flat_map(|before| before.iter()) {
            match self.got(other, event, depth + 1) {
                Seen::Yes => return Seen::Yes,
                other => ways.push(other),
            }
        }
        ways.push(direct);
        Seen::best(ways).unwrap_or(Seen::Yes)
    }

    /// Whether an event comes to the default bus of the rule's Region. What happens in each Region comes to the rule of that Region.
    fn is_in_region(&self, rule: &Rule, event: &Event) -> Seen {
        let region = event.record.get("awsRegion").and_then(Json::as_str).unwrap_or(GLOBAL_REGION);
        match &rule.place.region {
            _ if region != GLOBAL_REGION => Seen::Yes,
            Ok(own) if own == region => Seen::Yes,
            // China and GovCloud have a Region of their own for this.
            Ok(own) if own.starts_with("cn-") || own.starts_with("us-gov-") || own.starts_with("us-iso") => Seen::Yes,
            Ok(own) => {
                let (always, span) = (self.is_dead_in(rule), rule.site.header);
                let what = if always { "what it is for" } else { "this" };
                let why = format!("{} is in `{own}`, and {what} happens in `{region}`", rule.called());
                Seen::No(Break { always, of_region: true, ..Break::some(why, Some(span)) })
            }
            Err(reason) => Seen::Unsure(reason.clone()),
        }
    }

    /// Whether nothing that a rule is for happens outside the one Region of global services.
    fn is_dead_in(&self, rule: &Rule) -> bool {
        let Ok(pattern) = &rule.pattern.read else { return false };
        super::events::regional_kinds().iter().all(|kind| pattern.matches(&kind.envelope) == Answer::No)
    }

    /// The rules that hand events on to the bus of a rule; none if there are too many to follow.
    fn before(&self, rule: &'a Rule) -> Option<Rc<[&'a Rule]>> {
        if let Some(known) = self.indexes.before.borrow().get(&std::ptr::from_ref(rule)) {
            return self.indexes.step(known.len()).then(|| Rc::clone(known));
        }
        if !self.indexes.step(0) {
            return None;
        }
        let forwarders = self.forwarders();
        let named =
            self.known_buses().certain(&rule.bus).filter_map(|bus| forwarders.by_bus.get(&std::ptr::from_ref(bus)));
        let written = forwarders.by_name.get(&bus_name(rule).to_ascii_lowercase());
        let near: BTreeSet<usize> = named.chain(written).flatten().copied().collect();
        if !self.indexes.step(2 * near.len()) {
            return None;
        }
        let others = near.into_iter().filter_map(|at| forwarders.all.get(at));
        let others = others.filter(|(other, _)| other.site.address != rule.site.address);
        let found = others.filter(|(_, buses)| buses.iter().any(|target| self.is_bus_of(target, rule)));
        let found: Rc<[&Rule]> = found.map(|(other, _)| *other).collect();
        if self.indexes.keep(found.len()) {
            self.indexes.before.borrow_mut().insert(rule, Rc::clone(&found));
        }
        Some(found)
    }

    fn forwarders(&self) -> &Forwarders<'a> {
        self.indexes.forwarders.get_or_init(|| {
            let mut known = Forwarders::default();
            for rule in self.rules() {
                let at = known.all.len();
                let mut buses = self.all_targets(rule);
                buses.retain(|target| {
                    let mut is_bus = false;
                    for bus in self.known_buses().certain(target) {
                        known.by_bus.entry(std::ptr::from_ref(bus)).or_default().insert(at);
                        is_bus = true;
                    }
                    let end = target.value.as_text().map(|text| text.known_suffix().0.to_ascii_lowercase());
                    if let Some((_, name)) = end.as_deref().and_then(|end| end.rsplit_once(":event-bus/")) {
                        known.by_name.entry(name.to_owned()).or_default().insert(at);
                        is_bus = true;
                    }
                    is_bus
                });
                if !buses.is_empty() {
                    known.all.push((rule, buses));
                }
            }
            known
        })
    }

    /// The targets of a rule.
    fn all_targets(&self, rule: &'a Rule) -> Vec<Link> {
        let apart = self.targets_of(rule).into_iter().filter(|(of, _)| *of == Tri::Yes);
        rule.targets.iter().cloned().chain(apart.map(|(_, (_, target))| target.clone())).collect()
    }

    /// The targets that are, or may be, of a rule and are written apart from it.
    fn targets_of(&self, rule: &'a Rule) -> Vec<Target<'a>> {
        let by_rule = self.indexes.targets.get_or_init(|| {
            let rules = Index::of(self.rules(), |rule| (&rule.site, &rule.name));
            let mut found = HashMap::<_, Vec<_>>::new();
            let mut pairs = 0;
            for target in self.targets_apart() {
                for (rule, means) in rules.meant_by(&target.0) {
                    pairs += 1;
                    if pairs > KEPT {
                        return None;
                    }
                    found.entry(std::ptr::from_ref(rule)).or_default().push((means, target));
                }
            }
            Some(found)
        });
        match by_rule {
            Some(by_rule) => by_rule.get(&std::ptr::from_ref(rule)).cloned().unwrap_or_default(),
            None => {
                let all = self.targets_apart().map(|target| (target.0.means(&rule.site, &rule.name), target));
                all.filter(|(means, _)| *means != Tri::No).collect()
            }
        }
    }

    /// Whether a target is the bus of a rule.
    fn is_bus_of(&self, target: &Link, rule: &Rule) -> bool {
        let named = self.known_buses().certain(target).any(|bus| rule.bus.means(&bus.site, &bus.name) == Tri::Yes);
        let literal = || {
            let target = target.value.as_text()?;
            let ends = target.ends_with_ignore_case(&format!(":event-bus/{}", bus_name(rule))) == Tri::Yes;
            let elsewhere = rule.place.region.as_ref().is_ok_and(|region| {
                let arn = target.as_str().unwrap_or_default();
                arn.split(':').nth(3).is_some_and(|other| !other.is_empty() && other != region)
            });
            Some(ends && !elsewhere)
        };
        named || literal().unwrap_or(false)
    }

    /// Whether what a rule sends reaches somebody.
    fn targets(&self, rule: &'a Rule) -> Seen {
        let known = self.indexes.reached.borrow().get(&std::ptr::from_ref(rule)).cloned();
        known.unwrap_or_else(|| {
            let reached = self.by_targets(rule);
            self.indexes.reached.borrow_mut().insert(rule, reached.clone());
            reached
        })
    }

    fn by_targets(&self, rule: &'a Rule) -> Seen {
        let targets = self.all_targets(rule);
        let ways = targets.iter().map(|target| self.reaches(target, &target.value));
        if let Some(best) = Seen::best(ways.chain(self.counted(rule))) {
            return best;
        }
        if let Some(unsure) = Seen::unsure(&rule.all_targets) {
            return unsure;
        }
        if let Some((_, (of, _))) = self.targets_of(rule).iter().find(|(of, _)| *of == Tri::Maybe) {
            let reason = of.unknown().or_else(|| rule.name.first_unknown().map(|open| open.reason.clone()));
            let why = "may have a target in view";
            return Seen::Unsure(reason.unwrap_or_else(|| Reason::new(&*rule.site.block, why, Some(rule.site.header))));
        }
        let reason = Reason::new(&*rule.site.block, "has no target in view", Some(rule.site.header));
        Seen::No(Break::always(format!("{} has no target", rule.called()), Some(rule.site.header)).unless(reason))
    }

    /// Whether a rule tells somebody of GuardDuty's finding about root.
    pub fn sends_finding(&self, rule: &'a Rule, finding: &Event) -> Seen {
        rule.is_on().then(|| rule.matches(finding)).then(|| self.finds(&rule.site.project)).then(|| self.targets(rule))
    }

    /// Whether GuardDuty looks for it.
    fn finds(&self, project: &str) -> Seen {
        let own = self.detectors().filter(|(site, _)| &*site.project == project);
        let ways = own.map(|(site, enabled)| match truth(enabled) {
            Some(false) => {
                let why = format!("detector `{}` is switched off", site.block);
                Seen::No(Break::always(why, enabled.origin.primary()))
            }
            _ => Seen::unsure(enabled).unwrap_or(Seen::Yes),
        });
        Seen::best(ways).unwrap_or_else(|| {
            let why = "is switched on by nothing in view";
            Seen::Unsure(Reason::new("GuardDuty", why, None))
        })
    }
}

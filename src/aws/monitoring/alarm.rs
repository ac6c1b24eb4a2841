//! Whether an alarm goes off when a metric filter has counted one event, and whom it tells.

use std::collections::{BTreeSet, HashMap};

use super::All;
use super::declared::{Actions, Alarm, Filter, Metric, Rule, Watched};
use super::seen::{Break, Seen};
use crate::aws::join::{Link, each, given_in, number, same_unknown, truth};
use crate::text::Tri;
use crate::value::{Reason, Value};

/// Alarms and what they watch, by where they are and by the metric's name.
#[derive(Default)]
pub struct Alarms<'a> {
    watched: Vec<(&'a Alarm, Watched)>,
    by_project: HashMap<&'a str, Vec<&'a Alarm>>,
    of_project: HashMap<&'a str, Vec<usize>>,
    of_metric: HashMap<String, Vec<usize>>,
}

impl<'a> Alarms<'a> {
    fn of_project(&self, project: &str) -> &[&'a Alarm] {
        self.by_project.get(project).map_or(&[], Vec::as_slice)
    }
}

impl<'a> All<'a> {
    /// Whether somebody is told when a filter counts an event.
    pub fn alarmed(&self, filter: &Filter) -> Seen {
        if filter.metrics.is_empty() {
            return Seen::No(Break::always(
                format!("metric filter `{}` writes no metric", filter.site.block),
                Some(filter.site.header),
            ));
        }
        let ways = filter.metrics.iter().map(|metric| self.watched(filter, metric));
        Seen::best(ways).unwrap_or(Seen::Yes)
    }

    fn watched(&self, filter: &Filter, metric: &Metric) -> Seen {
        let alarmed = |alarm: &Alarm, watched: &Watched| {
            let called = format!("alarm `{}`", alarm.site.block);
            let other = other_dimensions(&called, alarm, watched, metric);
            other.unwrap_or_else(|| goes_off(alarm, watched, metric).then(|| self.tells(alarm)))
        };
        let mut ways = Vec::new();
        let mut near: Option<(&Alarm, Watched)> = None;
        for (alarm, watched) in self.watching(&filter.site.project, &metric.name) {
            let close = alarm.site.project == filter.site.project;
            match (same(&watched.name, &metric.name, close), same(&watched.namespace, &metric.namespace, close)) {
                (Tri::Yes, Tri::Yes) => ways.push(alarmed(alarm, watched)),
                (Tri::No, Tri::No) => {}
                (Tri::Yes, Tri::No) | (Tri::No, Tri::Yes) if close && self.is_alike(watched, metric) => {
                    near = near.or_else(|| Some((alarm, watched.clone())));
                }
                // A name that may be anything is no news.
                (Tri::Maybe, _) | (_, Tri::Maybe) if close => {
                    let open = [&watched.name, &watched.namespace, &metric.name, &metric.namespace];
                    ways.extend(open.into_iter().find_map(Seen::unsure));
                }
                _ => {}
            }
        }
        if let Some(best) = Seen::best(ways) {
            return best;
        }
        let shown = |value: &Value| value.as_str().map_or_else(|| "?".to_owned(), |name| name.into_owned());
        let called = format!("`{}` in `{}`", shown(&metric.name), shown(&metric.namespace));
        let Some((alarm, watched)) = near else {
            let reason = Reason::new("alarm", format!("on {called} is not in view"), None);
            let why = format!("no alarm in view watches {called}, which metric filter `{}` writes", filter.site.block);
            let span = metric.name.origin.primary().or(Some(filter.site.header));
            return Seen::No(Break::always(why, span).unless(reason));
        };
        let (other, span) = match same(&watched.name, &metric.name, true) {
            Tri::Yes => (format!("in `{}`", shown(&watched.namespace)), watched.namespace.origin.primary()),
            _ => (
                format!("`{}` in `{}`", shown(&watched.name), shown(&watched.namespace)),
                watched.name.origin.primary(),
            ),
        };
        let why = format!(
            "metric filter `{}` writes {called}, and alarm `{}` watches the one {other}",
            filter.site.block, alarm.site.block
        );
        Seen::No(Break::always(why, span))
    }

    /// Alarms on EventBridge's own count of how often a rule matched.
    pub fn counted(&self, rule: &Rule) -> Vec<Seen> {
        let mut ways = Vec::new();
        for alarm in self.known_alarms().of_project(&rule.site.project) {
            let is = |value: &Value, names: &[&str]| value.as_str().is_some_and(|name| names.contains(&&*name));
            let counts = |watched: &&Watched| {
                is(&watched.namespace, &["AWS/Events"]) && is(&watched.name, &["TriggeredRules", "MatchedEvents"])
            };
            for watched in alarm.watched.iter().filter(counts) {
                let named = dimension(&watched.dimensions, "RuleName");
                match Link::of_project(&alarm.site.project, named.clone()).means(&rule.site, &rule.name) {
                    Tri::Yes => {
                        let metric = Metric {
                            namespace: watched.namespace.clone(),
                            name: watched.name.clone(),
                            value: Value::text("1"),
                            default: Value::null(),
                            dimensions: watched.dimensions.clone(),
                        };
                        ways.push(goes_off(alarm, watched, &metric).then(|| self.tells(alarm)));
                    }
                    Tri::Maybe => ways.extend(Seen::unsure(&named)),
                    Tri::No => {}
                }
            }
        }
        ways
    }

    fn known_alarms(&self) -> &Alarms<'a> {
        self.indexes.watched.get_or_init(|| {
            let mut known = Alarms::default();
            for alarm in self.alarms() {
                known.by_project.entry(&alarm.site.project).or_default().push(alarm);
                for watched in &alarm.watched {
                    let watched = self.resolved(watched);
                    let at = known.watched.len();
                    known.of_project.entry(&alarm.site.project).or_default().push(at);
                    if let Some(name) = watched.name.as_str() {
                        known.of_metric.entry(name.into_owned()).or_default().push(at);
                    }
                    known.watched.push((alarm, watched));
                }
            }
            known
        })
    }

    /// What alarms watch: those of a project, and of all others those that watch a metric of this name.
    fn watching(&self, project: &str, name: &Value) -> impl Iterator<Item = (&'a Alarm, &Watched)> {
        let known = self.known_alarms();
        let own = known.of_project.get(project).into_iter().flatten();
        let named = name.as_str().and_then(|name| known.of_metric.get(&*name)).into_iter().flatten();
        let found: BTreeSet<usize> = own.chain(named).copied().collect();
        found.into_iter().filter_map(|at| known.watched.get(at)).map(|(alarm, watched)| (*alarm, watched))
    }

    /// What an alarm watches: the id of a metric filter is its name.
    fn resolved(&self, watched: &Watched) -> Watched {
        let mut watched = watched.clone();
        if let Some(symbol) = watched.name.symbol() {
            let by_site = self.indexes.filters.get_or_init(|| {
                // The first of a name counts.
                let site = |filter: &'a Filter| ((&*filter.site.project, &*filter.site.address), filter);
                self.filters().collect::<Vec<_>>().into_iter().rev().map(site).collect()
            });
            if let Some(filter) = by_site.get(&(&*symbol.project, &*symbol.address)) {
                watched.name = Value { origin: watched.name.origin.clone(), ..filter.name.clone() };
            }
        }
        watched
    }

    /// Whether an alarm looks like one that was meant for a metric: nothing else writes what it watches.
    fn is_alike(&self, watched: &Watched, metric: &Metric) -> bool {
        let written = |other: &Metric| {
            same(&watched.name, &other.name, true) == Tri::Yes
                && same(&watched.namespace, &other.namespace, true) == Tri::Yes
        };
        let taken = self.filters().flat_map(|filter| &filter.metrics).any(written);
        let known = |value: &Value| value.as_str().map(|text| text.to_lowercase());
        let (one, other) = (known(&watched.name), known(&metric.name));
        let alike = same(&watched.namespace, &metric.namespace, true) == Tri::Yes || one == other;
        let own = known(&watched.namespace).is_some_and(|namespace| namespace.starts_with("aws/"));
        !taken && !own && alike
    }

    /// Whether somebody is told when an alarm goes off: by itself, or by a composite alarm that names it.
    fn tells(&self, alarm: &Alarm) -> Seen {
        let own = self.acts(&alarm.actions, &format!("alarm `{}`", alarm.site.block), alarm);
        if own == Seen::Yes {
            return own;
        }
        let composites = self.composites().filter_map(|composite| {
            let named = composite.rule.means(&alarm.site, &alarm.name) == Tri::Yes || {
                let rule = composite.rule.value.as_text().and_then(|rule| rule.as_str());
                let name = alarm.name.as_str();
                rule.zip(name).is_some_and(|(rule, name)| {
                    rule.contains(&format!("\"{name}\"")) || rule.contains(&format!("({name})"))
                })
            };
            let called = format!("composite alarm `{}`", composite.site.block);
            named.then(|| {
                let needs_more = composite.rule.value.as_text().and_then(|rule| rule.as_str()).is_none_or(|rule| {
                    let rule = rule.to_ascii_uppercase();
                    rule.contains(" AND ") || rule.contains("NOT ")
                });
                self.acts(&composite.actions, &called, alarm).then(|| match needs_more {
                    false => Seen::Yes,
                    true => {
                        let why = "goes off only if other alarms do, or do not";
                        Seen::Unsure(Reason::new(&*composite.site.block, why, composite.rule.value.origin.span))
                    }
                })
            })
        });
        let ways: Vec<Seen> = composites.chain([own]).collect();
        Seen::best(ways).unwrap_or(Seen::Yes)
    }

    fn acts(&self, actions: &Actions, called: &str, alarm: &Alarm) -> Seen {
        if truth(&actions.enabled) == Some(false) {
            let span = actions.enabled.origin.primary();
            return Seen::No(Break::always(format!("{called} takes no actions (they are switched off)"), span));
        }
        if let Some(unsure) = Seen::unsure(&actions.enabled) {
            return unsure;
        }
        let list = each(&actions.list.value);
        if list.is_empty() {
            let span = Some(actions.list.value.origin.primary().unwrap_or(alarm.site.header));
            return Seen::No(Break::always(format!("{called} has no action for going off"), span));
        }
        let ways = list.iter().map(|action| self.reaches(&actions.list, action));
        Seen::best(ways).unwrap_or(Seen::Yes)
    }
}

/// Whether two values are the same name. Within one project the same unknown is the same name.
fn same(one: &Value, other: &Value, close: bool) -> Tri {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => (one == other).into(),
        _ if close && same_unknown(one, other) => Tri::Yes,
        _ if one.is_null() || other.is_null() => Tri::No,
        _ => {
            let (Some(one), Some(other)) = (one.as_text(), other.as_text()) else { return Tri::Maybe };
            let ((a, _), (b, _)) = (one.known_prefix(), other.known_prefix());
            let ((c, _), (d, _)) = (one.known_suffix(), other.known_suffix());
            let fits = (a.starts_with(&b) || b.starts_with(&a)) && (c.ends_with(&d) || d.ends_with(&c));
            if fits { Tri::Maybe } else { Tri::No }
        }
    }
}

/// Whether an alarm goes off after one event, which writes one value once (CloudWatch user guide, "Using Amazon
/// CloudWatch alarms").
fn goes_off(alarm: &Alarm, watched: &Watched, metric: &Metric) -> Seen {
    let called = format!("alarm `{}`", alarm.site.block);
    if alarm.computed {
        let why = "computes something of the metric";
        return Seen::Unsure(Reason::new(&*alarm.site.block, why, Some(alarm.site.header)));
    }
    let needed =
        [&alarm.comparison, &alarm.threshold, &alarm.periods, &alarm.datapoints, &watched.statistic, &metric.value];
    if let Some(unsure) = needed.into_iter().find_map(Seen::unsure) {
        return unsure;
    }
    let Some(value) = decimal(&metric.value) else {
        let why = "is taken from the event";
        return Seen::Unsure(Reason::new("value of the metric", why, metric.value.origin.span));
    };
    let (Some(threshold), Some(comparison)) = (decimal(&alarm.threshold), alarm.comparison.as_str()) else {
        let why = "has a threshold that is computed";
        return Seen::Unsure(Reason::new(&*alarm.site.block, why, Some(alarm.site.header)));
    };
    let counts = watched.statistic.as_str().as_deref() == Some("SampleCount");
    let own = if counts { 1.0 } else { value };
    let passes = |value: f64| match &*comparison {
        "GreaterThanOrEqualToThreshold" => value >= threshold,
        "GreaterThanThreshold" => value > threshold,
        "LessThanThreshold" => value < threshold,
        "LessThanOrEqualToThreshold" => value <= threshold,
        _ => true,
    };
    if !passes(own) {
        // More events add up, unless the statistic is about each.
        let sums = matches!(watched.statistic.as_str().as_deref(), Some("Sum" | "SampleCount"));
        let rises = comparison.starts_with("Greater") && own > 0.0;
        let broken = match sums && rises {
            true => Break::some(
                format!("{called} goes off only at {}, which one event does not reach", shown(threshold)),
                alarm.threshold.origin.primary(),
            ),
            false => Break::always(
                format!(
                    "{called} never goes off: an event writes {}, threshold {} ({comparison})",
                    shown(own),
                    shown(threshold)
                ),
                if rises { alarm.threshold.origin.primary() } else { alarm.comparison.origin.primary() },
            ),
        };
        return Seen::No(broken);
    }
    let periods = number(&alarm.periods).unwrap_or(1);
    let datapoints = number(&alarm.datapoints).unwrap_or(periods);
    let dense = !metric.default.is_null();
    let ignores = alarm.missing.as_str().as_deref() == Some("notBreaching");
    if datapoints > 1 && (dense || ignores) {
        let span = Some(if alarm.datapoints.is_null() { &alarm.periods } else { &alarm.datapoints });
        let why = format!("{called} goes off only after {datapoints} periods with such events, not after one");
        return Seen::No(Break::some(why, span.and_then(|value| value.origin.primary())));
    }
    if datapoints > 1 {
        let why = "looks at several periods, and how it takes those without data is not certain";
        return Seen::Unsure(Reason::new(&*alarm.site.block, why, alarm.periods.origin.span));
    }
    if watched.statistic.as_str().as_deref() == Some("Minimum") && dense {
        let why = format!("{called} looks at the minimum, which other events keep at the filter's default");
        return Seen::No(Break::some(why, watched.statistic.origin.primary()));
    }
    Seen::Yes
}

/// A metric with other dimensions is another metric.
fn other_dimensions(called: &str, alarm: &Alarm, watched: &Watched, metric: &Metric) -> Option<Seen> {
    let empty = |value: &Value| {
        value.is_null()
            || value.elements().is_some_and(<[Value]>::is_empty)
            || value.fields().is_some_and(crate::value::Fields::is_empty)
    };
    match (empty(&watched.dimensions), empty(&metric.dimensions)) {
        (true, true) => None,
        (false, true) if watched.dimensions.as_unknown().is_none() => {
            let why = format!("{called} watches a metric with dimensions, and the filter writes one without");
            let span = watched.dimensions.origin.primary().unwrap_or(alarm.site.header);
            Some(Seen::No(Break::always(why, Some(span))))
        }
        (true, false) if metric.dimensions.as_unknown().is_none() => {
            let why = format!("the filter writes its metric with dimensions, and {called} watches the one without");
            Some(Seen::No(Break::always(why, metric.dimensions.origin.primary())))
        }
        _ => Seen::unsure(&watched.dimensions).or_else(|| Seen::unsure(&metric.dimensions)),
    }
}

/// The value of a dimension: Terraform has a map of them, CloudFormation a list.
fn dimension(dimensions: &Value, name: &str) -> Value {
    let direct = given_in(dimensions, name);
    let listed = each(dimensions).into_iter().find_map(|one| {
        let own = ["Name", "name"].map(|key| given_in(&one, key)).into_iter().find(|own| !own.is_null())?;
        let value = ["Value", "value"].map(|key| given_in(&one, key)).into_iter().find(|own| !own.is_null())?;
        (own.as_str().as_deref() == Some(name)).then_some(value)
    });
    if direct.is_null() { listed.unwrap_or(direct) } else { direct }
}

/// A number, also one that is written as a string.
fn decimal(value: &Value) -> Option<f64> {
    match value.as_number() {
        Some(number) => Some(number.to_f64()),
        None => value.as_str()?.trim().parse().ok(),
    }
}

fn shown(number: f64) -> String {
    format!("{number}")
}

//! How often something happens: periods, and the schedule expressions of EventBridge and Secrets Manager.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::join;
use crate::value::{Reason, Value};

const DAY: i64 = 24 * 60;

/// A length of time between two runs, or an age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Period {
    /// So many minutes.
    Minutes(i64),
    /// The mechanism does not say.
    Unstated,
    /// It never comes round, and why, as the rest of a sentence.
    Never(Cow<'static, str>),
    /// It depends on something unknown.
    Unknown(Reason),
}

impl Period {
    /// So many days.
    pub fn days(days: i64) -> Self {
        Self::Minutes(days.saturating_mul(DAY))
    }

    /// A number of units of so many minutes; `default` for null.
    pub fn of(value: &Value, minutes: i64, default: Self) -> Self {
        match (join::number(value), value.as_unknown()) {
            (Some(number), _) => Self::Minutes(number.saturating_mul(minutes)),
            (None, Some(unknown)) => Self::Unknown(unknown.reason.clone()),
            (None, None) if value.is_null() => default,
            (None, None) => Self::Never("has a period that is no number".into()),
        }
    }

    /// The longest pause of a schedule: `rate(...)`, `cron(...)`, and `at(...)`, which runs once
    /// (EventBridge Scheduler user guide, "Schedule types"; EventBridge user guide, "Cron expressions").
    pub fn of_schedule(value: &Value) -> Self {
        if let Some(unknown) = value.as_unknown() {
            return Self::Unknown(unknown.reason.clone());
        }
        let Some(text) = value.as_str() else { return Self::Never("has no schedule".into()) };
        let expression = text.trim().strip_suffix(')').and_then(|text| text.split_once('('));
        let period = match expression {
            Some(("rate", rate)) => rate_minutes(rate),
            Some(("cron", cron)) => longest_pause(cron).map(|days| days * DAY),
            Some(("at", _)) => return Self::Never("runs only once".into()),
            _ => None,
        };
        period.map_or_else(|| Self::Never(format!("never runs: no such schedule, `{text}`").into()), Self::Minutes)
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Minutes(own), Self::Minutes(other)) => own.partial_cmp(other),
            _ => None,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |number: i64| if number == 1 { "" } else { "s" };
        match self {
            Self::Minutes(minutes) if *minutes >= DAY => {
                let days = (minutes + DAY - 1) / DAY;
                write!(f, "{days} day{}", plural(days))
            }
            Self::Minutes(minutes) if *minutes >= 60 => write!(f, "{} hour{}", minutes / 60, plural(minutes / 60)),
            Self::Minutes(minutes) => write!(f, "{minutes} minute{}", plural(*minutes)),
            Self::Unstated => f.write_str("a time that is not stated"),
            Self::Never(why) => f.write_str(why),
            Self::Unknown(reason) => write!(f, "{reason}"),
        }
    }
}

fn rate_minutes(rate: &str) -> Option<i64> {
    let (number, unit) = rate.trim().split_once(char::is_whitespace)?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    let unit = match unit.trim().trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => DAY,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// The longest pause between two days on which a cron expression of six fields fires, or of the first five. Looks at two
/// years of 365 days that start on a Sunday; a year given by number counts as if it were every year.
fn longest_pause(cron: &str) -> Option<i64> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [_, _, day, month, weekday, year @ ..] = fields.as_slice() else { return None };
    if year.len() > 1 {
        return None;
    }
    let months = numbers(month, 1, 12, &MONTHS)?;
    let fires = |date: &Date| {
        let of_month = matches_day(day, date);
        let of_week = matches_weekday(weekday, date);
        match (*day, *weekday) {
            ("?" | "*", _) => of_week,
            (_, "?" | "*") => of_month,
            _ => of_month.zip(of_week).map(|(month, week)| month || week),
        }
    };
    let (mut first, mut last, mut longest) = (None, None, 0);
    for (at, date) in dates().enumerate() {
        let at = i64::try_from(at).ok()?;
        if !(months.contains(&date.month) && fires(&date)?) {
            continue;
        }
        longest = longest.max(last.map_or(0, |last| at - last));
        first = first.or(Some(at));
        last = Some(at);
    }
    // The two years are followed by the same again.
    Some(longest.max(first? + 2 * 365 - last?))
}

struct Date {
    month: i64,
    day: i64,
    /// Days of this month.
    of: i64,
    /// 1 is Sunday.
    weekday: i64,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn dates() -> impl Iterator<Item = Date> {
    let year = LENGTHS.iter().zip(1..).flat_map(|(of, month)| (1..=*of).map(move |day| (month, day, *of)));
    year.clone().chain(year).zip((1..=7).cycle()).map(|((month, day, of), weekday)| Date { month, day, of, weekday })
}

fn matches_day(field: &str, date: &Date) -> Option<bool> {
    match field {
        "L" | "LW" => Some(date.day == date.of),
        _ => {
            // `15W` is the working day nearest to the 15th: two days do not matter here.
            let field = field.strip_suffix('W').unwrap_or(field);
            Some(numbers(field, 1, 31, &[])?.contains(&date.day))
        }
    }
}

fn matches_weekday(field: &str, date: &Date) -> Option<bool> {
    let day = |name: &str| number(name, &WEEKDAYS);
    if let Some((name, nth)) = field.split_once('#') {
        let nth: i64 = nth.parse().ok()?;
        return Some(date.weekday == day(name)? && (date.day - 1) / 7 + 1 == nth);
    }
    match field.strip_suffix('L').filter(|name| !name.is_empty()) {
        Some(name) => Some(date.weekday == day(name)? && date.day > date.of - 7),
        None if field == "L" => Some(date.weekday == 7),
        None => Some(numbers(field, 1, 7, &WEEKDAYS)?.contains(&date.weekday)),
    }
}

/// The numbers of a field: `*`, `?`, `3`, `MON-FRI`, `1,15`, `*/10`, `2/10`.
fn numbers(field: &str, low: i64, high: i64, names: &[&str]) -> Option<Vec<i64>> {
    let mut all = Vec::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (low, high),
            Some((from, to)) => (number(from, names)?, number(to, names)?),
            None => {
                let from = number(range, names)?;
                (from, if step.is_some() { high } else { from })
            }
        };
        let step = step.map_or(Some(1), |step| step.parse().ok().filter(|step| *step > 0))?;
        if from < low || to > high {
            return None;
        }
        all.extend((from..=to).step_by(step));
    }
    Some(all)
}

fn number(text: &str, names: &[&str]) -> Option<i64> {
    let named = names.iter().zip(1..).find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, number)| number);
    named.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::fake::unknown;

    fn days(schedule: &str) -> Option<i64> {
        match Period::of_schedule(&Value::text(schedule)) {
            Period::Minutes(minutes) => Some(minutes / DAY),
            _ => None,
        }
    }

    #[test]
    fn the_longest_pause_counts() {
        for (schedule, pause) in [
            ("rate(30 days)", 30),
            ("rate(1 day)", 1),
            ("rate(48 hours)", 2),
            ("rate(5 minutes)", 0),
            ("cron(0 3 * * ? *)", 1),
            ("cron(0 3 ? * MON-FRI *)", 3),
            ("cron(0 3 ? * SUN *)", 7),
            ("cron(0 0 1 * ? *)", 31),
            ("cron(0 0 1,15 * ? *)", 17),
            ("cron(0 0 L * ? *)", 31),
            ("cron(0 0 1 */3 ? *)", 92),
            ("cron(0 0 1 JAN,JUL ? *)", 184),
            ("cron(0 0 1 1 ? 2026)", 365),
            ("cron(0 0 ? * 2#1 *)", 35),
            ("cron(0 0 ? * 6L *)", 35),
            ("cron(0 0 15W * ? *)", 31),
        ] {
            assert_eq!(days(schedule), Some(pause), "{schedule}");
        }
        for never in
            ["at(2030-01-01T00:00:00)", "rate(0 days)", "rate(1 week)", "cron(0 0 30 2 ? *)", "cron(0 0)", "daily"]
        {
            assert!(matches!(Period::of_schedule(&Value::text(never)), Period::Never(_)), "{never}");
        }
        assert!(matches!(Period::of_schedule(&unknown("var.s")), Period::Unknown(_)));
    }

    #[test]
    fn periods_are_told_in_days() {
        assert_eq!(Period::days(90).to_string(), "90 days");
        assert_eq!(Period::Minutes(DAY + 1).to_string(), "2 days");
        assert_eq!(Period::Minutes(60).to_string(), "1 hour");
        assert!(Period::days(91) > Period::days(90));
        assert_eq!(Period::Unstated.partial_cmp(&Period::days(90)), None);
    }
}

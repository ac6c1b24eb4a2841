//! Points in time, as RFC 3339 writes them.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use crate::types::Type;
use crate::value::Value;

use super::spec::{Call, Failure, Function, impure, invalid, returns, string, text};

type Outcome = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("formatdate", &[text("format"), text("time")], returns::text, formatdate).of(1),
    Function::new("plantimestamp", &[], returns::text, |call| impure(call, Type::Text)),
    Function::new("timeadd", &[text("timestamp"), text("duration")], returns::text, timeadd).of(0),
    Function::new("timecmp", &[text("timestamp_a"), text("timestamp_b")], returns::number, timecmp),
    Function::new("timestamp", &[], returns::text, |call| impure(call, Type::Text)),
];

/// A point in time as a clock shows it that runs this many seconds ahead of UTC.
struct Moment {
    clock: DateTime,
    ahead: i64,
}

/// Reads `2006-01-02T15:04:05[.999]Z` or with an offset instead of `Z`.
fn parse(text: &str) -> Result<Moment, String> {
    let mut rest = text;
    let mut numbers = [0i64; 6];
    let parts = ["year", "month", "day of month", "hour", "minute", "second"];
    for (at, ((number, name), after)) in numbers.iter_mut().zip(parts).zip(["-", "-", "T", ":", ":", ""]).enumerate() {
        let (digits, tail) = rest.split_at_checked(if at == 0 { 4 } else { 2 }).unwrap_or((rest, ""));
        if digits.is_empty() {
            return Err(format!("not a valid RFC3339 timestamp: end of string before {name}"));
        }
        let value = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
        let wrong = format!("not a valid RFC3339 timestamp: cannot use {rest:?} as {name}");
        *number = value.ok_or(wrong)?;
        rest = tail.strip_prefix(after).ok_or_else(|| match (after, tail) {
            ("T", _) => "not a valid RFC3339 timestamp: missing required time introducer 'T'".to_owned(),
            (_, "") => format!("not a valid RFC3339 timestamp: end of string where {after:?} is expected"),
            _ => format!("not a valid RFC3339 timestamp: found {tail:?} where {after:?} is expected"),
        })?;
    }
    let mut nanoseconds = 0;
    if let Some(tail) = rest.strip_prefix('.') {
        let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
        nanoseconds = format!("{digits:0<9}").get(..9).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        rest = if digits.is_empty() { rest } else { tail.get(digits.len()..).unwrap_or_default() };
    }
    let ahead = offset(rest).ok_or_else(|| match rest {
        "" => "not a valid RFC3339 timestamp: end of string before UTC offset".to_owned(),
        rest => format!("not a valid RFC3339 timestamp: cannot use {rest:?} as UTC offset"),
    })?;
    let [year, month, day, hour, minute, second] = numbers;
    let date = Date::new(year as i16, month as i8, day as i8);
    let time = Time::new(hour as i8, minute as i8, second as i8, nanoseconds);
    match (date, time) {
        // A leap second is no time of day for Go.
        (Ok(date), Ok(time)) if second < 60 => Ok(Moment { clock: date.to_datetime(time), ahead }),
        _ => Err(format!("not a valid RFC3339 timestamp: {text:?} is no date and time of day")),
    }
}

/// `Z`, `+07:00` or `-07:00` in seconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("Z", "") => return Some(0),
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, below: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| digits && *number < below)
    };
    Some(sign * (number(hours, 24)? * 60 + number(minutes, 60)?) * 60)
}

impl Moment {
    /// The same in UTC.
    fn instant(&self) -> Result<Timestamp, String> {
        let far = |_| "the time is too far away".to_owned();
        let utc = self.clock.checked_sub(SignedDuration::from_secs(self.ahead)).map_err(far)?;
        jiff::tz::Offset::UTC.to_timestamp(utc).map_err(far)
    }

    /// `+07:00`, or with nothing between hours and minutes.
    fn offset(&self, between: &str) -> String {
        let minutes = self.ahead.abs() / 60;
        let sign = if self.ahead < 0 { '-' } else { '+' };
        format!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60)
    }

    fn zone(&self) -> String {
        if self.ahead == 0 { "Z".into() } else { self.offset(":") }
    }
}

fn timeadd(call: &Call<'_>) -> Outcome {
    let moment = parse(&call.str(0)?)?;
    let duration = duration(&call.str(1)?)?;
    let clock = moment.clock.checked_add(duration).map_err(|_| "the time is too far away")?;
    let sum = Moment { clock, ..moment };
    let (date, time) = (clock.date(), clock.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    Ok(string(format!("{date}T{hour:02}:{minute:02}:{second:02}{}", sum.zone())))
}

/// Go's durations: `-1h30m`, `1.5s`.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds = 0i128;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(length).ok_or_else(invalid)?;
        let length = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(length).ok_or_else(invalid)?;
        let scale: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            unit => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let digits = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<i128>() };
        let fraction: String = fraction.chars().take(18).collect();
        let part = digits(&fraction).map_err(|_| invalid())? * scale / 10i128.pow(fraction.len() as u32);
        let whole = digits(whole).ok().and_then(|whole| whole.checked_mul(scale)).ok_or_else(invalid)?;
        nanoseconds = nanoseconds.checked_add(whole + part).ok_or_else(invalid)?;
        rest = tail;
    }
    let nanoseconds = i64::try_from(if negative { -nanoseconds } else { nanoseconds }).map_err(|_| invalid())?;
    Ok(SignedDuration::from_nanos(nanoseconds))
}

fn timecmp(call: &Call<'_>) -> Outcome {
    let moment = |at: usize| parse(&call.str(at)?).and_then(|moment| moment.instant()).map_err(|e| invalid(at, e));
    Ok(Value::number(match moment(0)?.cmp(&moment(1)?) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

/// Runs of the same letter are verbs; other characters, and what stands in single quotes, are copied.
fn formatdate(call: &Call<'_>) -> Outcome {
    let format = call.str(0)?;
    let moment = parse(&call.str(1)?).map_err(|message| invalid(1, message))?;
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // A quote doubled is a quote, inside quotes as well as outside.
            '\'' if rest.next_if_eq(&'\'').is_some() => out.push('\''),
            '\'' => loop {
                match rest.next() {
                    Some('\'') if rest.next_if_eq(&'\'').is_none() => break,
                    Some(quoted) => out.push(quoted),
                    None => return Err(invalid(0, "unterminated literal '")),
                }
            },
            letter if letter.is_ascii_alphabetic() => {
                let mut count = 1;
                while rest.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                let shown = verb(&moment, letter, count).map_err(|hint| {
                    let verb: String = std::iter::repeat_n(letter, count).collect();
                    invalid(0, format!("invalid date format verb {verb:?}{hint}"))
                })?;
                out.push_str(&shown);
            }
            other => out.push(other),
        }
    }
    Ok(string(out))
}

/// What a verb of `count` times the same letter shows; what is wrong with it, if anything.
fn verb(moment: &Moment, letter: char, count: usize) -> Result<String, &'static str> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let clock = &moment.clock;
    let number = |value: i64, hint: &'static str| match count {
        1 => Ok(value.to_string()),
        2 => Ok(format!("{value:02}")),
        _ => Err(hint),
    };
    let name = |names: &[&str], index: i8| {
        let name = usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default();
        (if count == 3 { name.get(..3).unwrap_or(name) } else { name }).to_owned()
    };
    let hour = i64::from(clock.hour());
    match (letter, count) {
        ('Y', 2) => Ok(format!("{:02}", clock.year() % 100)),
        ('Y', 4) => Ok(format!("{:04}", clock.year())),
        ('Y', _) => Err(": year must either be \"YY\" or \"YYYY\""),
        ('M', 3 | 4) => Ok(name(&MONTHS, clock.month() - 1)),
        ('M', _) => number(clock.month().into(), ": month must be \"M\", \"MM\", \"MMM\", or \"MMMM\""),
        ('D', _) => number(clock.day().into(), ": day of month must either be \"D\" or \"DD\""),
        ('E', 3 | 4) => Ok(name(&DAYS, clock.weekday().to_monday_zero_offset())),
        ('E', _) => Err(": day of week must either be \"EEE\" or \"EEEE\""),
        ('h', _) => number(hour, ": 24-hour must either be \"h\" or \"hh\""),
        ('H', _) => number((hour + 11) % 12 + 1, ": 12-hour must either be \"H\" or \"HH\""),
        ('A', 2) => Ok(if hour < 12 { "AM" } else { "PM" }.into()),
        ('A', _) => Err(": must be \"AA\""),
        ('a', 2) => Ok(if hour < 12 { "am" } else { "pm" }.into()),
        ('a', _) => Err(": must be \"aa\""),
        ('m', _) => number(clock.minute().into(), ": minute must either be \"m\" or \"mm\""),
        ('s', _) => number(clock.second().into(), ": second must either be \"s\" or \"ss\""),
        ('Z', 1) => Ok(moment.zone()),
        ('Z', 3) if moment.ahead == 0 => Ok("UTC".into()),
        ('Z', 3 | 4) => Ok(moment.offset("")),
        ('Z', 5) => Ok(moment.offset(":")),
        ('Z', _) => Err(": timezone must be Z, ZZZZ, or ZZZZZ"),
        _ => Err(""),
    }
}

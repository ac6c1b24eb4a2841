//! The types of plain YAML scalars.

use jiff::civil::{Date, Time};

use crate::number::Number;
use crate::text::Text;
use crate::types::Type;
use crate::value::Kind;

use super::Scalars;

/// The value of a plain scalar.
pub(super) fn typed(plain: &str, scalars: Scalars, text: Text) -> Kind {
    let (yes, no): (&[&str], &[&str]) = match scalars {
        Scalars::CloudFormation => (&["true", "True", "TRUE"], &["false", "False", "FALSE"]),
        // https://github.com/zclconf/go-cty-yaml, resolve.go
        Scalars::Terraform => (
            &["true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"],
            &["false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"],
        ),
    };
    match plain {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null(Type::Dynamic),
        plain if yes.contains(&plain) => return Kind::Bool(true),
        plain if no.contains(&plain) => return Kind::Bool(false),
        _ => {}
    }
    let starts = plain.starts_with(|char: char| char.is_ascii_digit() || matches!(char, '+' | '-' | '.'));
    let number = match scalars {
        _ if !starts => None,
        Scalars::Terraform => terraform_number(plain),
        Scalars::CloudFormation if plain.len() == 12 && plain.bytes().all(|byte| byte.is_ascii_digit()) => None,
        Scalars::CloudFormation => Number::parse(plain).filter(|number| number.to_string() == plain),
    };
    match number {
        Some(number) => Kind::Number(number),
        None if scalars == Scalars::Terraform => {
            timestamp(plain).map_or(Kind::Text(text), |time| Kind::Text(time.into()))
        }
        None => Kind::Text(text),
    }
}

/// Decimal, or whole with the prefix `0x` or `0o`; an underscore makes it a string.
fn terraform_number(plain: &str) -> Option<Number> {
    let unsigned = |digits: &str| digits.starts_with(|digit: char| digit.is_ascii_hexdigit());
    match plain.split_at_checked(2) {
        Some(("0x", digits)) if unsigned(digits) => Number::parse_integer(digits, 16),
        Some(("0o", digits)) if unsigned(digits) => Number::parse_integer(digits, 8),
        _ => Number::parse(plain),
    }
}

/// A date, or a date and time, in full: `yamldecode` takes what looks like one as a point in time.
fn timestamp(plain: &str) -> Option<String> {
    let (date, time) = match plain.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (plain, None),
    };
    let number = |text: &str, most: usize| {
        let digits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i16>().ok().filter(|_| digits)
    };
    let mut parts = date.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4).and_then(|year| number(year, 4))?;
    let [month, day] = [parts.next()?, parts.next()?].map(|part| number(part, 2).and_then(|n| i8::try_from(n).ok()));
    let date = Date::new(year, month?, day?).ok()?;
    let Some(time) = time else {
        return Some(format!("{date}T00:00:00Z"));
    };
    // After a `T` the distance from UTC is required, after a space there is none.
    let (clock, zone) = match plain.contains(' ') {
        true => (time, "Z"),
        false => time.split_at_checked(time.find(['Z', '+', '-'])?)?,
    };
    let zone = match zone {
        "Z" => zone,
        zone => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let valid = |text: &str, below: i16| text.len() == 2 && number(text, 2).is_some_and(|n| n < below);
            let somewhere = valid(hours, 24) && valid(minutes, 60);
            if !somewhere {
                return None;
            }
            if hours == "00" && minutes == "00" { "Z" } else { zone }
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut parts = clock.splitn(3, ':').map(|part| number(part, 2).and_then(|n| i8::try_from(n).ok()));
    let [hour, minute, second] = [parts.next()??, parts.next()??, parts.next()??];
    let time = Time::new(hour, minute, second, 0).ok()?;
    Some(format!("{date}T{:02}:{:02}:{:02}{zone}", time.hour(), time.minute(), time.second()))
}

//! Decimal digits and how they are printed.

/// A number's decimal digits: `0.DIGITS * 10^point`, without leading or trailing zeros; no digits is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub negative: bool,
    pub digits: String,
    pub point: isize,
}

impl Decimal {
    /// Without the zeros at the end that `digits` may have.
    pub fn new(negative: bool, digits: String, point: isize) -> Self {
        let trimmed = digits.trim_end_matches('0');
        if trimmed.is_empty() {
            return Self { negative, digits: String::new(), point: 0 };
        }
        Self { negative, digits: trimmed.to_owned(), point }
    }

    /// The same rounded to `count` digits, half to even; a negative count, and one that leaves nothing, is zero.
    #[must_use]
    pub fn rounded(&self, count: isize) -> Self {
        let Ok(count) = usize::try_from(count) else {
            return Self { negative: self.negative, digits: String::new(), point: 0 };
        };
        let Some((kept, dropped)) = self.digits.split_at_checked(count) else {
            return self.clone();
        };
        let odd = kept.bytes().last().is_some_and(|digit| digit % 2 == 1);
        let up = match dropped.as_bytes() {
            [] => false,
            // Nothing is kept: an exact half goes down, to even zero.
            [b'5'] => odd,
            [first, ..] => *first >= b'5',
        };
        if !up {
            return Self::new(self.negative, kept.to_owned(), self.point);
        }
        let rest = kept.trim_end_matches('9');
        match rest.char_indices().next_back() {
            Some((at, digit)) => {
                let next = char::from(digit as u8 + 1);
                let digits = rest.chars().take(at).chain([next]).collect();
                Self::new(self.negative, digits, self.point)
            }
            None => Self::new(self.negative, "1".into(), self.point + 1),
        }
    }

    /// With an exponent: `d.ddde+xx`, with `places` digits after the point (`None`: as many as there are), the digits
    /// already rounded.
    pub fn scientific(&self, places: Option<usize>) -> String {
        let mut digits = self.digits.chars();
        let sign = if self.negative { "-" } else { "" };
        let first = digits.next().unwrap_or('0');
        let fraction: String = match places {
            Some(places) => digits.chain(std::iter::repeat('0')).take(places).collect(),
            None => digits.collect(),
        };
        let point = if fraction.is_empty() { "" } else { "." };
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let direction = if exponent < 0 { '-' } else { '+' };
        format!("{sign}{first}{point}{fraction}e{direction}{:02}", exponent.unsigned_abs())
    }

    /// As `%g` does, with this many significant digits; `None` stands for the shortest form, which counts as 6 when
    /// choosing between plain and scientific.
    pub fn general(&self, significant: Option<usize>) -> String {
        let rounded = match significant {
            Some(count) => self.rounded(count.max(1) as isize),
            None => self.clone(),
        };
        let length = rounded.digits.len() as isize;
        let limit = match significant {
            Some(count) if count as isize > length && length >= rounded.point => length,
            Some(count) => count.max(1) as isize,
            None => 6,
        };
        let exponent = rounded.point - 1;
        if !rounded.digits.is_empty() && (exponent < -4 || exponent >= limit.max(1)) {
            rounded.scientific(None)
        } else {
            rounded.plain(None)
        }
    }

    /// With `places` digits after the point (`None`: as many as there are), the digits already rounded.
    pub fn plain(&self, places: Option<usize>) -> String {
        let mut text = String::from(if self.negative { "-" } else { "" });
        let mut digits = self.digits.chars();
        if self.point <= 0 || self.digits.is_empty() {
            text.push('0');
        } else {
            text.extend((0..self.point).map(|_| digits.next().unwrap_or('0')));
        }
        let leading = if self.digits.is_empty() { 0 } else { self.point.min(0).unsigned_abs() };
        let places = places.unwrap_or(leading + digits.clone().count());
        if places > 0 {
            text.push('.');
            let fraction = std::iter::repeat_n('0', leading).chain(digits).chain(std::iter::repeat('0'));
            text.extend(fraction.take(places));
        }
        text
    }
}

//! Terraform's numbers: binary floating point with up to 512 bits of precision, as cty keeps them.

mod decimal;

use std::cmp::Ordering;
use std::fmt;

use dashu_base::{BitTest, DivRem, Signed, UnsignedAbs};
use dashu_int::{IBig, UBig};

use decimal::Decimal;

/// The precision of numbers that are written in a configuration or read from a string.
const PRECISION: u32 = 512;

/// Beyond this many bits before or after the point a number counts as infinite or zero, and no literal may have more
/// decimal digits or a larger exponent than `MAX_DECIMAL`: nothing honest comes near, and work stays bounded.
const MAX_BITS: isize = 100_000;
const MAX_DECIMAL: i64 = 20_000;

/// A number, exact where Terraform is exact: like its `big.Float` it carries the precision it was made with, which
/// decides how many digits are printed and to how many bits a quotient is rounded.
#[derive(Clone, Debug)]
pub struct Number {
    repr: Repr,
    precision: u32,
}

/// `significand * 2^exponent`, the significand odd (or everything zero): one representation for each value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    Finite { significand: IBig, exponent: isize },
    Infinite { negative: bool },
}

impl Repr {
    const ZERO: Self = Self::Finite { significand: IBig::ZERO, exponent: 0 };

    /// Rounds to nearest, ties to even. `sticky` says that the exact value is slightly larger in magnitude; then the
    /// significand has more than `precision` bits.
    fn rounded(significand: IBig, exponent: isize, sticky: bool, precision: u32) -> Self {
        let (sign, mut magnitude) = significand.into_parts();
        let mut exponent = exponent;
        let excess = magnitude.bit_len().saturating_sub(precision as usize);
        if excess > 0 {
            let kept = &magnitude >> excess;
            let dropped = magnitude - (&kept << excess);
            let up = match dropped.cmp(&(UBig::ONE << (excess - 1))) {
                Ordering::Less => false,
                Ordering::Equal => sticky || kept.bit(0),
                Ordering::Greater => true,
            };
            magnitude = if up { kept + UBig::ONE } else { kept };
            exponent += excess as isize;
        }
        let Some(zeros) = magnitude.trailing_zeros() else {
            return Self::ZERO;
        };
        let magnitude = magnitude >> zeros;
        exponent += zeros as isize;
        let top = exponent + magnitude.bit_len() as isize;
        let significand = IBig::from_parts(sign, magnitude);
        if top > MAX_BITS {
            Self::Infinite { negative: significand.is_negative() }
        } else if exponent < -MAX_BITS {
            Self::ZERO
        } else {
            Self::Finite { significand, exponent }
        }
    }

    /// `numerator / denominator * 2^exponent`, rounded; the denominator is not zero.
    fn quotient(numerator: IBig, denominator: &IBig, exponent: isize, precision: u32) -> Self {
        let wanted = precision as usize + 2 + denominator.bit_len();
        let shift = wanted.saturating_sub(numerator.bit_len());
        let (quotient, remainder) = (numerator << shift).div_rem(denominator);
        Self::rounded(quotient, exponent - shift as isize, !remainder.is_zero(), precision)
    }
}

impl Number {
    fn rounded(significand: IBig, exponent: isize, precision: u32) -> Self {
        Self { repr: Repr::rounded(significand, exponent, false, precision), precision }
    }

    /// Reads a decimal literal (`12`, `1.5`, `1e400`); `None` if it is none, or larger than anyone needs.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                // An exponent that does not even fit is out of bounds below, unless the number is zero.
                let size = digits.parse::<i64>().unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
                (mantissa, if exponent.starts_with('-') { -size } else { size })
            }
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        let trimmed = significant.trim_end_matches('0');
        if trimmed.is_empty() {
            return Some(Self { repr: Repr::ZERO, precision: PRECISION });
        }
        let exponent = exponent - fraction.len() as i64 + (significant.len() - trimmed.len()) as i64;
        if exponent.abs() > MAX_DECIMAL || trimmed.len() as i64 > MAX_DECIMAL {
            return None;
        }
        let magnitude = IBig::from_str_radix(trimmed, 10).ok()?;
        let significand = if negative { -magnitude } else { magnitude };
        let power = IBig::from(5).pow(exponent.unsigned_abs() as usize);
        let repr = if exponent >= 0 {
            Repr::rounded(significand * power, exponent as isize, false, PRECISION)
        } else {
            Repr::quotient(significand, &power, exponent as isize, PRECISION)
        };
        Some(Self { repr, precision: PRECISION })
    }

    /// An integer in the given base; `None` if the text is none.
    pub fn parse_integer(text: &str, base: u32) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let well_formed = !digits.is_empty() && digits.len() as i64 <= MAX_DECIMAL;
        // Go has 62 digits: above base 36 the letters' case counts.
        let value = |c: char| match c {
            '0'..='9' => Some(c as u32 - '0' as u32),
            'a'..='z' => Some(c as u32 - 'a' as u32 + 10),
            'A'..='Z' if base <= 36 => Some(c as u32 - 'A' as u32 + 10),
            'A'..='Z' => Some(c as u32 - 'A' as u32 + 36),
            _ => None,
        };
        let mut magnitude = IBig::ZERO;
        for c in digits.chars().filter(|_| well_formed) {
            let digit = value(c).filter(|digit| *digit < base)?;
            magnitude = magnitude * base + digit;
        }
        let precision = u32::try_from(magnitude.bit_len()).unwrap_or(u32::MAX).max(64);
        well_formed.then(|| Self::rounded(if negative { -magnitude } else { magnitude }, 0, precision))
    }

    /// A number from a double, which keeps its 53 bits of precision: `None` for NaN and the infinities.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let bits = value.to_bits();
        let biased = ((bits >> 52) & 0x7ff) as isize;
        let fraction = (bits & ((1 << 52) - 1)) as i64;
        let (significand, exponent) =
            if biased == 0 { (fraction, -1074) } else { (fraction | (1 << 52), biased - 1075) };
        let significand = if value.is_sign_negative() { -significand } else { significand };
        Some(Self::rounded(IBig::from(significand), exponent, 53))
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        let infinity = |negative| if negative { f64::NEG_INFINITY } else { f64::INFINITY };
        match &self.repr {
            Repr::Infinite { negative } => infinity(*negative),
            Repr::Finite { significand, exponent } => {
                let top = exponent + significand.bit_len() as isize;
                // Below the normal range a double has fewer bits.
                let precision = (top + 1074).clamp(0, 53) as u32;
                let (significand, exponent) = if top > 1024 {
                    return infinity(significand.is_negative());
                } else if precision == 0 {
                    return 0.0;
                } else {
                    match Repr::rounded(significand.clone(), *exponent, false, precision) {
                        Repr::Finite { significand, exponent } => (significand, exponent),
                        Repr::Infinite { negative } => return infinity(negative),
                    }
                };
                let value = i64::try_from(significand).unwrap_or(0) as f64;
                // Two steps, since 2^-1074 times 2^53 is in range while each factor alone may not be.
                let half = exponent as i32 / 2;
                value * 2f64.powi(half) * 2f64.powi(exponent as i32 - half)
            }
        }
    }

    /// Whether the number is finite. Terraform computes with infinities but cannot store them: they end in an error.
    pub fn is_finite(&self) -> bool {
        matches!(self.repr, Repr::Finite { .. })
    }

    /// Whether the number is zero.
    pub fn is_zero(&self) -> bool {
        self.repr == Repr::ZERO
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.repr {
            Repr::Finite { significand, .. } => significand.is_negative(),
            Repr::Infinite { negative } => *negative,
        }
    }

    /// The value as an integer, if it is one.
    pub(crate) fn to_integer(&self) -> Option<IBig> {
        match &self.repr {
            Repr::Finite { significand, exponent } if *exponent >= 0 => Some(significand << (*exponent as usize)),
            _ => None,
        }
    }

    /// The value as an integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.repr {
            Repr::Finite { exponent, .. } if *exponent < 64 => i64::try_from(self.to_integer()?).ok(),
            _ => None,
        }
    }

    /// The value as an index or a length, if it is one.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_i64().and_then(|n| usize::try_from(n).ok())
    }

    /// The largest integer that is not larger.
    #[must_use]
    pub fn floor(&self) -> Self {
        match &self.repr {
            Repr::Finite { significand, exponent } if *exponent < 0 => {
                // IBig shifts round towards minus infinity.
                Self::rounded(significand >> exponent.unsigned_abs(), 0, self.precision)
            }
            _ => self.clone(),
        }
    }

    /// The smallest integer that is not smaller.
    #[must_use]
    pub fn ceil(&self) -> Self {
        self.neg().floor().neg()
    }

    /// The integer part.
    #[must_use]
    pub fn trunc(&self) -> Self {
        if self.is_negative() { self.ceil() } else { self.floor() }
    }

    /// The magnitude.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// `self + other`
    pub fn add(&self, other: &Self) -> Self {
        let precision = self.precision.max(other.precision);
        match (&self.repr, &other.repr) {
            (Repr::Finite { significand: a, exponent: m }, Repr::Finite { significand: b, exponent: n }) => {
                let exponent = *m.min(n);
                let a = a << (m - exponent) as usize;
                let b = b << (n - exponent) as usize;
                Self::rounded(a + b, exponent, precision)
            }
            (Repr::Infinite { .. }, _) => Self { repr: self.repr.clone(), precision },
            (_, Repr::Infinite { .. }) => Self { repr: other.repr.clone(), precision },
        }
    }

    /// `self - other`
    pub fn sub(&self, other: &Self) -> Self {
        self.add(&other.neg())
    }

    /// `self * other`. A product keeps as many bits as it needs, up to 512.
    pub fn mul(&self, other: &Self) -> Self {
        let precision = self.precision.max(other.precision);
        let repr = match (&self.repr, &other.repr) {
            (Repr::Finite { significand: a, exponent: m }, Repr::Finite { significand: b, exponent: n }) => {
                Repr::rounded(a * b, m + n, false, precision.max(PRECISION))
            }
            _ => Repr::Infinite { negative: self.is_negative() != other.is_negative() },
        };
        let needed = match &repr {
            Repr::Finite { significand, .. } => significand.bit_len() as u32,
            Repr::Infinite { .. } => 0,
        };
        Self { repr, precision: precision.max(needed) }
    }

    /// `self / other`; `None` for a division by zero.
    pub fn div(&self, other: &Self) -> Option<Self> {
        let precision = self.precision.max(other.precision);
        let repr = match (&self.repr, &other.repr) {
            _ if other.is_zero() => return None,
            (Repr::Finite { significand: a, exponent: m }, Repr::Finite { significand: b, exponent: n }) => {
                Repr::quotient(a.clone(), b, m - n, precision)
            }
            (Repr::Finite { .. }, Repr::Infinite { .. }) => Repr::ZERO,
            (Repr::Infinite { .. }, _) => Repr::Infinite { negative: self.is_negative() != other.is_negative() },
        };
        Some(Self { repr, precision })
    }

    /// `self % other`, with the sign of `self`; `None` for a division by zero.
    pub fn rem(&self, other: &Self) -> Option<Self> {
        if !self.is_finite() || !other.is_finite() {
            return Some(self.mul(other));
        }
        // As cty computes it: from the rounded quotient.
        let whole = self.div(other)?.trunc();
        Some(self.sub(&other.mul(&whole)))
    }

    /// `-self`
    pub fn neg(&self) -> Self {
        let repr = match &self.repr {
            Repr::Finite { significand, exponent } => {
                Repr::Finite { significand: -significand.clone(), exponent: *exponent }
            }
            Repr::Infinite { negative } => Repr::Infinite { negative: !negative },
        };
        Self { repr, precision: self.precision }
    }

    /// The exact decimal digits; `None` for an infinity.
    pub(crate) fn exact_decimal(&self) -> Option<Decimal> {
        match &self.repr {
            Repr::Finite { significand, exponent } => {
                let digits = scaled(&significand.unsigned_abs(), *exponent).to_string();
                let point = digits.len() as isize + exponent.min(&0);
                Some(Decimal::new(self.is_negative(), digits, point))
            }
            Repr::Infinite { .. } => None,
        }
    }

    /// The shortest decimal that reads back as the same number at the number's precision; `None` for an infinity.
    pub(crate) fn shortest_decimal(&self) -> Option<Decimal> {
        let Repr::Finite { significand, exponent } = &self.repr else {
            return None;
        };
        let magnitude = significand.unsigned_abs();
        let bits = magnitude.bit_len();
        if bits == 0 || (*exponent >= 0 && bits as isize + exponent <= self.precision as isize) {
            return self.exact_decimal();
        }
        // The neighbours half a unit of the last place away bound what reads back as this number. One more bit than
        // the precision makes half a unit 1.
        let shift = self.precision as usize + 1 - bits;
        let (middle, exponent) = (magnitude << shift, exponent - shift as isize);
        let inclusive = !middle.bit(1);
        let (lower, upper) = (&middle - UBig::ONE, &middle + UBig::ONE);
        let [lower, exact, upper] = [lower, middle, upper].map(|magnitude| scaled(&magnitude, exponent));
        // How many digits can go: the more go, the further the candidates lie from the exact value, so a bisection
        // finds the last good number.
        let candidates = |dropped: usize| {
            let unit = UBig::from(10u8).pow(dropped);
            let down = &exact / &unit * &unit;
            let up = &down + &unit;
            let down_fits = down > lower || (inclusive && down == lower);
            let up_fits = up < upper || (inclusive && up == upper);
            (down, up, down_fits, up_fits)
        };
        let length = exact.to_string().len();
        let (mut good, mut bad) = (0, length);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            let (.., down_fits, up_fits) = candidates(middle);
            if down_fits || up_fits { good = middle } else { bad = middle }
        }
        let (down, up, down_fits, up_fits) = candidates(good);
        let nearest_is_up = {
            let (below, above) = (&exact - &down, &up - &exact);
            let odd = || (&down / UBig::from(10u8).pow(good)).bit(0);
            below > above || (below == above && odd())
        };
        let chosen = if up_fits && (!down_fits || nearest_is_up) { up } else { down };
        let digits = chosen.to_string();
        let point = digits.len() as isize + exponent.min(0);
        Some(Decimal::new(self.is_negative(), digits, point))
    }
}

/// `magnitude * 2^exponent`, times the power of ten that makes it an integer (`10^-exponent` if that is below zero).
fn scaled(magnitude: &UBig, exponent: isize) -> UBig {
    if exponent >= 0 {
        magnitude << exponent as usize
    } else {
        magnitude * UBig::from(5u8).pow(exponent.unsigned_abs())
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::rounded(IBig::from(value), 0, 64)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.repr == other.repr
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.repr, &other.repr) {
            (Repr::Finite { significand: a, exponent: m }, Repr::Finite { significand: b, exponent: n }) => {
                let exponent = m.min(n);
                (a << (m - exponent) as usize).cmp(&(b << (n - exponent) as usize))
            }
            _ => {
                let rank = |number: &Self| match number.repr {
                    Repr::Infinite { negative: true } => -1,
                    Repr::Finite { .. } => 0,
                    Repr::Infinite { negative: false } => 1,
                };
                rank(self).cmp(&rank(other))
            }
        }
    }
}

/// The shortest decimal that reads back as the same number, without exponent: as Terraform prints it.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shortest_decimal() {
            Some(decimal) => f.write_str(&decimal.plain(None)),
            None => f.write_str(if self.is_negative() { "-Inf" } else { "+Inf" }),
        }
    }
}

#[cfg(test)]
mod tests;

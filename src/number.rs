//! Terraform's numbers: binary floating point with 512 bits of precision, as cty keeps them.

use std::cmp::Ordering;
use std::fmt;

/// A number, exact where Terraform is exact.
#[derive(Clone, Debug)]
pub struct Number(f64);

impl Number {
    /// Reads a decimal literal (`12`, `1.5`, `1e400`); `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// The value as an integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        (self.0.fract() == 0.0).then_some(self.0 as i64)
    }

    /// The value as an index or a length, if it is one.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_i64().and_then(|n| usize::try_from(n).ok())
    }

    /// `self + other`
    pub fn add(&self, other: &Self) -> Self {
        Self(self.0 + other.0)
    }

    /// `self - other`
    pub fn sub(&self, other: &Self) -> Self {
        Self(self.0 - other.0)
    }

    /// `self * other`
    pub fn mul(&self, other: &Self) -> Self {
        Self(self.0 * other.0)
    }

    /// `self / other`; `None` for a division by zero.
    pub fn div(&self, other: &Self) -> Option<Self> {
        (other.0 != 0.0).then(|| Self(self.0 / other.0))
    }

    /// `self % other`; `None` for a division by zero.
    pub fn rem(&self, other: &Self) -> Option<Self> {
        (other.0 != 0.0).then(|| Self(self.0 % other.0))
    }

    /// `-self`
    pub fn neg(&self) -> Self {
        Self(-self.0)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value as f64)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
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
        self.0.total_cmp(&other.0)
    }
}

/// The shortest decimal that reads back as the same number, without exponent: as Terraform prints it.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

//! Exact fractions, and figures that are not there for a reason.

use std::cmp::Ordering;
use std::fmt;

/// Why a figure is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A resource has no calendar, so that nobody knows its capacity.
    NoCalendar,
    /// The capacity that was given does not reach over all days that are asked about.
    CapacityNotCovered,
    /// There is no minute of capacity to divide by.
    ZeroCapacity,
    /// There is no minute of demand to divide by.
    ZeroDemand,
    /// Nothing was expected, so that there is nothing to divide by.
    NothingExpected,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCalendar => "a resource has no calendar",
            Self::CapacityNotCovered => "the capacity of a resource is not known for every day",
            Self::ZeroCapacity => "there is no capacity",
            Self::ZeroDemand => "there is no demand",
            Self::NothingExpected => "nothing was expected",
        })
    }
}

impl std::error::Error for Reason {}

/// A figure, or why it is not there.
pub type Known<T> = Result<T, Reason>;

/// A ratio of two whole numbers, kept as they are and not reduced: 2/4 is not written as 1/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: i64,
    denominator: u64,
}

impl Fraction {
    /// A number divided by another; where that is 0, the reason given. Above `i64::MAX` the numerator stays at it.
    pub fn of(numerator: u64, denominator: u64, if_zero: Reason) -> Known<Self> {
        Self::signed(i64::try_from(numerator).unwrap_or(i64::MAX), denominator, if_zero)
    }

    /// A number that may be below 0 divided by another; where that is 0, the reason given.
    pub fn signed(numerator: i64, denominator: u64, if_zero: Reason) -> Known<Self> {
        if denominator == 0 { Err(if_zero) } else { Ok(Self { numerator, denominator }) }
    }

    /// What is divided.
    pub fn numerator(self) -> i64 {
        self.numerator
    }

    /// What it is divided by, never 0.
    pub fn denominator(self) -> u64 {
        self.denominator
    }

    /// Which of two is greater by value: 2/4 and 1/2 are equal here.
    pub fn compare(self, other: Self) -> Ordering {
        let cross = |one: Self, two: Self| i128::from(one.numerator) * i128::from(two.denominator);
        cross(self, other).cmp(&cross(other, self))
    }
}

/// A number less another, kept within the limits of its type.
pub(super) fn difference(one: u64, less: u64) -> i64 {
    let apart = i64::try_from(one.abs_diff(less)).unwrap_or(i64::MAX);
    if one < less { -apart } else { apart }
}

/// The whole thousandths of a part of something, rounded down; 1,000 where there is nothing to have a part of.
pub(super) fn per_thousand(part: u64, whole: u64) -> u32 {
    if whole == 0 {
        return 1_000;
    }
    u32::try_from(u128::from(part) * 1_000 / u128::from(whole)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numerator: i64, denominator: u64) -> Fraction {
        Fraction::signed(numerator, denominator, Reason::ZeroDemand).expect("a fraction")
    }

    #[test]
    fn fractions_are_compared_by_value() {
        assert_eq!(of(2, 4).compare(of(1, 2)), Ordering::Equal);
        assert_ne!(of(2, 4), of(1, 2));
        assert_eq!(of(-1, 3).compare(of(-1, 2)), Ordering::Greater);
        assert_eq!(of(i64::MAX, u64::MAX).compare(of(i64::MAX - 1, u64::MAX)), Ordering::Greater);
        assert_eq!(of(i64::MIN, 1).compare(of(i64::MAX, 1)), Ordering::Less);
        assert_eq!(Fraction::of(0, 0, Reason::ZeroCapacity), Err(Reason::ZeroCapacity));
        assert_eq!(Fraction::of(u64::MAX, 1, Reason::ZeroCapacity), Ok(of(i64::MAX, 1)));
    }

    #[test]
    fn differences_stay_within_their_limits() {
        assert_eq!((difference(3, 5), difference(5, 3)), (-2, 2));
        assert_eq!((difference(0, u64::MAX), difference(u64::MAX, 0)), (-i64::MAX, i64::MAX));
    }

    #[test]
    fn thousandths_are_rounded_down() {
        assert_eq!((per_thousand(2, 3), per_thousand(3, 3), per_thousand(0, 3)), (666, 1_000, 0));
        assert_eq!((per_thousand(0, 0), per_thousand(u64::MAX, u64::MAX)), (1_000, 1_000));
        assert_eq!(per_thousand(u64::MAX, 1), u32::MAX);
    }
}

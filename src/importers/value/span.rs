//! Lengths of time: ISO 8601 durations of hours, minutes and seconds, and tenths of a minute.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::told::Work;
use super::super::xml::Expected;
use super::Read;
use super::number::decimal;

const EXPECTED: Expected = Expected("a length of working time such as PT16H0M0S");
/// A thousand years of seconds.
const LONGEST: i64 = 31_622_400_000;

/// A length of working time, 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// It, in whole seconds.
    pub work: Work,
    /// Whether it was told to the second, so that nothing was rounded.
    pub is_exact: bool,
}

/// A duration such as `PT16H0M0S` or `PT7.5H`. Days, weeks, months and years are refused, since they have no fixed
/// working time, and so is one below zero. Parts of a second are rounded half to even.
pub fn span(text: &str) -> Read<Span> {
    let mut rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty()).ok_or(EXPECTED)?;
    let mut seconds = Decimal::ZERO;
    for (unit, worth) in [('H', 3600), ('M', 60), ('S', 1)] {
        let Some((number, after)) = rest.split_once(unit) else { continue };
        let is_plain = number.starts_with(|c: char| c.is_ascii_digit()) && !number.contains(['e', 'E', '-', '+']);
        let number = if is_plain { decimal(number).map_err(|_| EXPECTED)? } else { return Err(EXPECTED) };
        let part = number.checked_mul(Decimal::from(worth)).ok_or(EXPECTED)?;
        seconds = seconds.checked_add(part).ok_or(EXPECTED)?;
        rest = after;
    }
    if !rest.is_empty() {
        return Err(EXPECTED);
    }
    let whole = seconds.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
    let is_exact = whole == seconds;
    let seconds = i64::try_from(whole).ok().filter(|seconds| *seconds <= LONGEST).ok_or(EXPECTED)?;
    Ok(Span { work: Work { seconds }, is_exact })
}

/// A length that is written as a number of tenths of a minute, such as a lag or a levelling delay. It may be below
/// zero.
pub fn tenths_of_a_minute(text: &str) -> Read<Work> {
    let expected = Expected("a whole number of tenths of a minute");
    let tenths = decimal(text).ok().filter(Decimal::is_integer).and_then(|tenths| i64::try_from(tenths).ok());
    let seconds = tenths.and_then(|tenths| tenths.checked_mul(6)).filter(|seconds| seconds.abs() <= LONGEST);
    seconds.map(|seconds| Work { seconds }).ok_or(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, bool)> {
        span(text).ok().map(|span| (span.work.seconds, span.is_exact))
    }

    #[test]
    fn durations_are_exact_to_the_second() {
        assert_eq!(read("PT16H0M0S"), Some((57_600, true)));
        assert_eq!(read("PT72H57M36S"), Some((262_656, true)));
        assert_eq!(read("PT0S"), Some((0, true)));
        assert_eq!(read("PT7.5H"), Some((27_000, true)));
        assert_eq!(read("PT90M"), Some((5_400, true)));
        assert_eq!(read("PT0H0M0.5S"), Some((0, false)));
        assert_eq!(read("PT0H0M1.50S"), Some((2, false)));
    }

    #[test]
    fn malformed_negative_and_calendar_durations_are_refused() {
        for bad in [
            "",
            "P",
            "PT",
            "PT-8H0M0S",
            "-PT8H0M0S",
            "P1D",
            "P1DT2H",
            "PT8",
            "PT8H30",
            "PT0M8H",
            "8h",
            "PT8H8H",
            "PTH",
            "PT1E3H",
            "PT99999999999999H",
            "PT٨H",
            "PT0,5H",
            "PT 8H",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn tenths_of_a_minute_are_six_seconds() {
        assert_eq!(tenths_of_a_minute("4800"), Ok(Work { seconds: 28_800 }));
        assert_eq!(tenths_of_a_minute("-10"), Ok(Work { seconds: -60 }));
        assert_eq!(tenths_of_a_minute("9600.0"), Ok(Work { seconds: 57_600 }));
        assert!(tenths_of_a_minute("1.5").is_err() && tenths_of_a_minute("99999999999999999999").is_err());
    }

    #[test]
    fn work_in_whole_minutes_is_rounded_half_to_even() {
        let minutes = |seconds| Work { seconds }.minutes();
        assert_eq!([minutes(60), minutes(90), minutes(150), minutes(91)], [1, 2, 2, 2]);
    }
}

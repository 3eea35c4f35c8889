//! The lives of risks, responses and issues, how a risk is rated, and what it is worth on average. Fractions are whole
//! numbers of 1e-9; what is rounded is rounded half to even. Pure.

use rust_decimal::Decimal;

/// All of it, in 1e-9.
pub const WHOLE: i64 = 1_000_000_000;

/// States of a kind of thing, with those that may follow each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life(&'static [(&'static str, &'static [&'static str])]);

impl Life {
    /// The states that may follow.
    pub fn followers(self, state: &str) -> &'static [&'static str] {
        self.0.iter().find(|(known, _)| *known == state).map_or(&[], |(_, next)| next)
    }

    /// Every state, in the order of a life.
    pub fn states(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(state, _)| *state)
    }
}

/// Of a risk.
pub const RISK: Life = Life(&[
    ("IDENTIFIED", &["ASSESSED", "CLOSED", "OCCURRED"]),
    ("ASSESSED", &["TREATED", "CLOSED", "OCCURRED"]),
    // Assessed again where the responses did not do what they were to do.
    ("TREATED", &["ASSESSED", "CLOSED", "OCCURRED"]),
    ("CLOSED", &[]),
    ("OCCURRED", &[]),
]);

/// Of a response.
pub const RESPONSE: Life = Life(&[
    ("PLANNED", &["ACTIVE", "CANCELLED"]),
    ("ACTIVE", &["COMPLETED", "CANCELLED"]),
    ("COMPLETED", &[]),
    ("CANCELLED", &[]),
]);

/// Of an issue; what comes back is open again.
pub const ISSUE: Life = Life(&[
    ("OPEN", &["IN_PROGRESS", "RESOLVED"]),
    ("IN_PROGRESS", &["OPEN", "RESOLVED"]),
    ("RESOLVED", &["OPEN", "CLOSED"]),
    ("CLOSED", &["OPEN"]),
]);

/// Impact levels, the lowest first.
pub const LEVELS: [&str; 5] = ["VERY_LOW", "LOW", "MODERATE", "HIGH", "VERY_HIGH"];

/// Ratings, the lowest first.
pub const RATINGS: [&str; 4] = ["LOW", "MODERATE", "HIGH", "EXTREME"];

/// The qualitative matrix of AS/NZS 4360:1999, table E3: a row for each likelihood from rare to almost certain, a column
/// for each consequence from insignificant to catastrophic; positions in `RATINGS`.
const MATRIX: [[usize; 5]; 5] = [[0, 0, 1, 2, 2], [0, 0, 1, 2, 3], [0, 1, 2, 3, 3], [1, 2, 2, 3, 3], [2, 2, 3, 3, 3]];

/// How a risk is rated; none where one of both is not said. The standard leaves open what a likelihood is as a number: the
/// rows are fifths of 1, each with its upper end.
pub fn rating(probability: Option<i64>, impact: Option<&str>) -> Option<&'static str> {
    let column = LEVELS.iter().position(|level| Some(*level) == impact)?;
    let row = (0..5).find(|row| probability.is_some_and(|p| p <= (row + 1) * (WHOLE / 5)))?;
    Some(RATINGS[MATRIX[usize::try_from(row).ok()?][column]])
}

/// A part, in 1e-9, of an amount: what it is worth on average.
pub fn exposure(probability: Option<i64>, impact: Option<i64>) -> Option<i64> {
    let product = i128::from(probability?) * i128::from(impact?);
    Decimal::try_from_i128_with_scale(product, 9).ok()?.round().try_into().ok()
}

/// The same of whole days, exact, in 1e-9.
pub fn exposure_days(probability: Option<i64>, days: Option<i32>) -> Option<i64> {
    probability?.checked_mul(i64::from(days?))
}

/// Strategies of a response to a risk of this kind.
pub fn strategies(kind: &str) -> &'static [&'static str] {
    if kind == "OPPORTUNITY" {
        &["EXPLOIT", "SHARE", "ENHANCE", "ACCEPT"]
    } else {
        &["AVOID", "REDUCE", "TRANSFER", "ACCEPT"]
    }
}

/// Whether what is left once the responses are done is worse than what there was: more of a threat, less of an opportunity.
pub fn is_worse(kind: &str, before: Option<i64>, after: Option<i64>) -> bool {
    before.zip(after).is_some_and(|(before, after)| if kind == "OPPORTUNITY" { after < before } else { after > before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_that_follows_is_one_and_leads_to_an_end_or_back() {
        for life in [RISK, RESPONSE, ISSUE] {
            for state in life.states() {
                assert!(
                    life.followers(state).iter().all(|next| *next != state && life.states().any(|s| s == *next)),
                    "{state}"
                );
            }
        }
        assert!(RISK.followers("OCCURRED").is_empty() && RESPONSE.followers("COMPLETED").is_empty());
        assert_eq!((ISSUE.followers("CLOSED"), ISSUE.followers("GONE")), (&["OPEN"][..], &[][..]));
    }

    #[test]
    fn a_risk_is_rated_by_its_likelihood_and_its_impact() {
        let percent = |percent: i64| Some(percent * (WHOLE / 100));
        for (probability, impact, rated) in [
            (percent(0), Some("VERY_HIGH"), Some("HIGH")),
            (percent(10), Some("VERY_LOW"), Some("LOW")),
            (percent(20), Some("MODERATE"), Some("MODERATE")),
            (percent(21), Some("VERY_HIGH"), Some("EXTREME")),
            (percent(50), Some("LOW"), Some("MODERATE")),
            (percent(50), Some("MODERATE"), Some("HIGH")),
            (percent(80), Some("VERY_LOW"), Some("MODERATE")),
            (percent(81), Some("VERY_LOW"), Some("HIGH")),
            (percent(100), Some("MODERATE"), Some("EXTREME")),
            (None, Some("HIGH"), None),
            (percent(50), None, None),
        ] {
            assert_eq!(rating(probability, impact), rated, "{probability:?} {impact:?}");
        }
        // More of either is never less of a risk.
        for row in 0..5 {
            assert!(MATRIX[row].windows(2).all(|pair| pair[0] <= pair[1]));
            assert!(row == 4 || (0..5).all(|column| MATRIX[row][column] <= MATRIX[row + 1][column]));
        }
    }

    #[test]
    fn exposure_is_exact_and_rounded_half_to_even() {
        assert_eq!(exposure(Some(WHOLE / 2), Some(1_200_000_000)), Some(600_000_000));
        assert_eq!((exposure(Some(WHOLE / 2), Some(1)), exposure(Some(WHOLE / 2), Some(3))), (Some(0), Some(2)));
        assert_eq!(exposure(Some(333_333_333), Some(i64::MAX)), Some(3_074_457_342_543_801_257));
        assert_eq!((exposure(None, Some(1)), exposure(Some(1), None)), (None, None));
        assert_eq!(exposure_days(Some(WHOLE / 4), Some(10)), Some(2_500_000_000));
    }

    #[test]
    fn what_is_left_of_a_threat_is_less_and_of_an_opportunity_more() {
        assert!(is_worse("THREAT", Some(1), Some(2)) && !is_worse("THREAT", Some(2), Some(2)));
        assert!(is_worse("OPPORTUNITY", Some(2), Some(1)) && !is_worse("OPPORTUNITY", Some(1), Some(2)));
        assert!(!is_worse("THREAT", None, Some(2)) && !is_worse("THREAT", Some(1), None));
    }
}

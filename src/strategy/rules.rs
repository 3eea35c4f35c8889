//! The arithmetic of weights and shares, and the life of an objective. Pure.

use std::collections::BTreeSet;

use chrono::NaiveDate;

/// A whole, in the 1e-9 that ratios are kept in.
pub const WHOLE: i64 = 1_000_000_000;

/// Where an objective stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectiveState {
    /// Being discussed.
    Draft,
    /// Pursued.
    Active,
    /// Reached.
    Achieved,
    /// No longer pursued.
    Dropped,
}

impl ObjectiveState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Active, Self::Achieved, Self::Dropped];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Active => "ACTIVE",
            Self::Achieved => "ACHIEVED",
            Self::Dropped => "DROPPED",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The states that may follow: what was reached or dropped may be taken up again, but is no draft any more.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Active, Self::Achieved, Self::Dropped],
            Self::Active => &[Self::Draft, Self::Achieved, Self::Dropped],
            Self::Achieved => &[Self::Active, Self::Dropped],
            Self::Dropped => &[Self::Active, Self::Achieved],
        }
    }

    /// Whether it takes a share among its siblings.
    pub fn takes_share(self) -> bool {
        self != Self::Dropped
    }
}

/// Each weight divided by the sum of all, in 1e-9, rounded half to even; nothing where the sum is 0.
pub fn shares(weights: &[i64]) -> Option<Vec<i64>> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum <= 0 {
        return None;
    }
    let share = |weight: &i64| {
        let scaled = i128::from(*weight) * i128::from(WHOLE);
        let (whole, rest) = (scaled / sum, scaled % sum);
        let is_up = 2 * rest > sum || (2 * rest == sum && whole % 2 == 1);
        // At most 1, since no weight is below zero.
        i64::try_from(whole + i128::from(is_up)).unwrap_or(WHOLE)
    };
    Some(weights.iter().map(share).collect())
}

/// Days from the first to the last; where one is not said there is no end on that side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

impl Span {
    /// Whether it holds on a day.
    pub fn holds_on(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Whether both hold on some day.
    pub fn meets(self, other: Self) -> bool {
        let begins_in = |a: Self, b: Self| a.from.is_none_or(|from| b.to.is_none_or(|to| from <= to));
        begins_in(self, other) && begins_in(other, self)
    }
}

/// The first day on which the shares that hold sum to more than a whole, with the sum.
pub fn overfull(parts: &[(Span, i64)]) -> Option<(NaiveDate, i128)> {
    // The sum only grows where a part begins. What always held begins before every end, so it is asked for there.
    let first_end = parts.iter().filter_map(|(span, _)| span.to).min();
    let always = first_end.unwrap_or(NaiveDate::MAX);
    let days: BTreeSet<NaiveDate> = parts.iter().map(|(span, _)| span.from.unwrap_or(always)).collect();
    let sum_on = |day: NaiveDate| -> i128 {
        parts.iter().filter(|(span, _)| span.holds_on(day)).map(|(_, share)| i128::from(*share)).sum()
    };
    let day = days.into_iter().find(|day| sum_on(*day) > i128::from(WHOLE))?;
    Some((day, sum_on(day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 1, n)
    }

    fn span(from: Option<u32>, to: Option<u32>) -> Span {
        Span { from: from.and_then(day), to: to.and_then(day) }
    }

    #[test]
    fn what_was_reached_or_dropped_is_no_draft_any_more() {
        for state in ObjectiveState::ALL {
            assert_eq!(ObjectiveState::parse(state.as_str()), Some(state));
            let is_over = matches!(state, ObjectiveState::Achieved | ObjectiveState::Dropped);
            let may_be_draft = state.followers().contains(&ObjectiveState::Draft);
            assert_eq!(may_be_draft, state == ObjectiveState::Active, "{state:?}");
            assert!(is_over || state.followers().contains(&ObjectiveState::Dropped));
        }
    }

    #[test]
    fn shares_are_rounded_half_to_even() {
        for (weights, expected) in [
            (vec![1, 1, 2], vec![250_000_000, 250_000_000, 500_000_000]),
            (vec![1, 2], vec![333_333_333, 666_666_667]),
            (vec![5, 0], vec![WHOLE, 0]),
            // 0.5 and 1.5 of the last digit.
            (vec![1, 1_999_999_999], vec![0, WHOLE]),
            (vec![3, 1_999_999_997], vec![2, 999_999_998]),
            (vec![i64::MAX, i64::MAX], vec![500_000_000, 500_000_000]),
        ] {
            assert_eq!(shares(&weights), Some(expected), "{weights:?}");
        }
        assert_eq!(shares(&[0, 0]), None);
        assert_eq!(shares(&[]), None);
    }

    #[test]
    fn spans_meet_where_a_day_is_in_both() {
        for (a, b, meet) in [
            (span(None, None), span(Some(3), Some(3)), true),
            (span(Some(1), Some(3)), span(Some(3), None), true),
            (span(Some(1), Some(2)), span(Some(3), None), false),
            (span(None, Some(2)), span(None, Some(9)), true),
            (span(None, Some(2)), span(Some(3), Some(9)), false),
        ] {
            assert_eq!((a.meets(b), b.meets(a)), (meet, meet), "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_first_day_with_too_much_is_found_whatever_the_order() {
        let half = WHOLE / 2;
        assert_eq!(overfull(&[(span(None, None), half), (span(None, None), half)]), None);
        let parts = [(span(Some(5), None), half), (span(None, Some(9)), half), (span(Some(7), Some(8)), 1)];
        assert_eq!(overfull(&parts), day(7).map(|day| (day, i128::from(WHOLE) + 1)));
        let always = [(span(None, Some(4)), WHOLE), (span(None, Some(9)), 1)];
        assert_eq!(overfull(&always), day(4).map(|day| (day, i128::from(WHOLE) + 1)));
        let apart = [(span(None, Some(4)), WHOLE), (span(Some(5), None), WHOLE)];
        assert_eq!(overfull(&apart), None);
    }
}

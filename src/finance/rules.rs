//! The life of budgets and forecasts, and the arithmetic of their lines and transfers. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// Where a version of a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BudgetState {
    /// Being made.
    Draft,
    /// Handed in.
    Submitted,
    /// In force.
    Approved,
    /// Not approved.
    Rejected,
    /// Was in force.
    Superseded,
}

impl BudgetState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Submitted, Self::Approved, Self::Rejected, Self::Superseded];

    /// The name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Superseded => "SUPERSEDED",
        }
    }

    /// The states that may follow.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Submitted],
            Self::Submitted => &[Self::Approved, Self::Rejected],
            Self::Approved => &[Self::Superseded],
            Self::Rejected | Self::Superseded => &[],
        }
    }

    /// The names of the states from which `self` is reached.
    pub fn leads(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |from| from.followers().contains(&self)).map(Self::as_str)
    }
}

/// Whether two spans of days have a day in common.
pub fn overlaps(a: (NaiveDate, NaiveDate), b: (NaiveDate, NaiveDate)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

/// Whether the first span lies in the second.
pub fn lies_in(part: (NaiveDate, NaiveDate), whole: (NaiveDate, NaiveDate)) -> bool {
    whole.0 <= part.0 && part.1 <= whole.1
}

/// The sum of amounts in 1/10,000; none where it cannot be kept.
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> Option<i64> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add)
}

/// The currencies in which the moves of a transfer do not sum to 0.
pub fn unbalanced<'c>(moves: impl IntoIterator<Item = (&'c str, i64)>) -> Vec<&'c str> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for (currency, amount) in moves {
        *sums.entry(currency).or_default() += i128::from(amount);
    }
    sums.into_iter().filter(|(_, sum)| *sum != 0).map(|(currency, _)| currency).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 4, n).expect("a day")
    }

    #[test]
    fn spans_that_touch_on_a_day_overlap() {
        assert!(overlaps((day(1), day(5)), (day(5), day(9))));
        assert!(!overlaps((day(1), day(5)), (day(6), day(9))));
        assert!(lies_in((day(2), day(5)), (day(2), day(5))));
        assert!(!lies_in((day(1), day(5)), (day(2), day(9))));
    }

    #[test]
    fn a_transfer_sums_to_nothing_in_each_currency() {
        assert!(unbalanced([("EUR", 5), ("GBP", -1), ("EUR", -5), ("GBP", 1)]).is_empty());
        assert_eq!(unbalanced([("EUR", 5), ("GBP", -5)]), ["EUR", "GBP"]);
    }

    #[test]
    fn nothing_follows_a_decision_but_the_next_version() {
        assert_eq!(BudgetState::Approved.followers(), [BudgetState::Superseded]);
        assert!(BudgetState::Rejected.followers().is_empty());
        assert_eq!(BudgetState::Approved.leads().collect::<Vec<_>>(), ["SUBMITTED"]);
    }

    #[test]
    fn a_sum_beyond_what_is_kept_is_none() {
        assert_eq!(sum([1, 2, -4]), Some(-1));
        assert_eq!(sum([i64::MAX, 1]), None);
    }
}

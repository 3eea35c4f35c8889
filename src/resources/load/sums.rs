//! Sums that stay at the greatest value where they would be above it.

/// The sum of figures.
pub(super) fn total(figures: &[u64]) -> u64 {
    figures.iter().fold(0, |sum, more| sum.saturating_add(*more))
}

/// Adds to each sum the figure at its place; figures without a sum are left out.
pub(super) fn add_each(sums: &mut [u64], more: &[u64]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum = sum.saturating_add(*more);
    }
}

/// The figure at a place; 0 where there is none.
pub(super) fn at(figures: &[u64], at: usize) -> u64 {
    figures.get(at).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stay_at_the_limit() {
        let mut sums = vec![1, u64::MAX - 1, 5];
        add_each(&mut sums, &[2, 2]);
        assert_eq!((sums.as_slice(), total(&sums), total(&[])), (&[3, u64::MAX, 5][..], u64::MAX, 0));
        assert_eq!((at(&sums, 2), at(&sums, 3)), (5, 0));
    }
}

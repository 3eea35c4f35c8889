//! How much of a resource there is, and when: one share of full time with absences, as it is kept.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::super::told::{Availability, Resource, ResourceKind};

/// Parts of one whole share.
const WHOLE: i64 = 1_000_000_000;
/// The greatest share.
const MOST: i64 = 1_000_000 * WHOLE;

/// How much of a resource there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// The share of full time in 1e-9; None where it is not told, or too great or too precise to be kept.
    pub fte: Option<i64>,
    /// The first day that it is there; None is since ever.
    pub from: Option<NaiveDate>,
    /// The last day; None is without end.
    pub to: Option<NaiveDate>,
    /// Days between the two on which it is not there at all, first and last, in the order of time.
    pub absent: Vec<(NaiveDate, NaiveDate)>,
    /// Times in which there is more or less of it than `fte`, which is lost.
    pub lost: Vec<Availability>,
}

/// How much of a resource there is. Where it changes, its greatest units until further notice are what is kept: those
/// of `MaxUnits`, else the greatest of any time. Material and costs have none.
pub fn presence(resource: &Resource) -> Presence {
    if resource.kind != ResourceKind::Work {
        return Presence::default();
    }
    let mut periods: Vec<Availability> =
        resource.availability.iter().copied().filter(|period| !period.units.is_zero()).collect();
    periods.sort_by_key(|period| (period.from, period.to.is_none(), period.to));
    let greatest = periods.iter().map(|period| period.units).max();
    let units = resource.max_units.filter(|units| !units.is_zero()).or(greatest).or(resource.max_units);
    let fte = units.and_then(share);
    let Some(first) = periods.first() else {
        return Presence { fte, from: resource.available_from, to: resource.available_to, ..Presence::default() };
    };
    // None, if any of them is without end.
    let to = periods.iter().map(|period| period.to).collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max());
    let other = periods.iter().copied().filter(|period| Some(period.units) != units).collect();
    Presence { fte, from: first.from, to, absent: gaps(&periods), lost: other }
}

/// A share in 1e-9, if it is exact.
fn share(units: Decimal) -> Option<i64> {
    let units = units.normalize();
    let exact = (units.scale() <= WHOLE.ilog10()).then(|| units.checked_mul(Decimal::from(WHOLE))).flatten()?;
    i64::try_from(exact).ok().filter(|share| (0..=MOST).contains(share))
}

/// The days between periods that are in the order of their beginnings.
fn gaps(periods: &[Availability]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut gaps = vec![];
    let mut covered = periods.first().and_then(|period| period.to);
    for period in periods {
        // Once something is without end, nothing comes after a gap.
        let Some(last) = covered else { break };
        let between = last.succ_opt().zip(period.from.and_then(|from| from.pred_opt()));
        gaps.extend(between.filter(|(first, last)| first <= last));
        covered = period.to.map(|to| to.max(last));
    }
    gaps
}

//! Segments of Clarity by a unit that the caller gives. An amount of hours or days is all of the segment's work; a
//! rate is a part of the working time of each of its days.

use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use super::super::told::Segment;
use super::minutes::{ByDay, Work, WorkFault, capacities};
use crate::resources::worktime::spread::MOST_RATE;

/// The most decimals of a sum, and what it has to be below: with these no product has more digits than are exact.
const MOST_DECIMALS: u32 = 9;
const MOST_SUM: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// What the sum of a segment counts. It stands nowhere in a file and is never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Hours of work in all of the segment.
    Hours,
    /// Days of work in all of the segment.
    Days {
        /// Minutes of a day of work.
        minutes_per_day: u32,
    },
    /// A part of the working time, 1 = all of it.
    Fte,
    /// A part of the working time, 100 = all of it.
    Percent,
}

/// Why a segment cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentFault {
    /// The line of the segment.
    pub line: u64,
    /// Why.
    pub why: SegmentFaultKind,
}

/// In which way a segment cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentFaultKind {
    /// Its sum is no decimal number from 0 on.
    NoNumber,
    /// Its sum has more than nine decimals.
    TooPrecise,
    /// It is more than a hundred times the working time, or more minutes than are counted.
    TooMuch,
    /// Its work cannot be spread.
    Work(WorkFault),
}

impl fmt::Display for SegmentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match self.why {
            SegmentFaultKind::NoNumber => f.write_str("the sum is no decimal number from 0 on"),
            SegmentFaultKind::TooPrecise => f.write_str("the sum has more than nine decimals"),
            SegmentFaultKind::TooMuch => f.write_str("the sum is too great for its unit"),
            SegmentFaultKind::Work(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for SegmentFault {}

/// The minutes of a curve by the day, from the working minutes of days. The minutes of the days and the rest add up
/// exactly to the sums that were told; what is no whole minute of one segment goes with the next.
pub fn curve(segments: &[Segment], unit: Unit, capacity: &dyn Fn(NaiveDate) -> u32) -> Result<Work, SegmentFault> {
    let mut work = Work::default();
    for segment in segments {
        let fault = |why| SegmentFault { line: segment.line, why };
        let seconds = seconds(segment, unit, capacity).map_err(fault)?;
        let (from, to) = days(segment);
        if seconds > Decimal::ZERO {
            work.spread(seconds, from, to, capacity).map_err(|why| fault(SegmentFaultKind::Work(why)))?;
        }
    }
    Ok(work)
}

/// What of planned days is not agreed yet: hard work is a part of what is planned, not more of it.
pub fn soft(planned: &ByDay, hard: &ByDay) -> ByDay {
    let left = planned.iter().map(|(day, minutes)| (*day, minutes.saturating_sub(hard.get(day).copied().unwrap_or(0))));
    left.filter(|(_, minutes)| *minutes > 0).collect()
}

/// The first and the last day of a segment. An end in the last second of a day, or of its working time, is that day; an
/// end at midnight is the day before.
fn days(segment: &Segment) -> (NaiveDate, NaiveDate) {
    let (from, to) = (segment.start.date(), segment.finish.date());
    let is_midnight = segment.finish.time() == NaiveTime::MIN;
    let before = to.pred_opt().filter(|_| is_midnight && to > from);
    (from, before.unwrap_or(to))
}

/// The exact seconds of a segment. Within the limits of a sum nothing here is rounded.
fn seconds(segment: &Segment, unit: Unit, capacity: &dyn Fn(NaiveDate) -> u32) -> Result<Decimal, SegmentFaultKind> {
    let sum: Result<Decimal, _> = segment.sum.parse().or_else(|_| Decimal::from_scientific(&segment.sum));
    let sum = sum.ok().filter(|sum| *sum >= Decimal::ZERO).ok_or(SegmentFaultKind::NoNumber)?.normalize();
    if sum.scale() > MOST_DECIMALS {
        return Err(SegmentFaultKind::TooPrecise);
    }
    if sum >= MOST_SUM {
        return Err(SegmentFaultKind::TooMuch);
    }
    let rate = |rate: Decimal| {
        if rate > MOST_RATE {
            return Err(SegmentFaultKind::TooMuch);
        }
        let (from, to) = days(segment);
        let capacities = capacities(from, to, capacity).map_err(SegmentFaultKind::Work)?;
        Ok(rate * Decimal::from(capacities.into_iter().map(u64::from).sum::<u64>() * 60))
    };
    match unit {
        Unit::Hours => Ok(sum * Decimal::from(3600)),
        Unit::Days { minutes_per_day } => Ok(sum * Decimal::from(u64::from(minutes_per_day) * 60)),
        Unit::Fte => rate(sum),
        Unit::Percent => rate(sum / Decimal::ONE_HUNDRED),
    }
}

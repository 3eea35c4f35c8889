//! What an hour costs, in 1/10,000 of the currency unit, from which day to which.

use std::fmt;

use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;

use super::super::told::{Price, Rate, RateTable, RateUnit, Resource, ResourceKind};

/// The first day of a rate that holds since ever, as Microsoft Project has it.
const SINCE_EVER: NaiveDate = NaiveDate::from_ymd_opt(1984, 1, 1).expect("a day");
/// The greatest amount, in 1/10,000: below it every amount is exact everywhere.
const MOST: i64 = 920_000_000_000_000;

/// A rate as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedRate {
    /// The table that it stands in; each is a rate card of its own.
    pub table: RateTable,
    /// The first day.
    pub start_on: NaiveDate,
    /// The last day; None without end.
    pub end_on: Option<NaiveDate>,
    /// What an hour costs, in 1/10,000 of the currency unit.
    pub amount: i64,
    /// What an hour of overtime costs; None where none is told.
    pub overtime: Option<i64>,
}

/// Why a rate cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateFault {
    /// It is of a unit of material, not of an hour.
    NotOfAnHour,
    /// It has more than four decimals.
    TooPrecise,
    /// It is below zero, or greater than amounts can be.
    OutOfRange,
    /// It has no day before the next one of its table begins.
    NoDays,
}

impl fmt::Display for RateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOfAnHour => "the rate is of a unit of material, not of an hour",
            Self::TooPrecise => "the rate has more than four decimals",
            Self::OutOfRange => "the rate is below zero or too great",
            Self::NoDays => "the rate has no day before the next one of its table begins",
        })
    }
}

impl std::error::Error for RateFault {}

/// What an hour costs. The number is per hour whatever the unit it is shown in, but for material.
pub fn per_hour(price: &Price) -> Result<i64, RateFault> {
    if price.unit == Some(RateUnit::Material) {
        return Err(RateFault::NotOfAnHour);
    }
    scaled(number(price)?, 10_000)
}

fn scaled(amount: Decimal, by: i64) -> Result<i64, RateFault> {
    if amount.normalize().scale() > by.ilog10() {
        return Err(RateFault::TooPrecise);
    }
    let exact = amount.checked_mul(Decimal::from(by)).ok_or(RateFault::OutOfRange)?;
    let amount = i64::try_from(exact).map_err(|_| RateFault::OutOfRange)?;
    if (0..MOST).contains(&amount) { Ok(amount) } else { Err(RateFault::OutOfRange) }
}

/// The rates of a resource: those of its tables, else the one that it has now, since ever in table A. A day belongs to
/// the rate that begins on it; a rate that is told without an amount, or as 0 of what does not work by the hour, is
/// none. With each that cannot be kept, why.
pub fn rates(resource: &Resource) -> (Vec<CarriedRate>, Vec<(Rate, RateFault)>) {
    let now = || Rate {
        table: RateTable::A,
        from: None,
        to: None,
        standard: resource.standard_rate.clone(),
        overtime: resource.overtime_rate.clone(),
        per_use: resource.cost_per_use,
    };
    let mut told = if resource.rates.is_empty() { vec![now()] } else { resource.rates.clone() };
    told.sort_by_key(|rate| (rate.table, rate.from));
    let (mut carried, mut faults) = (vec![], vec![]);
    for (at, rate) in told.iter().enumerate() {
        let next = told.get(at + 1).filter(|next| next.table == rate.table);
        match carry(resource.kind, rate, next) {
            Ok(rate) => carried.extend(rate),
            Err(fault) => faults.push((rate.clone(), fault)),
        }
    }
    (carried, faults)
}

fn carry(kind: ResourceKind, rate: &Rate, next: Option<&Rate>) -> Result<Option<CarriedRate>, RateFault> {
    let Some(standard) = &rate.standard else { return Ok(None) };
    if kind != ResourceKind::Work {
        let is_zero = number(standard).is_ok_and(|amount| amount.is_zero());
        return if is_zero { Ok(None) } else { Err(RateFault::NotOfAnHour) };
    }
    let start_on = first_day(rate);
    // An end at 23:59 is that day, and one at 00:00 the day before; one at 08:00, where the next begins, is cut by it.
    let own = rate.to.and_then(|to| to.checked_sub_signed(TimeDelta::minutes(1))).map(|to| to.date());
    let before = next.and_then(|next| first_day(next).pred_opt());
    let end_on = match (own, before) {
        (Some(own), Some(before)) => Some(own.min(before)),
        (one, other) => one.or(other),
    };
    if end_on.is_some_and(|end_on| end_on < start_on) {
        return Err(RateFault::NoDays);
    }
    let overtime = rate.overtime.as_ref().map(per_hour).transpose()?;
    Ok(Some(CarriedRate { table: rate.table, start_on, end_on, amount: per_hour(standard)?, overtime }))
}

fn first_day(rate: &Rate) -> NaiveDate {
    rate.from.map_or(SINCE_EVER, |from| from.date())
}

fn number(price: &Price) -> Result<Decimal, RateFault> {
    let amount = price.text.parse().or_else(|_| Decimal::from_scientific(&price.text));
    amount.map_err(|_| RateFault::OutOfRange)
}

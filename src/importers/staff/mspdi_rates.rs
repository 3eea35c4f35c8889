//! Rate tables of Microsoft Project: what an hour costs from day to day. A rate that ends within the day on which the next
//! begins ends on the day before.

use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;

use super::super::carry::per_hour;
use super::super::told::{self, Price, RateTable, RateUnit, ResourceKind};
use super::from_mspdi::Reading;
use super::wanted::{Place, Rate};

/// The first day of the other program: since ever.
const SINCE: (i32, u32, u32) = (1984, 1, 1);

/// The rates of a resource.
pub(super) fn read(reading: &mut Reading<'_>, told: &told::Resource, id: &str, place: &Place) {
    let is_there = |amount: Option<Decimal>| amount.is_some_and(|amount| !amount.is_zero());
    let is_price = |price: &Option<Price>| {
        price.as_ref().and_then(|price| price.text.parse::<Decimal>().ok()).is_some_and(|rate| !rate.is_zero())
    };
    let overtime = told.rates.iter().filter(|rate| is_price(&rate.overtime)).count();
    for _ in 0..overtime.max(usize::from(is_price(&told.overtime_rate))) {
        reading.left.add("OvertimeRate in Resource", "an hour has one rate");
    }
    let per_use = told.rates.iter().filter(|rate| is_there(rate.per_use)).count();
    for _ in 0..per_use.max(usize::from(is_there(told.cost_per_use))) {
        reading.left.add("CostPerUse in Resource", "a rate is of an hour");
    }
    let since = NaiveDate::from_ymd_opt(SINCE.0, SINCE.1, SINCE.2).unwrap_or_default();
    let mut rows: Vec<(char, NaiveDate, Option<NaiveDate>, &Price)> = vec![];
    for rate in &told.rates {
        let Some(price) = &rate.standard else { continue };
        let from = rate.from.map_or(since, |from| from.date());
        let goes_on = |to: &chrono::NaiveDateTime| {
            let next = told.rates.iter().filter(|next| next.table == rate.table).filter_map(|next| next.from);
            next.into_iter().any(|next| next >= *to && next.date() == to.date())
        };
        let to =
            rate.to.map(|to| if goes_on(&to) { day_before(to.date()) } else { (to - TimeDelta::minutes(1)).date() });
        if to.is_some_and(|to| to < from) {
            reading.left.add("Rate of less than a day", "rates hold for days");
            continue;
        }
        rows.push((letter(rate.table), from, to, price));
    }
    if rows.is_empty()
        && let Some(price) = &told.standard_rate
    {
        rows.push(('A', since, None, price));
    }
    for (table, start_on, end_on, price) in rows {
        if told.kind != ResourceKind::Work || price.unit == Some(RateUnit::Material) {
            reading.left.add("Rate of material", "a rate is of an hour, and material has none");
            continue;
        }
        match per_hour(price) {
            Ok(amount) => {
                let (place, resource) = (place.clone(), id.to_owned());
                reading.out.rates.push(Rate { place, resource, table, start_on, end_on, amount });
            }
            Err(fault) => reading.left.add("Rate in Resource", &fault.to_string()),
        }
    }
}

fn letter(table: RateTable) -> char {
    match table {
        RateTable::A => 'A',
        RateTable::B => 'B',
        RateTable::C => 'C',
        RateTable::D => 'D',
        RateTable::E => 'E',
    }
}

fn day_before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}

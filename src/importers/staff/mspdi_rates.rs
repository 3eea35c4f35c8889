//! Rate tables of Microsoft Project: what an hour costs from day to day. A rate that ends within the day on which the next
//! begins ends on the day before.

use chrono::NaiveDate;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::super::told::{self, Price, RateTable, RateUnit, ResourceKind};
use super::from_mspdi::{Reading, last_day};
use super::wanted::{Place, Rate};

/// Parts of a currency's unit that are kept.
const PARTS: i64 = 10_000;
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
        let to = rate.to.map(|to| if goes_on(&to) { to.date().pred_opt().unwrap_or(to.date()) } else { last_day(to) });
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
        match amount(&price.text) {
            Ok(amount) => {
                let (place, resource) = (place.clone(), id.to_owned());
                reading.out.rates.push(Rate { place, resource, table, start_on, end_on, amount });
            }
            Err(why) => reading.left.add("Rate in Resource", why),
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

/// In 1/10,000 of the currency.
fn amount(text: &str) -> Result<i64, &'static str> {
    let number: Decimal = text.parse().map_err(|_| "it is no number that can be kept")?;
    if number.is_sign_negative() && !number.is_zero() {
        return Err("a rate is 0 or more");
    }
    let parts = number.checked_mul(Decimal::from(PARTS)).ok_or("it is too large")?;
    if !parts.fract().is_zero() {
        return Err("it has more than four decimals");
    }
    parts.to_i64().filter(|parts| *parts < 920_000_000_000_000).ok_or("it is too large")
}

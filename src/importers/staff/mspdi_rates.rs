//! Rate tables of Microsoft Project: what an hour costs from day to day, in a card for each table.

use rust_decimal::Decimal;

use super::super::carry::rates;
use super::super::told::{self, Price, RateTable};
use super::from_mspdi::Reading;
use super::wanted::{Place, Rate};

/// The rates of a resource.
pub(super) fn read(reading: &mut Reading<'_>, told: &told::Resource, id: &str, place: &Place) {
    overtime_and_uses(reading, told);
    if let Some((table, at)) = overlapping(told) {
        reading.fault(place, &format!("the rates of table {table} overlap on {at}"));
        return;
    }
    let (carried, lost) = rates(told);
    for (_, fault) in lost {
        reading.left.add("Rate in Resource", &fault.to_string());
    }
    for rate in carried {
        reading.out.rates.push(Rate {
            place: place.clone(),
            resource: id.to_owned(),
            table: letter(rate.table),
            start_on: rate.start_on,
            end_on: rate.end_on,
            amount: rate.amount,
        });
    }
}

/// What of a rate has no place here.
fn overtime_and_uses(reading: &mut Reading<'_>, told: &told::Resource) {
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
}

/// A table, and the day on which a rate of it begins before the one before it has ended.
fn overlapping(told: &told::Resource) -> Option<(char, String)> {
    let mut all: Vec<&told::Rate> = told.rates.iter().collect();
    all.sort_by_key(|rate| (rate.table, rate.from));
    let meets = |two: &&[&told::Rate]| {
        two[0].table == two[1].table && two[0].to.is_none_or(|to| two[1].from.is_none_or(|from| from < to))
    };
    let later = all.windows(2).find(meets)?[1];
    let day = later.from.map_or_else(|| "its first day".to_owned(), |from| from.date().to_string());
    Some((letter(later.table), day))
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

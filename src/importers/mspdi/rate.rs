//! What resources cost. A rate is written per hour whatever the unit it is shown in.

use super::super::told::{Price, Rate, RateTable, RateUnit};
use super::super::value::{Moment, decimal, decimal_text, natural};
use super::super::xml::{Element, Fault};
use super::reading::{Reading, SINCE_EVER, WITHOUT_END};

const NO_TABLE: &str = "Its rate table is none of 0 to 4.";

/// The rate of a name, with the unit that `…Format` says.
pub(super) fn price(element: &Element, name: &str, reading: &mut Reading) -> Result<Option<Price>, Fault> {
    let text = element.value(name, decimal_text)?;
    let format = format!("{name}Format");
    let number = element.value(&format, natural)?;
    let unit = number.and_then(unit);
    if let Some(number) = number.filter(|_| unit.is_none()) {
        reading.changed(element, &format!("{format} {number}"), "no unit that the rate is shown in");
    }
    Ok(text.map(|text| Price { text, unit }))
}

fn unit(number: u32) -> Option<RateUnit> {
    Some(match number {
        1 => RateUnit::Minute,
        2 => RateUnit::Hour,
        3 => RateUnit::Day,
        4 => RateUnit::Week,
        5 => RateUnit::Month,
        7 => RateUnit::Year,
        8 => RateUnit::Material,
        _ => return None,
    })
}

/// The table of a number.
pub(super) fn table_of(number: u32) -> Option<RateTable> {
    let tables = [RateTable::A, RateTable::B, RateTable::C, RateTable::D, RateTable::E];
    tables.get(usize::try_from(number).ok()?).copied()
}

/// The rows of the rate tables of a resource.
pub(super) fn table(element: &Element, reading: &mut Reading) -> Result<Vec<Rate>, Fault> {
    let mut rates = vec![];
    for row in element.listed("Rates", "Rate")? {
        // Without a number it is in none; it is not taken to be in A.
        let Some(table) = row.value("RateTable", natural)?.and_then(table_of) else {
            reading.left.because(&format!("{}/Rates", element.path), &row.name, NO_TABLE);
            row.take();
            continue;
        };
        let from = reading.moment(row, "RatesFrom")?.filter(|from| from.day > SINCE_EVER).map(Moment::instant);
        let to = reading.moment(row, "RatesTo")?.filter(|to| to.day < WITHOUT_END).map(Moment::instant);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(row.fault("RatesTo is before RatesFrom"));
        }
        rates.push(Rate {
            table,
            from,
            to,
            standard: price(row, "StandardRate", reading)?,
            overtime: price(row, "OvertimeRate", reading)?,
            per_use: row.value("CostPerUse", decimal)?,
        });
    }
    Ok(rates)
}

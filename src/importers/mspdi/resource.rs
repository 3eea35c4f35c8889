//! Resources with their availability and rates.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::super::told::{Availability, BookingType, Resource, ResourceKind};
use super::super::value::{Moment, Read, decimal, flag, whole};
use super::super::xml::{Element, Expected, Fault};
use super::rate;
use super::reading::{List, Reading, SINCE_EVER, WITHOUT_END};

/// The UID that stands for no calendar.
const NONE: i64 = -1;

/// Reads a `Resource`.
pub(super) fn read(element: &Element, reading: &mut Reading) -> Result<Resource, Fault> {
    let uid = element.needed("UID", whole)?;
    reading.uid(List::Resources, uid, element)?;
    Ok(Resource {
        line: element.line,
        uid,
        id: element.value("ID", whole)?,
        guid: element.words("GUID")?,
        name: element.words("Name")?,
        kind: kind(element, reading)?,
        is_null: Reading::is(element, "IsNull", flag)?,
        is_generic: Reading::is(element, "IsGeneric", flag)?,
        is_inactive: Reading::is(element, "IsInactive", flag)?,
        is_budget: Reading::is(element, "IsBudget", flag)?,
        initials: element.words("Initials")?,
        group: element.words("Group")?,
        code: element.words("Code")?,
        email: element.words("EmailAddress")?,
        account: element.words("NTAccount")?,
        notes: element.words("Notes")?,
        material_label: element.words("MaterialLabel")?,
        max_units: element.value("MaxUnits", units)?,
        calendar: element.value("CalendarUID", whole)?.filter(|calendar| *calendar != NONE),
        available_from: from(reading.moment(element, "AvailableFrom")?),
        available_to: to(reading.moment(element, "AvailableTo")?),
        availability: availability(element, reading)?,
        booking: element.value("BookingType", booking)?,
        standard_rate: rate::price(element, "StandardRate", reading)?,
        overtime_rate: rate::price(element, "OvertimeRate", reading)?,
        cost_per_use: element.value("CostPerUse", decimal)?,
        rates: rate::table(element, reading)?,
    })
}

fn kind(element: &Element, reading: &mut Reading) -> Result<ResourceKind, Fault> {
    let is_cost = Reading::is(element, "IsCostResource", flag)?;
    let kind = element.value("Type", |text| match text {
        "0" => Ok(ResourceKind::Material),
        "1" => Ok(ResourceKind::Work),
        "2" => Ok(ResourceKind::Cost),
        _ => Err(Expected("a type of resource from 0 to 2")),
    })?;
    Ok(match kind {
        Some(ResourceKind::Material) if is_cost => ResourceKind::Cost,
        Some(kind) => kind,
        None => {
            reading.changed(element, "no Type", "a work resource");
            ResourceKind::Work
        }
    })
}

/// How much of something, 1 = 100 %, 0 or more.
pub(super) fn units(text: &str) -> Read<Decimal> {
    decimal(text)
        .ok()
        .filter(|units| !units.is_sign_negative() || units.is_zero())
        .ok_or(Expected("a decimal number from 0 on"))
}

/// Whether a booking is agreed.
pub(super) fn booking(text: &str) -> Read<BookingType> {
    match text {
        "0" => Ok(BookingType::Committed),
        "1" => Ok(BookingType::Proposed),
        _ => Err(Expected("a booking type, 0 or 1")),
    }
}

fn availability(element: &Element, reading: &mut Reading) -> Result<Vec<Availability>, Fault> {
    let mut availability = vec![];
    for period in element.listed("AvailabilityPeriods", "AvailabilityPeriod")? {
        let from = from(reading.moment(period, "AvailableFrom")?);
        let to = to(reading.moment(period, "AvailableTo")?);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(period.fault("the last day is before the first"));
        }
        availability.push(Availability { from, to, units: period.needed("AvailableUnits", units)? });
    }
    Ok(availability)
}

/// The first day; None since ever.
fn from(moment: Option<Moment>) -> Option<NaiveDate> {
    moment.map(Moment::first_day).filter(|day| *day > SINCE_EVER)
}

/// The last day; None without end.
fn to(moment: Option<Moment>) -> Option<NaiveDate> {
    moment.map(Moment::last_day_before).filter(|day| *day < WITHOUT_END)
}

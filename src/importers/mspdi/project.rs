//! The project that a file is of.

use super::super::told::PlanProject;
use super::super::value::{Moment, natural, whole};
use super::super::xml::{Element, Expected, Fault};
use super::reading::Reading;

/// The UID that stands for no calendar.
const NONE: i64 = -1;

/// Reads what stands directly in the root.
pub(super) fn read(header: &Element, reading: &mut Reading) -> Result<PlanProject, Fault> {
    let instant = |reading: &mut Reading, name| Ok(reading.moment(header, name)?.map(Moment::instant));
    Ok(PlanProject {
        name: header.words("Name")?,
        title: header.words("Title")?,
        guid: header.words("GUID")?,
        start: instant(reading, "StartDate")?,
        finish: instant(reading, "FinishDate")?,
        status: instant(reading, "StatusDate")?,
        currency: header.value("CurrencyCode", currency)?,
        currency_symbol: header.words("CurrencySymbol")?,
        minutes_per_day: header.value("MinutesPerDay", natural)?,
        minutes_per_week: header.value("MinutesPerWeek", natural)?,
        days_per_month: header.value("DaysPerMonth", natural)?,
        calendar: header.value("CalendarUID", whole)?.filter(|uid| *uid != NONE),
    })
}

fn currency(text: &str) -> Result<String, Expected> {
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code { Ok(text.to_owned()) } else { Err(Expected("an ISO 4217 code such as EUR")) }
}

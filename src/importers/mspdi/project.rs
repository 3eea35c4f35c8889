//! The project that a file is of.

use super::super::told::PlanProject;
use super::super::value::{Moment, natural, whole};
use super::super::xml::{Element, Fault};
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
        currency: currency(header, reading)?,
        currency_symbol: header.words("CurrencySymbol")?,
        minutes_per_day: header.value("MinutesPerDay", natural)?,
        minutes_per_week: header.value("MinutesPerWeek", natural)?,
        days_per_month: header.value("DaysPerMonth", natural)?,
        calendar: header.value("CalendarUID", whole)?.filter(|uid| *uid != NONE),
    })
}

/// The code of the currency; what is none is noted, and the currency not guessed.
fn currency(header: &Element, reading: &mut Reading) -> Result<Option<String>, Fault> {
    let told = header.words("CurrencyCode")?;
    let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if let Some(other) = told.as_ref().filter(|told| !is_code(told)) {
        reading.changed(header, &format!("CurrencyCode {other}"), "no currency");
    }
    Ok(told.filter(is_code))
}

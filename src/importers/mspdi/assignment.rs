//! Assignments of resources to tasks.

use super::super::told::{Assignment, Work};
use super::super::value::{Moment, decimal, natural, span, tenths_of_a_minute, whole};
use super::super::xml::{Element, Expected, Fault};
use super::reading::{List, Reading};
use super::{rate, resource, timephased};

/// The UID that stands for nobody.
const NOBODY: i64 = -65_535;

/// Reads an `Assignment`.
pub(super) fn read(element: &Element, reading: &mut Reading) -> Result<Assignment, Fault> {
    let uid = element.needed("UID", whole)?;
    reading.uid(List::Assignments, uid, element)?;
    let start = reading.moment(element, "Start")?.map(Moment::instant);
    let mut finish = reading.moment(element, "Finish")?.map(Moment::instant);
    if let Some((start, told)) = start.zip(finish).filter(|(start, finish)| finish < start) {
        reading.changed(element, &format!("Finish {told} before Start"), format!("Finish {start}"));
        finish = Some(start);
    }
    let table = element.value("CostRateTable", |text| {
        natural(text).ok().and_then(rate::table_of).ok_or(Expected("a rate table from 0 to 4"))
    })?;
    Ok(Assignment {
        line: element.line,
        uid,
        guid: element.words("GUID")?,
        task: element.needed("TaskUID", whole)?,
        resource: element.value("ResourceUID", whole)?.filter(|resource| *resource != NOBODY),
        units: element.value("Units", resource::units)?,
        work: work(element, "Work", reading)?,
        actual_work: work(element, "ActualWork", reading)?,
        remaining_work: work(element, "RemainingWork", reading)?,
        overtime_work: work(element, "OvertimeWork", reading)?,
        start,
        finish,
        cost: element.value("Cost", decimal)?,
        delay: element.value("Delay", tenths_of_a_minute)?,
        leveling_delay: element.value("LevelingDelay", tenths_of_a_minute)?,
        booking: element.value("BookingType", resource::booking)?,
        rate_table: table,
        contour: element.value("WorkContour", natural)?,
        timephased: timephased::read(element, reading)?,
        task_name: None,
    })
}

/// The work of a name within an element, to the second.
pub(super) fn work(element: &Element, name: &str, reading: &mut Reading) -> Result<Option<Work>, Fault> {
    let Some(span) = element.value(name, span)? else { return Ok(None) };
    if !span.is_exact {
        reading.changed(element, name, "rounded to the second");
    }
    Ok(Some(span.work))
}

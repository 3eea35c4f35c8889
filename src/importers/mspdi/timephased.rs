//! Work from when to when, as it is told with assignments.

use super::super::told::{Timephased, TimephasedKind, Work};
use super::super::value::{Moment, natural};
use super::super::xml::{Element, Fault};
use super::assignment::work;
use super::reading::Reading;
use super::reasons::BASELINES;

const NO_ENDS: &str = "It has no start or no finish.";
const NO_LENGTH: &str = "It does not finish after it starts.";
const OTHER: &str = "It is of a kind that is not carried.";

/// Reads the `TimephasedData` of an assignment.
pub(super) fn read(element: &Element, reading: &mut Reading) -> Result<Vec<Timephased>, Fault> {
    let mut rows = vec![];
    for row in element.children("TimephasedData") {
        match one(row, reading)? {
            Ok(told) => rows.push(told),
            Err((what, why)) => {
                reading.left.because(&element.path, &what, why);
                row.take();
            }
        }
    }
    rows.sort_by_key(|row| (row.kind, row.start, row.finish));
    Ok(apart(element, rows, reading))
}

/// A row, or what it is called and why it is left.
fn one(row: &Element, reading: &mut Reading) -> Result<Result<Timephased, (String, &'static str)>, Fault> {
    row.children("UID").chain(row.children("Unit")).for_each(drop);
    let number = row.value("Type", natural)?;
    let kind = match number {
        Some(1) => TimephasedKind::Remaining,
        Some(2) => TimephasedKind::Actual,
        // Work and cost of the first baseline, and of each further one in a block of its own.
        Some(number @ (4 | 5 | 16..=75)) => return Ok(Err((format!("TimephasedData Type {number}"), BASELINES))),
        Some(number) => return Ok(Err((format!("TimephasedData Type {number}"), OTHER))),
        None => return Ok(Err((row.name.clone(), OTHER))),
    };
    let start = reading.moment(row, "Start")?.map(Moment::instant);
    let finish = reading.moment(row, "Finish")?.map(Moment::instant);
    let work = work(row, "Value", reading)?.unwrap_or_default();
    Ok(match start.zip(finish) {
        None => Err((row.name.clone(), NO_ENDS)),
        Some((start, finish)) if finish <= start => Err((row.name.clone(), NO_LENGTH)),
        Some((start, finish)) => Ok(Timephased { kind, start, finish, work }),
    })
}

/// Rows in their order that do not overlap: one that does ends where the next begins, and those that begin together
/// become one. The sum of work stays.
fn apart(element: &Element, rows: Vec<Timephased>, reading: &mut Reading) -> Vec<Timephased> {
    let mut apart: Vec<Timephased> = vec![];
    let mut repaired = 0_usize;
    for row in rows {
        match apart.last_mut() {
            Some(before) if before.kind == row.kind && row.start < before.finish => {
                repaired += 1;
                if row.start == before.start {
                    let seconds = before.work.seconds.saturating_add(row.work.seconds);
                    before.work = Work { seconds };
                    before.finish = before.finish.max(row.finish);
                } else {
                    before.finish = row.start;
                    apart.push(row);
                }
            }
            _ => apart.push(row),
        }
    }
    if repaired > 0 {
        reading.changed(
            element,
            &format!("{repaired} rows of TimephasedData that overlap"),
            "each ends where the next begins",
        );
    }
    apart
}

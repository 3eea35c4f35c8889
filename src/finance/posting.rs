//! What posting an actual does besides: it finds the open period that takes it, and what it draws on a commitment counts as
//! invoiced there.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{actual::Model, commitment, fiscal_period};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    commitment_write::beyond,
    rules::{self, Posting},
};
use crate::{
    error::Error,
    write::{
        Row, UserCode, UserError, Work,
        rows::{self, follow},
    },
};

/// Calendar, id, kind, first and last day, state.
type Known = (Uuid, Uuid, String, NaiveDate, NaiveDate, String);

/// Finds the period of each new actual. Figures of a closed one stand, so a late actual counts in the next that is open.
pub async fn find_periods(work: &mut Work<'_>, rows: &mut [Row<Model>]) -> Result<(), Error> {
    use fiscal_period::Column as C;
    let new: Vec<&mut Row<Model>> = rows.iter_mut().filter(|row| row.before.is_none()).collect();
    let calendars: BTreeSet<Uuid> = new.iter().map(|row| row.after.calendar_id).collect();
    let Some(first) = new.iter().map(|row| row.after.occurred_on).min() else { return Ok(()) };
    // None that ends before the first day takes anything.
    let known = fiscal_period::Entity::find()
        .filter(C::CalendarId.is_in(calendars))
        .filter(C::EndOn.gte(first))
        .filter(C::ArchivedAt.is_null())
        .select_only()
        .columns([C::CalendarId, C::Id, C::Kind, C::StartOn, C::EndOn, C::State]);
    let mut periods: HashMap<Uuid, Vec<Posting<Uuid>>> = HashMap::new();
    for (calendar, id, kind, start, end, state) in known.into_tuple::<Known>().all(work.txn).await? {
        periods.entry(calendar).or_default().push(spanning(id, &kind, (start, end), &state));
    }
    let mut used = BTreeSet::new();
    for row in new {
        let of = periods.get(&row.after.calendar_id).map_or(&[][..], Vec::as_slice);
        match rules::posting(of, row.after.occurred_on) {
            Some((period, day)) => {
                used.insert(period);
                (row.after.period_id, row.after.posting_on) = (period, day);
            }
            None if row.after.calendar_id.is_nil() => {}
            None => {
                let line = "The calendar has no open period for this day, nor one after it.";
                work.fail(row, UserError::new(UserCode::PeriodClosed, row.place("occurredOn"), line));
            }
        }
    }
    // Locked while they are open; one that was closed since is looked for again.
    if !used.is_empty() {
        let locked = fiscal_period::Entity::find().filter(C::Id.is_in(used.clone())).filter(C::State.eq("OPEN"));
        let locked = locked.lock_shared().select_only().column(C::Id).into_tuple::<Uuid>();
        work.lost_race |= locked.all(work.txn).await?.len() < used.len();
    }
    Ok(())
}

/// A period as posting looks at it.
pub fn span(period: &fiscal_period::Model) -> Posting<Uuid> {
    spanning(period.id, &period.kind, (period.start_on, period.end_on), &period.state)
}

fn spanning(id: Uuid, kind: &str, span: (NaiveDate, NaiveDate), state: &str) -> Posting<Uuid> {
    let rank = ["MONTH", "QUARTER", "YEAR"].iter().position(|known| *known == kind).unwrap_or_default();
    Posting { id, rank, span, is_open: state == "OPEN" }
}

/// The commitments that new actuals draw on, with what will have been invoiced; locked. An actual that one cannot take is
/// refused, and the others are as if it were not there.
pub async fn draw(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<Vec<Row<commitment::Model>>, Error> {
    let new = rows.iter().filter(|row| row.before.is_none() && !work.has_failed(row.index));
    let drawing: Vec<(&Row<Model>, Uuid)> = new.filter_map(|row| Some((row, row.after.commitment_id?))).collect();
    let mut ids: Vec<Uuid> = drawing.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let stored = rows::lock::<commitment::Entity>(work, &ids).await?;
    let mut after = stored.clone();
    for (row, id) in drawing {
        let Some(known) = after.get_mut(&id) else { continue };
        if let Some(error) = refusal(row, known) {
            work.fail(row, error);
            continue;
        }
        let invoiced = known.invoiced_amount.checked_add(row.after.amount);
        let place = || row.place(if row.gives("amount") { "amount" } else { "commitment" });
        match invoiced {
            Some(invoiced) if invoiced > known.committed_amount && known.state == "OPEN" => {
                work.fail(row, beyond(place()));
            }
            Some(invoiced) if invoiced >= 0 => {
                known.invoiced_amount = invoiced;
                known.open_amount = rules::still_open(&known.state, known.committed_amount, invoiced);
            }
            _ => {
                let line = "Less than nothing would have been invoiced on the commitment.";
                work.fail(row, UserError::new(UserCode::OutOfRange, place(), line));
            }
        }
    }
    let entity = work.lens.model.entity("Commitment");
    let changed = stored.into_iter().filter_map(|(id, before)| {
        let after = after.remove(&id).filter(|after| *after != before)?;
        Some(Row::derived(entity, before, after))
    });
    let mut changed: Vec<Row<commitment::Model>> = changed.collect();
    changed.sort_by_key(|row| row.after.id);
    Ok(changed)
}

/// Why an actual does not draw on a commitment; a reversal takes back what was drawn, whatever became of the commitment.
fn refusal(row: &Row<Model>, commitment: &commitment::Model) -> Option<UserError> {
    let actual = &row.after;
    if actual.reversal_of_id.is_some() {
        return None;
    }
    if commitment.item_id != actual.item_id {
        let line = "The commitment belongs to another project.";
        return Some(UserError::rule(row.place("commitment"), "COMMITMENT_OF_PROJECT", line));
    }
    if commitment.currency != actual.currency {
        let line = format!("The money of the commitment is in {}.", commitment.currency);
        let error = UserError::new(UserCode::Invalid, row.place("amount").at("currency"), line);
        return Some(error.with("currency", &commitment.currency));
    }
    if commitment.state == "CANCELLED" {
        let line = "The commitment is cancelled.";
        let error = UserError::new(UserCode::IllegalState, row.place("commitment"), line);
        return Some(error.with("state", "CANCELLED"));
    }
    None
}

/// Writes what follows from posting.
pub async fn write_drawn(work: &mut Work<'_>, drawn: Vec<Row<commitment::Model>>) -> Result<(), Error> {
    follow::<commitment::Entity>(work, drawn).await
}

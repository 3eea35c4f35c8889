//! Bookings of a file: their minutes laid over days by the calendar of the resource, then written as all bookings are.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use entity::{
    allocation::{self, Column as C},
    portfolio_item,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    projects, resources, spread,
    tally::Tally,
    wanted::{Amount, Booking, Place, Wanted},
};
use crate::{
    importers::{
        carry::soft,
        report::{ElementFault, ImportError, NoteKind, Phase},
    },
    resources::{
        allocation_told::{self, Outcome, Told},
        booking::OVER,
        staff,
        worktime::calendar::Calendar,
    },
    write::Work,
};

/// Bookings that are written together.
const PART: usize = 500;

/// What bookings of a file lead to.
pub(super) struct Around<'a> {
    pub resources: &'a resources::Known,
    pub projects: &'a projects::Known,
    /// The project of bookings that name none.
    pub project: Option<&'a portfolio_item::Model>,
    /// Whether whoever imports may confirm whatever she books.
    pub confirms: bool,
}

/// Writes them.
pub(super) async fn write(
    work: &mut Work<'_>,
    wanted: &Wanted,
    around: &Around<'_>,
    tally: &mut Tally<'_>,
) -> Result<(), ImportError> {
    tally.read("Allocation", wanted.bookings.len());
    let calendars = staff::calendars(work.txn).await?;
    let (mut all, mut faults, mut doubts) = (vec![], vec![], vec![]);
    for (index, booking) in wanted.bookings.iter().enumerate() {
        let Some(resource) = around.resources.get(&booking.resource) else {
            tally.skipped("Allocation", &booking.place, "its resource is not kept");
            continue;
        };
        if resource.is_archived {
            tally.skipped("Allocation", &booking.place, "its resource is archived here");
            continue;
        }
        match told(index, wanted, booking, around, resource, &calendars, &mut doubts) {
            Ok(one) if one.minutes == 0 => {
                tally.skipped("Allocation", &booking.place, "there is nothing to be booked: its amounts are 0");
            }
            Ok(one) => all.push(one),
            Err(text) => {
                faults.push(ElementFault { line: booking.place.line, text: format!("{}: {text}", booking.place.what) });
            }
        }
    }
    if !faults.is_empty() {
        return Err(tally.refuse(faults));
    }
    for (place, text) in doubts {
        tally.note(&place, NoteKind::Doubtful, &text);
    }
    let (total, mut done) = (all.len(), 0);
    let mut soft: BTreeMap<String, u64> = BTreeMap::new();
    for some in all.chunks(PART) {
        let taken = allocation_told::take(work, some, around.confirms).await?;
        if !work.errors.is_empty() {
            return Err(tally.refused(work, |index| wanted.bookings.get(index).map(|booking| &booking.place)));
        }
        for (one, taken) in some.iter().zip(taken) {
            let place = &wanted.bookings[one.index].place;
            count(tally, place, &taken.outcome, one.segments.len());
            if let Some(why) = taken.soft_because {
                tally.note(place, NoteKind::Doubtful, &format!("agreed in the file, and SOFT here: {why}"));
                *soft.entry("bookings that stay SOFT".to_owned()).or_default() += 1;
            }
        }
        done += some.len();
        tally.tell(Phase::Write, done, total);
    }
    gone(work, wanted, around, tally).await?;
    for (what, count) in soft {
        tally.left(&what, count, "they are agreed in the file; their rows say why they are not confirmed here");
    }
    Ok(())
}

/// Tells what the system brought in for the project before and does not name any more: whoever plans decides on it.
async fn gone(work: &Work<'_>, wanted: &Wanted, around: &Around<'_>, tally: &mut Tally<'_>) -> Result<(), ImportError> {
    let Some(project) = around.project else { return Ok(()) };
    let named: HashSet<&str> = wanted.bookings.iter().map(|booking| booking.id.as_str()).collect();
    let stored = allocation::Entity::find()
        .filter(C::ItemId.eq(project.id))
        .filter(C::ExternalSystem.eq(wanted.system))
        .filter(C::State.is_not_in(OVER))
        .order_by_asc(C::ExternalId);
    for id in stored.all(work.txn).await?.into_iter().filter_map(|row| row.external_id) {
        if !named.contains(id.as_str()) {
            let place = Place { line: 0, what: format!("booking {id}") };
            tally.note(&place, NoteKind::Doubtful, "the file no longer has it, and it stays as it is");
        }
    }
    Ok(())
}

/// Counts a booking and what its days follow from.
fn count(tally: &mut Tally<'_>, place: &Place, outcome: &Outcome, segments: usize) {
    if segments > 0 {
        tally.read("AllocationSegment", segments);
    }
    let mut each = |status: &str| {
        tally.count("Allocation", status);
        (0..segments).for_each(|_| tally.count("AllocationSegment", status));
    };
    match outcome {
        Outcome::Created => each("CREATED"),
        Outcome::Updated => {
            each("UPDATED");
            tally.note(place, NoteKind::Changed, "changed");
        }
        Outcome::Unchanged => each("UNCHANGED"),
        Outcome::Over(state) => {
            let why = format!("the booking is {state} here and stays so");
            tally.skipped("Allocation", place, &why);
            (0..segments).for_each(|_| tally.count("AllocationSegment", "UNCHANGED"));
        }
    }
}

fn told(
    index: usize,
    wanted: &Wanted,
    booking: &Booking,
    around: &Around<'_>,
    resource: &resources::Kept,
    calendars: &BTreeMap<Uuid, Arc<Calendar>>,
    doubts: &mut Vec<(Place, String)>,
) -> Result<Told, String> {
    let project = match &booking.project {
        Some(id) => around.projects.get(&(wanted.system, id.clone())),
        None => around.project,
    };
    let project = project.ok_or("its project is not known")?.clone();
    let calendar = || {
        let found = resource.calendar.and_then(|id| calendars.get(&id));
        found.map(Arc::as_ref).ok_or("the resource works by no calendar: say one with --calendar")
    };
    let calendar = calendar()?;
    let (span, spread, segments) = match &booking.amount {
        Amount::Assignment(told) => {
            let spread = spread::assignment(told, calendar)?;
            let (start, finish) = told.start.zip(told.finish).ok_or("it has no start or no finish")?;
            let span = (start.date(), spread::last_day(start, finish));
            (spread::around(span, &spread.work.days), spread, vec![])
        }
        Amount::Segments { told, less, unit, shown } => {
            let mut spread = spread::segments(told, *unit, calendar)?;
            spread.work.days = soft(&spread.work.days, &spread::segments(less, *unit, calendar)?.work.days);
            (spread::reach(told).ok_or("it has no segment")?, spread, shown.clone())
        }
    };
    if let Some(doubt) = &spread.doubt {
        doubts.push((booking.place.clone(), doubt.clone()));
    }
    Ok(Told {
        index,
        external: (wanted.system.to_owned(), booking.id.clone()),
        project,
        resource: resource.id,
        fte: resource.fte,
        is_agreed: booking.is_agreed,
        start_on: span.0,
        end_on: span.1,
        minutes: i32::try_from(spread.work.minutes()).map_err(|_| "it has more minutes than can be kept")?,
        note: booking.note.clone(),
        days: Some(spread.work.days),
        segments,
    })
}

//! Calendars of a file and their exceptions. They are the file's: an exception that it no longer has is archived, and one
//! that was entered here stays.

use std::collections::{HashMap, HashSet};

use entity::{
    calendar_exception::{self, Column as X},
    work_calendar::{self, Column as C},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    keys::Keys,
    tally::{Tally, Wish},
    wanted::{Calendar, Exception, Place, Wanted},
};
use crate::{
    importers::report::{ElementFault, ImportError},
    resources::{
        blank_calendar, blank_exception,
        stored_time::exception as read,
        worktime::calendar::{self, BaseFault, MOST_BASES, Week},
    },
    write::{Row, Work},
};

/// Ids of one condition.
const AT_ONCE: usize = 400;

/// The calendars of a file, by the ids that it gives them.
pub(super) type Known = HashMap<String, Uuid>;

/// Writes them. Whoever asks holds the lock of those who change the shape of a tree.
pub(super) async fn write(work: &mut Work<'_>, wanted: &Wanted, tally: &mut Tally<'_>) -> Result<Known, ImportError> {
    tally.read("WorkCalendar", wanted.calendars.len());
    tally.read("CalendarException", wanted.calendars.iter().map(|calendar| calendar.exceptions.len()).sum());
    let stored = stored(work, wanted).await?;
    let id = |id: &String| (id.clone(), stored.get(id).map_or_else(|| work.clock.new_id(), |row| row.id));
    let known: Known = wanted.calendars.iter().map(|calendar| id(&calendar.id)).collect();
    let mut keys = Keys::load::<work_calendar::Entity>(work, wanted.system).await?;
    let entity = work.lens.model.entity("WorkCalendar");
    let (mut wishes, mut archived) = (vec![], HashSet::new());
    for calendar in by_height(&wanted.calendars) {
        let before = stored.get(&calendar.id);
        if before.is_some_and(|row| row.archived_at.is_some()) {
            tally.skipped("WorkCalendar", &calendar.place, "it is archived here");
            archived.insert(calendar.id.as_str());
            continue;
        }
        let mut row = if let Some(before) = before {
            Row::derived(entity, before.clone(), before.clone())
        } else {
            let key = keys.free(&format!("{}-{}", wanted.system, calendar.id));
            let (system, id) = (Some(wanted.system.to_owned()), Some(calendar.id.clone()));
            let blank = work_calendar::Model { key, external_system: system, external_id: id, ..blank_calendar(work) };
            Row::made(entity, work_calendar::Model { id: known[&calendar.id], ..blank })
        };
        fill(&mut row.after, calendar, &known);
        wishes.push(Wish { place: calendar.place.clone(), row });
    }
    stand(work, &wishes, tally).await?;
    tally.save::<work_calendar::Entity>(work, "WorkCalendar", wishes).await?;
    write_exceptions(work, wanted, &known, &archived, tally).await?;
    Ok(known)
}

async fn stored(work: &Work<'_>, wanted: &Wanted) -> Result<HashMap<String, work_calendar::Model>, ImportError> {
    let mut all = HashMap::new();
    for some in wanted.calendars.chunks(AT_ONCE) {
        let found = work_calendar::Entity::find()
            .filter(C::ExternalSystem.eq(wanted.system))
            .filter(C::ExternalId.is_in(some.iter().map(|calendar| calendar.id.as_str())))
            .order_by_asc(C::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        all.extend(found.into_iter().filter_map(|row| Some((row.external_id.clone()?, row))));
    }
    Ok(all)
}

/// Those that others stand on come first.
fn by_height(calendars: &[Calendar]) -> Vec<&Calendar> {
    let of: HashMap<&str, &Calendar> = calendars.iter().map(|calendar| (calendar.id.as_str(), calendar)).collect();
    let height = |calendar: &Calendar| {
        let mut at = calendar;
        let mut height = 0;
        while let Some(base) = at.base.as_deref().and_then(|base| of.get(base)).filter(|_| height <= calendars.len()) {
            (at, height) = (base, height + 1);
        }
        height
    };
    let mut all: Vec<&Calendar> = calendars.iter().collect();
    all.sort_by_key(|calendar| height(calendar));
    all
}

fn fill(row: &mut work_calendar::Model, calendar: &Calendar, known: &Known) {
    row.name.clone_from(&calendar.name);
    row.name_fold = calendar.name.to_lowercase();
    row.base_id = calendar.base.as_ref().and_then(|base| known.get(base)).copied();
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
        calendar.week.each_ref().map(|day| day.as_ref().map(ToString::to_string));
    (row.monday, row.tuesday, row.wednesday, row.thursday) = (monday, tuesday, wednesday, thursday);
    (row.friday, row.saturday, row.sunday) = (friday, saturday, sunday);
}

/// No calendar stands on itself, or on too many.
async fn stand(
    work: &Work<'_>,
    wishes: &[Wish<work_calendar::Model>],
    tally: &mut Tally<'_>,
) -> Result<(), ImportError> {
    let written: HashMap<Uuid, &Wish<work_calendar::Model>> = wishes.iter().map(|w| (w.row.after.id, w)).collect();
    let stored = work_calendar::Entity::find().all(work.txn).await?;
    let others = stored.iter().filter(|row| !written.contains_key(&row.id));
    let plain = |row: &work_calendar::Model| calendar::Row {
        id: row.id,
        base: row.base_id,
        week: Week::default(),
        exceptions: vec![],
    };
    let all = others.chain(wishes.iter().map(|wish| &wish.row.after)).map(plain).collect();
    let Err(faults) = calendar::resolve(all) else { return Ok(()) };
    let told = |id: &Uuid, text: String| {
        let place = written.get(id).map(|wish| wish.place.clone()).unwrap_or_default();
        ElementFault { line: place.line, text: format!("{}: {text}", place.what) }
    };
    let fault = |fault: &BaseFault<Uuid>| match fault {
        BaseFault::Cycle(ids) => ids.first().map(|id| told(id, "the calendar stands on itself".to_owned())),
        BaseFault::TooHigh(id) => Some(told(id, format!("a calendar stands on at most {MOST_BASES} others"))),
        _ => None,
    };
    let faults: Vec<ElementFault> = faults.iter().filter_map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(tally.refuse(faults)) }
}

async fn write_exceptions(
    work: &mut Work<'_>,
    wanted: &Wanted,
    known: &Known,
    archived: &HashSet<&str>,
    tally: &mut Tally<'_>,
) -> Result<(), ImportError> {
    let entity = work.lens.model.entity("CalendarException");
    let mut stored = stored_exceptions(work, wanted, known).await?;
    let (mut wishes, mut faults) = (vec![], vec![]);
    for calendar in &wanted.calendars {
        for told in &calendar.exceptions {
            let place = Place { what: format!("{}, exception {}", calendar.place.what, told.name), ..calendar.place };
            if archived.contains(calendar.id.as_str()) {
                tally.skipped("CalendarException", &place, "its calendar is archived here");
                continue;
            }
            let before = stored.remove(&told.id);
            let mut row = match before {
                Some(before) => Row::derived(entity, before.clone(), before),
                None => Row::made(entity, new_exception(work, wanted, told, known[&calendar.id])),
            };
            fill_exception(&mut row.after, told);
            match read(&row.after) {
                Ok(_) => wishes.push(Wish { place, row }),
                Err(wrong) => faults.extend(wrong.into_iter().map(|fault| ElementFault {
                    line: place.line,
                    text: format!("{}: {}", place.what, fault.line.trim_end_matches('.')),
                })),
            }
        }
    }
    if !faults.is_empty() {
        return Err(tally.refuse(faults));
    }
    tally.save::<calendar_exception::Entity>(work, "CalendarException", wishes).await?;
    let gone = stored.into_values().filter(|row| row.archived_at.is_none()).map(|row| Wish {
        place: Place { line: 0, what: format!("exception {}", row.name) },
        row: Row::derived(entity, row.clone(), calendar_exception::Model { archived_at: Some(work.now), ..row }),
    });
    let mut gone: Vec<Wish<calendar_exception::Model>> = gone.collect();
    gone.sort_by_key(|wish| wish.row.after.id);
    tally.archive::<calendar_exception::Entity>(work, gone).await
}

/// The exceptions that the system gave its calendars, by their ids there; archived ones, too.
async fn stored_exceptions(
    work: &Work<'_>,
    wanted: &Wanted,
    known: &Known,
) -> Result<HashMap<String, calendar_exception::Model>, ImportError> {
    let mut all = HashMap::new();
    let ids: Vec<Uuid> = known.values().copied().collect();
    for some in ids.chunks(AT_ONCE) {
        let found = calendar_exception::Entity::find()
            .filter(X::CalendarId.is_in(some.iter().copied()))
            .filter(X::ExternalSystem.eq(wanted.system))
            .order_by_asc(X::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        all.extend(found.into_iter().filter_map(|row| Some((row.external_id.clone()?, row))));
    }
    Ok(all)
}

fn new_exception(work: &Work<'_>, wanted: &Wanted, told: &Exception, calendar: Uuid) -> calendar_exception::Model {
    calendar_exception::Model {
        calendar_id: calendar,
        external_system: Some(wanted.system.to_owned()),
        external_id: Some(told.id.clone()),
        ..blank_exception(work)
    }
}

/// One that the file has again comes out of the archive.
fn fill_exception(row: &mut calendar_exception::Model, told: &Exception) {
    row.archived_at = None;
    row.name.clone_from(&told.name);
    row.name_fold = told.name.to_lowercase();
    let on = &told.on;
    on.recurrence.clone_into(&mut row.recurrence);
    (row.start_on, row.end_on, row.occurrences, row.every) = (on.start_on, on.end_on, on.occurrences, on.every);
    row.weekdays.clone_from(&on.weekdays);
    (row.month, row.month_day) = (on.month, on.month_day);
    (row.position, row.position_of) = (on.position.map(ToOwned::to_owned), on.position_of.map(ToOwned::to_owned));
    row.working_times = told.shifts.to_string();
}

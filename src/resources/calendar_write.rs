//! Writing calendars and their exceptions. What is stored can always be read back as working time, and no calendar stands on
//! itself.

use async_graphql_value::ConstValue;
use entity::{calendar_exception, work_calendar};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::{
    stored_time::{Fault, FaultKind, exception, week},
    worktime::{
        calendar::{self, BaseFault, MOST_BASES, Week},
        shift::Shifts,
    },
};
use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Work, outside,
        rows::{self, archived, keys_are_free, open, save},
        usual,
    },
};

type Calendars = work_calendar::Entity;
type Exceptions = calendar_exception::Entity;

/// The mutations of calendars and their exceptions.
pub fn mutations() -> Vec<Mutation> {
    let calendars = usual("WorkCalendar", "workCalendar", None, true, write_calendars);
    calendars.into_iter().chain(usual("CalendarException", "calendarException", None, true, write_exceptions)).collect()
}

fn write_calendars<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("WorkCalendar");
        let (scopes, needs) = (work.lens.caller.takes(Step::ResourceSetUp), Step::ResourceSetUp.as_str());
        // Two who base calendars on each other's would not see each other.
        work.alone().await?;
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Calendars>(work, entity, &batch, scopes, needs).await?;
            return save::<Calendars>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Calendars>(work, entity, &batch.items, blank_calendar).await?;
        rows::demand_new(work, &rows, scopes, needs);
        outside::name::<Calendars>(work, &mut rows).await?;
        keys_are_free::<Calendars>(work, &rows, None).await?;
        for row in &mut rows {
            match week(&row.after) {
                Ok(week) => spelled(&mut row.after, &week),
                Err(faults) => tell(work, row, faults),
            }
        }
        stand(work, &rows).await?;
        save::<Calendars>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A week as it is always spelled.
fn spelled(row: &mut work_calendar::Model, week: &Week) {
    let text = |shifts: &Option<Shifts>| shifts.as_ref().map(ToString::to_string);
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = week.each_ref().map(text);
    let days = (monday, tuesday, wednesday, thursday, friday, saturday, sunday);
    (row.monday, row.tuesday, row.wednesday, row.thursday, row.friday, row.saturday, row.sunday) = days;
}

/// No calendar stands on itself, or on too many.
async fn stand(work: &mut Work<'_>, rows: &[Row<work_calendar::Model>]) -> Result<(), Error> {
    if !rows.iter().any(|row| row.gives("base")) {
        return Ok(());
    }
    let stored = Calendars::find().all(work.txn).await?;
    // A row that is refused stays where it was and may close a ring with another: so until all of the others stand.
    loop {
        let good: Vec<&Row<work_calendar::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let is_kept = |row: &&work_calendar::Model| !good.iter().any(|other| other.after.id == row.id);
        let all = stored.iter().filter(is_kept).chain(good.iter().map(|row| &row.after));
        let plain = |row: &work_calendar::Model| calendar::Row {
            id: row.id,
            base: row.base_id,
            week: Week::default(),
            exceptions: vec![],
        };
        let Err(faults) = calendar::resolve(all.map(plain).collect()) else { return Ok(()) };
        let mut wrong: Vec<(&Row<work_calendar::Model>, UserError)> = vec![];
        for row in good {
            wrong.extend(faults.iter().find_map(|fault| Some((row, refused(row, fault)?))));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        for (row, error) in wrong {
            work.fail(row, error);
        }
    }
}

/// What a row is told of a fault that it has a part in.
fn refused(row: &Row<work_calendar::Model>, fault: &BaseFault<Uuid>) -> Option<UserError> {
    let rule = |line: String| Some(UserError::rule(row.place("base"), "HIERARCHY", line));
    match fault {
        BaseFault::Cycle(ids) if ids.contains(&row.after.id) => rule("A calendar cannot stand on itself.".to_owned()),
        BaseFault::TooHigh(id) if *id == row.after.id || row.gives("base") => {
            rule(format!("A calendar stands on at most {MOST_BASES} others."))
        }
        _ => None,
    }
}

fn write_exceptions<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("CalendarException");
        let (scopes, needs) = (work.lens.caller.takes(Step::ResourceSetUp), Step::ResourceSetUp.as_str());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Exceptions>(work, entity, &batch, scopes, needs).await?;
            return save::<Exceptions>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Exceptions>(work, entity, &batch.items, blank_exception).await?;
        rows::demand_new(work, &rows, scopes, needs);
        outside::name::<Exceptions>(work, &mut rows).await?;
        for row in &mut rows {
            match exception(&row.after) {
                Ok(exception) => row.after.working_times = exception.shifts.to_string(),
                Err(faults) => tell(work, row, faults),
            }
        }
        save::<Exceptions>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

fn tell<M>(work: &mut Work<'_>, row: &Row<M>, faults: Vec<Fault>) {
    if work.is_refused(row.index) {
        return;
    }
    for fault in faults {
        let place = if row.gives(fault.field) { row.place(fault.field) } else { row.path.at(fault.field) };
        let error = match fault.kind {
            FaultKind::Required => UserError::new(UserCode::Required, place, fault.line),
            FaultKind::OutOfRange => UserError::new(UserCode::OutOfRange, place, fault.line),
            FaultKind::Invalid if fault.field == "endOn" => UserError::rule(place, "DATES_IN_ORDER", fault.line),
            FaultKind::Invalid => UserError::new(UserCode::Invalid, place, fault.line),
        };
        work.fail(row, error);
    }
}

/// A calendar that says nothing.
pub fn blank_calendar(work: &Work<'_>) -> work_calendar::Model {
    work_calendar::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        base_id: None,
        monday: None,
        tuesday: None,
        wednesday: None,
        thursday: None,
        friday: None,
        saturday: None,
        sunday: None,
        description: None,
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// An exception of no calendar.
pub fn blank_exception(work: &Work<'_>) -> calendar_exception::Model {
    calendar_exception::Model {
        id: work.clock.new_id(),
        calendar_id: Uuid::nil(),
        name: String::new(),
        name_fold: String::new(),
        recurrence: "ONCE".to_owned(),
        start_on: work.now.date_naive(),
        end_on: None,
        occurrences: None,
        every: 1,
        weekdays: None,
        month: None,
        month_day: None,
        position: None,
        position_of: None,
        working_times: String::new(),
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

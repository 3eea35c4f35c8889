//! Who is there: calendars, and the capacity of resources day by day, as they stand in the database.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use chrono::NaiveDate;
use entity::{calendar_exception, resource, time_off, work_calendar};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    stored_time::{exception, week},
    worktime::{
        calendar::{Calendar, Days, Exception, Row, resolve},
        capacity::{Capacity, Employment, Fte, TimeOff},
    },
};
use crate::error::Error;

/// Ids in one condition.
const AT_ONCE: usize = 500;

/// All calendars: each may be the base of any other.
pub async fn calendars(db: &impl ConnectionTrait) -> Result<BTreeMap<Uuid, Arc<Calendar>>, Error> {
    let rows = work_calendar::Entity::find().all(db).await?;
    let exceptions = calendar_exception::Entity::find()
        .filter(calendar_exception::Column::ArchivedAt.is_null())
        .order_by_asc(calendar_exception::Column::CreatedAt)
        .order_by_asc(calendar_exception::Column::Id)
        .all(db)
        .await?;
    resolved(&rows, &exceptions)
}

/// The calendars of these rows, each with the exceptions among those that are its own, and its bases.
pub fn resolved(
    rows: &[work_calendar::Model],
    exceptions: &[calendar_exception::Model],
) -> Result<BTreeMap<Uuid, Arc<Calendar>>, Error> {
    let unread = || Error::internal("a calendar that cannot be read");
    let mut of: HashMap<Uuid, Vec<Exception>> = HashMap::new();
    for row in exceptions.iter().filter(|row| row.archived_at.is_none()) {
        of.entry(row.calendar_id).or_default().push(exception(row).map_err(|_| unread())?);
    }
    let read = |row: &work_calendar::Model| {
        let exceptions = of.remove(&row.id).unwrap_or_default();
        Ok(Row { id: row.id, base: row.base_id, week: week(row).map_err(|_| unread())?, exceptions })
    };
    let rows = rows.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    resolve(rows).map_err(|_| unread())
}

/// The capacity of each resource on each day from one to another, both included. One whose calendar or full-time people are
/// not known has none here.
pub async fn capacities<'r>(
    db: &impl ConnectionTrait,
    resources: impl IntoIterator<Item = &'r resource::Model>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<Uuid, Capacity>, Error> {
    let resources: Vec<&resource::Model> = resources.into_iter().collect();
    let ids: Vec<Uuid> = resources.iter().map(|resource| resource.id).collect();
    let off = time_off(db, &ids, from, to).await?;
    let calendars = calendars(db).await?;
    let mut days: HashMap<Uuid, Days> = HashMap::new();
    let mut capacities = HashMap::new();
    for resource in resources {
        let Some(calendar_id) = resource.calendar_id else { continue };
        let days = match days.entry(calendar_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let of = calendars.get(&calendar_id).and_then(|calendar| Days::of(calendar, from, to));
                place.insert(of.ok_or_else(|| Error::internal("days beyond all limits"))?)
            }
        };
        let off = off.get(&resource.id).map_or(&[][..], Vec::as_slice);
        let capacity = capacity_of(resource, days, off);
        capacities.extend(capacity.map(|capacity| (resource.id, capacity)));
    }
    Ok(capacities)
}

/// The capacity of a resource on days of its calendar; none where its full-time people are not known.
pub fn capacity_of<'o>(
    resource: &resource::Model,
    days: &Days,
    off: impl IntoIterator<Item = &'o time_off::Model>,
) -> Option<Capacity> {
    let employment = Employment { from: resource.employed_from_on, to: resource.employed_to_on };
    let of = |row: &time_off::Model| TimeOff {
        from: row.start_on,
        to: row.end_on,
        minutes: row.minutes_per_day.and_then(|minutes| u32::try_from(minutes).ok()),
    };
    let off: Vec<TimeOff> = off.into_iter().map(of).collect();
    Some(Capacity::of(days, resource.fte.and_then(Fte::of_stored)?, employment, &off))
}

/// Time off of resources that meets the days, by resource.
async fn time_off(
    db: &impl ConnectionTrait,
    resources: &[Uuid],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<Uuid, Vec<time_off::Model>>, Error> {
    use time_off::Column as C;
    let mut all: HashMap<Uuid, Vec<time_off::Model>> = HashMap::new();
    for some in resources.chunks(AT_ONCE) {
        let rows = time_off::Entity::find()
            .filter(C::ResourceId.is_in(some.iter().copied()))
            .filter(C::ArchivedAt.is_null())
            .filter(C::StartOn.lte(to))
            .filter(C::EndOn.gte(from));
        for row in rows.all(db).await? {
            all.entry(row.resource_id).or_default().push(row);
        }
    }
    Ok(all)
}

//! What lies on resources: their capacity, what they are booked for and what they worked, of as many as are asked about in
//! a few statements. Only rows that the caller reads are in it, by the conditions of their entities.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    asked::afford_days,
    chosen::{counted, meets},
    people::{Member, id, text},
    worked::{Worked, worked},
};
use crate::{
    error::Error,
    graph::{ColumnType, ListType, Param, date_of, decl::Asking},
    resources::{
        booking::CONFIRMED,
        load::{Booked, Booking, Load, Reason, Run, Span},
        staff::calendars,
        worktime::{
            calendar::{Calendar, Days},
            capacity::{Capacity, Fte, TimeOff},
        },
    },
};

/// What lies on some resources.
#[derive(Debug, Default)]
pub struct Stock {
    capacities: HashMap<Uuid, Capacity>,
    booked: HashMap<Uuid, Vec<Booked<Uuid>>>,
    worked: Worked,
}

impl Stock {
    /// Reads what lies on resources within a time.
    pub async fn read(asking: &mut Asking<'_, '_>, members: &[Member], span: Span) -> Result<Self, Error> {
        afford_days(span, members.len())?;
        if members.is_empty() {
            return Ok(Self::default());
        }
        let keys: Arc<[Uuid]> = members.iter().map(|member| member.id).collect();
        let booked = booked(asking, &keys, span).await?;
        let told: Arc<[Uuid]> = members.iter().filter(|member| member.lacks().is_none()).map(|m| m.id).collect();
        let capacities =
            if told.is_empty() { HashMap::new() } else { capacities(asking, members, &told, span).await? };
        Ok(Self { capacities, booked, worked: Worked::default() })
    }

    /// The same, with what was worked.
    pub async fn read_with_work(asking: &mut Asking<'_, '_>, members: &[Member], span: Span) -> Result<Self, Error> {
        let stock = Self::read(asking, members, span).await?;
        let keys: Arc<[Uuid]> = members.iter().map(|member| member.id).collect();
        Ok(Self { worked: worked(asking, &keys, span).await?, ..stock })
    }

    /// The load of a resource. A capacity that the caller may not be told is not known here.
    pub fn load<'s>(&'s self, member: &Member) -> Load<'s, Uuid> {
        Load {
            id: member.id,
            capacity: self.capacities.get(&member.id).ok_or(Reason::NoCalendar),
            booked: self.booked.get(&member.id).map_or(&[][..], Vec::as_slice),
            actual: self.worked.of(member.id).unwrap_or_default(),
        }
    }

    /// Whether the caller reads a booking of a resource.
    pub fn is_booked(&self, member: &Member) -> bool {
        self.booked.contains_key(&member.id)
    }

    /// What was worked, where it was read.
    pub fn worked(&self) -> &Worked {
        &self.worked
    }
}

/// Bookings that take capacity, by resource.
async fn booked(
    asking: &mut Asking<'_, '_>,
    keys: &Arc<[Uuid]>,
    span: Span,
) -> Result<HashMap<Uuid, Vec<Booked<Uuid>>>, Error> {
    let entity = asking.model.entity("AllocationPeriod");
    let scopes = asking.session.caller.rights.read(entity.class);
    let mut all: HashMap<Uuid, Vec<Booked<Uuid>>> = HashMap::new();
    if scopes.is_empty() {
        return Ok(all);
    }
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.resource_id, t0.allocation_id, t0.state, t0.start_on, t0.end_on, t0.minutes_per_day ");
    sql.push("FROM allocation_period t0 WHERE t0.resource_id").is_any(ListType::Id, Param::Keys);
    counted(&mut sql, 0, span);
    sql.visible(0, entity, scopes, " AND ");
    for row in asking.session.all(&sql.finish(), keys).await? {
        let (Some(resource), Some(allocation), Some(state)) = (id(&row, 0), id(&row, 1), text(&row, 2)) else {
            continue;
        };
        let (from, to) = (date_of(row.at(3, ColumnType::Date)), date_of(row.at(4, ColumnType::Date)));
        let (Some(from), Some(to)) = (from, to) else { continue };
        let booking = if CONFIRMED.contains(&state.as_str()) { Booking::Hard } else { Booking::Soft };
        let minutes = u32::try_from(row.int(5)).unwrap_or_default();
        all.entry(resource).or_default().push(Booked { allocation, booking, run: Run { from, to, minutes } });
    }
    Ok(all)
}

/// The capacity of those resources that it may be told of and is known of.
async fn capacities(
    asking: &mut Asking<'_, '_>,
    members: &[Member],
    told: &Arc<[Uuid]>,
    span: Span,
) -> Result<HashMap<Uuid, Capacity>, Error> {
    let off = time_off(asking, told, span).await?;
    let calendars: BTreeMap<Uuid, Arc<Calendar>> = calendars(&asking.session.database.orm).await?;
    let mut days: HashMap<Uuid, Days> = HashMap::new();
    let mut all = HashMap::new();
    for member in members.iter().filter(|member| member.lacks().is_none()) {
        let (Some(calendar), Some(fte)) = (member.calendar, member.fte.and_then(Fte::of_stored)) else { continue };
        let days = match days.entry(calendar) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let of = calendars.get(&calendar).and_then(|of| Days::of(of, span.first(), span.last()));
                place.insert(of.ok_or_else(|| Error::internal("days beyond all limits"))?)
            }
        };
        let off = off.get(&member.id).map_or(&[][..], Vec::as_slice);
        all.insert(member.id, Capacity::of(days, fte, member.employment, off));
    }
    Ok(all)
}

async fn time_off(
    asking: &mut Asking<'_, '_>,
    told: &Arc<[Uuid]>,
    span: Span,
) -> Result<HashMap<Uuid, Vec<TimeOff>>, Error> {
    let entity = asking.model.entity("TimeOff");
    let mut sql = asking.session.sql();
    sql.push("SELECT t0.resource_id, t0.start_on, t0.end_on, t0.minutes_per_day FROM time_off t0 WHERE ");
    sql.push("t0.archived_at IS NULL AND t0.resource_id").is_any(ListType::Id, Param::Keys).push(" AND ");
    meets(&mut sql, 0, span);
    sql.visible(0, entity, asking.session.caller.rights.read(entity.class), " AND ");
    let mut all: HashMap<Uuid, Vec<TimeOff>> = HashMap::new();
    for row in asking.session.all(&sql.finish(), told).await? {
        let (from, to) = (date_of(row.at(1, ColumnType::Date)), date_of(row.at(2, ColumnType::Date)));
        if let (Some(resource), Some(from), Some(to)) = (id(&row, 0), from, to) {
            let minutes = Some(row.int(3)).filter(|minutes| *minutes > 0).and_then(|m| u32::try_from(m).ok());
            all.entry(resource).or_default().push(TimeOff { from, to, minutes });
        }
    }
    Ok(all)
}

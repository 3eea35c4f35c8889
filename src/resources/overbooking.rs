//! Overbookings: where more is booked on a resource than it can do. They are found in the background over all bookings that are
//! not confidential, from today a year ahead, and told once each.

use std::{collections::HashMap, sync::LazyLock};

use chrono::{Datelike, Days, Months, NaiveDate};
use entity::{
    overbooking::{self, Column as C, Model},
    resource,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    affected::{hiding, resources},
    booking::open_bookings,
    load::{
        Counting, Load, Span,
        conflicts::{Conflict, conflicts},
    },
    staff::capacities,
};
use crate::{
    auth::Class,
    clock::Clock,
    error::Error,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
    kpi::{
        derivation::{Derivation, Making},
        measure::Fact,
    },
    write::{Mutation, Row, Verb, Work, rows, trace},
};

/// Days ahead of today that are looked at.
const DAYS_AHEAD: u64 = 371;
/// Months before the present one: what began there is seen whole as long as it lasts.
const MONTHS_BACK: u32 = 3;
/// Ids of one statement.
const AT_ONCE: usize = 400;

/// `OverbookingState`.
static STATE: EnumDecl = EnumDecl {
    name: "OverbookingState",
    doc: "Whether too much is booked still.",
    values: &[("OPEN", "It is."), ("RESOLVED", "It is no longer, or the days are over.")],
};

/// `Overbooking`.
pub fn declare() -> Entity {
    let number = |name, ty, column: C, doc| Field::scalar(name, ty, column, doc).required();
    Entity::new(
        "Overbooking",
        &overbooking::Entity,
        Class::Person,
        RowScope::OfResource { resource: "resource_id" },
        "Days in a row on which more is planned and confirmed for a resource than it can do, whoever booked it; found in the background from today a year ahead, bookings of confidential items apart. What the caller herself reads of bookings is in `allocationConflicts`.",
    )
    .node("ovb", "overbooking", "overbookings")
    .fields([
        Field::one("resource", C::ResourceId, "Resource", "The resource."),
        Field::choice("state", &STATE, C::State, "Whether it lasts.").required(),
        Field::date("startOn", C::StartOn, "The first day.").required(),
        Field::date("endOn", C::EndOn, "The last day; days without capacity on which nothing is booked may lie before it.").required(),
        number("dayCount", Scalar::Int, C::DayCount, "On how many of the days it is too much."),
        number("capacityMinutes", Scalar::Int, C::CapacityMinutes, "Minutes that can be worked on all of the days."),
        number("bookedMinutes", Scalar::Int, C::BookedMinutes, "Minutes that are planned and confirmed on all of the days."),
        number("excessMinutes", Scalar::Int, C::ExcessMinutes, "Minutes that are too much: the sum over the days."),
        number("isHard", Scalar::Boolean, C::IsHard, "Whether on some day what is confirmed alone is too much."),
        Field::scalar("resolvedAt", Scalar::DateTime, C::ResolvedAt, "When it was over; null while it lasts."),
    ])
    .audited()
}

/// What the trail and the feed call it when overbookings follow from bookings.
static DERIVE: LazyLock<Mutation> = LazyLock::new(|| Mutation {
    name: "overbookingDerive".to_owned(),
    doc: "Finds where too much is booked.".to_owned(),
    needs: None,
    entity: "Overbooking",
    verb: Verb::Other,
    input: vec![],
    payload: vec![],
    inputs: vec![],
    run: |_, _| async { Err(Error::internal("overbookings are found in the background")) }.boxed(),
});

/// What outdates the overbookings of a resource.
pub fn derivation() -> Derivation {
    let facts = vec![
        Fact::owner("Resource"),
        Fact::of("TimeOff", "resource_id"),
        Fact::of("Allocation", "resource_id"),
        Fact::behind("WorkCalendar", resources::BY_CALENDARS),
        Fact::behind("CalendarException", resources::BY_EXCEPTIONS),
    ];
    Derivation {
        source: "OVERBOOKING",
        facts: facts.into_iter().chain(hiding(resources::ON_ITEMS)).collect(),
        owners: "SELECT id FROM resource",
        make,
    }
}

fn make<'a>(making: Making<'a>, ids: &'a [Uuid]) -> BoxFuture<'a, Result<(), Error>> {
    async move {
        let Some(span) = span(making.clock.today()) else { return Ok(()) };
        let mut due = vec![];
        for some in ids.chunks(AT_ONCE) {
            due.extend(changes(making, some, span).await?);
        }
        if due.is_empty() {
            return Ok(());
        }
        let mut work = Work::new(making.txn, making.lens, &DERIVE, making.clock, making.request_id);
        rows::follow::<overbooking::Entity>(&mut work, due).await?;
        trace::leave(&mut work).await
    }
    .boxed()
}

/// From the first day of a month on, so that the days that are looked at do not move each day.
fn span(today: NaiveDate) -> Option<Span> {
    let first = today.with_day(1)?.checked_sub_months(Months::new(MONTHS_BACK))?;
    Span::new(first, today.checked_add_days(Days::new(DAYS_AHEAD))?)
}

/// What differs between what is stored of resources and what is so.
async fn changes(making: Making<'_>, ids: &[Uuid], span: Span) -> Result<Vec<Row<Model>>, Error> {
    use resource::Column as R;
    let (txn, today) = (making.txn, making.clock.today());
    let entity = making.lens.model.entity("Overbooking");
    let people = resource::Entity::find().filter(R::Id.is_in(ids.iter().copied())).filter(R::ArchivedAt.is_null());
    let people = people.order_by_asc(R::Id).all(txn).await?;
    let open = overbooking::Entity::find().filter(C::ResourceId.is_in(ids.iter().copied())).filter(C::State.eq("OPEN"));
    let open = open.order_by_asc(C::StartOn).order_by_asc(C::Id).lock_exclusive().all(txn).await?;
    let booked = open_bookings(txn, ids, span).await?;
    let capacities = capacities(txn, &people, span.first(), span.last()).await?;
    let mut lasting: HashMap<Uuid, Vec<Model>> = HashMap::new();
    for row in open {
        lasting.entry(row.resource_id).or_default().push(row);
    }
    let mut due = vec![];
    for id in ids {
        let booked = booked.get(id).map_or(&[][..], Vec::as_slice);
        let load = capacities.get(id).map(|capacity| Load { id: *id, capacity: Ok(capacity), booked, actual: &[] });
        let found = load.and_then(|load| conflicts(span, &load, Counting::HardAndSoft).ok()).unwrap_or_default();
        let mut lasting = lasting.remove(id).unwrap_or_default();
        for conflict in found.iter().filter(|conflict| conflict.to >= today) {
            let same = lasting.iter().position(|row| row.start_on <= conflict.to && conflict.from <= row.end_on);
            match same.map(|at| lasting.remove(at)) {
                Some(before) => {
                    let after = told(before.clone(), conflict);
                    due.extend((after != before).then(|| Row::derived(entity, before, after)));
                }
                None => due.push(Row::made(entity, told(blank(making.clock, *id), conflict))),
            }
        }
        for before in lasting {
            let after = Model { state: "RESOLVED".to_owned(), resolved_at: Some(making.clock.now()), ..before.clone() };
            due.push(Row::derived(entity, before, after));
        }
    }
    Ok(due)
}

/// An overbooking as it is now.
fn told(row: Model, conflict: &Conflict<Uuid>) -> Model {
    let count = |minutes: u64| i32::try_from(minutes).unwrap_or(i32::MAX);
    Model {
        start_on: conflict.from,
        end_on: conflict.to,
        day_count: i32::try_from(conflict.days).unwrap_or(i32::MAX),
        capacity_minutes: count(conflict.capacity),
        booked_minutes: count(conflict.booked),
        excess_minutes: count(conflict.over),
        is_hard: conflict.is_hard,
        ..row
    }
}

/// An overbooking of nothing.
fn blank(clock: &dyn Clock, resource: Uuid) -> Model {
    let now = clock.now();
    Model {
        id: clock.new_id(),
        resource_id: resource,
        state: "OPEN".to_owned(),
        start_on: now.date_naive(),
        end_on: now.date_naive(),
        day_count: 0,
        capacity_minutes: 0,
        booked_minutes: 0,
        excess_minutes: 0,
        is_hard: false,
        resolved_at: None,
        version: 0,
        created_at: now,
        created_by_id: None,
        updated_at: now,
        updated_by_id: None,
    }
}

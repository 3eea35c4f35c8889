//! The rules of bookings over what is stored: how minutes lie over days, and what speaks against a booking.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{
    allocation::{self, Model},
    allocation_period::{self, Column as P},
    portfolio_item, resource,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::{
    load::{
        Booked, Booking, Reason, Run, Span,
        check::{Active, Asked, Findings, check},
        runs::compress,
    },
    worktime::{
        capacity::{Capacity, Employment},
        spread::{Curve, by_curve},
    },
};
use crate::error::Error;

/// States in which a booking takes capacity that somebody confirmed.
pub const CONFIRMED: [&str; 2] = ["HARD", "COMPLETED"];
/// States in which a booking takes capacity at all: confirmed or planned.
pub const BOOKED: [&str; 3] = ["SOFT", "HARD", "COMPLETED"];
/// States in which nothing changes any more.
pub const OVER: [&str; 3] = ["COMPLETED", "DECLINED", "RELEASED"];
/// Days of the longest booking.
pub const MOST_DAYS: i64 = 3_660;

/// The minutes of a booking day by day; none where no day has capacity.
pub fn spread(allocation: &Model, capacity: &Capacity) -> Option<Vec<Run>> {
    let curve = match allocation.curve.as_str() {
        "FRONT_LOADED" => Curve::Front,
        "BACK_LOADED" => Curve::Back,
        "BELL" => Curve::Bell,
        _ => Curve::Flat,
    };
    let minutes = u64::try_from(allocation.minutes).ok()?;
    let days = capacity.within(allocation.start_on, allocation.end_on);
    compress(allocation.start_on, &by_curve(minutes, days, curve)?)
}

/// What speaks against a booking with these days, beside what others have confirmed.
pub fn findings(
    (allocation, curve): (&Model, &[Run]),
    (resource, capacity): (&resource::Model, Option<&Capacity>),
    project: Option<&portfolio_item::Model>,
    others: &[Run],
) -> Findings {
    let asked = Asked {
        booking: if CONFIRMED.contains(&allocation.state.as_str()) { Booking::Hard } else { Booking::Soft },
        curve,
        employment: Employment { from: resource.employed_from_on, to: resource.employed_to_on },
        active: project.map(active).unwrap_or_default(),
    };
    check(capacity.ok_or(Reason::NoCalendar), others, &asked)
}

/// The days of a project: those that came about, else those that are expected, else those that are planned.
fn active(project: &portfolio_item::Model) -> Active {
    Active {
        from: project.actual_start_on.or(project.forecast_start_on).or(project.planned_start_on),
        to: project.actual_finish_on.or(project.forecast_finish_on).or(project.planned_finish_on),
    }
}

/// The days that are confirmed of resources within others, by resource, but for those of some bookings.
pub async fn confirmed(
    db: &impl ConnectionTrait,
    resources: &[Uuid],
    (from, to): (NaiveDate, NaiveDate),
    but: &[Uuid],
) -> Result<HashMap<Uuid, Vec<allocation_period::Model>>, Error> {
    let mut all: HashMap<Uuid, Vec<allocation_period::Model>> = HashMap::new();
    for some in resources.chunks(500) {
        let rows = allocation_period::Entity::find()
            .filter(P::ResourceId.is_in(some.iter().copied()))
            .filter(P::State.is_in(CONFIRMED))
            .filter(P::StartOn.lte(to))
            .filter(P::EndOn.gte(from));
        for row in rows.all(db).await?.into_iter().filter(|row| !but.contains(&row.allocation_id)) {
            all.entry(row.resource_id).or_default().push(row);
        }
    }
    Ok(all)
}

/// What resources are planned and confirmed for within days, by resource, as far as it is not confidential: for figures that
/// many read.
pub async fn open_bookings(
    db: &impl ConnectionTrait,
    resources: &[Uuid],
    span: Span,
) -> Result<HashMap<Uuid, Vec<Booked<Uuid>>>, Error> {
    let mut all: HashMap<Uuid, Vec<Booked<Uuid>>> = HashMap::new();
    for some in resources.chunks(500) {
        let rows = allocation_period::Entity::find()
            .filter(P::ResourceId.is_in(some.iter().copied()))
            .filter(P::State.is_in(BOOKED))
            .filter(P::IsRestricted.eq(false))
            .filter(P::StartOn.lte(span.last()))
            .filter(P::EndOn.gte(span.first()));
        for row in rows.all(db).await? {
            let booking = if row.state == "SOFT" { Booking::Soft } else { Booking::Hard };
            let booked = Booked { allocation: row.allocation_id, booking, run: run(&row) };
            all.entry(row.resource_id).or_default().push(booked);
        }
    }
    Ok(all)
}

/// Whether somebody is confirmed for a project on a day after this one.
pub async fn is_booked_after(db: &impl ConnectionTrait, project: Uuid, day: NaiveDate) -> Result<bool, Error> {
    let hard = allocation::Entity::find()
        .filter(allocation::Column::ItemId.eq(project))
        .filter(allocation::Column::State.eq("HARD"))
        .filter(allocation::Column::EndOn.gt(day));
    Ok(hard.count(db).await? > 0)
}

/// The run that is stored.
pub fn run(period: &allocation_period::Model) -> Run {
    let minutes = u32::try_from(period.minutes_per_day).unwrap_or_default();
    Run { from: period.start_on, to: period.end_on, minutes }
}

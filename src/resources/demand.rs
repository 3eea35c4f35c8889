//! What requests ask for that nobody is booked for yet, day by day.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate, Weekday};
use entity::{allocation, resource_request};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    booking::CONFIRMED,
    load::{Run, Span, runs::compress},
    worktime::spread::{Curve, by_curve},
};
use crate::error::Error;

/// States of requests that ask for nothing any more.
pub const SETTLED: [&str; 3] = ["COMPLETED", "DECLINED", "RELEASED"];

/// The minutes of a request that are not booked, in equal parts on its days from Monday to Friday; on all of its days where
/// none of them is one. Nothing where it is settled, or booked in full.
pub fn unfilled(request: &resource_request::Model, booked: u64) -> Vec<Run> {
    let rest = u64::try_from(request.minutes).unwrap_or_default().saturating_sub(booked);
    let span = Span::new(request.start_on, request.end_on);
    let Some(span) = span.filter(|_| rest > 0 && !SETTLED.contains(&request.state.as_str())) else { return vec![] };
    let is_working = |day: NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let mut days: Vec<u32> = (0..span.days()).map(|at| u32::from(is_working(span.day(at)))).collect();
    if days.iter().all(|day| *day == 0) {
        days.fill(1);
    }
    by_curve(rest, &days, Curve::Flat).and_then(|minutes| compress(span.first(), &minutes)).unwrap_or_default()
}

/// The minutes that are planned or confirmed in answer to requests, by request.
pub async fn booked(db: &impl ConnectionTrait, requests: &[Uuid]) -> Result<HashMap<Uuid, u64>, Error> {
    use allocation::Column as A;
    let mut all: HashMap<Uuid, u64> = HashMap::new();
    for some in requests.chunks(500) {
        let rows = allocation::Entity::find()
            .select_only()
            .columns([A::RequestId, A::Minutes])
            .filter(A::RequestId.is_in(some.iter().copied()))
            .filter(A::State.is_in(CONFIRMED.into_iter().chain(["SOFT"])));
        for (request, minutes) in rows.into_tuple::<(Uuid, i32)>().all(db).await? {
            *all.entry(request).or_default() += u64::try_from(minutes).unwrap_or_default();
        }
    }
    Ok(all)
}

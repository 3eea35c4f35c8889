//! Splitting what a request asks for over several resources: never above what is free of any of them on any day, and each
//! minute once. What is confidential is no part of what is free, or a part would tell of it.

use std::collections::HashSet;

use async_graphql_value::ConstValue;
use entity::{
    allocation,
    resource_request::{self, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

use super::{
    allocation_write::{Bookings, blank, may_be_made},
    booking::{MOST_DAYS, open_bookings},
    demand::{SETTLED, booked, unfilled},
    load::{
        Counting, Load, Reason, Span,
        split::{Available, Manner, Part, by_day, over_span},
    },
    request_write,
};
use crate::{
    error::Error,
    graph::parse_id,
    write::{
        Action, Batch, Done, Member, Mutation, PlainType, Row, Shape, UserCode, UserError, Verb, Work, input, of_item,
        rows::{open, save},
    },
};

/// The most resources that one request is split over.
const MOST: usize = 50;

/// `ResourceSplitManner`.
pub fn types() -> Vec<PlainType> {
    vec![PlainType {
        name: "ResourceSplitManner",
        doc: "How work is split over resources.",
        shape: Shape::Choice(vec![
            ("PROPORTIONAL", "In proportion to what is free of each."),
            (
                "MOST_AVAILABLE_FIRST",
                "To the one who has most free first, of equal ones to the first given; each is filled before the next.",
            ),
        ]),
    }]
}

/// `resourceRequestSplit`.
pub fn mutation() -> Mutation {
    let member = |name, ty, doc| Member { name, ty, doc };
    Mutation {
        name: "resourceRequestSplit".to_owned(),
        doc: "Books what a ResourceRequest asks for and is not booked yet on several resources, SOFT and day by day: never above what is neither confirmed nor planned of any of them on any day. By who plans the project, or manages the resources. What nobody has time for stays asked for: the request's `allocations` tell what was placed.".to_owned(),
        needs: None,
        entity: "ResourceRequest",
        verb: Verb::Act,
        input: vec![
            member("resourceIds", "[ID!]!", "The resources, 1 to 50, each once."),
            member("manner", "ResourceSplitManner!", "How it is split."),
            member("isByDay", "Boolean", "Whether what is asked lies evenly on Monday to Friday and each day's part must be done on its day; not if not said: then on any of its days."),
        ],
        payload: vec![],
        inputs: vec![],
        run: split,
    }
}

fn split<'a>(work: &'a mut Work<'_>, given: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(given);
        let entity = work.lens.model.entity("ResourceRequest");
        let rows = open::<resource_request::Entity>(work, entity, &batch.items, request_write::blank).await?;
        of_item::items_are_open(work, &rows).await?;
        let Some(row) = rows.first().filter(|row| !work.is_refused(row.index)).cloned() else {
            return save::<resource_request::Entity>(work, rows, &batch, Action::Written).await;
        };
        let resources = resources(work, &row, given).await?;
        let span = asked(work, &row);
        let (Some(span), false) = (span, work.has_failed(row.index)) else {
            return save::<resource_request::Entity>(work, rows, &batch, Action::Written).await;
        };
        let done = save::<resource_request::Entity>(work, rows, &batch, Action::Written).await?;
        book(work, &row, (&resources, span), given).await?;
        Ok(done)
    }
    .boxed()
}

/// The days that are asked for; none where nothing more is.
fn asked(work: &mut Work<'_>, row: &Row<Model>) -> Option<Span> {
    let m = &row.after;
    if SETTLED.contains(&m.state.as_str()) {
        let line = format!("This request is {}.", m.state);
        let error = UserError::new(UserCode::IllegalState, row.named_at.clone(), line);
        work.fail(row, error.with("state", &m.state));
    }
    if (m.end_on - m.start_on).num_days() >= MOST_DAYS {
        let line = format!("A booking has at most {MOST_DAYS} days.");
        work.fail(row, UserError::new(UserCode::OutOfRange, row.named_at.clone(), line));
    }
    Span::new(m.start_on, m.end_on)
}

/// The resources, in the order given.
async fn resources(work: &mut Work<'_>, row: &Row<Model>, given: &ConstValue) -> Result<Vec<Uuid>, Error> {
    let entity = work.lens.model.entity("Resource");
    let texts = match input::member(given, "resourceIds") {
        Some(ConstValue::List(list)) => list.clone(),
        _ => vec![],
    };
    let at = row.path.at("resourceIds");
    if texts.is_empty() || texts.len() > MOST {
        let line = format!("1 to {MOST} resources.");
        work.fail(row, UserError::new(UserCode::OutOfRange, at, line).with("max", MOST));
        return Ok(vec![]);
    }
    let id = |text: &ConstValue| match text {
        ConstValue::String(text) => {
            parse_id(text).filter(|(prefix, _)| Some(*prefix) == entity.prefix).map(|(_, id)| id)
        }
        _ => None,
    };
    let ids: Vec<Option<Uuid>> = texts.iter().map(id).collect();
    let known: Vec<Uuid> = ids.iter().flatten().copied().collect();
    let seen = work.lens.by_id(entity, &known).await?;
    let mut once = HashSet::new();
    for (place, id) in ids.iter().enumerate() {
        let at = row.path.at("resourceIds").at(place.to_string());
        if !id.is_some_and(|id| seen.get(&id).is_some_and(|found| !found.is_archived)) {
            work.fail(row, UserError::new(UserCode::NotFound, at, "There is no such Resource that you can see."));
        } else if !once.insert(*id) {
            work.fail(row, UserError::new(UserCode::Duplicate, at, "It is named already."));
        }
    }
    Ok(known)
}

/// Books what is not booked yet.
async fn book(
    work: &mut Work<'_>,
    request: &Row<Model>,
    (resources, span): (&[Uuid], Span),
    given: &ConstValue,
) -> Result<(), Error> {
    let m = &request.after;
    let drafts: Vec<Row<allocation::Model>> = resources.iter().map(|id| draft(work, request, *id)).collect();
    may_be_made(work, &drafts).await?;
    let mut bookings = Bookings::lock(work, &drafts).await?;
    bookings.projects_go_on(work, &drafts);
    if work.has_failed(request.index) {
        return Ok(());
    }
    // Read behind the locks: what others booked meanwhile is no longer free.
    let taken = open_bookings(work.txn, resources, span).await?;
    let free = |id: &Uuid| {
        let capacity = bookings.capacity(*id).ok_or(Reason::NoCalendar);
        let booked = taken.get(id).map_or(&[][..], Vec::as_slice);
        Available::of(span, &Load { id: *id, capacity, booked, actual: &[] }, Counting::HardAndSoft)
    };
    let free: Vec<Available<Uuid>> = resources.iter().map(free).collect();
    let so_far = booked(work.txn, &[m.id]).await?.get(&m.id).copied().unwrap_or(0);
    let days = unfilled(m, so_far, span);
    let manner = match input::text(given, "manner").as_deref() {
        Some("PROPORTIONAL") => Manner::Proportional,
        _ => Manner::MostAvailableFirst,
    };
    let is_by_day = input::member(given, "isByDay") == Some(&ConstValue::Boolean(true));
    let rest = days.iter().map(|run| run.total()).sum();
    let split = if is_by_day { by_day(span, &days, &free, manner) } else { over_span(span, rest, &free, manner) };
    let parts = split.ok_or_else(|| Error::internal("minutes beyond all limits"))?.parts;
    if parts.iter().all(|part| part.minutes == 0) {
        let line = if rest == 0 { "All that it asks for is booked." } else { "None of them has time on these days." };
        work.fail(request, UserError::rule(request.path.clone(), "NOTHING_PLACED", line));
        return Ok(());
    }
    let mut rows = vec![];
    for (mut row, part) in drafts.into_iter().zip(parts).filter(|(_, part)| part.minutes > 0) {
        lay(&mut row.after, &part);
        if let Some(project) = bookings.projects.get(&row.after.item_id) {
            of_item::take_scope(&mut row, project);
        }
        bookings.lay(row.after.id, part.runs);
        rows.push(row);
    }
    let batch = Batch { items: vec![], count: rows.len(), keeps_good: false };
    bookings.finish(work, rows, &batch).await?;
    Ok(())
}

/// A booking in answer to a request, of all of its days.
fn draft(work: &Work<'_>, request: &Row<Model>, resource: Uuid) -> Row<allocation::Model> {
    let m = &request.after;
    let after = allocation::Model {
        item_id: m.item_id,
        resource_id: resource,
        request_id: Some(m.id),
        role_id: Some(m.role_id),
        start_on: m.start_on,
        end_on: m.end_on,
        curve: "BY_DAY".to_owned(),
        ..blank(work)
    };
    let made = Row::made(work.lens.model.entity("Allocation"), after);
    Row { index: request.index, path: request.path.clone(), named_at: request.named_at.clone(), ..made }
}

/// The days of a part.
fn lay(m: &mut allocation::Model, part: &Part<Uuid>) {
    m.minutes = i32::try_from(part.minutes).unwrap_or(i32::MAX);
    if let Some((first, last)) = part.runs.first().zip(part.runs.last()) {
        (m.start_on, m.end_on) = (first.from, last.to);
    }
}

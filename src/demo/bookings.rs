//! What people are asked and booked for: a year around the day, with conflicts and gaps as they are found in any house.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, TimeDelta};
use entity::{
    allocation, allocation_period, allocation_segment, portfolio_item, request_skill, resource, resource_request,
    time_off,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    resource_frame::ResourceFrame,
    resources::Resources,
    shape::{World, dice, facts, id, instant, roll, who},
};
use crate::{
    error::Error,
    resources::{
        booking::{findings, spread},
        load::Run,
        staff::{capacity_of, resolved},
        worktime::{calendar::Days, capacity::Capacity},
    },
};

/// Days around the day for which people are booked.
const WINDOW: (i64, i64) = (-90, 270);

/// Requests, and bookings with their days.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bookings {
    pub requests: Vec<resource_request::Model>,
    pub skills: Vec<request_skill::Model>,
    pub allocations: Vec<allocation::Model>,
    pub periods: Vec<allocation_period::Model>,
    pub segments: Vec<allocation_segment::Model>,
}

#[derive(Deserialize)]
struct RequestFact {
    key: String,
    project: String,
    title: String,
    role: String,
    pool: Option<String>,
    resource: Option<String>,
    state: String,
    from: i64,
    to: i64,
    quantity: i32,
    hours: i32,
    location: Option<String>,
    /// `SKILL:level`, apart by spaces.
    skills: Option<String>,
    note: Option<String>,
}

/// From a day to a day.
pub(super) type Span = (NaiveDate, NaiveDate);

impl Bookings {
    /// For the day.
    pub(super) fn new(world: &World<'_>, frame: &ResourceFrame, staff: &Resources) -> Result<Self, Error> {
        let requests = facts::<RequestFact>(include_str!("resource_requests.csv"))?;
        let mut all = Self { requests: vec![], skills: vec![], allocations: vec![], periods: vec![], segments: vec![] };
        for fact in &requests {
            all.ask(world, fact)?;
        }
        let span = (world.as_of + TimeDelta::days(WINDOW.0), world.as_of + TimeDelta::days(WINDOW.1));
        let capacities = capacities(frame, staff, span)?;
        let mut confirmed: HashMap<Uuid, Vec<Run>> = HashMap::new();
        for resource in staff.all.iter().filter(|resource| resource.archived_at.is_none()) {
            let Some(capacity) = capacities.get(&resource.id) else { continue };
            for (number, project) in projects_of(world, resource).into_iter().enumerate() {
                let Some(days) = met(project, resource, span) else { continue };
                let asked = wished(world, resource, capacity, (project, days), number);
                all.book(asked, (resource, capacity), project, &mut confirmed);
            }
        }
        all.answer();
        Ok(all)
    }

    /// Some requests were answered by who is planned or confirmed for the project.
    fn answer(&mut self) {
        for request in self.requests.iter_mut().filter(|request| request.state == "OPEN").skip(2).step_by(3) {
            let fits = |booking: &&mut allocation::Model| {
                booking.item_id == request.item_id && matches!(&*booking.state, "SOFT" | "HARD")
            };
            let Some(booking) = self.allocations.iter_mut().find(fits) else { continue };
            booking.request_id = Some(request.id);
            request.state.clone_from(&booking.state);
        }
    }

    fn ask(&mut self, world: &World<'_>, fact: &RequestFact) -> Result<(), Error> {
        let project = world.item(&fact.project)?;
        let (at, by) = (instant(world.as_of, -40), project.project_manager_id);
        let pool_id = fact.pool.as_ref().map(|pool| id("resource_pool", pool));
        let resource_id = fact.resource.as_ref().map(|resource| id("resource", resource));
        let request = resource_request::Model {
            id: id("resource_request", &fact.key),
            item_id: project.id,
            portfolio_id: project.portfolio_id,
            is_restricted: project.is_restricted,
            key: fact.key.clone(),
            title: fact.title.clone(),
            title_fold: fact.title.to_lowercase(),
            role_id: id("resource_role", &fact.role),
            pool_id,
            resource_id,
            state: fact.state.clone(),
            start_on: world.as_of + TimeDelta::days(fact.from),
            end_on: world.as_of + TimeDelta::days(fact.to),
            quantity: fact.quantity,
            minutes: fact.hours * 60,
            location: fact.location.clone(),
            note: fact.note.clone(),
            decided_note: (fact.state == "DECLINED")
                .then(|| "Nobody is free before spring; ask again then.".to_owned()),
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
        };
        for (number, part) in fact.skills.as_deref().unwrap_or_default().split(' ').enumerate() {
            let Some((skill, level)) = part.split_once(':') else { continue };
            self.skills.push(request_skill::Model {
                id: id("request_skill", &format!("{}/{skill}", fact.key)),
                request_id: request.id,
                item_id: request.item_id,
                portfolio_id: request.portfolio_id,
                is_restricted: request.is_restricted,
                pool_id,
                resource_id,
                skill_id: id("skill", skill),
                least_level: level.parse().unwrap_or(1),
                is_mandatory: number == 0,
                version: 1,
                created_at: at,
                created_by_id: by,
                updated_at: at,
                updated_by_id: by,
                archived_at: (skill == "TELEX").then(|| instant(world.as_of, -30)),
            });
        }
        self.requests.push(request);
        Ok(())
    }

    /// Confirms a booking where it fits, and leaves it planned where it does not.
    fn book(
        &mut self,
        mut asked: allocation::Model,
        (resource, capacity): (&resource::Model, &Capacity),
        project: &portfolio_item::Model,
        confirmed: &mut HashMap<Uuid, Vec<Run>>,
    ) {
        let Some(days) = spread(&asked, capacity).filter(|days| !days.is_empty()) else { return };
        let others = confirmed.entry(resource.id).or_default();
        if asked.state == "HARD" {
            let found = findings((&asked, &days), (resource, Some(capacity)), Some(project), others);
            let is_accepted = dice(&format!("{} accepted", asked.id), 12) == 0 && found.is_allowed_if_accepted();
            if is_accepted && !found.is_allowed() {
                asked.excess_reason = Some("Agreed with her until the second analyst is here.".to_owned());
            } else if !found.is_allowed() {
                "SOFT".clone_into(&mut asked.state);
                (asked.confirmed_at, asked.confirmed_by_id) = (None, None);
                (asked.proposed_start_on, asked.proposed_end_on, asked.proposed_minutes) = (None, None, None);
            }
        }
        if matches!(&*asked.state, "HARD" | "COMPLETED") {
            others.extend(&days);
        }
        self.periods.extend(days.into_iter().map(|days| allocation_period::Model {
            id: id("allocation_period", &format!("{}/{}", asked.id, days.from)),
            allocation_id: asked.id,
            item_id: asked.item_id,
            portfolio_id: asked.portfolio_id,
            is_restricted: asked.is_restricted,
            resource_id: asked.resource_id,
            state: asked.state.clone(),
            start_on: days.from,
            end_on: days.to,
            minutes_per_day: i32::try_from(days.minutes).unwrap_or_default(),
        }));
        self.segments.extend(told(&asked));
        self.allocations.push(asked);
    }
}

/// What the system that a booking came from says of it.
fn told(booking: &allocation::Model) -> Option<allocation_segment::Model> {
    booking.external_id.as_ref()?;
    Some(allocation_segment::Model {
        id: id("allocation_segment", &format!("{}/1", booking.id)),
        allocation_id: booking.id,
        item_id: booking.item_id,
        portfolio_id: booking.portfolio_id,
        is_restricted: booking.is_restricted,
        resource_id: booking.resource_id,
        position: 1,
        booking: if matches!(&*booking.state, "HARD" | "COMPLETED") { "HARD" } else { "SOFT" }.to_owned(),
        start_on: booking.start_on,
        end_on: booking.end_on,
        told_start: format!("{}T08:00:00", booking.start_on),
        told_finish: format!("{}T17:59:59", booking.end_on),
        told_sum: format!("{}", (Decimal::from(booking.minutes) / Decimal::from(60)).round_dp(4).normalize()),
        unit: "HOURS".to_owned(),
    })
}

/// The capacity of each resource within the days.
pub(super) fn capacities(
    frame: &ResourceFrame,
    staff: &Resources,
    (from, to): Span,
) -> Result<BTreeMap<Uuid, Capacity>, Error> {
    let calendars = resolved(&frame.calendars, &frame.exceptions)?;
    let days: BTreeMap<Uuid, Days> =
        calendars.iter().filter_map(|(id, calendar)| Some((*id, Days::of(calendar, from, to)?))).collect();
    let mut away: HashMap<Uuid, Vec<&time_off::Model>> = HashMap::new();
    for off in staff.time_off.iter().filter(|off| off.archived_at.is_none()) {
        away.entry(off.resource_id).or_default().push(off);
    }
    let of = |resource: &resource::Model| {
        let off = away.get(&resource.id).map_or(&[][..], Vec::as_slice);
        Some((resource.id, capacity_of(resource, days.get(&resource.calendar_id?)?, off.iter().copied())?))
    };
    Ok(staff.all.iter().filter_map(of).collect())
}

/// The projects that somebody works on: one or two that are alive, and those that she leads.
pub(super) fn projects_of<'w>(world: &World<'w>, resource: &resource::Model) -> Vec<&'w portfolio_item::Model> {
    let is_alive = |item: &&portfolio_item::Model| {
        item.kind == "PROJECT"
            && item.archived_at.is_none()
            && matches!(&*item.state, "ACTIVE" | "APPROVED" | "ON_HOLD")
    };
    let mut alive: Vec<&portfolio_item::Model> = world.items.iter().filter(is_alive).collect();
    // Those of the same place first: people mostly work for their own part of the house.
    alive.sort_by_key(|item| {
        let is_near = item.org_unit_id == resource.org_unit_id || item.project_manager_id == resource.person_id;
        (!is_near, dice(&format!("{} {}", resource.key, item.key), 1_000))
    });
    alive.truncate(1 + usize::from(dice(&resource.key, 5) < 3));
    alive
}

/// The days on which a resource can work for a project.
fn met(project: &portfolio_item::Model, resource: &resource::Model, (from, to): Span) -> Option<Span> {
    let start = project.actual_start_on.or(project.forecast_start_on).or(project.planned_start_on);
    let finish = project.actual_finish_on.or(project.forecast_finish_on).or(project.planned_finish_on);
    let from = [Some(from), start, resource.employed_from_on].into_iter().flatten().max()?;
    let to = [Some(to), finish, resource.employed_to_on].into_iter().flatten().min()?;
    (from + TimeDelta::days(20) < to).then_some((from, to))
}

/// A part of those days, for a part of the time.
fn wished(
    world: &World<'_>,
    resource: &resource::Model,
    capacity: &Capacity,
    (project, (from, to)): (&portfolio_item::Model, Span),
    number: usize,
) -> allocation::Model {
    let name = format!("{}/{}", resource.key, project.key);
    let of = |what: &str, sides: i64| roll(&format!("{name} {what}"), sides.unsigned_abs());
    let length = (to - from).num_days();
    let start_on = from + TimeDelta::days(of("start", 1 + length / 4));
    let end_on = (start_on + TimeDelta::days(30 + of("length", 80))).min(to);
    let percent = [30, 40, 50, 60, 80][usize::try_from(of("part", 5)).unwrap_or_default()];
    let available = i64::try_from(capacity.sum(start_on, end_on)).unwrap_or_default();
    let is_over = end_on < world.as_of;
    let state = match of("state", 10) {
        _ if is_over => "COMPLETED",
        0 if number > 0 => "PROPOSED",
        1 if number > 0 => ["RELEASED", "DECLINED"][usize::try_from(of("end", 2)).unwrap_or_default()],
        2 | 3 => "SOFT",
        _ => "HARD",
    };
    let is_confirmed = matches!(state, "HARD" | "COMPLETED");
    let is_proposal = state == "HARD" && of("proposal", 9) == 0;
    let (at, by) = (instant(world.as_of, -120), project.project_manager_id);
    allocation::Model {
        id: id("allocation", &name),
        item_id: project.id,
        portfolio_id: project.portfolio_id,
        is_restricted: project.is_restricted,
        resource_id: resource.id,
        request_id: None,
        role_id: (of("role", 6) == 0).then_some(resource.role_id).flatten(),
        state: state.to_owned(),
        start_on,
        end_on,
        minutes: i32::try_from((available * percent / 100).max(60)).unwrap_or(i32::MAX),
        curve: ["FLAT", "FLAT", "FLAT", "FRONT_LOADED", "BACK_LOADED", "BELL"]
            [usize::try_from(of("curve", 6)).unwrap_or_default()]
        .to_owned(),
        note: (of("note", 8) == 0).then(|| "Until the pilot is over.".to_owned()),
        proposed_start_on: is_proposal.then_some(start_on),
        proposed_end_on: is_proposal.then(|| end_on + TimeDelta::days(14)),
        proposed_minutes: is_proposal.then(|| i32::try_from(available * percent / 90).unwrap_or(i32::MAX)),
        confirmed_by_id: is_confirmed.then(|| who("liam.oconnor")),
        confirmed_at: is_confirmed.then(|| instant(world.as_of, -110)),
        excess_reason: None,
        external_system: (of("outside", 20) == 0).then(|| "CLARITY".to_owned()),
        external_id: (of("outside", 20) == 0).then(|| name.clone()),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
    }
}

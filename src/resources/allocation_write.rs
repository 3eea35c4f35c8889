//! Booking resources. Projects are locked first, then resources, each in the order of their ids: of two who book one resource
//! at the same time the second sees what the first did, so that what is confirmed never exceeds a capacity unseen.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use entity::{
    allocation::{self, Model},
    allocation_period, portfolio_item, resource, resource_request,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    booking::{CONFIRMED, MOST_DAYS, OVER, confirmed, findings, run, spread},
    load::{Run, runs::reach},
    request_write::follow_bookings,
    staff::capacities,
    worktime::capacity::Capacity,
};
use crate::{
    auth::{Scopes, Step},
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Work,
        insert::insert,
        of_item, outside,
        rows::{lock, open, save},
        upsert, written,
    },
};

type Allocations = allocation::Entity;

/// Fields by which the days of a booking change.
const SPREAD: [&str; 4] = ["startOn", "endOn", "minutes", "curve"];
/// Rows of one statement.
const AT_ONCE: usize = 400;

/// The mutations of allocations, their steps apart.
pub fn mutations() -> Vec<Mutation> {
    let mut all = written("Allocation", "allocation", None, write);
    all.push(upsert("Allocation", "allocation", None, write));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("Allocation");
        let mut rows = open::<Allocations>(work, entity, &batch.items, blank).await?;
        may_be_made(work, &rows).await?;
        let mut bookings = Bookings::lock(work, &rows).await?;
        outside::name::<Allocations>(work, &mut rows).await?;
        for row in &mut rows {
            if let (true, Some(project)) = (row.before.is_none(), bookings.projects.get(&row.after.item_id)) {
                of_item::take_scope(row, project);
            }
            agrees(work, row);
        }
        of_item::items_are_open(work, &rows).await?;
        bookings.projects_go_on(work, &rows);
        answer_their_projects(work, &rows).await?;
        changes_of_confirmed_are_proposed(work, &mut rows).await?;
        for row in &rows {
            let is_other = row.before.is_none() || SPREAD.iter().any(|field| row.gives(field));
            if is_other && !is_proposed_only(row) {
                bookings.respread(work, row);
            }
        }
        bookings.finish(work, rows, &batch).await
    }
    .boxed()
}

/// A booking of nobody.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        resource_id: Uuid::nil(),
        request_id: None,
        role_id: None,
        state: "SOFT".to_owned(),
        start_on: work.now.date_naive(),
        end_on: work.now.date_naive(),
        minutes: 0,
        curve: "FLAT".to_owned(),
        note: None,
        proposed_start_on: None,
        proposed_end_on: None,
        proposed_minutes: None,
        confirmed_by_id: None,
        confirmed_at: None,
        excess_reason: None,
        external_system: None,
        external_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// New bookings are made by who plans the project, or manages the resource.
pub(super) async fn may_be_made(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let (scopes, needs) = (work.lens.caller.takes(Step::AllocationPlan), Step::AllocationPlan.as_str());
    let new: Vec<&Row<Model>> = rows.iter().filter(|row| row.before.is_none()).collect();
    let projects: Vec<Uuid> = new.iter().map(|row| row.after.item_id).collect();
    let resources: Vec<Uuid> = new.iter().map(|row| row.after.resource_id).collect();
    let of_project = work.lens.holds(work.lens.model.entity("PortfolioItem"), &projects, &[scopes]).await?;
    let of_resource =
        work.lens.holds(work.lens.model.entity("Resource"), &resources, &[scopes.and(Scopes::TEAM)]).await?;
    for row in new {
        let holds = |held: &HashMap<Uuid, Vec<bool>>, id: Uuid| held.get(&id).is_some_and(|held| held[0]);
        let may = holds(&of_project, row.after.item_id) || holds(&of_resource, row.after.resource_id);
        let is_said = !row.after.item_id.is_nil() && !row.after.resource_id.is_nil();
        if !may && is_said && !work.is_refused(row.index) {
            let line = format!("Booking this resource for this project needs {needs}.");
            work.fail(row, UserError::new(UserCode::Forbidden, row.path.clone(), line).with("needs", needs));
        }
    }
    Ok(())
}

/// A booking answers a request of its own project.
async fn answer_their_projects(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    use resource_request::Column as C;
    let asked: HashSet<Uuid> = rows.iter().filter_map(|row| row.after.request_id).collect();
    let found = resource_request::Entity::find().select_only().columns([C::Id, C::ItemId]).filter(C::Id.is_in(asked));
    let found: HashMap<Uuid, Uuid> = found.into_tuple::<(Uuid, Uuid)>().all(work.txn).await?.into_iter().collect();
    for row in rows.iter().filter(|row| row.gives("request")) {
        let project = row.after.request_id.and_then(|request| found.get(&request));
        if project.is_some_and(|project| *project != row.after.item_id) && !work.is_refused(row.index) {
            let line = "The request is another project's.";
            work.fail(row, UserError::rule(row.place("request"), "REQUEST_OF_PROJECT", line));
        }
    }
    Ok(())
}

/// What a booking says of itself.
pub(super) fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    if let Some(before) = row.before.as_ref().filter(|before| OVER.contains(&before.state.as_str())) {
        let line = format!("This booking is {}.", before.state);
        let error = UserError::new(UserCode::IllegalState, row.named_at.clone(), line);
        work.fail(row, error.with("state", &before.state));
    }
    if m.minutes <= 0 {
        let line = "`minutes` is above 0.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("minutes"), line));
    }
    if m.end_on < m.start_on {
        let field = if row.gives("endOn") { "endOn" } else { "startOn" };
        work.fail(row, UserError::rule(row.place(field), "DATES_IN_ORDER", "`endOn` comes before `startOn`."));
    } else if (m.end_on - m.start_on).num_days() >= MOST_DAYS {
        let line = format!("A booking has at most {MOST_DAYS} days.");
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("endOn"), line));
    }
    if m.curve == "BY_DAY" && row.gives("curve") {
        let line = "A curve by day comes with its days, which only imports give.";
        work.fail(row, UserError::new(UserCode::Invalid, row.place("curve"), line));
    }
}

/// Whoever may not confirm a booking does not change what is confirmed: what she asks for is kept beside it.
pub(super) async fn changes_of_confirmed_are_proposed(
    work: &mut Work<'_>,
    rows: &mut [Row<Model>],
) -> Result<(), Error> {
    let hard = |row: &Row<Model>| row.before.as_ref().is_some_and(|before| before.state == "HARD");
    let ids: Vec<Uuid> = rows.iter().filter(|row| hard(row)).map(|row| row.after.id).collect();
    let may = work.lens.caller.takes(Step::AllocationConfirm);
    let held = work.lens.holds(work.lens.model.entity("Allocation"), &ids, &[may]).await?;
    for row in rows.iter_mut().filter(|row| hard(row)) {
        let Some(before) = row.before.clone() else { continue };
        if held.get(&row.after.id).is_some_and(|held| held[0]) {
            continue;
        }
        if row.gives("curve") && row.after.curve != before.curve {
            let line = "The curve of a confirmed booking is changed by who confirms it.";
            work.fail(row, UserError::new(UserCode::Forbidden, row.place("curve"), line).with("needs", needs()));
        }
        let after = &mut row.after;
        let asked = (after.start_on, after.end_on, after.minutes);
        if asked != (before.start_on, before.end_on, before.minutes) {
            (after.proposed_start_on, after.proposed_end_on) = (Some(asked.0), Some(asked.1));
            after.proposed_minutes = Some(asked.2);
        }
        (after.start_on, after.end_on, after.minutes) = (before.start_on, before.end_on, before.minutes);
    }
    Ok(())
}

fn needs() -> &'static str {
    Step::AllocationConfirm.as_str()
}

/// Whether nothing of a booking's own days changes.
fn is_proposed_only(row: &Row<Model>) -> bool {
    row.before.as_ref().is_some_and(|before| {
        let days = |m: &Model| (m.start_on, m.end_on, m.minutes, m.curve.clone());
        days(before) == days(&row.after)
    })
}

/// Bookings that are being written, with all that decides on them, locked.
pub struct Bookings {
    /// Projects by id.
    pub projects: HashMap<Uuid, portfolio_item::Model>,
    resources: HashMap<Uuid, resource::Model>,
    capacities: HashMap<Uuid, Capacity>,
    stored: HashMap<Uuid, Vec<allocation_period::Model>>,
    /// The days of those that are spread anew, by booking.
    spread: HashMap<Uuid, Vec<Run>>,
}

impl Bookings {
    /// Locks projects and resources of rows, and reads their capacity.
    pub async fn lock(work: &Work<'_>, rows: &[Row<Model>]) -> Result<Self, Error> {
        let ids = |of: fn(&Model) -> Uuid| {
            let ids: HashSet<Uuid> = rows.iter().map(|row| of(&row.after)).filter(|id| !id.is_nil()).collect();
            ids.into_iter().collect::<Vec<Uuid>>()
        };
        let projects = lock::<portfolio_item::Entity>(work, &ids(|m| m.item_id)).await?;
        let resources = lock::<resource::Entity>(work, &ids(|m| m.resource_id)).await?;
        let fits = |m: &&Model| m.start_on <= m.end_on && (m.end_on - m.start_on).num_days() < MOST_DAYS;
        let befores = rows.iter().filter_map(|row| row.before.as_ref());
        let days: Vec<&Model> = rows.iter().map(|row| &row.after).chain(befores).filter(fits).collect();
        let from = days.iter().map(|m| m.start_on).min();
        let to = days.iter().map(|m| m.end_on).max();
        let capacities = match from.zip(to) {
            // Rows of one list may lie far apart: then each day between them is read once all the same.
            Some((from, to)) => capacities(work.txn, resources.values(), from, to).await?,
            None => HashMap::new(),
        };
        let known: Vec<Uuid> = rows.iter().filter(|row| row.before.is_some()).map(|row| row.after.id).collect();
        let mut stored: HashMap<Uuid, Vec<allocation_period::Model>> = HashMap::new();
        for some in known.chunks(AT_ONCE) {
            let of = allocation_period::Column::AllocationId.is_in(some.iter().copied());
            for period in allocation_period::Entity::find().filter(of).all(work.txn).await? {
                stored.entry(period.allocation_id).or_default().push(period);
            }
        }
        Ok(Self { projects, resources, capacities, stored, spread: HashMap::new() })
    }

    /// Nobody is booked for a project that is over.
    pub fn projects_go_on(&self, work: &mut Work<'_>, rows: &[Row<Model>]) {
        for row in rows {
            let Some(project) = self.projects.get(&row.after.item_id) else { continue };
            if matches!(&*project.state, "CLOSED" | "CANCELLED") && !work.is_refused(row.index) {
                let line = format!("The project is {}: nobody is booked for it.", project.state);
                let path = if row.gives("project") { row.place("project") } else { row.named_at.clone() };
                let error = UserError::new(UserCode::IllegalState, path, line);
                work.fail(row, error.with("state", &project.state));
            }
        }
    }

    /// Lays the minutes of a booking over its days anew.
    pub fn respread(&mut self, work: &mut Work<'_>, row: &Row<Model>) {
        if work.has_failed(row.index) {
            return;
        }
        let m = &row.after;
        match self.capacities.get(&m.resource_id).map(|capacity| spread(m, capacity)) {
            Some(Some(days)) => {
                self.spread.insert(m.id, days);
            }
            Some(None) => {
                let line = "The resource has no working time on these days.";
                work.fail(row, UserError::rule(row.place("startOn"), "NO_CAPACITY", line));
            }
            None => {
                let line = "The capacity of the resource is not known: it lacks a calendar, or its full-time people.";
                work.fail(row, UserError::rule(row.place("resource"), "NO_CAPACITY", line));
            }
        }
    }

    /// Lays a booking over these days.
    pub(super) fn lay(&mut self, booking: Uuid, days: Vec<Run>) {
        self.spread.insert(booking, days);
    }

    /// The days of a booking as they are stored, in their order.
    pub(super) fn lies(&self, booking: Uuid) -> Vec<Run> {
        let mut days: Vec<Run> = self.stored.get(&booking).into_iter().flatten().map(run).collect();
        days.sort_unstable();
        days
    }

    /// The capacity of a resource on the days of all that is written; none where nobody knows it.
    pub(super) fn capacity(&self, resource: Uuid) -> Option<&Capacity> {
        self.capacities.get(&resource)
    }

    /// Whether the capacity of a resource is known.
    pub(super) fn knows(&self, resource: Uuid) -> bool {
        self.capacities.contains_key(&resource)
    }

    /// The days of a booking as they will be.
    fn days(&self, m: &Model) -> Vec<Run> {
        let stored = || self.stored.get(&m.id).map(|periods| periods.iter().map(run).collect());
        self.spread.get(&m.id).cloned().or_else(stored).unwrap_or_default()
    }

    /// Refuses what the rules do not let be, and writes the rest with its days.
    pub async fn finish(self, work: &mut Work<'_>, rows: Vec<Row<Model>>, batch: &Batch) -> Result<Done, Error> {
        self.fit(work, &rows).await?;
        let is_there = |m: &Model| !matches!(m.state.as_str(), "DECLINED" | "RELEASED");
        work.touches_rights |= rows.iter().any(|row| row.before.as_ref().is_some_and(is_there) != is_there(&row.after));
        let rejected = work.rejects(batch);
        let (mut gone, mut made) = (vec![], vec![]);
        for row in rows.iter().filter(|row| !rejected && !work.has_failed(row.index)) {
            let m = &row.after;
            let is_moved = row.before.as_ref().is_some_and(|before| before.state != m.state);
            if self.spread.contains_key(&m.id) || is_moved {
                gone.push(m.id);
                made.extend(self.days(m).into_iter().map(|days| period(work, m, days)));
            }
        }
        let requests: HashSet<Uuid> = rows.iter().filter_map(|row| row.after.request_id).collect();
        let requests: Vec<Uuid> = requests.into_iter().filter(|_| !rejected).collect();
        let done = save::<Allocations>(work, rows, batch, Action::Written).await?;
        for some in gone.chunks(AT_ONCE) {
            let of = allocation_period::Column::AllocationId.is_in(some.iter().copied());
            allocation_period::Entity::delete_many().filter(of).exec(work.txn).await?;
        }
        let made = made.into_iter().map(IntoActiveModel::into_active_model).collect();
        insert::<allocation_period::Entity>(work.txn, made, &[]).await?;
        follow_bookings(work, &requests).await?;
        Ok(done)
    }

    /// Bookings are within employment, confirmed ones within their project and, of all that is confirmed together, within the
    /// capacity of each day, unless the excess was accepted. Of several in one list the later are to blame.
    pub(super) async fn fit(&self, work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
        let changed = |row: &&Row<Model>| {
            let is_confirmed_now =
                |before: &Model| !CONFIRMED.contains(&before.state.as_str()) && is_confirmed(&row.after);
            row.before.as_ref().is_none_or(is_confirmed_now) || self.spread.contains_key(&row.after.id)
        };
        let changed: Vec<&Row<Model>> = rows.iter().filter(changed).filter(|row| !work.has_failed(row.index)).collect();
        let mut others = self.others(work, &changed).await?;
        for row in changed {
            let m = &row.after;
            let Some(resource) = self.resources.get(&m.resource_id) else { continue };
            let (days, beside) = (self.days(m), others.entry(m.resource_id).or_default());
            let of_resource = (resource, self.capacities.get(&m.resource_id));
            let told: Vec<Run> = beside.iter().map(|other| other.days).collect();
            let found = findings((m, &days), of_resource, self.projects.get(&m.item_id), &told);
            if !found.outside_employment.is_empty() {
                let line = "These days are not all within the employment of the resource.";
                work.fail(row, UserError::rule(row.place("startOn"), "WITHIN_EMPLOYMENT", line));
            }
            if !found.outside_project.is_empty() {
                let line = "A confirmed booking is within the days of its project.";
                work.fail(row, UserError::rule(row.place("startOn"), "WITHIN_PROJECT", line));
            }
            if let Some(excess) = found.first_excess().filter(|_| is_confirmed(m) && m.excess_reason.is_none()) {
                let is_known = beside.iter().filter(|other| covers(other.days, excess.day)).all(|other| other.is_seen);
                let error = if is_known {
                    let line = format!(
                        "On {} it would exceed the capacity of {} minutes by {}: give `excessReason` to accept that.",
                        excess.day,
                        excess.capacity,
                        excess.over()
                    );
                    let error = UserError::rule(row.place("minutes"), "WITHIN_CAPACITY", line);
                    error.with("on", excess.day).with("capacity", excess.capacity).with("over", excess.over())
                } else {
                    // What is beside it is confidential: no number of it is told.
                    let line = "It would exceed the capacity of the resource: give `excessReason` to accept that.";
                    UserError::rule(row.place("minutes"), "WITHIN_CAPACITY", line)
                };
                work.fail(row, error);
            }
            if is_confirmed(m) && !work.has_failed(row.index) {
                beside.extend(days.into_iter().map(|days| Other { days, is_seen: true }));
            }
        }
        Ok(())
    }

    /// What is confirmed of the resources beside these bookings.
    async fn others(&self, work: &Work<'_>, changed: &[&Row<Model>]) -> Result<BTreeMap<Uuid, Vec<Other>>, Error> {
        let days: Vec<Run> = changed.iter().flat_map(|row| self.days(&row.after)).collect();
        let Some(span) = reach(&days) else { return Ok(BTreeMap::new()) };
        let ids: HashSet<Uuid> =
            changed.iter().filter(|row| is_confirmed(&row.after)).map(|row| row.after.resource_id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let but: Vec<Uuid> = changed.iter().map(|row| row.after.id).collect();
        let found = confirmed(work.txn, &ids, (span.first(), span.last()), &but).await?;
        let bookings: HashSet<Uuid> = found.values().flatten().map(|period| period.allocation_id).collect();
        let bookings: Vec<Uuid> = bookings.into_iter().collect();
        let seen = work.lens.by_id(work.lens.model.entity("Allocation"), &bookings).await?;
        let other = |period: &allocation_period::Model| Other {
            days: run(period),
            is_seen: seen.contains_key(&period.allocation_id),
        };
        Ok(found.iter().map(|(id, periods)| (*id, periods.iter().map(other).collect())).collect())
    }
}

/// Days that are confirmed, and whether the caller sees whose.
struct Other {
    days: Run,
    is_seen: bool,
}

fn is_confirmed(m: &Model) -> bool {
    CONFIRMED.contains(&m.state.as_str())
}

fn covers(days: Run, day: NaiveDate) -> bool {
    days.from <= day && day <= days.to
}

fn period(work: &Work<'_>, m: &Model, days: Run) -> allocation_period::Model {
    allocation_period::Model {
        id: work.clock.new_id(),
        allocation_id: m.id,
        item_id: m.item_id,
        portfolio_id: m.portfolio_id,
        is_restricted: m.is_restricted,
        resource_id: m.resource_id,
        state: m.state.clone(),
        start_on: days.from,
        end_on: days.to,
        minutes_per_day: i32::try_from(days.minutes).unwrap_or(i32::MAX),
    }
}

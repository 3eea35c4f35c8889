//! Writing requests and their skills. Whoever asks changes a request until it is confirmed; how far it is follows from what
//! was booked in answer to it.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    allocation, request_skill,
    resource_request::{self, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{pool_weeks::SOURCE as POOL, request_split};
use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Batch, Done, Member, Mutation, Row, Run, UserCode, UserError, Verb, Work, input, of_item,
        rows::{self, archived, follow, keys_are_free, lock, open, save, text_fits},
        usual, written,
    },
};

type Requests = resource_request::Entity;
type Skills = request_skill::Entity;

/// States that follow from what was booked.
const FOLLOWS: [&str; 4] = ["OPEN", "PROPOSED", "SOFT", "HARD"];
/// Characters of the longest note.
const LONGEST_NOTE: usize = 2_000;

/// The mutations of requests and their skills.
pub fn mutations() -> Vec<Mutation> {
    let act = |ending: &str, doc: &str, run: Run| Mutation {
        name: format!("resourceRequest{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "ResourceRequest",
        verb: Verb::Act,
        input: vec![Member { name: "note", ty: "String", doc: "Why; at most 2,000 characters." }],
        payload: vec![],
        inputs: vec![],
        run,
    };
    let mut all = written("ResourceRequest", "resourceRequest", None, write);
    all.push(act(
        "Decline",
        "Refuses a ResourceRequest that nothing is confirmed of, by who manages the pool that is asked.",
        decline,
    ));
    all.push(act("Release", "Gives a ResourceRequest up that nothing is confirmed of, by who plans it.", release));
    all.push(request_split::mutation());
    all.extend(usual("RequestSkill", "requestSkill", None, false, write_skills));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("ResourceRequest");
        let (scopes, needs) = (work.lens.caller.takes(Step::AllocationPlan), Step::AllocationPlan.as_str());
        let mut rows = open::<Requests>(work, entity, &batch.items, blank).await?;
        let items = of_item::items(work, &rows, scopes, needs).await?;
        of_item::items_are_open(work, &rows).await?;
        keys_are_free::<Requests>(work, &rows, None).await?;
        for row in &mut rows {
            if let (true, Some(item)) = (row.before.is_none(), items.get(&row.after.item_id)) {
                of_item::take_scope(row, item);
            }
            agrees(work, row);
        }
        let moved = skills_of_moved(work, &rows).await?;
        let left = rows.iter().filter_map(|row| row.before.as_ref().and_then(|before| before.pool_id));
        work.outdated.extend(left.map(|pool| (POOL, pool)));
        let rejected = work.rejects(&batch);
        let failed: HashSet<Uuid> =
            rows.iter().filter(|row| work.has_failed(row.index)).map(|row| row.after.id).collect();
        let done = save::<Requests>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            let moved = moved.into_iter().filter(|row| !failed.contains(&row.after.request_id)).collect();
            follow::<Skills>(work, moved).await?;
        }
        Ok(done)
    }
    .boxed()
}

fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    if let Some(before) = row.before.as_ref().filter(|before| !FOLLOWS[..3].contains(&before.state.as_str())) {
        let line = format!("This request is {}: it can no longer be changed.", before.state);
        let error = UserError::new(UserCode::Immutable, row.named_at.clone(), line);
        work.fail(row, error.with("state", &before.state));
    }
    if m.minutes <= 0 {
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("minutes"), "`minutes` is above 0."));
    }
    if !(1..=1_000).contains(&m.quantity) {
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("quantity"), "`quantity` is 1 to 1,000."));
    }
    if m.end_on < m.start_on {
        let field = if row.gives("endOn") { "endOn" } else { "startOn" };
        work.fail(row, UserError::rule(row.place(field), "DATES_IN_ORDER", "`endOn` comes before `startOn`."));
    }
}

/// Skills keep the pool and the resource of their request, by which they are seen.
async fn skills_of_moved(work: &Work<'_>, rows: &[Row<Model>]) -> Result<Vec<Row<request_skill::Model>>, Error> {
    let asked = |m: &Model| (m.pool_id, m.resource_id);
    let moved: HashMap<Uuid, &Model> = rows
        .iter()
        .filter(|row| row.before.as_ref().is_some_and(|before| asked(before) != asked(&row.after)))
        .map(|row| (row.after.id, &row.after))
        .collect();
    if moved.is_empty() {
        return Ok(vec![]);
    }
    let of = request_skill::Column::RequestId.is_in(moved.keys().copied());
    let entity = work.lens.model.entity("RequestSkill");
    let skills = Skills::find().filter(of).all(work.txn).await?;
    let follows = |skill: request_skill::Model| {
        let (pool_id, resource_id) = moved.get(&skill.request_id).map(|m| asked(m)).unwrap_or_default();
        Row::derived(entity, skill.clone(), request_skill::Model { pool_id, resource_id, ..skill })
    };
    Ok(skills.into_iter().map(follows).collect())
}

fn decline<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    end(work, input, Step::AllocationConfirm, "DECLINED").boxed()
}

fn release<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    end(work, input, Step::AllocationPlan, "RELEASED").boxed()
}

async fn end(work: &mut Work<'_>, given: &ConstValue, step: Step, state: &str) -> Result<Done, Error> {
    let batch: Batch = work.read(given);
    let entity = work.lens.model.entity("ResourceRequest");
    let mut rows = open::<Requests>(work, entity, &batch.items, blank).await?;
    rows::demand(work, &rows, work.lens.caller.takes(step), step.as_str()).await?;
    of_item::items_are_open(work, &rows).await?;
    let note = input::text(given, "note");
    for row in &mut rows {
        if work.is_refused(row.index) {
            continue;
        }
        if let Some(note) = &note {
            text_fits(work, row, row.path.at("note"), note, LONGEST_NOTE);
        }
        if !FOLLOWS[..3].contains(&row.after.state.as_str()) {
            let line = format!("This request is {}.", row.after.state);
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", &row.after.state));
        }
        state.clone_into(&mut row.after.state);
        row.after.decided_note.clone_from(&note);
    }
    save::<Requests>(work, rows, &batch, Action::Written).await
}

/// Requests go as far as what was booked in answer to them.
pub async fn follow_bookings(work: &mut Work<'_>, requests: &[Uuid]) -> Result<(), Error> {
    use allocation::Column as A;
    if requests.is_empty() {
        return Ok(());
    }
    let locked = lock::<Requests>(work, requests).await?;
    let booked = allocation::Entity::find().select_only().columns([A::RequestId, A::State]);
    let booked = booked.filter(A::RequestId.is_in(requests.iter().copied()));
    let booked: Vec<(Uuid, String)> = booked.into_tuple().all(work.txn).await?;
    let entity = work.lens.model.entity("ResourceRequest");
    let mut changed = vec![];
    for request in locked.into_values().filter(|request| !matches!(&*request.state, "DECLINED" | "RELEASED")) {
        let states = booked.iter().filter(|(id, _)| *id == request.id).map(|(_, state)| state.as_str());
        let state = least(states);
        if state != request.state {
            let after = Model { state: state.to_owned(), ..request.clone() };
            changed.push(Row::derived(entity, request, after));
        }
    }
    changed.sort_by_key(|row| row.after.id);
    follow::<Requests>(work, changed).await
}

/// The least of the states of bookings that are there; OPEN where there is none.
fn least<'s>(states: impl Iterator<Item = &'s str>) -> &'static str {
    const ORDER: [&str; 4] = ["PROPOSED", "SOFT", "HARD", "COMPLETED"];
    states.filter_map(|state| ORDER.iter().position(|known| *known == state)).min().map_or("OPEN", |at| ORDER[at])
}

fn write_skills<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("RequestSkill");
        let (scopes, needs) = (work.lens.caller.takes(Step::AllocationPlan), Step::AllocationPlan.as_str());
        let (mut rows, action) = match work.mutation.verb.archives() {
            Some(action) => (archived::<Skills>(work, entity, &batch, scopes, needs).await?, action),
            None => (open::<Skills>(work, entity, &batch.items, blank_skill).await?, Action::Written),
        };
        let by = ("request", "request_id");
        of_item::wholes::<Requests, _>(work, &rows, "ResourceRequest", by, scopes, needs).await?;
        let asked: HashSet<Uuid> = rows.iter().map(|row| row.after.request_id).collect();
        let asked: Vec<Uuid> = asked.into_iter().collect();
        let wholes = lock::<Requests>(work, &asked).await?;
        let of = request_skill::Column::RequestId.is_in(wholes.keys().copied());
        let stored = Skills::find().filter(of).all(work.txn).await?;
        let mut taken: HashMap<(Uuid, Uuid), Uuid> =
            stored.iter().map(|skill| ((skill.request_id, skill.skill_id), skill.id)).collect();
        for row in &mut rows {
            let Some(request) = wholes.get(&row.after.request_id) else { continue };
            if row.before.is_none() {
                of_item::take(row, request, &["pool_id", "resource_id"]);
            }
            if work.is_refused(row.index) {
                continue;
            }
            if !FOLLOWS[..3].contains(&request.state.as_str()) {
                let line = format!("The request is {}: it can no longer be changed.", request.state);
                let error = UserError::new(UserCode::Immutable, row.path.clone(), line);
                work.fail(row, error.with("state", &request.state));
            }
            if !(1..=5).contains(&row.after.least_level) {
                let line = "`leastLevel` is 1 to 5.";
                work.fail(row, UserError::new(UserCode::OutOfRange, row.place("leastLevel"), line));
            }
            let name = (row.after.request_id, row.after.skill_id);
            if *taken.entry(name).or_insert(row.after.id) != row.after.id {
                let line = "The request asks for this skill already.";
                work.fail(row, UserError::new(UserCode::Duplicate, row.path.clone(), line));
            }
        }
        of_item::items_are_open(work, &rows).await?;
        save::<Skills>(work, rows, &batch, action).await
    }
    .boxed()
}

/// A request for nobody.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        role_id: Uuid::nil(),
        pool_id: None,
        resource_id: None,
        state: "OPEN".to_owned(),
        start_on: work.now.date_naive(),
        end_on: work.now.date_naive(),
        quantity: 1,
        minutes: 0,
        location: None,
        note: None,
        decided_note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// A skill of no request.
fn blank_skill(work: &Work<'_>) -> request_skill::Model {
    request_skill::Model {
        id: work.clock.new_id(),
        request_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        pool_id: None,
        resource_id: None,
        skill_id: Uuid::nil(),
        least_level: 1,
        is_mandatory: true,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::least;

    #[test]
    fn a_request_is_as_far_as_the_last_of_its_bookings() {
        assert_eq!(least([].into_iter()), "OPEN");
        assert_eq!(least(["DECLINED", "RELEASED"].into_iter()), "OPEN");
        assert_eq!(least(["HARD", "SOFT", "RELEASED"].into_iter()), "SOFT");
        assert_eq!(least(["HARD", "COMPLETED"].into_iter()), "HARD");
        assert_eq!(least(["COMPLETED", "DECLINED"].into_iter()), "COMPLETED");
    }
}

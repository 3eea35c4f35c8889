//! Writing pools and resources. Who manages a resource sees what is known of it, so whoever changes that changes rights.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    resource::{self, Column as C, Model},
    resource_pool,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{pool_weeks::SOURCE as POOL, worktime::capacity::Fte};
use crate::{
    auth::{Scopes, Step},
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Work, outside,
        rows::{archived, keys_are_free, open, save},
        usual, write_keyed,
    },
};

type Resources = resource::Entity;

/// Minutes of a week.
const LONGEST_WEEK: i32 = 10_080;

/// The mutations of pools and resources.
pub fn mutations() -> Vec<Mutation> {
    let pools = usual("ResourcePool", "resourcePool", None, false, write_pools);
    pools.into_iter().chain(usual("Resource", "resource", None, true, write)).collect()
}

fn write_pools<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    work.touches_rights = true;
    let holds = |work: &mut Work<'_>, row: &Row<resource_pool::Model>| {
        if row.after.most_week_minutes.is_some_and(|minutes| !(1..=LONGEST_WEEK).contains(&minutes)) {
            let line = format!("`mostWeekMinutes` is 1 to {LONGEST_WEEK}.");
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place("mostWeekMinutes"), line));
        }
    };
    write_keyed::<resource_pool::Entity>(work, input, Step::ResourceSetUp, blank_pool, holds).boxed()
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        work.touches_rights = true;
        let entity = work.lens.model.entity("Resource");
        let (scopes, needs) = (work.lens.caller.takes(Step::ResourceManage), Step::ResourceManage.as_str());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Resources>(work, entity, &batch, scopes, needs).await?;
            return save::<Resources>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Resources>(work, entity, &batch.items, blank).await?;
        demand_new(work, &rows, scopes, needs);
        outside::name::<Resources>(work, &mut rows).await?;
        keys_are_free::<Resources>(work, &rows, None).await?;
        for row in &rows {
            agrees(work, row);
        }
        people_are_free(work, &rows).await?;
        let left = rows.iter().filter_map(|row| row.before.as_ref().and_then(|before| before.pool_id));
        work.outdated.extend(left.map(|pool| (POOL, pool)));
        save::<Resources>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// Who manages a team makes resources that she manages from the beginning.
fn demand_new(work: &mut Work<'_>, rows: &[Row<Model>], scopes: Scopes, needs: &str) {
    let me = work.lens.caller.person;
    let pools = work.lens.caller.rows.resources.pools.clone();
    let is_hers = |m: &Model| match m.manager_id {
        Some(manager) => Some(manager) == me,
        None => m.pool_id.is_some_and(|pool| pools.contains(&pool)),
    };
    for row in rows.iter().filter(|row| row.before.is_none()) {
        if !(scopes.is_all() || (scopes.has(Scopes::TEAM) && is_hers(&row.after))) {
            let line = format!("Creating a Resource that you do not manage needs {needs} everywhere.");
            work.fail(row, UserError::new(UserCode::Forbidden, row.path.clone(), line).with("needs", needs));
        }
    }
}

/// What a resource says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    let m = &row.after;
    let rule = |work: &mut Work<'_>, field: &str, line: &str| {
        work.fail(row, UserError::rule(row.place(field), "RESOURCE_KIND", line));
    };
    match (m.kind.as_str(), m.person_id) {
        ("PERSON", None) => rule(work, "person", "A resource that is a PERSON names the person."),
        ("PERSON", Some(_)) | (_, None) => {}
        (_, Some(_)) => rule(work, "person", "Only a resource that is a PERSON names a person."),
    }
    match m.fte {
        Some(_) if m.kind == "MATERIAL" => rule(work, "fte", "Material has no hours, so it is worth no people."),
        Some(fte) if Fte::of_stored(fte).is_none() => {
            let line = format!("`fte` is above 0 and at most {}.", Fte::MOST);
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place("fte"), line));
        }
        _ => {}
    }
    if m.employed_from_on.zip(m.employed_to_on).is_some_and(|(from, to)| to < from) {
        let field = if row.gives("employedToOn") { "employedToOn" } else { "employedFromOn" };
        let line = "`employedToOn` comes before `employedFromOn`.";
        work.fail(row, UserError::rule(row.place(field), "DATES_IN_ORDER", line));
    }
}

/// One human is one resource at most.
async fn people_are_free(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let people: HashSet<Uuid> = rows.iter().filter_map(|row| row.after.person_id).collect();
    let found = Resources::find().select_only().columns([C::PersonId, C::Id]).filter(C::PersonId.is_in(people));
    let mut of: HashMap<Uuid, Uuid> = found.into_tuple().all(work.txn).await?.into_iter().collect();
    for row in rows.iter().filter(|row| !work.is_refused(row.index)).collect::<Vec<_>>() {
        let Some(person) = row.after.person_id else { continue };
        if *of.entry(person).or_insert(row.after.id) != row.after.id {
            let line = "This person is another resource already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("person"), line));
        }
    }
    Ok(())
}

/// A resource of nothing, worth one full-time person.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        kind: "GENERIC".to_owned(),
        person_id: None,
        role_id: None,
        pool_id: None,
        manager_id: None,
        org_unit_id: None,
        location: None,
        fte: None,
        calendar_id: None,
        employed_from_on: None,
        employed_to_on: None,
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

/// A pool of nothing.
fn blank_pool(work: &Work<'_>) -> resource_pool::Model {
    resource_pool::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        manager_id: None,
        serves_id: None,
        description: None,
        most_week_minutes: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

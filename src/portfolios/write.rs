//! Writing portfolios, programs and projects: create, change, archive, advance, classify. What may follow what is in
//! `rules`, who may do it in the policy; here they meet in one transaction.

use std::collections::HashSet;

use async_graphql_value::ConstValue;
use entity::{
    audit_event, external_link,
    portfolio_item::{self, Column as C, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    rules::{self, ItemState},
    tree::{self, Around},
};
use crate::{
    auth::{Class, Step, steps::Duty},
    benefits::owners,
    error::Error,
    graph::decl::Writers,
    people::charge,
    resources::{booking::is_booked_after, worked::has_open_time},
    write::{
        Action, Batch, Done, Member, Mutation, Row, UserCode, UserError, Verb, Work, ancestors, duty, input,
        rows::{self, archived, forbidden, open, save},
        usual,
    },
};

type Items = portfolio_item::Entity;

/// Fields that put somebody in charge, with their columns.
const CHARGES: [(&str, &str); 3] =
    [("owner", "owner_id"), ("sponsor", "sponsor_id"), ("projectManager", "project_manager_id")];

/// The mutations of the three kinds.
pub fn mutations() -> Vec<Mutation> {
    let mut all = vec![];
    for (entity, single) in [("Portfolio", "portfolio"), ("Program", "program"), ("Project", "project")] {
        all.extend(usual(entity, single, Some(Class::Basic.write()), true, write));
        all.push(Mutation {
            name: format!("{single}StateAdvance"),
            doc: format!("Takes a {entity} to the next state of its life. Who may take which step: `permissionMatrix {{ steps }}`."),
            needs: None,
            entity,
            verb: Verb::Act,
            input: vec![Member { name: "to", ty: "ItemState!", doc: "The state that follows." }],
            payload: vec![],
            inputs: vec![],
            run: advance,
        });
        all.push(Mutation {
            name: format!("{single}ConfidentialitySet"),
            doc: format!("Says who may know that a {entity}, and all below it, exists."),
            needs: Some(Class::Basic.write()),
            entity,
            verb: Verb::Act,
            input: vec![Member { name: "confidentiality", ty: "Confidentiality!", doc: "Who may know." }],
            payload: vec![],
            inputs: vec![],
            run: classify,
        });
    }
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        if let Some(action) = work.mutation.verb.archives() {
            return archive(work, &batch, action).await;
        }
        let entity = work.lens.model.entity(work.mutation.entity);
        let kind = entity.kind.unwrap_or_default();
        if batch.moves() {
            work.alone().await?;
        }
        let mut rows = open::<Items>(work, entity, &batch.items, |work| blank(work, kind)).await?;
        may_create(work, &rows).await?;
        charge::are_here(work, &rows, &CHARGES).await?;
        owners::stand_apart(work, &rows).await?;
        rows::keys_are_free::<Items>(work, &rows, Some(kind)).await?;
        super::external_link::check_new(work, &rows, kind).await?;
        for row in &rows {
            fields_agree(work, row);
        }
        settle(work, rows.as_mut_slice()).await?;
        finish(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// Places the rows in the tree.
async fn settle(work: &mut Work<'_>, rows: &mut [Row<Model>]) -> Result<(), Error> {
    let around = Around::load(work, rows).await?;
    around.place(work, rows);
    Ok(())
}

/// Saves the rows, those below them whose scope follows, and the links that new rows came with.
async fn finish(work: &mut Work<'_>, rows: Vec<Row<Model>>, batch: &Batch, action: Action) -> Result<Done, Error> {
    let rejected = work.rejects(batch);
    let mut derived = if rejected { vec![] } else { tree::below(work, &rows).await? };
    work.touches_rights |= rows.iter().chain(&derived).any(decides_rights);
    let links = super::external_link::of_new(work, &rows, |item, blank| external_link::Model {
        target_type: item.kind.clone(),
        item_id: Some(item.id),
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        ..blank
    });
    let (new, moved) = (tree::placed(work, &rows, true), tree::placed(work, &rows, false));
    let done = save::<Items>(work, rows, batch, action).await?;
    if !rejected {
        let above = ancestors::keep(work.txn, &new, &moved, work.now).await?;
        work.refigured.extend(above.into_iter().map(|item| (item, None)));
        derived.retain(|row| row.before.as_ref() != Some(&row.after));
        rows::follow::<Items>(work, derived).await?;
        rows::follow::<external_link::Entity>(work, links).await?;
    }
    Ok(done)
}

fn decides_rights(row: &Row<Model>) -> bool {
    let facts = |m: &Model| {
        (
            m.parent_id,
            m.portfolio_id,
            m.owner_id,
            m.sponsor_id,
            m.project_manager_id,
            m.is_restricted,
            m.confidentiality.clone(),
        )
    };
    row.before.as_ref().is_none_or(|before| facts(before) != facts(&row.after))
}

/// An item of a kind, with what none is without.
pub fn blank(work: &Work<'_>, kind: &str) -> Model {
    Model {
        id: work.clock.new_id(),
        kind: kind.to_owned(),
        is_restricted: false,
        portfolio_id: None,
        program_id: None,
        parent_id: None,
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        description: None,
        description_fold: None,
        state: ItemState::Proposed.as_str().to_owned(),
        category: None,
        priority: None,
        confidentiality: "NORMAL".to_owned(),
        base_currency: String::new(),
        budget_amount: None,
        fx_rate_set_id: None,
        rag: None,
        rag_on: None,
        is_tracking_benefits: false,
        project_type: None,
        methodology: None,
        phase: None,
        planned_start_on: None,
        planned_finish_on: None,
        forecast_start_on: None,
        forecast_finish_on: None,
        actual_start_on: None,
        actual_finish_on: None,
        org_unit_id: None,
        owner_id: None,
        sponsor_id: None,
        project_manager_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A new item is made by who may make items anywhere, or below an item that was granted. Who makes it settles what an
/// item must have and where it stands; what steers it is for those who steer.
async fn may_create(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let new: Vec<&Row<Model>> = rows.iter().filter(|row| row.before.is_none()).collect();
    let scopes = work.lens.caller.takes(Step::ItemCreate);
    if new.is_empty() || scopes.is_all() {
        return Ok(());
    }
    let parents: Vec<Uuid> = new.iter().filter_map(|row| row.after.parent_id).collect();
    let held = work.lens.holds(work.lens.model.entity("PortfolioItem"), &parents, &[scopes]).await?;
    for row in new {
        let may = row.after.parent_id.and_then(|id| held.get(&id)).is_some_and(|held| held[0]);
        if !may {
            let line = format!("Creating a {} here needs {}.", row.entity.name, Step::ItemCreate.as_str());
            let error = UserError::new(UserCode::Forbidden, row.place("parent"), line);
            work.fail(row, error.with("needs", Step::ItemCreate.as_str()));
        }
        for a in &row.given {
            let steers = matches!(a.pen.writers, Writers::Step(_));
            let is_part = a.pen.is_due(a.field) || a.field.name == "parent";
            if steers && !is_part && !work.scopes_of(row.entity, a.field, a.pen.writers).is_all() {
                work.fail(row, forbidden(row.entity, a));
            }
        }
    }
    Ok(())
}

fn fields_agree(work: &mut Work<'_>, row: &Row<Model>) {
    let m = &row.after;
    if let Some(priority) = m.priority
        && !rules::PRIORITIES.contains(&priority)
    {
        let line = "The priority is 1, the highest, to 5.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("priority"), line));
    }
    for (start, finish, from, to) in [
        ("plannedStartOn", "plannedFinishOn", m.planned_start_on, m.planned_finish_on),
        ("forecastStartOn", "forecastFinishOn", m.forecast_start_on, m.forecast_finish_on),
        ("actualStartOn", "actualFinishOn", m.actual_start_on, m.actual_finish_on),
    ] {
        let place = if row.gives(finish) { finish } else { start };
        if row.gives(place) && from.zip(to).is_some_and(|(from, to)| to < from) {
            let line = format!("`{finish}` comes before `{start}`.");
            work.fail(row, UserError::rule(row.place(place), "DATES_IN_ORDER", line));
        }
    }
}

async fn archive(work: &mut Work<'_>, batch: &Batch, action: Action) -> Result<Done, Error> {
    let entity = work.lens.model.entity(work.mutation.entity);
    let scopes = work.lens.caller.takes(Step::ItemArchive);
    let rows = archived::<Items>(work, entity, batch, scopes, Step::ItemArchive.as_str()).await?;
    if action == Action::Unarchived {
        // Locked before it is looked at: it may be on its way into the archive.
        let above = Items::find().filter(C::Id.is_in(rows.iter().filter_map(|row| row.after.parent_id)));
        let above = above.order_by_asc(C::Id).lock_shared().all(work.txn).await?;
        let archived: HashSet<Uuid> =
            above.iter().filter(|item| item.archived_at.is_some()).map(|item| item.id).collect();
        for row in &rows {
            if row.after.parent_id.is_some_and(|parent| archived.contains(&parent)) {
                let line = "What stands above it is taken out of the archive first.";
                work.fail(row, UserError::rule(row.path.clone(), "ARCHIVED_FROM_BELOW", line));
            }
        }
        return finish(work, rows, batch, action).await;
    }
    for row in &rows {
        if work.is_refused(row.index) {
            continue;
        }
        if !ItemState::parse(&row.after.state).is_some_and(ItemState::is_final) {
            let line = "Only what is closed or cancelled is archived.";
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", &row.after.state));
        }
        // What the caller cannot see below it is not there, and stands in no way of hers.
        let open = Items::find().filter(C::ParentId.eq(row.after.id)).filter(C::ArchivedAt.is_null());
        let open: Vec<Uuid> = open.select_only().column(C::Id).into_tuple().all(work.txn).await?;
        if !work.lens.by_id(work.lens.model.entity("PortfolioItem"), &open).await?.is_empty() {
            let line = "What stands below it is archived first.";
            work.fail(row, UserError::rule(row.path.clone(), "ARCHIVED_FROM_BELOW", line));
        }
    }
    finish(work, rows, batch, action).await
}

fn advance<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity(work.mutation.entity);
        let mut rows = open::<Items>(work, entity, &batch.items, |work| blank(work, "")).await?;
        for row in &mut rows {
            let (Some(from), Some(to)) =
                (ItemState::parse(&row.after.state), input::text(input, "to").and_then(|to| ItemState::parse(&to)))
            else {
                continue;
            };
            let Some(step) = step(from, to) else {
                let line = format!("From {} it does not go to {}.", from.as_str(), to.as_str());
                let allowed: Vec<_> = from.followers().iter().map(|s| s.as_str()).collect();
                let error = UserError::new(UserCode::IllegalState, row.path.at("to"), line);
                work.fail(row, error.with("state", from.as_str()).with("allowed", allowed.join(",")));
                continue;
            };
            if let Err(error) = may_take(work, row, step).await? {
                work.fail(row, error);
            }
            if to == ItemState::Closed && is_booked_after(work.txn, row.after.id, work.now.date_naive()).await? {
                let line = "Somebody is confirmed for it after today: release or complete those bookings first.";
                work.fail(row, UserError::rule(row.path.at("to"), "NO_BOOKINGS_LEFT", line));
            }
            if to == ItemState::Closed && has_open_time(work.txn, row.after.id).await? {
                let line = "Time was recorded on it and is not posted: post those timesheets first.";
                work.fail(row, UserError::rule(row.path.at("to"), "NO_TIMESHEETS_LEFT", line));
            }
            to.as_str().clone_into(&mut row.after.state);
        }
        finish(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// The step between two states; none where the one does not follow the other.
fn step(from: ItemState, to: ItemState) -> Option<Step> {
    if !from.followers().contains(&to) {
        return None;
    }
    Some(match to {
        ItemState::Approved => Step::ItemApprove,
        ItemState::Active if from == ItemState::OnHold => Step::ItemResume,
        ItemState::Active => Step::ItemStart,
        ItemState::OnHold => Step::ItemHold,
        ItemState::Closing => Step::ItemWindUp,
        ItemState::Closed => Step::ItemClose,
        ItemState::Cancelled => Step::ItemCancel,
        ItemState::Proposed => return None,
    })
}

/// Whether the caller may take the step with this item.
async fn may_take(work: &Work<'_>, row: &Row<Model>, step: Step) -> Result<Result<(), UserError>, Error> {
    let caller = work.lens.caller;
    let refuse = |line: &str| UserError::new(UserCode::Forbidden, row.path.at("to"), line).with("needs", step.as_str());
    let held = work.lens.holds(row.entity, &[row.after.id], &[caller.takes(step)]).await?;
    if !held.get(&row.after.id).is_some_and(|held| held[0]) {
        return Ok(Err(refuse("This step is not yours to take.")));
    }
    let is_me = |person: Option<Uuid>| person.is_some() && person == caller.person;
    let mut conflict = None;
    for duty in step.barred() {
        let is_mine = match duty {
            Duty::ProjectManager => is_me(row.after.project_manager_id),
            Duty::Creator => is_me(row.after.created_by_id) || made_it(work, row.after.id).await?,
            Duty::Submitter | Duty::Recorder | Duty::Worker => false,
        };
        conflict = conflict.or(is_mine.then_some(duty));
    }
    Ok(match conflict {
        Some(duty) => Err(refuse("Your part in it stands against this step.").with("conflictOfDuty", duty.as_str())),
        None => Ok(()),
    })
}

/// Whether the caller made the item where `createdBy` does not name her: as a stranger, or with a key that she made or
/// changed, whose secret she may hold.
async fn made_it(work: &Work<'_>, item: Uuid) -> Result<bool, Error> {
    use audit_event::Column as A;
    let entries = || audit_event::Entity::find().select_only();
    let made = entries().column(A::Principal).filter(A::TargetId.eq(item)).filter(A::Action.eq("CREATED"));
    let makers: Vec<String> = made.into_tuple().all(work.txn).await?;
    if makers.contains(&work.principal) {
        return Ok(true);
    }
    let keys: Vec<Uuid> = makers.iter().filter_map(|maker| maker.strip_prefix("key:")?.parse().ok()).collect();
    duty::holds_key(work, &keys).await
}

fn classify<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity(work.mutation.entity);
        work.alone().await?;
        let mut rows = open::<Items>(work, entity, &batch.items, |work| blank(work, "")).await?;
        let scopes = work.lens.caller.takes(Step::ItemClassify);
        rows::demand::<Model>(work, &rows, scopes, Step::ItemClassify.as_str()).await?;
        for row in &mut rows {
            row.after.confidentiality = input::text(input, "confidentiality").unwrap_or_default();
        }
        settle(work, &mut rows).await?;
        finish(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

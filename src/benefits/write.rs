//! Writing benefits: their profile while they are drafts, what stays of it afterwards, and who answers for them. What
//! hangs on a benefit has its scope and follows it.

use std::collections::HashMap;

use async_graphql_value::ConstValue;
use entity::{
    benefit::{self, Model},
    benefit_actual, benefit_contribution, benefit_measure_point, benefit_plan_point, benefit_review, portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{due, map_write, owners, rules::BenefitState, tracking};
use crate::{
    auth::Class,
    error::Error,
    graph::value::WHOLE,
    people::charge,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Work, of_item,
        rows::{self, archived, follow, keys_are_free, open, save},
        usual,
        value::{self, column},
    },
};

type Benefits = benefit::Entity;
/// Items by id.
type Items = HashMap<Uuid, portfolio_item::Model>;

/// What a part of a benefit has from it, besides the item's scope.
pub(super) const SHARED: [&str; 2] = ["is_draft", "owner_id"];

/// The mutations of benefits, their steps apart.
pub fn mutations() -> Vec<Mutation> {
    usual("Benefit", "benefit", Some(Class::Ben.write()), false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("Benefit");
        let (scopes, needs) = (work.lens.caller.rights.scopes(Class::Ben.write()), Class::Ben.write().to_string());
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Benefits>(work, entity, &batch, scopes, &needs).await?;
            return archive(work, rows, &batch, action).await;
        }
        let mut rows = open::<Benefits>(work, entity, &batch.items, blank).await?;
        // A new benefit is a draft: who writes drafts of an item makes them there.
        let items = of_item::items(work, &rows, scopes.of_new(), &needs).await?;
        items_are_open(work, &rows, &items);
        keys_are_free::<Benefits>(work, &rows, None).await?;
        charge::are_here(work, &rows, &[("owner", "owner_id"), ("sponsor", "sponsor_id")]).await?;
        for row in &mut rows {
            if let (true, Some(item)) = (row.before.is_none(), items.get(&row.after.item_id)) {
                of_item::take_scope(row, item);
                row.after.currency.clone_from(&item.base_currency);
                row.after.reported_portfolio_id = item.portfolio_id;
            }
            of_item::money_agrees(work, row);
            agrees(work, row);
            owners::stands_apart(work, row, items.get(&row.after.item_id));
        }
        finish(work, rows, &batch, Action::Written, items).await
    }
    .boxed()
}

/// A benefit of nothing yet.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        description: None,
        kind: String::new(),
        polarity: "BENEFIT".to_owned(),
        state: BenefitState::Identified.as_str().to_owned(),
        owner_id: None,
        sponsor_id: None,
        beneficiary: None,
        confidence: None,
        starts_after: None,
        starts_on: None,
        currency: String::new(),
        amount: None,
        amount_note: None,
        planned_amount: 0,
        as_of_on: None,
        reported_portfolio_id: None,
        source: None,
        approved_at: None,
        approved_by_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// What belongs to an archived item no longer changes. A closed one goes on having benefits.
pub(super) fn items_are_open(work: &mut Work<'_>, rows: &[Row<Model>], items: &Items) {
    for row in rows.iter().filter(|row| row.before.is_some()) {
        if items.get(&row.after.item_id).is_some_and(|item| item.archived_at.is_some()) && !work.is_refused(row.index) {
            let line = "The item is archived; take it out of the archive first.";
            work.fail(row, UserError::new(UserCode::Immutable, row.named_at.clone(), line));
        }
    }
}

/// What a benefit says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>) {
    if row.after.confidence.is_some_and(|confidence| !(0..=WHOLE).contains(&confidence)) {
        let line = "The confidence is 0 to 1.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("confidence"), line));
    }
    let Some(before) = row.before.as_ref().filter(|before| !before.is_draft && !work.is_refused(row.index)) else {
        return;
    };
    for (field, differs) in [
        ("kind", before.kind != row.after.kind),
        ("polarity", before.polarity != row.after.polarity),
        ("amount", before.amount != row.after.amount),
    ] {
        if differs {
            let line = format!("This benefit is {}: what was promised stands.", before.state);
            let error = UserError::new(UserCode::Immutable, row.place(field), line);
            work.fail(row, error.with("state", &before.state));
        }
    }
}

async fn archive(work: &mut Work<'_>, rows: Vec<Row<Model>>, batch: &Batch, action: Action) -> Result<Done, Error> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
    let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
    items_are_open(work, &rows, &items);
    for row in &rows {
        if action == Action::Unarchived {
            owners::stands_apart(work, row, items.get(&row.after.item_id));
        } else if BenefitState::parse(&row.after.state).is_some_and(|state| !state.is_draft() && !state.is_final()) {
            let line = "What was promised is settled or withdrawn before it is archived.";
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", &row.after.state));
        }
    }
    finish(work, rows, batch, action, items).await
}

/// Saves the benefits, and with them what hangs on those whose scope changed, when they are to be measured, and whether
/// their items, which are locked, follow any.
pub(super) async fn finish(
    work: &mut Work<'_>,
    rows: Vec<Row<Model>>,
    batch: &Batch,
    action: Action,
    items: Items,
) -> Result<Done, Error> {
    let rejected = work.rejects(batch);
    let scope = |benefit: &Model| (benefit.is_draft, benefit.owner_id);
    work.touches_rights |= rows.iter().any(|row| row.before.as_ref().is_none_or(|b| b.owner_id != row.after.owner_id));
    let written = rows.iter().filter(|row| !work.rejects(batch) && !work.has_failed(row.index));
    let written: Vec<(Option<Model>, Model)> = written.map(|row| (row.before.clone(), row.after.clone())).collect();
    let those = |is_other: &dyn Fn(&Model, &Model) -> bool| -> HashMap<Uuid, Model> {
        let changed = written.iter().filter(|(before, after)| before.as_ref().is_some_and(|b| is_other(b, after)));
        changed.map(|(_, after)| (after.id, after.clone())).collect()
    };
    let changed = those(&|before, after| scope(before) != scope(after));
    let moved =
        those(&|before, after| (scope(before), due::is_measured(before)) != (scope(after), due::is_measured(after)));
    let drafts = those(&|before, after| before.is_draft != after.is_draft);
    let done = save::<Benefits>(work, rows, batch, action).await?;
    follow_benefits::<benefit_plan_point::Entity>(work, "BenefitPlanPoint", &changed).await?;
    follow_benefits::<benefit_contribution::Entity>(work, "BenefitContribution", &changed).await?;
    due::follow(work, &moved).await?;
    follow_benefits::<benefit_measure_point::Entity>(work, "BenefitMeasurePoint", &changed).await?;
    follow_benefits::<benefit_actual::Entity>(work, "BenefitActual", &changed).await?;
    follow_benefits::<benefit_review::Entity>(work, "BenefitReview", &changed).await?;
    map_write::follow_benefits(work, &drafts).await?;
    if !rejected {
        tracking::keep(work, items).await?;
    }
    Ok(done)
}

/// Gives the parts of benefits the scope that these have now.
async fn follow_benefits<E>(work: &mut Work<'_>, name: &str, changed: &HashMap<Uuid, Model>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel> + Clone + Send + Sync,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    if changed.is_empty() {
        return Ok(());
    }
    let of = column::<E>("benefit_id");
    let parts = E::find().filter(of.is_in(changed.keys().copied()));
    let parts = parts.order_by_asc(column::<E>("id")).lock_exclusive().all(work.txn).await?;
    let entity = work.lens.model.entity(name);
    let mut rows = vec![];
    for before in parts {
        let mut row = Row::derived(entity, before.clone(), before);
        let whole = value::optional_id(&row.after, "benefit_id").and_then(|id| changed.get(&id));
        if let Some(whole) = whole {
            of_item::take(&mut row, whole, &SHARED);
            rows.push(row);
        }
    }
    follow::<E>(work, rows).await
}

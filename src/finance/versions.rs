//! What budgets and forecasts have alike as versions of an item's money: counted from 1, drafts at first, removed while they
//! are drafts, and made again from one another with their lines.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::lines::{self, Whole};
use crate::{
    auth::Scopes,
    error::Error,
    write::{
        Action, Batch, Done, Row, UserCode, UserError, Work, Written, of_item,
        rows::{self, follow},
        value::{self, column},
    },
};

/// Refuses rows that are on their way into the archive in one of these states.
pub fn stays<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>], action: Action, states: &[&str], line: &str) {
    for row in rows {
        let state = value::text(&row.after, "state").unwrap_or_default();
        if action == Action::Archived && states.contains(&state.as_str()) {
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", state));
        }
    }
}

/// Refuses what is no draft any more.
pub fn are_drafts<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>], whole: Whole) {
    for row in rows.iter().filter(|row| row.before.is_some()) {
        let state = value::text(&row.after, "state").unwrap_or_default();
        if state != "DRAFT" && !work.is_refused(row.index) {
            of_item::immutable(work, row, row.named_at.clone(), whole.name, &state);
        }
    }
}

/// Gives new versions what they have from their item, and their number.
pub async fn number<E>(
    work: &mut Work<'_>,
    rows: &mut [Row<E::Model>],
    scopes: Scopes,
    needs: &str,
) -> Result<(), Error>
where
    E: EntityTrait,
{
    let items = of_item::items_of_new(work, rows, scopes, needs).await?;
    let mut revisions = Revisions::of::<E>(work, items.keys().copied()).await?;
    for row in rows.iter_mut().filter(|row| row.before.is_none()) {
        let Some(item) = value::optional_id(&row.after, "item_id").and_then(|id| items.get(&id)) else { continue };
        revisions.begin(&mut row.after, item);
        of_item::take_scope(row, item);
    }
    Ok(())
}

/// The last revision of each item. The items are locked, so nobody else makes the next one.
pub struct Revisions(HashMap<Uuid, i32>);

impl Revisions {
    /// Those of the items.
    pub async fn of<E: EntityTrait>(work: &Work<'_>, items: impl Iterator<Item = Uuid>) -> Result<Self, Error> {
        let (item, revision) = (column::<E>("item_id"), column::<E>("revision"));
        let found: Vec<(Uuid, Option<i32>)> = E::find()
            .select_only()
            .column(item)
            .column_as(revision.max(), "revision")
            .filter(item.is_in(items))
            .group_by(item)
            .into_tuple()
            .all(work.txn)
            .await?;
        Ok(Self(found.into_iter().filter_map(|(item, revision)| Some((item, revision?))).collect()))
    }

    /// Makes a version the next one of its item, in its currency and as of its portfolio.
    pub fn begin<M: ModelTrait>(&mut self, version: &mut M, item: &entity::portfolio_item::Model) {
        let last = self.0.entry(item.id).or_default();
        *last += 1;
        version.set(column::<M::Entity>("revision"), (*last).into());
        version.set(column::<M::Entity>("currency"), item.base_currency.clone().into());
        version.set(column::<M::Entity>("reported_portfolio_id"), item.portfolio_id.into());
    }
}

/// Removes drafts with their lines.
pub async fn remove<W, L>(
    work: &mut Work<'_>,
    rows: Vec<Row<W::Model>>,
    batch: &Batch,
    whole: Whole,
) -> Result<Done, Error>
where
    W: EntityTrait,
    W::Model: Clone + Send + Sync,
    L: EntityTrait,
    L::Model: Clone + Send + Sync,
{
    are_drafts(work, &rows, whole);
    if !work.rejects(batch) {
        for row in &rows {
            lines::remove_all::<L>(work, whole, value::id(&row.after)).await?;
        }
    }
    rows::remove::<W>(work, rows, batch).await
}

/// Makes a new draft from each version, with its lines.
pub async fn revise<W, L>(
    work: &mut Work<'_>,
    rows: Vec<Row<W::Model>>,
    batch: &Batch,
    whole: Whole,
    again: impl Fn(&Work<'_>, &W::Model) -> W::Model,
) -> Result<Done, Error>
where
    W: EntityTrait,
    W::Model: IntoActiveModel<W::ActiveModel> + Clone + Send + Sync,
    W::ActiveModel: ActiveModelTrait<Entity = W> + Send,
    L: EntityTrait,
    L::Model: IntoActiveModel<L::ActiveModel> + Clone + Send + Sync,
    L::ActiveModel: ActiveModelTrait<Entity = L> + Send,
{
    let mut done = Done { count: batch.count, ..Done::default() };
    if !work.errors.is_empty() {
        return Ok(done);
    }
    let mut ids: Vec<Uuid> = rows.iter().filter_map(|row| value::optional_id(&row.after, "item_id")).collect();
    ids.sort_unstable();
    ids.dedup();
    let items = rows::lock::<entity::portfolio_item::Entity>(work, &ids).await?;
    let mut revisions = Revisions::of::<W>(work, ids.into_iter()).await?;
    for row in rows {
        let item = value::optional_id(&row.after, "item_id").and_then(|id| items.get(&id));
        let Some(item) = item else { continue };
        let mut draft = again(work, &row.after);
        revisions.begin(&mut draft, item);
        let id = value::id(&draft);
        let copies = lines::copy_all::<L>(work, whole, value::id(&row.after), id).await?;
        let prefix = row.entity.prefix.unwrap_or_default();
        done.rows.push(Written { index: row.index, id: Some(id), prefix, status: "CREATED" });
        follow::<W>(work, vec![Row::made(row.entity, draft)]).await?;
        follow::<L>(work, copies).await?;
    }
    Ok(done)
}

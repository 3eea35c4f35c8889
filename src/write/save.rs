//! Rows on their way into the database: stamped, written in sets, each with its trace.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IdenStatic, IntoActiveModel, Iterable, ModelTrait, QueryFilter, Value,
};
use uuid::Uuid;

use super::{
    Batch, CHUNK, Done, Work, Written,
    insert::insert,
    rows::Row,
    trace::{Action, Trace},
    value::{self, column},
};
use crate::error::Error;

/// Writes the rows without errors, with their traces. Rows that would stay as they are write nothing.
pub async fn save<E>(
    work: &mut Work<'_>,
    rows: Vec<Row<E::Model>>,
    batch: &Batch,
    action: Action,
) -> Result<Done, Error>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Clone + Send + Sync + PartialEq,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let mut done = Done { count: batch.count, ..Done::default() };
    let rejected = work.rejects(batch);
    let mut writing = vec![];
    for mut row in rows {
        let prefix = row.entity.prefix.unwrap_or_default();
        let mut told =
            Written { index: row.index, id: row.before.as_ref().map(value::id), prefix, status: "UNCHANGED" };
        if work.has_failed(row.index) {
            told.status = "FAILED";
        } else if rejected {
            told.status = "NOT_WRITTEN";
        } else if row.before.as_ref() != Some(&row.after) || !row.beside.is_empty() || !row.links.is_empty() {
            told.id = Some(value::id(&row.after));
            told.status = if row.before.is_some() { "UPDATED" } else { "CREATED" };
            stamp::<E>(work, &mut row);
            work.traces.push(Trace::of::<E>(work.lens.model, &row, action));
            writing.push(row.after);
        }
        done.rows.push(told);
    }
    put::<E>(work, writing).await?;
    Ok(done)
}

/// Removes the rows without errors; what hangs on them is to be removed before. The trace keeps what they were.
pub async fn remove<E>(work: &mut Work<'_>, rows: Vec<Row<E::Model>>, batch: &Batch) -> Result<Done, Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let mut done = Done { count: batch.count, ..Done::default() };
    if work.rejects(batch) {
        return Ok(done);
    }
    done.rows.extend(rows.iter().map(|row| Written {
        index: row.index,
        id: Some(value::id(&row.after)),
        prefix: row.entity.prefix.unwrap_or_default(),
        status: "UPDATED",
    }));
    drop_rows::<E>(work, rows).await?;
    Ok(done)
}

/// Removes rows that go with others, with their traces.
pub async fn drop_rows<E>(work: &mut Work<'_>, rows: Vec<Row<E::Model>>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let ids: Vec<Uuid> = rows.iter().map(|row| value::id(&row.after)).collect();
    work.traces.extend(rows.iter().map(|row| Trace::of::<E>(work.lens.model, row, Action::Deleted)));
    for ids in ids.chunks(CHUNK) {
        let which = column::<E>("id").is_in(ids.iter().copied());
        E::delete_many().filter(which).exec(work.txn).await?;
    }
    Ok(())
}

/// Writes rows that follow from others, with their traces.
pub async fn follow<E>(work: &mut Work<'_>, rows: Vec<Row<E::Model>>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Clone + Send + Sync,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let mut models = vec![];
    for mut row in rows {
        stamp::<E>(work, &mut row);
        work.traces.push(Trace::of::<E>(work.lens.model, &row, Action::Written));
        models.push(row.after);
    }
    put::<E>(work, models).await
}

/// Version, who and when.
fn stamp<E>(work: &Work<'_>, row: &mut Row<E::Model>)
where
    E: EntityTrait,
{
    let who = work.lens.caller.person;
    let mut set = |name: &str, value: Value| row.after.set(column::<E>(name), value);
    let version = row.before.as_ref().map_or(1, |before| value::version(before) + 1);
    set("version", version.into());
    set("updated_at", work.now.into());
    set("updated_by_id", who.into());
    if row.before.is_none() {
        set("created_at", work.now.into());
        set("created_by_id", who.into());
    }
}

/// Inserts rows, or overwrites those that are there: they are locked, so nobody else can have changed them.
async fn put<E>(work: &Work<'_>, models: Vec<E::Model>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let fixed = ["id", "created_at", "created_by_id"];
    let columns: Vec<E::Column> = E::Column::iter().filter(|c| !fixed.contains(&c.as_str())).collect();
    insert::<E>(work.txn, models.into_iter().map(IntoActiveModel::into_active_model).collect(), &columns).await
}

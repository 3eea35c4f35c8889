//! Scope columns of what belongs to an item follow the item: when its portfolio or its confidentiality changes, so does
//! who sees its links, its audit entries and whatever else carries its scope. The list is the model itself, so that no
//! table is forgotten.

use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use super::{CHUNK, Work};
use crate::{
    error::Error,
    graph::decl::{Labor, OfItem, RowScope},
};

/// Locks all that belongs to the items whose scope has changed, before the first event is written: who writes one of
/// those rows at the same time has written its event by then, or will write it after ours.
pub async fn lock_dependents(work: &Work<'_>) -> Result<(), Error> {
    if work.lens.database.dialect == crate::graph::Dialect::Sqlite {
        return Ok(());
    }
    for entity in &work.lens.model.entities {
        let RowScope::OfItem(OfItem { item, .. }) = entity.rows else { continue };
        for ids in work.rescoped.chunks(CHUNK).filter(|_| entity.is_followed) {
            let marks = (1..=ids.len()).map(|n| placeholder(work, n)).collect::<Vec<_>>().join(", ");
            let text = format!("SELECT id FROM {} WHERE {item} IN ({marks}) ORDER BY id FOR UPDATE", entity.table);
            let of = ids.iter().map(|id| Value::from(*id));
            work.txn.query_all_raw(Statement::from_sql_and_values(work.txn.get_database_backend(), text, of)).await?;
        }
    }
    Ok(())
}

/// Moves the scope of all that belongs to the items whose scope has changed, and tells it: those rows may have left
/// somebody's sight although nothing in them changed.
pub async fn touch_dependents(work: &mut Work<'_>, transaction: Uuid) -> Result<(), Error> {
    let moved = std::mem::take(&mut work.rescoped);
    if moved.is_empty() {
        return Ok(());
    }
    let backend = work.txn.get_database_backend();
    for entity in &work.lens.model.entities {
        let RowScope::OfItem(columns) = entity.rows else { continue };
        let OfItem { item, portfolio, restricted, .. } = columns;
        if !entity.is_stored {
            continue;
        }
        let table = entity.table;
        for ids in moved.chunks(CHUNK) {
            let marks =
                |from: usize| (from..from + ids.len()).map(|n| placeholder(work, n)).collect::<Vec<_>>().join(", ");
            let of: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
            if entity.is_followed {
                let facts: Vec<Value> = vec![
                    transaction.into(),
                    work.now.into(),
                    work.request_id.to_owned().into(),
                    work.mutation.name.clone().into(),
                    work.lens.caller.person.into(),
                ];
                let (person, draft) = (columns.person.unwrap_or("NULL"), columns.draft.unwrap_or("FALSE"));
                let labor = if let Labor::In(labor) = columns.labor { labor } else { "FALSE" };
                let (resource, pool) = (columns.resource.unwrap_or("NULL"), columns.pool.unwrap_or("NULL"));
                let given: Vec<String> = (1..=facts.len()).map(|n| placeholder(work, n)).collect();
                let text = format!(
                    "INSERT INTO outbox_event (transaction_id, at, request_id, mutation, actor_id, target_type, target_id, version, was_there, was_item_id, was_portfolio_id, was_restricted, was_person_id, was_draft, was_labor, was_resource_id, was_pool_id)
                     SELECT {}, '{}', id, version, TRUE, {item}, {portfolio}, {restricted}, {person}, {draft}, {labor}, {resource}, {pool} FROM {table} WHERE {item} IN ({})",
                    cast(work, &given).join(", "),
                    entity.name,
                    marks(facts.len() + 1),
                );
                let values = facts.into_iter().chain(of.clone());
                work.txn.execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
            }
            // What stands between two items has the scope of both.
            for rows in std::iter::once(entity.rows).chain(entity.beside) {
                let Some([item, portfolio, restricted]) = rows.item() else { continue };
                let text = format!(
                    "UPDATE {table} SET {portfolio} = i.portfolio_id, {restricted} = i.is_restricted
                     FROM portfolio_item i WHERE i.id = {table}.{item} AND {table}.{item} IN ({})",
                    marks(1),
                );
                work.txn.execute_raw(Statement::from_sql_and_values(backend, text, of.clone())).await?;
            }
        }
    }
    Ok(())
}

fn placeholder(work: &Work<'_>, n: usize) -> String {
    match work.lens.database.dialect {
        crate::graph::Dialect::Postgres => format!("${n}"),
        crate::graph::Dialect::Sqlite => format!("?{n}"),
    }
}

/// In a select list PostgreSQL cannot see the type of a parameter.
fn cast(work: &Work<'_>, given: &[String]) -> Vec<String> {
    let types = ["uuid", "timestamptz", "text", "text", "uuid"];
    match work.lens.database.dialect {
        crate::graph::Dialect::Postgres => given.iter().zip(types).map(|(g, t)| format!("{g}::{t}")).collect(),
        crate::graph::Dialect::Sqlite => given.to_vec(),
    }
}

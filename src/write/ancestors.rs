//! Who stands above whom, kept beside the tree: a row for each item with each item above it, and one with itself.

use std::collections::BTreeSet;

use entity::item_ancestor::{self, Column as C};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement, Value};
use uuid::Uuid;

use super::CHUNK;
use crate::error::Error;

/// Walks up from items that satisfy the condition.
const WALK: &str = "INSERT INTO item_ancestor (id, ancestor_id, item_id, depth)
WITH RECURSIVE up (ancestor_id, item_id, depth, next_id) AS (
    SELECT id, id, 0, parent_id FROM portfolio_item {which}
    UNION ALL
    SELECT above.id, up.item_id, up.depth + 1, above.parent_id FROM up JOIN portfolio_item above ON above.id = up.next_id
)
SELECT {new_id}, ancestor_id, item_id, depth FROM up";

/// Notes where new items stand, and where moved ones with all below them stand now. The items are written already.
pub async fn keep(txn: &impl ConnectionTrait, new: &[Uuid], moved: &[Uuid]) -> Result<(), Error> {
    let mut placed: BTreeSet<Uuid> = new.iter().chain(moved).copied().collect();
    for moved in moved.chunks(CHUNK) {
        let below = item_ancestor::Entity::find()
            .select_only()
            .column(C::ItemId)
            .filter(C::AncestorId.is_in(moved.iter().copied()))
            .into_tuple()
            .all(txn)
            .await?;
        placed.extend::<Vec<Uuid>>(below);
    }
    let placed: Vec<Uuid> = placed.into_iter().collect();
    for ids in placed.chunks(CHUNK) {
        if !moved.is_empty() {
            item_ancestor::Entity::delete_many().filter(C::ItemId.is_in(ids.iter().copied())).exec(txn).await?;
        }
        walk(txn, ids).await?;
    }
    Ok(())
}

/// Notes where all items stand: for whoever fills an empty database.
pub async fn keep_all(txn: &impl ConnectionTrait) -> Result<(), Error> {
    item_ancestor::Entity::delete_many().exec(txn).await?;
    walk(txn, &[]).await
}

/// Inserts the rows of these items, or of all where none is named.
async fn walk(txn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<(), Error> {
    let backend = txn.get_database_backend();
    let is_postgres = backend == sea_orm::DbBackend::Postgres;
    let mark = |n: usize| if is_postgres { format!("${n}") } else { format!("?{n}") };
    let which = match ids.len() {
        0 => String::new(),
        count => format!("WHERE id IN ({})", (1..=count).map(mark).collect::<Vec<_>>().join(", ")),
    };
    let new_id = if is_postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let text = WALK.replace("{which}", &which).replace("{new_id}", new_id);
    let values = ids.iter().map(|id| Value::from(*id));
    txn.execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
    Ok(())
}

//! Who stands above whom, kept beside the tree: a row for each item with each item above it, and one with itself.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
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

/// Ends stays that are over, and begins those that are new.
const END: &str =
    "UPDATE item_ancestor_span SET until_at = {at} WHERE until_at IS NULL AND item_id {which} AND NOT EXISTS (
    SELECT 1 FROM item_ancestor a
    WHERE a.item_id = item_ancestor_span.item_id AND a.ancestor_id = item_ancestor_span.ancestor_id
) RETURNING ancestor_id";
const BEGIN: &str = "INSERT INTO item_ancestor_span (id, ancestor_id, item_id, since_at)
SELECT {new_id}, a.ancestor_id, a.item_id, {at} FROM item_ancestor a WHERE a.item_id {which} AND NOT EXISTS (
    SELECT 1 FROM item_ancestor_span s WHERE s.item_id = a.item_id AND s.ancestor_id = a.ancestor_id AND s.until_at IS NULL
) RETURNING ancestor_id";

/// Notes where new items stand, and where moved ones with all below them stand now. The items are written already.
/// Returns the items below which something came or went.
pub async fn keep(
    txn: &impl ConnectionTrait,
    new: &[Uuid],
    moved: &[Uuid],
    at: DateTime<Utc>,
) -> Result<BTreeSet<Uuid>, Error> {
    let mut above = BTreeSet::new();
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
        above.extend(stays(txn, ids, at).await?);
    }
    if !moved.is_empty() {
        // What holds for an item from above may be something else there.
        above.extend(placed);
    }
    Ok(above)
}

/// Keeps how long items stand where they stand.
async fn stays(txn: &impl ConnectionTrait, ids: &[Uuid], at: DateTime<Utc>) -> Result<Vec<Uuid>, Error> {
    let which = if ids.is_empty() {
        "IS NOT NULL".to_owned()
    } else {
        format!("IN ({})", (2..ids.len() + 2).map(|n| mark(txn, n)).collect::<Vec<_>>().join(", "))
    };
    let mut above = vec![];
    for text in [END, BEGIN] {
        let now = if is_postgres(txn) { "CAST($1 AS timestamptz)" } else { "?1" };
        let text = text.replace("{which}", &which).replace("{at}", now).replace("{new_id}", new_id(txn));
        let values = std::iter::once(Value::from(at)).chain(ids.iter().map(|id| Value::from(*id)));
        let rows = txn.query_all_raw(Statement::from_sql_and_values(txn.get_database_backend(), text, values)).await?;
        for row in rows {
            above.push(row.try_get("", "ancestor_id")?);
        }
    }
    Ok(above)
}

fn is_postgres(txn: &impl ConnectionTrait) -> bool {
    txn.get_database_backend() == sea_orm::DbBackend::Postgres
}

/// A parameter's mark.
fn mark(txn: &impl ConnectionTrait, n: usize) -> String {
    if is_postgres(txn) { format!("${n}") } else { format!("?{n}") }
}

/// Another id for each row.
fn new_id(txn: &impl ConnectionTrait) -> &'static str {
    if is_postgres(txn) { "gen_random_uuid()" } else { "randomblob(16)" }
}

/// Notes where all items stand: for whoever fills an empty database.
pub async fn keep_all(txn: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<(), Error> {
    item_ancestor::Entity::delete_many().exec(txn).await?;
    walk(txn, &[]).await?;
    stays(txn, &[], at).await?;
    Ok(())
}

/// Inserts the rows of these items, or of all where none is named.
async fn walk(txn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<(), Error> {
    let which = match ids.len() {
        0 => String::new(),
        count => format!("WHERE id IN ({})", (1..=count).map(|n| mark(txn, n)).collect::<Vec<_>>().join(", ")),
    };
    let text = WALK.replace("{which}", &which).replace("{new_id}", new_id(txn));
    let values = ids.iter().map(|id| Value::from(*id));
    txn.execute_raw(Statement::from_sql_and_values(txn.get_database_backend(), text, values)).await?;
    Ok(())
}

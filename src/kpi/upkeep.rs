//! What a process does when it starts: brings the catalogue and the ledger in step with the program that it runs. Done once,
//! by whichever process comes first; the others find it done.

use chrono::{DateTime, Utc};
use entity::{kpi_tick, measure_delta};
use sea_orm::{DatabaseConnection, EntityTrait, QuerySelect};
use uuid::Uuid;

use super::{
    kpi_definition::{keep_catalogue, stale},
    ledger::{self, Cause, Touched},
};
use crate::{
    error::Error,
    graph::{begin, decl::Model},
};

/// Writes the catalogue where it is another one, and makes measures anew where they are made otherwise.
pub async fn keep(db: &DatabaseConnection, model: &'static Model, now: DateTime<Utc>) -> Result<(), Error> {
    let digest = ledger::digest(model);
    let is_made = |tick: Option<kpi_tick::Model>| tick.is_some_and(|tick| tick.measures.as_ref() == Some(&digest));
    if is_made(kpi_tick::Entity::find().one(db).await?) && stale(db).await?.is_empty() {
        return Ok(());
    }
    let txn = begin(db).await?;
    // Whoever derives, or is at the same, is done first.
    let tick = kpi_tick::Entity::find().lock_exclusive().one(&txn).await?;
    let cause = Cause { at: now, request_id: "", mutation: "upkeep", actor: None };
    let keys = keep_catalogue(&txn, now).await?;
    let items = measure_delta::Entity::find().select_only().column(measure_delta::Column::ItemId).distinct();
    let items: Vec<Uuid> = items.into_tuple().all(&txn).await?;
    let key = |item: Uuid| keys.iter().map(move |key| (item, Some((*key).to_owned())));
    let touched: Touched = items.into_iter().flat_map(key).collect();
    ledger::touch(&txn, &touched, &cause).await?;
    if !is_made(tick) {
        tracing::info!("measures are made as this program makes them");
        ledger::keep_all(&txn, model, &cause).await?;
    }
    Ok(txn.commit().await?)
}

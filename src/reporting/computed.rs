//! The ratings that an item's figures give, beside the declared ones.

use entity::{forecast, portfolio_item, rag_assessment::Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::rules::{self, Computed};
use crate::{
    error::Error,
    write::{Row, Work},
};

/// Puts the computed ratings beside the declared ones.
pub async fn settle(work: &Work<'_>, item: Uuid, ratings: &mut [Row<Model>]) -> Result<(), Error> {
    let Some(item) = portfolio_item::Entity::find_by_id(item).one(work.txn).await? else { return Ok(()) };
    let current = forecast::Entity::find()
        .filter(forecast::Column::ItemId.eq(item.id))
        .filter(forecast::Column::State.eq("PUBLISHED"))
        .one(work.txn)
        .await?;
    let planned = item.planned_start_on.zip(item.planned_finish_on);
    let schedule = rules::schedule(planned, item.actual_finish_on.or(item.forecast_finish_on));
    let cost = rules::cost(item.budget_amount, current.and_then(|forecast| forecast.amount));
    let overall = rules::overall(&[("SCHEDULE", &schedule), ("COST", &cost)]);
    for row in ratings {
        let computed: Option<&Computed> = match row.after.dimension.as_str() {
            "SCHEDULE" => Some(&schedule),
            "COST" => Some(&cost),
            "OVERALL" => Some(&overall),
            _ => None,
        };
        let (rag, reason) = match computed {
            Some(Ok((rag, reason))) => (Some(rag.as_str().to_owned()), Some(reason.clone())),
            Some(Err(reason)) => (None, Some((*reason).to_owned())),
            None => (None, None),
        };
        (row.after.computed, row.after.computed_reason) = (rag, reason);
    }
    Ok(())
}

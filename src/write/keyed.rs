//! Rows that have a key, and nothing else by which one stands in another's way: written and archived by whoever may take one
//! step.

use async_graphql_value::ConstValue;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::{
    Action, Done, Row, Work,
    rows::{archived, demand_new, keys_are_free, open, save},
};
use crate::{auth::Step, error::Error};

/// Writes them, each as `check` lets it.
pub async fn write_keyed<E>(
    work: &mut Work<'_>,
    input: &ConstValue,
    step: Step,
    blank: fn(&Work<'_>) -> E::Model,
    check: fn(&mut Work<'_>, &Row<E::Model>),
) -> Result<Done, Error>
where
    E: EntityTrait,
    E::Model: Clone + PartialEq + Send + Sync + IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: Send,
{
    let batch = work.read(input);
    let entity = work.lens.model.entity(work.mutation.entity);
    let (scopes, needs) = (work.lens.caller.takes(step), step.as_str());
    if let Some(action) = work.mutation.verb.archives() {
        let rows = archived::<E>(work, entity, &batch, scopes, needs).await?;
        return save::<E>(work, rows, &batch, action).await;
    }
    let rows = open::<E>(work, entity, &batch.items, blank).await?;
    demand_new(work, &rows, scopes, needs);
    keys_are_free::<E>(work, &rows, None).await?;
    for row in &rows {
        check(work, row);
    }
    save::<E>(work, rows, &batch, Action::Written).await
}

//! What the parts of a benefit have in common: they are written while it is a draft, by who writes it, and with its row
//! locked, so that sums over them hold.

use std::collections::HashMap;

use async_graphql_value::ConstValue;
use entity::benefit;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::write::SHARED;
use crate::{
    auth::Class,
    error::Error,
    write::{
        Batch, Row, UserCode, UserError, Verb, Work, of_item,
        rows::{self, open},
        value,
    },
};

/// Rows that are being written, with the benefits that they are parts of.
pub struct Parts<M> {
    /// The input.
    pub batch: Batch,
    /// The rows.
    pub rows: Vec<Row<M>>,
    /// The benefits, locked.
    pub benefits: HashMap<Uuid, benefit::Model>,
}

impl<M> Parts<M> {
    /// Reads, finds and locks them; what a draft alone allows is refused elsewhere.
    pub async fn open<E>(
        work: &mut Work<'_>,
        input: &ConstValue,
        more: &[&str],
        blank: impl Fn(&Work<'_>) -> M,
    ) -> Result<Self, Error>
    where
        E: EntityTrait<Model = M>,
        M: sea_orm::ModelTrait<Entity = E> + Clone + Send + Sync,
    {
        let (scopes, needs) = (work.lens.caller.rights.scopes(Class::Ben.write()), Class::Ben.write().to_string());
        let batch = work.read(input);
        let entity = work.lens.model.entity(work.mutation.entity);
        let mut rows = open::<E>(work, entity, &batch.items, blank).await?;
        let part_of = ("benefit", "benefit_id");
        let benefits = of_item::wholes::<benefit::Entity, _>(work, &rows, "Benefit", part_of, scopes, &needs).await?;
        if work.mutation.verb == Verb::Delete {
            rows::demand(work, &rows, scopes, &needs).await?;
        }
        let archived = of_item::archived(work, benefits.values().map(|benefit| benefit.item_id)).await?;
        for row in &mut rows {
            let of = value::optional_id(&row.after, "benefit_id").and_then(|id| benefits.get(&id));
            let Some(of) = of else { continue };
            if row.before.is_none() {
                of_item::take(row, of, &SHARED);
                of_item::take(row, of, more);
            }
            if work.is_refused(row.index) {
                continue;
            }
            let path = if row.before.is_none() { row.place("benefit") } else { row.named_at.clone() };
            if !of.is_draft {
                let line = format!("The benefit is {}: its plan stands.", of.state);
                let error = UserError::new(UserCode::Immutable, path, line);
                work.fail(row, error.with("state", &of.state));
            } else if of.archived_at.is_some() || archived.contains(&of.item_id) {
                let line = "The benefit or its item is archived; take it out of the archive first.";
                work.fail(row, UserError::new(UserCode::Immutable, path, line));
            }
        }
        Ok(Self { batch, rows, benefits })
    }

    /// The positions of the rows without errors, of one benefit.
    pub fn good_of(&self, work: &Work<'_>, benefit: Uuid) -> Vec<usize>
    where
        M: sea_orm::ModelTrait,
    {
        let is_of = |row: &Row<M>| value::optional_id(&row.after, "benefit_id") == Some(benefit);
        let good = |at: &usize| is_of(&self.rows[*at]) && !work.has_failed(self.rows[*at].index);
        (0..self.rows.len()).filter(good).collect()
    }
}

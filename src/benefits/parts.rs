//! What the parts of a benefit have in common: they are written by who may, while the benefit's state allows it, and with
//! its row locked, so that what holds over all of them goes on holding. Whoever locks more locks the benefit first.

use std::collections::HashMap;

use async_graphql_value::ConstValue;
use entity::{benefit, benefit_measure};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::write::SHARED;
use crate::{
    auth::Class,
    error::Error,
    write::{
        Batch, Path, Row, UserCode, UserError, Verb, Work, of_item,
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
    /// The measures, locked, where the rows are parts of those.
    pub measures: HashMap<Uuid, benefit_measure::Model>,
    /// The field that says what a new row is part of.
    link: &'static str,
}

impl<M> Parts<M>
where
    M: ModelTrait + Clone + Send + Sync,
{
    /// Reads, finds and locks parts of benefits; what their states allow is looked at elsewhere.
    pub async fn open<E>(
        work: &mut Work<'_>,
        input: &ConstValue,
        class: Class,
        more: &[&str],
        blank: impl Fn(&Work<'_>) -> M,
    ) -> Result<Self, Error>
    where
        E: EntityTrait<Model = M>,
        M: ModelTrait<Entity = E>,
    {
        let (scopes, needs) = (work.lens.caller.rights.scopes(class.write()), class.write().to_string());
        let batch = work.read(input);
        let entity = work.lens.model.entity(work.mutation.entity);
        let mut rows = open::<E>(work, entity, &batch.items, blank).await?;
        let part_of = ("benefit", "benefit_id");
        let benefits = of_item::wholes::<benefit::Entity, _>(work, &rows, "Benefit", part_of, scopes, &needs).await?;
        if work.mutation.verb == Verb::Delete {
            rows::demand(work, &rows, scopes, &needs).await?;
        }
        for row in rows.iter_mut().filter(|row| row.before.is_none()) {
            let of = value::optional_id(&row.after, "benefit_id").and_then(|id| benefits.get(&id));
            if let Some(of) = of {
                of_item::take(row, of, &SHARED);
                of_item::take(row, of, more);
            }
        }
        let parts = Self { batch, rows, benefits, measures: HashMap::new(), link: "benefit" };
        parts.items_are_open(work).await?;
        Ok(parts)
    }

    /// The same for parts of measures.
    pub async fn of_measures<E>(
        work: &mut Work<'_>,
        input: &ConstValue,
        class: Class,
        more: &[&str],
        blank: impl Fn(&Work<'_>) -> M,
    ) -> Result<Self, Error>
    where
        E: EntityTrait<Model = M>,
        M: ModelTrait<Entity = E>,
    {
        use benefit_measure::Column as C;
        let (scopes, needs) = (work.lens.caller.rights.scopes(class.write()), class.write().to_string());
        let batch = work.read(input);
        let entity = work.lens.model.entity(work.mutation.entity);
        let mut rows = open::<E>(work, entity, &batch.items, blank).await?;
        let ids = rows.iter().filter_map(|row| value::optional_id(&row.after, "measure_id"));
        let of = benefit_measure::Entity::find().select_only().column(C::BenefitId).filter(C::Id.is_in(ids));
        let of: Vec<Uuid> = of.into_tuple().all(work.txn).await?;
        let benefits = rows::lock::<benefit::Entity>(work, &of).await?;
        let part_of = ("measure", "measure_id");
        let measures = "BenefitMeasure";
        let measures =
            of_item::wholes::<benefit_measure::Entity, _>(work, &rows, measures, part_of, scopes, &needs).await?;
        if work.mutation.verb == Verb::Delete {
            rows::demand(work, &rows, scopes, &needs).await?;
        }
        for row in rows.iter_mut().filter(|row| row.before.is_none()) {
            let measure = value::optional_id(&row.after, "measure_id").and_then(|id| measures.get(&id));
            let of = measure.and_then(|measure| benefits.get(&measure.benefit_id));
            if let (Some(measure), Some(of)) = (measure, of) {
                of_item::take(row, measure, &["benefit_id"]);
                of_item::take(row, of, &SHARED);
                of_item::take(row, of, more);
            }
        }
        let parts = Self { batch, rows, benefits, measures, link: "measure" };
        parts.items_are_open(work).await?;
        Ok(parts)
    }

    /// The benefit of a row.
    pub fn of(&self, row: &Row<M>) -> Option<&benefit::Model> {
        value::optional_id(&row.after, "benefit_id").and_then(|id| self.benefits.get(&id))
    }

    /// The measure of a row.
    pub fn measure(&self, row: &Row<M>) -> Option<&benefit_measure::Model> {
        value::optional_id(&row.after, "measure_id").and_then(|id| self.measures.get(&id))
    }

    fn place(&self, row: &Row<M>) -> Path {
        if row.before.is_none() { row.place(self.link) } else { row.named_at.clone() }
    }

    /// What belongs to an archived benefit or item stands.
    async fn items_are_open(&self, work: &mut Work<'_>) -> Result<(), Error> {
        let archived = of_item::archived(work, self.benefits.values().map(|benefit| benefit.item_id)).await?;
        for row in &self.rows {
            let Some(of) = self.of(row).filter(|_| !work.is_refused(row.index)) else { continue };
            if of.archived_at.is_some() || archived.contains(&of.item_id) {
                let line = "The benefit or its item is archived; take it out of the archive first.";
                work.fail(row, UserError::new(UserCode::Immutable, self.place(row), line));
            }
        }
        Ok(())
    }

    /// Refuses rows whose benefit's state does not allow it: `why` says so, with the code.
    pub fn refuse(
        &self,
        work: &mut Work<'_>,
        why: impl Fn(&Row<M>, &benefit::Model) -> Option<(UserCode, &'static str)>,
    ) {
        for row in &self.rows {
            let Some(of) = self.of(row).filter(|_| !work.is_refused(row.index)) else { continue };
            if let Some((code, what)) = why(row, of) {
                let line = format!("The benefit is {}: {what}", of.state);
                work.fail(row, UserError::new(code, self.place(row), line).with("state", &of.state));
            }
        }
    }

    /// Refuses rows whose benefit is no draft any more.
    pub fn of_drafts(&self, work: &mut Work<'_>) {
        self.refuse(work, |_, of| (!of.is_draft).then_some((UserCode::Immutable, "its plan stands.")));
    }

    /// The positions of the rows without errors, of one benefit.
    pub fn good_of(&self, work: &Work<'_>, benefit: Uuid) -> Vec<usize> {
        let is_of = |row: &Row<M>| value::optional_id(&row.after, "benefit_id") == Some(benefit);
        let good = |at: &usize| is_of(&self.rows[*at]) && !work.has_failed(self.rows[*at].index);
        (0..self.rows.len()).filter(good).collect()
    }
}

//! When measures are due next: kept by whoever writes a measure, what was measured, or where the benefit stands.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{
    benefit,
    benefit_actual::{self, Column as A},
    benefit_measure::{self, Column as C, Model},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    calendar::{Calendar, months},
    rules::BenefitState,
};
use crate::{
    error::Error,
    write::{Row, Work, rows},
};

/// States of actuals that answer a due date and claim a share.
pub const LIVE: [&str; 2] = ["RECORDED", "VALIDATED"];

/// A measure's due dates.
pub fn calendar(measure: &Model) -> Calendar {
    Calendar { months: months(&measure.frequency), first: measure.first_due_on, last: measure.last_due_on }
}

/// Whether something of the benefit is to be measured: it was promised, and is neither settled nor given up.
pub fn is_measured(benefit: &benefit::Model) -> bool {
    !benefit.is_draft && BenefitState::parse(&benefit.state).is_some_and(|state| !state.is_final())
}

/// The due dates that are answered, by measure.
pub async fn answered(work: &Work<'_>, measures: &[Uuid]) -> Result<HashMap<Uuid, BTreeSet<NaiveDate>>, Error> {
    let found: Vec<(Uuid, NaiveDate)> = benefit_actual::Entity::find()
        .select_only()
        .columns([A::MeasureId, A::DueOn])
        .filter(A::MeasureId.is_in(measures.iter().copied()))
        .filter(A::State.is_in(LIVE))
        .filter(A::DueOn.is_not_null())
        .into_tuple()
        .all(work.txn)
        .await?;
    let mut answered: HashMap<Uuid, BTreeSet<NaiveDate>> = HashMap::new();
    for (measure, day) in found {
        answered.entry(measure).or_default().insert(day);
    }
    Ok(answered)
}

/// When a measure of the benefit is due next.
pub fn next(measure: &Model, benefit: &benefit::Model, answered: Option<&BTreeSet<NaiveDate>>) -> Option<NaiveDate> {
    let nothing = BTreeSet::new();
    is_measured(benefit).then(|| calendar(measure).next(answered.unwrap_or(&nothing))).flatten()
}

/// Brings measures up to what was measured of them. They are locked, as their benefits are.
pub async fn keep(
    work: &mut Work<'_>,
    benefits: &HashMap<Uuid, benefit::Model>,
    measures: impl Iterator<Item = Model>,
) -> Result<(), Error> {
    let mut measures: Vec<Model> = measures.collect();
    measures.sort_by_key(|measure| measure.id);
    let answered = answered(work, &measures.iter().map(|measure| measure.id).collect::<Vec<_>>()).await?;
    let entity = work.lens.model.entity("BenefitMeasure");
    let changed = measures.into_iter().filter_map(|before| {
        let of = benefits.get(&before.benefit_id)?;
        let after = Model {
            is_draft: of.is_draft,
            owner_id: of.owner_id,
            next_due_on: next(&before, of, answered.get(&before.id)),
            ..before.clone()
        };
        (after != before).then(|| Row::derived(entity, before, after))
    });
    let changed = changed.collect();
    rows::follow::<benefit_measure::Entity>(work, changed).await
}

/// Brings the measures of benefits up to where these stand now.
pub async fn follow(work: &mut Work<'_>, benefits: &HashMap<Uuid, benefit::Model>) -> Result<(), Error> {
    if benefits.is_empty() {
        return Ok(());
    }
    let of = benefit_measure::Entity::find().filter(C::BenefitId.is_in(benefits.keys().copied()));
    let measures = of.order_by_asc(C::Id).lock_exclusive().all(work.txn).await?;
    keep(work, benefits, measures.into_iter()).await
}

//! Whether benefits of an item are still followed: it says so until the last one that was promised is settled, also once
//! it has closed.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{
    benefit::{self, Column as C},
    portfolio_item,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{due, rules::BenefitState};
use crate::{
    error::Error,
    write::{Row, Work, rows::follow},
};

/// Whether its item follows it.
pub fn is_tracked(benefit: &benefit::Model) -> bool {
    due::is_measured(benefit) && benefit.archived_at.is_none()
}

/// Brings items up to the benefits that they have now. They are locked.
pub(super) async fn keep(work: &mut Work<'_>, items: HashMap<Uuid, portfolio_item::Model>) -> Result<(), Error> {
    let open = BenefitState::ALL.into_iter().filter(|state| !state.is_draft() && !state.is_final());
    let tracked: HashSet<Uuid> = benefit::Entity::find()
        .select_only()
        .column(C::ItemId)
        .distinct()
        .filter(C::ItemId.is_in(items.keys().copied()))
        .filter(C::State.is_in(open.map(BenefitState::as_str)))
        .filter(C::ArchivedAt.is_null())
        .into_tuple()
        .all(work.txn)
        .await?
        .into_iter()
        .collect();
    let ids: BTreeSet<Uuid> = items.keys().copied().collect();
    let mut changed = vec![];
    for before in ids.iter().filter_map(|id| items.get(id)) {
        let is_tracking_benefits = tracked.contains(&before.id);
        if is_tracking_benefits != before.is_tracking_benefits {
            let after = portfolio_item::Model { is_tracking_benefits, ..before.clone() };
            changed.push(Row::derived(work.lens.model.of_kind("PortfolioItem", &before.kind), before.clone(), after));
        }
    }
    follow::<portfolio_item::Entity>(work, changed).await
}

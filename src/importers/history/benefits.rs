//! Benefits: one of an item, a source and a day. A profile lives on, so what a corrected file says changes it; that of the
//! latest day stands open, those of days before are archived.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use entity::benefit;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{BenefitRow, Outcome, Scope, Standing, of};
use crate::benefits;
use crate::error::Error;
use crate::importers::ledger::linked;
use crate::importers::mapping::Mapping;
use crate::importers::sheet::BenefitCell;
use crate::importers::slots::{Slots, Writing};
use crate::write::Work;

/// The benefits of a source's items that came with it.
pub(super) struct Benefits {
    rows: Slots<BenefitRow>,
    of_item: HashMap<Uuid, Vec<usize>>,
    keys: HashSet<String>,
    /// Items that follow benefits of their own beside those of the source.
    tracking: HashSet<Uuid>,
    currency: String,
}

impl Benefits {
    pub(super) async fn load(work: &Work<'_>, mapping: &Mapping) -> Result<Self, Error> {
        let stored = benefit::Entity::find()
            .filter(benefit::Column::ItemId.in_subquery(linked(&mapping.system)))
            .filter(benefit::Column::Source.eq(&mapping.system))
            .order_by_asc(benefit::Column::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        let keys: Vec<String> = benefit::Entity::find()
            .select_only()
            .column(benefit::Column::Key)
            .filter(benefit::Column::Key.starts_with(format!("{}-", mapping.key_prefix)))
            .into_tuple()
            .all(work.txn)
            .await?;
        let others = benefit::Entity::find()
            .filter(benefit::Column::ItemId.in_subquery(linked(&mapping.system)))
            .filter(
                Condition::any()
                    .add(benefit::Column::Source.is_null())
                    .add(benefit::Column::Source.ne(&mapping.system)),
            )
            .all(work.txn)
            .await?;
        let tracking = others.iter().filter(|other| benefits::is_tracked(other)).map(|other| other.item_id).collect();
        let mut of_item: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (at, benefit) in stored.iter().enumerate() {
            of_item.entry(benefit.item_id).or_default().push(at);
        }
        let (rows, keys) = (Slots::stored(stored), keys.into_iter().collect());
        Ok(Self { rows, of_item, keys, tracking, currency: mapping.currency.clone() })
    }

    /// Takes what a row says of its day.
    pub(super) fn apply(
        &mut self,
        work: &Work<'_>,
        system: &str,
        standing: &Standing,
        given: Option<&BenefitCell>,
        day: NaiveDate,
        out: &mut Outcome,
    ) {
        let all = self.of_item.get(&standing.item_id).into_iter().flatten();
        let known = all.copied().find(|at| self.rows[*at].as_of_on == Some(day));
        let (amount, note) = (given.and_then(|b| b.amount), given.and_then(|b| b.note.clone()));
        if let Some(at) = known {
            let before = self.rows[at].clone();
            let benefit = &mut self.rows[at];
            (benefit.amount, benefit.amount_note) = (amount, note);
            benefit.reported_portfolio_id = standing.reported_portfolio_id;
            if *benefit != before {
                out.changes.push(format!("benefit {} changed", of(day)));
            }
            return;
        }
        let Some(given) = given else { return };
        out.changes.push(format!("benefit {} added", of(day)));
        let mut key = format!("{}-BEN-{day}", standing.item_key);
        while !self.keys.insert(key.clone()) {
            key.push('b');
        }
        let title = given.title.clone().unwrap_or_else(|| "Benefits".to_owned());
        let at = self.rows.add(BenefitRow {
            item_id: standing.item_id,
            is_draft: false,
            key,
            title_fold: title.to_lowercase(),
            title,
            kind: "FINANCIAL_NON_CASHABLE".to_owned(),
            polarity: "BENEFIT".to_owned(),
            state: "APPROVED".to_owned(),
            currency: self.currency.clone(),
            amount,
            amount_note: note,
            as_of_on: Some(day),
            reported_portfolio_id: standing.reported_portfolio_id,
            source: Some(system.to_owned()),
            ..benefits::blank(work)
        });
        self.of_item.entry(standing.item_id).or_default().push(at);
    }

    /// Archives what a later day has replaced; whether the item follows any benefit.
    pub(super) fn settle(&mut self, work: &Work<'_>, item: Uuid) -> bool {
        let all = self.of_item.get(&item).map(Vec::as_slice).unwrap_or_default();
        let latest = all.iter().filter_map(|at| self.rows[*at].as_of_on).max();
        for at in all {
            let benefit = &mut self.rows[*at];
            if benefit.as_of_on < latest && benefit.archived_at.is_none() {
                benefit.archived_at = Some(work.now);
            }
        }
        self.tracking.contains(&item) || all.iter().any(|at| benefits::is_tracked(&self.rows[*at]))
    }

    pub(super) fn changes(&self) -> usize {
        self.rows.changes()
    }

    pub(super) async fn write(
        &mut self,
        work: &mut Work<'_>,
        scope: Scope<'_>,
        told: &mut Writing<'_>,
    ) -> Result<(), Error> {
        for row in self.rows.new_rows() {
            (row.portfolio_id, row.is_restricted) = scope(&row.item_id);
        }
        let entity = work.lens.model.entity("Benefit");
        self.rows.write::<benefit::Entity>(work, entity, |_| true, told).await
    }
}

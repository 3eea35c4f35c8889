//! What thresholds, targets and postings have alike: one of an item, a KPI and a day; and which figures a change concerns.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use entity::{item_ancestor, kpi_definition};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    error::Error,
    write::{
        Row, UserCode, UserError, Work,
        value::{self, column},
    },
};

/// Ids of one statement; databases bound the number of parameters.
const CHUNK: usize = 400;

/// Item, KPI and day.
pub type Slot = (Uuid, Uuid, NaiveDate);

/// The place of a row.
pub fn slot<M: ModelTrait>(row: &M, day: &str) -> Slot {
    let id = |name| value::optional_id(row, name).unwrap_or_default();
    let on = match row.get(column::<M::Entity>(day)) {
        sea_orm::Value::ChronoDate(Some(on)) => on,
        _ => NaiveDate::MIN,
    };
    (id("item_id"), id("kpi_id"), on)
}

/// Refuses rows whose item has another one of the KPI and the day. The items are locked: whoever adds to one waits.
pub async fn each_day_once<E>(work: &mut Work<'_>, rows: &[Row<E::Model>], day: &str, field: &str) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let items: BTreeSet<Uuid> = rows.iter().map(|row| slot(&row.after, day).0).collect();
    let items: Vec<Uuid> = items.into_iter().collect();
    let days: BTreeSet<NaiveDate> = rows.iter().map(|row| slot(&row.after, day).2).collect();
    let mut stored: HashMap<Uuid, Slot> = HashMap::new();
    for some in items.chunks(CHUNK) {
        let found = E::find().filter(column::<E>("item_id").is_in(some.iter().copied()));
        let found = found.filter(column::<E>(day).is_in(days.iter().copied())).all(work.txn).await?;
        let found = found.into_iter().filter(|row| !value::is_archived(row));
        stored.extend(found.map(|row| (value::id(&row), slot(&row, day))));
    }
    // A row that is refused stays where it was and stands in another's way: so until all of the others stand.
    loop {
        let good: Vec<&Row<E::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let written: HashSet<Uuid> = good.iter().map(|row| value::id(&row.after)).collect();
        let kept = stored.iter().filter(|(id, _)| !written.contains(*id));
        let mut taken: HashSet<Slot> = kept.map(|(_, slot)| *slot).collect();
        let twice: Vec<&Row<E::Model>> = good.into_iter().filter(|row| !taken.insert(slot(&row.after, day))).collect();
        if twice.is_empty() {
            return Ok(());
        }
        for row in twice {
            let line = format!("The item has a {} of this KPI and day already.", row.entity.name);
            work.fail(row, UserError::new(UserCode::Duplicate, row.place(field), line));
        }
    }
}

/// The KPIs that rows name.
pub async fn kpis<M: ModelTrait>(
    work: &Work<'_>,
    rows: &[Row<M>],
) -> Result<HashMap<Uuid, kpi_definition::Model>, Error> {
    let ids: BTreeSet<Uuid> = rows.iter().filter_map(|row| value::optional_id(&row.after, "kpi_id")).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut found = HashMap::new();
    for ids in ids.chunks(CHUNK) {
        let which = kpi_definition::Column::Id.is_in(ids.iter().copied());
        let some = kpi_definition::Entity::find().filter(which).all(work.txn).await?;
        found.extend(some.into_iter().map(|kpi| (kpi.id, kpi)));
    }
    Ok(found)
}

/// Notes that the figures of rows' KPIs may be others: those of the items, and of all below where rows hold there too.
pub async fn refigure<M: ModelTrait>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    kpis: &HashMap<Uuid, kpi_definition::Model>,
    is_below: impl Fn(&M) -> bool,
) -> Result<(), Error> {
    let mut wanted: BTreeSet<(Uuid, String)> = BTreeSet::new();
    let mut above: BTreeSet<Uuid> = BTreeSet::new();
    for row in rows.iter().filter(|row| !work.has_failed(row.index)) {
        let id = |name| value::optional_id(&row.after, name).unwrap_or_default();
        let Some(kpi) = kpis.get(&id("kpi_id")) else { continue };
        wanted.insert((id("item_id"), kpi.key.clone()));
        if is_below(&row.after) || row.before.as_ref().is_some_and(&is_below) {
            above.insert(id("item_id"));
        }
    }
    let above: Vec<Uuid> = above.into_iter().collect();
    for some in above.chunks(CHUNK) {
        use item_ancestor::Column as C;
        let below = item_ancestor::Entity::find().select_only().columns([C::AncestorId, C::ItemId]);
        let below = below.filter(C::AncestorId.is_in(some.iter().copied())).into_tuple::<(Uuid, Uuid)>();
        for (item, below) in below.all(work.txn).await? {
            let keys = wanted.iter().filter(|(of, _)| *of == item).map(|(_, key)| key.clone());
            work.refigured.extend(keys.map(|key| (below, Some(key))).collect::<Vec<_>>());
        }
    }
    work.refigured.extend(wanted.into_iter().map(|(item, key)| (item, Some(key))));
    Ok(())
}

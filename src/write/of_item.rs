//! New rows that belong to an item, or to something that does: who may make them there, and the scope that they take.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::portfolio_item;
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    CHUNK, Path, UserCode, UserError, Work,
    input::Assigned,
    perform::LostRace,
    rows::{self, Row},
    value::{self, column},
};
use crate::{
    auth::Scopes,
    error::Error,
    graph::decl::{Entity, Field, Kind},
};

/// Columns with an item's scope, in what belongs to it.
const SCOPE: [&str; 3] = ["item_id", "portfolio_id", "is_restricted"];

/// The items of new rows, locked, so that they neither move nor get another such row meanwhile. Who may not write such
/// rows there is refused.
pub async fn items<M: ModelTrait>(
    work: &mut Work<'_>,
    new: &[Row<M>],
    scopes: Scopes,
    needs: &str,
) -> Result<HashMap<Uuid, portfolio_item::Model>, Error> {
    let ids = parents(new.iter(), "item_id");
    locked_items(work, new, ids, scopes, needs).await
}

/// The same for the new ones of these rows: the items of the others are left alone.
pub async fn items_of_new<M: ModelTrait>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    scopes: Scopes,
    needs: &str,
) -> Result<HashMap<Uuid, portfolio_item::Model>, Error> {
    let ids = parents(rows.iter().filter(|row| row.before.is_none()), "item_id");
    locked_items(work, rows, ids, scopes, needs).await
}

async fn locked_items<M: ModelTrait>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    ids: Vec<Uuid>,
    scopes: Scopes,
    needs: &str,
) -> Result<HashMap<Uuid, portfolio_item::Model>, Error> {
    let link = rows.first().map_or("item", |row| item_link(row.entity));
    demand_on(work, rows, "PortfolioItem", link, "item_id", scopes, needs).await?;
    let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
    all_are_there(&ids, &items)?;
    Ok(items)
}

/// What new rows are parts of, locked. Who may not write it is refused. `link` is the field that leads there.
pub async fn wholes<W, M>(
    work: &mut Work<'_>,
    new: &[Row<M>],
    whole: &'static str,
    (link, by): (&str, &str),
    scopes: Scopes,
    needs: &str,
) -> Result<HashMap<Uuid, W::Model>, Error>
where
    W: EntityTrait,
    W::Model: Clone + Send + Sync,
    M: ModelTrait,
{
    let ids = parents(new.iter(), by);
    demand_on(work, new, whole, link, by, scopes, needs).await?;
    let wholes = rows::lock::<W>(work, &ids).await?;
    all_are_there(&ids, &wholes)?;
    Ok(wholes)
}

/// What was there when the link was looked up and is gone now was removed meanwhile: all of it is done again.
fn all_are_there<M>(ids: &[Uuid], found: &HashMap<Uuid, M>) -> Result<(), Error> {
    if ids.iter().all(|id| found.contains_key(id)) { Ok(()) } else { Err(Error::internal(LostRace)) }
}

/// Refuses what belongs to an archived item: nothing of it changes until the item is taken out of the archive. A new row
/// that names its item itself is refused by that link.
pub async fn items_are_open<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>]) -> Result<(), Error> {
    let of = |row: &Row<M>| value::optional_id(&row.after, "item_id").filter(|_| !row.gives(item_link(row.entity)));
    let archived = archived(work, rows.iter().filter_map(of)).await?;
    for row in rows {
        if of(row).is_some_and(|id| archived.contains(&id)) && !work.is_refused(row.index) {
            let path = if row.before.is_none() { row.path.clone() } else { row.named_at.clone() };
            let line = "The item is archived; take it out of the archive first.";
            work.fail(row, UserError::new(UserCode::Immutable, path, line));
        }
    }
    Ok(())
}

/// The field that leads from a row to its item: `item`, or `project` where none else is meant.
fn item_link(entity: &Entity) -> &'static str {
    let leads = |field: &&Field| matches!(field.kind, Kind::One { column: "item_id", .. });
    entity.fields.iter().find(leads).map_or("item", |field| field.name)
}

/// Which of the items are archived.
pub async fn archived(work: &Work<'_>, items: impl Iterator<Item = Uuid>) -> Result<HashSet<Uuid>, Error> {
    use portfolio_item::Column as C;
    let ids: BTreeSet<Uuid> = items.collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut archived = HashSet::new();
    for ids in ids.chunks(CHUNK) {
        let found = portfolio_item::Entity::find().select_only().column(C::Id);
        let found = found.filter(C::Id.is_in(ids.iter().copied())).filter(C::ArchivedAt.is_not_null());
        archived.extend(found.into_tuple::<Uuid>().all(work.txn).await?);
    }
    Ok(archived)
}

fn parents<'r, M: ModelTrait + 'r>(rows: impl Iterator<Item = &'r Row<M>>, by: &str) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = rows.filter_map(|row| value::optional_id(&row.after, by)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.retain(|id| !id.is_nil());
    ids
}

async fn demand_on<M: ModelTrait>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    target: &'static str,
    link: &str,
    by: &str,
    scopes: Scopes,
    needs: &str,
) -> Result<(), Error> {
    let new: Vec<&Row<M>> = rows.iter().filter(|row| row.before.is_none()).collect();
    // Who has the right everywhere has it on all that the links of her input lead to.
    if new.is_empty() || scopes.is_all() {
        return Ok(());
    }
    let ids: Vec<Uuid> = new.iter().filter_map(|row| value::optional_id(&row.after, by)).collect();
    let held = work.lens.holds(work.lens.model.entity(target), &ids, &[scopes]).await?;
    for row in new {
        let id = value::optional_id(&row.after, by);
        // A link that leads nowhere is refused by itself.
        let is_refused = id.is_none_or(|id| id.is_nil()) && work.has_failed(row.index);
        let may = is_refused || id.and_then(|id| held.get(&id)).is_some_and(|held| held[0]);
        if !may && row.gives(link) && !work.is_refused(row.index) {
            let told = format!("Creating a {} here needs {needs}.", row.entity.name);
            work.fail(row, UserError::new(UserCode::Forbidden, row.place(link), told).with("needs", needs));
        }
    }
    Ok(())
}

/// Gives a row the scope of the item that it belongs to.
pub fn take_scope<M: ModelTrait>(row: &mut Row<M>, item: &portfolio_item::Model) {
    let values = [item.id.into(), item.portfolio_id.into(), item.is_restricted.into()];
    for (name, value) in SCOPE.into_iter().zip(values) {
        row.after.set(column::<M::Entity>(name), value);
    }
}

/// Gives a row the columns that it has from what it is part of.
pub fn take<W: ModelTrait, M: ModelTrait>(row: &mut Row<M>, whole: &W, columns: &[&str]) {
    for name in SCOPE.iter().chain(columns) {
        row.after.set(column::<M::Entity>(name), whole.get(column::<W::Entity>(name)));
    }
}

/// Money is in the currency that its row has, and none of it is below zero.
pub fn money_agrees<M: ModelTrait>(work: &mut Work<'_>, row: &Row<M>) {
    currency_agrees(work, row);
    for a in &row.given {
        if matches!(a.value, Assigned::Money(units, _) if units < 0) {
            let line = format!("`{}` is 0 or more.", a.field.name);
            work.fail(row, UserError::new(UserCode::OutOfRange, a.path.at("amount"), line));
        }
    }
}

/// Money is in the currency that its row has.
pub fn currency_agrees<M: ModelTrait>(work: &mut Work<'_>, row: &Row<M>) {
    let due = value::text(&row.after, "currency").unwrap_or_default();
    for a in &row.given {
        let (Kind::Money { currency, .. }, Assigned::Money(_, given)) = (&a.field.kind, &a.value) else { continue };
        debug_assert_eq!(*currency, column::<M::Entity>("currency").as_str());
        if *given != due && !due.is_empty() {
            let line = format!("The money of this {} is in {due}.", row.entity.name);
            work.fail(row, UserError::new(UserCode::Invalid, a.path.at("currency"), line).with("currency", &due));
        }
    }
}

/// Refuses rows whose whole is no draft any more.
pub fn immutable<M>(work: &mut Work<'_>, row: &Row<M>, path: Path, what: &str, state: &str) {
    let line = format!("This {what} is {state}; make a new version.");
    work.fail(row, UserError::new(UserCode::Immutable, path, line).with("state", state));
}

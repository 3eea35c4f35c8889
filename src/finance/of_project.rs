//! What single transactions of a project have alike: how new ones begin, and the money that they are in.

use std::collections::HashMap;

use entity::portfolio_item;
use sea_orm::{EntityTrait, ModelTrait};
use uuid::Uuid;

use crate::{
    auth::Class,
    error::Error,
    write::{
        Row, UserCode, UserError, Work,
        input::Assigned,
        of_item, outside,
        rows::{keys_are_free, own_id},
        value::{self, column},
    },
};

/// Names new rows, gives them the scope of their project and the currency of their money, which `money` holds. The projects
/// are locked, and none of them is closed.
pub async fn begin<E>(work: &mut Work<'_>, rows: &mut [Row<E::Model>], money: &str) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let needs = Class::FinLine.write();
    let scopes = work.lens.caller.rights.scopes(needs);
    outside::name::<E>(work, rows).await?;
    let items = of_item::items_of_new(work, rows, scopes, &needs.to_string()).await?;
    are_open(work, rows.iter().filter(|row| row.before.is_none()), &items);
    for row in rows.iter_mut().filter(|row| row.before.is_none()) {
        if let Some(currency) = currency_of(row, money) {
            row.after.set(column::<E>("currency"), currency.into());
        }
        if !row.gives("key") {
            let key = own_id(row);
            row.after.set(column::<E>("key"), key.into());
        }
        let Some(item) = value::optional_id(&row.after, "item_id").and_then(|id| items.get(&id)) else { continue };
        of_item::take_scope(row, item);
        row.after.set(column::<E>("reported_portfolio_id"), item.portfolio_id.into());
    }
    keys_are_free::<E>(work, rows, None).await
}

/// The currency that a field of money was given in.
pub fn currency_of<M>(row: &Row<M>, money: &str) -> Option<String> {
    row.given.iter().find_map(|a| match &a.value {
        Assigned::Money(_, currency) if a.field.name == money => Some(currency.clone()),
        _ => None,
    })
}

/// Nothing new happens to a project that is closed.
pub fn are_open<'r, M: ModelTrait + 'r>(
    work: &mut Work<'_>,
    rows: impl Iterator<Item = &'r Row<M>>,
    items: &HashMap<Uuid, portfolio_item::Model>,
) {
    for row in rows {
        let item = value::optional_id(&row.after, "item_id").and_then(|id| items.get(&id));
        if item.is_some_and(|item| item.state == "CLOSED") && !work.is_refused(row.index) {
            let line = format!("The project is closed: it takes no {}.", row.entity.name);
            let path = if row.gives("item") { row.place("item") } else { row.named_at.clone() };
            work.fail(row, UserError::new(UserCode::IllegalState, path, line).with("state", "CLOSED"));
        }
    }
}

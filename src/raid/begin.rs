//! What risks and issues have alike: how new ones begin at their item, and that what is over stands.

use std::collections::HashMap;

use entity::portfolio_item;
use sea_orm::{EntityTrait, ModelTrait};
use uuid::Uuid;

use crate::{
    auth::Class,
    error::Error,
    graph::encode_id,
    people::charge,
    write::{
        Action, Row, UserCode, UserError, Work, of_item,
        rows::keys_are_free,
        value::{self, column},
    },
};

/// Gives new rows their key, the scope of their item and its currency. The items are locked.
pub async fn begin<E>(
    work: &mut Work<'_>,
    rows: &mut [Row<E::Model>],
) -> Result<HashMap<Uuid, portfolio_item::Model>, Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let needs = Class::Work.write();
    let scopes = work.lens.caller.rights.scopes(needs);
    let items = of_item::items_of_new(work, rows, scopes, &needs.to_string()).await?;
    of_item::items_are_open(work, rows).await?;
    for row in rows.iter_mut().filter(|row| row.before.is_none()) {
        if !row.gives("key") {
            let key = encode_id(row.entity.prefix.unwrap_or_default(), value::id(&row.after));
            row.after.set(column::<E>("key"), key.into());
        }
        let Some(item) = value::optional_id(&row.after, "item_id").and_then(|id| items.get(&id)) else { continue };
        of_item::take_scope(row, item);
        row.after.set(column::<E>("currency"), item.base_currency.clone().into());
        row.after.set(column::<E>("reported_portfolio_id"), item.portfolio_id.into());
    }
    keys_are_free::<E>(work, rows, None).await?;
    charge::are_here(work, rows, &[("owner", "owner_id")]).await?;
    Ok(items)
}

/// Refuses changes of what is over.
pub fn are_open<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>], over: &[&str]) {
    for row in rows.iter().filter(|row| row.before.is_some()) {
        let state = value::text(&row.after, "state").unwrap_or_default();
        if over.contains(&state.as_str()) && !work.is_refused(row.index) {
            let line = format!("This {} is {state}; it no longer changes.", row.entity.name);
            let error = UserError::new(UserCode::Immutable, row.named_at.clone(), line);
            work.fail(row, error.with("state", state));
        }
    }
}

/// Refuses rows on their way into the archive that somebody still works on.
pub fn are_idle<M: ModelTrait>(work: &mut Work<'_>, rows: &[Row<M>], action: Action, busy: &[&str]) {
    for row in rows.iter().filter(|_| action == Action::Archived) {
        let state = value::text(&row.after, "state").unwrap_or_default();
        if busy.contains(&state.as_str()) && !work.is_refused(row.index) {
            let line = format!("A {} that is {state} is not archived; end it first.", row.entity.name);
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", state));
        }
    }
}

/// Refuses numbers of these fields that are below 0, or above `most`.
pub fn within<M>(work: &mut Work<'_>, row: &Row<M>, numbers: &[(&str, Option<i64>)], most: i64) {
    for (field, number) in numbers {
        if row.gives(field) && number.is_some_and(|number| !(0..=most).contains(&number)) {
            let line =
                if most == i64::MAX { format!("`{field}` is 0 or more.") } else { format!("`{field}` is 0 to 1.") };
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place(field), line));
        }
    }
}

/// Refuses a day to come in this field.
pub fn not_to_come<M>(work: &mut Work<'_>, row: &Row<M>, field: &str, day: chrono::NaiveDate) {
    if row.gives(field) && day > work.now.date_naive() {
        let line = format!("`{field}` is not after today.");
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place(field), line));
    }
}

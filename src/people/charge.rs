//! Who is put in charge of something still works here. The rule is one for whatever names people.

use std::collections::HashSet;

use entity::person;
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    error::Error,
    write::{Row, UserCode, UserError, Work, value},
};

/// Refuses rows that newly name somebody who no longer works here. Each charge is a field with its column.
pub async fn are_here<M: ModelTrait>(
    work: &mut Work<'_>,
    rows: &[Row<M>],
    charges: &[(&str, &str)],
) -> Result<(), Error> {
    let newly = |row: &Row<M>| -> Vec<(String, Uuid)> {
        let named = charges.iter().filter_map(|(field, column)| {
            let person = value::optional_id(&row.after, column)?;
            let was = row.before.as_ref().and_then(|before| value::optional_id(before, column));
            (was != Some(person)).then(|| ((*field).to_owned(), person))
        });
        named.collect()
    };
    let named: HashSet<Uuid> = rows.iter().flat_map(newly).map(|(_, id)| id).collect();
    if named.is_empty() {
        return Ok(());
    }
    let gone: HashSet<Uuid> = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::Column::Id.is_in(named))
        .filter(person::Column::IsActive.eq(false))
        .into_tuple()
        .all(work.txn)
        .await?
        .into_iter()
        .collect();
    for row in rows {
        for (field, _) in newly(row).into_iter().filter(|(_, id)| gone.contains(id)) {
            let line = "This person no longer works here.";
            work.fail(row, UserError::new(UserCode::Invalid, row.place(&field), line));
        }
    }
    Ok(())
}

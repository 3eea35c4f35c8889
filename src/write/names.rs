//! What another system calls a row, where the row itself carries it: given by a bulk upsert, once, and nobody else's.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect};

use super::{
    Row, UserCode, UserError, Work,
    input::{Assigned, Assignment},
    value::{self, column},
};
use crate::{
    error::Error,
    graph::{decl::Scalar, value::DbValue},
};

/// Refuses a new row whose name elsewhere does not fit the fields of a link.
pub fn fit<M>(work: &mut Work<'_>, row: &Row<M>, (system, external_id): (&str, &str)) {
    let links = work.lens.model.entity("ExternalLink");
    for (field, member, text) in [("system", "system", system), ("externalId", "id", external_id)] {
        let Some(field) = links.fields.iter().find(|f| f.name == field) else { continue };
        let Some(pen) = field.pen else { continue };
        let given = Assignment { field, pen, path: row.named_at.at(member), value: Assigned::Clear };
        if let Err(error) = value::checked(Scalar::String, &DbValue::Text(text.to_owned()), &given) {
            work.fail(row, error);
        }
    }
}

/// Gives new rows the names that they came with; one that another row has is refused.
pub async fn take<E>(work: &mut Work<'_>, rows: &mut [Row<E::Model>]) -> Result<(), Error>
where
    E: EntityTrait,
{
    let Some((system, external_id)) = rows.first().and_then(|row| row.entity.named_by) else { return Ok(()) };
    let (system, external_id) = (column::<E>(system), column::<E>(external_id));
    let mut named: Vec<(usize, (String, String))> = vec![];
    for (at, row) in rows.iter_mut().enumerate().filter(|(_, row)| row.before.is_none()) {
        let Some(name) = row.external.clone() else { continue };
        if work.is_refused(row.index) {
            continue;
        }
        row.after.set(system, name.0.clone().into());
        row.after.set(external_id, name.1.clone().into());
        fit(work, row, (&name.0, &name.1));
        named.push((at, name));
    }
    let Some(entity) = named.first().map(|(at, _)| rows[*at].entity) else { return Ok(()) };
    let ids = named.iter().map(|(_, (_, id))| id.replace('\0', ""));
    let taken: HashSet<(String, String)> = E::find()
        .select_only()
        .columns([system, external_id])
        .filter(external_id.is_in(ids))
        .filter(system.is_not_null())
        .into_tuple()
        .all(work.txn)
        .await?
        .into_iter()
        .collect();
    // One that is taken, and that the caller sees now, was made after she looked.
    let known: Vec<_> = named.iter().map(|(_, name)| name.clone()).filter(|name| taken.contains(name)).collect();
    work.lost_race |= !known.is_empty() && !work.lens.by_external(entity, &known).await?.is_empty();
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    for (at, name) in named {
        let is_first = work.has_failed(rows[at].index) || seen.insert(name.clone(), at).is_none();
        if taken.contains(&name) || !is_first {
            let line = "The system gives this id to something else already.";
            let row = &rows[at];
            work.fail(row, UserError::new(UserCode::Duplicate, row.named_at.clone(), line));
        }
    }
    Ok(())
}

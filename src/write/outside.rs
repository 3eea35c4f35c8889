//! Rows that carry the id that another system gave them: one name of a system for one row, settled when it is made.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    CHUNK, UserCode, UserError, Work,
    input::{Assigned, Assignment},
    rows::Row,
    value::{self, column},
};
use crate::{
    error::Error,
    graph::{
        decl::{OWN_NAME, Scalar},
        value::DbValue,
    },
};

/// Fields of a name, the members of a reference that give them, and their columns.
const PARTS: [(&str, &str, &str); 2] = [("externalSystem", "system", OWN_NAME[0]), ("externalId", "id", OWN_NAME[1])];

/// System and id.
type Name = (String, String);

fn name_of<M: ModelTrait>(row: &M) -> Option<Name> {
    value::text(row, OWN_NAME[0]).zip(value::text(row, OWN_NAME[1]))
}

/// Gives new rows the names by which they were looked for in vain, and refuses half a name and one that is taken.
pub async fn name<E>(work: &mut Work<'_>, rows: &mut [Row<E::Model>]) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: Clone,
{
    for row in rows.iter_mut().filter(|row| row.before.is_none()) {
        take_reference(work, row);
        for ((field, ..), (other, ..)) in PARTS.into_iter().zip(PARTS.into_iter().rev()) {
            if row.gives(other) && !row.gives(field) && row.external.is_none() {
                let line = format!("`{field}` and `{other}` are given together.");
                work.fail(row, UserError::new(UserCode::Required, row.path.at(field), line));
            }
        }
    }
    are_free::<E>(work, rows).await
}

/// The name of a reference fits the fields of the row.
fn take_reference<M: ModelTrait>(work: &mut Work<'_>, row: &mut Row<M>) {
    let Some((system, id)) = row.external.clone() else { return };
    for ((field, member, name), text) in PARTS.into_iter().zip([system, id]) {
        let Some((field, pen)) = row.entity.field(field).and_then(|f| Some((f, f.pen?))) else { continue };
        let path = row.named_at.at(member);
        if text.trim().is_empty() {
            let line = "The name of a row in another system is not blank.";
            work.fail(row, UserError::new(UserCode::Required, path, line));
            continue;
        }
        let column = column::<M::Entity>(name);
        let given = Assignment { field, pen, path, value: Assigned::Clear };
        match value::checked(Scalar::String, &DbValue::Text(text.clone()), &given) {
            Err(error) => work.fail(row, error),
            Ok(_) if row.gives(field.name) && value::text(&row.after, name).as_ref() != Some(&text) => {
                let line = format!("`ref` says another `{}`.", field.name);
                work.fail(row, UserError::new(UserCode::Invalid, row.place(field.name), line));
            }
            Ok(_) => row.after.set(column, text.into()),
        }
    }
}

/// No other row of the table has the name, nor has another one of the list.
async fn are_free<E>(work: &mut Work<'_>, rows: &[Row<E::Model>]) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: Clone,
{
    let new = rows.iter().filter(|row| row.before.is_none() && !work.is_refused(row.index));
    let named: Vec<(&Row<E::Model>, Name)> = new.filter_map(|row| Some((row, name_of(&row.after)?))).collect();
    let Some(entity) = named.first().map(|(row, _)| row.entity) else { return Ok(()) };
    let [system, id] = OWN_NAME.map(column::<E>);
    let mut taken: HashMap<Name, Uuid> = HashMap::new();
    for some in named.chunks(CHUNK) {
        let ids = some.iter().map(|(_, (_, id))| id.replace('\0', ""));
        let found = E::find().select_only().columns([system, id, column::<E>("id")]).filter(id.is_in(ids));
        let found: Vec<(String, String, Uuid)> = found.into_tuple().all(work.txn).await?;
        taken.extend(found.into_iter().map(|(system, id, row)| ((system, id), row)));
    }
    // One that is taken, and that the caller sees now, was made after she looked.
    let looked = named.iter().filter(|(row, name)| row.external.is_some() && taken.contains_key(name));
    let looked: Vec<Name> = looked.map(|(_, name)| name.clone()).collect();
    work.lost_race |= !looked.is_empty() && !work.lens.by_external(entity, &looked).await?.is_empty();
    let mut seen = HashSet::new();
    for (row, name) in named {
        let is_taken = taken.contains_key(&name);
        if is_taken || !(work.has_failed(row.index) || seen.insert(name)) {
            let line = format!("The system gives this id to another {} already.", row.entity.name);
            let path = if row.external.is_some() { row.named_at.clone() } else { row.place("externalId") };
            work.fail(row, UserError::new(UserCode::Duplicate, path, line));
        }
    }
    Ok(())
}

//! Many new rows in one statement. PostgreSQL takes a list as one array a column: a parameter a value, thousands of them, took
//! both sides longer to spell, read and plan than the rows took to write.

use std::fmt::Write as _;

use chrono::SecondsFormat;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, EntityTrait, IdenStatic as _, Iterable as _, Statement,
    Value, sea_query::OnConflict,
};
use uuid::Uuid;

use super::value::column;
use crate::error::Error;

/// Rows from which on arrays are worth it: fewer are inserted by a text that is prepared once for so many of them.
const MANY: usize = 8;
/// Parameters of one statement: SQLite takes 32,766, PostgreSQL 65,535.
const PARAMETERS: usize = 30_000;
/// Rows of one statement, however few columns they have.
const CHUNK: usize = 1_000;

/// Inserts rows, all with values for the same columns. Where a row of the same id may be there already, `overwrite` says
/// what of it becomes that of the new one; without it such a row is an error.
pub async fn insert<E>(
    db: &impl ConnectionTrait,
    rows: Vec<E::ActiveModel>,
    overwrite: &[E::Column],
) -> Result<(), Error>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let at_once = CHUNK.min(PARAMETERS / E::Column::iter().count());
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<E::ActiveModel> = rows.by_ref().take(at_once).collect();
        if db.get_database_backend() == DbBackend::Postgres && some.len() >= MANY {
            let (text, values) = by_columns::<E>(some, overwrite)?;
            db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, text, values)).await?;
            continue;
        }
        let mut statement = E::insert_many(some);
        if !overwrite.is_empty() {
            statement = statement.on_conflict(
                OnConflict::column(column::<E>("id")).update_columns(overwrite.iter().copied()).to_owned(),
            );
        }
        statement.exec_without_returning(db).await?;
    }
    Ok(())
}

/// The statement, and an array for each column that has values.
fn by_columns<E>(mut rows: Vec<E::ActiveModel>, overwrite: &[E::Column]) -> Result<(String, Vec<Value>), Error>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let (mut names, mut arrays, mut values) = (String::new(), String::new(), vec![]);
    for column in E::Column::iter() {
        let cells: Vec<Value> = rows
            .iter_mut()
            .filter_map(|row| match row.take(column) {
                ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some(value),
                ActiveValue::NotSet => None,
            })
            .collect();
        let Some(first) = cells.first() else { continue };
        if cells.len() < rows.len() {
            return Err(Error::internal(format!("some rows have no {}", column.as_str())));
        }
        let ty = type_of(first)?;
        let comma = if values.is_empty() { "" } else { ", " };
        let _ = write!(names, "{comma}\"{}\"", column.as_str());
        let _ = write!(arrays, "{comma}CAST(${} AS {ty}[])", values.len() + 1);
        values.push(array(&cells)?.into());
    }
    let table = E::default();
    let mut text = format!("INSERT INTO \"{}\" ({names}) SELECT * FROM unnest({arrays})", table.table_name());
    for (i, column) in overwrite.iter().enumerate() {
        text.push_str(if i == 0 { " ON CONFLICT (\"id\") DO UPDATE SET " } else { ", " });
        let _ = write!(text, "\"{0}\" = excluded.\"{0}\"", column.as_str());
    }
    Ok((text, values))
}

fn type_of(value: &Value) -> Result<&'static str, Error> {
    Ok(match value {
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::BigInt(_) => "bigint",
        Value::String(_) => "text",
        Value::Uuid(_) => "uuid",
        Value::ChronoDate(_) => "date",
        Value::ChronoDateTimeUtc(_) => "timestamptz",
        Value::Bytes(_) => "bytea",
        other => return Err(Error::internal(format!("no column of ours holds {other:?}"))),
    })
}

/// Values as the text of an array.
fn array(cells: &[Value]) -> Result<String, Error> {
    let mut out = String::with_capacity(cells.len() * 16);
    let mut last = 0..0;
    for (i, cell) in cells.iter().enumerate() {
        out.push(if i == 0 { '{' } else { ',' });
        let from = out.len();
        // What a write says of all its rows, such as its time, is spelled once.
        if i > 0 && *cell == cells[i - 1] {
            out.extend_from_within(last);
        } else {
            spell(&mut out, cell)?;
        }
        last = from..out.len();
    }
    out.push('}');
    Ok(out)
}

/// A value as an element of an array's text.
fn spell(out: &mut String, cell: &Value) -> Result<(), Error> {
    match cell {
        Value::Bool(Some(b)) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(Some(n)) => out.push_str(itoa::Buffer::new().format(*n)),
        Value::BigInt(Some(n)) => out.push_str(itoa::Buffer::new().format(*n)),
        Value::Uuid(Some(id)) => out.push_str(id.simple().encode_lower(&mut Uuid::encode_buffer())),
        Value::ChronoDate(Some(day)) => write!(out, "{day}").map_err(Error::internal)?,
        // Cut, as a parameter of its own would be, where a text would be rounded.
        Value::ChronoDateTimeUtc(Some(at)) => out.push_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Value::Bytes(Some(bytes)) => {
            out.push_str(r#""\\x"#);
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")).map_err(Error::internal)?;
            out.push('"');
        }
        Value::String(Some(text)) => quote(out, text),
        _ => out.push_str("NULL"),
    }
    Ok(())
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for part in text.split_inclusive(['"', '\\']) {
        let end = part.len() - usize::from(part.ends_with(['"', '\\']));
        out.push_str(&part[..end]);
        if end < part.len() {
            out.push('\\');
            out.push_str(&part[end..]);
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{NaiveDate, TimeZone as _, Utc};

    #[test]
    fn arrays_are_spelled_as_the_database_reads_them() {
        let texts = ["", "NULL", "a,b", "{}", "she said \"so\"", "back\\slash", "\\\"", "two\nlines", " blanks "];
        let texts = texts.map(|text| Value::String(Some(text.to_owned())));
        let spelled = r#"{"","NULL","a,b","{}","she said \"so\"","back\\slash","\\\"","two
lines"," blanks "}"#;
        assert_eq!(array(&texts).expect("an array"), spelled);
        let day = NaiveDate::from_ymd_opt(2026, 1, 31).expect("a day");
        let at = Utc.timestamp_opt(1_767_225_600, 123_456_999).single().expect("an instant");
        for (cells, spelled) in [
            (vec![Value::Int(None), Value::Int(Some(-1))], "{NULL,-1}"),
            (vec![Value::BigInt(Some(i64::MIN))], "{-9223372036854775808}"),
            (vec![Value::Bool(Some(true)), Value::Bool(None)], "{true,NULL}"),
            (vec![Value::Uuid(Some(Uuid::from_u128(1)))], "{00000000000000000000000000000001}"),
            (vec![Value::ChronoDate(Some(day))], "{2026-01-31}"),
            (vec![Value::Bytes(Some(vec![0, 255])), Value::Bytes(None)], r#"{"\\x00ff",NULL}"#),
            (vec![Value::ChronoDateTimeUtc(Some(at))], "{2026-01-01T00:00:00.123456Z}"),
        ] {
            assert_eq!(array(&cells).expect("an array"), spelled);
        }
    }
}

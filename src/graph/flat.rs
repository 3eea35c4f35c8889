//! An entity's rows as flat columns, for files: compiled like a document's, read by one statement, a value a column.
//! A column that the caller can never read is not in the SQL.

use async_graphql_value::{ConstValue, Value};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::{
    cell::Row,
    collect::{Fragments, Variables},
    compile::{
        Compiler,
        flat::{Place, places},
    },
    database::Database,
    decl::{Entity, Model},
    engine::Engine,
    input,
    json::{self, Cells, Scene, Types as CellTypes},
    plan::{ColumnType, Op, RowsStatement, Source},
    run::{currency_required, of_caller},
    schema::Types,
    sql::{Dialect, Statement},
    statement::Builder,
    value::DbValue,
};
use crate::{
    auth::{Caller, Rights},
    error::{Code, Error},
};

/// The field that says when a row last changed.
const CHANGED_AT: &str = "updatedAt";

/// Which rows and columns are asked for.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// Name of the list in the schema, such as `projects`.
    pub list: &'a str,
    /// Names of columns, in order; all that the caller may read if nothing is said.
    pub columns: Option<&'a [String]>,
    /// The GraphQL filter of the entity.
    pub filter: Option<Json>,
    /// Only rows changed at this instant or later (RFC 3339).
    pub changed_since: Option<&'a str>,
}

/// A column of a compiled request.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it holds text that people or other systems write.
    pub is_text: bool,
    ops: Vec<Op>,
    entries: std::ops::Range<usize>,
}

impl Column {
    /// Whether it is masked on some rows and not on others.
    pub fn varies(&self) -> bool {
        !self.entries.is_empty()
    }
}

/// A compiled request.
pub struct Flat {
    /// The columns, in order.
    pub columns: Vec<Column>,
    types: Vec<ColumnType>,
    statement: RowsStatement,
    entries: usize,
}

/// One row: the JSON of each column.
pub struct Values {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    masked: Vec<bool>,
    counts: Vec<u32>,
}

impl Values {
    /// The JSON of each column, and whether it was masked on this row.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).zip(&self.masked).map(|((from, to), masked)| (&self.bytes[from..*to], *masked))
    }
}

/// Names of all columns that a list's rows have, whoever asks; none where there is no such list.
pub fn column_names(model: &Model, list: &str) -> Option<Vec<String>> {
    let entity = model.entities.iter().find(|e| e.plural == Some(list))?;
    Some(places(model, entity).into_iter().map(|place| place.name).collect())
}

impl Engine {
    /// Compiles a request for this caller.
    pub fn flat(&self, asked: &Asked<'_>, caller: &Caller) -> Result<Flat, Error> {
        compile(self.model, &self.types, self.database.dialect, &caller.rights, asked)
    }
}

fn compile(
    model: &'static Model,
    types: &Types,
    dialect: Dialect,
    rights: &Rights,
    asked: &Asked<'_>,
) -> Result<Flat, Error> {
    let entity = model.entities.iter().find(|e| e.plural == Some(asked.list));
    let entity = entity.ok_or_else(|| Error::new(Code::NotFound, "There is no such dataset."))?;
    let scopes = rights.read(entity.class);
    if scopes.is_empty() {
        let line = format!("`{}` needs {}.", asked.list, entity.class.read());
        return Err(Error::new(Code::Forbidden, line).about(format!("Query.{}", asked.list)));
    }
    let mut source = Source::new(entity, scopes);
    let (fragments, variables) = (Fragments::default(), Variables::default());
    let mut compiler = Compiler::new(model, types, &fragments, &variables, rights);
    let places = places(model, entity);
    let chosen = chosen(&places, asked)?;
    let mut columns = vec![];
    for place in chosen {
        let found = compiler.column(&mut source, entity, scopes, place)?;
        if !found.is_denied {
            let (ops, entries) = (found.ops, found.entries);
            columns.push(Column { name: place.name.clone(), is_text: place.is_text, ops, entries });
        } else if asked.columns.is_some() {
            return Err(compiler.refusal(found.entries.start, &place.name));
        }
    }
    let builder = Builder { dialect, model, rights };
    let statement = builder.all_rows(&source, &filters(types, entity, asked)?)?;
    Ok(Flat { columns, types: source.types, statement, entries: compiler.entries() })
}

/// The columns asked for, or all.
fn chosen<'p>(places: &'p [Place], asked: &Asked<'_>) -> Result<Vec<&'p Place>, Error> {
    let Some(names) = asked.columns else { return Ok(places.iter().collect()) };
    let mut out: Vec<&Place> = vec![];
    for name in names {
        let place = places.iter().find(|place| place.name == *name).ok_or_else(|| {
            let line = format!("`{}` has no column `{}`.", asked.list, name.escape_debug());
            Error::new(Code::BadRequest, line)
        })?;
        if out.iter().any(|other| other.name == place.name) {
            return Err(Error::new(Code::BadRequest, format!("The column `{name}` is asked for twice.")));
        }
        out.push(place);
    }
    Ok(out)
}

/// The conditions that rows must meet. Each is a filter of its own, so that none shortens what another may say.
fn filters(types: &Types, entity: &Entity, asked: &Asked<'_>) -> Result<Vec<Value>, Error> {
    let mut out = vec![];
    let ty = format!("{}Filter", entity.name);
    if let Some(filter) = &asked.filter {
        out.push(input::value(types, &format!("{ty}!"), "filter", filter.clone())?.into_value());
    }
    if let Some(since) = asked.changed_since {
        let instant = input::value(types, "DateTime!", "changedSince", json!(since)).ok();
        let Some(instant) = instant.filter(|_| entity.field(CHANGED_AT).is_some()) else {
            return Err(changed_since_refused(entity));
        };
        let at_least = ConstValue::Object([(async_graphql::Name::new("gte"), instant)].into_iter().collect());
        let changed = [(async_graphql::Name::new(CHANGED_AT), at_least)].into_iter().collect();
        out.push(ConstValue::Object(changed).into_value());
    }
    Ok(out)
}

fn changed_since_refused(entity: &Entity) -> Error {
    let line = if entity.field(CHANGED_AT).is_some() {
        "`changedSince` is no instant of RFC 3339, such as 2026-03-02T12:00:00Z. A `+` in an address means a space: \
         write %2B for it, or give the time in UTC with Z."
    } else {
        "Rows of this dataset do not say when they changed, so `changedSince` means nothing."
    };
    Error::new(Code::BadRequest, line)
}

impl Flat {
    /// Reads all rows in the order of their ids, gives each to `each`, and sends on what that has ready. While the
    /// channel is full nothing is read. Gives the number of rows.
    pub async fn read<T: Send>(
        &self,
        database: &Database,
        caller: &Caller,
        each: &mut (impl FnMut(&Values) -> Option<T> + Send),
        to: &mpsc::Sender<T>,
    ) -> Result<usize, Error> {
        let mut reader = database.reader().await?;
        for check in &self.statement.checks {
            let mut currencies = 0;
            let mut count = |row: Row| {
                currencies = row.int(0);
                Ok(())
            };
            reader.fetch(database, &check.text, &bound(check, caller)?, &mut count).await?;
            if currencies > 1 {
                return Err(currency_required());
            }
        }
        let mut values = Values { bytes: vec![], ends: vec![], masked: vec![], counts: vec![0; self.entries] };
        let mut one = |row: Row| {
            self.write(&row, &mut values);
            each(&values)
        };
        let statement = &self.statement.statement;
        reader.pour(&statement.text, &bound(statement, caller)?, &mut one, to).await
    }

    fn write(&self, row: &Row, values: &mut Values) {
        let Values { bytes, ends, masked, counts } = values;
        bytes.clear();
        ends.clear();
        masked.clear();
        let types = CellTypes { columns: &self.types, keys: &[], figures: &[] };
        for column in &self.columns {
            let mut scene = Scene { children: &[], cursor: "", money: &[], masked: counts };
            json::write(bytes, &column.ops, Cells::Row(row, 0), &types, &mut scene);
            ends.push(bytes.len());
            let counts = &mut counts[column.entries.clone()];
            masked.push(counts.iter().any(|count| *count > 0));
            counts.fill(0);
        }
    }
}

fn bound(statement: &Statement, caller: &Caller) -> Result<Vec<DbValue>, Error> {
    statement.params.iter().map(|param| of_caller(param, caller)).collect()
}

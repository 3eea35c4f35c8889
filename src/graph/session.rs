//! Statements for one caller over one connection, counted.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    cell::{Cell, Row},
    database::{Database, Reader},
    plan::ColumnType,
    run::of_caller,
    sql::{Dialect, Param, Planning, Sql, Statement},
    value::DbValue,
};
use crate::{auth::Caller, error::Error};

/// Reads for a caller, one after the other.
pub struct Session<'a> {
    /// The database.
    pub database: &'a Database,
    /// Whose eyes.
    pub caller: &'a Caller,
    /// SQL statements sent.
    pub statements: usize,
    /// Rows read.
    pub rows: usize,
    /// What it cost so far.
    pub cost: usize,
    /// How long a statement may take; as long as the connection lets it, where nothing is said.
    pub patience: Option<Duration>,
    reader: Option<Reader>,
}

impl<'a> Session<'a> {
    /// One that has read nothing yet.
    pub fn new(database: &'a Database, caller: &'a Caller) -> Self {
        Self { database, caller, statements: 0, rows: 0, cost: 0, patience: None, reader: None }
    }

    /// An empty text about what the caller sees.
    pub fn sql(&self) -> Sql {
        Sql::new(self.database.dialect, &self.caller.rights)
    }

    /// The rows of a statement without parameters of a document.
    pub async fn all(&mut self, statement: &Statement, keys: &Arc<[Uuid]>) -> Result<Vec<Row>, Error> {
        let mut rows = vec![];
        self.each(statement, keys, |row| rows.push(row)).await?;
        Ok(rows)
    }

    /// Gives each row of such a statement to `take` as it arrives.
    pub async fn each(
        &mut self,
        statement: &Statement,
        keys: &Arc<[Uuid]>,
        mut take: impl FnMut(Row) + Send,
    ) -> Result<(), Error> {
        let bind = |param: &Param| match param {
            Param::Keys => Ok(DbValue::Ids(keys.clone())),
            param => of_caller(param, self.caller),
        };
        let values = statement.params.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        let mut reader = self.take().await?;
        reader.planning = statement.planning;
        let mut each = |row| {
            take(row);
            Ok(())
        };
        let count = reader.fetch(self.database, &statement.text, &values, &mut each).await?;
        self.give_back(reader, count);
        Ok(())
    }

    /// The name of all that the database holds now: where it is the same again, nothing was written meanwhile.
    pub(super) async fn stamp(&mut self) -> Result<String, Error> {
        let text = match self.database.dialect {
            // What has been committed up to now, by this server since it was started.
            Dialect::Postgres => "SELECT pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text",
            // What others have committed since this connection was opened; it commits nothing itself.
            Dialect::Sqlite => "SELECT CAST(data_version AS text) FROM pragma_data_version()",
        };
        let statement = Statement { text: text.into(), params: vec![], planning: Planning::Any };
        let rows = self.all(&statement, &Arc::default()).await?;
        let Some(Cell::Text(held)) = rows.first().map(|row| row.at(0, ColumnType::Text)) else {
            return Err(Error::internal("the database does not say what it holds"));
        };
        let connection = self.reader.as_ref().and_then(Reader::number);
        Ok(connection.map_or_else(|| held.to_owned(), |number| format!("{number} {held}")))
    }

    /// Adds to what it cost.
    pub(super) fn spend(&mut self, price: usize) {
        self.cost = self.cost.saturating_add(price);
    }

    /// The connection, for one statement.
    pub(super) async fn take(&mut self) -> Result<Reader, Error> {
        self.statements += 1;
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.database.reader().await?,
        };
        reader.patience = self.patience;
        Ok(reader)
    }

    /// Gives the connection back once all rows were read.
    pub(super) fn give_back(&mut self, reader: Reader, rows: usize) {
        self.rows += rows;
        self.reader = Some(reader);
    }
}

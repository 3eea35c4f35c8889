//! Statements for one caller over one connection, counted.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    cell::Row,
    database::{Database, Reader},
    run::of_caller,
    sql::{Param, Sql, Statement},
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
        let bind = |param: &Param| match param {
            Param::Keys => Ok(DbValue::Ids(keys.clone())),
            param => of_caller(param, self.caller),
        };
        let values = statement.params.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        let mut rows = vec![];
        let mut reader = self.take().await?;
        let mut keep = |row| {
            rows.push(row);
            Ok(())
        };
        let count = reader.fetch(self.database, &statement.text, &values, &mut keep).await?;
        self.give_back(reader, count);
        Ok(rows)
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

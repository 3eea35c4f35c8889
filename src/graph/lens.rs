//! What the write path asks of the read path: which rows does this caller see, and on which of them does a right hold?
//! The answers come from the same SQL as every read, so that a row that cannot be read cannot be written either.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    cell::{Cell, Row},
    database::{Database, Reader},
    decl::{Entity, External, KIND, Model, OWN_NAME},
    plan::ColumnType,
    sql::{Param, Sql, Statement},
    value::{DbValue, ListType},
};
use crate::{
    auth::{Caller, Scopes},
    error::Error,
};

/// The entity whose rows say what other systems call something.
const EXTERNAL_LINK: &str = "ExternalLink";

/// A caller's eyes.
#[derive(Clone, Copy)]
pub struct Lens<'a> {
    /// The database.
    pub database: &'a Database,
    /// The declarations.
    pub model: &'static Model,
    /// Whose eyes.
    pub caller: &'a Caller,
}

/// The name of a type, and a key of one of its rows.
pub type Key = (&'static str, String);

/// A row that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: Uuid,
    /// The prefix of its type.
    pub prefix: &'static str,
    /// Whether it is archived.
    pub is_archived: bool,
}

impl Lens<'_> {
    /// Visible rows by id.
    pub async fn by_id(&self, entity: &'static Entity, ids: &[Uuid]) -> Result<HashMap<Uuid, Found>, Error> {
        let mut sql = self.sql();
        self.select(&mut sql, entity, &[]);
        sql.push(" AND ").column(0, "id").is_any(ListType::Id, Param::Keys);
        let mut out = HashMap::new();
        self.each(entity, &sql.finish(), ids, |found, _| {
            out.insert(found.id, found);
        })
        .await?;
        Ok(out)
    }

    /// Visible rows by human key; several where the key names things of several types.
    pub async fn by_key(&self, entity: &'static Entity, keys: &[String]) -> Result<HashMap<String, Vec<Found>>, Error> {
        let found = self.by_keys(&[(entity, keys.to_vec())]).await?;
        Ok(found.into_iter().map(|((_, key), found)| (key, found)).collect())
    }

    /// The same of several types, found together.
    pub async fn by_keys(&self, asked: &[(&'static Entity, Vec<String>)]) -> Result<HashMap<Key, Vec<Found>>, Error> {
        let mut sql = self.sql();
        for (number, (entity, keys)) in asked.iter().enumerate() {
            if number > 0 {
                sql.push(" UNION ALL ");
            }
            self.select(&mut sql, entity, &["t0.key", &number.to_string()]);
            sql.push(" AND ").column(0, "key").is_any(ListType::Text, Param::Const(storable(keys.iter())));
        }
        let mut out: HashMap<Key, Vec<Found>> = HashMap::new();
        if asked.is_empty() {
            return Ok(out);
        }
        self.rows(&sql.finish(), &[], |row| {
            let number = usize::try_from(row.int(FACTS + 1)).ok();
            let Some((entity, _)) = number.and_then(|number| asked.get(number)) else { return };
            if let (Some(found), Cell::Text(key)) = (self.found(entity, row), row.at(FACTS, ColumnType::Text)) {
                out.entry((entity.name, key.to_owned())).or_default().push(found);
            }
        })
        .await?;
        Ok(out)
    }

    /// Visible rows by system and the id that it gave them; where links say so, none at all for who may not see such links.
    pub async fn by_external(
        &self,
        entity: &'static Entity,
        names: &[(String, String)],
    ) -> Result<HashMap<(String, String), Found>, Error> {
        let links = self.model.entity(EXTERNAL_LINK);
        let scopes = self.caller.rights.read(links.class);
        let mut out = HashMap::new();
        if self.caller.rights.read(entity.class).is_empty() {
            return Ok(out);
        }
        let systems: BTreeSet<&String> = names.iter().map(|(system, _)| system).collect();
        let systems = Param::Const(storable(systems.into_iter()));
        let ids = Param::Const(storable(names.iter().map(|(_, id)| id)));
        let (column, target) = match entity.external {
            Some(External::Linked { column, target }) if !scopes.is_empty() => (column, target),
            Some(External::Own) => {
                let [system, id] = OWN_NAME;
                let mut sql = self.sql();
                self.select(&mut sql, entity, &["t0.external_system", "t0.external_id"]);
                sql.push(" AND ").column(0, system).is_any(ListType::Text, systems);
                sql.push(" AND ").column(0, id).is_any(ListType::Text, ids);
                self.each(entity, &sql.finish(), &[], |found, row| keep_name(&mut out, found, row)).await?;
                return Ok(out);
            }
            Some(External::Linked { .. }) | None => return Ok(out),
        };
        let mut sql = self.sql();
        sql.push("SELECT t0.id, ");
        facts(&mut sql, entity);
        sql.push(", t1.system, t1.external_id FROM ")
            .push(entity.table)
            .push(" t0 JOIN ")
            .push(links.table)
            .push(" t1 ON ");
        sql.column(1, column).push(" = t0.id AND t1.archived_at IS NULL AND t1.target_type = ").literal(target);
        // Systems and ids apart, which may find more than was asked for: whoever asks looks for pairs.
        sql.push(" AND t1.system").is_any(ListType::Text, systems);
        sql.push(" AND t1.external_id").is_any(ListType::Text, ids);
        sql.visible(1, links, scopes, " AND ");
        sql.push(" WHERE TRUE");
        sql.visible(0, entity, self.caller.rights.read(entity.class), " AND ");
        self.each(entity, &sql.finish(), &[], |found, row| keep_name(&mut out, found, row)).await?;
        Ok(out)
    }

    /// For each visible row of these, whether each of the rights holds on it.
    pub async fn holds(
        &self,
        entity: &'static Entity,
        ids: &[Uuid],
        rights: &[Scopes],
    ) -> Result<HashMap<Uuid, Vec<bool>>, Error> {
        if ids.is_empty() || self.caller.rights.read(entity.class).is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = self.sql();
        sql.push("SELECT t0.id, ");
        facts(&mut sql, entity);
        for scopes in rights {
            sql.push(", ");
            // A right on some rows is a right on none of those that relate to nobody.
            if scopes.is_all() {
                sql.push("TRUE");
            } else if scopes.is_empty() || entity.rows.is_common() {
                sql.push("FALSE");
            } else {
                sql.scopes(0, entity.rows, *scopes);
            }
        }
        sql.push(" FROM ").push(entity.table).push(" t0 WHERE TRUE");
        sql.visible(0, entity, self.caller.rights.read(entity.class), " AND ");
        sql.push(" AND ").column(0, "id").is_any(ListType::Id, Param::Keys);
        let mut out = HashMap::new();
        self.each(entity, &sql.finish(), ids, |found, row| {
            out.insert(found.id, (0..rights.len()).map(|i| flag(row, FACTS + i)).collect());
        })
        .await?;
        Ok(out)
    }

    /// Rows are asked for by their names: one plan will do.
    fn sql(&self) -> Sql {
        let mut sql = Sql::new(self.database.dialect, &self.caller.rights);
        sql.plan_once();
        sql
    }

    fn select(&self, sql: &mut Sql, entity: &Entity, more: &[&str]) {
        sql.push("SELECT t0.id, ");
        facts(sql, entity);
        for column in more {
            sql.push(", ").push(column);
        }
        sql.push(" FROM ").push(entity.table).push(" t0 WHERE TRUE");
        let scopes = self.caller.rights.read(entity.class);
        if scopes.is_empty() {
            sql.push(" AND FALSE");
        } else {
            sql.visible(0, entity, scopes, " AND ");
        }
    }

    async fn each(
        &self,
        entity: &'static Entity,
        statement: &Statement,
        keys: &[Uuid],
        mut each: impl FnMut(Found, &Row) + Send,
    ) -> Result<(), Error> {
        let one = |row: &Row| {
            if let Some(found) = self.found(entity, row) {
                each(found, row);
            }
        };
        self.rows(statement, keys, one).await
    }

    /// What a row of an entity says of itself.
    fn found(&self, entity: &'static Entity, row: &Row) -> Option<Found> {
        let Cell::Id(id) = row.at(0, ColumnType::Id) else { return None };
        let members = self.model.concrete(entity);
        let prefix = match row.at(1, ColumnType::Text) {
            Cell::Text(kind) => members.iter().find(|m| m.kind == Some(kind)).and_then(|m| m.prefix),
            _ => None,
        };
        let prefix = prefix.or(entity.prefix).unwrap_or_default();
        Some(Found { id: Uuid::from_bytes(id), prefix, is_archived: flag(row, 2) })
    }

    async fn rows(&self, statement: &Statement, keys: &[Uuid], mut each: impl FnMut(&Row) + Send) -> Result<(), Error> {
        let keys: Arc<[Uuid]> = keys.into();
        let values: Vec<DbValue> = statement
            .params
            .iter()
            .map(|param| match param {
                Param::Const(value) => value.clone(),
                Param::Keys => DbValue::Ids(keys.clone()),
                Param::Rows(set) => DbValue::Ids(self.caller.rows.of(*set).clone()),
                Param::Me => DbValue::Id(self.caller.person.unwrap_or(Uuid::nil())),
                Param::Today | Param::Limit | Param::Variable { .. } => DbValue::Int(0),
            })
            .collect();
        let mut reader: Reader = self.database.reader().await?;
        reader.planning = statement.planning;
        let mut one = |row: Row| {
            each(&row);
            Ok(())
        };
        reader.fetch(self.database, &statement.text, &values, &mut one).await?;
        Ok(())
    }
}

/// Texts that may be stored somewhere: one with NUL is nowhere, and PostgreSQL refuses to compare with it.
fn storable<'t>(texts: impl Iterator<Item = &'t String>) -> DbValue {
    DbValue::List(ListType::Text, texts.filter(|text| !text.contains('\0')).cloned().map(DbValue::Text).collect())
}

/// Columns of every selection: the id, and these two.
const FACTS: usize = 3;

/// The column that tells types of one table apart, and whether the row is archived.
fn facts(sql: &mut Sql, entity: &Entity) {
    if entity.kind.is_some() || !entity.members.is_empty() {
        sql.column(0, KIND);
    } else {
        sql.push("NULL");
    }
    if entity.fields.iter().any(|field| field.name == "archivedAt") {
        sql.push(", ").column(0, "archived_at").push(" IS NOT NULL");
    } else {
        sql.push(", FALSE");
    }
}

/// Keeps a row by system and id, which stand behind the facts.
fn keep_name(out: &mut HashMap<(String, String), Found>, found: Found, row: &Row) {
    let text = |at| row.at(FACTS + at, ColumnType::Text);
    if let (Cell::Text(system), Cell::Text(id)) = (text(0), text(1)) {
        out.insert((system.to_owned(), id.to_owned()), found);
    }
}

fn flag(row: &Row, at: usize) -> bool {
    matches!(row.at(at, ColumnType::Bool), Cell::Bool(true) | Cell::Int(1))
}

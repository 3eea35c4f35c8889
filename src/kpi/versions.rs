//! What figures are made by besides facts, as it was known at an instant: formulas, bounds, targets, exchange rates, and what
//! items say of their category and currency. Of each row every version that differs is kept, by the write that made it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use super::ledger::{Changed, dialect, instant, list, one_of};
use crate::{
    error::Error,
    graph::{DbValue, Dialect, Param, Sql, decl::Model},
};

/// A table whose earlier rows figures ask for.
struct Kept {
    table: &'static str,
    /// The columns that they ask for; the versions stand in a table of the same columns, `id` before them.
    columns: &'static [&'static str],
    /// The fields that they stand for, by their names in the schema; none for any.
    fields: &'static [&'static str],
}

const KEPT: [Kept; 6] = [
    Kept { table: "fx_rate_set", columns: &["is_default"], fields: &[] },
    Kept {
        table: "fx_rate",
        columns: &["rate_set_id", "from_currency", "to_currency", "valid_from_on", "rate", "archived_at"],
        fields: &[],
    },
    Kept {
        table: "kpi_definition",
        columns: &[
            "key",
            "kind",
            "formula",
            "tested_formula",
            "formula_version",
            "unit",
            "classes",
            "green_from",
            "green_to",
            "amber_from",
            "amber_to",
            "hysteresis",
            "archived_at",
        ],
        fields: &[],
    },
    Kept {
        table: "kpi_threshold",
        columns: &[
            "item_id",
            "kpi_id",
            "valid_from_on",
            "green_from",
            "green_to",
            "amber_from",
            "amber_to",
            "hysteresis",
            "archived_at",
        ],
        fields: &[],
    },
    Kept { table: "kpi_target", columns: &["item_id", "kpi_id", "target_on", "value", "archived_at"], fields: &[] },
    Kept {
        table: "portfolio_item",
        columns: &["category", "base_currency", "fx_rate_set_id"],
        fields: &["category", "baseCurrency", "fxRateSet"],
    },
];

/// Keeps the versions that the changed rows have now.
pub async fn keep(
    db: &impl ConnectionTrait,
    model: &'static Model,
    changed: &BTreeSet<Changed>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    for kept in &KEPT {
        let is_of = |row: &&Changed| model.find(row.entity).is_some_and(|entity| entity.table == kept.table);
        let ids: Vec<Uuid> =
            changed.iter().filter(is_of).filter(|row| row.is_about(kept.fields)).map(|row| row.id).collect();
        if !ids.is_empty() {
            kept.keep(db, Some(&ids), at).await?;
        }
    }
    Ok(())
}

/// The same for all rows there are: for whoever writes beside the usual way.
pub async fn keep_all(db: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<(), Error> {
    for kept in &KEPT {
        kept.keep(db, None, at).await?;
    }
    Ok(())
}

/// The same for all rows of one of these tables.
pub async fn keep_table(db: &impl ConnectionTrait, table: &str, at: DateTime<Utc>) -> Result<(), Error> {
    for kept in KEPT.iter().filter(|kept| kept.table == table) {
        kept.keep(db, None, at).await?;
    }
    Ok(())
}

impl Kept {
    async fn keep(&self, db: &impl ConnectionTrait, ids: Option<&[Uuid]>, at: DateTime<Utc>) -> Result<(), Error> {
        let dialect = dialect(db);
        let (table, columns) = (self.table, self.columns.join(", "));
        let which = ids.map_or_else(|| " IS NOT NULL".to_owned(), |_| one_of(dialect, 2));
        let is_same = |name: &&str| format!("v.{name} IS NOT DISTINCT FROM t.{name}");
        let same = self.columns.iter().map(is_same).collect::<Vec<_>>().join(" AND ");
        // Never before a version that is there: who waited for another writer began before she ended.
        let greatest = if dialect == Dialect::Postgres { "GREATEST" } else { "max" };
        let at_mark = instant(dialect);
        let recorded = format!(
            "{greatest}({at_mark}, COALESCE((SELECT MAX(m.recorded_at) FROM {table}_version m WHERE m.id = t.id), {at_mark}))"
        );
        let text = format!(
            "INSERT INTO {table}_version (id, {columns}, recorded_at) SELECT id, {columns}, {recorded} FROM {table} t WHERE t.id{which} \
             AND NOT EXISTS (SELECT 1 FROM {table}_version v WHERE v.id = t.id AND {same} \
             AND NOT EXISTS (SELECT 1 FROM {table}_version n WHERE n.id = v.id AND n.seq > v.seq))"
        );
        let values = std::iter::once(Value::from(at)).chain(ids.map(|ids| list(dialect, ids)));
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), text, values)).await?;
        Ok(())
    }
}

/// Appends one of these tables with its rows of now, or as they were known at an instant.
pub fn known<'s>(sql: &'s mut Sql, table: &str, known_at: Option<DateTime<Utc>>) -> &'s mut Sql {
    let Some(known_at) = known_at else { return sql.push(table) };
    let at = || Param::Const(DbValue::Instant(known_at));
    sql.push("(SELECT * FROM ").push(table).push("_version v WHERE v.recorded_at <= ").param(at());
    sql.push(" AND NOT EXISTS (SELECT 1 FROM ")
        .push(table)
        .push("_version n WHERE n.id = v.id AND n.seq > v.seq AND n.recorded_at <= ");
    sql.param(at()).push("))")
}

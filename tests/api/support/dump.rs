//! Everything that a database holds, as text, so that "nothing has changed" can be said of every table and column.

use std::collections::BTreeMap;

use foliograph::graph::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// The rows of every table by its name, each row with all its columns, in an order that does not depend on storage.
pub type Dump = BTreeMap<String, Vec<String>>;

/// Reads every table of the database, the migrations' own bookkeeping too.
pub async fn dump(database: &Database) -> Dump {
    let backend = database.orm.get_database_backend();
    let tables = match backend {
        DbBackend::Sqlite => "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        _ => "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'",
    };
    let mut found = Dump::new();
    // Positions are given after commit, by whoever comes first, and the use of a key is noted beside a request: neither is part of
    // what a request wrote.
    let without_position =
        |columns: String| columns.replace("quote(position)", "'-'").replace("quote(last_used_at)", "'-'");
    for table in lines(database, tables).await.into_iter().filter(|table| table != "outbox_head") {
        let rows = match backend {
            DbBackend::Sqlite => {
                let columns = format!("SELECT 'quote(' || name || ')' AS line FROM pragma_table_info('{table}')");
                let columns = without_position(lines(database, &columns).await.join(" || ' | ' || "));
                format!("SELECT {columns} AS line FROM {table} ORDER BY 1")
            }
            _ => format!("SELECT (to_jsonb(t) - 'position' - 'last_used_at')::text AS line FROM {table} t ORDER BY 1"),
        };
        let rows = lines(database, &rows).await;
        found.insert(table, rows);
    }
    found
}

async fn lines(database: &Database, query: &str) -> Vec<String> {
    let statement = Statement::from_string(database.orm.get_database_backend(), query);
    let rows = database.orm.query_all_raw(statement).await.unwrap_or_else(|e| panic!("{query}: {e}"));
    rows.iter().map(|row| row.try_get("", "line").expect("a text")).collect()
}

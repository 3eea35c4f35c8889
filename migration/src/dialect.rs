//! One text for both databases: the steps write SQL with `{type}` marks, which become each database's own words here.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// The mark and its words on `PostgreSQL` and on `SQLite`. Text is ordered by its bytes on `PostgreSQL` too, so that both
/// databases give the same order and the same cursors. The `SQLite` names are those that sea-orm itself would write.
const WORDS: [(&str, &str, &str); 11] = [
    ("{id}", "uuid", "uuid_text"),
    ("{text}", r#"text collate "C""#, "text"),
    ("{instant}", "timestamptz(3)", "timestamp_with_timezone_text"),
    ("{date}", "date", "date_text"),
    ("{bool}", "boolean", "boolean"),
    ("{int}", "integer", "integer"),
    ("{long}", "bigint", "bigint"),
    ("{bytes}", "bytea", "blob"),
    // Grows with each row.
    ("{serial}", "bigint generated always as identity", "integer"),
    // Another one for each row.
    ("{new_id}", "gen_random_uuid()", "randomblob(16)"),
    // In an index from the largest down: SQLite knows no other place for nulls there.
    ("{nulls_last}", "nulls last", ""),
];

const AUDIT_COLUMNS: &str = "version {long} not null check (version >= 1),
    created_at {instant} not null,
    created_by_id {id},
    updated_at {instant} not null,
    updated_by_id {id}";

const AUDIT_KEYS: &str = "foreign key (created_by_id) references person (id),
    foreign key (updated_by_id) references person (id)";

/// Runs the statements one after the other. `{audit}` stands for the audit columns, `{audit_keys}` for their references.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let db = manager.get_connection();
    for statement in statements {
        db.execute_unprepared(&spell(statement, db.get_database_backend())?).await?;
    }
    Ok(())
}

/// Whether this is `PostgreSQL`, which wants a table to exist before another refers to it.
pub(crate) fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_connection().get_database_backend() == DbBackend::Postgres
}

fn spell(statement: &str, backend: DbBackend) -> Result<String, DbErr> {
    let mut sql = statement.replace("{audit}", AUDIT_COLUMNS).replace("{audit_keys}", AUDIT_KEYS);
    for (mark, postgres, sqlite) in WORDS {
        sql = sql.replace(
            mark,
            match backend {
                DbBackend::Postgres => postgres,
                DbBackend::Sqlite => sqlite,
                other => return Err(DbErr::Migration(format!("{other:?} is not supported"))),
            },
        );
    }
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_a_word_in_both_dialects() {
        let statement = "{audit} {audit_keys} {id} {text} {instant} {date} {bool} {int} {long} {bytes} {serial} {new_id} {nulls_last}";
        for backend in [DbBackend::Postgres, DbBackend::Sqlite] {
            let sql = spell(statement, backend).expect("a supported database");
            assert!(!sql.contains('{'), "{sql}");
        }
        assert!(spell(statement, DbBackend::MySql).is_err());
    }
}

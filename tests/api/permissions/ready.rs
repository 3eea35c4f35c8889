//! Rows put into tables by hand, in few words.

use entity::{person, portfolio_item, resource, resource_pool};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

/// A row that stands ready: its number, its table, and what it holds besides its id and stamps. `@n` stands for the id of
/// row n, `@POOL` for the pool of instrument development, `@RESOURCE` for the first of its resources, `@SCOPE` for the columns with an item's scope, `@OTHER` for another project, `@PERSON` for somebody in
/// business, `@WORKER` for somebody who is no resource, `@NOW` for an instant.
pub type Ready = (u128, &'static str, &'static str);

/// The id of a row that stands ready.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0189_0a5d_ac96_7000_8000_0000_0000_0000 | number)
}

/// Puts rows that belong to an item there.
pub async fn insert(
    db: &DatabaseConnection,
    ready: &[Ready],
    item: &portfolio_item::Model,
    items: &[portfolio_item::Model],
    people: &[person::Model],
) {
    let backend = db.get_database_backend();
    let literal = |id: Uuid| match backend {
        DbBackend::Postgres => format!("'{id}'"),
        _ => format!("X'{}'", id.simple()),
    };
    let other = items.iter().find(|item| item.key == "PR-002").expect("another project");
    let person = people.iter().find(|person| person.key == "simon.tait").expect("somebody in business");
    let worker = people.iter().find(|person| person.key == "ingrid.solberg").expect("somebody who is no resource");
    let pool = resource_pool::Column::Key.eq("DEVELOPMENT");
    let pool = resource_pool::Entity::find().filter(pool).one(db).await.expect("pools").expect("a pool");
    let resource = resource::Entity::find().filter(resource::Column::PoolId.eq(pool.id));
    let resource = resource.order_by_asc(resource::Column::Key).one(db).await.expect("resources").expect("a resource");
    let now = "'2026-03-01 08:00:00+00:00'";
    let portfolio = literal(item.portfolio_id.expect("a portfolio"));
    let scope = format!("item_id={}, portfolio_id={portfolio}, is_restricted={}", literal(item.id), item.is_restricted);
    for (number, table, facts) in ready {
        let mut facts = facts.replace("@SCOPE", &scope).replace("@NOW", now).replace("@PERSON", &literal(person.id));
        facts = facts.replace("@OTHER", &literal(other.id)).replace("@ITEM", &literal(item.id));
        facts = facts.replace("@POOL", &literal(pool.id)).replace("@RESOURCE", &literal(resource.id));
        facts = facts.replace("@WORKER", &literal(worker.id));
        // The longest numbers first: `@1` is the beginning of `@10`.
        let mut numbers: Vec<u128> = ready.iter().map(|(number, ..)| *number).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        for of in numbers {
            facts = facts.replace(&format!("@{of}"), &literal(id(of)));
        }
        let (names, values): (Vec<&str>, Vec<&str>) =
            facts.split(", ").map(|fact| fact.split_once('=').expect("name=value")).unzip();
        let text = format!(
            "INSERT INTO {table} (id, version, created_at, updated_at, {}) VALUES ({}, 1, {now}, {now}, {})",
            names.join(", "),
            literal(id(*number)),
            values.join(", ")
        );
        db.execute_unprepared(&text).await.unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}

//! Writes rows as the write path does: data and events in one transaction, all events by one insert at its end.
//!
//! Scope columns follow the tree, and a row that they move has an event of its own.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{external_link, outbox_event, person, portfolio_item, role_assignment};
use foliograph::{clock::Clock, graph::Database};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryOrder, QuerySelect, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

/// One transaction.
pub struct Writer {
    transaction: DatabaseTransaction,
    events: Vec<outbox_event::ActiveModel>,
    id: Uuid,
    at: DateTime<Utc>,
    actor: Option<Uuid>,
}

/// Where a row stood before a change.
#[derive(Default)]
struct Before {
    was_there: bool,
    item: Option<Uuid>,
    portfolio: Option<Uuid>,
    restricted: bool,
    state: Option<String>,
    person: Option<Uuid>,
}

impl Writer {
    /// Begins a transaction.
    pub async fn begin(database: &Database, clock: &dyn Clock) -> Self {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = database.orm.begin_with_options(options).await.expect("a transaction");
        Self { transaction, events: vec![], id: Uuid::now_v7(), at: clock.now(), actor: None }
    }

    /// The same, with a person behind it.
    pub fn by(mut self, person: Uuid) -> Self {
        self.actor = Some(person);
        self
    }

    /// Changes an item.
    pub async fn item(&mut self, id: Uuid, change: impl FnOnce(&mut portfolio_item::Model)) -> i64 {
        let found = portfolio_item::Entity::find_by_id(id).lock_exclusive().one(&self.transaction).await;
        let mut row = found.expect("read").expect("an item");
        let before = of_item(&row);
        change(&mut row);
        row.version += 1;
        row.updated_at = self.at;
        row.is_restricted |= row.confidentiality == "CONFIDENTIAL";
        self.note(item_type(&row.kind), row.id, row.version, before);
        let version = row.version;
        row.into_active_model().reset_all().update(&self.transaction).await.expect("updated");
        version
    }

    /// Makes an item like another.
    pub async fn new_item(&mut self, like: &portfolio_item::Model, key: &str) -> Uuid {
        let id = Uuid::now_v7();
        let row = portfolio_item::Model { id, key: key.to_owned(), version: 1, ..like.clone() };
        self.note(item_type(&row.kind), id, 1, Before::default());
        row.into_active_model().insert(&self.transaction).await.expect("inserted");
        id
    }

    /// Changes a person.
    pub async fn person(&mut self, id: Uuid, change: impl FnOnce(&mut person::Model)) {
        let mut row = person::Entity::find_by_id(id).one(&self.transaction).await.expect("read").expect("a person");
        change(&mut row);
        row.version += 1;
        self.note("Person", id, row.version, Before { was_there: true, person: Some(id), ..Before::default() });
        row.into_active_model().reset_all().update(&self.transaction).await.expect("updated");
    }

    /// Gives a role.
    pub async fn assign(&mut self, row: role_assignment::Model) {
        self.note("RoleAssignment", row.id, row.version, Before::default());
        row.into_active_model().insert(&self.transaction).await.expect("inserted");
    }

    /// Changes a role.
    pub async fn assignment(&mut self, id: Uuid, change: impl FnOnce(&mut role_assignment::Model)) {
        let found = role_assignment::Entity::find_by_id(id).one(&self.transaction).await;
        let mut row = found.expect("read").expect("an assignment");
        let before = Before { was_there: true, person: Some(row.person_id), ..Before::default() };
        change(&mut row);
        row.version += 1;
        self.note("RoleAssignment", id, row.version, before);
        row.into_active_model().reset_all().update(&self.transaction).await.expect("updated");
    }

    /// Brings the scope columns of everything up to date.
    pub async fn settle(&mut self) {
        let all = portfolio_item::Entity::find().order_by_asc(portfolio_item::Column::Id).all(&self.transaction).await;
        let all = all.expect("items");
        let by_id: HashMap<Uuid, &portfolio_item::Model> = all.iter().map(|i| (i.id, i)).collect();
        let due = |item: &portfolio_item::Model| {
            let (mut portfolio, mut program, mut restricted) = (None, None, false);
            let mut at = Some(item);
            while let Some(row) = at {
                restricted |= row.confidentiality == "CONFIDENTIAL";
                portfolio = portfolio.or((row.kind == "PORTFOLIO").then_some(row.id));
                program = program.or((row.kind == "PROGRAM" && portfolio.is_none()).then_some(row.id));
                at = row.parent_id.and_then(|parent| by_id.get(&parent).copied());
            }
            (portfolio, if item.kind == "PROJECT" { program } else { item.program_id }, restricted)
        };
        for item in &all {
            let (portfolio, program, restricted) = due(item);
            if (item.portfolio_id, item.program_id, item.is_restricted) != (portfolio, program, restricted) {
                self.item(item.id, |row| {
                    (row.portfolio_id, row.program_id, row.is_restricted) = (portfolio, program, restricted);
                })
                .await;
            }
        }
        let items: HashMap<Uuid, portfolio_item::Model> = portfolio_item::Entity::find()
            .all(&self.transaction)
            .await
            .expect("items")
            .into_iter()
            .map(|i| (i.id, i))
            .collect();
        for mut link in external_link::Entity::find().all(&self.transaction).await.expect("links") {
            let Some(item) = link.item_id.and_then(|id| items.get(&id)) else { continue };
            if (link.portfolio_id, link.is_restricted) == (item.portfolio_id, item.is_restricted) {
                continue;
            }
            let before = Before {
                was_there: true,
                item: link.item_id,
                portfolio: link.portfolio_id,
                restricted: link.is_restricted,
                ..Before::default()
            };
            (link.portfolio_id, link.is_restricted) = (item.portfolio_id, item.is_restricted);
            link.version += 1;
            self.note("ExternalLink", link.id, link.version, before);
            link.into_active_model().reset_all().update(&self.transaction).await.expect("updated");
        }
    }

    /// Writes the events, as the last thing before the commit.
    pub async fn draw(&mut self) {
        let events = std::mem::take(&mut self.events);
        outbox_event::Entity::insert_many(events).exec_without_returning(&self.transaction).await.expect("events");
    }

    /// Writes the events that are not written, and commits.
    pub async fn commit(mut self) -> Uuid {
        if !self.events.is_empty() {
            self.draw().await;
        }
        self.transaction.commit().await.expect("committed");
        self.id
    }

    fn note(&mut self, target_type: &str, target_id: Uuid, version: i64, before: Before) {
        self.events.push(outbox_event::ActiveModel {
            seq: NotSet,
            position: Set(None),
            transaction_id: Set(self.id),
            at: Set(self.at),
            request_id: Set(format!("req-{}", self.id.simple())),
            mutation: Set("testWrite".to_owned()),
            actor_id: Set(self.actor),
            target_type: Set(target_type.to_owned()),
            target_id: Set(target_id),
            version: Set(version),
            was_there: Set(before.was_there),
            was_item_id: Set(before.item),
            was_portfolio_id: Set(before.portfolio),
            was_restricted: Set(before.restricted),
            was_state: Set(before.state),
            was_person_id: Set(before.person),
            was_draft: Set(false),
            was_labor: Set(false),
            was_resource_id: Set(None),
            was_pool_id: Set(None),
        });
    }
}

fn of_item(row: &portfolio_item::Model) -> Before {
    Before {
        was_there: true,
        item: Some(row.id),
        portfolio: row.portfolio_id,
        restricted: row.is_restricted,
        state: Some(row.state.clone()),
        person: None,
    }
}

/// The type of an item in the schema.
pub fn item_type(kind: &str) -> &'static str {
    match kind {
        "PORTFOLIO" => "Portfolio",
        "PROGRAM" => "Program",
        _ => "Project",
    }
}

//! Plans of projects: tasks and their tree, baselines and their approval, measurements and what they earn.

mod baselines;
mod capture;
mod progress;
mod tasks;

use entity::task;
use foliograph::auth::Role;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    Test, World,
    client::Client,
    writes::{begin_bare, change, faults},
};

/// Every test of this folder.
pub fn list() -> Vec<Test> {
    [tasks::list(), baselines::list(), capture::list(), progress::list()].into_iter().flatten().collect()
}

const NO_FAULT: Vec<String> = vec![];

/// A world without plans, its rows, the lead of the office, and the manager of PR-014.
async fn prepared(world: &World) -> (DatabaseConnection, Client, Client) {
    let (db, lead) = begin_bare(world).await;
    let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
    (db, lead, manager)
}

/// Does a mutation that must succeed, and gives its row.
async fn done(client: &Client, mutation: &str, input: Value) -> Value {
    let told = change(client, mutation, input).await;
    assert_eq!(faults(&told), NO_FAULT, "{mutation}: {told}");
    told.as_object().expect("a payload").values().find(|v| v.get("id").is_some()).cloned().unwrap_or_default()
}

/// Makes a task of PR-014; its id.
async fn task(client: &Client, key: &str, more: Value) -> String {
    let made = done(client, "taskCreate", new_task(key, more)).await;
    made["id"].as_str().expect("an id").to_owned()
}

#[allow(clippy::needless_pass_by_value)] // made where it is said
fn new_task(key: &str, more: Value) -> Value {
    let mut input = json!({ "key": key, "title": format!("Task {key}"), "projectKey": "PR-014" });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// A change of a row that has a key, whatever its version.
#[allow(clippy::needless_pass_by_value)] // made where it is said
fn patch(key: &str, patch: Value) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch })
}

fn of(id: &str) -> Value {
    json!({ "id": id, "ifVersion": "*" })
}

fn francs(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CHF" })
}

/// The task with this key as the table holds it.
async fn stored(db: &DatabaseConnection, key: &str) -> task::Model {
    let found = task::Entity::find().filter(task::Column::Key.eq(key)).one(db).await.expect("tasks");
    found.unwrap_or_else(|| panic!("no task {key}"))
}

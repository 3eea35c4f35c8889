//! Strategy: objectives with the shares that follow from their weights, what items contribute to them, and which items
//! serve nothing on a day.

mod contributions;
mod objectives;
mod unaligned;

use entity::strategic_objective;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    client::Client,
    writes::{change, faults},
};

/// Every test of this folder.
pub fn list() -> Vec<crate::support::Test> {
    [objectives::list(), contributions::list(), unaligned::list()].into_iter().flatten().collect()
}

/// Makes an objective with this key below another one, or at the top, with what else is given.
async fn objective(client: &Client, key: &str, parent: Option<&str>, more: Value) -> Value {
    let mut input = json!({ "key": key, "title": format!("Objective {key}"), "parentKey": parent, "state": "ACTIVE" });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    change(client, "strategicObjectiveCreate", input).await
}

/// Has an item contribute to an objective; fails if it may not, and gives the contribution's id.
async fn contribute(client: &Client, item: &str, objective: &str, more: Value) -> Value {
    let done = change(client, "objectiveContributionCreate", contribution(item, objective, more)).await;
    assert_eq!(faults(&done), Vec::<String>::new(), "{item} to {objective}");
    done["objectiveContribution"]["id"].clone()
}

/// The input of a contribution.
#[allow(clippy::needless_pass_by_value)] // made where it is said
fn contribution(item: &str, objective: &str, more: Value) -> Value {
    let mut input = json!({ "itemId": item, "objectiveKey": objective });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// A change of an objective, whatever its version.
#[allow(clippy::needless_pass_by_value)] // made where it is said
fn patch(key: &str, patch: Value) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch })
}

/// The objective with this key as the table holds it.
async fn stored(db: &DatabaseConnection, key: &str) -> strategic_objective::Model {
    let of = strategic_objective::Column::Key.eq(key);
    let found = strategic_objective::Entity::find().filter(of).one(db).await.expect("objectives");
    found.unwrap_or_else(|| panic!("no objective {key}"))
}

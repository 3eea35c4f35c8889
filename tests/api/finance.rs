//! Money: what it is counted by, budgets and cost plans with their approval, forecasts, and what is promised and spent.

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    Test,
    client::Client,
    writes::{done, request_key},
};

mod actuals;
mod budgets;
mod commitments;
mod cost_plans;
mod forecasts;
mod labor;
mod rates;
mod set_up;

/// Tests of all files of this folder.
pub fn list() -> Vec<Test> {
    let spent = [commitments::list(), actuals::list(), labor::list()];
    let planned = [set_up::list(), rates::list(), budgets::list(), cost_plans::list(), forecasts::list()];
    planned.into_iter().chain(spent).flatten().collect()
}

/// Whoever counts money.
async fn finance(world: &crate::support::World) -> Client {
    world.client_as("stefan.brunner", &[Role::Finance]).await
}

/// Money as an input.
fn money(amount: &str, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}

/// A calendar `CORP`, and the categories `HW`, which may be capital expenditure, and `STAFF`, which may not.
async fn ledger(client: &Client) {
    calendar(client).await;
    done(client, "costCategoryCreate", json!({ "key": "HW", "name": "Hardware", "isCapexAllowed": true })).await;
    done(client, "costCategoryCreate", json!({ "key": "STAFF", "name": "Staff" })).await;
}

/// Some members of an object, and others in place of them or beside.
fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

/// A calendar `CORP` with the year FY26 and its first three months.
async fn calendar(client: &Client) {
    done(client, "fiscalCalendarCreate", json!({ "key": "CORP", "name": "Corporate" })).await;
    let year = json!({ "key": "FY26", "name": "2026", "calendarKey": "CORP", "kind": "YEAR", "startOn": "2026-01-01", "endOn": "2026-12-31" });
    done(client, "fiscalPeriodCreate", year).await;
    let months: Vec<Value> = [("01", "31"), ("02", "28"), ("03", "31")]
        .into_iter()
        .map(|(month, last)| {
            json!({ "key": format!("FY26-{month}"), "name": format!("2026-{month}"), "calendarKey": "CORP", "kind": "MONTH",
                "startOn": format!("2026-{month}-01"), "endOn": format!("2026-{month}-{last}"), "parentKey": "FY26" })
        })
        .collect();
    done(client, "fiscalPeriodBulkCreate", json!({ "items": months, "clientMutationKey": request_key(900) })).await;
}

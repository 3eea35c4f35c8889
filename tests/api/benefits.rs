//! Benefits: their profiles and plans, the steps of their life, what their owners see by owning them, how they are
//! measured, what was measured, reviews, and the benefits map.

mod actuals;
mod attribution;
mod figures;
mod flows;
mod map;
mod measures;
mod owners;
mod parts;
mod profiles;
mod realization;
mod reviews;
mod steps;
mod streams;
mod tracking;

use chrono::Days;
use entity::{benefit, benefit_measure, fiscal_calendar, fiscal_period};
use foliograph::graph::encode_id;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    World,
    client::Client,
    world::{as_of, noon},
    writes::{begin_bare, change, faults, item_id},
};

/// Every test of this folder.
pub fn list() -> Vec<crate::support::Test> {
    [
        profiles::list(),
        parts::list(),
        steps::list(),
        streams::list(),
        owners::list(),
        measures::list(),
        actuals::list(),
        attribution::list(),
        figures::list(),
        flows::list(),
        realization::list(),
        reviews::list(),
        map::list(),
        tracking::list(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const NO_FAULT: Vec<String> = vec![];

/// Periods of every prepared world: two open ones and a closed one.
const PERIODS: [(&str, &str); 3] = [("M-01", "OPEN"), ("M-02", "OPEN"), ("M-00", "CLOSED")];

/// A world with fiscal periods, its rows and the lead of the office.
async fn prepared(world: &World) -> (DatabaseConnection, Client) {
    let (db, lead) = begin_bare(world).await;
    let calendar = fiscal_calendar::Model {
        id: Uuid::now_v7(),
        key: "CAL".into(),
        name: "Calendar".into(),
        name_fold: "calendar".into(),
        description: None,
        version: 1,
        created_at: noon(),
        created_by_id: None,
        updated_at: noon(),
        updated_by_id: None,
        archived_at: None,
    };
    let of = calendar.id;
    fiscal_calendar::Entity::insert(calendar.into_active_model())
        .exec_without_returning(&db)
        .await
        .expect("a calendar");
    for (nth, (key, state)) in (0_u64..).zip(PERIODS) {
        let day = as_of() + Days::new(nth);
        let period = fiscal_period::Model {
            id: Uuid::now_v7(),
            calendar_id: of,
            key: key.into(),
            name: key.into(),
            kind: "MONTH".into(),
            start_on: day,
            end_on: day,
            state: state.into(),
            parent_id: None,
            version: 1,
            created_at: noon(),
            created_by_id: None,
            updated_at: noon(),
            updated_by_id: None,
            archived_at: None,
        };
        fiscal_period::Entity::insert(period.into_active_model()).exec_without_returning(&db).await.expect("a period");
    }
    (db, lead)
}

/// The input of a benefit of an item, owned by Nina Petrova.
async fn profile(db: &DatabaseConnection, key: &str, item: &str, more: Value) -> Value {
    let mut input = json!({
        "key": key, "title": format!("Benefit {key}"), "kind": "FINANCIAL_CASHABLE", "itemId": item_id(db, item).await,
        "ownerKey": "nina.petrova",
    });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// Makes a benefit, with a measure behind the product's back where it needs one to be promised; fails if it may not.
async fn made(db: &DatabaseConnection, client: &Client, key: &str, item: &str, more: Value) {
    let done = change(client, "benefitCreate", profile(db, key, item, more).await).await;
    assert_eq!(faults(&done), NO_FAULT, "{key} of {item}");
    let of = stored(db, key).await;
    if of.kind == "QUALITATIVE" {
        return;
    }
    let measure = benefit_measure::Model {
        id: Uuid::now_v7(),
        benefit_id: of.id,
        item_id: of.item_id,
        portfolio_id: of.portfolio_id,
        is_restricted: of.is_restricted,
        is_draft: true,
        owner_id: of.owner_id,
        key: format!("M-{key}"),
        title: "Hours".into(),
        title_fold: "hours".into(),
        unit: "hours".into(),
        direction: if of.polarity == "BENEFIT" { "DOWN" } else { "UP" }.into(),
        baseline_value: Some(5_000_000_000),
        baseline_on: Some(as_of() - Days::new(90)),
        target_value: Some(2_500_000_000),
        target_on: Some(as_of() + Days::new(365)),
        method: None,
        source: None,
        frequency: "ONCE".into(),
        first_due_on: as_of() - Days::new(10),
        last_due_on: None,
        next_due_on: None,
        kpi_key: None,
        version: 1,
        created_at: noon(),
        created_by_id: None,
        updated_at: noon(),
        updated_by_id: None,
    };
    benefit_measure::Entity::insert(measure.into_active_model()).exec_without_returning(db).await.expect("a measure");
}

/// A change of a benefit, whatever its version.
#[allow(clippy::needless_pass_by_value)] // made where it is said
fn patch(key: &str, patch: Value) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch })
}

/// Takes a benefit through these states; fails if it may not.
async fn advance(client: &Client, key: &str, states: &[&str]) {
    for to in states {
        let done = change(client, "benefitStateAdvance", to_state(key, to)).await;
        assert_eq!(faults(&done), NO_FAULT, "{key} to {to}");
        assert_eq!(done["benefit"]["state"], json!(to));
    }
}

fn to_state(key: &str, to: &str) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "to": to })
}

/// The benefit with this key as the table holds it.
async fn stored(db: &DatabaseConnection, key: &str) -> benefit::Model {
    let found = benefit::Entity::find().filter(benefit::Column::Key.eq(key)).one(db).await.expect("benefits");
    found.unwrap_or_else(|| panic!("no benefit {key}"))
}

/// The measure with this key as the table holds it.
async fn measured(db: &DatabaseConnection, key: &str) -> benefit_measure::Model {
    let found = benefit_measure::Entity::find().filter(benefit_measure::Column::Key.eq(key)).one(db).await;
    found.expect("measures").unwrap_or_else(|| panic!("no measure {key}"))
}

/// The input of an actual of a measure.
fn actual(measure: &str, more: Value) -> Value {
    let mut input = json!({ "measureKey": measure, "measuredOn": "2026-02-20", "value": "4" });
    let Value::Object(more) = more else { panic!("members are due") };
    input.as_object_mut().expect("an object").extend(more);
    input
}

/// Records an actual; fails if it may not. Its id.
async fn had(client: &Client, measure: &str, more: Value) -> Value {
    let done = change(client, "benefitActualCreate", actual(measure, more)).await;
    assert_eq!(faults(&done), NO_FAULT, "{measure}");
    done["benefitActual"]["id"].clone()
}

/// The id of the benefit with this key, as the API writes it.
async fn benefit_id(db: &DatabaseConnection, key: &str) -> String {
    encode_id("ben", stored(db, key).await.id)
}

/// Money in euros.
fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

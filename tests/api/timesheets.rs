//! Timesheets: who records, hands in and approves, what a day can hold, and what posting makes of it.

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    Test, World,
    client::Client,
    writes::{self, begin, done},
};

mod bulk;
mod life;
mod limits;
mod posting;
mod read;

/// Tests of all files of this folder.
pub fn list() -> Vec<Test> {
    [life::list(), limits::list(), bulk::list(), posting::list(), read::list()].into_iter().flatten().collect()
}

/// A project that George manages and Ingrid sponsors.
const PROJECT: &str = "PR-014";
/// Monday of the week before the present one.
const MONDAY: &str = "2026-02-23";
const TUESDAY: &str = "2026-02-24";

/// Wanda, who is a person of Karin's pool and works for George, and those around her.
struct House {
    lead: Client,
    karin: Client,
    george: Client,
    finance: Client,
    wanda: Client,
}

impl House {
    async fn of(world: &World) -> Self {
        let (_, lead) = begin(world).await;
        let hours = "08:00-12:00 13:00-17:00";
        let week = json!({ "key": "OFFICE", "name": "Office", "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours });
        done(&lead, "workCalendarCreate", week).await;
        let george = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        worker(&lead, "wanda", json!({ "roleKey": "ENG" })).await;
        let booking = json!({ "projectKey": PROJECT, "resourceKey": "wanda", "startOn": MONDAY, "endOn": "2026-04-30", "minutes": 6_000 });
        done(&george, "allocationCreate", booking).await;
        Self {
            karin: world.client_as("karin.baumann", &[Role::ResourceManager]).await,
            finance: world.client_as("stefan.brunner", &[Role::Finance]).await,
            wanda: world.client_as("wanda", &[]).await,
            lead,
            george,
        }
    }
}

/// A person who is a resource of Karin's pool, both with this key.
async fn worker(lead: &Client, key: &str, more: Value) {
    let identity = json!({ "add": [{ "issuer": "foliograph-local", "subject": key }] });
    done(lead, "personCreate", json!({ "key": key, "displayName": key, "identities": identity })).await;
    let resource = json!({ "key": key, "name": key, "kind": "PERSON", "personKey": key, "poolKey": "DEVELOPMENT", "calendarKey": "OFFICE", "fte": "1" });
    done(lead, "resourceCreate", with(resource, more)).await;
}

fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

/// Wanda's minutes of a day on the project.
fn on_project(day: &str, minutes: i32) -> Value {
    json!({ "resourceKey": "wanda", "workOn": day, "projectKey": PROJECT, "minutes": minutes })
}

/// Wanda's minutes of a day beside projects.
fn beside(day: &str, minutes: i32) -> Value {
    json!({ "resourceKey": "wanda", "workOn": day, "categoryKey": "TRAINING", "minutes": minutes })
}

fn of(row: &Value) -> Value {
    json!({ "id": row["id"], "ifVersion": "*" })
}

/// Codes with their paths, a broken rule by its name, in order.
fn faults(payload: &Value) -> Vec<String> {
    let errors = payload["userErrors"].as_array().into_iter().flatten();
    let line = |(error, plain): (&Value, String)| {
        let rule = error["params"].as_array().into_iter().flatten().find(|param| param["name"] == "rule");
        let path = plain.split_once(' ').map_or("", |(_, path)| path).to_owned();
        rule.map_or(plain, |rule| format!("RULE {} {path}", rule["value"].as_str().unwrap_or_default()))
    };
    errors.zip(writes::faults(payload)).map(line).collect()
}

/// The week of somebody, as a caller sees it.
async fn sheet(client: &Client, key: &str, monday: &str) -> Value {
    let asked = format!(
        "{{ timesheets(first: 5, filter: {{ resource: {{ key: {{ eq: \"{key}\" }} }}, weekStartOn: {{ eq: \"{monday}\" }} }}) {{ nodes {{
           id state dueAt submittedAt submittedBy {{ key }} approvedBy {{ key }} postedAt returnNote unratedMinutes
           entries(orderBy: [{{ workOn: {{ direction: ASC }} }}, {{ createdAt: {{ direction: ASC }} }}]) {{ nodes {{ id workOn minutes state isUnrated postedOn reversalReason reversalOf {{ id }} project {{ key }} category {{ key }} }} }} }} }} }}"
    );
    client.query(&asked).await.data()["timesheets"]["nodes"][0].clone()
}

/// The labor of the project that was posted here, in order of its days.
async fn labor(client: &Client) -> Vec<Value> {
    let asked = format!(
        "{{ actuals(first: 100, filter: {{ item: {{ key: {{ eq: \"{PROJECT}\" }} }}, source: {{ eq: LABOR }}, externalSystem: {{ isNull: true }} }}, orderBy: [{{ occurredOn: {{ direction: ASC }} }}, {{ createdAt: {{ direction: ASC }} }}]) {{ nodes {{
           occurredOn postingOn expenditure quantity category {{ key }} calendar {{ key }} amount {{ amount currency }} reversalOf {{ id }} reversalReason }} }} }}"
    );
    client.query(&asked).await.data()["actuals"]["nodes"].as_array().cloned().unwrap_or_default()
}

/// Has the week of somebody handed in by herself and approved by Karin.
async fn approved(house: &House, monday: &str) -> Value {
    let week = sheet(&house.wanda, "wanda", monday).await;
    done(&house.wanda, "timesheetSubmit", of(&week)).await;
    done(&house.karin, "timesheetApprove", of(&week)).await;
    week
}

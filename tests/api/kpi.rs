//! KPIs: figures that follow writes, whose rows they count, how they are explained and restated, and how they are pushed.

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    Test, World,
    client::Client,
    writes::{change, done},
};

mod alerts;
mod catalogue;
mod conditions;
mod definitions;
mod earned_value;
mod figures;
mod lasting;
mod open_streams;
mod own_rows;
mod past;
mod postings;
mod recomputed;
mod rights;
mod sequence;
mod sse;
mod staffing;
mod storm;
mod streams;
mod summary;
mod thresholds;

/// Tests of all files of this folder.
pub fn list() -> Vec<Test> {
    let figures = [
        earned_value::list(),
        figures::list(),
        rights::list(),
        past::list(),
        summary::list(),
        conditions::list(),
        lasting::list(),
    ];
    let set_up = [
        catalogue::list(),
        definitions::list(),
        thresholds::list(),
        postings::list(),
        alerts::list(),
        staffing::list(),
    ];
    let pushed =
        [streams::list(), open_streams::list(), own_rows::list(), sse::list(), storm::list(), sequence::list()];
    figures.into_iter().chain(set_up).chain(pushed).flatten().collect()
}

/// Derives values as the background work does, and has followers look.
async fn derive(world: &World) {
    let app = world.app().await;
    app.deriver.derive().await.expect("derived");
    app.events.sequence_now().await.expect("in order");
}

/// A KPI whose values scripts post: good from 10 on, bad below 5, with a margin of 1.
async fn score(lead: &Client) {
    let kpi = json!({
        "key": "SCORE", "name": "Score", "description": "Points.", "kind": "POSTED", "unit": "NUMBER", "direction": "UP",
        "classes": ["WORK"], "greenFrom": "10", "amberFrom": "5", "hysteresis": "1",
    });
    done(lead, "kpiDefinitionCreate", kpi).await;
}

/// Posts a score of a project from the first of February on.
async fn post(client: &Client, project: &str, value: &str) -> Value {
    let value = json!({ "itemKey": project, "kpiKey": "SCORE", "effectiveOn": "2026-02-01", "value": value });
    change(client, "kpiValueRecord", value).await
}

/// Whoever counts money.
async fn finance(world: &World) -> Client {
    world.client_as("stefan.brunner", &[Role::Finance]).await
}

/// Money that a project spent on a day of February 2026.
async fn spend(client: &Client, project: &str, amount: &str, currency: &str) -> Value {
    let spent = json!({
        "itemKey": project, "occurredOn": "2026-02-10", "calendarKey": "MERIDIAN", "categoryKey": "HARDWARE",
        "source": "NON_LABOR", "amount": { "amount": amount, "currency": currency },
    });
    done(client, "actualCreate", spent).await
}

/// A KPI of an item by its key, whatever it is.
pub async fn kpi(client: &Client, item: &str, key: &str, arguments: &str) -> Value {
    let asked = format!(
        "{{ portfolioItems(filter: {{ key: {{ eq: \"{item}\" }} }}) {{ nodes {{ kpis(keys: [\"{key}\"]{arguments}) {{ \
         value unit numerator denominator status nullReason basis periodEnd coverage {{ included excludedNoAccess excludedNull }} }} }} }} }}"
    );
    let reply = client.query(&asked).await;
    reply.data()["portfolioItems"]["nodes"][0]["kpis"][0].clone()
}

/// The value of a KPI in 1/10,000.
async fn units(client: &Client, item: &str, key: &str) -> i128 {
    let value = kpi(client, item, key, "").await["value"].clone();
    let text = value.as_str().unwrap_or_else(|| panic!("{item} has no {key}: {value}"));
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let units: i128 = format!("{whole}{fraction:0<4}").parse().expect("money");
    if negative { -units } else { units }
}

/// Asks for all measures to be made anew, and that nothing differs.
pub async fn exact(client: &Client) {
    let reply =
        client.query("{ verifyRollup { isExact measureCount differences { measure amount item { key } } } }").await;
    let found = &reply.data()["verifyRollup"];
    assert_eq!((&found["isExact"], &found["differences"]), (&json!(true), &json!([])), "{found:#}");
    assert!(found["measureCount"].as_u64() > Some(10), "{found:#}");
}

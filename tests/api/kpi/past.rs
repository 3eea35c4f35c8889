//! What a figure was about a day, and what was known of it at an instant: last month's board pack stays what it was.

use foliograph::{auth::Role, clock::Clock as _};
use serde_json::{Value, json};

use super::{derive, done, exact, finance, kpi, spend};
use crate::support::{
    World,
    client::Client,
    writes::{begin, item_id},
};

tests! {
    async fn a_day_is_asked_for_apart_from_what_was_known_on_it(world: &World) {
        let (_, lead) = begin(world).await;
        let value = |figure: serde_json::Value| figure["value"].clone();
        let known = world.clock.now();
        let at = ", at: \"2026-02-28\"";
        let before = kpi(&lead, "PF-PRODUCTS", "EV_AC", at).await;
        world.clock.advance_seconds(10 * 86_400);
        // Tokens end within the hour.
        let (lead, money) = (lead_of(world).await, finance(world).await);
        // Booked later for a day before: the figure of the day is another one now, but not as it was known.
        spend(&money, "PR-020", "5000", "CHF").await;
        let now = kpi(&lead, "PF-PRODUCTS", "EV_AC", at).await;
        assert_ne!(value(now.clone()), value(before.clone()));
        let then = format!("{at}, knownAt: \"{}\"", known.to_rfc3339());
        assert_eq!(value(kpi(&lead, "PF-PRODUCTS", "EV_AC", &then).await), value(before.clone()));
        // Before the day itself nothing of it counts.
        let early = kpi(&lead, "PR-020", "EV_AC", ", at: \"2026-02-01\"").await;
        assert_ne!(value(early), value(kpi(&lead, "PR-020", "EV_AC", at).await));
        exact(&lead).await;
    }

    async fn a_move_and_a_corrected_rate_leave_the_past_as_it_was_known(world: &World) {
        let (db, lead) = begin(world).await;
        let known = world.clock.now();
        let then = format!(", at: \"2026-02-28\", knownAt: \"{}\"", known.to_rfc3339());
        let pack = [
            kpi(&lead, "PF-PRODUCTS", "EV_AC", &then).await,
            kpi(&lead, "PF-PRODUCTS", "FN_FVAR", &then).await,
            kpi(&lead, "PF-IT", "EV_AC", &then).await,
        ];
        world.clock.advance_seconds(3 * 86_400);
        let (lead, money) = (lead_of(world).await, finance(world).await);
        let moved = json!({ "id": item_id(&db, "PR-020").await, "ifVersion": "*", "patch": { "parentKey": "PF-IT" } });
        done(&lead, "projectUpdate", moved).await;
        let rates = lead.query("{ fxRates(first: 100, filter: { archivedAt: { isNull: true } }) { nodes { id rate } } }").await.data();
        for rate in rates["fxRates"]["nodes"].as_array().expect("rates") {
            let patch = json!({ "id": rate["id"], "ifVersion": "*", "patch": { "rate": "3.5" } });
            done(&money, "fxRateUpdate", patch).await;
        }
        assert_ne!(kpi(&lead, "PF-PRODUCTS", "EV_AC", ", at: \"2026-02-28\"").await["value"], pack[0]["value"]);
        for (item, key, figure) in [("PF-PRODUCTS", "EV_AC", &pack[0]), ("PF-PRODUCTS", "FN_FVAR", &pack[1]), ("PF-IT", "EV_AC", &pack[2])] {
            assert_eq!(&kpi(&lead, item, key, &then).await, figure, "{item} {key}");
        }
        exact(&lead).await;
    }

    async fn a_board_pack_is_restated_to_the_letter(world: &World) {
        let (db, lead) = begin(world).await;
        let ours = |key: &str, formula: &str| {
            json!({
                "key": key, "name": key, "description": "One of ours.", "kind": "FORMULA", "formula": formula, "unit": "RATIO",
                "direction": "UP", "greenFrom": "0.5", "amberFrom": "0.1",
            })
        };
        done(&lead, "kpiDefinitionCreate", ours("OURS", "AC / BUDGET")).await;
        done(&lead, "kpiDefinitionCreate", ours("OURS_TWICE", "2 * OURS")).await;
        let bounds = |item: &str, green: &str| json!({ "itemKey": item, "kpiKey": "OURS", "validFromOn": "2026-01-01", "greenFrom": green, "amberFrom": "0.01", "hysteresis": "0" });
        let above = done(&lead, "kpiThresholdCreate", bounds("PF-PRODUCTS", "0.02")).await;
        let target = done(&lead, "kpiTargetCreate", json!({ "itemKey": "PF-PRODUCTS", "kpiKey": "OURS", "targetOn": "2026-01-01", "value": "0.4" })).await;
        derive(world).await;
        let known = world.clock.now();
        let then = format!("at: \"2026-02-28\", knownAt: \"{}\"", known.to_rfc3339());
        let value = "value numerator denominator status target nullReason basis asOf coverage { included excludedNoAccess excludedNull }";
        let keys = "\"OURS\", \"FN_GROW\", \"OURS_TWICE\"";
        let pack = async |lead: &Client, keys: &str, then: &str| {
            let series = then.replace("at:", "from: \"2025-10-01\", to:");
            let asked = format!(
                "{{ portfolioItems(filter: {{ key: {{ in: [\"PF-PRODUCTS\", \"PR-020\"] }} }}, orderBy: [{{ key: {{ direction: ASC }} }}]) {{ nodes {{ \
                 all: kpis({then}) {{ {value} }} ours: kpis(keys: [{keys}], {then}) {{ {value} }} \
                 kpiSeries(key: \"OURS\", {series}) {{ {value} }} \
                 kpiExplain(key: \"OURS\", {then}) {{ formula formulaVersion value {{ {value} }} inputs {{ measure sum parts {{ amount rate }} }} }} \
                 portfolioHealth({then}) {{ computed declared dimensions {{ dimension computed }} }} }} }} }}"
            );
            lead.query(&asked).await.data()["portfolioItems"]["nodes"].clone()
        };
        let before = pack(&lead, keys, &then).await;
        let of = |pack: &Value, at: usize| pack[at]["ours"][0].clone();
        assert_eq!((&of(&before, 0)["target"], &of(&before, 0)["status"]), (&json!("0.4"), &json!("GREEN")), "{before:#}");
        world.clock.advance_seconds(3 * 86_400);
        let (lead, money) = (lead_of(world).await, finance(world).await);
        let by_key = |key: &str, patch: Value| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch });
        done(&lead, "kpiDefinitionUpdate", by_key("OURS", json!({ "formula": "BUDGET / AC", "greenFrom": "99", "amberFrom": "98" }))).await;
        done(&lead, "kpiDefinitionArchive", json!({ "ref": { "key": "OURS_TWICE" }, "ifVersion": "*" })).await;
        let by_id = |row: &Value, patch: Value| json!({ "id": row["id"], "ifVersion": "*", "patch": patch });
        done(&lead, "kpiThresholdUpdate", by_id(&above, json!({ "greenFrom": "90", "amberFrom": "80" }))).await;
        done(&lead, "kpiThresholdCreate", bounds("PR-020", "70")).await;
        done(&lead, "kpiTargetUpdate", by_id(&target, json!({ "value": "7" }))).await;
        done(&lead, "projectUpdate", json!({ "id": item_id(&db, "PR-020").await, "ifVersion": "*", "patch": { "category": "RUN" } })).await;
        let rates = lead.query("{ fxRates(first: 100, filter: { archivedAt: { isNull: true } }) { nodes { id } } }").await.data();
        for rate in rates["fxRates"]["nodes"].as_array().expect("rates") {
            done(&money, "fxRateUpdate", by_id(rate, json!({ "rate": "3.5" }))).await;
        }
        spend(&money, "PR-020", "5000", "CHF").await;
        derive(world).await;
        let now = pack(&lead, "\"OURS\", \"FN_GROW\"", "at: \"2026-02-28\"").await;
        for (at, name) in [(0, "formula"), (0, "target"), (1, "status")] {
            let now = if name == "formula" { now[at]["kpiExplain"][name].clone() } else { of(&now, at)[name].clone() };
            let then = if name == "formula" { before[at]["kpiExplain"][name].clone() } else { of(&before, at)[name].clone() };
            assert_ne!(now, then, "{name} is another one now");
        }
        assert_eq!(pack(&lead, keys, &then).await, before);
        exact(&lead).await;
    }

    async fn what_stood_below_something_confidential_stays_apart_in_the_past(world: &World) {
        let (db, lead) = begin(world).await;
        // She is named on it.
        let named = world.client_as("claire.moreau", &[Role::PmoLead]).await;
        let project = named.query("{ projects(first: 1, filter: { program: { key: { eq: \"PG-ASTER\" } } }, orderBy: [{ key: { direction: ASC } }]) { nodes { key baseCurrency } } }").await.data();
        let (key, currency) = (project["projects"]["nodes"][0]["key"].as_str().expect("a project").to_owned(), project["projects"]["nodes"][0]["baseCurrency"].clone());
        spend(&finance_of(world, "claire.moreau").await, &key, "70000", currency.as_str().expect("a currency")).await;
        let known = world.clock.now();
        let then = format!(", at: \"2026-02-28\", knownAt: \"{}\"", known.to_rfc3339());
        let pack = async |lead: &Client, then: &str| [kpi(lead, "PF-OPERATIONS", "EV_AC", then).await, kpi(lead, "PF-IT", "EV_AC", then).await];
        let before = pack(&lead, &then).await;
        assert_eq!(before[0]["basis"], "ALL_ROWS");
        world.clock.advance_seconds(86_400);
        let (lead, named) = (lead_of(world).await, world.client_as("claire.moreau", &[Role::PmoLead]).await);
        done(&named, "projectUpdate", json!({ "id": item_id(&db, &key).await, "ifVersion": "*", "patch": { "parentKey": "PF-IT" } })).await;
        assert_ne!(pack(&lead, ", at: \"2026-02-28\"").await[1]["value"], before[1]["value"]);
        assert_eq!(pack(&lead, &then).await, before);
    }

    async fn of_what_was_not_there_yet_nothing_is_told(world: &World) {
        let (_, lead) = begin(world).await;
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        let then = "knownAt: \"1970-01-01T00:00:00Z\"";
        let asked = format!(
            "{{ portfolioItems(filter: {{ key: {{ in: [\"PR-020\", \"PF-PRODUCTS\"] }} }}, orderBy: [{{ key: {{ direction: DESC }} }}]) {{ nodes {{ \
             kpis(keys: [\"EV_AC\"], {then}) {{ value }} \
             financialSummary({then}, granularity: YEAR) {{ currency coverage {{ included excludedNoAccess excludedNull }} periods {{ actual cumulativeActual nullReason }} }} \
             benefitRealization({then}, granularity: YEAR) {{ currency coverage {{ included excludedNoAccess excludedNull }} periods {{ planned realized nullReason }} }} \
             kpiExplain(key: \"EV_AC\", {then}) {{ formula value {{ value nullReason unit asOf kpi {{ key }} scope {{ key }} coverage {{ included excludedNoAccess excludedNull }} }} \
             inputs {{ measure sum parts {{ amount }} }} leftOut {{ reason }} }} }} }} }}"
        );
        let reply = lead.query(&asked).await;
        let data = reply.data();
        let nothing = json!({ "included": 0, "excludedNoAccess": 0, "excludedNull": 0 });
        for (node, (key, currency)) in data["portfolioItems"]["nodes"].as_array().expect("items").iter().zip([("PR-020", "CHF"), ("PF-PRODUCTS", "CHF")]) {
            assert_eq!(node["kpis"], json!([]), "{key}");
            let empty = json!({ "actual": null, "cumulativeActual": null, "nullReason": "NO_ITEMS" });
            assert_eq!(node["financialSummary"], json!({ "currency": currency, "coverage": nothing, "periods": [empty, empty] }), "{key}");
            let empty = json!({ "planned": null, "realized": null, "nullReason": "NO_ITEMS" });
            assert_eq!(node["benefitRealization"], json!({ "currency": currency, "coverage": nothing, "periods": [empty, empty] }), "{key}");
            assert_eq!(node["kpiExplain"], json!({
                "formula": "AC",
                "value": {
                    "value": null, "nullReason": "NO_ITEMS", "unit": currency, "asOf": "1970-01-01T00:00:00.000Z",
                    "kpi": { "key": "EV_AC" }, "scope": { "key": key }, "coverage": nothing,
                },
                "inputs": [],
                "leftOut": [],
            }), "{key}");
        }
        // Who may not read it is told no reason.
        let reply = analyst.query(&asked.replace("PR-020", "PG-ERP")).await;
        let data = reply.data();
        let node = &data["portfolioItems"]["nodes"][0];
        assert_eq!((&node["financialSummary"]["periods"], &node["kpiExplain"]["inputs"], &node["kpiExplain"]["value"]["nullReason"]), (&Value::Null, &Value::Null, &Value::Null), "{node:#}");
        assert_eq!(node["kpiExplain"]["formula"], "AC", "{node:#}");
    }

    async fn nothing_is_known_ahead_of_its_time(world: &World) {
        let (_, lead) = begin(world).await;
        let then = "knownAt: \"2999-01-01T00:00:00Z\"";
        let asked = format!(
            "{{ portfolioItems(filter: {{ key: {{ eq: \"PR-020\" }} }}) {{ nodes {{ kpis(keys: [\"EV_AC\"], {then}) {{ asOf }} \
             kpiSeries(key: \"EV_AC\", {then}, granularity: YEAR) {{ asOf }} kpiExplain(key: \"EV_AC\", {then}) {{ value {{ asOf }} }} \
             portfolioHealth({then}) {{ dimensions {{ kpis {{ asOf }} }} }} }} }} }}"
        );
        let reply = lead.query(&asked).await;
        let now = format!("\"{}\"", world.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        let data = reply.data()["portfolioItems"]["nodes"][0].to_string();
        let told: Vec<&str> = data.split("\"asOf\":").skip(1).collect();
        assert!(told.len() > 6 && told.iter().all(|told| told.starts_with(&now)), "{now} {data}");
    }
}

async fn finance_of(world: &World, subject: &str) -> Client {
    world.client_as(subject, &[Role::Finance]).await
}

async fn lead_of(world: &World) -> Client {
    world.client_as("anna.keller", &[Role::PmoLead]).await
}

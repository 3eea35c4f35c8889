//! Questions that nobody asks in good faith, and days that are easily got wrong.

use std::sync::Arc;

use foliograph::{
    auth::Role,
    config::{Config, LimitSettings},
};
use serde_json::{Value, json};

use super::{Lab, WEEK, unknown};
use crate::support::{World, client::Client, product, writes::done};

tests! {
    async fn questions_without_sense_are_refused_with_a_code(world: &World) {
        let lab = Lab::of(world).await;
        let rows = "{ totalCount nodes { resource { key } } }";
        for (arguments, code) in [
            ("from: \"2026-05-10\", to: \"2026-05-09\"", "BAD_VARIABLES"),
            ("from: \"0001-01-01\", to: \"9999-12-31\"", "BAD_VARIABLES"),
            ("from: \"2026-01-01\", to: \"2036-12-31\"", "BAD_VARIABLES"),
            ("from: \"2026-01-01\", to: \"2029-01-01\", grain: DAY", "BAD_VARIABLES"),
            ("from: \"2026-01-01\", to: \"2026-01-02\", first: 501", "PAGE_SIZE_TOO_LARGE"),
            ("from: \"2026-01-01\", to: \"2026-01-02\", first: -1", "BAD_VARIABLES"),
            ("from: \"2026-01-01\", to: \"2026-01-02\", after: \"nothing\"", "CURSOR_MISMATCH"),
            ("from: \"2026-01-01\", to: \"2026-01-02\", filter: { pools: [\"prj_00000000000000000000000000\"] }", "INVALID_ID"),
            ("from: \"2026-01-01\", to: \"2026-01-02\", filter: { skills: [{ skill: \"skl_00000000000000000000000000\", leastLevel: 6 }] }", "BAD_VARIABLES"),
            ("from: \"2026-13-01\", to: \"2026-01-02\"", "BAD_VARIABLES"),
            ("from: \"2026-01-01\"", "GRAPHQL_VALIDATION_FAILED"),
            ("from: \"2026-01-01\", to: \"2026-01-02\", grain: YEAR", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let reply = lab.lead.query(&format!("{{ capacityHeatmap({arguments}) {rows} }}")).await;
            let codes = reply.error_codes();
            let is_due = codes == [code] || (code == "BAD_VARIABLES" && codes == ["GRAPHQL_VALIDATION_FAILED"]);
            assert!(is_due, "{arguments}: {}", reply.text());
        }
        for (field, code) in [
            (format!("benchList({WEEK}, leastMinutesPerDay: 0) {{ totalCount }}"), "BAD_VARIABLES"),
            ("allocationConflicts(from: \"2000-01-01\", to: \"2099-01-01\") { totalCount }".to_owned(), "BAD_VARIABLES"),
            (format!("certificationCoverage({WEEK}, certifications: [\"res_00000000000000000000000000\"]) {{ totalCount }}"), "INVALID_ID"),
        ] {
            assert_eq!(lab.lead.query(&format!("{{ {field} }}")).await.error_codes(), [code], "{field}");
        }
    }

    async fn what_a_request_costs_is_summed_over_its_answers(world: &World) {
        let lab = Lab::of(world).await;
        // Each costs 2 + 500 + 500 × 300 ÷ 50.
        let one = |alias: &str| lab.of_pool(&format!("{alias}: capacityHeatmap({{}}, from: \"2026-01-01\", to: \"2026-10-27\", grain: DAY, first: 500) {{ totalCount }}"));
        let lead = priced(world).await;
        assert!(lead.query(&format!("{{ {} {} }}", one("a"), one("b"))).await.json().get("errors").is_none());
        let long = "capacityHeatmap(from: \"2026-01-01\", to: \"2028-09-26\", grain: DAY, first: 500) { totalCount }";
        for refused in [format!("{{ {} {} {} }}", one("a"), one("b"), one("c")), format!("{{ {long} }}")] {
            let reply = lead.query(&refused).await;
            assert_eq!((reply.error_codes(), reply.json().get("data")), (vec!["QUERY_TOO_EXPENSIVE".to_owned()], None));
        }
    }

    async fn a_cursor_is_good_for_its_question_only(world: &World) {
        let lab = Lab::of(world).await;
        let asked = |field: &str, more: &str| lab.of_pool(&format!("{{ {field}({{}}, {WEEK}, {more}) {{ nodes {{ resource {{ key }} }} pageInfo {{ endCursor }} }} }}"));
        let told = lab.lead.query(&asked("capacityHeatmap", "first: 1")).await.data();
        let cursor = told["capacityHeatmap"]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned();
        let next = lab.lead.query(&asked("capacityHeatmap", &format!("first: 3, after: \"{cursor}\""))).await.data();
        assert_eq!(next["capacityHeatmap"]["nodes"][0]["resource"]["key"], "BEN");
        for (field, more) in [("utilization", ""), ("capacityHeatmap", ", grain: WEEK"), ("capacityHeatmap", ", by: ROLE"), ("benchList", "")] {
            let reply = lab.lead.query(&asked(field, &format!("after: \"{cursor}\"{more}"))).await;
            assert_eq!(reply.error_codes(), ["CURSOR_MISMATCH"], "{field}{more}");
        }
        let empty = lab.lead.query(&asked("capacityHeatmap", "first: 0, after: null")).await.data();
        assert_eq!(empty["capacityHeatmap"], json!({ "nodes": [], "pageInfo": { "endCursor": null } }));
    }

    async fn what_does_not_exist_is_met_by_nothing(world: &World) {
        let lab = Lab::of(world).await;
        for (name, prefix) in [("resources", "res"), ("pools", "rpl"), ("roles", "rrl"), ("orgUnits", "org"), ("portfolios", "prj")] {
            let id = unknown(prefix);
            let asked = format!("{{ capacityHeatmap(filter: {{ {name}: [\"{id}\"] }}, {WEEK}) {{ totalCount nodes {{ capacity }} }} benchList(filter: {{ {name}: [\"{id}\"] }}, {WEEK}) {{ totalCount }} }}");
            let told = lab.lead.query(&asked).await.data();
            assert_eq!(told, json!({ "capacityHeatmap": { "totalCount": 0, "nodes": [] }, "benchList": { "totalCount": 0 } }), "{name}");
        }
    }

    async fn clocks_leap_days_and_calendars_without_work_are_no_matter(world: &World) {
        let lab = Lab::of(world).await;
        // Clocks are put forward on the last Sunday of March; 2028 has a 29th of February, a Tuesday.
        for (from, to, due) in [
            ("2026-03-27", "2026-03-31", json!([480, 0, 0, 480, 480])),
            ("2028-02-28", "2028-03-01", json!([480, 480, 480])),
        ] {
            let asked = format!("{{ capacityHeatmap({{}}, from: \"{from}\", to: \"{to}\", grain: DAY, first: 1) {{ nodes {{ resource {{ key }} capacity }} }} }}");
            let told = lab.told(&lab.lead, &asked).await;
            assert_eq!(told["capacityHeatmap"]["nodes"][0], json!({ "resource": { "key": "ANNE" }, "capacity": due }));
        }
        done(&lab.lead, "workCalendarCreate", json!({ "key": "IDLE", "name": "Idle", "monday": "" })).await;
        lab.resource("DORA", json!({ "fte": "1", "calendarKey": "IDLE" })).await;
        let id = super::id_of(&lab.lead, "resource", "DORA").await;
        let asked = format!("{{ utilization(filter: {{ resources: [\"{id}\"] }}, {WEEK}) {{ nodes {{ capacity booked bookedShare nullReason }} }} benchList(filter: {{ resources: [\"{id}\"] }}, {WEEK}) {{ totalCount }} }}");
        let told = lab.lead.query(&asked).await.data();
        assert_eq!(told["utilization"]["nodes"], json!([{ "capacity": [0], "booked": [0], "bookedShare": [null], "nullReason": Value::Null }]));
        assert_eq!(told["benchList"]["totalCount"], 0);
    }

    async fn a_request_of_a_thousand_years_is_asked_for_a_little(world: &World) {
        let lab = Lab::of(world).await;
        lab.request("RQ", json!({ "startOn": "1900-01-01", "endOn": "2999-12-31", "minutes": 1_000_000_000 })).await;
        let told = lab.told(&lab.lead, &format!("{{ capacityGap({{}}, {WEEK}) {{ nodes {{ role {{ key }} demand }} }} }}")).await;
        let demand = told["capacityGap"]["nodes"][0]["demand"][0].as_u64().expect("minutes");
        assert!((15_000..20_000).contains(&demand), "{demand}");
        let refused = priced(world).await.query("{ resourceRequest(by: { key: \"RQ\" }) { candidates { totalCount } } }").await;
        assert_eq!(refused.error_codes(), ["QUERY_TOO_EXPENSIVE"]);
    }
}

/// The planner, whose requests may cost what they may where nothing is configured.
async fn priced(world: &World) -> Client {
    let settings = product::settings(world.url().await);
    let limits = LimitSettings { cost: Config::default().limits.cost, ..settings.limits };
    let app = product::open(Config { limits, ..settings }, Arc::clone(&world.clock)).await.expect("the product");
    Client::new(app.router()).bearer(&product::token(&*world.clock, "anna.keller", &[Role::PmoLead]))
}

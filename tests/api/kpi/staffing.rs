//! KPIs of pools: found day by day, of the portfolio that a pool serves, and told when anything that they are made of changes.

use foliograph::auth::Role;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};

use super::{derive, done, exact, kpi};
use crate::support::{World, client::Client, writes::begin};

/// A portfolio of its own, a pool that serves it, and its people: Ada, Cleo and Dora for 40 hours a week, Ben for 20 in the first
/// two. Ada and Ben know optics.
async fn lab(lead: &Client) {
    done(lead, "portfolioCreate", json!({ "key": "PF-LAB", "name": "Laboratory", "baseCurrency": "CHF" })).await;
    done(
        lead,
        "projectCreate",
        json!({ "key": "PR-LAB", "name": "Trial", "baseCurrency": "CHF", "parentKey": "PF-LAB" }),
    )
    .await;
    let hours = "08:00-12:00 13:00-17:00";
    let week = json!({ "key": "OFFICE", "name": "Office", "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours });
    done(lead, "workCalendarCreate", week).await;
    done(
        lead,
        "resourcePoolCreate",
        json!({ "key": "LAB", "name": "Laboratory", "managerKey": "karin.baumann", "servesKey": "PF-LAB" }),
    )
    .await;
    let ben = json!("2026-03-15");
    for (key, fte, until, level) in [
        ("ADA", "1", Value::Null, 2),
        ("BEN", "0.5", ben, 4),
        ("CLEO", "1", Value::Null, 0),
        ("DORA", "1", Value::Null, 0),
    ] {
        done(lead, "personCreate", json!({ "key": key, "displayName": key })).await;
        let person = json!({ "key": key, "name": key, "kind": "PERSON", "personKey": key, "poolKey": "LAB", "calendarKey": "OFFICE", "fte": fte, "employedToOn": until });
        done(lead, "resourceCreate", person).await;
        if level > 0 {
            done(lead, "resourceSkillCreate", json!({ "resourceKey": key, "skillKey": "OPTICS", "level": level }))
                .await;
        }
    }
}

async fn book(lead: &Client, resource: &str, (from, to): (&str, &str), minutes: i32, more: Value) -> Value {
    let mut input =
        json!({ "projectKey": "PR-LAB", "resourceKey": resource, "startOn": from, "endOn": to, "minutes": minutes });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    done(lead, "allocationCreate", input).await
}

async fn ask(lead: &Client) -> Value {
    let asked = json!({ "key": "RQ-LAB", "projectKey": "PR-LAB", "title": "Optics", "roleKey": "ENG", "poolKey": "LAB", "startOn": "2026-03-09", "endOn": "2026-03-15", "minutes": 2_400 });
    let request = done(lead, "resourceRequestCreate", asked).await;
    done(lead, "requestSkillCreate", json!({ "requestKey": "RQ-LAB", "skillKey": "OPTICS", "leastLevel": 3 })).await;
    request
}

/// Numerators and denominators, as they are once all is derived.
async fn parts(world: &World, lead: &Client, item: &str) -> Vec<String> {
    derive(world).await;
    exact(lead).await;
    let mut all = vec![];
    for key in ["RS_OVER", "RS_GAP", "RS_BENCH", "RS_SKILL"] {
        let told = kpi(lead, item, key, "").await;
        let part = |name: &str| told[name].as_str().map_or_else(|| told[name].to_string(), str::to_owned);
        all.push(format!("{} of {}", part("numerator"), part("denominator")));
    }
    all
}

/// The mutations behind the last events of a KPI.
async fn causes(db: &DatabaseConnection, key: &str) -> Vec<String> {
    let text = format!(
        "SELECT e.mutation FROM outbox_event e JOIN kpi_value v ON v.id = e.target_id JOIN kpi_definition d ON d.id = v.kpi_id \
         JOIN portfolio_item i ON i.id = v.item_id WHERE d.key = '{key}' AND i.key = 'PF-LAB' ORDER BY e.seq"
    );
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await.expect("events");
    rows.iter().map(|row| row.try_get("", "mutation").expect("a mutation")).collect()
}

tests! {
    async fn they_are_found_on_each_day_and_follow_what_changes(world: &World) {
        let (db, lead) = begin(world).await;
        lab(&lead).await;
        // Thirteen weeks of three, two of Ben.
        assert_eq!(parts(world, &lead, "PF-LAB").await, ["0 of 96000", "-96000 of 96000", "96000 of 96000", "0 of 0"]);
        assert_eq!(kpi(&lead, "PF-LAB", "RS_SKILL", "").await["nullReason"], "DENOMINATOR_ZERO");
        // Two days of ten hours: two hours too much on each, whatever is free later.
        book(&lead, "ADA", ("2026-03-02", "2026-03-03"), 1_200, json!({})).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await, ["240 of 96000", "-94800 of 96000", "95040 of 96000", "0 of 0"]);
        assert_eq!(causes(&db, "RS_OVER").await.last().map(String::as_str), Some("allocationCreate"));
        // Only Ben knows enough, and has half of it in that week.
        ask(&lead).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await, ["240 of 96000", "-92400 of 96000", "95040 of 96000", "1200 of 2400"]);
        // What is booked in answer is no longer asked for.
        book(&lead, "BEN", ("2026-03-09", "2026-03-13"), 600, json!({ "requestKey": "RQ-LAB" })).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await, ["240 of 96000", "-92400 of 96000", "94440 of 96000", "600 of 1800"]);
        // A day off for all by the calendar, and one for Ada.
        done(&lead, "calendarExceptionCreate", json!({ "calendarKey": "OFFICE", "name": "Inventory", "startOn": "2026-03-04" })).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await[2], "92760 of 94320");
        done(&lead, "timeOffCreate", json!({ "resourceKey": "ADA", "startOn": "2026-03-03", "endOn": "2026-03-03" })).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await[..3], ["720 of 93840", "-90240 of 93840", "92760 of 93840"]);
        // In series and in the past it is what is known of those days.
        let then = kpi(&lead, "PF-LAB", "RS_BENCH", ", at: \"2026-03-08\"").await;
        assert_eq!((&then["numerator"], &then["denominator"]), (&json!("94200"), &json!("94800")), "thirteen weeks of three, one of Ben");
    }

    async fn hours_count_once_they_are_approved_and_weeks_are_late_or_not(world: &World) {
        let (_, lead) = begin(world).await;
        lab(&lead).await;
        let karin = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        let told = async |key: &str| {
            derive(world).await;
            exact(&lead).await;
            let told = kpi(&lead, "PF-LAB", key, "").await;
            (told["numerator"].clone(), told["denominator"].clone(), told["nullReason"].clone())
        };
        assert_eq!(told("RS_TIME").await.2, "DENOMINATOR_ZERO", "nobody records");
        assert_eq!(told("RS_UTIL").await.2, "DENOMINATOR_ZERO");
        // Ada tells of the week from the 16th of February, late; of the one after it in time; Ben of neither.
        for (monday, day, minutes) in [("2026-02-16", "2026-02-17", 300), ("2026-02-23", "2026-02-24", 480)] {
            let entry = json!({ "resourceKey": "ADA", "workOn": day, "projectKey": "PR-LAB", "minutes": minutes });
            done(&lead, "timeEntryCreate", entry).await;
            let asked = format!("{{ timesheets(filter: {{ resource: {{ key: {{ eq: \"ADA\" }} }}, weekStartOn: {{ eq: \"{monday}\" }} }}) {{ nodes {{ id }} }} }}");
            let id = lead.query(&asked).await.data()["timesheets"]["nodes"][0]["id"].clone();
            let week = json!({ "id": id, "ifVersion": "*" });
            done(&lead, "timesheetSubmit", week.clone()).await;
            assert_eq!(told("RS_UTIL").await.0, if minutes == 300 { json!("0") } else { json!("300") });
            done(&karin, "timesheetApprove", week).await;
        }
        assert_eq!(told("RS_TIME").await, (json!("1"), json!("8"), Value::Null));
        // Two weeks of all four: before, nobody of the pool recorded anything.
        assert_eq!(told("RS_UTIL").await, (json!("780"), json!("16800"), Value::Null));
    }

    async fn people_count_where_their_pool_serves(world: &World) {
        let (_, lead) = begin(world).await;
        lab(&lead).await;
        ask(&lead).await;
        done(&lead, "resourcePoolCreate", json!({ "key": "OTHER", "name": "Other", "servesKey": "PF-OPERATIONS" })).await;
        let whole = parts(world, &lead, "PF-OPERATIONS").await;
        let move_to = |pool: Value| json!({ "ref": { "key": "BEN" }, "ifVersion": "*", "patch": { "poolKey": pool } });
        done(&lead, "resourceUpdate", move_to(json!("OTHER"))).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await, ["0 of 93600", "-91200 of 93600", "93600 of 93600", "0 of 2400"]);
        assert_eq!(parts(world, &lead, "PF-OPERATIONS").await, whole, "a figure of one would tell of him");
        // With Cleo and Dora they are three there, and Ada is alone where they came from.
        for key in ["CLEO", "DORA"] {
            done(&lead, "resourceUpdate", json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "poolKey": "OTHER" } })).await;
        }
        let number = |part: &str| part.rsplit(' ').next().and_then(|n| n.parse::<i64>().ok()).expect("a number");
        let more = parts(world, &lead, "PF-OPERATIONS").await;
        assert_eq!(number(&more[2]) - number(&whole[2]), 12_000, "two weeks of three people, none of two");
        assert_eq!(parts(world, &lead, "PF-LAB").await[2], "0 of 0");
        for key in ["CLEO", "DORA"] {
            done(&lead, "resourceUpdate", json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "poolKey": "LAB" } })).await;
        }
        // A pool that serves nobody counts nowhere, and one that is given up neither.
        let serve = |key: &str, item: Value| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "servesKey": item } });
        done(&lead, "resourcePoolUpdate", serve("OTHER", Value::Null)).await;
        assert_eq!(parts(world, &lead, "PF-OPERATIONS").await, whole);
        done(&lead, "resourceUpdate", move_to(json!("LAB"))).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await[2], "96000 of 96000");
        done(&lead, "resourcePoolArchive", json!({ "ref": { "key": "LAB" }, "ifVersion": "*" })).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await[2], "0 of 0");
    }

    async fn what_is_confidential_is_in_no_figure(world: &World) {
        let (_, lead) = begin(world).await;
        lab(&lead).await;
        let without = parts(world, &lead, "PF-LAB").await[..3].to_vec();
        book(&lead, "ADA", ("2026-03-02", "2026-03-03"), 1_200, json!({})).await;
        ask(&lead).await;
        assert_ne!(parts(world, &lead, "PF-LAB").await[..3], without);
        let hide = json!({ "ref": { "key": "PR-LAB" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        done(&lead, "projectConfidentialitySet", hide).await;
        assert_eq!(parts(world, &lead, "PF-LAB").await[..3], without);
    }

    async fn a_new_day_moves_the_weeks(world: &World) {
        let (db, lead) = begin(world).await;
        lab(&lead).await;
        derive(world).await;
        let last = "SELECT CAST(MAX(ends_on) AS text) AS day FROM pool_week";
        let ends = || async {
            let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), last)).await.expect("a row");
            row.expect("weeks").try_get::<String>("", "day").expect("a day")
        };
        assert_eq!(ends().await, "2027-03-07");
        world.clock.advance_seconds(7 * 86_400);
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        derive(world).await;
        assert_eq!(ends().await, "2027-03-14");
        exact(&lead).await;
        assert_eq!(kpi(&lead, "PF-LAB", "RS_BENCH", "").await["denominator"], "94800", "thirteen weeks of three, one of Ben");
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        assert_eq!(kpi(&analyst, "PF-LAB", "RS_BENCH", "").await, Value::Null, "not her portfolio");
    }
}

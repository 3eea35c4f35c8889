//! Figures of benefits: what follows from plans, contributions, what was measured, reviews and calendars; and the same
//! period by period.

use entity::fiscal_period;
use foliograph::{auth::Role, graph::encode_id};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{advance, benefit_id, euros, had, made, patch, prepared};
use crate::{
    kpi::{exact, kpi},
    support::{
        World,
        client::Client,
        writes::{done, item_id},
    },
};

pub const PROMISED: [&str; 2] = ["PROFILED", "APPROVED"];

/// Years from 2025 on, by finance.
pub async fn years(world: &World, count: i32) -> Client {
    let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
    for year in 2025..2025 + count {
        let period = json!({ "key": format!("Y{year}"), "name": year.to_string(), "calendarKey": "CAL", "kind": "YEAR",
            "startOn": format!("{year}-01-01"), "endOn": format!("{year}-12-31") });
        done(&finance, "fiscalPeriodCreate", period).await;
    }
    finance
}

/// A point of a benefit's plan.
pub async fn planned(client: &Client, db: &DatabaseConnection, key: &str, period: &str, amount: &str) {
    let of = benefit_id(db, key).await;
    done(client, "benefitPlanPointCreate", json!({ "benefitId": of, "periodKey": period, "amount": euros(amount) }))
        .await;
}

/// A cost plan of record of PR-001 with amounts in periods.
async fn costs(db: &DatabaseConnection, lead: &Client, finance: &Client, lines: &[(&str, &str)]) {
    done(finance, "costCategoryCreate", json!({ "key": "STAFF", "name": "Staff" })).await;
    let plan = json!({ "itemId": item_id(db, "PR-001").await, "name": "Plan" });
    let plan = done(finance, "costPlanCreate", plan).await["id"].clone();
    for (period, amount) in lines {
        let line = json!({ "costPlanId": plan, "periodKey": period, "categoryKey": "STAFF", "source": "LABOR", "amount": euros(amount) });
        done(finance, "costPlanLineCreate", line).await;
    }
    done(finance, "costPlanSubmit", json!({ "id": plan, "ifVersion": "*" })).await;
    done(lead, "costPlanApprove", json!({ "id": plan, "ifVersion": "*" })).await;
}

/// The value of a KPI, or why there is none.
pub async fn figure(client: &Client, item: &str, key: &str, arguments: &str) -> String {
    let told = kpi(client, item, key, arguments).await;
    told["value"].as_str().or(told["nullReason"].as_str()).unwrap_or("masked").to_owned()
}

pub fn digits(text: &str, count: usize) -> String {
    let value: f64 = text.parse().unwrap_or_else(|_| panic!("{text}"));
    format!("{value:.count$}")
}

/// What something brings, period by period.
pub async fn realization(client: &Client, of: &str, arguments: &str) -> Value {
    let asked = format!(
        "{{ {of} {{ nodes {{ benefitRealization{arguments} {{ currency basis coverage {{ included excludedNoAccess excludedNull }} \
         periods {{ periodEnd planned realized forecast cumulativePlanned cumulativeRealized nullReason }} }} }} }} }}"
    );
    let reply = client.query(&asked).await;
    let list = of.split('(').next().unwrap_or_default();
    reply.data()[list]["nodes"][0]["benefitRealization"].clone()
}

/// The list that has one item.
pub fn one(list: &str, key: &str) -> String {
    format!("{list}(filter: {{ key: {{ eq: \"{key}\" }} }})")
}

tests! {
    async fn parts_go_to_who_helps_and_sum_to_the_whole(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({ "amount": euros("100.0001") })).await;
        let helps = |key: &'static str, share: &'static str| {
            let db = &db;
            async move { json!({ "benefitId": benefit_id(db, "B-1").await, "contributorId": encode_id("prj", crate::support::writes::item(db, key).await.id), "share": share }) }
        };
        done(&lead, "benefitContributionCreate", helps("PR-002", "0.333333333").await).await;
        planned(&lead, &db, "B-1", "M-01", "100.0001").await;
        assert_eq!(figure(&lead, "PR-007", "BN_FORE", "").await, "MISSING_INPUT: BENEFIT_APPROVED", "nothing is promised yet");
        advance(&lead, "B-1", &PROMISED).await;
        exact(&lead).await;
        // A third of 1,000,001 parts of a 10,000th, rounded towards 0; the item has the rest.
        let fore = kpi(&lead, "PR-007", "BN_FORE", "").await;
        assert_eq!((&fore["value"], &fore["denominator"]), (&json!("1"), &json!("66.6668")), "{fore:#}");
        let part = kpi(&lead, "PR-002", "BN_FORE", "").await;
        assert_eq!((&part["denominator"], &part["status"]), (&json!("33.3333"), &json!("GREEN")), "{part:#}");
    }

    async fn what_was_had_counts_where_it_is_attributed_and_against_where_nobody_wants_it(world: &World) {
        let (db, lead) = prepared(world).await;
        for (key, more) in [("B-1", json!({})), ("B-2", json!({ "polarity": "DISBENEFIT" }))] {
            made(&db, &lead, key, "PR-007", more).await;
            planned(&lead, &db, key, "M-01", if key == "B-1" { "1000" } else { "200" }).await;
            done(&lead, "benefitUpdate", patch(key, json!({ "amount": euros(if key == "B-1" { "1000" } else { "200" }) }))).await;
            advance(&lead, key, &PROMISED).await;
        }
        assert_eq!(figure(&lead, "PR-007", "BN_REAL", ", at: \"2026-03-02\"").await, "0", "PR-007 is closed, and nothing was had yet");
        let id = had(&lead, "M-B-1", json!({ "amount": euros("700") })).await;
        had(&lead, "M-B-2", json!({ "amount": euros("60") })).await;
        exact(&lead).await;
        assert_eq!(figure(&lead, "PR-007", "BN_REAL", "").await, "0.8");
        assert_eq!(figure(&lead, "PR-007", "BN_REAL", ", at: \"2026-02-19\"").await, "MISSING_INPUT: BENEFIT_PLANNED", "nothing was planned by then");
        let returned = json!({ "id": id, "ifVersion": "*", "note": "Whose?" });
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        done(&finance, "benefitActualReturn", returned).await;
        exact(&lead).await;
        assert_eq!(figure(&lead, "PR-007", "BN_REAL", "").await, "-0.075");
        // A dis-benefit that is withdrawn takes what was had of it along.
        advance(&lead, "B-2", &["WITHDRAWN"]).await;
        exact(&lead).await;
        assert_eq!(figure(&lead, "PR-007", "BN_REAL", "").await, "0");
    }

    async fn reviews_tell_what_is_expected_from_the_day_on_which_they_were_held(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({ "amount": euros("100") })).await;
        advance(&lead, "B-1", &PROMISED).await;
        assert_eq!(figure(&lead, "PR-007", "BN_FORE", "").await, "1");
        for amount in ["95", "80"] {
            let review = json!({ "benefitId": benefit_id(&db, "B-1").await, "heldOn": "2026-03-02", "finding": "Less", "recommendation": "ADJUST", "forecastAmount": euros(amount) });
            let review = done(&lead, "benefitReviewCreate", review).await;
            done(&lead, "benefitReviewPublish", json!({ "id": review["id"], "ifVersion": "*" })).await;
            exact(&lead).await;
        }
        assert_eq!(figure(&lead, "PR-007", "BN_FORE", "").await, "0.8", "of one day the review published last");
    }

    async fn measures_reach_their_targets_either_way(world: &World) {
        let (db, lead) = prepared(world).await;
        for key in ["B-1", "B-2"] {
            made(&db, &lead, key, "PR-007", json!({ "amount": euros("5") })).await;
            advance(&lead, key, &PROMISED).await;
        }
        // From 5 down to 2.5: 2.75 is 90 % of the way, and a hair more is not.
        for (measure, value, share) in [("M-B-1", "2.75", "1"), ("M-B-2", "2.750000001", "0.5")] {
            had(&lead, measure, json!({ "value": value, "attributionShare": share })).await;
            exact(&lead).await;
        }
        assert_eq!(figure(&lead, "PR-007", "BN_MEAS", "").await, "0.5");
        had(&lead, "M-B-2", json!({ "value": "1", "measuredOn": "2026-02-25" })).await;
        exact(&lead).await;
        assert_eq!(figure(&lead, "PR-007", "BN_MEAS", "").await, "1");
        assert_eq!(figure(&lead, "PR-007", "BN_MEAS", ", at: \"2026-02-24\"").await, "0.5");
    }

    async fn a_measurement_is_overdue_when_its_day_is_over(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({ "kind": "QUALITATIVE" })).await;
        let measure = json!({ "key": "M-1", "benefitId": benefit_id(&db, "B-1").await, "title": "Hours", "unit": "hours", "direction": "UP", "frequency": "MONTHLY",
            "firstDueOn": "2026-03-03", "baselineValue": "0", "baselineOn": "2026-01-01", "targetValue": "10", "targetOn": "2026-12-31" });
        done(&lead, "benefitMeasureCreate", measure).await;
        advance(&lead, "B-1", &PROMISED).await;
        exact(&lead).await;
        for (seconds, value) in [(0, "1"), (86_400, "1"), (86_400, "0")] {
            world.clock.advance_seconds(seconds);
            let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
            assert_eq!(figure(&lead, "PR-007", "BN_OWN", "").await, value);
        }
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        had(&lead, "M-1", json!({ "measuredOn": "2026-03-03", "value": "1" })).await;
        exact(&lead).await;
        assert_eq!(figure(&lead, "PR-007", "BN_OWN", "").await, "1");
        advance(&lead, "B-1", &["WITHDRAWN"]).await;
        assert_eq!(figure(&lead, "PR-007", "BN_OWN", "").await, "MISSING_INPUT: BENEFITS_PROMISED");
    }

    async fn flows_are_valued_as_published(world: &World) {
        let (db, lead) = prepared(world).await;
        let finance = years(world, 6).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        for (year, amount) in [("Y2026", "12000"), ("Y2027", "15000"), ("Y2028", "18000"), ("Y2029", "21000"), ("Y2030", "26000")] {
            planned(&lead, &db, "B-1", year, amount).await;
        }
        advance(&lead, "B-1", &PROMISED).await;
        costs(&db, &lead, &finance, &[("Y2025", "70000")]).await;
        exact(&lead).await;
        for (key, count, value) in [("BN_IRR", 4, "0.0866"), ("BN_PAY", 4, "4.1538"), ("BN_ROI", 6, "0.314286"), ("BN_NPV", 2, "12023.42"), ("BN_BCR", 6, "1.171763")] {
            assert_eq!(digits(&figure(&lead, "PR-001", key, "").await, count), value, "{key}");
        }
        // Of items above the flows are merged, and one without a benefit only costs.
        assert_eq!(kpi(&lead, "PR-001", "BN_IRR", "").await["coverage"]["included"], 1);
        let masked = world.client_as("jonas.weber", &[Role::Analyst]).await;
        assert_eq!(figure(&masked, "PR-001", "BN_NPV", "").await, "masked", "who reads no money reads no flows");
    }

    async fn benefits_are_told_period_by_period_to_whom_they_concern(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({ "amount": euros("1000") })).await;
        planned(&lead, &db, "B-1", "M-01", "600").await;
        planned(&lead, &db, "B-1", "M-02", "400").await;
        advance(&lead, "B-1", &PROMISED).await;
        had(&lead, "M-B-1", json!({ "amount": euros("500") })).await;
        let review = json!({ "benefitId": benefit_id(&db, "B-1").await, "heldOn": "2026-03-02", "finding": "Less", "recommendation": "ADJUST", "forecastAmount": euros("750") });
        let review = done(&lead, "benefitReviewCreate", review).await;
        done(&lead, "benefitReviewPublish", json!({ "id": review["id"], "ifVersion": "*" })).await;
        let days = fiscal_period::Entity::find().filter(fiscal_period::Column::Key.eq("M-02")).one(&db).await.expect("periods").expect("one");
        assert_eq!(days.end_on.to_string(), "2026-03-03");
        let asked = "(from: \"2026-02-01\", to: \"2026-03-03\", granularity: DAY)";
        for of in [one("benefits", "B-1"), one("projects", "PR-007"), one("portfolioItems", "PR-007")] {
            let told = realization(&lead, &of, asked).await;
            let periods = told["periods"].as_array().unwrap_or_else(|| panic!("{of}: {told}"));
            assert_eq!((&told["currency"], &told["coverage"]["included"], periods.len()), (&json!("EUR"), &json!(1), 31), "{of}");
            let at = |day: &str| periods.iter().find(|p| p["periodEnd"] == day).cloned().unwrap_or_default();
            assert_eq!(at("2026-02-20"), json!({ "periodEnd": "2026-02-20", "planned": "0", "realized": "500", "forecast": "500", "cumulativePlanned": "0", "cumulativeRealized": "500", "nullReason": null }));
            assert_eq!(at("2026-03-02"), json!({ "periodEnd": "2026-03-02", "planned": "600", "realized": "0", "forecast": "0", "cumulativePlanned": "600", "cumulativeRealized": "500", "nullReason": null }));
            // What is planned for tomorrow, at three quarters of what was approved.
            assert_eq!(at("2026-03-03"), json!({ "periodEnd": "2026-03-03", "planned": "400", "realized": "0", "forecast": "300", "cumulativePlanned": "1000", "cumulativeRealized": "500", "nullReason": null }));
        }
        let above = realization(&lead, &one("portfolios", "PF-OPERATIONS"), "").await;
        assert_eq!(above["periods"][12]["cumulativeRealized"], "500", "{above:#}");
        // An objective has the share of what contributes to it.
        done(&lead, "strategicObjectiveCreate", json!({ "key": "OBJ", "title": "Grow", "weight": "1" })).await;
        let part = json!({ "itemId": item_id(&db, "PR-007").await, "objectiveKey": "OBJ", "share": "0.25" });
        done(&lead, "objectiveContributionCreate", part).await;
        let told = realization(&lead, &one("strategicObjectives", "OBJ"), "(currency: \"EUR\")").await;
        let last = |told: &Value| told["periods"].as_array().and_then(|all| all.last().cloned()).unwrap_or_default();
        assert_eq!((&last(&told)["cumulativeRealized"], &last(&told)["cumulativePlanned"]), (&json!("125"), &json!("150")), "{told:#}");
        let missing = realization(&lead, &one("strategicObjectives", "OBJ"), "(currency: \"JPY\")").await;
        assert_eq!((&last(&missing)["cumulativeRealized"], &last(&missing)["nullReason"]), (&Value::Null, &json!("MISSING_RATE: EUR to JPY")));
        // Without a plan nothing is known to be planned.
        let none = realization(&lead, &one("projects", "PR-003"), "").await;
        assert_eq!((&last(&none)["planned"], &last(&none)["realized"], &last(&none)["nullReason"]), (&Value::Null, &json!("0"), &json!("MISSING_INPUT: BENEFIT_PLANNED")));
        // Who manages people and no benefits reads none.
        let people = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        let masked = realization(&people, &one("projects", "PR-007"), "").await;
        assert_eq!(masked, Value::Null, "she sees no project at all");
        // Her own benefit the owner reads in full, whatever else is there.
        let owner = world.client_as("nina.petrova", &[]).await;
        let own = realization(&owner, &one("benefits", "B-1"), "").await;
        assert_eq!(last(&own)["cumulativeRealized"], "500", "{own:#}");
    }

    async fn benefits_of_nobody_that_she_may_read_are_masked_and_not_zero(world: &World) {
        let (db, lead) = prepared(world).await;
        for (key, item) in [("B-6", "PR-006"), ("B-7", "PR-007")] {
            made(&db, &lead, key, item, json!({ "amount": euros("600") })).await;
            planned(&lead, &db, key, "M-01", "600").await;
            advance(&lead, key, &PROMISED).await;
        }
        done(&lead, "strategicObjectiveCreate", json!({ "key": "OBJ", "title": "Grow", "weight": "1" })).await;
        for item in ["PR-001", "PR-006"] {
            let part = json!({ "itemId": item_id(&db, item).await, "objectiveKey": "OBJ", "share": "0.5" });
            done(&lead, "objectiveContributionCreate", part).await;
        }
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let owner = world.client_as("nina.petrova", &[Role::Admin]).await;
        let masked = json!({ "currency": "EUR", "coverage": { "included": 0, "excludedNoAccess": 1, "excludedNull": 0 }, "periods": null });
        for (client, item) in [(&marc, "PR-006"), (&owner, "PR-007")] {
            let asked = format!(
                "{{ projects(filter: {{ key: {{ eq: \"{item}\" }} }}) {{ nodes {{ benefitRealization(currency: \"EUR\") \
                 {{ currency coverage {{ included excludedNoAccess excludedNull }} periods {{ realized forecast }} }} }} }} }}"
            );
            let reply = client.query(&asked).await;
            assert_eq!(reply.data()["projects"]["nodes"][0]["benefitRealization"], masked, "{item}");
            let access = reply.json()["extensions"]["access"][0].clone();
            assert_eq!((&access["coordinate"], &access["needs"], &access["reason"]), (&json!("BenefitRealization.periods"), &json!("BEN_READ"), &json!("ROW")), "{item}");
        }
        let own = realization(&owner, &one("benefits", "B-7"), "").await;
        assert!(own["periods"].is_array(), "her own benefit she reads: {own:#}");
        // An objective to which only others bring something that she may not read.
        let objective = one("strategicObjectives", "OBJ");
        let told = realization(&marc, &objective, "(currency: \"EUR\")").await;
        assert_eq!((&told["periods"], &told["coverage"]), (&Value::Null, &json!({ "included": 0, "excludedNoAccess": 1, "excludedNull": 1 })), "{told:#}");
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("600") })).await;
        planned(&lead, &db, "B-1", "M-01", "600").await;
        advance(&lead, "B-1", &PROMISED).await;
        let told = realization(&marc, &objective, "(currency: \"EUR\")").await;
        let last = told["periods"].as_array().and_then(|periods| periods.last().cloned()).unwrap_or_default();
        assert_eq!((&last["cumulativePlanned"], &told["coverage"]["excludedNoAccess"]), (&json!("300"), &json!(1)), "{told:#}");
    }
}

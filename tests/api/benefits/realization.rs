//! What benefits bring period by period, by the eyes of who asks: the whole program for who reads all of it, her own rows for
//! everybody else, and nothing that a rate is missing for.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{
    advance, euros,
    figures::{PROMISED, figure, one, planned, realization},
    had, made, patch, prepared,
};
use crate::{
    kpi::exact,
    support::{client::Client, product, real_data, writes::done},
};

/// What is planned and had by the end of the last period, whose rows count, and how many items.
fn stands(told: &Value) -> (Value, Value, Value, Value) {
    let last = told["periods"].as_array().and_then(|all| all.last().cloned()).unwrap_or_default();
    let coverage = told["coverage"]["included"].clone();
    (last["cumulativePlanned"].clone(), last["cumulativeRealized"].clone(), told["basis"].clone(), coverage)
}

async fn of_program(client: &Client) -> Value {
    realization(client, &one("programs", "PG-ERP"), "(to: \"2026-03-02\")").await
}

tests! {
    async fn each_counts_in_a_program_what_she_may_read(world: &World) {
        let (db, lead) = prepared(world).await;
        for (key, project, plan, brought) in [("B-1", "PR-007", "600", "500"), ("B-2", "PR-008", "100", "30")] {
            made(&db, &lead, key, project, json!({ "amount": euros(plan) })).await;
            planned(&lead, &db, key, "M-01", plan).await;
            advance(&lead, key, &PROMISED).await;
            had(&lead, &format!("M-{key}"), json!({ "amount": euros(brought) })).await;
        }
        let all = |plan: &str, had: &str, basis: &str, count: i32| (json!(plan), json!(had), json!(basis), json!(count));
        assert_eq!(stands(&of_program(&lead).await), all("700", "530", "ALL_ROWS", 2));
        for (subject, role, due) in [
            ("marc.dubois", Role::ProjectManager, all("600", "500", "CALLER_ROWS", 1)),
            ("lena.schmid", Role::ProjectManager, all("100", "30", "CALLER_ROWS", 1)),
            ("daniel.osei", Role::Sponsor, all("700", "530", "CALLER_ROWS", 2)),
            ("walter.zimmermann", Role::Auditor, all("700", "530", "ALL_ROWS", 2)),
        ] {
            let client = world.client_as(subject, &[role]).await;
            let told = of_program(&client).await;
            assert_eq!(stands(&told), due, "{subject}: {told:#}");
        }
        let manager = of_program(&world.client_as("marc.dubois", &[Role::ProjectManager]).await).await;
        assert!(manager["coverage"]["excludedNoAccess"].as_i64() > Some(0), "{manager:#}");
        // Who sponsors something else learns nothing of this, and cannot tell that more was had.
        let stranger = world.client_as("martin.hofer", &[Role::Sponsor]).await;
        let before = of_program(&stranger).await;
        had(&lead, "M-B-2", json!({ "measuredOn": "2026-02-25", "amount": euros("5") })).await;
        assert_eq!(of_program(&stranger).await, before);
        assert_eq!(stands(&before), (Value::Null, Value::Null, json!("CALLER_ROWS"), json!(0)), "{before:#}");
        assert_eq!(stands(&of_program(&lead).await).1, "535");
        // An analyst reads what her portfolios bring; of others she does not see the program.
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        assert_eq!(stands(&of_program(&analyst).await), all("700", "535", "CALLER_ROWS", 2));
        let elsewhere = world.client_as("priya.nair", &[Role::Analyst]).await;
        assert_eq!(of_program(&elsewhere).await, Value::Null);
    }

    async fn without_a_rate_for_one_item_nothing_above_it_is_known(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({ "amount": euros("600") })).await;
        planned(&lead, &db, "B-1", "M-01", "600").await;
        advance(&lead, "B-1", &PROMISED).await;
        done(&lead, "projectCreate", json!({ "key": "SWEDEN", "name": "Sweden", "baseCurrency": "SEK", "parentKey": "PG-ERP" })).await;
        let crowns = json!({ "amount": "1000", "currency": "SEK" });
        made(&db, &lead, "B-2", "SWEDEN", json!({ "amount": crowns })).await;
        let point = json!({ "benefitId": super::benefit_id(&db, "B-2").await, "periodKey": "M-01", "amount": crowns });
        done(&lead, "benefitPlanPointCreate", point).await;
        assert_eq!(stands(&of_program(&lead).await).0, "600", "what is no more than drafted is not promised");
        advance(&lead, "B-2", &PROMISED).await;
        let told = of_program(&lead).await;
        let last = told["periods"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        assert_eq!((&last["cumulativePlanned"], &last["nullReason"]), (&Value::Null, &json!("MISSING_RATE: SEK to EUR")), "{told:#}");
        assert_eq!(last["cumulativeRealized"], "0", "nothing was had in crowns");
        // Its own item is known in its own currency.
        assert_eq!(stands(&realization(&lead, &one("projects", "SWEDEN"), "(to: \"2026-03-02\")").await).0, "1000");
        let finance = world.client_as("stefan.brunner", &[Role::Finance]).await;
        done(&finance, "fxRateSetCreate", json!({ "key": "SET", "name": "Set", "rateType": "BUDGET", "isDefault": true })).await;
        let rate = json!({ "rateSetKey": "SET", "fromCurrency": "SEK", "toCurrency": "EUR", "rate": "0.09", "validFromOn": "2026-01-01" });
        done(&finance, "fxRateCreate", rate).await;
        assert_eq!(stands(&of_program(&lead).await).0, "690");
    }

    async fn a_benefit_whose_owner_left_is_not_owned(world: &World) {
        let (db, lead) = prepared(world).await;
        for (key, owner) in [("B-1", "nina.petrova"), ("B-2", "susan.whitaker")] {
            made(&db, &lead, key, "PR-007", json!({ "kind": "QUALITATIVE" })).await;
            done(&lead, "benefitUpdate", patch(key, json!({ "ownerKey": owner }))).await;
            advance(&lead, key, &PROMISED).await;
        }
        assert_eq!(figure(&lead, "PR-007", "BN_OWN", "").await, "1");
        for (is_active, value) in [(false, "0.5"), (true, "1")] {
            let left = json!({ "ref": { "key": "susan.whitaker" }, "ifVersion": "*", "patch": { "isActive": is_active } });
            done(&lead, "personUpdate", left).await;
            assert_eq!(figure(&lead, "PR-007", "BN_OWN", "").await, value);
            exact(&lead).await;
        }
    }

    async fn published_benefits_of_2023_are_promised_and_have_no_plan(world: &World) {
        let told = real_data::json("gov-uk-gmpp/expected.json")["gmpp_2023_part1.csv"].clone();
        let (_, lead) = prepared(world).await;
        let file = real_data::path("gov-uk-gmpp/gmpp_2023_part1.csv");
        product::import_gmpp(&world.database().await, &world.clock, &[file], false).await.expect("imported");
        exact(&lead).await;
        let asked = "{ portfolios(first: 100, filter: { externalLinks: { some: { system: { eq: \"uk-gmpp\" } } } }) { nodes { key kpis(keys: [\"BN_FORE\"]) { value numerator denominator } \
            benefitRealization { currency coverage { included } periods { planned realized cumulativeRealized nullReason } } } } }";
        let data = lead.query(asked).await.data();
        let portfolios = data["portfolios"]["nodes"].as_array().expect("portfolios");
        assert!(portfolios.len() >= told["byDepartment"].as_object().expect("departments").len(), "{portfolios:#?}");
        let (mut count, mut sum) = (0, 0.0);
        for portfolio in portfolios {
            let of = &portfolio["benefitRealization"];
            count += of["coverage"]["included"].as_i64().expect("a count");
            let approved: Option<f64> = portfolio["kpis"][0]["denominator"].as_str().map(|text| text.parse().expect("a decimal"));
            sum += approved.unwrap_or(0.0) / 1e6;
            if approved.is_some() {
                assert_eq!(portfolio["kpis"][0]["value"], "1", "what was said last is what was approved");
            }
            let last = of["periods"].as_array().and_then(|all| all.last()).expect("a period");
            assert_eq!(last, &json!({ "planned": null, "realized": "0", "cumulativeRealized": "0", "nullReason": "MISSING_INPUT: BENEFIT_PLANNED" }));
        }
        assert_eq!(json!(count), told["monetisedBenefits_numericRows"]);
        assert!((sum - told["monetisedBenefits_sum_gbp_m"].as_f64().expect("a sum")).abs() < 1e-6, "{sum}");
    }
}

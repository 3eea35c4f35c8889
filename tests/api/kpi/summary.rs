//! Money period by period: the same figures as the KPIs', in any currency that has a rate.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{finance, kpi, spend};
use crate::support::{client::Client, writes::begin};

/// The summary of an item.
async fn summary(client: &Client, item: &str, arguments: &str) -> Value {
    let asked = format!(
        "{{ portfolioItems(filter: {{ key: {{ eq: \"{item}\" }} }}) {{ nodes {{ financialSummary{arguments} {{ currency basis \
         coverage {{ included excludedNoAccess excludedNull }} periods {{ periodEnd budgeted planned actual capitalExpenditure operatingExpenditure \
         approvedBudget committed toComplete estimateAtCompletion cumulativeActual nullReason }} }} }} }} }}"
    );
    let reply = client.query(&asked).await;
    reply.data()["portfolioItems"]["nodes"][0]["financialSummary"].clone()
}

fn number(value: &Value) -> f64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

tests! {
    async fn periods_sum_to_what_the_kpis_say(world: &World) {
        let (_, lead) = begin(world).await;
        for item in ["PR-020", "PF-PRODUCTS"] {
            let months = summary(&lead, item, "(from: \"2024-01-01\", to: \"2026-03-02\")").await;
            let quarters = summary(&lead, item, "(from: \"2024-01-01\", to: \"2026-03-02\", granularity: QUARTER)").await;
            let periods = months["periods"].as_array().expect("periods");
            assert!(periods.len() == 27 && quarters["periods"].as_array().is_some_and(|all| all.len() == 9), "{item}");
            let last = periods.last().expect("a period");
            for (figure, key) in [("cumulativeActual", "EV_AC"), ("approvedBudget", "FN_FVAR")] {
                let value = kpi(&lead, item, key, "").await;
                let expected = if figure == "approvedBudget" { &value["denominator"] } else { &value["value"] };
                if key == "EV_AC" {
                    assert_eq!(&last[figure], expected, "{item} {figure}");
                }
            }
            let sum: f64 = periods.iter().map(|period| number(&period["actual"])).sum();
            let by_quarter: f64 = quarters["periods"].as_array().expect("periods").iter().map(|period| number(&period["actual"])).sum();
            assert!((sum - by_quarter).abs() < 0.01, "{sum} {by_quarter}");
            let parts: f64 = periods.iter().map(|p| number(&p["capitalExpenditure"]) + number(&p["operatingExpenditure"])).sum();
            assert!((sum - parts).abs() < 0.01, "capital and operating expenditure are all of it: {sum} {parts}");
        }
    }

    async fn another_currency_takes_the_rates_of_the_days_or_says_which_is_missing(world: &World) {
        let (_, lead) = begin(world).await;
        let euros = summary(&lead, "PR-020", "(currency: \"EUR\")").await;
        let francs = summary(&lead, "PR-020", "").await;
        assert_eq!((&euros["currency"], &francs["currency"]), (&json!("EUR"), &json!("CHF")));
        let last = |summary: &Value| summary["periods"].as_array().expect("periods").last().expect("one").clone();
        assert!(number(&last(&euros)["cumulativeActual"]) > number(&last(&francs)["cumulativeActual"]), "a franc is less than a euro at first");
        let none = summary(&lead, "PR-020", "(currency: \"JPY\")").await;
        assert_eq!((&last(&none)["cumulativeActual"], &last(&none)["nullReason"]), (&Value::Null, &json!("MISSING_RATE: CHF to JPY")));
    }

    async fn it_is_masked_without_the_right_and_counts_what_may_be_read(world: &World) {
        let (_, lead) = begin(world).await;
        let money = finance(world).await;
        assert_eq!(summary(&money, "PF-PRODUCTS", "").await["basis"], "ALL_ROWS");
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        let asked = "{ portfolioItems(first: 1) { nodes { financialSummary { currency periods { actual } } } } }";
        let reply = analyst.query(asked).await;
        assert_eq!(reply.data()["portfolioItems"]["nodes"][0]["financialSummary"], json!({ "currency": null, "periods": null }));
        assert_eq!(reply.json()["extensions"]["access"][0]["needs"], "FIN_READ");
        let sponsor = world.client_as("martin.hofer", &[Role::Sponsor]).await;
        let before = summary(&sponsor, "PF-PRODUCTS", "").await;
        assert_eq!(before["basis"], "CALLER_ROWS");
        spend(&money, "PR-038", "100000", "EUR").await;
        assert_eq!(summary(&sponsor, "PF-PRODUCTS", "").await, before, "what she may not read moves nothing");
        assert_ne!(summary(&lead, "PF-PRODUCTS", "").await["periods"], before["periods"]);
    }

    async fn a_sum_of_nothing_that_may_be_read_is_masked_and_not_zero(world: &World) {
        let (_, lead) = begin(world).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        // A project of another manager, a program of none of his, and any item for who reads no money at all.
        for (client, item, reason) in [(&marc, "PR-015", "ROW"), (&marc, "PG-CONNECT", "ROW"), (&analyst, "PG-ERP", "ROLE")] {
            let asked = format!(
                "{{ portfolioItems(filter: {{ key: {{ eq: \"{item}\" }} }}) {{ nodes {{ \
                 kpis(keys: [\"EV_AC\"]) {{ value coverage {{ included excludedNoAccess excludedNull }} }} \
                 financialSummary {{ currency coverage {{ included excludedNoAccess excludedNull }} periods {{ actual approvedBudget }} }} \
                 euros: financialSummary(currency: \"EUR\") {{ currency periods {{ actual }} }} }} }} }}"
            );
            let reply = client.query(&asked).await;
            let data = reply.data();
            let node = &data["portfolioItems"]["nodes"][0];
            let left_out = &node["kpis"][0]["coverage"];
            assert!(left_out["included"] == 0 && left_out["excludedNoAccess"].as_u64() > Some(0), "{item} {node:#}");
            assert_eq!(node["financialSummary"], json!({ "currency": null, "coverage": left_out, "periods": null }), "{item}");
            assert_eq!(node["euros"], json!({ "currency": "EUR", "periods": null }), "{item}");
            let access = reply.json()["extensions"]["access"].clone();
            let entries = access.as_array().expect("entries").iter();
            let told: Vec<&Value> = entries.filter(|entry| entry["coordinate"] == "FinancialSummary.periods").collect();
            assert!(told.len() == 2 && told.iter().all(|entry| entry["needs"] == "FIN_READ" && entry["reason"] == reason), "{access:#}");
        }
        // Where something of it is his he has the sum of that; where he may read all, nothing is 0.
        let above = summary(&marc, "PF-OPERATIONS", "").await;
        assert!(above["coverage"]["included"].as_u64() > Some(0) && above["coverage"]["excludedNoAccess"].as_u64() > Some(0), "{above:#}");
        assert!(above["periods"].as_array().is_some_and(|periods| !periods.is_empty()), "{above:#}");
        let whole = summary(&lead, "PR-015", "").await;
        assert!(whole["coverage"]["included"] == 1 && number(&whole["periods"][12]["cumulativeActual"]) > 0.0, "{whole:#}");
    }
}

//! Figures follow writes in their transaction, in every item above, and say what they leave out.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{done, exact, finance, kpi, spend, units};
use crate::{
    plans::{ask, caller},
    support::writes::{begin, change, faults, item_id, request_key},
};

tests! {
    async fn what_is_spent_is_in_every_figure_above_at_once(world: &World) {
        let (_, lead) = begin(world).await;
        let money = finance(world).await;
        let places = ["PR-020", "PF-PRODUCTS"];
        let mut before = vec![];
        for place in places {
            before.push(units(&lead, place, "EV_AC").await);
        }
        let row = spend(&money, "PR-020", "1250.5", "CHF").await;
        for (place, before) in places.iter().zip(&before) {
            assert_eq!(units(&lead, place, "EV_AC").await, before + 12_505_000, "{place}");
        }
        // Taken back, it is as if it never was: on the day of the reversal.
        let back = json!({ "id": row["id"], "ifVersion": "*", "reason": "Booked twice." });
        done(&money, "actualReverse", back).await;
        for (place, before) in places.iter().zip(&before) {
            assert_eq!(units(&lead, place, "EV_AC").await, *before, "{place}");
        }
        exact(&lead).await;
    }

    async fn sums_beyond_64_bits_stop_no_other_figure(world: &World) {
        let (_, lead) = begin(world).await;
        let money = finance(world).await;
        for _ in 0..3 {
            spend(&money, "PR-020", "900000000000000", "CHF").await;
        }
        super::derive(world).await;
        for item in ["PR-020", "PF-PRODUCTS"] {
            let figure = kpi(&lead, item, "EV_AC", "").await;
            assert_eq!((&figure["value"], &figure["nullReason"]), (&Value::Null, &json!("OUT_OF_RANGE")), "{figure:#}");
        }
        let asked = "{ project(by: { key: \"PR-020\" }) { kpiExplain(key: \"EV_AC\") { inputs { sum } } financialSummary { periods { actual } } } }";
        let reply = lead.query(asked).await;
        let sum = reply.data()["project"]["kpiExplain"]["inputs"][0]["sum"].clone();
        assert!(sum.as_str().is_some_and(|sum| sum.starts_with("27000000") && sum.len() > 15), "{}", reply.text());
        // What comes later is derived and told.
        let other = units(&lead, "PR-014", "EV_AC").await;
        spend(&money, "PR-014", "10", "CHF").await;
        super::derive(world).await;
        let found = lead.query("{ projects(filter: { key: { eq: \"PR-014\" }, kpi: { key: \"EV_AC\", currency: \"CHF\", value: { isNull: false } } }) { nodes { key kpis(keys: [\"EV_AC\"]) { value } } } }").await;
        assert_eq!(found.data()["projects"]["nodes"][0]["key"], "PR-014", "{}", found.text());
        assert_eq!(units(&lead, "PR-014", "EV_AC").await, other + 100_000);
        exact(&lead).await;
    }

    async fn a_refused_write_and_a_dry_run_leave_figures_alone(world: &World) {
        let (_, lead) = begin(world).await;
        let money = finance(world).await;
        let before = units(&lead, "PR-020", "EV_AC").await;
        let spent = |key: &str, amount: &str| json!({
            "key": key, "itemKey": "PR-020", "occurredOn": "2026-02-10", "calendarKey": "MERIDIAN", "categoryKey": "HARDWARE",
            "source": "NON_LABOR", "amount": { "amount": amount, "currency": "CHF" },
        });
        let list = |dry: bool| json!({ "items": [spent("A-1", "10"), spent("A-2", "0")], "dryRun": dry, "clientMutationKey": request_key(1) });
        let told = change(&money, "actualBulkCreate", list(false)).await;
        assert!(!faults(&told).is_empty(), "{told}");
        let one = json!({ "items": [spent("A-3", "10")], "dryRun": true, "clientMutationKey": request_key(2) });
        assert_eq!(faults(&change(&money, "actualBulkCreate", one).await), Vec::<String>::new());
        assert_eq!(units(&lead, "PR-020", "EV_AC").await, before);
        exact(&lead).await;
    }

    async fn money_in_another_currency_takes_the_rate_of_its_day_and_without_one_there_is_no_figure(world: &World) {
        let (_, lead) = begin(world).await;
        let money = finance(world).await;
        let before = units(&lead, "PR-020", "EV_AC").await;
        spend(&money, "PR-020", "100", "SEK").await;
        let figure = kpi(&lead, "PR-020", "EV_AC", "").await;
        assert_eq!((&figure["value"], &figure["nullReason"]), (&Value::Null, &json!("MISSING_RATE: SEK to CHF")), "{figure:#}");
        assert_eq!(figure["coverage"]["excludedNull"], 1);
        let set = lead.query("{ fxRateSets(filter: { isDefault: { eq: true } }) { nodes { id key } } }").await;
        let set = set.data()["fxRateSets"]["nodes"][0]["key"].clone();
        for (rate, from) in [("0.08", "2026-01-01"), ("0.09", "2026-02-15")] {
            let rate = json!({ "rateSetKey": set, "fromCurrency": "SEK", "toCurrency": "CHF", "rate": rate, "validFromOn": from });
            done(&money, "fxRateCreate", rate).await;
        }
        assert_eq!(units(&lead, "PR-020", "EV_AC").await, before + 80_000);
        exact(&lead).await;
    }

    async fn what_was_taken_back_on_its_day_asks_for_no_rate(world: &World) {
        let (_, lead) = begin(world).await;
        let money = finance(world).await;
        let before = units(&lead, "PR-020", "EV_AC").await;
        let row = spend(&money, "PR-020", "100", "SEK").await;
        let back = json!({ "id": row["id"], "ifVersion": "*", "reason": "Booked twice.", "occurredOn": "2026-02-10" });
        done(&money, "actualReverse", back).await;
        assert_eq!(units(&lead, "PR-020", "EV_AC").await, before);
        let series = lead.query("{ project(by: { key: \"PR-020\" }) { kpiSeries(key: \"EV_AC\", granularity: MONTH) { nullReason } } }").await.data();
        let series = series["project"]["kpiSeries"].as_array().expect("a series").clone();
        assert!(series.iter().all(|figure| figure["nullReason"].is_null()), "{series:?}");
    }

    async fn a_move_takes_figures_from_one_portfolio_to_another(world: &World) {
        let (db, lead) = begin(world).await;
        let spent = units(&lead, "PR-020", "EV_AC").await;
        assert!(spent > 0);
        let (from, to) = (units(&lead, "PF-PRODUCTS", "EV_AC").await, "PF-NEW");
        done(&lead, "portfolioCreate", json!({ "key": to, "name": "New", "baseCurrency": "CHF" })).await;
        let input = json!({ "id": item_id(&db, "PR-020").await, "ifVersion": "*", "patch": { "parentKey": to } });
        done(&lead, "projectUpdate", input).await;
        assert_eq!(units(&lead, to, "EV_AC").await, spent);
        assert!(units(&lead, "PF-PRODUCTS", "EV_AC").await < from);
        exact(&lead).await;
    }

    async fn figures_of_many_items_take_as_many_statements_as_of_one(world: &World) {
        let asked = |first: usize| format!(
            "{{ projects(first: {first}, orderBy: [{{ key: {{ direction: ASC }} }}]) {{ nodes {{ key kpis(keys: [\"FN_FVAR\", \"EV_AC\", \"PF_ALIGN\"]) {{ value scope {{ id }} kpi {{ key }} }} }} }} }}"
        );
        let few = ask(world, &asked(2), json!({}), &caller(&[Role::PmoLead])).await.statements;
        let many = ask(world, &asked(40), json!({}), &caller(&[Role::PmoLead])).await.statements;
        // Rates are read where some money is in another currency, however much of it.
        // Rates are read where some money is in another currency, however much of it.
        assert!((6..=12).contains(&few) && many <= few + 2, "{few} and {many} statements");
    }

    async fn a_series_ends_with_the_value_of_today_and_an_explanation_sums_to_it(world: &World) {
        let (_, lead) = begin(world).await;
        let asked = "{ project(by: { key: \"PR-020\" }) { kpis(keys: [\"EV_AC\"]) { value } \
            kpiSeries(key: \"EV_AC\", granularity: MONTH) { periodEnd value } \
            kpiExplain(key: \"EV_AC\", first: 1000) { formula formulaVersion value { value } leftOut { reason } \
            inputs { measure sum partCount parts { item { key } source { id __typename } effectiveOn amount currency rate } } } } }";
        let data = lead.query(asked).await.data();
        let project = &data["project"];
        let series = project["kpiSeries"].as_array().expect("a series");
        assert_eq!(series.last().expect("figures")["value"], project["kpis"][0]["value"]);
        assert!(series.len() == 13, "{series:?}");
        let explained = &project["kpiExplain"];
        assert_eq!((&explained["formula"], &explained["value"]), (&json!("AC"), &project["kpis"][0]));
        let input = &explained["inputs"][0];
        assert_eq!((&input["measure"], &input["sum"]), (&json!("AC"), &project["kpis"][0]["value"]));
        let parts = input["parts"].as_array().expect("parts");
        assert_eq!(Some(parts.len() as u64), input["partCount"].as_u64());
        assert!(parts.iter().all(|part| part["source"]["__typename"] == "Actual" && part["item"]["key"] == "PR-020"), "{parts:#?}");
    }

    async fn a_key_of_nothing_is_refused(world: &World) {
        let (_, lead) = begin(world).await;
        let reply = lead.query("{ project(by: { key: \"PR-020\" }) { kpis(keys: [\"EV_NOTHING\"]) { value } } }").await;
        assert_eq!(reply.error_codes(), ["BAD_VARIABLES"]);
        let many: Vec<String> = (0..101).map(|n| format!("\"K{n}\"")).collect();
        let reply = lead.query(&format!("{{ project(by: {{ key: \"PR-020\" }}) {{ kpis(keys: [{}]) {{ value }} }} }}", many.join(","))).await;
        assert_eq!(reply.error_codes(), ["PAGE_SIZE_TOO_LARGE"]);
    }
}

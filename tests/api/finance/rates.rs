//! Rates of exchange and their sets.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{done, finance};
use crate::support::writes::{begin_bare, change, faults, item, param, request_key, statuses};

fn set(key: &str, is_default: bool) -> Value {
    json!({ "key": key, "name": key, "rateType": "BUDGET", "isDefault": is_default })
}

fn patch(key: &str, patch: Value) -> Value {
    let mut input = json!({ "ref": { "key": key }, "ifVersion": "*" });
    input["patch"] = patch;
    input
}

fn rate(from: &str, to: &str, rate: &str, day: &str) -> Value {
    json!({ "rateSetKey": "A", "fromCurrency": from, "toCurrency": to, "rate": rate, "validFromOn": day })
}

tests! {
    async fn one_set_at_most_is_the_default(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        done(&finance, "fxRateSetCreate", set("A", true)).await;
        let told = change(&finance, "fxRateSetCreate", set("B", true)).await;
        assert_eq!(faults(&told), ["INVARIANT input.isDefault"]);
        assert_eq!((param(&told, "rule").as_deref(), param(&told, "default").as_deref()), (Some("DEFAULT_RATE_SET"), Some("A")));
        done(&finance, "fxRateSetCreate", set("B", false)).await;
        assert_eq!(faults(&change(&finance, "fxRateSetUpdate", patch("B", json!({ "isDefault": true }))).await), ["INVARIANT input.patch.isDefault"]);
        // In one list, in whatever order, one gives it up to the other.
        let list = |items: Value, number| json!({ "items": items, "clientMutationKey": request_key(number) });
        let both = json!([patch("B", json!({ "isDefault": true })), patch("A", json!({ "isDefault": false }))]);
        let told = change(&finance, "fxRateSetBulkUpdate", list(both, 1)).await;
        assert_eq!(statuses(&told), ["UPDATED"; 2], "{told}");
        // In turn.
        done(&finance, "fxRateSetUpdate", patch("B", json!({ "isDefault": false }))).await;
        done(&finance, "fxRateSetUpdate", patch("A", json!({ "isDefault": true }))).await;
        // Where who gives it up is refused, who wants it is refused too.
        let both = json!([patch("B", json!({ "isDefault": true })), patch("A", json!({ "isDefault": false, "name": "" }))]);
        let told = change(&finance, "fxRateSetBulkUpdate", list(both, 2)).await;
        assert_eq!(statuses(&told), ["FAILED"; 2], "{told}");
        let away = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*" });
        assert_eq!(param(&change(&finance, "fxRateSetArchive", away("A")).await, "rule").as_deref(), Some("DEFAULT_RATE_SET"));
        done(&finance, "fxRateSetArchive", away("B")).await;
    }

    async fn two_at_once_do_not_both_become_the_default(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        let (a, b) = tokio::join!(
            change(&finance, "fxRateSetCreate", set("A", true)),
            change(&finance, "fxRateSetCreate", set("B", true)),
        );
        let refused = [&a, &b].into_iter().filter(|told| param(told, "rule").as_deref() == Some("DEFAULT_RATE_SET")).count();
        assert_eq!(refused, 1, "{a} {b}");
    }

    async fn a_rate_is_above_nothing_between_two_currencies_and_one_a_day(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        done(&finance, "fxRateSetCreate", set("A", true)).await;
        done(&finance, "fxRateCreate", rate("EUR", "CHF", "0.943217650", "2026-01-01")).await;
        for (input, fault) in [
            (rate("EUR", "CHF", "1", "2026-01-01"), "DUPLICATE input.validFromOn"),
            (rate("EUR", "EUR", "1", "2026-01-01"), "INVALID input.toCurrency"),
            (rate("EUR", "USD", "0", "2026-01-01"), "OUT_OF_RANGE input.rate"),
            (rate("EUR", "USD", "-1.1", "2026-01-01"), "OUT_OF_RANGE input.rate"),
        ] {
            assert_eq!(faults(&change(&finance, "fxRateCreate", input.clone()).await), [fault], "{input}");
        }
        // The other direction and the next day are others.
        done(&finance, "fxRateCreate", rate("CHF", "EUR", "1.06", "2026-01-01")).await;
        let later = done(&finance, "fxRateCreate", rate("EUR", "CHF", "0.95", "2026-02-01")).await;
        let later = later["id"].as_str().expect("an id");
        let move_to = |day: &str| json!({ "id": later, "ifVersion": "*", "patch": { "validFromOn": day } });
        assert_eq!(faults(&change(&finance, "fxRateUpdate", move_to("2026-01-01")).await), ["DUPLICATE input.patch.validFromOn"]);
        let other = json!({ "id": later, "ifVersion": "*", "patch": { "toCurrency": "USD" } });
        assert_eq!(faults(&change(&finance, "fxRateUpdate", other).await), ["IMMUTABLE input.patch.toCurrency"]);
        let asked = "{ fxRates(orderBy: [{ validFromOn: { direction: ASC } }], filter: { fromCurrency: { eq: \"EUR\" } }) { nodes { rate toCurrency rateSet { key rates { totalCount } } } } }";
        let read = finance.query(asked).await;
        assert_eq!(read.data()["fxRates"]["nodes"][0], json!({ "rate": "0.94321765", "toCurrency": "CHF", "rateSet": { "key": "A", "rates": { "totalCount": 3 } } }));
        // What is archived stands in nobody's way until it comes back.
        done(&finance, "fxRateArchive", json!({ "id": later, "ifVersion": "*" })).await;
        done(&finance, "fxRateCreate", rate("EUR", "CHF", "0.96", "2026-02-01")).await;
        assert_eq!(faults(&change(&finance, "fxRateUnarchive", json!({ "id": later, "ifVersion": "*" })).await), ["DUPLICATE input"]);
    }

    async fn two_at_once_do_not_make_two_rates_of_a_day(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        done(&finance, "fxRateSetCreate", set("A", true)).await;
        let (a, b) = tokio::join!(
            change(&finance, "fxRateCreate", rate("EUR", "CHF", "0.9", "2026-01-01")),
            change(&finance, "fxRateCreate", rate("EUR", "CHF", "0.8", "2026-01-01")),
        );
        let refused = [&a, &b].into_iter().filter(|told| faults(told) == ["DUPLICATE input.validFromOn"]).count();
        assert_eq!(refused, 1, "{a} {b}");
    }

    async fn rates_of_another_system_are_kept_by_its_ids(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        done(&finance, "fxRateSetCreate", set("A", true)).await;
        let item = |id: &str, patch: Value| json!({ "ref": { "external": { "system": "ECB", "id": id } }, "patch": patch });
        let list = |items: Value, number| json!({ "items": items, "clientMutationKey": request_key(number) });
        let first = json!([item("1", rate("EUR", "CHF", "0.9", "2026-01-01")), item("2", rate("EUR", "USD", "1.1", "2026-01-01"))]);
        assert_eq!(statuses(&change(&finance, "fxRateBulkUpsert", list(first.clone(), 1)).await), ["CREATED"; 2]);
        assert_eq!(statuses(&change(&finance, "fxRateBulkUpsert", list(first, 2)).await), ["UNCHANGED"; 2]);
        let next = json!([item("1", json!({ "rate": "0.91" })), item("2", json!({ "rate": "1.1" }))]);
        assert_eq!(statuses(&change(&finance, "fxRateBulkUpsert", list(next, 3)).await), ["UPDATED", "UNCHANGED"]);
        let read = finance.query("{ fxRate(by: { external: { system: \"ECB\", id: \"1\" } }) { rate externalSystem externalId } }").await;
        assert_eq!(read.data()["fxRate"], json!({ "rate": "0.91", "externalSystem": "ECB", "externalId": "1" }));
        let mut half = rate("EUR", "GBP", "0.8", "2026-01-01");
        half["externalId"] = json!("7");
        assert_eq!(faults(&change(&finance, "fxRateCreate", half.clone()).await), ["REQUIRED input.externalSystem"]);
        half["externalSystem"] = json!("ECB");
        half["externalId"] = json!("1");
        assert_eq!(faults(&change(&finance, "fxRateCreate", half).await), ["DUPLICATE input.externalId"]);
        let bad = json!([item(" ", rate("EUR", "GBP", "0.8", "2026-01-01")), item("9", json!({ "externalId": "8" }))]);
        let told = change(&finance, "fxRateBulkUpsert", list(bad, 4)).await;
        let faults: Vec<Vec<String>> = told["results"].as_array().expect("results").iter().map(faults).collect();
        assert_eq!(faults[0], ["REQUIRED input.items.0.ref.external.id"]);
        assert!(faults[1].contains(&"INVALID input.items.1.patch.externalId".to_owned()), "{told}");
    }

    async fn an_item_names_its_rates_and_only_who_steers_it_does(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let made = done(&finance, "fxRateSetCreate", set("A", false)).await;
        let named = patch("PR-014", json!({ "fxRateSetKey": "A" }));
        for client in [&finance, &manager] {
            assert_eq!(change(client, "projectUpdate", named.clone()).await["userErrors"][0]["code"], "FORBIDDEN");
        }
        done(&lead, "projectUpdate", named).await;
        assert_eq!(item(&db, "PR-014").await.fx_rate_set_id.map(|id| foliograph::graph::encode_id("fxs", id)).as_deref(), made["id"].as_str());
        // Whoever reads business data reads rates; others see none.
        for (who, role, sees) in [("walter.zimmermann", Role::Auditor, true), ("priya.nair", Role::Analyst, true), ("nobody.known", Role::Admin, false)] {
            let read = world.client_as(who, &[role]).await.query("{ fxRateSets { totalCount } }").await;
            assert_eq!(read.json()["data"]["fxRateSets"]["totalCount"] == 1, sees, "{who}");
        }
        // Only who sets up what money is counted by writes them.
        for (who, role) in [("george.mensah", Role::ProjectManager), ("svc.reporting", Role::Integration)] {
            let client = world.client_as(who, &[role]).await;
            let told = change(&client, "fxRateSetCreate", set("C", false)).await;
            assert_eq!(param(&told, "needs").as_deref(), Some("FINANCE_SET_UP"), "{who}: {told}");
        }
        done(&lead, "fxRateSetCreate", set("C", false)).await;
    }
}

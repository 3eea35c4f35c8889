//! Forecasts: drafts, lines, publishing.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{calendar, done, finance, money};
use crate::support::writes::{begin_bare, change, faults, item_id, param};

fn of(id: &str) -> Value {
    json!({ "id": id, "ifVersion": "*" })
}

tests! {
    async fn a_published_forecast_never_changes_and_the_next_supersedes_it(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        calendar(&finance(world).await).await;
        let item = item_id(&db, "PR-014").await;
        let mut ids = vec![];
        for (day, amount) in [("2026-01-31", "100"), ("2026-02-28", "120")] {
            let input = json!({ "itemId": item, "asOfOn": day, "amount": money(amount, "CHF") });
            ids.push(done(&manager, "forecastCreate", input).await["id"].as_str().expect("an id").to_owned());
        }
        let line = json!({ "forecastId": ids[1], "periodKey": "FY26", "amount": money("130", "CHF") });
        done(&manager, "forecastLineCreate", line.clone()).await;
        assert_eq!(done(&manager, "forecastPublish", of(&ids[1])).await["state"], "PUBLISHED");
        // One of an earlier day comes too late.
        assert_eq!(param(&change(&manager, "forecastPublish", of(&ids[0])).await, "rule").as_deref(), Some("FORECASTS_IN_ORDER"));
        assert_eq!(faults(&change(&manager, "forecastLineCreate", line).await), ["IMMUTABLE input.forecastId"]);
        let patch = json!({ "id": ids[1], "ifVersion": "*", "patch": { "note": "Less." } });
        assert_eq!(faults(&change(&lead, "forecastUpdate", patch.clone()).await), ["FORBIDDEN input"]);
        assert_eq!(faults(&change(&manager, "forecastUpdate", patch).await), ["IMMUTABLE input.id"]);
        let next = done(&manager, "forecastRevise", of(&ids[1])).await["id"].as_str().expect("an id").to_owned();
        done(&manager, "forecastUpdate", json!({ "id": next, "ifVersion": "*", "patch": { "asOfOn": "2026-03-31" } })).await;
        done(&lead, "forecastPublish", of(&next)).await;
        let asked = "{ project(by: { key: \"PR-014\" }) { forecasts(orderBy: [{ revision: { direction: ASC } }]) { nodes { state asOfOn allocated { amount } amount { amount } } } } }";
        let read = lead.query(asked).await;
        let nodes = &read.data()["project"]["forecasts"]["nodes"];
        let states: Vec<&Value> = nodes.as_array().expect("nodes").iter().map(|n| &n["state"]).collect();
        assert_eq!(states, ["DRAFT", "SUPERSEDED", "PUBLISHED"]);
        assert_eq!(nodes[2]["allocated"]["amount"], "130");
        let told = change(&manager, "forecastDelete", of(&ids[0])).await;
        assert_eq!(told["deletedId"], ids[0].as_str());
    }

    async fn only_who_computes_what_it_will_cost_writes_forecasts(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let input = json!({ "itemId": item_id(&db, "PR-014").await, "asOfOn": "2026-01-31" });
        for (who, role, told) in [
            ("george.mensah", Role::ProjectManager, vec![]),
            ("stefan.brunner", Role::Finance, vec![]),
            ("lena.schmid", Role::ProjectManager, vec!["FORBIDDEN input.itemId"]),
            ("ingrid.solberg", Role::Sponsor, vec!["FORBIDDEN input"]),
            ("walter.zimmermann", Role::Auditor, vec!["FORBIDDEN input"]),
        ] {
            let client = world.client_as(who, &[role]).await;
            let faults = faults(&change(&client, "forecastCreate", input.clone()).await);
            assert_eq!(faults, told, "{who}");
        }
        assert_eq!(faults(&change(&lead, "forecastCreate", input).await), ["FORBIDDEN input"]);
    }
}

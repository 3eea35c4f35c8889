//! Bounds of items, targets, and colors that follow them without flicker.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, done, exact, kpi, post, score};
use crate::support::writes::{begin, change, faults, param};

/// Bounds of the score of an item.
fn bounds(item: &str, from: &str, green: &str, amber: &str) -> Value {
    json!({ "itemKey": item, "kpiKey": "SCORE", "validFromOn": from, "greenFrom": green, "amberFrom": amber, "hysteresis": "0" })
}

tests! {
    async fn a_stored_color_changes_only_beyond_the_margin(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        let changes = |db: sea_orm::DatabaseConnection| async move {
            use sea_orm::{EntityTrait as _, PaginatorTrait as _};
            entity::kpi_change::Entity::find().count(&db).await.expect("changes")
        };
        for (value, due) in [("10", "GREEN"), ("9.5", "GREEN"), ("9.1", "GREEN"), ("8.9", "AMBER"), ("10.5", "AMBER"), ("9", "AMBER"), ("11", "GREEN"), ("4.5", "AMBER"), ("3.9", "RED"), ("5.5", "RED"), ("6", "AMBER")] {
            assert_eq!(faults(&post(&lead, "PR-020", value).await), Vec::<String>::new());
            derive(world).await;
            assert_eq!(kpi(&lead, "PR-020", "SCORE", "").await["status"], due, "{value}");
        }
        // Over her own rows there is no margin: plain bounds.
        let manager = world.client_as("tomas.varga", &[Role::ProjectManager]).await;
        post(&lead, "PR-020", "10.5").await;
        derive(world).await;
        assert_eq!(kpi(&lead, "PR-020", "SCORE", "").await["status"], "AMBER");
        assert_eq!(kpi(&manager, "PR-020", "SCORE", "").await["status"], "GREEN");
        // Nothing new, nothing stored.
        let before = changes(crate::support::writes::rows(world).await).await;
        derive(world).await;
        assert_eq!(changes(crate::support::writes::rows(world).await).await, before);
    }

    async fn the_nearest_bounds_hold_from_their_day_on_and_colors_follow_at_once(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        post(&lead, "PR-020", "10").await;
        derive(world).await;
        let color = async || kpi(&lead, "PR-020", "SCORE", "").await["status"].clone();
        assert_eq!(color().await, "GREEN");
        let above = done(&lead, "kpiThresholdCreate", bounds("PF-PRODUCTS", "2026-01-01", "20", "12")).await;
        derive(world).await;
        assert_eq!(color().await, "RED", "bounds of the portfolio hold below it");
        done(&lead, "kpiThresholdCreate", bounds("PR-020", "2026-02-15", "20", "9")).await;
        derive(world).await;
        assert_eq!(color().await, "AMBER", "those of the item itself are nearer");
        assert_eq!(kpi(&lead, "PR-020", "SCORE", ", at: \"2026-02-10\"").await["status"], "RED", "they began later");
        let own = lead.query("{ kpiThresholds(filter: { item: { key: { eq: \"PR-020\" } } }) { nodes { id } } }").await.data();
        let own = own["kpiThresholds"]["nodes"][0]["id"].clone();
        done(&lead, "kpiThresholdUpdate", json!({ "id": own, "ifVersion": "*", "patch": { "amberFrom": "10.5" } })).await;
        derive(world).await;
        assert_eq!(color().await, "RED");
        for id in [&own, &above["id"]] {
            done(&lead, "kpiThresholdArchive", json!({ "id": id, "ifVersion": "*" })).await;
        }
        derive(world).await;
        assert_eq!(color().await, "AMBER", "back to the definition's, by its margin");
        exact(&lead).await;
    }

    async fn bounds_are_ordered_and_one_a_day(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        let wrong = change(&lead, "kpiThresholdCreate", bounds("PR-020", "2026-01-01", "5", "6")).await;
        assert_eq!((faults(&wrong), param(&wrong, "rule").as_deref()), (vec!["INVARIANT input.amberFrom".to_owned()], Some("BOUNDS_ORDERED")));
        let mut input = bounds("PR-020", "2026-01-01", "5", "4");
        input["greenTo"] = json!("9");
        assert_eq!(faults(&change(&lead, "kpiThresholdCreate", input).await), ["INVARIANT input.greenTo"]);
        let none = json!({ "itemKey": "PR-020", "kpiKey": "SCORE", "validFromOn": "2026-01-01" });
        assert_eq!(faults(&change(&lead, "kpiThresholdCreate", none).await), ["REQUIRED input.greenFrom"]);
        let figure = json!({ "itemKey": "PR-020", "kpiKey": "EV_AC", "validFromOn": "2026-01-01", "greenFrom": "1" });
        assert_eq!(faults(&change(&lead, "kpiThresholdCreate", figure).await), ["INVALID input.kpiKey"]);
        done(&lead, "kpiThresholdCreate", bounds("PR-020", "2026-01-01", "5", "4")).await;
        let (one, other) = tokio::join!(
            change(&lead, "kpiThresholdCreate", bounds("PR-020", "2026-01-02", "5", "4")),
            change(&lead, "kpiThresholdCreate", bounds("PR-020", "2026-01-02", "6", "4")),
        );
        let refused = [&one, &other].into_iter().filter(|told| faults(told) == ["DUPLICATE input.validFromOn"]).count();
        assert_eq!(refused, 1, "{one} {other}");
        let manager = world.client_as("tomas.varga", &[Role::ProjectManager]).await;
        assert_eq!(faults(&change(&manager, "kpiThresholdCreate", bounds("PR-020", "2026-03-01", "5", "4")).await), ["FORBIDDEN input.itemKey"]);
    }

    async fn the_latest_target_stands_with_the_value(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        post(&lead, "PR-020", "10").await;
        derive(world).await;
        let target = |on: &str, value: &str| json!({ "itemKey": "PR-020", "kpiKey": "SCORE", "targetOn": on, "value": value });
        done(&lead, "kpiTargetCreate", target("2026-01-31", "8")).await;
        done(&lead, "kpiTargetCreate", target("2026-02-15", "12.5")).await;
        done(&lead, "kpiTargetCreate", target("2027-01-01", "20")).await;
        assert_eq!(faults(&change(&lead, "kpiTargetCreate", target("2027-01-01", "21")).await), ["DUPLICATE input.targetOn"]);
        derive(world).await;
        let asked = "{ portfolioItems(filter: { key: { in: [\"PR-020\", \"PG-MDR\"] } }, orderBy: [{ key: { direction: ASC } }]) { nodes { key \
            kpis(keys: [\"SCORE\"]) { target } kpiSeries(key: \"SCORE\", from: \"2026-01-01\", to: \"2026-02-28\") { periodEnd target } } } }";
        let told = lead.query(asked).await.data()["portfolioItems"]["nodes"].clone();
        assert_eq!(told[0]["kpis"], json!([{ "target": null }]), "a target is the item's own");
        assert_eq!(told[1]["kpis"], json!([{ "target": "12.5" }]));
        assert_eq!(told[1]["kpiSeries"], json!([{ "periodEnd": "2026-01-31", "target": "8" }, { "periodEnd": "2026-02-28", "target": "12.5" }]));
        // Who may not read the figure reads no target either.
        let outsider = world.client_as("reader", &[Role::ProjectManager]).await;
        let asked = "{ portfolioItems(filter: { key: { eq: \"PR-020\" } }) { nodes { kpis(keys: [\"SCORE\"]) { value target } } } kpiTargets { nodes { value } } }";
        let told = outsider.query(asked).await.data();
        assert_eq!(told["portfolioItems"]["nodes"][0]["kpis"], json!([{ "value": null, "target": null }]));
        assert!(told["kpiTargets"]["nodes"].as_array().is_some_and(|all| all.iter().all(|node| node["value"] == Value::Null)), "{told}");
    }
}

//! Values as they change over the rows of one caller: nothing of others, and everything that moves her own figures.

use entity::{kpi_change, kpi_value};
use foliograph::auth::Role;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use super::{derive, done, finance, kpi, post, score, spend, streams::told};
use crate::support::{
    World, product,
    socket::Socket,
    writes::{begin, item, item_id, person, sql},
};

const FOLLOW: &str = "subscription($filter: KpiFilter, $after: Cursor, $initial: Boolean) { \
    kpiChanged(filter: $filter, after: $after, initial: $initial) { ... on KpiChangeEvent { cursor previous previousStatus \
    causedBy { mutation } kpi { value status basis kpi { key } scope { ... on PortfolioItem { key } } } } } }";
const CROSSED: &str = "subscription($filter: KpiFilter) { kpiThresholdCrossed(filter: $filter) { ... on KpiChangeEvent { \
    previous previousStatus kpi { value status scope { ... on PortfolioItem { key } } } } } }";

/// A follower over her own rows.
async fn follower(world: &World, subject: &str, role: Role) -> Socket {
    let server = world.serve().await;
    let mut socket = Socket::of(server.address, &product::token(&*world.clock, subject, &[role])).await;
    assert_eq!(socket.settle().await, [Value::Null; 0]);
    socket
}

tests! {
    async fn what_others_do_in_projects_of_theirs_is_no_event(world: &World) {
        let (_, lead) = begin(world).await;
        derive(world).await;
        score(&lead).await;
        let mut socket = follower(world, "tomas.varga", Role::ProjectManager).await;
        socket.subscribe("a", FOLLOW, json!({})).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        for (project, value) in [("PR-038", "7"), ("PR-020", "9")] {
            post(&lead, project, value).await;
            derive(world).await;
        }
        let mut events = told(&socket.take("a", 3).await);
        events.sort();
        assert_eq!(events, ["PF-PRODUCTS 9 -", "PG-MDR 9 -", "PR-020 9 -"]);
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }

    async fn a_new_day_stores_no_figure_of_nothing(world: &World) {
        let (db, _) = begin(world).await;
        derive(world).await;
        world.clock.advance_seconds(86_400);
        derive(world).await;
        let void = kpi_value::Entity::find().filter(kpi_value::Column::Version.eq(1)).filter(kpi_value::Column::Value.is_null());
        let void = void.filter(kpi_value::Column::IncludedCount.eq(0)).filter(kpi_value::Column::Target.is_null());
        let rows = void.filter(kpi_value::Column::NullReason.not_like("MISSING_RATE%")).all(&db).await.expect("values");
        // Above what is confidential a figure of nothing may be one of something for who is named there.
        let mut restricted = std::collections::BTreeSet::new();
        let hidden = entity::portfolio_item::Column::IsRestricted.eq(true);
        for row in entity::portfolio_item::Entity::find().filter(hidden).all(&db).await.expect("items") {
            let of = entity::item_ancestor::Column::ItemId.eq(row.id);
            let above = entity::item_ancestor::Entity::find().filter(of).all(&db).await.expect("ancestors");
            restricted.extend(above.into_iter().map(|above| above.ancestor_id));
        }
        let first = rows.iter().find(|row| !restricted.contains(&row.item_id));
        assert_eq!(first, None);
        assert!(kpi_value::Entity::find().count(&db).await.expect("values") > 100);
    }

    async fn what_did_not_change_is_kept_as_long_as_it_is_replayed(world: &World) {
        let (db, _) = begin(world).await;
        for _ in 0..4 {
            derive(world).await;
            world.clock.advance_seconds(86_400);
        }
        let events = &world.app().await.events;
        let of = |is_changed: bool| kpi_change::Entity::find().filter(kpi_change::Column::IsChanged.eq(is_changed));
        let (changed, same) = (of(true).count(&db).await.expect("changes"), of(false).all(&db).await.expect("changes"));
        assert!(same.iter().any(|row| same.iter().any(|next| next.value_id == row.value_id && next.version > row.version)));
        world.clock.advance_seconds(4 * 86_400);
        assert_eq!(events.tidy().await.expect("tidied").values, 0, "all of it can be replayed");
        world.clock.advance_seconds(9 * 86_400);
        assert!(events.tidy().await.expect("tidied").values > 0);
        assert_eq!(of(true).count(&db).await.expect("changes"), changed, "what changed is history");
        let kept = of(false).all(&db).await.expect("changes");
        for row in &kept {
            let value = kpi_value::Entity::find_by_id(row.value_id).one(&db).await.expect("values").expect("a value");
            assert_eq!(value.version, row.version, "only what says what is before the next");
        }
        assert!(!kept.is_empty());
        assert_eq!(events.tidy().await.expect("tidied").values, 0);
    }

    async fn an_archived_kpi_falls_silent_and_the_others_go_on(world: &World) {
        let (db, lead) = begin(world).await;
        derive(world).await;
        score(&lead).await;
        let money = finance(world).await;
        let mut socket = follower(world, "anna.keller", Role::PmoLead).await;
        let only = json!({ "kpis": ["SCORE", "EV_AC"], "scopes": [item_id(&db, "PR-020").await], "includeDescendants": false });
        socket.subscribe("a", FOLLOW, json!({ "filter": only })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        done(&lead, "kpiDefinitionArchive", json!({ "ref": { "key": "SCORE" }, "ifVersion": "*" })).await;
        spend(&money, "PR-020", "10", "CHF").await;
        derive(world).await;
        let first = socket.take("a", 1).await.remove(0)["data"]["kpiChanged"].take();
        assert_eq!(first["kpi"]["kpi"]["key"], "EV_AC");
        drop(socket);
        spend(&money, "PR-020", "20", "CHF").await;
        derive(world).await;
        let mut socket = follower(world, "anna.keller", Role::PmoLead).await;
        socket.subscribe("b", FOLLOW, json!({ "filter": only, "after": first["cursor"] })).await;
        let next = socket.take("b", 1).await.remove(0)["data"]["kpiChanged"].take();
        assert_eq!((&next["kpi"]["kpi"]["key"], &next["previous"]), (&json!("EV_AC"), &first["kpi"]["value"]));
        socket.subscribe("c", FOLLOW, json!({ "filter": { "kpis": ["EV_AC", "NONESUCH"] } })).await;
        let refused = socket.next().await;
        assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("BAD_VARIABLES")));
    }

    async fn other_bounds_are_told_to_who_counts_her_own_rows(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        post(&lead, "PR-020", "10").await;
        derive(world).await;
        let mut socket = follower(world, "tomas.varga", Role::ProjectManager).await;
        socket.subscribe("a", CROSSED, json!({ "filter": { "kpis": ["SCORE"] } })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        let bounds = json!({ "itemKey": "PF-PRODUCTS", "kpiKey": "SCORE", "validFromOn": "2026-01-01", "greenFrom": "20", "amberFrom": "12" });
        done(&lead, "kpiThresholdCreate", bounds).await;
        derive(world).await;
        let colors = |events: Vec<Value>| {
            let color = |e: &Value| {
                let e = &e["data"]["kpiThresholdCrossed"];
                assert_eq!((&e["previous"], &e["kpi"]["value"]), (&json!("10"), &json!("10")), "{e}");
                format!("{} {} {}", e["kpi"]["scope"]["key"], e["previousStatus"], e["kpi"]["status"]).replace('"', "")
            };
            let mut colors: Vec<String> = events.iter().map(color).collect();
            colors.sort();
            colors
        };
        let due = ["PF-PRODUCTS", "PG-MDR", "PR-020"].map(|item| format!("{item} GREEN RED"));
        assert_eq!(colors(socket.take("a", 3).await), due);
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }

    async fn a_target_and_a_rate_are_told_with_what_was_before(world: &World) {
        let (db, lead) = begin(world).await;
        let money = finance(world).await;
        spend(&money, "PR-020", "100", "EUR").await;
        derive(world).await;
        let manager = world.client_as("tomas.varga", &[Role::ProjectManager]).await;
        let before = kpi(&manager, "PR-020", "EV_AC", "").await["value"].clone();
        let mut socket = follower(world, "tomas.varga", Role::ProjectManager).await;
        let only = json!({ "kpis": ["EV_AC"], "scopes": [item_id(&db, "PR-020").await], "includeDescendants": false });
        socket.subscribe("a", FOLLOW, json!({ "filter": only })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        world.clock.advance_seconds(60);
        let rates = money.query("{ fxRates(first: 100, filter: { archivedAt: { isNull: true }, fromCurrency: { eq: \"EUR\" } }) { nodes { id } } }").await.data();
        for rate in rates["fxRates"]["nodes"].as_array().expect("rates") {
            done(&money, "fxRateUpdate", json!({ "id": rate["id"], "ifVersion": "*", "patch": { "rate": "3.5" } })).await;
        }
        derive(world).await;
        let event = socket.take("a", 1).await.remove(0)["data"]["kpiChanged"].take();
        let now = kpi(&manager, "PR-020", "EV_AC", "").await["value"].clone();
        assert_eq!((&event["kpi"]["value"], &event["previous"]), (&now, &before));
        assert_ne!(now, before);
        let target = json!({ "itemKey": "PR-020", "kpiKey": "EV_AC", "targetOn": "2026-01-31", "value": "5" });
        done(&lead, "kpiTargetCreate", target).await;
        derive(world).await;
        let event = socket.take("a", 1).await.remove(0)["data"]["kpiChanged"].take();
        assert_eq!((&event["kpi"]["value"], &event["previous"], &event["causedBy"]["mutation"]), (&now, &now, &json!("kpiTargetCreate")));
    }

    async fn a_move_is_told_where_her_project_stood_and_where_it_stands(world: &World) {
        let (db, lead) = begin(world).await;
        score(&lead).await;
        post(&lead, "PR-020", "10").await;
        derive(world).await;
        let mut socket = follower(world, "tomas.varga", Role::ProjectManager).await;
        socket.subscribe("a", FOLLOW, json!({ "filter": { "kpis": ["SCORE"] } })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        world.clock.advance_seconds(60);
        let moved = json!({ "id": item_id(&db, "PR-020").await, "ifVersion": "*", "patch": { "parentKey": "PF-IT" } });
        done(&lead, "projectUpdate", moved).await;
        derive(world).await;
        let events = socket.take("a", 4).await;
        let mut live = told(&events);
        live.sort();
        assert_eq!(live, ["PF-IT 10 -", "PF-OPERATIONS 10 -", "PF-PRODUCTS - 10", "PG-MDR - 10"]);
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        drop(socket);
        // What moves back later changes nothing of what is replayed.
        world.clock.advance_seconds(60);
        let back = json!({ "id": item_id(&db, "PR-020").await, "ifVersion": "*", "patch": { "parentKey": "PG-MDR" } });
        done(&lead, "projectUpdate", back).await;
        let mut socket = follower(world, "tomas.varga", Role::ProjectManager).await;
        let after = &events[0]["data"]["kpiChanged"]["cursor"];
        socket.subscribe("b", FOLLOW, json!({ "filter": { "kpis": ["SCORE"] }, "after": after })).await;
        assert_eq!(told(&socket.take("b", 3).await), told(&events[1..]));
    }

    async fn what_leaves_her_portfolio_is_told_without_what_was_before(world: &World) {
        let (db, lead) = begin(world).await;
        let martin = person(&db, "martin.hofer").await;
        let mut portfolio: entity::portfolio_item::ActiveModel = item(&db, "PF-PRODUCTS").await.into();
        portfolio.sponsor_id = sea_orm::Set(Some(martin.id));
        entity::portfolio_item::Entity::update(portfolio).exec(&db).await.expect("sponsored");
        sql(&db, "UPDATE portfolio_item SET sponsor_id = NULL WHERE key = 'PR-038'").await;
        let money = finance(world).await;
        spend(&money, "PR-038", "500", "EUR").await;
        derive(world).await;
        let portfolio = item_id(&db, "PF-PRODUCTS").await;
        let mut sponsor = follower(world, "martin.hofer", Role::Sponsor).await;
        let mut manager = follower(world, "tomas.varga", Role::ProjectManager).await;
        let only = json!({ "filter": { "kpis": ["EV_AC"], "scopes": [portfolio], "includeDescendants": false } });
        for socket in [&mut sponsor, &mut manager] {
            socket.subscribe("a", FOLLOW, only.clone()).await;
            assert_eq!(socket.settle().await, [Value::Null; 0]);
        }
        let client = world.client_as("martin.hofer", &[Role::Sponsor]).await;
        let before = kpi(&client, "PF-PRODUCTS", "EV_AC", "").await["value"].clone();
        world.clock.advance_seconds(60);
        let moved = json!({ "id": item_id(&db, "PR-038").await, "ifVersion": "*", "patch": { "parentKey": "PF-IT" } });
        done(&lead, "projectUpdate", moved).await;
        derive(world).await;
        let event = sponsor.take("a", 1).await.remove(0)["data"]["kpiChanged"].take();
        let now = kpi(&client, "PF-PRODUCTS", "EV_AC", "").await["value"].clone();
        assert_ne!(now, before);
        // What is hers no longer is not shown again, not even as the difference to what was.
        assert_eq!((&event["kpi"]["value"], &event["previous"]), (&now, &Value::Null));
        // Whoever has one project in the portfolio is not told that another one left.
        spend(&money, "PR-020", "1", "CHF").await;
        derive(world).await;
        let event = manager.take("a", 1).await.remove(0)["data"]["kpiChanged"].take();
        assert_eq!(event["causedBy"]["mutation"], "actualCreate");
    }

    async fn values_of_now_come_page_by_page_and_each_once(world: &World) {
        let (_, lead) = begin(world).await;
        derive(world).await;
        let mut socket = follower(world, "anna.keller", Role::PmoLead).await;
        socket.subscribe("a", FOLLOW, json!({ "filter": { "kpis": ["EV_AC"] }, "initial": true })).await;
        let asked = "{ portfolioItems(first: 200) { nodes { key kpis(keys: [\"EV_AC\"]) { value } } } }";
        let nodes = lead.query(asked).await.data()["portfolioItems"]["nodes"].clone();
        let line = |key: &Value, value: &Value| format!("{} {} -", key.as_str().unwrap_or("-"), value.as_str().unwrap_or("-"));
        let mut due: Vec<String> = nodes.as_array().expect("items").iter().map(|node| line(&node["key"], &node["kpis"][0]["value"])).collect();
        let mut first = told(&socket.take("a", due.len()).await);
        first.sort();
        due.sort();
        assert!(due.len() > 50, "more than a page");
        assert_eq!(first, due);
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }
}

//! Values of KPIs as they change: told to each over the rows that count for her, resumed by cursor, in order.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, done, finance, spend, units};
use crate::support::{
    product,
    socket::Socket,
    writes::{begin, item_id},
};

/// All that an event says.
pub const FOLLOW: &str = "subscription($filter: KpiFilter, $after: Cursor, $initial: Boolean) { \
    kpiChanged(filter: $filter, after: $after, initial: $initial) { __typename \
    ... on KpiChangeEvent { cursor at previous previousStatus causedBy { mutation } \
    kpi { value status basis unit periodEnd kpi { key } scope { ... on PortfolioItem { key } } } } \
    ... on StreamReset { reason resumeFrom } } }";

/// `scope value previous` of events.
pub fn told(events: &[Value]) -> Vec<String> {
    let event = |e: &Value| {
        let event = &e["data"]["kpiChanged"];
        let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text(&event["kpi"]["scope"]["key"]), text(&event["kpi"]["value"]), text(&event["previous"]))
    };
    events.iter().map(event).collect()
}

tests! {
    async fn a_change_is_told_once_for_each_item_above_with_what_was_before(world: &World) {
        let (_, lead) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let mut socket = Socket::of(server.address, &token).await;
        let scopes = lead.query("{ portfolios(filter: { key: { eq: \"PF-PRODUCTS\" } }) { nodes { id } } }").await;
        let filter = json!({ "kpis": ["EV_AC"], "scopes": [scopes.data()["portfolios"]["nodes"][0]["id"]] });
        socket.subscribe("a", FOLLOW, json!({ "filter": filter })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        let before = units(&lead, "PR-020", "EV_AC").await / 10_000;
        spend(&money, "PR-020", "10", "CHF").await;
        derive(world).await;
        let events = socket.take("a", 3).await;
        let mut first = told(&events);
        first.sort();
        assert_eq!(first[2], format!("PR-020 {} {before}", before + 10));
        assert!(first[0].starts_with("PF-PRODUCTS") && first[1].starts_with("PG-MDR"), "{first:?}");
        let event = &events[0]["data"]["kpiChanged"];
        assert_eq!((&event["causedBy"]["mutation"], &event["kpi"]["basis"]), (&json!("actualCreate"), &json!("ALL_ROWS")));
        drop(socket);
        // Nobody listens while two more come; who comes back is told both, in order, and then goes on live.
        spend(&money, "PR-020", "20", "CHF").await;
        derive(world).await;
        spend(&money, "PR-020", "30", "CHF").await;
        derive(world).await;
        let mut socket = Socket::of(server.address, &token).await;
        let only = json!({ "kpis": ["EV_AC"], "scopes": [item_id(&world.database().await.orm, "PR-020").await], "includeDescendants": false });
        let last = events[2]["data"]["kpiChanged"]["cursor"].clone();
        socket.subscribe("b", FOLLOW, json!({ "filter": only, "after": last })).await;
        let again = told(&socket.take("b", 2).await);
        assert_eq!(again, [format!("PR-020 {} {}", before + 30, before + 10), format!("PR-020 {} {}", before + 60, before + 30)]);
        spend(&money, "PR-020", "5", "CHF").await;
        derive(world).await;
        assert_eq!(told(&socket.take("b", 1).await), [format!("PR-020 {} {}", before + 65, before + 60)]);
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }

    async fn over_her_own_rows_each_is_told_her_own_figure_live_and_replayed_alike(world: &World) {
        begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let server = world.serve().await;
        let sponsor = product::token(&*world.clock, "martin.hofer", &[Role::Sponsor]);
        let mut socket = Socket::of(server.address, &sponsor).await;
        let filter = json!({ "kpis": ["EV_AC"] });
        socket.subscribe("a", FOLLOW, json!({ "filter": filter })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        let client = world.client_as("martin.hofer", &[Role::Sponsor]).await;
        let before = units(&client, "PR-020", "EV_AC").await / 10_000;
        // Of a project that she does not sponsor she is told nothing, not even by a figure above both.
        spend(&money, "PR-038", "500", "EUR").await;
        derive(world).await;
        spend(&money, "PR-020", "10", "CHF").await;
        derive(world).await;
        let events = socket.take("a", 3).await;
        let mut live = told(&events);
        live.sort();
        assert!(live[2] == format!("PR-020 {} {before}", before + 10) && live[1].starts_with("PG-MDR"), "{live:?}");
        assert!(live[0].starts_with("PF-PRODUCTS"), "{live:?}");
        assert!(events.iter().all(|e| e["data"]["kpiChanged"]["kpi"]["basis"] == "CALLER_ROWS"));
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        drop(socket);
        // What is written later changes nothing of what is replayed.
        spend(&money, "PR-020", "70", "CHF").await;
        let mut socket = Socket::of(server.address, &sponsor).await;
        let first = events[0]["data"]["kpiChanged"]["cursor"].clone();
        socket.subscribe("b", FOLLOW, json!({ "filter": filter, "after": first })).await;
        assert_eq!(told(&socket.take("b", 2).await), told(&events[1..]));
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }

    async fn values_of_now_come_first_where_they_are_asked_for(world: &World) {
        let (db, lead) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let mut socket = Socket::of(server.address, &token).await;
        let filter = json!({ "kpis": ["EV_AC"], "scopes": [item_id(&db, "PR-020").await] });
        socket.subscribe("a", FOLLOW, json!({ "filter": filter, "initial": true })).await;
        let now = units(&lead, "PR-020", "EV_AC").await / 10_000;
        assert_eq!(told(&socket.take("a", 1).await), [format!("PR-020 {now} -")]);
        spend(&money, "PR-020", "1", "CHF").await;
        derive(world).await;
        assert_eq!(told(&socket.take("a", 1).await), [format!("PR-020 {} {now}", now + 1)]);
    }

    async fn without_the_right_nothing_is_told(world: &World) {
        begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::ResourceManager]);
        let mut socket = Socket::of(server.address, &token).await;
        socket.subscribe("a", FOLLOW, json!({})).await;
        spend(&money, "PR-020", "1", "CHF").await;
        derive(world).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }

    async fn figures_of_a_new_item_are_no_news_to_who_may_not_read_them(world: &World) {
        let (_, lead) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let server = world.serve().await;
        let mut sockets = vec![];
        for (subject, role) in [("anna.keller", Role::PmoLead), ("lena.schmid", Role::ProjectManager)] {
            let mut socket = Socket::of(server.address, &product::token(&*world.clock, subject, &[role])).await;
            socket.subscribe("a", FOLLOW, json!({})).await;
            assert_eq!(socket.settle().await, [Value::Null; 0]);
            sockets.push(socket);
        }
        done(&lead, "projectCreate", json!({ "key": "PR-NEW", "name": "New", "parentKey": "PF-PRODUCTS", "baseCurrency": "CHF" })).await;
        derive(world).await;
        while !told(&sockets[0].take("a", 1).await)[0].starts_with("PR-NEW") {}
        // She sees the project and reads no figure of it; what she is told next is of one of hers.
        spend(&money, "PR-038", "5", "EUR").await;
        derive(world).await;
        let next = told(&sockets[1].take("a", 1).await);
        assert!(next[0].starts_with("PR-038") || next[0].starts_with("PF-PRODUCTS"), "{next:?}");
    }

    async fn an_event_is_derived_once_whoever_derives(world: &World) {
        begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let app = world.app().await;
        spend(&money, "PR-020", "1", "CHF").await;
        let (one, two) = tokio::join!(app.deriver.derive(), app.deriver.derive());
        let (one, two) = (one.expect("derived"), two.expect("derived"));
        assert!(one.changes + two.changes > 0);
        assert_eq!(app.deriver.derive().await.expect("derived").changes, 0, "nothing is left");
        // A new day moves what follows the calendar, and only once.
        world.clock.advance_seconds(31 * 86_400);
        let first = app.deriver.derive().await.expect("derived");
        assert!(first.touches > 0, "{first:?}");
        assert_eq!(app.deriver.derive().await.expect("derived").touches, 0);
    }
}

//! Values of KPIs over Server-Sent Events: one operation a connection, each event named by its cursor.

use axum::http::StatusCode;
use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, finance, spend, units};
use crate::support::{
    client::Server,
    event_stream::{Event, EventStream},
    product,
    writes::begin,
};

const FOLLOW: &str = "subscription($filter: KpiFilter, $after: Cursor) { kpiChanged(filter: $filter, after: $after) { \
    __typename ... on KpiChangeEvent { cursor kpi { value scope { ... on PortfolioItem { key } } } } ... on StreamReset { reason } } }";

/// Opens a stream that must begin.
async fn open(server: &Server, token: &str, body: &Value, last: Option<&str>) -> EventStream {
    EventStream::open(server.address, token, body, last).await.expect("an answer")
}

/// The next event of a stream that must have one.
async fn next(events: &mut EventStream) -> Event {
    events.next().await.expect("an event")
}

tests! {
    async fn events_have_their_cursors_as_ids_and_go_on_after_the_last_one(world: &World) {
        let (_, lead) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let scope = lead.query("{ project(by: { key: \"PR-020\" }) { id } }").await.data()["project"]["id"].clone();
        let body = json!({ "query": FOLLOW, "variables": { "filter": { "kpis": ["EV_AC"], "scopes": [scope], "includeDescendants": false } } });
        let mut events = open(&server, &token, &body, None).await;
        assert!(events.head.starts_with("HTTP/1.1 200") && events.head.contains("text/event-stream"), "{}", events.head);
        let before = units(&lead, "PR-020", "EV_AC").await / 10_000;
        // The first word came with the head or right behind it: the subscription has begun.
        events.until(":\n\n").await.expect("a word");
        spend(&money, "PR-020", "7", "CHF").await;
        derive(world).await;
        let Event { kind, id, data } = next(&mut events).await;
        let event = &data["data"]["kpiChanged"];
        assert_eq!((kind.as_str(), event["kpi"]["value"].as_str()), ("next", Some((before + 7).to_string().as_str())));
        assert_eq!(event["cursor"].as_str(), Some(id.as_str()));
        drop(events);
        spend(&money, "PR-020", "1", "CHF").await;
        derive(world).await;
        let mut events = open(&server, &token, &body, Some(&id)).await;
        let Event { id: later, data, .. } = next(&mut events).await;
        assert_eq!(data["data"]["kpiChanged"]["kpi"]["value"], json!((before + 8).to_string()));
        assert_ne!(later, id);
    }

    async fn a_query_is_one_event_and_the_end(world: &World) {
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let mut events = open(&server, &token, &json!({ "query": "{ projects(first: 1) { totalCount } }" }), None).await;
        let Event { kind, data, .. } = next(&mut events).await;
        assert!(kind == "next" && data["data"]["projects"]["totalCount"].is_u64(), "{data}");
        assert_eq!(next(&mut events).await.kind, "complete");
    }

    async fn what_is_wrong_is_refused_before_the_stream(world: &World) {
        let client = world.reader().await.header("accept", "text/event-stream");
        let ask = |query: &str| json!({ "query": query }).to_string();
        for (body, status) in [
            ("{".to_owned(), StatusCode::BAD_REQUEST),
            (ask("subscription { nothing }"), StatusCode::BAD_REQUEST),
            (ask("subscription { kpiChanged(after: \"x\") { __typename } kpiThresholdCrossed { __typename } }"), StatusCode::BAD_REQUEST),
            (ask("subscription { kpiChanged(filter: { kpis: [\"EV_NOTHING\"] }) { __typename } }"), StatusCode::OK),
        ] {
            let reply = client.post_raw("/graphql/stream", "application/json", body.clone()).await;
            assert_eq!(reply.status, status, "{body}: {}", reply.text());
        }
        let plain = world.reader().await.header("accept", "application/json");
        let reply = plain.post_raw("/graphql/stream", "application/json", ask("{ __typename }")).await;
        assert_eq!(reply.status, StatusCode::NOT_ACCEPTABLE);
        let nobody = world.client().await.header("accept", "text/event-stream");
        let reply = nobody.post_raw("/graphql/stream", "application/json", ask("{ __typename }")).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
}

//! Values of KPIs over Server-Sent Events: one operation a connection, each event named by its cursor.

use axum::http::StatusCode;
use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, finance, spend, units};
use crate::support::{
    World,
    client::Server,
    event_stream::EventStream,
    product,
    writes::{begin, item_id},
};

const FOLLOW: &str = "subscription($filter: KpiFilter, $after: Cursor) { kpiChanged(filter: $filter, after: $after) { \
    __typename ... on KpiChangeEvent { cursor kpi { value scope { ... on PortfolioItem { key } } } } ... on StreamReset { reason } } }";

/// A stream that must go on.
pub struct Events(EventStream);

impl Events {
    /// Opens one; what is read of the head is behind it.
    pub async fn open(server: &Server, token: &str, body: &Value, last: Option<&str>) -> (Self, String) {
        let stream = EventStream::open(server.address, token, body, last).await.expect("an answer");
        let head = stream.head.clone();
        (Self(stream), head)
    }

    pub async fn until(&mut self, end: &str) -> String {
        self.0.until(end).await.unwrap_or_else(|| panic!("it ended before {end:?}"))
    }

    /// What comes until the server ends it: the last chunk is empty.
    pub async fn rest(&mut self) -> String {
        self.until("\r\n0\r\n\r\n").await
    }

    /// The next event: its kind, its id and its data. Words of the heartbeat are passed over.
    pub async fn next(&mut self) -> (String, String, Value) {
        let event = self.0.next().await.expect("an event");
        (event.kind, event.id, event.data)
    }
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
        let (mut events, head) = Events::open(&server, &token, &body, None).await;
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
        let before = units(&lead, "PR-020", "EV_AC").await / 10_000;
        // The first word came with the head or right behind it: the subscription has begun.
        events.until(":\n\n").await;
        spend(&money, "PR-020", "7", "CHF").await;
        derive(world).await;
        let (kind, id, data) = events.next().await;
        let event = &data["data"]["kpiChanged"];
        assert_eq!((kind.as_str(), event["kpi"]["value"].as_str()), ("next", Some((before + 7).to_string().as_str())));
        assert_eq!(event["cursor"].as_str(), Some(id.as_str()));
        drop(events);
        spend(&money, "PR-020", "1", "CHF").await;
        derive(world).await;
        let (mut events, _) = Events::open(&server, &token, &body, Some(&id)).await;
        let (_, next, data) = events.next().await;
        assert_eq!(data["data"]["kpiChanged"]["kpi"]["value"], json!((before + 8).to_string()));
        assert_ne!(next, id);
    }

    async fn an_open_stream_ends_with_its_token_and_without_a_word(world: &World) {
        let (db, _) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let filter = json!({ "kpis": ["EV_AC"], "scopes": [item_id(&db, "PR-020").await] });
        let body = json!({ "query": FOLLOW, "variables": { "filter": filter } });
        let (mut events, _) = Events::open(&server, &token, &body, None).await;
        events.until(":\n\n").await;
        spend(&money, "PR-020", "7", "CHF").await;
        // An hour, and the minute by which clocks may differ: who comes back with the same token is refused.
        world.clock.advance_seconds(3_661);
        derive(world).await;
        let rest = events.rest().await;
        assert!(!rest.contains("event:"), "{rest}");
        let (reply, code) = (world.client().await.bearer(&token).header("accept", "text/event-stream"), "TOKEN_EXPIRED");
        let reply = reply.post_raw("/graphql/stream", "application/json", body.to_string()).await;
        assert_eq!((reply.status, reply.error_codes()), (StatusCode::UNAUTHORIZED, vec![code.to_owned()]));
    }

    async fn a_cursor_from_too_long_ago_is_a_reset_with_an_id_to_go_on_after(world: &World) {
        let (db, _) = begin(world).await;
        let money = finance(world).await;
        let item = item_id(&db, "PR-020").await;
        let body = json!({ "query": FOLLOW, "variables": { "filter": { "kpis": ["EV_AC"], "scopes": [item] } } });
        let lead = |world: &World| product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let server = world.serve().await;
        derive(world).await;
        let (mut events, _) = Events::open(&server, &lead(world), &body, None).await;
        events.until(":\n\n").await;
        spend(&money, "PR-020", "1", "CHF").await;
        derive(world).await;
        let (_, old, first) = events.next().await;
        let before: i64 = first["data"]["kpiChanged"]["kpi"]["value"].as_str().expect("money").parse().expect("whole");
        drop(events);
        spend(&money, "PR-020", "2", "CHF").await;
        derive(world).await;
        world.clock.advance_seconds(8 * 86_400);
        let money = finance(world).await;
        let (mut events, _) = Events::open(&server, &lead(world), &body, Some(&old)).await;
        let (_, reset, data) = events.next().await;
        assert_eq!(data["data"]["kpiChanged"], json!({ "__typename": "StreamReset", "reason": "RETENTION" }));
        drop(events);
        // What was told by nobody is not told now; from the id of the reset on nothing is missing.
        spend(&money, "PR-020", "4", "CHF").await;
        derive(world).await;
        let (mut events, _) = Events::open(&server, &lead(world), &body, Some(&reset)).await;
        assert_eq!(events.next().await.2["data"]["kpiChanged"]["kpi"]["value"], json!((before + 6).to_string()));
    }

    async fn a_query_is_one_event_and_the_end(world: &World) {
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let (mut events, _) = Events::open(&server, &token, &json!({ "query": "{ projects(first: 1) { totalCount } }" }), None).await;
        let (kind, _, data) = events.next().await;
        assert!(kind == "next" && data["data"]["projects"]["totalCount"].is_u64(), "{data}");
        assert_eq!(events.next().await.0, "complete");
    }

    async fn what_is_wrong_is_refused_before_the_stream(world: &World) {
        let client = world.reader().await.header("accept", "text/event-stream");
        let ask = |query: &str| json!({ "query": query }).to_string();
        for (body, code) in [
            ("{".to_owned(), "BAD_REQUEST"),
            (ask("subscription { nothing }"), "GRAPHQL_VALIDATION_FAILED"),
            (ask("subscription { kpiChanged(after: \"x\") { __typename } kpiThresholdCrossed { __typename } }"), "GRAPHQL_VALIDATION_FAILED"),
            (ask("subscription { kpiChanged(filter: { kpis: [\"EV_NOTHING\"] }) { __typename } }"), "BAD_VARIABLES"),
        ] {
            let reply = client.post_raw("/graphql/stream", "application/json", body.clone()).await;
            assert_eq!((reply.status, reply.error_codes()), (StatusCode::BAD_REQUEST, vec![code.to_owned()]), "{body}");
        }
        let plain = world.reader().await.header("accept", "application/json");
        let reply = plain.post_raw("/graphql/stream", "application/json", ask("{ __typename }")).await;
        assert_eq!(reply.status, StatusCode::NOT_ACCEPTABLE);
        let nobody = world.client().await.header("accept", "text/event-stream");
        let reply = nobody.post_raw("/graphql/stream", "application/json", ask("{ __typename }")).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
}

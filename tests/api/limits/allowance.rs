//! The bucket of each principal and the number of her requests at a time, over HTTP, sockets, streams and exports.

use axum::{body::Body, http::Request};
use foliograph::{auth::Role, config::LimitSettings};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::Limited;
use crate::support::{
    client::{Client, Reply, Server},
    product,
    socket::Socket,
};

/// A request of price 102.
const DEAR: &str = "{ projects(first: 100) { nodes { name } } }";

tests! {
    async fn a_spent_allowance_says_when_to_come_again(world: &World) {
        let limited = Limited::of(world, |config| {
            config.limits = LimitSettings { bucket: 150, cost: 150, refill: 10, ..config.limits };
        }).await;
        let first = limited.user.query(DEAR).await;
        let spent: u64 = first.header("x-query-cost").parse().expect("a price");
        assert!(first.json()["data"].is_object() && (3..=102).contains(&spent), "{}", first.text());
        assert_eq!(first.header("ratelimit-remaining"), (150 - spent).to_string());
        // What was estimated and not spent was given back; what is estimated must be there.
        let refused = limited.user.query(DEAR).await;
        assert_eq!((refused.status.as_u16(), refused.error_codes()), (429, vec!["RATE_LIMITED".to_owned()]), "{}", refused.text());
        let missing = 102 - (150 - spent);
        assert_eq!(refused.at("/errors/0/extensions/retryAfterMs"), json!(missing * 100));
        assert_eq!(refused.header("retry-after"), (missing * 100).div_ceil(1_000).to_string());
        assert_eq!((refused.at("/errors/0/extensions/retryable"), refused.json().get("data")), (json!(true), None));
        refused.tells_no_secrets();
        // Another one is not touched, nor is a key.
        assert_eq!(somebody_else(world, &limited).query(DEAR).await.error_codes(), Vec::<String>::new());
        assert_eq!(limited.key.query(DEAR).await.error_codes(), Vec::<String>::new());
        // A cheaper one is taken all the same.
        assert_eq!(limited.user.query("{ __typename }").await.error_codes(), Vec::<String>::new());
        // After the time that was told, the same request is taken; the refusal and the small one cost 11.
        world.clock.advance_seconds(i64::try_from((missing + 11).div_ceil(10)).expect("seconds"));
        assert_eq!(limited.user.query(DEAR).await.error_codes(), Vec::<String>::new());
    }

    async fn what_is_refused_costs_a_little_too(world: &World) {
        let limited = Limited::of(world, |config| {
            config.limits = LimitSettings { bucket: 105, cost: 100, ..config.limits };
        }).await;
        let left = |reply: &Reply| reply.header("ratelimit-remaining").to_owned();
        for (document, due) in [("{", "95"), ("{ nothing }", "85"), (DEAR, "75")] {
            assert_eq!(left(&limited.user.query(document).await), due, "{document}");
        }
        for _ in 0..7 {
            limited.user.query("{").await;
        }
        // Five are left: nothing is read any more.
        let refused = limited.user.query("{").await;
        assert_eq!((refused.status.as_u16(), refused.error_codes(), left(&refused)), (429, vec!["RATE_LIMITED".to_owned()], "5".to_owned()));
        assert_eq!((refused.header("retry-after"), refused.header("ratelimit-limit")), ("1", "105"));
        world.clock.advance_seconds(1);
        assert_eq!(left(&limited.user.query("{ __typename }").await), "104");
    }

    async fn so_many_requests_run_at_a_time_and_no_more(world: &World) {
        let limited = Limited::of(world, |config| (config.limits.in_flight, config.limits.bucket) = (3, product::BOTTOMLESS)).await;
        // Requests whose bodies never end.
        let pending = || {
            let body = Body::from_stream(stream::once(async { Ok::<_, std::io::Error>("{") }).chain(stream::pending()));
            let request = Request::post("/graphql").header("content-type", "application/json").body(body).expect("a request");
            let client = limited.user.clone();
            tokio::spawn(async move { client.open(request).await })
        };
        let mut running: Vec<_> = (0..3).map(|_| pending()).collect();
        let mut refused = limited.user.query("{ __typename }").await;
        while refused.status.as_u16() == 200 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            // This test's own request may have had the place of one of them.
            running.iter_mut().filter(|one| one.is_finished()).for_each(|one| *one = pending());
            refused = limited.user.query("{ __typename }").await;
        }
        assert_eq!((refused.status.as_u16(), refused.error_codes()), (429, vec!["CONCURRENCY_LIMITED".to_owned()]), "{}", refused.text());
        assert_eq!((refused.header("retry-after"), refused.at("/errors/0/extensions/retryAfterMs")), ("1", json!(1_000)));
        assert_eq!(limited.user.get("/export/v1/projects.csv").await.error_codes(), ["CONCURRENCY_LIMITED"]);
        assert_eq!(somebody_else(world, &limited).query("{ __typename }").await.error_codes(), Vec::<String>::new());
        // One that is left by its client runs no more.
        let gone = running.pop().expect("one");
        gone.abort();
        let _ = gone.await;
        assert_eq!(limited.user.query("{ __typename }").await.error_codes(), Vec::<String>::new());
        running.iter().for_each(tokio::task::JoinHandle::abort);
    }

    async fn sockets_streams_and_exports_spend_the_same_allowance(world: &World) {
        let limited = Limited::of(world, |config| {
            config.limits = LimitSettings { bucket: 220, cost: 200, refill: 1, ..config.limits };
        }).await;
        let server = Server::start(limited.app.router()).await;
        let token = product::token(&*world.clock, "somebody", &[Role::PmoLead]);
        let mut socket = Socket::of(server.address, &token).await;
        socket.subscribe("a", "{ serverInfo { name } }", json!({})).await;
        assert_eq!(socket.take("a", 1).await[0]["data"]["serverInfo"]["name"], "Foliograph");
        assert_eq!(socket.next().await["type"], "complete");
        // A subscription costs as much as an event of it, a refused request at least.
        socket.subscribe("b", "subscription { changes { __typename } }", json!({})).await;
        // An export costs 100 and its rows ÷ 50.
        let export = limited.user.get("/export/v1/projects.csv").await;
        assert_eq!(export.status.as_u16(), 200, "{}", export.text());
        let stream = limited.user.header("accept", "text/event-stream").post_raw("/graphql/stream", "application/json", json!({ "query": DEAR }).to_string()).await;
        assert_eq!((stream.status.as_u16(), stream.error_codes()), (429, vec!["RATE_LIMITED".to_owned()]), "{}", stream.text());
        assert!(!stream.header("retry-after").is_empty());
        socket.subscribe("c", DEAR, json!({})).await;
        let refused = socket.next().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("c")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
        assert!(refused["payload"][0]["extensions"]["retryAfterMs"].as_u64().is_some_and(|millis| millis > 0), "{refused}");
        let export = limited.user.get("/export/v1/projects.csv").await;
        assert_eq!((export.status.as_u16(), export.error_codes()), (429, vec!["RATE_LIMITED".to_owned()]));
    }

    async fn connections_and_subscriptions_are_settings(world: &World) {
        let limited = Limited::of(world, |config| {
            config.limits = LimitSettings { sockets: 1, subscriptions: 1, frame_bytes: 1_024, ..config.limits };
        }).await;
        let server = Server::start(limited.app.router()).await;
        let token = product::token(&*world.clock, "somebody", &[Role::PmoLead]);
        let mut socket = Socket::of(server.address, &token).await;
        let events = limited.user.header("accept", "text/event-stream").get("/graphql/stream?query=subscription%7Bchanges%7B__typename%7D%7D").await;
        assert_eq!((events.status.as_u16(), events.error_codes()), (429, vec!["RATE_LIMITED".to_owned()]), "an open stream counts as a socket");
        let follow = "subscription { changes { __typename } }";
        socket.subscribe("a", follow, json!({})).await;
        socket.subscribe("b", follow, json!({})).await;
        assert_eq!(socket.next().await["id"], "b");
        socket.send_text(format!("{{\"type\":\"ping\",\"payload\":{{\"x\":\"{}\"}}}}", "x".repeat(1_100))).await;
        assert_eq!(socket.closed().await.0, 1_009);
    }

    async fn pages_of_other_origins_may_read_what_is_left(world: &World) {
        let limited = Limited::of(world, |config| config.cors_origins = vec!["https://portal.example.com".to_owned()]).await;
        let reply = limited.user.header("origin", "https://portal.example.com").query("{ __typename }").await;
        let exposed = reply.header("access-control-expose-headers").to_owned();
        for name in ["x-query-cost", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"] {
            assert!(exposed.contains(name), "{name} in {exposed}");
        }
    }

    async fn limited_requests_are_counted_as_such(world: &World) {
        let limited = Limited::of(world, |config| {
            config.limits = LimitSettings { bucket: 100, cost: 100, ..config.limits };
        }).await;
        limited.user.query("{ project(by: {key: \"PR-001\"}) { name } }").await;
        for _ in 0..11 {
            limited.user.query("{").await;
        }
        let page = limited.user.get("/metrics").await;
        let line = page.text().lines().find(|line| line.contains("foliograph_graphql_requests_total") && line.contains("outcome=\"limited\"") && line.contains("unknown"));
        assert!(line.is_some_and(|line| line.ends_with(" 2")), "{line:?}");
    }
}

fn somebody_else(world: &crate::support::World, limited: &Limited) -> Client {
    limited.user.bearer(&product::token(&*world.clock, "somebody-else", &[Role::PmoLead]))
}

//! The test house tested: worlds are apart, clocks stand still, the client and the helpers tell the truth.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode},
    routing::{get, post},
};
use chrono::Duration;
use foliograph::{auth::Role, clock::Clock};
use http_body_util::BodyExt;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Server},
    golden,
    json::Json,
    real_data, settings,
    world::{as_of, noon},
};

tests! {
    async fn two_worlds_share_no_rows(world: &World) {
        let other = World::new(world.kind);
        for one in [world, &other] {
            let database = one.database().await.orm;
            // Fails in the second world if it were the same database.
            database.execute_unprepared("CREATE TABLE only_here (word text)").await.expect("a new table");
            database.execute_unprepared("INSERT INTO only_here VALUES ('x')").await.expect("a new row");
            assert_eq!(words(&database).await, 1);
        }
        other.close().await;
    }

    async fn a_world_keeps_its_database_until_it_ends(world: &World) {
        let database = world.database().await.orm;
        database.execute_unprepared("CREATE TABLE only_here (word text)").await.expect("a new table");
        let again = world.database().await.orm;
        assert_eq!(words(&again).await, 0);
        assert_ne!(*world.empty_url().await, *world.url().await);
    }

    async fn the_product_answers_in_process_and_over_tcp(world: &World) {
        assert_eq!(world.client().await.get("/healthz").await.status, StatusCode::OK);
        let answer = world.serve().await.exchange(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&answer));
    }

    async fn a_token_is_accepted_for_an_hour(world: &World) {
        let client = world.client_as("somebody", &[Role::Analyst]).await;
        let reply = client.query("{ __typename }").await;
        assert_eq!((reply.status, reply.error_codes()), (StatusCode::OK, vec![]), "{}", reply.text());
    }

    async fn a_clock_moves_only_when_moved(world: &World) {
        assert_eq!((world.clock.now(), world.clock.today()), (noon(), as_of()));
        world.clock.advance_seconds(60);
        assert_eq!(world.clock.now(), noon() + Duration::seconds(60));
        assert_ne!(world.clock.new_id(), world.clock.new_id());
    }

    async fn the_client_sends_what_it_is_told() {
        let client = Client::new(echo()).bearer("secret").header("x-access-mode", "ERROR");
        let reply = client.query_with("query Q { a }", json!({ "n": 1 })).await;
        assert_eq!(reply.at("/body"), json!({ "query": "query Q { a }", "variables": { "n": 1 } }));
        assert_eq!((reply.at("/authorization"), reply.at("/mode")), (json!("Bearer secret"), json!("ERROR")));
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(Client::new(echo()).query("{ a }").await.at("/authorization"), Value::Null);

        let request = Request::post("/graphql").header("x-access-mode", "MASK").header("content-type", "application/json");
        let reply = client.send(request.body(Body::from("{}")).expect("a request")).await;
        assert_eq!((reply.at("/mode"), reply.at("/authorization")), (json!("MASK"), json!("Bearer secret")));
        assert_eq!(client.post_raw("/graphql", "text/plain", "{}").await.at("/type"), "text/plain");
        assert_eq!(client.at(([192, 0, 2, 7], 5).into()).get("/peer").await.text(), "192.0.2.7:5");
        assert_eq!(client.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    }

    async fn a_body_can_be_left_unread() {
        let (head, mut body) = Client::new(echo()).open(Request::get("/peer").body(Body::empty()).expect("a request")).await.into_parts();
        assert_eq!(head.status, StatusCode::OK);
        let frame = body.frame().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), "127.0.0.1:40000");
    }

    async fn a_reply_names_its_errors() {
        let ask = async |body: &'static str| {
            Client::new(Router::new().route("/graphql", post(async move || body))).query("{ a }").await
        };
        let reply = ask(r#"{"errors":[{"message":"m","extensions":{"code":"NOT_FOUND"}},{"message":"n"}],"data":null}"#).await;
        assert_eq!(reply.error_codes(), ["NOT_FOUND", "(no code)"]);
        assert_eq!(reply.ordered().keys(), ["errors", "data"]);
        assert_eq!(reply.json()["data"], Value::Null);
        assert_eq!(ask(r#"{"data":{"a":1}}"#).await.data(), json!({ "a": 1 }));
    }

    async fn a_server_is_there_until_dropped() {
        let server = Server::start(echo()).await;
        let answer = server.exchange(b"GET /peer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert!(String::from_utf8_lossy(&answer).contains("127.0.0.1:"), "{}", String::from_utf8_lossy(&answer));
        assert!(server.connect().await.peer_addr().is_ok());
    }

    async fn ordered_json_keeps_order_and_refuses_a_key_given_twice() {
        let parsed = Json::parse(r#"{"b":1,"a":[true,null,1.0,"x",-2]}"#);
        assert_eq!(parsed.keys(), ["b", "a"]);
        assert_ne!(parsed, Json::parse(r#"{"a":[true,null,1.0,"x",-2],"b":1}"#));
        assert_ne!(Json::parse("1"), Json::parse("1.0"));
        assert!(serde_json::from_str::<Json>(r#"{"a":1,"a":2}"#).is_err());
    }

    async fn a_golden_file_shows_the_first_line_that_differs() {
        assert_eq!(golden::difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(golden::difference("a\nb\n", "a\nc\n").as_deref(), Some("line 2\n  file: b\n  now:  c"));
        assert_eq!(golden::difference("a\n", "a\nb\n").as_deref(), Some("line 2\n  file: (end of text)\n  now:  b"));
        assert!(golden::difference("a\n", "a").is_some());
        if !settings::blesses() {
            let manifest = std::fs::read_to_string(settings::workspace().join("entity/Cargo.toml")).expect("a manifest");
            golden::check("entity/Cargo.toml", &manifest);
        }
    }

    async fn published_data_is_found_or_the_test_is_reported_as_not_run() {
        assert!(real_data::path("SOURCES.md").is_file());
        assert!(real_data::json("jira/expected.json").is_object());
    }
}

async fn words(database: &DatabaseConnection) -> i64 {
    let count = Statement::from_string(database.get_database_backend(), "SELECT count(*) AS n FROM only_here");
    let row = database.query_one_raw(count).await.expect("a count").expect("a row");
    row.try_get("", "n").expect("a number")
}

/// Routes that say what they were sent.
fn echo() -> Router {
    let answer = |headers: HeaderMap, body: Bytes| async move {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().expect("text").to_owned());
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let media_type = text("content-type");
        let said = json!({ "body": body, "authorization": text("authorization"), "mode": text("x-access-mode"), "type": media_type });
        ([("content-type", "application/json")], said.to_string())
    };
    let peer = |ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>| async move { peer.to_string() };
    Router::new().route("/graphql", post(answer)).route("/peer", get(peer))
}

//! graphql-transport-ws to the letter, over raw frames: what is answered, what is passed over, and with which code a socket is
//! closed for what.

use std::sync::Arc;

use foliograph::{
    auth::Role,
    config::{Config, Waits},
};
use serde_json::{Value, json};

use crate::support::{World, client::Server, product, socket::Socket};

const PROTOCOL: &str = "graphql-transport-ws";
const FOLLOW: &str = "subscription { changes { __typename } }";
const VIEWER: &str = "{ viewer { subject } }";

tests! {
    async fn only_the_one_subprotocol_is_spoken(world: &World) {
        let server = world.serve().await;
        for (asked, due) in [("", Some(400)), ("graphql-ws", Some(400)), ("subscriptions-transport-ws", Some(400)), ("GRAPHQL-TRANSPORT-WS", Some(400)),
            (PROTOCOL, None), ("graphql-ws, graphql-transport-ws", None)] {
            assert_eq!(Socket::open(server.address, asked, None).await.err(), due, "{asked:?}");
        }
    }

    async fn a_message_that_makes_no_sense_closes_the_socket(world: &World) {
        let server = world.serve().await;
        let token = token(world);
        let subscribe = |id: Value, payload: Value| json!({ "id": id, "type": "subscribe", "payload": payload }).to_string();
        for (message, code) in [
            ("{".to_owned(), 4400),
            ("nonsense".to_owned(), 4400),
            ("[]".to_owned(), 4400),
            ("null".to_owned(), 4400),
            ("{}".to_owned(), 4400),
            (json!({ "type": 7 }).to_string(), 4400),
            (json!({ "type": "start", "id": "a", "payload": { "query": VIEWER } }).to_string(), 4400),
            (json!({ "type": "stop", "id": "a" }).to_string(), 4400),
            (json!({ "type": "connection_terminate" }).to_string(), 4400),
            (json!({ "type": "connection_ack" }).to_string(), 4400),
            (json!({ "type": "next", "id": "a", "payload": {} }).to_string(), 4400),
            (json!({ "type": "Ping" }).to_string(), 4400),
            (json!({ "type": "ping", "payload": 7 }).to_string(), 4400),
            (json!({ "type": "ping", "payload": [] }).to_string(), 4400),
            (json!({ "type": "pong", "payload": "x" }).to_string(), 4400),
            (json!({ "type": "complete" }).to_string(), 4400),
            (json!({ "type": "complete", "id": 1 }).to_string(), 4400),
            (json!({ "type": "subscribe", "id": "a" }).to_string(), 4400),
            (subscribe(json!(1), json!({ "query": VIEWER })), 4400),
            (subscribe(json!(""), json!({ "query": VIEWER })), 4400),
            (subscribe(json!("x".repeat(129)), json!({ "query": VIEWER })), 4400),
            (subscribe(Value::Null, json!({ "query": VIEWER })), 4400),
            (subscribe(json!("a"), json!({})), 4400),
            (subscribe(json!("a"), json!(VIEWER)), 4400),
            (subscribe(json!("a"), json!({ "query": null })), 4400),
            (subscribe(json!("a"), json!({ "query": VIEWER, "variables": [] })), 4400),
            (subscribe(json!("a"), json!({ "query": VIEWER, "operationName": {} })), 4400),
            (subscribe(json!("a"), json!({ "query": VIEWER, "extensions": 1 })), 4400),
            (subscribe(json!("a"), json!([{ "query": VIEWER }])), 4400),
            (format!("{{\"type\":\"ping\",\"x\":\"{}\"}}", "x".repeat(64 * 1024)), 1009),
        ] {
            let mut socket = Socket::of(server.address, &token).await;
            socket.send_text(message.clone()).await;
            assert_eq!(socket.closed().await.0, code, "{message:.100}");
        }
        let mut socket = Socket::of(server.address, &token).await;
        socket.send_bytes(json!({ "type": "ping" }).to_string().into_bytes()).await;
        assert_eq!(socket.closed().await.0, 4400, "binary");
    }

    async fn nothing_is_done_before_the_first_message(world: &World) {
        let server = world.serve().await;
        let complete = json!({ "id": "a", "type": "complete" });
        let subscribe = json!({ "id": "a", "type": "subscribe", "payload": { "query": VIEWER } });
        let init = |payload: Value| json!({ "type": "connection_init", "payload": payload });
        let good = format!("Bearer {}", token(world));
        for (message, code) in [
            (subscribe, 4401),
            (complete, 4401),
            (init(Value::Null), 4401),
            (init(json!({})), 4401),
            (init(json!({ "authorization": "" })), 4401),
            (init(json!({ "authorization": 7 })), 4401),
            (init(json!({ "authorization": good.replace("Bearer", "Basic") })), 4401),
            (init(json!({ "authorization": "Bearer a\nb" })), 4401),
            (init(json!({ "token": good })), 4401),
            (init(json!([])), 4400),
            (init(json!({ "authorization": good, "accessMode": "ALL" })), 4400),
            (json!({ "type": "nothing" }), 4400),
        ] {
            let mut socket = Socket::open(server.address, PROTOCOL, None).await.expect("opened");
            socket.send(message.clone()).await;
            assert_eq!(socket.closed().await.0, code, "{message:.100}");
        }
        let mut large = Socket::open(server.address, PROTOCOL, None).await.expect("opened");
        large.send_text(" ".repeat(64 * 1024 + 1)).await;
        assert_eq!(large.closed().await.0, 1009);
        // Whether somebody is there may be asked at any time.
        let mut early = Socket::open(server.address, PROTOCOL, None).await.expect("opened");
        early.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
        assert_eq!(early.any().await, json!({ "type": "pong", "payload": { "n": 1 } }));
        early.send(json!({ "type": "pong" })).await;
        early.send(init(json!({ "Authorization": good }))).await;
        let ack = early.any().await;
        assert_eq!((&ack["type"], &ack["payload"]["heartbeatMs"]), (&json!("connection_ack"), &json!(15_000)));
        assert!(ack["payload"]["expiresAt"].is_string(), "{ack}");
        // Another first message, whether the first was answered or not.
        early.send(init(json!({ "authorization": good }))).await;
        assert_eq!(early.closed().await.0, 4429);
        let mut twice = Socket::open(server.address, PROTOCOL, None).await.expect("opened");
        for _ in 0..2 {
            twice.send(init(json!({ "authorization": good }))).await;
        }
        assert_eq!(twice.closed().await.0, 4429);
    }

    async fn who_says_nothing_is_not_waited_for(world: &World) {
        let waits = Waits { socket_init_seconds: 1, heartbeat_seconds: 1 };
        let server = serve(world, waits).await;
        let mut mute = Socket::open(server.address, PROTOCOL, None).await.expect("opened");
        assert_eq!(mute.closed().await, (4408, "connection initialisation timeout".to_owned()));
        let mut asking = Socket::open(server.address, PROTOCOL, None).await.expect("opened");
        asking.send(json!({ "type": "ping" })).await;
        assert_eq!(asking.closed().await.0, 4408, "questions are no first message");
        let (mut silent, mut alive) = (Socket::of(server.address, &token(world)).await, Socket::of(server.address, &token(world)).await);
        let listening = async {
            assert_eq!(silent.any().await, json!({ "type": "ping" }));
            silent.closed().await
        };
        let answering = async {
            // Longer than the silence that is borne.
            for _ in 0..5 {
                assert_eq!(alive.any().await, json!({ "type": "ping" }));
                alive.send(json!({ "type": "pong", "payload": { "any": "thing" } })).await;
            }
        };
        let (closed, ()) = tokio::join!(listening, answering);
        assert_eq!(closed, (4408, "nothing heard".to_owned()));
        assert_eq!(alive.settle().await, [Value::Null; 0]);
    }

    async fn pings_are_answered_with_what_they_carry(world: &World) {
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &token(world)).await;
        for (ping, pong) in [
            (json!({ "type": "ping" }), json!({ "type": "pong" })),
            (json!({ "type": "ping", "payload": null }), json!({ "type": "pong" })),
            (json!({ "type": "ping", "payload": {} }), json!({ "type": "pong", "payload": {} })),
            (json!({ "type": "ping", "payload": { "a": [1, "é"] }, "more": 1 }), json!({ "type": "pong", "payload": { "a": [1, "é"] } })),
        ] {
            socket.send(ping).await;
            assert_eq!(socket.any().await, pong);
        }
        socket.send(json!({ "type": "pong", "payload": { "unasked": true } })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }

    async fn an_id_stands_for_one_operation_at_a_time(world: &World) {
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &token(world)).await;
        // Free again after its end, after an error, and after the client's own word.
        for _ in 0..2 {
            socket.subscribe("a", VIEWER, json!({})).await;
            assert_eq!(socket.take("a", 1).await, [json!({ "data": { "viewer": { "subject": "reader" } } })]);
            assert_eq!(socket.next().await, json!({ "id": "a", "type": "complete" }));
            socket.subscribe("a", "{ nothing }", json!({})).await;
            let error = socket.next().await;
            assert_eq!((&error["id"], &error["type"]), (&json!("a"), &json!("error")));
            assert_eq!((error["payload"].as_array().map(Vec::len), &error["payload"][0]["extensions"]["code"]), (Some(1), &json!("GRAPHQL_VALIDATION_FAILED")));
            socket.subscribe("a", FOLLOW, json!({})).await;
            socket.send(json!({ "id": "a", "type": "complete" })).await;
        }
        assert_eq!(socket.settle().await, [Value::Null; 0], "no word after an error, nor after the client's own");
        // An end of nothing is no mistake: it may have crossed the server's.
        socket.send(json!({ "id": "unknown", "type": "complete" })).await;
        // Another socket has ids of its own.
        let mut other = Socket::of(server.address, &token(world)).await;
        for socket in [&mut socket, &mut other] {
            socket.subscribe("b", FOLLOW, json!({})).await;
            assert_eq!(socket.settle().await, [Value::Null; 0]);
        }
        socket.subscribe("b", VIEWER, json!({})).await;
        assert_eq!(socket.closed().await, (4409, "subscriber already exists".to_owned()));
        assert_eq!(other.settle().await, [Value::Null; 0]);
    }

    async fn the_clients_word_ends_the_work(world: &World) {
        let app = world.app().await;
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &token(world)).await;
        for id in ["a", "b", "c"] {
            socket.subscribe(id, FOLLOW, json!({})).await;
        }
        let until = async |followed: u64| {
            while app.sockets.traffic().followed != followed {
                tokio::task::yield_now().await;
            }
        };
        until(3).await;
        socket.send(json!({ "id": "b", "type": "complete" })).await;
        until(2).await;
        drop(socket);
        until(0).await;
    }

    async fn mutations_end_like_queries(world: &World) {
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "anna.keller", &[Role::PmoLead])).await;
        let rename = "mutation($n: String!) { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"*\", patch: {name: $n}}) { project { name } userErrors { code } } }";
        for (name, due) in [("Over a socket", json!({ "project": { "name": "Over a socket" }, "userErrors": [] })), ("", json!({ "project": null, "userErrors": [{ "code": "REQUIRED" }] }))] {
            socket.subscribe("m", rename, json!({ "n": name })).await;
            assert_eq!(socket.take("m", 1).await, [json!({ "data": { "projectUpdate": due } })]);
            assert_eq!(socket.next().await, json!({ "id": "m", "type": "complete" }));
        }
    }
}

fn token(world: &World) -> String {
    product::token(&*world.clock, "reader", &[Role::PmoLead])
}

/// The product with these waits.
async fn serve(world: &World, waits: Waits) -> Server {
    let config = Config { waits, ..product::settings(world.url().await) };
    Server::start(product::open(config, Arc::clone(&world.clock)).await.expect("the product").router()).await
}

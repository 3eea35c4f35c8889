//! API keys that are taken from some addresses alone, and what is kept of their use.

use std::{net::SocketAddr, time::Duration};

use axum::http::StatusCode;
use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Server},
    dump::dump,
    process::Shell,
    socket::Socket,
    writes::faults,
};

const ANY: &str = "{ __typename }";
const CREATE: &str = "mutation($i: ApiKeyCreateInput!) { apiKeyCreate(input: $i) { apiKey { id key version addressRanges lastUsedAt } secret userErrors { code path } } }";
const UPDATE: &str = "mutation($i: ApiKeyUpdateInput!) { apiKeyUpdate(input: $i) { apiKey { version addressRanges } userErrors { code path } } }";

tests! {
    async fn a_key_is_taken_from_its_addresses_alone(world: &World) {
        let (lead, client) = (lead(world).await, world.client().await);
        let (made, secret) = create(&lead, json!(["192.0.2.77/24", "2001:db8::/32", "198.51.100.4", "192.0.2.0/24"])).await;
        assert_eq!(made["addressRanges"], json!(["192.0.2.0/24", "2001:db8::/32", "198.51.100.4"]), "each in its one text, once");
        let wrong = format!("{}AAAA", &secret[..secret.len() - 4]);
        for from in ["192.0.2.1:9", "[2001:db8::7]:9", "198.51.100.4:9", "[::ffff:192.0.2.9]:9"] {
            let reply = client.at(at(from)).bearer(&secret).query(ANY).await;
            assert_eq!(reply.status, StatusCode::OK, "{from}: {}", reply.text());
        }
        // From elsewhere it is answered like a wrong one, on each way in, also just after it was good.
        for from in ["192.0.3.1:9", "[2001:db9::7]:9", "198.51.100.5:9", "127.0.0.1:9"] {
            let elsewhere = client.at(at(from));
            let [right, garbled] = [elsewhere.bearer(&secret).query(ANY).await, elsewhere.bearer(&wrong).query(ANY).await];
            assert_eq!((right.status, right.error_codes()), (StatusCode::UNAUTHORIZED, vec!["UNAUTHENTICATED".to_owned()]), "{from}");
            assert_eq!(right.at("/errors/0/message"), garbled.at("/errors/0/message"));
            assert_eq!(right.header("www-authenticate"), garbled.header("www-authenticate"));
            assert_eq!(elsewhere.bearer(&secret).get("/export/v1/projects.csv").await.status, StatusCode::UNAUTHORIZED);
        }
        let server = Server::start(world.router().await).await;
        let mut socket = Socket::open(server.address, "graphql-transport-ws", None).await.expect("opened");
        socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {secret}") } })).await;
        assert_eq!(socket.closed().await.0, 4401);
    }

    async fn who_tries_a_key_from_elsewhere_is_a_guesser(world: &World) {
        let lead = lead(world).await;
        let (_, secret) = create(&lead, json!(["192.0.2.0/24"])).await;
        let thief = world.client().await.at(at("203.0.113.1:9")).bearer(&secret);
        for attempt in 0..20 {
            assert_eq!(thief.query(ANY).await.error_codes(), ["UNAUTHENTICATED"], "{attempt}");
        }
        assert_eq!(thief.query(ANY).await.error_codes(), ["RATE_LIMITED"]);
        let owner = world.client().await.at(at("192.0.2.1:9")).bearer(&secret);
        assert_eq!(owner.query(ANY).await.status, StatusCode::OK, "its owner is not locked out by that");
    }

    async fn ranges_change_by_mutation_and_hold_within_five_seconds(world: &World) {
        let lead = lead(world).await;
        let (made, secret) = create(&lead, Value::Null).await;
        assert_eq!(made["addressRanges"], Value::Null);
        let client = world.client().await.at(at("192.0.2.1:9")).bearer(&secret);
        assert_eq!(client.query(ANY).await.status, StatusCode::OK, "from anywhere");
        let update = async |ranges: Value| {
            let input = json!({ "ref": { "key": made["key"] }, "ifVersion": "*", "patch": { "addressRanges": ranges } });
            lead.query_with(UPDATE, json!({ "i": input })).await.data()["apiKeyUpdate"].take()
        };
        assert_eq!(update(json!(["203.0.113.0/24"])).await["apiKey"]["addressRanges"], json!(["203.0.113.0/24"]));
        world.clock.advance_seconds(5);
        assert_eq!(client.query(ANY).await.error_codes(), ["UNAUTHENTICATED"]);
        assert_eq!(update(Value::Null).await["apiKey"]["addressRanges"], Value::Null);
        world.clock.advance_seconds(5);
        assert_eq!(client.query(ANY).await.status, StatusCode::OK);
        let trail = lead.query_with("query($id: ID!) { auditTrail(filter: {targetId: {eq: $id}}) { nodes { changes { field before after } } } }", json!({ "id": made["id"] })).await.data();
        assert!(trail.to_string().contains(r#"{"after":["203.0.113.0/24"],"before":null,"field":"addressRanges"}"#), "{trail}");

        let before = dump(&world.database().await).await;
        let many: Vec<String> = (0..101).map(|n| format!("10.0.0.{n}")).collect();
        for wrong in [json!([]), json!([""]), json!(["here"]), json!(["10.0.0.0/33"]), json!(["10.0.0.0/8", "x"]), json!(["10.0.0.0/8,11.0.0.0/8"]), json!(many)] {
            assert_eq!(faults(&update(wrong.clone()).await), ["INVALID input.patch.addressRanges"], "{wrong}");
        }
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn an_open_socket_ends_when_its_address_is_no_longer_one(world: &World) {
        let lead = lead(world).await;
        let (made, secret) = create(&lead, json!(["127.0.0.1", "192.0.2.0/24"])).await;
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &secret).await;
        socket.subscribe("a", "subscription { changes { __typename } }", json!({})).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        let input = json!({ "ref": { "key": made["key"] }, "ifVersion": "*", "patch": { "addressRanges": ["192.0.2.0/24"] } });
        assert_eq!(faults(&lead.query_with(UPDATE, json!({ "i": input })).await.data()["apiKeyUpdate"]), [""; 0]);
        world.clock.advance_seconds(5);
        world.app().await.events.wake();
        assert_eq!(socket.closed().await, (4403, "credential revoked".to_owned()));
    }

    async fn a_use_is_noted_beside_the_request_once_a_minute(world: &World) {
        let lead = lead(world).await;
        let (made, secret) = create(&lead, Value::Null).await;
        assert_eq!(made["lastUsedAt"], Value::Null);
        let read = async || {
            let document = "query($k: String!) { apiKey(by: {key: $k}) { lastUsedAt version updatedAt } }";
            lead.query_with(document, json!({ "k": made["key"] })).await.data()["apiKey"].take()
        };
        let becomes = async |due: Value| {
            for _ in 0..500 {
                if read().await["lastUsedAt"] == due {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("{due} is due, and there is {}", read().await);
        };
        let (unused, written) = (read().await, dump(&world.database().await).await);
        let client = world.client().await.bearer(&secret);
        let first = json!("2026-03-02T12:00:00.000Z");
        client.query(ANY).await.data();
        becomes(first.clone()).await;
        world.clock.advance_seconds(59);
        for _ in 0..3 {
            client.query(ANY).await.data();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(read().await["lastUsedAt"], first, "within the minute it stays");
        world.clock.advance_seconds(1);
        client.query(ANY).await.data();
        becomes(json!("2026-03-02T12:01:00.000Z")).await;
        // A wrong secret is no use, and a use is no change: no version, no trail, no event.
        world.clock.advance_seconds(120);
        let garbled = format!("{}AAAA", &secret[..secret.len() - 4]);
        assert_eq!(world.client().await.bearer(&garbled).query(ANY).await.status, StatusCode::UNAUTHORIZED);
        let after = read().await;
        assert_eq!((&after["version"], &after["updatedAt"], &after["lastUsedAt"]), (&unused["version"], &unused["updatedAt"], &json!("2026-03-02T12:01:00.000Z")));
        assert_eq!(dump(&world.database().await).await, written);
        let nobody = world.client_as("sponsor", &[Role::Sponsor]).await;
        assert_eq!(nobody.query("{ apiKeys { nodes { lastUsedAt addressRanges } } }").await.data()["apiKeys"], Value::Null, "as the rest of a key");
    }

    async fn the_command_line_gives_addresses(world: &World) {
        let shell = Shell::new().with("DATABASE_URL", world.url().await).with("FOLIOGRAPH_KEY_FILE", "local.key");
        let made = shell.run(&["key", "create", "--name", "Nightly", "--role", "AUDITOR", "--address", "192.0.2.9/24", "--address", "2001:db8::1"]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let key = made.stdout.trim();
        let client = world.client().await.bearer(key);
        assert_eq!(client.at(at("192.0.2.200:9")).query(ANY).await.status, StatusCode::OK);
        assert_eq!(client.at(at("192.0.3.200:9")).query(ANY).await.status, StatusCode::UNAUTHORIZED);
        let listed = shell.run(&["key", "list"]).stdout;
        let line = listed.lines().find(|line| line.starts_with("nightly\t")).expect("its line").to_owned();
        assert_eq!(line.split('\t').nth(7), Some("192.0.2.0/24,2001:db8::1"), "{line}");
        let refused = shell.run(&["key", "create", "--name", "Other", "--role", "AUDITOR", "--address", "here"]);
        assert!(refused.code == Some(2) && refused.stderr.contains("'here' is no range of addresses"), "{refused:?}");
    }
}

async fn lead(world: &World) -> Client {
    world.client_as("anna.keller", &[Role::PmoLead]).await
}

/// A key with these ranges, and its text.
async fn create(lead: &Client, ranges: Value) -> (Value, String) {
    let mut input = json!({ "name": "Nightly", "roles": ["PMO_LEAD"] });
    if !ranges.is_null() {
        input["addressRanges"] = ranges;
    }
    let mut done = lead.query_with(CREATE, json!({ "i": input })).await.data()["apiKeyCreate"].take();
    assert_eq!(faults(&done), [""; 0], "{done}");
    let secret = done["secret"].as_str().expect("its text").to_owned();
    (done["apiKey"].take(), secret)
}

fn at(address: &str) -> SocketAddr {
    address.parse().expect("an address")
}

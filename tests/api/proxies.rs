//! Where a request comes from behind a proxy: the word of a named proxy is taken, anybody else's is not, and nobody escapes the
//! limit of bad credentials, whatever way in she takes.

use std::{net::SocketAddr, sync::Arc};

use axum::http::StatusCode;
use foliograph::{
    auth::{AddressRange, Role},
    config::Config,
};
use serde_json::json;

use crate::support::{
    World,
    client::{Client, Server},
    event_stream::EventStream,
    product,
    socket::Socket,
};

const ANY: &str = "{ __typename }";

tests! {
    async fn a_made_up_address_does_not_escape_the_limit(world: &World) {
        let client = behind(world, &["10.0.0.0/8"]).await;
        let direct = client.at(from([192, 0, 2, 9]));
        for guess in 0..20_u8 {
            let forged = direct.header("x-forwarded-for", &format!("203.0.113.{guess}")).header("forwarded", &format!("for=203.0.113.{guess}"));
            assert_eq!(forged.bearer("guess").query(ANY).await.error_codes(), ["UNAUTHENTICATED"], "{guess}");
        }
        let forged = direct.header("x-forwarded-for", "203.0.113.200").bearer("guess").query(ANY).await;
        assert_eq!((forged.status, forged.error_codes()), (StatusCode::TOO_MANY_REQUESTS, vec!["RATE_LIMITED".to_owned()]));
        assert_eq!(forged.header("retry-after"), "60");
        // Nor are others locked out in whose name she spoke.
        let other = client.at(from([203, 0, 113, 5])).bearer("guess").query(ANY).await;
        assert_eq!(other.error_codes(), ["UNAUTHENTICATED"]);
    }

    async fn behind_a_proxy_each_client_counts_by_itself(world: &World) {
        let proxy = behind(world, &["10.0.0.0/8", "2001:db8:1::/48"]).await.at(from([10, 1, 2, 3]));
        let told = |value: &str| proxy.header("x-forwarded-for", value).bearer("guess");
        for guess in 0..20_u8 {
            // What the client itself sent stands on the left, and varies; a second proxy stands on the right.
            let chain = format!("198.51.100.{guess}, 203.0.113.7, 10.9.9.9");
            assert_eq!(told(&chain).query(ANY).await.error_codes(), ["UNAUTHENTICATED"], "{guess}");
        }
        assert_eq!(told("203.0.113.7").query(ANY).await.error_codes(), ["RATE_LIMITED"]);
        assert_eq!(told("203.0.113.8").query(ANY).await.error_codes(), ["UNAUTHENTICATED"], "her neighbor behind the same proxy");
        // What the proxy garbles is the proxy's own, so that nobody is free of counting by a garbled name.
        for guess in 0..20_u8 {
            assert_eq!(told(&format!("203.0.113.7, unknown-{guess}")).query(ANY).await.error_codes(), ["UNAUTHENTICATED"]);
        }
        for value in ["203.0.113.7, _x", "nonsense"] {
            assert_eq!(told(value).query(ANY).await.error_codes(), ["RATE_LIMITED"], "{value}");
        }
    }

    async fn without_named_proxies_the_header_is_noise(world: &World) {
        let client = world.client().await.at(from([10, 1, 2, 3])).bearer("guess");
        for guess in 0..20_u8 {
            client.header("x-forwarded-for", &format!("203.0.113.{guess}")).query(ANY).await;
        }
        assert_eq!(client.header("x-forwarded-for", "203.0.113.77").query(ANY).await.error_codes(), ["RATE_LIMITED"]);
    }

    async fn guesses_count_on_every_way_in(world: &World) {
        let server = Server::start(world.router().await).await;
        let client = world.client().await.at(from([127, 0, 0, 1]));
        let body = json!({ "query": "subscription { changes { __typename } }" });
        for guess in 0..7 {
            let mut socket = Socket::open(server.address, "graphql-transport-ws", None).await.expect("opened");
            socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer guess-{guess}") } })).await;
            assert_eq!(socket.closed().await.0, 4401);
            let stream = EventStream::open(server.address, "guess", &body, None).await.expect("an answer");
            assert!(stream.head.starts_with("HTTP/1.1 401"), "{}", stream.head);
            let last = client.bearer("guess").get("/export/v1/projects.csv").await;
            assert_eq!(last.status, if guess == 6 { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNAUTHORIZED }, "{guess}");
        }
        let stream = EventStream::open(server.address, "guess", &body, None).await.expect("an answer");
        assert!(stream.head.starts_with("HTTP/1.1 429") && stream.head.to_lowercase().contains("retry-after"), "{}", stream.head);
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let mut socket = Socket::open(server.address, "graphql-transport-ws", None).await.expect("opened");
        socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })).await;
        assert_eq!(socket.closed().await.0, 4401, "not even a good one that was not seen before");
        world.clock.advance_seconds(60);
        drop(Socket::of(server.address, &token).await);
    }

    async fn a_page_of_the_proxys_own_place_opens_a_socket(world: &World) {
        let portal = "https://api.example.com";
        for (proxies, due) in [(&["127.0.0.0/8"][..], None), (&[], Some(403))] {
            let config = Config { trusted_proxies: ranges(proxies), ..product::settings(world.url().await) };
            let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
            let server = Server::start(app.router()).await;
            let told = [("x-forwarded-host", "api.example.com"), ("x-forwarded-proto", "https")];
            assert_eq!(Socket::open_with(server.address, "graphql-transport-ws", Some(portal), &told).await.err(), due, "{proxies:?}");
            let plain = [("x-forwarded-host", "api.example.com"), ("x-forwarded-proto", "http")];
            assert_eq!(Socket::open_with(server.address, "graphql-transport-ws", Some(portal), &plain).await.err(), Some(403));
        }
    }
}

/// A client of the product that trusts these proxies.
async fn behind(world: &World, proxies: &[&str]) -> Client {
    let config = Config { trusted_proxies: ranges(proxies), ..product::settings(world.url().await) };
    Client::new(product::open(config, Arc::clone(&world.clock)).await.expect("the product").router())
}

fn ranges(texts: &[&str]) -> Vec<AddressRange> {
    texts.iter().map(|text| AddressRange::parse(text).expect("a range")).collect()
}

fn from(address: [u8; 4]) -> SocketAddr {
    (address, 4_000).into()
}

//! Headers that go with a request and its answer: what pages of other origins may send and read, what is noted of a client, and
//! which trace a request belongs to.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use foliograph::{auth::Role, config::Config};

use crate::support::{
    World,
    client::Client,
    process::{Process, Shell},
    product,
};

const PORTAL: &str = "https://portal.example.com";

tests! {
    async fn pages_of_allowed_origins_may_send_and_read_what_clients_do(world: &World) {
        let client = portal(world).await;
        let preflight = |method: &str| {
            let request = Request::options("/graphql").header("access-control-request-method", method);
            request.header("access-control-request-headers", "authorization,content-type").body(Body::empty()).expect("a request")
        };
        let reply = client.send(preflight("POST")).await;
        assert!(reply.status.is_success() && reply.bytes.is_empty(), "{} {}", reply.status, reply.text());
        assert_eq!(listed(reply.header("access-control-allow-methods")), ["get", "post"]);
        let sent = listed(reply.header("access-control-allow-headers"));
        for header in ["accept", "authorization", "content-type", "idempotency-key", "last-event-id", "traceparent", "x-access-mode", "x-client-name", "x-client-version", "x-request-id"] {
            assert!(sent.iter().any(|allowed| allowed == header), "{header} in {sent:?}");
        }
        assert!(!sent.iter().any(|allowed| allowed == "cookie" || allowed == "*"), "{sent:?}");
        assert_eq!(reply.header("access-control-max-age"), "3600");
        for document in ["{ __typename }", "{"] {
            let reply = client.query(document).await;
            assert_eq!((reply.header("access-control-allow-origin"), reply.header("access-control-allow-credentials")), (PORTAL, ""));
            let read = listed(reply.header("access-control-expose-headers"));
            for header in ["content-disposition", "retry-after", "x-access-masked", "x-request-id", "x-watermark"] {
                assert!(read.iter().any(|exposed| exposed == header), "{header} in {read:?}");
            }
            let vary: Vec<String> = reply.headers.get_all("vary").iter().flat_map(|value| listed(value.to_str().expect("text"))).collect();
            for header in ["accept", "authorization", "origin"] {
                assert!(vary.iter().any(|varied| varied == header), "{header} in {vary:?}");
            }
        }
        // A page whose token has ended is told so, and not that something went wrong.
        let refused = Client::new(client_app(world).await.router()).header("origin", PORTAL).query("{ __typename }").await;
        assert_eq!((refused.status, refused.header("access-control-allow-origin")), (StatusCode::UNAUTHORIZED, PORTAL));
        for origin in ["https://portal.example.com:8443", "http://portal.example.com", "https://portal.example.com.evil.example", "null"] {
            let reply = client.header("origin", origin).query("{ __typename }").await;
            assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
        }
    }

    async fn a_head_has_the_headers_of_a_get_and_no_body(world: &World) {
        let client = world.reader().await;
        for path in ["/graphql?query=%7B__typename%7D", "/schema.graphql", "/healthz", "/nothing"] {
            let [got, asked] = [client.get(path).await, client.send(Request::head(path).body(Body::empty()).expect("a request")).await];
            assert_eq!((asked.status, asked.header("content-type"), asked.bytes.is_empty()), (got.status, got.header("content-type"), true), "{path}");
        }
        let mutation = Request::head("/graphql?query=mutation%7B__typename%7D").body(Body::empty()).expect("a request");
        assert_eq!(client.send(mutation).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn a_packing_that_is_not_known_is_not_used(world: &World) {
        let client = world.reader().await;
        for (accepted, due) in [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("br, deflate", ""), ("gzip;q=0", ""), ("identity", "")] {
            let reply = client.header("accept-encoding", accepted).get("/schema.graphql").await;
            assert_eq!(reply.header("content-encoding"), due, "{accepted}");
            assert_eq!(reply.bytes.starts_with(&[0x1f, 0x8b]), due == "gzip", "{accepted}");
        }
    }

    async fn a_client_and_its_trace_are_noted(world: &World) {
        let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", collector.local_addr().expect("its address"));
        let collected = thread::spawn(move || traces(&collector));
        let shell = Shell::new().with("DATABASE_URL", world.url().await).with("FOLIOGRAPH_OTLP_ENDPOINT", &endpoint);
        let key = product::key_file();
        let mut server = shell.serve(&["serve", "--derive", "off", "--key-file", key.to_str().expect("a path of text")]);
        let token = Process::token("reader", Role::PmoLead);
        let body = r#"{"query":"query Traced { __typename }"}"#;
        let post = |name: &str, version: &str| {
            let answer = server.exchange(&format!(
                "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nX-Client-Name: {name}\r\n\
                 X-Client-Version: {version}\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ));
            assert_eq!(answer.status, 200, "{answer:?}");
        };
        post("portal (web)", "4.2-rc1");
        post("bad\"name", &"9".repeat(65));
        let noted = server.stderr.until("Traced");
        assert!(noted.contains("client=\"portal (web)\"") && noted.contains("client_version=\"4.2-rc1\""), "{noted}");
        let unnoted = server.stderr.until("Traced");
        assert!(!unnoted.contains("client=") && !unnoted.contains("client_version=") && !unnoted.contains("bad"), "{unnoted}");
        server.stop();
        let sent = collected.join().expect("the collector");
        let has = |bytes: &[u8]| sent.windows(bytes.len()).any(|some| some == bytes);
        let trace = [0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c];
        assert!(has(&trace), "the trace of the sender goes on");
        assert!(has(&[0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]), "below the sender's span");
        assert!(has(b"portal (web)") && has(b"Traced") && !has(b"bad\"name") && !has(token.as_bytes()));
    }
}

async fn client_app(world: &World) -> Arc<foliograph::app::App> {
    let config = Config { cors_origins: vec![PORTAL.to_owned()], ..product::settings(world.url().await) };
    product::open(config, Arc::clone(&world.clock)).await.expect("the product")
}

/// A page of an allowed origin.
async fn portal(world: &World) -> Client {
    let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
    Client::new(client_app(world).await.router()).bearer(&token).header("origin", PORTAL)
}

/// Names in a list, sorted.
fn listed(value: &str) -> Vec<String> {
    let mut names: Vec<String> = value.split(',').map(|name| name.trim().to_lowercase()).collect();
    names.sort();
    names
}

/// What is sent until the spans of two requests were.
fn traces(collector: &TcpListener) -> Vec<u8> {
    let mut sent = vec![];
    while sent.windows(6).filter(|some| some == b"Traced").count() < 2 {
        let (mut stream, _) = collector.accept().expect("a connection");
        sent.extend(request_body(&mut stream));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("answered");
    }
    sent
}

fn request_body(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = vec![];
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).expect("bytes");
        assert_ne!(count, 0, "it ended early");
        read.extend_from_slice(&buffer[..count]);
        let Some(end) = read.windows(4).position(|some| some == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if length.is_some_and(|length| read.len() >= end + 4 + length) {
            return read.split_off(end + 4);
        }
    }
}

//! Below GraphQL: heads and bodies that never end, too many connections, and heads that try to say more than one thing.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use foliograph::auth::Role;

use crate::support::process::Process;

const QUERY: &str = r#"{"query":"{ serverInfo { name } }"}"#;
/// What a second or two may become on a busy machine; without a limit none of these connections would end.
const SOON: Duration = Duration::from_secs(30);

tests! {
    async fn a_head_that_does_not_come_is_not_waited_for(world: &World) {
        let server = Process::serve_with(world, &["--header-timeout-seconds", "1"]).await;
        for begun in ["", "P", "GET /health", "GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let began = Instant::now();
            let mut stream = server.connect();
            stream.write_all(begun.as_bytes()).expect("written");
            ended(&mut stream);
            assert!(began.elapsed() < SOON, "{begun:?}: {:?}", began.elapsed());
        }
        // A byte at a time does not help: the head as a whole has its time.
        let began = Instant::now();
        let mut stream = server.connect();
        for byte in b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ".iter().chain([b'x'; 200].iter()) {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        ended(&mut stream);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        // Nor does silence after a first request.
        let began = Instant::now();
        let mut stream = server.connect();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").expect("written");
        assert!(ended(&mut stream).starts_with("HTTP/1.1 200"), "the first request is answered");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert_eq!(server.get("/healthz").status, 200);
        server.stop();
    }

    async fn a_body_that_does_not_come_is_not_waited_for(world: &World) {
        let server = Process::serve_with(world, &["--timeout-seconds", "1"]).await;
        let token = Process::token("somebody", Role::PmoLead);
        let began = Instant::now();
        let mut stream = server.connect();
        let head = format!("POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("written");
        for _ in 0..40 {
            if stream.write_all(b"{").is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let answer = ended(&mut stream);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("\"TIMEOUT\""), "{answer}");
        assert_eq!(server.post(&token, QUERY).status, 200);
        server.stop();
    }

    async fn whoever_asks_nothing_makes_room(world: &World) {
        let server = Process::serve_with(world, &["--max-connections", "8", "--header-timeout-seconds", "600"]).await;
        let token = Process::token("somebody", Role::PmoLead);
        let silent: Vec<TcpStream> = (0..64).map(|_| server.connect()).collect();
        for _ in 0..20 {
            assert_eq!(server.post(&token, QUERY).status, 200);
        }
        let gone = silent.into_iter().filter(is_closed).count();
        assert!(gone >= 64 - 8, "{gone} of 64 were put out");
        // A connection that has asked once keeps its place, whoever comes.
        let mut kept = server.connect();
        kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").expect("written");
        let mut first = [0; 12];
        kept.read_exact(&mut first).expect("an answer");
        let _silent: Vec<TcpStream> = (0..64).map(|_| server.connect()).collect();
        assert_eq!(server.post(&token, QUERY).status, 200);
        kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("written");
        assert_eq!(ended(&mut kept).matches("HTTP/1.1 200").count(), 1, "the second answer");
        server.stop();
    }

    async fn heads_say_one_thing(world: &World) {
        let server = Process::serve(world).await;
        let token = Process::token("somebody", Role::PmoLead);
        let head = |more: &[u8]| {
            let start = format!("POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nConnection: close\r\n");
            [start.as_bytes(), more, format!("Content-Length: {}\r\n\r\n{QUERY}", QUERY.len()).as_bytes()].concat()
        };
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").into_bytes();
        let many = (0..200).map(|n| format!("X-{n}: a\r\n")).collect::<Vec<_>>().concat();
        for (name, request, statuses) in [
            ("a bare carriage return in a value", head(b"X-Request-Id: a\rX-Injected: b\r\n"), &[400][..]),
            ("a bare line feed in a value", head(b"X-Request-Id: a\nX-Injected: b\r\n"), &[200, 400]),
            ("an encoded line end in a value", head(b"X-Request-Id: a%0d%0aX-Injected: b\r\n"), &[200]),
            ("a folded value", head(b"X-Request-Id: a\r\n X-Injected: b\r\n"), &[400]),
            ("a line end in a name", head(b"X-Re\rquest: a\r\n"), &[400]),
            ("a space before the colon", head(b"X-Injected : b\r\n"), &[400]),
            ("bytes that are no text", head(b"X-Request-Id: \xff\xfe\r\n"), &[200]),
            ("U+0000", head(b"X-Request-Id: a\0b\r\n"), &[400]),
            ("an access mode with a line end", head(b"X-Access-Mode: MASK%0d%0a\r\n"), &[200, 400]),
            ("two lengths", head(b"Content-Length: 3\r\n"), &[400]),
            ("a length and chunks", head(b"Transfer-Encoding: chunked\r\n"), &[400]),
            ("200 headers", head(many.as_bytes()), &[431]),
            ("a header of 200,000 characters", head(format!("X-Long: {}\r\n", "x".repeat(200_000)).as_bytes()), &[431]),
            ("an address of 9,000 characters", get(&format!("/graphql?query={}", "x".repeat(9_000))), &[414]),
            ("an address of 100,000 characters", get(&format!("/{}", "x".repeat(100_000))), &[414]),
            ("a line end in an address", get("/healthz%0d%0aX-Injected:%20b"), &[404]),
            ("a way up", get("/../../etc/passwd"), &[404]),
            ("an encoded way up", get("/export/v1/..%2f..%2fetc%2fpasswd"), &[401, 404]),
            ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01".to_vec(), &[400]),
        ] {
            let mut stream = server.connect();
            // The server may have refused, and closed, before all of it is written.
            let _ = stream.write_all(&request);
            let answer = ended(&mut stream);
            let lower = answer.to_lowercase();
            let lines: Vec<&str> = lower.split("\r\n\r\n").next().unwrap_or_default().split("\r\n").collect();
            assert!(!lines.iter().any(|line| line.starts_with("x-injected")), "{name}: {answer}");
            assert!(!answer.contains("root:"), "{name}");
            let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
            // Where the connection was reset before the answer was read there is none to see.
            assert!(status.is_none_or(|status: u16| statuses.contains(&status)), "{name}: {answer:.300}");
            assert!(status.is_some() || request.len() > 50_000, "{name}: no answer");
        }
        assert_eq!(server.post(&token, QUERY).status, 200);
        server.stop();
    }
}

/// All that comes before the server ends the connection.
fn ended(stream: &mut TcpStream) -> String {
    let (mut bytes, mut part) = (vec![], [0; 4_096]);
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(e) if e.kind() == ErrorKind::ConnectionReset => break,
            Err(e) => panic!("{e} after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the server has ended a connection on which nothing was sent.
fn is_closed(mut stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time limit");
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(e) => !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

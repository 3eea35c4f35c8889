//! No secret is ever logged: the real process writes all that it can, is sent every kind of credential on every way in, good and
//! bad and misplaced, and whatever it wrote is searched for each of them in every spelling.

use std::{fmt::Write as _, fs};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use foliograph::auth::Role;
use serde_json::json;

use crate::support::{
    World,
    issuer::Issuer,
    process::{Process, Shell},
    product,
    socket::Socket,
    world::Kind,
};

const METRICS_TOKEN: &str = "metrics-0123456789-scraper";

tests! {
    async fn whatever_is_logged_holds_no_secret(world: &World) {
        for format in ["json", "pretty"] {
            let issuer = Issuer::start();
            let shell = shell(world, format, &issuer.name).await;
            let made = shell.run(&["key", "create", "--name", &format!("Logged {format}"), "--role", "PMO_LEAD"]);
            let key = made.stdout.trim().to_owned();
            assert!(key.starts_with("fgk_"), "{made:?}");
            let local = fs::read_to_string(product::key_file()).expect("the local key");
            let mut written = made.stderr;

            let server = shell.serve(&["serve", "--key-file", product::key_file().to_str().expect("a path of text")]);
            let mut secrets = vec![key.clone(), local.trim().to_owned(), METRICS_TOKEN.to_owned()];
            let good = [Process::token("anna.keller", Role::PmoLead), issuer.token("portal"), key.clone()];
            let forged = good[0].rsplit_once('.').map(|(body, _)| format!("{body}.{}", "A".repeat(43))).expect("a token");
            let bad = [forged, issuer.mint(&json!({ "kid": "unknown" }), &json!({})), issuer.mint(&json!({}), &json!({ "exp": 1 })), format!("{}AAAA", &key[..key.len() - 4]), "fgk_no-key-at-all-but-secret".to_owned(), "no-token-but-a-password".to_owned()];
            for (credential, status) in good.iter().map(|good| (good, 200)).chain(bad.iter().map(|bad| (bad, 401))) {
                send(&server, credential, status).await;
            }
            secrets.extend(good.into_iter().chain(bad));
            let metrics = server.exchange(&format!("GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {METRICS_TOKEN}\r\nConnection: close\r\n\r\n"));
            assert_eq!(metrics.status, 200, "{}", metrics.body);

            server.terminate();
            let ended = server.finish();
            assert_eq!(ended.code, Some(0), "{}", ended.stderr.lines().last().unwrap_or_default());
            written.push_str(&ended.stderr);
            written.push_str(&ended.stdout);
            assert!(written.contains("answered") && written.contains("an operation begins"), "the log is on");
            assert!(written.contains("DEBUG"), "all that there is");
            let password = password(world).await;
            assert_eq!(password.is_some(), world.kind == Kind::Postgres);
            secrets.extend(password);
            for secret in &secrets {
                holds_none(&written, secret);
            }
        }
    }

    async fn a_password_is_in_no_error_of_a_start(world: &World) {
        let kind = world.kind;
        // Each waits for the database as long as a start does: side by side.
        std::thread::scope(|starts| {
            for url in ["postgres://pat:pass-w0rd-of-pat@127.0.0.1:1/f", "postgres://127.0.0.1:1/f?user=pat&password=pass-w0rd-of-pat"] {
                for format in ["json", "pretty"] {
                    starts.spawn(move || {
                        let shell = Shell::new().with("DATABASE_URL", url).with("FOLIOGRAPH_LOG", "trace").with("FOLIOGRAPH_LOG_FORMAT", format);
                        let refused = shell.run(&["serve", "--listen", "127.0.0.1:0"]);
                        assert!(refused.code == Some(1) && refused.stderr.contains("127.0.0.1:1"), "{kind:?} {refused:?}");
                        holds_none(&refused.stderr, "pass-w0rd-of-pat");
                    });
                }
            }
        });
    }
}

/// Where the server runs: all is logged, and the database's address has a password, where it can have one.
async fn shell(world: &World, format: &str, issuer: &str) -> Shell {
    Shell::new()
        .with("DATABASE_URL", world.url().await)
        .with("FOLIOGRAPH_LOG", "trace,tungstenite=trace,hyper=trace,sqlx=trace")
        .with("FOLIOGRAPH_LOG_FORMAT", format)
        .with("FOLIOGRAPH_MAX_FAILED_AUTH", "100000")
        .with("FOLIOGRAPH_METRICS_TOKEN", METRICS_TOKEN)
        .with("FOLIOGRAPH_ISSUER", issuer)
        .with("FOLIOGRAPH_AUDIENCE", crate::support::issuer::AUDIENCE)
}

/// The password in the database's address, where it has one.
async fn password(world: &World) -> Option<String> {
    let (user, _) = world.url().await.split_once("://")?.1.split_once('@')?;
    user.split_once(':').map(|(_, password)| password.to_owned())
}

/// Sends a credential on every way in, and where it does not belong.
async fn send(server: &Process, credential: &str, status: u16) {
    let body = json!({ "query": "query A($s: String) { viewer { subject } }", "variables": { "s": credential }, "extensions": { "token": credential } }).to_string();
    let answer = server.post(credential, &body);
    // A document that declares what it does not use is invalid; who sent it is known by then.
    assert!(
        if status == 200 { matches!(answer.status, 200 | 400) } else { answer.status == status },
        "{}",
        answer.body
    );
    let basic = STANDARD.encode(format!("any:{credential}"));
    let query = "query=%7B__typename%7D";
    for (request, head) in [
        (format!("GET /graphql?{query}"), format!("Authorization: Basic {basic}\r\n")),
        (format!("GET /graphql?{query}&access_token={credential}&authorization=Bearer%20{credential}"), String::new()),
        (format!("GET /export/v1/projects.csv?token={credential}"), format!("Authorization: Bearer {credential}\r\n")),
        ("GET /schema.graphql".to_owned(), format!("Cookie: token={credential}\r\nX-Api-Key: {credential}\r\n")),
    ] {
        server.exchange(&format!("{request} HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n"));
    }
    let stream = json!({ "query": "{ __typename }" }).to_string();
    server.exchange(&format!(
        "POST /graphql/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {credential}\r\nAccept: text/event-stream\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{stream}",
        stream.len()
    ));
    let mut socket = Socket::open(server.address(), "graphql-transport-ws", None).await.expect("opened");
    socket
        .send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {credential}") } }))
        .await;
    if status == 200 {
        assert_eq!(socket.next().await["type"], json!("connection_ack"));
        socket.subscribe("a", "{ __typename }", json!({ "token": credential })).await;
        socket.next().await;
    } else {
        socket.closed().await;
    }
}

/// The text holds neither the secret nor what it is made of, as it is, in hexadecimal, in base64 or as a list of bytes.
#[track_caller]
fn holds_none(text: &str, secret: &str) {
    // Of a token the signature is the secret, of a key what follows its id; the rest may be said.
    let core = match secret.strip_prefix("fgk_").and_then(|rest| rest.split_once('_')) {
        Some((_, core)) => core,
        None => secret.rsplit('.').next().unwrap_or(secret),
    };
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut all, byte| {
            let _ = write!(all, "{byte:02x}");
            all
        })
    };
    let list = |bytes: &[u8]| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let lower = text.to_lowercase();
    for bytes in [Some(core.as_bytes().to_vec()), URL_SAFE_NO_PAD.decode(core).ok().filter(|bytes| bytes.len() > 8)]
        .into_iter()
        .flatten()
    {
        assert!(!lower.contains(&hex(&bytes)), "{secret:.24}… in hexadecimal");
        assert!(!text.contains(&list(&bytes)), "{secret:.24}… as bytes");
        assert!(!text.contains(&STANDARD.encode(&bytes)), "{secret:.24}… in base64");
    }
    let found = text.lines().find(|line| line.contains(core));
    assert!(found.is_none(), "{secret:.24}… in {:?}", found.map(|line| line.replace(core, "(SECRET)")));
    assert!(!text.contains(&STANDARD.encode(format!("any:{secret}"))), "{secret:.24}… as Basic");
}

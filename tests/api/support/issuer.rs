//! A real OpenID issuer as a process of its own: `tests/node/issuer.mjs`, which runs oidc-provider on a loopback port.

use std::{
    env,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    node,
    process::{Process, Shell},
};

/// The audience of its tokens.
pub const AUDIENCE: &str = "https://foliograph.example.com";
/// How long a test waits for an answer that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// An issuer that runs.
pub struct Issuer {
    /// Its name, which is its address.
    pub name: String,
    process: Process,
}

impl Issuer {
    /// Starts one.
    pub fn start() -> Self {
        let script = node::packages().join("issuer.mjs");
        let shell = Shell::new().with("PATH", &env::var("PATH").unwrap_or_default());
        let mut process = shell.start_program("node", &[script.to_str().expect("a path of text")]);
        let line: Value = serde_json::from_str(&process.stdout.until("issuer")).expect("JSON");
        Self { name: line["issuer"].as_str().expect("its name").to_owned(), process }
    }

    /// An access token of a client, got as clients get them.
    pub fn token(&self, client: &str) -> String {
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret={client}-secret&scope=api");
        let answer = self.exchange("POST", "/token", "application/x-www-form-urlencoded", &form);
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// A token of these claims beside the usual ones, signed by the issuer's present key.
    pub fn mint(&self, header: &Value, claims: &Value) -> String {
        self.control("mint", &json!({ "header": header, "claims": claims })).as_str().expect("a token").to_owned()
    }

    /// Gives it a new key; the ones before are withdrawn unless they are kept.
    pub fn rotate(&self, alg: &str, keep: bool) {
        self.control("rotate", &json!({ "alg": alg, "keep": keep }));
    }

    /// Has it answer nothing of what it publishes, or all of it again.
    pub fn outage(&self, on: bool) {
        self.control("outage", &json!({ "on": on }));
    }

    /// How often its keys were fetched.
    pub fn fetched(&self) -> u64 {
        let counts = self.control("counts", &json!({}));
        assert!(counts["description"].as_u64() >= counts["keys"].as_u64(), "{counts}");
        counts["keys"].as_u64().expect("a count")
    }

    /// How often anything that it publishes was asked for.
    pub fn asked(&self) -> u64 {
        self.control("counts", &json!({}))["description"].as_u64().expect("a count")
    }

    /// Ends it.
    pub fn kill(&self) {
        self.process.kill();
    }

    fn control(&self, what: &str, body: &Value) -> Value {
        self.exchange("POST", &format!("/test/{what}"), "application/json", &body.to_string())
    }

    fn exchange(&self, method: &str, path: &str, media: &str, body: &str) -> Value {
        let host = self.name.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("the issuer");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        let length = body.len();
        // HTTP/1.0: the body is what comes until the end, without chunks.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{e} in {answer:?}"))
    }
}

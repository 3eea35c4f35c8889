//! A normal user who reads one row again and again while all of it comes: she waits hardly longer, and the process does not
//! grow without end. Both figures are printed.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use foliograph::auth::Role;
use serde_json::json;

use super::corpus::{Attack, corpus};
use crate::support::process::Process;

/// Reads of one measurement: enough for a 99th percentile of which three reads are beyond.
const READS: usize = 400;
/// How often it is measured again where the machine was busy with something else.
const ATTEMPTS: usize = 4;
/// Below this nobody waits: a machine's own hiccups are longer.
const NOTHING: Duration = Duration::from_millis(20);
/// kB that the process may grow while all of it comes: bodies of 5 MiB and what they are read into, several at once.
const GROWTH: u64 = 256 * 1_024;
/// Connections that say nothing.
const SILENT: usize = 1_000;
/// Requests that somebody sends as fast as they are answered.
const SMALL: usize = 2_000;

tests! {
    async fn a_bystander_hardly_waits_longer(world: &World) {
        let server = Process::serve(world).await;
        let (address, token) = (server.address(), Process::token("bystander", Role::PmoLead));
        let other = Process::token("somebody", Role::PmoLead);
        let read = json!({ "query": "query Q($k: String!) { project(by: {key: $k}) { id name key } }", "variables": { "k": "PR-001" } }).to_string();
        // What is read first is planned first.
        Reader::new(address, &token).times(&read, 50);
        let cold = server.peak_memory();
        let silent: Vec<TcpStream> = (0..SILENT).filter_map(|_| TcpStream::connect(address).ok()).collect();
        assert!(silent.len() >= SILENT / 2, "only {} connections can be opened here", silent.len());
        let mut seen = vec![];
        let fits = (0..ATTEMPTS).any(|_| {
            let quiet = percentile(Reader::new(address, &token).times(&read, READS));
            let (loud, attacks) = under_attack(address, &other, |all_came| {
                let mut reader = Reader::new(address, &token);
                let mut times = reader.times(&read, READS);
                while !all_came() {
                    times.push(reader.time(&read));
                }
                percentile(times)
            });
            seen.push(format!("p99 {quiet:?} quiet, {loud:?} while {attacks} attacks came"));
            loud <= (quiet * 3).max(NOTHING)
        });
        let grown = server.peak_memory() - cold;
        println!("bystander: {}; {} silent connections; grown by {grown} kB", seen.join("; "), silent.len());
        assert!(fits, "{seen:?}");
        assert!(grown < GROWTH, "{grown} kB");
        let mut small = Reader::new(address, &token);
        let began = Instant::now();
        small.times(r#"{"query":"{ __typename }"}"#, SMALL);
        println!("bystander: {SMALL} small requests in {:?}", began.elapsed());
        drop(silent);
        server.stop();
    }
}

/// Runs a measurement, which is told whether all of it came once, while one client sends the corpus round and round and another never finishes its bodies.
fn under_attack<T>(address: SocketAddr, token: &str, measure: impl FnOnce(&dyn Fn() -> bool) -> T) -> (T, usize) {
    let (done, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let corpus = corpus();
    thread::scope(|scope| {
        scope.spawn(|| {
            for attack in corpus.iter().cycle().take_while(|_| !done.load(Ordering::Relaxed)) {
                send(address, token, attack);
                sent.fetch_add(1, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            let mut dripping: Vec<TcpStream> = vec![];
            while !done.load(Ordering::Relaxed) {
                if let (true, Ok(mut stream)) = (dripping.len() < 10, TcpStream::connect(address)) {
                    let head = format!(
                        "POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
                    );
                    if stream.write_all(head.as_bytes()).is_ok() {
                        dripping.push(stream);
                    }
                }
                dripping.retain_mut(|stream| stream.write_all(b" ").is_ok());
                thread::sleep(Duration::from_millis(100));
            }
        });
        let measured = measure(&|| sent.load(Ordering::Relaxed) >= corpus.len());
        done.store(true, Ordering::Relaxed);
        (measured, sent.load(Ordering::Relaxed))
    })
}

/// Sends one attack on a connection of its own; what comes back matters elsewhere.
fn send(address: SocketAddr, token: &str, attack: &Attack) {
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    let encoding = attack.encoding.map_or_else(String::new, |encoding| format!("Content-Encoding: {encoding}\r\n"));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{encoding}Content-Length: {}\r\nConnection: close\r\n\r\n",
        attack.body.len()
    );
    // The server may close before it has read all of it.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&attack.body));
    let _ = stream.read_to_end(&mut vec![]);
}

/// The time that 99 of 100 stay below.
fn percentile(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// Someone who reads over one connection, which is kept.
struct Reader {
    stream: TcpStream,
    token: String,
}

impl Reader {
    fn new(address: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a time limit");
        Self { stream, token: token.to_owned() }
    }

    /// How long each of so many reads takes.
    fn times(&mut self, body: &str, count: usize) -> Vec<Duration> {
        (0..count).map(|_| self.time(body)).collect()
    }

    fn time(&mut self, body: &str) -> Duration {
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let began = Instant::now();
        self.stream.write_all(request.as_bytes()).expect("written");
        let (mut bytes, mut part) = (vec![], [0; 4_096]);
        loop {
            let count = self.stream.read(&mut part).expect("an answer");
            assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                assert!(head.starts_with("HTTP/1.1 200") && !body.contains("\"errors\""), "{text}");
                return began.elapsed();
            }
        }
    }
}

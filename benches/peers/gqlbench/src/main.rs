//! Sends GraphQL requests in a closed loop and tells how it went, from the harness's generator of the same name.
//!
//! `gqlbench URL BODIES CLIENTS SECONDS [NAME:VALUE | @FILE]...`: each line of BODIES is a body; a header is sent with
//! every request, and of a file of headers the i-th client sends the i-th line. An answer counts as an error where its
//! status is not 200, or it tells of errors, the user's among them. Where a body holds [`UNIQUE`], each request has another
//! UUID there: a server that keeps keys of requests would else answer again what it answered before.

use std::{
    cell::RefCell,
    error::Error,
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Uri, client::conn::http1, http::uri::PathAndQuery};
use hyper_util::rt::TokioIo;

/// Stands for a UUID that no other request has.
const UNIQUE: &str = "00000000-0000-4000-8000-000000000000";

type Sender = http1::SendRequest<Full<Bytes>>;
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What was counted.
#[derive(Default)]
struct Figures {
    micros: Vec<u128>,
    errors: u64,
    bytes: usize,
    sample: Option<String>,
    next: usize,
    sent: u128,
}

/// What is asked, of whom, how long.
struct Work {
    uri: Uri,
    bodies: Vec<Bytes>,
    headers: Vec<Vec<(String, String)>>,
    end: Instant,
    start: u128,
    figures: RefCell<Figures>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [uri, bodies, clients, seconds, headers @ ..] = arguments.as_slice() else {
        return Err("gqlbench URL BODIES CLIENTS SECONDS [NAME:VALUE | @FILE]...".into());
    };
    let clients: usize = clients.parse()?;
    let begin = Instant::now();
    let work = Rc::new(Work {
        uri: uri.parse()?,
        bodies: std::fs::read_to_string(bodies)?.lines().map(|line| Bytes::from(line.to_owned())).collect(),
        headers: (0..clients).map(|client| headers_of(client, headers)).collect::<Result<_>>()?,
        end: begin + Duration::from_secs_f64(seconds.parse()?),
        start: SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() << 24,
        figures: RefCell::default(),
    });
    let set = tokio::task::LocalSet::new();
    for client in 0..clients {
        set.spawn_local(ask(work.clone(), client));
    }
    set.await;
    print(&mut work.figures.borrow_mut(), begin.elapsed().as_secs_f64());
    Ok(())
}

/// Headers that a client sends.
fn headers_of(client: usize, given: &[String]) -> Result<Vec<(String, String)>> {
    let mut headers = vec![];
    for header in given {
        let line = match header.strip_prefix('@') {
            Some(path) => {
                let text = std::fs::read_to_string(path)?;
                text.lines().nth(client).ok_or(format!("{path} has no line for each client"))?.to_owned()
            }
            None => header.clone(),
        };
        let (name, value) = line.split_once(':').ok_or("a header is NAME:VALUE")?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(headers)
}

/// One client: a connection, one request after the other.
async fn ask(work: Rc<Work>, client: usize) {
    let mut sender = None;
    while Instant::now() < work.end {
        let body = {
            let mut figures = work.figures.borrow_mut();
            let at = figures.next;
            figures.next = (at + 1) % work.bodies.len();
            figures.sent += 1;
            unique(&work.bodies[at], work.start + figures.sent)
        };
        let begin = Instant::now();
        let outcome = request(&work, client, &mut sender, body).await;
        let mut figures = work.figures.borrow_mut();
        match outcome {
            Ok((answer, true)) => {
                figures.micros.push(begin.elapsed().as_micros());
                figures.bytes += answer.len();
            }
            Ok((answer, false)) => {
                figures.errors += 1;
                figures.sample.get_or_insert_with(|| String::from_utf8_lossy(&answer[..answer.len().min(300)]).into());
            }
            Err(e) => {
                sender = None;
                figures.errors += 1;
                figures.sample.get_or_insert_with(|| e.to_string());
            }
        }
    }
}

/// A body of its own.
fn unique(body: &Bytes, number: u128) -> Bytes {
    let Some(at) = memchr::memmem::find(body, UNIQUE.as_bytes()) else { return body.clone() };
    let mut own = body.to_vec();
    // The version and the variant of the UUID stay as they are.
    let digits = (at..at + UNIQUE.len()).rev().filter(|digit| ![8, 13, 14, 18, 19, 23].contains(&(digit - at)));
    for (place, digit) in digits.enumerate() {
        own[digit] = b"0123456789abcdef"[usize::try_from((number >> (4 * place)) & 15).unwrap_or(0)];
    }
    own.into()
}

/// The answer to a request, and whether it is a good one.
async fn request(work: &Work, client: usize, sender: &mut Option<Sender>, body: Bytes) -> Result<(Bytes, bool)> {
    if sender.as_ref().is_none_or(Sender::is_closed) {
        *sender = Some(connect(&work.uri).await?);
    }
    let sender = sender.as_mut().ok_or("no connection")?;
    sender.ready().await?;
    let path = work.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut request = Request::post(path).header("host", work.uri.host().unwrap_or_default());
    request = request.header("content-type", "application/json").header("accept", "application/json");
    for (name, value) in &work.headers[client] {
        request = request.header(name, value);
    }
    let answer = sender.send_request(request.body(Full::new(body))?).await?;
    let is_ok = answer.status() == 200;
    let bytes = answer.into_body().collect().await?.to_bytes();
    let tells = |text: &[u8]| memchr::memmem::find(&bytes, text).is_some();
    let is_good = is_ok && !tells(b"\"errors\":") && !tells(b"\"userErrors\":[{");
    Ok((bytes, is_good))
}

/// Opens a connection.
async fn connect(uri: &Uri) -> Result<Sender> {
    let address = (uri.host().unwrap_or("127.0.0.1"), uri.port_u16().unwrap_or(80));
    let stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}

/// One JSON object.
#[expect(clippy::cast_precision_loss, reason = "figures of a bench are far below 2^52")]
fn print(figures: &mut Figures, seconds: f64) {
    figures.micros.sort_unstable();
    let count = figures.micros.len();
    let at = |percent: usize| figures.micros.get((count * percent / 100).min(count.saturating_sub(1)));
    let millis = |percent| at(percent).map_or(0.0, |micros| *micros as f64 / 1_000.0);
    let figures = serde_json::json!({
        "n": count,
        "errors": figures.errors,
        "error": figures.sample,
        "rps": count as f64 / seconds,
        "p50_ms": millis(50),
        "p99_ms": millis(99),
        "bytes_per_reply": figures.bytes / count.max(1),
    });
    println!("{figures}");
}

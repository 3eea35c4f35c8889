//! Connections: so many at a time, and none that waits without end for a request. Where there is no room, the one that
//! has waited longest for its first request makes some; one that has asked for something is never put out.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs, io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
};

use crate::config::ConnectionLimits;

/// Files that the process opens besides: the database, logs, what serves exports.
const OTHER_FILES: usize = 128;
/// Bytes of a request's head: the longest address that can be allowed, and as much again.
const LONGEST_HEAD: usize = 128 * 1024;
/// How often a connection of HTTP/2 that is silent is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long accepting rests where there is nothing left to accept with.
const REST: Duration = Duration::from_millis(200);

/// Serves until `stop` is ready; ends when every connection has.
pub async fn serve(listener: TcpListener, router: Router, limits: &ConnectionLimits, stop: impl Future<Output = ()>) {
    let room = Room {
        places: Arc::new(Semaphore::new(places(limits.most))),
        waiting: Arc::default(),
        within: limits.head_within(),
    };
    let (stopping, stopped) = watch::channel(());
    let (open, closed) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let (stream, peer) = accepted(&listener).await;
            (stream, peer, room.place().await)
        };
        tokio::select! {
            (stream, peer, place) = next => {
                let connection = room.connection(Held { stream, _place: place }, peer, router.clone());
                let (stopping, closed) = (stopping.clone(), closed.clone());
                tokio::spawn(async move {
                    connection.serve(&stopping).await;
                    drop(closed);
                });
            }
            () = &mut stop => break,
        }
    }
    drop((listener, stopped, closed));
    open.closed().await;
}

/// How many connections fit: what the settings say, as far as the system lets this process open files.
fn places(most: usize) -> usize {
    let Some(files) = open_files() else { return most };
    let fit = files.saturating_sub(OTHER_FILES).max(1);
    if fit < most {
        tracing::info!(
            files,
            connections = fit,
            "fewer connections than the settings allow: raise the limit of open files"
        );
    }
    most.min(fit)
}

/// How many files the process may open, where the system says so.
fn open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

async fn accepted(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client was gone before it was accepted.
            Err(e) if matches!(e.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
            Err(e) => {
                tracing::warn!(cause = %e, "no connection can be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Places of connections, and who waits.
struct Room {
    places: Arc<Semaphore>,
    waiting: Arc<Waiting>,
    within: Duration,
}

impl Room {
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(free) = self.places.clone().try_acquire_owned() {
            return Some(free);
        }
        loop {
            self.waiting.put_out_the_oldest();
            // The one that was to go may have begun meanwhile; then it stays, and the next oldest is asked.
            if let Ok(place) = tokio::time::timeout(REST, self.places.clone().acquire_owned()).await {
                // The semaphore is never closed.
                return place.ok();
            }
        }
    }

    fn connection(&self, stream: Held, peer: SocketAddr, router: Router) -> Connection {
        let turn = self.waiting.join();
        Connection { stream, peer, router, turn, within: self.within }
    }
}

/// Connections that have asked for nothing yet, the oldest first.
#[derive(Default)]
struct Waiting {
    next: AtomicU64,
    by_age: Mutex<BTreeMap<u64, Arc<Notify>>>,
}

impl Waiting {
    fn join(self: &Arc<Self>) -> Turn {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let put_out = Arc::new(Notify::new());
        self.lock().insert(number, put_out.clone());
        Turn { of: self.clone(), number, put_out, has_begun: AtomicBool::new(false) }
    }

    fn put_out_the_oldest(&self) {
        if let Some((_, oldest)) = self.lock().pop_first() {
            oldest.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Notify>>> {
        self.by_age.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection among those that wait.
struct Turn {
    of: Arc<Waiting>,
    number: u64,
    put_out: Arc<Notify>,
    has_begun: AtomicBool,
}

impl Turn {
    /// A request has come: nothing puts the connection out any more.
    fn begin(&self) {
        if !self.has_begun.swap(true, Ordering::Relaxed) {
            self.of.lock().remove(&self.number);
        }
    }

    fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.begin();
    }
}

struct Connection {
    stream: Held,
    peer: SocketAddr,
    router: Router,
    turn: Turn,
    within: Duration,
}

impl Connection {
    /// Serves requests until the client, silence, want of room or the end of the process ends it.
    async fn serve(self, stopping: &watch::Sender<()>) {
        let Self { stream, peer, router, turn, within } = self;
        let turn = Arc::new(turn);
        let begun = turn.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            begun.begin();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let mut router = router.clone();
            async move { Ok::<_, Infallible>(answered(&mut router, request).await) }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(within).max_buf_size(LONGEST_HEAD);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY).enable_connect_protocol();
        let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let mut put_out = pin!(turn.put_out.notified());
        // Before the first head is read, no timer of the protocol runs.
        let mut late = pin!(tokio::time::sleep(within));
        let mut stops = pin!(stopping.closed());
        let (mut is_put_out, mut is_late, mut is_stopping) = (false, false, false);
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(e) = ended {
                        tracing::debug!(cause = e, "a connection ended early");
                    }
                    break;
                }
                () = put_out.as_mut(), if !is_put_out => {
                    is_put_out = true;
                    if !turn.has_begun() {
                        break;
                    }
                }
                () = late.as_mut(), if !is_late => {
                    is_late = true;
                    if !turn.has_begun() {
                        break;
                    }
                }
                () = stops.as_mut(), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

async fn answered(router: &mut Router, request: Request<Body>) -> axum::response::Response {
    use tower::Service as _;
    // A router is always ready.
    router.call(request).await.unwrap_or_else(|never| match never {})
}

/// A stream that keeps its place for as long as it is open, also where it has become a WebSocket.
struct Held {
    stream: TcpStream,
    _place: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for Held {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Held {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

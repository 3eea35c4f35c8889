//! A client of the product's routes: in process by default, over a real loopback port where a test is about TCP.

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tower::ServiceExt;

use super::json::Json;

/// Sends requests without a socket. Cheap to clone; the `with`-like methods give a changed copy.
#[derive(Debug, Clone)]
pub struct Client {
    router: Router,
    headers: HeaderMap,
    peer: SocketAddr,
}

impl Client {
    /// A client without credential, at the loopback address.
    pub fn new(router: Router) -> Self {
        Self { router, headers: HeaderMap::new(), peer: SocketAddr::from(([127, 0, 0, 1], 40_000)) }
    }

    /// The same client with a bearer token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// The same client with one more header on every request.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        let name: HeaderName = name.parse().expect("a header's name");
        client.headers.insert(name, HeaderValue::from_str(value).expect("a header's value"));
        client
    }

    /// The same client at another network address.
    #[must_use]
    pub fn at(&self, peer: SocketAddr) -> Self {
        Self { peer, ..self.clone() }
    }

    /// Posts a GraphQL document.
    pub async fn query(&self, document: &str) -> Reply {
        self.post(&json!({ "query": document })).await
    }

    /// Posts a GraphQL document with variables.
    pub async fn query_with(&self, document: &str, variables: Value) -> Reply {
        self.post(&json!({ "query": document, "variables": variables })).await
    }

    /// Posts a JSON body to `/graphql`.
    pub async fn post(&self, body: &Value) -> Reply {
        self.post_raw("/graphql", "application/json", body.to_string()).await
    }

    /// Posts any bytes under any media type.
    pub async fn post_raw(&self, path: &str, media_type: &str, body: impl Into<Body>) -> Reply {
        let request = Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, media_type);
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Sends any request and reads the whole answer.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let (head, body) = self.open(request).await.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Reply { status: head.status, headers: head.headers, bytes }
    }

    /// Sends any request and leaves the body unread, for streams. Headers of the request itself win over the client's.
    pub async fn open(&self, mut request: Request<Body>) -> Response<Body> {
        for (name, value) in &self.headers {
            request.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// The body as sent.
    pub bytes: Bytes,
}

impl Reply {
    /// A header's text, empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of text"))
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("a body in UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e} in {} {:?}", self.status, self.bytes))
    }

    /// The body as JSON with its keys in the order sent; a key given twice fails.
    pub fn ordered(&self) -> Json {
        Json::parse(self.text())
    }

    /// `data` of an answer that has no errors.
    pub fn data(&self) -> Value {
        let mut body = self.json();
        assert!(body.get("errors").is_none(), "{} {body:#}", self.status);
        body["data"].take()
    }

    /// Value at a JSON pointer such as `/data/projects/nodes/0/name`; fails with the whole answer where there is none.
    pub fn at(&self, pointer: &str) -> Value {
        let body = self.json();
        body.pointer(pointer).cloned().unwrap_or_else(|| panic!("nothing at {pointer} in {} {body:#}", self.status))
    }

    /// Fails where the answer tells how rows are read or what the program is made of.
    pub fn tells_no_secrets(&self) {
        for word in ["SELECT", "sqlx", "sqlite", "t0.", "panicked", "::", "ConstValue", "async_graphql", ".rs"] {
            assert!(!self.text().contains(word), "{word} in {}", self.text());
        }
    }

    /// `extensions.code` of each error, in order.
    pub fn error_codes(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("(no code)").to_owned()).collect()
    }
}

/// The routes on a loopback port, until dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a port that the system chooses.
    pub async fn start(router: Router) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let address = listener.local_addr().expect("its number");
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, service).await.expect("served") });
        Self { address, task }
    }

    /// A new connection.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connected")
    }

    /// Sends bytes on a new connection and reads until the server closes it.
    pub async fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.expect("written");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("read to the end");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

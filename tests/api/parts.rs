//! Subscriptions in parts of `multipart/mixed` over `/graphql`, as Apollo's clients read them: what a part holds, and how the
//! connection ends.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, Response, StatusCode},
};
use entity::portfolio_item;
use foliograph::{
    app::App,
    auth::Role,
    config::{Config, Waits},
};
use http_body_util::BodyExt as _;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::{
    changes::Puller,
    support::{World, client::Client, product, writer::Writer},
};

const FOLLOW: &str = "subscription($after: Cursor) { changes(filter: {types: [PROJECT]}, after: $after) { ... on ChangeEvent { node { ... on Project { key name } } } } }";
const PARTS: &str =
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/graphql-response+json, application/json;q=0.9";

tests! {
    async fn each_change_is_a_part(world: &World) {
        let client = world.reader().await.header("accept-encoding", "gzip, zstd");
        let here = Puller::loaded(world.reader().await).await.since;
        let mut parts = Parts::open(&client, FOLLOW, json!({ "after": here })).await;
        assert_eq!(parts.header("content-type"), "multipart/mixed;boundary=\"-\";subscriptionSpec=1.0");
        assert_eq!((parts.header("content-encoding"), parts.header("cache-control")), ("", "private, no-store"));
        assert_eq!(parts.header("x-request-id").len(), 32);
        assert_eq!(parts.frame().await.as_deref(), Some("\r\n---"), "that it began is said at once");
        let project = project(world).await;
        for count in 1..=3 {
            rename(world, &project).await;
            let name = format!("{}{}", project.name, "!".repeat(count));
            let told = json!({ "changes": { "node": { "key": project.key, "name": name } } });
            assert_eq!(parts.next().await, json!({ "payload": { "data": told } }));
        }
        let traffic = || async { world.app().await.sockets.traffic() };
        assert_eq!((traffic().await.open, traffic().await.followed), (1, 1));
        // The client goes, and with it the work.
        drop(parts);
        while (traffic().await.open, traffic().await.followed) != (0, 0) {
            tokio::task::yield_now().await;
        }
    }

    async fn everything_else_is_answered_as_json(world: &World) {
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await;
        for (accept, media) in [
            (PARTS, "application/graphql-response+json; charset=utf-8"),
            ("multipart/mixed;subscriptionSpec=1.0, application/json", "application/json; charset=utf-8"),
            ("multipart/mixed; subscriptionSpec=\"1.0\"", "application/json; charset=utf-8"),
        ] {
            let client = client.header("accept", accept);
            let mutation = "mutation($name: String!) { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"*\", patch: {name: $name}}) { userErrors { code } } }";
            let query = client.query("{ viewer { subject } }").await;
            assert_eq!((query.header("content-type"), query.data()), (media, json!({ "viewer": { "subject": "anna.keller" } })), "{accept}");
            let refused = client.query_with(mutation, json!({ "name": "" })).await;
            assert_eq!((refused.header("content-type"), &refused.data()["projectUpdate"]["userErrors"][0]["code"]), (media, &json!("REQUIRED")));
            let strict = media.contains("response+json");
            for (document, code) in [
                ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
                ("subscription { changes(after: \"x\") { __typename } more: changes { __typename } }", "GRAPHQL_VALIDATION_FAILED"),
                ("subscription {", "GRAPHQL_PARSE_FAILED"),
            ] {
                let wrong = client.query(document).await;
                assert_eq!((wrong.status.as_u16(), wrong.error_codes()), (if strict { 400 } else { 200 }, vec![code.to_owned()]), "{document} {}", wrong.text());
                assert_eq!(wrong.header("content-type"), media);
            }
        }
        let got = client.header("accept", PARTS).get("/graphql?query=subscription%7Bchanges%7B__typename%7D%7D").await;
        assert_eq!((got.status, got.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
        for accept in ["application/json", "application/json, multipart/mixed", "application/json, multipart/mixed;deferSpec=20220824", "application/json, multipart/mixed;subscriptionSpec=1.0;q=0"] {
            let reply = client.header("accept", accept).query(FOLLOW).await;
            assert_eq!((reply.status, reply.error_codes()), (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST".to_owned()]), "{accept}");
        }
        let none = client.header("accept", "multipart/mixed").query("{ __typename }").await;
        assert_eq!(none.status, StatusCode::NOT_ACCEPTABLE);
    }

    async fn where_nothing_happens_a_word_is_sent(world: &World) {
        let waits = Waits { heartbeat_seconds: 1, ..Config::default().waits };
        let app = with(world, Config { waits, ..product::settings(world.url().await) }).await;
        let mut parts = Parts::open(&client_of(world, &app), FOLLOW, json!({})).await;
        parts.frame().await.expect("the beginning");
        assert_eq!([parts.next().await, parts.next().await], [json!({}), json!({})]);
    }

    async fn a_connection_that_ends_before_its_subscription_says_why(world: &World) {
        let mut parts = Parts::open(&world.reader().await, FOLLOW, json!({})).await;
        parts.frame().await.expect("the beginning");
        world.clock.advance_seconds(3_600);
        world.app().await.events.wake();
        parts.ends("TOKEN_EXPIRED").await;

        let app = with(world, product::settings(world.url().await)).await;
        let mut parts = Parts::open(&client_of(world, &app), FOLLOW, json!({})).await;
        parts.frame().await.expect("the beginning");
        let (sockets, reading) = (app.sockets.clone(), parts.ends("UNAVAILABLE"));
        tokio::join!(async move { sockets.close().await }, reading);
    }

    async fn errors_of_the_operation_are_in_its_payload(world: &World) {
        let document = "subscription($after: Cursor) { changes(after: $after) { __typename } }";
        let mut parts = Parts::open(&world.reader().await, document, json!({ "after": "nonsense" })).await;
        parts.frame().await.expect("the beginning");
        let (text, told) = parts.told().await;
        assert_eq!(told["payload"]["errors"][0]["extensions"]["code"], "CURSOR_MISMATCH", "{told}");
        assert!(text.ends_with("\r\n-----\r\n") && parts.frame().await.is_none(), "{text:?}");
    }

    async fn a_principal_has_ten_connections(world: &World) {
        let client = world.reader().await;
        let mut open = vec![];
        for _ in 0..10 {
            open.push(Parts::open(&client, FOLLOW, json!({})).await);
        }
        let more = client.header("accept", PARTS).query(FOLLOW).await;
        assert_eq!((more.status, more.header("retry-after").is_empty()), (StatusCode::TOO_MANY_REQUESTS, false), "{}", more.text());
        open.pop();
        Parts::open(&client, FOLLOW, json!({})).await;
    }
}

/// An answer in parts.
struct Parts(Response<Body>);

impl Parts {
    async fn open(client: &Client, document: &str, variables: Value) -> Self {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let request = Request::post("/graphql").header("accept", PARTS).header("content-type", "application/json");
        let response = client.open(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK);
        Self(response)
    }

    fn header(&self, name: &str) -> &str {
        self.0.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// What is sent at once; none at the end.
    async fn frame(&mut self) -> Option<String> {
        let bytes = self.0.body_mut().frame().await?.expect("a frame").into_data().expect("data");
        Some(String::from_utf8(bytes.to_vec()).expect("text"))
    }

    /// The next part: its text, and what it says.
    async fn told(&mut self) -> (String, Value) {
        let text = self.frame().await.expect("a part");
        let (head, rest) = text.split_once("\r\n\r\n").expect("a head");
        assert_eq!(head, "\r\ncontent-type: application/json; charset=utf-8");
        let body = rest.split("\r\n---").next().unwrap_or_default();
        let told = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e} in {text:?}"));
        (text, told)
    }

    /// What the next part says, with the next delimiter right behind it.
    async fn next(&mut self) -> Value {
        let (text, told) = self.told().await;
        assert!(text.ends_with("}\r\n---"), "{text:?}");
        told
    }

    /// Expects that the connection ends with an error of its own.
    async fn ends(&mut self, code: &str) {
        let (text, told) = self.told().await;
        assert_eq!(
            (&told["payload"], &told["errors"][0]["extensions"]["code"]),
            (&Value::Null, &json!(code)),
            "{told}"
        );
        assert!(
            told.as_object().is_some_and(|members| members.contains_key("payload")) && text.ends_with("\r\n-----\r\n"),
            "{text:?}"
        );
        assert_eq!(self.frame().await, None);
    }
}

async fn with(world: &World, config: Config) -> Arc<App> {
    product::open(config, Arc::clone(&world.clock)).await.expect("the product")
}

fn client_of(world: &World, app: &Arc<App>) -> Client {
    Client::new(app.router()).bearer(&product::token(&*world.clock, "reader", &[Role::PmoLead]))
}

async fn project(world: &World) -> portfolio_item::Model {
    let db = &world.app().await.database.orm;
    let one = portfolio_item::Entity::find().filter(portfolio_item::Column::Key.eq("PR-001")).one(db).await;
    one.expect("read").expect("there")
}

async fn rename(world: &World, project: &portfolio_item::Model) {
    let app = world.app().await;
    let mut writer = Writer::begin(&app.database, &*world.clock).await;
    writer.item(project.id, |row| row.name.push('!')).await;
    writer.commit().await;
    app.events.sequence_now().await.expect("positions");
}

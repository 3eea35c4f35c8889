//! Trusted documents: what an operator registers, how clients name it on every way in, and what is refused besides.

use std::{fs, sync::Arc};

use axum::http::StatusCode;
use foliograph::{
    app::App,
    auth::Role,
    config::{Config, DocumentsAccepted},
    graph::trusted::id_of,
};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Reply, Server},
    event_stream::EventStream,
    node,
    process::{Finished, Shell},
    product,
    socket::Socket,
};

const KEYS: &str = "query Keys($first: Int) { projects(first: $first) { nodes { key } } }\n";
const VIEWER: &str = "{ viewer { subject } }";
const TWO: &str = "query A { __typename } query B { b: __typename }";
const FOLLOW: &str = "subscription Follow { changes { __typename } }";
const RENAME: &str = "mutation Rename($name: String!) { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"*\", patch: {name: $name}}) { project { name } userErrors { code } } }";
const RESPONSE: &str = "application/graphql-response+json";

tests! {
    async fn documents_of_files_and_manifests_are_registered_all_or_none(world: &World) {
        let office = Office::of(world).await;
        let apollo = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [
            { "id": id_of(TWO)[7..], "name": "A", "type": "query", "body": TWO }, { "id": "x", "name": "Follow", "type": "subscription", "body": FOLLOW } ] });
        let generated = json!({ "0000000000000000000000000000000000000000": VIEWER });
        let added = office.add(&[("keys.graphql", KEYS), ("apollo.json", &apollo.to_string()), ("codegen.JSON", &generated.to_string())]);
        let lines = [line(VIEWER, "-"), line(TWO, "A,B"), line(FOLLOW, "Follow"), line(KEYS, "Keys")].concat();
        assert_eq!((added.code, added.stdout.as_str()), (Some(0), lines.as_str()), "{added:?}");
        // Again, and one more: what is there stays, and the list has each once.
        let again = office.add(&[("keys.graphql", KEYS), ("rename.graphql", RENAME), ("copy.graphql", RENAME)]);
        assert_eq!((again.code, again.stdout), (Some(0), [line(KEYS, "Keys"), line(RENAME, "Rename")].concat()), "{}", again.stderr);
        assert_eq!(office.list(), lines.clone() + &line(RENAME, "Rename"));

        // One that would not be answered keeps the others out too.
        let deep = format!("query Deep {{ projects {{ nodes {{ {}name{} }} }} }}", "parent { ".repeat(13), " }".repeat(13));
        let mistaken = json!({ "0".repeat(64): "{ __typename }" });
        let good = "query Good { serverInfo { name } }";
        for (name, text, says) in [
            ("unknown.graphql", "query Unknown {\n  nothing\n}", "line 2, column 3: "),
            ("broken.graphql", "query Broken {", "not GraphQL"),
            ("deep.graphql", &deep, "nested deeper than"),
            ("argument.graphql", "query Argument { projects(first: \"x\") { totalCount } }", "is refused"),
            ("empty.graphql", "", "is refused"),
            ("fragment.graphql", "fragment F on Query { __typename }", "is refused"),
            ("array.json", "[]", "no manifest"),
            ("text.json", "{", "not valid JSON"),
            ("hash.json", &mistaken.to_string(), "whose hash is"),
        ] {
            let refused = office.add(&[("good.graphql", good), (name, text)]);
            assert_eq!((refused.code, refused.stdout.as_str(), refused.stderr.lines().count()), (Some(2), "", 1), "{refused:?}");
            assert!(refused.stderr.starts_with(&format!("error: {name}: ")) && refused.stderr.contains(says), "{refused:?}");
            assert!(!refused.stderr.contains(" --> "), "{refused:?}");
        }
        assert_eq!(office.shell.run(&["documents", "add", "nowhere.graphql"]).code, Some(2));
        assert!(!office.list().contains("Good"));
        // The server's limits are those of the documents.
        let small = office.shell.clone().with("FOLIOGRAPH_MAX_DEPTH", "2").with("FOLIOGRAPH_KEY_MAX_DEPTH", "2");
        let refused = small.run(&["documents", "add", "keys.graphql"]);
        assert!(refused.code == Some(2) && refused.stderr.contains("nested deeper than 2"), "{refused:?}");

        for (id, code) in [(id_of(RENAME), 0), (id_of(RENAME), 2), (id_of(good), 2), ("Rename".into(), 2), (id_of(KEYS).to_uppercase(), 2)] {
            assert_eq!(office.shell.run(&["documents", "remove", &id]).code, Some(code), "{id}");
        }
        assert_eq!(office.list(), lines);
    }

    async fn a_registered_document_is_answered_by_its_id_on_every_way_in(world: &World) {
        let office = Office::of(world).await;
        office.registers(&[KEYS, VIEWER, TWO, FOLLOW, RENAME]);
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let keys = client.post(&json!({ "documentId": id_of(KEYS), "variables": { "first": 2 } })).await.data();
        assert_eq!(keys["projects"]["nodes"].as_array().map(Vec::len), Some(2));
        let second = client.post(&json!({ "documentId": id_of(TWO), "operationName": "B", "extensions": {} })).await;
        assert_eq!(second.data(), json!({ "b": "Query" }));
        assert_eq!(client.post(&json!({ "documentId": id_of(TWO) })).await.error_codes(), ["OPERATION_UNRESOLVED"]);
        let renamed = client.post(&json!({ "documentId": id_of(RENAME), "variables": { "name": "By its id" } })).await;
        assert_eq!(renamed.data()["projectUpdate"]["project"]["name"], "By its id");
        let got = |id: &str, rest: &str| format!("/graphql?documentId={}{rest}", id.replace(':', "%3A"));
        let reply = client.get(&got(&id_of(KEYS), "&variables=%7B%22first%22%3A3%7D&query=")).await;
        assert_eq!(reply.data()["projects"]["nodes"].as_array().map(Vec::len), Some(3));
        let reply = client.get(&got(&id_of(RENAME), "&variables=%7B%22name%22%3A%22x%22%7D")).await;
        assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
        assert_eq!(client.get(&got(&id_of(VIEWER), &format!("&documentId={}", id_of(VIEWER)))).await.error_codes(), ["BAD_REQUEST"]);
        // Both, of the same text.
        let both = client.post(&json!({ "documentId": id_of(VIEWER), "query": VIEWER })).await;
        assert_eq!(both.data()["viewer"]["subject"], "anna.keller");

        let server = world.serve().await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let mut socket = Socket::of(server.address, &token).await;
        socket.send(json!({ "id": "q", "type": "subscribe", "payload": { "documentId": id_of(VIEWER) } })).await;
        assert_eq!(socket.take("q", 1).await[0]["data"]["viewer"]["subject"], "anna.keller");
        assert_eq!(socket.next().await["type"], "complete");
        socket.send(json!({ "id": "s", "type": "subscribe", "payload": { "documentId": id_of(FOLLOW) } })).await;
        assert_eq!(socket.settle().await, [Value::Null; 0], "it goes on");
        let body = json!({ "documentId": id_of(VIEWER) });
        let mut events = EventStream::open(server.address, &token, &body, None).await.expect("events");
        assert_eq!(events.next().await.expect("an event").data["data"]["viewer"]["subject"], "anna.keller");
        let mut events = EventStream::open(server.address, &token, &json!({ "documentId": id_of(FOLLOW) }), None).await.expect("events");
        assert!(events.head.contains("200 OK") && events.until(":\n\n").await.is_some(), "{}", events.head);
    }

    async fn a_manifest_that_a_generator_wrote_is_taken_as_it_is(world: &World) {
        let documents = ["query Keys($first: Int) { projects(first: $first) { nodes { ...Named } } } fragment Named on Project { key }", FOLLOW];
        let input = json!({ "sdl": foliograph::graph::sdl(foliograph::app::model()), "documents": documents });
        let manifest = node::run("persisted.mjs", &input.to_string());
        let added = Office::of(world).await.add(&[("persisted-documents.json", &manifest)]);
        assert_eq!((added.code, added.stdout.lines().count()), (Some(0), 2), "{added:?}");
        let manifest: Value = serde_json::from_str(&manifest).expect("json");
        let hashes = manifest.as_object().expect("hashes");
        let (hash, _) = hashes.iter().find(|(_, text)| text.as_str().is_some_and(|text| text.contains("query Keys"))).expect("the query");
        let named = json!({ "documentId": format!("sha256:{hash}"), "variables": { "first": 1 } });
        let keys = world.reader().await.post(&named).await.data();
        assert_eq!(keys["projects"]["nodes"].as_array().map(Vec::len), Some(1));
    }

    async fn an_id_that_is_none_or_unknown_is_told_apart(world: &World) {
        let office = Office::of(world).await;
        office.registers(&[VIEWER]);
        let client = world.reader().await;
        let (known, unknown) = (id_of(VIEWER), id_of("{ other }"));
        for (body, status, code) in [
            (json!({ "documentId": unknown }), 404, "DOCUMENT_NOT_FOUND"),
            (json!({ "documentId": unknown, "query": "{ other }" }), 404, "DOCUMENT_NOT_FOUND"),
            (json!({ "documentId": known, "query": "{ __typename }" }), 400, "BAD_REQUEST"),
            (json!({ "documentId": known, "query": format!("{VIEWER} ") }), 400, "BAD_REQUEST"),
            (json!({ "documentId": known[7..] }), 400, "BAD_REQUEST"),
            (json!({ "documentId": known.to_uppercase() }), 400, "BAD_REQUEST"),
            (json!({ "documentId": format!("{known}0") }), 400, "BAD_REQUEST"),
            (json!({ "documentId": "sha1:0" }), 400, "BAD_REQUEST"),
            (json!({ "documentId": "" }), 400, "BAD_REQUEST"),
            (json!({ "documentId": 7 }), 400, "BAD_REQUEST"),
            (json!({ "documentId": null }), 400, "BAD_REQUEST"),
            (json!({ "documentId": "'; DROP TABLE trusted_document; --" }), 400, "BAD_REQUEST"),
        ] {
            for media in [RESPONSE, "application/json"] {
                let reply = client.header("accept", media).post(&body).await;
                assert_eq!((reply.status.as_u16(), reply.error_codes()), (status, vec![code.to_owned()]), "{body} as {media}");
                assert_eq!(reply.json().get("data"), None);
                reply.tells_no_secrets();
            }
        }
        let reply = client.get(&format!("/graphql?documentId={unknown}")).await;
        assert_eq!((reply.status, reply.error_codes()), (StatusCode::NOT_FOUND, vec!["DOCUMENT_NOT_FOUND".to_owned()]));
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        for (id, code) in [(unknown.as_str(), "DOCUMENT_NOT_FOUND"), ("nonsense", "BAD_REQUEST")] {
            socket.send(json!({ "id": "a", "type": "subscribe", "payload": { "documentId": id } })).await;
            let message = socket.next().await;
            assert_eq!((&message["type"], &message["payload"][0]["extensions"]["code"]), (&json!("error"), &json!(code)));
        }
        socket.send(json!({ "id": "a", "type": "subscribe", "payload": { "documentId": 7 } })).await;
        assert_eq!(socket.closed().await.0, 4400);
    }

    async fn where_only_trusted_documents_are_answered_every_other_is_refused(world: &World) {
        let office = Office::of(world).await;
        office.registers(&[VIEWER, FOLLOW]);
        let app = trusting(world).await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let client = Client::new(app.router()).bearer(&token);
        assert_eq!(client.query(VIEWER).await.data()["viewer"]["subject"], "reader", "its text is as good as its id");
        assert_eq!(client.post(&json!({ "documentId": id_of(VIEWER) })).await.data()["viewer"]["subject"], "reader");
        let untrusted = |reply: &Reply| (reply.status.as_u16(), reply.error_codes()) == (403, vec!["DOCUMENT_NOT_TRUSTED".to_owned()]);
        for document in ["{ __typename }", "{ viewer { subject } } ", "{", "{ nothing }", RENAME, "subscription { changes { __typename } }", include_str!("support/introspection.graphql")] {
            for media in [RESPONSE, "application/json"] {
                let reply = client.header("accept", media).query(document).await;
                assert!(untrusted(&reply), "{document}: {} {}", reply.status, reply.text());
            }
        }
        assert!(untrusted(&client.get("/graphql?query=%7B__typename%7D").await));
        let parts = client.header("accept", "multipart/mixed;subscriptionSpec=1.0, application/json");
        assert!(untrusted(&parts.query("subscription { changes { __typename } }").await));
        let events = client.header("accept", "text/event-stream");
        let body = json!({ "query": "{ __typename }" }).to_string();
        assert!(untrusted(&events.post_raw("/graphql/stream", "application/json", body).await));
        let server = Server::start(app.router()).await;
        let mut socket = Socket::of(server.address, &token).await;
        for document in ["{ __typename }", "subscription { changes { __typename } }"] {
            socket.subscribe("a", document, json!({})).await;
            assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED");
        }
        socket.subscribe("a", VIEWER, json!({})).await;
        assert_eq!(socket.take("a", 1).await[0]["data"]["viewer"]["subject"], "reader");
        // Who is not known learns nothing of documents.
        let stranger = Client::new(app.router()).post(&json!({ "documentId": id_of(VIEWER) })).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }

    async fn what_is_added_or_removed_holds_within_five_seconds_on_every_server(world: &World) {
        let office = Office::of(world).await;
        let apps = [trusting(world).await, trusting(world).await];
        let ask = async |document: &str| {
            let mut statuses = vec![];
            for app in &apps {
                let client = Client::new(app.router()).bearer(&product::token(&*world.clock, "reader", &[Role::PmoLead]));
                for body in [json!({ "query": document }), json!({ "documentId": id_of(document) })] {
                    statuses.push(client.post(&body).await.status.as_u16());
                }
            }
            statuses
        };
        assert_eq!(ask(VIEWER).await, [403, 404, 403, 404]);
        office.registers(&[VIEWER]);
        world.clock.advance_seconds(5);
        assert_eq!(ask(VIEWER).await, [200; 4]);
        assert_eq!(office.shell.run(&["documents", "remove", &id_of(VIEWER)]).code, Some(0));
        world.clock.advance_seconds(5);
        assert_eq!(ask(VIEWER).await, [403, 404, 403, 404]);
    }

    async fn a_registered_document_has_the_rights_of_who_names_it(world: &World) {
        let document = "query Budgets { projects(first: 3) { nodes { key budget { amount } } aggregate { sum { budget { amount } } } } }";
        Office::of(world).await.registers(&[document]);
        let named = json!({ "documentId": id_of(document) });
        for (subject, role) in [("reader", Role::PmoLead), ("helen.ashworth", Role::Sponsor), ("nobody", Role::Analyst)] {
            let client = world.client_as(subject, &[role]).await;
            let [by_id, by_text] = [client.post(&named).await, client.query(document).await];
            assert_eq!((by_id.json()["data"].clone(), by_id.header("x-access-masked")), (by_text.json()["data"].clone(), by_text.header("x-access-masked")));
        }
    }
}

/// The operator's desk: a folder and the command.
struct Office {
    shell: Shell,
}

impl Office {
    async fn of(world: &World) -> Self {
        Self { shell: Shell::new().with("DATABASE_URL", world.url().await) }
    }

    /// Registers files of these names and texts.
    fn add(&self, files: &[(&str, &str)]) -> Finished {
        for (name, text) in files {
            fs::write(self.shell.folder.join(name), text).expect("written");
        }
        let names = files.iter().map(|(name, _)| *name);
        self.shell.run(&["documents", "add"].into_iter().chain(names).collect::<Vec<_>>())
    }

    /// Registers documents that are all good.
    fn registers(&self, documents: &[&str]) {
        let names: Vec<String> = (0..documents.len()).map(|number| format!("{number}.graphql")).collect();
        let files: Vec<_> = names.iter().map(String::as_str).zip(documents.iter().copied()).collect();
        let added = self.add(&files);
        assert_eq!((added.code, added.stdout.lines().count()), (Some(0), documents.len()), "{added:?}");
    }

    fn list(&self) -> String {
        let listed = self.shell.run(&["documents", "list"]);
        assert_eq!(listed.code, Some(0), "{listed:?}");
        listed.stdout
    }
}

/// A server that answers registered documents alone.
async fn trusting(world: &World) -> Arc<App> {
    let config = Config { documents: DocumentsAccepted::Trusted, ..product::settings(world.url().await) };
    product::open(config, Arc::clone(&world.clock)).await.expect("the product")
}

fn line(document: &str, operations: &str) -> String {
    format!("{}  {operations}\n", id_of(document))
}

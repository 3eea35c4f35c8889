//! GraphQL over HTTP: media types, statuses, limits of the transport, headers, health and the explorer.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use foliograph::{
    app::App,
    auth::Role,
    config::{Config, Toggle},
};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Reply},
    product,
    world::Kind,
};

const RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
const EITHER: [&str; 2] = [RESPONSE, JSON];

tests! {
    async fn the_answer_has_the_media_type_that_was_asked_for(world: &World) {
        let client = analyst(world).await;
        for (accept, media) in [
            (RESPONSE, RESPONSE),
            (JSON, JSON),
            ("*/*", JSON),
            ("application/*", JSON),
            ("application/graphql-response+json, application/json;q=0.9", RESPONSE),
            ("application/graphql-response+json;charset=utf-8, application/json;charset=utf-8", RESPONSE),
            ("application/json;q=0.9, application/graphql-response+json;q=0.1", JSON),
            ("text/html, application/json;q=0.5", JSON),
        ] {
            for document in ["{ __typename }", "{", "{ nothing }"] {
                let reply = client.header("accept", accept).query(document).await;
                assert_eq!(reply.header("content-type"), format!("{media}; charset=utf-8"), "{accept} {document}");
            }
        }
        assert_eq!(client.query("{ __typename }").await.header("content-type"), format!("{JSON}; charset=utf-8"), "no Accept");
        for accept in ["text/html", "application/xml", "image/*", "application/json;q=0", "application/json;charset=utf-16"] {
            let reply = client.header("accept", accept).query("{ __typename }").await;
            assert_eq!((reply.status, codes(&reply)), (StatusCode::NOT_ACCEPTABLE, vec!["NOT_ACCEPTABLE"]), "{accept}");
        }
    }

    async fn the_status_tells_of_the_request_and_follows_the_media_type(world: &World) {
        let client = analyst(world).await;
        let variable = "query Q($n: Int!) { projects(first: $n) { totalCount } }";
        for (what, body, code, strict) in [
            ("parse error", json!({ "query": "{ projects {" }), Some("GRAPHQL_PARSE_FAILED"), 400),
            ("validation error", json!({ "query": "{ nothing }" }), Some("GRAPHQL_VALIDATION_FAILED"), 400),
            ("argument of the wrong type", json!({ "query": "{ projects(first: \"x\") { totalCount } }" }), Some("GRAPHQL_VALIDATION_FAILED"), 400),
            ("variable missing", json!({ "query": variable }), Some("BAD_VARIABLES"), 400),
            ("variable null", json!({ "query": variable, "variables": { "n": null } }), Some("BAD_VARIABLES"), 400),
            ("variable of the wrong type", json!({ "query": variable, "variables": { "n": "x" } }), Some("BAD_VARIABLES"), 400),
            ("operation unknown", json!({ "query": "query A { __typename } query B { __typename }", "operationName": "C" }), Some("OPERATION_UNRESOLVED"), 400),
            ("operation not named", json!({ "query": "query A { __typename } query B { __typename }" }), Some("OPERATION_UNRESOLVED"), 400),
            ("two without a name", json!({ "query": "{ __typename } { __typename }" }), Some("GRAPHQL_VALIDATION_FAILED"), 400),
            ("fragment twice", json!({ "query": "{ ...A } fragment A on Query { __typename } fragment A on Query { __typename }" }), Some("GRAPHQL_VALIDATION_FAILED"), 400),
            ("no operation", json!({ "query": "fragment A on Query { __typename }" }), Some("OPERATION_UNRESOLVED"), 400),
            ("single operation, other name", json!({ "query": "query A { __typename }", "operationName": "B" }), Some("OPERATION_UNRESOLVED"), 400),
            ("filter that leaks", json!({ "query": "{ projects(filter: {budget: {gte: \"1\", currency: \"EUR\"}}) { totalCount } }" }), Some("FILTER_FORBIDDEN"), 400),
            ("page too large", json!({ "query": "{ projects(first: 1001) { totalCount } }" }), Some("PAGE_SIZE_TOO_LARGE"), 200),
            ("no such id", json!({ "query": "{ node(id: \"nothing\") { id } }" }), Some("INVALID_ID"), 200),
            ("no such row", json!({ "query": "{ project(by: {key: \"none\"}) { id } }" }), Some("NOT_FOUND"), 200),
            ("one of two fails", json!({ "query": "{ __typename project(by: {key: \"none\"}) { id } }" }), Some("NOT_FOUND"), 200),
            ("data", json!({ "query": "{ __typename }" }), None, 200),
            ("a word in a comment is no name", json!({ "query": "# query A\n{ __typename }" }), None, 200),
            ("named", json!({ "query": "query A { __typename }", "operationName": "A" }), None, 200),
            ("one of several", json!({ "query": "query A { __typename } query B { a: __typename }", "operationName": "B" }), None, 200),
        ] {
            for media in EITHER {
                let reply = client.header("accept", media).post(&body).await;
                let status = if media == JSON { 200 } else { strict };
                assert_eq!((reply.status.as_u16(), codes(&reply)), (status, code.into_iter().collect()), "{what} as {media}: {}", reply.text());
                assert_eq!(reply.json().get("data").is_some(), strict == 200, "{what}: data is there when something was executed");
            }
        }
    }

    async fn what_http_refuses_has_one_status_whatever_the_media_type(world: &World) {
        let client = analyst(world).await;
        let long = format!("/graphql?query=%7B__typename%7D&x={}", "x".repeat(8_192));
        for media in EITHER {
            let client = client.header("accept", media);
            let large = json!({ "query": "{ __typename }", "variables": { "x": "y".repeat(262_144) } }).to_string();
            for (what, reply, status, code) in [
                ("batch", client.post(&json!([{ "query": "{ __typename }" }])).await, 400, "BATCHING_DISABLED"),
                ("empty batch", client.post(&json!([])).await, 400, "BATCHING_DISABLED"),
                ("no JSON", client.post_raw("/graphql", JSON, "{").await, 400, "BAD_REQUEST"),
                ("empty", client.post_raw("/graphql", JSON, "").await, 400, "BAD_REQUEST"),
                ("not UTF-8", client.post_raw("/graphql", JSON, vec![b'{', b'"', 0xff, b'"', b'}']).await, 400, "BAD_REQUEST"),
                ("large", client.post_raw("/graphql", JSON, large).await, 413, "PAYLOAD_TOO_LARGE"),
                ("long address", client.get(&long).await, 414, "URI_TOO_LONG"),
                ("plain text", client.post_raw("/graphql", "text/plain", "{}").await, 415, "UNSUPPORTED_MEDIA_TYPE"),
                ("graphql", client.post_raw("/graphql", "application/graphql", "{ __typename }").await, 415, "UNSUPPORTED_MEDIA_TYPE"),
                ("form", client.post_raw("/graphql", "application/x-www-form-urlencoded", "query={__typename}").await, 415, "UNSUPPORTED_MEDIA_TYPE"),
                ("multipart", client.post_raw("/graphql", "multipart/form-data; boundary=x", "--x--").await, 415, "UNSUPPORTED_MEDIA_TYPE"),
                ("UTF-16", client.post_raw("/graphql", "application/json; charset=utf-16", "{}").await, 415, "UNSUPPORTED_MEDIA_TYPE"),
                ("compressed", client.header("content-encoding", "gzip").post_raw("/graphql", JSON, "{}").await, 415, "UNSUPPORTED_MEDIA_TYPE"),
                ("nothing there", client.get("/nothing").await, 404, "NOT_FOUND"),
            ] {
                assert_eq!((reply.status.as_u16(), codes(&reply)), (status, vec![code]), "{what} as {media}: {}", reply.text());
                assert_eq!(reply.header("content-type"), format!("{media}; charset=utf-8"), "{what}");
                assert_eq!(reply.json().as_object().map(|body| body.keys().cloned().collect()), Some(vec!["errors".to_owned()]), "{what}");
            }
        }
        for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
            assert_eq!(client.post_raw("/graphql", kind, r#"{"query":"{ __typename }"}"#).await.data(), json!({ "__typename": "Query" }), "{kind}");
        }
        let request = Request::post("/graphql").body(Body::from("{}")).expect("a request");
        assert_eq!(client.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "no media type at all");
    }

    async fn the_body_limit_counts_what_arrives(world: &World) {
        let client = analyst(world).await;
        let padded = |length: usize| {
            let start = r#"{"query":"{ __typename }"}"#;
            format!("{start}{}", " ".repeat(length - start.len()))
        };
        assert_eq!(client.post_raw("/graphql", JSON, padded(262_144)).await.status, StatusCode::OK);
        assert_eq!(client.post_raw("/graphql", JSON, padded(262_145)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        // Who writes may send lists of a thousand rows.
        let writer = world.reader().await;
        assert_eq!(writer.post_raw("/graphql", JSON, padded(5_242_880)).await.status, StatusCode::OK);
        assert_eq!(writer.post_raw("/graphql", JSON, padded(5_242_881)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        // A stream announces no length; a false announcement changes nothing.
        let chunks = futures_util::stream::iter((0..300).map(|_| Ok::<_, std::io::Error>(" ".repeat(1_024))));
        let request = Request::post("/graphql").header("content-type", JSON).body(Body::from_stream(chunks)).expect("a request");
        assert_eq!(client.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(client.header("content-length", "999999999").post_raw("/graphql", JSON, "{}").await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn other_methods_are_refused_with_those_allowed(world: &World) {
        let client = analyst(world).await;
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let request = Request::builder().method(&method).uri("/graphql").body(Body::from("{}")).expect("a request");
            let reply = client.send(request).await;
            assert_eq!((reply.status, codes(&reply)), (StatusCode::METHOD_NOT_ALLOWED, vec!["METHOD_NOT_ALLOWED"]), "{method}");
            let mut allowed: Vec<&str> = reply.header("allow").split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed, ["GET", "HEAD", "POST"], "{method}");
        }
        let reply = client.post_raw("/schema.graphql", JSON, "{}").await;
        assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    }

    async fn get_answers_queries_and_nothing_else(world: &World) {
        let client = analyst(world).await;
        assert_eq!(client.get("/graphql?query=%7B__typename%7D").await.data(), json!({ "__typename": "Query" }));
        let query = "query+A%28%24n%3AInt%29%7Bprojects%28first%3A%24n%29%7Bnodes%7Bkey%7D%7D%7D+query+B%7Ba%3A__typename%7D";
        let reply = client.get(&format!("/graphql?query={query}&operationName=A&variables=%7B%22n%22%3A1%7D&extensions=%7B%7D")).await;
        assert!(reply.data()["projects"]["nodes"].is_array());
        assert_eq!(client.get(&format!("/graphql?query={query}&operationName=B&variables=")).await.data(), json!({ "a": "Query" }));
        for media in EITHER {
            let client = client.header("accept", media);
            for operation in ["mutation%7B__typename%7D", "mutation+M%7B__typename%7D", "subscription%7B__typename%7D"] {
                let reply = client.get(&format!("/graphql?query={operation}")).await;
                assert_eq!((reply.status, codes(&reply)), (StatusCode::METHOD_NOT_ALLOWED, vec!["METHOD_NOT_ALLOWED"]), "{operation}");
                assert_eq!(reply.header("allow"), "POST");
            }
            for bad in ["", "?query=", "?query=%7Ba%7D&query=%7Bb%7D", "?query=%7Ba%7D&variables=x", "?query=%7Ba%7D&variables=%5B%5D", "?query=%7Ba%7D&extensions=1"] {
                let reply = client.get(&format!("/graphql{bad}")).await;
                assert_eq!((reply.status, codes(&reply)), (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST"]), "{bad}");
            }
        }
    }

    async fn members_of_the_wrong_type_are_named(world: &World) {
        let client = analyst(world).await;
        for (body, named) in [
            (json!({}), "query"),
            (json!({ "query": null }), "query"),
            (json!({ "query": "" }), "query"),
            (json!({ "query": {} }), "query"),
            (json!({ "query": ["{ __typename }"] }), "query"),
            (json!({ "query": "{ __typename }", "operationName": 7 }), "operationName"),
            (json!({ "query": "{ __typename }", "operationName": {} }), "operationName"),
            (json!({ "query": "{ __typename }", "variables": "{}" }), "variables"),
            (json!({ "query": "{ __typename }", "variables": [] }), "variables"),
            (json!({ "query": "{ __typename }", "extensions": 0 }), "extensions"),
        ] {
            for media in EITHER {
                let reply = client.header("accept", media).post(&body).await;
                assert_eq!((reply.status, codes(&reply)), (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST"]), "{body}");
                assert!(reply.at("/errors/0/message").to_string().contains(&format!("'{named}'")), "{body}: {}", reply.text());
            }
        }
        for body in [json!({ "query": "{ __typename }", "operationName": null, "variables": null, "extensions": null }),
            json!({ "query": "{ __typename }", "variables": {}, "extensions": { "a": 1 }, "unknown": [] })] {
            assert_eq!(client.post(&body).await.data(), json!({ "__typename": "Query" }), "{body}");
        }
    }

    async fn errors_are_one_line_without_the_documents_text(world: &World) {
        let client = analyst(world).await;
        for document in ["{ projects(first: secretword { }", "{ secretword( }", "\"\"\"secretword", "{ projects { nodes { nam } } }", "{ a b c d e f g h i j }",
            "query ($secretword: Int) { __typename }"] {
            let reply = client.query(document).await;
            let body = reply.json();
            let errors = body["errors"].as_array().expect("errors");
            assert!((1..=5).contains(&errors.len()), "{document}: {} errors", errors.len());
            for error in errors {
                let line = error["message"].as_str().expect("a message");
                assert!(!line.contains('\n') && !line.contains(" --> ") && !line.contains("Did you mean"), "{document}: {line}");
                assert!(error["locations"][0]["line"].is_u64(), "{document}: {error}");
            }
        }
    }

    async fn each_answer_has_the_id_of_its_request(world: &World) {
        let client = analyst(world).await;
        for id in ["a", "trace-7.a_B", &"x".repeat(64)] {
            for document in ["{ __typename }", "{", "{ project(by: {key: \"none\"}) { id } }"] {
                let reply = client.header("x-request-id", id).query(document).await;
                assert_eq!(reply.header("x-request-id"), id);
                for error in reply.json()["errors"].as_array().into_iter().flatten() {
                    assert_eq!(error["extensions"]["requestId"], id, "{document}");
                }
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for given in ["", "a b", "a\"b", "a;b", &"x".repeat(65)] {
            let reply = client.header("x-request-id", given).query("{").await;
            let made = reply.header("x-request-id").to_owned();
            assert_eq!(reply.at("/errors/0/extensions/requestId"), json!(made));
            assert!(made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{made}");
            assert!(seen.insert(made), "an id twice");
        }
        for path in ["/healthz", "/", "/nothing"] {
            assert_eq!(client.get(path).await.header("x-request-id").len(), 32, "{path}");
        }
    }

    async fn the_access_mode_decides_what_a_denied_field_gives(world: &World) {
        let client = analyst(world).await;
        let query = "{ projects(first: 3) { nodes { key } aggregate { sum { budget { amount } } } } roleAssignments { totalCount } }";
        for mode in [None, Some("MASK"), Some("mask")] {
            let asked = mode.map_or_else(|| client.clone(), |mode| client.header("x-access-mode", mode));
            let reply = asked.query(query).await;
            assert_eq!((reply.status, codes(&reply).len()), (StatusCode::OK, 0), "{mode:?}: {}", reply.text());
            assert_eq!(reply.header("x-access-masked"), "2", "{mode:?}: {}", reply.text());
            let access = reply.at("/extensions/access");
            assert_eq!(access.as_array().map(Vec::len), Some(2), "{access}");
            for entry in access.as_array().into_iter().flatten() {
                assert!(["path", "coordinate", "needs", "reason"].iter().all(|member| entry.get(member).is_some()), "{entry}");
            }
            assert_eq!(reply.at("/data/roleAssignments"), Value::Null);
        }
        for mode in ["ERROR", "Error"] {
            let reply = client.header("x-access-mode", mode).query(query).await;
            assert_eq!((reply.status, codes(&reply)), (StatusCode::OK, vec!["FIELD_FORBIDDEN"; 2]), "{mode}");
            assert_eq!(reply.json().get("extensions"), None);
            assert_eq!(reply.at("/data/roleAssignments"), Value::Null);
        }
        for mode in ["", "NONE", "MASK,ERROR", "all"] {
            let reply = client.header("x-access-mode", mode).query(query).await;
            assert_eq!((reply.status, codes(&reply)), (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST"]), "{mode}");
        }
        assert_eq!(client.query("{ __typename }").await.header("x-access-masked"), "0");
    }

    async fn nothing_is_kept_by_caches(world: &World) {
        let client = analyst(world).await;
        for reply in [client.query("{ __typename }").await, client.query("{").await, client.get("/schema.graphql").await, client.get("/nothing").await,
            world.client().await.query("{ __typename }").await] {
            assert_eq!(reply.header("cache-control"), "private, no-store");
            let vary = reply.headers.get_all("vary").iter().map(|value| value.to_str().expect("text").to_lowercase()).collect::<Vec<_>>().join(",");
            assert!(vary.contains("authorization") && vary.contains("accept"), "{vary}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert_eq!(reply.header("set-cookie"), "");
        }
    }

    async fn long_answers_are_compressed_when_asked(world: &World) {
        let client = analyst(world).await;
        let plain = client.get("/schema.graphql").await;
        let packed = client.header("accept-encoding", "gzip").get("/schema.graphql").await;
        assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
        assert!(packed.bytes.starts_with(&[0x1f, 0x8b]) && packed.bytes.len() * 4 < plain.bytes.len(), "{} of {}", packed.bytes.len(), plain.bytes.len());
        assert!(packed.headers.get_all("vary").iter().any(|value| value.to_str().is_ok_and(|text| text.to_lowercase().contains("accept-encoding"))));
        let short = client.header("accept-encoding", "gzip").query("{ __typename }").await;
        assert_eq!(short.header("content-encoding"), "", "compression would make it longer");
    }

    async fn other_origins_are_told_nothing_unless_configured(world: &World) {
        let client = analyst(world).await.header("origin", "https://portal.example.com");
        let preflight = || Request::options("/graphql").header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type").body(Body::empty()).expect("a request");
        for reply in [client.query("{ __typename }").await, client.send(preflight()).await] {
            assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{:?}", reply.headers);
        }
        let config = Config { cors_origins: vec!["https://portal.example.com".into()], ..product::settings(world.url().await) };
        let allowed = with(world, config).await;
        let reply = allowed.header("origin", "https://portal.example.com").send(preflight()).await;
        assert_eq!(reply.header("access-control-allow-origin"), "https://portal.example.com");
        assert_eq!(reply.header("access-control-allow-credentials"), "", "cookies are no credential");
        let reply = allowed.header("origin", "https://other.example.com").send(preflight()).await;
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }

    async fn health_is_open_and_says_nothing(world: &World) {
        let client = world.client().await;
        for path in ["/healthz", "/readyz"] {
            let reply = client.get(path).await;
            assert_eq!((reply.status, reply.text()), (StatusCode::OK, "ok\n"), "{path}");
        }
    }

    async fn without_its_database_the_server_lives_and_is_not_ready(world: &World) {
        let url = world.empty_url().await;
        let config = Config { migrate: Toggle::On, ..product::settings(&url) };
        let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
        let client = Client::new(app.router()).bearer(&product::token(&*world.clock, "somebody", &[Role::PmoLead]));
        assert_eq!(client.get("/readyz").await.status, StatusCode::OK);
        lose(world.kind, &app, &url).await;

        let reply = client.get("/readyz").await;
        assert_eq!((reply.status, codes(&reply)), (StatusCode::SERVICE_UNAVAILABLE, vec!["UNAVAILABLE"]), "{}", reply.text());
        assert_eq!(reply.at("/errors/0/extensions/retryable"), json!(true));
        assert_eq!(client.get("/healthz").await.status, StatusCode::OK);
        for media in EITHER {
            let reply = client.header("accept", media).query("{ projects { totalCount } }").await;
            assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text());
            assert_eq!(codes(&reply), ["UNAVAILABLE"]);
            for word in ["sql", "SELECT", "select", "portfolio_item", "test_", "5432", "connection"] {
                assert!(!reply.text().contains(word), "{word} in {}", reply.text());
            }
        }
    }

    async fn the_schema_is_served_as_text(world: &World) {
        let reply = analyst(world).await.get("/schema.graphql").await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "text/plain; charset=utf-8"));
        assert_eq!(reply.text(), foliograph::graph::sdl(foliograph::app::model()));
    }

    async fn the_explorer_needs_nothing_from_elsewhere(world: &World) {
        let client = world.client().await;
        let page = client.get("/").await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        for foreign in ["http:", "https:", "src=\"//", "href=\"//"] {
            assert!(!page.text().contains(foreign), "{foreign}");
        }
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("http"), "{policy}");
        let assets: Vec<&str> = page.text().split('"').filter(|text| text.starts_with('/')).collect();
        assert!(assets.len() >= 6, "{assets:?}");
        for asset in assets {
            let reply = client.get(asset).await;
            assert!(reply.status == StatusCode::OK && !reply.bytes.is_empty(), "{asset}");
            assert!(!reply.text().contains("sourceMappingURL"), "{asset}");
            for loaded in ["import(\"http", "@import", "url(http", "src=\"http", "importScripts(\"http"] {
                assert!(!reply.text().contains(loaded), "{loaded} in {asset}");
            }
        }
        let off = with(world, Config { explorer: Some(Toggle::Off), ..product::settings(world.url().await) }).await;
        assert_eq!(off.get("/").await.status, StatusCode::NOT_FOUND);
        assert_eq!(off.get("/explorer/explorer.js").await.status, StatusCode::NOT_FOUND);
    }

    async fn the_explorers_first_query_gives_data(world: &World) {
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let query = client.get("/explorer/first.graphql").await;
        let data = client.query(query.text()).await.data();
        assert!(data["projects"]["nodes"].as_array().is_some_and(|nodes| nodes.len() > 5), "{data}");
    }

    async fn tools_can_introspect(world: &World) {
        let client = world.client_as("stranger", &[]).await;
        let query = include_str!("support/introspection.graphql");
        for accept in EITHER {
            let reply = client.header("accept", accept).post(&json!({ "query": query, "operationName": "IntrospectionQuery" })).await;
            let schema = reply.data()["__schema"].clone();
            assert_eq!(schema["queryType"]["name"], "Query");
            let types = schema["types"].as_array().expect("types");
            let sdl = foliograph::graph::sdl(foliograph::app::model());
            for found in types.iter().filter(|found| found["kind"] == "OBJECT" && !found["name"].as_str().is_some_and(|name| name.starts_with("__"))) {
                let name = found["name"].as_str().expect("a name");
                assert!(sdl.contains(&format!("type {name} ")), "{name}");
                assert!(found["fields"].as_array().is_some_and(|fields| fields.iter().all(|field| field["description"].is_string())), "{name}");
            }
            assert!(types.iter().any(|found| found["name"] == "ProjectRef" && found["isOneOf"] == true), "isOneOf");
            assert!(types.iter().any(|found| found["name"] == "Decimal" && found["specifiedByURL"].is_string()), "specifiedByURL");
            let directives: Vec<&Value> = schema["directives"].as_array().expect("directives").iter().map(|one| &one["name"]).collect();
            assert!(["skip", "include", "deprecated", "oneOf", "specifiedBy"].iter().all(|name| directives.contains(&&json!(name))), "{directives:?}");
        }
    }
}

/// A caller who reads little: portfolios assigned to her, and no money.
async fn analyst(world: &World) -> Client {
    world.client_as("somebody", &[Role::Analyst]).await
}

/// A client of the product with these settings, as the head of the project management office.
async fn with(world: &World, config: Config) -> Client {
    let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
    Client::new(app.router()).bearer(&product::token(&*world.clock, "somebody", &[Role::PmoLead]))
}

fn codes(reply: &Reply) -> Vec<&'static str> {
    reply.error_codes().into_iter().map(|code| &*code.leak()).collect()
}

/// Takes the database away from a server that is connected to it. A SQLite file that is removed stays whole for whoever has
/// it open, so there its connections are closed instead.
async fn lose(kind: Kind, app: &App, url: &str) {
    match kind {
        Kind::Sqlite => app.database.orm.clone().close().await.expect("closed"),
        Kind::Postgres => {
            let (server, name) = url.rsplit_once('/').expect("an address");
            let (name, options) =
                name.split_once('?').map_or((name, String::new()), |(name, rest)| (name, format!("?{rest}")));
            let admin = sqlx::PgPool::connect(&format!("{server}/postgres{options}")).await.expect("the server");
            for statement in [
                format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
                format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
            ] {
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&admin).await.expect("done");
            }
            admin.close().await;
        }
    }
}

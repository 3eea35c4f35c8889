//! What is refused, and how: before the first byte, with a code, and never with 200.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use foliograph::{
    auth::{Class, Role},
    graph::decl::Kind,
};
use serde_json::json;

use super::{datasets, escaped, lines};
use crate::{
    permissions::{
        cast::CAST,
        expected::{Rows, class_of_type},
    },
    support::client::Client,
};

tests! {
    async fn nobody_exports_without_a_good_token(world: &World) {
        let open = world.client().await;
        for client in [open.clone(), open.bearer("nonsense"), open.header("authorization", "Basic YTpi")] {
            // Each from an address of its own: failed logins are counted.
            for (number, (dataset, _)) in datasets().enumerate() {
                let reply = client.at(([10, 0, 0, u8::try_from(number).expect("few")], 4_000).into()).get(&format!("/export/v1/{dataset}.csv")).await;
                assert_eq!((reply.status, reply.error_codes()), (StatusCode::UNAUTHORIZED, vec!["UNAUTHENTICATED".to_owned()]), "{dataset}");
                assert!(reply.header("www-authenticate").starts_with("Bearer"), "{:?}", reply.headers);
            }
        }
    }

    async fn what_is_not_there_is_not_found(world: &World) {
        let client = world.reader().await;
        for file in ["project.csv", "Projects.csv", "projects", "projects.xlsx", "projects.CSV", ".csv", "personIdentities.csv", "viewer.jsonl", "projects.csv.csv", "a%22b.csv", "%ff.csv"] {
            refused(&client, &format!("/export/v1/{file}"), 404, "NOT_FOUND", "").await;
        }
    }

    async fn a_denied_column_is_forbidden_by_name(world: &World) {
        let rows = Rows::complete(world).await;
        let mut asked = 0;
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            for (dataset, entity) in datasets() {
                if eyes.read(entity.class).is_empty() {
                    let needs = entity.class.read().to_string();
                    refused(&client, &format!("/export/v1/{dataset}.jsonl?columns=id"), 403, "FORBIDDEN", &needs).await;
                    continue;
                }
                let mut readable = vec![];
                for field in &entity.fields {
                    let (class, ending) = match &field.kind {
                        Kind::One { to, .. } => (class_of_type(to), "Id"),
                        Kind::Money { .. } => (entity.class_of(field), "Currency"),
                        Kind::Id | Kind::Scalar { .. } | Kind::Enum { .. } | Kind::Enums { .. } | Kind::Texts { .. } => (entity.class_of(field), ""),
                        Kind::Union { .. } | Kind::Many { .. } | Kind::ViewerAccess | Kind::Trail { .. } | Kind::Answer(_) => continue,
                    };
                    let column = format!("{}{ending}", field.name);
                    if eyes.read(class).is_empty() {
                        asked += 1;
                        let says = format!("`{column}` needs {}", class.read());
                        refused(&client, &format!("/export/v1/{dataset}.csv?columns=id,{column}"), 403, "FORBIDDEN", &says).await;
                    } else {
                        readable.push(column);
                    }
                }
                let address = format!("/export/v1/{dataset}.csv?columns={}", readable.join(","));
                assert_eq!(client.get(&address).await.status, StatusCode::OK, "{address} for {who:?}");
            }
        }
        assert!(asked > 5, "{asked}");
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        refused(&analyst, "/export/v1/projects.csv?columns=budgetAmount", 403, "FORBIDDEN", &Class::Fin.read().to_string()).await;
    }

    async fn a_wrong_address_is_refused_by_name(world: &World) {
        let client = world.reader().await;
        for (query, named) in [
            ("columns=key,secretColumn", "`secretColumn`"),
            ("columns=budget", "`budget`"),
            ("columns=viewerAccess", "`viewerAccess`"),
            ("columns=maskedColumns", "`maskedColumns`"),
            ("columns=key,", "``"),
            ("columns=key,name,key", "`key`"),
            ("column=key", "`column`"),
            ("limit=5", "`limit`"),
            ("columns=key&limit=5", "`limit`"),
            ("=5", "``"),
            ("a%0Ab=5", r"`a\nb`"),
            ("columns=key&columns=name", "`columns`"),
            ("filter=&filter=%7B%7D", "`filter`"),
            ("changedSince=&changedSince=", "`changedSince`"),
            ("filter=%7Bstate%7D", "`filter`"),
            ("changedSince=yesterday", "`changedSince`"),
            ("changedSince=2026-05-01", "`changedSince`"),
            ("changedSince=1777629600", "`changedSince`"),
            ("changedSince=2026-05-01T12:00:00+02:00", "%2B"),
        ] {
            refused(&client, &format!("/export/v1/projects.csv?{query}"), 400, "BAD_REQUEST", named).await;
        }
        for query in ["columns=", "filter=&changedSince=", ""] {
            assert_eq!(client.get(&format!("/export/v1/projects.csv?{query}")).await.status, StatusCode::OK, "{query}");
        }
    }

    async fn a_wrong_filter_is_refused_as_in_graphql(world: &World) {
        let reader = world.reader().await;
        let nested = (0..9).fold(json!({}), |inner, _| json!({ "not": inner }));
        let many = json!({ "or": (0..60).map(|n| json!({ "priority": { "eq": n } })).collect::<Vec<_>>() });
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        for (client, filter, code) in [
            (&reader, json!({ "secret": { "eq": 1 } }), "BAD_VARIABLES"),
            (&reader, json!({ "name": { "eq": 1 } }), "BAD_VARIABLES"),
            (&reader, json!({ "state": { "eq": "NONE_SUCH" } }), "BAD_VARIABLES"),
            (&reader, json!([1]), "BAD_VARIABLES"),
            (&reader, json!("x"), "BAD_VARIABLES"),
            (&reader, json!({ "name": { "eq": null } }), "GRAPHQL_VALIDATION_FAILED"),
            (&reader, json!({ "name": null }), "GRAPHQL_VALIDATION_FAILED"),
            (&reader, nested, "GRAPHQL_VALIDATION_FAILED"),
            (&reader, many, "GRAPHQL_VALIDATION_FAILED"),
            (&reader, json!({ "id": { "eq": "per_06f00000000000000000000000" } }), "INVALID_ID"),
            (&reader, json!({ "budget": { "gt": "1" } }), "CURRENCY_REQUIRED"),
            (&analyst, json!({ "budget": { "gt": "1", "currency": "EUR" } }), "FILTER_FORBIDDEN"),
            (&analyst, json!({ "not": { "budget": { "isNull": true } } }), "FILTER_FORBIDDEN"),
            (&analyst, json!({ "owner": { "roleAssignments": { "some": {} } } }), "FILTER_FORBIDDEN"),
        ] {
            let given = escaped(&filter.to_string());
            refused(client, &format!("/export/v1/projects.csv?filter={given}"), 400, code, "").await;
            if filter.is_object() {
                let document = "query($f: ProjectFilter) { projects(filter: $f) { totalCount } }";
                let reply = client.query_with(document, json!({ "f": filter })).await;
                assert_eq!(reply.error_codes(), [code], "{filter}");
            }
        }
        refused(&reader, "/export/v1/projects.csv?filter=null", 400, "BAD_VARIABLES", "filter").await;
    }

    async fn get_and_head_are_all_there_is(world: &World) {
        let client = world.reader().await;
        let send = async |method: Method, path: &str| client.send(Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")).await;
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let reply = send(method.clone(), "/export/v1/projects.csv").await;
            assert_eq!((reply.status, reply.error_codes()), (StatusCode::METHOD_NOT_ALLOWED, vec!["METHOD_NOT_ALLOWED".to_owned()]), "{method}");
            assert_eq!(reply.header("allow"), "GET,HEAD", "{method}");
        }
        for file in ["projects.csv", "people.jsonl"] {
            let (head, get) = (send(Method::HEAD, &format!("/export/v1/{file}")).await, client.get(&format!("/export/v1/{file}")).await);
            assert!(head.bytes.is_empty() && !get.bytes.is_empty());
            for name in ["content-type", "content-disposition", "cache-control", "x-content-type-options"] {
                assert_eq!(head.header(name), get.header(name), "{file} {name}");
            }
            assert_eq!((head.header("content-length"), get.header("content-length")), ("", ""), "{file}");
            assert_eq!(get.header("content-disposition"), format!("attachment; filename=\"{file}\""));
            assert_eq!(get.header("cache-control"), "private, no-store");
        }
        assert_eq!(send(Method::HEAD, "/export/v1/projects.csv?limit=1").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(send(Method::HEAD, "/export/v1/nothing.csv").await.status, StatusCode::NOT_FOUND);
        assert!(!lines(&client.get("/export/v1/people.jsonl").await).is_empty());
    }
}

/// Expects a refusal, whatever the client says that it accepts.
async fn refused(client: &Client, address: &str, status: u16, code: &str, says: &str) {
    for accept in ["application/json", "text/csv", "*/*", "application/graphql-response+json"] {
        let reply = client.header("accept", accept).get(address).await;
        let context = format!("{address} for {accept}: {}", reply.text());
        assert_eq!((reply.status.as_u16(), reply.error_codes()), (status, vec![code.to_owned()]), "{context}");
        let line = reply.at("/errors/0/message");
        let line = line.as_str().expect("a line");
        assert!(line.contains(says) && !line.contains('\n'), "{context}");
        assert_eq!(reply.header("content-disposition"), "", "{context}");
        reply.tells_no_secrets();
    }
}

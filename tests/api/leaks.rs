//! What errors tell: a code and one line, never how rows are kept, what the program is made of, or what else there is. What
//! a caller may not see and what is not there are answered alike, to the byte.

use foliograph::{auth::Role, graph::encode_id};
use sea_orm::Iterable as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    client::Reply,
    writes::{self, begin},
};

/// Words of databases, parsers and programs, as they come through where errors are passed on. In any case of letters.
const TELLTALE: [&str; 34] = [
    "did you mean",
    "perhaps",
    "suggest",
    "select ",
    "insert into",
    "update ",
    "delete from",
    " where ",
    "constraint",
    "foreign key",
    "unique index",
    "sqlite",
    "postgres",
    "sqlx",
    "sea_orm",
    "sea-orm",
    "sqlstate",
    "relation \"",
    "column \"",
    "syntax error",
    "async_graphql",
    "async-graphql",
    "pest",
    "serde",
    "panicked",
    "backtrace",
    ".rs:",
    "::",
    "/src/",
    ".cargo/",
    "registry/",
    "--> ",
    "expected one of",
    " | ",
];

tests! {
    async fn errors_tell_their_code_and_one_line(world: &World) {
        let (db, lead) = begin(world).await;
        let id = writes::item_id(&db, "PR-001").await;
        let analyst = world.client_as("somebody", &[Role::Auditor]).await.header("x-access-mode", "ERROR");
        let nobody = world.client().await;
        let mut seen = vec![];
        for document in [
            // Near something that there is.
            "{ project }", "{ projcts { totalCount } }", "{ projects { nodes { nme } } }", "{ projects(frst: 1) { totalCount } }", "{ projects(filter: {nme: {eq: \"a\"}}) { totalCount } }",
            "{ projects(orderBy: [{nam: {direction: ASC}}]) { totalCount } }", "{ projects { nodes { ... on Projct { id } } } }", "query Q($a: Strng) { serverInfo { name } }",
            "{ serverInfo { name @skp(if: true) } }", "{ projects(filter: {state: {eq: ACTIV}}) { totalCount } }", "{ ...F }", "fragment F on Projct { id } { ...F }",
            // Wrongly written, or of a wrong kind.
            "{", "{ projects(first: }", "{ projects(first: \"x\") { totalCount } }", "{ projects(first: 99999999999) { totalCount } }", "{ serverInfo }", "{ serverInfo { name { a } } }",
            "query A { __typename } query B { __typename }", "query A { __typename } query A { __typename }", "{ __typename } { __typename }", "\"\"\"a", "query Q($a: Int! = null) { __typename }",
            "{ project(by: {}) { id } }", "{ project(by: {id: null}) { id } }", "{ project(by: {id: \"a\", key: \"b\"}) { id } }",
            // Of what is not there, or not ours.
            "{ node(id: \"a\") { id } }", "{ node(id: \"prj_00000000000000000000000000\") { id } }", "{ project(by: {key: \"PR-999\"}) { id } }", "{ projects(after: \"x\") { totalCount nodes { id } } }",
            "{ projects(first: 100000) { totalCount } }", "{ projects(first: 1, last: 1) { nodes { id } } }", "{ changes(since: \"x\") { __typename } }", "subscription { changes { __typename } }",
        ] {
            for client in [&lead, &analyst] {
                let reply = client.query(document).await;
                tells_nothing(document, &reply);
                seen.extend(reply.error_codes());
            }
        }
        for (document, variables) in [
            ("query Q($n: Int!) { projects(first: $n) { totalCount } }", json!({})),
            ("query Q($n: Int!) { projects(first: $n) { totalCount } }", json!({ "n": "secret-value" })),
            ("query Q($f: ProjectFilter) { projects(filter: $f) { totalCount } }", json!({ "f": { "nme": { "eq": "secret-value" } } })),
            ("query Q($b: ProjectRef!) { project(by: $b) { id } }", json!({ "b": { "id": "secret-value", "key": "b" } })),
            ("query Q($b: ProjectRef!) { project(by: $b) { id } }", json!({ "b": { "id": null } })),
        ] {
            let reply = lead.query_with(document, variables).await;
            tells_nothing(document, &reply);
            assert!(!reply.text().contains("secret-value"), "{}", reply.text());
            seen.extend(reply.error_codes());
        }
        // What the database would refuse is refused before, or in words of ours.
        for (mutation, input) in [
            ("projectCreate", json!({ "key": "PR-001", "name": "Again", "baseCurrency": "EUR" })),
            ("projectCreate", json!({ "key": "N-1", "name": "x".repeat(5_000), "baseCurrency": "EUR" })),
            ("projectCreate", json!({ "key": "N-1", "name": "New", "baseCurrency": "EURO" })),
            ("projectCreate", json!({ "key": "N-1", "name": "New", "baseCurrency": "EUR", "parentKey": "NOWHERE" })),
            ("projectUpdate", json!({ "id": id, "ifVersion": "99", "patch": { "name": "New" } })),
            ("projectUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "plannedStartOn": "2026-04-02", "plannedFinishOn": "2026-04-01" } })),
            ("projectUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "parentId": id } })),
            ("projectUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "name": null } })),
            ("personCreate", json!({ "key": "anna.keller", "displayName": "Again" })),
            ("projectStateAdvance", json!({ "id": id, "ifVersion": "*", "to": "PROPOSED" })),
        ] {
            let reply = writes::ask(&lead, mutation, input.clone()).await;
            tells_nothing(mutation, &reply);
            let payload = &reply.json()["data"][mutation];
            assert!(!reply.error_codes().is_empty() || payload["userErrors"].as_array().is_some_and(|errors| !errors.is_empty()), "{mutation} {input}: {}", reply.text());
        }
        for reply in [
            nobody.query("{ serverInfo { name } }").await,
            nobody.bearer("a.b.c").query("{ serverInfo { name } }").await,
            nobody.bearer("fgk_00000000000000000000000000_AAAA").query("{ serverInfo { name } }").await,
            lead.post_raw("/graphql", "application/json", "{\"query\": secret").await,
            lead.post_raw("/graphql", "text/plain", "{ a }").await,
            lead.post_raw("/graphql", "application/json", "[]").await,
            lead.get("/nowhere").await,
            lead.get("/graphql?query=%7B").await,
            lead.get("/export/v1/nothing.csv").await,
            lead.get("/export/v1/projects.csv?filter=%7B").await,
            lead.get("/export/v1/projects.csv?columns=nme").await,
        ] {
            tells_nothing("HTTP", &reply);
            seen.extend(reply.error_codes());
        }
        for code in ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_VARIABLES", "OPERATION_UNRESOLVED", "BAD_REQUEST", "BATCHING_DISABLED", "UNAUTHENTICATED",
            "NOT_FOUND", "INVALID_ID", "CURSOR_MISMATCH", "PAGE_SIZE_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] {
            assert!(seen.iter().any(|one| one == code), "no {code} was met");
        }
    }

    async fn a_fault_of_ours_tells_nothing_of_itself(world: &World) {
        let (db, lead) = begin(world).await;
        assert_eq!(lead.query("{ projects { totalCount } }").await.error_codes(), Vec::<String>::new());
        writes::sql(&db, "ALTER TABLE portfolio_item RENAME COLUMN name TO no_name").await;
        for document in ["{ projects { nodes { name } } }", "mutation { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"*\", patch: {name: \"a\"}}) { project { id } userErrors { code } } }"] {
            let reply = lead.query(document).await;
            tells_nothing(document, &reply);
            assert_eq!(reply.error_codes(), ["INTERNAL"], "{}", reply.text());
            assert!(!reply.text().contains("no_name"), "{}", reply.text());
        }
        let reply = lead.get("/export/v1/projects.csv?columns=name").await;
        tells_nothing("export", &reply);
    }

    async fn what_is_hidden_and_what_is_not_there_are_read_alike(world: &World) {
        let (db, _) = begin(world).await;
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await.header("x-request-id", "same");
        let (hidden, none) = (writes::item_id(&db, "PR-034").await, encode_id("prj", Uuid::from_u128(7)));
        let mut pairs = vec![];
        for mode in ["MASK", "ERROR"] {
            let client = client.header("x-access-mode", mode);
            for document in [
                "{ node(id: ID) { __typename id ... on Project { name } } }",
                "{ nodes(ids: [ID, ID]) { id } }",
                "{ project(by: {id: ID}) { id name key } }",
                "{ project(by: {key: KEY}) { id name key } }",
                "{ projects(filter: {id: {eq: ID}}) { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage startCursor } } }",
                "{ projects(filter: {id: {in: [ID]}}) { totalCount nodes { id } } }",
                "{ projects(filter: {key: {eq: KEY}}) { totalCount nodes { id } } }",
                "{ projects(filter: {key: {startsWith: KEY}}) { totalCount nodes { id } } }",
                "{ projects(filter: {not: {id: {eq: ID}}}) { totalCount nodes { id } } }",
                "mutation { projectUpdate(input: {id: ID, ifVersion: \"*\", patch: {name: \"Mine\"}}) { project { id } userErrors { code message path params { name value } } } }",
                "mutation { projectArchive(input: {ref: {key: KEY}, ifVersion: \"*\"}) { project { id } userErrors { code message path params { name value } } } }",
            ] {
                let ask = |id: &str, key: &str| {
                    let document = document.replace("KEY", &json!(key).to_string()).replace("ID", &json!(id).to_string());
                    let client = client.clone();
                    async move { client.query(&document).await }
                };
                pairs.push((document.to_owned(), ask(&hidden, "PR-034").await, ask(&none, "PR-934").await));
            }
        }
        for address in ["/export/v1/projects.csv?filter=FILTER", "/export/v1/projects.jsonl?columns=id,name&filter=FILTER"] {
            let get = |id: &str| {
                let filter = json!({ "id": { "eq": id } }).to_string();
                let filter = filter.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
                let (client, address) = (client.clone(), address.replace("FILTER", &filter));
                async move { client.get(&address).await }
            };
            pairs.push((address.to_owned(), get(&hidden).await, get(&none).await));
        }
        for (what, hidden_reply, none_reply) in &pairs {
            alike(what, hidden_reply, none_reply);
            assert!(!hidden_reply.text().contains(&hidden) && !hidden_reply.text().contains("PR-034"), "{what}: {}", hidden_reply.text());
        }
        // What she may see is answered otherwise, so the comparison can fail.
        let seen = writes::item_id(&db, "PR-001").await;
        let fetched = |id: &str| { let (client, document) = (client.clone(), format!("{{ node(id: \"{id}\") {{ id }} }}")); async move { client.query(&document).await } };
        assert_ne!(fetched(&seen).await.text(), fetched(&none).await.text());
    }
}

/// Same status, same headers, same bytes.
fn alike(what: &str, one: &Reply, other: &Reply) {
    assert_eq!(one.text(), other.text(), "{what}");
    assert_eq!(one.status, other.status, "{what}");
    let headers = |reply: &Reply| {
        let mut headers: Vec<(String, String)> = reply
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        // When it was sent, what is left to the caller, and what seals the filter itself are not about the row.
        headers.retain(|(name, _)| !matches!(name.as_str(), "date" | "x-watermark") && !name.starts_with("ratelimit"));
        headers.sort();
        headers
    };
    assert_eq!(headers(one), headers(other), "{what}");
}

/// Each message is one line without any of the words, and no table is named anywhere.
fn tells_nothing(what: &str, reply: &Reply) {
    let Ok(body) = serde_json::from_slice::<Value>(&reply.bytes) else {
        panic!("{what}: {} {:?}", reply.status, reply.bytes);
    };
    let mut lines = vec![];
    strings(&body["errors"], &mut lines);
    strings(&body["data"], &mut lines);
    for line in lines {
        let lower = line.to_lowercase();
        assert!(!line.contains('\n'), "{what}: {line}");
        for word in TELLTALE {
            assert!(!lower.contains(word), "{what}: {word:?} in {line:?}");
        }
        for table in ["portfolio_item", "person_identity", "outbox_event", "api_key", "server_secret"] {
            assert!(!lower.contains(table), "{what}: {table} in {line:?}");
        }
        for column in entity::portfolio_item::Column::iter()
            .map(|column| sea_orm::IdenStatic::as_str(&column).to_owned())
            .filter(|c| c.contains('_'))
        {
            assert!(
                !lower.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column),
                "{what}: {column} in {line:?}"
            );
        }
    }
}

fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(members) => members.values().for_each(|member| strings(member, out)),
        _ => {}
    }
}

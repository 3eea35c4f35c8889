//! The reader's guide: it is whole, its links lead somewhere, its documents are answered, and it loads nothing from elsewhere.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use foliograph::{
    auth::{Class, Role},
    config::Config,
    graph::sdl,
};
use serde_json::{Value, json};

use crate::support::{client::Client, process::Shell};

tests! {
    async fn anybody_reads_it_and_nothing_is_loaded_from_elsewhere(world: &World) {
        let client = world.client().await;
        let reply = client.get("/docs").await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("script-src") && !policy.contains("http"), "{policy}");
        let page = reply.text();
        assert!(page.len() < 200_000 && !page.contains("<script") && !page.contains("<img") && !page.contains("<iframe") && !page.contains(" style="));
        // What a browser would load: each is one of ours, and is there.
        let loaded: Vec<&str> = attributes(page, "<link ", "href").chain(attributes(page, "<", "src")).collect();
        assert_eq!(loaded, ["data:,", "/docs/guide.css"]);
        let style = client.get("/docs/guide.css").await;
        assert_eq!((style.status, style.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
        assert!(!style.text().contains("url(") && !style.text().contains("@import"));
        assert!(!page.contains("{{"), "a mark without its table");
    }

    async fn a_server_without_explorer_serves_it() {
        let server = Shell::new().demo(&["demo", "--explorer", "off"]);
        assert_eq!((server.get("/").status, server.get("/docs").status), (404, 200));
        server.stop();
    }

    async fn every_link_leads_somewhere(world: &World) {
        let client = world.client().await;
        let page = client.get("/docs").await.text().to_owned();
        let ids: Vec<&str> = attributes(&page, "<", "id").collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "an anchor twice");
        let links: BTreeSet<&str> = attributes(&page, "<a ", "href").collect();
        assert!(links.len() > 30, "{links:?}");
        for link in links {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(unique.contains(anchor), "nothing at #{anchor}"),
                None => assert!(link.starts_with("https://"), "{link}"),
            }
        }
        // The other way: what else leads here finds its place.
        let explorer = client.get("/explorer/explorer.js").await.text().to_owned();
        assert!(explorer.contains("\"/docs\""), "the explorer leads to the guide");
        for anchor in ["deprecations", "errors", "limits"] {
            assert!(unique.contains(anchor), "{anchor}");
        }
    }

    async fn every_code_limit_scalar_role_and_class_has_its_entry(world: &World) {
        let client = world.reader().await;
        let page = client.get("/docs").await.text().to_owned();
        let ids: BTreeSet<&str> = attributes(&page, "<", "id").collect();
        let schema = sdl(foliograph::app::model());
        let scalars: Vec<&str> = schema.lines().filter_map(|line| line.strip_prefix("scalar ")?.split(' ').next()).collect();
        assert!(scalars.len() > 8);
        for scalar in scalars {
            assert!(ids.contains(format!("scalar-{scalar}").as_str()), "{scalar}");
        }
        let limits = client.query("{ __type(name: \"ServerLimits\") { fields { name } } }").await.data();
        for limit in limits["__type"]["fields"].as_array().expect("fields") {
            assert!(ids.contains(format!("limit-{}", limit["name"].as_str().expect("a name")).as_str()), "{limit}");
        }
        let told = client.query("{ serverInfo { limits { depth pageSize } } }").await.data();
        for limit in ["depth", "pageSize"] {
            let row = page.split(&format!("<tr id=\"limit-{limit}\">")).nth(1).and_then(|row| row.split("</tr>").next()).expect("its row");
            assert!(row.contains(&format!("<td>{}</td>", told["serverInfo"]["limits"][limit])), "{row}");
        }
        assert!(page.contains(&format!("<td>exports at a time</td><td>{}</td>", Config::default().max_exports)));
        for name in Role::ALL.map(Role::as_str).into_iter().chain(Class::ALL.map(Class::as_str)) {
            assert!(page.contains(&format!("<th>{name}</th>")) || page.contains(&format!("<td><code>{name}</code></td>")), "{name}");
        }
    }

    async fn an_error_leads_to_its_entry(world: &World) {
        let client = world.reader().await;
        let page = client.get("/docs").await.text().to_owned();
        let ids: BTreeSet<&str> = attributes(&page, "<", "id").collect();
        let replies = [
            client.query("{ project(by: {key: \"none\"}) { id } }").await,
            client.query("{ nothing }").await,
            client.query("{").await,
            client.get("/nowhere").await,
            world.client().await.query("{ viewer { subject } }").await,
            client.post(&json!([])).await,
        ];
        let mut codes = BTreeSet::new();
        for reply in replies {
            let code = reply.error_codes().remove(0);
            assert_eq!(reply.at("/errors/0/extensions/docsUrl"), format!("/docs#{code}"));
            assert!(ids.contains(code.as_str()), "{code}");
            codes.insert(code);
        }
        assert_eq!(codes.len(), 5, "{codes:?}");
    }

    async fn the_status_that_it_tells_is_the_one_that_is_sent(world: &World) {
        let client = world.reader().await.header("accept", "application/graphql-response+json");
        let page = client.get("/docs").await.text().to_owned();
        for reply in [
            client.query("{").await,
            client.query("{ nothing }").await,
            client.query("query($a: Int!) { viewer { subject } }").await,
            client.get("/nowhere").await,
            client.get("/graphql?query=mutation%7Ba%7D").await,
            world.client().await.header("accept", "application/graphql-response+json").query("{ viewer { subject } }").await,
        ] {
            let code = reply.error_codes().remove(0);
            let row = page.split(&format!("<tr id=\"{code}\">")).nth(1).expect("its row");
            let status = row.split("<td>").nth(2).and_then(|cell| cell.split("</td>").next()).expect("its status");
            let beside = code == "NOT_FOUND";
            assert_eq!(status, if beside { "200 beside data, 404 for an address".to_owned() } else { reply.status.as_u16().to_string() }, "{code}");
        }
    }

    async fn every_document_of_it_is_answered(world: &World) {
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let page = client.get("/docs").await.text().to_owned();
        let documents = documents(&page);
        assert!(documents.len() >= 9, "{}", documents.len());
        for (document, variables) in &documents {
            answered(&client, document, variables).await;
        }
        // So are those inside the recipes, whatever language they stand in.
        let recipes = plain(page.split("id=\"recipes\"").nth(1).expect("the recipes"));
        let inside: Vec<&str> = recipes.split("\"{ ").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(inside.len() >= 4, "{inside:?}");
        for document in inside {
            answered(&client, &format!("{{ {document}"), &Value::Null).await;
        }
        // A document that is wrong would be seen.
        let wrong = documents[0].0.replace("totalCount", "totalCounts");
        assert_eq!(client.query_with(&wrong, documents[0].1.clone()).await.error_codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    }
}

async fn answered(client: &Client, document: &str, variables: &Value) {
    let reply = client.query_with(document, variables.clone()).await;
    if document.starts_with("subscription") {
        // What is followed is validated here, and then refused for its address alone.
        assert_eq!(reply.error_codes(), ["BAD_REQUEST"], "{document}");
        assert!(reply.text().contains("followed over the WebSocket"), "{}", reply.text());
        return;
    }
    let data = reply.data();
    for (name, value) in data.as_object().expect("an object") {
        assert!(!value.is_null(), "{name} of {document}");
        if document.starts_with("mutation") {
            assert_eq!(value["userErrors"], json!([]), "{document}");
        }
        for list in ["nodes", "changes"] {
            assert!(value[list].as_array().is_none_or(|rows| !rows.is_empty()), "{document} shows nothing");
        }
    }
}

/// The documents of the page with the variables that follow them.
fn documents(page: &str) -> Vec<(String, Value)> {
    let parts = page.split("<pre><code class=\"language-graphql\">").skip(1);
    parts
        .map(|part| {
            let (document, rest) = part.split_once("</code></pre>").expect("its end");
            let variables = rest.trim_start().strip_prefix("<pre><code class=\"language-json\">");
            let variables = variables.and_then(|rest| rest.split("</code>").next()).map_or(Value::Null, |text| {
                serde_json::from_str(&plain(text)).unwrap_or_else(|e| panic!("{e} in {text}"))
            });
            (plain(document), variables)
        })
        .collect()
}

fn plain(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// Values of an attribute of elements that begin so.
fn attributes<'p>(page: &'p str, begin: &'p str, name: &str) -> impl Iterator<Item = &'p str> {
    let name = format!(" {name}=\"");
    page.match_indices(begin).filter_map(move |(at, _)| {
        let element = page[at..].split('>').next()?;
        element.split_once(&name)?.1.split('"').next()
    })
}

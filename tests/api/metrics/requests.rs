//! What requests are counted as: each once, under its operation and its outcome, whatever names clients choose.

use std::sync::Arc;

use foliograph::{auth::Role, config::Config};
use serde_json::json;

use crate::{
    changes::Puller,
    support::{client::Client, product, scrape::Page, socket::Socket},
};

const COUNTS: &str = "foliograph_graphql_requests_total";
const TIMES: &str = "foliograph_graphql_request_duration_seconds_count";

tests! {
    async fn each_request_moves_its_own_counter_and_no_other(world: &World) {
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let manager = world.client_as("nobody", &[Role::ProjectManager]).await;
        let update = |patch: &str| format!("(input: {{ ref: {{ key: \"PR-001\" }}, ifVersion: \"*\", patch: {patch} }}) {{ project {{ id }} }}");
        let (good, bad) = (update("{ description: \"Told\" }"), update("{ name: \"\" }"));
        for (client, document, counted) in [
            (&lead, "query Top { projects(first: 1) { nodes { key } } }".to_owned(), ["query", "Top", "ok"]),
            (&lead, "{ __typename }".into(), ["query", "anonymous", "ok"]),
            (&lead, "query Self { __schema { queryType { name } } }".into(), ["query", "Self", "ok"]),
            (&lead, format!("mutation Tell {{ projectUpdate{good} }}"), ["mutation", "Tell", "ok"]),
            (&lead, format!("mutation Tell {{ projectUpdate{bad} }}"), ["mutation", "Tell", "user_error"]),
            (&lead, format!("mutation Two {{ projectUpdate{good} again: projectUpdate{bad} }}"), ["mutation", "Two", "user_error"]),
            (&lead, "query Wrong { nothing }".into(), ["query", "Wrong", "invalid"]),
            (&lead, "query Named { __typename } query Other { __typename }".into(), ["unknown", "unknown", "invalid"]),
            (&lead, "{".into(), ["unknown", "unknown", "invalid"]),
            (&lead, "subscription Sub { changes { __typename } }".into(), ["subscription", "Sub", "invalid"]),
            (&lead, "query Half { viewer { subject } project(by: { key: \"NONE\" }) { key } }".into(), ["query", "Half", "not_found"]),
            (&lead, "query Much { projects(first: 5000) { totalCount } }".into(), ["query", "Much", "limited"]),
            (&manager, "query Money { projects(first: 1) { nodes { budget { amount } } } }".into(), ["query", "Money", "ok"]),
            (&manager.header("x-access-mode", "ERROR"), "query Money { projects(first: 1) { nodes { budget { amount } } } }".into(), ["query", "Money", "forbidden"]),
            (&world.client().await, "query Top { __typename }".into(), ["unknown", "unknown", "unauthenticated"]),
        ] {
            let before = Page::of(&lead).await;
            let reply = client.query(&document).await;
            moved(&before, &Page::of(&lead).await, counted, &format!("{document}: {}", reply.text()));
        }
        for (path, counted) in [
            ("/graphql?query=query%20Got%7B__typename%7D", ["query", "Got", "ok"]),
            ("/graphql?query=mutation%20Got%7BprojectUpdate%7D", ["mutation", "Got", "invalid"]),
            ("/graphql", ["unknown", "unknown", "invalid"]),
        ] {
            let before = Page::of(&lead).await;
            lead.get(path).await;
            moved(&before, &Page::of(&lead).await, counted, path);
        }
        let before = Page::of(&lead).await;
        lead.post_raw("/graphql", "text/plain", "{}").await;
        lead.get("/export/v1/people.jsonl?columns=key").await;
        lead.get("/schema.graphql").await;
        moved(&before, &Page::of(&lead).await, ["unknown", "unknown", "invalid"], "other addresses are no GraphQL requests");
    }

    async fn requests_over_a_socket_are_counted_once(world: &World) {
        let client = world.reader().await;
        let here = Puller::loaded(client.clone()).await.since;
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        let before = Page::of(&client).await;
        socket.subscribe("a", "query OverSocket { projects(first: 1) { nodes { key } } }", json!({})).await;
        socket.take("a", 1).await;
        assert_eq!(socket.next().await["type"], json!("complete"));
        let after = Page::of(&client).await;
        moved(&before, &after, ["query", "OverSocket", "ok"], "a query");
        for cache in ["document", "plan"] {
            let grown = |what: &str| after.since(&before, &format!("foliograph_cache_{what}_total"));
            assert!(grown("hits").is_empty(), "{:?}", grown("hits"));
            assert!(grown("misses").contains(&(format!("foliograph_cache_misses_total{{cache=\"{cache}\"}}"), 1)));
        }
        socket.subscribe("b", "subscription Follow($a: Cursor) { changes(after: $a) { __typename } }", json!({ "a": here })).await;
        let mut followed = Page::of(&client).await;
        while followed.since(&after, COUNTS).is_empty() {
            followed = Page::of(&client).await;
        }
        moved(&after, &followed, ["subscription", "Follow", "ok"], "a subscription");
        socket.subscribe("c", "subscription Wrong { changes { nothing } }", json!({})).await;
        assert_eq!(socket.next().await["type"], json!("error"));
        moved(&followed, &Page::of(&client).await, ["subscription", "Wrong", "invalid"], "a wrong one");
    }

    async fn a_request_past_its_time_counts_under_its_name_and_the_page_needs_no_free_connection(world: &World) {
        let config = Config { timeout_seconds: 1, database_connections: 1, ..product::settings(world.url().await) };
        let app = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
        let client = Client::new(app.router()).bearer(&product::token(&*world.clock, "reader", &[Role::PmoLead]));
        let before = Page::of(&client).await;
        let taken = app.database.reader().await.expect("a connection");
        let late = client.query("query Late { projects { totalCount } }").await;
        assert_eq!(late.error_codes(), ["TIMEOUT"]);
        let after = Page::of(&client).await;
        moved(&before, &after, ["query", "Late", "timeout"], late.text());
        assert_eq!(after.count("foliograph_database_up"), 1);
        let state = |page: &Page, state: &str| page.count(&format!("foliograph_database_connections{{pool=\"read\",state=\"{state}\"}}"));
        assert_eq!((state(&after, "in_use"), after.count("foliograph_database_connections_max{pool=\"read\"}")), (1, 1));
        assert_eq!(after.count("foliograph_database_waits_total{pool=\"read\"}"), 1);
        assert!(after.value("foliograph_database_wait_seconds_total{pool=\"read\"}") > 0.0);
        assert_eq!(after.count("foliograph_graphql_request_duration_seconds_bucket{le=\"0.5\",operation=\"Late\",type=\"query\"}"), 0);
        drop(taken);
        client.query("query Late { projects { totalCount } }").await.data();
        let free = Page::of(&client).await;
        moved(&after, &free, ["query", "Late", "ok"], "with a free connection");
        assert_eq!((state(&free, "in_use"), state(&free, "idle")), (0, 1));
    }

    async fn names_beyond_the_bound_are_other(world: &World) {
        let client = world.reader().await;
        for n in 0..1_000 {
            client.query(&format!("query Name{n} {{ __typename }}")).await.data();
        }
        let page = Page::of(&client).await;
        let names = page.of_family(TIMES).filter(|(series, _)| series.contains("\"Name")).count();
        assert_eq!(names, 200);
        assert_eq!(page.count(&series(COUNTS, ["query", "other", "ok"])), 800);
        assert_eq!(page.count(&series(COUNTS, ["query", "Name199", "ok"])), 1);
        // Those that are told go on, those that are not stay other, and another type has no more room.
        for document in ["query Name7 { __typename }", "query Name999 { __typename }", "mutation Late { __typename }"] {
            client.query(document).await;
        }
        let later = Page::of(&client).await;
        let mut grown = later.since(&page, COUNTS);
        grown.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(grown, [["query", "Name7", "ok"], ["mutation", "other", "ok"], ["query", "other", "ok"]].map(|labels| (series(COUNTS, labels), 1)));
        assert!(page.series.len() == later.series.len() && later.series.len() < 6_000, "{}", later.series.len());
    }

    async fn a_hostile_name_gets_nowhere(world: &World) {
        let client = world.reader().await.header("x-request-id", "trace-4711");
        let before = Page::of(&client).await;
        let long = format!("query {} {{ __typename }}", "x".repeat(30_000));
        client.query(&long).await.data();
        moved(&before, &Page::of(&client).await, ["query", "other", "ok"], "a long name");
        let injected = "a\",outcome=\"ok\"} 1e9\nfoliograph_database_up 0\n# HELP x";
        for body in [
            json!({ "query": "query A { __typename }", "operationName": injected }),
            json!({ "query": format!("query {injected} {{ __typename }}") }),
            json!({ "query": "query Ünïcode { __typename }" }),
            json!({ "query": "query \"quoted\" { __typename }" }),
        ] {
            let before = Page::of(&client).await;
            client.post(&body).await;
            moved(&before, &Page::of(&client).await, ["unknown", "unknown", "invalid"], &body.to_string());
        }
        // The names that stand for others are names like any other.
        for (name, counted) in [("other", "other"), ("anonymous", "anonymous"), ("unknown", "unknown")] {
            let before = Page::of(&client).await;
            client.query(&format!("query {name} {{ __typename }}")).await.data();
            moved(&before, &Page::of(&client).await, ["query", counted, "ok"], name);
        }
        let page = client.get("/metrics").await;
        assert!(page.bytes.len() < 100_000, "{} bytes", page.bytes.len());
        for told in ["reader", "trace-4711", "xxxx", "1e9"] {
            assert!(!page.text().contains(told), "{told}");
        }
    }
}

/// A series of requests.
fn series(family: &str, [ty, operation, outcome]: [&str; 3]) -> String {
    if family == COUNTS {
        format!("{family}{{operation=\"{operation}\",outcome=\"{outcome}\",type=\"{ty}\"}}")
    } else {
        format!("{family}{{operation=\"{operation}\",type=\"{ty}\"}}")
    }
}

/// Between two pages there was one request, counted and timed as this.
#[track_caller]
fn moved(before: &Page, after: &Page, counted: [&str; 3], what: &str) {
    for family in [COUNTS, TIMES] {
        assert_eq!(after.since(before, family), [(series(family, counted), 1)], "{what}");
    }
}

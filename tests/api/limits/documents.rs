//! Documents at the edge of each limit and one step beyond, for both kinds of callers, and what `serverInfo` says.

use serde_json::{Value, json};

use super::Limited;
use crate::support::client::Client;

tests! {
    async fn server_info_tells_each_caller_her_limits(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let document = "{ serverInfo { limits { bodyBytes uriBytes documentBytes tokens depth aliases rootFields repeatedKeys directives directivesPerPlace \
            selectedFields pageSize nodes filterLeaves filterDepth filterValues cost bucket refillPerSecond timeSeconds inFlight sockets \
            subscriptionsPerSocket frameBytes failedAuthenticationsPerMinute } } }";
        let user = limited.user.query(document).await.data()["serverInfo"]["limits"].take();
        assert_eq!(user, json!({
            "bodyBytes": 5_242_880, "uriBytes": 8_192, "documentBytes": 32_768, "tokens": 5_000, "depth": 12, "aliases": 30, "rootFields": 20,
            "repeatedKeys": 100, "directives": 50, "directivesPerPlace": 5, "selectedFields": 2_000, "pageSize": 1_000, "nodes": 100,
            "filterLeaves": 50, "filterDepth": 5, "filterValues": 500, "cost": 10_000, "bucket": 60_000, "refillPerSecond": 1_000,
            "timeSeconds": 10, "inFlight": 20, "sockets": 10, "subscriptionsPerSocket": 50, "frameBytes": 65_536, "failedAuthenticationsPerMinute": 20,
        }));
        let mut key = limited.key.query(document).await.data()["serverInfo"]["limits"].take();
        for (name, due) in [("depth", 15), ("pageSize", 5_000), ("cost", 50_000), ("bucket", 200_000), ("refillPerSecond", 3_000), ("timeSeconds", 60)] {
            assert_eq!(key[name], due, "{name}");
            key[name] = user[name].clone();
        }
        key["bodyBytes"] = user["bodyBytes"].clone();
        assert_eq!(key, user, "the rest is equal");
    }

    async fn one_document_is_held_against_the_limits_of_each_caller(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        for (depth, user, key) in [(12, None, None), (13, Some("QUERY_TOO_DEEP"), None), (15, Some("QUERY_TOO_DEEP"), None), (16, Some("QUERY_TOO_DEEP"), Some("QUERY_TOO_DEEP"))] {
            let parents = depth - 3;
            let document = format!("{{ projects(first: 1) {{ nodes {{ {}name{} }} }} }}", "parent { ".repeat(parents), " }".repeat(parents));
            // Twice: the first to ask does not decide for the others.
            for _ in 0..2 {
                assert_eq!(code(&limited.key, &document).await.as_deref(), key, "{depth}");
                assert_eq!(code(&limited.user, &document).await.as_deref(), user, "{depth}");
            }
        }
        for (first, user, key) in [(1_000, None, None), (1_001, Some("PAGE_SIZE_TOO_LARGE"), None), (5_000, Some("PAGE_SIZE_TOO_LARGE"), None), (5_001, Some("PAGE_SIZE_TOO_LARGE"), Some("PAGE_SIZE_TOO_LARGE"))] {
            for list in ["projects", "changes"] {
                let shown = if list == "projects" { "nodes { name }" } else { "hasMore" };
                let document = format!("{{ {list}(first: {first}) {{ {shown} }} }}");
                assert_eq!(code(&limited.user, &document).await.as_deref(), user, "{document}");
                assert_eq!(code(&limited.key, &document).await.as_deref(), key, "{document}");
            }
        }
    }

    async fn each_measure_has_its_edge(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let of = |part: &str| format!("{{ projects(first: 1) {{ nodes {{ {part} }} }} }}");
        let roots = |count: usize| numbered(count, |n| format!("a{n}: __typename "));
        let spread = |count: usize| format!("{{ ...R __typename }} fragment R on Query {{ {} }}", roots(count));
        for (within, beyond, due) in [
            (of(&numbered(30, |n| format!("a{n}: name "))), of(&numbered(31, |n| format!("a{n}: name "))), "QUERY_TOO_MANY_ALIASES"),
            (format!("{{ {} }}", roots(20)), format!("{{ {} }}", roots(21)), "QUERY_TOO_LARGE"),
            (spread(19), spread(20), "QUERY_TOO_LARGE"),
            (of(&"name ".repeat(100)), of(&"name ".repeat(101)), "QUERY_TOO_LARGE"),
            (of(&"... { name } ".repeat(100)), of(&"... { name } ".repeat(101)), "QUERY_TOO_LARGE"),
            (of(&"... @include(if: true) { key } ".repeat(50)), of(&"... @include(if: true) { key } ".repeat(51)), "QUERY_TOO_LARGE"),
            (of("name @include(if: true) @skip(if: false)"), of(&format!("name {}", "@include(if: true) ".repeat(6))), "QUERY_TOO_LARGE"),
            (of("name"), of("name @include(if: true) @include(if: true)"), "GRAPHQL_VALIDATION_FAILED"),
        ] {
            assert_eq!(code(&limited.user, &within).await, None, "{within:.100}");
            assert_eq!(code(&limited.user, &beyond).await.as_deref(), Some(due), "{beyond:.100}");
        }
    }

    async fn introspection_has_a_rule_of_its_own(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let standard = include_str!("../support/introspection.graphql");
        assert_eq!(code(&limited.user, standard).await, None);
        let deeper = standard.replace("ofType {", "ofType { name ");
        assert_eq!(code(&limited.user, &deeper).await, None, "deep, and no list in a list");
        let lists = |count: usize| format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(count), "} } ".repeat(count));
        assert_eq!(code(&limited.user, &lists(2)).await, None);
        assert_eq!(code(&limited.user, &lists(3)).await.as_deref(), Some("QUERY_TOO_DEEP"));
        let circular = "{ __schema { types { fields { type { interfaces { possibleTypes { name } } } } } } }";
        assert_eq!(code(&limited.user, circular).await.as_deref(), Some("QUERY_TOO_DEEP"));
        // Beside introspection, data has no more depth than elsewhere.
        let parents = 10;
        let both = format!("{{ __schema {{ queryType {{ name }} }} projects(first: 1) {{ nodes {{ {}name{} }} }} }}", "parent { ".repeat(parents), " }".repeat(parents));
        assert_eq!(code(&limited.user, &both).await.as_deref(), Some("QUERY_TOO_DEEP"));
    }
}

fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// The code of the first error.
async fn code(client: &Client, document: &str) -> Option<String> {
    let reply = client.query(document).await;
    let body: Value = reply.json();
    body["errors"][0]["extensions"]["code"].as_str().map(str::to_owned)
}

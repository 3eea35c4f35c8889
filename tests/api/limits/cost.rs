//! Prices: each by hand, known before anything is read, never less than what is spent, and told as the header asks.

use serde_json::{Value, json};

use super::Limited;
use crate::support::client::{Client, Reply};

/// Documents of many kinds, each with its price before it runs.
const PRICED: &[(&str, usize)] = &[
    ("{ __typename }", 0),
    ("{ serverInfo { name } }", 10),
    ("{ __schema { queryType { name } } }", 100),
    ("{ projects { nodes { name budget { amount currency } } } }", 52),
    ("{ projects(first: 7) { nodes { name } edges { cursor node { key } } pageInfo { hasNextPage } } }", 16),
    ("{ projects(first: 7) { totalCount } }", 12),
    ("{ projects(last: 7) { nodes { owner { displayName } sponsor { displayName } } aggregate { count } } }", 33),
    ("{ project(by: {key: \"PR-001\"}) { name owner { displayName } risks(first: 10) { nodes { title } } } }", 14),
    ("{ portfolios(first: 2) { nodes { projects(first: 3) { nodes { risks(first: 4) { nodes { title } } } } } } }", 50),
    ("{ projects { groups(by: [{field: STATE}], first: 9) { count } } }", 11),
    ("{ changes(first: 20) { watermark changes { id } } }", 22),
    ("{ changes(first: 20) { changes { id node { id } } } }", 42),
    ("{ projects(first: 3) { nodes { kpis(keys: [\"FN_FVAR\", \"EV_CPI\"]) { value kpi { key } } } } }", 20),
    (
        "{ projects(first: 2) { nodes { kpiSeries(key: \"FN_FVAR\", from: \"2026-01-01\", to: \"2026-02-28\", granularity: MONTH) { value } } } }",
        12,
    ),
    (
        "{ capacityHeatmap(from: \"2026-01-01\", to: \"2026-12-31\", grain: MONTH, first: 100) { nodes { capacity } } }",
        126,
    ),
    ("{ benchList(from: \"2026-01-01\", to: \"2026-03-31\", first: 10) { nodes { free } } }", 12),
    ("{ portfolioTree(first: 30) { nodes { depth item { name } } } }", 62),
    (
        "mutation { projectUpdate(input: {ref: {key: \"nothing\"}, ifVersion: \"*\", patch: {name: \"A\"}}) { project { name owner { key } } } }",
        12,
    ),
    (
        "mutation { projectBulkUpdate(input: {errorPolicy: REJECT_ALL, clientMutationKey: \"0191e0c8-0000-7000-8000-000000000001\", items: [{ref: {key: \"a\"}, ifVersion: \"*\", patch: {}}, {ref: {key: \"b\"}, ifVersion: \"*\", patch: {}}]}) { results { project { name } } } }",
        22,
    ),
];

tests! {
    async fn prices_are_what_the_table_says_and_nothing_runs_to_tell_them(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let asks = limited.user.header("graphql-cost", "validate");
        for (document, due) in PRICED {
            let reply = asks.query(document).await;
            let body = reply.json();
            assert_eq!((reply.status.as_u16(), &body["data"], body.get("errors")), (200, &Value::Null, None), "{document}: {body}");
            assert_eq!(body["extensions"]["cost"]["estimated"], json!(due), "{document}");
            assert_eq!((body["extensions"]["cost"]["actual"].clone(), reply.header("x-query-cost")), (json!(0), "0"), "{document}");
        }
    }

    async fn what_is_spent_is_never_more_than_was_estimated(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let asks = limited.user.header("graphql-cost", "report");
        let more = [
            "{ portfolioItems(first: 100) { nodes { __typename name ... on Project { risks { nodes { title } totalCount } } ... on Portfolio { projects { totalCount } } } } }",
            "{ projects(first: 60) { nodes { name descendants(first: 5) { nodes { depth item { key } } totalCount } budgets(first: 5) { nodes { revision lines(first: 5) { nodes { id } } } } } } }",
            "{ projects { groups(by: [{field: STATE}]) { count } aggregate { count } totalCount } }",
            "{ projects(first: 5) { nodes { ...F } edges { node { ...F } } } } fragment F on Project { name risks(first: 2) { nodes { title owner { displayName } } } }",
            "{ projects(first: 40) { nodes { kpis(keys: [\"FN_FVAR\"]) { value scope { name } kpi { key } } portfolioHealth { computed } } } }",
            "{ allocationConflicts(from: \"2026-01-01\", to: \"2026-12-31\", first: 20) { nodes { resource { key } allocations { id project { name } } } } }",
            "{ utilization(from: \"2026-01-01\", to: \"2026-12-31\", grain: WEEK, first: 40) { nodes { resource { key } bookedShare } } }",
            "{ allocations(first: 50) { nodes { minutesByPeriod(from: \"2026-01-01\", to: \"2026-12-31\") { minutes } } } }",
            "{ viewer { person { displayName } roles } permissionMatrix { grants { role } } serverInfo { name } }",
            "{ auditTrail(first: 30) { nodes { mutation requestId } totalCount } }",
        ];
        for document in PRICED.iter().map(|(document, _)| *document).chain(more) {
            let reply = asks.query(document).await;
            let (estimated, actual) = prices(&reply);
            assert!(actual <= estimated, "{actual} of {estimated}: {document}");
            assert_eq!(reply.header("x-query-cost"), charged(actual).to_string(), "{document}");
            assert!(reply.json()["data"].is_object(), "{document}: {}", reply.text());
        }
    }

    async fn rows_that_are_not_there_cost_nothing(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let asks = limited.user.header("graphql-cost", "report");
        let none = asks.query("{ projects(first: 100, filter: {key: {eq: \"none\"}}) { nodes { risks { nodes { title } } } } }").await;
        assert_eq!(prices(&none), (5_302, 2), "{}", none.text());
    }

    async fn variables_count_with_their_values(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let asks = limited.user.header("graphql-cost", "validate");
        let document = "query($n: Int, $ids: [ID!]!) { projects(first: $n) { nodes { name } } nodes(ids: $ids) { id } }";
        let ids = |count: usize| (0..count).map(|n| format!("prj_{n:026}")).collect::<Vec<_>>();
        for (variables, due) in [
            (json!({ "ids": [] }), 52), (json!({ "n": null, "ids": [] }), 52), (json!({ "n": 9, "ids": ids(1) }), 12), (json!({ "n": 1_000, "ids": ids(100) }), 1_102),
        ] {
            let reply = asks.query_with(document, variables.clone()).await;
            assert_eq!(prices(&reply).0, due, "{variables}: {}", reply.text());
        }
    }

    async fn what_is_too_expensive_is_refused_before_a_statement_is_sent(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let three = |first: usize| format!("{{ portfolios(first: {first}) {{ nodes {{ projects(first: {first}) {{ nodes {{ risks(first: {first}) {{ nodes {{ title }} }} }} }} }} }} }}");
        for (document, price) in [
            (three(50), 132_652), (three(1_000), 1_003_003_002),
            ("{ portfolios { nodes { projects { nodes { groups: risks { totalCount } } } } } }".to_owned(), 32_652),
        ] {
            let reply = limited.user.query(&document).await;
            assert_eq!((reply.status.as_u16(), reply.error_codes()), (400, vec!["QUERY_TOO_EXPENSIVE".to_owned()]), "{document}");
            assert_eq!(reply.json().get("data"), None);
            let line = reply.at("/errors/0/message");
            let line = line.as_str().expect("a line");
            assert!(line.contains(&price.to_string()) && line.contains("10000"), "{line}");
        }
        // Dearer than a user's, and not than a key's.
        assert_eq!(limited.user.query(&three(22)).await.error_codes(), ["QUERY_TOO_EXPENSIVE"]);
        assert_eq!(limited.key.query(&three(22)).await.error_codes(), Vec::<String>::new());
        // As many rows of as many levels as fit in a document do not overflow.
        let deep = "{ people(first: 1000) { nodes { managedProjects(first: 1000) { nodes { risks(first: 1000) { nodes { responses(first: 1000) { nodes { id } } } } } } } } }";
        assert_eq!(limited.user.query(deep).await.error_codes(), ["QUERY_TOO_EXPENSIVE"]);
    }

    async fn the_report_tells_the_bucket_and_is_silent_unless_asked_for(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let plain = limited.user.query("{ projects(first: 3) { nodes { name } } }").await;
        assert_eq!(plain.json().get("extensions"), None, "{}", plain.text());
        assert_eq!((plain.header("x-query-cost"), plain.header("ratelimit-limit"), plain.header("ratelimit-remaining"), plain.header("ratelimit-reset")), ("5", "60000", "59995", "1"));
        let told = limited.user.header("graphql-cost", "report").query("{ projects(first: 3) { nodes { name } } }").await;
        assert_eq!(told.json()["extensions"]["cost"], json!({ "estimated": 5, "actual": 5, "bucket": { "limit": 60_000, "remaining": 59_990, "refillPerSecond": 1_000 } }));
        let wrong = limited.user.header("graphql-cost", "free").query("{ __typename }").await;
        assert_eq!((wrong.status.as_u16(), wrong.error_codes()), (400, vec!["BAD_REQUEST".to_owned()]));
    }

    async fn validating_a_mutation_changes_nothing(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let change = "mutation { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"*\", patch: {name: \"Other\"}}) { project { name } } }";
        limited.user.header("graphql-cost", "validate").query(change).await;
        assert_ne!(name(&limited.user).await, "Other");
        let done = limited.user.header("graphql-cost", "report").query(change).await;
        assert_eq!(prices(&done), (11, 11), "{}", done.text());
        assert_eq!(name(&limited.user).await, "Other");
    }
}

/// What a request is charged at least.
fn charged(actual: usize) -> usize {
    actual.max(1)
}

async fn name(client: &Client) -> String {
    let reply = client.query("{ project(by: {key: \"PR-001\"}) { name } }").await;
    reply.data()["project"]["name"].as_str().expect("a name").to_owned()
}

/// The price before and after.
fn prices(reply: &Reply) -> (usize, usize) {
    let body = reply.json();
    let cost = &body["extensions"]["cost"];
    let of = |name: &str| {
        usize::try_from(cost[name].as_u64().unwrap_or_else(|| panic!("no cost: {body:#}"))).expect("a price")
    };
    (of("estimated"), of("actual"))
}

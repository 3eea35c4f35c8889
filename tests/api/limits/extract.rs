//! The nightly extract of a service key: all lists and all changes at the largest page, within the published limits, and
//! what the same comes to at scale by the server's own prices.

use foliograph::app::model;
use serde_json::{Value, json};

use super::Limited;
use crate::support::client::Client;

/// Twenty columns and two relations of a project, a page of them.
const PROJECTS: &str = "query($first: Int, $after: Cursor) { projects(first: $first, after: $after) { nodes { id key name description state category \
    priority confidentiality baseCurrency budget { amount currency } rag ragOn isTrackingBenefits plannedStartOn plannedFinishOn forecastStartOn \
    forecastFinishOn actualStartOn actualFinishOn version portfolio { key } owner { key } } pageInfo { hasNextPage endCursor } } }";

tests! {
    async fn all_lists_and_changes_are_pulled_at_once_and_nothing_is_limited(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        // The clock stands still: nothing is given back but what was not spent.
        let key = limited.key.header("x-access-mode", "MASK");
        let (mut rows, mut spent) = (0, 0);
        for entity in &model().entities {
            let Some(list) = entity.plural.filter(|_| entity.prefix.is_some()) else { continue };
            let document = format!("query($first: Int, $after: Cursor) {{ {list}(first: $first, after: $after) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let (read, cost) = pull(&key, list, &document).await;
            rows += read;
            spent += cost;
        }
        let (read, cost) = pull(&key, "projects", PROJECTS).await;
        assert!(read > 0 && rows > read, "{read} of {rows}");
        spent += cost;
        let mut since = Value::Null;
        loop {
            let document = "query($since: Cursor, $first: Int) { changes(since: $since, first: $first) { watermark hasMore changes { kind id type version node { id } } } }";
            let reply = key.query_with(document, json!({ "since": since, "first": 5_000 })).await;
            spent += price(&reply);
            let page = reply.data()["changes"].take();
            since = page["watermark"].clone();
            if page["hasMore"] == json!(false) {
                break;
            }
        }
        assert!(spent < 200_000, "{spent}");
        let left = limited.key.query("{ __typename }").await.header("ratelimit-remaining").parse::<usize>().expect("a number");
        assert_eq!(left, 200_000 - spent - 1, "what was told is what was taken");
    }

    async fn fifty_thousand_projects_fit_the_allowance_of_a_night(world: &World) {
        let limited = Limited::of(world, |_| {}).await;
        let asks = limited.key.header("graphql-cost", "validate");
        let page = asks.query_with(PROJECTS, json!({ "first": 5_000 })).await.at("/extensions/cost/estimated").as_u64().expect("a price");
        assert_eq!(page, 2 + 5_000 * 3, "a row and the two rows that are joined to it");
        let at_once = 10 * page;
        assert!(at_once <= 200_000, "50,000 projects with 20 columns and two relations cost {at_once}: without a wait");
        // What is more is waited for: ten million rows an hour, in pages that each may be asked for.
        let refill_of_an_hour: u64 = 3_000 * 3_600;
        assert!(refill_of_an_hour / page * 5_000 >= 3_500_000, "projects an hour");
        let dearest = PROJECTS.replace("owner { key }", "owner { key } sponsor { key } orgUnit { key } parent { key } fxRateSet { key } risks(first: 1) { totalCount }");
        let refused = asks.query_with(&dearest, json!({ "first": 5_000 })).await;
        assert_eq!(refused.error_codes(), ["QUERY_TOO_EXPENSIVE"], "a list in each of 5,000 rows takes smaller pages");
        assert_eq!(asks.query_with(&dearest, json!({ "first": 2_000 })).await.error_codes(), Vec::<String>::new());
        let changes = asks.query("{ changes(first: 5000) { watermark hasMore changes { kind id node { id } } } }").await;
        assert_eq!(changes.at("/extensions/cost/estimated"), 10_002);
    }
}

/// Reads a list to its end; how many rows, and what they cost.
async fn pull(client: &Client, list: &str, document: &str) -> (usize, usize) {
    let (mut rows, mut spent, mut after) = (0, 0, Value::Null);
    loop {
        let reply = client.query_with(document, json!({ "first": 5_000, "after": after })).await;
        assert_eq!(reply.error_codes(), Vec::<String>::new(), "{list}: {}", reply.text());
        spent += price(&reply);
        let page = &reply.json()["data"][list];
        rows += page["nodes"].as_array().map_or(0, Vec::len);
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] != json!(true) {
            return (rows, spent);
        }
    }
}

fn price(reply: &crate::support::client::Reply) -> usize {
    reply.header("x-query-cost").parse().unwrap_or_else(|_| panic!("no price: {}", reply.text()))
}

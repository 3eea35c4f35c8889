//! The requests that are counted: what dashboards, BI pulls and scripts send.

use serde_json::{Map, Value, json};

/// A request.
pub struct Query {
    /// Its short name.
    pub name: &'static str,
    /// What it asks for.
    pub what: &'static str,
    /// Its document.
    pub document: &'static str,
    variables: fn() -> Value,
    /// Rows that its root gives.
    pub rows: usize,
    /// Rows that lists below give for each row above, by table.
    pub below: &'static [(&'static str, usize)],
}

impl Query {
    /// The values of its variables; a page goes on after a cursor.
    pub fn variables(&self, cursor: Option<&str>) -> Map<String, Value> {
        let Value::Object(mut variables) = (self.variables)() else { return Map::new() };
        if let Some(cursor) = cursor {
            variables.insert("after".to_owned(), cursor.into());
        }
        variables
    }
}

/// All of them.
pub const ALL: [Query; 6] = [
    Query {
        name: "Q1",
        what: "one project by its key, 15 scalars",
        document: "query Q1($key: String!) { project(by: { key: $key }) { id key name description state category priority \
            baseCurrency rag projectType methodology phase plannedStartOn plannedFinishOn budget { amount } } }",
        variables: || json!({ "key": "PR-014" }),
        rows: 1,
        below: &[],
    },
    Query {
        name: "Q2",
        what: "20 portfolios, 6 KPIs and the top 5 projects of each",
        document: "query Q2($keys: [String!]) { portfolios(first: 20) { nodes { id key name state budget { amount } \
            kpis(keys: $keys) { kpi { key } value target status } \
            projects(first: 5, orderBy: [{ budget: { direction: DESC } }]) { \
            nodes { id name state rag budget { amount } } } } } }",
        variables: || json!({ "keys": ["EV_CPI", "EV_SPI", "FN_COMMIT", "FN_FVAR", "BN_REAL", "RK_EXPO"] }),
        rows: 20,
        below: &[(" FROM portfolio_item t0", 5)],
    },
    Query {
        name: "Q3",
        what: "100 projects, filtered and ordered, with portfolio and manager",
        document: "query Q3($state: ItemState!) { projects(first: 100, filter: { state: { eq: $state } }, \
            orderBy: [{ plannedFinishOn: { direction: DESC } }]) { nodes { id key name state budget { amount } \
            plannedFinishOn portfolio { name } projectManager { displayName } } } }",
        variables: || json!({ "state": "ACTIVE" }),
        rows: 100,
        below: &[],
    },
    Query {
        name: "Q4",
        what: "a portfolio, 50 projects, 10 benefits of each, the last 3 actuals of each",
        document: "query Q4($key: String!) { portfolio(by: { key: $key }) { id name projects(first: 50) { \
            nodes { id name budget { amount } benefits(first: 10) { nodes { id title plannedAmount { amount } \
            actuals(first: 3, orderBy: [{ measuredOn: { direction: DESC } }]) { \
            nodes { measuredOn value amount { amount } } } } } } } } }",
        variables: || json!({ "key": "PF-IT" }),
        rows: 1,
        below: &[(" FROM benefit_actual t0", 3), (" FROM benefit t0", 10), (" FROM portfolio_item t0", 50)],
    },
    Query {
        name: "Q5",
        what: "1,000 projects, 20 scalars",
        document: "query Q5 { projects(first: 1000) { nodes { id key name description state category priority \
            confidentiality baseCurrency rag ragOn projectType methodology phase plannedStartOn plannedFinishOn \
            forecastFinishOn version createdAt updatedAt } } }",
        variables: || json!({}),
        rows: 1_000,
        below: &[],
    },
    Query {
        name: "Q6",
        what: "a page of 1,000 actuals by cursor, 9 fields",
        document: "query Q6($after: Cursor) { actuals(first: 1000, after: $after) { nodes { id item { id } postingOn \
            category { key } source amount { amount } currency vendor invoice } pageInfo { hasNextPage endCursor } } }",
        variables: || json!({}),
        // One more than is shown: there is a next page.
        rows: 1_001,
        below: &[],
    },
];

//! Answers byte for byte against graphql-js over the same rows: keys in the same order, the same nulls, the same merging.
//!
//! The rows come from the tables, not from the compiler. Cursors, filters, orders and figures are not the reference's to
//! compute; other files compare those with arithmetic.

use foliograph::{app::model, graph::sdl};
use serde_json::{Value, json};

use crate::support::{
    World,
    facts::{Facts, item_id},
    reference::{Case, reference},
};

tests! {
    async fn merging_and_key_order_are_those_of_graphql_js(world: &World) {
        same(world, merging).await;
    }

    async fn fragments_and_types_are_those_of_graphql_js(world: &World) {
        same(world, fragments).await;
    }

    async fn skipping_and_variables_are_those_of_graphql_js(world: &World) {
        same(world, variables).await;
    }

    async fn pages_and_links_are_those_of_graphql_js(world: &World) {
        same(world, pages).await;
    }
}

async fn same(world: &World, cases: impl FnOnce(&Facts) -> Vec<Case>) {
    let facts = Facts::read(world).await;
    let cases = cases(&facts);
    let expected = reference(&sdl(model()), &facts.graph(), &cases);
    let client = world.reader().await;
    let mut differ = vec![];
    for (case, expected) in cases.iter().zip(expected) {
        assert!(!expected.text.contains("\"errors\""), "{}: the reference fails: {}", case.name, expected.text);
        let reply = client.query_with(&case.document, case.variables.clone()).await;
        if reply.text() != expected.text {
            let at = reply.text().bytes().zip(expected.text.bytes()).take_while(|(a, b)| a == b).count();
            let around = |text: &str| {
                String::from_utf8_lossy(
                    &text.as_bytes()[at.saturating_sub(60).min(text.len())..(at + 160).min(text.len())],
                )
                .into_owned()
            };
            differ.push(format!(
                "{} at byte {at}\n  ours:       {}\n  graphql-js: {}",
                case.name,
                around(reply.text()),
                around(&expected.text)
            ));
        }
    }
    assert!(differ.is_empty(), "{} of {} differ\n{}", differ.len(), cases.len(), differ.join("\n"));
}

fn case(name: &str, document: &str) -> Case {
    Case::new(name, document)
}

fn merging(_: &Facts) -> Vec<Case> {
    vec![
        case("plain", "{ projects(first: 3) { nodes { id key name state category priority } } }"),
        case("all scalars", "{ projects(first: 100) { nodes { phase projectType methodology confidentiality baseCurrency description
            plannedStartOn plannedFinishOn forecastStartOn forecastFinishOn actualStartOn actualFinishOn version createdAt updatedAt } } }"),
        case("aliases", "{ b: projects(first: 2) { x: nodes { k: key i: id n: name m: name } } a: people(first: 1) { nodes { displayName } } }"),
        case("alias swaps names", "{ projects(first: 3) { nodes { name: key key: name id: state } } }"),
        case("root keys twice", "{ projects(first: 2) { nodes { key } } people(first: 1) { nodes { key } } projects(first: 2) { nodes { name } totalCount } }"),
        case("connection keys twice", "{ projects(first: 2) { nodes { key } totalCount nodes { name } pageInfo { hasNextPage } pageInfo { hasPreviousPage hasNextPage } } }"),
        case("to-one twice", "{ projects(first: 40) { nodes { sponsor { key } name sponsor { displayName orgUnit { name } } sponsor { orgUnit { key name } } } } }"),
        case("to-many twice", "{ portfolios { nodes { programs(first: 2) { nodes { key } } name programs(first: 2) { nodes { projects(first: 1) { nodes { key } } } totalCount }
            programs(first: 2) { nodes { projects(first: 1) { nodes { name } } } } } } }"),
        case("to-many apart by alias", "{ portfolios { nodes { one: projects(first: 1) { nodes { key } } two: projects(first: 2) { nodes { key name } } } } }"),
        case("money twice", "{ projects(first: 100) { nodes { budget { amount } key budget { currency amount } b: budget { c: currency __typename } } } }"),
        case("edges and nodes", "{ projects(first: 3) { edges { node { key } } nodes { name } edges { node { name } __typename } } }"),
        case("edges twice by alias", "{ projects(first: 2) { a: edges { node { key } } b: edges { n: node { name } } c: nodes { id } d: nodes { state } } }"),
        case("page info by alias", "{ projects(first: 2) { p: pageInfo { more: hasNextPage less: hasPreviousPage __typename } q: pageInfo { hasNextPage } t: totalCount u: totalCount } }"),
        case("deep merge", "{ people(first: 5) { nodes { orgUnit { parent { name } } } nodes { orgUnit { parent { key parent { key } } key } displayName } } }"),
        case("access twice", "{ projects(first: 2) { nodes { viewerAccess { canWrite } key viewerAccess { canRead canWrite reason t: __typename } } } }"),
        case("same field many aliases", "{ projects(first: 2) { nodes { a: budget { amount } b: budget { amount } c: sponsor { key } d: sponsor { key } e: owner { key } } } }"),
    ]
}

fn fragments(facts: &Facts) -> Vec<Case> {
    let project = item_id(facts.project("PR-001"));
    let portfolio = item_id(facts.project("PF-IT"));
    vec![
        case("named", "{ projects(first: 2) { nodes { ...F name } } } fragment F on Project { key name state }"),
        case("named twice", "{ projects(first: 2) { nodes { ...F ...F key } } } fragment F on Project { name key }"),
        case("nested", "{ projects(first: 9) { nodes { ...A } } } fragment A on Project { key ...B sponsor { ...P } } fragment B on PortfolioItem { name owner { ...P } } fragment P on Person { key displayName orgUnit { ...U } } fragment U on OrgUnit { name parent { key } }"),
        case("inline without type", "{ projects(first: 2) { nodes { ... { key ... { name } } id } } }"),
        case("inline on interface", "{ projects(first: 2) { nodes { ... on PortfolioItem { key } ... on Node { id } ... on Project { name } } } }"),
        case("fragment on Query", "{ ...Q ... on Query { people(first: 1) { nodes { key } } __typename } } fragment Q on Query { projects(first: 1) { nodes { key } } }"),
        case("interface list", "{ portfolioItems(first: 100) { nodes { __typename id key name ... on Project { projectManager { key } phase } ... on Program { projects(first: 2) { nodes { key } } } ... on Portfolio { programs(first: 1) { nodes { key } totalCount } } } } }"),
        case("interface members differ in order", "{ portfolioItems(first: 100) { nodes { ... on Project { state key } ... on Portfolio { key state } name ... on Program { name state key } } } }"),
        case("same key in members", "{ portfolioItems(first: 100) { nodes { key ... on Portfolio { projects(first: 2) { nodes { key } } } ... on Program { projects(first: 1) { nodes { name } } } } } }"),
        case("node in interface", "{ portfolioItems(first: 100) { nodes { ... on Node { id __typename ... on Project { phase } } } } }"),
        case("never matching", "{ portfolioItems(first: 30) { nodes { key ... on Program { ... on PortfolioItem { ... on Project { phase } } } } } }"),
        case("never matching and empty", "{ projects(first: 2) { nodes { ... on PortfolioItem { ... on Portfolio { name } } } } }"),
        case("union list", "{ externalLinks(first: 200) { nodes { system target { __typename ... on Person { displayName } ... on OrgUnit { name } ... on Project { key phase } ... on PortfolioItem { name } ... on Node { id } } } } }"),
        case("union with nothing that fits", "{ externalLinks(first: 60) { nodes { externalId target { ... on OrgUnit { name } } } } }"),
        case("union in union fragment", "{ externalLinks(first: 60) { nodes { target { ...T } } } } fragment T on ExternalTarget { __typename ... on Person { orgUnit { key } } ... on PortfolioItem { owner { key } } }"),
        case("union twice", "{ externalLinks(first: 60) { nodes { target { ... on Person { key } } url target { ... on Person { email } ... on Project { sponsor { key } } __typename } } } }"),
        case("interface to-one", "{ projects(first: 100) { nodes { key parent { __typename key ... on Program { portfolio { key } } ... on Portfolio { parent { key __typename } } } } } }"),
        case("interface to-one lists", "{ projects(first: 100) { nodes { parent { ... on Program { projects(first: 2) { nodes { key } } } ... on Portfolio { programs(first: 2) { nodes { key } totalCount } } } } } }"),
        case("interface child list", "{ portfolios(first: 20) { nodes { key children(first: 60) { nodes { __typename name parent { key } ... on Project { projectManager { displayName } } ... on Program { children(first: 2) { nodes { key __typename } } } } } } } }"),
        case("typename everywhere", "{ __typename projects(first: 1) { __typename edges { __typename node { __typename sponsor { __typename } budget { __typename } viewerAccess { __typename } externalLinks { __typename nodes { __typename target { __typename } } } } } pageInfo { __typename } } }"),
        Case::new("node", "query($p: ID!, $f: ID!) { p: node(id: $p) { __typename id ... on Project { key phase } ... on Portfolio { name } } f: node(id: $f) { id ... on Portfolio { name programs(first: 3) { nodes { key } } } ... on PortfolioItem { key } } }").with(json!({ "p": project, "f": portfolio })),
        Case::new("nodes", "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on PortfolioItem { name } ... on Person { displayName } ... on OrgUnit { key } ... on ExternalLink { system } } }")
            .with(json!({ "ids": mixed(facts) })),
        Case::new("nodes of one type", "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Project { key } } }").with(json!({ "ids": mixed(facts) })),
        Case::new("no nodes", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }").with(json!({ "ids": [] })),
    ]
}

/// Ids of all types, one of them twice and one of nothing.
fn mixed(facts: &Facts) -> Vec<String> {
    let person = foliograph::graph::encode_id("per", facts.people[3].id);
    let unit = foliograph::graph::encode_id("org", facts.units[2].id);
    let link = foliograph::graph::encode_id("ext", facts.links[4].id);
    let nobody = foliograph::graph::encode_id("per", facts.items[0].id);
    let item = |key: &str| item_id(facts.project(key));
    vec![person.clone(), item("PR-002"), nobody, unit, item("PF-IT"), link, person, item("PG-ERP"), item("PR-001")]
}

fn variables(_: &Facts) -> Vec<Case> {
    let with = |name: &str, document: &str, variables: Value| Case::new(name, document).with(variables);
    let flags = "query($yes: Boolean!, $no: Boolean = false) { projects(first: 2) { nodes { key @include(if: $yes) name @skip(if: $yes) state @include(if: $no) id @skip(if: $no) } } }";
    let page = "query($n: Int = 2) { projects(first: $n) { nodes { key } pageInfo { hasNextPage } } }";
    vec![
        case(
            "literal directives",
            "{ projects(first: 2) { nodes { key @skip(if: true) name @skip(if: false) state @include(if: true) id @include(if: false) } } }",
        ),
        case(
            "both directives",
            "{ projects(first: 2) { nodes { a: key @skip(if: true) @include(if: true) b: key @skip(if: false) @include(if: true) c: key @skip(if: false) @include(if: false) } } }",
        ),
        case(
            "skipped root",
            "{ projects(first: 1) @skip(if: true) { nodes { key } } people(first: 1) { nodes { key } } }",
        ),
        case("everything skipped", "{ projects(first: 2) { nodes { key @skip(if: true) } } }"),
        case("whole root skipped", "{ projects(first: 2) @skip(if: true) { nodes { key } } }"),
        case("connection member skipped", "{ projects(first: 2) { totalCount @skip(if: true) nodes { key } } }"),
        case(
            "fragment directives",
            "{ projects(first: 2) { nodes { ...F @include(if: false) ... @skip(if: false) { name } ... on Project @skip(if: true) { state } ...F } } } fragment F on Project { key }",
        ),
        with("flags on", flags, json!({ "yes": true, "no": true })),
        with("flags off", flags, json!({ "yes": false })),
        with("flags by default", flags, json!({ "yes": true })),
        with(
            "to-many by flag",
            "query($deep: Boolean!) { portfolios { nodes { key programs(first: 2) @include(if: $deep) { nodes { key projects(first: 1) @skip(if: $deep) { nodes { key } } } } } } }",
            json!({ "deep": true }),
        ),
        with(
            "same key, one skipped",
            "query($a: Boolean!) { projects(first: 2) { nodes { sponsor @include(if: $a) { key } sponsor { displayName } } } }",
            json!({ "a": false }),
        ),
        with("default", page, json!({})),
        with("value over default", page, json!({ "n": 3 })),
        with("null over default", page, json!({ "n": null })),
        with("absent without default", "query($n: Int) { projects(first: $n) { nodes { key } } }", json!({})),
        with("null without default", "query($n: Int) { projects(last: $n) { nodes { key } } }", json!({ "n": null })),
        with(
            "last by variable",
            "query($n: Int) { projects(last: $n) { nodes { key } pageInfo { hasNextPage hasPreviousPage } } }",
            json!({ "n": 4 }),
        ),
        with(
            "nested pages by variable",
            "query($n: Int!, $m: Int = 1) { portfolios(first: $n) { nodes { key projects(first: $m) { nodes { key } pageInfo { hasNextPage } } } } }",
            json!({ "n": 3, "m": 2 }),
        ),
        with(
            "lookup by key",
            "query($k: String!) { project(by: { key: $k }) { key name } program(by: { key: \"PG-ERP\" }) { name } }",
            json!({ "k": "PR-002" }),
        ),
        with(
            "whole lookup",
            "query($by: PersonRef!) { person(by: $by) { displayName managedProjects(first: 3) { nodes { key } totalCount } } }",
            json!({ "by": { "key": "marc.dubois" } }),
        ),
        Case {
            operation_name: None,
            ..case("named operation", "query Named { projects(first: 1) { nodes { key } } }")
        },
    ]
}

fn pages(_: &Facts) -> Vec<Case> {
    vec![
        case(
            "default page",
            "{ portfolioItems { nodes { key } totalCount pageInfo { hasNextPage hasPreviousPage } } }",
        ),
        case(
            "first 0",
            "{ projects(first: 0) { nodes { key } edges { node { key } } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
        ),
        case("last 3", "{ projects(last: 3) { nodes { key } pageInfo { hasNextPage hasPreviousPage } } }"),
        case(
            "last 0",
            "{ projects(last: 0) { nodes { key } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
        ),
        case("all", "{ projects(first: 1000) { nodes { key } totalCount pageInfo { hasNextPage hasPreviousPage } } }"),
        case(
            "nested last",
            "{ portfolios { nodes { projects(last: 2) { nodes { key } pageInfo { hasPreviousPage hasNextPage } } } } }",
        ),
        case(
            "nested first 0",
            "{ portfolios { nodes { projects(first: 0) { nodes { key } totalCount pageInfo { hasNextPage endCursor } } } } }",
        ),
        case(
            "empty lists",
            "{ people(first: 60) { nodes { key managedProjects { nodes { key } totalCount pageInfo { hasNextPage } edges { node { id } } } } } }",
        ),
        case(
            "four levels",
            "{ portfolios(first: 10) { nodes { key programs(first: 10) { nodes { key projects(first: 3) { nodes { key externalLinks(first: 5) { nodes { system externalId } totalCount } } } } } } } }",
        ),
        case(
            "lists below to-ones",
            "{ projects(first: 100) { nodes { key sponsor { key sponsoredItems(first: 2) { nodes { key } totalCount } } } } }",
        ),
        case(
            "to-one chains",
            "{ projects(first: 100) { nodes { program { portfolio { parent { owner { orgUnit { parent { key } } } } } } createdBy { orgUnit { name } } updatedBy { key } } } }",
        ),
        case(
            "nullable to-ones",
            "{ projects(first: 100) { nodes { program { key } projectManager { key email } parent { key } portfolio { key } orgUnit { key } owner { key } } } }",
        ),
        case(
            "units below units",
            "{ orgUnits(first: 100) { nodes { key parent { key } children(first: 5) { nodes { key people(first: 3) { nodes { key isActive } } } totalCount } items(first: 3) { nodes { key __typename } } } } }",
        ),
        case(
            "totals without rows",
            "{ projects { totalCount } people { totalCount } portfolios { nodes { projects { totalCount } } } }",
        ),
        case(
            "page info only",
            "{ projects(first: 5) { pageInfo { hasNextPage } } portfolios { nodes { projects(first: 5) { pageInfo { hasNextPage } } } } }",
        ),
    ]
}

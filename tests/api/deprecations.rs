//! What is to go is marked in the schema, and whoever uses it is told: in headers, and in the answer where she asks for it.
//! The product's own declarations are used with a few members that are deprecated here only.

use std::{collections::BTreeSet, sync::LazyLock};

use foliograph::{
    app::{App, declared, model},
    auth::Role,
    graph::{decl::Model, deprecation::Deprecation, sdl},
};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Reply, Server},
    product,
    reference::reference,
    socket::Socket,
};

/// The product with members of every kind that are to go.
static OLD: LazyLock<Model> = LazyLock::new(|| {
    declared().with_deprecations(vec![
        Deprecation::new("Project.phase", "Use `state`.", "2026-01-31", "2027-06-30"),
        Deprecation::new("Query.projects(orderBy:)", "Order them yourself.", "2026-02-28", "2027-03-31"),
        Deprecation::new("ItemState.ON_HOLD", "Use `ACTIVE`.", "2026-02-01", "2027-12-31"),
        Deprecation::new("ProjectFilter.priority", "Filter by `category`.", "2026-02-01", "2027-09-30"),
        Deprecation::new("Subscription.changes(filter:)", "Follow all.", "2026-02-01", "2027-08-31"),
        Deprecation::new("Mutation.projectUpdate", "Leave it.", "2026-02-01", "2027-08-31"),
        Deprecation::new("ChangeEvent.at", "Nobody needs it.", "2026-02-01", "2027-08-31"),
    ])
});

const KEYS: &str = "{ projects(first: 1) { nodes { key } } }";

tests! {
    async fn what_is_to_go_is_marked_in_the_schema() {
        let text = sdl(&OLD);
        for mark in [
            "\tphase: String @deprecated(reason: \"Use `state`. Removed after 2027-06-30.\") @access(needs: BASIC_READ)",
            "ON_HOLD @deprecated(reason: \"Use `ACTIVE`. Removed after 2027-12-31.\")",
            "priority: IntFilter @deprecated(reason: \"Filter by `category`. Removed after 2027-09-30.\")",
            "orderBy: [ProjectOrder!] @deprecated(reason: \"Order them yourself. Removed after 2027-03-31.\")",
        ] {
            assert!(text.contains(mark), "{mark}");
        }
        assert_eq!(text.matches("@deprecated(reason: \"").count(), OLD.deprecations.len());
        assert!(reference(&text, &json!({}), &[]).is_empty(), "the reference takes it as a valid schema");
    }

    async fn every_reason_of_the_published_schema_says_what_and_until_when() {
        let text = sdl(model());
        assert_eq!(text.matches("@deprecated(reason: \"").count(), model().deprecations.len());
        for deprecation in &model().deprecations {
            assert!(deprecation.reason.ends_with(&format!(" Removed after {}.", deprecation.until)), "{deprecation:?}");
        }
    }

    async fn a_mistake_in_the_list_stops_the_start() {
        let stops = |make: fn() -> Model| std::panic::catch_unwind(move || sdl(Box::leak(Box::new(make())))).is_err();
        let one = |coordinate, until| declared().with_deprecations(vec![Deprecation::new(coordinate, "Use x.", "2026-01-01", until)]);
        assert!(!stops(|| declared().with_deprecations(vec![Deprecation::new("Project.phase", "Use x.", "2026-01-01", "2027-01-01")])));
        let faults: [fn() -> Model; 5] = [
            || declared().with_deprecations(vec![Deprecation::new("Project.nothing", "Use x.", "2026-01-01", "2027-01-01")]),
            || declared().with_deprecations(vec![Deprecation::new("Project.phase", "Use x.", "2026-01-01", "2026-12-31")]),
            // What must be given cannot be left out.
            || declared().with_deprecations(vec![Deprecation::new("Query.project(by:)", "Use x.", "2026-01-01", "2027-01-01")]),
            // The interface promises it still.
            || declared().with_deprecations(vec![Deprecation::new("Project.name", "Use x.", "2026-01-01", "2027-01-01")]),
            || declared().with_deprecations(vec![Deprecation::new("Project.phase", "Use x", "2026-01-01", "2027-01-01")]),
        ];
        for (number, fault) in faults.into_iter().enumerate() {
            assert!(stops(fault), "fault {number}");
        }
        assert_eq!(one("Project.phase", "2027-01-01").deprecations.len(), 1);
    }

    async fn who_uses_it_is_told_in_headers(world: &World) {
        let client = client(world).await;
        let reply = client.query("{ projects(first: 1) { nodes { key phase } } }").await;
        assert_eq!(headers(&reply), ["@1769817600", "Wed, 30 Jun 2027 23:59:59 GMT", "</docs#deprecations>; rel=\"deprecation\"; type=\"text/html\""]);
        assert!(reply.json().get("extensions").is_none(), "nobody asked for it");

        // Of several the first that was deprecated, and the first to go.
        let reply = client.query("{ projects(first: 1, orderBy: [{key: {direction: ASC}}]) { nodes { phase } } }").await;
        assert_eq!(headers(&reply)[..2], ["@1769817600", "Wed, 31 Mar 2027 23:59:59 GMT"]);
        assert_eq!(headers(&client.query(KEYS).await), ["", "", ""]);
        assert_eq!(headers(&client.query("{ nothing }").await), ["", "", ""]);
        let unmarked = world.reader().await.query("{ projects(first: 1) { nodes { key phase } } }").await;
        assert_eq!(headers(&unmarked), ["", "", ""]);
    }

    async fn each_kind_of_member_is_found_where_it_is_used(world: &World) {
        let client = client(world).await.header("graphql-deprecations", "report");
        for (document, variables, found) in [
            (KEYS, json!({}), vec![]),
            ("{ a: projects(first: 1) { nodes { b: phase c: phase } } }", json!({}), vec!["Project.phase"]),
            ("{ projects(first: 1) { nodes { ...F } } } fragment F on Project { ...G } fragment G on Project { phase }", json!({}), vec!["Project.phase"]),
            ("{ portfolioItems(first: 1) { nodes { ... on Project { phase } } } }", json!({}), vec!["Project.phase"]),
            ("{ projects(first: 1, orderBy: []) { nodes { key } } }", json!({}), vec!["Query.projects(orderBy:)"]),
            ("{ projects(first: 1, filter: {state: {in: [ACTIVE, ON_HOLD]}}) { nodes { key } } }", json!({}), vec!["ItemState.ON_HOLD"]),
            ("{ projects(first: 1, filter: {and: [{not: {priority: {eq: 1}}}]}) { nodes { key } } }", json!({}), vec!["ProjectFilter.priority"]),
            // A filter of what a link leads to is one of the same type.
            ("{ risks(first: 1, filter: {item: {state: {eq: ON_HOLD}}}) { nodes { id } } }", json!({}), vec!["ItemState.ON_HOLD"]),
            ("query($f: ProjectFilter) { projects(first: 1, filter: $f) { nodes { key } } }", json!({}), vec![]),
            ("query($f: ProjectFilter) { projects(first: 1, filter: $f) { nodes { key } } }", json!({ "f": { "priority": { "gt": 0 } } }), vec!["ProjectFilter.priority"]),
            ("query($f: ProjectFilter) { projects(first: 1, filter: $f) { nodes { key } } }", json!({ "f": { "or": [{ "state": { "eq": "ON_HOLD" } }] } }), vec!["ItemState.ON_HOLD"]),
            ("query($s: [ItemState!] = [ON_HOLD]) { projects(first: 1, filter: {state: {in: $s}}) { nodes { key } } }", json!({}), vec!["ItemState.ON_HOLD"]),
            ("query($s: [ItemState!] = [ON_HOLD]) { projects(first: 1, filter: {state: {in: $s}}) { nodes { key } } }", json!({ "s": ["ACTIVE"] }), vec![]),
            ("query A { projects(first: 1) { nodes { key } } } query B { projects(first: 1) { nodes { phase } } }", json!({}), vec![]),
        ] {
            // The second time the document is one that is kept.
            for _ in 0..2 {
                let name = document.starts_with("query A").then_some("A");
                let reply = client.post(&json!({ "query": document, "variables": variables, "operationName": name })).await;
                assert!(reply.json().get("errors").is_none(), "{document}: {}", reply.text());
                let told = reply.at("/extensions/deprecations");
                let coordinates: Vec<&str> = told.as_array().expect("a list").iter().filter_map(|d| d["coordinate"].as_str()).collect();
                assert_eq!(coordinates, found, "{document} {variables}");
                assert_eq!(reply.header("deprecation").is_empty(), found.is_empty(), "{document}");
            }
        }
    }

    async fn it_is_told_in_the_answer_where_it_is_asked_for(world: &World) {
        let client = client(world).await;
        let due = json!([{ "coordinate": "Project.phase", "reason": "Use `state`. Removed after 2027-06-30." }]);
        let document = "{ projects(first: 1) { nodes { phase } } }";
        let by_header = client.header("graphql-deprecations", "report").query(document).await;
        assert_eq!(by_header.at("/extensions/deprecations"), due);
        let by_member = client.post(&json!({ "query": document, "extensions": { "deprecations": "report" } })).await;
        assert_eq!(by_member.at("/extensions/deprecations"), due);
        assert_eq!(client.header("graphql-deprecations", "yes").query(document).await.error_codes(), ["BAD_REQUEST"]);
        assert_eq!(client.post(&json!({ "query": document, "extensions": { "deprecations": 1 } })).await.error_codes(), ["BAD_REQUEST"]);

        // Beside what is masked, and for a write that was refused too.
        let app = app(world).await;
        let manager = Client::new(app.router()).bearer(&product::token(&*world.clock, "nobody", &[Role::ProjectManager]));
        let reply = manager.header("graphql-deprecations", "report").query("{ projects(first: 1) { nodes { phase budget { amount } } } }").await;
        assert_eq!(reply.at("/extensions/deprecations"), due);
        assert_eq!(reply.at("/extensions/access/0/coordinate"), "Project.budget");
        let input = json!({ "ref": { "key": "PR-020" }, "ifVersion": "999999", "patch": {} });
        let write = "mutation($i: ProjectUpdateInput!) { projectUpdate(input: $i) { userErrors { code } } }";
        let reply = client.header("graphql-deprecations", "report").query_with(write, json!({ "i": input })).await;
        assert_eq!(reply.at("/extensions/deprecations/0/coordinate"), "Mutation.projectUpdate");
        assert_eq!(reply.header("sunset"), "Tue, 31 Aug 2027 23:59:59 GMT");
    }

    async fn sockets_tell_it_too(world: &World) {
        let app = app(world).await;
        let server = Server::start(app.router()).await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        let ask = |query: &str, report: bool| {
            let extensions = if report { json!({ "deprecations": "report" }) } else { Value::Null };
            json!({ "id": "a", "type": "subscribe", "payload": { "query": query, "extensions": extensions } })
        };
        socket.send(ask("{ projects(first: 1) { nodes { phase } } }", true)).await;
        assert_eq!(socket.take("a", 1).await[0]["extensions"]["deprecations"][0]["coordinate"], "Project.phase");
        assert_eq!(socket.next().await["type"], "complete");
        socket.send(ask("{ projects(first: 1) { nodes { phase } } }", false)).await;
        assert!(socket.take("a", 1).await[0].get("extensions").is_none());
    }

    async fn events_tell_it_to_who_asks_and_to_nobody_else(world: &World) {
        let app = app(world).await;
        let server = Server::start(app.router()).await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let mut socket = Socket::of(server.address, &token).await;
        let follow = "subscription { kpiChanged(filter: {kpis: [\"EV_CPI\"]}, initial: true) { ... on KpiChangeEvent { kpi { scope { ... on Project { phase } } } } } }";
        for (id, extensions) in [("told", json!({ "deprecations": "report" })), ("silent", Value::Null)] {
            socket.send(json!({ "id": id, "type": "subscribe", "payload": { "query": follow, "extensions": extensions } })).await;
            let first = socket.take(id, 1).await;
            let coordinates: BTreeSet<&str> = first[0]["extensions"]["deprecations"].as_array().into_iter().flatten().filter_map(|d| d["coordinate"].as_str()).collect();
            assert_eq!(coordinates, if id == "told" { BTreeSet::from(["Project.phase"]) } else { BTreeSet::new() }, "{first:?}");
            socket.send(json!({ "id": id, "type": "complete" })).await;
            socket.settle().await;
        }
    }

    async fn the_guide_lists_what_is_to_go(world: &World) {
        let app = app(world).await;
        let text = Client::new(app.router()).get("/docs").await.text().to_owned();
        assert!(text.contains("<code>Project.phase</code>") && text.contains("Use <code>state</code>. Removed after 2027-06-30."));
        let plain = world.client().await.get("/docs").await.text().to_owned();
        assert!(plain.contains("Nothing is deprecated today.") || !model().deprecations.is_empty());
    }
}

/// The product over the world's database, with members that are to go.
async fn app(world: &World) -> std::sync::Arc<App> {
    let settings = product::settings(world.url().await);
    App::with_model(settings, world.clock.clone(), world.database().await, &OLD).await.expect("the product")
}

async fn client(world: &World) -> Client {
    Client::new(app(world).await.router()).bearer(&product::token(&*world.clock, "anna.keller", &[Role::PmoLead]))
}

fn headers(reply: &Reply) -> [&str; 3] {
    ["deprecation", "sunset", "link"].map(|name| reply.header(name))
}

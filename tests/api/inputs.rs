//! Inputs that do not fit are refused with a code and one line, before or beside the data, never with a word of SQL.

use serde_json::{Value, json};

use crate::support::{
    client::{Client, Reply},
    facts::{Facts, item_id},
};

tests! {
    async fn a_variable_in_a_position_of_another_type_is_refused(world: &World) {
        let client = world.reader().await;
        for (document, variables) in [
            ("query($i: String!) { project(by: { id: $i }) { id } }", json!({ "i": "x" })),
            ("query($i: ID) { project(by: { id: $i }) { id } }", json!({ "i": "x" })),
            ("query($i: ID) { node(id: $i) { id } }", json!({ "i": "x" })),
            ("query($i: [ID]!) { nodes(ids: $i) { id } }", json!({ "i": [] })),
            ("query($i: [ID!]) { nodes(ids: $i) { id } }", json!({ "i": [] })),
            ("query($i: ID!) { nodes(ids: $i) { id } }", json!({ "i": "x" })),
            ("query($n: String) { projects(first: $n) { totalCount } }", json!({ "n": "1" })),
            ("query($n: [Int]) { projects(first: $n) { totalCount } }", json!({ "n": [1] })),
            ("query($s: String) { projects(filter: { state: { eq: $s } }) { totalCount } }", json!({ "s": "ACTIVE" })),
            ("query($s: [ItemState]) { projects(filter: { state: { in: $s } }) { totalCount } }", json!({ "s": [] })),
            ("query($s: ItemState) { projects(filter: { state: { in: [$s] } }) { totalCount } }", json!({ "s": "ACTIVE" })),
            ("query($f: ProgramFilter) { projects(filter: $f) { totalCount } }", json!({ "f": {} })),
            ("query($f: ProjectFilter) { projects(filter: { and: [$f] }) { totalCount } }", json!({ "f": {} })),
            ("query($d: SortDirection) { projects(orderBy: [{ name: { direction: $d } }]) { totalCount } }", json!({ "d": "ASC" })),
            ("query($o: Ordering) { projects(orderBy: [{ name: $o }]) { totalCount } }", json!({ "o": { "direction": "ASC" } })),
            ("query($b: String!) { projects(first: 1) { nodes { key @include(if: $b) } } }", json!({ "b": "x" })),
            ("query($b: Boolean) { projects(first: 1) { nodes { key @skip(if: $b) } } }", json!({ "b": true })),
            ("query($i: String!) { projects(first: 1) { nodes { externalLinks(first: $i) { totalCount } } } }", json!({ "i": "1" })),
            ("query($n: String) { projects { groups(by: [{ field: STATE }], first: $n) { count } } }", json!({ "n": "1" })),
            ("query($p: PersonRef!) { project(by: $p) { id } }", json!({ "p": { "key": "x" } })),
        ] {
            let reply = client.query_with(document, variables).await;
            before_execution(&reply, "GRAPHQL_VALIDATION_FAILED", document);
            assert!(reply.at("/errors/0/locations/0/line").is_number(), "{}", reply.text());
        }
    }

    async fn a_variable_that_fits_by_its_default_is_taken(world: &World) {
        let client = world.reader().await;
        for (document, variables) in [
            ("query($b: Boolean = true) { projects(first: 1) { nodes { key @include(if: $b) } } }", json!({})),
            ("query($d: SortDirection = ASC) { projects(first: 1, orderBy: [{ name: { direction: $d } }]) { nodes { key } } }", json!({})),
            ("query($s: ItemState!) { projects(filter: { state: { in: [$s] } }) { totalCount } }", json!({ "s": "ACTIVE" })),
            ("query($s: [ItemState!]!) { projects(filter: { state: { in: $s } }) { totalCount } }", json!({ "s": "ACTIVE" })),
            ("query($n: Int!) { projects(first: $n) { nodes { key } } }", json!({ "n": 1 })),
        ] {
            assert_eq!(client.query_with(document, variables).await.error_codes(), Vec::<String>::new(), "{document}");
        }
    }

    async fn values_of_variables_that_do_not_fit_are_bad_variables(world: &World) {
        let client = world.reader().await;
        let by = "query($by: ProjectRef!) { project(by: $by) { id } }";
        let filter = "query($f: ProjectFilter) { projects(filter: $f) { totalCount } }";
        let order = "query($o: [ProjectOrder!]) { projects(orderBy: $o, first: 1) { nodes { key } } }";
        for (document, variables) in [
            ("query($n: Int!) { projects(first: $n) { totalCount } }", json!({})),
            ("query($n: Int!) { projects(first: $n) { totalCount } }", json!({ "n": null })),
            ("query($n: Int) { projects(first: $n) { totalCount } }", json!({ "n": "1" })),
            ("query($n: Int) { projects(first: $n) { totalCount } }", json!({ "n": 1.5 })),
            ("query($n: Int) { projects(first: $n) { totalCount } }", json!({ "n": 2_147_483_648_i64 })),
            ("query($n: Int) { projects(first: $n) { totalCount } }", json!({ "n": true })),
            ("query($n: Int) { projects(first: $n) { totalCount } }", json!({ "n": [1] })),
            ("query($i: ID!) { node(id: $i) { id } }", json!({ "i": true })),
            ("query($i: ID!) { node(id: $i) { id } }", json!({ "i": 1.5 })),
            ("query($i: [ID!]!) { nodes(ids: $i) { id } }", json!({ "i": [null] })),
            ("query($b: Boolean!) { people(first: 1) @include(if: $b) { totalCount } }", json!({ "b": "true" })),
            ("query($b: Boolean!) { people(first: 1) @include(if: $b) { totalCount } }", json!({})),
            ("query($s: ItemState) { projects(filter: { state: { eq: $s } }) { totalCount } }", json!({ "s": "active" })),
            ("query($s: ItemState) { projects(filter: { state: { eq: $s } }) { totalCount } }", json!({ "s": 1 })),
            ("query($d: LocalDate) { projects(filter: { forecastFinishOn: { eq: $d } }) { totalCount } }", json!({ "d": "2026-2-3" })),
            ("query($d: LocalDate) { projects(filter: { forecastFinishOn: { eq: $d } }) { totalCount } }", json!({ "d": "2026-02-30" })),
            ("query($d: DateTime) { projects(filter: { createdAt: { eq: $d } }) { totalCount } }", json!({ "d": "2026-02-03" })),
            ("query($c: CurrencyCode) { projects(filter: { baseCurrency: { eq: $c } }) { totalCount } }", json!({ "c": "eur" })),
            (by, json!({ "by": {} })),
            (by, json!({ "by": { "key": "PR-001", "id": "x" } })),
            (by, json!({ "by": { "key": null } })),
            (by, json!({ "by": { "key": "PR-001", "id": null } })),
            (by, json!({ "by": { "name": "x" } })),
            (by, json!({ "by": { "external": { "system": "JIRA" } } })),
            (by, json!({ "by": { "external": { "system": "JIRA", "id": null } } })),
            (by, json!({ "by": "PR-001" })),
            (by, json!({ "by": null })),
            (by, json!({})),
            (filter, json!({ "f": { "nothing": {} } })),
            (filter, json!({ "f": { "state": { "like": "A" } } })),
            (filter, json!({ "f": { "and": [null] } })),
            (filter, json!({ "f": { "state": "ACTIVE" } })),
            (filter, json!({ "f": [{ "state": { "eq": "ACTIVE" } }] })),
            (order, json!({ "o": [{}] })),
            (order, json!({ "o": [{ "name": { "direction": "ASC" }, "key": { "direction": "ASC" } }] })),
            (order, json!({ "o": [{ "name": {} }] })),
            (order, json!({ "o": [{ "name": { "direction": null } }] })),
            (order, json!({ "o": [{ "name": { "direction": "UP" } }] })),
            (order, json!({ "o": [{ "description": { "direction": "ASC" } }] })),
            ("query($b: [ProjectGroupBy!]!) { projects { groups(by: $b) { count } } }", json!({ "b": [{ "field": "NAME" }] })),
        ] {
            let reply = client.query_with(document, variables.clone()).await;
            before_execution(&reply, "BAD_VARIABLES", &format!("{document} {variables}"));
        }
    }

    async fn arguments_of_fields_that_are_left_out_are_checked_too(world: &World) {
        let client = world.reader().await;
        for document in [
            "query($n: String) { projects(first: $n) @skip(if: true) { totalCount } people(first: 1) { totalCount } }",
            "query($n: String) { people(first: 1) { totalCount nodes @include(if: false) { managedProjects(first: $n) { totalCount } } } }",
            "query($n: String) { people(first: 1) { totalCount } ...F @skip(if: true) } fragment F on Query { projects(first: $n) { totalCount } }",
            "query A { people(first: 1) { totalCount } } query B($n: String) { projects(first: $n) { totalCount } }",
            "{ project(by: { key: \"a\", id: \"b\" }) @skip(if: true) { id } people(first: 1) { totalCount } }",
            "query($b: Boolean) { people(first: 1) { ... @include(if: $b) { totalCount } } }",
            "query($b: Boolean) { people(first: 1) { ...F @include(if: $b) } } fragment F on PersonConnection { totalCount }",
        ] {
            let reply = client.post(&json!({ "query": document, "operationName": document.starts_with("query A").then_some("A") })).await;
            before_execution(&reply, "GRAPHQL_VALIDATION_FAILED", document);
        }
    }

    async fn variables_that_the_operation_does_not_declare_are_left_alone(world: &World) {
        let client = world.reader().await;
        let reply = client.query_with("query($n: Int) { projects(first: $n) { nodes { key } } }", json!({ "n": 1, "other": { "a": [1] } })).await;
        assert_eq!(reply.at("/data/projects/nodes").as_array().map(Vec::len), Some(1));
    }

    async fn literals_that_do_not_fit_are_validation_errors(world: &World) {
        let client = world.reader().await;
        for document in [
            "{ project(by: {}) { id } }",
            "{ project(by: { key: \"a\", id: \"b\" }) { id } }",
            "{ project(by: { key: null }) { id } }",
            "{ project(by: { key: null, id: \"b\" }) { id } }",
            "{ project(by: { name: \"a\" }) { id } }",
            "{ project(by: { external: { system: \"JIRA\" } }) { id } }",
            "{ project(by: null) { id } }",
            "{ project { id } }",
            "{ project(by: \"a\") { id } }",
            "query($k: String) { project(by: { key: $k }) { id } }",
            "query($k: String!, $i: ID!) { project(by: { key: $k, id: $i }) { id } }",
            "{ projects(first: \"1\") { totalCount } }",
            "{ projects(first: 1.5) { totalCount } }",
            "{ projects(first: 2147483648) { totalCount } }",
            "{ projects(first: [1]) { totalCount } }",
            "{ projects(size: 1) { totalCount } }",
            "{ projects(first: 1, first: 2) { totalCount } }",
            "{ projects(filter: { nothing: {} }) { totalCount } }",
            "{ projects(filter: { state: { eq: \"ACTIVE\" } }) { totalCount } }",
            "{ projects(filter: { state: { eq: OPEN } }) { totalCount } }",
            "{ projects(filter: { state: { in: [null] } }) { totalCount } }",
            "{ projects(filter: { forecastFinishOn: { eq: \"soon\" } }) { totalCount } }",
            "{ projects(filter: { forecastFinishOn: { eq: 20260101 } }) { totalCount } }",
            "{ projects(orderBy: [{ name: { direction: ASC }, key: { direction: ASC } }]) { totalCount } }",
            "{ projects(orderBy: [{ name: {} }]) { totalCount } }",
            "{ projects(orderBy: [{ name: null }]) { totalCount } }",
            "{ projects(orderBy: [{}]) { totalCount } }",
            "{ projects(orderBy: [{ budget: ASC }]) { totalCount } }",
            "{ projects { nodes } }",
            "{ projects { nodes { key { id } } } }",
            "{ projects { nodes { nothing } } }",
            "{ nothing }",
            "{ projects { nodes { ...F } } } fragment F on Person { key }",
            "{ projects { nodes { ...F } } }",
            "{ projects { totalCount } } fragment F on Project { key }",
            "{ projects { nodes { ... on Nothing { id } } } }",
            "{ projects { nodes { a: key a: name } } }",
            "{ projects(first: 1) { totalCount } projects(first: 2) { totalCount } }",
            "{ projects { totalCount @nothing } }",
            "{ projects { totalCount @skip } }",
            "query($n: Int) { projects { totalCount } }",
            "{ projects(first: $n) { totalCount } }",
            "query($n: Nothing) { projects(first: $n) { totalCount } }",
            "query($n: Project) { projects(first: $n) { totalCount } }",
            "query($n: Int, $n: Int) { projects(first: $n) { totalCount } }",
            "query($n: Int = \"x\") { projects(first: $n) { totalCount } }",
            "query A { __typename } query A { __typename }",
            "query A { __typename } { __typename }",
            "subscription { nothing }",
        ] {
            before_execution_one_of(&client.query(document).await, &["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "OPERATION_UNRESOLVED"], document);
        }
    }

    async fn ids_that_are_none_fail_their_field_and_leave_neighbors(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let good = item_id(facts.project("PR-001"));
        let person = foliograph::graph::encode_id("per", facts.people[0].id);
        let bad = [person.clone(), good.to_uppercase(), format!("prj_{}", good[4..].to_uppercase()), good[4..].to_owned(), format!("{good}0"), good[..good.len() - 1].to_owned(), "garbage".into(), String::new(), "prj_".into(), "prj_iiiiiiiiiiiiiiiiiiiiiiiiii".into(), "🐟_0".into(), "5".into()];
        let document = "query($i: ID!, $good: ID!) { bad: project(by: { id: $i }) { id } good: project(by: { id: $good }) { key } other: people(first: 1) { nodes { key } } }";
        for id in &bad {
            let reply = client.query_with(document, json!({ "i": id, "good": good })).await;
            beside(&reply, "INVALID_ID", "bad", id);
            let literal = format!("query($good: ID!) {{ bad: project(by: {{ id: {} }}) {{ id }} good: project(by: {{ id: $good }}) {{ key }} other: people(first: 1) {{ nodes {{ key }} }} }}", Value::from(id.as_str()));
            beside(&client.query_with(&literal, json!({ "good": good })).await, "INVALID_ID", "bad", id);
            let filter = "query($i: ID!, $good: ID!) { bad: projects(filter: { id: { in: [$i] } }) { totalCount } good: project(by: { id: $good }) { key } other: people(first: 1) { nodes { key } } }";
            beside(&client.query_with(filter, json!({ "i": id, "good": good })).await, "INVALID_ID", "bad", id);
            if *id != person {
                let node = "query($i: ID!, $good: ID!) { bad: node(id: $i) { id } more: nodes(ids: [$good]) { id } good: project(by: { id: $good }) { key } other: people(first: 1) { nodes { key } } }";
                beside(&client.query_with(node, json!({ "i": id, "good": good })).await, "INVALID_ID", "bad", id);
                let nodes = "query($i: ID!, $good: ID!) { bad: nodes(ids: [$good, $i]) { id } good: project(by: { id: $good }) { key } other: people(first: 1) { nodes { key } } }";
                beside(&client.query_with(nodes, json!({ "i": id, "good": good })).await, "INVALID_ID", "bad", id);
            }
        }
        let number = client.query_with("query($good: ID!) { bad: project(by: { id: 5 }) { id } good: project(by: { id: $good }) { key } other: people(first: 1) { nodes { key } } }", json!({ "good": good })).await;
        beside(&number, "INVALID_ID", "bad", "5");
    }

    async fn every_single_lookup_says_not_found_and_leaves_neighbors(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let good = item_id(facts.project("PR-001"));
        for (field, prefix) in [("project", "prj"), ("program", "prg"), ("portfolio", "pfo"), ("person", "per"), ("orgUnit", "org")] {
            let unknown = foliograph::graph::encode_id(prefix, uuid::Uuid::from_u128(7));
            for by in [format!("id: \"{unknown}\""), "key: \"NOTHING\"".into(), "external: { system: \"JIRA\", id: \"NOTHING\" }".into()] {
                let document = format!("query($good: ID!) {{ bad: {field}(by: {{ {by} }}) {{ id }} good: project(by: {{ id: $good }}) {{ key }} other: people(first: 1) {{ nodes {{ key }} }} node(id: \"{unknown}\") {{ id }} nodes(ids: [\"{unknown}\", $good]) {{ id }} }}");
                let reply = client.query_with(&document, json!({ "good": good })).await;
                beside(&reply, "NOT_FOUND", "bad", &by);
                assert_eq!((reply.at("/data/node"), reply.at("/data/nodes")), (Value::Null, json!([null, { "id": good }])));
                assert_eq!(reply.at("/errors/0/extensions/coordinate"), format!("Query.{field}"));
            }
        }
        // A confidential project is told from none in no way.
        let secret = client.query("{ bad: project(by: { key: \"PR-034\" }) { id } }").await;
        let nothing = client.query("{ bad: project(by: { key: \"PR-934\" }) { id } }").await;
        let message = |reply: &Reply| (reply.at("/errors/0/message"), reply.at("/errors/0/extensions/code"), reply.at("/data"));
        assert_eq!(message(&secret), message(&nothing));
    }

    async fn rows_are_found_by_what_other_systems_call_them(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let link = facts.links.iter().find(|l| l.target_type == "PROJECT").expect("a link");
        let project = facts.items.iter().find(|i| Some(i.id) == link.item_id).expect("its project");
        let external = json!({ "system": link.system, "id": link.external_id });
        let reply = client.query_with("query($e: ExternalRef!) { project(by: { external: $e }) { key } }", json!({ "e": external })).await;
        assert_eq!(reply.data()["project"]["key"], project.key);
        let reply = client.query_with("query($s: String!, $i: String!) { project(by: { external: { system: $s, id: $i } }) { key } program(by: { external: { system: $s, id: $i } }) { key } }", json!({ "s": link.system, "i": link.external_id })).await;
        assert_eq!((reply.at("/data/project/key"), reply.error_codes()), (json!(project.key), vec!["NOT_FOUND".to_owned()]));
    }

    async fn a_text_with_nul_is_refused_on_both_databases(world: &World) {
        let client = world.reader().await;
        for document in [
            r#"{ projects(filter: {name: {eq: "\u0000"}}) { totalCount } }"#,
            r#"{ projects(filter: {name: {contains: "a\u0000b"}}) { totalCount } }"#,
            r#"{ projects(filter: {name: {in: ["a", "\u0000"]}}) { totalCount } }"#,
            r#"{ project(by: {key: "\u0000"}) { id } }"#,
            r#"{ project(by: {external: {system: "a\u0000", id: "b"}}) { id } }"#,
            r#"{ auditTrail(filter: {requestId: {neq: "\u0000"}}) { totalCount } }"#,
        ] {
            assert_eq!(client.query(document).await.error_codes(), ["BAD_VARIABLES"], "{document}");
        }
        let variable = client.query_with("query($t: String!) { projects(filter: {name: {eq: $t}}) { totalCount } }", json!({ "t": "\0" })).await;
        assert_eq!(variable.error_codes(), ["BAD_VARIABLES"]);
        let export = client.get("/export/v1/projects.csv?filter=%7B%22name%22%3A%7B%22eq%22%3A%22%5Cu0000%22%7D%7D").await;
        assert_eq!((export.status.as_u16(), export.error_codes()), (400, vec!["BAD_VARIABLES".to_owned()]), "{}", export.text());
    }

    async fn at_most_a_hundred_ids_at_a_time(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let ids = |n: usize| vec![item_id(facts.project("PR-001")); n];
        let document = "query($i: [ID!]!) { nodes(ids: $i) { id } other: people(first: 1) { nodes { key } } }";
        assert_eq!(client.query_with(document, json!({ "i": ids(100) })).await.data()["nodes"].as_array().map(Vec::len), Some(100));
        let reply = client.query_with(document, json!({ "i": ids(101) })).await;
        assert_eq!((reply.error_codes(), reply.at("/data/nodes")), (vec!["PAGE_SIZE_TOO_LARGE".to_owned()], Value::Null));
        assert!(reply.at("/data/other/nodes/0/key").is_string());
    }

    async fn parse_errors_are_one_line_with_a_place(world: &World) {
        let client = world.reader().await;
        for (document, line) in [("{", 1), ("{ projects { }", 1), ("\n\n{ projects( { } }", 3), ("query {\n  projects {\n    nodes { key }}}}", 3), ("{ a: }", 1), ("query ($n: ) { a }", 1), ("{ \"text\" }", 1), ("nothing", 1), ("{ projects(first: 01) { totalCount } }", 1), ("{ a(b: \"\n\") }", 1)] {
            let reply = client.query(document).await;
            before_execution(&reply, "GRAPHQL_PARSE_FAILED", document);
            assert_eq!(reply.at("/errors/0/locations/0/line"), line, "{document:?}: {}", reply.text());
            assert!(reply.at("/errors/0/locations/0/column").is_number());
        }
        before_execution_one_of(&client.query("").await, &["GRAPHQL_PARSE_FAILED", "BAD_REQUEST"], "nothing");
    }

    async fn at_most_five_validation_errors_are_told(world: &World) {
        let client = world.reader().await;
        let fields = (0..20).map(|i| format!("nothing{i}")).collect::<Vec<_>>().join(" ");
        let reply = client.query(&format!("{{ projects(first: 1) {{ nodes {{ {fields} }} }} }}")).await;
        assert_eq!(reply.error_codes(), ["GRAPHQL_VALIDATION_FAILED"; 5]);
        for error in reply.at("/errors").as_array().expect("errors") {
            assert!(error["locations"][0]["column"].is_number() && !error["message"].as_str().unwrap_or("\n").contains('\n'), "{error}");
        }
        reply.tells_no_secrets();
    }

    async fn operations_are_found_by_name(world: &World) {
        let client = world.reader().await;
        let two = "query A { __typename } query B($n: Int!) { projects(first: $n) { nodes { key } } }";
        let ask = async |document: &str, name: Value, variables: Value| client.post(&json!({ "query": document, "operationName": name, "variables": variables })).await;
        assert_eq!(ask(two, json!("A"), json!({})).await.data(), json!({ "__typename": "Query" }));
        assert_eq!(ask(two, json!("B"), json!({ "n": 1 })).await.data()["projects"]["nodes"].as_array().map(Vec::len), Some(1));
        assert_eq!(ask(two, json!("B"), json!({})).await.error_codes(), ["BAD_VARIABLES"]);
        for (document, name) in [(two, json!(null)), (two, json!("C")), (two, json!("")), ("query A { __typename }", json!("C")), ("{ __typename }", json!("C"))] {
            before_execution(&ask(document, name, json!({})).await, "OPERATION_UNRESOLVED", document);
        }
        assert_eq!(ask("query A { __typename }", json!("A"), json!({})).await.data(), json!({ "__typename": "Query" }));
        assert_eq!(ask("query A { __typename }", json!(null), json!({})).await.data(), json!({ "__typename": "Query" }));
    }

    async fn introspection_and_data_answer_together(world: &World) {
        let client: Client = world.reader().await;
        let reply = client.query("{ a: __typename projects(first: 1) { nodes { key } } t: __type(name: \"Money\") { name kind fields { name } } people(first: 1) { nodes { key } } __schema { queryType { name } } }").await;
        assert_eq!(reply.ordered().get("data").map(|d| d.keys().into_iter().map(str::to_owned).collect::<Vec<_>>()), Some(["a", "projects", "t", "people", "__schema"].map(str::to_owned).to_vec()));
        let data = reply.data();
        assert_eq!((&data["t"], &data["__schema"]["queryType"]["name"]), (&json!({ "name": "Money", "kind": "OBJECT", "fields": [{ "name": "amount" }, { "name": "currency" }] }), &json!("Query")));
        assert!(data["projects"]["nodes"][0]["key"].is_string());
        assert_eq!(client.query("{ __type(name: \"Nothing\") { name } }").await.data(), json!({ "__type": null }));
    }
}

/// One error of this code, and no data at all.
fn before_execution(reply: &Reply, code: &str, what: &str) {
    before_execution_one_of(reply, &[code], what);
}

fn before_execution_one_of(reply: &Reply, codes: &[&str], what: &str) {
    let found = reply.error_codes();
    assert!(!found.is_empty() && found.iter().all(|c| codes.contains(&c.as_str())), "{what}: {}", reply.text());
    assert!(reply.json().get("data").is_none(), "{what}: {}", reply.text());
    for error in reply.at("/errors").as_array().into_iter().flatten() {
        let message = error["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty() && !message.contains('\n'), "{what}: {error}");
    }
    reply.tells_no_secrets();
}

/// One error of this code at this key, whose neighbors have their data.
fn beside(reply: &Reply, code: &str, key: &str, what: &str) {
    assert_eq!(reply.error_codes(), [code], "{what}: {}", reply.text());
    assert_eq!((reply.at("/errors/0/path"), reply.at(&format!("/data/{key}"))), (json!([key]), Value::Null), "{what}");
    assert_eq!(reply.at("/data/good/key"), "PR-001", "{what}");
    assert!(reply.at("/data/other/nodes/0/key").is_string(), "{what}");
    reply.tells_no_secrets();
}

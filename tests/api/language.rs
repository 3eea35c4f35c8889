//! The language of September 2025: what graphql-js takes we take and what it refuses we refuse, and what it does not read
//! yet, descriptions of what is executed, we read.

use foliograph::{app::model, auth::Role, graph::sdl};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    reference::{Case, reference},
};

/// Documents that both must judge alike, with variables where one has some.
const JUDGED: &[&str] = &[
    // Names, white space and marks.
    "{ serverInfo { name } }",
    "query { serverInfo { name } }",
    "query Q { serverInfo { name } }",
    "queryQ { serverInfo { name } }",
    "query query { serverInfo { name } }",
    "\u{feff}{,serverInfo,,{\tname\r\n}\u{feff}}",
    "{ serverInfo { name } } # the end",
    "#only\n{ serverInfo { name } }",
    "{ serverInfo { name } } }",
    "{ serverInfo { name }",
    "{ }",
    "{ serverInfo { } }",
    "",
    "# nothing",
    "{ serverInfo { name } } ;",
    "{ serverInfo { n\u{200b}ame } }",
    "{ serverInfo { a : name b:name } }",
    "{ serverInfo { a: b: name } }",
    "{ serverInfo() { name } }",
    "query Q() { serverInfo { name } }",
    "{ & serverInfo { name } }",
    "{ serverInfo | { name } }",
    // Fragments.
    "{ serverInfo { ...F } } fragment F on ServerInfo { name }",
    "{ serverInfo { ...F } } fragment F on#c\nServerInfo { name }",
    "{ serverInfo { ... on ServerInfo { name } } }",
    "{ serverInfo { ... { name } } }",
    "{ serverInfo { ... on { name } } }",
    "{ serverInfo { ...on } } fragment on on ServerInfo { name }",
    "{ serverInfo { ...onF } } fragment onF on ServerInfo { name }",
    "{ serverInfo { ...F } } fragmentF on ServerInfo { name }",
    "{ serverInfo { ...F } }",
    "{ serverInfo { name } } fragment F on ServerInfo { name }",
    "{ serverInfo { ...F } } fragment F on ServerInfo { ...F }",
    "{ serverInfo { ...F ...F } } fragment F on ServerInfo { name } fragment F on ServerInfo { name }",
    "{ serverInfo { ...F } } fragment F on Project { name }",
    "fragment F on ServerInfo { name }",
    "{ serverInfo { .. on ServerInfo { name } } }",
    // Operations.
    "{ serverInfo { name } } { serverInfo { name } }",
    "{ serverInfo { name } } query Q { serverInfo { name } }",
    "query Q { serverInfo { name } } query Q { serverInfo { name } }",
    "type A { a: Int }",
    "extend type Query { a: Int }",
    "{ serverInfo { name } } scalar A",
    // Values.
    "{ projects(first: 1) { totalCount } }",
    "{ projects(first: 01) { totalCount } }",
    "{ projects(first: 1.0) { totalCount } }",
    "{ projects(first: 1.) { totalCount } }",
    "{ projects(first: 1x) { totalCount } }",
    "{ projects(first: -) { totalCount } }",
    "{ projects(first: 99999999999) { totalCount } }",
    "{ projects(first: 1, first: 2) { totalCount } }",
    "{ projects(filter: {key: {eq: \"a\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"a\", eq: \"b\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"a}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"a\nb\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\"\"a\nb\"\"\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\"\"a\\\"\"\"b\"\"\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\"\"a\"\"}}) { totalCount } }",
    "{ projects(filter: {key: {in: [\"\"\"\"]}}) { totalCount } }",
    "{ projects(filter: {key: {in: [\"a\"\"b\"]}}) { totalCount } }",
    "{ projects(filter: {key: {in: []}}) { totalCount } }",
    "{ projects(filter: {key: {in: [01]}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\u0041\\n\\/\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\u{1F600}\\u{0000041}\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\uD83D\\uDE00\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\uD83D\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\uDE00\\uD83D\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\u{D83D}\\u{DE00}\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\u{110000}\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\u{}\"}}) { totalCount } }",
    "{ projects(filter: {key: {eq: \"\\x\"}}) { totalCount } }",
    "{ projects(filter: {and: [{not: {}}]}) { totalCount } }",
    "{ projects(filter: {not: trueish}) { totalCount } }",
    "{ projects(filter: null) { totalCount } }",
    "{ projects(filter: nullable) { totalCount } }",
    // Variables, with values in place of a request's.
    "query Q($a: [ String # c\n ! ] = [\"x\"]) { projects(filter: {key: {in: $a}}) { totalCount } }",
    "query Q($a: [String! = \"x\"]) { projects(filter: {key: {in: $a}}) { totalCount } }",
    "query Q($a: Int = 1, $a: Int = 1) { projects(first: $a) { totalCount } }",
    "query Q($a: Int = 1) { serverInfo { name } }",
    "query Q { projects(first: $a) { totalCount } }",
    "query Q($a: String = \"1\") { projects(first: $a) { totalCount } }",
    "query Q($a: Int = 1 @skip(if: true)) { projects(first: $a) { totalCount } }",
    "query Q($a: Int @skip(if: true) = 1) { projects(first: $a) { totalCount } }",
    "query Q($ a: Int = 1) { projects(first: $ a) { totalCount } }",
    "query Q($a: Nothing) { projects(first: $a) { totalCount } }",
    "query Q($a: Project) { projects(first: $a) { totalCount } }",
    // Directives.
    "query Q($a: Boolean = true) { serverInfo { name @skip(if: $a) version } }",
    "{ serverInfo { name @ include(if: true) } }",
    "{ serverInfo { name @include } }",
    "{ serverInfo { name @include(if: true) @include(if: true) } }",
    "query Q @include(if: true) { serverInfo { name } }",
    "{ serverInfo { name @nothing } }",
    // One of several, as it stands in the document.
    "{ project(by: {key: \"PR-001\"}) { name } }",
    "{ project(by: {}) { name } }",
    "{ project(by: {key: null}) { name } }",
    "{ project(by: {key: \"PR-001\", id: \"x\"}) { name } }",
    "{ project(by: {key: \"PR-001\", id: null}) { name } }",
    "{ project(by: null) { name } }",
    "{ project(by: {nothing: \"x\"}) { name } }",
    "query Q($k: String! = \"PR-001\") { project(by: {key: $k}) { name } }",
    "query Q($k: String = \"PR-001\") { project(by: {key: $k}) { name } }",
    "query Q($k: String! = \"PR-001\", $i: ID) { project(by: {key: $k, id: $i}) { name } }",
    "query Q($b: ProjectRef! = {key: \"PR-001\"}) { project(by: $b) { name } }",
    "query Q($b: ProjectRef! = {key: \"PR-001\", id: \"x\"}) { project(by: $b) { name } }",
    "query Q($b: ProjectRef! = {}) { project(by: $b) { name } }",
];

tests! {
    async fn what_the_reference_takes_is_taken_and_nothing_else(world: &World) {
        let client = client(world).await;
        let cases: Vec<Case> = JUDGED.iter().map(|document| Case::new(document, document)).collect();
        let judged = reference(&sdl(model()), &data(), &cases);
        let mut faults = vec![];
        for (document, answer) in JUDGED.iter().zip(judged) {
            let theirs = serde_json::from_str::<Value>(&answer.text).expect("JSON").get("data").is_some();
            let reply = client.query(document).await;
            let ours = reply.json().get("data").is_some();
            if ours != theirs {
                faults.push(format!("{document:?}: graphql-js {theirs}, we {ours}: {} {}", reply.text(), answer.text));
            }
            if !ours {
                let code = reply.error_codes().swap_remove(0);
                assert!(matches!(code.as_str(), "GRAPHQL_PARSE_FAILED" | "GRAPHQL_VALIDATION_FAILED" | "BAD_REQUEST" | "OPERATION_UNRESOLVED"), "{document}: {code}");
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    async fn one_of_several_in_variables(world: &World) {
        let client = client(world).await;
        let document = "query Q($b: ProjectRef!, $more: Boolean = false) { project(by: $b) { name key @include(if: $more) } }";
        let cases = [
            json!({ "b": { "key": "PR-001" } }),
            json!({ "b": { "key": null } }),
            json!({ "b": {} }),
            json!({ "b": { "key": "PR-001", "id": "x" } }),
            json!({ "b": { "key": "PR-001", "id": null } }),
            json!({ "b": null }),
            json!({ "b": "PR-001" }),
            json!({}),
        ];
        let asked: Vec<Case> = cases.iter().map(|variables| Case::new("one of", document).with(variables.clone())).collect();
        for (variables, answer) in cases.iter().zip(reference(&sdl(model()), &data(), &asked)) {
            let theirs = serde_json::from_str::<Value>(&answer.text).expect("JSON").get("data").is_some();
            let reply = client.query_with(document, variables.clone()).await;
            assert_eq!(reply.json().get("data").is_some(), theirs, "{variables}: {} {}", reply.text(), answer.text);
            assert!(theirs || reply.error_codes() == ["BAD_VARIABLES"], "{variables}: {}", reply.text());
        }
        // A member whose variable has no value is not there, and one that is null is refused.
        for (kind, variables, good) in [("String!", json!({ "k": "PR-001" }), true), ("String!", json!({}), false), ("String!", json!({ "k": null }), false), ("String", json!({ "k": "PR-001" }), false), ("String = \"PR-001\"", json!({}), true), ("String = \"PR-001\"", json!({ "k": null }), false)] {
            let reply = client.query_with(&format!("query Q($k: {kind}) {{ project(by: {{key: $k}}) {{ name }} }}"), variables).await;
            assert_eq!(reply.error_codes().is_empty(), good, "{kind}: {}", reply.text());
        }
    }

    async fn what_is_executed_may_be_described(world: &World) {
        let client = client(world).await;
        let described = "\"\"\"\nWhat the front page\nshows.\n\"\"\"\nquery Front(\n  \"Whose.\"\n  $key: String! = \"PR-001\"\n  \"\"\"\n  Whether \\\"\"\" more.\n  \"\"\"\n  $more: Boolean = true\n) { project(by: {key: $key}) { ...Card } }\n\
            \"A card.\" fragment Card on Project { key name @include(if: $more) }";
        let plain = "query Front($key: String! = \"PR-001\", $more: Boolean = true) { project(by: {key: $key}) { ...Card } } fragment Card on Project { key name @include(if: $more) }";
        let reply = client.query(described).await;
        assert_eq!(reply.data(), client.query(plain).await.data(), "{}", reply.text());
        for document in ["\"d\" { serverInfo { name } }", "\"d\" \"e\" query { serverInfo { name } }", "{ \"d\" serverInfo { name } }", "{ serverInfo { name } } \"d\"", "query Q($a: Int \"d\") { projects(first: $a) { totalCount } }"] {
            assert_eq!(client.query(document).await.error_codes(), ["GRAPHQL_PARSE_FAILED"], "{document}");
        }
        // Places are those of the document as it was sent.
        let wrong = "\"\"\"\nä\n\"\"\" query Q(\"d\u{1F600}\" $a: [ Int ! ] = [1]) { nothing }";
        let place = client.query(wrong).await.at("/errors/0/locations/0");
        let column = wrong.lines().nth(2).expect("a line").chars().take_while(|c| *c != '{').count() + 3;
        assert_eq!(place, json!({ "line": 3, "column": column }));
    }

    async fn strings_hold_what_they_say(world: &World) {
        let client = client(world).await;
        for (literal, text) in [
            (r#""\u{1F600}""#, "\u{1F600}"),
            (r#""\uD83D\uDE00""#, "\u{1F600}"),
            (r#""\u{22}\u{5c}""#, "\"\\"),
            ("\"\"\"\n      a\n        \\\"\"\"b\n    \"\"\"", "a\n  \"\"\"b"),
        ] {
            let set = format!("mutation {{ projectUpdate(input: {{ref: {{key: \"PR-001\"}}, ifVersion: \"*\", patch: {{description: {literal}}}}}) {{ project {{ description }} userErrors {{ code }} }} }}");
            assert_eq!(client.query(&set).await.at("/data/projectUpdate/project/description"), json!(text), "{literal}");
        }
    }

    async fn rules_between_definitions_are_rules_of_validation(world: &World) {
        let client = client(world).await;
        for (document, code) in [
            ("{ __typename } { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ __typename } query Q { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("query Q { __typename } query Q { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("type A { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
            ("fragment F on Query { __typename }", "OPERATION_UNRESOLVED"),
        ] {
            assert_eq!(client.query(document).await.error_codes(), [code], "{document}");
        }
        for document in ["subscription { changes @skip(if: false) { __typename } }", "subscription { ... @include(if: true) { changes { __typename } } }"] {
            let codes = client.query(document).await.error_codes();
            assert_eq!(codes, ["GRAPHQL_VALIDATION_FAILED"], "{document}");
        }
    }
}

async fn client(world: &World) -> Client {
    world.client_as("anna.keller", &[Role::PmoLead]).await.header("accept", "application/graphql-response+json")
}

/// Enough for the reference to answer what it takes.
fn data() -> Value {
    let project = json!({ "id": "prj_1", "name": "A", "key": "PR-001", "__typename": "Project" });
    json!({ "serverInfo": { "name": "a", "version": "1" }, "projects": [], "project": project, "__objects": { "prj_1": project } })
}

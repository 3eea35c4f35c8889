//! Clients that others wrote, against the served process: each queries, writes, is told what to mend, and sees what somebody
//! else changes.

use chrono::Duration;
use foliograph::{
    auth::{Role, token},
    clock::{Clock as _, SystemClock},
};
use serde_json::{Value, json};

use crate::support::{node, process::Process, product, python};

tests! {
    async fn graphql_ws_comes_back_with_a_new_token_and_misses_nothing(world: &World) {
        let server = Process::serve_underived(world).await;
        // It lives for some seconds more.
        let begun = SystemClock.now() - Duration::hours(1) + Duration::seconds(6);
        let short = token::mint(&product::local_key(), begun, "anna.keller", &[Role::PmoLead], Duration::hours(1)).expect("a token");
        let mut input = input(&server);
        input["tokens"] = json!([short, input["token"]]);
        let told = run("graphql_ws.mjs", &input);
        is_answered(&told, "by graphql-ws");
        assert_eq!(told["closes"], json!([[4403, "token expired"]]), "{told:#}");
        assert_eq!(told["connections"], 2);
        // Each change once, its own and the colleague's, also the one that nobody was there to hear. On a busy machine the token
        // may end before the first of them.
        let mut names: Vec<&str> = told["names"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["by graphql-ws", "four", "one", "three", "two"], "{told:#}");
        let cursors: std::collections::BTreeSet<&str> = told["cursors"].as_array().expect("cursors").iter().filter_map(Value::as_str).collect();
        assert_eq!(cursors.len(), 5);
        server.stop();
    }

    async fn graphql_sse_queries_writes_and_follows(world: &World) {
        let server = Process::serve_underived(world).await;
        let told = run("graphql_sse.mjs", &input(&server));
        for operation in ["query", "refused", "done"] {
            assert_eq!(told[operation].as_array().map(Vec::len), Some(1), "{told:#}");
        }
        is_answered(&json!({ "query": told["query"][0], "refused": told["refused"][0], "done": told["done"][0] }), "by graphql-sse");
        assert_eq!(told["wrong"], json!({ "status": 400 }));
        assert_eq!(told["event"]["data"]["changes"]["node"]["name"], "seen by graphql-sse", "{told:#}");
        server.stop();
    }

    async fn apollo_queries_writes_and_follows_in_parts_and_over_a_socket(world: &World) {
        let server = Process::serve_underived(world).await;
        let told = run("apollo.mjs", &input(&server));
        is_answered(&told, "by Apollo");
        assert_eq!(told["got"]["data"]["project"]["key"], "PR-001");
        for (over, name) in [("parts", "seen in parts"), ("sockets", "seen over a socket")] {
            assert_eq!((&told[over]["data"]["changes"]["node"]["name"], &told[over]["error"]), (&json!(name), &Value::Null), "{told:#}");
        }
        assert!(told["wrong"].to_string().contains("nothing"), "{told:#}");
        server.stop();
    }

    async fn a_masked_field_leaves_the_page_whole(world: &World) {
        let server = Process::serve_underived(world).await;
        // An analyst reads no money; the office's lead does the writing.
        let mut input = input(&server);
        input["token"] = json!(Process::token("stefan.brunner", Role::Finance));
        let apollo = run("apollo_masked.mjs", &input);
        assert_eq!(apollo["error"], Value::Null, "{apollo:#}");
        assert_eq!((&apollo["data"]["project"]["key"], &apollo["data"]["roleAssignments"]), (&json!("PR-001"), &Value::Null), "{apollo:#}");
        assert_eq!(apollo["data"]["project"]["name"].as_str().map(str::is_empty), Some(false));
        assert_eq!(apollo["access"][0]["coordinate"], "Query.roleAssignments", "{apollo:#}");
        server.stop();
    }

    async fn urql_queries_writes_and_follows(world: &World) {
        let server = Process::serve_underived(world).await;
        let told = run("urql.mjs", &input(&server));
        is_answered(&told, "by urql");
        assert_eq!(told["wrong"]["data"], Value::Null);
        assert!(told["wrong"]["error"].as_str().is_some_and(|line| line.starts_with("[GraphQL]")), "{told:#}");
        assert_eq!(told["event"]["data"]["changes"]["node"]["name"], "seen by urql", "{told:#}");
        server.stop();
    }

    async fn gql_queries_writes_and_follows(world: &World) {
        let server = Process::serve_underived(world).await;
        let told: Value = serde_json::from_str(&python::run("clients.py", &input(&server).to_string())).expect("json");
        for over in ["requests", "httpx", "websockets"] {
            // The library gives data alone, and raises errors.
            let data = |operation: &str| json!({ "data": told[over][operation] });
            is_answered(&json!({ "query": data("query"), "refused": data("refused"), "done": data("done") }), &format!("by {over}"));
        }
        assert_eq!(told["requests"]["wrong"], "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(told["websockets"]["event"]["changes"]["node"]["name"], "seen by gql", "{told:#}");
        server.stop();
    }
}

/// The office's lead as the client, a colleague with the same role.
fn input(server: &Process) -> Value {
    let [token, other] = ["anna.keller", "reader"].map(|subject| Process::token(subject, Role::PmoLead));
    json!({ "url": format!("http://{}", server.address()), "token": token, "other": other })
}

fn run(script: &str, input: &Value) -> Value {
    let told = node::run(script, &input.to_string());
    serde_json::from_str(&told).unwrap_or_else(|e| panic!("{script}: {e}: {told}"))
}

/// Whether what every client asks was answered: a project, what to mend, and a change under this name.
fn is_answered(told: &Value, name: &str) {
    let project = &told["query"]["data"]["project"];
    assert!(project["key"] == "PR-001" && project["budget"]["amount"].is_string(), "{told:#}");
    let refused = &told["refused"]["data"]["projectUpdate"];
    assert_eq!(refused["project"], Value::Null, "{told:#}");
    assert_eq!(
        (&refused["userErrors"][0]["code"], &refused["userErrors"][0]["path"]),
        (&json!("REQUIRED"), &json!(["input", "patch", "name"])),
        "{told:#}"
    );
    let done = &told["done"]["data"]["projectUpdate"];
    assert_eq!(
        (&done["project"]["name"], done["userErrors"].as_array().map(Vec::len)),
        (&json!(name), Some(0)),
        "{told:#}"
    );
    for operation in ["query", "refused", "done"] {
        assert!(
            told[operation].get("error").is_none_or(Value::is_null)
                && told[operation].get("errors").is_none_or(Value::is_null),
            "{told:#}"
        );
    }
}

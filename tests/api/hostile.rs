//! Documents made to hurt: each is refused before execution, in no time and without memory, and the server answers on.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Reply},
    process::Process,
};

/// Far above what a refusal takes on a busy machine, far below what executing any of these would.
const AT_ONCE: Duration = Duration::from_secs(5);

tests! {
    async fn fragments_that_double_are_refused(world: &World) {
        let client = client(world).await;
        let bomb = doubling(25);
        assert!(bomb.len() < 1_000, "{} bytes", bomb.len());
        refused_at_once(&client, &bomb, "QUERY_TOO_LARGE").await;
        refused_at_once(&client, &doubling(200), "QUERY_TOO_LARGE").await;
    }

    async fn fragments_that_contain_themselves_are_refused(world: &World) {
        let client = client(world).await;
        let circle = "{ projects { nodes { ...A } } } fragment A on Project { ...B } fragment B on Project { name ...A }";
        refused_at_once(&client, circle, "GRAPHQL_VALIDATION_FAILED").await;
        let unused = "{ serverInfo { name } } fragment A on Project { ...A }";
        refused_at_once(&client, unused, "GRAPHQL_VALIDATION_FAILED").await;
    }

    async fn nesting_of_ten_thousand_levels_is_refused(world: &World) {
        let client = client(world).await;
        for (open, close) in [("{a", "}"), ("{a(b:[", "])}"), ("{a(b:{c:", "})}")] {
            let levels = 10_000;
            let deep = format!("{}{}", open.repeat(levels), close.repeat(levels));
            assert!(matches!(ask_at_once(&client, &deep).await.as_str(), "QUERY_TOO_DEEP" | "QUERY_TOO_LARGE"), "{open}");
        }
        // Short enough for every other limit.
        for (open, inner, close) in [("{a", "", "}"), ("{a(b:", "1", ")}"), ("{a(b:[", "1", "])}")] {
            let deep = format!("{}{inner}{}", open.repeat(1_000), close.repeat(1_000));
            assert_eq!(ask_at_once(&client, &deep).await, "QUERY_TOO_DEEP", "{open}");
        }
        let types = format!("query Q($a: {}Int{}) {{ serverInfo {{ name }} }}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(ask_at_once(&client, &types).await, "QUERY_TOO_DEEP");
    }

    async fn nesting_in_variables_is_refused(world: &World) {
        let client = client(world).await;
        let (open, close) = (r#"{"not":"#.repeat(10_000), "}".repeat(10_000));
        let query = "query Q($f: ProjectFilter) { projects(filter: $f) { totalCount } }";
        let deep = format!(r#"{{"query":"{query}","variables":{{"f":{open}{{}}{close}}}}}"#);
        let began = Instant::now();
        let reply = client.post_raw("/graphql", "application/json", deep).await;
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        assert_eq!((reply.status, reply.error_codes()), (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST".to_owned()]));
        // Within what JSON may nest, the filter's own limit holds.
        let filter = (0..60).fold(json!({}), |inner, _| json!({ "not": inner }));
        let reply = client.query_with(query, json!({ "f": filter })).await;
        assert_eq!(reply.json().get("data"), None, "{}", reply.text());
    }

    async fn fields_deeper_than_the_limit_are_refused(world: &World) {
        let client = client(world).await;
        let nested = |parents: usize| {
            format!("{{ projects(first: 1) {{ nodes {{ {}name{} }} }} }}", "parent { ".repeat(parents), " }".repeat(parents))
        };
        assert_eq!(client.query(&nested(9)).await.error_codes(), Vec::<String>::new(), "depth 12");
        refused_at_once(&client, &nested(10), "QUERY_TOO_DEEP").await;
        let spread = "{ projects(first: 1) { nodes { ...A } } } fragment A on Project { parent { parent { parent { parent { parent { ...B } } } } } } \
            fragment B on PortfolioItem { parent { parent { parent { parent { parent { name } } } } } }";
        refused_at_once(&client, spread, "QUERY_TOO_DEEP").await;
    }

    async fn more_aliases_than_allowed_are_refused(world: &World) {
        let client = client(world).await;
        let aliases = |count: usize| {
            let aliases = numbered(count, |n| format!("a{n}: name "));
            format!("{{ projects(first: 1) {{ nodes {{ {aliases} }} }} }}")
        };
        assert_eq!(client.query(&aliases(30)).await.error_codes(), Vec::<String>::new());
        refused_at_once(&client, &aliases(31), "QUERY_TOO_MANY_ALIASES").await;
        refused_at_once(&client, &aliases(101), "QUERY_TOO_MANY_ALIASES").await;
        refused_at_once(&client, &aliases(1_600), "QUERY_TOO_MANY_ALIASES").await;
        refused_at_once(&client, &aliases(5_000), "QUERY_TOO_LARGE").await;
    }

    async fn more_root_fields_and_directives_than_allowed_are_refused(world: &World) {
        let client = client(world).await;
        let roots = numbered(21, |n| format!("a{n}: serverInfo {{ name }} "));
        refused_at_once(&client, &format!("{{ {roots} }}"), "QUERY_TOO_LARGE").await;
        let directives: String = (0..51).map(|_| "... @include(if: true) { name } ").collect();
        refused_at_once(&client, &format!("{{ projects(first: 1) {{ nodes {{ {directives} }} }} }}"), "QUERY_TOO_LARGE").await;
        let repeated = format!("{{ serverInfo {{ name {} }} }}", "@include(if: true) ".repeat(10));
        assert_eq!(client.query(&repeated).await.json().get("data"), None, "a directive that is not repeatable was repeated");
    }

    async fn more_tokens_or_bytes_than_allowed_are_refused(world: &World) {
        let client = client(world).await;
        let tokens = |count: usize| format!("{{ serverInfo {{ {} }} }}", "a ".repeat(count));
        refused_at_once(&client, &tokens(100_000), "QUERY_TOO_LARGE").await;
        refused_at_once(&client, &tokens(5_000), "QUERY_TOO_LARGE").await;
        let spaces = |count: usize| format!("{{ serverInfo {{ name }} }}{}", " ".repeat(count));
        assert_eq!(client.query(&spaces(32_000)).await.error_codes(), Vec::<String>::new());
        refused_at_once(&client, &spaces(32_768), "QUERY_TOO_LARGE").await;
        refused_at_once(&client, &format!("{{ serverInfo {{ name }} }} # {}", "x".repeat(33_000)), "QUERY_TOO_LARGE").await;
    }

    async fn repeated_fields_cost_their_number_and_no_more(world: &World) {
        let client = client(world).await;
        let repeats = |count: usize| format!("{{ projects(first: 1) {{ nodes {{ {} }} }} }}", "name ".repeat(count));
        refused_at_once(&client, &repeats(101), "QUERY_TOO_LARGE").await;
        refused_at_once(&client, &repeats(500), "QUERY_TOO_LARGE").await;
        let began = Instant::now();
        let reply = client.query(&repeats(100)).await;
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        let node = reply.at("/data/projects/nodes/0");
        assert_eq!(node.as_object().map(serde_json::Map::len), Some(1), "{node}");
        refused_at_once(&client, &repeats(4_000), "QUERY_TOO_LARGE").await;
    }

    async fn numbers_and_strings_without_measure_are_refused(world: &World) {
        let client = client(world).await;
        let digits = "9".repeat(30_000);
        for argument in [&digits, &format!("-{digits}"), &format!("1e{}", &digits[..10_000]), "2147483648", "1e400", "0.5"] {
            let code = ask_at_once(&client, &format!("{{ projects(first: {argument}) {{ totalCount }} }}")).await;
            assert!(matches!(code.as_str(), "GRAPHQL_VALIDATION_FAILED" | "GRAPHQL_PARSE_FAILED" | "BAD_VARIABLES"),
                "{code} for {} characters {:.20}", argument.len(), argument);
        }
        for value in [json!("x".repeat(200_000)), json!(u64::MAX), json!(1e300), json!(0.5), json!(["1"])] {
            let began = Instant::now();
            let reply = client.query_with("query Q($n: Int) { projects(first: $n) { totalCount } }", json!({ "n": value })).await;
            assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
            assert_eq!(reply.error_codes(), ["BAD_VARIABLES"], "{}", reply.text());
            assert!(reply.bytes.len() < 1_000, "the value is sent back");
        }
        let long = "x".repeat(200_000);
        let query = "query Q($t: String!) { projects(filter: {name: {contains: $t}}) { totalCount } }";
        let reply = client.query_with(query, json!({ "t": long })).await;
        assert!(reply.bytes.len() < 1_000, "the value is sent back");
    }

    async fn operations_and_variables_without_number_are_refused_or_ignored(world: &World) {
        let client = client(world).await;
        let operations = numbered(1_000, |n| format!("query Q{n} {{ serverInfo {{ name }} }} "));
        assert_eq!(ask_at_once(&client, &operations).await, "QUERY_TOO_LARGE");
        let variables = numbered(900, |n| format!("$v{n}: Int "));
        let code = ask_at_once(&client, &format!("query Q({variables}) {{ serverInfo {{ name }} }}")).await;
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "variables that nothing uses");
    }

    async fn a_server_under_such_documents_stays_below_a_ceiling_of_memory(world: &World) {
        let server = Process::serve(world).await;
        let token = Process::token("somebody", Role::PmoLead);
        let body = |document: &str| json!({ "query": document }).to_string();
        let bodies = [
            body(&doubling(25)),
            body(&doubling(200)),
            body(&format!("{}{}", "{a".repeat(10_000), "}".repeat(10_000))),
            body(&format!("{{ serverInfo {{ {} }} }}", "a ".repeat(100_000))),
            body(&format!("{{ {} }}", numbered(5_000, |n| format!("a{n}: viewer {{ subject }} ")))),
        ];
        let warm = server.post(&token, &body("{ serverInfo { name } }"));
        assert_eq!(warm.status, 200, "{}", warm.body);
        let cold = server.peak_memory();
        for body in bodies.iter().cycle().take(200) {
            let answer = server.post(&token, body);
            let json: Value = serde_json::from_str(&answer.body).expect("JSON");
            assert_eq!(json.get("data"), None);
        }
        // A ceiling, not a slope: worker threads fill heaps of their own in steps that differ from run to run.
        let grown = server.peak_memory() - cold;
        assert!(grown < 128 * 1024, "{grown} kB more; one such document spread out has gigabytes");
        assert_eq!(server.post(&token, &body("{ serverInfo { name } }")).status, 200);
        server.stop();
    }
}

/// A document whose fragments spread the next twice: 2 to the `steps` fields.
fn doubling(steps: usize) -> String {
    let fragments = numbered(steps, |n| format!("fragment f{n} on Node{{...f{0} ...f{0}}}", n + 1));
    format!("{{node(id:1){{...f0}}}}{fragments}fragment f{steps} on Node{{id}}")
}

/// `count` numbered parts, one after the other.
fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().concat()
}

async fn client(world: &World) -> Client {
    let client = world.client_as("somebody", &[Role::PmoLead]).await;
    client.header("accept", "application/graphql-response+json")
}

/// The code of the one refusal, which comes at once and without `data`.
async fn ask_at_once(client: &Client, document: &str) -> String {
    let began = Instant::now();
    let reply: Reply = client.query(document).await;
    assert!(began.elapsed() < AT_ONCE, "{:?} for {document:.60}", began.elapsed());
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{document:.60}: {}", reply.text());
    assert_eq!(reply.json().get("data"), None, "{document:.60}");
    assert!(reply.bytes.len() < 4_096, "{document:.60}: an answer of {} bytes", reply.bytes.len());
    reply.error_codes().swap_remove(0)
}

async fn refused_at_once(client: &Client, document: &str, code: &str) {
    assert_eq!(ask_at_once(client, document).await, code, "{document:.60}");
}

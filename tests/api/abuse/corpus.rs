//! The corpus: bodies for `/graphql`, each with the codes that may answer it. An empty code is an answer with data.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use foliograph::auth::Role;
use serde_json::{Value, json};

/// Far above what any of these takes on a busy machine, far below what working on one would take.
const AT_ONCE: Duration = Duration::from_secs(5);

/// One request, and what may answer it.
pub struct Attack {
    /// What it is.
    pub name: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// How the body is said to be packed.
    pub encoding: Option<&'static str>,
    codes: &'static [&'static str],
}

impl Attack {
    fn raw(name: &'static str, body: impl Into<Vec<u8>>, codes: &'static [&'static str]) -> Self {
        Self { name, body: body.into(), encoding: None, codes }
    }

    fn document(name: &'static str, document: &str, codes: &'static [&'static str]) -> Self {
        Self::raw(name, json!({ "query": document }).to_string(), codes)
    }

    fn with(name: &'static str, document: &str, variables: &Value, codes: &'static [&'static str]) -> Self {
        Self::raw(name, json!({ "query": document, "variables": variables }).to_string(), codes)
    }
}

tests! {
    async fn each_is_answered_at_once_with_its_code(world: &World) {
        let client = world.client_as("somebody", &[Role::PmoLead]).await;
        for attack in corpus() {
            let began = Instant::now();
            let asking = match attack.encoding {
                Some(encoding) => client.header("content-encoding", encoding),
                None => client.clone(),
            };
            let reply = asking.post_raw("/graphql", "application/json", attack.body).await;
            let took = began.elapsed();
            assert!(took < AT_ONCE, "{}: {took:?}", attack.name);
            assert!(!reply.status.is_server_error(), "{}: {}", attack.name, reply.status);
            assert!(reply.bytes.len() < 8_192, "{}: {} bytes", attack.name, reply.bytes.len());
            reply.tells_no_secrets();
            let codes = reply.error_codes();
            let code = codes.first().map_or("", String::as_str);
            assert!(attack.codes.contains(&code), "{}: {code:?} instead of {:?}: {}", attack.name, attack.codes, reply.text());
            assert_eq!(code.is_empty(), reply.json().get("data").is_some_and(|data| !data.is_null()) && codes.is_empty(), "{}", attack.name);
        }
        assert_eq!(client.query("{ serverInfo { name } }").await.error_codes(), Vec::<String>::new());
    }
}

/// Every request of the corpus.
pub fn corpus() -> Vec<Attack> {
    [documents(), inputs(), bodies()].into_iter().flatten().collect()
}

fn documents() -> Vec<Attack> {
    let repeated = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    let doubling = |steps: usize| {
        let fragments = repeated(steps, &|n| format!("fragment f{n} on Node{{...f{0} ...f{0}}}", n + 1));
        format!("{{node(id:1){{...f0}}}}{fragments}fragment f{steps} on Node{{id}}")
    };
    let cycle = format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(8), "} }".repeat(8));
    let circle = "{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...T } } }";
    let flood = format!("{{ serverInfo {{ name {} }} }}", "@include(if: true) ".repeat(1_000));
    let unknown = format!("{{ serverInfo {{ name {} }} }}", "@nope ".repeat(10));
    vec![
        Attack::document("fragments that double", &doubling(25), &["QUERY_TOO_LARGE"]),
        Attack::document("more fragments that double", &doubling(200), &["QUERY_TOO_LARGE"]),
        Attack::document(
            "5,000 aliases",
            &format!("{{ {} }}", repeated(5_000, &|n| format!("a{n}: viewer {{ subject }} "))),
            &["QUERY_TOO_LARGE"],
        ),
        Attack::document(
            "500 aliases",
            &format!("{{ serverInfo {{ {} }} }}", repeated(500, &|n| format!("a{n}: name "))),
            &["QUERY_TOO_MANY_ALIASES"],
        ),
        Attack::document("20,000 braces", &"{".repeat(20_000), &["QUERY_TOO_DEEP"]),
        Attack::document(
            "braces with fields",
            &format!("{}{}", "{a".repeat(10_000), "}".repeat(10_000)),
            &["QUERY_TOO_DEEP"],
        ),
        Attack::document("introspection in a circle of fields", &cycle, &["QUERY_TOO_DEEP"]),
        Attack::document("introspection in a circle of fragments", circle, &["GRAPHQL_VALIDATION_FAILED"]),
        Attack::document("a flood of directives", &flood, &["QUERY_TOO_LARGE", "GRAPHQL_VALIDATION_FAILED"]),
        Attack::document("directives that are none", &unknown, &["GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_LARGE"]),
        Attack::document(
            "100,000 tokens",
            &format!("{{ serverInfo {{ {} }} }}", "a ".repeat(100_000)),
            &["QUERY_TOO_LARGE"],
        ),
        Attack::document(
            "a comment of 30,000 characters",
            &format!("{{ nope }}#{}", "x".repeat(30_000)),
            &["GRAPHQL_VALIDATION_FAILED"],
        ),
        Attack::document(
            "a number of 30,000 digits",
            &format!("{{ projects(first: {}) {{ totalCount }} }}", "9".repeat(30_000)),
            &["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"],
        ),
        Attack::document(
            "an exponent",
            "{ projects(first: 1e400) { totalCount } }",
            &["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"],
        ),
        Attack::document("right to left", "{ serverInfo { n\u{202e}ame } }", &["GRAPHQL_PARSE_FAILED"]),
        Attack::document("zero width", "{ server\u{200b}Info { name } }", &["GRAPHQL_PARSE_FAILED"]),
        Attack::document("a name of another alphabet", "{ s\u{435}rverInfo { name } }", &["GRAPHQL_PARSE_FAILED"]),
        Attack::document(
            "half a surrogate",
            r#"{ projects(filter: {name: {eq: "\uD83D"}}) { totalCount } }"#,
            &["GRAPHQL_PARSE_FAILED"],
        ),
        Attack::document(
            "a character beyond the last",
            r#"{ projects(filter: {name: {eq: "\u{110000}"}}) { totalCount } }"#,
            &["GRAPHQL_PARSE_FAILED"],
        ),
        Attack::document("a subscription", "subscription { changes { __typename } }", &["BAD_REQUEST"]),
        Attack::document("nothing", "# nothing", &["GRAPHQL_PARSE_FAILED"]),
    ]
}

fn inputs() -> Vec<Attack> {
    let by_name = "query Q($t: String!) { projects(filter: {name: {contains: $t}}) { totalCount } }";
    let by_filter = "query Q($f: ProjectFilter) { projects(filter: $f) { totalCount } }";
    let by_keys = "query Q($k: [String!]) { projects(filter: {key: {in: $k}}) { totalCount } }";
    let keys: Vec<String> = (0..100_000).map(|n| format!("PR-{n}")).collect();
    let not = (0..60).fold(json!({}), |inner, _| json!({ "not": inner }));
    let wide = json!({ "or": vec![json!({ "name": { "eq": "a" } }); 5_000] });
    let page = |argument: &str| format!("{{ projects({argument}) {{ totalCount nodes {{ id }} }} }}");
    vec![
        Attack::with("100,000 values in a list", by_keys, &json!({ "k": keys }), &["GRAPHQL_VALIDATION_FAILED"]),
        Attack::with("60 negations", by_filter, &json!({ "f": not }), &["GRAPHQL_VALIDATION_FAILED"]),
        Attack::with("5,000 alternatives", by_filter, &json!({ "f": wide }), &["GRAPHQL_VALIDATION_FAILED"]),
        Attack::with("a text of 200,000 characters", by_name, &json!({ "t": "x".repeat(200_000) }), &[""]),
        Attack::with("U+0000", by_name, &json!({ "t": "a\u{0}b" }), &["BAD_VARIABLES"]),
        Attack::with(
            "marks of direction and width",
            by_name,
            &json!({ "t": "\u{202e}\u{200b}\u{feff}\u{2066}" }),
            &[""],
        ),
        Attack::with("characters beyond the first plane", by_name, &json!({ "t": "\u{1F600}\u{10FFFF}" }), &[""]),
        Attack::with("marks upon marks", by_name, &json!({ "t": "e\u{301}".repeat(5_000) }), &[""]),
        Attack::with("SQL", by_name, &json!({ "t": "' OR 1=1; DROP TABLE person; --" }), &[""]),
        Attack::document(
            "U+0000 in a document",
            r#"{ projects(filter: {name: {eq: "\u0000"}}) { totalCount } }"#,
            &["BAD_VARIABLES"],
        ),
        Attack::document("a cursor of nobody", &page("after: \"AQcHBwcHBwcHAAAAAAAAAAAAAAAA\""), &["CURSOR_MISMATCH"]),
        Attack::document("a cursor that is none", &page("before: \"' OR 1=1\""), &["CURSOR_MISMATCH"]),
        Attack::document(
            "an id of nothing",
            r#"{ node(id: "prj_zzzzzzzzzzzzzzzzzzzzzzzzzz") { id } }"#,
            &["INVALID_ID"],
        ),
        Attack::document(
            "an id of a type that is none",
            r#"{ node(id: "zzz_00000000000000000000000000") { id } }"#,
            &["INVALID_ID"],
        ),
        Attack::document(
            "a page of a million",
            &page("first: 1000000"),
            &["PAGE_SIZE_TOO_LARGE", "QUERY_TOO_EXPENSIVE"],
        ),
        Attack::document(
            "a page of less than nothing",
            &page("first: -1"),
            &["BAD_VARIABLES", "GRAPHQL_VALIDATION_FAILED"],
        ),
    ]
}

fn bodies() -> Vec<Attack> {
    let mut bomb = GzEncoder::new(vec![], Compression::best());
    bomb.write_all(&vec![b' '; 50 << 20]).expect("packed");
    let bomb = Attack {
        encoding: Some("gzip"),
        ..Attack::raw("a packed body of 50 MB", bomb.finish().expect("packed"), &["UNSUPPORTED_MEDIA_TYPE"])
    };
    let deep = format!(r#"{{"query":"{{ a }}","variables":{{"f":{}1{}}}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    let huge = format!(r#"{{"query":"{{ serverInfo {{ name }} }}","extensions":{{"a":"{}"}}}}"#, "x".repeat(10 << 20));
    let number = |text: &str| {
        format!(
            r#"{{"query":"query Q($n: Int) {{ projects(first: $n) {{ totalCount }} }}","variables":{{"n":{text}}}}}"#
        )
    };
    vec![
        bomb,
        Attack::raw("10 MB", huge, &["PAYLOAD_TOO_LARGE"]),
        Attack::raw(
            "a batch",
            r#"[{"query":"{ serverInfo { name } }"},{"query":"{ serverInfo { name } }"}]"#,
            &["BATCHING_DISABLED"],
        ),
        Attack::raw("an empty batch", "[]", &["BATCHING_DISABLED"]),
        Attack::raw("50,000 lists in variables", deep, &["BAD_REQUEST"]),
        // JSON leaves open what a name given twice means; here the last one counts, and only that one is looked at.
        Attack::raw("a name given twice", r#"{"query":"{ nope }","query":"{ serverInfo { name } }"}"#, &[""]),
        Attack::raw("bytes that are no UTF-8", b"{\"query\":\"{ serverInfo { name \xff } }\"}", &["BAD_REQUEST"]),
        Attack::raw("an overlong character", b"{\"query\":\"{ serverInfo { name \xc0\x80 } }\"}", &["BAD_REQUEST"]),
        Attack::raw("a surrogate in bytes", b"{\"query\":\"{ serverInfo { name \xed\xa0\x80 } }\"}", &["BAD_REQUEST"]),
        Attack::raw("half a surrogate in JSON", r#"{"query":"{ serverInfo { name } } \ud800"}"#, &["BAD_REQUEST"]),
        Attack::raw("another character set", [0xff, 0xfe, b'{', 0, b'}', 0], &["BAD_REQUEST"]),
        Attack::raw("a number beyond numbers", number("1e400"), &["BAD_REQUEST"]),
        Attack::raw("a number with a long exponent", number("1e99999999999999999999"), &["BAD_REQUEST"]),
        Attack::raw("a number of 100,000 digits", number(&"9".repeat(100_000)), &["BAD_REQUEST"]),
        Attack::raw("nothing", "", &["BAD_REQUEST"]),
        Attack::raw("null", "null", &["BAD_REQUEST"]),
        Attack::raw("half an object", r#"{"query":"{ serverInfo"#, &["BAD_REQUEST"]),
        Attack::raw("no document", r#"{"query":" \n"}"#, &["BAD_REQUEST"]),
    ]
}

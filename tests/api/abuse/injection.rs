//! SQL in the place of text: every filter of the schema that takes one, and every argument that does. What is asked for is
//! looked for as it stands; nothing of it is ever read as SQL, as a pattern or as anything else.

use std::collections::BTreeMap;

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    client::Client,
    dump::dump,
    writes::{begin, request_key},
};

/// Texts that mean something elsewhere. None of them is in the demonstration data.
const HOSTILE: [&str; 9] = [
    "' OR '1'='1",
    "'; DROP TABLE person; --",
    "\\' OR 1=1 /*",
    "\" OR \"\"=\"",
    "%",
    "_%\\",
    "$1",
    "?1); SELECT 1; --",
    "\u{2019} OR 1=1 \u{202e}",
];

tests! {
    async fn no_filter_takes_text_for_anything_else(world: &World) {
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let schema = Schema::of(&client).await;
        let before = dump(&world.database().await).await;
        let (mut asked, mut at) = (0, 0);
        for (list, filter) in schema.lists() {
            for (field, operators) in schema.inputs(&filter) {
                for (operator, ty) in schema.inputs(&operators) {
                    if !schema.is_text(&ty) {
                        continue;
                    }
                    // Each operand meets one of the texts, so that all texts meet every kind of operand in time.
                    at += 1;
                    let text = HOSTILE[at % HOSTILE.len()];
                    let value = if ty.starts_with('[') { json!([text]) } else { json!(text) };
                    let document = format!("{{ {list}(filter: {{{field}: {{{operator}: {value}}}}}) {{ totalCount }} }}");
                    let reply = client.query(&document).await;
                    reply.tells_no_secrets();
                    assert!(reply.status.is_success(), "{document}: {} {}", reply.status, reply.text());
                    for code in reply.error_codes() {
                        assert!(matches!(code.as_str(), "BAD_VARIABLES" | "GRAPHQL_VALIDATION_FAILED" | "INVALID_ID" | "FILTER_FORBIDDEN" | "NOT_FOUND"),
                            "{document}: {}", reply.text());
                    }
                    if reply.error_codes().is_empty() && matches!(operator.as_str(), "eq" | "in" | "contains" | "startsWith" | "endsWith") {
                        let count = &reply.json()["data"][&list]["totalCount"];
                        assert!(*count == json!(0) || count.is_null(), "{document} found {count}");
                    }
                    asked += 1;
                }
            }
        }
        assert!(asked > 200, "{asked}");
        assert!(dump(&world.database().await).await == before, "something was written");
    }

    async fn no_mutation_takes_text_for_anything_else(world: &World) {
        let (_, client) = begin(world).await;
        let schema = Schema::of(&client).await;
        let rows = |dump: &BTreeMap<String, Vec<String>>| dump.iter().map(|(table, rows)| (table.clone(), rows.len())).collect::<BTreeMap<_, _>>();
        let before = rows(&dump(&world.database().await).await);
        let (mut asked, mut reached) = (0, 0);
        for (mutation, input) in &schema.mutations {
            // First what is text and nothing else, so that the rest does not keep it from its way; then everything.
            for everything in [false, true] {
                asked += 1;
                let text = HOSTILE[asked % HOSTILE.len()];
                let given = schema.filled(input, text, everything, 0);
                let document = format!("mutation($input: {input}) {{ {mutation}(input: $input) {{ userErrors {{ code message path }} }} }}");
                let reply = client.query_with(&document, json!({ "input": given })).await;
                reply.tells_no_secrets();
                assert!(reply.status.is_success(), "{mutation} with {given}: {} {}", reply.status, reply.text());
                let codes = reply.error_codes();
                assert!(codes.iter().all(|code| code == "BAD_VARIABLES"), "{mutation} with {given}: {}", reply.text());
                reached += usize::from(codes.is_empty());
            }
        }
        assert!(asked > 400 && reached > asked / 3, "{reached} of {asked} came as far as the rules of writing");
        let after = rows(&dump(&world.database().await).await);
        for (table, count) in before {
            assert!(after.get(&table).is_some_and(|left| *left >= count), "{table} had {count} rows and has {:?}", after.get(&table));
        }
    }

    async fn no_other_argument_does(world: &World) {
        let client = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let before = dump(&world.database().await).await;
        for text in HOSTILE {
            let value = json!(text);
            for document in [
                format!("{{ project(by: {{key: {value}}}) {{ name }} }}"),
                format!("{{ project(by: {{id: {value}}}) {{ name }} }}"),
                format!("{{ project(by: {{external: {{system: {value}, id: {value}}}}}) {{ name }} }}"),
                format!("{{ node(id: {value}) {{ id }} }}"),
                format!("{{ nodes(ids: [{value}]) {{ id }} }}"),
                format!("{{ projects(after: {value}) {{ totalCount }} }}"),
                format!("{{ __type(name: {value}) {{ name }} }}"),
                format!("mutation {{ projectUpdate(input: {{ref: {{key: {value}}}, ifVersion: \"*\", patch: {{name: {value}}}}}) {{ userErrors {{ code message }} }} }}"),
                format!("mutation {{ projectUpdate(input: {{ref: {{key: \"PR-001\"}}, ifVersion: {value}, patch: {{}}}}) {{ userErrors {{ code message }} }} }}"),
            ] {
                let reply = client.query(&document).await;
                reply.tells_no_secrets();
                assert!(reply.status.is_success(), "{document}: {} {}", reply.status, reply.text());
                assert!(!reply.error_codes().iter().any(|code| code == "INTERNAL"), "{document}: {}", reply.text());
            }
        }
        assert!(dump(&world.database().await).await == before, "something was written");
        // As a value it is a value: what is written is read again, to the letter.
        for text in HOSTILE {
            let value = json!(text);
            let document = format!("mutation {{ projectUpdate(input: {{ref: {{key: \"PR-001\"}}, ifVersion: \"*\", patch: {{description: {value}}}}}) {{ project {{ description }} userErrors {{ code message }} }} }}");
            let reply = client.query(&document).await;
            assert_eq!(reply.data()["projectUpdate"]["project"]["description"], value, "{}", reply.text());
            let found = client.query(&format!("{{ projects(filter: {{description: {{contains: {value}}}}}) {{ nodes {{ key }} }} }}")).await;
            assert_eq!(found.data()["projects"]["nodes"], json!([{ "key": "PR-001" }]), "{text}");
        }
    }
}

/// Input types by name, and the lists with their filters, as introspection tells them.
struct Schema {
    inputs: BTreeMap<String, Vec<(String, String)>>,
    scalars: Vec<String>,
    lists: Vec<(String, String)>,
    mutations: Vec<(String, String)>,
    values: BTreeMap<String, String>,
    one_of: Vec<String>,
}

impl Schema {
    async fn of(client: &Client) -> Self {
        let document = "{ __schema { types { kind name isOneOf enumValues { name } inputFields { name type { ...T } } } queryType { fields { name args { name type { ...T } } type { kind name ofType { name } } } } mutationType { fields { name args { name type { ...T } } } } } } \
            fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let schema = client.query(document).await.data()["__schema"].take();
        let types = schema["types"].as_array().expect("types").clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let members = |value: &Value| {
            value.as_array().into_iter().flatten().map(|m| (text(&m["name"]), written(&m["type"]))).collect::<Vec<_>>()
        };
        let inputs = types.iter().filter(|t| t["kind"] == "INPUT_OBJECT");
        let inputs = inputs.map(|t| (text(&t["name"]), members(&t["inputFields"]))).collect();
        let scalars = types.iter().filter(|t| t["kind"] == "SCALAR").map(|t| text(&t["name"])).collect();
        let lists = schema["queryType"]["fields"].as_array().expect("fields").iter().filter_map(|field| {
            let of = text(if field["type"]["name"].is_null() {
                &field["type"]["ofType"]["name"]
            } else {
                &field["type"]["name"]
            });
            let filter = members(&field["args"]).into_iter().find(|(name, _)| name == "filter")?.1;
            of.ends_with("Connection").then(|| (text(&field["name"]), filter))
        });
        let mutations = schema["mutationType"]["fields"].as_array().expect("fields").iter();
        let mutations = mutations.map(|field| (text(&field["name"]), members(&field["args"])[0].1.clone())).collect();
        let first = |t: &Value| Some((text(&t["name"]), text(t["enumValues"].get(0)?.get("name")?)));
        let values = types.iter().filter_map(first).collect();
        let one_of = types.iter().filter(|t| t["isOneOf"] == true).map(|t| text(&t["name"])).collect();
        Self { inputs, scalars, lists: lists.collect(), mutations, values, one_of }
    }

    fn lists(&self) -> Vec<(String, String)> {
        self.lists.clone()
    }

    fn inputs(&self, ty: &str) -> Vec<(String, String)> {
        self.inputs.get(ty.trim_matches(['[', ']', '!'])).cloned().unwrap_or_default()
    }

    /// A value of a type, with this text where a text stands; where `everything`, in the place of all other scalars as well.
    fn filled(&self, ty: &str, text: &str, everything: bool, depth: usize) -> Value {
        if let Some(item) = ty.trim_end_matches('!').strip_prefix('[') {
            return json!([self.filled(&item[..item.len() - 1], text, everything, depth)]);
        }
        let name = ty.trim_end_matches('!');
        if let Some(value) = self.values.get(name) {
            return json!(value);
        }
        let members = self.inputs(name);
        if members.is_empty() {
            return if name == "String" || (everything && self.is_text(name)) { json!(text) } else { plain(name) };
        }
        let is_one = self.one_of.iter().any(|one| one == name);
        let of_text = members.iter().find(|(_, ty)| ty == "String");
        let chosen: Vec<_> = if is_one { vec![of_text.unwrap_or(&members[0])] } else { members.iter().collect() };
        let chosen = chosen.into_iter().filter(|(_, ty)| depth < 6 || ty.ends_with('!'));
        chosen.map(|(name, ty)| (name.clone(), self.filled(ty, text, everything, depth + 1))).collect()
    }

    fn is_text(&self, ty: &str) -> bool {
        let name = ty.trim_matches(['[', ']', '!']).to_owned();
        self.scalars.contains(&name) && !matches!(name.as_str(), "Int" | "Float" | "Boolean")
    }
}

/// A value of a scalar that is what it should be.
fn plain(scalar: &str) -> Value {
    match scalar {
        "Boolean" => json!(true),
        "Int" => json!(1),
        "LocalDate" => json!("2026-01-05"),
        "LocalTime" => json!("08:00"),
        "DateTime" => json!("2026-01-05T00:00:00.000Z"),
        "CurrencyCode" => json!("EUR"),
        "Email" => json!("a@example.com"),
        "Url" => json!("https://example.com"),
        "Uuid" => json!(request_key(1)),
        "Version" => json!("*"),
        _ => json!("1"),
    }
}

/// A type as SDL writes it.
fn written(ty: &Value) -> String {
    match ty["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", written(&ty["ofType"])),
        Some("LIST") => format!("[{}]", written(&ty["ofType"])),
        _ => ty["name"].as_str().unwrap_or_default().to_owned(),
    }
}

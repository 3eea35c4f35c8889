//! Our answers against graphql-js: same keys in the same order, same nulls. Until the engine answers, the reference itself.

use serde_json::{Value, json};

use crate::support::{
    json::Json,
    reference::{Case, reference},
};

const SDL: &str = r"
    type Query { projects(first: Int, last: Int): ProjectConnection!  node(id: ID!): Node  first: Project! second: Project }
    interface Node { id: ID! }
    type Project implements Node { id: ID!  name: String!  budget: Int  tags: [String!] }
    type Person implements Node { id: ID!  email: String! }
    type ProjectConnection { nodes: [Project!]!  edges: [ProjectEdge!]!  pageInfo: PageInfo!  totalCount: Int }
    type ProjectEdge { cursor: String!  node: Project! }
    type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  endCursor: String }
";

tests! {
    async fn the_reference_orders_keys_as_the_document_does() {
        let text = answer(Case::new("order", "{ node(id: 1) { ... on Person { email } id __typename } b: second { tags name } second { name } }"));
        assert_eq!(text, r#"{"data":{"node":{"email":"a@example.org","id":"per_1","__typename":"Person"},"b":{"tags":["x"],"name":"B"},"second":{"name":"B"}}}"#);
    }

    async fn the_reference_pages_connections() {
        let document = "query P($n: Int!) { projects(last: $n) { totalCount nodes { name } edges { cursor } pageInfo { hasPreviousPage hasNextPage } } }";
        let text = answer(Case::new("page", document).with(json!({ "n": 1 })));
        assert_eq!(text, r#"{"data":{"projects":{"totalCount":2,"nodes":[{"name":"B"}],"edges":[{"cursor":"1"}],"pageInfo":{"hasPreviousPage":true,"hasNextPage":false}}}}"#);
    }

    async fn the_reference_propagates_null_to_the_nearest_nullable_field() {
        let body = ask(Case::new("null", "{ second { name budget } first { name budget } }"));
        assert_eq!(body.get("data"), Some(&Json::Null));
        assert_eq!(body.keys(), ["errors", "data"]);
        let body = ask(Case::new("nullable", "{ second { budget name } }"));
        assert_eq!(body.get("data"), Some(&Json::parse(r#"{"second":{"budget":null,"name":"B"}}"#)));
    }

    async fn the_reference_refuses_what_does_not_validate() {
        let body = ask(Case::new("invalid", "{ nothing }"));
        assert_eq!(body.keys(), ["errors"]);
    }
}

fn data() -> Value {
    let broken = json!({ "id": "prj_1", "name": { "__error": "no name" }, "budget": 1, "tags": null });
    let whole = json!({ "id": "prj_2", "name": "B", "budget": { "__error": "no budget" }, "tags": ["x"] });
    let person = json!({ "__typename": "Person", "id": "per_1", "email": "a@example.org" });
    json!({ "projects": [{ "id": "prj_0", "name": "A" }, whole], "node": person, "first": broken, "second": whole })
}

fn answer(case: Case) -> String {
    reference(SDL, &data(), &[case]).remove(0).text
}

fn ask(case: Case) -> Json {
    let name = case.name.clone();
    let answer = reference(SDL, &data(), &[case]).remove(0);
    assert_eq!(answer.name, name);
    answer.json()
}

//! Answers of graphql-js, the reference implementation, to compare ours with: order of keys, propagation of null.

use serde_json::{Value, json};

use super::{json::Json, node};

/// One document to execute.
#[derive(Debug, Clone)]
pub struct Case {
    /// Name, repeated in the answer.
    pub name: String,
    /// The document.
    pub document: String,
    /// Which operation of it.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Value,
}

impl Case {
    /// A document of one operation without variables.
    pub fn new(name: &str, document: &str) -> Self {
        Self { name: name.to_owned(), document: document.to_owned(), operation_name: None, variables: json!({}) }
    }

    /// The same with variables.
    #[must_use]
    pub fn with(self, variables: Value) -> Self {
        Self { variables, ..self }
    }
}

/// What graphql-js answered to a case.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Name of the case.
    pub name: String,
    /// The body exactly as graphql-js writes it.
    pub text: String,
}

impl Answer {
    /// The body with its keys in order.
    pub fn json(&self) -> Json {
        Json::parse(&self.text)
    }
}

/// Executes `cases` with graphql-js over `data`, the value of the root type, against a schema in SDL.
///
/// `__typename` in the data tells members of interfaces and unions; an array where the schema has a connection is paged by
/// `first` and `last`; `{"__error": "text"}` fails its field. Ends the test as not run where node is not installed, and
/// fails it on a build server.
pub fn reference(sdl: &str, data: &Value, cases: &[Case]) -> Vec<Answer> {
    let cases: Vec<Value> = cases
        .iter()
        .map(|case| {
            let Case { name, document, operation_name, variables } = case;
            json!({ "name": name, "document": document, "operationName": operation_name, "variables": variables })
        })
        .collect();
    let input = json!({ "sdl": sdl, "data": data, "cases": cases }).to_string();
    let output = node::run("reference.mjs", &input);
    let answers: Vec<Value> = serde_json::from_str(&output).unwrap_or_else(|e| panic!("graphql-js: {e} in {output}"));
    let text = |answer: &Value, key: &str| answer[key].as_str().expect("a text").to_owned();
    answers.iter().map(|answer| Answer { name: text(answer, "name"), text: text(answer, "body") }).collect()
}

//! From bytes or an address to a GraphQL request. A member of the wrong type is named; what it held is never repeated.

use axum::{extract::Query, http::Uri};
use serde_json::{Map, Value};

use crate::{
    error::{Code, Error},
    graph::Request,
};

/// The request in a POST body.
pub fn from_body(body: &[u8]) -> Result<Request, Error> {
    match parse("The body", body)? {
        Value::Object(members) => from_members(members),
        Value::Array(_) => {
            Err(Error::new(Code::BatchingDisabled, "Batches are not answered. Send one request at a time."))
        }
        _ => Err(refuse("The body is a JSON object with the member 'query'.")),
    }
}

/// The request in an address (GET). An empty parameter counts as absent, since some tools cannot leave one out.
pub fn from_address(uri: &Uri) -> Result<Request, Error> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| refuse("The address's query part is not form-encoded."))?;
    let mut members = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            _ if text.is_empty() => continue,
            "variables" | "extensions" => parse(&format!("The parameter '{name}'"), text.as_bytes())?,
            "query" | "documentId" | "operationName" => Value::String(text),
            _ => continue,
        };
        if members.contains_key(&name) {
            return Err(refuse(format!("The parameter '{name}' occurs more than once.")));
        }
        members.insert(name, value);
    }
    Ok(Request { only_queries: true, ..from_members(members)? })
}

/// The request in the members of an object.
pub fn from_members(mut members: Map<String, Value>) -> Result<Request, Error> {
    let mut take = |name: &str| members.remove(name).unwrap_or(Value::Null);
    let document_id = match take("documentId") {
        Value::Null => None,
        Value::String(id) => Some(id),
        _ => return Err(refuse("The member 'documentId' must be a string or null.")),
    };
    let document = match take("query") {
        Value::String(text) if !text.trim().is_empty() => text,
        Value::String(_) | Value::Null if document_id.is_some() => String::new(),
        Value::String(_) | Value::Null => {
            return Err(refuse("The member 'query' is missing: it holds the GraphQL document."));
        }
        _ => return Err(refuse("The member 'query' must be a string.")),
    };
    let operation_name = match take("operationName") {
        Value::Null => None,
        Value::String(name) => Some(name),
        _ => return Err(refuse("The member 'operationName' must be a string or null.")),
    };
    let variables = match take("variables") {
        Value::Null => Map::new(),
        Value::Object(variables) => variables,
        _ => return Err(refuse("The member 'variables' must be an object or null.")),
    };
    // Extensions that are not known here are a client's own matter.
    let reports_deprecations = match take("extensions") {
        Value::Null => false,
        Value::Object(extensions) => match extensions.get("deprecations") {
            None | Some(Value::Null) => false,
            Some(wish) if wish == "report" => true,
            Some(_) => return Err(refuse("The extension 'deprecations' is \"report\" or absent.")),
        },
        _ => return Err(refuse("The member 'extensions' must be an object or null.")),
    };
    Ok(Request { document, document_id, operation_name, variables, reports_deprecations, ..Request::default() })
}

fn parse(what: &str, json: &[u8]) -> Result<Value, Error> {
    // The reader's own text may quote the input: only the place is told.
    serde_json::from_slice(json)
        .map_err(|e| refuse(format!("{what} is not valid JSON (line {}, column {}).", e.line(), e.column())))
}

fn refuse(line: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_request_is_read() {
        let body = br#"{"query":"query A{a}","operationName":"A","variables":{"x":1},"extensions":{},"other":1}"#;
        let request = from_body(body).expect("read");
        assert_eq!((request.document.as_str(), request.operation_name.as_deref()), ("query A{a}", Some("A")));
        assert_eq!(request.variables["x"], 1);
        assert!(!request.only_queries);
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named() {
        for (body, named) in [
            (r#"{"query":{}}"#, "'query'"),
            (r#"{"query":null}"#, "'query'"),
            (r#"{"documentId":7}"#, "'documentId'"),
            (r#"{"documentId":null}"#, "'query'"),
            (r"{}", "'query'"),
            (r#"{"query":"{a}","operationName":7}"#, "'operationName'"),
            (r#"{"query":"{a}","variables":[]}"#, "'variables'"),
            (r#"{"query":"{a}","extensions":"x"}"#, "'extensions'"),
            (r#""{a}""#, "'query'"),
            ("{\"query\":\n secret", "line 2"),
        ] {
            let error = from_body(body.as_bytes()).expect_err(body);
            assert!(error.code == Code::BadRequest && error.message.contains(named), "{body}: {error}");
            assert!(!error.message.contains("secret"));
        }
        let named = from_body(br#"{"documentId":"sha256:x","query":""}"#).expect("read");
        assert_eq!((named.document.as_str(), named.document_id.as_deref()), ("", Some("sha256:x")));
        assert_eq!(from_body(b"[]").expect_err("batch").code, Code::BatchingDisabled);
    }

    #[test]
    fn an_address_is_read() {
        let read = |uri: &str| from_address(&uri.parse().expect("uri"));
        let request =
            read("/graphql?query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=&extensions=").expect("read");
        assert!(request.only_queries && request.operation_name.is_none());
        assert_eq!((request.document.as_str(), &request.variables["x"]), ("{a}", &Value::from(1)));
        for bad in
            ["/graphql", "/graphql?query=a&query=b", "/graphql?query=a&variables=x", "/graphql?query=a&variables=1"]
        {
            assert_eq!(read(bad).expect_err(bad).code, Code::BadRequest, "{bad}");
        }
    }
}

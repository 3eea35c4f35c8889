//! GraphQL over HTTP as the published audits want it: all of them, with nothing that is merely advised left out.

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{node, product};

/// Audits of the package that `tests/node` pins.
const AUDITS: usize = 61;

tests! {
    async fn every_audit_is_ok(world: &World) {
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let input = json!({ "url": format!("http://{}/graphql", server.address), "token": token });
        let results: Vec<Value> = serde_json::from_str(&node::run("audits.mjs", &input.to_string())).expect("json");
        let text = |result: &Value, member: &str| result[member].as_str().unwrap_or_default().to_owned();
        for result in &results {
            println!("{} {} {} {}", text(result, "status"), text(result, "id"), text(result, "name"), text(result, "reason"));
        }
        let ids: std::collections::BTreeSet<String> = results.iter().map(|result| text(result, "id")).collect();
        assert_eq!((results.len(), ids.len()), (AUDITS, AUDITS));
        let others: Vec<&Value> = results.iter().filter(|result| result["status"] != "ok").collect();
        assert!(others.is_empty(), "{others:#?}");
    }
}

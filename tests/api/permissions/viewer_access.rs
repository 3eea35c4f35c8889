//! What `viewerAccess` says against what a mutation does.

use foliograph::graph::encode_id;
use serde_json::{Value, json};

use super::{
    cast::CAST,
    expected::Rows,
    writes::{ask, mutation},
};

tests! {
    async fn can_write_is_what_a_mutation_allows(world: &World) {
        let rows = Rows::complete(world).await;
        let (mut yes, mut no) = (0, 0);
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            for (type_name, list, single, patch) in [
                ("Portfolio", "portfolios", "portfolio", json!({ "description": "Other" })),
                ("Program", "programs", "program", json!({ "description": "Other" })),
                ("Project", "projects", "project", json!({ "description": "Other" })),
                ("Person", "people", "person", json!({ "email": "other@example.org" })),
                ("OrgUnit", "orgUnits", "orgUnit", json!({ "name": "Other" })),
                ("ExternalLink", "externalLinks", "externalLink", json!({ "url": "https://example.org/other" })),
                ("RoleAssignment", "roleAssignments", "roleAssignment", json!({ "validToOn": "2099-01-01" })),
            ] {
                let document = format!("{{ {list}(first: 1000) {{ nodes {{ id viewerAccess {{ canWrite }} }} }} }}");
                let data = client.query(&document).await.json()["data"][list]["nodes"].clone();
                let nodes = data.as_array().cloned().unwrap_or_default();
                let items: Vec<Value> = nodes.iter().map(|node| json!({ "ref": { "id": node["id"] }, "ifVersion": "*", "patch": patch })).collect();
                let mutation = mutation(&format!("{single}BulkUpdate"));
                let reply = ask(&client, mutation, &json!({ "items": items, "errorPolicy": "REJECT_FAILED", "dryRun": true })).await;
                let results = reply.at(&format!("/data/{}/results", mutation.name));
                for (at, node) in nodes.iter().enumerate() {
                    // A rule that the row breaks as it is says nothing of rights.
                    let only_a_rule = json!([{ "code": "INVARIANT" }]);
                    let allowed = results[at]["status"] == "UPDATED" || results[at]["userErrors"] == only_a_rule;
                    let said = node["viewerAccess"]["canWrite"] == true;
                    // Her own roles are hers to read and another's to give: a conflict of duty, not a right.
                    let own = rows.assignments.iter().any(|a| Some(a.person_id) == eyes.person && encode_id("rol", a.id) == node["id"]);
                    if own {
                        assert!(!allowed, "{who:?} prolongs {node}");
                        continue;
                    }
                    assert_eq!(said, allowed, "{type_name} {node} for {who:?}: {}", results[at]);
                    if said { yes += 1 } else { no += 1 }
                }
            }
        }
        assert!(yes > 200 && no > 1_000, "{yes} {no}");
    }
}

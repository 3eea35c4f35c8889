//! Mutations: what they write, what they refuse, and that a refused one leaves nothing.

use foliograph::auth::Role;
use serde_json::json;

tests! {
    async fn smoke(world: &World) {
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let some = lead.query("{ projects(first: 1, filter: {parent: {}}) { nodes { id key version name portfolio { id key } projectManager { id } } } portfolios(first: 2) { nodes { id key } } }").await.data();
        println!("{some:#}");
        let id = some["projects"]["nodes"][0]["id"].clone();
        let version = some["projects"]["nodes"][0]["version"].clone();
        let r = lead.query_with("mutation($i: ProjectUpdateInput!) { projectUpdate(input: $i) { project { id name version updatedBy { key } } userErrors { code message path params { name value } } replayed query { viewer { subject } } } }", json!({"i": {"id": id, "ifVersion": version, "patch": {"name": "New name", "sponsorKey": "helen.ashworth", "plannedFinishOn": null}}})).await;
        println!("{:#}", r.json());
        let r = lead.query_with("mutation($i: ProjectUpdateInput!) { projectUpdate(input: $i) { project { id name version updatedBy { key } } userErrors { code message path params { name value } } replayed } }", json!({"i": {"id": id, "ifVersion": version, "patch": {"name": "New name", "priority": 7}}})).await;
        println!("{:#}", r.json());
        let portfolio = some["portfolios"]["nodes"][0]["id"].clone();
        let r = lead.query_with("mutation($i: ProjectCreateInput!) { projectCreate(input: $i) { project { id key name version state portfolio { key } } userErrors { code message path } } }", json!({"i": {"key": "P-NEW", "name": "New", "baseCurrency": "EUR", "parentId": portfolio}})).await;
        println!("{:#}", r.json());
        let r = lead.query_with("mutation($i: ProjectBulkUpsertInput!) { projectBulkUpsert(input: $i) { createdCount updatedCount unchangedCount failedCount results { index status project { id key version } userErrors { code path message } } userErrors { code } replayed } }", json!({"i": {"clientMutationKey": "01890a5d-ac96-774b-bcce-b302099a8057", "items": [{"ref": {"external": {"system": "CSV", "id": "1"}}, "patch": {"key": "CSV-1", "name": "One", "baseCurrency": "EUR", "parentId": portfolio}}, {"ref": {"key": "P-NEW"}, "patch": {"name": "New"}}]}})).await;
        println!("{:#}", r.json());
        panic!("look");
    }
}

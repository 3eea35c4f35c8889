//! What has happened is told to whom it concerns and no further: entries of the trail, answers of earlier requests,
//! versions, and what a mutation shows of the row that it wrote.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{
    cast::{CAST, Who, answered},
    expected::{Row, Rows},
    scope::ids,
    writes::{ask, codes, mutation, set},
};
use crate::support::{client::Client, dump::dump};

const KEY: &str = "8d0c1f6e-0000-4000-8000-00000000aaaa";

tests! {
    async fn only_the_office_auditors_and_managers_of_the_item_read_the_trail(world: &World) {
        let rows = Rows::complete(world).await;
        let mut sizes = std::collections::BTreeSet::new();
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            let all = eyes.roles.contains(&Role::PmoLead) || eyes.roles.contains(&Role::Auditor);
            let manages = eyes.roles.contains(&Role::ProjectManager);
            let due: Vec<String> = rows.entries.iter().filter(|entry| match entry.item_id.map(|id| rows.item(id)) {
                None => all,
                Some(item) => eyes.may_know(item) && (all || (manages && item.project_manager_id.is_some() && item.project_manager_id == eyes.person)),
            }).map(|entry| Row::Entry(entry).wire_id()).collect();
            let reply = client.query("{ auditTrail(first: 1000) { nodes { id } totalCount } }").await;
            let (data, entries) = answered(&reply, &format!("{who:?}"));
            if !all && !manages {
                assert_eq!((&data["auditTrail"], entries.len()), (&Value::Null, 1), "{who:?}");
                continue;
            }
            assert_eq!(ids(&data["auditTrail"]["nodes"]), due, "{who:?}");
            assert_eq!(data["auditTrail"]["totalCount"], json!(due.len()), "{who:?}");
            sizes.insert(due.len());
        }
        assert!(sizes.len() >= 4, "{sizes:?}");
    }

    async fn entries_follow_an_item_into_confidentiality_and_out_of_it(world: &World) {
        let ingrid = world.client_as("ingrid.solberg", &[Role::PmoLead]).await;
        let emily = world.client_as("emily.carter", &[Role::ProjectManager]).await;
        let walter = world.client_as("walter.zimmermann", &[Role::Auditor]).await;
        let of = async |client: &Client, key: &str| {
            let document = format!("{{ auditTrail(first: 1000, filter: {{item: {{key: {{eq: \"{key}\"}}}}}}) {{ totalCount nodes {{ mutation changes {{ field before after }} }} }} }}");
            client.query(&document).await.data()["auditTrail"]["totalCount"].as_u64().expect("a count")
        };
        let total = async |client: &Client| client.query("{ auditTrail { totalCount } }").await.data()["auditTrail"]["totalCount"].as_u64().expect("a count");
        // A program and what stands below it: its entries, those of its projects and of their links.
        done(&ingrid, "projectUpdate", json!({ "ref": { "key": "PR-018" }, "ifVersion": "*", "patch": { "name": "Other" } })).await;
        done(&ingrid, "programUpdate", json!({ "ref": { "key": "PG-CONNECT" }, "ifVersion": "*", "patch": { "name": "Other" } })).await;
        let before = (of(&walter, "PR-018").await, of(&emily, "PR-018").await, total(&walter).await);
        assert!(before.0 >= 2 && before.0 == before.1, "{before:?}");
        done(&ingrid, "programConfidentialitySet", json!({ "ref": { "key": "PG-CONNECT" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" })).await;
        assert_eq!((of(&walter, "PR-018").await, of(&walter, "PG-CONNECT").await), (0, 0));
        assert!(of(&ingrid, "PG-CONNECT").await >= 2);
        assert!(total(&walter).await < before.2 - before.0);
        // She runs the project and is not named on what stands above it.
        assert_eq!(of(&emily, "PR-018").await, 0);
        done(&ingrid, "programConfidentialitySet", json!({ "ref": { "key": "PG-CONNECT" }, "ifVersion": "*", "confidentiality": "NORMAL" })).await;
        assert!(of(&walter, "PR-018").await > before.0 && of(&emily, "PR-018").await > before.1);
    }

    async fn a_changed_link_shows_its_item_to_whom_the_item_is_shown(world: &World) {
        let document = "{ auditTrail(first: 1000, filter: {mutation: {eq: \"roleAssignmentCreate\"}}) { nodes { changes { field before after } } } }";
        let item = async |who: Who| {
            let data = who.client(world).await.query(document).await.data();
            let changes = data["auditTrail"]["nodes"][0]["changes"].as_array().expect("changes").clone();
            changes.into_iter().find(|change| change["field"] == "item").expect("the item")["after"].clone()
        };
        let rows = Rows::load(world).await;
        let id = Row::Item(rows.item_by_key("PR-048")).wire_id();
        assert_eq!(item(Who { subject: "anna.keller", roles: &[Role::PmoLead] }).await, Value::Null);
        assert_eq!(item(Who { subject: "walter.zimmermann", roles: &[Role::Auditor] }).await, Value::Null);
        assert_eq!(item(Who { subject: "claire.moreau", roles: &[Role::Auditor] }).await, json!(id));
        let text = world.client_as("anna.keller", &[Role::PmoLead]).await.query("{ auditTrail(first: 1000) { nodes { targetId requestId changes { field before after } } } }").await;
        assert!(!text.text().contains(&id), "{}", text.text());
    }

    async fn what_a_mutation_shows_is_masked_as_reads_are(world: &World) {
        let document = "mutation($i: ProjectUpdateInput!) { projectUpdate(input: $i) { project { key budget { amount } parent { key } updatedBy { identities { totalCount } } } userErrors { code } query { project(by: {key: \"PR-001\"}) { budget { amount } } } } }";
        let input = |name: &str| json!({ "i": { "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": name } } });
        let client = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        for mode in ["MASK", "ERROR"] {
            let body = client.header("x-access-mode", mode).query_with(document, input(mode)).await.json();
            let payload = &body["data"]["projectUpdate"];
            assert_eq!(payload["userErrors"], json!([]), "{body:#}");
            assert!(payload["project"]["budget"]["amount"].is_string() && payload["query"]["project"]["budget"]["amount"].is_string(), "{body:#}");
            assert_eq!(payload["project"]["updatedBy"]["identities"], Value::Null, "{body:#}");
            let entry = if mode == "MASK" { &body["extensions"]["access"][0]["coordinate"] } else { &body["errors"][0]["extensions"]["coordinate"] };
            assert_eq!(entry, "Person.identities", "{body:#}");
        }
        // Who puts an item out of her own sight does not see it in the answer either.
        let anna = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let document = "mutation($i: ProjectConfidentialitySetInput!) { projectConfidentialitySet(input: $i) { project { id } userErrors { code } query { project(by: {key: \"PR-010\"}) { id } } } }";
        let body = anna.query_with(document, json!({ "i": { "ref": { "key": "PR-010" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" } })).await.json();
        let payload = &body["data"]["projectConfidentialitySet"];
        assert_eq!((&payload["project"], &payload["userErrors"], &payload["query"]["project"]), (&Value::Null, &json!([]), &Value::Null), "{body:#}");
    }

    async fn a_version_conflict_names_fields_that_can_be_read(world: &World) {
        let anna = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let add = json!({ "identities": { "add": [{ "issuer": "https://id.example.org", "subject": "simon" }] }, "email": "simon@example.org" });
        done(&anna, "personUpdate", json!({ "ref": { "key": "simon.tait" }, "ifVersion": "*", "patch": add })).await;
        let late = json!({ "ref": { "key": "simon.tait" }, "ifVersion": "1", "patch": { "email": "late@example.org" } });
        for (subject, role, fields) in [("anna.keller", Role::PmoLead, "email,identities"), ("marc.dubois", Role::ProjectManager, "email")] {
            let reply = ask(&world.client_as(subject, &[role]).await, mutation("personUpdate"), &late).await;
            let errors = reply.at("/data/personUpdate/userErrors");
            let conflict = errors.as_array().expect("errors").iter().find(|e| e["code"] == "VERSION_CONFLICT").expect("a conflict").clone();
            let named = conflict["params"].as_array().expect("params").iter().find(|p| p["name"] == "conflictingFields").expect("fields")["value"].clone();
            assert_eq!(named, fields, "{subject}: {}", reply.text());
        }
    }

    async fn keys_of_another_tell_nothing_and_a_replay_asks_for_rights_again(world: &World) {
        let anna = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let input = json!({ "ref": { "key": "PR-010" }, "ifVersion": "*", "patch": { "name": "First" }, "clientMutationKey": KEY });
        done(&anna, "projectUpdate", input.clone()).await;
        // The same key of another credential, with the same input or another, is a key never used.
        let lena = world.client_as("lena.schmid", &[Role::ProjectManager]).await.header("x-request-id", "same");
        let fresh = "8d0c1f6e-0000-4000-8000-00000000bbbb";
        for name in ["First", "Second"] {
            let with = |key: &str| json!({ "ref": { "key": "PR-010" }, "ifVersion": "*", "patch": { "name": name }, "clientMutationKey": key });
            let (used, unused) = (ask(&lena, mutation("projectUpdate"), &with(KEY)).await, ask(&lena, mutation("projectUpdate"), &with(fresh)).await);
            assert_eq!(used.text(), unused.text());
            assert_eq!(codes(mutation("projectUpdate"), &used), set(&["FORBIDDEN"]));
        }
        // Her own key, after she lost the row or the role.
        let robert = world.client_as("robert.lindqvist", &[Role::PmoLead]).await;
        let hide = json!({ "ref": { "key": "PR-010" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        done(&robert, "projectConfidentialitySet", hide).await;
        let again = ask(&anna, mutation("projectUpdate"), &input).await;
        assert_eq!(codes(mutation("projectUpdate"), &again), set(&["NOT_FOUND"]), "{}", again.text());
        let less = world.client_as("anna.keller", &[]).await;
        done(&robert, "roleAssignmentArchive", json!({ "ref": { "key": "RA-001" }, "ifVersion": "*" })).await;
        let again = ask(&less, mutation("projectUpdate"), &input).await;
        assert_eq!(codes(mutation("projectUpdate"), &again), set(&["FORBIDDEN"]), "{}", again.text());
    }

    async fn a_dry_run_and_a_list_with_bad_items_tell_what_the_real_ones_tell(world: &World) {
        let rows = Rows::load(world).await;
        let hidden = rows.item_by_key("PR-034");
        let row = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "name": "Mine", "key": "PR-002" } });
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await.header("x-request-id", "same");
        let items = json!([row("PR-034"), row("PR-999"), row("PR-010"), row("PR-001")]);
        let mut texts = vec![];
        for dry in [true, false] {
            for policy in ["REJECT_ALL", "REJECT_FAILED"] {
                let input = json!({ "items": items, "dryRun": dry, "errorPolicy": policy });
                let reply = ask(&marc, mutation("projectBulkUpdate"), &input).await;
                assert_eq!(codes(mutation("projectBulkUpdate"), &reply), set(&["NOT_FOUND", "FORBIDDEN"]), "{}", reply.text());
                let results = reply.at("/data/projectBulkUpdate/results");
                assert_eq!(results[0], results[1], "{}", reply.text());
                assert!(!reply.text().contains(&hidden.name), "{}", reply.text());
                texts.push(reply.text().to_owned());
            }
        }
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:#?}");
    }

    async fn an_empty_patch_needs_the_right_to_write_the_row(world: &World) {
        let clients = [("marc.dubois", Role::ProjectManager, "PR-001"), ("jonas.weber", Role::Analyst, "PR-001"), ("tom.fischer", Role::Admin, "PR-001"), ("marc.dubois", Role::ProjectManager, "PR-010")];
        for (at, (subject, role, key)) in clients.into_iter().enumerate() {
            let client = world.client_as(subject, &[role]).await;
            let row = |key: &str, patch: Value| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch, "clientMutationKey": format!("8d0c1f6e-0000-4000-8000-{at:012}") });
            let may = at == 0;
            let reply = ask(&client, mutation("projectUpdate"), &row(key, json!({}))).await;
            assert_eq!(codes(mutation("projectUpdate"), &reply), set(if may { &[] } else { &["FORBIDDEN"] }), "{subject}: {}", reply.text());
            for patch in [json!({}), json!({ "identities": null })] {
                let reply = ask(&client, mutation("personUpdate"), &row("simon.tait", patch)).await;
                assert_eq!(codes(mutation("personUpdate"), &reply), set(&["FORBIDDEN"]), "{subject}: {}", reply.text());
            }
        }
        // Only what was done is kept for who asks again.
        assert_eq!(dump(&world.database().await).await["idempotency"].len(), 1);
    }

    async fn a_hidden_child_stands_in_nobodys_way(world: &World) {
        // Below it stands only what she cannot see: the answer is that of an empty one.
        let (anna, claire) = (world.client_as("anna.keller", &[Role::PmoLead]).await, world.client_as("claire.moreau", &[Role::PmoLead]).await);
        done(&anna, "programCreate", json!({ "key": "PG-EMPTY", "name": "Empty", "baseCurrency": "EUR" })).await;
        done(&claire, "projectCreate", json!({ "key": "PR-HIDDEN", "name": "Hidden", "baseCurrency": "EUR", "parentKey": "PG-EMPTY", "sponsorKey": "claire.moreau", "confidentiality": "CONFIDENTIAL" })).await;
        done(&anna, "programStateAdvance", json!({ "ref": { "key": "PG-EMPTY" }, "ifVersion": "*", "to": "CANCELLED" })).await;
        let whole = json!({ "ref": { "key": "PG-EMPTY" }, "ifVersion": "*" });
        let told = ask(&claire, mutation("programArchive"), &whole).await;
        assert_eq!(codes(mutation("programArchive"), &told), set(&["INVARIANT"]), "{}", told.text());
        done(&anna, "programArchive", whole).await;
    }
}

async fn done(client: &Client, name: &str, input: Value) {
    let reply = ask(client, mutation(name), &input).await;
    assert_eq!(codes(mutation(name), &reply), set(&[]), "{name} {input}: {}", reply.text());
}

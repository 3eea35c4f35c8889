//! Nobody gets more rights by what she writes: no role and no credential of her own making, no proposal of her own
//! approved, nothing made outside of a grant; and what is taken away is away at once.

use foliograph::{auth::Role, graph::encode_id};
use serde_json::{Value, json};

use super::{
    expected::Rows,
    writes::{ask, codes, mutation, set},
};
use crate::support::{api_keys, client::Client};

const ISSUER: &str = "foliograph-local";

tests! {
    async fn nobody_gives_herself_a_role_or_prolongs_one(world: &World) {
        for (subject, roles) in [("tom.fischer", &[Role::Admin][..]), ("anna.keller", &[Role::PmoLead])] {
            let client = world.client_as(subject, roles).await;
            for role in ["PMO_LEAD", "ADMIN", "AUDITOR", "SPONSOR"] {
                let mine = json!({ "key": format!("RA-{role}"), "personKey": subject, "role": role });
                due(&client, "roleAssignmentCreate", &mine, &["FORBIDDEN"]).await;
                let others = json!({ "key": format!("RA-{subject}-{role}"), "personKey": "simon.tait", "role": role });
                // In one list as well, by key and by id.
                let list = json!({ "items": [mine, others], "errorPolicy": "REJECT_ALL" });
                due(&client, "roleAssignmentBulkCreate", &list, &["FORBIDDEN"]).await;
                due(&client, "roleAssignmentCreate", &others, &[]).await;
            }
            let own = if subject == "tom.fischer" { "RA-040" } else { "RA-001" };
            for patch in [json!({ "validToOn": "2030-01-01" }), json!({ "validFromOn": "2020-01-01" })] {
                due(&client, "roleAssignmentUpdate", &json!({ "ref": { "key": own }, "ifVersion": "*", "patch": patch }), &["FORBIDDEN"]).await;
            }
        }
        let helen = world.client_as("helen.ashworth", &[Role::Admin]).await;
        let limit = json!({ "ref": { "key": "RA-025" }, "ifVersion": "*", "patch": { "approvalLimit": { "amount": "900000", "currency": "EUR" } } });
        due(&helen, "roleAssignmentUpdate", &limit, &["FORBIDDEN"]).await;
        // Another one puts a role of hers into the archive; she does not take it out again.
        let (tom, anna) = (world.client_as("tom.fischer", &[Role::Admin]).await, world.client_as("anna.keller", &[Role::PmoLead]).await);
        due(&anna, "roleAssignmentArchive", &whole("RA-040"), &[]).await;
        due(&tom, "roleAssignmentUnarchive", &whole("RA-040"), &["FORBIDDEN"]).await;
        due(&anna, "roleAssignmentUnarchive", &whole("RA-040"), &[]).await;
    }

    async fn an_archived_role_gives_nothing_at_once(world: &World) {
        let (anna, walter) = (world.client_as("anna.keller", &[Role::PmoLead]).await, world.client_as("walter.zimmermann", &[]).await);
        assert_eq!(roles(&walter).await, json!(["AUDITOR"]));
        due(&anna, "roleAssignmentArchive", &whole("RA-038"), &[]).await;
        assert_eq!(roles(&walter).await, json!([]));
        assert!(walter.query("{ projects { totalCount } }").await.json()["data"]["projects"].is_null());
        due(&anna, "roleAssignmentUnarchive", &whole("RA-038"), &[]).await;
        assert_eq!(roles(&walter).await, json!(["AUDITOR"]));
    }

    async fn who_is_deactivated_or_archived_loses_everything_at_once(world: &World) {
        let anna = world.client_as("anna.keller", &[Role::PmoLead]).await;
        // A token of the highest role helps nobody who left.
        let walter = world.client_as("walter.zimmermann", &[Role::PmoLead]).await;
        let patch = |is_active: bool| json!({ "ref": { "key": "walter.zimmermann" }, "ifVersion": "*", "patch": { "isActive": is_active } });
        for (name, off, on) in [
            ("personUpdate", patch(false), patch(true)),
            ("personArchive", whole("walter.zimmermann"), whole("walter.zimmermann")),
        ] {
            assert_eq!(roles(&walter).await, json!(["PMO_LEAD", "AUDITOR"]));
            due(&anna, name, &off, &[]).await;
            assert_eq!(roles(&walter).await, json!([]), "{name}");
            due(&walter, "personUpdate", &patch(true), &["NOT_FOUND"]).await;
            due(&walter, "personUnarchive", &whole("walter.zimmermann"), &["FORBIDDEN"]).await;
            let undo = if name == "personArchive" { "personUnarchive" } else { name };
            due(&anna, undo, &on, &[]).await;
        }
    }

    async fn a_document_goes_on_with_the_rights_that_its_first_mutation_left(world: &World) {
        let anna = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let document = "mutation {
            a: personUpdate(input: { ref: { key: \"anna.keller\" }, ifVersion: \"*\", patch: { isActive: false } }) { person { key } userErrors { code } query { projects { totalCount } } }
            b: projectUpdate(input: { ref: { key: \"PR-001\" }, ifVersion: \"*\", patch: { name: \"Mine\" } }) { userErrors { code } }
        }";
        let body = anna.query(document).await.json();
        assert_eq!(body["data"]["a"]["userErrors"], json!([]), "{body:#}");
        assert_eq!((&body["data"]["a"]["person"], &body["data"]["a"]["query"]["projects"]), (&Value::Null, &Value::Null), "{body:#}");
        assert_eq!(body["data"]["b"]["userErrors"][0]["code"], "FORBIDDEN", "{body:#}");
    }

    async fn nobody_becomes_somebody_else(world: &World) {
        let me = |subject: &str| json!({ "issuer": ISSUER, "subject": subject });
        for (subject, role) in [("tom.fischer", Role::Admin), ("anna.keller", Role::PmoLead), ("nobody.known", Role::Admin), ("nobody.known", Role::PmoLead)] {
            let client = world.client_as(subject, &[role]).await;
            for change in [json!({ "add": [me(subject)] }), json!({ "set": [me(subject)] }), json!({ "add": [me(subject)], "remove": [me("helen.ashworth")] })] {
                due(&client, "personUpdate", &identities("helen.ashworth", &change), &["FORBIDDEN"]).await;
            }
            // What means somebody already does not come to mean another.
            due(&client, "personUpdate", &identities("helen.ashworth", &json!({ "add": [me("claire.moreau")] })), &["DUPLICATE"]).await;
            if subject != "nobody.known" {
                // Without her own she would be a stranger, whose part in things nobody sees.
                for change in [json!({ "remove": [me(subject)] }), json!({ "set": [] }), json!({ "add": [me("second.self")] })] {
                    due(&client, "personUpdate", &identities(subject, &change), &["FORBIDDEN"]).await;
                }
            }
            if role == Role::PmoLead {
                let new = json!({ "key": "new.me", "displayName": "Me", "identities": { "add": [me(subject)] } });
                due(&client, "personCreate", &new, &["FORBIDDEN"]).await;
            }
            // Whoever left stays whoever she is.
            due(&client, "personUpdate", &identities("felix.huber", &json!({ "set": [] })), &["FORBIDDEN"]).await;
            let other = json!({ "add": [me(&format!("new.{subject}.{}", role.as_str()))] });
            due(&client, "personUpdate", &identities("helen.ashworth", &other), &[]).await;
        }
        // Identities are the administrator's, names are not; a manager's neither.
        let tom = world.client_as("tom.fischer", &[Role::Admin]).await;
        due(&tom, "personUpdate", &json!({ "ref": { "key": "helen.ashworth" }, "ifVersion": "*", "patch": { "displayName": "H" } }), &["FORBIDDEN"]).await;
        due(&tom, "personCreate", &json!({ "key": "x.y", "displayName": "X" }), &["FORBIDDEN"]).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        due(&marc, "personUpdate", &identities("helen.ashworth", &json!({ "set": [] })), &["FORBIDDEN"]).await;
    }

    async fn a_proposal_is_not_approved_by_its_maker_whoever_she_is(world: &World) {
        // Nobody's token names the office: `createdBy` is nobody, and the credential is still the same.
        for (at, subject) in ["anna.keller", "nobody.known"].into_iter().enumerate() {
            let client = world.client_as(subject, &[Role::PmoLead]).await;
            let key = format!("PR-NEW-{at}");
            due(&client, "projectCreate", &json!({ "key": key, "name": "New", "baseCurrency": "EUR" }), &[]).await;
            let approve = json!({ "ref": { "key": key }, "ifVersion": "*", "to": "APPROVED" });
            due(&client, "projectStateAdvance", &approve, &["FORBIDDEN"]).await;
            due(&world.client_as("reader", &[Role::PmoLead]).await, "projectStateAdvance", &approve, &[]).await;
        }
        // Nor by who runs it, were she its sponsor and head of the office as well.
        let lena = world.client_as("lena.schmid", &[Role::PmoLead]).await;
        due(&lena, "projectStateAdvance", &json!({ "ref": { "key": "PR-004" }, "ifVersion": "*", "to": "APPROVED" }), &["FORBIDDEN"]).await;
    }

    async fn a_key_makes_items_below_its_grants_and_steers_nothing(world: &World) {
        let key = world.client().await.bearer(&api_keys::text("bi-products").expect("a key"));
        let new = |more: Value| {
            let mut input = json!({ "key": "PR-KEY", "name": "New", "baseCurrency": "EUR" });
            for (name, value) in more.as_object().expect("members") {
                input[name] = value.clone();
            }
            input
        };
        for (more, code) in [
            (json!({}), "FORBIDDEN"),
            (json!({ "parentKey": "PG-SECURITY" }), "NOT_FOUND"),
            (json!({ "parentKey": "PF-OPERATIONS" }), "NOT_FOUND"),
        ] {
            let reply = ask(&key, mutation("projectCreate"), &new(more.clone())).await;
            assert!(codes(mutation("projectCreate"), &reply).contains(code), "{more}: {}", reply.text());
        }
        for steered in [
            json!({ "ownerKey": "anna.keller" }), json!({ "sponsorKey": "anna.keller" }), json!({ "projectManagerKey": "anna.keller" }),
            json!({ "priority": 4 }), json!({ "category": "RUN" }), json!({ "plannedStartOn": "2026-01-01" }),
            json!({ "confidentiality": "CONFIDENTIAL" }), json!({ "confidentiality": "NORMAL" }), json!({ "orgUnitKey": "HR" }), json!({ "projectType": "Study" }),
        ] {
            let mut input = new(json!({ "parentKey": "PG-ERP" }));
            input.as_object_mut().expect("an input").extend(steered.as_object().expect("members").clone());
            due(&key, "projectCreate", &input, &["FORBIDDEN"]).await;
            if steered["confidentiality"].is_null() {
                due(&key, "projectUpdate", &json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": steered }), &["FORBIDDEN"]).await;
            }
        }
        due(&key, "projectUpdate", &json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "key": "PR-MINE" } }), &["FORBIDDEN"]).await;
        due(&key, "projectUpdate", &json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "parentKey": "PF-PRODUCTS" } }), &["FORBIDDEN"]).await;
        due(&key, "projectStateAdvance", &json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "to": "ON_HOLD" }), &["FORBIDDEN"]).await;
        due(&key, "projectCreate", &new(json!({ "parentKey": "PG-ERP" })), &[]).await;
        due(&key, "projectUpdate", &json!({ "ref": { "key": "PR-KEY" }, "ifVersion": "*", "patch": { "name": "Newer" } }), &[]).await;
    }

    async fn a_key_hands_out_no_rights_and_approves_nothing(world: &World) {
        let (tom, anna) = (world.client_as("tom.fischer", &[Role::Admin]).await, world.client_as("anna.keller", &[Role::PmoLead]).await);
        let (admin, lead) = (key_of(world, &tom, "ADMIN").await, key_of(world, &anna, "PMO_LEAD").await);
        let mine = |key: &str| json!({ "key": key, "personKey": "tom.fischer", "role": "PMO_LEAD" });
        let identity = json!({ "set": [{ "issuer": ISSUER, "subject": "nobody.known" }] });
        for key in [&admin, &lead] {
            due(key, "roleAssignmentCreate", &mine("RA-KEY"), &["FORBIDDEN"]).await;
            due(key, "roleAssignmentArchive", &whole("RA-040"), &["FORBIDDEN"]).await;
            due(key, "personUpdate", &identities("claire.moreau", &identity), &["FORBIDDEN"]).await;
            due(key, "apiKeyCreate", &json!({ "name": "More", "roles": ["ADMIN"] }), &["FORBIDDEN"]).await;
            due(key, "apiKeyUpdate", &json!({ "ref": { "key": "of-admin" }, "ifVersion": "*", "patch": { "expiresAt": null } }), &["FORBIDDEN"]).await;
            due(key, "apiKeyRotate", &whole("of-admin"), &["FORBIDDEN"]).await;
            due(key, "apiKeyRevoke", &whole("idle"), &["FORBIDDEN"]).await;
        }
        assert_eq!(roles(&admin).await, json!(["ADMIN"]), "what it reads it goes on reading");
        // She made it, her key approves it; her key made it, she approves it; another one may.
        let approve = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "to": "APPROVED" });
        for (key, maker) in [("PR-HERS", &anna), ("PR-KEYS", &lead)] {
            due(maker, "projectCreate", &json!({ "key": key, "name": "New", "baseCurrency": "EUR" }), &[]).await;
            due(&lead, "projectStateAdvance", &approve(key), &["FORBIDDEN"]).await;
            due(&anna, "projectStateAdvance", &approve(key), &["FORBIDDEN"]).await;
            due(&world.client_as("reader", &[Role::PmoLead]).await, "projectStateAdvance", &approve(key), &[]).await;
        }
        // What has no such duty is a key's as well.
        due(&lead, "projectStateAdvance", &json!({ "ref": { "key": "PR-HERS" }, "ifVersion": "*", "to": "ACTIVE" }), &[]).await;
    }

    async fn what_another_system_knows_is_told_to_nobody_who_makes_nothing(world: &World) {
        let rows = Rows::complete(world).await;
        let link = |of: fn(&entity::external_link::Model) -> bool| rows.links.iter().find(|link| of(link)).expect("a link");
        let (person, project) = (link(|l| l.person_id.is_some()), link(|l| l.external_id == "SECRET-PR-048"));
        for (subject, role) in [("jonas.weber", Role::Analyst), ("helen.ashworth", Role::Sponsor), ("stefan.brunner", Role::Finance), ("lena.schmid", Role::ProjectManager), ("tom.fischer", Role::Admin), ("nobody.known", Role::Integration)] {
            let client = world.client_as(subject, &[role]).await;
            for (name, system, id) in [("personBulkUpsert", &person.system, &person.external_id), ("projectBulkUpsert", &project.system, &project.external_id)] {
                let told = async |id: &str| {
                    let item = json!({ "ref": { "external": { "system": system, "id": id } }, "patch": {} });
                    codes(mutation(name), &ask(&client, mutation(name), &json!({ "items": [item], "dryRun": true })).await)
                };
                assert_eq!(told(id).await, told("NO-SUCH-ID").await, "{name} {subject}");
            }
        }
    }

    async fn a_key_of_another_system_that_means_something_hidden_is_taken_and_no_more(world: &World) {
        let rows = Rows::complete(world).await;
        let secret = rows.links.iter().find(|link| link.external_id == "SECRET-PR-048").expect("a link");
        let anna = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let upsert = |id: &str| json!({ "items": [{ "ref": { "external": { "system": secret.system, "id": id } }, "patch": { "key": format!("PR-{id}"), "name": "New", "baseCurrency": "EUR" } }] });
        let reply = ask(&anna, mutation("projectBulkUpsert"), &upsert("SECRET-PR-048")).await;
        assert_eq!(codes(mutation("projectBulkUpsert"), &reply), set(&["DUPLICATE"]), "{}", reply.text());
        let hidden = rows.item_by_key("PR-048");
        for told in [hidden.name.as_str(), &encode_id("prj", hidden.id), "PR-048\""] {
            assert!(!reply.text().contains(told), "{}", reply.text());
        }
    }
}

fn whole(key: &str) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*" })
}

fn identities(person: &str, change: &Value) -> Value {
    json!({ "ref": { "key": person }, "ifVersion": "*", "patch": { "identities": change } })
}

/// A client with a new key that somebody made.
async fn key_of(world: &crate::support::World, maker: &Client, role: &str) -> Client {
    let document = "mutation($i: ApiKeyCreateInput!) { apiKeyCreate(input: $i) { secret userErrors { code } } }";
    let input = json!({ "name": format!("Of {}", role.split('_').next_back().unwrap_or_default()), "roles": [role] });
    let made = maker.query_with(document, json!({ "i": input })).await.data();
    world.client().await.bearer(made["apiKeyCreate"]["secret"].as_str().unwrap_or_else(|| panic!("{made}")))
}

async fn roles(client: &Client) -> Value {
    client.query("{ viewer { roles } }").await.data()["viewer"]["roles"].clone()
}

/// Asks for a mutation, which must have exactly these codes.
async fn due(client: &Client, name: &str, input: &Value, due: &[&str]) {
    let reply = ask(client, mutation(name), input).await;
    assert_eq!(codes(mutation(name), &reply), set(due), "{name} {input}: {}", reply.text());
}

//! API keys by mutation: who hands out which, what is told once, and what a change does to who holds the key.

use axum::http::StatusCode;
use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::support::{World, client::Client, client::Reply, dump::dump, writes::faults, writes::request_key};

const COUNT: &str = "{ viewer { roles } projects { totalCount } }";

tests! {
    async fn a_secret_is_told_once_to_whoever_made_it(world: &World) {
        let lead = lead(world).await;
        let input = json!({
            "name": "Power BI", "roles": ["INTEGRATION", "PMO_LEAD"], "expiresAt": "2026-06-01T00:00:00Z",
            "grants": { "set": [{ "itemKey": "PG-ERP" }] }, "clientMutationKey": request_key(1),
        });
        let made = ask(&lead, "apiKeyCreate", &input).await.data()["apiKeyCreate"].take();
        assert_eq!((faults(&made), &made["replayed"]), (vec![], &json!(false)), "{made}");
        let key = &made["apiKey"];
        assert_eq!((&key["key"], &key["roles"], &key["accessMode"], &key["version"]), (&json!("power-bi"), &json!(["PMO_LEAD", "INTEGRATION"]), &json!("ERROR"), &json!("1")));
        assert_eq!((&key["createdBy"]["key"], &key["grants"]["nodes"]), (&json!("anna.keller"), &json!([{ "item": { "key": "PG-ERP" } }])));
        let secret = made["secret"].as_str().expect("its text").to_owned();
        assert_eq!(opens(world, &secret).await.data()["viewer"]["roles"], json!(["PMO_LEAD", "INTEGRATION"]));

        // Asked again, the answer is of the present, and the secret is of the past.
        let after = dump(&world.database().await).await;
        let again = ask(&lead, "apiKeyCreate", &input).await.data()["apiKeyCreate"].take();
        assert_eq!((&again["secret"], &again["replayed"], &again["apiKey"]), (&Value::Null, &json!(true), key));
        assert_eq!(dump(&world.database().await).await, after);
        // It stands in no table, and the trail tells that there is a key and not which.
        let encoded = secret.rsplit_once('_').expect("its parts").1.to_owned();
        assert!(!format!("{after:?}").contains(&encoded));
        let trail = lead.query_with("query($id: ID!) { auditTrail(filter: {targetId: {eq: $id}}) { nodes { action actor { key } changes { field after } } } }", json!({ "id": key["id"] })).await;
        assert_eq!(trail.at("/data/auditTrail/nodes/0/actor/key"), json!("anna.keller"), "{}", trail.text());
        assert!(!trail.text().contains(&encoded) && !trail.text().to_lowercase().contains("secrethash"), "{}", trail.text());
    }

    async fn nobody_hands_out_more_than_she_has(world: &World) {
        let lead = lead(world).await;
        let admin = world.client_as("tom.fischer", &[Role::Admin]).await;
        let before = dump(&world.database().await).await;
        let new = |roles: &[&str], grants: &[&str]| {
            let items: Vec<Value> = grants.iter().map(|item| json!({ "itemKey": item })).collect();
            json!({ "name": "More", "roles": roles, "grants": { "set": items } })
        };
        for (client, mutation, input, fault) in [
            (&lead, "apiKeyCreate", new(&["FINANCE"], &[]), "FORBIDDEN input.roles"),
            (&lead, "apiKeyCreate", new(&["PMO_LEAD", "ADMIN"], &[]), "FORBIDDEN input.roles"),
            (&admin, "apiKeyCreate", new(&["PMO_LEAD"], &[]), "FORBIDDEN input.roles"),
            (&admin, "apiKeyCreate", new(&["INTEGRATION"], &["PG-ERP"]), "NOT_FOUND input.grants.set.0.itemKey"),
            (&lead, "apiKeyCreate", new(&["INTEGRATION"], &["PF-IT", "PR-048"]), "NOT_FOUND input.grants.set.1.itemKey"),
            (&lead, "apiKeyCreate", new(&["INTEGRATION"], &["PR-999"]), "NOT_FOUND input.grants.set.0.itemKey"),
            (&lead, "apiKeyCreate", new(&[], &[]), "REQUIRED input.roles"),
            (&lead, "apiKeyCreate", json!({ "name": "\u{7}", "roles": ["PMO_LEAD"] }), "INVALID input.name"),
            (&lead, "apiKeyCreate", json!({ "name": "Idle", "key": "idle", "roles": ["PMO_LEAD"] }), "DUPLICATE input.key"),
            (&lead, "apiKeyCreate", json!({ "name": "Over", "roles": ["PMO_LEAD"], "expiresAt": "2026-01-01T00:00:00Z" }), "OUT_OF_RANGE input.expiresAt"),
            // A key's secret is all that it may: who is given it anew must be one who could have made it.
            (&lead, "apiKeyRotate", by("day-one"), "FORBIDDEN input"),
            (&lead, "apiKeyRotate", by("sync-operations"), "FORBIDDEN input"),
            (&admin, "apiKeyRotate", by("bi-products"), "FORBIDDEN input"),
            (&lead, "apiKeyUpdate", patch("idle", &json!({ "roles": ["INTEGRATION", "AUDITOR"] })), "FORBIDDEN input.patch.roles"),
            (&lead, "apiKeyUpdate", patch("idle", &json!({ "grants": { "add": [{ "itemKey": "PR-048" }] } })), "NOT_FOUND input.patch.grants.add.0.itemKey"),
            (&lead, "apiKeyUpdate", patch("retired", &json!({ "name": "Back" })), "IMMUTABLE input.patch"),
            (&lead, "apiKeyRotate", by("retired"), "ILLEGAL_STATE input"),
            (&lead, "apiKeyRevoke", by("nothing"), "NOT_FOUND input.ref.key"),
        ] {
            let payload = ask(client, mutation, &input).await.data()[mutation].take();
            assert!(faults(&payload).contains(&fault.to_owned()), "{mutation} {input}: {payload}");
            assert_eq!((&payload["apiKey"], payload.get("secret").unwrap_or(&Value::Null)), (&Value::Null, &Value::Null));
        }
        assert_eq!(dump(&world.database().await).await, before, "what was refused wrote nothing");
        // An administrator makes keys of administrators.
        let made = ask(&admin, "apiKeyCreate", &new(&["ADMIN"], &[])).await.data()["apiKeyCreate"].take();
        assert_eq!(faults(&made), Vec::<String>::new());
    }

    async fn an_end_is_moved_by_who_could_have_made_the_key_and_only_before_it(world: &World) {
        let (lead, admin) = (lead(world).await, world.client_as("tom.fischer", &[Role::Admin]).await);
        let input = json!({ "name": "Short", "roles": ["PMO_LEAD"], "expiresAt": "2026-03-02T13:00:00Z" });
        let made = ask(&lead, "apiKeyCreate", &input).await.data()["apiKeyCreate"].take();
        assert_eq!(faults(&made), Vec::<String>::new());
        let later = patch("short", &json!({ "expiresAt": "2030-01-01T00:00:00Z" }));
        assert_eq!(faults(&ask(&admin, "apiKeyUpdate", &later).await.data()["apiKeyUpdate"]), ["FORBIDDEN input.patch"]);
        let never = patch("short", &json!({ "expiresAt": "9999-12-31T23:59:59-23:59" }));
        assert_eq!(faults(&ask(&lead, "apiKeyUpdate", &never).await.data()["apiKeyUpdate"]), ["OUT_OF_RANGE input.patch.expiresAt"]);
        world.clock.advance_seconds(3_600);
        let (lead, admin) = (world.client_as("anna.keller", &[Role::PmoLead]).await, world.client_as("tom.fischer", &[Role::Admin]).await);
        for client in [&lead, &admin] {
            let told = ask(client, "apiKeyUpdate", &later).await.data()["apiKeyUpdate"].take();
            assert!(faults(&told).contains(&"IMMUTABLE input.patch".to_owned()), "{told}");
        }
        assert_eq!(opens(world, made["secret"].as_str().expect("its text")).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(faults(&ask(&admin, "apiKeyRevoke", &by("short")).await.data()["apiKeyRevoke"]), Vec::<String>::new());
    }

    async fn the_trail_tells_which_items_were_granted_to_whom_they_are_shown(world: &World) {
        let lead = lead(world).await;
        let claire = world.client_as("claire.moreau", &[Role::Sponsor, Role::PmoLead]).await;
        for (client, change) in [
            (&lead, json!({ "set": [{ "itemKey": "PR-001" }] })),
            (&lead, json!({ "remove": [{ "itemKey": "PR-001" }], "add": [{ "itemKey": "PR-002" }] })),
            (&claire, json!({ "add": [{ "itemKey": "PR-030" }] })),
        ] {
            let done = ask(client, "apiKeyUpdate", &patch("idle", &json!({ "grants": change }))).await.data()["apiKeyUpdate"].take();
            assert_eq!(faults(&done), Vec::<String>::new());
        }
        let shown = async |client: &Client| {
            let document = "{ auditTrail(first: 100, orderBy: [{at: {direction: ASC}}], filter: {mutation: {eq: \"apiKeyUpdate\"}}) { nodes { targetVersion changes { field before after } } } }";
            let ids = client.query("{ projects(filter: {key: {in: [\"PR-001\", \"PR-002\", \"PR-030\"]}}) { nodes { id key } } }").await.data();
            let mut text = client.query(document).await.data()["auditTrail"]["nodes"].to_string();
            for node in ids["projects"]["nodes"].as_array().expect("nodes") {
                text = text.replace(node["id"].as_str().expect("an id"), node["key"].as_str().expect("a key"));
            }
            let mut told: Vec<String> = serde_json::from_str::<Vec<Value>>(&text).expect("entries").iter()
                .map(|e| format!("{} {} {}", e["targetVersion"], e["changes"][0]["before"], e["changes"][0]["after"]).replace('"', "")).collect();
            told.sort();
            told
        };
        assert_eq!(shown(&claire).await, ["2 null PR-001", "3 PR-001 null", "3 null PR-002", "4 null PR-030"]);
        assert_eq!(shown(&lead).await, ["2 null PR-001", "3 PR-001 null", "3 null PR-002", "4 null null"]);
    }

    async fn a_change_holds_within_five_seconds(world: &World) {
        let lead = lead(world).await;
        let input = json!({ "name": "Sync", "key": "sync", "roles": ["INTEGRATION"], "grants": { "set": [{ "itemKey": "PR-001" }] } });
        let made = ask(&lead, "apiKeyCreate", &input).await.data()["apiKeyCreate"].take();
        let first = made["secret"].as_str().expect("its text").to_owned();
        let projects = async |text: &str| {
            world.clock.advance_seconds(5);
            opens(world, text).await
        };
        assert_eq!(projects(&first).await.data()["projects"]["totalCount"], json!(1));
        let wider = patch("sync", &json!({ "grants": { "add": [{ "itemKey": "PR-002" }, { "itemKey": "PG-NETZERO" }], "remove": [{ "itemKey": "PR-001" }] } }));
        let changed = ask(&lead, "apiKeyUpdate", &wider).await.data()["apiKeyUpdate"].take();
        assert_eq!((faults(&changed), &changed["apiKey"]["version"]), (vec![], &json!("2")));
        let same = ask(&lead, "apiKeyUpdate", &wider).await.data()["apiKeyUpdate"].take();
        assert_eq!(same["apiKey"]["version"], json!("2"), "what stays as it is, is not written");
        assert!(projects(&first).await.data()["projects"]["totalCount"].as_u64() > Some(1));

        let rotated = ask(&lead, "apiKeyRotate", &by("sync")).await.data()["apiKeyRotate"].take();
        let second = rotated["secret"].as_str().expect("another text").to_owned();
        assert_ne!(first, second);
        assert_eq!(projects(&first).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(projects(&second).await.status, StatusCode::OK);
        for _ in 0..2 {
            let revoked = ask(&lead, "apiKeyRevoke", &by("sync")).await.data()["apiKeyRevoke"].take();
            assert_eq!((faults(&revoked), &revoked["apiKey"]["version"]), (vec![], &json!("4")), "{revoked}");
        }
        assert_eq!(projects(&second).await.status, StatusCode::UNAUTHORIZED);
        let stale = json!({ "ref": { "key": "idle" }, "ifVersion": "9" });
        assert_eq!(faults(&ask(&lead, "apiKeyRevoke", &stale).await.data()["apiKeyRevoke"]), ["VERSION_CONFLICT input.ifVersion"]);
    }
}

async fn lead(world: &World) -> Client {
    world.client_as("anna.keller", &[Role::PmoLead]).await
}

async fn opens(world: &World, text: &str) -> Reply {
    world.client().await.bearer(text).query(COUNT).await
}

fn by(key: &str) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*" })
}

fn patch(key: &str, patch: &Value) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch })
}

async fn ask(client: &Client, mutation: &str, input: &Value) -> Reply {
    let secret = if ["apiKeyCreate", "apiKeyRotate"].contains(&mutation) { "secret" } else { "" };
    let document = format!(
        "mutation($input: {}{}Input!) {{ {mutation}(input: $input) {{ {secret} replayed userErrors {{ code path }} \
         apiKey {{ id key roles accessMode version createdBy {{ key }} grants {{ nodes {{ item {{ key }} }} }} }} }} }}",
        mutation[..1].to_uppercase(),
        &mutation[1..]
    );
    client.query_with(&document, json!({ "input": input })).await
}

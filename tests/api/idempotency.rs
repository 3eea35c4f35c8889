//! The same key again: one effect, the same answer, and never more than the caller may see and do at that moment.

use foliograph::auth::Role;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};

use crate::support::{
    client::Client,
    dump::dump,
    writes::{ask, audit, begin, change, document, faults, item, item_id, request_key, sql, statuses},
};

fn rename(key: &str, name: &str) -> Value {
    json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": name }, "clientMutationKey": key })
}

tests! {
    async fn the_same_key_answers_again_and_does_nothing(world: &World) {
        let (db, lead) = begin(world).await;
        let first = change(&lead, "projectUpdate", rename(&request_key(1), "First")).await;
        assert_eq!((faults(&first), &first["replayed"], &first["project"]["version"]), (vec![], &json!(false), &json!("2")));
        let before = dump(&world.database().await).await;
        let again = change(&lead, "projectUpdate", rename(&request_key(1), "First")).await;
        assert_eq!((faults(&again), &again["replayed"], &again["project"]), (vec![], &json!(true), &first["project"]));
        assert_eq!(dump(&world.database().await).await, before);
        // What has happened since is told as it is now.
        change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-001" }, "ifVersion": "2", "patch": { "priority": 5 } })).await;
        let later = change(&lead, "projectUpdate", rename(&request_key(1), "First")).await;
        assert_eq!((&later["replayed"], &later["project"]["version"]), (&json!(true), &json!("3")));
        let other = change(&lead, "projectUpdate", rename(&request_key(1), "Other")).await;
        assert_eq!((faults(&other), &other["project"]), (vec!["IDEMPOTENCY_KEY_REUSED input.clientMutationKey".to_owned()], &Value::Null));
        assert_eq!((item(&db, "PR-001").await.name.as_str(), audit(&db).await.len()), ("First", 2));
    }

    async fn one_input_is_one_however_it_is_written(world: &World) {
        let (db, lead) = begin(world).await;
        let key = request_key(2);
        let first = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "methodology": "AGILE", "phase": "Build" }, "clientMutationKey": key });
        assert_eq!(change(&lead, "projectUpdate", first).await["replayed"], false);
        let upper = key.to_uppercase();
        for text in [
            format!("patch: {{phase: \"Build\", methodology: AGILE}}, clientMutationKey: \"{key}\", ifVersion: \"*\", ref: {{key: \"PR-001\"}}"),
            format!("ref: {{key: \"PR-001\"}}, clientMutationKey: \"{upper}\", patch: {{methodology: $m, phase: \"Build\"}}, ifVersion: \"*\""),
        ] {
            let document = format!("mutation($m: Methodology) {{ projectUpdate(input: {{{text}}}) {{ replayed userErrors {{ code }} }} }}");
            let document = if text.contains("$m") { document } else { document.replace("($m: Methodology)", "") };
            let again = lead.query_with(&document, json!({ "m": "AGILE" })).await.data();
            assert_eq!(again["projectUpdate"], json!({ "replayed": true, "userErrors": [] }), "{text}");
        }
        assert_eq!(audit(&db).await.len(), 1);
        for (name, value) in [("phase", Value::Null), ("description", Value::Null)] {
            let mut other = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "methodology": "AGILE", "phase": "Build" }, "clientMutationKey": key });
            other["patch"][name] = value;
            assert_eq!(faults(&change(&lead, "projectUpdate", other).await), ["IDEMPOTENCY_KEY_REUSED input.clientMutationKey"], "null is not absent");
        }
    }

    async fn a_header_is_a_key_as_well(world: &World) {
        let (db, lead) = begin(world).await;
        let keyed = lead.header("idempotency-key", "order-66");
        let input = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": "By header" } });
        assert_eq!(change(&keyed, "projectUpdate", input.clone()).await["replayed"], false);
        assert_eq!(change(&keyed, "projectUpdate", input.clone()).await["replayed"], true);
        let mut both = input.clone();
        both["clientMutationKey"] = request_key(3).into();
        assert_eq!(faults(&change(&keyed, "projectUpdate", both.clone()).await), ["INVALID input.clientMutationKey"]);
        assert_eq!(change(&lead.header("idempotency-key", &request_key(3)), "projectUpdate", both.clone()).await["replayed"], false);
        assert_eq!(change(&lead.header("idempotency-key", &request_key(3)), "projectUpdate", input.clone()).await["replayed"], true, "one key, by whichever way");
        let before = audit(&db).await.len();
        for (key, fault) in [("x".repeat(256), "INVALID input.clientMutationKey"), (String::new(), "INVALID input.clientMutationKey")] {
            let told = change(&lead.header("idempotency-key", &key), "projectUpdate", input.clone()).await;
            assert_eq!(faults(&told), [fault]);
        }
        for key in ["", "1", "not-a-uuid", "01890a5d-ac96-774b-bcce-b302099a805"] {
            assert_eq!(faults(&change(&lead, "projectUpdate", rename(key, "X")).await), ["INVALID input.clientMutationKey"], "{key:?}");
        }
        let one = "projectArchive(input: {ref: {key: \"PR-007\"}, ifVersion: \"*\"}) { replayed }";
        for two in [format!("mutation {{ a: {one} b: {one} }}"), "query { viewer { subject } }".to_owned()] {
            let told = keyed.query(&two).await;
            let is_query = two.starts_with("query");
            assert_eq!(told.error_codes(), if is_query { vec![] } else { vec!["BAD_REQUEST".to_owned()] }, "{two}");
        }
        assert_eq!(audit(&db).await.len(), before);
        assert_eq!(item(&db, "PR-007").await.archived_at, None);
    }

    async fn a_key_is_one_principals_and_one_mutations(world: &World) {
        let (db, lead) = begin(world).await;
        let key = request_key(4);
        let other = world.client_as("jonas.weber", &[Role::PmoLead]).await;
        for client in [&lead, &other] {
            assert_eq!(change(client, "projectUpdate", rename(&key, "Same")).await["replayed"], false);
        }
        let program = json!({ "ref": { "key": "PG-ERP" }, "ifVersion": "*", "patch": { "name": "Same" }, "clientMutationKey": key });
        assert_eq!(change(&lead, "programUpdate", program).await["replayed"], false);
        let archive = json!({ "ref": { "key": "PR-007" }, "ifVersion": "*", "clientMutationKey": key });
        assert_eq!(change(&lead, "projectArchive", archive).await["replayed"], false);
        assert_eq!(audit(&db).await.len(), 3, "the second lead changed nothing");
    }

    async fn a_key_is_kept_for_a_day(world: &World) {
        let (_, _) = begin(world).await;
        let create = json!({ "key": "N-1", "name": "New", "baseCurrency": "EUR", "clientMutationKey": request_key(5) });
        let ask_now = || async {
            let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
            change(&lead, "projectCreate", create.clone()).await
        };
        assert_eq!(ask_now().await["replayed"], false);
        world.clock.advance_seconds(24 * 3_600 - 1);
        let late = ask_now().await;
        assert_eq!((&late["replayed"], faults(&late), &late["project"]["key"]), (&json!(true), vec![], &json!("N-1")));
        world.clock.advance_seconds(1);
        let over = ask_now().await;
        assert_eq!((&over["replayed"], faults(&over)), (&json!(false), vec!["DUPLICATE input.key".to_owned()]));
    }

    async fn what_was_refused_may_be_asked_again(world: &World) {
        let (db, lead) = begin(world).await;
        let key = request_key(6);
        assert_eq!(faults(&change(&lead, "projectUpdate", rename(&key, "")).await), ["REQUIRED input.patch.name"]);
        let mended = change(&lead, "projectUpdate", rename(&key, "Mended")).await;
        assert_eq!((faults(&mended), &mended["replayed"]), (vec![], &json!(false)));
        assert_eq!(audit(&db).await.len(), 1);
    }

    async fn rights_are_asked_again_on_a_replay(world: &World) {
        let (db, lead) = begin(world).await;
        let manager = world.client_as("chloe.martin", &[]).await;
        let input = json!({ "ref": { "key": "PR-042" }, "ifVersion": "*", "patch": { "phase": "Build" }, "clientMutationKey": request_key(7) });
        assert_eq!(change(&manager, "projectUpdate", input.clone()).await["replayed"], false);
        assert_eq!(change(&manager, "projectUpdate", input.clone()).await["project"]["key"], "PR-042");
        // Somebody else runs it now.
        change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-042" }, "ifVersion": "*", "patch": { "projectManagerKey": "paul.meier" } })).await;
        let told = change(&manager, "projectUpdate", input.clone()).await;
        assert_eq!((faults(&told), &told["project"], &told["replayed"]), (vec!["FORBIDDEN input".to_owned()], &Value::Null, &json!(true)));
        // She is no manager at all any more.
        sql(&db, "UPDATE role_assignment SET role = 'ADMIN' WHERE role = 'PROJECT_MANAGER' AND person_id = (SELECT id FROM person WHERE key = 'chloe.martin')").await;
        world.clock.advance_seconds(6);
        let manager = world.client_as("chloe.martin", &[]).await;
        let told = change(&manager, "projectUpdate", input).await;
        assert_eq!((faults(&told), &told["replayed"]), (vec!["FORBIDDEN input".to_owned()], &json!(false)));
        // And a row that has left her sight is not there.
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        change(&lead, "projectUpdate", rename(&request_key(8), "Seen")).await;
        let owner = world.client_as("daniel.osei", &[Role::PmoLead]).await;
        change(&owner, "projectConfidentialitySet", json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" })).await;
        let told = change(&lead, "projectUpdate", rename(&request_key(8), "Seen")).await;
        assert_eq!((faults(&told), &told["project"]), (vec!["NOT_FOUND input".to_owned()], &Value::Null));
        assert!(!told.to_string().contains("PR-001"));
    }

    async fn a_replay_of_a_list_tells_what_was_refused_then(world: &World) {
        let (db, _) = begin(world).await;
        let manager = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let items = json!([
            { "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "phase": "Build" } },
            { "ref": { "key": "PR-003" }, "ifVersion": "1", "patch": { "phase": "Build" } },
            { "ref": { "key": "PR-002" }, "ifVersion": "1", "patch": { "phase": "" , "name": " " } },
            { "ref": { "key": "PR-034" }, "ifVersion": "1", "patch": { "phase": "Build" } },
        ]);
        let input = json!({ "clientMutationKey": request_key(9), "errorPolicy": "REJECT_FAILED", "items": items });
        let first = change(&manager, "projectBulkUpdate", input.clone()).await;
        assert_eq!(statuses(&first), ["UPDATED", "FAILED", "FAILED", "FAILED"], "{first}");
        let mut again = change(&manager, "projectBulkUpdate", input).await;
        assert_eq!(again["replayed"], true);
        again["replayed"] = false.into();
        assert_eq!(again, first);
        assert_eq!(audit(&db).await.len(), 1);
    }

    async fn a_replay_of_a_list_tells_what_became_of_all_but_who_is_out_of_sight(world: &World) {
        let (db, lead) = begin(world).await;
        let update = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "1", "patch": { "phase": "Build" } });
        let input = json!({ "clientMutationKey": request_key(10), "items": [update("PR-001"), update("PR-009"), update("PR-002")] });
        let first = change(&lead, "projectBulkUpdate", input.clone()).await;
        assert_eq!(statuses(&first), ["UPDATED"; 3]);
        let owner = world.client_as("daniel.osei", &[Role::PmoLead]).await;
        change(&owner, "projectConfidentialitySet", json!({ "ref": { "key": "PR-009" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" })).await;
        let again = ask(&lead, "projectBulkUpdate", input).await;
        let again = &again.data()["projectBulkUpdate"];
        assert_eq!((statuses(again), &again["updatedCount"], &again["replayed"]), (vec!["UPDATED".to_owned(); 3], &json!(3), &json!(true)));
        assert_eq!(faults(again), ["NOT_FOUND input.items.1"]);
        assert_eq!(audit(&db).await.len(), 4);
    }

    async fn a_replay_asks_for_the_right_that_a_list_needs(world: &World) {
        let (_, _) = begin(world).await;
        let tom = world.client_as("tom.fischer", &[Role::Admin]).await;
        let add = json!({ "add": [{ "issuer": "foliograph-local", "subject": "helen.new" }] });
        let input = json!({ "ref": { "key": "helen.ashworth" }, "ifVersion": "*", "patch": { "identities": add }, "clientMutationKey": request_key(11) });
        let document = "mutation($i: PersonUpdateInput!) { personUpdate(input: $i) { person { key } replayed userErrors { code path } } }";
        for replayed in [false, true] {
            let done = tom.query_with(document, json!({ "i": input })).await.data()["personUpdate"].take();
            assert_eq!(done, json!({ "person": { "key": "helen.ashworth" }, "replayed": replayed, "userErrors": [] }));
        }
    }

    async fn of_fifty_at_once_one_has_an_effect(world: &World) {
        let (db, lead) = begin(world).await;
        let parent = item_id(&db, "PG-ERP").await;
        let input = json!({ "key": "N-1", "name": "New", "baseCurrency": "EUR", "parentId": parent, "clientMutationKey": request_key(10) });
        let all = join_all((0..50).map(|_| change(&lead, "projectCreate", input.clone()))).await;
        let fresh = all.iter().filter(|a| faults(a).is_empty() && a["replayed"] == false).count();
        let replayed = all.iter().filter(|a| faults(a).is_empty() && a["replayed"] == true).count();
        let busy: Vec<_> = all.iter().filter(|a| faults(a) == ["IDEMPOTENCY_IN_PROGRESS input.clientMutationKey"]).collect();
        assert_eq!((fresh, fresh + replayed + busy.len()), (1, 50));
        assert!(busy.iter().all(|a| a["userErrors"][0]["retryable"] == true));
        assert_eq!(audit(&db).await.len(), 1);
        assert_eq!(change(&lead, "projectCreate", input).await["replayed"], true);
    }

    async fn of_two_servers_one_has_an_effect(world: &World) {
        let (db, lead) = begin(world).await;
        let second = crate::support::product::app(world.url().await, world.clock.clone()).await;
        let token = crate::support::product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let second = Client::new(second.router()).bearer(&token);
        for round in 0..5 {
            let input = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": format!("Round {round}") }, "clientMutationKey": request_key(20 + round) });
            let asks = [&lead, &second, &lead, &second].map(|client| change(client, "projectUpdate", input.clone()));
            let all = join_all(asks).await;
            assert_eq!(all.iter().filter(|a| faults(a).is_empty() && a["replayed"] == false).count(), 1, "{all:?}");
            assert!(all.iter().flat_map(faults).all(|f| f == "IDEMPOTENCY_IN_PROGRESS input.clientMutationKey"), "{all:?}");
            assert_eq!(audit(&db).await.len(), usize::try_from(round).expect("small") + 1);
        }
    }

    async fn a_list_needs_a_key(world: &World) {
        let (db, lead) = begin(world).await;
        for mutation in ["projectBulkCreate", "projectBulkUpdate", "projectBulkUpsert"] {
            let told = change(&lead, mutation, json!({ "items": [] })).await;
            assert_eq!(faults(&told), ["REQUIRED input.clientMutationKey"]);
            let keyed = lead.header("idempotency-key", mutation);
            assert_eq!(faults(&change(&keyed, mutation, json!({ "items": [] })).await), Vec::<String>::new());
            assert_eq!(change(&keyed, mutation, json!({ "items": [] })).await["replayed"], true);
        }
        assert!(document("projectBulkUpdate").contains("results"));
        let dry = ask(&lead, "projectBulkUpdate", json!({ "items": [], "dryRun": true })).await;
        assert_eq!(dry.at("/data/projectBulkUpdate/isDryRun"), true);
        let count = Statement::from_string(db.get_database_backend(), "SELECT count(*) AS n FROM idempotency");
        let count: i64 = db.query_one_raw(count).await.expect("a count").expect("a row").try_get("", "n").expect("a number");
        assert_eq!(count, 3);
    }
}

//! Creating and changing single rows: what a patch means, what it refuses and where, and what a change leaves behind.

use foliograph::{auth::Role, graph::encode_id};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    dump::dump,
    world::noon,
    writes::{self, audit, begin, change, events, faults, item, item_id, param, person, person_id, sql},
};

const FIELDS: &str =
    "key name description phase priority plannedStartOn plannedFinishOn sponsor { key } version updatedAt";

tests! {
    async fn a_patch_changes_what_it_names_and_null_clears(world: &World) {
        let (db, lead) = begin(world).await;
        let read = || async { lead.query(&format!("{{ project(by: {{key: \"PR-001\"}}) {{ {FIELDS} }} }}")).await.data()["project"].clone() };
        let before = read().await;
        world.clock.advance_seconds(60);
        let id = item_id(&db, "PR-001").await;
        let patch = json!({ "name": "Größe", "description": null, "priority": 4, "sponsorId": person_id(&db, "susan.whitaker").await });
        let done = change(&lead, "projectUpdate", json!({ "id": id, "ifVersion": before["version"], "patch": patch })).await;
        assert_eq!(faults(&done), Vec::<String>::new(), "{done}");
        let after = read().await;
        let mut wanted = before.clone();
        wanted["name"] = "Größe".into();
        wanted["description"] = Value::Null;
        wanted["priority"] = 4.into();
        wanted["sponsor"]["key"] = "susan.whitaker".into();
        wanted["version"] = "2".into();
        wanted["updatedAt"] = "2026-03-02T12:01:00.000Z".into();
        assert_eq!(after, wanted);
        assert_eq!(item(&db, "PR-001").await.name_fold, "größe");
        assert_eq!(item(&db, "PR-001").await.description_fold, None);
        let by_key = json!({ "ref": { "key": "PR-001" }, "ifVersion": "2", "patch": { "sponsorKey": null, "ownerKey": "helen.ashworth" } });
        assert_eq!(faults(&change(&lead, "projectUpdate", by_key).await), Vec::<String>::new());
        let row = item(&db, "PR-001").await;
        assert_eq!((row.sponsor_id, row.owner_id), (None, Some(person(&db, "helen.ashworth").await.id)));
    }

    async fn a_variable_without_a_value_leaves_the_field(world: &World) {
        let (db, lead) = begin(world).await;
        let before = item(&db, "PR-001").await;
        let document = "mutation($d: String, $p: Int, $n: String = \"New\", $s: ID) { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"1\", patch: {description: $d, priority: $p, name: $n, sponsorId: $s}}) { project { version } userErrors { code } } }";
        let reply = lead.query_with(document, json!({ "p": null })).await;
        assert_eq!(reply.data()["projectUpdate"], json!({ "project": { "version": "2" }, "userErrors": [] }));
        let after = item(&db, "PR-001").await;
        assert_eq!((after.description, after.sponsor_id), (before.description, before.sponsor_id));
        assert_eq!((after.priority, after.name.as_str()), (None, "New"));
    }

    async fn what_is_wrong_is_told_at_the_leaf(world: &World) {
        let (db, lead) = begin(world).await;
        let before = dump(&world.database().await).await;
        let id = item_id(&db, "PR-001").await;
        let person = person_id(&db, "anna.keller").await;
        let unknown = encode_id("per", Uuid::from_u128(7));
        let x = |n: usize| "x".repeat(n);
        for (patch, fault) in [
            (json!({ "name": null }), "REQUIRED input.patch.name"),
            (json!({ "name": "" }), "REQUIRED input.patch.name"),
            (json!({ "name": " \t\u{a0}" }), "REQUIRED input.patch.name"),
            (json!({ "key": null }), "REQUIRED input.patch.key"),
            (json!({ "baseCurrency": null }), "REQUIRED input.patch.baseCurrency"),
            (json!({ "name": x(256) }), "TOO_LONG input.patch.name"),
            (json!({ "key": x(65) }), "TOO_LONG input.patch.key"),
            (json!({ "description": x(20_001) }), "TOO_LONG input.patch.description"),
            (json!({ "name": "a\0b" }), "INVALID input.patch.name"),
            (json!({ "phase": "\0" }), "INVALID input.patch.phase"),
            (json!({ "priority": 0 }), "OUT_OF_RANGE input.patch.priority"),
            (json!({ "priority": 6 }), "OUT_OF_RANGE input.patch.priority"),
            (json!({ "plannedStartOn": "1899-12-31" }), "OUT_OF_RANGE input.patch.plannedStartOn"),
            (json!({ "plannedFinishOn": "3000-01-01" }), "OUT_OF_RANGE input.patch.plannedFinishOn"),
            (json!({ "plannedStartOn": "2026-05-02", "plannedFinishOn": "2026-05-01" }), "INVARIANT input.patch.plannedFinishOn"),
            (json!({ "forecastFinishOn": "1990-01-01" }), "INVARIANT input.patch.forecastFinishOn"),
            (json!({ "actualStartOn": "2999-01-01", "actualFinishOn": "2998-01-01" }), "INVARIANT input.patch.actualFinishOn"),
            (json!({ "baseCurrency": "USD" }), "IMMUTABLE input.patch.baseCurrency"),
            (json!({ "confidentiality": "CONFIDENTIAL" }), "IMMUTABLE input.patch.confidentiality"),
            (json!({ "key": "PR-002" }), "DUPLICATE input.patch.key"),
            (json!({ "sponsorId": person, "sponsorKey": "anna.keller" }), "INVALID input.patch.sponsorKey"),
            (json!({ "sponsorId": null, "sponsorKey": "anna.keller" }), "INVALID input.patch.sponsorKey"),
            (json!({ "sponsorId": id }), "INVALID input.patch.sponsorId"),
            (json!({ "sponsorId": "nonsense" }), "INVALID input.patch.sponsorId"),
            (json!({ "sponsorId": 12 }), "INVALID input.patch.sponsorId"),
            (json!({ "parentId": person }), "INVALID input.patch.parentId"),
            (json!({ "sponsorId": unknown }), "NOT_FOUND input.patch.sponsorId"),
            (json!({ "sponsorKey": "nobody" }), "NOT_FOUND input.patch.sponsorKey"),
            (json!({ "sponsorKey": "\0" }), "NOT_FOUND input.patch.sponsorKey"),
            (json!({ "projectManagerKey": "felix.huber" }), "INVALID input.patch.projectManagerKey"),
        ] {
            let payload = change(&lead, "projectUpdate", json!({ "id": id, "ifVersion": "1", "patch": patch })).await;
            assert_eq!((faults(&payload), &payload["project"]), (vec![fault.to_owned()], &Value::Null), "{patch}");
        }
        let long = change(&lead, "projectUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "name": x(256) } })).await;
        assert_eq!(param(&long, "max").as_deref(), Some("255"));
        let dates = json!({ "plannedStartOn": "2026-05-02", "plannedFinishOn": "2026-05-01" });
        let dates = change(&lead, "projectUpdate", json!({ "id": id, "ifVersion": "1", "patch": dates })).await;
        assert_eq!(param(&dates, "rule").as_deref(), Some("DATES_IN_ORDER"));
        let several = json!({ "name": null, "priority": 9, "sponsorKey": "nobody" });
        let several = change(&lead, "projectUpdate", json!({ "id": id, "ifVersion": "1", "patch": several })).await;
        let mut told = faults(&several);
        told.sort();
        assert_eq!(told, ["NOT_FOUND input.patch.sponsorKey", "OUT_OF_RANGE input.patch.priority", "REQUIRED input.patch.name"]);
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn the_longest_text_fits_in_characters_not_bytes(world: &World) {
        let (_, lead) = begin(world).await;
        let name = "ß".repeat(255);
        let done = change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "name": name } })).await;
        assert_eq!(faults(&done), Vec::<String>::new());
        let kept = lead.query("{ project(by: {key: \"PR-001\"}) { name } }").await.at("/data/project/name");
        assert_eq!(kept, name);
    }

    async fn a_row_is_named_once_and_rightly(world: &World) {
        let (db, lead) = begin(world).await;
        let (id, program) = (item_id(&db, "PR-001").await, item_id(&db, "PG-ERP").await);
        let before = dump(&world.database().await).await;
        for (named, fault) in [
            (json!({}), "REQUIRED input.id"),
            (json!({ "id": null, "ref": null }), "REQUIRED input.id"),
            (json!({ "id": id, "ref": { "key": "PR-001" } }), "INVALID input.ref"),
            (json!({ "id": program }), "INVALID input.id"),
            (json!({ "id": 5 }), "INVALID input.id"),
            (json!({ "ref": { "id": program } }), "INVALID input.ref.id"),
            (json!({ "ref": { "id": encode_id("prj", Uuid::from_u128(9)) } }), "NOT_FOUND input.ref.id"),
            (json!({ "ref": { "key": "PG-ERP" } }), "NOT_FOUND input.ref.key"),
            (json!({ "ref": { "key": "\0" } }), "NOT_FOUND input.ref.key"),
            (json!({ "ref": { "external": { "system": "JIRA", "id": "NONE" } } }), "NOT_FOUND input.ref.external"),
            (json!({ "ref": { "external": { "system": "\0", "id": "\0" } } }), "NOT_FOUND input.ref.external"),
            (json!({ "ref": { "external": { "system": "SAP", "id": "ERPFIN" } } }), "NOT_FOUND input.ref.external"),
        ] {
            let mut input = named.clone();
            input["ifVersion"] = "1".into();
            input["patch"] = json!({ "name": "Other" });
            let payload = change(&lead, "projectUpdate", input).await;
            assert_eq!(faults(&payload), [fault], "{named}");
        }
        assert_eq!(dump(&world.database().await).await, before);
        let external = json!({ "ref": { "external": { "system": "JIRA", "id": "ERPFIN" } }, "ifVersion": "1", "patch": { "name": "Found" } });
        assert_eq!(change(&lead, "projectUpdate", external).await["project"]["key"], "PR-001");
        for input in [json!({ "id": id, "patch": {} }), json!({ "id": id, "ifVersion": "1" }), json!({ "id": id, "ifVersion": "x", "patch": {} }), json!({ "id": id, "ifVersion": null, "patch": {} })] {
            assert_eq!(writes::ask(&lead, "projectUpdate", input).await.error_codes(), ["BAD_VARIABLES"]);
        }
    }

    async fn hidden_and_nonexistent_are_told_alike(world: &World) {
        let (db, lead) = begin(world).await;
        let before = dump(&world.database().await).await;
        let pairs = [
            (json!({ "id": item_id(&db, "PR-034").await }), json!({ "id": encode_id("prj", Uuid::from_u128(34)) })),
            (json!({ "ref": { "key": "PR-034" } }), json!({ "ref": { "key": "PR-934" } })),
        ];
        for (hidden, none) in pairs {
            let ask = |mut input: Value| {
                input["ifVersion"] = "*".into();
                input["patch"] = json!({ "name": "Mine" });
                change(&lead, "projectUpdate", input)
            };
            let (hidden, none) = (ask(hidden).await, ask(none).await);
            assert_eq!(hidden.to_string(), none.to_string());
            assert!(faults(&hidden)[0].starts_with("NOT_FOUND input."), "{hidden}");
        }
        let link = |field: &'static str, value: String| {
            let input = json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { field: value } });
            let lead = &lead;
            async move { change(lead, "projectUpdate", input).await.to_string() }
        };
        let hidden = item_id(&db, "PG-ASTER").await;
        assert_eq!(link("parentId", hidden.clone()).await, link("parentId", encode_id("prg", Uuid::from_u128(1))).await);
        assert_eq!(link("parentKey", "PG-ASTER".into()).await, link("parentKey", "PG-NOWHERE".into()).await);
        assert!(!link("parentId", hidden.clone()).await.contains(&hidden));
        for verb in ["projectArchive", "projectUnarchive"] {
            let of = |id: String| change(&lead, verb, json!({ "id": id, "ifVersion": "*" }));
            let (hidden, none) = (of(item_id(&db, "PR-034").await).await, of(encode_id("prj", Uuid::from_u128(34))).await);
            assert_eq!(hidden.to_string(), none.to_string());
        }
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn a_creation_needs_what_the_type_needs(world: &World) {
        let (db, lead) = begin(world).await;
        let refused = writes::ask(&lead, "projectCreate", json!({ "key": "N-1" })).await;
        assert_eq!(refused.error_codes(), ["BAD_VARIABLES"]);
        let bulk = json!({ "clientMutationKey": writes::request_key(1), "items": [{ "name": "a" }, { "key": null, "name": "b", "baseCurrency": "EUR" }] });
        let bulk = change(&lead, "projectBulkCreate", bulk).await;
        assert_eq!(faults(&bulk), ["REQUIRED input.items.0.key", "REQUIRED input.items.0.baseCurrency", "REQUIRED input.items.1.key"]);
        let input = json!({ "key": "N-1", "name": "Neu", "baseCurrency": "EUR", "parentKey": "PG-ERP", "projectManagerKey": "marc.dubois", "plannedStartOn": "2026-04-01" });
        let made = change(&lead, "projectCreate", input.clone()).await;
        assert_eq!((faults(&made), &made["project"]["version"]), (vec![], &json!("1")), "{made}");
        let (row, above, anna) = (item(&db, "N-1").await, item(&db, "PG-ERP").await, person(&db, "anna.keller").await.id);
        assert_eq!((row.state.as_str(), row.confidentiality.as_str(), row.is_restricted), ("PROPOSED", "NORMAL", false));
        assert_eq!((row.parent_id, row.program_id, row.portfolio_id), (Some(above.id), Some(above.id), above.portfolio_id));
        assert_eq!((row.created_by_id, row.updated_by_id, row.created_at, row.updated_at), (Some(anna), Some(anna), noon(), noon()));
        let again = change(&lead, "projectCreate", input).await;
        assert_eq!(faults(&again), ["DUPLICATE input.key"]);
        // Another type of item may have the key; a hidden one takes it as well, in the same words.
        let other = json!({ "key": "N-1", "name": "Neu", "baseCurrency": "EUR" });
        assert_eq!(faults(&change(&lead, "portfolioCreate", other).await), Vec::<String>::new());
        let hidden = json!({ "key": "PR-034", "name": "Neu", "baseCurrency": "EUR" });
        let hidden = change(&lead, "projectCreate", hidden).await;
        assert_eq!(hidden["userErrors"], again["userErrors"]);
    }

    async fn of_two_who_take_a_key_at_once_one_gets_it(world: &World) {
        let (_, lead) = begin(world).await;
        for round in 0..5 {
            let input = json!({ "key": format!("RACE-{round}"), "name": "Race", "baseCurrency": "EUR" });
            let all = futures_util::future::join_all((0..4).map(|_| change(&lead, "projectCreate", input.clone()))).await;
            let told: Vec<_> = all.iter().flat_map(faults).collect();
            assert_eq!(told, ["DUPLICATE input.key"; 3], "round {round}");
        }
    }

    async fn a_stale_version_changes_nothing_and_tells_what_changed(world: &World) {
        let (db, lead) = begin(world).await;
        let set = |version: &'static str, patch: Value| {
            let lead = &lead;
            async move { change(lead, "projectUpdate", json!({ "ref": { "key": "PR-002" }, "ifVersion": version, "patch": patch })).await }
        };
        set("1", json!({ "name": "One" })).await;
        set("2", json!({ "priority": 5, "phase": "Build" })).await;
        let before = dump(&world.database().await).await;
        let stale = set("1", json!({ "category": "RUN" })).await;
        assert_eq!(faults(&stale), ["VERSION_CONFLICT input.ifVersion"]);
        assert_eq!(param(&stale, "currentVersion").as_deref(), Some("3"));
        assert_eq!(param(&stale, "conflictingFields").as_deref(), Some("name,phase,priority"));
        assert_eq!(param(&set("2", json!({ "category": "RUN" })).await, "conflictingFields").as_deref(), Some("phase,priority"));
        assert_eq!(faults(&set("4", json!({ "category": "RUN" })).await), ["VERSION_CONFLICT input.ifVersion"]);
        assert_eq!(dump(&world.database().await).await, before);
        assert_eq!(faults(&set("*", json!({ "category": "RUN" })).await), Vec::<String>::new());
        assert_eq!(item(&db, "PR-002").await.version, 4);
        let by_id = json!({ "id": item_id(&db, "PR-002").await, "ifVersion": "1", "to": "ON_HOLD" });
        assert_eq!(faults(&change(&lead, "projectStateAdvance", by_id).await), ["VERSION_CONFLICT input.ifVersion"]);
    }

    async fn a_conflict_names_only_fields_that_the_caller_reads_on_this_row(world: &World) {
        let (db, lead) = begin(world).await;
        change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "name": "One" } })).await;
        // Nothing writes budgets yet: what such a change will leave behind is put there by hand.
        sql(&db, "UPDATE audit_event SET changes = replace(changes, '[', '[{\"field\":\"budget\",\"class\":\"FIN\",\"before\":null,\"after\":{\"amount\":\"123456\"}},')").await;
        let ask = |who: &'static str, role| async move {
            let client = world.client_as(who, &[role]).await;
            let input = json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "phase": "Build" } });
            param(&change(&client, "projectUpdate", input).await, "conflictingFields")
        };
        assert_eq!(ask("anna.keller", Role::PmoLead).await.as_deref(), Some("budget,name"));
        assert_eq!(ask("marc.dubois", Role::ProjectManager).await.as_deref(), Some("budget,name"), "she runs it");
        assert_eq!(ask("lena.schmid", Role::ProjectManager).await.as_deref(), Some("name"), "she runs others");
    }

    async fn of_twenty_who_change_one_version_one_wins(world: &World) {
        let (db, lead) = begin(world).await;
        let all = (0..20).map(|n| change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "name": format!("Number {n}") } })));
        let all = futures_util::future::join_all(all).await;
        let won: Vec<usize> = (0..20).filter(|n| faults(&all[*n]).is_empty()).collect();
        assert_eq!(won.len(), 1, "{} won", won.len());
        assert!(all.iter().flat_map(faults).all(|fault| fault == "VERSION_CONFLICT input.ifVersion"));
        let row = item(&db, "PR-001").await;
        assert_eq!((row.name, row.version), (format!("Number {}", won[0]), 2));
        assert_eq!((audit(&db).await.len(), events(&db).await.len()), (1, 1));
    }

    async fn a_row_that_stays_as_it_is_writes_nothing(world: &World) {
        let (db, lead) = begin(world).await;
        let row = item(&db, "PR-001").await;
        let before = dump(&world.database().await).await;
        world.clock.advance_seconds(3_600);
        let same = json!({ "name": row.name, "priority": row.priority, "key": row.key, "baseCurrency": row.base_currency, "confidentiality": "NORMAL", "parentKey": "PG-ERP", "sponsorKey": "daniel.osei" });
        for patch in [same, json!({})] {
            let done = change(&lead, "projectUpdate", json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": patch })).await;
            assert_eq!((faults(&done), &done["project"]["version"]), (vec![], &json!("1")));
        }
        let same = json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "confidentiality": "NORMAL" });
        assert_eq!(faults(&change(&lead, "projectConfidentialitySet", same).await), Vec::<String>::new());
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn every_change_leaves_one_entry_and_one_event(world: &World) {
        let (db, lead) = begin(world).await;
        let was = item(&db, "PR-001").await;
        world.clock.advance_seconds(5);
        let lead = lead.header("x-request-id", "the-request");
        let input = json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "name": "Renamed", "sponsorKey": null, "plannedFinishOn": "2028-01-31" } });
        let reply = writes::ask(&lead, "projectUpdate", input).await;
        let (entries, told) = (audit(&db).await, events(&db).await);
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        let [event] = told.as_slice() else { panic!("{told:?}") };
        let anna = person(&db, "anna.keller").await.id;
        assert_eq!((entry.action.as_str(), entry.target_type.as_str(), entry.target_id, entry.target_version), ("UPDATED", "Project", was.id, 2));
        assert_eq!((entry.target_ref.as_str(), entry.mutation.as_str(), entry.actor_id), (encode_id("prj", was.id).as_str(), "projectUpdate", Some(anna)));
        assert_eq!((entry.request_id.as_str(), entry.at), (reply.header("x-request-id"), noon() + chrono::Duration::seconds(5)));
        assert_eq!((entry.item_id, entry.portfolio_id, entry.is_restricted), (Some(was.id), was.portfolio_id, false));
        let changes: Value = serde_json::from_str(&entry.changes).expect("JSON");
        assert_eq!(changes, json!([
            { "field": "name", "class": "BASIC", "before": was.name, "after": "Renamed" },
            { "field": "plannedFinishOn", "class": "BASIC", "before": was.planned_finish_on, "after": "2028-01-31" },
            { "field": "sponsor", "class": "BASIC", "before": encode_id("per", was.sponsor_id.expect("a sponsor")), "after": null },
        ]));
        assert_eq!((event.transaction_id, event.request_id.as_str(), event.target_type.as_str()), (entry.transaction_id, entry.request_id.as_str(), "Project"));
        assert_eq!((event.target_id, event.version, event.was_there, event.actor_id), (was.id, 2, true, Some(anna)));
        assert_eq!((event.was_item_id, event.was_portfolio_id, event.was_restricted, event.was_state.as_deref()), (Some(was.id), was.portfolio_id, false, Some("ACTIVE")));
        let made = json!({ "key": "N-1", "name": "New", "baseCurrency": "EUR" });
        change(&lead, "projectCreate", made).await;
        let entry = audit(&db).await.pop().expect("an entry");
        assert_eq!((entry.action.as_str(), entry.target_version), ("CREATED", 1));
        let changes: Value = serde_json::from_str(&entry.changes).expect("JSON");
        assert!(changes.as_array().is_some_and(|all| all.iter().all(|c| c["before"] == Value::Null)), "{changes}");
        assert!(changes.as_array().is_some_and(|all| all.iter().any(|c| c["field"] == "state" && c["after"] == "PROPOSED")), "{changes}");
        let event = events(&db).await.pop().expect("an event");
        assert_eq!((event.was_there, event.was_item_id, event.version), (false, None, 1));
    }

    async fn the_payload_shows_the_change_with_the_callers_rights(world: &World) {
        let (db, _) = begin(world).await;
        let manager = world.client_as("lena.schmid", &[Role::ProjectManager]).await;
        // She runs PR-003, so its budget is hers to read; that of its neighbor is not.
        let document = "mutation { a: projectUpdate(input: {ref: {key: \"PR-003\"}, ifVersion: \"1\", patch: {phase: \"Build\"}}) {
            __typename project { ...P budget { amount } } project { phase program { projects(filter: {key: {in: [\"PR-001\", \"PR-003\"]}}, orderBy: [{key: {direction: ASC}}]) { nodes { key budget { currency } } } } }
            userErrors { code } again: userErrors { message } query { project(by: {key: \"PR-003\"}) { phase version } __typename } replayed } }
            fragment P on Project { key version updatedBy { key } }";
        let reply = manager.query(document).await;
        assert_eq!(reply.data()["a"], json!({
            "__typename": "ProjectUpdatePayload",
            "project": { "key": "PR-003", "version": "2", "updatedBy": { "key": "lena.schmid" }, "budget": { "amount": "1900000" }, "phase": "Build",
                "program": { "projects": { "nodes": [{ "key": "PR-001", "budget": null }, { "key": "PR-003", "budget": { "currency": "CHF" } }] } } },
            "userErrors": [], "again": [], "query": { "project": { "phase": "Build", "version": "2" }, "__typename": "Query" }, "replayed": false,
        }));
        assert_eq!(reply.header("x-access-masked"), "1");
        let denied = manager.query("mutation { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"1\", patch: {phase: \"Build\"}}) { project { key } userErrors { code } userErrors { path } } }").await;
        assert_eq!(denied.data()["projectUpdate"], json!({ "project": null, "userErrors": [{ "code": "FORBIDDEN", "path": ["input", "patch", "phase"] }] }));
        assert_eq!(item(&db, "PR-001").await.version, 1);
    }

    async fn several_mutations_run_in_order_each_on_its_own(world: &World) {
        let (db, lead) = begin(world).await;
        let set = |alias: &str, version: u32, patch: &str| format!("{alias}: projectUpdate(input: {{ref: {{key: \"PR-001\"}}, ifVersion: \"{version}\", patch: {{{patch}}}}}) {{ project {{ name version }} userErrors {{ code }} query {{ project(by: {{key: \"PR-001\"}}) {{ version }} }} }}");
        let document = format!("mutation {{ {} {} {} __typename {} }}", set("a", 1, "name: \"A\""), set("b", 1, "name: \"B\""), set("c", 2, "priority: 9"), set("d", 2, "name: \"D\""));
        let data = lead.query(&document).await.data();
        let shape = |alias: &str| (data[alias]["project"]["version"].as_str().map(str::to_owned), data[alias]["userErrors"][0]["code"].as_str().map(str::to_owned), data[alias]["query"]["project"]["version"].clone());
        assert_eq!(shape("a"), (Some("2".into()), None, json!("2")));
        assert_eq!(shape("b"), (None, Some("VERSION_CONFLICT".into()), json!("2")));
        assert_eq!(shape("c"), (None, Some("OUT_OF_RANGE".into()), json!("2")));
        assert_eq!(shape("d"), (Some("3".into()), None, json!("3")));
        assert_eq!(data.as_object().map(serde_json::Map::len), Some(5));
        let entries = audit(&db).await;
        assert_eq!(entries.iter().map(|e| e.target_version).collect::<Vec<_>>(), [2, 3]);
        assert_ne!(entries[0].transaction_id, entries[1].transaction_id);
        assert_eq!(item(&db, "PR-001").await.name, "D");
        let skipped = lead.query("mutation { a: projectArchive(input: {ref: {key: \"PR-007\"}, ifVersion: \"1\"}) @skip(if: true) { replayed } b: __typename }").await;
        assert_eq!(skipped.data(), json!({ "b": "Mutation" }));
        assert_eq!(item(&db, "PR-007").await.archived_at, None);
    }

    async fn what_is_refused_before_execution_runs_no_mutation(world: &World) {
        let (_, lead) = begin(world).await;
        let before = dump(&world.database().await).await;
        let good = "projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"1\", patch: {name: \"Ran\"}}) { replayed }";
        for (document, code) in [
            (format!("mutation {{ {good} nothing }}"), "GRAPHQL_VALIDATION_FAILED"),
            (format!("mutation($x: Int!) {{ {good} b: projects(first: $x) {{ totalCount }} }}"), "GRAPHQL_VALIDATION_FAILED"),
            (format!("mutation {{ {good} b: projectUpdate(input: {{ifVersion: \"1\", patch: {{priority: \"x\"}}}}) {{ replayed }} }}"), "GRAPHQL_VALIDATION_FAILED"),
            (format!("mutation {{ {good} b: projectCreate(input: {{key: \"X\"}}) {{ replayed }} }}"), "GRAPHQL_VALIDATION_FAILED"),
            (format!("query A {{ {good} }}"), "GRAPHQL_VALIDATION_FAILED"),
            (format!("mutation A {{ {good} }} query B {{ viewer {{ subject }} }}"), "OPERATION_UNRESOLVED"),
        ] {
            let reply = lead.query(&document).await;
            assert_eq!(reply.error_codes().first().map(String::as_str), Some(code), "{document}");
            reply.tells_no_secrets();
        }
        let address = format!("/graphql?query={}", format!("mutation {{ {good} }}").replace(' ', "%20").replace('"', "%22").replace('{', "%7B").replace('}', "%7D"));
        let got = lead.get(&address).await;
        assert_eq!((got.status.as_u16(), got.error_codes(), got.header("allow")), (405, vec!["METHOD_NOT_ALLOWED".to_owned()], "POST"));
        let named = lead.post(&json!({ "query": format!("mutation A {{ {good} }} query B {{ viewer {{ subject }} }}"), "operationName": "B" })).await;
        assert_eq!(named.data()["viewer"]["subject"], "anna.keller");
        let nobody = world.client().await.query(&format!("mutation {{ {good} }}")).await;
        assert_eq!(nobody.status.as_u16(), 401);
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn a_link_to_another_system_is_a_row_like_any_other(world: &World) {
        let (db, lead) = begin(world).await;
        let target = item_id(&db, "PR-001").await;
        let made = change(&lead, "externalLinkCreate", json!({ "system": "MONDAY", "externalId": "77", "targetId": target, "url": "https://monday.example/77" })).await;
        assert_eq!(faults(&made), Vec::<String>::new(), "{made}");
        let id = made["externalLink"]["id"].clone();
        for (mutation, input, fault) in [
            ("externalLinkCreate", json!({ "system": "MONDAY", "externalId": "77", "targetId": target }), "DUPLICATE input.externalId"),
            ("externalLinkCreate", json!({ "system": " ", "externalId": "78", "targetId": target }), "REQUIRED input.system"),
            ("externalLinkCreate", json!({ "system": "x".repeat(65), "externalId": "78", "targetId": target }), "TOO_LONG input.system"),
            ("externalLinkCreate", json!({ "system": "MONDAY", "externalId": "78", "targetId": encode_id("prj", Uuid::from_u128(1)) }), "NOT_FOUND input.targetId"),
            ("externalLinkCreate", json!({ "system": "MONDAY", "externalId": "78", "targetId": id }), "INVALID input.targetId"),
            ("externalLinkCreate", json!({ "system": "MONDAY", "externalId": "78", "targetId": item_id(&db, "PR-034").await }), "NOT_FOUND input.targetId"),
            ("externalLinkUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "url": "javascript:alert(1)" } }), "INVALID input.patch.url"),
            ("externalLinkUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "url": "https://" } }), "INVALID input.patch.url"),
            ("externalLinkUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "url": format!("https://a.example/{}", "x".repeat(2_000)) } }), "TOO_LONG input.patch.url"),
            ("externalLinkUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "targetId": item_id(&db, "PR-002").await } }), "IMMUTABLE input.patch.targetId"),
            ("externalLinkUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "direction": null } }), "REQUIRED input.patch.direction"),
            ("externalLinkUpdate", json!({ "id": id, "ifVersion": "1", "patch": { "system": "JIRA", "externalId": "ERPFIN" } }), "DUPLICATE input.patch.externalId"),
        ] {
            assert_eq!(faults(&change(&lead, mutation, input.clone()).await), [fault], "{input}");
        }
        let manager = world.client_as("lena.schmid", &[Role::ProjectManager]).await;
        let hers = json!({ "system": "MONDAY", "externalId": "79", "targetId": item_id(&db, "PR-003").await });
        assert_eq!(faults(&change(&manager, "externalLinkCreate", hers).await), Vec::<String>::new());
        let not_hers = json!({ "system": "MONDAY", "externalId": "80", "targetId": target });
        assert_eq!(faults(&change(&manager, "externalLinkCreate", not_hers).await), ["FORBIDDEN input.targetId"]);
        assert_eq!(faults(&change(&manager, "externalLinkUpdate", json!({ "id": id, "ifVersion": "1", "patch": {} })).await), ["NOT_FOUND input.id"]);
        assert_eq!(faults(&change(&lead, "externalLinkArchive", json!({ "id": id, "ifVersion": "1" })).await), Vec::<String>::new());
        let late = json!({ "id": id, "ifVersion": "*", "patch": { "url": null } });
        assert_eq!(faults(&change(&lead, "externalLinkUpdate", late).await), ["IMMUTABLE input.id"]);
        // What is archived names nothing, and takes no name from another.
        let by = "query($s: String!, $i: String!) { project(by: {external: {system: $s, id: $i}}) { key } }";
        let named = async || lead.query_with(by, json!({ "s": "MONDAY", "i": "77" })).await.json()["data"]["project"]["key"].clone();
        assert_eq!(named().await, Value::Null);
        let other = change(&lead, "externalLinkCreate", json!({ "system": "MONDAY", "externalId": "77", "targetId": item_id(&db, "PR-002").await })).await;
        assert_eq!(faults(&other), Vec::<String>::new());
        assert_eq!(named().await, "PR-002");
        assert_eq!(faults(&change(&lead, "externalLinkUnarchive", json!({ "id": id, "ifVersion": "*" })).await), ["DUPLICATE input"]);
        assert_eq!(faults(&change(&lead, "externalLinkArchive", json!({ "id": other["externalLink"]["id"], "ifVersion": "*" })).await), Vec::<String>::new());
        assert_eq!(faults(&change(&lead, "externalLinkUnarchive", json!({ "id": id, "ifVersion": "*" })).await), Vec::<String>::new());
        assert_eq!(named().await, "PR-001");
    }

    async fn nothing_new_leads_to_what_is_archived(world: &World) {
        let (db, lead) = begin(world).await;
        sql(&db, "UPDATE person SET archived_at = updated_at WHERE key IN ('susan.whitaker', 'helen.ashworth')").await;
        sql(&db, "UPDATE org_unit SET archived_at = updated_at WHERE key = 'HR'").await;
        let update = |key: &str, patch: Value| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch });
        for (patch, fault) in [
            (json!({ "sponsorKey": "susan.whitaker" }), "ILLEGAL_STATE input.patch.sponsorKey"),
            (json!({ "ownerId": person_id(&db, "susan.whitaker").await }), "ILLEGAL_STATE input.patch.ownerId"),
            (json!({ "orgUnitKey": "HR" }), "ILLEGAL_STATE input.patch.orgUnitKey"),
        ] {
            assert_eq!(faults(&change(&lead, "projectUpdate", update("PR-001", patch.clone())).await), [fault], "{patch}");
        }
        // What led there before may be said again.
        let before = item(&db, "PR-038").await.sponsor_id;
        assert_eq!(before, Some(person(&db, "helen.ashworth").await.id));
        let same = change(&lead, "projectUpdate", update("PR-038", json!({ "sponsorKey": "helen.ashworth", "phase": "Build" }))).await;
        assert_eq!(faults(&same), Vec::<String>::new());
        let role = json!({ "key": "RA-X", "personKey": "susan.whitaker", "role": "AUDITOR" });
        let role = lead.query_with("mutation($i: RoleAssignmentCreateInput!) { roleAssignmentCreate(input: $i) { userErrors { code path } } }", json!({ "i": role })).await;
        assert_eq!(faults(&role.data()["roleAssignmentCreate"]), ["ILLEGAL_STATE input.personKey"]);
    }

    async fn keys_and_names_are_one_line(world: &World) {
        let (_, lead) = begin(world).await;
        for (patch, fault) in [
            (json!({ "key": " PR-001" }), "INVALID input.patch.key"),
            (json!({ "key": "PR-001\u{a0}" }), "INVALID input.patch.key"),
            (json!({ "key": "PR\n001" }), "INVALID input.patch.key"),
            (json!({ "name": "One\nTwo" }), "INVALID input.patch.name"),
            (json!({ "phase": "a\tb" }), "INVALID input.patch.phase"),
        ] {
            let input = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": patch });
            assert_eq!(faults(&change(&lead, "projectUpdate", input).await), [fault], "{patch}");
        }
        let lines = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "description": "One\n\tTwo" } });
        assert_eq!(faults(&change(&lead, "projectUpdate", lines).await), Vec::<String>::new());
        let identities = json!({ "add": [{ "issuer": "a", "subject": "b" }, { "issuer": "a", "subject": "x\0" }, { "issuer": " ", "subject": "c" }, { "issuer": "a", "subject": "x".repeat(256) }] });
        let input = json!({ "ref": { "key": "simon.tait" }, "ifVersion": "*", "patch": { "identities": identities } });
        let done = lead.query_with("mutation($i: PersonUpdateInput!) { personUpdate(input: $i) { userErrors { code path } } }", json!({ "i": input })).await;
        let mut told = faults(&done.data()["personUpdate"]);
        told.sort();
        let at = "input.patch.identities.add";
        assert_eq!(told, [format!("INVALID {at}.1.subject"), format!("REQUIRED {at}.2.issuer"), format!("TOO_LONG {at}.3.subject")]);
    }
}

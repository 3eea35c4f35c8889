//! Lists of rows: each item told by its position, all or the good ones written, in a number of statements that does not
//! grow with the items.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use entity::{external_link, portfolio_item};
use foliograph::{
    app::{self, App},
    auth::Role,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    dump::dump,
    product,
    writes::{ask, audit, begin, change, events, faults, item, item_id, request_key, statuses},
};

/// What the nth row of a list is made of.
type Of<'f> = Box<dyn Fn(usize) -> Value + 'f>;

fn told_at(payload: &Value, index: usize) -> Vec<String> {
    faults(&payload["results"][index])
}

fn new(key: &str) -> Value {
    json!({ "key": key, "name": format!("Project {key}"), "baseCurrency": "EUR", "parentKey": "PG-ERP" })
}

tests! {
    async fn one_bad_item_stops_the_list_unless_it_may_not(world: &World) {
        let (db, lead) = begin(world).await;
        let items = json!([
            { "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "name": "One" } },
            { "ref": { "key": "PR-002" }, "ifVersion": "1", "patch": { "name": "", "priority": 9 } },
            { "ref": { "key": "PR-003" }, "ifVersion": "7", "patch": { "name": "Three" } },
            { "ref": { "key": "PR-034" }, "ifVersion": "1", "patch": { "name": "Hidden" } },
            { "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "name": "Again" } },
            { "ref": { "id": item_id(&db, "PR-002").await }, "ifVersion": "*", "patch": { "priority": 2 } },
            { "ref": { "key": "PR-005" }, "patch": { "name": "Five" } },
            { "ref": { "key": "PR-006" }, "ifVersion": "1", "patch": {} },
            { "ref": { "key": "PR-008" }, "ifVersion": "*", "patch": { "name": "Eight" } },
        ]);
        let before = dump(&world.database().await).await;
        let wanted: [(usize, &[&str]); 6] = [
            (1, &["OUT_OF_RANGE input.items.1.patch.priority", "REQUIRED input.items.1.patch.name"]),
            (2, &["VERSION_CONFLICT input.items.2.ifVersion"]),
            (3, &["NOT_FOUND input.items.3.ref.key"]),
            (4, &["DUPLICATE input.items.4.ref.key"]),
            (5, &["DUPLICATE input.items.5.ref.id"]),
            (6, &["REQUIRED input.items.6.ifVersion"]),
        ];
        let all = change(&lead, "projectBulkUpdate", json!({ "clientMutationKey": request_key(1), "items": items })).await;
        assert_eq!(statuses(&all), ["NOT_WRITTEN", "FAILED", "FAILED", "FAILED", "FAILED", "FAILED", "FAILED", "NOT_WRITTEN", "NOT_WRITTEN"], "{all}");
        assert_eq!((&all["updatedCount"], &all["failedCount"], &all["isDryRun"]), (&json!(0), &json!(6), &json!(false)));
        for (index, faults) in wanted {
            let mut told = told_at(&all, index);
            told.sort();
            assert_eq!(told, faults);
        }
        assert_eq!(faults(&all).len(), 7, "all of them stand together as well");
        assert_eq!(dump(&world.database().await).await, before);
        let good = change(&lead, "projectBulkUpdate", json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items })).await;
        assert_eq!(statuses(&good), ["UPDATED", "FAILED", "FAILED", "FAILED", "FAILED", "FAILED", "FAILED", "UNCHANGED", "UPDATED"], "{good}");
        assert_eq!((&good["updatedCount"], &good["unchangedCount"], &good["failedCount"]), (&json!(2), &json!(1), &json!(6)));
        assert_eq!((item(&db, "PR-001").await.name.as_str(), item(&db, "PR-008").await.name.as_str()), ("One", "Eight"));
        assert_eq!(audit(&db).await.len(), 2);
    }

    async fn a_dry_run_checks_everything_and_writes_nothing(world: &World) {
        let (_, lead) = begin(world).await;
        let before = dump(&world.database().await).await;
        let items = json!([
            { "ref": { "external": { "system": "JIRA", "id": "NEW-1" } }, "patch": new("N-1") },
            { "ref": { "external": { "system": "JIRA", "id": "ERPFIN" } }, "patch": { "name": "Changed" } },
            { "ref": { "key": "PR-002" }, "patch": { "name": "" } },
        ]);
        for policy in ["REJECT_ALL", "REJECT_FAILED"] {
            let input = json!({ "dryRun": true, "errorPolicy": policy, "clientMutationKey": request_key(1), "items": items });
            let done = change(&lead, "projectBulkUpsert", input).await;
            let wanted = if policy == "REJECT_ALL" { ["NOT_WRITTEN", "NOT_WRITTEN", "FAILED"] } else { ["CREATED", "UPDATED", "FAILED"] };
            assert_eq!((statuses(&done), &done["isDryRun"], &done["replayed"]), (wanted.map(str::to_owned).to_vec(), &json!(true), &json!(false)));
        }
        let document = "mutation($i: ProjectBulkUpsertInput!) { projectBulkUpsert(input: $i) { results { project { key name } } } }";
        let shown = lead.query_with(document, json!({ "i": { "dryRun": true, "errorPolicy": "REJECT_FAILED", "items": items } })).await;
        assert_eq!(shown.at("/data/projectBulkUpsert/results/0/project"), Value::Null, "what is not made has no row");
        assert_eq!(shown.at("/data/projectBulkUpsert/results/1/project/name"), "ERP Core Finance");
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn a_list_has_a_thousand_items_and_no_more(world: &World) {
        let (db, lead) = begin(world).await;
        let items: Vec<Value> = (0..1_001).map(|n| json!({ "ref": { "key": "PR-001" }, "ifVersion": "1", "patch": { "priority": n % 5 + 1 } })).collect();
        let told = change(&lead, "projectBulkUpdate", json!({ "clientMutationKey": request_key(1), "items": items })).await;
        assert_eq!((faults(&told), &told["results"], &told["failedCount"]), (vec!["TOO_LONG input.items".to_owned()], &json!([]), &json!(0)));
        let empty = change(&lead, "projectBulkUpdate", json!({ "clientMutationKey": request_key(1), "items": [] })).await;
        assert_eq!((faults(&empty), &empty["results"], &empty["replayed"]), (vec![], &json!([]), &json!(false)));
        assert_eq!(audit(&db).await.len(), 0);
    }

    async fn keys_are_taken_once_in_a_list(world: &World) {
        let (db, lead) = begin(world).await;
        let items = json!([new("N-1"), new("N-2"), new("N-1"), new("PR-001")]);
        let done = change(&lead, "projectBulkCreate", json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items })).await;
        assert_eq!(statuses(&done), ["CREATED", "CREATED", "FAILED", "FAILED"]);
        assert_eq!((told_at(&done, 2), told_at(&done, 3)), (vec!["DUPLICATE input.items.2.key".to_owned()], vec!["DUPLICATE input.items.3.key".to_owned()]));
        assert_eq!(item(&db, "N-2").await.state, "PROPOSED");
    }

    async fn what_is_not_written_takes_no_key(world: &World) {
        let (db, lead) = begin(world).await;
        let bad = json!({ "key": "PR-Q", "name": "", "baseCurrency": "EUR", "parentKey": "PG-ERP" });
        let input = json!({ "clientMutationKey": request_key(31), "errorPolicy": "REJECT_FAILED", "items": [bad, new("PR-Q"), new("PR-Q")] });
        let done = change(&lead, "projectBulkCreate", input).await;
        assert_eq!(statuses(&done), ["FAILED", "CREATED", "FAILED"], "{done}");
        assert_eq!(item(&db, "PR-Q").await.name, "Project PR-Q");
    }

    async fn an_upsert_makes_the_row_and_its_link_and_later_changes_it(world: &World) {
        let (db, lead) = begin(world).await;
        let of = |id: &str, patch: Value| json!({ "ref": { "external": { "system": "CSV", "id": id } }, "patch": patch });
        let upsert = |number: u64, items: Value| {
            let lead = &lead;
            async move { change(lead, "projectBulkUpsert", json!({ "clientMutationKey": request_key(number), "errorPolicy": "REJECT_FAILED", "items": items })).await }
        };
        let file = json!([of("1", new("N-1")), of("2", new("N-2")), of("1", new("N-3"))]);
        let done = upsert(1, file).await;
        assert_eq!(statuses(&done), ["CREATED", "CREATED", "FAILED"], "{done}");
        assert_eq!(told_at(&done, 2), ["DUPLICATE input.items.2.ref.external"]);
        let made = item(&db, "N-1").await;
        let link = external_link::Entity::find().filter(external_link::Column::ItemId.eq(made.id)).one(&db).await.expect("links").expect("its link");
        assert_eq!((link.system.as_str(), link.external_id.as_str(), link.target_type.as_str(), link.direction.as_str()), ("CSV", "1", "PROJECT", "IN"));
        assert_eq!((link.portfolio_id, link.version, link.created_by_id), (made.portfolio_id, 1, made.created_by_id));
        assert_eq!((audit(&db).await.len(), events(&db).await.len()), (4, 4), "two rows, two links");
        // The same file again changes nothing; a version is not needed, but counts where it is given.
        let before = dump(&world.database().await).await;
        let same = upsert(2, json!([of("1", new("N-1")), of("2", new("N-2"))])).await;
        assert_eq!((statuses(&same), &same["unchangedCount"]), (vec!["UNCHANGED".to_owned(); 2], &json!(2)));
        let mut after = dump(&world.database().await).await;
        assert_eq!(after.remove("idempotency").map(|rows| rows.len()), Some(2));
        let mut without = before.clone();
        without.remove("idempotency");
        assert_eq!(after, without);
        let mut stale = of("1", json!({ "name": "Later" }));
        stale["ifVersion"] = "7".into();
        let done = upsert(3, json!([stale, of("2", json!({ "name": "Later" }))])).await;
        assert_eq!(statuses(&done), ["FAILED", "UPDATED"]);
        assert_eq!(told_at(&done, 0), ["VERSION_CONFLICT input.items.0.ifVersion"]);
        assert_eq!(item(&db, "N-2").await.name, "Later");
    }

    async fn an_upsert_of_what_cannot_be_a_link_is_told(world: &World) {
        let (db, lead) = begin(world).await;
        let hidden = json!({ "system": "JIRA", "externalId": "SECRET", "targetId": item_id(&db, "PR-034").await });
        let ingrid = world.client_as("ingrid.solberg", &[Role::PmoLead]).await;
        assert_eq!(faults(&change(&ingrid, "externalLinkCreate", hidden).await), Vec::<String>::new());
        let before = dump(&world.database().await).await;
        for (system, id, fault) in [
            ("JIRA", "SECRET", "DUPLICATE input.items.0.ref.external"),
            ("", "1", "REQUIRED input.items.0.ref.external.system"),
            ("CSV", " ", "REQUIRED input.items.0.ref.external.id"),
            ("CSV", "a\0", "INVALID input.items.0.ref.external.id"),
        ] {
            let items = json!([{ "ref": { "external": { "system": system, "id": id } }, "patch": new("N-1") }]);
            let done = change(&lead, "projectBulkUpsert", json!({ "clientMutationKey": request_key(1), "items": items })).await;
            assert_eq!(faults(&done), [fault], "{done}");
        }
        for (system, id, fault) in [("x".repeat(65), "1".to_owned(), "TOO_LONG input.items.0.ref.external.system"), ("CSV".into(), "x".repeat(256), "TOO_LONG input.items.0.ref.external.id")] {
            let items = json!([{ "ref": { "external": { "system": system, "id": id } }, "patch": new("N-1") }]);
            let done = change(&lead, "projectBulkUpsert", json!({ "clientMutationKey": request_key(1), "items": items })).await;
            assert_eq!(faults(&done), [fault]);
        }
        let unknown = json!([{ "ref": { "key": "NOT-THERE" }, "patch": new("N-1") }]);
        let done = change(&lead, "projectBulkUpsert", json!({ "clientMutationKey": request_key(1), "items": unknown })).await;
        assert_eq!(faults(&done), ["NOT_FOUND input.items.0.ref.key"], "only another system's id makes a row");
        let manager = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let items = json!([{ "ref": { "external": { "system": "CSV", "id": "1" } }, "patch": new("N-1") }, { "ref": { "key": "PR-001" }, "patch": { "phase": "Build" } }]);
        let done = change(&manager, "projectBulkUpsert", json!({ "clientMutationKey": request_key(1), "items": items })).await;
        assert_eq!(statuses(&done), ["FAILED", "NOT_WRITTEN"]);
        assert!(told_at(&done, 0).iter().all(|f| f.starts_with("FORBIDDEN input.items.0.patch")), "{done}");
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn of_two_who_upsert_one_id_at_once_one_makes_it(world: &World) {
        let (db, lead) = begin(world).await;
        for round in 0..5_u64 {
            let upserts = (0..4_u64).map(|n| {
                let items = json!([{ "ref": { "external": { "system": "RACE", "id": round.to_string() } }, "patch": { "key": format!("R-{round}"), "name": "Race", "baseCurrency": "EUR" } }]);
                change(&lead, "projectBulkUpsert", json!({ "clientMutationKey": request_key(100 * round + n), "items": items }))
            });
            let mut all: Vec<String> = futures_util::future::join_all(upserts).await.iter().flat_map(statuses).collect();
            all.sort();
            assert_eq!(all, ["CREATED", "UNCHANGED", "UNCHANGED", "UNCHANGED"], "round {round}");
        }
        let made = portfolio_item::Entity::find().filter(portfolio_item::Column::Key.starts_with("R-")).all(&db).await.expect("items");
        assert_eq!((made.len(), audit(&db).await.len()), (5, 10));
    }

    async fn what_a_long_list_says_is_kept_to_the_letter(world: &World) {
        let (db, lead) = begin(world).await;
        // What has a meaning where a list is written for a database: quotes, commas, braces, the word NULL.
        let said = ["NULL", "null", "a,b", "{}", "{a,\"b\"}", "she said \"so\"", "back\\slash\\", "\\\"", "it's", "$1", "?", "\u{1F600} e\u{301}", "--"];
        let item_of = |n: usize, text: &str| json!({ "key": format!("L-{n}"), "name": text, "description": format!("{text}\n{text}\t"), "baseCurrency": "EUR", "parentKey": "PG-ERP", "plannedStartOn": "2026-02-28", "priority": if n.is_multiple_of(2) { json!(3) } else { Value::Null } });
        let items: Vec<Value> = said.iter().enumerate().map(|(n, text)| item_of(n, text)).collect();
        let done = change(&lead, "projectBulkCreate", json!({ "clientMutationKey": request_key(1), "items": items })).await;
        assert_eq!(statuses(&done), vec!["CREATED"; said.len()], "{done}");
        for (n, text) in said.iter().enumerate() {
            let row = item(&db, &format!("L-{n}")).await;
            let day = chrono::NaiveDate::from_ymd_opt(2026, 2, 28);
            assert_eq!((row.name.as_str(), row.description), (*text, Some(format!("{text}\n{text}\t"))));
            assert_eq!((row.planned_start_on, row.priority, row.is_restricted), (day, n.is_multiple_of(2).then_some(3), false));
        }
        assert_eq!(audit(&db).await.len(), said.len());
        // Changed, they are overwritten where they are.
        let items: Vec<Value> = said.iter().enumerate().map(|(n, text)| json!({ "ref": { "key": format!("L-{n}") }, "ifVersion": "1", "patch": { "name": format!("{text}.") } })).collect();
        let done = change(&lead, "projectBulkUpdate", json!({ "clientMutationKey": request_key(2), "items": items })).await;
        assert_eq!(statuses(&done), vec!["UPDATED"; said.len()], "{done}");
        for (n, text) in said.iter().enumerate() {
            let row = item(&db, &format!("L-{n}")).await;
            assert_eq!((row.name, row.version), (format!("{text}."), 2));
        }
    }

    async fn statements_do_not_grow_with_the_items(world: &World) {
        let (counted, client) = counting(world).await;
        let count = |mutation: &'static str, input: Value| {
            let (counted, client) = (counted.clone(), client.clone());
            async move {
                counted.store(0, Ordering::SeqCst);
                let reply = ask(&client, mutation, input).await;
                let told = reply.at(&format!("/data/{mutation}"));
                (counted.load(Ordering::SeqCst), told)
            }
        };
        let items = |from: usize, to: usize| -> Vec<Value> {
            (from..to).map(|n| json!({ "ref": { "external": { "system": format!("S{}", n % 7), "id": n.to_string() } }, "patch": { "key": format!("N-{n}"), "name": "New", "baseCurrency": "EUR", "parentKey": "PG-ERP" } })).collect()
        };
        let upsert = |number: u64, items: Vec<Value>| json!({ "clientMutationKey": request_key(number), "items": items });
        let (few, done) = count("projectBulkUpsert", upsert(1, items(0, 10))).await;
        assert_eq!(done["createdCount"], 10);
        let (many, done) = count("projectBulkUpsert", upsert(2, items(10, 1_010))).await;
        assert_eq!(done["createdCount"], 1_000);
        assert!(few < 40 && many <= few + CHUNKS, "made: {few} statements for 10 items, {many} for 1,000");
        let update = |number: u64, keys: std::ops::Range<usize>, version: &str, name: &str| {
            let items: Vec<Value> = keys.map(|n| json!({ "ref": { "key": format!("N-{n}") }, "ifVersion": version, "patch": { "name": name } })).collect();
            json!({ "clientMutationKey": request_key(number), "items": items })
        };
        let (few, _) = count("projectBulkUpdate", update(3, 0..10, "1", "Changed")).await;
        let (many, done) = count("projectBulkUpdate", update(4, 10..1_010, "1", "Changed")).await;
        assert_eq!(done["updatedCount"], 1_000);
        assert!(few < 20 && many <= few + CHUNKS, "changed: {few} statements for 10 items, {many} for 1,000");
        let (few, _) = count("projectBulkUpdate", update(5, 0..10, "1", "Stale")).await;
        let (many, done) = count("projectBulkUpdate", update(6, 10..1_010, "1", "Stale")).await;
        assert_eq!(done["failedCount"], 1_000);
        assert!(few < 20 && many <= few + CHUNKS, "stale: {few} statements for 10 items, {many} for 1,000");
    }

    async fn statements_of_plans_and_reports_do_not_grow_either(world: &World) {
        let (counted, client) = counting(world).await;
        let db = world.database().await.orm;
        let item = item_id(&db, "PR-001").await;
        let made = async |number: u64, mutation: &str, items: Vec<Value>| -> Vec<String> {
            counted.store(0, Ordering::SeqCst);
            let single = app::model().mutations.iter().find(|m| m.name == mutation).expect("a mutation").entity;
            let single = app::model().entity(single).single;
            let (upper, rest) = mutation.split_at(1);
            let document = format!("mutation($i: {}{rest}Input!) {{ {mutation}(input: $i) {{ failedCount results {{ {single} {{ id }} }} userErrors {{ code path message }} }} }}", upper.to_uppercase());
            let reply = client.query_with(&document, json!({ "i": { "items": items, "clientMutationKey": request_key(number) } })).await;
            let done = reply.data()[mutation].clone();
            assert_eq!(done["userErrors"], json!([]), "{mutation}");
            let id = |result: &Value| result[single]["id"].as_str().expect("an id").to_owned();
            done["results"].as_array().expect("results").iter().map(id).collect()
        };
        let mut number = 100;
        // Each list made with ten and with many, then changed: what it is made of, and what changes.
        let day = |n: usize| (chrono::NaiveDate::from_ymd_opt(2040, 1, 1).expect("a day") + chrono::Days::new(n as u64)).to_string();
        let calendar = made(1, "fiscalCalendarBulkCreate", vec![json!({ "key": "BULK", "name": "Bulk" })]).await.remove(0);
        let budget = made(2, "budgetBulkCreate", vec![json!({ "itemId": item, "amount": { "amount": "1000000", "currency": "EUR" } })]).await.remove(0);
        let benefit = made(3, "benefitBulkCreate", vec![json!({ "key": "BULK", "itemId": item, "title": "Bulk", "kind": "QUALITATIVE", "ownerKey": "simon.tait" })]).await.remove(0);
        let had = made(4, "benefitBulkCreate", vec![json!({ "key": "BULK-HAD", "itemId": item, "title": "Had", "kind": "QUALITATIVE", "ownerKey": "simon.tait" })]).await.remove(0);
        let whole = json!({ "key": "BULK-HAD", "benefitId": had, "title": "Had", "unit": "%", "direction": "UP", "frequency": "ONCE", "firstDueOn": "2020-01-01",
            "baselineValue": 0, "baselineOn": "2019-01-01", "targetValue": 1, "targetOn": "2030-01-01" });
        let measure = made(5, "benefitMeasureBulkCreate", vec![whole]).await.remove(0);
        for to in ["PROFILED", "APPROVED"] {
            change(&client, "benefitStateAdvance", json!({ "id": had, "ifVersion": "*", "to": to })).await;
        }
        let past = |n: usize| (chrono::NaiveDate::from_ymd_opt(2020, 1, 1).expect("a day") + chrono::Days::new(n as u64)).to_string();
        let outputs = made(6, "benefitsMapNodeBulkCreate", vec![json!({ "key": "BULK", "itemId": item, "title": "Output", "kind": "OUTPUT" })]).await;
        let node = std::cell::RefCell::new(vec![]);
        let report = std::cell::RefCell::new(vec![]);
        let objective = std::cell::RefCell::new(vec![]);
        let steps: Vec<(&str, Of<'_>, Value)> = vec![
            ("fiscalPeriod", Box::new(|n| json!({ "key": format!("B-{n}"), "name": "Day", "calendarId": calendar, "kind": "MONTH", "startOn": day(n), "endOn": day(n) })), json!({ "name": "Other" })),
            ("costCategory", Box::new(|n| json!({ "key": format!("B-{n}"), "name": "Category" })), json!({ "name": "Other" })),
            ("budget", Box::new(|_| json!({ "itemId": item, "amount": { "amount": "1", "currency": "EUR" } })), json!({ "name": "Other" })),
            ("budgetLine", Box::new(|n| json!({ "budgetId": budget, "periodKey": format!("B-{n}"), "amount": { "amount": "1", "currency": "EUR" } })), json!({ "note": "Other" })),
            ("statusReport", Box::new(|n| json!({ "itemId": item, "periodEndOn": day(n) })), json!({ "periodEndOn": "2050-01-01" })),
            ("ragAssessment", Box::new(|n| json!({ "reportId": report.borrow()[n], "dimension": "OVERALL", "declared": "RED" })), json!({ "declared": "GREEN" })),
            ("strategicObjective", Box::new(|n| json!({ "key": format!("B-{n}"), "title": "Objective", "weight": "1" })), json!({ "title": "Other" })),
            ("objectiveContribution", Box::new(|n| json!({ "itemId": item, "objectiveId": objective.borrow()[n], "rating": "LOW" })), json!({ "rationale": "Other" })),
            ("benefit", Box::new(|n| json!({ "key": format!("B-{n}"), "itemId": item, "title": "Benefit", "kind": "QUALITATIVE", "ownerKey": "simon.tait" })), json!({ "title": "Other" })),
            ("benefitPlanPoint", Box::new(|n| json!({ "benefitId": benefit, "periodKey": format!("B-{n}"), "amount": { "amount": "1", "currency": "EUR" } })), json!({ "note": "Other" })),
            ("benefitMeasure", Box::new(|n| json!({ "key": format!("B-{n}"), "benefitId": benefit, "title": "Measure", "unit": "%", "direction": "UP", "frequency": "MONTHLY", "firstDueOn": "2040-01-01" })), json!({ "method": "Other" })),
            ("benefitActual", Box::new(|n| json!({ "measureId": measure, "measuredOn": past(n), "value": n, "dueOn": null })), json!({ "evidence": "Other" })),
            ("benefitReview", Box::new(|n| json!({ "benefitId": had, "heldOn": past(n), "finding": "As planned", "recommendation": "CONTINUE" })), json!({ "finding": "Other" })),
            ("benefitsMapNode", Box::new(|n| json!({ "key": format!("B-{n}"), "itemId": item, "title": "Node", "kind": "CHANGE" })), json!({ "title": "Other" })),
            ("benefitsMapEdge", Box::new(|n| json!({ "fromId": outputs[0], "toId": node.borrow()[n], "weight": "1" })), json!({ "weight": "2" })),
        ];
        for (single, of, patch) in steps {
            let mut counts = vec![];
            for range in [0..10, 10..310] {
                number += 1;
                let ids = made(number, &format!("{single}BulkCreate"), range.map(&of).collect()).await;
                counts.push(counted.load(Ordering::SeqCst));
                match single {
                    "statusReport" => report.borrow_mut().extend(ids.clone()),
                    "strategicObjective" => objective.borrow_mut().extend(ids.clone()),
                    "benefitsMapNode" => node.borrow_mut().extend(ids.clone()),
                    _ => {}
                }
                number += 1;
                let items = ids.iter().map(|id| json!({ "ref": { "id": id }, "ifVersion": "*", "patch": patch })).collect();
                made(number, &format!("{single}BulkUpdate"), items).await;
                counts.push(counted.load(Ordering::SeqCst));
            }
            let [made_few, changed_few, made_many, changed_many] = counts[..] else { panic!("{counts:?}") };
            assert!(made_few < 40 && made_many <= made_few + CHUNKS, "{single} made: {counts:?}");
            assert!(changed_few < 40 && changed_many <= changed_few + CHUNKS, "{single} changed: {counts:?}");
        }
    }

    async fn one_change_takes_few_statements(world: &World) {
        let (counted, client) = counting(world).await;
        let rename = |name: &str| json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "name": name } });
        // The first request reads the caller as well.
        change(&client, "projectUpdate", rename("First")).await;
        counted.store(0, Ordering::SeqCst);
        change(&client, "projectUpdate", rename("Second")).await;
        let lock = usize::from(world.kind == crate::support::world::Kind::Postgres);
        let writing = WRITING + lock;
        assert_eq!(counted.load(Ordering::SeqCst), writing, "the row locked and written, its entry, its event, its measures");
        counted.store(0, Ordering::SeqCst);
        let mut keyed = rename("Third");
        keyed["clientMutationKey"] = request_key(1).into();
        change(&client, "projectUpdate", keyed).await;
        assert_eq!(counted.load(Ordering::SeqCst), writing + 2 + lock, "the key looked up and kept");
    }
}

/// Statements of a change on the writing connection, without `BEGIN` and `COMMIT`, and without the lock that PostgreSQL needs
/// where measures of one item have facts of several writers.
const WRITING: usize = 5;
/// What a thousand items may take more than ten: rows are written some hundred a statement.
const CHUNKS: usize = 12;

/// The product over a database that counts the statements of its writing connections.
async fn counting(world: &World) -> (Arc<AtomicUsize>, Client) {
    let counted = Arc::new(AtomicUsize::new(0));
    let mut database = world.database().await;
    let count = counted.clone();
    database.orm.set_metric_callback(move |info| {
        // What follows the outbox beside the request is no part of it.
        let text = info.statement.sql.as_str();
        let beside = ["outbox_head", "outbox_event", "pg_notify", "DELETE FROM", "NOTIFY"]
            .iter()
            .any(|word| text.contains(word));
        if !beside || text.starts_with("INSERT INTO \"outbox_event\"") {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let config = foliograph::config::Config { max_body: 4 << 20, ..product::settings(world.url().await) };
    let app = App::over(config, world.clock.clone(), database).await.expect("the product");
    let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
    (counted, Client::new(app.router()).bearer(&token))
}

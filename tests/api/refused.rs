//! What is refused stays refused, and nothing else with it: rows of lists that are kept in part, archived items, drafts in
//! the trail, links that are removed meanwhile.

use entity::{budget, budget_line, cost_category, fiscal_period};
use foliograph::auth::Role;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{
    client::Client,
    writes::{begin_bare, change, faults, item_id, param, request_key, sql, statuses},
};

async fn done(client: &Client, mutation: &str, input: Value) -> String {
    let told = change(client, mutation, input).await;
    assert_eq!(faults(&told), Vec::<String>::new(), "{mutation}: {told}");
    let row = told.as_object().expect("a payload").values().find_map(|v| v.get("id"));
    row.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CHF" })
}

fn of(id: &str) -> Value {
    json!({ "id": id, "ifVersion": "*" })
}

async fn calendar(client: &Client) {
    done(client, "fiscalCalendarCreate", json!({ "key": "CORP", "name": "Corporate" })).await;
    for (month, last) in [("01", "31"), ("02", "28"), ("03", "31")] {
        let period = json!({ "key": format!("M{month}"), "name": month, "calendarKey": "CORP", "kind": "MONTH",
            "startOn": format!("2026-{month}-01"), "endOn": format!("2026-{month}-{last}") });
        done(client, "fiscalPeriodCreate", period).await;
    }
}

tests! {
    async fn lines_that_are_kept_sum_to_the_budget_at_most(world: &World) {
        let (db, lead) = begin_bare(world).await;
        calendar(&lead).await;
        let id = done(&lead, "budgetCreate", json!({ "itemId": item_id(&db, "PR-014").await, "amount": money("100") })).await;
        let line = |period: &str, amount: &str| json!({ "budgetId": id, "periodKey": period, "amount": money(amount) });
        let items = json!([line("M01", "200"), line("M02", "90"), line("M03", "20")]);
        let told = change(&lead, "budgetLineBulkCreate", json!({ "items": items, "errorPolicy": "REJECT_FAILED", "clientMutationKey": request_key(1) })).await;
        let sum: i64 = budget_line::Entity::find().all(&db).await.expect("lines").iter().filter_map(|l| l.amount).sum();
        let row = budget::Entity::find().one(&db).await.expect("read").expect("a budget");
        assert_eq!(sum, row.allocated_amount, "{told}");
        assert!(sum <= 1_000_000, "{sum}: {told}");
    }

    async fn a_line_that_was_refused_keeps_its_place(world: &World) {
        let (db, lead) = begin_bare(world).await;
        calendar(&lead).await;
        done(&lead, "costCategoryCreate", json!({ "key": "HW", "name": "HW" })).await;
        let id = done(&lead, "budgetCreate", json!({ "itemId": item_id(&db, "PR-014").await, "amount": money("100") })).await;
        let a = done(&lead, "budgetLineCreate", json!({ "budgetId": id, "periodKey": "M01", "amount": money("1") })).await;
        let b = done(&lead, "budgetLineCreate", json!({ "budgetId": id, "periodKey": "M01", "categoryKey": "HW", "amount": money("1") })).await;
        let items = json!([
            { "ref": { "id": a }, "ifVersion": "99", "patch": { "note": "stale" } },
            { "ref": { "id": b }, "ifVersion": "*", "patch": { "categoryKey": null } },
        ]);
        let told = change(&lead, "budgetLineBulkUpdate", json!({ "items": items, "errorPolicy": "REJECT_FAILED", "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["FAILED", "FAILED"], "{told}");
    }

    async fn lines_of_an_archived_draft_stay(world: &World) {
        let (db, lead) = begin_bare(world).await;
        calendar(&lead).await;
        let id = done(&lead, "budgetCreate", json!({ "itemId": item_id(&db, "PR-014").await, "amount": money("100") })).await;
        let a = done(&lead, "budgetLineCreate", json!({ "budgetId": id, "periodKey": "M01", "amount": money("1") })).await;
        done(&lead, "budgetArchive", of(&id)).await;
        let told = change(&lead, "budgetLineUpdate", json!({ "id": a, "ifVersion": "*", "patch": { "amount": money("7") } })).await;
        assert_eq!(faults(&told), ["IMMUTABLE input.id"], "{told}");
        assert_eq!(faults(&change(&lead, "budgetLineDelete", of(&a)).await), ["IMMUTABLE input.id"]);
    }

    async fn nothing_is_decided_for_an_archived_item(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let item = item_id(&db, "PR-014").await;
        let id = done(&manager, "budgetCreate", json!({ "itemId": item, "amount": money("100") })).await;
        done(&manager, "budgetSubmit", of(&id)).await;
        let draft = done(&manager, "budgetCreate", json!({ "itemId": item, "amount": money("100") })).await;
        let forecast = done(&manager, "forecastCreate", json!({ "itemId": item, "asOfOn": "2026-01-31", "amount": money("1") })).await;
        let report = done(&manager, "statusReportCreate", json!({ "itemId": item, "periodEndOn": "2026-01-31" })).await;
        done(&manager, "ragAssessmentCreate", json!({ "reportId": report, "dimension": "OVERALL", "declared": "RED" })).await;
        done(&manager, "statusReportSubmit", of(&report)).await;
        sql(&db, "UPDATE portfolio_item SET state = 'CANCELLED' WHERE key = 'PR-014'").await;
        done(&lead, "projectArchive", json!({ "ref": { "key": "PR-014" }, "ifVersion": "*" })).await;
        let mut let_through = vec![];
        let patch = json!({ "id": draft, "ifVersion": "*", "patch": { "name": "Later" } });
        for (client, mutation, input) in [
            (&manager, "budgetUpdate", patch),
            (&manager, "budgetSubmit", of(&draft)),
            (&lead, "budgetApprove", of(&id)),
            (&manager, "budgetRevise", of(&id)),
            (&manager, "forecastPublish", of(&forecast)),
            (&manager, "statusReportPublish", of(&report)),
        ] {
            if faults(&change(client, mutation, input).await).is_empty() {
                let_through.push(mutation);
            }
        }
        assert!(let_through.is_empty(), "{let_through:?}");
    }

    async fn categories_stay_a_tree_where_some_are_refused(world: &World) {
        let (db, lead) = begin_bare(world).await;
        for (key, parent) in [("B", None), ("A", Some("B"))] {
            done(&lead, "costCategoryCreate", json!({ "key": key, "name": key, "parentKey": parent })).await;
        }
        let items = json!([
            { "ref": { "key": "A" }, "ifVersion": "99", "patch": { "parentKey": null } },
            { "ref": { "key": "B" }, "ifVersion": "*", "patch": { "parentKey": "A" } },
        ]);
        let told = change(&lead, "costCategoryBulkUpdate", json!({ "items": items, "errorPolicy": "REJECT_FAILED", "clientMutationKey": request_key(1) })).await;
        let all = cost_category::Entity::find().all(&db).await.expect("categories");
        let hung = all.iter().filter(|c| ["A", "B"].contains(&c.key.as_str()) && c.parent_id.is_some()).count();
        assert_eq!(hung, 1, "a ring: {told}");
    }

    async fn periods_stay_apart_where_some_are_refused(world: &World) {
        let (db, lead) = begin_bare(world).await;
        calendar(&lead).await;
        let items = json!([
            { "ref": { "key": "M02" }, "ifVersion": "99", "patch": { "startOn": "2026-06-01", "endOn": "2026-06-30" } },
            { "ref": { "key": "M01" }, "ifVersion": "*", "patch": { "endOn": "2026-02-15" } },
        ]);
        let told = change(&lead, "fiscalPeriodBulkUpdate", json!({ "items": items, "errorPolicy": "REJECT_FAILED", "clientMutationKey": request_key(1) })).await;
        let all = fiscal_period::Entity::find().all(&db).await.expect("periods");
        let end = all.iter().find(|p| p.key == "M01").expect("M01").end_on.to_string();
        assert_eq!(end, "2026-01-31", "it lies over M02: {told}");
    }

    async fn a_thousand_projects_get_a_manager(world: &World) {
        let (_, lead) = begin_bare(world).await;
        let new: Vec<Value> = (0..1000).map(|n| json!({ "key": format!("RV-{n}"), "name": "R", "baseCurrency": "CHF" })).collect();
        let told = change(&lead, "projectBulkCreate", json!({ "items": new, "clientMutationKey": request_key(1) })).await;
        assert_eq!(told["createdCount"], 1000, "{}", told["userErrors"][0]);
        let items: Vec<Value> = (0..1000).map(|n| json!({ "ref": { "key": format!("RV-{n}") }, "ifVersion": "*", "patch": { "projectManagerKey": "george.mensah" } })).collect();
        let told = change(&lead, "projectBulkUpdate", json!({ "items": items, "clientMutationKey": request_key(2) })).await;
        assert_eq!(told["updatedCount"], 1000, "{}", told["userErrors"][0]);
    }

    async fn a_limit_holds_where_the_role_was_given(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let sponsor = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        let id = done(&lead, "budgetCreate", json!({ "itemId": item_id(&db, "PR-014").await, "amount": money("100") })).await;
        done(&lead, "budgetSubmit", of(&id)).await;
        sql(&db, "UPDATE role_assignment SET item_id = (SELECT id FROM portfolio_item WHERE key = 'PR-001') WHERE approval_limit_amount IS NOT NULL").await;
        let told = change(&sponsor, "budgetApprove", of(&id)).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("APPROVAL_LIMIT"), "{told}");
    }

    async fn the_trail_does_not_tell_a_draft(world: &World) {
        let (db, _) = begin_bare(world).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let auditor = world.client_as("walter.zimmermann", &[Role::Auditor]).await;
        let report = done(&manager, "statusReportCreate", json!({ "itemId": item_id(&db, "PR-014").await, "periodEndOn": "2026-01-31", "narrative": "SECRET-DRAFT" })).await;
        let seen = auditor.query(&format!("{{ node(id: \"{report}\") {{ id }} auditTrail(filter: {{ targetType: {{ in: [\"StatusReport\"] }} }}) {{ nodes {{ targetId changes {{ field after }} }} }} }}")).await;
        assert!(seen.data()["node"].is_null());
        assert!(!seen.data().to_string().contains("SECRET-DRAFT"), "{}", seen.data());
    }

    async fn a_note_with_nul_is_refused(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let id = done(&manager, "budgetCreate", json!({ "itemId": item_id(&db, "PR-014").await, "amount": money("100") })).await;
        done(&manager, "budgetSubmit", of(&id)).await;
        let told = change(&lead, "budgetReject", json!({ "id": id, "ifVersion": "*", "note": "a\u{0}b" })).await;
        assert_eq!(faults(&told), ["INVALID input.note"], "{told}");
    }

    async fn what_is_removed_meanwhile_is_not_found(world: &World) {
        let (db, lead) = begin_bare(world).await;
        calendar(&lead).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let item = item_id(&db, "PR-014").await;
        for n in 0..12 {
            let id = done(&lead, "budgetCreate", json!({ "itemId": item, "amount": money("100") })).await;
            let line = |p: &str| json!({ "budgetId": id, "periodKey": p, "amount": money("1") });
            let kept = done(&lead, "budgetLineCreate", line("M01")).await;
            let patch = json!({ "id": kept, "ifVersion": "*", "patch": { "note": "n" } });
            tokio::join!(change(&lead, "budgetDelete", of(&id)), change(&lead, "budgetLineCreate", line("M02")), change(&manager, "budgetLineCreate", line("M03")), change(&manager, "budgetLineUpdate", patch));
            let report = done(&manager, "statusReportCreate", json!({ "itemId": item, "periodEndOn": format!("2026-01-{:02}", n + 1) })).await;
            let rating = |d: &str| json!({ "reportId": report, "dimension": d, "declared": "RED" });
            tokio::join!(change(&manager, "statusReportDelete", of(&report)), change(&lead, "ragAssessmentCreate", rating("COST")), change(&manager, "ragAssessmentCreate", rating("SCOPE")));
        }
    }


    async fn nobody_counts_what_stands_above_out_of_sight(world: &World) {
        begin_bare(world).await;
        for (who, role) in [("priya.nair", Role::Analyst), ("ingrid.solberg", Role::Sponsor), ("helen.ashworth", Role::Sponsor)] {
            let client = world.client_as(who, &[role]).await;
            let seen = client.query("{ portfolioTree(first: 900) { totalCount nodes { depth root { key } item { key } } groups(by: [{ field: ROOT }]) { key { root { key } } } } }").await;
            let tree = &seen.data()["portfolioTree"];
            let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
            assert!(nodes.len() > 5 && tree["totalCount"] == nodes.len(), "{who}: {tree}");
            assert!(nodes.iter().all(|n| !n["root"].is_null() && !n["item"].is_null()), "{who}: {tree}");
            assert!(tree["groups"].as_array().expect("groups").iter().all(|g| !g["key"]["root"].is_null()), "{who}: {tree}");
        }
    }

    async fn a_category_stays_open_to_the_capital_expenditure_in_it(world: &World) {
        let (db, lead) = begin_bare(world).await;
        calendar(&lead).await;
        done(&lead, "costCategoryCreate", json!({ "key": "HW", "name": "HW", "isCapexAllowed": true })).await;
        let id = done(&lead, "budgetCreate", json!({ "itemId": item_id(&db, "PR-014").await, "amount": money("100") })).await;
        let line = json!({ "budgetId": id, "periodKey": "M01", "categoryKey": "HW", "expenditure": "CAPEX", "amount": money("1") });
        let line = done(&lead, "budgetLineCreate", line).await;
        let close = json!({ "ref": { "key": "HW" }, "ifVersion": "*", "patch": { "isCapexAllowed": false } });
        let told = change(&lead, "costCategoryUpdate", close.clone()).await;
        assert_eq!(faults(&told), ["INVARIANT input.patch.isCapexAllowed"], "{told}");
        done(&lead, "budgetLineDelete", of(&line)).await;
        done(&lead, "costCategoryUpdate", close).await;
    }

    async fn periods_move_up_together(world: &World) {
        let (_, lead) = begin_bare(world).await;
        calendar(&lead).await;
        let items = json!([
            { "ref": { "key": "M02" }, "ifVersion": "*", "patch": { "startOn": "2026-03-01", "endOn": "2026-03-31" } },
            { "ref": { "key": "M03" }, "ifVersion": "*", "patch": { "startOn": "2026-04-01", "endOn": "2026-04-30" } },
        ]);
        let told = change(&lead, "fiscalPeriodBulkUpdate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["UPDATED", "UPDATED"], "{told}");
    }
}

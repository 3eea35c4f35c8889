//! Budgets: drafts, lines, approval by another up to a limit, versions, transfers.

use entity::{budget, budget_line};
use foliograph::auth::Role;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{calendar, done, finance, money};
use crate::support::{
    World,
    client::Client,
    dump::dump,
    writes::{audit, begin_bare, change, faults, item, item_id, param, request_key, statuses},
};

/// A draft for PR-014 with that amount; its id.
async fn draft(client: &Client, db: &DatabaseConnection, amount: &str) -> String {
    let input = json!({ "itemId": item_id(db, "PR-014").await, "amount": money(amount, "CHF") });
    done(client, "budgetCreate", input).await["id"].as_str().expect("an id").to_owned()
}

fn of(id: &str) -> Value {
    json!({ "id": id, "ifVersion": "*" })
}

async fn sponsor(world: &World) -> Client {
    world.client_as("ingrid.solberg", &[Role::Sponsor]).await
}

async fn states(client: &Client, key: &str) -> Vec<String> {
    let asked = format!(
        "{{ project(by: {{ key: \"{key}\" }}) {{ budgets(orderBy: [{{ revision: {{ direction: ASC }} }}]) {{ nodes {{ revision state }} }} }} }}"
    );
    let reply = client.query(&asked).await;
    let nodes = reply.data()["project"]["budgets"]["nodes"].as_array().cloned().unwrap_or_default();
    nodes.iter().map(|n| format!("{} {}", n["revision"], n["state"].as_str().unwrap_or_default())).collect()
}

tests! {
    async fn a_budget_is_drafted_submitted_and_approved_by_another(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let id = draft(&manager, &db, "2800000").await;
        assert_eq!(faults(&change(&lead, "budgetApprove", of(&id)).await), ["ILLEGAL_STATE input"]);
        assert_eq!(done(&manager, "budgetSubmit", of(&id)).await["state"], "SUBMITTED");
        // Whoever manages a project approves no budget of it.
        let own = change(&manager, "budgetApprove", of(&id)).await;
        assert_eq!((faults(&own), param(&own, "needs").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("BUDGET_APPROVE")));
        assert_eq!(done(&lead, "budgetApprove", of(&id)).await["state"], "APPROVED");
        let now = item(&db, "PR-014").await;
        assert_eq!(now.budget_amount, Some(28_000_000_000));
        // The item's change is in the trail and the feed, like the budget's.
        let changed: Vec<String> = audit(&db).await.into_iter().filter(|a| a.mutation == "budgetApprove").map(|a| a.target_type).collect();
        assert_eq!(changed, ["Budget", "Project"]);
        for mutation in ["budgetSubmit", "budgetApprove", "budgetReject"] {
            assert_eq!(faults(&change(&lead, mutation, of(&id)).await), ["ILLEGAL_STATE input"], "{mutation}");
        }
        let patch = json!({ "id": id, "ifVersion": "*", "patch": { "amount": money("1", "CHF") } });
        assert_eq!(faults(&change(&lead, "budgetUpdate", patch).await), ["IMMUTABLE input.id"]);
        assert_eq!(faults(&change(&lead, "budgetDelete", of(&id)).await), ["IMMUTABLE input.id"]);
        assert_eq!(faults(&change(&lead, "budgetArchive", of(&id)).await), ["ILLEGAL_STATE input"]);
    }

    async fn who_submitted_a_budget_does_not_approve_it(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let id = draft(&lead, &db, "100").await;
        done(&lead, "budgetSubmit", of(&id)).await;
        let before = dump(&world.database().await).await;
        let told = change(&lead, "budgetApprove", of(&id)).await;
        assert_eq!((faults(&told), param(&told, "conflictOfDuty").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("SUBMITTER")));
        assert_eq!(dump(&world.database().await).await, before, "nothing was written");
        // Another lead does, and she may reject it herself no more than approve it afterwards.
        let other = world.client_as("fatima.rahman", &[Role::PmoLead]).await;
        done(&other, "budgetApprove", of(&id)).await;
    }

    async fn a_sponsor_approves_up_to_her_limit_in_its_currency(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let (sponsor, finance) = (sponsor(world).await, finance(world).await);
        for (amount, contingency, may) in [("750000", None, true), ("750000.0001", None, false), ("700000", Some("50000"), true), ("700000", Some("50001"), false)] {
            let id = draft(&finance, &db, amount).await;
            if let Some(contingency) = contingency {
                let patch = json!({ "id": id, "ifVersion": "*", "patch": { "contingency": money(contingency, "CHF") } });
                done(&finance, "budgetUpdate", patch).await;
            }
            done(&finance, "budgetSubmit", of(&id)).await;
            let told = change(&sponsor, "budgetApprove", of(&id)).await;
            if may {
                assert_eq!(faults(&told), Vec::<String>::new());
            } else {
                assert_eq!(faults(&told), ["FORBIDDEN input"], "{amount} {contingency:?}");
                assert_eq!(param(&told, "rule").as_deref(), Some("APPROVAL_LIMIT"));
                assert_eq!(param(&told, "limit").as_deref(), Some("750000 CHF"));
                done(&lead, "budgetReject", json!({ "id": id, "ifVersion": "*", "note": "Too much." })).await;
            }
        }
        // Another sponsor cannot even see it; a limit in another currency is none.
        let id = draft(&finance, &db, "1").await;
        done(&finance, "budgetSubmit", of(&id)).await;
        let other = world.client_as("helen.ashworth", &[Role::Sponsor]).await;
        assert_eq!(faults(&change(&other, "budgetApprove", of(&id)).await), ["NOT_FOUND input.id"]);
        crate::support::writes::sql(&db, "UPDATE role_assignment SET approval_limit_currency = 'EUR' WHERE approval_limit_amount IS NOT NULL").await;
        let told = change(&sponsor, "budgetApprove", of(&id)).await;
        assert_eq!((faults(&told), param(&told, "limit")), (vec!["FORBIDDEN input".to_owned()], None));
    }

    async fn an_approved_version_supersedes_the_one_before(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        let first = draft(&finance, &db, "10").await;
        let second = draft(&finance, &db, "20").await;
        for id in [&first, &second] {
            done(&finance, "budgetSubmit", of(id)).await;
        }
        done(&lead, "budgetApprove", of(&second)).await;
        // What is older than the version in force comes too late.
        assert_eq!(faults(&change(&lead, "budgetApprove", of(&first)).await), ["ILLEGAL_STATE input"]);
        done(&lead, "budgetReject", of(&first)).await;
        let third = done(&finance, "budgetRevise", of(&second)).await["id"].as_str().expect("an id").to_owned();
        done(&finance, "budgetSubmit", of(&third)).await;
        done(&lead, "budgetApprove", of(&third)).await;
        assert_eq!(states(&lead, "PR-014").await, ["1 REJECTED", "2 SUPERSEDED", "3 APPROVED"]);
        assert_eq!(item(&db, "PR-014").await.budget_amount, Some(200_000));
    }

    async fn two_approvals_at_once_leave_one_version_in_force(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        let mut ids = vec![];
        for amount in ["10", "20"] {
            let id = draft(&finance, &db, amount).await;
            done(&finance, "budgetSubmit", of(&id)).await;
            ids.push(id);
        }
        let (a, b) = tokio::join!(change(&lead, "budgetApprove", of(&ids[0])), change(&lead, "budgetApprove", of(&ids[1])));
        assert!(faults(&b).is_empty(), "{a} {b}");
        let states = states(&lead, "PR-014").await;
        assert!(states == ["1 SUPERSEDED", "2 APPROVED"] || states == ["1 SUBMITTED", "2 APPROVED"], "{states:?}");
        assert_eq!(item(&db, "PR-014").await.budget_amount, Some(200_000));
    }

    async fn lines_sum_to_what_the_budget_says_at_most(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        done(&finance, "costCategoryCreate", json!({ "key": "HW", "name": "Hardware", "isCapexAllowed": true })).await;
        done(&finance, "costCategoryCreate", json!({ "key": "TRAVEL", "name": "Travel" })).await;
        let id = draft(&finance, &db, "100").await;
        let line = |period: &str, category: &str, kind: &str, amount: &str| {
            json!({ "budgetId": id, "periodKey": period, "categoryKey": category, "expenditure": kind, "amount": money(amount, "CHF") })
        };
        let items = json!([line("FY26-01", "HW", "CAPEX", "60"), line("FY26-01", "HW", "OPEX", "30"), line("FY26-02", "TRAVEL", "OPEX", "9.9999")]);
        let told = change(&finance, "budgetLineBulkCreate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["CREATED"; 3], "{told}");
        let asked = format!("{{ budget(by: {{ id: \"{id}\" }}) {{ allocated {{ amount currency }} version lines {{ totalCount aggregate {{ sum {{ amount {{ amount }} }} }} }} }} }}");
        let read = finance.query(&asked).await;
        assert_eq!(read.data()["budget"]["allocated"], json!({ "amount": "99.9999", "currency": "CHF" }));
        assert_eq!(read.data()["budget"]["lines"]["aggregate"]["sum"]["amount"][0]["amount"], "99.9999");
        for (input, told, rule) in [
            (line("FY26-03", "HW", "OPEX", "0.0002"), "INVARIANT input.amount", Some("LINES_WITHIN_AMOUNT")),
            (line("FY26-03", "TRAVEL", "CAPEX", "0"), "INVARIANT input.expenditure", Some("CAPEX_ALLOWED")),
            (line("FY26-01", "HW", "CAPEX", "0"), "DUPLICATE input.periodKey", None),
            (line("FY26-03", "HW", "OPEX", "-1"), "OUT_OF_RANGE input.amount.amount", None),
            (line("FY26-03", "HW", "OPEX", "0.00001"), "TOO_PRECISE input.amount.amount", None),
            (json!({ "budgetId": id, "periodKey": "FY26-03", "amount": money("0", "EUR") }), "INVALID input.amount.currency", None),
            (json!({ "budgetId": id, "amount": money("0", "CHF") }), "REQUIRED input.periodId", None),
        ] {
            let answer = change(&finance, "budgetLineCreate", input.clone()).await;
            assert_eq!((faults(&answer), param(&answer, "rule").as_deref()), (vec![told.to_owned()], rule), "{input}");
        }
        // Less than its lines the budget cannot be.
        let less = json!({ "id": id, "ifVersion": "*", "patch": { "amount": money("99.9998", "CHF") } });
        assert_eq!(param(&change(&finance, "budgetUpdate", less).await, "rule").as_deref(), Some("LINES_WITHIN_AMOUNT"));
        // A closed period takes no line.
        done(&finance, "fiscalPeriodClose", json!({ "ref": { "key": "FY26-03" }, "ifVersion": "*" })).await;
        assert_eq!(faults(&change(&finance, "budgetLineCreate", line("FY26-03", "HW", "OPEX", "0")).await), ["PERIOD_CLOSED input.periodKey"]);
        // What is taken out is no longer summed, and nothing is left of it but its trail.
        let lines = budget_line::Entity::find().all(&db).await.expect("lines");
        let capex = lines.iter().find(|line| line.amount == Some(600_000)).expect("a line");
        let gone = foliograph::graph::encode_id("bln", capex.id);
        let told = change(&finance, "budgetLineDelete", of(&gone)).await;
        assert_eq!((faults(&told).len(), told["deletedId"].as_str()), (0, Some(gone.as_str())), "{told}");
        assert_eq!(finance.query(&asked).await.data()["budget"]["allocated"]["amount"], "39.9999");
        let last = audit(&db).await.into_iter().rfind(|a| a.action == "DELETED").expect("an entry");
        assert!(last.changes.contains("\"amount\":\"60\""), "{}", last.changes);
        // Once submitted, no line changes.
        done(&finance, "budgetSubmit", of(&id)).await;
        let other = foliograph::graph::encode_id("bln", lines.iter().find(|line| line.id != capex.id).expect("a line").id);
        assert_eq!(faults(&change(&finance, "budgetLineDelete", of(&other)).await), ["IMMUTABLE input.id"]);
        let patch = json!({ "id": other, "ifVersion": "*", "patch": { "amount": money("1", "CHF") } });
        assert_eq!(faults(&change(&finance, "budgetLineUpdate", patch).await), ["IMMUTABLE input.id"]);
        assert_eq!(faults(&change(&finance, "budgetLineCreate", line("FY26-02", "HW", "OPEX", "1")).await), ["IMMUTABLE input.budgetId"]);
    }

    async fn two_who_add_lines_at_once_do_not_exceed_the_budget(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        let id = draft(&finance, &db, "100").await;
        let line = |period: &str| json!({ "budgetId": id, "periodKey": period, "amount": money("60", "CHF") });
        let (a, b) = tokio::join!(change(&finance, "budgetLineCreate", line("FY26-01")), change(&finance, "budgetLineCreate", line("FY26-02")));
        let refused = [&a, &b].into_iter().filter(|told| param(told, "rule").as_deref() == Some("LINES_WITHIN_AMOUNT")).count();
        assert_eq!(refused, 1, "{a} {b}");
        let row = budget::Entity::find().one(&db).await.expect("read").expect("a budget");
        assert_eq!(row.allocated_amount, 600_000);
    }

    async fn a_revision_has_the_lines_of_the_version_that_it_is_made_from(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        let id = draft(&finance, &db, "100").await;
        done(&finance, "budgetLineCreate", json!({ "budgetId": id, "periodKey": "FY26", "amount": money("70", "CHF"), "note": "All of it." })).await;
        done(&finance, "budgetSubmit", of(&id)).await;
        done(&lead, "budgetApprove", of(&id)).await;
        let copy = done(&finance, "budgetRevise", of(&id)).await;
        assert_eq!(copy["state"], "DRAFT");
        let copy = copy["id"].as_str().expect("an id");
        let asked = format!("{{ budget(by: {{ id: \"{copy}\" }}) {{ revision amount {{ amount }} allocated {{ amount }} submittedBy {{ key }} decidedBy {{ key }} lines {{ nodes {{ note amount {{ amount }} period {{ key }} }} }} }} }}");
        let read = lead.query(&asked).await;
        assert_eq!(
            read.data()["budget"],
            json!({ "revision": 2, "amount": { "amount": "100" }, "allocated": { "amount": "70" }, "submittedBy": null, "decidedBy": null,
                "lines": { "nodes": [{ "note": "All of it.", "amount": { "amount": "70" }, "period": { "key": "FY26" } }] } })
        );
        // A draft that is deleted takes its lines along.
        let told = change(&finance, "budgetDelete", of(copy)).await;
        assert_eq!(told["deletedId"], copy, "{told}");
        assert_eq!(lead.query(&asked).await.error_codes(), ["NOT_FOUND"]);
        assert_eq!(budget_line::Entity::find().all(&db).await.expect("lines").len(), 1);
        let key = request_key(7);
        let again = json!({ "id": copy, "ifVersion": "*", "clientMutationKey": key });
        assert_eq!(faults(&change(&finance, "budgetDelete", again).await), ["NOT_FOUND input.id"]);
    }

    async fn a_deletion_that_is_sent_again_answers_again(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        let id = draft(&finance, &db, "1").await;
        let input = json!({ "id": id, "ifVersion": "*", "clientMutationKey": request_key(3) });
        let first = change(&finance, "budgetDelete", input.clone()).await;
        let second = change(&finance, "budgetDelete", input).await;
        assert_eq!((faults(&first).len(), faults(&second).len(), &second["replayed"]), (0, 0, &json!(true)), "{second}");
        assert_eq!(second["deletedId"], id.as_str(), "{second}");
    }

    async fn a_transfer_moves_money_and_sums_to_nothing(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        // Both in EUR, each with an approved budget.
        let (one, other) = (item_id(&db, "PR-001").await, item_id(&db, "PR-052").await);
        for (id, amount) in [(&one, "100"), (&other, "50")] {
            let made = done(&finance, "budgetCreate", json!({ "itemId": id, "amount": money(amount, "EUR") })).await;
            let made = made["id"].as_str().expect("an id");
            done(&finance, "budgetSubmit", of(made)).await;
            done(&lead, "budgetApprove", of(made)).await;
        }
        let moves = |a: Value, b: Value| json!({ "moves": [{ "itemId": one, "amount": a }, { "itemId": other, "amount": b }] });
        for (input, told, rule) in [
            (moves(money("-30", "EUR"), money("30.0001", "EUR")), "INVARIANT input.moves", Some("TRANSFER_SUM")),
            (moves(money("-30", "EUR"), money("30", "CHF")), "INVARIANT input.moves", Some("TRANSFER_SUM")),
            (moves(money("-101", "EUR"), money("101", "EUR")), "OUT_OF_RANGE input.moves.0.amount.amount", None),
            (json!({ "moves": [{ "itemId": one, "amount": money("0", "EUR") }] }), "OUT_OF_RANGE input.moves", None),
            (json!({ "moves": [{ "itemId": one, "amount": money("1", "EUR") }, { "itemId": one, "amount": money("-1", "EUR") }] }), "DUPLICATE input.moves.1.itemId", None),
        ] {
            let answer = transfer(&finance, input.clone()).await;
            assert_eq!((faults(&answer), param(&answer, "rule").as_deref()), (vec![told.to_owned()], rule), "{input}");
        }
        let made = transfer(&finance, moves(money("-30", "EUR"), money("30", "EUR"))).await;
        assert_eq!(faults(&made), Vec::<String>::new());
        let amounts: Vec<&Value> = made["budgets"].as_array().expect("versions").iter().map(|b| &b["amount"]["amount"]).collect();
        assert_eq!(amounts, ["70", "80"]);
        assert!(made["budgets"].as_array().expect("versions").iter().all(|b| b["transferId"] == made["transferId"]), "{made}");
        // One is approved, and so is the other.
        let first = made["budgets"][0]["id"].as_str().expect("an id");
        done(&lead, "budgetApprove", of(first)).await;
        assert_eq!((item(&db, "PR-001").await.budget_amount, item(&db, "PR-052").await.budget_amount), (Some(700_000), Some(800_000)));
        for key in ["PR-001", "PR-052"] {
            assert_eq!(states(&lead, key).await, ["1 SUPERSEDED", "2 APPROVED"]);
        }
        // A transfer that no longer sums to nothing when it is approved is refused.
        let late = transfer(&finance, moves(money("-10", "EUR"), money("10", "EUR"))).await;
        let id = late["budgets"][1]["id"].as_str().expect("an id").to_owned();
        crate::support::writes::sql(&db, "UPDATE budget SET amount = 5 WHERE state = 'APPROVED' AND revision = 2").await;
        let told = change(&lead, "budgetApprove", of(&id)).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("TRANSFER_SUM"), "{told}");
        done(&lead, "budgetReject", of(&id)).await;
        assert_eq!(states(&lead, "PR-001").await, ["1 SUPERSEDED", "2 APPROVED", "3 REJECTED"]);
    }

    async fn money_is_for_whom_the_policy_names(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let id = draft(&lead, &db, "100").await;
        for (who, role, sees) in [
            ("george.mensah", Role::ProjectManager, true),
            ("lena.schmid", Role::ProjectManager, false),
            ("ingrid.solberg", Role::Sponsor, true),
            ("helen.ashworth", Role::Sponsor, false),
            ("walter.zimmermann", Role::Auditor, true),
            ("stefan.brunner", Role::Finance, true),
            ("priya.nair", Role::Analyst, false),
            ("karin.baumann", Role::ResourceManager, false),
        ] {
            let client = world.client_as(who, &[role]).await;
            let reply = client.query(&format!("{{ node(id: \"{id}\") {{ id }} budgets {{ totalCount }} }}")).await;
            let total = &reply.data()["budgets"]["totalCount"];
            let seen = !reply.data()["node"].is_null();
            assert_eq!((seen, total == 1), (sees, sees), "{who}: {}", reply.data());
        }
    }
}

/// Asks for a transfer, and what it made.
async fn transfer(client: &Client, input: Value) -> Value {
    let document = "mutation($input: BudgetTransferInput!) { budgetTransfer(input: $input) { transferId budgets { id state amount { amount } transferId } userErrors { code message path params { name value } } } }";
    client.query_with(document, json!({ "input": input })).await.data()["budgetTransfer"].clone()
}

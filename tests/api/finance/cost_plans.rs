//! Cost plans: drafts, lines, approval by another up to a limit, the plan of record.

use entity::cost_plan;
use foliograph::auth::Role;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{done, finance, ledger, money, with};
use crate::support::{
    World,
    client::Client,
    dump::dump,
    writes::{begin_bare, change, faults, item_id, param, request_key, statuses},
};

fn of(id: &str) -> Value {
    json!({ "id": id, "ifVersion": "*" })
}

async fn manager(world: &World) -> Client {
    world.client_as("george.mensah", &[Role::ProjectManager]).await
}

/// A draft for PR-014; its id.
async fn draft(client: &Client, db: &DatabaseConnection) -> String {
    let input = json!({ "itemId": item_id(db, "PR-014").await, "name": "Plan" });
    done(client, "costPlanCreate", input).await["id"].as_str().expect("an id").to_owned()
}

fn line(plan: &str, more: Value) -> Value {
    let line = json!({ "costPlanId": plan, "periodKey": "FY26-01", "categoryKey": "STAFF", "source": "LABOR" });
    with(line, more)
}

async fn states(client: &Client) -> Vec<String> {
    let asked = "{ project(by: { key: \"PR-014\" }) { costPlans(orderBy: [{ revision: { direction: ASC } }]) { nodes { revision state isPlanOfRecord } } } }";
    let reply = client.query(asked).await;
    let nodes = reply.data()["project"]["costPlans"]["nodes"].as_array().cloned().unwrap_or_default();
    let told =
        |n: &Value| format!("{} {} {}", n["revision"], n["state"].as_str().unwrap_or_default(), n["isPlanOfRecord"]);
    nodes.iter().map(told).collect()
}

tests! {
    async fn the_manager_makes_it_and_another_makes_it_the_plan_of_record(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let (manager, finance) = (manager(world).await, finance(world).await);
        ledger(&finance).await;
        let id = draft(&manager, &db).await;
        done(&manager, "costPlanLineCreate", line(&id, json!({ "amount": money("100", "CHF") }))).await;
        assert_eq!(faults(&change(&lead, "costPlanApprove", of(&id)).await), ["ILLEGAL_STATE input"]);
        done(&manager, "costPlanSubmit", of(&id)).await;
        // Making, approving and reading are three rights: the manager approves none, the office writes none.
        let own = change(&manager, "costPlanApprove", of(&id)).await;
        assert_eq!((faults(&own), param(&own, "needs").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("COST_PLAN_APPROVE")));
        let patch = json!({ "id": id, "ifVersion": "*", "patch": { "name": "Other" } });
        assert_eq!(faults(&change(&lead, "costPlanUpdate", patch.clone()).await), ["FORBIDDEN input"]);
        assert_eq!(faults(&change(&lead, "costPlanSubmit", of(&id)).await), ["FORBIDDEN input"]);
        assert_eq!(faults(&change(&manager, "costPlanUpdate", patch).await), ["IMMUTABLE input.id"]);
        assert_eq!(faults(&change(&manager, "costPlanLineCreate", line(&id, json!({ "amount": money("1", "CHF"), "periodKey": "FY26-02" }))).await), ["IMMUTABLE input.costPlanId"]);
        done(&lead, "costPlanApprove", json!({ "id": id, "ifVersion": "*", "note": "As discussed." })).await;
        assert_eq!(faults(&change(&finance, "costPlanArchive", of(&id)).await), ["ILLEGAL_STATE input"]);
        // The next one takes its place.
        let next = done(&manager, "costPlanRevise", of(&id)).await["id"].as_str().expect("an id").to_owned();
        done(&manager, "costPlanSubmit", of(&next)).await;
        done(&lead, "costPlanApprove", of(&next)).await;
        assert_eq!(states(&lead).await, ["1 SUPERSEDED false", "2 APPROVED true"]);
        let asked = format!("{{ costPlan(by: {{ id: \"{next}\" }}) {{ amount {{ amount currency }} decisionNote decidedBy {{ key }} submittedBy {{ key }} lines {{ totalCount }} }} }}");
        let read = manager.query(&asked).await;
        assert_eq!(
            read.data()["costPlan"],
            json!({ "amount": { "amount": "100", "currency": "CHF" }, "decisionNote": null, "decidedBy": { "key": "anna.keller" },
                "submittedBy": { "key": "george.mensah" }, "lines": { "totalCount": 1 } })
        );
        for mutation in ["costPlanSubmit", "costPlanDelete"] {
            assert_ne!(faults(&change(&manager, mutation, of(&next)).await), Vec::<String>::new(), "{mutation}");
        }
    }

    async fn who_submitted_it_does_not_approve_it_and_a_sponsor_does_up_to_her_limit(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        let sponsor = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        for (amount, may) in [("750000", true), ("750000.0001", false)] {
            let id = draft(&finance, &db).await;
            done(&finance, "costPlanLineCreate", line(&id, json!({ "amount": money(amount, "CHF") }))).await;
            done(&finance, "costPlanSubmit", of(&id)).await;
            let told = change(&sponsor, "costPlanApprove", of(&id)).await;
            if may {
                assert_eq!(faults(&told), Vec::<String>::new());
            } else {
                assert_eq!((param(&told, "rule").as_deref(), param(&told, "limit").as_deref()), (Some("APPROVAL_LIMIT"), Some("750000 CHF")));
                done(&sponsor, "costPlanReject", json!({ "id": id, "ifVersion": "*", "note": "Too much." })).await;
            }
        }
        assert_eq!(states(&lead).await, ["1 APPROVED true", "2 REJECTED false"]);
        // Somebody who writes and approves, by two roles, stands in her own way.
        let both = world.client_as("anna.keller", &[Role::PmoLead, Role::Finance]).await;
        let id = draft(&both, &db).await;
        done(&both, "costPlanSubmit", of(&id)).await;
        let before = dump(&world.database().await).await;
        let told = change(&both, "costPlanApprove", of(&id)).await;
        assert_eq!((faults(&told), param(&told, "conflictOfDuty").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("SUBMITTER")));
        assert_eq!(dump(&world.database().await).await, before, "nothing was written");
    }

    async fn two_approvals_at_once_leave_one_plan_of_record(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        let mut ids = vec![];
        for _ in 0..2 {
            let id = draft(&finance, &db).await;
            done(&finance, "costPlanSubmit", of(&id)).await;
            ids.push(id);
        }
        let (a, b) = tokio::join!(change(&lead, "costPlanApprove", of(&ids[0])), change(&lead, "costPlanApprove", of(&ids[1])));
        assert!(faults(&b).is_empty(), "{a} {b}");
        let plans = cost_plan::Entity::find().all(&db).await.expect("plans");
        assert_eq!(plans.iter().filter(|plan| plan.is_plan_of_record).count(), 1, "{plans:?}");
        assert!(plans.iter().all(|plan| plan.is_plan_of_record == (plan.state == "APPROVED")));
    }

    async fn an_amount_is_the_product_of_quantity_and_unit_cost(world: &World) {
        let (db, _) = begin_bare(world).await;
        let (manager, finance) = (manager(world).await, finance(world).await);
        ledger(&finance).await;
        let id = draft(&manager, &db).await;
        let told = |input: Value| { let manager = manager.clone(); async move { change(&manager, "costPlanLineCreate", input).await } };
        for (more, fault, rule) in [
            (json!({}), "REQUIRED input.amount", None),
            (json!({ "quantity": "2" }), "REQUIRED input.amount", None),
            (json!({ "quantity": "2", "unitCost": money("3", "CHF"), "amount": money("7", "CHF") }), "INVARIANT input.amount", Some("AMOUNT_IS_PRODUCT")),
            (json!({ "quantity": "-2", "unitCost": money("3", "CHF") }), "OUT_OF_RANGE input.quantity", None),
            (json!({ "quantity": "2", "unitCost": money("3", "EUR") }), "INVALID input.unitCost.currency", None),
            (json!({ "amount": money("-1", "CHF") }), "OUT_OF_RANGE input.amount.amount", None),
            (json!({ "amount": money("1", "CHF"), "expenditure": "CAPEX" }), "INVARIANT input.expenditure", Some("CAPEX_ALLOWED")),
            (json!({ "quantity": "9000000000", "unitCost": money("900000000000", "CHF") }), "OUT_OF_RANGE input.quantity", None),
        ] {
            let answer = told(line(&id, more.clone())).await;
            assert_eq!((faults(&answer), param(&answer, "rule").as_deref()), (vec![fault.to_owned()], rule), "{more}");
        }
        let items = json!([
            line(&id, json!({ "quantity": "0.333333333", "unitCost": money("3", "CHF"), "name": "A third" })),
            line(&id, json!({ "quantity": "2", "unitCost": money("3", "CHF"), "amount": money("6", "CHF") })),
            line(&id, json!({ "source": "NON_LABOR", "categoryKey": "HW", "expenditure": "CAPEX", "amount": money("10", "CHF") })),
        ]);
        let made = change(&manager, "costPlanLineBulkCreate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&made), ["CREATED"; 3], "{made}");
        let asked = format!("{{ costPlan(by: {{ id: \"{id}\" }}) {{ amount {{ amount }} lines(orderBy: [{{ amount: {{ direction: ASC }} }}]) {{ nodes {{ id expenditure amount {{ amount }} }} }} }} }}");
        let read = manager.query(&asked).await;
        let lines = read.data()["costPlan"]["lines"]["nodes"].as_array().cloned().unwrap_or_default();
        let amounts: Vec<&Value> = lines.iter().map(|line| &line["amount"]["amount"]).collect();
        assert_eq!(amounts, ["1", "6", "10"]);
        assert_eq!(read.data()["costPlan"]["amount"]["amount"], "17");
        assert_eq!(faults(&told(line(&id, json!({ "amount": money("1", "CHF") }))).await), ["DUPLICATE input.periodKey"]);
        // A changed quantity changes the amount, and the plan's; a product is not said to be something else.
        let six = lines[1]["id"].clone();
        let patch = |patch: Value| json!({ "id": six, "ifVersion": "*", "patch": patch });
        assert_eq!(param(&change(&manager, "costPlanLineUpdate", patch(json!({ "amount": money("5", "CHF") }))).await, "rule").as_deref(), Some("AMOUNT_IS_PRODUCT"));
        done(&manager, "costPlanLineUpdate", patch(json!({ "quantity": "3" }))).await;
        assert_eq!(manager.query(&asked).await.data()["costPlan"]["amount"]["amount"], "20");
        done(&manager, "costPlanLineUpdate", patch(json!({ "quantity": null, "amount": money("5", "CHF") }))).await;
        assert_eq!(manager.query(&asked).await.data()["costPlan"]["amount"]["amount"], "16");
        change(&manager, "costPlanLineDelete", of(six.as_str().expect("an id"))).await;
        assert_eq!(manager.query(&asked).await.data()["costPlan"]["amount"]["amount"], "11");
        // A category stays open to what stands in it.
        let closed = json!({ "ref": { "key": "HW" }, "ifVersion": "*", "patch": { "isCapexAllowed": false } });
        assert_eq!(param(&change(&finance, "costCategoryUpdate", closed).await, "rule").as_deref(), Some("CAPEX_ALLOWED"));
    }

    async fn a_closed_period_takes_no_line_and_loses_none(world: &World) {
        let (db, _) = begin_bare(world).await;
        let (manager, finance) = (manager(world).await, finance(world).await);
        ledger(&finance).await;
        let id = draft(&manager, &db).await;
        let made = done(&manager, "costPlanLineCreate", line(&id, json!({ "amount": money("1", "CHF") }))).await;
        done(&finance, "fiscalPeriodClose", json!({ "ref": { "key": "FY26-01" }, "ifVersion": "*" })).await;
        assert_eq!(faults(&change(&manager, "costPlanLineCreate", line(&id, json!({ "amount": money("1", "CHF"), "name": "B" }))).await), ["PERIOD_CLOSED input.periodKey"]);
        assert_eq!(faults(&change(&manager, "costPlanLineDelete", of(made["id"].as_str().expect("an id"))).await), ["PERIOD_CLOSED input.id"]);
    }
}

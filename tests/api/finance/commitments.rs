//! Commitments: what is promised, what of it is still to be invoiced, and how one ends.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{done, finance, ledger, money, with};
use crate::support::{
    client::Client,
    writes::{begin_bare, change, faults, param, request_key, sql, statuses},
};

/// An order of PR-014.
fn order(key: &str, more: Value) -> Value {
    let order = json!({ "key": key, "itemKey": "PR-014", "title": "Rack", "categoryKey": "HW", "committed": money("100", "CHF"), "committedOn": "2026-01-10" });
    with(order, more)
}

fn of(key: &str) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*" })
}

fn patch(key: &str, patch: Value) -> Value {
    let mut input = of(key);
    input["patch"] = patch;
    input
}

/// State, what is invoiced and what is open.
async fn stands(client: &Client, key: &str) -> Vec<Value> {
    let asked =
        format!("{{ commitment(by: {{ key: \"{key}\" }}) {{ state invoiced {{ amount }} open {{ amount }} }} }}");
    let read = client.query(&asked).await.data()["commitment"].clone();
    vec![read["state"].clone(), read["invoiced"]["amount"].clone(), read["open"]["amount"].clone()]
}

tests! {
    async fn what_is_open_is_what_is_committed_less_what_is_invoiced(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        done(&finance, "commitmentCreate", order("PO-1", json!({ "periodKey": "FY26-03", "expectedOn": "2026-03-31" }))).await;
        assert_eq!(stands(&finance, "PO-1").await, ["OPEN", "0", "100"]);
        done(&finance, "commitmentUpdate", patch("PO-1", json!({ "invoiced": money("30", "CHF") }))).await;
        assert_eq!(stands(&finance, "PO-1").await, ["OPEN", "30", "70"]);
        done(&finance, "commitmentUpdate", patch("PO-1", json!({ "committed": money("45.5", "CHF") }))).await;
        assert_eq!(stands(&finance, "PO-1").await, ["OPEN", "30", "15.5"]);
        for (input, fault, rule) in [
            (json!({ "committed": money("29", "CHF") }), "INVARIANT input.patch.committed", Some("COMMITMENT_EXCEEDED")),
            (json!({ "invoiced": money("46", "CHF") }), "INVARIANT input.patch.invoiced", Some("COMMITMENT_EXCEEDED")),
            (json!({ "committed": money("50", "EUR") }), "INVALID input.patch.committed.currency", None),
            (json!({ "expectedOn": "2026-01-09" }), "INVARIANT input.patch.expectedOn", Some("DATES_IN_ORDER")),
            (json!({ "categoryKey": "STAFF", "expenditure": "CAPEX" }), "INVARIANT input.patch.expenditure", Some("CAPEX_ALLOWED")),
            (json!({ "itemKey": "PR-015" }), "IMMUTABLE input.patch.itemKey", None),
        ] {
            let told = change(&finance, "commitmentUpdate", patch("PO-1", input.clone())).await;
            assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec![fault.to_owned()], rule), "{input}");
        }
        for (input, fault) in [
            (order("PO-1", json!({})), "DUPLICATE input.key"),
            (order("PO-2", json!({ "invoiced": money("1", "EUR") })), "INVALID input.invoiced.currency"),
            (order("PO-2", json!({ "committed": money("-1", "CHF") })), "OUT_OF_RANGE input.committed.amount"),
            (order("PO-2", json!({ "categoryKey": null })), "REQUIRED input.categoryKey"),
        ] {
            let told = faults(&change(&finance, "commitmentCreate", input.clone()).await);
            assert!(told.first().is_some_and(|told| told == fault), "{input}: {told:?}");
        }
        // Another currency than the project's is one's own to choose; a period that is closed is not.
        done(&finance, "commitmentCreate", order("PO-2", json!({ "committed": money("7", "USD") }))).await;
        done(&finance, "fiscalPeriodClose", json!({ "ref": { "key": "FY26-01" }, "ifVersion": "*" })).await;
        assert_eq!(faults(&change(&finance, "commitmentUpdate", patch("PO-2", json!({ "periodKey": "FY26-01" }))).await), ["PERIOD_CLOSED input.ref.key"]);
    }

    async fn one_is_closed_or_cancelled_once_and_archived_afterwards(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        for key in ["PO-1", "PO-2", "PO-3"] {
            done(&finance, "commitmentCreate", order(key, json!({}))).await;
        }
        done(&finance, "commitmentUpdate", patch("PO-1", json!({ "invoiced": money("30", "CHF") }))).await;
        assert_eq!(param(&change(&finance, "commitmentCancel", of("PO-1")).await, "rule").as_deref(), Some("COMMITMENT_INVOICED"));
        assert_eq!(faults(&change(&finance, "commitmentArchive", of("PO-1")).await), ["ILLEGAL_STATE input"]);
        done(&finance, "commitmentClose", of("PO-1")).await;
        done(&finance, "commitmentCancel", of("PO-2")).await;
        assert_eq!(stands(&finance, "PO-1").await, ["CLOSED", "30", "0"]);
        assert_eq!(stands(&finance, "PO-2").await, ["CANCELLED", "0", "0"]);
        for mutation in ["commitmentClose", "commitmentCancel"] {
            assert_eq!(faults(&change(&finance, mutation, of("PO-1")).await), ["ILLEGAL_STATE input"], "{mutation}");
        }
        assert_eq!(faults(&change(&finance, "commitmentUpdate", patch("PO-1", json!({ "title": "Other" }))).await), ["IMMUTABLE input.ref.key"]);
        assert_eq!(finance.query("{ commitment(by: { key: \"PO-1\" }) { closedOn } }").await.data()["commitment"]["closedOn"], "2026-03-02");
        done(&finance, "commitmentArchive", of("PO-1")).await;
        // The office reads them and writes none.
        for (mutation, input) in [("commitmentClose", of("PO-3")), ("commitmentUpdate", patch("PO-3", json!({ "title": "Other" })))] {
            let told = change(&lead, mutation, input).await;
            assert_eq!((faults(&told), param(&told, "needs").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("FIN_LINE_WRITE")), "{mutation}");
        }
        // Nothing new is promised for a closed project.
        sql(&db, "UPDATE portfolio_item SET state = 'CLOSED' WHERE key = 'PR-014'").await;
        assert_eq!(faults(&change(&finance, "commitmentCreate", order("PO-4", json!({}))).await), ["ILLEGAL_STATE input.itemKey"]);
        done(&finance, "commitmentClose", of("PO-3")).await;
    }

    async fn another_system_keeps_its_orders_by_its_own_ids(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        let item = |id: &str, patch: Value| json!({ "ref": { "external": { "system": "SAP", "id": id } }, "patch": patch });
        let list = |items: Value, number| json!({ "items": items, "clientMutationKey": request_key(number) });
        let all = json!([item("1", order("PO-1", json!({}))), item("2", order("PO-2", json!({ "invoiced": money("100", "CHF") })))]);
        assert_eq!(statuses(&change(&finance, "commitmentBulkUpsert", list(all.clone(), 1)).await), ["CREATED"; 2]);
        done(&finance, "commitmentClose", json!({ "ref": { "external": { "system": "SAP", "id": "2" } }, "ifVersion": "*" })).await;
        // Also what is closed is sent again and stays as it is.
        assert_eq!(statuses(&change(&finance, "commitmentBulkUpsert", list(all, 2)).await), ["UNCHANGED"; 2]);
        // Without a key one is made from the id.
        let mut plain = order("", json!({}));
        plain.as_object_mut().expect("an object").remove("key");
        let told = change(&finance, "commitmentBulkUpsert", list(json!([item("3", plain.clone())]), 3)).await;
        assert_eq!(statuses(&told), ["CREATED"], "{told}");
        let read = finance.query("{ commitments(filter: { externalId: { eq: \"3\" } }) { nodes { id key } } }").await;
        let node = &read.data()["commitments"]["nodes"][0];
        assert_eq!(node["id"], node["key"]);
        // Two who send the same at once make it once.
        let one = |number| list(json!([item("4", plain.clone())]), number);
        let (a, b) = tokio::join!(change(&finance, "commitmentBulkUpsert", one(4)), change(&finance, "commitmentBulkUpsert", one(5)));
        let mut told: Vec<String> = statuses(&a).into_iter().chain(statuses(&b)).collect();
        told.sort();
        assert_eq!(told, ["CREATED", "UNCHANGED"], "{a} {b}");
    }

    async fn orders_are_for_whom_the_policy_names(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        done(&finance, "commitmentCreate", order("PO-1", json!({}))).await;
        for (who, role, sees) in [
            ("anna.keller", Role::PmoLead, true),
            ("george.mensah", Role::ProjectManager, true),
            ("lena.schmid", Role::ProjectManager, false),
            ("ingrid.solberg", Role::Sponsor, false),
            ("walter.zimmermann", Role::Auditor, true),
            ("priya.nair", Role::Analyst, false),
        ] {
            let client = world.client_as(who, &[role]).await;
            let read = client.query("{ commitments { totalCount } project(by: { key: \"PR-014\" }) { commitments { totalCount } } }").await;
            let data = &read.json()["data"];
            let counts = [&data["commitments"]["totalCount"], &data["project"]["commitments"]["totalCount"]];
            assert_eq!(counts.map(|count| count == 1), [sees; 2], "{who}: {data}");
        }
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        assert_eq!(faults(&change(&manager, "commitmentCreate", order("PO-2", json!({}))).await), ["FORBIDDEN input"]);
    }
}

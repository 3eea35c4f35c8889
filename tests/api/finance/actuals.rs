//! Actuals: posted in open periods, never changed, reversed once; what they draw on commitments.

use entity::{actual, commitment};
use foliograph::auth::Role;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{done, finance, ledger, money, with};
use crate::support::{
    client::Client,
    dump::dump,
    writes::{audit, begin_bare, change, faults, param, request_key, sql, statuses},
};

/// What PR-014 has spent.
fn spent(more: Value) -> Value {
    let spent = json!({ "itemKey": "PR-014", "occurredOn": "2026-02-10", "calendarKey": "CORP", "categoryKey": "HW", "source": "NON_LABOR", "amount": money("100", "CHF") });
    with(spent, more)
}

fn close(key: &str) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*" })
}

fn back(key: &str, more: Value) -> Value {
    with(json!({ "ref": { "key": key }, "ifVersion": "*", "reason": "Booked twice." }), more)
}

/// A commitment of PR-014.
async fn order(client: &Client, key: &str, more: Value) {
    let order = json!({ "key": key, "itemKey": "PR-014", "title": "Rack", "categoryKey": "HW", "committed": money("100", "CHF"), "committedOn": "2026-01-10" });
    done(client, "commitmentCreate", with(order, more)).await;
}

/// Key, period, posting day, amount of each actual, by key.
async fn posted(client: &Client) -> Vec<String> {
    let asked = "{ actuals(orderBy: [{ key: { direction: ASC } }]) { nodes { key occurredOn postingOn period { key } amount { amount } } } }";
    let read = client.query(asked).await;
    let nodes = read.data()["actuals"]["nodes"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let told = |n: &Value| {
        format!(
            "{} {} {} {}",
            text(&n["key"]),
            text(&n["period"]["key"]),
            text(&n["postingOn"]),
            text(&n["amount"]["amount"])
        )
    };
    nodes.iter().map(told).collect()
}

/// What is invoiced and open of a commitment, in 1/10,000.
async fn stands(db: &sea_orm::DatabaseConnection) -> (i64, i64) {
    let row = commitment::Entity::find().one(db).await.expect("read").expect("a commitment");
    (row.invoiced_amount, row.open_amount)
}

tests! {
    async fn a_late_one_is_posted_in_the_earliest_open_period_and_keeps_its_day(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        done(&finance, "actualCreate", spent(json!({ "key": "A", "occurredOn": "2026-01-20" }))).await;
        for month in ["FY26-01", "FY26-02"] {
            done(&finance, "fiscalPeriodClose", close(month)).await;
        }
        done(&finance, "actualCreate", spent(json!({ "key": "B", "occurredOn": "2026-01-20" }))).await;
        done(&finance, "actualCreate", spent(json!({ "key": "C", "occurredOn": "2026-03-01" }))).await;
        // The calendar has no months after March: a day behind them belongs to the year.
        done(&finance, "actualCreate", spent(json!({ "key": "D", "occurredOn": "2026-05-04" }))).await;
        assert_eq!(posted(&finance).await, ["A FY26-01 2026-01-20 100", "B FY26-03 2026-03-01 100", "C FY26-03 2026-03-01 100", "D FY26 2026-05-04 100"]);
        let read = finance.query("{ actual(by: { key: \"B\" }) { occurredOn calendar { key } } }").await;
        assert_eq!(read.data()["actual"], json!({ "occurredOn": "2026-01-20", "calendar": { "key": "CORP" } }));
        for day in ["2025-12-31", "2027-01-01"] {
            assert_eq!(faults(&change(&finance, "actualCreate", spent(json!({ "occurredOn": day }))).await), ["PERIOD_CLOSED input.occurredOn"], "{day}");
        }
        done(&finance, "fiscalPeriodClose", close("FY26-03")).await;
        assert_eq!(faults(&change(&finance, "actualCreate", spent(json!({ "occurredOn": "2026-01-20" }))).await), ["PERIOD_CLOSED input.occurredOn"]);
    }

    async fn a_period_that_closes_meanwhile_takes_nothing_more(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        for (round, month) in [(1, "FY26-01"), (2, "FY26-02")] {
            let day = format!("2026-{}-05", &month[5..]);
            let (a, b) = tokio::join!(
                change(&finance, "actualCreate", spent(json!({ "occurredOn": day }))),
                change(&finance, "fiscalPeriodClose", close(month)),
            );
            assert_eq!((faults(&a).len(), faults(&b).len()), (0, 0), "{round}: {a} {b}");
        }
        // Whoever was second, the figures of a closed period are those that it was closed with.
        let closing = audit(&db).await.into_iter().filter(|a| a.mutation == "fiscalPeriodClose").map(|a| a.target_id);
        let closed: Vec<uuid::Uuid> = closing.collect();
        for row in actual::Entity::find().all(&db).await.expect("actuals") {
            if closed.contains(&row.period_id) {
                let entries = audit(&db).await;
                let at = |id: uuid::Uuid, mutation: &str| entries.iter().position(|a| a.target_id == id && a.mutation == mutation);
                assert!(at(row.id, "actualCreate") < at(row.period_id, "fiscalPeriodClose"), "{row:?}");
            }
        }
    }

    async fn what_is_spent_makes_sense(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        for (more, fault, rule) in [
            (json!({ "amount": money("0", "CHF") }), "OUT_OF_RANGE input.amount.amount", None),
            (json!({ "amount": money("-5", "CHF") }), "INVARIANT input.amount.amount", Some("CREDIT_NOTE")),
            (json!({ "categoryKey": "STAFF", "expenditure": "CAPEX" }), "INVARIANT input.expenditure", Some("CAPEX_ALLOWED")),
            (json!({ "categoryKey": "NONE" }), "NOT_FOUND input.categoryKey", None),
            (json!({ "itemKey": "PG-CONNECT" }), "NOT_FOUND input.itemKey", None),
            (json!({ "externalId": "1" }), "REQUIRED input.externalSystem", None),
            (json!({ "commitmentKey": "NONE" }), "NOT_FOUND input.commitmentKey", None),
        ] {
            let told = change(&finance, "actualCreate", spent(more.clone())).await;
            assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec![fault.to_owned()], rule), "{more}");
        }
        let made = done(&finance, "actualCreate", spent(json!({ "amount": money("-5", "EUR"), "invoice": "CN-1", "expenditure": "CAPEX" }))).await;
        let read = finance.query("{ actuals { nodes { id key currency amount { amount currency } expenditure source isAccrual } } }").await;
        assert_eq!(
            read.data()["actuals"]["nodes"][0],
            json!({ "id": made["id"], "key": made["id"], "currency": "EUR", "amount": { "amount": "-5", "currency": "EUR" }, "expenditure": "CAPEX", "source": "NON_LABOR", "isAccrual": false })
        );
        // A project that is closed, or in the archive, has spent what it has spent.
        done(&finance, "actualCreate", spent(json!({ "key": "LAST" }))).await;
        sql(&db, "UPDATE portfolio_item SET state = 'CLOSED' WHERE key = 'PR-014'").await;
        let told = change(&finance, "actualCreate", spent(json!({}))).await;
        assert_eq!((faults(&told), param(&told, "state").as_deref()), (vec!["ILLEGAL_STATE input.itemKey".to_owned()], Some("CLOSED")));
        assert_eq!(faults(&change(&finance, "actualReverse", back("LAST", json!({}))).await), ["ILLEGAL_STATE input.ref.key"]);
        sql(&db, "UPDATE portfolio_item SET state = 'CANCELLED', archived_at = '2026-03-01 08:00:00+00:00' WHERE key = 'PR-014'").await;
        assert_eq!(faults(&change(&finance, "actualCreate", spent(json!({}))).await), ["ILLEGAL_STATE input.itemKey"]);
        assert_eq!(faults(&change(&finance, "actualReverse", back("LAST", json!({}))).await), ["IMMUTABLE input.ref.key"]);
    }

    async fn a_list_that_is_sent_again_writes_nothing_and_another_is_refused(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        let item = |id: &str, patch: Value| json!({ "ref": { "external": { "system": "SAP", "id": id } }, "patch": patch });
        let list = |items: Value, number| json!({ "items": items, "clientMutationKey": request_key(number), "errorPolicy": "REJECT_FAILED" });
        let all = json!([item("1", spent(json!({ "key": "A" }))), item("2", spent(json!({ "key": "B", "source": "LABOR", "categoryKey": "STAFF", "quantity": "8" })))]);
        assert_eq!(statuses(&change(&finance, "actualBulkUpsert", list(all.clone(), 1)).await), ["CREATED"; 2]);
        // Also once the period is closed.
        done(&finance, "fiscalPeriodClose", close("FY26-01")).await;
        done(&finance, "fiscalPeriodClose", close("FY26-02")).await;
        let before = dump(&world.database().await).await;
        assert_eq!(statuses(&change(&finance, "actualBulkUpsert", list(all, 2)).await), ["UNCHANGED"; 2]);
        let after = dump(&world.database().await).await;
        for table in ["actual", "audit_event", "outbox_event"] {
            assert_eq!(after[table], before[table], "{table}");
        }
        let other = json!([
            item("1", spent(json!({ "amount": money("101", "CHF") }))),
            item("1b", spent(json!({ "key": "C" }))),
            item("2", json!({ "source": "NON_LABOR", "quantity": "9" })),
        ]);
        let told = change(&finance, "actualBulkUpsert", list(other, 3)).await;
        assert_eq!(statuses(&told), ["FAILED", "CREATED", "FAILED"], "{told}");
        let first = &told["results"][0];
        assert_eq!((faults(first), param(first, "hint").as_deref()), (vec!["IMMUTABLE input.items.0.patch.amount".to_owned()], Some("actualReverse")));
        assert_eq!(faults(&told["results"][2]), ["IMMUTABLE input.items.2.patch.source", "IMMUTABLE input.items.2.patch.quantity"]);
        let currency = json!([item("1", json!({ "amount": money("100", "EUR") }))]);
        let told = change(&finance, "actualBulkUpsert", list(currency, 4)).await;
        assert_eq!(faults(&told["results"][0]), ["IMMUTABLE input.items.0.patch.amount.currency"]);
        let one = |number| list(json!([item("3", spent(json!({})))]), number);
        let (a, b) = tokio::join!(change(&finance, "actualBulkUpsert", one(5)), change(&finance, "actualBulkUpsert", one(6)));
        let mut told: Vec<String> = statuses(&a).into_iter().chain(statuses(&b)).collect();
        told.sort();
        assert_eq!(told, ["CREATED", "UNCHANGED"], "{a} {b}");
    }

    async fn one_is_reversed_once_in_an_open_period_with_a_reason(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        done(&finance, "actualCreate", spent(json!({ "key": "A", "occurredOn": "2026-01-20", "quantity": "3", "invoice": "R-1" }))).await;
        done(&finance, "fiscalPeriodClose", close("FY26-01")).await;
        for (more, fault) in [
            (json!({ "reason": " " }), "REQUIRED input.reason"),
            (json!({ "reason": "x".repeat(4_001) }), "TOO_LONG input.reason"),
            (json!({ "occurredOn": "2026-01-19" }), "OUT_OF_RANGE input.occurredOn"),
        ] {
            assert_eq!(faults(&change(&finance, "actualReverse", back("A", more)).await), [fault]);
        }
        let made = done(&finance, "actualReverse", back("A", json!({ "occurredOn": "2026-01-25" }))).await;
        let asked = format!("{{ actual(by: {{ id: {} }}) {{ occurredOn postingOn period {{ key }} amount {{ amount }} quantity invoice reversalReason reversalOf {{ key reversals {{ totalCount }} }} }} }}", made["id"]);
        let read = finance.query(&asked).await;
        assert_eq!(
            read.data()["actual"],
            json!({ "occurredOn": "2026-01-25", "postingOn": "2026-02-01", "period": { "key": "FY26-02" }, "amount": { "amount": "-100" }, "quantity": "-3",
                "invoice": "R-1", "reversalReason": "Booked twice.", "reversalOf": { "key": "A", "reversals": { "totalCount": 1 } } })
        );
        assert_eq!(faults(&change(&finance, "actualReverse", back("A", json!({}))).await), ["ILLEGAL_STATE input.ref.key"]);
        let again = json!({ "id": made["id"], "ifVersion": "*", "reason": "It was right." });
        assert_eq!(faults(&change(&finance, "actualReverse", again).await), ["ILLEGAL_STATE input.id"]);
        // The actual itself stays as it was.
        let versions: Vec<i64> = actual::Entity::find().all(&db).await.expect("actuals").iter().map(|row| row.version).collect();
        assert_eq!(versions, [1, 1]);
        // Two at once reverse it once; by default on the day on which they do.
        done(&finance, "actualCreate", spent(json!({ "key": "B" }))).await;
        let (a, b) = tokio::join!(change(&finance, "actualReverse", back("B", json!({}))), change(&finance, "actualReverse", back("B", json!({}))));
        let mut told = [faults(&a).len(), faults(&b).len()];
        told.sort_unstable();
        assert_eq!(told, [0, 1], "{a} {b}");
        let read = finance.query("{ actual(by: { key: \"B\" }) { reversals { nodes { occurredOn } } } }").await;
        assert_eq!(read.data()["actual"]["reversals"]["nodes"], json!([{ "occurredOn": "2026-03-02" }]));
    }

    async fn many_are_reversed_in_one_list(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        for key in ["A", "B", "C"] {
            done(&finance, "actualCreate", spent(json!({ "key": key }))).await;
        }
        done(&finance, "actualReverse", back("B", json!({}))).await;
        let items = json!([back("A", json!({ "reason": "One" })), back("B", json!({})), back("A", json!({})), back("C", json!({ "reason": "Three" }))]);
        let list = |number, policy: &str| json!({ "items": items, "clientMutationKey": request_key(number), "errorPolicy": policy });
        let told = change(&finance, "actualBulkReverse", list(1, "REJECT_ALL")).await;
        assert_eq!(statuses(&told), ["NOT_WRITTEN", "FAILED", "FAILED", "NOT_WRITTEN"], "{told}");
        assert_eq!(faults(&told["results"][1]), ["ILLEGAL_STATE input.items.1.ref.key"]);
        assert_eq!(faults(&told["results"][2]), ["DUPLICATE input.items.2.ref.key"]);
        let told = change(&finance, "actualBulkReverse", list(2, "REJECT_FAILED")).await;
        assert_eq!(statuses(&told), ["CREATED", "FAILED", "FAILED", "CREATED"], "{told}");
        let again = change(&finance, "actualBulkReverse", list(2, "REJECT_FAILED")).await;
        assert_eq!((statuses(&again), &again["replayed"]), (statuses(&told), &json!(true)), "{again}");
        let read = finance.query("{ actuals(filter: { reversalOf: { key: { in: [\"A\", \"C\"] } } }, orderBy: [{ amount: { direction: ASC } }]) { nodes { reversalReason } aggregate { sum { amount { amount } } } } all: actuals { aggregate { sum { amount { amount } } } } }").await;
        let mut reasons: Vec<String> = read.data()["actuals"]["nodes"].as_array().expect("rows").iter().map(|n| n["reversalReason"].as_str().unwrap_or_default().to_owned()).collect();
        reasons.sort();
        assert_eq!(reasons, ["One", "Three"]);
        assert_eq!(read.data()["all"]["aggregate"]["sum"]["amount"][0]["amount"], "0");
    }

    async fn what_names_a_commitment_is_invoiced_there(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        order(&finance, "PO-1", json!({})).await;
        done(&finance, "actualCreate", spent(json!({ "key": "A", "commitmentKey": "PO-1", "amount": money("60", "CHF") }))).await;
        assert_eq!(stands(&db).await, (600_000, 400_000));
        for (more, fault, rule) in [
            (json!({ "amount": money("40.0001", "CHF") }), "INVARIANT input.amount", Some("COMMITMENT_EXCEEDED")),
            (json!({ "amount": money("40", "EUR") }), "INVALID input.amount.currency", None),
            (json!({ "amount": money("-61", "CHF"), "invoice": "CN" }), "OUT_OF_RANGE input.amount", None),
            (json!({ "itemKey": "PR-015" }), "INVARIANT input.commitmentKey", Some("COMMITMENT_OF_PROJECT")),
        ] {
            let told = change(&finance, "actualCreate", with(spent(json!({ "commitmentKey": "PO-1" })), more.clone())).await;
            assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec![fault.to_owned()], rule), "{more}");
        }
        // What is invoiced is what the actuals say, and nobody says otherwise.
        let patch = json!({ "ref": { "key": "PO-1" }, "ifVersion": "*", "patch": { "invoiced": money("1", "CHF") } });
        assert_eq!(param(&change(&finance, "commitmentUpdate", patch).await, "rule").as_deref(), Some("INVOICED_BY_ACTUALS"));
        // In one list the last that does not fit is refused.
        let of = |amount: &str| spent(json!({ "commitmentKey": "PO-1", "amount": money(amount, "CHF") }));
        let list = json!({ "items": [of("30"), of("20"), of("10")], "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED" });
        assert_eq!(statuses(&change(&finance, "actualBulkCreate", list).await), ["CREATED", "FAILED", "CREATED"]);
        assert_eq!(stands(&db).await, (1_000_000, 0));
        done(&finance, "actualReverse", back("A", json!({}))).await;
        assert_eq!(stands(&db).await, (400_000, 600_000));
        // The commitment's change is in the trail of the same request.
        let of_reversal: Vec<String> = audit(&db).await.into_iter().filter(|a| a.mutation == "actualReverse").map(|a| format!("{} {}", a.target_type, a.action)).collect();
        assert_eq!(of_reversal, ["Actual CREATED", "Commitment UPDATED"]);
        // A late invoice of a closed one is taken, and nothing of it is open.
        done(&finance, "commitmentClose", close("PO-1")).await;
        done(&finance, "actualCreate", of("75")).await;
        assert_eq!(stands(&db).await, (1_150_000, 0));
        order(&finance, "PO-2", json!({})).await;
        done(&finance, "commitmentCancel", close("PO-2")).await;
        assert_eq!(faults(&change(&finance, "actualCreate", spent(json!({ "commitmentKey": "PO-2" }))).await), ["ILLEGAL_STATE input.commitmentKey"]);
    }

    async fn two_who_invoice_at_once_do_not_exceed_the_commitment(world: &World) {
        let (db, _) = begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        order(&finance, "PO-1", json!({})).await;
        let of = || spent(json!({ "commitmentKey": "PO-1", "amount": money("60", "CHF") }));
        let (a, b) = tokio::join!(change(&finance, "actualCreate", of()), change(&finance, "actualCreate", of()));
        let refused = [&a, &b].into_iter().filter(|told| param(told, "rule").as_deref() == Some("COMMITMENT_EXCEEDED")).count();
        assert_eq!(refused, 1, "{a} {b}");
        assert_eq!(stands(&db).await, (600_000, 400_000));
    }

    async fn a_dry_run_posts_nothing(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        ledger(&finance).await;
        order(&finance, "PO-1", json!({})).await;
        let before = dump(&world.database().await).await;
        let list = json!({ "items": [spent(json!({ "commitmentKey": "PO-1" }))], "dryRun": true });
        assert_eq!(statuses(&change(&finance, "actualBulkCreate", list).await), ["CREATED"]);
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn an_integration_posts_for_what_was_granted_to_it(world: &World) {
        let (_, lead) = begin_bare(world).await;
        ledger(&finance(world).await).await;
        // `bi-products` is granted PF-PRODUCTS, with PR-014 below it.
        let key = crate::support::api_keys::text("bi-products").expect("a key");
        let robot = world.client().await.bearer(&key);
        done(&robot, "actualCreate", spent(json!({ "key": "A", "source": "LABOR" }))).await;
        assert_eq!(faults(&change(&robot, "actualCreate", spent(json!({ "itemKey": "PR-009" }))).await), ["NOT_FOUND input.itemKey"]);
        assert_eq!(posted(&robot).await.len(), 1);
        assert_eq!(faults(&change(&lead, "actualCreate", spent(json!({}))).await), ["FORBIDDEN input"]);
        let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        assert_eq!(faults(&change(&manager, "actualReverse", back("A", json!({}))).await), ["FORBIDDEN input"]);
    }
}

//! Risks, what is done about them, and issues: their lives, what is computed of them, who deals with them, and what they
//! give to KPIs at each step.

use entity::{issue, risk};
use foliograph::auth::Role;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    dump::dump,
    writes::{audit, begin_bare, change, done, faults, item_id, param},
};

/// A world without risks, its rows, the lead of the office, and the manager of PR-014.
async fn prepared(world: &World) -> (DatabaseConnection, Client, Client) {
    let (db, lead) = begin_bare(world).await;
    let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
    (db, lead, manager)
}

#[allow(clippy::needless_pass_by_value)] // made where it is said
fn with(mut object: Value, more: Value) -> Value {
    object.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    object
}

fn francs(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CHF" })
}

/// A new risk of PR-014, found on the first day of 2026.
fn new_risk(key: &str, more: Value) -> Value {
    with(json!({ "key": key, "title": format!("Risk {key}"), "itemKey": "PR-014", "identifiedOn": "2026-01-01" }), more)
}

#[allow(clippy::needless_pass_by_value)] // made where it is said
fn patch(key: &str, patch: Value) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch })
}

/// A step to a state.
fn to(key: &str, to: &str, more: Value) -> Value {
    with(json!({ "ref": { "key": key }, "ifVersion": "*", "to": to }), more)
}

/// The same of a row without a key.
fn on_id(row: &Value, to: &str, more: Value) -> Value {
    with(json!({ "id": row["id"], "ifVersion": "*", "to": to }), more)
}

async fn stored(db: &DatabaseConnection, key: &str) -> risk::Model {
    let found = risk::Entity::find().filter(risk::Column::Key.eq(key)).one(db).await.expect("risks");
    found.unwrap_or_else(|| panic!("no risk {key}"))
}

/// The ledger holds what the rows give, and KPIs of PR-014 say so: each with a day and its value.
async fn says(client: &Client, figures: &[(&str, &str, Option<&str>)]) {
    let reply = client.query("{ verifyRollup { isExact differences { measure amount } } }").await;
    assert_eq!(reply.data()["verifyRollup"], json!({ "isExact": true, "differences": [] }));
    for (key, at, value) in figures {
        let asked =
            format!("{{ project(by: {{ key: \"PR-014\" }}) {{ kpis(keys: [\"{key}\"], at: \"{at}\") {{ value }} }} }}");
        let told = client.query(&asked).await.data()["project"]["kpis"][0]["value"].clone();
        assert_eq!(told.as_str(), *value, "{key} {at}");
    }
}

tests! {
    async fn a_risk_is_assessed_treated_and_occurs(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        let made = done(&manager, "riskCreate", new_risk("R", json!({ "impactCost": francs("1000"), "impactDays": 10, "event": "It breaks.", "category": "Technology" }))).await;
        says(&lead, &[("RK_EMV", "2026-03-02", Some("0")), ("RK_NORESP", "2026-03-02", None)]).await;
        // What is missing is named.
        let told = change(&manager, "riskStateAdvance", to("R", "ASSESSED", json!({}))).await;
        assert_eq!((param(&told, "rule").as_deref(), param(&told, "field").as_deref()), (Some("RISK_ASSESSED"), Some("probability")), "{told}");
        done(&manager, "riskUpdate", patch("R", json!({ "probability": "0.25", "impactLevel": "VERY_HIGH" }))).await;
        let row = stored(&db, "R").await;
        assert_eq!((row.rating.as_deref(), row.exposure_amount, row.exposure_days, row.level.as_str()), (Some("EXTREME"), Some(2_500_000), Some(2_500_000_000), "PROJECT"));
        says(&lead, &[("RK_EMV", "2026-03-02", Some("250")), ("RK_EMV", "2025-12-31", Some("0")), ("RK_NORESP", "2026-01-01", Some("1"))]).await;
        assert_eq!(done(&manager, "riskStateAdvance", to("R", "ASSESSED", json!({}))).await["state"], "ASSESSED");
        // What was assessed stays so.
        let told = change(&manager, "riskUpdate", patch("R", json!({ "impactLevel": null }))).await;
        assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input.patch.impactLevel".to_owned()], Some("RISK_ASSESSED")), "{told}");
        let told = change(&manager, "riskStateAdvance", to("R", "TREATED", json!({}))).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("RISK_RESPONSE"), "{told}");
        let response = json!({ "riskKey": "R", "title": "Buy another", "strategy": "REDUCE", "cost": francs("50"), "dueOn": "2026-02-10" });
        let told = change(&manager, "riskResponseCreate", with(response.clone(), json!({ "strategy": "EXPLOIT" }))).await;
        assert_eq!((param(&told, "rule").as_deref(), param(&told, "allowed").as_deref()), (Some("STRATEGY_OF_KIND"), Some("AVOID,REDUCE,TRANSFER,ACCEPT")), "{told}");
        let response = done(&manager, "riskResponseCreate", response).await;
        done(&manager, "riskStateAdvance", to("R", "TREATED", json!({}))).await;
        says(&lead, &[("RK_NORESP", "2026-03-02", Some("1")), ("RK_OVER", "2026-03-02", Some("1"))]).await;
        done(&manager, "riskResponseStateAdvance", on_id(&response, "ACTIVE", json!({ "on": "2026-02-01" }))).await;
        says(&lead, &[("RK_NORESP", "2026-01-31", Some("1")), ("RK_NORESP", "2026-02-01", Some("0")), ("RK_OVER", "2026-02-10", Some("0")), ("RK_OVER", "2026-02-11", Some("1"))]).await;
        done(&manager, "riskResponseStateAdvance", on_id(&response, "COMPLETED", json!({ "on": "2026-02-20" }))).await;
        says(&lead, &[("RK_NORESP", "2026-03-02", Some("0")), ("RK_OVER", "2026-02-19", Some("1")), ("RK_OVER", "2026-02-20", None)]).await;
        // Days are neither to come nor before it was found.
        for on in ["2026-03-03", "2025-12-31"] {
            assert_eq!(faults(&change(&manager, "riskStateAdvance", to("R", "OCCURRED", json!({ "on": on }))).await), ["OUT_OF_RANGE input.on"], "{on}");
        }
        let version = stored(&db, "R").await.version;
        done(&manager, "riskStateAdvance", to("R", "OCCURRED", json!({ "on": "2026-02-25" }))).await;
        says(&lead, &[("RK_EMV", "2026-02-24", Some("250")), ("RK_EMV", "2026-02-25", Some("0"))]).await;
        let row = stored(&db, "R").await;
        assert_eq!((row.state.as_str(), row.version, row.closed_on.map(|on| on.to_string()).as_deref()), ("OCCURRED", version + 1, Some("2026-02-25")));
        let opened = issue::Entity::find().one(&db).await.expect("issues").expect("an issue");
        assert_eq!((opened.risk_id, opened.severity.as_str(), opened.title.as_str(), opened.description.as_deref()), (Some(row.id), "CRITICAL", "Risk R", Some("It breaks.")));
        assert_eq!((opened.impact_amount, opened.impact_days, opened.raised_on.to_string()), (Some(10_000_000), Some(10), "2026-02-25".to_owned()));
        assert!(audit(&db).await.iter().any(|entry| entry.target_type == "Issue" && entry.mutation == "riskStateAdvance"));
        let read = manager.query("{ risk(by: { key: \"R\" }) { issues { nodes { key state risk { key } } } responses { totalCount } } }").await;
        assert_eq!(read.data()["risk"]["issues"]["nodes"][0]["risk"]["key"], "R");
        // It is over.
        let before = dump(&world.database().await).await;
        for (mutation, input, code) in [
            ("riskUpdate", patch("R", json!({ "probability": "0.5" })), "IMMUTABLE input.ref.key"),
            ("riskStateAdvance", to("R", "CLOSED", json!({})), "ILLEGAL_STATE input.to"),
            ("riskEscalate", json!({ "id": made["id"], "ifVersion": "*", "toId": foliograph::graph::encode_id("prg", uuid_of(&db, "PG-CONNECT").await) }), "IMMUTABLE input.id"),
            ("riskResponseCreate", json!({ "riskKey": "R", "title": "Late", "strategy": "AVOID" }), "ILLEGAL_STATE input.riskKey"),
            ("riskResponseUpdate", json!({ "id": response["id"], "ifVersion": "*", "patch": { "title": "Other" } }), "IMMUTABLE input.id"),
        ] {
            assert_eq!(faults(&change(&manager, mutation, input).await), [code], "{mutation}");
        }
        assert_eq!(dump(&world.database().await).await, before);
        done(&manager, "riskArchive", json!({ "ref": { "key": "R" }, "ifVersion": "*" })).await;
        says(&lead, &[("RK_EMV", "2026-02-01", Some("0")), ("RK_OVER", "2026-02-15", None)]).await;
    }

    async fn what_is_left_is_no_worse_unless_it_says_why(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        let known = json!({ "probability": "0.5", "impactCost": francs("100"), "impactDays": 4 });
        for (kind, left, is_worse) in [
            ("THREAT", json!({ "residualProbability": "0.5" }), false),
            ("THREAT", json!({ "residualProbability": "0.6" }), true),
            ("THREAT", json!({ "residualImpactCost": francs("100.0002") }), true),
            ("THREAT", json!({ "residualProbability": "0.1", "residualImpactDays": 21 }), true),
            ("THREAT", json!({ "residualProbability": "0.1", "residualImpactDays": 20 }), false),
            ("OPPORTUNITY", json!({ "residualProbability": "0.6" }), false),
            ("OPPORTUNITY", json!({ "residualImpactDays": 3 }), true),
        ] {
            let key = format!("R-{kind}-{left}").replace(['"', '{', '}', ' '], "").chars().take(60).collect::<String>();
            let input = with(new_risk(&key, with(known.clone(), json!({ "kind": kind }))), left);
            let told = change(&manager, "riskCreate", input.clone()).await;
            let rule = is_worse.then_some("RESIDUAL_JUSTIFIED");
            assert_eq!(param(&told, "rule").as_deref(), rule, "{key}: {told}");
            if is_worse {
                done(&manager, "riskCreate", with(input, json!({ "residualJustification": "Prices rise." }))).await;
            }
        }
        // Opportunities make it less.
        says(&lead, &[("RK_EMV", "2026-03-02", Some("150"))]).await;
        done(&manager, "riskCreate", new_risk("HALF", json!({ "probability": "0.5", "impactCost": francs("0.0003") }))).await;
        assert_eq!(stored(&db, "HALF").await.exposure_amount, Some(2));
        for (more, code) in [
            (json!({ "probability": "1.1" }), "OUT_OF_RANGE input.probability"),
            (json!({ "impactDays": -1 }), "OUT_OF_RANGE input.impactDays"),
            (json!({ "impactCost": francs("-1") }), "OUT_OF_RANGE input.impactCost.amount"),
            (json!({ "impactCost": { "amount": "1", "currency": "EUR" } }), "INVALID input.impactCost.currency"),
            (json!({ "identifiedOn": "2026-03-03" }), "OUT_OF_RANGE input.identifiedOn"),
        ] {
            assert_eq!(faults(&change(&manager, "riskCreate", new_risk("BAD", more)).await), [code]);
        }
    }

    async fn a_risk_is_handed_up_and_taken_back_and_stays_where_it_is(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        let risk = done(&manager, "riskCreate", new_risk("R", json!({}))).await;
        let program = foliograph::graph::encode_id("prg", uuid_of(&db, "PG-CONNECT").await);
        let up = |id: &str| json!({ "ref": { "key": "R" }, "ifVersion": "*", "toId": id });
        let own = item_id(&db, "PR-014").await;
        for (id, code) in [(own.as_str(), "INVARIANT input.toId"), ("prg_nothing", "NOT_FOUND input.toId"), (risk["id"].as_str().expect("an id"), "NOT_FOUND input.toId")] {
            assert_eq!(faults(&change(&manager, "riskEscalate", up(id)).await), [code], "{id}");
        }
        let other = foliograph::graph::encode_id("prg", uuid_of(&db, "PG-ERP").await);
        assert_eq!(param(&change(&manager, "riskEscalate", up(&other)).await, "rule").as_deref(), Some("ESCALATED_UPWARDS"));
        done(&manager, "riskEscalate", up(&program)).await;
        let asked = "{ program(by: { key: \"PG-CONNECT\" }) { escalatedRisks { nodes { key level item { key } escalatedTo { key } } } risks { totalCount } } }";
        let told = lead.query(asked).await.data()["program"].clone();
        assert_eq!(told["escalatedRisks"]["nodes"], json!([{ "key": "R", "level": "PROGRAM", "item": { "key": "PR-014" }, "escalatedTo": { "key": "PG-CONNECT" } }]));
        assert_eq!(told["risks"]["totalCount"], 0);
        done(&manager, "riskTakeBack", json!({ "ref": { "key": "R" }, "ifVersion": "*" })).await;
        let row = stored(&db, "R").await;
        assert_eq!((row.escalated_to_id, row.level.as_str()), (None, "PROJECT"));
        let issue = done(&manager, "issueCreate", json!({ "itemKey": "PR-014", "title": "Broken" })).await;
        done(&manager, "issueEscalate", json!({ "id": issue["id"], "ifVersion": "*", "toId": program })).await;
        let told = lead.query("{ program(by: { key: \"PG-CONNECT\" }) { escalatedIssues { nodes { title } } } }").await;
        assert_eq!(told.data()["program"]["escalatedIssues"]["nodes"], json!([{ "title": "Broken" }]));
        done(&manager, "issueTakeBack", json!({ "id": issue["id"], "ifVersion": "*" })).await;
        says(&lead, &[]).await;
    }

    async fn an_issue_is_resolved_closed_and_comes_back(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        let new = json!({ "key": "I", "itemKey": "PR-014", "title": "Broken", "raisedOn": "2026-02-01", "dueOn": "2026-02-10", "impactCost": francs("10") });
        let told = change(&manager, "issueCreate", with(new.clone(), json!({ "dueOn": "2026-01-31" }))).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("DATES_IN_ORDER"), "{told}");
        done(&manager, "issueCreate", new).await;
        says(&lead, &[("RK_OVER", "2026-01-31", None), ("RK_OVER", "2026-02-10", Some("0")), ("RK_OVER", "2026-02-11", Some("1"))]).await;
        let told = change(&manager, "issueStateAdvance", to("I", "RESOLVED", json!({}))).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("ISSUE_RESOLUTION"), "{told}");
        assert_eq!(faults(&change(&manager, "issueStateAdvance", to("I", "CLOSED", json!({}))).await), ["ILLEGAL_STATE input.to"]);
        assert_eq!(faults(&change(&manager, "issueStateAdvance", to("I", "IN_PROGRESS", json!({ "on": "2026-02-02" }))).await), ["OUT_OF_RANGE input.on"]);
        done(&manager, "issueStateAdvance", to("I", "IN_PROGRESS", json!({}))).await;
        assert_eq!(faults(&change(&manager, "issueArchive", json!({ "ref": { "key": "I" }, "ifVersion": "*" })).await), ["ILLEGAL_STATE input"]);
        done(&manager, "issueUpdate", patch("I", json!({ "resolution": "Glued." }))).await;
        done(&manager, "issueStateAdvance", to("I", "RESOLVED", json!({ "on": "2026-02-15" }))).await;
        says(&lead, &[("RK_OVER", "2026-02-14", Some("1")), ("RK_OVER", "2026-02-15", None)]).await;
        assert_eq!(faults(&change(&manager, "issueStateAdvance", to("I", "CLOSED", json!({ "on": "2026-02-14" }))).await), ["OUT_OF_RANGE input.on"]);
        done(&manager, "issueStateAdvance", to("I", "CLOSED", json!({}))).await;
        assert_eq!(faults(&change(&manager, "issueUpdate", patch("I", json!({ "title": "Other" }))).await), ["IMMUTABLE input.ref.key"]);
        done(&manager, "issueStateAdvance", to("I", "OPEN", json!({}))).await;
        let row = issue::Entity::find().one(&db).await.expect("issues").expect("an issue");
        assert_eq!((row.resolved_on, row.closed_on, row.resolution.as_deref()), (None, None, Some("Glued.")));
        says(&lead, &[("RK_OVER", "2026-03-02", Some("1"))]).await;
    }

    async fn managers_write_their_own_and_sponsors_read(world: &World) {
        let (_, lead, manager) = prepared(world).await;
        done(&lead, "riskCreate", json!({ "key": "P", "itemKey": "PF-PRODUCTS", "title": "Of a portfolio", "impactCost": francs("5") })).await;
        done(&manager, "riskCreate", new_risk("R", json!({ "impactCost": francs("7") }))).await;
        let asked = "{ risks(orderBy: [{ key: { direction: ASC } }]) { nodes { key level impactCost { amount } } } }";
        let sponsor = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        let both = json!([{ "key": "P", "level": "PORTFOLIO", "impactCost": { "amount": "5" } }, { "key": "R", "level": "PROJECT", "impactCost": { "amount": "7" } }]);
        let own = json!([{ "key": "R", "level": "PROJECT", "impactCost": { "amount": "7" } }]);
        assert_eq!(lead.query(asked).await.data()["risks"]["nodes"], both);
        assert_eq!(manager.query(asked).await.data()["risks"]["nodes"], own);
        assert!(sponsor.query(asked).await.data()["risks"]["nodes"].as_array().expect("rows").iter().any(|row| row["key"] == "R"));
        let money = world.client_as("stefan.brunner", &[Role::Finance]).await;
        let none = money.query(asked).await;
        assert!(none.json()["data"]["risks"]["nodes"].as_array().is_none_or(Vec::is_empty), "{:?}", none.json());
        let other = world.client_as("sofia.rossi", &[Role::ProjectManager]).await;
        for (client, input, code) in [
            (&sponsor, new_risk("X", json!({})), "FORBIDDEN"),
            (&other, new_risk("X", json!({})), "FORBIDDEN"),
            (&manager, json!({ "itemKey": "PF-PRODUCTS", "title": "Above" }), "FORBIDDEN"),
        ] {
            let told = change(client, "riskCreate", input).await;
            assert!(faults(&told).iter().all(|fault| fault.starts_with(code)) && !faults(&told).is_empty(), "{told}");
        }
    }

    async fn of_two_who_say_that_it_occurred_one_opens_an_issue(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        done(&manager, "riskCreate", new_risk("R", json!({}))).await;
        let (one, two) = tokio::join!(
            change(&manager, "riskStateAdvance", to("R", "OCCURRED", json!({}))),
            change(&lead, "riskStateAdvance", to("R", "OCCURRED", json!({}))),
        );
        let mut told = [faults(&one), faults(&two)];
        told.sort();
        assert_eq!(told, [vec![], vec!["ILLEGAL_STATE input.to".to_owned()]]);
        assert_eq!(issue::Entity::find().all(&db).await.expect("issues").len(), 1);
        says(&lead, &[]).await;
    }
}

async fn uuid_of(db: &DatabaseConnection, key: &str) -> uuid::Uuid {
    use entity::portfolio_item::{Column, Entity};
    Entity::find().filter(Column::Key.eq(key)).one(db).await.expect("items").expect("an item").id
}

//! Status reports and ratings: who writes, who sees a draft, what is published for good, and what figures say beside what
//! is declared.

use entity::{rag_assessment, status_report};
use foliograph::auth::Role;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    writes::{audit, begin_bare, change, events, faults, follow, item, item_id, param, request_key, sql, stranger},
};

async fn manager(world: &World) -> Client {
    world.client_as("george.mensah", &[Role::ProjectManager]).await
}

/// Does a mutation that must succeed, and gives the id of its row.
async fn done(client: &Client, mutation: &str, input: Value) -> String {
    let told = change(client, mutation, input).await;
    assert_eq!(faults(&told), Vec::<String>::new(), "{mutation}: {told}");
    let row = told.as_object().expect("a payload").values().find_map(|v| v.get("id"));
    row.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn of(id: &str) -> Value {
    json!({ "id": id, "ifVersion": "*" })
}

/// A draft about PR-014 for a month, with an overall rating.
async fn draft(client: &Client, db: &DatabaseConnection, end: &str, rating: &str) -> String {
    let input =
        json!({ "itemId": item_id(db, "PR-014").await, "periodEndOn": end, "narrative": "A word about how it goes." });
    let id = done(client, "statusReportCreate", input).await;
    done(client, "ragAssessmentCreate", json!({ "reportId": id, "dimension": "OVERALL", "declared": rating })).await;
    id
}

async fn publish(client: &Client, id: &str) {
    done(client, "statusReportSubmit", of(id)).await;
    done(client, "statusReportPublish", of(id)).await;
}

async fn rag(db: &DatabaseConnection) -> (Option<String>, Option<String>) {
    let item = item(db, "PR-014").await;
    (item.rag, item.rag_on.map(|on| on.to_string()))
}

/// How many reports and ratings a client sees, by every path: lists, the item's own, and the nodes.
async fn sees(client: &Client, id: &str) -> Vec<u64> {
    let asked = format!(
        "{{ statusReports {{ totalCount }} ragAssessments {{ totalCount }} node(id: \"{id}\") {{ id }}
           reports: statusReports(filter: {{ ratings: {{ some: {{ declared: {{ in: [RED, GREEN, AMBER] }} }} }} }}) {{ totalCount aggregate {{ count }} groups(by: [{{ field: STATE }}]) {{ count }} }}
           projects(filter: {{ key: {{ eq: \"PR-014\" }}, statusReports: {{ some: {{}} }} }}) {{ totalCount nodes {{ statusReports {{ totalCount }} ragAssessments {{ totalCount }} }} }} }}"
    );
    let reply = client.query(&asked).await;
    let data = reply.json()["data"].clone();
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let item = &data["projects"]["nodes"][0];
    vec![
        number(&data["statusReports"]["totalCount"]),
        number(&data["ragAssessments"]["totalCount"]),
        u64::from(!data["node"].is_null()),
        number(&data["reports"]["totalCount"]),
        number(&data["reports"]["aggregate"]["count"]),
        data["reports"]["groups"].as_array().map_or(0, |groups| groups.len() as u64),
        number(&data["projects"]["totalCount"]),
        number(&item["statusReports"]["totalCount"]),
        number(&item["ragAssessments"]["totalCount"]),
    ]
}

tests! {
    async fn a_draft_is_seen_by_who_writes_reports_and_a_published_one_by_all_readers(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = manager(world).await;
        let id = draft(&manager, &db, "2026-01-31", "GREEN").await;
        let writers = [("the manager", manager.clone()), ("the office", lead.clone())];
        let readers = [
            ("her sponsor", world.client_as("ingrid.solberg", &[Role::Sponsor]).await),
            ("finance", world.client_as("stefan.brunner", &[Role::Finance]).await),
            ("an auditor", world.client_as("walter.zimmermann", &[Role::Auditor]).await),
            ("another manager", world.client_as("lena.schmid", &[Role::ProjectManager]).await),
        ];
        for (name, client) in &writers {
            assert_eq!(sees(client, &id).await, [1; 9], "{name}");
        }
        let mut starts = vec![];
        for (name, client) in &readers {
            assert_eq!(sees(client, &id).await, [0; 9], "{name}");
            let (told, watermark) = follow(client, "").await;
            assert!(told.iter().all(|c| c["id"] != id.as_str()), "{name} is told of a draft");
            starts.push(watermark);
        }
        done(&manager, "statusReportSubmit", of(&id)).await;
        for (name, client) in &readers {
            assert_eq!(sees(client, &id).await, [0; 9], "{name}");
        }
        done(&manager, "statusReportPublish", of(&id)).await;
        for ((name, client), start) in readers.iter().zip(starts) {
            assert_eq!(sees(client, &id).await, [1; 9], "{name}");
            let told = follow(client, &start).await.0;
            let report: Vec<&Value> = told.iter().filter(|c| c["id"] == id.as_str()).map(|c| &c["kind"]).collect();
            assert_eq!(report, ["UPSERT"], "{name}: {told:?}");
        }
        // Who reads nothing of the project reads no report of it; narrative is for who reads its work.
        let other = world.client_as("helen.ashworth", &[Role::Sponsor]).await;
        assert_eq!(sees(&other, &id).await, [0; 9]);
        for ((name, client), reads) in readers.iter().zip([true, false, true, false]) {
            let reply = client.query(&format!("{{ statusReport(by: {{ id: \"{id}\" }}) {{ narrative state }} }}")).await;
            assert_eq!(!reply.data()["statusReport"]["narrative"].is_null(), reads, "{name}");
        }
    }

    async fn a_deleted_draft_is_a_tombstone_for_who_saw_it_and_nothing_for_others(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let (manager, sponsor) = (manager(world).await, world.client_as("ingrid.solberg", &[Role::Sponsor]).await);
        let id = draft(&manager, &db, "2026-01-31", "GREEN").await;
        let mut starts = vec![];
        for client in [&lead, &sponsor] {
            starts.push(follow(client, "").await.1);
        }
        let told = change(&manager, "statusReportDelete", of(&id)).await;
        assert_eq!(told["deletedId"], id.as_str(), "{told}");
        assert!(status_report::Entity::find().one(&db).await.expect("read").is_none());
        assert!(rag_assessment::Entity::find().one(&db).await.expect("read").is_none());
        for ((client, start), count) in [&lead, &sponsor].into_iter().zip(starts).zip([2, 0]) {
            let told = follow(client, &start).await.0;
            assert_eq!(told.iter().filter(|c| c["kind"] == "TOMBSTONE").count(), count, "{told:?}");
            assert_eq!(told.len(), count, "{told:?}");
        }
        // The trail keeps what it was.
        let gone: Vec<_> = audit(&db).await.into_iter().filter(|a| a.action == "DELETED").map(|a| a.target_type).collect();
        assert_eq!(gone, ["RagAssessment", "StatusReport"]);
        assert_eq!(events(&db).await.iter().filter(|e| e.was_draft).count(), 2);
    }

    async fn what_is_published_never_changes_and_a_later_one_supersedes_it(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = manager(world).await;
        let first = draft(&manager, &db, "2026-01-31", "GREEN").await;
        publish(&manager, &first).await;
        assert_eq!(rag(&db).await, (Some("GREEN".to_owned()), Some("2026-01-31".to_owned())));
        let rating = rag_assessment::Entity::find().one(&db).await.expect("read").expect("a rating");
        let rating = foliograph::graph::encode_id("rag", rating.id);
        for client in [&manager, &lead] {
            let patch = |id: &str, patch: Value| json!({ "id": id, "ifVersion": "*", "patch": patch });
            for (mutation, input, place) in [
                ("statusReportUpdate", patch(&first, json!({ "narrative": "Better." })), "id"),
                ("statusReportUpdate", patch(&first, json!({ "periodEndOn": "2026-02-28" })), "id"),
                ("statusReportDelete", of(&first), "id"),
                ("ragAssessmentUpdate", patch(&rating, json!({ "declared": "RED" })), "id"),
                ("ragAssessmentDelete", of(&rating), "id"),
                ("ragAssessmentCreate", json!({ "reportId": first, "dimension": "COST", "declared": "RED" }), "reportId"),
            ] {
                assert_eq!(faults(&change(client, mutation, input).await), [format!("IMMUTABLE input.{place}")], "{mutation}");
            }
            for mutation in ["statusReportSubmit", "statusReportReturn", "statusReportPublish"] {
                let told = change(client, mutation, of(&first)).await;
                assert!(matches!(faults(&told)[0].as_str(), "ILLEGAL_STATE input" | "FORBIDDEN input"), "{mutation}: {told}");
            }
            assert_eq!(faults(&change(client, "statusReportArchive", of(&first)).await), ["ILLEGAL_STATE input"]);
        }
        let second = draft(&manager, &db, "2026-01-31", "RED").await;
        publish(&manager, &second).await;
        let states = lead.query("{ statusReports { groups(by: [{ field: STATE }], orderBy: [{ key: ASC }]) { key { state } count } } }").await;
        assert_eq!(states.data()["statusReports"]["groups"], json!([{ "key": { "state": "PUBLISHED" }, "count": 1 }, { "key": { "state": "SUPERSEDED" }, "count": 1 }]));
        assert_eq!(rag(&db).await.0.as_deref(), Some("RED"));
        // A report of an earlier period says nothing of how it stands now.
        let earlier = draft(&manager, &db, "2025-12-31", "GREEN").await;
        publish(&manager, &earlier).await;
        assert_eq!(rag(&db).await, (Some("RED".to_owned()), Some("2026-01-31".to_owned())));
    }

    async fn reports_are_submitted_by_who_runs_it_and_given_back(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = manager(world).await;
        let id = done(&manager, "statusReportCreate", json!({ "itemId": item_id(&db, "PR-014").await, "periodEndOn": "2026-01-31" })).await;
        let bare = change(&manager, "statusReportSubmit", of(&id)).await;
        assert_eq!(param(&bare, "rule").as_deref(), Some("REPORT_RATED"));
        done(&manager, "ragAssessmentCreate", json!({ "reportId": id, "dimension": "OVERALL", "declared": "AMBER" })).await;
        let told = change(&lead, "statusReportSubmit", of(&id)).await;
        assert_eq!((faults(&told), param(&told, "needs").as_deref()), (vec!["FORBIDDEN input".to_owned()], Some("REPORT_SUBMIT")));
        assert_eq!(faults(&change(&manager, "statusReportPublish", of(&id)).await), ["ILLEGAL_STATE input"]);
        done(&manager, "statusReportSubmit", of(&id)).await;
        let patch = json!({ "id": id, "ifVersion": "*", "patch": { "nextSteps": "More." } });
        assert_eq!(faults(&change(&manager, "statusReportUpdate", patch.clone()).await), ["IMMUTABLE input.id"]);
        done(&lead, "statusReportReturn", of(&id)).await;
        done(&manager, "statusReportUpdate", patch).await;
        publish(&manager, &id).await;
        // Nobody else writes reports of it, and who may not see it is told that there is none.
        let input = json!({ "itemId": item_id(&db, "PR-014").await, "periodEndOn": "2026-02-28" });
        let before = (audit(&db).await.len(), events(&db).await.len());
        for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::PmoLead)) {
            let told = change(&stranger(world, role).await, "statusReportCreate", input.clone()).await;
            let fault = faults(&told)[0].clone();
            assert!(fault.starts_with("FORBIDDEN") || fault.starts_with("NOT_FOUND"), "{}: {told}", role.as_str());
        }
        assert_eq!((audit(&db).await.len(), events(&db).await.len()), before);
    }

    async fn ratings_in_the_name_of_others_are_for_the_office(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = manager(world).await;
        let id = draft(&manager, &db, "2026-01-31", "AMBER").await;
        let rating = |by: &str, color: &str| json!({ "reportId": id, "dimension": "OVERALL", "assessor": by, "declared": color });
        for by in ["SPONSOR", "INDEPENDENT"] {
            let told = change(&manager, "ragAssessmentCreate", rating(by, "GREEN")).await;
            assert_eq!((faults(&told), param(&told, "needs").as_deref()), (vec!["FORBIDDEN input.assessor".to_owned()], Some("REPORT_ASSESS")));
        }
        assert_eq!(faults(&change(&manager, "ragAssessmentCreate", rating("PROJECT_MANAGER", "RED")).await), ["DUPLICATE input.dimension"]);
        done(&lead, "ragAssessmentCreate", rating("SPONSOR", "AMBER_RED")).await;
        let independent = done(&lead, "ragAssessmentCreate", rating("INDEPENDENT", "RED")).await;
        let patch = json!({ "id": independent, "ifVersion": "*", "patch": { "declared": "GREEN" } });
        assert_eq!(faults(&change(&manager, "ragAssessmentUpdate", patch).await), ["FORBIDDEN input.id"]);
        assert_eq!(faults(&change(&manager, "ragAssessmentDelete", of(&independent)).await), ["FORBIDDEN input.id"]);
        publish(&manager, &id).await;
        // The independent one counts first.
        assert_eq!(rag(&db).await.0.as_deref(), Some("RED"));
    }

    async fn figures_say_what_they_say_beside_what_is_declared(world: &World) {
        let (db, _) = begin_bare(world).await;
        let manager = manager(world).await;
        // Planned for 100 days, expected 8 days late; forecast 20 % above the budget.
        sql(&db, "UPDATE portfolio_item SET planned_start_on = '2026-01-01', planned_finish_on = '2026-04-10', forecast_finish_on = '2026-04-18', actual_finish_on = NULL, budget_amount = 1000000 WHERE key = 'PR-014'").await;
        let forecast = json!({ "itemId": item_id(&db, "PR-014").await, "asOfOn": "2026-01-31", "amount": { "amount": "120", "currency": "CHF" } });
        let forecast = done(&manager, "forecastCreate", forecast).await;
        done(&manager, "forecastPublish", of(&forecast)).await;
        let id = draft(&manager, &db, "2026-01-31", "GREEN").await;
        for side in ["SCHEDULE", "COST", "SCOPE"] {
            done(&manager, "ragAssessmentCreate", json!({ "reportId": id, "dimension": side, "declared": "GREEN" })).await;
        }
        publish(&manager, &id).await;
        let asked = "{ ragAssessments(orderBy: [{ dimension: { direction: ASC } }]) { nodes { dimension declared computed computedReason } } }";
        let reply = manager.query(asked).await;
        let nodes = reply.data()["ragAssessments"]["nodes"].as_array().cloned().unwrap_or_default();
        let facts: Vec<String> = nodes.iter().map(|n| format!("{} {} {}", n["dimension"], n["declared"], n["computed"])).collect();
        assert_eq!(facts, [
            r#""COST" "GREEN" "RED""#,
            r#""OVERALL" "GREEN" "RED""#,
            r#""SCHEDULE" "GREEN" "AMBER""#,
            r#""SCOPE" "GREEN" null"#,
        ]);
        // No figure of money stands in a reason: whoever reads the rating may not read the money.
        assert!(nodes.iter().all(|n| !n["computedReason"].to_string().contains("100") && !n["computedReason"].to_string().contains("120")));
        // Without figures there is no rating, and the reason says which are missing.
        sql(&db, "UPDATE portfolio_item SET planned_start_on = NULL, budget_amount = NULL WHERE key = 'PR-014'").await;
        let id = draft(&manager, &db, "2026-02-28", "GREEN").await;
        done(&manager, "ragAssessmentCreate", json!({ "reportId": id, "dimension": "COST", "declared": "GREEN" })).await;
        publish(&manager, &id).await;
        let reply = manager.query("{ ragAssessments(filter: { periodEndOn: { eq: \"2026-02-28\" }, dimension: { eq: COST } }) { nodes { computed computedReason } } }").await;
        assert_eq!(reply.data()["ragAssessments"]["nodes"], json!([{ "computed": null, "computedReason": "There is no approved budget." }]));
    }

    async fn a_report_keeps_the_portfolio_that_the_item_stood_in(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let manager = manager(world).await;
        let id = draft(&manager, &db, "2026-01-31", "AMBER").await;
        publish(&manager, &id).await;
        let before = item(&db, "PR-014").await.portfolio_id;
        done(&lead, "projectUpdate", json!({ "ref": { "key": "PR-014" }, "ifVersion": "*", "patch": { "parentKey": "PF-IT" } })).await;
        let asked = "{ ragAssessments { groups(by: [{ field: REPORTED_PORTFOLIO }, { field: PORTFOLIO }]) { key { reportedPortfolio { id } portfolio { id key } } count } } }";
        let reply = lead.query(asked).await;
        let key = &reply.data()["ragAssessments"]["groups"][0]["key"];
        assert_eq!(key["reportedPortfolio"]["id"], foliograph::graph::encode_id("pfo", before.expect("a portfolio")));
        assert_eq!(key["portfolio"]["key"], "PF-IT");
        // Money by rating, as a roll-up of all that is below a portfolio.
        let asked = "{ portfolio(by: { key: \"PF-OPERATIONS\" }) { descendants(filter: { kind: { eq: PROJECT }, key: null }) { totalCount } } }";
        assert!(!lead.query(asked).await.error_codes().is_empty(), "a node has no key of its own");
        let asked = "{ portfolio(by: { key: \"PF-OPERATIONS\" }) { descendants(filter: { rag: { eq: AMBER } }) { totalCount groups(by: [{ field: RAG }]) { key { rag } count sum { budget { amount currency } } } } } }";
        let reply = lead.query(asked).await;
        let below = &reply.data()["portfolio"]["descendants"];
        assert_eq!(below["totalCount"], 1, "moved below it: {below}");
        assert_eq!(below["groups"][0]["sum"]["budget"], json!([{ "amount": "2700000", "currency": "CHF" }]));
    }

    async fn many_drafts_and_ratings_are_written_at_once(world: &World) {
        let (db, _) = begin_bare(world).await;
        let manager = manager(world).await;
        let item = item_id(&db, "PR-014").await;
        let reports: Vec<Value> = (1..=12).map(|month| json!({ "itemId": item, "periodEndOn": format!("2025-{month:02}-28") })).collect();
        let told = change(&manager, "statusReportBulkCreate", json!({ "items": reports, "clientMutationKey": request_key(1) })).await;
        assert_eq!(told["createdCount"], 12, "{told}");
        let reply = manager.query("{ statusReports(first: 100) { nodes { id version } } }").await;
        let nodes = reply.data()["statusReports"]["nodes"].as_array().cloned().unwrap_or_default();
        let ratings: Vec<Value> = nodes.iter().map(|n| json!({ "reportId": n["id"], "dimension": "OVERALL", "declared": "AMBER" })).collect();
        let told = change(&manager, "ragAssessmentBulkCreate", json!({ "items": ratings, "clientMutationKey": request_key(2) })).await;
        assert_eq!(told["createdCount"], 12, "{told}");
        let late: Vec<Value> = nodes.iter().map(|n| json!({ "ref": { "id": n["id"] }, "ifVersion": n["version"], "patch": { "periodStartOn": "2026-01-01" } })).collect();
        let told = change(&manager, "statusReportBulkUpdate", json!({ "items": late, "clientMutationKey": request_key(3), "errorPolicy": "REJECT_FAILED" })).await;
        assert_eq!((&told["failedCount"], param(&told, "rule").as_deref()), (&json!(12), Some("DATES_IN_ORDER")));
    }
}

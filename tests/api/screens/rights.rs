//! What each caller is told: hours of those that she relates to, nothing of anybody else, and of what is confidential not even
//! that it is there.

use axum::http::StatusCode;
use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{Lab, PROJECT, WEEK, answer};
use crate::support::{
    World,
    client::Client,
    writes::{done, stranger},
};

/// All screens about the pool, with every figure.
const ALL: &str = "{ \
    r: capacityHeatmap({}, WEEK, grain: DAY) { totalCount basis nodes { resource { key } capacity hard soft free over actual nullReason total { capacity hard soft free over } coverage { included excludedNoAccess excludedNull } } } \
    g: capacityHeatmap({}, WEEK, by: ROLE) { totalCount nodes { role { key } capacity hard soft free over coverage { included excludedNoAccess excludedNull } } } \
    p: capacityHeatmap({}, WEEK, by: POOL) { nodes { pool { key } capacity hard soft free over } } \
    utilization({}, WEEK) { nodes { resource { key } capacity booked bookedShare total { booked } } } \
    allocationConflicts({}, WEEK) { totalCount nodes { resource { key } startOn endOn capacity hard soft excess allocations { id } } } \
    capacityGap({}, WEEK) { totalCount nodes { role { key } demand free lacking } } \
    benchList({}, WEEK) { totalCount nodes { resource { key } free capacity longest { minutes } } } \
    skillsGap({}, WEEK) { totalCount total { demand coverable } nodes { skill { key } demand coverable peopleCount requestCount } } \
    certificationCoverage({}, WEEK) { nodes { certification { key } peopleCount valid expiring expired missing } } \
    resourceRequests(filter: { key: { startsWith: \"LAB\" } }) { nodes { key candidates { totalCount nodes { resource { key } score freeMinutes reasons { code message } } } } } }";

async fn all(lab: &Lab, client: &Client) -> Value {
    answer(client, &lab.of_pool(&ALL.replace("WEEK", WEEK))).await
}

fn row<'v>(told: &'v Value, list: &str, what: &str, key: &str) -> &'v Value {
    let rows = told[list]["nodes"].as_array().expect("rows");
    rows.iter().find(|row| row[what]["key"] == key).unwrap_or_else(|| panic!("no {key} in {told:#}"))
}

/// The lab with bookings of Anne, skills, and requests for its pool.
async fn busy(world: &World) -> Lab {
    let lab = Lab::of(world).await;
    lab.booked().await;
    for resource in ["ANNE", "BEN"] {
        done(&lab.karin, "resourceSkillCreate", json!({ "resourceKey": resource, "skillKey": "LAB-1", "level": 4 }))
            .await;
        done(
            &lab.karin,
            "certificationHeldCreate",
            json!({ "resourceKey": resource, "certificationKey": "PMP", "issuedOn": "2025-01-01" }),
        )
        .await;
    }
    let request = lab.request("LAB-RQ", json!({})).await;
    done(
        &lab.george,
        "requestSkillCreate",
        json!({ "requestId": request["id"], "skillKey": "LAB-1", "leastLevel": 3 }),
    )
    .await;
    lab
}

tests! {
    async fn a_project_manager_is_told_of_the_people_of_his_projects(world: &World) {
        let lab = busy(world).await;
        let told = all(&lab, &lab.george).await;
        let (anne, ben) = (row(&told, "r", "resource", "ANNE"), row(&told, "r", "resource", "BEN"));
        assert_eq!(anne["total"], json!({ "capacity": 2_160, "hard": 720, "soft": 1_080, "free": 720, "over": 360 }));
        assert_eq!((&ben["capacity"], &ben["hard"], &ben["nullReason"]), (&Value::Null, &Value::Null, &Value::Null));
        let role = row(&told, "g", "role", "LAB-A");
        assert_eq!((&role["capacity"], &role["free"]), (&json!([2_160]), &json!([720])));
        assert_eq!(role["coverage"], json!({ "included": 1, "excludedNoAccess": 1, "excludedNull": 0 }));
        assert_eq!(told["r"]["basis"], "CALLER_ROWS");
        assert_eq!(told["benchList"]["totalCount"], 1);
        assert_eq!(row(&told, "skillsGap", "skill", "LAB-1")["peopleCount"], 1);
        let request = &told["resourceRequests"]["nodes"][0]["candidates"];
        assert_eq!((&request["totalCount"], &request["nodes"][0]["resource"]["key"]), (&json!(1), &json!("ANNE")));
        let certificates = told["certificationCoverage"]["nodes"].as_array().expect("certificates");
        assert!(certificates.iter().all(|row| row["peopleCount"] == 1), "{certificates:?}");
    }

    async fn two_questions_do_not_tell_what_one_does_not(world: &World) {
        let lab = busy(world).await;
        let (anne, ben) = (super::id_of(&lab.lead, "resource", "ANNE").await, super::id_of(&lab.lead, "resource", "BEN").await);
        let asked = |ids: String| format!("{{ capacityHeatmap(filter: {{ resources: [{ids}] }}, {WEEK}, by: ROLE) {{ nodes {{ capacity hard soft free over }} }} benchList(filter: {{ resources: [{ids}] }}, {WEEK}) {{ totalCount }} allocationConflicts(filter: {{ resources: [{ids}] }}, {WEEK}) {{ totalCount }} capacityGap(filter: {{ resources: [{ids}] }}, {WEEK}) {{ nodes {{ role {{ key }} free }} }} }}");
        let both = answer(&lab.george, &asked(format!("\"{anne}\", \"{ben}\""))).await;
        assert_eq!(both, answer(&lab.george, &asked(format!("\"{anne}\""))).await);
        // Nor does a condition on what he may not read find him.
        let skill = super::id_of(&lab.lead, "skill", "LAB-1").await;
        let by_skill = format!("{{ capacityHeatmap(filter: {{ pools: [\"{}\"], skills: [{{ skill: \"{skill}\" }}] }}, {WEEK}) {{ totalCount nodes {{ resource {{ key }} }} }} }}", lab.pool);
        assert_eq!(answer(&lab.george, &by_skill).await["capacityHeatmap"], json!({ "totalCount": 1, "nodes": [{ "resource": { "key": "ANNE" } }] }));
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        assert_eq!(answer(&marc, &by_skill).await["capacityHeatmap"]["totalCount"], 0);
        let portfolio = lab.lead.query(&format!("{{ project(by: {{ key: \"{PROJECT}\" }}) {{ id }} }}")).await.data()["project"]["id"].clone();
        let by_item = format!("{{ capacityHeatmap(filter: {{ pools: [\"{}\"], portfolios: [{portfolio}] }}, {WEEK}) {{ totalCount }} }}", lab.pool);
        assert_eq!(answer(&lab.george, &by_item).await["capacityHeatmap"]["totalCount"], 1);
        assert_eq!(answer(&marc, &by_item).await["capacityHeatmap"]["totalCount"], 0);
        // He is told of nobody in the pool, whatever he asks.
        let told = all(&lab, &marc).await;
        assert_eq!((&told["benchList"]["totalCount"], &told["allocationConflicts"]["totalCount"]), (&json!(0), &json!(0)));
        for row in told["r"]["nodes"].as_array().expect("rows").iter().chain(told["g"]["nodes"].as_array().expect("rows")) {
            for figure in ["capacity", "hard", "soft", "free", "over"] {
                assert_eq!(row[figure], Value::Null, "{row}");
            }
        }
        assert_eq!(row(&told, "g", "role", "LAB-A")["coverage"], json!({ "included": 0, "excludedNoAccess": 2, "excludedNull": 0 }));
    }

    async fn whoever_manages_people_and_the_office_are_told_all(world: &World) {
        let lab = busy(world).await;
        let (karin, lead) = (all(&lab, &lab.karin).await, all(&lab, &lab.lead).await);
        for list in ["g", "p", "utilization", "allocationConflicts", "capacityGap", "benchList", "skillsGap", "certificationCoverage", "resourceRequests"] {
            assert_eq!(karin[list], lead[list], "{list}");
        }
        assert_eq!(karin["r"]["nodes"], lead["r"]["nodes"]);
        assert_eq!(row(&karin, "g", "role", "LAB-A")["capacity"], json!([3_360]));
        // Another manager sees who is there, and no more.
        let liam = world.client_as("liam.oconnor", &[Role::ResourceManager]).await;
        let told = all(&lab, &liam).await;
        assert_eq!(told["r"]["totalCount"], 4);
        assert_eq!((&told["benchList"]["totalCount"], &row(&told, "r", "resource", "ANNE")["hard"]), (&json!(0), &Value::Null));
    }

    async fn whoever_reads_no_people_is_told_of_bookings_alone(world: &World) {
        let lab = busy(world).await;
        let ingrid = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        let told = all(&lab, &ingrid).await;
        let anne = row(&told, "r", "resource", "ANNE");
        assert_eq!((&anne["capacity"], &anne["free"], &anne["over"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!((&anne["total"]["hard"], &anne["total"]["soft"]), (&json!(720), &json!(1_080)));
        for list in ["allocationConflicts", "benchList", "skillsGap", "certificationCoverage"] {
            assert_eq!(told[list]["nodes"], Value::Null, "{list}");
        }
        let gap = row(&told, "capacityGap", "role", "LAB-A");
        assert_eq!((&gap["demand"], &gap["free"], &gap["lacking"]), (&json!([3_000]), &Value::Null, &Value::Null));
        assert_eq!(told["resourceRequests"]["nodes"][0]["candidates"], json!({ "totalCount": null, "nodes": null }));
        // What is masked says what it needs.
        let asked = lab.of_pool(&format!("{{ capacityHeatmap({{}}, {WEEK}) {{ nodes {{ capacity }} }} benchList({WEEK}) {{ totalCount nodes {{ free }} }} }}"));
        let access = ingrid.query(&asked).await.at("/extensions/access");
        let needs: Vec<(&str, &str)> = access.as_array().expect("entries").iter().map(|entry| (entry["coordinate"].as_str().expect("a coordinate"), entry["needs"].as_str().expect("a permission"))).collect();
        assert!(needs.contains(&("CapacityHeatmapRow.capacity", "WORK_READ")) && needs.contains(&("BenchList.nodes", "PERSON_READ")), "{access:#}");
    }

    async fn whoever_reads_no_work_is_told_nothing_and_cannot_ask_by_it(world: &World) {
        let lab = busy(world).await;
        let skill = super::id_of(&lab.lead, "skill", "LAB-1").await;
        for (role, filters) in [(Role::Finance, ["skills", "portfolios"].as_slice()), (Role::Analyst, &["skills"]), (Role::Auditor, &["skills"])] {
            let client = stranger(world, role).await.header("accept", "application/graphql-response+json");
            for filter in filters {
                let value = if *filter == "skills" { format!("[{{ skill: \"{skill}\" }}]") } else { "[]".to_owned() };
                for list in ["capacityHeatmap", "benchList", "skillsGap"] {
                    let asked = format!("{{ {list}(filter: {{ {filter}: {value} }}, {WEEK}) {{ totalCount }} }}");
                    let reply = client.query(&asked).await;
                    assert_eq!((reply.status, reply.error_codes()), (StatusCode::BAD_REQUEST, vec!["FILTER_FORBIDDEN".to_owned()]), "{role:?}: {asked}");
                }
            }
            let told = all(&lab, &client).await;
            for row in told["g"]["nodes"].as_array().expect("rows") {
                assert_eq!((&row["capacity"], &row["free"]), (&Value::Null, &Value::Null), "{role:?}");
            }
            assert_eq!(told["benchList"]["nodes"], Value::Null, "{role:?}");
        }
    }

    async fn somebody_sees_herself(world: &World) {
        let lab = busy(world).await;
        let kai = world.client_as("kai.pereira", &[]).await;
        let id = super::id_of(&lab.lead, "resource", "kai.pereira").await;
        let asked = format!("{{ capacityHeatmap(filter: {{ resources: [\"{id}\"] }}, {WEEK}) {{ nodes {{ resource {{ key }} capacity free }} }} }}");
        let (told, due) = (answer(&kai, &asked).await, answer(&lab.lead, &asked).await);
        assert_eq!(told, due);
        assert!(told["capacityHeatmap"]["nodes"][0]["capacity"].is_array());
        let others = answer(&kai, &format!("{{ benchList({WEEK}) {{ totalCount }} }}")).await;
        assert!(others["benchList"]["totalCount"].as_u64().is_some_and(|count| count <= 1), "{others}");
    }

    async fn what_is_confidential_changes_no_byte_for_whom_it_does_not_name(world: &World) {
        let lab = busy(world).await;
        let mut outsiders = vec![lab.karin.clone(), lab.lead.clone()];
        for (subject, role) in [("liam.oconnor", Role::ResourceManager), ("walter.zimmermann", Role::Auditor), ("marc.dubois", Role::ProjectManager), ("jonas.weber", Role::Analyst)] {
            outsiders.push(world.client_as(subject, &[role]).await);
        }
        let mut before = vec![];
        for client in &outsiders {
            before.push(client.query(&lab.of_pool(&ALL.replace("WEEK", WEEK))).await.json()["data"].to_string());
        }
        let own = all(&lab, &lab.george).await;
        let hidden = |resource: &str| json!({ "projectKey": "PR-034", "resourceKey": resource, "startOn": "2026-05-04", "endOn": "2026-05-08", "minutes": 900 });
        for resource in ["ANNE", "BEN"] {
            done(&lab.george, "allocationCreate", hidden(resource)).await;
        }
        let request = json!({ "projectKey": "PR-034", "key": "LAB-HIDDEN", "title": "Hidden", "roleKey": "LAB-A", "poolKey": "LAB", "startOn": "2026-05-04", "endOn": "2026-05-08", "minutes": 1_000 });
        let request = done(&lab.george, "resourceRequestCreate", request).await;
        done(&lab.george, "requestSkillCreate", json!({ "requestId": request["id"], "skillKey": "LAB-2", "leastLevel": 1 })).await;
        for (client, before) in outsiders.iter().zip(before) {
            let after = client.query(&lab.of_pool(&ALL.replace("WEEK", WEEK))).await.json()["data"].to_string();
            assert_eq!(after, before);
        }
        assert_ne!(all(&lab, &lab.george).await, own, "who is named on it is told");
    }
}

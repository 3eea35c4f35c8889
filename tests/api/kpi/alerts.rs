//! Alerts: raised once, closed when it is better, known only to who reads everything.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, done, exact, post, score};
use crate::support::{
    World,
    client::Client,
    product,
    socket::Socket,
    writes::{begin, change, faults, sql},
};

const RAISED: &str = "subscription($after: Cursor) { alertRaised(after: $after) { __typename \
    ... on AlertEvent { cursor at causedBy { mutation requestId } alert { state status value unit item { key } kpi { key } rule { key } } } \
    ... on StreamReset { reason } } }";

/// A rule over the score.
fn rule(key: &str, item: &str, status: &str) -> Value {
    json!({ "key": key, "name": key, "itemKey": item, "kpiKey": "SCORE", "status": status, "hasDescendants": true })
}

/// `rule item state status` of the alerts about the score.
async fn alerts(client: &Client) -> Vec<String> {
    let asked = "{ alerts(first: 100, filter: { kpi: { key: { eq: \"SCORE\" } } }) { nodes { state status rule { key } item { key } } } }";
    let told = client.query(asked).await.data()["alerts"]["nodes"].clone();
    let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
    let line = |a: &Value| {
        format!("{} {} {} {}", text(&a["rule"]["key"]), text(&a["item"]["key"]), text(&a["state"]), text(&a["status"]))
    };
    let mut all: Vec<String> = told.as_array().expect("alerts").iter().map(line).collect();
    all.sort();
    all
}

/// A world in which the score of PR-020 alone is watched.
async fn watched(world: &World, status: &str) -> Client {
    let (db, lead) = begin(world).await;
    for table in ["alert", "alert_rule"] {
        sql(&db, &format!("DELETE FROM {table}")).await;
    }
    score(&lead).await;
    let mut rule = rule("R", "PR-020", status);
    rule["hasDescendants"] = json!(false);
    done(&lead, "alertRuleCreate", rule).await;
    derive(world).await;
    lead
}

tests! {
    async fn an_alert_is_raised_once_and_closed_when_it_is_better_by_the_margin(world: &World) {
        let lead = watched(world, "RED").await;
        for (value, due) in [
            ("7", vec![]),
            ("3", vec!["R PR-020 OPEN RED"]),
            ("2", vec!["R PR-020 OPEN RED"]),
            // Beyond the bound, not by the margin.
            ("5.5", vec!["R PR-020 OPEN RED"]),
            ("6.5", vec!["R PR-020 CLOSED RED"]),
            ("4.5", vec!["R PR-020 CLOSED RED"]),
            ("1", vec!["R PR-020 CLOSED RED", "R PR-020 OPEN RED"]),
            ("12", vec!["R PR-020 CLOSED RED"; 2]),
        ] {
            assert_eq!(faults(&post(&lead, "PR-020", value).await), Vec::<String>::new());
            derive(world).await;
            derive(world).await;
            assert_eq!(alerts(&lead).await, due, "{value}");
        }
        exact(&lead).await;
    }

    async fn a_rule_watches_all_below_and_closes_what_it_no_longer_watches(world: &World) {
        let lead = watched(world, "AMBER").await;
        post(&lead, "PR-020", "3").await;
        post(&lead, "PR-038", "7").await;
        done(&lead, "alertRuleCreate", rule("BELOW", "PF-PRODUCTS", "RED")).await;
        derive(world).await;
        // The portfolio has 10 and is green; PR-038 is amber, which is not red.
        assert_eq!(alerts(&lead).await, ["BELOW PG-MDR OPEN RED", "BELOW PR-020 OPEN RED", "R PR-020 OPEN RED"]);
        let by = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*" });
        let with = |key: &str, patch: Value| { let mut input = by(key); input["patch"] = patch; input };
        done(&lead, "alertRuleUpdate", with("BELOW", json!({ "status": "AMBER" }))).await;
        derive(world).await;
        assert_eq!(alerts(&lead).await.len(), 4, "{:?}", alerts(&lead).await);
        done(&lead, "alertRuleUpdate", with("BELOW", json!({ "isEnabled": false }))).await;
        derive(world).await;
        let open = async || alerts(&lead).await.into_iter().filter(|line| line.contains("OPEN")).collect::<Vec<_>>();
        assert_eq!(open().await, ["R PR-020 OPEN RED"]);
        done(&lead, "alertRuleArchive", by("R")).await;
        derive(world).await;
        assert_eq!(open().await, Vec::<String>::new());
        // In force again, it raises a new one.
        done(&lead, "alertRuleUnarchive", by("R")).await;
        derive(world).await;
        assert_eq!(open().await, ["R PR-020 OPEN RED"]);
    }

    async fn who_takes_note_ends_nothing_and_is_not_asked_again(world: &World) {
        let lead = watched(world, "RED").await;
        post(&lead, "PR-020", "3").await;
        derive(world).await;
        let id = lead.query("{ alerts(filter: { kpi: { key: { eq: \"SCORE\" } } }) { nodes { id } } }").await.data()["alerts"]["nodes"][0]["id"].clone();
        let auditor = world.client_as("walter.zimmermann", &[Role::Auditor]).await;
        let input = json!({ "id": id, "ifVersion": "*", "note": "Testers were added." });
        assert_eq!(faults(&change(&auditor, "alertAcknowledge", input.clone()).await), ["FORBIDDEN input"]);
        let manager = world.client_as("tomas.varga", &[Role::ProjectManager]).await;
        assert_eq!(faults(&change(&manager, "alertAcknowledge", input.clone()).await), ["NOT_FOUND input.id"]);
        let told = done(&lead, "alertAcknowledge", input.clone()).await;
        assert_eq!(told["state"], "ACKNOWLEDGED");
        assert_eq!(faults(&change(&lead, "alertAcknowledge", input).await), ["ILLEGAL_STATE input"]);
        post(&lead, "PR-020", "2").await;
        derive(world).await;
        assert_eq!(alerts(&lead).await, ["R PR-020 ACKNOWLEDGED RED"]);
        post(&lead, "PR-020", "9").await;
        derive(world).await;
        assert_eq!(alerts(&lead).await, ["R PR-020 CLOSED RED"]);
        let told = lead.query("{ alerts(filter: { kpi: { key: { eq: \"SCORE\" } } }) { nodes { note acknowledgedBy { key } closedAt } } }").await.data();
        let told = &told["alerts"]["nodes"][0];
        assert_eq!((&told["note"], &told["acknowledgedBy"]["key"]), (&json!("Testers were added."), &json!("anna.keller")));
        assert_ne!(told["closedAt"], Value::Null);
        let trail = format!("{{ auditTrail(filter: {{ targetId: {{ eq: {id} }} }}) {{ nodes {{ mutation }} }} }}");
        let told = lead.query(&trail).await.data()["auditTrail"]["nodes"].clone();
        let mut mutations: Vec<String> = told.as_array().expect("entries").iter().map(|e| e["mutation"].as_str().unwrap_or_default().to_owned()).collect();
        mutations.sort();
        assert_eq!(mutations, ["alertAcknowledge", "kpiDerive", "kpiDerive"]);
    }

    async fn who_does_not_read_everything_knows_of_no_alert(world: &World) {
        let lead = watched(world, "RED").await;
        let server = world.serve().await;
        let mut sockets = vec![];
        for (subject, role) in [("anna.keller", Role::PmoLead), ("tomas.varga", Role::ProjectManager), ("martin.hofer", Role::Sponsor)] {
            let mut socket = Socket::of(server.address, &product::token(&*world.clock, subject, &[role])).await;
            socket.subscribe("a", RAISED, json!({})).await;
            sockets.push(socket);
        }
        post(&lead, "PR-020", "3").await;
        derive(world).await;
        let told = sockets[0].take("a", 1).await;
        let event = &told[0]["data"]["alertRaised"];
        assert_eq!((&event["__typename"], &event["causedBy"]["mutation"]), (&json!("AlertEvent"), &json!("kpiDerive")));
        assert_eq!(event["alert"], json!({ "state": "OPEN", "status": "RED", "value": "3", "unit": "NUMBER", "item": { "key": "PR-020" }, "kpi": { "key": "SCORE" }, "rule": { "key": "R" } }));
        for socket in &mut sockets[1..] {
            assert_eq!(socket.settle().await, [Value::Null; 0]);
        }
        let asked = "{ alerts { totalCount aggregate { count } nodes { id } } \
            auditTrail(filter: { targetType: { eq: \"Alert\" } }) { totalCount } \
            alertRules(filter: { alerts: { some: { state: { eq: OPEN } } } }) { totalCount nodes { alerts { totalCount } } } }";
        let seen = lead.query(asked).await.data();
        assert_eq!((&seen["alerts"]["totalCount"], &seen["alertRules"]["totalCount"]), (&json!(1), &json!(1)), "{seen:#}");
        assert!(seen["auditTrail"]["totalCount"].as_i64() > Some(0));
        for (subject, role) in [("tomas.varga", Role::ProjectManager), ("martin.hofer", Role::Sponsor), ("jonas.weber", Role::Analyst), ("stefan.brunner", Role::Finance)] {
            let client = world.client_as(subject, &[role]).await;
            for (asked, member) in [("{ alerts { totalCount } }", "alerts"), ("{ alertRules(filter: { alerts: { some: { state: { eq: OPEN } } } }) { totalCount } }", "alertRules")] {
                assert_eq!(client.query(asked).await.data()[member]["totalCount"], 0, "{role:?} {asked}");
            }
            let trail = client.query("{ auditTrail(filter: { targetType: { eq: \"Alert\" } }) { totalCount } }").await.json();
            assert!(matches!(trail["data"]["auditTrail"]["totalCount"].as_i64(), None | Some(0)), "{role:?}: {trail}");
        }
        let auditor = world.client_as("walter.zimmermann", &[Role::Auditor]).await;
        assert_eq!(alerts(&auditor).await, ["R PR-020 OPEN RED"]);
    }
}

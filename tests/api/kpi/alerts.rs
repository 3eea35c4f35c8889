//! Alerts: raised once, closed when it is better, known only to who reads all that they count.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, done, exact, post, score};
use crate::{
    changes::Puller,
    support::{
        World,
        client::Client,
        product,
        socket::Socket,
        writes::{begin, change, faults, sql},
    },
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
        let other = world.client_as("lena.schmid", &[Role::ProjectManager]).await;
        assert_eq!(faults(&change(&other, "alertAcknowledge", input.clone()).await), ["NOT_FOUND input.id"]);
        // Of her own project, nothing else is in the figure.
        let told = done(&manager, "alertAcknowledge", input.clone()).await;
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
        assert_eq!((&told["note"], &told["acknowledgedBy"]["key"]), (&json!("Testers were added."), &json!("tomas.varga")));
        assert_ne!(told["closedAt"], Value::Null);
        let trail = format!("{{ auditTrail(filter: {{ targetId: {{ eq: {id} }} }}) {{ nodes {{ mutation }} }} }}");
        let told = lead.query(&trail).await.data()["auditTrail"]["nodes"].clone();
        let mut mutations: Vec<String> = told.as_array().expect("entries").iter().map(|e| e["mutation"].as_str().unwrap_or_default().to_owned()).collect();
        mutations.sort();
        assert_eq!(mutations, ["alertAcknowledge", "kpiDerive", "kpiDerive"]);
    }

    async fn alerts_are_told_once_each_to_who_comes_back(world: &World) {
        let lead = watched(world, "RED").await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "anna.keller", &[Role::PmoLead]);
        let here = Puller::loaded(lead.clone()).await.since;
        let mut socket = Socket::of(server.address, &token).await;
        socket.subscribe("a", RAISED, json!({ "after": here })).await;
        let at = async |value: &str| {
            assert_eq!(faults(&post(&lead, "PR-020", value).await), Vec::<String>::new());
            derive(world).await;
        };
        at("3").await;
        let first = socket.take("a", 1).await[0]["data"]["alertRaised"].clone();
        assert_eq!((&first["alert"]["value"], &first["alert"]["state"]), (&json!("3"), &json!("OPEN")));
        drop(socket);
        // Closed, raised and closed again, and raised a third time, while nobody listens.
        for value in ["12", "2", "12", "1"] {
            at(value).await;
        }
        let values = |events: &[Value]| -> Vec<String> {
            let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
            let alerts = events.iter().map(|event| &event["data"]["alertRaised"]["alert"]);
            alerts.map(|alert| format!("{} {}", text(&alert["value"]), text(&alert["state"]))).collect()
        };
        let mut socket = Socket::of(server.address, &token).await;
        socket.subscribe("b", RAISED, json!({ "after": first["cursor"] })).await;
        let mut events = socket.take("b", 2).await;
        assert_eq!(values(&events), ["2 CLOSED", "1 OPEN"]);
        at("12").await;
        at("3.5").await;
        events.extend(socket.take("b", 1).await);
        assert_eq!(values(&events[2..]), ["3.5 OPEN"]);
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        // From each of them on, exactly those that came after it.
        for (number, event) in events.iter().enumerate() {
            let mut socket = Socket::of(server.address, &token).await;
            socket.subscribe("c", RAISED, json!({ "after": event["data"]["alertRaised"]["cursor"] })).await;
            let rest = values(&socket.take("c", events.len() - number - 1).await);
            assert_eq!(rest, ["1 CLOSED", "3.5 OPEN"][number..]);
            assert_eq!(socket.settle().await, [Value::Null; 0]);
        }
    }

    async fn taking_note_and_getting_better_end_alike_whichever_comes_first(world: &World) {
        let lead = watched(world, "RED").await;
        let asked = "{ alerts(filter: { kpi: { key: { eq: \"SCORE\" } } }, orderBy: [{ openedAt: { direction: DESC } }], first: 1) { \
            nodes { id state version note closedAt acknowledgedBy { key } } } }";
        let last = async || lead.query(asked).await.data()["alerts"]["nodes"][0].clone();
        let note = |alert: &Value, version: &str| json!({ "id": alert["id"], "ifVersion": version, "note": "Seen." });
        for (round, order) in ["noted", "better", "both", "both", "both", "both"].into_iter().enumerate() {
            post(&lead, "PR-020", "3").await;
            derive(world).await;
            let open = last().await;
            assert_eq!((&open["state"], &open["version"]), (&json!("OPEN"), &json!("1")), "{order}: {open}");
            post(&lead, "PR-020", "12").await;
            let told = match order {
                "noted" => {
                    let told = change(&lead, "alertAcknowledge", note(&open, "1")).await;
                    derive(world).await;
                    told
                }
                "better" => {
                    derive(world).await;
                    // Whoever says what she saw is told that it is another by now.
                    assert_eq!(faults(&change(&lead, "alertAcknowledge", note(&open, "1")).await), ["VERSION_CONFLICT input.ifVersion", "ILLEGAL_STATE input"]);
                    change(&lead, "alertAcknowledge", note(&open, "*")).await
                }
                _ => tokio::join!(change(&lead, "alertAcknowledge", note(&open, "*")), derive(world)).0,
            };
            derive(world).await;
            let closed = last().await;
            assert_eq!((&closed["id"], &closed["state"]), (&open["id"], &json!("CLOSED")), "{order}");
            assert_ne!(closed["closedAt"], Value::Null, "{order}");
            // Either it was noted first, and that stands, or it was closed first, and is refused.
            if faults(&told).is_empty() {
                assert_ne!(order, "better");
                assert_eq!((&closed["note"], &closed["acknowledgedBy"]["key"], &closed["version"]), (&json!("Seen."), &json!("anna.keller"), &json!("3")), "{order}");
            } else {
                assert_ne!(order, "noted");
                assert_eq!(faults(&told), ["ILLEGAL_STATE input"], "{order}");
                assert_eq!((&closed["note"], &closed["acknowledgedBy"], &closed["version"]), (&Value::Null, &Value::Null, &json!("2")), "{order}");
            }
            assert_eq!(alerts(&lead).await.len(), round + 1, "{order}");
            world.clock.advance_seconds(1);
        }
        exact(&lead).await;
    }

    async fn an_alert_is_for_who_reads_all_that_its_figure_counts(world: &World) {
        let lead = watched(world, "RED").await;
        let server = world.serve().await;
        let (manager, sponsor) = (("tomas.varga", Role::ProjectManager), ("martin.hofer", Role::Sponsor));
        let strangers = [("lena.schmid", Role::ProjectManager), ("helen.ashworth", Role::Sponsor), ("jonas.weber", Role::Analyst), ("stefan.brunner", Role::Finance)];
        let follow = async |(subject, role): (&str, Role)| {
            let mut socket = Socket::of(server.address, &product::token(&*world.clock, subject, &[role])).await;
            socket.subscribe("a", RAISED, json!({})).await;
            socket
        };
        let mut told = vec![follow(("anna.keller", Role::PmoLead)).await, follow(manager).await, follow(sponsor).await];
        let mut untold = vec![];
        for stranger in strangers {
            untold.push(follow(stranger).await);
        }
        post(&lead, "PR-020", "3").await;
        derive(world).await;
        for socket in &mut told {
            let events = socket.take("a", 1).await;
            let event = &events[0]["data"]["alertRaised"];
            assert_eq!((&event["__typename"], &event["causedBy"]["mutation"]), (&json!("AlertEvent"), &json!("kpiDerive")));
            assert_eq!(event["alert"], json!({ "state": "OPEN", "status": "RED", "value": "3", "unit": "NUMBER", "item": { "key": "PR-020" }, "kpi": { "key": "SCORE" }, "rule": { "key": "R" } }));
        }
        let asked = "{ alerts { totalCount aggregate { count } nodes { id } } \
            auditTrail(filter: { targetType: { eq: \"Alert\" } }) { totalCount } \
            alertRules(filter: { alerts: { some: { state: { eq: OPEN } } } }) { totalCount nodes { alerts { totalCount } } } }";
        let seen = lead.query(asked).await.data();
        assert_eq!((&seen["alerts"]["totalCount"], &seen["alertRules"]["totalCount"]), (&json!(1), &json!(1)), "{seen:#}");
        assert!(seen["auditTrail"]["totalCount"].as_i64() > Some(0));
        let trail = "{ auditTrail(filter: { targetType: { eq: \"Alert\" } }) { totalCount } }";
        let counts = async |(subject, role): (&str, Role)| {
            let client = world.client_as(subject, &[role]).await;
            let mut counts = vec![];
            for (asked, member) in [("{ alerts { totalCount } }", "alerts"), ("{ alertRules(filter: { alerts: { some: { state: { eq: OPEN } } } }) { totalCount } }", "alertRules")] {
                counts.push(client.query(asked).await.data()[member]["totalCount"].as_i64());
            }
            let trail = client.query(trail).await.json();
            assert!(matches!(trail["data"]["auditTrail"]["totalCount"].as_i64(), None | Some(0)), "{role:?}: {trail}");
            counts
        };
        for (who, count) in [(manager, 1), (sponsor, 1)].into_iter().chain(strangers.map(|who| (who, 0))) {
            assert_eq!(counts(who).await, [Some(count); 2], "{who:?}");
        }
        // Of what others stand below only who reads all of them knows; money is for finance, whatever the work.
        done(&lead, "alertRuleCreate", rule("ABOVE", "PG-MDR", "AMBER")).await;
        let mut money = rule("MONEY", "PF-PRODUCTS", "RED");
        (money["kpiKey"], money["hasDescendants"]) = (json!("FN_COMMIT"), json!(false));
        done(&lead, "alertRuleCreate", money).await;
        let bounds = json!({ "itemKey": "PF-PRODUCTS", "kpiKey": "FN_COMMIT", "validFromOn": "2026-01-01", "greenTo": "0.0001", "amberTo": "0.0002", "hysteresis": "0" });
        done(&lead, "kpiThresholdCreate", bounds).await;
        derive(world).await;
        let auditor = world.client_as("walter.zimmermann", &[Role::Auditor]).await;
        assert_eq!(alerts(&auditor).await, ["ABOVE PG-MDR OPEN RED", "ABOVE PR-020 OPEN RED", "R PR-020 OPEN RED"]);
        let seen = async |(subject, role): (&str, Role)| {
            let told = world.client_as(subject, &[role]).await.query("{ alerts(first: 100) { nodes { rule { key } item { key } } } }").await.data();
            let text = |v: &Value| v["key"].as_str().unwrap_or("-").to_owned();
            let mut all: Vec<String> = told["alerts"]["nodes"].as_array().expect("alerts").iter().map(|a| format!("{} {}", text(&a["rule"]), text(&a["item"]))).collect();
            all.sort();
            all
        };
        for who in [manager, sponsor] {
            assert_eq!(seen(who).await, ["ABOVE PR-020", "R PR-020"], "{who:?}");
        }
        assert_eq!(seen(("stefan.brunner", Role::Finance)).await, ["MONEY PF-PRODUCTS"]);
        assert_eq!(seen(("lena.schmid", Role::ProjectManager)).await, Vec::<String>::new());
        let mut finance = untold.pop().expect("a socket");
        assert_eq!(finance.take("a", 1).await[0]["data"]["alertRaised"]["alert"]["rule"]["key"], "MONEY");
        for socket in &mut untold {
            assert_eq!(socket.settle().await, [Value::Null; 0]);
        }
    }
}

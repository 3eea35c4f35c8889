//! Values that scripts post: levels that hold until the next, idempotent, by whom they are for.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{derive, done, exact, kpi, post, score};
use crate::support::{
    api_keys,
    writes::{begin, change, faults, item_id, request_key, statuses},
};

tests! {
    async fn a_value_holds_until_the_next_and_is_summed_above(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        let value = |project: &str, day: &str, value: &str| json!({ "itemKey": project, "kpiKey": "SCORE", "effectiveOn": day, "value": value });
        for (project, day, points) in [("PR-020", "2026-01-10", "3"), ("PR-020", "2026-02-10", "7.5"), ("PR-038", "2026-01-20", "10")] {
            done(&lead, "kpiValueRecord", value(project, day, points)).await;
        }
        derive(world).await;
        for (at, due) in [("2026-01-09", Value::Null), ("2026-01-15", json!("3")), ("2026-01-20", json!("13")), ("2026-02-10", json!("17.5"))] {
            assert_eq!(kpi(&lead, "PF-PRODUCTS", "SCORE", &format!(", at: \"{at}\"")).await["value"], due, "{at}");
        }
        let none = kpi(&lead, "PR-001", "SCORE", "").await;
        assert_eq!((&none["value"], &none["nullReason"]), (&Value::Null, &json!("MISSING_INPUT: SCORE")));
        // A value between two moves only the days from it to the next.
        done(&lead, "kpiValueRecord", value("PR-020", "2026-01-25", "5")).await;
        assert_eq!(kpi(&lead, "PR-020", "SCORE", ", at: \"2026-01-31\"").await["value"], "5");
        assert_eq!(kpi(&lead, "PR-020", "SCORE", ", at: \"2026-02-28\"").await["value"], "7.5");
        // 0 is a value, first or last.
        done(&lead, "kpiValueRecord", value("PR-001", "2026-01-01", "0")).await;
        done(&lead, "kpiValueRecord", value("PR-020", "2026-02-20", "0")).await;
        for item in ["PR-001", "PR-020"] {
            let zero = kpi(&lead, item, "SCORE", "").await;
            assert_eq!((&zero["value"], &zero["nullReason"], &zero["status"]), (&json!("0"), &Value::Null, &json!("RED")), "{item}");
        }
        exact(&lead).await;
    }

    async fn the_same_again_writes_nothing_and_another_takes_its_place(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        let first = post(&lead, "PR-020", "3").await["kpiPosting"].clone();
        assert_eq!(first["version"], "1");
        assert_eq!(post(&lead, "PR-020", "3.0").await["kpiPosting"], first);
        let other = post(&lead, "PR-020", "4").await["kpiPosting"].clone();
        assert_eq!((&other["id"], &other["version"]), (&first["id"], &json!("2")));
        let trail = format!("{{ auditTrail(filter: {{ targetId: {{ eq: {} }} }}) {{ nodes {{ action changes {{ field before after }} }} }} }}", first["id"]);
        let told = lead.query(&trail).await.data()["auditTrail"]["nodes"].clone();
        let changes = told.as_array().expect("entries").iter().flat_map(|e| e["changes"].as_array().cloned().unwrap_or_default());
        let values: Vec<Value> = changes.filter(|c| c["field"] == "value").collect();
        assert!(values.contains(&json!({ "field": "value", "before": "3", "after": "4" })), "{told:#}");
        let value = |project: &str, value: &str| json!({ "itemKey": project, "kpiKey": "SCORE", "effectiveOn": "2026-02-01", "value": value });
        let list = |items: Value, number| json!({ "items": items, "clientMutationKey": request_key(number) });
        let told = change(&lead, "kpiValueBulkRecord", list(json!([value("PR-020", "4"), value("PR-038", "1")]), 1)).await;
        assert_eq!(statuses(&told), ["UNCHANGED", "CREATED"], "{told}");
        let told = change(&lead, "kpiValueBulkRecord", list(json!([value("PR-020", "5"), value("PR-038", "1"), value("PR-020", "6")]), 2)).await;
        assert_eq!(faults(&told), ["DUPLICATE input.items.2.effectiveOn"]);
        exact(&lead).await;
    }

    async fn scripts_below_their_grants_managers_on_their_own_and_nobody_else(world: &World) {
        let (db, lead) = begin(world).await;
        score(&lead).await;
        let key = world.client().await.bearer(&api_keys::text("bi-products").expect("a key"));
        assert_eq!(faults(&post(&key, "PR-020", "1").await), Vec::<String>::new());
        assert_eq!(faults(&post(&key, "PR-001", "1").await), Vec::<String>::new(), "below a granted program");
        assert_eq!(faults(&post(&key, "PR-010", "1").await), ["NOT_FOUND input.itemKey"]);
        let manager = world.client_as("tomas.varga", &[Role::ProjectManager]).await;
        assert_eq!(faults(&post(&manager, "PR-020", "2").await), Vec::<String>::new());
        assert_eq!(faults(&post(&manager, "PR-038", "2").await), ["FORBIDDEN input.itemKey"]);
        for role in [Role::Finance, Role::Auditor] {
            let client = world.client_as("reader", &[role]).await;
            assert_eq!(faults(&post(&client, "PR-020", "3").await), ["FORBIDDEN input.itemKey"], "{role:?}");
        }
        // Only what is posted can be posted.
        let told = change(&lead, "kpiValueRecord", json!({ "itemId": item_id(&db, "PR-020").await, "kpiKey": "EV_CPI", "effectiveOn": "2026-02-01", "value": "1" })).await;
        assert_eq!(faults(&told), ["INVALID input.kpiKey"]);
        // Who reads rows of work but no money sees that there is a value, and the figure, not the posted value.
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        let reply = analyst.query("{ kpiPostings { nodes { value } } }").await;
        let nodes = reply.data()["kpiPostings"]["nodes"].clone();
        assert!(nodes.as_array().is_some_and(|all| all.iter().all(|node| node["value"] == Value::Null)), "{nodes}");
    }
}

//! What was measured, told to who reads it as it is recorded and decided on.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{NO_FAULT, advance, euros, had, made, prepared};
use crate::support::{
    product,
    socket::Socket,
    writes::{change, faults},
};

const FOLLOW: &str = "subscription($after: Cursor) { benefitMeasured(after: $after) { __typename \
    ... on BenefitMeasuredEvent { cursor causedBy { mutation } benefitActual { state value amount { amount } benefit { key } } } \
    ... on StreamReset { reason } } }";

/// `state value mutation` of events.
fn told(events: &[Value]) -> Vec<String> {
    let event = |e: &Value| {
        let event = &e["data"]["benefitMeasured"];
        let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
        let actual = &event["benefitActual"];
        format!("{} {} {}", text(&actual["state"]), text(&actual["value"]), text(&event["causedBy"]["mutation"]))
    };
    events.iter().map(event).collect()
}

tests! {
    async fn a_measurement_is_told_to_who_reads_it_and_resumed(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        let server = world.serve().await;
        let token = |subject: &str, roles: &[Role]| product::token(&*world.clock, subject, roles);
        let mut readers = vec![];
        for (subject, roles) in [("nina.petrova", &[][..]), ("marc.dubois", &[Role::ProjectManager]), ("walter.zimmermann", &[Role::Auditor])] {
            let mut socket = Socket::of(server.address, &token(subject, roles)).await;
            socket.subscribe("a", FOLLOW, json!({})).await;
            assert_eq!(socket.settle().await, [Value::Null; 0]);
            readers.push(socket);
        }
        // Another project's manager reads no measurement of this one; the administrator reads none at all.
        let mut other = Socket::of(server.address, &token("lena.schmid", &[Role::ProjectManager])).await;
        other.subscribe("a", FOLLOW, json!({})).await;
        assert_eq!(other.settle().await, [Value::Null; 0]);
        let mut admin = Socket::of(server.address, &token("tom.fischer", &[Role::Admin])).await;
        admin.subscribe("a", FOLLOW, json!({})).await;
        let mut refused = admin.settle().await;
        while refused.is_empty() {
            refused = admin.settle().await;
        }
        assert_eq!(refused[0]["payload"][0]["extensions"]["code"], "FORBIDDEN", "{refused:?}");
        let owner = world.client_as("nina.petrova", &[]).await;
        let id = had(&owner, "M-B-1", json!({ "amount": euros("12.5") })).await;
        let mut last = Value::Null;
        for socket in &mut readers {
            let events = socket.take("a", 1).await;
            assert_eq!(told(&events), ["RECORDED 4 benefitActualCreate"]);
            let event = &events[0]["data"]["benefitMeasured"];
            assert_eq!(event["benefitActual"]["benefit"]["key"], "B-1");
            assert_eq!(event["benefitActual"]["amount"]["amount"], "12.5");
            last = event["cursor"].clone();
        }
        assert_eq!(other.settle().await, [Value::Null; 0]);
        drop(readers.remove(1));
        let patch = json!({ "id": id, "ifVersion": "*", "patch": { "value": "3.5" } });
        assert_eq!(faults(&change(&owner, "benefitActualUpdate", patch).await), NO_FAULT);
        assert_eq!(told(&readers[0].take("a", 1).await), ["RECORDED 3.5 benefitActualUpdate"]);
        // Who comes back is told the row as it is by then, once.
        assert_eq!(faults(&change(&lead, "benefitActualValidate", json!({ "id": id, "ifVersion": "*" })).await), NO_FAULT);
        let mut back = Socket::of(server.address, &token("marc.dubois", &[Role::ProjectManager])).await;
        back.subscribe("b", FOLLOW, json!({ "after": last })).await;
        let events = back.take("b", 1).await;
        assert!(told(&events)[0].starts_with("VALIDATED 3.5"), "{events:?}");
        assert_eq!(other.settle().await, [Value::Null; 0]);
    }
}

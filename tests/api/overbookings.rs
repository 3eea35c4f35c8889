//! Overbookings: found in the background whatever led to them, kept as long as they last, and told once each.

use foliograph::auth::Role;
use serde_json::{Value, json};

use crate::{
    changes::Puller,
    support::{
        World,
        client::Client,
        product,
        socket::Socket,
        writes::{begin, done},
    },
};

const RAISED: &str = "subscription($after: Cursor) { allocationConflictRaised(after: $after) { __typename \
    ... on AllocationConflictRaisedEvent { cursor causedBy { mutation } overbooking { \
      state startOn endOn dayCount capacityMinutes bookedMinutes excessMinutes isHard resolvedAt resource { key } } } \
    ... on StreamReset { reason } } }";

async fn derive(world: &World) {
    let app = world.app().await;
    app.deriver.derive().await.expect("derived");
    app.events.sequence_now().await.expect("in order");
}

/// Ann, eight hours from Monday to Friday, of Karin's pool.
async fn ann(lead: &Client) {
    let hours = "08:00-12:00 13:00-17:00";
    let week = json!({ "key": "OFFICE", "name": "Office", "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours });
    done(lead, "workCalendarCreate", week).await;
    done(lead, "resourceCreate", json!({ "key": "ANN", "name": "Ann", "kind": "GENERIC", "poolKey": "DEVELOPMENT", "calendarKey": "OFFICE", "fte": "1" })).await;
}

async fn book(client: &Client, project: &str, (from, to): (&str, &str), minutes: i32) -> Value {
    let input =
        json!({ "projectKey": project, "resourceKey": "ANN", "startOn": from, "endOn": to, "minutes": minutes });
    done(client, "allocationCreate", input).await
}

/// `state start end excess` of what is kept of Ann.
async fn kept(world: &World, client: &Client) -> Vec<String> {
    derive(world).await;
    let asked = "{ overbookings(filter: { resource: { key: { eq: \"ANN\" } } }, orderBy: [{ startOn: { direction: ASC } }, { state: { direction: ASC } }]) { \
        nodes { state startOn endOn excessMinutes } } }";
    let told = client.query(asked).await.data()["overbookings"]["nodes"].clone();
    let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
    let line = |o: &Value| {
        format!("{} {} {} {}", text(&o["state"]), text(&o["startOn"]), text(&o["endOn"]), o["excessMinutes"])
    };
    told.as_array().expect("overbookings").iter().map(line).collect()
}

tests! {
    async fn they_last_as_long_as_too_much_is_booked(world: &World) {
        let (_, lead) = begin(world).await;
        ann(&lead).await;
        book(&lead, "PR-014", ("2026-05-04", "2026-05-08"), 2_400).await;
        assert_eq!(kept(world, &lead).await, [""; 0]);
        let second = book(&lead, "PR-014", ("2026-05-07", "2026-05-08"), 120).await;
        assert_eq!(kept(world, &lead).await, ["OPEN 2026-05-07 2026-05-08 120"]);
        // It grows over a weekend, and shrinks.
        let third = book(&lead, "PR-014", ("2026-05-11", "2026-05-11"), 600).await;
        assert_eq!(kept(world, &lead).await, ["OPEN 2026-05-07 2026-05-11 240"]);
        let of = |made: &Value| json!({ "id": made["id"], "ifVersion": "*" });
        done(&lead, "allocationRelease", of(&second)).await;
        assert_eq!(kept(world, &lead).await, ["OPEN 2026-05-11 2026-05-11 120"]);
        done(&lead, "allocationRelease", of(&third)).await;
        assert_eq!(kept(world, &lead).await, ["RESOLVED 2026-05-11 2026-05-11 120"]);
        // Time off and calendars lead to one as well; a second one of the same days is another one.
        done(&lead, "timeOffCreate", json!({ "resourceKey": "ANN", "startOn": "2026-05-05", "endOn": "2026-05-05", "minutesPerDay": 60 })).await;
        done(&lead, "calendarExceptionCreate", json!({ "calendarKey": "OFFICE", "name": "Inventory", "startOn": "2026-05-08" })).await;
        let due = ["OPEN 2026-05-05 2026-05-05 60", "OPEN 2026-05-08 2026-05-08 480", "RESOLVED 2026-05-11 2026-05-11 120"];
        assert_eq!(kept(world, &lead).await, due);
        // Nothing is written where nothing is other.
        let versions = "{ overbookings(filter: { resource: { key: { eq: \"ANN\" } } }) { nodes { id version } } }";
        let before = lead.query(versions).await.data();
        done(&lead, "resourceUpdate", json!({ "ref": { "key": "ANN" }, "ifVersion": "*", "patch": { "location": "Bern" } })).await;
        assert_eq!(kept(world, &lead).await, due);
        assert_eq!(lead.query(versions).await.data(), before);
        // Once its days are over it is no longer.
        world.clock.advance_seconds(67 * 86_400);
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let due = ["RESOLVED 2026-05-05 2026-05-05 60", "OPEN 2026-05-08 2026-05-08 480", "RESOLVED 2026-05-11 2026-05-11 120"];
        assert_eq!(kept(world, &lead).await, due, "the eighth of May");
        world.clock.advance_seconds(86_400);
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        assert_eq!(kept(world, &lead).await[1], "RESOLVED 2026-05-08 2026-05-08 480");
    }

    async fn each_is_told_once_to_who_may_know_what_she_can_do(world: &World) {
        let (_, lead) = begin(world).await;
        ann(&lead).await;
        derive(world).await;
        let server = world.serve().await;
        let mut sockets = vec![];
        for (subject, role) in [("karin.baumann", Role::ResourceManager), ("liam.oconnor", Role::ResourceManager)]  {
            let mut socket = Socket::of(server.address, &product::token(&*world.clock, subject, &[role])).await;
            let own = Puller::loaded(world.client_as(subject, &[role]).await).await.since;
            socket.subscribe("a", RAISED, json!({ "after": own })).await;
            sockets.push(socket);
        }
        let mut sponsor = Socket::of(server.address, &product::token(&*world.clock, "ingrid.solberg", &[Role::Sponsor])).await;
        sponsor.subscribe("a", RAISED, json!({})).await;
        assert_eq!(sponsor.next().await["payload"][0]["extensions"]["code"], "FORBIDDEN");
        let booked = book(&lead, "PR-014", ("2026-05-04", "2026-05-05"), 1_200).await;
        derive(world).await;
        let event = sockets[0].take("a", 1).await[0]["data"]["allocationConflictRaised"].clone();
        assert_eq!(event["causedBy"]["mutation"], "overbookingDerive");
        assert_eq!(event["overbooking"], json!({
            "state": "OPEN", "startOn": "2026-05-04", "endOn": "2026-05-05", "dayCount": 2, "capacityMinutes": 960,
            "bookedMinutes": 1_200, "excessMinutes": 240, "isHard": false, "resolvedAt": null, "resource": { "key": "ANN" },
        }));
        // More of it, and the end of it, are no news.
        done(&lead, "allocationUpdate", json!({ "id": booked["id"], "ifVersion": "*", "patch": { "minutes": 1_400 } })).await;
        derive(world).await;
        done(&lead, "allocationRelease", json!({ "id": booked["id"], "ifVersion": "*" })).await;
        derive(world).await;
        for socket in &mut sockets {
            assert_eq!(socket.settle().await, [Value::Null; 0]);
        }
    }

    async fn what_is_confidential_leads_to_none(world: &World) {
        let (_, lead) = begin(world).await;
        ann(&lead).await;
        done(&lead, "projectCreate", json!({ "key": "PR-X", "name": "Hidden", "baseCurrency": "CHF", "parentKey": "PF-PRODUCTS" })).await;
        book(&lead, "PR-X", ("2026-05-04", "2026-05-05"), 1_200).await;
        assert_eq!(kept(world, &lead).await, ["OPEN 2026-05-04 2026-05-05 240"]);
        let hide = json!({ "ref": { "key": "PR-X" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        done(&lead, "projectConfidentialitySet", hide).await;
        assert_eq!(kept(world, &lead).await, ["RESOLVED 2026-05-04 2026-05-05 240"]);
    }
}

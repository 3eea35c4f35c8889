//! Subscriptions that stay open while rights change, tokens end and cursors grow old: what may not be read by then is not
//! told, and what cannot be told at all is refused at the start.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{
    derive, done, finance,
    rights::subject_of_manager,
    score, spend,
    streams::{FOLLOW, told},
    units,
};
use crate::{
    changes::Puller,
    support::{
        World, product,
        socket::Socket,
        writes::{begin, item_id},
    },
};

const CHANGES: &str = "subscription($after: Cursor) { changes(filter: { types: [PROJECT] }, after: $after) { \
    ... on ChangeEvent { kind node { ... on Project { key budget { amount } } } } } }";

/// Seconds after which everybody knows of rights that changed.
const KNOWN: i64 = 6;

/// A socket that follows EV_AC of a project, already told its value of now.
async fn follower(world: &World, subject: &str, roles: &[Role], project: &str) -> (Socket, Vec<String>) {
    let server = world.serve().await;
    let mut socket = Socket::of(server.address, &product::token(&*world.clock, subject, roles)).await;
    let id = item_id(&world.database().await.orm, project).await;
    let filter = json!({ "kpis": ["EV_AC"], "scopes": [id], "includeDescendants": false });
    socket.subscribe("a", FOLLOW, json!({ "filter": filter, "initial": true })).await;
    let first = told(&socket.take("a", 1).await);
    (socket, first)
}

/// A socket that follows projects from now on.
async fn pulled(world: &World, subject: &str, roles: &[Role]) -> Socket {
    let server = world.serve().await;
    let since = Puller::loaded(world.client_as(subject, roles).await).await.since;
    let mut socket = Socket::of(server.address, &product::token(&*world.clock, subject, roles)).await;
    socket.subscribe("c", CHANGES, json!({ "after": since })).await;
    socket
}

tests! {
    async fn a_manager_who_is_replaced_is_told_no_more_and_the_next_one_from_then_on(world: &World) {
        let (db, lead) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let manager = [Role::ProjectManager];
        let old = subject_of_manager(&db, "PR-020").await;
        let whole = units(&lead, "PR-020", "EV_AC").await / 10_000;
        let (mut before, first) = follower(world, &old, &manager, "PR-020").await;
        let (mut after, nothing) = follower(world, "lena.schmid", &manager, "PR-020").await;
        assert_eq!((first, nothing), (vec![format!("PR-020 {whole} -")], vec!["PR-020 - -".to_owned()]));
        let mut rows = pulled(world, &old, &manager).await;
        spend(&money, "PR-020", "10", "CHF").await;
        derive(world).await;
        assert_eq!(told(&before.take("a", 1).await), [format!("PR-020 {} {whole}", whole + 10)]);
        assert_eq!(after.settle().await, [Value::Null; 0]);

        let replaced = json!({ "ref": { "key": "PR-020" }, "ifVersion": "*", "patch": { "projectManagerKey": "lena.schmid" } });
        done(&lead, "projectUpdate", replaced).await;
        world.clock.advance_seconds(KNOWN);
        spend(&money, "PR-020", "20", "CHF").await;
        derive(world).await;
        // Over rows that are hers by now, before the event as after it.
        assert_eq!(told(&after.take("a", 1).await), [format!("PR-020 {} {}", whole + 30, whole + 10)]);
        assert_eq!(before.settle().await, [Value::Null; 0], "the one before has no value any more");
        // Her copy of the project loses its money, and no event gives it back.
        while rows.take("c", 1).await[0]["data"]["changes"]["node"] != json!({ "key": "PR-020", "budget": null }) {}
        done(&lead, "projectUpdate", json!({ "ref": { "key": "PR-020" }, "ifVersion": "*", "patch": { "name": "Anew" } })).await;
        derive(world).await;
        let last = rows.take("c", 1).await;
        assert_eq!(last[0]["data"]["changes"]["node"], json!({ "key": "PR-020", "budget": null }), "{last:#?}");
        for event in rows.settle().await {
            assert_eq!(event["payload"]["data"]["changes"]["node"], json!({ "key": "PR-020", "budget": null }), "{event:#}");
        }
    }

    async fn a_role_that_is_taken_away_ends_what_is_told(world: &World) {
        let (_, lead) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let role = json!({ "key": "RA-950", "personKey": "ingrid.solberg", "role": "FINANCE" });
        done(&lead, "roleAssignmentCreate", role).await;
        world.clock.advance_seconds(KNOWN);
        let whole = units(&lead, "PR-020", "EV_AC").await / 10_000;
        let (mut values, first) = follower(world, "ingrid.solberg", &[], "PR-020").await;
        assert_eq!(first, [format!("PR-020 {whole} -")]);
        let mut rows = pulled(world, "ingrid.solberg", &[]).await;
        spend(&money, "PR-020", "10", "CHF").await;
        derive(world).await;
        assert_eq!(told(&values.take("a", 1).await), [format!("PR-020 {} {whole}", whole + 10)]);
        assert_eq!(rows.settle().await, [Value::Null; 0]);

        done(&lead, "roleAssignmentArchive", json!({ "ref": { "key": "RA-950" }, "ifVersion": "*" })).await;
        world.clock.advance_seconds(KNOWN);
        spend(&money, "PR-020", "20", "CHF").await;
        done(&lead, "projectUpdate", json!({ "ref": { "key": "PR-020" }, "ifVersion": "*", "patch": { "name": "Anew" } })).await;
        derive(world).await;
        assert_eq!(values.settle().await, [Value::Null; 0]);
        // She sponsors others, and of this one hears as anybody does who sponsors something: never of its money.
        loop {
            let event = rows.take("c", 1).await[0]["data"]["changes"]["node"].take();
            if event["key"] == "PR-020" {
                assert_eq!(event["budget"], Value::Null);
                break;
            }
        }
    }

    async fn what_was_derived_after_a_token_ended_is_not_told(world: &World) {
        begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let (mut socket, _) = follower(world, "anna.keller", &[Role::PmoLead], "PR-020").await;
        spend(&money, "PR-020", "10", "CHF").await;
        world.clock.advance_seconds(3_600);
        derive(world).await;
        assert_eq!(socket.ended().await, (vec![], 4403));
    }

    async fn a_cursor_from_too_long_ago_is_a_reset_and_then_live(world: &World) {
        let (db, lead) = begin(world).await;
        derive(world).await;
        let money = finance(world).await;
        let (mut socket, _) = follower(world, "anna.keller", &[Role::PmoLead], "PR-020").await;
        spend(&money, "PR-020", "1", "CHF").await;
        derive(world).await;
        let old = socket.take("a", 1).await[0]["data"]["kpiChanged"]["cursor"].clone();
        spend(&money, "PR-020", "2", "CHF").await;
        derive(world).await;
        let whole = units(&lead, "PR-020", "EV_AC").await / 10_000;
        world.clock.advance_seconds(8 * 86_400);
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "anna.keller", &[Role::PmoLead])).await;
        let filter = json!({ "kpis": ["EV_AC"], "scopes": [item_id(&db, "PR-020").await], "includeDescendants": false });
        socket.subscribe("a", FOLLOW, json!({ "filter": filter, "after": old, "initial": true })).await;
        let reset = socket.take("a", 1).await[0]["data"]["kpiChanged"].clone();
        assert_eq!((&reset["__typename"], &reset["reason"]), (&json!("StreamReset"), &json!("RETENTION")));
        let money = finance(world).await;
        spend(&money, "PR-020", "4", "CHF").await;
        derive(world).await;
        let due = [format!("PR-020 {} {whole}", whole + 4)];
        assert_eq!(told(&socket.take("a", 1).await), due);
        socket.subscribe("b", FOLLOW, json!({ "filter": filter, "after": reset["resumeFrom"] })).await;
        assert_eq!(told(&socket.take("b", 1).await), due, "where it said that it goes on, it does");
    }

    async fn a_kpi_that_is_none_or_that_she_may_never_read_is_refused_at_the_start(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        let server = world.serve().await;
        let crossed = FOLLOW.replace("kpiChanged(", "kpiThresholdCrossed(").replace(", initial: $initial", "").replace(", $initial: Boolean", "");
        for (role, keys, code) in [
            (Role::PmoLead, &["EV_NOTHING"][..], Some("BAD_VARIABLES")),
            (Role::PmoLead, &["EV_AC", "ev_ac"], Some("BAD_VARIABLES")),
            (Role::PmoLead, &["EV_AC", "SCORE"], None),
            (Role::Finance, &["EV_AC"], None),
            (Role::Sponsor, &["EV_AC", "SCORE"], None),
            // Money is for neither, and who counts money reads no work by itself.
            (Role::ResourceManager, &["EV_AC"], Some("FILTER_FORBIDDEN")),
            (Role::Analyst, &["SCORE", "EV_AC"], Some("FILTER_FORBIDDEN")),
            (Role::Finance, &["EV_AC", "SCORE"], Some("FILTER_FORBIDDEN")),
            (Role::Admin, &["SCORE"], Some("FILTER_FORBIDDEN")),
        ] {
            let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[role])).await;
            for document in [FOLLOW, &crossed] {
                socket.subscribe("a", document, json!({ "filter": { "kpis": keys } })).await;
                let Some(code) = code else {
                    assert_eq!(socket.settle().await, [Value::Null; 0], "{role:?} {keys:?}");
                    socket.send(json!({ "id": "a", "type": "complete" })).await;
                    continue;
                };
                let message = socket.next().await;
                let error = &message["payload"][0]["extensions"];
                assert_eq!((&message["type"], &error["code"]), (&json!("error"), &json!(code)), "{role:?} {keys:?}: {message:#}");
            }
        }
    }
}

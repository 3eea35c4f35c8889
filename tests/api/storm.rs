//! The whole way from many writers to many subscribers while servers die: every committed change is seen, none twice by
//! cursor, each object's in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use entity::{audit_event, portfolio_item};
use foliograph::{auth::Role, graph::encode_id};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{
    fleet::{Carrier, Fleet, Follower, Servers, now},
    process::Process,
    settings,
    world::Kind,
    writes::{Chance, request_key},
};

const SUBSCRIBERS: usize = 16;
const KILLS: usize = 10;
const PROJECTS: usize = 20;
const UPDATE: &str =
    "mutation($i: ProjectUpdateInput!) { projectUpdate(input: $i) { project { version } userErrors { code } } }";
const FOLLOW: &str = "subscription($after: Cursor) { changes(filter: {types: [PROJECT]}, after: $after) { __typename ... on ChangeEvent { cursor id version kind } } }";

tests! {
    async fn every_change_is_seen_once_and_in_order_while_servers_die(world: &World) {
        let db = world.database().await.orm;
        let items = portfolio_item::Entity::find().filter(portfolio_item::Column::Kind.eq("PROJECT")).filter(portfolio_item::Column::IsRestricted.eq(false)).all(&db).await.expect("items");
        let mut projects: Vec<String> = items.iter().filter(|i| i.archived_at.is_none()).take(PROJECTS + 1).map(|i| encode_id("prj", i.id)).collect();
        assert_eq!(projects.len(), PROJECTS + 1);
        // What is written to this one is the last of all.
        let end = projects.pop().expect("a project");
        // SQLite has one server; PostgreSQL two that share the stream.
        let (writers, each, count) = match world.kind {
            Kind::Postgres => (64, if settings::is_long() { 60 } else { 8 }, 2),
            Kind::Sqlite => (64, if settings::is_long() { 20 } else { 4 }, 1),
        };
        let mut fleet = Fleet::serve(world, count).await;
        let mut subscribers = vec![];
        for number in 0..SUBSCRIBERS {
            let token = Process::token(&format!("follower-{number}"), Role::PmoLead);
            let after = now(fleet.first(), &token).await;
            let (chance, servers) = (Chance::new(number as u64 + 1), fleet.servers());
            subscribers.push(Follower { token, document: FOLLOW, variables: json!({}), after, carrier: Carrier::Socket, chance, servers });
        }
        let total = writers * each;
        let before = trail(&db).await;
        let acknowledged = Arc::new(watch::Sender::new(0_usize));
        let is_last = |end: String| move |event: &Value| event["id"] == json!(end);
        let following: Vec<_> = subscribers.into_iter().map(|s| tokio::spawn(s.follow(is_last(end.clone())))).collect();

        let writing: Vec<_> = (0..writers)
            .map(|writer| tokio::spawn(write(writer, each, fleet.servers(), projects.clone(), acknowledged.clone())))
            .collect();
        fleet.suffer(world, KILLS, (&acknowledged, total)).await;
        for writer in join_all(writing).await {
            writer.expect("a writer that did not panic");
        }
        assert_eq!(*acknowledged.borrow(), total);
        write(writers, 1, fleet.servers(), vec![end], acknowledged.clone()).await;

        // What was committed, by the trail; some writes were acknowledged only the second time they were asked for.
        let due: BTreeSet<(String, i64)> = trail(&db).await.difference(&before).cloned().collect();
        assert_eq!(due.len(), total + 1, "each write once, however often it was sent");
        let mut reconnects = 0;
        for seen in join_all(following).await {
            let seen = seen.expect("a subscriber that did not panic");
            let text = |event: &Value, name: &str| event[name].as_str().expect("a text").to_owned();
            let cursors: BTreeSet<String> = seen.events.iter().map(|event| text(event, "cursor")).collect();
            assert_eq!(cursors.len(), seen.events.len(), "no event twice");
            let mut last: BTreeMap<String, i64> = BTreeMap::new();
            let mut told = BTreeSet::new();
            for event in &seen.events {
                assert_eq!((&event["__typename"], &event["kind"]), (&json!("ChangeEvent"), &json!("UPSERT")), "{event}");
                let (id, version) = (text(event, "id"), text(event, "version").parse().expect("a number"));
                let before = last.insert(id.clone(), version);
                assert!(before.is_none_or(|before| before < version), "{id}: {before:?} then {version}");
                told.insert((id, version));
            }
            assert_eq!(told, due, "every committed change");
            reconnects += seen.connections - 1;
        }
        assert!(reconnects > SUBSCRIBERS * 2, "{reconnects}");
    }
}

/// Every object's versions, by the trail.
async fn trail(db: &DatabaseConnection) -> BTreeSet<(String, i64)> {
    // A server finds out where too much is booked as well.
    let entries = audit_event::Entity::find().filter(audit_event::Column::TargetType.ne("Overbooking"));
    let entries = entries.all(db).await.expect("entries");
    entries.into_iter().map(|entry| (entry.target_ref, entry.target_version)).collect()
}

/// Changes projects at random, each change until it is acknowledged.
async fn write(
    writer: usize,
    each: usize,
    mut servers: Servers,
    projects: Vec<String>,
    acknowledged: Arc<watch::Sender<usize>>,
) {
    let token = Process::token(&format!("writer-{writer}"), Role::PmoLead);
    let mut chance = Chance::new(1_000 + writer as u64);
    for number in 0..each {
        let key = request_key((writer * 10_000 + number) as u64);
        let name = format!("Changed by {writer}, {number}");
        let input = json!({ "id": chance.one_of(&projects), "ifVersion": "*", "patch": { "name": name }, "clientMutationKey": key });
        let body = json!({ "query": UPDATE, "variables": { "i": input } });
        servers.done(&mut chance, &token, "projectUpdate", &body).await;
        acknowledged.send_modify(|done| *done += 1);
    }
}

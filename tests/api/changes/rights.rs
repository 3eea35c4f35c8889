//! What a write or a change of rights tells a caller: an upsert, a tombstone, or nothing at all.

use std::collections::BTreeSet;

use chrono::{Days, TimeDelta};
use entity::{outbox_event, person, person_identity, portfolio_item, role_assignment, server_secret};
use foliograph::{auth::Role, clock::Clock, graph::encode_id};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Puller, told, writer};
use crate::{
    permissions::cast::named,
    support::{World, client::Client, facts::item_id},
};

tests! {
    async fn what_becomes_confidential_goes_and_comes_back(world: &World) {
        let project = item(world, "PR-009").await;
        let (mut other, mut manager) = (puller(world, "anna.keller").await, puller(world, "fatima.rahman").await);
        for (confidentiality, kind) in [("CONFIDENTIAL", "TOMBSTONE"), ("NORMAL", "UPSERT")] {
            let mut writer = writer(world).await.by(person_id(world, "anna.keller").await);
            writer.item(project.id, |row| confidentiality.clone_into(&mut row.confidentiality)).await;
            writer.settle().await;
            writer.commit().await;
            world.clock.advance_seconds(6);
            let changes = other.pull(10).await;
            assert_eq!(told(&of(&changes, "PROJECT")), [format!("{kind} {}", item_id(&project))]);
            assert!(told(&changes).iter().all(|line| line.starts_with(kind)), "its links go with it: {changes:#?}");
            let changes = manager.pull(10).await;
            assert_eq!(told(&of(&changes, "PROJECT")), [format!("UPSERT {}", item_id(&project))], "she is named on it");
            assert_eq!(of(&changes, "PROJECT")[0]["causedBy"]["actor"], json!({ "key": "anna.keller" }));
            assert_eq!(of(&changes, "PROJECT")[0]["causedBy"]["mutation"], json!("testWrite"));
        }
    }

    async fn what_leaves_her_portfolio_goes(world: &World) {
        let mut analyst = puller(world, "jonas.weber").await;
        let mine: Vec<_> = items(world).await.into_iter().filter(|i| analyst.copy.contains_key(&item_id(i))).collect();
        let home = mine.iter().find(|i| i.kind == "PORTFOLIO").expect("a portfolio of hers").id;
        let project = mine.iter().find(|i| i.kind == "PROJECT").expect("a project of hers").clone();
        let elsewhere = items(world).await.into_iter().find(|i| i.kind == "PORTFOLIO" && !mine.contains(i)).expect("another").id;
        for (to, kind) in [(elsewhere, "TOMBSTONE"), (home, "UPSERT")] {
            let mut writer = writer(world).await;
            writer.item(project.id, |row| row.parent_id = Some(to)).await;
            writer.settle().await;
            writer.commit().await;
            world.clock.advance_seconds(6);
            assert_eq!(told(&of(&analyst.pull(10).await, "PROJECT")), [format!("{kind} {}", item_id(&project))]);
        }
    }

    async fn what_is_no_longer_active_goes_from_a_sponsor_elsewhere(world: &World) {
        let project = item(world, "PR-013").await;
        let mut sponsor = puller(world, "helen.ashworth").await;
        for (state, kind) in [("ON_HOLD", "TOMBSTONE"), ("ACTIVE", "UPSERT")] {
            let mut writer = writer(world).await;
            writer.item(project.id, |row| state.clone_into(&mut row.state)).await;
            writer.commit().await;
            assert_eq!(told(&sponsor.pull(10).await), [format!("{kind} {}", item_id(&project))]);
        }
    }

    async fn a_sponsor_replaced_far_above_changes_what_is_below_without_an_event(world: &World) {
        let (program, next) = (item(world, "PG-ERP").await, person_id(world, "claire.moreau").await);
        let mut sponsor = puller(world, "helen.ashworth").await;
        let (active, proposed) = (item(world, "PR-001").await, item(world, "PR-004").await);
        assert_ne!(sponsor.copy[&item_id(&active)]["budget"], Value::Null);
        let mut writer = writer(world).await;
        writer.item(program.id, |row| row.sponsor_id = Some(next)).await;
        writer.commit().await;
        world.clock.advance_seconds(6);
        let changes = told(&sponsor.pull(3).await);
        assert!(changes.contains(&format!("UPSERT {}", item_id(&active))), "its budget is masked now: {changes:?}");
        assert_eq!(sponsor.copy[&item_id(&active)]["budget"], Value::Null);
        assert!(changes.contains(&format!("TOMBSTONE {}", item_id(&proposed))), "{changes:?}");
    }

    async fn roles_come_and_end_and_run_out(world: &World) {
        let today = world.clock.today();
        let (person, subject) = without_role(world).await;
        let mut puller = Puller::loaded(world.client_as(&subject, &[]).await).await;
        assert!(puller.copy.is_empty());
        let lead: BTreeSet<String> = Puller::loaded(world.client_as("nobody", &[Role::PmoLead]).await).await.copy.into_keys().collect();
        let id = Uuid::now_v7();
        let mut giving = writer(world).await;
        giving.assign(role(world, id, person, today + Days::new(1)).await).await;
        giving.commit().await;
        world.clock.advance_seconds(6);
        let first = puller.pull(20).await;
        assert!(first.iter().all(|change| change["kind"] == json!("UPSERT")));
        assert!(puller.copy.keys().filter(|key| !key.starts_with("rol_")).all(|key| lead.contains(key)));
        assert!(puller.copy.len() >= lead.len());

        let mut ending = writer(world).await;
        ending.assignment(id, |row| row.valid_to_on = Some(today - Days::new(1))).await;
        ending.commit().await;
        world.clock.advance_seconds(6);
        assert!(puller.pull(20).await.iter().all(|change| change["kind"] == json!("TOMBSTONE")));
        assert!(puller.copy.is_empty());

        // Valid until today, and then it is tomorrow: nothing is written, and all is gone.
        let mut again = writer(world).await;
        again.assignment(id, |row| row.valid_to_on = Some(today)).await;
        again.commit().await;
        world.clock.advance_seconds(6);
        puller.pull(1_000).await;
        assert!(!puller.copy.is_empty());
        world.clock.advance_seconds(86_400);
        puller.client = world.client_as(&subject, &[]).await;
        puller.pull(70).await;
        assert!(puller.copy.is_empty(), "{:?}", puller.copy.keys());
    }

    async fn a_role_that_the_token_lost_takes_its_rows_along(world: &World) {
        let mut puller = Puller::loaded(world.client_as("someone", &[Role::PmoLead, Role::Finance]).await).await;
        puller.client = world.client_as("someone", &[Role::ResourceManager]).await;
        assert!(puller.pull(50).await.iter().filter(|c| c["type"] == json!("PROJECT")).all(|c| c["kind"] == json!("TOMBSTONE")));
        let new = Puller::loaded(puller.client.clone()).await;
        assert_eq!(puller.copy, new.copy);
        puller.client = world.client_as("someone", &[]).await;
        puller.pull(50).await;
        assert!(puller.copy.is_empty());
    }

    async fn rights_that_change_in_the_middle_of_a_page_lose_nothing(world: &World) {
        let start = world.client_as("someone", &[Role::PmoLead]).await;
        let mut puller = Puller::new(start);
        let roles = [&[Role::Finance][..], &[Role::Sponsor], &[Role::Auditor], &[Role::Admin], &[Role::Sponsor]];
        for (step, roles) in roles.into_iter().enumerate() {
            let page = puller.page(40).await.data()["changes"].take();
            page["changes"].as_array().expect("changes").iter().for_each(|change| puller.take(change));
            puller.since = page["watermark"].clone();
            assert_eq!(page["hasMore"], json!(true), "step {step}");
            let mut writer = writer(world).await;
            let state = ["ON_HOLD", "ACTIVE"][step % 2];
            for key in ["PR-001", "PR-009", "PR-013", "PR-014"] {
                writer.item(item(world, key).await.id, |row| state.clone_into(&mut row.state)).await;
            }
            writer.commit().await;
            world.clock.advance_seconds(6);
            puller.client = world.client_as("someone", roles).await;
        }
        puller.pull(40).await;
        assert_eq!(puller.copy, Puller::loaded(puller.client.clone()).await.copy);
    }

    async fn what_she_never_saw_leaves_no_trace(world: &World) {
        // Two servers with the same rows; on one of them much happens that she cannot see.
        let other = World::new(world.kind);
        let mut answers = vec![];
        for (stage, hides) in [(world, false), (&other, true)] {
            let client = stage.client_as("svc", &[Role::Finance]).await;
            let mut since = end(&client).await;
            let mut seen = vec![];
            for key in ["PR-001", "PR-009", "PR-013", "PR-001", "PR-014"] {
                hide(stage, hides).await;
                let mut writer = writer(stage).await;
                writer.item(item(stage, key).await.id, |row| row.name.push('?')).await;
                writer.commit().await;
                hide(stage, hides).await;
            }
            for first in [0, 2, 1, 50, 50] {
                let (page, watermark) = at(&client, since, first).await;
                seen.push((page, watermark.as_str().expect("text").len()));
                since = watermark;
            }
            hide(stage, hides).await;
            let (page, watermark) = at(&client, since, 50).await;
            seen.push((page, watermark.as_str().expect("text").len()));
            answers.push(seen);
        }
        assert_eq!(answers[0], answers[1]);
        assert!(answers[0][1].0.contains("true") && answers[0][5].0.contains("[]"), "{answers:?}");
        other.close().await;
    }

    async fn an_empty_page_does_not_tell_whether_anything_happened(world: &World) {
        let client = world.client_as("svc", &[Role::Finance]).await;
        let since = end(&client).await;
        let (first, second) = (at(&client, since.clone(), 5).await, at(&client, since, 5).await);
        assert_eq!(first.0, second.0);
        assert_ne!(first.1, second.1, "the same watermark as text would tell that nothing happened");
    }

    async fn cursors_of_others_and_of_old_are_refused(world: &World) {
        let client = world.client_as("svc", &[Role::Finance]).await;
        let other = World::new(world.kind);
        // A server with a secret of its own.
        server_secret::Entity::delete_many().exec(&other.database().await.orm).await.expect("no secrets");
        let foreign = at(&other.client_as("svc", &[Role::Finance]).await, Value::Null, 5).await.1;
        other.close().await;
        let row = client.query("{ projects(first: 1) { pageInfo { endCursor } } }").await.at("/data/projects/pageInfo/endCursor");
        let mut garbled = at(&client, Value::Null, 5).await.1.as_str().expect("text").to_owned();
        garbled.replace_range(9..10, if &garbled[9..10] == "A" { "B" } else { "A" });
        for cursor in [foreign, row, json!(garbled), json!("x"), json!("AgAA")] {
            assert_eq!(ask(&client, cursor.clone(), 5).await.error_codes(), ["CURSOR_MISMATCH"], "{cursor}");
        }
        let middle = client.query("{ changes(types: [PROJECT], first: 2) { watermark } }").await.at("/data/changes/watermark");
        assert_eq!(ask(&client, middle, 5).await.error_codes(), ["CURSOR_MISMATCH"], "other types");
        assert_eq!(ask(&client, Value::Null, 1_001).await.error_codes(), ["PAGE_SIZE_TOO_LARGE"]);
        assert_eq!(ask(&client, json!(""), 5).await.error_codes(), [""; 0]);
    }

    async fn what_is_past_its_time_is_removed_and_remembered(world: &World) {
        let client = world.client_as("svc", &[Role::Finance]).await;
        let old = end(&client).await;
        let id = item(world, "PR-001").await.id;
        for days in [0, 80] {
            world.clock.advance_seconds(days * 86_400);
            let mut writer = writer(world).await;
            writer.item(id, |row| row.name.push('?')).await;
            writer.commit().await;
        }
        let events = &world.app().await.events;
        events.sequence_now().await.expect("positions");
        assert_eq!(events.tidy().await.expect("tidied").events, 0);
        let client = world.client_as("svc", &[Role::Finance]).await;
        let young = end(&client).await;
        world.clock.advance_seconds(TimeDelta::days(11).num_seconds());
        assert_eq!(events.tidy().await.expect("tidied").events, 1, "the younger one stays");
        let client = world.client_as("svc", &[Role::Finance]).await;
        assert_eq!(ask(&client, old, 5).await.error_codes(), ["CURSOR_EXPIRED"]);
        assert_eq!(at(&client, young, 5).await.0, r#"{"changes":[],"hasMore":false}"#);
        let kept = outbox_event::Entity::find().all(&world.app().await.database.orm).await.expect("events");
        assert_eq!(kept.iter().map(|e| e.position).collect::<Vec<_>>(), [Some(2)]);
    }
}

const BARE: &str = "query($since: Cursor, $first: Int) { changes(since: $since, first: $first) { watermark hasMore \
    changes { at kind type id version node { id ... on Project { name } } } } }";

async fn ask(client: &Client, since: Value, first: usize) -> crate::support::client::Reply {
    client.query_with(BARE, json!({ "since": since, "first": first })).await
}

/// A page without its watermark, and the watermark.
async fn at(client: &Client, since: Value, first: usize) -> (String, Value) {
    let mut page = ask(client, since, first).await.data()["changes"].take();
    let watermark = page.as_object_mut().expect("a page").remove("watermark").expect("a watermark");
    (page.to_string(), watermark)
}

/// Where all that there is was told.
async fn end(client: &Client) -> Value {
    let mut since = Value::Null;
    loop {
        let (page, watermark) = at(client, since, 1_000).await;
        since = watermark;
        if page.ends_with("\"hasMore\":false}") {
            return since;
        }
    }
}

/// Changes that finance cannot see: of what is confidential, and of roles.
async fn hide(world: &World, hides: bool) {
    if !hides {
        return;
    }
    let restricted = items(world).await.into_iter().find(|i| i.is_restricted && i.kind == "PROJECT").expect("one");
    let role = role_assignment::Entity::find().one(&world.app().await.database.orm).await.expect("read").expect("one");
    let mut writer = writer(world).await;
    writer.item(restricted.id, |row| row.name.push('!')).await;
    writer.assignment(role.id, |_| {}).await;
    let new = portfolio_item::Model { is_restricted: true, ..restricted };
    writer.new_item(&new, &Uuid::now_v7().to_string()).await;
    writer.commit().await;
}

async fn puller(world: &World, subject: &str) -> Puller {
    let roles = if subject == "fatima.rahman" { &[Role::ProjectManager][..] } else { named(subject).roles };
    Puller::loaded(world.client_as(subject, roles).await).await
}

fn of(changes: &[Value], ty: &str) -> Vec<Value> {
    changes.iter().filter(|change| change["type"] == json!(ty)).cloned().collect()
}

async fn items(world: &World) -> Vec<portfolio_item::Model> {
    portfolio_item::Entity::find().all(&world.app().await.database.orm).await.expect("items")
}

async fn item(world: &World, key: &str) -> portfolio_item::Model {
    items(world).await.into_iter().find(|item| item.key == key).unwrap_or_else(|| panic!("no item {key}"))
}

async fn person_id(world: &World, key: &str) -> Uuid {
    let found = person::Entity::find().filter(person::Column::Key.eq(key)).one(&world.app().await.database.orm).await;
    let person = found.expect("read").expect("a person");
    assert!(encode_id("per", person.id).starts_with("per_"));
    person.id
}

/// Somebody who has no role, and the subject of her tokens.
async fn without_role(world: &World) -> (Uuid, String) {
    let db = &world.app().await.database.orm;
    let like =
        person::Entity::find().filter(person::Column::IsActive.eq(true)).one(db).await.expect("read").expect("one");
    let person = person::Model { id: Uuid::now_v7(), key: "without.role".to_owned(), email: None, ..like };
    let row = person.clone().into_active_model().reset_all();
    person::Entity::insert(row).exec_without_returning(db).await.expect("inserted");
    let known = person_identity::Entity::find().one(db).await.expect("read").expect("one");
    let known = person_identity::Model {
        id: Uuid::now_v7(),
        subject: "without.role".to_owned(),
        person_id: person.id,
        ..known
    };
    let known = known.into_active_model().reset_all();
    person_identity::Entity::insert(known).exec_without_returning(db).await.expect("inserted");
    (person.id, "without.role".to_owned())
}

async fn role(world: &World, id: Uuid, person: Uuid, until: chrono::NaiveDate) -> role_assignment::Model {
    let like = role_assignment::Entity::find().one(&world.app().await.database.orm).await.expect("read").expect("one");
    role_assignment::Model {
        id,
        key: "RA-TEST".to_owned(),
        person_id: person,
        role: "PMO_LEAD".to_owned(),
        item_id: None,
        valid_from_on: world.clock.today() - Days::new(9),
        valid_to_on: Some(until),
        approval_limit_amount: None,
        approval_limit_currency: None,
        version: 1,
        ..like
    }
}

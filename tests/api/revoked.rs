//! What ends while a connection is open: roles that end, keys that are revoked, tokens that expire. Whatever carries the
//! subscription, five seconds later nothing more is told than the rights of then allow.

use foliograph::{auth::Role, clock::Clock};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    World, api_keys, event_stream::EventStream, facts::item_id, product, socket::Socket, writer::Writer,
};

const FOLLOW: &str = "subscription { changes(filter: { types: [PROJECT] }) { ... on ChangeEvent { kind id node { ... on Project { name budget { amount } } } } } }";

tests! {
    async fn a_role_that_ends_ends_what_an_open_socket_is_told(world: &World) {
        let (project, assigned) = (item(world, "PR-020").await, subject_with_role(world).await);
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, &assigned.0, &[])).await;
        socket.subscribe("a", FOLLOW, json!({})).await;
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        rename(world, project.id).await;
        let told = &socket.take("a", 1).await[0]["data"]["changes"];
        assert_eq!((&told["kind"], &told["id"]), (&json!("UPSERT"), &json!(item_id(&project))));
        // Her one role ends; the token, which names none, still holds.
        let mut writer = Writer::begin(&world.database().await, &*world.clock).await;
        let yesterday = world.clock.today().pred_opt().expect("a day");
        writer.assignment(assigned.1, |row| row.valid_to_on = Some(yesterday)).await;
        writer.commit().await;
        world.clock.advance_seconds(5);
        rename(world, project.id).await;
        // All that she saw goes, and no change of it is told any more.
        let mut gone = false;
        while !gone {
            let told = &socket.take("a", 1).await[0]["data"]["changes"];
            assert_eq!((&told["kind"], &told["node"]), (&json!("TOMBSTONE"), &Value::Null), "{told}");
            gone = told["id"] == json!(item_id(&project));
        }
    }

    async fn a_socket_without_a_subscription_reads_with_the_rights_of_now(world: &World) {
        let (subject, assignment) = subject_with_role(world).await;
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, &subject, &[])).await;
        let roles = async |socket: &mut Socket, id: &str| {
            socket.subscribe(id, "{ viewer { roles } }", json!({})).await;
            let data = socket.take(id, 1).await.remove(0)["data"]["viewer"]["roles"].take();
            assert_eq!(socket.next().await["type"], json!("complete"));
            data
        };
        assert_eq!(roles(&mut socket, "a").await, json!(["PMO_LEAD"]));
        let mut writer = Writer::begin(&world.database().await, &*world.clock).await;
        writer.assignment(assignment, |row| row.archived_at = Some(world.clock.now())).await;
        writer.commit().await;
        world.clock.advance_seconds(5);
        assert_eq!(roles(&mut socket, "b").await, json!([]));
    }

    async fn an_event_stream_ends_with_its_key(world: &World) {
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let server = world.serve().await;
        let key = api_keys::text("idle").expect("a key");
        let body = json!({ "query": "subscription { changes { __typename } }" });
        let mut events = EventStream::open(server.address, &key, &body, None).await.expect("an answer");
        assert!(events.head.starts_with("HTTP/1.1 200"), "{}", events.head);
        events.until(":\n\n").await.expect("it has begun");
        let input = json!({ "ref": { "key": "idle" }, "ifVersion": "*" });
        let done = lead.query_with("mutation($i: ApiKeyRevokeInput!) { apiKeyRevoke(input: $i) { userErrors { code } } }", json!({ "i": input })).await;
        assert_eq!(done.data()["apiKeyRevoke"]["userErrors"], json!([]));
        world.clock.advance_seconds(5);
        world.app().await.events.wake();
        // The end without a word: who comes back is told why.
        ended(&mut events).await;
        let again = EventStream::open(server.address, &key, &body, None).await.expect("an answer");
        assert!(again.head.starts_with("HTTP/1.1 401"), "{}", again.head);
    }

    async fn an_event_stream_ends_with_its_token_and_goes_on_with_the_next(world: &World) {
        let project = item(world, "PR-020").await;
        let server = world.serve().await;
        let token = || product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let body = json!({ "query": FOLLOW });
        let mut events = EventStream::open(server.address, &token(), &body, None).await.expect("an answer");
        events.until(":\n\n").await.expect("it has begun");
        rename(world, project.id).await;
        let last = events.next().await.expect("an event");
        world.clock.advance_seconds(3_600);
        world.app().await.events.wake();
        ended(&mut events).await;
        rename(world, project.id).await;
        let mut events = EventStream::open(server.address, &token(), &body, Some(&last.id)).await.expect("an answer");
        let next = events.next().await.expect("an event");
        assert_eq!((&next.data["data"]["changes"]["id"], next.id == last.id), (&json!(item_id(&project)), false));
    }
}

/// Waits for the end of the stream, before which nothing more is told.
async fn ended(events: &mut EventStream) {
    let rest = events.until("0\r\n\r\n").await.expect("its last chunk");
    assert!(!rest.contains("event:"), "{rest}");
}

/// Somebody with one role, by an assignment alone: her subject, and the assignment.
pub async fn subject_with_role(world: &World) -> (String, uuid::Uuid) {
    use entity::{person_identity, role_assignment};
    let db = &world.app().await.database.orm;
    let anna = person_identity::Column::Subject.eq("anna.keller");
    let anna = person_identity::Entity::find().filter(anna).one(db).await.expect("read").expect("anna");
    let like = role_assignment::Entity::find().one(db).await.expect("read").expect("one");
    let row = role_assignment::Model {
        id: uuid::Uuid::now_v7(),
        key: "RA-REVOKED".to_owned(),
        person_id: anna.person_id,
        role: "PMO_LEAD".to_owned(),
        item_id: None,
        valid_to_on: None,
        approval_limit_amount: None,
        approval_limit_currency: None,
        archived_at: None,
        version: 1,
        ..like
    };
    // Whatever else she was given ends first.
    let hers = role_assignment::Column::PersonId.eq(anna.person_id);
    for other in role_assignment::Entity::find().filter(hers).all(db).await.expect("read") {
        let mut writer = Writer::begin(&world.database().await, &*world.clock).await;
        writer.assignment(other.id, |row| row.archived_at = Some(world.clock.now())).await;
        writer.commit().await;
    }
    let mut writer = Writer::begin(&world.database().await, &*world.clock).await;
    let id = row.id;
    writer.assign(row).await;
    writer.commit().await;
    (anna.subject, id)
}

async fn item(world: &World, key: &str) -> entity::portfolio_item::Model {
    let of = entity::portfolio_item::Column::Key.eq(key);
    let found = entity::portfolio_item::Entity::find().filter(of).one(&world.app().await.database.orm).await;
    found.expect("read").expect("an item")
}

async fn rename(world: &World, id: uuid::Uuid) {
    let mut writer = Writer::begin(&world.database().await, &*world.clock).await;
    writer.item(id, |row| row.name.push('!')).await;
    writer.commit().await;
}

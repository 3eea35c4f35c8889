//! The whole way from many writers to many subscribers while servers die: every committed change is seen, none twice by
//! cursor, each object's in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
};

use entity::{audit_event, portfolio_item};
use foliograph::{auth::Role, graph::encode_id};
use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::support::{
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
const NOW: &str =
    "query($since: Cursor) { changes(types: [PROJECT], since: $since, first: 1000) { watermark hasMore } }";

/// The servers that are running; a slot is empty while its server is dead.
type Servers = watch::Receiver<Vec<Option<SocketAddr>>>;

tests! {
    async fn every_change_is_seen_once_and_in_order_while_servers_die(world: &World) {
        let db = world.database().await.orm;
        let items = portfolio_item::Entity::find().filter(portfolio_item::Column::Kind.eq("PROJECT")).filter(portfolio_item::Column::IsRestricted.eq(false)).all(&db).await.expect("items");
        let projects: Vec<String> = items.iter().filter(|i| i.archived_at.is_none()).take(PROJECTS).map(|i| encode_id("prj", i.id)).collect();
        assert_eq!(projects.len(), PROJECTS);
        // SQLite has one server; PostgreSQL two that share the stream.
        let (writers, each, count) = match world.kind {
            Kind::Postgres => (64, if settings::is_long() { 60 } else { 8 }, 2),
            Kind::Sqlite => (64, if settings::is_long() { 20 } else { 4 }, 1),
        };
        let mut running = vec![];
        for _ in 0..count {
            running.push(Process::serve(world).await);
        }
        let (places, servers) = watch::channel(running.iter().map(|server| Some(server.address())).collect::<Vec<_>>());
        let mut subscribers = vec![];
        for number in 0..SUBSCRIBERS {
            let token = Process::token(&format!("follower-{number}"), Role::PmoLead);
            let from = now(running[0].address(), &token).await;
            subscribers.push(Subscriber { from, token, chance: Chance::new(number as u64 + 1), servers: servers.clone() });
        }
        let total = writers * each;
        let before = trail(&db).await;
        let acknowledged = Arc::new(watch::Sender::new(0_usize));
        let changes = watch::Sender::new(usize::MAX);
        let following: Vec<_> = subscribers.into_iter().map(|s| tokio::spawn(s.follow(changes.subscribe()))).collect();

        let writing: Vec<_> = (0..writers)
            .map(|writer| tokio::spawn(write(writer, each, servers.clone(), projects.clone(), acknowledged.clone())))
            .collect();
        let mut chance = Chance::new(99);
        let mut progress = acknowledged.subscribe();
        for kill in 1..=KILLS {
            progress.wait_for(|done| *done >= total * kill / (KILLS + 1)).await.expect("writers");
            let at = chance.below(running.len());
            places.send_modify(|all| all[at] = None);
            running[at].kill();
            running[at] = Process::serve(world).await;
            places.send_modify(|all| all[at] = Some(running[at].address()));
        }
        for writer in join_all(writing).await {
            writer.expect("a writer that did not panic");
        }
        assert_eq!(*acknowledged.borrow(), total);

        // What was committed, by the trail; some writes were acknowledged only the second time they were asked for.
        let due: BTreeSet<(String, i64)> = trail(&db).await.difference(&before).cloned().collect();
        assert_eq!(due.len(), total, "each write once, however often it was sent");
        changes.send_replace(due.len());
        let mut reconnects = 0;
        for seen in join_all(following).await {
            let seen = seen.expect("a subscriber that did not panic");
            let cursors: BTreeSet<&str> = seen.events.iter().map(|(cursor, ..)| cursor.as_str()).collect();
            assert_eq!(cursors.len(), seen.events.len(), "no event twice");
            let mut last: BTreeMap<&str, i64> = BTreeMap::new();
            for (_, id, version) in &seen.events {
                let before = last.insert(id, *version);
                assert!(before.is_none_or(|before| before < *version), "{id}: {before:?} then {version}");
            }
            let told: BTreeSet<(String, i64)> = seen.events.into_iter().map(|(_, id, version)| (id, version)).collect();
            assert_eq!(told, due, "every committed change");
            reconnects += seen.connections - 1;
        }
        assert!(reconnects > SUBSCRIBERS * 2, "{reconnects}");
    }
}

/// Every object's versions, by the trail.
async fn trail(db: &DatabaseConnection) -> BTreeSet<(String, i64)> {
    let entries = audit_event::Entity::find().all(db).await.expect("entries");
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
        loop {
            let server = any(&mut servers, &mut chance).await;
            let answer = post(server, &token, &body).await;
            if answer.is_some_and(|answer| answer["data"]["projectUpdate"]["userErrors"] == json!([])) {
                acknowledged.send_modify(|done| *done += 1);
                break;
            }
            // Refused because it is still under way there, or the server died: it is sent again with the same key.
            tokio::task::yield_now().await;
        }
    }
}

/// The answer of a server; none where it is gone before it has answered.
async fn post(server: SocketAddr, token: &str, body: &Value) -> Option<Value> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(server).await.ok()?;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()
}

/// Somebody who follows, and hangs up now and then.
struct Subscriber {
    token: String,
    from: String,
    chance: Chance,
    servers: Servers,
}

/// What she saw.
struct Seen {
    /// Cursor, id and version.
    events: Vec<(String, String, i64)>,
    connections: usize,
}

impl Subscriber {
    /// Follows until there are as many events as there were changes.
    async fn follow(mut self, changes: watch::Receiver<usize>) -> Seen {
        let mut seen = Seen { events: vec![], connections: 0 };
        while seen.events.len() < *changes.borrow() {
            let patience = 1 + self.chance.below(60);
            let server = any(&mut self.servers, &mut self.chance).await;
            self.connected(server, patience, &mut seen, changes.clone()).await;
        }
        seen
    }

    /// One connection; ends when it breaks, when she has enough of it, or when all is seen.
    async fn connected(
        &mut self,
        server: SocketAddr,
        patience: usize,
        seen: &mut Seen,
        mut changes: watch::Receiver<usize>,
    ) -> Option<()> {
        let stream = TcpStream::connect(server).await.ok()?;
        let mut request = format!("ws://{server}/graphql/ws").into_client_request().ok()?;
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().ok()?);
        let (mut socket, _) = client_async(request, stream).await.ok()?;
        let init =
            json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", self.token) } });
        let payload = json!({ "query": FOLLOW, "variables": { "after": self.from } });
        for message in [init, json!({ "id": "1", "type": "subscribe", "payload": payload })] {
            socket.send(Message::text(message.to_string())).await.ok()?;
        }
        seen.connections += 1;
        let enough = seen.events.len() + patience;
        loop {
            let until = enough.min(*changes.borrow_and_update());
            if seen.events.len() >= until {
                return Some(());
            }
            let next = tokio::select! {
                next = socket.next() => next?.ok()?,
                // The end of it all may come while nothing else does.
                _ = changes.changed() => continue,
            };
            let Message::Text(text) = next else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] != json!("next") {
                assert_ne!(message["type"], json!("error"), "{message}");
                continue;
            }
            let event = &message["payload"]["data"]["changes"];
            assert_eq!((&event["__typename"], &event["kind"]), (&json!("ChangeEvent"), &json!("UPSERT")), "{message}");
            let text = |name: &str| event[name].as_str().expect("a text").to_owned();
            self.from = text("cursor");
            seen.events.push((text("cursor"), text("id"), text("version").parse().expect("a number")));
        }
    }
}

/// Where the stream stands now.
async fn now(server: SocketAddr, token: &str) -> String {
    let mut since = Value::Null;
    loop {
        let body = json!({ "query": NOW, "variables": { "since": since } });
        let page = post(server, token, &body).await.expect("answered")["data"]["changes"].take();
        since = page["watermark"].clone();
        if page["hasMore"] == json!(false) {
            return since.as_str().expect("a watermark").to_owned();
        }
    }
}

/// One of the servers that are there, when there is one.
async fn any(servers: &mut Servers, chance: &mut Chance) -> SocketAddr {
    let all = servers.wait_for(|all| all.iter().any(Option::is_some)).await.expect("servers");
    let there: Vec<SocketAddr> = all.iter().copied().flatten().collect();
    *chance.one_of(&there)
}

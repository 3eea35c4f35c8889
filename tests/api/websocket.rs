//! Changes as they happen, over `/graphql/ws`: the protocol and its close codes, and what a subscriber is told.

use std::sync::Arc;

use chrono::Duration;
use entity::portfolio_item;
use foliograph::{
    app::App,
    auth::{Role, token},
    clock::Clock as _,
    config::Config,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    changes::Puller,
    support::{
        World, api_keys, client::Server, facts::item_id, process::Process, product, settings, socket::Socket,
        writer::Writer,
    },
};

const FOLLOW: &str = "subscription($filter: ChangeFilter, $after: Cursor) { changes(filter: $filter, after: $after) { \
    __typename ... on ChangeEvent { cursor kind type id version causedBy { mutation } \
    node { id ... on PortfolioItem { name state budget { amount } } } } \
    ... on StreamReset { reason resumeFrom } } }";

tests! {
    async fn events_arrive_as_they_happen_and_resume_without_gap_or_duplicate(world: &World) {
        let here = here(world, "reader", Role::PmoLead).await;
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let rows = projects(world).await;
        let mut socket = Socket::of(server.address, &token).await;
        socket.subscribe("a", FOLLOW, json!({ "after": here })).await;
        let mut all = vec![];
        for row in &rows[..3] {
            rename(world, &[row.id]).await;
            all.extend(socket.take("a", 1).await);
        }
        for (event, row) in all.iter().zip(&rows) {
            let event = &event["data"]["changes"];
            assert_eq!((&event["kind"], &event["id"]), (&json!("UPSERT"), &json!(item_id(row))));
            assert_eq!(event["node"]["name"], json!(format!("{}!", row.name)));
            assert_eq!(event["causedBy"]["mutation"], json!("testWrite"));
        }
        drop(socket);
        // Nobody listens; then she comes back from the first event.
        rename(world, &[rows[3].id, rows[4].id]).await;
        let mut socket = Socket::of(server.address, &token).await;
        socket.subscribe("b", FOLLOW, json!({ "after": all[0]["data"]["changes"]["cursor"] })).await;
        let mut events = socket.take("b", 4).await;
        rename(world, &[rows[5].id]).await;
        events.extend(socket.take("b", 1).await);
        let ids: Vec<Value> = events.iter().map(|e| e["data"]["changes"]["id"].clone()).collect();
        let last = events[4]["data"]["changes"]["cursor"].clone();
        assert_eq!(ids, rows[1..6].iter().map(|row| json!(item_id(row))).collect::<Vec<_>>());
        // A filter by id, and the end of one operation beside another.
        socket.send(json!({ "id": "b", "type": "complete" })).await;
        socket.subscribe("c", FOLLOW, json!({ "filter": { "types": ["PROJECT"], "ids": [item_id(&rows[7])] }, "after": last })).await;
        rename(world, &[rows[6].id, rows[7].id]).await;
        assert_eq!(socket.take("c", 1).await[0]["data"]["changes"]["id"], json!(item_id(&rows[7])));
        assert_eq!(socket.settle().await, [Value::Null; 0]);
    }

    async fn without_a_cursor_it_begins_now(world: &World) {
        let server = world.serve().await;
        let rows = projects(world).await;
        rename(world, &[rows[0].id]).await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        socket.subscribe("a", FOLLOW, json!({})).await;
        // Whatever comes first is of the time after; when it begins, the client cannot know.
        loop {
            rename(world, &[rows[1].id]).await;
            if let Some(event) = socket.settle().await.first() {
                assert_eq!(event["payload"]["data"]["changes"]["id"], json!(item_id(&rows[1])));
                break;
            }
        }
    }

    async fn what_is_hidden_arrives_as_a_tombstone_and_what_never_showed_not_at_all(world: &World) {
        let here = here(world, "reader", Role::Finance).await;
        let server = world.serve().await;
        let rows = projects(world).await;
        let hidden = all_projects(world).await.into_iter().find(|row| row.is_restricted).expect("one");
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::Finance])).await;
        socket.subscribe("a", FOLLOW, json!({ "filter": { "types": ["PROJECT"] }, "after": here })).await;
        rename(world, &[hidden.id]).await;
        write(world, rows[0].id, |row| "CONFIDENTIAL".clone_into(&mut row.confidentiality)).await;
        let event = &socket.take("a", 1).await[0]["data"]["changes"];
        assert_eq!((&event["kind"], &event["id"], &event["node"]), (&json!("TOMBSTONE"), &json!(item_id(&rows[0])), &Value::Null));
    }

    async fn rights_that_change_are_told_without_an_event(world: &World) {
        let here = here(world, "helen.ashworth", Role::Sponsor).await;
        let server = world.serve().await;
        let program = all(world).await.into_iter().find(|row| row.key == "PG-ERP").expect("a program");
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "helen.ashworth", &[Role::Sponsor])).await;
        socket.subscribe("a", FOLLOW, json!({ "filter": { "types": ["PROJECT"] }, "after": here })).await;
        write(world, program.id, |row| row.sponsor_id = None).await;
        world.clock.advance_seconds(6);
        world.app().await.events.wake();
        let first = &socket.take("a", 1).await[0]["data"]["changes"];
        assert_eq!((&first["type"], &first["causedBy"]), (&json!("PROJECT"), &Value::Null));
    }

    async fn a_cursor_from_too_long_ago_is_a_reset_and_then_live(world: &World) {
        let rows = projects(world).await;
        let client = world.client_as("reader", &[Role::PmoLead]).await;
        let old = client.query("{ changes(first: 1000) { watermark } }").await.at("/data/changes/watermark");
        rename(world, &[rows[0].id]).await;
        world.clock.advance_seconds(Duration::days(8).num_seconds());
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        socket.subscribe("a", FOLLOW, json!({ "after": old })).await;
        let reset = socket.take("a", 1).await[0]["data"]["changes"].clone();
        assert_eq!((&reset["__typename"], &reset["reason"]), (&json!("StreamReset"), &json!("RETENTION")));
        rename(world, &[rows[1].id]).await;
        assert_eq!(socket.take("a", 1).await[0]["data"]["changes"]["id"], json!(item_id(&rows[1])));
        // Where it said that it goes on, it does.
        socket.subscribe("b", FOLLOW, json!({ "after": reset["resumeFrom"] })).await;
        assert_eq!(socket.take("b", 1).await[0]["data"]["changes"]["id"], json!(item_id(&rows[1])));
    }

    async fn an_open_socket_ends_with_its_token(world: &World) {
        let here = here(world, "reader", Role::PmoLead).await;
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        socket.subscribe("a", FOLLOW, json!({ "after": here })).await;
        world.clock.advance_seconds(3_600);
        world.app().await.events.wake();
        assert_eq!(socket.closed().await, (4403, "token expired".to_owned()));
        let mut late = Socket::open(server.address, "graphql-transport-ws", None).await.expect("opened");
        let expired = token::mint(&product::local_key(), world.clock.now() - Duration::hours(2), "reader", &[Role::PmoLead], Duration::hours(1));
        late.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", expired.expect("a token")) } })).await;
        assert_eq!(late.closed().await.0, 4403);
    }

    async fn an_open_socket_ends_with_its_key(world: &World) {
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let server = world.serve().await;
        for (name, ends) in [("sync-operations", "apiKeyRevoke"), ("day-one", "apiKeyRotate")] {
            let mut socket = Socket::of(server.address, &api_keys::text(name).expect("a key")).await;
            socket.subscribe("a", FOLLOW, json!({})).await;
            assert_eq!(socket.settle().await, [Value::Null; 0]);
            // Whoever ends a key may not hand out what it is granted; an office lead sees neither secret item.
            let key = json!({ "ref": { "key": name }, "ifVersion": "*" });
            if ends == "apiKeyRevoke" {
                let done = lead.query_with(&format!("mutation($input: {}Input!) {{ {ends}(input: $input) {{ userErrors {{ code }} }} }}", "ApiKeyRevoke"), json!({ "input": key })).await;
                assert_eq!(done.data()[ends]["userErrors"], json!([]));
            } else {
                let of = entity::api_key::Column::Key.eq(name);
                let hash = sea_orm::sea_query::Expr::value(vec![7_u8; 32]);
                let change = entity::api_key::Entity::update_many().col_expr(entity::api_key::Column::SecretHash, hash);
                change.filter(of).exec(&world.app().await.database.orm).await.expect("rotated");
            }
            world.clock.advance_seconds(5);
            world.app().await.events.wake();
            assert_eq!(socket.closed().await, (4403, "credential revoked".to_owned()), "{name}");
            let mut late = Socket::open(server.address, "graphql-transport-ws", None).await.expect("opened");
            let authorization = format!("Bearer {}", api_keys::text(name).expect("a key"));
            late.send(json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
            assert_eq!(late.closed().await.0, 4401, "{name}");
        }
    }

    async fn the_demo_changed_by_its_managers_is_seen_by_a_sponsor_as_far_as_she_may(world: &World) {
        let process = Process::serve(world).await;
        let helen = Process::token("helen.ashworth", Role::Sponsor);
        let mut socket = Socket::of(process.address(), &helen).await;
        let mut begun = json!({ "data": { "changes": { "watermark": null, "hasMore": true } } });
        while begun["data"]["changes"]["hasMore"] == true {
            let query = "query($since: Cursor) { changes(since: $since, first: 1000) { watermark hasMore } }";
            let variables = json!({ "since": begun["data"]["changes"]["watermark"] });
            begun = process.post(&helen, &json!({ "query": query, "variables": variables }).to_string()).json();
        }
        assert_eq!(begun["data"]["changes"]["hasMore"], json!(false));
        socket.subscribe("a", FOLLOW, json!({ "after": begun["data"]["changes"]["watermark"] })).await;
        // Hers by its program; nothing of hers, but active; confidential; hers again, to end with.
        for (manager, key) in [("marc.dubois", "PR-001"), ("sofia.rossi", "PR-035"), ("marc.dubois", "PR-048"), ("marc.dubois", "PR-002")] {
            let token = Process::token(manager, Role::ProjectManager);
            let document = "mutation($input: ProjectUpdateInput!) { projectUpdate(input: $input) { project { name budget { amount } } userErrors { code path } } }";
            let input = json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "name": format!("{key} live"), "forecastFinishOn": "2027-06-30" } });
            let done = process.post(&token, &json!({ "query": document, "variables": { "input": input } }).to_string()).json();
            assert_eq!(done["data"]["projectUpdate"]["userErrors"], json!([]), "{done}");
            assert_ne!(done["data"]["projectUpdate"]["project"]["budget"], Value::Null, "her manager sees it");
        }
        let told = socket.take("a", 3).await;
        let seen: Vec<_> = told.iter().map(|told| &told["data"]["changes"]["node"]).map(|node| (node["name"].as_str(), node["budget"]["amount"].as_str())).collect();
        assert_eq!(seen, [(Some("PR-001 live"), Some("5200000")), (Some("PR-035 live"), None), (Some("PR-002 live"), Some("2400000"))]);
        assert_eq!(told[1]["extensions"]["access"][0]["reason"], json!("ROW"), "{:#}", told[1]);
        assert_eq!(socket.settle().await, [Value::Null; 0]);
        drop(socket);
        process.stop();
    }

    async fn the_protocol_is_kept_or_the_socket_closed(world: &World) {
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });
        let subscribe = json!({ "id": "a", "type": "subscribe", "payload": { "query": FOLLOW } });
        for (before, messages, code) in [
            (false, vec![json!({ "type": "connection_init" })], 4401),
            (false, vec![json!({ "type": "connection_init", "payload": { "authorization": "Bearer x" } })], 4401),
            (false, vec![subscribe.clone()], 4401),
            (false, vec![json!({ "type": "start" })], 4400),
            (false, vec![json!([])], 4400),
            (true, vec![json!({ "type": "subscribe", "payload": { "query": FOLLOW } })], 4400),
            (true, vec![json!({ "id": "a", "type": "subscribe", "payload": { "query": 7 } })], 4400),
            (true, vec![json!({ "id": "x".repeat(70_000), "type": "complete" })], 1009),
            (true, vec![init.clone()], 4429),
            (true, vec![subscribe.clone(), subscribe.clone()], 4409),
        ] {
            let mut socket = if before {
                Socket::of(server.address, &token).await
            } else {
                Socket::open(server.address, "graphql-transport-ws", None).await.expect("opened")
            };
            for message in &messages {
                socket.send(message.clone()).await;
            }
            assert_eq!(socket.closed().await.0, code, "{messages:?}");
        }
        assert_eq!(Socket::open(server.address, "graphql-ws", None).await.err(), Some(400));
        assert_eq!(world.client().await.get("/graphql/ws").await.error_codes(), ["BAD_REQUEST"]);
    }

    async fn queries_are_answered_once_and_mistakes_are_errors(world: &World) {
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        socket.subscribe("q", "{ viewer { subject } }", json!({})).await;
        assert_eq!(socket.take("q", 1).await, [json!({ "data": { "viewer": { "subject": "reader" } } })]);
        assert_eq!(socket.next().await, json!({ "id": "q", "type": "complete" }));
        for (document, code) in [
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { changes { __typename } more: changes { __typename } }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { changes(after: \"x\") { __typename } }", "CURSOR_MISMATCH"),
            ("subscription { changes(filter: { ids: [\"x\"] }) { __typename } }", "INVALID_ID"),
        ] {
            socket.subscribe("e", document, json!({})).await;
            let message = socket.next().await;
            assert_eq!((&message["type"], &message["payload"][0]["extensions"]["code"]), (&json!("error"), &json!(code)), "{message:#}");
        }
        let posted = world.reader().await.query("subscription { changes { __typename } }").await;
        assert_eq!(posted.error_codes(), ["BAD_REQUEST"]);
    }

    async fn each_request_of_a_socket_has_an_id_of_its_own(world: &World) {
        let server = world.serve().await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "anna.keller", &[Role::PmoLead])).await;
        let document = "mutation($p: String!) { projectUpdate(input: {ref: {key: \"PR-001\"}, ifVersion: \"*\", patch: {phase: $p}}) { userErrors { code } } }";
        for phase in ["One", "Two"] {
            socket.subscribe(phase, document, json!({ "p": phase })).await;
            assert_eq!(socket.take(phase, 1).await[0]["data"]["projectUpdate"]["userErrors"], json!([]));
            assert_eq!(socket.next().await["type"], "complete");
        }
        let trail = world.client_as("anna.keller", &[Role::PmoLead]).await.query("{ auditTrail(filter: {mutation: {eq: \"projectUpdate\"}}) { nodes { requestId } } }").await.data();
        let last_two = trail["auditTrail"]["nodes"].as_array().expect("entries").iter().rev().take(2).map(|e| &e["requestId"]).collect::<Vec<_>>();
        assert_ne!(last_two[0], last_two[1]);
    }

    async fn sockets_and_operations_are_counted(world: &World) {
        let server = world.serve().await;
        let token = product::token(&*world.clock, "reader", &[Role::PmoLead]);
        let mut sockets = vec![];
        for _ in 0..10 {
            sockets.push(Socket::of(server.address, &token).await);
        }
        let mut more = Socket::open(server.address, "graphql-transport-ws", None).await.expect("opened");
        more.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })).await;
        assert_eq!(more.closed().await, (4429, "too many sockets".to_owned()));
        Socket::of(server.address, &product::token(&*world.clock, "another", &[])).await;
        let socket = &mut sockets[0];
        for number in 0..51 {
            socket.subscribe(&format!("s{number}"), FOLLOW, json!({})).await;
        }
        let refused = socket.next().await;
        assert_eq!((&refused["id"], &refused["payload"][0]["extensions"]["code"]), (&json!("s50"), &json!("RATE_LIMITED")));
    }

    async fn pages_of_other_origins_open_no_socket(world: &World) {
        let config = Config { cors_origins: vec!["https://portal.example.com".to_owned()], ..product::settings(world.url().await) };
        let app: Arc<App> = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
        let server = Server::start(app.router()).await;
        let own = format!("http://{}", server.address);
        for (origin, due) in [("https://portal.example.com", None), (own.as_str(), None), ("https://evil.example.com", Some(403)), ("null", Some(403))] {
            assert_eq!(Socket::open(server.address, "graphql-transport-ws", Some(origin)).await.err(), due, "{origin}");
        }
    }

    async fn a_slow_reader_misses_nothing(world: &World) {
        let here = here(world, "reader", Role::PmoLead).await;
        let server = world.serve().await;
        let rows = projects(world).await;
        let mut socket = Socket::of(server.address, &product::token(&*world.clock, "reader", &[Role::PmoLead])).await;
        socket.subscribe("a", FOLLOW, json!({ "after": here })).await;
        // Far more than sockets and queues hold, while she reads nothing; each object's versions then come in order.
        let mut due = vec![];
        for round in 0..60 {
            let row = &rows[round % 5];
            let version = write(world, row.id, |row| row.description = Some("x".repeat(20_000))).await;
            due.push((item_id(row), version));
        }
        let last = due.iter().rev().take(5).cloned().collect::<std::collections::BTreeMap<_, _>>();
        let mut seen = std::collections::BTreeMap::<String, i64>::new();
        while seen != last {
            let event = socket.take("a", 1).await[0]["data"]["changes"].clone();
            let version = event["version"].as_str().and_then(|v| v.parse().ok()).expect("a version");
            let before = seen.insert(event["id"].as_str().expect("an id").to_owned(), version);
            assert!(before.is_none_or(|before| before <= version), "versions never go back");
        }
    }

    async fn equal_subscribers_share_the_work_and_are_told_the_same(world: &World) {
        let here = here(world, "reader", Role::PmoLead).await;
        let server = world.serve().await;
        let rows = projects(world).await;
        let mut sockets = vec![];
        for number in 0..20 {
            // Other people, the same rights; one of them masks money.
            let role = if number == 19 { Role::ProjectManager } else { Role::PmoLead };
            let mut socket = Socket::of(server.address, &product::token(&*world.clock, &format!("reader-{number}"), &[role])).await;
            socket.subscribe("a", FOLLOW, json!({ "after": here, "filter": { "types": ["PROJECT"] } })).await;
            sockets.push(socket);
        }
        rename(world, &[rows[0].id, rows[1].id]).await;
        let mut told = vec![];
        for socket in &mut sockets[..19] {
            told.push(socket.take("a", 2).await);
        }
        assert!(told.iter().all(|events| *events == told[0]), "{told:#?}");
        assert_ne!(told[0][0]["data"]["changes"]["node"]["budget"], Value::Null);
        // Her view is another: what she may see of the rows is told first, and none of it with money.
        let other = sockets[19].take("a", 2).await;
        assert!(other.iter().all(|event| event["data"]["changes"]["node"]["budget"] == Value::Null), "{other:#?}");
    }

    async fn a_thousand_subscribers_are_small(world: &World) {
        let (warm, count) = (100, if settings::is_long() { 1_000 } else { 200 });
        // What is derived, and what all sockets share, grows with use and not with sockets: it is there before they count.
        let process = Process::serve_underived(world).await;
        let (mut sockets, mut before) = (vec![], 0);
        for number in 0..warm + count {
            if number == warm {
                before = process.memory();
            }
            let mut socket = Socket::of(process.address(), &Process::token(&format!("reader-{number}"), Role::PmoLead)).await;
            socket.subscribe("a", FOLLOW, json!({})).await;
            socket.settle().await;
            sockets.push(socket);
        }
        let each = (process.memory() - before) / count;
        println!("{} each of {count} subscribers: {each} KiB", world.kind.name());
        // The test's own build; what the released one takes is in the README.
        assert!(each < 100, "{each} KiB for a socket with a subscription");
    }

    async fn a_stop_closes_sockets(world: &World) {
        let process = Process::serve(world).await;
        let mut socket = Socket::of(process.address(), &Process::token("reader", Role::PmoLead)).await;
        process.terminate();
        assert_eq!(socket.closed().await, (1001, "going away".to_owned()));
        drop(socket);
        assert_eq!(process.finish().code, Some(0));
    }
}

/// Where whoever has everything is now: from there nothing is missed, however late a subscription begins.
async fn here(world: &World, subject: &str, role: Role) -> Value {
    Puller::loaded(world.client_as(subject, &[role]).await).await.since
}

async fn all(world: &World) -> Vec<portfolio_item::Model> {
    let db = &world.app().await.database.orm;
    portfolio_item::Entity::find().order_by_asc(portfolio_item::Column::Id).all(db).await.expect("items")
}

async fn all_projects(world: &World) -> Vec<portfolio_item::Model> {
    all(world).await.into_iter().filter(|row| row.kind == "PROJECT").collect()
}

async fn projects(world: &World) -> Vec<portfolio_item::Model> {
    let db = &world.app().await.database.orm;
    let open = portfolio_item::Entity::find().filter(portfolio_item::Column::IsRestricted.eq(false));
    let rows = open.order_by_asc(portfolio_item::Column::Id).all(db).await.expect("items");
    rows.into_iter().filter(|row| row.kind == "PROJECT").collect()
}

async fn write(world: &World, id: Uuid, change: impl FnOnce(&mut portfolio_item::Model)) -> i64 {
    let app = world.app().await;
    let mut writer = Writer::begin(&app.database, &*world.clock).await;
    let version = writer.item(id, change).await;
    writer.commit().await;
    app.events.sequence_now().await.expect("positions");
    version
}

async fn rename(world: &World, ids: &[Uuid]) {
    let app = world.app().await;
    let mut writer = Writer::begin(&app.database, &*world.clock).await;
    for id in ids {
        writer.item(*id, |row| row.name.push('!')).await;
    }
    writer.commit().await;
    app.events.sequence_now().await.expect("positions");
}

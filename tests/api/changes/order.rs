//! Positions: contiguous, committed in order, an object's events by version, a transaction's events together.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use entity::{outbox_event, portfolio_item};
use foliograph::{clock::SystemClock, config::Toggle, graph::Database};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Puller;
use crate::support::{product, world::Kind, writer::Writer};

const WRITERS: u64 = 64;
const WRITES: u64 = 6;

tests! {
    async fn many_writers_and_two_sequencers_keep_the_order(world: &World) {
        let url = world.url().await;
        let writers = Database::connect(url, 24, Duration::from_mins(1)).await.expect("connected");
        let apps = [product::app(url, Arc::clone(&world.clock)).await, product::app(url, Arc::clone(&world.clock)).await];
        let rows = portfolio_item::Entity::find().order_by_asc(portfolio_item::Column::Id).all(&writers.orm).await.expect("items");
        let shared: Arc<[Uuid]> = rows.iter().take(7).map(|row| row.id).collect();
        let done = Arc::new(AtomicBool::new(false));
        let sequencers = apps.iter().map(|app| {
            let (app, done) = (app.clone(), done.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    app.events.sequence_now().await.expect("positions");
                    tokio::task::yield_now().await;
                }
            })
        }).collect::<Vec<_>>();
        let readers = (0..3).map(|_| {
            let (db, done) = (apps[0].database.clone(), done.clone());
            tokio::spawn(async move {
                let mut last = 0;
                while !done.load(Ordering::SeqCst) {
                    for event in after(&db, last).await {
                        assert_eq!(event.position, Some(last + 1), "nothing is met below what was passed, and nothing left out");
                        last += 1;
                    }
                    tokio::task::yield_now().await;
                }
            })
        }).collect::<Vec<_>>();
        let writing = (0..WRITERS).map(|number| {
            let (db, shared) = (writers.clone(), shared.clone());
            tokio::spawn(async move {
                for round in 0..WRITES {
                    let mut writer = Writer::begin(&db, &SystemClock).await;
                    // Two of the shared rows, in the order of their ids, so that no two writers wait for each other.
                    let (a, b) = (usize::try_from((number * 5 + round * 3) % 7).expect("small"), usize::try_from((number + round) % 7).expect("small"));
                    for at in [a.min(b), a.max(b)].into_iter().take(if a == b { 1 } else { 2 }) {
                        writer.item(shared[at], |row| row.priority = Some(1)).await;
                    }
                    for _ in 0..(number * 7 + round) % 13 {
                        tokio::task::yield_now().await;
                    }
                    writer.commit().await;
                }
            })
        });
        for written in join_all(writing).await {
            written.expect("written");
        }
        done.store(true, Ordering::SeqCst);
        for ended in join_all(sequencers.into_iter().chain(readers)).await {
            ended.expect("ended well");
        }
        apps[1].events.sequence_now().await.expect("positions");

        let events = after(&writers, 0).await;
        let all = outbox_event::Entity::find().all(&writers.orm).await.expect("events").len();
        assert_eq!(events.len(), all, "every event has a position");
        let transactions: usize = usize::try_from(WRITERS * WRITES).expect("small");
        let mut versions: HashMap<Uuid, i64> = rows.iter().map(|row| (row.id, row.version)).collect();
        let (mut seen, mut runs) = (std::collections::HashSet::new(), 0);
        for (at, event) in events.iter().enumerate() {
            assert_eq!(event.position, i64::try_from(at + 1).ok());
            let version = versions.get_mut(&event.target_id).expect("a shared row");
            assert_eq!(event.version, *version + 1, "versions of an object come one after the other");
            *version += 1;
            if at == 0 || events[at - 1].transaction_id != event.transaction_id {
                runs += 1;
                assert!(seen.insert(event.transaction_id), "a transaction's events are together");
            }
        }
        assert_eq!((runs, seen.len()), (transactions, transactions));
        writers.close().await;
    }

    async fn who_stays_open_long_keeps_nobody_waiting(world: &World) {
        if world.kind == Kind::Sqlite {
            // One writer at a time: nobody else can write meanwhile.
            return;
        }
        let app = world.app().await;
        let rows = portfolio_item::Entity::find().all(&app.database.orm).await.expect("items");
        let mut slow = Writer::begin(&app.database, &*world.clock).await;
        slow.item(rows[0].id, |row| row.priority = Some(1)).await;
        slow.draw().await;
        let mut quick = Writer::begin(&app.database, &*world.clock).await;
        quick.item(rows[1].id, |row| row.priority = Some(1)).await;
        quick.commit().await;
        assert_eq!(app.events.sequence_now().await.expect("positions"), 1);
        slow.commit().await;
        assert_eq!(app.events.sequence_now().await.expect("positions"), 2);
        let objects: Vec<_> = after(&app.database, 0).await.iter().map(|event| event.target_id).collect();
        assert_eq!(objects, [rows[1].id, rows[0].id], "the lower seq came later, behind what readers had passed");
    }

    async fn looking_again_is_enough_without_notices(world: &World) {
        let config = foliograph::config::Config { notify: Toggle::Off, ..product::settings(world.url().await) };
        let quiet = product::open(config, Arc::clone(&world.clock)).await.expect("the product");
        let mut head = quiet.events.head();
        let app = world.app().await;
        let row = portfolio_item::Entity::find().one(&app.database.orm).await.expect("read").expect("an item");
        let mut writer = Writer::begin(&app.database, &*world.clock).await;
        writer.item(row.id, |row| row.priority = Some(1)).await;
        writer.commit().await;
        // Nobody says a word; the runner's limit ends this where nothing comes.
        head.wait_for(|head| *head == 1).await.expect("the background looks");
    }

    async fn processes_on_one_database_serve_the_same_stream(world: &World) {
        let client = world.reader().await;
        let second = product::app(world.url().await, Arc::clone(&world.clock)).await;
        let mut puller = Puller::loaded(client).await;
        let there = crate::support::client::Client::new(second.router());
        puller.client = there.bearer(&product::token(&*world.clock, "reader", &[foliograph::auth::Role::PmoLead]));
        let row = portfolio_item::Entity::find().filter(portfolio_item::Column::IsRestricted.eq(false)).one(&second.database.orm).await.expect("read").expect("one");
        let mut writer = Writer::begin(&world.app().await.database, &*world.clock).await;
        writer.item(row.id, |row| row.priority = Some(1)).await;
        writer.commit().await;
        world.app().await.events.sequence_now().await.expect("positions");
        assert_eq!(puller.pull(10).await.len(), 1, "the watermark of one process, the event of the other");
    }
}

async fn after(db: &Database, position: i64) -> Vec<outbox_event::Model> {
    outbox_event::Entity::find()
        .filter(outbox_event::Column::Position.gt(position))
        .order_by_asc(outbox_event::Column::Position)
        .all(&db.orm)
        .await
        .expect("events")
}

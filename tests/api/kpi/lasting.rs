//! What was found out lasts until something is written, for whoever has the same rights on the same rows.

use foliograph::{auth::Role, graph::Use};
use serde_json::{Value, json};

use super::{derive, done, exact, finance, post, score};
use crate::support::{
    World,
    client::{Client, Reply},
    writes::{begin, sql},
};

/// The score of two projects, with what it is called.
const SCORES: &str = "{ projects(first: 60, orderBy: [{ key: { direction: ASC } }], filter: { key: { in: [\"PR-020\", \"PR-038\"] } }) { nodes { key kpis(keys: [\"SCORE\"]) { kpi { name } value } } } }";

async fn uses(world: &World) -> Use {
    world.app().await.engine.kept().answers
}

/// What a client is told, and how many answers were kept already and made for it.
async fn asked(world: &World, client: &Client, document: &str) -> (Reply, [u64; 2]) {
    let before = uses(world).await;
    let reply = client.query(document).await;
    let after = uses(world).await;
    (reply, [after.hits - before.hits, after.misses - before.misses])
}

fn values(reply: &Reply) -> Vec<Value> {
    let rows = reply.data()["projects"]["nodes"].clone();
    rows.as_array().expect("projects").iter().map(|row| row["kpis"][0]["value"].clone()).collect()
}

tests! {
    async fn figures_are_found_out_once_until_something_is_written(world: &World) {
        let (db, lead) = begin(world).await;
        score(&lead).await;
        post(&lead, "PR-020", "3").await;
        derive(world).await;
        let (first, made) = asked(world, &lead, SCORES).await;
        assert_eq!((values(&first), made), (vec![json!("3"), Value::Null], [0, 1]));
        // Other databases of the same server write meanwhile, which PostgreSQL's name tells too.
        let mut kept = 0;
        for _ in 0..200 {
            let (again, [hits, misses]) = asked(world, &lead, SCORES).await;
            assert_eq!((again.data(), hits + misses), (first.data(), 1));
            kept += hits;
            if kept == 3 {
                break;
            }
        }
        assert_eq!(kept, 3, "the same, from what was kept");
        // It costs as much as ever.
        let reporting = lead.header("graphql-cost", "report");
        let kept = reporting.query(SCORES).await.at("/extensions/cost/actual");
        sql(&db, "UPDATE person SET version = version + 1 WHERE key = 'karin.baumann'").await;
        assert_eq!(reporting.query(SCORES).await.at("/extensions/cost/actual"), kept);
        // Whatever is written, by whom ever and of what ever, it is found out again.
        post(&lead, "PR-020", "4").await;
        let (changed, made) = asked(world, &lead, SCORES).await;
        assert_eq!((values(&changed), made), (vec![json!("4"), Value::Null], [0, 1]));
        done(&lead, "kpiDefinitionUpdate", json!({ "ref": { "key": "SCORE" }, "ifVersion": "*", "patch": { "name": "Points" } })).await;
        let (renamed, made) = asked(world, &lead, SCORES).await;
        assert_eq!((renamed.at("/data/projects/nodes/0/kpis/0/kpi/name"), made), (json!("Points"), [0, 1]));
        sql(&db, "UPDATE kpi_definition SET name = 'Past the product' WHERE key = 'SCORE'").await;
        let (past, made) = asked(world, &lead, SCORES).await;
        assert_eq!((past.at("/data/projects/nodes/0/kpis/0/kpi/name"), made), (json!("Past the product"), [0, 1]));
        exact(&lead).await;
    }

    async fn nobody_is_told_what_was_found_out_for_another(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        post(&lead, "PR-020", "3").await;
        let others = [finance(world).await, world.client_as("anna.keller", &[Role::ProjectManager]).await, world.client_as("nobody.special", &[Role::ResourceManager]).await];
        let all = "{ projects(first: 100) { nodes { key kpis(keys: [\"EV_BAC\", \"EV_AC\", \"SCORE\"]) { value basis coverage { included excludedNoAccess } } } } }";
        let mut alone = vec![];
        for client in &others {
            alone.push((client.query(all).await.json(), client.query(SCORES).await.json()));
        }
        // The lead, who reads all, asks first and in between.
        for (client, (of_all, of_scores)) in others.iter().zip(alone) {
            lead.query(all).await;
            lead.query(SCORES).await;
            let same = |reply: &Reply, before: &Value| {
                assert_eq!(reply.data(), before["data"]);
                assert_eq!(reply.json()["extensions"]["access"], before["extensions"]["access"]);
            };
            same(&client.query(all).await, &of_all);
            same(&client.query(SCORES).await, &of_scores);
        }
    }

    async fn who_asks_at_the_same_moment_waits_for_one(world: &World) {
        let (_, lead) = begin(world).await;
        score(&lead).await;
        post(&lead, "PR-020", "3").await;
        derive(world).await;
        let before = uses(world).await;
        let mut after = before;
        // Other databases of the same server write meanwhile, and SQLite names what it holds for each connection.
        for round in 1..=50 {
            let replies = futures_util::future::join_all((0..8).map(|_| lead.query(SCORES))).await;
            assert!(replies.iter().all(|reply| values(reply) == vec![json!("3"), Value::Null]));
            after = uses(world).await;
            assert_eq!(after.hits - before.hits + after.misses - before.misses, 8 * round);
            if after.hits > before.hits {
                break;
            }
        }
        assert!(after.hits > before.hits, "{before:?} {after:?}");
    }
}

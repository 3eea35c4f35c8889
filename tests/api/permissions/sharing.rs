//! Plans are shared between callers of equal rights, and nothing else is: one document asked by many in turn gives each
//! her own answer, and a change of rights or rows takes effect when it should.

use entity::{external_link, person, portfolio_item, role_assignment};
use foliograph::auth::Role;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cast::{CAST, Who, answered, named},
    expected::Rows,
    scope::ids,
};
use crate::support::{client::Client, product};

/// How long what is known of a caller may be used before it is read again.
const FRESH_SECONDS: i64 = 5;

/// Documents that touch all that rights decide: columns, rows, figures, links, orders and conditions.
const DOCUMENTS: &[&str] = &[
    "{ projects(first: 1000, orderBy: [{budget: {direction: DESC}}]) { nodes { key budget { amount } parent { key } externalLinks { totalCount } viewerAccess { canWrite reason } } totalCount aggregate { sum { budget { amount currency } } } } }",
    "query($a: [Int!], $id: ID!) { projects(filter: {priority: {in: $a}, not: {budget: {isNull: true}}}) { nodes { key budget { currency } } } node(id: $id) { id } }",
    "{ portfolioItems(first: 1000) { groups(by: [{field: PORTFOLIO}]) { key { portfolio { key } } count coverage { budget { included excludedNoAccess } } } edges { cursor node { key } } } externalLinks { totalCount } roleAssignments { totalCount } viewer { subject roles permissions { permission scopes } person { key } } }",
];

tests! {
    async fn callers_in_turn_get_each_her_own_answer(world: &World) {
        let rows = Rows::load(world).await;
        let hidden = super::expected::Row::Item(rows.item_by_key("PR-048")).wire_id();
        let variables = json!({ "a": [1, 2], "id": hidden });
        let turns: Vec<Who> = ["anna.keller", "marc.dubois", "lena.schmid", "helen.ashworth", "jonas.weber", "walter.zimmermann", "tom.fischer", "stefan.brunner"].map(named).to_vec();
        for document in DOCUMENTS {
            let mut own = vec![];
            for who in &turns {
                // A server that nobody else has asked anything.
                let router = product::app(world.url().await, world.clock.clone()).await.router();
                let token = product::token(&*world.clock, who.subject, who.roles);
                let reply = Client::new(router).bearer(&token).header("x-request-id", "turn").query_with(document, variables.clone()).await;
                own.push((reply.status, reply.text().to_owned()));
            }
            assert!(own.iter().collect::<std::collections::HashSet<_>>().len() >= 4, "{document} gives all the same");
            for round in 0..3 {
                for step in 0..turns.len() {
                    // Another order each time: whoever comes first makes the plans that others may share.
                    let at = (step * (2 * round + 1) + round) % turns.len();
                    let client = turns[at].client(world).await.header("x-request-id", "turn");
                    let reply = client.query_with(document, variables.clone()).await;
                    assert_eq!((reply.status, reply.text().to_owned()), own[at], "{document} for {:?}", turns[at]);
                }
            }
        }
    }

    async fn callers_of_equal_rights_at_once_get_each_her_own_rows(world: &World) {
        let rows = Rows::load(world).await;
        let document = "{ projects(first: 1000, filter: {budget: {isNull: false}}) { nodes { id } } }";
        let managers = ["marc.dubois", "lena.schmid", "peter.novak", "fatima.rahman", "george.mensah", "sofia.rossi"];
        let mut running = tokio::task::JoinSet::new();
        for round in 0..5 {
            for subject in managers {
                let client = world.client_as(subject, &[Role::ProjectManager]).await;
                running.spawn(async move { (subject, round, client.query(document).await) });
            }
        }
        while let Some(done) = running.join_next().await {
            let (subject, round, reply) = done.expect("an answer");
            let eyes = super::expected::Eyes::of(&rows, subject, &[Role::ProjectManager]);
            let mine = |i: &&portfolio_item::Model| i.project_manager_id == eyes.person && i.budget_amount.is_some() && eyes.may_know(i);
            let due: Vec<String> = rows.items.iter().filter(mine).map(|i| super::expected::Row::Item(i).wire_id()).collect();
            assert!(!due.is_empty(), "{subject}");
            assert_eq!(ids(&answered(&reply, subject).0["projects"]["nodes"]), due, "{subject} in round {round}");
        }
    }

    async fn an_item_made_confidential_is_gone_at_once(world: &World) {
        let db = world.database().await.orm;
        let rows = Rows::load(world).await;
        let item = rows.item_by_key("PR-038");
        let id = super::expected::Row::Item(item).wire_id();
        let document = "query($id: ID!) { node(id: $id) { id } projects(first: 1000) { totalCount } externalLinks(first: 1000) { totalCount } }";
        let ask = async |who: Who| {
            let reply = who.client(world).await.query_with(document, json!({ "id": id })).await;
            let (data, _) = answered(&reply, &format!("{who:?}"));
            (!data["node"].is_null(), data["projects"]["totalCount"].as_u64(), data["externalLinks"]["totalCount"].as_u64())
        };
        let (lead, auditor) = (named("anna.keller"), named("walter.zimmermann"));
        let before = (ask(lead).await, ask(auditor).await);
        assert!(before.0.0 && before.1.0);
        restrict(&db, item.id).await;
        let links = rows.links.iter().filter(|link| link.item_id == Some(item.id)).count() as u64;
        assert!(links > 0);
        for (who, (_, projects, visible)) in [(lead, before.0), (auditor, before.1)] {
            assert_eq!(ask(who).await, (false, projects.map(|n| n - 1), visible.map(|n| n - links)), "{who:?}");
        }
        // Its own manager is named on it; who she is named on is known again within five seconds.
        let manager = named("lena.schmid");
        world.clock.advance_seconds(FRESH_SECONDS);
        assert!(ask(manager).await.0);
    }

    async fn an_assignment_that_ends_ends_the_rights_within_five_seconds(world: &World) {
        let db = world.database().await.orm;
        let client = world.client_as("walter.zimmermann", &[]).await;
        let count = async || client.query("{ projects { totalCount } }").await.json();
        assert!(count().await["data"]["projects"]["totalCount"].as_u64() > Some(0));
        let walter = person(&db, "walter.zimmermann").await;
        role_assignment::Entity::update_many()
            .col_expr(role_assignment::Column::ValidToOn, Expr::value(crate::support::world::as_of().pred_opt()))
            .filter(role_assignment::Column::PersonId.eq(walter))
            .exec(&db).await.expect("ended");
        world.clock.advance_seconds(FRESH_SECONDS);
        let body = count().await;
        assert_eq!(body["data"]["projects"], Value::Null, "{body:#}");
        assert_eq!(body["extensions"]["access"], json!([{ "path": ["projects"], "coordinate": "Query.projects", "needs": "BASIC_READ", "reason": "ROLE", "count": 1 }]));
    }

    async fn a_new_assignment_gives_its_rights_within_five_seconds(world: &World) {
        let db = world.database().await.orm;
        let analyst = named("jonas.weber");
        let client = analyst.client(world).await;
        let document = "{ projects(first: 1000) { nodes { id } } externalLinks(first: 1000) { nodes { id } } }";
        let before = client.query(document).await.data();
        let jonas = person(&db, "jonas.weber").await;
        let rows = Rows::load(world).await;
        let products = rows.item_by_key("PF-PRODUCTS").id;
        role_assignment::Entity::update_many()
            .col_expr(role_assignment::Column::ItemId, Expr::value(products))
            .filter(role_assignment::Column::PersonId.eq(jonas))
            .exec(&db).await.expect("given another portfolio");
        world.clock.advance_seconds(FRESH_SECONDS);
        let after = client.query(document).await.data();
        let rows = Rows::load(world).await;
        let eyes = analyst.eyes(&rows);
        assert_eq!(ids(&after["projects"]["nodes"]), eyes.ids("Project"));
        assert_eq!(ids(&after["externalLinks"]["nodes"]), eyes.ids("ExternalLink"));
        assert!(ids(&before["projects"]["nodes"]).iter().all(|id| !eyes.ids("Project").contains(id)));
    }

    async fn a_person_who_left_has_no_rights_within_five_seconds_whatever_her_token_says(world: &World) {
        let db = world.database().await.orm;
        let client = named("anna.keller").client(world).await;
        assert_eq!(client.query("{ viewer { roles } }").await.data()["viewer"]["roles"], json!(["PMO_LEAD"]));
        person::Entity::update_many().col_expr(person::Column::IsActive, Expr::value(false)).filter(person::Column::Key.eq("anna.keller")).exec(&db).await.expect("left");
        world.clock.advance_seconds(FRESH_SECONDS);
        let body = client.query("{ viewer { roles permissions { permission } person { id } } projects { totalCount } people { totalCount } permissionMatrix { grants { role } } }").await.json();
        assert_eq!(body["data"]["viewer"], json!({ "roles": [], "permissions": [], "person": null }), "{body:#}");
        assert_eq!((&body["data"]["projects"], &body["data"]["people"]), (&Value::Null, &Value::Null), "{body:#}");
    }

    async fn cursors_of_one_caller_show_another_no_more_rows(world: &World) {
        let rows = Rows::load(world).await;
        let document = "query($c: Cursor) { projects(first: 5, after: $c, orderBy: [{budget: {direction: DESC}}]) { nodes { id } pageInfo { endCursor } } }";
        let lead = named("anna.keller").client(world).await;
        let cursor = lead.query(document).await.data()["projects"]["pageInfo"]["endCursor"].clone();
        for who in CAST {
            let eyes = who.eyes(&rows);
            if eyes.read(foliograph::auth::Class::Fin).is_empty() {
                continue;
            }
            let (data, _) = answered(&who.client(world).await.query_with(document, json!({ "c": cursor })).await, &format!("{who:?}"));
            let visible = eyes.ids("Project");
            assert!(ids(&data["projects"]["nodes"]).iter().all(|id| visible.contains(id)), "{who:?}");
        }
    }
}

async fn person(db: &sea_orm::DatabaseConnection, key: &str) -> Uuid {
    let found = person::Entity::find().filter(person::Column::Key.eq(key)).one(db).await.expect("people");
    found.expect("a person with this key").id
}

/// Makes an item confidential, with the scope columns that its writer keeps.
async fn restrict(db: &sea_orm::DatabaseConnection, id: Uuid) {
    portfolio_item::Entity::update_many()
        .col_expr(portfolio_item::Column::Confidentiality, Expr::value("CONFIDENTIAL"))
        .col_expr(portfolio_item::Column::IsRestricted, Expr::value(true))
        .filter(portfolio_item::Column::Id.eq(id))
        .exec(db)
        .await
        .expect("an item made confidential");
    external_link::Entity::update_many()
        .col_expr(external_link::Column::IsRestricted, Expr::value(true))
        .filter(external_link::Column::ItemId.eq(id))
        .exec(db)
        .await
        .expect("its links");
}

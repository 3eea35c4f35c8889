//! Kept documents and plans: bounded, the least used go, whatever went answers again, and nobody is answered with the plan
//! of another's rights.

use std::collections::BTreeSet;

use entity::{person_identity, portfolio_item};
use foliograph::{auth::Role, graph::Kept};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    plans::{ask, caller},
    revoked::subject_with_role,
    support::{World, client::Client, product, writer::Writer},
};

/// Documents that are kept.
const DOCUMENTS: usize = 1_000;
/// Bytes that documents and plans may take.
const BYTES: u64 = 48 << 20;

/// What roles read of it differs by field, and what people read by row.
const SHARED: &str = "query Shared { projects(first: 1000) { totalCount nodes { key budget { amount }
    actuals(first: 1) { nodes { vendor } } externalLinks(first: 2) { totalCount } } } }";

tests! {
    async fn the_least_used_documents_go_and_answer_right_when_they_come_again(world: &World) {
        let engine = &world.app().await.engine;
        let lead = caller(&[Role::PmoLead]);
        let document = |n: usize| format!("{{ projects(first: {}) {{ nodes {{ key }} }} }} # {n}", n % 5 + 1);
        let answered = async |n: usize| {
            let answer = ask(world, &document(n), json!({}), &lead).await;
            serde_json::from_slice::<Value>(&answer.body).expect("JSON")["data"].clone()
        };
        let mut first = vec![];
        for n in 0..DOCUMENTS + 50 {
            first.push(answered(n).await);
            if n % 100 == 99 {
                answered(0).await;
            }
        }
        let kept = engine.kept();
        assert_eq!((kept.documents.entries, kept.plans.entries), (DOCUMENTS as u64, DOCUMENTS as u64));
        assert_eq!((kept.documents.evictions, kept.plans.evictions), (50, 50));
        assert_eq!(kept.documents.hits, 10);
        let is_kept = |n: usize| engine.plans_kept(&document(n)).is_some();
        // Who was asked again stays; those after her went.
        assert!(is_kept(0) && (1..=50).all(|n| !is_kept(n)) && (51..DOCUMENTS + 50).all(is_kept));
        for n in [0, 1, 2, 3, 4, 50, 51] {
            assert_eq!(answered(n).await, first[n], "{}", document(n));
        }
        assert!(engine.kept().documents.misses > kept.documents.misses, "they had to be made again");
        assert_eq!(engine.kept().documents.entries, DOCUMENTS as u64);
    }

    async fn large_plans_are_bounded_by_what_they_take(world: &World) {
        let engine = &world.app().await.engine;
        let lead = caller(&[Role::PmoLead]);
        let fields = "id key name state category priority budget { amount currency } owner { key } sponsor { key } ".repeat(8);
        let lists: Vec<_> = (0..18).map(|n| format!("a{n}: projects(first: 1) @skip(if: true) {{ nodes {{ ...F }} }}")).collect();
        let lists = lists.join(" ");
        let document = |n: usize| format!("query Wide {{ serverInfo {{ name }} {lists} }} fragment F on Project {{ {fields} }} # {n}");
        let mut most = 0;
        for n in 0..80 {
            let answer = ask(world, &document(n), json!({}), &lead).await;
            assert!(!String::from_utf8_lossy(&answer.body).contains("errors"), "{:?}", answer.body);
            let Kept { documents, plans, bytes, .. } = engine.kept();
            assert_eq!(documents.entries, plans.entries);
            assert!(bytes <= BYTES, "{bytes} of {} documents", documents.entries);
            most = most.max(bytes);
        }
        let Kept { documents, plans, .. } = engine.kept();
        assert!(most > BYTES / 2 && documents.evictions > 0 && plans.evictions == documents.evictions, "{most} bytes, {documents:?}");
        assert_eq!((engine.plans_kept(&document(0)), engine.plans_kept(&document(79))), (None, Some(1)));
    }

    async fn who_has_other_rights_never_gets_the_plan_of_another(world: &World) {
        let callers = everybody(world).await;
        let mut alone = vec![];
        for (n, (who, client)) in callers.iter().enumerate() {
            // In a document of her own nobody else's plan can be met.
            alone.push((who, shown(client, &format!("{SHARED} # alone {n}")).await));
        }
        let different: BTreeSet<String> = alone.iter().map(|(_, answer)| answer.to_string()).collect();
        assert!(different.len() >= 6, "{} different answers of {}", different.len(), callers.len());
        for round in 0..4 {
            let mut turn: Vec<usize> = (0..callers.len()).collect();
            turn.rotate_left(round);
            if round % 2 == 1 {
                turn.reverse();
            }
            for at in turn {
                let (who, client) = &callers[at];
                assert_eq!(shown(client, SHARED).await, alone[at].1, "{who}, in turn");
            }
        }
        let plans = world.app().await.engine.plans_kept(SHARED).expect("kept");
        let roles: BTreeSet<Role> = ROLES.into_iter().collect();
        assert!((roles.len()..=callers.len()).contains(&plans), "{plans} plans for {} callers", callers.len());
        // All at once, with documents that nobody has seen: plans are made while others are.
        for round in 0..5 {
            let document = format!("{SHARED} # together {round}");
            let asked = (0..3 * callers.len()).map(|n| {
                let (at, document) = (n % callers.len(), document.clone());
                let client = callers[at].1.clone();
                tokio::spawn(async move { (at, shown(&client, &document).await) })
            });
            for answered in join_all(asked).await {
                let (at, answer) = answered.expect("no panic");
                assert_eq!(answer, alone[at].1, "{}, at the same time", callers[at].0);
            }
        }
    }

    async fn another_role_makes_another_plan(world: &World) {
        let (subject, assignment) = subject_with_role(world).await;
        let client = world.client().await.bearer(&product::token(&*world.clock, &subject, &[]));
        let engine = &world.app().await.engine;
        let as_lead = shown(&client, SHARED).await;
        assert_eq!((shown(&client, SHARED).await, engine.plans_kept(SHARED)), (as_lead.clone(), Some(1)));
        give(world, assignment, Role::Admin).await;
        let as_admin = shown(&client, SHARED).await;
        assert_eq!(engine.plans_kept(SHARED), Some(2));
        assert_ne!(as_admin, as_lead);
        give(world, assignment, Role::PmoLead).await;
        assert_eq!((shown(&client, SHARED).await, engine.plans_kept(SHARED)), (as_lead, Some(2)), "the first plan is met again");
    }
}

/// The roles that ask.
const ROLES: [Role; 6] =
    [Role::PmoLead, Role::ProjectManager, Role::Sponsor, Role::Finance, Role::ResourceManager, Role::Admin];

/// Clients of each role, named on nothing, and of two project managers with projects of their own.
async fn everybody(world: &World) -> Vec<(String, Client)> {
    let mut out = vec![];
    for role in ROLES {
        out.push((format!("{role:?}"), world.client_as("reader", &[role]).await));
    }
    for subject in managers(world).await {
        let client = world.client_as(&subject, &[Role::ProjectManager]).await;
        out.push((subject, client));
    }
    out
}

/// Subjects of two people who manage projects.
async fn managers(world: &World) -> Vec<String> {
    let db = &world.app().await.database.orm;
    let projects = portfolio_item::Entity::find().filter(portfolio_item::Column::Kind.eq("PROJECT"));
    let projects = projects.order_by_asc(portfolio_item::Column::Key).all(db).await.expect("read");
    let people: BTreeSet<Uuid> = projects.iter().filter_map(|project| project.project_manager_id).collect();
    let theirs = person_identity::Column::PersonId.is_in(people);
    let identities = person_identity::Entity::find().filter(theirs).order_by_asc(person_identity::Column::Subject);
    let found = identities.all(db).await.expect("read");
    let subjects: Vec<String> = found.into_iter().map(|identity| identity.subject).take(2).collect();
    assert_eq!(subjects.len(), 2);
    subjects
}

/// What a client is shown: data, and what was masked.
async fn shown(client: &Client, document: &str) -> Value {
    let mut body: Value = serde_json::from_str(client.query(document).await.text()).expect("JSON");
    json!({ "data": body["data"].take(), "access": body["extensions"]["access"].take(), "errors": body["errors"].take() })
}

/// Another role by the same assignment, known everywhere.
async fn give(world: &World, assignment: Uuid, role: Role) {
    let mut writer = Writer::begin(&world.database().await, &*world.clock).await;
    writer.assignment(assignment, |row| role.as_str().clone_into(&mut row.role)).await;
    writer.commit().await;
    world.clock.advance_seconds(5);
}

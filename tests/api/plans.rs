//! What a request costs: statements grow with levels and never with rows, and plans are kept for as long as they fit.

use entity::{external_link, portfolio_item};
use foliograph::{
    auth::{Caller, Identity, Role, Rows},
    graph::{Answer, Request},
};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{World, facts::Facts};

/// Levels: portfolios, their projects, and their links.
const LEVELS: &str = "query($f: PortfolioFilter) { portfolios(first: 10, filter: $f) { nodes { key
    projects(first: 60) { nodes { key externalLinks(first: 5) { nodes { externalId } } } } } } }";

tests! {
    async fn three_levels_take_three_statements_however_many_rows(world: &World) {
        for (round, leaves) in [(1_u128, 1_500), (2, 3_000)] {
            grow(world, round).await;
            let filter = json!({ "f": { "key": { "startsWith": "LOAD-" } } });
            let answer = ask(world, LEVELS, filter.clone(), &caller(&[Role::PmoLead])).await;
            assert_eq!(count(&body(&answer), "externalId"), leaves);
            assert_eq!(answer.statements, 3);

            let edges = LEVELS.replace("nodes { externalId }", "edges { cursor node { externalId } } nodes { externalId } pageInfo { hasNextPage endCursor }");
            assert_eq!(ask(world, &edges, filter.clone(), &caller(&[Role::PmoLead])).await.statements, 3);

            // Many rows are joined to each: of fewer portfolios.
            let chains = LEVELS.replace("first: 10", "first: 2").replace("nodes { externalId }", "nodes { externalId target { __typename ... on Project { sponsor { orgUnit { parent { key } } } portfolio { owner { key } } } } createdBy { key } }");
            assert_eq!(ask(world, &chains, filter, &caller(&[Role::PmoLead])).await.statements, 3);
        }
    }

    async fn counts_and_figures_cost_statements_only_when_asked(world: &World) {
        for (selection, statements) in [
            ("nodes { key }", 1),
            ("nodes { key } edges { cursor } pageInfo { hasNextPage endCursor }", 1),
            ("totalCount", 1),
            ("nodes { key } totalCount", 2),
            ("totalCount aggregate { count min { priority } distinctCount { state } coverage { budget { included } } }", 1),
            ("aggregate { sum { budget { amount } } }", 2),
            ("aggregate { sum { budget { amount } } avg { budget { amount } } min { budget { amount currency } } count }", 2),
            ("groups(by: [{ field: STATE }]) { count }", 1),
            ("groups(by: [{ field: SPONSOR }]) { count key { sponsor { key orgUnit { key } } } sum { budget { amount } } }", 2),
            ("nodes { key sponsor { orgUnit { parent { key } } } program { portfolio { owner { key } } } parent { name } createdBy { key } }", 1),
            ("nodes { key totalCount: key externalLinks { totalCount } }", 2),
            ("nodes { key externalLinks { totalCount nodes { url } } }", 3),
            ("nodes { key externalLinks @skip(if: true) { totalCount nodes { url } } }", 1),
        ] {
            let document = format!("{{ projects(first: 20) {{ {selection} }} }}");
            let answer = ask(world, &document, json!({}), &caller(&[Role::PmoLead])).await;
            assert_eq!(answer.statements, statements, "{document}: {}", text(&answer));
        }
        for (document, statements) in [
            ("{ __typename serverInfo { name } permissionMatrix { grants { role } } }", 0),
            ("{ __schema { queryType { name } } }", 0),
            ("{ viewer { subject } }", 0),
            // Nobody is behind this credential, so nothing is asked.
            ("{ viewer { person { key orgUnit { key } } } }", 0),
            ("{ a: project(by: { key: \"PR-001\" }) { key sponsor { key } } b: project(by: { key: \"PR-002\" }) { key } }", 2),
        ] {
            assert_eq!(ask(world, document, json!({}), &caller(&[Role::PmoLead])).await.statements, statements, "{document}");
        }
    }

    async fn rollups_of_many_portfolios_cost_what_one_costs(world: &World) {
        let rollup = "query($f: PortfolioFilter) { portfolios(first: 10, filter: $f) { nodes { key descendants(first: 100) { totalCount nodes { depth item { key } } aggregate { sum { budget { amount currency } } } groups(by: [{ field: RAG }]) { count sum { budget { amount } } } } } } }";
        // The first answer finds groups with money of two currencies, which costs a statement more, once.
        ask(world, rollup, json!({ "f": { "key": { "in": ["PF-IT"] } } }), &caller(&[Role::PmoLead])).await;
        let mut counts = vec![];
        for keys in [json!(["PF-IT"]), json!(["PF-IT", "PF-OPERATIONS", "PF-PRODUCTS"])] {
            let filter = json!({ "f": { "key": { "in": keys } } });
            let answer = ask(world, rollup, filter, &caller(&[Role::PmoLead])).await;
            assert!(count(&body(&answer), "depth") > 20);
            counts.push(answer.statements);
        }
        assert_eq!(counts, [6, 6]);
    }

    async fn ids_of_one_type_are_found_by_one_statement(world: &World) {
        let facts = Facts::read(world).await;
        let projects: Vec<String> = facts.projects().iter().map(crate::support::facts::item_id).collect();
        let people: Vec<String> = facts.people.iter().map(|p| foliograph::graph::encode_id("per", p.id)).collect();
        let document = "query($i: [ID!]!) { nodes(ids: $i) { id } }";
        for (ids, statements) in [(vec![], 0), (projects[..1].to_vec(), 1), (projects[..40].to_vec(), 1), ([&projects[..30], &people[..30]].concat(), 2)] {
            let answer = ask(world, document, json!({ "i": ids }), &caller(&[Role::PmoLead])).await;
            assert_eq!(answer.statements, statements, "{} ids", ids.len());
        }
    }

    async fn a_kept_plan_answers_each_request_with_its_own_values(world: &World) {
        let facts = Facts::read(world).await;
        let document = "query($s: ItemState, $n: Int, $k: String) { projects(first: $n, filter: { state: { eq: $s }, key: { startsWith: $k } }) { nodes { key } } }";
        let lead = caller(&[Role::PmoLead]);
        for variables in [
            json!({ "s": "ACTIVE", "n": 1000, "k": "PR-0" }), json!({ "s": "CLOSED", "n": 1000, "k": "PR-0" }), json!({ "s": "ACTIVE", "n": 2, "k": "PR-0" }), json!({ "n": 1000 }),
            json!({ "s": "ACTIVE", "n": 1000, "k": "PR-05" }), json!({ "s": "ACTIVE" }), json!({ "k": "PR-03", "n": 3 }), json!({ "s": "ACTIVE", "n": 1000, "k": "PR-0" }),
        ] {
            let fits = |p: &&portfolio_item::Model| {
                variables["s"].as_str().is_none_or(|s| p.state == s) && variables["k"].as_str().is_none_or(|k| p.key.starts_with(k))
            };
            let limit = usize::try_from(variables["n"].as_u64().unwrap_or(50)).expect("a size");
            let projects = facts.projects();
            let expected: Vec<Value> = projects.iter().filter(fits).take(limit).map(|p| json!({ "key": p.key })).collect();
            let answer = ask(world, document, variables.clone(), &lead).await;
            assert_eq!(body(&answer)["data"]["projects"]["nodes"], json!(expected), "{variables}");
        }
        assert_eq!(world.app().await.engine.plans_kept(document), Some(1));
    }

    async fn a_plan_is_kept_for_each_rights_and_shape(world: &World) {
        let engine = &world.app().await.engine;
        let lead = caller(&[Role::PmoLead]);
        let document = "query($deep: Boolean!, $by: [ProjectGroupBy!]!, $n: Int, $f: ProjectFilter, $o: [ProjectOrder!], $a: Cursor, $g: Int) {
            projects(first: $n, filter: $f, orderBy: $o, after: $a) { nodes { key sponsor @include(if: $deep) { key } } groups(by: $by, first: $g) { count } } }";
        assert_eq!(engine.plans_kept(document), None);
        let base = json!({ "deep": true, "by": [{ "field": "STATE" }] });
        let with = |more: Value| {
            let mut all = base.clone();
            all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            all
        };
        for (variables, kept) in [
            (base.clone(), 1), (base.clone(), 1), (with(json!({ "n": 3 })), 1), (with(json!({ "n": 4, "f": { "state": { "eq": "ACTIVE" } } })), 1),
            (with(json!({ "o": [{ "name": { "direction": "ASC" } }], "a": "", "g": 2 })), 1), (with(json!({ "f": { "or": [] }, "g": 5 })), 1),
            (with(json!({ "deep": false })), 2), (with(json!({ "by": [{ "field": "CATEGORY" }] })), 3), (with(json!({ "by": { "field": "CATEGORY" } })), 3), (base.clone(), 3),
        ] {
            let answer = ask(world, document, variables.clone(), &lead).await;
            assert!(!text(&answer).contains("\"errors\""), "{}", text(&answer));
            assert_eq!(engine.plans_kept(document), Some(kept), "{variables}");
        }
        // Who asks does not matter, what she may does.
        let mut another = caller(&[Role::PmoLead]);
        another.person = Some(Uuid::from_u128(1));
        ask(world, document, base.clone(), &another).await;
        assert_eq!(engine.plans_kept(document), Some(3));
        ask(world, document, base.clone(), &caller(&[Role::Auditor])).await;
        ask(world, document, base, &caller(&[Role::Sponsor])).await;
        assert_eq!(engine.plans_kept(document), Some(5));
    }

    async fn plans_of_one_document_are_bounded(world: &World) {
        let engine = &world.app().await.engine;
        let names: Vec<String> = (0..8).map(|i| format!("b{i}")).collect();
        let declared: Vec<String> = names.iter().map(|n| format!("${n}: Boolean!")).collect();
        let fields: Vec<String> = names.iter().map(|n| format!("{n}: name @include(if: ${n})")).collect();
        let document = format!("query({}) {{ serverInfo {{ version {} }} }}", declared.join(", "), fields.join(" "));
        for bits in 0..256_u32 {
            let variables: serde_json::Map<String, Value> = names.iter().enumerate().map(|(i, n)| (n.clone(), json!(bits & (1 << i) != 0))).collect();
            let answer = ask(world, &document, Value::Object(variables), &caller(&[Role::PmoLead])).await;
            assert_eq!(body(&answer)["data"]["serverInfo"].as_object().map(serde_json::Map::len), Some(1 + usize::try_from(bits.count_ones()).expect("a count")));
        }
        let kept = engine.plans_kept(&document).expect("a kept document");
        assert!((2..=64).contains(&kept), "{kept} plans of 256 shapes are kept");
    }

    async fn documents_are_kept_within_bounds_and_only_if_valid(world: &World) {
        let engine = &world.app().await.engine;
        let lead = caller(&[Role::PmoLead]);
        let document = |i: usize| format!("{{ __typename }} # {i}");
        ask(world, &document(0), json!({}), &lead).await;
        assert_eq!(engine.plans_kept(&document(0)), Some(1));
        for i in 1..=1_000 {
            ask(world, &document(i), json!({}), &lead).await;
        }
        assert_eq!((engine.plans_kept(&document(0)), engine.plans_kept(&document(1)), engine.plans_kept(&document(1_000))), (None, Some(1), Some(1)));
        for invalid in ["{ nothing }", "{", "query($i: String!) { project(by: { id: $i }) { id } }"] {
            ask(world, invalid, json!({}), &lead).await;
            assert_eq!(engine.plans_kept(invalid), None, "{invalid}");
        }
    }
}

pub fn caller(roles: &[Role]) -> Caller {
    let identity = Identity {
        issuer: "test".into(),
        subject: "reader".into(),
        roles: roles.to_vec(),
        expires_at: crate::support::world::noon(),
        key: None,
        signer: None,
    };
    Caller::new(identity.into(), None, roles.to_vec(), Rows::default())
}

pub async fn ask(world: &World, document: &str, variables: Value, caller: &Caller) -> Answer {
    let Value::Object(variables) = variables else { panic!("variables are an object") };
    let request = Request { document: document.to_owned(), variables, ..Request::default() };
    let app = world.app().await;
    let admitted = app.allowances.admit(caller).unwrap_or_else(|refused| panic!("{}", refused.error));
    app.engine.execute(request, caller, admitted, &mut app.metrics.requests.begin()).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("JSON")
}

fn count(value: &Value, key: &str) -> usize {
    match value {
        Value::Object(members) => members.iter().map(|(k, v)| usize::from(k == key) + count(v, key)).sum(),
        Value::Array(items) => items.iter().map(|v| count(v, key)).sum(),
        _ => 0,
    }
}

/// Five more portfolios of sixty projects each, with five links each.
async fn grow(world: &World, round: u128) {
    let database = world.database().await.orm;
    let facts = Facts::read(world).await;
    let (portfolio, project, link) = (facts.project("PF-IT"), facts.project("PR-001"), &facts.links[0]);
    let id = |kind: u128, n: u128| Uuid::from_u128((round << 64) | (kind << 32) | n);
    let (mut items, mut links) = (vec![], vec![]);
    for p in 0..5_u128 {
        let above = id(1, p);
        let mut row = portfolio.clone();
        (row.id, row.key, row.portfolio_id, row.parent_id) = (above, format!("LOAD-{round}-{p}"), Some(above), None);
        items.push(row.into_active_model());
        for q in p * 60..(p + 1) * 60 {
            let mut row = project.clone();
            (row.id, row.key) = (id(2, q), format!("LOAD-{round}-{q}"));
            (row.portfolio_id, row.parent_id, row.program_id) = (Some(above), Some(above), None);
            items.push(row.into_active_model());
            for l in q * 5..(q + 1) * 5 {
                let mut row = link.clone();
                (row.id, row.external_id, row.target_type) =
                    (id(3, l), format!("LOAD-{round}-{l}"), "PROJECT".to_owned());
                (row.item_id, row.person_id, row.org_unit_id) = (Some(id(2, q)), None, None);
                (row.portfolio_id, row.is_restricted) = (Some(above), false);
                links.push(row.into_active_model());
            }
        }
    }
    for chunk in items.chunks(200) {
        let insert = portfolio_item::Entity::insert_many(chunk.to_vec());
        insert.exec_without_returning(&database).await.expect("items");
    }
    for chunk in links.chunks(200) {
        let insert = external_link::Entity::insert_many(chunk.to_vec());
        insert.exec_without_returning(&database).await.expect("links");
    }
}

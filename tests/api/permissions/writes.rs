//! Every mutation, asked by everybody: done for whom it is for, refused to all others in the same words whether a row is
//! another's, hidden or not there, and nothing of a refused one is left behind. Who may is written out here once more.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use chrono::Duration;
use entity::{audit_event, idempotency, outbox_event, portfolio_item};
use foliograph::{
    app,
    auth::{Role, Scopes},
    clock::FixedClock,
    graph::encode_id,
    write::{Mutation, Verb},
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cast::{CAST, Who, named},
    expected::{Eyes, Row, Rows},
    planned, refusals,
};
use crate::support::{
    World,
    client::{Client, Reply},
    dump::dump,
    product,
    world::{Kind, noon},
};

tests! {
    // Each domain by itself: the proofs need a world each, and the machine has several processors.
    async fn every_mutation_of_items_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| matches!(entity, "Portfolio" | "Program" | "Project" | "ExternalLink")).await;
    }

    async fn every_mutation_of_people_and_keys_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| matches!(entity, "Person" | "OrgUnit" | "RoleAssignment" | "ApiKey")).await;
    }

    async fn every_mutation_of_strategy_and_reports_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| matches!(entity, "StrategicObjective" | "ObjectiveContribution" | "StatusReport" | "RagAssessment")).await;
    }

    async fn every_mutation_of_budgets_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity.starts_with("Budget") || entity.starts_with("Forecast")).await;
    }

    async fn every_mutation_of_cost_plans_and_spending_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity.starts_with("CostPlan") || matches!(entity, "Commitment" | "Actual")).await;
    }

    async fn every_mutation_of_benefits_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| matches!(entity, "Benefit" | "BenefitPlanPoint" | "BenefitContribution")).await;
    }

    async fn every_mutation_of_what_was_had_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity.starts_with("BenefitMeasure") || matches!(entity, "BenefitActual" | "BenefitReview")).await;
    }

    async fn every_mutation_of_benefits_maps_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity.starts_with("BenefitsMap")).await;
    }

    async fn every_mutation_of_plans_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity == "Task" || entity.starts_with("Baseline") || entity == "ProgressMeasurement").await;
    }

    async fn every_mutation_of_risks_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity.starts_with("Risk")).await;
    }

    async fn every_mutation_of_issues_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity == "Issue").await;
    }

    async fn every_mutation_of_periods_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity.starts_with("Fiscal") || entity.starts_with("Fx") || entity == "CostCategory").await;
    }

    async fn every_mutation_of_what_resources_are_described_by_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| ["ResourceRole", "Skill", "Certification", "TimeCategory", "WorkCalendar", "CalendarException"].contains(&entity)).await;
    }

    async fn every_mutation_of_resources_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| ["ResourcePool", "Resource", "ResourceSkill", "CertificationHeld", "TimeOff"].contains(&entity)).await;
    }

    async fn every_mutation_of_bookings_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| ["ResourceRequest", "RequestSkill", "Allocation", "RateCard", "Rate"].contains(&entity)).await;
    }

    async fn every_mutation_of_time_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| ["Timesheet", "TimeEntry"].contains(&entity)).await;
    }

    async fn every_mutation_of_kpis_is_done_for_whom_it_is_for_and_refused_to_all_others(world: &World) {
        asked_by_everybody(world, |entity| entity.starts_with("Kpi") || entity.starts_with("Alert")).await;
    }

    async fn who_takes_which_step(world: &World) {
        prepare(world).await;
        let rows = Rows::load(world).await;
        let mut taken = 0;
        // Project, its next state, who may: the office, its sponsor and those above, its manager.
        for (key, to, office, sponsors, manager) in [
            ("PR-004", "APPROVED", true, true, false),
            ("PR-003", "ACTIVE", true, false, true),
            ("PR-001", "ON_HOLD", true, false, true),
            ("PR-008", "ACTIVE", true, false, true),
            ("PR-002", "CLOSING", true, false, true),
            ("PR-005", "CLOSED", true, true, false),
            ("PR-038", "CANCELLED", true, true, false),
        ] {
            let item = rows.item_by_key(key);
            let mutation = mutation("projectStateAdvance");
            let input = json!({ "ref": { "key": key }, "ifVersion": "*", "to": to });
            for who in CAST {
                let eyes = who.eyes(&rows);
                let is = |role, scope| eyes.roles.contains(&role) && eyes.holds(scope, item);
                let is_manager = item.project_manager_id.is_some() && item.project_manager_id == eyes.person;
                let may = (office && eyes.roles.contains(&Role::PmoLead))
                    || (sponsors && is(Role::Sponsor, Scopes::SPON))
                    || (manager && is(Role::ProjectManager, Scopes::OWN));
                let made = item.created_by_id.is_some() && item.created_by_id == eyes.person;
                let barred = to == "APPROVED" && (is_manager || made);
                let due = if !eyes.sees(Row::Item(item)) {
                    set(&["NOT_FOUND"])
                } else if !may || barred {
                    set(&["FORBIDDEN"])
                } else {
                    set(&[])
                };
                let reply = ask(&who.client(world).await, mutation, &input).await;
                assert_eq!(codes(mutation, &reply), due, "{key} to {to} for {who:?}: {}", reply.text());
                if due.is_empty() {
                    taken += 1;
                    back(world, item).await;
                }
            }
        }
        assert!(taken >= 20, "{taken}");
    }

    async fn hidden_and_missing_rows_are_answered_alike(world: &World) {
        prepare(world).await;
        let rows = Rows::complete(world).await;
        let database = world.database().await;
        let before = dump(&database).await;
        let hidden = rows.item_by_key("PR-034");
        let (real, none) = (encode_id("prj", hidden.id), encode_id("prj", Uuid::from_u128(7)));
        let secret = rows.links.iter().find(|link| link.external_id == "SECRET-PR-048").expect("a link");
        let own = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*" });
        let link = |id: &str, external: &str| json!({ "system": secret.system, "externalId": external, "targetId": id });
        let with = |patch: Value| { let mut input = own.clone(); input["patch"] = patch; input };
        let row = |by: Value, more: Value| {
            let mut input = more;
            input["ref"] = by;
            input["ifVersion"] = json!("*");
            input
        };
        let mut pairs = 0;
        for subject in ["anna.keller", "marc.dubois", "bi-products", "walter.zimmermann"] {
            let who = named(subject);
            assert!(!who.eyes(&rows).sees(Row::Item(hidden)), "{subject}");
            let client = who.client(world).await.header("x-request-id", "same");
            let by = |by: [Value; 2], name: &'static str, more: Value| (name, row(by[0].clone(), more.clone()), row(by[1].clone(), more));
            let mut cases = vec![];
            for named_by in [
                [json!({ "id": real }), json!({ "id": none })],
                [json!({ "key": "PR-034" }), json!({ "key": "PR-999" })],
                [json!({ "external": { "system": secret.system, "id": "SECRET-PR-030" } }), json!({ "external": { "system": secret.system, "id": "SECRET-NONE" } })],
            ] {
                cases.push(by(named_by.clone(), "projectUpdate", json!({ "patch": { "name": "Mine" } })));
                cases.push(by(named_by.clone(), "projectArchive", json!({})));
                cases.push(by(named_by.clone(), "projectUnarchive", json!({})));
                cases.push(by(named_by.clone(), "projectStateAdvance", json!({ "to": "CANCELLED" })));
                cases.push(by(named_by.clone(), "projectConfidentialitySet", json!({ "confidentiality": "NORMAL" })));
                let bulk = |by: &Value| json!({ "items": [row(by.clone(), json!({ "patch": { "name": "Mine" } }))], "errorPolicy": "REJECT_FAILED", "dryRun": true });
                cases.push(("projectBulkUpdate", bulk(&named_by[0]), bulk(&named_by[1])));
            }
            let create = |more: Value| {
                let mut input = json!({ "key": "NEW-1", "name": "New", "baseCurrency": "EUR" });
                for (name, value) in more.as_object().expect("members") {
                    input[name] = value.clone();
                }
                input
            };
            cases.extend([
                ("projectUpdate", with(json!({ "parentId": real })), with(json!({ "parentId": none }))),
                ("projectUpdate", with(json!({ "parentKey": "PG-ASTER" })), with(json!({ "parentKey": "PG-NONE" }))),
                ("projectCreate", create(json!({ "parentId": real })), create(json!({ "parentId": none }))),
                ("projectCreate", create(json!({ "parentKey": "PG-ASTER" })), create(json!({ "parentKey": "PG-NONE" }))),
                ("externalLinkCreate", link(&real, "X-1"), link(&none, "X-1")),
                ("roleAssignmentCreate", json!({ "key": "RA-X", "personKey": "simon.tait", "role": "ANALYST", "itemId": real }), json!({ "key": "RA-X", "personKey": "simon.tait", "role": "ANALYST", "itemId": none })),
                ("roleAssignmentCreate", json!({ "key": "RA-X", "personKey": "simon.tait", "role": "ANALYST", "itemKey": "PR-034" }), json!({ "key": "RA-X", "personKey": "simon.tait", "role": "ANALYST", "itemKey": "PR-999" })),
                // A name that is taken is told to who may give it, and to nobody else.
                ("externalLinkCreate", link(&none, "SECRET-PR-048"), link(&none, "SECRET-FREE")),
            ]);
            if subject != "anna.keller" {
                cases.extend([
                    ("projectUpdate", with(json!({ "key": "PR-034" })), with(json!({ "key": "PR-FREE" }))),
                    ("projectCreate", create(json!({ "key": "PR-034", "parentKey": "PF-OPERATIONS" })), create(json!({ "key": "PR-FREE", "parentKey": "PF-OPERATIONS" }))),
                    ("projectCreate", create(json!({ "key": "PR-034" })), create(json!({ "key": "PR-FREE" }))),
                ]);
            }
            for (name, left, right) in cases {
                for mode in ["MASK", "ERROR"] {
                    let client = client.header("x-access-mode", mode);
                    let (one, other) = (ask(&client, mutation(name), &left).await, ask(&client, mutation(name), &right).await);
                    assert_eq!(one.text(), other.text(), "{name} {left} for {subject}");
                    assert!(!codes(mutation(name), &one).is_empty(), "{name} {left} for {subject}: {}", one.text());
                    pairs += 1;
                }
            }
        }
        assert_eq!(dump(&database).await, before);
        assert!(pairs > 150, "{pairs}");
    }
}

/// Asks for every mutation of these entities as everybody.
async fn asked_by_everybody(world: &World, of: impl Fn(&str) -> bool) {
    prepare(world).await;
    let rows = Rows::load(world).await;
    let database = world.database().await;
    let (mut refused, mut done) = (0, 0);
    let before = dump(&database).await;
    for (at, mutation) in app::model().mutations.iter().enumerate().filter(|(_, m)| of(m.entity)) {
        let input = input_of(mutation, &rows, at);
        for bad in [world.client().await, expired(world).await] {
            let reply = ask(&bad, mutation, &input).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}: {}", mutation.name, reply.text());
            assert!(reply.json().get("data").is_none(), "{}: {}", mutation.name, reply.text());
        }
        let mut allowed: Vec<Who> = vec![];
        for who in CAST {
            let Some(due) = refusal(mutation, &who.eyes(&rows), &rows) else {
                allowed.push(*who);
                continue;
            };
            refused += 1;
            let reply = ask(&who.client(world).await, mutation, &input).await;
            assert_eq!(codes(mutation, &reply), due, "{} {input} for {who:?}: {}", mutation.name, reply.text());
        }
        assert!(!allowed.is_empty() && allowed.len() < CAST.len(), "{} {allowed:?}", mutation.name);
        // Each proof that the input works needs a world of its own, and those of PostgreSQL are dear: there every fourth.
        // By the office or by another, if there is any, in turn.
        let office = allowed.iter().find(|who| who.roles.contains(&Role::PmoLead));
        let another = allowed.iter().find(|who| !who.roles.contains(&Role::PmoLead));
        let who = match (world.kind, at % 4) {
            (Kind::Sqlite, 0 | 2) => office.or(another),
            (Kind::Sqlite, _) | (Kind::Postgres, 0) => another.or(office),
            (Kind::Postgres, _) => None,
        };
        if let Some(who) = who {
            let other = World::new(world.kind);
            prepare(&other).await;
            let before = trail(&other).await;
            let reply = ask(&who.client(&other).await, mutation, &input).await;
            assert_eq!(
                codes(mutation, &reply),
                BTreeSet::new(),
                "{} {input} for {who:?}: {}",
                mutation.name,
                reply.text()
            );
            let after = trail(&other).await;
            let is_told = before.iter().zip(&after).all(|(before, after)| after > before);
            assert!(is_told, "{} for {who:?} left {after:?} after {before:?}", mutation.name);
            other.close().await;
            done += 1;
        }
    }
    assert_eq!(dump(&database).await, before, "what is refused leaves nothing behind");
    let count = app::model().mutations.iter().filter(|m| of(m.entity)).count();
    let proofs = if world.kind == Kind::Sqlite { count } else { count / 8 };
    assert!(refused > count * 15 && done >= proofs, "{refused} refused, {done} done");
}

/// How many rows a write has left in its trail: audit, outbox and idempotency.
async fn trail(world: &World) -> [u64; 3] {
    let db = world.database().await.orm;
    let counts = (
        audit_event::Entity::find().count(&db),
        outbox_event::Entity::find().count(&db),
        idempotency::Entity::find().count(&db),
    );
    [counts.0.await.expect("audit"), counts.1.await.expect("events"), counts.2.await.expect("requests")]
}

/// The mutation of that name.
pub fn mutation(name: &str) -> &'static Mutation {
    app::model().mutations.iter().find(|m| m.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Asks for it; whoever needs a key gets a new one.
pub async fn ask(client: &Client, mutation: &Mutation, input: &Value) -> Reply {
    let ty = format!("{}{}Input", mutation.name[..1].to_uppercase(), &mutation.name[1..]);
    let mut input = input.clone();
    if mutation.verb.is_bulk() && input["clientMutationKey"].is_null() {
        input["clientMutationKey"] = json!("8d0c1f6e-0000-4000-8000-000000000001");
    }
    let results = if mutation.verb.is_bulk() { "results { status userErrors { code } }" } else { "" };
    let document = format!(
        "mutation($input: {ty}!) {{ {}(input: $input) {{ {results} userErrors {{ code message path params {{ name value }} }} }} }}",
        mutation.name
    );
    client.query_with(&document, json!({ "input": input })).await
}

/// The codes of what is wrong with an input.
pub fn codes(mutation: &Mutation, reply: &Reply) -> BTreeSet<String> {
    let errors = reply.at(&format!("/data/{}/userErrors", mutation.name));
    let errors = errors.as_array().expect("errors").iter();
    errors.map(|error| error["code"].as_str().expect("a code").to_owned()).collect()
}

/// A set of codes.
pub fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

async fn expired(world: &World) -> Client {
    let then = FixedClock::at(noon() - Duration::hours(3));
    world.client().await.bearer(&product::token(&then, "anna.keller", &[Role::PmoLead]))
}

/// Two items that the archive takes: those of the demonstration that are over have something below them or are in it.
async fn prepare(world: &World) {
    use portfolio_item::Column as C;
    let db = world.database().await.orm;
    portfolio_item::Entity::update_many()
        .col_expr(C::ArchivedAt, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .filter(C::Key.is_in(["PF-OLD", "PG-OLD"]))
        .exec(&db)
        .await
        .expect("taken out of the archive");
    portfolio_item::Entity::update_many()
        .col_expr(C::ArchivedAt, Expr::value(noon()))
        .filter(C::Key.is_in(["PF-PRODUCTS", "PG-SECURITY"]))
        .exec(&db)
        .await
        .expect("archived");
    planned::prepare(&db, &Rows::load(world).await).await;
}

async fn back(world: &World, item: &portfolio_item::Model) {
    portfolio_item::Entity::update_many()
        .col_expr(portfolio_item::Column::State, Expr::value(item.state.clone()))
        .filter(portfolio_item::Column::Id.eq(item.id))
        .exec(&world.database().await.orm)
        .await
        .expect("back in its state");
}

/// The item that a mutation of items is about.
fn target_key(mutation: &Mutation) -> &'static str {
    match (mutation.entity, mutation.verb) {
        ("Project", Verb::Archive) => "PR-041",
        ("Program", Verb::Archive) => "PG-OLD",
        ("Portfolio", Verb::Archive) => "PF-OLD",
        ("Project", Verb::Unarchive) => "PR-057",
        ("Program", Verb::Unarchive) => "PG-SECURITY",
        ("Portfolio", Verb::Unarchive) => "PF-PRODUCTS",
        ("Program", _) => "PG-ERP",
        ("Portfolio", _) => "PF-OPERATIONS",
        _ => "PR-001",
    }
}

/// An input that works for whom the mutation is for.
fn input_of(mutation: &Mutation, rows: &Rows, at: usize) -> Value {
    let key = json!(format!("8d0c1f6e-0000-4000-8000-{at:012}"));
    if planned::has(mutation) {
        let mut input = planned::input_of(mutation, rows);
        input["clientMutationKey"] = key;
        return input;
    }
    let is_item = matches!(mutation.entity, "Portfolio" | "Program" | "Project");
    let link = rows.links.iter().find(|link| link.item_id == Some(rows.item_by_key("PR-001").id)).expect("a link");
    let archived = rows.links.iter().find(|link| link.archived_at.is_some()).expect("an archived link");
    let (by, patch, new) = match mutation.entity {
        "Person" => {
            let key = if mutation.verb == Verb::Unarchive { "old.entry" } else { "simon.tait" };
            (
                json!({ "key": key }),
                json!({ "email": "new@example.org" }),
                json!({ "key": "new.person", "displayName": "New Person" }),
            )
        }
        "OrgUnit" => {
            let key = if mutation.verb == Verb::Unarchive { "LAB-OLD" } else { "HR" };
            (json!({ "key": key }), json!({ "name": "Other" }), json!({ "key": "NEW", "name": "New" }))
        }
        "RoleAssignment" => {
            let key = if mutation.verb == Verb::Unarchive { "RA-041" } else { "RA-021" };
            let new = json!({ "key": "RA-NEW", "personKey": "simon.tait", "role": "ANALYST" });
            (json!({ "key": key }), json!({ "validToOn": "2030-01-01" }), new)
        }
        "ApiKey" => {
            let new = json!({ "name": "New key", "roles": ["INTEGRATION"] });
            (json!({ "key": "idle" }), json!({ "name": "Other" }), new)
        }
        "ExternalLink" => {
            let link = if mutation.verb == Verb::Unarchive { archived } else { link };
            let new = json!({ "system": "SAP", "externalId": "NEW", "targetId": encode_id("prj", rows.item_by_key("PR-001").id) });
            (json!({ "id": encode_id("ext", link.id) }), json!({ "url": "https://example.org/new" }), new)
        }
        _ => {
            assert!(is_item, "{} is new: say here what works", mutation.name);
            let parent = if mutation.entity == "Portfolio" { "PF-OPERATIONS" } else { "PG-ERP" };
            let new = json!({ "key": "NEW", "name": "New", "baseCurrency": "EUR", "parentKey": parent });
            (json!({ "key": target_key(mutation) }), json!({ "name": "Other" }), new)
        }
    };
    let row = json!({ "ref": by, "ifVersion": "*", "patch": patch });
    let whole = json!({ "ref": by, "ifVersion": "*" });
    let mut input = match mutation.verb {
        Verb::Create => new,
        Verb::Update => row,
        Verb::Archive | Verb::Unarchive | Verb::Delete => whole,
        Verb::BulkCreate => json!({ "items": [new] }),
        Verb::BulkUpdate | Verb::BulkUpsert | Verb::BulkAct => json!({ "items": [row] }),
        Verb::Act | Verb::Other => {
            let mut input = whole;
            if mutation.name.ends_with("StateAdvance") {
                input["to"] = json!("CANCELLED");
            } else if mutation.entity != "ApiKey" {
                assert!(mutation.name.ends_with("ConfidentialitySet"), "{} is new: say here what works", mutation.name);
                input["confidentiality"] = json!("CONFIDENTIAL");
            }
            input
        }
    };
    input["clientMutationKey"] = key;
    input
}

/// The codes that a caller is refused with; none where it is done. Written from the published rules, not from the policy.
fn refusal(mutation: &Mutation, eyes: &Eyes<'_>, rows: &Rows) -> Option<BTreeSet<String>> {
    if planned::has(mutation) {
        return refusals::refusal(mutation, eyes, rows);
    }
    let is = |role| eyes.roles.contains(&role);
    let office = is(Role::PmoLead);
    // What is hers: the office's everything, a manager's projects, a key's grants.
    let hers = |item: &portfolio_item::Model| {
        let own = item.project_manager_id.is_some() && item.project_manager_id == eyes.person;
        office || (is(Role::ProjectManager) && own) || (is(Role::Integration) && eyes.holds(Scopes::GRANT, item))
    };
    let writes = office || is(Role::ProjectManager) || is(Role::Integration);
    let forbidden = || Some(set(&["FORBIDDEN"]));
    let missing = || Some(set(&["NOT_FOUND"]));
    let when = |may: bool| if may { None } else { forbidden() };
    let is_new = matches!(mutation.verb, Verb::Create | Verb::BulkCreate);
    let is_patch = matches!(mutation.verb, Verb::Update | Verb::BulkUpdate | Verb::BulkUpsert);
    match mutation.entity {
        "RoleAssignment" | "ApiKey" => when(office || is(Role::Admin)),
        "Person" if is_patch => {
            if eyes.visible("Person").is_empty() {
                missing()
            } else {
                when(office)
            }
        }
        "Person" | "OrgUnit" => when(office),
        "ExternalLink" => {
            if !writes {
                return forbidden();
            }
            let archived = rows.links.iter().find(|link| link.archived_at.is_some()).and_then(|link| link.item_id);
            let item = match archived {
                Some(id) if mutation.verb == Verb::Unarchive => rows.item(id),
                _ => rows.item_by_key("PR-001"),
            };
            // A link is there for whom it is hers; its target may be seen by others.
            match (hers(item), is_new) {
                (true, _) => None,
                (false, true) if eyes.sees(Row::Item(item)) => forbidden(),
                (false, _) => missing(),
            }
        }
        _ if is_new => {
            let parent = rows.item_by_key(if mutation.entity == "Portfolio" { "PF-OPERATIONS" } else { "PG-ERP" });
            if office || (is(Role::Integration) && eyes.holds(Scopes::GRANT, parent)) {
                None
            } else if writes && !eyes.sees(Row::Item(parent)) {
                Some(set(&["FORBIDDEN", "NOT_FOUND"]))
            } else {
                forbidden()
            }
        }
        _ => {
            let item = rows.item_by_key(target_key(mutation));
            let is_step = mutation.name.ends_with("StateAdvance");
            if !is_step && !writes {
                return forbidden();
            }
            if !eyes.sees(Row::Item(item)) {
                return missing();
            }
            when(match mutation.verb {
                Verb::Act if is_step => office || (is(Role::Sponsor) && eyes.holds(Scopes::SPON, item)),
                _ if is_patch => hers(item),
                _ => office,
            })
        }
    }
}

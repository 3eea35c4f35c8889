//! The organization holds together, and is the same whenever it is loaded.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, EntityTrait, QueryOrder};

use super::*;
use crate::clock::SystemClock;

mod money;
mod plans;
mod realization;
mod risks;
mod spending;
mod telling;

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 6, 30).expect("a day")
}

async fn empty() -> DatabaseConnection {
    let db = Database::connect("sqlite::memory:").await.expect("an in-memory database");
    Migrator::up(&db, None).await.expect("migrations");
    db
}

#[tokio::test]
async fn two_loads_are_equal_and_a_second_changes_nothing() {
    let db = empty().await;
    let summary = load(&db, day(), &SystemClock).await.expect("loads");
    let before = (summary.portfolios, summary.programs, summary.projects, summary.people);
    assert!(summary.created);
    assert_eq!(before, (3, 6, 60, 137));
    let rows = rows::build(day()).expect("rows");
    let counts = (summary.objectives, summary.budgets, summary.forecasts, summary.reports, summary.benefits);
    let built = (rows.objectives.len(), rows.budgets.len(), rows.forecasts.len(), rows.reports.len());
    assert_eq!(counts, (built.0, built.1, built.2, built.3, rows.benefits.profiles.len()));
    assert_eq!(load(&db, day(), &SystemClock).await.expect("loads"), Summary::default());

    let stored = portfolio_item::Entity::find().order_by_asc(portfolio_item::Column::Key).all(&db).await.expect("rows");
    let mut built = rows::build(day()).expect("rows").items;
    built.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(stored, built);
    assert_eq!(rows::build(day()).expect("rows"), rows::build(day()).expect("rows"));
}

#[tokio::test]
async fn a_loaded_database_goes_down_and_up_again() {
    let db = empty().await;
    load(&db, day(), &SystemClock).await.expect("loads");
    db.execute_unprepared("update org_unit set updated_by_id = (select min(id) from person)").await.expect("an author");
    Migrator::down(&db, None).await.expect("goes down");
    Migrator::up(&db, None).await.expect("goes up");
}

#[test]
fn every_state_category_methodology_and_role_occurs() {
    let rows = rows::build(day()).expect("rows");
    let projects = || rows.items.iter().filter(|item| item.kind == "PROJECT");
    let states: BTreeSet<_> = projects().map(|item| item.state.as_str()).collect();
    assert_eq!(states.len(), 7, "{states:?}");
    assert_eq!(projects().filter_map(|item| item.category.as_deref()).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(projects().filter_map(|item| item.methodology.as_deref()).collect::<BTreeSet<_>>().len(), 3);
    assert!(projects().map(|item| item.base_currency.as_str()).collect::<BTreeSet<_>>().len() >= 3);
    for role in crate::auth::roles::Role::ALL {
        let is_valid = |from: NaiveDate, to: Option<NaiveDate>| from <= day() && to.is_none_or(|to| to >= day());
        assert!(
            rows.roles.iter().any(|row| row.role == role.as_str() && is_valid(row.valid_from_on, row.valid_to_on)),
            "nobody is {role:?}"
        );
    }
    assert!(rows.roles.iter().any(|row| row.valid_to_on.is_some_and(|to| to < day())), "no assignment has expired");
}

#[test]
fn dates_agree_with_states() {
    for item in rows::build(day()).expect("rows").items {
        let started = item.actual_start_on.is_some();
        let finished = item.actual_finish_on.is_some();
        match item.state.as_str() {
            "PROPOSED" | "APPROVED" => assert!(!started && !finished, "{}", item.key),
            "ACTIVE" | "ON_HOLD" | "CLOSING" => {
                assert!(started && !finished, "{}", item.key);
                assert!(item.forecast_finish_on >= Some(day()), "{}", item.key);
            }
            "CLOSED" => assert!(started && finished, "{}", item.key),
            _ => assert_eq!(started, finished, "{}", item.key),
        }
        assert!(item.actual_start_on.is_none_or(|start| start <= day()), "{}", item.key);
        assert!(item.actual_finish_on.is_none_or(|finish| finish <= day()), "{}", item.key);
        assert!(item.created_at <= item.updated_at, "{}", item.key);
    }
}

#[test]
fn restriction_is_inherited_and_the_three_people_have_their_items() {
    let rows = rows::build(day()).expect("rows");
    let confidential = |kind: &str| {
        rows.items.iter().filter(|item| item.kind == kind && item.confidentiality == "CONFIDENTIAL").count()
    };
    assert_eq!((confidential("PROJECT"), confidential("PROGRAM")), (2, 1));
    for item in &rows.items {
        let above = item.parent_id.and_then(|id| rows.items.iter().find(|other| other.id == id));
        assert_eq!(above.is_some(), item.parent_id.is_some(), "{}", item.key);
        let inherited = above.is_some_and(|above| above.is_restricted);
        assert_eq!(item.is_restricted, inherited || item.confidentiality == "CONFIDENTIAL", "{}", item.key);
    }
    let person = |key: &str| rows.people.iter().find(|person| person.key == key).expect("a person").id;
    let manager = Some(person(PROJECT_MANAGER));
    let run: Vec<_> = rows.items.iter().filter(|item| item.project_manager_id == manager).collect();
    assert_eq!(run.len(), 5);
    assert!(run.iter().any(|item| item.confidentiality == "CONFIDENTIAL"));
    let sponsored: Vec<_> = rows.items.iter().filter(|item| item.sponsor_id == Some(person(SPONSOR))).collect();
    assert_eq!(sponsored.iter().map(|item| item.kind.as_str()).collect::<Vec<_>>(), ["PROGRAM", "PROJECT", "PROJECT"]);
}

//! Writing what resources are described by, roles, skills and certificates, and categories of their time.

use async_graphql_value::ConstValue;
use entity::{certification, resource_role, skill, time_category};
use futures_util::{FutureExt as _, future::BoxFuture};

use crate::{
    auth::Step,
    error::Error,
    write::{Done, Mutation, Row, UserCode, UserError, Work, usual, write_keyed},
};

/// Months of the longest certificate.
const LONGEST: i32 = 1_200;

/// The mutations of roles, skills, certificates and categories of time.
pub fn mutations() -> Vec<Mutation> {
    [
        usual("ResourceRole", "resourceRole", None, false, write_roles),
        usual("Skill", "skill", None, false, write_skills),
        usual("Certification", "certification", None, false, write_certifications),
        usual("TimeCategory", "timeCategory", None, false, write_time_categories),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write_roles<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    write_keyed::<resource_role::Entity>(work, input, Step::ResourceSetUp, blank_role, |_, _| {}).boxed()
}

fn write_skills<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    write_keyed::<skill::Entity>(work, input, Step::ResourceSetUp, blank_skill, |_, _| {}).boxed()
}

fn write_time_categories<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    write_keyed::<time_category::Entity>(work, input, Step::ResourceSetUp, blank_time_category, |_, _| {}).boxed()
}

fn write_certifications<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    let holds = |work: &mut Work<'_>, row: &Row<certification::Model>| {
        if row.after.valid_months.is_some_and(|months| !(1..=LONGEST).contains(&months)) {
            let line = format!("`validMonths` is 1 to {LONGEST}.");
            work.fail(row, UserError::new(UserCode::OutOfRange, row.place("validMonths"), line));
        }
    };
    write_keyed::<certification::Entity>(work, input, Step::ResourceSetUp, blank_certification, holds).boxed()
}

/// A role of nothing.
fn blank_role(work: &Work<'_>) -> resource_role::Model {
    resource_role::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        description: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A skill of nothing.
fn blank_skill(work: &Work<'_>) -> skill::Model {
    skill::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        category: None,
        description: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A category of nothing.
fn blank_time_category(work: &Work<'_>) -> time_category::Model {
    time_category::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        description: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A certificate of nothing.
fn blank_certification(work: &Work<'_>) -> certification::Model {
    certification::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        issuer: None,
        valid_months: None,
        description: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

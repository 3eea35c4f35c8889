//! A believable organization to look at: the same rows for the same day, whenever and wherever it is loaded.
//!
//! The facts stand in the `.csv` files beside this one; dates in them are days from the day asked for.

use chrono::{Datelike, NaiveDate};
use entity::{external_link, org_unit, person, person_identity, portfolio_item, role_assignment};
use sea_orm::{ActiveModelTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect};

use crate::clock::Clock;
use crate::error::{Code, Error};
use crate::graph::begin;
use crate::write::ancestors;

mod rows;
mod timeline;

/// Subject of the head of the project management office.
pub const PMO_LEAD: &str = "anna.keller";
/// Subject of a project manager of five projects, one of them confidential and one below a confidential program.
pub const PROJECT_MANAGER: &str = "marc.dubois";
/// Subject of the sponsor of one program and of two projects outside it.
pub const SPONSOR: &str = "helen.ashworth";

/// What was loaded, or that there was something already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// False where the database holds portfolio items already: then nothing was changed and the counts are zero.
    pub created: bool,
    /// Portfolios created.
    pub portfolios: usize,
    /// Programs created.
    pub programs: usize,
    /// Projects created.
    pub projects: usize,
    /// People created.
    pub people: usize,
}

/// Loads the organization as it stands on `as_of`, all or nothing. The clock is not asked: rows carry the times of
/// `as_of`, so that two loads are equal.
pub async fn load(db: &DatabaseConnection, as_of: NaiveDate, _clock: &dyn Clock) -> Result<Summary, Error> {
    // The story runs from three years before the day to five years after it; four-digit years must hold it.
    if !(1900..=9900).contains(&as_of.year()) {
        return Err(Error::new(Code::OutOfRange, "The demonstration's day must lie in the years 1900 to 9900."));
    }
    let txn = begin(db).await?;
    if portfolio_item::Entity::find().limit(1).one(&txn).await?.is_some() {
        return Ok(Summary::default());
    }
    let rows = rows::build(as_of)?;
    let count = |kind: &str| rows.items.iter().filter(|item| item.kind == kind).count();
    let summary = Summary {
        created: true,
        portfolios: count("PORTFOLIO"),
        programs: count("PROGRAM"),
        projects: count("PROJECT"),
        people: rows.people.len(),
    };
    insert::<org_unit::Entity, _, org_unit::ActiveModel>(&txn, rows.org_units).await?;
    insert::<person::Entity, _, person::ActiveModel>(&txn, rows.people).await?;
    insert::<person_identity::Entity, _, person_identity::ActiveModel>(&txn, rows.identities).await?;
    insert::<portfolio_item::Entity, _, portfolio_item::ActiveModel>(&txn, rows.items).await?;
    ancestors::keep_all(&txn).await?;
    insert::<role_assignment::Entity, _, role_assignment::ActiveModel>(&txn, rows.roles).await?;
    insert::<external_link::Entity, _, external_link::ActiveModel>(&txn, rows.links).await?;
    txn.commit().await?;
    Ok(summary)
}

async fn insert<E, M, A>(txn: &DatabaseTransaction, models: Vec<M>) -> Result<(), Error>
where
    E: EntityTrait,
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    E::insert_many(models.into_iter().map(IntoActiveModel::into_active_model)).exec_without_returning(txn).await?;
    Ok(())
}

#[cfg(test)]
mod tests;

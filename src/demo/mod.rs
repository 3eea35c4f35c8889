//! A believable organization to look at: the same rows for the same day, whenever and wherever it is loaded.
//!
//! The facts stand in the `.csv` files beside this one; dates in them are days from the day asked for.

use chrono::{Datelike, NaiveDate};
use entity::{
    actual, alert_rule, allocation, allocation_period, allocation_segment, baseline, baseline_item,
    baseline_period_value, benefit, benefit_actual, benefit_contribution, benefit_measure, benefit_measure_point,
    benefit_plan_point, benefit_review, benefits_map_edge, benefits_map_node, budget, budget_line, calendar_exception,
    certification, certification_held, commitment, cost_category, cost_plan, cost_plan_line, external_link,
    fiscal_calendar, fiscal_period, forecast, forecast_line, fx_rate, fx_rate_set, issue, kpi_definition, kpi_posting,
    kpi_target, kpi_threshold, objective_contribution, org_unit, person, person_identity, portfolio_item,
    progress_measurement, rag_assessment, rate, rate_card, request_skill, resource, resource_pool, resource_request,
    resource_role, resource_skill, risk, risk_response, role_assignment, skill, status_report, strategic_objective,
    task, time_category, time_entry, time_off, timesheet, work_calendar,
};
use sea_orm::{ActiveModelTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect};

use crate::app;
use crate::clock::Clock;
use crate::error::{Code, Error};
use crate::graph::begin;
use crate::kpi::{kpi_definition::keep_catalogue, ledger};
use crate::write::ancestors;

mod benefits;
mod bookings;
mod calendar;
mod cost_plans;
mod forecasts;
mod kpis;
mod money;
mod raid;
mod rates;
mod rates_of_staff;
mod ratings;
mod realization;
mod reports;
mod resource_frame;
mod resources;
mod rows;
mod schedule;
mod shape;
mod spending;
mod strategy;
mod timeline;
mod timesheets;

/// Subject of the head of the project management office.
pub const PMO_LEAD: &str = "anna.keller";
/// Subject of a project manager of five projects, one of them confidential and one below a confidential program.
pub const PROJECT_MANAGER: &str = "marc.dubois";
/// Subject of the sponsor of one program and of two projects outside it.
pub const SPONSOR: &str = "helen.ashworth";

/// Rows of one statement: 40 columns of each stay below the 32,766 parameters of SQLite.
const MOST_AT_ONCE: usize = 400;

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
    /// Strategic objectives created.
    pub objectives: usize,
    /// Versions of budgets created.
    pub budgets: usize,
    /// Versions of forecasts created.
    pub forecasts: usize,
    /// Status reports created.
    pub reports: usize,
    /// Benefits created.
    pub benefits: usize,
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
        objectives: rows.objectives.len(),
        budgets: rows.budgets.len(),
        forecasts: rows.forecasts.len(),
        reports: rows.reports.len(),
        benefits: rows.benefits.profiles.len(),
    };
    insert::<org_unit::Entity, _, org_unit::ActiveModel>(&txn, rows.org_units).await?;
    insert::<person::Entity, _, person::ActiveModel>(&txn, rows.people).await?;
    insert::<person_identity::Entity, _, person_identity::ActiveModel>(&txn, rows.identities).await?;
    insert::<fx_rate_set::Entity, _, fx_rate_set::ActiveModel>(&txn, rows.rates.sets).await?;
    insert::<fx_rate::Entity, _, fx_rate::ActiveModel>(&txn, rows.rates.rates).await?;
    insert::<portfolio_item::Entity, _, portfolio_item::ActiveModel>(&txn, rows.items).await?;
    let at = shape::instant(as_of, 0);
    ancestors::keep_all(&txn, at).await?;
    insert::<role_assignment::Entity, _, role_assignment::ActiveModel>(&txn, rows.roles).await?;
    insert::<external_link::Entity, _, external_link::ActiveModel>(&txn, rows.links).await?;
    insert::<fiscal_calendar::Entity, _, fiscal_calendar::ActiveModel>(&txn, rows.frame.calendars).await?;
    insert::<fiscal_period::Entity, _, fiscal_period::ActiveModel>(&txn, rows.frame.periods).await?;
    insert::<cost_category::Entity, _, cost_category::ActiveModel>(&txn, rows.frame.categories).await?;
    let described = rows.resource_frame;
    insert::<resource_role::Entity, _, resource_role::ActiveModel>(&txn, described.roles).await?;
    insert::<skill::Entity, _, skill::ActiveModel>(&txn, described.skills).await?;
    insert::<certification::Entity, _, certification::ActiveModel>(&txn, described.certifications).await?;
    insert::<work_calendar::Entity, _, work_calendar::ActiveModel>(&txn, described.calendars).await?;
    insert::<calendar_exception::Entity, _, calendar_exception::ActiveModel>(&txn, described.exceptions).await?;
    let who = rows.resources;
    insert::<resource_pool::Entity, _, resource_pool::ActiveModel>(&txn, who.pools).await?;
    insert::<resource::Entity, _, resource::ActiveModel>(&txn, who.all).await?;
    insert::<resource_skill::Entity, _, resource_skill::ActiveModel>(&txn, who.skills).await?;
    insert::<certification_held::Entity, _, certification_held::ActiveModel>(&txn, who.certificates).await?;
    insert::<time_off::Entity, _, time_off::ActiveModel>(&txn, who.time_off).await?;
    insert::<rate_card::Entity, _, rate_card::ActiveModel>(&txn, rows.staff_rates.cards).await?;
    insert::<rate::Entity, _, rate::ActiveModel>(&txn, rows.staff_rates.rates).await?;
    let booked = rows.bookings;
    insert::<resource_request::Entity, _, resource_request::ActiveModel>(&txn, booked.requests).await?;
    insert::<request_skill::Entity, _, request_skill::ActiveModel>(&txn, booked.skills).await?;
    insert::<allocation::Entity, _, allocation::ActiveModel>(&txn, booked.allocations).await?;
    insert::<allocation_period::Entity, _, allocation_period::ActiveModel>(&txn, booked.periods).await?;
    let worked = rows.timesheets;
    insert::<time_category::Entity, _, time_category::ActiveModel>(&txn, worked.categories).await?;
    insert::<timesheet::Entity, _, timesheet::ActiveModel>(&txn, worked.sheets).await?;
    insert::<time_entry::Entity, _, time_entry::ActiveModel>(&txn, worked.entries).await?;
    insert::<allocation_segment::Entity, _, allocation_segment::ActiveModel>(&txn, booked.segments).await?;
    insert::<budget::Entity, _, budget::ActiveModel>(&txn, rows.budgets).await?;
    insert::<budget_line::Entity, _, budget_line::ActiveModel>(&txn, rows.budget_lines).await?;
    insert::<forecast::Entity, _, forecast::ActiveModel>(&txn, rows.forecasts).await?;
    insert::<forecast_line::Entity, _, forecast_line::ActiveModel>(&txn, rows.forecast_lines).await?;
    insert::<cost_plan::Entity, _, cost_plan::ActiveModel>(&txn, rows.cost_plans).await?;
    insert::<cost_plan_line::Entity, _, cost_plan_line::ActiveModel>(&txn, rows.cost_plan_lines).await?;
    insert::<commitment::Entity, _, commitment::ActiveModel>(&txn, rows.spending.commitments).await?;
    insert::<actual::Entity, _, actual::ActiveModel>(&txn, rows.spending.actuals).await?;
    insert::<status_report::Entity, _, status_report::ActiveModel>(&txn, rows.reports).await?;
    insert::<rag_assessment::Entity, _, rag_assessment::ActiveModel>(&txn, rows.ratings).await?;
    insert::<strategic_objective::Entity, _, strategic_objective::ActiveModel>(&txn, rows.objectives).await?;
    insert::<objective_contribution::Entity, _, objective_contribution::ActiveModel>(&txn, rows.contributions).await?;
    insert::<benefit::Entity, _, benefit::ActiveModel>(&txn, rows.benefits.profiles).await?;
    insert::<benefit_plan_point::Entity, _, benefit_plan_point::ActiveModel>(&txn, rows.benefits.points).await?;
    insert::<benefit_contribution::Entity, _, benefit_contribution::ActiveModel>(&txn, rows.benefits.shares).await?;
    insert::<task::Entity, _, task::ActiveModel>(&txn, rows.schedule.tasks).await?;
    insert::<baseline::Entity, _, baseline::ActiveModel>(&txn, rows.schedule.baselines).await?;
    insert::<baseline_item::Entity, _, baseline_item::ActiveModel>(&txn, rows.schedule.items).await?;
    insert::<baseline_period_value::Entity, _, baseline_period_value::ActiveModel>(&txn, rows.schedule.values).await?;
    insert::<progress_measurement::Entity, _, progress_measurement::ActiveModel>(&txn, rows.schedule.measurements)
        .await?;
    let had = rows.realization;
    insert::<benefit_measure::Entity, _, benefit_measure::ActiveModel>(&txn, had.measures).await?;
    insert::<benefit_measure_point::Entity, _, benefit_measure_point::ActiveModel>(&txn, had.points).await?;
    insert::<benefit_actual::Entity, _, benefit_actual::ActiveModel>(&txn, had.actuals).await?;
    insert::<benefit_review::Entity, _, benefit_review::ActiveModel>(&txn, had.reviews).await?;
    insert::<benefits_map_node::Entity, _, benefits_map_node::ActiveModel>(&txn, had.nodes).await?;
    insert::<benefits_map_edge::Entity, _, benefits_map_edge::ActiveModel>(&txn, had.edges).await?;
    insert::<risk::Entity, _, risk::ActiveModel>(&txn, rows.raid.risks).await?;
    insert::<risk_response::Entity, _, risk_response::ActiveModel>(&txn, rows.raid.responses).await?;
    insert::<issue::Entity, _, issue::ActiveModel>(&txn, rows.raid.issues).await?;
    keep_catalogue(&txn, at).await?;
    insert::<kpi_definition::Entity, _, kpi_definition::ActiveModel>(&txn, rows.kpis.definitions).await?;
    insert::<kpi_threshold::Entity, _, kpi_threshold::ActiveModel>(&txn, rows.kpis.thresholds).await?;
    insert::<kpi_target::Entity, _, kpi_target::ActiveModel>(&txn, rows.kpis.targets).await?;
    insert::<kpi_posting::Entity, _, kpi_posting::ActiveModel>(&txn, rows.kpis.postings).await?;
    insert::<alert_rule::Entity, _, alert_rule::ActiveModel>(&txn, rows.kpis.rules).await?;
    let cause = ledger::Cause { at, request_id: "demo", mutation: "demo", actor: None };
    ledger::keep_all(&txn, app::model(), &cause).await?;
    txn.commit().await?;
    Ok(summary)
}

async fn insert<E, M, A>(txn: &DatabaseTransaction, models: Vec<M>) -> Result<(), Error>
where
    E: EntityTrait,
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let mut rows = models.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<A> = rows.by_ref().take(MOST_AT_ONCE).collect();
        E::insert_many(chunk).exec_without_returning(txn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

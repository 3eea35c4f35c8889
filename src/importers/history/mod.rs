//! What the rows tell of a period, as published history: reports with ratings, budgets, forecasts, benefits. The same
//! again changes nothing; something else for the same day supersedes what was there, which stays.

use chrono::NaiveDate;
use entity::{benefit, budget, budget_line, forecast, forecast_line, portfolio_item, rag_assessment, status_report};
use uuid::Uuid;

use super::ledger::Ledger;
use super::mapping::Mapping;
use super::sheet::{Period, Record, Told};
use super::slots::Writing;
use crate::error::Error;
use crate::write::Work;

mod benefits;
mod money;
mod periods;
mod reports;
mod versions;

use benefits::Benefits;
use periods::Periods;
use reports::Reports;
use versions::{Given, Versions};

/// Where a row's project stands.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub item_id: Uuid,
    pub item_key: String,
    /// The portfolio that the row names.
    pub reported_portfolio_id: Option<Uuid>,
    /// The project's type as the row names it.
    pub reported_type: Option<String>,
}

/// What became of a row's history.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub changes: Vec<String>,
    pub doubts: Vec<String>,
}

/// The history of a source.
pub(super) struct History {
    reports: Reports,
    budgets: Versions<budget::Model>,
    forecasts: Versions<forecast::Model>,
    benefits: Benefits,
    periods: Periods,
    system: String,
    currency: String,
}

impl History {
    /// Reads what is known of the items that the source has names for.
    pub(super) async fn load(work: &Work<'_>, mapping: &Mapping) -> Result<Self, Error> {
        Ok(Self {
            reports: Reports::load(work, mapping).await?,
            budgets: Versions::load::<budget::Entity, budget_line::Entity>(work, &mapping.system).await?,
            forecasts: Versions::load::<forecast::Entity, forecast_line::Entity>(work, &mapping.system).await?,
            benefits: Benefits::load(work, mapping).await?,
            periods: Periods::load(work, mapping).await?,
            system: mapping.system.clone(),
            currency: mapping.currency.clone(),
        })
    }

    /// Takes what a row tells of its period; or says why it cannot.
    pub(super) fn apply(
        &mut self,
        work: &Work<'_>,
        standing: &Standing,
        record: &Record,
        period: Period,
    ) -> Result<Outcome, String> {
        let mut out = Outcome::default();
        self.reports.apply(work, &self.system, standing, record, period, &mut out);
        let (day, currency) = (period.end_on, self.currency.as_str());
        let given = |figures, periods: &mut Periods| Given::new(work, periods, currency, day, figures);
        if let Some(figures) = told(&record.budget) {
            let given = given(figures, &mut self.periods)?;
            self.budgets.apply(work, &self.system, standing, &given, &mut out)?;
        }
        if let Some(figures) = told(&record.forecast) {
            let given = given(figures, &mut self.periods)?;
            self.forecasts.apply(work, &self.system, standing, &given, &mut out)?;
        }
        if let Some(benefit) = told(&record.benefit) {
            self.benefits.apply(work, &self.system, standing, benefit, day, &mut out);
        }
        Ok(out)
    }

    /// Settles which versions of an item are current, and what the item shows of them.
    pub(super) fn settle(&mut self, work: &Work<'_>, item: &mut portfolio_item::Model) {
        if let Some(amount) = self.budgets.settle(&self.system, item.id) {
            item.budget_amount = amount;
        }
        self.forecasts.settle(&self.system, item.id);
        item.is_tracking_benefits = self.benefits.settle(work, item.id);
        if let Some(rated) = self.reports.rated(item) {
            *item = rated;
        }
    }

    /// How many rows are to be written.
    pub(super) fn changes(&self) -> usize {
        self.periods.changes()
            + self.reports.changes()
            + self.budgets.changes()
            + self.forecasts.changes()
            + self.benefits.changes()
    }

    /// Writes what is new and what has changed; the items are written already.
    pub(super) async fn write(
        &mut self,
        work: &mut Work<'_>,
        ledger: &Ledger,
        told: &mut Writing<'_>,
    ) -> Result<(), Error> {
        let scopes = ledger.scopes();
        let scope = |item: &Uuid| scopes.get(item).copied().unwrap_or_default();
        self.periods.write(work, told).await?;
        self.reports.write(work, &scope, told).await?;
        self.budgets.write::<budget::Entity, budget_line::Entity>(work, &scope, told).await?;
        self.forecasts.write::<forecast::Entity, forecast_line::Entity>(work, &scope, told).await?;
        self.benefits.write(work, &scope, told).await
    }
}

/// What a file says, if it speaks of it at all; inside, none where its cells are blank.
#[allow(clippy::option_option)] // the two absences mean different things
fn told<T>(told: &Told<T>) -> Option<Option<&T>> {
    match told {
        Told::Nothing => None,
        Told::Blank => Some(None),
        Told::Given(value) => Some(Some(value)),
    }
}

/// Where an item stands now, by its id.
type Scope<'a> = &'a (dyn Fn(&Uuid) -> (Option<Uuid>, bool) + Sync);

/// The source of reports that a look back makes: they add to no count of the source's own.
fn look_back(system: &str) -> String {
    format!("{system}:look-back")
}

/// A day as notes write it.
fn of(day: NaiveDate) -> String {
    format!("of {day}")
}

type ReportRow = status_report::Model;
type RatingRow = rag_assessment::Model;
type BenefitRow = benefit::Model;

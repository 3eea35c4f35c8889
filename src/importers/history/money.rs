//! Budgets and forecasts as versions.

use chrono::NaiveDate;
use entity::{budget, budget_line, forecast, forecast_line};
use uuid::Uuid;

use super::Standing;
use super::versions::{Given, LineContent, Version, VersionLine};
use crate::finance;
use crate::write::Work;

impl Version for budget::Model {
    type Line = budget_line::Model;
    const NAME: &'static str = "budget";
    const ENTITIES: [&'static str; 2] = ["Budget", "BudgetLine"];

    fn id(&self) -> Uuid {
        self.id
    }

    fn item_id(&self) -> Uuid {
        self.item_id
    }

    fn revision(&self) -> i32 {
        self.revision
    }

    fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    fn as_of(&self) -> Option<NaiveDate> {
        self.as_of_on
    }

    fn amount(&self) -> Option<i64> {
        self.amount
    }

    fn is_current(&self) -> bool {
        self.state == "APPROVED"
    }

    fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    fn set_current(&mut self, is_current: bool) {
        (if is_current { "APPROVED" } else { "SUPERSEDED" }).clone_into(&mut self.state);
    }

    fn archive(&mut self, work: &Work<'_>) {
        self.archived_at = Some(work.now);
    }

    fn stand(&mut self, scope: (Option<Uuid>, bool)) {
        (self.portfolio_id, self.is_restricted) = scope;
    }

    fn says(&self, standing: &Standing, given: &Given<'_>) -> bool {
        let figures = given.figures;
        self.amount == figures.and_then(|f| f.amount)
            && self.contingency_amount == figures.and_then(|f| f.contingency)
            && self.reserve_amount == figures.and_then(|f| f.reserve)
            && self.amount_note.as_ref() == figures.and_then(|f| f.note.as_ref())
            && self.funding_source.as_ref() == figures.and_then(|f| f.funding.as_ref())
            && self.reported_portfolio_id == standing.reported_portfolio_id
    }

    fn make(work: &Work<'_>, source: &str, revision: i32, standing: &Standing, given: &Given<'_>) -> Self {
        let figures = given.figures;
        Self {
            item_id: standing.item_id,
            revision,
            state: "SUPERSEDED".to_owned(),
            currency: given.currency.to_owned(),
            amount: figures.and_then(|f| f.amount),
            amount_note: figures.and_then(|f| f.note.clone()),
            allocated_amount: given.allocated(),
            contingency_amount: figures.and_then(|f| f.contingency),
            reserve_amount: figures.and_then(|f| f.reserve),
            funding_source: figures.and_then(|f| f.funding.clone()),
            as_of_on: Some(given.day),
            reported_portfolio_id: standing.reported_portfolio_id,
            source: Some(source.to_owned()),
            ..finance::blank_budget(work)
        }
    }
}

impl Version for forecast::Model {
    type Line = forecast_line::Model;
    const NAME: &'static str = "forecast";
    const ENTITIES: [&'static str; 2] = ["Forecast", "ForecastLine"];

    fn id(&self) -> Uuid {
        self.id
    }

    fn item_id(&self) -> Uuid {
        self.item_id
    }

    fn revision(&self) -> i32 {
        self.revision
    }

    fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    fn as_of(&self) -> Option<NaiveDate> {
        Some(self.as_of_on)
    }

    fn amount(&self) -> Option<i64> {
        self.amount
    }

    fn is_current(&self) -> bool {
        self.state == "PUBLISHED"
    }

    fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    fn set_current(&mut self, is_current: bool) {
        (if is_current { "PUBLISHED" } else { "SUPERSEDED" }).clone_into(&mut self.state);
    }

    fn archive(&mut self, work: &Work<'_>) {
        self.archived_at = Some(work.now);
    }

    fn stand(&mut self, scope: (Option<Uuid>, bool)) {
        (self.portfolio_id, self.is_restricted) = scope;
    }

    fn says(&self, standing: &Standing, given: &Given<'_>) -> bool {
        self.amount == given.figures.and_then(|f| f.amount)
            && self.note.as_ref() == given.figures.and_then(|f| f.note.as_ref())
            && self.reported_portfolio_id == standing.reported_portfolio_id
    }

    fn make(work: &Work<'_>, source: &str, revision: i32, standing: &Standing, given: &Given<'_>) -> Self {
        Self {
            item_id: standing.item_id,
            revision,
            state: "SUPERSEDED".to_owned(),
            as_of_on: given.day,
            currency: given.currency.to_owned(),
            amount: given.figures.and_then(|f| f.amount),
            note: given.figures.and_then(|f| f.note.clone()),
            allocated_amount: given.allocated(),
            reported_portfolio_id: standing.reported_portfolio_id,
            source: Some(source.to_owned()),
            published_at: Some(work.now),
            ..finance::blank_forecast(work)
        }
    }
}

/// Both tables of lines differ only in the name of the column that leads to the version.
macro_rules! line {
    ($table:ident, $version:ident, $blank:ident) => {
        impl VersionLine for $table::Model {
            fn version_id(&self) -> Uuid {
                self.$version
            }

            fn item_id(&self) -> Uuid {
                self.item_id
            }

            fn content(&self) -> LineContent {
                LineContent {
                    period_id: self.period_id,
                    category_id: self.category_id,
                    amount: self.amount,
                    note: self.note.clone(),
                }
            }

            fn stand(&mut self, scope: (Option<Uuid>, bool)) {
                (self.portfolio_id, self.is_restricted) = scope;
            }

            fn make(work: &Work<'_>, version: Uuid, standing: &Standing, currency: &str, line: LineContent) -> Self {
                Self {
                    $version: version,
                    item_id: standing.item_id,
                    period_id: line.period_id,
                    category_id: line.category_id,
                    currency: currency.to_owned(),
                    amount: line.amount,
                    note: line.note,
                    reported_portfolio_id: standing.reported_portfolio_id,
                    ..finance::$blank(work)
                }
            }
        }
    };
}

line!(budget_line, budget_id, blank_budget_line);
line!(forecast_line, forecast_id, blank_forecast_line);

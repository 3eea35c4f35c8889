//! Dates, phase and version that agree with an item's state; pure.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Deserializer};

use crate::portfolios::rules::ItemState as State;

/// As if each step on the way to a state had been one write.
pub(super) fn version(state: State) -> i64 {
    match state {
        State::Proposed => 1,
        State::Approved => 2,
        State::Active | State::Cancelled => 3,
        State::OnHold | State::Closing => 4,
        State::Closed => 5,
    }
}

/// Reads a state by its stored name.
pub(super) fn state<'de, D: Deserializer<'de>>(from: D) -> Result<State, D::Error> {
    let name = String::deserialize(from)?;
    State::parse(&name).ok_or_else(|| serde::de::Error::custom(format!("there is no state {name}")))
}

/// How a project is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Methodology {
    Waterfall,
    Agile,
    Hybrid,
}

impl Methodology {
    /// The name in the table.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Waterfall => "WATERFALL",
            Self::Agile => "AGILE",
            Self::Hybrid => "HYBRID",
        }
    }

    fn phases(self) -> &'static [&'static str] {
        match self {
            Self::Waterfall => &["Initiation", "Design", "Build", "Test", "Rollout"],
            Self::Agile => &["Discovery", "Foundation", "Delivery", "Release"],
            Self::Hybrid => &["Initiation", "Design", "Delivery", "Rollout"],
        }
    }
}

/// What was planned, in days: start from the day of the demonstration, length, and how much longer it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub start: i64,
    pub days: i64,
    pub slip: i64,
}

/// The six dates of an item, each the first or last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dates {
    pub planned_start: Option<NaiveDate>,
    pub planned_finish: Option<NaiveDate>,
    pub forecast_start: Option<NaiveDate>,
    pub forecast_finish: Option<NaiveDate>,
    pub actual_start: Option<NaiveDate>,
    pub actual_finish: Option<NaiveDate>,
}

/// Dates for an item in `state`. `is_funded`: without an approved budget a cancelled item never started.
pub(super) fn dates(state: State, plan: Option<Plan>, is_funded: bool, as_of: NaiveDate) -> Dates {
    let Some(Plan { start, days, slip }) = plan else {
        return Dates::default();
    };
    let day = |offset: i64| Some(as_of + TimeDelta::days(offset));
    let planned = Dates { planned_start: day(start), planned_finish: day(start + days), ..Dates::default() };
    let forecast_finish = day(start + days + slip);
    match state {
        State::Approved => Dates { forecast_start: planned.planned_start, forecast_finish, ..planned },
        State::Active | State::OnHold | State::Closing => {
            Dates { forecast_start: day(start), forecast_finish, actual_start: day(start), ..planned }
        }
        State::Closed => Dates {
            forecast_start: day(start),
            forecast_finish,
            actual_start: day(start),
            actual_finish: forecast_finish,
            ..planned
        },
        State::Cancelled if is_funded => {
            Dates { actual_start: day(start), actual_finish: day((start + days / 2).min(-1)), ..planned }
        }
        State::Proposed | State::Cancelled => planned,
    }
}

/// The phase that a project has reached, by the share of its time that has passed.
pub(super) fn phase(state: State, methodology: Methodology, plan: Option<Plan>) -> Option<&'static str> {
    let phases = methodology.phases();
    match state {
        State::Proposed => Some("Idea"),
        State::Approved => phases.first().copied(),
        State::Active | State::OnHold => {
            let Plan { start, days, slip } = plan?;
            let count = i64::try_from(phases.len()).ok()?;
            let reached = (-start * count / (days + slip).max(1)).clamp(0, count - 1);
            phases.get(usize::try_from(reached).ok()?).copied()
        }
        State::Closing | State::Closed => Some("Closure"),
        State::Cancelled => None,
    }
}

//! Fiscal years that are calendar years, from two years back to one ahead, in quarters and months.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use entity::{cost_category, fiscal_calendar, fiscal_period};
use serde::Deserialize;
use uuid::Uuid;

use super::shape::{facts, id, instant, month_end, who};
use crate::error::Error;

/// The calendar that is used.
pub(super) const CALENDAR: &str = "MERIDIAN";
/// The calendar that was used before; archived.
const FORMER: &str = "MERIDIAN-APRIL";
/// Who set them up.
const CONTROLLER: &str = "stefan.brunner";
/// Days after its end on which a month is closed.
pub(super) const CLOSED_AFTER: i64 = 10;

/// Calendars, their periods, and cost categories.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub calendars: Vec<fiscal_calendar::Model>,
    pub periods: Vec<fiscal_period::Model>,
    pub categories: Vec<cost_category::Model>,
}

#[derive(Deserialize)]
struct CategoryFact {
    key: String,
    parent: Option<String>,
    account: Option<String>,
    capex: String,
    name: String,
}

impl Frame {
    /// For the day.
    pub(super) fn new(as_of: NaiveDate) -> Result<Self, Error> {
        let founded = -890;
        let mut periods = vec![];
        for year in as_of.year() - 2..=as_of.year() + 1 {
            let start = NaiveDate::from_ymd_opt(year, 1, 1).ok_or_else(|| Error::internal("no such year"))?;
            let year_key = format!("FY{year:04}");
            periods.push(period(as_of, &year_key, format!("Fiscal year {year:04}"), "YEAR", (start, 12), None));
            for quarter in 0..4 {
                let start = start + Months::new(3 * quarter);
                let key = format!("{year_key}-Q{}", quarter + 1);
                let name = format!("Quarter {} of {year:04}", quarter + 1);
                periods.push(period(as_of, &key, name, "QUARTER", (start, 3), Some(&year_key)));
                for month in 0..3 {
                    let start = start + Months::new(month);
                    let name = start.format("%B %Y").to_string();
                    let own = format!("{year_key}-{:02}", start.month());
                    periods.push(period(as_of, &own, name, "MONTH", (start, 1), Some(&key)));
                }
            }
        }
        let old = NaiveDate::from_ymd_opt(as_of.year() - 4, 4, 1).ok_or_else(|| Error::internal("no such year"))?;
        let name = format!("April {:04} to March {:04}", old.year(), old.year() + 1);
        let key = format!("FA{:04}", old.year());
        let former = fiscal_period::Model {
            calendar_id: id("fiscal_calendar", FORMER),
            archived_at: Some(instant(as_of, founded)),
            ..period(as_of, &key, name, "YEAR", (old, 12), None)
        };
        periods.push(former);
        let in_use = "Calendar years in quarters and months; a month is closed ten days after its end.";
        let calendars = vec![
            calendar(as_of, CALENDAR, "Meridian fiscal calendar", in_use),
            fiscal_calendar::Model {
                archived_at: Some(instant(as_of, founded)),
                ..calendar(
                    as_of,
                    FORMER,
                    "Former calendar from April",
                    "Used until the group changed to calendar years.",
                )
            },
        ];
        let categories = facts::<CategoryFact>(include_str!("categories.csv"))?
            .into_iter()
            .map(|fact| category(fact, as_of))
            .collect();
        Ok(Self { calendars, periods, categories })
    }

    /// The periods of a kind that have a day between these two, in their order.
    pub(super) fn between(&self, kind: &str, from: NaiveDate, to: NaiveDate) -> Vec<&fiscal_period::Model> {
        let is_one = |period: &&fiscal_period::Model| {
            period.kind == kind && period.archived_at.is_none() && period.start_on <= to && period.end_on >= from
        };
        self.periods.iter().filter(is_one).collect()
    }
}

/// The id of a category.
pub(super) fn category_id(key: &str) -> Uuid {
    id("cost_category", key)
}

fn calendar(as_of: NaiveDate, key: &str, name: &str, description: &str) -> fiscal_calendar::Model {
    let (at, by) = (instant(as_of, -895), Some(who(CONTROLLER)));
    fiscal_calendar::Model {
        id: id("fiscal_calendar", key),
        key: key.to_owned(),
        name: name.to_owned(),
        name_fold: name.to_lowercase(),
        description: Some(description.to_owned()),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: None,
    }
}

fn period(
    as_of: NaiveDate,
    key: &str,
    name: String,
    kind: &str,
    (start_on, months): (NaiveDate, u32),
    parent: Option<&str>,
) -> fiscal_period::Model {
    let end_on = month_end(start_on + Months::new(months - 1));
    let closed_on = end_on + TimeDelta::days(CLOSED_AFTER);
    let is_closed = closed_on < as_of;
    let (at, by) = (instant(as_of, -895), Some(who(CONTROLLER)));
    fiscal_period::Model {
        id: id("fiscal_period", key),
        calendar_id: id("fiscal_calendar", CALENDAR),
        key: key.to_owned(),
        name,
        kind: kind.to_owned(),
        start_on,
        end_on,
        state: if is_closed { "CLOSED" } else { "OPEN" }.to_owned(),
        parent_id: parent.map(|key| id("fiscal_period", key)),
        version: if is_closed { 2 } else { 1 },
        created_at: at,
        created_by_id: by,
        updated_at: if is_closed { at.max(super::shape::at(closed_on, 8)) } else { at },
        updated_by_id: by,
        archived_at: None,
    }
}

fn category(fact: CategoryFact, as_of: NaiveDate) -> cost_category::Model {
    let (at, by) = (instant(as_of, -895), Some(who(CONTROLLER)));
    cost_category::Model {
        id: category_id(&fact.key),
        archived_at: (fact.key == "FAX").then(|| instant(as_of, -700)),
        key: fact.key,
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        account: fact.account,
        is_capex_allowed: fact.capex == "yes",
        parent_id: fact.parent.map(|key| category_id(&key)),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
    }
}

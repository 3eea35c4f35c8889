//! Fiscal years and cost categories that lines of money need; what is missing is made.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike as _, NaiveDate};
use entity::{cost_category, fiscal_calendar, fiscal_period};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::error::Error;
use crate::finance;
use crate::importers::mapping::{Fiscal, Mapping, Target};
use crate::importers::slots::{Slots, Writing};
use crate::write::Work;

/// The fiscal years of a source's calendar, and the categories that its mapping names.
pub(super) struct Periods {
    fiscal: Option<Fiscal>,
    calendars: Slots<fiscal_calendar::Model>,
    years: Slots<fiscal_period::Model>,
    categories: Slots<cost_category::Model>,
    by_start: HashMap<NaiveDate, usize>,
    by_category: HashMap<String, usize>,
    keys: HashSet<String>,
}

impl Periods {
    pub(super) async fn load(work: &Work<'_>, mapping: &Mapping) -> Result<Self, Error> {
        let named = mapping.columns.iter().filter_map(|column| match &column.to {
            Target::BudgetLine { category } | Target::ForecastLine { category } => category.as_ref(),
            _ => None,
        });
        let named: Vec<String> = named.map(|(key, _)| key.clone()).collect();
        let categories =
            cost_category::Entity::find().filter(cost_category::Column::Key.is_in(named)).all(work.txn).await?;
        let (mut calendars, mut years, mut keys) = (vec![], vec![], vec![]);
        if let Some(fiscal) = &mapping.fiscal {
            calendars = fiscal_calendar::Entity::find()
                .filter(fiscal_calendar::Column::Key.eq(&fiscal.calendar))
                .all(work.txn)
                .await?;
            years = fiscal_period::Entity::find()
                .filter(fiscal_period::Column::CalendarId.is_in(calendars.iter().map(|calendar| calendar.id)))
                .filter(fiscal_period::Column::Kind.eq("YEAR"))
                .filter(fiscal_period::Column::ArchivedAt.is_null())
                .all(work.txn)
                .await?;
            keys = fiscal_period::Entity::find()
                .select_only()
                .column(fiscal_period::Column::Key)
                .filter(fiscal_period::Column::Key.starts_with(format!("{}-", fiscal.calendar)))
                .into_tuple()
                .all(work.txn)
                .await?;
        }
        Ok(Self {
            fiscal: mapping.fiscal.clone(),
            by_start: years.iter().enumerate().map(|(at, year)| (year.start_on, at)).collect(),
            by_category: categories.iter().enumerate().map(|(at, category)| (category.key.clone(), at)).collect(),
            calendars: Slots::stored(calendars),
            years: Slots::stored(years),
            categories: Slots::stored(categories),
            keys: keys.into_iter().collect(),
        })
    }

    /// The fiscal year that holds a day, made if it is new; or why nothing can stand in it.
    pub(super) fn year(&mut self, work: &Work<'_>, day: NaiveDate) -> Result<&fiscal_period::Model, String> {
        let fiscal = self.fiscal.clone().ok_or("the mapping has no fiscal calendar")?;
        let year = fiscal.year_of(day);
        let (start_on, end_on) = fiscal.year(year).ok_or("there is no such fiscal year")?;
        let at = match self.by_start.get(&start_on) {
            Some(&at) => at,
            None => self.make(work, &fiscal, year, (start_on, end_on))?,
        };
        let found = &self.years[at];
        if found.end_on != end_on {
            return Err(format!("the fiscal year {} ends on {}, not on {end_on}", found.key, found.end_on));
        }
        Ok(found)
    }

    fn make(
        &mut self,
        work: &Work<'_>,
        fiscal: &Fiscal,
        year: i32,
        (start_on, end_on): (NaiveDate, NaiveDate),
    ) -> Result<usize, String> {
        let calendar_id = self.calendar(work, fiscal)?;
        let mut key = format!("{}-{year}", fiscal.calendar);
        while !self.keys.insert(key.clone()) {
            key.push('b');
        }
        let spans_two = start_on.year() != end_on.year();
        let at = self.years.add(fiscal_period::Model {
            calendar_id,
            key,
            name: if spans_two { format!("{}-{:02}", year - 1, year % 100) } else { year.to_string() },
            kind: "YEAR".to_owned(),
            start_on,
            end_on,
            state: "OPEN".to_owned(),
            ..finance::blank_period(work)
        });
        self.by_start.insert(start_on, at);
        Ok(at)
    }

    fn calendar(&mut self, work: &Work<'_>, fiscal: &Fiscal) -> Result<Uuid, String> {
        if let Some(known) = self.calendars.iter().next().map(|slot| &slot.now) {
            return match known.archived_at {
                None => Ok(known.id),
                Some(_) => Err(format!("the fiscal calendar {} is archived", known.key)),
            };
        }
        let blank = finance::blank_calendar(work);
        let id = blank.id;
        self.calendars.add(fiscal_calendar::Model {
            key: fiscal.calendar.clone(),
            name: fiscal.name.clone(),
            name_fold: fiscal.name.to_lowercase(),
            ..blank
        });
        Ok(id)
    }

    /// The category of a key, made if it is new; or why nothing can stand in it.
    pub(super) fn category(&mut self, work: &Work<'_>, (key, name): &(String, String)) -> Result<Uuid, String> {
        if let Some(known) = self.by_category.get(key).map(|&at| &self.categories[at]) {
            return match known.archived_at {
                None => Ok(known.id),
                Some(_) => Err(format!("the cost category {key} is archived")),
            };
        }
        let blank = finance::blank_category(work);
        let id = blank.id;
        let at = self.categories.add(cost_category::Model {
            key: key.clone(),
            name: name.clone(),
            name_fold: name.to_lowercase(),
            ..blank
        });
        self.by_category.insert(key.clone(), at);
        Ok(id)
    }

    pub(super) fn changes(&self) -> usize {
        self.calendars.changes() + self.years.changes() + self.categories.changes()
    }

    pub(super) async fn write(&mut self, work: &mut Work<'_>, told: &mut Writing<'_>) -> Result<(), Error> {
        let model = work.lens.model;
        let [calendar, year, category] = ["FiscalCalendar", "FiscalPeriod", "CostCategory"].map(|e| model.entity(e));
        self.calendars.write::<fiscal_calendar::Entity>(work, calendar, |_| true, told).await?;
        self.years.write::<fiscal_period::Entity>(work, year, |_| true, told).await?;
        self.categories.write::<cost_category::Entity>(work, category, |_| true, told).await
    }
}

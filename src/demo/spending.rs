//! What projects have promised and spent: orders, the invoices that draw on them, and the hours of each month. One invoice is
//! late, one was booked twice and reversed, some are in another currency than the project.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use entity::{actual, commitment, fiscal_period, portfolio_item};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    calendar::{CALENDAR, CLOSED_AFTER, Frame, category_id},
    shape::{PER_UNIT, WHOLE, World, at, facts, id, month_end, month_start, roll, who},
};
use crate::{error::Error, finance::rules};

/// Who books by hand, and who orders.
const CONTROLLER: &str = "stefan.brunner";
/// The order that is in the archive.
const ARCHIVED: &str = "PO-45031";
/// Days after which the hours of a month are booked.
const BOOKED_AFTER: i64 = 4;

/// An order or a contract.
#[derive(Deserialize)]
struct CommitmentFact {
    key: String,
    item: String,
    title: String,
    vendor: String,
    category: String,
    expenditure: String,
    currency: String,
    units: i64,
    days: i64,
    expected: i64,
    state: String,
    ended: Option<i64>,
}

/// What is booked at the end of each month.
#[derive(Deserialize)]
struct Series {
    item: String,
    source: String,
    category: String,
    expenditure: String,
    units: i64,
    hours: i64,
    vendor: Option<String>,
    commitment: Option<String>,
    description: String,
}

/// What is booked once.
#[derive(Deserialize)]
struct Fact {
    key: String,
    item: String,
    day: i64,
    entered: i64,
    category: String,
    expenditure: String,
    currency: String,
    units: i64,
    vendor: Option<String>,
    invoice: Option<String>,
    commitment: Option<String>,
    accrual: Option<String>,
    of: Option<String>,
    description: String,
}

/// Commitments and actuals.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spending {
    pub commitments: Vec<commitment::Model>,
    pub actuals: Vec<actual::Model>,
}

/// For the day.
pub(super) fn spending(world: &World<'_>, frame: &Frame) -> Result<Spending, Error> {
    let mut actuals = vec![];
    for series in facts::<Series>(include_str!("actual_series.csv"))? {
        months(world, frame, &series, &mut actuals)?;
    }
    for fact in facts::<Fact>(include_str!("actuals.csv"))? {
        actuals.push(single(world, frame, fact)?);
    }
    let mut invoiced: HashMap<Uuid, i64> = HashMap::new();
    for actual in &actuals {
        if let Some(commitment) = actual.commitment_id {
            *invoiced.entry(commitment).or_default() += actual.amount;
        }
    }
    let made = facts::<CommitmentFact>(include_str!("commitments.csv"))?.into_iter();
    let commitments = made.map(|fact| promise(world, frame, fact, &invoiced)).collect::<Result<_, _>>()?;
    Ok(Spending { commitments, actuals })
}

fn commitment_id(key: &str) -> Uuid {
    id("commitment", key)
}

/// The month of a day.
fn month(frame: &Frame, day: NaiveDate) -> Result<&fiscal_period::Model, Error> {
    let found = frame.between("MONTH", day, day).into_iter().next();
    found.ok_or_else(|| Error::internal(format!("the calendar has no month with {day}")))
}

/// Where an actual of a day counts that was entered on another: a month is closed some days after its end.
fn posting(frame: &Frame, day: NaiveDate, entered: NaiveDate) -> Result<(&fiscal_period::Model, NaiveDate), Error> {
    let due = month(frame, day)?;
    let was_open = |month: &fiscal_period::Model| month.end_on + TimeDelta::days(CLOSED_AFTER) >= entered;
    if was_open(due) {
        return Ok((due, day));
    }
    let later = frame.between("MONTH", due.end_on, entered + TimeDelta::days(31));
    let next = later.into_iter().find(|month| month.start_on > day && was_open(month));
    next.map(|month| (month, month.start_on)).ok_or_else(|| Error::internal("no month is open"))
}

/// An actual of an item as yet without money.
fn blank(
    world: &World<'_>,
    frame: &Frame,
    item: &portfolio_item::Model,
    key: &str,
    (day, entered): (NaiveDate, NaiveDate),
) -> Result<actual::Model, Error> {
    let (period, posting_on) = posting(frame, day, entered)?;
    let written = at(entered, 11);
    Ok(actual::Model {
        id: id("actual", key),
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        is_labor: false,
        key: key.to_owned(),
        occurred_on: day,
        posting_on,
        calendar_id: id("fiscal_calendar", CALENDAR),
        period_id: period.id,
        category_id: Uuid::nil(),
        source: "NON_LABOR".to_owned(),
        expenditure: String::new(),
        currency: item.base_currency.clone(),
        amount: 0,
        quantity: None,
        vendor: None,
        invoice: None,
        description: None,
        is_accrual: false,
        commitment_id: None,
        reversal_of_id: None,
        reversal_reason: None,
        reported_portfolio_id: world.portfolio_on(item, posting_on),
        external_system: None,
        external_id: None,
        version: 1,
        created_at: written,
        created_by_id: Some(who(CONTROLLER)),
        updated_at: written,
        updated_by_id: Some(who(CONTROLLER)),
    })
}

/// The hours of each month that has ended, as the ledger sends them.
fn months(world: &World<'_>, frame: &Frame, series: &Series, actuals: &mut Vec<actual::Model>) -> Result<(), Error> {
    let item = world.item(&series.item)?;
    let Some(start) = item.actual_start_on else { return Ok(()) };
    let ends = (0..40).map(|count| month_end(month_start(start) + chrono::Months::new(count)));
    for day in ends.take_while(|day| *day + TimeDelta::days(BOOKED_AFTER) < world.as_of) {
        let key = format!("FI-{}-{:04}-{:02}", item.key, day.year(), day.month());
        // A month is dearer than another; the first one is rarely whole.
        let of_hundred = (85 + roll(&key, 31)) * (day - start).num_days().clamp(1, 30) / 30;
        let hours = series.hours * of_hundred / 100;
        let units = series.units / series.hours * hours;
        let entered = day + TimeDelta::days(BOOKED_AFTER);
        actuals.push(actual::Model {
            is_labor: series.source == "LABOR",
            category_id: category_id(&series.category),
            source: series.source.clone(),
            expenditure: series.expenditure.clone(),
            amount: (units * PER_UNIT).max(PER_UNIT),
            quantity: Some(hours * WHOLE),
            vendor: series.vendor.clone(),
            description: Some(series.description.clone()),
            commitment_id: series.commitment.as_deref().map(commitment_id),
            external_system: Some("SAP".to_owned()),
            external_id: Some(key.clone()),
            created_by_id: None,
            updated_by_id: None,
            ..blank(world, frame, item, &key, (day, entered))?
        });
    }
    Ok(())
}

fn single(world: &World<'_>, frame: &Frame, fact: Fact) -> Result<actual::Model, Error> {
    let item = world.item(&fact.item)?;
    let on = |days: i64| world.as_of + TimeDelta::days(days);
    Ok(actual::Model {
        category_id: category_id(&fact.category),
        amount: fact.units * PER_UNIT,
        vendor: fact.vendor,
        invoice: fact.invoice,
        is_accrual: fact.accrual.is_some(),
        commitment_id: fact.commitment.as_deref().map(commitment_id),
        reversal_of_id: fact.of.as_deref().map(|key| id("actual", key)),
        reversal_reason: fact.of.is_some().then(|| fact.description.clone()),
        currency: fact.currency,
        expenditure: fact.expenditure,
        description: Some(fact.description),
        ..blank(world, frame, item, &fact.key, (on(fact.day), on(fact.entered)))?
    })
}

fn promise(
    world: &World<'_>,
    frame: &Frame,
    fact: CommitmentFact,
    invoiced: &HashMap<Uuid, i64>,
) -> Result<commitment::Model, Error> {
    let item = world.item(&fact.item)?;
    let on = |days: i64| world.as_of + TimeDelta::days(days);
    let own = commitment_id(&fact.key);
    let (committed, invoiced) = (fact.units * PER_UNIT, invoiced.get(&own).copied().unwrap_or_default());
    let made = at(on(fact.days), 14);
    let ended = fact.ended.map(on);
    let by = Some(who(CONTROLLER));
    Ok(commitment::Model {
        id: own,
        item_id: item.id,
        portfolio_id: item.portfolio_id,
        is_restricted: item.is_restricted,
        title_fold: fact.title.to_lowercase(),
        title: fact.title,
        open_amount: rules::still_open(&fact.state, committed, invoiced),
        vendor: Some(fact.vendor),
        category_id: category_id(&fact.category),
        expenditure: fact.expenditure,
        period_id: frame.between("MONTH", on(fact.expected), on(fact.expected)).first().map(|month| month.id),
        currency: fact.currency,
        committed_amount: committed,
        invoiced_amount: invoiced,
        committed_on: on(fact.days),
        expected_on: Some(on(fact.expected)),
        closed_on: ended,
        reported_portfolio_id: world.portfolio_on(item, on(fact.days)),
        external_system: Some("SAP".to_owned()),
        external_id: Some(format!("MM-{}", &fact.key[3..])),
        version: 1 + i64::from(ended.is_some()),
        created_at: made,
        created_by_id: by,
        updated_at: ended.map_or(made, |day| at(day, 14)),
        updated_by_id: by,
        archived_at: (fact.key == ARCHIVED).then(|| at(on(fact.ended.unwrap_or_default() + 30), 9)),
        purchase_order: Some(fact.key.clone()),
        state: fact.state,
        key: fact.key,
    })
}

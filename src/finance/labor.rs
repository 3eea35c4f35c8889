//! What work costs, for who knows how much was worked: actuals of source LABOR, which neither who manages a project nor who
//! sponsors it sees one by one. They carry no hours and name nobody, so that no rate can be worked out from one.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use entity::{
    actual::{self, Column as A, Model},
    fiscal_calendar, fiscal_period, portfolio_item,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    actual_write::{blank, reversal},
    lines::categories_allow,
    posting::find_periods,
    rules::{self, Posting},
};
use crate::{
    error::Error,
    graph::encode_id,
    write::{Row, Work, rows},
};

/// Work of a day on a project.
#[derive(Debug)]
pub struct Labor<'p> {
    /// The project.
    pub project: &'p portfolio_item::Model,
    /// The day.
    pub on: NaiveDate,
    /// The calendar by whose periods it is posted.
    pub calendar: Uuid,
    /// What it is accounted as.
    pub category: Uuid,
    /// Whether it makes an asset.
    pub is_capex: bool,
    /// What it costs, in 1/10,000; not 0.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
}

/// The actual that work makes, in answer to an item of the list.
pub fn of_labor<M>(work: &Work<'_>, of: &Row<M>, labor: Labor<'_>) -> Row<Model> {
    let entity = work.lens.model.entity("Actual");
    let made = blank(work);
    let after = Model {
        key: encode_id(entity.prefix.unwrap_or_default(), made.id),
        item_id: labor.project.id,
        portfolio_id: labor.project.portfolio_id,
        is_restricted: labor.project.is_restricted,
        reported_portfolio_id: labor.project.portfolio_id,
        is_labor: true,
        source: "LABOR".to_owned(),
        occurred_on: labor.on,
        posting_on: labor.on,
        calendar_id: labor.calendar,
        category_id: labor.category,
        expenditure: if labor.is_capex { "CAPEX" } else { "OPEX" }.to_owned(),
        currency: labor.currency,
        amount: labor.amount,
        ..made
    };
    Row { index: of.index, path: of.path.clone(), named_at: of.named_at.clone(), ..Row::made(entity, after) }
}

/// The opposite of an actual; none where it is reversed already.
pub async fn opposite_of_labor<M>(
    work: &Work<'_>,
    of: &Row<M>,
    actual_id: Uuid,
    reason: &str,
) -> Result<Option<Row<Model>>, Error> {
    let known = rows::lock::<actual::Entity>(work, &[actual_id]).await?;
    let reversed = actual::Entity::find().filter(A::ReversalOfId.eq(actual_id)).one(work.txn).await?;
    let (Some(known), None) = (known.get(&actual_id), reversed) else { return Ok(None) };
    let entity = work.lens.model.entity("Actual");
    let after = reversal(work, known, reason.to_owned());
    Ok(Some(Row { index: of.index, path: of.path.clone(), named_at: of.named_at.clone(), ..Row::made(entity, after) }))
}

/// Finds the open periods in which actuals count, and refuses what their categories do not allow.
pub async fn check_labor(work: &mut Work<'_>, rows: &mut [Row<Model>]) -> Result<(), Error> {
    categories_allow(work, rows).await?;
    find_periods(work, rows).await
}

/// Writes them.
pub async fn write_labor(work: &mut Work<'_>, rows: Vec<Row<Model>>) -> Result<(), Error> {
    rows::follow::<actual::Entity>(work, rows).await
}

/// The days among these of which some calendar in use has closed the shortest period with it, each with that period's key.
/// The periods are locked, so that none of the others is closed meanwhile.
pub async fn closed_days(work: &Work<'_>, days: &BTreeSet<NaiveDate>) -> Result<HashMap<NaiveDate, String>, Error> {
    use fiscal_period::Column as C;
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(HashMap::new()) };
    let former = fiscal_calendar::Entity::find().select_only().column(fiscal_calendar::Column::Id);
    let former = former.filter(fiscal_calendar::Column::ArchivedAt.is_not_null());
    let former: HashSet<Uuid> = former.into_tuple::<Uuid>().all(work.txn).await?.into_iter().collect();
    let found = fiscal_period::Entity::find()
        .filter(C::ArchivedAt.is_null())
        .filter(C::StartOn.lte(*last))
        .filter(C::EndOn.gte(*first))
        .lock_shared()
        .all(work.txn)
        .await?;
    let mut calendars: HashMap<Uuid, Vec<(Posting<Uuid>, String)>> = HashMap::new();
    for period in found.into_iter().filter(|period| !former.contains(&period.calendar_id)) {
        let posting = super::posting::span(&period);
        calendars.entry(period.calendar_id).or_default().push((posting, period.key));
    }
    let closed = |day: &NaiveDate| {
        let due = |of: &Vec<(Posting<Uuid>, String)>| {
            let all: Vec<Posting<Uuid>> = of.iter().map(|(posting, _)| *posting).collect();
            let due = rules::due(&all, *day).filter(|period| !period.is_open)?;
            of.iter().find(|(posting, _)| posting.id == due.id).map(|(_, key)| key.clone())
        };
        calendars.values().filter_map(due).min().map(|key| (*day, key))
    };
    Ok(days.iter().filter_map(closed).collect())
}

//! Writing what money is counted by: calendars, periods and categories. Periods of a kind do not overlap, and what is
//! closed does not change.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    cost_category, fiscal_calendar,
    fiscal_period::{self, Model as Period},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rules;
use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work,
        rows::{self, archived, keys_are_free, open, save},
        usual,
        value::column,
        write_keyed,
    },
};

type Periods = fiscal_period::Entity;
type Categories = cost_category::Entity;

/// The mutations of calendars, periods and categories.
pub fn mutations() -> Vec<Mutation> {
    let close = |ending: &str, doc: &str, run| Mutation {
        name: format!("fiscalPeriod{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "FiscalPeriod",
        verb: Verb::Act,
        input: vec![],
        payload: vec![],
        inputs: vec![],
        run,
    };
    [
        usual("FiscalCalendar", "fiscalCalendar", None, false, write_calendars),
        usual("FiscalPeriod", "fiscalPeriod", None, false, write_periods),
        usual("CostCategory", "costCategory", None, false, write_categories),
        vec![
            close(
                "Close",
                "Closes a FiscalPeriod: its figures no longer change. The periods in it are closed first.",
                close_period,
            ),
            close(
                "Reopen",
                "Opens a FiscalPeriod again. The period that it is part of is opened first.",
                reopen_period,
            ),
        ],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write_calendars<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    write_keyed::<fiscal_calendar::Entity>(work, input, Step::FinanceSetUp, blank_calendar, |_, _| {}).boxed()
}

/// A calendar without a name.
pub fn blank_calendar(work: &Work<'_>) -> fiscal_calendar::Model {
    fiscal_calendar::Model {
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

fn write_periods<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        // Two who add neighbors at the same time would not see each other's.
        work.alone().await?;
        let (entity, scopes) = (work.lens.model.entity("FiscalPeriod"), work.lens.caller.takes(Step::FinanceSetUp));
        let needs = Step::FinanceSetUp.as_str();
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Periods>(work, entity, &batch, scopes, needs).await?;
            if action == Action::Unarchived {
                periods_agree(work, &rows).await?;
            }
            return save::<Periods>(work, rows, &batch, action).await;
        }
        let rows = open::<Periods>(work, entity, &batch.items, blank_period).await?;
        rows::demand_new(work, &rows, scopes, needs);
        keys_are_free::<Periods>(work, &rows, None).await?;
        for row in &rows {
            let is_moved = row.before.as_ref().is_some_and(|before| span(before) != span(&row.after));
            if is_moved && row.after.state == "CLOSED" {
                let place = if row.gives("startOn") { "startOn" } else { "endOn" };
                let line = "The period is closed; its days stay.";
                work.fail(row, UserError::new(UserCode::PeriodClosed, row.place(place), line));
            }
        }
        periods_agree(work, &rows).await?;
        save::<Periods>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A period of no days.
pub fn blank_period(work: &Work<'_>) -> Period {
    Period {
        id: work.clock.new_id(),
        calendar_id: Uuid::nil(),
        key: String::new(),
        name: String::new(),
        kind: String::new(),
        start_on: work.now.date_naive(),
        end_on: work.now.date_naive(),
        state: "OPEN".to_owned(),
        parent_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

fn span(period: &Period) -> (chrono::NaiveDate, chrono::NaiveDate) {
    (period.start_on, period.end_on)
}

/// Days in order, apart from those of other periods of the same kind, and inside the period above.
async fn periods_agree(work: &mut Work<'_>, rows: &[Row<Period>]) -> Result<(), Error> {
    use fiscal_period::Column as C;
    let calendars: Vec<Uuid> = rows.iter().map(|row| row.after.calendar_id).collect();
    let stored = Periods::find().filter(C::CalendarId.is_in(calendars)).order_by_asc(C::Id).all(work.txn).await?;
    // What is refused stays as it was and may stand in another's way: so until all of the others stand.
    loop {
        let failed = work.errors.len();
        periods_stand(work, rows, &stored);
        if work.errors.len() == failed {
            return Ok(());
        }
    }
}

/// One look at all of them, those in the list as they will be unless they are refused.
fn periods_stand(work: &mut Work<'_>, rows: &[Row<Period>], stored: &[Period]) {
    let mut all: HashMap<Uuid, Period> = stored.iter().map(|period| (period.id, period.clone())).collect();
    let good = |work: &Work<'_>, row: &Row<Period>| !work.has_failed(row.index) && !row.after.calendar_id.is_nil();
    all.extend(rows.iter().filter(|row| good(work, row)).map(|row| (row.after.id, row.after.clone())));
    for row in rows.iter().filter(|row| good(work, row)).collect::<Vec<_>>() {
        let period = &row.after;
        let place = || if row.gives("endOn") { row.place("endOn") } else { row.place("startOn") };
        if period.end_on < period.start_on {
            work.fail(row, UserError::rule(place(), "DATES_IN_ORDER", "`endOn` comes before `startOn`."));
            continue;
        }
        let is_same = |other: &&Period| {
            other.id != period.id
                && other.archived_at.is_none()
                && (other.calendar_id, &other.kind) == (period.calendar_id, &period.kind)
        };
        let mut others: Vec<&Period> = all.values().filter(is_same).collect();
        others.sort_by_key(|other| other.start_on);
        if let Some(other) = others.into_iter().find(|other| rules::overlaps(span(period), span(other))) {
            let line = format!("{} has some of these days already.", other.key);
            let error = UserError::rule(place(), "PERIODS_OVERLAP", line).with("period", &other.key);
            work.fail(row, error);
        }
        let Some(parent) = period.parent_id else { continue };
        let is_in = all.get(&parent).is_some_and(|parent| {
            parent.id != period.id
                && parent.kind != period.kind
                && parent.kind != "MONTH"
                && period.kind != "YEAR"
                && rules::lies_in(span(period), span(parent))
        });
        if !is_in {
            let line = "A period is part of a longer one of the same calendar that has all of its days.";
            work.fail(row, UserError::rule(row.place("parent"), "PERIOD_IN_PARENT", line));
        }
    }
    let parts = all.values().filter(|part| part.archived_at.is_none());
    let torn: Vec<Uuid> = parts
        .filter(|part| {
            let parent = part.parent_id.and_then(|id| all.get(&id));
            parent.is_some_and(|parent| !rules::lies_in(span(part), span(parent)))
        })
        .filter_map(|part| part.parent_id)
        .collect();
    for row in rows {
        if torn.contains(&row.after.id) && !work.has_failed(row.index) {
            let line = "A period in it has days outside of these.";
            work.fail(row, UserError::rule(row.path.clone(), "PERIOD_IN_PARENT", line));
        }
    }
}

fn close_period<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    set_state(work, input, "CLOSED")
}

fn reopen_period<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    set_state(work, input, "OPEN")
}

/// Closes from the shortest up, opens from the longest down.
fn set_state<'a>(
    work: &'a mut Work<'_>,
    input: &'a ConstValue,
    to: &'static str,
) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        use fiscal_period::Column as C;
        let batch = work.read(input);
        work.alone().await?;
        let entity = work.lens.model.entity("FiscalPeriod");
        let mut rows = open::<Periods>(work, entity, &batch.items, blank_period).await?;
        let scopes = work.lens.caller.takes(Step::PeriodClose);
        rows::demand(work, &rows, scopes, Step::PeriodClose.as_str()).await?;
        for row in &mut rows {
            let near = match (to, row.after.parent_id) {
                ("CLOSED", _) => C::ParentId.eq(row.after.id),
                (_, Some(parent)) => C::Id.eq(parent),
                _ => C::Id.is_null(),
            };
            let near = Periods::find().filter(near).filter(C::ArchivedAt.is_null()).filter(C::State.ne(to));
            let standing = near.order_by_asc(C::StartOn).one(work.txn).await?;
            if let Some(period) = standing.filter(|_| row.after.state != to) {
                let line = format!("{} comes first.", period.key);
                let error = UserError::rule(row.path.clone(), "PERIODS_IN_TURN", line);
                work.fail(row, error.with("period", period.key));
            }
            to.clone_into(&mut row.after.state);
        }
        save::<Periods>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

fn write_categories<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, scopes) = (work.lens.model.entity("CostCategory"), work.lens.caller.takes(Step::FinanceSetUp));
        let needs = Step::FinanceSetUp.as_str();
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Categories>(work, entity, &batch, scopes, needs).await?;
            return save::<Categories>(work, rows, &batch, action).await;
        }
        work.alone().await?;
        let rows = open::<Categories>(work, entity, &batch.items, blank_category).await?;
        rows::demand_new(work, &rows, scopes, needs);
        keys_are_free::<Categories>(work, &rows, None).await?;
        categories_are_a_tree(work, &rows).await?;
        capex_has_a_place(work, &rows).await?;
        save::<Categories>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A category of nothing.
pub fn blank_category(work: &Work<'_>) -> cost_category::Model {
    cost_category::Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        account: None,
        is_capex_allowed: false,
        parent_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// A category stays open to capital expenditure while lines of it are such.
async fn capex_has_a_place(work: &mut Work<'_>, rows: &[Row<cost_category::Model>]) -> Result<(), Error> {
    use entity::{actual, budget_line, commitment, cost_plan_line, forecast_line};
    let closes = |row: &&Row<cost_category::Model>| {
        row.before.as_ref().is_some_and(|before| before.is_capex_allowed) && !row.after.is_capex_allowed
    };
    let ids: Vec<Uuid> = rows.iter().filter(closes).map(|row| row.after.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut used = capital_in::<budget_line::Entity>(work, &ids).await?;
    used.extend(capital_in::<forecast_line::Entity>(work, &ids).await?);
    used.extend(capital_in::<cost_plan_line::Entity>(work, &ids).await?);
    used.extend(capital_in::<commitment::Entity>(work, &ids).await?);
    used.extend(capital_in::<actual::Entity>(work, &ids).await?);
    for row in rows.iter().filter(closes) {
        if used.contains(&row.after.id) {
            let line = "Lines of this category are capital expenditure.";
            work.fail(row, UserError::rule(row.place("isCapexAllowed"), "CAPEX_ALLOWED", line));
        }
    }
    Ok(())
}

/// Those of the categories that some capital expenditure of a table stands in.
async fn capital_in<E: EntityTrait>(work: &Work<'_>, ids: &[Uuid]) -> Result<HashSet<Uuid>, Error> {
    let category = column::<E>("category_id");
    let lines = E::find().select_only().column(category).distinct();
    let lines = lines.filter(category.is_in(ids.iter().copied())).filter(column::<E>("expenditure").eq("CAPEX"));
    Ok(lines.into_tuple::<Uuid>().all(work.txn).await?.into_iter().collect())
}

/// No category stands below itself.
async fn categories_are_a_tree(work: &mut Work<'_>, rows: &[Row<cost_category::Model>]) -> Result<(), Error> {
    if !rows.iter().any(|row| row.gives("parent")) {
        return Ok(());
    }
    let stored = Categories::find().all(work.txn).await?;
    // A row that is refused stays where it was and may close a ring with another: so until all of the others stand.
    loop {
        let good: Vec<&Row<cost_category::Model>> = rows.iter().filter(|row| !work.has_failed(row.index)).collect();
        let mut parents: HashMap<Uuid, Option<Uuid>> = stored.iter().map(|c| (c.id, c.parent_id)).collect();
        parents.extend(good.iter().map(|row| (row.after.id, row.after.parent_id)));
        let is_ring = |row: &&Row<cost_category::Model>| {
            let up = |id: &Uuid| parents.get(id).copied().flatten();
            let mut above = std::iter::successors(up(&row.after.id), up).take(parents.len());
            above.any(|id| id == row.after.id)
        };
        let rings: Vec<&Row<cost_category::Model>> = good.into_iter().filter(is_ring).collect();
        if rings.is_empty() {
            return Ok(());
        }
        for row in rings {
            let line = "A category cannot stand below itself.";
            work.fail(row, UserError::rule(row.place("parent"), "HIERARCHY", line));
        }
    }
}

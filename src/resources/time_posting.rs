//! Posting weeks: work on projects becomes actuals at the rates of its days, in fiscal periods that are open. What is posted
//! never changes: an entry is reversed, once, with what it cost, and what is right is posted in its place.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    actual, portfolio_item, rate_card,
    time_entry::{self, Column as E, Model},
    timesheet,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    dated_rates::DatedRates,
    rules::{self, DAY, SheetState},
    time_entry_write,
    time_weeks::{Weeks, lock_projects},
    timesheet_write::{act, entries_of, opened},
};
use crate::{
    auth::Step,
    error::Error,
    finance::labor::{Labor, check_labor, of_labor, opposite_of_labor, write_labor},
    graph::parse_id,
    write::{
        Action, Done, Member, Mutation, Path, Row, UserCode, UserError, Verb, Work,
        input::{self, member},
        of_item,
        rows::{self, follow, open, save, text_fits},
    },
};

type Sheets = timesheet::Entity;
type Entries = time_entry::Entity;

/// Characters of the longest reason.
const LONGEST: usize = 2_000;

/// The mutations that post and reverse.
pub fn mutations() -> Vec<Mutation> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let reverse_entry = Mutation {
        name: "timeEntryReverse".to_owned(),
        doc: "Reverses a TimeEntry that is POSTED, once: makes the opposite of it, and of what it cost in a fiscal period that is open, and posts in its place what is right, if that is said. The payload has the reversal.".to_owned(),
        needs: None,
        entity: "TimeEntry",
        verb: Verb::Act,
        input: vec![
            member("reason", "String!", "Why; at most 2,000 characters."),
            member("minutes", "Int", "The minutes that are right, 1 to 1,440, posted in its place; null for none."),
            member("projectId", "ID", "The project on which they were worked; null for what the entry says."),
            member("categoryId", "ID", "The category that they were instead; null for what the entry says."),
        ],
        payload: vec![],
        inputs: vec![],
        run: reverse,
    };
    vec![
        act(
            "Post",
            Verb::Act,
            "Posts a Timesheet that is APPROVED: its work on projects becomes actuals at the rate of each day: that of the person's role, else of her pool; where she only has one of her own, the mean of those of at least three people. In the category and by the calendar of the rate card. Where there is no such rate it costs nothing, and `unratedMinutes` tells it.",
            vec![],
            post,
        ),
        act("BulkPost", Verb::BulkAct, "Posts up to 1,000 Timesheet rows in one transaction.", vec![], post),
        reverse_entry,
    ]
}

/// What an entry costs.
enum Priced {
    /// Nothing: it is on no project, or too little.
    Nothing,
    /// Nobody knows: no rate holds.
    Unrated,
    /// So much.
    Actual(Box<Row<actual::Model>>),
}

/// What decides on the cost of entries.
struct Prices {
    rates: DatedRates,
    projects: HashMap<Uuid, portfolio_item::Model>,
}

impl Prices {
    /// What an entry costs, or why it cannot be posted.
    fn of<M>(&self, work: &Work<'_>, row: &Row<M>, entry: &Model) -> Result<Priced, UserError> {
        let Some(id) = entry.item_id else { return Ok(Priced::Nothing) };
        let project = self.projects.get(&id).filter(|project| project.state != "CLOSED");
        let Some(project) = project else {
            let line = "A project of it is closed: it takes no time.";
            return Err(UserError::new(UserCode::IllegalState, row.path.clone(), line).with("state", "CLOSED"));
        };
        let Some(costing) = self.rates.on(entry.resource_id, entry.work_on) else { return Ok(Priced::Unrated) };
        let Some((category, calendar)) = costing.card.labor_category_id.zip(costing.card.calendar_id) else {
            return Err(unsettled(row.path.clone(), costing.card));
        };
        let Some(amount) = rules::cost(entry.minutes, costing.hourly) else {
            let line = "What it costs is beyond what is kept.";
            return Err(UserError::new(UserCode::OutOfRange, row.path.clone(), line));
        };
        if amount == 0 {
            return Ok(Priced::Nothing);
        }
        let currency = costing.currency.to_owned();
        let labor =
            Labor { project, on: entry.work_on, calendar, category, is_capex: entry.is_capex, amount, currency };
        Ok(Priced::Actual(Box::new(of_labor(work, row, labor))))
    }
}

/// A card that does not say how work at its rates is posted.
fn unsettled(path: Path, card: &rate_card::Model) -> UserError {
    let line =
        format!("The rate card {} lacks `laborCategory` or `calendar`, without which no work is posted.", card.key);
    UserError::rule(path, "RATE_CARD_POSTS", line).with("rateCard", &card.key)
}

/// An entry that is posted now, in answer to an item of the list, and the actual that it makes.
fn settle<M>(
    work: &mut Work<'_>,
    prices: &Prices,
    row: &Row<M>,
    mut entry: Model,
    actuals: &mut Vec<Row<actual::Model>>,
) -> Model {
    SheetState::Posted.as_str().clone_into(&mut entry.state);
    entry.posted_on = Some(work.now.date_naive());
    match prices.of(work, row, &entry) {
        Ok(Priced::Nothing) => {}
        Ok(Priced::Unrated) => entry.is_unrated = true,
        Ok(Priced::Actual(actual)) => {
            entry.actual_id = Some(actual.after.id);
            actuals.push(*actual);
        }
        Err(error) => {
            if !work.errors.iter().any(|(at, known)| *at == row.index && *known == error) {
                work.fail(row, error);
            }
        }
    }
    entry
}

fn post<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let (batch, mut rows) = opened(work, input, Step::TimesheetPost, SheetState::Posted).await?;
        let good: Vec<Uuid> = rows.iter().filter(|row| !work.has_failed(row.index)).map(|row| row.after.id).collect();
        let mut entries = entries_of(work, good.into_iter()).await?;
        let all = || entries.values().flatten();
        let prices = Prices {
            projects: lock_projects(work, all().filter_map(|entry| entry.item_id)).await?,
            rates: DatedRates::of(work.txn, all().map(|entry| entry.resource_id).collect()).await?,
        };
        let entity = work.lens.model.entity("TimeEntry");
        let (mut actuals, mut posted) = (vec![], vec![]);
        for row in &mut rows {
            let mut unrated = 0;
            for before in entries.remove(&row.after.id).unwrap_or_default() {
                let after = settle(work, &prices, row, before.clone(), &mut actuals);
                unrated += if after.is_unrated { after.minutes } else { 0 };
                posted.push(Row { index: row.index, ..Row::derived(entity, before, after) });
            }
            SheetState::Posted.as_str().clone_into(&mut row.after.state);
            row.after.posted_at = Some(work.now);
            row.after.unrated_minutes = Some(unrated);
        }
        check_labor(work, &mut actuals).await?;
        if !work.rejects(&batch) {
            actuals.retain(|row| !work.has_failed(row.index));
            posted.retain(|row: &Row<Model>| !work.has_failed(row.index));
            posted.sort_by_key(|row| row.after.id);
            write_labor(work, actuals).await?;
            follow::<Entries>(work, posted).await?;
        }
        save::<Sheets>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

fn reverse<'a>(work: &'a mut Work<'_>, given: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(given);
        let entity = work.lens.model.entity("TimeEntry");
        let rows = open::<Entries>(work, entity, &batch.items, time_entry_write::blank).await?;
        let (scopes, needs) = (work.lens.caller.takes(Step::TimesheetPost), Step::TimesheetPost.as_str());
        rows::demand(work, &rows, scopes, needs).await?;
        of_item::items_are_open(work, &rows).await?;
        can_be_reversed(work, &rows).await?;
        let mut right = vec![];
        for row in &rows {
            right.extend(replacement(work, row, given).await?);
        }
        let mut weeks = Weeks::lock(work, &right).await?;
        for row in &mut right {
            let project = row.after.item_id.and_then(|id| weeks.projects.get(&id));
            if let Some(project) = project {
                of_item::take_scope(row, project);
            }
        }
        let gone: HashSet<Uuid> = rows.iter().map(|row| row.after.id).collect();
        weeks.hold_together(work, &right, &gone);
        let prices = Prices {
            rates: DatedRates::of(work.txn, right.iter().map(|row| row.after.resource_id).collect()).await?,
            projects: std::mem::take(&mut weeks.projects),
        };
        let (mut actuals, mut made) = (vec![], vec![]);
        for row in &rows {
            let reason = reason(work, row, given);
            let back = match row.after.actual_id.filter(|_| !work.has_failed(row.index)) {
                Some(id) => opposite_of_labor(work, row, id, &reason).await?,
                None => None,
            };
            made.push(opposite(work, row, reason, back.as_ref().map(|actual| actual.after.id)));
            actuals.extend(back);
        }
        for row in &mut right {
            if !work.has_failed(row.index) {
                row.after = settle(work, &prices, &row.clone(), row.after.clone(), &mut actuals);
            }
        }
        check_labor(work, &mut actuals).await?;
        if work.rejects(&batch) {
            return save::<Entries>(work, made, &batch, Action::Written).await;
        }
        write_labor(work, actuals).await?;
        unrate(work, &made, &right).await?;
        let done = save::<Entries>(work, made, &batch, Action::Written).await?;
        follow::<Entries>(work, right).await?;
        Ok(done)
    }
    .boxed()
}

/// Only what is posted is reversed, once, and no reversal is; nor anything of a project that is closed.
async fn can_be_reversed(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let projects = lock_projects(work, rows.iter().filter_map(|row| row.after.item_id)).await?;
    let reversed = Entries::find().filter(E::ReversalOfId.is_in(rows.iter().map(|row| row.after.id)));
    let reversed: HashSet<Option<Uuid>> =
        reversed.all(work.txn).await?.into_iter().map(|entry| entry.reversal_of_id).collect();
    for row in rows.iter().filter(|row| !work.is_refused(row.index)).collect::<Vec<_>>() {
        let m = &row.after;
        let project = m.item_id.and_then(|id| projects.get(&id));
        let line = match () {
            () if m.state != SheetState::Posted.as_str() => "It is not posted: change it or remove it.",
            () if m.reversal_of_id.is_some() => "It reverses another one; what is right is recorded anew.",
            () if reversed.contains(&Some(m.id)) => "It is reversed already.",
            () if project.is_some_and(|project| project.state == "CLOSED") => {
                "The project is closed: it takes no time."
            }
            () => continue,
        };
        work.fail(row, UserError::new(UserCode::IllegalState, row.named_at.clone(), line).with("state", &m.state));
    }
    Ok(())
}

/// Why an entry is reversed.
fn reason(work: &mut Work<'_>, row: &Row<Model>, given: &ConstValue) -> String {
    let (reason, path) = (input::text(given, "reason").unwrap_or_default(), row.path.at("reason"));
    if reason.trim().is_empty() {
        work.fail(row, UserError::new(UserCode::Required, path, "Say why it is reversed."));
    } else {
        text_fits(work, row, path, &reason, LONGEST);
    }
    reason
}

/// What is posted in the place of an entry, if anything is.
async fn replacement(work: &mut Work<'_>, row: &Row<Model>, given: &ConstValue) -> Result<Option<Row<Model>>, Error> {
    let said = |name: &str| member(given, name).filter(|value| **value != ConstValue::Null);
    let Some(minutes) = said("minutes") else {
        for name in ["projectId", "categoryId"] {
            if said(name).is_some() {
                let line = format!("`{name}` is of the minutes that are right: say `minutes`.");
                work.fail(row, UserError::new(UserCode::Required, row.path.at("minutes"), line));
            }
        }
        return Ok(None);
    };
    let minutes = match minutes {
        ConstValue::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
        _ => None,
    };
    let Some(minutes) = minutes.filter(|minutes| (1..=DAY).contains(minutes)) else {
        let line = format!("`minutes` is 1 to {DAY}.");
        work.fail(row, UserError::new(UserCode::OutOfRange, row.path.at("minutes"), line));
        return Ok(None);
    };
    let (project, category) = match (input::text(given, "projectId"), input::text(given, "categoryId")) {
        (Some(_), Some(_)) => {
            let line = "Time is of a project or of a category: say one of them.";
            work.fail(row, UserError::rule(row.path.clone(), "TIME_OF_ONE", line));
            return Ok(None);
        }
        (Some(id), None) => (found(work, row, "Project", ("projectId", &id)).await?, None),
        (None, Some(id)) => (None, found(work, row, "TimeCategory", ("categoryId", &id)).await?),
        (None, None) => (row.after.item_id, row.after.category_id),
    };
    let mut after = Model {
        id: work.clock.new_id(),
        item_id: project,
        portfolio_id: None,
        is_restricted: false,
        category_id: category,
        minutes,
        is_capex: row.after.is_capex && project.is_some(),
        is_unrated: false,
        actual_id: None,
        external_system: None,
        external_id: None,
        ..row.after.clone()
    };
    // Its times were those of other minutes.
    (after.start_time, after.end_time) = (None, None);
    let made = Row::made(row.entity, after);
    Ok(Some(Row { index: row.index, path: row.path.clone(), named_at: row.named_at.clone(), ..made }))
}

/// The row with an id, if the caller sees it and it is not archived.
async fn found(
    work: &mut Work<'_>,
    row: &Row<Model>,
    name: &'static str,
    (field, id): (&str, &str),
) -> Result<Option<Uuid>, Error> {
    let entity = work.lens.model.entity(name);
    let id = parse_id(id).filter(|(prefix, _)| Some(*prefix) == entity.prefix).map(|(_, id)| id);
    let seen = work.lens.by_id(entity, id.as_slice()).await?;
    let found = id.filter(|id| seen.get(id).is_some_and(|found| !found.is_archived));
    if found.is_none() {
        let line = format!("There is no such {name} that you can see.");
        work.fail(row, UserError::new(UserCode::NotFound, row.path.at(field), line));
    }
    Ok(found)
}

/// The opposite of an entry, as a new row in place of the one that was named.
fn opposite(work: &Work<'_>, row: &Row<Model>, reason: String, actual_id: Option<Uuid>) -> Row<Model> {
    let after = Model {
        id: work.clock.new_id(),
        minutes: -row.after.minutes,
        posted_on: Some(work.now.date_naive()),
        actual_id,
        reversal_of_id: Some(row.after.id),
        reversal_reason: Some(reason),
        external_system: None,
        external_id: None,
        ..row.after.clone()
    };
    Row { before: None, given: vec![], after, ..row.clone() }
}

/// Keeps what weeks tell of their minutes without a rate.
async fn unrate(work: &mut Work<'_>, made: &[Row<Model>], right: &[Row<Model>]) -> Result<(), Error> {
    let mut sums: HashMap<Uuid, i32> = HashMap::new();
    for entry in made.iter().chain(right).map(|row| &row.after).filter(|entry| entry.is_unrated) {
        *sums.entry(entry.timesheet_id).or_default() += entry.minutes;
    }
    let sheets: BTreeSet<Uuid> = sums.iter().filter(|(_, sum)| **sum != 0).map(|(id, _)| *id).collect();
    let entity = work.lens.model.entity("Timesheet");
    let known = rows::lock::<Sheets>(work, &sheets.into_iter().collect::<Vec<_>>()).await?;
    let changed = known.into_values().map(|before| {
        let sum = before.unrated_minutes.unwrap_or_default() + sums.get(&before.id).copied().unwrap_or_default();
        let after = timesheet::Model { unrated_minutes: Some(sum.max(0)), ..before.clone() };
        Row::derived(entity, before, after)
    });
    follow::<Sheets>(work, changed.collect()).await
}

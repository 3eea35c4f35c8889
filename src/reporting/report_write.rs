//! Writing status reports: drafts by who runs the item, then submitted, given back or published. What is published never
//! changes; a later one for the same period supersedes it, and the item's rating follows the latest.

use std::collections::BTreeMap;

use async_graphql_value::ConstValue;
use entity::{
    portfolio_item, rag_assessment,
    status_report::{self, Column as C, Model},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{computed, rules::ReportState};
use crate::{
    auth::{Class, Step},
    error::Error,
    write::{
        Action, Batch, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{self, archived, drop_rows, follow, open, save},
        usual,
    },
};

type Reports = status_report::Entity;
type Ratings = rag_assessment::Entity;

/// The mutations of status reports.
pub fn mutations() -> Vec<Mutation> {
    let drafts = Some(Class::WorkDraft.write());
    let act = |ending: &str, doc: &str, run| Mutation {
        name: format!("statusReport{ending}"),
        doc: doc.to_owned(),
        needs: None,
        entity: "StatusReport",
        verb: Verb::Act,
        input: vec![],
        payload: vec![],
        inputs: vec![],
        run,
    };
    let gone = "Removes a StatusReport, with its ratings, while it is a draft. Nothing of it is left but its trail.";
    let mut all = usual("StatusReport", "statusReport", drafts, false, write);
    all.push(delete("StatusReport", "statusReport", drafts, gone.to_owned(), remove));
    all.extend([
        act("Submit", "Hands a draft in. It has an overall rating by then; the computed ratings are settled.", submit),
        act("Return", "Gives a submitted report back as a draft.", give_back),
        act("Publish", "Publishes a submitted report: everybody who may read it sees it, and it never changes again. One that was published for the same period is superseded.", publish),
    ]);
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let (entity, needs) = (work.lens.model.entity("StatusReport"), Class::WorkDraft.write());
        let scopes = work.lens.caller.rights.scopes(needs);
        let needs = needs.to_string();
        if let Some(action) = work.mutation.verb.archives() {
            let rows = archived::<Reports>(work, entity, &batch, scopes, &needs).await?;
            for row in &rows {
                if row.after.state != ReportState::Superseded.as_str() && action == Action::Archived {
                    let line = "Only a superseded report is archived; a draft is deleted.";
                    let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
                    work.fail(row, error.with("state", &row.after.state));
                }
            }
            return save::<Reports>(work, rows, &batch, action).await;
        }
        let mut rows = open::<Reports>(work, entity, &batch.items, blank).await?;
        of_item::items_are_open(work, &rows).await?;
        let items = of_item::items_of_new(work, &rows, scopes, &needs).await?;
        let mut moved = vec![];
        for row in &mut rows {
            if let (true, Some(item)) = (row.before.is_none(), items.get(&row.after.item_id)) {
                take_item(&mut row.after, item);
                of_item::take_scope(row, item);
            }
            if row.before.is_some() {
                is_draft(work, row);
            }
            if row.after.period_start_on.is_some_and(|start| row.after.period_end_on < start) {
                let place = if row.gives("periodEndOn") { "periodEndOn" } else { "periodStartOn" };
                let line = "`periodEndOn` comes before `periodStartOn`.";
                work.fail(row, UserError::rule(row.place(place), "DATES_IN_ORDER", line));
            }
            let is_moved = row.before.as_ref().is_some_and(|b| b.period_end_on != row.after.period_end_on);
            if is_moved && !work.has_failed(row.index) {
                moved.push(row.after.clone());
            }
        }
        let ratings = ratings_like(work, &moved).await?;
        let rejected = work.rejects(&batch);
        let done = save::<Reports>(work, rows, &batch, Action::Written).await?;
        if !rejected {
            follow::<Ratings>(work, ratings).await?;
        }
        Ok(done)
    }
    .boxed()
}

/// A draft about nothing yet.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        state: ReportState::Draft.as_str().to_owned(),
        period_start_on: None,
        period_end_on: work.now.date_naive(),
        narrative: None,
        achievements: None,
        next_steps: None,
        reported_portfolio_id: None,
        reported_type: None,
        source: None,
        submitted_at: None,
        submitted_by_id: None,
        published_at: None,
        published_by_id: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// What a report keeps of its item, as it is at the time.
fn take_item(report: &mut Model, item: &portfolio_item::Model) {
    report.reported_portfolio_id = item.portfolio_id;
    report.reported_type.clone_from(&item.project_type);
}

/// Refuses what is no draft any more.
fn is_draft(work: &mut Work<'_>, row: &Row<Model>) {
    if row.after.state != ReportState::Draft.as_str() && !work.is_refused(row.index) {
        of_item::immutable(work, row, row.named_at.clone(), "StatusReport", &row.after.state);
    }
}

/// The ratings of reports, with what they have from them.
async fn ratings_like(work: &Work<'_>, reports: &[Model]) -> Result<Vec<Row<rag_assessment::Model>>, Error> {
    use rag_assessment::Column as R;
    let entity = work.lens.model.entity("RagAssessment");
    let by_id: BTreeMap<Uuid, &Model> = reports.iter().map(|report| (report.id, report)).collect();
    if by_id.is_empty() {
        return Ok(vec![]);
    }
    let found = Ratings::find().filter(R::ReportId.is_in(by_id.keys().copied())).order_by_asc(R::Id).lock_exclusive();
    let like = |before: rag_assessment::Model| {
        let report = by_id.get(&before.report_id)?;
        let after = rag_assessment::Model {
            is_draft: report.is_draft,
            period_end_on: report.period_end_on,
            reported_portfolio_id: report.reported_portfolio_id,
            reported_type: report.reported_type.clone(),
            ..before.clone()
        };
        Some(Row::derived(entity, before, after))
    };
    Ok(found.all(work.txn).await?.into_iter().filter_map(like).collect())
}

fn remove<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let rows = open::<Reports>(work, work.lens.model.entity("StatusReport"), &batch.items, blank).await?;
        let needs = Class::WorkDraft.write();
        rows::demand(work, &rows, work.lens.caller.rights.scopes(needs), &needs.to_string()).await?;
        of_item::items_are_open(work, &rows).await?;
        for row in &rows {
            is_draft(work, row);
        }
        let reports: Vec<Model> = rows.iter().map(|row| row.after.clone()).collect();
        let ratings = ratings_like(work, &reports).await?;
        if !work.rejects(&batch) {
            drop_rows::<Ratings>(work, ratings).await?;
        }
        rows::remove::<Reports>(work, rows, &batch).await
    }
    .boxed()
}

/// The reports that a step is about, for who may take it, in a state that it may be taken from.
async fn open_to(
    work: &mut Work<'_>,
    batch: &Batch,
    step: Step,
    (from, to): (ReportState, ReportState),
) -> Result<Vec<Row<Model>>, Error> {
    let rows = open::<Reports>(work, work.lens.model.entity("StatusReport"), &batch.items, blank).await?;
    rows::demand(work, &rows, work.lens.caller.takes(step), step.as_str()).await?;
    of_item::items_are_open(work, &rows).await?;
    for row in &rows {
        if row.after.state != from.as_str() && !work.is_refused(row.index) {
            let line = format!("A report that is {} does not become {}.", row.after.state, to.as_str());
            let error = UserError::new(UserCode::IllegalState, row.path.clone(), line);
            work.fail(row, error.with("state", &row.after.state).with("allowed", from.as_str()));
        }
    }
    Ok(rows)
}

fn submit<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let way = (ReportState::Draft, ReportState::Submitted);
        let mut rows = open_to(work, &batch, Step::ReportSubmit, way).await?;
        let mut ratings = vec![];
        for row in &mut rows {
            let mut of = ratings_like(work, std::slice::from_ref(&row.after)).await?;
            if !work.has_failed(row.index) && !of.iter().any(|rating| rating.after.dimension == "OVERALL") {
                let line = "A report is submitted with an overall rating.";
                work.fail(row, UserError::rule(row.path.clone(), "REPORT_RATED", line));
            }
            computed::settle(work, row.after.item_id, &mut of).await?;
            ratings.extend(of.into_iter().filter(|rating| rating.before.as_ref() != Some(&rating.after)));
            ReportState::Submitted.as_str().clone_into(&mut row.after.state);
            row.after.submitted_at = Some(work.now);
            row.after.submitted_by_id = work.lens.caller.person;
        }
        finish(work, rows, ratings, &batch).await
    }
    .boxed()
}

fn give_back<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let way = (ReportState::Submitted, ReportState::Draft);
        let mut rows = open_to(work, &batch, Step::ReportReturn, way).await?;
        for row in &mut rows {
            ReportState::Draft.as_str().clone_into(&mut row.after.state);
            row.after.submitted_at = None;
            row.after.submitted_by_id = None;
        }
        finish(work, rows, vec![], &batch).await
    }
    .boxed()
}

fn publish<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let way = (ReportState::Submitted, ReportState::Published);
        let mut rows = open_to(work, &batch, Step::ReportPublish, way).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
        let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
        let (mut ratings, mut superseded, mut rated) = (vec![], vec![], vec![]);
        for row in &mut rows {
            if work.has_failed(row.index) {
                continue;
            }
            let Some(item) = items.get(&row.after.item_id) else { continue };
            ReportState::Published.as_str().clone_into(&mut row.after.state);
            row.after.is_draft = false;
            row.after.published_at = Some(work.now);
            row.after.published_by_id = work.lens.caller.person;
            take_item(&mut row.after, item);
            let of = ratings_like(work, std::slice::from_ref(&row.after)).await?;
            let former = Reports::find()
                .filter(C::ItemId.eq(item.id))
                .filter(C::PeriodEndOn.eq(row.after.period_end_on))
                .filter(C::State.eq(ReportState::Published.as_str()))
                .order_by_asc(C::Id)
                .lock_exclusive();
            for before in former.all(work.txn).await? {
                let after = Model { state: ReportState::Superseded.as_str().to_owned(), ..before.clone() };
                superseded.push(Row::derived(row.entity, before, after));
            }
            let given: BTreeMap<&str, &str> = of
                .iter()
                .filter(|r| r.after.dimension == "OVERALL")
                .map(|r| (r.after.assessor.as_str(), r.after.declared.as_str()))
                .collect();
            if let Some(after) = super::rated(item, row.after.period_end_on, &given) {
                let entity = work.lens.model.of_kind("PortfolioItem", &item.kind);
                rated.push(Row::derived(entity, item.clone(), after));
            }
            ratings.extend(of);
        }
        let rejected = work.rejects(&batch);
        let done = finish(work, rows, ratings, &batch).await?;
        if !rejected {
            follow::<Reports>(work, superseded).await?;
            follow::<portfolio_item::Entity>(work, rated).await?;
        }
        Ok(done)
    }
    .boxed()
}

async fn finish(
    work: &mut Work<'_>,
    rows: Vec<Row<Model>>,
    ratings: Vec<Row<rag_assessment::Model>>,
    batch: &Batch,
) -> Result<Done, Error> {
    let rejected = work.rejects(batch);
    let done = save::<Reports>(work, rows, batch, Action::Written).await?;
    if !rejected {
        follow::<Ratings>(work, ratings).await?;
    }
    Ok(done)
}

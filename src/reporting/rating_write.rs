//! Writing ratings: only while their report is a draft, each side once for each assessor. A rating in another's name is
//! for who may give it.

use std::collections::HashSet;

use async_graphql_value::ConstValue;
use entity::{
    rag_assessment::{self, Model},
    status_report,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    auth::{Class, Step},
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete, of_item,
        rows::{self, open, save},
        written,
    },
};

type Ratings = rag_assessment::Entity;

/// Columns that a rating has from its report, besides the item's scope.
const SHARED: [&str; 4] = ["is_draft", "period_end_on", "reported_portfolio_id", "reported_type"];

/// The mutations of ratings.
pub fn mutations() -> Vec<Mutation> {
    let drafts = Some(Class::WorkDraft.write());
    let gone = "Removes a RagAssessment while its report is a draft. Nothing of it is left but its trail.";
    let mut all = written("RagAssessment", "ragAssessment", drafts, write);
    all.push(delete("RagAssessment", "ragAssessment", drafts, gone.to_owned(), write));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let needs = Class::WorkDraft.write();
        let scopes = work.lens.caller.rights.scopes(needs);
        let needs = needs.to_string();
        let mut rows = open::<Ratings>(work, work.lens.model.entity("RagAssessment"), &batch.items, blank).await?;
        let link = ("report", "report_id");
        let reports =
            of_item::wholes::<status_report::Entity, _>(work, &rows, "StatusReport", link, scopes, &needs).await?;
        for row in &mut rows {
            let Some(report) = reports.get(&row.after.report_id) else { continue };
            if row.before.is_none() {
                of_item::take(row, report, &SHARED);
            }
            if report.state != "DRAFT" && !work.is_refused(row.index) {
                let path = if row.before.is_none() { row.place("report") } else { row.named_at.clone() };
                of_item::immutable(work, row, path, "StatusReport", &report.state);
            }
        }
        of_item::items_are_open(work, &rows).await?;
        for_others(work, &rows).await?;
        if work.mutation.verb == Verb::Delete {
            rows::demand(work, &rows, scopes, &needs).await?;
            return rows::remove::<Ratings>(work, rows, &batch).await;
        }
        each_once(work, &rows).await?;
        save::<Ratings>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A rating of nothing yet, by the project manager.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        report_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        period_end_on: work.now.date_naive(),
        dimension: String::new(),
        assessor: "PROJECT_MANAGER".to_owned(),
        declared: String::new(),
        computed: None,
        reason: None,
        computed_reason: None,
        reported_portfolio_id: None,
        reported_type: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// Whoever rates in another's name may do so.
async fn for_others(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    let step = Step::ReportAssess;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.after.report_id).collect();
    let reports = work.lens.model.entity("StatusReport");
    let held = work.lens.holds(reports, &ids, &[work.lens.caller.takes(step)]).await?;
    for row in rows.iter().filter(|row| row.after.assessor != "PROJECT_MANAGER") {
        let may = held.get(&row.after.report_id).is_some_and(|held| held[0]);
        if !may && !work.is_refused(row.index) {
            let path = if row.before.is_none() { row.place("assessor") } else { row.named_at.clone() };
            let line = format!("A rating in the name of {} needs {}.", row.after.assessor, step.as_str());
            work.fail(row, UserError::new(UserCode::Forbidden, path, line).with("needs", step.as_str()));
        }
    }
    Ok(())
}

async fn each_once(work: &mut Work<'_>, rows: &[Row<Model>]) -> Result<(), Error> {
    use rag_assessment::Column as R;
    let name = |rating: &Model| (rating.report_id, rating.dimension.clone(), rating.assessor.clone());
    let stored = Ratings::find().filter(R::ReportId.is_in(rows.iter().map(|row| row.after.report_id)));
    let written: HashSet<Uuid> = rows.iter().map(|row| row.after.id).collect();
    let stored = stored.all(work.txn).await?;
    let mut taken: HashSet<_> = stored.iter().filter(|r| !written.contains(&r.id)).map(name).collect();
    for row in rows.iter().filter(|row| !work.has_failed(row.index)).collect::<Vec<_>>() {
        if !taken.insert(name(&row.after)) {
            let line = "The report has a rating of this side by this assessor already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("dimension"), line));
        }
    }
    Ok(())
}

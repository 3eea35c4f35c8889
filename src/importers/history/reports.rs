//! Reports with their ratings: one of an item, a source and a last day is published at a time.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{portfolio_item, rag_assessment, status_report};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Outcome, RatingRow, ReportRow, Scope, Standing, look_back, of};
use crate::error::Error;
use crate::importers::ledger::linked;
use crate::importers::mapping::Mapping;
use crate::importers::sheet::{Period, Rating, Record};
use crate::importers::slots::{Slots, Writing};
use crate::reporting;
use crate::write::Work;

/// Published reports of a source's items, of all sources.
pub(super) struct Reports {
    rows: Slots<ReportRow>,
    ratings: Slots<RatingRow>,
    of_item: HashMap<Uuid, Vec<usize>>,
    of_report: HashMap<Uuid, Vec<usize>>,
    look_back: String,
}

/// What a report says.
#[derive(Default)]
struct Content<'r> {
    start_on: Option<NaiveDate>,
    texts: [Option<&'r String>; 3],
    ratings: Vec<Rating>,
}

impl Reports {
    pub(super) async fn load(work: &Work<'_>, mapping: &Mapping) -> Result<Self, Error> {
        let reports = status_report::Entity::find()
            .filter(status_report::Column::ItemId.in_subquery(linked(&mapping.system)))
            .filter(status_report::Column::State.eq("PUBLISHED"))
            .filter(status_report::Column::ArchivedAt.is_null())
            .order_by_asc(status_report::Column::Id)
            .lock_exclusive()
            .all(work.txn)
            .await?;
        let ratings = rag_assessment::Entity::find()
            .filter(rag_assessment::Column::ItemId.in_subquery(linked(&mapping.system)))
            .filter(rag_assessment::Column::IsDraft.eq(false))
            .order_by_asc(rag_assessment::Column::Id)
            .all(work.txn)
            .await?;
        let mut of_item: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (at, report) in reports.iter().enumerate() {
            of_item.entry(report.item_id).or_default().push(at);
        }
        let mut of_report: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (at, rating) in ratings.iter().enumerate() {
            of_report.entry(rating.report_id).or_default().push(at);
        }
        let (rows, ratings) = (Slots::stored(reports), Slots::stored(ratings));
        Ok(Self { rows, ratings, of_item, of_report, look_back: look_back(&mapping.system) })
    }

    /// Takes a row's report, and those that look back.
    pub(super) fn apply(
        &mut self,
        work: &Work<'_>,
        system: &str,
        standing: &Standing,
        record: &Record,
        period: Period,
        out: &mut Outcome,
    ) {
        let texts = [0, 1, 2].map(|at| record.texts[at].as_ref());
        let content = Content { start_on: period.start_on, texts, ratings: record.ratings.clone() };
        self.take(work, system, standing, period.end_on, content, out);
        let mut back: Vec<(NaiveDate, Vec<Rating>)> = vec![];
        for (day, rating) in &record.look_backs {
            match back.iter_mut().find(|(known, _)| known == day) {
                Some((_, ratings)) => ratings.push(rating.clone()),
                None => back.push((*day, vec![rating.clone()])),
            }
        }
        for (day, ratings) in back {
            let system = self.look_back.clone();
            self.take(work, &system, standing, day, Content { ratings, ..Content::default() }, out);
        }
    }

    fn take(
        &mut self,
        work: &Work<'_>,
        source: &str,
        standing: &Standing,
        day: NaiveDate,
        mut content: Content<'_>,
        out: &mut Outcome,
    ) {
        content.ratings.sort();
        let same_day = |report: &ReportRow| report.state == "PUBLISHED" && report.period_end_on == day;
        let known: Vec<usize> = self.of_item.get(&standing.item_id).cloned().unwrap_or_default();
        let known: Vec<usize> = known.into_iter().filter(|at| same_day(&self.rows[*at])).collect();
        let is_ours = |at: &usize| self.rows[*at].source.as_deref() == Some(source);
        let (ours, others): (Vec<usize>, Vec<usize>) = known.into_iter().partition(is_ours);
        if ours.is_empty() {
            let is_foreign = |at: &usize| {
                let other = self.rows[*at].source.as_deref();
                other != Some(&self.look_back) && source != self.look_back
            };
            if others.iter().any(is_foreign) {
                out.doubts.push(format!("a report {} from elsewhere stands beside this one", of(day)));
            }
            out.changes.push(format!("report {} added", of(day)));
        } else {
            let differences: Vec<&str> =
                ours.iter().filter_map(|at| self.difference(*at, standing, &content)).collect();
            if differences.is_empty() {
                return;
            }
            for at in ours {
                "SUPERSEDED".clone_into(&mut self.rows[at].state);
            }
            out.changes.push(format!("report {} superseded: {}", of(day), differences.join(", ")));
        }
        self.make(work, source, standing, day, content);
    }

    /// In what a published report differs from what a row says; none where in nothing.
    fn difference(&self, at: usize, standing: &Standing, content: &Content<'_>) -> Option<&'static str> {
        let report = &self.rows[at];
        let mut ratings: Vec<Rating> = self
            .of_report
            .get(&report.id)
            .into_iter()
            .flatten()
            .map(|at| &self.ratings[*at])
            .map(|row| Rating {
                dimension: row.dimension.clone(),
                assessor: row.assessor.clone(),
                declared: row.declared.clone(),
                reason: row.reason.clone(),
            })
            .collect();
        ratings.sort();
        let texts = [report.narrative.as_ref(), report.achievements.as_ref(), report.next_steps.as_ref()];
        if ratings != content.ratings {
            return Some("other ratings");
        }
        if texts != content.texts {
            return Some("other texts");
        }
        if report.reported_portfolio_id != standing.reported_portfolio_id {
            return Some("another portfolio");
        }
        if report.reported_type != standing.reported_type {
            return Some("another type");
        }
        (report.period_start_on != content.start_on).then_some("another first day")
    }

    fn make(&mut self, work: &Work<'_>, source: &str, standing: &Standing, day: NaiveDate, content: Content<'_>) {
        let [narrative, achievements, next_steps] = content.texts.map(Option::<&String>::cloned);
        let blank = reporting::blank_report(work);
        let id = blank.id;
        let report = self.rows.add(ReportRow {
            item_id: standing.item_id,
            is_draft: false,
            state: "PUBLISHED".to_owned(),
            period_start_on: content.start_on,
            period_end_on: day,
            narrative,
            achievements,
            next_steps,
            reported_portfolio_id: standing.reported_portfolio_id,
            reported_type: standing.reported_type.clone(),
            source: Some(source.to_owned()),
            published_at: Some(work.now),
            ..blank
        });
        self.of_item.entry(standing.item_id).or_default().push(report);
        for rating in content.ratings {
            let row = self.ratings.add(RatingRow {
                report_id: id,
                item_id: standing.item_id,
                is_draft: false,
                period_end_on: day,
                dimension: rating.dimension,
                assessor: rating.assessor,
                declared: rating.declared,
                reason: rating.reason,
                reported_portfolio_id: standing.reported_portfolio_id,
                reported_type: standing.reported_type.clone(),
                ..reporting::blank_rating(work)
            });
            self.of_report.entry(id).or_default().push(row);
        }
    }

    /// The item as its latest published report has it; none where that changes nothing.
    pub(super) fn rated(&self, item: &portfolio_item::Model) -> Option<portfolio_item::Model> {
        let reports = self.of_item.get(&item.id).into_iter().flatten().map(|at| &self.rows[*at]);
        let published = reports.filter(|report| report.state == "PUBLISHED");
        // Who was there on the day knows better than who looks back at it.
        let is_look_back = |report: &ReportRow| report.source.as_ref() == Some(&self.look_back);
        let latest = published.max_by_key(|report| (report.period_end_on, !is_look_back(report)))?;
        let ratings = self.of_report.get(&latest.id).into_iter().flatten().map(|at| &self.ratings[*at]);
        let overall = ratings.filter(|rating| rating.dimension == "OVERALL");
        let overall = overall.map(|rating| (rating.assessor.as_str(), rating.declared.as_str())).collect();
        reporting::rated(item, latest.period_end_on, &overall)
    }

    pub(super) fn changes(&self) -> usize {
        self.rows.changes() + self.ratings.changes()
    }

    pub(super) async fn write(
        &mut self,
        work: &mut Work<'_>,
        scope: Scope<'_>,
        told: &mut Writing<'_>,
    ) -> Result<(), Error> {
        for row in self.rows.new_rows() {
            (row.portfolio_id, row.is_restricted) = scope(&row.item_id);
        }
        for row in self.ratings.new_rows() {
            (row.portfolio_id, row.is_restricted) = scope(&row.item_id);
        }
        let model = work.lens.model;
        let (report, rating) = (model.entity("StatusReport"), model.entity("RagAssessment"));
        self.rows.write::<status_report::Entity>(work, report, |_| true, told).await?;
        self.ratings.write::<rag_assessment::Entity>(work, rating, |_| true, told).await
    }
}

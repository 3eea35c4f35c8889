//! Writing measures and the levels that are planned of them. What a measure promises stands with the benefit; how and when
//! it is measured may change as long as it is.

use std::collections::{HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::{
    benefit_measure::{self, Model},
    benefit_measure_point::{self, Column as P},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{due, parts::Parts, rules::Promise};
use crate::{
    auth::Class,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work, delete,
        rows::{drop_rows, keys_are_free, remove, save},
        written,
    },
};

type Measures = benefit_measure::Entity;
type Points = benefit_measure_point::Entity;

/// The mutations of measures and their points.
pub fn mutations() -> Vec<Mutation> {
    let mut all = vec![];
    let (entity, single, needs) = ("BenefitMeasure", "benefitMeasure", Some(Class::BenActual.write()));
    all.extend(written(entity, single, needs, write));
    let doc = format!("Removes a {entity}, with its points, of a benefit that is still a draft.");
    all.push(delete(entity, single, needs, doc, write));
    let (entity, single, needs) = ("BenefitMeasurePoint", "benefitMeasurePoint", Some(Class::Ben.write()));
    all.extend(written(entity, single, needs, write_points));
    let doc = format!("Removes a {entity} of a benefit that is still a draft.");
    all.push(delete(entity, single, needs, doc, write_points));
    all
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let mut parts = Parts::open::<Measures>(work, input, Class::BenActual, &[], blank).await?;
        let removes = work.mutation.verb == Verb::Delete;
        parts.refuse(work, |row, of| match (of.is_draft, row.before.is_some()) {
            (true, _) => None,
            (false, _) if !due::is_measured(of) => Some((UserCode::Immutable, "it is measured no longer.")),
            (false, true) if !removes => None,
            // What an import brought was promised without measures and gets them here.
            (false, false) if of.source.is_some() => None,
            (false, _) => Some((UserCode::Immutable, "what was promised stands.")),
        });
        if removes {
            return drop_measures(work, parts).await;
        }
        keys_are_free::<Measures>(work, &parts.rows, None).await?;
        let known: Vec<Uuid> = parts.rows.iter().filter(|row| row.before.is_some()).map(|row| row.after.id).collect();
        let answered = due::answered(work, &known).await?;
        for at in 0..parts.rows.len() {
            let Some(of) = parts.of(&parts.rows[at]).cloned() else { continue };
            let row = &mut parts.rows[at];
            row.after.next_due_on = due::next(&row.after, &of, answered.get(&row.after.id));
            agrees(work, row, of.polarity == "DISBENEFIT", of.is_draft);
        }
        save::<Measures>(work, parts.rows, &parts.batch, Action::Written).await
    }
    .boxed()
}

async fn drop_measures(work: &mut Work<'_>, parts: Parts<Model>) -> Result<Done, Error> {
    if !work.rejects(&parts.batch) {
        let ids = parts.rows.iter().map(|row| row.after.id);
        let points = Points::find().filter(P::MeasureId.is_in(ids)).all(work.txn).await?;
        let entity = work.lens.model.entity("BenefitMeasurePoint");
        let points = points.into_iter().map(|point| Row::derived(entity, point.clone(), point)).collect();
        drop_rows::<Points>(work, points).await?;
    }
    remove::<Measures>(work, parts.rows, &parts.batch).await
}

/// A measure of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        benefit_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        owner_id: None,
        key: String::new(),
        title: String::new(),
        title_fold: String::new(),
        unit: String::new(),
        direction: String::new(),
        baseline_value: None,
        baseline_on: None,
        target_value: None,
        target_on: None,
        method: None,
        source: None,
        frequency: String::new(),
        first_due_on: work.now.date_naive(),
        last_due_on: None,
        next_due_on: None,
        kpi_key: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// What a measure promises, for a benefit or against a dis-benefit.
pub fn promise(measure: &Model, is_dis_benefit: bool) -> Promise {
    Promise {
        is_down: measure.direction == "DOWN",
        is_dis_benefit,
        baseline: measure.baseline_value,
        target: measure.target_value,
    }
}

/// What a measure lacks to be promised: a level or its day.
pub fn lacking(measure: &Model) -> Option<&'static str> {
    [
        ("baselineValue", measure.baseline_value.is_none()),
        ("baselineOn", measure.baseline_on.is_none()),
        ("targetValue", measure.target_value.is_none()),
        ("targetOn", measure.target_on.is_none()),
    ]
    .into_iter()
    .find_map(|(field, lacks)| lacks.then_some(field))
}

/// What a measure says of itself.
fn agrees(work: &mut Work<'_>, row: &Row<Model>, is_dis_benefit: bool, is_draft: bool) {
    let m = &row.after;
    let place = |fields: &[&str]| {
        fields.iter().find(|field| row.gives(field)).map_or_else(|| row.path.clone(), |field| row.place(field))
    };
    if let Some(line) = promise(m, is_dis_benefit).fault() {
        let at = place(&["targetValue", "baselineValue", "direction"]);
        work.fail(row, UserError::rule(at, "MEASURE_TARGET", line));
    }
    for (from, to, first, then) in [
        ("baselineOn", "targetOn", m.baseline_on, m.target_on),
        ("firstDueOn", "lastDueOn", Some(m.first_due_on), m.last_due_on),
        ("baselineOn", "firstDueOn", m.baseline_on, Some(m.first_due_on)),
    ] {
        if first.zip(then).is_some_and(|(first, then)| then < first) {
            let line = format!("`{to}` comes before `{from}`.");
            work.fail(row, UserError::rule(place(&[to, from]), "DATES_IN_ORDER", line));
        }
    }
    if is_draft || work.is_refused(row.index) {
        return;
    }
    let Some(before) = &row.before else {
        if let Some(field) = lacking(m) {
            let line = "A measure of what is promised already has a baseline and a target, each with its day.";
            work.fail(row, UserError::new(UserCode::Required, row.path.at(field), line));
        }
        return;
    };
    for (field, differs) in [
        ("unit", before.unit != m.unit),
        ("direction", before.direction != m.direction),
        ("baselineValue", before.baseline_value != m.baseline_value),
        ("baselineOn", before.baseline_on != m.baseline_on),
        ("targetValue", before.target_value != m.target_value),
        ("targetOn", before.target_on != m.target_on),
    ] {
        if differs {
            let line = "The benefit is approved: what was promised stands.";
            work.fail(row, UserError::new(UserCode::Immutable, row.place(field), line));
        }
    }
}

fn write_points<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let parts = Parts::of_measures::<Points>(work, input, Class::Ben, &[], blank_point).await?;
        parts.of_drafts(work);
        if work.mutation.verb == Verb::Delete {
            return remove::<Points>(work, parts.rows, &parts.batch).await;
        }
        for row in &parts.rows {
            let is_due = parts.measure(row).is_none_or(|measure| due::calendar(measure).has(row.after.due_on));
            if row.gives("dueOn") && !is_due && !work.is_refused(row.index) {
                let line = "Nothing of this measure is due on that day.";
                work.fail(row, UserError::rule(row.place("dueOn"), "DUE_DATE", line));
            }
        }
        each_day_once(work, &parts).await?;
        save::<Points>(work, parts.rows, &parts.batch, Action::Written).await
    }
    .boxed()
}

/// A measure has one planned level for a due date. A row that is refused stays where it was and stands in another's way:
/// so until all of the others stand.
async fn each_day_once(work: &mut Work<'_>, parts: &Parts<benefit_measure_point::Model>) -> Result<(), Error> {
    let of = P::MeasureId.is_in(parts.measures.keys().copied());
    let stored = Points::find().filter(of).all(work.txn).await?;
    loop {
        let good: HashMap<Uuid, &Row<benefit_measure_point::Model>> =
            parts.rows.iter().filter(|row| !work.has_failed(row.index)).map(|row| (row.after.id, row)).collect();
        let kept = stored.iter().filter(|point| !good.contains_key(&point.id));
        let mut taken: HashSet<_> = kept.map(|point| (point.measure_id, point.due_on)).collect();
        let rows = parts.rows.iter().filter(|row| good.contains_key(&row.after.id));
        let twice: Vec<_> = rows.filter(|row| !taken.insert((row.after.measure_id, row.after.due_on))).collect();
        if twice.is_empty() {
            return Ok(());
        }
        for row in twice {
            let line = "The measure has a point for this day already.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("dueOn"), line));
        }
    }
}

/// A point of nothing.
pub fn blank_point(work: &Work<'_>) -> benefit_measure_point::Model {
    benefit_measure_point::Model {
        id: work.clock.new_id(),
        measure_id: Uuid::nil(),
        benefit_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        is_draft: true,
        owner_id: None,
        due_on: work.now.date_naive(),
        value: 0,
        note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

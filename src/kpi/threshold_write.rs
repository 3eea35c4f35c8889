//! Writing bounds and targets of KPIs by item.

use async_graphql_value::ConstValue;
use entity::{kpi_target, kpi_threshold};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::ModelTrait;
use uuid::Uuid;

use super::{
    catalogue::{Bounds, Direction, HYSTERESIS},
    checks,
    of_day::{each_day_once, kpis, refigure},
};
use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Work, of_item,
        rows::{archived, open, save},
        usual, value,
    },
};

type Thresholds = kpi_threshold::Entity;
type Targets = kpi_target::Entity;

/// The mutations of bounds and targets.
pub fn mutations() -> Vec<Mutation> {
    let thresholds = usual("KpiThreshold", "kpiThreshold", None, false, write_thresholds);
    thresholds.into_iter().chain(usual("KpiTarget", "kpiTarget", None, false, write_targets)).collect()
}

fn write_thresholds<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("KpiThreshold");
        let (scopes, needs) = (work.lens.caller.takes(Step::KpiSetUp), Step::KpiSetUp.as_str());
        let (mut rows, action) = match work.mutation.verb.archives() {
            Some(action) => (archived::<Thresholds>(work, entity, &batch, scopes, needs).await?, action),
            None => (open::<Thresholds>(work, entity, &batch.items, blank_threshold).await?, Action::Written),
        };
        place(work, &mut rows, Step::KpiSetUp).await?;
        let kpis = kpis(work, &rows).await?;
        for row in rows.iter().filter(|row| row.after.archived_at.is_none()) {
            let Some(kpi) = kpis.get(&row.after.kpi_id).filter(|_| !work.is_refused(row.index)) else { continue };
            agrees(work, row, Direction::parse(&kpi.direction));
        }
        if action != Action::Archived {
            each_day_once::<Thresholds>(work, &rows, "valid_from_on", "validFromOn").await?;
        }
        if !work.rejects(&batch) {
            refigure(work, &rows, &kpis, |_| true).await?;
        }
        save::<Thresholds>(work, rows, &batch, action).await
    }
    .boxed()
}

/// No bounds of nothing.
pub fn blank_threshold(work: &Work<'_>) -> kpi_threshold::Model {
    kpi_threshold::Model {
        id: work.clock.new_id(),
        kpi_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        valid_from_on: work.now.date_naive(),
        green_from: None,
        green_to: None,
        amber_from: None,
        amber_to: None,
        hysteresis: HYSTERESIS,
        note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// What bounds say of themselves.
fn agrees(work: &mut Work<'_>, row: &Row<kpi_threshold::Model>, direction: Direction) {
    let m = &row.after;
    if m.hysteresis < 0 {
        let line = "`hysteresis` is 0 or more.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("hysteresis"), line));
    }
    if direction == Direction::None {
        let line = "The KPI has neither direction nor color.";
        let place = if row.gives("kpi") { row.place("kpi") } else { row.named_at.clone() };
        work.fail(row, UserError::new(UserCode::Invalid, place, line));
        return;
    }
    let bounds =
        Bounds { green_from: m.green_from, green_to: m.green_to, amber_from: m.amber_from, amber_to: m.amber_to };
    if let Some(wrong) = checks::bounds_fault(direction, &bounds) {
        work.fail(row, UserError::rule(row.place(wrong.field), "BOUNDS_ORDERED", wrong.line));
    } else if bounds.is_empty() {
        let (field, line) = match direction {
            Direction::Down => ("greenTo", "Bounds say at least up to where it is green."),
            Direction::Up | Direction::Range | Direction::None => {
                ("greenFrom", "Bounds say at least from where on it is green.")
            }
        };
        work.fail(row, UserError::new(UserCode::Required, row.path.at(field), line));
    }
}

fn write_targets<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("KpiTarget");
        let (scopes, needs) = (work.lens.caller.takes(Step::KpiSetUp), Step::KpiSetUp.as_str());
        let (mut rows, action) = match work.mutation.verb.archives() {
            Some(action) => (archived::<Targets>(work, entity, &batch, scopes, needs).await?, action),
            None => (open::<Targets>(work, entity, &batch.items, blank_target).await?, Action::Written),
        };
        place(work, &mut rows, Step::KpiSetUp).await?;
        if action != Action::Archived {
            each_day_once::<Targets>(work, &rows, "target_on", "targetOn").await?;
        }
        if !work.rejects(&batch) {
            let kpis = kpis(work, &rows).await?;
            refigure(work, &rows, &kpis, |_| false).await?;
        }
        save::<Targets>(work, rows, &batch, action).await
    }
    .boxed()
}

/// A target of nothing.
pub fn blank_target(work: &Work<'_>) -> kpi_target::Model {
    kpi_target::Model {
        id: work.clock.new_id(),
        kpi_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        target_on: work.now.date_naive(),
        value: 0,
        note: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// The rows stand with their items, which are locked; new ones take their scope.
pub(super) async fn place<M: ModelTrait + Clone>(
    work: &mut Work<'_>,
    rows: &mut [Row<M>],
    step: Step,
) -> Result<(), Error> {
    of_item::items_are_open(work, rows).await?;
    let items = of_item::items(work, rows, work.lens.caller.takes(step), step.as_str()).await?;
    for row in rows.iter_mut().filter(|row| row.before.is_none()) {
        if let Some(item) = value::optional_id(&row.after, "item_id").and_then(|id| items.get(&id)) {
            of_item::take_scope(row, item);
        }
    }
    Ok(())
}

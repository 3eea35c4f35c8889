//! Posting values of KPIs. The same value again writes nothing, another one of the same day takes its place; the trail
//! keeps both.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql_value::ConstValue;
use entity::kpi_posting::{self, Column as C, Model};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    of_day::{Slot, kpis, slot},
    threshold_write::place,
};
use crate::{
    auth::Step,
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Verb, Work,
        rows::{open, save},
    },
};

type Postings = kpi_posting::Entity;

/// The column with the day.
const DAY: &str = "effective_on";

/// The mutations of posted values.
pub fn mutations() -> Vec<Mutation> {
    let record = |name: &str, verb, doc: &str| Mutation {
        name: name.to_owned(),
        doc: doc.to_owned(),
        needs: None,
        entity: "KpiPosting",
        verb,
        input: vec![],
        payload: vec![],
        inputs: vec![],
        run: write,
    };
    vec![
        record(
            "kpiValueRecord",
            Verb::Create,
            "Posts a value of a KPI of kind POSTED for an item, from a day on. The same value again writes nothing; another one of the same day takes its place, and the trail keeps both.",
        ),
        record(
            "kpiValueBulkRecord",
            Verb::BulkCreate,
            "Posts up to 1,000 values in one transaction, each as `kpiValueRecord` does.",
        ),
    ]
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let entity = work.lens.model.entity("KpiPosting");
        let mut rows = open::<Postings>(work, entity, &batch.items, blank).await?;
        place(work, &mut rows, Step::KpiRecord).await?;
        let kpis = kpis(work, &rows).await?;
        for row in &rows {
            if kpis.get(&row.after.kpi_id).is_some_and(|kpi| kpi.kind != "POSTED") && !work.is_refused(row.index) {
                let line = "The values of this KPI follow from facts; post those of KPIs of kind POSTED.";
                work.fail(row, UserError::new(UserCode::Invalid, row.place("kpi"), line));
            }
        }
        find_stored(work, &mut rows).await?;
        save::<Postings>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// A value of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        kpi_id: Uuid::nil(),
        item_id: Uuid::nil(),
        portfolio_id: None,
        is_restricted: false,
        effective_on: work.now.date_naive(),
        value: 0,
        note: None,
        source: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
    }
}

/// Values that are there already take what is given. The items are locked, so nobody posts the same meanwhile.
async fn find_stored(work: &mut Work<'_>, rows: &mut [Row<Model>]) -> Result<(), Error> {
    let of = |row: &Row<Model>| slot(&row.after, DAY);
    let items: BTreeSet<Uuid> = rows.iter().map(|row| row.after.item_id).collect();
    let days: BTreeSet<_> = rows.iter().map(|row| row.after.effective_on).collect();
    let mut stored: HashMap<Slot, Model> = HashMap::new();
    for some in items.into_iter().collect::<Vec<_>>().chunks(400) {
        let found = Postings::find().filter(C::ItemId.is_in(some.iter().copied()));
        let found = found.filter(C::EffectiveOn.is_in(days.iter().copied())).all(work.txn).await?;
        stored.extend(found.into_iter().map(|row| (slot(&row, DAY), row)));
    }
    let mut seen: HashSet<Slot> = HashSet::new();
    for row in rows {
        if work.is_refused(row.index) {
            continue;
        }
        if !seen.insert(of(row)) {
            let line = "Another item of the list posts this value too.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("effectiveOn"), line));
            continue;
        }
        let Some(before) = stored.get(&of(row)) else { continue };
        let mut after = before.clone();
        after.value = row.after.value;
        if row.gives("note") {
            after.note.clone_from(&row.after.note);
        }
        if row.gives("source") {
            after.source.clone_from(&row.after.source);
        }
        (row.before, row.after) = (Some(before.clone()), after);
    }
    Ok(())
}

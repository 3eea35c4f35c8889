//! Writing KPIs of users. Those of the catalogue are kept by the program and never change; formulas are checked together
//! with all others, and the classes that a value needs follow from what its formula is made of.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql_value::ConstValue;
use entity::{
    kpi_definition::{self, Column as C, Model},
    measure_delta,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    book::{Book, Entry, Fault},
    catalogue::{Bounds, Direction, HYSTERESIS},
    checks,
};
use crate::{
    auth::{Class, Step},
    error::Error,
    write::{
        Action, Done, Mutation, Row, UserCode, UserError, Work,
        rows::{self, archived, follow, keys_are_free, open, save},
        usual,
    },
};

type Definitions = kpi_definition::Entity;

/// The mutations of KPIs.
pub fn mutations() -> Vec<Mutation> {
    usual("KpiDefinition", "kpiDefinition", None, false, write)
}

fn write<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        // Two whose formulas name each other would not see each other's.
        work.alone().await?;
        let entity = work.lens.model.entity("KpiDefinition");
        let (scopes, needs) = (work.lens.caller.takes(Step::KpiSetUp), Step::KpiSetUp.as_str());
        let (mut rows, action) = match work.mutation.verb.archives() {
            Some(action) => (archived::<Definitions>(work, entity, &batch, scopes, needs).await?, action),
            None => (open::<Definitions>(work, entity, &batch.items, blank).await?, Action::Written),
        };
        rows::demand_new(work, &rows, scopes, needs);
        keys_are_free::<Definitions>(work, &rows, None).await?;
        for row in &mut rows {
            stands_alone(work, row);
        }
        let stored = Definitions::find().filter(C::Kind.ne("STANDARD")).filter(C::ArchivedAt.is_null());
        let stored = stored.all(work.txn).await?;
        are_in_use(work, &rows, &stored);
        let book = stand_together(work, &rows, &stored);
        let classes = book.classes();
        for row in &mut rows {
            if let Some(of) = classes.get(&row.after.key) {
                row.after.classes = Class::joined(of);
            }
        }
        let derived = others(&rows, &stored, &classes, entity);
        if !work.rejects(&batch) {
            touch(work, &rows, &book).await?;
            follow::<Definitions>(work, derived).await?;
        }
        save::<Definitions>(work, rows, &batch, action).await
    }
    .boxed()
}

/// A KPI of nothing.
pub fn blank(work: &Work<'_>) -> Model {
    Model {
        id: work.clock.new_id(),
        key: String::new(),
        name: String::new(),
        name_fold: String::new(),
        description: String::new(),
        kind: String::new(),
        formula: String::new(),
        tested_formula: None,
        formula_version: 1,
        unit: String::new(),
        direction: String::new(),
        classes: Class::Basic.as_str().to_owned(),
        green_from: None,
        green_to: None,
        amber_from: None,
        amber_to: None,
        hysteresis: HYSTERESIS,
        reference: None,
        version: 0,
        created_at: work.now,
        created_by_id: None,
        updated_at: work.now,
        updated_by_id: None,
        archived_at: None,
    }
}

/// What a KPI says of itself.
fn stands_alone(work: &mut Work<'_>, row: &mut Row<Model>) {
    if work.is_refused(row.index) {
        return;
    }
    if row.before.as_ref().is_some_and(|before| before.kind == "STANDARD") {
        let line = "The catalogue is kept by the program; make a KPI of your own.";
        work.fail(row, UserError::new(UserCode::Immutable, row.named_at.clone(), line));
        return;
    }
    if row.after.kind == "STANDARD" {
        let line = "KPIs of users are FORMULA or POSTED.";
        work.fail(row, UserError::new(UserCode::Invalid, row.place("kind"), line));
    }
    if row.gives("key") {
        if let Some(line) = checks::key_fault(&row.after.key) {
            work.fail(row, UserError::new(UserCode::Invalid, row.place("key"), line));
        } else if work.lens.model.measures.measure(&row.after.key).is_some() {
            let line = "A measure has this key.";
            work.fail(row, UserError::new(UserCode::Duplicate, row.place("key"), line));
        }
    }
    if row.after.kind == "POSTED" {
        for field in ["formula", "testedFormula"] {
            if row.gives(field) && (field == "formula" || row.after.tested_formula.is_some()) {
                let line = "Scripts post the values of this KPI; it has no formula.";
                work.fail(row, UserError::new(UserCode::Invalid, row.place(field), line));
            }
        }
        let classes = Class::listed(&row.after.classes);
        if classes.is_empty() {
            let line = "A KPI has at least one class.";
            work.fail(row, UserError::new(UserCode::Required, row.place("classes"), line));
        }
        row.after.classes = Class::joined(&classes);
        row.after.formula.clone_from(&row.after.key);
    } else {
        if row.gives("classes") {
            let line = "The classes follow from what the formula is made of.";
            work.fail(row, UserError::new(UserCode::Invalid, row.place("classes"), line));
        }
        if row.before.is_none() && !row.gives("formula") {
            let line = "A KPI of kind FORMULA has a formula.";
            work.fail(row, UserError::new(UserCode::Required, row.path.at("formula"), line));
        }
    }
    if row.after.hysteresis < 0 {
        let line = "`hysteresis` is 0 or more.";
        work.fail(row, UserError::new(UserCode::OutOfRange, row.place("hysteresis"), line));
    }
    let m = &row.after;
    if let Some(wrong) = checks::bounds_fault(Direction::parse(&m.direction), &bounds(m)) {
        work.fail(row, UserError::rule(row.place(wrong.field), "BOUNDS_ORDERED", wrong.line));
    }
    let text = |m: &Model| (m.formula.clone(), m.tested_formula.clone());
    if let Some(before) = &row.before
        && text(before) != text(&row.after)
    {
        row.after.formula_version = before.formula_version + 1;
    }
}

fn bounds(m: &Model) -> Bounds {
    Bounds { green_from: m.green_from, green_to: m.green_to, amber_from: m.amber_from, amber_to: m.amber_to }
}

/// Nothing is archived that a formula names.
fn are_in_use(work: &mut Work<'_>, rows: &[Row<Model>], stored: &[Model]) {
    for row in rows.iter().filter(|row| row.after.archived_at.is_some() && row.before.is_some()) {
        let entries = stored.iter().map(|m| (m.key.clone(), entry(m))).collect();
        let using = Book::new(work.lens.model, entries).dependents(&row.after.key);
        if let Some(other) = using.iter().find(|key| **key != row.after.key)
            && !work.is_refused(row.index)
        {
            let line = format!("The formula of {other} leads to this KPI.");
            work.fail(row, UserError::rule(row.path.clone(), "KPI_IN_USE", line).with("kpi", other));
        }
    }
}

fn entry(m: &Model) -> Entry {
    Entry {
        is_posted: m.kind == "POSTED",
        formula: m.formula.clone(),
        tested: m.tested_formula.clone(),
        classes: Class::listed(&m.classes),
    }
}

/// Refuses rows whose formulas cannot be read, name what is not there, or lead back to themselves. What is refused stays
/// as it was and may be what another one names: so until all of the others stand.
fn stand_together(work: &mut Work<'_>, rows: &[Row<Model>], stored: &[Model]) -> Book {
    loop {
        let mut entries: BTreeMap<String, Entry> = stored.iter().map(|m| (m.key.clone(), entry(m))).collect();
        let good: Vec<&Row<Model>> =
            rows.iter().filter(|row| !work.has_failed(row.index) && row.after.kind != "STANDARD").collect();
        for row in &good {
            match row.after.archived_at {
                Some(_) => entries.remove(&row.after.key),
                None => entries.insert(row.after.key.clone(), entry(&row.after)),
            };
        }
        let book = Book::new(work.lens.model, entries);
        let rings = book.rings();
        let mut wrong: Vec<(&Row<Model>, Fault)> = vec![];
        for row in good {
            let above = || {
                let dependents = book.dependents(&row.after.key);
                rings.iter().find(|(key, _)| dependents.contains(*key)).map(|(_, fault)| fault.clone())
            };
            let fault = book.fault(&row.after.key).or_else(|| rings.get(&row.after.key).cloned()).or_else(above);
            wrong.extend(fault.map(|fault| (row, fault)));
        }
        if wrong.is_empty() {
            return book;
        }
        for (row, fault) in wrong {
            let error = UserError::new(UserCode::Invalid, row.place(fault.field), fault.line);
            work.fail(
                row,
                match fault.param {
                    Some((name, value)) => error.with(name, value),
                    None => error,
                },
            );
        }
    }
}

/// KPIs beside the rows whose classes follow from theirs.
fn others(
    rows: &[Row<Model>],
    stored: &[Model],
    classes: &BTreeMap<String, Vec<Class>>,
    entity: &'static crate::graph::decl::Entity,
) -> Vec<Row<Model>> {
    let others = stored.iter().filter(|m| !rows.iter().any(|row| row.after.id == m.id));
    let changed = others.filter_map(|m| {
        let after = Model { classes: Class::joined(classes.get(&m.key)?), ..m.clone() };
        (after != *m).then(|| Row::derived(entity, m.clone(), after))
    });
    changed.collect()
}

/// Figures of all items may be others where a formula, bounds or the archive changed.
async fn touch(work: &mut Work<'_>, rows: &[Row<Model>], book: &Book) -> Result<(), Error> {
    let figured = |m: &Model| (m.formula.clone(), m.tested_formula.clone(), bounds(m), m.hysteresis, m.archived_at);
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for row in rows.iter().filter(|row| !work.has_failed(row.index)) {
        if row.before.as_ref().is_none_or(|before| figured(before) != figured(&row.after)) {
            keys.extend(book.dependents(&row.after.key));
        }
    }
    if keys.is_empty() {
        return Ok(());
    }
    let items = measure_delta::Entity::find().select_only().column(measure_delta::Column::ItemId).distinct();
    let items: Vec<Uuid> = items.into_tuple().all(work.txn).await?;
    for key in keys {
        work.refigured.extend(items.iter().map(|item| (*item, Some(key.clone()))));
    }
    Ok(())
}

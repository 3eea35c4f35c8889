//! KPIs as rows: the catalogue, kept in step with this program's own, and those of users.

use chrono::{DateTime, Utc};
use entity::kpi_definition::{self, Column as C};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, QueryFilter as _,
    sea_query::OnConflict,
};

use super::{
    catalogue::{STANDARD, Standard, Unit},
    formula::LONGEST,
    versions,
};
use crate::{
    auth::{Class, Step},
    error::Error,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `KpiKind`.
static KIND: EnumDecl = EnumDecl {
    name: "KpiKind",
    doc: "Where a KPI comes from.",
    values: &[
        ("STANDARD", "The catalogue."),
        ("FORMULA", "A formula of users, over measures and other KPIs."),
        ("POSTED", "Values that scripts post."),
    ],
};

/// `KpiUnit`.
static UNIT: EnumDecl = EnumDecl {
    name: "KpiUnit",
    doc: "What a KPI is measured in.",
    values: &[
        ("MONEY", "Money in the scope's base currency."),
        ("RATIO", "A ratio, 1 for 100 %."),
        ("COUNT", "A number of things."),
        ("DAYS", "Days."),
        ("MONTHS", "Months."),
        ("YEARS", "Years."),
        ("NUMBER", "Another number."),
    ],
};

/// `KpiDirection`.
static DIRECTION: EnumDecl = EnumDecl {
    name: "KpiDirection",
    doc: "Which way is good.",
    values: &[
        ("UP", "More is better."),
        ("DOWN", "Less is better."),
        ("RANGE", "Within a range."),
        ("NONE", "Neither: a figure without color."),
    ],
};

/// `FieldClass` names of the classes that a KPI needs.
static CLASSES: EnumDecl = EnumDecl {
    name: "KpiClass",
    doc: "A class of fields that a KPI is made of.",
    values: &[
        ("BASIC", "Names, states, dates."),
        ("WORK", "Tasks, registers, reports."),
        ("FIN", "Money."),
        ("BEN", "Benefits."),
    ],
};

/// `KpiDefinition`.
pub fn declare() -> Entity {
    let set_up = |field: Field| field.written_by(Step::KpiSetUp);
    let bound = |name, column: C, doc| set_up(Field::scalar(name, Scalar::Decimal, column, doc).unordered());
    let entity = Entity::new(
        "KpiDefinition",
        &kpi_definition::Entity,
        Class::Basic,
        RowScope::Reference,
        "A KPI: a formula over measures that are summed over a scope first. Those of kind STANDARD are kept by the program and never change; the PMO lead makes others. A KPI of users has the same value wherever it is asked for: no word of the language makes an average of ratios.",
    )
    .node("kpi", "kpiDefinition", "kpiDefinitions")
    .fields([
        set_up(Field::scalar("key", Scalar::String, C::Key, "The human key, such as `EV_CPI`; unique, in capitals, settled when the KPI is made. Those that begin with two letters and `_` are the catalogue's; no measure has it.").required())
            .longest(64)
            .once(),
        set_up(Field::text("name", C::Name, C::NameFold, "What it is called.").required()),
        set_up(Field::scalar("description", Scalar::String, C::Description, "What it says.").required().unordered()).longest(4_000),
        set_up(Field::choice("kind", &KIND, C::Kind, "Where it comes from; FORMULA or POSTED for KPIs of users.").required()).once(),
        set_up(
            Field::scalar(
                "formula",
                Scalar::String,
                C::Formula,
                "The formula over measures and other KPIs, as `kpiMeasures` says; the key itself where scripts post the values. At most 2,000 characters.",
            )
            .required()
            .unordered(),
        )
        .longest(LONGEST)
        .defaulted(),
        set_up(
            Field::scalar(
                "testedFormula",
                Scalar::String,
                C::TestedFormula,
                "What bounds are compared with; null where that is the value.",
            )
            .unordered(),
        )
        .longest(LONGEST),
        Field::scalar("formulaVersion", Scalar::Int, C::FormulaVersion, "Counts the changes of the formula, from 1.")
            .required(),
        set_up(Field::choice("unit", &UNIT, C::Unit, "What it is measured in; settled when the KPI is made.").required()).once(),
        set_up(
            Field::choice(
                "direction",
                &DIRECTION,
                C::Direction,
                "Which way is good, settled when the KPI is made: UP has bounds `from`, DOWN `to`, RANGE both, NONE no bounds.",
            )
            .required(),
        )
        .once(),
        set_up(Field {
            required: true,
            ..Field::choices(
                "classes",
                &CLASSES,
                C::Classes,
                "The classes that reading a value needs, all of them: those of what the formula is made of. Given only where scripts post the values; BASIC if not said.",
            )
        })
        .defaulted(),
        bound(
            "greenFrom",
            C::GreenFrom,
            "Green from here on; null for no such bound. Bounds of an item take the place of these.",
        ),
        bound("greenTo", C::GreenTo, "Green up to here; null for no such bound."),
        bound("amberFrom", C::AmberFrom, "Amber from here on, where it is not green; null for no such bound."),
        bound("amberTo", C::AmberTo, "Amber up to here, where it is not green; null for no such bound."),
        set_up(
            Field::scalar("hysteresis", Scalar::Decimal, C::Hysteresis, "How far beyond a bound a stored color changes; 0 or more, 0.01 if not said.")
                .required()
                .unordered(),
        )
        .defaulted(),
        set_up(
            Field::scalar(
                "reference",
                Scalar::String,
                C::Reference,
                "Where the formula comes from; null where nobody said.",
            )
            .unordered(),
        ),
    ])
    .audited()
    .archivable();
    // Formulas name it, so it never becomes another.
    Entity { keyed: true, ..entity }
}

/// The rows of the catalogue that are not what the program says, with those that are stored.
pub async fn stale(
    db: &impl ConnectionTrait,
) -> Result<Vec<(&'static Standard, Option<kpi_definition::Model>)>, Error> {
    let known = kpi_definition::Entity::find().filter(C::Kind.eq("STANDARD")).all(db).await?;
    let row = |kpi: &Standard| known.iter().find(|row| row.id == kpi.id()).cloned();
    let is_stale = |(kpi, row): &(&Standard, Option<kpi_definition::Model>)| {
        row.as_ref().is_none_or(|row| {
            let due = kpi_definition::Model { version: row.version, ..of(kpi, row.created_at) };
            due != kpi_definition::Model { updated_at: row.created_at, ..row.clone() }
        })
    };
    Ok(STANDARD.iter().map(|kpi| (kpi, row(kpi))).filter(is_stale).collect())
}

/// Brings the rows of the catalogue in step with the program. Returns the keys of those that were others.
pub async fn keep_catalogue(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<&'static str>, Error> {
    let stale = stale(db).await?;
    if stale.is_empty() {
        return Ok(vec![]);
    }
    let columns = C::iter().filter(|column| !matches!(column, C::Id | C::CreatedAt));
    let overwrite = OnConflict::column(C::Id).update_columns(columns).to_owned();
    let rows = stale.iter().map(|(kpi, before)| {
        let version = before.as_ref().map_or(0, |before| before.version) + 1;
        kpi_definition::ActiveModel { version: Set(version), ..of(kpi, now).into_active_model() }
    });
    kpi_definition::Entity::insert_many(rows).on_conflict(overwrite).exec_without_returning(db).await?;
    versions::keep_table(db, "kpi_definition", now).await?;
    Ok(stale.iter().map(|(kpi, _)| kpi.key).collect())
}

fn of(kpi: &Standard, now: DateTime<Utc>) -> kpi_definition::Model {
    kpi_definition::Model {
        id: kpi.id(),
        key: kpi.key.to_owned(),
        name: kpi.name.to_owned(),
        name_fold: kpi.name.to_lowercase(),
        description: kpi.doc.to_owned(),
        kind: "STANDARD".to_owned(),
        formula: kpi.formula.to_owned(),
        tested_formula: kpi.tested.map(str::to_owned),
        formula_version: kpi.version,
        unit: Unit::as_str(kpi.unit).to_owned(),
        direction: kpi.direction.as_str().to_owned(),
        classes: Class::joined(kpi.classes),
        green_from: kpi.bounds.green_from,
        green_to: kpi.bounds.green_to,
        amber_from: kpi.bounds.amber_from,
        amber_to: kpi.bounds.amber_to,
        hysteresis: kpi.hysteresis,
        reference: Some(kpi.reference.to_owned()),
        version: 1,
        created_at: now,
        created_by_id: None,
        updated_at: now,
        updated_by_id: None,
        archived_at: None,
    }
}

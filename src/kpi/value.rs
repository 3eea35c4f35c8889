//! Values of KPIs for a caller: which basis she gets, the figures, their colors. The same for every path that shows one.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    bounds::Thresholds,
    catalogue::Bounds,
    definition::Definition,
    facts::{Basis, Facts, Scope, Turn, Wish},
    figure::{Coverage, Figure, Inputs, figure},
    kept::Kept,
    measure::Measure,
    status::{self, Status},
    targets::Targets,
};
use crate::{
    auth::Class,
    error::Error,
    graph::{Cell, ColumnType, ListType, Param, Session, date_of, decl::Model},
};

/// When figures are about, and what was known.
#[derive(Debug, Clone)]
pub struct When {
    /// The days that figures are about, ascending.
    pub at: Vec<NaiveDate>,
    /// The instant of knowledge; none is now.
    pub known_at: Option<DateTime<Utc>>,
    /// The turn of deriving up to which amounts count, with the tree and the rates of then; none for all.
    pub turn: Option<Turn>,
}

impl When {
    /// A day, as things are known now.
    pub fn now(at: NaiveDate) -> Self {
        Self { at: vec![at], known_at: None, turn: None }
    }
}

/// A KPI of an item on a day.
#[derive(Debug, Clone)]
pub struct Value {
    /// The KPI.
    pub definition: Arc<Definition>,
    /// The item.
    pub scope: Uuid,
    /// The day.
    pub at: NaiveDate,
    /// Its unit: a currency's code for money.
    pub unit: String,
    /// Whose rows it counts.
    pub basis: Basis,
    /// The figure; the class that the caller lacks where she reads none.
    pub figure: Result<Figure, (Class, Coverage)>,
    /// Its color.
    pub status: Option<Status>,
    /// The bounds that hold for it.
    pub bounds: Bounds,
    /// What it is to be by then, in 1e-9.
    pub target: Option<i64>,
}

impl Value {
    /// The same with the bounds and the target of another time, over the caller's own rows.
    #[must_use]
    pub fn held_to(&self, facts: &Facts, bounds: Bounds, target: Option<i64>) -> Self {
        let figure = self.figure.as_ref().ok().filter(|figure| figure.value.is_ok());
        let status = figure.and_then(|figure| figure.tested).and_then(|tested| status::plain(&bounds, tested));
        let target = target.filter(|_| reads(facts, self.scope, &self.definition));
        Self { status, bounds, target, ..self.clone() }
    }
}

/// Whether the caller reads an item itself as a KPI needs it.
pub fn reads(facts: &Facts, item: Uuid, definition: &Definition) -> bool {
    let member = facts.members.get(&item);
    member.is_some_and(|member| definition.classes.iter().all(|class| member.reads(*class)))
}

/// Values with the facts that they were made of.
pub struct Valued {
    /// The facts.
    pub facts: Facts,
    /// The values: by scope, then by day, then by KPI.
    pub values: Vec<Value>,
}

/// The values of these KPIs of these items on these days, as far as the caller sees the items.
pub async fn values(
    session: &mut Session<'_>,
    model: &'static Model,
    scopes: &[Uuid],
    definitions: &[Arc<Definition>],
    when: &When,
) -> Result<Valued, Error> {
    values_from(session, model, scopes, definitions, when, None).await
}

/// The same, from amounts that are kept as far as they are.
pub(super) async fn values_from(
    session: &mut Session<'_>,
    model: &'static Model,
    scopes: &[Uuid],
    definitions: &[Arc<Definition>],
    when: &When,
    kept: Option<&mut Kept>,
) -> Result<Valued, Error> {
    let names: BTreeSet<&str> = definitions.iter().flat_map(|definition| definition.measures()).collect();
    let measures: Vec<Measure> = names.iter().map(|name| measure(model, name)).collect();
    let curves = definitions.iter().flat_map(|definition| definition.curves()).map(str::to_owned).collect();
    let wish = Wish {
        sums: with_others(&measures),
        curves,
        until: when.at.last().copied().unwrap_or_default(),
        is_series: when.at.len() > 1,
        known_at: when.known_at,
        turn: when.turn,
        currency: None,
    };
    let facts = Facts::read(session, model, scopes, &wish, kept).await?;
    let thresholds = Thresholds::read(session, &facts.scopes, when.known_at).await?;
    let had = Colors::read(session, &facts.scopes, &wish).await?;
    let targets = Targets::read(session, &facts.scopes, when.known_at).await?;
    let wished: Vec<&Measure> = measures.iter().collect();
    let mut values = vec![];
    for scope in &facts.scopes {
        for at in &when.at {
            let inputs = Inputs::of(&facts, scope, &wished, *at);
            for definition in definitions {
                let mut value = value(session, &facts, scope, &inputs, definition, *at, (&thresholds, &had));
                // What the item is to reach is for who may read what it has reached.
                if reads(&facts, scope.id, definition) {
                    value.target = targets.of(scope.id, definition.id, *at);
                }
                values.push(value);
            }
        }
    }
    Ok(Valued { facts, values })
}

/// The measure of a name; what is no measure of ours is what scripts post for a KPI.
pub fn measure(model: &'static Model, name: &str) -> Measure {
    model.measures.measure(name).cloned().unwrap_or_else(|| Measure::posted(name))
}

/// The measures with those that decide whether they are known.
fn with_others(measures: &[Measure]) -> BTreeSet<String> {
    let others = measures.iter().filter_map(|measure| measure.other().map(Cow::into_owned));
    measures.iter().map(|measure| measure.key.clone().into_owned()).chain(others).collect()
}

fn value(
    session: &Session<'_>,
    facts: &Facts,
    scope: &Scope,
    inputs: &Inputs,
    definition: &Arc<Definition>,
    at: NaiveDate,
    (thresholds, had): (&Thresholds, &Colors),
) -> Value {
    let unit = match definition.unit {
        super::catalogue::Unit::Money => scope.currency.clone(),
        unit => unit.as_str().to_owned(),
    };
    let basis = definition.basis(&session.caller.rights);
    let of = |basis| figure(facts, scope, inputs, definition, basis, at);
    let (basis, figure) = match basis {
        Ok(basis) => (basis, Ok(of(basis))),
        Err(class) => (Basis::CallerRows, Err((class, of(Basis::CallerRows).coverage))),
    };
    let held = thresholds.held(definition, scope, at);
    let tested = figure.as_ref().ok().filter(|figure| figure.value.is_ok()).and_then(|figure| figure.tested);
    let status = tested.and_then(|tested| match basis {
        Basis::AllRows => status::after(had.of(scope.id, definition.id, at), &held.bounds, held.margin, tested),
        Basis::CallerRows => status::plain(&held.bounds, tested),
    });
    let definition = definition.clone();
    Value { definition, scope: scope.id, at, unit, basis, figure, status, bounds: held.bounds, target: None }
}

/// Colors that were stored, by item and KPI, in the order of their changes.
struct Colors(HashMap<(Uuid, Uuid), Vec<(NaiveDate, Status)>>);

impl Colors {
    async fn read(session: &mut Session<'_>, scopes: &[Scope], wish: &Wish) -> Result<Self, Error> {
        use crate::graph::DbValue;
        let items: Arc<[Uuid]> = scopes.iter().map(|scope| scope.id).collect();
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        let mut sql = session.sql();
        // The present color stands with the value; only questions about the past go through its changes.
        let is_past = wish.is_series || wish.known_at.is_some();
        let (from, c) =
            if is_past { ("kpi_change c JOIN kpi_value v ON v.id = c.value_id", "c.") } else { ("kpi_value v", "v.") };
        sql.push("SELECT v.item_id, v.kpi_id, ")
            .push(c)
            .push("period_end_on, ")
            .push(c)
            .push("status FROM ")
            .push(from);
        sql.push(" WHERE ").push(c).push("status IS NOT NULL AND v.item_id").is_any(ListType::Id, Param::Keys);
        if let Some(known_at) = wish.known_at {
            sql.push(" AND c.as_of <= ").param(Param::Const(DbValue::Instant(known_at)));
        }
        if is_past {
            sql.push(" ORDER BY c.version");
        }
        for row in session.all(&sql.finish(), &items).await? {
            let (Cell::Id(item), Cell::Id(kpi)) = (row.at(0, ColumnType::Id), row.at(1, ColumnType::Id)) else {
                continue;
            };
            let (Some(on), Cell::Text(status)) = (date_of(row.at(2, ColumnType::Date)), row.at(3, ColumnType::Text))
            else {
                continue;
            };
            if let Some(status) = Status::parse(status) {
                found.entry((Uuid::from_bytes(item), Uuid::from_bytes(kpi))).or_default().push((on, status));
            }
        }
        Ok(Self(found))
    }

    /// The last color that was stored about a day no later than this.
    fn of(&self, item: Uuid, kpi: Uuid, at: NaiveDate) -> Option<Status> {
        self.0.get(&(item, kpi))?.iter().rev().find(|(on, _)| *on <= at).map(|(_, status)| *status)
    }
}

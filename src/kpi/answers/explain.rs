//! `kpiExplain`: the formula, what was put into it with the facts that it comes from, and what was left out.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use async_graphql_value::ConstValue;
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{AT, KNOWN_AT, as_of, day, decimal_text, instant, instant_text, item_id, show};
use crate::{
    error::{Code, Error},
    graph::{
        Cell, ColumnType, DbValue, ListType, Param, date_of,
        decl::{Answer, Asking, Price, denied},
        encode_id, input, instant_of,
    },
    kpi::{
        definition::{self, Definition},
        facts::{Basis, Facts, SUM, Scope, sum_at},
        figure::{Coverage, Figure, Inputs},
        formula::Missing,
        measure::Measure,
        money::Wanted,
        value::{Value, When, measure, values},
    },
    write::Member,
};

/// Parts of a measure where nothing else is said, and at most.
const PARTS: (usize, usize) = (50, 1_000);
/// Inputs that a formula has as a rule.
const INPUTS: usize = 4;

pub(super) fn answer() -> Answer {
    let member = |name, ty, doc| Member { name, ty, doc };
    Answer {
        name: "kpiExplain",
        doc: "How a KPI of the item came about: the formula, its inputs with the facts that they come from, and what was left out.",
        args: vec![
            member("key", "String!", "Which KPI, by its key."),
            AT,
            KNOWN_AT,
            member("first", "Int", "How many parts of each input; 50 if not said, at most 1,000."),
        ],
        ty: "KpiExplanation!",
        price: |question| {
            let own =
                question.parents.saturating_mul(question.first(PARTS.0).saturating_mul(INPUTS).saturating_add(10));
            Price { own, names: own }
        },
        run,
    }
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = asking.parents.unwrap_or_default().to_vec();
        let first = match asking.argument("first") {
            ConstValue::Number(n) => usize::try_from(n.as_i64().unwrap_or(-1)).unwrap_or(usize::MAX),
            _ => PARTS.0,
        };
        if first > PARTS.1 {
            let line = format!("An explanation has at most {} parts of each input.", PARTS.1);
            return Err(Error::new(Code::PageSizeTooLarge, line));
        }
        let keys: Vec<String> = input::text(asking.argument("key")).into_iter().collect();
        let definitions = definition::by_keys(asking.session, Some(&keys), instant(asking, "knownAt")).await?;
        let at = day(asking, "at").unwrap_or(asking.today);
        let when = When { at: vec![at], known_at: instant(asking, "knownAt"), turn: None };
        let valued = values(asking.session, asking.model, &items, &definitions, &when).await?;
        let as_of = as_of(asking, &when);
        let there: HashSet<Uuid> = valued.values.iter().map(|value| value.scope).collect();
        let absent: Vec<Uuid> = items.iter().copied().filter(|item| !there.contains(item)).collect();
        let mut out = vec![];
        let nothing = of_nothing(asking, &absent, &definitions, at, as_of).await?;
        for item in &items {
            let Some(value) = valued.values.iter().find(|value| value.scope == *item) else {
                let shown = nothing.get(item).cloned();
                out.push(shown.ok_or_else(|| Error::internal("an item without a figure"))?);
                continue;
            };
            let shown = show(asking.model, &valued.facts, value, as_of);
            let (text, version) = (&value.definition.text, value.definition.version);
            let (inputs, left_out) = match (&value.figure, valued.facts.scope(*item)) {
                (Ok(figure), Some(scope)) => {
                    let counted = counted(&valued.facts, scope, value);
                    let parts = parts(asking, value, &counted, &when).await?;
                    let left_out = figure.left_out.iter().map(|(item, missing)| {
                        json!({ "item": item_id(asking.model, &valued.facts, *item), "reason": missing.to_string() })
                    });
                    let inputs = inputs(asking, (&valued.facts, scope), value, &counted, &parts, first);
                    (Json::from(inputs), left_out.collect::<Vec<_>>().into())
                }
                (Err((class, _)), _) => (denied(class.read()), denied(class.read())),
                (Ok(_), None) => (Json::Null, Json::Null),
            };
            out.push(json!({
                "value": shown, "formula": text, "formulaVersion": version, "inputs": inputs, "leftOut": left_out,
            }));
        }
        Ok(out)
    }
    .boxed()
}

/// Explanations of items that were not there yet: no figure, of nothing, masked where that of today would be.
async fn of_nothing(
    asking: &mut Asking<'_, '_>,
    items: &[Uuid],
    definitions: &[Arc<Definition>],
    at: NaiveDate,
    as_of: DateTime<Utc>,
) -> Result<HashMap<Uuid, Json>, Error> {
    if items.is_empty() {
        return Ok(HashMap::new());
    }
    let valued = values(asking.session, asking.model, items, definitions, &When::now(at)).await?;
    let of = |value: &Value| {
        let (figure, parts) = match value.figure {
            Ok(_) => (Ok(Figure::of_nothing()), json!([])),
            Err((class, _)) => (Err((class, Coverage::default())), denied(class.read())),
        };
        let value = Value { figure, status: None, target: None, ..value.clone() };
        let explained = json!({
            "value": show(asking.model, &valued.facts, &value, as_of), "formula": value.definition.text,
            "formulaVersion": value.definition.version, "inputs": parts, "leftOut": parts,
        });
        (value.scope, explained)
    };
    Ok(valued.values.iter().map(of).collect())
}

/// The items that the figure counts.
fn counted(facts: &Facts, scope: &Scope, value: &Value) -> HashSet<Uuid> {
    // Without a rate there is no sum: what it would leave out may be the largest part.
    let is_out = |missing: &Missing| !matches!(missing, Missing::Rate(..));
    let left_out = value.figure.iter().flat_map(|figure| &figure.left_out);
    let left_out: HashSet<Uuid> = left_out.filter(|(_, missing)| is_out(missing)).map(|(item, _)| *item).collect();
    let reads = |item: &Uuid| {
        let member = facts.members.get(item);
        member.is_some_and(|member| value.definition.classes.iter().all(|class| member.reads(*class)))
    };
    let is_apart = |item: &Uuid| value.basis == Basis::AllRows && scope.apart.contains(item);
    let counts = |item: &Uuid| reads(item) && !is_apart(item) && !left_out.contains(item);
    scope.items.iter().copied().filter(counts).collect()
}

/// A dated amount with its fact.
struct Part {
    source: Option<String>,
    item: Uuid,
    on: Option<NaiveDate>,
    recorded_at: Option<String>,
    currency: Option<String>,
    amount: i128,
}

/// The parts of each measure, the latest first. Facts that the caller may not read by themselves are one part of an item.
async fn parts(
    asking: &mut Asking<'_, '_>,
    value: &Value,
    items: &HashSet<Uuid>,
    when: &When,
) -> Result<BTreeMap<String, Vec<Part>>, Error> {
    let keys: Arc<[Uuid]> = items.iter().copied().collect();
    let names = value.definition.measures().into_iter().map(|name| DbValue::Text(name.to_owned())).collect();
    let mut sql = asking.session.sql();
    sql.push("SELECT source_type, source_id, item_id, measure, effective_on, currency, MAX(recorded_at), ").push(SUM);
    sql.push(" FROM measure_delta WHERE item_id").is_any(ListType::Id, Param::Keys);
    sql.push(" AND measure").is_any(ListType::Text, Param::Const(DbValue::List(ListType::Text, names)));
    // Flows count whatever their day is.
    let dated = value.definition.lasting().into_iter().map(|name| DbValue::Text(name.to_owned())).collect();
    sql.push(" AND (effective_on <= ").param(Param::Const(DbValue::Date(value.at)));
    sql.push(" OR measure").is_any(ListType::Text, Param::Const(DbValue::List(ListType::Text, dated))).push(")");
    if let Some(known_at) = when.known_at {
        sql.push(" AND recorded_at <= ").param(Param::Const(DbValue::Instant(known_at)));
    }
    sql.push(" GROUP BY source_type, source_id, item_id, measure, effective_on, currency HAVING SUM(amount) <> 0 ");
    sql.push("ORDER BY effective_on DESC, source_id");
    let rows = asking.session.all(&sql.finish(), &keys).await?;
    let mut of_type: HashMap<String, HashSet<Uuid>> = HashMap::new();
    let text = |row: &crate::graph::Row, at| match row.at(at, ColumnType::Text) {
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    };
    let id = |row: &crate::graph::Row, at| match row.at(at, ColumnType::Id) {
        Cell::Id(id) => Uuid::from_bytes(id),
        _ => Uuid::nil(),
    };
    for row in &rows {
        of_type.entry(text(row, 0).unwrap_or_default()).or_default().insert(id(row, 1));
    }
    let mut visible: HashMap<(String, Uuid), String> = HashMap::new();
    for (of, ids) in of_type {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        for (id, prefix) in seen(asking, &of, &ids).await? {
            visible.insert((of.clone(), id), encode_id(prefix, id));
        }
    }
    let mut parts: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for row in &rows {
        let source = visible.get(&(text(row, 0).unwrap_or_default(), id(row, 1))).cloned();
        let (item, currency, amount) = (id(row, 2), text(row, 5), sum_at(row, 7));
        let of = parts.entry(text(row, 3).unwrap_or_default()).or_default();
        if source.is_none()
            && let Some(one) =
                of.iter_mut().find(|part| part.source.is_none() && part.item == item && part.currency == currency)
        {
            one.amount += amount;
            continue;
        }
        let is_shown = source.is_some();
        let on = date_of(row.at(4, ColumnType::Date)).filter(|_| is_shown);
        let recorded_at = instant_of(row.at(6, ColumnType::Instant)).map(instant_text).filter(|_| is_shown);
        of.push(Part { source, item, on, recorded_at, currency, amount });
    }
    Ok(parts)
}

/// Which rows of a type the caller sees, with the prefix of each.
async fn seen(asking: &mut Asking<'_, '_>, of: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, &'static str>, Error> {
    let owner = asking.model.measures.owner(of).and_then(|owner| asking.model.find(owner));
    let Some(entity) = owner else { return Ok(HashMap::new()) };
    let lens =
        crate::graph::Lens { database: asking.session.database, model: asking.model, caller: asking.session.caller };
    let found = lens.by_id(entity, ids).await?;
    Ok(found.into_iter().map(|(id, found)| (id, found.prefix)).collect())
}

fn inputs(
    asking: &Asking<'_, '_>,
    (facts, scope): (&Facts, &Scope),
    value: &Value,
    counted: &HashSet<Uuid>,
    parts: &BTreeMap<String, Vec<Part>>,
    first: usize,
) -> Vec<Json> {
    let names = value.definition.measures();
    let measures: Vec<Measure> = names.iter().map(|name| measure(asking.model, name)).collect();
    let lasting = value.definition.lasting();
    let (flows, others): (Vec<_>, Vec<_>) = measures.iter().partition(|of| lasting.contains(of.key.as_ref()));
    let sums = Inputs::of(facts, scope, &others, value.at);
    let flows = Inputs::of(facts, scope, &flows, NaiveDate::MAX);
    let of = |measure: &Measure| {
        let scale = measure.unit.scale();
        let parts = parts.get(measure.key.as_ref()).map_or(&[][..], Vec::as_slice);
        let shown = parts.iter().take(first).map(|part| {
            json!({
                "item": item_id(asking.model, facts, part.item),
                "source": part.source,
                "effectiveOn": part.on.map(|on| on.to_string()),
                "recordedAt": part.recorded_at,
                "currency": part.currency,
                "amount": decimal_text(Decimal::from_i128_with_scale(part.amount, scale), scale),
                "rate": rate(facts, scope, part).map(|rate| decimal_text(rate, 9)),
            })
        });
        json!({
            "measure": measure.key,
            "description": measure.doc,
            "sum": if lasting.contains(measure.key.as_ref()) { &flows } else { &sums }.sum(&measure.key, counted).ok().map(|sum| decimal_text(sum, scale)),
            "partCount": parts.len(),
            "parts": shown.collect::<Vec<_>>(),
        })
    };
    measures.iter().map(of).collect()
}

/// What a part was converted by. Facts that stand in one part were converted each at the rate of its day.
fn rate(facts: &Facts, scope: &Scope, part: &Part) -> Option<Decimal> {
    let from = part.currency.as_ref().filter(|currency| **currency != scope.currency)?;
    let wanted = Wanted { set: facts.rate_set(scope), from: from.clone(), to: scope.currency.clone() };
    facts.rates.on(&wanted, part.on?)
}

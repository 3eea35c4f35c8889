//! KPIs in the schema: fields of items and of the root, their arguments, and how a value is shown.

mod explain;
mod health;
mod measures;
mod series;
mod shapes;
mod streams;
mod verify;

use async_graphql_value::ConstValue;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub use series::{asked_days, price_of_series};
pub use streams::{selection, streams};

use super::{
    catalogue::Unit,
    condition, definition,
    facts::Facts,
    figure::scale,
    value::{Value, When, values},
};
use crate::{
    error::{Code, Error},
    graph::{
        decl::{Answer, Asking, Field, Model, Price, Question, denied},
        encode_id, input, parse_id,
    },
    write::{Member, PlainType},
};

/// Most items or KPIs that one question is about.
const MOST: usize = 100;

const KEYS: Member = Member {
    name: "keys",
    ty: "[String!]",
    doc: "Which KPIs, by their keys, at most 100; the whole catalogue if not said.",
};
const AT: Member =
    Member { name: "at", ty: "LocalDate", doc: "The day that the figures are about; today if not said." };
const KNOWN_AT: Member = Member {
    name: "knownAt",
    ty: "DateTime",
    doc: "Figures as they were known at this instant, with the tree, the exchange rates, the formulas, bounds and targets of then; who reads what, and what is confidential, is as of now. Now if not said.",
};

/// What every portfolio item answers about its KPIs.
pub fn fields() -> Vec<Field> {
    let kpis = Answer {
        name: "kpis",
        doc: "KPIs of the item with all below it. A value that the caller may not read is null and masked; which rows count for her says `basis`.",
        args: vec![KEYS, AT, KNOWN_AT],
        ty: "[KpiValue!]!",
        price: |question| price_of_values(question, question.parents),
        run: of_items,
    };
    [kpis, series::answer(), explain::answer(), health::answer()].map(Field::answer).into()
}

/// The types of all of it.
pub fn types() -> Vec<PlainType> {
    [shapes::types(), measures::types(), streams::types(), condition::types()].into_iter().flatten().collect()
}

/// What the root answers.
pub fn roots() -> Vec<Answer> {
    let scopes = Member { name: "scopes", ty: "[ID!]!", doc: "Which portfolios, programs or projects, at most 100." };
    let kpis = Answer {
        name: "kpis",
        doc: "KPIs of several items as one flat list; items that the caller cannot see are not in it.",
        args: vec![scopes, KEYS, AT, KNOWN_AT],
        ty: "[KpiValue!]!",
        price: |question| price_of_values(question, question.count("scopes").unwrap_or(0)),
        run: of_root,
    };
    vec![kpis, verify::answer(), measures::answer()]
}

/// A value of each KPI for each item. The whole catalogue counts as the most that may be named.
fn price_of_values(question: &Question<'_>, items: usize) -> Price {
    let keys = question.count("keys").unwrap_or(MOST);
    // Items of one list may be of three types, and each reads its KPIs by itself.
    Price { own: items.saturating_mul(keys), names: items.saturating_add(keys.saturating_mul(3)) }
}

fn of_items<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = asking.parents.unwrap_or_default().to_vec();
        let (_, shown) = kpis(asking, &items).await?;
        let of = |item: &Uuid| -> Vec<Json> {
            shown.iter().filter(|(scope, _)| scope == item).map(|(_, value)| value.clone()).collect()
        };
        Ok(items.iter().map(|item| of(item).into()).collect())
    }
    .boxed()
}

fn of_root<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = ids(asking.model, asking.argument("scopes"))?;
        let (_, shown) = kpis(asking, &items).await?;
        Ok(vec![shown.into_iter().map(|(_, value)| value).collect::<Vec<_>>().into()])
    }
    .boxed()
}

/// The values that are asked for, with the items that they are of.
async fn kpis(asking: &mut Asking<'_, '_>, items: &[Uuid]) -> Result<(Facts, Vec<(Uuid, Json)>), Error> {
    let keys = keys(asking.argument("keys"))?;
    let definitions = definition::by_keys(asking.session, keys.as_deref(), instant(asking, "knownAt")).await?;
    let when =
        When { at: vec![day(asking, "at").unwrap_or(asking.today)], known_at: instant(asking, "knownAt"), turn: None };
    let valued = values(asking.session, asking.model, items, &definitions, &when).await?;
    let as_of = as_of(asking, &when);
    let shown = valued.values.iter().map(|value| (value.scope, show(asking.model, &valued.facts, value, as_of)));
    let shown = shown.collect();
    Ok((valued.facts, shown))
}

/// A value as the schema shows it.
pub fn show(model: &Model, facts: &Facts, value: &Value, as_of: DateTime<Utc>) -> Json {
    let coverage = value.figure.as_ref().map_or_else(|(_, coverage)| *coverage, |figure| figure.coverage);
    let mut shown = json!({
        "kpi": encode_id("kpi", value.definition.id),
        "scope": item_id(model, facts, value.scope),
        "periodEnd": value.at.to_string(),
        "asOf": instant_text(as_of),
        "unit": value.unit,
        "basis": value.basis.as_str(),
        "coverage": {
            "included": coverage.included,
            "excludedNoAccess": coverage.excluded_no_access,
            "excludedNull": coverage.excluded_null,
        },
    });
    match &value.figure {
        Ok(figure) => {
            let decimal = |value: &Decimal| decimal_text(*value, scale(Unit::Number));
            shown["value"] = figure.value.as_ref().ok().map(|v| decimal_text(*v, scale(value.definition.unit))).into();
            shown["numerator"] = figure.numerator.as_ref().map(decimal).into();
            shown["denominator"] = figure.denominator.as_ref().map(decimal).into();
            shown["status"] = value.status.map(super::status::Status::as_str).into();
            shown["target"] = value.target.map(target_text).into();
            shown["nullReason"] = figure.value.as_ref().err().map(ToString::to_string).into();
        }
        Err((class, _)) => {
            for member in shapes::GUARDED {
                shown[*member] = denied(class.read());
            }
        }
    }
    shown
}

/// An item's id in the schema.
pub fn item_id(model: &Model, facts: &Facts, id: Uuid) -> String {
    let kind = facts.members.get(&id).map(|member| member.kind.as_str()).unwrap_or_default();
    encode_id(model.of_kind("PortfolioItem", kind).prefix.unwrap_or("row"), id)
}

/// A decimal rounded half to even, without trailing zeros.
pub fn decimal_text(value: Decimal, scale: u32) -> String {
    let rounded = value.round_dp_with_strategy(scale, RoundingStrategy::MidpointNearestEven).normalize();
    if rounded.is_zero() { "0".to_owned() } else { rounded.to_string() }
}

/// A target as the schema writes it.
pub fn target_text(units: i64) -> String {
    decimal_text(Decimal::from_i128_with_scale(units.into(), scale(Unit::Number)), scale(Unit::Number))
}

/// An instant as the schema writes it.
pub fn instant_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A day among the arguments.
pub fn day(asking: &Asking<'_, '_>, name: &str) -> Option<NaiveDate> {
    input::text(asking.argument(name))?.parse().ok()
}

/// An instant among the arguments.
pub fn instant(asking: &Asking<'_, '_>, name: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&input::text(asking.argument(name))?).ok().map(|at| at.with_timezone(&Utc))
}

/// The instant up to which facts are in a figure: nothing is known ahead of its time.
fn as_of(asking: &Asking<'_, '_>, when: &When) -> DateTime<Utc> {
    when.known_at.map_or(asking.now, |known_at| known_at.min(asking.now))
}

/// Keys, each once.
fn keys(given: &ConstValue) -> Result<Option<Vec<String>>, Error> {
    if *given == ConstValue::Null {
        return Ok(None);
    }
    let mut keys: Vec<String> = vec![];
    for key in input::listed(given).iter().filter_map(|key| input::text(key)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.len() > MOST {
        return Err(Error::new(Code::PageSizeTooLarge, format!("At most {MOST} KPIs at a time.")));
    }
    Ok(Some(keys))
}

/// Ids of items.
fn ids(model: &Model, given: &ConstValue) -> Result<Vec<Uuid>, Error> {
    let wrong = || Error::new(Code::InvalidId, "This is not an id of a portfolio, program or project.");
    let item = model.entity("PortfolioItem");
    let prefixes: Vec<_> = model.concrete(item).iter().filter_map(|of| of.prefix).collect();
    let given = input::listed(given);
    if given.len() > MOST {
        return Err(Error::new(Code::PageSizeTooLarge, format!("At most {MOST} items at a time.")));
    }
    let read = |id: &&ConstValue| {
        let text = input::text(id).ok_or_else(wrong)?;
        let (prefix, id) = parse_id(&text).ok_or_else(wrong)?;
        if prefixes.contains(&prefix) { Ok(id) } else { Err(wrong()) }
    };
    given.iter().map(read).collect()
}

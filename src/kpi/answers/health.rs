//! `portfolioHealth`: what a report declared against what the figures say.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{AT, KNOWN_AT, as_of, day, instant, show};
use crate::{
    error::Error,
    graph::{
        Cell, ColumnType, DbValue, ListType, Param, date_of,
        decl::{Answer, Asking, Price},
    },
    kpi::{
        catalogue::standard,
        definition::by_keys,
        status::Status,
        value::{When, values},
    },
};

/// The KPIs from which each dimension takes its color.
const DIMENSIONS: [(&str, &[&str]); 4] = [
    ("SCHEDULE", &["EV_SPI", "EV_SPIT", "SC_MHIT", "SC_BEI"]),
    ("COST", &["EV_CPI", "EV_VAC_PCT", "FN_FVAR", "FN_COMMIT"]),
    ("RISK", &["RK_EXPO", "RK_NORESP", "RK_OVER"]),
    ("BENEFIT", &["BN_REAL", "BN_FORE", "BN_OWN"]),
];

pub(super) fn answer() -> Answer {
    Answer {
        name: "portfolioHealth",
        doc: "How the item stands: the rating of its latest published report against the colors of its KPIs.",
        args: vec![AT, KNOWN_AT],
        ty: "PortfolioHealth!",
        price: |question| {
            let values: usize = DIMENSIONS.iter().map(|(_, keys)| keys.len()).sum();
            let own = question.parents.saturating_mul(values + 2);
            Price { own, names: question.parents.saturating_add(values * 3) }
        },
        run,
    }
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let items = asking.parents.unwrap_or_default().to_vec();
        let there = |key: &&&str| standard(key).is_some();
        let keys = DIMENSIONS.iter().flat_map(|(_, keys)| *keys).filter(there).map(|key| (*key).to_owned());
        let keys: Vec<String> = keys.collect();
        let definitions = by_keys(asking.session, Some(&keys), instant(asking, "knownAt")).await?;
        let when = When {
            at: vec![day(asking, "at").unwrap_or(asking.today)],
            known_at: instant(asking, "knownAt"),
            turn: None,
        };
        let found = values(asking.session, asking.model, &items, &definitions, &when).await?;
        let as_of = as_of(asking, &when);
        let declared = declared(asking, &items, (day(asking, "at"), when.known_at)).await?;
        let of = |item: &Uuid| {
            let (mut dimensions, mut worst) = (vec![], None);
            for (dimension, keys) in DIMENSIONS {
                let of = |value: &&crate::kpi::value::Value| {
                    value.scope == *item && keys.contains(&value.definition.key.as_str())
                };
                let values: Vec<_> = found.values.iter().filter(of).collect();
                let color = values.iter().filter_map(|value| value.status).max();
                worst = worst.max(color);
                let kpis: Vec<Json> =
                    values.iter().map(|value| show(asking.model, &found.facts, value, as_of)).collect();
                dimensions.push(json!({ "dimension": dimension, "computed": color.map(Status::as_str), "kpis": kpis }));
            }
            let (rag, on) = declared.get(item).cloned().unwrap_or_default();
            let color = rag.as_deref().and_then(of_rag);
            json!({
                "declared": rag,
                "declaredOn": on,
                "computed": worst.map(Status::as_str),
                "isDivergent": color.zip(worst).map(|(declared, computed)| declared != computed),
                "dimensions": dimensions,
            })
        };
        Ok(items.iter().map(of).collect())
    }
    .boxed()
}

/// A rating as one of three colors; scales of five have the better ones as green, the worse as red.
fn of_rag(rag: &str) -> Option<Status> {
    match rag {
        "GREEN" | "AMBER_GREEN" => Some(Status::Green),
        "AMBER" => Some(Status::Amber),
        "AMBER_RED" | "RED" => Some(Status::Red),
        _ => None,
    }
}

/// The overall ratings of the latest reports that were published by then about periods that had ended: the independent
/// one, else the sponsor's, else the project manager's. The caller sees the items, and with them their ratings.
const RATED: &str = "SELECT item_id, declared, period_end_on FROM (SELECT r.item_id, a.declared, r.period_end_on, \
    ROW_NUMBER() OVER (PARTITION BY r.item_id ORDER BY r.period_end_on DESC, r.published_at DESC, \
    CASE a.assessor WHEN 'INDEPENDENT' THEN 1 WHEN 'SPONSOR' THEN 2 ELSE 3 END) AS place \
    FROM status_report r JOIN rag_assessment a ON a.report_id = r.id WHERE r.state IN ('PUBLISHED', 'SUPERSEDED') \
    AND r.archived_at IS NULL AND a.dimension = 'OVERALL' AND a.declared IS NOT NULL \
    AND (r.source IS NULL OR r.source NOT LIKE '%:look-back') AND r.item_id";

/// The declared ratings: those of now stand with the items.
async fn declared(
    asking: &mut Asking<'_, '_>,
    items: &[Uuid],
    (at, known_at): (Option<NaiveDate>, Option<DateTime<Utc>>),
) -> Result<HashMap<Uuid, (Option<String>, Option<String>)>, Error> {
    let keys: Arc<[Uuid]> = items.into();
    let mut sql = asking.session.sql();
    if at.is_none() && known_at.is_none() {
        sql.push("SELECT id, rag, rag_on FROM portfolio_item WHERE id").is_any(ListType::Id, Param::Keys);
    } else {
        sql.push(RATED).is_any(ListType::Id, Param::Keys);
        let (at, known_at) = (at.unwrap_or(asking.today), known_at.unwrap_or(asking.now));
        sql.push(" AND r.period_end_on <= ").param(Param::Const(DbValue::Date(at)));
        sql.push(" AND r.published_at <= ").param(Param::Const(DbValue::Instant(known_at)));
        sql.push(") ranked WHERE place = 1");
    }
    let mut found = HashMap::new();
    for row in asking.session.all(&sql.finish(), &keys).await? {
        let Cell::Id(id) = row.at(0, ColumnType::Id) else { continue };
        let rag = match row.at(1, ColumnType::Text) {
            Cell::Text(rag) => Some(rag.to_owned()),
            _ => None,
        };
        let on = date_of(row.at(2, ColumnType::Date)).map(|on| on.to_string());
        found.insert(Uuid::from_bytes(id), (rag, on));
    }
    Ok(found)
}

//! Measures of items period by period: what fell into each, and what they come to by its end.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    facts::{Basis, Facts, Scope, Wish},
    figure::{Coverage, Inputs},
    formula::Missing,
    measure::Measure,
    value::measure,
};
use crate::{
    auth::Class,
    error::Error,
    graph::{Session, decl::Model},
};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The measures, all of one class.
    pub measures: &'a [&'static str],
    /// The class.
    pub class: Class,
    /// The last days of the periods, ascending.
    pub ends: &'a [NaiveDate],
    /// The day before the first period.
    pub before: NaiveDate,
    /// The instant of knowledge; none is now.
    pub known_at: Option<DateTime<Utc>>,
    /// The currency of sums; that of each item if none is given.
    pub currency: Option<String>,
}

/// A sum, or why there is none.
pub type Sum = Result<Decimal, Missing>;

/// A period.
#[derive(Debug, Clone)]
pub struct Period {
    /// Its last day.
    pub end: NaiveDate,
    /// What fell into it, by measure.
    pub within: BTreeMap<&'static str, Sum>,
    /// What it comes to by its end, by measure.
    pub by_end: BTreeMap<&'static str, Sum>,
}

/// The periods of an item.
#[derive(Debug, Clone)]
pub struct Spans {
    /// The item.
    pub scope: Uuid,
    /// The currency of the sums.
    pub currency: String,
    /// Whose rows they count.
    pub basis: Basis,
    /// What they count and leave out.
    pub coverage: Coverage,
    /// The periods.
    pub periods: Vec<Period>,
}

/// The periods of items; those that the caller does not see are not there. None where she reads the class nowhere.
pub async fn spans(
    session: &mut Session<'_>,
    model: &'static Model,
    scopes: &[Uuid],
    asked: &Asked<'_>,
) -> Result<Option<Vec<Spans>>, Error> {
    let rights = session.caller.rights.read(asked.class);
    if rights.is_empty() {
        return Ok(None);
    }
    let basis = if rights.is_all() { Basis::AllRows } else { Basis::CallerRows };
    let measures: Vec<Measure> = asked.measures.iter().map(|name| measure(model, name)).collect();
    let wish = Wish {
        sums: asked.measures.iter().map(|name| (*name).to_owned()).collect(),
        until: asked.ends.last().copied().unwrap_or(asked.before),
        is_series: true,
        known_at: asked.known_at,
        currency: asked.currency.clone(),
        ..Wish::default()
    };
    let facts = Facts::read(session, model, scopes, &wish).await?;
    let wished: Vec<&Measure> = measures.iter().collect();
    Ok(Some(facts.scopes.iter().map(|scope| of_scope(&facts, scope, &wished, basis, asked)).collect()))
}

fn of_scope(facts: &Facts, scope: &Scope, measures: &[&Measure], basis: Basis, asked: &Asked<'_>) -> Spans {
    let mut coverage = Coverage::default();
    let mut counted = vec![];
    for id in &scope.items {
        let Some(member) = facts.members.get(id) else { continue };
        let is_project = member.kind == "PROJECT";
        if basis == Basis::AllRows && scope.apart.contains(id) {
            continue;
        }
        let has_any =
            || asked.measures.iter().any(|name| facts.amounts.get(id).is_some_and(|of| of.contains_key(*name)));
        if !member.reads(asked.class) {
            coverage.excluded_no_access += usize::from(is_project);
        } else if has_any() {
            counted.push(*id);
        } else if is_project {
            coverage.excluded_null += 1;
        }
    }
    coverage.included = counted.len();
    let sums = |at: NaiveDate| -> BTreeMap<&'static str, Sum> {
        let inputs = Inputs::of(facts, scope, measures, at);
        asked.measures.iter().map(|name| (*name, inputs.sum(name, &counted))).collect()
    };
    let mut before = sums(asked.before);
    let mut periods = vec![];
    for end in asked.ends {
        let by_end = sums(*end);
        let within = by_end.iter().map(|(name, sum)| (*name, difference(sum, before.get(name)))).collect();
        before.clone_from(&by_end);
        periods.push(Period { end: *end, within, by_end });
    }
    Spans { scope: scope.id, currency: scope.currency.clone(), basis, coverage, periods }
}

fn difference(now: &Sum, before: Option<&Sum>) -> Sum {
    let before = before.cloned().unwrap_or(Ok(Decimal::ZERO))?;
    now.clone()?.checked_sub(before).ok_or(Missing::Range)
}

//! Measures of items period by period: what fell into each, and what they come to by its end.

use std::collections::{BTreeMap, HashMap, HashSet};

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

impl Period {
    /// One of something that was not there yet.
    pub fn of_nothing(measures: &[&'static str], end: NaiveDate) -> Self {
        let none: BTreeMap<&'static str, Sum> = measures.iter().map(|name| (*name, Err(Missing::Nothing))).collect();
        Self { end, within: none.clone(), by_end: none }
    }
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
    /// The periods; none where nothing of them is for the caller, and something for others.
    pub periods: Option<Vec<Period>>,
}

/// The periods of items; those that the caller does not see are not there.
pub async fn spans(
    session: &mut Session<'_>,
    model: &'static Model,
    scopes: &[Uuid],
    asked: &Asked<'_>,
) -> Result<HashMap<Uuid, Spans>, Error> {
    let rights = session.caller.rights.read_of_items(asked.class);
    let basis = if rights.is_all() { Basis::AllRows } else { Basis::CallerRows };
    let measures: Vec<Measure> = asked.measures.iter().map(|name| measure(model, name)).collect();
    // Who reads the class nowhere needs no amounts, only what is left out for her.
    let sums = if rights.is_empty() { &[][..] } else { asked.measures };
    let wish = Wish {
        sums: sums.iter().map(|name| (*name).to_owned()).collect(),
        until: asked.ends.last().copied().unwrap_or(asked.before),
        is_series: true,
        known_at: asked.known_at,
        currency: asked.currency.clone(),
        ..Wish::default()
    };
    let facts = Facts::read(session, model, scopes, &wish, None).await?;
    let wished: Vec<&Measure> = measures.iter().collect();
    let mut found: HashMap<Uuid, Spans> =
        facts.scopes.iter().map(|scope| (scope.id, of_scope(&facts, scope, &wished, basis, asked))).collect();
    let absent: Vec<Uuid> = scopes.iter().copied().filter(|scope| !found.contains_key(scope)).collect();
    if asked.known_at.is_some() && !absent.is_empty() {
        let wish = Wish { currency: asked.currency.clone(), ..Wish::default() };
        let facts = Facts::read(session, model, &absent, &wish, None).await?;
        found.extend(facts.scopes.iter().map(|scope| (scope.id, of_nothing(scope, rights.is_empty(), basis, asked))));
    }
    Ok(found)
}

fn of_scope(facts: &Facts, scope: &Scope, measures: &[&Measure], basis: Basis, asked: &Asked<'_>) -> Spans {
    let mut coverage = Coverage::default();
    let mut counted = HashSet::new();
    let mut is_short = false;
    for id in &scope.items {
        let Some(member) = facts.members.get(id) else { continue };
        let is_project = member.kind == "PROJECT";
        if basis == Basis::AllRows && scope.apart.contains(id) {
            continue;
        }
        let has_any =
            || asked.measures.iter().any(|name| facts.amounts.get(id).is_some_and(|of| of.contains_key(*name)));
        if !member.reads(asked.class) {
            is_short = true;
            coverage.excluded_no_access += usize::from(is_project);
        } else if has_any() {
            counted.insert(*id);
        } else if is_project {
            coverage.excluded_null += 1;
        }
    }
    coverage.included = counted.len();
    let currency = scope.currency.clone();
    // A sum of nothing would say 0 of what she may not read.
    if counted.is_empty() && is_short {
        return Spans { scope: scope.id, currency, basis, coverage, periods: None };
    }
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
    Spans { scope: scope.id, currency, basis, coverage, periods: Some(periods) }
}

/// The periods of an item that was not there yet.
fn of_nothing(scope: &Scope, is_masked: bool, basis: Basis, asked: &Asked<'_>) -> Spans {
    let of = |end: &NaiveDate| Period::of_nothing(asked.measures, *end);
    let periods = (!is_masked).then(|| asked.ends.iter().map(of).collect());
    Spans { scope: scope.id, currency: scope.currency.clone(), basis, coverage: Coverage::default(), periods }
}

fn difference(now: &Sum, before: Option<&Sum>) -> Sum {
    let before = before.cloned().unwrap_or(Ok(Decimal::ZERO))?;
    now.clone()?.checked_sub(before).ok_or(Missing::Range)
}

//! One KPI of one item on one day: its inputs put together from the facts, the formula applied, and what was left out
//! counted. What a caller may not read is no input.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use super::{
    catalogue::Unit,
    definition::Definition,
    facts::{Amount, Basis, Facts, Scope},
    formula::{self, Item, Missing, evaluate, total},
    measure::{Absence, Measure, Unit as MeasureUnit},
    money::Wanted,
};

/// What a figure counts and leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Items that count.
    pub included: usize,
    /// Projects that the caller sees, but not what the figure is made of.
    pub excluded_no_access: usize,
    /// Items of which something is not known.
    pub excluded_null: usize,
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The value, or why there is none.
    pub value: Result<Decimal, Missing>,
    /// What stands above the line, where the formula is a ratio; else the value.
    pub numerator: Option<Decimal>,
    /// What stands below the line, where the formula is a ratio.
    pub denominator: Option<Decimal>,
    /// What bounds are compared with.
    pub tested: Option<Decimal>,
    /// What it counts.
    pub coverage: Coverage,
    /// The items that are left out, and why.
    pub left_out: Vec<(Uuid, Missing)>,
}

impl Figure {
    /// The figure of what was not there.
    pub fn of_nothing() -> Self {
        let (value, coverage) = (Err(Missing::Nothing), Coverage::default());
        Self { value, numerator: None, denominator: None, tested: None, coverage, left_out: vec![] }
    }
}

/// Digits behind the point of a value, as stored and shown.
pub fn scale(unit: Unit) -> u32 {
    if unit == Unit::Money { 4 } else { 9 }
}

/// A value as it is stored; none where it is too large.
pub fn stored(value: Decimal, unit: Unit) -> Option<i64> {
    let scale = scale(unit);
    let mut rounded = value.round_dp_with_strategy(scale, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(scale);
    i64::try_from(rounded.mantissa()).ok()
}

/// What the items of a scope give to formulas on a day.
pub struct Inputs {
    of: Vec<(Uuid, Item, Vec<Cow<'static, str>>)>,
}

impl Inputs {
    /// The inputs of a scope, for all measures that were asked for.
    pub fn of(facts: &Facts, scope: &Scope, wish: &[&Measure], at: NaiveDate) -> Self {
        let set = facts.rate_set(scope);
        let of = scope.items.iter().filter_map(|id| {
            let member = facts.members.get(id)?;
            let known = facts.amounts.get(id);
            let mut item = Item { category: member.category.clone(), ..Item::default() };
            let mut given = vec![];
            for measure in wish {
                let amounts = known.and_then(|known| known.get(measure.key.as_ref())).map_or(&[][..], Vec::as_slice);
                let converted = Converted { facts, measure, scope, set };
                let within = || amounts.iter().filter(|amount| amount.on.is_none_or(|on| on <= at));
                let sum = total(within().map(|amount| converted.amount(amount, at)));
                let is_nothing = matches!(measure.absence, Absence::Unknown | Absence::With(_) | Absence::Stated)
                    && sum == Ok(Decimal::ZERO);
                if within().next().is_none() || is_nothing {
                    let has = |other: &str| known.is_some_and(|known| has_any(known, other, at));
                    let is_zero = match measure.absence {
                        Absence::Zero => true,
                        Absence::Unknown | Absence::Unsaid => false,
                        Absence::With(_) | Absence::Stated => measure.other().is_some_and(|other| has(&other)),
                    };
                    if is_zero {
                        item.sums.insert(measure.key.clone(), Ok(Decimal::ZERO));
                    }
                } else {
                    given.push(measure.key.clone());
                    item.sums.insert(measure.key.clone(), sum);
                }
                // What was taken back on its day never was: it is no first flow.
                let dated = amounts.iter().filter(|amount| amount.amount != 0);
                let mut dated = dated.filter_map(|amount| Some((amount.on?, amount))).peekable();
                if dated.peek().is_some() {
                    let curve = dated.map(|(on, amount)| Ok((on, converted.amount(amount, on)?))).collect();
                    item.curves.insert(measure.key.clone(), curve);
                }
            }
            Some((*id, item, given))
        });
        Self { of: of.collect() }
    }

    /// What a measure sums to over some items.
    pub fn sum(&self, measure: &str, items: &HashSet<Uuid>) -> Result<Decimal, Missing> {
        let of = self.of.iter().filter(|(id, ..)| items.contains(id));
        total(of.filter_map(|(_, item, _)| item.sums.get(measure).cloned()))
    }
}

fn has_any(known: &BTreeMap<String, Vec<Amount>>, measure: &str, at: NaiveDate) -> bool {
    let amounts = known.get(measure).map_or(&[][..], Vec::as_slice);
    let within = amounts.iter().filter(|amount| amount.on.is_none_or(|on| on <= at));
    within.map(|amount| amount.amount).sum::<i128>() != 0
}

/// Amounts of a measure in a scope's currency.
struct Converted<'a> {
    facts: &'a Facts,
    measure: &'a Measure,
    scope: &'a Scope,
    set: Option<Uuid>,
}

impl Converted<'_> {
    fn amount(&self, amount: &Amount, at: NaiveDate) -> Result<Decimal, Missing> {
        let value = Decimal::from_i128_with_scale(amount.amount, self.measure.unit.scale());
        let Some(from) = amount.currency.as_deref().filter(|c| *c != self.scope.currency) else { return Ok(value) };
        // Nothing is nothing in any currency: what was taken back on its day asks for no rate.
        if self.measure.unit != MeasureUnit::Money || amount.amount == 0 {
            return Ok(value);
        }
        let wanted = Wanted { set: self.set, from: from.to_owned(), to: self.scope.currency.clone() };
        let rate = self.facts.rates.on(&wanted, amount.on.unwrap_or(at));
        let rate = rate.ok_or_else(|| Missing::Rate(wanted.from.clone(), wanted.to.clone()))?;
        value.checked_mul(rate).ok_or(Missing::Range)
    }
}

/// Applies a KPI to the inputs of a scope.
pub fn figure(
    facts: &Facts,
    scope: &Scope,
    inputs: &Inputs,
    definition: &Definition,
    basis: Basis,
    at: NaiveDate,
) -> Figure {
    let (needed, lasting) = (definition.measures(), definition.lasting());
    let mut coverage = Coverage::default();
    let (mut ids, mut items) = (vec![], vec![]);
    for (id, item, given) in &inputs.of {
        let Some(member) = facts.members.get(id) else { continue };
        if basis == Basis::AllRows && scope.apart.contains(id) {
            continue;
        }
        let is_project = member.kind == "PROJECT";
        let has_later = |measure: &&str| item.curves.get(*measure).is_some_and(|curve| curve != &Ok(vec![]));
        let has_any = || given.iter().any(|name| needed.contains(&**name)) || lasting.iter().any(has_later);
        if !definition.classes.iter().all(|class| member.reads(*class)) {
            coverage.excluded_no_access += usize::from(is_project);
        } else if is_project || has_any() {
            ids.push(*id);
            items.push(item);
        }
    }
    let over = formula::Scope { at, items: &items };
    let valued = evaluate(&definition.formula, over);
    let tested = match &definition.tested {
        Some(tested) => evaluate(tested, over).value.ok(),
        None => valued.value.clone().ok(),
    };
    coverage.included = valued.included();
    coverage.excluded_null = items.len() - coverage.included;
    let left_out = ids.into_iter().zip(&valued.left_out).filter_map(|(id, missing)| Some((id, missing.clone()?)));
    let value = match &valued.value {
        Ok(value) if stored(*value, definition.unit).is_none() => Err(Missing::Range),
        value => value.clone(),
    };
    Figure {
        value,
        numerator: valued.numerator,
        denominator: valued.denominator,
        tested,
        coverage,
        left_out: left_out.collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_sum_over_many_items_takes_each_once() {
        let item = |n: u128| {
            let sums = BTreeMap::from([("AC".into(), Ok(Decimal::from(n)))]);
            (Uuid::from_u128(n), Item { sums, ..Item::default() }, vec![])
        };
        let inputs = Inputs { of: (1..=100_000).map(item).collect() };
        let even = (1..=50_000).map(|n| Uuid::from_u128(2 * n)).collect();
        let began = Instant::now();
        assert_eq!(inputs.sum("AC", &even), Ok(Decimal::from(2_500_050_000_u64)));
        assert!(began.elapsed() < Duration::from_secs(5), "{:?} for 100,000 items", began.elapsed());
    }
}

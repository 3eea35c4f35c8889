//! A few measures made again from the facts in the tables, in another way than the product's: in memory, row by row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use entity::{
    actual, baseline, baseline_item, baseline_period_value, budget, fx_rate, fx_rate_set, measure_delta,
    portfolio_item, progress_measurement, risk, task,
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

/// The measures that are made again.
pub const MEASURES: [&str; 5] = ["AC", "PV", "EV", "BUDGET", "EMV"];

/// Amounts in 1/10,000 by item, measure and currency.
pub type Sums = BTreeMap<(Uuid, &'static str, String), i128>;

/// Something on a day.
struct Dated {
    item: Uuid,
    measure: &'static str,
    on: NaiveDate,
    currency: String,
    amount: i128,
}

/// The facts that measures are made of.
pub struct Base {
    dated: Vec<Dated>,
    budgets: Vec<budget::Model>,
    risks: Vec<risk::Model>,
    items: HashMap<Uuid, portfolio_item::Model>,
    rates: Vec<fx_rate::Model>,
}

async fn all<E: EntityTrait>(db: &DatabaseConnection) -> Vec<E::Model> {
    E::find().all(db).await.expect("rows")
}

impl Base {
    /// Reads them.
    pub async fn read(db: &DatabaseConnection) -> Self {
        let sets: BTreeSet<Uuid> =
            all::<fx_rate_set::Entity>(db).await.into_iter().filter(|set| set.is_default).map(|set| set.id).collect();
        let mut rates = all::<fx_rate::Entity>(db).await;
        rates.retain(|rate| rate.archived_at.is_none() && sets.contains(&rate.rate_set_id));
        let mut budgets = budget::Entity::find().order_by_asc(budget::Column::Revision).all(db).await.expect("budgets");
        budgets.retain(|b| b.archived_at.is_none() && ["APPROVED", "SUPERSEDED"].contains(&b.state.as_str()));
        let mut risks = all::<risk::Entity>(db).await;
        risks.retain(|risk| risk.archived_at.is_none());
        let items = all::<portfolio_item::Entity>(db).await.into_iter().map(|item| (item.id, item)).collect();
        let mut dated = spent(db).await;
        dated.extend(planned_and_earned(db).await);
        Self { dated, budgets, risks, items, rates }
    }

    /// What there is by the end of a day.
    pub fn sums(&self, day: NaiveDate) -> Sums {
        let mut sums = Sums::new();
        for fact in self.dated.iter().filter(|fact| fact.on <= day) {
            *sums.entry((fact.item, fact.measure, fact.currency.clone())).or_default() += fact.amount;
        }
        let mut in_force: BTreeMap<Uuid, &budget::Model> = BTreeMap::new();
        // In the order of their revisions: the last one that is given for the day or an earlier one.
        for version in self.budgets.iter().filter(|version| budget_day(version) <= day) {
            in_force.insert(version.item_id, version);
        }
        for version in in_force.values() {
            let amount = version.amount.unwrap_or_default().into();
            sums.insert((version.item_id, "BUDGET", version.currency.clone()), amount);
        }
        for risk in &self.risks {
            let is_open = risk.identified_on <= day && risk.closed_on.is_none_or(|on| on > day);
            if let (true, Some(exposure)) = (is_open, risk.exposure_amount) {
                let sign = if risk.kind == "OPPORTUNITY" { -1 } else { 1 };
                *sums.entry((risk.item_id, "EMV", risk.currency.clone())).or_default() += sign * i128::from(exposure);
            }
        }
        sums.retain(|_, amount| *amount != 0);
        sums
    }

    /// What an item and all below it have of a dated measure by a day, in the item's currency; none where a rate is missing.
    pub fn rolled_up(&self, scope: Uuid, measure: &str, day: NaiveDate) -> Option<Decimal> {
        let to = &self.items[&scope].base_currency;
        let mut on_day: BTreeMap<(Uuid, NaiveDate, &str), i128> = BTreeMap::new();
        for fact in self.dated.iter().filter(|fact| fact.measure == measure && fact.on <= day) {
            if self.counts(scope, fact.item) {
                *on_day.entry((fact.item, fact.on, &fact.currency)).or_default() += fact.amount;
            }
        }
        let parts = on_day.into_iter().filter(|(_, amount)| *amount != 0);
        let converted = parts.map(|((_, on, from), amount)| {
            let amount = Decimal::from_i128_with_scale(amount, 4);
            if from == to { Some(amount) } else { Some(amount * self.rate(from, to, on)?) }
        });
        converted.sum()
    }

    /// Whether an item is the scope or below it, with nothing confidential on the way.
    fn counts(&self, scope: Uuid, item: Uuid) -> bool {
        let mut at = Some(item);
        while let Some(id) = at {
            if id == scope {
                return true;
            }
            let row = &self.items[&id];
            if row.confidentiality == "CONFIDENTIAL" {
                return false;
            }
            at = row.parent_id;
        }
        false
    }

    fn rate(&self, from: &str, to: &str, on: NaiveDate) -> Option<Decimal> {
        let holds =
            |rate: &&fx_rate::Model| rate.from_currency == from && rate.to_currency == to && rate.valid_from_on <= on;
        let rate = self.rates.iter().filter(holds).max_by_key(|rate| rate.valid_from_on)?;
        Some(Decimal::from_i128_with_scale(rate.rate.into(), 9))
    }
}

/// The day from which a version of a budget is given.
fn budget_day(version: &budget::Model) -> NaiveDate {
    version.as_of_on.unwrap_or_else(|| version.decided_at.unwrap_or(version.created_at).date_naive())
}

async fn spent(db: &DatabaseConnection) -> Vec<Dated> {
    let of = |row: actual::Model| Dated {
        item: row.item_id,
        measure: "AC",
        on: row.posting_on,
        currency: row.currency,
        amount: row.amount.into(),
    };
    all::<actual::Entity>(db).await.into_iter().map(of).collect()
}

async fn planned_and_earned(db: &DatabaseConnection) -> Vec<Dated> {
    use baseline::Column as B;
    let in_force = baseline::Entity::find().filter(B::Kind.eq("PERFORMANCE")).filter(B::State.eq("APPROVED"));
    let in_force: BTreeSet<Uuid> = in_force.all(db).await.expect("baselines").into_iter().map(|b| b.id).collect();
    let tasks: HashMap<Uuid, task::Model> =
        all::<task::Entity>(db).await.into_iter().map(|task| (task.id, task)).collect();
    let mut increments: HashMap<Uuid, Vec<baseline_period_value::Model>> = HashMap::new();
    for value in all::<baseline_period_value::Entity>(db).await {
        increments.entry(value.baseline_item_id).or_default().push(value);
    }
    let mut measured: HashMap<Uuid, Vec<progress_measurement::Model>> = HashMap::new();
    for row in all::<progress_measurement::Entity>(db).await.into_iter().filter(|row| row.archived_at.is_none()) {
        measured.entry(row.task_id).or_default().push(row);
    }
    let mut found = vec![];
    for item in all::<baseline_item::Entity>(db).await.into_iter().filter(|item| in_force.contains(&item.baseline_id)) {
        let planned = planned(&item, increments.get(&item.id));
        let earned = if tasks[&item.task_id].kind == "LEVEL_OF_EFFORT" {
            planned.clone()
        } else {
            earned(&item, measured.remove(&item.task_id).unwrap_or_default())
        };
        for (measure, steps) in [("PV", planned), ("EV", earned)] {
            let of = |(on, amount)| Dated { item: item.item_id, measure, on, currency: item.currency.clone(), amount };
            found.extend(steps.into_iter().map(of));
        }
    }
    found
}

type Steps = Vec<(NaiveDate, i128)>;

/// Each increment on its day; without any the cost in twelfths, each at the end of a twelfth of the days.
fn planned(item: &baseline_item::Model, increments: Option<&Vec<baseline_period_value::Model>>) -> Steps {
    if let Some(increments) = increments {
        return increments.iter().filter_map(|value| Some((value.end_on, value.planned_amount?.into()))).collect();
    }
    let Some(cost) = item.cost_amount.map(i128::from) else { return vec![] };
    let days = u64::try_from((item.finish_on - item.start_on).num_days() + 1).expect("days in order");
    let on = |n: u64| item.start_on + Days::new((days * n).div_ceil(12) - 1);
    (1..=12).map(|n| (on(n), cost * i128::from(n) / 12 - cost * i128::from(n - 1) / 12)).collect()
}

/// From measurement to measurement, never more than the cost.
fn earned(item: &baseline_item::Model, mut measured: Vec<progress_measurement::Model>) -> Steps {
    let Some(cost) = item.cost_amount.map(i128::from) else { return vec![] };
    measured.sort_by_key(|row| row.status_on);
    let mut before = 0;
    let mut step = |row: progress_measurement::Model| {
        let by_fraction = (cost * i128::from(row.earned_fraction) + 500_000_000) / 1_000_000_000;
        let by_then = row.measured_amount.map_or(by_fraction, i128::from).min(cost);
        (row.status_on, by_then - std::mem::replace(&mut before, by_then))
    };
    measured.into_iter().map(&mut step).collect()
}

/// What the ledger has by the end of a day.
pub async fn ledger(db: &DatabaseConnection, day: NaiveDate) -> Sums {
    use measure_delta::Column as D;
    let mut sums = Sums::new();
    let known = measure_delta::Entity::find().filter(D::Measure.is_in(MEASURES)).filter(D::EffectiveOn.lte(day));
    for row in known.all(db).await.expect("the ledger") {
        let measure = MEASURES.into_iter().find(|measure| *measure == row.measure).expect("a measure");
        *sums.entry((row.item_id, measure, row.currency.unwrap_or_default())).or_default() += i128::from(row.amount);
    }
    sums.retain(|_, amount| *amount != 0);
    sums
}

//! Rates, cost plans, commitments and actuals of the organization hold together.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    super::shape::at,
    money::{built, items},
};
use crate::finance::rules;

#[test]
fn the_default_rates_have_every_pair_of_currencies_and_one_rate_a_day() {
    for (day, rows) in built() {
        let default: Vec<_> = rows.rates.sets.iter().filter(|set| set.is_default).collect();
        assert_eq!(default.len(), 1, "{day}");
        let of: Vec<_> = rows.rates.rates.iter().filter(|rate| rate.rate_set_id == default[0].id).collect();
        let pairs: BTreeSet<_> = of.iter().map(|rate| (&rate.from_currency, &rate.to_currency)).collect();
        let used: BTreeSet<_> = rows.items.iter().map(|item| &item.base_currency).collect();
        for from in &used {
            for to in used.iter().filter(|to| *to != from) {
                assert!(pairs.contains(&(*from, *to)), "{day} {from} {to}");
            }
        }
        let slot = |rate: &entity::fx_rate::Model| {
            (rate.rate_set_id, rate.from_currency.clone(), rate.to_currency.clone(), rate.valid_from_on)
        };
        let slots: BTreeSet<_> = rows.rates.rates.iter().map(slot).collect();
        assert_eq!(slots.len(), rows.rates.rates.len(), "{day}");
        // There and back again is where one was, but for rounding.
        for there in &of {
            let is_back = |back: &&&entity::fx_rate::Model| {
                (&back.from_currency, &back.to_currency, back.valid_from_on)
                    == (&there.to_currency, &there.from_currency, there.valid_from_on)
            };
            let back = of.iter().find(is_back).expect("the other direction");
            let product = i128::from(there.rate) * i128::from(back.rate) / 1_000_000_000;
            assert!((999_999_000..=1_000_001_000).contains(&product), "{day} {there:?} {product}");
        }
    }
}

#[test]
fn cost_plans_sum_up_and_the_approved_one_is_the_plan_of_record() {
    for (day, rows) in built() {
        let items = items(rows);
        let mut of_record = BTreeSet::new();
        for plan in &rows.cost_plans {
            let name = format!("{day} {} {}", items[&plan.item_id].key, plan.revision);
            let lines = rows.cost_plan_lines.iter().filter(|line| line.cost_plan_id == plan.id);
            assert_eq!(lines.map(|line| line.amount).sum::<i64>(), plan.amount, "{name}");
            assert!(plan.amount > 0, "{name}");
            assert_eq!(plan.is_plan_of_record, plan.state == "APPROVED", "{name}");
            assert!(!plan.is_plan_of_record || of_record.insert(plan.item_id), "{name}");
            assert!(plan.decided_by_id.is_none() || plan.decided_by_id != plan.submitted_by_id, "{name}");
            assert_eq!(plan.submitted_at.is_some(), plan.state != "DRAFT", "{name}");
            assert_eq!(plan.decided_at.is_some(), !matches!(plan.state.as_str(), "DRAFT" | "SUBMITTED"), "{name}");
            assert!(plan.updated_at <= at(*day, 0), "{name}");
        }
        let capital = capital(rows);
        let mut seen = BTreeSet::new();
        for line in &rows.cost_plan_lines {
            if let Some((quantity, unit_cost)) = line.quantity.zip(line.unit_cost) {
                assert_eq!(rules::product(quantity, unit_cost), Some(line.amount), "{day}");
            }
            assert!(line.expenditure == "OPEX" || capital.contains(&line.category_id), "{day}");
            assert!(seen.insert((line.cost_plan_id, line.period_id, line.category_id)), "{day}");
        }
    }
}

#[test]
fn actuals_are_posted_where_they_may_and_draw_on_commitments_of_their_project() {
    for (day, rows) in built() {
        let (actuals, capital) = (&rows.spending.actuals, capital(rows));
        assert!((50..=75).contains(&actuals.len()), "{day} {}", actuals.len());
        let periods: HashMap<Uuid, _> = rows.frame.periods.iter().map(|period| (period.id, period)).collect();
        let orders: HashMap<Uuid, _> = rows.spending.commitments.iter().map(|order| (order.id, order)).collect();
        for actual in actuals {
            let (name, period) = (format!("{day} {}", actual.key), periods[&actual.period_id]);
            assert_eq!(period.kind, "MONTH", "{name}");
            assert!((period.start_on..=period.end_on).contains(&actual.posting_on), "{name}");
            assert!(actual.occurred_on <= actual.posting_on && actual.posting_on <= *day, "{name}");
            assert!(actual.created_at <= at(*day, 0), "{name}");
            assert_eq!(actual.is_labor, actual.source == "LABOR", "{name}");
            assert!(actual.amount > 0 || (actual.amount < 0 && actual.invoice.is_some()), "{name}");
            assert!(actual.expenditure == "OPEX" || capital.contains(&actual.category_id), "{name}");
            if let Some(order) = actual.commitment_id.map(|id| orders[&id]) {
                assert_eq!((order.item_id, &order.currency), (actual.item_id, &actual.currency), "{name}");
            }
            if let Some(of) = actual.reversal_of_id {
                let of = actuals.iter().find(|other| other.id == of).expect("what it reverses");
                assert_eq!((actual.amount, actual.commitment_id), (-of.amount, of.commitment_id), "{name}");
                assert!(actual.posting_on >= of.posting_on && actual.reversal_reason.is_some(), "{name}");
            }
        }
        let items = items(rows);
        assert!(actuals.iter().any(|actual| actual.posting_on > actual.occurred_on), "{day}: none is late");
        assert!(actuals.iter().any(|actual| actual.currency != items[&actual.item_id].base_currency), "{day}");
        assert!(actuals.iter().any(|actual| actual.reversal_of_id.is_some()), "{day}");
    }
}

#[test]
fn what_is_invoiced_is_what_actuals_say() {
    for (day, rows) in built() {
        for order in &rows.spending.commitments {
            let name = format!("{day} {}", order.key);
            let drawn = rows.spending.actuals.iter().filter(|actual| actual.commitment_id == Some(order.id));
            assert_eq!(drawn.map(|actual| actual.amount).sum::<i64>(), order.invoiced_amount, "{name}");
            let open = rules::still_open(&order.state, order.committed_amount, order.invoiced_amount);
            assert_eq!(order.open_amount, open, "{name}");
            assert!(order.state != "OPEN" || order.invoiced_amount <= order.committed_amount, "{name}");
            assert!(order.state != "CANCELLED" || order.invoiced_amount == 0, "{name}");
            assert_eq!(order.closed_on.is_none(), order.state == "OPEN", "{name}");
            assert!(order.expected_on > Some(order.committed_on), "{name}");
        }
    }
}

/// The categories that capital expenditure may stand in.
fn capital(rows: &super::super::rows::Rows) -> BTreeSet<Uuid> {
    rows.frame.categories.iter().filter(|category| category.is_capex_allowed).map(|category| category.id).collect()
}

//! What was measured of benefits, what is due, and the benefits map hold together.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::{
    money::{built, items},
    *,
};
use crate::{
    benefits::{
        calendar::{Calendar, months},
        is_tracked,
        rules::{Promise, WHOLE, attributed, is_financial, leads, unmeasured},
    },
    demo::shape::at,
};

#[test]
fn what_was_promised_is_measured_as_the_rules_say() {
    for (day, rows) in built() {
        let had = &rows.realization;
        for benefit in rows.benefits.profiles.iter().filter(|benefit| !benefit.is_draft) {
            let measures: Vec<_> = had.measures.iter().filter(|measure| measure.benefit_id == benefit.id).collect();
            assert!(!unmeasured(&benefit.kind, measures.len()), "{day} {}", benefit.key);
            for measure in measures {
                let promise = Promise {
                    is_down: measure.direction == "DOWN",
                    is_dis_benefit: benefit.polarity == "DISBENEFIT",
                    baseline: measure.baseline_value,
                    target: measure.target_value,
                };
                assert_eq!(promise.fault(), None, "{day} {}", measure.key);
                assert!(measure.baseline_on < measure.target_on, "{day} {}", measure.key);
                assert!(measure.next_due_on.is_none() || is_tracked(benefit), "{day} {}", measure.key);
            }
        }
        let due: Vec<_> =
            had.measures.iter().filter(|measure| measure.next_due_on.is_some_and(|on| on <= *day)).collect();
        assert!((4..=10).contains(&due.len()), "{day} {}", due.len());
        for item in &rows.items {
            let tracked =
                rows.benefits.profiles.iter().any(|benefit| benefit.item_id == item.id && is_tracked(benefit));
            assert_eq!(item.is_tracking_benefits, tracked, "{day} {}", item.key);
        }
        let closed = |item: &&portfolio_item::Model| item.state == "CLOSED" && item.is_tracking_benefits;
        assert!(rows.items.iter().any(|item| closed(&item)), "{day}: nothing closed goes on having benefits");
    }
}

#[test]
fn what_was_measured_is_claimed_once() {
    for (day, rows) in built() {
        let (had, known) = (&rows.realization, items(rows));
        let mut shares: HashMap<(Uuid, NaiveDate), i64> = HashMap::new();
        for actual in &had.actuals {
            let measure = had.measures.iter().find(|measure| measure.id == actual.measure_id).expect("a measure");
            let benefit = rows.benefits.profiles.iter().find(|benefit| benefit.id == actual.benefit_id).expect("one");
            let calendar =
                Calendar { months: months(&measure.frequency), first: measure.first_due_on, last: measure.last_due_on };
            let name = format!("{day} {} {}", measure.key, actual.measured_on);
            assert!(actual.due_on.is_none_or(|due| calendar.has(due)), "{name}");
            assert!(actual.measured_on < *day && actual.updated_at <= at(*day, 8), "{name}");
            assert!(actual.amount.is_none() || is_financial(&benefit.kind), "{name}");
            assert_eq!(
                actual.attributed_amount,
                actual.amount.map(|a| attributed(a, actual.attribution_share)),
                "{name}"
            );
            let helps = |share: &benefit_contribution::Model| {
                share.benefit_id == benefit.id && share.contributor_id == actual.attributed_item_id
            };
            let is_own = actual.attributed_item_id == benefit.item_id;
            assert!(is_own || rows.benefits.shares.iter().any(helps), "{name}");
            assert_eq!(
                actual.validated_at.is_some(),
                matches!(actual.state.as_str(), "VALIDATED" | "REVERSED"),
                "{name}"
            );
            assert!(actual.validated_by_id.is_none() || actual.validated_by_id != actual.recorded_by_id, "{name}");
            let manager = known[&benefit.item_id].project_manager_id;
            assert!(manager.is_none() || actual.recorded_by_id != manager, "{name}");
            if matches!(actual.state.as_str(), "RECORDED" | "VALIDATED") {
                *shares.entry((measure.id, actual.measured_on)).or_default() += actual.attribution_share;
            }
        }
        assert!(shares.values().all(|sum| *sum <= WHOLE), "{day}");
        let states: BTreeSet<_> = had.actuals.iter().map(|actual| actual.state.as_str()).collect();
        assert_eq!(states.len(), 4, "{day}");
    }
}

#[test]
fn the_map_leads_forward_to_an_objective() {
    for (day, rows) in built() {
        let had = &rows.realization;
        let nodes: HashMap<Uuid, &benefits_map_node::Model> = had.nodes.iter().map(|node| (node.id, node)).collect();
        let objectives: HashSet<Uuid> = rows.objectives.iter().map(|objective| objective.id).collect();
        for edge in &had.edges {
            let (from, to) = (nodes[&edge.from_id], nodes[&edge.to_id]);
            assert!(leads(&from.kind, &to.kind) && edge.weight > 0, "{day} {} {}", from.key, to.key);
        }
        let ends = |kind: &str| had.nodes.iter().filter(|node| node.kind == kind).count();
        assert!(["OUTPUT", "CHANGE", "OUTCOME", "BENEFIT", "OBJECTIVE"].map(ends).iter().all(|count| *count > 0));
        let linked = had.nodes.iter().filter_map(|node| node.objective_id);
        assert!(linked.into_iter().all(|id| objectives.contains(&id)), "{day}");
    }
}

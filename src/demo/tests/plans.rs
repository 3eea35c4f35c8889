//! The plans of the demonstration keep the rules that the server keeps: what was measured last is how far a task is, and what
//! baselines say sums up.

use std::collections::BTreeMap;

use super::*;
use crate::schedule::rules::{TaskKind, Technique, WHOLE};

#[test]
fn tasks_stand_and_are_measured_as_the_server_would_have_it() {
    let made = rows::build(day()).expect("rows").schedule;
    let by_id: BTreeMap<_, _> = made.tasks.iter().map(|task| (task.id, task)).collect();
    for task in &made.tasks {
        let kind = TaskKind::parse(&task.kind).expect("a kind");
        let technique = task.earned_value_technique.as_deref().map(|name| Technique::parse(name).expect("a technique"));
        assert!(technique.map_or(kind == TaskKind::Summary, |t| kind.techniques().contains(&t)), "{}", task.key);
        if let Some(parent) = task.parent_id.map(|id| by_id[&id]) {
            let above = TaskKind::parse(&parent.kind).expect("a kind");
            let way = parent.earned_value_technique.as_deref().and_then(Technique::parse);
            assert!(above.may_hold(way, kind) && parent.item_id == task.item_id, "{}", task.key);
        }
        assert!(task.actual_finish_on.is_none_or(|finish| finish <= day() && task.actual_start_on <= Some(finish)));
        assert!(task.actual_start_on.is_none_or(|start| start <= day()), "{}", task.key);
        if kind == TaskKind::Milestone {
            assert_eq!((task.planned_start_on, task.work_minutes), (task.planned_finish_on, None), "{}", task.key);
        }
        let of = made.measurements.iter().filter(|row| row.task_id == task.id && row.archived_at.is_none());
        let last = of.max_by_key(|row| row.status_on);
        if let Some(finish) = task.actual_finish_on {
            let last = last.unwrap_or_else(|| panic!("{} was finished and never measured", task.key));
            assert_eq!((task.percent_complete, last.earned_fraction), (WHOLE, WHOLE), "{}", task.key);
            assert!(last.status_on <= finish, "{}", task.key);
        } else {
            let percent = last.and_then(|row| row.percent_complete).unwrap_or_default();
            assert_eq!(task.percent_complete, percent, "{}", task.key);
        }
        assert!(last.is_none_or(|row| row.status_on < day()), "{}", task.key);
    }
}

#[test]
fn baselines_come_to_what_their_items_do() {
    let made = rows::build(day()).expect("rows").schedule;
    for baseline in &made.baselines {
        let items: Vec<_> = made.items.iter().filter(|item| item.baseline_id == baseline.id).collect();
        let cost: i64 = items.iter().filter_map(|item| item.cost_amount).sum();
        assert_eq!((baseline.completion_amount, cost > 0), (cost, true));
        assert_eq!(baseline.start_on, items.iter().map(|item| item.start_on).min());
        assert_eq!(baseline.finish_on, items.iter().map(|item| item.finish_on).max());
        for item in items {
            let values: Vec<_> = made.values.iter().filter(|value| value.baseline_item_id == item.id).collect();
            let sum: i64 = values.iter().filter_map(|value| value.planned_amount).sum();
            assert!(values.is_empty() || Some(sum) == item.cost_amount);
            assert!(values.iter().all(|value| item.start_on <= value.end_on && value.end_on <= item.finish_on));
        }
    }
    let in_force = made.baselines.iter().filter(|baseline| baseline.state == "APPROVED").count();
    assert_eq!((in_force, made.baselines.iter().filter(|b| b.superseded_at.is_some()).count()), (3, 1));
}

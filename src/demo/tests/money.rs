//! Periods, budgets, forecasts and benefits of the organization hold together.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::OnceLock,
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::{
    demo::{
        rows::{Rows, build},
        shape::{PER_UNIT, at, split},
    },
    finance::rules::{VersionState, overlaps},
};

/// Days on which years, quarters and months begin or end, or do not.
pub(super) fn days() -> Vec<NaiveDate> {
    [
        (2025, 6, 30),
        (2026, 3, 2),
        (2026, 11, 1),
        (2027, 1, 1),
        (2027, 12, 31),
        (2028, 2, 29),
        (1900, 1, 1),
        (9900, 12, 31),
    ]
    .into_iter()
    .map(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d).expect("a day"))
    .collect()
}

/// The rows of these days, made once.
pub(super) fn built() -> &'static [(NaiveDate, Rows)] {
    static BUILT: OnceLock<Vec<(NaiveDate, Rows)>> = OnceLock::new();
    BUILT.get_or_init(|| days().into_iter().map(|day| (day, build(day).expect("rows"))).collect())
}

/// The rows of the items that have the scope of something else.
pub(super) fn items(rows: &Rows) -> HashMap<Uuid, &portfolio_item::Model> {
    rows.items.iter().map(|item| (item.id, item)).collect()
}

#[test]
fn what_is_left_over_is_on_the_last_part() {
    assert_eq!(split(10 * PER_UNIT + 1, &[1, 1, 1]), [3 * PER_UNIT, 3 * PER_UNIT, 4 * PER_UNIT + 1]);
    assert_eq!(split(5, &[]), Vec::<i64>::new());
}

#[test]
fn the_same_day_gives_the_same_rows() {
    for (day, rows) in built() {
        assert_eq!(*rows, build(*day).expect("rows"), "{day}");
    }
}

#[test]
fn it_stays_lean_and_every_id_is_there_once() {
    for (day, rows) in built() {
        let counts = [
            (rows.reports.len(), 250, 600),
            (rows.ratings.len(), 600, 1_200),
            (rows.budgets.len(), 60, 200),
            (rows.budget_lines.len(), 400, 800),
            (rows.forecasts.len(), 60, 200),
            (rows.forecast_lines.len(), 200, 400),
            (rows.benefits.profiles.len(), 25, 30),
        ];
        println!("{day}: {counts:?} {} {}", rows.benefits.points.len(), rows.contributions.len());
        for (index, (count, least, most)) in counts.into_iter().enumerate() {
            assert!((least..=most).contains(&count), "{day}: {index}: {count}");
        }
        let ids = rows.budget_lines.iter().map(|row| row.id).chain(rows.forecast_lines.iter().map(|row| row.id));
        let ids = ids.chain(rows.ratings.iter().map(|row| row.id)).chain(rows.reports.iter().map(|row| row.id));
        let ids = ids.chain(rows.budgets.iter().map(|row| row.id)).chain(rows.forecasts.iter().map(|row| row.id));
        let ids: Vec<Uuid> = ids.chain(rows.benefits.points.iter().map(|row| row.id)).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{day}");
    }
}

#[test]
fn periods_of_a_kind_do_not_overlap_and_close_from_the_shortest_up() {
    for (day, rows) in built() {
        let periods = &rows.frame.periods;
        for period in periods {
            let span = (period.start_on, period.end_on);
            let same = periods.iter().filter(|other| {
                other.id != period.id
                    && (other.calendar_id, &other.kind) == (period.calendar_id, &period.kind)
                    && other.archived_at.is_none()
                    && period.archived_at.is_none()
            });
            assert!(same.into_iter().all(|other| !overlaps(span, (other.start_on, other.end_on))), "{}", period.key);
            let parts: Vec<_> = periods.iter().filter(|part| part.parent_id == Some(period.id)).collect();
            if !parts.is_empty() {
                let is_closed = parts.iter().all(|part| part.state == "CLOSED");
                assert_eq!(period.state == "CLOSED", is_closed, "{}", period.key);
                assert_eq!(parts.iter().map(|part| part.start_on).min(), Some(period.start_on));
                assert_eq!(parts.iter().map(|part| part.end_on).max(), Some(period.end_on));
            }
            assert!(period.state == "OPEN" || period.end_on < *day, "{}", period.key);
        }
        let years: Vec<i32> =
            periods.iter().filter(|p| p.kind == "YEAR" && p.archived_at.is_none()).map(|p| p.start_on.year()).collect();
        assert_eq!(years, (day.year() - 2..=day.year() + 1).collect::<Vec<_>>());
    }
}

#[test]
fn budgets_are_decided_by_another_and_the_approved_one_is_the_items() {
    for (day, rows) in built() {
        let items = items(rows);
        let mut seen: BTreeMap<Uuid, Vec<&budget::Model>> = BTreeMap::new();
        for version in &rows.budgets {
            seen.entry(version.item_id).or_default().push(version);
            let name = format!("{day} {} {}", items[&version.item_id].key, version.revision);
            if let Some(decider) = version.decided_by_id {
                assert_ne!(Some(decider), version.submitted_by_id, "{name}");
                assert_ne!(Some(decider), items[&version.item_id].project_manager_id, "{name}");
            }
            let times = [Some(version.created_at), version.submitted_at, version.decided_at];
            let times: Vec<DateTime<Utc>> = times.into_iter().flatten().collect();
            assert!(times.is_sorted(), "{name}");
            assert!(times.iter().all(|time| *time <= at(*day, 0)), "{name}");
            let is_decided = !matches!(version.state.as_str(), "DRAFT" | "SUBMITTED");
            assert_eq!(
                (version.submitted_at.is_some(), version.decided_at.is_some()),
                (version.state != "DRAFT", is_decided),
                "{name}"
            );
            let lines = rows.budget_lines.iter().filter(|line| line.budget_id == version.id);
            let sum: i64 = lines.filter_map(|line| line.amount).sum();
            assert_eq!(sum, version.allocated_amount, "{name}");
            assert!(Some(sum) <= version.amount, "{name}");
            assert!(version.amount > Some(0), "{name}");
        }
        for item in rows.items.iter().filter(|item| item.kind != "PORTFOLIO") {
            let versions = seen.get(&item.id).map(Vec::as_slice).unwrap_or_default();
            let approved: Vec<_> = versions.iter().filter(|version| version.state == "APPROVED").collect();
            assert_eq!(approved.len(), usize::from(item.budget_amount.is_some()), "{day} {}", item.key);
            assert!(approved.iter().all(|version| version.amount == item.budget_amount), "{day} {}", item.key);
            assert!(
                versions.iter().map(|version| version.revision).eq(1..=i32::try_from(versions.len()).expect("few"))
            );
            let decided: Vec<_> = versions.iter().filter_map(|version| version.decided_at).collect();
            assert!(decided.is_sorted(), "{day} {}", item.key);
        }
        let states: BTreeSet<_> = rows.budgets.iter().map(|version| version.state.as_str()).collect();
        assert_eq!(states, VersionState::ALL.into_iter().map(VersionState::as_str).collect(), "{day}");
    }
}

#[test]
fn a_transfer_sums_to_nothing_and_a_version_waits_within_and_above_a_limit() {
    let rows = build(day()).expect("rows");
    let mut moved: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for version in &rows.budgets {
        let Some(transfer) = version.transfer_id.clone() else { continue };
        assert_eq!(version.state, "APPROVED");
        let before = rows.budgets.iter().find(|b| b.item_id == version.item_id && b.revision == version.revision - 1);
        let before = before.and_then(|before| before.amount).expect("a version before");
        moved.entry(transfer).or_default().push(version.amount.expect("an amount") - before);
    }
    assert_eq!(moved.len(), 1);
    assert!(moved.values().all(|moves| moves.len() == 2 && moves.iter().sum::<i64>() == 0), "{moved:?}");
    let items = items(&rows);
    let mut waiting: Vec<bool> = vec![];
    for version in rows.budgets.iter().filter(|version| version.state == "SUBMITTED") {
        let sponsor = items[&version.item_id].sponsor_id.expect("a sponsor");
        let limits = rows.roles.iter().filter(|role| role.person_id == sponsor);
        let limits = limits.filter(|role| role.approval_limit_currency.as_ref() == Some(&version.currency));
        let limit = limits.filter_map(|role| role.approval_limit_amount).max().expect("a limit");
        let total = version.amount.unwrap_or_default() + version.contingency_amount.unwrap_or_default();
        waiting.push(total <= limit);
    }
    waiting.sort_unstable();
    assert_eq!(waiting, [false, true]);
}

#[test]
fn capital_expenditure_stands_only_where_it_may_and_lines_are_there_once() {
    for (day, rows) in built() {
        let allows: HashMap<Uuid, bool> = rows.frame.categories.iter().map(|c| (c.id, c.is_capex_allowed)).collect();
        let mut seen = HashSet::new();
        let budgets = rows.budget_lines.iter().map(|l| (l.budget_id, l.period_id, l.category_id, &l.expenditure));
        let forecasts = rows.forecast_lines.iter().map(|l| (l.forecast_id, l.period_id, l.category_id, &l.expenditure));
        for line in budgets.chain(forecasts) {
            assert!(line.3.as_deref() != Some("CAPEX") || line.2.is_none_or(|category| allows[&category]), "{day}");
            assert!(seen.insert(line), "{day}: {line:?}");
        }
    }
}

#[test]
fn one_forecast_is_current_and_its_lines_sum_up() {
    for (day, rows) in built() {
        for item in &rows.items {
            let versions: Vec<_> = rows.forecasts.iter().filter(|version| version.item_id == item.id).collect();
            let current = versions.iter().filter(|version| version.state == "PUBLISHED").count();
            assert_eq!(current, usize::from(!versions.is_empty()), "{day} {}", item.key);
            assert!(versions.iter().map(|version| version.as_of_on).is_sorted(), "{day} {}", item.key);
            for version in versions {
                let lines = rows.forecast_lines.iter().filter(|line| line.forecast_id == version.id);
                assert_eq!(
                    lines.filter_map(|line| line.amount).sum::<i64>(),
                    version.allocated_amount,
                    "{day} {}",
                    item.key
                );
                assert!(version.published_at.is_none_or(|time| time <= at(*day, 0)), "{day} {}", item.key);
            }
        }
        let states: BTreeSet<_> = rows.forecasts.iter().map(|version| version.state.as_str()).collect();
        assert_eq!(states, ["DRAFT", "PUBLISHED", "SUPERSEDED"].into(), "{day}");
    }
}

#[test]
fn benefits_belong_to_the_business_and_their_points_sum_up() {
    for (day, rows) in built() {
        let items = items(rows);
        for benefit in &rows.benefits.profiles {
            let name = format!("{day} {}", benefit.key);
            assert!(benefit.owner_id.is_some(), "{name}");
            assert_ne!(benefit.owner_id, items[&benefit.item_id].project_manager_id, "{name}");
            assert_eq!(benefit.is_draft, matches!(benefit.state.as_str(), "IDENTIFIED" | "PROFILED"), "{name}");
            assert_eq!(benefit.approved_at.is_some(), !benefit.is_draft, "{name}");
            let points: Vec<_> = rows.benefits.points.iter().filter(|point| point.benefit_id == benefit.id).collect();
            assert_eq!(points.iter().map(|point| point.amount).sum::<i64>(), benefit.planned_amount, "{name}");
            assert_eq!(points.is_empty(), benefit.amount.is_none(), "{name}");
            assert!(points.is_empty() || benefit.amount == Some(benefit.planned_amount), "{name}");
            let shares = rows.benefits.shares.iter().filter(|share| share.benefit_id == benefit.id);
            assert!(shares.map(|share| share.share).sum::<i64>() <= 1_000_000_000, "{name}");
            let scope = (benefit.is_draft, benefit.owner_id, benefit.item_id);
            for point in points {
                assert_eq!((point.is_draft, point.owner_id, point.item_id), scope, "{name}");
            }
            for share in rows.benefits.shares.iter().filter(|share| share.benefit_id == benefit.id) {
                assert_eq!((share.is_draft, share.owner_id, share.item_id), scope, "{name}");
                assert_ne!(share.contributor_id, benefit.item_id, "{name}");
            }
        }
        let states: BTreeSet<_> = rows.benefits.profiles.iter().map(|benefit| benefit.state.as_str()).collect();
        assert_eq!(states.len(), 9, "{states:?}");
        let kinds: BTreeSet<_> = rows.benefits.profiles.iter().map(|benefit| benefit.kind.as_str()).collect();
        assert_eq!(kinds.len(), 4, "{kinds:?}");
    }
}

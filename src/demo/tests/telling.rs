//! Reports, ratings, objectives and the scope of everything hold together.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use uuid::Uuid;

use super::{
    money::{built, items},
    *,
};
use crate::{
    demo::{
        shape::{MOVED, at},
        strategy,
    },
    reporting::rules::{self, ReportState},
};

#[test]
fn an_item_has_the_rating_of_its_latest_published_report() {
    for (day, rows) in built() {
        let mut rated = 0;
        for item in &rows.items {
            let of = rows.reports.iter().filter(|report| report.item_id == item.id && report.state == "PUBLISHED");
            let Some(report) = of.max_by_key(|report| report.period_end_on) else {
                assert_eq!((&item.rag, item.rag_on), (&None, None), "{day} {}", item.key);
                continue;
            };
            let by = |assessor: &str| {
                let is_it = |r: &&rag_assessment::Model| {
                    r.report_id == report.id && r.dimension == "OVERALL" && r.assessor == assessor
                };
                rows.ratings.iter().find(is_it).map(|rating| rating.declared.clone())
            };
            let rag = by("INDEPENDENT").or(by("SPONSOR")).or(by("PROJECT_MANAGER"));
            assert!(rag.is_some(), "{day} {}", item.key);
            assert_eq!((&item.rag, item.rag_on), (&rag, Some(report.period_end_on)), "{day} {}", item.key);
            rated += 1;
        }
        assert!(rated >= 40, "{day}: {rated}");
        let colors: BTreeSet<_> = rows.items.iter().filter_map(|item| item.rag.as_deref()).collect();
        assert!(colors.is_superset(&["GREEN", "AMBER", "RED"].into()), "{day} {colors:?}");
    }
}

#[test]
fn the_latest_figures_are_those_that_the_rules_give() {
    for (day, rows) in built() {
        let items = items(rows);
        for rating in &rows.ratings {
            let report = rows.reports.iter().find(|report| report.id == rating.report_id).expect("its report");
            let item = items[&rating.item_id];
            if report.state == "DRAFT" {
                assert_eq!(rating.computed, None);
                continue;
            }
            if item.rag_on != Some(report.period_end_on) && report.state != "SUBMITTED" {
                continue;
            }
            let current = rows.forecasts.iter().find(|f| f.item_id == item.id && f.state == "PUBLISHED");
            let planned = item.planned_start_on.zip(item.planned_finish_on);
            let schedule = rules::schedule(planned, item.actual_finish_on.or(item.forecast_finish_on));
            let cost = rules::cost(item.budget_amount, current.and_then(|forecast| forecast.amount));
            let expected = match rating.dimension.as_str() {
                "SCHEDULE" => schedule,
                "COST" => cost,
                "OVERALL" => rules::overall(&[("SCHEDULE", &schedule), ("COST", &cost)]),
                _ => {
                    assert_eq!(rating.computed, None);
                    continue;
                }
            };
            let (rag, why) = match expected {
                Ok((rag, why)) => (Some(rag.as_str()), why),
                Err(why) => (None, why.to_owned()),
            };
            let told = (rating.computed.as_deref(), rating.computed_reason.clone());
            assert_eq!(told, (rag, Some(why)), "{day} {} {}", item.key, rating.dimension);
        }
    }
}

#[test]
fn reports_follow_each_other_and_are_out_before_the_day() {
    for (day, rows) in built() {
        let items = items(rows);
        let mut published = HashSet::new();
        for report in &rows.reports {
            let item = items[&report.item_id];
            let name = format!("{day} {} {}", item.key, report.period_end_on);
            assert_eq!(report.is_draft, matches!(report.state.as_str(), "DRAFT" | "SUBMITTED"), "{name}");
            assert_eq!(report.published_at.is_some(), !report.is_draft, "{name}");
            assert!(report.is_draft || report.period_end_on < *day, "{name}");
            assert!(report.period_end_on >= *day - chrono::Months::new(24), "{name}");
            let times = [Some(report.created_at), report.submitted_at, report.published_at];
            let times: Vec<_> = times.into_iter().flatten().collect();
            assert!(times.is_sorted() && times.iter().all(|time| *time <= at(*day, 0)), "{name}: {times:?}");
            assert!(report.narrative.as_ref().is_some_and(|text| text.len() > 20), "{name}");
            if report.state == "PUBLISHED" {
                assert!(published.insert((report.item_id, report.period_end_on)), "{name}");
            }
            let ratings: Vec<_> = rows.ratings.iter().filter(|rating| rating.report_id == report.id).collect();
            assert!(ratings.iter().any(|rating| rating.dimension == "OVERALL"), "{name}");
            let sides: HashSet<_> = ratings.iter().map(|r| (&r.dimension, &r.assessor)).collect();
            assert_eq!(sides.len(), ratings.len(), "{name}");
            for rating in ratings {
                let of = (rating.is_draft, rating.period_end_on, rating.reported_portfolio_id, &rating.reported_type);
                let whole =
                    (report.is_draft, report.period_end_on, report.reported_portfolio_id, &report.reported_type);
                assert_eq!(of, whole, "{name}");
            }
        }
        let states: BTreeSet<_> = rows.reports.iter().map(|report| report.state.as_str()).collect();
        assert_eq!(states, ReportState::ALL.into_iter().map(ReportState::as_str).collect(), "{day}");
        let colors: BTreeSet<_> = rows.ratings.iter().map(|rating| rating.declared.as_str()).collect();
        assert_eq!(colors.len(), 6, "{day} {colors:?}");
        let assessors: BTreeSet<_> = rows.ratings.iter().map(|rating| rating.assessor.as_str()).collect();
        assert_eq!(assessors.len(), 3, "{day}");
    }
}

#[test]
fn the_three_stories_are_told() {
    for (day, rows) in built() {
        let colors = |key: &str| -> Vec<String> {
            let item = rows.items.iter().find(|item| item.key == key).expect("an item");
            let mut of: Vec<_> =
                rows.reports.iter().filter(|r| r.item_id == item.id && r.state == "PUBLISHED").collect();
            of.sort_by_key(|report| report.period_end_on);
            let is_overall = |r: &rag_assessment::Model| r.dimension == "OVERALL" && r.assessor == "PROJECT_MANAGER";
            let color = |id: Uuid| rows.ratings.iter().find(|r| r.report_id == id && is_overall(r)).expect("rated");
            of.iter().map(|report| color(report.id).declared.clone()).collect()
        };
        let fallen = colors("PR-020");
        let (before, end) = fallen.split_at(fallen.len() - 4);
        assert!(before.len() >= 10 && before.iter().all(|color| color == "GREEN"), "{day} {fallen:?}");
        assert_eq!(end, ["AMBER", "AMBER", "RED", "RED"], "{day}");
        let late = colors("PG-ERP");
        assert_eq!(late[late.len() - 7..], ["RED", "RED", "AMBER", "AMBER", "AMBER", "AMBER", "AMBER"], "{day}");
        let risen = colors("PR-015");
        assert!(risen.len() >= 9 && risen.contains(&"RED".to_owned()), "{day} {risen:?}");
        assert_eq!(risen[risen.len() - 3..], ["GREEN", "GREEN", "GREEN"], "{day}");
    }
}

#[test]
fn the_project_that_has_moved_keeps_its_old_portfolio_in_old_reports() {
    for (day, rows) in built() {
        let item = rows.items.iter().find(|item| item.key == MOVED.0).expect("an item");
        let of = rows.reports.iter().filter(|report| report.item_id == item.id);
        let seen: BTreeSet<_> = of.map(|report| report.reported_portfolio_id == item.portfolio_id).collect();
        assert_eq!(seen.len(), 2, "{day}");
        let others = rows.reports.iter().filter(|report| report.item_id != item.id);
        assert!(others.into_iter().all(|report| report.reported_portfolio_id == report.portfolio_id), "{day}");
    }
}

#[test]
fn shares_of_siblings_and_of_items_sum_to_one_at_most() {
    assert_eq!(strategy::share(1, 3), Some(333_333_333));
    assert_eq!(strategy::share(2, 3), Some(666_666_667));
    assert_eq!(strategy::share(1, 2_000_000_000), Some(0), "half to even");
    assert_eq!(strategy::share(3, 2_000_000_000), Some(2), "half to even");
    assert_eq!(strategy::share(0, 0), None);
    for (day, rows) in built() {
        let mut sums: HashMap<Option<Uuid>, i64> = HashMap::new();
        for objective in &rows.objectives {
            assert_eq!(objective.share.is_some(), strategy::is_counted(objective), "{}", objective.key);
            *sums.entry(objective.parent_id).or_default() += objective.share.unwrap_or_default();
        }
        assert!(sums.values().all(|sum| (sum - 1_000_000_000).abs() <= 5), "{sums:?}");
        let states: BTreeSet<_> = rows.objectives.iter().map(|objective| objective.state.as_str()).collect();
        assert_eq!(states.len(), 4);
        let mut shares: HashMap<Uuid, i64> = HashMap::new();
        for contribution in &rows.contributions {
            assert!(contribution.rating.is_some() || contribution.share.is_some(), "{day}");
            assert!(contribution.valid_to_on >= contribution.valid_from_on || contribution.valid_to_on.is_none());
            *shares.entry(contribution.item_id).or_default() += contribution.share.unwrap_or_default();
        }
        assert!(shares.values().all(|sum| *sum <= 1_000_000_000), "{day}");
        let ratings: BTreeSet<_> = rows.contributions.iter().filter_map(|c| c.rating.as_deref()).collect();
        assert_eq!(ratings.len(), 5);
        let aligned: HashSet<Uuid> = rows.contributions.iter().map(|c| c.item_id).collect();
        let open = |item: &&portfolio_item::Model| item.kind == "PROJECT" && item.state == "ACTIVE";
        assert!((3..=6).contains(&rows.items.iter().filter(open).filter(|item| !aligned.contains(&item.id)).count()));
    }
}

#[test]
fn what_belongs_to_an_item_has_its_scope() {
    for (day, rows) in built() {
        let items = items(rows);
        let mut scopes = vec![];
        scopes.extend(rows.budgets.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.budget_lines.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.forecasts.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.forecast_lines.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.reports.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.ratings.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.contributions.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.benefits.profiles.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.benefits.points.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(rows.benefits.shares.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        let had = &rows.realization;
        scopes.extend(had.measures.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(had.points.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(had.actuals.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(had.reviews.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(had.nodes.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(had.edges.iter().map(|r| (r.item_id, r.portfolio_id, r.is_restricted)));
        scopes.extend(had.edges.iter().map(|r| (r.to_item_id, r.to_portfolio_id, r.is_to_restricted)));
        for (item, portfolio, is_restricted) in scopes {
            let item = items[&item];
            assert_eq!((portfolio, is_restricted), (item.portfolio_id, item.is_restricted), "{day} {}", item.key);
        }
    }
}

#[tokio::test]
async fn every_column_of_every_table_has_a_value_somewhere() {
    let db = empty().await;
    load(&db, NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day"), &SystemClock).await.expect("loads");
    let query = |text: String| Statement::from_string(DbBackend::Sqlite, text);
    let tables = "fiscal_calendar fiscal_period cost_category budget budget_line forecast forecast_line status_report \
        rag_assessment strategic_objective objective_contribution benefit benefit_plan_point benefit_contribution \
        benefit_measure benefit_measure_point benefit_actual benefit_review benefits_map_node benefits_map_edge";
    let mut bare = vec![];
    for table in tables.split_whitespace() {
        let columns =
            db.query_all_raw(query(format!("select name from pragma_table_info('{table}')"))).await.expect("columns");
        for column in columns {
            let column: String = column.try_get("", "name").expect("a name");
            let count = format!("select count({column}) as n from {table}");
            let row = db.query_one_raw(query(count)).await.expect("a count").expect("a row");
            if row.try_get::<i64>("", "n").expect("a number") == 0 {
                bare.push(format!("{table}.{column}"));
            }
        }
    }
    assert!(bare.is_empty(), "{bare:?}");
}

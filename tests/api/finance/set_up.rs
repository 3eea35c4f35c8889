//! Calendars, periods and categories.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{calendar, done, finance};
use crate::support::writes::{audit, begin_bare, change, events, faults, param, request_key, stranger};

tests! {
    async fn periods_of_a_kind_do_not_overlap(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        let month = |key: &str, start: &str, end: &str| {
            json!({ "key": key, "name": key, "calendarKey": "CORP", "kind": "MONTH", "startOn": start, "endOn": end })
        };
        for (start, end, rule) in [
            ("2026-03-31", "2026-04-29", Some("PERIODS_OVERLAP")),
            ("2026-01-05", "2026-01-06", Some("PERIODS_OVERLAP")),
            ("2025-12-01", "2026-06-01", Some("PERIODS_OVERLAP")),
            ("2026-04-30", "2026-04-01", Some("DATES_IN_ORDER")),
            ("2026-04-01", "2026-04-30", None),
        ] {
            let told = change(&finance, "fiscalPeriodCreate", month("NEW", start, end)).await;
            assert_eq!(param(&told, "rule").as_deref(), rule, "{start} {end}: {told}");
            if rule.is_some() {
                assert_eq!(faults(&told), ["INVARIANT input.endOn"]);
            }
        }
        // In one list, each alone would be right.
        let items = json!([month("A", "2026-05-01", "2026-05-31"), month("B", "2026-05-31", "2026-06-30")]);
        let told = change(&finance, "fiscalPeriodBulkCreate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(told["createdCount"], 0, "{told}");
        assert_eq!(param(&told, "rule").as_deref(), Some("PERIODS_OVERLAP"));
        // Another kind or calendar is another matter, and so is what is archived.
        let quarter = json!({ "key": "Q1", "name": "Q1", "calendarKey": "CORP", "kind": "QUARTER", "startOn": "2026-01-01", "endOn": "2026-03-31" });
        done(&finance, "fiscalPeriodCreate", quarter).await;
        done(&finance, "fiscalPeriodArchive", json!({ "ref": { "key": "NEW" }, "ifVersion": "*" })).await;
        done(&finance, "fiscalPeriodCreate", month("AGAIN", "2026-04-01", "2026-04-30")).await;
        let back = change(&finance, "fiscalPeriodUnarchive", json!({ "ref": { "key": "NEW" }, "ifVersion": "*" })).await;
        assert_eq!(param(&back, "rule").as_deref(), Some("PERIODS_OVERLAP"), "{back}");
    }

    async fn two_at_once_do_not_put_periods_over_each_other(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        let month = |key: &str, day: &str| {
            json!({ "key": key, "name": key, "calendarKey": "CORP", "kind": "MONTH", "startOn": format!("2026-07-{day}"), "endOn": "2026-07-31" })
        };
        let (a, b) = tokio::join!(
            change(&finance, "fiscalPeriodCreate", month("A", "01")),
            change(&finance, "fiscalPeriodCreate", month("B", "15")),
        );
        let refused = [&a, &b].into_iter().filter(|told| param(told, "rule").as_deref() == Some("PERIODS_OVERLAP")).count();
        assert_eq!(refused, 1, "{a} {b}");
    }

    async fn a_period_lies_in_the_longer_one_that_it_is_part_of(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        let month = |patch: Value| json!({ "ref": { "key": "FY26-03" }, "ifVersion": "*", "patch": patch });
        for (mutation, input) in [
            ("fiscalPeriodUpdate", month(json!({ "endOn": "2027-01-01" }))),
            ("fiscalPeriodUpdate", month(json!({ "parentKey": "FY26-01" }))),
            ("fiscalPeriodUpdate", month(json!({ "parentKey": "FY26-03" }))),
            ("fiscalPeriodUpdate", json!({ "ref": { "key": "FY26" }, "ifVersion": "*", "patch": { "startOn": "2026-02-01" } })),
        ] {
            let told = change(&finance, mutation, input.clone()).await;
            assert_eq!(param(&told, "rule").as_deref(), Some("PERIOD_IN_PARENT"), "{input}: {told}");
        }
    }

    async fn periods_are_closed_from_the_shortest_and_opened_from_the_longest(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        let of = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*" });
        let early = change(&finance, "fiscalPeriodClose", of("FY26")).await;
        assert_eq!((faults(&early), param(&early, "period").as_deref()), (vec!["INVARIANT input".to_owned()], Some("FY26-01")));
        for key in ["FY26-01", "FY26-02", "FY26-03", "FY26"] {
            assert_eq!(done(&finance, "fiscalPeriodClose", of(key)).await["state"], "CLOSED");
        }
        let moved = json!({ "ref": { "key": "FY26-03" }, "ifVersion": "*", "patch": { "endOn": "2026-03-30" } });
        assert_eq!(faults(&change(&finance, "fiscalPeriodUpdate", moved).await), ["PERIOD_CLOSED input.patch.endOn"]);
        let early = change(&lead, "fiscalPeriodReopen", of("FY26-02")).await;
        assert_eq!(param(&early, "period").as_deref(), Some("FY26"));
        done(&lead, "fiscalPeriodReopen", of("FY26")).await;
        assert_eq!(done(&lead, "fiscalPeriodReopen", of("FY26-02")).await["state"], "OPEN");
        // The same again changes nothing.
        let entries = audit(&db).await.len();
        done(&lead, "fiscalPeriodReopen", of("FY26-02")).await;
        assert_eq!(audit(&db).await.len(), entries);
    }

    async fn categories_are_a_tree_with_keys_of_their_own(world: &World) {
        begin_bare(world).await;
        let finance = finance(world).await;
        let category = |key: &str, parent: Value| json!({ "key": key, "name": key, "parentKey": parent });
        done(&finance, "costCategoryCreate", category("IT", Value::Null)).await;
        done(&finance, "costCategoryCreate", category("HW", "IT".into())).await;
        assert_eq!(faults(&change(&finance, "costCategoryCreate", category("HW", Value::Null)).await), ["DUPLICATE input.key"]);
        let ring = json!({ "ref": { "key": "IT" }, "ifVersion": "*", "patch": { "parentKey": "HW" } });
        assert_eq!(param(&change(&finance, "costCategoryUpdate", ring).await, "rule").as_deref(), Some("HIERARCHY"));
    }

    async fn only_who_sets_up_finance_writes_them_and_business_readers_see_them(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let finance = finance(world).await;
        calendar(&finance).await;
        let before = (audit(&db).await.len(), events(&db).await.len());
        let new = json!({ "key": "OTHER", "name": "Other" });
        for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Finance | Role::PmoLead)) {
            let client = stranger(world, role).await;
            let told = change(&client, "fiscalCalendarCreate", new.clone()).await;
            assert!(faults(&told)[0].starts_with("FORBIDDEN"), "{}: {told}", role.as_str());
            let close = json!({ "ref": { "key": "FY26-01" }, "ifVersion": "*" });
            let refused = faults(&change(&client, "fiscalPeriodClose", close).await);
            let hidden = role == Role::Admin;
            assert!(refused[0].starts_with(if hidden { "NOT_FOUND" } else { "FORBIDDEN" }), "{}: {refused:?}", role.as_str());
            let seen = client.query("{ fiscalPeriods { totalCount nodes { key calendar { key } } } }").await;
            let count = if hidden { 0 } else { 4 };
            assert_eq!(seen.data()["fiscalPeriods"]["totalCount"], count, "{}", role.as_str());
        }
        assert_eq!((audit(&db).await.len(), events(&db).await.len()), before);
        done(&lead, "fiscalCalendarCreate", new).await;
    }
}

//! Measurements: what they earn by each technique, what follows from milestones and other tasks, and what a task is then.

use entity::progress_measurement;
use foliograph::auth::Role;
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::{NO_FAULT, done, francs, new_task, of, patch, prepared, stored, task};
use crate::support::{
    client::Client,
    writes::{change, faults, param, request_key, sql, statuses},
};

const CREATE: &str = "progressMeasurementCreate";

fn new(task: &str, on: &str, more: &Value) -> Value {
    let mut input = json!({ "taskKey": task, "statusOn": on });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// Measures a task as so far on a day; the measurement's id.
async fn measured(client: &Client, task: &str, on: &str, percent: &str) -> String {
    let made = done(client, CREATE, new(task, on, &json!({ "percentComplete": percent }))).await;
    made["id"].as_str().expect("an id").to_owned()
}

/// A task's measurements: day, fraction in 1e-9, whether derived.
async fn earned(db: &DatabaseConnection, key: &str) -> Vec<(String, i64, bool)> {
    use progress_measurement::Column as C;
    let id = stored(db, key).await.id;
    let found = progress_measurement::Entity::find().filter(C::TaskId.eq(id)).filter(C::ArchivedAt.is_null());
    let found = found.order_by_asc(C::StatusOn).all(db).await.expect("measurements");
    found.into_iter().map(|row| (row.status_on.to_string(), row.earned_fraction, row.is_derived)).collect()
}

fn due(rows: &[(&str, i64, bool)]) -> Vec<(String, i64, bool)> {
    rows.iter().map(|(day, percent, is_derived)| ((*day).to_owned(), percent * 10_000_000, *is_derived)).collect()
}

/// An approved baseline of the project with these items.
async fn baseline(manager: &Client, lead: &Client, items: &[(&str, &str, &str, &str)]) {
    let made = done(manager, "baselineCreate", json!({ "projectKey": "PR-014" })).await;
    let id = made["id"].as_str().expect("an id");
    for (task, from, to, cost) in items {
        let input = json!({ "baselineId": id, "taskKey": task, "startOn": from, "finishOn": to, "cost": francs(cost) });
        done(manager, "baselineItemCreate", input).await;
    }
    done(manager, "baselineSubmit", of(id)).await;
    done(lead, "baselineApprove", of(id)).await;
}

tests! {
    async fn each_technique_earns_what_it_says(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        for (key, technique, more) in [
            ("PC", "PERCENT_COMPLETE", json!({})),
            ("PH", "PHYSICAL_PERCENT_COMPLETE", json!({})),
            ("ZH", "ZERO_HUNDRED", json!({})),
            ("FF", "FIFTY_FIFTY", json!({ "actualStartOn": "2026-01-02" })),
        ] {
            let mut facts = json!({ "earnedValueTechnique": technique });
            facts.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            task(&manager, key, facts).await;
        }
        task(&manager, "LE", json!({ "kind": "LEVEL_OF_EFFORT", "plannedStartOn": "2026-01-01", "plannedFinishOn": "2026-01-10" })).await;
        baseline(&manager, &lead, &[("PC", "2026-01-01", "2026-01-31", "100"), ("LE", "2026-01-01", "2026-01-20", "50")]).await;
        for (key, on, figures, fraction) in [
            ("PC", "2026-01-05", json!({ "percentComplete": "0.37" }), "0.37"),
            ("PH", "2026-01-05", json!({ "percentComplete": "0.6", "physicalPercentComplete": "0.25" }), "0.25"),
            ("PH", "2026-01-06", json!({ "percentComplete": "0.6" }), "0.6"),
            ("ZH", "2026-01-05", json!({ "percentComplete": "0.99" }), "0"),
            ("ZH", "2026-01-06", json!({ "percentComplete": "1" }), "1"),
            ("FF", "2026-01-01", json!({ "percentComplete": "0" }), "0"),
            ("FF", "2026-01-05", json!({ "percentComplete": "0" }), "0.5"),
            ("FF", "2026-01-06", json!({ "percentComplete": "1" }), "1"),
            // By the baseline in force, not by the task's days.
            ("LE", "2026-01-05", json!({}), "0.25"),
            ("LE", "2026-02-05", json!({}), "1"),
        ] {
            let made = done(&manager, CREATE, new(key, on, &figures)).await;
            let asked = format!("{{ progressMeasurement(by: {{id: {}}}) {{ earnedFraction isDerived project {{ key }} task {{ key }} }} }}", made["id"]);
            let read = manager.query(&asked).await.data();
            assert_eq!(read["progressMeasurement"], json!({ "earnedFraction": fraction, "isDerived": false, "project": { "key": "PR-014" }, "task": { "key": key } }), "{key} {on}");
        }
        assert_eq!(stored(&db, "PH").await.physical_percent_complete, Some(250_000_000), "what was measured last");
    }

    async fn a_task_is_as_far_as_it_was_measured_last(world: &World) {
        let (db, _, manager) = prepared(world).await;
        task(&manager, "T-1", json!({ "actualStartOn": "2026-01-01" })).await;
        let percent = async || stored(&db, "T-1").await.percent_complete / 10_000_000;
        let later = measured(&manager, "T-1", "2026-02-28", "0.5").await;
        measured(&manager, "T-1", "2026-01-31", "0.2").await;
        assert_eq!(percent().await, 50, "an earlier day does not go before a later one");
        let more = json!({ "id": later, "ifVersion": "1", "patch": { "percentComplete": "0.6" } });
        done(&manager, "progressMeasurementUpdate", more).await;
        assert_eq!(percent().await, 60);
        done(&manager, "progressMeasurementArchive", of(&later)).await;
        assert_eq!(percent().await, 20);
        measured(&manager, "T-1", "2026-02-28", "0.55").await;
        assert_eq!(faults(&change(&manager, "progressMeasurementUnarchive", of(&later)).await), ["DUPLICATE input.id"]);
        for (input, told, rule) in [
            (new("T-1", "2026-02-28", &json!({ "percentComplete": "0.7" })), "DUPLICATE input.statusOn", None),
            (new("T-1", "2999-01-01", &json!({ "percentComplete": "0.7" })), "OUT_OF_RANGE input.statusOn", None),
            (new("T-1", "2026-02-01", &json!({ "percentComplete": "1.1" })), "OUT_OF_RANGE input.percentComplete", None),
            (new("T-1", "2026-02-01", &json!({ "note": "Nothing" })), "REQUIRED input.percentComplete", None),
            (new("T-1", "2026-02-01", &json!({ "measuredEarnedValue": { "amount": "1", "currency": "EUR" } })), "INVALID input.measuredEarnedValue.currency", None),
        ] {
            let answer = change(&manager, CREATE, input.clone()).await;
            assert_eq!((faults(&answer), param(&answer, "rule").as_deref()), (vec![told.to_owned()], rule), "{input}");
        }
        // What is finished stays complete, and was so from its last day on.
        let told = change(&manager, "taskUpdate", patch("T-1", json!({ "actualFinishOn": "2026-02-28" }))).await;
        assert_eq!((faults(&told), param(&told, "statusOn").as_deref()), (vec!["INVARIANT input.patch.actualFinishOn".to_owned()], Some("2026-02-28")));
        let last = progress_measurement::Entity::find().all(&db).await.expect("rows").into_iter().rfind(|row| row.percent_complete == Some(550_000_000)).expect("a row");
        done(&manager, "progressMeasurementArchive", of(&foliograph::graph::encode_id("pms", last.id))).await;
        done(&manager, "taskUpdate", patch("T-1", json!({ "actualFinishOn": "2026-02-20" }))).await;
        assert_eq!(percent().await, 100);
        assert_eq!(earned(&db, "T-1").await, due(&[("2026-01-31", 20, false), ("2026-02-20", 100, true)]));
        measured(&manager, "T-1", "2026-02-19", "0.9").await;
        assert_eq!(percent().await, 100);
        let told = change(&manager, CREATE, new("T-1", "2026-02-20", &json!({ "percentComplete": "0.9" }))).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("TASK_FINISHED"), "{told}");
        // What somebody says of that day takes the place of what followed; another last day, or none, moves what follows.
        measured(&manager, "T-1", "2026-02-20", "1").await;
        assert_eq!(earned(&db, "T-1").await[2], ("2026-02-20".to_owned(), 1_000_000_000, false));
        task(&manager, "T-2", json!({ "actualStartOn": "2026-01-01", "actualFinishOn": "2026-01-20" })).await;
        done(&manager, "taskUpdate", patch("T-2", json!({ "actualFinishOn": "2026-01-22" }))).await;
        assert_eq!(earned(&db, "T-2").await, due(&[("2026-01-22", 100, true)]));
        done(&manager, "taskUpdate", patch("T-2", json!({ "actualFinishOn": null, "percentComplete": "0.8" }))).await;
        assert_eq!((earned(&db, "T-2").await, stored(&db, "T-2").await.percent_complete), (vec![], 800_000_000));
        let told = change(&manager, "taskUpdate", patch("T-1", json!({ "earnedValueTechnique": "ZERO_HUNDRED" }))).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("TECHNIQUE_STAYS"), "{told}");
        task(&manager, "S-1", json!({ "kind": "SUMMARY" })).await;
        let told = change(&manager, CREATE, new("S-1", "2026-02-01", &json!({ "percentComplete": "0.9" }))).await;
        assert_eq!(param(&told, "rule").as_deref(), Some("TASK_MEASURED"), "{told}");
    }

    async fn a_reached_milestone_measures_the_task_above(world: &World) {
        let (db, _, manager) = prepared(world).await;
        task(&manager, "W", json!({ "earnedValueTechnique": "WEIGHTED_MILESTONES" })).await;
        task(&manager, "A", json!({ "earnedValueTechnique": "APPORTIONED", "apportionedToKey": "W", "apportionedRatio": "0.5" })).await;
        for (key, weight) in [("M-1", "1"), ("M-2", "3")] {
            task(&manager, key, json!({ "kind": "MILESTONE", "parentKey": "W", "weight": weight })).await;
        }
        assert_eq!(faults(&change(&manager, "taskCreate", new_task("T-1", json!({ "parentKey": "W" }))).await), ["INVARIANT input.parentKey"]);
        assert_eq!(earned(&db, "W").await, due(&[]));
        done(&manager, "taskUpdate", patch("M-1", json!({ "actualFinishOn": "2026-01-10" }))).await;
        assert_eq!(earned(&db, "W").await, due(&[("2026-01-10", 25, true)]));
        let half = [("2026-01-10".to_owned(), 125_000_000, true)];
        assert_eq!(earned(&db, "A").await, half);
        // One that is told late, of an earlier day, counts from that day on.
        done(&manager, "taskUpdate", patch("M-2", json!({ "actualFinishOn": "2026-01-05" }))).await;
        assert_eq!(earned(&db, "W").await, due(&[("2026-01-05", 75, true), ("2026-01-10", 100, true)]));
        assert_eq!(earned(&db, "A").await, [("2026-01-05".to_owned(), 375_000_000, true), ("2026-01-10".to_owned(), 500_000_000, true)]);
        assert_eq!((stored(&db, "W").await.percent_complete, stored(&db, "A").await.percent_complete), (1_000_000_000, 500_000_000));
        // One that was not reached after all counts no more; another weight is another part.
        done(&manager, "taskUpdate", patch("M-1", json!({ "actualFinishOn": null, "actualStartOn": null, "percentComplete": "0" }))).await;
        done(&manager, "taskUpdate", patch("M-2", json!({ "weight": "1" }))).await;
        assert_eq!(earned(&db, "W").await, due(&[("2026-01-05", 50, true), ("2026-01-10", 50, true)]));
        done(&manager, "taskArchive", json!({ "ref": { "key": "M-1" }, "ifVersion": "*" })).await;
        assert_eq!(earned(&db, "W").await, due(&[("2026-01-05", 100, true), ("2026-01-10", 100, true)]));
        // Nobody says how far such a task is, but a note of a day is welcome.
        let told = change(&manager, CREATE, new("W", "2026-01-07", &json!({ "percentComplete": "0.9" }))).await;
        assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input.percentComplete".to_owned()], Some("TECHNIQUE")));
        done(&manager, CREATE, new("W", "2026-01-07", &json!({ "note": "Nothing new." }))).await;
        assert_eq!(earned(&db, "W").await[1], ("2026-01-07".to_owned(), 1_000_000_000, false));
        // The last of these says how far the task is.
        task(&manager, "P", json!({ "earnedValueTechnique": "MILESTONE_PERCENT" })).await;
        for (key, stands, reached) in [("P-1", "0.2", Some("2026-01-03")), ("P-2", "0.7", Some("2026-01-09")), ("P-3", "1", None)] {
            task(&manager, key, json!({ "kind": "MILESTONE", "parentKey": "P", "parentPercentComplete": stands, "actualFinishOn": reached })).await;
        }
        assert_eq!(earned(&db, "P").await, due(&[("2026-01-03", 20, true), ("2026-01-09", 70, true)]));
    }

    async fn who_reach_milestones_at_once_count_all_of_them(world: &World) {
        let (db, _, manager) = prepared(world).await;
        task(&manager, "W", json!({ "earnedValueTechnique": "WEIGHTED_MILESTONES" })).await;
        for key in ["M-1", "M-2", "M-3", "M-4"] {
            task(&manager, key, json!({ "kind": "MILESTONE", "parentKey": "W", "weight": "1" })).await;
        }
        let reached = ["M-1", "M-2", "M-3", "M-4"].map(|key| change(&manager, "taskUpdate", patch(key, json!({ "actualFinishOn": "2026-01-10" }))));
        for told in join_all(reached).await {
            assert_eq!(faults(&told), NO_FAULT);
        }
        assert_eq!(earned(&db, "W").await, due(&[("2026-01-10", 100, true)]));
    }

    async fn a_task_earns_with_another_as_that_is_measured(world: &World) {
        let (db, _, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        measured(&manager, "T-1", "2026-01-05", "0.3").await;
        task(&manager, "A-1", json!({ "earnedValueTechnique": "APPORTIONED", "apportionedToKey": "T-1" })).await;
        assert_eq!(earned(&db, "A-1").await, due(&[("2026-01-05", 30, true)]));
        let items = json!([new("T-1", "2026-01-10", &json!({ "percentComplete": "0.5" })), new("T-1", "2026-01-15", &json!({ "percentComplete": "0.8" }))]);
        let told = change(&manager, "progressMeasurementBulkCreate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["CREATED", "CREATED"], "{told}");
        assert_eq!(earned(&db, "A-1").await, due(&[("2026-01-05", 30, true), ("2026-01-10", 50, true), ("2026-01-15", 80, true)]));
        done(&manager, "taskUpdate", patch("A-1", json!({ "apportionedRatio": "2" }))).await;
        assert_eq!(earned(&db, "A-1").await, due(&[("2026-01-05", 60, true), ("2026-01-10", 100, true), ("2026-01-15", 100, true)]));
    }

    async fn a_measured_value_counts_and_is_at_most_the_cost(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        task(&manager, "T-1", json!({})).await;
        baseline(&manager, &lead, &[("T-1", "2026-01-01", "2026-01-31", "300")]).await;
        let item = |id: &str, on: &str, amount: &str| json!({ "ref": { "external": { "system": "CLARITY", "id": id } }, "patch": { "taskKey": "T-1", "statusOn": on, "measuredEarnedValue": francs(amount), "source": "Clarity" } });
        let items = json!([item("1", "2026-01-10", "100"), item("2", "2026-01-20", "300")]);
        let told = change(&lead, "progressMeasurementBulkUpsert", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(statuses(&told), ["CREATED", "CREATED"], "{told}");
        assert_eq!(earned(&db, "T-1").await, [("2026-01-10".to_owned(), 333_333_333, false), ("2026-01-20".to_owned(), 1_000_000_000, false)]);
        let again = json!([item("1", "2026-01-10", "100")]);
        let told = change(&lead, "progressMeasurementBulkUpsert", json!({ "items": again, "clientMutationKey": request_key(2) })).await;
        assert_eq!(statuses(&told), ["UNCHANGED"], "{told}");
        let told = change(&manager, CREATE, new("T-1", "2026-01-11", &json!({ "measuredEarnedValue": francs("300.0001") }))).await;
        assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input.measuredEarnedValue".to_owned()], Some("EARNED_WITHIN_COST")));
        // The money is for who reads money; how far the task is, for who reads work.
        sql(&db, "UPDATE portfolio_item SET owner_id = (SELECT id FROM person WHERE key = 'jonas.weber') WHERE key = 'PF-PRODUCTS'").await;
        let asked = "{ progressMeasurements(first: 1) { nodes { statusOn measuredEarnedValue { amount } source } } }";
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await.query(asked).await.json();
        assert_eq!(analyst["data"]["progressMeasurements"]["nodes"], json!([{ "statusOn": "2026-01-10", "measuredEarnedValue": null, "source": "Clarity" }]), "{analyst}");
    }

    /// The thirteen periods of the airport check-in project (Vandevoorde and Vanhoucke, IJPM 24, 2006), in thousands: what is
    /// stored gives planned and earned value of each period exactly.
    async fn thirteen_periods_are_kept_as_they_were_planned_and_earned(world: &World) {
        let (db, lead, manager) = prepared(world).await;
        let planned: [i64; 9] = [28_975, 81_681, 91_681, 138_586, 218_141, 302_478, 323_632, 345_876, 360_738];
        let value: [i64; 13] = [25_645, 68_074, 89_135, 125_244, 198_754, 268_763, 292_469, 306_725, 312_864, 327_694, 338_672, 349_861, 360_738];
        let day = |period: usize| chrono::NaiveDate::from_ymd_opt(2024, 12, 31).expect("a day") + chrono::Months::new(u32::try_from(period).expect("a period") + 1);
        let day = |period: usize| day(period).to_string();
        task(&manager, "T-1", json!({})).await;
        let made = done(&manager, "baselineCreate", json!({ "projectKey": "PR-014" })).await;
        let of_baseline = made["id"].as_str().expect("an id");
        let input = json!({ "baselineId": of_baseline, "taskKey": "T-1", "startOn": "2025-01-01", "finishOn": day(8), "cost": francs("360738") });
        let item = done(&manager, "baselineItemCreate", input).await["id"].clone();
        let steps = planned.iter().enumerate().map(|(at, sum)| (day(at), sum - if at == 0 { 0 } else { planned[at - 1] }));
        let items: Vec<Value> = steps.map(|(on, step)| json!({ "baselineItemId": item, "endOn": on, "plannedValue": francs(&step.to_string()) })).collect();
        let told = change(&manager, "baselinePeriodValueBulkCreate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        assert_eq!(told["createdCount"], 9, "{told}");
        done(&manager, "baselineSubmit", of(of_baseline)).await;
        done(&lead, "baselineApprove", of(of_baseline)).await;
        let items: Vec<Value> = value.iter().enumerate().map(|(at, earned)| new("T-1", &day(at), &json!({ "measuredEarnedValue": francs(&earned.to_string()) }))).collect();
        let told = change(&manager, "progressMeasurementBulkCreate", json!({ "items": items, "clientMutationKey": request_key(2) })).await;
        assert_eq!(told["createdCount"], 13, "{told}");
        for (at, earned) in value.iter().enumerate() {
            let asked = format!(
                "{{ baselinePeriodValues(filter: {{endOn: {{lte: \"{on}\"}}}}) {{ aggregate {{ sum {{ plannedValue {{ amount }} }} }} }}
                    progressMeasurements(filter: {{statusOn: {{lte: \"{on}\"}}}}, orderBy: [{{statusOn: {{direction: DESC}}}}], first: 1) {{ nodes {{ measuredEarnedValue {{ amount }} earnedFraction }} }} }}",
                on = day(at)
            );
            let read = manager.query(&asked).await.data();
            let sum = planned.get(at).unwrap_or(&planned[8]).to_string();
            assert_eq!(read["baselinePeriodValues"]["aggregate"]["sum"]["plannedValue"][0]["amount"], json!(sum), "period {}", at + 1);
            assert_eq!(read["progressMeasurements"]["nodes"][0]["measuredEarnedValue"]["amount"], json!(earned.to_string()), "period {}", at + 1);
        }
        let last = earned(&db, "T-1").await;
        assert_eq!(last.last().map(|(_, fraction, _)| *fraction), Some(1_000_000_000), "all is earned, however late");
    }
}

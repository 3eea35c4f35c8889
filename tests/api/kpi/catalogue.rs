//! Rows of the catalogue with figures that were computed by hand, and what is raised when more is spent and committed than
//! was approved.

use foliograph::{
    app::model,
    auth::Role,
    clock::Clock as _,
    kpi::{catalogue::STANDARD, upkeep},
};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use super::{derive, done, exact, finance, kpi};
use crate::support::{
    client::Client,
    writes::{begin, begin_bare, item_id, sql},
};

fn francs(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CHF" })
}

fn by_id(row: &Value) -> Value {
    json!({ "id": row["id"], "ifVersion": "*" })
}

fn by_key(key: &str, more: &Value) -> Value {
    let mut input = json!({ "ref": { "key": key }, "ifVersion": "*" });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// A calendar with months of 2026, a category, and projects of the portfolio `PF-X`.
async fn set_up(lead: &Client, money: &Client, projects: &[&str]) {
    done(money, "fiscalCalendarCreate", json!({ "key": "CORP", "name": "Corporate" })).await;
    for (month, last) in [("02", "28"), ("03", "31"), ("04", "30"), ("05", "31"), ("06", "30")] {
        let period = json!({ "key": month, "name": month, "calendarKey": "CORP", "kind": "MONTH",
            "startOn": format!("2026-{month}-01"), "endOn": format!("2026-{month}-{last}") });
        done(money, "fiscalPeriodCreate", period).await;
    }
    done(money, "costCategoryCreate", json!({ "key": "HW", "name": "Hardware" })).await;
    done(lead, "portfolioCreate", json!({ "key": "PF-X", "name": "X", "baseCurrency": "CHF" })).await;
    for key in projects {
        done(lead, "projectCreate", json!({ "key": key, "name": key, "baseCurrency": "CHF", "parentKey": "PF-X" }))
            .await;
    }
}

async fn spend(money: &Client, project: &str, on: &str, amount: &str) {
    let spent = json!({ "itemKey": project, "occurredOn": on, "calendarKey": "CORP", "categoryKey": "HW", "source": "NON_LABOR", "amount": francs(amount) });
    done(money, "actualCreate", spent).await;
}

async fn commit(money: &Client, project: &str, amount: &str) {
    let order = json!({ "itemKey": project, "title": "Rack", "categoryKey": "HW", "committed": francs(amount), "committedOn": "2026-02-20" });
    done(money, "commitmentCreate", order).await;
}

/// An approved budget, from a day on.
async fn approve(lead: &Client, money: &Client, project: &str, (on, amount): (&str, &str)) {
    let budget = json!({ "itemKey": project, "amount": francs(amount), "asOfOn": on });
    let budget = done(money, "budgetCreate", budget).await;
    done(money, "budgetSubmit", by_id(&budget)).await;
    done(lead, "budgetApprove", by_id(&budget)).await;
}

/// A published forecast that gives so much to months.
async fn foresee(money: &Client, project: &str, on: &str, months: &[(&str, &str)]) {
    let forecast = done(money, "forecastCreate", json!({ "itemKey": project, "asOfOn": on })).await;
    for (month, amount) in months {
        let line = json!({ "forecastId": forecast["id"], "periodKey": month, "amount": francs(amount) });
        done(money, "forecastLineCreate", line).await;
    }
    done(money, "forecastPublish", by_id(&forecast)).await;
}

/// The value of a KPI of an item on a day, or why there is none.
async fn figure(client: &Client, item: &str, key: &str, at: &str) -> String {
    let told = kpi(client, item, key, &format!(", at: \"{at}\"")).await;
    told["value"].as_str().or(told["nullReason"].as_str()).unwrap_or("masked").to_owned()
}

/// `item state` of the alerts about money beyond budgets.
async fn alerts(client: &Client) -> Vec<String> {
    let asked =
        "{ alerts(first: 100, filter: { kpi: { key: { eq: \"FN_OVER\" } } }) { nodes { state status item { key } } } }";
    let told = client.query(asked).await.data()["alerts"]["nodes"].clone();
    let line = |a: &Value| format!("{} {} {}", a["item"]["key"], a["state"], a["status"]).replace('"', "");
    let mut all: Vec<String> = told.as_array().expect("alerts").iter().map(line).collect();
    all.sort();
    all
}

tests! {
    async fn a_kpi_of_the_catalogue_needs_the_classes_of_all_that_it_is_made_of() {
        for kpi in STANDARD {
            let parsed = [Some(kpi.formula), kpi.tested].into_iter().flatten().map(|text| foliograph::kpi::formula::parse(text).expect("a formula"));
            for name in parsed.flat_map(|formula| formula.names().into_iter().map(str::to_owned).collect::<Vec<_>>()) {
                let measure = model().measures.measure(&name).unwrap_or_else(|| panic!("{}: no measure {name}", kpi.key));
                for class in measure.classes().filter(|class| *class != foliograph::auth::Class::Basic) {
                    assert!(kpi.classes.contains(&class), "{} names {name} and does not need {}", kpi.key, class.as_str());
                }
            }
        }
    }

    async fn forecasts_are_compared_with_what_the_months_cost_that_they_were_made_for(world: &World) {
        let (_, lead) = begin_bare(world).await;
        let money = finance(world).await;
        set_up(&lead, &money, &["A", "B"]).await;
        // March has begun already; of April and May the version counts that was in force on the eve.
        foresee(&money, "A", "2026-03-01", &[("03", "500"), ("04", "100"), ("05", "200")]).await;
        foresee(&money, "B", "2026-03-01", &[("04", "100")]).await;
        world.clock.advance_seconds(49 * 86_400);
        let money = finance(world).await;
        foresee(&money, "A", "2026-04-20", &[("04", "999"), ("05", "150"), ("06", "300")]).await;
        // What is published later than the eve foresaw nothing, whatever day it is made for.
        world.clock.advance_seconds(72 * 86_400);
        let money = finance(world).await;
        foresee(&money, "B", "2026-04-20", &[("05", "1")]).await;
        for (project, on, amount) in [
            ("A", "2026-03-20", "7"), ("A", "2026-04-10", "60"), ("A", "2026-04-30", "30"), ("A", "2026-05-15", "160"), ("A", "2026-06-02", "50"),
            ("B", "2026-04-15", "110"), ("B", "2026-05-15", "40"),
        ] {
            spend(&money, project, on, amount).await;
        }
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        exact(&lead).await;
        for (item, at, value) in [
            ("A", "2026-04-29", "MISSING_INPUT: AC_CHECKED"),
            // 90 where 100 were foreseen; 110 where 100 were: together 20 of 200 were missed, not 0.
            ("A", "2026-04-30", "0.888888889"), ("B", "2026-04-30", "0.909090909"), ("PF-X", "2026-04-30", "0.9"),
            // And 160 where 150 were: 20 of 250.
            ("A", "2026-05-31", "0.92"), ("B", "2026-05-31", "0.909090909"),
            // And 50 where 300 were: 270 of 300.
            ("A", "2026-06-30", "0.1"),
        ] {
            assert_eq!(figure(&lead, item, "FN_FACC", at).await, value, "{item} {at}");
        }
        assert_eq!(kpi(&lead, "PF-X", "FN_FACC", ", at: \"2026-04-30\"").await["status"], "GREEN");
    }

    async fn reports_are_on_time_within_ten_days(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let publish = async |on: &str| {
            let manager = world.client_as("george.mensah", &[Role::ProjectManager]).await;
            let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
            let report = done(&manager, "statusReportCreate", json!({ "itemId": item_id(&db, "PR-014").await, "periodEndOn": on })).await;
            let rating = json!({ "reportId": report["id"], "dimension": "OVERALL", "declared": "GREEN" });
            done(&manager, "ragAssessmentCreate", rating).await;
            done(&manager, "statusReportSubmit", by_id(&report)).await;
            done(&lead, "statusReportPublish", by_id(&report)).await;
        };
        assert_eq!(figure(&lead, "PR-014", "GV_REPT", "2026-03-02").await, "DENOMINATOR_ZERO");
        publish("2026-02-20").await;
        assert_eq!(figure(&lead, "PR-014", "GV_REPT", "2026-03-02").await, "1");
        publish("2026-02-19").await;
        assert_eq!(figure(&lead, "PR-014", "GV_REPT", "2026-03-02").await, "0.5");
        // Told again later, it was told on time all the same.
        world.clock.advance_seconds(5 * 86_400);
        let lead = world.client_as("anna.keller", &[Role::PmoLead]).await;
        publish("2026-02-20").await;
        exact(&lead).await;
        let told = kpi(&lead, "PR-014", "GV_REPT", "").await;
        assert_eq!((&told["numerator"], &told["denominator"], &told["status"]), (&json!("1"), &json!("2"), &json!("RED")), "{told:#}");
    }

    async fn what_must_be_known_of_a_project_is_checked(world: &World) {
        let (_, lead) = begin_bare(world).await;
        let other = world.client_as("claire.moreau", &[Role::PmoLead]).await;
        let input = json!({ "key": "P", "name": "P", "baseCurrency": "CHF", "sponsorKey": "ingrid.solberg", "category": "RUN" });
        done(&lead, "projectCreate", input).await;
        let steer = async |patch: Value| done(&lead, "projectUpdate", by_key("P", &json!({ "patch": patch }))).await;
        let today = "2026-03-02";
        assert_eq!(figure(&lead, "P", "GV_DQ", today).await, "MISSING_INPUT: CHECKS_RUN", "nobody has decided");
        done(&other, "projectStateAdvance", by_key("P", &json!({ "to": "APPROVED" }))).await;
        assert_eq!(figure(&lead, "P", "GV_DQ", today).await, "0.5", "neither a manager nor dates");
        steer(json!({ "projectManagerKey": "george.mensah", "plannedStartOn": "2026-02-01", "plannedFinishOn": "2026-05-01" })).await;
        assert_eq!(figure(&lead, "P", "GV_DQ", today).await, "1");
        done(&other, "projectStateAdvance", by_key("P", &json!({ "to": "ACTIVE" }))).await;
        steer(json!({ "actualStartOn": null })).await;
        assert_eq!(figure(&lead, "P", "GV_DQ", today).await, "0.8", "it is under way and began on no day");
        steer(json!({ "actualStartOn": "2026-02-02", "forecastFinishOn": "2026-03-02" })).await;
        exact(&lead).await;
        for (at, value) in [(today, "1"), ("2026-03-03", "0.833333333"), ("2026-03-01", "MISSING_INPUT: CHECKS_RUN")] {
            assert_eq!(figure(&lead, "P", "GV_DQ", at).await, value, "{at}");
        }
        steer(json!({ "forecastFinishOn": "2026-03-01" })).await;
        assert_eq!(figure(&lead, "P", "GV_DQ", today).await, "0.833333333");
        // What is over is not checked any more.
        done(&other, "projectStateAdvance", by_key("P", &json!({ "to": "CANCELLED" }))).await;
        exact(&lead).await;
        assert_eq!(figure(&lead, "P", "GV_DQ", today).await, "MISSING_INPUT: CHECKS_RUN");
    }

    async fn more_than_the_approved_budget_raises_an_alert(world: &World) {
        let (_, lead) = begin_bare(world).await;
        let money = finance(world).await;
        set_up(&lead, &money, &["A", "NOTHING", "UNDECIDED"]).await;
        let rule = json!({ "key": "OVER", "name": "Beyond the budget", "itemKey": "PF-X", "kpiKey": "FN_OVER", "hasDescendants": true });
        done(&lead, "alertRuleCreate", rule).await;
        approve(&lead, &money, "A", ("2026-02-01", "100")).await;
        commit(&money, "A", "60").await;
        spend(&money, "A", "2026-02-10", "40").await;
        // Without an approved budget nothing is beyond it.
        commit(&money, "UNDECIDED", "1000").await;
        derive(world).await;
        let even = kpi(&lead, "A", "FN_OVER", "").await;
        assert_eq!((&even["value"], &even["status"], alerts(&lead).await), (&json!("0"), &json!("GREEN"), vec![]), "{even:#}");
        // One smallest unit is enough, by an actual as by a commitment; a share has a margin and lets it pass.
        spend(&money, "A", "2026-02-11", "0.0001").await;
        derive(world).await;
        assert_eq!(alerts(&lead).await, ["A OPEN RED", "PF-X OPEN RED"]);
        assert_eq!(kpi(&lead, "A", "FN_COMMIT", "").await["status"], "AMBER");
        // A budget of nothing is one, too.
        approve(&lead, &money, "NOTHING", ("2026-02-01", "0")).await;
        derive(world).await;
        assert_eq!(alerts(&lead).await, ["A OPEN RED", "PF-X OPEN RED"]);
        commit(&money, "NOTHING", "0.0001").await;
        derive(world).await;
        assert_eq!(alerts(&lead).await, ["A OPEN RED", "NOTHING OPEN RED", "PF-X OPEN RED"]);
        assert_eq!(kpi(&lead, "NOTHING", "FN_COMMIT", "").await["nullReason"], "DENOMINATOR_ZERO");
        // More is approved, and it is over; of the portfolio as a whole as well.
        approve(&lead, &money, "A", ("2026-02-01", "200")).await;
        derive(world).await;
        assert_eq!(alerts(&lead).await, ["A CLOSED RED", "NOTHING OPEN RED", "PF-X CLOSED RED"]);
        exact(&lead).await;
    }

    async fn a_version_of_a_budget_for_an_earlier_day_takes_the_place_of_the_one_before(world: &World) {
        let (_, lead) = begin_bare(world).await;
        let money = finance(world).await;
        set_up(&lead, &money, &["A"]).await;
        for version in [("2026-02-20", "100"), ("2026-02-10", "70"), ("2026-02-25", "50")] {
            approve(&lead, &money, "A", version).await;
            exact(&lead).await;
        }
        for (at, value) in [("2026-02-09", "MISSING_INPUT: BUDGET"), ("2026-02-10", "-70"), ("2026-02-20", "-70"), ("2026-02-24", "-70"), ("2026-02-25", "-50")] {
            assert_eq!(figure(&lead, "A", "FN_OVER", at).await, value, "{at}");
        }
    }

    async fn of_several_reasons_the_first_items_is_told_whatever_was_written_last(world: &World) {
        let (_, lead) = begin_bare(world).await;
        let money = finance(world).await;
        set_up(&lead, &money, &["FIRST", "SECOND", "THIRD"]).await;
        approve(&lead, &money, "FIRST", ("2026-02-01", "100")).await;
        for key in ["THIRD", "FIRST", "SECOND"] {
            assert_eq!(kpi(&lead, "PF-X", "PF_RAG", "").await["nullReason"], "MISSING_INPUT: RAG_GREEN", "before {key} goes and comes back");
            for parent in [Value::Null, json!("PF-X")] {
                done(&lead, "projectUpdate", by_key(key, &json!({ "patch": { "parentKey": parent } }))).await;
            }
        }
        assert_eq!(kpi(&lead, "PF-X", "PF_RAG", "").await["nullReason"], "MISSING_INPUT: RAG_GREEN");
        assert_eq!(kpi(&lead, "SECOND", "PF_RAG", "").await["nullReason"], "MISSING_INPUT: BUDGET");
    }

    async fn a_program_that_makes_measures_otherwise_makes_them_anew(world: &World) {
        let (db, lead) = begin(world).await;
        // As an earlier program left it.
        for text in [
            "DELETE FROM measure_delta WHERE measure IN ('AC_ENDED', 'BENEFITS_PLANNED')",
            "UPDATE kpi_tick SET measures = 'earlier'",
            "UPDATE kpi_definition SET formula = 'AC / BUDGET_PHASED', formula_version = 1 WHERE key = 'FN_BURN'",
        ] {
            sql(&db, text).await;
        }
        let app = world.app().await;
        app.deriver.derive().await.expect("derived");
        let verified = lead.query("{ verifyRollup { isExact } }").await.data();
        assert_eq!(verified["verifyRollup"]["isExact"], false);
        for _ in 0..2 {
            upkeep::keep(&db, model(), world.clock.now()).await.expect("in step");
            exact(&lead).await;
        }
        let told = lead.query("{ kpiDefinition(by: { key: \"FN_BURN\" }) { formula formulaVersion version } }").await.data();
        assert_eq!(told["kpiDefinition"], json!({ "formula": "AC_ENDED / BUDGET_PHASED", "formulaVersion": 2, "version": "2" }));
        // What is stored follows.
        derive(world).await;
        let touched = sea_orm::PaginatorTrait::count(entity::kpi_touch::Entity::find(), &db).await.expect("touches");
        assert_eq!(touched, 0);
    }
}

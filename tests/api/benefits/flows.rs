//! Flows of money valued as published: rates of return, present values and payback, each from a cost plan and the plan of a
//! benefit that were written through the API.

use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use super::{
    advance, euros,
    figures::{PROMISED, digits, figure, planned, years},
    made, prepared,
};
use crate::{
    kpi::exact,
    support::{
        client::Client,
        writes::{done, item_id},
    },
};

/// Whoever plans, and the rows behind.
struct House {
    db: DatabaseConnection,
    lead: Client,
    finance: Client,
}

/// A KPI of users without bounds.
async fn kpi_of_users(lead: &Client, key: &str, formula: &str, unit: &str) {
    let input = json!({
        "key": key, "name": key, "description": "A flow, valued.", "kind": "FORMULA", "formula": formula, "unit": unit, "direction": "NONE",
    });
    done(lead, "kpiDefinitionCreate", input).await;
}

impl House {
    /// A project with these flows, each in a period: what is paid in a cost plan of record, what is had in a benefit's plan.
    async fn project(&self, key: &str, flows: &[(&str, i64)]) {
        done(&self.lead, "projectCreate", json!({ "key": key, "name": key, "baseCurrency": "EUR" })).await;
        let benefit = format!("B-{key}");
        made(&self.db, &self.lead, &benefit, key, json!({})).await;
        let plan = json!({ "itemId": item_id(&self.db, key).await, "name": "Plan" });
        let plan = done(&self.finance, "costPlanCreate", plan).await["id"].clone();
        for (period, amount) in flows {
            if *amount >= 0 {
                planned(&self.lead, &self.db, &benefit, period, &amount.to_string()).await;
                continue;
            }
            let line = json!({ "costPlanId": plan, "periodKey": period, "categoryKey": "STAFF", "source": "LABOR", "amount": euros(&(-amount).to_string()) });
            done(&self.finance, "costPlanLineCreate", line).await;
        }
        done(&self.finance, "costPlanSubmit", json!({ "id": plan, "ifVersion": "*" })).await;
        done(&self.lead, "costPlanApprove", json!({ "id": plan, "ifVersion": "*" })).await;
        advance(&self.lead, &benefit, &PROMISED).await;
    }

    /// A project with a flow in each year from 2025 on.
    async fn yearly(&self, key: &str, flows: &[i64]) {
        let years: Vec<String> = (2025..).take(flows.len()).map(|year| format!("Y{year}")).collect();
        let flows: Vec<(&str, i64)> = years.iter().map(String::as_str).zip(flows.iter().copied()).collect();
        self.project(key, &flows).await;
    }

    /// KPIs of a project, each rounded to the digits that are printed.
    async fn says(&self, project: &str, printed: &[(&str, &str)]) {
        for (key, printed) in printed {
            let count = printed.split_once('.').map_or(0, |(_, digits)| digits.len());
            let told = figure(&self.lead, project, key, "").await;
            assert_eq!(digits(&told, count), *printed, "{project} {key}: {told}");
        }
    }
}

async fn house(world: &crate::support::World) -> House {
    let (db, lead) = prepared(world).await;
    let finance = years(world, 6).await;
    done(&finance, "costCategoryCreate", json!({ "key": "STAFF", "name": "Staff" })).await;
    House { db, lead, finance }
}

tests! {
    async fn rates_of_return_are_those_published(world: &World) {
        let house = house(world).await;
        // A ratio is told to nine digits; times a thousand million, it is told to all that are printed.
        kpi_of_users(&house.lead, "IRR_DIGITS", "irr(FLOW) * 1000000000", "NUMBER").await;
        house.yearly("F-1", &[-100, 39, 59, 55, 20]).await;
        house.says("F-1", &[("BN_IRR", "0.280948421"), ("IRR_DIGITS", "280948421.1599611")]).await;
        house.yearly("F-2", &[-70_000, 12_000, 15_000, 18_000, 21_000]).await;
        house.says("F-2", &[("BN_IRR", "-0.0212")]).await;
        house.yearly("F-3", &[-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]).await;
        house.says("F-3", &[("BN_IRR", "0.0866"), ("BN_PAY", "4.1538")]).await;
        house.yearly("F-4", &[-70_000, 12_000, 15_000]).await;
        house.says("F-4", &[("BN_IRR", "-0.4435")]).await;
        assert_eq!(figure(&house.lead, "F-4", "BN_PAY", "").await, "NOT_DEFINED", "it is never paid back");
        house.yearly("F-5", &[-250_000, 100_000, 150_000, 200_000, 250_000, 300_000]).await;
        // The last printed digit is that of floating point: to 40 digits the rate is .56723033443585376810...
        house.says("F-5", &[("BN_IRR", "0.567230334"), ("IRR_DIGITS", "567230334.435854")]).await;
        exact(&house.lead).await;
    }

    async fn a_plan_that_was_taken_back_is_no_first_flow(world: &World) {
        let house = house(world).await;
        house.yearly("F-1", &[-100, 39, 59, 55, 20]).await;
        house.says("F-1", &[("BN_PAY", "2.0364")]).await;
        // A year later: the costs are those of 2026, in a plan of record that takes the place of the first.
        let plan = json!({ "itemId": item_id(&house.db, "F-1").await, "name": "Later" });
        let plan = done(&house.finance, "costPlanCreate", plan).await["id"].clone();
        let line = json!({ "costPlanId": plan, "periodKey": "Y2026", "categoryKey": "STAFF", "source": "LABOR", "amount": euros("100") });
        done(&house.finance, "costPlanLineCreate", line).await;
        done(&house.finance, "costPlanSubmit", json!({ "id": plan, "ifVersion": "*" })).await;
        done(&house.lead, "costPlanApprove", json!({ "id": plan, "ifVersion": "*" })).await;
        // -61, 59, 55, 20: the first of them is the year 0.
        house.says("F-1", &[("BN_PAY", "1.0364"), ("BN_NPV", "65.3868"), ("BN_IRR", "0.6393")]).await;
        exact(&house.lead).await;
    }

    async fn present_values_add_up_over_projects(world: &World) {
        let house = house(world).await;
        house.yearly("F-1", &[-100, 39, 59, 55, 20]).await;
        let later: Vec<(&str, i64)> = vec![("Y2027", -100), ("Y2028", 150)];
        house.project("F-2", &later).await;
        done(&house.lead, "portfolioCreate", json!({ "key": "F", "name": "F", "baseCurrency": "EUR" })).await;
        for key in ["F-1", "F-2"] {
            let moved = json!({ "id": item_id(&house.db, key).await, "ifVersion": "*", "patch": { "parentKey": "F" } });
            done(&house.lead, "projectUpdate", moved).await;
        }
        // Each from its own first year on: 59.7940 and 44.9275, and 100 more of each to 100.
        house.says("F-1", &[("BN_NPV", "59.7940"), ("BN_BCR", "1.5979")]).await;
        house.says("F-2", &[("BN_NPV", "44.9275"), ("BN_BCR", "1.4493")]).await;
        house.says("F", &[("BN_NPV", "104.7215"), ("BN_BCR", "1.5236")]).await;
    }

    async fn present_values_are_those_published_with_the_first_flow_not_discounted(world: &World) {
        let house = house(world).await;
        for (key, formula, unit) in [
            ("NPV_10", "npv(FLOW, 0.1)", "MONEY"),
            // As spreadsheets do, who discount the first flow, too.
            ("NPV_10_ALL_DISCOUNTED", "npv(FLOW, 0.1) / 1.1", "MONEY"),
            ("NPV_8", "npv(FLOW, 0.08)", "MONEY"),
            ("FACTOR_12", "npv(FLOW, 0.12) + whole(FLOW_COSTS)", "RATIO"),
        ] {
            kpi_of_users(&house.lead, key, formula, unit).await;
        }
        house.yearly("F-1", &[-10_000, 3_000, 4_200, 6_800]).await;
        house.says("F-1", &[("NPV_10", "1307.29"), ("NPV_10_ALL_DISCOUNTED", "1188.44")]).await;
        house.yearly("F-2", &[-40_000, 5_000, 8_000, 12_000, 30_000]).await;
        house.says("F-2", &[("NPV_8", "3065.22")]).await;
        // What one is worth that comes two years after the first.
        house.yearly("F-3", &[-1, 0, 1]).await;
        house.says("F-3", &[("FACTOR_12", "0.797")]).await;
    }

    async fn flows_on_days_are_valued_as_spreadsheets_do(world: &World) {
        let house = house(world).await;
        kpi_of_users(&house.lead, "XNPV_9", "xnpv(FLOW, 0.09)", "MONEY").await;
        kpi_of_users(&house.lead, "XIRR", "xirr(FLOW)", "RATIO").await;
        let flows = [("2008-01-01", -10_000), ("2008-03-01", 2_750), ("2008-10-30", 4_250), ("2009-02-15", 3_250), ("2009-04-01", 2_750)];
        for (day, _) in flows {
            let period = json!({ "key": day, "name": day, "calendarKey": "CAL", "kind": "MONTH", "startOn": day, "endOn": day });
            done(&house.finance, "fiscalPeriodCreate", period).await;
        }
        house.project("F-1", &flows).await;
        house.says("F-1", &[("XNPV_9", "2086.65"), ("XIRR", "0.373363")]).await;
        // Summed by years from the first day on: 7,000 come within the first one, 6,000 in the second.
        house.says("F-1", &[("BN_IRR", "1.0000"), ("BN_PAY", "0.5000")]).await;
        let masked: Value = figure(&world.client_as("jonas.weber", &[foliograph::auth::Role::Analyst]).await, "F-1", "XIRR", "").await.into();
        assert_eq!(masked, "masked");
        exact(&house.lead).await;
    }
}

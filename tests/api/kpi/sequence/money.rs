//! What happens to items and to their money.

use serde_json::{Value, json};

use super::{CURRENCIES, Run, Who, by_id, by_key, money, with};

impl Run<'_> {
    pub(super) async fn item(&mut self, what: &str) {
        if what == "project" {
            let (key, currency) = (self.key("S-P"), *self.chance.one_of(&CURRENCIES));
            let manager = if self.is_so(2) { json!("marc.dubois") } else { json!("lena.schmid") };
            let category = *self.chance.one_of(&["RUN", "GROW", "TRANSFORM"]);
            let input = json!({ "key": key, "name": key, "baseCurrency": currency, "parentKey": self.above(), "category": category,
                "projectManagerKey": manager, "plannedStartOn": self.day(60, 0), "plannedFinishOn": self.day(0, 200) });
            if self.ask(Who::Lead, "projectCreate", input).await.is_some() {
                self.projects.push((key, currency));
            }
            return;
        }
        let (key, _) = self.project();
        match what {
            "steer" => {
                let day = self.day(40, 40);
                let patch = match self.chance.below(5) {
                    0 => json!({ "category": "GROW" }),
                    1 => json!({ "forecastFinishOn": day }),
                    2 => json!({ "actualStartOn": self.day(60, 0) }),
                    3 => json!({ "actualFinishOn": self.day(20, 0) }),
                    _ => json!({ "sponsorKey": "helen.ashworth" }),
                };
                self.ask(Who::Lead, "projectUpdate", with(by_key(&key), json!({ "patch": patch }))).await;
            }
            "move" if self.is_so(4) => {
                let patch = json!({ "patch": { "parentKey": self.above() } });
                self.ask(Who::Lead, "programUpdate", with(by_key("S-G"), patch)).await;
            }
            "move" => {
                let patch = json!({ "patch": { "parentKey": self.above() } });
                self.ask(Who::Lead, "projectUpdate", with(by_key(&key), patch)).await;
            }
            "archive" => {
                if self.ask(Who::Lead, "projectArchive", by_key(&key)).await.is_some() && !self.is_so(4) {
                    self.happen_some(2).await;
                    self.ask(Who::Lead, "projectUnarchive", by_key(&key)).await;
                }
            }
            "advance" => {
                let to = *self.chance.one_of(&[
                    "APPROVED",
                    "APPROVED",
                    "ACTIVE",
                    "ACTIVE",
                    "ON_HOLD",
                    "CLOSING",
                    "CLOSED",
                    "CANCELLED",
                ]);
                self.ask(Who::Other, "projectStateAdvance", with(by_key(&key), json!({ "to": to }))).await;
            }
            _ => {
                let to = *self.chance.one_of(&["NORMAL", "NORMAL", "NORMAL", "CONFIDENTIAL"]);
                let set = with(by_key(&key), json!({ "confidentiality": to }));
                self.ask(Who::Lead, "projectConfidentialitySet", set).await;
            }
        }
    }

    pub(super) async fn plan(&mut self, what: &str) {
        let (key, currency) = self.project();
        let amount = self.amount();
        match what {
            "budget" => {
                let as_of = if self.is_so(2) { json!(self.day(60, 30)) } else { Value::Null };
                let amount = if self.is_so(8) { Value::Null } else { money(&amount, currency) };
                let note = if amount.is_null() { json!("To be said.") } else { Value::Null };
                let budget = json!({ "itemKey": key, "amount": amount, "amountNote": note, "contingency": money("10", currency), "asOfOn": as_of });
                let Some(id) = self.ask(Who::Money, "budgetCreate", budget).await else { return };
                if self.is_so(2) {
                    let line = json!({ "budgetId": id, "periodKey": self.month(), "categoryKey": "HW", "amount": money("1", currency) });
                    self.ask(Who::Money, "budgetLineCreate", line).await;
                }
                self.ask(Who::Money, "budgetSubmit", by_id(&id)).await;
                if !self.is_so(4) {
                    self.ask(Who::Lead, "budgetApprove", by_id(&id)).await;
                }
            }
            "budget life" => {
                let Some(id) = self.recent("budgetCreate") else { return };
                let mutation = *self.chance.one_of(&[
                    "budgetApprove",
                    "budgetApprove",
                    "budgetReject",
                    "budgetArchive",
                    "budgetUnarchive",
                ]);
                let who = if mutation.ends_with("rchive") { Who::Money } else { Who::Lead };
                self.ask(who, mutation, by_id(&id)).await;
            }
            "cost plan" => {
                let Some(id) = self.ask(Who::Money, "costPlanCreate", json!({ "itemKey": key, "name": "Plan" })).await
                else {
                    return;
                };
                let line = json!({ "costPlanId": id, "periodKey": self.month(), "categoryKey": "HW", "source": "NON_LABOR", "amount": money(&amount, currency) });
                self.ask(Who::Money, "costPlanLineCreate", line).await;
                self.ask(Who::Money, "costPlanSubmit", by_id(&id)).await;
                self.ask(Who::Lead, "costPlanApprove", by_id(&id)).await;
            }
            "forecast" => {
                let forecast = json!({ "itemKey": key, "asOfOn": self.day(3, 0), "amount": money(&amount, currency) });
                let Some(id) = self.ask(Who::Money, "forecastCreate", forecast).await else { return };
                for _ in 0..3 {
                    let line = json!({ "forecastId": id, "periodKey": self.month(), "amount": money(&self.amount(), currency) });
                    self.ask(Who::Money, "forecastLineCreate", line).await;
                }
                self.ask(Who::Money, "forecastPublish", by_id(&id)).await;
            }
            "period" => {
                let mutation = *self.chance.one_of(&["fiscalPeriodClose", "fiscalPeriodReopen"]);
                let period = by_key(&format!("S-{}", self.chance.below(8)));
                let who = if mutation.ends_with("Close") { Who::Money } else { Who::Lead };
                self.ask(who, mutation, period).await;
            }
            _ => match (self.one("fxRateCreate"), self.chance.below(4)) {
                (Some(id), 0) => {
                    let rate = format!("0.{:03}", 1 + self.chance.below(999));
                    let patch = json!({ "patch": { "rate": rate } });
                    self.ask(Who::Money, "fxRateUpdate", with(by_id(&id), patch)).await;
                }
                (Some(id), 1) => {
                    let mutation = *self.chance.one_of(&["fxRateArchive", "fxRateUnarchive"]);
                    self.ask(Who::Money, mutation, by_id(&id)).await;
                }
                _ => {
                    let (from, to) = *self.chance.one_of(&[
                        ("EUR", "CHF"),
                        ("USD", "CHF"),
                        ("CHF", "EUR"),
                        ("CHF", "USD"),
                        ("EUR", "USD"),
                        ("JPY", "CHF"),
                    ]);
                    let rate = json!({ "rateSetKey": "S", "fromCurrency": from, "toCurrency": to, "rate": format!("1.{:03}", self.chance.below(1_000)), "validFromOn": self.day(60, 5) });
                    self.ask(Who::Money, "fxRateCreate", rate).await;
                }
            },
        }
    }

    pub(super) async fn money(&mut self, what: &str) {
        let (key, currency) = self.project();
        let amount = self.amount();
        match what {
            "commitment" => {
                let order = json!({ "key": self.key("S-O"), "itemKey": key, "title": "Rack", "categoryKey": "HW", "committed": money(&amount, currency), "committedOn": self.day(30, 0) });
                let Some(id) = self.ask(Who::Money, "commitmentCreate", order).await else { return };
                let drawn = json!({ "itemKey": key, "occurredOn": self.day(20, 0), "calendarKey": "S", "categoryKey": "HW", "source": "NON_LABOR", "amount": money("1.0001", currency), "commitmentId": id });
                self.ask(Who::Money, "actualCreate", drawn).await;
            }
            "commitment life" => {
                let Some(id) = self.recent("commitmentCreate") else { return };
                let ends = ["commitmentClose", "commitmentCancel", "commitmentArchive", "commitmentUnarchive"];
                let mutation = *self.chance.one_of(&ends);
                self.ask(Who::Money, mutation, by_id(&id)).await;
            }
            "actual" => {
                // Some of it is paid in another currency; of one nobody knows a rate.
                let paid = if self.is_so(6) { *self.chance.one_of(&["CHF", "EUR", "SEK"]) } else { currency };
                let expenditure = *self.chance.one_of(&["CAPEX", "OPEX"]);
                let actual = json!({ "itemKey": key, "occurredOn": self.day(80, 0), "calendarKey": "S", "categoryKey": "HW", "source": "NON_LABOR", "expenditure": expenditure, "amount": money(&amount, paid) });
                self.ask(Who::Money, "actualCreate", actual).await;
            }
            _ => {
                let Some(id) = self.recent("actualCreate") else { return };
                self.ask(Who::Money, "actualReverse", with(by_id(&id), json!({ "reason": "Twice." }))).await;
            }
        }
    }
}

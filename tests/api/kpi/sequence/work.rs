//! What happens to work, to what may go wrong, to what it is for, and how it is judged.

use chrono::Days;
use serde_json::json;

use super::{Run, Who, by_id, by_key, money, with};

impl Run<'_> {
    pub(super) async fn work(&mut self, what: &str) {
        if what == "task" || self.tasks.is_empty() {
            let at = self.chance.below(self.projects.len());
            let (key, project) = (self.key("S-T"), self.projects[at].0.clone());
            let kind = *self.chance.one_of(&["TASK", "TASK", "TASK", "MILESTONE", "LEVEL_OF_EFFORT"]);
            let who = self.runner();
            let task = json!({ "key": key, "title": key, "projectKey": project, "kind": kind });
            if self.ask(who, "taskCreate", task).await.is_some() {
                self.tasks.push((key, at));
            }
            return;
        }
        let (key, at) = self.chance.one_of(&self.tasks).clone();
        let who = self.runner();
        match what {
            "work" => {
                let patch = match self.chance.below(4) {
                    0 => json!({ "actualStartOn": self.day(30, 0) }),
                    1 => json!({ "actualFinishOn": self.day(20, 0) }),
                    2 => json!({ "actualFinishOn": null }),
                    _ => json!({ "percentComplete": format!("0.{}", self.chance.below(10)) }),
                };
                self.ask(who, "taskUpdate", with(by_key(&key), json!({ "patch": patch }))).await;
            }
            "baseline" => self.baseline(at).await,
            "measurement" => {
                let on = self.day(40, 0);
                let said = if self.is_so(3) {
                    json!({ "measuredEarnedValue": money(&self.amount(), self.projects[at].1) })
                } else {
                    json!({ "percentComplete": format!("0.{:09}", self.chance.below(1_000_000_000)) })
                };
                let measured = with(json!({ "taskKey": key, "statusOn": on }), said);
                self.ask(Who::Lead, "progressMeasurementCreate", measured).await;
            }
            _ => {
                let Some(id) = self.recent("progressMeasurementCreate") else { return };
                let mutation = *self.chance.one_of(&["progressMeasurementArchive", "progressMeasurementUnarchive"]);
                self.ask(Who::Lead, mutation, by_id(&id)).await;
            }
        }
    }

    /// A baseline of all tasks of a project, some with increments, handed in and mostly approved.
    async fn baseline(&mut self, at: usize) {
        let (project, currency) = self.projects[at].clone();
        let Some(id) = self.ask(Who::Lead, "baselineCreate", json!({ "projectKey": project })).await else { return };
        let tasks: Vec<String> = self.tasks.iter().filter(|(_, of)| *of == at).map(|(key, _)| key.clone()).collect();
        for task in tasks {
            let (start, days, whole) = (self.day(50, 10), self.chance.below(90) as u64, self.chance.below(90_000));
            let finish = start + Days::new(days);
            let item = json!({ "baselineId": id, "taskKey": task, "startOn": start, "finishOn": finish, "cost": money(&format!("{whole}.0007"), currency) });
            let Some(item) = self.ask(Who::Lead, "baselineItemCreate", item).await else { continue };
            if days > 1 && self.is_so(2) {
                for (end, planned) in [(start, whole.to_string()), (finish, "0.0007".to_owned())] {
                    let value =
                        json!({ "baselineItemId": item, "endOn": end, "plannedValue": money(&planned, currency) });
                    self.ask(Who::Lead, "baselinePeriodValueCreate", value).await;
                }
            }
        }
        self.ask(Who::Lead, "baselineSubmit", by_id(&id)).await;
        if !self.is_so(5) {
            self.ask(Who::Other, "baselineApprove", by_id(&id)).await;
        }
    }

    pub(super) async fn raid(&mut self, what: &str) {
        let (key, currency) = self.project();
        match what {
            "risk" => {
                let kind = *self.chance.one_of(&["THREAT", "THREAT", "OPPORTUNITY"]);
                let level = *self.chance.one_of(&["LOW", "HIGH", "VERY_HIGH"]);
                let chance = format!("0.{:03}", self.chance.below(1_000));
                let risk = json!({ "itemKey": key, "title": "It breaks", "kind": kind, "probability": chance, "impactLevel": level,
                    "impactCost": money(&self.amount(), currency), "identifiedOn": self.day(40, 0) });
                self.ask(Who::Lead, "riskCreate", risk).await;
            }
            "risk life" => {
                let Some(id) = self.recent("riskCreate") else { return };
                let to = *self.chance.one_of(&["ASSESSED", "TREATED", "CLOSED", "OCCURRED"]);
                match self.chance.below(5) {
                    0 => drop(self.ask(Who::Lead, "riskArchive", by_id(&id)).await),
                    1 => drop(self.ask(Who::Lead, "riskUnarchive", by_id(&id)).await),
                    2 => {
                        let patch = json!({ "patch": { "probability": format!("0.{:02}", self.chance.below(100)) } });
                        self.ask(Who::Lead, "riskUpdate", with(by_id(&id), patch)).await;
                    }
                    _ => drop(self.ask(Who::Lead, "riskStateAdvance", with(by_id(&id), json!({ "to": to }))).await),
                }
            }
            "response" => {
                let Some(risk) = self.recent("riskCreate") else { return };
                let strategy = *self.chance.one_of(&["REDUCE", "AVOID", "ENHANCE"]);
                let response =
                    json!({ "riskId": risk, "title": "Buy another", "strategy": strategy, "dueOn": self.day(10, 10) });
                self.ask(Who::Lead, "riskResponseCreate", response).await;
                let Some(id) = self.recent("riskResponseCreate") else { return };
                let to = *self.chance.one_of(&["ACTIVE", "ACTIVE", "COMPLETED", "CANCELLED"]);
                self.ask(Who::Lead, "riskResponseStateAdvance", with(by_id(&id), json!({ "to": to }))).await;
            }
            "issue" => {
                let issue = json!({ "itemKey": key, "title": "It broke", "severity": "HIGH", "ownerKey": "lena.schmid", "resolution": "Mended.", "raisedOn": self.day(20, 0), "dueOn": self.day(0, 15) });
                self.ask(Who::Lead, "issueCreate", issue).await;
            }
            _ => {
                let Some(id) = self.recent("issueCreate") else { return };
                let to = *self.chance.one_of(&["IN_PROGRESS", "RESOLVED", "RESOLVED", "CLOSED", "OPEN"]);
                self.ask(Who::Lead, "issueStateAdvance", with(by_id(&id), json!({ "to": to }))).await;
                if self.is_so(4) {
                    self.ask(Who::Lead, "issueArchive", by_id(&id)).await;
                }
            }
        }
    }

    pub(super) async fn benefit(&mut self, what: &str) {
        let (key, currency) = self.project();
        match what {
            "benefit" => {
                let polarity = *self.chance.one_of(&["BENEFIT", "BENEFIT", "DISBENEFIT"]);
                // The plan comes to the amount.
                let (early, late) = (1 + self.chance.below(50_000), 1 + self.chance.below(50_000));
                let benefit = json!({ "key": self.key("S-B"), "itemKey": key, "title": "Less paper", "kind": "FINANCIAL_CASHABLE", "polarity": polarity,
                    "ownerKey": "nina.petrova", "amount": money(&(early + late).to_string(), currency) });
                let Some(id) = self.ask(Who::Lead, "benefitCreate", benefit).await else { return };
                let (from, to) = if polarity == "BENEFIT" { ("5", "2") } else { ("2", "5") };
                let measure = json!({ "key": self.key("S-M"), "benefitId": id, "title": "Sheets", "unit": "sheets", "direction": "DOWN", "frequency": "MONTHLY",
                    "firstDueOn": self.day(10, 20), "baselineValue": from, "baselineOn": "2025-12-01", "targetValue": to, "targetOn": "2027-01-31" });
                let measure = if polarity == "BENEFIT" { measure } else { with(measure, json!({ "direction": "UP" })) };
                if let Some(id) = self.ask(Who::Lead, "benefitMeasureCreate", measure).await {
                    self.measures.push((id, currency));
                }
                for (part, from) in [(early, 2), (late, 12)] {
                    let period = format!("S-{}", from + self.chance.below(10));
                    let point =
                        json!({ "benefitId": id, "periodKey": period, "amount": money(&part.to_string(), currency) });
                    self.ask(Who::Lead, "benefitPlanPointCreate", point).await;
                }
                let (helper, _) = self.project();
                if self.is_so(2) {
                    let part = json!({ "benefitId": id, "contributorKey": helper, "share": "0.333333333" });
                    self.ask(Who::Lead, "benefitContributionCreate", part).await;
                }
                for to in ["PROFILED", "APPROVED"] {
                    self.ask(Who::Lead, "benefitStateAdvance", with(by_id(&id), json!({ "to": to }))).await;
                }
            }
            "benefit had" => {
                if self.measures.is_empty() {
                    return;
                }
                let from = self.measures.len().saturating_sub(5);
                let (measure, currency) = self.chance.one_of(&self.measures[from..]).clone();
                let had = json!({ "measureId": measure, "measuredOn": self.day(15, 0), "value": format!("{}", self.chance.below(6)), "amount": money(&self.amount(), currency) });
                self.ask(Who::Lead, "benefitActualCreate", had).await;
                if self.is_so(3) {
                    let Some(id) = self.recent("benefitActualCreate") else { return };
                    let why = json!({ "note": "Whose?" });
                    self.ask(Who::Money, "benefitActualReturn", with(by_id(&id), why)).await;
                }
            }
            _ => {
                let Some(id) = self.recent("benefitCreate") else { return };
                let to =
                    *self.chance.one_of(&["ENABLED", "ENABLED", "REALIZING", "REALIZED", "NOT_REALIZED", "WITHDRAWN"]);
                self.ask(Who::Lead, "benefitStateAdvance", with(by_id(&id), json!({ "to": to }))).await;
                let review =
                    json!({ "benefitId": id, "heldOn": self.day(5, 0), "finding": "Less", "recommendation": "ADJUST" });
                if let Some(review) = self.ask(Who::Lead, "benefitReviewCreate", review).await {
                    self.ask(Who::Lead, "benefitReviewPublish", by_id(&review)).await;
                }
            }
        }
    }

    pub(super) async fn judge(&mut self, what: &str) {
        let (key, _) = self.project();
        match what {
            "report" => {
                let report = json!({ "itemKey": key, "periodEndOn": self.day(30, 0) });
                let Some(id) = self.ask(Who::Manager, "statusReportCreate", report).await else { return };
                let declared = *self.chance.one_of(&["GREEN", "AMBER", "RED"]);
                let rating = json!({ "reportId": id, "dimension": "OVERALL", "declared": declared });
                self.ask(Who::Manager, "ragAssessmentCreate", rating).await;
                self.ask(Who::Manager, "statusReportSubmit", by_id(&id)).await;
                self.ask(Who::Lead, "statusReportPublish", by_id(&id)).await;
            }
            "contribution" => {
                let part = json!({ "itemKey": key, "objectiveKey": "S", "share": format!("0.{}", 1 + self.chance.below(9)), "validToOn": self.day(0, 20) });
                self.ask(Who::Lead, "objectiveContributionCreate", part).await;
            }
            _ => {
                let (green, amber) = (90 + self.chance.below(20), 60 + self.chance.below(20));
                let item = if self.is_so(2) { self.above().to_owned() } else { key };
                let bounds = json!({ "itemKey": item, "kpiKey": "EV_CPI", "validFromOn": self.day(10, 2), "greenFrom": format!("{}.{:02}", green / 100, green % 100), "amberFrom": format!("0.{amber}") });
                self.ask(Who::Lead, "kpiThresholdCreate", bounds).await;
            }
        }
    }
}

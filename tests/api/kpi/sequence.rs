//! Whatever is written, in whatever order, with days going by: the ledger is what the facts say, and what is stored is what
//! is computed. Chance with a seed chooses the writes; what a rule refuses leaves everything as it was.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use entity::{kpi_definition, kpi_value, portfolio_item};
use foliograph::{auth::Role, clock::Clock as _};
use rust_decimal::Decimal;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};

use super::{
    derive,
    recomputed::{Base, ledger},
};
use crate::support::{
    World,
    client::Client,
    settings,
    writes::{Chance, begin_bare, change, faults},
};

/// Steps of the usual form and of the long one, and after how many all is compared.
const STEPS: (usize, usize) = (110, 2_500);
const COMPARED: usize = 22;

/// Portfolios and programs, each with its kind, parent and currency.
const ABOVE: [(&str, &str, Option<&str>, &str); 4] = [
    ("S-A", "portfolio", None, "CHF"),
    ("S-B", "portfolio", Some("S-A"), "EUR"),
    ("S-G", "program", Some("S-A"), "CHF"),
    ("S-C", "portfolio", None, "USD"),
];
/// Currencies of projects; the last one has no rate.
const CURRENCIES: [&str; 5] = ["CHF", "CHF", "EUR", "USD", "JPY"];

/// What may happen, each as often as it stands here.
const HAPPENINGS: [&str; 48] = [
    "project",
    "steer",
    "move",
    "archive",
    "advance",
    "classify",
    "budget",
    "budget",
    "budget life",
    "cost plan",
    "commitment",
    "commitment life",
    "actual",
    "actual",
    "actual",
    "actual",
    "reverse",
    "forecast",
    "forecast",
    "task",
    "task",
    "work",
    "work",
    "baseline",
    "baseline",
    "baseline",
    "measurement",
    "measurement",
    "measurement",
    "measured again",
    "risk",
    "risk",
    "risk life",
    "risk life",
    "response",
    "issue",
    "issue life",
    "benefit",
    "benefit had",
    "benefit life",
    "rate",
    "rate",
    "period",
    "report",
    "contribution",
    "threshold",
    "day",
    "days",
];

/// Who writes.
#[derive(Debug, Clone, Copy)]
enum Who {
    Lead,
    Other,
    Money,
    Manager,
}

/// A run: who writes, what there is, and what became of it.
struct Run<'w> {
    world: &'w World,
    db: DatabaseConnection,
    clients: [Client; 4],
    chance: Chance,
    count: usize,
    /// Projects with their currencies, tasks with their projects.
    projects: Vec<(String, &'static str)>,
    tasks: Vec<(String, usize)>,
    /// Ids of what was made, by mutation.
    made: HashMap<String, Vec<String>>,
    /// How often each mutation was done and refused.
    told: BTreeMap<String, (usize, usize)>,
    history: Vec<String>,
}

async fn clients(world: &World) -> [Client; 4] {
    [
        world.client_as("anna.keller", &[Role::PmoLead]).await,
        world.client_as("claire.moreau", &[Role::PmoLead]).await,
        world.client_as("stefan.brunner", &[Role::Finance]).await,
        world.client_as("marc.dubois", &[Role::ProjectManager]).await,
    ]
}

fn by_id(id: &str) -> Value {
    json!({ "id": id, "ifVersion": "*" })
}

fn by_key(key: &str) -> Value {
    json!({ "ref": { "key": key }, "ifVersion": "*" })
}

#[allow(clippy::needless_pass_by_value)] // made where it is said
fn with(mut object: Value, more: Value) -> Value {
    object.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    object
}

fn money(amount: &str, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}

/// A decimal of the API or of the tables as a number.
fn number(text: Option<&str>) -> Option<Decimal> {
    text.map(|text| text.parse().expect("a decimal"))
}

impl<'w> Run<'w> {
    async fn begin(world: &'w World, seed: u64) -> Self {
        let (db, _) = begin_bare(world).await;
        let mut run = Self {
            world,
            db,
            clients: clients(world).await,
            chance: Chance::new(seed),
            count: 0,
            projects: vec![],
            tasks: vec![],
            made: HashMap::new(),
            told: BTreeMap::new(),
            history: vec![],
        };
        run.set_up().await;
        run
    }

    /// What there must be before anything can happen.
    async fn set_up(&mut self) {
        self.must(Who::Money, "fiscalCalendarCreate", json!({ "key": "S", "name": "S" })).await;
        for month in 0..30 {
            let start = NaiveDate::from_ymd_opt(2025, 10, 1).expect("a day") + chrono::Months::new(month);
            let end = start + chrono::Months::new(1) - Days::new(1);
            let period = json!({ "key": format!("S-{month}"), "name": start.to_string(), "calendarKey": "S", "kind": "MONTH", "startOn": start, "endOn": end });
            self.must(Who::Money, "fiscalPeriodCreate", period).await;
        }
        let category = json!({ "key": "HW", "name": "Hardware", "isCapexAllowed": true });
        self.must(Who::Money, "costCategoryCreate", category).await;
        let set = json!({ "key": "S", "name": "S", "rateType": "BUDGET", "isDefault": true });
        self.must(Who::Money, "fxRateSetCreate", set).await;
        for (from, to, rate) in
            [("EUR", "CHF", "0.95"), ("USD", "CHF", "0.88"), ("CHF", "EUR", "1.05"), ("USD", "EUR", "0.9")]
        {
            let rate = json!({ "rateSetKey": "S", "fromCurrency": from, "toCurrency": to, "rate": rate, "validFromOn": "2025-01-01" });
            self.must(Who::Money, "fxRateCreate", rate).await;
        }
        for (key, kind, parent, currency) in ABOVE {
            let input = json!({ "key": key, "name": key, "baseCurrency": currency, "parentKey": parent });
            self.must(Who::Lead, &format!("{kind}Create"), input).await;
        }
        self.must(Who::Lead, "strategicObjectiveCreate", json!({ "key": "S", "title": "Grow" })).await;
        for _ in 0..4 {
            self.happen("project").await;
        }
    }

    async fn must(&mut self, who: Who, mutation: &str, input: Value) {
        let told = change(&self.clients[who as usize], mutation, input).await;
        assert_eq!(faults(&told), Vec::<String>::new(), "{mutation}: {told}");
    }

    /// Asks for a mutation. Its row's id, unless a rule refuses it.
    async fn ask(&mut self, who: Who, mutation: &str, input: Value) -> Option<String> {
        let line = format!("{who:?} {mutation} {input}");
        let told = change(&self.clients[who as usize], mutation, input).await;
        let faults = faults(&told);
        self.history.push(format!("{line} {faults:?}"));
        let count = self.told.entry(mutation.to_owned()).or_default();
        if faults.is_empty() {
            count.0 += 1;
        } else {
            count.1 += 1;
            return None;
        }
        let row = told.as_object()?.values().find(|v| v.get("id").is_some())?;
        let id = row["id"].as_str()?.to_owned();
        if mutation.ends_with("Create") {
            self.made.entry(mutation.to_owned()).or_default().push(id.clone());
        }
        Some(id)
    }

    fn today(&self) -> NaiveDate {
        self.world.clock.today()
    }

    /// A day at most so many before today, and so many after.
    fn day(&mut self, before: u64, after: u64) -> NaiveDate {
        let span = usize::try_from(before + after + 1).expect("few");
        self.today() - Days::new(before) + Days::new(self.chance.below(span) as u64)
    }

    fn amount(&mut self) -> String {
        format!("{}.{:04}", 1 + self.chance.below(90_000), self.chance.below(10_000))
    }

    fn is_so(&mut self, one_in: usize) -> bool {
        self.chance.below(one_in) == 0
    }

    fn key(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}-{}", self.count)
    }

    fn project(&mut self) -> (String, &'static str) {
        self.chance.one_of(&self.projects).clone()
    }

    fn above(&mut self) -> &'static str {
        self.chance.one_of(&ABOVE).0
    }

    /// One of those that a mutation made.
    fn one(&mut self, mutation: &str) -> Option<String> {
        let ids = self.made.get(mutation).filter(|ids| !ids.is_empty())?;
        Some(self.chance.one_of(ids).clone())
    }

    /// One of the last that a mutation made.
    fn recent(&mut self, mutation: &str) -> Option<String> {
        let ids = self.made.get(mutation).filter(|ids| !ids.is_empty())?;
        let from = ids.len().saturating_sub(5);
        Some(self.chance.one_of(&ids[from..]).clone())
    }

    /// Who runs work: the manager of every other project does it as often as the office.
    fn runner(&mut self) -> Who {
        if self.is_so(2) { Who::Manager } else { Who::Lead }
    }

    fn month(&mut self) -> String {
        format!("S-{}", 2 + self.chance.below(20))
    }

    async fn happen(&mut self, what: &str) {
        match what {
            "project" | "steer" | "move" | "archive" | "advance" | "classify" => self.item(what).await,
            "budget" | "budget life" | "cost plan" | "forecast" | "period" | "rate" => self.plan(what).await,
            "commitment" | "commitment life" | "actual" | "reverse" => self.money(what).await,
            "task" | "work" | "baseline" | "measurement" | "measured again" => self.work(what).await,
            "risk" | "risk life" | "response" | "issue" | "issue life" => self.raid(what).await,
            "benefit" | "benefit had" | "benefit life" => self.benefit(what).await,
            "report" | "contribution" | "threshold" => self.judge(what).await,
            _ => {
                let days = if what == "day" { 1 } else { 2 + self.chance.below(8) };
                self.world.clock.advance_seconds(86_400 * i64::try_from(days).expect("few"));
                self.clients = clients(self.world).await;
                self.history.push(format!("{days} days go by"));
            }
        }
    }

    async fn item(&mut self, what: &str) {
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
                let to = *self.chance.one_of(&["NORMAL", "CONFIDENTIAL"]);
                let set = with(by_key(&key), json!({ "confidentiality": to }));
                self.ask(Who::Lead, "projectConfidentialitySet", set).await;
            }
        }
    }

    /// Some things that need no further ones.
    async fn happen_some(&mut self, count: usize) {
        for _ in 0..count {
            let what = *self.chance.one_of(&["actual", "budget", "measurement", "risk"]);
            Box::pin(self.happen(what)).await;
        }
    }

    async fn plan(&mut self, what: &str) {
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

    async fn money(&mut self, what: &str) {
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

    async fn work(&mut self, what: &str) {
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

    async fn raid(&mut self, what: &str) {
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
                let issue = json!({ "itemKey": key, "title": "It broke", "severity": "HIGH", "raisedOn": self.day(20, 0), "dueOn": self.day(0, 15) });
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

    async fn benefit(&mut self, what: &str) {
        let (key, currency) = self.project();
        match what {
            "benefit" => {
                let polarity = *self.chance.one_of(&["BENEFIT", "BENEFIT", "DISBENEFIT"]);
                let benefit = json!({ "key": self.key("S-B"), "itemKey": key, "title": "Less paper", "kind": "FINANCIAL_CASHABLE", "polarity": polarity,
                    "ownerKey": "nina.petrova", "amount": money(&self.amount(), currency) });
                let Some(id) = self.ask(Who::Lead, "benefitCreate", benefit).await else { return };
                let (from, to) = if polarity == "BENEFIT" { ("5", "2") } else { ("2", "5") };
                let measure = json!({ "key": self.key("S-M"), "benefitId": id, "title": "Sheets", "unit": "sheets", "direction": "DOWN", "frequency": "MONTHLY",
                    "firstDueOn": self.day(10, 20), "baselineValue": from, "baselineOn": "2025-12-01", "targetValue": to, "targetOn": "2027-01-31" });
                let measure = if polarity == "BENEFIT" { measure } else { with(measure, json!({ "direction": "UP" })) };
                self.ask(Who::Lead, "benefitMeasureCreate", measure).await;
                for _ in 0..2 {
                    let point = json!({ "benefitId": id, "periodKey": self.month(), "amount": money(&self.amount(), currency) });
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
                let Some(measure) = self.recent("benefitMeasureCreate") else { return };
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

    async fn judge(&mut self, what: &str) {
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

    /// What happened last, for whoever must find out why.
    fn tale(&self) -> String {
        let from = self.history.len().saturating_sub(60);
        self.history[from..].join("\n")
    }

    /// The ledger is what the facts say: by the product's own account, and made again here for some measures and days.
    async fn compare_ledger(&self) {
        let asked = "{ verifyRollup { isExact differences { measure amount source { __typename id } item { key } } } }";
        let found = self.clients[0].query(asked).await.data()["verifyRollup"].clone();
        assert_eq!(found, json!({ "isExact": true, "differences": [] }), "{}", self.tale());
        let base = Base::read(&self.db).await;
        let today = self.today();
        for day in [today - Days::new(45), today - Days::new(7), today, today + Days::new(90)] {
            let (due, known) = (base.sums(day), ledger(&self.db, day).await);
            let apart: Vec<_> = due.keys().chain(known.keys()).filter(|key| due.get(*key) != known.get(*key)).collect();
            assert!(apart.is_empty(), "{day}: {apart:?}\n{due:#?}\n{known:#?}\n{}", self.tale());
        }
        self.compare_figures(&base, today).await;
    }

    /// Figures of what stands above are sums over what is below, each at the rate of its day.
    async fn compare_figures(&self, base: &Base, day: NaiveDate) {
        let items = portfolio_item::Entity::find().all(&self.db).await.expect("items");
        for (key, kind, ..) in ABOVE {
            let scope = items.iter().find(|item| item.key == key).expect("an item").id;
            let asked = format!(
                "{{ {kind}(by: {{ key: \"{key}\" }}) {{ kpis(keys: [\"EV_AC\", \"EV_PV\", \"EV_EV\"]) {{ value nullReason }} }} }}"
            );
            let told = self.clients[0].query(&asked).await.data()[kind]["kpis"].clone();
            for (at, measure) in ["AC", "PV", "EV"].into_iter().enumerate() {
                let (value, reason) = (number(told[at]["value"].as_str()), told[at]["nullReason"].as_str());
                let due = base.rolled_up(scope, measure, day);
                let is_right = match (due, reason) {
                    (None, Some(reason)) => reason.starts_with("MISSING_RATE"),
                    // Without a baseline nothing is planned or earned.
                    (Some(due), Some(reason)) => {
                        due.is_zero() && reason.starts_with("MISSING_INPUT") || reason == "NO_ITEMS"
                    }
                    (due, None) => due.map(|due| due.round_dp(4)) == value,
                };
                assert!(is_right, "{key} {measure}: {due:?} {}\n{}", told[at], self.tale());
            }
        }
    }

    /// What is stored is what is computed.
    async fn compare_stored(&self) {
        let keys: HashMap<_, _> = kpi_definition::Entity::find()
            .all(&self.db)
            .await
            .expect("kpis")
            .into_iter()
            .map(|kpi| (kpi.id, kpi.key))
            .collect();
        let items: HashMap<_, _> = portfolio_item::Entity::find()
            .all(&self.db)
            .await
            .expect("items")
            .into_iter()
            .map(|item| (item.id, item.key))
            .collect();
        let stored = kpi_value::Entity::find().all(&self.db).await.expect("values");
        let stored: HashMap<(&str, &str), &kpi_value::Model> =
            stored.iter().map(|row| ((items[&row.item_id].as_str(), keys[&row.kpi_id].as_str()), row)).collect();
        let asked = "{ portfolioItems(first: 1000, filter: { key: { startsWith: \"S-\" } }) { nodes { key kpis { kpi { key } value status nullReason numerator denominator unit coverage { included excludedNull } } } } }";
        let told = self.clients[0].query(asked).await.data()["portfolioItems"]["nodes"].clone();
        let mut compared = 0;
        for item in told.as_array().expect("items") {
            for value in item["kpis"].as_array().expect("values") {
                let place = (item["key"].as_str().expect("a key"), value["kpi"]["key"].as_str().expect("a key"));
                let Some(row) = stored.get(&place) else {
                    // What never had a value has none yet.
                    assert_eq!(value["value"], Value::Null, "{place:?}\n{}", self.tale());
                    continue;
                };
                let scale = if ["RATIO", "COUNT", "DAYS", "MONTHS", "YEARS", "NUMBER"].contains(&row.unit.as_str()) {
                    9
                } else {
                    4
                };
                let known = (
                    row.value.map(|value| Decimal::from_i128_with_scale(value.into(), scale)),
                    number(row.numerator.as_deref()),
                    number(row.denominator.as_deref()),
                    row.status.as_deref(),
                    row.null_reason.as_deref(),
                    row.unit.as_str(),
                    row.included_count,
                    row.excluded_null_count,
                );
                let count =
                    |member: &str| i32::try_from(value["coverage"][member].as_i64().expect("a count")).expect("few");
                let computed = (
                    number(value["value"].as_str()),
                    number(value["numerator"].as_str()),
                    number(value["denominator"].as_str()),
                    value["status"].as_str(),
                    value["nullReason"].as_str(),
                    value["unit"].as_str().expect("a unit"),
                    count("included"),
                    count("excludedNull"),
                );
                assert_eq!(known, computed, "{place:?} stored, computed\n{}", self.tale());
                compared += 1;
            }
        }
        assert!(compared > 50, "{compared}");
    }
}

/// Lets things happen, and compares now and then.
async fn play(world: &World, seed: u64, steps: usize) -> BTreeMap<String, (usize, usize)> {
    let mut run = Run::begin(world, seed).await;
    for step in 1..=steps {
        let what = *run.chance.one_of(&HAPPENINGS);
        run.happen(what).await;
        if run.is_so(7) {
            derive(world).await;
        }
        if step % COMPARED == 0 || step == steps {
            run.compare_ledger().await;
            derive(world).await;
            run.compare_stored().await;
        }
    }
    run.told
}

tests! {
    async fn after_any_writes_the_ledger_and_what_is_stored_are_what_the_facts_say(world: &World) {
        let (steps, seed) = if settings::is_long() { (STEPS.1, 7) } else { (STEPS.0, 3) };
        let told = play(world, seed, steps).await;
        let (done, refused) = told.values().fold((0, 0), |(done, refused), one| (done + one.0, refused + one.1));
        assert!(done > refused, "{told:#?}");
        if settings::is_long() {
            let never: Vec<_> = told.iter().filter(|(_, (done, _))| *done == 0).collect();
            assert!(never.is_empty(), "{never:?} of {told:#?}");
        }
    }
}

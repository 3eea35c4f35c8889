//! Whatever is written, in whatever order, with days going by: the ledger is what the facts say, and what is stored is what
//! is computed. Chance with a seed chooses the writes; what a rule refuses leaves everything as it was.

mod compare;
mod money;
mod work;

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use foliograph::{auth::Role, clock::Clock as _};
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use super::derive;
use crate::support::{
    World,
    client::Client,
    settings,
    writes::{Chance, begin_bare, change, faults},
};

/// Steps of the usual form and of the long one, and after how many all is compared.
const STEPS: (usize, usize) = (110, 1_500);
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

/// What became of each mutation.
type Told = BTreeMap<String, (usize, usize, String)>;

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
    /// Measures of benefits with their currencies.
    measures: Vec<(String, &'static str)>,
    /// How often each mutation was done and refused, and why it was last.
    told: Told,
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
            measures: vec![],
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
            (count.1, count.2) = (count.1 + 1, faults.join("; "));
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

    /// Some things that need no further ones.
    async fn happen_some(&mut self, count: usize) {
        for _ in 0..count {
            let what = *self.chance.one_of(&["actual", "budget", "measurement", "risk"]);
            Box::pin(self.happen(what)).await;
        }
    }

    /// What happened last, for whoever must find out why.
    fn tale(&self) -> String {
        let from = self.history.len().saturating_sub(60);
        self.history[from..].join("\n")
    }
}

/// Lets things happen, and compares now and then.
async fn play(world: &World, seed: u64, steps: usize) -> Told {
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
            let never: Vec<_> = told.iter().filter(|(_, (done, ..))| *done == 0).collect();
            assert!(never.is_empty(), "{never:?} of {told:#?}");
        }
    }
}

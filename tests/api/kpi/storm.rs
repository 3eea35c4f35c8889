//! The whole way from many writers to many followers of KPIs while servers die: each is told exactly what her rights allow,
//! nothing twice, figure by figure in order, and never anything of another.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::Duration;
use foliograph::{
    auth::Role,
    clock::{FixedClock, SystemClock},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use self::due::Tables;
use super::{done, score};
use crate::support::{
    fleet::{Carrier, Fleet, Followed, Follower, Servers, now, post},
    process::Process,
    product, settings,
    world::{Kind, noon},
    writes::{Chance, begin, document, request_key, sql},
};

mod due;

const FOLLOW: &str = "subscription($filter: KpiFilter, $after: Cursor) { kpiChanged(filter: $filter, after: $after) { \
    __typename ... on KpiChangeEvent { cursor at previous previousStatus \
    kpi { value status kpi { key } scope { ... on PortfolioItem { key } } } } ... on StreamReset { reason } } }";
const AT_REST: &str = "query($kpis: [String!]) { portfolioItems(first: 100) { nodes { key kpis(keys: $kpis) { value status kpi { key } } } } }";
/// A sum, what scripts post, and a ratio of both, which needs two rights.
const KPIS: [&str; 3] = ["EV_AC", "SCORE", "POINT_COST"];
/// A KPI that everybody reads, on a project that everybody sees: its values say where the storm begins and ends.
const MARK: &str = "MARK";
const MARKED: &str = "PR-009";
/// Projects under several managers, sponsors, programs and portfolios, with the currency of their portfolio.
const OPEN: [(&str, &str); 9] = [
    ("PR-014", "CHF"),
    ("PR-016", "CHF"),
    ("PR-020", "CHF"),
    ("PR-021", "CHF"),
    ("PR-035", "CHF"),
    ("PR-001", "EUR"),
    ("PR-006", "EUR"),
    ("PR-009", "EUR"),
    ("PR-047", "EUR"),
];
/// Confidential ones, with their managers, who count money here too: nobody else may post it.
const APART: [(&str, &str, &str); 2] = [("PR-034", "CHF", "george.mensah"), ("PR-048", "EUR", "marc.dubois")];
const WRITERS: usize = 8;

tests! {
    async fn each_is_told_what_her_rights_allow_once_and_in_order_while_servers_die(world: &World) {
        let (db, lead) = begin(world).await;
        // What is left needs no exchange rate.
        let foreign = "DELETE FROM actual WHERE currency <> (SELECT p.base_currency FROM portfolio_item i \
            JOIN portfolio_item p ON p.id = i.portfolio_id WHERE i.id = actual.item_id)";
        sql(&db, foreign).await;
        // At an instant of its own: a clock that stands counts its ids from one.
        product::settle(&world.database().await, FixedClock::at(noon() - Duration::minutes(5))).await;
        let own = |key: &str, kind: &str| json!({
            "key": key, "name": key, "description": "Of the storm.", "kind": kind, "unit": "NUMBER", "direction": "NONE",
        });
        let mut mark = own(MARK, "POSTED");
        mark["classes"] = json!(["BASIC"]);
        done(&lead, "kpiDefinitionCreate", mark).await;
        let long = settings::is_long();
        let mut fleet = Fleet::serve(world, if world.kind == Kind::Postgres { 3 } else { 1 }).await;
        // What the new day made different is told before this, and what comes now after it. The other KPIs of users have
        // their first values in the storm.
        let mut marker = Marker::new(&fleet).await;
        marker.set(1).await;
        score(&lead).await;
        let mut cost = own("POINT_COST", "FORMULA");
        cost["formula"] = json!("AC / SCORE");
        done(&lead, "kpiDefinitionCreate", cost).await;
        marker.set(2).await;
        let mut following = vec![];
        for (number, member) in cast(if long { 8 } else { 1 }).into_iter().enumerate() {
            let token = Process::token(&member.subject, member.role);
            let follower = Follower {
                after: now(fleet.first(), &token).await,
                token,
                document: FOLLOW,
                variables: json!({ "filter": { "kpis": member.kpis() } }),
                carrier: if number % 3 == 0 { Carrier::Events } else { Carrier::Socket },
                chance: Chance::new(number as u64 + 1),
                servers: fleet.servers(),
            };
            following.push((member, tokio::spawn(follower.follow(|event| is_mark(event, 9)))));
        }

        let form = if long { Form { bulks: 180, of: 50, single: 500, posted: 500 } } else { Form { bulks: 6, of: 40, single: 20, posted: 20 } };
        let (writes, total) = form.writes();
        let written = Arc::new(watch::Sender::new(0_usize));
        let began = std::time::Instant::now();
        let writing: Vec<_> = writes.into_iter().enumerate().map(|(writer, writes)| {
            tokio::spawn(write(writes, fleet.servers(), Chance::new(1_000 + writer as u64), written.clone()))
        }).collect();
        fleet.suffer(world, if long { 10 } else { 2 }, (&written, total)).await;
        for writer in join_all(writing).await {
            writer.expect("a writer that did not panic");
        }
        assert_eq!(*written.borrow(), total);
        let took = began.elapsed();
        marker.set(8).await;
        marker.set(9).await;

        let mut seen = vec![];
        for (member, following) in following {
            seen.push((member, following.await.expect("a follower that did not panic")));
        }
        let tables = Tables::read(&db, (MARK, MARKED, [2, 8])).await;
        tables.derived_once();
        let mut lines: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
        let (mut told, mut connections) = (0, 0);
        for (member, followed) in &seen {
            let eyes = tables.eyes(&member.subject, member.role);
            let key = (member.subject.clone(), member.is_whole);
            let due = lines.entry(key).or_insert_with(|| tables.due(&eyes, (!member.is_whole).then_some(&KPIS[..])));
            told += as_told(member, followed, due, &tables.end());
            connections += followed.connections;
            let last = last_of(followed);
            if eyes.is_of_all() {
                for ((scope, kpi), event) in last.iter().filter(|((_, kpi), _)| KPIS.contains(&kpi.as_str())) {
                    let sum = tables.figure_text(&eyes, kpi, scope);
                    assert_eq!(event["kpi"]["value"].as_str(), sum.as_deref(), "{scope} {kpi}");
                }
            }
        }
        let mut asked = BTreeSet::new();
        for (member, followed) in seen.iter().filter(|(member, _)| !member.is_whole) {
            if asked.insert(if member.subject.starts_with("reader") { member.role.as_str() } else { &member.subject }) {
                at_rest(&fleet, member, followed).await;
            }
        }
        assert!(connections > seen.len() * 2, "{connections} connections of {} followers", seen.len());
        let verify = json!({ "query": "{ verifyRollup { isExact differences { measure } } }" });
        let answer = post(fleet.first(), &Process::token("reader", Role::Auditor), &verify).await.expect("answered");
        assert_eq!(answer["data"]["verifyRollup"], json!({ "isExact": true, "differences": [] }), "{answer:#}");
        println!(
            "{}: {total} rows in {took:.1?}, {} turns, {} figures stored; {told} events to {} followers over {connections} connections, all told after {:.1?}",
            world.kind.name(), tables.turns(), tables.changes(), seen.len(), began.elapsed(),
        );
    }
}

/// Somebody who follows.
struct Member {
    subject: String,
    role: Role,
    /// Whether she follows all KPIs.
    is_whole: bool,
}

impl Member {
    fn kpis(&self) -> Value {
        match self.role {
            _ if self.is_whole => Value::Null,
            // Whoever names what she may read of nothing is refused at the start.
            Role::Analyst => json!(["SCORE", MARK]),
            Role::Finance => json!(["EV_AC", MARK]),
            _ => json!([&KPIS[..], &[MARK]].concat()),
        }
    }
}

/// Twenty-five people, or that times as many.
fn cast(times: usize) -> Vec<Member> {
    let named = [
        ("tomas.varga", Role::ProjectManager),
        ("marc.dubois", Role::ProjectManager),
        ("george.mensah", Role::ProjectManager),
        ("grace.kim", Role::ProjectManager),
        ("martin.hofer", Role::Sponsor),
        ("ingrid.solberg", Role::Sponsor),
        ("daniel.osei", Role::Sponsor),
        ("claire.moreau", Role::Sponsor),
        ("jonas.weber", Role::Analyst),
    ];
    let all = [Role::PmoLead, Role::Auditor, Role::PmoLead, Role::Finance];
    let named = named.into_iter().map(|(subject, role)| Member { subject: subject.to_owned(), role, is_whole: false });
    let named: Vec<Member> = named.collect();
    let mut cast = vec![];
    for time in 0..times {
        cast.extend(named.iter().map(|member| Member { subject: member.subject.clone(), ..*member }));
        cast.extend((0..16).map(|n| Member {
            subject: format!("reader-{}", time * 16 + n),
            role: all[n % all.len()],
            is_whole: n == 0 && time % 2 == 0,
        }));
    }
    cast
}

/// What is written: rows in lists, rows by themselves, posted values.
#[derive(Clone, Copy)]
struct Form {
    bulks: usize,
    of: usize,
    single: usize,
    posted: usize,
}

/// A mutation, and how many rows it writes.
struct Write {
    token: String,
    mutation: &'static str,
    body: Value,
    rows: usize,
}

impl Form {
    /// All writes, dealt to the writers, and how many rows they are.
    fn writes(self) -> (Vec<Vec<Write>>, usize) {
        let mut chance = Chance::new(7);
        let finance = product::token(&SystemClock, "stefan.brunner", &[Role::Finance]);
        let office = product::token(&SystemClock, "anna.keller", &[Role::PmoLead]);
        let mut all = vec![];
        for _ in 0..self.bulks {
            let items: Vec<Value> = (0..self.of).map(|_| spent(*chance.one_of(&OPEN), &mut chance)).collect();
            all.push((finance.clone(), "actualBulkCreate", json!({ "items": items }), self.of));
        }
        for number in 0..self.single {
            let (item, token) = match number % 10 {
                0 => {
                    let (key, currency, manager) = *chance.one_of(&APART);
                    let roles = [Role::Finance, Role::ProjectManager];
                    ((key, currency), product::token(&SystemClock, manager, &roles))
                }
                _ => (*chance.one_of(&OPEN), finance.clone()),
            };
            all.push((token, "actualCreate", spent(item, &mut chance), 1));
        }
        for number in 0..self.posted {
            // Each another one, on both sides of its bounds.
            let value = format!("{}.{number:04}", 1 + chance.below(14));
            all.push((office.clone(), "kpiValueRecord", posted("SCORE", chance.one_of(&OPEN).0, &value), 1));
        }
        let total = all.iter().map(|(.., rows)| rows).sum();
        let mut dealt: Vec<Vec<Write>> = (0..WRITERS).map(|_| vec![]).collect();
        let mut number = 0;
        while !all.is_empty() {
            let (token, mutation, mut input, rows) = all.swap_remove(chance.below(all.len()));
            input["clientMutationKey"] = json!(request_key(1_000 + number as u64));
            let body = json!({ "query": document(mutation), "variables": { "input": input } });
            dealt[number % WRITERS].push(Write { token, mutation, body, rows });
            number += 1;
        }
        (dealt, total)
    }
}

fn spent((item, currency): (&str, &str), chance: &mut Chance) -> Value {
    let amount = format!("{}.{:02}", 1 + chance.below(500), chance.below(100));
    json!({
        "itemKey": item, "occurredOn": "2026-02-10", "calendarKey": "MERIDIAN", "categoryKey": "HARDWARE",
        "source": "NON_LABOR", "amount": { "amount": amount, "currency": currency },
    })
}

fn posted(kpi: &str, item: &str, value: &str) -> Value {
    json!({ "itemKey": item, "kpiKey": kpi, "effectiveOn": "2026-02-01", "value": value })
}

/// Writes, each until it is acknowledged.
async fn write(writes: Vec<Write>, mut servers: Servers, mut chance: Chance, written: Arc<watch::Sender<usize>>) {
    for write in writes {
        servers.done(&mut chance, &write.token, write.mutation, &write.body).await;
        written.send_modify(|rows| *rows += write.rows);
    }
}

/// Posts values of the mark, and sees that they are told: then everything before them was derived.
struct Marker {
    token: String,
    after: String,
    servers: Servers,
}

impl Marker {
    async fn new(fleet: &Fleet) -> Self {
        let token = Process::token("marker", Role::PmoLead);
        let after = now(fleet.first(), &token).await;
        Self { token, after, servers: fleet.servers() }
    }

    async fn set(&mut self, value: u64) {
        let mut input = posted(MARK, MARKED, &value.to_string());
        input["clientMutationKey"] = json!(request_key(value));
        let body = json!({ "query": document("kpiValueRecord"), "variables": { "input": input } });
        let mut chance = Chance::new(value);
        self.servers.done(&mut chance, &self.token, "kpiValueRecord", &body).await;
        let follower = Follower {
            token: self.token.clone(),
            document: FOLLOW,
            variables: json!({ "filter": { "kpis": [MARK] } }),
            after: self.after.clone(),
            carrier: Carrier::Socket,
            chance,
            servers: self.servers.clone(),
        };
        let told = follower.follow(|event| is_mark(event, value)).await;
        text(&told.events[told.events.len() - 1], "/cursor").clone_into(&mut self.after);
    }
}

fn is_mark(event: &Value, value: u64) -> bool {
    text(event, "/kpi/kpi/key") == MARK && text(event, "/kpi/value") == value.to_string()
}

/// A text of an event; a dash where there is none.
fn text<'e>(event: &'e Value, pointer: &str) -> &'e str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}

/// The last value of each figure that was told, by item and KPI.
fn last_of(followed: &Followed) -> BTreeMap<(String, String), &Value> {
    let key = |event| (text(event, "/kpi/scope/key").to_owned(), text(event, "/kpi/kpi/key").to_owned());
    followed.events.iter().map(|event| (key(event), event)).collect()
}

/// That she was told what is due, up to the end. Returns how many events there were.
fn as_told(member: &Member, followed: &Followed, due: &[String], end: &str) -> usize {
    let who = format!("{} {}", member.subject, member.role.as_str());
    let cursors: BTreeSet<&str> = followed.events.iter().map(|event| text(event, "/cursor")).collect();
    assert_eq!(cursors.len(), followed.events.len(), "{who}: no event twice");
    let mut values: BTreeMap<(&str, &str), (&str, &str)> = BTreeMap::new();
    let mut told = vec![];
    for event in &followed.events {
        let (scope, kpi) = (text(event, "/kpi/scope/key"), text(event, "/kpi/kpi/key"));
        let now = (text(event, "/kpi/value"), text(event, "/kpi/status"));
        let before = (text(event, "/previous"), text(event, "/previousStatus"));
        let last = values.insert((scope, kpi), now);
        assert!(last.is_none_or(|last| last == before), "{who}: {scope} {kpi} was {last:?}, told as {before:?}");
        if kpi != MARK && text(event, "/at") <= end {
            told.push(format!("{scope} {kpi} {} {} after {} {}", now.0, now.1, before.0, before.1));
        }
    }
    let same = told.iter().zip(due).take_while(|(told, due)| told == due).count();
    let rest = |lines: &[String]| lines[same..].iter().take(5).cloned().collect::<Vec<_>>();
    assert!(
        told.len() == due.len() && same == due.len(),
        "{who}: {} told, {} due, from {same} on told {:#?} due {:#?}",
        told.len(),
        due.len(),
        rest(&told),
        rest(due)
    );
    assert!(!due.is_empty(), "{who} is told something");
    followed.events.len()
}

/// That what she was told last is what she reads now.
async fn at_rest(fleet: &Fleet, member: &Member, followed: &Followed) {
    let body = json!({ "query": AT_REST, "variables": { "kpis": member.kpis() } });
    let answer = post(fleet.first(), &Process::token(&member.subject, member.role), &body).await.expect("answered");
    let nodes = answer["data"]["portfolioItems"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
    let mut compared = 0;
    let mut last = last_of(followed);
    // The end itself was not told to all of them.
    last.retain(|(_, kpi), _| kpi != MARK);
    for node in nodes {
        for value in node["kpis"].as_array().into_iter().flatten() {
            let key = (text(node, "/key").to_owned(), text(value, "/kpi/key").to_owned());
            if let Some(event) = last.get(&key) {
                let told = (&event["kpi"]["value"], &event["kpi"]["status"]);
                assert_eq!((&value["value"], &value["status"]), told, "{} {key:?}", member.subject);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, last.len(), "{} still sees what she was told", member.subject);
}

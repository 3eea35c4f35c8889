//! Who does the work: a hundred and twenty people and what stands beside them, in their pools, with skills, certificates and
//! days on which they are away.

use chrono::{Datelike, NaiveDate, TimeDelta};
use entity::{certification, certification_held, resource, resource_pool, resource_skill, time_off};
use serde::Deserialize;

use super::shape::{WHOLE, dice, facts, id, instant, roll, who};
use crate::error::Error;

/// Who keeps them, and how many days before the day they were entered.
const KEEPER: (&str, i64) = ("liam.oconnor", -470);

/// Minutes of the longest week, which most pools keep to.
const MOST_OF_A_WEEK: i32 = 60 * 60;

/// Pools, and what is in them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resources {
    pub pools: Vec<resource_pool::Model>,
    pub all: Vec<resource::Model>,
    pub skills: Vec<resource_skill::Model>,
    pub certificates: Vec<certification_held::Model>,
    pub time_off: Vec<time_off::Model>,
}

#[derive(Deserialize)]
struct PoolFact {
    key: String,
    name: String,
    manager: String,
    serves: Option<String>,
    description: String,
}

#[derive(Deserialize)]
struct ResourceFact {
    key: String,
    name: String,
    kind: String,
    unit: String,
    role: Option<String>,
    pool: Option<String>,
    manager: Option<String>,
    calendar: Option<String>,
    location: Option<String>,
    /// In tenths of a full-time person.
    tenths: Option<i64>,
    /// Days from the day.
    from: Option<i64>,
    to: Option<i64>,
    /// `SKILL:level`, apart by spaces.
    skills: Option<String>,
    /// `CERTIFICATE:day of issue`, apart by spaces.
    certificates: Option<String>,
}

impl Resources {
    /// For the day; certificates hold as long as theirs do.
    pub(super) fn new(as_of: NaiveDate, kinds: &[certification::Model]) -> Result<Self, Error> {
        let pools = facts::<PoolFact>(include_str!("resource_pools.csv"))?.into_iter();
        let all = facts::<ResourceFact>(include_str!("resources.csv"))?;
        let people = || all.iter().filter(|fact| fact.kind == "PERSON");
        let away: Vec<time_off::Model> = people().flat_map(|fact| absences(as_of, &fact.key)).collect();
        Ok(Self {
            pools: pools.map(|fact| pool(as_of, fact)).collect(),
            skills: all.iter().flat_map(|fact| skills(as_of, fact)).collect(),
            certificates: all.iter().flat_map(|fact| certificates(as_of, fact, kinds)).collect(),
            time_off: away,
            all: all.iter().map(|fact| resource(as_of, fact)).collect(),
        })
    }
}

/// Whether it is one of those that were given up.
fn is_past(key: &str) -> bool {
    matches!(key, "TYPING" | "typist")
}

fn pool(as_of: NaiveDate, fact: PoolFact) -> resource_pool::Model {
    let (at, by) = (instant(as_of, KEEPER.1), Some(who(KEEPER.0)));
    resource_pool::Model {
        id: id("resource_pool", &fact.key),
        archived_at: is_past(&fact.key).then(|| instant(as_of, -200)),
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        manager_id: Some(who(&fact.manager)),
        serves_id: fact.serves.as_deref().map(|key| id("portfolio_item", key)),
        description: Some(fact.description),
        most_week_minutes: (fact.key != "CHANGE").then_some(MOST_OF_A_WEEK),
        key: fact.key,
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
    }
}

fn resource(as_of: NaiveDate, fact: &ResourceFact) -> resource::Model {
    let (at, by) = (instant(as_of, KEEPER.1), Some(who(KEEPER.0)));
    let day = |days: Option<i64>| days.map(|days| as_of + TimeDelta::days(days));
    let is_old = is_past(&fact.key);
    resource::Model {
        id: id("resource", &fact.key),
        key: fact.key.clone(),
        name: fact.name.clone(),
        name_fold: fact.name.to_lowercase(),
        kind: fact.kind.clone(),
        person_id: (fact.kind == "PERSON").then(|| who(&fact.key)),
        role_id: fact.role.as_ref().map(|role| id("resource_role", role)),
        pool_id: fact.pool.as_ref().map(|pool| id("resource_pool", pool)),
        manager_id: fact.manager.as_ref().map(|manager| who(manager)),
        org_unit_id: Some(id("org_unit", &fact.unit)),
        location: fact.location.clone(),
        fte: fact.tenths.map(|tenths| tenths * WHOLE / 10),
        calendar_id: fact.calendar.as_ref().map(|calendar| id("work_calendar", calendar)),
        employed_from_on: day(fact.from),
        employed_to_on: day(fact.to),
        external_system: is_old.then(|| "HR".to_owned()),
        external_id: is_old.then(|| "7001".to_owned()),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: is_old.then(|| instant(as_of, -200)),
    }
}

/// The parts of `NAME:number NAME:number`.
fn pairs(text: Option<&String>) -> impl Iterator<Item = (&str, i64)> {
    let parts = text.map(String::as_str).unwrap_or_default().split(' ');
    parts.filter_map(|part| part.split_once(':')).map(|(name, number)| (name, number.parse().unwrap_or_default()))
}

fn skills(as_of: NaiveDate, fact: &ResourceFact) -> impl Iterator<Item = resource_skill::Model> {
    let (at, by) = (instant(as_of, KEEPER.1), Some(who(KEEPER.0)));
    let is_old = is_past(&fact.key);
    pairs(fact.skills.as_ref()).map(move |(skill, level)| {
        let name = format!("{}/{skill}", fact.key);
        let is_verified = is_old || dice(&name, 3) > 0;
        resource_skill::Model {
            id: id("resource_skill", &name),
            resource_id: id("resource", &fact.key),
            skill_id: id("skill", skill),
            level: i32::try_from(level).unwrap_or(1),
            verified_by_id: by.filter(|_| is_verified),
            verified_on: is_verified.then(|| as_of - TimeDelta::days(30 + roll(&name, 300))),
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
            archived_at: is_old.then(|| instant(as_of, -200)),
        }
    })
}

fn certificates<'f>(
    as_of: NaiveDate,
    fact: &'f ResourceFact,
    kinds: &'f [certification::Model],
) -> impl Iterator<Item = certification_held::Model> + 'f {
    let (at, by) = (instant(as_of, KEEPER.1), Some(who(KEEPER.0)));
    let is_old = is_past(&fact.key);
    pairs(fact.certificates.as_ref()).map(move |(certificate, days)| {
        let name = format!("{}/{certificate}", fact.key);
        let issued_on = as_of + TimeDelta::days(days);
        let of = id("certification", certificate);
        let months = kinds.iter().find(|kind| kind.id == of).and_then(|kind| kind.valid_months);
        let ends = |months: i32| issued_on + TimeDelta::days(i64::from(months) * 365 / 12);
        certification_held::Model {
            id: id("certification_held", &name),
            resource_id: id("resource", &fact.key),
            certification_id: of,
            issued_on,
            expires_on: months.map(ends),
            reference: (dice(&name, 2) == 0 || is_old)
                .then(|| format!("{certificate}-{}", 100_000 + dice(&name, 900_000))),
            version: 1,
            created_at: at,
            created_by_id: by,
            updated_at: at,
            updated_by_id: by,
            archived_at: is_old.then(|| instant(as_of, -200)),
        }
    })
}

/// Two weeks of leave around the day or after it, and now and then something else.
fn absences(as_of: NaiveDate, key: &str) -> Vec<time_off::Model> {
    let (at, by) = (instant(as_of, -60), Some(who(KEEPER.0)));
    let absence = |what: &str, from: NaiveDate, days: i64, minutes: Option<i32>| time_off::Model {
        id: id("time_off", &format!("{key}/{what}/{from}")),
        resource_id: id("resource", key),
        start_on: from,
        end_on: from + TimeDelta::days(days - 1),
        minutes_per_day: minutes,
        reason: (what != "UNSAID").then(|| what.to_owned()),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: None,
    };
    let monday = |days: i64| {
        let day = as_of + TimeDelta::days(days);
        day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
    };
    let mut all = vec![absence("VACATION", monday(roll(&format!("{key} leave"), 300) - 60), 12, None)];
    match dice(&format!("{key} away"), 6) {
        0 => all.push(absence("SICKNESS", monday(-90) + TimeDelta::days(roll(key, 80)), 3, None)),
        1 => all.push(absence("TRAINING", monday(20 + roll(key, 100)), 2, Some(240))),
        2 => all.push(absence("UNSAID", monday(10 + roll(key, 60)), 1, None)),
        3 if dice(key, 4) == 0 => all.push(absence("PARENTAL", monday(40), 112, None)),
        _ => {}
    }
    if key == "marc.dubois" {
        // A course that was called off.
        let off = absence("TRAINING", monday(-40), 1, Some(120));
        all.push(time_off::Model { archived_at: Some(instant(as_of, -45)), ..off });
    }
    all
}

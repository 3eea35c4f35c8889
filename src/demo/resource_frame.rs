//! What resources are described by: roles, skills, certificates, and the calendars of each country with its holidays.

use chrono::{Datelike, NaiveDate};
use entity::{calendar_exception, certification, resource_role, skill, work_calendar};
use serde::Deserialize;

use super::shape::{facts, id, instant, who};
use crate::error::Error;

/// Who set them up.
const MANAGER: &str = "karin.baumann";
/// Days before the day on which they did.
const FOUNDED: i64 = -490;
/// The calendar that came from a file.
const OUTSIDE: &str = "US";

/// Roles, skills, certificates and calendars.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResourceFrame {
    pub roles: Vec<resource_role::Model>,
    pub skills: Vec<skill::Model>,
    pub certifications: Vec<certification::Model>,
    pub calendars: Vec<work_calendar::Model>,
    pub exceptions: Vec<calendar_exception::Model>,
}

#[derive(Deserialize)]
struct RoleFact {
    key: String,
    name: String,
    description: Option<String>,
}

#[derive(Deserialize)]
struct SkillFact {
    key: String,
    category: String,
    name: String,
    description: Option<String>,
}

#[derive(Deserialize)]
struct CertificationFact {
    key: String,
    issuer: String,
    months: Option<i32>,
    name: String,
    description: Option<String>,
}

#[derive(Deserialize)]
struct CalendarFact {
    key: String,
    base: Option<String>,
    /// Times of Monday to Friday; as in the base if not said.
    week: Option<String>,
    /// `-` for none; as in the base if not said.
    weekend: Option<String>,
    name: String,
    description: String,
}

#[derive(Deserialize)]
struct HolidayFact {
    calendar: String,
    recurrence: String,
    month: i32,
    day: Option<i32>,
    position: Option<String>,
    of: Option<String>,
    name: String,
}

impl ResourceFrame {
    /// For the day.
    pub(super) fn new(as_of: NaiveDate) -> Result<Self, Error> {
        let roles = facts::<RoleFact>(include_str!("resource_roles.csv"))?.into_iter();
        let skills = facts::<SkillFact>(include_str!("skills.csv"))?.into_iter();
        let certifications = facts::<CertificationFact>(include_str!("certifications.csv"))?.into_iter();
        let calendars = facts::<CalendarFact>(include_str!("work_calendars.csv"))?.into_iter();
        let holidays = facts::<HolidayFact>(include_str!("holidays.csv"))?.into_iter();
        Ok(Self {
            roles: roles.map(|fact| role(as_of, fact)).collect(),
            skills: skills.map(|fact| skill(as_of, fact)).collect(),
            certifications: certifications.map(|fact| certification(as_of, fact)).collect(),
            calendars: calendars.map(|fact| calendar(as_of, fact)).collect(),
            exceptions: holidays.map(|fact| holiday(as_of, fact)).chain(of_the_house(as_of)).collect(),
        })
    }
}

fn role(as_of: NaiveDate, fact: RoleFact) -> resource_role::Model {
    let (at, by) = (instant(as_of, FOUNDED), Some(who(MANAGER)));
    resource_role::Model {
        id: id("resource_role", &fact.key),
        archived_at: (fact.key == "FAX").then(|| instant(as_of, -200)),
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        key: fact.key,
        description: fact.description,
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
    }
}

fn skill(as_of: NaiveDate, fact: SkillFact) -> skill::Model {
    let (at, by) = (instant(as_of, FOUNDED), Some(who(MANAGER)));
    skill::Model {
        id: id("skill", &fact.key),
        archived_at: (fact.key == "TELEX").then(|| instant(as_of, -200)),
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        key: fact.key,
        category: Some(fact.category),
        description: fact.description,
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
    }
}

fn certification(as_of: NaiveDate, fact: CertificationFact) -> certification::Model {
    let (at, by) = (instant(as_of, FOUNDED), Some(who(MANAGER)));
    certification::Model {
        id: id("certification", &fact.key),
        archived_at: (fact.key == "PRINCE2-F").then(|| instant(as_of, -200)),
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        key: fact.key,
        issuer: Some(fact.issuer),
        valid_months: fact.months,
        description: fact.description,
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
    }
}

fn calendar(as_of: NaiveDate, fact: CalendarFact) -> work_calendar::Model {
    let (at, by) = (instant(as_of, FOUNDED), Some(who(MANAGER)));
    let weekend = fact.weekend.map(|times| times.trim_start_matches('-').to_owned());
    work_calendar::Model {
        id: id("work_calendar", &fact.key),
        archived_at: (fact.key == "MERIDIAN-42").then(|| instant(as_of, -200)),
        external_system: (fact.key == OUTSIDE).then(|| "MSPDI".to_owned()),
        external_id: (fact.key == OUTSIDE).then(|| "MERIDIAN-PLAN:1".to_owned()),
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        key: fact.key,
        base_id: fact.base.map(|base| id("work_calendar", &base)),
        monday: fact.week.clone(),
        tuesday: fact.week.clone(),
        wednesday: fact.week.clone(),
        thursday: fact.week.clone(),
        friday: fact.week,
        saturday: weekend.clone(),
        sunday: weekend,
        description: Some(fact.description),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
    }
}

fn holiday(as_of: NaiveDate, fact: HolidayFact) -> calendar_exception::Model {
    let (at, by) = (instant(as_of, FOUNDED), Some(who(MANAGER)));
    let from = NaiveDate::from_ymd_opt(as_of.year() - 3, 1, 1).unwrap_or(as_of);
    calendar_exception::Model {
        id: id("calendar_exception", &format!("{}/{}", fact.calendar, fact.name)),
        calendar_id: id("work_calendar", &fact.calendar),
        external_system: (fact.calendar == OUTSIDE).then(|| "MSPDI".to_owned()),
        external_id: (fact.calendar == OUTSIDE).then(|| format!("MERIDIAN-PLAN:1/{}", fact.name)),
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        recurrence: fact.recurrence,
        start_on: from,
        end_on: None,
        occurrences: None,
        every: 1,
        weekdays: None,
        month: Some(fact.month),
        month_day: fact.day,
        position: fact.position,
        position_of: fact.of,
        working_times: String::new(),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: None,
    }
}

/// What the house itself agreed on: the works are shut at the turn of the year, and every other Friday in summer is short.
fn of_the_house(as_of: NaiveDate) -> [calendar_exception::Model; 3] {
    let named = |name: &str| {
        let fact = HolidayFact {
            calendar: "MERIDIAN".to_owned(),
            recurrence: "ONCE".to_owned(),
            month: 1,
            day: None,
            position: None,
            of: None,
            name: name.to_owned(),
        };
        calendar_exception::Model { month: None, ..holiday(as_of, fact) }
    };
    let day = |month, day| NaiveDate::from_ymd_opt(as_of.year(), month, day).unwrap_or(as_of);
    let short = calendar_exception::Model {
        recurrence: "WEEKLY".to_owned(),
        start_on: day(6, 1),
        occurrences: Some(6),
        every: 2,
        weekdays: Some("FRIDAY".to_owned()),
        working_times: "08:00-12:00".to_owned(),
        ..named("Short Friday")
    };
    let shut = calendar_exception::Model { start_on: day(12, 27), end_on: Some(day(12, 31)), ..named("Works shut") };
    let given_up = calendar_exception::Model {
        start_on: day(3, 1),
        archived_at: Some(instant(as_of, -200)),
        ..named("Stocktaking, now done by night")
    };
    [short, shut, given_up]
}

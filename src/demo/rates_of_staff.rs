//! What an hour costs: of each role, of a pool, and of some people by themselves, this year and before.

use chrono::{Datelike, NaiveDate};
use entity::{rate, rate_card};
use uuid::Uuid;

use super::{
    calendar::{CALENDAR, category_id},
    shape::{PER_UNIT, id, instant, roll, who},
};

/// Who keeps them.
const KEEPER: &str = "stefan.brunner";
/// What work is accounted as.
const LABOR: &str = "LABOR-INTERNAL";
/// Francs of an hour by role.
const ROLES: [(&str, i64); 8] =
    [("BA", 128), ("SA", 155), ("DEV", 132), ("QA", 110), ("ENG", 138), ("RA", 146), ("PL", 150), ("CHG", 118)];
/// Who has a rate of her own, in tenths of that of her role.
const OWN: [(&str, &str, i64); 3] = [("george.mensah", "PL", 12), ("grace.kim", "PL", 9), ("typist", "BA", 5)];

/// Cards, and their rates.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StaffRates {
    pub cards: Vec<rate_card::Model>,
    pub rates: Vec<rate::Model>,
}

impl StaffRates {
    /// For the day: those of the year before have ended with it.
    pub(super) fn new(as_of: NaiveDate) -> Self {
        let year = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or(as_of);
        let (before, this) = (as_of.year() - 1, as_of.year());
        let mut rates = vec![];
        for (role, francs) in ROLES {
            let of = (None, Some(id("resource_role", role)), None);
            let past = (year(before, 1, 1), Some(year(before, 12, 31)));
            rates.push(made(as_of, "STANDARD", role, of, past, (francs - 4) * PER_UNIT));
            rates.push(made(as_of, "STANDARD", role, of, (year(this, 1, 1), None), francs * PER_UNIT));
        }
        for (person, role, tenths) in OWN {
            let francs = ROLES.iter().find(|(known, _)| *known == role).map_or(100, |(_, francs)| *francs);
            let of = (Some(id("resource", person)), None, None);
            rates.push(made(as_of, "STANDARD", person, of, (year(this, 1, 1), None), francs * tenths * PER_UNIT / 10));
        }
        let of = (None, None, Some(id("resource_pool", "CHANGE")));
        rates.push(made(as_of, "STANDARD", "CHANGE", of, (year(before, 1, 1), None), 120 * PER_UNIT));
        let of = (None, Some(id("resource_role", "FAX")), None);
        let old = made(as_of, "OLD", "FAX", of, (year(before - 3, 1, 1), None), 60 * PER_UNIT);
        rates.push(rate::Model { archived_at: Some(instant(as_of, -200)), ..old });
        Self {
            cards: vec![
                card(as_of, "STANDARD", "Standard rates", 100),
                card(as_of, "OLD", "Rates of the typing pool", 900),
            ],
            rates,
        }
    }
}

fn card(as_of: NaiveDate, key: &str, name: &str, precedence: i32) -> rate_card::Model {
    let (at, by) = (instant(as_of, -480), Some(who(KEEPER)));
    rate_card::Model {
        id: id("rate_card", key),
        key: key.to_owned(),
        name: name.to_owned(),
        name_fold: name.to_lowercase(),
        precedence,
        description: Some("In francs, without value added tax.".to_owned()),
        labor_category_id: (key == "STANDARD").then(|| category_id(LABOR)),
        calendar_id: (key == "STANDARD").then(|| id("fiscal_calendar", CALENDAR)),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: (key == "OLD").then(|| instant(as_of, -200)),
    }
}

/// Of a resource, a role or a pool.
type Of = (Option<Uuid>, Option<Uuid>, Option<Uuid>);

fn made(
    as_of: NaiveDate,
    card: &str,
    name: &str,
    (resource_id, role_id, pool_id): Of,
    (start_on, end_on): (NaiveDate, Option<NaiveDate>),
    amount: i64,
) -> rate::Model {
    let (at, by) = (instant(as_of, -480), Some(who(KEEPER)));
    rate::Model {
        id: id("rate", &format!("{card}/{name}/{start_on}")),
        card_id: id("rate_card", card),
        resource_id,
        role_id,
        pool_id,
        start_on,
        end_on,
        amount,
        currency: "CHF".to_owned(),
        note: (roll(name, 4) == 0 || resource_id.is_some()).then(|| "Agreed with the head of the unit.".to_owned()),
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: None,
    }
}

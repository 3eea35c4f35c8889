//! Rates of exchange: those of the budget, which hold where nobody says another, and some of the day.

use chrono::{Datelike as _, NaiveDate};
use entity::{fx_rate, fx_rate_set, portfolio_item};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Deserialize;

use super::shape::{WHOLE, facts, id, instant, who};
use crate::error::Error;

/// Who set them up.
const CONTROLLER: &str = "stefan.brunner";
/// The sets: in facts, key, name, what it is for, type.
const SETS: [(&str, &str, &str, &str, &str); 3] = [
    (
        "BUDGET",
        "MERIDIAN-BUDGET",
        "Budget rates of the group",
        "Fixed for each year; figures are converted by it.",
        "BUDGET",
    ),
    ("SPOT", "ECB-DOLLAR", "Dollar rates of the day", "For items whose money is in dollars.", "SPOT"),
    ("FORMER", "MERIDIAN-FORMER", "Former budget rates", "Used until there were rates for all currencies.", "AVERAGE"),
];
/// Items that name a set, others have it from above.
const NAMED: [(&str, &str); 4] =
    [("PF-OPERATIONS", "BUDGET"), ("PG-CONNECT", "BUDGET"), ("PR-001", "BUDGET"), ("PR-036", "SPOT")];

#[derive(Deserialize)]
struct Fact {
    set: String,
    from: String,
    to: String,
    years: i32,
    rate: String,
}

/// Sets and their rates.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rates {
    pub sets: Vec<fx_rate_set::Model>,
    pub rates: Vec<fx_rate::Model>,
}

fn set_id(fact: &str) -> uuid::Uuid {
    id("fx_rate_set", fact)
}

/// For the day.
pub(super) fn rates(as_of: NaiveDate) -> Result<Rates, Error> {
    let (at, by) = (instant(as_of, -895), Some(who(CONTROLLER)));
    let set = |(fact, key, name, description, rate_type): (&str, &str, &str, &str, &str)| fx_rate_set::Model {
        id: set_id(fact),
        key: key.to_owned(),
        name: name.to_owned(),
        name_fold: name.to_lowercase(),
        description: Some(description.to_owned()),
        rate_type: rate_type.to_owned(),
        is_default: fact == "BUDGET",
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: (fact == "FORMER").then(|| instant(as_of, -890)),
    };
    let rate = |fact: Fact| -> Result<fx_rate::Model, Error> {
        let first = NaiveDate::from_ymd_opt(as_of.year() + fact.years, 1, 1);
        let valid_from_on = first.ok_or_else(|| Error::internal("no such year"))?;
        let name = format!("{valid_from_on}:{}:{}", fact.from, fact.to);
        let rate: Decimal = fact.rate.parse().map_err(Error::internal)?;
        let units = (rate * Decimal::from(WHOLE)).round().to_i64();
        let is_spot = fact.set == "SPOT";
        Ok(fx_rate::Model {
            id: id("fx_rate", &format!("{}:{name}", fact.set)),
            rate_set_id: set_id(&fact.set),
            from_currency: fact.from,
            to_currency: fact.to,
            rate: units.ok_or_else(|| Error::internal("a rate beyond what is kept"))?,
            valid_from_on,
            external_system: is_spot.then(|| "ECB".to_owned()),
            external_id: is_spot.then_some(name),
            version: 1,
            created_at: at,
            created_by_id: by.filter(|_| !is_spot),
            updated_at: at,
            updated_by_id: by.filter(|_| !is_spot),
            archived_at: (fact.set == "FORMER").then(|| instant(as_of, -890)),
        })
    };
    let rates = facts::<Fact>(include_str!("fx_rates.csv"))?.into_iter().map(rate).collect::<Result<_, _>>()?;
    Ok(Rates { sets: SETS.map(set).into(), rates })
}

/// Has items name the set that holds for them and for what is below them.
pub(super) fn name(items: &mut [portfolio_item::Model]) {
    for item in items {
        let named = NAMED.iter().find(|(key, _)| *key == item.key);
        item.fx_rate_set_id = named.map(|(_, set)| set_id(set));
    }
}

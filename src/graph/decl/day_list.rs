//! Lists of an entity's rows that meet a condition on a day, beside what the caller asks for.

use async_graphql_value::{Name, Value};
use serde_json::Value as Json;

/// What stands for the day in a condition.
pub const DAY: &str = "@day";
/// The variable that stands for the day on which a statement runs. No name of a client's variable looks like this.
pub const TODAY: &str = "@today";

/// A root list with a condition of its own. Rights, filters, paging and figures are those of the entity.
#[derive(Debug)]
pub struct DayList {
    /// Root field; where it is the entity's own list, that list takes the day as well.
    pub name: &'static str,
    /// What its rows are.
    pub doc: &'static str,
    /// What its argument `on` says.
    pub on: &'static str,
    /// Whether today is meant where no day is given; else all rows are.
    pub is_today: bool,
    /// The condition, as a client would write the entity's filter, with [`DAY`] for the day.
    pub condition: fn() -> Json,
}

impl DayList {
    /// The condition for the day that was given, if any was.
    pub fn filter(&self, on: Option<Value>) -> Option<Value> {
        let given = on.filter(|day| *day != Value::Null);
        let day = given.or_else(|| self.is_today.then(|| Value::Variable(Name::new(TODAY))))?;
        Some(on_day((self.condition)(), &day))
    }
}

fn on_day(condition: Json, day: &Value) -> Value {
    match condition {
        Json::String(text) if text == DAY => day.clone(),
        Json::String(text) => Value::String(text),
        Json::Bool(truth) => Value::Boolean(truth),
        Json::Number(number) => Value::Number(number),
        Json::Null => Value::Null,
        Json::Array(items) => Value::List(items.into_iter().map(|item| on_day(item, day)).collect()),
        Json::Object(members) => {
            Value::Object(members.into_iter().map(|(name, v)| (Name::new(name), on_day(v, day))).collect())
        }
    }
}

//! Between an input's values and a row's columns: the one place that looks at columns by name.

use sea_orm::{EntityTrait, ModelTrait, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{UserCode, UserError, input::Assignment};
use crate::graph::{
    decl::Scalar,
    value::{DbValue, MONEY_SCALE, RATIO_SCALE, write_decimal},
};

/// First and last year of a date that may be written.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// Characters from which on a text may have several lines.
const LONG: usize = 2_000;

/// A column of an entity by the name that a declaration took from the same entity.
pub fn column<E: EntityTrait>(name: &str) -> E::Column {
    name.parse().unwrap_or_else(|_| panic!("the declaration names column {name}, which its entity does not have"))
}

fn of<M: ModelTrait>(model: &M, name: &str) -> Value {
    model.get(column::<M::Entity>(name))
}

/// A row's id.
pub fn id<M: ModelTrait>(model: &M) -> Uuid {
    optional_id(model, "id").unwrap_or_default()
}

/// The id in a column.
pub fn optional_id<M: ModelTrait>(model: &M, name: &str) -> Option<Uuid> {
    match of(model, name) {
        Value::Uuid(id) => id,
        _ => None,
    }
}

/// The text in a column.
pub fn text<M: ModelTrait>(model: &M, name: &str) -> Option<String> {
    match of(model, name) {
        Value::String(text) => text,
        _ => None,
    }
}

/// The truth value in a column.
pub fn truth<M: ModelTrait>(model: &M, name: &str) -> bool {
    of(model, name) == Value::Bool(Some(true))
}

/// The whole number in a column of eight bytes: money, a ratio.
pub fn integer<M: ModelTrait>(model: &M, name: &str) -> Option<i64> {
    match of(model, name) {
        Value::BigInt(units) => units,
        _ => None,
    }
}

/// Whether a row is archived.
pub fn is_archived<M: ModelTrait>(model: &M) -> bool {
    let column = "archived_at".parse::<<M::Entity as EntityTrait>::Column>();
    column.is_ok_and(|column| matches!(model.get(column), Value::ChronoDateTimeUtc(Some(_))))
}

/// A row's version.
pub fn version<M: ModelTrait>(model: &M) -> i64 {
    match of(model, "version") {
        Value::BigInt(version) => version.unwrap_or_default(),
        _ => 0,
    }
}

/// A value in the form of the column that holds `old`.
pub fn like(old: &Value, new: Option<DbValue>) -> Value {
    match (old, new) {
        (Value::Int(_), Some(DbValue::Int(n))) => Value::Int(i32::try_from(n).ok()),
        (Value::Int(_), _) => Value::Int(None),
        (Value::BigInt(_), Some(DbValue::Int(n))) => Value::BigInt(Some(n)),
        (Value::BigInt(_), _) => Value::BigInt(None),
        (Value::Bool(_), Some(DbValue::Bool(b))) => Value::Bool(Some(b)),
        (Value::Bool(_), _) => Value::Bool(None),
        (Value::Uuid(_), Some(DbValue::Id(id))) => Value::Uuid(Some(id)),
        (Value::Uuid(_), _) => Value::Uuid(None),
        (Value::ChronoDate(_), Some(DbValue::Date(d))) => Value::ChronoDate(Some(d)),
        (Value::ChronoDate(_), _) => Value::ChronoDate(None),
        (Value::ChronoDateTimeUtc(_), Some(DbValue::Instant(t))) => Value::ChronoDateTimeUtc(Some(t)),
        (Value::ChronoDateTimeUtc(_), _) => Value::ChronoDateTimeUtc(None),
        (_, Some(DbValue::Text(s))) => Value::String(Some(s)),
        _ => Value::String(None),
    }
}

/// The case-folded twin of a text.
pub fn folded(value: DbValue) -> DbValue {
    match value {
        DbValue::Text(text) => DbValue::Text(text.to_lowercase()),
        other => other,
    }
}

/// A scalar as it may be stored, or why not.
pub fn checked(ty: Scalar, value: &DbValue, a: &Assignment) -> Result<DbValue, UserError> {
    let wrong = |code, line: String| Err(UserError::new(code, a.path.clone(), line));
    match value {
        DbValue::Text(text) => {
            if text.contains('\0') {
                return wrong(UserCode::Invalid, "A text cannot hold the character NUL.".into());
            }
            if text.chars().count() > a.pen.max {
                let error = UserError::new(
                    UserCode::TooLong,
                    a.path.clone(),
                    format!("`{}` has at most {} characters.", a.field.name, a.pen.max),
                );
                return Err(error.with("max", a.pen.max));
            }
            if a.field.required && text.trim().is_empty() {
                return wrong(UserCode::Required, format!("`{}` cannot be blank.", a.field.name));
            }
            if a.pen.max < LONG && text.chars().any(char::is_control) {
                return wrong(
                    UserCode::Invalid,
                    format!("`{}` is one line, without control characters.", a.field.name),
                );
            }
            if a.field.name == "key" && text.trim() != text {
                return wrong(UserCode::Invalid, "A key has no blanks around it.".into());
            }
            let fits = match ty {
                Scalar::Email => is_email(text),
                Scalar::Url => is_web_address(text),
                _ => true,
            };
            if !fits {
                return wrong(UserCode::Invalid, format!("This is no {}.", ty.name()));
            }
        }
        DbValue::Date(date) if !YEARS.contains(&chrono::Datelike::year(date)) => {
            return wrong(UserCode::OutOfRange, format!("Dates lie between {} and {}.", YEARS.start(), YEARS.end()));
        }
        DbValue::Instant(at) if !YEARS.contains(&chrono::Datelike::year(at)) => {
            return wrong(UserCode::OutOfRange, format!("Times lie between {} and {}.", YEARS.start(), YEARS.end()));
        }
        _ => {}
    }
    Ok(value.clone())
}

fn is_email(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    matches!(text.split_once('@'), Some((name, host)) if plain && !name.is_empty() && host.contains('.') && !host.contains('@'))
}

fn is_web_address(text: &str) -> bool {
    let parsed = text.parse::<axum::http::Uri>();
    parsed.is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|h| !h.is_empty())
    })
}

/// A column's value as the API writes it; ids are the caller's to spell, by their type.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Int(n) => json!(n),
        Value::BigInt(n) => json!(n.map(|n| n.to_string())),
        Value::Bool(b) => json!(b),
        Value::String(s) => json!(s),
        Value::ChronoDate(d) => json!(d.map(|d| d.to_string())),
        Value::ChronoDateTimeUtc(t) => json!(t.map(|t| t.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))),
        _ => Json::Null,
    }
}

/// A number or ratio as the API writes it.
pub fn ratio_json(value: &Value) -> Json {
    match value {
        Value::BigInt(Some(units)) => decimal_json(*units, RATIO_SCALE),
        _ => Json::Null,
    }
}

fn decimal_json(units: i64, scale: u32) -> Json {
    let mut text = vec![];
    write_decimal(&mut text, i128::from(units), scale);
    Json::String(String::from_utf8_lossy(&text).into_owned())
}

/// Money as the API writes it.
pub fn money_json(amount: &Value, currency: &Value) -> Json {
    match (amount, currency) {
        (Value::BigInt(Some(units)), Value::String(Some(code))) => {
            json!({ "amount": decimal_json(*units, MONEY_SCALE), "currency": code })
        }
        _ => Json::Null,
    }
}

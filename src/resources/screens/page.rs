//! Where a page stands, and figures as the schema shows them: whole minutes that fit an `Int`, ratios of nine decimals.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::{
    auth::Class,
    error::{Code, Error},
    graph::{DbValue, decl::Asking},
    kpi::answers::decimal_text,
    resources::load::{Fraction, Known},
    write::Member,
};

/// Decimals of a ratio.
const RATIO: u32 = 9;

/// What every page of a screen says of itself.
pub fn members() -> Vec<Member> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        member("pageInfo", "PageInfo!", "Where this page stands."),
        member("totalCount", "Int", "How many rows all pages have together; masked where the rows are."),
        basis(),
    ]
}

/// Whose rows figures count.
pub fn basis() -> Member {
    Member {
        name: "basis",
        ty: "KpiBasis!",
        doc: "Whose rows the figures count: ALL_ROWS for who reads work and people everywhere, but for what is confidential and does not name her.",
    }
}

/// Whose rows figures count for the caller.
pub fn basis_of(asking: &Asking<'_, '_>) -> &'static str {
    let rights = &asking.session.caller.rights;
    let reads_all = [Class::Work, Class::Person].into_iter().all(|class| rights.read(class).is_all());
    if reads_all { "ALL_ROWS" } else { "CALLER_ROWS" }
}

/// A page: the cursors of its rows, and what is around it.
pub fn page_info(cursors: &[String], is_after: bool, has_next: bool) -> Json {
    json!({
        "hasNextPage": has_next,
        "hasPreviousPage": is_after,
        "startCursor": cursors.first(),
        "endCursor": cursors.last(),
    })
}

/// The text at a place of a cursor.
pub fn text_of(keys: &[Option<DbValue>], at: usize) -> Option<String> {
    match keys.get(at) {
        Some(Some(DbValue::Text(text))) => Some(text.clone()),
        _ => None,
    }
}

/// The number at a place of a cursor.
pub fn number_of(keys: &[Option<DbValue>], at: usize) -> Option<i64> {
    match keys.get(at) {
        Some(Some(DbValue::Int(number))) => Some(*number),
        _ => None,
    }
}

/// Minutes as the schema shows them.
pub fn minutes(minutes: u64) -> Result<Json, Error> {
    i32::try_from(minutes).map(Json::from).map_err(|_| too_many())
}

/// Minutes that may be below 0.
pub fn signed(minutes: i64) -> Result<Json, Error> {
    i32::try_from(minutes).map(Json::from).map_err(|_| too_many())
}

/// A list of minutes.
pub fn list(all: &[u64]) -> Result<Json, Error> {
    all.iter().map(|one| minutes(*one)).collect::<Result<Vec<_>, _>>().map(Json::from)
}

fn too_many() -> Error {
    Error::new(Code::OutOfRange, "A sum of minutes is larger than can be answered: take fewer people or days.")
}

/// A ratio as the schema shows it; null where there is nothing to divide by.
pub fn ratio(known: Known<Fraction>) -> Json {
    let Ok(fraction) = known else { return Json::Null };
    let quotient = Decimal::from(fraction.numerator()) / Decimal::from(fraction.denominator());
    decimal_text(quotient, RATIO).into()
}

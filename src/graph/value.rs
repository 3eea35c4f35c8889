//! Values on their way between GraphQL and the database: what a leaf of an input means for a column, exactly.

use std::sync::Arc;

use async_graphql_value::ConstValue;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::decl::Scalar;
use crate::error::{Code, Error};

/// A value as the database takes it.
#[derive(Debug, Clone, PartialEq)]
pub enum DbValue {
    /// A whole number; also booleans on SQLite and money in 1/10,000.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(String),
    /// An id.
    Id(Uuid),
    /// A civil date.
    Date(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
    /// Several ids.
    Ids(Arc<[Uuid]>),
    /// Several values of one type that is not an id.
    List(ListType, Vec<DbValue>),
}

/// What a list holds; an empty one still needs a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListType {
    /// Numbers.
    Int,
    /// Text.
    Text,
    /// Ids.
    Id,
    /// Dates.
    Date,
    /// Instants.
    Instant,
}

/// What a leaf is due to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// An id of a type with one of these prefixes.
    Id(Vec<&'static str>),
    /// A scalar.
    Scalar(Scalar),
    /// One of an enumeration's names.
    Enum(&'static [(&'static str, &'static str)]),
    /// A money amount, in 1/10,000.
    Amount,
}

impl Leaf {
    /// The type of a list of such leaves.
    pub fn list_type(&self) -> ListType {
        match self {
            Self::Id(_) => ListType::Id,
            Self::Enum(_) => ListType::Text,
            Self::Amount => ListType::Int,
            Self::Scalar(s) => match s {
                Scalar::Int | Scalar::Decimal | Scalar::Percent | Scalar::Version | Scalar::Boolean => ListType::Int,
                Scalar::LocalDate => ListType::Date,
                Scalar::DateTime => ListType::Instant,
                Scalar::String | Scalar::CurrencyCode | Scalar::Url | Scalar::Email | Scalar::Id => ListType::Text,
            },
        }
    }

    /// The database's form of a value, or why it is none.
    pub fn read(&self, value: &ConstValue) -> Result<DbValue, Error> {
        match (self, value) {
            (Self::Id(prefixes), ConstValue::String(s)) => super::id::expect(s, prefixes).map(DbValue::Id),
            (Self::Id(_), _) => Err(Error::new(Code::InvalidId, "An id is a string.")),
            (Self::Amount, _) => amount(value).map(DbValue::Int),
            (Self::Enum(values), ConstValue::Enum(name)) => choice(values, name),
            (Self::Enum(values), ConstValue::String(name)) => choice(values, name),
            (Self::Enum(values), _) => choice(values, ""),
            (Self::Scalar(_), ConstValue::String(s)) if s.contains('\0') => {
                Err(Error::new(Code::BadVariables, "A text cannot hold the character NUL."))
            }
            (Self::Scalar(Scalar::Id), _) => {
                scalar_value(Scalar::Id, value).ok_or_else(|| Error::new(Code::InvalidId, "This is not an id."))
            }
            (Self::Scalar(scalar), _) => scalar_value(*scalar, value).ok_or_else(|| bad(scalar.name())),
        }
    }
}

fn choice(values: &[(&str, &str)], name: &str) -> Result<DbValue, Error> {
    if values.iter().any(|(v, _)| *v == name) {
        return Ok(DbValue::Text(name.to_owned()));
    }
    let allowed: Vec<_> = values.iter().map(|(v, _)| *v).collect();
    Err(Error::new(Code::BadVariables, format!("One of {} is due here.", allowed.join(", "))))
}

fn bad(name: &str) -> Error {
    let form = match name {
        "LocalDate" => " such as 2026-11-21",
        "DateTime" => " such as 2026-11-21T09:00:00.000Z",
        "CurrencyCode" => " such as EUR",
        _ => "",
    };
    Error::new(Code::BadVariables, format!("A value of type {name}{form} is due here."))
}

/// Whether a literal or variable value may stand where the scalar is due.
pub fn is_valid(scalar: Scalar, value: &ConstValue) -> bool {
    scalar_value(scalar, value).is_some()
}

fn scalar_value(scalar: Scalar, value: &ConstValue) -> Option<DbValue> {
    match (scalar, value) {
        (Scalar::String | Scalar::Url | Scalar::Email, ConstValue::String(s)) => Some(DbValue::Text(s.clone())),
        (Scalar::Id, ConstValue::String(s)) => super::id::parse(s).map(|_| DbValue::Text(s.clone())),
        (Scalar::CurrencyCode, ConstValue::String(s)) => {
            (s.len() == 3 && s.bytes().all(|b| b.is_ascii_uppercase())).then(|| DbValue::Text(s.clone()))
        }
        (Scalar::Int, ConstValue::Number(n)) => n.as_i64().filter(|n| i32::try_from(*n).is_ok()).map(DbValue::Int),
        (Scalar::Decimal | Scalar::Percent, _) => decimal(value, RATIO_SCALE).ok().map(DbValue::Int),
        (Scalar::Version, ConstValue::String(s)) => s.parse().ok().map(DbValue::Int),
        (Scalar::Boolean, ConstValue::Boolean(b)) => Some(DbValue::Bool(*b)),
        (Scalar::LocalDate, ConstValue::String(s)) => date(s).map(DbValue::Date),
        (Scalar::DateTime, ConstValue::String(s)) => {
            DateTime::parse_from_rfc3339(s).ok().map(|d| DbValue::Instant(d.with_timezone(&Utc)))
        }
        _ => None,
    }
}

/// A civil date in its one form; chrono would also take `2026-1-5` and `+02026-1-5`.
fn date(text: &str) -> Option<NaiveDate> {
    let is_due = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    if text.len() != 10 || !text.bytes().enumerate().all(is_due) {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Decimals of a stored number or ratio.
pub const RATIO_SCALE: u32 = 9;
/// 100 %, as it is stored.
pub const WHOLE: i64 = 1_000_000_000;
/// Ten thousand: money is stored in 1/10,000 of the major unit.
pub const MONEY_SCALE: u32 = 4;
/// The largest amount that is stored, so that products and sums stay inside 64 bits.
const MONEY_MAX: i128 = 9_200_000_000_000_000_000;

/// An amount in 1/10,000.
pub fn amount(value: &ConstValue) -> Result<i64, Error> {
    decimal(value, MONEY_SCALE).map_err(|e| match e.code {
        Code::OutOfRange if e.message.contains("decimals") => Error::new(e.code, "Money has at most four decimals."),
        Code::OutOfRange => Error::new(e.code, "This amount is larger than money may be."),
        _ => e,
    })
}

/// A scaled integer from a decimal string or number, without passing through a float.
pub fn decimal(value: &ConstValue, scale: u32) -> Result<i64, Error> {
    let text = match value {
        ConstValue::String(s) => s.clone(),
        ConstValue::Number(n) => n.to_string(),
        _ => return Err(bad("Decimal")),
    };
    let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
        return Err(bad("Decimal"));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > scale as usize {
        return Err(Error::new(Code::OutOfRange, format!("This number has at most {scale} decimals.")));
    }
    let out_of_range = || Error::new(Code::OutOfRange, "This number is larger than numbers may be.");
    let width = scale as usize;
    let units: i128 = format!("{whole}{fraction:0<width$}").parse().map_err(|_| out_of_range())?;
    let units = if negative { -units } else { units };
    if units.abs() > MONEY_MAX {
        return Err(out_of_range());
    }
    i64::try_from(units).map_err(|_| out_of_range())
}

/// What 1 is as money.
const MONEY_UNIT: u64 = 10_u64.pow(MONEY_SCALE);
/// Digits that 64 bits always hold.
const MOST_DIGITS: u32 = 19;

/// Appends a scaled integer as a plain decimal, without trailing zeros beyond what the value needs.
pub fn write_decimal(out: &mut Vec<u8>, value: i128, scale: u32) {
    if value < 0 {
        out.push(b'-');
    }
    let magnitude = value.unsigned_abs();
    let mut rest = if let (Ok(magnitude), true) = (u64::try_from(magnitude), scale < MOST_DIGITS) {
        // Nearly every amount: 128 bits are divided by a function, and what is divided by a constant is not divided.
        let (whole, rest) = match scale {
            MONEY_SCALE => (magnitude / MONEY_UNIT, magnitude % MONEY_UNIT),
            _ => (magnitude / 10_u64.pow(scale), magnitude % 10_u64.pow(scale)),
        };
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
        rest
    } else {
        let unit = 10_u128.pow(scale);
        out.extend_from_slice(itoa::Buffer::new().format(magnitude / unit).as_bytes());
        // No scale has more digits than fit.
        u64::try_from(magnitude % unit).unwrap_or(0)
    };
    if rest == 0 {
        return;
    }
    let mut width = scale as usize;
    while rest.is_multiple_of(10) {
        rest /= 10;
        width -= 1;
    }
    out.push(b'.');
    let mut digits = [b'0'; MOST_DIGITS as usize];
    for at in (0..width).rev() {
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.extend_from_slice(&digits[..width]);
}

/// `sum / count`, rounded half to even, with the same scale.
pub fn mean(sum: i128, count: i64) -> i128 {
    let count = i128::from(count);
    let (quotient, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    match (rest * 2).cmp(&count) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_decimal_is_read_as_it_was_written(units in -MONEY_MAX..=MONEY_MAX, scale in prop::sample::select(vec![MONEY_SCALE, RATIO_SCALE])) {
            let mut out = vec![];
            write_decimal(&mut out, units, scale);
            let text = String::from_utf8(out).expect("text");
            prop_assert_eq!(decimal(&ConstValue::String(text), scale).map(i128::from).expect("a decimal"), units);
        }

        #[test]
        fn any_text_is_a_decimal_or_none(text in prop_oneof![any::<String>(), "-?[0-9]{0,25}[.]?[0-9]{0,12}", "[-+0-9.eE]{0,8}"]) {
            let Ok(units) = decimal(&ConstValue::String(text.clone()), MONEY_SCALE) else { return Ok(()) };
            let mut out = vec![];
            write_decimal(&mut out, i128::from(units), MONEY_SCALE);
            let exact = |text: &str| rust_decimal::Decimal::from_str_exact(text).ok().map(|d| d.normalize());
            prop_assert_eq!(exact(&String::from_utf8(out).expect("text")), exact(&text));
        }

        #[test]
        fn any_text_is_one_date_or_none(text in prop_oneof![any::<String>(), "[-+ ]?[0-9]{2,5}-[0-9]{1,2}-[0-9]{1,3}", "[0-9]{4}-[0-9]{2}-[0-9]{2}"]) {
            if let Some(read) = date(&text) {
                prop_assert_eq!(read.to_string(), text);
            }
        }

        #[test]
        fn any_scalar_of_any_text_is_read_or_refused(text in prop_oneof![any::<String>(), "[-0-9TZ:.+]{0,30}"]) {
            for scalar in [Scalar::String, Scalar::Id, Scalar::CurrencyCode, Scalar::Int, Scalar::Decimal, Scalar::Percent,
                Scalar::Version, Scalar::Boolean, Scalar::LocalDate, Scalar::DateTime] {
                let _ = is_valid(scalar, &ConstValue::String(text.clone()));
            }
        }
    }

    fn money(text: &str) -> Result<i64, Code> {
        amount(&ConstValue::String(text.into())).map_err(|e| e.code)
    }

    #[test]
    fn money_is_exact_or_refused() {
        assert_eq!(money("99999999999999.99"), Ok(999_999_999_999_999_900));
        assert_eq!(money("-0.0001"), Ok(-1));
        assert_eq!(money("12.50000"), Ok(125_000));
        assert_eq!(money("0.00001"), Err(Code::OutOfRange));
        assert_eq!(money("920000000000001"), Err(Code::OutOfRange));
        for bad in ["", ".", "1.", ".5", "1e3", "1,000", "+1", "--1", "£5"] {
            assert_eq!(money(bad), Err(Code::BadVariables), "{bad}");
        }
    }

    #[test]
    fn decimals_print_what_they_are() {
        for (value, text) in [(0, "0"), (-1, "-0.0001"), (12_500, "1.25"), (10_000, "1"), (-1_230_000, "-123")] {
            let mut out = vec![];
            write_decimal(&mut out, value, 4);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn means_round_half_to_even() {
        assert_eq!(mean(5, 2), 2);
        assert_eq!(mean(7, 2), 4);
        assert_eq!(mean(-5, 2), -2);
        assert_eq!(mean(-7, 2), -4);
        assert_eq!(mean(10, 3), 3);
    }
}

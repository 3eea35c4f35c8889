//! Numbers and flags.

use rust_decimal::Decimal;

use super::super::xml::Expected;
use super::Read;

/// The most characters of a number.
const LONGEST: usize = 60;

/// A whole number, such as an id.
pub fn whole(text: &str) -> Read<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_plain.then(|| text.parse().ok()).flatten();
    number.ok_or(Expected("a whole number of at most 18 digits"))
}

/// A whole number that is not below zero.
pub fn natural(text: &str) -> Read<u32> {
    let number = whole(text).ok().and_then(|number| u32::try_from(number).ok());
    number.ok_or(Expected("a whole number from 0 to 4294967295"))
}

/// A decimal number with a point, such as `42.5`, `1E+2` or `-3`.
pub fn decimal(text: &str) -> Read<Decimal> {
    let is_short = text.len() <= LONGEST && text.bytes().any(|byte| byte.is_ascii_digit());
    let is_plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    let number = (is_short && is_plain).then(|| {
        if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) }
    });
    let number = number.and_then(Result::ok).ok_or(Expected("a decimal number with a point"))?;
    Ok(number.normalize())
}

/// A decimal number that is not below zero, as it stands there.
pub fn decimal_text(text: &str) -> Read<String> {
    let number = decimal(text)?;
    if number.is_sign_negative() && !number.is_zero() {
        return Err(Expected("a decimal number from 0 on"));
    }
    Ok(text.to_owned())
}

/// Yes or no.
pub fn flag(text: &str) -> Read<bool> {
    match text {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(Expected("1, 0, true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        assert_eq!(whole("-65535"), Ok(-65_535));
        assert_eq!(whole("4294967296"), Ok(4_294_967_296));
        for bad in ["", "1.0", "12345678901234567890", "0x1", "١", "1 2", "-", "--1"] {
            assert!(whole(bad).is_err(), "{bad}");
        }
        assert_eq!(decimal("1.00").map(|d| d.to_string()), Ok("1".to_owned()));
        assert_eq!(decimal("53.25").map(|d| d.to_string()), Ok("53.25".to_owned()));
        assert_eq!(decimal("3360000.0").map(|d| d.to_string()), Ok("3360000".to_owned()));
        assert_eq!(decimal("1E+2").map(|d| d.to_string()), Ok("100".to_owned()));
        assert_eq!(decimal("2.5e-1").map(|d| d.to_string()), Ok("0.25".to_owned()));
        for bad in
            ["1,5", "NaN", "INF", "-", ".", "1e", "1e99999999999", "1.2.3", "£5", "0.12345678901234567890123456789012"]
        {
            assert!(decimal(bad).is_err(), "{bad}");
        }
        assert!(decimal_text("-0.1").is_err() && decimal_text("-0").is_ok());
        assert!(natural("-1").is_err() && natural("4294967296").is_err());
        assert_eq!((flag("true"), flag("0")), (Ok(true), Ok(false)));
        assert!(flag("yes").is_err());
    }
}

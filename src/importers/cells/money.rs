//! Money as a mapping says that it is written, read exactly into 1/10,000 of the major unit.

/// What is wrong with a cell that should hold money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::importers) enum MoneyFault {
    /// It is no number, or one that can be read in two ways.
    NoNumber,
    /// It has more decimals than are kept.
    TooPrecise,
    /// It is larger than what is kept.
    TooLarge,
}

/// How money is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::importers) struct MoneyForm {
    /// Stands before the decimals.
    pub decimal: char,
    /// Stands between groups of three digits; none where there are no groups.
    pub group: Option<char>,
    /// What may stand before the number.
    pub symbols: Vec<&'static str>,
    /// Zeros of the unit in which figures are written: 6 for millions.
    pub zeros: u32,
}

/// Decimals that are kept.
const DECIMALS: u32 = 4;
/// The largest amount, in 1/10,000: what every client can hold exactly.
const LARGEST: i128 = 9_200_000_000_000_000_000;

impl MoneyForm {
    /// The amount in a cell; none where it is blank.
    pub(in crate::importers) fn read(&self, cell: &str) -> Result<Option<i64>, MoneyFault> {
        let mut text = cell.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let mut is_negative = false;
        let mut has_symbol = false;
        loop {
            if let Some(rest) = text.strip_prefix('-').filter(|_| !is_negative) {
                (text, is_negative) = (rest.trim_start(), true);
            } else if let Some(rest) =
                self.symbols.iter().find_map(|symbol| text.strip_prefix(symbol)).filter(|_| !has_symbol)
            {
                (text, has_symbol) = (rest.trim_start(), true);
            } else {
                break;
            }
        }
        let (text, power) = powered(text).ok_or(MoneyFault::NoNumber)?;
        let (whole, decimals) = text.split_once(self.decimal).map_or((text, None), |(w, d)| (w, Some(d)));
        let whole = self.digits(whole).ok_or(MoneyFault::NoNumber)?;
        let decimals = decimals.unwrap_or("0");
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(&whole) || !is_number(decimals) {
            return Err(MoneyFault::NoNumber);
        }
        let kept = i64::from(DECIMALS + self.zeros) + power;
        let decimals = decimals.trim_end_matches('0');
        // Tens that divide take decimals away, down to none.
        let shifted = usize::try_from(-kept).unwrap_or(0);
        let (whole, lost) = whole.split_at(whole.len().saturating_sub(shifted));
        let whole = if whole.is_empty() { "0" } else { whole };
        if lost.bytes().any(|digit| digit != b'0') {
            return Err(MoneyFault::TooPrecise);
        }
        let kept = usize::try_from(kept).unwrap_or(0);
        if decimals.len() > kept {
            return Err(MoneyFault::TooPrecise);
        }
        let amount: i128 = format!("{whole}{decimals:0<kept$}").parse().map_err(|_| MoneyFault::TooLarge)?;
        let amount = i64::try_from(amount).ok().filter(|amount| i128::from(*amount) < LARGEST);
        amount.map(|amount| Some(if is_negative { -amount } else { amount })).ok_or(MoneyFault::TooLarge)
    }

    /// Digits without their groups; none where the groups are not of three.
    fn digits(&self, whole: &str) -> Option<String> {
        let Some(group) = self.group.filter(|group| whole.contains(*group)) else { return Some(whole.to_owned()) };
        let mut groups = whole.split(group);
        let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
        groups.all(|group| group.len() == 3).then(|| format!("{first}{}", whole[first.len()..].replace(group, "")))
    }
}

/// A number and the power of ten behind it, as programs write small and large ones: `6.96E-4`.
fn powered(text: &str) -> Option<(&str, i64)> {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return Some((text, 0)) };
    let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
    let is_power = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = number.bytes().any(|byte| byte.is_ascii_digit());
    (is_power && is_number).then(|| Some((number, power.trim_start_matches('+').parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(zeros: u32) -> MoneyForm {
        MoneyForm { decimal: '.', group: Some(','), symbols: vec!["£", "GBP"], zeros }
    }

    #[test]
    fn money_is_read_exactly_and_never_guessed() {
        use MoneyFault::{NoNumber, TooLarge, TooPrecise};
        for (cell, zeros, expected) in [
            ("", 6, Ok(None)),
            (" \u{a0}\n", 6, Ok(None)),
            ("1,234.56", 6, Ok(Some(12_345_600_000_000))),
            ("6.96E-4", 6, Ok(Some(6_960_000))),
            ("-1.5e+1", 0, Ok(Some(-150_000))),
            ("2E3", 0, Ok(Some(20_000_000))),
            ("1E-5", 0, Err(TooPrecise)),
            ("70E-6", 0, Err(TooPrecise)),
            ("500E-6", 0, Ok(Some(5))),
            ("1E99", 0, Err(TooLarge)),
            ("1E", 0, Err(NoNumber)),
            ("E5", 0, Err(NoNumber)),
            ("1E5E5", 0, Err(NoNumber)),
            ("£12,343.96", 6, Ok(Some(123_439_600_000_000))),
            ("£40.27", 6, Ok(Some(402_700_000_000))),
            ("GBP 5", 0, Ok(Some(50_000))),
            ("-£5", 0, Ok(Some(-50_000))),
            ("£-5", 0, Ok(Some(-50_000))),
            ("0.00", 6, Ok(Some(0))),
            ("0.1", 0, Ok(Some(1_000))),
            ("1.2345", 0, Ok(Some(12_345))),
            ("1.23450", 0, Ok(Some(12_345))),
            ("1.23456", 0, Err(TooPrecise)),
            ("1.0000000001", 6, Ok(Some(10_000_000_001))),
            ("1.00000000001", 6, Err(TooPrecise)),
            ("934000000", 0, Ok(Some(9_340_000_000_000))),
            ("920,000,000", 6, Err(TooLarge)),
            ("99999999999999999999999999999999999999999", 0, Err(TooLarge)),
            ("1.234,56", 6, Err(NoNumber)),
            ("12,34", 6, Err(NoNumber)),
            ("1,2345", 6, Err(NoNumber)),
            (",123", 6, Err(NoNumber)),
            ("1234,567", 6, Err(NoNumber)),
            ("12-15", 6, Err(NoNumber)),
            ("~5", 6, Err(NoNumber)),
            ("£5m", 6, Err(NoNumber)),
            ("(5)", 6, Err(NoNumber)),
            ("5.", 6, Err(NoNumber)),
            (".5", 6, Err(NoNumber)),
            ("--5", 6, Err(NoNumber)),
            ("££5", 6, Err(NoNumber)),
            ("£", 6, Err(NoNumber)),
            ("$5", 6, Err(NoNumber)),
            ("٥", 6, Err(NoNumber)),
            ("Exempt under Section 43", 6, Err(NoNumber)),
        ] {
            assert_eq!(form(zeros).read(cell), expected, "{cell}");
        }
    }

    #[test]
    fn marks_are_those_that_are_named() {
        let german = MoneyForm { decimal: ',', group: Some('.'), symbols: vec!["€"], zeros: 0 };
        assert_eq!(german.read("€ 1.234,56"), Ok(Some(12_345_600)));
        assert_eq!(german.read("1,234.56"), Err(MoneyFault::NoNumber));
        let plain = MoneyForm { group: None, ..german };
        assert_eq!(plain.read("1.234"), Err(MoneyFault::NoNumber));
        assert_eq!(plain.read("1234,5"), Ok(Some(12_345_000)));
    }
}

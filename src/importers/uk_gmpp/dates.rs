//! Dates as these files write them; pure.

use chrono::NaiveDate;

/// What a date cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DateCell {
    /// Nothing.
    Empty,
    /// A date.
    On(NaiveDate),
    /// Something else, such as an exemption: the beginning of it.
    Prose(String),
}

/// A two-digit year from here on is of the 20th century: the oldest project began in the nineties, the last ends in
/// the forties.
const CENTURY_PIVOT: i32 = 70;

/// How much of a cell's prose a note repeats.
const EXCERPT_CHARS: usize = 60;

/// Reads a cell: `2021-03-31`, also with a midnight, or day first with dots or slashes and a year of four or two
/// digits. Anything else is prose, however much it looks like a date.
pub(super) fn parse(cell: &str) -> DateCell {
    let cell = cell.trim();
    if cell.is_empty() {
        return DateCell::Empty;
    }
    iso(cell)
        .or_else(|| day_first(cell, '.'))
        .or_else(|| day_first(cell, '/'))
        .map_or_else(|| DateCell::Prose(excerpt(cell)), DateCell::On)
}

fn iso(cell: &str) -> Option<NaiveDate> {
    let (date, time) = cell.split_at_checked(10)?;
    if !matches!(time, "" | "T00:00:00" | " 00:00:00" | "T00:00:00Z") {
        return None;
    }
    let [year, month, day] = fields(date, '-')?;
    (year.len() == 4 && month.len() == 2 && day.len() == 2).then_some(())?;
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn day_first(cell: &str, separator: char) -> Option<NaiveDate> {
    let [day, month, year] = fields(cell, separator)?;
    (day.len() <= 2 && month.len() <= 2).then_some(())?;
    let number: i32 = year.parse().ok()?;
    let year = match year.len() {
        4 => number,
        2 if number < CENTURY_PIVOT => 2000 + number,
        2 => 1900 + number,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}

/// Three runs of digits.
fn fields(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut parts = text.split(separator);
    let fields = [parts.next()?, parts.next()?, parts.next()?];
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.next().is_none() && fields.iter().all(is_number)).then_some(fields)
}

fn excerpt(cell: &str) -> String {
    let line = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((at, _)) => format!("{}...", line[..at].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_all_years_are_read() {
        let on = |y, m, d| DateCell::On(NaiveDate::from_ymd_opt(y, m, d).expect("a date"));
        for (cell, date) in [
            ("30.06.08", on(2008, 6, 30)),
            ("01.04.97", on(1997, 4, 1)),
            (" 31.12.40 ", on(2040, 12, 31)),
            ("31.07.2020", on(2020, 7, 31)),
            ("1.7.2020", on(2020, 7, 1)),
            ("31/05/2010", on(2010, 5, 31)),
            ("2014-07-08", on(2014, 7, 8)),
            ("2014-07-08T00:00:00", on(2014, 7, 8)),
        ] {
            assert_eq!(parse(cell), date, "{cell}");
        }
    }

    #[test]
    fn what_is_no_date_stays_prose() {
        assert_eq!(parse("  "), DateCell::Empty);
        for cell in
            ["Reset", "#N/A", "31.02.2020", "05/31/2010", "2020", "Q4 2021", "31.3.021", "+1.2.2020", "2014-7-8", "ü"]
        {
            assert_eq!(parse(cell), DateCell::Prose(cell.to_owned()));
        }
        let DateCell::Prose(text) = parse(&"Exempt under\nSection 43 ".repeat(9)) else { panic!("no date") };
        assert_eq!(text, "Exempt under Section 43 Exempt under Section 43 Exempt under...");
    }
}

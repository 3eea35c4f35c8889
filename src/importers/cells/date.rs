//! Dates in the forms that a mapping names, such as `D.M.YYYY` or `MMMM D, YYYY`.

use chrono::NaiveDate;

/// Endings of a date that a program wrote as the instant at which its day begins.
const MIDNIGHTS: [&str; 3] = ["T00:00:00", "T00:00:00Z", " 00:00:00"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A part of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// `D`, or `DD` with both digits.
    Day { both: bool },
    /// `M`, or `MM` with both digits.
    Month { both: bool },
    /// `MMM` or `MMMM`: the name, short or whole, in English.
    MonthName,
    /// `YY` or `YYYY`.
    Year { digits: usize },
    /// Anything else: itself.
    Literal(char),
}

/// How a date is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::importers) struct DateForm(Vec<Part>);

impl DateForm {
    /// The form that a text describes; none where it lacks day, month or year, or has one twice.
    pub(in crate::importers) fn parse(text: &str) -> Option<Self> {
        let mut parts = vec![];
        let mut chars = text.trim().chars().peekable();
        while let Some(c) = chars.next() {
            let mut count = 1;
            while matches!(c, 'D' | 'M' | 'Y') && chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            parts.push(match (c, count) {
                ('D', 1 | 2) => Part::Day { both: count == 2 },
                ('M', 1 | 2) => Part::Month { both: count == 2 },
                ('M', 3 | 4) => Part::MonthName,
                ('Y', 2 | 4) => Part::Year { digits: count },
                (c, 1) if !c.is_alphanumeric() => Part::Literal(c),
                _ => return None,
            });
        }
        let count = |is: fn(&Part) -> bool| parts.iter().filter(|part| is(part)).count();
        let once = count(|p| matches!(p, Part::Day { .. })) == 1
            && count(|p| matches!(p, Part::Month { .. } | Part::MonthName)) == 1
            && count(|p| matches!(p, Part::Year { .. })) == 1;
        once.then_some(Self(parts))
    }

    /// The date that a cell holds by any of the forms; none where it fits no form, or two forms disagree. A year of two
    /// digits is of the century that `pivot` says: from there on the 20th, below the 21st.
    pub(in crate::importers) fn read(forms: &[Self], pivot: i32, cell: &str) -> Option<NaiveDate> {
        let cell = cell.trim();
        let cell = MIDNIGHTS.iter().find_map(|end| cell.strip_suffix(end)).unwrap_or(cell);
        let mut found = forms.iter().filter_map(|form| form.date(pivot, cell));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    fn date(&self, pivot: i32, cell: &str) -> Option<NaiveDate> {
        let (mut day, mut month, mut year) = (0, 0, 0);
        let mut rest = cell;
        for part in &self.0 {
            match part {
                Part::Day { both } => (day, rest) = number(rest, usize::from(*both) + 1, 2)?,
                Part::Month { both } => (month, rest) = number(rest, usize::from(*both) + 1, 2)?,
                Part::MonthName => (month, rest) = month_name(rest)?,
                Part::Year { digits } => {
                    let (value, after) = number(rest, *digits, *digits)?;
                    let value = i32::try_from(value).ok()?;
                    year = match digits {
                        2 if value < pivot => 2000 + value,
                        2 => 1900 + value,
                        _ => value,
                    };
                    rest = after;
                }
                Part::Literal(c) => rest = rest.strip_prefix(*c)?,
            }
        }
        rest.is_empty().then(|| NaiveDate::from_ymd_opt(year, month, day))?
    }
}

/// As many digits as there are, but at most so many.
fn number(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    (digits >= least).then(|| number.parse().ok().map(|number| (number, rest)))?
}

fn month_name(text: &str) -> Option<(u32, &str)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = text.split_at(letters);
    let name = name.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == name || (name.len() == 3 && month.starts_with(&name)))?;
    Some((u32::try_from(at).ok()? + 1, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(texts: &[&str]) -> Vec<DateForm> {
        texts.iter().map(|text| DateForm::parse(text).expect("a form")).collect()
    }

    #[test]
    fn dates_are_read_in_the_forms_that_are_named() {
        let british = forms(&["D.M.YYYY", "D.M.YY", "D/M/YYYY", "YYYY-MM-DD"]);
        let long = forms(&["MMMM D, YYYY"]);
        for (forms, cell, y, m, d) in [
            (&british, "30.06.08", 2008, 6, 30),
            (&british, "01.04.97", 1997, 4, 1),
            (&british, " 31.12.40 ", 2040, 12, 31),
            (&british, "31.07.2020", 2020, 7, 31),
            (&british, "1.7.2020", 2020, 7, 1),
            (&british, "31/05/2010", 2010, 5, 31),
            (&british, "2014-07-08", 2014, 7, 8),
            (&british, "2014-07-08T00:00:00", 2014, 7, 8),
            (&long, "June 9, 2016", 2016, 6, 9),
            (&long, "sep 30, 2020", 2020, 9, 30),
        ] {
            assert_eq!(DateForm::read(forms, 70, cell), NaiveDate::from_ymd_opt(y, m, d), "{cell}");
        }
        for cell in [
            "",
            "Reset",
            "#N/A",
            "31.02.2020",
            "05/31/2010",
            "2020",
            "Q4 2021",
            "31.3.021",
            "+1.2.2020",
            "2014-7-8",
            "ü",
        ] {
            assert_eq!(DateForm::read(&british, 70, cell), None, "{cell}");
        }
        assert_eq!(DateForm::read(&long, 70, "Juno 9, 2016"), None);
    }

    #[test]
    fn a_date_that_two_forms_read_differently_is_none() {
        let both = forms(&["D/M/YYYY", "M/D/YYYY"]);
        assert_eq!(DateForm::read(&both, 70, "05/06/2010"), None);
        assert_eq!(DateForm::read(&both, 70, "31/05/2010"), NaiveDate::from_ymd_opt(2010, 5, 31));
        assert_eq!(DateForm::read(&both, 70, "05/05/2010"), NaiveDate::from_ymd_opt(2010, 5, 5));
    }

    #[test]
    fn a_form_has_day_month_and_year_once() {
        for wrong in ["", "D.M", "D.M.YYY", "DDD.M.YYYY", "D.D.YYYY", "D of MMMM YYYY", "YYYY-MM-DD hh"] {
            assert_eq!(DateForm::parse(wrong), None, "{wrong}");
        }
    }
}

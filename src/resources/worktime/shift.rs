//! The shifts of a day: from when to when there is work.

use std::fmt;
use std::str::FromStr;

/// Minutes of a day.
pub const DAY: u16 = 1440;
/// The most shifts that a day may be given.
pub const MOST_SHIFTS: usize = 24;
/// Characters of a wrong text that are shown.
const SHOWN: usize = 20;

/// A stretch of work within one civil day, in minutes from its beginning: from (0..=1439) before to (1..=1440).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shift {
    from: u16,
    to: u16,
}

impl Shift {
    /// A shift, if it ends after it begins and not beyond 24:00.
    pub fn new(from: u16, to: u16) -> Result<Self, ShiftFault> {
        if from.max(to) > DAY {
            return Err(ShiftFault::Beyond(from.max(to)));
        }
        if from >= to {
            return Err(ShiftFault::Reversed(from, to));
        }
        Ok(Self { from, to })
    }

    /// The minute of the day at which it begins.
    pub fn from(self) -> u16 {
        self.from
    }

    /// The minute of the day at which it ends: the first one that is not its own.
    pub fn to(self) -> u16 {
        self.to
    }

    /// How many minutes it has.
    pub fn minutes(self) -> u16 {
        self.to - self.from
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", Clock(self.from), Clock(self.to))
    }
}

impl FromStr for Shift {
    type Err = ShiftFault;

    fn from_str(text: &str) -> Result<Self, ShiftFault> {
        let (from, to) = text.split_once('-').ok_or_else(|| ShiftFault::NotAShift(shown(text)))?;
        Self::new(minute(from)?, minute(to)?)
    }
}

/// The shifts of a day, in the order of the day; none overlaps or touches another. Empty: no working time.
///
/// As text: `08:00-12:00 13:00-17:00`, where 24:00 may be an end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Shifts(Vec<Shift>);

impl Shifts {
    /// No working time.
    pub const NONE: Self = Self(vec![]);

    /// The shifts of a day from any order; what touches becomes one.
    pub fn new(mut shifts: Vec<Shift>) -> Result<Self, ShiftFault> {
        if shifts.len() > MOST_SHIFTS {
            return Err(ShiftFault::TooMany);
        }
        shifts.sort_unstable();
        let mut merged: Vec<Shift> = Vec::with_capacity(shifts.len());
        for shift in shifts {
            match merged.last_mut() {
                Some(before) if shift.from < before.to => return Err(ShiftFault::Overlap(*before, shift)),
                Some(before) if shift.from == before.to => before.to = shift.to,
                _ => merged.push(shift),
            }
        }
        Ok(Self(merged))
    }

    /// The shifts, in the order of the day.
    pub fn as_slice(&self) -> &[Shift] {
        &self.0
    }

    /// Working minutes of the day, 0..=1440.
    pub fn minutes(&self) -> u16 {
        self.minutes_within(0, DAY)
    }

    /// Working minutes from a minute of the day to another, such as those of a first or last day that is not whole.
    pub fn minutes_within(&self, from: u16, to: u16) -> u16 {
        self.0.iter().map(|shift| shift.to.min(to).saturating_sub(shift.from.max(from))).sum()
    }
}

impl fmt::Display for Shifts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, shift) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{shift}")?;
        }
        Ok(())
    }
}

impl FromStr for Shifts {
    type Err = ShiftFault;

    fn from_str(text: &str) -> Result<Self, ShiftFault> {
        // One more than allowed is enough to know that they are too many, however long the text is.
        let shifts = text.split_whitespace().take(MOST_SHIFTS + 1).map(str::parse).collect::<Result<_, _>>()?;
        Self::new(shifts)
    }
}

/// What is wrong with a shift or the shifts of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShiftFault {
    /// It does not end after it begins; the minutes of both.
    Reversed(u16, u16),
    /// Two that overlap.
    Overlap(Shift, Shift),
    /// A text that is no shift; its beginning.
    NotAShift(String),
    /// A text that is no time of day; its beginning.
    NotATime(String),
    /// A time beyond 24:00; the minutes.
    Beyond(u16),
    /// More shifts than a day may be given.
    TooMany,
}

impl fmt::Display for ShiftFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reversed(from, to) => write!(f, "{}-{} does not end after it begins", Clock(*from), Clock(*to)),
            Self::Overlap(one, other) => write!(f, "{one} and {other} overlap"),
            Self::NotAShift(text) => write!(f, "\"{text}\" is not a shift such as 08:00-12:00"),
            Self::NotATime(text) => write!(f, "\"{text}\" is not a time such as 08:00"),
            Self::Beyond(minute) => write!(f, "{} is beyond 24:00", Clock(*minute)),
            Self::TooMany => write!(f, "a day has at most {MOST_SHIFTS} shifts"),
        }
    }
}

impl std::error::Error for ShiftFault {}

/// A minute of the day as hours and minutes.
struct Clock(u16);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

fn minute(text: &str) -> Result<u16, ShiftFault> {
    let fault = || ShiftFault::NotATime(shown(text));
    let &[h, hh, b':', m, mm] = text.as_bytes() else { return Err(fault()) };
    if ![h, hh, m, mm].iter().all(u8::is_ascii_digit) || m > b'5' {
        return Err(fault());
    }
    let two = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
    Ok(two(h, hh) * 60 + two(m, mm))
}

/// The beginning of a text on one line.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Shifts, String> {
        text.parse().map_err(|fault: ShiftFault| fault.to_string())
    }

    #[test]
    fn a_day_is_read_and_written_as_text() {
        let day = read("08:00-12:00 13:00-17:00").expect("shifts");
        assert_eq!(day.minutes(), 480);
        assert_eq!(day.to_string(), "08:00-12:00 13:00-17:00");
        assert_eq!(day.as_slice().iter().map(|s| (s.from(), s.to())).collect::<Vec<_>>(), [(480, 720), (780, 1020)]);
        assert_eq!(read(""), Ok(Shifts::NONE));
        assert_eq!(read("00:00-24:00").map(|day| day.minutes()), Ok(1440));
        assert_eq!(Shifts::NONE.to_string(), "");
    }

    #[test]
    fn shifts_are_put_in_order_and_joined_where_they_touch() {
        let day = read(" 23:00-24:00\n00:00-03:00  04:00-08:00 03:00-04:00").expect("shifts");
        assert_eq!(day.to_string(), "00:00-08:00 23:00-24:00");
        assert_eq!(day.minutes(), 540);
    }

    #[test]
    fn a_part_of_a_day_has_the_minutes_of_its_shifts() {
        let day = read("00:00-03:00 04:00-08:00 23:00-24:00").expect("shifts");
        assert_eq!(day.minutes_within(23 * 60, DAY), 60);
        assert_eq!(day.minutes_within(0, 5 * 60), 240);
        assert_eq!(day.minutes_within(60, 60), 0);
        assert_eq!(day.minutes_within(600, 60), 0);
    }

    #[test]
    fn each_bad_input_has_its_line() {
        let fault = |text: &str| read(text).expect_err("a fault");
        assert_eq!(fault("17:00-08:00"), "17:00-08:00 does not end after it begins");
        assert_eq!(fault("08:00-08:00"), "08:00-08:00 does not end after it begins");
        assert_eq!(fault("08:00-12:00 11:59-13:00"), "08:00-12:00 and 11:59-13:00 overlap");
        assert_eq!(fault("08:00"), "\"08:00\" is not a shift such as 08:00-12:00");
        for text in ["8:00", "08:60", "0800", "-8:00", "08:00:00", "٠٨:٠٠", ""] {
            assert!(fault(&format!("{text}-12:00")).ends_with("is not a time such as 08:00"), "{text}");
        }
        assert_eq!(fault("08:00-24:01"), "24:01 is beyond 24:00");
        assert_eq!(fault("99:59-08:00"), "99:59 is beyond 24:00");
        let many: Vec<String> = (0..200_000).map(|n| format!("{:02}:00-{:02}:30", n % 24, n % 24)).collect();
        assert_eq!(fault(&many.join(" ")), "a day has at most 24 shifts");
        assert_eq!(read(&many[..24].join(" ")).map(|day| day.minutes()), Ok(720));
    }

    #[test]
    fn a_fault_is_one_short_line() {
        let text = format!("\u{1b}\"{}", "ä".repeat(100_000));
        let fault = read(&text).expect_err("a fault");
        assert!(fault.chars().count() < 80 && !fault.contains(char::is_control), "{fault}");
    }
}

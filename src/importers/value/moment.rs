//! Civil days and times. Midnight may be written `24:00:00`, and an end `17:59:59` or `23:59:00` belongs to its last
//! minute: which of the two a value is, is said by who reads it.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::super::xml::Expected;
use super::Read;

/// Seconds of a day.
const DAY: u32 = 86_400;
const EXPECTED: Expected = Expected("a day and time such as 2025-01-31T17:00:00");

/// A day with a time on it as they are written, 24:00:00 included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The day as it is written.
    pub day: NaiveDate,
    /// Seconds from its beginning, 0..=86400.
    pub second: u32,
    /// Whether a zone was written with it, which is left out: the day and time are those that people see.
    pub has_zone: bool,
}

impl Moment {
    /// The instant; 24:00:00 is the beginning of the next day.
    pub fn instant(self) -> NaiveDateTime {
        let midnight = self.day.and_time(NaiveTime::MIN);
        midnight.checked_add_signed(chrono::TimeDelta::seconds(i64::from(self.second))).unwrap_or(midnight)
    }

    /// The first day of what begins then.
    pub fn first_day(self) -> NaiveDate {
        if self.second == DAY { self.day.succ_opt().unwrap_or(self.day) } else { self.day }
    }

    /// The last day of what ends then, where the day itself is always meant: it may be written 00:00:00, 23:59:00 or
    /// 24:00:00.
    pub fn last_day(self) -> NaiveDate {
        self.day
    }

    /// The last day of what ends then and does not have the instant itself: a midnight belongs to the day before.
    pub fn last_day_before(self) -> NaiveDate {
        if self.second == 0 { self.day.checked_sub_days(Days::new(1)).unwrap_or(self.day) } else { self.day }
    }
}

/// A day with a time, such as `2025-01-31T17:00:00`. A day alone is its beginning; parts of a second are left out.
pub fn moment(text: &str) -> Read<Moment> {
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let [year @ .., b'-', m, mm, b'-', d, dd] = day.as_bytes() else { return Err(EXPECTED) };
    let year = <&[u8; 4]>::try_from(year).map_err(|_| EXPECTED)?;
    let [year, month, day] = [number(year)?, number(&[*m, *mm])?, number(&[*d, *dd])?];
    let year = i32::try_from(year).ok().filter(|year| *year > 0).ok_or(EXPECTED)?;
    let day = NaiveDate::from_ymd_opt(year, month, day).ok_or(EXPECTED)?;
    let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(at);
    let is_zone = zone.is_empty() || zone == "Z" || (zone.len() == 6 && zone.as_bytes()[3] == b':');
    if !is_zone {
        return Err(EXPECTED);
    }
    Ok(Moment { day, second: second_of_day(time).ok_or(EXPECTED)?, has_zone: !zone.is_empty() })
}

/// The minute of the day at which a shift begins, 0..=1439.
pub fn minute_from(text: &str) -> Read<u16> {
    let expected = Expected("a time in whole minutes such as 08:00:00");
    let second = second_of_day(text).filter(|second| second % 60 == 0).ok_or(expected)?;
    // Midnight at the end of a day is its beginning where something begins.
    u16::try_from(second % DAY / 60).map_err(|_| expected)
}

/// The minute of the day at which a shift ends, 1..=1440: midnight is the end of the day, and the last second of a
/// minute is its end.
pub fn minute_to(text: &str) -> Read<u16> {
    let expected = Expected("a time in whole minutes such as 17:00:00");
    let second = second_of_day(text).filter(|second| matches!(second % 60, 0 | 59)).ok_or(expected)?;
    let minute = u16::try_from(second.div_ceil(60)).map_err(|_| expected)?;
    Ok(if minute == 0 { 1440 } else { minute })
}

/// Seconds of `17:00:00`, `17:00` or `17:00:00.000`, to 24:00:00.
fn second_of_day(text: &str) -> Option<u32> {
    let (text, part) = text.split_once('.').unwrap_or((text, ""));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hour, minute, second): (&[u8], &[u8], &[u8]) = match text.as_bytes() {
        [hour @ .., b':', m, mm] if hour.len() == 2 => (hour, &[*m, *mm], b"00"),
        [hour @ .., b':', m, mm, b':', s, ss] if hour.len() == 2 => (hour, &[*m, *mm], &[*s, *ss]),
        _ => return None,
    };
    let [hour, minute, second] = [number(hour).ok()?, number(minute).ok()?, number(second).ok()?];
    let all = hour * 3600 + minute * 60 + second;
    (minute < 60 && second < 60 && all <= DAY).then_some(all)
}

fn number(digits: &[u8]) -> Read<u32> {
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Ok(number * 10 + u32::from(digit - b'0')),
        _ => Err(EXPECTED),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Moment {
        moment(text).expect("a moment")
    }

    #[test]
    fn twenty_four_o_clock_is_midnight_of_its_day() {
        let end = read("2015-07-31T24:00:00");
        assert_eq!(end.instant().to_string(), "2015-08-01 00:00:00");
        assert_eq!(end.last_day().to_string(), "2015-07-31");
        assert_eq!(end.first_day().to_string(), "2015-08-01");
        assert_eq!((minute_to("24:00:00"), minute_to("00:00:00")), (Ok(1440), Ok(1440)));
        assert_eq!((minute_from("00:00:00"), minute_from("24:00:00")), (Ok(0), Ok(0)));
    }

    #[test]
    fn ends_are_inclusive_to_the_last_second() {
        assert_eq!(read("2009-11-30T17:59:59").last_day_before().to_string(), "2009-11-30");
        assert_eq!(read("2009-12-01T00:00:00").last_day_before().to_string(), "2009-11-30");
        assert_eq!(read("2015-07-01T23:59:00").last_day().to_string(), "2015-07-01");
        assert_eq!(
            (minute_to("17:59:59"), minute_to("17:00:00"), minute_to("23:59:59")),
            (Ok(1080), Ok(1020), Ok(1440))
        );
        assert!(minute_to("17:00:30").is_err() && minute_from("08:00:59").is_err());
    }

    #[test]
    fn a_zone_is_seen_and_left_out() {
        assert!(read("2015-07-01T08:00:00+02:00").has_zone && read("2015-07-01T08:00:00Z").has_zone);
        assert_eq!(read("2015-07-01T08:00:00-05:00").instant().to_string(), "2015-07-01 08:00:00");
        assert_eq!(read("2015-07-01").instant().to_string(), "2015-07-01 00:00:00");
        assert_eq!(read("2015-07-01T08:00:00.123").second, 28_800);
    }

    #[test]
    fn what_is_no_day_or_time_is_refused() {
        for bad in [
            "",
            "2015-02-30T08:00:00",
            "2015-07-01T24:00:01",
            "2015-07-01T25:00:00",
            "2015-7-1",
            "15-07-01",
            "0000-01-01",
            "2015-07-01T",
            "2015-07-01T08",
            "2015-07-01T08:60:00",
            "2015-07-01 08:00:00",
            "٢015-07-01",
            "2015-07-01T08:00:00+2",
            "2015-07-01T08:00:00+ää:0",
            "NA",
            "2015-07-01T08:00:00.x",
        ] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}

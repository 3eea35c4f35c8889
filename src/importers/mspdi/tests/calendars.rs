//! Calendars: what users of the format report, each read as told or refused clearly.

use chrono::{Weekday, WeekdaySet};

use super::super::super::told::{ExceptionKind, Shift};
use super::{calendar, fault, taken, told};

fn weekday(day: u8, times: &[(&str, &str)]) -> String {
    let one = |(from, to): &(&str, &str)| {
        format!("<WorkingTime><FromTime>{from}</FromTime><ToTime>{to}</ToTime></WorkingTime>")
    };
    let times: String = times.iter().map(one).collect();
    format!("<WeekDay><DayType>{day}</DayType><DayWorking>1</DayWorking><WorkingTimes>{times}</WorkingTimes></WeekDay>")
}

fn exception(inner: &str) -> String {
    calendar(&format!(
        "<Exceptions><Exception><TimePeriod><FromDate>2025-01-01T00:00:00</FromDate><ToDate>2026-12-31T23:59:00</ToDate></TimePeriod>\
        <Name>x</Name><DayWorking>0</DayWorking>{inner}</Exception></Exceptions>"
    ))
}

fn kind(inner: &str) -> (ExceptionKind, Option<u32>) {
    let told = told(&exception(inner));
    assert_eq!(told.not_carried, [], "{inner}");
    let exception = &told.content.calendars[0].exceptions[0];
    (exception.kind, exception.occurrences)
}

#[test]
fn midnight_ends_a_day_in_every_spelling() {
    let night = [("00:00:00", "03:00:00"), ("04:00:00", "08:00:00"), ("23:00:00", "00:00:00")];
    let days = [
        weekday(2, &night),
        weekday(3, &[("00:00:00", "24:00:00")]),
        weekday(4, &[("00:00:00", "00:00:00")]),
        weekday(1, &[("08:00:00", "17:59:59"), ("18:00:00", "23:59:59")]),
    ];
    let told = told(&calendar(&format!("<WeekDays>{}</WeekDays>", days.concat())));
    let week = &told.content.calendars[0].week;
    let shift = |from, to| Shift { from, to };
    assert_eq!(week[0], Some(vec![shift(0, 180), shift(240, 480), shift(1380, 1440)]));
    assert_eq!((&week[1], &week[2]), (&Some(vec![shift(0, 1440)]), &Some(vec![shift(0, 1440)])));
    assert_eq!(week[6], Some(vec![shift(480, 1440)]));
    assert_eq!((&week[3], told.changed.len()), (&None, 0));
}

#[test]
fn working_times_that_overlap_are_taken_together_and_those_beyond_midnight_refused() {
    let told = told(&calendar(&format!(
        "<WeekDays>{}</WeekDays>",
        weekday(2, &[("12:00:00", "17:00:00"), ("08:00:00", "13:00:00")])
    )));
    assert_eq!(told.content.calendars[0].week[0], Some(vec![Shift { from: 480, to: 1020 }]));
    assert_eq!(taken(&told.changed), [("working times that overlap", "the time that they cover together")]);
    let late = fault(&calendar(&format!("<WeekDays>{}</WeekDays>", weekday(2, &[("22:00:00", "06:00:00")]))));
    assert_eq!(
        late,
        "line 3: Project/Calendars/Calendar/WeekDays/WeekDay/WorkingTimes/WorkingTime: it ends before it begins; beyond midnight it has to be two"
    );
    let twice = format!("<WeekDays>{0}{0}</WeekDays>", weekday(2, &[("08:00:00", "12:00:00")]));
    assert!(fault(&calendar(&twice)).ends_with("this weekday stands there twice"));
    let half = "<WeekDays><WeekDay><DayType>2</DayType><DayWorking>1</DayWorking><WorkingTimes><WorkingTime><FromTime>08:00:00</FromTime>\
        </WorkingTime></WorkingTimes></WeekDay></WeekDays>";
    assert!(fault(&calendar(half)).ends_with("FromTime and ToTime are told together"));
}

#[test]
fn work_without_times_is_never_given_any() {
    let day = "<WeekDays><WeekDay><DayType>2</DayType><DayWorking>1</DayWorking></WeekDay></WeekDays>";
    let told = told(&calendar(day));
    assert_eq!(told.content.calendars[0].week[0], None);
    assert_eq!(taken(&told.changed), [("a working day without times", "as in the calendar below it")]);
    let day = "<Exceptions><Exception><TimePeriod><FromDate>2025-01-01T00:00:00</FromDate><ToDate>2025-01-01T23:59:00</ToDate></TimePeriod>\
        <DayWorking>1</DayWorking></Exception></Exceptions>";
    let told = super::told(&calendar(day));
    assert!(told.content.calendars[0].exceptions.is_empty());
    let left = &told.not_carried[0];
    assert_eq!(
        (left.what.as_str(), left.count, left.why),
        ("Exception", 1, "It is said to be working time, but not when.")
    );
}

#[test]
fn every_type_of_recurrence_is_read() {
    let weekdays = WeekdaySet::from_array([Weekday::Mon, Weekday::Sat]);
    assert_eq!(kind(""), (ExceptionKind::Range, None));
    assert_eq!(
        kind("<EnteredByOccurrences>0</EnteredByOccurrences><Occurrences>1</Occurrences><Type>1</Type>"),
        (ExceptionKind::Range, None)
    );
    assert_eq!(
        kind(
            "<Type>2</Type><Month>11</Month><MonthDay>25</MonthDay><EnteredByOccurrences>1</EnteredByOccurrences><Occurrences>5</Occurrences>"
        ),
        (ExceptionKind::YearlyOnDay { month: 11, month_day: 25 }, Some(5))
    );
    assert_eq!(
        kind("<Type>3</Type><Month>10</Month><MonthPosition>3</MonthPosition><MonthItem>7</MonthItem>").0,
        ExceptionKind::YearlyOnPosition { month: 10, position: 3, item: 7 }
    );
    assert_eq!(
        kind("<Type>4</Type><Period>2</Period><MonthDay>31</MonthDay>").0,
        ExceptionKind::MonthlyOnDay { period: 2, month_day: 31 }
    );
    assert_eq!(
        kind("<Type>5</Type><MonthPosition>4</MonthPosition><MonthItem>1</MonthItem>").0,
        ExceptionKind::MonthlyOnPosition { period: 1, position: 4, item: 1 }
    );
    assert_eq!(
        kind("<Type>6</Type><Period>3</Period><DaysOfWeek>66</DaysOfWeek>").0,
        ExceptionKind::Weekly { period: 3, weekdays }
    );
    assert_eq!(kind("<Type>7</Type><Period>10</Period><Month>0</Month>").0, ExceptionKind::Daily { period: 10 });
}

#[test]
fn recurrences_that_cannot_be_read_are_left_or_refused() {
    let left = |inner: &str| told(&exception(inner)).not_carried.iter().map(|left| left.why).collect::<Vec<_>>();
    assert_eq!(left("<Type>8</Type>"), ["Its type of recurrence is none of 1 to 7."]);
    assert_eq!(left("<Type>6</Type><DaysOfWeek>0</DaysOfWeek>"), ["It recurs weekly, but on no day of the week."]);
    assert!(
        fault(&exception("<Type>4</Type><MonthDay>32</MonthDay>"))
            .ends_with("Exception/MonthDay: \"32\" is not a day from 1 to 31")
    );
    assert!(
        fault(&exception("<Type>2</Type><Month>12</Month><MonthDay>1</MonthDay>"))
            .ends_with("\"12\" is not a month from 0 to 11")
    );
    assert!(
        fault(&exception("<Type>6</Type><Period>0</Period><DaysOfWeek>2</DaysOfWeek>"))
            .ends_with("\"0\" is not a whole number from 1 on")
    );
    assert!(fault(&exception("<Type>3</Type>")).ends_with("Exception: Month is missing"));
    // Some products write the days elsewhere.
    let elsewhere = "<Exceptions><Exception><TimePeriod><FromTime>2025-01-01T00:00:00</FromTime></TimePeriod><DayWorking>0</DayWorking></Exception></Exceptions>";
    assert_eq!(told(&calendar(elsewhere)).not_carried[0].why, "It has no first or no last day.");
    let reversed = "<Exceptions><Exception><TimePeriod><FromDate>2025-02-01T00:00:00</FromDate><ToDate>2025-01-01T00:00:00</ToDate></TimePeriod>\
        <DayWorking>0</DayWorking></Exception></Exceptions>";
    assert!(fault(&calendar(reversed)).ends_with("the last day 2025-01-01 is before the first, 2025-02-01"));
}

#[test]
fn older_exceptions_are_read_where_there_are_no_newer_ones() {
    let older = "<WeekDays><WeekDay><DayType>0</DayType><DayWorking>0</DayWorking><TimePeriod><FromDate>2015-07-03T00:00:00</FromDate>\
        <ToDate>2015-07-06T23:59:00</ToDate></TimePeriod></WeekDay></WeekDays>";
    let told = told(&calendar(older));
    let exception = &told.content.calendars[0].exceptions[0];
    assert_eq!(
        (exception.from.to_string(), exception.to.to_string()),
        ("2015-07-03".to_owned(), "2015-07-06".to_owned())
    );
    assert_eq!((&exception.shifts, exception.kind, told.not_carried.len()), (&vec![], ExceptionKind::Range, 0));
    let both = super::told(&exception_and(older));
    assert_eq!(both.content.calendars[0].exceptions.len(), 1);
    assert_eq!(both.not_carried[0].why, "It is told again among the calendar's exceptions.");
}

fn exception_and(more: &str) -> String {
    exception("").replace("</Calendar></Calendars>", &format!("{more}</Calendar></Calendars>"))
}

#[test]
fn weeks_for_a_time_have_their_days() {
    let week = format!(
        "<WorkWeeks><WorkWeek><TimePeriod><FromDate>2025-07-01T00:00:00</FromDate><ToDate>2025-08-31T23:59:00</ToDate></TimePeriod><Name>Summer</Name>\
        <WeekDays><WeekDay><DayType>6</DayType><DayWorking>0</DayWorking></WeekDay>{}</WeekDays></WorkWeek></WorkWeeks>",
        weekday(2, &[("07:00:00", "13:00:00")])
    );
    let told = told(&calendar(&week));
    let week = &told.content.calendars[0].work_weeks[0];
    assert_eq!((week.name.as_deref(), week.to.to_string().as_str()), (Some("Summer"), "2025-08-31"));
    assert_eq!(
        (&week.week[0], &week.week[4], &week.week[1]),
        (&Some(vec![Shift { from: 420, to: 780 }]), &Some(vec![]), &None)
    );
    assert_eq!(told.not_carried, []);
}

#[test]
fn calendars_stand_on_each_other_without_a_circle() {
    let one = |uid: u32, base: &str| {
        format!("<Calendar><UID>{uid}</UID><BaseCalendarUID>{base}</BaseCalendarUID></Calendar>\n")
    };
    let nested = told(&format!("<Calendars>{}{}{}</Calendars>", one(3, "2"), one(2, "1"), one(1, "0")));
    let bases: Vec<_> = nested.content.calendars.iter().map(|calendar| calendar.base).collect();
    assert_eq!(bases, [Some(2), Some(1), None]);
    let base = |base: &str| fault(&format!("<Calendars>{}{}</Calendars>", one(1, base), one(2, "1")));
    assert_eq!(
        base("2"),
        "line 2: Project/Calendars/Calendar/BaseCalendarUID: following it leads back to the calendar itself"
    );
    assert_eq!(base("9"), "line 2: Project/Calendars/Calendar/BaseCalendarUID: no calendar has the UID 9");
    let twice = fault(&format!("<Calendars>{}{}</Calendars>", one(1, "-1"), one(1, "-1")));
    assert_eq!(twice, "line 3: Project/Calendars/Calendar: the UID 1 is also that of line 2");
}

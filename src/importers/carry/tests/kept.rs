//! Calendars and rates.

use chrono::{NaiveDateTime, Weekday, WeekdaySet};

use super::super::super::told::{
    Calendar, Exception, ExceptionKind, Price, Rate, RateTable, RateUnit, Resource, WeekTimes, WorkWeek,
};
use super::super::super::{given, mspdi};
use super::super::{RateFault, columns, exceptions, per_hour, rates, week};
use super::{day, eight_hours};
use crate::resources::worktime::calendar::{self, Calendar as Worktime};

fn calendar(exceptions: Vec<Exception>, work_weeks: Vec<WorkWeek>) -> Calendar {
    let mut week = WeekTimes::default();
    for (at, own) in week.iter_mut().enumerate() {
        *own = Some(if at < 5 { eight_hours() } else { vec![] });
    }
    Calendar {
        line: 1,
        uid: 1,
        guid: None,
        name: None,
        is_base: true,
        is_baseline: false,
        base: None,
        week,
        exceptions,
        work_weeks,
    }
}

fn kept(told: &Calendar) -> Worktime {
    let (carried, uncarried) = exceptions(told);
    assert_eq!(uncarried, []);
    let own = carried.into_iter().map(|one| calendar::Exception { on: one.on, shifts: one.shifts });
    Worktime::new(week(&told.week).expect("a week"), own.collect(), None)
}

/// The days of three years on which an exception to no work holds, as a calendar that always works has them.
fn held(kind: ExceptionKind, from: &str, to: &str, occurrences: Option<u32>) -> Vec<String> {
    let exception = Exception { name: None, from: day(from), to: day(to), kind, occurrences, shifts: vec![] };
    let mut told = calendar(vec![exception], vec![]);
    told.week.fill(Some(eight_hours()));
    let kept = kept(&told);
    let days = day("2025-01-01").iter_days().take(3 * 365);
    days.filter(|day| kept.minutes(*day) == 0).map(|day| day.format("%y%m%d").to_string()).collect()
}

#[test]
fn every_type_holds_on_its_days() {
    let end = "2025-12-31";
    let held = |kind, from, to| held(kind, from, to, None).join(" ");
    assert_eq!(held(ExceptionKind::Range, "2025-07-04", "2025-07-05"), "250704 250705");
    assert_eq!(held(ExceptionKind::Daily { period: 10 }, "2025-12-01", end), "251201 251211 251221 251231");
    assert_eq!(held(ExceptionKind::Daily { period: 1 }, "2025-12-30", end), "251230 251231");
    let weekdays = WeekdaySet::from_array([Weekday::Mon, Weekday::Fri]);
    // Weeks begin on Sunday: the first is that of Wednesday the third.
    assert_eq!(held(ExceptionKind::Weekly { period: 2, weekdays }, "2025-12-03", end), "251205 251215 251219 251229");
    assert_eq!(
        held(ExceptionKind::MonthlyOnDay { period: 2, month_day: 31 }, "2025-08-01", end),
        "250831 251031 251231"
    );
    assert_eq!(
        held(ExceptionKind::MonthlyOnPosition { period: 1, position: 4, item: 8 }, "2025-10-01", end),
        "251031 251128 251226"
    );
    assert_eq!(
        held(ExceptionKind::MonthlyOnPosition { period: 1, position: 0, item: 1 }, "2025-10-01", end),
        "251001 251103 251201"
    );
    assert_eq!(
        held(ExceptionKind::MonthlyOnPosition { period: 1, position: 1, item: 2 }, "2025-11-01", end),
        "251102 251207"
    );
    assert_eq!(
        held(ExceptionKind::YearlyOnDay { month: 11, month_day: 25 }, "2025-01-01", "2026-12-31"),
        "251225 261225"
    );
    assert_eq!(
        held(ExceptionKind::YearlyOnPosition { month: 10, position: 3, item: 7 }, "2025-01-01", "2026-12-31"),
        "251127 261126"
    );
}

#[test]
fn so_many_times_end_an_exception_whatever_its_last_day() {
    let yearly = ExceptionKind::YearlyOnDay { month: 0, month_day: 1 };
    assert_eq!(held(yearly, "2025-01-01", "2025-01-01", Some(2)), ["250101", "260101"]);
    assert_eq!(held(ExceptionKind::Daily { period: 1 }, "2025-03-01", "2025-03-01", Some(3)).len(), 3);
    assert_eq!(held(ExceptionKind::Daily { period: 2 }, "2025-12-01", "2025-12-05", Some(10_000)).len(), 3);
    assert_eq!(held(ExceptionKind::Range, "2025-03-01", "2025-03-02", Some(1)).len(), 2);
}

#[test]
fn what_cannot_be_kept_is_told() {
    let one = |kind, from: &str, to: &str| {
        let exception = Exception {
            name: Some("x".to_owned()),
            from: day(from),
            to: day(to),
            kind,
            occurrences: None,
            shifts: vec![],
        };
        let (carried, uncarried) = exceptions(&calendar(vec![exception], vec![]));
        assert!(carried.is_empty());
        uncarried.into_iter().map(|one| format!("{}: {}", one.name, one.why)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        one(ExceptionKind::Daily { period: 1000 }, "2025-01-01", "2026-01-01"),
        "x: every 1000: it may be 1 to 999"
    );
    let december = ExceptionKind::YearlyOnDay { month: 11, month_day: 25 };
    assert_eq!(one(december, "2025-01-01", "2025-06-01"), "x: it holds on no day at all");
}

#[test]
fn a_week_for_a_time_gives_way_to_exceptions_and_leaves_other_days() {
    let mut week = WeekTimes::default();
    week[0] = Some(vec![super::super::super::told::Shift { from: 420, to: 780 }]);
    week[1] = week[0].clone();
    week[4] = Some(vec![]);
    let summer = WorkWeek { name: Some("Summer".to_owned()), from: day("2025-07-01"), to: day("2025-07-31"), week };
    let monthly = ExceptionKind::MonthlyOnPosition { period: 1, position: 1, item: 4 };
    let off = Exception {
        name: None,
        from: day("2025-07-01"),
        to: day("2025-08-31"),
        kind: monthly,
        occurrences: None,
        shifts: vec![],
    };
    let told = calendar(vec![off], vec![summer]);
    let (carried, _) = exceptions(&told);
    let named: Vec<_> =
        carried.iter().map(|one| (one.name.as_str(), one.is_work_week, columns(&one.on).weekdays)).collect();
    assert_eq!(
        named,
        [
            ("2025-07-01 to 2025-08-31", false, None),
            ("Summer", true, Some("MONDAY,TUESDAY".to_owned())),
            ("Summer", true, Some("FRIDAY".to_owned())),
        ]
    );
    let kept = kept(&told);
    let minutes = |text| kept.minutes(day(text));
    assert_eq!(
        [minutes("2025-07-07"), minutes("2025-07-08"), minutes("2025-07-09"), minutes("2025-07-11")],
        [360, 360, 480, 0]
    );
    assert_eq!(
        [minutes("2025-07-14"), minutes("2025-08-04"), minutes("2025-08-11"), minutes("2025-06-30")],
        [0, 480, 0, 480]
    );
}

#[test]
fn columns_have_each_part_where_the_rule_has_it() {
    let one = |kind, occurrences| {
        let from = day("2025-01-01");
        let exception = Exception { name: None, from, to: day("2027-12-31"), kind, occurrences, shifts: vec![] };
        let (carried, _) = exceptions(&calendar(vec![exception], vec![]));
        let c = columns(&carried[0].on);
        assert_eq!(c.start_on, from);
        let end = c.end_on.map(|day| day.to_string()).unwrap_or_default();
        format!(
            "{} {end} {:?} {} {:?} {:?} {:?} {:?}",
            c.recurrence, c.occurrences, c.every, c.month, c.month_day, c.position, c.position_of
        )
    };
    assert_eq!(one(ExceptionKind::Range, None), "ONCE 2027-12-31 None 1 None None None None");
    assert_eq!(
        one(ExceptionKind::MonthlyOnDay { period: 3, month_day: 31 }, Some(4)),
        "MONTHLY_ON_DAY  Some(4) 3 None Some(31) None None"
    );
    assert_eq!(
        one(ExceptionKind::YearlyOnDay { month: 0, month_day: 6 }, None),
        "YEARLY_ON_DAY 2027-12-31 None 1 Some(1) Some(6) None None"
    );
    assert_eq!(
        one(ExceptionKind::YearlyOnPosition { month: 10, position: 4, item: 3 }, None),
        "YEARLY_ON_POSITION 2027-12-31 None 1 Some(11) None Some(\"LAST\") Some(\"SUNDAY\")"
    );
    assert_eq!(
        one(ExceptionKind::MonthlyOnPosition { period: 1, position: 2, item: 2 }, None),
        "MONTHLY_ON_POSITION 2027-12-31 None 1 None None Some(\"THIRD\") Some(\"WEEKEND_DAY\")"
    );
}

#[test]
fn every_calendar_of_the_published_files_is_kept_whole() {
    let Some(folder) = given::folder("mspdi") else { return };
    for (name, bytes) in given::files(&folder) {
        let plan = mspdi::read(&bytes).expect("a plan").content;
        let rows = plan.calendars.iter().map(|told| {
            let (carried, uncarried) = exceptions(told);
            assert_eq!((uncarried, carried.len()), (vec![], told.exceptions.len()), "{name}");
            let own = carried.into_iter().map(|one| calendar::Exception { on: one.on, shifts: one.shifts });
            let week = week(&told.week).expect("a week");
            calendar::Row { id: told.uid, base: told.base, week, exceptions: own.collect() }
        });
        let calendars = calendar::resolve(rows.collect()).expect("calendars");
        for told in &plan.calendars {
            let kept = &calendars[&told.uid];
            assert!(kept.has_working_time(), "{name}: {}", told.uid);
            for exception in told.exceptions.iter().filter(|exception| exception.shifts.is_empty()) {
                assert_eq!((kept.minutes(exception.from), kept.minutes(exception.to)), (0, 0), "{name}");
            }
        }
        let night = plan.calendars.iter().find(|calendar| calendar.name.as_deref() == Some("Night Shift"));
        if let Some(told) = night {
            let week: Vec<u16> =
                (5..12).map(|n| calendars[&told.uid].minutes(day(&format!("2025-01-{n:02}")))).collect();
            assert_eq!(week, [0, 60, 480, 480, 480, 480, 420], "from Sunday on");
        }
    }
}

fn price(text: &str, unit: Option<RateUnit>) -> Price {
    Price { text: text.to_owned(), unit }
}

#[test]
fn a_rate_is_per_hour_whatever_the_unit_it_is_shown_in() {
    for unit in [
        None,
        Some(RateUnit::Minute),
        Some(RateUnit::Hour),
        Some(RateUnit::Day),
        Some(RateUnit::Week),
        Some(RateUnit::Year),
    ] {
        assert_eq!(per_hour(&price("42.5", unit)), Ok(425_000));
    }
    assert_eq!(per_hour(&price("42.5", Some(RateUnit::Material))), Err(RateFault::NotOfAnHour));
    assert_eq!(per_hour(&price("0.12340", None)), Ok(1234));
    assert_eq!(per_hour(&price("1E+2", None)), Ok(1_000_000));
    assert_eq!(per_hour(&price("0.12345", None)), Err(RateFault::TooPrecise));
    assert_eq!(per_hour(&price("99999999999999", None)), Err(RateFault::OutOfRange));
    assert_eq!(per_hour(&price("-1", None)), Err(RateFault::OutOfRange));
}

fn resource(inner: &str) -> Resource {
    let text =
        format!("<Project><Resources><Resource><UID>1</UID><Type>1</Type>{inner}</Resource></Resources></Project>");
    mspdi::read(text.as_bytes()).expect("a plan").content.resources.remove(0)
}

fn at(text: &str) -> Option<NaiveDateTime> {
    text.parse().ok()
}

#[test]
fn rates_follow_each_other_by_the_day() {
    let mut told = resource("");
    let rate = |table, from: &str, to: &str, text: &str| Rate {
        table,
        from: at(from),
        to: at(to),
        standard: Some(price(text, None)),
        overtime: None,
        per_use: None,
    };
    told.rates = vec![
        rate(RateTable::B, "", "", "9"),
        rate(RateTable::A, "2025-06-01T08:00:00", "2025-12-31T23:59:00", "50"),
        rate(RateTable::A, "", "2025-06-01T08:00:00", "40"),
        rate(RateTable::A, "2026-01-01T00:00:00", "2026-02-01T00:00:00", "60"),
        rate(RateTable::A, "2026-03-01T08:00:00", "", "70"),
        rate(RateTable::A, "2026-03-01T17:00:00", "", "80"),
    ];
    let (carried, faults) = rates(&told);
    let carried: Vec<_> = carried
        .iter()
        .map(|rate| {
            format!(
                "{:?} {} {} {}",
                rate.table,
                rate.start_on,
                rate.end_on.map(|day| day.to_string()).unwrap_or_default(),
                rate.amount / 10_000
            )
        })
        .collect();
    assert_eq!(
        carried,
        [
            "A 1984-01-01 2025-05-31 40",
            "A 2025-06-01 2025-12-31 50",
            "A 2026-01-01 2026-01-31 60",
            "A 2026-03-01  80",
            "B 1984-01-01  9",
        ]
    );
    assert_eq!(faults.iter().map(|(_, fault)| *fault).collect::<Vec<_>>(), [RateFault::NoDays]);
}

#[test]
fn material_has_no_rate_of_an_hour() {
    let (carried, faults) = rates(&resource("<StandardRate>10</StandardRate><OvertimeRate>15</OvertimeRate>"));
    assert_eq!((carried[0].amount, carried[0].overtime, faults.len()), (100_000, Some(150_000), 0));
    let mut material = resource("<StandardRate>10</StandardRate><StandardRateFormat>8</StandardRateFormat>");
    assert_eq!(rates(&material).1[0].1, RateFault::NotOfAnHour);
    material.kind = super::super::super::told::ResourceKind::Material;
    material.standard_rate = Some(price("0", None));
    assert_eq!(rates(&material), (vec![], vec![]));
    assert_eq!(rates(&resource("")), (vec![], vec![]));
}

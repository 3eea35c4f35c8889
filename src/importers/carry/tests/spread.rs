//! Minutes by the day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::super::super::told::{Assignment, Segment};
use super::super::super::{clarity, given, mspdi};
use super::super::{SegmentFaultKind, Unit, Work, WorkFault, assignment, curve, soft};
use super::{day, minutes, weekdays};

fn segment(start: &str, finish: &str, sum: &str) -> Segment {
    let at = |text: &str| text.parse().expect("an instant");
    Segment { line: 7, start: at(start), finish: at(finish), sum: sum.to_owned() }
}

fn month(sum: &str) -> Segment {
    segment("2009-11-01T08:00:00", "2009-11-30T17:59:59", sum)
}

/// Seconds of the days and the rest.
fn seconds(work: &Work) -> Decimal {
    Decimal::from(work.minutes() * 60) + work.rest
}

fn one(sum: &str, unit: Unit) -> Work {
    curve(&[month(sum)], unit, &minutes).expect("work")
}

#[test]
fn the_unit_is_given_and_says_how_much_a_sum_is() {
    // November 2009 has 21 working days.
    assert_eq!(one("15", Unit::Hours).minutes(), 900);
    assert_eq!(one("15", Unit::Days { minutes_per_day: 480 }).minutes(), 7_200);
    assert_eq!(one("15", Unit::Days { minutes_per_day: 450 }).minutes(), 6_750);
    assert_eq!(one("0.3", Unit::Fte).minutes(), 21 * 144);
    assert_eq!(one("30", Unit::Percent).minutes(), 21 * 144);
}

#[test]
fn days_and_rest_are_exactly_what_was_told() {
    for sum in ["15", "0.3", "0.333333333", "7.999999999", "1000.000000001", "0.008333333", "0"] {
        let told: Decimal = sum.parse().expect("a number");
        for (unit, seconds_of_one) in
            [(Unit::Hours, 3_600), (Unit::Days { minutes_per_day: 437 }, 437 * 60), (Unit::Fte, 21 * 480 * 60)]
        {
            if matches!(unit, Unit::Fte) && told > Decimal::ONE_HUNDRED {
                continue;
            }
            let work = one(sum, unit);
            assert_eq!(seconds(&work), told * Decimal::from(seconds_of_one), "{sum} {unit:?}");
            assert!(work.rest.abs() <= Decimal::from(30), "{sum} {unit:?}");
            assert!(work.days.iter().all(|(day, minutes)| *minutes > 0 && super::minutes(*day) > 0));
        }
    }
}

#[test]
fn what_is_no_whole_minute_goes_with_the_next_segment() {
    let thirds: Vec<Segment> = ["01", "02", "03"]
        .map(|day| segment(&format!("2009-12-{day}T08:00:00"), &format!("2009-12-{day}T17:59:59"), "0.005"))
        .into();
    // Each is 18 seconds: only the second and third make a minute together.
    let work = curve(&thirds, Unit::Hours, &minutes).expect("work");
    assert_eq!((work.minutes(), work.rest), (1, Decimal::from(-6)));
}

#[test]
fn ends_are_inclusive_and_midnight_is_the_day_before() {
    let days = |start, finish| {
        let work = curve(&[segment(start, finish, "1")], Unit::Fte, &|_| 480).expect("work");
        let last = work.days.last_key_value().map(|(day, _)| day.to_string());
        (work.days.len(), last.unwrap_or_default())
    };
    assert_eq!(days("2009-11-02T08:00:00", "2009-11-03T17:59:59"), (2, "2009-11-03".to_owned()));
    assert_eq!(days("2009-11-02T00:00:00", "2009-11-04T00:00:00"), (2, "2009-11-03".to_owned()));
    assert_eq!(days("2009-11-02T00:00:00", "2009-11-03T23:59:59"), (2, "2009-11-03".to_owned()));
    assert_eq!(days("2009-11-02T00:00:00", "2009-11-02T00:00:00"), (1, "2009-11-02".to_owned()));
}

#[test]
fn hard_work_is_a_part_of_what_is_planned() {
    let days =
        |pairs: &[(&str, u64)]| pairs.iter().map(|(text, minutes)| (day(text), *minutes)).collect::<BTreeMap<_, _>>();
    let planned = days(&[("2009-11-02", 480), ("2009-11-03", 480), ("2009-11-04", 100)]);
    let hard = days(&[("2009-11-03", 480), ("2009-11-04", 40), ("2009-11-05", 60)]);
    assert_eq!(soft(&planned, &hard), days(&[("2009-11-02", 480), ("2009-11-04", 60)]));
}

#[test]
fn what_cannot_be_spread_is_refused_with_its_line() {
    let weekend = segment("2009-11-07T08:00:00", "2009-11-08T17:59:59", "8");
    let fault = curve(std::slice::from_ref(&weekend), Unit::Hours, &minutes).expect_err("a fault");
    assert_eq!(fault.to_string(), "line 7: there is work, but no working time from 2009-11-07 to 2009-11-08");
    assert_eq!(curve(&[weekend], Unit::Fte, &minutes), Ok(Work::default()));
    let why = |sum: &str, unit| curve(&[month(sum)], unit, &minutes).map_err(|fault| fault.why);
    assert_eq!(why("100.1", Unit::Fte), Err(SegmentFaultKind::TooMuch));
    assert_eq!(why("1000000000", Unit::Hours), Err(SegmentFaultKind::TooMuch));
    assert_eq!(why("0.0000000001", Unit::Hours), Err(SegmentFaultKind::TooPrecise));
    assert_eq!(why("x", Unit::Hours), Err(SegmentFaultKind::NoNumber));
    let long = segment("1800-11-07T08:00:00", "2009-11-08T17:59:59", "8");
    assert_eq!(
        curve(&[long], Unit::Hours, &minutes).map_err(|fault| fault.why),
        Err(SegmentFaultKind::Work(WorkFault::TooLong))
    );
}

#[test]
fn the_published_segments_are_kept_in_every_unit() {
    let Some(folder) = given::folder("clarity-xog") else { return };
    for (_, bytes) in given::files(&folder) {
        let xog = clarity::read(&bytes).expect("allocations").content;
        for booked in xog.projects.iter().flat_map(|project| &project.resources) {
            let sum: Decimal = booked.planned.iter().map(|one| one.sum.parse::<Decimal>().expect("a number")).sum();
            let hours = curve(&booked.planned, Unit::Hours, &minutes).expect("work");
            assert_eq!(seconds(&hours), sum * Decimal::from(3_600), "{}", booked.id);
            let days = curve(&booked.planned, Unit::Days { minutes_per_day: 480 }, &minutes).expect("work");
            assert_eq!((seconds(&days), days.rest), (sum * Decimal::from(28_800), Decimal::ZERO));
        }
    }
}

fn assigned(inner: &str) -> Assignment {
    let text = format!(
        "<Project><Assignments><Assignment><UID>1</UID><TaskUID>1</TaskUID>{inner}</Assignment></Assignments></Project>"
    );
    mspdi::read(text.as_bytes()).expect("a plan").content.assignments.remove(0)
}

fn by_day(inner: &str) -> Result<Vec<(String, u64)>, WorkFault> {
    let work = assignment(&assigned(inner), &weekdays)?;
    Ok(work.days.into_iter().map(|(day, minutes)| (day.format("%m-%d").to_string(), minutes)).collect())
}

#[test]
fn work_lies_in_the_working_time_from_start_to_finish() {
    let days = |pairs: &[(&str, u64)]| {
        Ok(pairs.iter().map(|(day, minutes)| ((*day).to_owned(), *minutes)).collect::<Vec<_>>())
    };
    let span = "<Start>2025-01-03T13:00:00</Start><Finish>2025-01-06T17:00:00</Finish>";
    assert_eq!(by_day(&format!("{span}<Work>PT12H0M0S</Work>")), days(&[("01-03", 240), ("01-06", 480)]));
    assert_eq!(by_day(&format!("{span}<Work>PT24H0M0S</Work>")), days(&[("01-03", 480), ("01-06", 960)]));
    assert_eq!(by_day(span), days(&[]));
    assert_eq!(by_day("<Work>PT1H0M0S</Work>"), Err(WorkFault::NoEnds));
    let row = |kind: u8, day: &str, value: &str| {
        format!(
            "<TimephasedData><Type>{kind}</Type><Start>2025-01-{day}T08:00:00</Start><Finish>2025-01-{day}T17:00:00</Finish><Value>{value}</Value></TimephasedData>"
        )
    };
    let rows = [row(2, "03", "PT2H0M20S"), row(1, "06", "PT6H0M20S"), row(1, "05", "PT0H0M20S")].concat();
    // The twentieths of a minute of three rows are one minute, on a Sunday because it was told there.
    let told = by_day(&format!("<Work>PT8H1M0S</Work>{rows}")).expect("work");
    assert_eq!(told.iter().map(|(_, minutes)| minutes).sum::<u64>(), 481);
    assert_eq!(
        by_day(&format!("<Work>PT9H0M0S</Work>{rows}")),
        Err(WorkFault::OtherSum { timephased: 481, work: 540 })
    );
}

#[test]
fn built_plans_have_the_expected_peaks() {
    let Some(folder) = given::folder("mspdi") else { return };
    let files: BTreeMap<String, Vec<u8>> = given::files(&folder).into_iter().collect();
    for (name, expected) in given::expected(&folder, "expected_built_plans.json") {
        let plan = mspdi::read(&files[&name]).expect("a plan").content;
        for resource in plan.resources.iter().filter(|resource| !resource.is_blank()) {
            let mut demand: BTreeMap<NaiveDate, u64> = BTreeMap::new();
            for one in plan.assignments.iter().filter(|one| one.resource == Some(resource.uid)) {
                let work = assignment(one, &weekdays).unwrap_or_else(|fault| panic!("{name}: {fault}"));
                assert_eq!(
                    (work.minutes().cast_signed(), work.rest),
                    (one.work.expect("work").minutes(), Decimal::ZERO),
                    "{name}"
                );
                for (day, minutes) in work.days {
                    *demand.entry(day).or_default() += minutes;
                }
            }
            let expected = &expected["resources"][resource.name.as_deref().expect("a name")];
            let capacity = expected["capacity"].as_u64().expect("a number") * 480;
            let peak = demand.values().max().copied().unwrap_or(0);
            assert_eq!(Value::from(peak / 480), expected["peakDemandAtEarlyStart"], "{name} {:?}", resource.name);
            let over = demand.values().filter(|minutes| **minutes > capacity).count();
            assert_eq!(Value::from(over), expected["overallocatedDays"], "{name} {:?}", resource.name);
        }
    }
}

#[test]
fn every_published_assignment_is_spread_whole() {
    let Some(folder) = given::folder("mspdi") else { return };
    for (name, bytes) in given::files(&folder) {
        let plan = mspdi::read(&bytes).expect("a plan").content;
        for one in plan.assignments.iter().filter(|one| one.resource.is_some()) {
            let work = assignment(one, &|_| "08:00-12:00 13:00-17:00".parse().expect("shifts"));
            let work = work.unwrap_or_else(|fault| panic!("{name}: {}: {fault}", one.uid));
            assert_eq!(seconds(&work), Decimal::from(one.work.unwrap_or_default().seconds), "{name}: {}", one.uid);
        }
    }
}

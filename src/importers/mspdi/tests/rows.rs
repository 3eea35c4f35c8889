//! Resources and assignments: what users of the format report, each read as told or refused clearly.

use super::super::super::told::{BookingType, RateTable, RateUnit, ResourceKind, TimephasedKind};
use super::{calendar, fault, file, read, taken, told};

fn resource(inner: &str) -> String {
    format!("<Resources><Resource><UID>1</UID><Name>r</Name><Type>1</Type>\n{inner}\n</Resource></Resources>")
}

fn assignment(inner: &str) -> String {
    format!(
        "<Assignments><Assignment><UID>1</UID><TaskUID>2</TaskUID><ResourceUID>3</ResourceUID>\n{inner}\n</Assignment></Assignments>"
    )
}

fn row(kind: u8, start: &str, finish: &str, value: &str) -> String {
    format!(
        "<TimephasedData><Type>{kind}</Type><UID>1</UID><Start>2025-01-{start}</Start><Finish>2025-01-{finish}</Finish><Unit>2</Unit>\
        <Value>{value}</Value></TimephasedData>"
    )
}

#[test]
fn names_are_kept_however_long_and_with_what_other_programs_reject() {
    let long = "n".repeat(200);
    let told = told(&format!(
        "{}{}",
        calendar("").replace("Standard", &long),
        resource("").replace("<Name>r", "<Name>a, [b] &amp; &#228;&#x1F600;")
    ));
    assert_eq!(told.content.calendars[0].name.as_deref(), Some(long.as_str()));
    assert_eq!(told.content.resources[0].name.as_deref(), Some("a, [b] & ä😀"));
}

#[test]
fn large_uids_are_read_and_too_large_ones_refused() {
    let told = told("<Resources><Resource><UID>4294967296</UID><Type>1</Type></Resource></Resources>");
    assert_eq!(told.content.resources[0].uid, 4_294_967_296);
    let large = fault("<Resources>\n<Resource>\n<UID>99999999999999999999</UID></Resource></Resources>");
    assert_eq!(
        large,
        "line 4: Project/Resources/Resource/UID: \"99999999999999999999\" is not a whole number of at most 18 digits"
    );
}

#[test]
fn kinds_of_resources_are_told_by_two_elements() {
    let kind = |inner: &str| {
        told(&format!("<Resources><Resource><UID>1</UID>{inner}</Resource></Resources>")).content.resources[0].kind
    };
    assert_eq!(kind("<Type>0</Type>"), ResourceKind::Material);
    assert_eq!(kind("<Type>0</Type><IsCostResource>1</IsCostResource>"), ResourceKind::Cost);
    assert_eq!(kind("<Type>2</Type>"), ResourceKind::Cost);
    assert_eq!(kind("<Type>1</Type><IsCostResource>0</IsCostResource>"), ResourceKind::Work);
    let untold = told("<Resources><Resource><UID>1</UID></Resource></Resources>");
    assert_eq!(taken(&untold.changed), [("no Type", "a work resource")]);
    assert!(
        fault("<Resources><Resource><UID>1</UID><Type>3</Type></Resource></Resources>")
            .ends_with("\"3\" is not a type of resource from 0 to 2")
    );
}

#[test]
fn rate_tables_and_availability_have_their_times() {
    let told = told(&resource(
        "<MaxUnits>1.00</MaxUnits><StandardRate>42.5</StandardRate><StandardRateFormat>3</StandardRateFormat><CostPerUse>1500</CostPerUse>\
        <BookingType>1</BookingType><CalendarUID>-1</CalendarUID><Group>Team A</Group>\
        <AvailableFrom>2025-01-01T00:00:00</AvailableFrom><AvailableTo>2025-12-31T23:59:00</AvailableTo>\
        <Rates><Rate><RatesFrom>1984-01-01T00:00:00</RatesFrom><RatesTo>2025-06-01T08:00:00</RatesTo><RateTable>0</RateTable>\
        <StandardRate>40</StandardRate><StandardRateFormat>2</StandardRateFormat></Rate>\
        <Rate><RatesFrom>2025-06-01T08:00:00</RatesFrom><RatesTo>2049-12-31T23:59:00</RatesTo><RateTable>4</RateTable>\
        <StandardRate>50.125</StandardRate><OvertimeRate>75</OvertimeRate><OvertimeRateFormat>8</OvertimeRateFormat><CostPerUse>0</CostPerUse></Rate>\
        <Rate><RateTable>5</RateTable><StandardRate>1</StandardRate></Rate></Rates>\
        <AvailabilityPeriods><AvailabilityPeriod><AvailableFrom>1984-01-01T00:00:00</AvailableFrom><AvailableTo>2025-03-31T23:59:00</AvailableTo>\
        <AvailableUnits>0.5</AvailableUnits></AvailabilityPeriod><AvailabilityPeriod><AvailableFrom>2025-04-01T00:00:00</AvailableFrom>\
        <AvailableTo>2049-12-31T23:59:00</AvailableTo><AvailableUnits>1</AvailableUnits></AvailabilityPeriod></AvailabilityPeriods>",
    ));
    let resource = &told.content.resources[0];
    let rate = resource.standard_rate.as_ref().expect("a rate");
    assert_eq!((rate.text.as_str(), rate.unit), ("42.5", Some(RateUnit::Day)));
    assert_eq!(
        (resource.booking, resource.calendar, resource.group.as_deref()),
        (Some(BookingType::Proposed), None, Some("Team A"))
    );
    let dates = (resource.available_from.map(|day| day.to_string()), resource.available_to.map(|day| day.to_string()));
    assert_eq!(dates, (Some("2025-01-01".to_owned()), Some("2025-12-31".to_owned())));
    assert_eq!(resource.rates.len(), 2);
    assert_eq!((resource.rates[0].table, resource.rates[0].from), (RateTable::A, None));
    assert_eq!((resource.rates[1].table, resource.rates[1].to), (RateTable::E, None));
    assert_eq!(resource.rates[1].overtime.as_ref().and_then(|rate| rate.unit), Some(RateUnit::Material));
    let availability: Vec<_> = resource
        .availability
        .iter()
        .map(|one| (one.from.map(|day| day.to_string()), one.to.map(|day| day.to_string()), one.units.to_string()))
        .collect();
    assert_eq!(
        availability,
        [
            (None, Some("2025-03-31".to_owned()), "0.5".to_owned()),
            (Some("2025-04-01".to_owned()), None, "1".to_owned())
        ]
    );
    assert_eq!(told.not_carried.iter().map(|left| left.why).collect::<Vec<_>>(), ["Its rate table is none of 0 to 4."]);
}

#[test]
fn malformed_and_negative_values_have_their_line() {
    let place = "line 3: Project/Assignments/Assignment";
    let expected = "is not a length of working time such as PT16H0M0S";
    for bad in ["-PT8H0M0S", "PT-8H0M0S", "8h", "P1D"] {
        assert_eq!(fault(&assignment(&format!("<Work>{bad}</Work>"))), format!("{place}/Work: \"{bad}\" {expected}"));
    }
    assert!(fault(&assignment("<Units>50%</Units>")).ends_with("\"50%\" is not a decimal number from 0 on"));
    assert!(fault(&assignment("<Units>1</Units><Units>1</Units>")).ends_with("Units: it stands there twice"));
    assert!(fault(&assignment("<Work><b/></Work>")).ends_with("no element is expected here"));
    assert!(fault(&resource("<StandardRate>-1</StandardRate>")).ends_with("\"-1\" is not a decimal number from 0 on"));
    // Percentages are not read at all, and so may be written with decimals.
    assert!(read(&assignment("<PercentWorkComplete>53.5</PercentWorkComplete>")).is_ok());
}

#[test]
fn a_finish_before_its_start_is_the_start() {
    let told = told(&assignment(
        "<Start>2025-01-10T08:00:00</Start><Finish>2025-01-09T17:00:00</Finish><Work>PT0H0M0S</Work>",
    ));
    assert_eq!(told.content.assignments[0].finish, told.content.assignments[0].start);
    assert_eq!(taken(&told.changed), [("Finish 2025-01-09 17:00:00 before Start", "Finish 2025-01-10 08:00:00")]);
}

#[test]
fn nobody_is_no_resource_and_times_are_to_the_second() {
    let told = told(
        &assignment("<Work>PT72H57M36S</Work><Delay>4800</Delay><ActualWork>PT0.4S</ActualWork>")
            .replace(">3<", ">-65535<"),
    );
    let one = &told.content.assignments[0];
    assert_eq!((one.resource, one.work.map(|work| (work.seconds, work.minutes()))), (None, Some((262_656, 4378))));
    assert_eq!(one.delay.map(|delay| delay.seconds), Some(28_800));
    assert_eq!(taken(&told.changed), [("ActualWork", "rounded to the second")]);
}

#[test]
fn timephased_rows_without_ends_are_left_and_overlaps_repaired() {
    let rows = [
        row(1, "08T08:00:00", "09T08:00:00", "PT8H0M0S"),
        row(1, "07T08:00:00", "08T17:00:00", "PT16H0M0S"),
        row(1, "09T08:00:00", "10T08:00:00", "PT4H0M0S"),
        row(1, "09T08:00:00", "09T17:00:00", "PT4H0M0S"),
        row(2, "06T08:00:00", "06T17:00:00", "PT8H0M0S"),
        row(4, "06T08:00:00", "06T17:00:00", "PT8H0M0S"),
        row(17, "06T08:00:00", "06T17:00:00", "PT8H0M0S"),
        row(1, "06T08:00:00", "06T08:00:00", "PT8H0M0S"),
        "<TimephasedData><Type>1</Type><Start>2025-01-06T08:00:00</Start><Value>PT8H0M0S</Value></TimephasedData>"
            .to_owned(),
    ];
    let told = told(&assignment(&rows.concat()));
    let rows: Vec<_> = told.content.assignments[0]
        .timephased
        .iter()
        .map(|row| {
            (
                row.kind,
                row.start.format("%d").to_string(),
                row.finish.format("%d %H").to_string(),
                row.work.seconds / 3600,
            )
        })
        .collect();
    let row = |kind, start: &str, finish: &str, hours| (kind, start.to_owned(), finish.to_owned(), hours);
    assert_eq!(
        rows,
        [
            row(TimephasedKind::Remaining, "07", "08 08", 16),
            row(TimephasedKind::Remaining, "08", "09 08", 8),
            row(TimephasedKind::Remaining, "09", "10 08", 8),
            row(TimephasedKind::Actual, "06", "06 17", 8),
        ]
    );
    assert_eq!(taken(&told.changed), [("2 rows of TimephasedData that overlap", "each ends where the next begins")]);
    let left: Vec<_> = told.not_carried.iter().map(|left| (left.what.as_str(), left.count)).collect();
    assert_eq!(left, [("TimephasedData Type 4", 1), ("TimephasedData Type 17", 1), ("TimephasedData", 2)]);
}

#[test]
fn what_leads_nowhere_is_noted() {
    let told = told(&format!("{}{}", resource("<CalendarUID>7</CalendarUID>"), assignment("")));
    assert_eq!(told.content.resources[0].calendar, None);
    assert_eq!(taken(&told.changed), [("7", "none, since no calendar has this UID")]);
    assert_eq!((told.content.assignments[0].resource, told.content.assignments[0].task_name.clone()), (Some(3), None));
}

#[test]
fn tasks_may_be_wrong_without_harm_and_custom_fields_twice() {
    let told = told(
        "<ExtendedAttributes><ExtendedAttribute><FieldID>1</FieldID></ExtendedAttribute><ExtendedAttribute><FieldID>1</FieldID></ExtendedAttribute>\
        </ExtendedAttributes><Tasks><Task><UID>2</UID><Name>Dig</Name><Duration>rubbish</Duration><PredecessorLink><Type>9</Type></PredecessorLink></Task>\
        <Task><UID>x</UID></Task></Tasks><Assignments><Assignment><UID>1</UID><TaskUID>2</TaskUID></Assignment></Assignments><MinutesPerDay>450</MinutesPerDay>\
        <HonorConstraints>1</HonorConstraints>",
    );
    assert_eq!(told.content.assignments[0].task_name.as_deref(), Some("Dig"));
    assert_eq!(told.content.project.minutes_per_day, Some(450));
    let left: Vec<_> =
        told.not_carried.iter().map(|left| (left.place.as_str(), left.what.as_str(), left.count)).collect();
    assert_eq!(
        left,
        [
            ("Project", "ExtendedAttributes", 1),
            ("Project/ExtendedAttributes", "ExtendedAttribute", 2),
            ("Project/Tasks", "Task", 2),
            ("Project/Tasks/Task", "PredecessorLink", 1),
            ("Project", "HonorConstraints", 1),
        ]
    );
}

#[test]
fn a_prefix_on_every_element_is_the_same_file() {
    let text = file(&calendar(""))
        .replace("</", "</p:")
        .replace('<', "<p:")
        .replace("<p:/p:", "</p:")
        .replace("xmlns=", "xmlns:p=");
    assert_eq!(super::super::read(text.as_bytes()).expect("a plan").content.calendars.len(), 1);
}

#[test]
fn a_currency_is_a_code_or_none() {
    let told = told("<CurrencyCode>GBP</CurrencyCode><CurrencySymbol>£</CurrencySymbol>").content.project;
    assert_eq!((told.currency.as_deref(), told.currency_symbol.as_deref()), (Some("GBP"), Some("£")));
    let other = super::told("<CurrencyCode>£</CurrencyCode>");
    assert_eq!(
        (other.content.project.currency, taken(&other.changed)),
        (None, vec![("CurrencyCode £", "no currency")])
    );
}

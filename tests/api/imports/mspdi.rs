//! `--format mspdi`: calendars with what recurs in them, resources, rate tables and assignments of a plan.

use foliograph::{
    auth::Role,
    importers::{File, Format, Options},
};
use serde_json::{Value, json};

use super::{again, counts, file, import, left, notes, project, refusal, run};
use crate::support::{
    World,
    client::Client,
    dump::dump,
    real_data,
    writes::{begin, faults, stranger},
};

fn of(key: &str) -> Options {
    Options { project: Some(key.to_owned()), currency: None, ..Options::default() }
}

fn in_pounds(key: &str) -> Options {
    Options { currency: Some("GBP".to_owned()), ..of(key) }
}

/// The published files that have resources or assignments.
const STAFFED: [&str; 12] = [
    "sample.xml",
    "assignment-assignments-project2013-mspdi.xml",
    "calendar-calendars-project2010-mspdi.xml",
    "resource-type-project2013-mspdi.xml",
    "baselines.xml",
    "import-schedule-msp.xml",
    "sched_diff_dates_changed.xml",
    "sched_diff_reference.xml",
    "sched_diff_subtask_added.xml",
    "sched_diff_tasks_renamed.xml",
    "bug1_from_mpp.xml",
    "mpp14baseline_from_mpp.xml",
];
/// Minutes of the assignments that become bookings, as the files tell them.
const MINUTES: [(&str, i64); 4] = [
    ("sample.xml", 30_000),
    ("assignment-assignments-project2013-mspdi.xml", 14_400),
    ("bug1_from_mpp.xml", 0),
    ("mpp14baseline_from_mpp.xml", 0),
];

/// A plan with these sections.
fn plan(sections: &str) -> String {
    format!(
        "<Project xmlns=\"http://schemas.microsoft.com/project\">\n<CurrencyCode>EUR</CurrencyCode><CalendarUID>1</CalendarUID>\n{sections}\n</Project>"
    )
}

fn shift(from: &str, to: &str) -> String {
    format!("<WorkingTime><FromTime>{from}:00</FromTime><ToTime>{to}:00</ToTime></WorkingTime>")
}

/// A working day of eight hours, by the number of its weekday from Sunday on.
fn weekday(number: u8) -> String {
    let times = format!("{}{}", shift("08:00", "12:00"), shift("13:00", "17:00"));
    format!(
        "<WeekDay><DayType>{number}</DayType><DayWorking>1</DayWorking><WorkingTimes>{times}</WorkingTimes></WeekDay>"
    )
}

fn office() -> String {
    let week: String = (2..=6).map(weekday).collect();
    format!(
        "<Calendar><UID>1</UID><Name>Office</Name><IsBaseCalendar>1</IsBaseCalendar><BaseCalendarUID>-1</BaseCalendarUID><WeekDays>{week}</WeekDays></Calendar>"
    )
}

fn exception(name: &str, from: &str, to: &str, more: &str) -> String {
    format!(
        "<Exception><EnteredByOccurrences>0</EnteredByOccurrences><TimePeriod><FromDate>{from}T00:00:00</FromDate><ToDate>{to}T23:59:00</ToDate></TimePeriod><Occurrences>1</Occurrences><Name>{name}</Name>{more}<DayWorking>0</DayWorking></Exception>"
    )
}

fn derived(uid: u8, base: &str, more: &str) -> String {
    format!(
        "<Calendar><UID>{uid}</UID><Name>Calendar {uid}</Name><IsBaseCalendar>1</IsBaseCalendar><BaseCalendarUID>{base}</BaseCalendarUID>{more}</Calendar>"
    )
}

fn resource(uid: u8, name: &str, more: &str) -> String {
    format!("<Resource><UID>{uid}</UID><ID>{uid}</ID><Name>{name}</Name><Type>1</Type>{more}</Resource>")
}

fn assignment(uid: u8, resource: u8, from: &str, to: &str, hours: u32, more: &str) -> String {
    format!(
        "<Assignment><UID>{uid}</UID><TaskUID>1</TaskUID><ResourceUID>{resource}</ResourceUID><Start>{from}T08:00:00</Start><Finish>{to}T17:00:00</Finish><Work>PT{hours}H0M0S</Work>{more}</Assignment>"
    )
}

fn rate(table: u8, from: &str, to: &str, amount: &str) -> String {
    format!(
        "<Rate><RatesFrom>{from}T00:00:00</RatesFrom><RatesTo>{to}T00:00:00</RatesTo><RateTable>{table}</RateTable><StandardRate>{amount}</StandardRate><StandardRateFormat>2</StandardRateFormat></Rate>"
    )
}

fn sections(calendars: &str, resources: &str, assignments: &str) -> String {
    plan(&format!(
        "<Calendars>\n{calendars}</Calendars>\n<Tasks><Task><UID>1</UID><Name>Dig</Name></Task></Tasks>\n<Resources>\n{resources}</Resources>\n<Assignments>\n{assignments}</Assignments>"
    ))
}

fn one(text: &str) -> Vec<File> {
    vec![file("plan.xml", text)]
}

async fn rows(client: &Client, query: &str) -> Value {
    let told = client.query(query).await.data();
    told.as_object().and_then(|all| all.values().next()).map(|all| all["nodes"].clone()).unwrap_or_default()
}

/// Minutes of all days of a booking.
fn days_of(periods: &Value) -> i64 {
    let day = |value: &Value| value.as_str().expect("a day").parse::<chrono::NaiveDate>().expect("a date");
    let all = periods["nodes"].as_array().expect("periods").iter();
    all.map(|p| {
        ((day(&p["endOn"]) - day(&p["startOn"])).num_days() + 1) * p["minutesPerDay"].as_i64().expect("minutes")
    })
    .sum()
}

/// Who reads what people cost.
async fn money(world: &World) -> Client {
    world.client_as("anna.keller", &[Role::PmoLead, Role::Finance]).await
}

async fn prepared(world: &World) -> Client {
    let (_, lead) = begin(world).await;
    project(&lead, "PLAN").await;
    lead
}

tests! {
    async fn published_files_arrive_as_they_are_told(world: &World) {
        let (_, lead) = begin(world).await;
        let finance = money(world).await;
        let expected = real_data::json("mspdi/expected.json");
        for (number, name) in STAFFED.iter().enumerate() {
            let key = format!("PLAN-{number}");
            project(&lead, &key).await;
            let (files, options, due) = (vec![file(name, real_data::bytes(&format!("mspdi/{name}")))], in_pounds(&key), &expected[*name]);
            let report = import(world, Format::Mspdi, &files, &options).await.unwrap_or_else(|e| panic!("{name}: {e}"));
            let count = |kind: &str| report.kinds.iter().find(|count| count.kind == kind).map_or(0, |count| count.read);

            let calendars = rows(&lead, &format!("{{ workCalendars(filter: {{ externalSystem: {{ eq: \"MSPDI\" }}, externalId: {{ startsWith: \"{key}:\" }} }}, first: 100) {{ nodes {{ name }} }} }}")).await;
            let mut told: Vec<&str> = calendars.as_array().expect("calendars").iter().filter_map(|row| row["name"].as_str()).collect();
            let mut names: Vec<&str> = due["calendars"].as_array().expect("calendars").iter().filter_map(Value::as_str).collect();
            told.sort_unstable();
            names.sort_unstable();
            assert_eq!(told, names, "{name}");

            let costs = left(&report, "Resource of type cost");
            assert_eq!(json!(count("Resource") as u64 + costs), due["resourceCount"], "{name}: {:#?}", report.left);
            for resource in due["resources"].as_array().expect("resources").iter().filter(|resource| resource["type"] != "COST") {
                let is_work = resource["type"] == "WORK";
                // The same names stand in several files: each has its own calendars.
                let of = if is_work { format!(", calendar: {{ externalId: {{ startsWith: \"{key}:\" }} }}") } else { String::new() };
                let found = rows(&lead, &format!("{{ resources(filter: {{ externalSystem: {{ eq: \"MSPDI\" }}, name: {{ eq: {} }}{of} }}) {{ nodes {{ id kind fte calendar {{ externalId }} }} }} }}", resource["name"])).await;
                assert_eq!(found.as_array().map(Vec::len), Some(1), "{name}: {resource}");
                let found = &found[0];
                assert_eq!(found["kind"], if is_work { "GENERIC" } else { "MATERIAL" }, "{name}: {resource}");
                let fte = resource["maxUnits"].as_f64().filter(|_| is_work).map(|units| format!("{}", units / 100.0));
                assert_eq!(found["fte"], json!(fte), "{name}: {resource}");
                if is_work {
                    let hourly = resource["standardRate"].as_str().and_then(|rate| rate.trim_end_matches("/h").parse::<f64>().ok());
                    let rates = rows(&finance, &format!("{{ rates(filter: {{ resource: {{ id: {{ eq: {} }} }} }}) {{ nodes {{ startOn endOn hourly {{ amount currency }} card {{ key }} }} }} }}", found["id"])).await;
                    let due = hourly.map(|rate| json!([{ "startOn": "1984-01-01", "endOn": null, "hourly": { "amount": format!("{rate}"), "currency": "GBP" }, "card": { "key": "MSPDI-A" } }]));
                    assert_eq!(rates, due.unwrap_or(json!([])), "{name}: {resource}");
                }
            }

            // Of nobody, of none that the file has, or without work: all of them are told.
            let outside = report.left.iter().filter(|left| left.what == "Assignment" || left.what == "Assignment without work").map(|left| left.count).sum::<u64>();
            assert_eq!(json!(count("Allocation") as u64 + outside), due["assignments"], "{name}: {:#?}", report.left);
            let bookings = rows(&lead, &format!("{{ allocations(filter: {{ project: {{ key: {{ eq: \"{key}\" }} }} }}, first: 100) {{ nodes {{ minutes state periods {{ nodes {{ startOn endOn minutesPerDay }} }} }} }} }}")).await;
            let bookings = bookings.as_array().expect("bookings");
            assert_eq!(bookings.len(), count("Allocation"), "{name}");
            for booking in bookings {
                assert_eq!(Some(days_of(&booking["periods"])), booking["minutes"].as_i64(), "{name}: {booking}");
            }
            if let Some((_, minutes)) = MINUTES.iter().find(|(of, minutes)| of == name && *minutes > 0) {
                assert_eq!(bookings.iter().filter_map(|booking| booking["minutes"].as_i64()).sum::<i64>(), *minutes, "{name}");
            }
            again(world, Format::Mspdi, &files, &options).await;
        }
    }

    async fn what_recurs_holds_on_its_days(world: &World) {
        let lead = prepared(world).await;
        let exceptions = [
            exception("Works outing", "2026-05-07", "2026-05-08", "<Type>1</Type>"),
            exception("Inventory", "2026-01-01", "2027-12-31", "<Type>5</Type><Period>3</Period><MonthItem>8</MonthItem><MonthPosition>4</MonthPosition>"),
            exception("Fair", "2026-01-01", "2027-12-31", "<Type>3</Type><Month>5</Month><MonthItem>4</MonthItem><MonthPosition>1</MonthPosition>"),
            exception("New year", "2026-01-01", "2029-12-31", "<Type>2</Type><Month>0</Month><MonthDay>1</MonthDay>"),
            exception("Cleaning", "2026-03-02", "2026-03-31", "<Type>6</Type><Period>2</Period><DaysOfWeek>32</DaysOfWeek>"),
        ].concat();
        let weeks = format!("<WorkWeeks><WorkWeek><TimePeriod><FromDate>2026-07-01T00:00:00</FromDate><ToDate>2026-08-31T23:59:00</ToDate></TimePeriod><Name>Summer</Name><WeekDays><WeekDay><DayType>6</DayType><DayWorking>1</DayWorking><WorkingTimes>{}</WorkingTimes></WeekDay></WeekDays></WorkWeek></WorkWeeks>", shift("08:00", "12:00"));
        let text = sections(&format!("{}{}", office(), derived(2, "1", &format!("<Exceptions>{exceptions}</Exceptions>{weeks}"))), "", "");
        let report = import(world, Format::Mspdi, &one(&text), &of("PLAN")).await.expect("imported");
        assert_eq!(counts(&report), ["WorkCalendar: 2 2 0 0 0", "CalendarException: 6 6 0 0 0"]);
        let told = rows(&lead, "{ workCalendars(filter: { externalId: { eq: \"PLAN:2\" } }) { nodes { key name base { name } monday friday \
            may: workingDays(from: \"2026-05-06\", to: \"2026-05-08\") { minutes } inventory: workingDays(from: \"2026-01-30\", to: \"2026-01-30\") { minutes } fair: workingDays(from: \"2026-06-08\", to: \"2026-06-08\") { minutes } \
            year: workingDays(from: \"2027-01-01\", to: \"2027-01-01\") { minutes } cleaning: workingDays(from: \"2026-03-06\", to: \"2026-03-06\") { minutes } not: workingDays(from: \"2026-03-13\", to: \"2026-03-13\") { minutes } \
            summer: workingDays(from: \"2026-07-02\", to: \"2026-07-03\") { times } } } }").await;
        assert_eq!(told, json!([{
            "key": "MSPDI-PLAN-2", "name": "Calendar 2", "base": { "name": "Office" }, "monday": null, "friday": null,
            "may": [{ "minutes": 480 }, { "minutes": 0 }, { "minutes": 0 }], "inventory": [{ "minutes": 0 }], "fair": [{ "minutes": 0 }],
            "year": [{ "minutes": 0 }], "cleaning": [{ "minutes": 0 }], "not": [{ "minutes": 480 }],
            "summer": [{ "times": "08:00-12:00 13:00-17:00" }, { "times": "08:00-12:00" }],
        }]));
        again(world, Format::Mspdi, &one(&text), &of("PLAN")).await;
        // One that is gone is archived, one that comes back comes out of the archive; the others stay as they are.
        let less = text.replace(&exception("Works outing", "2026-05-07", "2026-05-08", "<Type>1</Type>"), "");
        let report = import(world, Format::Mspdi, &one(&less), &of("PLAN")).await.expect("imported");
        assert_eq!(counts(&report), ["WorkCalendar: 2 0 0 2 0", "CalendarException: 5 0 0 5 0"]);
        assert_eq!(notes(&report), ["0 CHANGED exception Works outing: archived: the file no longer has it"]);
        again(world, Format::Mspdi, &one(&less), &of("PLAN")).await;
        let report = import(world, Format::Mspdi, &one(&text), &of("PLAN")).await.expect("imported");
        assert_eq!(counts(&report)[1], "CalendarException: 6 0 1 5 0");
    }

    async fn rates_follow_each_other_in_their_tables(world: &World) {
        let lead = prepared(world).await;
        let rates = format!("<Rates>{}{}{}</Rates>", rate(0, "1984-01-01", "2026-07-01", "80"), rate(0, "2026-07-01", "2049-12-31", "82.5"), rate(1, "1984-01-01", "2049-12-31", "120"));
        let text = sections(&office(), &resource(1, "Ann", &format!("<MaxUnits>0.5</MaxUnits>{rates}")), "");
        let report = import(world, Format::Mspdi, &one(&text), &of("PLAN")).await.expect("imported");
        assert_eq!(counts(&report), ["WorkCalendar: 1 1 0 0 0", "Resource: 1 1 0 0 0", "Rate: 3 3 0 0 0", "RateCard: 2 2 0 0 0"]);
        let query = "{ rates(filter: { resource: { externalId: { eq: \"PLAN:R1\" } } }, orderBy: [{ startOn: { direction: ASC } }]) { nodes { card { key precedence } startOn endOn hourly { amount currency } version } } }".replace(", { field: AMOUNT, direction: ASC }", "");
        // She leads the office and reads no rates of people.
        assert_eq!(rows(&lead, &query).await, json!([]));
        let finance = money(world).await;
        let mut told: Vec<String> = rows(&finance, &query).await.as_array().expect("rates").iter().map(|r| format!("{} {} {} {} {}", r["card"]["key"].as_str().unwrap_or("-"), r["startOn"].as_str().unwrap_or("-"), r["endOn"].as_str().unwrap_or("-"), r["hourly"]["amount"].as_str().unwrap_or("-"), r["hourly"]["currency"].as_str().unwrap_or("-"))).collect();
        told.sort();
        assert_eq!(told, ["MSPDI-A 1984-01-01 2026-06-30 80 EUR", "MSPDI-A 2026-07-01 - 82.5 EUR", "MSPDI-B 1984-01-01 - 120 EUR"]);
        again(world, Format::Mspdi, &one(&text), &of("PLAN")).await;
        let report = import(world, Format::Mspdi, &one(&text.replace("82.5", "83")), &of("PLAN")).await.expect("imported");
        assert_eq!(counts(&report)[2], "Rate: 3 0 1 2 0");
    }

    async fn work_lies_on_the_days_that_the_plan_says(world: &World) {
        let lead = prepared(world).await;
        let phased = |kind: u8, from: &str, to: &str, hours: u32| format!("<TimephasedData><Type>{kind}</Type><UID>1</UID><Start>{from}</Start><Finish>{to}</Finish><Unit>2</Unit><Value>PT{hours}H0M0S</Value></TimephasedData>");
        let by_time = [phased(2, "2026-03-02T08:00:00", "2026-03-03T08:00:00", 2), phased(1, "2026-03-03T08:00:00", "2026-03-04T08:00:00", 6), phased(4, "2026-03-03T08:00:00", "2026-03-04T08:00:00", 99)].concat();
        let staff = format!("{}{}", resource(1, "Ann", "<MaxUnits>1</MaxUnits><BookingType>0</BookingType>"), resource(2, "Bob", "<MaxUnits>1</MaxUnits><BookingType>1</BookingType>"));
        let work = format!("{}{}", assignment(1, 1, "2026-03-02", "2026-03-03", 8, &by_time), assignment(2, 2, "2026-03-06", "2026-03-09", 16, ""));
        let text = sections(&office(), &staff, &work);
        let report = import(world, Format::Mspdi, &one(&text), &of("PLAN")).await.expect("imported");
        assert_eq!(counts(&report).last().map(String::as_str), Some("Allocation: 2 2 0 0 0"));
        let query = "{ allocations(filter: { project: { key: { eq: \"PLAN\" } } }, orderBy: [{ externalId: { direction: ASC } }]) { nodes { externalId state minutes note startOn endOn periods(orderBy: [{ startOn: { direction: ASC } }]) { nodes { startOn endOn minutesPerDay } } } } }";
        let day = |from: &str, to: &str, minutes: i64| json!({ "startOn": from, "endOn": to, "minutesPerDay": minutes });
        assert_eq!(rows(&lead, query).await, json!([
            { "externalId": "PLAN:A1", "state": "HARD", "minutes": 480, "note": "Dig", "startOn": "2026-03-02", "endOn": "2026-03-03", "periods": { "nodes": [day("2026-03-02", "2026-03-02", 120), day("2026-03-03", "2026-03-03", 360)] } },
            { "externalId": "PLAN:A2", "state": "SOFT", "minutes": 960, "note": "Dig", "startOn": "2026-03-06", "endOn": "2026-03-09", "periods": { "nodes": [day("2026-03-06", "2026-03-06", 480), day("2026-03-09", "2026-03-09", 480)] } },
        ]));
        again(world, Format::Mspdi, &one(&text), &of("PLAN")).await;
        // Only the days differ: that is a change, too.
        let other = text.replace(&phased(2, "2026-03-02T08:00:00", "2026-03-03T08:00:00", 2), &phased(2, "2026-03-02T08:00:00", "2026-03-03T08:00:00", 4)).replace(&phased(1, "2026-03-03T08:00:00", "2026-03-04T08:00:00", 6), &phased(1, "2026-03-03T08:00:00", "2026-03-04T08:00:00", 4));
        let report = import(world, Format::Mspdi, &one(&other), &of("PLAN")).await.expect("imported");
        assert_eq!(counts(&report).last().map(String::as_str), Some("Allocation: 2 0 1 1 0"));
        assert_eq!(rows(&lead, query).await[0]["periods"]["nodes"], json!([day("2026-03-02", "2026-03-03", 240)]));
    }

    async fn what_the_plan_has_no_more_stays_and_is_told(world: &World) {
        let lead = prepared(world).await;
        let staff = resource(1, "Crowd", "<MaxUnits>11</MaxUnits>");
        let (first, second) = (assignment(1, 1, "2026-03-02", "2026-03-03", 8, ""), assignment(2, 1, "2026-03-04", "2026-03-05", 8, ""));
        let report = import(world, Format::Mspdi, &one(&sections(&office(), &staff, &format!("{first}{second}"))), &of("PLAN")).await.expect("imported");
        assert_eq!(left(&report, "MaxUnits in Resource"), 1, "{:#?}", report.left);
        let found = rows(&lead, "{ resources(filter: { externalId: { eq: \"PLAN:R1\" } }) { nodes { kind fte } } }").await;
        assert_eq!(found, json!([{ "kind": "TEAM", "fte": null }]));
        let report = again(world, Format::Mspdi, &one(&sections(&office(), &staff, &first)), &of("PLAN")).await;
        assert_eq!(notes(&report), ["0 DOUBTFUL booking PLAN:A2: the file no longer has it, and it stays as it is"]);
    }

    async fn a_known_address_is_that_person(world: &World) {
        let lead = prepared(world).await;
        let email = rows(&lead, "{ people(filter: { key: { eq: \"anna.keller\" } }) { nodes { email } } }").await[0]["email"].as_str().expect("an address").to_uppercase();
        let staff = format!("{}{}", resource(1, "Anna", &format!("<EmailAddress>{email}</EmailAddress><MaxUnits>1</MaxUnits>")), resource(2, "Team", "<MaxUnits>3</MaxUnits>"));
        let text = sections(&office(), &staff, "");
        let known = rows(&lead, "{ resources(filter: { person: { key: { eq: \"anna.keller\" } } }) { nodes { key version } } }").await;
        import(world, Format::Mspdi, &one(&text), &of("PLAN")).await.expect("imported");
        let told = rows(&lead, "{ resources(filter: { person: { key: { eq: \"anna.keller\" } } }) { nodes { key version } } }").await;
        if known == json!([]) {
            assert_eq!(told[0]["key"], "MSPDI-PLAN-R1");
        } else {
            assert_eq!(told, known, "one that is kept here already is not changed");
        }
        let team = rows(&lead, "{ resources(filter: { externalId: { eq: \"PLAN:R2\" } }) { nodes { kind fte } } }").await;
        assert_eq!(team, json!([{ "kind": "TEAM", "fte": "3" }]));
        again(world, Format::Mspdi, &one(&text), &of("PLAN")).await;
    }

    async fn what_cannot_be_kept_is_told_with_its_line_and_writes_nothing(world: &World) {
        prepared(world).await;
        let ann = || resource(1, "Ann", "<MaxUnits>1</MaxUnits>");
        let good = sections(&office(), &ann(), &assignment(1, 1, "2026-03-02", "2026-03-03", 8, ""));
        let overlapping = format!("<Rates>{}{}</Rates>", rate(0, "1984-01-01", "2026-07-01", "80"), rate(0, "2026-06-01", "2049-12-31", "82"));
        let gone = format!("{}<AvailabilityPeriods><AvailabilityPeriod><AvailableFrom>2026-01-01T00:00:00</AvailableFrom><AvailableTo>2026-03-02T23:59:00</AvailableTo><AvailableUnits>1</AvailableUnits></AvailabilityPeriod></AvailabilityPeriods>", "<MaxUnits>1</MaxUnits>");
        let no_currency = sections(&office(), &resource(1, "Ann", "<StandardRate>50</StandardRate>"), "").replace("<CurrencyCode>EUR</CurrencyCode>", "<CurrencySymbol>$</CurrencySymbol>");
        for (what, text, options, parts) in [
            ("truncated", good[..good.len() - 60].to_owned(), of("PLAN"), vec!["plan.xml"]),
            ("no plan", "<NikuDataBus/>".to_owned(), of("PLAN"), vec!["Project"]),
            ("no project is said", good.clone(), Options::default(), vec!["--project"]),
            ("no such project", good.clone(), of("NONE"), vec!["--project", "NONE"]),
            ("a unit is said", good.clone(), Options { segment_unit: Some(foliograph::importers::Unit::Hours), ..of("PLAN") }, vec!["--segment-unit"]),
            ("no such calendar", good.clone(), Options { calendar: Some("NONE".to_owned()), ..of("PLAN") }, vec!["--calendar", "NONE"]),
            ("another currency", good.clone(), in_pounds("PLAN"), vec!["--currency", "EUR"]),
            ("no currency", no_currency, of("PLAN"), vec!["--currency", "$"]),
            ("rates overlap", sections(&office(), &resource(1, "Ann", &overlapping), ""), of("PLAN"), vec!["line 7", "overlap", "2026-06-01"]),
            ("a base that is not there", sections(&derived(2, "9", ""), "", ""), of("PLAN"), vec!["line 4", "9"]),
            ("bases in a circle", sections(&format!("{}{}", derived(2, "3", ""), derived(3, "2", "")), "", ""), of("PLAN"), vec!["line 4", "back"]),
            ("after it has left", sections(&office(), &resource(1, "Ann", &gone), &assignment(1, 1, "2026-03-02", "2026-03-03", 8, "")), of("PLAN"), vec!["line 9", "employment"]),
            ("more than a day has", sections(&office(), &ann(), &assignment(1, 1, "2026-03-02", "2026-03-02", 25, "")), of("PLAN"), vec!["line 9", "1500 minutes", "1440 at most"]),
            ("negative work", good.replace("PT8H0M0S", "-PT8H0M0S"), of("PLAN"), vec!["line 9", "Work"]),
            ("no working time", sections(&office(), &ann(), &assignment(1, 1, "2026-03-07", "2026-03-08", 8, "")), of("PLAN"), vec!["line 9", "no working time"]),
        ] {
            let told = refusal(world, Format::Mspdi, &one(&text), &options).await;
            assert!(parts.iter().all(|part| told.contains(part)), "{what}: {told}");
        }
        import(world, Format::Mspdi, &one(&good), &of("PLAN")).await.expect("imported");
    }

    async fn whoever_may_import_does_so_over_http_and_nobody_else(world: &World) {
        let lead = prepared(world).await;
        let database = world.database().await;
        let text = sections(&office(), &resource(1, "Ann", "<MaxUnits>1</MaxUnits><BookingType>0</BookingType><StandardRate>50</StandardRate>"), &assignment(1, 1, "2026-03-02", "2026-03-03", 8, ""));
        let before = dump(&database).await;
        for role in [Role::ProjectManager, Role::Finance, Role::ResourceManager, Role::Integration] {
            let told = run(&stranger(world, role).await, "MSPDI", text.as_bytes(), json!({ "projectKey": "PLAN" })).await;
            assert_eq!(faults(&told), ["FORBIDDEN input"], "{role:?}: {told}");
        }
        let told = run(&lead, "MSPDI", text.as_bytes(), json!({})).await;
        assert_eq!(faults(&told), ["REQUIRED input.projectKey"], "{told}");
        let told = run(&lead, "MSPDI", text.as_bytes(), json!({ "projectKey": "PLAN", "dryRun": true })).await;
        assert_eq!(faults(&told), [""; 0], "{told}");
        let people = ["person", "person_identity"];
        for (table, rows) in dump(&database).await.iter().filter(|(table, _)| !people.contains(&table.as_str())) {
            assert_eq!(before.get(table), Some(rows), "{table} was changed");
        }
        let told = run(&lead, "MSPDI", text.as_bytes(), json!({ "projectKey": "PLAN" })).await;
        assert_eq!(faults(&told), [""; 0], "{told}");
        assert_eq!(told["report"]["kinds"].as_array().map(Vec::len), Some(3), "{told}");
        let lost = told["report"]["notCarried"].as_array().expect("what is left").iter().find(|left| left["what"] == "rates").expect("it is told");
        assert_eq!((&lost["count"], &lost["reason"]), (&json!(1), &json!("writing them needs RATE_WRITE")));
        let soft = told["report"]["notCarried"].as_array().expect("what is left").iter().find(|left| left["what"] == "bookings that stay SOFT").expect("it is told");
        assert_eq!(soft["count"], 1);
        let told = run(&lead, "MSPDI", text.as_bytes(), json!({ "projectKey": "PLAN" })).await;
        assert_eq!((&told["report"]["createdCount"], &told["report"]["updatedCount"]), (&json!(0), &json!(0)), "{told}");
        let told = run(&money(world).await, "MSPDI", text.as_bytes(), json!({ "projectKey": "PLAN" })).await;
        assert_eq!((&told["report"]["createdCount"], &told["report"]["updatedCount"]), (&json!(2), &json!(0)), "{told}");
    }
}

//! Counts, names, rates and sums of the published files.

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::super::given;
use super::super::super::told::{Plan, Resource, ResourceKind, Told};

fn plans(list: &str) -> Vec<(String, Value, Told<Plan>)> {
    let Some(folder) = given::folder("mspdi") else { return vec![] };
    let files: std::collections::HashMap<String, Vec<u8>> = given::files(&folder).into_iter().collect();
    let read = |(name, expected): (String, Value)| {
        let bytes = files.get(&name).unwrap_or_else(|| panic!("{name} is listed and not there"));
        let told = super::super::read(bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        (name, expected, told)
    };
    given::expected(&folder, list).into_iter().map(read).collect()
}

/// Those whom people named, as the list counts them.
fn named(plan: &Plan) -> Vec<&Resource> {
    plan.resources.iter().filter(|resource| !resource.is_blank()).collect()
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().parse().expect("a number")
}

#[test]
fn calendars_are_those_expected() {
    for (name, expected, told) in plans("expected.json") {
        let names: Vec<Value> = told
            .content
            .calendars
            .iter()
            .map(|calendar| calendar.name.clone().map_or(Value::Null, Value::from))
            .collect();
        assert_eq!(Value::from(names), expected["calendars"], "{name}");
    }
}

#[test]
fn resources_are_those_expected() {
    for (name, expected, told) in plans("expected.json") {
        let resources = named(&told.content);
        assert_eq!(Value::from(resources.len()), expected["resourceCount"], "{name}");
        let listed = expected["resources"].as_array().expect("a list");
        // The list stops after twelve.
        assert_eq!(listed.len(), resources.len().min(12), "{name}");
        for (resource, listed) in resources.iter().zip(listed) {
            assert_eq!(listed["uid"], Value::from(resource.uid), "{name}");
            assert_eq!(listed["name"].as_str(), resource.name.as_deref(), "{name}");
            let kind = match resource.kind {
                ResourceKind::Work => "WORK",
                ResourceKind::Material => "MATERIAL",
                ResourceKind::Cost => "COST",
            };
            assert_eq!(listed["type"], kind, "{name}");
            let units = listed["maxUnits"].as_f64().map(|_| decimal(&listed["maxUnits"]) / Decimal::ONE_HUNDRED);
            assert_eq!(resource.max_units, units, "{name}: {:?}", resource.name);
            let rate = listed["standardRate"].as_str().map(|rate| rate.strip_suffix("/h").expect("per hour"));
            let rate: Option<Decimal> = rate.map(|rate| rate.parse().expect("a number"));
            let told = resource.standard_rate.as_ref().map(|rate| rate.text.parse().expect("a number"));
            assert_eq!(told, rate, "{name}: {:?}", resource.name);
        }
    }
}

#[test]
fn assignments_are_those_expected() {
    for (name, expected, told) in plans("expected.json") {
        let assigned = told.content.assignments.iter().filter(|assignment| assignment.resource.is_some());
        assert_eq!(Value::from(assigned.count()), expected["assignments"], "{name}");
    }
}

#[test]
fn projects_are_those_expected() {
    for (name, expected, told) in plans("expected.json") {
        let project = &told.content.project;
        let at = |at: Option<chrono::NaiveDateTime>| {
            at.map_or(Value::Null, |at| Value::from(at.format("%Y-%m-%dT%H:%M").to_string()))
        };
        assert_eq!(project.title.as_deref(), expected["title"].as_str(), "{name}");
        assert_eq!(project.currency_symbol.as_deref(), expected["currencySymbol"].as_str(), "{name}");
        assert_eq!(at(project.start), expected["startDate"], "{name}");
        assert_eq!(at(project.finish), expected["finishDate"], "{name}");
        assert_eq!(at(project.status), expected["statusDate"], "{name}");
    }
}

#[test]
fn tasks_links_and_fields_are_counted_and_left() {
    for (name, expected, told) in plans("expected.json") {
        let count = |place: &str, what: &str| {
            let found = told.not_carried.iter().find(|left| left.place == place && left.what == what);
            found.map_or(0, |left| left.count)
        };
        assert_eq!(Value::from(count("Project/Tasks", "Task")), expected["tasksInFile"], "{name}");
        assert_eq!(Value::from(count("Project/Tasks/Task", "PredecessorLink")), expected["dependencies"], "{name}");
        assert!(told.not_carried.iter().all(|left| left.count > 0 && !left.why.is_empty()), "{name}");
    }
}

#[test]
fn work_by_the_day_is_all_of_the_work_where_somebody_is_assigned() {
    for (name, _, told) in plans("expected.json") {
        for one in told.content.assignments.iter().filter(|one| one.resource.is_some() && !one.timephased.is_empty()) {
            let sum: i64 = one.timephased.iter().map(|row| row.work.seconds).sum();
            assert_eq!(Some(sum), one.work.map(|work| work.seconds), "{name}: assignment {}", one.uid);
        }
    }
}

#[test]
fn built_plans_have_the_expected_assignments_work_cost_and_capacity() {
    for (name, expected, told) in plans("expected_built_plans.json") {
        let assigned: Vec<_> = told.content.assignments.iter().filter(|one| one.resource.is_some()).collect();
        assert_eq!(Value::from(assigned.len()), expected["assignments"], "{name}");
        let hours: i64 = assigned.iter().filter_map(|one| one.work).map(|work| work.seconds).sum::<i64>() / 3600;
        assert_eq!(Value::from(hours), expected["totalWorkHours"], "{name}");
        let rate = |uid| {
            let resource = told.content.resources.iter().find(|resource| Some(resource.uid) == uid);
            let rate = resource.and_then(|resource| resource.standard_rate.clone()).expect("a rate");
            rate.text.parse::<Decimal>().expect("a number")
        };
        let cost: Decimal = assigned
            .iter()
            .map(|one| Decimal::from(one.work.expect("work").seconds) / Decimal::from(3600) * rate(one.resource))
            .sum();
        assert_eq!(cost, decimal(&expected["totalCost_baseline"]), "{name}: work at the rates");
        let resources = expected["resources"].as_object().expect("resources");
        assert_eq!(named(&told.content).len(), resources.len(), "{name}");
        for resource in named(&told.content) {
            let expected = &resources[resource.name.as_deref().expect("a name")];
            assert_eq!(resource.max_units, Some(decimal(&expected["capacity"])), "{name}");
        }
    }
}

#[test]
fn every_file_is_read_and_nothing_is_left_without_a_reason() {
    let Some(folder) = given::folder("mspdi") else { return };
    let files = given::files(&folder);
    assert!(files.len() >= 23);
    for (name, bytes) in files {
        let told = super::super::read(&bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(!told.content.calendars.is_empty(), "{name}");
        // One file has working days with an empty list of times.
        let changed = super::taken(&told.changed);
        let empty = [("a working day with an empty list of times", "no working time"); 2];
        assert_eq!(changed, if name == "import-schedule-msp.xml" { empty.to_vec() } else { vec![] }, "{name}");
        let unplaced = told.not_carried.iter().filter(|left| left.why == "There is no place for it.");
        let known = [
            "WorkGroup",
            "CanLevel",
            "AccrueAt",
            "IsEnterprise",
            "CreationDate",
            "Confirmed",
            "RateScale",
            "HasFixedRateUnits",
            "FixedMaterial",
            "ResponsePending",
        ];
        let unknown: Vec<_> = unplaced.filter(|left| !known.contains(&left.what.as_str())).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

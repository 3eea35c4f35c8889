//! The published files give what is expected of them; ends, units and doubles are as told or refused.

use serde_json::Value;

use super::super::given;
use super::super::told::{BookingStatus, Told, Xog};
use super::super::xml::Fault;
use super::read;

#[test]
fn the_published_files_give_what_is_expected() {
    let Some(folder) = given::folder("clarity-xog") else { return };
    let files: std::collections::HashMap<String, Vec<u8>> = given::files(&folder).into_iter().collect();
    for (name, expected) in given::expected(&folder, "expected.json") {
        let told = read(&files[&name]).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let xog = &told.content;
        let booked = || xog.projects.iter().flat_map(|project| &project.resources);
        let segments = booked().flat_map(|booked| booked.planned.iter().chain(&booked.hard));
        assert_eq!(Value::from(xog.projects.len()), expected["projects"], "{name}");
        assert_eq!(Value::from(booked().count()), expected["resources"], "{name}");
        assert_eq!(Value::from(segments.count()), expected["allocSegments"], "{name}");
        let listed = expected["perProject"].as_array().expect("projects");
        assert_eq!(listed.len(), xog.projects.len());
        for (project, listed) in xog.projects.iter().zip(listed) {
            assert_eq!(listed["projectID"], project.id.as_str());
            assert_eq!(listed["name"].as_str(), project.name.as_deref());
            let custom = project.custom.iter().map(|one| (one.name.clone(), Value::from(one.value.clone())));
            assert_eq!(listed["custom"], Value::Object(custom.collect()));
            let resources = listed["resources"].as_array().expect("resources");
            assert_eq!(resources.len(), project.resources.len());
            for (booked, listed) in project.resources.iter().zip(resources) {
                assert_eq!(listed["resourceID"], booked.id.as_str());
                assert_eq!((booked.default_allocation.as_deref(), booked.hard.len()), (Some("0"), 0));
                let segments = booked.planned.iter().map(|one| {
                    let at = |at: chrono::NaiveDateTime| Value::from(at.format("%Y-%m-%dT%H:%M:%S").to_string());
                    let sum: f64 = one.sum.parse().expect("a number");
                    Value::from(vec![at(one.start), at(one.finish), Value::from(sum)])
                });
                assert_eq!(listed["segments"], Value::from(segments.collect::<Vec<_>>()), "{}", booked.id);
            }
        }
        assert_eq!((told.changed.len(), told.not_carried.len()), (0, 0), "{:?}", told.not_carried);
    }
}

fn file(resources: &str) -> Result<Told<Xog>, Fault> {
    let text = format!(
        "<NikuDataBus xmlns:xsi=\"x\" xsi:noNamespaceSchemaLocation=\"y\">\n<Header objectType=\"project\" encoding=\"UTF-8\"/>\n<Projects>\
        <Project projectID=\"P\" status=\"1\">\n<Resources>\n{resources}\n</Resources><Tasks><Task taskID=\"t\"/></Tasks></Project>\
        </Projects></NikuDataBus>"
    );
    read(text.as_bytes())
}

fn fault(resources: &str) -> String {
    file(resources).expect_err("a fault").to_string()
}

#[test]
fn planned_and_hard_curves_are_kept_apart() {
    let told = file(
        "<Resource resourceID=\"a\" bookingStatus=\"15\" role=\"dev\">\
        <AllocCurve><Segment start=\"2010-01-01T08:00:00\" finish=\"2010-01-31T17:59:59\" sum=\"20\"/></AllocCurve>\
        <HardAllocCurve><Segment start=\"2010-01-01T08:00:00\" finish=\"2010-01-15T17:59:59\" sum=\"10.50\" rate=\"1\"/></HardAllocCurve>\
        </Resource>\
        <Resource resourceID=\"b\" bookingStatus=\"SOFT\"/><Resource resourceID=\"c\" bookingStatus=\"10\"/>",
    )
    .expect("allocations");
    let booked = &told.content.projects[0].resources;
    assert_eq!((booked[0].planned[0].sum.as_str(), booked[0].hard[0].sum.as_str()), ("20", "10.50"));
    assert_eq!(booked[0].hard[0].finish.to_string(), "2010-01-15 17:59:59");
    let bookings: Vec<_> = booked.iter().filter_map(|booked| booked.booking.clone()).collect();
    assert_eq!(bookings, [BookingStatus::Hard, BookingStatus::Soft, BookingStatus::Other("10".to_owned())]);
    assert_eq!(booked[0].attributes.len(), 1);
    assert_eq!(booked[0].default_allocation, None);
    let left: Vec<_> =
        told.not_carried.iter().map(|left| (left.place.as_str(), left.what.as_str(), left.count)).collect();
    assert_eq!(
        left,
        [
            ("NikuDataBus/Header", "@encoding", 1),
            ("NikuDataBus/Projects/Project", "@status", 1),
            ("NikuDataBus/Projects/Project/Resources/Resource/HardAllocCurve/Segment", "@rate", 1),
            ("NikuDataBus/Projects/Project", "Tasks", 1),
            ("NikuDataBus/Projects/Project/Tasks", "Task", 1),
        ]
    );
}

#[test]
fn segments_come_in_the_order_of_time_and_do_not_overlap() {
    let two = |one: &str, other: &str| {
        format!(
            "<Resource resourceID=\"a\"><AllocCurve>\n<Segment {one} sum=\"1\"/>\n<Segment {other} sum=\"2\"/></AllocCurve></Resource>"
        )
    };
    let (november, december) = (
        "start=\"2009-11-01T08:00:00\" finish=\"2009-11-30T17:59:59\"",
        "start=\"2009-12-01T08:00:00\" finish=\"2009-12-31T17:59:59\"",
    );
    let told = file(&two(december, november)).expect("allocations");
    let sums: Vec<_> = told.content.projects[0].resources[0].planned.iter().map(|one| one.sum.as_str()).collect();
    assert_eq!(sums, ["2", "1"]);
    let late = "start=\"2009-11-30T17:00:00\" finish=\"2009-12-31T17:59:59\"";
    assert!(
        fault(&two(november, late)).ends_with("it begins before the segment of line 6 ends"),
        "{}",
        fault(&two(november, late))
    );
}

#[test]
fn each_bad_input_has_its_line() {
    let segment = |attributes: &str| {
        format!("<Resource resourceID=\"a\"><AllocCurve>\n<Segment {attributes}/></AllocCurve></Resource>")
    };
    let whole = "start=\"2009-11-01T08:00:00\" finish=\"2009-11-30T17:59:59\"";
    let place = "NikuDataBus/Projects/Project/Resources/Resource/AllocCurve/Segment";
    assert_eq!(fault(&segment(whole)), format!("line 6: {place}: @sum is missing"));
    assert_eq!(
        fault(&segment(&format!("{whole} sum=\"15,5\""))),
        format!("line 6: {place}: @sum: \"15,5\" is not a decimal number with a point")
    );
    assert!(fault(&segment(&format!("{whole} sum=\"-1\""))).ends_with("\"-1\" is not a decimal number from 0 on"));
    let reversed = "start=\"2009-12-01T08:00:00\" finish=\"2009-11-30T17:59:59\" sum=\"1\"";
    assert!(fault(&segment(reversed)).contains("is before 2009-12-01 08:00:00"));
    assert!(fault("<Resource/>").ends_with("@resourceID is missing"));
    let twice = fault("<Resource resourceID=\"a\"/>\n<Resource resourceID=\"a\"/>");
    assert!(twice.ends_with("the resourceID \"a\" is also that of line 5"), "{twice}");
    let other = read(b"<NikuDataBus><Header objectType=\"costPlan\"/></NikuDataBus>").expect_err("a fault");
    assert_eq!(other.to_string(), "line 1: NikuDataBus/Header: @objectType: \"costPlan\" is not project");
    let other = read(b"<Project/>").expect_err("a fault").to_string();
    assert_eq!(other, "line 1: Project: the root is \"Project\", not NikuDataBus: this is no XOG");
}

//! The published files give what is expected of them, and what users of the format report as pitfalls is read or
//! refused clearly.

mod calendars;
mod published;
mod rows;

use super::super::told::{Changed, Plan, Told};
use super::super::xml::Fault;

/// A file with these sections in its root.
fn file(sections: &str) -> String {
    format!("<Project xmlns=\"http://schemas.microsoft.com/project\">\n{sections}\n</Project>")
}

fn read(sections: &str) -> Result<Told<Plan>, Fault> {
    super::read(file(sections).as_bytes())
}

/// What is told by these sections.
fn told(sections: &str) -> Told<Plan> {
    read(sections).expect("a plan")
}

/// What is wrong with these sections.
fn fault(sections: &str) -> String {
    read(sections).expect_err("a fault").to_string()
}

/// What was taken otherwise, as told and taken.
fn taken(changed: &[Changed]) -> Vec<(&str, &str)> {
    changed.iter().map(|changed| (changed.told.as_str(), changed.taken.as_str())).collect()
}

/// A calendar with this in it.
fn calendar(inner: &str) -> String {
    format!(
        "<Calendars><Calendar><UID>1</UID><Name>Standard</Name><IsBaseCalendar>1</IsBaseCalendar>\n{inner}\n\
        </Calendar></Calendars>"
    )
}

//! Allocations of an XOG file of Clarity: projects, those allocated to them, and their segments as they are told.

mod curve;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::told::{Booked, BookingStatus, Changed, CustomValue, Header, Told, Xog, XogProject};
use super::value::{Moment, decimal_text, moment};
use super::xml::{Element, Fault, Left, Walk, decode, shown};

const NO_PLACE: &str = "There is no place for it.";
const SCHEDULE: &str = "Tasks, assignments and baselines come with the import of schedules.";
const FINANCE: &str = "Costs come with the import of cost plans.";

/// Reads a file.
pub fn read(bytes: &[u8]) -> Result<Told<Xog>, Fault> {
    let text = decode(bytes)?;
    let mut walk = Walk::new(&text);
    let root = walk.child()?.ok_or_else(|| Fault::of_file("there is no XML in the file"))?;
    if root.name != "NikuDataBus" {
        return Err(walk.fault(format!("the root is \"{}\", not NikuDataBus: this is no XOG", shown(&root.name))));
    }
    let mut file = File { xog: Xog::default(), lines: HashMap::new(), left: Left::new(why), changed: vec![] };
    while let Some(head) = walk.child()? {
        match head.name.as_str() {
            "Header" => file.header(&walk.whole(head)?)?,
            "Projects" => file.projects(&mut walk)?,
            _ => file.left.whole(&walk.whole(head)?),
        }
    }
    walk.end()?;
    Ok(Told { content: file.xog, not_carried: file.left.told(), changed: file.changed })
}

/// What of a file is read.
struct File {
    xog: Xog,
    /// The lines of projects by id.
    lines: HashMap<String, u64>,
    left: Left,
    changed: Vec<Changed>,
}

impl File {
    fn header(&mut self, element: &Element) -> Result<(), Fault> {
        self.xog.header = Header {
            action: element.attribute_words("action"),
            object_type: element.attribute_words("objectType"),
            version: element.attribute_words("version"),
            external_source: element.attribute_words("externalSource"),
        };
        let other = self.xog.header.object_type.as_ref().filter(|kind| kind.as_str() != "project");
        if let Some(kind) = other {
            return Err(element.fault(format!("@objectType: \"{}\" is not project", shown(kind))));
        }
        self.left.rest(element);
        Ok(())
    }

    fn projects(&mut self, walk: &mut Walk<'_>) -> Result<(), Fault> {
        while let Some(head) = walk.child()? {
            let element = walk.whole(head)?;
            if element.name == "Project" {
                let project = self.project(&element)?;
                self.xog.projects.push(project);
                self.left.rest(&element);
            } else {
                self.left.whole(&element);
            }
        }
        Ok(())
    }

    fn project(&mut self, element: &Element) -> Result<XogProject, Fault> {
        let id = needed(element, "projectID")?;
        if let Some(first) = self.lines.insert(id.clone(), element.line) {
            return Err(element.fault(format!("the projectID \"{}\" is also that of line {first}", shown(&id))));
        }
        let mut lines: HashMap<String, u64> = HashMap::new();
        let mut resources = vec![];
        for resource in element.listed("Resources", "Resource")? {
            let booked = self.booked(resource)?;
            if let Some(first) = lines.insert(booked.id.clone(), resource.line) {
                let id = shown(&booked.id);
                return Err(resource.fault(format!("the resourceID \"{id}\" is also that of line {first}")));
            }
            resources.push(booked);
        }
        let custom = element.listed("CustomInformation", "ColumnValue")?;
        let custom = custom.into_iter().map(|value| {
            let name = needed(value, "name")?;
            Ok(CustomValue { name, value: value.text().map(str::to_owned) })
        });
        let custom = custom.collect::<Result<_, Fault>>()?;
        Ok(XogProject { line: element.line, id, name: element.attribute_words("name"), resources, custom })
    }

    fn booked(&mut self, element: &Element) -> Result<Booked, Fault> {
        let id = needed(element, "resourceID")?;
        let default_allocation = element.attribute("defaultAllocation", decimal_text)?;
        let booking = element.attribute_words("bookingStatus").map(status);
        let available_from = self.moment(element, "availFrom")?.map(Moment::instant);
        let available_to = self.moment(element, "availTo")?.map(Moment::instant);
        let planned = self.curve(element, "AllocCurve")?;
        let hard = self.curve(element, "HardAllocCurve")?;
        let others = element.other_attributes();
        let attributes =
            others.map(|(name, value)| CustomValue { name: name.to_owned(), value: Some(value.to_owned()) }).collect();
        Ok(Booked {
            line: element.line,
            id,
            default_allocation,
            booking,
            available_from,
            available_to,
            planned,
            hard,
            attributes,
        })
    }

    /// The day and time of an attribute, without its zone if it has any.
    fn moment(&mut self, element: &Element, name: &str) -> Result<Option<Moment>, Fault> {
        let moment = element.attribute(name, moment)?;
        if moment.is_some_and(|moment| moment.has_zone) {
            self.changed.push(Changed {
                line: element.line,
                place: format!("{}/@{name}", element.path),
                told: element.attribute_words(name).map(|told| shown(&told)).unwrap_or_default(),
                taken: "the day and time without the zone".to_owned(),
            });
        }
        Ok(moment)
    }
}

/// The text of an attribute that has to be there.
fn needed(element: &Element, name: &str) -> Result<String, Fault> {
    element.attribute_words(name).ok_or_else(|| element.fault(format!("@{name} is missing")))
}

/// 5 and 15 are the codes that Clarity itself writes; one of a site stays as it is told.
fn status(text: String) -> BookingStatus {
    match text.to_ascii_uppercase().as_str() {
        "5" | "SOFT" => BookingStatus::Soft,
        "15" | "HARD" => BookingStatus::Hard,
        "MIXED" => BookingStatus::Mixed,
        _ => BookingStatus::Other(text),
    }
}

fn why(place: &str, what: &str) -> &'static str {
    let is_in = |names: &[&str]| names.contains(&what) || place.split('/').any(|part| names.contains(&part));
    if is_in(&["Tasks", "Task", "Baselines", "Baseline", "Assignments", "ActualsCurve", "ActCurve", "EstimateCurve"]) {
        SCHEDULE
    } else if is_in(&["CostPlans", "CostPlan", "Financial", "BudgetPlans"]) {
        FINANCE
    } else {
        NO_PLACE
    }
}

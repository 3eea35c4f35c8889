//! The resources part of Microsoft Project's XML (MSPDI): calendars, resources, rates and assignments. What the format
//! has beside them is counted, not read: it belongs to the import of schedules.

mod assignment;
mod calendar;
mod checks;
mod exception;
mod hours;
mod project;
mod rate;
mod reading;
mod reasons;
mod resource;
#[cfg(test)]
mod tests;
mod timephased;

use std::collections::HashMap;

use super::told::{Plan, Told};
use super::value::whole;
use super::xml::{Element, Fault, Head, Walk, decode, shown};
use reading::Reading;

/// Reads a file.
pub fn read(bytes: &[u8]) -> Result<Told<Plan>, Fault> {
    let text = decode(bytes)?;
    let mut walk = Walk::new(&text);
    let root = walk.child()?.ok_or_else(|| Fault::of_file("there is no XML in the file"))?;
    if root.name != "Project" {
        return Err(walk.fault(format!("the root is \"{}\", not Project: this is no MSPDI", shown(&root.name))));
    }
    let mut file = File::new(root);
    while let Some(head) = walk.child()? {
        file.section(&mut walk, head)?;
    }
    walk.end()?;
    file.told()
}

/// What of a file is read.
struct File {
    header: Element,
    plan: Plan,
    /// The names of tasks by UID.
    tasks: HashMap<i64, String>,
    reading: Reading,
}

impl File {
    fn new(root: Head) -> Self {
        let header = Element::open(root, "Project".to_owned());
        Self { header, plan: Plan::default(), tasks: HashMap::new(), reading: Reading::new() }
    }

    /// A child of the root.
    fn section(&mut self, walk: &mut Walk<'_>, head: Head) -> Result<(), Fault> {
        let row = match head.name.as_str() {
            "Calendars" => "Calendar",
            "Tasks" => "Task",
            "Resources" => "Resource",
            "Assignments" => "Assignment",
            _ => {
                let element = walk.whole(head)?;
                if element.has_parts() {
                    self.reading.left.whole(&element);
                } else {
                    self.header.push(element);
                }
                return Ok(());
            }
        };
        while let Some(inner) = walk.child()? {
            let element = walk.whole(inner)?;
            if element.name == row {
                self.row(&element)?;
            } else {
                self.reading.left.whole(&element);
            }
        }
        Ok(())
    }

    /// A row of one of the four lists.
    fn row(&mut self, element: &Element) -> Result<(), Fault> {
        match element.name.as_str() {
            "Calendar" => self.plan.calendars.push(calendar::read(element, &mut self.reading)?),
            "Resource" => self.plan.resources.push(resource::read(element, &mut self.reading)?),
            "Assignment" => self.plan.assignments.push(assignment::read(element, &mut self.reading)?),
            _ => {
                // Tasks are not read: only what names them is looked at, and what is wrong in them is not our matter.
                let uid = element.value("UID", whole).ok().flatten();
                let name = element.words("Name").ok().flatten();
                self.tasks.extend(uid.zip(name));
                self.reading.left.whole(element);
                return Ok(());
            }
        }
        self.reading.left.rest(element);
        Ok(())
    }

    fn told(mut self) -> Result<Told<Plan>, Fault> {
        self.plan.project = project::read(&self.header, &mut self.reading)?;
        self.reading.left.rest(&self.header);
        for assignment in &mut self.plan.assignments {
            assignment.task_name = self.tasks.get(&assignment.task).cloned();
        }
        checks::resolve(&mut self.plan, &mut self.reading)?;
        Ok(self.reading.told(self.plan))
    }
}

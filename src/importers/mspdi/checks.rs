//! How the rows of a file refer to each other. What leads nowhere is either harmless and noted, or a fault.

use std::collections::{HashMap, HashSet};

use super::super::told::Plan;
use super::super::xml::Fault;
use super::reading::{List, Reading};

/// Resolves what calendars and resources refer to.
pub(super) fn resolve(plan: &mut Plan, reading: &mut Reading) -> Result<(), Fault> {
    let calendars: HashSet<i64> = plan.calendars.iter().map(|calendar| calendar.uid).collect();
    for calendar in &mut plan.calendars {
        // Base calendars have 0 there, which is no calendar's UID, in place of none.
        let is_none = |base: i64| base == 0 && !calendars.contains(&0);
        calendar.base = calendar.base.filter(|base| !is_none(*base));
        if let Some(base) = calendar.base.filter(|base| !calendars.contains(base)) {
            let line = reading.line(List::Calendars, calendar.uid);
            let why = format!("no calendar has the UID {base}");
            return Err(Fault::new(line, "Project/Calendars/Calendar/BaseCalendarUID", why));
        }
    }
    circles(plan, reading)?;
    for resource in &mut plan.resources {
        if let Some(uid) = resource.calendar.take_if(|uid| !calendars.contains(uid)) {
            // The row of nobody refers to a calendar that is not written.
            if resource.is_blank() {
                continue;
            }
            let line = reading.line(List::Resources, resource.uid);
            let place = "Project/Resources/Resource/CalendarUID";
            reading.changed_at(line, place, &uid.to_string(), "none, since no calendar has this UID");
        }
    }
    if let Some(uid) = plan.project.calendar.take_if(|uid| !calendars.contains(uid)) {
        reading.changed_at(0, "Project/CalendarUID", &uid.to_string(), "none, since no calendar has this UID");
    }
    Ok(())
}

/// Refuses calendars each of which stands on the next and the last on the first.
fn circles(plan: &Plan, reading: &Reading) -> Result<(), Fault> {
    let bases: HashMap<i64, i64> =
        plan.calendars.iter().filter_map(|calendar| Some((calendar.uid, calendar.base?))).collect();
    let mut fine: HashSet<i64> = HashSet::new();
    for calendar in &plan.calendars {
        let mut path = HashSet::new();
        let mut next = Some(calendar.uid);
        while let Some(uid) = next.filter(|uid| !fine.contains(uid)) {
            if !path.insert(uid) {
                let line = reading.line(List::Calendars, uid);
                let why = "following it leads back to the calendar itself";
                return Err(Fault::new(line, "Project/Calendars/Calendar/BaseCalendarUID", why));
            }
            next = bases.get(&uid).copied();
        }
        fine.extend(path);
    }
    Ok(())
}

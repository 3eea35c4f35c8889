//! Calendars of Microsoft Project in the words of ours. A week that holds for a time is one exception for each of its
//! working times, behind the exceptions of the calendar, which go first there, too.

use std::collections::{HashMap, HashSet};

use super::super::carry::{self, Carried};
use super::super::told::Plan;
use super::from_mspdi::{Reading, at};
use super::wanted::{Calendar, Exception};

/// All calendars of a plan, those of baselines, too.
pub(super) fn read(reading: &mut Reading<'_>, plan: &Plan) {
    let owners: HashMap<i64, &str> =
        plan.resources.iter().filter_map(|resource| Some((resource.calendar?, resource.name.as_deref()?))).collect();
    for told in &plan.calendars {
        let name = told.name.clone().or_else(|| owners.get(&told.uid).map(|name| (*name).to_owned()));
        let name = name.unwrap_or_else(|| format!("Calendar {}", told.uid));
        let place = at(told.line, format!("calendar {}, {name}", told.uid));
        let name = reading.name(&place, name);
        let id = reading.id(told.uid);
        let week = match carry::week(&told.week) {
            Ok(week) => week,
            Err(fault) => {
                reading.fault(&place, &fault.to_string());
                continue;
            }
        };
        let (carried, uncarried) = carry::exceptions(told);
        for lost in uncarried {
            let what = format!("exception {} of {}", lost.name, place.what);
            reading.left.add(&what, lost.why.trim_end_matches('.'));
        }
        let exceptions = named(&id, carried);
        let base = told.base.map(|base| reading.id(base));
        reading.out.calendars.push(Calendar { place, id, name, base, week, exceptions });
    }
}

/// Exceptions with ids by what they are: one that moves is another one.
fn named(calendar: &str, carried: Vec<Carried>) -> Vec<Exception> {
    let mut seen = HashSet::new();
    let mut named = |one: Carried| {
        let on = carry::columns(&one.on);
        let wish = format!("{calendar}/{}:{}", on.recurrence, on.start_on);
        let mut id = wish.clone();
        let mut count = 1_u32;
        while !seen.insert(id.clone()) {
            count += 1;
            id = format!("{wish}~{count}");
        }
        Exception { id, name: one.name, on, shifts: one.shifts }
    };
    carried.into_iter().map(&mut named).collect()
}

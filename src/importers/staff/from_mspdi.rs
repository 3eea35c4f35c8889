//! The resources part of a plan of Microsoft Project. Ids are the file's own, below the key of the project that they are
//! for: the same numbers stand in every such file. A resource that has an id across files keeps that one.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;

use super::super::File;
use super::super::carry::{Presence, presence};
use super::super::mspdi;
use super::super::report::{ElementFault, ImportError, ImportOption};
use super::super::told::{self, Assignment, BookingType, Plan, ResourceKind, Told};
use super::mspdi_calendars;
use super::mspdi_rates;
use super::wanted::{Amount, Booking, Left, Place, Resource, Wanted};
use super::{Options, missing, unread, wrong};
use crate::resources::worktime::capacity::Fte;

/// What calls the ids.
const SYSTEM: &str = "MSPDI";
/// 1 as it is stored.
const ONE: i64 = 1_000_000_000;
/// Characters of the longest name.
const LONGEST: usize = 255;

/// Reads a file.
pub(super) fn read(file: &File, options: &Options) -> Result<Wanted, ImportError> {
    if options.segment_unit.is_some() {
        return Err(wrong(ImportOption::SegmentUnit, "a plan has no segments: its work is in hours"));
    }
    let Some(project) = &options.project else {
        let text = "say the key of the project that the plan is of: the ids of the file are counted below it";
        return Err(missing(ImportOption::Project, text));
    };
    let told = mspdi::read(&file.bytes).map_err(|fault| unread(&file.name, &fault))?;
    let mut reading = Reading { key: project, left: Counts::default(), out: Wanted::default(), faults: vec![] };
    reading.out.file.clone_from(&file.name);
    reading.out.system = SYSTEM;
    reading.plan(&told);
    let Reading { left, mut out, faults, .. } = reading;
    if !faults.is_empty() {
        return Err(ImportError::Elements { file: file.name.clone(), faults });
    }
    out.left.extend(left.told());
    out.currency.clone_from(&told.content.project.currency);
    if let Some((own, said)) = out.currency.as_ref().zip(options.currency.as_ref())
        && own != said
    {
        return Err(wrong(ImportOption::Currency, &format!("the amounts of {} are in {own}", file.name)));
    }
    if !out.rates.is_empty() && out.currency.is_none() && options.currency.is_none() {
        let sign = told.content.project.currency_symbol.as_ref();
        let sign = sign.map(|sign| format!("; its sign is {sign}, which several have")).unwrap_or_default();
        let text = format!("{} has rates and does not say in which currency{sign}", file.name);
        return Err(missing(ImportOption::Currency, &text));
    }
    Ok(out)
}

/// What is left in the file, counted by what and why, in the order in which it was met first.
#[derive(Default)]
pub(super) struct Counts(Vec<Left>);

impl Counts {
    pub(super) fn add(&mut self, what: &str, reason: &str) {
        let known = self.0.iter_mut().find(|left| left.what == what && left.reason == reason);
        match known {
            Some(left) => left.count += 1,
            None => self.0.push(Left { what: what.to_owned(), count: 1, reason: reason.to_owned() }),
        }
    }

    fn told(self) -> Vec<Left> {
        self.0
    }
}

/// A plan on its way.
pub(super) struct Reading<'a> {
    key: &'a str,
    pub(super) left: Counts,
    pub(super) out: Wanted,
    faults: Vec<ElementFault>,
}

impl Reading<'_> {
    /// The id of something that the file numbers.
    pub(super) fn id(&self, uid: i64) -> String {
        format!("{}:{uid}", self.key)
    }

    fn plan(&mut self, told: &Told<Plan>) {
        for left in &told.not_carried {
            let what = format!("{} in {}", left.what, left.place);
            let reason = left.why.trim_end_matches('.').to_owned();
            self.out.left.push(Left { what, count: left.count, reason });
        }
        for changed in &told.changed {
            let text = format!("{} was taken as {}", changed.told, changed.taken);
            self.out.doubts.push((at(changed.line, changed.place.clone()), text));
        }
        let plan = &told.content;
        mspdi_calendars::read(self, plan);
        let mut ids: HashMap<i64, (String, &told::Resource)> = HashMap::new();
        for resource in &plan.resources {
            if let Some(id) = self.resource(plan, resource) {
                ids.insert(resource.uid, (id, resource));
            }
        }
        let known: HashMap<i64, &told::Resource> =
            plan.resources.iter().map(|resource| (resource.uid, resource)).collect();
        for assignment in &plan.assignments {
            self.assignment(assignment, &ids, &known);
        }
        self.are_once();
    }

    /// Something of the file cannot be used.
    pub(super) fn fault(&mut self, place: &Place, text: &str) {
        self.faults.push(ElementFault { line: place.line, text: format!("{}: {text}", place.what) });
    }

    /// A name that can be kept.
    pub(super) fn name(&mut self, place: &Place, name: String) -> String {
        if name.chars().count() > LONGEST {
            let text = format!("{}: its name has more than {LONGEST} characters", place.what);
            self.faults.push(ElementFault { line: place.line, text });
        }
        name
    }

    /// A resource that can be booked; its id.
    fn resource(&mut self, plan: &Plan, told: &told::Resource) -> Option<String> {
        let name = told.name.clone().filter(|_| !told.is_blank());
        let Some(name) = name else {
            if told.uid != 0 {
                self.left.add("Resource without a name", "it is an empty row");
            }
            return None;
        };
        let place = at(told.line, format!("resource {}, {name}", told.uid));
        if told.kind == ResourceKind::Cost {
            self.left.add("Resource of type cost", "an expense does no work; costs come with cost plans");
            return None;
        }
        if told.is_budget {
            self.left.add("Resource for a budget", "it does no work; budgets are entered here");
            return None;
        }
        let guid = told.guid.as_ref().map(|guid| guid.trim().to_lowercase());
        let guid = guid.filter(|guid| guid.chars().any(|c| c.is_ascii_alphanumeric() && c != '0'));
        let id = guid.unwrap_or_else(|| format!("{}:R{}", self.key, told.uid));
        let is_work = told.kind == ResourceKind::Work;
        let (kind, Presence { fte, from, to, .. }) =
            if is_work { self.available(told) } else { ("MATERIAL", Presence::default()) };
        let calendar = told.calendar.or(plan.project.calendar).filter(|_| is_work);
        self.left_of(told);
        mspdi_rates::read(self, told, &id, &place);
        let resource = Resource {
            id: id.clone(),
            name: self.name(&place, name),
            kind,
            email: told.email.clone().filter(|_| !told.is_generic),
            group: told.group.clone(),
            calendar: calendar.map(|uid| self.id(uid)),
            fte,
            from,
            to,
            has_days: !told.availability.is_empty() || told.available_from.is_some() || told.available_to.is_some(),
            matches_key: false,
            place,
        };
        self.out.resources.push(resource);
        Some(id)
    }

    /// How many full-time people it is worth, and from when to when.
    fn available(&mut self, told: &told::Resource) -> (&'static str, Presence) {
        let mut presence = presence(told);
        for _ in &presence.lost {
            self.left.add("AvailabilityPeriod in Resource", "a resource has one figure for all of its days");
        }
        for _ in &presence.absent {
            self.left.add("Time between AvailabilityPeriods", "absences are entered as time off here");
        }
        let is_kept = presence.fte.is_none_or(|fte| fte == 0 || Fte::of_stored(fte).is_some());
        if !is_kept {
            let reason = format!("a resource is worth at most {} full-time people: its capacity stays open", Fte::MOST);
            self.left.add("MaxUnits in Resource", &reason);
        } else if presence.fte == Some(0) {
            self.left.add("MaxUnits of 0 in Resource", "what is worth no people has no capacity: it stays open");
        } else if presence.fte.is_none() && told.max_units.is_some() {
            self.left.add("MaxUnits in Resource", "it has more decimals than are kept");
        }
        let kind = if presence.fte.is_some_and(|fte| fte > ONE) { "TEAM" } else { "GENERIC" };
        presence.fte = presence.fte.filter(|fte| Fte::of_stored(*fte).is_some());
        (kind, presence)
    }

    /// What is read of a resource and has no place here.
    fn left_of(&mut self, told: &told::Resource) {
        let kinds = [
            (told.initials.is_some(), "Initials in Resource", "there is no field for it"),
            (told.code.is_some(), "Code in Resource", "there is no field for it"),
            (told.account.is_some(), "NTAccount in Resource", "people sign in by their own identities"),
            (told.notes.is_some(), "Notes in Resource", "there is no field for it"),
            (told.material_label.is_some(), "MaterialLabel in Resource", "material has no unit here"),
            (told.is_inactive, "IsInactive in Resource", "whoever is no longer planned with is archived here"),
        ];
        for (_, what, reason) in kinds.into_iter().filter(|(is_there, ..)| *is_there) {
            self.left.add(what, reason);
        }
    }

    fn assignment(
        &mut self,
        told: &Assignment,
        ids: &HashMap<i64, (String, &told::Resource)>,
        known: &HashMap<i64, &told::Resource>,
    ) {
        let Some(uid) = told.resource else {
            self.left.add("Assignment of nobody", "a booking is one of a resource");
            return;
        };
        let Some((id, resource)) = ids.get(&uid) else {
            let why = match known.get(&uid).map(|resource| resource.kind) {
                Some(ResourceKind::Cost) => "its resource is an expense",
                Some(_) => "its resource is an empty row",
                None => "no resource of the file has its ResourceUID",
            };
            self.left.add("Assignment", why);
            return;
        };
        if resource.kind != ResourceKind::Work {
            self.left.add("Assignment of material", "material has no hours");
            return;
        }
        let task = told.task_name.clone();
        let what = format!(
            "assignment {}, {} on {}",
            told.uid,
            resource.name.as_deref().unwrap_or("?"),
            task.as_deref().unwrap_or("a task")
        );
        let place = at(told.line, what);
        if told.work.is_none_or(|work| work.minutes() <= 0) {
            self.left.add("Assignment without work", "there is nothing to be booked");
            return;
        }
        if told.start.is_none() || told.finish.is_none() {
            self.left.add("Assignment without start or finish", "a booking is from a day to a day");
            return;
        }
        self.left_of_assignment(told);
        if told.timephased.is_empty() && told.contour.is_some_and(|contour| contour != 0) {
            self.left.add("WorkContour in Assignment", "without its work by time it lies evenly over its working time");
        }
        let booking = told.booking.or(resource.booking);
        self.out.bookings.push(Booking {
            id: format!("{}:A{}", self.key, told.uid),
            project: None,
            resource: id.clone(),
            is_agreed: booking == Some(BookingType::Committed),
            note: task,
            amount: Amount::Assignment(Box::new(told.clone())),
            place,
        });
    }

    /// What is read of an assignment and has no place here.
    fn left_of_assignment(&mut self, told: &Assignment) {
        let is_there = |amount: Option<Decimal>| amount.is_some_and(|amount| !amount.is_zero());
        let work = |work: Option<told::Work>| work.is_some_and(|work| work.seconds > 0);
        let kinds = [
            (is_there(told.cost), "Cost in Assignment", "what work costs follows from its rates"),
            (work(told.actual_work), "ActualWork in Assignment", "work that is done comes with timesheets"),
            (
                work(told.overtime_work),
                "OvertimeWork in Assignment",
                "it is a part of all work; it has no rate of its own here",
            ),
            (
                told.rate_table.is_some_and(|table| table != told::RateTable::A),
                "CostRateTable in Assignment",
                "cards go by their precedence, not by bookings",
            ),
            (told.units.is_some(), "Units in Assignment", "they follow from the minutes of each day"),
        ];
        for (_, what, reason) in kinds.into_iter().filter(|(is_there, ..)| *is_there) {
            self.left.add(what, reason);
        }
    }

    /// Two resources of one id across files are no two resources.
    fn are_once(&mut self) {
        let mut seen = HashSet::new();
        for resource in &self.out.resources {
            if !seen.insert(resource.id.clone()) {
                let text = format!("{}: its GUID is also that of another resource", resource.place.what);
                self.faults.push(ElementFault { line: resource.place.line, text });
            }
        }
    }
}

pub(super) fn at(line: u64, what: String) -> Place {
    Place { line: usize::try_from(line).unwrap_or(0), what }
}

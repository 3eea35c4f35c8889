//! The `.csv` files as rows of the tables.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{
    budget, budget_line, cost_plan, cost_plan_line, external_link, forecast, forecast_line, objective_contribution,
    org_unit, person, person_identity, portfolio_item, rag_assessment, role_assignment, status_report,
    strategic_objective,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    PMO_LEAD,
    benefits::{Benefits, benefits},
    bookings::Bookings,
    calendar::Frame,
    cost_plans, forecasts,
    kpis::{Kpis, kpis},
    money,
    raid::{Raid, raid},
    rates::{self, Rates},
    rates_of_staff::StaffRates,
    ratings,
    realization::{Realization, realization},
    reports,
    resource_frame::ResourceFrame,
    resources::Resources,
    schedule::{Schedule, schedule},
    shape::{PER_UNIT, World, facts, id, instant},
    spending::{Spending, spending},
    strategy, timeline,
    timesheets::Timesheets,
};
use crate::benefits::is_tracked;
use crate::error::Error;
use crate::portfolios::rules::ItemState;

/// Whose tokens name these people: those that the server's own `token` command signs.
pub(super) const ISSUER: &str = "foliograph-local";

/// Everything that is inserted, by table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub org_units: Vec<org_unit::Model>,
    pub people: Vec<person::Model>,
    pub identities: Vec<person_identity::Model>,
    pub items: Vec<portfolio_item::Model>,
    pub roles: Vec<role_assignment::Model>,
    pub links: Vec<external_link::Model>,
    pub frame: Frame,
    pub resource_frame: ResourceFrame,
    pub resources: Resources,
    pub bookings: Bookings,
    pub staff_rates: StaffRates,
    pub timesheets: Timesheets,
    pub rates: Rates,
    pub budgets: Vec<budget::Model>,
    pub budget_lines: Vec<budget_line::Model>,
    pub forecasts: Vec<forecast::Model>,
    pub forecast_lines: Vec<forecast_line::Model>,
    pub cost_plans: Vec<cost_plan::Model>,
    pub cost_plan_lines: Vec<cost_plan_line::Model>,
    pub spending: Spending,
    pub reports: Vec<status_report::Model>,
    pub ratings: Vec<rag_assessment::Model>,
    pub objectives: Vec<strategic_objective::Model>,
    pub contributions: Vec<objective_contribution::Model>,
    pub benefits: Benefits,
    pub schedule: Schedule,
    pub realization: Realization,
    pub raid: Raid,
    pub kpis: Kpis,
}

#[derive(Deserialize)]
struct OrgUnitFact {
    key: String,
    name: String,
    parent: Option<String>,
    cost_center: Option<String>,
}

#[derive(Deserialize)]
struct PersonFact {
    key: String,
    name: String,
    unit: String,
    active: String,
    personnel_number: Option<String>,
}

#[derive(Deserialize)]
struct RoleFact {
    person: String,
    role: String,
    item: Option<String>,
    from_days: i64,
    to_days: Option<i64>,
    limit: Option<i64>,
    currency: Option<String>,
}

#[derive(Deserialize)]
struct ItemFact {
    key: String,
    parent: Option<String>,
    name: String,
    #[serde(deserialize_with = "timeline::state")]
    state: ItemState,
    category: Option<String>,
    priority: Option<i32>,
    confidential: Option<String>,
    currency: String,
    budget: Option<i64>,
    start: Option<i64>,
    days: Option<i64>,
    slip: Option<i64>,
    unit: Option<String>,
    owner: Option<String>,
    sponsor: Option<String>,
    manager: Option<String>,
    #[serde(rename = "type")]
    project_type: Option<String>,
    methodology: Option<timeline::Methodology>,
    links: String,
    description: String,
}

/// When a row was written and by whom.
struct Written {
    at: DateTime<Utc>,
    by: Option<Uuid>,
}

/// The rows for one day.
pub(super) fn build(as_of: NaiveDate) -> Result<Rows, Error> {
    let founded = Written { at: instant(as_of, -900), by: None };
    let mut links = Vec::new();

    let mut org_units = Vec::new();
    for fact in facts::<OrgUnitFact>(include_str!("org_units.csv"))? {
        let unit = org_unit(fact.key, fact.name, fact.parent, &founded);
        if let Some(center) = fact.cost_center {
            links.push(external_link::Model {
                org_unit_id: Some(unit.id),
                ..link("ORG_UNIT", "SAP", &center, &founded)
            });
        }
        org_units.push(unit);
    }

    let mut people = Vec::new();
    let mut identities = Vec::new();
    for fact in facts::<PersonFact>(include_str!("people.csv"))? {
        let person = person(fact.key, fact.name, &fact.unit, fact.active == "yes", &founded);
        if let Some(number) = fact.personnel_number {
            links.push(external_link::Model { person_id: Some(person.id), ..link("PERSON", "SAP", &number, &founded) });
        }
        identities.push(person_identity::Model {
            id: id("person_identity", &person.key),
            person_id: person.id,
            issuer: ISSUER.to_owned(),
            subject: person.key.clone(),
        });
        people.push(person);
    }

    let mut items: Vec<portfolio_item::Model> = Vec::new();
    let mut position = HashMap::new();
    for (index, fact) in facts::<ItemFact>(include_str!("items.csv"))?.into_iter().enumerate() {
        let parent = fact.parent.as_ref().and_then(|key| position.get(key)).map(|&at: &usize| &items[at]);
        let names = fact.links.clone();
        position.insert(fact.key.clone(), index);
        let item = item(fact, parent, index, as_of);
        for (system, external_id) in names.split_whitespace().filter_map(|name| name.split_once(':')) {
            let written = Written { at: item.created_at, by: item.created_by_id };
            links.push(external_link::Model {
                item_id: Some(item.id),
                portfolio_id: item.portfolio_id,
                is_restricted: item.is_restricted,
                ..link(&item.kind, system, external_id, &written)
            });
        }
        items.push(item);
    }

    rates::name(&mut items);

    let roles: Vec<role_assignment::Model> = facts::<RoleFact>(include_str!("roles.csv"))?
        .into_iter()
        .enumerate()
        .map(|(index, fact)| role(fact, index, as_of))
        .collect();

    let world = World::new(as_of, &items, &people);
    let frame = Frame::new(as_of)?;
    let (budgets, budget_lines) = money::budgets(&world, &frame, &|person, currency| limit(&roles, person, currency))?;
    let (forecasts, forecast_lines) = forecasts::forecasts(&world, &frame);
    let (cost_plans, cost_plan_lines) = cost_plans::cost_plans(&world, &frame)?;
    let spending = spending(&world, &frame)?;
    let (reports, ratings) = reports::reports(&world, &forecasts::known(&forecasts))?;
    let objectives = strategy::objectives(&world)?;
    let contributions = strategy::contributions(&world)?;
    let benefits = benefits(&world, &frame)?;
    let resource_frame = ResourceFrame::new(as_of)?;
    let resources = Resources::new(as_of, &resource_frame.certifications)?;
    let bookings = Bookings::new(&world, &resource_frame, &resources)?;
    let timesheets = Timesheets::new(&world, &resource_frame, &resources, &bookings)?;
    let schedule = schedule(&world)?;
    let realization = realization(&world, &benefits.profiles)?;
    let raid = raid(&world)?;
    let kpis = kpis(&world)?;
    ratings::rate(&mut items, &reports, &ratings);
    for item in &mut items {
        item.is_tracking_benefits = benefits.profiles.iter().any(|of| of.item_id == item.id && is_tracked(of));
    }
    Ok(Rows {
        org_units,
        people,
        identities,
        items,
        roles,
        links,
        frame,
        bookings,
        staff_rates: StaffRates::new(as_of),
        timesheets,
        resource_frame,
        resources,
        rates: rates::rates(as_of)?,
        budgets,
        budget_lines,
        forecasts,
        forecast_lines,
        cost_plans,
        cost_plan_lines,
        spending,
        reports,
        ratings,
        objectives,
        contributions,
        benefits,
        kpis,
        raid,
        realization,
        schedule,
    })
}

/// Up to which amount somebody may approve budgets in a currency.
fn limit(roles: &[role_assignment::Model], person: Uuid, currency: &str) -> Option<i64> {
    let hers = roles.iter().filter(|role| role.person_id == person);
    let known = hers.filter(|role| role.approval_limit_currency.as_deref() == Some(currency));
    known.filter_map(|role| role.approval_limit_amount).max()
}

fn org_unit(key: String, name: String, parent: Option<String>, written: &Written) -> org_unit::Model {
    org_unit::Model {
        id: id("org_unit", &key),
        key,
        name_fold: name.to_lowercase(),
        name,
        parent_id: parent.map(|key| id("org_unit", &key)),
        version: 1,
        created_at: written.at,
        created_by_id: written.by,
        updated_at: written.at,
        updated_by_id: written.by,
        archived_at: None,
    }
}

fn person(key: String, name: String, unit: &str, is_active: bool, written: &Written) -> person::Model {
    person::Model {
        id: id("person", &key),
        email: Some(format!("{key}@meridian.example")),
        key,
        display_name_fold: name.to_lowercase(),
        display_name: name,
        is_active,
        org_unit_id: Some(id("org_unit", unit)),
        version: 1,
        created_at: written.at,
        created_by_id: written.by,
        updated_at: written.at,
        updated_by_id: written.by,
        archived_at: None,
    }
}

/// A link without its target.
fn link(target_type: &str, system: &str, external_id: &str, written: &Written) -> external_link::Model {
    let (direction, url) = match system {
        "JIRA" => ("BOTH", Some(format!("https://jira.meridian.example/browse/{external_id}"))),
        "CLARITY" => ("IN", Some(format!("https://clarity.meridian.example/pm/#/investment/{external_id}"))),
        _ => ("OUT", None),
    };
    external_link::Model {
        id: id("external_link", &format!("{target_type}:{system}:{external_id}")),
        target_type: target_type.to_owned(),
        system: system.to_owned(),
        external_id: external_id.to_owned(),
        url,
        etag: None,
        direction: direction.to_owned(),
        item_id: None,
        person_id: None,
        org_unit_id: None,
        portfolio_id: None,
        is_restricted: false,
        version: 1,
        created_at: written.at,
        created_by_id: written.by,
        updated_at: written.at,
        updated_by_id: written.by,
        archived_at: None,
    }
}

fn role(fact: RoleFact, index: usize, as_of: NaiveDate) -> role_assignment::Model {
    let key = format!("RA-{:03}", index + 1);
    let at = instant(as_of, fact.from_days);
    let by = Some(id("person", PMO_LEAD));
    role_assignment::Model {
        id: id("role_assignment", &key),
        key,
        person_id: id("person", &fact.person),
        role: fact.role,
        item_id: fact.item.map(|key| id("portfolio_item", &key)),
        valid_from_on: as_of + TimeDelta::days(fact.from_days),
        valid_to_on: fact.to_days.map(|days| as_of + TimeDelta::days(days)),
        approval_limit_amount: fact.limit.map(|units| units * PER_UNIT),
        approval_limit_currency: fact.currency,
        version: 1,
        created_at: at,
        created_by_id: by,
        updated_at: at,
        updated_by_id: by,
        archived_at: None,
    }
}

fn item(
    fact: ItemFact,
    parent: Option<&portfolio_item::Model>,
    index: usize,
    as_of: NaiveDate,
) -> portfolio_item::Model {
    let own = id("portfolio_item", &fact.key);
    let kind = match fact.key.get(..3) {
        Some("PF-") => "PORTFOLIO",
        Some("PG-") => "PROGRAM",
        _ => "PROJECT",
    };
    let is_confidential = fact.confidential.is_some();
    let plan = match (fact.start, fact.days) {
        (Some(start), Some(days)) => Some(timeline::Plan { start, days, slip: fact.slip.unwrap_or(0) }),
        _ => None,
    };
    let dates = timeline::dates(fact.state, plan, fact.budget.is_some(), as_of);
    let who = |key: Option<String>| key.map(|key| id("person", &key));
    let project_manager_id = who(fact.manager);
    // Entered a month before it starts, but never later than a month before the day, or it would be news to all.
    let created_at = instant(as_of, fact.start.unwrap_or(0).min(0) - 30);
    let created_by_id = Some(id("person", PMO_LEAD));
    let version = timeline::version(fact.state);
    let days_ago = i64::try_from(index % 28).unwrap_or(0) + 1;
    portfolio_item::Model {
        id: own,
        kind: kind.to_owned(),
        is_restricted: is_confidential || parent.is_some_and(|above| above.is_restricted),
        portfolio_id: if kind == "PORTFOLIO" { Some(own) } else { parent.and_then(|above| above.portfolio_id) },
        program_id: parent.filter(|above| kind == "PROJECT" && above.kind == "PROGRAM").map(|above| above.id),
        parent_id: parent.map(|above| above.id),
        key: fact.key,
        name_fold: fact.name.to_lowercase(),
        name: fact.name,
        description_fold: Some(fact.description.to_lowercase()),
        description: Some(fact.description),
        state: fact.state.as_str().to_owned(),
        category: fact.category,
        priority: fact.priority,
        confidentiality: if is_confidential { "CONFIDENTIAL" } else { "NORMAL" }.to_owned(),
        base_currency: fact.currency,
        budget_amount: fact.budget.map(|units| units * PER_UNIT),
        fx_rate_set_id: None,
        rag: None,
        rag_on: None,
        is_tracking_benefits: false,
        project_type: fact.project_type,
        phase: fact.methodology.and_then(|way| timeline::phase(fact.state, way, plan)).map(str::to_owned),
        methodology: fact.methodology.map(|way| way.as_str().to_owned()),
        planned_start_on: dates.planned_start,
        planned_finish_on: dates.planned_finish,
        forecast_start_on: dates.forecast_start,
        forecast_finish_on: dates.forecast_finish,
        actual_start_on: dates.actual_start,
        actual_finish_on: dates.actual_finish,
        org_unit_id: fact.unit.map(|key| id("org_unit", &key)),
        owner_id: who(fact.owner),
        sponsor_id: who(fact.sponsor),
        project_manager_id,
        version,
        created_at,
        created_by_id,
        updated_at: if version == 1 { created_at } else { instant(as_of, -days_ago) },
        updated_by_id: if version == 1 { created_by_id } else { project_manager_id.or(created_by_id) },
        archived_at: None,
    }
}

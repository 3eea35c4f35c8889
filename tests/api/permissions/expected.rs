//! What a caller should see, worked out in plain Rust from the rows and the policy. Nothing here knows the compiler: the
//! rows come through sea-orm, the rights from `decide`, and each scope is walked over the tree as its definition reads.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use chrono::NaiveDate;
use entity::{portfolio_item, role_assignment};
use foliograph::{
    auth::{
        Class, Role, Scopes, Step,
        policy::{Grant, decide},
        steps,
    },
    graph::decl::{Entity, Field, Kind, Scalar},
};
use sea_orm::Value as Stored;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    plain::{self, Plain},
    spelling::{class_of_change, scaled, shown, snake},
};
pub use super::{
    rows::{Row, Rows},
    spelling::{class_of_type, decimal, foreign_key_of},
};
use crate::support::world::as_of;

/// A caller as the policy should see her.
pub struct Eyes<'r> {
    pub rows: &'r Rows,
    pub person: Option<Uuid>,
    pub roles: Vec<Role>,
    assigned: Vec<Uuid>,
    granted: Vec<Uuid>,
    /// Items whose benefits she owns, or for which she works.
    linked: HashSet<Uuid>,
    owns_benefits: bool,
    /// Resources that relate to her.
    staff: Staff,
    /// What was found visible, by type: it is asked for with each row that lists it.
    seen: RefCell<HashMap<String, Rc<Vec<Row<'r>>>>>,
}

/// Resources that relate to a caller.
#[derive(Default)]
struct Staff {
    managed: HashSet<Uuid>,
    pools: HashSet<Uuid>,
    on_own: HashSet<Uuid>,
    on_granted: HashSet<Uuid>,
    herself: HashSet<Uuid>,
    /// Items that use those that she manages.
    used: HashSet<Uuid>,
}

/// What a caller should get in place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// This.
    Value(Value),
    /// Null, and an entry with this reason.
    Masked(&'static str),
}

impl<'r> Eyes<'r> {
    /// The caller behind the key of that name, or a token of this subject and these roles, on the demonstration's day.
    pub fn of(rows: &'r Rows, subject: &str, token_roles: &[Role]) -> Self {
        Self::on(rows, subject, token_roles, as_of())
    }

    /// The same on another day.
    pub fn on(rows: &'r Rows, subject: &str, token_roles: &[Role], today: NaiveDate) -> Self {
        if let Some(key) = rows.keys.iter().find(|key| key.key == subject) {
            let mine = rows.grants.iter().filter(|grant| grant.api_key_id == key.id);
            let roles = key.roles.split(',').filter_map(Role::parse).collect();
            let granted = mine.map(|g| g.item_id).collect();
            return Self { granted, ..Self::nobody(rows, roles) }.with_staff();
        }
        let known = rows.identities.iter().find(|i| i.issuer == "foliograph-local" && i.subject == subject);
        let person = known.and_then(|known| rows.people.iter().find(|p| p.id == known.person_id));
        if person.is_some_and(|person| !person.is_active || person.archived_at.is_some()) {
            return Self::nobody(rows, vec![]);
        }
        let person = person.map(|person| person.id);
        let valid = |a: &&role_assignment::Model| {
            Some(a.person_id) == person
                && a.archived_at.is_none()
                && a.valid_from_on <= today
                && a.valid_to_on.is_none_or(|to| to >= today)
        };
        let mine: Vec<_> = rows.assignments.iter().filter(valid).collect();
        let mut roles = token_roles.to_vec();
        roles.extend(mine.iter().filter_map(|a| Role::parse(&a.role)));
        roles.sort_unstable();
        roles.dedup();
        let benefits = rows.plain["Benefit"].iter().filter(|row| person.is_some() && row.link("owner_id") == person);
        let linked: HashSet<Uuid> = benefits.filter_map(|row| row.link("item_id")).collect();
        let owns_benefits = !linked.is_empty();
        let assigned = mine.iter().filter_map(|a| a.item_id).collect();
        Self { person, assigned, linked, owns_benefits, ..Self::nobody(rows, roles) }.with_staff()
    }

    /// The same with the resources that relate to her, and what they work on.
    fn with_staff(mut self) -> Self {
        let rows = self.rows;
        let me = |id: Option<Uuid>| self.is_me(id);
        let pools = rows.plain["ResourcePool"].iter().filter(|pool| me(pool.link("manager_id")));
        let pools: HashSet<Uuid> = pools.map(|pool| pool.id).collect();
        let is_managed = |resource: &&Plain| match resource.link("manager_id") {
            Some(manager) => me(Some(manager)),
            None => resource.link("pool_id").is_some_and(|pool| pools.contains(&pool)),
        };
        let resources = || rows.plain["Resource"].iter();
        let mut staff = Staff {
            managed: resources().filter(is_managed).map(|resource| resource.id).collect(),
            herself: resources()
                .filter(|resource| me(resource.link("person_id")))
                .map(|resource| resource.id)
                .collect(),
            pools: pools.clone(),
            ..Staff::default()
        };
        let mut works_on = HashSet::new();
        for booking in
            rows.plain["Allocation"].iter().filter(|row| !["DECLINED", "RELEASED"].contains(&row.text("state")))
        {
            let (item, resource) =
                (booking.link("item_id").expect("an item"), booking.link("resource_id").expect("a resource"));
            let project = rows.item(item);
            if self.is_me(project.project_manager_id) {
                staff.on_own.insert(resource);
            }
            if rows.upward(project).any(|item| self.granted.contains(&item.id)) {
                staff.on_granted.insert(resource);
            }
            if staff.managed.contains(&resource) {
                staff.used.insert(item);
            }
            if staff.herself.contains(&resource) {
                works_on.insert(item);
            }
        }
        self.linked.extend(works_on);
        self.staff = staff;
        self
    }

    /// Nobody in particular, with these roles.
    fn nobody(rows: &'r Rows, roles: Vec<Role>) -> Self {
        Self {
            rows,
            person: None,
            roles,
            assigned: vec![],
            granted: vec![],
            linked: HashSet::new(),
            owns_benefits: false,
            staff: Staff::default(),
            seen: RefCell::default(),
        }
    }

    /// Whether she owns a benefit.
    pub fn owns_benefits(&self) -> bool {
        self.owns_benefits
    }

    /// On which items she reads names and dates by relation: those of her benefits, and those that she works for.
    pub fn linked_by_relation(&self) -> Scopes {
        if self.owns_benefits || !self.staff.herself.is_empty() { Scopes::LINKED } else { Scopes::NONE }
    }

    /// Whether she manages a resource.
    pub fn manages(&self, resource: Uuid) -> bool {
        self.staff.managed.contains(&resource)
    }

    fn is_me(&self, id: Option<Uuid>) -> bool {
        id.is_some() && id == self.person
    }

    /// On which rows a class can be read: the union over the roles.
    pub fn read(&self, class: Class) -> Scopes {
        let given = self.union(class, |grant| grant.read);
        let (is_owner, works) = (self.owns_benefits, !self.staff.herself.is_empty());
        match class {
            // By relation: who owns a benefit reads it, and names and dates of what is to bring it.
            Class::Basic => given.or(self.linked_by_relation()),
            // By relation, too: what is known of herself.
            Class::Work | Class::Person | Class::Absence if works => given.or(Scopes::SELF),
            Class::Ben | Class::BenActual if is_owner => given.or(Scopes::SELF),
            _ => given,
        }
    }

    fn union(&self, class: Class, part: impl Fn(Grant) -> Scopes) -> Scopes {
        self.roles.iter().fold(Scopes::NONE, |all, role| all.or(part(decide(*role, class))))
    }

    /// Whether an item is in one of the scopes.
    pub fn holds(&self, scopes: Scopes, item: &portfolio_item::Model) -> bool {
        let mut path = self.rows.upward(item);
        let named = |i: &portfolio_item::Model| self.assigned.contains(&i.id);
        scopes.is_all()
            || (scopes.has(Scopes::ACTIVE) && item.state == "ACTIVE")
            || (scopes.has(Scopes::OWN) && self.is_me(item.project_manager_id))
            || (scopes.has(Scopes::SPON) && self.rows.upward(item).any(|i| self.is_me(i.sponsor_id)))
            || (scopes.has(Scopes::LINKED) && self.linked.contains(&item.id))
            || (scopes.has(Scopes::USED) && self.staff.used.contains(&item.id))
            || (scopes.has(Scopes::GRANT) && self.rows.upward(item).any(|i| self.granted.contains(&i.id)))
            || (scopes.has(Scopes::PF) && path.any(|i| named(i) || (i.kind == "PORTFOLIO" && self.is_me(i.owner_id))))
    }

    /// Whether no confidential item stands here or above that does not name the caller.
    pub fn may_know(&self, item: &portfolio_item::Model) -> bool {
        let names = |i: &portfolio_item::Model| {
            self.is_me(i.owner_id)
                || self.is_me(i.sponsor_id)
                || self.is_me(i.project_manager_id)
                || self.assigned.contains(&i.id)
                || self.granted.contains(&i.id)
        };
        self.rows.upward(item).all(|i| i.confidentiality != "CONFIDENTIAL" || names(i))
    }

    /// Whether the row exists for the caller.
    pub fn sees(&self, row: Row<'_>) -> bool {
        match row {
            Row::Item(item) => self.may_know(item) && self.holds(self.read(Class::Basic), item),
            Row::Person(_) | Row::Unit(_) => !self.read(Class::Basic).is_empty(),
            // No role reads these for some people only.
            Row::Identity(_) | Row::Assignment(_) | Row::Key(_) | Row::Grant(_) => self.read(Class::Sec).is_all(),
            Row::Link(link) => self.sees_of_item(Class::Work, link.item_id),
            Row::Entry(entry) if entry.target_type == "Alert" && !self.reads_all() => false,
            Row::Entry(entry) => self.sees_of_item(Class::Aud, entry.item_id),
            Row::Plain(row) => self.sees_plain(row),
        }
    }

    /// Whether she reads money, work and benefits everywhere: whoever does not reads nothing in the trail of alerts.
    fn reads_all(&self) -> bool {
        [Class::Work, Class::Fin, Class::Ben].into_iter().all(|class| self.read(class).is_all())
    }

    /// Whether she reads what an alert is about: its classes everywhere, or on the project that it is about.
    fn knows(&self, alert: &Plain) -> bool {
        let classes = [Class::Basic, Class::Work, Class::Fin, Class::Ben];
        let mut named =
            classes.into_iter().filter(|class| alert.text("classes").split(',').any(|name| name == class.as_str()));
        let item = self.rows.item(alert.link("item_id").expect("an item"));
        let reads = |class: Class| {
            let scopes = self.read(class);
            scopes.is_all() || (alert.is("is_alone") && self.holds(scopes.without(Scopes::ACTIVE), item))
        };
        named.all(reads)
    }

    fn sees_plain(&self, row: &Plain) -> bool {
        if row.type_name == "Alert" && !self.knows(row) {
            return false;
        }
        let class = class_of_type(row.type_name);
        if row.type_name == "Resource" {
            return !self.read(class).is_empty();
        }
        if row.type_name == "Rate" || (row.link("item_id").is_none() && row.link("resource_id").is_some()) {
            return self.holds_resource(self.read(class), row);
        }
        if plain::REFERENCES.contains(&row.type_name) {
            return !self.read(class).without(Scopes::SELF).is_empty();
        }
        let item = self.rows.item(row.link("item_id").expect("an item"));
        if let Some(root) = row.link("root_id").map(|id| self.rows.item(id))
            && !self.sees(Row::Item(root))
        {
            return false;
        }
        // What stands between two items is there for who sees both.
        if let Some(other) = row.link("to_item_id").map(|id| self.rows.item(id))
            && !(self.may_know(other) && self.holds(self.read(class).without(Scopes::ACTIVE), other))
        {
            return false;
        }
        let is_open = !plain::DRAFTED.contains(&row.type_name)
            || !row.is("is_draft")
            || self.holds(self.read(Class::WorkDraft), item);
        self.may_know(item) && self.holds_plain(self.read(class), row) && is_open
    }

    /// Whether a resource, or a row that belongs to one, is in one of the scopes.
    fn holds_resource(&self, scopes: Scopes, row: &Plain) -> bool {
        let of = if row.type_name == "Resource" { Some(row.id) } else { row.link("resource_id") };
        // Rates of roles and pools are nobody's own.
        let Some(resource) = of else { return scopes.is_all() || scopes.has(Scopes::ROLE_RATES) };
        // A week is about all that somebody does, and what she does beside projects is no project's.
        let is_hers = matches!(row.type_name, "Timesheet" | "TimeEntry");
        scopes.is_all()
            || (scopes.has(Scopes::TEAM) && self.staff.managed.contains(&resource))
            || (!is_hers && scopes.has(Scopes::OWN) && self.staff.on_own.contains(&resource))
            || (!is_hers && scopes.has(Scopes::GRANT) && self.staff.on_granted.contains(&resource))
            || (scopes.has(Scopes::SELF) && self.staff.herself.contains(&resource))
    }

    /// Whether a row of an item is about a resource, or asks a pool, by which she sees it.
    fn holds_by_staff(&self, scopes: Scopes, row: &Plain) -> bool {
        let about =
            ["Allocation", "AllocationPeriod", "AllocationSegment", "ResourceRequest", "RequestSkill", "TimeEntry"]
                .contains(&row.type_name);
        let is_in = |set: &HashSet<Uuid>, name: &str| row.link(name).is_some_and(|id| set.contains(&id));
        about
            && ((scopes.has(Scopes::TEAM)
                && (is_in(&self.staff.managed, "resource_id") || is_in(&self.staff.pools, "pool_id")))
                || (scopes.has(Scopes::SELF) && is_in(&self.staff.herself, "resource_id")))
    }

    /// Whether a row that belongs to an item is in one of the scopes. Only views over items know their state.
    fn holds_plain(&self, scopes: Scopes, row: &Plain) -> bool {
        let item = self.rows.item(row.link("item_id").expect("an item"));
        // Whoever owns a benefit; a node's owner is nobody's right, nor is that of a risk.
        let is_hers = row.type_name.starts_with("Benefit")
            && row.type_name != "BenefitsMapNode"
            && self.is_me(row.link("owner_id"));
        let own = scopes.has(Scopes::SELF) && is_hers;
        let draft = scopes.has(Scopes::OWN_DRAFT) && self.is_me(item.project_manager_id) && row.is("is_draft");
        let is_transaction = matches!(row.type_name, "Commitment" | "Actual");
        let not_labor = scopes.has(Scopes::OWN_NON_LABOR) && is_transaction && !row.is("is_labor");
        let knows_state = matches!(row.type_name, "PortfolioTreeNode" | "AlignmentCell");
        let active = if knows_state { Scopes::NONE } else { Scopes::ACTIVE };
        own || draft
            || self.holds_by_staff(scopes, row)
            || (not_labor && self.is_me(item.project_manager_id))
            || (scopes.is_all() || self.holds(scopes.without(active), item))
    }

    /// Whether a row of a class exists for the caller by the item that it belongs to; by none, it does for who reads all.
    fn sees_of_item(&self, class: Class, item: Option<Uuid>) -> bool {
        let scopes = self.read(class);
        match item.map(|id| self.rows.item(id)) {
            Some(item) => self.may_know(item) && self.holds(scopes, item),
            None => scopes.is_all(),
        }
    }

    /// The rows of a type that exist for the caller, by id.
    pub fn visible(&self, type_name: &str) -> Vec<Row<'r>> {
        self.seen_of(type_name).to_vec()
    }

    fn seen_of(&self, type_name: &str) -> Rc<Vec<Row<'r>>> {
        if let Some(seen) = self.seen.borrow().get(type_name) {
            return Rc::clone(seen);
        }
        let seen = Rc::new(self.rows.of(type_name).into_iter().filter(|row| self.sees(*row)).collect::<Vec<_>>());
        self.seen.borrow_mut().insert(type_name.to_owned(), Rc::clone(&seen));
        seen
    }

    /// Ids of the rows of a type that exist for the caller.
    pub fn ids(&self, type_name: &str) -> Vec<String> {
        self.visible(type_name).into_iter().map(Row::wire_id).collect()
    }

    /// Whether a class can be read on a row that the caller sees; if not, why.
    pub fn reads(&self, class: Class, row: Row<'_>) -> Result<(), &'static str> {
        let scopes = self.read(class);
        if scopes.is_empty() {
            return Err("ROLE");
        }
        match row {
            Row::Item(item) if !self.holds(scopes, item) => Err("ROW"),
            Row::Entry(entry)
                if entry.item_id.map_or(!scopes.is_all(), |id| !self.holds(scopes, self.rows.item(id))) =>
            {
                Err("ROW")
            }
            Row::Plain(row)
                if plain::REFERENCES.contains(&row.type_name)
                    && !scopes.is_all()
                    && class != class_of_type(row.type_name) =>
            {
                Err("ROW")
            }
            Row::Plain(row) if row.link("item_id").is_some() && !self.holds_plain(scopes, row) => Err("ROW"),
            Row::Plain(row)
                if (row.type_name == "Resource"
                    || (row.link("item_id").is_none() && row.link("resource_id").is_some()))
                    && class != class_of_type(row.type_name)
                    && !self.holds_resource(scopes, row) =>
            {
                Err("ROW")
            }
            _ => Ok(()),
        }
    }

    /// What a field of a row that the caller sees should give.
    pub fn field(&self, entity: &Entity, field: &Field, row: Row<'r>) -> Seen {
        let class = match &field.kind {
            Kind::One { to, .. } | Kind::Many { to, .. } => class_of_type(to),
            // Each arm has its own right, and one that is not there is an empty place.
            Kind::Union { .. } | Kind::ViewerAccess => entity.class,
            _ => entity.class_of(field),
        };
        let is_link = matches!(field.kind, Kind::One { .. } | Kind::Many { .. });
        match self.reads(class, row) {
            Err(reason) if !(is_link && reason == "ROW") && class != entity.class => return Seen::Masked(reason),
            _ => {}
        }
        let linked = |to: &str, id: Option<Uuid>| {
            let row = id.and_then(|id| self.rows.find(to, id)).filter(|row| self.sees(*row));
            row.map_or(Value::Null, |row| json!({ "id": row.wire_id() }))
        };
        Seen::Value(match &field.kind {
            Kind::Id => json!(row.wire_id()),
            Kind::Scalar { .. } if field.name == "targetId" => shown(field.name, row.column("target_ref")),
            Kind::Trail { .. } => self.changes(row).0,
            Kind::Answer(_) => unreachable!("{} is no stored field", field.name),
            Kind::Scalar { column, ty: Scalar::Decimal | Scalar::Percent, .. } => match row.column(column) {
                Stored::BigInt(units) => json!(units.map(|units| scaled(units.into(), 9))),
                other => panic!("{} holds no number but {other:?}", field.name),
            },
            // The tree's row has another's columns.
            Kind::Enum { .. } if (entity.name, field.name) == ("PortfolioTreeNode", "kind") => {
                shown(field.name, row.column("item_kind"))
            }
            Kind::Scalar { .. } | Kind::Enum { .. } => shown(field.name, row.column(&snake(field.name))),
            Kind::Enums { .. } | Kind::Texts { .. } => match row.column(&snake(field.name)) {
                Stored::String(list) => json!(list.as_ref().map(|list| list.split(',').collect::<Vec<_>>())),
                other => panic!("{} holds no list but {other:?}", field.name),
            },
            Kind::Money { .. } => {
                let (amount, currency) = match (entity.name, field.name) {
                    (_, "budget") => ("budget_amount", "base_currency"),
                    (_, "approvalLimit") => ("approval_limit_amount", "approval_limit_currency"),
                    (_, "alignedBudget") => ("aligned_amount", "base_currency"),
                    (_, "amount" | "hourly") => ("amount", "currency"),
                    (_, "allocated") => ("allocated_amount", "currency"),
                    (_, "contingency") => ("contingency_amount", "currency"),
                    (_, "managementReserve") => ("reserve_amount", "currency"),
                    (_, "budgetAtCompletion") => ("completion_amount", "currency"),
                    (_, "cost") => ("cost_amount", "currency"),
                    (_, "measuredEarnedValue") => ("measured_amount", "currency"),
                    (_, "impactCost") => ("impact_amount", "currency"),
                    (_, "exposure") => ("exposure_amount", "currency"),
                    (_, "residualImpactCost") => ("residual_impact_amount", "currency"),
                    (_, "residualExposure") => ("residual_exposure_amount", "currency"),
                    (_, "plannedAmount" | "plannedValue") => ("planned_amount", "currency"),
                    (_, "attributedAmount") => ("attributed_amount", "currency"),
                    (_, "forecastAmount") => ("forecast_amount", "currency"),
                    (_, "unitCost") => ("unit_cost", "currency"),
                    (_, "committed") => ("committed_amount", "currency"),
                    (_, "invoiced") => ("invoiced_amount", "currency"),
                    (_, "open") => ("open_amount", "currency"),
                    other => panic!("{other:?} is new: say here where it is kept"),
                };
                match (row.column(amount), row.column(currency)) {
                    (Stored::BigInt(Some(amount)), Stored::String(Some(currency))) => {
                        json!({ "amount": decimal(amount.into()), "currency": currency })
                    }
                    _ => Value::Null,
                }
            }
            // What belongs to a project alone calls it that.
            Kind::One { to, .. } if field.name == "project" => linked(to, row.foreign_key("item_id")),
            Kind::One { to, .. } => linked(to, row.foreign_key(&format!("{}_id", snake(field.name)))),
            Kind::Union { .. } => [("item_id", "PortfolioItem"), ("person_id", "Person"), ("org_unit_id", "OrgUnit")]
                .into_iter()
                .map(|(column, to)| linked(to, row.foreign_key(column)))
                .find(|one| !one.is_null())
                .unwrap_or_default(),
            Kind::Many { to, .. } => {
                let by = foreign_key_of(entity.name, field.name);
                let of = |other: &Row<'_>| other.foreign_key(by) == Some(row.id());
                let nodes: Vec<Value> = self.seen_of(to).iter().copied().filter(of).map(Row::shown).collect();
                json!({ "totalCount": nodes.len(), "nodes": nodes })
            }
            Kind::ViewerAccess => {
                let scopes = self.writes(entity);
                let reason = match row {
                    // No mutation writes a grant by itself.
                    Row::Grant(_) => Some("ROLE"),
                    _ if scopes.is_empty() => Some("ROLE"),
                    Row::Item(item) if !self.holds(scopes, item) => Some("ROW"),
                    Row::Person(_) | Row::Unit(_) if !scopes.is_all() => Some("ROW"),
                    Row::Plain(row) if plain::REFERENCES.contains(&row.type_name) && !scopes.is_all() => Some("ROW"),
                    Row::Plain(row) if row.link("item_id").is_some() && !self.holds_plain(scopes, row) => Some("ROW"),
                    Row::Plain(row)
                        if (row.type_name == "Resource"
                            || (row.link("item_id").is_none() && row.link("resource_id").is_some()))
                            && !self.holds_resource(scopes, row) =>
                    {
                        Some("ROW")
                    }
                    Row::Link(link)
                        if link.item_id.map_or(!scopes.is_all(), |id| !self.holds(scopes, self.rows.item(id))) =>
                    {
                        Some("ROW")
                    }
                    _ if row.is_archived() => Some("ARCHIVED"),
                    _ => None,
                };
                json!({ "canRead": true, "canWrite": reason.is_none(), "reason": reason })
            }
        })
    }

    /// On which rows of a type the caller may write something, as the published rules have it.
    fn writes(&self, entity: &Entity) -> Scopes {
        let class = |class| self.union(class, |grant: Grant| grant.write);
        let step = |step| self.roles.iter().fold(Scopes::NONE, |all, role| all.or(steps::decide(*role, step)));
        match entity.name {
            "StrategicObjective" | "ObjectiveContribution" => step(Step::StrategySteer),
            "FiscalCalendar" | "FiscalPeriod" | "CostCategory" | "FxRateSet" | "FxRate" | "RateCard" => {
                step(Step::FinanceSetUp)
            }
            "KpiDefinition" | "KpiThreshold" | "KpiTarget" | "AlertRule" => step(Step::KpiSetUp),
            "KpiPosting" => step(Step::KpiRecord),
            // By relation: what she has worked.
            "Timesheet" | "TimeEntry" if !self.staff.herself.is_empty() => step(Step::TimeRecord).or(Scopes::SELF),
            "Timesheet" | "TimeEntry" => step(Step::TimeRecord),
            "ResourceRole" | "Skill" | "Certification" | "TimeCategory" | "WorkCalendar" | "CalendarException"
            | "ResourcePool" => step(Step::ResourceSetUp),
            "Resource" | "ResourceSkill" | "CertificationHeld" => step(Step::ResourceManage),
            "TimeOff" => step(Step::ResourceManage).or(class(Class::Absence)),
            "ResourceRequest" | "RequestSkill" => step(Step::AllocationPlan),
            "Allocation" => step(Step::AllocationPlan).or(step(Step::AllocationConfirm)),
            // Found in the background.
            "Overbooking" => Scopes::NONE,
            "Budget" | "BudgetLine" => step(Step::BudgetSubmit),
            "Baseline" | "BaselineItem" | "BaselinePeriodValue" => step(Step::BaselineSubmit),
            "ProgressMeasurement" => class(Class::Work).or(step(Step::ProgressMeasure)),
            "Risk" | "RiskResponse" | "Issue" => class(Class::Work).or(step(Step::RiskAppraise)),
            "StatusReport" | "RagAssessment" => class(Class::Basic).or(class(Class::Work)),
            "Portfolio" | "Program" | "Project" => class(Class::Basic).or(step(Step::ItemSteer)),
            // Its owner measures what she answers for.
            "BenefitMeasure" | "BenefitActual" if !self.linked.is_empty() => class(Class::BenActual).or(Scopes::SELF),
            _ => class(entity.class),
        }
    }

    /// The changes of an entry as the caller should see them, and which values are masked: side, class, reason.
    pub fn changes(&self, row: Row<'_>) -> (Value, Vec<(&'static str, Class, &'static str)>) {
        let Row::Entry(entry) = row else { panic!("only entries have changes") };
        let stored: Vec<Value> = serde_json::from_str(&entry.changes).expect("a list of changes");
        let mut masked = vec![];
        let shown = stored.iter().map(|change| {
            let class = class_of_change(&entry.target_type, change["field"].as_str().expect("a field"));
            let mut side = |name: &'static str, item: Option<Uuid>| {
                if let Err(reason) = self.reads(class, row) {
                    masked.push((name, class, reason));
                    return Value::Null;
                }
                if change.get("item").is_none() {
                    return change[name].clone();
                }
                let item = item.map(|id| Row::Item(self.rows.item(id))).filter(|item| self.sees(*item));
                item.map_or(Value::Null, |item| json!(item.wire_id()))
            };
            let (before, after) = (side("before", entry.before_item_id), side("after", entry.after_item_id));
            json!({ "field": change["field"], "needs": class.read().to_string(), "before": before, "after": after })
        });
        (shown.collect(), masked)
    }
}

//! The demonstration rows as the tables hold them, read without the compiler: what its answers are compared with.
//!
//! Only rows that [`World::reader`] sees: nothing confidential. Every list stands in the order of ids.

use entity::{external_link, org_unit, person, portfolio_item};
use foliograph::graph::encode_id;
use sea_orm::EntityTrait;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::World;

/// One portfolio, program or project.
pub type Item = portfolio_item::Model;

/// The visible rows.
pub struct Facts {
    /// Portfolios, programs and projects.
    pub items: Vec<Item>,
    /// People.
    pub people: Vec<person::Model>,
    /// Units.
    pub units: Vec<org_unit::Model>,
    /// Links to other systems.
    pub links: Vec<external_link::Model>,
}

impl Facts {
    /// Reads the tables of this test's database.
    pub async fn read(world: &World) -> Self {
        let database = world.database().await.orm;
        let mut items = portfolio_item::Entity::find().all(&database).await.expect("items");
        let mut people = person::Entity::find().all(&database).await.expect("people");
        let mut units = org_unit::Entity::find().all(&database).await.expect("units");
        let mut links = external_link::Entity::find().all(&database).await.expect("links");
        items.retain(|item| !item.is_restricted);
        links.retain(|link| !link.is_restricted);
        items.sort_by_key(|row| row.id);
        people.sort_by_key(|row| row.id);
        units.sort_by_key(|row| row.id);
        links.sort_by_key(|row| row.id);
        Self { items, people, units, links }
    }

    /// The projects.
    pub fn projects(&self) -> Vec<Item> {
        self.items.iter().filter(|item| item.kind == "PROJECT").cloned().collect()
    }

    /// The project with this key.
    pub fn project(&self, key: &str) -> &Item {
        self.items.iter().find(|item| item.key == key).unwrap_or_else(|| panic!("no item {key}"))
    }

    /// All of it as the value of `Query`, for graphql-js.
    pub fn graph(&self) -> Value {
        let mut objects = Map::new();
        for row in &self.items {
            objects.insert(item_id(row), self.item(row));
        }
        for row in &self.people {
            objects.insert(encode_id("per", row.id), self.person(row));
        }
        for row in &self.units {
            objects.insert(encode_id("org", row.id), self.unit(row));
        }
        for row in &self.links {
            objects.insert(encode_id("ext", row.id), self.link(row));
        }
        json!({
            "__objects": objects,
            "portfolios": self.items_where(|i| i.kind == "PORTFOLIO"),
            "programs": self.items_where(|i| i.kind == "PROGRAM"),
            "projects": self.items_where(|i| i.kind == "PROJECT"),
            "portfolioItems": self.items_where(|_| true),
            "people": self.people.iter().map(|row| reference("per", Some(row.id))).collect::<Vec<_>>(),
            "orgUnits": self.units.iter().map(|row| reference("org", Some(row.id))).collect::<Vec<_>>(),
            "externalLinks": self.links.iter().map(|row| reference("ext", Some(row.id))).collect::<Vec<_>>(),
        })
    }

    fn items_where(&self, fits: impl Fn(&Item) -> bool) -> Vec<Value> {
        self.items.iter().filter(|i| fits(i)).map(|i| json!({ "__ref": item_id(i) })).collect()
    }

    fn links_where(&self, fits: impl Fn(&external_link::Model) -> bool) -> Vec<Value> {
        self.links.iter().filter(|l| fits(l)).map(|l| reference("ext", Some(l.id))).collect()
    }

    /// A link to an item; null where there is none that can be seen.
    fn to_item(&self, id: Option<Uuid>) -> Value {
        self.items.iter().find(|i| Some(i.id) == id).map_or(Value::Null, |i| json!({ "__ref": item_id(i) }))
    }

    fn item(&self, row: &Item) -> Value {
        let type_name = match row.kind.as_str() {
            "PORTFOLIO" => "Portfolio",
            "PROGRAM" => "Program",
            _ => "Project",
        };
        let budget = row.budget_amount.map(|n| json!({ "amount": decimal(n.into()), "currency": row.base_currency }));
        let below = |i: &Item| match row.kind.as_str() {
            "PORTFOLIO" => i.portfolio_id == Some(row.id),
            _ => i.program_id == Some(row.id),
        };
        let mut object = json!({
            "__typename": type_name,
            "id": item_id(row), "key": row.key, "name": row.name, "description": row.description,
            "state": row.state, "category": row.category, "priority": row.priority,
            "confidentiality": row.confidentiality, "baseCurrency": row.base_currency, "budget": budget,
            "projectType": row.project_type, "methodology": row.methodology, "phase": row.phase,
            "plannedStartOn": row.planned_start_on, "plannedFinishOn": row.planned_finish_on,
            "forecastStartOn": row.forecast_start_on, "forecastFinishOn": row.forecast_finish_on,
            "actualStartOn": row.actual_start_on, "actualFinishOn": row.actual_finish_on,
            "parent": self.to_item(row.parent_id), "portfolio": self.to_item(row.portfolio_id),
            "program": self.to_item(row.program_id), "orgUnit": reference("org", row.org_unit_id),
            "owner": reference("per", row.owner_id), "sponsor": reference("per", row.sponsor_id),
            "projectManager": reference("per", row.project_manager_id),
            "children": self.items_where(|i| i.parent_id == Some(row.id)),
            "projects": self.items_where(|i| i.kind == "PROJECT" && below(i)),
            "programs": self.items_where(|i| i.kind == "PROGRAM" && below(i)),
            "externalLinks": self.links_where(|l| l.item_id == Some(row.id)),
        });
        let audit = audit(row.version, (row.created_at, row.created_by_id), (row.updated_at, row.updated_by_id));
        extend(&mut object, audit);
        object
    }

    fn person(&self, row: &person::Model) -> Value {
        let mut object = json!({
            "__typename": "Person",
            "id": encode_id("per", row.id), "key": row.key, "displayName": row.display_name, "email": row.email,
            "isActive": row.is_active, "orgUnit": reference("org", row.org_unit_id),
            "managedProjects": self.items_where(|i| i.kind == "PROJECT" && i.project_manager_id == Some(row.id)),
            "sponsoredItems": self.items_where(|i| i.sponsor_id == Some(row.id)),
            "ownedItems": self.items_where(|i| i.owner_id == Some(row.id)),
            "externalLinks": self.links_where(|l| l.person_id == Some(row.id)),
        });
        let audit = audit(row.version, (row.created_at, row.created_by_id), (row.updated_at, row.updated_by_id));
        extend(&mut object, audit);
        object
    }

    fn unit(&self, row: &org_unit::Model) -> Value {
        let people = self.people.iter().filter(|p| p.org_unit_id == Some(row.id));
        let children = self.units.iter().filter(|u| u.parent_id == Some(row.id));
        let mut object = json!({
            "__typename": "OrgUnit",
            "id": encode_id("org", row.id), "key": row.key, "name": row.name,
            "parent": reference("org", row.parent_id),
            "children": children.map(|u| reference("org", Some(u.id))).collect::<Vec<_>>(),
            "people": people.map(|p| reference("per", Some(p.id))).collect::<Vec<_>>(),
            "items": self.items_where(|i| i.org_unit_id == Some(row.id)),
            "externalLinks": self.links_where(|l| l.org_unit_id == Some(row.id)),
        });
        let audit = audit(row.version, (row.created_at, row.created_by_id), (row.updated_at, row.updated_by_id));
        extend(&mut object, audit);
        object
    }

    fn link(&self, row: &external_link::Model) -> Value {
        let target = match (row.person_id, row.org_unit_id) {
            (Some(_), _) => reference("per", row.person_id),
            (None, Some(_)) => reference("org", row.org_unit_id),
            (None, None) => self.to_item(row.item_id),
        };
        let mut object = json!({
            "__typename": "ExternalLink",
            "id": encode_id("ext", row.id), "system": row.system, "externalId": row.external_id, "url": row.url,
            "direction": row.direction, "target": target,
        });
        let audit = audit(row.version, (row.created_at, row.created_by_id), (row.updated_at, row.updated_by_id));
        extend(&mut object, audit);
        object
    }
}

/// The id of an item as the API writes it.
pub fn item_id(item: &Item) -> String {
    let prefix = match item.kind.as_str() {
        "PORTFOLIO" => "pfo",
        "PROGRAM" => "prg",
        _ => "prj",
    };
    encode_id(prefix, item.id)
}

/// An amount in 1/10,000 as the API writes it.
pub fn decimal(units: i128) -> String {
    let (sign, size) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    let text = format!("{sign}{}.{:04}", size / 10_000, size % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn reference(prefix: &str, id: Option<Uuid>) -> Value {
    id.map_or(Value::Null, |id| json!({ "__ref": encode_id(prefix, id) }))
}

type Written = (chrono::DateTime<chrono::Utc>, Option<Uuid>);

fn audit(version: i64, created: Written, updated: Written) -> Value {
    let text = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    json!({
        "version": version.to_string(),
        "createdAt": text(created.0), "createdBy": reference("per", created.1),
        "updatedAt": text(updated.0), "updatedBy": reference("per", updated.1),
        "viewerAccess": { "canRead": true, "canWrite": true, "reason": null },
    })
}

fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

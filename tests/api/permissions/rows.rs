//! Every row of the database, read through sea-orm, and what each is called.

use std::{collections::HashMap, str::FromStr};

use entity::{
    api_key, api_key_grant, audit_event, external_link, org_unit, person, person_identity, portfolio_item,
    role_assignment,
};
use foliograph::graph::encode_id;
use sea_orm::{EntityTrait, ModelTrait, QueryOrder, Value as Stored};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    made,
    plain::{self, Plain},
};
use crate::support::World;

/// Every row of the database.
pub struct Rows {
    pub items: Vec<portfolio_item::Model>,
    pub people: Vec<person::Model>,
    pub units: Vec<org_unit::Model>,
    pub identities: Vec<person_identity::Model>,
    pub assignments: Vec<role_assignment::Model>,
    pub links: Vec<external_link::Model>,
    pub keys: Vec<api_key::Model>,
    pub grants: Vec<api_key_grant::Model>,
    pub entries: Vec<audit_event::Model>,
    pub(super) plain: HashMap<&'static str, Vec<Plain>>,
    places: HashMap<Uuid, usize>,
}

/// One row of any table.
#[derive(Clone, Copy)]
pub enum Row<'r> {
    Item(&'r portfolio_item::Model),
    Person(&'r person::Model),
    Unit(&'r org_unit::Model),
    Identity(&'r person_identity::Model),
    Assignment(&'r role_assignment::Model),
    Link(&'r external_link::Model),
    Key(&'r api_key::Model),
    Grant(&'r api_key_grant::Model),
    Entry(&'r audit_event::Model),
    Plain(&'r Plain),
}

impl Rows {
    /// All rows, each table by id.
    pub async fn load(world: &World) -> Self {
        let db = world.database().await.orm;
        let items =
            portfolio_item::Entity::find().order_by_asc(portfolio_item::Column::Id).all(&db).await.expect("items");
        let places = items.iter().enumerate().map(|(at, item)| (item.id, at)).collect();
        Self {
            items,
            people: person::Entity::find().order_by_asc(person::Column::Id).all(&db).await.expect("people"),
            units: org_unit::Entity::find().order_by_asc(org_unit::Column::Id).all(&db).await.expect("units"),
            identities: person_identity::Entity::find()
                .order_by_asc(person_identity::Column::Id)
                .all(&db)
                .await
                .expect("identities"),
            assignments: role_assignment::Entity::find()
                .order_by_asc(role_assignment::Column::Id)
                .all(&db)
                .await
                .expect("assignments"),
            links: external_link::Entity::find().order_by_asc(external_link::Column::Id).all(&db).await.expect("links"),
            keys: api_key::Entity::find().order_by_asc(api_key::Column::Id).all(&db).await.expect("keys"),
            grants: api_key_grant::Entity::find()
                .order_by_asc(api_key_grant::Column::Id)
                .all(&db)
                .await
                .expect("grants"),
            entries: audit_event::Entity::find().order_by_asc(audit_event::Column::Id).all(&db).await.expect("entries"),
            plain: plain::load(&db).await,
            places,
        }
    }

    /// All rows, after a value was put where the demonstration has none: a field that is empty everywhere proves nothing.
    pub async fn complete(world: &World) -> Self {
        made::make(&world.database().await.orm).await;
        Self::load(world).await
    }

    /// The item of that id.
    pub fn item(&self, id: Uuid) -> &portfolio_item::Model {
        &self.items[self.places[&id]]
    }

    /// The item with that key.
    pub fn item_by_key(&self, key: &str) -> &portfolio_item::Model {
        self.items.iter().find(|item| item.key == key).expect("an item with this key")
    }

    /// The item itself, then what stands above it, up to the top.
    pub fn upward<'r>(&'r self, item: &'r portfolio_item::Model) -> impl Iterator<Item = &'r portfolio_item::Model> {
        std::iter::successors(Some(item), |below| below.parent_id.map(|id| self.item(id)))
    }

    /// The rows of a type of the schema, by id.
    pub fn of<'r>(&'r self, type_name: &str) -> Vec<Row<'r>> {
        let items = |kind: Option<&str>| {
            self.items.iter().filter(|item| kind.is_none_or(|kind| item.kind == kind)).map(Row::Item).collect()
        };
        match type_name {
            "PortfolioItem" => items(None),
            "Portfolio" => items(Some("PORTFOLIO")),
            "Program" => items(Some("PROGRAM")),
            "Project" => items(Some("PROJECT")),
            "Person" => self.people.iter().map(Row::Person).collect(),
            "OrgUnit" => self.units.iter().map(Row::Unit).collect(),
            "PersonIdentity" => self.identities.iter().map(Row::Identity).collect(),
            "RoleAssignment" => self.assignments.iter().map(Row::Assignment).collect(),
            "ExternalLink" => self.links.iter().map(Row::Link).collect(),
            "ApiKey" => self.keys.iter().map(Row::Key).collect(),
            "ApiKeyGrant" => self.grants.iter().map(Row::Grant).collect(),
            "AuditEvent" => self.entries.iter().map(Row::Entry).collect(),
            other => match self.plain.get(other) {
                Some(rows) => rows.iter().map(Row::Plain).collect(),
                None => panic!("{other} is new: say here which rows it has"),
            },
        }
    }

    pub(super) fn find<'r>(&'r self, type_name: &str, id: Uuid) -> Option<Row<'r>> {
        if let Some(rows) = self.plain.get(type_name) {
            return rows.binary_search_by_key(&id, |row| row.id).ok().map(|at| Row::Plain(&rows[at]));
        }
        match type_name {
            "PortfolioItem" | "Portfolio" | "Program" | "Project" => {
                self.places.get(&id).map(|at| Row::Item(&self.items[*at]))
            }
            _ => self.of(type_name).into_iter().find(|row| row.id() == id),
        }
    }
}

impl Row<'_> {
    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Item(row) => row.id,
            Self::Person(row) => row.id,
            Self::Unit(row) => row.id,
            Self::Identity(row) => row.id,
            Self::Assignment(row) => row.id,
            Self::Link(row) => row.id,
            Self::Key(row) => row.id,
            Self::Grant(row) => row.id,
            Self::Entry(row) => row.id,
            Self::Plain(row) => row.id,
        }
    }

    /// Its id on the wire.
    pub fn wire_id(self) -> String {
        let prefix = match self {
            Self::Item(row) => match row.kind.as_str() {
                "PORTFOLIO" => "pfo",
                "PROGRAM" => "prg",
                _ => "prj",
            },
            Self::Person(_) => "per",
            Self::Unit(_) => "org",
            Self::Identity(_) => panic!("an identity has no id of its own"),
            Self::Assignment(_) => "rol",
            Self::Link(_) => "ext",
            Self::Key(_) => "key",
            Self::Grant(_) => "kgr",
            Self::Entry(_) => "aud",
            Self::Plain(row) => row.prefix,
        };
        encode_id(prefix, self.id())
    }

    /// What a list shows of it in these tests.
    pub(super) fn shown(self) -> Value {
        match self {
            Self::Identity(row) => json!({ "subject": row.subject }),
            row => json!({ "id": row.wire_id() }),
        }
    }

    /// A column's value.
    pub fn column(self, name: &str) -> Stored {
        fn get<M: ModelTrait>(model: &M, name: &str) -> Stored
        where
            <M::Entity as EntityTrait>::Column: FromStr,
        {
            let column = name.parse().unwrap_or_else(|_| panic!("no column {name}"));
            model.get(column)
        }
        match self {
            Self::Item(row) => get(row, name),
            Self::Person(row) => get(row, name),
            Self::Unit(row) => get(row, name),
            Self::Identity(row) => get(row, name),
            Self::Assignment(row) => get(row, name),
            Self::Link(row) => get(row, name),
            Self::Key(row) => get(row, name),
            Self::Grant(row) => get(row, name),
            Self::Entry(row) => get(row, name),
            Self::Plain(row) => row.column(name),
        }
    }

    /// Whether it is in the archive.
    pub fn is_archived(self) -> bool {
        match self {
            Self::Item(row) => row.archived_at.is_some(),
            Self::Person(row) => row.archived_at.is_some(),
            Self::Unit(row) => row.archived_at.is_some(),
            Self::Assignment(row) => row.archived_at.is_some(),
            Self::Link(row) => row.archived_at.is_some(),
            Self::Plain(row) => row.is_archived(),
            Self::Identity(_) | Self::Key(_) | Self::Grant(_) | Self::Entry(_) => false,
        }
    }

    pub(super) fn foreign_key(self, name: &str) -> Option<Uuid> {
        match self.column(name) {
            Stored::Uuid(id) => id,
            other => panic!("{name} holds no id but {other:?}"),
        }
    }
}

//! The screens of resourcing: a small pool whose figures are known by hand, and what each caller is told of it.

use entity::{allocation, allocation_period, portfolio_item, resource};
use foliograph::{auth::Role, graph::encode_id};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Test, World,
    client::Client,
    world::noon,
    writes::{begin, done, item},
};

mod candidates;
mod cost;
mod figures;
mod hostile;
mod rights;
mod skills;

/// Tests of all files of this folder.
pub fn list() -> Vec<Test> {
    let all = [figures::list(), skills::list(), candidates::list(), rights::list(), cost::list(), hostile::list()];
    all.into_iter().flatten().collect()
}

/// A project that George manages, sponsored by Ingrid.
const PROJECT: &str = "PR-014";
/// A week, from Monday to Sunday.
const WEEK: &str = "from: \"2026-05-04\", to: \"2026-05-10\"";

/// A pool of Karin's with somebody at full time, somebody at half time, somebody without a calendar, and some paper.
struct Lab {
    db: DatabaseConnection,
    lead: Client,
    karin: Client,
    george: Client,
    pool: String,
}

impl Lab {
    async fn of(world: &World) -> Self {
        let (db, lead) = begin(world).await;
        let karin = world.client_as("karin.baumann", &[Role::ResourceManager]).await;
        let george = world.client_as("george.mensah", &[Role::ProjectManager]).await;
        let hours = "08:00-12:00 13:00-17:00";
        let week = json!({ "key": "LAB", "name": "Lab", "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours });
        done(&lead, "workCalendarCreate", week).await;
        let pool =
            done(&lead, "resourcePoolCreate", json!({ "key": "LAB", "name": "Lab", "managerKey": "karin.baumann" }))
                .await;
        for role in ["LAB-A", "LAB-B"] {
            done(&lead, "resourceRoleCreate", json!({ "key": role, "name": role })).await;
        }
        for skill in ["LAB-1", "LAB-2"] {
            done(&lead, "skillCreate", json!({ "key": skill, "name": skill })).await;
        }
        let pool = pool["id"].as_str().expect("an id").to_owned();
        let lab = Self { db, lead, karin, george, pool };
        lab.resource("ANNE", json!({ "fte": "1", "roleKey": "LAB-A", "location": "Basel" })).await;
        lab.resource("BEN", json!({ "fte": "0.5", "roleKey": "LAB-A", "location": "Leeds" })).await;
        lab.resource("CARL", json!({ "fte": "1", "roleKey": "LAB-B", "calendarKey": null })).await;
        lab.resource("PAPER", json!({ "kind": "MATERIAL", "roleKey": "LAB-B" })).await;
        lab
    }

    async fn resource(&self, key: &str, more: Value) -> Value {
        let mut input = json!({ "key": key, "name": key, "kind": "GENERIC", "poolKey": "LAB", "calendarKey": "LAB" });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        done(&self.lead, "resourceCreate", input).await
    }

    /// Anne planned for a week and confirmed for two days of it, on one of which she is away for half of it.
    async fn booked(&self) -> [Value; 2] {
        let off =
            json!({ "resourceKey": "ANNE", "startOn": "2026-05-06", "endOn": "2026-05-06", "minutesPerDay": 240 });
        done(&self.karin, "timeOffCreate", off).await;
        // 240 a day, 120 on the short one.
        let soft = self.book("ANNE", ("2026-05-04", "2026-05-08"), 1_080).await;
        // 480 and 240: all that she has.
        let hard = self.book("ANNE", ("2026-05-05", "2026-05-06"), 720).await;
        done(&self.karin, "allocationConfirm", json!({ "id": hard["id"], "ifVersion": "*" })).await;
        [soft, hard]
    }

    async fn book(&self, resource: &str, (from, to): (&str, &str), minutes: i32) -> Value {
        let input =
            json!({ "projectKey": PROJECT, "resourceKey": resource, "startOn": from, "endOn": to, "minutes": minutes });
        done(&self.george, "allocationCreate", input).await
    }

    async fn request(&self, key: &str, more: Value) -> Value {
        let mut input = json!({
            "projectKey": PROJECT, "key": key, "title": key, "roleKey": "LAB-A", "poolKey": "LAB",
            "startOn": "2026-05-04", "endOn": "2026-05-08", "minutes": 3_000,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        done(&self.george, "resourceRequestCreate", input).await
    }

    /// Questions about the pool; `{}` stands for the filter.
    fn of_pool(&self, document: &str) -> String {
        document.replace("{}", &format!("filter: {{ pools: [\"{}\"] }}", self.pool))
    }

    async fn told(&self, client: &Client, document: &str) -> Value {
        client.query(&self.of_pool(document)).await.data()
    }
}

/// The answer of a root field whatever is masked in it.
async fn answer(client: &Client, document: &str) -> Value {
    let reply = client.query(document).await.json();
    assert!(reply.get("errors").is_none(), "{document}: {reply:#}");
    reply["data"].clone()
}

/// So many resources of a new pool, each planned for a hundred minutes of every weekday of two weeks; its id.
async fn crowd(lab: &Lab, key: &str, count: usize) -> String {
    let input = json!({ "key": key, "name": key, "managerKey": "karin.baumann" });
    let pool = done(&lab.lead, "resourcePoolCreate", input).await["id"].as_str().expect("an id").to_owned();
    let of = |key: &str| resource::Entity::find().filter(resource::Column::Key.eq(key.to_owned())).one(&lab.db);
    let like = of("ANNE").await.expect("resources").expect("Anne");
    let pools = entity::resource_pool::Entity::find().filter(entity::resource_pool::Column::Key.eq(key));
    let pool_id = pools.one(&lab.db).await.expect("pools").expect("the pool").id;
    let project: portfolio_item::Model = item(&lab.db, PROJECT).await;
    let (mut people, mut bookings, mut days) = (vec![], vec![], vec![]);
    for number in 0..count {
        let (id, booking) = (Uuid::now_v7(), Uuid::now_v7());
        let key = format!("{key}-{number:04}");
        people.push(resource::Model { id, key, pool_id: Some(pool_id), ..like.clone() }.into_active_model());
        bookings.push(allocation_of(booking, id, &project).into_active_model());
        for week in [4, 11] {
            let day = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, 5, day).expect("a day");
            let period = allocation_period::Model {
                id: Uuid::now_v7(),
                item_id: project.id,
                portfolio_id: project.portfolio_id,
                is_restricted: project.is_restricted,
                allocation_id: booking,
                resource_id: id,
                state: "SOFT".to_owned(),
                start_on: day(week),
                end_on: day(week + 4),
                minutes_per_day: 100,
            };
            days.push(period.into_active_model());
        }
    }
    for some in people.chunks(100) {
        resource::Entity::insert_many(some.to_vec()).exec_without_returning(&lab.db).await.expect("resources");
    }
    for some in bookings.chunks(100) {
        allocation::Entity::insert_many(some.to_vec()).exec_without_returning(&lab.db).await.expect("bookings");
    }
    for some in days.chunks(100) {
        allocation_period::Entity::insert_many(some.to_vec()).exec_without_returning(&lab.db).await.expect("days");
    }
    pool
}

fn allocation_of(id: Uuid, resource_id: Uuid, project: &portfolio_item::Model) -> allocation::Model {
    let day = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, 5, day).expect("a day");
    allocation::Model {
        id,
        item_id: project.id,
        portfolio_id: project.portfolio_id,
        is_restricted: project.is_restricted,
        resource_id,
        request_id: None,
        role_id: None,
        state: "SOFT".to_owned(),
        start_on: day(4),
        end_on: day(15),
        minutes: 1_000,
        curve: "FLAT".to_owned(),
        note: None,
        proposed_start_on: None,
        proposed_end_on: None,
        proposed_minutes: None,
        confirmed_by_id: None,
        confirmed_at: None,
        excess_reason: None,
        external_system: None,
        external_id: None,
        version: 1,
        created_at: noon(),
        created_by_id: None,
        updated_at: noon(),
        updated_by_id: None,
    }
}

/// The id of a role or another row with that key, as the API writes it.
async fn id_of(client: &Client, single: &str, key: &str) -> String {
    let asked = format!("{{ {single}(by: {{ key: \"{key}\" }}) {{ id }} }}");
    client.query(&asked).await.data()[single]["id"].as_str().expect("an id").to_owned()
}

/// An id of the right type that is of nothing.
fn unknown(prefix: &str) -> String {
    encode_id(prefix, Uuid::from_u128(7))
}

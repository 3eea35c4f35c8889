//! What tests of mutations share: asking for one, reading its payload, making people with roles, and chance with a seed.

use entity::{audit_event, outbox_event, person, person_identity, portfolio_item};
use foliograph::{app::model, auth::Role, graph::encode_id, write::Verb};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Statement,
};
use serde_json::{Value, json};

use super::{
    World,
    client::{Client, Reply},
    world::noon,
};

/// What every payload of one row is asked for.
pub const TOLD: &str = "userErrors { code message path params { name value } retryable } replayed";
/// What the payload of a list is asked for.
pub const BULK: &str = "results { index status userErrors { code message path params { name value } retryable } } \
    createdCount updatedCount unchangedCount failedCount isDryRun \
    userErrors { code message path params { name value } retryable } replayed";

/// Asks for one mutation of one row and gives its payload; fails on errors beside it.
pub async fn change(client: &Client, mutation: &str, input: Value) -> Value {
    let reply = ask(client, mutation, input).await;
    reply.tells_no_secrets();
    reply.data()[mutation].clone()
}

/// Does a mutation that must succeed, and gives its row.
pub async fn done(client: &Client, mutation: &str, input: Value) -> Value {
    let told = change(client, mutation, input).await;
    assert_eq!(faults(&told), Vec::<String>::new(), "{mutation}: {told}");
    told.as_object().expect("a payload").values().find(|v| v.get("id").is_some()).cloned().unwrap_or_default()
}

/// Asks for one mutation, of one row or of many, and gives the whole answer.
pub async fn ask(client: &Client, mutation: &str, input: Value) -> Reply {
    client.query_with(&document(mutation), json!({ "input": input })).await
}

/// The document of [`ask`].
pub fn document(mutation: &str) -> String {
    let (upper, rest) = mutation.split_at(1);
    let declared = model().mutations.iter().find(|m| m.name == mutation).expect("a mutation");
    let entity = model().entity(declared.entity);
    let selection = match declared.verb {
        verb if verb.is_bulk() => BULK.to_owned(),
        Verb::Delete => format!("deletedId {TOLD}"),
        Verb::Other => TOLD.to_owned(),
        _ => {
            let more = ["key", "externalId", "state"].into_iter().filter(|name| entity.field(name).is_some());
            format!("{} {{ id version {} }} {TOLD}", entity.single, more.collect::<Vec<_>>().join(" "))
        }
    };
    format!("mutation($input: {}{rest}Input!) {{ {mutation}(input: $input) {{ {selection} }} }}", upper.to_uppercase())
}

/// Codes with their paths, such as `INVALID input.patch.name`, in order.
pub fn faults(payload: &Value) -> Vec<String> {
    let line = |e: &Value| {
        let path: Vec<&str> = e["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        format!("{} {}", e["code"].as_str().unwrap_or_default(), path.join("."))
    };
    payload["userErrors"].as_array().into_iter().flatten().map(line).collect()
}

/// The value of an error's parameter.
pub fn param(payload: &Value, name: &str) -> Option<String> {
    let errors = payload["userErrors"].as_array().into_iter().flatten();
    let mut params = errors.flat_map(|e| e["params"].as_array().cloned().unwrap_or_default());
    params.find(|p| p["name"] == name).and_then(|p| p["value"].as_str().map(str::to_owned))
}

/// `index: STATUS` of a list's results.
pub fn statuses(payload: &Value) -> Vec<String> {
    payload["results"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| r["status"].as_str().unwrap_or_default().into())
        .collect()
}

/// The rows behind a world in which every item has version 1, and the lead of the project management office.
pub async fn begin(world: &World) -> (DatabaseConnection, Client) {
    let db = rows(world).await;
    sql(&db, "UPDATE portfolio_item SET version = 1").await;
    (db, world.client_as("anna.keller", &[Role::PmoLead]).await)
}

/// The same without what the demonstration tells of money, benefits and progress: a test of those begins with its own.
pub async fn begin_bare(world: &World) -> (DatabaseConnection, Client) {
    let (db, lead) = begin(world).await;
    sql(&db, "UPDATE rate_card SET labor_category_id = NULL, calendar_id = NULL").await;
    for table in ["portfolio_item", "portfolio_item_version"] {
        sql(&db, &format!("UPDATE {table} SET fx_rate_set_id = NULL")).await;
    }
    for table in [
        "issue",
        "risk_response",
        "risk",
        "progress_measurement",
        "baseline_period_value",
        "baseline_item",
        "baseline",
        "task",
        "pool_week",
        "outdated",
        "kpi_touch",
        "kpi_change",
        "kpi_value",
        "alert",
        "alert_rule",
        "kpi_posting",
        "kpi_target_version",
        "kpi_threshold_version",
        "kpi_target",
        "kpi_threshold",
        "fx_rate_version",
        "fx_rate_set_version",
        "fx_rate",
        "fx_rate_set",
        "actual",
        "commitment",
        "cost_plan_line",
        "cost_plan",
        "benefits_map_edge",
        "benefits_map_node",
        "objective_contribution",
        "strategic_objective",
        "rag_assessment",
        "status_report",
        "forecast_line",
        "forecast",
        "budget_line",
        "budget",
        "benefit_review",
        "benefit_actual",
        "benefit_measure_point",
        "benefit_measure",
        "benefit_contribution",
        "benefit_plan_point",
        "benefit",
        "fiscal_period",
        "fiscal_calendar",
        "cost_category",
    ] {
        sql(&db, &format!("DELETE FROM {table}")).await;
    }
    // Items stay, and with them what is checked of them.
    sql(&db, "DELETE FROM measure_delta WHERE measure NOT IN ('CHECKS_RUN', 'CHECKS_PASSED')").await;
    sql(&db, "UPDATE portfolio_item SET rag = NULL, rag_on = NULL, is_tracking_benefits = FALSE").await;
    sql(&db, "DELETE FROM kpi_definition_version WHERE kind <> 'STANDARD'").await;
    sql(&db, "DELETE FROM kpi_definition WHERE kind <> 'STANDARD'").await;
    sql(&db, "UPDATE portfolio_item SET rag = NULL, rag_on = NULL").await;
    (db, lead)
}

/// The rows behind a world, without the product.
pub async fn rows(world: &World) -> DatabaseConnection {
    world.database().await.orm
}

/// The item with this key as the table holds it.
pub async fn item(db: &DatabaseConnection, key: &str) -> portfolio_item::Model {
    let found = portfolio_item::Entity::find().filter(portfolio_item::Column::Key.eq(key)).one(db).await;
    found.expect("items").unwrap_or_else(|| panic!("no item {key}"))
}

/// The id of the item with this key, as the API writes it.
pub async fn item_id(db: &DatabaseConnection, key: &str) -> String {
    super::facts::item_id(&item(db, key).await)
}

/// The person with this key as the table holds her.
pub async fn person(db: &DatabaseConnection, key: &str) -> person::Model {
    let found = person::Entity::find().filter(person::Column::Key.eq(key)).one(db).await;
    found.expect("people").unwrap_or_else(|| panic!("nobody is {key}"))
}

/// The id of the person with this key, as the API writes it.
pub async fn person_id(db: &DatabaseConnection, key: &str) -> String {
    encode_id("per", person(db, key).await.id)
}

/// A person without any relation to an item, who signs in under her key, with the roles of her token alone.
pub async fn stranger(world: &World, role: Role) -> Client {
    let db = rows(world).await;
    let key = format!("stranger.{}", role.as_str().to_lowercase());
    if person::Entity::find().filter(person::Column::Key.eq(&key)).one(&db).await.expect("people").is_none() {
        let (mut like, mut identity) = (person(&db, "karin.baumann").await, identity_of(&db, "karin.baumann").await);
        (like.id, identity.id) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
        (like.key, identity.person_id, identity.subject) = (key.clone(), like.id, key.clone());
        person::Entity::insert(like.into_active_model()).exec_without_returning(&db).await.expect("a person");
        let identity = person_identity::Entity::insert(identity.into_active_model());
        identity.exec_without_returning(&db).await.expect("her identity");
    }
    world.client_as(&key, &[role]).await
}

async fn identity_of(db: &DatabaseConnection, key: &str) -> person_identity::Model {
    let of = person_identity::Column::PersonId.eq(person(db, key).await.id);
    person_identity::Entity::find().filter(of).one(db).await.expect("identities").expect("an identity")
}

/// Runs a statement on the tables, past the product.
pub async fn sql(db: &DatabaseConnection, text: &str) {
    let statement = Statement::from_string(db.get_database_backend(), text);
    db.execute_raw(statement).await.unwrap_or_else(|e| panic!("{text}: {e}"));
}

/// What a server calls what it derives.
const DERIVED: [&str; 2] = ["kpiDerive", "overbookingDerive"];

/// All audit entries of the test itself, oldest first, without what a server derived.
pub async fn audit(db: &DatabaseConnection) -> Vec<audit_event::Model> {
    use audit_event::Column;
    let own = audit_event::Entity::find().filter(Column::At.gte(noon())).filter(Column::Mutation.is_not_in(DERIVED));
    own.order_by_asc(audit_event::Column::Id).all(db).await.expect("audit entries")
}

/// All events, in the order in which they were written, without what a server derived.
pub async fn events(db: &DatabaseConnection) -> Vec<outbox_event::Model> {
    use outbox_event::Column;
    let written = outbox_event::Entity::find().filter(Column::Mutation.is_not_in(DERIVED));
    let written = written.filter(Column::TargetType.ne("KpiValue"));
    written.order_by_asc(Column::Seq).all(db).await.expect("events")
}

/// All changes since a watermark, and the watermark after them.
pub async fn follow(client: &Client, since: &str) -> (Vec<Value>, String) {
    let (mut told, mut since) = (vec![], since.to_owned());
    loop {
        let reply = client
            .query(&format!(
                "{{ changes(since: \"{since}\", first: 500) {{ hasMore watermark changes {{ kind id }} }} }}"
            ))
            .await;
        let page = reply.data()["changes"].clone();
        told.extend(page["changes"].as_array().cloned().unwrap_or_default());
        page["watermark"].as_str().expect("a watermark").clone_into(&mut since);
        if page["hasMore"] == false {
            return (told, since);
        }
    }
}

/// A key for a request, different for each number.
pub fn request_key(number: u64) -> String {
    uuid::Uuid::from_u64_pair(0x0189_0a5d_ac96_7000, 0x8000_0000_0000_0000 | number).to_string()
}

/// Chance that is the same at every run: a multiplicative generator, good enough to choose with.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Chance of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }

    /// One of a list.
    pub fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

//! What people changed in the demonstration before a test begins, through the product itself: so that there are archived
//! rows and an audit trail. What a stream of events would tell of it is taken away again: a test's stream begins empty.

use std::sync::Arc;

use chrono::Duration;
use entity::{external_link, idempotency, outbox_event};
use foliograph::{
    app::App,
    auth::Role,
    clock::FixedClock,
    graph::{Database, encode_id},
};
use sea_orm::{ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{client::Client, product, world::noon};

/// The head of the office; a confidential item's sponsor and a manager of one, both with the right to steer.
const HANDS: [&str; 3] = ["anna.keller", "claire.moreau", "marc.dubois"];

/// Makes the changes.
pub async fn make(url: &str, database: &Database) {
    // Another instant than the demonstration's own and the worlds': ids are counted from one at each.
    let clock = Arc::new(FixedClock::at(noon() - Duration::minutes(30)));
    let app = App::over(product::settings(url), clock.clone(), database.clone()).await.expect("the product");
    for (mutation, input) in changes() {
        let hand = HANDS.iter().find(|hand| input["by"] == **hand).unwrap_or(&HANDS[0]);
        let client = Client::new(app.router()).bearer(&product::token(&*clock, hand, &[Role::PmoLead]));
        let mut input = input;
        input.as_object_mut().expect("an input").remove("by");
        done(&client, mutation, &input).await;
    }
    let of = external_link::Column::ExternalId.eq("FIELDAPP");
    let link = external_link::Entity::find().filter(of).one(&database.orm).await.expect("links").expect("a link");
    let client = Client::new(app.router()).bearer(&product::token(&*clock, HANDS[0], &[Role::PmoLead]));
    done(&client, "externalLinkArchive", &json!({ "id": encode_id("ext", link.id), "ifVersion": "*" })).await;
    // With the product its sequencer ends: nothing gives positions any more.
    drop((client, app));
    outbox_event::Entity::delete_many().exec(&database.orm).await.expect("no events");
    database.orm.execute_unprepared("UPDATE outbox_head SET position = 0, purged = 0").await.expect("a new stream");
    idempotency::Entity::delete_many().exec(&database.orm).await.expect("no answers");
}

/// Asks for a mutation, which must succeed.
async fn done(client: &Client, mutation: &str, input: &Value) {
    let ty = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document =
        format!("mutation($input: {ty}!) {{ {mutation}(input: $input) {{ userErrors {{ code message }} }} }}");
    let data = client.query_with(&document, json!({ "input": input })).await.data();
    assert_eq!(data[mutation]["userErrors"], json!([]), "{mutation} {input}");
}

fn changes() -> Vec<(&'static str, Value)> {
    let update = |key: &str, patch: Value| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch });
    let whole = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*" });
    let cancel = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "to": "CANCELLED" });
    let by = |hand: &str, mut input: Value| {
        input["by"] = json!(hand);
        input
    };
    let item = |key: &str, name: &str| json!({ "key": key, "name": name, "baseCurrency": "EUR" });
    vec![
        ("projectUpdate", update("PR-050", json!({ "priority": 3, "ownerKey": "laura.bianchi" }))),
        ("projectUpdate", update("PR-046", json!({ "parentKey": "PG-NETZERO" }))),
        // Out of a confidential program: who cannot see that sees an entry of a parent that was none.
        ("projectUpdate", by("claire.moreau", update("PR-033", json!({ "parentKey": "PF-OPERATIONS" })))),
        // A confidential item named by a role: the entry is of the role, the item is hidden.
        (
            "roleAssignmentCreate",
            by(
                "marc.dubois",
                json!({ "key": "RA-900", "personKey": "simon.tait", "role": "PROJECT_MANAGER", "itemKey": "PR-048" }),
            ),
        ),
        ("projectUpdate", by("marc.dubois", update("PR-048", json!({ "priority": 2 })))),
        ("roleAssignmentArchive", whole("RA-041")),
        ("projectArchive", whole("PR-057")),
        ("portfolioCreate", item("PF-OLD", "Former Ventures")),
        ("programCreate", item("PG-OLD", "Former Program")),
        ("portfolioStateAdvance", cancel("PF-OLD")),
        ("programStateAdvance", cancel("PG-OLD")),
        ("portfolioArchive", whole("PF-OLD")),
        ("programArchive", whole("PG-OLD")),
        ("orgUnitCreate", json!({ "key": "LAB-OLD", "name": "Former Laboratory" })),
        ("orgUnitArchive", whole("LAB-OLD")),
        (
            "personCreate",
            json!({ "key": "ines.duarte", "displayName": "Inês Duarte", "identities": { "add": [{ "issuer": "https://id.example.org", "subject": "ines" }] } }),
        ),
        ("personCreate", json!({ "key": "old.entry", "displayName": "Old Entry", "isActive": false })),
        ("personArchive", whole("old.entry")),
    ]
}

//! Whose rows a figure counts, and what is masked: by role, by item, and never by what the data is.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{finance, kpi, spend, units};
use crate::support::{
    World,
    client::Client,
    writes::{begin, item},
};

async fn manager(world: &World, subject: &str) -> Client {
    world.client_as(subject, &[Role::ProjectManager]).await
}

tests! {
    async fn who_reads_a_class_everywhere_counts_all_rows_and_everybody_else_her_own(world: &World) {
        let (db, lead) = begin(world).await;
        for role in [Role::Finance, Role::Auditor] {
            let client = world.client_as("reader", &[role]).await;
            assert_eq!(kpi(&client, "PF-PRODUCTS", "EV_AC", "").await["basis"], "ALL_ROWS", "{role:?}");
        }
        assert_eq!(kpi(&lead, "PF-PRODUCTS", "EV_AC", "").await["basis"], "ALL_ROWS");
        let whole = units(&lead, "PR-020", "EV_AC").await;
        // Her project's figure is hers whole; the portfolio's is made of her projects alone.
        let subject = subject_of_manager(&db, "PR-020").await;
        let client = manager(world, &subject).await;
        let own = kpi(&client, "PR-020", "EV_AC", "").await;
        assert_eq!((&own["basis"], units(&client, "PR-020", "EV_AC").await), (&json!("CALLER_ROWS"), whole));
        let above = kpi(&client, "PF-PRODUCTS", "EV_AC", "").await;
        assert_eq!(above["basis"], "CALLER_ROWS");
        assert!(above["coverage"]["excludedNoAccess"].as_i64() > Some(3), "{above:#}");
        assert!(units(&client, "PF-PRODUCTS", "EV_AC").await < units(&lead, "PF-PRODUCTS", "EV_AC").await);
    }

    async fn without_a_right_the_value_is_masked_and_says_what_it_needs(world: &World) {
        let asked = "{ portfolioItems(first: 1) { nodes { kpis(keys: [\"EV_AC\", \"GV_DIV\"]) { value numerator denominator status nullReason unit kpi { key } } \
            kpiExplain(key: \"EV_AC\") { formula inputs { sum } leftOut { reason } } } } }";
        let mut masked = 0;
        for (subject, role) in [("jonas.weber", Role::Analyst), ("priya.nair", Role::Analyst), ("reader", Role::ResourceManager)] {
            let client = world.client_as(subject, &[role]).await;
            let reply = client.query(asked).await;
            let data = reply.data();
            let Some(node) = data["portfolioItems"]["nodes"].get(0) else { continue };
            let value = &node["kpis"][0];
            for member in ["value", "numerator", "denominator", "status", "nullReason"] {
                assert_eq!(value[member], Value::Null, "{role:?}: {value:#}");
            }
            assert_eq!((&node["kpiExplain"]["inputs"], &node["kpiExplain"]["leftOut"]), (&Value::Null, &Value::Null));
            let access = reply.json()["extensions"]["access"].clone();
            let needs = |coordinate: &str| {
                let entries = access.as_array().into_iter().flatten();
                entries.filter(|entry| entry["coordinate"] == coordinate).all(|entry| entry["needs"] == "FIN_READ")
            };
            assert!(access.as_array().is_some_and(|all| !all.is_empty()), "{access:#}");
            assert!(needs("KpiValue.value") && needs("KpiExplanation.inputs"), "{access:#}");
            masked += 1;
        }
        assert!(masked > 0);
    }

    async fn what_is_confidential_stays_in_figures_of_its_own(world: &World) {
        let (db, lead) = begin(world).await;
        let money = finance(world).await;
        let row = item(&db, "PR-034").await;
        assert!(row.is_restricted, "the demonstration keeps a confidential project");
        let stranger = world.reader().await;
        let named = manager(world, &subject_of_manager(&db, "PR-034").await).await;
        let before = (units(&stranger, "PF-PRODUCTS", "EV_AC").await, units(&lead, "PF-PRODUCTS", "EV_AC").await);
        // Whoever counts money is not named on it, so who is named posts it.
        let told = crate::support::writes::change(&money, "actualCreate", json!({
            "itemKey": "PR-034", "occurredOn": "2026-02-10", "calendarKey": "MERIDIAN", "categoryKey": "HARDWARE",
            "source": "NON_LABOR", "amount": { "amount": "1000", "currency": "CHF" },
        })).await;
        assert_eq!(crate::support::writes::faults(&told), ["NOT_FOUND input.itemKey"]);
        let caller = world.client_as("george.mensah", &[Role::Finance, Role::ProjectManager]).await;
        spend(&caller, "PR-034", "1000", "CHF").await;
        let after = (units(&stranger, "PF-PRODUCTS", "EV_AC").await, units(&lead, "PF-PRODUCTS", "EV_AC").await);
        assert_eq!(before, after, "its money is in no figure above it");
        assert!(units(&named, "PR-034", "EV_AC").await >= 10_000_000);
    }

    async fn a_sponsor_counts_what_she_sponsors_and_cannot_tell_the_rest(world: &World) {
        let (_, lead) = begin(world).await;
        let money = finance(world).await;
        let sponsor = world.client_as("helen.ashworth", &[Role::Sponsor]).await;
        let asked = "{ portfolioItems(first: 100) { nodes { key kpis(keys: [\"EV_AC\", \"FN_FVAR\"]) { value basis status coverage { included } } } } }";
        let before = sponsor.query(asked).await.data();
        // Money of a project that she does not sponsor moves no figure that she can see.
        spend(&money, "PR-020", "777777", "CHF").await;
        assert_eq!(sponsor.query(asked).await.data(), before);
        let some = before["portfolioItems"]["nodes"].as_array().expect("items");
        assert!(some.iter().any(|node| node["kpis"][0]["value"] != Value::Null), "{before:#}");
        assert!(some.iter().all(|node| node["kpis"][0]["basis"] == "CALLER_ROWS"));
        let _ = lead;
    }

    async fn the_roll_up_is_verified_for_who_reads_everything_and_nobody_else(world: &World) {
        let verify = "{ verifyRollup { isExact } }";
        for role in [Role::PmoLead, Role::Auditor] {
            let reply = world.client_as("reader", &[role]).await.query(verify).await;
            assert_eq!(reply.data()["verifyRollup"]["isExact"], true, "{role:?}");
        }
        for role in [Role::ProjectManager, Role::Sponsor, Role::Analyst, Role::ResourceManager, Role::Admin] {
            let reply = world.client_as("reader", &[role]).await.query(verify).await;
            assert_eq!(reply.error_codes(), ["FIELD_FORBIDDEN"], "{role:?}");
        }
    }
}

/// The subject of the manager of a project.
pub async fn subject_of_manager(db: &sea_orm::DatabaseConnection, project: &str) -> String {
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    let person = item(db, project).await.project_manager_id.expect("a manager");
    let of = entity::person_identity::Column::PersonId.eq(person);
    let identity = entity::person_identity::Entity::find().filter(of).one(db).await.expect("identities");
    identity.expect("an identity").subject
}

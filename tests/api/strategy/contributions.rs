//! What items contribute: never twice to one objective on a day, never more than the whole of an item.

use entity::objective_contribution::{self, Column as C};
use foliograph::auth::Role;
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{contribute, contribution, objective};
use crate::support::{
    client::Client,
    dump::dump,
    writes::{audit, begin_bare, change, events, faults, item, item_id, param, request_key, statuses},
};

const NO_FAULT: Vec<String> = vec![];
const CREATE: &str = "objectiveContributionCreate";

tests! {
    async fn a_contribution_has_what_its_item_has(world: &World) {
        let (db, lead) = prepared(world).await;
        let project = item(&db, "PR-001").await;
        let id = contribute(&lead, &item_id(&db, "PR-001").await, "O-1", json!({ "share": "0.4", "rating": "STRONG", "rationale": "It pays." })).await;
        let row = &of_item(&db, project.id).await[0];
        assert_eq!((row.portfolio_id, row.is_restricted, row.share), (project.portfolio_id, false, Some(400_000_000)));
        let read = lead.query("{ objectiveContributions { nodes { id share rating item { key } objective { key } portfolio { key } version } } }").await.data();
        assert_eq!(read["objectiveContributions"]["nodes"], json!([{ "id": id, "share": "0.4", "rating": "STRONG", "item": { "key": "PR-001" }, "objective": { "key": "O-1" }, "portfolio": { "key": "PF-IT" }, "version": "1" }]));
        let entry = audit(&db).await.pop().expect("an entry");
        assert_eq!((entry.after_item_id, entry.item_id), (Some(project.id), Some(project.id)));
        assert!(entry.changes.contains("\"objective\"") && entry.changes.contains("obj_"), "{}", entry.changes);
        assert_eq!(events(&db).await.last().map(|e| e.target_type.clone()).as_deref(), Some("ObjectiveContribution"));
    }

    async fn a_contribution_says_something_that_can_be(world: &World) {
        let (db, lead) = prepared(world).await;
        let project = item_id(&db, "PR-001").await;
        for (more, told) in [
            (json!({}), vec!["REQUIRED input.rating"]),
            (json!({ "share": "1.5" }), vec!["OUT_OF_RANGE input.share"]),
            (json!({ "share": "-0.1" }), vec!["OUT_OF_RANGE input.share"]),
            (json!({ "rating": "LOW", "validFromOn": "2026-03-02", "validToOn": "2026-03-01" }), vec!["INVARIANT input.validToOn"]),
        ] {
            assert_eq!(faults(&change(&lead, CREATE, contribution(&project, "O-1", more)).await), told);
        }
        let told = change(&lead, CREATE, json!({ "share": "0.1" })).await;
        assert_eq!(faults(&told), ["REQUIRED input.itemId", "REQUIRED input.objectiveId"]);
        let id = contribute(&lead, &project, "O-1", json!({ "share": 1 })).await;
        let clear = json!({ "id": id, "ifVersion": "*", "patch": { "share": null } });
        let told = change(&lead, "objectiveContributionUpdate", clear).await;
        assert_eq!((faults(&told), param(&told, "rule").as_deref()), (vec!["INVARIANT input.patch.share".to_owned()], Some("CONTRIBUTION_SAYS")));
        let other = json!({ "id": id, "ifVersion": "*", "patch": { "objectiveKey": "O-2" } });
        assert_eq!(faults(&change(&lead, "objectiveContributionUpdate", other).await), ["IMMUTABLE input.patch.objectiveKey"]);
        let hidden = item_id(&db, "PR-034").await;
        assert_eq!(faults(&change(&lead, CREATE, contribution(&hidden, "O-1", json!({ "share": 1 }))).await), ["NOT_FOUND input.itemId"]);
    }

    async fn to_one_objective_an_item_contributes_once_a_day(world: &World) {
        let (db, lead) = prepared(world).await;
        let project = item_id(&db, "PR-001").await;
        let days = |from: &str, to: &str| json!({ "rating": "LOW", "validFromOn": from, "validToOn": to });
        let id = contribute(&lead, &project, "O-1", days("2026-01-01", "2026-03-31")).await;
        for (more, told) in [
            (days("2026-03-31", "2026-04-30"), vec!["DUPLICATE input.validFromOn"]),
            (json!({ "rating": "LOW" }), vec!["DUPLICATE input.objectiveKey"]),
            (days("2026-04-01", "2026-04-30"), vec![]),
        ] {
            assert_eq!(faults(&change(&lead, CREATE, contribution(&project, "O-1", more)).await), told);
        }
        contribute(&lead, &project, "O-2", json!({ "rating": "LOW" })).await;
        let longer = json!({ "id": id, "ifVersion": "*", "patch": { "validToOn": "2026-04-01" } });
        assert_eq!(faults(&change(&lead, "objectiveContributionUpdate", longer).await), ["DUPLICATE input.patch.validToOn"]);
        // What is archived does not count, and does not come back over another.
        let whole = json!({ "id": id, "ifVersion": "*" });
        assert_eq!(faults(&change(&lead, "objectiveContributionArchive", whole.clone()).await), NO_FAULT);
        let again = contribute(&lead, &project, "O-1", days("2026-02-01", "2026-02-28")).await;
        assert_eq!(faults(&change(&lead, "objectiveContributionUnarchive", whole.clone()).await), ["DUPLICATE input"]);
        assert_eq!(faults(&change(&lead, "objectiveContributionArchive", json!({ "id": again, "ifVersion": "*" })).await), NO_FAULT);
        assert_eq!(faults(&change(&lead, "objectiveContributionUnarchive", whole).await), NO_FAULT);
    }

    async fn an_item_gives_away_no_more_than_itself_on_any_day(world: &World) {
        let (db, lead) = prepared(world).await;
        let (project, other) = (item_id(&db, "PR-001").await, item_id(&db, "PR-002").await);
        contribute(&lead, &project, "O-1", json!({ "share": "0.6", "validToOn": "2026-06-30" })).await;
        contribute(&lead, &other, "O-1", json!({ "share": 1 })).await;
        let told = change(&lead, CREATE, contribution(&project, "O-2", json!({ "share": "0.5", "validFromOn": "2026-06-30" }))).await;
        assert_eq!(faults(&told), ["INVARIANT input.share"]);
        let said = ["rule", "day", "sum"].map(|name| param(&told, name).expect("a fact"));
        assert_eq!(said, ["CONTRIBUTION_SHARES", "2026-06-30", "1.1"]);
        let second = contribute(&lead, &project, "O-2", json!({ "share": "0.5", "validFromOn": "2026-07-01" })).await;
        let earlier = json!({ "id": second, "ifVersion": "*", "patch": { "validFromOn": "2026-05-01" } });
        let told = change(&lead, "objectiveContributionUpdate", earlier).await;
        assert_eq!((faults(&told), param(&told, "day").as_deref()), (vec!["INVARIANT input.patch.validFromOn".to_owned()], Some("2026-05-01")));
        let less = json!({ "id": second, "ifVersion": "*", "patch": { "validFromOn": "2026-05-01", "share": "0.4" } });
        assert_eq!(faults(&change(&lead, "objectiveContributionUpdate", less).await), NO_FAULT);
        // Ratings have no part in it, and an archived share does not count.
        contribute(&lead, &project, "O-3", json!({ "rating": "EXTREME" })).await;
        change(&lead, "objectiveContributionArchive", json!({ "id": second, "ifVersion": "*" })).await;
        contribute(&lead, &project, "O-2", json!({ "share": "0.4" })).await;
        let back = change(&lead, "objectiveContributionUnarchive", json!({ "id": second, "ifVersion": "*" })).await;
        assert_eq!(faults(&back), ["DUPLICATE input"]);
    }

    async fn in_a_list_the_last_is_one_too_many(world: &World) {
        let (db, lead) = prepared(world).await;
        let (one, two) = (item_id(&db, "PR-001").await, item_id(&db, "PR-002").await);
        let first = contribute(&lead, &one, "O-1", json!({ "share": "0.5" })).await;
        let items = json!([
            contribution(&one, "O-2", json!({ "share": "0.3" })),
            contribution(&two, "O-1", json!({ "share": "0.7" })),
            contribution(&one, "O-3", json!({ "share": "0.3" })),
            contribution(&one, "O-2", json!({ "rating": "LOW" })),
            contribution(&one, "O-3", json!({ "share": "0.2" })),
            contribution(&two, "O-2", json!({ "share": "2" })),
        ]);
        let input = |policy: &str, n| json!({ "clientMutationKey": request_key(n), "errorPolicy": policy, "items": items });
        let all = change(&lead, "objectiveContributionBulkCreate", input("REJECT_ALL", 1)).await;
        assert_eq!((&all["createdCount"], of_item(&db, item(&db, "PR-001").await.id).await.len()), (&json!(0), 1));
        let good = change(&lead, "objectiveContributionBulkCreate", input("REJECT_FAILED", 2)).await;
        assert_eq!(statuses(&good), ["CREATED", "CREATED", "FAILED", "FAILED", "FAILED", "FAILED"], "{good}");
        // What one gives up another takes, whatever the order of the list.
        let second = of_item(&db, item(&db, "PR-001").await.id).await.into_iter().find(|c| c.share == Some(300_000_000)).expect("the second");
        let second = foliograph::graph::encode_id("ocn", second.id);
        let patch = |id: &Value, share: &str| json!({ "ref": { "id": id }, "ifVersion": "*", "patch": { "share": share } });
        let swap = json!({ "clientMutationKey": request_key(3), "items": [patch(&json!(second), "0.8"), patch(&first, "0.2")] });
        assert_eq!(statuses(&change(&lead, "objectiveContributionBulkUpdate", swap).await), ["UPDATED", "UPDATED"]);
        let dry = json!({ "dryRun": true, "items": [patch(&json!(second), "0.9")] });
        assert_eq!(statuses(&change(&lead, "objectiveContributionBulkUpdate", dry).await), ["FAILED"]);
    }

    async fn who_writes_at_once_gives_away_no_more_either(world: &World) {
        let (db, lead) = prepared(world).await;
        let project = item_id(&db, "PR-001").await;
        for round in 0..4 {
            let ways = ["O-1", "O-2", "O-3", "O-4"].map(|objective| change(&lead, CREATE, contribution(&project, objective, json!({ "share": "0.4" }))));
            let done = join_all(ways).await;
            assert_eq!(done.iter().filter(|done| faults(done).is_empty()).count(), 2, "round {round}");
            let stored = of_item(&db, item(&db, "PR-001").await.id).await;
            let open: Vec<_> = stored.iter().filter(|c| c.archived_at.is_none()).collect();
            assert_eq!(open.iter().filter_map(|c| c.share).sum::<i64>(), 800_000_000);
            for row in open {
                let whole = json!({ "id": foliograph::graph::encode_id("ocn", row.id), "ifVersion": "*" });
                assert_eq!(faults(&change(&lead, "objectiveContributionArchive", whole).await), NO_FAULT);
            }
        }
    }

    async fn only_the_lead_says_what_contributes(world: &World) {
        let (db, lead) = prepared(world).await;
        let project = item_id(&db, "PR-001").await;
        let id = contribute(&lead, &project, "O-1", json!({ "share": "0.4" })).await;
        let before = dump(&world.database().await).await;
        for (who, role) in [("marc.dubois", Role::ProjectManager), ("daniel.osei", Role::Sponsor), ("stefan.brunner", Role::Finance), ("walter.zimmermann", Role::Auditor), ("jonas.weber", Role::Analyst)] {
            let client = world.client_as(who, &[role]).await;
            let read = client.query("{ objectiveContributions { totalCount } }").await.data();
            assert_eq!(read["objectiveContributions"]["totalCount"], json!(1), "{who}");
            for (mutation, input) in [
                (CREATE, contribution(&project, "O-2", json!({ "share": "0.1" }))),
                ("objectiveContributionUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "share": "0.5" } })),
                ("objectiveContributionArchive", json!({ "id": id, "ifVersion": "*" })),
            ] {
                let told = faults(&change(&client, mutation, input).await);
                assert!(told.iter().any(|fault| fault.starts_with("FORBIDDEN")), "{who} {mutation} {told:?}");
            }
        }
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn contributions_go_where_their_item_goes(world: &World) {
        let (db, lead) = prepared(world).await;
        let owner = world.client_as("daniel.osei", &[Role::PmoLead]).await;
        contribute(&lead, &item_id(&db, "PR-001").await, "O-1", json!({ "share": "0.4" })).await;
        let set = json!({ "ref": { "key": "PG-ERP" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        change(&owner, "programConfidentialitySet", set).await;
        for (client, count) in [(&owner, 1), (&lead, 0)] {
            let document = "{ objectiveContributions { totalCount } alignmentMatrix { totalCount } strategicObjective(by: {key: \"O-1\"}) { contributions { totalCount } } \
                all: strategicObjectives(filter: { contributions: { some: { share: { gt: \"0\" } } } }) { totalCount } }";
            let read = client.query(document).await.data();
            for at in ["/objectiveContributions", "/alignmentMatrix", "/strategicObjective/contributions", "/all"] {
                assert_eq!(read.pointer(at).map(|c| &c["totalCount"]), Some(&json!(count)), "{at}");
            }
        }
    }
}

/// A world with four objectives.
async fn prepared(world: &crate::support::World) -> (DatabaseConnection, Client) {
    let (db, lead) = begin_bare(world).await;
    for key in ["O-1", "O-2", "O-3", "O-4"] {
        assert_eq!(faults(&objective(&lead, key, None, json!({})).await), NO_FAULT);
    }
    (db, lead)
}

async fn of_item(db: &DatabaseConnection, item: Uuid) -> Vec<objective_contribution::Model> {
    objective_contribution::Entity::find().filter(C::ItemId.eq(item)).all(db).await.expect("contributions")
}

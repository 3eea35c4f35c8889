//! The tree of items: what stands where, what that makes of its scope, and that it stays a tree whatever is written at once.

use std::collections::HashMap;

use entity::{external_link, portfolio_item};
use foliograph::auth::Role;
use futures_util::future::join_all;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::writes::{
    Chance, audit, begin, change, events, faults, item, item_id, param, request_key, statuses,
};

tests! {
    async fn what_stands_below_what(world: &World) {
        let (db, lead) = begin(world).await;
        for (mutation, key, parent, may) in [
            ("portfolioUpdate", "PF-IT", "PF-PRODUCTS", true),
            ("portfolioUpdate", "PF-IT", "PG-ERP", false),
            ("portfolioUpdate", "PF-IT", "PR-001", false),
            ("programUpdate", "PG-ERP", "PF-PRODUCTS", true),
            ("programUpdate", "PG-ERP", "PG-CONNECT", true),
            ("programUpdate", "PG-ERP", "PR-052", false),
            ("projectUpdate", "PR-001", "PF-PRODUCTS", true),
            ("projectUpdate", "PR-001", "PG-CONNECT", true),
            ("projectUpdate", "PR-001", "PR-052", false),
        ] {
            let done = change(&lead, mutation, json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "parentKey": parent } })).await;
            let told = if may { vec![] } else { vec!["INVARIANT input.patch.parentKey".to_owned()] };
            assert_eq!(faults(&done), told, "{key} below {parent}");
            assert_eq!(param(&done, "rule").as_deref(), (!may).then_some("HIERARCHY"));
            assert_eq!(item(&db, key).await.parent_id == Some(item(&db, parent).await.id), may);
        }
        let top = json!({ "ref": { "key": "PR-001" }, "ifVersion": "*", "patch": { "parentId": null } });
        assert_eq!(faults(&change(&lead, "projectUpdate", top).await), Vec::<String>::new());
        holds(&db).await;
    }

    async fn nothing_stands_below_itself(world: &World) {
        let (db, lead) = begin(world).await;
        for parent in ["PF-OPERATIONS", "PF-IT"] {
            let input = json!({ "ref": { "key": "PF-OPERATIONS" }, "ifVersion": "1", "patch": { "parentKey": parent } });
            assert_eq!(faults(&change(&lead, "portfolioUpdate", input).await), ["INVARIANT input.patch.parentKey"], "{parent}");
        }
        // In one list, each alone would be right.
        let items = json!([
            { "ref": { "key": "PG-ERP" }, "ifVersion": "1", "patch": { "parentKey": "PG-SECURITY" } },
            { "ref": { "key": "PG-SECURITY" }, "ifVersion": "1", "patch": { "parentKey": "PG-CONNECT" } },
            { "ref": { "key": "PG-CONNECT" }, "ifVersion": "1", "patch": { "parentKey": "PG-ERP" } },
            { "ref": { "key": "PG-MDR" }, "ifVersion": "1", "patch": { "parentKey": "PG-ERP" } },
        ]);
        let done = change(&lead, "programBulkUpdate", json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items })).await;
        assert_eq!(statuses(&done), ["FAILED", "FAILED", "FAILED", "UPDATED"], "{done}");
        holds(&db).await;
    }

    async fn what_cannot_go_stands_in_the_way_of_others(world: &World) {
        let (db, lead) = begin(world).await;
        let move_to = |key: &'static str, parent: Value| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "parentKey": parent } });
        assert_eq!(faults(&change(&lead, "programUpdate", move_to("PG-SECURITY", "PG-ERP".into())).await), Vec::<String>::new());
        // ERP may go below Security only if Security leaves it, and that fails: a project has nothing below it.
        let items = json!([move_to("PG-ERP", "PG-SECURITY".into()), move_to("PG-SECURITY", "PR-052".into())]);
        let done = change(&lead, "programBulkUpdate", json!({ "clientMutationKey": request_key(1), "errorPolicy": "REJECT_FAILED", "items": items })).await;
        assert_eq!(statuses(&done), ["FAILED", "FAILED"], "{done}");
        // The other way round is one step, whatever the order of the list.
        let items = json!([move_to("PG-ERP", "PG-SECURITY".into()), move_to("PG-SECURITY", "PF-IT".into())]);
        let done = change(&lead, "programBulkUpdate", json!({ "clientMutationKey": request_key(2), "items": items })).await;
        assert_eq!(statuses(&done), ["UPDATED", "UPDATED"], "{done}");
        holds(&db).await;
    }

    async fn the_tree_has_ten_levels_also_below_what_moves(world: &World) {
        let (db, lead) = begin(world).await;
        let make = |key: String, parent: Value| {
            let input = json!({ "key": key, "name": "Level", "baseCurrency": "EUR", "parentKey": parent });
            let lead = &lead;
            async move { change(lead, "programCreate", input).await }
        };
        for n in 1..=9 {
            let parent = if n == 1 { Value::Null } else { format!("A-{}", n - 1).into() };
            assert_eq!(faults(&make(format!("A-{n}"), parent).await), Vec::<String>::new());
        }
        for n in 1..=2 {
            let parent = if n == 1 { Value::Null } else { json!("B-1") };
            make(format!("B-{n}"), parent).await;
        }
        let too_deep = json!({ "ref": { "key": "B-1" }, "ifVersion": "1", "patch": { "parentKey": "A-9" } });
        assert_eq!(faults(&change(&lead, "programUpdate", too_deep).await), ["INVARIANT input.patch.parentKey"], "with what is below it");
        let fits = json!({ "ref": { "key": "B-1" }, "ifVersion": "1", "patch": { "parentKey": "A-8" } });
        assert_eq!(faults(&change(&lead, "programUpdate", fits).await), Vec::<String>::new());
        assert_eq!(faults(&make("A-10".into(), json!("A-9")).await), Vec::<String>::new());
        assert_eq!(faults(&make("A-11".into(), json!("A-10")).await), ["INVARIANT input.parentKey"]);
        holds(&db).await;
    }

    async fn confidentiality_reaches_all_below_and_leaves_with_it(world: &World) {
        let (db, lead) = begin(world).await;
        let owner = world.client_as("daniel.osei", &[Role::PmoLead]).await;
        let seen = |who: &'static str| async move {
            let client = world.client_as(who, &[Role::PmoLead]).await;
            let data = client.query("{ projects(filter: {program: {key: {eq: \"PG-ERP\"}}}) { totalCount } externalLinks(filter: {externalId: {eq: \"ERPFIN\"}}) { totalCount } }").await.data();
            (data["projects"]["totalCount"].as_i64(), data["externalLinks"]["totalCount"].as_i64())
        };
        assert_eq!(seen("anna.keller").await, (Some(8), Some(1)));
        let input = |to: &str| json!({ "ref": { "key": "PG-ERP" }, "ifVersion": "*", "confidentiality": to });
        let set = change(&owner, "programConfidentialitySet", input("CONFIDENTIAL")).await;
        assert_eq!((faults(&set), &set["program"]["key"]), (vec![], &json!("PG-ERP")));
        holds(&db).await;
        assert!(item(&db, "PR-001").await.is_restricted);
        assert_eq!(seen("anna.keller").await, (Some(0), Some(0)));
        assert_eq!(seen("daniel.osei").await.0, Some(8), "who is named on it is so on all below");
        // One entry and one event for each item, and an event for each link that left somebody's sight.
        let (entries, mut told) = (audit(&db).await, events(&db).await);
        // What else belongs to them, such as reports, leaves it as well: here it is enough to look at links.
        let is_looked_at = |e: &entity::outbox_event::Model| matches!(e.target_type.as_str(), "Program" | "Project" | "ExternalLink");
        assert!(told.iter().any(|e| e.target_type == "StatusReport" && e.was_there));
        told.retain(is_looked_at);
        assert_eq!(entries.len(), 9);
        assert!(entries.iter().all(|e| e.is_restricted && e.transaction_id == entries[0].transaction_id));
        let links = external_link::Entity::find().all(&db).await.expect("links");
        let moved = links.iter().filter(|l| l.is_restricted && entries.iter().any(|e| Some(e.target_id) == l.item_id)).count();
        assert_eq!((told.len(), told.iter().filter(|e| e.target_type == "ExternalLink").count()), (9 + moved, moved));
        assert!(moved > 8 && told.iter().all(|e| e.was_there && !e.was_restricted));
        let unseen = change(&lead, "programConfidentialitySet", input("NORMAL")).await;
        assert_eq!(faults(&unseen), ["NOT_FOUND input.ref.key"]);
        assert_eq!(faults(&change(&owner, "programConfidentialitySet", input("NORMAL")).await), Vec::<String>::new());
        holds(&db).await;
        assert_eq!(seen("anna.keller").await, (Some(8), Some(1)));
        let not_named = json!({ "ref": { "key": "PG-CONNECT" }, "ifVersion": "*", "confidentiality": "CONFIDENTIAL" });
        let gone = change(&lead, "programConfidentialitySet", not_named).await;
        assert_eq!((faults(&gone), &gone["program"]), (vec![], &Value::Null), "it is done, and no longer hers to see");
    }

    async fn a_move_carries_the_scope_of_all_below(world: &World) {
        let (db, lead) = begin(world).await;
        let input = json!({ "ref": { "key": "PF-IT" }, "ifVersion": "1", "patch": { "parentKey": "PF-PRODUCTS" } });
        change(&lead, "portfolioUpdate", input).await;
        holds(&db).await;
        let input = json!({ "ref": { "key": "PG-ERP" }, "ifVersion": "1", "patch": { "parentKey": "PF-PRODUCTS" } });
        change(&lead, "programUpdate", input).await;
        holds(&db).await;
        let (project, products) = (item(&db, "PR-001").await, item(&db, "PF-PRODUCTS").await);
        assert_eq!((project.portfolio_id, project.version), (Some(products.id), 2));
        let gone = json!({ "ref": { "key": "PR-001" }, "ifVersion": "2", "patch": { "parentId": null } });
        change(&lead, "projectUpdate", gone).await;
        holds(&db).await;
        assert_eq!(item(&db, "PR-001").await.portfolio_id, None);
    }

    async fn rows_of_one_list_share_one_tree(world: &World) {
        let (db, _) = begin(world).await;
        let claire = world.client_as("claire.moreau", &[Role::PmoLead]).await;
        let under = |key: &str, parent: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "parentKey": parent } });
        for (key, parent) in [("PG-SECURITY", "PG-ERP"), ("PG-MDR", "PG-SECURITY")] {
            assert_eq!(faults(&change(&claire, "programUpdate", under(key, parent)).await), Vec::<String>::new());
        }
        // ERP goes below what is confidential. One below it is only renamed, one has an error, one comes to stand below one
        // that the list does not name: all are restricted now.
        let items = json!([
            { "ref": { "key": "PG-MDR" }, "ifVersion": "*", "patch": { "name": "Renamed" } },
            under("PG-CONNECT", "PG-SECURITY"),
            under("PG-ERP", "PG-ASTER"),
        ]);
        let done = change(&claire, "programBulkUpdate", json!({ "clientMutationKey": request_key(1), "items": items })).await;
        assert_eq!(statuses(&done), ["UPDATED", "UPDATED", "UPDATED"], "{done}");
        holds(&db).await;
        for key in ["PG-MDR", "PG-CONNECT", "PG-SECURITY", "PR-001", "PR-014", "PR-020"] {
            assert!(item(&db, key).await.is_restricted, "{key}");
        }
        let items = json!([
            under("PG-ERP", "PF-IT"),
            { "ref": { "key": "PG-SECURITY" }, "ifVersion": "*", "patch": { "name": "", "parentKey": "PG-NETZERO" } },
        ]);
        let done = change(&claire, "programBulkUpdate", json!({ "clientMutationKey": request_key(2), "errorPolicy": "REJECT_FAILED", "items": items })).await;
        assert_eq!(statuses(&done)[1], "FAILED", "{done}");
        holds(&db).await;
        // And back: what is refused a move must not look as if it had left.
        let items = json!([
            { "ref": { "key": "PG-ERP" }, "ifVersion": "*", "patch": { "name": "", "parentKey": "PF-IT" } },
            under("PG-NETZERO", "PG-ERP"),
        ]);
        change(&claire, "programUpdate", under("PG-ERP", "PG-ASTER")).await;
        let done = change(&claire, "programBulkUpdate", json!({ "clientMutationKey": request_key(3), "errorPolicy": "REJECT_FAILED", "items": items })).await;
        assert_eq!(statuses(&done)[0], "FAILED", "{done}");
        holds(&db).await;
    }

    async fn whatever_is_moved_in_lists_the_scopes_hold(world: &World) {
        let (db, _) = begin(world).await;
        let claire = world.client_as("claire.moreau", &[Role::PmoLead]).await;
        let mut chance = Chance::new(7);
        let programs = ["PG-ERP", "PG-SECURITY", "PG-CONNECT", "PG-MDR", "PG-NETZERO", "PG-ASTER"];
        let parents = ["PG-ERP", "PG-SECURITY", "PG-CONNECT", "PG-MDR", "PG-NETZERO", "PG-ASTER", "PF-IT", "PF-PRODUCTS", "PR-052"];
        let mut moved = 0;
        for round in 0..60 {
            let mut items = vec![];
            for key in programs {
                let patch = match chance.below(6) {
                    0 => json!({ "name": format!("Round {round}") }),
                    1 => json!({ "priority": 9, "parentKey": chance.one_of(&parents) }),
                    2 => continue,
                    _ => json!({ "parentKey": chance.one_of(&parents) }),
                };
                items.push(json!({ "ref": { "key": key }, "ifVersion": "*", "patch": patch }));
            }
            let input = json!({ "clientMutationKey": request_key(round), "errorPolicy": "REJECT_FAILED", "items": items });
            let done = change(&claire, "programBulkUpdate", input).await;
            moved += done["updatedCount"].as_i64().unwrap_or_default();
            holds(&db).await;
        }
        assert!(moved > 60, "{moved} rows were moved");
    }

    async fn two_moves_that_would_make_a_ring_make_none(world: &World) {
        let (db, lead) = begin(world).await;
        let programs = |key: &str, parent: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "parentKey": parent } });
        for round in 0..6 {
            let top = ["PG-ERP", "PG-SECURITY", "PG-CONNECT", "PG-MDR"].map(|key| programs(key, "PF-IT"));
            for input in top.into_iter().chain([programs("PG-SECURITY", "PG-ERP"), programs("PG-MDR", "PG-CONNECT")]) {
                assert_eq!(faults(&change(&lead, "programUpdate", input).await), Vec::<String>::new());
            }
            // Neither names the other itself; in between stands one that does not move.
            let moves = if round % 2 == 0 { [("PG-ERP", "PG-MDR"), ("PG-CONNECT", "PG-SECURITY")] } else { [("PG-ERP", "PG-CONNECT"), ("PG-CONNECT", "PG-ERP")] };
            let done = join_all(moves.map(|(key, parent)| change(&lead, "programUpdate", programs(key, parent)))).await;
            let mut told: Vec<String> = done.iter().flat_map(faults).collect();
            told.dedup();
            assert_eq!(told, ["INVARIANT input.patch.parentKey"], "one of the two is refused");
            holds(&db).await;
        }
    }

    async fn many_moves_at_once_wait_for_each_other_and_none_is_lost(world: &World) {
        let (db, lead) = begin(world).await;
        for n in 0..6 {
            let made = change(&lead, "programCreate", json!({ "key": format!("M-{n}"), "name": "Moved", "baseCurrency": "EUR" })).await;
            assert_eq!(faults(&made), Vec::<String>::new());
        }
        let mut chance = Chance::new(5);
        let mut moves = vec![];
        for _ in 0..80 {
            let (from, to) = (chance.below(6), chance.below(6));
            let parent = if from == to { Value::Null } else { json!(format!("M-{to}")) };
            let input = json!({ "ref": { "key": format!("M-{from}") }, "ifVersion": "*", "patch": { "parentKey": parent } });
            moves.push(change(&lead, "programUpdate", input));
        }
        // No answer is an error beside the payload: nobody timed out, no deadlock was met.
        for done in join_all(moves).await {
            let told = faults(&done);
            assert!(told.is_empty() || told == ["INVARIANT input.patch.parentKey"], "{done}");
        }
        holds(&db).await;
    }

    async fn nothing_comes_back_below_what_is_on_its_way_into_the_archive(world: &World) {
        let (db, lead) = begin(world).await;
        for round in 0..8 {
            let (above, below) = (format!("Z-{round}"), format!("Y-{round}"));
            change(&lead, "programCreate", json!({ "key": above, "name": "Above", "baseCurrency": "EUR" })).await;
            change(&lead, "projectCreate", json!({ "key": below, "name": "Below", "baseCurrency": "EUR", "parentKey": above })).await;
            let whole = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*" });
            let cancel = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "to": "CANCELLED" });
            change(&lead, "projectStateAdvance", cancel(&below)).await;
            change(&lead, "programStateAdvance", cancel(&above)).await;
            assert_eq!(faults(&change(&lead, "projectArchive", whole(&below)).await), Vec::<String>::new());
            futures_util::join!(change(&lead, "programArchive", whole(&above)), change(&lead, "projectUnarchive", whole(&below)));
            let (above, below) = (item(&db, &above).await, item(&db, &below).await);
            assert!(above.archived_at.is_none() || below.archived_at.is_some(), "round {round}");
        }
    }

    async fn what_stands_hidden_below_does_not_show_by_its_depth(world: &World) {
        let (_, lead) = begin(world).await;
        let owner = world.client_as("daniel.osei", &[Role::PmoLead]).await;
        let make = |who, key: String, parent: Value, confidentiality: &str| {
            let input = json!({ "key": key, "name": "Level", "baseCurrency": "EUR", "parentKey": parent, "confidentiality": confidentiality, "ownerKey": "daniel.osei" });
            change(who, "programCreate", input)
        };
        for n in 1..=9 {
            let parent = if n == 1 { Value::Null } else { format!("A-{}", n - 1).into() };
            make(&lead, format!("A-{n}"), parent, "NORMAL").await;
        }
        make(&lead, "B".into(), Value::Null, "NORMAL").await;
        let hidden = make(&owner, "H".into(), json!("B"), "CONFIDENTIAL").await;
        assert_eq!(faults(&hidden), Vec::<String>::new());
        let below = json!({ "ref": { "key": "B" }, "ifVersion": "*", "patch": { "parentKey": "A-9" } });
        assert_eq!(faults(&change(&owner, "programUpdate", below.clone()).await), ["INVARIANT input.patch.parentKey"]);
        assert_eq!(faults(&change(&lead, "programUpdate", below).await), Vec::<String>::new());
    }

    async fn what_is_made_while_its_parent_becomes_confidential_is_so_too(world: &World) {
        let (db, _) = begin(world).await;
        let owner = world.client_as("daniel.osei", &[Role::PmoLead]).await;
        let parent = item_id(&db, "PG-ERP").await;
        let mut made = 0;
        for round in 0..6 {
            let to = if round % 2 == 0 { "CONFIDENTIAL" } else { "NORMAL" };
            let set = json!({ "ref": { "key": "PG-ERP" }, "ifVersion": "*", "confidentiality": to });
            let children = (0..4).map(|n| change(&owner, "projectCreate", json!({ "key": format!("C-{round}-{n}"), "name": "Child", "baseCurrency": "EUR", "parentId": parent })));
            let links = (0..2).map(|n| {
                let input = json!({ "system": "RACE", "externalId": format!("{round}-{n}"), "targetId": parent });
                change(&owner, "externalLinkCreate", input)
            });
            let (set, children, links) = futures_util::join!(change(&owner, "programConfidentialitySet", set), join_all(children), join_all(links));
            assert_eq!(faults(&set), Vec::<String>::new());
            made += children.iter().chain(&links).filter(|c| faults(c).is_empty()).count();
            holds(&db).await;
        }
        assert!(made > 12, "{made} were made");
    }
}

/// Every item's scope is what its place in the tree makes it, no item stands below itself, and what belongs to an item
/// has its scope.
async fn holds(db: &DatabaseConnection) {
    let items = portfolio_item::Entity::find().all(db).await.expect("items");
    let by_id: HashMap<Uuid, &portfolio_item::Model> = items.iter().map(|i| (i.id, i)).collect();
    for item in &items {
        let mut above = vec![item];
        while let Some(parent) = above[above.len() - 1].parent_id {
            above.push(by_id[&parent]);
            assert!(above.len() <= 10, "{} stands in a ring or too deep", item.key);
        }
        let portfolio = above.iter().find(|i| i.kind == "PORTFOLIO").map(|i| i.id);
        let restricted = above.iter().any(|i| i.confidentiality == "CONFIDENTIAL");
        let program = above.get(1).filter(|p| item.kind == "PROJECT" && p.kind == "PROGRAM").map(|p| p.id);
        let stored = (item.portfolio_id, item.program_id, item.is_restricted);
        assert_eq!(stored, (portfolio, program, restricted), "{} below {:?}", item.key, above.get(1).map(|p| &p.key));
    }
    for link in external_link::Entity::find().all(db).await.expect("links") {
        let Some(of) = link.item_id.map(|id| by_id[&id]) else { continue };
        assert_eq!((link.portfolio_id, link.is_restricted), (of.portfolio_id, of.is_restricted), "link to {}", of.key);
    }
}

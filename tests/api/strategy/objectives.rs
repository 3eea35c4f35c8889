//! Objectives: a tree of weights, in which every share is of the sum that stands.

use foliograph::{auth::Role, graph::encode_id};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{objective, patch, stored};
use crate::support::{
    dump::dump,
    writes::{audit, begin_bare, change, events, faults, param, request_key, statuses},
};

const WHOLE: i64 = 1_000_000_000;
const NO_FAULT: Vec<String> = vec![];

tests! {
    async fn shares_follow_weights_with_a_trace_of_their_own(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let made = objective(&lead, "O-1", None, json!({})).await;
        assert_eq!((faults(&made), &made["strategicObjective"]["key"]), (NO_FAULT, &json!("O-1")));
        assert_eq!(stored(&db, "O-1").await.share, Some(WHOLE), "a weight of 1 where none is said, and nobody beside it");
        objective(&lead, "O-2", None, json!({ "weight": "2", "ownerKey": "anna.keller" })).await;
        let shares = [stored(&db, "O-1").await.share, stored(&db, "O-2").await.share];
        assert_eq!(shares, [Some(333_333_333), Some(666_666_667)]);
        assert_eq!(stored(&db, "O-1").await.version, 2);
        let read = lead.query("{ strategicObjective(by: {key: \"O-1\"}) { share weight version title owner { key } } }").await.data();
        assert_eq!(read["strategicObjective"], json!({ "share": "0.333333333", "weight": "1", "version": "2", "title": "Objective O-1", "owner": null }));
        let sibling = stored(&db, "O-1").await.id;
        let entry = audit(&db).await.into_iter().rfind(|entry| entry.target_id == sibling).expect("its own entry");
        assert!(entry.changes.contains("\"share\"") && entry.changes.contains("0.333333333"), "{}", entry.changes);
        let told: Vec<String> = events(&db).await.iter().map(|e| format!("{} {}", e.mutation, e.version)).collect();
        assert_eq!(told, ["strategicObjectiveCreate 1", "strategicObjectiveCreate 1", "strategicObjectiveCreate 2"]);
    }

    async fn a_move_changes_the_shares_of_both_places(world: &World) {
        let (db, lead) = begin_bare(world).await;
        for (key, parent, weight) in [("A", None, "1"), ("B", None, "1"), ("A-1", Some("A"), "1"), ("A-2", Some("A"), "3"), ("B-1", Some("B"), "4")] {
            assert_eq!(faults(&objective(&lead, key, parent, json!({ "weight": weight })).await), NO_FAULT);
        }
        assert_eq!(faults(&change(&lead, "strategicObjectiveUpdate", patch("A-1", json!({ "parentKey": "B" }))).await), NO_FAULT);
        let mut shares = vec![];
        for key in ["A-1", "A-2", "B-1"] {
            shares.push(stored(&db, key).await.share);
        }
        assert_eq!(shares, [Some(200_000_000), Some(WHOLE), Some(800_000_000)]);
        let top = change(&lead, "strategicObjectiveUpdate", patch("A-1", json!({ "parentId": null }))).await;
        assert_eq!(faults(&top), NO_FAULT);
        assert_eq!([stored(&db, "A").await.share, stored(&db, "A-1").await.share, stored(&db, "B-1").await.share], [Some(333_333_333), Some(333_333_333), Some(WHOLE)]);
    }

    async fn what_is_dropped_or_archived_takes_no_share(world: &World) {
        let (db, lead) = begin_bare(world).await;
        for key in ["O-1", "O-2", "O-3"] {
            objective(&lead, key, None, json!({})).await;
        }
        change(&lead, "strategicObjectiveUpdate", patch("O-1", json!({ "state": "DROPPED" }))).await;
        assert_eq!([stored(&db, "O-1").await.share, stored(&db, "O-2").await.share], [None, Some(WHOLE / 2)]);
        let whole = json!({ "ref": { "key": "O-2" }, "ifVersion": "*" });
        assert_eq!(faults(&change(&lead, "strategicObjectiveArchive", whole.clone()).await), NO_FAULT);
        assert_eq!([stored(&db, "O-2").await.share, stored(&db, "O-3").await.share], [None, Some(WHOLE)]);
        assert_eq!(faults(&change(&lead, "strategicObjectiveUpdate", patch("O-2", json!({ "weight": "2" }))).await), ["IMMUTABLE input.ref.key"]);
        assert_eq!(faults(&change(&lead, "strategicObjectiveUnarchive", whole).await), NO_FAULT);
        assert_eq!([stored(&db, "O-2").await.share, stored(&db, "O-3").await.share], [Some(WHOLE / 2), Some(WHOLE / 2)]);
        for key in ["O-2", "O-3"] {
            change(&lead, "strategicObjectiveUpdate", patch(key, json!({ "weight": 0 }))).await;
        }
        assert_eq!([stored(&db, "O-2").await.share, stored(&db, "O-3").await.share], [None, None], "of nothing there is no share");
    }

    async fn a_list_settles_its_shares_once(world: &World) {
        let (db, lead) = begin_bare(world).await;
        objective(&lead, "O-0", None, json!({})).await;
        let item = |key: &str, weight: &str| json!({ "key": key, "title": key, "weight": weight });
        let input = |policy: &str, n| json!({ "clientMutationKey": request_key(n), "errorPolicy": policy, "items": [item("O-1", "1"), item("O-2", "-1"), item("O-0", "1"), item("O-3", "2"), item("O-1", "5")] });
        let all = change(&lead, "strategicObjectiveBulkCreate", input("REJECT_ALL", 1)).await;
        assert_eq!(statuses(&all), ["NOT_WRITTEN", "FAILED", "FAILED", "NOT_WRITTEN", "FAILED"], "{all}");
        let faulty: Vec<String> = (0..5).flat_map(|at| faults(&all["results"][at])).collect();
        assert_eq!(faulty, ["OUT_OF_RANGE input.items.1.weight", "DUPLICATE input.items.2.key", "DUPLICATE input.items.4.key"]);
        assert_eq!(stored(&db, "O-0").await.share, Some(WHOLE));
        let good = change(&lead, "strategicObjectiveBulkCreate", input("REJECT_FAILED", 2)).await;
        assert_eq!(statuses(&good), ["CREATED", "FAILED", "FAILED", "CREATED", "FAILED"]);
        let old = stored(&db, "O-0").await;
        assert_eq!((old.share, old.version), (Some(250_000_000), 2), "once, not for each item of the list");
        let again = change(&lead, "strategicObjectiveBulkUpdate", json!({ "clientMutationKey": request_key(3), "items": [patch("O-1", json!({ "weight": "1.0" })), patch("O-3", json!({ "weight": "1" }))] })).await;
        assert_eq!(statuses(&again), ["UPDATED", "UPDATED"], "the one's weight, and so the other's share");
        assert_eq!(stored(&db, "O-1").await.share, Some(333_333_333));
    }

    async fn whatever_is_weighed_at_once_the_shares_are_of_the_sum(world: &World) {
        let (db, lead) = begin_bare(world).await;
        for n in 0..6 {
            objective(&lead, &format!("O-{n}"), None, json!({})).await;
        }
        for round in 1..=3 {
            let writes = (0..6).map(|n| change(&lead, "strategicObjectiveUpdate", patch(&format!("O-{n}"), json!({ "weight": (round * (n + 1)).to_string() }))));
            for done in join_all(writes).await {
                assert_eq!(faults(&done), NO_FAULT);
            }
            for n in 0..6 {
                let expected = foliograph::strategy::rules::shares(&[1, 2, 3, 4, 5, 6]).expect("shares")[n];
                assert_eq!(stored(&db, &format!("O-{n}")).await.share, Some(expected), "round {round}");
            }
        }
    }

    async fn objectives_stand_in_a_tree_of_ten_levels(world: &World) {
        let (db, lead) = begin_bare(world).await;
        for n in 1..=10 {
            let above = format!("T-{}", n - 1);
            let made = objective(&lead, &format!("T-{n}"), (n > 1).then_some(above.as_str()), json!({})).await;
            assert_eq!(faults(&made), NO_FAULT);
        }
        let rule = |done: &Value, path: &str| assert_eq!((faults(done), param(done, "rule").as_deref()), (vec![format!("INVARIANT {path}")], Some("HIERARCHY")));
        rule(&objective(&lead, "T-11", Some("T-10"), json!({})).await, "input.parentKey");
        rule(&change(&lead, "strategicObjectiveUpdate", patch("T-2", json!({ "parentKey": "T-5" }))).await, "input.patch.parentKey");
        rule(&change(&lead, "strategicObjectiveUpdate", patch("T-2", json!({ "parentKey": "T-2" }))).await, "input.patch.parentKey");
        for key in ["U-1", "U-2"] {
            objective(&lead, key, (key == "U-2").then_some("U-1"), json!({})).await;
        }
        rule(&change(&lead, "strategicObjectiveUpdate", patch("U-1", json!({ "parentKey": "T-9" }))).await, "input.patch.parentKey");
        assert_eq!(faults(&change(&lead, "strategicObjectiveUpdate", patch("U-1", json!({ "parentKey": "T-8" }))).await), NO_FAULT);
        // Two that would make a ring together make none.
        for key in ["V-1", "V-2"] {
            objective(&lead, key, None, json!({})).await;
        }
        let done = join_all([("V-1", "V-2"), ("V-2", "V-1")].map(|(key, parent)| change(&lead, "strategicObjectiveUpdate", patch(key, json!({ "parentKey": parent }))))).await;
        assert_eq!(done.iter().flat_map(faults).collect::<Vec<_>>(), ["INVARIANT input.patch.parentKey"]);
        assert!(stored(&db, "V-1").await.parent_id.is_none() || stored(&db, "V-2").await.parent_id.is_none());
    }

    async fn the_archive_is_filled_from_below_and_emptied_from_above(world: &World) {
        let (_, lead) = begin_bare(world).await;
        objective(&lead, "A", None, json!({})).await;
        objective(&lead, "A-1", Some("A"), json!({})).await;
        let whole = |key: &str| json!({ "ref": { "key": key }, "ifVersion": "*" });
        for (mutation, key, told) in [
            ("strategicObjectiveArchive", "A", Some("ARCHIVED_FROM_BELOW")),
            ("strategicObjectiveArchive", "A-1", None),
            ("strategicObjectiveArchive", "A", None),
            ("strategicObjectiveUnarchive", "A-1", Some("ARCHIVED_FROM_BELOW")),
        ] {
            assert_eq!(param(&change(&lead, mutation, whole(key)).await, "rule").as_deref(), told, "{mutation} {key}");
        }
        assert_eq!(faults(&objective(&lead, "A-2", Some("A"), json!({})).await), ["ILLEGAL_STATE input.parentKey"]);
    }

    async fn what_is_over_is_no_draft_again(world: &World) {
        let (db, lead) = begin_bare(world).await;
        objective(&lead, "O-1", None, json!({ "state": "ACHIEVED" })).await;
        let told = change(&lead, "strategicObjectiveUpdate", patch("O-1", json!({ "state": "DRAFT" }))).await;
        assert_eq!((faults(&told), param(&told, "allowed").as_deref()), (vec!["ILLEGAL_STATE input.patch.state".to_owned()], Some("ACTIVE,DROPPED")));
        for state in ["DROPPED", "ACTIVE", "DRAFT"] {
            assert_eq!(faults(&change(&lead, "strategicObjectiveUpdate", patch("O-1", json!({ "state": state }))).await), NO_FAULT);
        }
        assert_eq!(stored(&db, "O-1").await.state, "DRAFT");
        let gone = change(&lead, "strategicObjectiveUpdate", patch("O-1", json!({ "ownerKey": "felix.huber" }))).await;
        assert_eq!(faults(&gone), ["INVALID input.patch.ownerKey"], "he left");
    }

    async fn a_stale_version_writes_nothing(world: &World) {
        let (_, lead) = begin_bare(world).await;
        objective(&lead, "O-1", None, json!({})).await;
        objective(&lead, "O-2", None, json!({})).await;
        let before = dump(&world.database().await).await;
        let stale = json!({ "ref": { "key": "O-1" }, "ifVersion": "1", "patch": { "weight": "7" } });
        let told = change(&lead, "strategicObjectiveUpdate", stale).await;
        assert_eq!(faults(&told), ["VERSION_CONFLICT input.ifVersion"]);
        assert_eq!((param(&told, "currentVersion").as_deref(), param(&told, "conflictingFields").as_deref()), (Some("2"), Some("share")));
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn only_the_lead_steers_and_everybody_reads(world: &World) {
        let (db, lead) = begin_bare(world).await;
        let made = objective(&lead, "O-1", None, json!({})).await;
        let id = made["strategicObjective"]["id"].clone();
        assert_eq!(id, json!(encode_id("obj", stored(&db, "O-1").await.id)));
        let before = dump(&world.database().await).await;
        for (who, role) in [
            ("marc.dubois", Role::ProjectManager),
            ("helen.ashworth", Role::Sponsor),
            ("stefan.brunner", Role::Finance),
            ("jonas.weber", Role::Analyst),
            ("walter.zimmermann", Role::Auditor),
            ("karin.baumann", Role::ResourceManager),
            ("svc.reporting", Role::Integration),
        ] {
            let client = world.client_as(who, &[role]).await;
            let read = client.query("{ strategicObjectives { totalCount nodes { key share } } }").await.data();
            assert_eq!(read["strategicObjectives"]["totalCount"], json!(1), "{who}");
            let whole = json!({ "id": id, "ifVersion": "*" });
            for (mutation, input) in [
                ("strategicObjectiveCreate", json!({ "key": "N", "title": "N" })),
                ("strategicObjectiveUpdate", json!({ "id": id, "ifVersion": "*", "patch": { "weight": "5" } })),
                ("strategicObjectiveArchive", whole),
                ("strategicObjectiveBulkCreate", json!({ "clientMutationKey": request_key(1), "items": [{ "key": "N", "title": "N" }] })),
            ] {
                let told = faults(&change(&client, mutation, input).await);
                assert!(told.iter().any(|fault| fault.starts_with("FORBIDDEN")), "{who} {mutation} {told:?}");
            }
        }
        let admin = world.client_as("nobody.at.all", &[Role::Admin]).await;
        let unseen = change(&admin, "strategicObjectiveUpdate", patch("O-1", json!({ "weight": "5" }))).await;
        assert_eq!(faults(&unseen), ["NOT_FOUND input.ref.key"], "who sees no business data sees no objective");
        assert_eq!(dump(&world.database().await).await, before);
    }

    async fn a_request_sent_again_does_nothing(world: &World) {
        let (db, lead) = begin_bare(world).await;
        objective(&lead, "O-0", None, json!({})).await;
        let input = json!({ "key": "O-1", "title": "One", "clientMutationKey": request_key(9) });
        for replayed in [false, true] {
            let done = change(&lead, "strategicObjectiveCreate", input.clone()).await;
            assert_eq!((faults(&done), &done["replayed"]), (NO_FAULT, &json!(replayed)));
        }
        assert_eq!(stored(&db, "O-0").await.version, 2);
    }
}

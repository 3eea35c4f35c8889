//! The steps of a benefit's life: who takes which, and what a promise needs. The table is written by hand from the
//! published rules, never taken from the code.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{NO_FAULT, advance, euros, made, patch, prepared, stored, to_state};
use crate::support::{
    api_keys,
    client::Client,
    dump::dump,
    writes::{audit, change, events, faults, param, person, sql},
};

const STATES: [&str; 9] = [
    "IDENTIFIED",
    "PROFILED",
    "APPROVED",
    "ENABLED",
    "REALIZING",
    "REALIZED",
    "PARTLY_REALIZED",
    "NOT_REALIZED",
    "WITHDRAWN",
];

/// A step from one state to another, and who takes it: `L` the lead, `M` the project's manager, `S` its sponsor.
const STEPS: [(&str, &str, &str); 13] = [
    ("IDENTIFIED", "PROFILED", "LM"),
    ("PROFILED", "IDENTIFIED", "LS"),
    ("PROFILED", "APPROVED", "LS"),
    ("APPROVED", "ENABLED", "LM"),
    ("ENABLED", "REALIZING", "LM"),
    ("REALIZING", "REALIZED", "LS"),
    ("REALIZING", "PARTLY_REALIZED", "LS"),
    ("REALIZING", "NOT_REALIZED", "LS"),
    ("IDENTIFIED", "WITHDRAWN", "LS"),
    ("PROFILED", "WITHDRAWN", "LS"),
    ("APPROVED", "WITHDRAWN", "LS"),
    ("ENABLED", "WITHDRAWN", "LS"),
    ("REALIZING", "WITHDRAWN", "LS"),
];

tests! {
    async fn every_step_is_taken_by_whom_the_rules_name(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        // A project with a manager, a sponsor and a lead who have nothing to do with it beside those who have.
        let cast: [(&str, Client); 5] = [
            ("L", lead.clone()),
            ("M", world.client_as("marc.dubois", &[Role::ProjectManager]).await),
            ("S", world.client_as("daniel.osei", &[Role::Sponsor]).await),
            ("-", world.client_as("stefan.brunner", &[Role::Finance]).await),
            ("-", world.client_as("walter.zimmermann", &[Role::Auditor]).await),
        ];
        for from in STATES {
            for to in STATES {
                let who = STEPS.iter().find(|(f, t, _)| (*f, *t) == (from, to)).map(|(.., who)| *who);
                for (mark, client) in &cast {
                    let draft = matches!(from, "IDENTIFIED" | "PROFILED");
                    sql(&db, &format!("UPDATE benefit SET state = '{from}', is_draft = {draft}, approved_at = NULL, approved_by_id = NULL WHERE key = 'B-1'")).await;
                    let done = change(client, "benefitStateAdvance", to_state("B-1", to)).await;
                    let expected = match who {
                        None => vec!["ILLEGAL_STATE input.to".to_owned()],
                        Some(who) if who.contains(mark) => vec![],
                        Some(_) => vec!["FORBIDDEN input.to".to_owned()],
                    };
                    assert_eq!(faults(&done), expected, "{mark} from {from} to {to}");
                    let row = stored(&db, "B-1").await;
                    let now = if expected.is_empty() { to } else { from };
                    assert_eq!((row.state.as_str(), row.is_draft), (now, matches!(now, "IDENTIFIED" | "PROFILED")));
                    assert_eq!(row.approved_at.is_some(), expected.is_empty() && to == "APPROVED");
                }
            }
        }
        let told = change(&lead, "benefitStateAdvance", to_state("B-1", "PROFILED")).await;
        assert_eq!(param(&told, "state").as_deref(), Some("WITHDRAWN"));
        assert_eq!(param(&told, "allowed").as_deref(), Some(""));
        let strangers = world.client_as("ingrid.solberg", &[Role::Sponsor]).await;
        let unseen = change(&strangers, "benefitStateAdvance", to_state("B-1", "PROFILED")).await;
        assert_eq!(faults(&unseen), ["NOT_FOUND input.ref.key"], "the sponsor of something else");
    }

    async fn a_promise_has_an_owner_and_a_plan(world: &World) {
        let (db, lead) = prepared(world).await;
        let rule = |done: &Value| (faults(done), param(done, "rule"));
        let refused = |rule: &str| (vec!["INVARIANT input.to".to_owned()], Some(rule.to_owned()));
        for (key, kind) in [("B-1", "FINANCIAL_CASHABLE"), ("B-2", "QUALITATIVE")] {
            made(&db, &lead, key, "PR-001", json!({ "kind": kind })).await;
            advance(&lead, key, &["PROFILED"]).await;
        }
        let before = dump(&world.database().await).await;
        assert_eq!(rule(&change(&lead, "benefitStateAdvance", to_state("B-1", "APPROVED")).await), refused("BENEFIT_PLAN"));
        assert_eq!(dump(&world.database().await).await, before);
        sql(&db, "UPDATE benefit SET owner_id = NULL WHERE key = 'B-2'").await;
        assert_eq!(rule(&change(&lead, "benefitStateAdvance", to_state("B-2", "APPROVED")).await), refused("BENEFIT_OWNER"));
        change(&lead, "benefitUpdate", patch("B-2", json!({ "ownerKey": "paul.meier" }))).await;
        advance(&lead, "B-2", &["APPROVED"]).await;
        let point = |period: &'static str, amount: &'static str| json!({ "benefitKey": "B-1", "periodKey": period, "amount": euros(amount) });
        assert_eq!(faults(&change(&lead, "benefitPlanPointCreate", point("M-01", "30")).await), NO_FAULT);
        change(&lead, "benefitUpdate", patch("B-1", json!({ "amount": euros("50") }))).await;
        assert_eq!(rule(&change(&lead, "benefitStateAdvance", to_state("B-1", "APPROVED")).await), refused("BENEFIT_PLAN"));
        assert_eq!(faults(&change(&lead, "benefitPlanPointCreate", point("M-02", "20")).await), NO_FAULT);
        advance(&lead, "B-1", &["APPROVED"]).await;
        let row = stored(&db, "B-1").await;
        assert_eq!((row.approved_at.is_some(), row.approved_by_id), (true, Some(person(&db, "anna.keller").await.id)));
        let entry = audit(&db).await.into_iter().rfind(|e| e.target_id == row.id).expect("an entry");
        assert!(entry.mutation == "benefitStateAdvance" && entry.changes.contains("\"APPROVED\"") && entry.changes.contains("approvedBy"), "{}", entry.changes);
        let told = events(&db).await.into_iter().rfind(|e| e.target_id == row.id).expect("an event");
        assert_eq!((told.was_draft, told.version), (true, row.version));
    }

    async fn a_stale_step_is_none(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({})).await;
        let input = json!({ "ref": { "key": "B-1" }, "ifVersion": "1", "to": "PROFILED" });
        let both = futures_util::join!(change(&lead, "benefitStateAdvance", input.clone()), change(&lead, "benefitStateAdvance", input));
        let mut told = [faults(&both.0), faults(&both.1)];
        told.sort();
        assert_eq!(told[0], NO_FAULT);
        assert!(told[1].contains(&"VERSION_CONFLICT input.ifVersion".to_owned()), "{told:?}");
        assert_eq!(stored(&db, "B-1").await.version, 2);
    }

    async fn a_key_approves_no_benefit(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        sql(&db, "UPDATE api_key SET roles = 'PMO_LEAD' WHERE key = 'sync-operations'").await;
        let key = world.client().await.bearer(&api_keys::text("sync-operations").expect("a key")).header("x-access-mode", "MASK");
        let done = change(&key, "benefitStateAdvance", to_state("B-1", "PROFILED")).await;
        assert_eq!(faults(&done), NO_FAULT, "what a lead writes, her key writes");
        let told = change(&key, "benefitStateAdvance", to_state("B-1", "APPROVED")).await;
        assert_eq!((faults(&told), param(&told, "needs").as_deref()), (vec!["FORBIDDEN input.to".to_owned()], Some("BENEFIT_APPROVE")));
        assert_eq!(stored(&db, "B-1").await.state, "PROFILED");
    }

    async fn a_profile_that_is_given_back_is_written_again(world: &World) {
        let (db, lead) = prepared(world).await;
        let marc = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        made(&db, &marc, "B-1", "PR-001", json!({ "amount": euros("5") })).await;
        advance(&marc, "B-1", &["PROFILED"]).await;
        assert_eq!(faults(&change(&marc, "benefitStateAdvance", to_state("B-1", "IDENTIFIED")).await), ["FORBIDDEN input.to"]);
        let sponsor = world.client_as("daniel.osei", &[Role::Sponsor]).await;
        advance(&sponsor, "B-1", &["IDENTIFIED"]).await;
        assert_eq!(faults(&change(&marc, "benefitUpdate", patch("B-1", json!({ "amount": euros("6") }))).await), NO_FAULT);
        advance(&marc, "B-1", &["PROFILED"]).await;
        advance(&sponsor, "B-1", &["APPROVED"]).await;
        advance(&marc, "B-1", &["ENABLED", "REALIZING"]).await;
        advance(&sponsor, "B-1", &["PARTLY_REALIZED"]).await;
        assert_eq!(stored(&db, "B-1").await.approved_by_id, Some(person(&db, "daniel.osei").await.id));
        assert_eq!(faults(&change(&lead, "benefitStateAdvance", to_state("B-1", "WITHDRAWN")).await), ["ILLEGAL_STATE input.to"]);
    }
}

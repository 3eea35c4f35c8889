//! An item says whether its benefits are still followed: from the first that is promised to the last that is settled.

use serde_json::json;

use super::{NO_FAULT, advance, euros, made, patch, prepared};
use crate::support::writes::{change, events, faults, item, sql};

tests! {
    async fn a_closed_project_tracks_its_benefits_until_the_last_is_settled(world: &World) {
        let (db, lead) = prepared(world).await;
        for key in ["B-1", "B-2", "B-3"] {
            made(&db, &lead, key, "PR-007", json!({ "amount": euros("5") })).await;
        }
        let tracks = async || item(&db, "PR-007").await.is_tracking_benefits;
        assert_eq!((item(&db, "PR-007").await.state.as_str(), tracks().await), ("CLOSED", false), "nothing is promised yet");
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        assert!(tracks().await);
        let version = item(&db, "PR-007").await.version;
        advance(&lead, "B-2", &["PROFILED", "APPROVED", "ENABLED", "REALIZING"]).await;
        change(&lead, "benefitUpdate", patch("B-2", json!({ "beneficiary": "Sales" }))).await;
        assert_eq!(item(&db, "PR-007").await.version, version, "said once");
        advance(&lead, "B-1", &["WITHDRAWN"]).await;
        assert!(tracks().await);
        let read = lead.query("{ projects(filter: { isTrackingBenefits: { eq: true } }) { nodes { key state } } portfolioItems(filter: { state: { eq: CLOSED } }) { groups(by: [{ field: IS_TRACKING_BENEFITS }]) { count } } }").await.data();
        assert_eq!(read["projects"]["nodes"], json!([{ "key": "PR-007", "state": "CLOSED" }]));
        advance(&lead, "B-2", &["NOT_REALIZED"]).await;
        assert!(!tracks().await);
        let told = events(&db).await.into_iter().rfind(|e| e.target_type == "Project").expect("an event");
        assert_eq!((told.mutation.as_str(), told.version), ("benefitStateAdvance", version + 1));
        // What comes back from the archive is followed again: an import puts promised benefits there.
        sql(&db, "UPDATE benefit SET state = 'APPROVED', is_draft = FALSE, archived_at = updated_at WHERE key = 'B-3'").await;
        let whole = json!({ "ref": { "key": "B-3" }, "ifVersion": "*" });
        assert_eq!(faults(&change(&lead, "benefitUnarchive", whole).await), NO_FAULT);
        assert!(tracks().await);
    }
}

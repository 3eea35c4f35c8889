//! Reviews: of what was promised, written by the office, and never changed once they are out.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{NO_FAULT, advance, euros, made, prepared};
use crate::support::{
    dump::dump,
    writes::{change, faults, param},
};

const NEW: &str = "benefitReviewCreate";

tests! {
    async fn a_review_is_written_and_published_once(world: &World) {
        let (db, lead) = prepared(world).await;
        made(&db, &lead, "B-1", "PR-007", json!({ "amount": euros("5") })).await;
        assert_eq!(faults(&change(&lead, NEW, review(json!({}))).await), ["ILLEGAL_STATE input.benefitKey"], "a draft is not reviewed");
        advance(&lead, "B-1", &["PROFILED", "APPROVED"]).await;
        for (more, told) in [
            (json!({ "heldOn": "2026-03-03" }), "OUT_OF_RANGE input.heldOn"),
            (json!({ "confidence": "1.5" }), "OUT_OF_RANGE input.confidence"),
            (json!({ "forecastAmount": { "amount": "1", "currency": "CHF" } }), "INVALID input.forecastAmount.currency"),
            (json!({ "forecastAmount": euros("-1") }), "OUT_OF_RANGE input.forecastAmount.amount"),
            (json!({ "reviewerKey": "nina.petrova" }), "INVARIANT input.reviewerKey"),
            (json!({ "reviewerKey": "felix.huber" }), "INVALID input.reviewerKey"),
            (json!({ "finding": " " }), "REQUIRED input.finding"),
        ] {
            assert_eq!(faults(&change(&lead, NEW, review(more.clone())).await), [told], "{more}");
        }
        let done = change(&lead, NEW, review(json!({ "forecastAmount": euros("4.5"), "confidence": "0.6", "reviewerKey": "jonas.weber" }))).await;
        assert_eq!(faults(&done), NO_FAULT);
        let id = done["benefitReview"]["id"].clone();
        let whole = json!({ "id": id, "ifVersion": "*" });
        let of = |patch: Value| json!({ "id": id, "ifVersion": "*", "patch": patch });
        assert_eq!(faults(&change(&lead, "benefitReviewUpdate", of(json!({ "recommendation": "ADJUST" }))).await), NO_FAULT);
        let before = dump(&world.database().await).await;
        for (who, role) in [("daniel.osei", Role::Sponsor), ("stefan.brunner", Role::Finance), ("marc.dubois", Role::ProjectManager)] {
            let client = world.client_as(who, &[role]).await;
            for (mutation, input) in [(NEW, review(json!({}))), ("benefitReviewUpdate", of(json!({ "finding": "Mine" }))), ("benefitReviewPublish", whole.clone()), ("benefitReviewDelete", whole.clone())] {
                let told = faults(&change(&client, mutation, input).await);
                assert!(told.len() == 1 && told[0].starts_with("FORBIDDEN"), "{who} {mutation} {told:?}");
            }
        }
        assert_eq!(dump(&world.database().await).await, before);
        assert_eq!(faults(&change(&lead, "benefitReviewPublish", whole.clone()).await), NO_FAULT);
        let again = change(&lead, "benefitReviewPublish", whole.clone()).await;
        assert_eq!((faults(&again), param(&again, "state").as_deref()), (vec!["ILLEGAL_STATE input".to_owned()], Some("PUBLISHED")));
        for (mutation, input) in [("benefitReviewUpdate", of(json!({ "finding": "Other" }))), ("benefitReviewDelete", whole)] {
            assert_eq!(faults(&change(&lead, mutation, input).await), ["IMMUTABLE input.id"], "{mutation}");
        }
        // Settled, and its project closed long ago, it is looked at all the same.
        advance(&lead, "B-1", &["ENABLED", "REALIZING", "PARTLY_REALIZED"]).await;
        let last = change(&lead, NEW, review(json!({ "heldOn": "2026-03-02", "recommendation": "STOP" }))).await;
        assert_eq!(faults(&last), NO_FAULT);
        let gone = json!({ "id": last["benefitReview"]["id"], "ifVersion": "1" });
        assert_eq!(faults(&change(&lead, "benefitReviewDelete", gone).await), NO_FAULT);
        let read = lead.query("{ benefit(by: {key: \"B-1\"}) { reviews { nodes { state heldOn finding recommendation forecastAmount { amount currency } confidence reviewer { key } publishedBy { key } } } } }").await.data();
        assert_eq!(read["benefit"]["reviews"]["nodes"], json!([{ "state": "PUBLISHED", "heldOn": "2026-02-20", "finding": "As planned", "recommendation": "ADJUST", "forecastAmount": { "amount": "4.5", "currency": "EUR" }, "confidence": "0.6", "reviewer": { "key": "jonas.weber" }, "publishedBy": { "key": "anna.keller" } }]));
    }
}

fn review(more: Value) -> Value {
    let mut input =
        json!({ "benefitKey": "B-1", "heldOn": "2026-02-20", "finding": "As planned", "recommendation": "CONTINUE" });
    let Value::Object(more) = more else { panic!("members are due") };
    input.as_object_mut().expect("an object").extend(more);
    input
}

//! Who fits a request: the parts of the score by hand, the order, and the reasons.

use serde_json::{Value, json};

use super::Lab;
use crate::support::{client::Client, writes::done};

const ASKED: &str = "{ resourceRequest(by: { key: \"RQ\" }) { candidates { totalCount nodes { resource { key } score roleScore skillScore certificateScore freeScore locationScore askedMinutes freeMinutes isWished reasons { code message skill { key } certification { key } } } } } }";

async fn candidates(client: &Client, document: &str) -> Value {
    client.query(document).await.data()["resourceRequest"]["candidates"].clone()
}

fn codes(candidate: &Value) -> Vec<&str> {
    candidate["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|reason| reason["code"].as_str().expect("a code"))
        .collect()
}

tests! {
    async fn candidates_are_ranked_with_their_reasons(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        for (resource, level) in [("ANNE", 4), ("BEN", 2), ("CARL", 5)] {
            done(&lab.karin, "resourceSkillCreate", json!({ "resourceKey": resource, "skillKey": "LAB-1", "level": level })).await;
        }
        let request = lab.request("RQ", json!({ "minutes": 2_400, "quantity": 2, "location": "basel", "resourceKey": "BEN" })).await;
        done(&lab.george, "requestSkillCreate", json!({ "requestId": request["id"], "skillKey": "LAB-1", "leastLevel": 4, "isMandatory": false })).await;
        let told = candidates(&lab.karin, ASKED).await;
        assert_eq!(told["totalCount"], 4);
        let nodes = told["nodes"].as_array().expect("candidates");
        let score = |key: &str| nodes.iter().find(|node| node["resource"]["key"] == key).unwrap_or_else(|| panic!("no {key}"));
        // 240 a day are asked for: Anne has 240, 0, 0, 240, 240 of them free, Ben all.
        let anne = score("ANNE");
        assert_eq!((&anne["askedMinutes"], &anne["freeMinutes"], &anne["freeScore"]), (&json!(1_200), &json!(720), &json!(600)));
        assert_eq!((&anne["roleScore"], &anne["skillScore"], &anne["locationScore"], &anne["certificateScore"]), (&json!(1_000), &json!(1_000), &json!(1_000), &Value::Null));
        // (20 × 1,000 + 35 × 1,000 + 25 × 600 + 5 × 1,000) ÷ 85.
        assert_eq!(anne["score"], 882);
        assert_eq!(codes(anne), ["ROLE", "SKILL", "PARTLY_FREE", "LOCATION"]);
        let ben = score("BEN");
        // (20 × 1,000 + 35 × 500 + 25 × 1,000 + 0) ÷ 85.
        assert_eq!((&ben["score"], &ben["isWished"]), (&json!(735), &json!(true)));
        assert_eq!(codes(ben), ["WISHED", "ROLE", "SKILL_BELOW", "FREE", "OTHER_LOCATION"]);
        let carl = score("CARL");
        assert_eq!((&carl["freeMinutes"], &carl["freeScore"]), (&Value::Null, &Value::Null));
        assert_eq!(codes(carl), ["OTHER_ROLE", "SKILL", "CAPACITY_UNKNOWN", "OTHER_LOCATION"]);
        let order: Vec<i64> = nodes.iter().map(|node| node["score"].as_i64().expect("a score")).collect();
        assert!(order.is_sorted_by(|one, next| one >= next), "{order:?}");
        assert_eq!(nodes[0]["resource"]["key"], "ANNE");
    }

    async fn nobody_comes_into_question_without_what_is_mandatory(world: &World) {
        let lab = Lab::of(world).await;
        for (resource, level) in [("ANNE", 3), ("BEN", 2)] {
            done(&lab.karin, "resourceSkillCreate", json!({ "resourceKey": resource, "skillKey": "LAB-1", "level": level })).await;
        }
        let request = lab.request("RQ", json!({})).await;
        done(&lab.george, "requestSkillCreate", json!({ "requestId": request["id"], "skillKey": "LAB-1", "leastLevel": 3 })).await;
        let told = candidates(&lab.lead, ASKED).await;
        assert_eq!((&told["totalCount"], &told["nodes"][0]["resource"]["key"]), (&json!(1), &json!("ANNE")));
        // A certificate that is asked for counts.
        done(&lab.lead, "certificationCreate", json!({ "key": "LAB-C", "name": "Lab" })).await;
        let id = super::id_of(&lab.lead, "certification", "LAB-C").await;
        let asked = ASKED.replace("candidates {", &format!("candidates(first: 1, certifications: [\"{id}\"]) {{"));
        let told = candidates(&lab.lead, &asked).await;
        assert_eq!(told["nodes"][0]["certificateScore"], 0);
        assert_eq!(codes(&told["nodes"][0])[2], "CERTIFICATE_MISSING");
        assert_eq!(told["nodes"][0]["reasons"][2]["certification"]["key"], "LAB-C");
    }
}

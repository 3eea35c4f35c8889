//! What skills and certificates are lacking: counted by hand, and never one minute for two requests.

use serde_json::{Value, json};

use super::{Lab, WEEK};
use crate::support::writes::done;

tests! {
    async fn a_free_minute_covers_one_request_only(world: &World) {
        let lab = Lab::of(world).await;
        for (resource, skill, level) in [("ANNE", "LAB-1", 4), ("ANNE", "LAB-2", 3), ("BEN", "LAB-1", 2)] {
            done(&lab.karin, "resourceSkillCreate", json!({ "resourceKey": resource, "skillKey": skill, "level": level })).await;
        }
        // 2,000 minutes that Anne or Ben can do, and 2,000 that only Anne can.
        for (key, skill, least) in [("RQ-1", "LAB-1", 2), ("RQ-2", "LAB-2", 1)] {
            let request = lab.request(key, json!({ "minutes": 2_000 })).await;
            done(&lab.george, "requestSkillCreate", json!({ "requestId": request["id"], "skillKey": skill, "leastLevel": least })).await;
        }
        let asked = format!("{{ skillsGap({{}}, {WEEK}, grain: WEEK) {{ totalCount total {{ demand coverable lacking share }} nodes {{ skill {{ key }} leastLevel requestCount peopleCount demand coverable lacking share }} }} }}");
        let told = lab.told(&lab.lead, &asked).await["skillsGap"].clone();
        // Anne has 2,400 minutes, Ben 1,200.
        assert_eq!(told["nodes"], json!([
            { "skill": { "key": "LAB-1" }, "leastLevel": 2, "requestCount": 1, "peopleCount": 2, "demand": 2_000, "coverable": 2_000, "lacking": 0, "share": "1" },
            { "skill": { "key": "LAB-2" }, "leastLevel": 1, "requestCount": 1, "peopleCount": 1, "demand": 2_000, "coverable": 2_000, "lacking": 0, "share": "1" },
        ]));
        assert_eq!(told["total"], json!({ "demand": 4_000, "coverable": 3_600, "lacking": 400, "share": "0.9" }));
        // By days nobody has enough on any of them: 400 of 480, and 400 of what is left and of 240.
        let told = lab.told(&lab.lead, &asked.replace("WEEK)", "DAY)").replace("grain: WEEK", "grain: DAY")).await["skillsGap"].clone();
        assert_eq!(told["total"], json!({ "demand": 4_000, "coverable": 3_600, "lacking": 400, "share": "0.9" }));
        assert_eq!(told["totalCount"], 2);
    }

    async fn certificates_are_counted_by_how_long_they_hold(world: &World) {
        let lab = Lab::of(world).await;
        done(&lab.lead, "certificationCreate", json!({ "key": "LAB-C", "name": "Lab" })).await;
        for (resource, issued, expires) in [("ANNE", "2024-01-01", "2026-05-06"), ("BEN", "2020-01-01", "2026-01-31"), ("CARL", "2026-01-01", "2030-12-31")] {
            done(&lab.karin, "certificationHeldCreate", json!({ "resourceKey": resource, "certificationKey": "LAB-C", "issuedOn": issued, "expiresOn": expires })).await;
        }
        let id = super::id_of(&lab.lead, "certification", "LAB-C").await;
        let asked = format!("{{ certificationCoverage({{}}, {WEEK}, certifications: [\"{id}\"]) {{ totalCount nodes {{ certification {{ key }} peopleCount valid expiring notYet expired missing share nextExpiryOn }} }} }}");
        let told = lab.told(&lab.lead, &asked).await["certificationCoverage"].clone();
        assert_eq!(told, json!({ "totalCount": 1, "nodes": [{
            "certification": { "key": "LAB-C" }, "peopleCount": 4, "valid": 1, "expiring": 1, "notYet": 0, "expired": 1, "missing": 1,
            "share": "0.25", "nextExpiryOn": "2026-05-06",
        }] }));
        // A renewed one holds on without a break.
        done(&lab.karin, "certificationHeldCreate", json!({ "resourceKey": "ANNE", "certificationKey": "LAB-C", "issuedOn": "2026-05-07", "expiresOn": "2029-05-06" })).await;
        let told = lab.told(&lab.lead, &asked).await["certificationCoverage"]["nodes"][0].clone();
        assert_eq!((&told["valid"], &told["expiring"], &told["nextExpiryOn"]), (&json!(2), &json!(0), &Value::Null));
    }
}

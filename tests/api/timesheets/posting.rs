//! What posting makes: actuals at the rate of the day, in open periods, reversed as a whole, and seen by who sees transactions.

use serde_json::{Value, json};

use super::{House, MONDAY, PROJECT, TUESDAY, approved, beside, faults, labor, of, on_project, sheet, with, worker};
use crate::support::writes::{change, done, param};

/// A card that goes before all others, and rates of Wanda's role: one until Tuesday, another from Wednesday on.
async fn rates(house: &House) {
    let card = json!({ "key": "OWN", "name": "Own", "precedence": 1, "laborCategoryKey": "LABOR-EXTERNAL", "calendarKey": "MERIDIAN" });
    done(&house.finance, "rateCardCreate", card).await;
    for (from, to, amount) in [("2026-01-01", json!(TUESDAY), "100"), ("2026-02-25", Value::Null, "120.01")] {
        let rate = json!({ "cardKey": "OWN", "roleKey": "ENG", "startOn": from, "endOn": to, "hourly": { "amount": amount, "currency": "EUR" } });
        done(&house.finance, "rateCreate", rate).await;
    }
}

/// Day, day of posting, amount and currency.
fn told(actual: &Value) -> (&str, &str, &str, &str) {
    let text = |value: &'static str| actual[value].as_str().unwrap_or_default();
    let money = |name: &'static str| actual["amount"][name].as_str().unwrap_or_default();
    (text("occurredOn"), text("postingOn"), money("amount"), money("currency"))
}

tests! {
    async fn work_costs_what_the_rate_of_its_day_says(world: &World) {
        let house = House::of(world).await;
        rates(&house).await;
        done(&house.wanda, "timeEntryCreate", on_project(TUESDAY, 20)).await;
        done(&house.wanda, "timeEntryCreate", with(on_project("2026-02-25", 90), json!({ "isCapex": true }))).await;
        done(&house.wanda, "timeEntryCreate", on_project("2026-02-26", 50)).await;
        done(&house.wanda, "timeEntryCreate", beside("2026-02-26", 300)).await;
        let week = approved(&house, MONDAY).await;
        // The pool's holds as well; that of the role goes before it, and she has none of her own.
        let next = json!({ "cardKey": "OWN", "poolKey": "DEVELOPMENT", "startOn": "2026-01-01", "hourly": { "amount": "999", "currency": "EUR" } });
        done(&house.finance, "rateCreate", next).await;
        done(&house.lead, "timesheetPost", of(&week)).await;
        let made = labor(&house.finance).await;
        // 100 × 20 ÷ 60; 120.01 × 1.5; 120.01 × 50 ÷ 60, exact and rounded once.
        assert_eq!(made.iter().map(told).collect::<Vec<_>>(), [
            (TUESDAY, TUESDAY, "33.3333", "EUR"),
            ("2026-02-25", "2026-02-25", "180.015", "EUR"),
            ("2026-02-26", "2026-02-26", "100.0083", "EUR"),
        ]);
        let accounts: Vec<&Value> = made.iter().map(|actual| &actual["expenditure"]).collect();
        assert_eq!(accounts, ["OPEX", "CAPEX", "OPEX"]);
        assert!(made.iter().all(|actual| actual["category"]["key"] == "LABOR-EXTERNAL" && actual["calendar"]["key"] == "MERIDIAN" && actual["quantity"].is_null()));
        assert_eq!(sheet(&house.wanda, "wanda", MONDAY).await["unratedMinutes"], 0);
        let exact = house.lead.query("{ verifyRollup { isExact } }").await.data();
        assert_eq!(exact["verifyRollup"]["isExact"], true, "what was spent is counted");
        // Who manages or sponsors the project, and Wanda herself, sees none of it; who counts money does.
        for (client, due) in [(&house.george, 0), (&house.finance, 3), (&house.lead, 3)] {
            assert_eq!(labor(client).await.len(), due);
        }
        for (subject, roles) in [("ingrid.solberg", &[foliograph::auth::Role::Sponsor][..]), ("wanda", &[]), ("karin.baumann", &[foliograph::auth::Role::ResourceManager])] {
            let client = world.client_as(subject, roles).await;
            let seen = client.query("{ actuals { totalCount } rates { totalCount } }").await.json();
            assert!(seen["data"]["actuals"].is_null() && seen["data"]["rates"].is_null(), "{subject}: {seen:#}");
        }
    }

    async fn the_rate_of_the_role_holds_where_the_person_has_none_and_no_rate_costs_nothing(world: &World) {
        let house = House::of(world).await;
        done(&house.wanda, "timeEntryCreate", on_project(MONDAY, 60)).await;
        let week = approved(&house, MONDAY).await;
        done(&house.lead, "timesheetPost", of(&week)).await;
        assert_eq!(labor(&house.finance).await.iter().map(told).collect::<Vec<_>>(), [(MONDAY, MONDAY, "138", "CHF")], "systems engineers of the standard card");
        // Somebody without a role: her pool has no rate either.
        worker(&house.lead, "willi", json!({})).await;
        for (day, minutes) in [(MONDAY, 60), (TUESDAY, 45)] {
            done(&house.lead, "timeEntryCreate", with(on_project(day, minutes), json!({ "resourceKey": "willi" }))).await;
        }
        let week = sheet(&house.karin, "willi", MONDAY).await;
        done(&house.lead, "timesheetSubmit", of(&week)).await;
        done(&house.karin, "timesheetApprove", of(&week)).await;
        done(&house.lead, "timesheetPost", of(&week)).await;
        let seen = sheet(&house.karin, "willi", MONDAY).await;
        assert_eq!(seen["unratedMinutes"], 105);
        assert!(seen["entries"]["nodes"].as_array().expect("entries").iter().all(|entry| entry["isUnrated"] == true));
        assert_eq!(labor(&house.finance).await.len(), 1);
        // Once there is a rate, it is posted anew.
        let rate = json!({ "cardKey": "STANDARD", "poolKey": "DEVELOPMENT", "startOn": "2026-01-01", "hourly": { "amount": "80", "currency": "CHF" } });
        done(&house.finance, "rateCreate", rate).await;
        let entry = seen["entries"]["nodes"][1].clone();
        done(&house.lead, "timeEntryReverse", with(of(&entry), json!({ "reason": "There was no rate", "minutes": 45 }))).await;
        assert_eq!(labor(&house.finance).await.iter().map(told).collect::<Vec<_>>()[1], (TUESDAY, TUESDAY, "60", "CHF"));
        assert_eq!(sheet(&house.karin, "willi", MONDAY).await["unratedMinutes"], 60);
    }

    async fn what_one_person_costs_is_in_no_cost(world: &World) {
        let house = House::of(world).await;
        let rate = |of: &str, amount: &str| json!({ "cardKey": "STANDARD", "resourceKey": of, "startOn": "2026-01-01", "hourly": { "amount": amount, "currency": "SEK" } });
        let work = async |of: &str, day: &str| {
            done(&house.lead, "timeEntryCreate", with(on_project(day, 60), json!({ "resourceKey": of }))).await;
            let week = sheet(&house.karin, of, MONDAY).await;
            done(&house.lead, "timesheetSubmit", super::of(&week)).await;
            done(&house.karin, "timesheetApprove", super::of(&week)).await;
            done(&house.lead, "timesheetPost", super::of(&week)).await;
            sheet(&house.karin, of, MONDAY).await["unratedMinutes"].clone()
        };
        for (person, amount) in [("willi", "100"), ("wilma", "130")] {
            worker(&house.lead, person, json!({})).await;
            done(&house.finance, "rateCreate", rate(person, amount)).await;
        }
        // Two of them: a cost would tell what each gets.
        assert_eq!(work("willi", MONDAY).await, 60);
        assert_eq!(labor(&house.finance).await.len(), 0);
        // Of three it is the mean, the same for all.
        worker(&house.lead, "walter", json!({})).await;
        done(&house.finance, "rateCreate", rate("walter", "160.0001")).await;
        assert_eq!((work("wilma", MONDAY).await, work("walter", TUESDAY).await), (json!(0), json!(0)));
        assert_eq!(labor(&house.finance).await.iter().map(told).collect::<Vec<_>>(), [(MONDAY, MONDAY, "130", "SEK"), (TUESDAY, TUESDAY, "130", "SEK")]);
        // A rate of her own changes nothing where her role has one: who divides cost by hours finds the rate of the role.
        done(&house.finance, "rateCreate", rate("wanda", "999")).await;
        done(&house.wanda, "timeEntryCreate", on_project(MONDAY, 30)).await;
        let week = approved(&house, MONDAY).await;
        done(&house.lead, "timesheetPost", super::of(&week)).await;
        assert!(labor(&house.finance).await.iter().map(told).any(|told| told == (MONDAY, MONDAY, "69", "CHF")));
    }

    async fn a_card_that_does_not_say_how_work_is_posted_stops_it(world: &World) {
        let house = House::of(world).await;
        done(&house.finance, "rateCardUpdate", json!({ "ref": { "key": "STANDARD" }, "ifVersion": "*", "patch": { "laborCategoryId": null } })).await;
        done(&house.wanda, "timeEntryCreate", on_project(MONDAY, 60)).await;
        done(&house.wanda, "timeEntryCreate", on_project(TUESDAY, 60)).await;
        let week = approved(&house, MONDAY).await;
        let refused = change(&house.lead, "timesheetPost", of(&week)).await;
        assert_eq!((faults(&refused), param(&refused, "rateCard").as_deref()), (vec!["RULE RATE_CARD_POSTS input".to_owned()], Some("STANDARD")));
        assert_eq!((sheet(&house.lead, "wanda", MONDAY).await["state"].clone(), labor(&house.finance).await.len()), (json!("APPROVED"), 0));
        // Nor is work capital expenditure in a category that is none.
        done(&house.finance, "rateCardUpdate", json!({ "ref": { "key": "STANDARD" }, "ifVersion": "*", "patch": { "laborCategoryKey": "LABOR-INTERNAL" } })).await;
        done(&house.karin, "timesheetReturn", with(of(&week), json!({ "note": "Capital" }))).await;
        done(&house.wanda, "timeEntryCreate", with(on_project("2026-02-26", 60), json!({ "isCapex": true }))).await;
        approved(&house, MONDAY).await;
        assert_eq!(faults(&change(&house.lead, "timesheetPost", of(&week)).await), ["RULE CAPEX_ALLOWED input"]);
        assert_eq!(labor(&house.finance).await.len(), 0);
    }

    async fn late_work_counts_in_the_open_period_and_keeps_its_day(world: &World) {
        let house = House::of(world).await;
        done(&house.wanda, "timeEntryCreate", on_project("2026-02-27", 60)).await;
        let week = approved(&house, MONDAY).await;
        done(&house.finance, "fiscalPeriodClose", json!({ "ref": { "key": "FY2026-02" }, "ifVersion": "*" })).await;
        done(&house.lead, "timesheetPost", of(&week)).await;
        assert_eq!(labor(&house.finance).await.iter().map(told).collect::<Vec<_>>(), [("2026-02-27", "2026-03-01", "138", "CHF")]);
        let entry = sheet(&house.lead, "wanda", MONDAY).await["entries"]["nodes"][0].clone();
        done(&house.lead, "timeEntryReverse", with(of(&entry), json!({ "reason": "It was another one" }))).await;
        assert_eq!(told(&labor(&house.finance).await[1]), ("2026-02-27", "2026-03-01", "-138", "CHF"));
    }

    async fn an_entry_is_reversed_once_with_what_it_cost(world: &World) {
        let house = House::of(world).await;
        rates(&house).await;
        done(&house.wanda, "timeEntryCreate", with(on_project(TUESDAY, 480), json!({ "startTime": "08:00", "endTime": "16:00" }))).await;
        done(&house.wanda, "timeEntryCreate", beside(MONDAY, 60)).await;
        let week = approved(&house, MONDAY).await;
        let entries = sheet(&house.lead, "wanda", MONDAY).await["entries"]["nodes"].clone();
        let why = |more: Value| with(with(of(&entries[1]), json!({ "reason": "Half a day" })), more);
        assert_eq!(faults(&change(&house.lead, "timeEntryReverse", why(json!({}))).await), ["ILLEGAL_STATE input.id"], "not posted yet");
        done(&house.lead, "timesheetPost", of(&week)).await;
        for (more, due) in [
            (json!({ "reason": "" }), "REQUIRED input.reason"),
            (json!({ "minutes": 0 }), "OUT_OF_RANGE input.minutes"),
            (json!({ "minutes": 1_441 }), "OUT_OF_RANGE input.minutes"),
            (json!({ "minutes": 60, "projectId": "prj_x" }), "NOT_FOUND input.projectId"),
            (json!({ "projectId": "prj_x" }), "REQUIRED input.minutes"),
        ] {
            assert_eq!(faults(&change(&house.lead, "timeEntryReverse", why(more.clone())).await), [due], "{more}");
        }
        assert_eq!(labor(&house.finance).await.len(), 1, "nothing is half written");
        let reversal = done(&house.lead, "timeEntryReverse", why(json!({ "minutes": 240 }))).await;
        let seen = sheet(&house.lead, "wanda", MONDAY).await;
        let minutes: Vec<&Value> = seen["entries"]["nodes"].as_array().expect("entries").iter().map(|entry| &entry["minutes"]).collect();
        assert_eq!((&seen["state"], minutes.len()), (&json!("POSTED"), 4));
        let mut sorted: Vec<i64> = minutes.iter().filter_map(|minutes| minutes.as_i64()).collect();
        sorted.sort_unstable();
        assert_eq!(sorted, [-480, 60, 240, 480]);
        let back = seen["entries"]["nodes"].as_array().expect("entries").iter().find(|entry| entry["id"] == reversal["id"]).expect("the reversal");
        assert_eq!((&back["reversalOf"]["id"], &back["reversalReason"], &back["workOn"]), (&entries[1]["id"], &json!("Half a day"), &json!(TUESDAY)));
        let mut amounts: Vec<String> = labor(&house.finance).await.iter().map(|actual| told(actual).2.to_owned()).collect();
        amounts.sort();
        assert_eq!(amounts, ["-800", "400", "800"]);
        // Once, and no reversal is reversed.
        assert_eq!(faults(&change(&house.lead, "timeEntryReverse", why(json!({}))).await), ["ILLEGAL_STATE input.id"]);
        let twice = with(of(&reversal), json!({ "reason": "No" }));
        assert_eq!(faults(&change(&house.lead, "timeEntryReverse", twice).await), ["ILLEGAL_STATE input.id"]);
        // What was beside projects was on one after all.
        let project = house.lead.query(&format!("{{ project(by: {{ key: \"{PROJECT}\" }}) {{ id }} }}")).await.data()["project"]["id"].clone();
        done(&house.lead, "timeEntryReverse", with(of(&entries[0]), json!({ "reason": "On the project", "minutes": 60, "projectId": project }))).await;
        assert_eq!(labor(&house.finance).await.len(), 4);
    }
}

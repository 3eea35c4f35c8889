//! Figures of the heatmap, utilization, conflicts, the bench and the gap against those that were found by hand, and against
//! each other.

use serde_json::{Value, json};

use super::{Lab, WEEK};
use crate::support::{client::Client, writes::done};

const CELLS: &str = "resource { key } role { key } pool { key } capacity hard soft free over actual nullReason actualNullReason \
    total { capacity hard soft free over } coverage { included excludedNoAccess excludedNull }";

/// The row of a resource, role or pool.
fn of<'v>(answer: &'v Value, what: &str, key: &str) -> &'v Value {
    let rows = answer["nodes"].as_array().expect("rows");
    rows.iter().find(|row| row[what]["key"] == key).unwrap_or_else(|| panic!("no {key} in {answer:#}"))
}

async fn heatmap(lab: &Lab, client: &Client, more: &str) -> Value {
    let asked = format!(
        "{{ capacityHeatmap({{}}, {more}) {{ periods {{ startOn endOn label }} nodes {{ {CELLS} }} totalCount basis pageInfo {{ hasNextPage }} }} }}"
    );
    lab.told(client, &asked).await["capacityHeatmap"].clone()
}

fn numbers(list: &Value) -> Vec<i64> {
    list.as_array().expect("a list").iter().map(|one| one.as_i64().expect("a number")).collect()
}

tests! {
    async fn a_week_of_a_pool_is_as_counted_by_hand(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        let told = heatmap(&lab, &lab.lead, &format!("{WEEK}, grain: DAY")).await;
        assert_eq!((&told["totalCount"], &told["basis"]), (&json!(4), &json!("ALL_ROWS")));
        assert_eq!(told["periods"][1], json!({ "startOn": "2026-05-05", "endOn": "2026-05-05", "label": "2026-05-05" }));
        let anne = of(&told, "resource", "ANNE");
        for (figure, due) in [
            ("capacity", [480, 480, 240, 480, 480, 0, 0]),
            ("hard", [0, 480, 240, 0, 0, 0, 0]),
            ("soft", [240, 240, 120, 240, 240, 0, 0]),
            ("free", [240, 0, 0, 240, 240, 0, 0]),
            ("over", [0, 240, 120, 0, 0, 0, 0]),
        ] {
            assert_eq!(numbers(&anne[figure]), due, "{figure}");
        }
        assert_eq!(anne["total"], json!({ "capacity": 2_160, "hard": 720, "soft": 1_080, "free": 720, "over": 360 }));
        assert_eq!((&anne["actual"], &anne["actualNullReason"], &anne["nullReason"]), (&Value::Null, &json!("NO_TIMESHEETS"), &Value::Null));
        assert_eq!(of(&told, "resource", "BEN")["total"]["capacity"], 1_200);
        let carl = of(&told, "resource", "CARL");
        assert_eq!((&carl["capacity"], &carl["free"], &carl["nullReason"]), (&Value::Null, &Value::Null, &json!("NO_CALENDAR")));
        assert_eq!(numbers(&carl["hard"]), [0; 7]);
        assert_eq!(of(&told, "resource", "PAPER")["nullReason"], "NO_HOURS");
    }

    async fn longer_periods_and_roles_are_sums(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        let time = "from: \"2026-04-20\", to: \"2026-07-05\"";
        let days = heatmap(&lab, &lab.lead, &format!("{time}, grain: DAY")).await;
        for (grain, label) in [("WEEK", "2026-W17"), ("MONTH", "2026-04"), ("QUARTER", "2026-Q2")] {
            let told = heatmap(&lab, &lab.lead, &format!("{time}, grain: {grain}")).await;
            assert_eq!(told["periods"][0]["label"], label);
            let (all, rough) = (of(&days, "resource", "ANNE"), of(&told, "resource", "ANNE"));
            for figure in ["capacity", "hard", "soft", "free", "over"] {
                let begins = |period: &Value| period["startOn"].as_str().expect("a day").to_owned();
                let by_day: Vec<(String, i64)> = days["periods"].as_array().expect("days").iter().map(begins).zip(numbers(&all[figure])).collect();
                let due: Vec<i64> = told["periods"].as_array().expect("periods").iter().map(|period| {
                    let within = |day: &&(String, i64)| *day.0 >= *period["startOn"].as_str().expect("a day") && *day.0 <= *period["endOn"].as_str().expect("a day");
                    by_day.iter().filter(within).map(|(_, minutes)| minutes).sum()
                }).collect();
                assert_eq!(numbers(&rough[figure]), due, "{grain} {figure}");
            }
            assert_eq!(rough["total"], all["total"], "{grain}");
        }
        let by_role = heatmap(&lab, &lab.lead, &format!("{time}, grain: WEEK, by: ROLE")).await;
        let weeks = heatmap(&lab, &lab.lead, &format!("{time}, grain: WEEK")).await;
        let role = of(&by_role, "role", "LAB-A");
        for figure in ["capacity", "hard", "soft", "free", "over"] {
            let (anne, ben) = (numbers(&of(&weeks, "resource", "ANNE")[figure]), numbers(&of(&weeks, "resource", "BEN")[figure]));
            let sum: Vec<i64> = anne.iter().zip(ben).map(|(one, other)| one + other).collect();
            assert_eq!(numbers(&role[figure]), sum, "{figure}");
        }
        assert_eq!(role["coverage"], json!({ "included": 2, "excludedNoAccess": 0, "excludedNull": 0 }));
        let role = of(&by_role, "role", "LAB-B");
        assert_eq!((&role["capacity"], &role["nullReason"]), (&Value::Null, &json!("NO_CALENDAR")));
        assert_eq!(role["coverage"], json!({ "included": 0, "excludedNoAccess": 0, "excludedNull": 2 }));
        let by_pool = heatmap(&lab, &lab.lead, &format!("{time}, grain: WEEK, by: POOL")).await;
        assert_eq!(by_pool["totalCount"], 1);
        assert_eq!(of(&by_pool, "pool", "LAB")["free"], of(&by_role, "role", "LAB-A")["free"]);
    }

    async fn screens_agree_on_everybody_there_is(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        let time = "from: \"2025-09-01\", to: \"2026-12-31\"";
        for (who, client) in [("lead", &lab.lead), ("karin", &lab.karin), ("george", &lab.george)] {
            let asked = format!(
                "{{ r: capacityHeatmap({time}, first: 500) {{ nodes {{ resource {{ key }} capacity total {{ capacity hard soft free over }} }} }} \
                 g: capacityHeatmap({time}, by: ROLE, first: 500) {{ nodes {{ role {{ key }} hard free }} }} \
                 capacityGap({time}, first: 500) {{ nodes {{ role {{ key }} free demand lacking }} }} \
                 benchList({time}, first: 500) {{ nodes {{ resource {{ key }} free capacity }} }} \
                 allocationConflicts({time}, first: 500) {{ nodes {{ resource {{ key }} excess allocations {{ id resource {{ key }} }} }} pageInfo {{ hasNextPage }} }} }}"
            );
            let told = client.query(&asked).await.json()["data"].clone();
            assert_eq!(told["allocationConflicts"]["pageInfo"]["hasNextPage"], false);
            let (conflicts, bench) = (&told["allocationConflicts"]["nodes"], &told["benchList"]["nodes"]);
            let (mut told_of, mut over) = (0, 0);
            for row in told["r"]["nodes"].as_array().expect("rows").iter().filter(|row| row["capacity"].is_array()) {
                let (key, total) = (&row["resource"]["key"], &row["total"]);
                told_of += 1;
                let of = |list: &Value, name: &str| -> i64 { list.as_array().expect("rows").iter().filter(|one| one["resource"]["key"] == *key).map(|one| one[name].as_i64().expect("minutes")).sum() };
                assert_eq!(of(conflicts, "excess"), total["over"], "{who}: {key}");
                assert_eq!(of(bench, "free"), total["free"], "{who}: {key}");
                over += total["over"].as_i64().expect("minutes");
                let minutes = |name: &str| total[name].as_i64().expect("minutes");
                assert_eq!(minutes("capacity") - minutes("hard") - minutes("soft"), minutes("free") - minutes("over"), "{who}: {key}");
            }
            assert!(told_of > 3 && over > 0 || who == "george", "{who}: {told_of} {over}");
            for row in told["capacityGap"]["nodes"].as_array().expect("roles").iter().filter(|row| row["free"].is_array()) {
                let role = told["g"]["nodes"].as_array().expect("rows").iter().find(|other| other["role"] == row["role"]);
                let due = role.map_or_else(|| vec![0; 16], |role| numbers(&role["free"]));
                assert_eq!(numbers(&row["free"]), due, "{who}: {row}");
                let lacking: Vec<i64> = numbers(&row["demand"]).into_iter().zip(due).map(|(demand, free)| demand - free).collect();
                assert_eq!(numbers(&row["lacking"]), lacking, "{who}");
            }
            for conflict in conflicts.as_array().expect("conflicts") {
                let bookings = conflict["allocations"].as_array().expect("bookings");
                assert!(!bookings.is_empty() && bookings.iter().all(|one| one["resource"] == conflict["resource"]), "{who}: {conflict}");
            }
        }
    }

    async fn fiscal_periods_are_those_of_their_calendar(world: &World) {
        let lab = Lab::of(world).await;
        let calendars = lab.lead.query("{ fiscalCalendars { nodes { id periods(filter: { kind: { eq: MONTH } }, first: 3, orderBy: [{ startOn: { direction: ASC } }]) { nodes { key startOn endOn } } } } }").await.data();
        let calendar = &calendars["fiscalCalendars"]["nodes"][0];
        let periods = calendar["periods"]["nodes"].as_array().expect("periods");
        let (first, last) = (&periods[0]["startOn"], &periods[2]["endOn"]);
        let told = heatmap(&lab, &lab.lead, &format!("from: {first}, to: {last}, grain: FISCAL_PERIOD, calendar: {}", calendar["id"])).await;
        let due: Vec<Value> = periods.iter().map(|period| json!({ "startOn": period["startOn"], "endOn": period["endOn"], "label": period["key"] })).collect();
        assert_eq!(told["periods"], json!(due));
        assert_eq!(numbers(&of(&told, "resource", "ANNE")["capacity"]).len(), 3);
    }

    async fn utilization_divides_sums_by_sums(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        let asked = format!("{{ utilization({{}}, {WEEK}, grain: WEEK, by: ROLE) {{ nodes {{ role {{ key }} capacity booked bookedShare worked utilization workedNullReason total {{ bookedShare utilization }} }} }} }}");
        let told = lab.told(&lab.lead, &asked).await["utilization"].clone();
        let role = of(&told, "role", "LAB-A");
        // 1,800 of 3,360.
        assert_eq!((&role["capacity"], &role["booked"]), (&json!([3_360]), &json!([1_800])));
        assert_eq!((&role["bookedShare"], &role["total"]["bookedShare"]), (&json!(["0.535714286"]), &json!("0.535714286")));
        assert_eq!((&role["worked"], &role["utilization"], &role["workedNullReason"]), (&Value::Null, &Value::Null, &json!("NO_TIMESHEETS")));
        // A weekend has no capacity to divide by.
        let asked = "{ utilization({}, from: \"2026-05-09\", to: \"2026-05-10\", by: ROLE) { nodes { role { key } capacity bookedShare } } }";
        let told = lab.told(&lab.lead, asked).await["utilization"].clone();
        assert_eq!(of(&told, "role", "LAB-A"), &json!({ "role": { "key": "LAB-A" }, "capacity": [0], "bookedShare": [null] }));
    }

    async fn a_booking_is_shown_by_days_weeks_and_months(world: &World) {
        let lab = Lab::of(world).await;
        let [soft, hard] = lab.booked().await;
        let time = "from: \"2026-04-27\", to: \"2026-05-10\"";
        let asked = format!("query($ids: [ID!]!) {{ allocations(filter: {{ id: {{ in: $ids }} }}) {{ nodes {{ id day: minutesByPeriod({WEEK}, grain: DAY) {{ minutes }} week: minutesByPeriod({time}, grain: WEEK) {{ periods {{ label }} minutes }} month: minutesByPeriod({time}) {{ minutes }} }} }} }}");
        let told = lab.karin.query_with(&asked, serde_json::json!({ "ids": [soft["id"], hard["id"]] })).await.data();
        let nodes = told["allocations"]["nodes"].as_array().expect("bookings").clone();
        let of = |id: &Value| nodes.iter().find(|node| node["id"] == *id).expect("a booking").clone();
        assert_eq!(of(&soft["id"])["day"]["minutes"], json!([240, 240, 120, 240, 240, 0, 0]));
        assert_eq!(of(&soft["id"])["week"], json!({ "periods": [{ "label": "2026-W18" }, { "label": "2026-W19" }], "minutes": [0, 1_080] }));
        assert_eq!(of(&hard["id"])["month"]["minutes"], json!([0, 720]));
    }

    async fn conflicts_bench_and_heatmap_agree(world: &World) {
        let lab = Lab::of(world).await;
        let [soft, hard] = lab.booked().await;
        let asked = format!("{{ allocationConflicts({{}}, {WEEK}) {{ totalCount nodes {{ resource {{ key }} startOn endOn dayCount capacity hard soft excess peakExcess isHard allocations {{ id }} }} }} }}");
        let told = lab.told(&lab.lead, &asked).await["allocationConflicts"].clone();
        assert_eq!(told["totalCount"], 1);
        let mut ids = [soft["id"].clone(), hard["id"].clone()];
        ids.sort_by_key(ToString::to_string);
        assert_eq!(told["nodes"][0], json!({
            "resource": { "key": "ANNE" }, "startOn": "2026-05-05", "endOn": "2026-05-06", "dayCount": 2, "capacity": 720, "hard": 720,
            "soft": 360, "excess": 360, "peakExcess": 240, "isHard": false, "allocations": [{ "id": ids[0] }, { "id": ids[1] }],
        }));
        let only_hard = format!("{{ allocationConflicts({{}}, {WEEK}, bookings: HARD) {{ totalCount }} }}");
        assert_eq!(lab.told(&lab.lead, &only_hard).await["allocationConflicts"]["totalCount"], 0, "what is confirmed fits, as the check of bookings saw to");
        let asked = format!("{{ benchList({{}}, {WEEK}) {{ totalCount nodes {{ resource {{ key }} free capacity freeShare longest {{ startOn endOn dayCount minutes }} }} }} }}");
        let bench = lab.told(&lab.lead, &asked).await["benchList"].clone();
        assert_eq!(bench["nodes"], json!([
            { "resource": { "key": "BEN" }, "free": 1_200, "capacity": 1_200, "freeShare": "1", "longest": { "startOn": "2026-05-04", "endOn": "2026-05-08", "dayCount": 5, "minutes": 1_200 } },
            { "resource": { "key": "ANNE" }, "free": 720, "capacity": 2_160, "freeShare": "0.333333333", "longest": { "startOn": "2026-05-07", "endOn": "2026-05-08", "dayCount": 2, "minutes": 480 } },
        ]));
        let told = heatmap(&lab, &lab.lead, WEEK).await;
        assert_eq!(of(&told, "resource", "ANNE")["total"]["free"], 720);
        assert_eq!(of(&told, "resource", "ANNE")["total"]["over"], 360);
        // What is asked of a day leaves short ones out of the span, and not out of the sum.
        let asked = format!("{{ benchList({{}}, {WEEK}, leastMinutesPerDay: 241) {{ nodes {{ free longest {{ dayCount }} }} }} }}");
        assert_eq!(lab.told(&lab.lead, &asked).await["benchList"]["nodes"], json!([{ "free": 1_200, "longest": null }, { "free": 720, "longest": null }]));
    }

    async fn the_gap_is_what_is_asked_for_and_not_booked_less_what_is_free(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        let request = lab.request("LAB-RQ", json!({})).await;
        let asked = format!("{{ capacityGap({{}}, {WEEK}, grain: DAY) {{ totalCount nodes {{ role {{ key }} demand free lacking total {{ demand free lacking }} nullReason }} }} }}");
        let told = lab.told(&lab.lead, &asked).await["capacityGap"].clone();
        assert_eq!(told["totalCount"], 2);
        let role = of(&told, "role", "LAB-A");
        assert_eq!(numbers(&role["demand"]), [600, 600, 600, 600, 600, 0, 0]);
        assert_eq!(numbers(&role["free"]), [480, 240, 240, 480, 480, 0, 0]);
        assert_eq!(numbers(&role["lacking"]), [120, 360, 360, 120, 120, 0, 0]);
        assert_eq!(role["total"], json!({ "demand": 3_000, "free": 1_920, "lacking": 1_080 }));
        // Half of what Ben has is booked in answer to it: as much less is asked for and free.
        let input = json!({ "projectKey": super::PROJECT, "resourceKey": "BEN", "requestId": request["id"], "startOn": "2026-05-04", "endOn": "2026-05-08", "minutes": 600 });
        let made = done(&lab.karin, "allocationCreate", input).await;
        let told = lab.told(&lab.lead, &asked).await["capacityGap"].clone();
        assert_eq!(of(&told, "role", "LAB-A")["total"], json!({ "demand": 2_400, "free": 1_320, "lacking": 1_080 }));
        // What was given up is asked for again; a request that is, is not.
        done(&lab.karin, "allocationRelease", json!({ "id": made["id"], "ifVersion": "*" })).await;
        let told = lab.told(&lab.lead, &asked).await["capacityGap"].clone();
        assert_eq!(of(&told, "role", "LAB-A")["total"]["demand"], 3_000);
        done(&lab.george, "resourceRequestRelease", json!({ "ref": { "key": "LAB-RQ" }, "ifVersion": "*" })).await;
        let told = lab.told(&lab.lead, &asked).await["capacityGap"].clone();
        assert_eq!(of(&told, "role", "LAB-A")["total"], json!({ "demand": 0, "free": 1_920, "lacking": -1_920 }));
        // A role that nobody has is asked for all the same.
        done(&lab.lead, "resourceRoleCreate", json!({ "key": "LAB-C", "name": "C" })).await;
        lab.request("LAB-RQ2", json!({ "roleKey": "LAB-C" })).await;
        let told = lab.told(&lab.lead, &asked).await["capacityGap"].clone();
        assert_eq!(of(&told, "role", "LAB-C")["total"], json!({ "demand": 3_000, "free": 0, "lacking": 3_000 }));
    }

    async fn filters_choose_who_is_meant(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        done(&lab.karin, "resourceSkillCreate", json!({ "resourceKey": "ANNE", "skillKey": "LAB-1", "level": 4 })).await;
        done(&lab.karin, "resourceSkillCreate", json!({ "resourceKey": "BEN", "skillKey": "LAB-1", "level": 2 })).await;
        let ids = lab.lead.query("{ skill(by: { key: \"LAB-1\" }) { id } resourceRole(by: { key: \"LAB-B\" }) { id } resource(by: { key: \"CARL\" }) { id orgUnit { id } } project(by: { key: \"PR-014\" }) { id parent { id parent { id } } } }").await.data();
        let parents = [&ids["project"], &ids["project"]["parent"], &ids["project"]["parent"]["parent"]];
        let mut cases = vec![
            (format!("skills: [{{ skill: {} }}]", ids["skill"]["id"]), vec!["ANNE", "BEN"]),
            (format!("skills: [{{ skill: {}, leastLevel: 3 }}]", ids["skill"]["id"]), vec!["ANNE"]),
            (format!("roles: [{}]", ids["resourceRole"]["id"]), vec!["CARL", "PAPER"]),
            (format!("resources: [{}]", ids["resource"]["id"]), vec!["CARL"]),
            ("kinds: [MATERIAL]".to_owned(), vec!["PAPER"]),
            ("kinds: []".to_owned(), vec![]),
            (format!("skills: [{{ skill: \"{}\" }}]", super::unknown("skl")), vec![]),
            (format!("roles: [\"{}\"]", super::unknown("rrl")), vec![]),
        ];
        cases.extend(parents.iter().filter(|item| item["id"].is_string()).map(|item| (format!("portfolios: [{}]", item["id"]), vec!["ANNE"])));
        assert!(cases.len() > 9);
        for (filter, due) in cases {
            let asked = format!("{{ capacityHeatmap(filter: {{ pools: [\"{}\"], {filter} }}, {WEEK}) {{ totalCount nodes {{ resource {{ key }} }} }} }}", lab.pool);
            let told = lab.lead.query(&asked).await.data()["capacityHeatmap"].clone();
            let keys: Vec<&str> = told["nodes"].as_array().expect("rows").iter().map(|row| row["resource"]["key"].as_str().expect("a key")).collect();
            assert_eq!((keys, &told["totalCount"]), (due.clone(), &json!(due.len())), "{filter}");
        }
    }

    async fn units_stand_for_all_below_them(world: &World) {
        let lab = Lab::of(world).await;
        let units = lab.lead.query("{ orgUnits(first: 100, filter: { hasParent: true }) { nodes { id key parent { id parent { id } } } } }").await.data();
        let unit = &units["orgUnits"]["nodes"][0];
        done(&lab.lead, "resourceUpdate", json!({ "ref": { "key": "BEN" }, "ifVersion": "*", "patch": { "orgUnitKey": unit["key"] } })).await;
        for id in [&unit["id"], &unit["parent"]["id"], &unit["parent"]["parent"]["id"]].into_iter().filter(|id| id.is_string()) {
            let asked = format!("{{ benchList(filter: {{ pools: [\"{}\"], orgUnits: [{id}] }}, {WEEK}) {{ nodes {{ resource {{ key }} }} }} }}", lab.pool);
            assert_eq!(lab.lead.query(&asked).await.data()["benchList"]["nodes"], json!([{ "resource": { "key": "BEN" } }]));
        }
    }
}

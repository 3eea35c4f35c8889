//! What screens cost: a number of statements that does not grow with rows, pages that read nothing of other pages, and a
//! price above which they are refused.

use foliograph::auth::Role;
use serde_json::{Value, json};

use super::{Lab, crowd};
use crate::{
    plans::{ask, caller},
    support::{settings, writes::done},
};

const YEAR: &str = "from: \"2026-01-01\", to: \"2026-12-31\"";

tests! {
    async fn statements_do_not_grow_with_people_or_periods(world: &World) {
        let lab = Lab::of(world).await;
        lab.booked().await;
        let (few, many) = (crowd(&lab, "FEW", 3).await, crowd(&lab, "MANY", 300).await);
        for resource in ["FEW-0000", "FEW-0001", "MANY-0007"] {
            done(&lab.karin, "resourceSkillCreate", json!({ "resourceKey": resource, "skillKey": "LAB-1", "level": 3 })).await;
        }
        for pool in ["FEW", "MANY"] {
            let request = lab.request(&format!("RQ-{pool}"), json!({ "poolKey": pool })).await;
            done(&lab.george, "requestSkillCreate", json!({ "requestId": request["id"], "skillKey": "LAB-1", "leastLevel": 3 })).await;
        }
        // One of them asks what the database holds now: what was answered then may still hold.
        for (field, statements) in [
            ("capacityHeatmap(FILTER, YEAR, grain: MONTH, first: 500) { nodes { resource { key } capacity free } pageInfo { endCursor } }", 6),
            ("capacityHeatmap(FILTER, YEAR, grain: MONTH, first: 500) { nodes { capacity } totalCount }", 6),
            ("capacityHeatmap(FILTER, YEAR, grain: WEEK, by: ROLE) { nodes { role { key } free } }", 7),
            ("utilization(FILTER, YEAR, by: POOL) { nodes { pool { key } bookedShare } }", 7),
            ("allocationConflicts(FILTER, YEAR) { nodes { resource { key } } totalCount }", 4),
            ("capacityGap(FILTER, YEAR) { nodes { role { key } lacking } }", 8),
            ("benchList(FILTER, YEAR) { nodes { resource { key } free } totalCount }", 5),
            ("skillsGap(FILTER, YEAR) { nodes { skill { key } lacking } total { lacking } }", 9),
            ("certificationCoverage(FILTER, YEAR) { nodes { certification { key } valid } }", 5),
        ] {
            for pool in [&few, &many] {
                let document = format!("{{ {} }}", field.replace("FILTER", &format!("filter: {{ pools: [\"{pool}\"] }}")).replace("YEAR", YEAR));
                let answer = ask(world, &document, json!({}), &caller(&[Role::PmoLead])).await;
                let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
                assert!(body.get("errors").is_none(), "{document}: {body}");
                assert_eq!(answer.statements, statements, "{document}");
            }
        }
    }

    async fn a_page_reads_nothing_of_other_pages(world: &World) {
        let lab = Lab::of(world).await;
        let pool = crowd(&lab, "CROWD", 120).await;
        let page = |after: &str| format!("{{ capacityHeatmap(filter: {{ pools: [\"{pool}\"] }}, {YEAR}, first: 50, after: \"{after}\") {{ nodes {{ resource {{ key }} total {{ soft capacity }} }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }}");
        let (mut after, mut keys, mut pages) = (String::new(), vec![], 0);
        loop {
            let answer = ask(world, &page(&after), json!({}), &caller(&[Role::PmoLead])).await;
            let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            let told = &body["data"]["capacityHeatmap"];
            let nodes = told["nodes"].as_array().unwrap_or_else(|| panic!("{body}"));
            keys.extend(nodes.iter().map(|node| node["resource"]["key"].as_str().expect("a key").to_owned()));
            assert!(nodes.iter().all(|node| node["total"]["soft"] == 1_000), "{body}");
            // What the database holds, its rows, one that says whether there are more, two runs of days of each, and its resources again.
            assert!(answer.rows <= 52 + 2 * nodes.len() + nodes.len(), "{} rows for {}", answer.rows, nodes.len());
            assert_eq!(told["pageInfo"]["hasPreviousPage"], json!(pages > 0));
            pages += 1;
            if told["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            told["pageInfo"]["endCursor"].as_str().expect("a cursor").clone_into(&mut after);
        }
        let due: Vec<String> = (0..120).map(|number| format!("CROWD-{number:04}")).collect();
        assert_eq!((keys, pages), (due, 3));
    }

    async fn pages_of_what_is_ordered_by_figures_have_no_gap_and_no_doubles(world: &World) {
        let lab = Lab::of(world).await;
        let pool = crowd(&lab, "CROWD", 25).await;
        for (number, minutes) in [(3, 300), (9, 600), (14, 300)] {
            lab.book(&format!("CROWD-{number:04}"), ("2026-05-04", "2026-05-08"), minutes).await;
        }
        for list in ["benchList", "allocationConflicts"] {
            for number in 0..25 {
                if list == "allocationConflicts" {
                    lab.book(&format!("CROWD-{number:04}"), ("2026-05-12", "2026-05-12"), 480).await;
                }
            }
            let asked = |more: &str| format!("{{ {list}(filter: {{ pools: [\"{pool}\"] }}, from: \"2026-05-04\", to: \"2026-05-17\", {more}) {{ totalCount nodes {{ resource {{ key }} }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let whole = lab.lead.query(&asked("first: 500")).await.data()[list].clone();
            let due = whole["nodes"].as_array().expect("rows").clone();
            assert_eq!((due.len(), &whole["totalCount"]), (25, &json!(25)), "{list}");
            let (mut found, mut after) = (vec![], String::new());
            loop {
                let told = lab.lead.query(&asked(&format!("first: 4, after: \"{after}\""))).await.data()[list].clone();
                found.extend(told["nodes"].as_array().expect("rows").clone());
                if told["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
                told["pageInfo"]["endCursor"].as_str().expect("a cursor").clone_into(&mut after);
            }
            assert_eq!(found, due, "{list}");
        }
    }

    async fn three_thousand_people_and_a_year_of_weeks_are_read_page_by_page(world: &World) {
        if !settings::is_long() {
            return;
        }
        let lab = Lab::of(world).await;
        let pool = crowd(&lab, "CROWD", 3_000).await;
        let began = std::time::Instant::now();
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let page = format!("{{ capacityHeatmap(filter: {{ pools: [\"{pool}\"] }}, {YEAR}, grain: WEEK, first: 500, after: \"{after}\") {{ nodes {{ capacity hard soft free over }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let told = lab.lead.query(&page).await.data()["capacityHeatmap"].clone();
            count += told["nodes"].as_array().expect("rows").len();
            if told["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            told["pageInfo"]["endCursor"].as_str().expect("a cursor").clone_into(&mut after);
        }
        println!("3,000 people and 53 weeks: {:?}", began.elapsed());
        assert_eq!(count, 3_000);
    }
}

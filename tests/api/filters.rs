//! Filters: each comparator of each scalar against the same question asked of the rows in Rust, and the limits.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use entity::{person, portfolio_item};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde_json::{Value, json};

use crate::support::{
    World,
    client::{Client, Reply},
    facts::{Facts, Item, item_id},
};

tests! {
    async fn dates_compare_like_days(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let middle = NaiveDate::from_ymd_opt(2026, 6, 1).expect("a day");
        let pivot = facts.projects().iter().filter_map(|p| p.forecast_finish_on).min_by_key(|d| (*d - middle).num_days().abs()).expect("a date");
        let other = facts.projects().iter().filter_map(|p| p.forecast_finish_on).min().expect("a date");
        let on = |f: fn(NaiveDate, NaiveDate) -> bool| move |p: &Item| p.forecast_finish_on.is_some_and(|d| f(d, pivot));
        for (op, fits) in [("eq", on(|a, b| a == b)), ("neq", on(|a, b| a != b)), ("gt", on(|a, b| a > b)), ("gte", on(|a, b| a >= b)), ("lt", on(|a, b| a < b)), ("lte", on(|a, b| a <= b))] {
            check(&client, &facts, json!({ "forecastFinishOn": { op: pivot } }), &fits).await;
        }
        check(&client, &facts, json!({ "forecastFinishOn": { "in": [pivot, other] } }), &|p| p.forecast_finish_on.is_some_and(|d| d == pivot || d == other)).await;
        check(&client, &facts, json!({ "forecastFinishOn": { "nin": [pivot, other] } }), &|p| p.forecast_finish_on.is_some_and(|d| d != pivot && d != other)).await;
        check(&client, &facts, json!({ "forecastFinishOn": { "isNull": true } }), &|p| p.forecast_finish_on.is_none()).await;
        check(&client, &facts, json!({ "forecastFinishOn": { "isNull": false } }), &|p| p.forecast_finish_on.is_some()).await;
        check(&client, &facts, json!({ "forecastFinishOn": { "gte": other, "lt": pivot, "neq": other } }), &|p| p.forecast_finish_on.is_some_and(|d| d > other && d < pivot)).await;
    }

    async fn instants_compare_whatever_their_offset(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let mut instants: Vec<DateTime<Utc>> = facts.projects().iter().map(|p| p.created_at).collect();
        instants.sort_unstable();
        let pivot = instants[instants.len() / 2];
        let zoned = |offset: i32| pivot.with_timezone(&chrono::FixedOffset::east_opt(offset).expect("an offset")).to_rfc3339();
        let on = |f: fn(DateTime<Utc>, DateTime<Utc>) -> bool| move |p: &Item| f(p.created_at, pivot);
        for text in [pivot.to_rfc3339_opts(chrono::SecondsFormat::Millis, true), zoned(0), zoned(7200), zoned(-34_200)] {
            for (op, fits) in [("eq", on(|a, b| a == b)), ("neq", on(|a, b| a != b)), ("gt", on(|a, b| a > b)), ("gte", on(|a, b| a >= b)), ("lt", on(|a, b| a < b)), ("lte", on(|a, b| a <= b))] {
                check(&client, &facts, json!({ "createdAt": { op: text } }), &fits).await;
            }
            check(&client, &facts, json!({ "createdAt": { "in": [text] } }), &|p| p.created_at == pivot).await;
            check(&client, &facts, json!({ "createdAt": { "nin": [text] } }), &|p| p.created_at != pivot).await;
        }
        check(&client, &facts, json!({ "createdAt": { "isNull": true } }), &|_| false).await;
    }

    async fn instants_with_fractions_of_a_second_compare_exactly(world: &World) {
        let facts = Facts::read(world).await;
        let whole = Utc.with_ymd_and_hms(2026, 2, 1, 10, 0, 0).single().expect("an instant");
        for (key, millis) in [("PR-001", 0), ("PR-002", 5), ("PR-003", 50), ("PR-004", 500)] {
            let mut row = facts.project(key).clone().into_active_model();
            row.updated_at = Set(whole + chrono::Duration::milliseconds(millis));
            row.update(&world.database().await.orm).await.expect("updated");
        }
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        for millis in [0, 5, 50, 499, 500, 501] {
            let pivot = whole + chrono::Duration::milliseconds(millis);
            check(&client, &facts, json!({ "updatedAt": { "gte": whole, "lte": pivot } }), &|p| p.updated_at >= whole && p.updated_at <= pivot).await;
            check(&client, &facts, json!({ "updatedAt": { "eq": pivot } }), &|p| p.updated_at == pivot).await;
        }
    }

    async fn whole_numbers_compare(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let on = |f: fn(i32) -> bool| move |p: &Item| p.priority.is_some_and(f);
        for (filter, fits) in [
            (json!({ "eq": 2 }), on(|n| n == 2)), (json!({ "neq": 2 }), on(|n| n != 2)), (json!({ "gt": 2 }), on(|n| n > 2)),
            (json!({ "gte": 2 }), on(|n| n >= 2)), (json!({ "lt": 2 }), on(|n| n < 2)), (json!({ "lte": 2 }), on(|n| n <= 2)),
            (json!({ "in": [1, 4] }), on(|n| n == 1 || n == 4)), (json!({ "nin": [1, 4] }), on(|n| n != 1 && n != 4)),
            (json!({ "eq": -2_147_483_648_i64 }), on(|_| false)), (json!({ "isNull": false }), on(|_| true)),
        ] {
            check(&client, &facts, json!({ "priority": filter }), &fits).await;
        }
        check(&client, &facts, json!({ "priority": { "isNull": true } }), &|p| p.priority.is_none()).await;
    }

    async fn enumerations_ids_and_codes_compare(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        check(&client, &facts, json!({ "state": { "eq": "ACTIVE" } }), &|p| p.state == "ACTIVE").await;
        check(&client, &facts, json!({ "state": { "neq": "ACTIVE" } }), &|p| p.state != "ACTIVE").await;
        check(&client, &facts, json!({ "state": { "in": ["ACTIVE", "CLOSED"] } }), &|p| p.state == "ACTIVE" || p.state == "CLOSED").await;
        check(&client, &facts, json!({ "state": { "nin": ["ACTIVE", "CLOSED"] } }), &|p| p.state != "ACTIVE" && p.state != "CLOSED").await;
        check(&client, &facts, json!({ "methodology": { "neq": "AGILE" } }), &|p| p.methodology.as_ref().is_some_and(|m| m != "AGILE")).await;
        check(&client, &facts, json!({ "baseCurrency": { "in": ["CHF", "GBP"] } }), &|p| p.base_currency == "CHF" || p.base_currency == "GBP").await;
        check(&client, &facts, json!({ "baseCurrency": { "nin": ["CHF"] } }), &|p| p.base_currency != "CHF").await;
        let (one, two) = (facts.project("PR-001"), facts.project("PR-002"));
        check(&client, &facts, json!({ "id": { "eq": item_id(one) } }), &|p| p.id == one.id).await;
        check(&client, &facts, json!({ "id": { "in": [item_id(one), item_id(two), item_id(one)] } }), &|p| p.id == one.id || p.id == two.id).await;
        check(&client, &facts, json!({ "id": { "nin": [item_id(one), item_id(two)] } }), &|p| p.id != one.id && p.id != two.id).await;
    }

    async fn truth_values_compare(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        for (filter, active) in [(json!({ "eq": true }), true), (json!({ "eq": false }), false), (json!({ "neq": true }), false)] {
            let reply = client.query_with("query($f: PersonFilter) { people(filter: $f) { totalCount } }", json!({ "f": { "isActive": filter } })).await;
            assert_eq!(reply.at("/data/people/totalCount"), facts.people.iter().filter(|p| p.is_active == active).count());
        }
    }

    async fn text_compares_character_by_character(world: &World) {
        let names = name_people(world).await;
        let client = world.reader().await;
        for text in PARTS {
            for (op, fits) in [
                ("contains", (|name, text| name.contains(text)) as fn(&str, &str) -> bool),
                ("startsWith", |name, text| name.starts_with(text)),
                ("endsWith", |name, text| name.ends_with(text)),
                ("eq", |name, text| name == text),
                ("neq", |name, text| name != text),
                ("gt", |name, text| name > text),
                ("gte", |name, text| name >= text),
                ("lt", |name, text| name < text),
                ("lte", |name, text| name <= text),
            ] {
                let expected = names.iter().filter(|name| fits(name, text));
                named(&client, json!({ "displayName": { op: text } }), expected).await;
                let expected = names.iter().filter(|name| fits(&name.to_lowercase(), &text.to_lowercase()));
                named(&client, json!({ "displayName": { op: text, "mode": "INSENSITIVE" } }), expected).await;
            }
            named(&client, json!({ "displayName": { "in": [text, "Jan Novák"] } }), names.iter().filter(|n| *n == text || *n == "Jan Novák")).await;
            let folded = [text.to_lowercase(), "jan novák".to_owned()];
            named(&client, json!({ "displayName": { "nin": [text, "JAN NOVÁK"], "mode": "INSENSITIVE" } }), names.iter().filter(|n| !folded.contains(&n.to_lowercase()))).await;
        }
    }

    async fn the_same_text_as_literal_finds_the_same(world: &World) {
        let names = name_people(world).await;
        let client = world.reader().await;
        for text in PARTS {
            let literal = Value::from(text).to_string();
            let reply = client.query(&format!("{{ people(first: 1000, orderBy: [{{ displayName: {{ direction: ASC }} }}], filter: {{ displayName: {{ contains: {literal} }} }}) {{ nodes {{ displayName }} }} }}")).await;
            let mut expected: Vec<&String> = names.iter().filter(|name| name.contains(text)).collect();
            expected.sort();
            let found = reply.data()["people"]["nodes"].as_array().cloned().unwrap_or_default();
            assert_eq!(found.iter().map(|n| n["displayName"].as_str().unwrap_or_default()).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    async fn text_without_a_folded_twin_folds_ascii(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        check(&client, &facts, json!({ "key": { "eq": "pr-001", "mode": "INSENSITIVE" } }), &|p| p.key == "PR-001").await;
        check(&client, &facts, json!({ "key": { "eq": "pr-001" } }), &|_| false).await;
        check(&client, &facts, json!({ "key": { "startsWith": "pR-00", "mode": "INSENSITIVE" } }), &|p| p.key.starts_with("PR-00")).await;
        check(&client, &facts, json!({ "key": { "in": ["pr-001", "PR-002"], "mode": "INSENSITIVE" } }), &|p| p.key == "PR-001" || p.key == "PR-002").await;
    }

    async fn empty_conditions_and_empty_lists_mean_what_is_promised(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        for all in [json!(null), json!({}), json!({ "and": [] }), json!({ "state": {} }), json!({ "and": [{}, { "name": {} }] }), json!({ "sponsor": {}, "hasSponsor": true })] {
            let needs_sponsor = all.get("sponsor").is_some();
            check(&client, &facts, all, &|p| !needs_sponsor || p.sponsor_id.is_some()).await;
        }
        for none in [json!({ "or": [] }), json!({ "state": { "in": [] } }), json!({ "id": { "in": [] } }), json!({ "priority": { "in": [] } }), json!({ "forecastFinishOn": { "in": [] } }), json!({ "not": {} }), json!({ "name": { "in": [] } })] {
            check(&client, &facts, none, &|_| false).await;
        }
        check(&client, &facts, json!({ "state": { "nin": [] } }), &|_| true).await;
        // A row without a value matches no `nin`, not even an empty one.
        check(&client, &facts, json!({ "forecastFinishOn": { "nin": [] } }), &|p| p.forecast_finish_on.is_some()).await;
    }

    async fn and_or_and_not_nest(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let (active, chf) = (json!({ "state": { "eq": "ACTIVE" } }), json!({ "baseCurrency": { "eq": "CHF" } }));
        check(&client, &facts, json!({ "and": [active, chf] }), &|p| p.state == "ACTIVE" && p.base_currency == "CHF").await;
        check(&client, &facts, json!({ "or": [active, chf] }), &|p| p.state == "ACTIVE" || p.base_currency == "CHF").await;
        check(&client, &facts, json!({ "not": { "or": [active, chf] } }), &|p| p.state != "ACTIVE" && p.base_currency != "CHF").await;
        check(&client, &facts, json!({ "not": { "not": active } }), &|p| p.state == "ACTIVE").await;
        check(&client, &facts, json!({ "or": [{ "and": [active, { "not": chf }] }, { "priority": { "eq": 5 } }], "key": { "neq": "PR-001" } }),
            &|p| ((p.state == "ACTIVE" && p.base_currency != "CHF") || p.priority == Some(5)) && p.key != "PR-001").await;
        // One thing stands for a list of it.
        check(&client, &facts, json!({ "or": active }), &|p| p.state == "ACTIVE").await;
    }

    async fn relations_are_conditions_too(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let person = |key: &str| facts.people.iter().find(|p| p.key == key).map(|p| p.id);
        let parent = |p: &Item| facts.items.iter().find(|i| Some(i.id) == p.parent_id).cloned();
        check(&client, &facts, json!({ "sponsor": { "key": { "eq": "helen.ashworth" } } }), &|p| p.sponsor_id.is_some() && p.sponsor_id == person("helen.ashworth")).await;
        check(&client, &facts, json!({ "hasSponsor": false }), &|p| p.sponsor_id.is_none()).await;
        check(&client, &facts, json!({ "hasParent": true }), &|p| parent(p).is_some()).await;
        check(&client, &facts, json!({ "parent": { "state": { "eq": "APPROVED" } } }), &|p| parent(p).is_some_and(|i| i.state == "APPROVED")).await;
        check(&client, &facts, json!({ "not": { "parent": { "state": { "eq": "APPROVED" } } } }), &|p| parent(p).is_none_or(|i| i.state != "APPROVED")).await;
        let links = |p: &Item, fits: fn(&str) -> bool| facts.links.iter().filter(|l| l.item_id == Some(p.id) && fits(&l.system)).count();
        let any = |p: &Item| links(p, |_| true);
        check(&client, &facts, json!({ "externalLinks": { "some": { "system": { "eq": "JIRA" } } } }), &|p| links(p, |s| s == "JIRA") > 0).await;
        check(&client, &facts, json!({ "externalLinks": { "none": { "system": { "eq": "JIRA" } } } }), &|p| links(p, |s| s == "JIRA") == 0).await;
        check(&client, &facts, json!({ "externalLinks": { "every": { "system": { "eq": "JIRA" } } } }), &|p| links(p, |s| s == "JIRA") == any(p)).await;
        check(&client, &facts, json!({ "externalLinks": { "isEmpty": true } }), &|p| any(p) == 0).await;
        check(&client, &facts, json!({ "externalLinks": { "isEmpty": false, "every": { "system": { "eq": "JIRA" } } } }), &|p| any(p) > 0 && links(p, |s| s == "JIRA") == any(p)).await;
        check(&client, &facts, json!({ "externalLinks": { "some": {} } }), &|p| any(p) > 0).await;
        let reply = client.query("{ portfolios(filter: { projects: { some: { sponsor: { orgUnit: { key: { eq: \"FINANCE\" } } } } } }) { totalCount } }").await;
        assert_eq!(reply.error_codes(), Vec::<String>::new());
    }

    async fn null_is_no_operand(world: &World) {
        let client = world.reader().await;
        for filter in [
            json!({ "state": { "eq": null } }), json!({ "name": { "contains": null } }), json!({ "priority": { "gt": null } }), json!({ "name": { "isNull": null } }),
            json!({ "state": { "in": null } }), json!({ "budget": { "eq": null } }), json!({ "forecastFinishOn": { "lt": null } }), json!({ "state": null }),
            json!({ "and": null }), json!({ "not": null }), json!({ "sponsor": null }), json!({ "hasSponsor": null }), json!({ "externalLinks": { "some": null } }), json!({ "externalLinks": { "isEmpty": null } }),
        ] {
            refused(&ask(&client, &filter).await, &["GRAPHQL_VALIDATION_FAILED", "BAD_VARIABLES"], &filter);
            let literal = client.query(&format!("{{ projects(filter: {}) {{ totalCount }} }}", literal(&filter))).await;
            refused(&literal, &["GRAPHQL_VALIDATION_FAILED"], &filter);
        }
        let reply = client.query_with("query($s: ItemState) { projects(filter: { state: { eq: $s } }) { totalCount } }", json!({ "s": null })).await;
        refused(&reply, &["GRAPHQL_VALIDATION_FAILED", "BAD_VARIABLES"], &json!("variable"));
        // An absent variable is an absent member.
        let reply = client.query_with("query($s: ItemState) { projects(filter: { state: { eq: $s } }) { totalCount } all: projects { totalCount } }", json!({})).await;
        assert_eq!(reply.at("/data/projects"), reply.at("/data/all"));
    }

    async fn a_filter_has_limits(world: &World) {
        let client = world.reader().await;
        let leaves = |n: usize| json!({ "or": (0..n).map(|i| json!({ "key": { "eq": format!("PR-{i:03}") } })).collect::<Vec<_>>() });
        let nested = |n: usize| (0..n).fold(json!({ "state": { "eq": "ACTIVE" } }), |inner, _| json!({ "not": inner }));
        let list = |n: usize| json!({ "key": { "in": (0..n).map(|i| format!("PR-{i:03}")).collect::<Vec<_>>() } });
        for fine in [leaves(50), nested(5), list(500)] {
            assert_eq!(ask(&client, &fine).await.error_codes(), Vec::<String>::new());
        }
        for much in [leaves(51), nested(6), list(501)] {
            refused(&ask(&client, &much).await, &["GRAPHQL_VALIDATION_FAILED", "BAD_VARIABLES"], &json!("too much"));
        }
        let through = json!({ "and": [{ "sponsor": { "orgUnit": { "parent": { "parent": { "parent": { "key": { "eq": "X" } } } } } } }] });
        refused(&ask(&client, &through).await, &["GRAPHQL_VALIDATION_FAILED", "BAD_VARIABLES"], &through);
        let order = |n: usize| format!("{{ projects(first: 1, orderBy: [{}]) {{ totalCount }} }}", ["state", "name", "key", "priority", "category"][..n].iter().map(|f| format!("{{ {f}: {{ direction: ASC }} }}")).collect::<Vec<_>>().join(","));
        assert_eq!(client.query(&order(4)).await.error_codes(), Vec::<String>::new());
        refused(&client.query(&order(5).replace("totalCount", "nodes { key }")).await, &["GRAPHQL_VALIDATION_FAILED"], &json!("five orders"));
    }

    async fn money_of_several_currencies_needs_one_named(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        for filter in [json!({ "budget": { "gte": "1000000" } }), json!({ "budget": { "eq": 5 } }), json!({ "not": { "budget": { "lt": "1" } } })] {
            let reply = ask(&client, &filter).await;
            assert_eq!(reply.error_codes(), ["CURRENCY_REQUIRED"], "{}", reply.text());
            reply.tells_no_secrets();
        }
        let reply = client.query("{ a: projects(filter: { budget: { gt: \"1\" } }) { totalCount nodes { key } } b: people(first: 1) { nodes { key } } }").await;
        assert_eq!((reply.at("/data/a"), reply.at("/errors/0/path")), (Value::Null, json!(["a"])));
        assert!(reply.at("/data/b/nodes/0/key").is_string());
        let chf = |f: fn(i64) -> bool| move |p: &Item| p.base_currency == "CHF" && p.budget_amount.is_some_and(f);
        for (op, amount, fits) in [
            ("gte", "1400000", chf(|n| n >= 14_000_000_000)), ("gt", "1400000.00", chf(|n| n > 14_000_000_000)), ("lt", "1400000.0001", chf(|n| n < 14_000_000_001)),
            ("lte", "1400000", chf(|n| n <= 14_000_000_000)), ("eq", "1400000", chf(|n| n == 14_000_000_000)), ("neq", "1400000", chf(|n| n != 14_000_000_000)),
        ] {
            check(&client, &facts, json!({ "budget": { "currency": "CHF", op: amount } }), &fits).await;
        }
        check(&client, &facts, json!({ "budget": { "currency": "CHF", "gte": 1_400_000 } }), &chf(|n| n >= 14_000_000_000)).await;
        check(&client, &facts, json!({ "budget": { "isNull": true } }), &|p| p.budget_amount.is_none()).await;
        check(&client, &facts, json!({ "budget": { "isNull": false } }), &|p| p.budget_amount.is_some()).await;
        check(&client, &facts, json!({ "budget": { "currency": "GBP" } }), &|p| p.base_currency == "GBP" && p.budget_amount.is_some()).await;
        for bad in [json!("1e3"), json!("1,000"), json!(""), json!("1.00001"), json!("99999999999999999"), json!("NaN"), json!(true)] {
            let reply = ask(&client, &json!({ "budget": { "currency": "CHF", "gt": bad } })).await;
            assert_eq!(reply.error_codes().len(), 1, "{bad}: {}", reply.text());
            reply.tells_no_secrets();
        }
    }

    async fn money_of_one_currency_needs_no_name(world: &World) {
        let database = world.database().await.orm;
        for item in Facts::read(world).await.items {
            let mut row: portfolio_item::ActiveModel = item.into_active_model();
            row.base_currency = Set("EUR".to_owned());
            row.update(&database).await.expect("updated");
        }
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        check(&client, &facts, json!({ "budget": { "gte": "1000000" } }), &|p| p.budget_amount.is_some_and(|n| n >= 10_000_000_000)).await;
    }
}

const PARTS: [&str; 17] = [
    "Novák",
    "NOVÁK",
    "ová",
    "Ü",
    "ü",
    "%",
    "_",
    "\"",
    "'",
    "\\",
    "O'Neil",
    "100% sure",
    "",
    "É",
    "\u{1F600}",
    "a",
    "Zoë",
];
const NAMES: [&str; 10] = [
    "Jan Novák",
    "Über Ünal",
    "100% sure",
    "under_score",
    "Quote \"Q\" Quote",
    "O'Neil",
    "Back\\slash",
    "Émile Zoë",
    "novÁK jan",
    "Smile \u{1F600}",
];

/// Gives some people difficult names; answers all names.
async fn name_people(world: &World) -> Vec<String> {
    let database = world.database().await.orm;
    for (row, name) in Facts::read(world).await.people.into_iter().zip(NAMES) {
        let mut row: person::ActiveModel = row.into_active_model();
        row.display_name = Set(name.to_owned());
        row.display_name_fold = Set(name.to_lowercase());
        row.update(&database).await.expect("renamed");
    }
    Facts::read(world).await.people.into_iter().map(|p| p.display_name).collect()
}

async fn named<'n>(client: &Client, filter: Value, expected: impl Iterator<Item = &'n String>) {
    let document = "query($f: PersonFilter) { people(first: 1000, filter: $f, orderBy: [{ displayName: { direction: ASC } }]) { nodes { displayName } } }";
    let reply = client.query_with(document, json!({ "f": filter })).await;
    let found = reply.data()["people"]["nodes"].as_array().cloned().unwrap_or_default();
    let found: Vec<&str> = found.iter().map(|n| n["displayName"].as_str().unwrap_or_default()).collect();
    let mut expected: Vec<&String> = expected.collect();
    expected.sort();
    assert_eq!(found, expected, "{filter}");
}

async fn ask(client: &Client, filter: &Value) -> Reply {
    let document = "query($f: ProjectFilter) { projects(first: 1000, filter: $f) { nodes { id } totalCount } }";
    client.query_with(document, json!({ "f": filter })).await
}

/// The filter, as variable and as literal, gives exactly the projects that fit.
async fn check(client: &Client, facts: &Facts, filter: Value, fits: &dyn Fn(&Item) -> bool) {
    let expected: Vec<Value> =
        facts.projects().iter().filter(|p| fits(p)).map(|p| json!({ "id": item_id(p) })).collect();
    let page = json!({ "projects": { "nodes": expected, "totalCount": expected.len() } });
    assert_eq!(ask(client, &filter).await.data(), page, "{filter}");
    let document = format!("{{ projects(first: 1000, filter: {}) {{ nodes {{ id }} totalCount }} }}", literal(&filter));
    assert_eq!(client.query(&document).await.data(), page, "{document}");
}

/// A filter as it is written in a document: names without quotes, enumeration values too.
fn literal(value: &Value) -> String {
    const ENUMS: [&str; 5] = ["ACTIVE", "CLOSED", "APPROVED", "AGILE", "INSENSITIVE"];
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members.iter().map(|(k, v)| format!("{k}: {}", literal(v))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::String(text) if ENUMS.contains(&text.as_str()) => text.clone(),
        other => other.to_string(),
    }
}

fn refused(reply: &Reply, codes: &[&str], what: &Value) {
    let found = reply.error_codes();
    assert!(found.len() == 1 && codes.contains(&found[0].as_str()), "{what}: {}", reply.text());
    assert!(reply.json().get("data").is_none(), "{what}: {}", reply.text());
    reply.tells_no_secrets();
}

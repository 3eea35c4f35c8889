//! Pages: boundaries, cursors and orders. Walking a list by any order gives each row once, in the order that Rust computes.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::support::{
    client::Client,
    facts::{Facts, Item, item_id},
};

const INFO: &str = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

tests! {
    async fn page_info_is_right_at_each_boundary(world: &World) {
        let all = Facts::read(world).await.projects().len();
        let client = world.reader().await;
        for (size, more) in [(1, true), (all - 1, true), (all, false), (all + 1, false)] {
            for literal in [true, false] {
                let reply = if literal {
                    client.query(&format!("{{ projects(first: {size}) {{ nodes {{ key }} {INFO} }} }}")).await
                } else {
                    client.query_with(&format!("query($n: Int) {{ projects(first: $n) {{ nodes {{ key }} {INFO} }} }}"), json!({ "n": size })).await
                };
                let page = &reply.data()["projects"];
                assert_eq!(page["nodes"].as_array().map(Vec::len), Some(size.min(all)));
                assert_eq!((&page["pageInfo"]["hasNextPage"], &page["pageInfo"]["hasPreviousPage"]), (&json!(more), &json!(false)), "{size}");

                let reply = client.query_with(&format!("query($n: Int) {{ projects(last: $n) {{ nodes {{ key }} {INFO} }} }}"), json!({ "n": size })).await;
                let page = &reply.data()["projects"]["pageInfo"];
                assert_eq!((&page["hasPreviousPage"], &page["hasNextPage"]), (&json!(more), &json!(false)), "last {size}");
            }
        }
    }

    async fn an_empty_page_has_its_cursors_as_null(world: &World) {
        let client = world.reader().await;
        let none = json!({ "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null });
        let reply = client.query(&format!("{{ projects(filter: {{ key: {{ eq: \"nothing\" }} }}) {{ nodes {{ key }} edges {{ cursor }} totalCount {INFO} }} }}")).await;
        assert_eq!(reply.data()["projects"], json!({ "nodes": [], "edges": [], "totalCount": 0, "pageInfo": none }));

        let reply = client.query(&format!("{{ projects(first: 0) {{ nodes {{ key }} {INFO} }} }}")).await;
        assert_eq!(reply.at("/data/projects/nodes"), json!([]));
        assert_eq!(reply.at("/data/projects/pageInfo/endCursor"), Value::Null);
        assert_eq!(reply.at("/data/projects/pageInfo/hasNextPage"), true);
    }

    async fn an_empty_or_null_cursor_is_the_start(world: &World) {
        let client = world.reader().await;
        let start = client.query(&format!("{{ projects(first: 3) {{ nodes {{ key }} {INFO} }} }}")).await.data();
        for literal in ["after: \"\"", "after: null", "before: \"\"", "before: null", "after: \"\", before: null"] {
            let reply = client.query(&format!("{{ projects(first: 3, {literal}) {{ nodes {{ key }} {INFO} }} }}")).await;
            assert_eq!(reply.data(), start, "{literal}");
        }
        let document = format!("query($c: Cursor) {{ projects(first: 3, after: $c) {{ nodes {{ key }} {INFO} }} }}");
        for variables in [json!({ "c": "" }), json!({ "c": null }), json!({})] {
            assert_eq!(client.query_with(&document, variables).await.data(), start);
        }
    }

    async fn every_order_walks_each_project_exactly_once(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let declared: Vec<&str> = foliograph::app::model().entity("Project").fields.iter().filter(|f| f.order).map(|f| f.name).collect();
        let known: Vec<&str> = orders().iter().map(|(name, _)| *name).collect();
        assert!(declared.iter().all(|name| known.contains(name)) && declared.len() == known.len(), "{declared:?}");
        for (field, key) in orders() {
            for direction in ["ASC", "DESC"] {
                for nulls in [None, Some("FIRST"), Some("LAST")] {
                    let step = json!({ field: { "direction": direction, "nulls": nulls.unwrap_or("LAST") } });
                    let step = if nulls.is_none() { json!({ field: { "direction": direction } }) } else { step };
                    let expected = sorted(facts.projects(), &[(key, direction == "DESC", nulls == Some("FIRST"))]);
                    let forward = walk(&client, &json!([step]), 17, true).await;
                    assert_eq!(forward, expected, "{field} {direction} {nulls:?}");
                    assert_eq!(walk(&client, &json!([step]), 23, false).await, expected, "{field} {direction} {nulls:?} backward");
                }
            }
        }
    }

    async fn several_keys_order_one_after_the_other(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let orders = orders();
        let by = |name: &str| orders.iter().find(|(field, _)| *field == name).unwrap_or_else(|| panic!("no order {name}")).1;
        for steps in [
            vec![("state", false, false), ("priority", true, true)],
            vec![("priority", false, true), ("state", true, false), ("name", false, false)],
            vec![("category", true, false), ("projectType", false, false)],
            vec![("methodology", false, true), ("budget", true, false), ("forecastFinishOn", false, true), ("createdAt", true, false)],
            vec![("actualFinishOn", true, true), ("phase", false, false)],
        ] {
            let order: Vec<Value> = steps.iter().map(|(name, descending, first)| {
                json!({ *name: { "direction": if *descending { "DESC" } else { "ASC" }, "nulls": if *first { "FIRST" } else { "LAST" } } })
            }).collect();
            let keys: Vec<_> = steps.iter().map(|(name, descending, first)| (by(name), *descending, *first)).collect();
            let expected = sorted(facts.projects(), &keys);
            assert_eq!(walk(&client, &json!(order), 7, true).await, expected, "{order:?}");
            assert_eq!(walk(&client, &json!(order), 7, false).await, expected, "{order:?} backward");
        }
    }

    async fn nested_lists_are_walked_like_root_lists(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let document = "query($after: Cursor) { portfolio(by: { key: \"PF-OPERATIONS\" }) { projects(first: 3, after: $after, orderBy: [{ budget: { direction: DESC, nulls: FIRST } }]) {
            edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } }";
        let portfolio = facts.project("PF-OPERATIONS").id;
        let within: Vec<Item> = facts.projects().into_iter().filter(|p| p.portfolio_id == Some(portfolio)).collect();
        let (mut after, mut found) = (Value::Null, vec![]);
        loop {
            let page = client.query_with(document, json!({ "after": after })).await.data()["portfolio"]["projects"].take();
            let edges = page["edges"].as_array().cloned().unwrap_or_default();
            found.extend(edges.iter().map(|e| e["node"]["id"].as_str().unwrap_or_default().to_owned()));
            assert_eq!(edges.last().map(|e| &e["cursor"]), Some(&page["pageInfo"]["endCursor"]));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(found, sorted(within, &[(budget, true, true)]));
    }

    async fn rows_before_a_cursor_are_those_that_come_before_it(world: &World) {
        let client = world.reader().await;
        let all = client.query("{ projects(first: 1000) { edges { cursor node { key } } } }").await.data();
        let edges = all["projects"]["edges"].as_array().expect("edges");
        let keys = |range: std::ops::Range<usize>| json!(edges[range].iter().map(|e| json!({ "key": e["node"]["key"] })).collect::<Vec<_>>());
        let cursor = &edges[10]["cursor"];
        let document = format!("query($c: Cursor, $f: Int, $l: Int) {{ projects(first: $f, last: $l, before: $c) {{ nodes {{ key }} {INFO} }} }}");
        let page = client.query_with(&document, json!({ "c": cursor, "l": 4 })).await.data();
        assert_eq!(page["projects"]["nodes"], keys(6..10));
        assert_eq!((&page["projects"]["pageInfo"]["hasPreviousPage"], &page["projects"]["pageInfo"]["hasNextPage"]), (&json!(true), &json!(true)));
        let page = client.query_with(&document, json!({ "c": cursor, "f": 4 })).await.data();
        assert_eq!(page["projects"]["nodes"], keys(0..4));
        assert_eq!(page["projects"]["pageInfo"]["hasNextPage"], true);
        let document = "query($c: Cursor, $l: Int) { projects(last: $l, after: $c) { nodes { key } pageInfo { hasPreviousPage } } }";
        let page = client.query_with(document, json!({ "c": cursor, "l": 2 })).await.data();
        assert_eq!(page["projects"]["nodes"], keys(edges.len() - 2..edges.len()));
        assert_eq!(page["projects"]["pageInfo"]["hasPreviousPage"], true);
    }

    async fn a_page_over_the_maximum_is_refused_and_its_neighbor_stands(world: &World) {
        let client = world.reader().await;
        for (arguments, variables) in [("first: 1001", json!({})), ("last: 1001", json!({})), ("first: $n", json!({ "n": 1001 })), ("last: $n", json!({ "n": 2_147_483_647 }))] {
            let reply = client.query_with(&format!("query($n: Int) {{ big: projects({arguments}) {{ nodes {{ key }} }} people(first: $n) {{ totalCount }} small: projects(first: 1) {{ nodes {{ key }} }} }}"), variables.clone()).await;
            assert!(reply.error_codes().iter().all(|c| c == "PAGE_SIZE_TOO_LARGE"), "{}", reply.text());
            assert_eq!(reply.at("/errors/0/path"), json!(["big"]));
            assert_eq!((reply.at("/data/big"), reply.at("/data/small/nodes").as_array().map(Vec::len)), (Value::Null, Some(1)));
            reply.tells_no_secrets();
        }
        let reply = client.query("{ portfolios { nodes { projects(first: 1001) { totalCount } } } }").await;
        assert_eq!(reply.error_codes(), ["PAGE_SIZE_TOO_LARGE"]);
        assert_eq!(client.query("{ projects(first: 1000) { totalCount } }").await.error_codes(), Vec::<String>::new());
    }

    async fn first_with_last_and_negative_pages_are_errors(world: &World) {
        let client = world.reader().await;
        for arguments in ["first: 1, last: 1", "first: -1", "last: -1", "first: 0, last: 0"] {
            let reply = client.query(&format!("{{ projects({arguments}) {{ nodes {{ key }} }} }}")).await;
            assert_eq!(reply.error_codes(), ["BAD_VARIABLES"], "{arguments}: {}", reply.text());
            reply.tells_no_secrets();
        }
        let reply = client.query_with("query($f: Int, $l: Int) { projects(first: $f, last: $l) { nodes { key } } }", json!({ "f": 1, "l": null })).await;
        assert_eq!(reply.at("/data/projects/nodes").as_array().map(Vec::len), Some(1));
    }

    async fn a_cursor_of_another_list_is_refused(world: &World) {
        let client = world.reader().await;
        let page = client.query("{ projects(first: 2, filter: { state: { eq: ACTIVE } }, orderBy: [{ name: { direction: ASC } }]) { pageInfo { endCursor } } }").await;
        let cursor = page.at("/data/projects/pageInfo/endCursor");
        let ask = async |list: &str| client.query_with(&format!("query($c: Cursor) {{ a: {list} {{ nodes {{ id }} }} b: projects(first: 1) {{ nodes {{ key }} }} }}"), json!({ "c": cursor })).await;
        let same = "projects(first: 2, after: $c, filter: { state: { eq: ACTIVE } }, orderBy: [{ name: { direction: ASC } }])";
        assert_eq!(ask(same).await.error_codes(), Vec::<String>::new());
        for other in [
            "projects(after: $c)",
            "projects(after: $c, filter: { state: { eq: ACTIVE } })",
            "projects(after: $c, orderBy: [{ name: { direction: ASC } }])",
            "projects(after: $c, filter: { state: { eq: CLOSED } }, orderBy: [{ name: { direction: ASC } }])",
            "projects(after: $c, filter: { state: { neq: ACTIVE } }, orderBy: [{ name: { direction: ASC } }])",
            "projects(after: $c, filter: { state: { eq: ACTIVE } }, orderBy: [{ name: { direction: DESC } }])",
            "projects(after: $c, filter: { state: { eq: ACTIVE } }, orderBy: [{ name: { direction: ASC } }, { key: { direction: ASC } }])",
            "projects(before: $c, filter: { state: { eq: ACTIVE } }, orderBy: [{ key: { direction: ASC } }])",
            "programs(after: $c, filter: { state: { eq: ACTIVE } }, orderBy: [{ name: { direction: ASC } }])",
            "portfolioItems(after: $c, filter: { state: { eq: ACTIVE } }, orderBy: [{ name: { direction: ASC } }])",
            "people(after: $c)",
        ] {
            let reply = ask(other).await;
            assert_eq!(reply.error_codes(), ["CURSOR_MISMATCH"], "{other}: {}", reply.text());
            assert_eq!((reply.at("/errors/0/path"), reply.at("/data/a")), (json!(["a"]), Value::Null));
            assert_eq!(reply.at("/data/b/nodes").as_array().map(Vec::len), Some(1));
            reply.tells_no_secrets();
        }
    }

    async fn a_cursor_that_is_not_ours_is_refused(world: &World) {
        let client = world.reader().await;
        let cursor = client.query("{ projects(first: 2) { pageInfo { endCursor } } }").await.at("/data/projects/pageInfo/endCursor");
        let cursor = cursor.as_str().expect("a cursor");
        let mut forged = cursor.as_bytes().to_vec();
        forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("text");
        let truncated = &cursor[..cursor.len() - 4];
        let longer = format!("{cursor}AAAA");
        for bad in [forged.as_str(), truncated, &longer, &cursor[..10], "MQ==", "1", "not a cursor", "🐟", "A", "YXJyYXljb25uZWN0aW9uOjE"] {
            let reply = client.query_with("query($c: Cursor) { projects(first: 2, after: $c) { nodes { key } } }", json!({ "c": bad })).await;
            assert_eq!(reply.error_codes(), ["CURSOR_MISMATCH"], "{bad}: {}", reply.text());
            assert!(bad.len() < 20 || !reply.text().contains(bad), "the cursor is repeated: {}", reply.text());
            reply.tells_no_secrets();
        }
        let reply = client.query_with("query($c: Cursor) { projects(after: $c) { nodes { key } } }", json!({ "c": 5 })).await;
        assert_eq!(reply.error_codes(), ["BAD_VARIABLES"]);
    }

    async fn a_cursor_holds_after_its_row_is_gone(world: &World) {
        use entity::external_link;
        use sea_orm::EntityTrait;
        let client = world.reader().await;
        let all = client.query("{ externalLinks(first: 1000) { edges { cursor node { id } } } }").await.data();
        let edges = all["externalLinks"]["edges"].as_array().expect("edges");
        let (_, id) = foliograph::graph::parse_id(edges[5]["node"]["id"].as_str().expect("an id")).expect("an id of ours");
        external_link::Entity::delete_by_id(id).exec(&world.database().await.orm).await.expect("deleted");
        let page = client.query_with("query($c: Cursor) { externalLinks(first: 1, after: $c) { nodes { id } } }", json!({ "c": edges[5]["cursor"] })).await;
        assert_eq!(page.at("/data/externalLinks/nodes/0/id"), edges[6]["node"]["id"]);
    }
}

type Key = fn(&Item) -> Option<String>;

fn budget(item: &Item) -> Option<String> {
    // Amounts are not negative here, so digits of one width compare as numbers do.
    item.budget_amount.map(|n| format!("{}{n:020}", item.base_currency))
}

/// What projects are ordered by, as texts that compare like the values.
fn orders() -> Vec<(&'static str, Key)> {
    vec![
        ("id", |i| Some(i.id.to_string())),
        ("key", |i| Some(i.key.clone())),
        ("name", |i| Some(i.name.clone())),
        ("state", |i| Some(i.state.clone())),
        ("category", |i| i.category.clone()),
        ("priority", |i| i.priority.map(|n| n.to_string())),
        ("confidentiality", |i| Some(i.confidentiality.clone())),
        ("budget", budget),
        ("rag", |i| i.rag.clone()),
        ("ragOn", |i| i.rag_on.map(|d| d.to_string())),
        ("projectType", |i| i.project_type.clone()),
        ("methodology", |i| i.methodology.clone()),
        ("phase", |i| i.phase.clone()),
        ("plannedStartOn", |i| i.planned_start_on.map(|d| d.to_string())),
        ("plannedFinishOn", |i| i.planned_finish_on.map(|d| d.to_string())),
        ("forecastStartOn", |i| i.forecast_start_on.map(|d| d.to_string())),
        ("forecastFinishOn", |i| i.forecast_finish_on.map(|d| d.to_string())),
        ("actualStartOn", |i| i.actual_start_on.map(|d| d.to_string())),
        ("actualFinishOn", |i| i.actual_finish_on.map(|d| d.to_string())),
        ("createdAt", |i| Some(i.created_at.to_rfc3339())),
        ("updatedAt", |i| Some(i.updated_at.to_rfc3339())),
        ("archivedAt", |i| i.archived_at.map(|at| at.to_rfc3339())),
    ]
}

/// Ids in the order of the keys: each with whether the largest comes first and whether nulls do. The id decides last,
/// in the direction of the last key.
fn sorted(mut items: Vec<Item>, keys: &[(Key, bool, bool)]) -> Vec<String> {
    let turn = |order: Ordering, descending: bool| if descending { order.reverse() } else { order };
    items.sort_by(|a, b| {
        for (key, descending, nulls_first) in keys {
            let order = match (key(a), key(b)) {
                (Some(a), Some(b)) => turn(a.cmp(&b), *descending),
                (None, None) => Ordering::Equal,
                (None, Some(_)) => turn(Ordering::Greater, *nulls_first),
                (Some(_), None) => turn(Ordering::Less, *nulls_first),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        turn(a.id.cmp(&b.id), keys.last().is_some_and(|(_, descending, _)| *descending))
    });
    items.iter().map(item_id).collect()
}

/// Ids of all projects, page by page from the start or from the end.
async fn walk(client: &Client, order: &Value, size: usize, forward: bool) -> Vec<String> {
    let document = "query($o: [ProjectOrder!], $f: Int, $l: Int, $a: Cursor, $b: Cursor) {
        projects(orderBy: $o, first: $f, last: $l, after: $a, before: $b) { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let mut cursor = Value::Null;
    let mut found: Vec<String> = vec![];
    loop {
        let variables = if forward {
            json!({ "o": order, "f": size, "a": cursor })
        } else {
            json!({ "o": order, "l": size, "b": cursor })
        };
        let page = client.query_with(document, variables).await.data()["projects"].take();
        let ids: Vec<String> = page["nodes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|n| n["id"].as_str().map(str::to_owned))
            .collect();
        let (more, next) = if forward { ("hasNextPage", "endCursor") } else { ("hasPreviousPage", "startCursor") };
        if forward {
            found.extend(ids);
        } else {
            found = ids.into_iter().chain(found).collect();
        }
        assert!(found.len() < 1_000, "the walk does not end");
        if page["pageInfo"][more] == false {
            return found;
        }
        cursor = page["pageInfo"][next].clone();
    }
}

//! Which rows exist for a caller, on every path that leads to rows: lists, counts, groups, lookups, links, filters, pages.

use std::collections::{BTreeMap, BTreeSet};

use entity::portfolio_item;
use foliograph::auth::Class;
use serde_json::{Value, json};

use super::{
    cast::{CAST, Who, answered},
    expected::{Eyes, Row, Rows, class_of_type},
};
use crate::support::client::Client;

/// Types with a list of their own: type, list, single, whether found by key, target type of links.
const LISTS: &[(&str, &str, &str, bool, Option<&str>)] = &[
    ("Portfolio", "portfolios", "portfolio", true, Some("PORTFOLIO")),
    ("Program", "programs", "program", true, Some("PROGRAM")),
    ("Project", "projects", "project", true, Some("PROJECT")),
    ("Person", "people", "person", true, Some("PERSON")),
    ("OrgUnit", "orgUnits", "orgUnit", true, Some("ORG_UNIT")),
    ("RoleAssignment", "roleAssignments", "roleAssignment", true, None),
    ("ExternalLink", "externalLinks", "externalLink", false, None),
    ("ApiKey", "apiKeys", "apiKey", true, None),
    ("ApiKeyGrant", "apiKeyGrants", "apiKeyGrant", false, None),
    ("AuditEvent", "auditTrail", "auditEvent", false, None),
];
/// Whether a list of rows meets a condition.
type Test<'t> = &'t dyn Fn(&[Row<'_>]) -> bool;
/// Links and lists between items, by which conditions can reach an item: (type, field, type at the end).
const ITEM_LISTS: &[(&str, &str, &str, &str)] = &[
    ("Portfolio", "children", "PortfolioItem", "parent_id"),
    ("Portfolio", "programs", "Program", "portfolio_id"),
    ("Portfolio", "projects", "Project", "portfolio_id"),
    ("Program", "children", "PortfolioItem", "parent_id"),
    ("Program", "projects", "Project", "program_id"),
    ("Person", "managedProjects", "Project", "project_manager_id"),
    ("Person", "sponsoredItems", "PortfolioItem", "sponsor_id"),
    ("Person", "ownedItems", "PortfolioItem", "owner_id"),
    ("OrgUnit", "items", "PortfolioItem", "org_unit_id"),
    ("Project", "externalLinks", "ExternalLink", "item_id"),
];
const ITEM_LINKS: &[(&str, &str, &str, &str)] = &[
    ("Project", "parent", "PortfolioItem", "parent_id"),
    ("Project", "portfolio", "Portfolio", "portfolio_id"),
    ("Project", "program", "Program", "program_id"),
    ("Program", "parent", "PortfolioItem", "parent_id"),
    ("Portfolio", "parent", "PortfolioItem", "parent_id"),
    ("Project", "sponsor", "Person", "sponsor_id"),
    ("RoleAssignment", "item", "PortfolioItem", "item_id"),
    ("ApiKeyGrant", "item", "PortfolioItem", "item_id"),
    ("AuditEvent", "item", "PortfolioItem", "item_id"),
    ("AuditEvent", "actor", "Person", "actor_id"),
];

tests! {
    async fn lists_counts_and_groups_hold_exactly_the_visible_rows(world: &World) {
        let rows = Rows::complete(world).await;
        let mut seen = BTreeSet::new();
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            let interface = ("PortfolioItem", "portfolioItems", "", true, None);
            for (type_name, list, ..) in LISTS.iter().chain([&interface]).filter(|l| may_ask(&eyes, l.0)) {
                let by = match *type_name {
                    "ExternalLink" => "[{field: DIRECTION}, {field: SYSTEM}]",
                    "RoleAssignment" => "[{field: ROLE}, {field: ITEM}]",
                    "ApiKey" => "[{field: ACCESS_MODE}]",
                    "AuditEvent" => "[{field: ACTION}, {field: ITEM}, {field: ACTOR}]",
                    "ApiKeyGrant" => "[{field: API_KEY}, {field: ITEM}]",
                    "Person" => "[{field: ORG_UNIT}]",
                    "OrgUnit" => "[{field: PARENT}]",
                    _ => "[{field: STATE}, {field: PARENT}, {time: {field: PLANNED_START_ON, bucket: YEAR}}]",
                };
                let context = format!("{list} for {who:?}");
                let document = format!("{{ {list}(first: 1000) {{ nodes {{ id }} edges {{ node {{ id }} }} totalCount aggregate {{ count }} groups(by: {by}) {{ count }} }} }}");
                let (data, _) = answered(&client.query(&document).await, &context);
                let found = &data[*list];
                let due = eyes.ids(type_name);
                assert_eq!(ids(&found["nodes"]), due, "{context}");
                let edges: Vec<String> = found["edges"].as_array().expect("edges").iter().map(|e| text(&e["node"]["id"])).collect();
                assert_eq!(edges, due, "{context}");
                assert_eq!(found["totalCount"], json!(due.len()), "{context}");
                assert_eq!(found["aggregate"]["count"], json!(due.len()), "{context}");
                let grouped: u64 = found["groups"].as_array().expect("groups").iter().map(|g| g["count"].as_u64().expect("a count")).sum();
                assert_eq!(grouped, due.len() as u64, "{context}");
                seen.insert((*type_name, due.len()));
            }
        }
        // The callers differ, so each type was asked for with and without rows.
        let sizes = |name: &str| seen.iter().filter(|(t, _)| *t == name).count();
        assert!(sizes("Project") >= 8 && sizes("Portfolio") >= 3 && sizes("ExternalLink") >= 5, "{seen:?}");
    }

    async fn groups_show_a_hidden_parent_as_none(world: &World) {
        let rows = Rows::complete(world).await;
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            if !may_ask(&eyes, "Project") {
                continue;
            }
            let document = "{ projects { groups(by: [{field: PARENT}]) { key { parent { id } } count } } }";
            let (data, _) = answered(&client.query(document).await, &format!("{who:?}"));
            let mut due: BTreeMap<Option<String>, u64> = BTreeMap::new();
            for row in eyes.visible("Project") {
                let Row::Item(item) = row else { unreachable!() };
                let parent = item.parent_id.map(|id| Row::Item(rows.item(id))).filter(|parent| eyes.sees(*parent));
                *due.entry(parent.map(Row::wire_id)).or_default() += 1;
            }
            let found: BTreeMap<Option<String>, u64> = data["projects"]["groups"].as_array().expect("groups").iter().map(|group| {
                (group["key"]["parent"]["id"].as_str().map(str::to_owned), group["count"].as_u64().expect("a count"))
            }).collect();
            assert_eq!(found, due, "{who:?}");
        }
    }

    async fn a_row_is_found_by_id_key_and_external_id_exactly_if_visible(world: &World) {
        let rows = Rows::complete(world).await;
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            for (type_name, _, single, keyed, target_type) in LISTS {
                let all = rows.of(type_name);
                for some in all.chunks(100) {
                    let asked: Vec<String> = some.iter().map(|row| row.wire_id()).collect();
                    let (data, entries) = answered(&client.query_with("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": asked })).await, "nodes");
                    let due: Vec<Value> = some.iter().map(|row| if eyes.sees(*row) { json!({ "id": row.wire_id() }) } else { Value::Null }).collect();
                    assert_eq!(data["nodes"], json!(due), "{type_name} for {who:?}");
                    assert!(entries.is_empty(), "{entries:?}");
                }
                if !may_ask(&eyes, type_name) {
                    continue;
                }
                let document = format!("query($by: {type_name}Ref!, $id: ID!) {{ {single}(by: $by) {{ id }} node(id: $id) {{ id }} }}");
                for row in &all {
                    let id = row.wire_id();
                    let mut ways = vec![json!({ "id": id })];
                    if *keyed {
                        let sea_orm::Value::String(Some(key)) = row.column("key") else { panic!("a key") };
                        ways.push(json!({ "key": key }));
                    }
                    let link = rows.links.iter().find(|l| Some(l.target_type.as_str()) == *target_type && [l.item_id, l.person_id, l.org_unit_id].contains(&Some(row.id())));
                    if let Some(link) = link {
                        let by = json!({ "external": { "system": link.system, "id": link.external_id } });
                        if eyes.sees(Row::Link(link)) && link.archived_at.is_none() {
                            ways.push(by);
                        } else {
                            // Who may not see the link does not learn by it, not even of a row that she sees,
                            // and an archived one names nothing to anybody.
                            let reply = client.query_with(&document, json!({ "by": by, "id": id })).await;
                            let code = if eyes.read(Class::Work).is_empty() { "FILTER_FORBIDDEN" } else { "NOT_FOUND" };
                            assert_eq!(reply.error_codes(), [code], "{type_name} by {by} for {who:?}");
                        }
                    }
                    for by in ways {
                        let reply = client.query_with(&document, json!({ "by": by, "id": id })).await;
                        let body = reply.json();
                        let context = format!("{type_name} by {by} for {who:?}: {body}");
                        if eyes.sees(*row) {
                            assert_eq!(body, json!({ "data": { (*single): { "id": id }, "node": { "id": id } } }), "{context}");
                        } else {
                            assert_eq!(body["data"], json!({ (*single): null, "node": null }), "{context}");
                            assert_eq!(reply.error_codes(), ["NOT_FOUND"], "{context}");
                        }
                    }
                }
            }
        }
    }

    async fn a_hidden_row_is_answered_like_one_that_does_not_exist(world: &World) {
        let rows = Rows::complete(world).await;
        let mut hidden = 0;
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            for (type_name, list, single, keyed, target_type) in LISTS {
                let nobody = format!("{}_06f00000000000000000000000", text(&json!(rows.of(type_name)[0].wire_id())).split('_').next().expect("a prefix"));
                for row in rows.of(type_name).into_iter().filter(|row| !eyes.sees(*row)).take(12) {
                    hidden += 1;
                    let mut pairs = vec![(json!({ "id": row.wire_id() }), json!({ "id": nobody }))];
                    if *keyed {
                        let sea_orm::Value::String(Some(key)) = row.column("key") else { panic!("a key") };
                        pairs.push((json!({ "key": key }), json!({ "key": "none-such" })));
                    }
                    let link = rows.links.iter().find(|l| Some(l.target_type.as_str()) == *target_type && l.item_id == Some(row.id()));
                    if let Some(link) = link {
                        let by = |id: &str| json!({ "external": { "system": link.system, "id": id } });
                        pairs.push((by(&link.external_id), by("none-such")));
                    }
                    for (real, none) in pairs {
                        let document = format!("query($by: {type_name}Ref!) {{ {single}(by: $by) {{ id }} }}");
                        same(&client, &document, json!({ "by": real }), json!({ "by": none }), *who).await;
                    }
                    let (real, none) = (json!({ "id": row.wire_id() }), json!({ "id": nobody }));
                    same(&client, "query($id: ID!) { node(id: $id) { id __typename } }", real.clone(), none.clone(), *who).await;
                    same(&client, "query($id: ID!) { nodes(ids: [$id]) { id __typename } }", real.clone(), none.clone(), *who).await;
                    let document = format!("query($id: ID!) {{ {list}(filter: {{id: {{eq: $id}}}}) {{ nodes {{ id }} totalCount aggregate {{ count }} pageInfo {{ startCursor endCursor hasNextPage }} }} }}");
                    same(&client, &document, real.clone(), none.clone(), *who).await;
                    if matches!(*type_name, "Portfolio" | "Program") && may_ask(&eyes, "Project") {
                        let link = if *type_name == "Portfolio" { "portfolio" } else { "program" };
                        let document = format!("query($id: ID!) {{ projects(filter: {{{link}: {{id: {{eq: $id}}}}}}) {{ nodes {{ id }} totalCount groups(by: [{{field: STATE}}]) {{ count }} }} }}");
                        same(&client, &document, real, none, *who).await;
                    }
                }
            }
        }
        assert!(hidden > 300, "{hidden}");
    }

    async fn conditions_on_links_and_lists_meet_visible_rows_only(world: &World) {
        let rows = Rows::complete(world).await;
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            let plural = |name: &str| LISTS.iter().find(|l| l.0 == name).expect("a list").1;
            for (type_name, field, to, by) in ITEM_LISTS.iter().filter(|l| may_ask(&eyes, l.0) && may_ask(&eyes, l.2)) {
                let linked = |row: Row<'_>| -> Vec<Row<'_>> {
                    let of = |other: &Row<'_>| other.column(by) == sea_orm::Value::Uuid(Some(row.id()));
                    eyes.visible(to).into_iter().filter(of).collect()
                };
                // A condition that some rows meet and others do not.
                let (condition, meets): (&str, fn(Row<'_>) -> bool) = if *to == "ExternalLink" {
                    ("{system: {eq: \"JIRA\"}}", |row| matches!(row, Row::Link(link) if link.system == "JIRA"))
                } else {
                    ("{state: {eq: ACTIVE}}", |row| matches!(row, Row::Item(item) if item.state == "ACTIVE"))
                };
                let cases: [(&str, String, Test<'_>); 6] = [
                    ("some", condition.into(), &|l| l.iter().any(|r| meets(*r))),
                    ("every", condition.into(), &|l| l.iter().all(|r| meets(*r))),
                    ("none", condition.into(), &|l| !l.iter().any(|r| meets(*r))),
                    ("some", "{}".into(), &|l| !l.is_empty()),
                    ("isEmpty", "true".into(), &|l| l.is_empty()),
                    ("isEmpty", "false".into(), &|l| !l.is_empty()),
                ];
                for (how, what, holds) in cases {
                    let due: Vec<String> = eyes.visible(type_name).into_iter().filter(|row| holds(&linked(*row))).map(Row::wire_id).collect();
                    filtered(&client, plural(type_name), &format!("{{{field}: {{{how}: {what}}}}}"), &due, *who).await;
                }
            }
            for (type_name, field, to, by) in ITEM_LINKS.iter().filter(|l| may_ask(&eyes, l.0) && may_ask(&eyes, l.2)) {
                let end = |row: Row<'_>| eyes.visible(to).into_iter().find(|other| row.column(by) == sea_orm::Value::Uuid(Some(other.id())));
                let has = format!("has{}{}", field[..1].to_uppercase(), &field[1..]);
                for (condition, wanted) in [(format!("{{{has}: true}}"), true), (format!("{{{has}: false}}"), false), (format!("{{{field}: {{}}}}"), true), (format!("{{not: {{{field}: {{}}}}}}"), false)] {
                    let due: Vec<String> = eyes.visible(type_name).into_iter().filter(|row| end(*row).is_some() == wanted).map(Row::wire_id).collect();
                    filtered(&client, plural(type_name), &condition, &due, *who).await;
                }
            }
        }
    }

    async fn pages_walked_forward_and_backward_hold_exactly_the_visible_rows(world: &World) {
        let rows = Rows::complete(world).await;
        let steps = "[{category: {direction: DESC, nulls: FIRST}}, {forecastFinishOn: {direction: ASC}}]";
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            let lists = [("portfolioItems", "PortfolioItem", steps), ("projects", "Project", "[{name: {direction: ASC}}]"), ("externalLinks", "ExternalLink", "[{system: {direction: DESC}}]"), ("roleAssignments", "RoleAssignment", "[{validToOn: {direction: ASC, nulls: FIRST}}]"), ("auditTrail", "AuditEvent", "[{action: {direction: DESC}}]")];
            for (list, type_name, order) in lists.into_iter().filter(|l| may_ask(&eyes, l.1)) {
                let document = format!("{{ {list}(first: 1000, orderBy: {order}) {{ nodes {{ id }} }} }}");
                let whole = ids(&answered(&client.query(&document).await, list).0[list]["nodes"]);
                assert_eq!(whole.iter().collect::<BTreeSet<_>>(), eyes.ids(type_name).iter().collect(), "{list} for {who:?}");
                assert_eq!(whole.len(), eyes.ids(type_name).len(), "{list} for {who:?}");
                for (size, from, more, turn) in [("first", "after", "hasNextPage", "endCursor"), ("last", "before", "hasPreviousPage", "startCursor")] {
                    let document = format!("query($c: Cursor) {{ {list}({size}: 7, {from}: $c, orderBy: {order}) {{ nodes {{ id }} totalCount pageInfo {{ {more} {turn} }} }} }}");
                    let mut walked: Vec<String> = vec![];
                    let mut cursor = Value::Null;
                    loop {
                        let (data, _) = answered(&client.query_with(&document, json!({ "c": cursor })).await, list);
                        let page = &data[list];
                        assert_eq!(page["totalCount"], json!(whole.len()), "{list} for {who:?}");
                        let these = ids(&page["nodes"]);
                        walked = if size == "first" { [walked, these].concat() } else { [these, walked].concat() };
                        if page["pageInfo"][more] != true {
                            break;
                        }
                        assert!(walked.len() <= whole.len(), "{list} for {who:?} never ends");
                        cursor = page["pageInfo"][turn].clone();
                    }
                    assert_eq!(walked, whole, "{size} of {list} for {who:?}");
                }
            }
        }
    }

    async fn only_those_named_know_of_a_confidential_item(world: &World) {
        let rows = Rows::complete(world).await;
        let hidden: Vec<&portfolio_item::Model> = rows.items.iter().filter(|item| item.confidentiality == "CONFIDENTIAL").collect();
        assert!(hidden.len() >= 3);
        let keys = |who: Who, eyes: &Eyes<'_>| -> Vec<String> {
            assert!(!who.subject.is_empty());
            hidden.iter().filter(|item| eyes.sees(Row::Item(item))).map(|item| item.key.clone()).collect()
        };
        // Written out by hand once, so that the walk in `expected.rs` is itself checked.
        for (subject, due) in [
            ("anna.keller", &[][..]),
            ("walter.zimmermann", &[]),
            ("marc.dubois", &["PR-048"]),
            ("claire.moreau", &["PG-ASTER", "PR-048"]),
            ("robert.lindqvist", &["PR-048"]),
            ("bi-products", &[]),
            ("sync-operations", &["PR-048"]),
            ("day-one", &["PG-ASTER"]),
        ] {
            let who = super::cast::named(subject);
            let mut known = keys(who, &who.eyes(&rows));
            known.sort_unstable();
            assert_eq!(known, due, "{subject}");
            let client = who.client(world).await;
            let (data, _) = answered(&client.query("{ portfolioItems(filter: {confidentiality: {eq: CONFIDENTIAL}}, orderBy: [{key: {direction: ASC}}]) { totalCount nodes { key } } }").await, subject);
            assert_eq!(data["portfolioItems"], json!({ "totalCount": due.len(), "nodes": due.iter().map(|k| json!({ "key": k })).collect::<Vec<_>>() }), "{subject}");
        }
    }
}

fn may_ask(eyes: &Eyes<'_>, type_name: &str) -> bool {
    !eyes.read(class_of_type(type_name)).is_empty()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Ids of a list of nodes, in order.
pub fn ids(nodes: &Value) -> Vec<String> {
    nodes.as_array().expect("nodes").iter().map(|node| text(&node["id"])).collect()
}

/// A list under a condition gives these rows, and counts as many.
async fn filtered(client: &Client, list: &str, condition: &str, due: &[String], who: Who) {
    let document =
        format!("{{ {list}(first: 1000, filter: {condition}) {{ nodes {{ id }} totalCount aggregate {{ count }} }} }}");
    let context = format!("{document} for {who:?}");
    let (data, _) = answered(&client.query(&document).await, &context);
    assert_eq!(ids(&data[list]["nodes"]), due, "{context}");
    assert_eq!((&data[list]["totalCount"], &data[list]["aggregate"]["count"]), (&json!(due.len()), &json!(due.len())));
}

/// Two sets of variables get the same bytes, apart from the request's id.
async fn same(client: &Client, document: &str, real: Value, none: Value, who: Who) {
    let client = client.header("x-request-id", "same");
    let (left, right) = (client.query_with(document, real.clone()).await, client.query_with(document, none).await);
    assert_eq!(without_request_id(left.text()), without_request_id(right.text()), "{document} with {real} for {who:?}");
    let headers = |reply: &crate::support::client::Reply| {
        let mut all: Vec<_> = reply.headers.iter().map(|(n, v)| (n.to_string(), v.clone())).collect();
        all.retain(|(name, _)| name != "x-request-id" && !name.starts_with("ratelimit"));
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    assert_eq!((left.status, headers(&left)), (right.status, headers(&right)), "{document} with {real} for {who:?}");
}

fn without_request_id(body: &str) -> String {
    let Some((before, rest)) = body.split_once("\"requestId\":\"") else { return body.to_owned() };
    format!("{before}{}", rest.split_once('"').map_or("", |(_, after)| after))
}

//! Inputs do not leak: what a caller cannot read she can neither filter, order nor group by, and no sum, page or cursor
//! tells her of it.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::portfolio_item;
use foliograph::{
    app,
    auth::Class,
    graph::{
        decl::{Entity, Field, Kind},
        schema::screaming,
    },
};
use serde_json::{Value, json};

use super::{
    cast::{CAST, Who, answered, named},
    expected::{Eyes, Row, Rows, class_of_type, decimal, foreign_key_of},
    scope::ids,
};
use crate::support::client::Client;

/// Whether an item meets a condition; none where it has no value to compare.
type Test<'t> = &'t dyn Fn(&portfolio_item::Model) -> Option<bool>;

tests! {
    async fn a_field_that_is_never_readable_cannot_be_filtered_ordered_or_grouped_by(world: &World) {
        let rows = Rows::load(world).await;
        let mut refused: BTreeMap<String, usize> = BTreeMap::new();
        for who in CAST {
            let client = who.client(world).await.header("accept", "application/graphql-response+json");
            let eyes = who.eyes(&rows);
            let readable = app::model().entities.iter().filter(|e| e.plural.is_some() && !eyes.read(e.class).is_empty());
            for (entity, field) in readable.flat_map(|e| e.fields.iter().map(move |f| (e, f))) {
                let needs = match &field.kind {
                    Kind::One { to, .. } | Kind::Many { to, .. } => class_of_type(to),
                    _ => entity.class_of(field),
                };
                if !eyes.read(needs).is_empty() {
                    continue;
                }
                for (document, variables) in attempts(entity, field) {
                    let reply = client.query_with(&document, variables.clone()).await;
                    let context = format!("{document} with {variables} for {who:?}: {}", reply.text());
                    assert_eq!((reply.status, reply.error_codes()), (StatusCode::BAD_REQUEST, vec!["FILTER_FORBIDDEN".to_owned()]), "{context}");
                    assert!(reply.json().get("data").is_none(), "{context}");
                    let coordinate = reply.at("/errors/0/extensions/coordinate");
                    assert!(coordinate.as_str().is_some_and(|c| c.ends_with(&format!(".{}", field.name))), "{context}");
                    *refused.entry(format!("{}.{}", entity.name, field.name)).or_default() += 1;
                }
            }
        }
        for field in ["Project.budget", "PortfolioItem.budget", "Project.externalLinks", "Person.identities", "Person.roleAssignments", "OrgUnit.externalLinks"] {
            assert!(refused.contains_key(field), "{field} was refused to nobody: {refused:?}");
        }
    }

    async fn conditions_on_a_budget_find_only_rows_whose_budget_can_be_read(world: &World) {
        let rows = Rows::complete(world).await;
        let large = |i: &portfolio_item::Model| i.budget_amount.map(|a| i.base_currency == "EUR" && a >= 10_000_000_000);
        let cases: [(&str, Test<'_>); 8] = [
            ("{budget: {isNull: true}}", &|i| Some(i.budget_amount.is_none())),
            ("{budget: {isNull: false}}", &|i| Some(i.budget_amount.is_some())),
            ("{not: {budget: {isNull: true}}}", &|i| Some(i.budget_amount.is_some())),
            ("{not: {not: {budget: {isNull: true}}}}", &|i| Some(i.budget_amount.is_none())),
            ("{budget: {gte: \"1000000\", currency: \"EUR\"}}", &large),
            ("{not: {budget: {gte: \"1000000\", currency: \"EUR\"}}}", &|i| large(i).map(|l| !l)),
            ("{or: [{budget: {gte: \"1000000\", currency: \"EUR\"}}, {state: {eq: ACTIVE}}]}", &|i| if i.state == "ACTIVE" { Some(true) } else { large(i) }),
            ("{and: [{not: {or: [{budget: {isNull: true}}, {state: {eq: CLOSED}}]}}]}", &|i| Some(i.budget_amount.is_some() && i.state != "CLOSED")),
        ];
        let mut masked = 0;
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            if eyes.read(Class::Fin).is_empty() {
                continue;
            }
            let reads = |item: &portfolio_item::Model| eyes.reads(Class::Fin, Row::Item(item)).is_ok();
            for (condition, holds) in cases {
                for (list, type_name) in [("projects", "Project"), ("portfolioItems", "PortfolioItem")] {
                    let due: Vec<String> = items(&eyes, type_name).into_iter().filter(|i| reads(i) && holds(i) == Some(true)).map(|i| Row::Item(i).wire_id()).collect();
                    masked += items(&eyes, type_name).into_iter().filter(|i| !reads(i) && holds(i) == Some(true)).count();
                    check(&client, list, condition, &due, *who).await;
                }
                for (list, type_name, field) in [("portfolios", "Portfolio", "projects"), ("programs", "Program", "projects"), ("people", "Person", "managedProjects"), ("portfolios", "Portfolio", "children")] {
                    let by = foreign_key_of(type_name, field);
                    let to = if field == "children" { "PortfolioItem" } else { "Project" };
                    let found = |row: Row<'_>, wanted: bool| items(&eyes, to).into_iter().any(|i| {
                        Row::Item(i).column(by) == sea_orm::Value::Uuid(Some(row.id())) && reads(i) && holds(i) == Some(wanted)
                    });
                    // How, whether a row is looked for that meets or that fails, and whether finding one is good.
                    for (how, meets, good) in [("some", true, true), ("none", true, false), ("every", false, false)] {
                        let due: Vec<String> = eyes.visible(type_name).into_iter().filter(|row| found(*row, meets) == good).map(Row::wire_id).collect();
                        check(&client, list, &format!("{{{field}: {{{how}: {condition}}}}}"), &due, *who).await;
                    }
                }
            }
        }
        assert!(masked > 500, "only {masked} rows would have been found by what is masked");
    }

    async fn a_currency_is_asked_for_by_amounts_that_can_be_read(world: &World) {
        let rows = Rows::load(world).await;
        let mut outcomes = BTreeMap::new();
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            if eyes.read(Class::Fin).is_empty() {
                continue;
            }
            let readable: Vec<_> = items(&eyes, "Project").into_iter().filter(|i| eyes.reads(Class::Fin, Row::Item(i)).is_ok() && i.budget_amount.is_some()).collect();
            let currencies: std::collections::BTreeSet<&str> = readable.iter().map(|i| i.base_currency.as_str()).collect();
            let reply = client.query("{ projects(first: 1000, filter: {budget: {gt: \"0\"}}) { nodes { id } } }").await;
            *outcomes.entry(currencies.len() > 1).or_insert(0) += 1;
            if currencies.len() > 1 {
                assert_eq!(reply.error_codes(), ["CURRENCY_REQUIRED"], "{who:?}: {}", reply.text());
            } else {
                let due: Vec<String> = readable.into_iter().map(|i| Row::Item(i).wire_id()).collect();
                assert_eq!(ids(&answered(&reply, &format!("{who:?}")).0["projects"]["nodes"]), due, "{who:?}");
            }
        }
        assert_eq!(outcomes.len(), 2);
        // She manages projects in one currency and sees others in four more.
        let marc = named("marc.dubois").client(world).await;
        assert!(!marc.query("{ projects(filter: {budget: {gt: \"0\"}}) { nodes { id } } }").await.data()["projects"]["nodes"].as_array().expect("nodes").is_empty());
    }

    async fn order_and_cursors_know_no_masked_budget(world: &World) {
        let rows = Rows::complete(world).await;
        let (mut shown, mut kept) = (0, 0);
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            if eyes.read(Class::Fin).is_empty() {
                continue;
            }
            let reads = |item: &portfolio_item::Model| eyes.reads(Class::Fin, Row::Item(item)).is_ok();
            for (list, type_name) in [("projects", "Project"), ("portfolioItems", "PortfolioItem")] {
                for (descending, first) in [(false, false), (false, true), (true, false), (true, true)] {
                    let mut due = items(&eyes, type_name);
                    let key = |i: &portfolio_item::Model| i.budget_amount.filter(|_| reads(i)).map(|a| (i.base_currency.clone(), a));
                    due.sort_by(|a, b| {
                        let by_value = match (key(a), key(b)) {
                            (None, None) => std::cmp::Ordering::Equal,
                            (None, Some(_)) => return if first { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater },
                            (Some(_), None) => return if first { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less },
                            (Some(a), Some(b)) => a.cmp(&b),
                        };
                        let ascending = by_value.then(a.id.cmp(&b.id));
                        if descending { ascending.reverse() } else { ascending }
                    });
                    let order = format!("[{{budget: {{direction: {}, nulls: {}}}}}]", if descending { "DESC" } else { "ASC" }, if first { "FIRST" } else { "LAST" });
                    let document = format!("query($c: Cursor) {{ {list}(first: 7, after: $c, orderBy: {order}) {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor startCursor }} }} }}");
                    let mut cursor = Value::Null;
                    let mut at = 0;
                    loop {
                        let (data, _) = answered(&client.query_with(&document, json!({ "c": cursor })).await, &document);
                        for edge in data[list]["edges"].as_array().expect("edges") {
                            let item = due[at];
                            at += 1;
                            assert_eq!(edge["node"]["id"], Row::Item(item).wire_id(), "{order} of {list} at {at} for {who:?}");
                            let bytes = URL_SAFE_NO_PAD.decode(edge["cursor"].as_str().expect("a cursor")).expect("base64");
                            let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
                            let Some(amount) = item.budget_amount else { continue };
                            let written = has(&amount.to_be_bytes()) || has(amount.to_string().as_bytes());
                            assert_eq!(written, reads(item), "{order} of {list}, {} for {who:?}", item.key);
                            if written { shown += 1 } else { kept += 1 }
                        }
                        if data[list]["pageInfo"]["hasNextPage"] != true {
                            break;
                        }
                        cursor = data[list]["pageInfo"]["endCursor"].clone();
                    }
                    assert_eq!(at, due.len(), "{order} of {list} for {who:?}");
                }
            }
        }
        assert!(shown > 100 && kept > 100, "{shown} {kept}");
    }

    async fn sums_and_coverage_hold_what_can_be_read(world: &World) {
        let rows = Rows::complete(world).await;
        let figures = "count sum { budget { amount currency } } min { budget { amount currency } } max { budget { amount currency } } coverage { budget { included excludedNoAccess excludedNull } }";
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            if eyes.read(Class::Basic).is_empty() {
                continue;
            }
            for (list, type_name) in [("projects", "Project"), ("programs", "Program"), ("portfolioItems", "PortfolioItem")] {
                let document = format!("{{ {list} {{ aggregate {{ {figures} }} groups(by: [{{field: STATE}}]) {{ key {{ state }} {figures} }} }} }}");
                let context = format!("{list} for {who:?}");
                let (data, entries) = answered(&client.query(&document).await, &context);
                assert_eq!(data[list]["aggregate"], due_figures(&eyes, &items(&eyes, type_name)), "{context}");
                let mut groups: BTreeMap<&str, Vec<&portfolio_item::Model>> = BTreeMap::new();
                for item in items(&eyes, type_name) {
                    groups.entry(&item.state).or_default().push(item);
                }
                let due: Vec<Value> = groups.iter().map(|(state, items)| {
                    let mut figures = due_figures(&eyes, items);
                    figures["key"] = json!({ "state": state });
                    figures
                }).collect();
                assert_eq!(data[list]["groups"], json!(due), "{context}");
                let mut told: Vec<&str> = entries.iter().filter_map(|e| e["coordinate"].as_str()).collect();
                told.sort_unstable();
                told.dedup();
                let masked: Vec<String> = ["Max", "Min", "Sum"].iter().map(|part| format!("{type_name}{part}.budget")).collect();
                if eyes.read(Class::Fin).is_empty() {
                    assert_eq!(told, masked, "{context}");
                } else {
                    assert_eq!(entries, [json!(null); 0], "{context}");
                }
            }
            // The same below another row.
            let document = format!("{{ portfolios {{ nodes {{ id projects {{ aggregate {{ {figures} }} }} }} }} }}");
            let (data, _) = answered(&client.query(&document).await, &format!("{who:?}"));
            let due: Vec<Value> = eyes.visible("Portfolio").into_iter().map(|row| {
                let below: Vec<_> = items(&eyes, "Project").into_iter().filter(|i| i.portfolio_id == Some(row.id())).collect();
                json!({ "id": row.wire_id(), "projects": { "aggregate": due_figures(&eyes, &below) } })
            }).collect();
            assert_eq!(data["portfolios"]["nodes"], json!(due), "{who:?}");
        }
    }

    async fn every_figure_of_a_field_that_is_never_readable_is_masked(world: &World) {
        let rows = Rows::load(world).await;
        let (mut masked, mut shown) = (0, 0);
        for who in CAST {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            for entity in app::model().entities.iter().filter(|e| e.plural.is_some() && !eyes.read(e.class).is_empty()) {
                let list = entity.plural.expect("a list");
                // All figures of a list in one document: what is masked is told of each.
                let (mut asked, mut due, mut readable) = (String::new(), vec![], 0);
                for part in ["Sum", "Avg", "Min", "Max", "DistinctCount"] {
                    let prefix = format!("{}{part}.", entity.name);
                    let figure = format!("{}{}", part[..1].to_lowercase(), &part[1..]);
                    let mut fields = String::new();
                    for (coordinate, needs) in super::table::needs().iter().filter(|(c, _)| c.starts_with(&prefix)) {
                        let field = &coordinate[prefix.len()..];
                        let is_money = entity.field(field).is_some_and(|f| matches!(f.kind, Kind::Money { .. })) && part != "DistinctCount";
                        fields.extend([" ", field, if is_money { " { amount }" } else { "" }]);
                        let class = Class::ALL.into_iter().find(|c| c.read().to_string() == *needs).expect("a class");
                        if eyes.read(class).is_empty() {
                            due.push(json!({ "path": [list, "aggregate", figure, field], "coordinate": coordinate, "needs": needs, "reason": "ROLE", "count": 1 }));
                        } else {
                            readable += 1;
                        }
                    }
                    if !fields.is_empty() {
                        asked.extend([" ", figure.as_str(), " {", fields.as_str(), " }"]);
                    }
                }
                if asked.is_empty() {
                    continue;
                }
                let document = format!("{{ {list} {{ aggregate {{{asked} }} }} }}");
                let (data, mut entries) = answered(&client.query(&document).await, &format!("{document} for {who:?}"));
                for entry in &due {
                    let path: Vec<&str> = entry["path"].as_array().expect("a path").iter().filter_map(Value::as_str).skip(2).collect();
                    assert_eq!(data[list]["aggregate"][path[0]][path[1]], Value::Null, "{document} for {who:?}");
                }
                let by_place = |entry: &Value| entry["coordinate"].as_str().map(str::to_owned);
                due.sort_by_key(by_place);
                entries.sort_by_key(by_place);
                assert_eq!(entries, due, "{document} for {who:?}");
                masked += due.len();
                shown += readable;
            }
        }
        assert!(shown > masked, "{shown}");
        assert!(masked >= 60, "{masked}");
    }
}

/// Documents that filter, order or group by a field, each with its variables.
fn attempts(entity: &Entity, field: &Field) -> Vec<(String, Value)> {
    let (name, list) = (entity.name, entity.plural.expect("a list"));
    let nothing = json!({});
    let mut out = vec![];
    let key = entity.fields.iter().find(|f| f.group).map(|f| screaming(f.name));
    let groups = key.map_or("totalCount".to_owned(), |key| format!("groups(by: [{{field: {key}}}]) {{ count }}"));
    if field.filter {
        let (condition, value) = match &field.kind {
            Kind::Many { .. } => ("{isEmpty: true}", json!({ "isEmpty": true })),
            Kind::One { .. } => ("{}", json!({})),
            _ => ("{isNull: false}", json!({ "isNull": false })),
        };
        let f = field.name;
        for filter in [
            format!("{{{f}: {condition}}}"),
            format!("{{not: {{{f}: {condition}}}}}"),
            format!("{{or: [{{id: {{in: []}}}}, {{{f}: {condition}}}]}}"),
            format!("{{and: [{{not: {{not: {{{f}: {condition}}}}}}}]}}"),
        ] {
            for selected in ["__typename", "nodes { id }", "totalCount", "aggregate { count }", &groups] {
                out.push((format!("{{ {list}(filter: {filter}) {{ {selected} }} }}"), nothing.clone()));
            }
        }
        let whole = json!({ "f": { f: value } });
        out.push((format!("query($f: {name}Filter) {{ {list}(filter: $f) {{ totalCount }} }}"), whole.clone()));
        out.push((format!("query($f: {name}Filter) {{ {list}(filter: {{not: $f}}) {{ nodes {{ id }} }} }}"), whole));
        if matches!(field.kind, Kind::Many { .. }) {
            for how in ["some", "every", "none"] {
                out.push((format!("{{ {list}(filter: {{{f}: {{{how}: {{}}}}}}) {{ totalCount }} }}"), nothing.clone()));
            }
        }
        if matches!(field.kind, Kind::Money { .. }) {
            let leaf = format!("query($v: Decimal) {{ {list}(filter: {{{f}: {{gt: $v}}}}) {{ totalCount }} }}");
            out.push((leaf, json!({ "v": "1" })));
        }
        // The same condition from the other end of a link.
        if name == "Project" {
            for how in ["some", "every", "none"] {
                let filter = format!("{{projects: {{{how}: {{{f}: {condition}}}}}}}");
                out.push((format!("{{ portfolios(filter: {filter}) {{ totalCount }} }}"), nothing.clone()));
            }
            let nested =
                format!("{{ portfolios {{ nodes {{ projects(filter: {{{f}: {condition}}}) {{ totalCount }} }} }} }}");
            out.push((nested, nothing.clone()));
        }
        if name == "Portfolio" {
            out.push((
                format!("{{ projects(filter: {{portfolio: {{{f}: {condition}}}}}) {{ totalCount }} }}"),
                nothing.clone(),
            ));
        }
    }
    if field.order {
        let f = field.name;
        for selected in ["nodes { id }", "edges { cursor }"] {
            let first = if entity.keyed { "key" } else { "id" };
            let order = format!("[{{{first}: {{direction: ASC}}}}, {{{f}: {{direction: ASC}}}}]");
            out.push((format!("{{ {list}(orderBy: {order}) {{ {selected} }} }}"), nothing.clone()));
        }
        let order = json!({ "o": [{ f: { "direction": "DESC" } }] });
        out.push((format!("query($o: [{name}Order!]) {{ {list}(orderBy: $o) {{ nodes {{ id }} }} }}"), order));
    }
    if field.group {
        let part = field.name.chars().fold(String::new(), |mut all, c| {
            if c.is_ascii_uppercase() {
                all.push('_');
            }
            all.push(c.to_ascii_uppercase());
            all
        });
        out.push((format!("{{ {list} {{ groups(by: [{{field: {part}}}]) {{ count }} }} }}"), nothing));
    }
    out
}

/// The items of a type that exist for the caller.
fn items<'r>(eyes: &Eyes<'r>, type_name: &str) -> Vec<&'r portfolio_item::Model> {
    let of = |row| match row {
        Row::Item(item) => item,
        _ => panic!("{type_name} rows are no items"),
    };
    eyes.visible(type_name).into_iter().map(of).collect()
}

/// `count`, `sum`, `min`, `max` and `coverage` of budgets over some visible items.
fn due_figures(eyes: &Eyes<'_>, items: &[&portfolio_item::Model]) -> Value {
    let readable: Vec<_> = items.iter().filter(|i| eyes.reads(Class::Fin, Row::Item(i)).is_ok()).collect();
    let mut amounts: BTreeMap<&str, Vec<i128>> = BTreeMap::new();
    for item in &readable {
        if let Some(amount) = item.budget_amount {
            amounts.entry(&item.base_currency).or_default().push(amount.into());
        }
    }
    let included: usize = amounts.values().map(Vec::len).sum();
    let money = |of: fn(&[i128]) -> i128| {
        let each: Vec<Value> = amounts
            .iter()
            .map(|(currency, amounts)| json!({ "amount": decimal(of(amounts)), "currency": currency }))
            .collect();
        // Never readable is masked; readable on no row is an empty list.
        if eyes.read(Class::Fin).is_empty() { Value::Null } else { json!(each) }
    };
    json!({
        "count": items.len(),
        "sum": { "budget": money(|a| a.iter().sum()) },
        "min": { "budget": money(|a| a.iter().copied().min().unwrap_or_default()) },
        "max": { "budget": money(|a| a.iter().copied().max().unwrap_or_default()) },
        "coverage": { "budget": {
            "included": included,
            "excludedNoAccess": items.len() - readable.len(),
            "excludedNull": readable.len() - included,
        } },
    })
}

async fn check(client: &Client, list: &str, condition: &str, due: &[String], who: Who) {
    let document = format!("{{ {list}(first: 1000, filter: {condition}) {{ nodes {{ id }} totalCount }} }}");
    let context = format!("{document} for {who:?}");
    let (data, _) = answered(&client.query(&document).await, &context);
    assert_eq!(ids(&data[list]["nodes"]), due, "{context}");
    assert_eq!(data[list]["totalCount"], json!(due.len()), "{context}");
}

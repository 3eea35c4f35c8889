//! What stands in a file: rows, columns and values, for everybody.

use std::{collections::BTreeSet, fmt::Write as _};

use entity::portfolio_item;
use foliograph::{
    app,
    auth::Role,
    graph::{
        decl::{Entity, Field, Kind, Scalar},
        flat::column_names,
    },
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Map, Value, json};

use super::{datasets, escaped, lines, table};
use crate::{
    permissions::{
        cast::{CAST, STRANGER, answered},
        expected::{Eyes, Rows, Seen, class_of_type},
    },
    support::{client::Client, golden},
};

/// A column as these tests derive it: its name, its field, and how it is taken from what GraphQL answers.
struct Due {
    name: String,
    field: &'static Field,
    pointer: String,
    is_text: bool,
}

tests! {
    async fn every_dataset_holds_what_graphql_answers(world: &World) {
        let rows = Rows::complete(world).await;
        let (mut compared, mut masks) = (0, 0);
        for (number, who) in CAST.iter().enumerate() {
            let (client, eyes) = (who.client(world).await, who.eyes(&rows));
            for (dataset, entity) in datasets() {
                // What is large is looked at by every fifth of them: it would take minutes otherwise.
                if number % 5 != 0 && rows.of(entity.name).len() > 100 {
                    continue;
                }
                let context = format!("{dataset} for {who:?}");
                let address = format!("/export/v1/{dataset}.jsonl");
                let reply = client.get(&address).await;
                if eyes.read(entity.class).is_empty() {
                    assert_eq!((reply.status.as_u16(), reply.error_codes()), (403, vec!["FORBIDDEN".to_owned()]), "{context}");
                    continue;
                }
                let due: Vec<Due> = due(entity).into_iter().filter(|due| !is_denied(due, entity, &eyes)).collect();
                let nodes = nodes(&client, dataset, entity).await;
                let visible = eyes.visible(entity.name);
                assert_eq!(nodes.len(), visible.len(), "{context}");
                let varies = due.iter().any(|due| varies(due, entity, &eyes));
                let expected: Vec<String> = nodes.iter().zip(&visible).map(|(node, row)| {
                    let mut masked: Vec<&str> = vec![];
                    let mut line = String::from("{");
                    for due in &due {
                        let value = node.pointer(&due.pointer).unwrap_or(&Value::Null);
                        let member = concrete(entity, &node["__typename"]);
                        let field = member.field(due.field.name).expect("a field");
                        if let Seen::Masked(_) = eyes.field(member, field, *row) {
                            assert_eq!(*value, Value::Null, "{context} {}", due.name);
                            masked.push(&due.name);
                        }
                        let _ = write!(line, "{}\"{}\":{value}", if line.len() > 1 { "," } else { "" }, due.name);
                    }
                    masks += masked.len();
                    if varies {
                        let _ = write!(line, ",\"maskedColumns\":{}", json!(masked));
                    }
                    line + "}"
                }).collect();
                let found: Vec<&str> = reply.text().lines().collect();
                assert_eq!(lines(&reply).len(), expected.len(), "{context}");
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found, expected, "{context}");
                    compared += 1;
                }
                let csv = client.get(&format!("/export/v1/{dataset}.csv")).await;
                assert_eq!(table(&csv), as_table(&due, varies, &lines(&reply)), "{context}");
            }
        }
        assert!(compared > 1_500 && masks > 100, "{compared} rows, {masks} masks");
    }

    async fn columns_stand_in_a_stable_order(world: &World) {
        let mut out = String::from(
            "# Columns of each dataset in the order of files, and which of them a role alone never gets. Made by the tests; see export/contents.rs.\n",
        );
        for (dataset, entity) in datasets() {
            let all = column_names(app::model(), dataset).expect("a dataset");
            let names: Vec<String> = due(entity).into_iter().map(|due| due.name).collect();
            assert_eq!(all, names, "{dataset}");
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{dataset} has a column twice");
            assert!(!all.iter().any(|name| name == "maskedColumns"), "{dataset}");
            let _ = writeln!(out, "\n{dataset}: {}", all.join(","));
            for role in Role::ALL {
                let reply = world.client_as(STRANGER, &[role]).await.get(&format!("/export/v1/{dataset}.csv")).await;
                let line = if reply.status == 403 {
                    "may not export it".to_owned()
                } else {
                    let (header, _) = table(&reply);
                    let absent: Vec<&str> = all.iter().filter(|name| !header.contains(name)).map(String::as_str).collect();
                    let extra: Vec<&str> = header.iter().filter(|name| !all.contains(name)).map(String::as_str).collect();
                    let kept: Vec<&String> = all.iter().filter(|name| header.contains(name)).collect();
                    assert_eq!(header.iter().take(kept.len()).collect::<Vec<_>>(), kept, "{dataset} for {role:?}");
                    match (absent.as_slice(), extra.as_slice()) {
                        ([], []) => continue,
                        (absent, []) => format!("without {}", absent.join(",")),
                        ([], extra) => format!("with {}", extra.join(",")),
                        (absent, extra) => format!("without {} with {}", absent.join(","), extra.join(",")),
                    }
                };
                let _ = writeln!(out, "  {} {line}", role.as_str());
            }
        }
        golden::check("tests/api/exports.txt", &out);
    }

    async fn columns_are_chosen_and_ordered_by_name(world: &World) {
        let client = world.reader().await;
        let all = lines(&client.get("/export/v1/projects.jsonl").await);
        let asked = ["budgetAmount", "key", "ownerKey", "name"];
        let reply = client.get(&format!("/export/v1/projects.jsonl?columns={}", asked.join(","))).await;
        for (line, whole) in reply.text().lines().zip(&all) {
            let due: Vec<String> = asked.iter().map(|name| format!("\"{name}\":{}", whole[*name])).collect();
            assert_eq!(line, format!("{{{}}}", due.join(",")));
        }
        assert_eq!(lines(&reply).len(), all.len());
        let (header, records) = table(&client.get("/export/v1/projects.csv?columns=name,%20key").await);
        assert_eq!((header, records.len()), (vec!["name".to_owned(), "key".to_owned()], all.len()));
    }

    async fn the_column_of_masks_is_there_only_where_a_right_varies(world: &World) {
        let manager = world.client_as("marc.dubois", &[Role::ProjectManager]).await;
        let rows = lines(&manager.get("/export/v1/projects.jsonl?columns=key,budgetCurrency").await);
        let masked: Vec<_> = rows.iter().filter(|row| row["maskedColumns"] == json!(["budgetCurrency"])).collect();
        let shown: Vec<_> = rows.iter().filter(|row| row["maskedColumns"] == json!([])).collect();
        assert!(!masked.is_empty() && !shown.is_empty() && masked.len() + shown.len() == rows.len(), "{rows:?}");
        assert!(masked.iter().all(|row| row["budgetCurrency"].is_null()));
        let (header, records) = table(&manager.get("/export/v1/projects.csv?columns=key,budgetAmount,budgetCurrency").await);
        assert_eq!(header.last().expect("a column"), "maskedColumns");
        assert_eq!(records.iter().filter(|record| record[3] == "budgetAmount budgetCurrency").count(), masked.len());
        let (header, _) = table(&manager.get("/export/v1/projects.csv?columns=key,name").await);
        assert_eq!(header, ["key", "name"]);
        let (header, _) = table(&world.reader().await.get("/export/v1/projects.csv").await);
        assert!(!header.contains(&"maskedColumns".to_owned()), "{header:?}");
    }

    async fn filters_are_those_of_graphql(world: &World) {
        let mut narrowed = 0;
        for (subject, role) in [("reader", Role::PmoLead), ("marc.dubois", Role::ProjectManager), ("helen.ashworth", Role::Sponsor)] {
            let client = world.client_as(subject, &[role]).await;
            let all = lines(&client.get("/export/v1/projects.jsonl?columns=key").await).len();
            for filter in [
                json!({}),
                json!({ "state": { "in": ["ACTIVE", "CLOSED"] } }),
                json!({ "name": { "contains": "a", "mode": "INSENSITIVE" }, "not": { "state": { "eq": "CLOSED" } } }),
                json!({ "or": [{ "plannedStartOn": { "gte": "2026-01-01" } }, { "priority": { "lte": 2 } }] }),
                json!({ "owner": { "isActive": { "eq": true } }, "portfolio": { "name": { "contains": "e" } } }),
                json!({ "budget": { "gt": "100000", "currency": "EUR" } }),
                json!({ "not": { "not": { "not": { "not": { "not": { "key": { "eq": "PR-001" } } } } } } }),
            ] {
                let reply = client.query_with("query($f: ProjectFilter) { projects(filter: $f, first: 1000) { nodes { key } } }", json!({ "f": filter })).await;
                let due = reply.data()["projects"]["nodes"].take();
                let given = escaped(&filter.to_string());
                let found = lines(&client.get(&format!("/export/v1/projects.jsonl?columns=key&filter={given}")).await);
                assert_eq!(json!(found), due, "{filter} for {subject}");
                narrowed += usize::from(!found.is_empty() && found.len() < all);
                // A filter as deep as may be and an instant go together.
                let both = client.get(&format!("/export/v1/projects.jsonl?columns=key&changedSince=1970-01-01T00:00:00Z&filter={given}")).await;
                assert_eq!(json!(lines(&both)), due, "{filter} for {subject}");
            }
        }
        assert!(narrowed > 8, "{narrowed}");
    }

    async fn rows_changed_since_an_instant_are_those_of_that_instant_and_later(world: &World) {
        let db = world.database().await.orm;
        let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).expect("an instant").to_utc();
        for (key, instant) in [("PR-001", "2026-05-01T10:00:00Z"), ("PR-002", "2026-05-01T09:59:59.999Z"), ("PR-003", "2026-05-01T10:00:00.001Z")] {
            portfolio_item::Entity::update_many().col_expr(portfolio_item::Column::UpdatedAt, Expr::value(at(instant)))
                .filter(portfolio_item::Column::Key.eq(key)).exec(&db).await.expect("changed");
        }
        let client = world.reader().await;
        for (since, due) in [
            ("2026-05-01T10:00:00Z", vec!["PR-001", "PR-003"]),
            ("2026-05-01T12:00:00%2B02:00", vec!["PR-001", "PR-003"]),
            ("2026-05-01T10:00:00.001Z", vec!["PR-003"]),
            ("2026-05-01T10:00:00.002Z", vec![]),
        ] {
            let reply = client.get(&format!("/export/v1/projects.jsonl?columns=key&changedSince={since}")).await;
            let mut found: Vec<String> = lines(&reply).iter().map(|row| row["key"].as_str().expect("a key").to_owned()).collect();
            found.sort();
            assert_eq!(found, due, "{since}");
        }
        let (header, records) = table(&client.get("/export/v1/projects.csv?changedSince=2027-01-01T00:00:00Z").await);
        assert!(header.len() > 30 && records.is_empty(), "a header stands above no rows too");
    }

    async fn text_is_text_in_every_reader(world: &World) {
        let db = world.database().await.orm;
        let names = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "say \"no\"", "a,b;c", "two\nlines", "two\r\nlines", "Zürich → 東京 🚧", " spaced ", "back\\slash", "'quoted", "null", ""];
        let keys: Vec<String> = (1..=names.len()).map(|n| format!("PR-{n:03}")).collect();
        for (key, name) in keys.iter().zip(names) {
            portfolio_item::Entity::update_many().col_expr(portfolio_item::Column::Name, Expr::value(name))
                .filter(portfolio_item::Column::Key.eq(key)).exec(&db).await.expect("named");
        }
        let client = world.reader().await;
        let filter = escaped(&json!({ "key": { "in": keys } }).to_string());
        let csv = client.get(&format!("/export/v1/projects.csv?columns=key,name&filter={filter}")).await;
        let (_, records) = table(&csv);
        let exact = lines(&client.get(&format!("/export/v1/projects.jsonl?columns=key,name&filter={filter}")).await);
        assert_eq!((records.len(), exact.len()), (names.len(), names.len()));
        for (record, row) in records.iter().zip(&exact) {
            let name = names[keys.iter().position(|key| *key == record[0]).expect("a key")];
            let due = if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{name}") } else { name.to_owned() };
            assert_eq!((record[1].as_str(), &row["name"]), (due.as_str(), &json!(name)), "{name:?}");
        }
        assert!(csv.text().contains("PR-001,'=1+1\r\n") && csv.text().contains("PR-016,\"\"\r\n"), "{}", csv.text());
        assert!(!csv.bytes.starts_with(&[0xef, 0xbb, 0xbf]), "no byte order mark");

        // Null is empty; alone in its line it still is a line.
        portfolio_item::Entity::update_many().col_expr(portfolio_item::Column::BudgetAmount, Expr::value(125_000_i64))
            .col_expr(portfolio_item::Column::Category, Expr::value(Option::<String>::None))
            .filter(portfolio_item::Column::Key.eq("PR-001")).exec(&db).await.expect("changed");
        let one = escaped(&json!({ "key": { "eq": "PR-001" } }).to_string());
        for (columns, due) in [("budgetAmount,category,key", "12.5,,PR-001"), ("category", "\"\""), ("category,category2", "")] {
            let reply = client.get(&format!("/export/v1/projects.csv?columns={columns}&filter={one}")).await;
            if due.is_empty() {
                assert_eq!(reply.status, 400);
            } else {
                assert_eq!(reply.text(), format!("{columns}\r\n{due}\r\n"));
            }
        }
    }
}

/// The columns of an entity, as the README has them.
fn due(entity: &'static Entity) -> Vec<Due> {
    let mut out = vec![];
    for field in &entity.fields {
        let name = field.name;
        let mut add = |ending: &str, pointer: &str, is_text| {
            out.push(Due { name: format!("{name}{ending}"), field, pointer: format!("/{name}{pointer}"), is_text });
        };
        match &field.kind {
            Kind::Id => {
                add("", "", false);
                if !entity.members.is_empty() {
                    out.push(Due { name: "type".into(), field, pointer: "/__typename".into(), is_text: false });
                }
            }
            Kind::Enum { .. } | Kind::Enums { .. } | Kind::Texts { .. } => add("", "", false),
            Kind::Scalar { ty, .. } => {
                add("", "", matches!(ty, Scalar::String | Scalar::Email | Scalar::Url | Scalar::CurrencyCode));
            }
            Kind::Money { .. } => {
                add("Amount", "/amount", false);
                add("Currency", "/currency", false);
            }
            Kind::One { to, .. } => {
                add("Id", "/id", false);
                if app::model().entity(to).field("key").is_some() {
                    add("Key", "/key", true);
                }
            }
            Kind::Union { .. } => {
                add("Type", "/__typename", false);
                add("Id", "/id", false);
            }
            Kind::Many { .. } | Kind::ViewerAccess | Kind::Trail { .. } | Kind::Answer(_) => {}
        }
    }
    out
}

fn is_denied(due: &Due, entity: &Entity, eyes: &Eyes<'_>) -> bool {
    match &due.field.kind {
        Kind::One { to, .. } => eyes.read(class_of_type(to)).is_empty(),
        Kind::Union { .. } => false,
        _ => eyes.read(entity.class_of(due.field)).is_empty(),
    }
}

fn varies(due: &Due, entity: &Entity, eyes: &Eyes<'_>) -> bool {
    let is_link = matches!(due.field.kind, Kind::One { .. } | Kind::Union { .. });
    let class = entity.class_of(due.field);
    // Everybody sees resources, whatever makes her read something.
    let is_covered = entity.name != "Resource" && eyes.read(class).covers(eyes.read(entity.class));
    !is_link && class != entity.class && !is_covered && !eyes.read(class).is_all()
}

fn concrete(entity: &'static Entity, type_name: &Value) -> &'static Entity {
    if entity.members.is_empty() { entity } else { app::model().entity(type_name.as_str().expect("a type")) }
}

/// All nodes of a list with all that columns are taken from, in the order of ids.
async fn nodes(client: &Client, list: &str, entity: &'static Entity) -> Vec<Value> {
    let fields: Vec<String> = entity
        .fields
        .iter()
        .filter_map(|field| {
            let name = field.name;
            match &field.kind {
                Kind::Id | Kind::Scalar { .. } | Kind::Enum { .. } | Kind::Enums { .. } | Kind::Texts { .. } => {
                    Some(name.to_owned())
                }
                Kind::Money { .. } => Some(format!("{name} {{ amount currency }}")),
                Kind::One { to, .. } if app::model().entity(to).field("key").is_some() => {
                    Some(format!("{name} {{ id key }}"))
                }
                Kind::One { .. } => Some(format!("{name} {{ id }}")),
                Kind::Union { .. } => Some(format!("{name} {{ __typename ... on Node {{ id }} }}")),
                Kind::Many { .. } | Kind::ViewerAccess | Kind::Trail { .. } | Kind::Answer(_) => None,
            }
        })
        .collect();
    let document = format!(
        "query($after: Cursor) {{ {list}(first: 1000, after: $after) {{ nodes {{ __typename {} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        fields.join(" ")
    );
    let (mut nodes, mut after) = (vec![], Value::Null);
    loop {
        let (mut data, _) = answered(&client.query_with(&document, json!({ "after": after })).await, list);
        nodes.extend(data[list]["nodes"].as_array_mut().map(std::mem::take).expect("nodes"));
        if data[list]["pageInfo"]["hasNextPage"] == false {
            return nodes;
        }
        after = data[list]["pageInfo"]["endCursor"].clone();
    }
}

/// What the CSV should hold where the JSON Lines hold these rows.
fn as_table(due: &[Due], varies: bool, rows: &[Map<String, Value>]) -> (Vec<String>, Vec<Vec<String>>) {
    let cell = |due: &Due, value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) if due.is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        Value::Array(names) => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str().expect("a name")).collect();
            names.join(" ")
        }
        other => other.to_string(),
    };
    let masked = |row: &Map<String, Value>| {
        let names = row["maskedColumns"].as_array().expect("names").iter().map(|name| name.as_str().expect("a name"));
        names.collect::<Vec<_>>().join(" ")
    };
    let header = due.iter().map(|due| due.name.clone()).chain(varies.then(|| "maskedColumns".to_owned()));
    let record = |row: &Map<String, Value>| {
        let cells = due.iter().map(|due| cell(due, &row[&due.name]));
        cells.chain(varies.then(|| masked(row))).collect()
    };
    (header.collect(), rows.iter().map(record).collect())
}

//! Figures and groups against whole-number arithmetic over the rows, and the server's own facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use foliograph::{auth::Role, graph::encode_id};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    client::Client,
    facts::{Facts, Item, decimal},
};

const MONEY: &str = "budget { currency amount }";

tests! {
    async fn figures_over_all_rows_are_exact(world: &World) {
        odd_budgets(world).await;
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let projects = facts.projects();
        let expected = aggregate(&projects);
        let document = format!("{{ projects {{ totalCount aggregate {{ {} }} }} }}", all_figures());
        let data = client.query(&document).await.data();
        assert_eq!(data["projects"], json!({ "totalCount": projects.len(), "aggregate": expected }));

        let active: Vec<Item> = projects.into_iter().filter(|p| p.state == "ACTIVE" && p.base_currency != "USD").collect();
        let document = format!("query($f: ProjectFilter) {{ projects(first: 1, filter: $f) {{ nodes {{ id }} aggregate {{ {} }} }} }}", all_figures());
        let filter = json!({ "state": { "eq": "ACTIVE" }, "baseCurrency": { "neq": "USD" } });
        assert_eq!(client.query_with(&document, json!({ "f": filter })).await.data()["projects"]["aggregate"], aggregate(&active));
    }

    async fn figures_over_no_rows_are_zero_or_nothing(world: &World) {
        let client = world.reader().await;
        let document = format!("{{ projects(filter: {{ key: {{ in: [] }} }}) {{ aggregate {{ {} }} groups(by: [{{ field: STATE }}]) {{ count }} }} }}", all_figures());
        let data = client.query(&document).await.data();
        assert_eq!(data["projects"], json!({ "aggregate": aggregate(&[]), "groups": [] }));
    }

    async fn figures_of_nested_lists_are_those_of_their_parent(world: &World) {
        odd_budgets(world).await;
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let document = format!(
            "{{ people(first: 1000) {{ nodes {{ id managedProjects(first: 1) {{ totalCount aggregate {{ {} }} groups(by: [{{ field: STATE }}]) {{ key {{ state }} count sum {{ {MONEY} }} }} last: groups(by: [{{ field: STATE }}, {{ field: CATEGORY }}], first: 2, orderBy: [{{ key: DESC }}]) {{ key {{ state category }} count }} }} }} }} }}",
            all_figures(),
        );
        let data = client.query(&document).await.data();
        let mut cut = 0;
        for (person, node) in facts.people.iter().zip(data["people"]["nodes"].as_array().expect("people")) {
            let managed: Vec<Item> = facts.projects().into_iter().filter(|p| p.project_manager_id == Some(person.id)).collect();
            let groups = grouped(&managed, |p| vec![Some(p.state.clone())]);
            let groups: Vec<Value> = groups.iter().map(|(key, rows)| json!({ "key": { "state": key[0] }, "count": rows.len(), "sum": { "budget": sums(rows) } })).collect();
            // Descending, and what has no category last, as everywhere.
            let mut last = grouped(&managed, |p| vec![Some(p.state.clone()), p.category.clone()]);
            last.sort_by_key(|(key, _)| (std::cmp::Reverse(key[0].clone()), key[1].is_none(), std::cmp::Reverse(key[1].clone())));
            cut += last.len().saturating_sub(2);
            let last: Vec<Value> = last.iter().take(2).map(|(key, rows)| json!({ "key": { "state": key[0], "category": key[1] }, "count": rows.len() })).collect();
            let expected = json!({ "totalCount": managed.len(), "aggregate": aggregate(&managed), "groups": groups, "last": last });
            assert_eq!((&node["id"], &node["managedProjects"]), (&json!(encode_id("per", person.id)), &expected));
        }
        assert!(cut > 0, "nobody has more groups than are asked for");
    }

    async fn groups_by_fields_and_links_are_exact(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let rows = facts.projects();
        for (field, key, of) in [
            ("STATE", "state", (|p| Some(p.state.clone())) as fn(&Item) -> Option<String>),
            ("CATEGORY", "category", |p| p.category.clone()),
            ("METHODOLOGY", "methodology", |p| p.methodology.clone()),
            ("PROJECT_TYPE", "projectType", |p| p.project_type.clone()),
            ("BASE_CURRENCY", "baseCurrency", |p| Some(p.base_currency.clone())),
        ] {
            let document = format!("{{ projects {{ groups(by: [{{ field: {field} }}]) {{ key {{ {key} }} {} }} }} }}", all_figures());
            let expected: Vec<Value> = grouped(&rows, |p| vec![of(p)]).iter().map(|(group, rows)| {
                let mut figures = json!({ "key": { key: group[0] } });
                figures.as_object_mut().expect("an object").extend(aggregate(rows).as_object().expect("an object").clone());
                figures
            }).collect();
            assert_eq!(client.query(&document).await.data()["projects"]["groups"], json!(expected), "{field}");
        }
        let priorities = client.query("{ projects { groups(by: [{ field: PRIORITY }]) { key { priority } count } } }").await.data();
        let expected: Vec<Value> = grouped(&rows, |p| vec![p.priority.map(|n| n.to_string())]).iter().map(|(_, rows)| json!({ "key": { "priority": rows[0].priority }, "count": rows.len() })).collect();
        assert_eq!(priorities["projects"]["groups"], json!(expected));
        for (field, key, of) in [
            ("PORTFOLIO", "portfolio", (|p| p.portfolio_id) as fn(&Item) -> Option<Uuid>),
            ("ORG_UNIT", "orgUnit", |p| p.org_unit_id),
            ("SPONSOR", "sponsor", |p| p.sponsor_id),
            ("PROJECT_MANAGER", "projectManager", |p| p.project_manager_id),
            ("PARENT", "parent", |p| p.parent_id),
        ] {
            let document = format!("{{ projects {{ groups(by: [{{ field: {field} }}]) {{ key {{ {key} {{ key __typename }} }} count sum {{ {MONEY} }} }} }} }}");
            let name = |id: Option<Uuid>| {
                let item = facts.items.iter().find(|i| Some(i.id) == id).map(|i| (i.key.clone(), match i.kind.as_str() { "PORTFOLIO" => "Portfolio", "PROGRAM" => "Program", _ => "Project" }));
                let unit = facts.units.iter().find(|u| Some(u.id) == id).map(|u| (u.key.clone(), "OrgUnit"));
                let person = facts.people.iter().find(|p| Some(p.id) == id).map(|p| (p.key.clone(), "Person"));
                item.or(unit).or(person).map(|(key, ty)| json!({ "key": key, "__typename": ty }))
            };
            // A link to what cannot be seen is no link.
            let expected: Vec<Value> = grouped(&rows, |p| vec![of(p).filter(|id| name(Some(*id)).is_some()).map(|id| id.to_string())]).iter()
                .map(|(group, rows)| json!({ "key": { key: name(group[0].as_ref().map(|id| id.parse().expect("an id"))) }, "count": rows.len(), "sum": { "budget": sums(rows) } })).collect();
            assert_eq!(client.query(&document).await.data()["projects"]["groups"], json!(expected), "{field}");
        }
    }

    async fn sums_of_whole_numbers_are_exact_by_resource_and_month(world: &World) {
        let client = world.client_as("lead", &[Role::PmoLead]).await;
        let figures = "count sum { minutes } avg { minutes } coverage { minutes { included excludedNull excludedNoAccess } }";
        let document = format!(
            "{{ all: allocations(first: 1000) {{ totalCount nodes {{ resource {{ key }} startOn minutes }} aggregate {{ {figures} }} }} \
             none: allocations(filter: {{ minutes: {{ lt: 0 }} }}) {{ aggregate {{ {figures} }} }} \
             cells: allocations {{ groups(by: [{{ field: RESOURCE }}, {{ time: {{ field: START_ON, bucket: MONTH }} }}], first: 1000) {{ key {{ resource {{ key }} startOn }} {figures} }} }} \
             months: allocations {{ groups(by: [{{ time: {{ field: START_ON, bucket: MONTH }} }}]) {{ key {{ startOn }} {figures} }} }} }}"
        );
        let data = client.query(&document).await.data();
        let rows = data["all"]["nodes"].as_array().expect("rows");
        assert!(rows.len() > 20 && data["all"]["totalCount"] == json!(rows.len()), "{}", data["all"]["totalCount"]);
        assert_eq!(data["all"]["aggregate"], minutes(&rows.iter().collect::<Vec<_>>()));
        assert_eq!(data["none"]["aggregate"], minutes(&[]));
        let month = |row: &Value| format!("{}-01", &row["startOn"].as_str().expect("a day")[..7]);
        let mut by_month: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        let mut cells: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
        for row in rows {
            by_month.entry(month(row)).or_default().push(row);
            cells.entry((row["resource"]["key"].as_str().expect("a key").to_owned(), month(row))).or_default().push(row);
        }
        let with_key = |key: Value, rows: &[&Value]| {
            let mut figures = minutes(rows);
            figures["key"] = key;
            figures
        };
        let expected: Vec<Value> = by_month.iter().map(|(month, rows)| with_key(json!({ "startOn": month }), rows)).collect();
        assert_eq!(data["months"]["groups"], json!(expected));
        let found = data["cells"]["groups"].as_array().expect("groups");
        let named = |group: &Value| (group["key"]["resource"]["key"].to_string(), group["key"]["startOn"].to_string());
        let found: BTreeMap<_, &Value> = found.iter().map(|group| (named(group), group)).collect();
        let expected: Vec<Value> = cells.iter().map(|((resource, month), rows)| with_key(json!({ "resource": { "key": resource }, "startOn": month }), rows)).collect();
        assert_eq!(found, expected.iter().map(|group| (named(group), group)).collect());

        // Who does not read the work of a row learns nothing of it from a sum.
        let money = world.client_as("money", &[Role::Finance]).await;
        let answer = money.query("{ allocations { aggregate { count sum { minutes } avg { minutes } } } }").await;
        let figures = &answer.json()["data"]["allocations"]["aggregate"];
        assert!(figures["count"] == json!(0) || figures["sum"]["minutes"].is_null(), "{figures}");
    }

    async fn groups_by_spans_of_time_are_exact(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let rows = facts.projects();
        for (bucket, first) in [
            ("DAY", (|d| d) as fn(NaiveDate) -> NaiveDate),
            ("WEEK", |d| d - chrono::Days::new(u64::from(d.weekday().num_days_from_monday()))),
            ("MONTH", |d| d.with_day(1).expect("a day")),
            ("QUARTER", |d| NaiveDate::from_ymd_opt(d.year(), (d.month0() / 3) * 3 + 1, 1).expect("a day")),
            ("YEAR", |d| NaiveDate::from_ymd_opt(d.year(), 1, 1).expect("a day")),
        ] {
            for (field, key, of) in [
                ("FORECAST_FINISH_ON", "forecastFinishOn", (|p| p.forecast_finish_on) as fn(&Item) -> Option<NaiveDate>),
                ("PLANNED_START_ON", "plannedStartOn", |p| p.planned_start_on),
            ] {
                let document = format!("{{ projects {{ groups(by: [{{ time: {{ field: {field}, bucket: {bucket} }} }}]) {{ key {{ {key} }} count sum {{ {MONEY} }} }} }} }}");
                let expected: Vec<Value> = grouped(&rows, |p| vec![of(p).map(|d| first(d).to_string())]).iter()
                    .map(|(group, rows)| json!({ "key": { key: group[0] }, "count": rows.len(), "sum": { "budget": sums(rows) } })).collect();
                assert_eq!(client.query(&document).await.data()["projects"]["groups"], json!(expected), "{bucket} of {field}");
            }
        }
    }

    async fn groups_by_several_keys_are_exact_and_ordered(world: &World) {
        let facts = Facts::read(world).await;
        let client = world.reader().await;
        let rows = facts.projects();
        let groups = grouped(&rows, |p| vec![Some(p.state.clone()), p.category.clone(), p.forecast_finish_on.map(|d| format!("{}-01-01", d.year()))]);
        let by = "by: [{ field: STATE }, { field: CATEGORY }, { time: { field: FORECAST_FINISH_ON, bucket: YEAR } }]";
        let show = |(key, rows): &(Vec<Option<String>>, Vec<Item>)| json!({ "key": { "state": key[0], "category": key[1], "forecastFinishOn": key[2] }, "count": rows.len() });
        let ask = async |arguments: &str| {
            let document = format!("{{ projects {{ groups({by}{arguments}) {{ key {{ state category forecastFinishOn }} count }} }} }}");
            client.query(&document).await.data()["projects"]["groups"].take()
        };
        assert_eq!(ask("").await, groups.iter().map(show).collect::<Value>());
        assert_eq!(ask(", orderBy: [{ key: ASC }]").await, groups.iter().map(show).collect::<Value>());
        assert_eq!(ask(", first: 3").await, groups.iter().take(3).map(show).collect::<Value>());
        assert_eq!(ask(", first: 0").await, json!([]));
        let mut by_count = groups.clone();
        by_count.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        assert_eq!(ask(", orderBy: [{ count: DESC }]").await, by_count.iter().map(show).collect::<Value>());
        by_count.sort_by_key(|(_, rows)| rows.len());
        let mut least = groups.clone();
        least.sort_by_key(|(_, rows)| rows.len());
        assert_eq!(ask(", orderBy: [{ count: ASC }], first: 5").await, least.iter().take(5).map(show).collect::<Value>());
    }

    async fn more_than_a_thousand_groups_are_refused_unless_asked_for(world: &World) {
        let database = world.database().await.orm;
        let sample = Facts::read(world).await.project("PR-060").clone();
        let first = NaiveDate::from_ymd_opt(2030, 1, 1).expect("a day");
        let rows = (0..1_001_u32).map(|i| {
            let mut row = sample.clone();
            (row.id, row.key, row.actual_start_on) = (Uuid::from_u128(u128::from(i)), format!("G-{i}"), Some(first + chrono::Days::new(u64::from(i))));
            row.into_active_model()
        });
        for chunk in rows.collect::<Vec<_>>().chunks(200) {
            entity::portfolio_item::Entity::insert_many(chunk.to_vec()).exec_without_returning(&database).await.expect("rows");
        }
        let client = world.reader().await;
        let groups = |more: &str| format!("{{ projects(filter: {{ key: {{ startsWith: \"G-\" }} }}) {{ groups(by: [{{ time: {{ field: ACTUAL_START_ON, bucket: DAY }} }}]{more}) {{ count }} }} people(first: 1) {{ totalCount }} }}");
        let reply = client.query(&groups("")).await;
        assert_eq!((reply.error_codes(), reply.at("/data/projects")), (vec!["RESULT_TOO_LARGE".to_owned()], Value::Null));
        assert!(reply.at("/data/people/totalCount").is_number());
        assert_eq!(client.query(&groups(", first: 1000")).await.at("/data/projects/groups").as_array().map(Vec::len), Some(1_000));
        assert_eq!(client.query(&groups(", first: 1001")).await.error_codes(), ["PAGE_SIZE_TOO_LARGE"]);
        let years = groups("").replace("DAY", "YEAR");
        assert_eq!(client.query(&years).await.at("/data/projects/groups").as_array().map(Vec::len), Some(3));
    }

    async fn sums_beyond_sixty_four_bits_are_exact(world: &World) {
        let database = world.database().await.orm;
        let most = 9_200_000_000_000_000_000_i64;
        for item in Facts::read(world).await.projects() {
            let mut row = item.into_active_model();
            (row.budget_amount, row.base_currency) = (Set(Some(most)), Set("EUR".to_owned()));
            row.update(&database).await.expect("updated");
        }
        let facts = Facts::read(world).await;
        let document = format!("{{ projects {{ aggregate {{ sum {{ {MONEY} }} avg {{ {MONEY} }} }} }} }}");
        let data = world.reader().await.query(&document).await.data();
        let count = i128::try_from(facts.projects().len()).expect("a count");
        let money = |n: i128| json!({ "budget": [{ "currency": "EUR", "amount": decimal(n) }] });
        assert_eq!(data["projects"]["aggregate"], json!({ "sum": money(i128::from(most) * count), "avg": money(most.into()) }));
    }

    async fn a_group_is_asked_by_one_to_four_keys(world: &World) {
        let client = world.reader().await;
        let ask = async |by: &str| client.query(&format!("{{ projects {{ groups(by: {by}) {{ count }} }} }}")).await;
        for bad in ["[{}]", "[{ field: STATE, time: { field: CREATED_AT, bucket: DAY } }]", "[{ field: NAME }]", "[{ field: BUDGET }]", "[{ time: { field: STATE, bucket: DAY } }]", "[{ time: { field: PLANNED_START_ON } }]", "[{ field: STATE }, { field: STATE }, { field: STATE }, { field: STATE }, { field: STATE }]", "[]", "null", "[null]"] {
            let reply = ask(bad).await;
            assert_eq!(reply.error_codes(), ["GRAPHQL_VALIDATION_FAILED"], "{bad}: {}", reply.text());
        }
        let one = ask("{ field: STATE }").await;
        assert_eq!(one.data(), ask("[{ field: STATE }]").await.data());
        let variable = client.query_with("query($b: [ProjectGroupBy!]!) { projects { groups(by: $b) { count } } }", json!({ "b": { "field": "STATE" } })).await;
        assert_eq!(one.data(), variable.data());
    }

    async fn the_viewer_is_who_asks(world: &World) {
        let client = world.client_as("anna.keller", &[]).await;
        let viewer = client.query("{ viewer { subject roles expiresAt person { key displayName orgUnit { key } } permissions { permission scopes } __typename } }").await.data()["viewer"].take();
        assert_eq!((&viewer["subject"], &viewer["roles"], &viewer["__typename"]), (&json!("anna.keller"), &json!(["PMO_LEAD"]), &json!("Viewer")));
        assert_eq!((&viewer["person"]["key"], &viewer["expiresAt"]), (&json!("anna.keller"), &json!("2026-03-02T13:00:00.000Z")));
        let permissions = viewer["permissions"].as_array().expect("permissions");
        assert!(permissions.contains(&json!({ "permission": "FIN_READ", "scopes": ["ALL"] })), "{viewer:#}");
        let nobody = world.client_as("nobody", &[Role::Analyst]).await.query("{ viewer { person { key } roles } }").await;
        assert_eq!(nobody.data()["viewer"], json!({ "person": null, "roles": ["ANALYST"] }));
    }

    async fn the_permission_matrix_is_the_same_for_everyone(world: &World) {
        let document = "{ permissionMatrix { grants { role permission scopes } fields { coordinate needs } } }";
        let lead = world.reader().await.query(document).await.data();
        assert_eq!(world.client_as("nobody", &[]).await.query(document).await.data(), lead);
        let fields = lead["permissionMatrix"]["fields"].as_array().expect("fields");
        assert!(fields.contains(&json!({ "coordinate": "Project.budget", "needs": "FIN_READ" })));
        let needs = foliograph::graph::needs(foliograph::app::model());
        assert_eq!(fields.len(), needs.len());
        let grants = lead["permissionMatrix"]["grants"].as_array().expect("grants");
        let roles: BTreeSet<&str> = grants.iter().filter_map(|g| g["role"].as_str()).collect();
        assert_eq!(roles, Role::ALL.iter().map(|r| r.as_str()).collect());
    }

    async fn the_server_says_what_it_is_and_keeps(world: &World) {
        let data = world.reader().await.query("{ serverInfo { name version database limits { depth aliases rootFields directives tokens documentBytes selectedFields pageSize nodes } } }").await.data();
        let info = &data["serverInfo"];
        assert_eq!((&info["name"], &info["database"], &info["version"]), (&json!("Foliograph"), &json!(world.kind.name()), &json!(env!("CARGO_PKG_VERSION"))));
        assert_eq!(info["limits"], json!({ "depth": 12, "aliases": 30, "rootFields": 20, "directives": 50, "tokens": 5000, "documentBytes": 32768, "selectedFields": 2000, "pageSize": 1000, "nodes": 100 }));
    }

    async fn viewer_access_says_why_a_row_cannot_be_written(world: &World) {
        let rows = async |client: Client| {
            let data = client.query("{ projects(first: 1000) { nodes { key archivedAt projectManager { key } viewerAccess { canRead canWrite reason } } } }").await.data();
            data["projects"]["nodes"].as_array().cloned().expect("rows")
        };
        let all = rows(world.reader().await).await;
        assert!(all.iter().any(|row| row["archivedAt"].is_string()));
        for row in all {
            let reason = if row["archivedAt"].is_string() { json!("ARCHIVED") } else { Value::Null };
            assert_eq!(row["viewerAccess"], json!({ "canRead": true, "canWrite": reason.is_null(), "reason": reason }));
        }
        for row in rows(world.client_as("nobody", &[Role::Auditor]).await).await {
            assert_eq!(row["viewerAccess"], json!({ "canRead": true, "canWrite": false, "reason": "ROLE" }));
        }
        let managed = rows(world.client_as("marc.dubois", &[]).await).await;
        let own = |row: &Value| row["projectManager"]["key"] == "marc.dubois";
        assert!(managed.iter().any(own) && !managed.iter().all(own));
        for row in managed {
            let expected = if own(&row) { json!({ "canRead": true, "canWrite": true, "reason": null }) } else { json!({ "canRead": true, "canWrite": false, "reason": "ROW" }) };
            assert_eq!(row["viewerAccess"], expected, "{row}");
        }
    }
}

/// Amounts with all four decimals, so that means end in halves.
async fn odd_budgets(world: &crate::support::World) {
    let database = world.database().await.orm;
    for (i, item) in Facts::read(world).await.projects().into_iter().enumerate() {
        if let Some(amount) = item.budget_amount {
            let step = i64::try_from(i).expect("a number");
            let mut row = item.into_active_model();
            row.budget_amount = Set(Some(if i % 5 == 0 { step } else { amount + step * 7_919 + 1 }));
            row.update(&database).await.expect("updated");
        }
    }
}

fn all_figures() -> String {
    format!(
        "count sum {{ {MONEY} }} avg {{ {MONEY} }}
         min {{ {MONEY} priority forecastFinishOn createdAt }} max {{ {MONEY} priority forecastFinishOn createdAt }}
         distinctCount {{ state priority name methodology forecastFinishOn baseCurrency }}
         coverage {{ budget {{ included excludedNull excludedNoAccess }} priority {{ included excludedNull excludedNoAccess }} }}"
    )
}

/// What [`all_figures`] gives over these rows.
fn aggregate(rows: &[Item]) -> Value {
    let amounts = by_currency(rows);
    let money = |f: fn(&[i128]) -> i128| -> Value {
        amounts.iter().map(|(code, list)| json!({ "currency": code, "amount": decimal(f(list)) })).collect()
    };
    let instants: Vec<String> =
        rows.iter().map(|r| r.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)).collect();
    let priorities: Vec<i32> = rows.iter().filter_map(|r| r.priority).collect();
    let finishes: Vec<NaiveDate> = rows.iter().filter_map(|r| r.forecast_finish_on).collect();
    let with_budget = rows.iter().filter(|r| r.budget_amount.is_some()).count();
    let different = |of: fn(&Item) -> Option<String>| rows.iter().filter_map(of).collect::<BTreeSet<_>>().len();
    json!({
        "count": rows.len(),
        "sum": { "budget": money(|list| list.iter().sum()) },
        "avg": { "budget": money(mean) },
        "min": { "budget": money(|list| *list.iter().min().expect("amounts")), "priority": priorities.iter().min(), "forecastFinishOn": finishes.iter().min(), "createdAt": instants.iter().min() },
        "max": { "budget": money(|list| *list.iter().max().expect("amounts")), "priority": priorities.iter().max(), "forecastFinishOn": finishes.iter().max(), "createdAt": instants.iter().max() },
        "distinctCount": {
            "state": different(|r| Some(r.state.clone())), "priority": different(|r| r.priority.map(|n| n.to_string())), "name": different(|r| Some(r.name.clone())),
            "methodology": different(|r| r.methodology.clone()), "forecastFinishOn": different(|r| r.forecast_finish_on.map(|d| d.to_string())), "baseCurrency": different(|r| Some(r.base_currency.clone())),
        },
        "coverage": {
            "budget": { "included": with_budget, "excludedNull": rows.len() - with_budget, "excludedNoAccess": 0 },
            "priority": { "included": priorities.len(), "excludedNull": rows.len() - priorities.len(), "excludedNoAccess": 0 },
        },
    })
}

/// Figures over the minutes of these rows.
fn minutes(rows: &[&Value]) -> Value {
    let list: Vec<i128> = rows.iter().map(|row| row["minutes"].as_i64().expect("minutes").into()).collect();
    let sum = list.iter().sum::<i128>();
    let parts: Vec<i128> = list.iter().map(|minutes| minutes * 10_000).collect();
    let (sum, avg) = if list.is_empty() {
        (Value::Null, Value::Null)
    } else {
        (json!(sum.to_string()), json!(decimal(mean(&parts))))
    };
    json!({
        "count": rows.len(),
        "sum": { "minutes": sum },
        "avg": { "minutes": avg },
        "coverage": { "minutes": { "included": rows.len(), "excludedNull": 0, "excludedNoAccess": 0 } },
    })
}

fn by_currency(rows: &[Item]) -> BTreeMap<&str, Vec<i128>> {
    let mut out: BTreeMap<&str, Vec<i128>> = BTreeMap::new();
    for row in rows {
        if let Some(amount) = row.budget_amount {
            out.entry(&row.base_currency).or_default().push(amount.into());
        }
    }
    out
}

fn sums(rows: &[Item]) -> Value {
    by_currency(rows)
        .iter()
        .map(|(code, list)| json!({ "currency": code, "amount": decimal(list.iter().sum()) }))
        .collect()
}

/// Rounded half to even, by another way than the product's: twice the sum over twice the count.
fn mean(list: &[i128]) -> i128 {
    let (sum, count) = (list.iter().sum::<i128>(), i128::try_from(list.len()).expect("a count"));
    let below = sum.div_euclid(count);
    let twice_rest = 2 * (sum - below * count);
    if twice_rest > count || (twice_rest == count && below % 2 != 0) { below + 1 } else { below }
}

/// Rows by key, in the order of keys, those without a value last.
fn grouped(rows: &[Item], key: impl Fn(&Item) -> Vec<Option<String>>) -> Vec<(Vec<Option<String>>, Vec<Item>)> {
    let mut out: BTreeMap<Vec<(bool, Option<String>)>, Vec<Item>> = BTreeMap::new();
    for row in rows {
        out.entry(key(row).into_iter().map(|k| (k.is_none(), k)).collect()).or_default().push(row.clone());
    }
    out.into_iter().map(|(key, rows)| (key.into_iter().map(|(_, k)| k).collect(), rows)).collect()
}

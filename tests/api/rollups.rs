//! Roll-ups: what is below an item as rows to count, sum and group, each figure over what its reader may see. What it
//! costs is with the other plans.

use std::collections::{BTreeMap, BTreeSet};

use entity::{item_ancestor, portfolio_item};
use foliograph::auth::Role;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    client::Client,
    writes::{begin, change, faults, request_key},
};

/// Every item with each that it stands below and itself, worked out from the parents alone.
async fn due(db: &DatabaseConnection) -> BTreeSet<(Uuid, Uuid, i32)> {
    let items = portfolio_item::Entity::find().all(db).await.expect("items");
    let parents: BTreeMap<Uuid, Option<Uuid>> = items.iter().map(|item| (item.id, item.parent_id)).collect();
    let mut due = BTreeSet::new();
    for item in &items {
        let mut at = Some(item.id);
        for depth in 0.. {
            let Some(id) = at else { break };
            due.insert((id, item.id, depth));
            at = parents[&id];
        }
    }
    due
}

async fn holds(db: &DatabaseConnection) {
    let kept = item_ancestor::Entity::find().all(db).await.expect("rows");
    let kept: BTreeSet<_> = kept.iter().map(|row| (row.ancestor_id, row.item_id, row.depth)).collect();
    assert_eq!(kept, due(db).await);
}

async fn done(client: &Client, mutation: &str, input: Value) {
    let told = change(client, mutation, input).await;
    assert_eq!(faults(&told), Vec::<String>::new(), "{told}");
}

/// Counts, money and colors of what is below a portfolio, as a caller sees it.
async fn rollup(client: &Client, key: &str) -> Value {
    let document = format!(
        "{{ portfolio(by: {{ key: \"{key}\" }}) {{ descendants(filter: {{ kind: {{ eq: PROJECT }} }}) {{ totalCount
           aggregate {{ sum {{ budget {{ amount currency }} }} coverage {{ budget {{ included excludedNull excludedNoAccess }} }} }}
           groups(by: [{{ field: RAG }}], orderBy: [{{ key: ASC }}]) {{ key {{ rag }} count sum {{ budget {{ amount currency }} }} }} }} }} }}"
    );
    client.query(&document).await.json()["data"]["portfolio"]["descendants"].clone()
}

/// The same from the table, over the items that pass.
async fn by_hand(
    db: &DatabaseConnection,
    key: &str,
    sees: impl Fn(&portfolio_item::Model) -> bool,
    reads: impl Fn(&portfolio_item::Model) -> bool,
) -> Value {
    let items = portfolio_item::Entity::find().all(db).await.expect("items");
    let root = items.iter().find(|item| item.key == key).expect("a portfolio").id;
    let below: BTreeSet<Uuid> =
        due(db).await.into_iter().filter(|(above, ..)| *above == root).map(|(_, item, _)| item).collect();
    let rows: Vec<_> = items.iter().filter(|i| i.kind == "PROJECT" && below.contains(&i.id) && sees(i)).collect();
    let money = |rows: &[&portfolio_item::Model]| -> Value {
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for item in rows.iter().filter(|i| reads(i)) {
            if let Some(amount) = item.budget_amount {
                *sums.entry(item.base_currency.as_str()).or_default() += i128::from(amount);
            }
        }
        let text = |sum: &i128| {
            let text = format!("{}.{:04}", sum / 10_000, sum % 10_000);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        sums.iter().map(|(currency, sum)| json!({ "amount": text(sum), "currency": currency })).collect()
    };
    let mut colors: BTreeMap<(bool, Option<&str>), Vec<&portfolio_item::Model>> = BTreeMap::new();
    for item in &rows {
        colors.entry((item.rag.is_none(), item.rag.as_deref())).or_default().push(item);
    }
    let included = rows.iter().filter(|i| reads(i) && i.budget_amount.is_some()).count();
    let hidden = rows.iter().filter(|i| !reads(i)).count();
    json!({
        "totalCount": rows.len(),
        "aggregate": {
            "sum": { "budget": money(&rows) },
            "coverage": { "budget": { "included": included, "excludedNull": rows.len() - included - hidden, "excludedNoAccess": hidden } },
        },
        "groups": colors.iter().map(|((_, rag), rows)| json!({ "key": { "rag": rag }, "count": rows.len(), "sum": { "budget": money(rows) } })).collect::<Vec<_>>(),
    })
}

tests! {
    async fn who_stands_above_whom_is_kept_whatever_is_written(world: &World) {
        let (db, lead) = begin(world).await;
        holds(&db).await;
        let place = |key: &str, parent: Value| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "parentKey": parent } });
        done(&lead, "portfolioCreate", json!({ "key": "PF-NEW", "name": "New", "baseCurrency": "EUR", "parentKey": "PF-IT" })).await;
        done(&lead, "programUpdate", place("PG-ERP", "PF-NEW".into())).await;
        holds(&db).await;
        done(&lead, "portfolioUpdate", place("PF-NEW", "PF-PRODUCTS".into())).await;
        holds(&db).await;
        // Into each other's place in one list, and something new below what moves.
        let items = json!([place("PF-NEW", "PF-IT".into()), place("PF-IT", "PF-PRODUCTS".into())]);
        done(&lead, "portfolioBulkUpdate", json!({ "items": items, "clientMutationKey": request_key(1) })).await;
        done(&lead, "projectCreate", json!({ "key": "PR-NEW", "name": "New", "baseCurrency": "EUR", "parentKey": "PG-ERP" })).await;
        done(&lead, "projectUpdate", json!({ "ref": { "key": "PR-NEW" }, "ifVersion": "*", "patch": { "parentId": null } })).await;
        holds(&db).await;
        // What is refused moves nothing.
        let told = change(&lead, "portfolioUpdate", place("PF-PRODUCTS", "PF-NEW".into())).await;
        assert!(!faults(&told).is_empty());
        holds(&db).await;
    }

    async fn two_moves_at_once_leave_the_tree_and_its_rows_agreed(world: &World) {
        let (db, lead) = begin(world).await;
        let place = |key: &str, parent: &str| json!({ "ref": { "key": key }, "ifVersion": "*", "patch": { "parentKey": parent } });
        tokio::join!(
            change(&lead, "programUpdate", place("PG-ERP", "PF-PRODUCTS")),
            change(&lead, "portfolioUpdate", place("PF-IT", "PF-PRODUCTS")),
            change(&lead, "projectUpdate", place("PR-001", "PF-OPERATIONS")),
            change(&lead, "projectUpdate", place("PR-002", "PG-CONNECT")),
        );
        holds(&db).await;
    }

    async fn a_rollup_counts_sums_and_colors_what_its_reader_sees(world: &World) {
        let (db, lead) = begin(world).await;
        let open = |item: &portfolio_item::Model| !item.is_restricted;
        assert_eq!(rollup(&lead, "PF-OPERATIONS").await, by_hand(&db, "PF-OPERATIONS", open, |_| true).await);
        // A sponsor sees what she sponsors and what is active, and money of the former only.
        let daniel = crate::support::writes::person(&db, "daniel.osei").await.id;
        let items = portfolio_item::Entity::find().all(&db).await.expect("items");
        let sponsored: BTreeSet<Uuid> = items.iter().filter(|i| i.sponsor_id == Some(daniel)).map(|i| i.id).collect();
        let hers: BTreeSet<Uuid> = due(&db).await.into_iter().filter(|(above, ..)| sponsored.contains(above)).map(|(_, item, _)| item).collect();
        let sponsor = world.client_as("daniel.osei", &[Role::Sponsor]).await;
        let rolled = rollup(&sponsor, "PF-OPERATIONS").await;
        let sees = |item: &portfolio_item::Model| !item.is_restricted && (hers.contains(&item.id) || item.state == "ACTIVE");
        assert_eq!(rolled, by_hand(&db, "PF-OPERATIONS", sees, |item| hers.contains(&item.id)).await);
        assert!(rolled["aggregate"]["coverage"]["budget"]["excludedNoAccess"].as_u64() > Some(0), "{rolled}");
        // Who reads no money gets none, and the rest all the same.
        let analyst = world.client_as("jonas.weber", &[Role::Analyst]).await;
        let reply = rollup(&analyst, "PF-IT").await;
        assert_eq!(reply["aggregate"]["sum"]["budget"], Value::Null);
        assert!(reply["totalCount"].as_u64() > Some(5), "{reply}");
    }
}

//! A copy that is kept by changes is the same as one that is read anew, for every caller and whatever happens.

use std::collections::BTreeSet;

use entity::{portfolio_item, role_assignment};
use foliograph::app;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{Puller, writer};
use crate::{
    permissions::cast::CAST,
    support::{facts::item_id, settings},
};

const STATES: [&str; 4] = ["ACTIVE", "ON_HOLD", "PROPOSED", "CLOSED"];

tests! {
    async fn a_first_load_is_what_the_lists_show(world: &World) {
        for who in CAST {
            let client = who.client(world).await;
            let mut due = BTreeSet::new();
            for list in app::model().followed().filter_map(|entity| entity.plural) {
                let reply = client.query(&format!("{{ {list}(first: 1000) {{ nodes {{ id }} }} }}")).await;
                let nodes = reply.at("/data")[list]["nodes"].as_array().cloned().unwrap_or_default();
                due.extend(nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()));
            }
            let mut puller = Puller::new(client);
            let told = puller.pull(1_000).await;
            assert!(told.iter().all(|c| c["kind"] == json!("UPSERT")), "{who:?}");
            assert_eq!(puller.copy.keys().cloned().collect::<BTreeSet<_>>(), due, "{who:?}");
        }
    }

    async fn a_file_is_followed_from_its_watermark(world: &World) {
        let client = CAST[0].client(world).await;
        let file = client.get("/export/v1/projects.jsonl?columns=id,version").await;
        let mut copy: std::collections::BTreeMap<String, String> = file.text().lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
            .map(|row| (row["id"].as_str().expect("an id").to_owned(), row["version"].as_str().expect("a version").to_owned()))
            .collect();
        let rows = portfolio_item::Entity::find().all(&world.app().await.database.orm).await.expect("items");
        let mut rows = rows.iter().filter(|row| copy.contains_key(&item_id(row)));
        let (renamed, hidden) = (rows.next().expect("one"), rows.next().expect("another"));
        let mut writer = writer(world).await;
        let version = writer.item(renamed.id, |row| row.name.push('!')).await;
        writer.item(hidden.id, |row| "CONFIDENTIAL".clone_into(&mut row.confidentiality)).await;
        writer.commit().await;

        let mut puller = Puller { since: json!(file.header("x-watermark")), ..Puller::new(client.clone()) };
        let told = puller.pull(100).await;
        assert_eq!(told.len(), 2, "what the file has is not told again: {told:#?}");
        for change in &told {
            let id = change["id"].as_str().expect("an id").to_owned();
            match change["node"]["version"].as_str() {
                Some(version) => drop(copy.insert(id, version.to_owned())),
                None => drop(copy.remove(&id)),
            }
        }
        assert_eq!(copy.get(&item_id(renamed)), Some(&version.to_string()));
        assert!(!copy.contains_key(&item_id(hidden)));
        // A later file is the same as the one that was kept up to date.
        let later = client.get("/export/v1/projects.jsonl?columns=id,version").await;
        assert_eq!(later.text().lines().count(), copy.len());
        for line in later.text().lines() {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(row["version"].as_str(), copy.get(row["id"].as_str().expect("an id")).map(String::as_str), "{line}");
        }
    }

    async fn pages_of_any_size_tell_the_same(world: &World) {
        let client = CAST[0].client(world).await;
        let whole = Puller::loaded(client.clone()).await;
        for first in [2, 7, 33] {
            let mut puller = Puller::new(client.clone());
            let told = puller.pull(first).await;
            assert_eq!((told.len(), &puller.copy), (whole.copy.len(), &whole.copy), "pages of {first}");
        }
        let ids: Vec<_> = portfolio_item::Entity::find().all(&world.app().await.database.orm).await.expect("items")
            .into_iter().filter(|i| !i.is_restricted).map(|i| i.id).take(9).collect();
        for id in ids.iter().chain(&ids[..4]) {
            let mut writer = writer(world).await;
            writer.item(*id, |row| row.name.push('!')).await;
            writer.commit().await;
        }
        let mut due = None;
        for first in [1, 2, 7, 50] {
            let mut puller = Puller { since: whole.since.clone(), copy: whole.copy.clone(), ..Puller::new(client.clone()) };
            puller.pull(first).await;
            assert_eq!(*due.get_or_insert(puller.copy.clone()), puller.copy, "pages of {first}");
        }
    }

    async fn a_copy_kept_by_changes_is_the_same_as_a_new_one(world: &World) {
        let mut pullers = vec![];
        for who in CAST {
            pullers.push(Puller::loaded(who.client(world).await).await);
        }
        let app = world.app().await;
        let items: Vec<_> = portfolio_item::Entity::find().all(&app.database.orm).await.expect("items");
        let people: Vec<_> = entity::person::Entity::find().all(&app.database.orm).await.expect("people");
        let assignments: Vec<_> = role_assignment::Entity::find().all(&app.database.orm).await.expect("roles");
        let portfolios: Vec<_> = items.iter().filter(|i| i.kind == "PORTFOLIO").map(|i| i.id).collect();
        let mut chance = Chance(7);
        for round in 0..if settings::is_long() { 300 } else { 6 } {
            for _ in 0..=chance.below(3) {
                let mut writer = writer(world).await;
                for _ in 0..=chance.below(2) {
                    let item = &items[chance.below(items.len())];
                    let person = people[chance.below(people.len())].id;
                    match chance.below(9) {
                        0 => drop(writer.item(item.id, |row| STATES[chance.below(4)].clone_into(&mut row.state)).await),
                        1 => drop(writer.item(item.id, |row| "CONFIDENTIAL".clone_into(&mut row.confidentiality)).await),
                        2 => drop(writer.item(item.id, |row| "NORMAL".clone_into(&mut row.confidentiality)).await),
                        3 => drop(writer.item(item.id, |row| row.sponsor_id = Some(person)).await),
                        4 if item.kind == "PROJECT" => drop(writer.item(item.id, |row| row.project_manager_id = Some(person)).await),
                        5 if item.kind == "PROJECT" => {
                            let to = portfolios[chance.below(portfolios.len())];
                            writer.item(item.id, |row| row.parent_id = Some(to)).await;
                        }
                        6 => {
                            let ends = world.clock.today_minus(chance.below(3));
                            let id = assignments[chance.below(assignments.len())].id;
                            writer.assignment(id, |row| row.valid_to_on = (chance.below(2) == 0).then_some(ends)).await;
                        }
                        7 => writer.person(person, |row| row.display_name.push('!')).await,
                        _ => drop(writer.item(item.id, |row| row.owner_id = Some(person)).await),
                    }
                }
                writer.settle().await;
                writer.commit().await;
            }
            // Rights are known anew after five seconds.
            world.clock.advance_seconds(6);
            for (who, puller) in CAST.iter().zip(&mut pullers) {
                if chance.below(2) == 0 {
                    continue;
                }
                puller.pull([1_000, 50, 7][chance.below(3)]).await;
                let new = Puller::loaded(who.client(world).await).await;
                let differs: Vec<_> = new.copy.iter().filter(|(id, node)| puller.copy.get(*id) != Some(node)).collect();
                let left: Vec<&String> = puller.copy.keys().filter(|id| !new.copy.contains_key(*id)).collect();
                assert!(differs.is_empty() && left.is_empty(), "round {round}, {who:?}: {differs:#?} {left:?}");
            }
        }
    }
}

/// Days before a clock's day.
trait DaysBefore {
    fn today_minus(&self, days: usize) -> chrono::NaiveDate;
}

impl<C: foliograph::clock::Clock> DaysBefore for C {
    fn today_minus(&self, days: usize) -> chrono::NaiveDate {
        self.today() - chrono::Days::new(days as u64)
    }
}

/// Numbers by chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).expect("small")
    }
}
